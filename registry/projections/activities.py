"""Activities: the forms that were filed (登记表), what was accounted, offset and confirmed; and the reports of them."""

from typing import assert_never

from registry.domain import activity, report
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
    outcome_of,
    text,
)

ACTIVITIES = Table(
    name="activities",
    key=(text("activity"),),
    values=(
        integer("entry"),
        integer("at_us"),
        text("organiser"),
        octets("form"),
        octets("name"),
        octets("organisers", optional=True),
        text("category"),
        text("begins"),
        text("ends"),
        text("place"),
        integer("scale", optional=True),
        text("boundary"),
        integer("expected_g"),
        text("method"),
        text("neutrality"),
        text("offsets"),
        integer("planned_g"),
        text("due"),
        octets("contact", optional=True),
        text("confirmation"),
        octets("plan", optional=True),
        integer("late"),
        text("state"),
        text("authority", optional=True),
        text("receipt", optional=True),
        integer("received", optional=True),
        integer("emissions_g", optional=True),
        octets("emissions_report", optional=True),
        octets("measures", optional=True),
        integer("retired_g"),
        text("confirmer", optional=True),
        text("conclusion", optional=True),
        integer("percent_hundredths", optional=True),
        integer("surplus_g", optional=True),
        text("report", optional=True),
    ),
    sought=(("organiser",), ("report",)),
)
"""`name`, `organisers` and `contact` are commitments; `state` is filed, confirmed or published; `received` is the entry
that the authority received the form in; `conclusion` is neutral or partial, once confirmed."""

OFFSETS = Table(
    name="offsets",
    key=(text("activity"), text("certificate")),
    values=(integer("entry"), integer("amount_g"), integer("lost", optional=True)),
    sought=(("certificate",),),
)
"""The certificates that offset an activity; `lost` is the entry in which one was annulled."""

REPORTS = Table(
    name="reports",
    key=(text("report"),),
    values=(
        integer("entry"),
        integer("at_us"),
        text("compiler"),
        text("sort"),
        text("area"),
        text("first_day"),
        text("last_day"),
        integer("size"),
        octets("file"),
        integer("activities"),
        integer("retirements"),
        integer("total_g"),
        text("state"),
        text("holder"),
        integer("last_entry"),
        integer("amendments"),
    ),
    sought=(("area",),),
)
"""`size` is how many entries a report counts; `state` is compiled, submitted, returned or accepted; `holder` is whose
turn it is, empty when it is the compiler's again."""


def _activity(entered: Entered, made: Happened) -> Changes:
    event: activity.Event = made.event
    key = (made.stream,)
    match event:
        case activity.Filed():
            yield Change(table=ACTIVITIES, key=key, sets=_filed(entered, made, event))
        case activity.Offset():
            yield Change(table=ACTIVITIES, key=key, adds={"retired_g": event.amount_g})
            said: dict[str, Value] = {"entry": entered.index, "amount_g": event.amount_g}
            offset = (made.stream, id_of(event.certificate))
            yield Change(table=OFFSETS, key=offset, sets=said)
        case activity.OffsetLost():
            said = {"state": "filed", "conclusion": None, "percent_hundredths": None}
            said |= {"surplus_g": None, "confirmer": None}
            adds = {"retired_g": -event.amount_g}
            yield Change(table=ACTIVITIES, key=key, sets=said, adds=adds)
            offset = (made.stream, id_of(event.certificate))
            yield Change(table=OFFSETS, key=offset, sets={"lost": entered.index})
        case (
            activity.Received()
            | activity.Accounted()
            | activity.MeasuresStated()
            | activity.Confirmed()
            | activity.Published()
        ):
            yield Change(table=ACTIVITIES, key=key, sets=_after(entered, made, event))
        case _:
            assert_never(event)


def _after(
    entered: Entered,
    made: Happened,
    event: activity.Received
    | activity.Accounted
    | activity.MeasuresStated
    | activity.Confirmed
    | activity.Published,
) -> dict[str, Value]:
    match event:
        case activity.Received():
            authority = {"authority": event.authority, "receipt": event.receipt}
            return {**authority, "received": entered.index}
        case activity.Accounted():
            return {"emissions_g": event.emissions_g, "emissions_report": event.report}
        case activity.MeasuresStated():
            return {"measures": event.document}
        case activity.Confirmed():
            came = outcome_of(made)
            return {
                "state": "confirmed",
                "confirmer": event.confirmer,
                "conclusion": came["kind"],
                "percent_hundredths": came["percent_hundredths"],
                "surplus_g": came["surplus_g"],
            }
        case activity.Published():
            return {"state": "published", "report": event.report}
        case _:
            assert_never(event)


def _filed(entered: Entered, made: Happened, event: activity.Filed) -> dict[str, Value]:
    return {
        "entry": entered.index,
        "at_us": entered.at_us,
        "organiser": event.organiser,
        "form": event.form,
        "name": event.name,
        "organisers": event.organisers,
        "category": event.category,
        "begins": event.begins,
        "ends": event.ends,
        "place": event.place,
        "scale": event.scale,
        "boundary": ",".join(event.boundary),
        "expected_g": event.expected_g,
        "method": event.method,
        "neutrality": event.neutrality,
        "offsets": ",".join(event.offsets),
        "planned_g": event.planned_g,
        "due": event.due,
        "contact": event.contact,
        "confirmation": event.confirmation,
        "plan": event.plan,
        "late": int(outcome_of(made)["late"]),
        "state": "filed",
    }


def _report(entered: Entered, made: Happened) -> Changes:
    event: report.Event = made.event
    said: dict[str, Value] = {"last_entry": entered.index}
    adds: dict[str, int] = {}
    match event:
        case report.Compiled():
            said |= {
                "entry": entered.index,
                "at_us": entered.at_us,
                "compiler": event.compiler,
                "sort": event.sort,
                "area": event.area,
                "first_day": event.first,
                "last_day": event.last,
                "holder": event.compiler,
                **_figures(event),
            }
        case report.Submitted():
            said |= {"state": "submitted", "holder": event.to}
        case report.Returned():
            said |= {"state": "returned", "holder": ""}
        case report.Accepted():
            said |= {"state": "accepted"}
        case report.Amended():
            said |= {"holder": event.compiler, **_figures(event)}
            adds = {"amendments": 1}
        case _:
            assert_never(event)
    yield Change(table=REPORTS, key=(made.stream,), sets=said, adds=adds)


def _figures(event: report.Compiled | report.Amended) -> dict[str, Value]:
    return {
        "size": event.size,
        "file": event.file,
        "activities": event.activities,
        "retirements": event.retirements,
        "total_g": event.total_g,
        "state": "compiled",
    }


PROJECTION = Projection(
    name="activities",
    version=1,
    tables=(ACTIVITIES, OFFSETS, REPORTS),
    folds={"activity": _activity, "report": _report},
)
