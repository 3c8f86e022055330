"""Where any gram is, and every holder that it had: each range of serial numbers that moved, and where to.

A gram's way is what covers its number, in order: `range_start` <= serial < `range_end`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from registry.domain import batch, certificate
from registry.domain.batch import (
    Deposited,
    Issued,
    Retired,
    RetirementImported,
    Transferred,
)
from registry.history import Happened
from registry.projections.table import (
    Changes,
    Entered,
    Fact,
    Projection,
    Table,
    id_of,
    integer,
    outcome_of,
    text,
)

MOVEMENTS = Table(
    name="movements",
    key=(text("batch"), integer("range_start"), integer("number")),
    values=(
        integer("range_end"),
        integer("at_us"),
        text("kind"),
        text("giver", optional=True),
        text("taker", optional=True),
        text("certificate", optional=True),
    ),
    lasting=True,
)
"""`number` is that of the event in its entry; who retires gives to nobody, under a certificate."""


def _batch(entered: Entered, made: Happened) -> Changes:
    event: batch.Event = made.event
    giver: str | None = None
    taker: str | None = None
    number: str | None = None
    match event:
        case Issued() | Deposited():
            taker = event.holder
            ranges = ((0, event.amount_g),)
        case Transferred():
            giver, taker = event.giver, event.taker
            ranges = outcome_of(made)["ranges"]
        case Retired() | RetirementImported():
            giver, number = event.holder, id_of(entered.stream_of(certificate.Issued))
            ranges = outcome_of(made)["ranges"]
        case _:
            assert_never(event)
    place = entered.number_of(made)
    for start, end in ranges:
        row = (made.stream, start, place, end, entered.at_us, event.kind, giver, taker, number)
        yield Fact(table=MOVEMENTS, row=row)


PROJECTION = Projection(name="whereabouts", version=1, tables=(MOVEMENTS,), folds={"batch": _batch})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened to the gram: in which entry, of which kind, and who had it then.

    `certificate` is the number of the certificate that used it up; empty as long as it is held.
    """

    index: int
    at_us: int
    kind: str
    holder: str
    certificate: str = ""


class Whereabouts:
    """The way of the gram `serial` of the batch `name`."""

    def __init__(self, name: str, serial: int) -> None:
        self._name = name
        self._serial = serial
        self.steps: list[Step] = []

    @property
    def now(self) -> Step | None:
        """The last thing that happened to it; None for a gram that never was."""
        return self.steps[-1] if self.steps else None

    def fold(self, index: int, at_us: int, happened: Iterable[Happened]) -> None:
        """Take what happened in one entry."""
        together = list(happened)
        number = next((_number(made) for made in together if _certifies(made)), "")
        for made in together:
            if made.stream == self._name and self._concerns(made):
                event: batch.Event = made.event
                kind, holder, used_by = _step(event, number)
                self.steps.append(
                    Step(index=index, at_us=at_us, kind=kind, holder=holder, certificate=used_by)
                )

    def _concerns(self, made: Happened) -> bool:
        event: batch.Event = made.event
        match event:
            case Issued() | Deposited():
                return self._serial < event.amount_g
            case Transferred() | Retired() | RetirementImported():
                assert made.outcome is not None
                return any(start <= self._serial < end for start, end in made.outcome["ranges"])
            case _:
                assert_never(event)


def _step(event: batch.Event, number: str) -> tuple[str, str, str]:
    """The kind, the holder after it, and the certificate that used the gram up."""
    match event:
        case Issued() | Deposited():
            return event.kind, event.holder, ""
        case Transferred():
            return event.kind, event.taker, ""
        case Retired() | RetirementImported():
            return event.kind, event.holder, number
        case _:
            assert_never(event)


def _certifies(made: Happened) -> bool:
    return isinstance(made.event, certificate.Issued)


def _number(made: Happened) -> str:
    return made.stream.partition("/")[2]
