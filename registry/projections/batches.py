"""What became of every batch: how much it received, how much of that is where, and what is locked of it.

    received_g == held_g + locked_g + waiting_g + retired_g + cancelled_g + carved_g

`waiting_g` was given and is not claimed yet; the domain counts it as locked.
"""

from typing import assert_never

from registry.domain import batch
from registry.domain.standard import AllowancesDeposited as AllowanceUnits
from registry.domain.standard import Deposited as Units
from registry.history import Happened
from registry.projections.table import (
    Change,
    Changes,
    Entered,
    Projection,
    Table,
    Value,
    integer,
    outcome_of,
    text,
)

BATCHES = Table(
    name="batches",
    key=(text("batch"),),
    values=(
        integer("entry"),
        integer("at_us"),
        text("standing"),
        text("standard"),
        text("period_from"),
        text("period_to"),
        text("origin"),
        text("project", optional=True),
        text("parent", optional=True),
        text("root"),
        text("custodian", optional=True),
        text("home_serials", optional=True),
        text("expires", optional=True),
        integer("received_g"),
        integer("held_g"),
        integer("locked_g"),
        integer("waiting_g"),
        integer("retired_g"),
        integer("cancelled_g"),
        integer("carved_g"),
    ),
    sought=(("project",), ("root",)),
)
"""`root` is the batch whose serial numbers the grams have; `expires` the last day on which allowances can be used."""

LOCKS = Table(
    name="locks",
    key=(text("batch"), integer("entry")),
    values=(text("ground"), text("owner"), integer("locked_g"), integer("left_g")),
    sought=(("owner",),),
)
"""What entry `entry` locked, and how much of it is left; `owner` is whose it is while it waits."""


def _batch(entered: Entered, made: Happened) -> Changes:
    event: batch.Event = made.event
    match event:
        case (
            batch.Issued()
            | batch.Deposited()
            | batch.AllowancesDeposited()
            | batch.IssuedElsewhere()
            | batch.CarvedOut()
        ):
            yield _began(entered, made, event)
        case batch.Transferred() | batch.Traded() | batch.TransferredElsewhere() | batch.Assigned():
            pass
        case (
            batch.Retired()
            | batch.RetirementImported()
            | batch.LockRetired()
            | batch.ClaimRetired()
        ):
            yield from _retired(made, event)
        case batch.Locked():
            yield _adds(made, held_g=-event.amount_g, locked_g=event.amount_g)
            yield _locks(entered, made, event)
        case batch.Released():
            yield _adds(made, held_g=event.amount_g, locked_g=-event.amount_g)
            yield _unlocks(made, event.means[0], event.amount_g)
        case batch.Carved():
            yield _adds(made, held_g=-event.amount_g, carved_g=event.amount_g)
        case batch.Given() | batch.Claimed() | batch.Returned():
            yield from _gift(made, event)
        case batch.Cancelled():
            yield from _cancelled(made, event)
        case batch.CarriedOver() | batch.Suspended() | batch.Reinstated():
            yield _stands(made, event)
        case _:
            assert_never(event)


def _retired(made: Happened, event: batch.Retirement) -> Changes:
    used_g = event.amount_g
    match event:
        case batch.Retired() | batch.RetirementImported():
            yield _adds(made, held_g=-used_g, retired_g=used_g)
        case batch.LockRetired():
            yield _adds(made, locked_g=-used_g, retired_g=used_g)
            yield _unlocks(made, event.means[0], used_g)
        case batch.ClaimRetired():
            yield _adds(made, waiting_g=-used_g, retired_g=used_g)
        case _:
            assert_never(event)


def _began(entered: Entered, made: Happened, event: batch.Beginning) -> Change:
    said: dict[str, Value] = {
        "entry": entered.index,
        "at_us": entered.at_us,
        "standing": "active",
        "standard": event.standard,
        "root": made.stream,
        "received_g": event.amount_g,
        "held_g": event.amount_g,
        **_origin(entered, made, event),
    }
    return Change(table=BATCHES, key=(made.stream,), sets=said)


def _origin(entered: Entered, made: Happened, event: batch.Beginning) -> dict[str, Value]:
    """Where the grams of a batch come from."""
    match event:
        case batch.Issued():
            return {"origin": batch.NATIVE, "project": event.project, **_period(event.period)}
        case batch.Deposited():
            origin = batch.DEPOSITED_RETIRED if event.retired_at_home else batch.DEPOSITED
            (units,) = entered.each(Units)
            kept = {"custodian": event.custodian, "home_serials": units.home_serials}
            return {"origin": origin, **kept, **_period(event.period)}
        case batch.AllowancesDeposited():
            (numbered,) = entered.each(AllowanceUnits)
            return {
                "origin": batch.DEPOSITED,
                "custodian": event.custodian,
                "home_serials": numbered.home_serials,
                "expires": event.expires,
                **_period((f"{event.year}-01-01", f"{event.year}-12-31")),
            }
        case batch.IssuedElsewhere():
            return {"origin": batch.IMPORTED, **_period(event.period)}
        case batch.CarvedOut():
            came = outcome_of(made)
            names = ("origin", "project", "root", "custodian", "expires")
            kept = {name: came[name] for name in names}
            return {"parent": event.parent, **kept, **_period(came["period"])}
        case _:
            assert_never(event)


def _period(period: tuple[str, str]) -> dict[str, Value]:
    return {"period_from": period[0], "period_to": period[1]}


def _gift(made: Happened, event: batch.Gift) -> Changes:
    match event:
        case batch.Given():
            given_g = event.rows.total_g
            yield _adds(made, locked_g=-given_g, waiting_g=given_g)
            yield _unlocks(made, event.means[0], given_g)
        case batch.Claimed():
            yield _adds(made, held_g=event.amount_g, waiting_g=-event.amount_g)
        case batch.Returned():
            waited_g = outcome_of(made)["given_g"]
            locked_g = event.amount_g - waited_g
            yield _adds(made, held_g=event.amount_g, locked_g=-locked_g, waiting_g=-waited_g)
            yield _unlocks(made, event.means[0], locked_g)
        case _:
            assert_never(event)


def _cancelled(made: Happened, event: batch.Cancelled) -> Changes:
    if event.means is None:
        yield _adds(made, held_g=-event.amount_g, cancelled_g=event.amount_g)
    else:
        yield _adds(made, locked_g=-event.amount_g, cancelled_g=event.amount_g)
        yield _unlocks(made, event.means[0], event.amount_g)


def _stands(made: Happened, event: batch.Standing) -> Change:
    match event:
        case batch.CarriedOver():
            said = {"expires": event.expires}
        case batch.Suspended():
            said = {"standing": "suspended"}
        case batch.Reinstated():
            said = {"standing": "active"}
        case _:
            assert_never(event)
    return Change(table=BATCHES, key=(made.stream,), sets=said)


def _adds(made: Happened, **adds: int) -> Change:
    return Change(table=BATCHES, key=(made.stream,), adds=adds)


def _locks(entered: Entered, made: Happened, event: batch.Locked) -> Change:
    said: dict[str, Value] = {
        "ground": event.ground,
        "owner": event.owner,
        "locked_g": event.amount_g,
        "left_g": event.amount_g,
    }
    return Change(table=LOCKS, key=(made.stream, entered.index), sets=said)


def _unlocks(made: Happened, lock: int, amount_g: int) -> Change:
    return Change(table=LOCKS, key=(made.stream, lock), adds={"left_g": -amount_g})


PROJECTION = Projection(name="batches", version=1, tables=(BATCHES, LOCKS), folds={"batch": _batch})
