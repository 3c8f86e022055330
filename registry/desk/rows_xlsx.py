"""Workbooks that somebody prepared, read strictly: one sheet, its numbers as it shows them, what its formulas came to.

A workbook is a zip of XML. A few bytes may stand for gigabytes there, in the zip as in the sheet: two cells far apart
make the library take all memory between them, and the process ends. So the zip is read by us, up to a limit, every cell
is found, and what the library gets is written anew of what was found harmless.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import ulp
from typing import NoReturn
from xml.parsers import expat

from registry.acts.sheet import WHOLE_LINE, Line, Problem
from registry.errors import RefusedError

Value = int | float | str | bool | time | date | datetime | timedelta

MEMBERS_MAX = 1_000
UNPACKED_BYTES_MAX = 64 * 2**20
CELLS_MAX = 2_000_000
"""With the empty ones between them."""

DIGITS = 15
DECIMALS_MAX = 6
NOISE_ULPS = 2
"""How far a number may be from what is shown of it, in units of its last place: what adding up leaves, and no more."""

UNSAID = ("=?", "cell_unsaid")
"""What is said of a cell that is an error, or a formula that came to nothing yet; and why it is not taken."""

_CENTRAL = b"PK\x01\x02"
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_", re.ASCII)


def lines_in(data: bytes, bad: list[Problem]) -> list[Line]:
    """The rows of the only sheet in which anything stands; those that cannot be read are added to `bad`.

    Raises:
        RefusedError: `too_long`; `unreadable_workbook`.
    """
    members = dict(_members(data))
    unsaid = _checked(members)
    header: list[str] = []
    lines: list[Line] = []
    for number, values in enumerate(_rows(_packed(members)), start=1):
        texts = [_text(value) for value in values]
        cells = [text or "" for text in texts]
        unread = {
            place: (repr(values[place]), "number_not_shown")
            for place, text in enumerate(texts)
            if text is None
        }
        unread |= dict.fromkeys(unsaid.pop(number, ()), UNSAID)
        filled = _filled(cells)
        bad += [(number, _column(header, place), *unread[place]) for place in sorted(unread)]
        if filled and not unread:
            header = header or cells[:filled]
            lines.append((number, cells[: max(filled, len(header))]))
    left = [(line, _column(header, place)) for line in unsaid for place in unsaid[line]]
    bad += [(line, column, *UNSAID) for line, column in sorted(left)]
    return lines


def _filled(cells: Sequence[str]) -> int:
    """How many cells there are up to the last that is not blank."""
    return max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _column(header: Sequence[str], place: int) -> str:
    return header[place] if place < len(header) else WHOLE_LINE


def _text(value: Value) -> str | None:
    """A cell as text, which the reader of its column may refuse; None for a number that is not what it shows."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return shown(value)
    if isinstance(value, datetime):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, str):
        return _ESCAPED.sub(lambda found: _character(found[1]), value)
    return str(value)


def _character(code: str) -> str:
    """What a workbook writes as _xHHHH_; half of a character is none."""
    character = chr(int(code, 16))
    return "\ufffd" if 0xD800 <= ord(character) <= 0xDFFF else character


def shown(value: float) -> str | None:
    """A number as a sheet shows it, in fifteen digits; None if it is another than that, or has over six decimals."""
    said = Decimal(format(value, f".{DIGITS}g"))
    if not said.is_finite() or abs(said) >= 10**DIGITS or said != round(said, DECIMALS_MAX):
        return None
    if abs(value - float(said)) > NOISE_ULPS * ulp(value):
        return None
    return format(said.normalize(), "f") if said else "0"


def _refuse(why: str) -> NoReturn:
    raise RefusedError("unreadable_workbook", why=why)


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files in the zip, by name: no more, and no longer together, than its directory says and the limits allow.

    Raises:
        RefusedError: `too_long`; `unreadable_workbook`.
    """
    if data.count(_CENTRAL) > MEMBERS_MAX:
        _refuse("members_too_many")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            unpacked = sum(member.file_size for member in members)
            if unpacked > UNPACKED_BYTES_MAX:
                raise RefusedError("too_long", bytes=unpacked, bytes_max=UNPACKED_BYTES_MAX)
            for member in members:
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    _refuse("compression_unknown")
                # No more is unpacked than was declared: what is longer does not have the checksum that it declares.
                yield member.filename, packed.read(member)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
        NotImplementedError,
        ValueError,
    ) as error:
        raise RefusedError("unreadable_workbook", why="workbook_expected") from error


@dataclass(slots=True)
class _Cells:
    """Where the cells of one XML file are, as its parser finds them."""

    lines: int = 0
    columns: int = 0
    unsaid: dict[int, set[int]] = field(default_factory=dict)
    """Cells that are errors, and formulas without what they came to: their columns, from 0, by line, from 1."""
    _at: tuple[int, int] = (0, 0)
    _is_open: bool = False

    def begins(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        local = name.rpartition(":")[2]
        if local == "c":
            found = _PLACE.fullmatch(attributes.get("r", "")) or _refuse("cell_without_place")
            column = 0
            for letter in found[1]:
                column = column * 26 + ord(letter) - ord("A") + 1
            self._at = (int(found[2]), column - 1)
            self.lines, self.columns = max(self.lines, self._at[0]), max(self.columns, column)
            self._is_open = False
            if attributes.get("t") == "e":
                self._mark()
        elif local == "f":
            self._is_open = True

    def ends(self, name: str) -> None:
        """An element ends."""
        local = name.rpartition(":")[2]
        if local == "v":
            self._is_open = False
        elif local == "c" and self._is_open:
            self._mark()

    def _mark(self) -> None:
        line, column = self._at
        self.unsaid.setdefault(line, set()).add(column)


def _checked(members: dict[str, bytes]) -> dict[int, set[int]]:
    """The cells of a workbook that say nothing, once it is known that all its cells fit; only XML is left of it.

    Raises:
        RefusedError: `too_long`; `unreadable_workbook`.
    """
    area = 0
    unsaid: dict[int, set[int]] = {}
    for name in [*members]:
        if not name.endswith((".xml", ".rels")):
            del members[name]
            continue
        cells = _found(members[name])
        area += cells.lines * cells.columns
        if area > CELLS_MAX:
            raise RefusedError("too_long", cells=area, cells_max=CELLS_MAX)
        for line, columns in cells.unsaid.items():
            unsaid.setdefault(line, set()).update(columns)
    return unsaid


def _found(xml: bytes) -> _Cells:
    # Whatever encoding it declares: the library, too, reads UTF-8 only.
    parser = expat.ParserCreate("UTF-8")
    cells = _Cells()
    parser.StartElementHandler = cells.begins
    parser.EndElementHandler = cells.ends
    parser.StartDoctypeDeclHandler = lambda *_: _refuse("document_type")
    try:
        parser.Parse(xml, True)  # noqa: FBT003  # takes no name
    except expat.ExpatError as error:
        raise RefusedError("unreadable_workbook", why="workbook_expected") from error
    return cells


def _packed(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return file.getvalue()


def _rows(workbook: bytes) -> Iterator[Sequence[Value]]:
    """The rows of the only sheet in which anything stands, from the first line on.

    Raises:
        RefusedError: `unreadable_workbook`.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(workbook))
        known = [(made.name, made.typ) for made in book.sheets_metadata]
        sheets = [
            book.get_sheet_by_name(name) for name, of in known if of == SheetTypeEnum.WorkSheet
        ]
    except CalamineError as error:
        raise RefusedError("unreadable_workbook", why="workbook_expected") from error
    filled = [sheet for sheet in sheets if sheet.start is not None]
    if len(filled) > 1:
        _refuse("several_sheets")
    return iter(filled[0].to_python(skip_empty_area=False)) if filled else iter(())
