"""What a value in a body may look like. The form only; what is allowed is said by the streams.

An event's fields are annotated with these types; `read` makes an event of a body, strictly: every field there,
none besides, each of exactly its type.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, TypeVar, get_type_hints

from registry.errors import RefusedError, require

Check = Callable[[object], Any]
Event = TypeVar("Event")

GRAMS_MAX = 2**63 - 1

_ACCOUNT = re.compile(r"account/([a-z2-7]{16}|uscc-[0-9A-HJ-NPQRTUWXY]{18})", re.ASCII)
_STREAM_ID = re.compile(r"[a-z2-7]{16}", re.ASCII)
_CODE = re.compile(r"[A-Z0-9]{2,12}", re.ASCII)
_REFERENCE = re.compile(r"[A-Z0-9](?:[A-Z0-9./-]{0,62}[A-Z0-9])?", re.ASCII)
_ORIGIN = re.compile(r"[a-z0-9](?:[a-z0-9./-]{0,62}[a-z0-9])?", re.ASCII)
_PLACE = re.compile(r"[1-9][0-9]{5}", re.ASCII)
_DAY = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]", re.ASCII)
_MONTH = re.compile(r"[12][0-9]{3}-(0[1-9]|1[0-2])", re.ASCII)


def matching(pattern: re.Pattern[str], what: str) -> Check:
    """A check for strings that match `pattern` as a whole."""

    fullmatch, why = pattern.fullmatch, f"{what} expected"

    def check(value: object) -> str:
        if not isinstance(value, str) or fullmatch(value) is None:
            raise RefusedError("malformed", why=why)
        return value

    return check


def stream_of(prefix: str) -> Check:
    """A check for the name of a stream whose id is derived."""
    return matching(re.compile(rf"{prefix}/{_STREAM_ID.pattern}", re.ASCII), f"{prefix}/<id>")


def one_of(choices: frozenset[str]) -> Check:
    """A check for one of the strings in `choices`."""

    why = f"one of {sorted(choices)} expected"

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise RefusedError("malformed", why=why)
        return value

    return check


def optional(check: Check) -> Check:
    """A check that lets nil pass, too."""
    return lambda value: None if value is None else check(value)


def listed(check: Check, least: int, most: int) -> Check:
    """A check for a sorted array of `least` to `most` different things that pass `check`."""

    why = f"an array of {least} to {most} expected"

    def check_all(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or not least <= len(value) <= most:
            raise RefusedError("malformed", why=why)
        read = tuple(check(item) for item in value)
        rising = all(one < other for one, other in pairwise(read))
        require(rising, "malformed", why="a sorted array without repetition expected")
        return read

    return check_all


def integer(least: int, most: int) -> Check:
    """A check for integers from `least` to `most`, both included."""

    why = f"an integer from {least} to {most} expected"

    def check(value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise RefusedError("malformed", why=why)
        return value

    return check


def octets(size: int) -> Check:
    """A check for byte strings of `size`."""

    why = f"{size} bytes expected"

    def check(value: object) -> bytes:
        if not isinstance(value, bytes) or len(value) != size:
            raise RefusedError("malformed", why=why)
        return value

    return check


def pair(first: Check, second: Check) -> Check:
    """A check for arrays of two."""

    def check(value: object) -> tuple[Any, Any]:
        fits = isinstance(value, list | tuple) and len(value) == 2
        require(fits, "malformed", why="an array of two expected")
        assert isinstance(value, list | tuple)
        return first(value[0]), second(value[1])

    return check


def flag(value: object) -> bool:
    """`value` if it is true or false."""
    require(isinstance(value, bool), "malformed", why="true or false expected")
    assert isinstance(value, bool)
    return value


def day(value: object) -> str:
    """`value` if it is a day of the calendar, YYYY-MM-DD."""
    matching(_DAY, "a day YYYY-MM-DD")(value)
    assert isinstance(value, str)
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise RefusedError("malformed", why="a day of the calendar expected") from error
    return value


def period(value: object) -> tuple[str, str]:
    """`value` if it is [first day, last day], both included, in order."""
    first, last = pair(day, day)(value)
    require(first <= last, "malformed", why="the first day of a period after its last")
    return first, last


def serials(value: object) -> tuple[int, int]:
    """`value` if it is a half-open range [start, end) of serial numbers that is not empty."""
    start, end = pair(integer(0, GRAMS_MAX), integer(0, GRAMS_MAX))(value)
    require(start < end, "malformed", why="a range that is not empty expected")
    return start, end


# The checks that other modules build on, and the types that fields of bodies have.
account = matching(_ACCOUNT, "account/<id>")
key = pair(matching(re.compile(r"[a-z0-9-]{1,32}", re.ASCII), "a suite"), octets(32))
origin = matching(_ORIGIN, "an origin of small letters, digits and . / -")
Grams = Annotated[int, integer(1, GRAMS_MAX)]
Account = Annotated[str, account]
OptionalAccount = Annotated[str | None, optional(account)]
Code = Annotated[str, matching(_CODE, "a code of 2 to 12 capitals and digits")]
OptionalCode = Annotated[
    str | None, optional(matching(_CODE, "a code of 2 to 12 capitals and digits"))
]
Reference = Annotated[str, matching(_REFERENCE, "a reference of capitals, digits and . / -")]
Origin = Annotated[str, origin]
Place = Annotated[str, matching(_PLACE, "a GB/T 2260 code of six digits")]
OptionalPlace = Annotated[str | None, optional(matching(_PLACE, "a GB/T 2260 code of six digits"))]
Flag = Annotated[bool, flag]
Day = Annotated[str, day]
Month = Annotated[str, matching(_MONTH, "a month YYYY-MM")]
Period = Annotated[tuple[str, str], period]
OptionalPeriod = Annotated[tuple[str, str] | None, optional(period)]
Serials = Annotated[tuple[int, int] | None, optional(serials)]
Digest = Annotated[bytes, octets(32)]
_commitment = octets(32)
_optional_commitment = optional(_commitment)
Commitment = Annotated[bytes, _commitment]
OptionalCommitment = Annotated[bytes | None, _optional_commitment]
Signature = Annotated[bytes, octets(64)]
Key = Annotated[tuple[str, bytes], key]
Means = Annotated[tuple[int, bytes], pair(integer(0, GRAMS_MAX), octets(32))]
"""The entry that an act undoes or confirms: its index and its leaf hash."""


_schemas: dict[type, Mapping[str, Check]] = {}


def schema(event: type) -> Mapping[str, Check]:
    """The check of each field of an event class, by name; worked out once per class."""
    if event not in _schemas:
        hints = get_type_hints(event, include_extras=True)
        checks = {field.name: hints[field.name].__metadata__[0] for field in fields(event)}
        _schemas[event] = checks
    return _schemas[event]


def read(event: type[Event], body: Mapping[str, Any]) -> Event:
    """The event of class `event` that `body` says.

    Raises:
        RefusedError: `malformed`, naming the field.
    """
    checks = schema(event)
    if body.keys() != checks.keys():
        odd = sorted(body.keys() ^ checks.keys(), key=str)
        raise RefusedError("malformed", field=odd[0], why="a field too many, or missing")
    values = {}
    for name, check in checks.items():
        try:
            values[name] = check(body[name])
        except RefusedError as refusal:
            raise RefusedError("malformed", field=name, why=refusal.facts["why"]) from refusal
    return event(**values)


def body_of(event: object) -> dict[str, Any]:
    """The body that says `event`; `read` gives the event back."""
    return {name: getattr(event, name) for name in schema(type(event))}


def commitments(event: type) -> tuple[str, ...]:
    """The names of the fields of an event class that hold commitments."""
    of_text = (_commitment, _optional_commitment)
    return tuple(name for name, check in schema(event).items() if check in of_text)
