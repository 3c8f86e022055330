"""Accounts and the keys that speak for them."""

import pytest

from registry.domain import uscc
from registry.ledger import keys
from tests.world import Person, World, refused, table

NOBODY = "account/" + "a" * 16


@pytest.fixture
def world():
    world = World().begun()
    world.opens("alice")
    return world


def test_an_account_opens_with_its_first_key(world):
    bob = world.opens("bob", legal_form="person", custodial=True)

    state = world.state(bob.account)
    assert state.is_open
    assert (state.legal_form, state.controller) == ("person", bob.account)
    assert state.speaks(bob.key)
    assert state.keys[bob.key].custodial
    assert state.keys[bob.key].added == world.replay.size - 1


def test_an_account_may_be_controlled_by_one_that_controls_itself(world):
    bob = world.opens("bob", controller=world["alice"].account)

    assert world.state(bob.account).controller == world["alice"].account


def test_there_are_no_chains_of_controllers(world):
    bob = world.opens("bob", controller=world["alice"].account)

    refusal = refused(world, lambda: world.opens("carol", controller=bob.account))

    assert refusal.code == "not_a_controller"


def test_a_key_that_was_added_speaks_from_the_next_entry_on(world):
    added = world.adds_key("alice two", "alice")

    state = world.state(world["alice"].account)
    assert state.speaks(added.key)
    assert state.keys[added.key].added == world.replay.size - 1
    world.ends_key("alice", "alice two")
    assert not world.state(world["alice"].account).speaks(world["alice"].key)


def test_a_key_that_is_not_added_yet_signs_nothing(world):
    world.people["alice two"] = Person("alice two", world["alice"].account)

    refusal = refused(world, lambda: world.ends_key("alice", "alice two"))

    assert refusal.code == "key_not_valid"


def test_a_key_may_not_sign_the_very_act_that_adds_it(world):
    added = Person("alice two", world["alice"].account)
    world.people["alice two"] = added

    refusal = refused(world, lambda: world.adds_key("alice two", "alice two"))

    assert refusal.code == "key_not_valid"


def test_a_key_ends_for_the_very_next_entry_and_not_for_its_own(world):
    world.adds_key("alice two", "alice")

    world.ends_key("alice", "alice")
    refusal = refused(world, lambda: world.ends_key("alice two", "alice"))

    life = world.state(world["alice"].account).keys[world["alice"].key]
    assert life.ended == world.replay.size - 1
    assert refusal.code == "key_not_valid"


def test_an_ended_key_signs_nothing_however_early_the_clock_says_it_is(world):
    world.adds_key("alice two", "alice")
    world.ends_key("alice", "alice two")

    refusal = refused(world, lambda: world.adds_key("alice three", "alice"))

    assert world.replay.at_us == world.now_us
    assert refusal.code == "key_not_valid"


def test_a_key_of_another_account_signs_nothing(world):
    world.opens("bob")
    world.people["thief"] = Person("bob", world["alice"].account)

    refusal = refused(world, lambda: world.adds_key("more", "thief"))

    assert refusal.code == "key_not_valid"


def reopens(world):
    alice = world["alice"]
    body = world.opening(alice, alice.account)
    return world.do("one", parts=[(alice.account, [("account.opened.v1", body)])])


def opens_as(world, account):
    body = world.opening(Person("bob"), account)
    return world.do("one", parts=[(account, [("account.opened.v1", body)])])


def adds_without_an_account(world):
    world.people["ghost"] = Person("ghost", NOBODY)
    return world.adds_key("ghost two", "ghost")


def readds(world):
    added = world.adds_key("alice two", "alice")
    world.ends_key("alice two", "alice")
    return added


SOUND = "91510100MA6C12345" + uscc.check_character("91510100MA6C12345")


def test_the_example_of_an_organisation_code_closes_with_its_check_character():
    # Source: the code that is shown as an example wherever GB 32100-2015 is explained.
    assert uscc.is_sound("91350100M000100Y43")


def test_an_organisation_is_named_by_its_code(world):
    named = f"account/uscc-{SOUND}"

    opens_as(world, named)
    twice = refused(world, lambda: opens_as(world, named))

    assert world.state(named).is_open
    assert twice.code == "already_open"


@pytest.mark.parametrize("place", range(18))
def test_no_character_of_an_organisation_s_code_can_be_mistyped(world, place):
    other = "A" if SOUND[place] != "A" else "B"

    refusal = refused(
        world,
        lambda: opens_as(world, f"account/uscc-{SOUND[:place]}{other}{SOUND[place + 1 :]}"),
    )

    assert refusal.code == "bad_uscc"


@table(
    "act, code",
    (reopens, "already_open"),
    (lambda w: opens_as(w, NOBODY), "wrong_id"),
    (lambda w: opens_as(w, "account/uscc-" + "9" * 18), "bad_uscc"),
    (lambda w: w.opens("bob", controller=NOBODY), "wrong_signers"),
    (lambda w: w.opens("bob", legal_form="empire"), "malformed"),
    (lambda w: w.opens("bob", possession=bytes(64)), "bad_possession"),
    (lambda w: w.opens("bob", key=Person("alice").key), "bad_possession"),
    (lambda w: w.opens("bob", key=("ed25519-sha256", b"\1" + bytes(31))), "weak_key"),
    (lambda w: w.opens("bob", key=("sm2-sm3", bytes(32))), "unknown_suite"),
    (lambda w: w.adds_key("alice", "alice"), "key_known"),
    (lambda w: w.adds_key("bob", "alice", possession=bytes(64)), "bad_possession"),
    (lambda w: w.ends_key("one", "alice"), "key_unknown"),
    (lambda w: w.ends_key("alice", "alice"), "last_key"),
    (adds_without_an_account, "key_not_valid"),
)
def test_an_account_is_refused(world, act, code):
    refusal = refused(world, lambda: act(world))

    assert refusal.code == code


def test_a_key_that_ended_never_comes_back(world):
    readds(world)

    again = refused(world, lambda: world.adds_key("alice two", "alice"))
    twice = refused(world, lambda: world.ends_key("alice two", "alice"))

    assert again.code == "key_known"
    assert twice.code == "key_unknown"


@pytest.mark.parametrize("place", ["another account", "another log", "another purpose"])
def test_possession_is_shown_for_one_log_one_account_one_purpose(world, place):
    bob, setting = Person("bob"), world.setting(world["one"])
    account = setting.new("account", 0)
    log = bytes(32) if place == "another log" else world.log
    named = NOBODY if place == "another account" else account
    purpose = "vote" if place == "another purpose" else "act"
    message = keys.possession_message(log, named, bob.key, purpose)
    body = world.opening(bob, account, possession=bob.sign(message))

    refusal = refused(
        world, lambda: world.submit(setting, [(account, [("account.opened.v1", body)])])
    )

    assert refusal.code == "bad_possession"


def test_whoever_is_to_control_an_account_signs_its_opening(world):
    setting = world.setting(world["one"])
    dan = Person("dan", setting.new("account", 0))
    body = world.opening(dan, dan.account, controller=world["alice"].account)

    refusal = refused(
        world,
        lambda: world.submit(setting, [(dan.account, [("account.opened.v1", body)])]),
    )

    assert refusal.code == "wrong_signers"
