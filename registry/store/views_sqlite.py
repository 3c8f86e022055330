"""The tables of projections in an SQLite file of their own, beside the log, or in memory for one question."""

# ruff: noqa: S608  # every statement is put together from names in projections

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from registry.projections.table import POSITIONS, Kind, Projection, Row, Table
from registry.store.recorder import LOCK_TIMEOUT_S, Cursor
from registry.store.sqlite import STATEMENTS_CACHED, storage_trouble
from registry.store.views_tables import BLANK, creation, positions

FILE = "views.db"
MEMORY = ""
"""SQLite's name for a database in memory that goes to a temporary file where it grows."""
KINDS: Mapping[Kind, str] = {"text": "TEXT", "integer": "INTEGER", "bytes": "BLOB"}
# One tree of pages instead of two: a row is found by its key alone.
_ENDING = " STRICT, WITHOUT ROWID"
_POSITIONS = f"""CREATE TABLE IF NOT EXISTS {POSITIONS} (
    projection TEXT PRIMARY KEY, definition TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL
    ) STRICT"""


class SqliteKeeper:
    """A `Keeper` in one file, or in memory. For one thread at a time."""

    by_index = " INDEXED BY {index}"

    def __init__(self, file: str = MEMORY) -> None:
        """Nothing is opened yet."""
        self.where = file
        self._kept: sqlite3.Connection | None = None

    def trouble(self) -> AbstractContextManager[None]:
        return storage_trouble(self.where)

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        yield from self._transaction("BEGIN")

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        yield from self._transaction("BEGIN IMMEDIATE")

    def prepare(self, projections: Sequence[Projection]) -> bool:
        if not is_writable(self.where):
            return False
        self._create()
        with self.reading() as cursor:
            stale = _stale(cursor, projections)
        if stale:
            with self.writing() as cursor:
                cursor.execute(_POSITIONS)
                _make(cursor, _stale(cursor, projections), projections)
        return True

    def serves(self, projections: Sequence[Projection]) -> bool:
        if self.where != MEMORY and not os.access(self.where, os.R_OK):
            return False
        with self.reading() as cursor:
            return not _stale(cursor, projections)

    def add(self, cursor: Cursor, table: Table, rows: Sequence[Row]) -> None:
        assert isinstance(cursor, sqlite3.Cursor)
        signs = ",".join("?" * len(table.names))
        cursor.executemany(f"INSERT INTO {table.view} VALUES ({signs})", rows)

    def end(self, cursor: Cursor, table: Table, closed: Sequence[Row]) -> None:
        assert isinstance(cursor, sqlite3.Cursor)
        own = " AND ".join(f"{column.name} = ?" for column in table.key)
        cursor.executemany(f"UPDATE {table.view} SET until = ? WHERE {own} AND since = ?", closed)

    def clear(self, cursor: Cursor, projection: Projection) -> None:
        for table in projection.tables:
            cursor.execute(f"DELETE FROM {table.view}")

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _transaction(self, beginning: str) -> Iterator[Cursor]:
        connection = self._connection()
        cursor = connection.cursor()
        cursor.execute(beginning)
        try:
            yield cursor
            cursor.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.rollback()

    def _create(self) -> None:
        """Have a file that only its owner reads."""
        # To close a file that is there would drop the locks that other connections of this process hold on it.
        if self.where != MEMORY and not Path(self.where).exists():
            os.close(os.open(self.where, os.O_RDWR | os.O_CREAT, 0o600))

    def _connection(self) -> sqlite3.Connection:
        if self._kept is None:
            made = sqlite3.connect(
                self.where,
                timeout=LOCK_TIMEOUT_S,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=STATEMENTS_CACHED,
            )
            made.execute("PRAGMA journal_mode = WAL")
            # What a power cut takes is folded again.
            made.execute("PRAGMA synchronous = NORMAL")
            made.execute("PRAGMA trusted_schema = OFF")
            self._kept = made
        return self._kept


def is_writable(file: str) -> bool:
    """Whether `file` could be written, or made where it is not there."""
    if file == MEMORY:
        return True
    path = Path(file)
    return os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


def _stale(cursor: Cursor, projections: Sequence[Projection]) -> list[Projection]:
    """Those of `projections` whose tables are not there as they are defined."""
    there = _tables(cursor)
    known = positions(cursor) if POSITIONS in there else {}
    return [
        projection
        for projection in projections
        if known.get(projection.name, ("", BLANK))[0] != projection.definition
        or any(table.view not in there for table in projection.tables)
    ]


def _make(cursor: Cursor, stale: Sequence[Projection], projections: Sequence[Projection]) -> None:
    """Make the tables of `stale` anew, and drop what none of `projections` has any more."""
    kept = {
        table.view
        for projection in projections
        if projection not in stale
        for table in projection.tables
    }
    for name in _tables(cursor) - kept - {POSITIONS}:
        cursor.execute(f"DROP TABLE {name}")
    for projection in stale:
        for statement in creation(projection, KINDS, _ENDING):
            cursor.execute(statement)
        cursor.execute(
            f"INSERT OR REPLACE INTO {POSITIONS} VALUES (?,?,?,?)",
            (projection.name, projection.definition, BLANK.size, BLANK.root),
        )


def _tables(cursor: Cursor) -> set[str]:
    cursor.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    return {row[0] for row in cursor.fetchall()}
