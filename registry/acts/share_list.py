"""Those for whom one retirement is, as its holder lists them: read strictly, every bad row named at once.

    CSV, UTF-8, header with these columns in any order
    name      the beneficiary, as the certificate commits to it
    tonnes    decimal, up to 6 places, above 0    or    grams, whole and above 0

A name may stand there more than once: each row is a certificate of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.acts import sheet
from registry.acts.propose import normalised
from registry.acts.sheet import File, Problem
from registry.domain import shape
from registry.errors import RefusedError

EXPECTED = "name,tonnes|grams"

_AMOUNTS = {"tonnes": sheet.grams_of_tonnes, "grams": sheet.whole_grams}
_WHYS = {"name": "name_cell", "tonnes": "tonnes_cell", "grams": "grams_cell"}
"""Why a cell is not taken, by column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareList:
    """A list whose every row is sound: (name, grams) each."""

    beneficiaries: tuple[tuple[str, int], ...]

    @property
    def total_g(self) -> int:
        """What is retired for all of them."""
        return sum(amount_g for _, amount_g in self.beneficiaries)


def read(file: File) -> ShareList:
    """The beneficiaries in a file.

    Raises:
        RefusedError: `too_long`, `not_utf8`, `bad_header`; `bad_rows`, whose fact `rows` names all that is bad, as
            `Problem`s; `malformed` if they are more than one act has room for.
    """
    bad: list[Problem] = []
    columns: list[str] = []
    found: list[tuple[str, int]] = []
    for line, cells in sheet.lines_of(file, bad):
        if not columns:
            columns = _header(cells)
        else:
            found += _row(line, columns, cells, bad)
    if bad:
        raise RefusedError("bad_rows", rows=bad)
    if not found:
        raise RefusedError("bad_header", found="", expected=EXPECTED)
    if len(found) > shape.ROWS_MAX:
        raise RefusedError("malformed", why="rows_most", rows=len(found), most=shape.ROWS_MAX)
    return ShareList(beneficiaries=tuple(found))


def _header(cells: Sequence[str]) -> list[str]:
    columns = [cell.strip() for cell in cells]
    if sorted(columns) not in (["name", "tonnes"], ["grams", "name"]):
        raise RefusedError("bad_header", found=",".join(cells), expected=EXPECTED)
    return columns


def _row(
    line: int, columns: Sequence[str], cells: Sequence[str], bad: list[Problem]
) -> list[tuple[str, int]]:
    """What one line says; nothing, once all that is bad in it was added to `bad`."""
    if len(cells) != len(columns):
        bad.append(sheet.miscounted(line, cells))
        return []
    texts = {column: normalised(cell).strip() for column, cell in zip(columns, cells, strict=True)}
    name, amount_g = "", 0
    for column, text in texts.items():
        try:
            if column == "name":
                name = sheet.name(text)
            else:
                amount_g = _AMOUNTS[column](text)
        except ValueError:
            bad.append(sheet.unfit(line, column, text, _WHYS[column]))
    return [(name, amount_g)] if name and amount_g else []
