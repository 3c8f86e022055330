"""Which batches are meant by an amount, and how much each of them gives."""

from dataclasses import dataclass

from registry.acts import movements as acts
from registry.acts.movements import Share
from registry.desk import given
from registry.desk.desk import Desk
from registry.domain.batch import Batch
from registry.errors import UsageError, require


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed of an amount: of which kind, out of which batch, which serial numbers of it."""

    amount: str
    standard: str | None
    batch: str | None
    serials: str | None


def shares(desk: Desk, holder: str, asked: Asked, *, transferable: bool = False) -> list[Share]:
    """What each of the holder's batches gives of what was asked for.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_stream`, `insufficient_holding`, `several_standards`.
    """
    amount_g = given.grams(asked.amount)
    if asked.batch is None:
        if asked.serials is not None:
            raise UsageError("malformed", field="--range", why="--batch is missing")
        own = _of_one_kind(desk.batches_of(holder), asked.standard)
        suited = acts.in_turn(own, transferable=transferable)
        return acts.spread(suited, holder, amount_g)
    batch: Batch = desk.state(desk.stream("batch", asked.batch))
    serials = None if asked.serials is None else given.serials(asked.serials, "--range")
    return [(batch, amount_g, serials)]


def _of_one_kind(own: list[Batch], standard: str | None) -> list[Batch]:
    """The batches of the kind that was named; of all, if they are of one kind."""
    standards = sorted({one.standard for one in own})
    named = standard is not None or len(standards) <= 1
    require(named, "several_standards", standards=standards)
    return [one for one in own if standard in (None, one.standard)]
