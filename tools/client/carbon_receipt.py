"""What came back, and whether the log really holds it: signatures, checkpoints, proofs, and what was seen before.

A receipt is believed if the entry in it is the intent that was sent, the entry is a leaf of the tree whose root a
checkpoint says, the pinned key signed that checkpoint, and the log goes on from what this client saw of it before.
docs/format.md, sections 3 and 9. Needs cryptography and msgpack; beside it, carbon_intent.py.
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from tools.client import carbon_intent as intents
else:  # files that people copy, with no package around them
    import carbon_intent as intents

ClientError, require, unbase64 = intents.ClientError, intents.require, intents.unbase64

ENTRY_BYTES_MAX = 65_535
P = 2**255 - 19
SMALL = {0, 1, P - 1} | {
    int.from_bytes(bytes.fromhex(y), "little")
    for y in (
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
}
"""The y of the points of small order."""
Prove = Callable[[int, int], Sequence[bytes]]
"""The consistency proof from one size to a greater one, as the server has it."""


@dataclass(frozen=True)
class Checkpoint:
    """What a log signed of itself: how many entries it has, and their root."""

    size: int
    root: bytes
    note: str


class Seen(Protocol):
    """Remembers the note of the newest checkpoint, durably; None before the first."""

    def load(self) -> str | None: ...

    def save(self, note: str) -> None: ...


@dataclass(frozen=True)
class SeenFile:
    """Remembers it in a file. A crash leaves the old note or the new one."""

    path: Path

    def load(self) -> str | None:
        return self.path.read_text("utf-8") if self.path.exists() else None

    def save(self, note: str) -> None:
        beside = self.path.with_name(self.path.name + ".new")
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)


def check_signature(public: bytes, message: bytes, signature: bytes) -> None:
    """Return if `signature` over `message` is by the Ed25519 key `public`. Raises: ClientError `bad_signature`."""
    points = [int.from_bytes(one[:32], "little") & ((1 << 255) - 1) for one in (public, signature)]
    sized = len(public) == 32 and len(signature) == 64
    # OpenSSL alone would let these pass: points of small order, and encodings of p and more.
    require(sized and all(y < P and y not in SMALL for y in points), "bad_signature")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature as error:
        raise ClientError("bad_signature") from error


def open_checkpoint(note: object, vkey: str) -> Checkpoint:
    """The checkpoint in `note`, signed under the pinned `vkey`.

    Raises:
        ClientError: `bad_vkey`, `bad_note`, `bad_checkpoint`, `wrong_origin`, `bad_checkpoint_signature`.
    """
    name, own, public = _read_vkey(vkey)
    if not isinstance(note, str):
        raise ClientError("bad_note")
    head, blank, lines = note.rpartition("\n\n")
    plain = len(note.encode("utf-8", "replace")) <= 65_536 and not re.search("[\0-\t\v-\x1f]", note)
    framed = blank != "" and re.fullmatch(r"([^\n]+\n){1,100}", lines) is not None
    require(plain and framed, "bad_note")
    signed = [_read_line(line) for line in lines[:-1].split("\n")]
    origin, size, root = _read_checkpoint(head + "\n")
    require(origin == name, "wrong_origin", origin=origin)
    mine = [line[4:] for whose, line in signed if whose == name and line[:4] == own]
    require(len(mine) > 0, "bad_checkpoint_signature")
    for signature in mine:
        try:
            check_signature(public, head.encode() + b"\n", signature)
        except ClientError as error:
            raise ClientError("bad_checkpoint_signature") from error
    return Checkpoint(size, root, note)


def _read_vkey(vkey: str) -> tuple[str, bytes, bytes]:
    """A vkey's name, key id and public key."""
    read = re.fullmatch(r"([!-*,-~]{1,128})\+([0-9a-f]{8})\+(\S+)", vkey, re.ASCII)
    if read is None:
        raise ClientError("bad_vkey")
    data = unbase64(read[3], "bad_vkey")
    own = sha256(read[1].encode() + b"\n" + data).digest()[:4]
    require(data[:1] == b"\x01" and len(data) == 33 and own.hex() == read[2], "bad_vkey")
    return read[1], own, data[1:]


def _read_line(line: str) -> tuple[str, bytes]:
    """A signature line's name, and its key id followed by the signature."""
    read = re.fullmatch(r"— ([!-*,-~]{1,128}) (\S+)", line)
    if read is None:
        raise ClientError("bad_note")
    data = unbase64(read[2], "bad_note")
    require(len(data) > 4, "bad_note")
    return read[1], data


def _read_checkpoint(text: str) -> tuple[str, int, bytes]:
    read = re.fullmatch(r"([!-*,-~]{1,128})\n(0|[1-9][0-9]{0,18})\n(\S+)\n", text, re.ASCII)
    if read is None:
        raise ClientError("bad_checkpoint")
    size, root = int(read[2]), unbase64(read[3], "bad_checkpoint")
    require(size < 2**63 and len(root) == 32, "bad_checkpoint")
    return read[1], size, root


def remember(checkpoint: Checkpoint, vkey: str, seen: Seen, prove: Prove) -> None:
    """Return if the log of `checkpoint` is the one that was `seen` before; the greater of both is remembered.

    Raises:
        ClientError: `forked` if neither tree begins with the other; `bad_path`.
    """
    note = seen.load()
    old = checkpoint if note is None else open_checkpoint(note, vkey)
    first, last = sorted((old, checkpoint), key=lambda one: one.size)
    path = prove(first.size, last.size) if 0 < first.size < last.size else []
    check_consistent(first, last, path)
    if note is None or checkpoint.size > old.size:
        seen.save(checkpoint.note)


def check_consistent(old: Checkpoint, new: Checkpoint, path: Sequence[bytes]) -> None:
    """Return if the tree of `new` begins with that of `old`. Raises: ClientError `bad_path`, `forked`.

    Source: RFC 9162, section 2.1.4.2.
    """
    if old.size in (0, new.size):
        same = old.size == 0 or old.root == new.root
        require(same and not path, "forked", size=old.size)
        return
    shift = (old.size & -old.size).bit_length() - 1
    inner = ((old.size - 1) ^ (new.size - 1)).bit_length() - shift
    border = ((old.size - 1) >> (inner + shift)).bit_count()
    rest = [old.root, *path] if old.size == 1 << shift else list(path)
    whole = len(rest) == 1 + inner + border and all(len(one) == 32 for one in rest)
    require(whole, "bad_path", hashes=len(path))
    first = second = rest[0]
    for level, sibling in enumerate(rest[1:]):
        if level >= inner or (old.size - 1) >> (shift + level) & 1:
            first, second = intents.node_hash(sibling, first), intents.node_hash(sibling, second)
        else:
            second = intents.node_hash(second, sibling)
    require(first == old.root and second == new.root, "forked", size=old.size)


def check_included(leaf: bytes, index: int, path: Sequence[bytes], checkpoint: Checkpoint) -> None:
    """Return if `leaf` is at `index` in the tree of `checkpoint`. Raises: ClientError `bad_path`, `not_included`.

    Source: RFC 9162, section 2.1.3.2.
    """
    require(0 <= index < checkpoint.size, "not_included", index=index, size=checkpoint.size)
    inner = (index ^ (checkpoint.size - 1)).bit_length()
    whole = len(path) == inner + (index >> inner).bit_count()
    require(whole and all(len(one) == 32 for one in path), "bad_path", hashes=len(path))
    root = leaf
    for level, sibling in enumerate(path):
        left = level >= inner or index >> level & 1
        root = intents.node_hash(sibling, root) if left else intents.node_hash(root, sibling)
    require(root == checkpoint.root, "not_included", index=index)


def check_entry(entry: object, intent: intents.Intent) -> bytes:
    """The leaf hash of `entry`, which records `intent`.

    Raises:
        ClientError: `too_long`, `not_canonical`, `other_entry`.
    """
    if not isinstance(entry, bytes):
        raise ClientError("other_entry")
    value = intents.decode(entry, ENTRY_BYTES_MAX)
    recorded = isinstance(value, list) and len(value) == 6 and value[2] == intent.data
    require(recorded and value[0] == "carbon-registry/entry/v1", "other_entry")
    return intents.leaf_hash(entry)


def believe(
    get: Callable[..., Any], receipt: Any, intent: intents.Intent, vkey: str, seen: Seen
) -> dict[str, Any]:
    """What a receipt comes to once nothing in it is taken on trust: where the log holds `intent`, and how long it is.

    Args:
        get: asks the server, given a path below /v1 and maybe a media type.

    Raises:
        ClientError: `bad_answer`, and as the checks above.
    """
    index = receipt.get("index") if isinstance(receipt, dict) else None
    if type(index) is not int:
        raise ClientError("bad_answer", field="index")
    leaf = check_entry(get(f"log/entries/{index}", "application/octet-stream"), intent)
    note, path = _proof(get(f"log/entries/{index}/proof"))
    checkpoint = open_checkpoint(note, vkey)
    check_included(leaf, index, path, checkpoint)

    def prove(old: int, new: int) -> Sequence[bytes]:
        return _proof(get(f"log/consistency?from={old}&to={new}"))[1]

    remember(checkpoint, vkey, seen, prove)
    return {"index": index, "leaf": leaf.hex(), "size": checkpoint.size}


def _proof(said: Any) -> tuple[Any, list[bytes]]:
    """The note and the hashes in a proof that the server said."""
    path = said.get("path") if isinstance(said, dict) else None
    if not isinstance(path, list) or not all(isinstance(one, str) for one in path):
        raise ClientError("bad_answer", field="path")
    try:
        return said.get("checkpoint"), [bytes.fromhex(one) for one in path]
    except ValueError as error:
        raise ClientError("bad_answer", field="path") from error
