"""What a dossier shows of a certificate, on screen and as JSON: which streams were replayed, what that leaves open."""

from typing import Any

from registry.cli.paper import tell_retired
from registry.cli.voice import Voice
from registry.desk import words
from registry.desk.verified import retired_object, verdict_object
from registry.ledger.note import VerifierKey
from registry.verifier.dossier import VerifiedDossier

SUBJECT = "verify.subject"
REPLAYED = "replayed"
"""Of the streams concerned; an audit replays the whole log."""


def number_of(verified: VerifiedDossier) -> str:
    """The number as it is printed."""
    return words.grouped(verified.number)


def object_of(verified: VerifiedDossier, _key: VerifierKey) -> dict[str, Any]:
    """What the dossier shows, for JSON; masses are integers, in grams."""
    state = verified.certificate
    return {
        "number": verified.number,
        "origin": verified.origin,
        "demonstration": verified.is_demonstration,
        "size": verified.size,
        "index": verified.index,
        "recorded": REPLAYED,
        "streams": dict(verified.concerned),
        "entries": verified.entries,
        "signed_by": str(verified.signer),
        "key_traced": True,
        "time": words.utc_time(verified.at_us),
        "status": state.status,
        "holder": state.holder,
        "amount_g": verified.amount_g,
        "row": verified.row,
        "purpose": state.purpose or None,
        "period": state.period,
        "ground": state.ground or None,
        "retired": [retired_object(*item) for item in verified.retired],
        "final": not state.home,
        "awaiting": sorted(state.home),
        "witnesses": state.witnesses,
        "replaced_by": state.replaced_by or None,
        "custodial": state.custodial,
        "recovered": state.recovered,
        "verdicts": [verdict_object(verdict) for verdict in state.verdicts],
        "names": verified.opened,
        "signers": verified.signers,
    }


def tell(verified: VerifiedDossier, key: VerifierKey, voice: Voice) -> None:
    """Print what the dossier shows."""
    state = verified.certificate
    voice.say("verify.log", origin=verified.origin)
    voice.say("verify.amount", amount_g=verified.amount_g)
    if state.purpose:
        voice.say("verify.purpose", purpose=state.purpose, ground=state.ground)
    if state.period is not None:
        voice.say("verify.period", period=state.period)
    voice.say("verify.holder", holder=state.holder)
    for field, value in verified.opened.items():
        voice.say("verify.name", field=words.term(words.FIELDS, field, voice.lang), value=value)
    tell_retired(verified.retired, voice)
    time = words.local_time(verified.at_us)
    voice.say("verify.signed", time=time, signers=verified.signers)
    _tell_standing(verified, key, voice)


def _tell_standing(verified: VerifiedDossier, key: VerifierKey, voice: Voice) -> None:
    """Print what was replayed, how the certificate stands, and what is only said."""
    state = verified.certificate
    voice.say(
        "verify.replayed",
        size=verified.size,
        entries=verified.entries,
        fingerprint=key.fingerprint,
    )
    for stream, length in verified.concerned:
        voice.say("verify.stream", stream=stream, count=length)
    voice.say("verify.replayed_not")
    if verified.signer is not None and verified.signer != key:
        voice.say("verify.rotated", fingerprint=verified.signer.fingerprint)
    voice.say("verify.status", status=state.status)
    if state.home:
        voice.say("verify.awaiting", awaiting=sorted(state.home))
    if state.custodial:
        voice.say("verify.custodial")
    if state.recovered:
        voice.say("verify.recovered")
    for verdict in state.verdicts:
        voice.say("verify.verdict", verdict=words.verdict_words(verdict, voice.lang))
