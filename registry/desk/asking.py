"""A question to the tables: which registry, as of when, and up to which entry its answer is true."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from registry.desk import words
from registry.desk.opened import Opened, opened
from registry.domain.timing import day_of
from registry.errors import UsageError, require
from registry.place import Place
from registry.projections.table import Value
from registry.store.clock import wall_us
from registry.store.log import Moment
from registry.store.views import Views, size_at, views
from registry.store.views_tables import Choice, Condition
from registry.verifier.certificate import is_demonstration

_INDEX = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The tables as of `size` entries, and the registry that they are of."""

    source: Opened
    views: Views
    size: int

    day: str
    """The day in China that is asked about: of what was typed, or today."""

    def rows(
        self,
        table: str,
        *conditions: Condition,
        order: Sequence[str] = (),
        any_of: Choice = (),
        after: Sequence[Value] = (),
        limit: int | None = None,
        **equal: Value,
    ) -> list[dict[str, Any]]:
        """The rows of `table`, as `Views.rows`."""
        return self.views.rows(
            table,
            *conditions,
            as_of=self.size,
            order=order,
            any_of=any_of,
            after=after,
            limit=limit,
            **equal,
        )

    def totals(
        self,
        table: str,
        by: Sequence[str],
        *conditions: Condition,
        of: str = "amount_g",
        **equal: Value,
    ) -> dict[tuple[Any, ...], tuple[int, int]]:
        """What the rows of `table` come to, as `Views.totals`."""
        return self.views.totals(table, by, *conditions, of=of, as_of=self.size, **equal)

    def true_of(self) -> Mapping[str, Any]:
        """What every answer says of itself, for JSON."""
        return {
            "as_of_size": self.size,
            "log_size": self.views.log_size,
            "origin": self.source.origin,
            "demonstration": is_demonstration(self.source.origin),
        }


@contextmanager
def asked(place: Place, as_of: str | None = None) -> Iterator[Question]:
    """A question to the registry at `place`, as of what was typed.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_such_entry`.
    """
    with opened(place) as source, question_to(source, as_of) as question:
        yield question


@contextmanager
def question_to(source: Opened, as_of: str | None = None) -> Iterator[Question]:
    """The same to a registry that is open.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_such_entry`.
    """
    with views(source.log, source.keepers) as tables:
        size, at_us = _as_of(as_of, source, tables.size)
        yield Question(source=source, views=tables, size=size, day=day_of(at_us).isoformat())


def _as_of(typed: str | None, source: Opened, size: int) -> tuple[int, int]:
    """How many entries there were after entry `typed`, at the end of that day, or at that time; and when that was.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_such_entry`.
    """
    if typed is None:
        return size, wall_us()
    if _INDEX.fullmatch(typed):
        require(int(typed) < size, "no_such_entry", index=int(typed), size=size)
        with source.log.recorder.reading() as cursor:
            return int(typed) + 1, Moment(cursor).placed(int(typed)).entry.at_us
    at_us = _time_us(typed)
    return min(size_at(source.log, at_us), size), at_us


def _time_us(typed: str) -> int:
    """The microsecond that ends a day, or that a time names; in China where no zone is written."""
    try:
        if len(typed) == len("2026-01-01"):
            following = date.fromisoformat(typed) + timedelta(days=1)
            return _since_1970(datetime(*following.timetuple()[:3], tzinfo=words.CHINA)) - 1
        read = datetime.fromisoformat(typed)
        # Some hours around the first and the last day of all have none in China.
        moment = (read if read.tzinfo else read.replace(tzinfo=words.CHINA)).astimezone(words.CHINA)
    except (ValueError, OverflowError) as error:
        raise UsageError("malformed", field="as_of", why="moment_expected") from error
    return _since_1970(moment)


def _since_1970(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
