"""Whom the reader believes: the key that was given or pinned, and the checkpoints that were seen under it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.cli.exits import UsageError
from registry.cli.voice import Voice
from registry.errors import IncompleteError, RefusedError
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
        why = error.code if isinstance(error, RefusedError) else str(error)
        file = str(trust.pins_file())
        raise IncompleteError("pins_unreadable", file=file, why=why) from error


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
        voice.warn("verify.not_remembered", why=error.strerror or str(error))


def readable(file: Path, bytes_max: int) -> bytes:
    """The bytes of `file`; of one that is longer than `bytes_max`, one byte more than that: enough to refuse it.

    Raises:
        UsageError: `no_file`, `storage_failed`.
    """
    if not file.is_file():
        raise UsageError("no_file", file=str(file))
    with at_hand(), file.open("rb") as opened:
        return opened.read(bytes_max + 1)


@contextmanager
def at_hand() -> Iterator[None]:
    """What the system will not let us read is no verdict on it.

    Raises:
        UsageError: `storage_failed`.
    """
    try:
        yield
    except OSError as error:
        why, file = error.strerror or str(error), str(error.filename or "")
        raise UsageError("storage_failed", why=why, file=file) from error
