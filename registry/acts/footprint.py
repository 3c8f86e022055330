"""The footprint of a guest's journey, in whole grams CO2e, rounded up: a small calculator whose version is named.

    leg      "<mode>:<number><unit>", such as rail:300km, car:12.5km, hotel:2night
    number   decimal, up to 3 places, above 0 and at most 100,000

It estimates what a guest may offset of their own accord; no norm prescribes these factors, and nothing on the log
depends on them: what is retired is an amount that the guest signs.

Source of the factors: rounded up to whole grams from the UK Government's conversion factors for company reporting
(2023: national rail, light rail and tram, average local bus, average car, domestic flight with radiative forcing, hotel
stay in China), for want of published ones of the province; entered by hand, and not compared with the publication's own
file. Walking and cycling count nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from registry.errors import RefusedError, require

VERSION = "footprint/2026-1"
LEGS_MAX = 32

_MILLI = 1_000
_MOST = 100_000
_LEG = re.compile(r"([a-z]{1,16}):([0-9]{1,6})(?:\.([0-9]{1,3}))?([a-z]{1,8})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """What one unit of a mode emits for one person, in grams."""

    unit: str
    each_g: int


FACTORS = {
    "bike": Factor(unit="km", each_g=0),
    "bus": Factor(unit="km", each_g=103),
    "car": Factor(unit="km", each_g=167),
    "flight": Factor(unit="km", each_g=273),
    "hotel": Factor(unit="night", each_g=53_500),
    "metro": Factor(unit="km", each_g=29),
    "rail": Factor(unit="km", each_g=36),
    "walk": Factor(unit="km", each_g=0),
}
"""By mode. A car counts as a whole, for one person: who shares it says how far they went each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A part of a journey: the mode, how many thousandths of its unit, and what that emits."""

    mode: str
    milli: int
    amount_g: int


def read(legs: Sequence[str]) -> tuple[Leg, ...]:
    """The legs of a journey, as they were typed.

    Raises:
        RefusedError: `bad_journey`, naming the leg.
    """
    most = LEGS_MAX
    require(len(legs) <= most, "bad_journey", leg=f"{len(legs)}", why="legs_most", most=most)
    return tuple(_leg(leg) for leg in legs)


def total_g(legs: Sequence[Leg]) -> int:
    """What a journey emits: the sum over its legs, each rounded up."""
    return sum(leg.amount_g for leg in legs)


def _leg(typed: str) -> Leg:
    found = _LEG.fullmatch(typed)
    if found is None:
        raise RefusedError("bad_journey", leg=typed, why="leg_expected")
    mode, whole, thousandths, unit = found.groups()
    if mode not in FACTORS:
        raise RefusedError("bad_journey", leg=typed, why="one_of", choices=list(FACTORS))
    factor = FACTORS[mode]
    require(unit == factor.unit, "bad_journey", leg=typed, why="unit_expected", unit=factor.unit)
    milli = int(whole) * _MILLI + int((thousandths or "").ljust(3, "0"))
    fits = 0 < milli <= _MOST * _MILLI
    require(fits, "bad_journey", leg=typed, why="above_zero_expected", most=_MOST)
    return Leg(mode=mode, milli=milli, amount_g=-(-milli * factor.each_g // _MILLI))
