"""How far an audit got, kept by whoever audits, so that one that was cut off goes on instead of beginning again.

    $XDG_STATE_HOME/carbon-registry/audits/<name of the place>      SHA-256 of the rest, and the rest: MessagePack

It is the auditor's own word to itself, in a file that only its user may touch, and nothing of it comes from the
registry. What it says of the entries that were judged is a digest over every stored byte of them, of which all are
read again: if one is another, the audit begins at the beginning, and names it. It is of no use to another version of
the software, which may judge otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgpack

import registry
from registry import states
from registry.domain import kinds
from registry.history import Stream
from registry.ledger.tree import HASH_BYTES, Frontier
from registry.names import kind_of
from registry.place import Place
from registry.states import NotAStateError
from registry.verifier import trust
from registry.verifier.replay import Replay

TAG = "carbon-registry/interim/v1"
KEEP_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Where it is kept how far a run got, how often (seconds), and whether to go on from what is kept there."""

    file: Path | None = None
    resume: bool = False
    every_s: float = KEEP_S


NOT_KEEPING = Keeping()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interim:
    """An audit that found nothing wrong in the entries so far: its replay, without leaves, and the digests of them."""

    replay: Replay
    rows: bytes
    detached: bytes


def file_of(place: Place) -> Path:
    """Where it is kept how far the audit of `place` got."""
    name = str(place.absolute() if isinstance(place, Path) else place)
    return trust.state_directory() / "audits" / sha256(name.encode()).hexdigest()[:HASH_BYTES]


def save(file: Path, found: Interim) -> None:
    """Keep `found`; a crash leaves what was kept before, or this."""
    body = msgpack.packb(
        [TAG, _software(), found.rows, found.detached, _packed(found.replay)], use_bin_type=True
    )
    trust.write(file, sha256(body).digest() + body)


def load(file: Path) -> Interim | None:
    """What was kept in `file`; None if that is nothing, or of another version, or not whole."""
    try:
        data = file.read_bytes()
        if sha256(data[HASH_BYTES:]).digest() != data[:HASH_BYTES]:
            return None
        tag, software, rows, detached, packed = msgpack.unpackb(data[HASH_BYTES:], raw=False)
        if (tag, software) != (TAG, _software()):
            return None
        return Interim(replay=_replay(packed), rows=rows, detached=detached)
    except (FileNotFoundError, ValueError, TypeError, NotAStateError, msgpack.UnpackException):
        return None


def forget(keeping: Keeping) -> None:
    """Keep nothing any more: there is a verdict."""
    if keeping.file is not None:
        keeping.file.unlink(missing_ok=True)


@cache
def _software() -> bytes:
    """The digest of all that judges: this package, file by file."""
    digest = sha256()
    root = Path(registry.__file__).parent
    for source in sorted(root.rglob("*.py")):
        digest.update(str(source.relative_to(root)).encode() + b"\x00")
        digest.update(sha256(source.read_bytes()).digest())
    return digest.digest()


def _packed(replay: Replay) -> list[Any]:
    groups: dict[str, list[tuple[str, Stream]]] = {}
    for name, stream in replay.streams.items():
        groups.setdefault(kind_of(name), []).append((name, stream))
    packed = {}
    for kind, streams in groups.items():
        held = states.encode_all(_class_of(streams[0][0]), [stream.state for _, stream in streams])
        lengths = [(name, stream.length, stream.last) for name, stream in streams]
        packed[kind] = (lengths, held)
    frontier = replay.frontier
    return [replay.log, replay.at_us, frontier.size, frontier.peaks, packed, replay.nonces()]


def _replay(plain: Sequence[Any]) -> Replay:
    log, at_us, size, peaks, packed, nonces = plain
    replay = Replay()
    replay.log, replay.at_us = log, at_us
    replay.frontier = Frontier(size, peaks)
    for lengths, held in packed.values():
        found = states.decode_all(_class_of(lengths[0][0]), held)
        for (name, length, last), state in zip(lengths, found, strict=True):
            replay.streams[name] = Stream(state=state, length=length, last=last)
    for account, nonce, until_us in nonces:
        replay.keep_nonce(account, nonce, until_us)
    return replay


def _class_of(stream: str) -> type:
    return type(kinds.blank(stream))
