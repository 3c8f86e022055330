"""What the rules of the model have in common: how they refuse, the act that they look at, days, hashes, spans."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import msgpack


class NoError(Exception):
    """The entry cannot be."""


def say(holds: object, reason: str) -> None:
    if not holds:
        raise NoError(reason)


@dataclass
class Act:
    """An entry as the rules see it: who signs, what happens, what came of it so far."""

    index: int
    at_us: int
    log: bytes
    nonce: bytes
    signers: list[tuple[str, tuple[str, bytes]]]
    parts: list[Any]
    once: bool
    rows: dict[tuple[int, int], list[Any]]
    came: list[tuple[str, str, Any, Any]] = field(default_factory=list)

    @property
    def today(self) -> str:
        return china(self.at_us).strftime("%Y-%m-%d")

    def told(self, *kinds: str) -> Iterator[tuple[str, Any]]:
        """Stream and body of every event of these kinds, wherever it stands."""
        for stream, events in self.parts:
            for kind, body in events:
                if kind.removesuffix(".v1") in kinds:
                    yield stream, body

    def body(self, kind: str) -> Any:
        """The body of the one event of this kind, or nothing."""
        return next((body for _, body in self.told(kind)), None)

    def outcome(self, kind: str) -> Any:
        return next(came for _, name, _, came in self.came if name == f"{kind}.v1")

    @property
    def alone(self) -> bool:
        return [len(events) for _, events in self.parts] == [1]

    def derived(self, part: int) -> str:
        """The id of what is born in a part."""
        author, number = ("registry", 0) if self.once else (self.signers[0][0], part)
        return short(["carbon-registry/id/v1", self.log, author, self.nonce, number])


def hashed(value: Any) -> bytes:
    return sha256(msgpack.packb(value)).digest()


def base32(data: bytes, letters: int) -> str:
    """Lower-case base32, from the highest bits on."""
    alphabet = "abcdefghijklmnopqrstuvwxyz234567"
    number = int.from_bytes(data, "big") << 4  # 260 bits are 52 letters
    return "".join(alphabet[number >> (255 - 5 * place) & 31] for place in range(letters))


def short(value: Any) -> str:
    return base32(hashed(value), 16)


def leaf_of(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def china(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // 1_000_000, timezone(timedelta(hours=8)))


def working_days_between(first: str, last: str) -> int:
    """How many days from Monday to Friday lie wholly between two days."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days)]
    return sum(one.isoweekday() <= 5 for one in between)


def years_later(day: str, years: int) -> str:
    """The same day of a later year; 28 February where there is no 29th."""
    year, rest = int(day[:4]) + years, day[4:]
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return f"{year:04}" + ("-02-28" if rest == "-02-29" and not leap else rest)


def joined(spans: list[Any]) -> list[tuple[int, int]]:
    """Spans in order, those that touch made one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def size(spans: list[Any]) -> int:
    return sum(end - start for start, end in spans)
