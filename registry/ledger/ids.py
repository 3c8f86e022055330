"""New ids are derived from the act that makes them, never chosen: no squatting, no counters.

    id            = base32(SHA-256(canonical [tag, log, author account, nonce, part index]))[:16]
    id of a row   = the same over [tag, log, author account, nonce, part index, row index]

base32 is RFC 4648's alphabet in lower case. Bearers are named by their whole key id, 52 characters.
"""

from base64 import b32encode
from hashlib import sha256

from registry.ledger import canonical
from registry.ledger.keys import Key, key_id

TAG = "carbon-registry/id/v1"
ID_CHARACTERS = 16


def derived_id(log: bytes, author: str, nonce: bytes, part: int) -> str:
    """The id of what part `part` of the act brings into being, 16 characters."""
    digest = sha256(canonical.encode([TAG, log, author, nonce, part])).digest()
    return _base32(digest)[:ID_CHARACTERS]


def bearer(key: Key) -> str:
    """The account name of somebody who has a key and no account."""
    return f"bearer/{_base32(key_id(key))}"


def _base32(data: bytes) -> str:
    return b32encode(data).decode("ascii").lower().rstrip("=")
