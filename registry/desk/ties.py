"""Ties of grams as somebody asks for them: pledges, settlement; and what goes without the holder's key."""

from typing import Annotated

from pydantic import Field

from registry.acts import ties as acts
from registry.acts.plan import Plan
from registry.desk.ask import Account, Ask, Digest, Entry, Grams, one_of
from registry.desk.desk import Desk
from registry.desk.movements import Some
from registry.desk.tied import exchange_of, tied
from registry.domain.account_ties import REASONS

Pledged = Annotated[Entry, Field(description="The entry that pledged the grams.")]
Reserved = Annotated[Entry, Field(description="The entry that set the grams aside.")]
Reason = Annotated[str, one_of(REASONS)]


class Pledge(Some):
    """Pledge grams, by holder and pledgee / 质押"""

    account: Account
    pledgee: Account
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        holder, pledgee = desk.account(self.account), desk.account(self.pledgee)
        return [
            acts.pledge(
                share,
                holder,
                pledgee,
                document=self.document,
                second=desk.second("send", share[1], holder, pledgee),
            )
            for share in self.shares(desk, holder, transferable=True)
        ]


class ReleasePledge(Ask):
    """Release a pledge, as the pledgee / 解除质押"""

    pledge: Pledged

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.release_pledge(tied(desk, self.pledge, "pledge"))]


class Reserve(Some):
    """Set grams aside under a mandate, as the exchange / 交收锁定"""

    account: Account
    mandate: Annotated[Entry, Field(description="The entry that gave the mandate.")]

    def plans(self, desk: Desk) -> list[Plan]:
        holder, means = desk.account(self.account), desk.means(self.mandate)
        venue = exchange_of(desk, holder, self.mandate)
        return [
            acts.reserve(
                share,
                holder,
                venue,
                means=means,
                second=desk.second("send", share[1], holder, venue),
            )
            for share in self.shares(desk, holder, transferable=True)
        ]


class Settle(Ask):
    """Hand over what was set aside, as the exchange / 交收"""

    reserve: Reserved
    amount: Grams
    taker: Account
    trade: str | None = None
    """The exchange's number of the deal; it is not made public."""

    def plans(self, desk: Desk) -> list[Plan]:
        found = tied(desk, self.reserve, "settlement")
        return [acts.settle(found, desk.account(self.taker), self.amount, trade=self.trade)]


class EndReserve(Ask):
    """Give back what was not settled / 解除交收锁定

    By the exchange, or else an officer. / 由交易机构，或由登记官。
    """

    reserve: Reserved

    def plans(self, desk: Desk) -> list[Plan]:
        found = tied(desk, self.reserve, "settlement")
        return [acts.end_reserve(found, desk.itself_or_officer(found.tie.other))]


class Seize(Some):
    """Take grams, by a court and two officers / 司法扣划"""

    account: Account
    taker: Account
    court: Account | None = None
    """Who orders it; else the only court."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        holder, taker = desk.account(self.account), desk.account(self.taker)
        court = desk.body("court", self.court)
        officers = desk.officers(2, court)
        return [
            acts.seize(share, holder, taker, court=court, officers=officers, document=self.document)
            for share in self.shares(desk, holder, transferable=True)
        ]


class SeizeLocked(Ask):
    """Take grams that are locked, by a court / 扣划已锁定的"""

    lock: Annotated[Entry, Field(description="The entry that locked the grams.")]
    amount: Grams
    taker: Account
    court: Account | None = None
    """Who orders it; else the only court."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        court = desk.body("court", self.court)
        return [
            acts.seize_tied(
                tied(desk, self.lock),
                desk.account(self.taker),
                self.amount,
                court=court,
                officers=desk.officers(2, court),
                document=self.document,
            )
        ]


class Devolve(Some):
    """Hand grams on, by two officers / 依法承继划转"""

    account: Account
    taker: Account
    reason: Reason
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        holder, taker = desk.account(self.account), desk.account(self.taker)
        officers = desk.officers(2, holder, taker)
        return [
            acts.devolve(
                share,
                holder,
                taker,
                reason=self.reason,
                officers=officers,
                document=self.document,
            )
            for share in self.shares(desk, holder, transferable=True)
        ]
