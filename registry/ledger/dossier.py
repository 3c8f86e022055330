"""The dossier: all that is needed to replay the streams that a certificate comes from, in one file.

    dossier = canonical [tag, number, row or nil, note, [[index, entry], ...], [[index, leaf hash], ...], hashes,
                         [[index, part, event, [row, ...]], ...], [[index, field, salt, value], ...]]

`number` is the certificate's; of a row of a group it is the group's, and `row` says which. `note` is a signed
checkpoint. Entries rise by index, and so do the leaf hashes: of entries that others mean, which are not here
themselves. `hashes` lead from both to the root, as `tree.inclusion_hashes` makes them. Rows are those that came with
the intents, in the order of their place; openings are named by their entry's index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from registry.errors import require
from registry.ledger import canonical
from registry.ledger.commitment import Opening
from registry.ledger.intent import array, natural, several, sized
from registry.ledger.note import NOTE_BYTES_MAX
from registry.ledger.proof import octets, read_opening
from registry.ledger.rows import ROWS_MAX
from registry.ledger.tree import HASH_BYTES

TAG = "carbon-registry/dossier/v1"
DOSSIER_BYTES_MAX = 50_000_000
ENTRIES_MAX = 1_000_000
OPENINGS_MAX = 4_096
NUMBER_CHARACTERS_MAX = 64
_FIELDS = 9
_BEGINS = bytes([0x90 | _FIELDS]) + canonical.encode(TAG)

RowsAt = tuple[int, int, int, tuple[bytes, ...]]
"""The rows that came with one event: index of the entry, part, event, and the rows in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What a dossier file holds."""

    number: str
    row: int | None = None
    """Which row of the group `number` it is about; None where it is about the certificate of that number."""
    note: bytes
    entries: tuple[tuple[int, bytes], ...]
    meant: tuple[tuple[int, bytes], ...] = ()
    """Leaf hashes of entries that are not here and that entries here mean."""
    hashes: tuple[bytes, ...] = ()
    rows: tuple[RowsAt, ...] = ()
    openings: tuple[tuple[int, Opening], ...] = ()


def is_dossier(data: bytes) -> bool:
    """Whether `data` says of itself that it is a dossier, and no other file."""
    return data.startswith(_BEGINS)


def encode(dossier: Dossier) -> bytes:
    """The bytes of a dossier file."""
    return canonical.encode(
        [
            TAG,
            dossier.number,
            dossier.row,
            dossier.note,
            dossier.entries,
            dossier.meant,
            b"".join(dossier.hashes),
            dossier.rows,
            [[index, item.field, item.salt, item.value] for index, item in dossier.openings],
        ]
    )


def decode(data: bytes) -> Dossier:
    """The dossier in a file's bytes; its form only.

    Raises:
        RefusedError: `too_long`, `not_canonical`, `malformed`.
    """
    value = array(canonical.decode(data, bytes_max=DOSSIER_BYTES_MAX), _FIELDS, "dossier")
    tag, number, row, note, entries, meant, hashes, rows, openings = value
    require(tag == TAG, "malformed", field="tag", why="tag_expected", expected=TAG)
    named = isinstance(number, str) and len(number) <= NUMBER_CHARACTERS_MAX
    require(named, "malformed", field="number", why="certificate_number_expected")
    return Dossier(
        number=number,
        row=None if row is None else natural(row, "row"),
        note=octets(note, NOTE_BYTES_MAX, "note"),
        entries=tuple(_rising(entries, 1, "entries")),
        meant=tuple(
            (index, sized(leaf, HASH_BYTES, "leaf")) for index, leaf in _rising(meant, 0, "meant")
        ),
        hashes=tuple(_read_hashes(hashes)),
        rows=tuple(_read_rows(several(rows, 0, ENTRIES_MAX, "rows"))),
        openings=tuple(map(read_opening, several(openings, 0, OPENINGS_MAX, "openings"))),
    )


def _rising(value: object, least: int, field: str) -> list[tuple[int, bytes]]:
    """Pairs of an index and bytes, rising by index."""
    read = []
    for item in several(value, least, ENTRIES_MAX, field):
        index, data = array(item, 2, field)
        read.append((natural(index, "index"), octets(data, DOSSIER_BYTES_MAX, field)))
    _check_rising([index for index, _ in read], field)
    return read


def _read_hashes(value: object) -> list[bytes]:
    data = octets(value, DOSSIER_BYTES_MAX, "hashes")
    require(len(data) % HASH_BYTES == 0, "malformed", field="hashes", why="hashes_expected")
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def _read_rows(value: Sequence[object]) -> list[RowsAt]:
    read = []
    for item in value:
        index, part, event, rows = array(item, 4, "rows")
        place = natural(index, "index"), natural(part, "part"), natural(event, "event")
        beside = several(rows, 1, ROWS_MAX, "rows")
        read.append((*place, tuple(octets(row, DOSSIER_BYTES_MAX, "row") for row in beside)))
    _check_rising([place[:3] for place in read], "rows")
    return read


def _check_rising(keys: Sequence[Any], field: str) -> None:
    rising = all(one < other for one, other in pairwise(keys))
    require(rising, "malformed", field=field, why="not_rising")
