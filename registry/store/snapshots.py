"""States of long streams, kept so that they need not be folded from the beginning. A cache: delete it at any time.

One SQLite file beside the database, one row per stream. Nothing in it is believed that was not written under the
registry's own secret, and what was is still to be held against the log (`Snapshots.load`):

    mac = HMAC-SHA256(key, canonical [TAG, log id, stream, position, entry, leaf, schema, SHA-256(state)])
    key = HMAC-SHA256(secret, KEY_TAG)

`schema` is the fingerprint of the state's class: another version of the software sees nothing that it would misread.
Whatever is wrong with a row or with the file, there is no snapshot: it never is an error.
"""

import fcntl
import hmac
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from registry import states
from registry.domain import kinds
from registry.history import Stream
from registry.ledger import canonical
from registry.states import NotAStateError

FILE = "snapshots.db"
SNAPSHOT_ENTRIES_MIN = 1_000
"""So many entries come to a stream before it is worth another snapshot."""
BYTES_PER_ENTRY = 160
"""So many bytes of a snapshot are a small share of the work that one entry is."""
STATE_BYTES_MAX = 64 * 2**20
"""A state that takes more is not kept; the last that took less stays, and is folded on from."""
KNOWN_MAX = 100_000

TAG = "carbon-registry/snapshot/v1"
KEY_TAG = b"carbon-registry/snapshot-key/v1"

_PATIENCE_S = 1
_TABLE = """CREATE TABLE snapshots (
    stream TEXT PRIMARY KEY, position INTEGER NOT NULL, entry INTEGER NOT NULL, leaf BLOB NOT NULL,
    schema BLOB NOT NULL, state BLOB NOT NULL, mac BLOB NOT NULL) STRICT"""
_TYPES = [int, int, bytes, bytes, bytes, bytes]
_NEVER = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A stream as it was after entry `index`, the last of the stream's that it covers."""

    index: int
    stream: Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A row whose mac holds."""

    position: int
    entry: int
    leaf: bytes
    state: bytes


class _ForeignError(Exception):
    """A database, but not one of ours."""


class Snapshots:
    """The snapshots in a directory.

    Durable: no; a crash or a power cut leaves each row as it was or as it was to be, or no file. Concurrent: any number
    of processes and threads; of two that write at once, one leaves it until the stream has grown again. Trusted: no.
    """

    def __init__(self, directory: Path, *, log: bytes, secret: bytes) -> None:
        """Those of the log with id `log`, whose operator alone knows `secret`, 32 bytes. Touches no file."""
        assert len(secret) == 32
        self._directory = directory
        self._file = directory / FILE
        self._log = log
        self._key = hmac.digest(secret, KEY_TAG, "sha256")
        self._known: dict[str, tuple[int, int]] = {}

    def load(self, stream: str) -> Snapshot | None:
        """The last snapshot of `stream`, or None. Worth asking for from SNAPSHOT_ENTRIES_MIN entries on.

        The state is one that this registry's operator saved, but perhaps for a log that is not this one any more: the
        database may have been restored since. So the caller believes it only if, in one moment of the log, `index` is
        below its size, leaf `index` of the tree is `stream.last`, and the row of the stream's position `stream.length`
        is that entry's. If the snapshot is ahead of the log, or of another past, it is to be ignored; the next `save`
        replaces it.
        """
        found = self._found(stream)
        if found is None:
            return None
        try:
            state = states.decode(type(kinds.blank(stream)), found.state)
        except NotAStateError:
            return None
        held = Stream(state=state, length=found.position, last=found.leaf)
        return Snapshot(index=found.entry, stream=held)

    def save(self, stream: str, index: int, held: Stream) -> None:
        """Keep `held`, whose last entry is `index`, in place of what was kept; as well as may be.

        To be called for what is acknowledged only: what is not durable yet may never have been. Whether it is kept or
        not, `due` rests until the stream has grown again: a full disk is not tried at every entry.
        """
        if held.length < SNAPSHOT_ENTRIES_MIN:
            return
        state = states.encode(held.state)
        self._remember(stream, held.length, len(state))
        if len(state) > STATE_BYTES_MAX:
            return
        schema = states.fingerprint(type(held.state))
        said = (held.length, index, held.last, schema, state)
        self._change(
            "INSERT OR REPLACE INTO snapshots VALUES (?,?,?,?,?,?,?)",
            (stream, *said, self._mac(stream, *said)),
        )

    def due(self, stream: str, held: Stream) -> bool:
        """Whether `held` has grown so much since its last snapshot that another one is a small share of that work.

        At least SNAPSHOT_ENTRIES_MIN entries, and one for each BYTES_PER_ENTRY of the last snapshot. Asks the disk only
        where this object neither saw nor made a snapshot of a stream that long.
        """
        if held.length < SNAPSHOT_ENTRIES_MIN:
            return False
        if stream not in self._known:
            self._found(stream)
        position, size = self._known.get(stream, _NEVER)
        grown = held.length - position
        # A snapshot ahead of the stream is of a log that was restored since: it serves nobody.
        return grown < 0 or grown >= max(SNAPSHOT_ENTRIES_MIN, size // BYTES_PER_ENTRY)

    def drop(self, stream: str) -> None:
        """Have no snapshot of `stream` any more, as well as may be."""
        self._remember(stream, *_NEVER)
        with suppress(OSError):  # not even allowed to look
            if self._file.exists():
                self._change("DELETE FROM snapshots WHERE stream = ?", (stream,))

    def _found(self, stream: str) -> _Row | None:
        """The row of `stream` if there is one that was written under our secret."""
        found = None
        # Missing, unreadable, locked, no database, a text that is none: there is no snapshot.
        with suppress(sqlite3.Error, _ForeignError), closing(self._connect()) as connection:
            _check_ours(connection)
            found = connection.execute(
                "SELECT position, entry, leaf, schema, state, mac FROM snapshots"
                " WHERE stream = ? AND length(state) <= ?",
                (stream, STATE_BYTES_MAX),
            ).fetchone()
        row = None if found is None else self._checked(stream, found)
        self._remember(stream, *(_NEVER if row is None else (row.position, len(row.state))))
        return row

    def _checked(self, stream: str, found: tuple[Any, ...]) -> _Row | None:
        """The row, if it says of this log, this stream and this schema what we said."""
        # Who can write the file can have SQLite give back other types than its table has.
        if list(map(type, found)) != _TYPES:
            return None
        *said, mac = found
        position, entry, leaf, schema, state = said
        own = schema == states.fingerprint(type(kinds.blank(stream)))
        if not (hmac.compare_digest(mac, self._mac(stream, *said)) and own):
            return None
        return _Row(position=position, entry=entry, leaf=leaf, state=state)

    def _mac(self, stream: str, *said: Any) -> bytes:
        """The mac over what a row says of `stream`: its other columns, in their order."""
        *place, state = said
        digest = sha256(state).digest()
        message = canonical.encode([TAG, self._log, stream, *place, digest])
        return hmac.digest(self._key, message, "sha256")

    def _remember(self, stream: str, position: int, size: int) -> None:
        """Note the last snapshot of `stream`; what is forgotten is read again when it is asked for."""
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        self._known[stream] = (position, size)

    def _change(self, statement: str, values: tuple[object, ...]) -> None:
        """Do one thing to the table, in a file that is ours, if that can be done now."""
        # A read-only or full disk, another process that is writing: it remains as it was.
        with suppress(sqlite3.Error, OSError), self._alone():
            try:
                self._execute(statement, values)
            except (_ForeignError, sqlite3.DatabaseError) as error:
                if isinstance(error, sqlite3.DatabaseError) and not _is_spoilt(error):
                    raise
                for suffix in ("-wal", "-shm", ""):
                    self._file.with_name(FILE + suffix).unlink(missing_ok=True)
                self._execute(statement, values)

    def _execute(self, statement: str, values: tuple[object, ...]) -> None:
        """Do one thing to the table, which is made if the file is empty.

        A crash leaves an empty file, an empty table, or the table before or after it.

        Raises:
            _ForeignError: the database is another.
            sqlite3.DatabaseError: it is none, or cannot be written.
        """
        self._file.touch(mode=0o600)
        with closing(self._connect()) as connection:
            if not _tables(connection):
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(_TABLE)
            _check_ours(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(statement, values)

    def _connect(self) -> sqlite3.Connection:
        """A connection to the file, which must be there, for as long as one thing takes: the file may be replaced."""
        uri = f"{self._file.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_PATIENCE_S)
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the only one who writes here, or raise BlockingIOError: nobody waits for a cache."""
        opened = os.open(self._directory, os.O_RDONLY)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(opened)


def _tables(connection: sqlite3.Connection) -> list[str]:
    """What the database consists of, as it was declared; indexes that SQLite makes by itself apart."""
    made = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return [sql for (sql,) in made]


def _check_ours(connection: sqlite3.Connection) -> None:
    """Return if the database is our one table: no other version, no trigger, no view in its place.

    Raises:
        _ForeignError: it is another.
    """
    if _tables(connection) != [_TABLE]:
        raise _ForeignError


def _is_spoilt(error: sqlite3.DatabaseError) -> bool:
    """Whether the file is no database, or not whole: what is no passing trouble."""
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
