"""The registration form of one activity (登记表), as it was filed, and what followed.

Source: 四川省大型活动碳中和登记表. What the form says in words (content, measures, plan) is in the papers whose SHA-256
was recorded; they are kept by whoever filed them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from registry.names import id_of
from registry.projections.papers.claims import Claim, Row
from registry.projections.papers.paper import (
    Cell,
    Cells,
    Days,
    Mass,
    Note,
    Share,
    Sheet,
    Term,
    Withheld,
)

COLUMNS = ("field", "value")
AFTER = ("no", "number", "entry", "offset_day", "offset_by", "offset_tonnes", "state")


def commitments(activity: Row) -> list[bytes]:
    """What has to be opened to show the names of an activity."""
    hidden = (activity["name"], activity["organisers"], activity["contact"])
    return [one for one in hidden if one is not None]


def form(activity: Row, shown: Mapping[bytes, Any], certified: Row | None) -> Sheet:
    """The form itself.

    Args:
        activity: its row in the table of activities.
        shown: what may be shown of its `commitments`.
        certified: the certificate that says what it came to, a row of certificates; None until there is one.
    """
    hidden = Withheld(number=id_of(activity["activity"]))

    def name(column: str) -> Cell:
        commitment = activity[column]
        if commitment is None:
            return None
        value = shown.get(commitment, hidden)
        return tuple(value) if isinstance(value, list) else value

    fields = [*_filed(activity, name), *_followed(activity, certified)]
    rows = tuple((Term(terms="fields", name=field), value) for field, value in fields)
    notes = [Note(key="papers")]
    if any(isinstance(value, Withheld) for _, value in fields):
        notes.append(Note(key="withheld_here"))
    return Sheet(name="form", columns=COLUMNS, rows=rows, notes=tuple(notes))


def offsetting(activity: Row, claims: Sequence[Claim]) -> list[Claim]:
    """Those of `claims` that were assigned to the activity, also if they were annulled since."""
    name = activity["activity"]
    return [claim for claim in claims if claim.filed is not None and claim.filed.activity == name]


def offsets(activity: Row, claims: Sequence[Claim]) -> Sheet:
    """The retirements that offset the activity, as they stand now."""
    own = offsetting(activity, claims)
    rows: tuple[Cells, ...] = tuple(
        (
            number,
            claim.number,
            claim.entry,
            claim.day or claim.month,
            tuple(Term(terms="credits", name=code) for code, _ in claim.amounts),
            Mass(grams=claim.amount_g),
            Term(terms="states", name="annulled" if claim.is_annulled else "valid"),
        )
        for number, claim in enumerate(own, start=1)
    )
    total = sum(claim.amount_g for claim in own if not claim.is_annulled)
    totals = (None, None, None, None, None, Mass(grams=total), None)
    return Sheet(name="offsets", columns=AFTER, rows=rows, totals=totals)


def _filed(activity: Row, name: Any) -> list[tuple[str, Cell]]:
    """The fields of the form, in its order."""
    return [
        ("name", name("name")),
        ("organisers", name("organisers")),
        ("organiser_account", activity["organiser"]),
        ("held", Days(first=activity["begins"], last=activity["ends"])),
        ("place", activity["place"]),
        ("category", Term(terms="purposes", name=activity["category"])),
        ("scale", activity["scale"]),
        ("content", activity["form"]),
        ("boundary", _terms("phases", activity["boundary"])),
        ("expected", Mass(grams=activity["expected_g"])),
        ("method", Term(terms="methods", name=activity["method"])),
        ("measures", activity["measures"]),
        ("neutrality", Term(terms="neutrality", name=activity["neutrality"])),
        ("offset_by", _terms("credits", activity["offsets"])),
        ("planned", Mass(grams=activity["planned_g"])),
        ("due", activity["due"]),
        ("contact", name("contact")),
        ("confirmation", Term(terms="modes", name=activity["confirmation"])),
        ("plan", activity["plan"]),
    ]


def _followed(activity: Row, certified: Row | None) -> list[tuple[str, Cell]]:
    """What is known since: the receipt, the emissions, and what it came to."""
    emissions, part = activity["emissions_g"], activity["percent_hundredths"]
    surplus = activity["surplus_g"]
    return [
        ("filed_in", activity["entry"]),
        ("late", Term(terms="late", name="late" if activity["late"] else "in_time")),
        ("authority", activity["authority"]),
        ("receipt", activity["receipt"]),
        ("emissions", None if emissions is None else Mass(grams=emissions)),
        ("retired", Mass(grams=activity["retired_g"])),
        ("confirmer", activity["confirmer"]),
        ("conclusion", Term(terms="conclusions", name=activity["conclusion"] or "none")),
        ("percent", None if part is None else Share(hundredths=part)),
        ("surplus", None if surplus is None else Mass(grams=surplus)),
        ("certificate", None if certified is None else certified["number"]),
        ("report", activity["report"]),
    ]


def _terms(terms: str, names: str) -> tuple[Term, ...]:
    return tuple(Term(terms=terms, name=name) for name in names.split(",") if name)
