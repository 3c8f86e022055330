"""Freezes as somebody asks for them: by an authority and an officer, of an account or a range; and what follows."""

from typing import Annotated

from pydantic import Field

from registry.acts import freezes as acts
from registry.acts.plan import Plan
from registry.desk.ask import Account, Ask, Day, Digest, Entry
from registry.desk.desk import Desk
from registry.desk.movements import Some
from registry.desk.tied import frozen, range_of, tied

Freeze = Annotated[Entry, Field(description="The entry that asked for the freeze.")]


class FreezeAccount(Ask):
    """Freeze a whole account / 冻结整个账户"""

    account: Account
    authority: Account
    """The court or agency."""
    until: Day
    """The last day of it."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        ruling = _ruling(desk, desk.account(self.authority), self.until, self.document)
        return [acts.freeze(desk.account(self.account), ruling)]


class FreezeRange(Some):
    """Freeze some of what an account holds / 冻结部分持有"""

    account: Account
    authority: Account
    """The court or agency."""
    until: Day
    """The last day of it."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        ruling = _ruling(desk, desk.account(self.authority), self.until, self.document)
        holder = desk.account(self.account)
        return [acts.freeze_range(share, holder, ruling) for share in self.shares(desk, holder)]


class Queue(Ask):
    """Wait behind the freeze of a range / 轮候冻结"""

    lock: Annotated[Entry, Field(description="The entry that locked the range.")]
    authority: Account
    """The court or agency."""
    until: Day
    """The last day of it."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        ruling = _ruling(desk, desk.account(self.authority), self.until, self.document)
        found = tied(desk, self.lock, "freeze")
        return [acts.queue(found.owner, found.means, ruling)]


class Renew(Ask):
    """Freeze until a later day / 续冻"""

    freeze: Freeze
    until: Day
    """The last day of it."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        account, found = frozen(desk, self.freeze)
        ruling = _ruling(desk, found.authority, self.until, self.document)
        return [acts.renew(account.name, desk.means(self.freeze), ruling)]


class Consent(Ask):
    """Let the account perform an order all the same / 同意其履行"""

    freeze: Freeze
    order: str
    """The restoration order: `order/…` or its id."""

    def plans(self, desk: Desk) -> list[Plan]:
        account, found = frozen(desk, self.freeze)
        order, means = desk.stream("order", self.order), desk.means(self.freeze)
        return [acts.consent(account.name, means, authority=found.authority, order=order)]


class Lift(Ask):
    """Lift a freeze, by who froze / 解除冻结"""

    freeze: Freeze
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        account, found = frozen(desk, self.freeze)
        by = found.authority
        return [
            acts.lift(
                account.name,
                desk.means(self.freeze),
                range_of(desk, account, found),
                authority=by,
                officer=desk.officers(1, by)[0],
                document=self.document,
            )
        ]


class End(Ask):
    """Record that the day of a freeze has passed / 记录冻结到期"""

    freeze: Freeze

    def plans(self, desk: Desk) -> list[Plan]:
        account, found = frozen(desk, self.freeze)
        range_, means = range_of(desk, account, found), desk.means(self.freeze)
        return [acts.end(account.name, means, range_, officer=desk.officers(1)[0])]


def _ruling(desk: Desk, authority: str, until: str, document: bytes) -> acts.Ruling:
    """What an authority wants, with an officer whom another controls."""
    (officer,) = desk.officers(1, authority)
    return acts.Ruling(authority=authority, officer=officer, until=until, document=document)
