"""What ties the grams of an account, and what ends it: offers, donations, pledges, reservations, courts.

Each act says twice what it does: in the batch, which knows the grams, and in the account, which knows why. Grams out of
several batches are tied by as many acts, recorded together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.acts.movements import Share, hidden
from registry.acts.plan import Parts, Plan, known, seconded
from registry.acts.propose import Happening, Setting
from registry.domain.account import Tie

Means = tuple[int, bytes]
"""An entry, as acts mean it: its index and leaf hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    """Grams that are tied: whose, by which entry, and what the tie says."""

    owner: str
    means: Means
    tie: Tie


def tie(
    share: Share, owner: str, ground: str, happening: Happening, signers: Sequence[str]
) -> Plan:
    """Lock one batch's share of `owner` on `ground`; `happening` is what the account says of it, but for the share."""
    batch, amount_g, serials = share
    of = {"amount_g": amount_g, "standard": batch.standard}
    locked = {**of, "holder": owner, "owner": owner, "range": serials, "ground": ground}
    kind, said = happening
    return known(
        signers,
        [
            (batch.name, [("batch.locked.v1", locked)]),
            (owner, [(kind, {**said, **of, "batch": batch.name})]),
        ],
    )


def offer(
    share: Share, giver: str, taker: str, *, until: str, donation: bool, second: str | None
) -> Plan:
    """Offer a share to `taker` until the end of the day `until`; to an event, as a donation."""
    said = {"taker": taker, "until": until, "donation": donation}
    ground = "donation" if donation else "offer"
    plan = tie(share, giver, ground, ("account.offered.v1", said), [giver])
    return seconded(plan, giver, second)


def pledge(share: Share, holder: str, pledgee: str, *, document: bytes, second: str | None) -> Plan:
    """Pledge a share to `pledgee`; `document` is the SHA-256 of the contract."""
    said = {"pledgee": pledgee, "document": document}
    plan = tie(share, holder, "pledge", ("account.pledged.v1", said), [holder, pledgee])
    return seconded(plan, holder, second)


def reserve(share: Share, holder: str, venue: str, *, means: Means, second: str | None) -> Plan:
    """Set a share aside for settlement by the exchange `venue`, under the mandate of entry `means`."""
    said = {"means": means, "venue": venue}
    plan = tie(share, holder, "settlement", ("account.reserved.v1", said), [venue])
    return seconded(plan, holder, second)


def release(
    tied: Tied,
    happening: Happening,
    signers: Sequence[str],
    *,
    taker: str | None = None,
    amount_g: int | None = None,
) -> Plan:
    """Release what is tied, or `amount_g` of it, to `taker` or back to its owner; `happening` says why."""
    return known(signers, _released(tied, happening, taker, amount_g))


def accept(tied: Tied, *, donor: str | None = None) -> Plan:
    """The taker takes what was offered; a donation with its certificate of honour, which names the `donor`."""
    taker = tied.tie.other
    happening = ("account.offer_accepted.v1", {"means": tied.means, "taker": taker})
    released = _released(tied, happening, taker, None)
    if tied.tie.ground != "donation":
        return known([taker], released)

    def parts(setting: Setting) -> Parts:
        honoured = {
            "donor": tied.owner,
            "event": taker,
            "amount_g": tied.tie.amount_g,
            "standard": tied.tie.standard,
            "name": hidden(donor),
        }
        number = setting.new("certificate", len(released))
        return [*released, (number, [("certificate.honoured.v1", honoured)])]

    return Plan(signers=(taker,), parts=parts)


def decline(tied: Tied) -> Plan:
    """The taker does not want what was offered."""
    taker = tied.tie.other
    said = {"means": tied.means, "taker": taker}
    return release(tied, ("account.offer_declined.v1", said), [taker])


def withdraw(tied: Tied) -> Plan:
    """Whoever offered takes the offer back."""
    return release(tied, ("account.offer_withdrawn.v1", {"means": tied.means}), [tied.owner])


def lapse(tied: Tied, signer: str) -> Plan:
    """The day of the offer has passed; `signer` is whoever offered, or an officer."""
    return release(tied, ("account.offer_lapsed.v1", {"means": tied.means}), [signer])


def release_pledge(tied: Tied) -> Plan:
    """The pledgee lets go."""
    pledgee = tied.tie.other
    said = {"means": tied.means, "pledgee": pledgee}
    return release(tied, ("account.pledge_released.v1", said), [pledgee])


def settle(tied: Tied, taker: str, amount_g: int, *, trade: str | None) -> Plan:
    """What was reserved, or a part of it, goes to whoever bought it; `trade` is the exchange's number of the deal."""
    venue = tied.tie.other
    said = {
        "means": tied.means,
        "venue": venue,
        "taker": taker,
        "amount_g": amount_g,
        "trade": hidden(trade),
    }
    happening = ("account.settled.v1", said)
    return release(tied, happening, [venue], taker=taker, amount_g=amount_g)


def end_reserve(tied: Tied, signer: str) -> Plan:
    """What is left of a reservation goes back; `signer` is the exchange, or an officer after the mandate's day."""
    said = {"means": tied.means, "venue": tied.tie.other}
    return release(tied, ("account.reserve_ended.v1", said), [signer])


def seize_tied(
    tied: Tied, taker: str, amount_g: int, *, court: str, officers: Sequence[str], document: bytes
) -> Plan:
    """A court takes grams that are tied, on whatever ground (司法扣划)."""
    said = {"means": tied.means, "court": court, "amount_g": amount_g, "document": document}
    happening = ("account.lock_seized.v1", said)
    return release(tied, happening, [court, *officers], taker=taker, amount_g=amount_g)


def seize(
    share: Share, holder: str, taker: str, *, court: str, officers: Sequence[str], document: bytes
) -> Plan:
    """A court takes grams that `holder` holds (司法扣划)."""
    said = {"court": court, "document": document}
    return _assign(share, holder, taker, ("account.seized.v1", said), [court, *officers])


def devolve(
    share: Share, holder: str, taker: str, *, reason: str, officers: Sequence[str], document: bytes
) -> Plan:
    """Grams go to whoever comes into the holder's place, by two officers."""
    said = {"taker": taker, "reason": reason, "document": document}
    return _assign(share, holder, taker, ("account.devolved.v1", said), officers)


def _assign(
    share: Share, giver: str, taker: str, happening: Happening, signers: Sequence[str]
) -> Plan:
    batch, amount_g, serials = share
    assigned = {
        "giver": giver,
        "taker": taker,
        "amount_g": amount_g,
        "standard": batch.standard,
        "range": serials,
    }
    return known(signers, [(batch.name, [("batch.assigned.v1", assigned)]), (giver, [happening])])


def _released(tied: Tied, happening: Happening, taker: str | None, amount_g: int | None) -> Parts:
    released = {
        "means": tied.means,
        "owner": tied.owner,
        "taker": taker or tied.owner,
        "amount_g": tied.tie.amount_g if amount_g is None else amount_g,
        "standard": tied.tie.standard,
    }
    return [(tied.tie.batch, [("batch.released.v1", released)]), (tied.owner, [happening])]
