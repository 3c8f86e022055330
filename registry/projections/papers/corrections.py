"""What became known after a report was filed: it enters the next one, as notes.

filed       a report that was submitted or accepted, as of its size
corrected   a certificate that was in it, and was replaced or annulled since
late        a retirement of its days that was recorded since
"""

from collections.abc import Iterator, Sequence

from registry.projections.papers.claims import Claim, Row, Scope, Tables
from registry.projections.papers.paper import Note

FILED = frozenset({"accepted", "submitted"})


def corrections(tables: Tables, claims: Sequence[Claim], sort: str, scope: Scope) -> list[Note]:
    """What a report of `sort` about `scope` has to say of the reports of the same area that were filed before it."""
    filed = [
        row
        for row in tables.reports
        if row["sort"] == sort
        and row["state"] in FILED
        and (scope.area is None or row["area"] == scope.area)
    ]
    # What had happened when the last of them was compiled is in that one's notes.
    since = max((row["size"] for row in filed), default=0)
    notes: list[Note] = []
    for report in filed:
        notes += _corrected(tables, claims, report, since)
        notes += _late(claims, report, since, scope)
    return list({str(note.facts["number"]): note for note in notes}.values())


def _corrected(tables: Tables, claims: Sequence[Claim], report: Row, since: int) -> Iterator[Note]:
    there = {claim.first_number: claim for claim in claims}
    origins = _origins(tables)
    for row in tables.certificates:
        ended = row["ended"]
        if ended is None or ended < since or row["entry"] >= report["size"]:
            continue
        claim = there.get(origins.get(row["number"], ""))
        if claim is not None and _scope(report).covers(claim):
            facts = {
                "report": report["report"],
                "number": row["number"],
                "amount_g": row["amount_g"],
                "entry": ended,
                "replaced_by": row["replaced_by"],
            }
            yield Note(key=row["state"], facts=facts)


def _late(claims: Sequence[Claim], report: Row, since: int, scope: Scope) -> Iterator[Note]:
    for claim in claims:
        is_new = claim.entry >= since and not scope.covers(claim)
        if is_new and _scope(report).covers(claim) and not claim.is_annulled:
            facts = {
                "report": report["report"],
                "number": claim.number,
                "amount_g": claim.amount_g,
                "entry": claim.entry,
            }
            yield Note(key="late", facts=facts)


def _origins(tables: Tables) -> dict[str, str]:
    """By number of a certificate, the number under which its grams were retired, or those of its group."""
    before = {row["number"]: row["replaces"] or row["group_number"] for row in tables.retirements}
    found = {}
    for number in before:
        first = number
        while (earlier := before[first]) is not None:
            first = earlier
        found[number] = first
    return found


def _scope(report: Row) -> Scope:
    return Scope(first=report["first_day"], last=report["last_day"], area=report["area"])
