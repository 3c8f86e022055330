"""Official papers as CSV: UTF-8 with a byte order mark and CRLF, as the spreadsheets of the offices open it.

    one table        its header, its rows; after an empty line the totals, and what is to be said of them
    several tables   each under its title, with an empty line between

A text that begins as a formula would gets an apostrophe before it: it was typed by somebody, and is opened by others.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from registry.acts.sheet import inert
from registry.desk import papers_words
from registry.desk.words import Lang
from registry.projections.papers.paper import Cell, Cells, Mass, Share, Sheet


def written(sheets: Sequence[Sheet], closing: Sequence[str], lang: Lang) -> bytes:
    """The file.

    Args:
        sheets: the tables.
        closing: what is true of all of them: the log that they are from, and whether it is a demonstration.
        lang: of headings, words and notes.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for line in _lines(sheets, closing, lang):
        writer.writerow(line)
    return text.getvalue().encode("utf-8-sig")


def _lines(sheets: Sequence[Sheet], closing: Sequence[str], lang: Lang) -> Iterator[list[str]]:
    for sheet in sheets:
        if len(sheets) > 1:
            yield [papers_words.title(sheet, lang)]
        yield papers_words.header(sheet, lang)
        for row in sheet.rows:
            yield _cells(row, lang)
        yield []
        if sheet.totals is not None:
            yield _cells(papers_words.with_total(sheet.totals, lang), lang)
        yield from ([inert(papers_words.note(note, lang))] for note in sheet.notes)
        if len(sheets) > 1:
            yield []
    yield from ([inert(line)] for line in closing)


def _cells(cells: Cells, lang: Lang) -> list[str]:
    return [_cell(cell, lang) for cell in cells]


def _cell(cell: Cell, lang: Lang) -> str:
    said = papers_words.spelled(cell, lang)
    # What we computed is a number, even below 0.
    return said if isinstance(cell, int | Mass | Share) else inert(said)
