"""Where any gram is, and every holder that it had: each range of serial numbers that moved, and where to.

A gram's way is what covers its number, in order: `range_start` <= serial < `range_end`.
"""

from typing import assert_never

from registry.domain import batch, certificate
from registry.domain.batch import (
    Deposited,
    Issued,
    Retired,
    RetirementImported,
    Transferred,
)
from registry.history import Happened
from registry.projections.table import (
    Changes,
    Entered,
    Fact,
    Projection,
    Table,
    id_of,
    integer,
    outcome_of,
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
    ),
    lasting=True,
)
"""`number` is that of the event in its entry; who retires gives to nobody, under a certificate."""


def _batch(entered: Entered, made: Happened) -> Changes:
    event: batch.Event = made.event
    giver: str | None = None
    taker: str | None = None
    number: str | None = None
    match event:
        case Issued() | Deposited():
            taker = event.holder
            ranges = ((0, event.amount_g),)
        case Transferred():
            giver, taker = event.giver, event.taker
            ranges = outcome_of(made)["ranges"]
        case Retired() | RetirementImported():
            giver, number = event.holder, id_of(entered.stream_of(certificate.Issued))
            ranges = outcome_of(made)["ranges"]
        case _:
            assert_never(event)
    place = entered.number_of(made)
    for start, end in ranges:
        row = (made.stream, start, place, end, entered.at_us, event.kind, giver, taker, number)
        yield Fact(table=MOVEMENTS, row=row)


PROJECTION = Projection(name="whereabouts", version=1, tables=(MOVEMENTS,), folds={"batch": _batch})
