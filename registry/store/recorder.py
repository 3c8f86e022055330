"""What is written of an entry, and the port to the database that keeps it: SQLite in a file, or PostgreSQL on a server.

    stored_events  one row per entry and stream that it touches; the row of the first stream holds the entry's bytes,
                   those of the others the index, 8 bytes big-endian.  rowid = index * 64 + part + 1
    tree           the complete subtrees, under the number that `tree.stored_number` gives
    nonces         which entry an author's nonce made
    detached       rows that stand beside an entry
    head           one row: size and root as of the last commit, and the last checkpoint that was signed

All of it is written in one transaction, except the signed checkpoint, which anybody with the log's key can make again.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from registry.history import Addition
from registry.ledger.tree import stored_number

PARTS_PER_ENTRY = 64
LOCK_TIMEOUT_S = 30
SCHEMA_VERSION = 3
"""Of the tables on a server: the number of the last of `migrations.MIGRATIONS`."""
FILE_VERSION = 1
"""Of the tables in `registry.db`, which holds the log alone."""


Node = tuple[int, int, bytes]
"""A complete subtree: level, number, hash."""


class Cursor(Protocol):
    """One transaction of either database. Values stand where a statement has `?`."""

    def execute(self, statement: str, values: Sequence[object] = ..., /) -> object:
        """Run one statement that both databases understand."""

    def fetchone(self) -> Any:
        """The next row of the last statement's, as a sequence; None after the last."""

    def fetchall(self) -> list[Any]:
        """The remaining rows of the last statement's."""


class Recorder(Protocol):
    """Keeps a log's tables.

    Durable: what `writing` wrote, once its block is left. Concurrent: writers exclude each other from the beginning of
    the block on, in any number of threads and processes; a reader sees one moment. Trusted: no.
    """

    where: str
    """The file, or the server's address without a password."""
    known_version: int
    """The version of the tables that are written."""
    patience_s: float
    """For how long a database that went away is worth waiting for: it may come back by itself, or another in its
    place."""

    def trouble(self) -> AbstractContextManager[None]:
        """What goes wrong with the database inside the block, as errors of ours.

        Raises:
            UnavailableError: `storage_failed`, `server_unavailable`: what was being written may be there or not.
                `locked_elsewhere`: somebody held the database for LOCK_TIMEOUT_S; nothing was written.
            BrokenHistoryError: `database_unreadable`: what is there is no database of ours.
            RefusedError: `not_permitted`.
        """

    def reading(self) -> AbstractContextManager[Cursor]:
        """One moment of the database; writers go on beside it."""

    def writing(self) -> AbstractContextManager[Cursor]:
        """The write lock, taken before anything is read, until the commit; rolled back on any error.

        A crash before the commit leaves nothing of it; after it, all of it.
        """

    def record(
        self,
        cursor: Cursor,
        additions: Sequence[Addition],
        nodes: Sequence[Node],
        size: int,
        root: bytes,
    ) -> None:
        """Write entries, their nonces and detached rows, the complete subtrees that they made, and the head that they
        lead to.
        """

    def record_checkpoint(self, size: int, note: bytes) -> None:
        """Keep the signed checkpoint of `size`, if the head is still that, and wake who follows.

        Not synchronised: if a crash takes it, the same bytes are signed again at the next start.
        """

    def listener(self) -> "Listener | None":
        """Hears of what is recorded from now on; None where nobody is told: of a file, and on a replica.

        Whatever was recorded before this returned is to be looked for.

        Raises:
            UnavailableError: `server_unavailable`.
        """

    def schema_version(self) -> int:
        """The version of the tables, 0 where there are none."""

    def about(self) -> "About":
        """What keeps the tables."""

    def is_behind(self, cursor: Cursor) -> bool:
        """Whether what `cursor` reads follows another database, and may lack what that one has. To be asked first."""

    def check_writable(self) -> None:
        """Return if a writer would be served here, as far as can be told without writing.

        Raises:
            BrokenHistoryError: `not_durable`.
            RefusedError: `not_permitted`: the role may not write what a writer writes.
            UnavailableError: `server_unavailable`, also where it takes no writes.
        """

    def close(self) -> None:
        """Give back what is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """A database that follows another one, and takes no writes."""

    receives: bool
    """Whether it is connected to the one that it follows."""
    behind_s: float | None
    """How old what it shows may be: 0 if it shows all it received, and receives; None if nothing came to it yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which database it is, and whether it can be written."""

    software: str
    schema_version: int
    replica: Replica | None = None


class Listener(Protocol):
    """Is told when a head was signed. To be used by one thread."""

    def heard(self, seconds: float) -> bool:
        """Whether something may have been recorded since it was asked last, or is within `seconds`.

        Raises:
            UnavailableError: `server_unavailable`: it hears nothing any more.
        """

    def close(self) -> None:
        """Hear no more."""


def confirm(cursor: Cursor) -> None:
    """Have the commit of `cursor` write, though nothing is new: then it comes after all that is in the log.

    Who recorded that may not have waited until it was durable everywhere; whoever waits for this commit has.
    """
    cursor.execute("UPDATE head SET size = size")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one entry leaves in one stream; the domain event of the library's protocol."""

    originator_id: str
    originator_version: int
    topic: str
    state: bytes
    number: int


def rows_of(addition: Addition) -> list[Row]:
    """The rows that an entry leaves, one per stream that it touches."""
    made = []
    for number, (part, position) in enumerate(
        zip(addition.intent.parts, addition.positions, strict=True)
    ):
        made.append(
            Row(
                originator_id=part.stream,
                originator_version=position,
                topic="+".join(kind for kind, _ in part.events),
                state=addition.data if number == 0 else addition.index.to_bytes(8, "big"),
                number=row_number(addition.index, number),
            )
        )
    return made


def row_number(index: int, part: int) -> int:
    """The rowid of what entry `index` leaves in the stream of its part `part`."""
    return index * PARTS_PER_ENTRY + part + 1


def entry_index(number: int) -> int:
    """The index of the entry that left the row of rowid `number`."""
    return (number - 1) // PARTS_PER_ENTRY


def nonce_rows(additions: Sequence[Addition]) -> list[tuple[str, bytes, int]]:
    """The rows of `nonces` that entries leave. One that was free again stands once, for the last that took it."""
    taken = {(item.intent.author, item.intent.nonce): item.index for item in additions}
    return [(author, nonce, index) for (author, nonce), index in taken.items()]


def detached_rows(additions: Sequence[Addition]) -> list[tuple[int, int, int, int, bytes]]:
    """The rows of `detached` that entries leave."""
    return [
        (addition.index, beside.part, beside.event, number, row)
        for addition in additions
        for beside in addition.detached
        for number, row in enumerate(beside.rows)
    ]


def node_rows(nodes: Sequence[Node]) -> list[tuple[int, bytes]]:
    """The rows of `tree` that complete subtrees leave."""
    return [(stored_number(level, number), node) for level, number, node in nodes]
