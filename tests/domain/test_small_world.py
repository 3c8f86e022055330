"""Two holders, one small batch, and every life of four steps that they can have."""

import itertools

import pytest

from registry.domain import batch
from registry.domain.account import Account
from registry.domain.act import Act, Hashes
from registry.domain.batch import Batch, Retired, Transferred
from registry.domain.ranges import Ranges
from registry.errors import RefusedError

ALICE, BOB = "account/aaaaaaaaaaaaaaaa", "account/bbbbbbbbbbbbbbbb"
RECEIVED_G = 6


def moved(giver, taker, amount_g, serials=None):
    return Transferred(
        giver=giver,
        taker=taker,
        amount_g=amount_g,
        standard="SCFG",
        range=serials,
        venue=None,
        trade=None,
    )


def retired(holder, amount_g, serials=None):
    return Retired(holder=holder, amount_g=amount_g, standard="SCFG", range=serials)


ALPHABET = (
    moved(ALICE, BOB, 2),
    moved(BOB, ALICE, 1),
    moved(ALICE, BOB, 2, (3, 5)),
    moved(BOB, ALICE, 1, (4, 5)),
    moved(ALICE, ALICE, 1),
    retired(ALICE, 1),
    retired(BOB, 2),
    retired(ALICE, 1, (5, 6)),
    retired(BOB, 3, (0, 3)),
)


@pytest.fixture(scope="module")
def begun():
    return Batch(
        name="batch/cccccccccccccccc",
        status="active",
        origin=batch.NATIVE,
        standard="SCFG",
        period=("2025-01-01", "2025-12-31"),
        received_g=RECEIVED_G,
        held=Batch().held.insert(ALICE, Ranges.of([(0, RECEIVED_G)])),
        held_g=RECEIVED_G,
    )


def act(event):
    opened = {
        name: Account(name=name, legal_form="company", controller=name) for name in (ALICE, BOB)
    }
    return Act(
        index=1,
        at_us=0,
        nonce=bytes(16),
        parts=(),
        by={},
        keys={},
        author="",
        hashes=Hashes(row_id=lambda *_: "", row_root=lambda *_: b"", row_says=list),
        consulted=opened,
        outcomes=[(event, None)],
    )


def step(state, used, event):
    """The state and the retired serials after `event`; as they were, if it is refused."""
    try:
        outcome = batch.judge(state, event, act(event))
    except RefusedError:
        return state, used, False
    after = batch.evolve(state, event, outcome, 1)
    serials = [serial for span in outcome["ranges"] for serial in range(*span)]
    assert len(serials) == event.amount_g
    gone = serials if isinstance(event, Retired) else []
    return after, used + gone, True


def test_no_four_steps_of_two_holders_make_or_lose_or_double_a_gram(begun):
    lives = itertools.product(ALPHABET, repeat=4)

    for events in lives:
        state, used = begun, []
        for event in events:
            state, used, _ = step(state, used, event)

        held = [s for ranges in state.held.values() for span in ranges for s in range(*span)]
        assert state.conserved
        assert sorted(held + used) == list(range(RECEIVED_G))
        assert (state.held_g, state.retired_g) == (len(held), len(used))


def test_four_steps_really_move_name_and_retire(begun):
    events = (ALPHABET[2], ALPHABET[3], ALPHABET[5], ALPHABET[0])

    state, used, done = begun, [], []
    for event in events:
        state, used, lawful = step(state, used, event)
        done.append(lawful)

    assert done == [True] * 4
    assert used == [0]
    assert {name: list(ranges) for name, ranges in state.held.items()} == {
        ALICE: [(4, 6)],
        BOB: [(1, 4)],
    }


def test_every_letter_of_the_alphabet_but_the_gift_to_oneself_is_lawful_somewhere(begun):
    lawful = set()

    for events in itertools.product(range(len(ALPHABET)), repeat=3):
        state, used = begun, []
        for number in events:
            state, used, done = step(state, used, ALPHABET[number])
            if done:
                lawful.add(number)

    assert lawful == set(range(len(ALPHABET))) - {4}
