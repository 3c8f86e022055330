"""Restoration orders: what is owed and by when, what was bought, performed and confirmed, in default or withdrawn.

Which are overdue on a day follows from the instalments and the lots: see `overdue`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from registry.domain import batch, order
from registry.history import Happened
from registry.names import id_of
from registry.projections.table import (
    Change,
    Changes,
    Entered,
    Fact,
    Projection,
    Table,
    Value,
    integer,
    octets,
    text,
)

ORDERS = Table(
    name="orders",
    key=(text("order_stream"),),
    values=(
        integer("entry"),
        integer("at_us"),
        text("court"),
        text("basis"),
        octets("number"),
        octets("obligor"),
        text("agent", optional=True),
        text("account"),
        integer("terms"),
        integer("amount_g", optional=True),
        integer("amount_fen", optional=True),
        text("deadline"),
        text("standards"),
        text("regions"),
        text("state"),
        integer("defaulted", optional=True),
        integer("bought_g"),
        integer("performed_g"),
        integer("released_g"),
    ),
    sought=(("court",), ("account",)),
)
"""`terms` is the entry that set the terms in force, `defaulted` that which found them not kept; `state` is registered,
withdrawn, confirmed or closed; `number` and `obligor` are commitments; codes have a comma between them."""

INSTALMENTS = Table(
    name="instalments",
    key=(text("order_stream"), integer("terms"), text("day")),
    values=(integer("amount"),),
    lasting=True,
)
"""What is due by the end of `day`, under the terms of entry `terms`: in grams, or in fen where the order is in yuan."""

LOTS = Table(
    name="lots",
    key=(text("order_stream"), text("batch"), integer("lock")),
    values=(
        text("seller"),
        text("buyer"),
        text("standard"),
        integer("amount_g"),
        integer("cost_fen", optional=True),
        integer("left_g"),
        integer("performed_g"),
    ),
    sought=(("batch",),),
)
"""What each purchase locked, in the entry `lock`, and what became of it."""

PERFORMANCES = Table(
    name="performances",
    key=(text("order_stream"), text("certificate")),
    values=(integer("at_us"), integer("enforced"), integer("amount_g")),
    lasting=True,
)
"""What was retired for an order, under which certificate; by the court's key if `enforced`."""

Row = Mapping[str, Any]


def _order(entered: Entered, made: Happened) -> Changes:
    event: order.Event = made.event
    key = (made.stream,)
    match event:
        case order.Registered():
            yield Change(table=ORDERS, key=key, sets=_registered(entered, event))
            yield from _instalments(entered, made.stream, event)
        case order.Bought():
            yield Change(table=ORDERS, key=key, adds={"bought_g": event.amount_g})
            yield _lot(entered, made.stream, event)
        case order.Performed() | order.Enforced():
            yield Change(table=ORDERS, key=key, adds={"performed_g": event.amount_g})
            enforced = int(isinstance(event, order.Enforced))
            number = id_of(event.certificate)
            row = (made.stream, number, entered.at_us, enforced, event.amount_g)
            yield Fact(table=PERFORMANCES, row=row)
            for used in entered.made(batch.LockRetired):
                lot = (made.stream, used.stream, used.event.means[0])
                used_g = used.event.amount_g
                adds = {"left_g": -used_g, "performed_g": used_g}
                yield Change(table=LOTS, key=lot, adds=adds)
        case order.Released() | order.Lost():
            yield Change(table=ORDERS, key=key, adds={"released_g": event.amount_g})
            lot = (made.stream, event.batch, event.means[0])
            yield Change(table=LOTS, key=lot, adds={"left_g": -event.amount_g})
        case order.Closed():
            yield Change(table=ORDERS, key=key, sets={"state": "closed"})
        case (
            order.Amended()
            | order.Substituted()
            | order.Defaulted()
            | order.Withdrawn()
            | order.Confirmed()
        ):
            yield from _decided(entered, made.stream, event)
        case _:
            assert_never(event)


def _decided(entered: Entered, name: str, event: order.Decision) -> Changes:
    said: dict[str, Value]
    match event:
        case order.Amended():
            said = {**_terms(entered, event), "defaulted": None}
            yield from _instalments(entered, name, event)
        case order.Substituted():
            said = {"obligor": event.obligor, "agent": event.agent}
        case order.Defaulted():
            said = {"defaulted": entered.index}
        case order.Withdrawn():
            said = {"state": "withdrawn"}
        case order.Confirmed():
            said = {"state": "confirmed"}
        case _:
            assert_never(event)
    yield Change(table=ORDERS, key=(name,), sets=said)


def _registered(entered: Entered, event: order.Registered) -> dict[str, Value]:
    return {
        "entry": entered.index,
        "at_us": entered.at_us,
        "court": event.court,
        "basis": event.basis,
        "number": event.number,
        "obligor": event.obligor,
        "agent": event.agent,
        "account": event.account,
        "standards": ",".join(event.standards),
        "regions": ",".join(event.regions),
        "state": "registered",
        **_terms(entered, event),
    }


def _terms(entered: Entered, event: order.Registered | order.Amended) -> dict[str, Value]:
    return {
        "terms": entered.index,
        "amount_g": event.amount_g,
        "amount_fen": event.amount_fen,
        "deadline": event.deadline,
    }


def _instalments(entered: Entered, name: str, event: order.Registered | order.Amended) -> Changes:
    for day, amount in event.instalments:
        yield Fact(table=INSTALMENTS, row=(name, entered.index, day, amount))


def _lot(entered: Entered, name: str, event: order.Bought) -> Change:
    said: dict[str, Value] = {
        "seller": event.seller,
        "buyer": event.buyer,
        "standard": event.standard,
        "amount_g": event.amount_g,
        "cost_fen": event.cost_fen,
        "left_g": event.amount_g,
    }
    return Change(table=LOTS, key=(name, event.batch, entered.index), sets=said)


def performed(own: Row, lots: Iterable[Row]) -> int:
    """How much of the order `own` was performed: in grams, or in the fen that the retired grams had cost."""
    if own["amount_fen"] is None:
        return int(own["performed_g"])
    return sum(lot["cost_fen"] * lot["performed_g"] // lot["amount_g"] for lot in lots)


def overdue(own: Row, instalments: Iterable[Row], lots: Iterable[Row], today: str) -> int:
    """How much of the order `own` should have been performed before `today` and was not, in the unit of its terms."""
    if own["state"] != "registered":
        return 0
    due = sum(
        one["amount"] for one in instalments if one["terms"] == own["terms"] and one["day"] < today
    )
    if own["deadline"] < today:
        due = own["amount_g"] if own["amount_fen"] is None else own["amount_fen"]
    return max(0, int(due) - performed(own, lots))


PROJECTION = Projection(
    name="orders",
    version=1,
    tables=(ORDERS, INSTALMENTS, LOTS, PERFORMANCES),
    folds={"order": _order},
)
