"""What a verified certificate says, as plain maps; masses are integers, in grams."""

from collections.abc import Mapping
from typing import Any

from registry.desk import words
from registry.domain import shape
from registry.domain.batch import RetirementImported
from registry.domain.certificate import HomeCancelled
from registry.ledger.note import VerifierKey
from registry.verifier.certificate import Verified, signer_of
from registry.verifier.later import Said

RECORDED = "recorded"
"""What a compact proof shows; an audit shows more, that the rules held."""


def object_of(verified: Verified, key: VerifierKey) -> dict[str, Any]:
    """What the proof shows to whoever pinned `key`, for JSON; masses are integers, in grams."""
    statement = verified.statement
    return {
        "number": verified.number,
        "origin": verified.origin,
        "demonstration": verified.is_demonstration,
        "size": verified.size,
        "index": verified.index,
        "recorded": RECORDED,
        "signed_by": str(signer_of(verified, key)),
        "key_traced": False,
        "time": words.utc_time(verified.at_us),
        "holder": verified.holder,
        "amount_g": verified.amount_g,
        "purpose": statement.purpose,
        "period": statement.period,
        "place": statement.place,
        "ground": statement.ground,
        "public": statement.public,
        "retired": [retired_object(*item) for item in verified.retired],
        "final": verified.is_final,
        "awaiting": verified.awaiting,
        "home_cancelled": [_cancelled(shown) for shown in verified.cancelled_at_home],
        "attested": verified.is_attested,
        "custodial": verified.custodial,
        "recovered": verified.recovered,
        "verdicts": [verdict_object(verdict) for verdict in verified.verdicts],
        "former": verified.former,
        "group": _group(verified),
        "said": [said_object(said) for said in verified.said],
        "names": verified.opened,
        "signers": verified.signers,
    }


def _group(verified: Verified) -> dict[str, Any] | None:
    """Which of the grams of a retirement for many are those of this certificate."""
    share = verified.share
    if share is None:
        return None
    return {
        "row": share.number,
        "amount_g": share.amount_g,
        "before_g": share.before_g,
        "own": [
            {
                "batch": batch,
                "amount_g": amount_g,
                "ranges": None if ranges is None else words.closed(ranges),
            }
            for batch, amount_g, ranges in verified.own
        ],
    }


def said_object(said: Said) -> dict[str, Any]:
    """One thing that was said of a certificate, for JSON."""
    return {
        "index": said.index,
        "time": words.utc_time(said.at_us),
        "signers": said.signers,
        "kind": said.event.kind,
        "body": shape.body_of(said.event),
    }


def verdict_object(verdict: tuple[str, str, str, str]) -> dict[str, str]:
    """A timing verdict, for JSON."""
    norm, rule, result, reason = verdict
    return {"norm": norm, "rule": rule, "result": result, "reason": reason}


def retired_object(batch: str, retired: Any, came: Mapping[str, Any]) -> dict[str, Any]:
    """What was retired of a batch, for JSON."""
    ranges = came["ranges"]
    beside = isinstance(ranges, Mapping)
    found: dict[str, Any] = {
        "batch": batch,
        "standard": retired.standard,
        "amount_g": retired.amount_g,
        "period": came["period"],
        "credit_origin": came["origin"],
        "ranges": None if beside else words.closed(ranges),
        "ranges_half_open": None if beside else ranges,
    }
    if beside:
        found["ranges_beside"] = ranges
    if isinstance(retired, RetirementImported):
        found["source"] = {"sha256": retired.source, "row": retired.row, "month": retired.month}
    return found


def _cancelled(shown: HomeCancelled) -> dict[str, Any]:
    return {
        "standard": shown.standard,
        "reference": shown.reference,
        "day": shown.day,
        "document": shown.document,
    }
