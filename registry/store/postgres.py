"""The log's tables on a PostgreSQL server, versions 15 and later.

    writing   the row of `head` is locked before anything is read; each table takes one array per column
    reading   one snapshot, read only
    waking    whoever signs a head notifies CHANNEL; a replica cannot listen, so who follows one asks again and again

The library's own recorder is not used: its table lock stalls behind VACUUM, its pipeline hangs on large groups, and
with its database functions who follows misses entries.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import Connection, RawCursor, errors
from psycopg.types.array import ListBinaryDumper

from registry.errors import BrokenHistoryError, UnavailableError, require
from registry.history import Addition
from registry.ledger import canonical
from registry.ledger.commitment import Opening
from registry.ledger.intent import INTENT_BYTES_MAX
from registry.place import Server
from registry.store.openings import PAGE_ROWS, OpeningRow, Pair
from registry.store.recorder import (
    LOCK_TIMEOUT_S,
    SCHEMA_VERSION,
    About,
    Cursor,
    Node,
    Replica,
    detached_rows,
    node_rows,
    nonce_rows,
    rows_of,
)
from registry.store.server import connect, server_trouble, sound
from registry.store.sqlite import storage_trouble

CHANNEL = "carbon_registry"
PATIENCE_S = 30.0
IDLE_KEPT = 4
STALLED_S = 60
"""A writer that was stopped in the middle is thrown out by the server, so that others can go on."""

SIGNING_MS = 2_000

_SETTINGS = """
SET client_min_messages = warning;
SET synchronous_commit = {synchronous};
SET lock_timeout = {lock_ms:.0f};
SET idle_in_transaction_session_timeout = {stalled_ms:.0f};
SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3
"""
"""For the session, so that no role, no address and no reload of the server's settings says otherwise. Of a replica that
was not waited for the server speaks in a warning alone."""

_LOCK = """
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT current_setting('fsync'), current_setting('full_page_writes') FROM head FOR UPDATE
"""
_RECORD = """
WITH entries AS (INSERT INTO stored_events
        SELECT * FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::bytea[])),
    nodes AS (INSERT INTO tree SELECT * FROM unnest(?::bigint[], ?::bytea[])),
    taken AS (INSERT INTO nonces SELECT * FROM unnest(?::text[], ?::bytea[], ?::bigint[])
        ON CONFLICT (account, nonce) DO UPDATE SET entry = excluded.entry)
UPDATE head SET size = ?, root = ?
"""
"""One question to the server for all of it: the way there and back is what a group of few acts costs."""
_SIGN = """
WITH signed AS (UPDATE head SET checkpoint = ?
    WHERE size = ? AND checkpoint IS DISTINCT FROM ? RETURNING size)
SELECT pg_notify(?, size::text) FROM signed
"""
_WRITABLE = """
SELECT current_setting('transaction_read_only'), (
    SELECT string_agg(may || ' ON ' || name, ', ')
    FROM (VALUES
        ('stored_events', 'INSERT'), ('tree', 'INSERT'), ('detached', 'INSERT'),
        ('nonces', 'INSERT'), ('nonces', 'UPDATE'), ('head', 'UPDATE'),
        ('openings', 'SELECT'), ('openings', 'INSERT'), ('openings', 'UPDATE'), ('openings', 'DELETE')
    ) AS needed (name, may)
    WHERE NOT CASE may WHEN 'UPDATE' THEN has_any_column_privilege(name, may)
        ELSE has_table_privilege(name, may) END
), current_setting('fsync'), current_setting('full_page_writes')
"""
_ABOUT = """
SELECT current_setting('server_version'), pg_is_in_recovery(), receives, CASE
    WHEN receives AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8
FROM (SELECT EXISTS (SELECT FROM pg_stat_wal_receiver) AS receives) receiver
"""


class PostgresCursor:
    """A `Cursor` in a transaction on the server."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._raw = RawCursor(connection)
        self._raw.format = psycopg.pq.Format.BINARY
        self.fetchone = self._raw.fetchone
        self.fetchall = self._raw.fetchall

    def execute(self, statement: str, values: Sequence[object] = (), /) -> object:
        return self._raw.execute(_spelled(statement), values or None)


class PostgresRecorder:
    """A `Recorder` over the tables that `migrations` made."""

    known_version = SCHEMA_VERSION
    patience_s = PATIENCE_S

    def __init__(self, server: Server, *, writes: bool) -> None:
        """Connects when it is first asked.

        Args:
            server: where; of several hosts the one that can be written, if `writes`.
            writes: whether to write, too.
        """
        self.where = str(server)
        self._url = server.url
        self._state = server.state
        self._writes = writes
        self._idle: deque[Connection[Any]] = deque()
        self._signing: deque[Connection[Any]] = deque()

    @contextmanager
    def trouble(self) -> Iterator[None]:
        # Keys and mark are in files.
        with storage_trouble(str(self._state)), server_trouble(self.where):
            yield

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        with server_trouble(self.where), self._session(self._idle, self._connected) as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield PostgresCursor(connection)
            finally:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with server_trouble(self.where), self._session(self._idle, self._connected) as connection:
            try:
                self._lock_head(connection)
                yield PostgresCursor(connection)
            except BaseException:
                # Whoever cannot roll back has lost the connection, and the transaction with it.
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise
            self._commit(connection)

    def record(
        self,
        cursor: Cursor,
        additions: Sequence[Addition],
        nodes: Sequence[Node],
        size: int,
        root: bytes,
    ) -> None:
        rows = [row for addition in additions for row in rows_of(addition)]
        cursor.execute(
            _RECORD,
            [
                [row.number for row in rows],
                [row.originator_id for row in rows],
                [row.originator_version for row in rows],
                [row.topic for row in rows],
                [row.state for row in rows],
                *_columns(node_rows(nodes)),
                *_columns(nonce_rows(additions)),
                size,
                root,
            ],
        )
        detached = detached_rows(additions)
        if detached:
            cursor.execute(
                "INSERT INTO detached SELECT * FROM unnest(?::bigint[], ?::integer[], ?::integer[],"
                " ?::integer[], ?::bytea[])",
                _columns(detached),
            )

    def record_checkpoint(self, size: int, note: bytes) -> None:
        with (
            server_trouble(self.where),
            # Whoever holds the head signs it next, with what is in the log by then.
            suppress(errors.LockNotAvailable),
            self._session(self._signing, self._to_sign) as connection,
        ):
            PostgresCursor(connection).execute(_SIGN, (note, size, note, CHANNEL))

    def rewrite(self, table: str) -> bool:
        """Write the file of `table` anew, of what is in it now; False if this role may not."""
        with self.trouble(), self._session(self._idle, self._connected) as connection:
            # Who may not is warned, and nothing is done.
            with _warnings(connection) as warned:
                connection.execute(f"VACUUM (FULL) {table}".encode())
            return not warned

    def listener(self) -> "PostgresListener | None":
        with server_trouble(self.where):
            connection = connect(self._url, "registry-follow")
            try:
                connection.execute(f"LISTEN {CHANNEL}")
            except errors.ReadOnlySqlTransaction:
                # A replica tells nobody.
                connection.close()
                return None
            except BaseException:
                connection.close()
                raise
        return PostgresListener(connection, self.where)

    def schema_version(self) -> int:
        with self.reading() as cursor:
            cursor.execute("SELECT to_regclass('registry_schema')")
            if cursor.fetchone()[0] is None:
                return 0
            cursor.execute("SELECT version FROM registry_schema")
            row = cursor.fetchone()
        if row is not None and not isinstance(row[0], int):
            raise BrokenHistoryError(
                "database_unreadable",
                file=self.where,
                why="table_not_ours",
                table="registry_schema",
            )
        return 0 if row is None else row[0]

    def about(self) -> About:
        with self.reading() as cursor:
            cursor.execute(_ABOUT)
            version, follows, receives, age_s = cursor.fetchone()
        # Two machines' clocks need not agree.
        behind_s = None if age_s is None else max(0.0, age_s)
        replica = Replica(receives=receives, behind_s=behind_s) if follows else None
        return About(
            software=f"PostgreSQL {version}",
            schema_version=self.schema_version(),
            replica=replica,
        )

    def close(self) -> None:
        for idle in (self._idle, self._signing):
            while idle:
                idle.pop().close()

    @contextmanager
    def _session(
        self, idle: deque[Connection[Any]], connected: Callable[[], Connection[Any]]
    ) -> Iterator[Connection[Any]]:
        """A connection of this thread's own, one of the `idle` or a new one; one that broke is not used again."""
        connection = sound(idle) or connected()
        try:
            yield connection
        finally:
            usable = connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
            if usable and len(idle) < IDLE_KEPT:
                idle.append(connection)
            else:
                connection.close()

    def _to_sign(self) -> Connection[Any]:
        """A connection whose commits nobody waits for: what it writes can be made again."""
        connection = self._connected()
        connection.execute(f"SET synchronous_commit = off; SET lock_timeout = {SIGNING_MS}")
        return connection

    def _connected(self) -> Connection[Any]:
        wanted = {"target_session_attrs": "read-write"} if self._writes else {}
        connection = connect(self._url, "registry", **wanted)
        connection.prepare_threshold = 1
        # As text, which the driver prefers, an array costs eight times as much on both sides.
        connection.adapters.register_dumper(list, ListBinaryDumper)
        try:
            if self._writes:
                self._set_up(connection)
            else:
                connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_S * 1_000:.0f}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: Connection[Any]) -> None:
        """Have commits durable when they return, on every replica that confirms them, too."""
        row = connection.execute("SHOW synchronous_commit").fetchone()
        synchronous = "remote_apply" if row == ("remote_apply",) else "on"
        connection.execute(
            _SETTINGS.format(
                synchronous=synchronous,
                lock_ms=LOCK_TIMEOUT_S * 1_000,
                stalled_ms=STALLED_S * 1_000,
            )
        )

    def _lock_head(self, connection: Connection[Any]) -> None:
        """Begin a transaction once nobody else writes, on a server that keeps what it commits.

        Read committed: what is read after the lock was got includes what its last holder committed.

        Raises:
            BrokenHistoryError: `derived.head` if it is not there, and nothing keeps others away; `not_durable`.
        """
        locked = connection.execute(_LOCK)
        locked.nextset()
        row = locked.fetchone()
        if row is None:
            raise BrokenHistoryError("derived.head")
        self._check_durable(*row)

    def _check_durable(self, fsync: str, whole_pages: str) -> None:
        if (fsync, whole_pages) != ("on", "on"):
            raise BrokenHistoryError(
                "not_durable", server=self.where, fsync=fsync, full_page_writes=whole_pages
            )

    def _commit(self, connection: Connection[Any]) -> None:
        """Commit, durably.

        Raises:
            UnavailableError: `server_unavailable` if a replica that was to confirm it was not waited for: the server
                says so in a warning, and that it has committed.
        """
        with _warnings(connection) as warned:
            cursor = connection.execute("COMMIT")
        if cursor.statusmessage != "COMMIT" or warned:
            said = "; ".join(warned) or str(cursor.statusmessage)
            raise UnavailableError("server_unavailable", server=self.where, said=said)

    def is_behind(self, cursor: Cursor) -> bool:
        cursor.execute("SELECT pg_is_in_recovery()")
        return bool(cursor.fetchone()[0])

    def check_writable(self) -> None:
        with (
            server_trouble(self.where),
            connect(self._url, "registry", target_session_attrs="read-write") as connection,
        ):
            row = connection.execute(_WRITABLE).fetchone()
        assert row is not None
        read_only, lacking, *durable = row
        if read_only == "on":
            raise UnavailableError("server_unavailable", server=self.where, why="read_only")
        self._check_durable(*durable)
        require(lacking is None, "not_permitted", server=self.where, lacking=lacking)


class PostgresListener:
    """A `Listener` on a connection of its own: what one of them has heard is not missing from another."""

    def __init__(self, connection: Connection[Any], where: str) -> None:
        self._connection = connection
        self._where = where

    def heard(self, seconds: float) -> bool:
        with server_trouble(self._where):
            return bool(list(self._connection.notifies(timeout=seconds, stop_after=1)))

    def close(self) -> None:
        self._connection.close()


class ServerOpenings:
    """The openings, in the same database and recorded in the same transaction as the entries that commit to them."""

    def __init__(self, recorder: PostgresRecorder) -> None:
        self._recorder = recorder

    def add(self, cursor: Cursor, rows: Sequence[OpeningRow]) -> None:
        if rows:
            cursor.execute(
                "INSERT INTO openings SELECT * FROM unnest(?::bytea[], ?::bigint[], ?::text[],"
                " ?::bytea[], ?::text[], ?::bytea[], ?::bytea[])"
                " ON CONFLICT (commitment) DO UPDATE SET entry = excluded.entry",
                _columns(rows),
            )

    def settle(self, size: int, made: Callable[[Sequence[Pair]], dict[Pair, int]]) -> None:
        """Nothing is to be dropped: the openings of an act that failed went with its transaction."""

    def erase(self, commitments: Sequence[bytes]) -> int:
        with self._recorder.trouble(), self._recorder.writing() as cursor:
            cursor.execute(
                "DELETE FROM openings WHERE commitment = ANY(?::bytea[]) RETURNING 1",
                (list(commitments),),
            )
            return len(cursor.fetchall())

    def scrub(self) -> bool:
        return self._recorder.rewrite("openings")

    def find(self, commitments: Sequence[bytes]) -> dict[bytes, Opening]:
        with self._recorder.reading() as cursor:
            if not _may_read(cursor):
                return {}
            cursor.execute(
                "SELECT commitment, field, salt, value FROM openings"
                " WHERE commitment = ANY(?::bytea[])",
                (list(commitments),),
            )
            return {
                commitment: Opening(
                    field=field,
                    salt=salt,
                    value=canonical.decode(value, bytes_max=INTENT_BYTES_MAX),
                )
                for commitment, field, salt, value in cursor.fetchall()
            }

    def rows(self, after: bytes = b"") -> list[OpeningRow]:
        with self._recorder.reading() as cursor:
            cursor.execute(
                "SELECT commitment, entry, author, nonce, field, salt, value FROM openings"
                " WHERE commitment > ? ORDER BY commitment LIMIT ?",
                (after, PAGE_ROWS),
            )
            return cursor.fetchall()

    def close(self) -> None:
        """Nothing is open here that the recorder does not close."""


@contextmanager
def _warnings(connection: Connection[Any]) -> Iterator[list[str]]:
    """What the server warns of while the block runs."""
    warned: list[str] = []

    def hear(said: errors.Diagnostic) -> None:
        if said.severity_nonlocalized == "WARNING":
            warned.append(said.message_primary or "")

    connection.add_notice_handler(hear)
    try:
        yield warned
    finally:
        connection.remove_notice_handler(hear)


def _may_read(cursor: Cursor) -> bool:
    """Whether this role may see names; who may not is told of none."""
    cursor.execute("SELECT has_table_privilege('openings', 'SELECT')")
    return bool(cursor.fetchone()[0])


@lru_cache(maxsize=512)
def _spelled(statement: str) -> bytes:
    """`statement` with the server's own signs for values."""
    first, *rest = statement.split("?")
    return "".join([first, *(f"${number}{part}" for number, part in enumerate(rest, 1))]).encode()


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
