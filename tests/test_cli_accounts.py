"""Accounts by hand: offers and donations, mandates, pledges, freezes, courts, policies, and how an account ends."""

import time
from typing import Any

import pytest

from registry.domain.timing import day_of
from tests.books import book, home, shelf
from tests.test_cli import english, shell
from tests.test_cli_acts import Day, day, held_g
from tests.test_cli_ordering import case, courthouse, registered

__all__ = ["book", "case", "courthouse", "day", "english", "home", "shelf", "shell"]

DAY_NS = 24 * 3600 * 1_000_000_000
FAR = ("--until", "2999-12-31")
PAST = ("--until", "2020-01-01")


@pytest.fixture
def town(day: Day) -> Day:
    """The desk of a registry in which there is a court, too, and a procuratorate, and an event."""
    for name, form in (("court", "public_body"), ("prosecutor", "public_body"), ("games", "event")):
        opened = day.json("account", "open", "--name", name, "--legal-form", form)
        (day.accounts[name],) = opened["entries"][0]["new"]
    assert day("role", "grant", day.accounts["court"], "court").code == 0
    assert day("role", "grant", day.accounts["prosecutor"], "procuratorate").code == 0
    return day


def index_of(done: Any) -> int:
    """The entry that an act made."""
    found: int = done["entries"][0]["index"]
    return found


def shown(day: Day, name: str) -> Any:
    return day.json("account", "show", day.accounts[name])


def paper(day: Day, name: str = "paper") -> tuple[str, str]:
    return "--document", str(day.paper(name))


def between(day: Day, giver: str, taker: str) -> tuple[str, ...]:
    return "--from", day.accounts[giver], "--to", day.accounts[taker]


def tomorrow_comes(monkeypatch: pytest.MonkeyPatch, days: int = 1) -> None:
    now_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + days * DAY_NS)


def today() -> str:
    return day_of(time.time_ns() // 1_000).isoformat()


def freezes(day: Day, name: str, *amount: str, by: str = "court") -> int:
    what = ("range", day.accounts[name], *amount) if amount else ("account", day.accounts[name])
    order = ("--authority", day.accounts[by], *FAR, *paper(day))
    return index_of(day.acts("account", "freeze", *what, *order))


# Offers and donations.


def test_what_is_offered_is_taken(town: Day):
    before = held_g(town, town.accounts["bob"])
    offer = index_of(town.acts("offer", "make", "40g", *between(town, "owner", "bob"), *FAR))

    (tied,) = shown(town, "owner")["ties"]
    town.acts("offer", "accept", offer)

    assert (tied["since"], tied["ground"], tied["amount_g"]) == (offer, "offer", 40)
    assert held_g(town, town.accounts["bob"]) == before + 40
    assert shown(town, "owner")["ties"] == []


@pytest.mark.parametrize("end", ["decline", "withdraw"])
def test_an_offer_that_is_not_taken_goes_back(town: Day, end: str):
    before = held_g(town, town.accounts["owner"])
    offer = index_of(town.acts("offer", "make", "40g", *between(town, "owner", "bob"), *FAR))

    town.acts("offer", end, offer)

    assert held_g(town, town.accounts["owner"]) == before
    assert town.refused("offer", "accept", offer)["error"] == "not_tied"


def test_an_offer_does_not_lapse_before_its_day(town: Day):
    offer = index_of(town.acts("offer", "make", "40g", *between(town, "owner", "bob"), *FAR))

    refused = town.refused("offer", "lapse", offer)

    assert (refused["error"], refused["facts"]["not_before"]) == ("too_early", "3000-01-01")


def test_an_offer_lapses_after_its_day(town: Day, monkeypatch: pytest.MonkeyPatch):
    before = held_g(town, town.accounts["owner"])
    until = ("--until", today())
    made = town.acts("offer", "make", "40g", *between(town, "owner", "bob"), *until)
    tomorrow_comes(monkeypatch)

    late = town.refused("offer", "accept", index_of(made))
    lapsed = town.acts("offer", "lapse", index_of(made))

    assert late["error"] == "day_passed"
    assert lapsed["entries"][0]["signers"] == [town.accounts["owner"]]
    assert held_g(town, town.accounts["owner"]) == before


def test_a_donation_comes_with_a_certificate_of_honour(town: Day):
    donation = index_of(town.acts("offer", "donate", "60g", *between(town, "owner", "games"), *FAR))

    taken = town.acts("offer", "accept", donation, "--donor", "一位捐赠人")

    (honour,) = taken["entries"][0]["new"]
    assert honour.startswith("certificate/")
    (said,) = [event for event in taken["entries"][0]["events"] if event["stream"] == honour]
    assert said["opened"] == {"name": "一位捐赠人"}
    assert held_g(town, town.accounts["games"]) == 60


def test_only_an_event_takes_donations(town: Day):
    refused = town.refused("offer", "donate", "60g", *between(town, "owner", "bob"), *FAR)

    assert refused["error"] == "not_an_event"


def test_an_account_that_accepts_first_is_sent_nothing_and_offered_much(town: Day):
    town.acts("account", "accept-first", town.accounts["bob"])

    sent = town.refused("transfer", "1g", *between(town, "owner", "bob"))
    town.acts(
        "offer",
        "accept",
        index_of(town.acts("offer", "make", "1g", *(*between(town, "owner", "bob"), *FAR))),
    )
    town.acts("account", "accept-first", town.accounts["bob"], "--off")

    assert sent["error"] == "acceptance_needed"
    assert not shown(town, "bob")["accepts_first"]


def test_an_offer_above_what_one_person_may_send_is_signed_by_two(town: Day):
    policy = ("second_person_over", "--code", "send", "--number", "30g", *paper(town))
    town.acts("policy", "set", *policy)

    alone = town.acts("offer", "make", "30g", *between(town, "owner", "bob"), *FAR)
    both = town.acts("offer", "make", "31g", *between(town, "owner", "bob"), *FAR)

    assert alone["entries"][0]["signers"] == [town.accounts["owner"]]
    assert len(both["entries"][0]["signers"]) == 2
    assert both["entries"][0]["events"][-1]["kind"] == "account.seconded.v1"


# Policies.


def test_what_is_policy_is_listed_with_the_entry_that_set_it(day: Day):
    share = ("--standard", "SCFG", "--number", "50", *paper(day))
    made = day.acts("policy", "set", "buffer_share", *share)
    day.acts("policy", "set", "breach_forbids", "--code", "give", "--code", "send", *paper(day))

    listed = {item["policy"]: item for item in day.json("policy", "list")}

    assert (listed["buffer_share"]["per_mille"], listed["buffer_share"]["standard"]) == (50, "SCFG")
    assert listed["buffer_share"]["since"] == index_of(made)
    assert listed["breach_forbids"]["codes"] == ["give", "send"]
    assert "share of an issue for the buffer" in day("policy", "list").out


def test_a_policy_that_makes_no_sense_is_refused(day: Day):
    refused = day.refused("policy", "set", "breach_forbids", "--code", "fly", *paper(day))
    share = ("buffer_share", "--standard", "SCFG", "--number", "5%", *paper(day))

    assert refused["error"] == "bad_policy"
    assert day.refused("policy", "set", *share, code=2)["error"] == "malformed"


# Mandates, pledges.


def test_an_exchange_settles_what_it_set_aside_under_a_mandate(town: Day):
    owner = town.accounts["owner"]
    before = held_g(town, town.accounts["bob"])
    mandate = index_of(town.acts("account", "mandate", "give", owner, *FAR, "--standard", "SCFG"))
    reserved = index_of(town.acts("account", "reserve", "make", owner, "50g", "--mandate", mandate))

    to_bob = ("--to", town.accounts["bob"], "--trade", "T-1")
    town.acts("account", "reserve", "settle", reserved, "20g", *to_bob)
    town.acts("account", "mandate", "end", mandate)
    town.acts("account", "reserve", "end", reserved)

    assert held_g(town, town.accounts["bob"]) == before + 20
    assert (shown(town, "owner")["mandates"], shown(town, "owner")["ties"]) == ([], [])
    again = ("account", "reserve", "make", owner, "1g", "--mandate", mandate)
    assert town.refused(*again)["error"] == "no_mandate"


def test_a_mandate_does_not_end_before_it_begins(day: Day):
    refused = day.refused("account", "mandate", "give", day.accounts["owner"], *PAST)

    assert refused["error"] == "day_passed"


def test_pledged_grams_are_the_pledgees_to_release(town: Day):
    pledge = ("account", "pledge", "make", town.accounts["owner"], "70g")
    made = town.acts(*pledge, "--pledgee", town.accounts["bob"], *paper(town, "contract"))

    done = town.acts("account", "pledge", "release", index_of(made))

    assert done["entries"][0]["signers"] == [town.accounts["bob"]]
    assert shown(town, "owner")["ties"] == []


# Freezes, courts.


def test_nothing_leaves_a_frozen_account_until_the_freeze_is_lifted(town: Day):
    freeze = freezes(town, "owner")
    act = ("transfer", "1g", *between(town, "owner", "bob"))

    refused = town.refused(*act)
    town.acts("account", "freeze", "lift", freeze, *paper(town, "lifted"))
    town.acts(*act)

    assert (refused["error"], refused["facts"]["entries"]) == ("account_frozen", [freeze])
    assert shown(town, "owner")["freezes"] == []


def test_a_freeze_is_renewed_and_not_ended_before_its_day(town: Day):
    soon = ("--authority", town.accounts["court"], "--until", "2998-01-01", *paper(town))
    freeze = index_of(town.acts("account", "freeze", "account", town.accounts["owner"], *soon))

    town.acts("account", "freeze", "renew", freeze, *FAR, *paper(town, "renewed"))

    (found,) = shown(town, "owner")["freezes"]
    assert (found["until"], found["in_force"]) == ("2999-12-31", True)
    assert town.refused("account", "freeze", "end", freeze)["error"] == "too_early"


def test_a_range_passes_from_one_freeze_to_the_next_and_is_free_after_the_last(town: Day):
    before = held_g(town, town.accounts["owner"])
    lock = freezes(town, "owner", "40g")
    order = ("--authority", town.accounts["prosecutor"], *FAR, *paper(town))
    second = index_of(town.acts("account", "freeze", "queue", lock, *order))

    town.acts("account", "freeze", "lift", lock, *paper(town))
    in_between = held_g(town, town.accounts["owner"])
    town.acts("account", "freeze", "lift", second, *paper(town))

    assert in_between == before - 40
    assert held_g(town, town.accounts["owner"]) == before


def test_an_officer_ends_a_freeze_after_its_day_and_the_range_is_free(
    town: Day, monkeypatch: pytest.MonkeyPatch
):
    before = held_g(town, town.accounts["owner"])
    order = ("--authority", town.accounts["court"], "--until", today(), *paper(town))
    made = town.acts("account", "freeze", "range", town.accounts["owner"], "40g", *order)
    tomorrow_comes(monkeypatch)

    town.acts("account", "freeze", "end", index_of(made))

    assert held_g(town, town.accounts["owner"]) == before
    assert shown(town, "owner")["freezes"] == []


def test_a_frozen_account_performs_its_order_with_the_authoritys_consent(case: Day):
    order = registered(case)
    case.acts("order", "buy", order, "12", "--from", "owner")
    ruling = ("--authority", "court", *FAR, *paper(case))
    freeze = index_of(case.acts("account", "freeze", "account", "case", *ruling))

    refused = case.refused("order", "perform", order, "10")
    case.acts("account", "freeze", "consent", freeze, "--order", order)
    case.acts("order", "perform", order, "10")

    assert refused["error"] == "account_frozen"
    assert case.json("order", "show", order)["performed_g"] == 10_000_000


def test_consent_is_to_an_order_that_there_is(town: Day):
    freeze = freezes(town, "owner")

    refused = town.refused("account", "freeze", "consent", freeze, "--order", "a" * 16)

    assert (refused["error"], refused["facts"]["stream"]) == ("no_stream", f"order/{'a' * 16}")


def test_a_court_takes_what_is_held_and_what_is_locked(town: Day):
    before = held_g(town, town.accounts["bob"])
    to_bob = ("--to", town.accounts["bob"], *paper(town, "writ"))
    lock = freezes(town, "owner", "40g")

    town.acts("account", "seize", town.accounts["owner"], "10g", *to_bob)
    town.acts("account", "seize-locked", lock, "15g", *to_bob)

    assert held_g(town, town.accounts["bob"]) == before + 25
    assert shown(town, "owner")["ties"][0]["amount_g"] == 25


# The end of an account, and notices.


def test_an_account_with_something_open_does_not_close(town: Day):
    offer = index_of(town.acts("offer", "make", "1g", *between(town, "owner", "bob"), *FAR))

    refused = town.refused("account", "close", town.accounts["owner"])
    town.acts("offer", "withdraw", offer)
    closed = index_of(town.acts("account", "close", town.accounts["owner"]))

    assert (refused["error"], refused["facts"]["ties"]) == ("account_bound", [offer])
    assert shown(town, "owner")["closed_in"] == closed


def test_a_merged_account_says_into_which(town: Day):
    merged = ("account", "merge", town.accounts["games"], "--into", town.accounts["bob"])

    town.acts(*merged, *paper(town))

    assert shown(town, "games")["successor"] == town.accounts["bob"]


def test_what_a_holder_leaves_goes_to_the_successor(town: Day):
    owner, bob = town.accounts["owner"], town.accounts["bob"]
    before = held_g(town, bob)
    title = ("--reason", "inheritance", *paper(town, "title"))
    early = town.refused("account", "devolve", owner, "10g", "--to", bob, *title)

    town.acts("account", "succeed", owner, "--successor", bob, *title)
    town.acts("account", "devolve", owner, "10g", "--to", bob, *title)

    assert early["error"] == "not_the_successor"
    assert held_g(town, bob) == before + 10


def test_who_is_affected_is_told_and_that_is_recorded(town: Day):
    freeze = freezes(town, "owner")
    told = ("--entry", freeze, "--channel", "in_person", *paper(town, "receipt"))

    done = town.acts("account", "notify", town.accounts["owner"], *told)

    assert done["entries"][0]["events"][0]["body"]["means"][0] == freeze
    assert shown(town, "owner")["notices"] == 1


def test_everybody_affected_is_told_once(town: Day):
    freeze = freezes(town, "owner")
    told = ("account", "notify-all", freeze, "--channel", "app", *paper(town, "receipt"))

    done = town.acts(*told)

    accounts = [entry["events"][0]["stream"] for entry in done["entries"]]
    assert accounts == [town.accounts["owner"]]
    assert town.refused(*told)["error"] == "nobody_to_tell"


def test_an_entry_that_is_not_there_is_named(town: Day):
    refused = town.refused("account", "freeze", "lift", 10**9, *paper(town))

    assert (refused["error"], refused["facts"]["index"]) == ("no_such_entry", 10**9)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (("offer", "accept", 0), "not_tied"),
        (("account", "freeze", "end", 0), "not_frozen"),
        (("account", "mandate", "end", 0), "no_mandate"),
    ],
)
def test_an_entry_that_means_something_else_is_refused(day: Day, act: tuple[str, ...], code: str):
    assert day.refused(*act)["error"] == code


# Kinds of credit and projects that are stopped.


def test_a_kind_of_another_province_is_recognised_by_both_sides(town: Day):
    town.opens("chongqing")
    assert town("role", "grant", "chongqing", "authority").code == 0
    about = ("--class", "reduction", "--home", "CQTF", "--serials", "12:0:1:2")
    sides = ("--partner", "chongqing", "--authority", town.accounts["authority"])

    done = town.acts("standard", "recognise-across", "CQCER", *about, *sides, *paper(town))

    assert len(done["entries"][0]["signers"]) == 2
    assert town.json("standard", "show", "CQCER")["home"] == "CQTF"


def test_nothing_new_comes_of_a_kind_that_was_withdrawn(day: Day):
    withdrawn = index_of(day.acts("standard", "withdraw", "SCFG", *paper(day)))

    again = day.refused("standard", "withdraw", "SCFG", *paper(day))
    day.acts("transfer", "1g", *between(day, "owner", "bob"))

    assert (again["error"], again["facts"]["entry"]) == ("standard_withdrawn", withdrawn)
    assert day.json("standard", "show", "SCFG")["withdrawn_in"] == withdrawn


def test_a_project_is_suspended_reinstated_and_cancelled(day: Day):
    project = day.streams["project"]
    early = day.refused("project", "reinstate", project, *paper(day))

    suspended = index_of(day.acts("project", "suspend", project, *paper(day)))
    while_it_is = day.json("project", "show", project)
    day.acts("project", "reinstate", project, *paper(day))
    day.acts("project", "cancel", project, *paper(day))

    assert early["error"] == "out_of_order"
    assert (while_it_is["status"], while_it_is["suspended_in"]) == ("suspended", suspended)
    assert day.json("project", "show", project)["status"] == "cancelled"


def test_what_is_open_in_an_account_is_told_in_both_languages(town: Day):
    freezes(town, "owner", "40g")

    told = town("account", "show", town.accounts["owner"]).out
    gesagt = town("account", "show", town.accounts["owner"], "--lang", "zh").out

    assert "freezes:" in told
    assert "冻结:" in gesagt
