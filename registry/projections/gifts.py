"""What was given to whom, and what became of it: by batch and taker, who may have no account.

What was neither claimed nor used up when the campaign's grams went back is the taker's no more: the movements say so.
"""

from typing import assert_never

from registry.domain import batch
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

GIFTS = Table(
    name="gifts",
    key=(text("batch"), text("taker")),
    values=(
        text("organiser"),
        integer("retire_only"),
        integer("given_g"),
        integer("claimed_g"),
        integer("retired_g"),
    ),
    sought=(("taker",), ("organiser",)),
)
"""`retired_g` is what the taker used up without claiming it first."""


def _batch(_entered: Entered, made: Happened) -> Changes:
    event: batch.Event = made.event
    match event:
        case batch.Given():
            assert event.rows.items is not None
            sets: dict[str, Value] = {
                "organiser": event.organiser,
                "retire_only": int(event.retire_only),
            }
            for taker, amount_g, _ in event.rows.items:
                key = (made.stream, taker)
                yield Change(table=GIFTS, key=key, sets=sets, adds={"given_g": amount_g})
        case batch.Claimed():
            key = (made.stream, event.holder)
            yield Change(table=GIFTS, key=key, adds={"claimed_g": event.amount_g})
        case batch.ClaimRetired():
            key = (made.stream, event.holder)
            yield Change(table=GIFTS, key=key, adds={"retired_g": event.amount_g})
        case (
            batch.Issued()
            | batch.Deposited()
            | batch.AllowancesDeposited()
            | batch.IssuedElsewhere()
            | batch.CarvedOut()
            | batch.Transferred()
            | batch.Traded()
            | batch.TransferredElsewhere()
            | batch.Assigned()
            | batch.Retired()
            | batch.RetirementImported()
            | batch.LockRetired()
            | batch.Locked()
            | batch.Released()
            | batch.Carved()
            | batch.Returned()
            | batch.Cancelled()
            | batch.CarriedOver()
            | batch.Suspended()
            | batch.Reinstated()
        ):
            pass
        case _:
            assert_never(event)


PROJECTION = Projection(name="gifts", version=1, tables=(GIFTS,), folds={"batch": _batch})
