"""Certificates after and besides the one of a retirement: for many, replaced, annulled, witnessed, assigned."""

import pytest

from registry.acts.propose import Hidden
from registry.domain.timing import EVENTS, ORGANISATIONS
from registry.ledger import canonical, ids
from tests.world import GRAMS, Person, digest, refused, table
from tests.worlds_accounts import staffed
from tests.worlds_conduct import (
    DAY_US,
    adopts,
    files,
    honours,
    means,
    offsets,
    replaces,
    retires_for_many,
    row_number,
    says,
    sets_policy,
    shared,
    shows,
)
from tests.worlds_giving import (
    AFTER_US,
    buys,
    decides,
    funded_campaign,
    gives,
    giving_world,
    performs,
    registers_order,
)

GUESTS = (("a guest", 10), ("another", 20), ("a third", 30))


@pytest.fixture
def world():
    made = staffed()
    made.opens("other exchange", role="exchange")
    made.opens("agency", role="authority")
    return made


@pytest.fixture
def batch(world):
    return world.issues(1_000)


@pytest.fixture
def number(world, batch):
    return world.retires(batch, "owner", 100)


def recorded(addition, part=-1):
    """What came of the last event of a part, as the entry has it."""
    return canonical.decode(addition.data, bytes_max=65_535)[5][part][2][-1]


def annuls(world, certificate, *signers, **changed):
    body = {"reason": "fraud", "document": digest("why"), **changed}
    return says(world, certificate, "annulled", *(signers or ("one", "two")), **body)


def witnesses(world, certificate, by="exchange", **changed):
    body = {"exchange": world[by].account, "number": "W-1", **changed}
    return says(world, certificate, "witnessed", by, **body)


# ---- for many


def test_one_retirement_for_many_is_one_entry_with_a_certificate_for_each(world, batch):
    group = retires_for_many(world, batch, "owner", *GUESTS)

    made, state = world.additions[-1], world.state(group)
    assert (state.status, state.amount_g, state.holder) == ("group", 60, world["owner"].account)
    assert world.state(batch).retired_g == 60
    assert recorded(made) == {
        "amount_g": 60,
        "author": world["owner"].account,
        "custodial": False,
        "day": "2026-09-21",
        "holder": world["owner"].account,
        "home": [],
        "nonce": made.intent.nonce,
        "part": 1,
        "recovered": False,
        "verdicts": [
            [ORGANISATIONS, "claim", "pass", ""],
            [ORGANISATIONS, "credits", "pass", ""],
        ],
    }
    assert len({group, *(row_number(world, group, row) for row in range(3))}) == 4


@table(
    "changed, code",
    ({"amount_g": 61}, "wrong_amount"),
    ({"purpose": "restoration"}, "order_needed"),
    ({"ground": "court_order"}, "order_needed"),
)
def test_a_retirement_for_many_is_refused(world, batch, changed, code):
    refusal = refused(world, lambda: retires_for_many(world, batch, "owner", *GUESTS, **changed))

    assert refusal.code == code


def test_a_purpose_that_the_standard_does_not_accept_is_none_for_many_either(world):
    world.recognises("TREE", claims=("individual",))
    project = world.lists(standard="TREE")
    world.do("validator", parts=[(project, [("project.validated.v1", {"document": digest("p")})])])
    world.registers_project(project)
    world.verifies(project, 100)
    batch = world.issues(100, project=project, standard="TREE")
    setting = world.setting(world["owner"])
    used = world.retired("owner", 60, standard="TREE")

    parts = [(batch, [used]), (setting.new("certificate", 1), [shared(world, *GUESTS)])]
    refusal = refused(world, lambda: world.submit(setting, parts))

    assert refusal.code == "claim_not_accepted"


def test_a_row_that_is_shown_gets_a_stream_of_its_own(world, batch):
    group = retires_for_many(world, batch, "owner", *GUESTS)

    own = adopts(world, group, 1)

    state = world.state(own)
    assert (state.status, state.amount_g, state.issued) == ("issued", 20, means(world)[0])
    assert (state.holder, state.retired) == (
        world["owner"].account,
        ("2026-09-21", "2026-09-21"),
    )
    assert state.verdicts == world.state(group).verdicts
    assert world.state(group).status == "group"


@table(
    "changed, code",
    ({"own": "certificate/" + "a" * 16}, "wrong_id"),
    ({"row": b"\x91\x01"}, "wrong_rows"),
    ({"path": b""}, "bad_path"),
    ({"path": bytes(64)}, "wrong_rows"),
    ({"path": bytes(31)}, "malformed"),
    ({"path": bytes(32 * 18)}, "malformed"),
    ({"row": b""}, "malformed"),
    ({"row": bytes(257)}, "malformed"),
)
def test_what_is_no_row_of_the_group_is_not_adopted(world, batch, changed, code):
    group = retires_for_many(world, batch, "owner", *GUESTS)

    refusal = refused(world, lambda: adopts(world, group, 1, **changed))

    assert refusal.code == code


def test_a_row_is_adopted_once_and_under_its_own_place(world, batch):
    group = retires_for_many(world, batch, "owner", *GUESTS)
    adopts(world, group, 1)
    _, shown = shows(world, group, 1)
    row = shown["row"]

    again = refused(world, lambda: adopts(world, group, 1))
    elsewhere = refused(world, lambda: adopts(world, group, 2, row=row))
    beyond = refused(world, lambda: adopts(world, group, 2, row=row, number=3))

    assert (again.code, elsewhere.code) == ("certificate_exists", "wrong_rows")
    assert (beyond.code, beyond.facts["rows"]) == ("wrong_rows", 3)


def test_rows_are_shown_of_groups_only(world, batch, number):
    group = retires_for_many(world, batch, "owner", *GUESTS)
    adopted = ("certificate.adopted.v1", {"group": number})
    parts = [(number, [shows(world, group, 1)]), (row_number(world, group, 1), [adopted])]

    refusal = refused(world, lambda: world.do("one", parts=parts))

    assert refusal.code == "out_of_order"


def test_the_certificate_of_a_row_is_replaced_like_any_other(world, batch):
    group = retires_for_many(world, batch, "owner", *GUESTS)
    own = adopts(world, group, 1)

    new = replaces(world, own)
    refusal = refused(world, lambda: replaces(world, own))

    assert (world.state(new).amount_g, world.state(own).replaced_by) == (20, new)
    assert refusal.code == "out_of_order"


# ---- replaced


def test_what_is_replaced_keeps_its_grams_and_is_counted_under_the_new_number(world, batch, number):
    new = replaces(world, number, period=("2026-01-01", "2026-06-30"))

    state, old = world.state(new), world.state(number)
    assert (old.status, old.replaced_by) == ("replaced", new)
    assert (state.status, state.amount_g, state.holder) == ("issued", 100, old.holder)
    assert (state.period, state.purpose) == (("2026-01-01", "2026-06-30"), old.purpose)
    assert world.state(batch).retired_g == 100
    assert recorded(world.additions[-1]) == {
        "amount_g": 100,
        "assigned": None,
        "custodial": False,
        "holder": world["owner"].account,
        "home": [],
        "recovered": False,
        "verdicts": [
            [ORGANISATIONS, "claim", "pass", ""],
            [ORGANISATIONS, "credits", "pass", ""],
        ],
    }


def test_a_claim_is_judged_anew_on_the_day_of_the_retirement(world, number):
    world.now_us += 700 * DAY_US

    new = replaces(world, number, period=("2025-01-01", "2027-12-31"))

    assert world.state(new).verdicts == (
        (ORGANISATIONS, "claim", "flag", "early"),
        (ORGANISATIONS, "credits", "pass", ""),
    )


def test_what_is_replaced_is_replaced_again_under_its_new_number(world, number):
    first = replaces(world, number)

    second = replaces(world, first)

    assert [world.state(own).status for own in (number, first, second)] == [
        "replaced",
        "replaced",
        "issued",
    ]


def test_an_import_is_judged_anew_by_its_month(world, batch):
    number = world.imports(batch, "owner", 10, month="2026-01", statement={"period": None})

    short = refused(world, lambda: replaces(world, number, retired=("2026-01-03", "2026-01-05")))
    new = replaces(world, number, retired=("2026-01-01", "2026-01-31"))

    assert short.code == "wrong_dates"
    assert world.state(new).verdicts[0] == (ORGANISATIONS, "claim", "pass", "")


@table(
    "statement, code",
    ({"amount_g": 99}, "wrong_amount"),
    ({"purpose": "meeting"}, "statement_fixed"),
    ({"ground": "tree_planting"}, "statement_fixed"),
    ({"beneficiary": Hidden(value="somebody")}, "statement_fixed"),
    # On that day the claim would have been late, and it was not.
    ({"retired": ("2027-01-02", "2027-01-02")}, "wrong_dates"),
    ({"retired": ("2025-09-21", "2025-09-21")}, "wrong_dates"),
    ({"retired": ("2026-09-01", "2026-09-21")}, "wrong_dates"),
    ({"period": "2025"}, "malformed"),
)
def test_what_may_not_be_stated_otherwise(world, number, statement, code):
    refusal = refused(world, lambda: replaces(world, number, **statement))

    assert refusal.code == code


def test_only_the_holder_and_an_officer_replace_a_certificate(world, number):
    alice = {"holder": world["alice"].account}

    by_another = refused(world, lambda: replaces(world, number, "alice", "one", **alice))
    alone = refused(world, lambda: replaces(world, number, "owner"))
    by_nobody = refused(world, lambda: replaces(world, number, "owner", "alice"))

    assert (by_another.code, alone.code) == ("not_the_holder", "wrong_signers")
    assert by_nobody.code == "role_missing"


def test_another_beneficiary_takes_both_consents_and_two_officers(world, number):
    one_alone = refused(world, lambda: replaces(world, number, kind="beneficiary_replaced"))

    new = replaces(
        world,
        number,
        "owner",
        "one",
        "two",
        kind="beneficiary_replaced",
        beneficiary=Hidden(value="somebody"),
    )

    assert one_alone.code == "wrong_signers"
    assert world.state(number).replaced_by == new
    assert (world.state(number).is_named, world.state(new).is_named) == (False, True)


def test_a_home_cancellation_is_awaited_under_the_new_number(world):
    batch = world.deposits("A-1-2", 2 * GRAMS)
    number = world.retires(batch, "owner", GRAMS, standard="VCU")
    new = replaces(world, number)

    late = refused(world, lambda: world.cancels_at_home(number))
    world.cancels_at_home(new)

    assert late.code == "out_of_order"
    assert world.state(new).home == frozenset()


def test_another_number_must_be_the_one_that_is_derived_and_meant(world, number):
    other = "certificate/" + "a" * 16

    elsewhere = refused(world, lambda: replaces(world, number, changed={"certificate": other}))
    earlier = refused(
        world, lambda: replaces(world, number, changed={"means": means(world, index=3)})
    )

    assert (elsewhere.code, earlier.code) == ("parts_differ", "wrong_entry_meant")


# ---- annulled


def test_an_annulled_certificate_says_nothing_any_more_and_its_grams_stay_retired(
    world, batch, number
):
    annuls(world, number)

    refusals = [
        refused(world, lambda: annuls(world, number)),
        refused(world, lambda: witnesses(world, number)),
        refused(world, lambda: replaces(world, number)),
    ]
    assert world.state(number).status == "annulled"
    assert world.state(batch).retired_g == 100
    assert {refusal.code for refusal in refusals} == {"out_of_order"}


def test_a_court_annuls_by_itself(world, number):
    body = {"court": world["court"].account, "document": digest("judgment")}
    exchange = body | {"court": world["exchange"].account}

    refusal = refused(
        world, lambda: says(world, number, "annulled_by_court", "exchange", **exchange)
    )
    says(world, number, "annulled_by_court", "court", **body)

    assert refusal.code == "role_missing"
    assert world.state(number).status == "annulled"


def test_one_person_annuls_nothing(world, number):
    world.opens("second desk", role="officer", controller=world["one"].account)

    alone = refused(world, lambda: annuls(world, number, "one"))
    twice = refused(world, lambda: annuls(world, number, "one", "second desk"))

    assert (alone.code, twice.code) == ("wrong_signers", "not_distinct")


def test_who_annuls_says_which_certificate_is_meant_and_why(world, number):
    other = refused(world, lambda: annuls(world, number, means=means(world, index=2)))
    whim = refused(world, lambda: annuls(world, number, reason="whim"))

    assert (other.code, whim.code) == ("wrong_entry_meant", "malformed")


def test_an_activity_loses_what_is_annulled_in_the_same_act(world, number):
    activity = files(world)
    offsets(world, activity, number)
    said = {"means": world.issuing(number), "reason": "error", "document": digest("why")}
    annulled = (number, [("certificate.annulled.v1", said)])
    lost = ("activity.offset_lost.v1", {"certificate": number, "amount_g": 100})

    alone = refused(world, lambda: annuls(world, number))
    before = world.state(activity).retired_g
    world.do("one", "two", parts=[annulled, (activity, [lost])])

    assert (alone.code, before) == ("offset_stands", 100)
    assert world.state(activity).retired_g == 0


def test_no_other_activity_loses_anything_by_an_annulment(world, batch, number):
    other = world.retires(batch, "owner", 50)
    activity = files(world)
    offsets(world, activity, number)
    said = {"means": world.issuing(other), "reason": "error", "document": digest("why")}
    lost = ("activity.offset_lost.v1", {"certificate": number, "amount_g": 100})
    parts = [(other, [("certificate.annulled.v1", said)]), (activity, [lost])]

    refusal = refused(world, lambda: world.do("one", "two", parts=parts))

    assert refusal.code == "offset_stands"


# ---- witnessed, confirmed, numbered before


def test_an_exchange_witnesses_once_and_nothing_of_its_own(world, batch, number):
    world.transfers(batch, "owner", "exchange", 20)
    own = world.retires(batch, "exchange", 20)

    witnesses(world, number)
    again = refused(world, lambda: witnesses(world, number, number="W-2"))
    of_its_own = refused(world, lambda: witnesses(world, own))

    assert world.state(number).witnesses == (world["exchange"].account,)
    assert (again.code, of_its_own.code) == ("already_witnessed", "own_account")


def test_two_exchanges_witness_jointly_under_a_number_each(world, number):
    body = {
        "exchange": world["exchange"].account,
        "other": world["other exchange"].account,
        "number": "CQ-1",
        "other_number": "SC-1",
    }

    alone = refused(world, lambda: says(world, number, "jointly_witnessed", "exchange", **body))
    says(world, number, "jointly_witnessed", "exchange", "other exchange", **body)
    again = refused(world, lambda: witnesses(world, number, "other exchange"))

    assert (alone.code, again.code) == ("wrong_signers", "already_witnessed")
    assert world.state(number).witnesses == (body["exchange"], body["other"])


def test_a_former_number_is_kept_once_by_the_holder_and_an_officer(world, batch):
    number = world.imports(batch, "owner", 10)
    body = {"holder": world["owner"].account, "number": "SC-2024-00017", "source": digest("old")}
    alice = body | {"holder": world["alice"].account}

    of_another = refused(
        world, lambda: says(world, number, "numbered_before", "one", "alice", **alice)
    )
    says(world, number, "numbered_before", "one", "owner", **body)
    again = refused(world, lambda: says(world, number, "numbered_before", "one", "owner", **body))

    assert world.state(number).former == "SC-2024-00017"
    assert (of_another.code, again.code) == ("not_the_holder", "already_numbered")


def test_there_is_nothing_to_confirm_where_nothing_was_ordered(world, number):
    body = {"court": world["court"].account, "document": digest("confirmed")}

    refusal = refused(world, lambda: says(world, number, "confirmed", "court", **body))

    assert refusal.code == "no_order"


# ---- orders, gifts, donations


def test_a_certificate_of_an_order_is_confirmed_once_and_offsets_nothing():
    world = giving_world()
    order, _ = registers_order(world)
    batch = world.issues(1_000)
    lock = buys(world, order, batch, 100)
    number = performs(world, order, (batch, lock, 40))
    body = {"court": world["court"].account, "document": digest("confirmed")}
    activity = files(world, "case")

    says(world, number, "confirmed", "court", **body)
    again = refused(world, lambda: says(world, number, "confirmed", "court", **body))
    used = refused(world, lambda: offsets(world, activity, number, "case"))

    assert world.state(number).confirmed is not None
    assert (again.code, used.code) == ("already_confirmed", "not_an_offset")


def test_nobody_is_named_afterwards_who_benefits_from_an_order():
    world = giving_world()
    order, _ = registers_order(world)
    batch = world.issues(1_000)
    lock = buys(world, order, batch, 100)
    number = performs(world, order, (batch, lock, 40))
    before = world.state(number)
    named = {"kind": "beneficiary_replaced", "beneficiary": Hidden(value="the obligor")}

    refusal = refused(world, lambda: replaces(world, number, "case", "one", "two", **named))

    assert refusal.code == "beneficiary_named"
    assert world.state(number) == before


def test_what_a_court_enforces_is_the_account_s_and_says_whose_key_signed():
    world = giving_world()
    world.adds_key("kept", "court", custodial=True)
    order, terms = registers_order(world)
    batch = world.issues(1_000)
    lock = buys(world, order, batch, 100)
    world.now_us = AFTER_US
    decides(world, order, "defaulted", terms)
    world.people["court"] = world["kept"]

    number = performs(world, order, (batch, lock, 40), by="court")

    assert world.state(number).holder == world["case"].account
    assert recorded(world.additions[-1])["custodial"] is True


def test_a_guest_without_an_account_gets_a_certificate():
    world = giving_world()
    campaign, child, lock = funded_campaign(world)
    guest = Person("guest")
    guest.account = ids.bearer(guest.key)
    world.people["guest"] = guest
    gives(world, campaign, child, lock, [(guest.account, 30)])
    setting = world.setting(guest)
    number = setting.new("certificate", 1)
    body = {"holder": guest.account, "amount_g": 10, "standard": "SCFG"}
    stated = world.certificate(purpose="individual")

    world.submit(setting, [(child, [("batch.claim_retired.v1", body)]), (number, [stated])])
    new = replaces(world, number, "guest", "one")

    state = world.state(number)
    assert (state.holder, state.amount_g, state.custodial) == (guest.account, 10, False)
    assert world.state(new).holder == guest.account


def test_a_donor_is_honoured_and_cannot_claim_it(world, batch):
    number = honours(world, batch, 30)
    activity = files(world)

    claimed = refused(world, lambda: offsets(world, activity, number))
    state = world.state(number)
    assert (state.status, state.holder, state.amount_g) == ("honour", world["owner"].account, 30)
    assert claimed.code == "out_of_order"


# ---- policy on verdicts


def test_policy_says_which_verdicts_block(world, batch):
    late = {"period": ("2024-01-01", "2024-12-31")}
    number = world.retires(batch, "owner", 10, statement=late)
    policy = sets_policy(world, "verdicts_forbidden", f"{ORGANISATIONS}/claim/flag")

    refusal = refused(world, lambda: world.retires(batch, "owner", 10, statement=late))
    for_many = refused(world, lambda: retires_for_many(world, batch, "owner", *GUESTS, **late))
    again = refused(world, lambda: replaces(world, number, period=late["period"]))
    imported = world.imports(batch, "owner", 10, statement=late)
    meeting = world.retires(batch, "owner", 10, statement={**late, "purpose": "meeting"})

    assert (refusal.code, refusal.facts["policy"]) == ("verdict_forbidden", policy)
    assert (for_many.code, again.code) == ("verdict_forbidden", "verdict_forbidden")
    assert world.state(imported).amount_g == 10
    assert world.state(meeting).verdicts == ((EVENTS, "claim", "flag", "late"),)


# ---- offsets


def test_a_certificate_serves_one_activity_and_all_of_it_does(world, number):
    first, second = files(world), files(world)

    in_part = refused(world, lambda: offsets(world, first, number, amount_g=99))
    offsets(world, first, number)
    again = refused(world, lambda: offsets(world, second, number))

    assert world.state(number).assigned == (first, number)
    assert world.state(first).retired_g == 100
    assert (in_part.code, again.code) == ("wrong_amount", "already_assigned")


def test_what_stands_in_its_place_offsets_the_same_activity(world, number):
    activity, other = files(world), files(world)
    offsets(world, activity, number)

    new = replaces(world, number)
    again = refused(world, lambda: offsets(world, other, new))
    said = {"means": world.issuing(new), "reason": "error", "document": digest("why")}
    lost = ("activity.offset_lost.v1", {"certificate": number, "amount_g": 100})
    parts = [(new, [("certificate.annulled.v1", said)]), (activity, [lost])]
    world.do("one", "two", parts=parts)

    assert again.code == "already_assigned"
    assert world.state(activity).retired_g == 0


def test_the_holder_of_a_certificate_and_the_organiser_agree_on_an_offset(world, number):
    activity = files(world, "alice")

    alone = refused(world, lambda: offsets(world, activity, number, "owner"))
    by_another = refused(
        world,
        lambda: offsets(world, activity, number, "bob", "alice"),
    )
    offsets(world, activity, number, "owner", "alice")

    assert (alone.code, by_another.code) == ("not_the_organiser", "not_the_holder")
    assert world.state(activity).retired_g == 100
