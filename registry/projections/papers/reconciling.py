"""The reconciliation: every figure of the annual table with the retirements behind it, and totals that add up.

behind   one line for each retirement: which of its type's activities it counts for, its number and its entry
figures  by type: how many of these lines, which they are, and what they come to
ways     the same total by type, by month, and by kind of credit
grams    from what the batches have retired down to what the list comes to
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from registry.projections.papers.annual import SORTS, counted_in, figures
from registry.projections.papers.claims import RESTORATION, Claim, Scope, Tables
from registry.projections.papers.lists import listed
from registry.projections.papers.paper import Cells, Mass, Note, Sheet, Term

BEHIND = ("line", "type", "scene", "number", "entry", "offset_day", "offset_by", "tonnes")
FIGURES = ("type", "scenes", "retirements", "tonnes", "first_line", "last_line")
WAYS = ("way", "item", "retirements", "tonnes")
GRAMS = ("step", "retirements", "tonnes")


def reconciled(tables: Tables, claims: Sequence[Claim], scope: Scope) -> tuple[Sheet, ...]:
    """The sheets, the figures first."""
    own = counted_in(claims, scope)
    by_type = {sort: [claim for claim in own if claim.sort == sort] for sort in SORTS}
    return (
        _figures(by_type),
        _ways(own),
        _grams(tables, claims, scope),
        _behind(by_type),
    )


def _figures(by_type: dict[str, list[Claim]]) -> Sheet:
    rows: list[Cells] = []
    last = 0
    for sort, claims in by_type.items():
        if claims:
            found = figures(claims)
            first, last = last + 1, last + len(claims)
            total = Mass(grams=found.total_g)
            kind = Term(terms="types", name=sort)
            rows.append((kind, found.scenes, found.retirements, total, first, last))
    whole = figures([claim for claims in by_type.values() for claim in claims])
    totals = (None, whole.scenes, whole.retirements, Mass(grams=whole.total_g), None, None)
    return Sheet(name="figures", columns=FIGURES, rows=tuple(rows), totals=totals)


def _behind(by_type: dict[str, list[Claim]]) -> Sheet:
    rows: list[Cells] = []
    for sort, claims in by_type.items():
        scenes: dict[tuple[str, str], int] = {}
        for claim in claims:
            scene = scenes.setdefault(claim.scene, len(scenes) + 1)
            rows.append(
                (
                    len(rows) + 1,
                    Term(terms="types", name=sort),
                    scene,
                    claim.number,
                    claim.entry,
                    claim.day or claim.month,
                    tuple(Term(terms="credits", name=code) for code, _ in claim.amounts),
                    Mass(grams=claim.amount_g),
                )
            )
    total = sum(claim.amount_g for claims in by_type.values() for claim in claims)
    totals = (*[None] * (len(BEHIND) - 1), Mass(grams=total))
    return Sheet(name="behind", columns=BEHIND, rows=tuple(rows), totals=totals)


def _ways(own: Sequence[Claim]) -> Sheet:
    """The total by type, by month and by kind of credit; of the last, one retirement may have several."""
    total_g = sum(claim.amount_g for claim in own)
    ways = {
        "type": _added((claim.sort, claim.amount_g) for claim in own),
        "month": _added((claim.month, claim.amount_g) for claim in own),
        "credits": _added(pair for claim in own for pair in claim.amounts),
    }
    rows: list[Cells] = []
    for way, found in ways.items():
        heading = Term(terms="ways", name=way)
        terms = {"type": "types", "credits": "credits"}
        for item, (count, grams) in sorted(found.items()):
            word = Term(terms=terms[way], name=item) if way in terms else item
            rows.append((heading, word, count, Mass(grams=grams)))
        whole = sum(grams for _, grams in found.values())
        count = sum(count for count, _ in found.values())
        rows.append((heading, Term(terms="steps", name="total"), count, Mass(grams=whole)))
    agree = all(sum(grams for _, grams in found.values()) == total_g for found in ways.values())
    note = Note(key="ways_agree" if agree else "ways_differ", facts={"total_g": total_g})
    return Sheet(name="ways", columns=WAYS, rows=tuple(rows), notes=(note,))


def _added(pairs: Iterable[tuple[str, int]]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for name, grams in pairs:
        count, total_g = found[name]
        found[name] = (count + 1, total_g + grams)
    return dict(found)


def _grams(tables: Tables, claims: Sequence[Claim], scope: Scope) -> Sheet:
    """From what the batches have retired to what the list comes to: each step says what it leaves out."""
    batches_g = sum(row["retired_g"] for row in tables.batches)
    inside = [claim for claim in claims if scope.covers(claim)]
    outside = [claim for claim in claims if not scope.covers(claim)]
    annulled = [claim for claim in inside if claim.is_annulled]
    counted = counted_in(claims, scope)
    restored = [claim for claim in counted if claim.purpose == RESTORATION]
    own = listed(claims, scope)
    steps = (
        ("batches", None, batches_g),
        ("claims", *_of(claims)),
        ("outside", *_of(outside, sign=-1)),
        ("annulled", *_of(annulled, sign=-1)),
        ("summary", *_of(counted)),
        ("restoration", *_of(restored, sign=-1)),
        ("list", *_of(own)),
    )
    differences = (
        batches_g - _of(claims)[1],
        _of(claims)[1] - _of(outside)[1] - _of(annulled)[1] - _of(counted)[1],
        _of(counted)[1] - _of(restored)[1] - _of(own)[1],
    )
    rows = tuple(
        (Term(terms="steps", name=step), count, Mass(grams=grams)) for step, count, grams in steps
    )
    key = "grams_differ" if any(differences) else "grams_agree"
    facts = {"difference_g": sum(map(abs, differences))}
    return Sheet(name="grams", columns=GRAMS, rows=rows, notes=(Note(key=key, facts=facts),))


def _of(claims: Sequence[Claim], *, sign: int = 1) -> tuple[int, int]:
    return sign * len(claims), sign * sum(claim.amount_g for claim in claims)
