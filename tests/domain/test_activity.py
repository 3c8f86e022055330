"""Activities: filed before they begin, accounted, offset, and concluded by what stands on the log."""

import pytest

from registry.ledger import canonical
from tests.world import World, digest, refused, table
from tests.worlds_conduct import (
    DAY_US,
    accounts_for,
    compiles,
    confirms,
    files,
    means,
    notes,
    offsets,
    passes,
    states_measures,
    submits,
)

NEUTRAL_G = 250


@pytest.fixture
def world():
    made = World().staffed()
    made.opens("platform", role="operator")
    made.opens("agency", role="authority")
    return made


@pytest.fixture
def activity(world):
    return files(world)


def came(addition):
    """What came of the first event of the last act."""
    return canonical.decode(addition.data, bytes_max=65_535)[5][0][2][0]


def offset(world, activity, amount_g):
    """What is retired out of a batch of its own offsets the activity."""
    batch = world.issues(amount_g)
    number = world.retires(batch, "owner", amount_g, statement={"purpose": "meeting"})
    offsets(world, activity, number)
    return number


def receives(world, activity, by="authority", **changed):
    body = {
        "means": world.state(activity).filed and means(world, world.state(activity).filed),
        "authority": world[by].account,
        "organiser": world["owner"].account,
        "receipt": "CD-2026-17",
        "document": digest("receipt"),
        **changed,
    }
    return notes(world, activity, "received", by, **body)


def ready(world, activity, *amounts, emissions_g=NEUTRAL_G, measures=True):
    """The activity is over and accounted, and `amounts` were retired for it."""
    world.now_us += 7 * DAY_US
    accounts_for(world, activity, emissions_g)
    if measures:
        states_measures(world, activity)
    for amount_g in amounts:
        offset(world, activity, amount_g)


@table(
    "begins, late",
    ("2026-09-22", False),
    ("2026-09-21", True),
    ("2026-09-20", True),
)
def test_a_form_is_late_unless_it_is_filed_before_the_day_on_which_it_begins(world, begins, late):
    activity = files(world, begins=begins)

    assert came(world.additions[-1]) == {"late": late}
    assert world.state(activity).organiser == world["owner"].account


@table(
    "changed, code",
    ({"begins": "2026-09-28"}, "ends_before_it_begins"),
    ({"boundary": ()}, "malformed"),
    ({"boundary": ("preparation", "holding")}, "malformed"),
    ({"scale": 0}, "malformed"),
    ({"offsets": ("scfg",)}, "malformed"),
    ({"confirmation": "nobody"}, "malformed"),
    ({"expected_g": 0}, "malformed"),
)
def test_a_form_is_refused(world, changed, code):
    refusal = refused(world, lambda: files(world, **changed))

    assert refusal.code == code


def test_the_authority_receives_a_form_once_under_its_own_number(world, activity):
    receives(world, activity)
    received = world.state(activity).received

    again = refused(world, lambda: receives(world, activity))

    assert received == world.additions[-1].index
    assert again.code == "already_received"


@table(
    "by, changed, code",
    ("one", {}, "role_missing"),
    ("owner's office", {}, "own_account"),
    ("authority", {"receipt": "no number"}, "malformed"),
    ("authority", {"organiser": "account/" + "a" * 16}, "not_the_organiser"),
)
def test_a_receipt_is_refused(world, activity, by, changed, code):
    world.opens("owner's office", role="authority", controller=world["owner"].account)

    refusal = refused(world, lambda: receives(world, activity, by, **changed))

    assert refusal.code == code


def test_a_receipt_means_the_form(world, activity):
    refusal = refused(world, lambda: receives(world, activity, means=means(world, index=2)))

    assert refusal.code == "wrong_entry_meant"


@table(
    "said, conclusion",
    (((250,), 250, True), ("neutral", 10_000, 0)),
    (((200, 100), 250, True), ("neutral", 10_000, 50)),
    (((249,), 250, True), ("partial", 9_960, 0)),
    (((1,), 3, True), ("partial", 3_333, 0)),
    # Without measures it is no neutrality, however much is retired.
    (((300,), 250, False), ("partial", 10_000, 50)),
)
def test_what_an_activity_comes_to_follows_from_the_log(world, activity, said, conclusion):
    amounts, emissions_g, measures = said
    ready(world, activity, *amounts, emissions_g=emissions_g, measures=measures)

    number = confirms(world, activity)

    kind, part, surplus_g = conclusion
    assert came(world.additions[-1]) == {
        "emissions_g": emissions_g,
        "kind": kind,
        "percent_hundredths": part,
        "retired_g": sum(amounts),
        "surplus_g": surplus_g,
    }
    state = world.state(number)
    assert (state.status, state.amount_g) == ("conclusion", sum(amounts))
    assert state.holder == world["owner"].account
    assert world.state(activity).conclusion == kind


def test_the_last_account_of_emissions_counts(world, activity):
    ready(world, activity, 250)

    accounts_for(world, activity, 500)
    confirms(world, activity)

    assert came(world.additions[-1])["percent_hundredths"] == 5_000


@table(
    "by, mode",
    ("owner", "self"),
    ("platform", "platform"),
    ("verifier", "institution"),
    ("validator", "institution"),
)
def test_who_confirms_has_the_role_that_the_mode_asks_for(world, activity, by, mode):
    ready(world, activity, 250)

    confirms(world, activity, by, mode=mode)

    assert world.state(activity).status == "confirmed"


@table(
    "by, mode, code",
    ("alice", "self", "not_the_organiser"),
    ("owner", "platform", "role_missing"),
    ("owner", "institution", "role_missing"),
    ("platform", "institution", "role_missing"),
    ("verifier", "platform", "role_missing"),
    ("owner's verifier", "institution", "own_account"),
    ("owner", "anyhow", "malformed"),
)
def test_nobody_else_confirms(world, activity, by, mode, code):
    world.opens("owner's verifier", role="verifier", controller=world["owner"].account)
    ready(world, activity, 250)

    refusal = refused(world, lambda: confirms(world, activity, by, mode=mode))

    assert refusal.code == code


def test_nothing_is_confirmed_before_it_is_over_accounted_and_offset(world, activity):
    accounts_for(world, activity, 250)
    running = refused(world, lambda: confirms(world, activity))
    world.now_us += 7 * DAY_US
    nothing = refused(world, lambda: confirms(world, activity))
    other = files(world, begins="2026-09-01", ends="2026-09-02")
    offset(world, other, 10)
    unaccounted = refused(world, lambda: confirms(world, other))

    assert (running.code, nothing.code) == ("not_yet_happened", "nothing_retired")
    assert unaccounted.code == "not_accounted"


def test_what_is_confirmed_stands(world, activity):
    ready(world, activity, 250)
    confirms(world, activity)
    number = world.retires(world.issues(10), "owner", 10)

    refusals = [
        refused(world, lambda: confirms(world, activity)),
        refused(world, lambda: accounts_for(world, activity, 1)),
        refused(world, lambda: states_measures(world, activity)),
        refused(world, lambda: offsets(world, activity, number)),
    ]

    assert {refusal.code for refusal in refusals} == {"out_of_order"}


def test_what_loses_an_offset_is_to_be_confirmed_anew(world, activity):
    ready(world, activity, 200)
    number = offset(world, activity, 50)
    confirms(world, activity)
    said = {"means": world.issuing(number), "reason": "fraud", "document": digest("why")}
    lost = ("activity.offset_lost.v1", {"certificate": number, "amount_g": 50})
    parts = [(number, [("certificate.annulled.v1", said)]), (activity, [lost])]

    world.do("one", "two", parts=parts)
    before = world.state(activity)
    confirms(world, activity)

    assert (before.status, before.conclusion, before.retired_g) == ("filed", "", 200)
    assert came(world.additions[-1])["percent_hundredths"] == 8_000


def test_what_was_never_an_offset_is_not_lost(world, activity):
    number = offset(world, activity, 50)
    other = files(world)
    said = {"means": world.issuing(number), "reason": "fraud", "document": digest("why")}
    annulled = (number, [("certificate.annulled.v1", said)])
    elsewhere = ("activity.offset_lost.v1", {"certificate": number, "amount_g": 50})
    less = ("activity.offset_lost.v1", {"certificate": number, "amount_g": 49})

    in_another = refused(
        world, lambda: world.do("one", "two", parts=[annulled, (other, [elsewhere])])
    )
    in_part = refused(world, lambda: world.do("one", "two", parts=[annulled, (activity, [less])]))

    assert (in_another.code, in_part.code) == ("offset_stands", "wrong_amount")


def test_only_the_organiser_accounts_and_states(world, activity):
    by_alice = refused(world, lambda: accounts_for(world, activity, 250, by="alice"))
    measures = refused(world, lambda: states_measures(world, activity, by="alice"))

    assert (by_alice.code, measures.code) == ("not_the_organiser", "not_the_organiser")


def test_a_confirmed_activity_is_published_in_a_list_that_was_accepted(world, activity):
    ready(world, activity, 250)
    confirms(world, activity)
    report = compiles(world)
    submits(world, report, "one", "authority")
    body = {"authority": world["authority"].account, "report": report}

    early = refused(world, lambda: notes(world, activity, "published", "authority", **body))
    passes(world, report, "accepted", "authority", authority=world["authority"].account)
    notes(world, activity, "published", "authority", **body)

    assert early.code == "report_not_accepted"
    assert world.state(activity).status == "published"


def test_a_list_that_is_not_there_publishes_nothing(world, activity):
    ready(world, activity, 250)
    confirms(world, activity)
    body = {"authority": world["authority"].account, "report": "report/" + "a" * 16}

    refusal = refused(world, lambda: notes(world, activity, "published", "authority", **body))

    assert refusal.code == "report_not_accepted"


def test_an_activity_that_was_never_filed_goes_nowhere(world):
    nowhere = "activity/" + "a" * 16

    refusal = refused(world, lambda: accounts_for(world, nowhere, 250))

    assert refusal.code == "out_of_order"
