"""`registry order`: what was typed of an order, as the plans of `registry.acts.orders`."""

import re
import time
from collections.abc import Sequence

from registry.acts import orders as acts
from registry.acts.campaigns import Means
from registry.acts.orders import Owed, Part
from registry.acts.plan import Plan
from registry.desk import given, movements
from registry.desk.desk import Desk
from registry.desk.movements import Asked
from registry.domain.order import Order
from registry.domain.timing import day_of
from registry.errors import UsageError, require

_YUAN = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,2}))?", re.ASCII)


def today() -> str:
    """The day in China."""
    return day_of(time.time_ns() // 1_000).isoformat()


def fen(typed: str, field: str = "--yuan") -> int:
    """The money that was typed in yuan, as fen, exactly.

    Raises:
        UsageError: `malformed`.
    """
    found = _YUAN.fullmatch(typed)
    amount = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    if not amount:
        raise UsageError("malformed", field=field, why="yuan above 0, such as 1000.50")
    return amount


def owed(amount: str | None, yuan: str | None, deadline: str, instalments: Sequence[str]) -> Owed:
    """What is owed, in the unit in which it was typed; so are the instalments, DAY:AMOUNT.

    Raises:
        UsageError: `malformed`.
    """
    if (amount is None) == (yuan is None):
        raise UsageError("malformed", field="--amount", why="either --amount or --yuan")
    in_unit = given.grams if yuan is None else fen
    parts = []
    for typed in instalments:
        day, colon, part = typed.partition(":")
        if not colon:
            raise UsageError("malformed", field="--instalment", why="2026-12-31:12.5")
        parts.append((day, in_unit(part, "--instalment")))
    return Owed(
        amount_g=None if amount is None else given.grams(amount, "--amount"),
        amount_fen=None if yuan is None else fen(yuan),
        deadline=deadline,
        instalments=tuple(parts),
    )


def found(desk: Desk, typed: str) -> Order:
    """The order that is meant. Raises: RefusedError, `no_stream`."""
    order: Order = desk.state(desk.stream("order", typed))
    return order


def in_force(desk: Desk, typed: str) -> tuple[Order, Means]:
    """An order, and the entry that set its terms in force."""
    order = found(desk, typed)
    assert order.terms is not None
    return order, desk.means(order.terms.entry)


def last_performance(desk: Desk, typed: str) -> tuple[Order, Means]:
    """An order, and the entry of its last performance.

    Raises:
        RefusedError: `not_performed` if there is none.
    """
    order = found(desk, typed)
    assert order.terms is not None
    nothing = {f"performed_{order.terms.unit}": 0, f"amount_{order.terms.unit}": order.terms.amount}
    require(order.performed_in is not None, "not_performed", **nothing)
    return order, desk.means(order.performed_in or 0)


def buying(
    desk: Desk, typed: str, asked: Asked, *, seller: str, by_agent: bool, paid: str | None
) -> list[Plan]:
    """What each of the seller's batches gives is locked by an act of its own; a price is of one batch.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_stream`, `no_account`, `insufficient_holding`, `several_standards`.
    """
    order = found(desk, typed)
    giver = desk.account(seller)
    buyer = (order.agent or order.account) if by_agent else order.account
    shares = movements.shares(desk, giver, asked, transferable=True)
    if paid is not None and len(shares) > 1:
        raise UsageError("malformed", field="--yuan", why="name the --batch that it was paid for")
    return [
        acts.buy(
            order,
            share,
            seller=giver,
            buyer=buyer,
            cost_fen=None if paid is None else fen(paid),
            second=desk.second("send", share[1], giver, buyer),
        )
        for share in shares
    ]


def performing(
    desk: Desk,
    typed: str,
    amount: str | None,
    where: str | None,
    *,
    public: bool,
    document: bytes | None = None,
) -> list[Plan]:
    """Retire `amount` of what was bought, or all; by the court, if there is a `document`.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_stream`, `insufficient_holding`.
    """
    order = found(desk, typed)
    amount_g = order.locked_g if amount is None else given.grams(amount)
    require(amount_g > 0, "insufficient_holding", held_g=0, amount_g=0, holder=order.account)
    statement = acts.statement_of(order, where, public=public)
    used = [_part(desk, *lot) for lot in acts.spread(order, amount_g)]
    if document is None:
        return [acts.perform(order, act, statement) for act in acts.in_acts(used)]
    return [acts.enforce(order, act, statement, document) for act in acts.in_acts(used)]


def releasing(desk: Desk, typed: str, *, by_officer: bool) -> list[Plan]:
    """Let go of every lot of which something is left.

    Raises:
        RefusedError: `no_stream`, `nothing_locked`.
    """
    order = found(desk, typed)
    by = desk.officers(1)[0] if by_officer else order.court
    left = acts.lots_left(order)
    require(bool(left), "nothing_locked", order=order.name)
    return [
        acts.release(order, _part(desk, batch, lock, lot.left_g, lot.standard), by=by)
        for batch, lock, lot in left
    ]


def _part(desk: Desk, batch: str, lock: int, amount_g: int, standard: str) -> Part:
    return batch, desk.means(lock), amount_g, standard
