"""Who holds what, and has used up what: by account and batch.

over all accounts, of each batch: held_g and retired_g are those of the batch
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from registry.domain import batch
from registry.domain.batch import (
    Deposited,
    Issued,
    Retired,
    RetirementImported,
    Transferred,
)
from registry.domain.ranges import Range, Ranges
from registry.history import Happened
from registry.projections.table import (
    Change,
    Changes,
    Entered,
    Projection,
    Table,
    integer,
    text,
)

HOLDINGS = Table(
    name="holdings",
    key=(text("account"), text("batch")),
    values=(integer("held_g"), integer("locked_g"), integer("retired_g")),
    sought=(("batch",),),
)


def _batch(_entered: Entered, made: Happened) -> Changes:
    event: batch.Event = made.event
    match event:
        case Issued() | Deposited():
            yield _change(event.holder, made, held_g=event.amount_g)
        case Transferred():
            yield _change(event.giver, made, held_g=-event.amount_g)
            yield _change(event.taker, made, held_g=event.amount_g)
        case Retired() | RetirementImported():
            used_g = event.amount_g
            yield _change(event.holder, made, held_g=-used_g, retired_g=used_g)
        case _:
            assert_never(event)


def _change(account: str, made: Happened, **adds: int) -> Change:
    return Change(table=HOLDINGS, key=(account, made.stream), adds=adds)


PROJECTION = Projection(name="holdings", version=1, tables=(HOLDINGS,), folds={"batch": _batch})


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one account has, and had used up, of one batch."""

    batch: str
    standard: str
    period: tuple[str, str]
    held: Ranges
    retired_g: int = 0

    @property
    def held_g(self) -> int:
        """How much is held now."""
        return self.held.total_g


class Holdings:
    """What every account holds, batch by batch."""

    def __init__(self) -> None:
        self._by_account: dict[str, dict[str, Holding]] = {}
        self._blank: dict[str, Holding] = {}
        """For each batch the holding of somebody who has nothing of it."""

    def of(self, account: str) -> list[Holding]:
        """What `account` has and had, in the order in which it first came by each batch."""
        return list(self._by_account.get(account, {}).values())

    def accounts(self) -> Mapping[str, int]:
        """How much each account holds, of all batches together."""
        return {
            account: sum(holding.held_g for holding in held.values())
            for account, held in self._by_account.items()
        }

    def fold(self, happened: Iterable[Happened]) -> None:
        """Take what happened in one entry."""
        for made in happened:
            if made.stream.startswith("batch/"):
                event: batch.Event = made.event
                self._happened(made.stream, event, made)

    def _happened(self, name: str, event: batch.Event, made: Happened) -> None:
        match event:
            case Issued() | Deposited():
                blank = Holding(
                    batch=name, standard=event.standard, period=event.period, held=Ranges()
                )
                self._blank[name] = blank
                self._gains(event.holder, name, ((0, event.amount_g),))
            case Transferred():
                self._loses(event.giver, name, _moved(made))
                self._gains(event.taker, name, _moved(made))
            case Retired() | RetirementImported():
                self._loses(event.holder, name, _moved(made), retired_g=event.amount_g)
            case _:
                assert_never(event)

    def _gains(self, account: str, name: str, ranges: tuple[Range, ...]) -> None:
        held = self._by_account.setdefault(account, {})
        before = held.get(name, self._blank[name])
        held[name] = replace(before, held=before.held.with_(ranges))

    def _loses(
        self, account: str, name: str, ranges: tuple[Range, ...], *, retired_g: int = 0
    ) -> None:
        held = self._by_account[account]
        before = held[name]
        held[name] = replace(
            before,
            held=before.held.without(ranges),
            retired_g=before.retired_g + retired_g,
        )


def _moved(made: Happened) -> tuple[Range, ...]:
    assert made.outcome is not None
    ranges: tuple[Range, ...] = tuple((start, end) for start, end in made.outcome["ranges"])
    return ranges
