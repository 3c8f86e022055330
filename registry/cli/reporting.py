"""`registry report compile …`: what a list comes to, who compiles it, and which report is meant."""

from pathlib import Path

from registry.acts.reports import Compilation
from registry.cli import given
from registry.cli.acting import Desk
from registry.domain.report import Report
from registry.store.log import Moment

Means = tuple[int, bytes]
Figures = tuple[int, int, str]
"""Activities, retirements, and the mass that was typed."""


def compilation(desk: Desk, file: Path, size: int | None, figures: Figures) -> Compilation:
    """What was typed of a list, as of `size` entries, or of all.

    Raises:
        UsageError: `no_file`, `malformed`.
    """
    activities, retirements, typed = figures
    if size is None:
        with desk.operator.log.recorder.reading() as cursor:
            size = Moment(cursor).head().size
    return Compilation(
        size=size,
        file=given.digest(file),
        activities=activities,
        retirements=retirements,
        total_g=0 if typed in ("0", "0g") else given.grams(typed, "--total"),
    )


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
