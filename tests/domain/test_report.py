"""Reports: compiled as of a number of entries, handed up level by level, amended only before they are accepted."""

import pytest

from tests.world import World, digest, refused, table
from tests.worlds_conduct import compiles, means, passes, submits


@pytest.fixture
def world():
    made = World().staffed()
    made.opens("province", role="authority")
    return made


@pytest.fixture
def report(world):
    return compiles(world)


def accepts(world, report, by="authority"):
    return passes(world, report, "accepted", by, authority=world[by].account)


def returns(world, report, by="authority"):
    body = {"authority": world[by].account, "document": digest("what is wrong")}
    return passes(world, report, "returned", by, **body)


def amends(world, report, by="one", **changed):
    body = {
        "compiler": world[by].account,
        "size": world.replay.size,
        "file": digest("another list"),
        "activities": 1,
        "retirements": 3,
        "total_g": 400,
        **changed,
    }
    return passes(world, report, "amended", by, **body)


def test_a_report_goes_from_level_to_level(world, report):
    submits(world, report, "one", "authority")
    accepts(world, report)

    submits(world, report, "authority", "province")
    accepts(world, report, "province")

    state = world.state(report)
    assert (state.status, state.holder) == ("accepted", world["province"].account)
    assert state.last == means(world)[0]


def test_a_returned_report_is_amended_by_its_compiler_and_handed_in_again(world, report):
    submits(world, report, "one", "authority")
    accepts(world, report)
    submits(world, report, "authority", "province")
    returns(world, report, "province")

    by_another = refused(world, lambda: amends(world, report, "two"))
    amends(world, report)
    submits(world, report, "one", "authority")

    state = world.state(report)
    assert by_another.code == "wrong_account"
    assert (state.status, state.holder) == ("submitted", world["authority"].account)
    assert state.size == world.replay.size - 2


def test_a_report_is_amended_before_it_is_handed_in(world, report):
    amends(world, report)

    assert world.state(report).status == "compiled"


@table(
    "changed, code",
    ({"size": 0}, "wrong_size"),
    ({"size": 1_000}, "wrong_size"),
    ({"first": "2026-12-31", "last": "2026-01-01"}, "wrong_period"),
    ({"sort": "poem"}, "malformed"),
    ({"total_g": -1}, "malformed"),
)
def test_what_is_no_report_is_not_compiled(world, changed, code):
    refusal = refused(world, lambda: compiles(world, **changed))

    assert refusal.code == code


def test_who_has_no_office_compiles_nothing(world):
    refusal = refused(world, lambda: compiles(world, "alice"))

    assert refusal.code == "role_missing"


def test_an_amended_report_counts_no_fewer_entries(world, report):
    size = world.state(report).size

    refusal = refused(world, lambda: amends(world, report, size=size - 1))

    assert (refusal.code, refusal.facts["least"]) == ("wrong_size", size)


def test_what_was_accepted_is_amended_no_more(world, report):
    submits(world, report, "one", "authority")
    accepts(world, report)

    refusals = [
        refused(world, lambda: amends(world, report)),
        refused(world, lambda: returns(world, report)),
        refused(world, lambda: accepts(world, report)),
    ]

    assert {refusal.code for refusal in refusals} == {"out_of_order"}


def test_only_whose_turn_it_is_hands_it_on(world, report):
    by_another = refused(world, lambda: submits(world, report, "two", "authority"))
    submits(world, report, "one", "authority")
    wrong_desk = refused(world, lambda: accepts(world, report, "province"))

    assert (by_another.code, wrong_desk.code) == ("wrong_account", "wrong_account")


def test_a_report_goes_to_another_who_is_an_authority(world, report):
    nobody = refused(world, lambda: submits(world, report, "one", "alice"))
    submits(world, report, "one", "authority")
    accepts(world, report)
    itself = refused(world, lambda: submits(world, report, "authority", "authority"))

    assert (nobody.code, itself.code) == ("role_missing", "to_itself")


def test_who_hands_a_report_on_means_its_last_entry(world, report):
    amends(world, report)
    first = means(world, index=-2)
    body = {"submitter": world["one"].account, "to": world["authority"].account}

    refusal = refused(world, lambda: passes(world, report, "submitted", "one", means=first, **body))

    assert refusal.code == "wrong_entry_meant"
