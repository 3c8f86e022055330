"""Amounts as somebody asks for them: which batches are meant, how much each of them gives; and transfers."""

from typing import Annotated

from pydantic import Field

from registry.acts import movements as acts
from registry.acts.movements import Share
from registry.acts.plan import Plan, seconded
from registry.desk.ask import Account, Ask, Grams, Serials
from registry.desk.desk import Desk
from registry.domain.batch import Batch
from registry.errors import UsageError, require

BatchName = Annotated[str, Field(description="The batch: `batch/…` or its id.")]


class OutOf(Ask):
    """Where an amount is to come from."""

    standard: str | None = None
    """Of which kind of credit; needed where the holder has several."""
    batch: str | None = None
    """Out of this batch; else the oldest monitoring period gives first."""
    serials: Serials | None = None
    """These grams of the batch; else the lowest."""

    def spread(
        self, desk: Desk, holder: str, amount_g: int, *, transferable: bool = False
    ) -> list[Share]:
        """What each of the holder's batches gives of so much.

        Raises:
            UsageError: `malformed`.
            RefusedError: `no_stream`, `insufficient_holding`, `several_standards`.
        """
        if self.batch is None:
            if self.serials is not None:
                raise UsageError("malformed", field="serials", why="batch_missing")
            own = _of_one_kind(desk.batches_of(holder), self.standard)
            suited = acts.in_turn(own, transferable=transferable)
            return acts.spread(suited, holder, amount_g)
        named: Batch = desk.state(desk.stream("batch", self.batch))
        return [(named, amount_g, self.serials)]


class Some(OutOf):
    """So much of what somebody holds."""

    amount: Grams

    def shares(self, desk: Desk, holder: str, *, transferable: bool = False) -> list[Share]:
        """What each of the holder's batches gives of it. Raises: as `spread`."""
        return self.spread(desk, holder, self.amount, transferable=transferable)


class SomeOfBatch(Ask):
    """So much of one batch."""

    batch: BatchName
    amount: Grams
    serials: Serials | None = None
    """These grams of the batch; else the lowest."""

    def share(self, desk: Desk) -> Share:
        """What the batch gives. Raises: RefusedError, `no_stream`."""
        return desk.state(desk.stream("batch", self.batch)), self.amount, self.serials


class Transfer(Some):
    """Transfer credits / 划转"""

    giver: Account
    taker: Account
    venue: Account | None = None
    """The exchange that matched the trade."""
    trade: str | None = None
    """Its number there; it is not made public."""

    def plans(self, desk: Desk) -> list[Plan]:
        giver, taker = desk.account(self.giver), desk.account(self.taker)
        venue = desk.maybe_account(self.venue)
        plans = []
        for share in self.shares(desk, giver, transferable=True):
            plan = acts.transfer(share, giver=giver, taker=taker, venue=venue, trade=self.trade)
            second = desk.second("send", share[1], giver, *filter(None, [venue]))
            plans.append(seconded(plan, giver, second))
        return plans


def _of_one_kind(own: list[Batch], standard: str | None) -> list[Batch]:
    """The batches of the kind that was named; of all, if they are of one kind."""
    standards = sorted({one.standard for one in own})
    named = standard is not None or len(standards) <= 1
    require(named, "several_standards", standards=standards)
    return [one for one in own if standard in (None, one.standard)]
