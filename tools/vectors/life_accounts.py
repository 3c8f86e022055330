"""The life of accounts: mandates, offers, donations, pledges, reservations, freezes; closed, merged, succeeded."""

from typing import Any

from registry.acts.propose import Hidden
from tests import worlds_accounts
from tests.world import digest
from tests.worlds_accounts import (
    DAY_US,
    NEXT_WEEK,
    Tied,
    accepts,
    declines,
    devolves,
    ends_freeze_of_range,
    ends_reserve,
    freezes_range,
    lapses,
    lifts,
    lifts_range,
    mandates,
    meant,
    merges,
    offers,
    pledges,
    queues,
    releases_pledge,
    renews,
    reserves,
    says,
    seizes,
    seizes_locked,
    settles,
    succeeds,
    unties,
    withdraws,
)
from tests.worlds_giving import opens_campaign
from tools.vectors.telling import Told

LATER = "2027-12-31"


def ties(told: Told) -> None:
    """Offers and what becomes of them; pledges; what an exchange reserves."""
    world = told.world
    batch = world.issues(10_000)
    until = {"until": LATER}
    accepts(world, offers(world, batch, "owner", "alice", 100, **until), "alice")
    declines(world, offers(world, batch, "owner", "alice", 100, **until), "alice")
    withdraws(world, offers(world, batch, "owner", "alice", 100, **until))
    says(world, "bob", "account.acceptance_set.v1", required=True)
    told.no("sent to whom wants to accept", lambda: world.transfers(batch, "owner", "bob", 5))
    accepts(world, offers(world, batch, "owner", "bob", 5, **until), "bob")
    says(world, "bob", "account.acceptance_set.v1", required=False)
    offered = offers(world, batch, "owner", "alice", 7, **until)
    told.no("accepted by another", lambda: accepts(world, offered, "bob"))
    told.no(
        "donated to whom is no event",
        lambda: offers(world, batch, "owner", "alice", 5, donation=True, **until),
    )
    told.no(
        "offered until yesterday",
        lambda: offers(world, batch, "owner", "bob", 5, until="2026-09-20"),
    )
    told.no(
        "given back in part",
        lambda: unties(world, offered, "account.offer_withdrawn.v1", "owner", grams=6),
    )
    withdraws(world, offered)
    short = offers(world, batch, "owner", "alice", 8, until="2026-09-23")
    world.now_us += 3 * DAY_US
    lapses(world, short, "one")
    _donated(told, batch)
    releases_pledge(world, pledges(world, batch, "owner", "bob", 500), "bob")
    _seconded(told, batch)
    _reserved(told, batch)


def _donated(told: Told, batch: str) -> None:
    world = told.world
    donation = offers(world, batch, "owner", "games", 300, until=LATER)
    told.no("a donation without its honour", lambda: accepts(world, donation, "games"))
    setting = world.setting(world["games"])
    number = told.shelf["honour"] = setting.new("certificate", 2)
    owner, games = world["owner"].account, world["games"].account
    of = {"amount_g": 300, "standard": "SCFG"}
    released = {**of, "means": donation.means, "owner": owner, "taker": games}
    honoured = {**of, "donor": owner, "event": games, "name": Hidden(value="a donor")}
    accepted = {"means": donation.means, "taker": games}
    world.submit(
        setting,
        [
            (batch, [("batch.released.v1", released)]),
            (owner, [("account.offer_accepted.v1", accepted)]),
            (number, [("certificate.honoured.v1", honoured)]),
        ],
    )


def _seconded(told: Told, batch: str) -> None:
    """The same by two persons, asked or not."""
    world = told.world
    said: dict[str, Any] = {"until": LATER, "donation": False, "taker": world["alice"].account}
    tied = worlds_accounts.ties(
        world, batch, "owner", 9, "owner", ground="offer", seconded="two", **said
    )
    withdraws(world, tied)
    said = {"pledgee": world["bob"].account, "document": digest("contract")}
    tied = worlds_accounts.ties(
        world, batch, "owner", 9, "owner", "bob", ground="pledge", seconded="two", **said
    )
    releases_pledge(world, tied, "bob")


def _reserved(told: Told, batch: str) -> None:
    world = told.world
    none = meant(world.additions[0])
    told.no("reserved without a mandate", lambda: reserves(world, batch, "owner", 5, none))
    made = meant(mandates(world, until=LATER))
    tied = reserves(world, batch, "owner", 400, made)
    settles(world, tied, "alice", 150, trade=Hidden(value="trade 1"))
    ends_reserve(world, Tied(batch=batch, who="owner", means=tied.means, grams=250))
    said = {"means": made, "venue": world["exchange"].account}
    tied = worlds_accounts.ties(
        world, batch, "owner", 9, "exchange", ground="settlement", seconded="two", **said
    )
    ends_reserve(world, tied)
    says(world, "owner", "account.mandate_ended.v1", means=made)
    told.no(
        "a mandate ended twice",
        lambda: says(world, "owner", "account.mandate_ended.v1", means=made),
    )


def freezes(told: Told) -> None:
    """Accounts and ranges, waiting courts, what is taken by a court."""
    world = told.world
    batch = world.issues(10_000)
    world.transfers(batch, "owner", "carol", 2_000)
    frozen = meant(worlds_accounts.freezes(world, "carol", until="2026-10-05"))
    told.no("sent while frozen", lambda: world.transfers(batch, "carol", "bob", 5))
    told.no(
        "a freeze renewed to the same day",
        lambda: renews(world, "carol", frozen, until="2026-10-05"),
    )
    told.no(
        "a freeze renewed by another court",
        lambda: renews(world, "carol", frozen, authority="second court", until=LATER),
    )
    renews(world, "carol", frozen, until="2026-10-06")
    channel = {"means": frozen, "channel": "post", "document": digest("receipt")}
    says(world, "carol", "account.notified.v1", "one", **channel)
    lifts(world, "carol", frozen)
    told.no("a freeze lifted twice", lambda: lifts(world, "carol", frozen))
    over = meant(worlds_accounts.freezes(world, "carol", until=NEXT_WEEK))
    tied = freezes_range(world, batch, "carol", 600, until=NEXT_WEEK)
    told.no("a freeze that waits behind nothing", lambda: queues(world, "carol", over, until=LATER))
    waiting = meant(queues(world, "carol", tied.means, until=LATER))
    told.no(
        "a frozen range released while another waits",
        lambda: lifts_range(world, tied, tied.means, "court"),
    )
    seizes(world, batch, "carol", "bob", 100)
    seizes_locked(world, tied, "bob", 100)
    rest = Tied(batch=batch, who="carol", means=tied.means, grams=500)
    lifts(world, "carol", tied.means)
    lifts_range(world, rest, waiting, "second court")
    world.now_us += 14 * DAY_US
    says(world, "carol", "account.freeze_ended.v1", "one", means=over)
    tied = freezes_range(world, batch, "carol", 50, until="2026-10-15")
    told.no("a frozen range not released", lambda: lifts(world, "carol", tied.means))
    world.now_us += 10 * DAY_US
    ends_freeze_of_range(world, tied, tied.means)


def ends(told: Told) -> None:
    """Accounts that end, and what goes on to whom."""
    world = told.world
    batch = world.issues(1_000)
    for name, grams in (("carol", 10), ("firm", 20)):
        world.transfers(batch, "owner", name, grams)
    opens_campaign(world, deadline=LATER)
    told.no("closed although bound", lambda: says(world, "owner", "account.closed.v1"))
    says(world, "branch", "account.closed.v1")
    told.no("devolved to no successor", lambda: devolves(world, batch, "carol", "heir", 5))
    succeeds(world, "carol", "heir")
    told.no("succeeded twice", lambda: succeeds(world, "carol", "bob"))
    devolves(world, batch, "carol", "heir", 10)
    merges(world, "firm", "heir")
