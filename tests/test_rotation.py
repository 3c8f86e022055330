"""Proofs of a log whose key was replaced, and what an operator might try with its keys."""

from dataclasses import replace

import pytest

from registry.errors import BrokenHistoryError
from registry.ledger import entry as entries
from registry.ledger import keys, note, proof, tree
from registry.ledger.entry import Place
from registry.verifier.certificate import signer_of, verify
from tests.world import ORIGIN, Person, World, digest, log_key, signed_note, subtrees

FIRST, SECOND, THIRD = Person("log"), Person("log two"), Person("log three")


@pytest.fixture(scope="module")
def world():
    """A certificate under each of a log's three keys, with a proof made while that key signed."""
    world = World().staffed()
    batch = world.issues(1_000)
    world.proofs, world.numbers = {}, {}
    for name in ("first", "second", "third"):
        if name != "first":
            world.replaces_log_key({"second": "log two", "third": "log three"}[name])
        world.numbers[name] = world.retires(batch, "owner", 5)
        world.proofs[name] = world.proof(world.numbers[name])
    world.batch = batch
    return world


def later(world, name):
    """The proof of a certificate, made after all replacements."""
    return world.proof(world.numbers[name])


def refusal(made, pinned):
    with pytest.raises(BrokenHistoryError) as caught:
        verify(proof.encode(made), log_key(pinned))
    return caught.value.code


@pytest.mark.parametrize("name", ["first", "second", "third"])
@pytest.mark.parametrize("pinned", [FIRST, SECOND, THIRD], ids=lambda person: person.name)
def test_whoever_pinned_any_key_of_the_log_can_check_a_proof_of_today(world, name, pinned):
    found = verify(proof.encode(later(world, name)), log_key(pinned))

    assert found.number == world.numbers[name].partition("/")[2]
    assert found.log_keys == (FIRST.key, SECOND.key, THIRD.key)
    assert signer_of(found, log_key(pinned)) == log_key(THIRD)


@pytest.mark.parametrize(
    ("name", "pinned", "holds"),
    [
        ("first", FIRST, True),
        ("first", SECOND, False),
        ("second", FIRST, True),
        ("second", SECOND, True),
        ("second", THIRD, False),
        ("third", THIRD, True),
    ],
)
def test_a_proof_of_former_times_is_checked_with_the_keys_of_its_time(world, name, pinned, holds):
    made = world.proofs[name]

    if holds:
        shown = verify(proof.encode(made), log_key(pinned)).number
        assert shown == world.numbers[name].partition("/")[2]
    else:
        assert refusal(made, pinned) == "bad_checkpoint_signature"


def test_a_proof_without_replacements_is_signed_by_the_pinned_key(world):
    found = verify(proof.encode(world.proofs["first"]), log_key())

    assert found.log_keys == ()
    assert signer_of(found, log_key()) == log_key()


def test_a_key_that_the_log_never_had_checks_nothing(world):
    assert refusal(later(world, "first"), Person("another")) == "bad_checkpoint_signature"
    assert refusal(later(world, "first"), world["one"]) == "bad_checkpoint_signature"


@pytest.mark.parametrize(
    ("left", "pinned", "code"),
    [
        ([], FIRST, "bad_checkpoint_signature"),
        ([], THIRD, "wrong_log"),
        ([0], FIRST, "bad_checkpoint_signature"),
        ([0], SECOND, "bad_checkpoint_signature"),
        ([1], FIRST, "bad_checkpoint_signature"),
        ([1], SECOND, "wrong_log"),
        ([1], THIRD, "wrong_log"),
        ([1, 0], FIRST, "gap_in_rotations"),
        ([0, 0, 1], FIRST, "gap_in_rotations"),
        ([0, 1, 1], FIRST, "gap_in_rotations"),
    ],
)
def test_replacements_stand_without_a_gap_and_in_order(world, left, pinned, code):
    made = later(world, "first")

    kept = tuple(made.rotations[number] for number in left)

    assert refusal(replace(made, rotations=kept), pinned) == code


@pytest.mark.parametrize("signer", [FIRST, SECOND])
def test_a_checkpoint_by_a_key_that_was_replaced_in_it_is_none(world, signer):
    made = replace(later(world, "first"), note=world.note(signer))

    for pinned in (FIRST, SECOND, THIRD):
        assert refusal(made, pinned) == "bad_checkpoint_signature"


def test_another_entry_replaces_no_key(world):
    granted = next(
        made.index for made in world.additions if made.index and "registry" in made.streams
    )

    for index in (0, 1, granted):
        made = replace(later(world, "first"), rotations=(world.leaf(index),))
        assert refusal(made, FIRST) == "unknown_form"


def test_a_replacement_that_is_not_in_the_tree_is_none(world):
    made = later(world, "first")
    first, second = made.rotations
    beside = replace(first, index=first.index + 1)
    short = replace(first, path=first.path[:-1])

    assert refusal(replace(made, rotations=(beside, second)), FIRST) == "not_included"
    assert refusal(replace(made, rotations=(short, second)), FIRST) == "bad_path"


def forged(world, signer, new, *, log=None, at_us=None, possession=None):
    """An entry, past all rules, by which `signer` and two officers replace the log's key by that of `new`."""
    one, two = world["one"], world["two"]
    log = world.log if log is None else log
    message = keys.possession_message(log, "registry", new.key, "act")
    body = {"key": new.key, "possession": possession or new.sign(message)}
    people = (Person(signer.name, "registry"), one, two)
    setting = replace(world.setting(*people), log=log)
    parts = [("registry", [("registry.log_key_replaced.v1", body)])]
    signed = world.signed(setting, parts, *people)
    return entries.encode(
        at_us=world.now_us if at_us is None else at_us,
        intent_bytes=signed.data,
        signatures=signed.signatures,
        consulted=[(account, 1) for account in sorted([one.account, two.account])],
        places=[Place(position=99, previous=digest("before"), outcomes=(None,))],
    )


def proven(world, forgeries, signer):
    """The proof of the first certificate in a tree that ends with `forgeries`, which count as replacements."""
    data = [*world.entries, *forgeries]
    frontier = tree.Frontier()
    for entry in data:
        frontier.append(tree.leaf_hash(entry))
    checkpoint = note.Checkpoint(origin=ORIGIN, size=len(data), root=frontier.root())

    def leaf(index):
        path = tree.inclusion_path(index, len(data), subtrees(data))
        return proof.Leaf(index=index, entry=data[index], path=tuple(path))

    made = later(world, "first")
    honest = [leaf(item.index) for item in made.rotations]
    return replace(
        made,
        note=signed_note(checkpoint, signer),
        leaf=leaf(made.leaf.index),
        rotations=(*honest, *(leaf(len(world.entries) + n) for n in range(len(forgeries)))),
    )


def test_an_honest_further_replacement_is_followed(world):
    fourth = Person("log four")

    found = verify(
        proof.encode(proven(world, [forged(world, THIRD, fourth)], fourth)), log_key(FIRST)
    )

    assert found.log_keys[-1] == fourth.key


MALLORY = Person("mallory")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda w: forged(w, MALLORY, MALLORY), "gap_in_rotations"),
        (lambda w: forged(w, FIRST, MALLORY), "gap_in_rotations"),
        (lambda w: forged(w, THIRD, FIRST), "gap_in_rotations"),
        (lambda w: forged(w, THIRD, MALLORY, at_us=w.now_us - 1), "gap_in_rotations"),
        (lambda w: forged(w, THIRD, MALLORY, log=digest("another log")), "wrong_log"),
        (lambda w: forged(w, THIRD, MALLORY, possession=bytes(64)), "bad_possession"),
    ],
    ids=["by itself", "by the first", "back to the first", "before", "another log", "not in hand"],
)
def test_a_replacement_that_the_last_key_did_not_make_is_none(world, make, code):
    made = proven(world, [make(world)], MALLORY)

    for pinned in (FIRST, THIRD):
        assert refusal(made, pinned) == code


def test_a_log_does_not_go_on_under_a_pinned_key_that_is_not_in_its_operator_s_hands(world):
    pinned = Person("the key of another log")
    made = proven(world, [forged(world, THIRD, pinned, possession=bytes(64))], THIRD)

    assert refusal(made, pinned) == "bad_possession"
