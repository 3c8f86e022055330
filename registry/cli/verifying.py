"""`registry verify`: a verdict on a file that proves a certificate or a gift, for whoever trusts only a pinned key."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

from registry.cli import awarded, belief, paper, received, replayed, verdict
from registry.cli.verdict import Verdict
from registry.cli.voice import Voice
from registry.desk.files import readable
from registry.errors import BrokenHistoryError, RegistryError, StaleError, UsageError
from registry.ledger import dossier, proof
from registry.ledger.note import VerifierKey
from registry.verifier import award, certificate, gift
from registry.verifier import dossier as dossiers
from registry.verifier.award import VerifiedAward
from registry.verifier.certificate import Verified
from registry.verifier.dossier import VerifiedDossier
from registry.verifier.gift import VerifiedGift

Shown = Verified | VerifiedAward | VerifiedDossier | VerifiedGift
_TOLD_BY: Mapping[type, ModuleType] = {
    Verified: paper,
    VerifiedAward: awarded,
    VerifiedDossier: replayed,
    VerifiedGift: received,
}


def verify(file: Path, *, vkey: str | None, size_min: int, voice: Voice) -> int:
    """Check the certificate, or the gift, in `file`, say the verdict, and return the exit code.

    Raises:
        UsageError: there is no such file, or the key is none.
    """
    data = readable(file, dossier.DOSSIER_BYTES_MAX)
    is_dossier = dossier.is_dossier(data)
    origin = None
    try:
        origin = dossiers.origin_of(data) if is_dossier else certificate.origin_of(data)
        key = belief.key_for(origin, vkey)
        verified = _checker(data)(data, key, size_min, voice)
    except UsageError:
        raise
    except RegistryError as error:
        return _failed(verdict.of_error(error, origin), voice)
    assert key is not None
    found = Verdict(name="valid", origin=origin)
    _say(found, verified, key, voice)
    return found.exit_code


def _checker(data: bytes) -> Callable[[bytes, VerifierKey | None, int, Voice], Shown]:
    """What checks a file, by what it is in form."""
    if dossier.is_dossier(data):
        return _replayed
    if award.is_award(data):
        return _awarded
    return _given if gift.is_gift(data) else _verified


def _say(found: Verdict, verified: Shown, key: VerifierKey, voice: Voice) -> None:
    """Say what holds, and what the file shows."""
    told = _TOLD_BY[type(verified)]
    if voice.is_json:
        verdict.say_object(found, told.object_of(verified, key), voice)
        return
    verdict.say(found, voice.text(told.SUBJECT, number=told.number_of(verified)), voice)
    told.tell(verified, key, voice)


def _failed(found: Verdict, voice: Voice) -> int:
    if voice.is_json:
        verdict.say_object(found, {}, voice)
    else:
        verdict.say(found, verdict.subject_log(found, voice), voice)
        if found.name == "invalid":
            voice.say("verify.advice")
    return found.exit_code


def _verified(data: bytes, key: VerifierKey | None, size_min: int, voice: Voice) -> Verified:
    """The certificate, once the proof holds and contradicts nothing that was seen before."""
    try:
        verified = certificate.verify(data, key, size_min=size_min)
    except (StaleError, BrokenHistoryError) as error:
        # Stale, or annulled, but signed: it must not contradict what was seen either.
        _remember(data, error.facts.get("verified"), key, voice)
        raise
    _remember(data, verified, key, voice)
    return verified


def _awarded(data: bytes, key: VerifierKey | None, size_min: int, voice: Voice) -> VerifiedAward:
    """The certificate of no retirement, once the proof holds and contradicts nothing that was seen before."""
    try:
        verified = award.verify_award(data, key, size_min=size_min)
    except (StaleError, BrokenHistoryError) as error:
        _remember(data, error.facts.get("verified"), key, voice)
        raise
    _remember(data, verified, key, voice)
    return verified


def _remember(data: bytes, verified: object, key: VerifierKey | None, voice: Voice) -> None:
    """Remember the checkpoint of what was verified; of what does not hold there is none."""
    if isinstance(verified, Verified | VerifiedAward):
        assert key is not None, "nothing is signed without a key"
        signer = certificate.last_signer(verified.log_keys, key)
        belief.remember(proof.decode(data).note, signer, voice)


def _replayed(data: bytes, key: VerifierKey | None, size_min: int, voice: Voice) -> VerifiedDossier:
    """The certificate, once the dossier holds and contradicts nothing that was seen before."""
    try:
        found = dossiers.verify_dossier(data, key, size_min=size_min)
    except StaleError as error:
        _remember_signed(error.facts["verified"], voice)
        raise
    _remember_signed(found, voice)
    return found


def _remember_signed(found: object, voice: Voice) -> None:
    assert isinstance(found, VerifiedDossier)
    assert found.signer is not None, "nothing is valid or stale without a key"
    belief.remember(found.note, found.signer, voice)


def _given(data: bytes, key: VerifierKey | None, size_min: int, voice: Voice) -> VerifiedGift:
    """The gift, once the proof holds and contradicts nothing that was seen before."""
    try:
        found = gift.verify_gift(data, key, size_min=size_min)
    except StaleError as error:
        _remember_given(data, error.facts["verified"], key, voice)
        raise
    _remember_given(data, found, key, voice)
    return found


def _remember_given(data: bytes, verified: object, key: VerifierKey | None, voice: Voice) -> None:
    assert key is not None, "nothing is valid or stale without a key"
    assert isinstance(verified, VerifiedGift)
    signer = certificate.last_signer(verified.log_keys, key)
    belief.remember(proof.decode(data).note, signer, voice)
