"""What was typed, as the values that acts are made of: amounts, days, serial numbers, bytes, papers.

Mass is typed in tonnes and is grams from here on, exactly. The rules say whether a value is allowed; here only what
cannot be read is refused.
"""

import re
import time
from hashlib import sha256
from pathlib import Path

from registry.desk.files import readable
from registry.desk.words import GRAMS_PER_TONNE
from registry.domain.shape import day as read_day
from registry.domain.timing import day_of
from registry.errors import RefusedError, UsageError

PAPER_BYTES_MAX = 64 * 2**20

_TONNES = re.compile(r"(0|[1-9][0-9]{0,12})(?:\.([0-9]{1,6}))?t?", re.ASCII)
_GRAMS = re.compile(r"([1-9][0-9]{0,18})g", re.ASCII)
_YUAN = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,2}))?", re.ASCII)
_PER_MILLE = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
_RANGE = re.compile(r"(0|[1-9][0-9]{0,18})(?:\.\.|–|-)(0|[1-9][0-9]{0,18})", re.ASCII)
_NUMBERS = re.compile(r"[0-9]{1,2}(?:,[0-9]{1,2})*", re.ASCII)


def today() -> str:
    """The day in China."""
    return day_of(time.time_ns() // 1_000).isoformat()


def grams(typed: str, field: str = "AMOUNT") -> int:
    """The mass that was typed: tonnes with up to six decimals, or grams with a `g` after them.

    Raises:
        UsageError: `malformed`.
    """
    in_grams, in_tonnes = _GRAMS.fullmatch(typed), _TONNES.fullmatch(typed)
    amount_g = 0
    if in_grams:
        amount_g = int(in_grams[1])
    elif in_tonnes:
        decimals = (in_tonnes[2] or "").ljust(6, "0")
        amount_g = int(in_tonnes[1]) * GRAMS_PER_TONNE + int(decimals)
    if amount_g == 0:
        raise UsageError("malformed", field=field, why="amount_expected")
    return amount_g


def fen(typed: str, field: str = "--yuan") -> int:
    """The money that was typed in yuan, as fen, exactly.

    Raises:
        UsageError: `malformed`.
    """
    found = _YUAN.fullmatch(typed)
    amount = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    if not amount:
        raise UsageError("malformed", field=field, why="yuan_expected")
    return amount


def policy_number(policy: str, typed: str) -> int:
    """The number of a policy as it was typed: per mille for a share, otherwise a mass, which may be 0.

    Raises:
        UsageError: `malformed`.
    """
    if typed == "0":
        return 0
    if policy != "buffer_share":
        return grams(typed, "number")
    if _PER_MILLE.fullmatch(typed) is None:
        raise UsageError("malformed", field="number", why="per_mille_expected")
    return int(typed)


def period(typed: str, field: str) -> tuple[str, str]:
    """The first and last day that were typed as FIRST..LAST; whether they are days is for the rules.

    Raises:
        UsageError: `malformed`.
    """
    first, dots, last = typed.partition("..")
    if not (first and dots and last):
        raise UsageError("malformed", field=field, why="period_expected")
    return first.strip(), last.strip()


def day(typed: str, field: str) -> str:
    """The day that was typed, YYYY-MM-DD.

    Raises:
        UsageError: `malformed`.
    """
    try:
        return read_day(typed)
    except RefusedError as refusal:
        raise UsageError("malformed", field=field, **refusal.facts) from refusal


def serials(typed: str, field: str) -> tuple[int, int]:
    """The half-open range of the serial numbers typed as FIRST..LAST, both included, as the screen writes them.

    Raises:
        UsageError: `malformed`.
    """
    found = _RANGE.fullmatch(typed)
    if found is None or int(found[1]) > int(found[2]):
        raise UsageError("malformed", field=field, why="serials_expected")
    return int(found[1]), int(found[2]) + 1


def serial_format(typed: str, field: str) -> tuple[int, tuple[int, ...], int, int]:
    """How a home registry writes serial ranges, typed as FIELDS:BLOCK,BLOCK…:FIRST:LAST; see `standard.home_range`.

    Raises:
        UsageError: `malformed`.
    """
    pieces = typed.split(":")
    fits = len(pieces) == 4 and all(_NUMBERS.fullmatch(piece) for piece in pieces if piece)
    fits = fits and all(pieces[place].isdecimal() for place in (0, 2, 3))
    if not fits:
        raise UsageError("malformed", field=field, why="serial_format_expected")
    count, block, first, last = pieces
    named = tuple(int(number) for number in block.split(",") if number)
    return int(count), named, int(first), int(last)


def octets(typed: str, field: str, size: int) -> bytes:
    """The `size` bytes that were typed in hex.

    Raises:
        UsageError: `malformed`.
    """
    try:
        found = bytes.fromhex(typed)
    except ValueError:
        found = b""
    if len(found) != size or len(typed) != 2 * size:
        raise UsageError("malformed", field=field, why="hex_expected", length=size)
    return found


def digest(file: Path) -> bytes:
    """The SHA-256 of a paper, which is what the log says of it.

    Raises:
        UsageError: `no_file`, `storage_failed`, `too_long`.
    """
    data = readable(file, PAPER_BYTES_MAX)
    if len(data) > PAPER_BYTES_MAX:
        raise UsageError("too_long", bytes=file.stat().st_size, bytes_max=PAPER_BYTES_MAX)
    return sha256(data).digest()


def maybe_digest(file: Path | None) -> bytes | None:
    """As `digest`, of a paper that need not be there."""
    return None if file is None else digest(file)
