"""Conduct: every case from its finding to its end, and commendations; who stood how on any day, and why.

green   met its orders on time, has nothing upheld against it, and retired enough in the last twelve months
"""

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from registry.domain import conduct
from registry.history import Happened
from registry.projections.table import (
    Change,
    Changes,
    Entered,
    Fact,
    Projection,
    Table,
    Value,
    integer,
    octets,
    outcome_of,
    text,
)

CASES = Table(
    name="cases",
    key=(text("account"), integer("found")),
    values=(
        text("level"),
        text("rule"),
        octets("details", optional=True),
        text("legal_basis", optional=True),
        text("finder"),
        text("stage"),
        text("reply_by", optional=True),
        text("expires", optional=True),
        text("objection"),
        integer("published", optional=True),
        text("first_day", optional=True),
        text("last_day", optional=True),
    ),
    sought=(("level",), ("finder",)),
)
"""A case, by the entry that found it. It is in force from `first_day` on, and no more from `last_day` on; `published`
is the entry that put it in force. `details` is a commitment."""

STEPS = Table(
    name="steps",
    key=(text("account"), integer("entry")),
    values=(integer("found"), integer("at_us"), text("kind")),
    lasting=True,
)
"""What happened in each case, in order."""

COMMENDATIONS = Table(
    name="commendations",
    key=(text("account"), integer("entry")),
    values=(integer("at_us"), octets("document")),
    lasting=True,
)

Row = Mapping[str, Any]


def _conduct(entered: Entered, made: Happened) -> Changes:
    event: conduct.Event = made.event
    match event:
        case conduct.Found():
            said: dict[str, Value] = {
                "level": event.level,
                "rule": event.rule,
                "details": event.details,
                "legal_basis": event.legal_basis,
                "finder": event.finder,
                "stage": "found",
            }
            yield Change(table=CASES, key=(event.account, entered.index), sets=said)
            yield _step(entered, event, entered.index)
        case conduct.Commended():
            row = (event.account, entered.index, entered.at_us, event.document)
            yield Fact(table=COMMENDATIONS, row=row)
        case _:
            found = event.means[0]
            yield Change(table=CASES, key=(event.account, found), sets=_after(entered, made, event))
            yield _step(entered, event, found)


def _after(entered: Entered, made: Happened, event: conduct.Step) -> dict[str, Value]:
    """What a step in a case changes."""
    said: dict[str, Value]
    match event:
        case conduct.Notified():
            said = {"stage": "notified", "reply_by": event.reply_by}
        case conduct.Heard() | conduct.HearingWaived():
            said = {"stage": "heard"}
        case conduct.Decided():
            said = {"stage": event.result, "expires": event.until}
            said |= {} if event.legal_basis is None else {"legal_basis": event.legal_basis}
        case conduct.Published():
            day = outcome_of(made)["day"]
            said = {"stage": "in_force", "published": entered.index, "first_day": day}
        case conduct.Objected():
            said = {"objection": "pending"}
        case conduct.Reviewed():
            said = {"objection": "answered"}
            if event.result == "revoked":
                said |= {"stage": "revoked", "last_day": outcome_of(made)["day"]}
        case conduct.Repaired() | conduct.Revoked() | conduct.Ended():
            said = {"stage": event.kind.split(".")[1], "last_day": outcome_of(made)["day"]}
        case _:
            assert_never(event)
    return said


def _step(entered: Entered, event: conduct.Found | conduct.Step, found: int) -> Fact:
    row = (event.account, entered.index, found, entered.at_us, event.kind)
    return Fact(table=STEPS, row=row)


def in_force(cases: Iterable[Row], level: str, day: str) -> list[Row]:
    """Those of `cases` that put their account on the list of `level` at the end of `day`."""
    return [
        case
        for case in cases
        if case["level"] == level
        and case["published"] is not None
        and case["first_day"] <= day
        and (case["last_day"] is None or day < case["last_day"])
    ]


def upheld(cases: Iterable[Row]) -> list[Row]:
    """Those of `cases` that were decided against the account, and not taken back."""
    return [case for case in cases if case["stage"] in {"upheld", "in_force", "repaired", "ended"}]


PROJECTION = Projection(
    name="conduct",
    version=1,
    tables=(CASES, STEPS, COMMENDATIONS),
    folds={"conduct": _conduct},
)
