"""Restoration orders: registered, bought for, performed or enforced, and what the court says of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.acts.campaigns import Means
from registry.acts.movements import Share, Statement, said
from registry.acts.plan import Parts, Plan, known, seconded, single
from registry.acts.propose import Hidden, Setting
from registry.domain.act_forms.batches import BATCHES_PER_RETIREMENT_MAX
from registry.domain.order import Lot, Order
from registry.errors import RefusedError

Part = tuple[str, Means, int, str]
"""Of one lot: its batch, the entry that locked it, how many grams, and of which kind they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What is owed: grams or fen, by when, in which instalments."""

    amount_g: int | None
    amount_fen: int | None
    deadline: str
    instalments: tuple[tuple[str, int], ...]

    def body(self) -> dict[str, Any]:
        """As a body says it."""
        return {
            "amount_g": self.amount_g,
            "amount_fen": self.amount_fen,
            "deadline": self.deadline,
            "instalments": self.instalments,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Whose case it is, by which document; number and obligor in the clear, to be committed to."""

    basis: str
    number: str
    obligor: str
    document: bytes
    account: str
    agent: str | None
    standards: tuple[str, ...]
    regions: tuple[str, ...]


def register(court: str, case: Case, owed: Owed) -> Plan:
    """Enter an order."""

    def parts(setting: Setting) -> Parts:
        order = setting.new("order", 0)
        body = {
            "court": court,
            "basis": case.basis,
            "number": Hidden(value=case.number),
            "document": case.document,
            "obligor": Hidden(value=case.obligor),
            "agent": case.agent,
            "account": case.account,
            "standards": tuple(sorted(case.standards)),
            "regions": tuple(sorted(case.regions)),
            **owed.body(),
        }
        return [
            (order, [("order.registered.v1", body)]),
            (case.account, [("account.bound.v1", {"to": order})]),
        ]

    return Plan(signers=(court,), parts=parts)


def buy(
    order: Order,
    share: Share,
    *,
    seller: str,
    buyer: str,
    cost_fen: int | None,
    second: str | None,
) -> Plan:
    """Lock what one batch of the seller gives for the order; if it asks for regions, the batch's project is named."""
    batch, amount_g, serials = share
    locked = {
        "holder": seller,
        "owner": order.account,
        "amount_g": amount_g,
        "standard": batch.standard,
        "range": serials,
        "ground": "order",
    }
    bought = {
        "account": order.account,
        "buyer": buyer,
        "seller": seller,
        "batch": batch.name,
        "standard": batch.standard,
        "project": batch.project if order.regions else None,
        "amount_g": amount_g,
        "cost_fen": cost_fen,
    }
    parts: Parts = [
        (batch.name, [("batch.locked.v1", locked)]),
        (order.name, [("order.bought.v1", bought)]),
    ]
    signers = (seller,) if buyer == seller else (seller, buyer)
    return seconded(known(signers, parts), seller, second)


def lots_left(order: Order) -> list[tuple[str, int, Lot]]:
    """The lots of which something is left, the one that was bought first at the beginning: batch, lock, lot."""
    left = [(batch, lock, lot) for (batch, lock), lot in order.lots.items() if lot.left_g]
    return sorted(left, key=lambda one: (one[1], one[0]))


def spread(order: Order, amount_g: int) -> list[tuple[str, int, int, str]]:
    """What each lot gives of `amount_g`, first bought first: batch, lock, grams, kind of credit.

    Raises:
        RefusedError: `insufficient_holding`.
    """
    found, missing_g = [], amount_g
    for batch, lock, lot in lots_left(order):
        used_g = min(missing_g, lot.left_g)
        if used_g:
            found.append((batch, lock, used_g, lot.standard))
            missing_g -= used_g
    if missing_g:
        raise RefusedError(
            "insufficient_holding",
            held_g=amount_g - missing_g,
            amount_g=amount_g,
            holder=order.account,
        )
    return found


def in_acts(used: Sequence[Part]) -> Iterator[list[Part]]:
    """`used` by act: each batch once in an act, and no more batches than one certificate is for."""
    acts: list[list[Part]] = []
    for part in used:
        fitting = [
            act
            for act in acts
            if len(act) < BATCHES_PER_RETIREMENT_MAX and part[0] not in {one[0] for one in act}
        ]
        if fitting:
            fitting[0].append(part)
        else:
            acts.append([part])
    yield from acts


def perform(order: Order, used: Sequence[Part], statement: Statement) -> Plan:
    """Retire what was bought, by the case's own account."""
    return _retired(order, used, statement, kind="order.performed.v1", signer=order.account, own={})


def enforce(order: Order, used: Sequence[Part], statement: Statement, document: bytes) -> Plan:
    """Retire what was bought, by the court, after default."""
    own = {"court": order.court, "document": document}
    return _retired(order, used, statement, kind="order.enforced.v1", signer=order.court, own=own)


def _retired(
    order: Order,
    used: Sequence[Part],
    statement: Statement,
    *,
    kind: str,
    signer: str,
    own: Mapping[str, Any],
) -> Plan:
    def parts(setting: Setting) -> Parts:
        certificate = setting.new("certificate", len(used) + 1)
        body = {
            **own,
            "account": order.account,
            "amount_g": sum(amount_g for _, _, amount_g, _ in used),
            "certificate": certificate,
        }
        retired = [
            (
                batch,
                [
                    (
                        "batch.lock_retired.v1",
                        {
                            "means": lock,
                            "owner": order.account,
                            "amount_g": amount_g,
                            "standard": standard,
                        },
                    )
                ],
            )
            for batch, lock, amount_g, standard in used
        ]
        return [*retired, (order.name, [(kind, body)]), (certificate, [said(statement)])]

    return Plan(signers=(signer,), parts=parts)


def statement_of(order: Order, place: str | None, *, public: bool) -> Statement:
    """What a performance of the order is for: restoration, on the order's ground; the public benefits."""
    decided = order.basis == "administrative_decision"
    ground = "administrative_order" if decided else "court_order"
    return Statement(purpose="restoration", ground=ground, place=place, public=public)


def amend(order: Order, means: Means, document: bytes, owed: Owed) -> Plan:
    """Set other terms (改判)."""
    return _decided(order, "amended", means, document, owed.body())


def substitute(
    order: Order, means: Means, document: bytes, *, obligor: str, agent: str | None
) -> Plan:
    """Have somebody else perform."""
    named = {"obligor": Hidden(value=obligor), "agent": agent}
    return _decided(order, "substituted", means, document, named)


def find_default(order: Order, means: Means, document: bytes) -> Plan:
    """Find that the terms were not kept."""
    return _decided(order, "defaulted", means, document, {})


def withdraw(order: Order, means: Means, document: bytes) -> Plan:
    """Take the order back."""
    return _decided(order, "withdrawn", means, document, {})


def confirm(order: Order, means: Means, document: bytes) -> Plan:
    """Confirm that all was performed; `means` is the last performance."""
    return _decided(order, "confirmed", means, document, {})


def _decided(order: Order, what: str, means: Means, document: bytes, more: dict[str, Any]) -> Plan:
    body = {"court": order.court, "means": means, "document": document, **more}
    return single((order.court,), order.name, f"order.{what}.v1", body)


def release(order: Order, part: Part, *, by: str) -> Plan:
    """Let go of a lot of an order that is over, to the case's account."""
    batch, lock, amount_g, standard = part
    released = {
        "means": lock,
        "owner": order.account,
        "taker": order.account,
        "amount_g": amount_g,
        "standard": standard,
    }
    told = {
        "court": order.court,
        "account": order.account,
        "batch": batch,
        "means": lock,
        "amount_g": amount_g,
    }
    parts = [
        (batch, [("batch.released.v1", released)]),
        (order.name, [("order.released.v1", told)]),
    ]
    return known((by,), parts)


def close(order: Order, *, by: str) -> Plan:
    """Close an order for which nothing is locked."""
    parts = [
        (order.name, [("order.closed.v1", {"court": order.court, "account": order.account})]),
        (order.account, [("account.unbound.v1", {"to": order.name})]),
    ]
    return known((by,), parts)
