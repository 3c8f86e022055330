"""What was retired, for which purpose, when, by whom: one row for each certificate, and what stands behind it.

by purpose, by month, by kind of credit, and over the batches: the grams of what is `counted` are the same

Of the certificates of a group there is one row as long as nothing is said of each; a row that is shown has its own from
then on, and its grams are the group's no more. What was replaced is counted under its new number.
"""

from typing import Any, assert_never

from registry.domain import batch, certificate, shape
from registry.domain.certificate import Adopted, Issued, Reissued, RowShown, Shared
from registry.history import Happened
from registry.names import id_of
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

HIDDEN = shape.commitments(Issued)
"""What a certificate commits to. The names are looked up when somebody asks: none is ever in a table."""

RETIREMENTS = Table(
    name="retirements",
    key=(text("number"),),
    values=(
        integer("entry"),
        integer("at_us"),
        integer("counted"),
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
        integer("shares"),
        text("group_number", optional=True),
        text("replaces", optional=True),
        integer("custodial"),
        integer("recovered"),
        integer("awaiting"),
        *(octets(name, optional=True) for name in HIDDEN),
    ),
    sought=(("holder",),),
)
"""`entry` is that of the certificate. `month` and `day` are those of the retirement in China; of imported history the
month that it claims, and no day. `shares` counts the certificates of a group, `group_number` names the group of one
that was shown; `awaiting` counts the kinds of credit of which the home cancellation is still to be shown."""

RETIRED = Table(
    name="retired",
    key=(text("number"), text("batch")),
    values=(text("standard"), text("origin"), integer("amount_g")),
    lasting=True,
)
"""Which batches the grams are from, under the number that they were retired with."""

SHARES = Table(
    name="shares",
    key=(text("group_number"), integer("row_number")),
    values=(text("number"), octets("beneficiary"), integer("amount_g"), integer("before_g")),
    lasting=True,
    sought=(("number",),),
)
"""The certificates of a group; each has the grams after the first `before_g` of those retired."""

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
        case Issued() | Shared():
            yield _issued(entered, made, event)
            yield from _behind(entered, number)
            yield from _shares(entered, made)
            yield from _said(number, made)
        case Adopted():
            yield from _adopted(entered, made, event)
            yield from _said(number, made)
        case Reissued():
            yield from _reissued(entered, made, event)
            yield from _said(number, made)
        case certificate.HomeCancelled():
            shown = {"reference": event.reference, "day": event.day}
            yield Change(table=AWAITED, key=(number, event.standard), sets=shown)
            yield Change(table=RETIREMENTS, key=(number,), adds={"awaiting": -1})
        case certificate.Replaced() | certificate.BeneficiaryReplaced():
            yield Change(table=RETIREMENTS, key=(number,), sets={"counted": 0})
        case (
            RowShown()
            | certificate.Annulled()
            | certificate.AnnulledByCourt()
            | certificate.Witnessed()
            | certificate.JointlyWitnessed()
            | certificate.Confirmed()
            | certificate.Honoured()
            | certificate.NumberedBefore()
            | certificate.Assigned()
            | certificate.Concluded()
        ):
            pass
        case _:
            assert_never(event)


def _issued(entered: Entered, made: Happened, event: Issued | Shared) -> Change:
    imported = next((used.month for used in entered.each(batch.RetirementImported)), None)
    said: dict[str, Value] = {
        "imported": int(imported is not None),
        "month": imported or entered.day[:7],
        "day": None if imported else entered.day,
        "shares": event.rows.count if isinstance(event, Shared) else 0,
        **_stated(event),
        **_told(entered, outcome_of(made)),
    }
    return Change(table=RETIREMENTS, key=(id_of(made.stream),), sets=said)


def _adopted(entered: Entered, made: Happened, event: Adopted) -> Changes:
    """A certificate of a group has a row of its own from now on."""
    came, group = outcome_of(made), id_of(event.group)
    (statement,) = entered.made(RowShown)
    yield Change(
        table=RETIREMENTS,
        key=(group,),
        adds={"amount_g": -came["amount_g"], "shares": -1},
    )
    period_from, period_to = came["period"] or (None, None)
    said: dict[str, Value] = {
        "month": came["day"][:7],
        "day": came["day"],
        "purpose": came["purpose"],
        "period_from": period_from,
        "period_to": period_to,
        "ground": came["ground"],
        "group_number": group,
        "beneficiary": entered.row_says(statement.event.row)[1],
        **_told(entered, came),
    }
    yield Change(table=RETIREMENTS, key=(id_of(made.stream),), sets=said)


def _reissued(entered: Entered, made: Happened, event: Reissued) -> Changes:
    first, last = event.retired
    said: dict[str, Value] = {
        "imported": int(first != last),
        "month": first[:7],
        "day": first if first == last else None,
        "replaces": id_of(event.replaces),
        **_stated(event),
        **_told(entered, outcome_of(made)),
    }
    yield Change(table=RETIREMENTS, key=(id_of(made.stream),), sets=said)


def _stated(event: Issued | Shared | Reissued) -> dict[str, Value]:
    """What a certificate states of the retirement."""
    period_from, period_to = event.period or (None, None)
    return {
        "purpose": event.purpose,
        "period_from": period_from,
        "period_to": period_to,
        "place": event.place,
        "ground": event.ground,
        "public": int(event.public),
        **{name: getattr(event, name, None) for name in HIDDEN},
    }


def _told(entered: Entered, came: Any) -> dict[str, Value]:
    """What an outcome says of the grams."""
    return {
        "entry": entered.index,
        "at_us": entered.at_us,
        "counted": 1,
        "holder": came["holder"],
        "amount_g": came["amount_g"],
        "custodial": int(came["custodial"]),
        "recovered": int(came["recovered"]),
        "awaiting": len(came["home"]),
    }


def _behind(entered: Entered, number: str) -> Changes:
    """The grams that a certificate was issued for, batch by batch."""
    kinds = (batch.Retired, batch.RetirementImported, batch.LockRetired, batch.ClaimRetired)
    for made in entered.made(*kinds):
        origin = outcome_of(made)["origin"]
        row = (number, made.stream, made.event.standard, origin, made.event.amount_g)
        yield Fact(table=RETIRED, row=row)


def _shares(entered: Entered, made: Happened) -> Changes:
    """The certificates of a group, each under a number that derives from its row."""
    event, came, group = made.event, outcome_of(made), id_of(made.stream)
    if not isinstance(event, Shared):
        return
    assert event.rows.items is not None
    act = (came["author"], came["nonce"], came["part"])
    for row, (beneficiary, amount_g, before_g) in enumerate(event.rows.items):
        number = entered.row_id(*act, row)
        yield Fact(table=SHARES, row=(group, row, number, beneficiary, amount_g, before_g))


def _said(number: str, made: Happened) -> Changes:
    came = outcome_of(made)
    for place, verdict in enumerate(came["verdicts"]):
        yield Fact(table=VERDICTS, row=(number, place, *verdict))
    for standard in came["home"]:
        yield Change(table=AWAITED, key=(number, standard))


PROJECTION = Projection(
    name="retirements",
    version=1,
    tables=(RETIREMENTS, RETIRED, SHARES, VERDICTS, AWAITED),
    folds={"certificate": _certificate},
)
