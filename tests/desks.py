"""An operator's desk: what is asked for there is done at once."""

from registry.desk.ask import Ask
from registry.desk.desk import Desk
from registry.desk.made import Made
from registry.desk.opened import Opened
from registry.ledger.keys import Key
from registry.store.operator import Operator


def desk_of(
    operator: Operator, *, dry_run: bool = False, mine: frozenset[str] | None = None
) -> Desk:
    """The desk as the operator sees it, or somebody whose accounts are `mine`."""
    source = Opened(log=operator.log, origin=operator.vkey().name)
    return Desk(operator=operator, source=source, dry_run=dry_run, mine=mine)


def does(operator: Operator, ask: Ask) -> list[Made]:
    """What came of `ask`, act by act."""
    desk = desk_of(operator)
    return desk.perform(ask.plans(desk))


def new_key(made: list[Made]) -> Key:
    """The key that the first of these acts names."""
    (happened,) = made[0].placed.happened()
    key: Key = happened.event.key
    return key
