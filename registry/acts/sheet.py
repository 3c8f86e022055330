"""A table that somebody prepared by hand, read strictly: a CSV's text, its lines by number, and what a cell may hold.

Every problem is collected before anything is refused, so that a list is corrected once and not a line at a time.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from unicodedata import category as category_of

from registry.domain import shape
from registry.errors import RefusedError

FILE_BYTES_MAX = 64 * 1024 * 1024
TEXT_CHARACTERS_MAX = 200

PROBLEMS_MAX = 10_000
LINES_MAX = 2_000_000
"""With those on which nothing stands: to look at each takes its time, too."""
"""How many are told at once; a file of nothing but problems must not fill the memory with them."""

FORMULA = tuple("=+-@＝＋－＠\t\r\n")
"""What begins a cell that a spreadsheet would compute."""

Problem = tuple[int, str, str, str]
"""The line in the file, the column, what stands there, and why it is not taken: a name of registry/desk/whys.py."""

WHOLE_LINE = "columns"
"""What stands for a column where the whole line is meant."""

Line = tuple[int, Sequence[str]]
"""Its number in the file, from 1, and its cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What stands in a file that is no CSV: the lines that are not blank, the column names first.

    A line that cannot be read is one of `bad` instead; `digest` is the SHA-256 of the file.
    """

    lines: tuple[Line, ...]
    bad: tuple[Problem, ...]
    digest: bytes


File = bytes | Table
"""A CSV as it is, or what was read of a file of another kind."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_GRAMS = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_TONNES = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,6}))?", re.ASCII)


def inert(said: str) -> str:
    """A text as a cell that no spreadsheet computes: with an apostrophe before it, where it would."""
    return f"'{said}" if said.startswith(FORMULA) else said


def text_of(data: bytes) -> str:
    """The text of a file in UTF-8, with or without a byte order mark, its lines ending in newlines.

    Raises:
        RefusedError: `too_long`, `not_utf8`.
    """
    if len(data) > FILE_BYTES_MAX:
        raise RefusedError("too_long", bytes=len(data), bytes_max=FILE_BYTES_MAX)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise RefusedError("not_utf8", line=line, at_byte=error.start) from error


def digest_of(file: File) -> bytes:
    """The SHA-256 of a file."""
    return file.digest if isinstance(file, Table) else sha256(file).digest()


def lines_of(file: File, bad: list[Problem]) -> Iterator[Line]:
    """The lines of a file that are not blank, with their numbers; what cannot be read is added to `bad`.

    Once too much is bad, the rest is not read.

    Raises:
        RefusedError: `too_long`, `not_utf8`.
    """
    if isinstance(file, Table):
        bad += file.bad
        found = iter(file.lines)
    else:
        found = _lines(text_of(file), bad)
    for line in found:
        if len(bad) >= PROBLEMS_MAX:
            return
        yield line


def _lines(text: str, bad: list[Problem]) -> Iterator[Line]:
    """The lines of a CSV; where quotes do not close, the rest is one problem.

    Raises:
        RefusedError: `too_long`.
    """
    reader = csv.reader((found[0] for found in _LINE.finditer(text)), strict=True)
    try:
        for cells in reader:
            if reader.line_num > LINES_MAX:
                raise RefusedError("too_long", lines=reader.line_num, lines_max=LINES_MAX)
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error:
        bad.append((reader.line_num, WHOLE_LINE, "", "csv_expected"))


def miscounted(line: int, cells: Sequence[str]) -> Problem:
    """What is wrong with a line that has not as many cells as the header."""
    return line, WHOLE_LINE, str(len(cells)), "cells_counted"


def unfit(line: int, column: str, text: str, why: str) -> Problem:
    """What is wrong with a cell; no more of it is told than people read."""
    return line, column, text[:TEXT_CHARACTERS_MAX], why


def name(text: str) -> str:
    """A text that is there, not too long, and without control characters.

    Raises:
        ValueError: it is not so.
    """
    controls = any(category_of(character).startswith("C") for character in text)
    if not text or len(text) > TEXT_CHARACTERS_MAX or controls:
        raise ValueError(text)
    return text


def grams_of_tonnes(text: str) -> int:
    """Tonnes, with up to 6 decimals and above 0, as grams, exactly.

    Raises:
        ValueError: it is anything else.
    """
    found = _TONNES.fullmatch(text)
    if found is None:
        raise ValueError(text)
    grams = int(found[1]) * 1_000_000 + int((found[2] or "").ljust(6, "0"))
    if not 0 < grams <= shape.GRAMS_MAX:
        raise ValueError(text)
    return grams


def whole_grams(text: str) -> int:
    """Whole grams above 0, as digits.

    Raises:
        ValueError: it is anything else.
    """
    if not (_GRAMS.fullmatch(text) and int(text) <= shape.GRAMS_MAX):
        raise ValueError(text)
    return int(text)
