"""Who has which grams of a batch: a map from name to serial ranges, and how it changes.

What is allowed is said elsewhere. A holder who has nothing left is not in the map.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from rpds import HashTrieMap

from registry.domain.ranges import Range, Ranges
from registry.errors import RefusedError, require

Row = tuple[str, int, int]
"""Of one gift: the taker, the grams, the grams of the gifts before it."""


def chosen(held: Ranges, amount_g: int, named: Range | None, *, holder: str) -> tuple[Range, ...]:
    """The serial ranges that move: the lowest that are `held`, unless a range is named.

    Raises:
        RefusedError: `insufficient_holding`, `too_fragmented`, `wrong_amount`, `range_not_held`.
    """
    if named is None:
        return held.lowest(amount_g)
    start, end = named
    fits = end - start == amount_g
    require(fits, "wrong_amount", amount_g=amount_g, range_g=end - start)
    if not held.holds(start, end):
        raise RefusedError("range_not_held", holder=holder, start=start, end=end)
    return ((start, end),)


def less(
    held: "HashTrieMap[str, Ranges]", holder: str, ranges: tuple[Range, ...]
) -> "HashTrieMap[str, Ranges]":
    """The map when `holder` has `ranges` no more."""
    left = held[holder].without(ranges)
    return held.insert(holder, left) if left.total_g else held.remove(holder)


def more(
    held: "HashTrieMap[str, Ranges]", holder: str, ranges: Iterable[Range]
) -> "HashTrieMap[str, Ranges]":
    """The map when `holder` has `ranges`, too."""
    return held.insert(holder, held.get(holder, Ranges()).with_(ranges))


def shared_out(
    held: "HashTrieMap[str, Ranges]", ranges: Sequence[Range], rows: Iterable[Row]
) -> "HashTrieMap[str, Ranges]":
    """The map when each of `rows` has its grams of `ranges`, the lowest first; each row costs the same."""
    gained: dict[str, list[Range]] = {}
    following = iter(ranges)
    start = end = 0
    for taker, amount_g, _ in rows:
        own = gained.setdefault(taker, [])
        while amount_g:
            if start == end:
                start, end = next(following)
            cut = min(end, start + amount_g)
            own.append((start, cut))
            amount_g -= cut - start
            start = cut
    return held.update({name: _with(held.get(name), own) for name, own in gained.items()})


def _with(before: Ranges | None, ranges: list[Range]) -> Ranges:
    """`ranges`, and what was there before; the gift of ten thousand is one range of somebody who has nothing yet."""
    if before is None and len(ranges) == 1:
        ((start, end),) = ranges
        return Ranges((((start, end),),), end - start)
    return (before or Ranges()).with_(ranges)


def gathered(parts: Iterable[Ranges]) -> Ranges:
    """All that `parts`, which have nothing in common, hold together."""
    joined: list[Range] = []
    for start, end in sorted(span for part in parts for span in part):
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return Ranges.of_sorted(tuple(joined))


def without(
    held: "HashTrieMap[str, Ranges]", ranges: Sequence[Range]
) -> "HashTrieMap[str, Ranges]":
    """The map when nobody has any of `ranges`, which rise."""
    starts = [start for start, _ in ranges]
    for name, own in list(held.items()):
        lost = tuple(_common(own, ranges, starts))
        if lost:
            held = less(held, name, lost)
    return held


def common(own: Ranges, ranges: Sequence[Range]) -> tuple[Range, ...]:
    """What `own` has of `ranges`, which rise, in order."""
    return tuple(_common(own, ranges, [start for start, _ in ranges]))


def _common(own: Ranges, ranges: Sequence[Range], starts: Sequence[int]) -> Iterator[Range]:
    for low, high in own:
        place = max(0, bisect_right(starts, low) - 1)
        while place < len(ranges) and ranges[place][0] < high:
            start, end = max(low, ranges[place][0]), min(high, ranges[place][1])
            if start < end:
                yield start, end
            place += 1
