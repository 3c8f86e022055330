"""Two holders and a guest, one small batch with all that can happen to it, and every life of a few steps."""

import itertools
from dataclasses import replace

import pytest

from registry.domain import batches
from registry.domain.account import Account
from registry.domain.act import Act, ActPart, Hashes
from registry.domain.batch import (
    CAMPAIGN,
    NATIVE,
    OFFER,
    Batch,
    Cancelled,
    Carved,
    Claimed,
    ClaimRetired,
    Given,
    Lock,
    Locked,
    Released,
    Retired,
    Returned,
    Suspended,
    Transferred,
)
from registry.domain.ranges import Ranges
from registry.domain.roles import Registry
from registry.domain.shape import Rows
from registry.errors import RefusedError

ALICE, BOB = "account/aaaaaaaaaaaaaaaa", "account/bbbbbbbbbbbbbbbb"
GUEST = "bearer/" + "c" * 52
RECEIVED_G = 6
FUNDED = 7
"""The entry that locked grams of alice for a campaign."""


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


def offered(holder, amount_g):
    return Locked(
        holder=holder,
        owner=holder,
        amount_g=amount_g,
        standard="SCFG",
        range=None,
        ground=OFFER,
    )


def released(meant, taker, amount_g):
    return Released(
        means=(meant, bytes(32)), owner=BOB, taker=taker, amount_g=amount_g, standard="SCFG"
    )


def given(*rows):
    total_g = sum(amount_g for _, amount_g in rows)
    before = itertools.accumulate((amount_g for _, amount_g in rows), initial=0)
    items = tuple((*row, above) for row, above in zip(rows, before, strict=False))
    said = Rows(row_bytes=1, count=len(rows), root=bytes(32), total_g=total_g, items=items)
    return Given(
        organiser=ALICE,
        means=(FUNDED, bytes(32)),
        standard="SCFG",
        retire_only=True,
        rows=said,
    )


def claimed(holder, taker, amount_g):
    return Claimed(holder=holder, taker=taker, amount_g=amount_g, standard="SCFG")


def used(holder, amount_g):
    return ClaimRetired(holder=holder, amount_g=amount_g, standard="SCFG")


def returned(amount_g):
    means = (FUNDED, bytes(32))
    return Returned(organiser=ALICE, means=means, amount_g=amount_g, standard="SCFG")


def carved(holder, amount_g, serials=None):
    child = "batch/dddddddddddddddd"
    return Carved(holder=holder, amount_g=amount_g, standard="SCFG", range=serials, child=child)


def cancelled(holder, amount_g, meant=None):
    return Cancelled(
        holder=holder,
        amount_g=amount_g,
        standard="SCFG",
        range=None,
        reason="reversal",
        document=bytes(32),
        means=None if meant is None else (meant, bytes(32)),
    )


MOVING = (
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
WAITING = (
    moved(ALICE, BOB, 3),
    moved(BOB, ALICE, 1),
    offered(BOB, 2),
    released(1, BOB, 2),
    released(1, ALICE, 2),
    released(2, ALICE, 1),
    released(2, BOB, 2),
    retired(BOB, 1),
    carved(BOB, 1),
    carved(ALICE, 2, (4, 6)),
    cancelled(BOB, 1),
    Suspended(document=bytes(32)),
)
GIVING = (
    given((ALICE, 1), (GUEST, 2), (BOB, 1)),
    given((GUEST, 1)),
    claimed(GUEST, BOB, 1),
    claimed(BOB, BOB, 1),
    claimed(BOB, ALICE, 1),
    used(GUEST, 2),
    returned(1),
    returned(3),
    returned(0),
    cancelled(ALICE, 1, FUNDED),
    moved(BOB, ALICE, 1),
    retired(BOB, 1),
)


class Companion:
    """What stands beside a lock or its release, as far as the rules of a batch look at it."""

    def __init__(self, kind):
        self.kind = kind


@pytest.fixture(scope="module")
def begun():
    return Batch(
        name="batch/cccccccccccccccc",
        status="active",
        origin=NATIVE,
        standard="SCFG",
        period=("2025-01-01", "2025-12-31"),
        received_g=RECEIVED_G,
        held=Batch().held.insert(ALICE, Ranges.of([(0, RECEIVED_G)])),
        held_g=RECEIVED_G,
    )


@pytest.fixture(scope="module")
def funded(begun):
    lock = Lock(ground=CAMPAIGN, owner=ALICE, left=Ranges.of([(0, RECEIVED_G)]))
    return replace(
        begun,
        held=Batch().held,
        held_g=0,
        locks=Batch().locks.insert(FUNDED, lock),
        locked_g=RECEIVED_G,
    )


def act(event):
    opened = {
        name: Account(name=name, legal_form="company", controller=name) for name in (ALICE, BOB)
    }
    events = [event]
    if isinstance(event, Locked):
        events.append(Companion("account.offered.v1"))
    if isinstance(event, Released):
        events.append(Companion("account.offer_accepted.v1"))
    part = ActPart(stream="batch/cccccccccccccccc", new_id=lambda: "", events=tuple(events))
    return Act(
        index=1,
        at_us=0,
        nonce=bytes(16),
        parts=(part,),
        by={},
        keys={},
        author="",
        hashes=Hashes(row_id=lambda *_: "", row_root=lambda *_: b"", row_says=lambda *_: None),
        consulted={**opened, "registry": Registry()},
        outcomes=[],
    )


def step(state, event, index):
    """The state after `event`, and the serial numbers that left for good; as it was, if it is refused."""
    try:
        outcome = batches.judge(state, event, act(event))
    except RefusedError:
        return state, [], False
    after = batches.evolve(state, event, outcome, index)
    serials = [serial for span in (outcome or {"ranges": ()})["ranges"] for serial in range(*span)]
    amount_g = event.rows.total_g if isinstance(event, Given) else getattr(event, "amount_g", 0)
    assert len(serials) == amount_g
    gone = isinstance(event, Retired | ClaimRetired | Carved | Cancelled)
    return after, serials if gone else [], True


def here(state):
    """Every serial number that somebody has, or that waits."""
    locked = [lock.left for lock in state.locks.values()]
    parts = [*state.held.values(), *locked, *state.waiting.values()]
    return [serial for ranges in parts for span in ranges for serial in range(*span)]


def check(state, gone):
    assert state.conserved
    assert sorted(here(state) + gone) == list(range(RECEIVED_G))
    left = [ranges.total_g for ranges in state.held.values()]
    assert all(left)
    assert sum(left) == state.held_g
    waiting = [ranges.total_g for ranges in state.waiting.values()]
    assert all(waiting)
    locked_g = sum(lock.left.total_g for lock in state.locks.values()) + sum(waiting)
    assert locked_g == state.locked_g
    assert state.retired_g + state.carved_g + state.cancelled_g == len(gone)


def walk(state, alphabet, steps):
    """Every life of so many steps: no gram is made, lost or doubled; the letters that were lawful somewhere."""
    lawful = set()

    def go(state, gone, left):
        check(state, gone)
        if left == 0:
            return
        for number, event in enumerate(alphabet):
            # An entry has the index of its place in the life, so that a release can name it.
            after, more, done = step(state, event, steps - left + 1)
            if done:
                lawful.add(number)
                go(after, gone + more, left - 1)

    go(state, [], steps)
    return lawful


def test_no_four_moves_of_two_holders_make_or_lose_or_double_a_gram(begun):
    lawful = walk(begun, MOVING, 4)

    assert lawful == set(range(len(MOVING))) - {4}


def test_no_six_steps_of_locking_carving_and_cancelling_make_or_lose_or_double_a_gram(begun):
    lawful = walk(begun, WAITING, 6)

    # Entry 1 finds nothing of bob's to lock, so nothing is released by that name; and nothing is released in part.
    assert lawful == set(range(len(WAITING))) - {3, 4, 5}


def test_no_five_steps_of_giving_make_or_lose_or_double_a_gram(funded):
    lawful = walk(funded, GIVING, 5)

    # What was given to be used up is claimed for oneself, and moves no further.
    assert lawful == set(range(len(GIVING))) - {4, 10}


def test_four_steps_really_move_name_and_retire(begun):
    events = (MOVING[2], MOVING[3], MOVING[5], MOVING[0])

    state, used_up, done = begun, [], []
    for index, event in enumerate(events):
        state, more, lawful = step(state, event, index)
        used_up += more
        done.append(lawful)

    assert done == [True] * 4
    assert used_up == [0]
    assert {name: list(ranges) for name, ranges in state.held.items()} == {
        ALICE: [(4, 6)],
        BOB: [(1, 4)],
    }
