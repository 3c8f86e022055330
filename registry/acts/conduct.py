"""Conduct: a case from its finding to its end, step by step, and commendations.

Each step is the act of one who signs it; which entry found the case is its `means` throughout.
"""

from dataclasses import dataclass
from typing import Any

from registry.acts.movements import hidden
from registry.acts.plan import Plan, single
from registry.names import CONDUCT, id_of

Means = tuple[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found, as in `conduct.Found`; details in the clear, to be committed to."""

    level: str
    rule: str
    document: bytes
    details: str | None = None
    legal_basis: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, as in `conduct.Decided`."""

    result: str
    document: bytes
    until: str | None = None
    legal_basis: str | None = None


def stream_of(account: str) -> str:
    """The stream of the conduct of `account`."""
    return CONDUCT + id_of(account)


def find(finder: str, account: str, finding: Finding) -> Plan:
    """Find that `account` broke a rule."""
    body = {
        "finder": finder,
        "level": finding.level,
        "rule": finding.rule,
        "document": finding.document,
        "details": hidden(finding.details),
        "legal_basis": finding.legal_basis,
    }
    return _step(finder, account, "found", body)


def notify(signer: str, account: str, means: Means, *, document: bytes, reply_by: str) -> Plan:
    """Tell the account beforehand what was found, and until when it may reply."""
    body = {"means": means, "document": document, "reply_by": reply_by}
    return _step(signer, account, "notified", body)


def hear(account: str, means: Means, *, document: bytes) -> Plan:
    """The account says its part."""
    return _step(account, account, "heard", {"means": means, "document": document})


def waive(signer: str, account: str, means: Means) -> Plan:
    """Nobody said anything by the last day to reply."""
    return _step(signer, account, "hearing_waived", {"means": means})


def decide(decider: str, account: str, means: Means, decision: Decision) -> Plan:
    """Decide whether the finding is upheld, and until when."""
    body = {
        "means": means,
        "decider": decider,
        "result": decision.result,
        "until": decision.until,
        "document": decision.document,
        "legal_basis": decision.legal_basis,
    }
    return _step(decider, account, "decided", body)


def publish(signer: str, account: str, means: Means) -> Plan:
    """Put what was upheld in force."""
    return _step(signer, account, "published", {"means": means})


def object_to(account: str, means: Means, *, document: bytes) -> Plan:
    """The account objects to the decision."""
    return _step(account, account, "objected", {"means": means, "document": document})


def review(reviewer: str, account: str, means: Means, *, result: str, document: bytes) -> Plan:
    """Answer an objection."""
    body = {"means": means, "reviewer": reviewer, "result": result, "document": document}
    return _step(reviewer, account, "reviewed", body)


def repair(signer: str, account: str, means: Means, *, document: bytes) -> Plan:
    """The account has made good."""
    return _step(signer, account, "repaired", {"means": means, "document": document})


def revoke(signer: str, account: str, means: Means, *, document: bytes) -> Plan:
    """Take the case back."""
    return _step(signer, account, "revoked", {"means": means, "document": document})


def end(signer: str, account: str, means: Means) -> Plan:
    """Say that the term of what is in force has passed."""
    return _step(signer, account, "ended", {"means": means})


def commend(signer: str, account: str, *, document: bytes) -> Plan:
    """Commend the account."""
    return _step(signer, account, "commended", {"document": document})


def _step(signer: str, account: str, step: str, body: dict[str, Any]) -> Plan:
    body = {"account": account, **body}
    return single([signer], stream_of(account), f"conduct.{step}.v1", body)
