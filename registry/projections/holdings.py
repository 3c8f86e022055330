"""Who holds what, and has used up what: by account and batch.

over all accounts, of each batch: held_g and retired_g are those of the batch
"""

from typing import assert_never

from registry.domain import batch
from registry.domain.batch import (
    Deposited,
    Issued,
    Retired,
    RetirementImported,
    Transferred,
)
from registry.history import Happened
from registry.projections.table import (
    Change,
    Changes,
    Entered,
    Projection,
    Table,
    integer,
    text,
)

HOLDINGS = Table(
    name="holdings",
    key=(text("account"), text("batch")),
    values=(integer("held_g"), integer("locked_g"), integer("retired_g")),
    sought=(("batch",),),
)


def _batch(_entered: Entered, made: Happened) -> Changes:
    event: batch.Event = made.event
    match event:
        case Issued() | Deposited():
            yield _change(event.holder, made, held_g=event.amount_g)
        case Transferred():
            yield _change(event.giver, made, held_g=-event.amount_g)
            yield _change(event.taker, made, held_g=event.amount_g)
        case Retired() | RetirementImported():
            used_g = event.amount_g
            yield _change(event.holder, made, held_g=-used_g, retired_g=used_g)
        case _:
            assert_never(event)


def _change(account: str, made: Happened, **adds: int) -> Change:
    return Change(table=HOLDINGS, key=(account, made.stream), adds=adds)


PROJECTION = Projection(name="holdings", version=1, tables=(HOLDINGS,), folds={"batch": _batch})
