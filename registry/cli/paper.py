"""What a verified certificate says, on the screen and as JSON: and what its proof leaves open."""

from collections.abc import Iterable, Mapping
from typing import Any

from registry.cli.voice import Voice
from registry.desk import verified as told
from registry.desk import words
from registry.domain.batch import RetirementImported
from registry.domain.certificate import (
    HomeCancelled,
    JointlyWitnessed,
    NumberedBefore,
    Witnessed,
)
from registry.ledger.note import VerifierKey
from registry.verifier.certificate import Verified, signer_of
from registry.verifier.later import Said

SUBJECT = "verify.subject"
object_of = told.object_of


def number_of(verified: Verified) -> str:
    """The number as it is printed."""
    return words.grouped(verified.number)


def tell(verified: Verified, key: VerifierKey, voice: Voice) -> None:
    """Print what the proof shows."""
    statement = verified.statement
    voice.say("verify.log", origin=verified.origin)
    voice.say("verify.amount", amount_g=verified.amount_g)
    voice.say("verify.purpose", purpose=statement.purpose, ground=statement.ground)
    if statement.period is not None:
        voice.say("verify.period", period=statement.period)
    if statement.place is not None:
        voice.say("verify.place", place=statement.place)
    voice.say("verify.holder", holder=verified.holder)
    for field, value in verified.opened.items():
        voice.say("verify.name", field=words.term(words.FIELDS, field, voice.lang), value=value)
    if not (verified.opened or statement.public):
        voice.say("verify.private")
    tell_retired(verified.retired, voice)
    time = words.local_time(verified.at_us)
    voice.say("verify.signed", time=time, signers=verified.signers)
    _tell_standing(verified, key, voice)


def tell_retired(retired: Iterable[tuple[str, Any, Mapping[str, Any]]], voice: Voice) -> None:
    """Print what was retired, batch by batch."""
    for batch, event, came in retired:
        voice.say(
            "verify.retired",
            batch=batch,
            standard=event.standard,
            period=came["period"],
            amount_g=event.amount_g,
            ranges=_ranges(came["ranges"], voice),
        )


def _tell_standing(verified: Verified, key: VerifierKey, voice: Voice) -> None:
    """Print what is certain, what is awaited, and what is only said."""
    voice.say(
        "verify.recorded",
        size=verified.size,
        index=verified.index,
        fingerprint=key.fingerprint,
    )
    signer = signer_of(verified, key)
    if signer != key:
        voice.say("verify.rotated", fingerprint=signer.fingerprint)
    if verified.is_final:
        voice.say("verify.final")
    else:
        voice.say("verify.awaiting", awaiting=verified.awaiting)
    for shown in verified.cancelled_at_home:
        voice.say("verify.home", standard=shown.standard, reference=shown.reference, day=shown.day)
    _tell_life(verified, voice)
    for _, retired, _ in verified.retired:
        if isinstance(retired, RetirementImported):
            voice.say("verify.attested", row=retired.row, month=retired.month)
    if verified.custodial:
        voice.say("verify.custodial")
    if verified.recovered:
        voice.say("verify.recovered")
    for verdict in verified.verdicts:
        voice.say("verify.verdict", verdict=words.verdict_words(verdict, voice.lang))


def _tell_life(verified: Verified, voice: Voice) -> None:
    """Print in whose place it stands, of which group it is, and what was said of it since."""
    for number in verified.former:
        voice.say("verify.former", number=words.grouped(number))
    if verified.share is not None:
        voice.say("verify.share", row=verified.share.number + 1)
        for batch, amount_g, ranges in verified.own:
            own = None if ranges is None else words.closed(ranges)
            voice.say("verify.own", batch=batch, amount_g=amount_g, ranges=own)
    tell_said(verified.said, voice)


def tell_said(several: Iterable[Said], voice: Voice) -> None:
    """Print what was said of a certificate since, but for home cancellations."""
    for said in several:
        if not isinstance(said.event, HomeCancelled):
            happened = words.term(words.KINDS, said.event.kind, voice.lang)
            time = words.local_time(said.at_us)
            told: dict[str, Any] = {"happened": happened, "time": time, "index": said.index}
            if isinstance(said.event, Witnessed | JointlyWitnessed | NumberedBefore):
                told["number"] = said.event.number
            voice.say("verify.said", signers=said.signers, **told)


def _ranges(ranges: object, voice: Voice) -> object:
    if isinstance(ranges, Mapping):
        return voice.text("verify.ranges_beside", count=ranges.get("count"))
    return words.closed(ranges)
