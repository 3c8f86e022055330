"""What became known after a report was filed: it enters the next one, as notes.

filed       a report that was submitted or accepted, as of its size
corrected   a certificate that was in it, and was replaced or annulled since
late        what is stated since of its days and its area, and was not in it
"""

from collections.abc import Iterator, Mapping, Sequence

from registry.projections.papers.claims import (
    Claim,
    Row,
    Scope,
    Tables,
    day_counted,
    firsts_of,
)
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
    # What had happened when the last of an area was compiled is in that one's notes.
    since: dict[str, int] = {}
    for row in filed:
        since[row["area"]] = max(row["size"], since.get(row["area"], 0))
    notes: dict[str, Note] = {}
    for report in sorted(filed, key=lambda row: (row["size"], row["report"])):
        for note in _Since(tables, report, since[report["area"]]).notes(claims, scope):
            notes.setdefault(str(note.facts["number"]), note)
    return list(notes.values())


class _Since:
    """What is known of one report's days since entry `since`."""

    def __init__(self, tables: Tables, report: Row, since: int) -> None:
        self._tables = tables
        self._report = report
        self._since = since
        self._scope = Scope(first=report["first_day"], last=report["last_day"], area=report["area"])

    def notes(self, claims: Sequence[Claim], scope: Scope) -> Iterator[Note]:
        """The corrections, and then what is late; what is in the list of `scope` itself is not."""
        firsts = firsts_of(self._tables)
        corrected = set()
        for row in self._corrected(firsts):
            corrected.add(firsts[row["number"]]["number"])
            facts = {"entry": row["ended"], "replaced_by": row["replaced_by"]}
            yield self._note(row["state"], row["number"], row["amount_g"], facts)
        for claim in claims:
            is_new = claim.stated >= self._since and claim.first_number not in corrected
            elsewhere = not scope.covers(claim) and not claim.is_annulled
            if is_new and elsewhere and self._scope.covers(claim):
                facts = {"entry": claim.stated}
                yield self._note("late", claim.number, claim.amount_g, facts)

    def _corrected(self, firsts: Mapping[str, Row]) -> Iterator[Row]:
        """The certificates that the report had, as it had them, and that ended since."""
        stated = {row["number"]: row for row in self._tables.retirements}
        places = {row["activity"]: row["place"] for row in self._tables.activities}
        for row in self._tables.certificates:
            own = stated.get(row["number"])
            ended = row["ended"]
            if own is None or ended is None or ended < self._since:
                continue
            first = firsts[row["number"]]
            group = stated.get(first["group_number"] or "", own)
            where = places.get(row["activity"], own["place"] or group["place"])
            in_it = self._scope.has(day_counted(own["day"], own["month"]))
            there = group["entry"] if own is first else own["entry"]
            if in_it and there < self._report["size"] and self._scope.is_in_area(where):
                yield row

    def _note(self, key: str, number: str, amount_g: int, facts: Mapping[str, object]) -> Note:
        told = {"report": self._report["report"], "number": number, "amount_g": amount_g}
        return Note(key=key, facts={**told, **facts})
