"""A list of those for whom one retirement is: read strictly, all that is bad in it told at once."""

import pytest

from registry.acts import share_list
from registry.errors import RefusedError
from tests.world import table


def refusal(text):
    with pytest.raises(RefusedError) as caught:
        share_list.read(text.encode())

    return caught.value


@table(
    "text, expected",
    ("name,grams\n王一,10\n李二,20\n", (("王一", 10), ("李二", 20))),
    ("tonnes,name\n0.000027,A\n", (("A", 27),)),
    ("\ufeffname,grams\r\n A ,1\r\n\r\nA,2\r\n", (("A", 1), ("A", 2))),
)
def test_a_sound_list_says_who_and_how_much(text, expected):
    read = share_list.read(text.encode())

    assert read.beneficiaries == expected
    assert read.total_g == sum(amount_g for _, amount_g in expected)


@table(
    "text, code",
    ("", "bad_header"),
    ("name,grams\n", "bad_header"),
    ("name\nA\n", "bad_header"),
    ("name,grams,tonnes\nA,1,1\n", "bad_header"),
    ("name,name\nA,A\n", "bad_header"),
)
def test_a_list_without_its_columns_or_rows_is_refused(text, code):
    assert refusal(text).code == code


def test_all_that_is_bad_is_told_at_once():
    text = 'name,grams\nA,0\n,5\nB,1.5\nC,1,2\n"D\x01",3\nE,99999999999999999999\n'

    rows = refusal(text).facts["rows"]

    assert [(line, column) for line, column, *_ in rows] == [
        (2, "grams"),
        (3, "name"),
        (4, "grams"),
        (5, "columns"),
        (6, "name"),
        (7, "grams"),
    ]


def test_no_more_rows_than_one_act_has_room_for(monkeypatch):
    monkeypatch.setattr(share_list.shape, "ROWS_MAX", 2)

    assert refusal("name,grams\nA,1\nB,1\nC,1\n").code == "malformed"
