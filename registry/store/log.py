"""The log, read from its tables: head, entries, streams, proofs. Reading needs no private key.

What is read here was judged before it was written; an audit, which trusts nothing, reads for itself (`verifier`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from eventsourcing.sqlite import SQLiteCursor

from registry import history
from registry.errors import BrokenHistoryError, RefusedError, require
from registry.history import Happened, Stream
from registry.ledger import entry as entries
from registry.ledger import tree
from registry.ledger.entry import NO_PREVIOUS, Entry
from registry.store.recorder import (
    SCHEMA_VERSION,
    Datastore,
    LogRecorder,
    entry_index,
    row_number,
)

DATABASE = "registry.db"
PAGE_ENTRIES = 500
PAIRS_PER_QUERY = 64

Tip = tuple[int, bytes]
"""Which past a stream has: its length, and the leaf hash of its last entry."""
BLANK: Tip = (0, NO_PREVIOUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the log stands: size, root, and the last signed checkpoint, which may cover fewer entries."""

    size: int
    root: bytes
    checkpoint: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An entry in its place."""

    index: int
    data: bytes
    entry: Entry
    leaf: bytes
    detached: Mapping[tuple[int, int], Sequence[bytes]]

    def happened(self) -> Iterator[Happened]:
        """What the entry did, event by event."""
        return history.happened(self.entry, self.detached)


class Moment:
    """The tables as of one transaction."""

    def __init__(self, cursor: SQLiteCursor) -> None:
        self._cursor = cursor

    def head(self) -> Head:
        """Where the log stands; of size 0 before its first entry."""
        row = self._one("SELECT size, root, checkpoint FROM head")
        if row is None:
            return Head(size=0, root=tree.EMPTY_ROOT, checkpoint=None)
        return Head(size=row[0], root=row[1], checkpoint=row[2])

    def log_id(self) -> bytes | None:
        """The log's id; None before its first entry."""
        return self.placed(0).entry.intent.log if self.head().size else None

    def node(self, level: int, number: int) -> bytes:
        """The hash of a complete subtree.

        Raises:
            BrokenHistoryError: `derived.tree` if it is not there.
        """
        place = tree.stored_number(level, number)
        row = self._one("SELECT hash FROM tree WHERE node = ?", place)
        if row is None:
            raise BrokenHistoryError("derived.tree", level=level, number=number)
        found: bytes = row[0]
        return found

    def data(self, index: int) -> bytes:
        """The bytes of entry `index`.

        Raises:
            BrokenHistoryError: `entry_missing`.
        """
        row = self._one("SELECT state FROM stored_events WHERE rowid = ?", row_number(index, 0))
        if row is None:
            raise BrokenHistoryError("entry_missing", index=index)
        found: bytes = row[0]
        return found

    def placed(self, index: int) -> Placed:
        """Entry `index`, whose bytes are those of its leaf in the tree.

        Raises:
            BrokenHistoryError: `entry_altered`, `entry_missing`, `derived.tree`: nobody builds on such an entry.
        """
        data, leaf = self.data(index), self.node(0, index)
        if tree.leaf_hash(data) != leaf:
            raise BrokenHistoryError("entry_altered", index=index)
        entry = entries.decode(data)
        return Placed(
            index=index, data=data, entry=entry, leaf=leaf, detached=self._detached(index)
        )

    def indexes(self, stream: str, after: int = 0) -> list[int]:
        """The entries that touch `stream`, in order, from position `after` + 1 on."""
        self._cursor.execute(
            "SELECT rowid FROM stored_events WHERE originator_id = ? AND originator_version > ?"
            " ORDER BY originator_version",
            (stream, after),
        )
        return [entry_index(row[0]) for row in self._cursor.fetchall()]

    def tip(self, stream: str) -> Tip:
        """How many entries touch `stream`, and the leaf hash of the last of them; BLANK of none."""
        row = self._one(
            "SELECT originator_version, rowid FROM stored_events WHERE originator_id = ?"
            " ORDER BY originator_version DESC LIMIT 1",
            stream,
        )
        if row is None:
            return BLANK
        return row[0], self.node(0, entry_index(row[1]))

    def stands(self, stream: str, held: Stream) -> bool:
        """Whether the last entry that `held` knows of is in its place in the chain of `stream`."""
        row = self._one(
            "SELECT rowid FROM stored_events WHERE originator_id = ? AND originator_version = ?",
            stream,
            held.length,
        )
        if row is None:
            return False
        return self.placed(entry_index(row[0])).leaf == held.last

    def streams(self, prefix: str) -> list[str]:
        """The streams whose names begin with `prefix`, in the order in which they began."""
        self._cursor.execute(
            "SELECT originator_id FROM stored_events WHERE originator_version = 1"
            " AND substr(originator_id, 1, ?) = ? ORDER BY rowid",
            (len(prefix), prefix),
        )
        return [row[0] for row in self._cursor.fetchall()]

    def touched_since(self, size: int) -> set[str]:
        """The streams that entries from index `size` on touch."""
        self._cursor.execute(
            "SELECT DISTINCT originator_id FROM stored_events WHERE rowid >= ?",
            (row_number(size, 0),),
        )
        return {row[0] for row in self._cursor.fetchall()}

    def _detached(self, index: int) -> Mapping[tuple[int, int], Sequence[bytes]]:
        """The rows beside entry `index`, by part and event."""
        self._cursor.execute(
            "SELECT part, event, row FROM detached WHERE entry = ? ORDER BY part, event, number",
            (index,),
        )
        found: dict[tuple[int, int], list[bytes]] = {}
        for part, event, row in self._cursor.fetchall():
            found.setdefault((part, event), []).append(row)
        return found

    def stream(self, name: str, known: Stream | None = None) -> Stream:
        """The state of stream `name`, folded from its entries: all, or those after what is `known`."""
        own = (
            (placed.index, placed.leaf, placed.happened())
            for placed in map(self.placed, self.indexes(name, known.length if known else 0))
        )
        return history.load(name, own, known)

    def entries_of(self, asked: Sequence[tuple[str, bytes]]) -> dict[tuple[str, bytes], int]:
        """The entries that accounts made under nonces, of those that are remembered."""
        found = {}
        for first in range(0, len(asked), PAIRS_PER_QUERY):
            pairs = asked[first : first + PAIRS_PER_QUERY]
            values = ",".join(["(?,?)"] * len(pairs))
            self._cursor.execute(
                f"WITH asked AS (VALUES {values}) SELECT account, nonce, entry"  # noqa: S608  # question marks
                " FROM asked CROSS JOIN nonces ON account = column1 AND nonce = column2",
                list(chain.from_iterable(pairs)),
            )
            found.update({(row[0], row[1]): row[2] for row in self._cursor.fetchall()})
        return found

    def _one(self, statement: str, *values: object) -> Any:
        self._cursor.execute(statement, values)
        return self._cursor.fetchone()


class Log:
    """The log in a directory, for reading."""

    def __init__(self, directory: Path) -> None:
        file = directory / DATABASE
        if not file.is_file():
            raise RefusedError("no_registry", directory=str(directory))
        self.directory = directory
        self.file = str(file)
        self.recorder = LogRecorder(Datastore(str(file)))
        version = self.recorder.schema_version()
        require(version == SCHEMA_VERSION, "unknown_schema", found=version, known=SCHEMA_VERSION)

    def close(self) -> None:
        """Give the file back; the last one to do so folds the write-ahead log into it."""
        self.recorder.datastore.close()

    def entries(self, start: int = 0) -> Iterator[Placed]:
        """The entries from index `start` on, in order, as of when each page was read."""
        size = start
        while True:
            with self.recorder.reading() as cursor:
                moment = Moment(cursor)
                end = min(moment.head().size, size + PAGE_ENTRIES)
                page = [moment.placed(index) for index in range(size, end)]
            yield from page
            size += len(page)
            if not page:
                return
