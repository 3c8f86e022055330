"""Files of rows that somebody prepared, of each kind that is taken, as one kind of table: CSV, xlsx, JSON lines.

    csv     is read where its columns are known: registry/acts/sheet.py
    xlsx    registry/desk/rows_xlsx.py
    jsonl   one object a line, of texts and numbers; what is null, or left out, is an empty cell

A number is the text that stands in the file, to the last digit. Every line is called by its number in the file.
"""

import io
import json
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NoReturn

from registry.acts import sheet
from registry.acts.propose import normalised
from registry.acts.sheet import FILE_BYTES_MAX, File, Line, Problem, Table
from registry.desk.files import readable
from registry.errors import RefusedError

Kind = Literal["csv", "xlsx", "jsonl"]

COLUMNS_MAX = 100
CELLS_MAX = 2_000_000

Row = tuple[int, Mapping[str, str]]
"""Its line in the file, and what stands in each column."""


def kind_of(name: str) -> Kind:
    """What a file of this name holds: a CSV, unless it ends in .xlsx or .jsonl."""
    endings: tuple[Kind, Kind] = ("xlsx", "jsonl")
    for ending in endings:
        if name.lower().endswith(f".{ending}"):
            return ending
    return "csv"


def file_of(path: Path, columns: Sequence[str] = ()) -> File:
    """The rows of the file at `path`, of the kind that its name says; `columns` as in `table_of`.

    Raises:
        UsageError: `no_file`, `storage_failed`.
        RefusedError: as `table_of`.
    """
    return table_of(readable(path, FILE_BYTES_MAX), kind_of(path.name), columns)


def table_of(data: bytes, kind: Kind, columns: Sequence[str] = ()) -> File:
    """The rows of a file, as the readers of registry/acts take them.

    Args:
        data: the file.
        kind: what it holds.
        columns: those that are there in any case, first and in this order. (An object of JSON may leave out what it has
            no use for, and has no order.)

    Raises:
        RefusedError: `too_long`, `not_utf8`, `bad_header`, `malformed`; `unreadable_workbook`.
    """
    if len(data) > FILE_BYTES_MAX:
        raise RefusedError("too_long", bytes=len(data))
    if kind == "csv":
        return data
    bad: list[Problem] = []
    if kind == "xlsx":
        from registry.desk import rows_xlsx

        lines = rows_xlsx.lines_in(data, bad)
    else:
        lines = _objects(data, columns, bad)
    return Table(lines=tuple(lines), bad=tuple(bad), digest=sha256(data).digest())


def rows_of(data: bytes, kind: Kind) -> list[Row]:
    """The rows of a file whose columns may be any, each named once.

    Raises:
        RefusedError: as `table_of`; `bad_rows`, whose fact `rows` names all that is bad, as `Problem`s.
    """
    bad: list[Problem] = []
    names: list[str] = []
    rows: list[Row] = []
    for line, cells in sheet.lines_of(table_of(data, kind), bad):
        texts = [normalised(cell).strip() for cell in cells]
        if not names:
            names = _names(texts)
        elif len(texts) != len(names):
            bad.append(sheet.miscounted(line, texts))
        else:
            rows.append((line, dict(zip(names, texts, strict=True))))
    if bad:
        raise RefusedError("bad_rows", rows=bad)
    return rows


def _names(texts: list[str]) -> list[str]:
    if not all(texts) or len(set(texts)) < len(texts):
        raise RefusedError("bad_header", found=",".join(texts), why="names_expected")
    return texts


def _objects(data: bytes, columns: Sequence[str], bad: list[Problem]) -> list[Line]:
    """The lines of JSON objects; before them, as line 0, the columns that they have between them."""
    found: list[tuple[int, dict[str, str]]] = []
    names = dict.fromkeys(columns)
    text = sheet.text_of(data)
    for line, said in enumerate(io.StringIO(text), start=1):
        if not said.strip():
            continue
        try:
            cells = _cells(said)
        except (ValueError, RecursionError):
            bad.append(sheet.unfit(line, sheet.WHOLE_LINE, said, "row_object_expected"))
            if len(bad) >= sheet.PROBLEMS_MAX:
                break
        else:
            names |= dict.fromkeys(cells)
            found.append((line, cells))
            _check_few(names, len(found))
    header: Line = (0, list(names))
    return [header, *((line, [cells.get(name, "") for name in names]) for line, cells in found)]


def _check_few(names: Collection[str], rows: int) -> None:
    """Return if the memory has room for so many columns and rows.

    Raises:
        RefusedError: `bad_header`, `too_long`.
    """
    if len(names) > COLUMNS_MAX:
        raise RefusedError("bad_header", why="columns_most", most=COLUMNS_MAX)
    cells = max(1, len(names)) * rows
    if cells > CELLS_MAX:
        raise RefusedError("too_long", cells=cells, cells_max=CELLS_MAX)


def _cells(said: str) -> dict[str, str]:
    """The cells of one object.

    Raises:
        ValueError: it is no object of texts and numbers, each named once; or no text that could be written down again.
    """
    value = json.loads(
        said,
        parse_int=str,
        parse_float=str,
        parse_constant=_no_number,
        object_pairs_hook=_once,
    )
    if not isinstance(value, dict):
        raise ValueError(said)  # noqa: TRY004  # what was said is wrong, not what we call
    cells = {name: "" if cell is None else cell for name, cell in value.items()}
    if not all(isinstance(cell, str) for cell in cells.values()):
        raise ValueError(said)
    "".join([*cells, *cells.values()]).encode()
    return cells


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        raise ValueError(pairs)
    return named


def _no_number(said: str) -> NoReturn:
    raise ValueError(said)
