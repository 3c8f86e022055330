"""What is remembered beside the log, in an SQLite file of its own, `access.db`, beside the database."""

import os
import sqlite3
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from registry.errors import BrokenHistoryError, UnavailableError, require
from registry.store.folder import synchronise
from registry.store.recorder import LOCK_TIMEOUT_S, Cursor
from registry.store.sqlite import STATEMENTS_CACHED, storage_trouble

FILE = "access.db"
VERSION = 2
IDLE_KEPT = 32

_TABLES = f"""
CREATE TABLE access_keys (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL, accounts TEXT NOT NULL, scopes TEXT NOT NULL,
    label TEXT NOT NULL, made_by TEXT NOT NULL, made_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL, revoked_us INTEGER, used_day TEXT NOT NULL,
    log_size INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX access_keys_maker ON access_keys (made_by);
CREATE TABLE access_key_accounts (
    account TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (account, id)) STRICT, WITHOUT ROWID;
CREATE TABLE access_bindings (
    issuer TEXT NOT NULL, subject TEXT NOT NULL, account TEXT NOT NULL, scopes TEXT NOT NULL,
    made_by TEXT NOT NULL, made_us INTEGER NOT NULL, log_size INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject, account)) STRICT, WITHOUT ROWID;
CREATE TABLE access_claims (
    author TEXT NOT NULL, key BLOB NOT NULL, fingerprint BLOB NOT NULL, made_us INTEGER NOT NULL,
    PRIMARY KEY (author, key)) STRICT, WITHOUT ROWID;
CREATE INDEX access_claims_made ON access_claims (made_us);
CREATE TABLE access_subscriptions (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, url TEXT NOT NULL, topics TEXT NOT NULL,
    sealed BLOB NOT NULL, position INTEGER NOT NULL, state TEXT NOT NULL,
    failures INTEGER NOT NULL, made_us INTEGER NOT NULL, ended_us INTEGER,
    log_size INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX access_subscriptions_account ON access_subscriptions (account);
CREATE TABLE access_deliveries (
    id TEXT PRIMARY KEY, subscription TEXT NOT NULL, entry INTEGER NOT NULL,
    attempts INTEGER NOT NULL, next_try_us INTEGER NOT NULL, state TEXT NOT NULL,
    last_status INTEGER, ended_us INTEGER, UNIQUE (subscription, entry)) STRICT, WITHOUT ROWID;
CREATE INDEX access_deliveries_due ON access_deliveries (next_try_us) WHERE state = 'pending';
CREATE INDEX access_deliveries_ended ON access_deliveries (ended_us) WHERE ended_us IS NOT NULL;
CREATE TABLE access_jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, owner TEXT NOT NULL,
    started_us INTEGER NOT NULL, seen_us INTEGER NOT NULL, ended_us INTEGER, state TEXT NOT NULL,
    done INTEGER NOT NULL, total INTEGER NOT NULL, result TEXT, error TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX access_jobs_subject ON access_jobs (subject, id);
CREATE INDEX access_jobs_running ON access_jobs (id) WHERE state = 'running';
CREATE INDEX access_jobs_ended ON access_jobs (ended_us) WHERE ended_us IS NOT NULL;
PRAGMA user_version = {VERSION};
"""

_UPGRADE = (
    # Of what was made before, nobody knows how long the log was then: at the worst, empty.
    "ALTER TABLE access_keys ADD COLUMN log_size INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE access_bindings ADD COLUMN log_size INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE access_subscriptions ADD COLUMN log_size INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX access_keys_maker ON access_keys (made_by)",
    f"PRAGMA user_version = {VERSION}",
)
"""From the version before to this one, in one transaction: a crash leaves the one or the other."""

_Identity = tuple[int, int]


class FileKeeper:
    """A `Keeper` in one file, which is made, for its owner alone, when it is first asked."""

    skipping = ""  # writers exclude each other

    def __init__(self, directory: Path) -> None:
        """Nothing is opened yet."""
        self.where = str(directory / FILE)
        self._file = directory / FILE
        self._idle: deque[tuple[sqlite3.Connection, _Identity]] = deque()
        # SQLite's own waiting is sleep: of many threads the last would sleep long after its turn.
        self._writers = threading.Lock()

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        turn = nullcontext() if statement.startswith("SELECT") else self._writers
        with storage_trouble(self.where), self._session() as connection, turn:
            return connection.execute(statement, tuple(values)).fetchall()

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with storage_trouble(self.where), self._session() as connection, self._writers:
            # Deferred, a transaction that read first could not write any more.
            cursor = connection.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.rollback()

    def close(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop()[0].close()

    @contextmanager
    def _session(self) -> Iterator[sqlite3.Connection]:
        """A connection of this thread's own to the file that stands there, now and when the block ends.

        Raises:
            UnavailableError: `database_moved` if it was taken away or replaced; another one is taken for right the next
                time, as after a restore.
        """
        connection, identity = self._taken()
        try:
            self._check_in_place(identity)
            yield connection
            # What went into a file that was taken away meanwhile is not to be acknowledged.
            self._check_in_place(identity)
        except (sqlite3.Error, UnavailableError):
            connection.close()
            raise
        except BaseException:
            self._give_back(connection, identity)
            raise
        self._give_back(connection, identity)

    def _give_back(self, connection: sqlite3.Connection, identity: _Identity) -> None:
        if len(self._idle) < IDLE_KEPT:
            self._idle.append((connection, identity))
        else:
            connection.close()

    def _check_in_place(self, identity: _Identity) -> None:
        if _identity(self._file) != identity:
            raise UnavailableError("database_moved", file=self.where)

    def _taken(self) -> tuple[sqlite3.Connection, _Identity]:
        with suppress(IndexError):
            return self._idle.pop()
        if not self._file.exists():
            self._create()
        identity = _identity(self._file)
        if identity is None:
            raise UnavailableError("database_moved", file=self.where)
        return self._connected(), identity

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._file.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=LOCK_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_CACHED,
        )
        try:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            self._check_mode(mode)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA trusted_schema = OFF")
            # Labels and logins are of people.
            connection.execute("PRAGMA secure_delete = ON")
            if _version(connection) == VERSION - 1:
                _upgrade(connection)
            version = _version(connection)
            require(version == VERSION, "unknown_schema", found=version, known=VERSION)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_mode(self, mode: str) -> None:
        if mode != "wal":
            raise BrokenHistoryError("no_write_ahead_log", file=self.where, mode=mode)

    def _create(self) -> None:
        """Make the file under another name, and give it its own if nobody else was faster.

        A crash leaves no file of that name, or all of it; and perhaps one beside it, at which nobody looks.
        """
        directory = self._file.parent
        opened, name = tempfile.mkstemp(prefix=f"{FILE}-new-", dir=directory)
        os.close(opened)
        try:
            # The last connection to be closed folds the write-ahead log in.
            with closing(sqlite3.connect(name, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(_TABLES)
            synchronise(Path(name))
            with suppress(FileExistsError):
                os.link(name, self._file)
        finally:
            Path(name).unlink()
        synchronise(directory)


def _identity(file: Path) -> _Identity | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _upgrade(connection: sqlite3.Connection) -> None:
    """Have the tables of this version, unless somebody else was faster."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) == VERSION - 1:
            for statement in _UPGRADE:
                connection.execute(statement)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.rollback()
