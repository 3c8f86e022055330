"""Ids are derived, never chosen: no squatting, no counters.

    log id        = SHA-256(canonical [log tag, origin, the log's first key, 32 random bytes])
    id            = base32(SHA-256(canonical [tag, log, author account, nonce, part index]))[:16]
    id of a row   = the same over [tag, log, author account, nonce, part index, row index]

base32 is RFC 4648's alphabet in lower case. Bearers are named by their whole key id, 52 characters.
"""

from base64 import b32encode
from hashlib import sha256

from registry.ledger import canonical
from registry.ledger.keys import Key, key_id
from registry.names import BEARER

TAG = "carbon-registry/id/v1"
LOG_TAG = "carbon-registry/log/v1"
ID_CHARACTERS = 16


def log_id(origin: str, key: Key, random: bytes) -> bytes:
    """The id of the log that begins with this name, key and random bytes, 32 bytes.

    Every intent names it, so that whoever has the key can tell an intent that was meant for another log.
    """
    return sha256(canonical.encode([LOG_TAG, origin, key, random])).digest()


def derived_id(log: bytes, author: str, nonce: bytes, part: int) -> str:
    """The id of what part `part` of the act brings into being, 16 characters."""
    digest = sha256(canonical.encode([TAG, log, author, nonce, part])).digest()
    return _base32(digest)[:ID_CHARACTERS]


def row_id(log: bytes, author: str, nonce: bytes, part: int, row: int) -> str:
    """The id of what row `row` of part `part` of the act brings into being, 16 characters."""
    digest = sha256(canonical.encode([TAG, log, author, nonce, part, row])).digest()
    return _base32(digest)[:ID_CHARACTERS]


def once_id(log: bytes, nonce: bytes) -> str:
    """The id of what may come into being once in a log, whoever's act it is: as of `registry` and part 0."""
    return derived_id(log, "registry", nonce, 0)


def bearer(key: Key) -> str:
    """The account name of somebody who has a key and no account."""
    return f"{BEARER}{_base32(key_id(key))}"


def _base32(data: bytes) -> str:
    return b32encode(data).decode("ascii").lower().rstrip("=")
