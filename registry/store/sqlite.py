"""The log's tables in SQLite, through eventsourcing: its stored events, with bytes that nothing re-serialises."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from eventsourcing.persistence import DatabaseError, Mapper, OperationalError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from registry.errors import BrokenHistoryError, UnavailableError
from registry.history import Addition
from registry.store.recorder import (
    FILE_VERSION,
    LOCK_TIMEOUT_S,
    About,
    Cursor,
    Node,
    Row,
    detached_rows,
    node_rows,
    nonce_rows,
    rows_of,
)

ROWS_PER_STATEMENT = 64
"""So many rows go in by one statement: SQLite's module gives up the interpreter's lock at every step, and has to win it
back from all who check signatures meanwhile."""
STATEMENTS_CACHED = 512
CONNECTIONS_KEPT = 16
CONNECTIONS_MAX = 512
"""More than there are threads that ask: whoever writes waits for no reader to give one back."""

TABLES = (
    """CREATE TABLE IF NOT EXISTS stored_events (
        rowid INTEGER PRIMARY KEY,
        originator_id TEXT NOT NULL,
        originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL,
        state BLOB NOT NULL,
        UNIQUE (originator_id, originator_version)) STRICT""",
    "CREATE TABLE IF NOT EXISTS tree (node INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT",
    """CREATE TABLE IF NOT EXISTS nonces (
        account TEXT NOT NULL, nonce BLOB NOT NULL, entry INTEGER NOT NULL,
        PRIMARY KEY (account, nonce)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS detached (
        entry INTEGER NOT NULL, part INTEGER NOT NULL, event INTEGER NOT NULL,
        number INTEGER NOT NULL, row BLOB NOT NULL,
        PRIMARY KEY (entry, part, event, number)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS head (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        size INTEGER NOT NULL, root BLOB NOT NULL, checkpoint BLOB) STRICT""",
    f"PRAGMA user_version = {FILE_VERSION}",
)


class RowMapper(Mapper[str]):
    """Rows to stored events and back, byte for byte: the topic is the kind, never a Python path."""

    def __init__(self) -> None:
        """A mapper that has nothing to transcode, compress or encrypt."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """The stored event of a `Row`."""
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=domain_event.topic,
            state=domain_event.state,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The `Row` of a stored event, without its number."""
        return Row(
            originator_id=str(stored_event.originator_id),
            originator_version=stored_event.originator_version,
            topic=stored_event.topic,
            state=stored_event.state,
            number=0,
        )


class _Pool(SQLiteConnectionPool):
    def __init__(self, file: str) -> None:
        super().__init__(
            db_name=file,
            lock_timeout=LOCK_TIMEOUT_S,
            pool_size=CONNECTIONS_KEPT,
            max_overflow=CONNECTIONS_MAX - CONNECTIONS_KEPT,
            pool_timeout=LOCK_TIMEOUT_S,
        )
        self._files: WeakKeyDictionary[SQLiteConnection, list[tuple[int, int]]] = (
            WeakKeyDictionary()
        )

    def _create_connection(self) -> SQLiteConnection:
        # SQLite would begin an empty database where the file is gone.
        if not Path(self.db_name).exists():
            raise UnavailableError("database_moved", file=self.db_name)
        # The library would keep one prepared statement and prepare every other one again.
        raw = sqlite3.connect(
            self.db_name,
            timeout=LOCK_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_CACHED,
        )
        raw.row_factory = sqlite3.Row
        connection = SQLiteConnection(raw, max_age=None)
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        (mode,) = cursor.fetchone()
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA trusted_schema = OFF")
        # SQLite keeps the old journal mode without a word where it cannot change it.
        if mode != "wal":
            raise BrokenHistoryError("no_write_ahead_log", file=self.db_name, mode=mode)
        # A reader, so that the write-ahead log is there and stays: see `check_in_place`.
        cursor.execute("SELECT 1 FROM sqlite_schema")
        cursor.fetchall()
        self._files[connection] = _identities(self.db_name)
        return connection

    def check_in_place(self, connection: SQLiteConnection) -> None:
        """Return if the files that `connection` reads and writes are those that stand under their names.

        What is written to a file that was removed or replaced is lost with the last process that has it open.

        Raises:
            UnavailableError: `database_moved`.
        """
        if _identities(self.db_name) != self._files[connection]:
            raise UnavailableError("database_moved", file=self.db_name)


def _identities(file: str) -> list[tuple[int, int]]:
    """Which files stand under the names of the database and its write-ahead log.

    Raises:
        UnavailableError: `database_moved` if one of them is gone.
    """
    try:
        found = [Path(name).stat() for name in (file, f"{file}-wal")]
    except FileNotFoundError as error:
        raise UnavailableError("database_moved", file=error.filename) from error
    return [(status.st_dev, status.st_ino) for status in found]


class Datastore(SQLiteDatastore):
    """A database file in WAL mode whose commits are durable when they return."""

    def __init__(self, file: str) -> None:
        super().__init__(file, lock_timeout=LOCK_TIMEOUT_S, originator_id_type="text")
        self.pool: _Pool = _Pool(file)

    @contextmanager
    def in_place(self) -> Iterator[SQLiteConnection]:
        """A connection to the files that stand under the database's names.

        Writers exclude each other by SQLite's lock. The library's own would be taken before the connection is made, and
        stay taken for ever where none can be made.

        Raises:
            UnavailableError: `database_moved`; the next connection is to what stands there then.
        """
        connection = self.pool.get_connection()
        try:
            self.pool.check_in_place(connection)
            yield connection
        except UnavailableError:
            connection.close()
            raise
        finally:
            self.pool.put_connection(connection)


class SqliteRecorder(SQLiteApplicationRecorder):
    """A `Recorder` over one file, which is there."""

    datastore: Datastore
    known_version = FILE_VERSION
    patience_s = 0.0

    def __init__(self, file: str) -> None:
        super().__init__(Datastore(file))
        self.where = file
        self.mapper = RowMapper()
        self.insert_events_statement = "INSERT INTO stored_events"

    def construct_create_table_statements(self) -> list[str]:
        """The schema, all of it."""
        return list(TABLES)

    def trouble(self) -> AbstractContextManager[None]:
        return storage_trouble(self.where)

    def close(self) -> None:
        """Give the file back; the last one to do so folds the write-ahead log into it."""
        self.datastore.close()

    def listener(self) -> None:
        """SQLite tells nobody."""

    def schema_version(self) -> int:
        with self.reading() as cursor:
            cursor.execute("PRAGMA user_version")
            (version,) = cursor.fetchone()
        return int(version)

    def about(self) -> About:
        return About(
            software=f"SQLite {sqlite3.sqlite_version}", schema_version=self.schema_version()
        )

    def is_behind(self, _cursor: Cursor) -> bool:
        return False

    def check_writable(self) -> None:
        """A file that cannot be written is told of by `trouble`, when it is written."""

    @contextmanager
    def reading(self) -> Iterator[SQLiteCursor]:
        with (
            self.datastore.in_place() as connection,
            connection.transaction(commit=False) as cursor,
        ):
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[SQLiteCursor]:
        with self.datastore.in_place() as connection:
            cursor = connection.cursor()
            # Deferred, as the library begins, a transaction that read first could not write any more.
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                if _in_transaction(connection):
                    cursor.execute("ROLLBACK")
                raise
            # What went into files that were taken away meanwhile is not to be acknowledged.
            self.datastore.pool.check_in_place(connection)

    def record(
        self,
        cursor: Cursor,
        additions: Sequence[Addition],
        nodes: Sequence[Node],
        size: int,
        root: bytes,
    ) -> None:
        assert isinstance(cursor, SQLiteCursor)
        _insert(cursor, "INSERT INTO tree", node_rows(nodes))
        made = [row for addition in additions for row in rows_of(addition)]
        stored = [self.mapper.to_stored_event(row) for row in made]
        self._insert_events(cursor, stored, numbers=[row.number for row in made])
        _insert(cursor, "INSERT OR REPLACE INTO nonces", nonce_rows(additions))
        _insert(cursor, "INSERT INTO detached", detached_rows(additions))
        # The last signed checkpoint stays until the new one is signed: it is true of what it covers.
        cursor.execute(
            "INSERT INTO head VALUES (1,?,?,NULL)"
            " ON CONFLICT (one) DO UPDATE SET size = excluded.size, root = excluded.root",
            (size, root),
        )

    def record_checkpoint(self, size: int, note: bytes) -> None:
        with self.datastore.in_place() as connection:
            cursor = connection.cursor()
            cursor.execute("PRAGMA synchronous = NORMAL")
            try:
                cursor.execute(
                    "UPDATE head SET checkpoint = ? WHERE size = ? AND checkpoint IS NOT ?",
                    (note, size, note),
                )
            finally:
                cursor.execute("PRAGMA synchronous = FULL")

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int]:
        numbers: Sequence[int] = kwargs["numbers"]
        _insert(
            c,
            self.insert_events_statement,
            [
                (number, event.originator_id, event.originator_version, event.topic, event.state)
                for number, event in zip(numbers, stored_events, strict=True)
            ],
        )
        return numbers


def _insert(cursor: Cursor, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert `rows`, many by one statement."""
    for first in range(0, len(rows), ROWS_PER_STATEMENT):
        chunk = rows[first : first + ROWS_PER_STATEMENT]
        row = f"({','.join('?' * len(chunk[0]))})"
        values = ",".join([row] * len(chunk))
        cursor.execute(f"{statement} VALUES {values}", list(chain.from_iterable(chunk)))


@contextmanager
def storage_trouble(file: str) -> Iterator[None]:
    """What goes wrong with a disk or a database, as errors of ours.

    Raises:
        UnavailableError: `storage_failed`: full, read-only, failing; what was being written may be there or not.
            `locked_elsewhere`: somebody held the database for LOCK_TIMEOUT_S; nothing was written.
        BrokenHistoryError: `database_unreadable`: what is in the file is no database of ours.
    """
    try:
        yield
    except (sqlite3.OperationalError, OperationalError) as error:
        if _is_busy(error):
            raise UnavailableError("locked_elsewhere", file=file) from error
        raise UnavailableError("storage_failed", file=file, said=str(error)) from error
    except OSError as error:
        said, where = error.strerror or str(error), error.filename or file
        raise UnavailableError("storage_failed", file=str(where), said=said) from error
    except (sqlite3.DatabaseError, DatabaseError) as error:
        raise BrokenHistoryError("database_unreadable", file=file, said=str(error)) from error


def _is_busy(error: BaseException) -> bool:
    """Whether SQLite gave up waiting for a lock; the library wraps what it says."""
    said = error if isinstance(error, sqlite3.Error) else error.__cause__
    primary = getattr(said, "sqlite_errorcode", 0) & 0xFF
    return primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _in_transaction(connection: SQLiteConnection) -> bool:
    raw: sqlite3.Connection = connection._sqlite_conn  # noqa: SLF001  # the library shows no other way to ask
    return raw.in_transaction
