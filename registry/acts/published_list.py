"""The province's published list of neutralised activities (清单), read strictly: every bad row is named, at once.

    CSV, UTF-8, header no,activity,organiser,category,tonnes,month
    no        number in the list, from 1, each once            category  one of CATEGORIES
    tonnes    decimal, up to 6 places, above 0                 month     YYYY-MM

An activity may end with the period that it covers. Only an explicit range of days is a period; a bare year is none.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from unicodedata import category as category_of

from registry.acts.propose import normalised
from registry.domain import shape
from registry.domain.timing import days_of_month
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
TEXT_CHARACTERS_MAX = 200
FIRST_MONTH = "2000-01"
TAG = "carbon-registry/published-list/v1"
LIST_BYTES_MAX = 64 * 1024 * 1024

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_TONNES = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,6}))?", re.ASCII)
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


class _BadFieldError(Exception):
    """Which field of a row is bad."""


def read(data: bytes) -> PublishedList:
    """The list in a file's bytes.

    Raises:
        RefusedError: `too_long`; `not_utf8`; `bad_header`; `bad_rows`, whose fact `rows` names every bad row as
            (line in the file, field, what stands there).
    """
    if len(data) > LIST_BYTES_MAX:
        raise RefusedError("too_long", bytes=len(data), bytes_max=LIST_BYTES_MAX)
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise RefusedError("not_utf8", at_byte=error.start) from error
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    rows: dict[int, Row] = {}
    bad: list[tuple[int, str, str]] = []
    header_seen = False
    for line, cells in _lines(reader):
        if not header_seen:
            header_seen = True
            if cells != COLUMNS:
                raise RefusedError("bad_header", found=",".join(cells), expected=",".join(COLUMNS))
            continue
        try:
            row = _read_row(cells)
            if row.number in rows:
                raise _BadFieldError("no", cells[0])  # noqa: TRY301  # told with the other bad rows
            rows[row.number] = row
        except _BadFieldError as error:
            bad.append((line, *error.args))
    if not (rows or bad):
        raise RefusedError("bad_header", found="", expected=",".join(COLUMNS))
    if bad:
        raise RefusedError("bad_rows", rows=bad)
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


def _lines(reader: Iterator[Sequence[str]]) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not blank, with their numbers in the file."""
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, list(cells)  # type: ignore[attr-defined]  # a csv reader's own
    except csv.Error as error:
        raise RefusedError("bad_rows", rows=[(0, "columns", str(error))]) from error


def _read_row(cells: Sequence[str]) -> Row:
    if len(cells) != len(COLUMNS):
        raise _BadFieldError("columns", str(len(cells)))
    number, activity, organiser, category, tonnes, month = (
        normalised(cell).strip() for cell in cells
    )
    if not _NUMBER.fullmatch(number):
        raise _BadFieldError("no", number)
    for field, text in (("activity", activity), ("organiser", organiser)):
        controls = any(category_of(character).startswith("C") for character in text)
        if not text or len(text) > TEXT_CHARACTERS_MAX or controls:
            raise _BadFieldError(field, text[:TEXT_CHARACTERS_MAX])
    if category not in CATEGORIES:
        raise _BadFieldError("category", category)
    try:
        period = period_in(activity)
    except ValueError as error:
        raise _BadFieldError("activity", activity) from error
    return Row(
        number=int(number),
        activity=activity,
        organiser=organiser,
        purpose=CATEGORIES[category],
        amount_g=_grams(tonnes),
        month=_month(month),
        period=period,
    )


def _grams(tonnes: str) -> int:
    """Tonnes to grams, exactly."""
    found = _TONNES.fullmatch(tonnes)
    if found is None:
        raise _BadFieldError("tonnes", tonnes)
    grams = int(found[1]) * 1_000_000 + int((found[2] or "").ljust(6, "0"))
    if not 0 < grams <= shape.GRAMS_MAX:
        raise _BadFieldError("tonnes", tonnes)
    return grams


def _month(month: str) -> str:
    try:
        days_of_month(shape.month(month))
    except (RefusedError, ValueError) as error:
        raise _BadFieldError("month", month) from error
    if month < FIRST_MONTH:
        raise _BadFieldError("month", month)
    return month
