"""Official papers as a workbook: a sheet for each table, as an office would file and print it.

    title · mark of a demonstration · what it is about · the log that it is from
    header, frozen and repeated on every page · rows · totals · notes

Numbers are decimals exactly as they are. A spreadsheet computes with 15 digits: what has more is text. Text is never a
formula or a link. The same paper is the same bytes: it is dated with the last entry that it counts.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from unicodedata import east_asian_width

from registry.desk import papers_words
from registry.desk.words import Lang
from registry.errors import require
from registry.projections.papers.paper import Cell, Cells, Mass, Share, Sheet

DIGITS_MAX = 15
ROWS_MAX = 1_000_000
"""A sheet has 2^20 rows, and would lose what comes after them without a word."""
_A4 = 9
_WIDTH_MIN, _WIDTH_MAX = 6, 60
_ROWS_MEASURED = 1_000
_TITLE_FONT, _TEXT_FONT = "黑体", "宋体"
_OLDEST_US = 315_532_800_000_000
"""The year 1980, before which a file in a workbook cannot be dated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands under the title of every sheet; the first line is the mark of a demonstration if `is_marked`.

    `at_us` is when the last entry that counts was recorded.
    """

    lines: tuple[str, ...]
    is_marked: bool
    at_us: int


def written(sheets: Sequence[Sheet], heading: Heading, lang: Lang) -> bytes:
    """The workbook's bytes.

    Raises:
        RefusedError: `too_long` if one of the tables has more rows than a sheet.
    """
    import xlsxwriter

    rows = max(len(sheet.rows) + len(sheet.notes) for sheet in sheets)
    require(rows <= ROWS_MAX, "too_long", rows=rows, rows_max=ROWS_MAX)

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    moment = datetime.fromtimestamp(max(heading.at_us, _OLDEST_US) // 1_000_000, UTC)
    book.set_properties(
        {"title": papers_words.title(sheets[0], lang), "created": moment.replace(tzinfo=None)}
    )
    formats = _formats(book)
    for sheet in sheets:
        page = book.add_worksheet(papers_words.tab(sheet, lang))
        _Page(page, formats, lang).fill(sheet, heading)
    book.close()
    return file.getvalue()


def _formats(book: Any) -> dict[str, Any]:
    text = {"font_name": _TEXT_FONT, "font_size": 11, "valign": "vcenter"}
    boxed = {**text, "border": 1}
    return {
        "title": book.add_format({**text, "font_name": _TITLE_FONT, "font_size": 16, "bold": True}),
        "mark": book.add_format({**text, "bold": True, "font_color": "#C00000", "font_size": 14}),
        "line": book.add_format({**text, "font_size": 9}),
        "header": book.add_format(
            {**boxed, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#E7E6E6"}
        ),
        "text": book.add_format({**boxed, "text_wrap": True}),
        "count": book.add_format({**boxed, "num_format": "0"}),
        "mass": book.add_format({**boxed, "num_format": "#,##0.000###"}),
        "share": book.add_format({**boxed, "num_format": "0.00"}),
    }


class _Page:
    """One sheet of a workbook, filled from above."""

    def __init__(self, page: Any, formats: dict[str, Any], lang: Lang) -> None:
        self._page = page
        self._formats = formats
        self._lang = lang
        self._line = 0

    def fill(self, sheet: Sheet, heading: Heading) -> None:
        """Write all of it."""
        self._above(sheet, heading)
        names = papers_words.header(sheet, self._lang)
        self._page.freeze_panes(self._line + 1, 0)
        self._page.repeat_rows(self._line)
        self._texts(names, "header")
        for row in sheet.rows:
            self._row(row)
        if sheet.totals is not None:
            self._row(papers_words.with_total(sheet.totals, self._lang))
        self._line += 1
        for note in sheet.notes:
            self._texts([papers_words.note(note, self._lang)], "line")
        for column, width in enumerate(self._widths(sheet, names)):
            self._page.set_column(column, column, width)
        self._on_paper(heading)

    def _above(self, sheet: Sheet, heading: Heading) -> None:
        self._texts([papers_words.title(sheet, self._lang)], "title")
        for number, line in enumerate(heading.lines):
            is_mark = heading.is_marked and number == 0
            self._texts([line], "mark" if is_mark else "line")

    def _texts(self, texts: Sequence[str], style: str) -> None:
        for column, text in enumerate(texts):
            self._page.write_string(self._line, column, text, self._formats[style])
        self._line += 1

    def _row(self, cells: Cells) -> None:
        for column, cell in enumerate(cells):
            said = papers_words.spelled(cell, self._lang)
            style = _style(cell)
            if style == "text" or sum(letter.isdigit() for letter in said) > DIGITS_MAX:
                self._page.write_string(self._line, column, said, self._formats["text"])
            else:
                self._page.write_number(self._line, column, Decimal(said), self._formats[style])
        self._line += 1

    def _widths(self, sheet: Sheet, names: Sequence[str]) -> Iterator[int]:
        """How wide each column is, by what stands in its first rows; a Chinese character is twice as wide."""
        for column, name in enumerate(names):
            cells = [row[column] for row in sheet.rows[:_ROWS_MEASURED]]
            texts = [papers_words.spelled(cell, self._lang) for cell in cells]
            widest = max(_width(text) for text in (name, *texts))
            yield min(_WIDTH_MAX, max(_WIDTH_MIN, widest + 3))

    def _on_paper(self, heading: Heading) -> None:
        self._page.set_landscape()
        self._page.set_paper(_A4)
        self._page.fit_to_pages(1, 0)
        mark = f"&C{heading.lines[0]}" if heading.is_marked else ""
        self._page.set_header(mark)
        self._page.set_footer("&C&P / &N")


def _style(cell: Cell) -> str:
    match cell:
        case Mass():
            return "mass"
        case Share():
            return "share"
        case int():
            return "count"
        case _:
            return "text"


def _width(text: str) -> int:
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)
