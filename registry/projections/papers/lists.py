"""The list of what was neutralised (清单), one row for each retirement: as the form has it, or as the province's annex.

    official   序号 · 活动名称 · 组织方 · 举办时间 · 举办地点 · 碳中和类型 · 抵消方式 · 抵消时间 · 抵消量
    annex      no, activity, organiser, category, tonnes, month: what `registry import-list` reads

Restoration is not in it: what an order asks for neutralises nothing. What was annulled is claimed for nothing.
"""

from collections.abc import Callable, Mapping, Sequence

from registry.projections.papers.claims import RESTORATION, Claim, Scope, Tables
from registry.projections.papers.corrections import corrections
from registry.projections.papers.paper import Cell, Cells, Days, Mass, Note, Sheet, Term, Withheld

OFFICIAL = (
    "no",
    "activity",
    "organisers",
    "held",
    "place",
    "neutrality",
    "offset_by",
    "offset_day",
    "offset_tonnes",
)
ANNEX = ("no", "activity", "organiser", "category", "tonnes", "month")
_MASSES = frozenset({"offset_tonnes", "tonnes"})


def listed(claims: Sequence[Claim], scope: Scope) -> list[Claim]:
    """The claims that the list of `scope` has, in order; their places are their numbers in it."""
    return [
        claim
        for claim in claims
        if scope.covers(claim) and claim.purpose != RESTORATION and not claim.is_annulled
    ]


def list_sheet(form: str, tables: Tables, claims: Sequence[Claim], scope: Scope) -> Sheet:
    """The list of `scope`, in one of `FORMS`."""
    columns, row = FORMS[form]
    own = listed(claims, scope)
    total = Mass(grams=sum(claim.amount_g for claim in own))
    return Sheet(
        name=form,
        columns=columns,
        rows=tuple(row(number, claim) for number, claim in enumerate(own, start=1)),
        totals=tuple(total if column in _MASSES else None for column in columns),
        notes=(
            counted(own),
            *imported(own),
            *_left_out(claims, scope),
            *_withheld(own),
            *_groups(own),
            *_flagged(own),
            *corrections(tables, claims, "list", scope),
        ),
    )


def counted(claims: Sequence[Claim]) -> Note:
    """How many retirements (笔) there are, of how many activities (场), and how these are told apart."""
    scenes = {claim.scene: claim for claim in claims}
    filed = sum(claim.filed is not None or claim.order is not None for claim in scenes.values())
    named = sum(
        claim.filed is None and claim.order is None and claim.activity is not None
        for claim in scenes.values()
    )
    facts = {
        "retirements": len(claims),
        "scenes": len(scenes),
        "filed": filed,
        "named": named,
        "alone": len(scenes) - filed - named,
    }
    return Note(key="counted", facts=facts)


def _official(number: int, claim: Claim) -> Cells:
    filed = claim.filed
    return (
        number,
        _activity(claim),
        _organisers(claim),
        _held(claim),
        claim.where,
        Term(terms="neutrality", name=filed.neutrality) if filed else None,
        tuple(Term(terms="credits", name=code) for code, _ in claim.amounts),
        claim.day or claim.month,
        Mass(grams=claim.amount_g),
    )


def _annexed(number: int, claim: Claim) -> Cells:
    return (
        number,
        _activity(claim),
        _organisers(claim),
        Term(terms="categories", name=claim.purpose),
        Mass(grams=claim.amount_g),
        claim.month,
    )


def imported(claims: Sequence[Claim]) -> list[Note]:
    """How many of `claims` are history that was entered later."""
    count = sum(claim.is_imported for claim in claims)
    return [Note(key="imported", facts={"count": count})] if count else []


def _held(claim: Claim) -> Days | None:
    period = (claim.filed.begins, claim.filed.ends) if claim.filed else claim.period
    return None if period is None else Days(first=period[0], last=period[1])


def _activity(claim: Claim) -> Cell:
    """Its name; where that is not public, or was erased, its number."""
    return claim.activity or Withheld(number=claim.number)


def _organisers(claim: Claim) -> Cell:
    return claim.organisers or Withheld(number=claim.number)


def _left_out(claims: Sequence[Claim], scope: Scope) -> list[Note]:
    """What was retired in these days and is not in the list, and why."""
    whole = Scope(first=scope.first, last=scope.last)
    there = [claim for claim in claims if whole.covers(claim) and not claim.is_annulled]
    annulled = [claim for claim in claims if scope.covers(claim) and claim.is_annulled]
    restored = [c for c in there if scope.covers(c) and c.purpose == RESTORATION]
    nowhere = [c for c in there if scope.area is not None and c.where is None]
    return [
        Note(
            key=key,
            facts={"count": len(found), "amount_g": sum(claim.amount_g for claim in found)},
        )
        for key, found in (
            ("left_out_restoration", restored),
            ("left_out_annulled", annulled),
            ("left_out_nowhere", nowhere),
        )
        if found
    ]


def _withheld(own: Sequence[Claim]) -> list[Note]:
    count = sum(not claim.is_public for claim in own)
    return [Note(key="withheld", facts={"count": count})] if count else []


def _groups(own: Sequence[Claim]) -> list[Note]:
    return [
        Note(key="group", facts={"no": number, "number": claim.number, "shares": claim.shares})
        for number, claim in enumerate(own, start=1)
        if claim.shares
    ]


def _flagged(own: Sequence[Claim]) -> list[Note]:
    """The rows that the timing rules do not let pass; that no period is stated is no news."""
    return [
        Note(key="flagged", facts={"no": number, "verdict": verdict})
        for number, claim in enumerate(own, start=1)
        for verdict in claim.verdicts
        if verdict[2] == "flag"
    ]


FORMS: Mapping[str, tuple[tuple[str, ...], Callable[[int, Claim], Cells]]] = {
    "list": (OFFICIAL, _official),
    "annex": (ANNEX, _annexed),
}
"""The columns of each form of the list, and what it has for a claim."""
