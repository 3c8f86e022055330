"""The life of an account: mandates, acceptance, closing, merging, succession, notices, what binds it."""

import pytest

from tests.world import Person, digest, refused, table
from tests.worlds_accounts import (
    DAY_US,
    LAST_WEEK,
    NEXT_WEEK,
    TODAY,
    devolves,
    freezes,
    mandates,
    meant,
    merges,
    offers,
    reserves,
    says,
    seizes,
    staffed,
    succeeds,
)
from tests.worlds_giving import closes_campaign, opens_campaign

NOBODY = "account/" + "a" * 16


@pytest.fixture
def world():
    return staffed()


@pytest.fixture
def batch(world):
    return world.issues(1_000)


def state_of(world, name):
    return world.state(world[name].account)


def closes(world, name):
    return says(world, name, "account.closed.v1")


def held_by(world, batch, name):
    return world.state(batch).holding(world[name].account).total_g


def test_a_mandate_stands_until_it_is_taken_back(world):
    given = meant(mandates(world, standards=("SCFG", "VCU")))
    mandate = state_of(world, "owner").mandates[given[0]]

    says(world, "owner", "account.mandate_ended.v1", means=given)

    assert (mandate.exchange, mandate.until) == (world["exchange"].account, NEXT_WEEK)
    assert mandate.standards == ("SCFG", "VCU")
    assert dict(state_of(world, "owner").mandates) == {}


def test_a_mandate_of_yesterday_lets_nobody_reserve(world, batch):
    given = meant(mandates(world, until=TODAY))
    reserves(world, batch, "owner", 1, given)
    world.now_us += DAY_US

    refusal = refused(world, lambda: reserves(world, batch, "owner", 1, given))

    assert refusal.code == "no_mandate"
    assert len(state_of(world, "owner").ties) == 1


def test_who_wants_to_accept_first_may_change_their_mind(world, batch):
    says(world, "alice", "account.acceptance_set.v1", required=True)
    asked = state_of(world, "alice").acceptance

    says(world, "alice", "account.acceptance_set.v1", required=False)
    world.transfers(batch, "owner", "alice", 1)

    assert asked
    assert held_by(world, batch, "alice") == 1


def test_a_closed_account_receives_nothing_and_sends_and_retires_what_it_has(world, batch):
    closed = closes(world, "owner")

    refusal = refused(world, lambda: world.transfers(batch, "alice", "owner", 1))
    world.transfers(batch, "owner", "alice", 400)
    world.retires(batch, "owner", 600)

    owner = state_of(world, "owner")
    assert refusal.code == "account_not_open"
    assert (owner.is_begun, owner.is_open, owner.closed) == (True, False, closed.index)
    assert (held_by(world, batch, "alice"), world.state(batch).retired_g) == (400, 600)


def test_the_keys_of_a_closed_account_are_still_its_own(world, batch):
    closes(world, "owner")

    world.adds_key("owner two", "owner")
    world.recovers("owner three", "owner")
    world.transfers(batch, "owner three", "alice", 1)

    assert held_by(world, batch, "alice") == 1


def test_the_mandates_of_an_account_end_when_it_closes(world):
    mandates(world)

    closes(world, "owner")

    assert dict(state_of(world, "owner").mandates) == {}


def test_an_account_closes_once_and_is_never_opened_again(world):
    closes(world, "owner")
    owner = world["owner"]
    again = world.opening(owner, owner.account)

    twice = refused(world, lambda: closes(world, "owner"))
    opened = refused(
        world,
        lambda: world.do("one", parts=[(owner.account, [("account.opened.v1", again)])]),
    )

    assert (twice.code, opened.code) == ("account_not_open", "already_open")


def test_a_merged_account_is_closed_and_says_into_which(world, batch):
    merged = merges(world, "owner", "alice")

    owner = state_of(world, "owner")
    assert (owner.closed, owner.successor) == (merged.index, world["alice"].account)
    world.transfers(batch, "owner", "alice", 1_000)
    assert held_by(world, batch, "alice") == 1_000


def test_a_subsidiary_merges_into_the_account_that_controls_it(world):
    world.opens("branch", controller=world["alice"].account)

    merges(world, "branch", "alice")

    assert state_of(world, "branch").successor == world["alice"].account


def test_after_a_succession_nobody_has_a_key_of_the_account(world, batch):
    for name in ("owner two", "owner three"):
        world.adds_key(name, "owner")
    ended = world.ends_key("owner three", "owner")

    succeeds(world, "owner", "alice")
    first = refused(world, lambda: world.transfers(batch, "owner", "alice", 1))
    second = refused(world, lambda: world.transfers(batch, "owner two", "alice", 1))

    owner = state_of(world, "owner")
    assert not owner.is_open
    assert owner.successor == world["alice"].account
    assert owner.keys[world["owner three"].key].ended == ended.index
    assert (first.code, second.code) == ("key_not_valid", "key_not_valid")


def test_what_is_left_goes_to_the_successor_by_two_officers(world, batch):
    succeeds(world, "owner", "alice")

    devolves(world, batch, "owner", "alice", 1_000)

    assert held_by(world, batch, "alice") == 1_000


@pytest.mark.parametrize("reason", ["dissolution", "division", "liquidation"])
def test_without_one_successor_grams_go_where_two_officers_say(world, batch, reason):
    devolves(world, batch, "owner", "bob", 10, reason=reason)

    assert held_by(world, batch, "bob") == 10


def test_a_succession_comes_though_something_is_tied(world, batch):
    offers(world, batch, "owner", "bob", 10)

    succeeds(world, "owner", "alice")

    assert len(state_of(world, "owner").ties) == 1


def test_whoever_closed_an_account_may_be_succeeded_later(world):
    closed = closes(world, "owner")

    succeeds(world, "owner", "alice")

    owner = state_of(world, "owner")
    assert (owner.closed, owner.successor) == (closed.index, world["alice"].account)


def test_a_notice_is_recorded_with_the_entry_that_it_is_about(world):
    frozen = meant(freezes(world, "owner"))

    said = {"means": frozen, "channel": "in_person", "document": digest("receipt")}
    says(world, "owner", "account.notified.v1", "one", **said)

    assert state_of(world, "owner").notices == 1


def test_a_frozen_account_may_be_taken_from_by_a_court_and_not_by_its_heir(world, batch):
    freezes(world, "owner")
    succeeds(world, "owner", "alice")

    refusal = refused(world, lambda: devolves(world, batch, "owner", "alice", 1))
    seizes(world, batch, "owner", "bob", 1)

    assert refusal.code == "account_frozen"
    assert held_by(world, batch, "bob") == 1


def nothing(world, batch):
    """Everything as it is."""


def closed_alice(world, _batch):
    closes(world, "alice")


def closed_owner(world, _batch):
    closes(world, "owner")


def frozen(world, _batch):
    freezes(world, "owner")


def tied(world, batch):
    offers(world, batch, "owner", "alice", 1)


def succeeded(world, _batch):
    succeeds(world, "owner", "alice")


def controlled(world, _batch):
    world.opens("branch", controller=world["one"].account)


def second_hat(world, _batch):
    """An account with the role of an officer, whose person is that of the other."""
    world.opens("three", controller=world["one"].account, role="officer")


@table(
    "given, act, code",
    (nothing, lambda w, _b: mandates(w, until=LAST_WEEK), "day_passed"),
    (nothing, lambda w, _b: mandates(w, exchange=w["alice"].account), "role_missing"),
    (nothing, lambda w, _b: mandates(w, "ghost"), "key_not_valid"),
    (closed_owner, lambda w, _b: mandates(w), "account_not_open"),
    (
        nothing,
        lambda w, b: says(w, "owner", "account.mandate_ended.v1", means=w.issuing(b)),
        "no_mandate",
    ),
    (
        closed_owner,
        lambda w, _b: says(w, "owner", "account.acceptance_set.v1", required=True),
        "account_not_open",
    ),
    (frozen, lambda w, _b: closes(w, "owner"), "account_frozen"),
    (tied, lambda w, _b: closes(w, "owner"), "account_bound"),
    (tied, lambda w, _b: merges(w, "owner", "alice"), "account_bound"),
    (nothing, lambda w, _b: closes(w, "exchange"), "role_held"),
    (nothing, lambda w, _b: says(w, "owner", "account.closed.v1", "one"), "wrong_signers"),
    (closed_alice, lambda w, _b: merges(w, "owner", "alice"), "account_not_open"),
    (
        nothing,
        lambda w, _b: merges(w, "owner", "alice", "owner", "alice", "one", "bob"),
        "role_missing",
    ),
    (controlled, lambda w, _b: merges(w, "branch", "alice"), "own_account"),
    (controlled, lambda w, _b: merges(w, "alice", "branch"), "own_account"),
    (
        second_hat,
        lambda w, _b: merges(w, "owner", "alice", "owner", "alice", "one", "three"),
        "not_distinct",
    ),
    (
        second_hat,
        lambda w, _b: succeeds(w, "owner", "alice", "one", "three", "alice"),
        "not_distinct",
    ),
    (nothing, lambda w, _b: succeeds(w, "owner", "owner"), "to_itself"),
    (succeeded, lambda w, _b: succeeds(w, "owner", "bob"), "already_succeeded"),
    (succeeded, lambda w, _b: w.announces("late key", "owner"), "already_succeeded"),
    (closed_alice, lambda w, _b: succeeds(w, "owner", "alice"), "account_not_open"),
    (nothing, lambda w, _b: succeeds(w, "ghost", "alice"), "account_not_open"),
    (nothing, lambda w, b: devolves(w, b, "owner", "alice", 1), "not_the_successor"),
    (nothing, lambda w, b: devolves(w, b, "owner", "one", 1), "own_account"),
    (controlled, lambda w, b: devolves(w, b, "owner", "branch", 1), "own_account"),
    (nothing, lambda w, b: devolves(w, b, "owner", "owner", 1), "to_itself"),
    (
        nothing,
        lambda w, _b: succeeds(w, "one", "alice"),
        "own_account",
    ),
    (succeeded, lambda w, b: devolves(w, b, "owner", "bob", 1), "not_the_successor"),
    (
        succeeded,
        lambda w, b: devolves(w, b, "owner", "bob", 1, reason="merger"),
        "not_the_successor",
    ),
    (
        closed_alice,
        lambda w, _b: w.opens("branch", controller=w["alice"].account),
        "not_a_controller",
    ),
    (closed_alice, lambda w, _b: w.grants(w["alice"].account, "court"), "account_not_open"),
)
def test_the_life_of_an_account_is_refused(world, batch, given, act, code):
    world.people["ghost"] = Person("ghost", NOBODY)
    given(world, batch)

    refusal = refused(world, lambda: act(world, batch))

    assert refusal.code == code


def test_no_key_comes_to_an_account_after_its_succession(world):
    means = world.announces("new key", "owner")
    succeeds(world, "owner", "alice")
    world.now_us += 7 * DAY_US

    refusal = refused(world, lambda: world.ends_recovery("recovered", "owner", means))

    assert refusal.code == "already_succeeded"
    assert not state_of(world, "owner").speaks(world["new key"].key)


def test_an_account_closes_after_its_campaigns(world):
    campaign = opens_campaign(world)

    early = refused(world, lambda: closes(world, "owner"))
    closes_campaign(world, campaign)
    closes(world, "owner")

    assert (early.code, early.facts["bonds"]) == ("account_bound", [campaign])
    assert not state_of(world, "owner").is_open


def test_a_closed_account_begins_no_campaign(world):
    closes(world, "owner")

    refusal = refused(world, lambda: opens_campaign(world))

    assert refusal.code == "account_not_open"


def test_what_still_binds_an_account_is_named(world, batch):
    offer = offers(world, batch, "owner", "alice", 1)

    refusal = refused(world, lambda: closes(world, "owner"))

    assert refusal.facts == {
        "account": world["owner"].account,
        "ties": [offer.means[0]],
        "bonds": [],
    }
