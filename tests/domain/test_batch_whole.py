"""What becomes of a batch as a whole: suspended, carved, cancelled; allowances that expire; books of before."""

import pytest

from registry.domain.batch import DEPTH_MAX, IMPORTED
from tests.world import GRAMS, HOUR_US, PERIOD, digest, refused, table
from tests.worlds_accounts import (
    freezes,
    freezes_range,
    offers,
    seizes,
    seizes_locked,
    set_policy,
    staffed,
    withdraws,
)
from tests.worlds_batches import (
    BOOKS,
    cancels,
    carries_over,
    carves,
    deposits_allowances,
    issued_elsewhere,
    meant,
    reinstates,
    suspends,
    transferred_elsewhere,
)

YEAR_US = 366 * 24 * HOUR_US


@pytest.fixture
def world():
    return staffed()


@pytest.fixture
def batch(world):
    return world.issues(1_000)


@pytest.fixture
def allowances(world):
    world.recognises(
        "CEA",
        credit_class="allowance",
        home="CETS",
        serial_format=(3, (0,), 1, 2),
    )
    return world


def held(world, batch, name):
    return list(world.state(batch).holding(world[name].account))


# ---- suspended


def test_nothing_moves_while_a_batch_is_suspended(world, batch):
    tied = offers(world, batch, "owner", "alice", 100)
    made = suspends(world, batch)

    for act in (
        lambda: world.transfers(batch, "owner", "alice", 1),
        lambda: world.retires(batch, "owner", 1),
        lambda: world.imports(batch, "owner", 1),
        lambda: carves(world, batch, "owner", 1),
        lambda: offers(world, batch, "owner", "alice", 1),
    ):
        refusal = refused(world, act)
        assert (refusal.code, refusal.facts["entry"]) == ("batch_suspended", made.index)
    assert tied.means[0] in world.state(batch).locks


def test_a_court_and_the_authority_reach_into_a_suspended_batch(world, batch):
    offered = offers(world, batch, "owner", "alice", 100)
    other = offers(world, batch, "owner", "alice", 50)
    made = suspends(world, batch)

    seizes(world, batch, "owner", "court", 10)
    seizes_locked(world, offered, "court", 20)
    withdraws(world, other)
    freezes_range(world, batch, "owner", 30)
    cancels(world, batch, "owner", 40)
    reinstates(world, batch, meant(made))
    world.transfers(batch, "owner", "alice", 1)

    state = world.state(batch)
    assert state.holding(world["court"].account).total_g == 30
    assert (state.locked_g, state.cancelled_g, state.status) == (110, 40, "active")
    assert state.suspended is None
    assert state.conserved


@table(
    "act, code",
    (suspends, "out_of_order"),
    (lambda w, b: reinstates(w, b, meant(w.additions[0])), "wrong_entry_meant"),
    (lambda w, b: reinstates(w, b, meant(w.additions[-1]), "one", "two"), "role_missing"),
)
def test_a_suspension_ends_by_its_own_name(world, batch, act, code):
    suspends(world, batch)

    refusal = refused(world, lambda: act(world, batch))

    assert refusal.code == code
    assert world.state(batch).status == "suspended"


@table(
    "act, code",
    (lambda w, b: reinstates(w, b, meant(w.additions[0])), "out_of_order"),
    (lambda w, b: suspends(w, b, "one", "two"), "role_missing"),
    (lambda w, _: suspends(w, "batch/" + "a" * 16), "out_of_order"),
)
def test_a_suspension_begins_in_its_order(world, batch, act, code):
    refusal = refused(world, lambda: act(world, batch))

    assert refusal.code == code
    assert world.state(batch).status == "active"


def test_the_two_who_suspend_are_two_persons(world, batch):
    world.opens("other office", controller=world["authority"].account, role="officer")

    refusal = refused(world, lambda: suspends(world, batch, "authority", "other office"))

    assert refusal.code == "not_distinct"


# ---- cancelled


@table(
    "changed, code",
    ({"amount_g": 1_001}, "insufficient_holding"),
    ({"standard": "VCU"}, "wrong_standard"),
    ({"range": (0, 6)}, "wrong_amount"),
    ({"range": (998, 1_003)}, "range_not_held"),
    ({"reason": "theft"}, "malformed"),
    ({"holder": "account/" + "a" * 16}, "insufficient_holding"),
)
def test_a_cancellation_is_refused(world, batch, changed, code):
    refusal = refused(world, lambda: cancels(world, batch, "owner", 5, **changed))

    assert refusal.code == code
    assert world.state(batch).cancelled_g == 0


def test_what_is_cancelled_is_nobodys(world, batch):
    cancels(world, batch, "owner", 10)
    cancels(world, batch, "owner", 5, range=(100, 105))

    state = world.state(batch)
    assert (state.held_g, state.cancelled_g, state.retired_g) == (985, 15, 0)
    assert held(world, batch, "owner") == [(10, 100), (105, 1_000)]


def test_a_cancellation_takes_the_authority_and_an_officer(world, batch):
    refusal = refused(world, lambda: cancels(world, batch, "owner", 5, "one", "two"))

    assert refusal.code == "role_missing"


# ---- carved


def test_a_child_has_its_grams_with_their_serial_numbers(world, batch):
    child = carves(world, batch, "owner", 100, range=(200, 300))
    number = world.retires(child, "owner", 30)
    world.transfers(child, "owner", "alice", 20)

    parent, state = world.state(batch), world.state(child)
    assert (parent.held_g, parent.carved_g) == (900, 100)
    assert (state.origin, state.period, state.standard) == ("native", PERIOD, "SCFG")
    assert (state.project, state.root, state.depth) == (parent.project, batch, 1)
    assert held(world, child, "owner") == [(250, 300)]
    assert held(world, child, "alice") == [(230, 250)]
    assert world.state(number).amount_g == 30


def test_a_child_of_deposited_units_still_awaits_their_home(world):
    batch = world.deposits("A-1-2", 2 * GRAMS)

    child = carves(world, batch, "owner", 100, standard="VCU")
    number = world.retires(child, "owner", 30, standard="VCU")

    assert world.state(child).custodian == world["exchange"].account
    assert world.state(number).home == frozenset({"VCU"})


@table(
    "changed, code",
    ({"amount_g": 1_001}, "insufficient_holding"),
    ({"range": (0, 6)}, "wrong_amount"),
    ({"standard": "VCU"}, "wrong_standard"),
    ({"child": "batch/" + "a" * 16}, "wrong_id"),
)
def test_a_carving_is_refused(world, batch, changed, code):
    refusal = refused(world, lambda: carves(world, batch, "owner", 5, **changed))

    assert refusal.code == code
    assert world.state(batch).carved_g == 0


def test_only_what_is_ones_own_is_carved(world, batch):
    world.transfers(batch, "owner", "alice", 10)

    refusal = refused(world, lambda: carves(world, batch, "alice", 1, range=(10, 11)))

    assert refusal.code == "range_not_held"


def test_a_child_says_what_its_parent_says(world, batch):
    setting = world.setting(world["owner"])
    child = setting.new("batch", 1)
    of = {"holder": world["owner"].account, "standard": "SCFG"}
    carved = {**of, "amount_g": 5, "range": None, "child": child}
    out = {**of, "amount_g": 6, "parent": batch}
    parts = [(batch, [("batch.carved.v1", carved)]), (child, [("batch.carved_out.v1", out)])]

    refusal = refused(world, lambda: world.submit(setting, parts))

    assert refusal.code == "parts_differ"


def test_batches_are_carved_sixteen_times_over_and_no_further(world, batch):
    child = batch
    for _ in range(DEPTH_MAX):
        child = carves(world, child, "owner", 500)
        world.transfers(child, "owner", "alice", 1)
        world.transfers(child, "alice", "owner", 1)

    refusal = refused(world, lambda: carves(world, child, "owner", 1))

    assert (refusal.code, refusal.facts["depth"]) == ("too_deep", DEPTH_MAX)
    assert world.state(child).depth == DEPTH_MAX
    assert world.state(child).root == batch


# ---- allowances


def test_allowances_are_of_a_year_and_used_until_their_last_day(allowances):
    world = allowances
    batch = deposits_allowances(world, expires="2026-09-21")
    world.transfers(batch, "owner", "alice", 5, standard="CEA")
    world.now_us += 24 * HOUR_US

    state = world.state(batch)
    assert (state.origin, state.period) == ("deposited", ("2025-01-01", "2025-12-31"))
    assert state.is_allowance
    for act in (
        lambda: world.transfers(batch, "owner", "alice", 1, standard="CEA"),
        lambda: world.retires(batch, "owner", 1, standard="CEA"),
    ):
        refusal = refused(world, act)
        assert refusal.code == "allowance_expired"
        assert refusal.facts == {"expires": "2026-09-21", "today": "2026-09-22"}
    cancels(world, batch, "owner", 5, standard="CEA", reason="expired")
    assert world.state(batch).cancelled_g == 5


def test_allowances_are_carried_over_by_their_custodian(allowances):
    world = allowances
    batch = deposits_allowances(world, expires="2026-09-21")
    child = carves(world, batch, "owner", 10, standard="CEA")
    world.now_us += 24 * HOUR_US
    world.opens("second exchange", role="exchange")

    other = refused(world, lambda: carries_over(world, batch, "2027-12-31", "second exchange"))
    same = refused(world, lambda: carries_over(world, batch, "2026-09-21"))
    carries_over(world, batch, "2027-12-31")
    carries_over(world, child, "2027-06-30")
    world.transfers(batch, "owner", "alice", 1, standard="CEA")

    assert (other.code, same.code) == ("not_the_custodian", "not_later")
    assert world.state(batch).expires == "2027-12-31"
    assert world.state(child).expires == "2027-06-30"
    assert held(world, batch, "alice") == [(10, 11)]


def test_what_is_no_allowance_is_not_carried_over(world, batch):
    refusal = refused(world, lambda: carries_over(world, batch, "2027-12-31"))

    assert refusal.code == "not_an_allowance"


@table(
    "changed, code",
    ({"expires": "2026-09-20"}, "allowance_expired"),
    ({"amount_g": 1}, "wrong_amount"),
    ({"year": "25"}, "malformed"),
    ({"holder": "account/" + "a" * 16}, "account_not_open"),
)
def test_a_deposit_of_allowances_is_refused(allowances, changed, code):
    refusal = refused(allowances, lambda: deposits_allowances(allowances, **changed))

    assert refusal.code == code


def test_policy_says_who_may_hold_allowances(allowances):
    world = allowances
    world.opens("citizen", legal_form="person")
    everybody = deposits_allowances(world)
    set_policy(world, "allowance_holders", codes=("company",))

    given = refused(
        world, lambda: world.transfers(everybody, "owner", "citizen", 1, standard="CEA")
    )
    deposited = refused(
        world,
        lambda: deposits_allowances(
            world, home_serials="CEA2025-9-9", holder=world["citizen"].account
        ),
    )
    world.transfers(everybody, "owner", "alice", 1, standard="CEA")
    set_policy(world, "allowance_holders", codes=("company", "verifier"))
    world.grants(world["citizen"].account, "verifier")
    world.transfers(everybody, "owner", "citizen", 2, standard="CEA")

    assert given.code == deposited.code == "not_an_allowance_holder"
    assert given.facts["legal_form"] == "person"
    assert held(world, everybody, "citizen") == [(1, 3)]


def test_an_empty_policy_asks_nothing_of_holders(allowances):
    world = allowances
    batch = deposits_allowances(world)
    set_policy(world, "allowance_holders", codes=())

    world.transfers(batch, "owner", "alice", 1, standard="CEA")

    assert held(world, batch, "alice") == [(0, 1)]


# ---- books of before


def test_history_of_before_is_entered_in_the_order_of_its_rows(world):
    batch = issued_elsewhere(world, 1_000, row=1)
    transferred_elsewhere(world, batch, "owner", "alice", 300, row=2)
    world.imports(batch, "alice", 50, row=9)
    transferred_elsewhere(world, batch, "alice", "bob", 100, row=5)

    state = world.state(batch)
    assert (state.origin, state.source, state.row) == (IMPORTED, BOOKS, 5)
    assert held(world, batch, "alice") == [(150, 300)]
    assert held(world, batch, "bob") == [(50, 150)]
    assert state.conserved


def test_a_row_is_entered_once(world):
    batch = issued_elsewhere(world, 1_000, row=1)
    transferred_elsewhere(world, batch, "owner", "alice", 300, row=3)
    world.now_us += 2 * HOUR_US

    again = refused(world, lambda: issued_elsewhere(world, 1_000, row=1))
    same = refused(world, lambda: transferred_elsewhere(world, batch, "owner", "alice", 300, row=3))
    before = refused(
        world, lambda: transferred_elsewhere(world, batch, "owner", "alice", 300, row=2)
    )

    assert again.code == "out_of_order"
    assert same.code == before.code == "row_imported"
    assert held(world, batch, "alice") == [(0, 300)]


@table(
    "live, code",
    (lambda w, b: w.transfers(b, "owner", "bob", 1), "not_importing"),
    (lambda w, b: w.retires(b, "owner", 1), "not_importing"),
    (lambda w, b: offers(w, b, "owner", "bob", 1), "not_importing"),
    (lambda w, b: carves(w, b, "owner", 1), "not_importing"),
)
def test_history_is_over_when_something_happens(world, live, code):
    batch = issued_elsewhere(world, 1_000, row=1)
    live(world, batch)

    refusal = refused(
        world, lambda: transferred_elsewhere(world, batch, "owner", "alice", 300, row=2)
    )

    assert refusal.code == code


@table(
    "changed, code",
    ({"source": digest("other books")}, "not_importing"),
    ({"nonce": bytes(16)}, "wrong_nonce"),
    ({"day": "2026-09-22"}, "not_yet_happened"),
    ({"amount_g": 1_001}, "insufficient_holding"),
    ({"taker": "account/" + "a" * 16}, "account_not_open"),
    ({"standard": "VCU"}, "wrong_standard"),
)
def test_a_transfer_of_before_is_refused(world, changed, code):
    batch = issued_elsewhere(world, 1_000, row=1)

    refusal = refused(
        world, lambda: transferred_elsewhere(world, batch, "owner", "alice", 9, row=2, **changed)
    )

    assert refusal.code == code
    assert held(world, batch, "alice") == []


def test_history_does_not_move_what_is_frozen_nor_to_its_own_holder(world):
    batch = issued_elsewhere(world, 1_000, row=1)
    itself = refused(world, lambda: transferred_elsewhere(world, batch, "owner", "owner", 9, row=2))
    freezes(world, "owner")

    frozen = refused(world, lambda: transferred_elsewhere(world, batch, "owner", "alice", 9, row=3))

    assert (itself.code, frozen.code) == ("to_itself", "account_frozen")


@table(
    "changed, code",
    ({"nonce": bytes(16)}, "wrong_nonce"),
    ({"day": "2026-09-22"}, "not_yet_happened"),
    ({"day": "2025-12-30"}, "not_yet_happened"),
    ({"holder": "account/" + "a" * 16}, "wrong_signers"),
    ({"standard": "VCU"}, "foreign_standard"),
    ({"standard": "NONE"}, "not_recognised"),
)
def test_an_issue_of_before_is_refused(world, changed, code):
    refusal = refused(world, lambda: issued_elsewhere(world, 1_000, **changed))

    assert refusal.code == code


def test_an_issue_of_before_takes_the_authority_an_officer_and_the_holder(world):
    officers = refused(world, lambda: issued_elsewhere(world, 1_000, "one", "two", "owner"))
    alone = refused(world, lambda: issued_elsewhere(world, 1_000, "authority", "one"))

    assert (officers.code, alone.code) == ("role_missing", "wrong_signers")


def test_nothing_of_a_withdrawn_kind_is_issued_and_what_is_there_moves(world, batch):
    project = world.registers()
    world.verifies(project, 10)
    withdrawn = ("standard.withdrawn.v1", {"document": digest("withdrawal")})
    world.do("authority", "one", parts=[("standard/SCFG", [withdrawn])])

    native = refused(world, lambda: world.issues(10, project=project))
    before = refused(world, lambda: issued_elsewhere(world, 10))
    world.transfers(batch, "owner", "alice", 5)
    world.retires(batch, "alice", 5)

    assert native.code == before.code == "standard_withdrawn"
    assert world.state(batch).retired_g == 5
