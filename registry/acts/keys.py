"""Acts on keys: an account's, added, ended and replaced; a lost one recovered, by officers; and the log's own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.acts.plan import Parts, Plan, single
from registry.acts.propose import Setting
from registry.acts.ties import Means
from registry.ledger.intent import Signer
from registry.ledger.keys import Key

_REGISTRY = "registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that is to speak for an account, with its signature that shows it to be in hand."""

    key: Key
    custodial: bool
    possession: bytes

    @property
    def said(self) -> Mapping[str, Any]:
        """What the log says of it."""
        return {"key": self.key, "custodial": self.custodial, "possession": self.possession}


Shown = Callable[[str], NewKey]
"""Gives the new key of the account of this name, once it is known who signs for it."""


def add(account: str, new: Shown) -> Plan:
    """Have a further key speak for the account."""
    return _with_key([account], account, "account.key_added.v1", new, {})


def end(signer: str | Signer, account: str, key: Key) -> Plan:
    """Have `key` speak for the account no more."""
    return single([signer], account, "account.key_ended.v1", {"key": key})


def rotate(account: str, key: Key, new: Shown, old: Sequence[Key]) -> list[Plan]:
    """Have the new `key` speak in place of the `old` ones.

    The new key ends the old ones: that it can sign is shown before they are gone.
    """
    itself = Signer(account=account, key=key)
    return [add(account, new), *(end(itself, account, one) for one in old)]


def announce_recovery(
    officers: Sequence[str], account: str, new: Shown, *, identity: bytes, notice: bytes
) -> Plan:
    """Announce the key that is to speak for an account whose own is lost.

    `identity` is the SHA-256 of the identity check's document, `notice` that of the notice given on every channel.
    """
    papers = {"identity": identity, "notice": notice}
    return _with_key(officers, account, "account.recovery_announced.v1", new, papers)


def stop_recovery(account: str, means: Means) -> Plan:
    """The holder stops the recovery that entry `means` announced."""
    return single([account], account, "account.recovery_stopped.v1", {"means": means})


def withdraw_recovery(officers: Sequence[str], account: str, means: Means) -> Plan:
    """Take the recovery back that entry `means` announced."""
    return single(officers, account, "account.recovery_withdrawn.v1", {"means": means})


def complete_recovery(officers: Sequence[str], account: str, means: Means) -> Plan:
    """Give the account the key that entry `means` announced; all others of it end."""
    return single(officers, account, "account.recovered.v1", {"means": means})


def replace_log_key(officers: Sequence[str], new: Shown) -> Plan:
    """Have a new key sign for the log from the next entry on, and every checkpoint from this one on."""

    def parts(_: Setting) -> Parts:
        made = new(_REGISTRY)
        body = {"key": made.key, "possession": made.possession}
        return [(_REGISTRY, [("registry.log_key_replaced.v1", body)])]

    return Plan(signers=(_REGISTRY, *officers), parts=parts)


def _with_key(
    signers: Sequence[str], account: str, kind: str, new: Shown, said: Mapping[str, Any]
) -> Plan:
    return Plan(
        signers=tuple(signers),
        parts=lambda _: [(account, [(kind, {**new(account).said, **said})])],
    )
