"""Detached rows: what concerns thousands stands beside the entry, under a root inside it.

    rows in an entry = {"bytes": of all rows, "count": n, "root": RFC 6962 root over the rows, "total_g": grams}

Each row is canonical, tagged and short; the rows are stored in the transaction of their entry and published before the
checkpoint that covers it. Some came out of an act, and are ours; others its author asked for, and signed by the root:

    row = canonical ["carbon-registry/range/v1", start, end]                              a serial range that moved
    row = canonical ["carbon-registry/gift/v1", taker, amount_g, before_g]                to whom grams are given
    row = canonical ["carbon-registry/share/v1", beneficiary, amount_g, before_g]         for whom grams are retired

`before_g` is the sum of the amounts in the rows before, so that one row alone says which of the grams are its own.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from registry.ledger import canonical, tree
from registry.ledger.tree import Frontier

RANGE_TAG = "carbon-registry/range/v1"
ROW_BYTES_MAX = 256
ROWS_MAX = 131_072
ROWS_BYTES_MAX = 16 * 1024 * 1024
BETWEEN_MAX = 2 * ROWS_MAX
"""So many rows of one entry may stand before the last that is looked for."""
PASSED_MAX = 2 * ROWS_MAX
"""So many rows that do not belong to an entry are passed by."""

Place = tuple[int, int]
"""Which event of an entry rows belong to: part and event."""
Beside = Mapping[Place, Sequence[bytes]]
"""Rows beside one entry, in order."""


def range_row(start: int, end: int) -> bytes:
    """The row that says the half-open serial range [start, end)."""
    return canonical.encode([RANGE_TAG, start, end])


def values(rows: Sequence[bytes]) -> list[Any]:
    """What rows say.

    Raises:
        RefusedError: `too_long`, `not_canonical`.
    """
    return canonical.decode_all(rows, bytes_max=ROW_BYTES_MAX)


def row_says(row: bytes) -> Any:
    """What one row says.

    Raises:
        RefusedError: `too_long`, `not_canonical`.
    """
    return canonical.decode(row, bytes_max=ROW_BYTES_MAX)


def summary(rows: Sequence[bytes]) -> dict[str, Any]:
    """What an entry says of its detached rows."""
    assert len(rows) <= ROWS_MAX
    assert all(len(row) <= ROW_BYTES_MAX for row in rows)
    assert sum(map(len, rows)) <= ROWS_BYTES_MAX
    return {"bytes": sum(map(len, rows)), "count": len(rows), "root": RowTree(rows).root()}


class RowTree:
    """The tree over the rows of one event: its root, and the path of each row."""

    def __init__(self, rows: Sequence[bytes]) -> None:
        hashes = [sha256(b"\x00" + row).digest() for row in rows]
        self._levels = [hashes]
        while len(hashes) > 1:
            pairs = zip(hashes[::2], hashes[1::2], strict=False)
            hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
            self._levels.append(hashes)

    def root(self) -> bytes:
        """The root over all rows, 32 bytes."""
        return Frontier.load(len(self._levels[0]), self._node).root()

    def path(self, number: int) -> list[bytes]:
        """The sibling hashes from row `number` up to the root."""
        return tree.inclusion_path(number, len(self._levels[0]), self._node)

    def paths(self) -> Iterator[bytes]:
        """As `path`, of every row in order, each as one byte string; what neighbours share is put together once."""
        above, first = b"", 0
        size = len(self._levels[0])
        # The tree is full subtrees of falling size; those to the right of one are a single hash in its paths.
        while first < size:
            level = (size - first).bit_length() - 1
            here = first >> level
            rest = first + (1 << level)
            beyond = self._root_from(rest) if rest < size else b""
            yield from self._below(level, here, beyond + above)
            above = self._levels[level][here] + above
            first = rest

    def _below(self, level: int, number: int, above: bytes) -> Iterator[bytes]:
        """The paths of the rows under a node, whose own path is `above`."""
        paths = [above]
        for height in range(level - 1, -1, -1):
            left = number << (level - height)
            nodes = self._levels[height]
            paths = [nodes[left + place ^ 1] + paths[place >> 1] for place in range(2 * len(paths))]
        yield from paths

    def _root_from(self, first: int) -> bytes:
        """The root over the rows from `first` on, where a full subtree begins."""
        size = len(self._levels[0])
        level = (size - first).bit_length() - 1
        node = self._levels[level][first >> level]
        rest = first + (1 << level)
        return sha256(b"\x01" + node + self._root_from(rest)).digest() if rest < size else node

    def _node(self, level: int, number: int) -> bytes:
        return self._levels[level][number]


def row_root(row: bytes, number: int, count: int, path: bytes) -> bytes:
    """The root of `count` rows to which `path`, 32-byte hashes from the row upwards, leads from row `number`.

    Raises:
        RefusedError: `bad_path`.
    """
    hashes = [
        path[start : start + tree.HASH_BYTES] for start in range(0, len(path), tree.HASH_BYTES)
    ]
    return tree.root_from_path(tree.leaf_hash(row), number, count, hashes)


class Along:
    """Stored rows that are in order of the entry that they belong to, taken one by one, as far as they are those
    expected.

    However many others there are, none is kept.
    """

    def __init__(self, stored: Iterator[tuple[object, ...]]) -> None:
        self._stored = stored
        self._ahead: deque[tuple[object, ...]] = deque()
        self._look()

    def takes(self, row: tuple[object, ...]) -> bool:
        """Whether the next row is `row`, which is taken then."""
        same = bool(self._ahead) and self._ahead[0] == row
        if same:
            self._drop()
        return same

    def beside(self, index: int, counts: Mapping[Place, int]) -> dict[Place, tuple[bytes, ...]]:
        """The first rows (entry, part, event, number, row) of entry `index`, which must be the next, as many as
        `counts` says of each event, and as far as they are there without a gap. None is taken.
        """
        found: dict[Place, list[bytes]] = {place: [] for place in counts}
        last = max(counts, default=(-1, -1))
        at, most = 0, sum(counts.values()) + BETWEEN_MAX
        while counts and at < most and self._is_there(at):
            entry, part, event, number, row = self._ahead[at]
            if entry != index or not isinstance(part, int) or not isinstance(event, int):
                break
            rows = found.get((part, event))
            wanted = rows is not None and len(rows) < counts[part, event]
            if rows is not None and wanted and number == len(rows) and isinstance(row, bytes):
                rows.append(row)
            at += 1
            if len(found[last]) == counts[last] or (part, event) > last:
                break
        return {place: tuple(rows) for place, rows in found.items()}

    def is_past(self, index: int) -> bool:
        """Whether no row of entry `index` is left, nor one before it that no entry claimed."""
        return not self._ahead or not _at_most(self._ahead[0][0], index)

    def pass_by(self, index: int) -> None:
        """Go on to the first row after those of entry `index`; where they have no end, read no further."""
        for _ in range(PASSED_MAX):
            if self.is_past(index):
                return
            self._drop()
        self.leave()

    def leave(self) -> None:
        """Read no further."""
        self._stored = iter(())
        self._ahead.clear()

    @property
    def at_end(self) -> bool:
        """Whether there is no further row."""
        return not self._ahead

    def _is_there(self, at: int) -> bool:
        return at < len(self._ahead) or self._look()

    def _drop(self) -> None:
        self._ahead.popleft()
        if not self._ahead:
            self._look()

    def _look(self) -> bool:
        for row in self._stored:
            self._ahead.append(row)
            return True
        return False


def _at_most(value: object, index: int) -> bool:
    return not isinstance(value, int) or value <= index
