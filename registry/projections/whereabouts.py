"""Where any gram is, and every holder that it had: each range of serial numbers that moved, and where to.

A gram's way is what covers its number, in order: `range_start` <= serial < `range_end`; what was carved out goes on in
the batch `child`, under the same number.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, assert_never

from registry.domain import batch, certificate
from registry.domain.ranges import Range
from registry.history import Happened
from registry.names import id_of
from registry.projections.table import (
    Changes,
    Entered,
    Fact,
    Projection,
    Table,
    integer,
    ranges_of,
    text,
)

MOVEMENTS = Table(
    name="movements",
    key=(text("batch"), integer("range_start"), integer("number")),
    values=(
        integer("range_end"),
        integer("at_us"),
        text("kind"),
        text("giver", optional=True),
        text("taker", optional=True),
        text("certificate", optional=True),
        text("child", optional=True),
    ),
    lasting=True,
    sought=(("giver",), ("taker",)),
)
"""`number` is that of the event in its entry. `taker` has the gram then: holds it, has it locked, or may claim it.
Nobody has what was used up, under a certificate, cancelled, or carved out."""

_Moved = tuple[str | None, str | None, str | None, str | None]
"""Giver, taker, certificate, child."""


def _batch(entered: Entered, made: Happened) -> Changes:
    event: batch.Event = made.event
    if isinstance(event, batch.CarriedOver | batch.Suspended | batch.Reinstated):
        return
    number = entered.number_of(made)
    said = (entered.at_us, event.kind)
    for (start, end), moved in _ways(entered, made, event):
        row = (made.stream, start, number, end, *said, *moved)
        yield Fact(table=MOVEMENTS, row=row)


def _ways(entered: Entered, made: Happened, event: Any) -> Iterator[tuple[Range, _Moved]]:
    """Each range that moved, and where to."""
    if isinstance(event, batch.Given):
        yield from _given(made, event)
        return
    beginning = batch.Issued | batch.Deposited | batch.AllowancesDeposited | batch.IssuedElsewhere
    ranges = ((0, event.amount_g),) if isinstance(event, beginning) else ranges_of(made)
    moved = _moved(entered, event)
    for own in ranges:
        yield own, moved


def _moved(entered: Entered, event: batch.Event) -> _Moved:  # noqa: C901  # one case for each kind
    giver: str | None = None
    taker: str | None = None
    number: str | None = None
    child: str | None = None
    match event:
        case (
            batch.Issued()
            | batch.Deposited()
            | batch.AllowancesDeposited()
            | batch.IssuedElsewhere()
            | batch.CarvedOut()
        ):
            taker = event.holder
        case batch.Transferred() | batch.Traded() | batch.TransferredElsewhere() | batch.Assigned():
            giver, taker = event.giver, event.taker
        case (
            batch.Retired()
            | batch.RetirementImported()
            | batch.LockRetired()
            | batch.ClaimRetired()
        ):
            giver = certificate.holder_of(event)
            number = id_of(entered.stream_of(certificate.Issued, certificate.Shared))
        case batch.Locked():
            giver, taker = event.holder, event.owner
        case batch.Released():
            giver, taker = event.owner, event.taker
        case batch.Carved():
            giver, child = event.holder, event.child
        case batch.Claimed():
            giver, taker = event.holder, event.taker
        case batch.Returned():
            taker = event.organiser
        case batch.Cancelled():
            giver = event.holder
        case batch.Given() | batch.CarriedOver() | batch.Suspended() | batch.Reinstated():
            raise AssertionError(event.kind)
        case _:
            assert_never(event)
    return giver, taker, number, child


def _given(made: Happened, event: batch.Given) -> Iterator[tuple[Range, _Moved]]:
    """Each guest's own grams: the lowest that were given go to the first row."""
    assert event.rows.items is not None
    for taker, ranges in shared_out(ranges_of(made), event.rows.items):
        for own in ranges:
            yield own, (event.organiser, taker, None, None)


def shared_out(
    ranges: Iterable[Range], rows: Iterable[Sequence[Any]]
) -> Iterator[tuple[Any, list[Range]]]:
    """The part of `ranges` that each of `rows`, (whose, grams, grams before), has: whose, and which."""
    following = iter(ranges)
    start = end = 0
    for whose, amount_g, _ in rows:
        own: list[Range] = []
        while amount_g:
            if start == end:
                start, end = next(following)
            taken_g = min(amount_g, end - start)
            own.append((start, start + taken_g))
            start, amount_g = start + taken_g, amount_g - taken_g
        yield whose, own


PROJECTION = Projection(name="whereabouts", version=1, tables=(MOVEMENTS,), folds={"batch": _batch})
