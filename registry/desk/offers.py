"""Offers as somebody asks for what becomes of them: grams offered to somebody, or donated to an event."""

from typing import Annotated, ClassVar

from pydantic import Field

from registry.acts import ties as acts
from registry.acts.plan import Plan
from registry.desk.ask import Account, Ask, Day, Entry
from registry.desk.desk import Desk
from registry.desk.movements import Some
from registry.desk.tied import tied

Offer = Annotated[Entry, Field(description="The entry that made the offer.")]
GROUNDS = ("offer", "donation")


class Make(Some):
    """Offer grams, which wait until they are taken / 发出划转要约"""

    donation: ClassVar = False
    giver: Account
    taker: Account
    until: Day
    """The last day of it."""

    def plans(self, desk: Desk) -> list[Plan]:
        giver, taker = desk.account(self.giver), desk.account(self.taker)
        return [
            acts.offer(
                share,
                giver,
                taker,
                until=self.until,
                donation=self.donation,
                second=desk.second("send", share[1], giver, taker),
            )
            for share in self.shares(desk, giver, transferable=True)
        ]


class Donate(Make):
    """Donate grams to an event / 向活动账户捐赠"""

    donation: ClassVar = True


class Accept(Ask):
    """Take what was offered, as the taker / 接受

    A donation with its certificate of honour. / 接受捐赠并出具荣誉证书。
    """

    offer: Offer
    donor: str | None = None
    """What the donor is called, for the honour; it is not made public."""

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.accept(tied(desk, self.offer, *GROUNDS), donor=self.donor)]


class Decline(Ask):
    """Decline an offer, as the taker / 谢绝"""

    offer: Offer

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.decline(tied(desk, self.offer, *GROUNDS))]


class Withdraw(Ask):
    """Take an offer back, as the giver / 撤回"""

    offer: Offer

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.withdraw(tied(desk, self.offer, *GROUNDS))]


class Lapse(Ask):
    """Record that the day of an offer has passed / 记录要约到期

    By the giver, or else an officer. / 由出让人，或由登记官。
    """

    offer: Offer

    def plans(self, desk: Desk) -> list[Plan]:
        found = tied(desk, self.offer, *GROUNDS)
        return [acts.lapse(found, desk.itself_or_officer(found.owner))]
