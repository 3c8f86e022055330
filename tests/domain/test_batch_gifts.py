"""Gifts: cut out of a lock in the order of their rows, waiting for their takers, claimed, used up, or returned."""

import pytest
from rpds import HashTrieMap

from registry.domain import holdings
from registry.domain.ranges import Ranges
from registry.ledger import canonical
from tests.world import refused, table
from tests.worlds_accounts import says, set_policy
from tests.worlds_batches import (
    bearer,
    cancels,
    carves,
    claim_retires,
    meant,
    reinstates,
    suspends,
)
from tests.worlds_conduct import lists, sets_policy
from tests.worlds_giving import AFTER_US, claims, funded_campaign, gives, giving_world, returns


@pytest.fixture
def world():
    world = giving_world()
    bearer(world, "guest")
    return world


@pytest.fixture
def given(world):
    """A campaign of which alice was given 10 g, a guest 20 g, and alice 5 g again; the rest is not given."""
    campaign, child, lock = funded_campaign(world, 100)
    rows = [("alice", 10), ("guest", 20), ("alice", 5)]
    gives(world, campaign, child, lock, [(world[name].account, grams) for name, grams in rows])
    return campaign, child, lock


def waiting(world, child, name):
    return list(world.state(child).given_to(world[name].account))


def held(world, child, name):
    return list(world.state(child).holding(world[name].account))


def figures(world, child):
    state = world.state(child)
    assert state.conserved
    return state.held_g, state.locked_g, state.retired_g


def test_gifts_are_cut_in_the_order_of_their_rows_and_wait(world, given):
    _, child, lock = given

    assert waiting(world, child, "alice") == [(0, 10), (30, 35)]
    assert waiting(world, child, "guest") == [(10, 30)]
    assert list(world.state(child).locks[lock[0]].left) == [(35, 100)]
    assert figures(world, child) == (0, 100, 0)


def test_a_guest_without_an_account_claims_into_one(world, given):
    _, child, _ = given

    claims(world, child, "guest", "bob", 12)

    assert held(world, child, "bob") == [(10, 22)]
    assert waiting(world, child, "guest") == [(22, 30)]
    assert figures(world, child) == (12, 88, 0)


def test_a_guest_uses_a_gift_up_without_any_account(world, given):
    _, child, _ = given

    number = claim_retires(world, child, "guest", 20)

    certificate = world.state(number)
    assert (certificate.amount_g, certificate.holder) == (20, world["guest"].account)
    assert figures(world, child) == (0, 80, 20)
    assert waiting(world, child, "guest") == []


def test_an_account_uses_a_gift_up_by_the_rules_of_every_retirement_and_a_guest_by_none(
    world, given
):
    _, child, _ = given
    lists(world, "alice")
    sets_policy(world, "breach_forbids", "retire")

    listed = refused(world, lambda: claim_retires(world, child, "alice", 1))
    sets_policy(world, "breach_forbids")
    sets_policy(world, "second_person_over", "retire", number=9)
    alone = refused(world, lambda: claim_retires(world, child, "alice", 10))
    claim_retires(world, child, "alice", 9)
    claim_retires(world, child, "guest", 20)

    assert (listed.code, alone.code) == ("forbidden_by_standing", "second_person_needed")
    assert figures(world, child) == (0, 71, 29)


@table(
    "act, code",
    (lambda w, b: claims(w, b, "guest", "bob", 21), "insufficient_holding"),
    (lambda w, b: claims(w, b, "bob", "bob", 1), "insufficient_holding"),
    (lambda w, b: claim_retires(w, b, "guest", 21), "insufficient_holding"),
    (lambda w, b: claim_retires(w, b, "bob", 1), "insufficient_holding"),
    (lambda w, b: claims(w, b, "alice", "bob", 1), "gift_retire_only"),
    (lambda w, b: w.transfers(b, "alice", "bob", 1), "insufficient_holding"),
    (lambda w, b: w.retires(b, "alice", 1), "insufficient_holding"),
)
def test_a_claim_is_refused(world, given, act, code):
    _, child, _ = given

    refusal = refused(world, lambda: act(world, child))

    assert refusal.code == code
    assert figures(world, child) == (0, 100, 0)


def test_only_the_key_that_was_named_claims(world, given):
    _, child, _ = given
    thief = bearer(world, "thief")
    body = {
        "holder": world["guest"].account,
        "taker": world["bob"].account,
        "amount_g": 1,
        "standard": "SCFG",
    }

    other = refused(world, lambda: world.do("thief", parts=[(child, [("batch.claimed.v1", body)])]))
    thief.account = world["guest"].account
    forged = refused(
        world, lambda: world.do("thief", parts=[(child, [("batch.claimed.v1", body)])])
    )

    assert (other.code, forged.code) == ("wrong_signers", "key_not_valid")


def test_what_was_given_to_be_used_up_moves_no_further(world, given):
    _, child, _ = given
    claims(world, child, "alice", "alice", 15)

    for act in (
        lambda: world.transfers(child, "alice", "bob", 1),
        lambda: world.transfers(child, "alice", "bob", 5, range=(30, 35)),
        lambda: carves(world, child, "alice", 1),
    ):
        assert refused(world, act).code == "gift_retire_only"
    world.retires(child, "alice", 15)

    assert figures(world, child) == (0, 85, 15)


def test_what_was_given_freely_moves_on(world):
    campaign, child, lock = funded_campaign(world, 100, retire_only=False)
    rows = [(world["alice"].account, 10)]
    gives(world, campaign, child, lock, rows, given={"retire_only": False})

    claims(world, child, "alice", "bob", 4)
    claims(world, child, "alice", "alice", 6)
    world.transfers(child, "alice", "bob", 6)

    assert held(world, child, "bob") == [(0, 10)]


def test_who_asks_to_accept_is_given_nothing_by_others_claims(world, given):
    _, child, _ = given
    says(world, "bob", "account.acceptance_set.v1", required=True)

    pushed = refused(world, lambda: claims(world, child, "guest", "bob", 1))
    says(world, "alice", "account.acceptance_set.v1", required=True)
    claims(world, child, "alice", "alice", 1)

    assert pushed.code == "acceptance_needed"
    assert held(world, child, "alice") == [(0, 1)]


def test_nothing_is_claimed_or_given_while_the_batch_is_suspended_and_all_comes_back(world, given):
    campaign, child, lock = given
    made = suspends(world, child)

    claimed = refused(world, lambda: claims(world, child, "alice", "alice", 1))
    used = refused(world, lambda: claim_retires(world, child, "guest", 1))
    more = refused(world, lambda: gives(world, campaign, child, lock, [(world["bob"].account, 1)]))
    world.now_us = AFTER_US
    returns(world, campaign, child, lock, 100)
    cancels(world, child, "owner", 60)
    reinstates(world, child, meant(made))

    assert claimed.code == used.code == more.code == "batch_suspended"
    assert figures(world, child) == (40, 0, 0)


def test_what_nobody_claimed_returns_with_what_was_never_given(world, given):
    campaign, child, lock = given
    claims(world, child, "alice", "alice", 4)
    world.now_us = AFTER_US

    first = returns(world, campaign, child, lock, 28)
    guest = waiting(world, child, "guest")
    second = returns(world, campaign, child, lock, 68)

    assert guest == []
    assert waiting(world, child, "alice") == []
    assert held(world, child, "owner") == [(4, 100)]
    assert len(world.state(child).waiting) == 0
    assert _said(first) == {"given_g": 28, "left_g": 68, "ranges": [[4, 32]]}
    assert _said(second) == {"given_g": 3, "left_g": 0, "ranges": [[32, 100]]}
    assert figures(world, child) == (100, 0, 0)


def test_nothing_returns_only_where_nothing_is_left(world, given):
    campaign, child, lock = given
    world.now_us = AFTER_US

    some = refused(world, lambda: returns(world, campaign, child, lock, 0))
    much = refused(world, lambda: returns(world, campaign, child, lock, 101))

    assert (some.code, much.code) == ("wrong_amount", "insufficient_holding")


def test_where_all_was_claimed_nothing_returns(world):
    campaign, child, lock = funded_campaign(world, 10)
    gives(world, campaign, child, lock, [(world["alice"].account, 10)])
    claims(world, child, "alice", "alice", 10)
    world.now_us = AFTER_US

    made = returns(world, campaign, child, lock, 0)

    assert _said(made) == {"given_g": 0, "left_g": 0, "ranges": []}


def test_a_claim_after_a_partial_return_finds_what_is_left(world, given):
    campaign, child, lock = given
    world.now_us = AFTER_US
    returns(world, campaign, child, lock, 12)

    claims(world, child, "guest", "bob", 18)
    late = refused(world, lambda: claims(world, child, "alice", "alice", 6))
    claims(world, child, "alice", "alice", 5)

    assert late.code == "insufficient_holding"
    assert held(world, child, "bob") == [(12, 30)]
    assert held(world, child, "alice") == [(30, 35)]
    assert held(world, child, "owner") == [(0, 12)]


def test_what_comes_back_of_a_gift_may_move_again(world, given):
    campaign, child, lock = given
    world.now_us = AFTER_US
    returns(world, campaign, child, lock, 100)

    world.transfers(child, "owner", "bob", 100)

    assert held(world, child, "bob") == [(0, 100)]


def test_large_gifts_take_a_second_person_where_policy_says(world):
    campaign, child, lock = funded_campaign(world, 100)
    set_policy(world, "second_person_over", codes=("give",), number=10)
    rows = [(world["alice"].account, 6), (world["bob"].account, 5)]

    alone = refused(world, lambda: gives(world, campaign, child, lock, rows))
    gives(world, campaign, child, lock, rows, second="one")
    gives(world, campaign, child, lock, [(world["alice"].account, 10)])

    assert alone.code == "second_person_needed"
    assert figures(world, child) == (0, 100, 0)
    assert waiting(world, child, "alice") == [(0, 6), (11, 21)]


def test_an_organisers_lock_may_be_cancelled_from(world, given):
    _, child, lock = given

    cancels(world, child, "owner", 5, means=lock)

    assert list(world.state(child).locks[lock[0]].left) == [(40, 100)]


def test_a_hundred_thousand_gifts_are_cut_as_exactly_as_ten():
    count = 100_000
    rows = [(f"bearer/{number:052}", 27, number * 27) for number in range(count)]

    waiting = holdings.shared_out(HashTrieMap(), [(0, 1_000), (2_000, 27 * count + 1_000)], rows)

    assert len(waiting) == count
    assert gathered(waiting) == [(0, 1_000), (2_000, 27 * count + 1_000)]
    assert list(waiting[rows[37][0]]) == [(999, 1_000), (2_000, 2_026)]
    assert list(waiting[rows[-1][0]]) == [(27 * count + 973, 27 * count + 1_000)]


def gathered(waiting):
    return list(holdings.gathered(own for _, own in waiting.items()))


def test_all_that_is_left_is_gathered_in_order():
    left = holdings.gathered([Ranges.of([(5, 9), (20, 30)]), Ranges.of([(0, 5)]), Ranges()])

    assert list(left) == [(0, 9), (20, 30)]
    assert left.total_g == 19


@table(
    "own, ranges, common",
    ([(0, 10)], [(2, 4), (6, 20)], ((2, 4), (6, 10))),
    ([(0, 3), (5, 8)], [(2, 6)], ((2, 3), (5, 6))),
    ([(4, 6)], [(0, 4), (6, 9)], ()),
    ([(4, 6)], [(8, 9)], ()),
    ([], [(0, 9)], ()),
)
def test_what_is_common_is_found_in_order(own, ranges, common):
    assert holdings.common(Ranges.of(own), ranges) == common


def _said(made):
    """The outcome of the first part."""
    return canonical.decode(made.data, bytes_max=65_535)[5][0][2][0]
