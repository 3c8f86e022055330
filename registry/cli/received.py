"""What the proof of a gift shows to the guest who has it, on screen and as JSON, and what it leaves open."""

from typing import Any

from registry.cli.voice import Voice
from registry.desk import words
from registry.desk.verified import RECORDED
from registry.ledger.note import VerifierKey
from registry.verifier.certificate import last_signer
from registry.verifier.gift import VerifiedGift

SUBJECT = "verify.gift"


def number_of(verified: VerifiedGift) -> str:
    """Which gift of which entry it is, as people count."""
    return f"{verified.index}-{verified.gift.number + 1}"


def object_of(verified: VerifiedGift, key: VerifierKey) -> dict[str, Any]:
    """What the proof shows, for JSON; masses are integers, in grams."""
    event = verified.gift.event
    return {
        "gift": number_of(verified),
        "origin": verified.origin,
        "demonstration": verified.is_demonstration,
        "size": verified.size,
        "index": verified.index,
        "recorded": RECORDED,
        "signed_by": str(last_signer(verified.log_keys, key)),
        "key_traced": False,
        "time": words.utc_time(verified.at_us),
        "campaign": verified.campaign,
        "giver": verified.giver,
        "taker": verified.gift.whom,
        "amount_g": verified.gift.amount_g,
        "standard": event.standard,
        "batch": verified.gift.stream,
        "ranges": verified.ranges,
        "retire_only": event.retire_only,
        "signers": verified.signers,
    }


def tell(verified: VerifiedGift, key: VerifierKey, voice: Voice) -> None:
    """Print what the proof shows."""
    event = verified.gift.event
    voice.say("verify.log", origin=verified.origin)
    voice.say("verify.amount", amount_g=verified.gift.amount_g)
    voice.say("verify.given", giver=verified.giver, taker=verified.gift.whom)
    ranges = None if verified.ranges is None else words.closed(verified.ranges)
    named = {"batch": verified.gift.stream, "standard": event.standard}
    voice.say("verify.given_of", **named, campaign=verified.campaign, ranges=ranges)
    if event.retire_only:
        voice.say("verify.retire_only")
    time = words.local_time(verified.at_us)
    voice.say("verify.signed", time=time, signers=verified.signers)
    recorded = {"size": verified.size, "index": verified.index}
    voice.say("verify.recorded", **recorded, fingerprint=key.fingerprint)
    signer = last_signer(verified.log_keys, key)
    if signer != key:
        voice.say("verify.rotated", fingerprint=signer.fingerprint)
    voice.say("verify.given_not")
