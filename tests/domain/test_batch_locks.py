"""Grams that wait: on a ground that says what stands beside the lock, who gets them, and in parts or whole."""

import pytest

from tests.world import GRAMS, digest, refused, table
from tests.worlds_accounts import (
    NEXT_WEEK,
    accepts,
    declines,
    ends_reserve,
    freezes,
    freezes_range,
    lifts_range,
    mandates,
    offers,
    pledges,
    releases_pledge,
    reserves,
    seizes_locked,
    set_policy,
    settles,
    staffed,
    ties,
    unties,
    withdraws,
)
from tests.worlds_batches import (
    cancels,
    carves,
    issues_buffered,
    meant,
    releases_buffer,
    verified,
)

WITHDRAWN = "account.offer_withdrawn.v1"


@pytest.fixture
def world():
    world = staffed()
    world.opens("buffer", role="buffer")
    return world


@pytest.fixture
def batch(world):
    return world.issues(1_000)


def held(world, batch, name):
    return list(world.state(batch).holding(world[name].account))


def figures(world, batch):
    state = world.state(batch)
    assert state.conserved
    return state.held_g, state.locked_g, state.retired_g, state.cancelled_g


def test_what_is_locked_waits_and_comes_back(world, batch):
    tied = offers(world, batch, "owner", "alice", 300)
    lock = world.state(batch).locks[tied.means[0]]
    before = figures(world, batch)
    withdraws(world, tied)

    assert (lock.ground, lock.owner) == ("offer", world["owner"].account)
    assert list(lock.left) == [(0, 300)]
    assert before == (700, 300, 0, 0)
    assert figures(world, batch) == (1_000, 0, 0, 0)
    assert held(world, batch, "owner") == [(0, 1_000)]
    assert len(world.state(batch).locks) == 0


@table(
    "act, code",
    (lambda w, b: w.transfers(b, "owner", "bob", 101), "insufficient_holding"),
    (lambda w, b: w.transfers(b, "owner", "bob", 1, range=(5, 6)), "range_not_held"),
    (lambda w, b: w.retires(b, "owner", 101), "insufficient_holding"),
    (lambda w, b: carves(w, b, "owner", 101), "insufficient_holding"),
    (lambda w, b: offers(w, b, "owner", "bob", 101), "insufficient_holding"),
    (lambda w, b: cancels(w, b, "owner", 101), "insufficient_holding"),
)
def test_what_is_locked_does_nothing_else_meanwhile(world, batch, act, code):
    offers(world, batch, "owner", "alice", 900)

    refusal = refused(world, lambda: act(world, batch))

    assert refusal.code == code
    assert figures(world, batch) == (100, 900, 0, 0)


def test_an_accepted_offer_gives_the_very_grams_that_were_locked(world, batch):
    tied = offers(world, batch, "owner", "alice", 300)
    world.transfers(batch, "owner", "bob", 100)

    accepts(world, tied, "alice")

    assert held(world, batch, "alice") == [(0, 300)]
    assert held(world, batch, "bob") == [(300, 400)]


def test_what_was_declined_joins_what_is_held(world, batch):
    tied = offers(world, batch, "owner", "alice", 300)

    declines(world, tied, "alice")

    assert held(world, batch, "owner") == [(0, 1_000)]


@table(
    "ground, lock_ground, code",
    ("offer", "pledge", "wrong_ground"),
    ("offer", "donation", "wrong_ground"),
    ("offer", "buffer", "wrong_ground"),
    ("offer", "campaign", "wrong_ground"),
    ("offer", "order", "wrong_ground"),
    ("offer", "theft", "malformed"),
)
def test_a_ground_has_its_own_companion(world, batch, ground, lock_ground, code):
    said = {"taker": world["alice"].account, "until": NEXT_WEEK, "donation": False}

    def act():
        ties(world, batch, "owner", 10, "owner", ground=ground, lock_ground=lock_ground, **said)

    refusal = refused(world, act)

    assert refusal.code == code
    assert figures(world, batch) == (1_000, 0, 0, 0)


def test_nobody_locks_for_themselves_what_another_holds(world, batch):
    world.transfers(batch, "owner", "alice", 10)
    body = {
        "holder": world["owner"].account,
        "owner": world["alice"].account,
        "amount_g": 5,
        "standard": "SCFG",
        "range": None,
        "ground": "offer",
    }
    said = {"taker": world["bob"].account, "until": NEXT_WEEK, "donation": False}
    offered = {**said, "batch": batch, "standard": "SCFG", "amount_g": 5}
    parts = [
        (batch, [("batch.locked.v1", body)]),
        (world["alice"].account, [("account.offered.v1", offered)]),
    ]

    refusal = refused(world, lambda: world.do("alice", parts=parts))

    assert refusal.code == "parts_differ"


def test_a_lock_is_released_whole(world, batch):
    tied = offers(world, batch, "owner", "alice", 300)

    part = refused(world, lambda: unties(world, tied, WITHDRAWN, "owner", grams=299))
    beyond = refused(world, lambda: unties(world, tied, WITHDRAWN, "owner", grams=301))

    assert (part.code, part.facts["left_g"]) == ("lock_not_released", 1)
    assert beyond.code == "insufficient_holding"
    assert figures(world, batch) == (700, 300, 0, 0)


def test_a_settlement_releases_in_parts_until_nothing_is_left(world, batch):
    mandate = meant(mandates(world))
    tied = reserves(world, batch, "owner", 300, mandate)

    settles(world, tied, "alice", 100)
    first = held(world, batch, "alice")
    settles(world, tied, "bob", 50)
    rest = list(world.state(batch).locks[tied.means[0]].left)
    ends = unties(
        world,
        tied,
        "account.reserve_ended.v1",
        "exchange",
        grams=150,
        venue=world["exchange"].account,
    )

    assert first == [(0, 100)]
    assert held(world, batch, "bob") == [(100, 150)]
    assert rest == [(150, 300)]
    assert ends.index == world.replay.size - 1
    assert figures(world, batch) == (1_000, 0, 0, 0)


def test_a_reserve_that_ends_ends_whole(world, batch):
    tied = reserves(world, batch, "owner", 300, meant(mandates(world)))
    settles(world, tied, "alice", 100)

    refusal = refused(world, lambda: ends_reserve(world, tied))

    assert refusal.code in {"insufficient_holding", "wrong_amount"}
    assert figures(world, batch)[1] == 200


def test_a_pledge_goes_back_to_who_pledged(world, batch):
    tied = pledges(world, batch, "owner", "bob", 40)

    releases_pledge(world, tied, "bob")

    assert held(world, batch, "owner") == [(0, 1_000)]


def test_a_court_takes_part_of_what_is_locked(world, batch):
    tied = offers(world, batch, "owner", "alice", 300)

    seizes_locked(world, tied, "court", 120)

    assert held(world, batch, "court") == [(0, 120)]
    assert list(world.state(batch).locks[tied.means[0]].left) == [(120, 300)]


def test_the_whole_life_of_a_frozen_range(world, batch):
    tied = freezes_range(world, batch, "owner", 1_000)
    moved = refused(world, lambda: world.transfers(batch, "owner", "alice", 1))
    lifts_range(world, tied, tied.means, "court")

    assert moved.code == "insufficient_holding"
    assert held(world, batch, "owner") == [(0, 1_000)]


def test_units_retired_at_home_are_locked_by_a_freeze_alone(world):
    batch = world.deposits("A-1-2", 2 * GRAMS, retired_at_home=True)

    def lock(ground, *by, kind, **said):
        of = {"standard": "VCU", "amount_g": 5}
        owner = world["owner"].account
        locked = {**of, "holder": owner, "owner": owner, "range": None, "ground": ground}
        parts = [
            (batch, [("batch.locked.v1", locked)]),
            (owner, [(kind, {**of, "batch": batch, **said})]),
        ]
        return world.do(*by, parts=parts)

    taker = {"taker": world["alice"].account, "until": NEXT_WEEK, "donation": False}
    ruling = {
        "authority": world["court"].account,
        "until": NEXT_WEEK,
        "document": digest("ruling"),
    }
    offered = refused(world, lambda: lock("offer", "owner", kind="account.offered.v1", **taker))
    lock("freeze", "court", "one", kind="account.range_frozen.v1", **ruling)

    assert offered.code == "retired_at_home"
    assert world.state(batch).locked_g == 5


# ---- the buffer


def test_an_issue_leaves_the_share_of_policy_to_the_buffer(world):
    set_policy(world, "buffer_share", subject="SCFG", number=125)
    project = verified(world, 1_001)

    bare = refused(world, lambda: world.issues(1_001, project=project))
    little = refused(world, lambda: issues_buffered(world, 1_001, 125, project=project))
    batch = issues_buffered(world, 1_001, 126, project=project)

    assert bare.code == little.code == "buffer_share_missing"
    assert (little.facts["buffered_g"], little.facts["least_g"]) == (125, 126)
    assert figures(world, batch) == (875, 126, 0, 0)
    ((_, lock),) = world.state(batch).locks.items()
    assert (lock.ground, lock.owner) == ("buffer", world["buffer"].account)
    assert held(world, batch, "owner") == [(126, 1_001)]


@table(
    "number, subject",
    (None, "no policy"),
    (0, "SCFG"),
    (1_000, "VCU"),
)
def test_without_such_a_policy_nothing_is_asked(world, number, subject):
    if number is not None:
        set_policy(world, "buffer_share", subject=subject, number=number)

    batch = world.issues(1_000)

    assert figures(world, batch) == (1_000, 0, 0, 0)


@table(
    "changed, code",
    ({"ground": "offer"}, "wrong_ground"),
    ({"ground": "campaign"}, "wrong_ground"),
    ({"standard": "VCU"}, "parts_differ"),
    ({"amount_g": 1_001}, "insufficient_holding"),
    ({"range": (0, 9)}, "wrong_amount"),
)
def test_what_is_locked_at_an_issue_is_for_the_buffer(world, changed, code):
    project = verified(world, 1_000)

    refusal = refused(world, lambda: issues_buffered(world, 1_000, 10, project=project, **changed))

    assert refusal.code == code


def test_the_buffer_is_an_account_with_that_role(world):
    alice, project = world["alice"].account, verified(world, 1_000)

    refusal = refused(
        world, lambda: issues_buffered(world, 1_000, 10, project=project, owner=alice)
    )

    assert refusal.code == "role_missing"


def test_what_is_buffered_is_released_by_the_authority_and_an_officer_in_parts(world):
    batch = issues_buffered(world, 1_000, 100)
    lock = meant(world.additions[-1])

    alone = refused(world, lambda: releases_buffer(world, batch, lock, 30, "one", "two"))
    releases_buffer(world, batch, lock, 30)
    releases_buffer(world, batch, lock, 70, taker=world["alice"].account)

    assert alone.code == "role_missing"
    assert held(world, batch, "owner") == [(0, 30), (100, 1_000)]
    assert held(world, batch, "alice") == [(30, 100)]
    assert len(world.state(batch).locks) == 0


@table(
    "changed, code",
    ({"owner": "account/" + "a" * 16}, "not_the_owner"),
    ({"taker": "account/" + "a" * 16}, "account_not_open"),
    ({"standard": "VCU"}, "wrong_standard"),
    ({"amount_g": 101}, "insufficient_holding"),
)
def test_a_release_from_the_buffer_is_refused(world, changed, code):
    batch = issues_buffered(world, 1_000, 100)
    lock = meant(world.additions[-1])

    refusal = refused(world, lambda: releases_buffer(world, batch, lock, 30, **changed))

    assert refusal.code == code
    assert figures(world, batch) == (900, 100, 0, 0)


def test_only_a_lock_is_released_and_only_the_buffers_alone(world, batch):
    tied = offers(world, batch, "owner", "alice", 300)
    owner = world["owner"].account

    nothing = refused(
        world, lambda: releases_buffer(world, batch, meant(world.additions[0]), 1, owner=owner)
    )
    offered = refused(world, lambda: releases_buffer(world, batch, tied.means, 300, owner=owner))

    assert nothing.code == "wrong_entry_meant"
    assert offered.code == "wrong_ground"


def test_buffered_grams_are_cancelled_after_a_reversal(world):
    batch = issues_buffered(world, 1_000, 100)
    lock = meant(world.additions[-1])
    of = {"reason": "reversal", "means": lock}

    cancels(world, batch, "buffer", 40, **of)
    cancels(world, batch, "buffer", 10, range=(90, 100), **of)

    assert figures(world, batch) == (900, 50, 0, 50)
    assert list(world.state(batch).locks[lock[0]].left) == [(40, 90)]


def test_out_of_other_locks_nothing_is_cancelled(world, batch):
    tied = offers(world, batch, "owner", "alice", 300)

    refusal = refused(world, lambda: cancels(world, batch, "owner", 5, means=tied.means))

    assert refusal.code == "wrong_ground"


def test_an_account_that_is_frozen_lets_nothing_go(world, batch):
    tied = offers(world, batch, "owner", "alice", 300)
    freezes(world, "owner")

    for act in (
        lambda: world.transfers(batch, "owner", "alice", 1),
        lambda: world.retires(batch, "owner", 1),
        lambda: world.imports(batch, "owner", 1),
        lambda: carves(world, batch, "owner", 1),
        lambda: offers(world, batch, "owner", "bob", 1),
        lambda: accepts(world, tied, "alice"),
    ):
        refusal = refused(world, act)
        assert refusal.code == "account_frozen"
        assert refusal.facts["entries"] == [world.replay.size - 1]


def test_a_frozen_account_still_receives(world, batch):
    freezes(world, "alice")

    world.transfers(batch, "owner", "alice", 5)

    assert held(world, batch, "alice") == [(0, 5)]
