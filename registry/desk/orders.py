"""Restoration orders (替代性生态修复) as somebody asks for what is done in them, from registration to confirmation."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from registry.acts import orders as acts
from registry.acts.campaigns import Means
from registry.acts.orders import Owed, Part
from registry.acts.plan import Plan
from registry.desk import given
from registry.desk.ask import (
    ITEMS_MAX,
    Account,
    Ask,
    Day,
    Digest,
    Fen,
    FirstFault,
    Flag,
    Grams,
    Several,
)
from registry.desk.desk import Desk
from registry.desk.movements import Some
from registry.domain.order import Order
from registry.errors import UsageError, require

OrderName = Annotated[str, Field(description="The order: `order/…` or its id.")]
Instalment = Annotated[tuple[Day, str], Field(description="By when, and how much: tonnes or yuan.")]


class Terms(Ask):
    """What is owed, in tonnes or in yuan, by when, in which instalments."""

    deadline: Day
    amount: Grams | None = None
    yuan: Fen | None = None
    instalments: Annotated[tuple[Instalment, ...], FirstFault(), Field(max_length=ITEMS_MAX)] = ()

    def owed(self) -> Owed:
        """The terms as acts take them.

        Raises:
            UsageError: `malformed`.
        """
        if (self.amount is None) == (self.yuan is None):
            raise UsageError(
                "malformed", field="amount", why="exactly_one", choices=["amount", "yuan"]
            )
        in_unit = given.grams if self.yuan is None else given.fen
        return Owed(
            amount_g=self.amount,
            amount_fen=self.yuan,
            deadline=self.deadline,
            instalments=tuple(
                (day, in_unit(part, "instalments")) for day, part in self.instalments
            ),
        )


class Register(Terms):
    """Enter an order, by the court or agency / 登记修复令"""

    number: str
    """Of the case; it is not made public."""
    court: Account
    basis: str
    """By which kind of document: judgment, mediation …"""
    obligor: str
    """Who must; it is not made public."""
    account: Account
    """The case's own account."""
    agent: Account | None = None
    """Who buys in the obligor's place."""
    document: Digest
    standards: Annotated[Several, Field(min_length=1)]
    """The kinds of credit that may be used."""
    regions: Several = ()
    """Only of projects there: GB/T 2260."""

    def plans(self, desk: Desk) -> list[Plan]:
        case = acts.Case(
            basis=self.basis,
            number=self.number,
            obligor=self.obligor,
            document=self.document,
            account=desk.account(self.account),
            agent=desk.maybe_account(self.agent),
            standards=tuple(self.standards),
            regions=tuple(self.regions),
        )
        return [acts.register(desk.account(self.court), case, self.owed())]


class Buy(Some):
    """Buy credits for the order; they are locked at once / 为修复令购入并锁定

    What each of the seller's batches gives is locked by an act of its own; a price is of one batch.
    """

    order: OrderName
    seller: Account
    by_agent: Flag = False
    """The agent signs as buyer."""
    yuan: Fen | None = None
    """What was paid."""

    def plans(self, desk: Desk) -> list[Plan]:
        order = found(desk, self.order)
        seller = desk.account(self.seller)
        buyer = (order.agent or order.account) if self.by_agent else order.account
        shares = self.shares(desk, seller, transferable=True)
        if self.yuan is not None and len(shares) > 1:
            raise UsageError("malformed", field="yuan", why="batch_unnamed")
        return [
            acts.buy(
                order,
                share,
                seller=seller,
                buyer=buyer,
                cost_fen=self.yuan,
                second=desk.second("send", share[1], seller, buyer),
            )
            for share in shares
        ]


class Perform(Ask):
    """Retire what was bought, with a certificate / 履行：注销所购"""

    order: OrderName
    amount: Grams | None = None
    """Else all that was bought."""
    place: str | None = None
    """Where, GB/T 2260."""
    public: Flag = True
    """Whether the certificate's names are."""

    def plans(self, desk: Desk) -> list[Plan]:
        order, used = self._used(desk)
        statement = acts.statement_of(order, self.place, public=self.public)
        return [acts.perform(order, act, statement) for act in acts.in_acts(used)]

    def _used(self, desk: Desk) -> tuple[Order, list[Part]]:
        """The order, and what each lot gives.

        Raises:
            RefusedError: `no_stream`, `insufficient_holding`.
        """
        order = found(desk, self.order)
        amount_g = order.locked_g if self.amount is None else self.amount
        require(amount_g > 0, "insufficient_holding", held_g=0, amount_g=0, holder=order.account)
        return order, [_part(desk, *lot) for lot in acts.spread(order, amount_g)]


class Enforce(Perform):
    """After default, the court retires what was bought / 强制执行"""

    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        order, used = self._used(desk)
        statement = acts.statement_of(order, self.place, public=self.public)
        return [acts.enforce(order, act, statement, self.document) for act in acts.in_acts(used)]


class Amend(Terms):
    """Set other terms, by the court / 改判"""

    order: OrderName
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        order, means = _in_force(desk, self.order)
        return [acts.amend(order, means, self.document, self.owed())]


class Substitute(Ask):
    """Name another obligor, by the court / 变更义务人"""

    order: OrderName
    obligor: str
    """Who must; it is not made public."""
    agent: Account | None = None
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        order, means = _in_force(desk, self.order)
        agent = desk.maybe_account(self.agent)
        return [acts.substitute(order, means, self.document, obligor=self.obligor, agent=agent)]


class Default(Ask):
    """Find that the terms were not kept, by the court / 认定逾期"""

    order: OrderName
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.find_default(*_in_force(desk, self.order), self.document)]


class Withdraw(Ask):
    """Take the order back, by the court / 撤回"""

    order: OrderName
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.withdraw(*_in_force(desk, self.order), self.document)]


class Confirm(Ask):
    """Confirm that all was performed, by the court / 确认履行完毕"""

    order: OrderName
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.confirm(*_last_performance(desk, self.order), self.document)]


class Release(Ask):
    """Once it is over, let go of what is still locked / 释放余量"""

    order: OrderName
    by_officer: Flag = False
    """An officer signs in the court's place."""

    def plans(self, desk: Desk) -> list[Plan]:
        order = found(desk, self.order)
        by = desk.officers(1)[0] if self.by_officer else order.court
        left = acts.lots_left(order)
        require(bool(left), "nothing_locked", order=order.name)
        return [
            acts.release(order, _part(desk, batch, lock, lot.left_g, lot.standard), by=by)
            for batch, lock, lot in left
        ]


class Close(Ask):
    """Close the case / 结案"""

    order: OrderName
    by_officer: Flag = False
    """An officer signs in the court's place."""

    def plans(self, desk: Desk) -> Sequence[Plan]:
        order = found(desk, self.order)
        return [acts.close(order, by=desk.officers(1)[0] if self.by_officer else order.court)]


def found(desk: Desk, typed: str) -> Order:
    """The order that is meant. Raises: RefusedError, `no_stream`."""
    order: Order = desk.state(desk.stream("order", typed))
    return order


def _in_force(desk: Desk, typed: str) -> tuple[Order, Means]:
    """An order, and the entry that set its terms in force."""
    order = found(desk, typed)
    assert order.terms is not None
    return order, desk.means(order.terms.entry)


def _last_performance(desk: Desk, typed: str) -> tuple[Order, Means]:
    """An order, and the entry of its last performance.

    Raises:
        RefusedError: `not_performed` if there is none.
    """
    order = found(desk, typed)
    assert order.terms is not None
    nothing = {f"performed_{order.terms.unit}": 0, f"amount_{order.terms.unit}": order.terms.amount}
    require(order.performed_in is not None, "not_performed", **nothing)
    return order, desk.means(order.performed_in or 0)


def _part(desk: Desk, batch: str, lock: int, amount_g: int, standard: str) -> Part:
    return batch, desk.means(lock), amount_g, standard
