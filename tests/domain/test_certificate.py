"""Certificates: what a retirement was for, what is claimed of it, and when it is final."""

import pytest

from registry.domain.standard import PURPOSES
from registry.domain.timing import EVENTS, ORGANISATIONS
from registry.ledger import canonical
from tests.world import GRAMS, HOUR_US, World, digest, refused, table

YEAR_US = 366 * 24 * HOUR_US


@pytest.fixture
def world():
    return World().staffed()


@pytest.fixture
def batch(world):
    return world.issues(1_000)


def recorded(addition):
    """The certificate's outcome, as the entry has it."""
    return canonical.decode(addition.data, bytes_max=65_535)[5][-1][2][0]


def retires_of(world, holder, *pieces, **statement):
    """One certificate over several batches."""
    setting = world.setting(world[holder])
    number = setting.new("certificate", len(pieces))
    parts = [
        (batch, [world.retired(holder, amount_g, **changed)]) for batch, amount_g, changed in pieces
    ]
    world.submit(setting, [*parts, (number, [world.certificate(**statement)])])
    return number


def test_a_certificate_says_who_retired_how_much_and_what_of_its_timing(world, batch):
    number = world.retires(batch, "owner", 120)

    made, state = world.additions[-1], world.state(number)
    owner = world["owner"].account
    assert (state.issued, state.holder, state.amount_g) == (made.index, owner, 120)
    assert recorded(made) == {
        "amount_g": 120,
        "custodial": False,
        "holder": owner,
        "home": [],
        "recovered": False,
        "verdicts": [
            [ORGANISATIONS, "claim", "pass", ""],
            [ORGANISATIONS, "credits", "pass", ""],
        ],
    }


def test_a_certificate_says_that_the_operator_signed_for_the_holder(world, batch):
    world.opens("guest", custodial=True)
    world.transfers(batch, "owner", "guest", 10)

    world.retires(batch, "guest", 10)

    assert recorded(world.additions[-1])["custodial"] is True


def test_a_custodial_officer_does_not_make_the_holder_custodial(world, batch):
    world.adds_key("kept", "one", custodial=True)
    world.people["one"] = world["kept"]

    world.imports(batch, "owner", 10)

    assert recorded(world.additions[-1])["custodial"] is False


def test_a_certificate_says_that_the_holder_s_key_came_by_recovery(world, batch):
    world.transfers(batch, "owner", "alice", 20)
    world.recovers("alice again", "alice")
    world.people["alice"] = world["alice again"]

    world.retires(batch, "alice", 10)
    by_the_key_itself = recorded(world.additions[-1])
    world.adds_key("alice anew", "alice")
    world.ends_key("alice", "alice anew")
    world.people["alice"] = world["alice anew"]
    world.retires(batch, "alice", 10)
    by_one_that_it_added = recorded(world.additions[-1])

    assert (by_the_key_itself["recovered"], by_the_key_itself["custodial"]) == (True, False)
    assert by_one_that_it_added["recovered"] is True


def test_a_certificate_before_the_recovery_and_those_of_others_say_nothing_of_it(world, batch):
    world.transfers(batch, "owner", "alice", 20)

    world.retires(batch, "alice", 10)
    before = recorded(world.additions[-1])
    world.recovers("alice again", "alice")
    world.retires(batch, "owner", 10)

    assert before["recovered"] is False
    assert recorded(world.additions[-1])["recovered"] is False


def test_a_recovered_officer_does_not_make_the_holder_s_key_recovered(world, batch):
    world.opens("three", role="officer")
    means = world.announces("one again", "one", "two", "three")
    world.now_us += 7 * 24 * HOUR_US
    world.ends_recovery("recovered", "one", means, "two", "three")
    world.people["one"] = world["one again"]

    world.imports(batch, "owner", 10)

    assert recorded(world.additions[-1])["recovered"] is False


def test_one_certificate_stands_over_several_batches(world, batch):
    home = world.deposits("A-1-2", 2 * GRAMS)

    number = retires_of(
        world, "owner", (batch, 5, {}), (home, GRAMS, {"standard": "VCU"}), purpose="meeting"
    )

    assert world.state(number).amount_g == GRAMS + 5
    assert world.state(number).home == {"VCU"}
    assert world.state(batch).retired_g == 5
    assert world.state(home).retired_g == GRAMS
    assert recorded(world.additions[-1])["verdicts"] == [[EVENTS, "claim", "pass", ""]]


def test_verdicts_on_several_batches_are_said_once_each(world, batch):
    other = world.deposits("A-1-2", 2 * GRAMS, period=("2010-01-01", "2010-12-31"))

    retires_of(world, "owner", (batch, 5, {}), (other, 5, {"standard": "VCU"}))

    assert recorded(world.additions[-1])["verdicts"] == [
        [ORGANISATIONS, "claim", "pass", ""],
        [ORGANISATIONS, "credits", "pass", ""],
        [ORGANISATIONS, "credits", "flag", "too_old"],
    ]


def test_the_day_of_the_act_decides_its_verdicts_and_a_flag_blocks_nothing(world, batch):
    world.now_us += YEAR_US

    number = world.retires(batch, "owner", 1)

    assert [ORGANISATIONS, "claim", "flag", "late"] in recorded(world.additions[-1])["verdicts"]
    assert world.state(number).amount_g == 1


@pytest.mark.parametrize(
    ("month", "verdict"),
    [
        ("2025-05", ["flag", "early"]),
        ("2025-06", ["undecidable", "month_too_coarse"]),
        ("2025-07", ["pass", ""]),
        ("2026-06", ["pass", ""]),
        ("2026-07", ["flag", "late"]),
    ],
)
def test_the_month_claimed_decides_the_verdicts_of_an_import(world, batch, month, verdict):
    statement = {"period": ("2025-01-01", "2025-06-30")}

    world.imports(batch, "owner", 1, month=month, statement=statement)

    assert recorded(world.additions[-1])["verdicts"][0] == [ORGANISATIONS, "claim", *verdict]


def test_an_import_without_a_period_is_undecidable(world, batch):
    world.imports(batch, "owner", 1, statement={"period": None})

    verdict = recorded(world.additions[-1])["verdicts"][0]
    assert verdict == [ORGANISATIONS, "claim", "undecidable", "no_period"]


def test_what_happened_elsewhere_may_have_been_ordered_there(world, batch):
    statement = {"ground": "court_order", "purpose": "restoration"}

    number = world.imports(batch, "owner", 1, statement=statement)

    assert world.state(number).amount_g == 1


@table(
    "statement, code",
    ({"ground": "court_order"}, "order_needed"),
    ({"ground": "administrative_order"}, "order_needed"),
    ({"purpose": "restoration"}, "order_needed"),
    ({"purpose": "compliance"}, "malformed"),
    ({"ground": "whim"}, "malformed"),
    ({"period": ("2025-02-30", "2025-03-01")}, "malformed"),
    ({"period": ("2025-03-02", "2025-03-01")}, "malformed"),
    ({"public": 1}, "malformed"),
    ({"activity": "a name"}, "malformed"),
)
def test_a_statement_is_refused(world, batch, statement, code):
    refusal = refused(world, lambda: world.retires(batch, "owner", 1, statement=statement))

    assert refusal.code == code
    assert world.state(batch).retired_g == 0


@pytest.mark.parametrize("purpose", sorted(PURPOSES - {"restoration", "meeting"}))
def test_a_standard_decides_what_its_credits_may_be_claimed_for(world, purpose):
    world.recognises("NARROW", claims=("meeting",), home="VCS", serial_format=(3, (0,), 1, 2))
    batch = world.deposits("A-1-1", GRAMS, standard="NARROW")

    refusal = refused(
        world,
        lambda: world.retires(batch, "owner", 1, standard="NARROW", statement={"purpose": purpose}),
    )
    number = world.retires(batch, "owner", 1, standard="NARROW", statement={"purpose": "meeting"})

    assert refusal.code == "claim_not_accepted"
    assert world.state(number).amount_g == 1


def test_one_batch_whose_standard_does_not_accept_the_claim_stops_the_whole_act(world, batch):
    world.recognises("NARROW", claims=("meeting",), home="VCS", serial_format=(3, (0,), 1, 2))
    narrow = world.deposits("A-1-1", GRAMS, standard="NARROW")

    refusal = refused(
        world,
        lambda: retires_of(world, "owner", (batch, 1, {}), (narrow, 1, {"standard": "NARROW"})),
    )

    assert refusal.code == "claim_not_accepted"
    assert world.state(batch).retired_g == 0


def test_the_number_of_a_certificate_is_derived(world, batch):
    setting = world.setting(world["owner"])
    parts = [
        (batch, [world.retired("owner", 1)]),
        ("certificate/" + "a" * 16, [world.certificate()]),
    ]

    refusal = refused(world, lambda: world.submit(setting, parts))

    assert refusal.code == "wrong_id"
    assert world.state(batch).retired_g == 0


def test_a_number_is_never_used_again(world, batch):
    nonce = bytes([9]) * 16
    setting = world.setting(world["owner"], nonce=nonce)
    number = setting.new("certificate", 1)
    parts = [(batch, [world.retired("owner", 1)]), (number, [world.certificate()])]
    world.submit(setting, parts)
    world.now_us += 2 * HOUR_US

    again = world.setting(world["owner"], nonce=nonce)
    refusal = refused(world, lambda: world.submit(again, parts))

    assert refusal.code == "certificate_exists"
    assert world.state(batch).retired_g == 1


def test_a_deposit_is_final_once_it_is_cancelled_at_home(world):
    batch = world.deposits("A-1-2", 2 * GRAMS)
    number = world.retires(batch, "owner", GRAMS, standard="VCU")
    awaited = world.state(number).home

    world.cancels_at_home(number)

    assert awaited == {"VCU"}
    assert world.state(number).home == frozenset()
    assert world.state(number).amount_g == GRAMS
    assert world.state(batch).retired_g == GRAMS


def test_each_standard_is_cancelled_in_its_own_home(world):
    world.recognises("GS", home="GS", serial_format=(3, (0,), 1, 2))
    first = world.deposits("A-1-1", GRAMS)
    second = world.deposits("A-1-1", GRAMS, standard="GS")
    number = retires_of(
        world, "owner", (first, 1, {"standard": "VCU"}), (second, 1, {"standard": "GS"})
    )

    world.cancels_at_home(number, standard="GS")
    twice = refused(world, lambda: world.cancels_at_home(number, standard="GS"))

    assert world.state(number).home == {"VCU"}
    assert twice.code == "not_awaited"


@table(
    "changed, code",
    ({"standard": "SCFG"}, "not_awaited"),
    ({"means": (0, digest("x"))}, "wrong_entry_meant"),
    ({"means": (10_000, digest("x"))}, "wrong_entry_meant"),
    ({"means": None}, "malformed"),
    ({"day": "2026-02-29"}, "malformed"),
    ({"reference": "a name"}, "malformed"),
)
def test_a_home_cancellation_is_refused(world, changed, code):
    batch = world.deposits("A-1-2", 2 * GRAMS)
    number = world.retires(batch, "owner", GRAMS, standard="VCU")

    refusal = refused(world, lambda: world.cancels_at_home(number, **changed))

    assert refusal.code == code
    assert world.state(number).home == {"VCU"}


def test_a_home_cancellation_names_the_certificate_and_no_other_entry(world):
    batch = world.deposits("A-1-2", 2 * GRAMS)
    number = world.retires(batch, "owner", GRAMS, standard="VCU")
    other = world.issuing(world.retires(batch, "owner", 1, standard="VCU"))

    refusal = refused(world, lambda: world.cancels_at_home(number, means=other))

    assert refusal.code == "wrong_entry_meant"


def test_nothing_is_cancelled_for_a_certificate_that_is_not(world):
    means = (0, world.replay.leaf(0))

    refusal = refused(world, lambda: world.cancels_at_home("certificate/" + "a" * 16, means=means))

    assert refusal.code == "out_of_order"


def test_native_credits_await_nothing(world, batch):
    number = world.retires(batch, "owner", 1)

    refusal = refused(world, lambda: world.cancels_at_home(number, standard="SCFG"))

    assert refusal.code == "not_awaited"


def test_a_home_cancellation_of_tomorrow_is_not_shown_today():
    world = World().staffed()
    deposit = world.deposits("B1-10-19", 10 * GRAMS)
    number = world.retires(deposit, "owner", GRAMS, standard="VCU")

    refusal = refused(world, lambda: world.cancels_at_home(number, day="2026-09-22"))

    assert refusal.code == "not_yet_happened"
    world.cancels_at_home(number, day="2026-09-21")
    assert world.state(number).home == frozenset()
