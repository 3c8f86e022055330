"""`registry audit`: a verdict on a whole log, replayed from its first entry to its last."""

from typing import Any

from registry.cli import belief, verdict
from registry.cli.verdict import Verdict
from registry.cli.voice import Voice
from registry.desk.files import at_hand
from registry.errors import (
    BrokenHistoryError,
    IncompleteError,
    RefusedError,
    RegistryError,
    UnavailableError,
    UsageError,
)
from registry.ledger.note import VerifierKey
from registry.place import Place
from registry.verifier import audit as auditing
from registry.verifier import interim
from registry.verifier.audit import Audited
from registry.verifier.interim import Keeping

FIGURES = (
    "issued_g",
    "native_g",
    "deposited_g",
    "held_g",
    "locked_g",
    "retired_g",
    "cancelled_g",
    "certificates",
    "awaiting",
    "recovered",
)
_DERIVED = "derived."


def audit(path: Place, *, vkey: str | None, resume: bool, voice: Voice) -> int:
    """Replay the log in `path`, say the verdict, and return the exit code.

    How far it got is kept until there is a verdict; with `resume` it goes on from there.

    Raises:
        UsageError: there is no registry, or the key is none.
    """
    origin, key = None, None
    keeping = Keeping(file=interim.file_of(path), resume=resume)
    try:
        origin = auditing.origin_of(path)
        key = belief.key_for(origin, vkey)
        audited = _audited(path, key, vkey, keeping, voice)
    except RefusedError as refusal:
        raise UsageError(refusal.code, **refusal.facts) from refusal
    except RegistryError as error:
        if not isinstance(error, UnavailableError):
            interim.forget(keeping)
        return _failed(path, error, origin, key, voice)
    interim.forget(keeping)
    found = Verdict(name="valid", origin=audited.origin)
    if voice.is_json:
        verdict.say_object(found, {**_figures(audited), "stands": None}, voice)
    else:
        verdict.say(found, verdict.subject_log(found, voice), voice)
        voice.say("audit.replayed", entries=audited.entries)
        _tell_figures(audited, voice)
    return found.exit_code


def _failed(
    path: Place, error: RegistryError, origin: str | None, key: VerifierKey | None, voice: Voice
) -> int:
    told = error.facts.get("audited")
    audited = told if isinstance(told, Audited) else None
    found = verdict.of_error(error, audited.origin if audited else origin)
    stands = _stands(path, error, key)
    if voice.is_json:
        verdict.say_object(found, {**_figures(audited), "stands": stands}, voice)
        return found.exit_code
    verdict.say(found, verdict.subject_log(found, voice), voice)
    if stands is not None:
        voice.say("audit.stands", stands=stands)
    if audited is not None:
        voice.say("audit.unconfirmed")
        _tell_figures(audited, voice)
    return found.exit_code


def _audited(
    path: Place, key: VerifierKey | None, vkey: str | None, keeping: Keeping, voice: Voice
) -> Audited:
    """What the log comes to. Where its head does not say whose it is, its first entry does."""
    try:
        return _audited_with(path, key, keeping, voice)
    except IncompleteError as error:
        found = error.facts.get("audited")
        if key is not None or not isinstance(found, Audited):
            raise
        pinned = belief.key_for(found.origin, vkey)
        if pinned is None:
            raise
    return _audited_with(path, pinned, keeping, voice)


def _audited_with(path: Place, key: VerifierKey | None, keeping: Keeping, voice: Voice) -> Audited:
    with at_hand(), voice.progress() as progress:
        audited = auditing.audit(path, key, progress=progress, keeping=keeping)
    assert audited.signer is not None, "nothing is valid without a key"
    belief.remember(audited.note, audited.signer, voice)
    return audited


def _stands(path: Place, error: RegistryError, key: VerifierKey | None) -> int | None:
    """How many entries still stand although the log is invalid; None where that cannot be told."""
    if not isinstance(error, BrokenHistoryError):
        return None
    if error.code.startswith(_DERIVED):
        # Findings about tables come last: every entry was replayed; those under the signed head stand.
        return None if key is None else auditing.signed_size(path)
    index = error.facts.get("index")
    return index if isinstance(index, int) else None


def _figures(audited: Audited | None) -> dict[str, Any]:
    """The figures of an audit, for JSON; null where nothing is known."""
    names = ("entries", "root", *FIGURES)
    return {name: None if audited is None else getattr(audited, name) for name in names}


def _tell_figures(audited: Audited, voice: Voice) -> None:
    voice.say("audit.root", root=audited.root)
    voice.say("audit.balance", **{name: getattr(audited, name) for name in FIGURES})
    voice.say("audit.certificates", certificates=audited.certificates, awaiting=audited.awaiting)
    if audited.recovered:
        voice.say("audit.recovered", recovered=audited.recovered)
