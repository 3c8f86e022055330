"""Whom the reader believes: the key that was given or pinned, and the checkpoints that were seen under it."""

from registry.cli.voice import Voice
from registry.errors import IncompleteError, RefusedError, UsageError
from registry.ledger.note import VerifierKey, open_checkpoint, read_vkey
from registry.verifier import trust
from registry.verifier.trust import Memory


def given_key(vkey: str) -> VerifierKey:
    """The key that was typed.

    Raises:
        UsageError: it is none.
    """
    try:
        return read_vkey(vkey.strip())
    except RefusedError as refusal:
        raise UsageError(refusal.code, **refusal.facts) from refusal


def key_for(origin: str | None, vkey: str | None) -> VerifierKey | None:
    """The key to check a log named `origin` with: the one given, else the one pinned, else none.

    Raises:
        UsageError: what was given is no key.
        IncompleteError: `pins_unreadable`.
    """
    if vkey is not None:
        return given_key(vkey)
    try:
        return None if origin is None else trust.pinned_for(origin)
    except (RefusedError, UnicodeDecodeError, OSError) as error:
        said = error.code if isinstance(error, RefusedError) else str(error)
        file = str(trust.pins_file())
        raise IncompleteError("pins_unreadable", file=file, said=said) from error


def remember(note: bytes, key: VerifierKey, voice: Voice) -> None:
    """Compare a checkpoint that `key` signed with what was seen before, and keep it if it is higher.

    Raises:
        BrokenHistoryError: `forked`.
    """
    memory = Memory(key=key)
    try:
        memory.check(open_checkpoint(note, key))
        memory.remember(note)
    except OSError as error:
        # Nothing was found against the proof; only the next one has less to be compared with.
        voice.warn("verify.not_remembered", said=error.strerror or str(error))
