"""Accounts and the keys that speak for them."""

import pytest

from registry.domain import uscc
from registry.ledger import canonical, keys
from tests.world import HOUR_US, Person, World, digest, refused, table

NOBODY = "account/" + "a" * 16
DAY_US = 24 * HOUR_US


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


# Recovery. The world begins on Monday 21 September 2026, at 22:13 in China.


@pytest.fixture
def announced(world):
    """The announcement of a recovery of Alice's account, whose day of completion has come."""
    means = world.announces("alice again", "alice")
    world.now_us += 4 * DAY_US
    return means


def outcome_of(addition):
    return canonical.decode(addition.data, bytes_max=65_535)[5][0][2][0]


def test_a_recovery_is_announced_with_the_day_from_which_it_can_be_completed(world):
    index, _ = world.announces("alice again", "alice", custodial=True)

    recovery = world.state(world["alice"].account).recovery
    assert (recovery.announced, recovery.not_before) == (index, "2026-09-25")
    assert (recovery.key, recovery.custodial) == (world["alice again"].key, True)
    assert outcome_of(world.additions[index]) == {"not_before": "2026-09-25"}


def test_an_announced_key_signs_nothing_yet(world):
    world.announces("alice again", "alice")

    refusal = refused(world, lambda: world.adds_key("alice anew", "alice again"))

    assert refusal.code == "key_not_valid"


def test_a_holder_whose_recovery_is_announced_signs_as_before(world):
    world.announces("alice again", "alice")

    added = world.adds_key("alice two", "alice")

    assert world.state(world["alice"].account).speaks(added.key)


def test_the_recovered_key_speaks_from_the_next_entry_on_and_no_key_before_it(world, announced):
    world.adds_key("alice two", "alice")

    made = world.ends_recovery("recovered", "alice", announced)

    state = world.state(world["alice"].account)
    assert state.keys[world["alice again"].key].added == made.index
    assert state.keys[world["alice again"].key].recovered
    assert [state.keys[world[old].key].ended for old in ("alice", "alice two")] == [made.index] * 2
    assert (state.is_recovered, state.recovery) == (True, None)
    world.adds_key("alice three", "alice again")
    for old in ("alice", "alice two"):
        refusal = refused(world, lambda old=old: world.adds_key("alice four", old))
        assert refusal.code == "key_not_valid"


def test_a_key_that_ended_before_the_recovery_ended_then(world):
    world.adds_key("alice two", "alice")
    ended = world.ends_key("alice", "alice two")

    world.recovers("alice again", "alice")

    life = world.state(world["alice"].account).keys[world["alice"].key]
    assert (life.ended, life.recovered) == (ended.index, False)


def test_a_key_that_a_recovered_key_adds_came_by_recovery_too(world):
    before = world.adds_key("alice two", "alice")
    world.recovers("alice again", "alice")

    after = world.adds_key("alice three", "alice again")

    world.ends_key("alice again", "alice three")
    lives = world.state(world["alice"].account).keys
    assert [lives[key].recovered for key in (before.key, after.key)] == [False, True]
    assert world.state(world["alice"].account).is_recovered


def test_a_recovery_waits_for_three_whole_working_days(world):
    means = world.announces("alice again", "alice")
    midnight = world.now_us + 3 * DAY_US + HOUR_US + 46 * 60_000_000 + 40_000_000
    world.now_us = midnight - 1

    early = refused(world, lambda: world.ends_recovery("recovered", "alice", means))
    world.now_us = midnight
    world.ends_recovery("recovered", "alice", means)

    assert early.code == "too_early"
    assert (early.facts["not_before"], early.facts["today"]) == ("2026-09-25", "2026-09-24")
    assert world.state(world["alice"].account).is_recovered


@pytest.mark.parametrize(
    ("how", "signers"), [("recovery_stopped", ["alice"]), ("recovery_withdrawn", [])]
)
def test_a_recovery_that_was_ended_leaves_the_keys_alone_and_can_be_announced_again(
    world, announced, how, signers
):
    keys_before = world.state(world["alice"].account).keys

    world.ends_recovery(how, "alice", announced, *signers)
    late = refused(world, lambda: world.ends_recovery("recovered", "alice", announced))
    again = world.announces("alice again", "alice")

    state = world.state(world["alice"].account)
    assert state.keys == keys_before
    assert late.code == "no_recovery"
    assert state.recovery.announced == again[0]


def test_any_living_key_of_the_holder_stops_a_recovery(world, announced):
    world.adds_key("alice two", "alice")

    world.ends_recovery("recovery_stopped", "alice", announced, "alice two")

    assert world.state(world["alice"].account).recovery is None


def test_other_officers_than_those_who_announced_it_may_complete_a_recovery(world):
    world.opens("three", role="officer")
    world.opens("four", role="officer")
    means = world.announces("alice again", "alice")
    world.now_us += 4 * DAY_US

    world.ends_recovery("recovered", "alice", means, "three", "four")

    assert world.state(world["alice"].account).is_recovered


def test_an_officer_s_own_key_is_recovered_by_two_others(world):
    world.opens("three", role="officer")
    own = refused(world, lambda: world.announces("one again", "one"))

    means = world.announces("one again", "one", "two", "three")
    world.now_us += 4 * DAY_US
    by_itself = refused(world, lambda: world.ends_recovery("recovered", "one", means))
    world.ends_recovery("recovered", "one", means, "two", "three")

    assert (own.code, by_itself.code) == ("own_account", "own_account")
    assert own.facts["officer"] == world["one"].account
    assert world.state(world["one"].account).is_recovered


def test_an_account_is_recovered_a_second_time_under_its_new_key(world):
    world.recovers("alice again", "alice")
    first = world.state(world["alice"].account).keys[world["alice again"].key]

    world.recovers("alice anew", "alice")

    state = world.state(world["alice"].account)
    assert state.keys[world["alice again"].key].ended is not None
    assert first.ended is None
    assert state.speaks(world["alice anew"].key)


@table(
    "act, code",
    (lambda w, _: w.announces("anew", "alice"), "recovery_announced"),
    (lambda w, _: w.announces("anew", "bob", "one"), "wrong_signers"),
    (lambda w, _: w.announces("anew", "bob", "one", "alice"), "role_missing"),
    (lambda w, _: w.announces("anew", "bob", "bob", "one"), "role_missing"),
    (lambda w, _: w.announces("anew", "bob", "one", "second"), "not_distinct"),
    (lambda w, _: w.announces("anew", "bob", possession=bytes(64)), "bad_possession"),
    (lambda w, _: w.announces("anew", "bob", key=("sm2-sm3", bytes(32))), "unknown_suite"),
    (
        lambda w, _: w.announces("anew", "bob", key=("ed25519-sha256", b"\1" + bytes(31))),
        "weak_key",
    ),
    (lambda w, _: w.announces("bob", "bob"), "key_known"),
    (lambda w, _: w.announces("anew", "bob", identity=None), "malformed"),
    (lambda w, _: w.announces("anew", "bob", notice=b""), "malformed"),
    (lambda w, _: w.announces("anew", "kept"), "own_account"),
    (lambda w, _: w.announces("anew", "kept", "two", "one"), "own_account"),
    (lambda w, _: w.announces("anew", "kept", "two", "second"), "own_account"),
    (lambda w, _: w.announces("anew", "alice", "two", "deputy"), "own_account"),
    (lambda w, _: w.announces("anew", "ghost"), "account_not_open"),
    (lambda w, m: w.ends_recovery("recovered", "bob", m), "no_recovery"),
    (lambda w, m: w.ends_recovery("recovery_withdrawn", "bob", m), "no_recovery"),
    (lambda w, m: w.ends_recovery("recovery_stopped", "bob", m, "bob"), "no_recovery"),
    (lambda w, m: w.ends_recovery("recovery_stopped", "alice", m, "bob"), "wrong_signers"),
    (lambda w, m: w.ends_recovery("recovery_stopped", "alice", m, "alice again"), "key_not_valid"),
    (lambda w, m: w.ends_recovery("recovery_withdrawn", "alice", m, "one"), "wrong_signers"),
    (
        lambda w, m: w.ends_recovery("recovery_withdrawn", "alice", m, "one", "second"),
        "not_distinct",
    ),
    (
        lambda w, m: w.ends_recovery("recovery_withdrawn", "alice", m, "two", "deputy"),
        "own_account",
    ),
    (lambda w, m: w.ends_recovery("recovered", "alice", m, "two", "deputy"), "own_account"),
    (lambda w, m: w.ends_recovery("recovered", "alice", m, "one", "second"), "not_distinct"),
    (lambda w, m: w.ends_recovery("recovered", "alice", m, "one", "bob"), "role_missing"),
    (lambda w, m: w.ends_recovery("recovered", "ghost", m), "account_not_open"),
    (
        lambda w, _: w.ends_recovery("recovered", "alice", (0, w.replay.leaf(0))),
        "wrong_entry_meant",
    ),
    (
        lambda w, _: w.ends_recovery("recovery_stopped", "alice", (0, w.replay.leaf(0)), "alice"),
        "wrong_entry_meant",
    ),
    (lambda w, m: w.ends_recovery("recovered", "alice", (m[0], digest("x"))), "wrong_entry_meant"),
    (lambda w, _: w.ends_recovery("recovered", "alice", None), "malformed"),
)
def test_a_recovery_is_refused(world, act, code):
    world.opens("bob")
    world.people["ghost"] = Person("ghost", NOBODY)
    world.opens("kept", controller=world["one"].account)
    world.opens("second", role="officer", controller=world["one"].account)
    world.opens("deputy", role="officer", controller=world["alice"].account)
    means = world.announces("alice again", "alice")
    world.now_us += 4 * DAY_US

    refusal = refused(world, lambda: act(world, means))

    assert refusal.code == code


def test_a_key_that_the_holder_added_meanwhile_cannot_be_given_by_recovery(world, announced):
    world.adds_key("alice again", "alice")

    refusal = refused(world, lambda: world.ends_recovery("recovered", "alice", announced))

    assert refusal.code == "key_known"
    assert world.state(world["alice"].account).speaks(world["alice"].key)


@pytest.mark.usefixtures("announced")
def test_a_recovery_cannot_be_completed_by_the_announcement_of_another_account(world):
    world.opens("bob")
    other = world.announces("bob again", "bob")
    world.now_us += 7 * DAY_US

    refusal = refused(world, lambda: world.ends_recovery("recovered", "alice", other))

    assert refusal.code == "wrong_entry_meant"
