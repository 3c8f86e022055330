"""The vectors of dossiers: whole ones, and what a dishonest operator makes of one, under a root signed for it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from registry.errors import RegistryError
from registry.ledger import dossier
from registry.ledger import entry as entries
from registry.ledger.dossier import Dossier
from registry.verifier.dossier import verify_dossier
from tests.dossiers import altered, dossier_of, without
from tests.world import World, log_key
from tests.worlds_batches import bearer, claim_retires
from tests.worlds_conduct import retires_for_many
from tests.worlds_giving import funds, gives, giving_world, opens_campaign

Change = Callable[[Dossier], dict[str, Any]]


def vectors() -> dict[str, Any]:
    """What `dossier.json` holds; files are hex."""
    world, numbers = _life()
    made = {name: dossier_of(world, number, row) for name, (number, row) in numbers.items()}
    return {
        "vkey": str(log_key()),
        "valid": [_valid(name, data) for name, data in made.items()],
        "broken": _broken(world, made["a guest's"], made["a holder's"]),
    }


def _life() -> tuple[World, dict[str, tuple[str, int | None]]]:
    """A guest retires a gift, out of a batch that was carved for a campaign; a holder retires out of the parent, for
    itself and for two others.
    """
    world = giving_world()
    batch = world.issues(5_000)
    world.transfers(batch, "owner", "alice", 300)
    campaign = opens_campaign(world)
    child, lock = funds(world, campaign, batch, 1_000)
    guest = bearer(world, "guest")
    gives(world, campaign, child, lock, [(world["alice"].account, 10), (guest.account, 5)])
    guests = claim_retires(world, child, "guest", 5)
    own = world.retires(batch, "alice", 30)
    group = retires_for_many(world, batch, "alice", ("甲", 10), ("乙", 20))
    return world, {
        "a guest's": (guests, None),
        "a holder's": (own, None),
        "a group's": (group, None),
        "one row's of a group": (group, 1),
    }


def _valid(name: str, data: bytes) -> dict[str, Any]:
    found = verify_dossier(data, log_key())
    return {
        "name": name,
        "file": data.hex(),
        "number": found.number,
        "size": found.size,
        "streams": dict(found.concerned),
        "holder": found.certificate.holder,
        "amount_g": str(found.amount_g),
        "names": found.opened,
    }


def _broken(world: World, data: bytes, other: bytes) -> list[dict[str, Any]]:
    found, strange = dossier.decode(data), dossier.decode(other)
    changes: dict[str, Change] = {
        "an entry of the log's own stream left out": without(found.entries[4][0]),
        "an entry of a batch left out": without(found.entries[-3][0]),
        "the certificate left out": without(found.openings[0][0]),
        "no rows": lambda _: {"rows": ()},
        "rows in another order": lambda all_of: {"rows": (_turned(all_of),)},
        "entries in another order": lambda all_of: {"entries": all_of.entries[::-1]},
        "another outcome": lambda all_of: _with(all_of, _other_outcome),
        "another length consulted": lambda all_of: _with(all_of, _other_length),
        "another signature": lambda all_of: _with(all_of, _other_signature),
        "the openings of another certificate": lambda _: {"openings": strange.openings},
        "a hash too many": lambda all_of: {"hashes": (*all_of.hashes, bytes(32))},
    }
    made = []
    for name, change in changes.items():
        try:
            file = altered(world, data, change)
        except RegistryError:
            # What leads to no root cannot be signed again.
            file = dossier.encode(replace(found, **change(found)))
        made.append({"name": name, "file": file.hex(), "code": _code(file)})
    whole = replace(found, hashes=found.hashes[::-1])
    turned = dossier.encode(whole)
    made.append({"name": "hashes in another order", "file": turned.hex(), "code": _code(turned)})
    return made


def _code(data: bytes) -> str:
    try:
        verify_dossier(data, log_key())
    except RegistryError as error:
        return error.code
    raise AssertionError("a broken vector that holds")


def _turned(found: Dossier) -> tuple[Any, ...]:
    ((*place, rows),) = found.rows
    return (*place, rows[::-1])


def _with(found: Dossier, change: Callable[[entries.Entry], dict[str, Any]]) -> dict[str, Any]:
    """The entry that began the certificate, changed."""
    at = found.openings[0][0]
    entry = entries.decode(dict(found.entries)[at])
    said = {
        "at_us": entry.at_us,
        "intent_bytes": entry.intent_bytes,
        "signatures": entry.signatures,
        "consulted": entry.consulted,
        "places": entry.places,
        **change(entry),
    }
    changed = dict(found.entries) | {at: entries.encode(**said)}
    return {"entries": tuple(changed.items())}


def _other_outcome(entry: entries.Entry) -> dict[str, Any]:
    first, *rest = entry.places
    came = {**first.outcomes[0], "ranges": [[0, 5]]}
    return {"places": [replace(first, outcomes=(came,)), *rest]}


def _other_length(entry: entries.Entry) -> dict[str, Any]:
    *rest, (stream, length) = entry.consulted
    return {"consulted": [*rest, (stream, length - 1)]}


def _other_signature(entry: entries.Entry) -> dict[str, Any]:
    return {"signatures": [bytes(64) for _ in entry.signatures]}
