"""The life of certificates after their issue; of activities; of reports."""

from typing import Any

from registry.acts.propose import Hidden
from tests.world import World, digest
from tests.worlds_conduct import (
    DAY_US,
    accounts_for,
    adopts,
    compiles,
    confirms,
    files,
    notes,
    offsets,
    passes,
    replaces,
    retires_for_many,
    says,
    states_measures,
    submits,
)
from tools.vectors.telling import Told

GUESTS = (("a guest", 10), ("another", 20), ("a third", 30))


def later(told: Told) -> None:
    """For many, adopted, replaced, annulled, witnessed, numbered before."""
    world = told.world
    batch = world.issues(10_000)
    group = retires_for_many(world, batch, "owner", *GUESTS)
    own = adopts(world, group, 1)
    says(world, own, "witnessed", "exchange", **_witness(world, "W-3"))
    other = retires_for_many(world, batch, "owner", *GUESTS)
    new = replaces(world, adopts(world, other, 1))
    number = world.retires(batch, "owner", 100)
    told.no("another purpose in its place", lambda: replaces(world, number, purpose="meeting"))
    day: dict[str, Any] = {"retired": ("2027-01-02", "2027-01-02")}
    told.no("other days in its place", lambda: replaces(world, number, **day))
    by_alice: dict[str, Any] = {"holder": world["alice"].account}
    told.no("replaced for another", lambda: replaces(world, number, "alice", "one", **by_alice))
    first = replaces(world, number, public=False)
    second = replaces(
        world,
        first,
        "owner",
        "one",
        "two",
        kind="beneficiary_replaced",
        beneficiary=Hidden(value="somebody"),
    )
    _witnessed(told, second)
    annulled = {"reason": "error", "document": digest("error")}
    says(world, new, "annulled", "one", "two", **annulled)
    body = {"court": world["court"].account, "document": digest("judgment")}
    says(world, other, "annulled_by_court", "court", **body)
    told.shelf |= {"group": group, "row": own, "annulled group": other}
    told.shelf["replaced"] = (number, first, second)
    _numbered(told, batch)
    order = {"court": world["court"].account, "document": digest("confirmed")}
    told.no(
        "confirmed where nothing was ordered",
        lambda: says(world, second, "confirmed", "court", **order),
    )


def _witnessed(told: Told, number: str) -> None:
    world = told.world
    body = _witness(world, "W-1")
    says(world, number, "witnessed", "exchange", **body)
    told.no("witnessed twice", lambda: says(world, number, "witnessed", "exchange", **body))
    batch = world.issues(10)
    other = world.retires(batch, "owner", 5)
    both = {**body, "other": world["other exchange"].account, "other_number": "W-2"}
    says(world, other, "jointly_witnessed", "exchange", "other exchange", **both)


def _witness(world: World, number: str) -> dict[str, Any]:
    return {"exchange": world["exchange"].account, "number": number}


def _numbered(told: Told, batch: str) -> None:
    world = told.world
    number = world.imports(batch, "owner", 10, row=9)
    former = {"number": "SC-2024-00017", "source": digest("old")}
    body = {**former, "holder": world["owner"].account}
    told.shelf["numbered"] = number
    says(world, number, "numbered_before", "one", "owner", **body)
    told.no(
        "a former number twice",
        lambda: says(world, number, "numbered_before", "one", "owner", **body),
    )


def activities(told: Told) -> None:
    """One that becomes neutral and is no more; one that is confirmed by an institution, and published."""
    world = told.world
    batch = world.issues(10_000)
    told.no("an activity that ends first", lambda: files(world, ends="2026-09-24"))
    activity = files(world)
    world.now_us += 3 * DAY_US
    told.no("accounted by another", lambda: accounts_for(world, activity, 250, by="alice"))
    told.no("confirmed without an account", lambda: confirms(world, activity))
    accounts_for(world, activity, 250)
    told.no("confirmed with nothing retired", lambda: confirms(world, activity))
    states_measures(world, activity)
    received = {
        "means": world.issuing(activity),
        "authority": world["authority"].account,
        "organiser": world["owner"].account,
        "receipt": "R-1",
        "document": digest("receipt"),
    }
    notes(world, activity, "received", "authority", **received)
    told.no("received twice", lambda: notes(world, activity, "received", "authority", **received))
    first, second, third = (world.retires(batch, "owner", grams) for grams in (200, 60, 70))
    offsets(world, activity, first)
    told.no("offset twice", lambda: offsets(world, activity, first))
    offsets(world, activity, second)
    confirms(world, activity)
    _lost(told, activity, first, second)
    by_alice = files(world, "alice", confirmation="platform")
    accounts_for(world, by_alice, 100, by="alice")
    offsets(world, by_alice, third, "owner", "alice")
    told.shelf["conclusion"] = confirms(world, by_alice, "platform", mode="platform", of="alice")
    told.shelf["annulled"] = second
    told.shelf["activity"] = by_alice


def _lost(told: Told, activity: str, first: str, second: str) -> None:
    """An offset is annulled; what was neutral is so no more."""
    world = told.world
    said = {"reason": "fraud", "document": digest("fraud"), "means": world.issuing(first)}
    annulled = (first, [("certificate.annulled.v1", said)])
    told.no("annulled although it offsets", lambda: world.do("one", "two", parts=[annulled]))
    body: dict[str, Any] = {"certificate": first, "amount_g": 200}
    lost = (activity, [("activity.offset_lost.v1", body)])
    other = (
        activity,
        [("activity.offset_lost.v1", {**body, "certificate": "certificate/" + "a" * 16})],
    )
    told.no("another offset lost", lambda: world.do("one", "two", parts=[annulled, other]))
    world.do("one", "two", parts=[annulled, lost])
    court = {"court": world["court"].account, "document": digest("fraud")}
    said = {**court, "means": world.issuing(second)}
    judged = (second, [("certificate.annulled_by_court.v1", said)])
    gone = (activity, [("activity.offset_lost.v1", {"certificate": second, "amount_g": 60})])
    world.do("court", parts=[judged, gone])


def reports(told: Told) -> None:
    """Compiled, amended, handed up, returned, accepted; and an activity published in it."""
    world = told.world
    turned = {"first": "2026-12-31", "last": "2026-01-01"}
    told.no("a report of no time", lambda: compiles(world, **turned))
    told.no("a report of the future", lambda: compiles(world, size=world.replay.size + 1))
    report = compiles(world)
    activity = told.shelf["activity"]
    published = {"authority": world["authority"].account, "report": report}
    told.no(
        "published before it is accepted",
        lambda: notes(world, activity, "published", "authority", **published),
    )
    _amended(world, report)
    told.no("submitted out of turn", lambda: submits(world, report, "two", "agency"))
    submits(world, report, "one", "agency")
    returned = {"authority": world["agency"].account, "document": digest("reasons")}
    passes(world, report, "returned", "agency", **returned)
    _amended(world, report)
    submits(world, report, "one", "agency")
    passes(world, report, "accepted", "agency", authority=world["agency"].account)
    submits(world, report, "agency", "authority")
    passes(world, report, "accepted", "authority", authority=world["authority"].account)
    notes(world, activity, "published", "authority", **published)


def _amended(world: World, report: str) -> None:
    body = {
        "compiler": world["one"].account,
        "size": world.replay.size,
        "file": digest("another list"),
        "activities": 1,
        "retirements": 3,
        "total_g": 330,
    }
    passes(world, report, "amended", "one", **body)
