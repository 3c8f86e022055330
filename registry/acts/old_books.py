"""The books of a registry of before: what it issued, moved and retired, row by row, read strictly and made into acts.

    CSV, UTF-8, header with these columns in any order; a cell that a row has no use for is empty
    row          the row's number, rising from row to row                 1 and above
    what         issued, transferred or retired
    batch        the batch's number there                                 [0-9A-Za-z.-], 1 to 64
    standard     issued: the code of the kind of credit                   such as CDCER
    period       issued: the monitoring period                            FIRST..LAST
    holder       whose they are, or were: an account's id, or exact name
    taker        transferred: to whom, likewise
    tonnes       decimal, up to 6 places, above 0
    day          when, YYYY-MM-DD
    purpose      retired: for what, such as enterprise
    activity     retired: which, in words; optional
    certificate  retired: the certificate's number there; optional

The SHA-256 of the file is the source that every entry names, with its row. The nonce of an act follows from both, and
so do the names of what it begins: what was entered before a crash is known by it, and is not entered again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.acts import sheet
from registry.acts.movements import Statement, said
from registry.acts.plan import Parts, Plan
from registry.acts.propose import Setting, normalised
from registry.acts.sheet import File, Problem
from registry.domain.batch import import_nonce
from registry.domain.standard import PURPOSES
from registry.errors import RefusedError
from registry.ledger import ids
from registry.names import BATCH, CERTIFICATE

COLUMNS = (
    "row",
    "what",
    "batch",
    "standard",
    "period",
    "holder",
    "taker",
    "tonnes",
    "day",
    "purpose",
    "activity",
    "certificate",
)
ISSUED, TRANSFERRED, RETIRED = "issued", "transferred", "retired"

_USED: Mapping[str, frozenset[str]] = {
    ISSUED: frozenset({"standard", "period"}),
    TRANSFERRED: frozenset({"taker"}),
    RETIRED: frozenset({"purpose", "activity", "certificate"}),
}
"""Which of the columns that not every row fills are filled by which rows."""
_OPTIONAL = frozenset({"activity", "certificate"})

_ROW = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_BATCH = re.compile(r"[0-9A-Za-z.-]{1,64}", re.ASCII)
_CODE = re.compile(r"[A-Z0-9]{2,12}", re.ASCII)
_REFERENCE = re.compile(r"[A-Z0-9](?:[A-Z0-9./-]{0,62}[A-Z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its line in the file, its number, and what it says; what it has no use for is empty."""

    line: int
    number: int
    what: str
    batch: str
    standard: str
    period: tuple[str, str]
    holder: str
    taker: str
    amount_g: int
    day: str
    purpose: str
    activity: str
    certificate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Books whose every row is sound; `source` is the SHA-256 of the file, `begun` the rows in which batches begin."""

    source: bytes
    rows: tuple[Row, ...]
    begun: Mapping[str, Row]

    def nonce(self, row: Row) -> bytes:
        """The one nonce under which `row` is entered, 16 bytes."""
        return import_nonce(self.source, row.number)


def read(file: File) -> Books:
    """The books in a file.

    Raises:
        RefusedError: `too_long`, `not_utf8`, `bad_header`; `bad_rows`, whose fact `rows` names all that is bad, as
            `Problem`s.
    """
    bad: list[Problem] = []
    columns: list[str] = []
    rows: list[Row] = []
    begun: dict[str, Row] = {}
    for line, cells in sheet.lines_of(file, bad):
        if not columns:
            columns = [cell.strip() for cell in cells]
            if sorted(columns) != sorted(COLUMNS):
                raise RefusedError("bad_header", found=",".join(cells), expected=",".join(COLUMNS))
            continue
        if len(cells) != len(columns):
            bad.append(sheet.miscounted(line, cells))
            continue
        texts = {
            column: normalised(cell).strip() for column, cell in zip(columns, cells, strict=True)
        }
        row = _row(line, texts, bad)
        if row is not None:
            _check_follows(row, rows, begun, bad)
            rows.append(row)
    if bad:
        raise RefusedError("bad_rows", rows=bad)
    if not rows:
        raise RefusedError("bad_header", found="", expected=",".join(COLUMNS))
    return Books(source=sheet.digest_of(file), rows=tuple(rows), begun=begun)


def _row(line: int, texts: Mapping[str, str], bad: list[Problem]) -> Row | None:
    """The row that one line says, or None once all that is bad in it was added to `bad`."""
    used = _USED.get(texts["what"])
    if used is None:
        bad.append(sheet.unfit(line, "what", texts["what"], "what_unknown"))
        return None
    found: dict[str, Any] = {"what": texts["what"]}
    before = len(bad)
    for column, text in texts.items():
        is_used = column not in _IDLE or column in used
        try:
            found[column] = _cell(column, text, is_used=is_used)
        except ValueError:
            why = _WHYS[column] if is_used else "cell_unused"
            bad.append(sheet.unfit(line, column, text, why))
    if len(bad) > before:
        return None
    number, amount_g = found.pop("row"), found.pop("tonnes")
    return Row(line=line, number=number, amount_g=amount_g, **found)


def _cell(column: str, text: str, *, is_used: bool) -> Any:
    """What a cell says; nothing where the row has no use for it, or where it may be left out.

    Raises:
        ValueError: it says what it may not.
    """
    if not text and (not is_used or column in _OPTIONAL):
        return _BLANK[column]
    if not is_used:
        raise ValueError(text)
    return _READERS[column](text)


def _check_follows(
    row: Row, before: Sequence[Row], begun: dict[str, Row], bad: list[Problem]
) -> None:
    """Rows rise; a batch begins once, and before anything else happens to it. Where it begins is noted."""
    if before and row.number <= before[-1].number:
        bad.append((row.line, "row", str(row.number), "row_not_rising"))
    if (row.batch in begun) == (row.what == ISSUED):
        why = "batch_begun" if row.batch in begun else "batch_not_begun"
        bad.append((row.line, "batch", row.batch, why))
    if row.what == ISSUED:
        begun.setdefault(row.batch, row)


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read_text(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(text)
        return text

    return read_text


def _period(text: str) -> tuple[str, str]:
    first, _, last = text.partition("..")
    if _day(first) > _day(last):
        raise ValueError(text)
    return first, last


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _what(text: str) -> str:
    return text


def _purpose(text: str) -> str:
    if text not in PURPOSES:
        raise ValueError(text)
    return text


def _number(text: str) -> int:
    return int(_matching(_ROW)(text))


_READERS: Mapping[str, Callable[[str], Any]] = {
    "row": _number,
    "what": _what,
    "batch": _matching(_BATCH),
    "standard": _matching(_CODE),
    "period": _period,
    "holder": sheet.name,
    "taker": sheet.name,
    "tonnes": sheet.grams_of_tonnes,
    "day": _day,
    "purpose": _purpose,
    "activity": sheet.name,
    "certificate": _matching(_REFERENCE),
}
_WHYS: Mapping[str, str] = {
    "row": "number_cell",
    "batch": "batch_cell",
    "standard": "standard_code_expected",
    "period": "period_cell",
    "holder": "name_cell",
    "taker": "name_cell",
    "tonnes": "tonnes_cell",
    "day": "day_expected",
    "purpose": "purpose_unknown",
    "activity": "name_cell",
    "certificate": "reference_expected",
}
"""Why a cell is not taken, by column."""
_IDLE: frozenset[str] = frozenset().union(*_USED.values())
_BLANK: Mapping[str, Any] = dict.fromkeys(_IDLE, "") | {"period": ("", "")}


def batch_of(log: bytes, books: Books, batch: str) -> str:
    """The stream that a batch of the books is here."""
    return f"{BATCH}{ids.once_id(log, books.nonce(books.begun[batch]))}"


def certificate_of(log: bytes, books: Books, row: Row) -> str:
    """The stream of the certificate that a retirement in the books has here."""
    return f"{CERTIFICATE}{ids.once_id(log, books.nonce(row))}"


def issued(books: Books, row: Row, *, authority: str, officer: str, holder: str) -> Plan:
    """Enter an issue."""

    def parts(setting: Setting) -> Parts:
        body = {
            "standard": row.standard,
            "period": row.period,
            "amount_g": row.amount_g,
            "holder": holder,
            "source": books.source,
            "row": row.number,
            "day": row.day,
        }
        batch = batch_of(setting.log, books, row.batch)
        return [(batch, [("batch.issued_elsewhere.v1", body)])]

    return Plan(signers=(authority, officer, holder), parts=parts, nonce=books.nonce(row))


def transferred(books: Books, row: Row, *, officer: str, giver: str, taker: str) -> Plan:
    """Enter a transfer."""
    standard = books.begun[row.batch].standard

    def parts(setting: Setting) -> Parts:
        body = {
            "giver": giver,
            "taker": taker,
            "amount_g": row.amount_g,
            "standard": standard,
            "range": None,
            "source": books.source,
            "row": row.number,
            "day": row.day,
        }
        batch = batch_of(setting.log, books, row.batch)
        return [(batch, [("batch.transferred_elsewhere.v1", body)])]

    return Plan(signers=(officer, giver), parts=parts, nonce=books.nonce(row))


def retired(books: Books, row: Row, *, officer: str, holder: str) -> Plan:
    """Enter a retirement, with a certificate."""
    standard = books.begun[row.batch].standard
    statement = Statement(purpose=row.purpose, activity=row.activity or None)

    def parts(setting: Setting) -> Parts:
        body = {
            "holder": holder,
            "amount_g": row.amount_g,
            "standard": standard,
            "range": None,
            "source": books.source,
            "row": row.number,
            "month": row.day[:7],
        }
        return [
            (
                batch_of(setting.log, books, row.batch),
                [("batch.retirement_imported.v1", body)],
            ),
            (certificate_of(setting.log, books, row), [said(statement)]),
        ]

    return Plan(signers=(officer, holder), parts=parts, nonce=books.nonce(row))


def numbered(
    books: Books, row: Row, *, officer: str, holder: str, means: tuple[int, bytes]
) -> Plan:
    """Say which number the certificate of a retirement had in the books; `means` is the entry that issued it here."""

    def parts(setting: Setting) -> Parts:
        body = {
            "means": means,
            "holder": holder,
            "number": row.certificate,
            "source": books.source,
        }
        certificate = certificate_of(setting.log, books, row)
        return [(certificate, [("certificate.numbered_before.v1", body)])]

    signers = (officer,) if officer == holder else (officer, holder)
    return Plan(signers=signers, parts=parts)
