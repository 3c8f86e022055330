"""Files of rows of every kind that is taken: the same rows, the same lines, and nothing that eats the memory."""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from hashlib import sha256

import pytest
import xlsxwriter

from registry.acts import old_books, published_list, share_list, sheet
from registry.desk import rows, rows_xlsx
from registry.errors import RefusedError
from tests.world import table

SHEET = "xl/worksheets/sheet1.xml"
MEBIBYTE = 2**20

Page = Callable[[xlsxwriter.Workbook], object]


def workbook(fill: Page) -> bytes:
    """The bytes of the workbook that `fill` writes."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        fill(book)
    return file.getvalue()


def filled(*lines: Sequence[object]) -> bytes:
    """A workbook of one sheet, in which these lines stand from above."""

    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        for number, cells in enumerate(lines):
            page.write_row(number, 0, cells)

    return workbook(fill)


def altered(data: bytes, old: bytes, new: bytes, member: str = SHEET) -> bytes:
    """A workbook in one of whose files `new` stands for `old`."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(file, "w") as after:
        for name in before.namelist():
            said = before.read(name)
            assert name != member or old in said
            after.writestr(name, said.replace(old, new) if name == member else said)
    return file.getvalue()


def refusal(data: bytes, kind: rows.Kind) -> RefusedError:
    """Why a file of rows is refused."""
    with pytest.raises(RefusedError) as caught:
        rows.rows_of(data, kind)

    return caught.value


def objects(*said: object) -> bytes:
    """A file of JSON lines."""
    return "\n".join(json.dumps(one, ensure_ascii=False) for one in said).encode()


@table(
    "data, kind",
    ("name,tonnes\n王一,0.000027\n\n李二,12\n".encode(), "csv"),
    (filled(("name", "tonnes"), ("王一", 0.000027), (), (" 李二", "12")), "xlsx"),
    (
        '{"name": "王一", "tonnes": 0.000027}\n\n{"tonnes": "12", "name": "李二"}'.encode(),
        "jsonl",
    ),
)
def test_files_of_every_kind_say_the_same(data, kind):
    listed = share_list.read(rows.table_of(data, kind))

    assert listed.beneficiaries == (("王一", 27), ("李二", 12_000_000))


@table(
    "name, kind",
    ("list.csv", "csv"),
    ("LIST.XLSX", "xlsx"),
    ("list.xlsx.jsonl", "jsonl"),
    ("list", "csv"),
)
def test_what_a_file_holds_its_name_says(name, kind):
    assert rows.kind_of(name) == kind


@table(
    "kind, data, lines",
    ("csv", b"name,grams\nA,0\n\nB,x\n", [2, 4]),
    ("xlsx", filled(("name", "grams"), ("A", 0), (), ("B", "x")), [2, 4]),
    ("jsonl", b'{"name":"A","grams":0}\n\n{"name":"B","grams":"x"}', [1, 3]),
)
def test_a_bad_row_is_called_by_its_line_in_the_file(kind, data, lines):
    with pytest.raises(RefusedError) as caught:
        share_list.read(rows.table_of(data, kind))

    assert [row[0] for row in caught.value.facts["rows"]] == lines


def test_rows_of_any_columns_are_named_by_them():
    data = b'\xef\xbb\xbf{"a": 1, "b": null}\r\n{"b": " x ", "c": 1e400}\n'

    assert rows.rows_of(data, "jsonl") == [
        (1, {"a": "1", "b": "", "c": ""}),
        (2, {"a": "", "b": "x", "c": "1e400"}),
    ]


def test_objects_may_leave_out_what_a_row_has_no_use_for():
    month = {"month": "2024-03", "tonnes": 1, "category": "会议", "organiser": "甲", "no": 1}
    book = {"row": 1, "what": "issued", "batch": "B", "standard": "CDCER", "day": "2024-01-01"}
    issue = {**book, "period": "2023-01-01..2023-12-31", "holder": "甲", "tonnes": "0.1"}
    data = objects(issue)

    listed = published_list.read(
        rows.table_of(objects({**month, "activity": "会"}), "jsonl", published_list.COLUMNS),
        until="2026-11",
    )
    books = old_books.read(rows.table_of(data, "jsonl", old_books.COLUMNS))

    assert listed.rows[0].amount_g == 1_000_000
    assert books.rows[0].amount_g == 100_000
    assert books.source == sha256(data).digest()


@table(
    "said, line",
    (b'{"a": 1}\n[1]', 2),
    (b'{"a": {"b": 1}}', 1),
    (b'{"a": true}', 1),
    (b'{"a": NaN}', 1),
    (b'{"a": 1, "a": 2}', 1),
    (b'{"a": "\\ud800"}', 1),
    (b'{"a": 1', 1),
    (b'{"a": ' + b"[" * 100_000, 1),
)
def test_a_line_that_is_no_object_of_texts_and_numbers_is_bad(said, line):
    refused = refusal(said, "jsonl")

    assert (refused.code, [row[:2] for row in refused.facts["rows"]]) == (
        "bad_rows",
        [(line, "columns")],
    )


@table(
    "value, shown",
    (0.1 + 0.2, "0.3"),
    (12.0, "12"),
    (1e14, "100000000000000"),
    (0.000001, "0.000001"),
    (123456789.123456, "123456789.123456"),
    (-0.5, "-0.5"),
    (-0.0, "0"),
    (0.0000001, None),
    (12.3456789, None),
    (1234567890.123456, None),
    (1e15, None),
    (float("inf"), None),
    (float("nan"), None),
)
def test_a_number_is_what_a_sheet_shows_or_nothing(value, shown):
    assert rows_xlsx.shown(value) == shown


def test_a_cell_is_what_it_shows_and_a_formula_what_it_came_to():
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.write_row(1, 0, ("name", "value"))
        page.write_datetime(2, 1, date(2026, 1, 2), book.add_format({"num_format": "yyyy-mm-dd"}))
        page.write_formula(3, 1, "=1+1", None, 2)
        page.write_formula(4, 1, '="a"&"b"', None, "ab")
        page.write_boolean(5, 1, True)  # noqa: FBT003  # the library's
        page.write_string(6, 1, "a_x000D_b")
        book.add_worksheet("nothing here")

    lines = rows.table_of(workbook(fill), "xlsx").lines

    assert [(line, cells[1]) for line, cells in lines] == [
        (2, "value"),
        (3, "2026-01-02"),
        (4, "2"),
        (5, "ab"),
        (6, "TRUE"),
        (7, "a\rb"),
    ]


def test_a_cell_that_says_nothing_for_certain_is_told_with_its_column():
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.write_row(0, 0, ("name", "tonnes"))
        page.write_row(1, 0, ("A", 0.1234567))
        page.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        page.write_formula(3, 1, "=1+1", None, 77)
        page.write_row(4, 0, ("B", 1))

    refused = refusal(altered(workbook(fill), b"<v>77</v>", b""), "xlsx")

    assert refused.facts["rows"] == [
        (2, "tonnes", "0.1234567", "number_not_shown"),
        (3, "tonnes", *rows_xlsx.UNSAID),
        (4, "tonnes", *rows_xlsx.UNSAID),
    ]


SMALL = filled(("name", "tonnes"), ("A", 1))


def two_sheets(book: xlsxwriter.Workbook) -> None:
    for _ in range(2):
        book.add_worksheet().write_row(0, 0, ("name", "tonnes"))


def bomb(declared: int) -> bytes:
    """A zip of 65 MiB of nothing, which says that it is `declared` bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(SHEET, bytes(65 * MEBIBYTE))
    return file.getvalue().replace(struct.pack("<I", 65 * MEBIBYTE), struct.pack("<I", declared))


@table(
    "data, code",
    (b"", "unreadable_workbook"),
    (SMALL[:-40], "unreadable_workbook"),
    (SMALL.replace(b"PK\x01\x02", b"PK\x01\x02" * 300), "unreadable_workbook"),
    (altered(SMALL, b"<sheetData>", b"<sheetData><row>"), "unreadable_workbook"),
    (altered(SMALL, b"<worksheet", b"<!DOCTYPE a><worksheet"), "unreadable_workbook"),
    (altered(SMALL, b'r="A2"', b""), "unreadable_workbook"),
    (workbook(two_sheets), "unreadable_workbook"),
    (altered(SMALL, b'r="A2"', b'r="XFD1048576"'), "too_long"),
    (bomb(65 * MEBIBYTE), "too_long"),
    (bomb(1_000), "unreadable_workbook"),
)
def test_a_workbook_that_is_none_or_too_much_is_refused(data, code):
    assert refusal(data, "xlsx").code == code


def test_a_file_of_nothing_but_problems_does_not_fill_the_memory():
    lines = 2 * sheet.PROBLEMS_MAX

    for kind in ("csv", "jsonl"):
        told = refusal(b"a,b\n" + b"x\n" * lines, kind).facts["rows"]
        assert len(told) == sheet.PROBLEMS_MAX


@table(
    "data, code",
    (objects({f"column {number}": 1 for number in range(101)}), "bad_header"),
    (bytes(sheet.FILE_BYTES_MAX + 1), "too_long"),
    (b"{\xff}", "not_utf8"),
)
def test_objects_that_are_no_table_are_refused(data, code):
    assert refusal(data, "jsonl").code == code


def test_more_objects_than_there_is_room_for_are_refused(monkeypatch):
    monkeypatch.setattr(rows, "CELLS_MAX", 6)
    data = b'{"a":1,"b":2,"c":3}\n{}\n'

    refused = refusal(data + b"{}\n", "jsonl")

    assert len(rows.rows_of(data, "jsonl")) == 2
    assert (refused.code, refused.facts["cells"]) == ("too_long", 9)
