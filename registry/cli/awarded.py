"""What the proof of a certificate shows that is of no retirement, on screen and as JSON: a conclusion, or an honour."""

from typing import Any

from registry.cli.paper import tell_said
from registry.cli.voice import Voice
from registry.desk import words
from registry.desk.verified import RECORDED, said_object
from registry.domain import shape
from registry.domain.certificate import Concluded
from registry.ledger.note import VerifierKey
from registry.verifier.award import VerifiedAward
from registry.verifier.certificate import last_signer

SUBJECT = "verify.subject"


def number_of(verified: VerifiedAward) -> str:
    """The number as it is printed."""
    return words.grouped(verified.number)


def object_of(verified: VerifiedAward, key: VerifierKey) -> dict[str, Any]:
    """What the proof shows, for JSON; masses are integers, in grams."""
    return {
        "number": verified.number,
        "origin": verified.origin,
        "demonstration": verified.is_demonstration,
        "size": verified.size,
        "index": verified.index,
        "recorded": RECORDED,
        "signed_by": str(last_signer(verified.log_keys, key)),
        "key_traced": False,
        "time": words.utc_time(verified.at_us),
        "kind": verified.event.kind,
        "body": shape.body_of(verified.event),
        "stream": verified.stream,
        "beside": {"kind": verified.beside.kind, "body": shape.body_of(verified.beside)},
        "outcome": verified.came,
        "said": [said_object(said) for said in verified.said],
        "names": verified.opened,
        "signers": verified.signers,
    }


def tell(verified: VerifiedAward, key: VerifierKey, voice: Voice) -> None:
    """Print what the proof shows."""
    voice.say("verify.log", origin=verified.origin)
    event = verified.event
    if isinstance(event, Concluded):
        came = {name: value for name, value in verified.came.items() if name != "kind"}
        concluded = words.term(words.CONCLUSIONS, verified.came["kind"], voice.lang)
        voice.say("verify.concluded", activity=event.activity, conclusion=concluded, **came)
    else:
        told = {"donor": event.donor, "event": event.event, "standard": event.standard}
        voice.say("verify.honoured", amount_g=event.amount_g, batch=verified.stream, **told)
    for field, value in verified.opened.items():
        voice.say("verify.name", field=words.term(words.FIELDS, field, voice.lang), value=value)
    time = words.local_time(verified.at_us)
    voice.say("verify.signed", time=time, signers=verified.signers)
    recorded = {"size": verified.size, "index": verified.index}
    voice.say("verify.recorded", **recorded, fingerprint=key.fingerprint)
    signer = last_signer(verified.log_keys, key)
    if signer != key:
        voice.say("verify.rotated", fingerprint=signer.fingerprint)
    tell_said(verified.said, voice)
