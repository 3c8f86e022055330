"""Stored rows, looked at before they are taken: what is there in order, and nothing of another entry."""

from typing import Any

import pytest

from registry.ledger import rows
from registry.ledger.rows import Along

STORED = [
    (3, 0, 0, 0, b"a"),
    (3, 0, 0, 1, b"b"),
    (3, 0, 0, 2, b"range"),
    (3, 1, 0, 0, b"c"),
    (5, 0, 0, 0, b"d"),
]


def test_rows_are_looked_at_and_not_taken() -> None:
    along = Along(iter(STORED))

    found = along.beside(3, {(0, 0): 2, (1, 0): 1})

    assert found == {(0, 0): (b"a", b"b"), (1, 0): (b"c",)}
    assert [along.takes(row) for row in STORED] == [True] * len(STORED)
    assert along.at_end


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ([], ()),
        ([(2, 0, 0, 0, b"a")], ()),
        ([(4, 0, 0, 0, b"a")], ()),
        ([(3, 0, 0, 1, b"a")], ()),
        ([(3, 0, 0, 0, b"a"), (3, 0, 0, 2, b"b")], (b"a",)),
        ([(3, 0, 0, 0, b"a"), (3, 0, 1, 1, b"b")], (b"a",)),
        ([(3, 0, 0, 0, "a")], ()),
        ([(3, None, 0, 0, b"a")], ()),
        ([(3, 0, "0", 0, b"a")], ()),
        ([(3, 0, 0, 0, b"a"), (3, 0, 0, 1, b"b"), (3, 0, 0, 2, b"c")], (b"a", b"b")),
    ],
    ids=[
        "none",
        "an earlier entry's",
        "a later entry's",
        "not from the first",
        "a gap",
        "another event's",
        "a text",
        "no part",
        "an event that is a text",
        "more than are wanted",
    ],
)
def test_what_is_not_there_in_order_is_not_found(
    stored: list[Any], expected: tuple[bytes, ...]
) -> None:
    along = Along(iter(stored))

    assert along.beside(3, {(0, 0): 2}) == {(0, 0): expected}
    assert all(along.takes(row) for row in stored)


def test_where_nothing_is_wanted_nothing_is_read() -> None:
    reading = iter(STORED)
    along = Along(reading)

    assert along.beside(3, {}) == {}
    # The first was read to see whether there is one.
    assert next(reading) == STORED[1]


def test_however_many_rows_stand_in_between_no_more_are_kept_than_there_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "BETWEEN_MAX", 10)
    reading = iter([(3, 0, 0, number, b"a") for number in range(1_000)])

    found = Along(reading).beside(3, {(1, 0): 1})

    assert found == {(1, 0): ()}
    assert len(list(reading)) == 1_000 - 11


def test_what_nobody_claimed_is_passed_by() -> None:
    along = Along(iter(STORED))
    assert along.takes(STORED[0])
    assert not along.is_past(3)

    along.pass_by(3)

    assert along.is_past(3)
    assert not along.takes(STORED[3])
    assert along.beside(5, {(0, 0): 1}) == {(0, 0): (b"d",)}


def test_whoever_leaves_reads_no_further() -> None:
    reading = iter(STORED)
    along = Along(reading)

    along.leave()

    assert along.at_end
    assert along.is_past(3)
    assert next(reading) == STORED[1]
