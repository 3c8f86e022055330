"""Canonical bytes: one value, one encoding, so that two readers cannot read two things.

    MessagePack in shortest form, of: nil, booleans, integers in -2^63 .. 2^63-1, byte strings, UTF-8
    strings, arrays, and maps whose keys are strings in the order of their UTF-8 bytes. No floats, no
    extensions, at most DEPTH_MAX levels of arrays and maps.

MessagePack is not canonical by itself, hence: decode, encode, compare, refuse.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgpack

from registry.errors import RefusedError

DEPTH_MAX = 16
INTEGER_MIN = -(2**63)
INTEGER_MAX = 2**63 - 1

_LEAVES = frozenset({bytes, str, bool, type(None)})
_STRINGS = frozenset({str})


def encode(value: Any) -> bytes:
    """The canonical bytes of `value`; tuples count as arrays, maps are put in order.

    Raises:
        RefusedError: `not_canonical` if the value has a type, an integer or a depth that has no canonical form.
    """
    if not _in_order([value], DEPTH_MAX + 1):
        value = _ordered(value)
    try:
        return msgpack.packb(value, use_bin_type=True)  # type: ignore[no-any-return]  # msgpack has no stubs for packb's result
    except UnicodeEncodeError as error:
        raise RefusedError("not_canonical", why="utf8_expected") from error


def decode(data: bytes, *, bytes_max: int) -> Any:
    """The value whose canonical bytes are exactly `data`.

    Args:
        data: canonical bytes, of one value and nothing after it.
        bytes_max: refuse, before parsing, what is longer.

    Raises:
        RefusedError: `too_long`; `not_canonical` for everything that `encode` would have written otherwise.
    """
    if len(data) > bytes_max:
        raise RefusedError("too_long", bytes=len(data), bytes_max=bytes_max)
    try:
        value = msgpack.unpackb(data, raw=False, strict_map_key=True, max_ext_len=0)
        in_order = _in_order([value], DEPTH_MAX + 1)
        again = msgpack.packb(value, use_bin_type=True)
    except RefusedError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise RefusedError("not_canonical", why="not_messagepack") from error
    if not in_order or again != data:
        raise RefusedError("not_canonical", why="other_bytes")
    return value


def decode_all(several: Sequence[bytes], *, bytes_max: int) -> list[Any]:
    """The values whose canonical bytes are exactly `several`, as `decode` has each; for thousands of short ones.

    Raises:
        RefusedError: `too_long` if one of them is; `not_canonical`.
    """
    longest = max(map(len, several), default=0)
    if longest > bytes_max:
        raise RefusedError("too_long", bytes=longest, bytes_max=bytes_max)
    packer = msgpack.Packer(use_bin_type=True)
    try:
        # One array of all: what each is by itself is seen when it is written again.
        joined = packer.pack_array_header(len(several)) + b"".join(several)
        values: list[Any] = msgpack.unpackb(joined, raw=False, strict_map_key=True, max_ext_len=0)
        in_order = _in_order(values, DEPTH_MAX + 1)
        again = list(map(packer.pack, values))
    except RefusedError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise RefusedError("not_canonical", why="not_messagepack") from error
    if not in_order or again != list(several):
        raise RefusedError("not_canonical", why="other_bytes")
    return values


def _in_order(items: Iterable[Any], depth: int) -> bool:
    """Whether all maps in `items`, inside `depth` levels that are left, have their keys in order.

    Written for speed: everything that is written or read passes here, most of it without a call.

    Raises:
        RefusedError: `not_canonical` for what has no canonical form in any order.
    """
    ordered = True
    for item in items:
        kind = type(item)
        if kind in _LEAVES:
            continue
        if kind is int:
            if not INTEGER_MIN <= item <= INTEGER_MAX:
                raise RefusedError("not_canonical", why="beyond_64_bits")
        elif depth == 1:
            raise RefusedError("not_canonical", why="too_deep", most=DEPTH_MAX)
        elif kind is list or kind is tuple:
            ordered &= _in_order(item, depth - 1)
        elif kind is dict:
            keys = list(item)
            if not _STRINGS.issuperset(map(type, keys)):
                raise RefusedError("not_canonical", why="map_key")
            # Code points and UTF-8 bytes sort alike: that is a property of UTF-8.
            ordered &= keys == sorted(keys)
            ordered &= _in_order(item.values(), depth - 1)
        else:
            raise RefusedError("not_canonical", why="no_canonical_form", type=kind.__name__)
    return ordered


def _ordered(value: Any) -> Any:
    """`value`, whose every part has a canonical form, with its maps in order."""
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    return value
