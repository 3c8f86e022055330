"""An intent: what its author and cosigners want and sign; the registry decides where it goes.

    intent = canonical [tag, log, author account, author key, [[cosigner account, key], ...],
                        [[stream, [[kind, body], ...]], ...], nonce, not_after_us]
    signed = "carbon-registry/intent-signature/v1" 0x00 || intent

`log` is the log's id (`ids.log_id`). Streams are distinct.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.errors import RefusedError, require
from registry.ledger import canonical
from registry.ledger.keys import Key, check_signature, key_id, read_key

TAG = "carbon-registry/intent/v1"
SIGNED_PREFIX = b"carbon-registry/intent-signature/v1\x00"

INTENT_BYTES_MAX = 49_152
SIGNERS_MAX = 16
PARTS_MAX = 32
EVENTS_PER_PART_MAX = 8
NONCE_BYTES = 16
TIME_US_MAX = 2**53 - 1
"""A day in the year 2255: beyond it no reader's calendar or number needs to go."""

LIFE_US_MAX = 7 * 24 * 3600 * 1_000_000

_ACCOUNT = re.compile(r"registry|account/[0-9A-Za-z-]{1,48}|bearer/[a-z2-7]{52}", re.ASCII)
_STREAM = re.compile(r"registry|[a-z]{1,16}/[0-9A-Za-z-]{1,64}", re.ASCII)
_KIND = re.compile(r"[a-z]{1,16}\.[a-z_]{1,32}\.v[1-9][0-9]{0,2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """An account, and the key that speaks for it."""

    account: str
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What an act does in one stream: kinds with their bodies, in order."""

    stream: str
    events: tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One act, before the registry has placed it. `signers` begins with the author."""

    log: bytes
    signers: tuple[Signer, ...]
    parts: tuple[Part, ...]
    nonce: bytes
    not_after_us: int

    @property
    def author(self) -> str:
        """The account whose act this is."""
        return self.signers[0].account


def encode(intent: Intent) -> bytes:
    """The canonical bytes of `intent`, which are signed, stored, hashed and published."""
    author, *cosigners = intent.signers
    return canonical.encode(
        [
            TAG,
            intent.log,
            author.account,
            author.key,
            [[cosigner.account, cosigner.key] for cosigner in cosigners],
            [[part.stream, [[kind, body] for kind, body in part.events]] for part in intent.parts],
            intent.nonce,
            intent.not_after_us,
        ]
    )


def decode(data: bytes) -> Intent:
    """The intent whose bytes are `data`.

    Raises:
        RefusedError: `too_long`, `not_canonical`, `malformed`, `unknown_suite`.
    """
    value = canonical.decode(data, bytes_max=INTENT_BYTES_MAX)
    fields = array(value, 8, "intent")
    tag, log, account, key, cosigners, parts, nonce, not_after_us = fields
    require(tag == TAG, "malformed", field="tag", why="tag_expected", expected=TAG)
    read = [_read_signer([account, key])]
    read += [_read_signer(item) for item in several(cosigners, 0, SIGNERS_MAX - 1, "cosigners")]
    intent = Intent(
        log=sized(log, 32, "log"),
        signers=tuple(read),
        parts=tuple(_read_part(item) for item in several(parts, 1, PARTS_MAX, "parts")),
        nonce=sized(nonce, NONCE_BYTES, "nonce"),
        not_after_us=moment(not_after_us, "not_after_us"),
    )
    _check_distinct([part.stream for part in intent.parts], "streams")
    _check_distinct([signer.account for signer in intent.signers], "signers")
    _check_distinct([signer.key for signer in intent.signers], "keys")
    return intent


def in_key_order(signers: Sequence[Signer]) -> list[Signer]:
    """The signers in the order in which their signatures stand in an entry: by key id."""
    return sorted(signers, key=lambda signer: key_id(signer.key))


def check_signatures(intent: Intent, data: bytes, signatures: Sequence[bytes]) -> None:
    """Return if `signatures` are exactly those of the signers over `data`, the intent's bytes, in order of key id.

    Raises:
        RefusedError: `wrong_signatures` for another number; `bad_signature`.
    """
    for key, signature in by_key(intent, signatures):
        check_signature(key, SIGNED_PREFIX + data, signature)


def by_key(intent: Intent, signatures: Sequence[bytes]) -> list[tuple[Key, bytes]]:
    """The keys that sign `intent`, in order of key id, each with its signature, which is still to be checked.

    Raises:
        RefusedError: `wrong_signatures` for another number of them.
    """
    signers = in_key_order(intent.signers)
    same = len(signatures) == len(signers)
    require(same, "wrong_signatures", signatures=len(signatures), signers=len(signers))
    keys = [signer.key for signer in signers]
    return list(zip(keys, signatures, strict=True))


def array(value: object, length: int, field: str) -> list[Any]:
    """`value` if it is an array of `length`. Raises: RefusedError `malformed`."""
    if not isinstance(value, list) or len(value) != length:
        raise RefusedError("malformed", field=field, why="array_expected", length=length)
    return value


def several(value: object, least: int, most: int, field: str) -> list[Any]:
    """`value` if it is an array of `least` to `most`. Raises: RefusedError `malformed`."""
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise RefusedError("malformed", field=field, why="array_between", least=least, most=most)
    return value


def sized(value: object, size: int, field: str) -> bytes:
    """`value` if it is a byte string of `size`. Raises: RefusedError `malformed`."""
    if not isinstance(value, bytes) or len(value) != size:
        raise RefusedError("malformed", field=field, why="bytes_expected", length=size)
    return value


def natural(value: object, field: str) -> int:
    """`value` if it is an integer from 0. Raises: RefusedError `malformed`."""
    if type(value) is not int or value < 0:
        raise RefusedError("malformed", field=field, why="integer_from_expected", least=0)
    return value


def moment(value: object, field: str) -> int:
    """`value` if it is a time in microseconds, from 0 to TIME_US_MAX. Raises: RefusedError `malformed`."""
    at_us = natural(value, field)
    require(at_us <= TIME_US_MAX, "malformed", field=field, why="time_too_late")
    return at_us


def _matching(pattern: re.Pattern[str], value: object, field: str) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise RefusedError("malformed", field=field, why="grammar")
    return value


def _read_signer(value: object) -> Signer:
    account, key = array(value, 2, "signer")
    return Signer(account=_matching(_ACCOUNT, account, "account"), key=read_key(key))


def _read_part(value: object) -> Part:
    stream, events = array(value, 2, "part")
    return Part(
        stream=_matching(_STREAM, stream, "stream"),
        events=tuple(
            _read_event(event) for event in several(events, 1, EVENTS_PER_PART_MAX, "events")
        ),
    )


def _read_event(value: object) -> tuple[str, Mapping[str, Any]]:
    kind, body = array(value, 2, "event")
    require(isinstance(body, dict), "malformed", field="body", why="map_expected")
    return _matching(_KIND, kind, "kind"), body


def _check_distinct(values: Sequence[object], field: str) -> None:
    require(len(set(values)) == len(values), "malformed", field=field, why="one_twice")
