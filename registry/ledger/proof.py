"""The compact proof: one certificate, checkable with this file and a pinned public key.

    proof   = canonical [tag, random, note, leaf, [later leaf, ...], [rotation leaf, ...], row or nil,
                         [opening, ...]]
    leaf    = [index, entry (byte string), path (byte string of 32-byte hashes, from the leaf upwards)]
    row     = [part index, event index, row (byte string), row index, path (as above)]
    opening = [leaf number, field, salt, value]        0 names the first leaf, n the n-th later leaf

`random` are the 32 bytes that the log's id was made of: with the pinned key they show for which log the entries were
meant. `note` is a signed checkpoint; every path leads to its root. Later leaves are the further entries of the
certificate's own stream, without a gap; rotation leaves are those that replaced the log's key, oldest first.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from registry.errors import require
from registry.ledger import canonical
from registry.ledger.commitment import SALT_BYTES, Opening
from registry.ledger.intent import array, natural, several, sized
from registry.ledger.note import NOTE_BYTES_MAX
from registry.ledger.tree import HASH_BYTES

TAG = "carbon-registry/proof/v1"
PROOF_BYTES_MAX = 1_048_576
LATER_MAX = 64
ROTATIONS_MAX = 64
OPENINGS_MAX = 256
PATH_HASHES_MAX = 63
RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An entry and the path that leads from it to a root."""

    index: int
    entry: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A detached row and the path that leads from it to the root inside its entry."""

    part: int
    event: int
    row: bytes
    number: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a proof file holds. `openings` are pairs of a leaf number and an opening."""

    random: bytes
    note: bytes
    leaf: Leaf
    later: tuple[Leaf, ...] = ()
    rotations: tuple[Leaf, ...] = ()
    row: Row | None = None
    openings: tuple[tuple[int, Opening], ...] = ()


def encode(proof: Proof) -> bytes:
    """The bytes of a proof file."""
    return canonical.encode(
        [
            TAG,
            proof.random,
            proof.note,
            _leaf(proof.leaf),
            [_leaf(leaf) for leaf in proof.later],
            [_leaf(leaf) for leaf in proof.rotations],
            proof.row and _row(proof.row),
            _openings(proof),
        ]
    )


def encode_each(
    shown: Proof, part: int, event: int, rows: Iterable[tuple[bytes, bytes]]
) -> Iterator[bytes]:
    """The files of proofs that are all `shown`, which has no row, but for theirs: what is common is encoded once.

    Args:
        shown: the proof without its row.
        part: of the event that the rows came with.
        event: that event.
        rows: all of its rows in order, each with its path as one byte string.
    """
    assert shown.row is None
    # The row stands before the openings, and nil is one byte.
    whole, after = encode(shown), len(canonical.encode(_openings(shown)))
    head, tail = whole[: -after - 1], whole[-after:]
    for number, (row, path) in enumerate(rows):
        yield head + canonical.encode([part, event, row, number, path]) + tail


def decode(data: bytes) -> Proof:
    """The proof in a file's bytes; its form only.

    Raises:
        RefusedError: `too_long`, `not_canonical`, `malformed`.
    """
    value = array(canonical.decode(data, bytes_max=PROOF_BYTES_MAX), 8, "proof")
    tag, random, note, leaf, later, rotations, row, openings = value
    require(tag == TAG, "malformed", field="tag", why="tag_expected", expected=TAG)
    return Proof(
        random=sized(random, RANDOM_BYTES, "random"),
        note=octets(note, NOTE_BYTES_MAX, "note"),
        leaf=_read_leaf(leaf),
        later=tuple(_read_leaf(item) for item in several(later, 0, LATER_MAX, "later")),
        rotations=tuple(
            _read_leaf(item) for item in several(rotations, 0, ROTATIONS_MAX, "rotations")
        ),
        row=None if row is None else _read_row(row),
        openings=tuple(
            read_opening(item) for item in several(openings, 0, OPENINGS_MAX, "openings")
        ),
    )


def _leaf(leaf: Leaf) -> list[object]:
    return [leaf.index, leaf.entry, b"".join(leaf.path)]


def _openings(proof: Proof) -> list[list[object]]:
    return [[number, item.field, item.salt, item.value] for number, item in proof.openings]


def _row(row: Row) -> list[object]:
    return [row.part, row.event, row.row, row.number, b"".join(row.path)]


def _read_leaf(value: object) -> Leaf:
    index, entry, path = array(value, 3, "leaf")
    return Leaf(
        index=natural(index, "index"),
        entry=octets(entry, PROOF_BYTES_MAX, "entry"),
        path=_read_path(path),
    )


def _read_row(value: object) -> Row:
    part, event, row, number, path = array(value, 5, "row")
    return Row(
        part=natural(part, "part"),
        event=natural(event, "event"),
        row=octets(row, PROOF_BYTES_MAX, "row"),
        number=natural(number, "number"),
        path=_read_path(path),
    )


def read_opening(value: object) -> tuple[int, Opening]:
    """The opening that stands in a file, and the number of the leaf that it is of.

    Raises:
        RefusedError: `malformed`.
    """
    number, field, salt, opened = array(value, 4, "opening")
    require(isinstance(field, str), "malformed", field="opening", why="field_name_expected")
    opening = Opening(field=field, salt=sized(salt, SALT_BYTES, "salt"), value=opened)
    return natural(number, "leaf number"), opening


def _read_path(value: object) -> tuple[bytes, ...]:
    data = octets(value, PATH_HASHES_MAX * HASH_BYTES, "path")
    require(len(data) % HASH_BYTES == 0, "malformed", field="path", why="hashes_expected")
    return tuple(_split(data))


def _split(data: bytes) -> Sequence[bytes]:
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def octets(value: object, bytes_max: int, field: str) -> bytes:
    """`value`, if it is a byte string of at most `bytes_max`.

    Raises:
        RefusedError: `malformed`.
    """
    fits = isinstance(value, bytes) and len(value) <= bytes_max
    require(fits, "malformed", field=field, why="bytes_within_limit_expected")
    assert isinstance(value, bytes)
    return value
