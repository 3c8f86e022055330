"""The province's published list of neutralised activities (清单), read strictly: every bad row is named, at once.

    CSV, UTF-8, header no,activity,organiser,category,tonnes,month
    no        number in the list, from 1, each once            category  one of CATEGORIES
    tonnes    decimal, up to 6 places, above 0                 month     YYYY-MM

An activity may end with the period that it covers. Only an explicit range of days is a period; a bare year is none.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from registry.acts import sheet
from registry.acts.propose import normalised
from registry.acts.sheet import File, Problem
from registry.errors import RefusedError
from registry.ledger import canonical

COLUMNS = ["no", "activity", "organiser", "category", "tonnes", "month"]
CATEGORIES = {
    "企业碳中和": "enterprise",
    "会议": "meeting",
    "产品碳足迹": "product_footprint",
    "赛事": "competition",
    "零碳金融网点": "zero_carbon_branch",
    "零碳会议室": "zero_carbon_meeting_room",
    "会展": "exhibition",
    "景区": "scenic_area",
}
FIRST_MONTH = "2000-01"
TAG = "carbon-registry/published-list/v1"

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)
_A_DAY = r"([0-9]{4})\s*[-年]\s*([0-9]{1,2})\s*[-月]\s*([0-9]{1,2})\s*日?"
_PERIOD = re.compile(rf"{_A_DAY}\s*(?:至|到|—+|~)\s*{_A_DAY}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One retirement of the list."""

    number: int
    activity: str
    organiser: str
    purpose: str
    amount_g: int
    month: str
    period: tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedList:
    """A list whose every row is sound.

    `source` is the SHA-256 of what it says, however the file spells it: canonical [tag, [[number, activity, organiser,
    purpose, grams, month], ...]].
    """

    source: bytes
    rows: tuple[Row, ...]


def read(file: File, *, until: str) -> PublishedList:
    """The list in a file.

    Args:
        file: its bytes if it is a CSV, else what was read of it.
        until: the last month YYYY-MM that a retirement may state, which is today's.

    Raises:
        RefusedError: `too_long`; `not_utf8`; `bad_header`; `bad_rows`, whose fact `rows` names all that is bad, as
            `Problem`s.
    """
    rows: dict[int, Row] = {}
    bad: list[Problem] = []
    header: list[str] | None = None
    for line, cells in sheet.lines_of(file, bad):
        if header is None:
            header = [cell.strip() for cell in cells]
            if header != COLUMNS:
                raise RefusedError("bad_header", found=",".join(cells), expected=",".join(COLUMNS))
            continue
        row = _read_row(line, cells, until, bad)
        if row is not None and row.number in rows:
            bad.append(sheet.unfit(line, "no", cells[0], "repeated"))
        elif row is not None:
            rows[row.number] = row
    if bad:
        raise RefusedError("bad_rows", rows=bad)
    if not rows:
        raise RefusedError("bad_header", found="", expected=",".join(COLUMNS))
    return PublishedList(source=_source(tuple(rows.values())), rows=tuple(rows.values()))


def _source(rows: Sequence[Row]) -> bytes:
    said = [
        [row.number, row.activity, row.organiser, row.purpose, row.amount_g, row.month]
        for row in rows
    ]
    return sha256(canonical.encode([TAG, said])).digest()


def period_in(activity: str) -> tuple[str, str] | None:
    """The range of days that an activity's name states, first and last; None where it states none.

    Raises:
        ValueError: it states days that the calendar does not have, or in the wrong order.
    """
    found = _PERIOD.search(activity)
    if found is None:
        return None
    numbers = [int(group) for group in found.groups()]
    first, last = date(*numbers[:3]), date(*numbers[3:])
    if last < first:
        raise ValueError(activity)
    return first.isoformat(), last.isoformat()


def _read_row(line: int, cells: Sequence[str], until: str, bad: list[Problem]) -> Row | None:
    """The row, or None once all that is bad in it was added to `bad`."""
    if len(cells) != len(COLUMNS):
        bad.append(sheet.miscounted(line, cells))
        return None
    found: dict[str, Any] = {}
    for field, cell in zip(COLUMNS, cells, strict=True):
        text = normalised(cell).strip()
        try:
            found[field] = _PARSERS[field](text)
        except ValueError:
            bad.append(sheet.unfit(line, field, text, _WHYS[field]))
    if "month" in found and found["month"] > until:
        bad.append(sheet.unfit(line, "month", found.pop("month"), "month_ahead"))
    if len(found) < len(COLUMNS):
        return None
    return Row(
        number=found["no"],
        activity=found["activity"],
        organiser=found["organiser"],
        purpose=found["category"],
        amount_g=found["tonnes"],
        month=found["month"],
        period=period_in(found["activity"]),
    )


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _activity(text: str) -> str:
    """A name whose period, if it states one, is real."""
    period_in(text)
    return sheet.name(text)


def _purpose(text: str) -> str:
    if text not in CATEGORIES:
        raise ValueError(text)
    return CATEGORIES[text]


def _month(text: str) -> str:
    if not (_MONTH.fullmatch(text) and text >= FIRST_MONTH):
        raise ValueError(text)
    return text


_PARSERS: dict[str, Callable[[str], Any]] = {
    "no": _number,
    "activity": _activity,
    "organiser": sheet.name,
    "category": _purpose,
    "tonnes": sheet.grams_of_tonnes,
    "month": _month,
}
_WHYS = {
    "no": "number_cell",
    "activity": "activity_cell",
    "organiser": "name_cell",
    "category": "category_unknown",
    "tonnes": "tonnes_cell",
    "month": "month_cell",
}
"""Why a cell is not taken, by column."""
