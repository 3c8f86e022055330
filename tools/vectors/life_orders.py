"""The life of an order: what is to be restored, bought, used up, defaulted, enforced, confirmed, withdrawn."""

from typing import Any

from registry.acts.propose import Hidden
from tests.worlds_accounts import freezes, says
from tests.worlds_conduct import files, offsets
from tests.worlds_giving import (
    amends,
    buys,
    closes_order,
    decides,
    loses,
    meant,
    performs,
    registers_order,
    releases,
)
from tools.vectors.telling import Told


def orders(told: Told) -> None:
    """One that is performed and confirmed, one that is enforced and withdrawn, one in money."""
    world = told.world
    batch = world.issues(10_000)
    _performed(told, batch)
    _enforced(told, batch)
    _in_money(told, batch)


def _performed(told: Told, batch: str) -> None:
    world = told.world
    told.no(
        "instalments that do not add up",
        lambda: registers_order(world, instalments=(("2026-12-01", 5),)),
    )
    order, terms = registers_order(world)
    agent: dict[str, Any] = {"agent": world["agent"].account, "obligor": Hidden(value="an heir")}
    decides(world, order, "substituted", terms, **agent)
    told.no("bought by another", lambda: buys(world, order, batch, 5, "owner", "alice"))
    told.no(
        "bought for another case",
        lambda: buys(world, order, batch, 5, account=world["bob"].account),
    )
    lot = buys(world, order, batch, 80, "owner", "agent")
    other = buys(world, order, batch, 30, second="two")
    nothing = (batch, meant(world.additions[0]), 5)
    told.no("performed with what nobody locked", lambda: performs(world, order, nothing))
    named = {"beneficiary": Hidden(value="somebody")}
    told.no(
        "performed for somebody", lambda: performs(world, order, (batch, lot, 5), statement=named)
    )
    administrative = {"ground": "administrative_order"}
    told.no(
        "a judgment performed as a decision",
        lambda: performs(world, order, (batch, lot, 5), statement=administrative),
    )
    performs(world, order, (batch, lot, 80))
    told.no(
        "confirmed too early",
        lambda: decides(world, order, "confirmed", meant(world.additions[-1])),
    )
    told.no("a default of nothing", lambda: decides(world, order, "defaulted", terms))
    told.no(
        "enforced without a default", lambda: performs(world, order, (batch, other, 5), by="court")
    )
    frozen = meant(freezes(world, "case", until="2027-12-31"))
    told.no("performed while frozen", lambda: performs(world, order, (batch, other, 20)))
    consent = {"means": frozen, "authority": world["court"].account, "order": order}
    says(world, "case", "account.freeze_consented.v1", "court", **consent)
    number = told.shelf["order"] = performs(world, order, (batch, other, 20))
    done = meant(world.additions[-1])
    told.no(
        "confirmed by another court",
        lambda: decides(world, order, "confirmed", done, by="second court"),
    )
    decides(world, order, "confirmed", done)
    told.no("closed with grams locked", lambda: closes_order(world, order))
    _confirmed(told, number)
    releases(world, order, batch, other, 4)
    releases(world, order, batch, other, 4, by="one")
    loses(world, order, batch, other, 2)
    closes_order(world, order)
    lifted = {"means": frozen, "authority": world["court"].account, "document": bytes(32)}
    says(world, "case", "account.unfrozen.v1", "court", "one", **lifted)


def _confirmed(told: Told, number: str) -> None:
    """The court says that the certificate is what was ordered."""
    world = told.world
    body = {
        "means": world.issuing(number),
        "court": world["court"].account,
        "document": bytes(32),
    }
    confirmed = [(number, [("certificate.confirmed.v1", body)])]
    world.do("court", parts=confirmed)
    told.no("a certificate confirmed twice", lambda: world.do("court", parts=confirmed))
    activity = files(world)
    told.no("offset by what was ordered", lambda: offsets(world, activity, number, "case", "owner"))


def _enforced(told: Told, batch: str) -> None:
    world = told.world
    order, terms = registers_order(
        world, deadline="2026-12-30", instalments=(("2026-09-30", 40), ("2026-12-30", 60))
    )
    terms = amends(world, order, terms, instalments=(("2026-09-30", 40), ("2026-12-30", 20)))
    lot = buys(world, order, batch, 100)
    elsewhere = _elsewhere(told, batch)
    told.no(
        "enforced with what was bought for another order",
        lambda: performs(world, elsewhere, (batch, lot, 5)),
    )
    decides(world, order, "defaulted", terms)
    told.shelf["enforced"] = performs(world, order, (batch, lot, 40), by="court")
    decides(world, order, "withdrawn", terms)
    releases(world, order, batch, lot, 60)
    closes_order(world, order, by="one")


def _elsewhere(told: Told, batch: str) -> str:
    """An order that is restored in one province only."""
    world = told.world
    order, _ = registers_order(world, regions=("330000",))
    project = world.state(batch).project
    other = next(name for name in world.replay.streams if name.startswith("project/"))
    told.no("bought of another project", lambda: buys(world, order, batch, 5, project=other))
    told.no("bought in another province", lambda: buys(world, order, batch, 5, project=project))
    return order


def _in_money(told: Told, batch: str) -> None:
    world = told.world
    order, _ = registers_order(world, amount_g=None, amount_fen=10_000)
    told.no("bought for nothing", lambda: buys(world, order, batch, 50))
    lot = buys(world, order, batch, 50, cost_fen=9_999)
    performs(world, order, (batch, lot, 49))
