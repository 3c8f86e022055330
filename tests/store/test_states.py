"""States as bytes: the same state comes back, and nothing else is taken for one."""

import gc
from dataclasses import dataclass
from random import Random
from typing import Annotated

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpds import HashTrieMap

from registry import states
from registry.domain import kinds
from registry.domain.ranges import Ranges
from registry.names import kind_of
from registry.states import NotAStateError
from tests.world import PERIOD, World
from tools.vectors import life

LIVES = 12
ACTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    count: int = 0
    told: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Every type that a state may have."""

    name: Annotated[str, "a name"] = ""
    sure: bool = False
    digest: bytes = b""
    nothing: None = None
    pair: tuple[str, int] = ("", 0)
    several: tuple[Part, ...] = ()
    maybe: tuple[int, tuple[int, ...]] | None = None
    some: frozenset[str] = frozenset()
    map: "HashTrieMap[tuple[str, bytes], Part]" = HashTrieMap()
    held: "HashTrieMap[str, Ranges]" = HashTrieMap()


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    value: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    values: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    held: "HashTrieMap[str, Ranges]" = HashTrieMap()


SERIALS = st.sets(st.integers(0, 40), max_size=20).map(
    lambda starts: Ranges.of((3 * start, 3 * start + 2) for start in starts)
)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
PARTS = st.builds(Part, count=INTEGERS, told=st.none() | st.text(max_size=4))
WHOLES = st.builds(
    Whole,
    name=st.text(max_size=8),
    sure=st.booleans(),
    digest=st.binary(max_size=8),
    nothing=st.none(),
    pair=st.tuples(st.text(max_size=4), INTEGERS),
    several=st.lists(PARTS, max_size=3).map(tuple),
    maybe=st.none() | st.tuples(INTEGERS, st.lists(INTEGERS, max_size=3).map(tuple)),
    some=st.frozensets(st.text(max_size=4), max_size=3),
    map=st.dictionaries(st.tuples(st.text(max_size=4), st.binary(max_size=4)), PARTS).map(
        HashTrieMap
    ),
    held=st.dictionaries(st.text(max_size=4), SERIALS, max_size=5).map(HashTrieMap),
)


def lived(seed: int) -> World:
    """A log in which a seeded choice of everything happened."""
    chance, world = Random(seed), World().staffed()
    batches = [world.issues(10_000), world.deposits("VCS 1 9", 9_000_000)]
    codes = dict(zip(batches, ("SCFG", "VCU"), strict=True))
    holders = ["owner", "alice", "bob"]
    for turn in range(ACTS):
        batch, giver = chance.choice(batches), chance.choice(holders)
        held = list(world.state(batch).holding(world[giver].account))
        if not held:
            continue
        start, end = chance.choice(held)
        low = chance.randrange(start, end)
        some = (low, chance.randrange(low + 1, min(end, low + 500) + 1))
        moved = {"range": some, "standard": codes[batch]}
        match chance.randrange(5):
            case 0:
                number = world.retires(batch, giver, some[1] - low, **moved)
                if codes[batch] == "VCU" and chance.random() < 0.5:
                    world.cancels_at_home(number)
            case 1:
                person = world.adds_key(f"{giver}'s key {turn}", giver)
                if chance.random() < 0.5:
                    world.ends_key(person.name, giver)
            case _:
                taker = chance.choice([other for other in holders if other != giver])
                world.transfers(batch, giver, taker, some[1] - low, **moved)
    return world


def check_all(world):
    for name, stream in world.replay.streams.items():
        state = stream.state
        found = states.decode(type(state), states.encode(state))

        assert found == state
        assert type(found) is type(state) is type(kinds.blank(name))


@pytest.mark.parametrize("seed", range(LIVES))
def test_every_state_of_a_random_life_comes_back_as_it_was(seed):
    world = lived(seed)

    check_all(world)


def test_every_state_of_a_life_in_which_everything_happens_comes_back_as_it_was():
    world = life.lived().world

    check_all(world)
    assert {kind_of(name) for name in world.replay.streams} == set(kinds.STREAMS)


@given(WHOLES)
@settings(max_examples=200)
def test_whatever_a_state_may_hold_comes_back_as_it_was(state):
    data = states.encode(state)

    found = states.decode(Whole, data)

    assert found == state
    assert all(
        found.held[name].total_g == held.total_g and found.held[name].chunks == held.chunks
        for name, held in state.held.items()
    )


def test_100_000_ranges_come_back_in_as_many_chunks_as_they_were():
    held = Ranges.of_sorted(tuple((3 * number, 3 * number + 1) for number in range(100_000)))
    state = Held(held=HashTrieMap({"a": held, "b": Ranges.of([(1, 2)])}))

    found = states.decode(Held, states.encode(state))

    assert found == state
    assert found.held["a"].chunks == held.chunks


def test_a_state_that_was_read_is_gone_on_from():
    world = lived(0)
    batch = next(name for name in world.replay.streams if name.startswith("batch/"))
    held = world.state(batch)

    found = states.decode(type(held), states.encode(held))

    (holder, *_) = found.held
    (first, *_) = found.held[holder]
    assert found.held[holder].without([first]) == held.held[holder].without([first])
    assert found.period == PERIOD


@given(WHOLES)
@settings(max_examples=20)
def test_a_state_cut_short_or_with_something_after_it_is_none(state):
    data = states.encode(state)

    for wrong in (*(data[:end] for end in range(len(data))), data + b"\0"):
        with pytest.raises(NotAStateError):
            states.decode(Whole, wrong)


@given(WHOLES, st.integers(0, 10**6), st.integers(1, 255))
@settings(max_examples=300)
def test_a_state_with_any_byte_altered_is_none_or_another_and_never_an_accident(state, place, bits):
    spoilt = bytearray(states.encode(state))
    spoilt[place % len(spoilt)] ^= bits

    try:
        found = states.decode(Whole, bytes(spoilt))
    except NotAStateError:
        return

    # Where it is read at all it is a whole state, which is written and read again.
    assert states.decode(Whole, states.encode(found)) == found


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        (One, [[True]]),
        (One, [["1"]]),
        (One, [[1.0]]),
        (One, [[1, 2]]),
        (One, [[]]),
        (One, []),
        (One, [[1], [2]]),
        (One, [{1: 1}]),
        (One, 1),
        (One, None),
        (Part, [[1], [[True], []]]),
        (Part, [[1], [[False], ["told"]]]),
        (Part, [[1], [[1], ["told"]]]),
        (Several, [[[2], [1]]]),
        (Several, [[[-1, 2], [1]]]),
        (Several, [[[1, 0], [1]]]),
        (Several, [[[], []]]),
        (Held, [[[2], ["a", "a"], [[1, 1], [0, 1, 1, 1]]]]),
        (Held, [[[1], ["a"], [[1], [0, 1, 1]]]]),
        (Held, [[[1], ["a"], [[1], [5, -1]]]]),
        (Held, [[[1], ["a"], [[2], [0, 1, 0, 1]]]]),
        (Held, [[[1], ["a", "b"], [[1], [0, 1]]]]),
        (Held, [[[1], ["a"], [[True], [0, 1]]]]),
    ],
)
def test_what_says_no_state_of_its_class_is_none(kind, plain):
    with pytest.raises(NotAStateError):
        states.decode(kind, msgpack.packb(plain))


def test_the_bytes_of_a_small_state_are_as_the_module_says():
    state = Held(held=HashTrieMap({"a": Ranges.of([(5, 7), (9, 10)])}))

    assert msgpack.unpackb(states.encode(state)) == [[[1], ["a"], [[2], [5, 2, 2, 1]]]]


@pytest.mark.parametrize("name", kinds.STREAMS)
def test_every_kind_of_stream_has_a_state_that_can_be_packed(name):
    blank = kinds.blank(f"{name}/x")

    assert states.decode(type(blank), states.encode(blank)) == blank


def changed(name: str, hints: dict[str, object]) -> type:
    """A state class that is made on the spot."""
    return dataclass(frozen=True)(type(name, (), {"__annotations__": hints}))


@pytest.mark.parametrize(
    "hints",
    [
        {"first": int},
        {"first": int, "second": bytes},
        {"first": int, "other": str},
        {"second": str, "first": int},
        {"first": int, "second": str | None},
        {"first": int, "second": tuple[str, ...]},
        {"first": int, "second": tuple[str, str]},
        {"first": int, "second": frozenset[str]},
        {"first": int, "second": Part},
        {"first": int, "second": "HashTrieMap[str, int]"},
    ],
)
def test_another_name_order_or_type_of_a_field_is_another_fingerprint(hints):
    before = states.fingerprint(changed("State", {"first": int, "second": str}))

    assert states.fingerprint(changed("State", hints)) != before
    assert states.fingerprint(changed("State", {"first": int, "second": str})) == before


def test_another_field_deep_inside_is_another_fingerprint():
    more = changed("Part", {"count": int, "told": str | None, "third": int})

    inside = [changed("State", {"parts": tuple[part, ...]}) for part in (Part, more)]

    assert len(set(map(states.fingerprint, inside))) == 2


@pytest.mark.parametrize("hint", [float, list[int], dict[str, int], int | str, object])
def test_a_type_of_which_nobody_said_how_it_is_packed_is_named(hint):
    with pytest.raises(TypeError, match="no column"):
        states.fingerprint(changed("State", {"field": hint}))


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_afterwards_if_it_was_before(enabled):
    (gc.enable if enabled else gc.disable)()
    try:
        states.decode(One, states.encode(One(value=3)))
        with pytest.raises(NotAStateError):
            states.decode(One, b"")

        assert gc.isenabled() is enabled
    finally:
        gc.enable()
