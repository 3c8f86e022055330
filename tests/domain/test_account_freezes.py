"""Freezes: of an account or a range, renewed, waiting, consented to, lifted, ended."""

import pytest

from tests.world import Person, digest, refused, table
from tests.worlds_accounts import (
    DAY_US,
    LAST_WEEK,
    NEXT_WEEK,
    TODAY,
    TOMORROW,
    accepts,
    ends_freeze_of_range,
    freezes,
    freezes_range,
    lifts,
    lifts_range,
    meant,
    offers,
    queues,
    renews,
    says,
    seizes,
    seizes_locked,
    staffed,
)

NOBODY = "account/" + "a" * 16
ORDER = "order/" + "a" * 16
OTHER_NOBODY = "account/" + "a" * 16
ORDER = "order/" + "b" * 16


@pytest.fixture
def world():
    return staffed()


@pytest.fixture
def batch(world):
    return world.issues(1_000)


def owner(world):
    return world.state(world["owner"].account)


def consents(world, means, order=ORDER, authority="court"):
    said = {"means": means, "authority": world[authority].account, "order": order}
    return says(world, "owner", "account.freeze_consented.v1", authority, **said)


def ends(world, means):
    return says(world, "owner", "account.freeze_ended.v1", "one", means=means)


def test_nothing_leaves_a_frozen_account_and_everything_reaches_it(world, batch):
    world.transfers(batch, "owner", "alice", 100)
    frozen = freezes(world, "owner")

    refusals = [
        refused(world, lambda: world.transfers(batch, "owner", "alice", 1)),
        refused(world, lambda: world.retires(batch, "owner", 1)),
        refused(world, lambda: offers(world, batch, "owner", "alice", 1)),
    ]
    world.transfers(batch, "alice", "owner", 100)

    assert {refusal.code for refusal in refusals} == {"account_frozen"}
    assert {tuple(refusal.facts["entries"]) for refusal in refusals} == {(frozen.index,)}
    assert world.state(batch).holding(world["owner"].account).total_g == 1_000


def test_what_was_offered_before_a_freeze_is_not_accepted_under_it(world, batch):
    offer = offers(world, batch, "owner", "alice", 10)
    freezes(world, "owner")

    refusal = refused(world, lambda: accepts(world, offer, "alice"))

    assert refusal.code == "account_frozen"


def test_a_second_freeze_waits_and_is_in_force_when_the_first_is_lifted(world, batch):
    first = freezes(world, "owner")
    second = freezes(world, "owner", authority="authority")

    lifts(world, "owner", meant(first))
    refusal = refused(world, lambda: world.transfers(batch, "owner", "alice", 1))
    lifts(world, "owner", meant(second), authority="authority")
    world.transfers(batch, "owner", "alice", 1)

    assert refusal.facts["entries"] == [second.index]
    assert owner(world).freezes == ()


def test_the_freeze_that_waits_may_go_before_the_one_in_force(world):
    first = freezes(world, "owner")
    second = freezes(world, "owner", authority="authority")

    lifts(world, "owner", meant(second), authority="authority")

    assert [freeze.index for freeze in owner(world).freezes_of(None)] == [first.index]


def test_a_freeze_is_renewed_until_a_later_day(world):
    frozen = freezes(world, "owner")

    renews(world, "owner", meant(frozen), until="2026-12-31")

    (freeze,) = owner(world).freezes
    assert (freeze.index, freeze.until) == (frozen.index, "2026-12-31")


def test_a_freeze_stands_after_its_day_until_an_officer_records_its_end(world, batch):
    frozen = freezes(world, "owner", until=TOMORROW)
    world.now_us += DAY_US
    early = refused(world, lambda: ends(world, meant(frozen)))
    world.now_us += DAY_US

    still = refused(world, lambda: world.transfers(batch, "owner", "alice", 1))
    ends(world, meant(frozen))

    assert (early.code, still.code) == ("too_early", "account_frozen")
    assert early.facts["not_before"] == "2026-09-23"
    world.transfers(batch, "owner", "alice", 1)


def test_a_freeze_is_renewed_after_its_day_if_nobody_ended_it(world):
    frozen = freezes(world, "owner", until=TOMORROW)
    world.now_us += 3 * DAY_US

    in_the_past = refused(world, lambda: renews(world, "owner", meant(frozen), until="2026-09-23"))
    renews(world, "owner", meant(frozen), until="2026-09-24")

    assert in_the_past.code == "not_later"
    assert owner(world).freezes[0].until == "2026-09-24"


def test_consent_is_to_one_order_and_ends_with_the_freeze(world):
    frozen = freezes(world, "owner")

    consents(world, meant(frozen))

    assert owner(world).freezes[0].orders == {ORDER}
    lifts(world, "owner", meant(frozen))
    assert owner(world).freezes == ()


def test_a_frozen_range_is_locked_and_the_rest_moves(world, batch):
    range_ = freezes_range(world, batch, "owner", 900)

    world.transfers(batch, "owner", "alice", 100)
    refusal = refused(world, lambda: world.transfers(batch, "owner", "alice", 1))

    assert refusal.code == "insufficient_holding"
    assert world.state(batch).locked_g == 900
    assert owner(world).ties[range_.means[0]].amount_g == 900


def test_a_range_goes_from_freeze_to_freeze_before_it_is_released(world, batch):
    range_ = freezes_range(world, batch, "owner", 900)
    second = meant(queues(world, "owner", range_.means))

    early = refused(world, lambda: lifts_range(world, range_, range_.means, "court"))
    lifts(world, "owner", range_.means)
    bare = refused(world, lambda: lifts(world, "owner", second, authority="second court"))
    lifts_range(world, range_, second, "second court")

    assert (early.code, bare.code) == ("freeze_waiting", "lock_not_released")
    assert early.facts["entries"] == [second[0]]
    assert world.state(batch).holding(world["owner"].account).total_g == 1_000
    assert (owner(world).freezes, dict(owner(world).ties)) == ((), {})


def test_an_officer_ends_the_freeze_of_a_range_after_its_day(world, batch):
    range_ = freezes_range(world, batch, "owner", 900, until=TODAY)
    early = refused(world, lambda: ends_freeze_of_range(world, range_, range_.means))
    world.now_us += DAY_US

    ends_freeze_of_range(world, range_, range_.means)

    assert early.code == "too_early"
    assert world.state(batch).locked_g == 0


def test_ranges_are_frozen_each_with_a_queue_of_its_own(world, batch):
    one = freezes_range(world, batch, "owner", 100)
    other = freezes_range(world, batch, "owner", 200, authority="authority")
    queues(world, "owner", one.means)

    lifts_range(world, other, other.means, "authority")

    assert world.state(batch).locked_g == 100
    assert len(owner(world).freezes) == 2


def test_a_release_under_a_freeze_is_one_of_its_own_range(world, batch):
    one = freezes_range(world, batch, "owner", 100)
    other = freezes_range(world, batch, "owner", 100)

    refusal = refused(world, lambda: lifts_range(world, one, one.means, "court", lock=other.means))

    assert refusal.code == "wrong_entry_meant"


def test_a_court_takes_a_frozen_range_in_parts_and_who_waits_for_the_rest_waits_on(world, batch):
    range_ = freezes_range(world, batch, "owner", 900)
    queues(world, "owner", range_.means)

    seizes_locked(world, range_, "bob", 400)
    left = owner(world)
    seizes_locked(world, range_, "bob", 500)

    assert (left.ties[range_.means[0]].amount_g, len(left.freezes)) == (500, 2)
    assert (owner(world).freezes, dict(owner(world).ties)) == ((), {})
    assert world.state(batch).holding(world["bob"].account).total_g == 900


def test_a_court_reaches_into_a_frozen_account(world, batch):
    freezes(world, "owner")

    seizes(world, batch, "owner", "bob", 300)

    assert world.state(batch).holding(world["bob"].account).total_g == 300
    assert len(owner(world).freezes) == 1


def frozen_by(world, signers, **changed):
    said = {
        "authority": world["court"].account,
        "until": NEXT_WEEK,
        "document": digest("ruling"),
        **changed,
    }
    return says(world, "owner", "account.frozen.v1", *signers, **said)


def nothing(world, batch):
    """The account as it is."""


def whole(world, _batch):
    return meant(freezes(world, "owner"))


def a_range(world, batch):
    return freezes_range(world, batch, "owner", 10).means


def an_offer(world, batch):
    return offers(world, batch, "owner", "alice", 10).means


def another_entry(world, batch):
    return world.issuing(batch)


@table(
    "given, act, code",
    (nothing, lambda w, _b, _m: frozen_by(w, ("court",)), "wrong_signers"),
    (nothing, lambda w, _b, _m: frozen_by(w, ("second court", "one")), "wrong_signers"),
    (nothing, lambda w, _b, _m: frozen_by(w, ("court", "alice")), "role_missing"),
    (nothing, lambda w, _b, _m: freezes(w, "owner", authority="exchange"), "role_missing"),
    (nothing, lambda w, _b, _m: freezes(w, "owner", until=LAST_WEEK), "day_passed"),
    (nothing, lambda w, _b, _m: freezes(w, "ghost"), "account_not_open"),
    (nothing, lambda w, b, _m: freezes_range(w, b, "owner", 1_001), "insufficient_holding"),
    (nothing, lambda w, b, _m: freezes_range(w, b, "owner", 1, until=LAST_WEEK), "day_passed"),
    (
        nothing,
        lambda w, b, _m: freezes_range(w, b, "owner", 1, lock_ground="offer"),
        "wrong_ground",
    ),
    (whole, lambda w, _b, m: queues(w, "owner", m), "not_tied"),
    (an_offer, lambda w, _b, m: queues(w, "owner", m), "not_tied"),
    (a_range, lambda w, _b, m: queues(w, "owner", m, until=LAST_WEEK), "day_passed"),
    (another_entry, lambda w, _b, m: renews(w, "owner", m, until="2026-12-31"), "not_frozen"),
    (whole, lambda w, _b, m: renews(w, "owner", m), "not_later"),
    (whole, lambda w, _b, m: renews(w, "owner", m, until=TOMORROW), "not_later"),
    (
        whole,
        lambda w, _b, m: renews(w, "owner", m, until="2026-12-31", authority="second court"),
        "not_the_authority",
    ),
    (whole, lambda w, _b, m: consents(w, m, authority="second court"), "not_the_authority"),
    (a_range, lambda w, _b, m: consents(w, m), "wrong_entry_meant"),
    (another_entry, lambda w, _b, m: lifts(w, "owner", m), "not_frozen"),
    (
        whole,
        lambda w, _b, m: lifts(w, "owner", m, authority="second court"),
        "not_the_authority",
    ),
    (a_range, lambda w, _b, m: lifts(w, "owner", m), "lock_not_released"),
    (another_entry, lambda w, _b, m: ends(w, m), "not_frozen"),
    (whole, lambda w, _b, m: ends(w, m), "too_early"),
)
def test_a_freeze_is_refused(world, batch, given, act, code):
    world.people["ghost"] = Person("ghost", NOBODY)
    means = given(world, batch)

    refusal = refused(world, lambda: act(world, batch, means))

    assert refusal.code == code


def test_the_freeze_of_a_whole_account_releases_nothing(world, batch):
    frozen = meant(freezes(world, "owner"))
    range_ = freezes_range(world, batch, "owner", 10)

    refusal = refused(world, lambda: lifts_range(world, range_, frozen, "court"))

    assert refusal.code == "freeze_waiting"
