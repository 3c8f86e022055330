"""Canonical bytes: one value, one encoding."""

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import RefusedError
from registry.ledger.canonical import DEPTH_MAX, decode, encode

INTEGERS = st.integers(-(2**63), 2**63 - 1)
LEAVES = st.none() | st.booleans() | INTEGERS | st.binary(max_size=40) | st.text(max_size=40)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def read(data):
    return decode(data, bytes_max=100_000)


def code_of(data):
    with pytest.raises(RefusedError) as caught:
        read(data)
    return caught.value.code


@given(VALUES)
def test_what_is_written_is_read_again(value):
    data = encode(value)

    again = read(data)

    assert again == value
    assert encode(again) == data


@given(st.dictionaries(st.text(), INTEGERS, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_a_map_does_not_matter_to_its_bytes(value, chance):
    items = list(value.items())
    chance.shuffle(items)

    assert encode(dict(items)) == encode(value)
    assert list(read(encode(value))) == sorted(value, key=str.encode)


def spelled_only_so(data):
    """Whether `data`, if it is read at all, is what its value is written as."""
    try:
        value = read(data)
    except RefusedError:
        return True
    return encode(value) == data


@given(st.binary(max_size=60))
def test_whatever_bytes_are_read_are_the_only_ones_for_their_value(data):
    assert spelled_only_so(data)


@given(VALUES, st.data())
def test_a_changed_byte_is_another_value_or_none(value, data):
    written = bytearray(encode(value))
    place = data.draw(st.integers(0, len(written) - 1))

    written[place] ^= data.draw(st.integers(1, 255))

    assert spelled_only_so(bytes(written))


def test_tuples_are_arrays():
    assert encode((1, (2, b"x"))) == encode([1, [2, b"x"]])


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (None, "c0"),
        (False, "c2"),
        (True, "c3"),
        (0, "00"),
        (127, "7f"),
        (128, "cc80"),
        (256, "cd0100"),
        (65536, "ce00010000"),
        (2**32, "cf0000000100000000"),
        (2**63 - 1, "cf7fffffffffffffff"),
        (-1, "ff"),
        (-32, "e0"),
        (-33, "d0df"),
        (-129, "d1ff7f"),
        (-32769, "d2ffff7fff"),
        (-(2**63), "d38000000000000000"),
        (b"", "c400"),
        (b"a", "c40161"),
        ("", "a0"),
        ("a" * 31, "bf" + "61" * 31),
        ("a" * 32, "d920" + "61" * 32),
        ([], "90"),
        ({}, "80"),
        ({"b": 1, "a": 2}, "82a16102a16201"),
        ({"é": 1, "z": 2, "\U0001f333": 3, "\uffff": 4}, "84a17a02a2c3a901a3efbfbf04a4f09f8cb303"),
    ],
    ids=repr,
)
def test_each_value_has_these_bytes(value, data):
    assert encode(value).hex() == data
    assert read(bytes.fromhex(data)) == value
    assert type(read(bytes.fromhex(data))) is type(value)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "cc05",
        "cc7f",
        "cd0005",
        "cd00ff",
        "ce0000ffff",
        "cf00000000ffffffff",
        "cf8000000000000000",
        "cfffffffffffffffff",
        "d000",
        "d07f",
        "d0ff",
        "d0e0",
        "d10001",
        "d1ff80",
        "d200000001",
        "d2ffff8000",
        "d30000000000000001",
        "d3ffffffff80000000",
        "c50001" + "61",
        "c600000001" + "61",
        "d901" + "61",
        "da0001" + "61",
        "db00000001" + "61",
        "dc0000",
        "dc000101",
        "dd00000000",
        "dd0000000101",
        "de0000",
        "df00000000",
        "de0001a16101",
        "c1",
        "ca00000000",
        "ca3f800000",
        "ca7fc00000",
        "cb0000000000000000",
        "cb3ff0000000000000",
        "cb7ff8000000000000",
        "cb7ff0000000000000",
        "d40000",
        "d4ff00",
        "d5ff0000",
        "d6ff00000000",
        "d7ff0000000000000000",
        "d8ff" + "00" * 16,
        "c70000",
        "c700ff",
        "c70cff" + "00" * 12,
        "c8000000",
        "c90000000000",
        "82a16101a16102",
        "82a16201a16101",
        "82a2c3a901a17a01",
        "810101",
        "81c00101",
        "81c4016101",
        "8190" + "01",
        "81c301",
        "0000",
        "00c0",
        "a161" + "00",
        "9101" + "90",
        "92" + "01",
        "a2" + "61",
        "c402" + "61",
        "81a161",
        "ddffffffff",
        "dfffffffff",
        "dbffffffff",
        "c6ffffffff",
        "a1ff",
        "a2c080",
        "a2c328",
        "a3eda080",
        "a3edbfbf",
        "a4f4908080",
        "a3e08080",
        "81a1ff01",
    ],
)
def test_every_other_spelling_is_refused(data):
    assert code_of(bytes.fromhex(data)) == "not_canonical"


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        float("inf"),
        2**63,
        -(2**63) - 1,
        bytearray(b"a"),
        memoryview(b"a"),
        {1, 2},
        {1: 2},
        {b"a": 1},
        {None: 1},
        {True: 1},
        "\ud800",
        {"\udfff": 1},
        msgpack.ExtType(1, b"x"),
        msgpack.Timestamp(0),
        object(),
        [[1.5]],
        {"a": {"b": 2**64}},
        type("Integer", (int,), {})(5),
        type("Text", (str,), {})("a"),
    ],
    ids=[str(number) for number in range(21)],
)
def test_what_has_no_canonical_form_is_not_written(value):
    with pytest.raises(RefusedError) as caught:
        encode(value)

    assert caught.value.code == "not_canonical"


def nested(depth, opening="91", inner="00"):
    return bytes.fromhex(opening * depth + inner)


@pytest.mark.parametrize("opening", ["91", "81a161"])
def test_sixteen_levels_are_read_and_not_one_more(opening):
    assert encode(read(nested(DEPTH_MAX, opening))) == nested(DEPTH_MAX, opening)
    assert code_of(nested(DEPTH_MAX + 1, opening)) == "not_canonical"


@pytest.mark.parametrize("depth", [500, 1_000, 5_000, 100_000 - 1])
def test_a_tower_of_arrays_is_refused_and_breaks_nothing(depth):
    assert code_of(nested(depth)) == "not_canonical"


def test_a_writer_may_not_nest_deeper_either():
    value = []
    for _ in range(DEPTH_MAX - 1):
        value = [value]

    assert read(encode(value)) == value
    with pytest.raises(RefusedError) as caught:
        encode([value])
    assert caught.value.code == "not_canonical"


def test_true_is_not_one():
    assert encode(True) != encode(1)  # noqa: FBT003  # the value is what is tested
    assert read(encode([True, 1, False, 0])) == [True, 1, False, 0]
    assert [type(item) for item in read(encode([True, 1]))] == [bool, int]


def test_what_is_too_long_is_refused_before_it_is_read():
    data = b"\xc1" * 11

    with pytest.raises(RefusedError) as caught:
        decode(data, bytes_max=10)

    assert caught.value.code == "too_long"
    assert decode(encode(b"a" * 8), bytes_max=10) == b"a" * 8


def test_normalisation_is_left_to_the_writer():
    assert encode("é") != encode("e\u0301")
