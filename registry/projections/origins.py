"""Where credits come from: the kinds that are recognised, the projects, and what was verified and issued of each."""

from typing import assert_never

from registry.domain import project, standard
from registry.history import Happened
from registry.names import id_of
from registry.projections.table import (
    Change,
    Changes,
    Entered,
    Projection,
    Table,
    Value,
    integer,
    octets,
    text,
)

STANDARDS = Table(
    name="standards",
    key=(text("standard"),),
    values=(
        integer("entry"),
        text("credit_class"),
        text("home", optional=True),
        integer("unit_g"),
        text("claims"),
        text("partner", optional=True),
        text("standing"),
    ),
)
"""`claims` are the purposes that it may be retired for, with a comma between them; `partner` is the other authority of
a recognition by two sides; `standing` is recognised or withdrawn."""

PROJECTS = Table(
    name="projects",
    key=(text("project"),),
    values=(
        integer("entry"),
        text("stage"),
        text("standing"),
        text("owner"),
        text("standard"),
        text("method"),
        text("place"),
        text("crediting_from"),
        text("crediting_to"),
        integer("verified_g"),
        integer("issued_g"),
        octets("name"),
    ),
    sought=(("owner",),),
)
"""`stage` is listed, validated or registered, `standing` active, suspended or cancelled; `name` is a commitment."""

MONITORED = Table(
    name="monitored",
    key=(text("project"), text("period_from"), text("period_to")),
    values=(integer("verified_g"), integer("issued_g")),
)


def _standard(entered: Entered, made: Happened) -> Changes:
    event: standard.Event = made.event
    key = (id_of(made.stream),)
    match event:
        case standard.Recognised():
            yield Change(table=STANDARDS, key=key, sets=_recognised(entered, event))
        case standard.CrossRecognised():
            said = {**_recognised(entered, event), "partner": event.partner}
            yield Change(table=STANDARDS, key=key, sets=said)
        case standard.Withdrawn():
            yield Change(table=STANDARDS, key=key, sets={"standing": "withdrawn"})
        case standard.Deposited() | standard.AllowancesDeposited() | standard.DocumentEntered():
            pass
        case _:
            assert_never(event)


def _recognised(
    entered: Entered, event: standard.Recognised | standard.CrossRecognised
) -> dict[str, Value]:
    return {
        "entry": entered.index,
        "credit_class": event.credit_class,
        "home": event.home,
        "unit_g": event.unit_g,
        "claims": ",".join(event.claims),
        "standing": "recognised",
    }


def _project(entered: Entered, made: Happened) -> Changes:
    event: project.Event = made.event
    key = (made.stream,)
    match event:
        case project.Listed():
            said: dict[str, Value] = {
                "entry": entered.index,
                "stage": "listed",
                "standing": "active",
                "owner": event.owner,
                "standard": event.standard,
                "method": event.method,
                "place": event.place,
                "crediting_from": event.crediting[0],
                "crediting_to": event.crediting[1],
                "name": event.name,
            }
            yield Change(table=PROJECTS, key=key, sets=said)
        case project.Validated():
            yield Change(table=PROJECTS, key=key, sets={"stage": "validated"})
        case project.Registered():
            yield Change(table=PROJECTS, key=key, sets={"stage": "registered"})
        case project.Verified():
            yield from _amount(key, event, "verified_g")
        case project.Issued():
            yield from _amount(key, event, "issued_g")
        case project.Suspended():
            yield Change(table=PROJECTS, key=key, sets={"standing": "suspended"})
        case project.Reinstated():
            yield Change(table=PROJECTS, key=key, sets={"standing": "active"})
        case project.Cancelled():
            yield Change(table=PROJECTS, key=key, sets={"standing": "cancelled"})
        case _:
            assert_never(event)


def _amount(key: tuple[str], event: project.Verified | project.Issued, column: str) -> Changes:
    adds = {column: event.amount_g}
    yield Change(table=PROJECTS, key=key, adds=adds)
    yield Change(table=MONITORED, key=(*key, *event.period), adds=adds)


PROJECTION = Projection(
    name="origins",
    version=1,
    tables=(STANDARDS, PROJECTS, MONITORED),
    folds={"standard": _standard, "project": _project},
)
