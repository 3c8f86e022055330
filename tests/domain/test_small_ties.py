"""A small batch and its one holder: every life of a few steps in which grams are tied, frozen, released or taken.

Accounts and batch keep the same locks, each by rules of its own: whatever happens, they agree.
"""

from dataclasses import dataclass, replace

import pytest
from rpds import HashTrieMap

from registry.domain import forms, gate, kinds
from registry.domain.account import Account, KeyLife, Mandate, Tie
from registry.domain.act import ActPart, Hashes
from registry.domain.batch import NATIVE, Batch
from registry.domain.ranges import Ranges
from registry.domain.roles import Registry
from registry.domain.standard import Standard
from registry.errors import RefusedError

RECEIVED_G = 4
STEPS = 4
MANDATE = 1
"""The entry in which the holder gave the exchange a mandate."""
FAR = "2999-12-31"
DIGEST = bytes(32)
BATCH = "batch/" + "b" * 16


def account(letter):
    return f"account/{letter * 16}"


ALICE, BOB, COURT, EXCHANGE, ONE, TWO = map(account, "abcdef")
PEOPLE = (ALICE, BOB, COURT, EXCHANGE, ONE, TWO)
ROLES = {(COURT, "court"): 0, (EXCHANGE, "exchange"): 0, (ONE, "officer"): 0, (TWO, "officer"): 0}


def key(name):
    return "ed25519-sha256", name.encode().ljust(32)[:32]


def person(name):
    keys = HashTrieMap({key(name): KeyLife(added=0, custodial=False)})
    return Account(name=name, legal_form="company", controller=name, keys=keys)


def beginning():
    alice = replace(
        person(ALICE),
        mandates=HashTrieMap({MANDATE: Mandate(exchange=EXCHANGE, until=FAR, standards=())}),
    )
    return {
        **{name: person(name) for name in PEOPLE},
        ALICE: alice,
        "registry": Registry(origin="small", roles=HashTrieMap(ROLES)),
        "standard/SCFG": Standard(code="SCFG", credit_class="reduction", unit_g=1),
        BATCH: Batch(
            name=BATCH,
            status="active",
            origin=NATIVE,
            standard="SCFG",
            period=("2025-01-01", "2025-12-31"),
            received_g=RECEIVED_G,
            held=HashTrieMap({ALICE: Ranges.of([(0, RECEIVED_G)])}),
            held_g=RECEIVED_G,
        ),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An act: who signs, and what happens in the batch and in Alice's account."""

    signers: tuple[str, ...]
    in_batch: tuple[str, dict] | None
    in_account: tuple[str, dict] | None


def locks(ground, kind, amount_g, *signers, **said):
    of = {"amount_g": amount_g, "standard": "SCFG"}
    locked = {**of, "holder": ALICE, "owner": ALICE, "range": None, "ground": ground}
    return Step(
        signers=signers,
        in_batch=("batch.locked.v1", locked),
        in_account=(f"account.{kind}.v1", {**of, "batch": BATCH, **said}),
    )


def releases(lock, kind, grams, *signers, to=ALICE, means=None, **said):
    """The grams of `lock` go to `to`; `means` is what the account's part means, the lock itself as a rule."""
    released = {
        "means": (lock, DIGEST),
        "owner": ALICE,
        "taker": to,
        "amount_g": grams,
        "standard": "SCFG",
    }
    return Step(
        signers=signers,
        in_batch=("batch.released.v1", released),
        in_account=(f"account.{kind}.v1", {"means": means or (lock, DIGEST), **said}),
    )


def says(kind, *signers, **said):
    return Step(signers=signers, in_batch=None, in_account=(f"account.{kind}.v1", said))


UNKNOWN = {
    "ground": "offer",
    "batch": BATCH,
    "standard": "SCFG",
    "amount_g": 1,
    "other": BOB,
    "until": FAR,
}
RULING = {"authority": COURT, "until": FAR, "document": DIGEST}
ANY_TIME = (
    locks("offer", "offered", 2, ALICE, taker=BOB, until=FAR, donation=False),
    locks("pledge", "pledged", 1, ALICE, BOB, pledgee=BOB, document=DIGEST),
    locks("settlement", "reserved", 2, EXCHANGE, means=(MANDATE, DIGEST), venue=EXCHANGE),
    locks("freeze", "range_frozen", 1, COURT, ONE, **RULING),
    says("frozen", COURT, ONE, **RULING),
    says("closed", ALICE),
    says("mandate_ended", ALICE, means=(MANDATE, DIGEST)),
)


def about_tie(lock, tie):
    """Everything that could be said of a tie, whether or not its ground allows it."""
    whole_g = tie.amount_g
    seized = {"court": COURT, "amount_g": 1, "document": DIGEST}
    settled = {"venue": EXCHANGE, "taker": BOB, "amount_g": 1, "trade": None}
    yield releases(lock, "offer_accepted", whole_g, BOB, to=BOB, taker=BOB)
    yield releases(lock, "offer_declined", whole_g, BOB, taker=BOB)
    yield releases(lock, "offer_withdrawn", whole_g, ALICE)
    yield releases(lock, "pledge_released", whole_g, BOB, pledgee=BOB)
    yield releases(lock, "settled", 1, EXCHANGE, to=BOB, **settled)
    yield releases(lock, "reserve_ended", whole_g, EXCHANGE, venue=EXCHANGE)
    yield releases(lock, "lock_seized", 1, COURT, ONE, TWO, to=BOB, **seized)
    yield says("freeze_queued", COURT, ONE, means=(lock, DIGEST), **RULING)


def about_freeze(freeze, ties):
    """A freeze is lifted alone, and with each of the ranges, its own or not."""
    said = {"authority": COURT, "document": DIGEST}
    means = (freeze.index, DIGEST)
    yield says("unfrozen", COURT, ONE, means=means, **said)
    for lock, tie in ties.items():
        yield releases(lock, "unfrozen", tie.amount_g, COURT, ONE, means=means, **said)


def possible(states):
    alice = states[ALICE]
    yield from ANY_TIME
    for lock, tie in alice.ties.items():
        yield from about_tie(lock, tie)
    for freeze in alice.freezes:
        yield from about_freeze(freeze, alice.ties)


def after(states, step, index, apart=()):
    """The states after a step; what happens in streams that are `apart` is not judged."""
    said = ((BATCH, step.in_batch), (ALICE, step.in_account))
    parts = tuple(
        ActPart(stream=stream, new_id=lambda: "", events=(kinds.read(stream, *happening),))
        for stream, happening in said
        if happening is not None
    )
    form = forms.form_of(tuple(tuple(made.kind for made in part.events) for part in parts))
    forms.check_equal(form, parts)
    asked = gate.Asked(
        index=index,
        at_us=1_790_000_000_000_000,
        nonce=bytes(16),
        signers=[(name, key(name)) for name in step.signers],
        parts=parts,
        hashes=Hashes(row_id=None, row_root=None, row_says=None),
    )
    touched = {part.stream for part in parts}
    consulted = {*forms.consults(parts, step.signers), *touched}
    before = {name: states.get(name, kinds.blank(name)) for name in consulted}
    return {**states, **gate.judge(asked, form, before, apart).after}


def check_agreement(states):
    """The batch and the account know the same locks, and a range is frozen as long as a freeze stands on it."""
    alice, batch = states[ALICE], states[BATCH]
    in_batch = {index: (lock.ground, lock.left.total_g) for index, lock in batch.locks.items()}
    in_account = {index: (tie.ground, tie.amount_g) for index, tie in alice.ties.items()}
    assert in_batch == in_account
    assert batch.conserved
    assert batch.locked_g == sum(tie.amount_g for tie in alice.ties.values())
    ranges = {index for index, tie in alice.ties.items() if tie.ground == "freeze"}
    assert ranges == {freeze.lock for freeze in alice.freezes} - {None}


def alices_g(states):
    batch = states[BATCH]
    return batch.holding(ALICE).total_g + batch.locked_g


def check_step(before, step, states):
    """Nothing but a court takes from a frozen account; who closes has nothing open; nobody else loses a gram."""
    check_agreement(states)
    kind = step.in_account[0]
    frozen = before[ALICE].freezes_of(None)
    if frozen and kind != "account.lock_seized.v1":
        assert alices_g(states) == alices_g(before)
    if kind == "account.closed.v1":
        assert not before[ALICE].ties


def lives(states, index, steps):
    """Walks through every life of so many steps from `states` on; how many acts were lawful, how many refused."""
    lawful = unlawful = 0
    for step in possible(states) if steps else ():
        try:
            later = after(states, step, index)
        except RefusedError:
            unlawful += 1
            continue
        check_step(states, step, later)
        more, less = lives(later, index + 1, steps - 1)
        lawful, unlawful = lawful + 1 + more, unlawful + less
    return lawful, unlawful


def test_in_no_life_of_four_steps_do_the_account_and_the_batch_disagree():
    lawful, unlawful = lives(beginning(), MANDATE + 1, STEPS)

    assert lawful > 1_000
    assert unlawful > 1_000


@pytest.mark.parametrize(
    "kind",
    ["offer_accepted", "pledge_released", "settled", "reserve_ended", "lock_seized", "unfrozen"],
)
def test_the_small_world_has_the_step(kind):
    found = set()
    for tying in ANY_TIME[:4]:
        tied = after(beginning(), tying, MANDATE + 1)
        for step in possible(tied):
            try:
                after(tied, step, MANDATE + 2)
            except RefusedError:
                continue
            found.add(step.in_account[0])

    assert f"account.{kind}.v1" in found


@pytest.mark.parametrize(
    "step", [*about_tie(9, Tie(**UNKNOWN))], ids=lambda step: step.in_account[0]
)
def test_where_the_batch_is_not_judged_a_tie_that_nobody_made_is_refused(step):
    with pytest.raises(RefusedError) as refusal:
        after(beginning(), step, 10, apart=(BATCH,))

    assert refusal.value.code == "not_tied"
