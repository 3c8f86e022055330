"""The footprint of a journey: whole grams, rounded up, by a table whose version is named."""

import pytest

from registry.acts import footprint
from registry.acts.footprint import read, total_g
from registry.errors import RefusedError


@pytest.mark.parametrize(
    ("leg", "grams"),
    [
        ("rail:300km", 10_800),
        ("rail:0.001km", 1),
        ("car:12.5km", 2_088),
        ("metro:8km", 232),
        ("bus:1km", 103),
        ("flight:1000km", 273_000),
        ("hotel:2night", 107_000),
        ("hotel:0.5night", 26_750),
        ("bike:5km", 0),
        ("walk:100000km", 0),
    ],
)
def test_a_leg_comes_to_whole_grams_rounded_up(leg, grams):
    (read_leg,) = read([leg])

    assert read_leg.amount_g == grams


def test_a_journey_is_the_sum_of_its_legs():
    legs = read(["metro:0.001km", "rail:300km", "metro:0.001km"])

    assert total_g(legs) == 10_802
    assert total_g(()) == 0


@pytest.mark.parametrize(
    "leg",
    [
        "",
        "rail",
        "rail:300",
        "rail:300night",
        "hotel:1km",
        "boat:3km",
        "rail:-3km",
        "rail:0km",
        "rail:1.2345km",
        "rail:1e3km",
        "rail:100000.001km",
        "rail:٣km",
        "rail:3km ",
    ],
)
def test_what_is_no_leg_is_refused(leg):
    with pytest.raises(RefusedError) as caught:
        read(["metro:1km", leg])

    assert caught.value.code == "bad_journey"
    assert caught.value.facts["leg"] == leg


def test_a_journey_has_an_end():
    with pytest.raises(RefusedError) as caught:
        read(["walk:1km"] * (footprint.LEGS_MAX + 1))

    assert caught.value.code == "bad_journey"


def test_the_table_has_a_version():
    # Another factor is another version: who kept the version can work the same figure out again.
    table = {mode: (factor.each_g, factor.unit) for mode, factor in footprint.FACTORS.items()}

    assert (footprint.VERSION, table) == (
        "footprint/2026-1",
        {
            "bike": (0, "km"),
            "bus": (103, "km"),
            "car": (167, "km"),
            "flight": (273, "km"),
            "hotel": (53_500, "night"),
            "metro": (29, "km"),
            "rail": (36, "km"),
            "walk": (0, "km"),
        },
    )
