"""Gift campaigns (赠碳) as somebody asks for what is done in them, from their terms to their end.

Giving to a list of guests, with codes for those who have no account, is in `giving`.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from registry.acts import campaigns as acts
from registry.acts.plan import Plan
from registry.desk import giving
from registry.desk.ask import Account, Ask, Day, Digest, FirstFault, Flag, Grams, Serials
from registry.desk.desk import Desk
from registry.desk.movements import OutOf
from registry.domain import shape
from registry.domain.campaign import Campaign
from registry.errors import UsageError, require
from registry.names import BEARER

CampaignName = Annotated[str, Field(description="The campaign: `campaign/…` or its id.")]


class Open(Ask):
    """Open a campaign on terms that stand / 发起活动"""

    organiser: Account
    """Who gives."""
    occasion: str
    """For what."""
    terms: Digest
    standard: str
    """Which kind of credit is given."""
    each: Grams | None = None
    """What everybody is given; else each list says how much."""
    deadline: Day
    """The last day on which gifts are claimed."""
    retire_only: Flag = True
    """Whether guests may only use up what they are given, and not transfer it."""
    public: Flag = True
    """Whether the occasion is."""

    def plans(self, desk: Desk) -> list[Plan]:
        terms = acts.Terms(
            occasion=self.occasion,
            document=self.terms,
            standard=self.standard,
            each_g=self.each,
            deadline=self.deadline,
            retire_only=self.retire_only,
            public=self.public,
        )
        return [acts.open_(desk.account(self.organiser), terms)]


class Fund(Ask):
    """Set credits of the organiser aside for it / 拨入信用"""

    campaign: CampaignName
    amount: Grams
    batch: str | None = None
    """Out of this batch; else the oldest monitoring period gives first."""
    serials: Serials | None = None
    """These grams of the batch; else the lowest."""

    def plans(self, desk: Desk) -> list[Plan]:
        campaign = found(desk, self.campaign)
        out_of = OutOf.model_construct(
            standard=campaign.standard, batch=self.batch, serials=self.serials
        )
        shares = out_of.spread(desk, campaign.organiser, self.amount, transferable=True)
        return [acts.fund(campaign, share) for share in shares]


class Gift(Ask):
    """What one is given."""

    taker: str
    """An account, or the bearer of a code: `bearer/…`."""
    amount: Grams | None = None
    """Only where the campaign does not give everybody the same."""


class Give(Ask):
    """Give to accounts, and to bearers of codes that the organiser made / 直接赠出

    As many acts as there are batches that it takes. A list of guests with codes made here is given at `give`.
    """

    campaign: CampaignName
    gifts: Annotated[tuple[Gift, ...], FirstFault(), Field(min_length=1, max_length=shape.ROWS_MAX)]

    def plans(self, desk: Desk) -> list[Plan]:
        campaign = found(desk, self.campaign)
        rows = list(self._rows(campaign, desk))
        plans = []
        for batch, count in giving.parcels(campaign, [amount_g for _, amount_g in rows], desk):
            plans.append(giving.act_of(campaign, batch, rows[:count], desk))
            rows = rows[count:]
        return plans

    def _rows(self, campaign: Campaign, desk: Desk) -> Iterator[giving.Row]:
        known = set(desk.source.accounts())
        for gift in self.gifts:
            amount_g = campaign.each_g or gift.amount
            if amount_g is None or None not in (campaign.each_g, gift.amount):
                raise UsageError("malformed", field="amount", why="each_or_all")
            is_known = gift.taker.startswith(BEARER) or gift.taker in known
            require(is_known, "no_account", account=gift.taker)
            yield gift.taker, amount_g


class Return(Ask):
    """After the deadline, return what nobody claimed / 截止后退回余量"""

    campaign: CampaignName
    by_officer: Flag = False
    """An officer signs in the organiser's place."""

    def plans(self, desk: Desk) -> list[Plan]:
        campaign = found(desk, self.campaign)
        by = desk.officers(1)[0] if self.by_officer else campaign.organiser
        return [
            plan
            for name in campaign.unsettled or sorted(campaign.batches)
            for plan in acts.give_back(
                campaign, desk.state(name), desk.means(campaign.batches[name].lock), by=by
            )
        ]


class Close(Ask):
    """Close a campaign of which nothing is left / 结束活动"""

    campaign: CampaignName
    by_officer: Flag = False
    """An officer signs in the organiser's place."""

    def plans(self, desk: Desk) -> list[Plan]:
        campaign = found(desk, self.campaign)
        return [
            acts.close(campaign, by=desk.officers(1)[0] if self.by_officer else campaign.organiser)
        ]


def found(desk: Desk, typed: str) -> Campaign:
    """The campaign that is meant. Raises: RefusedError, `no_stream`."""
    campaign: Campaign = desk.state(desk.stream("campaign", typed))
    return campaign
