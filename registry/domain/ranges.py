"""The serial ranges that one holder has, in order, in chunks: an update costs the same for ten and for 100,000.

a range is half-open, [start, end), and its size is grams; ranges never touch or overlap: neighbours are joined
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import lt

from registry.errors import RefusedError

Range = tuple[int, int]
Chunk = tuple[Range, ...]

CHUNK_RANGES = 256
RANGES_PER_ACT_MAX = 1_000

_BEYOND = 2**64
"""Where no range ends: (start, _BEYOND) sorts after the range that starts at `start`, before the next."""


class Ranges:
    """An immutable ordered set of serial numbers, kept as ranges in `chunks`. `total_g` is how many there are."""

    __slots__ = ("chunks", "total_g")

    def __init__(self, chunks: tuple[Chunk, ...] = (), total_g: int = 0) -> None:
        self.chunks = chunks
        self.total_g = total_g

    @classmethod
    def of(cls, ranges: Iterable[Range]) -> "Ranges":
        """The set that consists of `ranges`, which are distinct."""
        return cls().with_(ranges)

    @classmethod
    def of_sorted(cls, ranges: Chunk) -> "Ranges":
        """The set that consists of `ranges`, which stand in order and apart; each costs the same, however many.

        Raises:
            ValueError: they do not.
        """
        bounds = tuple(chain.from_iterable(ranges))
        if not all(map(lt, bounds, bounds[1:])):
            raise ValueError("ranges that are empty, touch or are out of order")
        return cls(_cut(ranges) if ranges else (), sum(bounds[1::2]) - sum(bounds[::2]))

    def __iter__(self) -> Iterator[Range]:
        return chain.from_iterable(self.chunks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Ranges.of({list(self)})"

    def with_(self, ranges: Iterable[Range]) -> "Ranges":
        """This set and `ranges`, of which it holds nothing yet."""
        chunks, total_g = self.chunks, self.total_g
        for start, end in ranges:
            chunks = _added(chunks, start, end)
            total_g += end - start
        return Ranges(chunks, total_g)

    def without(self, ranges: Iterable[Range]) -> "Ranges":
        """This set less `ranges`, each of which lies within one range of it."""
        chunks, total_g = self.chunks, self.total_g
        for start, end in ranges:
            chunks = _removed(chunks, start, end)
            total_g -= end - start
        return Ranges(chunks, total_g)

    def holds(self, start: int, end: int) -> bool:
        """Whether every number of [start, end) is in the set."""
        found = _at(self.chunks, start)
        return found is not None and found[0] <= start and end <= found[1]

    def first_overlap(self, start: int, end: int) -> Range | None:
        """The lowest range of the set that shares a number with [start, end), or None."""
        chunks = self.chunks
        if not chunks:
            return None
        place = _place(chunks, start)
        window = chunks[place] + (chunks[place + 1] if place + 1 < len(chunks) else ())
        for held in window:
            if held[0] < end and start < held[1]:
                return held
        return None

    def lowest(self, amount_g: int) -> tuple[Range, ...]:
        """The lowest `amount_g` serial numbers.

        Raises:
            RefusedError: `insufficient_holding`; `too_fragmented` if they are more than RANGES_PER_ACT_MAX ranges,
                with `possible_g`, what so many ranges would give.
        """
        if amount_g > self.total_g:
            raise RefusedError("insufficient_holding", held_g=self.total_g, amount_g=amount_g)
        taken: list[Range] = []
        missing_g = amount_g
        for start, end in self:
            if len(taken) == RANGES_PER_ACT_MAX:
                raise RefusedError(
                    "too_fragmented", possible_g=amount_g - missing_g, ranges_max=len(taken)
                )
            taken.append((start, min(end, start + missing_g)))
            missing_g -= taken[-1][1] - start
            if missing_g == 0:
                break
        return tuple(taken)


def _place(chunks: tuple[Chunk, ...], serial: int) -> int:
    """The number of the chunk in which `serial` is or would be."""
    return max(0, bisect_right(chunks, ((serial, _BEYOND),)) - 1)


def _at(chunks: tuple[Chunk, ...], serial: int) -> Range | None:
    if not chunks:
        return None
    chunk = chunks[_place(chunks, serial)]
    number = bisect_right(chunk, (serial, _BEYOND)) - 1
    return chunk[number] if number >= 0 else None


def _added(chunks: tuple[Chunk, ...], start: int, end: int) -> tuple[Chunk, ...]:
    if not chunks:
        return (((start, end),),)
    place = _place(chunks, start)
    # The neighbour above may be the first range of the next chunk: take both chunks in hand.
    window = chunks[place] + (chunks[place + 1] if place + 1 < len(chunks) else ())
    number = bisect_right(window, (start, _BEYOND))
    below, above = window[:number], window[number:]
    assert not below or below[-1][1] <= start, "a serial number held twice"
    assert not above or end <= above[0][0], "a serial number held twice"
    if below and below[-1][1] == start:
        start, below = below[-1][0], below[:-1]
    if above and above[0][0] == end:
        end, above = above[0][1], above[1:]
    return chunks[:place] + _cut((*below, (start, end), *above)) + chunks[place + 2 :]


def _removed(chunks: tuple[Chunk, ...], start: int, end: int) -> tuple[Chunk, ...]:
    place = _place(chunks, start)
    chunk = chunks[place]
    number = bisect_right(chunk, (start, _BEYOND)) - 1
    low, high = chunk[number]
    assert low <= start
    assert end <= high
    before = ((low, start),) if low < start else ()
    after = ((end, high),) if end < high else ()
    left = chunk[:number] + before + after + chunk[number + 1 :]
    # Who takes from within a range leaves two: without a cut, a chunk would grow for ever.
    return chunks[:place] + (_cut(left) if left else ()) + chunks[place + 1 :]


def _cut(ranges: Chunk) -> tuple[Chunk, ...]:
    if len(ranges) <= 2 * CHUNK_RANGES:
        return (ranges,)
    pieces = -(-len(ranges) // (2 * CHUNK_RANGES))
    size = -(-len(ranges) // pieces)
    return tuple(ranges[first : first + size] for first in range(0, len(ranges), size))
