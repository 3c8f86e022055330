"""Gift campaigns and the gifts out of them: opened, funded, given, claimed, returned, closed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from registry.acts.movements import Share, Statement, said
from registry.acts.plan import Parts, Plan, known, seconded, single
from registry.acts.propose import Detached, Hidden, Setting
from registry.domain import shape
from registry.domain.batch import Batch
from registry.domain.campaign import Campaign
from registry.domain.holdings import gathered
from registry.domain.ranges import RANGES_PER_ACT_MAX, Ranges
from registry.ledger.intent import Signer

Means = tuple[int, bytes]
"""The entry that an act means: its index and its leaf hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a campaign is for and on which terms it gives; the occasion in the clear, to be committed to."""

    occasion: str
    document: bytes
    standard: str
    each_g: int | None
    deadline: str
    retire_only: bool
    public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits in one batch for whoever signs as `signer`: an account, or the bearer of a code."""

    batch: Batch
    signer: str | Signer
    amount_g: int

    @property
    def holder(self) -> str:
        """For whom it waits."""
        return self.signer if isinstance(self.signer, str) else self.signer.account


def open_(organiser: str, terms: Terms) -> Plan:
    """Open a campaign."""

    def parts(setting: Setting) -> Parts:
        campaign = setting.new("campaign", 0)
        body = {
            "organiser": organiser,
            "occasion": Hidden(value=terms.occasion),
            "terms": terms.document,
            "standard": terms.standard,
            "each_g": terms.each_g,
            "deadline": terms.deadline,
            "retire_only": terms.retire_only,
            "public": terms.public,
        }
        return [
            (campaign, [("campaign.opened.v1", body)]),
            (organiser, [("account.bound.v1", {"to": campaign})]),
        ]

    return Plan(signers=(organiser,), parts=parts)


def fund(campaign: Campaign, share: Share) -> Plan:
    """Carve what one of the organiser's batches gives into a batch of its own, locked for the campaign."""
    batch, amount_g, serials = share
    organiser = campaign.organiser

    def parts(setting: Setting) -> Parts:
        child = setting.new("batch", 1)
        of = {"amount_g": amount_g, "standard": batch.standard}
        held = {**of, "holder": organiser}
        locked = {**held, "owner": organiser, "range": None, "ground": "campaign"}
        return [
            (batch.name, [("batch.carved.v1", {**held, "range": serials, "child": child})]),
            (
                child,
                [
                    ("batch.carved_out.v1", {**held, "parent": batch.name}),
                    ("batch.locked.v1", locked),
                ],
            ),
            (
                campaign.name,
                [("campaign.funded.v1", {**of, "organiser": organiser, "batch": child})],
            ),
        ]

    return Plan(signers=(organiser,), parts=parts)


def give(
    campaign: Campaign,
    batch: str,
    lock: Means,
    rows: Sequence[tuple[str, int]],
    *,
    nonce: bytes | None = None,
    second: str | None,
) -> Plan:
    """Give `rows`, of takers and grams, out of what `lock` locked in `batch`; one act.

    Args:
        campaign: the campaign.
        batch: one that was funded for it.
        lock: the entry that did.
        rows: accounts or bearers, and how many grams each is given.
        nonce: that of a chunk of a list, 16 bytes: under the same one nothing is given a second time.
        second: the officer who signs as the second person, where policy asks for one.
    """
    organiser = campaign.organiser
    given = {
        "organiser": organiser,
        "means": lock,
        "standard": campaign.standard,
        "retire_only": campaign.retire_only,
        "rows": Detached(tag=shape.GIFT_TAG, rows=rows),
    }
    told = {
        "organiser": organiser,
        "batch": batch,
        "count": len(rows),
        "amount_g": sum(amount_g for _, amount_g in rows),
    }
    parts: Parts = [
        (batch, [("batch.given.v1", given)]),
        (campaign.name, [("campaign.given.v1", told)]),
    ]
    return seconded(known((organiser,), parts, nonce=nonce), organiser, second)


def claim(waiting: Waiting, taker: str) -> Plan:
    """Take what waits into an account."""
    body = {
        "holder": waiting.holder,
        "taker": taker,
        "amount_g": waiting.amount_g,
        "standard": waiting.batch.standard,
    }
    return single((waiting.signer,), waiting.batch.name, "batch.claimed.v1", body)


def claim_and_retire(waiting: Waiting, statement: Statement) -> Plan:
    """Use what waits up at once, and issue the certificate that says for what."""
    body = {
        "holder": waiting.holder,
        "amount_g": waiting.amount_g,
        "standard": waiting.batch.standard,
    }

    def parts(setting: Setting) -> Parts:
        return [
            (waiting.batch.name, [("batch.claim_retired.v1", body)]),
            (setting.new("certificate", 1), [said(statement)]),
        ]

    return Plan(signers=(waiting.signer,), parts=parts)


def give_back(campaign: Campaign, batch: Batch, lock: Means, *, by: str) -> Iterator[Plan]:
    """Return to the organiser what is left of a batch: as many acts as its ranges take, one at least.

    Where nothing is left, the act says so, and the campaign knows.
    """
    for amount_g in _in_acts(_left(batch, lock[0])):
        returned = {
            "organiser": campaign.organiser,
            "means": lock,
            "amount_g": amount_g,
            "standard": batch.standard,
        }
        told = {"organiser": campaign.organiser, "batch": batch.name, "amount_g": amount_g}
        parts = [
            (batch.name, [("batch.returned.v1", returned)]),
            (campaign.name, [("campaign.returned.v1", told)]),
        ]
        yield known((by,), parts)


def close(campaign: Campaign, *, by: str) -> Plan:
    """Close a campaign of which nothing is left."""
    organiser = campaign.organiser
    parts = [
        (campaign.name, [("campaign.closed.v1", {"organiser": organiser})]),
        (organiser, [("account.unbound.v1", {"to": campaign.name})]),
    ]
    return known((by,), parts)


def _left(batch: Batch, lock: int) -> Ranges:
    """What is still locked by entry `lock`, and what nobody has claimed yet."""
    locked = [batch.locks[lock].left] if lock in batch.locks else []
    return gathered([*locked, *batch.waiting.values()])


def _in_acts(left: Iterable[tuple[int, int]]) -> Iterator[int]:
    """How many grams go in each act, lowest first; nothing in one, if nothing is left."""
    sizes = [end - start for start, end in left]
    for first in range(0, max(1, len(sizes)), RANGES_PER_ACT_MAX):
        yield sum(sizes[first : first + RANGES_PER_ACT_MAX])
