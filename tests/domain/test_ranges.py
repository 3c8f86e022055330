"""Serial ranges in chunks, against a plain set of integers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.ranges import CHUNK_RANGES, RANGES_PER_ACT_MAX, Ranges
from registry.errors import RefusedError

SERIALS = st.sets(st.integers(0, 60), max_size=50)
FRAGMENTS = 100_000


def runs(serials):
    """The ranges of a set of integers, the plain way."""
    found = []
    for serial in sorted(serials):
        if found and found[-1][1] == serial:
            found[-1] = (found[-1][0], serial + 1)
        else:
            found.append((serial, serial + 1))
    return found


def dust(count):
    """`count` ranges of one gram, with a gap of one gram after each."""
    return Ranges.of((2 * number, 2 * number + 1) for number in range(count))


@given(SERIALS, st.randoms(use_true_random=False))
def test_ranges_are_the_set_that_was_put_in_whatever_the_order(serials, chance):
    pieces = runs(serials)
    chance.shuffle(pieces)

    held = Ranges.of(pieces)

    assert list(held) == runs(serials)
    assert held.total_g == len(serials)
    assert held == Ranges.of(runs(serials))
    assert hash(held) == hash(Ranges.of(runs(serials)))


@given(SERIALS)
def test_ranges_that_stand_in_order_are_taken_as_they_are(serials):
    held = Ranges.of_sorted(tuple(runs(serials)))

    assert held == Ranges.of(runs(serials))
    assert held.total_g == len(serials)


def test_many_ranges_that_stand_in_order_are_cut_as_if_they_had_come_one_by_one():
    held = Ranges.of_sorted(tuple(dust(FRAGMENTS)))

    assert list(held) == list(dust(FRAGMENTS))
    assert held.total_g == FRAGMENTS
    assert max(map(len, held.chunks)) <= 2 * CHUNK_RANGES


def test_chunks_stay_small_however_often_something_is_taken_from_within_a_range():
    held = Ranges.of([(0, 20_000)])

    for number in range(10_000):
        held = held.without([(2 * number, 2 * number + 1)])

    assert list(held) == [(2 * number + 1, 2 * number + 2) for number in range(10_000)]
    assert max(map(len, held.chunks)) <= 2 * CHUNK_RANGES


@pytest.mark.parametrize(
    "ranges",
    [((3, 3),), ((3, 2),), ((0, 1), (1, 2)), ((5, 6), (0, 1)), ((0, 5), (4, 6)), ((0, 1), (2, 2))],
)
def test_ranges_that_are_empty_or_touch_or_are_out_of_order_are_not_taken(ranges):
    with pytest.raises(ValueError, match="out of order"):
        Ranges.of_sorted(ranges)


@given(SERIALS, SERIALS)
def test_adding_and_removing_are_union_and_difference(first, second):
    both = Ranges.of(runs(first)).with_(runs(second - first))

    less = both.without(runs(first))

    assert list(both) == runs(first | second)
    assert both.total_g == len(first | second)
    assert list(less) == runs(second - first)
    assert less.total_g == len(second - first)


@given(SERIALS, st.integers(0, 62), st.integers(1, 20))
def test_holding_and_overlapping_are_subset_and_intersection(serials, start, size):
    held, asked = Ranges.of(runs(serials)), set(range(start, start + size))

    overlap = held.first_overlap(start, start + size)

    assert held.holds(start, start + size) == (asked <= serials)
    assert (overlap is None) == (not asked & serials)
    assert overlap is None or overlap == next(
        run for run in runs(serials) if set(range(*run)) & asked
    )


@given(SERIALS, st.data())
def test_the_lowest_are_the_lowest(serials, data):
    amount_g = data.draw(st.integers(1, max(1, len(serials))))
    held = Ranges.of(runs(serials))

    if amount_g > len(serials):
        with pytest.raises(RefusedError) as caught:
            held.lowest(amount_g)
        assert caught.value.code == "insufficient_holding"
    else:
        assert list(held.lowest(amount_g)) == runs(sorted(serials)[:amount_g])
    assert list(held) == runs(serials)


@pytest.mark.parametrize("seed", range(3))
def test_many_chunks_are_still_the_plain_set(seed):
    count = 4 * CHUNK_RANGES + 7
    order = [(number * (2 * seed + 401)) % count for number in range(count)]
    pieces = {number: (3 * number, 3 * number + 2) for number in range(count)}
    held = Ranges.of(pieces[number] for number in order)
    model = {serial for piece in pieces.values() for serial in range(*piece)}

    for number in order[::2]:
        held = held.without([pieces[number]])
        model -= set(range(*pieces[number]))
    for number in order[::4]:
        held = held.with_([pieces[number]])
        model |= set(range(*pieces[number]))

    assert list(held) == runs(model)
    assert held.total_g == len(model)
    for start in range(0, 3 * count, 5):
        assert held.holds(start, start + 2) == ({start, start + 1} <= model)
        assert (held.first_overlap(start, start + 2) is None) == (not {start, start + 1} & model)


def test_filling_the_gaps_of_many_chunks_leaves_one_range():
    held = dust(2 * CHUNK_RANGES + 1)

    filled = held.with_((2 * number + 1, 2 * number + 2) for number in range(2 * CHUNK_RANGES + 1))

    assert list(filled) == [(0, 4 * CHUNK_RANGES + 2)]


def test_an_older_set_is_untouched_by_what_is_made_of_it():
    before = dust(CHUNK_RANGES)
    ranges = list(before)

    before.with_([(1, 2)])
    before.without([(0, 1)])

    assert list(before) == ranges
    assert before.total_g == CHUNK_RANGES


def test_an_act_takes_a_thousand_ranges_and_not_one_more():
    held = dust(RANGES_PER_ACT_MAX + 1)

    taken = held.lowest(RANGES_PER_ACT_MAX)
    with pytest.raises(RefusedError) as caught:
        held.lowest(RANGES_PER_ACT_MAX + 1)

    assert len(taken) == RANGES_PER_ACT_MAX
    assert caught.value.code == "too_fragmented"
    assert caught.value.facts["possible_g"] == RANGES_PER_ACT_MAX
    assert held.lowest(caught.value.facts["possible_g"]) == taken


def test_the_hundred_thousandth_fragment_costs_what_the_tenth_did():
    held = dust(FRAGMENTS)

    touched = 0
    for number in range(0, FRAGMENTS, 997):
        after = held.without([(2 * number, 2 * number + 1)]).with_([(2 * number, 2 * number + 1)])
        touched = max(touched, len({*map(id, after.chunks)} - {*map(id, held.chunks)}))

    assert sum(1 for _ in held) == held.total_g == FRAGMENTS
    assert touched <= 4
    assert max(map(len, held.chunks)) <= 2 * CHUNK_RANGES
    assert len(held.chunks) < 1_000


def test_ranges_show_themselves_and_equal_nothing_else():
    held = Ranges.of([(0, 2), (4, 5)])

    shown = repr(held)

    assert shown == "Ranges.of([(0, 2), (4, 5)])"
    assert held != [(0, 2), (4, 5)]


@pytest.mark.parametrize("piece", [(0, 1), (5, 7), (4, 5), (0, 20)])
def test_a_serial_number_is_never_held_twice(piece):
    held = Ranges.of([(0, 2), (4, 6)])

    with pytest.raises(AssertionError):
        held.with_([piece])

    assert list(held) == [(0, 2), (4, 6)]


@pytest.mark.parametrize("piece", [(1, 3), (3, 5), (2, 4)])
def test_what_is_not_held_is_never_taken(piece):
    held = Ranges.of([(0, 2), (4, 6)])

    with pytest.raises(AssertionError):
        held.without([piece])

    assert list(held) == [(0, 2), (4, 6)]
