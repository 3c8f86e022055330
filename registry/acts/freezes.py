"""Freezing an account or a range of its grams, and all that follows: by an authority and an officer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry.acts.movements import Share
from registry.acts.plan import Plan, single
from registry.acts.ties import Means, Tied, release, tie
from registry.domain.account import Account, Freeze


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What an authority wants: with an officer, until which day, by which document."""

    authority: str
    officer: str
    until: str
    document: bytes

    @property
    def said(self) -> Mapping[str, object]:
        """What the log says of it."""
        return {"authority": self.authority, "until": self.until, "document": self.document}

    @property
    def signers(self) -> tuple[str, str]:
        """Who signs."""
        return self.authority, self.officer


def freeze(account: str, ruling: Ruling) -> Plan:
    """Freeze a whole account."""
    return single(ruling.signers, account, "account.frozen.v1", ruling.said)


def freeze_range(share: Share, account: str, ruling: Ruling) -> Plan:
    """Freeze grams of one batch."""
    happening = ("account.range_frozen.v1", ruling.said)
    return tie(share, account, "freeze", happening, ruling.signers)


def queue(account: str, lock: Means, ruling: Ruling) -> Plan:
    """Have a freeze wait behind those of the range that entry `lock` locked (轮候)."""
    said = {**ruling.said, "means": lock}
    return single(ruling.signers, account, "account.freeze_queued.v1", said)


def renew(account: str, means: Means, ruling: Ruling) -> Plan:
    """Go on freezing, until a later day (续冻)."""
    said = {**ruling.said, "means": means}
    return single(ruling.signers, account, "account.freeze_renewed.v1", said)


def consent(account: str, means: Means, *, authority: str, order: str) -> Plan:
    """Let a frozen account perform the restoration order `order` all the same."""
    said = {"means": means, "authority": authority, "order": order}
    return single([authority], account, "account.freeze_consented.v1", said)


def lock_to_release(account: Account, freeze: Freeze) -> int | None:
    """The lock that is released when `freeze` is over: its own, unless another freeze waits for it."""
    alone = account.freezes_of(freeze.lock) == (freeze,)
    return freeze.lock if alone else None


def lift(
    account: str,
    means: Means,
    range_: Tied | None,
    *,
    authority: str,
    officer: str,
    document: bytes,
) -> Plan:
    """The authority that froze lets go; `range_` is released with it, where one is."""
    said = {"means": means, "authority": authority, "document": document}
    return _over(account, "account.unfrozen.v1", said, range_, [authority, officer])


def end(account: str, means: Means, range_: Tied | None, *, officer: str) -> Plan:
    """The day of a freeze has passed, as an officer records; `range_` is released with it, where one is."""
    return _over(account, "account.freeze_ended.v1", {"means": means}, range_, [officer])


def _over(
    account: str,
    kind: str,
    said: Mapping[str, object],
    range_: Tied | None,
    signers: Sequence[str],
) -> Plan:
    if range_ is None:
        return single(signers, account, kind, said)
    return release(range_, (kind, said), signers)
