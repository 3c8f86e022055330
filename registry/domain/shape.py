"""What a value in a body may look like. The form only; what is allowed is said by the streams.

An event's fields are annotated with these types; `read` makes an event of a body, strictly: every field there,
none besides, each of exactly its type.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, TypeVar, get_type_hints

from registry.errors import RefusedError, require

Check = Callable[[object], Any]
Event = TypeVar("Event")

GRAMS_MAX = 2**63 - 1

ROWS_MAX = 131_072
ROWS_BYTES_MAX = 16 * 1024 * 1024

_ACCOUNT = re.compile(r"account/([a-z2-7]{16}|uscc-[0-9A-HJ-NPQRTUWXY]{18})", re.ASCII)
_HOLDER = re.compile(rf"{_ACCOUNT.pattern}|bearer/[a-z2-7]{{52}}", re.ASCII)
_STREAM_ID = re.compile(r"[a-z2-7]{16}", re.ASCII)
_CODE = re.compile(r"[A-Z0-9]{2,12}", re.ASCII)
_REFERENCE = re.compile(r"[A-Z0-9](?:[A-Z0-9./-]{0,62}[A-Z0-9])?", re.ASCII)
_ORIGIN = re.compile(r"[a-z0-9](?:[a-z0-9./-]{0,62}[a-z0-9])?", re.ASCII)
_PLACE = re.compile(r"[1-9][0-9]{5}", re.ASCII)
_DAY = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]", re.ASCII)
_MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])", re.ASCII)


def matching(pattern: re.Pattern[str], why: str, **facts: object) -> Check:
    """A check for strings that match `pattern` as a whole; of others it is said `why`."""

    fullmatch = pattern.fullmatch

    def check(value: object) -> str:
        if not isinstance(value, str) or fullmatch(value) is None:
            raise RefusedError("malformed", why=why, **facts)
        return value

    return check


def stream_of(*kinds: str) -> Check:
    """A check for the name of a stream of one of `kinds`, whose id is derived."""
    pattern = re.compile(rf"(?:{'|'.join(kinds)})/{_STREAM_ID.pattern}", re.ASCII)
    return matching(pattern, "stream_of_kind", choices=[f"{kind}/…" for kind in kinds])


def one_of(choices: frozenset[str]) -> Check:
    """A check for one of the strings in `choices`."""

    known = sorted(choices)

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise RefusedError("malformed", why="one_of", choices=known)
        return value

    return check


def optional(check: Check) -> Check:
    """A check that lets nil pass, too."""
    return lambda value: None if value is None else check(value)


def listed(check: Check, least: int, most: int) -> Check:
    """A check for a sorted array of `least` to `most` different things that pass `check`."""

    def check_all(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or not least <= len(value) <= most:
            raise RefusedError("malformed", why="array_between", least=least, most=most)
        read = tuple(check(item) for item in value)
        rising = all(one < other for one, other in pairwise(read))
        require(rising, "malformed", why="not_rising")
        return read

    return check_all


def integer(least: int, most: int) -> Check:
    """A check for integers from `least` to `most`, both included."""

    def check(value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise RefusedError("malformed", why="integer_between", least=least, most=most)
        return value

    return check


def octets(size: int) -> Check:
    """A check for byte strings of `size`."""

    def check(value: object) -> bytes:
        if not isinstance(value, bytes) or len(value) != size:
            raise RefusedError("malformed", why="bytes_expected", length=size)
        return value

    return check


def pair(first: Check, second: Check) -> Check:
    """A check for arrays of two."""

    def check(value: object) -> tuple[Any, Any]:
        fits = isinstance(value, list | tuple) and len(value) == 2
        require(fits, "malformed", why="array_expected", length=2)
        assert isinstance(value, list | tuple)
        return first(value[0]), second(value[1])

    return check


def flag(value: object) -> bool:
    """`value` if it is true or false."""
    require(isinstance(value, bool), "malformed", why="bool_type")
    assert isinstance(value, bool)
    return value


def day(value: object) -> str:
    """`value` if it is a day of the calendar, YYYY-MM-DD."""
    matching(_DAY, "day_expected")(value)
    assert isinstance(value, str)
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise RefusedError("malformed", why="day_expected") from error
    return value


def period(value: object) -> tuple[str, str]:
    """`value` if it is [first day, last day], both included, in order."""
    first, last = pair(day, day)(value)
    require(first <= last, "malformed", why="period_reversed")
    return first, last


def serials(value: object) -> tuple[int, int]:
    """`value` if it is a half-open range [start, end) of serial numbers that is not empty."""
    start, end = pair(integer(0, GRAMS_MAX), integer(0, GRAMS_MAX))(value)
    require(start < end, "malformed", why="range_expected")
    return start, end


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows that stand beside an entry and belong to one event: how many bytes and rows, their root, their grams.

    `items` are what the rows say without their tag, where they are at hand: (whom, amount_g, before_g) each.
    """

    row_bytes: int
    count: int
    root: bytes
    total_g: int
    items: tuple[tuple[Any, int, int], ...] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsCheck:
    """A check for what a body says of its rows, and for the rows: [tag, whom, amount_g, before_g] each.

    `before_g` is the sum of the amounts of the rows before, so that one row alone shows which of the grams are its own.
    """

    tag: str
    whom: Check
    is_commitment: bool
    """Whether `whom` is a commitment, to be opened under the field "<part>/<event>/rows/<row>"."""

    def __call__(self, value: object) -> Rows:
        """The summary in a body."""
        shaped = isinstance(value, Mapping) and value.keys() == _ROWS.keys()
        require(shaped, "malformed", why="row_summary_expected")
        assert isinstance(value, Mapping)
        return Rows(
            row_bytes=_ROWS["bytes"](value["bytes"]),
            count=_ROWS["count"](value["count"]),
            root=_ROWS["root"](value["root"]),
            total_g=_ROWS["total_g"](value["total_g"]),
        )

    def item(self, value: object) -> tuple[Any, int, int]:
        """What one row says.

        Raises:
            RefusedError: `malformed`.
        """
        if type(value) is not list or len(value) != 4 or value[0] != self.tag:
            raise RefusedError("malformed", why="row_of_expected", tag=self.tag)
        _, whom, amount_g, before_g = value
        # Not isinstance: true is no gram.
        whole = type(amount_g) is int and type(before_g) is int
        if not (whole and 1 <= amount_g <= GRAMS_MAX and 0 <= before_g <= GRAMS_MAX - amount_g):
            raise RefusedError("malformed", why="grams_of_row_expected")
        return self.whom(whom), amount_g, before_g

    def items(self, values: Sequence[object]) -> tuple[tuple[Any, int, int], ...]:
        """What all rows of an event say, each beginning where the one before it ends.

        Raises:
            RefusedError: `malformed`, naming the row.
        """
        read, above_g = [], 0
        for number, value in enumerate(values):
            try:
                item = self.item(value)
            except RefusedError as refusal:
                raise RefusedError("malformed", row=number, **refusal.facts) from refusal
            if item[2] != above_g:
                raise RefusedError("malformed", row=number, why="rows_not_joined")
            above_g += item[1]
            read.append(item)
        return tuple(read)


def rows_of(tag: str, whom: Check) -> RowsCheck:
    """A check for rows of the kind `tag`, each about somebody or something that passes `whom`."""
    return RowsCheck(tag=tag, whom=whom, is_commitment=whom is _commitment)


# The checks that other modules build on, and the types that fields of bodies have.
account = matching(_ACCOUNT, "account_expected")
holder = matching(_HOLDER, "holder_expected")
code = matching(_CODE, "standard_code_expected")
place = matching(_PLACE, "place_expected")
key = pair(matching(re.compile(r"[a-z0-9-]{1,32}", re.ASCII), "suite_expected"), octets(32))
origin = matching(_ORIGIN, "origin_expected")
Grams = Annotated[int, integer(1, GRAMS_MAX)]
OptionalGrams = Annotated[int | None, optional(integer(1, GRAMS_MAX))]
Account = Annotated[str, account]
OptionalAccount = Annotated[str | None, optional(account)]
Holder = Annotated[str, holder]
"""An account, or a bearer: somebody who has a key and no account."""
Code = Annotated[str, code]
OptionalCode = Annotated[str | None, optional(code)]
Reference = Annotated[str, matching(_REFERENCE, "reference_expected")]
OptionalReference = Annotated[str | None, optional(matching(_REFERENCE, "reference_expected"))]
Origin = Annotated[str, origin]
Place = Annotated[str, place]
OptionalPlace = Annotated[str | None, optional(place)]
Flag = Annotated[bool, flag]
Day = Annotated[str, day]
OptionalDay = Annotated[str | None, optional(day)]
Month = Annotated[str, matching(_MONTH, "month_expected")]
Period = Annotated[tuple[str, str], period]
OptionalPeriod = Annotated[tuple[str, str] | None, optional(period)]
Serials = Annotated[tuple[int, int] | None, optional(serials)]
Digest = Annotated[bytes, octets(32)]
OptionalDigest = Annotated[bytes | None, optional(octets(32))]
_commitment = octets(32)
_optional_commitment = optional(_commitment)
Commitment = Annotated[bytes, _commitment]
OptionalCommitment = Annotated[bytes | None, _optional_commitment]
Signature = Annotated[bytes, octets(64)]
Key = Annotated[tuple[str, bytes], key]
Means = Annotated[tuple[int, bytes], pair(integer(0, GRAMS_MAX), octets(32))]
"""The entry that an act undoes or confirms: its index and its leaf hash."""


_ROWS: Mapping[str, Check] = {
    "bytes": integer(1, ROWS_BYTES_MAX),
    "count": integer(1, ROWS_MAX),
    "root": octets(32),
    "total_g": integer(1, GRAMS_MAX),
}

GIFT_TAG = "carbon-registry/gift/v1"
SHARE_TAG = "carbon-registry/share/v1"
Gifts = Annotated[Rows, rows_of(GIFT_TAG, holder)]
"""Rows that say to whom grams are given."""
Shares = Annotated[Rows, rows_of(SHARE_TAG, _commitment)]
"""Rows that say, as commitments, for whom grams are retired."""


_schemas: dict[type, Mapping[str, Check]] = {}
_rows_fields: dict[type, tuple[str, RowsCheck] | None] = {}


def schema(event: type) -> Mapping[str, Check]:
    """The check of each field of an event class, by name; worked out once per class."""
    if event not in _schemas:
        hints = get_type_hints(event, include_extras=True)
        checks = {field.name: hints[field.name].__metadata__[0] for field in fields(event)}
        _schemas[event] = checks
    return _schemas[event]


def rows_field(event: type) -> tuple[str, RowsCheck] | None:
    """The field of an event class that sums up the rows beside it, with its check; None where it has none."""
    if event not in _rows_fields:
        found = None
        for name, check in schema(event).items():
            if isinstance(check, RowsCheck):
                # Openings of rows name no field: there is one, of this name.
                assert found is None and name == "rows"  # noqa: PT018  # one thing
                found = name, check
        _rows_fields[event] = found
    return _rows_fields[event]


def read(event: type[Event], body: Mapping[str, Any]) -> Event:
    """The event of class `event` that `body` says.

    Raises:
        RefusedError: `malformed`, naming the field.
    """
    checks = schema(event)
    if body.keys() != checks.keys():
        odd = sorted(body.keys() ^ checks.keys(), key=str)
        raise RefusedError("malformed", field=odd[0], why="other_fields")
    values = {}
    for name, check in checks.items():
        try:
            values[name] = check(body[name])
        except RefusedError as refusal:
            raise RefusedError("malformed", field=name, **refusal.facts) from refusal
    return event(**values)


def body_of(event: object) -> dict[str, Any]:
    """The body that says `event`; `read` gives the event back, without what its rows say."""
    return {name: _said(getattr(event, name)) for name in schema(type(event))}


def _said(value: object) -> object:
    """A field's value as it stands in a body."""
    if isinstance(value, Rows):
        return {
            "bytes": value.row_bytes,
            "count": value.count,
            "root": value.root,
            "total_g": value.total_g,
        }
    return value


def commitments(event: type) -> tuple[str, ...]:
    """The names of the fields of an event class that hold commitments."""
    of_text = (_commitment, _optional_commitment)
    return tuple(name for name, check in schema(event).items() if check in of_text)
