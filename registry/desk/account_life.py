"""The life of an account as somebody asks for it: opened, mandates, acceptance, notices, and its end."""

from typing import Annotated

from pydantic import Field

from registry.acts import account_life as acts
from registry.acts import accounts as opening
from registry.acts.plan import Plan
from registry.desk import keys
from registry.desk.ask import Account, Ask, Day, Digest, Entry, Flag, Several, one_of
from registry.desk.desk import Desk
from registry.desk.telling import untold
from registry.desk.tied import account_in
from registry.domain.account import LEGAL_FORMS
from registry.domain.account_life import CHANNELS
from registry.domain.account_ties import REASONS
from registry.ledger.keys import SUITE

Channel = Annotated[str, one_of(CHANNELS)]
Reason = Annotated[str, one_of(REASONS)]


class Open(keys.Keyed):
    """Open an account, by an officer / 由登记官开立账户"""

    name: str
    """What the holder is called; it is not made public."""
    legal_form: Annotated[str, one_of(LEGAL_FORMS)]
    uscc: str | None = None
    """Unified social credit code, where the holder has one; the account is named by it."""
    controller: Account | None = None
    """Who decides for it; else itself."""

    def plans(self, desk: Desk) -> list[Plan]:
        (officer,) = desk.officers(1)
        nonce, account = None, ""
        if self.public is not None:
            nonce = opening.nonce_of((SUITE, self.public))
            account = opening.account_of(desk.operator.id, officer, nonce, self.uscc)
        return [
            opening.open_account(
                officer,
                name=self.name,
                legal_form=self.legal_form,
                uscc=self.uscc,
                controller=desk.maybe_account(self.controller),
                first=self.new_key(desk, account),
                nonce=nonce,
            )
        ]


class GiveMandate(Ask):
    """Let an exchange sell for the holder / 授权交易机构代为出售"""

    account: Account
    exchange: Account | None = None
    """To whom; else the only exchange."""
    until: Day
    """The last day of it."""
    standards: Several = ()
    """Of which kinds of credit; else of all."""

    def plans(self, desk: Desk) -> list[Plan]:
        exchange = desk.body("exchange", self.exchange)
        holder = desk.account(self.account)
        return [acts.give_mandate(holder, exchange, until=self.until, standards=self.standards)]


class EndMandate(Ask):
    """Take a mandate back / 撤回授权"""

    mandate: Annotated[Entry, Field(description="The entry that gave it.")]

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.end_mandate(account_in(desk, self.mandate).name, desk.means(self.mandate))]


class AcceptFirst(Ask):
    """Have what is sent be accepted first / 须先接受才入账"""

    account: Account
    required: Flag = True
    """Whether it has to be."""

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.set_acceptance(desk.account(self.account), required=self.required)]


class Close(Ask):
    """Close an account, by its holder / 关闭账户"""

    account: Account

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.close(desk.account(self.account))]


class Merge(Ask):
    """Merge an account into another / 合并账户

    By both holders and two officers. / 由双方和两名登记官。
    """

    account: Account
    into: Account
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        merged, into = desk.account(self.account), desk.account(self.into)
        officers = desk.officers(2, merged, into)
        return [acts.merge(merged, into, officers=officers, document=self.document)]


class Succeed(Ask):
    """Record who comes into a holder's place / 登记承继

    By two officers and the successor. / 由两名登记官和承继人。
    """

    account: Account
    successor: Account
    reason: Reason
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        account, successor = desk.account(self.account), desk.account(self.successor)
        officers = desk.officers(2, account, successor)
        return [
            acts.succeed(
                account,
                successor,
                reason=self.reason,
                officers=officers,
                document=self.document,
            )
        ]


class Notify(Ask):
    """Record that a holder was told of an entry / 记录已告知"""

    account: Account
    entry: Entry
    """Of which."""
    channel: Channel
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        return [
            acts.notify(
                desk.account(self.account),
                desk.means(self.entry),
                officer=desk.officers(1)[0],
                channel=self.channel,
                document=self.document,
            )
        ]


class NotifyAll(Ask):
    """Record that everybody affected by an entry was told / 记录已告知全部当事人

    Whoever signed it, or was told already, is left out. / 已签署或已告知的除外。
    """

    entry: Entry
    """Of which."""
    channel: Channel
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        (officer,) = desk.officers(1)
        means = desk.means(self.entry)
        return [
            acts.notify(
                account, means, officer=officer, channel=self.channel, document=self.document
            )
            for account in untold(desk, self.entry)
        ]
