"""Bodies are read strictly: every field there, none besides, each of exactly its type."""

import pytest

from registry.domain import certificate, kinds, shape
from registry.domain.batch import Retired, Transferred
from registry.errors import RefusedError

ALICE, BOB = "account/" + "a" * 16, "account/" + "b" * 16
TRANSFERRED = {
    "giver": ALICE,
    "taker": BOB,
    "amount_g": 5,
    "standard": "SCFG",
    "range": [0, 5],
    "venue": None,
    "trade": None,
}
PERIOD = ["2025-01-01", "2025-12-31"]


def test_a_body_is_read_and_said_again():
    event = shape.read(Transferred, TRANSFERRED)

    assert event == Transferred(**{**TRANSFERRED, "range": (0, 5)})
    assert shape.body_of(event) == {**TRANSFERRED, "range": (0, 5)}


@pytest.mark.parametrize("field", sorted(TRANSFERRED))
def test_no_field_is_missing(field):
    body = {name: value for name, value in TRANSFERRED.items() if name != field}

    with pytest.raises(RefusedError) as caught:
        shape.read(Transferred, body)

    assert (caught.value.code, caught.value.facts["field"]) == ("malformed", field)


def test_no_field_is_too_many():
    with pytest.raises(RefusedError) as caught:
        shape.read(Transferred, {**TRANSFERRED, "note": ""})

    assert (caught.value.code, caught.value.facts["field"]) == ("malformed", "note")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("giver", 1),
        ("giver", "account/" + "a" * 15),
        ("giver", "account/" + "a" * 17),
        ("giver", "account/" + "0" * 16),
        ("giver", "account/" + "a" * 16 + "\n"),
        ("giver", "registry"),
        ("giver", "bearer/" + "a" * 52),
        ("giver", None),
        ("amount_g", 0),
        ("amount_g", 2**63),
        ("amount_g", True),
        ("amount_g", "5"),
        ("amount_g", 5.0),
        ("standard", "S"),
        ("standard", "scfg"),
        ("standard", "A" * 13),
        ("standard", b"SCFG"),
        ("range", [0]),
        ("range", [0, 1, 2]),
        ("range", [-1, 2]),
        ("range", [3, 3]),
        ("range", [0, 2**63]),
        ("range", [False, 1]),
        ("range", {"start": 0}),
        ("trade", bytes(31)),
        ("trade", "a" * 32),
    ],
    ids=repr,
)
def test_each_field_is_exactly_of_its_type(field, value):
    with pytest.raises(RefusedError) as caught:
        shape.read(Transferred, {**TRANSFERRED, field: value})

    assert (caught.value.code, caught.value.facts["field"]) == ("malformed", field)


@pytest.mark.parametrize(
    "period",
    [
        ["2025-01-01"],
        ["2025-02-29", "2025-12-31"],
        ["2025-12-31", "2025-01-01"],
        ["2025-1-1", "2025-12-31"],
        ["20250101", "20251231"],
        ["2025-00-01", "2025-12-31"],
        ["0999-01-01", "2025-12-31"],
        ["٢٠٢٥-01-01", "2025-12-31"],
        [1, 2],
    ],
    ids=repr,
)
def test_a_period_is_two_days_of_the_calendar_in_order(period):
    with pytest.raises(RefusedError) as caught:
        shape.period(period)

    assert caught.value.code == "malformed"


def test_a_leap_day_and_one_day_are_a_period():
    assert shape.period(["2024-02-29", "2024-02-29"]) == ("2024-02-29", "2024-02-29")


def test_commitments_are_known_by_their_type():
    assert shape.commitments(certificate.Issued) == (
        "activity",
        "organisers",
        "beneficiary",
        "purchaser",
        "agent",
    )
    assert shape.commitments(Transferred) == ("trade",)
    assert shape.commitments(Retired) == ()


@pytest.mark.parametrize("kind", sorted(kinds.EVENTS))
def test_every_kind_names_its_stream_and_says_what_it_consults_of_its_own_fields(kind):
    event = kinds.EVENTS[kind]
    fields = shape.schema(event)

    consulted = [rule.split(" ") for rule in event.consults]

    assert kind.partition(".")[0] in kinds.STREAMS
    assert all(len(rule) == 2 and rule[1] in fields for rule in consulted)
    assert not {"batch", "campaign", "certificate"} & {prefix for prefix, _ in consulted}
