"""Reports to the authorities as somebody asks for what is done with them: compiled, and handed up the levels."""

from typing import Annotated

from pydantic import Field

from registry.acts import reports as acts
from registry.acts.plan import Plan
from registry.acts.reports import Compilation
from registry.desk import papers
from registry.desk.ask import Account, Ask, Count, Digest, Period, Total, one_of
from registry.desk.asking import Question
from registry.desk.desk import Desk
from registry.domain.report import SORTS, Report
from registry.errors import require
from registry.projections.papers.claims import Scope
from registry.store.views import views

Means = tuple[int, bytes]

ReportName = Annotated[str, Field(description="The report: `report/…` or its id.")]


class Listing(Ask):
    """A list or table that was made: its file, the entries that it counts, and its figures, else the log's."""

    file: Digest
    size: Count | None = None
    """How many entries of the log it counts; else all."""
    activities: Count | None = None
    """Else the log's."""
    retirements: Count | None = None
    """Else the log's."""
    total: Total | None = None
    """Else the log's."""

    def compilation(self, desk: Desk, sort: str, scope: Scope) -> Compilation:
        """What it comes to, being of `sort` about `scope`; a figure that was not said is the log's.

        Raises:
            RefusedError: `no_such_entry`.
        """
        with views(desk.source.log) as tables:
            size = tables.size if self.size is None else self.size
            require(0 < size <= tables.size, "no_such_entry", index=size - 1, size=tables.size)
            question = Question(source=desk.source, views=tables, size=size, day="")
            known = papers.figures_of(question, sort, scope)
        return Compilation(
            size=size,
            file=self.file,
            activities=known.scenes if self.activities is None else self.activities,
            retirements=known.retirements if self.retirements is None else self.retirements,
            total_g=known.total_g if self.total is None else self.total,
        )


class Compile(Listing):
    """Enter a list or table that was made / 编制"""

    sort: Annotated[str, one_of(SORTS)]
    area: Annotated[str, Field(examples=["510100"])]
    """GB/T 2260."""
    period: Period
    compiler: Account | None = None
    """Who signs; else an officer."""

    def plans(self, desk: Desk) -> list[Plan]:
        first, last = self.period
        scope = Scope(first=first, last=last, area=self.area)
        found = self.compilation(desk, self.sort, scope)
        compiler = desk.officers(1)[0] if self.compiler is None else desk.account(self.compiler)
        return [acts.compile_(compiler, found, sort=self.sort, area=self.area, days=self.period)]


class Submit(Ask):
    """Hand it to an authority / 报送"""

    report: ReportName
    to: Account
    """Which authority."""

    def plans(self, desk: Desk) -> list[Plan]:
        state, means = meant(desk, self.report)
        return [acts.submit(state.holder, state.name, means, to=desk.account(self.to))]


class Return(Ask):
    """The authority hands it back / 退回"""

    report: ReportName
    document: Digest
    """What is wrong."""

    def plans(self, desk: Desk) -> list[Plan]:
        state, means = meant(desk, self.report)
        return [acts.return_(state.holder, state.name, means, document=self.document)]


class Accept(Ask):
    """The authority accepts it / 接受"""

    report: ReportName

    def plans(self, desk: Desk) -> list[Plan]:
        state, means = meant(desk, self.report)
        return [acts.accept(state.holder, state.name, means)]


class Amend(Listing):
    """Compile it anew / 修订

    Its sort, days and area stay.
    """

    report: ReportName

    def plans(self, desk: Desk) -> list[Plan]:
        state, means = meant(desk, self.report)
        with views(desk.source.log) as tables:
            (row,) = tables.rows("reports", report=state.name)
        scope = Scope(first=row["first_day"], last=row["last_day"], area=row["area"])
        found = self.compilation(desk, row["sort"], scope)
        return [acts.amend(state.compiler, state.name, means, found)]


def meant(desk: Desk, typed: str) -> tuple[Report, Means]:
    """The report that is meant, and its last entry.

    Raises:
        RefusedError: `no_stream`.
    """
    state: Report = desk.state(desk.stream("report", typed))
    assert state.last is not None
    return state, desk.means(state.last)
