"""Claim codes: 128 bits that a guest can read aloud and type; each derives the key that signs the guest's claim.

    code   6 groups of 5 of 0123456789ABCDEFGHJKMNPQRSTVWXYZ, joined by "-": 26 characters of the 128 bits, the first
           of which is 0 to 7, and 4 of the check
    check  the first 20 bits of SHA-256(canonical [CHECK_TAG, 16 bytes])
    seed   SHA-256(canonical [SEED_TAG, log, campaign, 16 bytes]): that of an Ed25519 key

Whoever has the code has the gift, so it is nowhere but with the guest and in the file it was handed out from. The log
holds the name of its key, `bearer/<key id>`, from which nobody finds the code.

Source: the alphabet of Crockford's Base32 (no I, L, O, U; I and L are read as 1, O as 0).
"""

import re
from base64 import b32encode
from hashlib import sha256

from registry.errors import RefusedError, require
from registry.ledger import canonical

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SECRET_BYTES = 16
CHECK_TAG = "carbon-registry/claim-check/v1"
SEED_TAG = "carbon-registry/claim-seed/v1"

_SECRET_CHARACTERS = 26
_CHECK_CHARACTERS = 4
_GROUP = 5
_CHARACTERS = _SECRET_CHARACTERS + _CHECK_CHARACTERS
_TYPED = re.compile(r"[0-9A-Za-z]+(?:[ -][0-9A-Za-z]+)*", re.ASCII)
_READ_AS = str.maketrans("ILO", "110")
_WHOLE_BYTES = 20
"""As many as make whole characters, 32 of them."""
_OURS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode("ascii"))
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def spell(secret: bytes) -> str:
    """The code of 16 random bytes, as it is handed out."""
    assert len(secret) == SECRET_BYTES
    characters = _characters(int.from_bytes(secret, "big"), _SECRET_CHARACTERS) + _check(secret)
    return "-".join(
        characters[first : first + _GROUP] for first in range(0, len(characters), _GROUP)
    )


def read(typed: str) -> bytes:
    """The 16 bytes that a code says, however its letters are written and grouped.

    Raises:
        RefusedError: `bad_claim_code`; it never repeats what was typed, which may be somebody's code but for a slip.
    """
    text = typed.strip()
    require(_TYPED.fullmatch(text) is not None, "bad_claim_code", why="other_characters")
    characters = text.replace("-", "").replace(" ", "").upper().translate(_READ_AS)
    long = len(characters)
    require(
        long == _CHARACTERS,
        "bad_claim_code",
        why="characters_counted",
        found=long,
        expected=_CHARACTERS,
    )
    value = 0
    for character in characters[:_SECRET_CHARACTERS]:
        if character not in _VALUES:
            raise RefusedError("bad_claim_code", why="character_unknown", character=character)
        value = value << 5 | _VALUES[character]
    require(value >> 128 == 0, "bad_claim_code", why="first_character")
    secret = value.to_bytes(SECRET_BYTES, "big")
    same = characters[_SECRET_CHARACTERS:] == _check(secret)
    require(same, "bad_claim_code", why="character_wrong")
    return secret


def seed(secret: bytes, *, log: bytes, campaign: str) -> bytes:
    """The seed of the key that a code stands for, in one campaign of one log, 32 bytes."""
    assert len(secret) == SECRET_BYTES
    return sha256(canonical.encode([SEED_TAG, log, campaign, secret])).digest()


def _check(secret: bytes) -> str:
    digest = sha256(canonical.encode([CHECK_TAG, secret])).digest()
    return _characters(int.from_bytes(digest[:3], "big") >> 4, _CHECK_CHARACTERS)


def _characters(value: int, count: int) -> str:
    """The last `count` characters of a number to the base of 32."""
    return b32encode(value.to_bytes(_WHOLE_BYTES, "big")).translate(_OURS)[-count:].decode("ascii")
