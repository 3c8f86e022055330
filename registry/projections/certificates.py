"""Certificates, whatever they certify: what each is, whether it stands, and what was said of it since.

retirement   注销证明, also one shown out of a group, or in the place of another
group        one retirement for many, each with a number of its own
honour       荣誉证书, what a donor gave
neutral, partial   碳中和证书, 部分抵消: what an activity came to
"""

from typing import Any, assert_never

from registry.domain import certificate
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

CERTIFICATES = Table(
    name="certificates",
    key=(text("number"),),
    values=(
        integer("entry"),
        integer("at_us"),
        text("sort"),
        text("state"),
        text("holder"),
        integer("amount_g"),
        integer("public"),
        text("replaced_by", optional=True),
        text("replaces", optional=True),
        integer("ended", optional=True),
        text("reason", optional=True),
        integer("confirmed", optional=True),
        text("activity", optional=True),
        text("former", optional=True),
    ),
    sought=(("former",), ("holder",)),
)
"""`state` is valid, replaced or annulled; `ended` the entry that replaced or annulled it, for the `reason` error,
fraud, judgment or court; `confirmed` the entry of the court's confirmation; `former` the number that it had
elsewhere."""

WITNESSES = Table(
    name="witnesses",
    key=(text("number"), text("exchange")),
    values=(text("reference"), text("other", optional=True)),
    lasting=True,
)
"""The exchanges that witnessed it (见证书), with their numbers; `other` is who did so jointly (联合见证书)."""

HONOURS = Table(
    name="honours",
    key=(text("number"),),
    values=(
        integer("at_us"),
        text("donor"),
        text("event_account"),
        text("standard"),
        integer("amount_g"),
        octets("name", optional=True),
    ),
    lasting=True,
    sought=(("event_account",), ("donor",)),
)
"""What was given to an event, for its contribution board (特别贡献榜); `name` is a commitment."""


def _certificate(entered: Entered, made: Happened) -> Changes:
    event: certificate.Event = made.event
    match event:
        case (
            certificate.Issued()
            | certificate.Shared()
            | certificate.Adopted()
            | certificate.Reissued()
            | certificate.Honoured()
            | certificate.Concluded()
        ):
            yield from _began(entered, made)
        case certificate.Witnessed():
            yield _witness(made, event.exchange, event.number, None)
        case certificate.JointlyWitnessed():
            yield _witness(made, event.exchange, event.number, event.other)
            yield _witness(made, event.other, event.other_number, event.exchange)
        case (
            certificate.Replaced()
            | certificate.BeneficiaryReplaced()
            | certificate.Annulled()
            | certificate.AnnulledByCourt()
            | certificate.Confirmed()
            | certificate.NumberedBefore()
            | certificate.Assigned()
        ):
            sets = _after(entered, event)
            yield Change(table=CERTIFICATES, key=(id_of(made.stream),), sets=sets)
        case certificate.RowShown() | certificate.HomeCancelled():
            pass
        case _:
            assert_never(event)


def _began(entered: Entered, made: Happened) -> Changes:
    event = made.event
    said: dict[str, Value] = {"entry": entered.index, "at_us": entered.at_us, "state": "valid"}
    match event:
        case certificate.Honoured():
            said |= {"sort": "honour", "holder": event.donor, "amount_g": event.amount_g}
            yield _honour(entered, made, event)
        case certificate.Concluded():
            came = outcome_of(made)
            said |= {"sort": came["kind"], **_of(came), "activity": event.activity}
            said["public"] = int(event.public)
        case certificate.Shared():
            said |= {"sort": "group", **_of(outcome_of(made)), "public": int(event.public)}
        case certificate.Reissued():
            came = outcome_of(made)
            replaced: dict[str, Value] = {
                "replaces": id_of(event.replaces),
                "public": int(event.public),
            }
            assigned = came["assigned"][0] if came["assigned"] else None
            said |= {"sort": "retirement", **_of(came), **replaced, "activity": assigned}
        case certificate.Issued():
            said |= {"sort": "retirement", **_of(outcome_of(made)), "public": int(event.public)}
        case certificate.Adopted():
            said |= {"sort": "retirement", **_of(outcome_of(made))}
        case _:
            raise AssertionError(event.kind)
    yield Change(table=CERTIFICATES, key=(id_of(made.stream),), sets=said)


def _witness(made: Happened, exchange: str, reference: str, other: str | None) -> Fact:
    return Fact(table=WITNESSES, row=(id_of(made.stream), exchange, reference, other))


def _of(came: Any) -> dict[str, Value]:
    return {"holder": came["holder"], "amount_g": came["amount_g"]}


def _honour(entered: Entered, made: Happened, event: certificate.Honoured) -> Fact:
    row = (
        id_of(made.stream),
        entered.at_us,
        event.donor,
        event.event,
        event.standard,
        event.amount_g,
        event.name,
    )
    return Fact(table=HONOURS, row=row)


def _after(
    entered: Entered,
    event: certificate.Replacement
    | certificate.Annulment
    | certificate.Confirmed
    | certificate.NumberedBefore
    | certificate.Assigned,
) -> dict[str, Value]:
    match event:
        case certificate.Replaced() | certificate.BeneficiaryReplaced():
            number = id_of(event.certificate)
            return {"state": "replaced", "replaced_by": number, "ended": entered.index}
        case certificate.Annulled():
            return {"state": "annulled", "reason": event.reason, "ended": entered.index}
        case certificate.AnnulledByCourt():
            return {"state": "annulled", "reason": "court", "ended": entered.index}
        case certificate.Confirmed():
            return {"confirmed": entered.index}
        case certificate.NumberedBefore():
            return {"former": event.number}
        case certificate.Assigned():
            return {"activity": event.activity}
        case _:
            assert_never(event)


PROJECTION = Projection(
    name="certificates",
    version=1,
    tables=(CERTIFICATES, WITNESSES, HONOURS),
    folds={"certificate": _certificate},
)
