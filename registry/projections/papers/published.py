"""Figures that an authority has published, held against each other and against the list: where they cannot all be true.

    JSON   title, first, last, table, text, restated, growth, largest, largest_count, months
           decimals are strings as printed: how many are printed says how exact they are

What stands in the file is what was said. What that comes to, and whether it agrees, is computed here.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations, islice
from typing import Any, Literal

from registry.errors import RefusedError
from registry.projections.papers.annual import Figures, figures, figures_by_type
from registry.projections.papers.claims import TYPES, Claim
from registry.projections.papers.paper import (
    HUNDRED_PERCENT,
    Cell,
    Cells,
    Mass,
    Share,
    Sheet,
    Term,
    growth,
    rounded,
    shares,
)

GRAMS_PER_TONNE = 1_000_000
ROWS_TRIED_MAX = 12
"""Of so many rows every combination is added up, to find those that a published figure counts; and so many are named
that may be the one that a text speaks of."""
FILE_BYTES_MAX = 1 << 20
LINES_MAX = 100
"""Of each list in a publication: each line is held against all of the list, or against the others."""

COLUMNS = (
    "check",
    "subject",
    "said",
    "said_in",
    "found",
    "found_in",
    "difference",
    "verdict",
    "why",
)
_LISTS = ("table", "restated", "growth", "largest", "months")
_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A number as printed: in the smallest unit that counts, and how many of these its last decimal is."""

    value: int
    step: int

    def agrees(self, other: "Stated") -> bool:
        """Whether both may be the same number, rounded to what is printed of it."""
        return 2 * abs(self.value - other.value) <= max(self.step, other.step)


Verdict = Literal["agrees", "contradicts", "short"]
"""`short`: the list has less of a type than was published, which may be so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Two figures that should be the same: what was said where, and what was found where.

    `why` is what explains the difference: `ratio`, `rows` with their numbers in the list, `more_than_all`, `unnamed`.
    """

    check: str
    subject: Cell
    said: Cell
    said_in: str
    found: Cell
    found_in: str
    verdict: Verdict
    why: str | None = None
    rows: tuple[int, ...] = ()

    @property
    def cells(self) -> Cells:
        """The line of the sheet."""
        return (
            Term(terms="checks", name=self.check),
            self.subject,
            self.said,
            Term(terms="sources", name=self.said_in),
            self.found,
            Term(terms="sources", name=self.found_in),
            _difference(self.said, self.found),
            Term(terms="verdicts", name=self.verdict),
            None if self.why is None else _why(self.why, self.rows),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A publication: its name, the days that it is about, and what it says."""

    title: str
    first: str
    last: str
    said: Mapping[str, Any]


def read(data: bytes, field: str = "") -> Published:
    """The publication in the bytes of a file, which whoever asked calls `field`.

    Raises:
        RefusedError: `malformed`.
    """
    try:
        said = json.loads(data, parse_float=_no_float)
        first, last = (date.fromisoformat(said[name]).isoformat() for name in ("first", "last"))
        made = Published(title=_text(said["title"]), first=first, last=last, said=_short(said))
        # Whatever is missing or mistyped shows itself on the first reading.
        checks(made, ())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedError("malformed", field=field, why="published_expected") from error
    return made


def sheet(published: Published, listed: Sequence[Claim]) -> Sheet:
    """All that was checked; `listed` are the claims of the list of these days, in its order."""
    rows = tuple(check.cells for check in checks(published, listed))
    return Sheet(name="published", columns=COLUMNS, rows=rows)


def checks(published: Published, listed: Sequence[Claim]) -> list[Check]:
    """Every pair of figures that should agree, in the order of the publication."""
    said = published.said
    return [
        *_on_the_table(said),
        *_on_restated(said),
        *_on_growth(said),
        *_on_the_list(said, listed),
        *_on_largest(said, listed),
        *_on_months(said, listed),
    ]


def _on_the_table(said: Mapping[str, Any]) -> Iterator[Check]:
    """The table's sums are what the text says, and its shares what they come to."""
    table, text = said["table"], said["text"]
    scenes, total = _sums(table)
    yield Check(
        check="total_scenes",
        subject=None,
        said=_count(text["scenes"]),
        said_in="text",
        found=scenes,
        found_in="table_sum",
        verdict=_verdict(text["scenes"] == scenes),
    )
    stated = _tonnes(text["ten_thousand_tonnes"], unit=10_000)
    yield Check(
        check="total",
        subject=None,
        said=Mass(grams=stated.value),
        said_in="text",
        found=Mass(grams=total.value),
        found_in="table_sum",
        verdict=_verdict(stated.agrees(total)),
    )
    for column, amounts in (
        ("scenes_share", {line["type"]: line["scenes"] for line in table}),
        ("tonnes_share", {line["type"]: _tonnes(line["tonnes"]).value for line in table}),
    ):
        computed = shares(amounts)
        for line in table:
            percent = _decimal(line[column], 2)
            yield Check(
                check=column,
                subject=_type(line["type"]),
                said=Share(hundredths=percent.value),
                said_in="table",
                found=computed[line["type"]],
                found_in="computed",
                verdict=_verdict(percent.value == computed[line["type"]].hundredths),
            )


def _on_restated(said: Mapping[str, Any]) -> Iterator[Check]:
    """What is said of one type in several places is the same everywhere."""
    table = {line["type"]: [line["tonnes"]] for line in said["table"]}
    by_type: dict[str, list[tuple[str, Stated]]] = {}
    for item in said["restated"]:
        sort = item["type"]
        known = by_type.setdefault(sort, [("table", _sum(table[sort]))])
        known.append((item["where"], _sum(item["tonnes"])))
    for sort, stated in by_type.items():
        for (place, one), (other_place, other) in combinations(stated, 2):
            yield Check(
                check="restated",
                subject=_type(sort),
                said=Mass(grams=one.value),
                said_in=place,
                found=Mass(grams=other.value),
                found_in=other_place,
                verdict=_verdict(one.agrees(other)),
            )


def _on_growth(said: Mapping[str, Any]) -> Iterator[Check]:
    """What is called growth is growth, and not the ratio of the two years."""
    for item in said["growth"]:
        now, before = _count(item["now"]), _count(item["before"])
        times = _decimal(item["said_times"], 4)
        grown = growth(now, before)
        if grown is None:
            raise ValueError(item)
        ratio = Stated(value=rounded(now * HUNDRED_PERCENT, before), step=1)
        agrees = times.agrees(Stated(value=grown.hundredths, step=1))
        is_ratio = not agrees and times.agrees(ratio)
        yield Check(
            check="growth",
            subject=Term(terms="figures", name=item["figure"]),
            said=Share(hundredths=times.value),
            said_in="text",
            found=grown,
            found_in="computed",
            verdict=_verdict(agrees),
            why="ratio" if is_ratio else None,
        )


def _on_the_list(said: Mapping[str, Any], listed: Sequence[Claim]) -> Iterator[Check]:
    """The list has what the table counts; of no type may it have more."""
    scenes, total = _sums(said["table"])
    found = figures(listed)
    yield Check(
        check="list_scenes",
        subject=None,
        said=scenes,
        said_in="table_sum",
        found=found.scenes,
        found_in="list",
        verdict=_verdict(scenes == found.scenes),
    )
    yield _mass_check("list", None, total, "table_sum", found.total_g)
    by_type = figures_by_type(listed)
    none = Figures(scenes=0, retirements=0, total_g=0)
    for line in said["table"]:
        own, stated = by_type.get(line["type"], none), _tonnes(line["tonnes"])
        more = own.total_g > stated.value
        why = "more_than_all" if more else None
        check = _mass_check("list_type", _type(line["type"]), stated, "table", own.total_g, why=why)
        if own.retirements and (more or check.verdict == "agrees"):
            yield check
        elif own.retirements:
            yield replace(check, verdict="short")


def _on_largest(said: Mapping[str, Any], listed: Sequence[Claim]) -> Iterator[Check]:
    """Of the largest, what is published is what the list has for them."""
    rows = list(enumerate(listed, start=1))
    count, known = _count(said["largest_count"]), 0
    for item in said["largest"]:
        name, organiser = _text(item["name"]), _text(item["organiser"])
        own = [(no, claim) for no, claim in rows if organiser in claim.organisers]
        known += bool(own)
        stated = _tonnes(item["tonnes"])
        numbers = _counted(own, stated.value)
        yield _mass_check(
            "largest",
            name,
            stated,
            "largest",
            sum(claim.amount_g for _, claim in own),
            why="rows" if numbers else None,
            rows=numbers,
        )
    yield Check(
        check="largest_there",
        subject=None,
        said=count,
        said_in="largest",
        found=known,
        found_in="list",
        verdict=_verdict(count == known),
    )


def _on_months(said: Mapping[str, Any], listed: Sequence[Claim]) -> Iterator[Check]:
    """A retirement that the text puts into a month is in that month on the list."""
    for item in said["months"]:
        stated, month = _tonnes(item["tonnes"]), _text(item["month"])
        name, activity = _text(item["name"]), _text(item["activity"])
        fitting = (
            (no, claim)
            for no, claim in enumerate(listed, start=1)
            if claim.amount_g == stated.value and (claim.activity or "").startswith(activity)
        )
        for no, claim in islice(fitting, ROWS_TRIED_MAX):
            yield Check(
                check="month",
                subject=name,
                said=month,
                said_in="text",
                found=claim.month,
                found_in="list",
                verdict=_verdict(month == claim.month),
                why="rows",
                rows=(no,),
            )


def _counted(rows: Sequence[tuple[int, Claim]], amount_g: int) -> tuple[int, ...]:
    """The numbers of some of these rows, though not all, that come to just this amount; none if none do."""
    if len(rows) > ROWS_TRIED_MAX:
        return ()
    for size in range(1, len(rows)):
        for chosen in combinations(rows, size):
            if sum(claim.amount_g for _, claim in chosen) == amount_g:
                return tuple(no for no, _ in chosen)
    return ()


def _verdict(agrees: bool) -> Verdict:
    return "agrees" if agrees else "contradicts"


def _mass_check(
    check: str,
    subject: Cell,
    stated: Stated,
    said_in: str,
    found_g: int,
    *,
    why: str | None = None,
    rows: tuple[int, ...] = (),
) -> Check:
    return Check(
        check=check,
        subject=subject,
        said=Mass(grams=stated.value),
        said_in=said_in,
        found=Mass(grams=found_g),
        found_in="list",
        verdict=_verdict(stated.agrees(Stated(value=found_g, step=1))),
        why=why,
        rows=rows,
    )


def _sums(table: Sequence[Mapping[str, Any]]) -> tuple[int, Stated]:
    return sum(_count(line["scenes"]) for line in table), _sum([line["tonnes"] for line in table])


def _sum(printed: Sequence[str]) -> Stated:
    stated = [_tonnes(text) for text in printed]
    return Stated(value=sum(one.value for one in stated), step=max(one.step for one in stated))


def _tonnes(printed: str, *, unit: int = 1) -> Stated:
    """Tonnes as printed, or so many of them at a time, in grams."""
    made = _decimal(printed, 6)
    return Stated(value=made.value * unit, step=made.step * unit)


def _decimal(printed: str, places: int) -> Stated:
    """A decimal as printed, in units of its last place if it had so many.

    Raises:
        ValueError: it is none, or more exact than that.
    """
    found = _DECIMAL.fullmatch(printed)
    decimals = "" if found is None else (found[2] or "")
    if found is None or len(decimals) > places:
        raise ValueError(printed)
    step = 10 ** (places - len(decimals))
    return Stated(value=int(found[1] + decimals) * step, step=step)


def _type(sort: str) -> Term:
    if sort not in TYPES.values():
        raise ValueError(sort)
    return Term(terms="types", name=sort)


def _difference(said: Cell, found: Cell) -> Cell:
    match said, found:
        case Mass(grams=one), Mass(grams=other):
            return Mass(grams=one - other)
        case Share(hundredths=one), Share(hundredths=other):
            return Share(hundredths=one - other)
        case int(one), int(other):
            return one - other
        case _:
            return None


def _why(why: str, rows: tuple[int, ...]) -> Cell:
    if why != "rows":
        return Term(terms="whys", name=why)
    return "#" + ", #".join(map(str, rows))


def _short(said: dict[str, Any]) -> dict[str, Any]:
    if any(len(said[name]) > LINES_MAX for name in _LISTS):
        raise ValueError(LINES_MAX)
    return said


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


def _no_float(text: str) -> Any:
    raise ValueError(text)
