"""Gift campaigns: what each was funded with, gave, and took back, and in which batches its grams are."""

from typing import assert_never

from registry.domain import campaign
from registry.history import Happened
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

CAMPAIGNS = Table(
    name="campaigns",
    key=(text("campaign"),),
    values=(
        integer("entry"),
        integer("at_us"),
        text("organiser"),
        octets("occasion"),
        text("standard"),
        integer("each_g", optional=True),
        text("deadline"),
        integer("retire_only"),
        integer("public"),
        text("state"),
        integer("funded_g"),
        integer("given_g"),
        integer("gifts"),
        integer("returned_g"),
    ),
    sought=(("organiser",),),
)
"""`state` is open or closed; `gifts` counts the guests; `occasion` is a commitment."""

FUNDS = Table(
    name="funds",
    key=(text("campaign"), text("batch")),
    values=(integer("funded_g"), integer("given_g"), integer("gifts"), integer("returned_g")),
    sought=(("batch",),),
)
"""What each batch of a campaign was funded with; who claimed what of it is in the gifts of that batch."""


def _campaign(entered: Entered, made: Happened) -> Changes:
    event: campaign.Event = made.event
    match event:
        case campaign.Opened():
            said: dict[str, Value] = {
                "entry": entered.index,
                "at_us": entered.at_us,
                "organiser": event.organiser,
                "occasion": event.occasion,
                "standard": event.standard,
                "each_g": event.each_g,
                "deadline": event.deadline,
                "retire_only": int(event.retire_only),
                "public": int(event.public),
                "state": "open",
            }
            yield Change(table=CAMPAIGNS, key=(made.stream,), sets=said)
        case campaign.Funded():
            yield from _adds(made, event.batch, funded_g=event.amount_g)
        case campaign.Given():
            yield from _adds(made, event.batch, given_g=event.amount_g, gifts=event.count)
        case campaign.Returned():
            yield from _adds(made, event.batch, returned_g=event.amount_g)
        case campaign.Closed():
            yield Change(table=CAMPAIGNS, key=(made.stream,), sets={"state": "closed"})
        case _:
            assert_never(event)


def _adds(made: Happened, batch: str, **adds: int) -> Changes:
    yield Change(table=CAMPAIGNS, key=(made.stream,), adds=adds)
    yield Change(table=FUNDS, key=(made.stream, batch), adds=adds)


PROJECTION = Projection(
    name="campaigns", version=1, tables=(CAMPAIGNS, FUNDS), folds={"campaign": _campaign}
)
