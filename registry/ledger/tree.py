"""The Merkle tree of RFC 6962 over SHA-256: roots, inclusion and consistency, made and checked.

    leaf = SHA-256(0x00 || entry)        node = SHA-256(0x01 || left || right)        empty = SHA-256("")

A complete subtree is named (level, number): its 2^level leaves start at number * 2^level. Whoever stores a
tree keeps the complete subtrees only; every root and every proof is made of those.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import pairwise

from registry.errors import require

HASH_BYTES = 32
SIZE_MAX = 2**63 - 1
EMPTY_ROOT = sha256(b"").digest()

Node = Callable[[int, int], bytes]
"""The hash of the complete subtree (level, number)."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of `entry` as a leaf, 32 bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above `left` and `right`, 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, largest first.

    It holds one hash per bit that is set in `size`, which is all that appending needs.
    """

    __slots__ = ("_root", "peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        assert size.bit_count() == len(peaks)
        self.size = size
        self.peaks = list(peaks)
        self._root: bytes | None = None

    @classmethod
    def load(cls, size: int, node: Node) -> "Frontier":
        """The frontier of the tree of `size` leaves whose complete subtrees `node` knows."""
        return cls(size, [node(level, number) for level, number in subtrees(0, size)])

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf hash; returns the complete subtrees that it made, (level, number, hash), lowest first."""
        made = [(0, self.size, leaf)]
        number, level, top = self.size, 0, leaf
        while number & 1:
            top = node_hash(self.peaks.pop(), top)
            number >>= 1
            level += 1
            made.append((level, number, top))
        self.peaks.append(top)
        self.size += 1
        self._root = None
        return made

    def root(self) -> bytes:
        """The root of all leaves so far, 32 bytes."""
        if self._root is None:
            self._root = _joined(self.peaks)
        return self._root

    def copy(self) -> "Frontier":
        """A frontier that can be appended to without touching this one."""
        return Frontier(self.size, self.peaks)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, 32 bytes; of none, the hash of nothing."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """The sibling hashes from leaf `index` up to the root of `size` leaves.

    Source: RFC 6962, section 2.1.1.
    """
    assert 0 <= index < size
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(start, middle, node))
            start = middle
    path.reverse()
    return path


def inclusion_hashes(indexes: Sequence[int], size: int, node: Node) -> list[bytes]:
    """The hashes that lead from several leaves at once to the root of `size` leaves, from left to right.

    One for each of the largest subtrees that hold none of `indexes`, which rise: no hash stands there twice, and none
    that follows from the leaves themselves.
    """
    return [_range_root(start, end, node) for start, end in _beside(indexes, 0, size)]


def root_from_hashes(
    leaves: Sequence[tuple[int, bytes]], size: int, hashes: Sequence[bytes]
) -> bytes:
    """The root that `hashes` claim for a tree of `size` leaves.

    Args:
        leaves: index and leaf hash of each leaf that is known, rising; one at least.
        size: how many leaves there are.
        hashes: as `inclusion_hashes` makes them.

    Raises:
        RefusedError: `bad_path` if there are not as many hashes as the shape of the tree demands, or no such leaves.
    """
    indexes = [index for index, _ in leaves]
    rising = bool(indexes) and all(one < other for one, other in pairwise(indexes))
    fits = rising and indexes[0] >= 0 and indexes[-1] < size <= SIZE_MAX
    require(fits, "bad_path", why="leaves_not_rising", size=size)
    _check_hashes(hashes, sum(1 for _ in _beside(indexes, 0, size)))
    return _root_over(leaves, 0, size, iter(hashes))


def _beside(indexes: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The largest subtrees of the leaves from `start` up to `end` that hold none of `indexes`, from left to right."""
    if not indexes:
        yield start, end
    elif end - start > 1:
        middle = start + _split(end - start)
        right = bisect_left(indexes, middle)
        yield from _beside(indexes[:right], start, middle)
        yield from _beside(indexes[right:], middle, end)


def _root_over(
    leaves: Sequence[tuple[int, bytes]], start: int, end: int, hashes: Iterator[bytes]
) -> bytes:
    if not leaves:
        return next(hashes)
    if end - start == 1:
        return leaves[0][1]
    middle = start + _split(end - start)
    right = bisect_left(leaves, middle, key=lambda leaf: leaf[0])
    left = _root_over(leaves[:right], start, middle, hashes)
    return node_hash(left, _root_over(leaves[right:], middle, end, hashes))


def consistency_path(old_size: int, size: int, node: Node) -> list[bytes]:
    """The hashes that show the tree of `size` leaves to begin with the tree of `old_size`.

    Source: RFC 6962, section 2.1.2.
    """
    assert 0 <= old_size <= size
    if old_size in (0, size):
        return []
    path: list[bytes] = []
    start, end, whole = 0, size, True
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(_range_root(middle, end, node))
            end = middle
        else:
            path.append(_range_root(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(_range_root(start, end, node))
    path.reverse()
    return path


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that `path` claims for a tree of `size` leaves.

    Args:
        leaf: leaf hash, 32 bytes, already prefixed with 0x00 and hashed.
        index: place of the leaf, 0-based; index < size.
        path: sibling hashes, 32 bytes each, from the leaf upwards.

    Raises:
        RefusedError: `bad_path` if `path` is not as long as the shape of the tree demands.

    Source: RFC 9162, section 2.1.3.2, in the form of inner and border nodes.
    """
    require(0 <= index < size <= SIZE_MAX, "bad_path", index=index, size=size)
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    _check_hashes(path, inner + border)
    root = leaf
    for level, sibling in enumerate(path[:inner]):
        left = index >> level & 1
        root = node_hash(sibling, root) if left else node_hash(root, sibling)
    for sibling in path[inner:]:
        root = node_hash(sibling, root)
    return root


def check_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]
) -> None:
    """Return if the tree of `size` leaves begins with the tree of `old_size`.

    Raises:
        RefusedError: `bad_path` if the path has another length than the sizes demand; `not_consistent`
            if a root does not follow from it.

    Source: RFC 9162, section 2.1.4.2; old_size 0 is consistent with everything, by an empty path.
    """
    require(0 <= old_size <= size <= SIZE_MAX, "bad_path", old_size=old_size, size=size)
    if old_size in (0, size):
        _check_hashes(path, 0)
        known = EMPTY_ROOT if old_size == 0 else root
        require(old_root == known, "not_consistent", old_size=old_size, size=size)
        return
    shift = (old_size & -old_size).bit_length() - 1
    inner = ((old_size - 1) ^ (size - 1)).bit_length() - shift
    border = ((old_size - 1) >> (inner + shift)).bit_count()
    power = old_size == 1 << shift
    _check_hashes(path, inner + border + (0 if power else 1))
    seed, *rest = [old_root, *path] if power else path
    old, new = seed, seed
    last = (old_size - 1) >> shift
    for level, sibling in enumerate(rest[:inner]):
        if last >> level & 1:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    for sibling in rest[inner:]:
        old, new = node_hash(sibling, old), node_hash(sibling, new)
    require(old == old_root and new == root, "not_consistent", old_size=old_size, size=size)


def stored_number(level: int, number: int) -> int:
    """The place of a complete subtree in the order in which subtrees become complete, 0-based.

    Storing nodes under this number makes every append an append to the store, too.
    """
    leaf = ((number + 1) << level) - 1
    return 2 * leaf - leaf.bit_count() + level


def _check_hashes(path: Sequence[bytes], length: int) -> None:
    require(len(path) == length, "bad_path", hashes=len(path), expected=length)
    require(all(len(item) == HASH_BYTES for item in path), "bad_path", why="hashes_expected")


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def subtrees(start: int, end: int) -> Iterable[tuple[int, int]]:
    """The complete subtrees, largest first, that make up the leaves of a subtree's right edge."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _range_root(start: int, end: int, node: Node) -> bytes:
    return _joined([node(level, number) for level, number in subtrees(start, end)])


def _joined(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root
