"""Signed notes, verifier keys and checkpoints, as C2SP writes them; parsed strictly.

    note        = text (ends in newline) || newline || one or more "- <name> <base64 of key id and signature>\\n"
                  where - stands for an em dash, U+2014
    key id      = SHA-256(name || 0x0A || 0x01 || public key)[:4]
    vkey        = <name>+<key id, hex>+<base64 of 0x01 || public key>
    checkpoint  = origin \\n size \\n base64 root \\n, as the text of a note by a key whose name is the origin

Source: c2sp.org/signed-note v1.0.0, c2sp.org/tlog-checkpoint v1.0.0. Stricter than they ask: at most NOTE_BYTES_MAX
bytes and SIGNATURES_MAX lines, and checkpoints have no extension lines.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

from registry.errors import RefusedError, require
from registry.ledger.keys import PUBLIC_BYTES, SUITE, check_registrable, check_signature
from registry.ledger.tree import HASH_BYTES, SIZE_MAX

NOTE_BYTES_MAX = 65_536
SIGNATURES_MAX = 100
NAME_CHARACTERS_MAX = 128
ED25519 = b"\x01"

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A name, and the Ed25519 public key that signs notes under it."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key on a signature line."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key, hex, for two people to compare over another channel."""
        return sha256(self.public).hexdigest()

    def __str__(self) -> str:
        encoded = b64encode(ED25519 + self.public).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself: its name, how many entries it has, and their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode('ascii')}\n"


def check_name(name: str) -> None:
    """Return if `name` may be the name of a key and the origin of a log.

    Raises:
        RefusedError: `bad_name`.
    """
    # Of ASCII: what is printable in Unicode changes with its version, and so between readers.
    printable = all("!" <= character <= "~" for character in name)
    sane = bool(name) and len(name) <= NAME_CHARACTERS_MAX and "+" not in name
    require(printable and sane, "bad_name", name=name)


def read_vkey(line: str) -> VerifierKey:
    """The key that a vkey line says; its key id is computed again.

    Raises:
        RefusedError: `bad_vkey`, `bad_name`, `weak_key`.
    """
    pieces = line.split("+", 2)
    require(len(pieces) == 3, "bad_vkey", why="vkey_expected")
    name, key_id_hex, encoded = pieces
    check_name(name)
    data = _base64(encoded, "bad_vkey")
    typed = data[:1] == ED25519 and len(data) == 1 + PUBLIC_BYTES
    require(typed, "bad_vkey", why="not_ed25519")
    key = VerifierKey(name=name, public=data[1:])
    named = _KEY_ID.fullmatch(key_id_hex) is not None and key.key_id.hex() == key_id_hex
    require(named, "bad_vkey", why="other_key_id")
    check_registrable((SUITE, key.public))
    return key


def signature_line(key: VerifierKey, signature: bytes) -> str:
    """The line that carries `signature` by `key` over a note's text."""
    return f"— {key.name} {b64encode(key.key_id + signature).decode('ascii')}\n"


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text says.

    Raises:
        RefusedError: `bad_checkpoint`.
    """
    lines = text.split("\n")
    require(len(lines) == 4 and lines[3] == "", "bad_checkpoint", why="three_lines_expected")
    origin, size, root_text, _ = lines
    try:
        check_name(origin)
    except RefusedError as error:
        raise RefusedError("bad_checkpoint", why="origin_no_name") from error
    decimal = _DECIMAL.fullmatch(size) is not None and int(size) <= SIZE_MAX
    require(decimal, "bad_checkpoint", why="size_expected")
    root = _base64(root_text, "bad_checkpoint")
    require(len(root) == HASH_BYTES, "bad_checkpoint", why="root_expected")
    return Checkpoint(origin=origin, size=int(size), root=root)


def split_note(data: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """A note's text, and per signature line the name, the key id and the signature.

    Raises:
        RefusedError: `bad_note` for everything that the grammar above does not say.
    """
    require(len(data) <= NOTE_BYTES_MAX, "bad_note", why="bytes_too_many")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedError("bad_note", why="utf8_expected") from error
    controls = any(character < " " and character != "\n" for character in whole)
    require(not controls, "bad_note", why="control_character")
    text, blank, signatures = whole.rpartition("\n\n")
    ended = blank != "" and signatures.endswith("\n") and len(signatures) > 1
    require(ended, "bad_note", why="signatures_missing")
    lines = signatures[:-1].split("\n")
    require(len(lines) <= SIGNATURES_MAX, "bad_note", why="signatures_too_many")
    return text + "\n", [_read_line(line) for line in lines]


def open_checkpoint(data: bytes, key: VerifierKey) -> Checkpoint:
    """The checkpoint in the note `data`, signed by `key`, under the name of `key`.

    Signature lines of other keys are passed over; every line that claims to be of `key` must hold.

    Raises:
        RefusedError: `bad_note`, `bad_checkpoint`; `wrong_origin` if the log is another; `bad_checkpoint_signature`
            if `key` has not signed it.
    """
    text, lines = split_note(data)
    checkpoint = read_checkpoint(text)
    same = checkpoint.origin == key.name
    require(same, "wrong_origin", origin=checkpoint.origin, expected=key.name)
    own = [line for line in lines if line[:2] == (key.name, key.key_id)]
    require(bool(own), "bad_checkpoint_signature", why="no_line_by_key")
    for _, _, signature in own:
        try:
            check_signature((SUITE, key.public), text.encode(), signature)
        except RefusedError as error:
            raise RefusedError("bad_checkpoint_signature", origin=key.name) from error
    return checkpoint


def _read_line(line: str) -> tuple[str, bytes, bytes]:
    mark, name, encoded = ([*line.split(" "), "", "", ""])[:3]
    require(mark == "—" and line.count(" ") == 2, "bad_note", why="signature_line_expected")
    try:
        check_name(name)
    except RefusedError as error:
        raise RefusedError("bad_note", why="name_expected") from error
    data = _base64(encoded, "bad_note")
    require(len(data) > 4, "bad_note", why="signature_empty")
    return name, data[:4], data[4:]


def _base64(text: str, code: str) -> bytes:
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise RefusedError(code, why="base64_expected") from error
    require(b64encode(data).decode("ascii") == text, code, why="base64_expected")
    return data
