"""The guests of a gift campaign, as their organiser lists them: read strictly, every bad row named at once.

    CSV, UTF-8, header with these columns in any order
    no        the guest's number or ticket, each once                [0-9A-Za-z-], 1 to 32
    account   account/<id>; empty, or no such column: a claim code   each once
    name      what the guest is called; optional, stays in the hand-out, never in the log
    tonnes    decimal, up to 6 places, above 0    or    grams, whole and above 0
              no such column where the campaign gives everybody the same

A list is divided into chunks, each given by one act. The nonce of a chunk follows from campaign, list and chunk: what
was given before a crash is known by it, and cannot be given again.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from registry.acts import sheet
from registry.acts.propose import normalised
from registry.acts.sheet import File, Problem
from registry.domain import shape
from registry.errors import RefusedError
from registry.ledger import canonical

COLUMNS = ("no", "account", "name", "tonnes", "grams")
TAG = "carbon-registry/guest-list/v1"
CHUNK_TAG = "carbon-registry/guest-chunk/v1"

CHUNK_GUESTS_MAX = shape.ROWS_MAX
"""A gift's row is at most 104 bytes, so that as many rows are less than what their bytes may come to."""

_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """One guest: line in the file, number, account or none, name or none, and how much they are given."""

    line: int
    number: str
    account: str | None
    name: str
    amount_g: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestList:
    """A list whose every row is sound; `digest` is the SHA-256 of what it says, however the file spells it."""

    digest: bytes
    guests: tuple[Guest, ...]

    @property
    def total_g(self) -> int:
        """What all guests are given together."""
        return sum(guest.amount_g for guest in self.guests)

    def chunks(self, most: int = CHUNK_GUESTS_MAX) -> list[tuple[Guest, ...]]:
        """The guests, in order, by the act that gives to them."""
        return [self.guests[first : first + most] for first in range(0, len(self.guests), most)]


def chunk_nonce(campaign: str, digest: bytes, chunk: int) -> bytes:
    """The one nonce under which chunk `chunk` of a list is given in a campaign, 16 bytes."""
    return sha256(canonical.encode([CHUNK_TAG, campaign, digest, chunk])).digest()[:16]


def read(file: File, *, each_g: int | None) -> GuestList:
    """The guests in a file.

    Args:
        file: its bytes if it is a CSV, else what was read of it.
        each_g: what the campaign gives everybody, or None where the list says how much.

    Raises:
        RefusedError: `too_long`, `not_utf8`, `bad_header`; `bad_rows`, whose fact `rows` names all that is bad, as
            `Problem`s.
    """
    bad: list[Problem] = []
    columns: list[str] = []
    guests: dict[str, Guest] = {}
    accounts: set[str] = set()
    for line, cells in sheet.lines_of(file, bad):
        if not columns:
            columns = _header(cells, each_g)
            continue
        guest = _guest(line, columns, cells, each_g, bad)
        if guest is None:
            continue
        # A guest's number names a file, and some file systems do not tell cases apart.
        number = guest.number.casefold()
        if number in guests:
            bad.append(sheet.unfit(line, "no", guest.number, "repeated"))
        if guest.account is not None and guest.account in accounts:
            bad.append(sheet.unfit(line, "account", guest.account, "repeated"))
        guests[number] = guest
        accounts.add(guest.account or "")
    if bad:
        raise RefusedError("bad_rows", rows=bad)
    if not guests:
        raise RefusedError("bad_header", found="", expected=_expected(each_g))
    listed = tuple(guests.values())
    return GuestList(digest=_digest(listed), guests=listed)


def _digest(guests: Sequence[Guest]) -> bytes:
    said = [[guest.number, guest.account, guest.name, guest.amount_g] for guest in guests]
    return sha256(canonical.encode([TAG, said])).digest()


def _expected(each_g: int | None) -> str:
    return "no[,account][,name]" + (",tonnes|grams" if each_g is None else "")


def _header(cells: Sequence[str], each_g: int | None) -> list[str]:
    """The columns, each known and once; an amount exactly if the campaign leaves it to the list."""
    columns = [cell.strip() for cell in cells]
    known = set(columns) <= set(COLUMNS) and len(set(columns)) == len(columns)
    amounts = [column for column in columns if column in _AMOUNTS]
    if not (known and "no" in columns and len(amounts) == (each_g is None)):
        raise RefusedError("bad_header", found=",".join(cells), expected=_expected(each_g))
    return columns


def _guest(
    line: int, columns: Sequence[str], cells: Sequence[str], each_g: int | None, bad: list[Problem]
) -> Guest | None:
    """The guest of one line, or None once all that is bad in it was added to `bad`."""
    if len(cells) != len(columns):
        bad.append(sheet.miscounted(line, cells))
        return None
    found: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        text = normalised(cell).strip()
        try:
            found[column] = _PARSERS[column](text)
        except ValueError:
            bad.append(sheet.unfit(line, column, text, _WHYS[column]))
    if len(found) < len(columns):
        return None
    amounts = [found[column] for column in _AMOUNTS if column in found]
    return Guest(
        line=line,
        number=found["no"],
        account=found.get("account"),
        name=found.get("name", ""),
        amount_g=amounts[0] if each_g is None else each_g,
    )


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return text


def _account(text: str) -> str | None:
    """The account, or None for a guest who gets a code."""
    if not text:
        return None
    try:
        checked: str = shape.account(text)
    except RefusedError as refusal:
        raise ValueError(text) from refusal
    return checked


def _name(text: str) -> str:
    """What the guest is called, unless a spreadsheet would take it for a formula."""
    if text.startswith(sheet.FORMULA):
        raise ValueError(text)
    return sheet.name(text) if text else ""


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "no": _number,
    "account": _account,
    "name": _name,
    "tonnes": sheet.grams_of_tonnes,
    "grams": sheet.whole_grams,
}
_WHYS: Mapping[str, str] = {
    "no": "guest_number_cell",
    "account": "account_expected",
    "name": "gift_name_cell",
    "tonnes": "tonnes_cell",
    "grams": "grams_cell",
}
"""Why a cell is not taken, by column."""
_AMOUNTS = ("tonnes", "grams")
