"""Restoration orders: registered, bought for, performed or enforced, confirmed; amended, substituted, withdrawn."""

import pytest

from registry.domain.order import Terms, lies_in
from tests.world import GRAMS, digest, refused, table
from tests.worlds_conduct import lists, sets_policy
from tests.worlds_giving import (
    AFTER_US,
    DEADLINE,
    amends,
    buys,
    closes_order,
    decides,
    giving_world,
    loses,
    performs,
    registers_order,
    releases,
)

NOBODY = "account/" + "a" * 16
HALVES = (("2026-10-31", 40), ("2026-12-31", 60))
NOVEMBER_US = 1_793_500_000_000_000  # 1 November 2026 in China


@pytest.fixture
def world():
    return giving_world()


@pytest.fixture
def batch(world):
    return world.issues(1_000)


def bought(world, batch, amount_g=100, **changed):
    """An order for which the whole amount was bought: its name, the entry of its terms, that of its lock."""
    order, terms = registers_order(world, **changed)
    return order, terms, buys(world, order, batch, amount_g)


def test_an_order_is_registered_with_its_terms_and_binds_the_case_s_account(world):
    order, terms = registers_order(world, instalments=HALVES, agent=world["agent"].account)

    state = world.state(order)
    assert (state.status, state.court) == ("registered", world["court"].account)
    assert (state.account, state.agent) == (world["case"].account, world["agent"].account)
    assert state.terms == Terms(
        entry=terms[0], unit="g", amount=100, deadline=DEADLINE, instalments=HALVES
    )
    assert order in world.state(world["case"].account).bonds


@table(
    "changed, code",
    ({"amount_g": None}, "bad_terms"),
    ({"amount_fen": 100}, "bad_terms"),
    ({"instalments": (("2026-10-31", 40),)}, "bad_terms"),
    ({"instalments": (("2026-10-31", 40), ("2027-01-01", 60))}, "bad_terms"),
    ({"instalments": (("2026-10-31", 40), ("2026-10-31", 60))}, "malformed"),
    ({"instalments": (("2026-12-31", 60), ("2026-10-31", 40))}, "malformed"),
    ({"instalments": (("2026-10-31", 0), ("2026-12-31", 100))}, "malformed"),
    ({"standards": ()}, "malformed"),
    ({"standards": ("VCU", "SCFG")}, "malformed"),
    ({"regions": ("51",)}, "malformed"),
    ({"basis": "wish"}, "malformed"),
    ({"basis": "administrative_decision"}, "role_missing"),
    ({"agent": NOBODY}, "account_not_open"),
    ({"court": NOBODY}, "wrong_signers"),
)
def test_a_registration_is_refused(world, changed, code):
    refusal = refused(world, lambda: registers_order(world, **changed))

    assert refusal.code == code


@table(
    "basis, by, lawful",
    ("judgment", "court", True),
    ("judgment", "procuratorate", False),
    ("judgment", "authority", False),
    ("mediation", "court", True),
    ("mediation", "procuratorate", True),
    ("low_carbon_order", "procuratorate", True),
    ("low_carbon_order", "authority", False),
    ("administrative_decision", "authority", True),
    ("administrative_decision", "court", False),
)
def test_each_order_is_given_by_whoever_can_give_it(world, basis, by, lawful):
    if not lawful:
        refusal = refused(world, lambda: registers_order(world, by, basis=basis))
        assert refusal.code == "role_missing"
        return

    order, _ = registers_order(world, by, basis=basis)

    assert (world.state(order).basis, world.state(order).court) == (basis, world[by].account)


def test_the_case_s_account_is_no_agent_of_its_own(world):
    own = world["case"].account

    refusal = refused(world, lambda: registers_order(world, agent=own))

    assert refusal.code == "bad_terms"


def test_who_is_no_court_registers_nothing(world):
    refusal = refused(world, lambda: registers_order(world, "alice"))

    assert refusal.code == "role_missing"


def test_what_is_bought_is_locked_at_once(world, batch):
    order, _, lock = bought(world, batch, 60)

    lot = world.state(order).lots[batch, lock[0]]
    assert (lot.amount_g, lot.left_g, lot.performed_g) == (60, 60, 0)
    assert (world.state(batch).locked_g, world.state(batch).held_g) == (60, 940)
    assert world.state(order).locked_g == 60


def test_an_agent_buys_for_the_case(world, batch):
    order, _ = registers_order(world, agent=world["agent"].account)

    buys(world, order, batch, 60, "owner", "agent")

    assert world.state(order).locked_g == 60


def test_an_agent_may_sell_what_is_theirs(world, batch):
    world.transfers(batch, "owner", "agent", 100)
    order, _ = registers_order(world, agent=world["agent"].account)

    buys(world, order, batch, 60, "agent")

    assert world.state(order).locked_g == 60


def test_the_case_s_account_may_lock_what_it_has(world, batch):
    world.transfers(batch, "owner", "case", 100)
    order, _ = registers_order(world)

    buys(world, order, batch, 60, "case")

    assert world.state(order).locked_g == 60


@table(
    "signers, changed, code",
    (("owner", "alice"), {}, "not_the_buyer"),
    (("owner", "agent"), {}, "not_the_buyer"),
    (("alice", "case"), {}, "insufficient_holding"),
    (("owner", "case"), {"standard": "VCU"}, "wrong_standard"),
    (("owner", "case"), {"project": "project/" + "a" * 16}, "wrong_project"),
)
def test_a_purchase_is_refused(world, batch, signers, changed, code):
    order, _ = registers_order(world)

    refusal = refused(world, lambda: buys(world, order, batch, 60, *signers, **changed))

    assert refusal.code == code
    assert world.state(order).locked_g == world.state(batch).locked_g == 0


def test_what_is_bought_is_locked_for_the_case_s_own_account(world, batch):
    order, _ = registers_order(world)
    alice = world["alice"].account

    refusal = refused(world, lambda: buys(world, order, batch, 60, account=alice))

    assert refusal.code == "not_the_case_account"
    assert world.state(batch).locked_g == 0


def test_nothing_is_bought_that_could_not_be_retired_for_the_order(world):
    play = {"home": "VCS", "serial_format": (3, (0,), 1, 2), "claims": ("meeting",)}
    world.recognises("PLAY", **play)
    batch = world.deposits("PLAY 1 9", 9 * GRAMS, standard="PLAY")
    order, _ = registers_order(world, standards=("PLAY",))

    refusal = refused(world, lambda: buys(world, order, batch, 60, standard="PLAY"))

    assert refusal.code == "claim_not_accepted"
    assert world.state(batch).locked_g == 0


def test_only_the_kinds_of_credit_that_the_order_names_are_bought(world, batch):
    order, _ = registers_order(world, standards=("VCU",))

    refusal = refused(world, lambda: buys(world, order, batch, 60))

    assert refusal.code == "wrong_standard"


@table(
    "regions, lawful",
    (("510100",), True),
    (("510000",), True),
    (("500000", "510000"), True),
    (("500000",), False),
    (("510104",), False),
    (("510200",), False),
)
def test_only_credits_of_the_regions_that_the_order_names_are_bought(world, regions, lawful):
    project = world.registers()
    world.verifies(project, 1_000)
    batch = world.issues(1_000, project=project)
    order, _ = registers_order(world, regions=regions)

    unnamed = refused(world, lambda: buys(world, order, batch, 60))
    if lawful:
        buys(world, order, batch, 60, project=project)
        assert world.state(order).locked_g == 60
    else:
        refusal = refused(world, lambda: buys(world, order, batch, 60, project=project))
        assert refusal.code == "outside_regions"
    assert unnamed.code == "outside_regions"


def test_a_project_that_is_named_is_the_one_that_the_credits_come_from(world, batch):
    order, _ = registers_order(world, regions=("510000",))
    other = world.registers()

    refusal = refused(world, lambda: buys(world, order, batch, 60, project=other))

    assert refusal.code == "wrong_project"


@table(
    "place, region, inside",
    ("510104", "510000", True),
    ("510104", "510100", True),
    ("510104", "510104", True),
    ("510100", "510104", False),
    ("510104", "510200", False),
    ("500101", "510000", False),
)
def test_a_county_is_in_its_city_and_its_province(place, region, inside):
    assert lies_in(place, region) is inside


def test_the_obligor_performs_in_part_and_then_in_full(world, batch):
    order, _, lock = bought(world, batch)

    first = performs(world, order, (batch, lock, 40))
    part = world.state(order).performed
    second = performs(world, order, (batch, lock, 60))

    state = world.state(order)
    assert (part, state.performed, state.locked_g) == (40, 100, 0)
    assert state.performed_in == world.replay.size - 1
    assert world.state(batch).retired_g == 100
    assert [world.state(number).amount_g for number in (first, second)] == [40, 60]
    assert world.state(first).holder == world["case"].account


def test_one_performance_uses_several_lots(world, batch):
    other = world.issues(1_000)
    order, _, lock = bought(world, batch, 60)
    more = buys(world, order, other, 70)

    performs(world, order, (batch, lock, 60), (other, more, 40))

    state = world.state(order)
    assert state.performed == 100
    assert (state.lots[batch, lock[0]].left_g, state.lots[other, more[0]].left_g) == (0, 30)


def test_a_lot_is_never_used_twice(world, batch):
    order, _, lock = bought(world, batch, 60)
    performs(world, order, (batch, lock, 40))

    refusal = refused(world, lambda: performs(world, order, (batch, lock, 21)))

    assert refusal.code == "insufficient_holding"
    assert world.state(order).performed == 40


def test_what_was_bought_for_one_order_performs_no_other(world, batch):
    _, _, lock = bought(world, batch)
    other, _ = registers_order(world)

    refusal = refused(world, lambda: performs(world, other, (batch, lock, 10)))

    assert refusal.code == "not_bought"


@table(
    "statement, changed, code",
    ({"ground": "voluntary"}, {}, "wrong_ground"),
    ({"ground": "administrative_order"}, {}, "wrong_ground"),
    ({"purpose": "enterprise"}, {}, "wrong_ground"),
    ({"beneficiary": digest("the obligor")}, {}, "beneficiary_named"),
    ({}, {"amount_g": 39}, "wrong_amount"),
    ({}, {"account": NOBODY}, "wrong_signers"),
    ({}, {"certificate": "certificate/" + "a" * 16}, "parts_differ"),
)
def test_a_performance_is_refused(world, batch, statement, changed, code):
    order, _, lock = bought(world, batch)

    refusal = refused(
        world,
        lambda: performs(world, order, (batch, lock, 40), statement=statement, **changed),
    )

    assert refusal.code == code
    assert world.state(order).performed == 0
    assert world.state(batch).retired_g == 0


def test_an_agency_s_order_is_performed_on_its_own_ground(world, batch):
    order, _ = registers_order(world, "authority", basis="administrative_decision")
    lock = buys(world, order, batch, 100)
    stated = {"ground": "administrative_order"}

    refusal = refused(world, lambda: performs(world, order, (batch, lock, 100)))
    performs(world, order, (batch, lock, 100), statement=stated)

    assert refusal.code == "wrong_ground"
    assert world.state(order).performed == 100


def test_nobody_but_the_case_s_account_performs(world, batch):
    order, _, lock = bought(world, batch, agent=None)
    world.transfers(batch, "owner", "alice", 10)
    alice = world["alice"].account

    refusal = refused(
        world, lambda: performs(world, order, (batch, lock, 10), account=alice, by="case")
    )

    assert refusal.code == "wrong_signers"


@table(
    "at_us, overdue",
    (None, 0),
    (NOVEMBER_US, 40),
    (AFTER_US, 100),
)
def test_what_is_overdue_follows_from_the_day(world, batch, at_us, overdue):
    order, _, _ = bought(world, batch, instalments=HALVES)
    day = {None: "2026-10-31", NOVEMBER_US: "2026-11-01", AFTER_US: "2027-01-01"}[at_us]

    assert world.state(order).overdue(day) == overdue


def test_what_was_performed_is_not_overdue(world, batch):
    order, _, lock = bought(world, batch, instalments=HALVES)
    performs(world, order, (batch, lock, 30))

    state = world.state(order)
    assert [state.overdue(day) for day in ("2026-11-01", "2027-01-01")] == [10, 70]


def test_default_is_found_once_an_instalment_is_overdue(world, batch):
    order, terms, _ = bought(world, batch, instalments=HALVES)

    early = refused(world, lambda: decides(world, order, "defaulted", terms))
    world.now_us = NOVEMBER_US
    found = decides(world, order, "defaulted", terms)

    assert early.code == "not_overdue"
    assert world.state(order).defaulted == found[0]


def test_the_court_enforces_after_default_and_not_before(world, batch):
    order, terms, lock = bought(world, batch)
    world.now_us = AFTER_US

    early = refused(world, lambda: performs(world, order, (batch, lock, 100), by="court"))
    decides(world, order, "defaulted", terms)
    number = performs(world, order, (batch, lock, 100), by="court")

    assert early.code == "not_defaulted"
    assert world.state(order).performed == 100
    assert world.state(number).holder == world["case"].account


def test_another_court_enforces_nothing(world, batch):
    order, terms, lock = bought(world, batch)
    world.opens("rival", role="court")
    world.now_us = AFTER_US
    decides(world, order, "defaulted", terms)

    refusal = refused(world, lambda: performs(world, order, (batch, lock, 100), by="rival"))

    assert refusal.code == "not_the_court"


@pytest.mark.parametrize("what", ["defaulted", "withdrawn", "amended", "substituted"])
def test_another_court_decides_nothing(world, what):
    order, terms = registers_order(world)
    world.opens("rival", role="court")
    world.now_us = AFTER_US
    more = {
        "amended": {
            "amount_g": 1,
            "amount_fen": None,
            "deadline": DEADLINE,
            "instalments": (),
        },
        "substituted": {"obligor": digest("another"), "agent": None},
    }.get(what, {})

    refusal = refused(world, lambda: decides(world, order, what, terms, by="rival", **more))

    assert refusal.code == "not_the_court"


def test_amended_terms_are_in_force_and_not_yet_broken(world, batch):
    order, terms, _ = bought(world, batch)
    world.now_us = AFTER_US
    decides(world, order, "defaulted", terms)

    amended = amends(world, order, terms, deadline="2027-06-30", instalments=(("2027-03-31", 60),))

    state = world.state(order)
    assert (state.terms.amount, state.terms.deadline) == (60, "2027-06-30")
    assert (state.terms.entry, state.defaulted) == (amended[0], None)
    assert state.overdue("2027-01-31") == 0


@table(
    "changed, code",
    ({"amount_g": None}, "bad_terms"),
    ({"amount_g": None, "amount_fen": 100}, "bad_terms"),
    ({"instalments": (("2026-12-31", 59),)}, "bad_terms"),
    ({"deadline": "2026-12-30", "instalments": (("2026-12-31", 60),)}, "bad_terms"),
)
def test_an_amendment_is_refused(world, changed, code):
    order, terms = registers_order(world)

    refusal = refused(world, lambda: amends(world, order, terms, **changed))

    assert refusal.code == code
    assert world.state(order).terms.amount == 100


def test_a_decision_means_the_terms_in_force(world):
    order, terms = registers_order(world)
    amended = amends(world, order, terms)

    stale = refused(world, lambda: decides(world, order, "withdrawn", terms))
    decides(world, order, "withdrawn", amended)

    assert (stale.code, stale.facts["expected"]) == ("wrong_entry_meant", amended[0])
    assert world.state(order).status == "withdrawn"


def test_another_obligor_has_another_agent_or_none(world, batch):
    order, terms = registers_order(world, agent=world["agent"].account)
    obligor = digest("another obligor")

    decides(world, order, "substituted", terms, obligor=obligor, agent=None)
    refusal = refused(world, lambda: buys(world, order, batch, 60, "owner", "agent"))

    assert refusal.code == "not_the_buyer"
    assert world.state(order).agent is None


@table(
    "agent, code",
    ("case", "bad_terms"),
    (NOBODY, "account_not_open"),
)
def test_a_substitution_is_refused(world, agent, code):
    order, terms = registers_order(world)
    named = world["case"].account if agent == "case" else agent

    refusal = refused(
        world,
        lambda: decides(world, order, "substituted", terms, obligor=digest("another"), agent=named),
    )

    assert refusal.code == code


def test_the_court_confirms_what_was_performed_in_full(world, batch):
    order, terms, lock = bought(world, batch)
    performs(world, order, (batch, lock, 60))

    early = refused(world, lambda: decides(world, order, "confirmed", terms))
    performs(world, order, (batch, lock, 40))
    last = world.additions[-1].index, world.additions[-1].leaf
    wrong = refused(world, lambda: decides(world, order, "confirmed", terms))
    decides(world, order, "confirmed", last)

    assert (early.code, early.facts["performed_g"]) == ("not_performed", 60)
    assert wrong.code == "wrong_entry_meant"
    assert world.state(order).status == "confirmed"


def test_a_withdrawn_order_releases_what_was_not_retired_to_the_case_s_account(world, batch):
    order, terms, lock = bought(world, batch)
    performs(world, order, (batch, lock, 40))

    early = refused(world, lambda: releases(world, order, batch, lock, 60))
    decides(world, order, "withdrawn", terms)
    releases(world, order, batch, lock, 60)

    assert early.code == "out_of_order"
    assert world.state(batch).holding(world["case"].account).total_g == 60
    assert (world.state(batch).retired_g, world.state(order).locked_g) == (40, 0)


def test_an_officer_may_release_after_the_court_s_entry_and_nobody_else(world, batch):
    order, terms, lock = bought(world, batch)
    decides(world, order, "withdrawn", terms)

    refusal = refused(world, lambda: releases(world, order, batch, lock, 100, by="case"))
    releases(world, order, batch, lock, 100, by="one")

    assert refusal.code == "role_missing"
    assert world.state(order).locked_g == 0


def test_no_more_is_released_than_is_locked_and_only_from_the_order_s_own_lots(world, batch):
    order, terms, lock = bought(world, batch)
    _, _, other = bought(world, batch)
    decides(world, order, "withdrawn", terms)

    more = refused(world, lambda: releases(world, order, batch, lock, 101))
    elsewhere = refused(world, lambda: releases(world, order, batch, other, 100))

    assert (more.code, elsewhere.code) == ("insufficient_holding", "not_bought")


@pytest.mark.parametrize("end", ["withdrawn", "confirmed"])
def test_an_order_that_is_over_is_not_performed_or_bought_for(world, batch, end):
    order, terms, lock = bought(world, batch, 160)
    performs(world, order, (batch, lock, 100))
    last = world.additions[-1].index, world.additions[-1].leaf
    decides(world, order, end, last if end == "confirmed" else terms)

    performing = refused(world, lambda: performs(world, order, (batch, lock, 1)))
    buying = refused(world, lambda: buys(world, order, batch, 1))

    assert {performing.code, buying.code} == {"out_of_order"}


def test_an_order_is_closed_when_nothing_is_locked_for_it(world, batch):
    order, terms, lock = bought(world, batch)
    decides(world, order, "withdrawn", terms)

    early = refused(world, lambda: closes_order(world, order))
    releases(world, order, batch, lock, 100)
    closes_order(world, order)

    assert (early.code, early.facts["locked_g"]) == ("grams_locked", 100)
    assert world.state(order).status == "closed"
    assert order not in world.state(world["case"].account).bonds


def test_what_is_cancelled_of_a_lot_no_longer_performs_nor_keeps_the_order_open(world, batch):
    order, terms, lock = bought(world, batch)

    loses(world, order, batch, lock, 100)
    refusal = refused(world, lambda: performs(world, order, (batch, lock, 1)))
    decides(world, order, "withdrawn", terms)
    closes_order(world, order, by="one")

    assert refusal.code in {"not_bought", "insufficient_holding", "wrong_entry_meant"}
    assert (world.state(batch).cancelled_g, world.state(order).locked_g) == (100, 0)
    assert world.state(order).status == "closed"


# ---- orders in yuan


def in_fen(world, batch, *lots):
    """An order of 1,000 fen, and the entries that locked `lots`, of how many grams for how much."""
    order, terms = registers_order(world, amount_g=None, amount_fen=1_000)
    locks = [buys(world, order, batch, amount_g, cost_fen=cost_fen) for amount_g, cost_fen in lots]
    return order, terms, locks


def test_an_order_in_yuan_counts_what_was_paid_for_what_is_retired(world, batch):
    order, _, (one, other) = in_fen(world, batch, (300, 600), (100, 500))

    performs(world, order, (batch, one, 100))
    part = world.state(order).performed
    performs(world, order, (batch, one, 200))
    performs(world, order, (batch, other, 99))

    state = world.state(order)
    assert (part, state.performed, state.performed_g) == (200, 600 + 495, 399)


def test_a_part_of_a_fen_does_not_count_until_it_is_whole(world, batch):
    order, _, (lock,) = in_fen(world, batch, (3, 100))

    counted = []
    for _ in range(3):
        performs(world, order, (batch, lock, 1))
        counted.append(world.state(order).performed)

    assert counted == [33, 66, 100]


def test_an_order_in_yuan_wants_to_know_what_was_paid(world, batch):
    order, _ = registers_order(world, amount_g=None, amount_fen=1_000)

    refusal = refused(world, lambda: buys(world, order, batch, 100))

    assert refusal.code == "cost_missing"


def test_an_order_in_yuan_is_confirmed_by_what_was_paid(world, batch):
    order, terms, (lock,) = in_fen(world, batch, (10, 1_000))
    performs(world, order, (batch, lock, 9))

    refusal = refused(world, lambda: decides(world, order, "confirmed", terms))

    assert (refusal.code, refusal.facts["performed_fen"]) == ("not_performed", 900)


# ---- a frozen account


def freezes(world, order=""):
    """The case's account is frozen by the procuratorate; the entry that says so."""
    account = world["case"].account
    body = {
        "authority": world["procuratorate"].account,
        "until": "2027-12-31",
        "document": digest("freeze"),
    }
    made = world.do("procuratorate", "one", parts=[(account, [("account.frozen.v1", body)])])
    means = (made.index, made.leaf)
    if order:
        consent = {
            "means": means,
            "authority": world["procuratorate"].account,
            "order": order,
        }
        world.do("procuratorate", parts=[(account, [("account.freeze_consented.v1", consent)])])
    return means


def test_a_frozen_account_performs_its_order_only_with_consent(world, batch):
    order, _, lock = bought(world, batch)
    freezes(world)

    refusal = refused(world, lambda: performs(world, order, (batch, lock, 100)))

    assert refusal.code == "account_frozen"
    assert world.state(order).performed == 0


def test_with_the_consent_of_whoever_froze_a_frozen_account_performs(world, batch):
    order, _, lock = bought(world, batch)
    other, _, second = bought(world, batch)
    freezes(world, order)

    performs(world, order, (batch, lock, 100))
    refusal = refused(world, lambda: performs(world, other, (batch, second, 100)))

    assert world.state(order).performed == 100
    assert refusal.code == "account_frozen"


def test_a_court_enforces_against_a_frozen_account_only_with_consent(world, batch):
    order, terms, lock = bought(world, batch)
    freezes(world)
    world.now_us = AFTER_US
    decides(world, order, "defaulted", terms)

    refusal = refused(world, lambda: performs(world, order, (batch, lock, 100), by="court"))

    assert refusal.code == "account_frozen"


def test_a_large_purchase_is_seconded_where_policy_says_so(world, batch):
    sets_policy(world, "second_person_over", "send", number=10)
    order, _ = registers_order(world)

    alone = refused(world, lambda: buys(world, order, batch, 11))
    buys(world, order, batch, 11, second="one")

    assert alone.code == "second_person_needed"
    assert world.state(order).locked_g == 11


def test_who_may_not_send_sells_nothing_for_an_order(world, batch):
    sets_policy(world, "breach_forbids", "send")
    lists(world, "owner")
    order, _ = registers_order(world)

    refusal = refused(world, lambda: buys(world, order, batch, 11))

    assert refusal.code == "forbidden_by_standing"


def test_whoever_is_listed_still_restores_what_they_destroyed(world, batch):
    order, _, lock = bought(world, batch)
    sets_policy(world, "breach_forbids", "give", "issue", "list", "receive", "retire", "send")
    lists(world, "case")

    performs(world, order, (batch, lock, 100))

    assert world.state(order).performed == 100
