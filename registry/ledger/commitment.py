"""Commitments: what the log holds in place of names and free text.

    commitment = SHA-256(canonical [tag, log, author account, nonce, field, salt (32 bytes), value])
    opening    = [field, salt, value]

`field` is "<part index>/<event index>/<field name>", so that one opening fits one place only. The salt is random;
without it nobody can test a guess. Once an opening is erased nothing is left of the value.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from registry.errors import require
from registry.ledger import canonical

TAG = "carbon-registry/commitment/v1"
SALT_BYTES = 32
BYTES = 32
"""So long is a commitment."""
OPENING_BYTES_MAX = 16_384
"""So long a value may be, in canonical form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a commitment hides: the value, the salt, and the place in the act."""

    field: str
    salt: bytes
    value: Any


def check_form(opening: Opening) -> None:
    """Return if `opening` is one in form: a salt of SALT_BYTES, and a text or several, of OPENING_BYTES_MAX at most.

    Raises:
        RefusedError: `wrong_opening`.
    """
    salt: object = opening.salt
    salted = isinstance(salt, bytes) and len(salt) == SALT_BYTES
    require(salted, "wrong_opening", field=opening.field, why="salt_expected")
    texts = opening.value if isinstance(opening.value, list) else [opening.value]
    textual = bool(texts) and all(isinstance(text, str) for text in texts)
    require(textual, "wrong_opening", field=opening.field, why="texts_expected")
    size = len(canonical.encode(opening.value))
    short = size <= OPENING_BYTES_MAX
    require(short, "wrong_opening", field=opening.field, bytes=size, bytes_max=OPENING_BYTES_MAX)


def commitment(log: bytes, author: str, nonce: bytes, opening: Opening) -> bytes:
    """The commitment to `opening` in the act of `author` that has `nonce`, 32 bytes."""
    committed = [TAG, log, author, nonce, opening.field, opening.salt, opening.value]
    return sha256(canonical.encode(committed)).digest()


def field_name(part: int, event: int, name: str) -> str:
    """The `field` of a commitment that stands under `name` in a body."""
    return f"{part}/{event}/{name}"
