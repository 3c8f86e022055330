"""How a log begins, and who may act in which role."""

from dataclasses import replace

import pytest

from registry.domain import roles
from registry.ledger import ids, intent, proof
from registry.ledger.keys import SUITE
from tests.ledger.edwards import BASE, add, encoded, times, torsion
from tests.world import ORIGIN, Person, World, digest, refused, table

NOBODY = "account/" + "a" * 16


def officers(world):
    registry = world.state("registry")
    return sorted(account for account, role in registry.roles if role == "officer")


def test_a_log_begins_with_the_officers_that_sign_it():
    world = World()

    world.begun()

    assert world.state("registry").origin == "registry.example/test"
    assert officers(world) == sorted([world["one"].account, world["two"].account])
    assert world.state(world["one"].account).speaks(world["one"].key)
    assert world.state(world["two"].account).speaks(world["two"].key)


@pytest.mark.parametrize(
    "changed",
    [
        {"log_key": Person("another log").key},
        {
            "officers": [
                ["account/" + "a" * 16, Person("x").key],
                ["account/" + "b" * 16, Person("y").key],
            ]
        },
    ],
    ids=["the log's key", "the officers"],
)
def test_genesis_is_signed_by_every_key_that_it_names(changed):
    world = World()

    refusal = refused(world, lambda: world.begun(**changed))

    assert refusal.code == "officers_differ"
    assert world.replay.size == 0


def test_genesis_opens_the_accounts_of_its_officers_with_the_keys_that_sign():
    world, other = World(), Person("officer two's other key")
    begun = World().begun()
    opened = begun.opening(other, begun["two"].account)
    changed = {"key": opened["key"], "possession": opened["possession"]}

    refusal = refused(world, lambda: world.begun(opening=changed))

    assert refusal.code == "officers_differ"
    assert world.replay.size == 0


def test_a_log_begins_under_the_id_that_its_name_key_and_random_bytes_give():
    world = World()
    begun = World().begun()
    other = ids.log_id(ORIGIN, Person("another log").key, digest("random"))

    refusal = refused(world, lambda: begins_under(world, other))

    assert refusal.code == "wrong_log"
    assert begun.replay.log == ids.log_id(ORIGIN, begun["log"].key, digest("random"))


def begins_under(world, log):
    """Genesis as it should be, in an intent that names another log."""
    made = intent.decode(World().begun().additions[0].intent_bytes)
    parts = [(part.stream, list(part.events)) for part in made.parts]
    setting = replace(world.setting(), log=log, signers=made.signers, nonce=made.nonce)
    return world.submit(setting, parts)


def test_the_key_of_a_log_is_sound():
    world = World()
    mixed = encoded(add(times(12345, BASE), torsion()[1]))

    refusal = refused(world, lambda: world.begun(log_key=(SUITE, mixed)))

    assert refusal.code == "weak_key"


def test_nothing_happens_before_genesis():
    world = World()
    nobody = Person("nobody", NOBODY)
    world.people["nobody"] = nobody
    body = {"account": NOBODY, "role": "court"}

    refusal = refused(
        world,
        lambda: world.do("nobody", parts=[("registry", [("registry.role_granted.v1", body)])]),
    )

    assert refusal.code == "not_begun"


def test_a_log_begins_once():
    world = World().begun()

    refusal = refused(world, world.begun)

    assert refusal.code == "already_begun"


def test_a_role_is_granted_from_an_index_on():
    world = World().begun()
    alice = world.opens("alice")

    made = world.grants(alice.account, "court")

    assert world.state("registry").roles[alice.account, "court"] == made.index
    assert world.state("registry").has(alice.account, "court")
    assert not world.state("registry").has(alice.account, "authority")


def test_a_role_ends_by_naming_the_entry_that_granted_it():
    world = World().begun()
    alice = world.opens("alice")
    made = world.grants(alice.account, "court")

    world.withdraws(alice.account, "court", (made.index, made.leaf))

    assert not world.state("registry").has(alice.account, "court")


def test_a_role_that_ended_can_be_granted_again():
    world = World().begun()
    alice = world.opens("alice")
    first = world.grants(alice.account, "court")
    world.withdraws(alice.account, "court", (first.index, first.leaf))

    second = world.grants(alice.account, "court")
    refusal = refused(
        world, lambda: world.withdraws(alice.account, "court", (first.index, first.leaf))
    )

    assert world.state("registry").roles[alice.account, "court"] == second.index
    assert refusal.code == "wrong_entry_meant"


@table(
    "act, code",
    (lambda w, _: w.grants(NOBODY, "court"), "account_not_open"),
    (lambda w, _: w.grants(w["one"].account, "officer"), "role_held"),
    (lambda w, _: w.grants(w["alice"].account, "court"), "role_held"),
    (lambda w, _: w.grants(w["alice"].account, "king"), "malformed"),
    (lambda w, made: w.withdraws(w["alice"].account, "buffer", made), "role_not_held"),
    (lambda w, made: w.withdraws(w["one"].account, "court", made), "role_not_held"),
    (
        lambda w, made: w.withdraws(w["alice"].account, "court", (0, made[1])),
        "wrong_entry_meant",
    ),
    (
        lambda w, made: w.withdraws(w["alice"].account, "court", (99, made[1])),
        "wrong_entry_meant",
    ),
    (
        lambda w, made: w.withdraws(w["alice"].account, "court", (made[0], digest("x"))),
        "wrong_entry_meant",
    ),
    (
        lambda w, _: w.withdraws(w["alice"].account, "court", (0, w.replay.leaf(0))),
        "wrong_entry_meant",
    ),
    (
        lambda w, _: w.withdraws(w["two"].account, "officer", (0, w.replay.leaf(0))),
        "last_officers",
    ),
)
def test_a_role_is_refused(act, code):
    world = World().begun()
    alice = world.opens("alice")
    made = world.grants(alice.account, "court")

    refusal = refused(world, lambda: act(world, (made.index, made.leaf)))

    assert refusal.code == code


def test_an_officer_can_go_once_there_are_three():
    world = World().begun()
    three = world.opens("three", role="officer")

    world.withdraws(world["one"].account, "officer", (0, world.replay.leaf(0)))

    assert officers(world) == sorted([world["two"].account, three.account])
    assert world.state("registry").persons(besides="") == 2


def test_a_role_that_was_withdrawn_opens_no_door():
    world = World().begun()
    world.opens("three", role="officer")
    world.withdraws(world["one"].account, "officer", (0, world.replay.leaf(0)))

    refusal = refused(world, lambda: world.opens("alice"))

    assert refusal.code == "role_missing"
    assert refusal.facts["account"] == world["one"].account


def test_two_officers_under_one_controller_count_as_one():
    world = World().begun()
    world.opens("deputy", role="officer", controller=world["one"].account)

    refusal = refused(
        world,
        lambda: world.withdraws(world["two"].account, "officer", (0, world.replay.leaf(0))),
    )

    assert (refusal.code, refusal.facts["left"]) == ("last_officers", 1)


def test_no_officer_is_named_twice_in_the_beginning():
    world = World()
    honest = World().begun()
    one, two = honest["one"], honest["two"]
    spare = Person("spare").key
    named = sorted([[one.account, one.key], [one.account, spare], [two.account, two.key]])

    refusal = refused(world, lambda: world.begun(officers=named))

    assert refusal.code == "officers_differ"


# The key of the log itself.


def test_the_log_s_key_is_replaced_by_its_old_key_and_two_officers():
    world = World().begun()
    old = world["log"].key

    made = world.replaces_log_key("log two")

    registry = world.state("registry")
    assert registry.log_keys == ((0, old), (made.index, world["log"].key))
    assert registry.log_key == world["log"].key
    assert [registry.speaks(key) for key in (old, registry.log_key)] == [False, True]
    assert [registry.was_log_key(key) for key in (old, registry.log_key)] == [True, True]
    assert not registry.was_log_key(world["one"].key)


def test_a_checkpoint_is_signed_by_the_last_key_that_one_of_its_entries_named():
    world = World().begun()
    first = world["log"].key
    world.opens("alice")
    second_at = world.replaces_log_key("log two").index
    second = world["log"].key
    third_at = world.replaces_log_key("log three").index

    registry = world.state("registry")

    assert [registry.log_key_at(size) for size in (0, 1, second_at)] == [first] * 3
    assert [registry.log_key_at(size) for size in (second_at + 1, third_at)] == [second, second]
    assert registry.log_key_at(third_at + 1) == registry.log_key_at(10**9) == world["log"].key


def test_a_log_key_that_was_replaced_signs_nothing_any_more():
    world = World().begun()
    old = world["log"]
    world.replaces_log_key("log two")
    current, world.people["log"] = world["log"], old

    refusal = refused(world, lambda: world.replaces_log_key("log three"))

    assert refusal.code == "key_not_valid"
    assert world.state("registry").log_key == current.key


@table(
    "act, code",
    (lambda w: w.replaces_log_key("log"), "key_known"),
    (lambda w: w.replaces_log_key("x", "one"), "wrong_signers"),
    (lambda w: w.replaces_log_key("x", "one", "alice"), "role_missing"),
    (lambda w: w.replaces_log_key("x", "one", "deputy"), "not_distinct"),
    (lambda w: w.replaces_log_key("x", possession=bytes(64)), "bad_possession"),
    (lambda w: w.replaces_log_key("x", key=Person("y").key), "bad_possession"),
    (lambda w: w.replaces_log_key("x", key=(SUITE, b"\1" + bytes(31))), "weak_key"),
    (lambda w: w.replaces_log_key("x", key=("sm2-sm3", bytes(32))), "unknown_suite"),
    (lambda w: replaced_by(w, "alice", "one", "two"), "wrong_signers"),
    (lambda w: replaced_by(w, "another", "one", "two"), "key_not_valid"),
)
def test_a_replacement_of_the_log_s_key_is_refused(act, code):
    world = World().begun()
    world.opens("alice")
    world.opens("deputy", role="officer", controller=world["one"].account)
    world.people["another"] = Person("another", "registry")

    refusal = refused(world, lambda: act(world))

    assert refusal.code == code
    assert world.state("registry").log_keys == ((0, Person("log").key),)


def replaced_by(world, log, *officers):
    """A replacement that `log` signs in place of the log."""
    world.people["log"] = world[log]
    return world.replaces_log_key("log two", *officers)


def test_no_key_of_the_log_ever_comes_back():
    world = World().begun()
    world.replaces_log_key("log two")

    refusal = refused(world, lambda: world.replaces_log_key("log"))

    assert refusal.code == "key_known"


def test_a_log_has_no_more_keys_than_a_proof_can_explain():
    world = World().begun()
    for number in range(proof.ROTATIONS_MAX):
        world.replaces_log_key(f"log {number}")

    refusal = refused(world, lambda: world.replaces_log_key("one more"))

    assert (refusal.code, refusal.facts["keys"]) == ("too_many_keys", roles.LOG_KEYS_MAX)
    assert roles.LOG_KEYS_MAX == proof.ROTATIONS_MAX + 1
