"""The life of a gift: a campaign opened, funded, given from; claimed, with an account or without; and returned."""

from tests.worlds_batches import claim_retires
from tests.worlds_giving import (
    AFTER_US,
    claims,
    closes_campaign,
    funded_campaign,
    funds,
    gives,
    opens_campaign,
    returns,
)
from tools.vectors.telling import Told

EVERYBODY = 20


def campaigns(told: Told) -> None:
    """Two campaigns: gifts to be used up, and gifts to be kept."""
    world = told.world
    told.no("allowances given away", lambda: opens_campaign(world, standard="CEA"))
    told.no("a campaign of years", lambda: opens_campaign(world, deadline="2032-01-01"))
    told.no("a campaign that is over", lambda: opens_campaign(world, deadline="2026-09-01"))
    campaign, child, lock = funded_campaign(world, 1_000, each_g=10)
    other, kept, locked = funded_campaign(world, 500, retire_only=False)
    names = ("alice", "guest", "other guest")
    rows = [(world[name].account, 10) for name in names]
    told.no(
        "a gift of another size", lambda: gives(world, campaign, child, lock, [(rows[0][0], 11)])
    )
    told.no(
        "gifts on other terms",
        lambda: gives(world, campaign, child, lock, rows, given={"retire_only": False}),
    )
    told.no("gifts of another campaign", lambda: gives(world, campaign, kept, locked, rows))
    told.no("gifts by another", lambda: gives(world, campaign, child, lock, rows, by="alice"))
    told.no(
        "rows that come to another amount",
        lambda: gives(world, campaign, child, lock, rows, amount_g=29),
    )
    told.shelf["gifts"] = gives(world, campaign, child, lock, rows).index
    many = [
        (f"account/{'a' * 14}{chr(97 + n // 5)}{chr(97 + n % 5)}", 10) for n in range(EVERYBODY)
    ]
    gives(world, campaign, child, lock, many, second="two")
    told.no("returned before the deadline", lambda: returns(world, campaign, child, lock, 5))
    told.no("closed with gifts left", lambda: closes_campaign(world, campaign))
    claims(world, child, "alice", "alice", 10)
    told.no("a gift sent on", lambda: world.transfers(child, "alice", "bob", 5))
    world.retires(child, "alice", 5, statement={"purpose": "individual"})
    told.shelf["guest"] = claim_retires(world, child, "guest", 4)
    gives(world, other, kept, locked, [rows[1], rows[2]], given={"retire_only": False})
    claims(world, kept, "guest", "bob", 10)
    told.shelf["campaign"] = (campaign, child, lock)


def returns_gifts(told: Told) -> None:
    """After the deadline what nobody claimed comes back."""
    world = told.world
    campaign, child, lock = told.shelf["campaign"]
    world.now_us = max(world.now_us, AFTER_US)
    told.no("funded after the deadline", lambda: funds(world, campaign, world.issues(5), 5))
    left = 1_000 - 10 - 4
    returns(world, campaign, child, lock, left - 100)
    returns(world, campaign, child, lock, 100, by="one")
    told.no("returned once too often", lambda: returns(world, campaign, child, lock, 0))
    closes_campaign(world, campaign, by="one")
