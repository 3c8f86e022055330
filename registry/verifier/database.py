"""A registry's database as an auditor reads it: with Python's own sqlite3, trusting nothing in it.

The tables are those of docs/format.md, "The database". A file that SQLite cannot read, a table that is missing, a value
of another type: each is a finding, none a crash.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from registry.errors import BrokenHistoryError, RefusedError
from registry.ledger.entry import ENTRY_BYTES_MAX
from registry.ledger.proof import PROOF_BYTES_MAX

DATABASE = "registry.db"
OPENINGS = "openings.db"
PARTS_PER_ENTRY = 64
POINTER_BYTES = 8

SCHEMA_VERSION = 1

Tables = Mapping[str, str]
"""The columns of each table: type, whether it is of the key, whether it may be NULL where it is not."""

_LOG_TABLES: Tables = {
    "stored_events": "rowid INTEGER KEY, originator_id TEXT, originator_version INTEGER, topic TEXT,"
    " state BLOB",
    "tree": "node INTEGER KEY, hash BLOB",
    "nonces": "account TEXT KEY, nonce BLOB KEY, entry INTEGER",
    "detached": "entry INTEGER KEY, part INTEGER KEY, event INTEGER KEY, number INTEGER KEY,"
    " row BLOB",
    "head": "one INTEGER KEY, size INTEGER, root BLOB, checkpoint BLOB NULL",
}
_OPENINGS_TABLES: Tables = {
    "openings": "commitment BLOB KEY, entry INTEGER, author TEXT, nonce BLOB, field TEXT, salt BLOB,"
    " value BLOB"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """One row of `stored_events`: which part of which entry, and what it says."""

    part: int
    stream: object
    position: object
    topic: object
    state: object


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """The rows of one entry; the first holds its bytes."""

    index: int
    rows: Sequence[StoredRow]

    @property
    def data(self) -> bytes:
        """The entry's bytes.

        Raises:
            BrokenHistoryError: `entry_missing`.
        """
        first = self.rows[0]
        if first.part != 0 or not isinstance(first.state, bytes):
            raise BrokenHistoryError("entry_missing", index=self.index)
        return first.state


class Database:
    """One moment of a database file, for reading only."""

    def __init__(self, connection: sqlite3.Connection, file: Path) -> None:
        self._connection = connection
        self.file = file

    @property
    def has_writer(self) -> bool:
        """Whether somebody may be writing: SQLite's write-ahead log is there and not empty."""
        log = self.file.with_name(f"{self.file.name}-wal")
        return log.exists() and log.stat().st_size > 0

    def head(self) -> tuple[object, object, object] | None:
        """Size, root and signed checkpoint, as stored; None if there is not exactly one row."""
        rows = self._connection.execute("SELECT one, size, root, checkpoint FROM head").fetchall()
        return rows[0][1:] if len(rows) == 1 and rows[0][0] == 1 else None

    def count(self) -> int:
        """How many entries there seem to be, for showing progress."""
        (last,) = self._connection.execute("SELECT max(rowid) FROM stored_events").fetchone()
        return 0 if last is None else (int(last) - 1) // PARTS_PER_ENTRY + 1

    def entries(self) -> Iterator[StoredEntry]:
        """All entries in order of their index, as far as rows are there."""
        rows: list[StoredRow] = []
        index = 0
        for number, stream, position, topic, state in self._connection.execute(
            "SELECT rowid, originator_id, originator_version, topic, state"
            " FROM stored_events ORDER BY rowid"
        ):
            at, part = divmod(number - 1, PARTS_PER_ENTRY)
            if rows and at != index:
                yield StoredEntry(index=index, rows=rows)
                rows = []
            index = at
            rows.append(
                StoredRow(part=part, stream=stream, position=position, topic=topic, state=state)
            )
        if rows:
            yield StoredEntry(index=index, rows=rows)

    def entry(self, index: int) -> bytes:
        """The bytes of entry `index`, which was read before."""
        (state,) = self._connection.execute(
            "SELECT state FROM stored_events WHERE rowid = ?", (index * PARTS_PER_ENTRY + 1,)
        ).fetchone()
        assert isinstance(state, bytes)
        return state

    def nodes(self) -> Iterator[tuple[object, object]]:
        """The stored tree nodes, (number, hash), in order."""
        return iter(self._connection.execute("SELECT node, hash FROM tree ORDER BY node"))

    def node(self, number: int) -> object:
        """One stored tree node's hash; None if it is not there."""
        row = self._connection.execute("SELECT hash FROM tree WHERE node = ?", (number,)).fetchone()
        return None if row is None else row[0]

    def nonces(self) -> Iterator[tuple[object, object, object]]:
        """The remembered nonces, (entry, account, nonce), in order of the entries."""
        return iter(
            self._connection.execute("SELECT entry, account, nonce FROM nonces ORDER BY entry")
        )

    def detached(self) -> Iterator[tuple[Any, Any, Any, Any, Any]]:
        """The detached rows, (entry, part, event, number, row), in order."""
        return iter(
            self._connection.execute(
                "SELECT entry, part, event, number, row FROM detached"
                " ORDER BY entry, part, event, number"
            )
        )


@contextmanager
def reading(path: Path) -> Iterator[Database]:
    """The database in the directory `path`, or in the file `path`, as of one moment.

    Raises:
        RefusedError: `no_registry` if there is none.
        BrokenHistoryError: `database_unreadable` if SQLite cannot make sense of it, here or later.
    """
    file = path / DATABASE if path.is_dir() else path
    if not file.is_file():
        raise RefusedError("no_registry", directory=str(path))
    with _connected(file) as connection:
        _check_schema(connection, _LOG_TABLES)
        yield Database(connection, file)


def openings(path: Path) -> Iterator[Mapping[str, object]]:
    """The openings stored beside the database in the directory `path`; none where there is no such file.

    Raises:
        BrokenHistoryError: `database_unreadable`.
    """
    file = path / OPENINGS
    if not file.is_file():
        return
    with _connected(file) as connection:
        _check_schema(connection, _OPENINGS_TABLES)
        cursor = connection.execute(
            "SELECT commitment, entry, author, nonce, field, salt, value FROM openings"
        )
        names = [column[0] for column in cursor.description]
        for row in cursor:
            yield dict(zip(names, row, strict=True))


class _UnreadableError(Exception):
    """Why a file is not what it should be."""


@contextmanager
def _connected(file: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection in a read transaction, which ends with it."""
    connection = None
    if not os.access(file, os.R_OK):
        # Who may not read it has no verdict on it.
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
    try:
        connection = _open(file)
        yield connection
    except (sqlite3.Error, UnicodeDecodeError, _UnreadableError) as error:
        raise BrokenHistoryError("database_unreadable", file=str(file), why=str(error)) from error
    finally:
        if connection is not None:
            # Cursors that a traceback keeps alive would hold the transaction, and with it the writers' log file.
            with suppress(sqlite3.Error):
                connection.rollback()
            connection.close()


def _check_schema(connection: sqlite3.Connection, tables: Tables) -> None:
    """Return if SQLite finds its own structures whole, and the tables are strict tables of the columns expected."""
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise _UnreadableError(found[0])
    listed = connection.execute("SELECT type, name FROM sqlite_schema").fetchall()
    odd = {name for kind, name in listed if kind not in {"table", "index"}}
    odd |= set(tables) ^ {name for kind, name in listed if kind == "table"}
    strict = {row[1] for row in connection.execute("PRAGMA table_list") if row[5] == 1}
    for table, columns in tables.items():
        described = connection.execute(f"PRAGMA table_info({table})").fetchall()
        if ", ".join(map(_column, described)) != columns or table not in strict:
            odd.add(table)
    if odd:
        raise _UnreadableError(f"not the tables expected: {', '.join(sorted(odd))}")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if tables is _LOG_TABLES and version != SCHEMA_VERSION:
        raise _UnreadableError(f"schema version {version}")


def _column(described: tuple[int, str, str, int, object, int]) -> str:
    """A row of table_info in the words of `Tables`."""
    _, name, kind, not_null, _, key = described
    return f"{name} {kind}" + (" KEY" if key else "" if not_null else " NULL")


def _open(file: Path) -> sqlite3.Connection:
    """A read-only connection in a read transaction.

    A copy on a medium that cannot be written is opened as one that nobody changes; SQLite could not share it otherwise.
    """
    address = f"file:{quote(str(file.absolute()))}?mode=ro"
    try:
        return _begun(address)
    except sqlite3.OperationalError:
        if file.with_name(f"{file.name}-wal").exists():
            raise
        return _begun(f"{address}&immutable=1")


def _begun(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, isolation_level=None)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(ENTRY_BYTES_MAX, PROOF_BYTES_MAX))
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection
