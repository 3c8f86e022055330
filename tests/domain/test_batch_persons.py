"""Who may give and take: by mandate, with a second person, with acceptance, in good standing."""

import pytest

from registry.errors import RefusedError
from tests.world import GRAMS, HOUR_US, refused, table
from tests.worlds_accounts import mandates, offers, pledges, says, set_policy, staffed
from tests.worlds_batches import meant, seconded, trades, transfers_seconded
from tests.worlds_conduct import lists, sets_policy

DAY_US = 24 * HOUR_US
NEXT_YEAR = "2027-01-01"


@pytest.fixture
def world():
    return staffed()


@pytest.fixture
def batch(world):
    return world.issues(1_000)


def held(world, batch, name):
    return list(world.state(batch).holding(world[name].account))


def test_an_exchange_trades_under_the_givers_mandate(world, batch):
    means = meant(mandates(world))

    trades(world, batch, "owner", "alice", 10, means=means)
    trades(world, batch, "owner", "bob", 5, means=means, range=(100, 105))

    assert held(world, batch, "alice") == [(0, 10)]
    assert held(world, batch, "bob") == [(100, 105)]


@table(
    "given, traded, code",
    ({"standards": ("VCU",)}, {}, "no_mandate"),
    ({}, {"taker": "account/" + "a" * 16}, "account_not_open"),
    ({}, {"giver": "account/" + "a" * 16}, "no_mandate"),
    ({}, {"amount_g": 1_001}, "insufficient_holding"),
    ({}, {"standard": "VCU"}, "wrong_standard"),
    ({}, {"venue": "account/" + "a" * 16}, "wrong_signers"),
    ({}, {"taker": None}, "malformed"),
)
def test_a_trade_is_refused(world, batch, given, traded, code):
    means = meant(mandates(world, **given))

    refusal = refused(
        world, lambda: trades(world, batch, "owner", "alice", 10, means=means, **traded)
    )

    assert refusal.code == code
    assert held(world, batch, "owner") == [(0, 1_000)]


def test_a_mandate_is_good_until_its_day_for_its_exchange_and_its_giver(world, batch):
    means = meant(mandates(world, until="2026-09-22", standards=("SCFG",)))
    others = meant(mandates(world, "alice"))
    world.opens("second exchange", role="exchange")
    first = world["exchange"]
    body_of_another = world["second exchange"]

    not_his = refused(world, lambda: trades(world, batch, "owner", "alice", 1, means=others))
    world.people["exchange"] = body_of_another
    elsewhere = refused(world, lambda: trades(world, batch, "owner", "alice", 1, means=means))
    world.people["exchange"] = first
    itself = refused(world, lambda: trades(world, batch, "owner", "owner", 1, means=means))
    world.now_us += DAY_US
    trades(world, batch, "owner", "alice", 1, means=means)
    world.now_us += DAY_US
    late = refused(world, lambda: trades(world, batch, "owner", "alice", 1, means=means))
    ended = says(world, "alice", "account.mandate_ended.v1", means=others)

    assert not_his.code == elsewhere.code == late.code == "no_mandate"
    assert itself.code == "to_itself"
    assert held(world, batch, "alice") == [(0, 1)]
    assert ended.index == world.replay.size - 1


def test_who_asks_to_accept_is_not_pushed_anything(world, batch):
    says(world, "alice", "account.acceptance_set.v1", required=True)
    means = meant(mandates(world))

    sent = refused(world, lambda: world.transfers(batch, "owner", "alice", 1))
    traded = refused(world, lambda: trades(world, batch, "owner", "alice", 1, means=means))
    mandates(world, "alice", standards=("VCU",))
    other = refused(world, lambda: trades(world, batch, "owner", "alice", 1, means=means))
    mandates(world, "alice", standards=("SCFG",))
    trades(world, batch, "owner", "alice", 1, means=means)
    still = refused(world, lambda: world.transfers(batch, "owner", "alice", 1))
    says(world, "alice", "account.acceptance_set.v1", required=False)
    world.transfers(batch, "owner", "alice", 1)

    codes = [refusal.code for refusal in (sent, traded, other, still)]
    assert codes == ["acceptance_needed"] * 4
    assert held(world, batch, "alice") == [(0, 2)]


@table(
    "act, doing",
    (lambda w, b, g: w.transfers(b, "owner", "alice", g), "send"),
    (lambda w, b, g: offers(w, b, "owner", "alice", g), "send"),
    (lambda w, b, g: pledges(w, b, "owner", "bob", g), "send"),
    (lambda w, b, g: trades(w, b, "owner", "alice", g, means=meant(mandates(w))), "send"),
    (lambda w, b, g: w.retires(b, "owner", g), "retire"),
)
def test_what_is_large_takes_a_second_person(world, batch, act, doing):
    set_policy(world, "second_person_over", codes=(doing,), number=100)
    mandates(world)

    with pytest.raises(RefusedError) as caught:
        act(world, batch, 101)
    act(world, batch, 100)

    assert caught.value.code == "second_person_needed"
    assert caught.value.facts["over_g"] == 100
    assert world.state(batch).holding(world["owner"].account).total_g == 900


def test_a_second_person_seconds_a_transfer_and_a_trade(world, batch):
    set_policy(world, "second_person_over", codes=("send",), number=0)
    means = meant(mandates(world))

    transfers_seconded(world, batch, "owner", "alice", 5, second="one")
    trades(world, batch, "owner", "bob", 7, means=means, second="two")

    assert held(world, batch, "alice") == [(0, 5)]
    assert held(world, batch, "bob") == [(5, 12)]


def test_a_second_person_seconds_a_retirement_out_of_several_batches(world, batch):
    other = world.issues(1_000)
    set_policy(world, "second_person_over", codes=("retire",), number=100)

    def retires(*second):
        setting = world.setting(world["owner"], *(world[name] for name in second))
        number = setting.new("certificate", 2)
        world.submit(
            setting,
            [
                (batch, [world.retired("owner", 60)]),
                (other, [world.retired("owner", 60)]),
                (number, [world.certificate()]),
                *(seconded(world, name, "owner") for name in second),
            ],
        )
        return number

    alone = refused(world, retires)
    number = retires("one")

    assert (alone.code, alone.facts["amount_g"]) == ("second_person_needed", 120)
    assert world.state(number).amount_g == 120


@table(
    "second, whose, code",
    ("alice", "owner", "role_missing"),
    ("one", "bob", "parts_differ"),
)
def test_a_second_person_is_an_officer_and_seconds_this_very_act(world, batch, second, whose, code):
    parts = [
        (batch, [world.transferred("owner", "bob", 5)]),
        seconded(world, second, whose),
    ]

    refusal = refused(world, lambda: world.do("owner", second, parts=parts))

    assert refusal.code == code
    assert held(world, batch, "bob") == []


def test_a_second_person_has_another_controller(world, batch):
    world.opens("own officer", controller=world["owner"].account, role="officer")

    refusal = refused(
        world,
        lambda: transfers_seconded(world, batch, "owner", "bob", 5, second="own officer"),
    )

    assert refusal.code == "not_distinct"


def test_nobody_seconds_what_they_take_or_give(world, batch):
    world.transfers(batch, "owner", "one", 10)
    means = meant(mandates(world, "one"))

    taken = refused(
        world, lambda: transfers_seconded(world, batch, "owner", "two", 5, second="two")
    )
    given = refused(
        world, lambda: trades(world, batch, "one", "alice", 5, means=means, second="one")
    )

    assert taken.code == given.code == "wrong_signers"
    assert held(world, batch, "two") == []
    assert held(world, batch, "one") == [(0, 10)]


@table(
    "act, of, doing",
    (lambda w, b: w.transfers(b, "owner", "bob", 1), "owner", "send"),
    (lambda w, b: w.transfers(b, "owner", "bob", 1), "bob", "receive"),
    (lambda w, b: offers(w, b, "owner", "bob", 1), "owner", "send"),
    (
        lambda w, b: trades(w, b, "owner", "bob", 1, means=meant(mandates(w, until=NEXT_YEAR))),
        "owner",
        "send",
    ),
    (
        lambda w, b: trades(w, b, "owner", "bob", 1, means=meant(mandates(w, until=NEXT_YEAR))),
        "bob",
        "receive",
    ),
    (lambda w, b: w.retires(b, "owner", 1), "owner", "retire"),
    (lambda w, _: w.issues(1), "owner", "issue"),
    (lambda w, _: w.deposits("A-1-1", GRAMS), "owner", "receive"),
)
def test_who_is_listed_does_not_do_what_policy_forbids_the_listed(world, batch, act, of, doing):
    found = lists(world, of)
    forbids = sets_policy(world, "breach_forbids", doing)

    with pytest.raises(RefusedError) as caught:
        act(world, batch)

    assert caught.value.code == "forbidden_by_standing"
    facts = caught.value.facts
    assert (facts["doing"], facts["account"]) == (doing, world[of].account)
    assert facts["policy"] == forbids
    assert found[0] < forbids


def test_who_is_listed_does_what_policy_does_not_forbid(world, batch):
    lists(world, "owner")
    sets_policy(world, "breach_forbids", "list", "receive")

    world.transfers(batch, "owner", "bob", 1)
    world.retires(batch, "owner", 1)

    assert held(world, batch, "bob") == [(0, 1)]
