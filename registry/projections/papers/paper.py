"""What an official paper is made of, before it has a language or a file: sheets of cells, and notes.

    Sheet   name, columns, rows, totals, notes

Names of columns, words and notes are keys; whoever writes them spells them. A mass is in grams and a share in
hundredths of a percent, so that nothing is rounded twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HUNDRED_PERCENT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mass:
    """Grams, written in tonnes."""

    grams: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Hundredths of a percent."""

    hundredths: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word out of the table `terms`, such as `enterprise` out of `purposes`."""

    terms: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A name that is not public; the certificate's number stands for it."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """From one day to another."""

    first: str
    last: str


Cell = (
    str
    | int
    | bytes
    | None
    | Days
    | Mass
    | Share
    | Term
    | Withheld
    | tuple[str, ...]
    | tuple[Term, ...]
)
"""What stands in a cell; bytes are a digest, several words stand beside each other, None is nothing."""
Cells = tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence under a table: the text `key` with `facts`."""

    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with what is to be said of it; `totals` is its last row."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Cells, ...]
    totals: Cells | None = None
    notes: tuple[Note, ...] = ()


def shares(amounts: Mapping[str, int]) -> dict[str, Share]:
    """Which part of their sum each amount is: hundredths of a percent that come to exactly 100 %.

    Each is rounded down; what is missing goes to those that lost most by it, and of equals to the first. The shares of
    the province's published annual table come out just so.
    """
    total = sum(amounts.values())
    if total == 0:
        return {name: Share(hundredths=0) for name in amounts}
    parts = {name: divmod(amount * HUNDRED_PERCENT, total) for name, amount in amounts.items()}
    missing = HUNDRED_PERCENT - sum(whole for whole, _ in parts.values())
    names = list(amounts)
    rounded_up = sorted(names, key=lambda name: (-parts[name][1], names.index(name)))[:missing]
    return {
        name: Share(hundredths=whole + (name in rounded_up)) for name, (whole, _) in parts.items()
    }


def growth(now: int, before: int) -> Share | None:
    """By how much `now` is more than `before`, rounded to the nearest hundredth of a percent; None where that was 0.

    Twice as much is growth by 100 %, not by 200 %.
    """
    if before == 0:
        return None
    return Share(hundredths=rounded((now - before) * HUNDRED_PERCENT, before))


def rounded(numerator: int, denominator: int) -> int:
    """The nearest integer, halves away from zero; `denominator` is above 0."""
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole
