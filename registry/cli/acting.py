"""The one runner of acts: what was typed becomes plans, which are rehearsed or recorded, and what came of it is said.

    registry/cli/commands/<area>.py   arguments and options      -> act(place, make, dry_run=…, voice=…)
    make(desk)                        names to accounts, states  -> plans of registry/acts/<area>.py
    perform                           signed with the keys that are kept here, rehearsed or recorded as a whole
    registry/cli/happenings.py        what happened, or would happen, in words or JSON

A rehearsal is the same up to the recording. Whatever is refused on the way ends the command with its code.
"""

from collections.abc import Callable, Sequence

from registry.acts.plan import Plan
from registry.cli import happenings
from registry.cli.voice import Voice
from registry.desk.desk import Desk, at_desk
from registry.place import Place

Make = Callable[[Desk], Sequence[Plan]]
"""Finds what is meant and plans the acts, which are then done together."""


def act(place: Place, make: Make, *, dry_run: bool, voice: Voice) -> None:
    """Carry out the plans that `make` makes at the desk of the registry, or rehearse them, and say what happened.

    Raises:
        RefusedError: `no_registry`, `no_private_key`, what `make` and the rules say. Nothing was recorded.
    """
    with at_desk(place, dry_run=dry_run) as desk:
        made = desk.perform(make(desk))
        happenings.tell(made, desk.source, voice)
