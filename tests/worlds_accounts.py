"""What happens to accounts beyond their keys: mandates, offers, pledges, freezes, ends; as acts of a `World`."""

from dataclasses import dataclass
from typing import Any

from registry.history import Addition
from tests.world import HOUR_US, World, digest

DAY_US = 24 * HOUR_US
TODAY = "2026-09-21"
"""The day in China on which a world begins."""
TOMORROW = "2026-09-22"
NEXT_WEEK = "2026-09-28"
LAST_WEEK = "2026-09-14"

COMPANIONS = {
    "donation": "account.offered.v1",
    "freeze": "account.range_frozen.v1",
    "offer": "account.offered.v1",
    "pledge": "account.pledged.v1",
    "settlement": "account.reserved.v1",
}
"""What stands beside a lock, by its ground."""

Means = tuple[int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    """Grams that were tied: in which batch, whose, by which entry, how many."""

    batch: str
    who: str
    means: Means
    grams: int


def meant(added: Addition) -> Means:
    """An entry, as later acts mean it."""
    return added.index, added.leaf


def staffed() -> World:
    """Everybody of a staffed world, and a court, another court, an event; 1,000 g of the owner."""
    world = World().staffed()
    for name in ("court", "second court"):
        world.opens(name, role="court")
    world.opens("games", legal_form="event")
    return world


def says(world: World, who: str, kind: str, *signers: str, **body: Any) -> Addition:
    """Something happens in the account of `who` alone."""
    stream = world[who].account
    return world.do(*(signers or (who,)), parts=[(stream, [(kind, body)])])


def set_policy(world: World, policy: str, *signers: str, **changed: Any) -> Addition:
    body = {
        "policy": policy,
        "subject": None,
        "codes": (),
        "number": None,
        "document": digest(f"decision on {policy}"),
        **changed,
    }
    return world.do(
        *(signers or ("one", "two")), parts=[("registry", [("registry.policy_set.v1", body)])]
    )


def locked(world: World, who: str, amount_g: int, **changed: Any) -> Any:
    body = {
        "holder": world[who].account,
        "owner": world[who].account,
        "amount_g": amount_g,
        "standard": "SCFG",
        "range": None,
        **changed,
    }
    return ("batch.locked.v1", body)


def ties(world: World, batch: str, who: str, amount_g: int, *signers: str, **said: Any) -> Tied:
    """Grams of `who` are locked on `ground`, with its companion, which says what is in `said`."""
    ground, seconded = said.pop("ground"), said.pop("seconded", None)
    changed = {"ground": said.pop("lock_ground", ground)}
    body = {"batch": batch, "standard": "SCFG", "amount_g": amount_g, **said}
    parts = [
        (batch, [locked(world, who, amount_g, **changed)]),
        (world[who].account, [(COMPANIONS[ground], body)]),
    ]
    if seconded:
        second = ("account.seconded.v1", {"account": world[who].account})
        parts.append((world[seconded].account, [second]))
        signers = (*signers, seconded)
    added = world.do(*signers, parts=parts)
    return Tied(batch=batch, who=who, means=meant(added), grams=amount_g)


def offers(world: World, batch: str, giver: str, taker: str, amount_g: int, **changed: Any) -> Tied:
    said = {
        "taker": world[taker].account,
        "until": NEXT_WEEK,
        "donation": taker == "games",
        **changed,
    }
    ground = "donation" if said["donation"] else "offer"
    return ties(world, batch, giver, amount_g, giver, ground=ground, **said)


def pledges(world: World, batch: str, holder: str, pledgee: str, amount_g: int) -> Tied:
    said = {"pledgee": world[pledgee].account, "document": digest("contract")}
    return ties(world, batch, holder, amount_g, holder, pledgee, ground="pledge", **said)


def reserves(
    world: World, batch: str, holder: str, amount_g: int, means: Means, **changed: Any
) -> Tied:
    venue = changed.pop("venue", "exchange")
    said = {"means": means, "venue": world[venue].account, **changed}
    return ties(world, batch, holder, amount_g, venue, ground="settlement", **said)


def freezes_range(world: World, batch: str, who: str, amount_g: int, **changed: Any) -> Tied:
    authority = changed.pop("authority", "court")
    said = _ruling(world, authority, **changed)
    return ties(world, batch, who, amount_g, authority, "one", ground="freeze", **said)


def freezes(world: World, who: str, **changed: Any) -> Addition:
    """The whole account of `who` is frozen."""
    authority = changed.pop("authority", "court")
    said = _ruling(world, authority, **changed)
    return says(world, who, "account.frozen.v1", authority, "one", **said)


def queues(world: World, who: str, means: Means, **changed: Any) -> Addition:
    """A freeze waits behind those of the range that entry `means` locked."""
    authority = changed.pop("authority", "second court")
    said = _ruling(world, authority, means=means, **changed)
    return says(world, who, "account.freeze_queued.v1", authority, "one", **said)


def renews(world: World, who: str, means: Means, **changed: Any) -> Addition:
    authority = changed.pop("authority", "court")
    said = _ruling(world, authority, means=means, **changed)
    return says(world, who, "account.freeze_renewed.v1", authority, "one", **said)


def _ruling(world: World, authority: str, **changed: Any) -> dict[str, Any]:
    return {
        "authority": world[authority].account,
        "until": NEXT_WEEK,
        "document": digest("ruling"),
        **changed,
    }


def mandates(world: World, who: str = "owner", **changed: Any) -> Addition:
    body = {
        "exchange": world["exchange"].account,
        "until": NEXT_WEEK,
        "standards": (),
        **changed,
    }
    return says(world, who, "account.mandate_given.v1", **body)


def unties(
    world: World, tied: Tied, kind: str, *signers: str, to: str = "", **more: Any
) -> Addition:
    """What was tied is released, as `kind` says, to `to` or back to its owner: all of it, or `grams`."""
    released = {
        "means": more.pop("lock", tied.means),
        "owner": world[tied.who].account,
        "taker": world[to or tied.who].account,
        "amount_g": more.pop("grams", tied.grams),
        "standard": "SCFG",
    }
    body = (kind, {"means": tied.means, **more})
    parts = [
        (tied.batch, [("batch.released.v1", released)]),
        (world[tied.who].account, [body]),
    ]
    return world.do(*signers, parts=parts)


def accepts(world: World, tied: Tied, taker: str, **changed: Any) -> Addition:
    said = {"taker": world[taker].account, **changed}
    return unties(world, tied, "account.offer_accepted.v1", taker, to=taker, **said)


def declines(world: World, tied: Tied, taker: str) -> Addition:
    named = world[taker].account
    return unties(world, tied, "account.offer_declined.v1", taker, taker=named)


def withdraws(world: World, tied: Tied) -> Addition:
    return unties(world, tied, "account.offer_withdrawn.v1", tied.who)


def lapses(world: World, tied: Tied, signer: str) -> Addition:
    return unties(world, tied, "account.offer_lapsed.v1", signer)


def releases_pledge(world: World, tied: Tied, pledgee: str) -> Addition:
    named = world[pledgee].account
    return unties(world, tied, "account.pledge_released.v1", pledgee, pledgee=named)


def settles(world: World, tied: Tied, taker: str, grams: int, **changed: Any) -> Addition:
    venue = changed.pop("venue", "exchange")
    said = {
        "venue": world[venue].account,
        "taker": world[taker].account,
        "amount_g": grams,
        "trade": None,
        **changed,
    }
    return unties(world, tied, "account.settled.v1", venue, to=taker, grams=grams, **said)


def ends_reserve(world: World, tied: Tied, signer: str = "exchange") -> Addition:
    venue = world["exchange"].account
    return unties(world, tied, "account.reserve_ended.v1", signer, venue=venue)


def seizes_locked(world: World, tied: Tied, taker: str, grams: int) -> Addition:
    said = {"court": world["court"].account, "amount_g": grams, "document": digest("writ")}
    by = ("court", "one", "two")
    return unties(world, tied, "account.lock_seized.v1", *by, to=taker, grams=grams, **said)


def lifts_range(world: World, tied: Tied, freeze: Means, authority: str, **more: Any) -> Addition:
    """The freeze of entry `freeze` on a range is over, and the range is released."""
    said = {
        "means": freeze,
        "authority": world[authority].account,
        "document": digest("lifted"),
        **more,
    }
    return unties(world, tied, "account.unfrozen.v1", authority, "one", **said)


def ends_freeze_of_range(world: World, tied: Tied, freeze: Means) -> Addition:
    return unties(world, tied, "account.freeze_ended.v1", "one", means=freeze, lock=tied.means)


def lifts(world: World, who: str, freeze: Means, *, authority: str = "court") -> Addition:
    body = {
        "means": freeze,
        "authority": world[authority].account,
        "document": digest("lifted"),
    }
    return says(world, who, "account.unfrozen.v1", authority, "one", **body)


def seizes(world: World, batch: str, who: str, taker: str, amount_g: int) -> Addition:
    """A court takes grams that `who` holds."""
    seized = {"court": world["court"].account, "document": digest("writ")}
    parts = [
        (batch, [_assigned(world, who, taker, amount_g)]),
        (world[who].account, [("account.seized.v1", seized)]),
    ]
    return world.do("court", "one", "two", parts=parts)


def devolves(
    world: World, batch: str, who: str, taker: str, amount_g: int, **changed: Any
) -> Addition:
    devolved = {
        "taker": world[taker].account,
        "reason": "inheritance",
        "document": digest("title"),
        **changed,
    }
    parts = [
        (batch, [_assigned(world, who, taker, amount_g)]),
        (world[who].account, [("account.devolved.v1", devolved)]),
    ]
    return world.do("one", "two", parts=parts)


def _assigned(world: World, giver: str, taker: str, amount_g: int) -> Any:
    body = {
        "giver": world[giver].account,
        "taker": world[taker].account,
        "amount_g": amount_g,
        "standard": "SCFG",
        "range": None,
    }
    return ("batch.assigned.v1", body)


def succeeds(world: World, who: str, successor: str, *signers: str, **changed: Any) -> Addition:
    body = {
        "successor": world[successor].account,
        "reason": "inheritance",
        "document": digest("certificate of inheritance"),
        **changed,
    }
    by = signers or ("one", "two", successor)
    return says(world, who, "account.succeeded.v1", *by, **body)


def merges(world: World, who: str, into: str, *signers: str) -> Addition:
    body = {"into": world[into].account, "document": digest("registration of the merger")}
    by = signers or (who, into, "one", "two")
    return says(world, who, "account.merged.v1", *by, **body)
