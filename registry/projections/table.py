"""What a projection is made of: tables, and how an entry of the log changes their rows.

    row   = key, values, since, until     true of a log of `size` entries where  since < size <= until
    fact  = key, values, since            a row of a table that is `lasting`: true from `since` on, for good

`since` is the index of the entry that made the row what it is, `until` that of the entry that changed it, OPEN while
none has. Nothing that was true is overwritten: each question can be asked as of any size that the log ever had.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal, TypeVar

from registry.domain.ranges import Range
from registry.domain.timing import day_of
from registry.history import Happened, happened
from registry.ledger import ids, rows
from registry.ledger.entry import Entry

OPEN = 2**63 - 1
"""The `until` of a row that is true now."""
POSITIONS = "view_positions"
"""The table in which a database says which version of each projection made its tables, and how far they are."""

Value = str | int | bytes | None
Row = tuple[Value, ...]
Kind = Literal["text", "integer", "bytes"]

Event = TypeVar("Event")

_BLANKS: Mapping[Kind, Value] = {"text": "", "integer": 0, "bytes": b""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; what is `optional` may be None."""

    name: str
    kind: Kind
    optional: bool = False

    @property
    def blank(self) -> Value:
        """What stands here before anything is said."""
        return None if self.optional else _BLANKS[self.kind]


def text(name: str, *, optional: bool = False) -> Column:
    """A column of text."""
    return Column(name=name, kind="text", optional=optional)


def integer(name: str, *, optional: bool = False) -> Column:
    """A column of integers of 64 bits; what is true or false is 1 or 0."""
    return Column(name=name, kind="integer", optional=optional)


def octets(name: str, *, optional: bool = False) -> Column:
    """A column of byte strings."""
    return Column(name=name, kind="bytes", optional=optional)


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """A table, equal to itself alone.

    `sought` are the columns, besides those that its key begins with, by which rows are looked up.
    """

    name: str
    key: tuple[Column, ...]
    values: tuple[Column, ...]
    lasting: bool = False
    sought: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in the order in which a row has them."""
        own = (*self.key, *self.values, Column(name="since", kind="integer"))
        return own if self.lasting else (*own, Column(name="until", kind="integer"))

    @property
    def view(self) -> str:
        """What it is called in a database."""
        return f"view_{self.name}"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """At which place of a row's values each of them stands."""
        return {column.name: place for place, column in enumerate(self.values)}

    @cached_property
    def blank(self) -> Row:
        """The values of a row of which nothing is said yet."""
        return tuple(column.blank for column in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A row of a lasting table: its key and values."""

    table: Table
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of the row of `key`: some values are set, to some is added. A row that was not there is blank."""

    table: Table
    key: Row
    sets: Mapping[str, Value] = field(default_factory=dict)
    adds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """An entry of the log: where it stands, when it was recorded, who signed it, and all that happened in it."""

    index: int
    at_us: int
    signers: tuple[str, ...]
    happened: tuple[Happened, ...]
    row_id: Callable[[str, bytes, int, int], str]
    """The id of what a row of a part brings into being, of (author, nonce, part, row)."""
    row_says: Callable[[bytes], Any]
    """What a detached row says."""

    @property
    def day(self) -> str:
        """The day of the entry in China."""
        return day_of(self.at_us).isoformat()

    def number_of(self, made: Happened) -> int:
        """Which of the entry's events `made` is, from 0."""
        return next(number for number, own in enumerate(self.happened) if own is made)

    def made(self, *kinds: type) -> list[Happened]:
        """What happened in the entry of `kinds`, in order."""
        return [made for made in self.happened if isinstance(made.event, kinds)]

    def each(self, kind: type[Event]) -> list[Event]:
        """The events of `kind` in the entry, in order."""
        return [made.event for made in self.made(kind)]

    def stream_of(self, *kinds: type) -> str:
        """The stream in which the one event of `kinds` in the entry happened."""
        (found,) = self.made(*kinds)
        return found.stream


def entered(
    index: int, entry: Entry, detached: Mapping[tuple[int, int], Sequence[bytes]]
) -> Entered:
    """The entry with this index, which was judged before, and the rows beside it, as folds take it."""
    return Entered(
        index=index,
        at_us=entry.at_us,
        signers=tuple([signer.account for signer in entry.intent.signers]),
        happened=tuple(happened(entry, detached)),
        row_id=partial(ids.row_id, entry.intent.log),
        row_says=rows.row_says,
    )


def outcome_of(made: Happened) -> Mapping[str, Any]:
    """What came of an event that has an outcome."""
    assert made.outcome is not None
    return made.outcome


def ranges_of(made: Happened) -> tuple[Range, ...]:
    """The serial ranges that an event moved."""
    ranges: tuple[Range, ...] = outcome_of(made)["ranges"]
    return ranges


Changes = Iterator[Fact | Change]
Fold = Callable[[Entered, Happened], Changes]
"""What one event changes: a pure function of the entry, which reads no table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """One question's tables, and the folds that keep them, by kind of stream.

    `version` is counted up whenever a fold changes what it makes of recorded entries: the tables are then made again.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    folds: Mapping[str, Fold]

    @property
    def definition(self) -> str:
        """What tells tables of this very version from any other."""
        tables = ";".join(
            f"{table.name}({','.join(map(_described, table.columns))};{table.sought})"
            for table in self.tables
        )
        return f"{self.version} {tables}"


def _described(column: Column) -> str:
    return f"{column.name} {column.kind}{'?' if column.optional else ''}"
