"""How a batch begins, issued, deposited or carved out; how its grams leave; and what concerns it as a whole."""

from dataclasses import dataclass

from registry.acts.movements import Share, hidden
from registry.acts.plan import Parts, Plan, known, single
from registry.acts.propose import Happening, Setting
from registry.domain.account import Account
from registry.domain.batch import BUFFER, Batch
from registry.domain.project import Project
from registry.domain.roles import Registry
from registry.domain.standard import Standard, home_range
from registry.errors import RefusedError
from registry.names import STANDARD

Means = tuple[int, bytes]
"""The entry that an act means: its index and its leaf hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Units of a home registry: how it writes their range, who will hold them, and the SHA-256 of its proof."""

    home_serials: str
    holder: str
    document: bytes


def buffered_g(registry: Registry, standard: str, amount_g: int) -> int:
    """How many of `amount_g` policy wants in the buffer when they are issued."""
    policy = registry.policy("buffer_share", standard)
    return -(-amount_g * (policy.number or 0) // 1_000) if policy is not None else 0


def issue(
    verifier: str,
    authority: str,
    project: Project,
    *,
    period: tuple[str, str],
    amount_g: int,
    buffered: tuple[str, int] | None = None,
) -> Plan:
    """Verified reductions of `project` become its owner's batch; some are `buffered`: for whom, and how many."""
    held = {"standard": project.standard, "holder": project.owner[0]}

    def parts(setting: Setting) -> Parts:
        batch = setting.new("batch", 1)
        against = {"batch": batch, "period": period, "amount_g": amount_g}
        body = {**held, "project": project.name, "period": period, "amount_g": amount_g}
        happens: list[Happening] = [("batch.issued.v1", body)]
        if buffered is not None:
            owner, share_g = buffered
            locked = {**held, "owner": owner, "amount_g": share_g, "range": None, "ground": BUFFER}
            happens.append(("batch.locked.v1", locked))
        return [(project.name, [("project.issued.v1", against)]), (batch, happens)]

    return Plan(signers=(verifier, authority), parts=parts)


def deposit(
    custodian: str,
    officer: str,
    standard: Standard,
    units: Units,
    *,
    period: tuple[str, str],
    retired_at_home: bool,
) -> Plan:
    """Units of a home registry, immobilised there in the name of `custodian`, an exchange, become a batch.

    Args:
        custodian: who signs as the exchange.
        officer: who signs as officer.
        standard: the kind of credit, which says how its serial numbers are written and what a unit weighs.
        units: what is deposited.
        period: the monitoring period.
        retired_at_home: whether the units are retired there already.

    Raises:
        RefusedError: `native_standard`, `bad_home_serials`.
    """
    own = {"period": period, "retired_at_home": retired_at_home}
    body = {**_deposited(custodian, standard, units), **own}

    def parts(setting: Setting) -> Parts:
        batch = setting.new("batch", 1)
        entered = {"batch": batch, "home_serials": units.home_serials}
        return [
            (f"{STANDARD}{standard.code}", [("standard.deposited.v1", entered)]),
            (batch, [("batch.deposited.v1", body)]),
        ]

    return Plan(signers=(custodian, officer), parts=parts)


def deposit_allowances(
    custodian: str, officer: str, standard: Standard, units: Units, *, year: str, expires: str
) -> Plan:
    """Allowances of one year, immobilised at home, become a batch that is used until the day `expires`.

    Raises:
        RefusedError: `native_standard`, `bad_home_serials`.
    """
    body = {**_deposited(custodian, standard, units), "year": year, "expires": expires}

    def parts(setting: Setting) -> Parts:
        batch = setting.new("batch", 1)
        entered = {"batch": batch, "home_serials": units.home_serials, "year": year}
        return [
            (f"{STANDARD}{standard.code}", [("standard.allowances_deposited.v1", entered)]),
            (batch, [("batch.allowances_deposited.v1", body)]),
        ]

    return Plan(signers=(custodian, officer), parts=parts)


def _deposited(custodian: str, standard: Standard, units: Units) -> dict[str, object]:
    """What every deposit says."""
    if standard.serial_format is None:
        raise RefusedError("native_standard", standard=standard.code)
    _, (first, last) = home_range(standard.serial_format, units.home_serials)
    return {
        "standard": standard.code,
        "amount_g": (last - first + 1) * standard.unit_g,
        "holder": units.holder,
        "custodian": custodian,
        "document": units.document,
    }


def carry_over(batch: Batch, officer: str, *, expires: str, document: bytes) -> Plan:
    """Allowances are used until a later day.

    Raises:
        RefusedError: `not_an_allowance`.
    """
    if batch.custodian is None or batch.expires is None:
        raise RefusedError("not_an_allowance", standard=batch.standard)
    body = {"custodian": batch.custodian, "expires": expires, "document": document}
    return single((batch.custodian, officer), batch.name, "batch.carried_over.v1", body)


def carve(share: Share, holder: str) -> Plan:
    """What a batch gives becomes a batch of its own, still `holder`'s."""
    batch, amount_g, serials = share
    held = {"holder": holder, "amount_g": amount_g, "standard": batch.standard}

    def parts(setting: Setting) -> Parts:
        child = setting.new("batch", 1)
        return [
            (batch.name, [("batch.carved.v1", {**held, "range": serials, "child": child})]),
            (child, [("batch.carved_out.v1", {**held, "parent": batch.name})]),
        ]

    return Plan(signers=(holder,), parts=parts)


def trade(
    share: Share, *, giver: str, taker: str, venue: str, means: Means, number: str | None
) -> Plan:
    """The exchange `venue` moves one batch's share under the mandate of entry `means`, by its trade `number`."""
    batch, amount_g, serials = share
    body = {
        "giver": giver,
        "taker": taker,
        "amount_g": amount_g,
        "standard": batch.standard,
        "range": serials,
        "venue": venue,
        "trade": hidden(number),
        "means": means,
    }
    return single((venue,), batch.name, "batch.traded.v1", body)


def mandate_for(giver: Account, venue: str, standard: str, today: str) -> int:
    """The entry in which `giver` let `venue` sell this kind of credit until today at least: the last such.

    Raises:
        RefusedError: `no_mandate`.
    """
    fitting = [
        index
        for index, mandate in giver.mandates.items()
        if mandate.exchange == venue
        and today <= mandate.until
        and (not mandate.standards or standard in mandate.standards)
    ]
    if not fitting:
        raise RefusedError("no_mandate", account=giver.name, venue=venue, standard=standard)
    return max(fitting)


def suspend(batch: Batch, authority: str, officer: str, *, document: bytes) -> Plan:
    """Nothing of the batch moves any more, by the holders' will."""
    return _by_authority(batch, authority, officer, "batch.suspended.v1", document=document)


def reinstate(batch: Batch, authority: str, officer: str, *, means: Means, document: bytes) -> Plan:
    """The suspension of entry `means` is over."""
    said = {"means": means, "document": document}
    return _by_authority(batch, authority, officer, "batch.reinstated.v1", **said)


def cancel(
    share: Share,
    authority: str,
    officer: str,
    *,
    holder: str,
    reason: str,
    document: bytes,
    means: Means | None = None,
    order: str | None = None,
) -> Plan:
    """Grams that `holder` holds, or that entry `means` locked for them, leave circulation for nobody's benefit; if they
    were bought for the restoration order `order`, that loses them.
    """
    batch, amount_g, serials = share
    said = {
        "holder": holder,
        "amount_g": amount_g,
        "standard": batch.standard,
        "range": serials,
        "reason": reason,
        "document": document,
        "means": means,
    }
    if order is None:
        return _by_authority(batch, authority, officer, "batch.cancelled.v1", **said)
    lost = {"account": holder, "batch": batch.name, "means": means, "amount_g": amount_g}
    parts: Parts = [
        (batch.name, [("batch.cancelled.v1", said)]),
        (order, [("order.lost.v1", lost)]),
    ]
    return known((authority, officer), parts)


def release_buffer(
    batch: Batch, authority: str, officer: str, *, means: Means, taker: str, amount_g: int
) -> Plan:
    """Grams that entry `means` locked in the buffer go to `taker`."""
    said = {
        "means": means,
        "owner": batch.locks[means[0]].owner,
        "taker": taker,
        "amount_g": amount_g,
        "standard": batch.standard,
    }
    return _by_authority(batch, authority, officer, "batch.released.v1", **said)


def buffer_lock(batch: Batch) -> int:
    """The entry that locked grams of `batch` for the buffer.

    Raises:
        RefusedError: `nothing_buffered`.
    """
    for index, lock in batch.locks.items():
        if lock.ground == BUFFER:
            return index
    raise RefusedError("nothing_buffered", batch=batch.name)


def _by_authority(batch: Batch, authority: str, officer: str, kind: str, **said: object) -> Plan:
    return single((authority, officer), batch.name, kind, said)
