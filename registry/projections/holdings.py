"""Who holds what, has locked and has used up what: by account and batch.

over all accounts, of each batch: held_g, locked_g and retired_g are those of the batch
"""

from typing import assert_never

from registry.domain import batch
from registry.domain.certificate import holder_of
from registry.history import Happened
from registry.projections.table import (
    Change,
    Changes,
    Entered,
    Projection,
    Table,
    integer,
    outcome_of,
    text,
)

HOLDINGS = Table(
    name="holdings",
    key=(text("account"), text("batch")),
    values=(integer("held_g"), integer("locked_g"), integer("retired_g")),
    sought=(("batch",),),
)
"""A bearer, who has no account, holds nothing, and may have retired what was given."""


def _batch(_entered: Entered, made: Happened) -> Changes:
    event: batch.Event = made.event
    match event:
        case (
            batch.Issued()
            | batch.Deposited()
            | batch.AllowancesDeposited()
            | batch.IssuedElsewhere()
            | batch.CarvedOut()
        ):
            yield _change(event.holder, made, held_g=event.amount_g)
        case batch.Transferred() | batch.Traded() | batch.TransferredElsewhere() | batch.Assigned():
            yield _change(event.giver, made, held_g=-event.amount_g)
            yield _change(event.taker, made, held_g=event.amount_g)
        case (
            batch.Retired()
            | batch.RetirementImported()
            | batch.LockRetired()
            | batch.ClaimRetired()
        ):
            yield _retired(made, event)
        case batch.Locked():
            yield _change(event.holder, made, held_g=-event.amount_g)
            yield _change(event.owner, made, locked_g=event.amount_g)
        case batch.Released():
            yield _change(event.owner, made, locked_g=-event.amount_g)
            yield _change(event.taker, made, held_g=event.amount_g)
        case batch.Carved():
            yield _change(event.holder, made, held_g=-event.amount_g)
        case batch.Given() | batch.Claimed() | batch.Returned():
            yield _gift(made, event)
        case batch.Cancelled():
            gone_g = -event.amount_g
            column = "held_g" if event.means is None else "locked_g"
            yield _change(event.holder, made, **{column: gone_g})
        case batch.CarriedOver() | batch.Suspended() | batch.Reinstated():
            pass
        case _:
            assert_never(event)


def _retired(made: Happened, event: batch.Retirement) -> Change:
    used_g = event.amount_g
    match event:
        case batch.Retired() | batch.RetirementImported():
            return _change(event.holder, made, held_g=-used_g, retired_g=used_g)
        case batch.LockRetired():
            return _change(event.owner, made, locked_g=-used_g, retired_g=used_g)
        case batch.ClaimRetired():
            return _change(holder_of(event), made, retired_g=used_g)
        case _:
            assert_never(event)


def _gift(made: Happened, event: batch.Gift) -> Change:
    match event:
        case batch.Given():
            return _change(event.organiser, made, locked_g=-event.rows.total_g)
        case batch.Claimed():
            return _change(event.taker, made, held_g=event.amount_g)
        case batch.Returned():
            locked_g = event.amount_g - outcome_of(made)["given_g"]
            return _change(event.organiser, made, held_g=event.amount_g, locked_g=-locked_g)
        case _:
            assert_never(event)


def _change(account: str, made: Happened, **adds: int) -> Change:
    return Change(table=HOLDINGS, key=(account, made.stream), adds=adds)


PROJECTION = Projection(name="holdings", version=1, tables=(HOLDINGS,), folds={"batch": _batch})
