"""What is asked of conduct, certificates, activities and reports, as JSON says it: read strictly, and only once."""

from typing import Any

import pytest

from registry.desk import activities, certificates, conduct, reports
from registry.desk.ask import Ask, asked
from registry.errors import UsageError

PAPER = "ab" * 32
OF_A_LIST = {
    "file": PAPER,
    "sort": "list",
    "area": "510100",
    "period": ["2025-05-01", "2026-04-30"],
}
OF_A_FORM = {
    "organiser": "account/qrstuvwxyz234567",
    "form": PAPER,
    "name": "低碳论坛",
    "category": "meeting",
    "days": ["2026-12-01", "2026-12-03"],
    "place": "510100",
    "boundary": ["holding"],
    "expected": "12.5",
    "planned": "27g",
    "due": "2027-06-30",
}
CASE = {"account": "account/qrstuvwxyz234567"}
CONFIRMED = {"activity": "abcdefghijklmnop", "mode": "self", "document": PAPER}


def test_amounts_days_and_papers_are_read_exactly() -> None:
    form = asked(activities.File, **OF_A_FORM, plan=PAPER.upper())
    listing = asked(reports.Compile, **OF_A_LIST, total="0")

    assert (form.expected, form.planned) == (12_500_000, 27)
    assert form.days == ("2026-12-01", "2026-12-03")
    assert (form.form, form.plan) == (bytes.fromhex(PAPER),) * 2
    assert (listing.total, listing.size, listing.period) == (0, None, ("2025-05-01", "2026-04-30"))
    assert asked(reports.Compile, **OF_A_LIST, total="0.5").total == 500_000


@pytest.mark.parametrize(
    ("kind", "said", "field"),
    [
        (conduct.End, {**CASE, "itself": "yes"}, "itself"),
        (conduct.End, {**CASE, "itself": 1}, "itself"),
        (conduct.Waive, {**CASE, "case": "7"}, "case"),
        (conduct.Waive, {**CASE, "case": -1}, "case"),
        (conduct.Waive, {**CASE, "case": True}, "case"),
        (conduct.Hear, {**CASE, "document": PAPER[1:]}, "document"),
        (conduct.Hear, {**CASE, "document": " " + PAPER[1:]}, "document"),
        (conduct.Hear, {**CASE, "document": PAPER, "by": "account/x"}, "by"),
        (conduct.Commend, {**CASE}, "document"),
        (certificates.Replace, {"certificate": "x", "document": PAPER, "public": 1}, "public"),
        (
            certificates.Replace,
            {"certificate": "x", "document": PAPER, "period": ["2025-01-01"]},
            "period",
        ),
        (activities.Confirm, {**CONFIRMED, "public": "no"}, "public"),
        (activities.File, {**OF_A_FORM, "scale": "300"}, "scale"),
        (activities.File, {**OF_A_FORM, "expected": 12}, "expected"),
        (activities.File, {**OF_A_FORM, "expected": "12.5000001"}, "expected"),
        (activities.File, {**OF_A_FORM, "planned": "0"}, "planned"),
        (activities.Offset, {"activity": "abcdefghijklmnop", "certificates": []}, "certificates"),
        (reports.Compile, {**OF_A_LIST, "total": 0}, "total"),
        (reports.Compile, {**OF_A_LIST, "total": []}, "total"),
        (reports.Compile, {**OF_A_LIST, "size": 3.0}, "size"),
        (reports.Compile, {**OF_A_LIST, "retirements": -1}, "retirements"),
    ],
)
def test_what_is_said_loosely_is_malformed(
    kind: type[Ask], said: dict[str, Any], field: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        asked(kind, **said)

    assert (refusal.value.code, refusal.value.facts["field"]) == ("malformed", field)
