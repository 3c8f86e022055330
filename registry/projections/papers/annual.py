"""The annual table (年度表): by type, activities (场次), retirements (笔数) and tonnes, and the previous year beside.

Shares come to exactly 100 %; growth is growth, and not the ratio of two years.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from registry.projections.papers.claims import TYPES, Claim, Scope, Tables
from registry.projections.papers.corrections import corrections
from registry.projections.papers.lists import counted, imported
from registry.projections.papers.paper import Cells, Mass, Sheet, Term, growth, shares

SORTS = tuple(dict.fromkeys(TYPES.values()))
OF_A_YEAR = ("type", "scenes", "scenes_share", "retirements", "tonnes", "tonnes_share")
BESIDE = ("scenes_before", "retirements_before", "tonnes_before", "scenes_growth", "tonnes_growth")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """场次, 笔数, and grams."""

    scenes: int
    retirements: int
    total_g: int


def counted_in(claims: Sequence[Claim], scope: Scope) -> list[Claim]:
    """The claims that the annual table of `scope` counts: all but what was annulled."""
    return [claim for claim in claims if scope.covers(claim) and not claim.is_annulled]


def figures(claims: Sequence[Claim]) -> Figures:
    """What `claims` come to."""
    return Figures(
        scenes=len({claim.scene for claim in claims}),
        retirements=len(claims),
        total_g=sum(claim.amount_g for claim in claims),
    )


def figures_by_type(claims: Iterable[Claim]) -> dict[str, Figures]:
    """What `claims` come to, type by type, in the table's order; types without any are left out."""
    own = list(claims)
    found = {sort: figures([claim for claim in own if claim.sort == sort]) for sort in SORTS}
    return {sort: figure for sort, figure in found.items() if figure.retirements}


def annual(tables: Tables, claims: Sequence[Claim], scope: Scope) -> Sheet:
    """The annual table of `scope`; with the same days a year before beside it, where days were asked for."""
    own = counted_in(claims, scope)
    now = figures_by_type(own)
    before = before_of(claims, scope)
    rows = _of_a_year(now)
    columns: tuple[str, ...] = OF_A_YEAR
    if before is not None:
        columns += BESIDE
        earlier = figures_by_type(before)
        rows = _beside(rows, now, earlier)
    *lines, totals = rows.values()
    notes = (counted(own), *imported(own), *corrections(tables, claims, "annual", scope))
    return Sheet(name="summary", columns=columns, rows=tuple(lines), totals=totals, notes=notes)


def before_of(claims: Sequence[Claim], scope: Scope) -> list[Claim] | None:
    """The claims of the same days a year before; None where the scope has no first or no last day."""
    if scope.first is None or scope.last is None:
        return None
    earlier = replace(scope, first=year_before(scope.first), last=year_before(scope.last))
    return counted_in(claims, earlier)


def year_before(day: str) -> str:
    """The same day a year before; the last of a month stays its last."""
    at = date.fromisoformat(day)
    is_last = at.day == monthrange(at.year, at.month)[1]
    last = monthrange(at.year - 1, at.month)[1]
    return at.replace(year=at.year - 1, day=last if is_last else min(at.day, last)).isoformat()


_NONE = Figures(scenes=0, retirements=0, total_g=0)
_ALL = "total"


def _with_total(found: Mapping[str, Figures]) -> dict[str, Figures]:
    total = Figures(
        scenes=sum(own.scenes for own in found.values()),
        retirements=sum(own.retirements for own in found.values()),
        total_g=sum(own.total_g for own in found.values()),
    )
    return {**found, _ALL: total}


def _of_a_year(found: Mapping[str, Figures]) -> dict[str, Cells]:
    """The lines of a year by type, the last of them the total."""
    scenes = shares({sort: own.scenes for sort, own in found.items()})
    masses = shares({sort: own.total_g for sort, own in found.items()})
    whole = shares({_ALL: 1})
    return {
        sort: (
            None if sort == _ALL else Term(terms="types", name=sort),
            own.scenes,
            {**scenes, **whole}[sort],
            own.retirements,
            Mass(grams=own.total_g),
            {**masses, **whole}[sort],
        )
        for sort, own in _with_total(found).items()
    }


def _beside(
    rows: Mapping[str, Cells], now: Mapping[str, Figures], before: Mapping[str, Figures]
) -> dict[str, Cells]:
    """The lines with those of the year before beside them; types that only that had are added."""
    ours, theirs = _with_total(now), _with_total(before)
    found: dict[str, Cells] = {}
    for sort in (*SORTS, _ALL):
        if sort not in ours and sort not in theirs:
            continue
        own, old = ours.get(sort, _NONE), theirs.get(sort, _NONE)
        line = rows.get(sort) or _of_a_year({sort: _NONE})[sort]
        found[sort] = (
            *line,
            old.scenes,
            old.retirements,
            Mass(grams=old.total_g),
            growth(own.scenes, old.scenes),
            growth(own.total_g, old.total_g),
        )
    return found
