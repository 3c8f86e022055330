"""What binds grams and accounts: offers, pledges, reservations and how they ended; freezes, and which of them wait."""

from typing import assert_never

from registry.domain import account, account_freezes, account_life, account_ties, accounts
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

TIES = Table(
    name="ties",
    key=(text("account"), integer("entry")),
    values=(
        integer("at_us"),
        text("ground"),
        text("other"),
        text("expires", optional=True),
        text("batch"),
        text("standard"),
        integer("amount_g"),
        integer("left_g"),
        text("state"),
        integer("ended", optional=True),
    ),
    sought=(("other",), ("ground",), ("batch",)),
)
"""What entry `entry` tied towards `other`: the taker, pledgee, exchange or freezing authority. `state` is open,
accepted, declined, withdrawn, lapsed, released or ended; `left_g` is what was not settled or seized meanwhile."""

FREEZES = Table(
    name="freezes",
    key=(text("account"), integer("entry")),
    values=(
        text("authority"),
        text("expires"),
        integer("lock", optional=True),
        integer("ended", optional=True),
    ),
    sought=(("authority",),),
)
"""Freezes of the account, or of what entry `lock` locked; of those that are not `ended`, the first is in force."""

CONSENTS = Table(
    name="consents",
    key=(text("account"), integer("frozen"), text("order_stream")),
    values=(integer("entry"),),
)
"""The orders that an account may perform although entry `frozen` froze it."""


ENDS = {
    account_ties.OfferAccepted.kind: "accepted",
    account_ties.OfferDeclined.kind: "declined",
    account_ties.OfferWithdrawn.kind: "withdrawn",
    account_ties.OfferLapsed.kind: "lapsed",
    account_ties.PledgeReleased.kind: "released",
    account_ties.ReserveEnded.kind: "ended",
}
"""The state in which each kind leaves a tie."""


def _account(entered: Entered, made: Happened) -> Changes:
    event: accounts.Event = made.event
    if isinstance(event, account_ties.Event):
        yield from _tie(entered, made.stream, event)
    elif isinstance(event, account_freezes.Event):
        yield from _freeze(entered, made.stream, event)
    elif isinstance(event, account.Event | account_life.Event):
        return
    else:
        assert_never(event)


def _tie(entered: Entered, name: str, event: account_ties.Event) -> Changes:
    match event:
        case account_ties.Offered():
            ground = account_ties.DONATION if event.donation else account_ties.OFFER
            yield _tied(entered, name, event, ground, event.taker, until=event.until)
        case account_ties.Pledged():
            yield _tied(entered, name, event, account_ties.PLEDGE, event.pledgee)
        case account_ties.Reserved():
            yield _tied(entered, name, event, account_ties.SETTLEMENT, event.venue)
        case (
            account_ties.OfferAccepted()
            | account_ties.OfferDeclined()
            | account_ties.OfferWithdrawn()
            | account_ties.OfferLapsed()
            | account_ties.PledgeReleased()
            | account_ties.ReserveEnded()
        ):
            said: dict[str, Value] = {"state": ENDS[event.kind], "ended": entered.index}
            key = (name, event.means[0])
            yield Change(table=TIES, key=key, sets={**said, "left_g": 0})
        case account_ties.Settled() | account_ties.LockSeized():
            key = (name, event.means[0])
            yield Change(table=TIES, key=key, adds={"left_g": -event.amount_g})
        case account_ties.Seized() | account_ties.Devolved():
            pass
        case _:
            assert_never(event)


def _freeze(entered: Entered, name: str, event: account_freezes.Event) -> Changes:
    match event:
        case account_freezes.Frozen():
            yield _frozen(entered, name, event, lock=None)
        case account_freezes.RangeFrozen():
            yield _frozen(entered, name, event, lock=entered.index)
            yield _tied(entered, name, event, account_freezes.GROUND, event.authority)
        case account_freezes.FreezeQueued():
            yield _frozen(entered, name, event, lock=event.means[0])
        case account_freezes.FreezeRenewed():
            key = (name, event.means[0])
            yield Change(table=FREEZES, key=key, sets={"expires": event.until})
        case account_freezes.FreezeConsented():
            consent = (name, event.means[0], event.order)
            yield Change(table=CONSENTS, key=consent, sets={"entry": entered.index})
        case account_freezes.Unfrozen() | account_freezes.FreezeEnded():
            key = (name, event.means[0])
            yield Change(table=FREEZES, key=key, sets={"ended": entered.index})
        case _:
            assert_never(event)


def _tied(
    entered: Entered,
    name: str,
    event: account_ties.Tying | account_freezes.RangeFrozen,
    ground: str,
    other: str,
    *,
    until: str | None = None,
) -> Change:
    said: dict[str, Value] = {
        "at_us": entered.at_us,
        "ground": ground,
        "other": other,
        "expires": until,
        "batch": event.batch,
        "standard": event.standard,
        "amount_g": event.amount_g,
        "left_g": event.amount_g,
        "state": "open",
    }
    return Change(table=TIES, key=(name, entered.index), sets=said)


def _frozen(
    entered: Entered,
    name: str,
    event: account_freezes.Frozen | account_freezes.RangeFrozen | account_freezes.FreezeQueued,
    *,
    lock: int | None,
) -> Change:
    said: dict[str, Value] = {"authority": event.authority, "expires": event.until, "lock": lock}
    return Change(table=FREEZES, key=(name, entered.index), sets=said)


PROJECTION = Projection(
    name="ties",
    version=1,
    tables=(TIES, FREEZES, CONSENTS),
    folds={"account": _account},
)
