"""Policies: what the log says is asked here, beyond the rules."""

import pytest

from registry.domain.roles import Policy
from tests.world import World, refused, table
from tests.worlds_accounts import set_policy

MANY = tuple(f"ISO14068-1:2023{number:02}/claim/flag" for number in range(65))


@pytest.fixture
def world():
    return World().staffed()


def policy(world, name, subject=""):
    return world.state("registry").policy(name, subject)


def test_where_no_policy_was_set_nothing_is_asked(world):
    assert policy(world, "second_person_over") is None


@table(
    "name, said",
    ("allowance_holders", {"codes": ("company", "exchange")}),
    ("blacklist_forbids", {"codes": ("give", "issue", "list", "receive", "retire", "send")}),
    ("breach_forbids", {"codes": ("give",)}),
    ("buffer_share", {"subject": "SCFG", "number": 1_000}),
    ("green_least", {"number": 1_000_000}),
    ("second_person_over", {"codes": ("retire", "send"), "number": 0}),
    ("verdicts_forbidden", {"codes": ("ISO14068-1:2023/credits/flag", "MEE-2019-19/claim/flag")}),
)
def test_a_policy_is_what_two_officers_set(world, name, said):
    made = set_policy(world, name, **said)

    found = Policy(index=made.index, codes=said.get("codes", ()), number=said.get("number"))
    assert policy(world, name, said.get("subject", "")) == found


def test_a_policy_takes_the_place_of_the_one_before(world):
    set_policy(world, "breach_forbids", codes=("give", "send"))

    second = set_policy(world, "breach_forbids")

    assert policy(world, "breach_forbids") == Policy(index=second.index, codes=(), number=None)


def test_a_share_of_one_standard_says_nothing_of_another(world):
    set_policy(world, "buffer_share", subject="SCFG", number=100)

    assert policy(world, "buffer_share", "SCFG").number == 100
    assert policy(world, "buffer_share", "VCU") is None


def test_above_nothing_is_every_gram(world):
    batch = world.issues(1_000)
    set_policy(world, "second_person_over", codes=("send",), number=0)

    refusal = refused(world, lambda: world.transfers(batch, "owner", "alice", 1))

    assert refusal.code == "second_person_needed"


def test_a_policy_that_names_nothing_asks_for_nothing(world):
    batch = world.issues(1_000)
    set_policy(world, "second_person_over", codes=("send",), number=10)
    refusal = refused(world, lambda: world.transfers(batch, "owner", "alice", 11))

    set_policy(world, "second_person_over", number=10)
    world.transfers(batch, "owner", "alice", 11)

    assert refusal.code == "second_person_needed"
    assert world.state(batch).holding(world["alice"].account).total_g == 11


@table(
    "name, said, code",
    ("buffer_share", {"number": 1}, "bad_policy"),
    ("buffer_share", {"subject": "SCFG"}, "bad_policy"),
    ("buffer_share", {"subject": "SCFG", "number": 1_001}, "bad_policy"),
    ("buffer_share", {"subject": "SCFG", "number": 1, "codes": ("send",)}, "bad_policy"),
    ("green_least", {"number": 1, "subject": "SCFG"}, "bad_policy"),
    ("breach_forbids", {"codes": ("fly",)}, "bad_policy"),
    ("breach_forbids", {"codes": ("give",), "number": 1}, "bad_policy"),
    ("second_person_over", {"codes": ("issue",), "number": 1}, "bad_policy"),
    ("second_person_over", {"codes": ("send",)}, "bad_policy"),
    ("allowance_holders", {"codes": ("empire",)}, "bad_policy"),
    ("verdicts_forbidden", {"codes": ("ISO14068-1:2023/claim/pass",)}, "bad_policy"),
    ("verdicts_forbidden", {"codes": ("ISO14068-1:2023/flag",)}, "bad_policy"),
    ("verdicts_forbidden", {"codes": MANY}, "malformed"),
    ("breach_forbids", {"codes": ("send", "give")}, "malformed"),
    ("breach_forbids", {"codes": ("give", "give")}, "malformed"),
    ("green_least", {"number": -1}, "malformed"),
    ("weather", {}, "malformed"),
)
def test_a_policy_is_refused(world, name, said, code):
    refusal = refused(world, lambda: set_policy(world, name, **said))

    assert refusal.code == code
    assert policy(world, name) is None


def test_policy_is_set_by_two_officers_of_two_persons(world):
    world.opens("three", controller=world["one"].account, role="officer")

    alone = refused(world, lambda: set_policy(world, "green_least", "one", number=1))
    one_person = refused(world, lambda: set_policy(world, "green_least", "one", "three", number=1))
    no_officer = refused(world, lambda: set_policy(world, "green_least", "one", "bob", number=1))

    codes = (alone.code, one_person.code, no_officer.code)
    assert codes == ("wrong_signers", "not_distinct", "role_missing")
