"""What a registry's database holds, as an auditor takes it from whatever keeps it: docs/format.md, "The database".

Nothing in it is trusted. A value of another type is handed on as it is, for the audit to judge; a table that is missing
or of other columns, and what the database itself cannot read, is `database_unreadable`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from registry.errors import BrokenHistoryError

Ask = Callable[[str], Iterator[tuple[object, ...]]]
"""The rows that a SELECT finds."""

SCHEMA_VERSION = 1
PARTS_PER_ENTRY = 64
ROWID_MIN = -(2**63)
POINTER_BYTES = 8


class UnreadableError(Exception):
    """Why a database is not what it should be."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOpening:
    """One row of `openings`."""

    commitment: object
    entry: object
    author: object
    nonce: object
    field: object
    salt: object
    value: object


class Database(Protocol):
    """One moment of a database, for reading only: all of its iterators tell of that moment, side by side.

    Not for several threads. Memory is bounded: rows come by and by, and a value that is too long to be true may be cut
    off where that shows. Where the database itself fails, what it raises becomes an error of ours as `reading` says.
    """

    @property
    def has_writer(self) -> bool:
        """Whether somebody may be writing, so that a head that is not signed may be signed soon."""

    def head(self) -> tuple[object, object, object] | None:
        """Size, root and signed checkpoint, as stored; None if there is not exactly one row."""

    def count(self) -> int:
        """How many entries there seem to be, for showing progress."""

    def entries(self, start: int | None = None) -> Iterator[StoredEntry]:
        """All entries in order of their index, or those from `start` on, as far as rows are there."""

    def acts(self, indexes: Collection[int]) -> Mapping[int, object]:
        """The bytes of the entries `indexes`, a page of them, by index."""

    def nodes(self) -> Iterator[tuple[object, object]]:
        """The stored tree nodes, (number, hash), in order."""

    def nonces(self) -> Iterator[tuple[object, object, object]]:
        """The remembered nonces, (entry, account, nonce), in order of the entries."""

    def detached(
        self, start: int | None = None
    ) -> Iterator[tuple[object, object, object, object, object]]:
        """The detached rows, (entry, part, event, number, row), in order, or those of entries from `start` on."""

    def beside(self, index: int) -> Iterator[tuple[object, object, object, object, object]]:
        """The detached rows of entry `index`, in order."""

    def views(self) -> AbstractContextManager[Ask | None]:
        """Who answers questions over the tables of projections, of one moment; None where there are none to be read.

        Raises:
            BrokenHistoryError: `derived.views` if they are not as they are asked for.
        """

    def openings(self) -> Iterator[StoredOpening]:
        """The openings that are kept and may be read, in order of the entries; none in a stranger's copy."""


def grouped(rows: Iterable[tuple[object, object, object, object, object]]) -> Iterator[StoredEntry]:
    """The entries that rows (rowid, stream, position, topic, state), in order of their rowids, make up.

    Raises:
        UnreadableError: they are not in order; an entry would have no end.
    """
    group: list[StoredRow] = []
    index, last = 0, None
    for number, stream, position, topic, state in rows:
        if not isinstance(number, int) or (last is not None and number <= last):
            raise UnreadableError(f"the row {number} after {last}")
        last = number
        at, part = divmod(number - 1, PARTS_PER_ENTRY)
        if group and at != index:
            yield StoredEntry(index=index, rows=group)
            group = []
        index = at
        if part > 0 and isinstance(state, bytes):
            # A pointer: of what is too long to be one, no more than shows that it is.
            state = state[: POINTER_BYTES + 1]
        group.append(
            StoredRow(part=part, stream=stream, position=position, topic=topic, state=state)
        )
    if group:
        yield StoredEntry(index=index, rows=group)


def first_row(start: int | None) -> int:
    """The lowest rowid of the entries from `start` on; of all that any table can hold, without."""
    return ROWID_MIN if start is None else start * PARTS_PER_ENTRY + 1


def entries_up_to(last: object) -> int:
    """How many entries there seem to be, if `last` is the highest rowid."""
    return (last - 1) // PARTS_PER_ENTRY + 1 if isinstance(last, int) else 0
