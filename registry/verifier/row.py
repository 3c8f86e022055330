"""One row of a compact proof: that it stands beside its entry, and what it says; without the other rows.

row -> path -> the root in the signed body of an event, which therefore says this very row
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain import shape
from registry.domain.act import ActPart
from registry.errors import require
from registry.ledger import rows
from registry.ledger.proof import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """A row that stands beside an entry.

    Of the grams that the event moves it is about `amount_g`, after the first `before_g`. `whom` is a taker or, of a
    share, a commitment.
    """

    stream: str
    event: Any
    number: int
    whom: Any
    amount_g: int
    before_g: int


def shown(found: Row, parts: Sequence[ActPart]) -> ShownRow:
    """What the row `found` says of an event of `parts`, once it is one of those that the event's body sums up.

    Raises:
        RefusedError: `unknown_kind` if there is no such event, or it has no rows; `bad_path`, `wrong_rows`; `too_long`,
            `not_canonical`, `malformed`: whoever signed the root signed something that is no row.
    """
    is_there = found.part < len(parts) and found.event < len(parts[found.part].events)
    require(is_there, "unknown_kind", why="rows_of_no_event")
    part = parts[found.part]
    event = part.events[found.event]
    own = shape.rows_field(type(event))
    require(own is not None, "unknown_kind", kind=event.kind, why="no_rows")
    assert own is not None
    name, check = own
    said: shape.Rows = getattr(event, name)
    root = rows.row_root(found.row, found.number, said.count, b"".join(found.path))
    require(root == said.root, "wrong_rows", kind=event.kind, row=found.number)
    whom, amount_g, before_g = check.item(rows.values([found.row])[0])
    first, last = found.number == 0, found.number == said.count - 1
    end_g = before_g + amount_g
    # Each row before it has a gram at least, and so has each after it.
    fits = before_g >= found.number and end_g + (said.count - 1 - found.number) <= said.total_g
    fits = fits and (before_g == 0 or not first) and (end_g == said.total_g or not last)
    require(fits, "malformed", kind=event.kind, row=found.number, why="grams_differ")
    return ShownRow(
        stream=part.stream,
        event=event,
        number=found.number,
        whom=whom,
        amount_g=amount_g,
        before_g=before_g,
    )


def slice_of(ranges: Sequence[Any], before_g: int, amount_g: int) -> list[tuple[int, int]]:
    """The `amount_g` grams of rising ranges [start, end) that come after the first `before_g`."""
    found, end_g, at_g = [], before_g + amount_g, 0
    for start, end in ranges:
        first, last = max(before_g, at_g), min(end_g, at_g + end - start)
        if first < last:
            found.append((start + first - at_g, start + last - at_g))
        at_g += end - start
    return found
