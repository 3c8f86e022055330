"""The vectors of the whole life of a credit: a log in which every kind and every form happens; and what may not.

It is begun from fixed seeds, like the log of version 1 beside it, and has what came later: each chapter is in a module.
"""

from functools import cache
from typing import Any

from registry.domain import batch
from registry.domain.batch import Batch
from tests.world import World
from tests.worlds_batches import bearer
from tests.worlds_giving import giving_world
from tools.vectors import (
    life_accounts,
    life_batches,
    life_certificates,
    life_conduct,
    life_giving,
    life_orders,
)
from tools.vectors.telling import Told, entries, log_keys, spans


@cache
def lived() -> Told:
    """The log, with the entries that must not be there; the world is not to be changed."""
    told = Told(people())
    life_batches.books(told)
    life_certificates.later(told)
    life_batches.whole(told)
    life_accounts.ties(told)
    life_certificates.activities(told)
    life_certificates.reports(told)
    life_accounts.freezes(told)
    life_giving.campaigns(told)
    life_orders.orders(told)
    life_conduct.cases(told)
    life_giving.returns_gifts(told)
    life_batches.two_persons(told)
    life_batches.ends(told)
    life_accounts.ends(told)
    return told


def people() -> World:
    """Everybody who is needed, guests without accounts among them."""
    world = giving_world()
    for name, role in (
        ("second court", "court"),
        ("other exchange", "exchange"),
        ("agency", "authority"),
        ("platform", "operator"),
        ("buffer", "buffer"),
        ("three", "officer"),
    ):
        world.opens(name, role=role)
    for name in ("carol", "heir", "firm", "branch"):
        world.opens(name)
    world.opens("games", legal_form="event")
    for name in ("guest", "other guest"):
        bearer(world, name)
    world.recognises("CEA", credit_class="allowance", home="CETS", serial_format=(3, (0,), 1, 2))
    return world


def vectors() -> dict[str, Any]:
    """What `life.json` holds."""
    told = lived()
    world = told.world
    states: list[Batch] = world.replay.states(batch.Batch)
    return {
        "vkeys": [str(key) for key in log_keys(world)],
        "checkpoint": world.note().decode(),
        "entries": entries(world),
        "broken": told.broken,
        "batches": {state.name: _state(state) for state in states},
    }


def _state(state: Batch) -> dict[str, Any]:
    """Where the grams of a batch are in the end."""
    return {
        "status": state.status,
        "origin": state.origin,
        "received_g": str(state.received_g),
        "held": {holder: spans(ranges) for holder, ranges in sorted(state.held.items())},
        "locked": {
            str(index): {"ground": lock.ground, "owner": lock.owner, "ranges": spans(lock.left)}
            for index, lock in sorted(state.locks.items())
        },
        "waiting": {taker: spans(ranges) for taker, ranges in sorted(state.waiting.items())},
        "retired_g": str(state.retired_g),
        "cancelled_g": str(state.cancelled_g),
        "carved_g": str(state.carved_g),
    }
