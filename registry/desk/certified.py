"""What the tables say of certificates: what each certifies, whether it stands, for whom; names where they may be."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from registry.desk.asking import Question
from registry.desk.names import with_names
from registry.errors import RefusedError
from registry.projections.retirements import HIDDEN
from registry.store.views_tables import Condition

AWAITED: Condition = ("reference", "=", None)
"""Of the home cancellations that a certificate needs: those that are still to be shown."""

Row = dict[str, Any]
MayShow = Callable[[str], bool]
"""Whether whoever asks may see what is not public of an account."""


def listed(question: Question) -> list[Row]:
    """All retirements' certificates, in the order in which they were issued; names only where one is public."""
    source = question.source
    rows = question.rows("retirements", order=("entry", "number"))
    own = {row["number"]: row for row in rows}
    behind, awaited, verdicts, stands = (
        _by_number(question.rows(table, *where))
        for table, *where in (
            ("retired",),
            ("awaited", AWAITED),
            ("verdicts",),
            ("certificates",),
        )
    )
    return [
        {
            **_stated(row, named, question),
            "awaiting": [item["standard"] for item in awaited.get(row["number"], [])],
            "final": row["number"] not in awaited,
            "verdicts": list(map(verdict, verdicts.get(row["number"], []))),
            "standards": sorted({item["standard"] for item in behind[_root(row, own.get)]}),
            "shares": row["shares"],
            "state": stands[row["number"]][0]["state"],
            "replaced_by": stands[row["number"]][0]["replaced_by"],
        }
        for row, named in zip(rows, with_names(rows, HIDDEN, source, _is_public), strict=True)
    ]


def find(question: Question, number: str, may_show: MayShow) -> Row:
    """What there is to say of the certificate `number`, also of one of a group of which nothing was said by itself.

    What a column commits to is bytes where it is not shown.

    Raises:
        RefusedError: `no_certificate`.
    """
    shares = question.rows("shares", number=number)
    stands = question.rows("certificates", number=number)
    if not stands and shares:
        stands = question.rows("certificates", number=shares[0]["group_number"])
    if not stands:
        raise RefusedError("no_certificate", number=number)
    (own,) = stands
    share = shares[0] if shares else None
    if share is not None and own["number"] == number:
        # It states nothing by itself: its names are as public as those of its group.
        (group,) = question.rows("certificates", number=share["group_number"])
        own = {**own, "public": own["public"] or group["public"]}
    shown = bool(own["public"]) or may_show(own["holder"])
    found = {
        **own,
        "number": number,
        "amount_g": share["amount_g"] if share and own["number"] != number else own["amount_g"],
        "holder_name": question.source.name_of(own["holder"]) if shown else None,
        "share": share,
        "witnesses": question.rows("witnesses", number=own["number"]),
        "awaiting": [
            row["standard"] for row in question.rows("awaited", AWAITED, number=own["number"])
        ],
        "retirement": None,
        "names": {},
    }
    return {**found, **_certified(question, own, share, shown, may_show)}


def _certified(
    question: Question, own: Row, share: Row | None, shown: bool, may_show: MayShow
) -> Row:
    """What it was issued for, and the names behind it."""
    retired = question.rows("retirements", number=own["number"])
    if not retired:
        given = question.rows("honours", number=own["number"])
        concerns = [
            row for row in given if may_show(row["donor"]) or may_show(row["event_account"])
        ]
        named = with_names(given, ["name"], question.source, lambda row: row in concerns)
        (name,) = [row["name"] for row in named] or [None]
        return {"names": {} if name is None else {"name": name}}
    if share is not None:
        (group,) = question.rows("retirements", number=share["group_number"])
        hidden = {name: retired[0][name] or group[name] for name in HIDDEN}
        retired = [{**retired[0], **hidden, "beneficiary": share["beneficiary"]}]
    (row,) = with_names(retired, HIDDEN, question.source, lambda _: shown)

    def before(number: str) -> Row | None:
        return next(iter(question.rows("retirements", number=number)), None)

    return {
        "retirement": {
            **row,
            "batches": question.rows("retired", number=_root(row, before)),
            "verdicts": list(map(verdict, question.rows("verdicts", number=own["number"]))),
        },
        "names": {name: row[name] for name in HIDDEN if row[name] is not None},
    }


def verdict(row: Mapping[str, Any]) -> dict[str, str]:
    """A timing verdict, as it stands in the table."""
    return {name: row[name] for name in ("norm", "rule", "result", "reason")}


def _stated(row: Row, named: Row, question: Question) -> Row:
    public = bool(row["public"])
    return {
        "number": row["number"],
        "index": row["entry"],
        "amount_g": row["amount_g"],
        "purpose": row["purpose"],
        "month": row["month"],
        "holder": row["holder"],
        "holder_name": question.source.name_of(row["holder"]) if public else None,
        "public": public,
        "names": {
            name: named[name]
            for name in HIDDEN
            if named[name] is not None and not isinstance(named[name], bytes)
        },
    }


def _root(row: Row, before: Callable[[str], Row | None]) -> str:
    """The number under which the grams of a certificate were retired."""
    while row["replaces"] is not None:
        replaced = before(row["replaces"])
        assert replaced is not None
        row = replaced
    number: str = row["group_number"] or row["number"]
    return number


def _is_public(row: Mapping[str, Any]) -> bool:
    return bool(row["public"])


def _by_number(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["number"], []).append(row)
    return found
