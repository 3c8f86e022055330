"""The life of an account after it was opened: mandates, acceptance, notices, and its end."""

from collections.abc import Iterable, Sequence

from registry.acts.plan import Plan, single
from registry.acts.ties import Means


def give_mandate(account: str, exchange: str, *, until: str, standards: Iterable[str]) -> Plan:
    """Let an exchange sell for the holder, until the end of a day; only `standards`, if there are any."""
    said = {"exchange": exchange, "until": until, "standards": sorted(set(standards))}
    return single([account], account, "account.mandate_given.v1", said)


def end_mandate(account: str, means: Means) -> Plan:
    """Take a mandate back."""
    return single([account], account, "account.mandate_ended.v1", {"means": means})


def set_acceptance(account: str, *, required: bool) -> Plan:
    """Say whether what is sent has to be accepted first."""
    return single([account], account, "account.acceptance_set.v1", {"required": required})


def close(account: str) -> Plan:
    """Close the account, by its holder."""
    return single([account], account, "account.closed.v1", {})


def merge(account: str, into: str, *, officers: Sequence[str], document: bytes) -> Plan:
    """Close the account, whose holder is merged into that of `into`, by both and two officers."""
    said = {"into": into, "document": document}
    return single([account, into, *officers], account, "account.merged.v1", said)


def succeed(
    account: str, successor: str, *, reason: str, officers: Sequence[str], document: bytes
) -> Plan:
    """Say who comes into the place of a holder who is no more, by two officers and the successor."""
    said = {"successor": successor, "reason": reason, "document": document}
    return single([*officers, successor], account, "account.succeeded.v1", said)


def notify(account: str, means: Means, *, officer: str, channel: str, document: bytes) -> Plan:
    """Record that the holder was told of an entry that affects it."""
    said = {"means": means, "channel": channel, "document": document}
    return single([officer], account, "account.notified.v1", said)
