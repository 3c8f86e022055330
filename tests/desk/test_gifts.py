"""What organisers and guests say, read strictly; and a code is said once, and shown to nobody."""

from typing import Any

import pytest

from registry.desk import campaigns, gifts
from registry.desk.ask import Ask, asked
from registry.errors import UsageError

CODE = "00041-06105-0R3GG-28A1C-60T3G-FW8JH"
PAPER = "ab" * 32
OPENED = {
    "organiser": "account/a",
    "occasion": "一场马拉松",
    "terms": PAPER,
    "standard": "SCFG",
    "deadline": "2027-06-30",
}


def test_an_amount_is_grams_from_here_on():
    said = asked(campaigns.Open, **OPENED, each="0.02")

    assert (said.each, said.terms, said.retire_only) == (20_000, bytes.fromhex(PAPER), True)
    assert asked(campaigns.Give, campaign="c", gifts=[{"taker": "account/b", "amount": "5g"}])


@pytest.mark.parametrize(
    ("kind", "said", "field"),
    [
        (campaigns.Open, {**OPENED, "each": 20_000}, "each"),
        (campaigns.Open, {**OPENED, "terms": "ab"}, "terms"),
        (campaigns.Open, {**OPENED, "retire_only": 1}, "retire_only"),
        (campaigns.Open, {**OPENED, "each_g": "20000"}, "each_g"),
        (campaigns.Fund, {"campaign": "c", "amount": "1e3"}, "amount"),
        (campaigns.Fund, {"campaign": "c", "amount": "1", "serials": ["9", "0"]}, "serials"),
        (campaigns.Give, {"campaign": "c", "gifts": []}, "gifts"),
        (campaigns.Give, {"campaign": "c", "gifts": [{"amount": "1"}]}, "gifts.0.taker"),
        (campaigns.Close, {"campaign": "c", "by_officer": "yes"}, "by_officer"),
        (gifts.Claim, {"code": "0" * 65}, "code"),
        (gifts.Claim, {"code": 7}, "code"),
        (gifts.Claim, {"bearer": "AB"}, "bearer"),
        (gifts.Retire, {"code": CODE, "journey": "rail:300km"}, "journey"),
        (gifts.Retire, {"code": CODE, "journey": ["walk:1km"] * 33}, "journey"),
    ],
)
def test_what_is_said_loosely_is_malformed(kind: type[Ask], said: dict[str, Any], field: str):
    with pytest.raises(UsageError) as refusal:
        asked(kind, **said)

    assert (refusal.value.code, refusal.value.facts["field"]) == ("malformed", field)


def test_a_code_is_shown_to_nobody():
    said = asked(gifts.Claim, code=CODE, to="account/a")

    assert CODE not in f"{said!r} {said} {said.model_dump()} {said.model_dump_json()}"


@pytest.mark.parametrize("code", ["0" * 65, [CODE]])
def test_not_even_where_it_is_refused(code: Any):
    with pytest.raises(UsageError) as refusal:
        asked(gifts.Claim, code=code, to="account/a")

    assert str(code) not in str(refusal.value)
    assert CODE not in str(refusal.value)
