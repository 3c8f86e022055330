"""What became of every batch: how much it received, and how much of that is where.

received_g == held_g + locked_g + retired_g + cancelled_g + carved_g
"""

from typing import assert_never

from registry.domain import batch
from registry.domain.batch import (
    DEPOSITED,
    DEPOSITED_RETIRED,
    NATIVE,
    Deposited,
    Issued,
    Retired,
    RetirementImported,
    Transferred,
)
from registry.domain.standard import Deposited as UnitsDeposited
from registry.history import Happened
from registry.projections.table import (
    Change,
    Changes,
    Entered,
    Projection,
    Table,
    Value,
    integer,
    text,
)

BATCHES = Table(
    name="batches",
    key=(text("batch"),),
    values=(
        integer("entry"),
        integer("at_us"),
        text("standard"),
        text("period_from"),
        text("period_to"),
        text("origin"),
        text("project", optional=True),
        text("custodian", optional=True),
        text("home_serials", optional=True),
        integer("received_g"),
        integer("held_g"),
        integer("locked_g"),
        integer("retired_g"),
        integer("cancelled_g"),
        integer("carved_g"),
    ),
)


def _batch(entered: Entered, made: Happened) -> Changes:
    event: batch.Event = made.event
    match event:
        case Issued():
            yield _received(entered, made.stream, event, origin=NATIVE, project=event.project)
        case Deposited():
            origin = DEPOSITED_RETIRED if event.retired_at_home else DEPOSITED
            (units,) = entered.each(UnitsDeposited)
            yield _received(
                entered,
                made.stream,
                event,
                origin=origin,
                custodian=event.custodian,
                home_serials=units.home_serials,
            )
        case Retired() | RetirementImported():
            moved = {"held_g": -event.amount_g, "retired_g": event.amount_g}
            yield Change(table=BATCHES, key=(made.stream,), adds=moved)
        case Transferred():
            pass
        case _:
            assert_never(event)


def _received(
    entered: Entered, stream: str, event: Issued | Deposited, **own: str | None
) -> Change:
    said: dict[str, Value] = {
        "entry": entered.index,
        "at_us": entered.at_us,
        "standard": event.standard,
        "period_from": event.period[0],
        "period_to": event.period[1],
        "received_g": event.amount_g,
        "held_g": event.amount_g,
        **own,
    }
    return Change(table=BATCHES, key=(stream,), sets=said)


PROJECTION = Projection(name="batches", version=1, tables=(BATCHES,), folds={"batch": _batch})
