"""What ties the grams of an account: offers, donations, pledges, reservations, and a court that takes them."""

import pytest

from registry.acts.propose import Hidden
from tests.world import refused, table
from tests.worlds_accounts import (
    DAY_US,
    LAST_WEEK,
    TODAY,
    accepts,
    declines,
    ends_reserve,
    freezes,
    freezes_range,
    lapses,
    mandates,
    meant,
    offers,
    pledges,
    releases_pledge,
    reserves,
    says,
    seizes,
    seizes_locked,
    set_policy,
    settles,
    staffed,
    withdraws,
)


@pytest.fixture
def world():
    return staffed()


@pytest.fixture
def batch(world):
    return world.issues(1_000)


def owner(world):
    return world.state(world["owner"].account)


def held_by(world, batch, name):
    return world.state(batch).holding(world[name].account).total_g


def test_what_is_offered_waits_and_is_the_taker_s_once_accepted(world, batch):
    offer = offers(world, batch, "owner", "alice", 400)

    waiting = owner(world).ties[offer.means[0]]
    spent = refused(world, lambda: world.transfers(batch, "owner", "bob", 601))
    accepts(world, offer, "alice")

    assert (waiting.ground, waiting.amount_g, waiting.batch) == ("offer", 400, batch)
    assert (waiting.other, waiting.until) == (world["alice"].account, "2026-09-28")
    assert spent.code == "insufficient_holding"
    assert (held_by(world, batch, "alice"), held_by(world, batch, "owner")) == (400, 600)
    assert dict(owner(world).ties) == {}


@pytest.mark.parametrize(
    "end",
    [
        lambda w, offer: declines(w, offer, "alice"),
        withdraws,
        lambda w, offer: lapses(w, offer, "owner"),
        lambda w, offer: lapses(w, offer, "one"),
    ],
    ids=["declined", "withdrawn", "lapsed", "lapsed by an officer"],
)
def test_an_offer_that_is_not_accepted_goes_back(world, batch, end):
    offer = offers(world, batch, "owner", "alice", 400, until=TODAY)
    world.now_us += DAY_US

    end(world, offer)

    assert held_by(world, batch, "owner") == 1_000
    assert world.state(batch).locked_g == 0
    assert dict(owner(world).ties) == {}


def test_an_offer_stands_through_its_day_and_lapses_by_nobody_but_an_act(world, batch):
    offer = offers(world, batch, "owner", "alice", 400, until=TODAY)
    early = refused(world, lambda: lapses(world, offer, "owner"))
    world.now_us += DAY_US

    late = refused(world, lambda: accepts(world, offer, "alice"))

    assert (early.code, late.code) == ("too_early", "day_passed")
    assert early.facts["not_before"] == "2026-09-22"
    assert world.state(batch).locked_g == 400


def test_an_offer_reaches_an_account_that_wants_to_accept_first(world, batch):
    says(world, "alice", "account.acceptance_set.v1", required=True)

    sent = refused(world, lambda: world.transfers(batch, "owner", "alice", 1))
    accepts(world, offers(world, batch, "owner", "alice", 1), "alice")

    assert sent.code == "acceptance_needed"
    assert held_by(world, batch, "alice") == 1


def test_an_offer_is_accepted_once(world, batch):
    offer = offers(world, batch, "owner", "alice", 400)
    offers(world, batch, "owner", "alice", 400)
    accepts(world, offer, "alice")

    refusal = refused(world, lambda: accepts(world, offer, "alice"))

    assert refusal.code == "wrong_entry_meant"
    assert held_by(world, batch, "alice") == 400


def test_nobody_offers_more_than_policy_lets_one_person_send_without_a_second(world, batch):
    set_policy(world, "second_person_over", codes=("send",), number=100)

    offers(world, batch, "owner", "alice", 100)
    refusal = refused(world, lambda: offers(world, batch, "owner", "alice", 101))
    offers(world, batch, "owner", "alice", 101, seconded="two")

    assert refusal.code == "second_person_needed"
    assert world.state(batch).locked_g == 201


def test_the_second_person_of_an_offer_is_not_its_taker(world, batch):
    refusal = refused(world, lambda: offers(world, batch, "owner", "two", 1, seconded="two"))

    assert refusal.code == "own_account"


def donates(world, batch, **changed):
    return offers(world, batch, "owner", "games", 500, **changed)


def takes_donation(world, tied, **changed):
    """The event accepts a donation, with the certificate of honour."""
    setting = world.setting(world["games"])
    number = setting.new("certificate", 2)
    released = {
        "means": tied.means,
        "owner": world["owner"].account,
        "taker": world["games"].account,
        "amount_g": tied.grams,
        "standard": "SCFG",
    }
    accepted = {"means": tied.means, "taker": world["games"].account}
    honoured = {
        "donor": world["owner"].account,
        "event": world["games"].account,
        "amount_g": tied.grams,
        "standard": "SCFG",
        "name": Hidden(value="a donor"),
        **changed,
    }
    parts = [
        (tied.batch, [("batch.released.v1", released)]),
        (world["owner"].account, [("account.offer_accepted.v1", accepted)]),
        (number, [("certificate.honoured.v1", honoured)]),
    ]
    world.submit(setting, parts)
    return number


def test_a_donation_is_accepted_with_its_certificate_of_honour(world, batch):
    donation = donates(world, batch)

    number = takes_donation(world, donation)

    assert world.state(number).name == number
    assert held_by(world, batch, "games") == 500
    assert dict(owner(world).ties) == {}


def test_the_certificate_of_honour_says_what_was_donated(world, batch):
    donation = donates(world, batch)

    more = refused(world, lambda: takes_donation(world, donation, amount_g=501))
    other = refused(world, lambda: takes_donation(world, donation, donor=world["bob"].account))

    assert (more.code, other.code) == ("parts_differ", "parts_differ")


def test_an_offer_to_an_event_is_no_donation_and_brings_no_honour(world, batch):
    offer = donates(world, batch, donation=False)

    refusal = refused(world, lambda: takes_donation(world, offer))
    accepts(world, offer, "games")

    assert refusal.code == "wrong_ground"
    assert held_by(world, batch, "games") == 500


def test_pledged_grams_wait_for_the_pledgee_to_let_go(world, batch):
    pledge = pledges(world, batch, "owner", "bob", 700)

    refusal = refused(world, lambda: world.retires(batch, "owner", 301))
    releases_pledge(world, pledge, "bob")

    assert refusal.code == "insufficient_holding"
    assert held_by(world, batch, "owner") == 1_000


def test_an_exchange_settles_under_a_mandate_what_it_reserved_part_by_part(world, batch):
    mandate = meant(mandates(world, standards=("SCFG",)))
    reserve = reserves(world, batch, "owner", 500, mandate)

    settles(world, reserve, "alice", 200, trade=Hidden(value="T-1"))
    left = owner(world).ties[reserve.means[0]].amount_g
    settles(world, reserve, "bob", 300)

    assert left == 300
    assert (held_by(world, batch, "alice"), held_by(world, batch, "bob")) == (200, 300)
    assert dict(owner(world).ties) == {}


def test_what_was_reserved_is_settled_though_the_mandate_ended_and_nothing_more_is(world, batch):
    mandate = meant(mandates(world))
    reserve = reserves(world, batch, "owner", 500, mandate)
    says(world, "owner", "account.mandate_ended.v1", means=mandate)

    settles(world, reserve, "alice", 500)
    refusal = refused(world, lambda: reserves(world, batch, "owner", 1, mandate))

    assert held_by(world, batch, "alice") == 500
    assert refusal.code == "no_mandate"


def test_what_an_exchange_does_not_settle_comes_back(world, batch):
    reserve = reserves(world, batch, "owner", 500, meant(mandates(world, until=TODAY)))

    early = refused(world, lambda: ends_reserve(world, reserve, "one"))
    world.now_us += DAY_US
    ends_reserve(world, reserve, "one")

    assert early.code == "too_early"
    assert held_by(world, batch, "owner") == 1_000


def test_an_officer_gives_back_what_an_exchange_reserved_that_is_none_any_more(world, batch):
    reserve = reserves(world, batch, "owner", 500, meant(mandates(world)))
    account = world["exchange"].account
    granted = world.state("registry").roles[account, "exchange"]
    world.withdraws(account, "exchange", (granted, world.additions[granted].leaf))

    by_itself = refused(world, lambda: ends_reserve(world, reserve))
    ends_reserve(world, reserve, "one")

    assert by_itself.code == "role_missing"
    assert held_by(world, batch, "owner") == 1_000


def test_an_exchange_lets_go_of_what_it_reserved_at_any_time(world, batch):
    reserve = reserves(world, batch, "owner", 500, meant(mandates(world)))

    ends_reserve(world, reserve)

    assert held_by(world, batch, "owner") == 1_000


def test_nobody_hides_from_a_court_what_he_holds_or_ties(world, batch):
    offer = offers(world, batch, "owner", "alice", 100)
    pledge = pledges(world, batch, "owner", "alice", 100)
    reserve = reserves(world, batch, "owner", 100, meant(mandates(world)))

    seizes(world, batch, "owner", "bob", 700)
    for tied in (offer, pledge, reserve):
        seizes_locked(world, tied, "bob", 100)

    assert held_by(world, batch, "bob") == 1_000
    assert dict(owner(world).ties) == {}


def test_what_a_court_leaves_of_an_offer_is_still_offered(world, batch):
    offer = offers(world, batch, "owner", "alice", 100)

    seizes_locked(world, offer, "bob", 40)

    assert owner(world).ties[offer.means[0]].amount_g == 60
    assert held_by(world, batch, "bob") == 40


def nothing(world, batch):
    """The account as it is."""


def offered(world, batch):
    return offers(world, batch, "owner", "alice", 100)


def pledged(world, batch):
    return pledges(world, batch, "owner", "alice", 100)


def reserved(world, batch):
    return reserves(world, batch, "owner", 100, meant(mandates(world)))


def mandated(world, _batch):
    return meant(mandates(world, standards=("VCU",)))


def frozen_with_mandate(world, _batch):
    mandate = meant(mandates(world))
    freezes(world, "owner")
    return mandate


def frozen_range(world, batch):
    return freezes_range(world, batch, "owner", 100)


def closed_alice(world, _batch):
    says(world, "alice", "account.closed.v1")


@table(
    "given, act, code",
    (nothing, lambda w, b, _t: offers(w, b, "owner", "owner", 1), "to_itself"),
    (nothing, lambda w, b, _t: offers(w, b, "owner", "alice", 1, until=LAST_WEEK), "day_passed"),
    (nothing, lambda w, b, _t: offers(w, b, "owner", "alice", 1, donation=True), "not_an_event"),
    (
        nothing,
        lambda w, b, _t: offers(w, b, "owner", "alice", 1, lock_ground="donation"),
        "wrong_ground",
    ),
    (nothing, lambda w, b, _t: offers(w, b, "owner", "alice", 1_001), "insufficient_holding"),
    (nothing, lambda w, b, _t: offers(w, b, "owner", "alice", 1, standard="VCU"), "parts_differ"),
    (closed_alice, lambda w, b, _t: offers(w, b, "owner", "alice", 1), "account_not_open"),
    (closed_alice, lambda w, b, _t: pledges(w, b, "owner", "alice", 1), "account_not_open"),
    (nothing, lambda w, b, _t: pledges(w, b, "owner", "owner", 1), "malformed"),
    (offered, lambda w, _b, t: accepts(w, t, "bob"), "not_the_party"),
    (offered, lambda w, _b, t: declines(w, t, "bob"), "not_the_party"),
    (offered, lambda w, _b, t: accepts(w, t, "alice", grams=99), "lock_not_released"),
    (offered, lambda w, _b, t: lapses(w, t, "bob"), "role_missing"),
    (offered, lambda w, _b, t: releases_pledge(w, t, "alice"), "wrong_ground"),
    (pledged, lambda w, _b, t: releases_pledge(w, t, "bob"), "not_the_party"),
    (pledged, lambda w, _b, t: withdraws(w, t), "wrong_ground"),
    (mandated, lambda w, b, t: reserves(w, b, "owner", 1, t), "no_mandate"),
    (frozen_with_mandate, lambda w, b, t: reserves(w, b, "owner", 1, t), "account_frozen"),
    (nothing, lambda w, b, _t: reserves(w, b, "owner", 1, w.issuing(b)), "no_mandate"),
    (mandated, lambda w, b, t: reserves(w, b, "owner", 1, t, venue="bob"), "role_missing"),
    (reserved, lambda w, _b, t: settles(w, t, "owner", 1), "to_itself"),
    (reserved, lambda w, _b, t: settles(w, t, "bob", 101), "insufficient_holding"),
    (reserved, lambda w, _b, t: settles(w, t, "bob", 1, venue="alice"), "role_missing"),
    (reserved, lambda w, _b, t: settles(w, t, "bob", 1, amount_g=2), "parts_differ"),
    (reserved, lambda w, _b, t: ends_reserve(w, t, "bob"), "role_missing"),
    (reserved, lambda w, _b, t: seizes_locked(w, t, "bob", 101), "insufficient_holding"),
    (pledged, lambda w, _b, t: seizes_locked(w, t, "owner", 100), "to_itself"),
    (frozen_range, lambda w, _b, t: seizes_locked(w, t, "owner", 1), "to_itself"),
    (nothing, lambda w, b, _t: seizes(w, b, "owner", "bob", 1_001), "insufficient_holding"),
)
def test_a_tie_is_refused(world, batch, given, act, code):
    tied = given(world, batch)

    refusal = refused(world, lambda: act(world, batch, tied))

    assert refusal.code == code


def test_a_mandate_is_to_one_exchange(world, batch):
    mandate = meant(mandates(world))
    world.opens("other exchange", role="exchange")

    refusal = refused(
        world, lambda: reserves(world, batch, "owner", 1, mandate, venue="other exchange")
    )

    assert refusal.code == "no_mandate"
