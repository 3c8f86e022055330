"""Gift campaigns: terms first, gifts until the deadline, and what nobody claimed goes back after it."""

import pytest

from registry.domain.campaign import Funding
from tests.world import digest, refused, table
from tests.worlds_accounts import freezes
from tests.worlds_conduct import lists, sets_policy
from tests.worlds_giving import (
    AFTER_US,
    DEADLINE,
    claims,
    closes_campaign,
    funded_campaign,
    funds,
    gives,
    giving_world,
    meant,
    opens_campaign,
    returns,
)

NOBODY = "account/" + "a" * 16
BEARER = "bearer/" + "a" * 52


@pytest.fixture
def world():
    return giving_world()


def to(world, *gifts):
    """Rows for people by name, or for anybody by account."""
    return [
        (world[whom].account if whom in world.people else whom, amount_g)
        for whom, amount_g in gifts
    ]


def test_a_campaign_begins_with_its_terms_and_binds_its_organiser(world):
    campaign = opens_campaign(world, each_g=5, retire_only=False, public=False)

    state = world.state(campaign)
    assert (state.status, state.organiser) == ("open", world["owner"].account)
    assert (state.standard, state.each_g, state.deadline) == ("SCFG", 5, DEADLINE)
    assert (state.retire_only, state.public) == (False, False)
    assert campaign in world.state(world["owner"].account).bonds


@table(
    "changed, code",
    ({"standard": "NONE"}, "not_recognised"),
    ({"deadline": "2026-09-20"}, "deadline_passed"),
    ({"deadline": "2028-09-22"}, "deadline_too_late"),
    ({"deadline": "2026-02-30"}, "malformed"),
    ({"each_g": 0}, "malformed"),
    ({"organiser": NOBODY}, "wrong_signers"),
)
def test_an_opening_is_refused(world, changed, code):
    refusal = refused(world, lambda: opens_campaign(world, **changed))

    assert refusal.code == code


def test_a_campaign_may_end_on_the_day_on_which_it_begins(world):
    campaign = opens_campaign(world, deadline="2026-09-21")

    assert world.state(campaign).deadline == "2026-09-21"


def test_allowances_are_not_given_away(world):
    world.recognises("CEA", credit_class="allowance")

    refusal = refused(world, lambda: opens_campaign(world, standard="CEA"))

    assert refusal.code == "allowances_not_given"


def test_a_campaign_is_opened_once_and_under_its_own_name(world):
    setting = world.setting(world["owner"])
    campaign = opens_campaign(world)
    opened = world.proposals[-1].intent.parts[0].events
    bound = (world["owner"].account, [("account.bound.v1", {"to": campaign})])

    again = refused(world, lambda: world.submit(setting, [(campaign, list(opened)), bound]))
    other = "campaign/" + "b" * 16
    elsewhere = (world["owner"].account, [("account.bound.v1", {"to": other})])
    chosen = refused(world, lambda: world.submit(setting, [(other, list(opened)), elsewhere]))

    assert (again.code, chosen.code) == ("out_of_order", "wrong_id")


def test_who_organises_is_the_one_who_is_bound(world):
    setting = world.setting(world["owner"])
    campaign = setting.new("campaign", 0)
    opens_campaign(world)
    opened = world.proposals[-1].intent.parts[0].events
    bound = (world["alice"].account, [("account.bound.v1", {"to": campaign})])

    refusal = refused(world, lambda: world.submit(setting, [(campaign, list(opened)), bound]))

    assert refusal.code == "parts_differ"


def test_what_funds_a_campaign_is_carved_and_locked_for_it(world):
    campaign = opens_campaign(world)
    batch = world.issues(1_000)

    child, lock = funds(world, campaign, batch, 400)

    parent, carved = world.state(batch), world.state(child)
    assert (parent.held_g, parent.carved_g) == (600, 400)
    assert (carved.received_g, carved.locked_g, carved.held_g) == (400, 400, 0)
    assert world.state(campaign).batches[child] == Funding(lock=lock[0], amount_g=400)
    assert world.state(campaign).funded_g == 400


@table(
    "changed, code",
    ({"standard": "VCU"}, "parts_differ"),
    ({"amount_g": 399}, "parts_differ"),
    ({"organiser": NOBODY}, "parts_differ"),
    ({"batch": "batch/" + "a" * 16}, "parts_differ"),
)
def test_a_funding_is_refused(world, changed, code):
    campaign = opens_campaign(world)
    batch = world.issues(1_000)

    refusal = refused(world, lambda: funds(world, campaign, batch, 400, funded=changed))

    assert refusal.code == code


def test_a_campaign_is_funded_in_its_own_standard(world):
    campaign = opens_campaign(world, standard="VCU")
    batch = world.issues(1_000)

    refusal = refused(world, lambda: funds(world, campaign, batch, 400))

    assert refusal.code == "wrong_standard"


def test_nobody_funds_the_campaign_of_another(world):
    campaign = opens_campaign(world)
    batch = world.issues(1_000)
    world.transfers(batch, "owner", "alice", 500)

    refusal = refused(world, lambda: funds(world, campaign, batch, 400, by="alice"))

    assert refusal.code == "not_the_organiser"


def test_nothing_is_funded_or_given_after_the_deadline(world):
    campaign, child, lock = funded_campaign(world)
    batch = world.issues(1_000)
    world.now_us = AFTER_US

    late = refused(world, lambda: funds(world, campaign, batch, 400))
    too_late = refused(world, lambda: gives(world, campaign, child, lock, to(world, ("alice", 5))))

    assert (late.code, too_late.code) == ("deadline_passed", "deadline_passed")


def test_one_entry_gives_to_many(world):
    campaign, child, lock = funded_campaign(world)

    gives(world, campaign, child, lock, to(world, ("alice", 5), (BEARER, 7), ("bob", 9)))
    gives(world, campaign, child, lock, to(world, (BEARER, 1)))

    state = world.state(campaign)
    assert (state.gifts, state.given_g) == (4, 22)
    assert world.state(child).locked_g == 1_000
    assert world.state(child).held_g == 0


def test_a_gift_is_claimed_without_touching_the_campaign(world):
    campaign, child, lock = funded_campaign(world)
    gives(world, campaign, child, lock, to(world, ("alice", 5)))
    length = world.replay.stream(campaign).length

    claims(world, child, "alice", "alice", 5)

    assert world.replay.stream(campaign).length == length
    assert world.state(child).holding(world["alice"].account).total_g == 5


@table(
    "given, changed, code",
    ({}, {"count": 2}, "wrong_amount"),
    ({}, {"amount_g": 6}, "wrong_amount"),
    ({"retire_only": False}, {}, "terms_differ"),
    ({"organiser": NOBODY}, {}, "parts_differ"),
    ({}, {"batch": "batch/" + "a" * 16}, "parts_differ"),
    ({"means": (0, digest("no entry"))}, {}, "wrong_entry_meant"),
)
def test_a_gift_is_refused(world, given, changed, code):
    campaign, child, lock = funded_campaign(world)
    rows = to(world, ("alice", 5))

    refusal = refused(
        world, lambda: gives(world, campaign, child, lock, rows, given=given, **changed)
    )

    assert refusal.code == code
    assert world.state(campaign).gifts == 0


def test_where_everybody_gets_the_same_nobody_gets_more_or_less(world):
    campaign, child, lock = funded_campaign(world, each_g=5)
    gives(world, campaign, child, lock, to(world, ("alice", 5), (BEARER, 5)))

    more = to(world, ("alice", 5), ("bob", 6))
    refusal = refused(world, lambda: gives(world, campaign, child, lock, more))

    assert (refusal.code, refusal.facts["row"]) == ("wrong_gift", 1)
    assert world.state(campaign).gifts == 2


def test_a_campaign_gives_only_what_was_funded_for_it(world):
    first, _, _ = funded_campaign(world)
    second, other, lock = funded_campaign(world, retire_only=False)
    rows = to(world, ("alice", 5))

    refusal = refused(world, lambda: gives(world, first, other, lock, rows))

    assert refusal.code == "not_funded"
    assert world.state(second).given_g == 0


def test_nobody_gives_in_the_campaign_of_another(world):
    campaign, child, lock = funded_campaign(world)
    batch = world.issues(1_000)
    world.transfers(batch, "owner", "alice", 500)
    hers = opens_campaign(world, by="alice")
    her_child, her_lock = funds(world, hers, batch, 400, by="alice")
    rows = to(world, ("bob", 5))

    in_theirs = refused(
        world, lambda: gives(world, campaign, her_child, her_lock, rows, by="alice")
    )
    of_theirs = refused(world, lambda: gives(world, hers, child, lock, rows, by="alice"))

    assert (in_theirs.code, of_theirs.code) == ("not_the_organiser", "not_the_owner")
    assert world.state(campaign).given_g == world.state(hers).given_g == 0


def test_what_is_left_goes_back_after_the_deadline(world):
    campaign, child, lock = funded_campaign(world)
    gives(world, campaign, child, lock, to(world, ("alice", 5), (BEARER, 7)))
    claims(world, child, "alice", "alice", 5)
    world.now_us = AFTER_US

    returns(world, campaign, child, lock, 995)

    funding = world.state(campaign).batches[child]
    assert (funding.given_g, funding.returned_g, funding.settled) == (12, 995, True)
    assert world.state(child).holding(world["owner"].account).total_g == 995
    assert world.state(child).locked_g == 0


def test_what_goes_back_may_go_in_parts(world):
    campaign, child, lock = funded_campaign(world)
    world.now_us = AFTER_US

    returns(world, campaign, child, lock, 400)
    half = world.state(campaign).unsettled
    returns(world, campaign, child, lock, 600)

    assert half == [child]
    assert world.state(campaign).unsettled == []
    assert world.state(campaign).returned_g == 1_000


def test_nothing_goes_back_while_guests_may_claim(world):
    campaign, child, lock = funded_campaign(world)

    refusal = refused(world, lambda: returns(world, campaign, child, lock, 1))

    assert refusal.code == "before_deadline"


def test_an_officer_may_return_what_is_left_and_nobody_else(world):
    campaign, child, lock = funded_campaign(world)
    world.now_us = AFTER_US

    refusal = refused(world, lambda: returns(world, campaign, child, lock, 1, by="alice"))
    returns(world, campaign, child, lock, 1, by="one")

    assert refusal.code == "role_missing"
    assert world.state(child).holding(world["owner"].account).total_g == 1


def test_what_went_back_to_its_end_does_not_go_back_again(world):
    campaign, child, lock = funded_campaign(world)
    world.now_us = AFTER_US
    returns(world, campaign, child, lock, 1_000)

    refusal = refused(world, lambda: returns(world, campaign, child, lock, 0))

    assert refusal.code == "nothing_left"


def test_a_campaign_returns_only_its_own_batches(world):
    first, _, _ = funded_campaign(world)
    _, other, lock = funded_campaign(world)
    world.now_us = AFTER_US

    refusal = refused(world, lambda: returns(world, first, other, lock, 1))

    assert refusal.code == "not_funded"


def test_where_everything_was_claimed_nothing_goes_back_and_the_campaign_closes(world):
    campaign, child, lock = funded_campaign(world, 5)
    gives(world, campaign, child, lock, to(world, ("alice", 5)))
    claims(world, child, "alice", "alice", 5)
    world.now_us = AFTER_US

    open_still = refused(world, lambda: closes_campaign(world, campaign))
    returns(world, campaign, child, lock, 0)
    closes_campaign(world, campaign)

    assert (open_still.code, open_still.facts["batches"]) == ("gifts_left", [child])
    assert world.state(campaign).status == "closed"
    assert campaign not in world.state(world["owner"].account).bonds


def test_a_campaign_that_was_never_funded_may_close_at_once(world):
    campaign = opens_campaign(world)

    closes_campaign(world, campaign, by="two")

    assert world.state(campaign).status == "closed"


def test_a_closed_campaign_does_nothing_more(world):
    campaign = opens_campaign(world)
    batch = world.issues(1_000)
    closes_campaign(world, campaign)

    refusal = refused(world, lambda: funds(world, campaign, batch, 1))

    assert refusal.code == "out_of_order"


def test_a_campaign_is_closed_by_its_organiser_or_an_officer(world):
    campaign = opens_campaign(world)

    refusal = refused(world, lambda: closes_campaign(world, campaign, by="alice"))

    assert refusal.code == "role_missing"


def test_two_persons_may_give_together(world):
    campaign, child, lock = funded_campaign(world)

    made = gives(world, campaign, child, lock, to(world, ("alice", 5)), second="one")

    assert world.state(campaign).given_g == 5
    assert meant(made)[0] == world.replay.size - 1


def test_what_policy_forbids_a_breach_is_neither_begun_nor_given(world):
    campaign, child, lock = funded_campaign(world)
    sets_policy(world, "breach_forbids", "give")
    lists(world, "owner")

    opening = refused(world, lambda: opens_campaign(world))
    giving = refused(world, lambda: gives(world, campaign, child, lock, to(world, ("alice", 5))))

    assert {opening.code, giving.code} == {"forbidden_by_standing"}
    assert (giving.facts["doing"], giving.facts["account"]) == ("give", world["owner"].account)
    assert world.state(campaign).given_g == 0


def test_a_policy_that_forbids_something_else_forbids_no_gift(world):
    campaign, child, lock = funded_campaign(world)
    sets_policy(world, "breach_forbids", "issue")
    lists(world, "owner")

    gives(world, campaign, child, lock, to(world, ("alice", 5)))

    assert world.state(campaign).given_g == 5


def test_a_frozen_organiser_funds_and_gives_nothing(world):
    campaign, child, lock = funded_campaign(world)
    batch = world.issues(1_000)
    freezes(world, "owner")

    funding = refused(world, lambda: funds(world, campaign, batch, 5))
    giving = refused(world, lambda: gives(world, campaign, child, lock, to(world, ("alice", 5))))

    assert {funding.code, giving.code} == {"account_frozen"}
    assert world.state(campaign).given_g == 0


def test_a_frozen_organiser_s_guests_still_claim_and_the_rest_goes_back(world):
    campaign, child, lock = funded_campaign(world)
    gives(world, campaign, child, lock, to(world, ("alice", 5)))
    freezes(world, "owner")

    claims(world, child, "alice", "alice", 5)
    world.now_us = AFTER_US
    returns(world, campaign, child, lock, 995, by="one")
    closes_campaign(world, campaign, by="one")

    assert world.state(child).holding(world["owner"].account).total_g == 995
    assert world.state(campaign).status == "closed"


def test_a_large_gift_is_given_by_two_persons_where_policy_says_so(world):
    campaign, child, lock = funded_campaign(world)
    sets_policy(world, "second_person_over", "give", number=10)

    gives(world, campaign, child, lock, to(world, ("alice", 10)))
    alone = refused(world, lambda: gives(world, campaign, child, lock, to(world, ("bob", 11))))
    gives(world, campaign, child, lock, to(world, ("bob", 11)), second="one")

    assert alone.code == "second_person_needed"
    assert world.state(campaign).given_g == 21


def test_nobody_seconds_their_own_gift(world):
    campaign, child, lock = funded_campaign(world)
    world.opens("daughter", role="officer", controller=world["owner"].account)
    rows = to(world, ("alice", 5))

    own = refused(world, lambda: gives(world, campaign, child, lock, rows, second="daughter"))
    nobody = refused(world, lambda: gives(world, campaign, child, lock, rows, second="alice"))

    assert (own.code, nobody.code) == ("not_distinct", "role_missing")


def test_an_account_with_an_open_campaign_is_not_closed(world):
    campaign = opens_campaign(world)
    owner = world["owner"].account
    closing = [(owner, [("account.closed.v1", {})])]

    refusal = refused(world, lambda: world.do("owner", parts=closing))
    closes_campaign(world, campaign)
    world.do("owner", parts=closing)

    assert refusal.code == "account_bound"
    assert not world.state(owner).is_open
