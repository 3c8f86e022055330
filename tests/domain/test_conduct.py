"""Conduct: due process from a finding to its end, and what a standing forbids."""

import pytest

from registry.domain.conduct import Standing
from tests.world import World, digest, refused, table
from tests.worlds_conduct import (
    DAY_US,
    WEEK_US,
    conduct_of,
    decides,
    finds,
    lists,
    means,
    notifies,
    sets_policy,
    steps,
)

CLEAR = Standing(level="clear", entries=())


@pytest.fixture
def world():
    """Two officers and two authorities, and one account that both officers may act upon."""
    made = World().staffed()
    made.opens("agency", role="authority")
    return made


def standing(world, name, day=None):
    return world.state(conduct_of(world, name)).standing(day)


def notified(world, **changed):
    found = finds(world, "one", "alice", **changed)
    notifies(world, "one", "alice", found)
    return found


def heard(world, **changed):
    found = notified(world, **changed)
    steps(world, "alice", "alice", "heard", means=found, document=digest("reply"))
    return found


def upheld(world, **changed):
    found = heard(world)
    decides(world, "two", "alice", found, **changed)
    return found


def published(world, **changed):
    found = upheld(world, **changed)
    steps(world, "one", "alice", "published", means=found)
    return found


def test_what_is_found_is_in_force_only_once_it_is_published(world):
    before = []
    found = finds(world, "one", "alice")
    before.append(standing(world, "alice"))
    notifies(world, "one", "alice", found)
    before.append(standing(world, "alice"))
    steps(world, "alice", "alice", "heard", means=found, document=digest("reply"))
    before.append(standing(world, "alice"))
    decides(world, "two", "alice", found)
    before.append(standing(world, "alice"))

    index, _ = steps(world, "one", "alice", "published", means=found)

    assert before == [CLEAR] * 4
    assert standing(world, "alice") == Standing(level="breach", entries=(index,))
    assert standing(world, "bob") == CLEAR


def test_a_hearing_is_waived_only_after_the_last_day_to_reply(world):
    found = notified(world)

    early = refused(world, lambda: steps(world, "one", "alice", "hearing_waived", means=found))
    world.now_us += 10 * DAY_US  # 1 October itself
    that_day = refused(world, lambda: steps(world, "one", "alice", "hearing_waived", means=found))
    world.now_us += DAY_US
    steps(world, "one", "alice", "hearing_waived", means=found)

    assert (early.code, that_day.code) == ("too_early", "too_early")
    assert world.state(conduct_of(world, "alice")).cases[found[0]].stage == "heard"


def test_a_notice_leaves_five_working_days(world):
    found = finds(world, "one", "alice")  # Monday, 21 September

    short = refused(world, lambda: notifies(world, "one", "alice", found, reply_by="2026-09-28"))
    notifies(world, "one", "alice", found, reply_by="2026-09-29")

    assert (short.code, short.facts["not_before"]) == ("too_early", "2026-09-29")


def test_what_is_dismissed_is_over(world):
    found = heard(world)

    decides(world, "two", "alice", found, result="dismissed")

    refusal = refused(world, lambda: steps(world, "one", "alice", "published", means=found))
    assert refusal.code == "out_of_order"
    assert standing(world, "alice") == CLEAR


@table(
    "how, by",
    ("repaired", "one"),
    ("revoked", "two"),
)
def test_who_made_good_or_was_wronged_stands_clear_again(world, how, by):
    found = published(world)

    steps(world, by, "alice", how, means=found, document=digest(how))

    assert standing(world, "alice") == CLEAR
    assert world.state(conduct_of(world, "alice")).cases[found[0]].stage == how


def test_a_case_is_revoked_at_any_stage_before_it_is_over(world):
    for begin in (lambda world: finds(world, "one", "alice"), notified, heard, upheld, published):
        found = begin(world)
        steps(world, "one", "alice", "revoked", means=found, document=digest("why"))

    cases = world.state(conduct_of(world, "alice")).cases.values()
    assert [case.stage for case in cases] == ["revoked"] * 5


def test_an_objection_is_answered_by_another_than_who_decided(world):
    found = published(world)
    steps(world, "alice", "alice", "objected", means=found, document=digest("objection"))
    answer = {"means": found, "document": digest("answer")}

    own = refused(
        world, lambda: steps(world, "two", "alice", "reviewed", result="upheld", **answer)
    )
    steps(world, "one", "alice", "reviewed", result="upheld", **answer)
    again = refused(
        world,
        lambda: steps(
            world, "alice", "alice", "objected", means=found, document=digest("objection")
        ),
    )

    assert (own.code, again.code) == ("not_distinct", "out_of_order")
    assert standing(world, "alice").level == "breach"


def test_a_review_can_revoke_what_was_decided(world):
    found = published(world)
    steps(world, "alice", "alice", "objected", means=found, document=digest("objection"))

    steps(
        world,
        "authority",
        "alice",
        "reviewed",
        means=found,
        result="revoked",
        document=digest("answer"),
    )

    assert standing(world, "alice") == CLEAR


def test_a_term_that_has_passed_is_ended_by_signature_not_by_the_clock(world):
    found = published(world, until="2026-10-31")

    early = refused(world, lambda: steps(world, "alice", "alice", "ended", means=found))
    world.now_us += 6 * WEEK_US
    before = standing(world, "alice").level
    steps(world, "alice", "alice", "ended", means=found)

    assert (early.code, before) == ("too_early", "breach")
    assert standing(world, "alice") == CLEAR


def test_an_officer_ends_a_term_too_and_what_has_no_term_is_not_ended(world):
    found = published(world, until="2026-10-31")
    endless = published(world)
    world.now_us += 6 * WEEK_US

    steps(world, "one", "alice", "ended", means=found)
    refusal = refused(world, lambda: steps(world, "one", "alice", "ended", means=endless))

    assert refusal.code == "out_of_order"
    assert len(standing(world, "alice").entries) == 1


def test_the_standing_on_any_day_follows_from_history(world):
    found = lists(world, "alice")  # published on 5 October
    index = means(world)[0]
    world.now_us += 4 * DAY_US
    steps(world, "one", "alice", "repaired", means=found, document=digest("made good"))

    listed = Standing(level="breach", entries=(index,))
    days = ("2026-10-04", "2026-10-05", "2026-10-08", "2026-10-09")
    assert [standing(world, "alice", day) for day in days] == [CLEAR, listed, listed, CLEAR]
    assert standing(world, "alice") == CLEAR


def test_a_black_list_is_kept_by_authorities_who_name_their_law(world):
    lists(world, "alice", level="blacklist")
    index = means(world)[0]

    assert standing(world, "alice") == Standing(level="blacklist", entries=(index,))


@table(
    "by, changed, code",
    ("one", {"level": "blacklist", "legal_basis": "LAW-1"}, "role_missing"),
    ("authority", {"level": "blacklist"}, "legal_basis_needed"),
    ("exchange", {}, "role_missing"),
    ("one", {"level": "grey"}, "malformed"),
    ("one", {"rule": "a rule"}, "malformed"),
)
def test_a_finding_is_refused(world, by, changed, code):
    refusal = refused(world, lambda: finds(world, by, "alice", **changed))

    assert refusal.code == code


def test_a_black_list_takes_authorities_at_every_step(world):
    found = finds(world, "authority", "alice", level="blacklist", legal_basis="LAW-1")
    by_officer = refused(world, lambda: notifies(world, "one", "alice", found))
    notifies(world, "authority", "alice", found)
    steps(world, "alice", "alice", "heard", means=found, document=digest("reply"))

    lawless = refused(world, lambda: decides(world, "agency", "alice", found))
    decided = refused(world, lambda: decides(world, "two", "alice", found, legal_basis="LAW-1"))
    decides(world, "agency", "alice", found, legal_basis="LAW-1")
    listed = refused(world, lambda: steps(world, "one", "alice", "published", means=found))

    assert by_officer.code == "role_missing"
    assert (lawless.code, decided.code) == ("legal_basis_needed", "role_missing")
    assert listed.code == "role_missing"


def test_nobody_decides_on_their_own_finding_by_whatever_account(world):
    world.opens("second desk", role="officer", controller=world["one"].account)
    found = heard(world)

    by_itself = refused(world, lambda: decides(world, "one", "alice", found))
    by_its_own = refused(world, lambda: decides(world, "second desk", "alice", found))

    assert (by_itself.code, by_its_own.code) == ("not_distinct", "not_distinct")


def test_nobody_is_in_office_towards_their_own_account(world):
    world.opens("officer's firm", controller=world["one"].account)

    of_its_own = refused(world, lambda: finds(world, "one", "officer's firm"))
    of_itself = refused(world, lambda: finds(world, "one", "one"))
    praise = refused(
        world,
        lambda: steps(world, "one", "officer's firm", "commended", document=digest("praise")),
    )

    assert {of_its_own.code, of_itself.code, praise.code} == {"own_account"}


def test_conduct_is_that_of_the_account_that_its_stream_names(world):
    refusal = refused(world, lambda: finds(world, "one", "alice", account=world["bob"].account))

    assert refusal.code == "wrong_account"


def test_who_was_never_opened_has_no_conduct(world):
    world.people["nobody"] = type(world["alice"])("nobody", "account/" + "a" * 16)

    refusal = refused(world, lambda: finds(world, "one", "nobody"))

    assert refusal.code == "account_not_open"


def test_only_the_account_itself_is_heard_and_objects(world):
    found = notified(world)

    refusal = refused(
        world, lambda: steps(world, "bob", "alice", "heard", means=found, document=digest("no"))
    )

    assert refusal.code == "wrong_signers"


def test_a_step_means_the_finding_of_its_case(world):
    found = finds(world, "one", "alice")
    other = finds(world, "one", "bob")

    refusal = refused(world, lambda: notifies(world, "one", "alice", other))
    notifies(world, "one", "alice", found)

    assert refusal.code == "wrong_entry_meant"


@table(
    "begin, step, body, code",
    (lambda world: finds(world, "one", "alice"), "published", {}, "out_of_order"),
    (lambda world: finds(world, "one", "alice"), "hearing_waived", {}, "out_of_order"),
    (notified, "published", {}, "out_of_order"),
    (heard, "published", {}, "out_of_order"),
    (upheld, "hearing_waived", {}, "out_of_order"),
    (upheld, "ended", {}, "out_of_order"),
    (upheld, "repaired", {"document": digest("x")}, "out_of_order"),
    (published, "published", {}, "out_of_order"),
    (published, "ended", {}, "out_of_order"),
)
def test_steps_come_in_their_order(world, begin, step, body, code):
    found = begin(world)
    world.now_us += 4 * WEEK_US

    refusal = refused(world, lambda: steps(world, "one", "alice", step, means=found, **body))

    assert refusal.code == code


def test_a_review_needs_an_objection(world):
    found = published(world)

    refusal = refused(
        world,
        lambda: steps(
            world,
            "one",
            "alice",
            "reviewed",
            means=found,
            result="revoked",
            document=digest("answer"),
        ),
    )

    assert refusal.code == "out_of_order"


def test_a_standing_forbids_what_policy_says_and_the_refusal_names_the_entries(world):
    batch = world.issues(1_000)
    world.transfers(batch, "owner", "alice", 500)
    lists(world, "alice")
    index = means(world)[0]

    before = world.transfers(batch, "alice", "bob", 10)
    policy = sets_policy(world, "breach_forbids", "send")
    refusal = refused(world, lambda: world.transfers(batch, "alice", "bob", 10))
    retired = world.retires(batch, "alice", 10)

    assert before.index < policy
    assert refusal.code == "forbidden_by_standing"
    assert refusal.facts == {
        "account": world["alice"].account,
        "doing": "send",
        "standing": "breach",
        "entries": [index],
        "policy": policy,
    }
    assert world.state(retired).amount_g == 10


def test_who_stands_clear_again_may_do_what_was_forbidden(world):
    batch = world.issues(1_000)
    world.transfers(batch, "owner", "alice", 500)
    sets_policy(world, "breach_forbids", "retire", "send")
    found = lists(world, "alice")
    refusal = refused(world, lambda: world.retires(batch, "alice", 10))

    steps(world, "one", "alice", "repaired", means=found, document=digest("made good"))
    number = world.retires(batch, "alice", 10)

    assert refusal.code == "forbidden_by_standing"
    assert world.state(number).amount_g == 10


def test_commendations_are_kept(world):
    steps(world, "authority", "alice", "commended", document=digest("praise"))

    assert world.state(conduct_of(world, "alice")).commended == (means(world)[0],)
