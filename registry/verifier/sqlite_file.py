"""A registry's database file as an auditor reads it: with Python's own sqlite3, trusting nothing in it.

A file that SQLite cannot read, a table that is missing, a value of another type: each is a finding, none a crash.
"""

import errno
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from urllib.parse import quote

from registry.errors import BrokenHistoryError, RefusedError
from registry.ledger.entry import ENTRY_BYTES_MAX
from registry.ledger.proof import PROOF_BYTES_MAX
from registry.ledger.rows import ROW_BYTES_MAX
from registry.verifier.stored import (
    PARTS_PER_ENTRY,
    ROWID_MIN,
    SCHEMA_VERSION,
    Ask,
    StoredEntry,
    StoredOpening,
    UnreadableError,
    entries_up_to,
    first_row,
    grouped,
)

DATABASE = "registry.db"
OPENINGS = "openings.db"
VIEWS = "views.db"

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


class SqliteFile:
    """One moment of a database file; a `Database`."""

    def __init__(self, connection: sqlite3.Connection, file: Path, openings: Path | None) -> None:
        self._connection = connection
        self._file = file
        self._openings = openings

    @property
    def has_writer(self) -> bool:
        """Whether somebody may be writing: SQLite's write-ahead log is there and not empty."""
        log = self._file.with_name(f"{self._file.name}-wal")
        return log.exists() and log.stat().st_size > 0

    def head(self) -> tuple[object, object, object] | None:
        """Size, root and signed checkpoint, as stored; None if there is not exactly one row."""
        rows = self._connection.execute(
            "SELECT one, size, root, checkpoint FROM head LIMIT 2"
        ).fetchall()
        return rows[0][1:] if len(rows) == 1 and rows[0][0] == 1 else None

    def count(self) -> int:
        """How many entries there seem to be, for showing progress."""
        (last,) = self._connection.execute("SELECT max(rowid) FROM stored_events").fetchone()
        return entries_up_to(last)

    def entries(self, start: int | None = None) -> Iterator[StoredEntry]:
        """All entries in order of their index, or those from `start` on, as far as rows are there."""
        return grouped(
            self._connection.execute(
                "SELECT rowid, originator_id, originator_version, topic, state"
                " FROM stored_events WHERE rowid >= ? ORDER BY rowid",
                (first_row(start),),
            )
        )

    def acts(self, indexes: Collection[int]) -> Mapping[int, object]:
        """The bytes of the entries `indexes`, by index."""
        found: dict[int, object] = {}
        for index in indexes:
            rows = self._connection.execute(
                "SELECT state FROM stored_events WHERE rowid = ?", (index * PARTS_PER_ENTRY + 1,)
            )
            found.update((index, state) for (state,) in rows)
        return found

    def nodes(self) -> Iterator[tuple[object, object]]:
        """The stored tree nodes, (number, hash), in order."""
        return iter(self._connection.execute("SELECT node, hash FROM tree ORDER BY node"))

    def nonces(self) -> Iterator[tuple[object, object, object]]:
        """The remembered nonces, (entry, account, nonce), in order of the entries."""
        return iter(
            self._connection.execute("SELECT entry, account, nonce FROM nonces ORDER BY entry")
        )

    def detached(
        self, start: int | None = None
    ) -> Iterator[tuple[object, object, object, object, object]]:
        """The detached rows, (entry, part, event, number, row), in order, or those of entries from `start` on."""
        return self._detached("entry >= ?", ROWID_MIN if start is None else start)

    def beside(self, index: int) -> Iterator[tuple[object, object, object, object, object]]:
        """The detached rows of entry `index`, in order."""
        return self._detached("entry = ?", index)

    def openings(self) -> Iterator[StoredOpening]:
        """The openings in the file beside a directory's log; none where there is no such file."""
        if self._openings is None or not self._openings.is_file():
            return
        with _connected(self._openings) as connection:
            _check_schema(connection, _OPENINGS_TABLES)
            names = [field.name for field in fields(StoredOpening)]
            query = f"SELECT {', '.join(names)} FROM openings ORDER BY entry"  # noqa: S608  # names of ours
            for row in connection.execute(query):
                yield StoredOpening(**dict(zip(names, row, strict=True)))

    @contextmanager
    def views(self) -> Iterator[Ask | None]:
        """Who answers questions over the file of the tables of projections beside a directory's log.

        Raises:
            BrokenHistoryError: `derived.views`.
        """
        file = self._file.with_name(VIEWS)
        if self._openings is None or not file.is_file():
            yield None
            return
        try:
            with _connected(file) as connection:
                # Whoever was to make the tables may have been cut off before there was any.
                begun = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
                yield (lambda query: iter(connection.execute(query))) if begun else None
        except BrokenHistoryError as broken:
            if broken.facts.get("file") != str(file):
                raise
            raise BrokenHistoryError("derived.views", **broken.facts) from broken

    def _detached(
        self, which: str, index: int
    ) -> Iterator[tuple[object, object, object, object, object]]:
        """Of a row that is too long to be one no more than shows that it is."""
        return iter(
            self._connection.execute(
                f"SELECT entry, part, event, number, substr(row, 1, {ROW_BYTES_MAX + 1})"  # noqa: S608  # ours
                f" FROM detached WHERE {which} ORDER BY entry, part, event, number",
                (index,),
            )
        )


@contextmanager
def reading(path: Path) -> Iterator[SqliteFile]:
    """The database in the directory `path`, or in the file `path`, as of one moment.

    Raises:
        RefusedError: `no_registry` if there is none.
        BrokenHistoryError: `database_unreadable` if SQLite cannot make sense of it, here or later.
    """
    directory = path if path.is_dir() else None
    file = directory / DATABASE if directory else path
    if not file.is_file():
        raise RefusedError("no_registry", directory=str(path))
    with _connected(file) as connection:
        _check_schema(connection, _LOG_TABLES)
        yield SqliteFile(connection, file, directory / OPENINGS if directory else None)


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
    except (sqlite3.Error, UnicodeDecodeError, UnreadableError) as error:
        raise BrokenHistoryError("database_unreadable", file=str(file), said=str(error)) from error
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
        raise UnreadableError(found[0])
    listed = connection.execute("SELECT type, name FROM sqlite_schema").fetchall()
    odd = {name for kind, name in listed if kind not in {"table", "index"}}
    odd |= set(tables) ^ {name for kind, name in listed if kind == "table"}
    strict = {row[1] for row in connection.execute("PRAGMA table_list") if row[5] == 1}
    for table, columns in tables.items():
        described = connection.execute(f"PRAGMA table_info({table})").fetchall()
        if ", ".join(map(_column, described)) != columns or table not in strict:
            odd.add(table)
    if odd:
        raise UnreadableError(f"not the tables expected: {', '.join(sorted(odd))}")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if tables is _LOG_TABLES and version != SCHEMA_VERSION:
        raise UnreadableError(f"schema version {version}")


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
