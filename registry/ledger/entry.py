"""An entry: an intent, placed. One entry is one leaf of the tree, whole or not at all.

entry = canonical [tag, at_us, intent (byte string), signatures, consulted,
                   [[position, previous, [outcome, ...]], ...]]

at_us      microseconds since 1970 UTC, never less than in the entry before
consulted  [[stream, how many entries touch it before this one], ...], sorted
position   of this entry among those that touch the stream, from 1; one triple per part of the intent
previous   the leaf hash of the one before; 32 zero bytes at position 1
outcome    what the rules derived, one per event, nil where nothing is
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from registry.errors import RefusedError, require
from registry.ledger import canonical
from registry.ledger import intent as intents
from registry.ledger.intent import Intent, array, moment, natural, several, sized

TAG = "carbon-registry/entry/v1"
ENTRY_BYTES_MAX = 65_535
CONSULTED_MAX = 32
NO_PREVIOUS = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an act stands in one stream, and what came of it there."""

    position: int
    previous: bytes
    outcomes: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry, read. `intent_bytes` are what was signed; `intent` is what they say."""

    at_us: int
    intent_bytes: bytes
    intent: Intent
    signatures: tuple[bytes, ...]
    consulted: tuple[tuple[str, int], ...]
    places: tuple[Place, ...]


def encode(
    *,
    at_us: int,
    intent_bytes: bytes,
    signatures: Sequence[bytes],
    consulted: Sequence[tuple[str, int]],
    places: Sequence[Place],
) -> bytes:
    """The canonical bytes of an entry.

    Raises:
        RefusedError: `too_long` if they are more than ENTRY_BYTES_MAX.
    """
    placed = [[place.position, place.previous, place.outcomes] for place in places]
    data = canonical.encode([TAG, at_us, intent_bytes, signatures, consulted, placed])
    if len(data) > ENTRY_BYTES_MAX:
        raise RefusedError("too_long", bytes=len(data), bytes_max=ENTRY_BYTES_MAX)
    return data


def decode(data: bytes) -> Entry:
    """The entry whose bytes are `data`; its form only, no signature and no rule.

    Raises:
        RefusedError: `too_long`, `not_canonical`, `malformed`, `unknown_suite`.
    """
    value = array(canonical.decode(data, bytes_max=ENTRY_BYTES_MAX), 6, "entry")
    tag, at_us, intent_bytes, signatures, consulted, places = value
    require(tag == TAG, "malformed", field="tag", why="tag_expected", expected=TAG)
    require(isinstance(intent_bytes, bytes), "malformed", field="intent", why="octets_expected")
    intent = intents.decode(intent_bytes)
    listed = several(signatures, 0, intents.SIGNERS_MAX, "signatures")
    placed = array(places, len(intent.parts), "places")
    return Entry(
        at_us=moment(at_us, "at_us"),
        intent_bytes=intent_bytes,
        intent=intent,
        signatures=tuple(sized(item, 64, "signature") for item in listed),
        consulted=_read_consulted(consulted),
        places=tuple(
            _read_place(place, len(part.events))
            for place, part in zip(placed, intent.parts, strict=True)
        ),
    )


def _read_consulted(value: object) -> tuple[tuple[str, int], ...]:
    read = []
    for item in several(value, 0, CONSULTED_MAX, "consulted"):
        stream, length = array(item, 2, "consulted")
        require(isinstance(stream, str), "malformed", field="consulted", why="stream_expected")
        read.append((stream, natural(length, "consulted")))
    streams = [stream for stream, _ in read]
    rising = all(one < other for one, other in pairwise(streams))
    require(rising, "malformed", field="consulted", why="not_rising")
    return tuple(read)


def _read_place(value: object, events: int) -> Place:
    position, previous, outcomes = array(value, 3, "place")
    require(
        natural(position, "position") >= 1,
        "malformed",
        field="position",
        why="integer_from_expected",
        least=1,
    )
    return Place(
        position=position,
        previous=sized(previous, 32, "previous"),
        outcomes=tuple(array(outcomes, events, "outcomes")),
    )
