"""The guests of a campaign: a sound list is taken as it is, a bad one is refused with every bad row."""

import pytest

from registry.acts.guest_list import CHUNK_GUESTS_MAX, Guest, chunk_nonce, read
from registry.domain import shape
from registry.errors import RefusedError
from registry.ledger import canonical

ONE = "account/" + "a" * 16
TWO = "account/" + "b" * 16
SOUND = f"no,account,name,tonnes\nT-1,{ONE},王伟,0.05\nT-2,,Ana,1\n3,,,0.000027\n"


def told(text, each_g=None):
    return read(text.encode(), each_g=each_g)


def bad_rows(text, each_g=None):
    with pytest.raises(RefusedError) as caught:
        told(text, each_g)
    assert caught.value.code == "bad_rows"
    return caught.value.facts["rows"]


def test_a_list_says_who_gets_how_much():
    listed = told(SOUND)

    assert listed.guests == (
        Guest(line=2, number="T-1", account=ONE, name="王伟", amount_g=50_000),
        Guest(line=3, number="T-2", account=None, name="Ana", amount_g=1_000_000),
        Guest(line=4, number="3", account=None, name="", amount_g=27),
    )
    assert listed.total_g == 1_050_027


def test_grams_may_stand_in_place_of_tonnes():
    assert told("grams,no\n27,1\n").guests[0].amount_g == 27


def test_where_the_campaign_gives_everybody_the_same_the_list_says_nothing_of_it():
    listed = told("no\n1\n2\n", each_g=5_000)

    assert [guest.amount_g for guest in listed.guests] == [5_000, 5_000]


@pytest.mark.parametrize(
    "spelled",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("王伟", '" 王伟 "').replace("no,", " no ,"),
        lambda text: text + "\n,,,\n",
        lambda text: text.replace("0.05", "0.050000"),
    ],
    ids=["mark", "line ends", "quotes and spaces", "blank line", "zeros"],
)
def test_a_list_is_known_by_what_it_says(spelled):
    assert told(spelled(SOUND)).digest == told(SOUND).digest


@pytest.mark.parametrize("change", ["T-1|T-9", "王伟|王薇", "0.05|0.06", f"{ONE}|{TWO}"])
def test_another_list_has_another_digest(change):
    old, new = change.split("|")

    assert told(SOUND.replace(old, new)).digest != told(SOUND).digest


def test_every_bad_row_is_named_by_its_line():
    text = (
        "no,account,name,tonnes\n"
        f"1,{ONE},A,1\n"
        f"1,{TWO},B,1\n"
        f"2,{ONE},C,1\n"
        "?,account/x,\x07,-1\n"
        "4,,D\n"
        "5,,E,0\n"
        "6,,F,0.0000001\n"
    )

    assert bad_rows(text) == [
        (3, "no", "1", "repeated"),
        (4, "account", ONE, "repeated"),
        (5, "no", "?", "guest_number_cell"),
        (5, "account", "account/x", "account_expected"),
        (5, "name", "\x07", "gift_name_cell"),
        (5, "tonnes", "-1", "tonnes_cell"),
        (6, "columns", "3", "cells_counted"),
        (7, "tonnes", "0", "tonnes_cell"),
        (8, "tonnes", "0.0000001", "tonnes_cell"),
    ]


@pytest.mark.parametrize("name", ["=1+1", "+86", "-A", "@SUM(A1)"])
def test_no_name_is_a_formula(name):
    assert bad_rows(f"no,name,grams\n1,{name},5\n") == [(2, "name", name, "gift_name_cell")]


def test_numbers_that_differ_in_case_alone_are_one():
    assert bad_rows("no,grams\nt-1,5\nT-1,5\n") == [(3, "no", "T-1", "repeated")]


def test_two_guests_may_have_one_name():
    assert len(told("no,name,grams\n1,王伟,5\n2,王伟,5\n").guests) == 2


@pytest.mark.parametrize("grams", ["0", "1.5", "1_0", "٣", str(shape.GRAMS_MAX + 1), "+1"])
def test_grams_are_whole_and_above_zero(grams):
    assert bad_rows(f"no,grams\n1,{grams}\n") == [(2, "grams", grams, "grams_cell")]


def test_a_quote_that_does_not_close_is_named():
    assert bad_rows('no,grams\n1,5\n"2,5\n') == [(3, "columns", "", "csv_expected")]


@pytest.mark.parametrize(
    ("text", "each_g"),
    [
        ("", None),
        ("no,grams\n", None),
        ("no\n1\n", None),
        ("no,tonnes,grams\n1,1,1\n", None),
        ("no,grams\n1,5\n", 5),
        ("account,grams\n,5\n", None),
        ("no,no,grams\n1,1,5\n", None),
        ("no,grams,phone\n1,5,6\n", None),
    ],
)
def test_a_header_that_is_another_is_refused(text, each_g):
    with pytest.raises(RefusedError) as caught:
        told(text, each_g)

    assert caught.value.code == "bad_header"


def test_what_is_not_utf_8_is_refused_where_it_is_not():
    with pytest.raises(RefusedError) as caught:
        read("no,name,grams\n1,王,5\n".encode("gbk"), each_g=None)

    assert (caught.value.code, caught.value.facts["line"]) == ("not_utf8", 2)


def test_a_list_is_given_in_chunks_each_under_its_own_nonce():
    listed = told("no,grams\n" + "".join(f"{number},5\n" for number in range(1, 8)))
    campaign = "campaign/" + "c" * 16

    chunks = listed.chunks(3)
    nonces = [chunk_nonce(campaign, listed.digest, number) for number in range(3)]

    assert [len(chunk) for chunk in chunks] == [3, 3, 1]
    assert [guest for chunk in chunks for guest in chunk] == list(listed.guests)
    assert len({*nonces, chunk_nonce("campaign/" + "d" * 16, listed.digest, 0)}) == 4
    assert {len(nonce) for nonce in nonces} == {16}


def test_the_longest_chunk_is_no_more_than_rows_may_be():
    longest = [shape.GIFT_TAG, "bearer/" + "a" * 52, shape.GRAMS_MAX, shape.GRAMS_MAX]

    assert CHUNK_GUESTS_MAX * len(canonical.encode(longest)) <= shape.ROWS_BYTES_MAX
