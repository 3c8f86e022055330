"""Batches as somebody asks for what is done with them: issued, deposited, carved out, traded, stopped, cancelled."""

from typing import Annotated, Literal

from pydantic import Field

from registry.acts import batches as acts
from registry.acts.plan import Plan, seconded
from registry.desk import given
from registry.desk.ask import Account, Ask, Day, Digest, Entry, Flag, Grams, Period
from registry.desk.desk import Desk
from registry.desk.movements import BatchName, SomeOfBatch
from registry.desk.projects import InRole, ProjectName
from registry.domain.batch import Batch
from registry.errors import RefusedError
from registry.names import ORDER

HomeSerials = Annotated[
    str, Field(description="The serial numbers as the home registry writes their range.")
]


class Issue(Ask):
    """Issue what was verified, to the owner / 签发给业主

    The share that policy wants in the buffer is locked there. / 策略所定的缓冲份额同时锁入缓冲账户。
    """

    project: ProjectName
    amount: Grams
    period: Period
    """The monitoring period."""
    verifier: InRole = None
    authority: InRole = None
    buffer: InRole = None

    def plans(self, desk: Desk) -> list[Plan]:
        source = desk.state(desk.stream("project", self.project))
        share_g = acts.buffered_g(desk.operator.registry(), source.standard, self.amount)
        return [
            acts.issue(
                desk.body("verifier", self.verifier),
                desk.body("authority", self.authority),
                source,
                period=self.period,
                amount_g=self.amount,
                buffered=(desk.body("buffer", self.buffer), share_g) if share_g else None,
            )
        ]


class Deposited(Ask):
    """Units that a custodian, an exchange, had immobilised at home."""

    standard: str
    """The kind of credit."""
    home_serials: HomeSerials
    holder: Account
    document: Digest
    custodian: InRole = None

    def units(self, desk: Desk) -> acts.Units:
        """What is deposited. Raises: RefusedError, `no_account`, `several_accounts`."""
        holder = desk.account(self.holder)
        return acts.Units(home_serials=self.home_serials, holder=holder, document=self.document)

    def signers(self, desk: Desk) -> tuple[str, str]:
        """The custodian, and an officer whom another controls.

        Raises:
            RefusedError: `nobody_in_role`, `several_in_role`, `no_account`, `several_accounts`.
        """
        keeping = desk.body("exchange", self.custodian)
        (officer,) = desk.officers(1, keeping)
        return keeping, officer


class Deposit(Deposited):
    """Deposit units immobilised at home / 托管登记

    By the custodian, an exchange, and an officer. / 由托管的交易机构和登记官。
    """

    period: Period
    """The monitoring period."""
    retired_at_home: Flag = False
    """Whether they are retired there already."""

    def plans(self, desk: Desk) -> list[Plan]:
        return [
            acts.deposit(
                *self.signers(desk),
                desk.state(desk.stream("standard", self.standard)),
                self.units(desk),
                period=self.period,
                retired_at_home=self.retired_at_home,
            )
        ]


class DepositAllowances(Deposited):
    """Deposit allowances of a year / 托管配额"""

    year: str
    """Of which they are, YYYY."""
    expires: Day
    """The last day of use."""

    def plans(self, desk: Desk) -> list[Plan]:
        return [
            acts.deposit_allowances(
                *self.signers(desk),
                desk.state(desk.stream("standard", self.standard)),
                self.units(desk),
                year=self.year,
                expires=self.expires,
            )
        ]


class CarryOver(Ask):
    """Let allowances be used until a later day / 配额结转"""

    batch: BatchName
    expires: Day
    """The last day of use."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        meant = desk.state(desk.stream("batch", self.batch))
        (officer,) = desk.officers(1, *filter(None, [meant.custodian]))
        return [acts.carry_over(meant, officer, expires=self.expires, document=self.document)]


class Carve(SomeOfBatch):
    """Carve a batch of its own out of a batch / 分立子批次"""

    holder: Account

    def plans(self, desk: Desk) -> list[Plan]:
        holder = desk.account(self.holder)
        return [acts.carve(self.share(desk), holder)]


class Trade(SomeOfBatch):
    """Move credits under their holder's standing mandate / 成交过户

    Signed by the exchange alone, under the last mandate of the giver that fits. / 由交易机构单独签署。
    """

    giver: Account
    taker: Account
    venue: InRole = None
    trade: str | None = None
    """Its number at the exchange; it is not made public."""

    def plans(self, desk: Desk) -> list[Plan]:
        giver, taker = desk.account(self.giver), desk.account(self.taker)
        venue, share = desk.body("exchange", self.venue), self.share(desk)
        mandate = acts.mandate_for(desk.state(giver), venue, share[0].standard, given.today())
        plan = acts.trade(
            share,
            giver=giver,
            taker=taker,
            venue=venue,
            means=desk.means(mandate),
            number=self.trade,
        )
        return [seconded(plan, giver, desk.second("send", share[1], venue, giver))]


class Suspend(Ask):
    """Suspend a batch, by the authority and an officer / 暂停批次"""

    batch: BatchName
    document: Digest
    authority: InRole = None

    def plans(self, desk: Desk) -> list[Plan]:
        meant = desk.state(desk.stream("batch", self.batch))
        return [acts.suspend(meant, *deciding(desk, self.authority), document=self.document)]


class Reinstate(Ask):
    """Reinstate a suspended batch / 恢复批次"""

    batch: BatchName
    document: Digest
    authority: InRole = None

    def plans(self, desk: Desk) -> list[Plan]:
        meant: Batch = desk.state(desk.stream("batch", self.batch))
        if meant.suspended is None:
            kind = "batch.reinstated.v1"
            raise RefusedError("out_of_order", stream=meant.name, status=meant.status, kind=kind)
        by, means = deciding(desk, self.authority), desk.means(meant.suspended)
        return [acts.reinstate(meant, *by, means=means, document=self.document)]


class Cancel(SomeOfBatch):
    """Cancel grams for nobody's benefit / 核减"""

    holder: Account
    reason: Literal["erroneous", "expired", "over_issuance", "reversal"]
    """Why."""
    document: Digest
    lock: Entry | None = None
    """Out of what this entry locked."""
    authority: InRole = None

    def plans(self, desk: Desk) -> list[Plan]:
        holder, share = desk.account(self.holder), self.share(desk)
        return [
            acts.cancel(
                share,
                *deciding(desk, self.authority),
                holder=holder,
                reason=self.reason,
                document=self.document,
                means=None if self.lock is None else desk.means(self.lock),
                order=self._order(desk, share[0], holder),
            )
        ]

    def _order(self, desk: Desk, batch: Batch, holder: str) -> str | None:
        """The restoration order for which the lock holds what was bought; None if it is on another ground."""
        lock = None if self.lock is None else batch.locks.get(self.lock)
        if lock is None or lock.ground != "order":
            return None
        orders = (one for one in sorted(desk.state(holder).bonds) if one.startswith(ORDER))
        return next(
            (one for one in orders if (batch.name, self.lock) in desk.state(one).lots), None
        )


class ReleaseBuffer(Ask):
    """Release grams from the buffer / 释放缓冲"""

    batch: BatchName
    amount: Grams
    taker: Account
    authority: InRole = None

    def plans(self, desk: Desk) -> list[Plan]:
        meant = desk.state(desk.stream("batch", self.batch))
        lock = desk.means(acts.buffer_lock(meant))
        by, taker = deciding(desk, self.authority), desk.account(self.taker)
        return [acts.release_buffer(meant, *by, means=lock, taker=taker, amount_g=self.amount)]


def deciding(desk: Desk, authority: str | None) -> tuple[str, str]:
    """The authority that was named, or the only one, and an officer whom another controls.

    Raises:
        RefusedError: `nobody_in_role`, `several_in_role`, `no_account`, `several_accounts`.
    """
    own = desk.body("authority", authority)
    (officer,) = desk.officers(1, own)
    return own, officer
