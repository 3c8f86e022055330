"""Kinds of credit, and the units of other registries that were deposited here."""

import pytest

from registry.domain.standard import home_range
from registry.errors import RefusedError
from tests.world import GRAMS, World, digest, refused, table

VCS = (13, (3, 4, 5, 6, 7), 1, 2)
SPELLED = "8040-449402-449501-VCU-034-APX-CN-1-1748-01012014-31122014-0-X"


@pytest.fixture(scope="module")
def module_world():
    return World().staffed()


@pytest.fixture
def world():
    return World().staffed()


def test_a_standard_is_recognised_as_it_is_described(world):
    world.recognises("CEA", credit_class="allowance", claims=("enterprise",), unit_g=7)

    state = world.state("standard/CEA")
    assert state.is_recognised
    assert (state.credit_class, state.home, state.unit_g) == ("allowance", None, 7)
    assert state.claims == ("enterprise",)


def test_a_deposit_enters_its_units_once_and_makes_a_batch(world):
    batch = world.deposits("A-11-15", 5 * GRAMS)

    assert list(world.state("standard/VCU").deposited["A"]) == [(11, 16)]
    state = world.state(batch)
    assert (state.status, state.origin, state.received_g) == ("active", "deposited", 5 * GRAMS)
    assert list(state.holding(world["owner"].account)) == [(0, 5 * GRAMS)]


@pytest.mark.parametrize(
    "spelled",
    ["A-11-15", "a-11-15", "A-0011-15", "A 15/15", "A:15:20", "--A--5..11", " a_1_99 ", "A-12-13"],
)
def test_units_deposited_once_are_refused_however_they_are_spelled(world, spelled):
    world.deposits("A-11-15", 5 * GRAMS)
    _, first, last = (piece for piece in spelled.replace("-", " ").translate(SPACES).split())
    amount_g = (int(last) - int(first) + 1) * GRAMS

    refusal = refused(world, lambda: world.deposits(spelled, amount_g))

    assert refusal.code == "deposited_before"


SPACES = str.maketrans("/:._", "    ")


@pytest.mark.parametrize("spelled", ["A-1-10", "A-16-16", "B-11-15"])
def test_units_beside_those_deposited_are_welcome(world, spelled):
    world.deposits("A-11-15", 5 * GRAMS)
    block, first, last = spelled.split("-")

    world.deposits(spelled, (int(last) - int(first) + 1) * GRAMS)

    ranges = world.state("standard/VCU").deposited[block]
    assert ranges.holds(int(first), int(last) + 1)


def test_many_deposits_of_one_block_stay_apart(world):
    for first in range(1, 40, 4):
        world.deposits(f"A-{first}-{first + 1}", 2 * GRAMS)

    refusals = [
        refused(world, lambda first=first: world.deposits(f"A-{first}-{first + 2}", 3 * GRAMS)).code
        for first in range(1, 40, 4)
    ]
    world.deposits("A-3-4", 2 * GRAMS)

    assert refusals == ["deposited_before"] * 10
    assert next(iter(world.state("standard/VCU").deposited["A"])) == (1, 7)


@table(
    "act, code",
    (lambda w: w.recognises("SCFG"), "already_recognised"),
    (lambda w: w.recognises("NEW", home="VCS"), "serial_format_missing"),
    (lambda w: w.recognises("NEW", serial_format=(3, (0,), 1, 2)), "serial_format_missing"),
    (lambda w: w.recognises("NEW", credit_class="gold"), "malformed"),
    (lambda w: w.recognises("NEW", claims=()), "malformed"),
    (lambda w: w.recognises("NEW", claims=("meeting", "enterprise")), "malformed"),
    (lambda w: w.recognises("NEW", claims=("meeting", "meeting")), "malformed"),
    (lambda w: w.recognises("new"), "wrong_stream"),
    (lambda w: w.deposits("A-1-1", GRAMS, standard="NONE"), "not_recognised"),
    (lambda w: w.deposits("A-1-1", GRAMS, standard="SCFG"), "native_standard"),
    (lambda w: w.deposits("A-1-2", GRAMS), "wrong_amount"),
    (lambda w: w.deposits("A-1-1", GRAMS + 1), "wrong_amount"),
    (lambda w: w.deposits("A-1-1-1", GRAMS), "bad_home_serials"),
    (lambda w: w.deposits("A-1", GRAMS), "bad_home_serials"),
    (lambda w: w.deposits("A-2-1", GRAMS), "bad_home_serials"),
    (lambda w: w.deposits("A-1-X", GRAMS), "bad_home_serials"),
    (lambda w: w.deposits("A-1-" + "9" * 16, GRAMS), "bad_home_serials"),
    (lambda w: w.deposits("A-1-" + "9" * 15, GRAMS), "bad_home_serials"),
    (lambda w: w.deposits("Ａ-1-1", GRAMS), "malformed"),
    (lambda w: w.deposits("A-1-1", GRAMS, holder="account/" + "a" * 16), "account_not_open"),
)
def test_a_standard_is_refused(module_world, act, code):
    refusal = refused(module_world, lambda: act(module_world))

    assert refusal.code == code


def test_allowances_of_elsewhere_need_a_year_first(world):
    world.recognises("EUA", credit_class="allowance", home="EUTL", serial_format=(3, (0,), 1, 2))

    refusal = refused(world, lambda: world.deposits("A-1-1", GRAMS, standard="EUA"))

    assert refusal.code == "allowances_need_a_year"


@pytest.mark.parametrize(
    "serial_format",
    [
        (3, (0,), 1),
        (1, (), 0, 0),
        (25, (), 0, 1),
        (3, (0,), 1, 1),
        (3, (1,), 1, 2),
        (3, (0,), 1, 3),
        (3, (1, 0), 2, 2),
        (3, (0, 0), 1, 2),
        (True, (0,), 1, 2),
        "3012",
    ],
)
def test_a_serial_format_that_says_nothing_is_malformed(module_world, serial_format):
    refusal = refused(
        module_world,
        lambda: module_world.recognises("NEW", home="VCS", serial_format=serial_format),
    )

    assert refusal.code == "malformed"
    assert refusal.facts["field"] == "serial_format"


@pytest.mark.parametrize(
    "spelled",
    [
        SPELLED,
        SPELLED.lower(),
        SPELLED.replace("-", " / "),
        SPELLED.replace("449402", "000449402"),
        SPELLED.replace("-034-", "-34-"),
    ],
)
def test_a_home_range_is_the_same_however_it_is_spelled(spelled):
    assert home_range(VCS, spelled) == ("VCU-34-APX-CN-1", (449402, 449501))


def test_a_piece_of_zeros_is_zero_and_no_piece_less():
    assert home_range((3, (0,), 1, 2), "000-0-00") == ("0", (0, 0))


def test_a_block_keeps_its_pieces_apart():
    serial_format = (4, (0, 1), 2, 3)

    blocks = {home_range(serial_format, spelled)[0] for spelled in ("A-11-1-2", "A1-1-1-2")}

    assert blocks == {"A-11", "A1-1"}


def test_a_unit_is_no_word():
    with pytest.raises(RefusedError) as caught:
        home_range((3, (0,), 1, 2), "A-0X1-2")

    assert caught.value.code == "bad_home_serials"


# Recognised by both sides, withdrawn, allowances.


@pytest.fixture
def two_sides(world):
    world.opens("chongqing", role="authority")
    return world


def recognises_across(world, code="CQCER", *signers, **changed):
    body = {
        "credit_class": "reduction",
        "home": "CQTF",
        "unit_g": GRAMS,
        "claims": ("enterprise",),
        "serial_format": (3, (0,), 1, 2),
        "partner": world["chongqing"].account,
        "agreement": digest("agreement"),
        **changed,
    }
    by = signers or ("authority", "chongqing")
    return world.do(*by, parts=[(f"standard/{code}", [("standard.cross_recognised.v1", body)])])


def withdraws(world, code, *signers):
    by = signers or ("authority", "one")
    body = {"document": digest("withdrawal")}
    return world.do(*by, parts=[(f"standard/{code}", [("standard.withdrawn.v1", body)])])


def deposits_allowances(world, spelled, amount_g, **changed):
    code = changed.pop("code", "CEA")
    setting = world.setting(world["exchange"], world["one"])
    batch = setting.new("batch", 1)
    said = {"batch": batch, "home_serials": spelled, "year": "2026"}
    body = {
        "standard": code,
        "year": "2026",
        "expires": "2027-12-31",
        "amount_g": amount_g,
        "holder": world["owner"].account,
        "custodian": world["exchange"].account,
        "document": digest(spelled),
        **changed,
    }
    parts = [
        (f"standard/{code}", [("standard.allowances_deposited.v1", said)]),
        (batch, [("batch.allowances_deposited.v1", body)]),
    ]
    world.submit(setting, parts)
    return batch


def recognises_allowances(world):
    world.recognises(
        "CEA",
        credit_class="allowance",
        home="CETS",
        claims=("enterprise",),
        serial_format=(3, (0,), 1, 2),
    )


def test_two_authorities_recognise_what_is_born_on_one_side(two_sides):
    recognises_across(two_sides)

    state = two_sides.state("standard/CQCER")
    assert (state.is_recognised, state.home, state.unit_g) == (True, "CQTF", GRAMS)
    batch = two_sides.deposits("A-1-2", 2 * GRAMS, standard="CQCER")
    assert two_sides.state(batch).standard == "CQCER"


def test_what_is_withdrawn_still_moves_and_is_retired_and_nothing_new_comes(world):
    batch, deposited = world.issues(1_000), world.deposits("A-1-5", 5 * GRAMS)
    project = world.registers()
    world.verifies(project, 10)

    withdrawn = withdraws(world, "SCFG")
    withdraws(world, "VCU")
    refusals = [
        refused(world, world.lists),
        refused(world, lambda: world.issues(10, project=project)),
        refused(world, lambda: world.deposits("A-6-7", 2 * GRAMS)),
    ]
    world.transfers(batch, "owner", "alice", 400)
    world.retires(deposited, "owner", 7, standard="VCU")

    assert world.state("standard/SCFG").withdrawn == withdrawn.index
    assert {refusal.code for refusal in refusals} == {"standard_withdrawn"}
    assert refusals[0].facts["entry"] == withdrawn.index
    assert world.state(batch).holding(world["alice"].account).total_g == 400
    assert world.state(deposited).retired_g == 7


def test_allowances_are_deposited_with_their_year_once(world):
    recognises_allowances(world)

    batch = deposits_allowances(world, "A-1-5", 5 * GRAMS)
    again = refused(world, lambda: deposits_allowances(world, "A-5-6", 2 * GRAMS))

    assert world.state(batch).received_g == 5 * GRAMS
    assert list(world.state("standard/CEA").deposited["A"]) == [(1, 6)]
    assert again.code == "deposited_before"


def withdrawn_allowances(world):
    recognises_allowances(world)
    withdraws(world, "CEA")


def nothing(world):
    """Everything as it is."""


@table(
    "given, act, code",
    (nothing, lambda w: recognises_across(w, "SCFG"), "already_recognised"),
    (nothing, lambda w: recognises_across(w, home=None), "malformed"),
    (nothing, lambda w: recognises_across(w, serial_format=None), "malformed"),
    (nothing, lambda w: recognises_across(w, partner=w["one"].account), "wrong_signers"),
    (nothing, lambda w: recognises_across(w, "CQCER", "authority"), "wrong_signers"),
    (
        nothing,
        lambda w: recognises_across(w, "CQCER", "authority", "bob", partner=w["bob"].account),
        "role_missing",
    ),
    (recognises_across, recognises_across, "already_recognised"),
    (nothing, lambda w: withdraws(w, "GEC"), "not_recognised"),
    (lambda w: withdraws(w, "SCFG"), lambda w: withdraws(w, "SCFG"), "standard_withdrawn"),
    (lambda w: withdraws(w, "SCFG"), lambda w: w.recognises("SCFG"), "already_recognised"),
    (nothing, lambda w: withdraws(w, "SCFG", "one", "authority"), "role_missing"),
    (nothing, lambda w: deposits_allowances(w, "A-1-5", 5 * GRAMS), "not_recognised"),
    (
        nothing,
        lambda w: deposits_allowances(w, "A-1-5", 5 * GRAMS, code="VCU"),
        "not_an_allowance",
    ),
    (
        recognises_allowances,
        lambda w: w.deposits("A-1-5", 5 * GRAMS, standard="CEA"),
        "allowances_need_a_year",
    ),
    (
        recognises_allowances,
        lambda w: deposits_allowances(w, "A-1-5", 5 * GRAMS, year="2025"),
        "parts_differ",
    ),
    (
        recognises_allowances,
        lambda w: deposits_allowances(w, "A-1-5", 4 * GRAMS),
        "wrong_amount",
    ),
    (
        withdrawn_allowances,
        lambda w: deposits_allowances(w, "A-1-5", 5 * GRAMS),
        "standard_withdrawn",
    ),
)
def test_a_recognition_or_its_end_is_refused(two_sides, given, act, code):
    given(two_sides)

    refusal = refused(two_sides, lambda: act(two_sides))

    assert refusal.code == code
