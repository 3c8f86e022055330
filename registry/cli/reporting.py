"""`registry report compile …`: what a list comes to, who compiles it, and which report is meant."""

from dataclasses import dataclass
from pathlib import Path

from registry.acts.reports import Compilation
from registry.cli import papers
from registry.desk import given
from registry.desk.asking import Question
from registry.desk.desk import Desk
from registry.domain.report import Report
from registry.errors import require
from registry.projections.papers.claims import Scope
from registry.store.views import views

Means = tuple[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What was typed of a list: its file, the entries that it counts, and its figures."""

    file: Path
    size: int | None
    activities: int | None
    retirements: int | None
    total: str | None


def compilation(desk: Desk, typed: Typed, sort: str, scope: Scope) -> Compilation:
    """What was typed of a list of `sort` about `scope`; a figure that was not is the log's, as of so many entries.

    Raises:
        UsageError: `no_file`, `malformed`.
        RefusedError: `no_such_entry`.
    """
    file = given.digest(typed.file)
    with views(desk.source.log) as tables:
        size = tables.size if typed.size is None else typed.size
        require(0 < size <= tables.size, "no_such_entry", index=size - 1, size=tables.size)
        question = Question(source=desk.source, views=tables, size=size, day="")
        known = papers.figures_of(question, sort, scope)
    total = typed.total
    return Compilation(
        size=size,
        file=file,
        activities=known.scenes if typed.activities is None else typed.activities,
        retirements=known.retirements if typed.retirements is None else typed.retirements,
        total_g=known.total_g if total is None else _grams(total),
    )


def amended(desk: Desk, report: str, typed: Typed) -> Compilation:
    """The same of a report that is there, whose sort, days and area stay.

    Raises:
        UsageError: `no_file`, `malformed`.
        RefusedError: `no_such_entry`.
    """
    with views(desk.source.log) as tables:
        (row,) = tables.rows("reports", report=report)
    scope = Scope(first=row["first_day"], last=row["last_day"], area=row["area"])
    return compilation(desk, typed, row["sort"], scope)


def _grams(total: str) -> int:
    """A list of nothing comes to nothing."""
    return 0 if total in {"0", "0g"} else given.grams(total, "--total")


def compiler(desk: Desk, by: str | None) -> str:
    """Who compiles: the account that was named, or an officer."""
    if by is not None:
        return desk.account(by)
    (officer,) = desk.officers(1)
    return officer


def meant(desk: Desk, typed: str) -> tuple[Report, Means]:
    """The report that is meant, and its last entry.

    Raises:
        RefusedError: `no_stream`.
    """
    state: Report = desk.state(desk.stream("report", typed))
    assert state.last is not None
    return state, desk.means(state.last)
