"""What was retired, for which purpose, when, by whom: one row for each certificate, and what stands behind it.

by purpose, by month, by kind of credit, and over the batches: the grams are the same
"""

from typing import assert_never

from registry.domain import certificate, shape
from registry.domain.batch import Retired, RetirementImported
from registry.domain.timing import day_of
from registry.history import Happened
from registry.projections.table import (
    Change,
    Changes,
    Entered,
    Fact,
    Projection,
    Table,
    Value,
    id_of,
    integer,
    octets,
    outcome_of,
    text,
)

HIDDEN = shape.commitments(certificate.Issued)
"""What a certificate commits to. The names are looked up when somebody asks: none is ever in a table."""

RETIREMENTS = Table(
    name="retirements",
    key=(text("number"),),
    values=(
        integer("entry"),
        integer("at_us"),
        integer("imported"),
        text("month"),
        text("day", optional=True),
        text("holder"),
        text("purpose"),
        text("period_from", optional=True),
        text("period_to", optional=True),
        text("place", optional=True),
        text("ground"),
        integer("public"),
        integer("amount_g"),
        integer("custodial"),
        integer("recovered"),
        integer("awaiting"),
        *(octets(name, optional=True) for name in HIDDEN),
    ),
    sought=(("holder",),),
)
"""`month` and `day` are those of the act in China; of imported history the month that it claims, and no day. `awaiting`
counts the kinds of credit of which the home cancellation is still to be shown."""

RETIRED = Table(
    name="retired",
    key=(text("number"), text("batch")),
    values=(text("standard"), text("origin"), integer("amount_g")),
    lasting=True,
)
"""Which batches the grams of a certificate are from."""

VERDICTS = Table(
    name="verdicts",
    key=(text("number"), integer("place")),
    values=(text("norm"), text("rule"), text("result"), text("reason")),
    lasting=True,
)
"""The timing verdicts, in the order of the certificate's."""

AWAITED = Table(
    name="awaited",
    key=(text("number"), text("standard")),
    values=(text("reference", optional=True), text("day", optional=True)),
)
"""The home cancellations that a certificate needs: the home registry's reference and day, once they are shown."""


def _certificate(entered: Entered, made: Happened) -> Changes:
    event: certificate.Event = made.event
    number = id_of(made.stream)
    match event:
        case certificate.Issued():
            yield _issued(entered, made, number, event)
            yield from _behind(entered, number)
            yield from _said(number, made)
        case certificate.HomeCancelled():
            shown = {"reference": event.reference, "day": event.day}
            yield Change(table=AWAITED, key=(number, event.standard), sets=shown)
            yield Change(table=RETIREMENTS, key=(number,), adds={"awaiting": -1})
        case _:
            assert_never(event)


def _issued(entered: Entered, made: Happened, number: str, event: certificate.Issued) -> Change:
    outcome = outcome_of(made)
    today = day_of(entered.at_us).isoformat()
    imported = next((used.month for used in entered.each(RetirementImported)), None)
    period_from, period_to = event.period or (None, None)
    said: dict[str, Value] = {
        "entry": entered.index,
        "at_us": entered.at_us,
        "imported": int(imported is not None),
        "month": imported or today[:7],
        "day": None if imported else today,
        "holder": outcome["holder"],
        "purpose": event.purpose,
        "period_from": period_from,
        "period_to": period_to,
        "place": event.place,
        "ground": event.ground,
        "public": int(event.public),
        "amount_g": outcome["amount_g"],
        "custodial": int(outcome["custodial"]),
        "recovered": int(outcome["recovered"]),
        "awaiting": len(outcome["home"]),
        **{name: getattr(event, name) for name in HIDDEN},
    }
    return Change(table=RETIREMENTS, key=(number,), sets=said)


def _behind(entered: Entered, number: str) -> Changes:
    """The grams that a certificate was issued for, batch by batch."""
    for made in entered.happened:
        event = made.event
        if isinstance(event, Retired | RetirementImported):
            origin = outcome_of(made)["origin"]
            row = (number, made.stream, event.standard, origin, event.amount_g)
            yield Fact(table=RETIRED, row=row)


def _said(number: str, made: Happened) -> Changes:
    outcome = outcome_of(made)
    for place, verdict in enumerate(outcome["verdicts"]):
        yield Fact(table=VERDICTS, row=(number, place, *verdict))
    for standard in outcome["home"]:
        yield Change(table=AWAITED, key=(number, standard))


PROJECTION = Projection(
    name="retirements",
    version=1,
    tables=(RETIREMENTS, RETIRED, VERDICTS, AWAITED),
    folds={"certificate": _certificate},
)
