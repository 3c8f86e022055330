"""Public keys: what may be registered, how it is named, and the one way a signature is checked.

    key     = [suite, public key]            suite "ed25519-sha256": 32 bytes, RFC 8032
    key id  = SHA-256(canonical key)

The suite is fixed when a key is registered, never by a message. Ed25519 is checked by libsodium, everywhere:
cofactorless equation, S < L, and neither the key nor R a point of small order. Registration further asks for a
canonical encoding of a point of the prime-order group, so that no key exists for which every signature holds.
"""

from functools import lru_cache
from hashlib import sha256

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import BadSignatureError

from registry.errors import RefusedError, require
from registry.ledger import canonical

SUITE = "ed25519-sha256"
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64
KEY_IDS_CACHED_MAX = 16_384
POSSESSION_TAG = "carbon-registry/possession/v1"

Key = tuple[str, bytes]
"""Suite and public key, in full."""


@lru_cache(maxsize=KEY_IDS_CACHED_MAX)
def key_id(key: Key) -> bytes:
    """The name of `key`, 32 bytes, never to be shortened where it identifies."""
    return sha256(canonical.encode(key)).digest()


def read_key(value: object) -> Key:
    """The key that the canonical value [suite, public key] says.

    Raises:
        RefusedError: `malformed` for another shape; `unknown_suite`.
    """
    shaped = isinstance(value, list | tuple) and len(value) == 2
    require(shaped, "malformed", field="key", why="key_expected")
    assert isinstance(value, list | tuple)
    suite, public = value
    require(suite == SUITE, "unknown_suite", suite=suite)
    sized = isinstance(public, bytes) and len(public) == PUBLIC_BYTES
    require(sized, "malformed", field="key", why="public_key_expected")
    return suite, public


def check_registrable(key: Key) -> None:
    """Return if `key` may be registered.

    Raises:
        RefusedError: `unknown_suite`; `weak_key` for encodings that are not canonical, points of small or mixed order.
    """
    suite, public = read_key(key)
    require(crypto_core_ed25519_is_valid_point(public), "weak_key", suite=suite)


def check_signature(key: Key, message: bytes, signature: bytes) -> None:
    """Return if `signature` over `message` is by `key`.

    Raises:
        RefusedError: `bad_signature`.

    Source: RFC 8032, section 5.1.7, cofactorless, with the strictness told above.
    """
    suite, public = read_key(key)
    assert suite == SUITE
    require(
        len(signature) == SIGNATURE_BYTES,
        "bad_signature",
        why="bytes_expected",
        length=SIGNATURE_BYTES,
    )
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError as error:
        raise RefusedError("bad_signature", key=key_id(key).hex()) from error


def possession_message(log: bytes, account: str, key: Key, purpose: str) -> bytes:
    """What a key signs to show that whoever registers it has it: canonical [tag, log, account, key id, purpose]."""
    return canonical.encode([POSSESSION_TAG, log, account, key_id(key), purpose])
