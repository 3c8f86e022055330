"""Values of the log as JSON says them over HTTP: exact for every reader.

grams, fen, and integers beyond 2^53    decimal strings
bytes                                   hex
times (at_us, not_after_us …)           RFC 3339 in UTC, under `time`, `not_after` …
serial ranges, half open                [first, last] as decimal strings, both included
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

EXACT_MAX = 2**53
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AMOUNTS = ("_g", "_fen")
_RANGES = frozenset({"range", "ranges", "home_ranges"})
_TIME = "at_us"
_US = "_us"


def shown(value: Any, name: str = "") -> Any:
    """`value`, which stands under `name`, as it is said."""
    match value:
        case bool() | None | str():
            return value
        case int():
            return str(value) if name.endswith(_AMOUNTS) or abs(value) > EXACT_MAX else value
        case bytes():
            return value.hex()
        case Mapping():
            return shown_map(value)
        case set() | frozenset():
            return sorted(shown(item, name) for item in value)
        case list() | tuple():
            return _ranges(value) if name in _RANGES else [shown(item, name) for item in value]
        case _:
            raise TypeError(f"{name}: {type(value).__name__} has no JSON")


def shown_map(value: Mapping[Any, Any]) -> dict[str, Any]:
    """A map as it is said: times are under the name of the time."""
    found: dict[str, Any] = {}
    for name, item in value.items():
        key = str(name)
        if key.endswith(_US) and isinstance(item, int):
            found["time" if key == _TIME else key.removesuffix(_US)] = time(item)
        else:
            found[key] = shown(item, key)
    return found


def time(at_us: int) -> str:
    """The time of `at_us` microseconds since 1970, as RFC 3339 has it."""
    moment = _EPOCH + timedelta(microseconds=at_us)
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def _ranges(value: Any) -> Any:
    """One half-open range, or several."""
    if len(value) == 2 and all(isinstance(number, int) for number in value):
        start, end = value
        return [str(start), str(end - 1)]
    return [shown(item, "range") for item in value]
