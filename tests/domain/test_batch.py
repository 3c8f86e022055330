"""Batches: every gram in one state, the lowest serial number first, and no gram twice."""

import pytest

from registry.domain.batch import import_nonce
from registry.ledger import canonical
from registry.ledger.rows import range_row
from registry.ledger.tree import leaf_hash, root_of
from tests.world import GRAMS, HOUR_US, Person, World, digest, refused, table

NOBODY = "account/" + "a" * 16
TRUE = True
INLINE = 16
BLANK = "batch/" + "a" * 16


@pytest.fixture
def world():
    return World().staffed()


@pytest.fixture
def batch(world):
    return world.issues(1_000)


@pytest.fixture(scope="module")
def dusty():
    """A batch of which alice holds every second of the first 2,002 grams, and bob those between."""
    world = World().staffed()
    batch = world.issues(2_002)
    world.transfers(batch, "owner", "bob", 2_002)
    for start in range(0, 2_002, 2):
        world.transfers(batch, "bob", "alice", 1, range=(start, start + 1))
    return world, batch


def held(world, batch, name):
    return list(world.state(batch).holding(world[name].account))


def recorded(addition, part):
    entry = canonical.decode(addition.data, bytes_max=65_535)
    return entry[5][part][2][0]


def test_an_issue_gives_all_to_the_owner(world, batch):
    state = world.state(batch)

    assert (state.status, state.origin, state.standard) == ("active", "native", "SCFG")
    assert (state.received_g, state.held_g, state.retired_g) == (1_000, 1_000, 0)
    assert held(world, batch, "owner") == [(0, 1_000)]


def test_a_transfer_moves_the_lowest_serial_numbers(world, batch):
    made = world.transfers(batch, "owner", "alice", 300)

    assert held(world, batch, "alice") == [(0, 300)]
    assert held(world, batch, "owner") == [(300, 1_000)]
    assert recorded(made, 0) == {"ranges": [[0, 300]]}


def test_a_named_range_moves_as_it_is_named(world, batch):
    made = world.transfers(batch, "owner", "alice", 50, range=(400, 450))

    assert held(world, batch, "alice") == [(400, 450)]
    assert held(world, batch, "owner") == [(0, 400), (450, 1_000)]
    assert recorded(made, 0) == {"ranges": [[400, 450]]}


def test_what_goes_over_a_gap_takes_what_is_below_it_first(world, batch):
    world.transfers(batch, "owner", "alice", 10, range=(5, 15))

    made = world.transfers(batch, "owner", "bob", 10)

    assert recorded(made, 0) == {"ranges": [[0, 5], [15, 20]]}
    assert held(world, batch, "bob") == [(0, 5), (15, 20)]


def test_neighbours_are_joined_when_they_come_back(world, batch):
    world.transfers(batch, "owner", "alice", 10, range=(5, 15))

    world.transfers(batch, "alice", "owner", 10)

    assert held(world, batch, "owner") == [(0, 1_000)]
    assert world["alice"].account not in world.state(batch).held


def test_a_retirement_uses_up_and_the_rest_stays(world, batch):
    world.transfers(batch, "owner", "alice", 300)

    world.retires(batch, "alice", 120)

    state = world.state(batch)
    assert held(world, batch, "alice") == [(120, 300)]
    assert (state.held_g, state.retired_g, state.received_g) == (880, 120, 1_000)
    assert recorded(world.additions[-1], 0) == {
        "origin": "native",
        "period": ["2025-01-01", "2025-12-31"],
        "ranges": [[0, 120]],
    }


def test_a_trade_is_signed_by_the_exchange_too(world, batch):
    exchange = world["exchange"].account
    made = world.transferred("owner", "alice", 5, venue=exchange, trade=digest("trade"))

    world.do("owner", "exchange", parts=[(batch, [made])])

    assert held(world, batch, "alice") == [(0, 5)]


@table(
    "act, code",
    (lambda w, b: w.transfers(b, "owner", "alice", 1_001), "insufficient_holding"),
    (lambda w, b: w.transfers(b, "alice", "bob", 1), "insufficient_holding"),
    (lambda w, b: w.transfers(b, "owner", "owner", 1), "to_itself"),
    (lambda w, b: w.transfers(b, "owner", "nobody", 1), "account_not_open"),
    (lambda w, b: w.transfers(b, "owner", "alice", 1, standard="VCU"), "wrong_standard"),
    (lambda w, b: w.transfers(b, "owner", "alice", 2, range=(0, 1)), "wrong_amount"),
    (lambda w, b: w.transfers(b, "owner", "alice", 2, range=(999, 1_001)), "range_not_held"),
    (lambda w, b: w.transfers(b, "alice", "bob", 1, range=(0, 1)), "range_not_held"),
    (lambda w, b: w.transfers(b, "owner", "alice", 0), "malformed"),
    (lambda w, b: w.transfers(b, "owner", "alice", -1), "malformed"),
    (lambda w, b: w.transfers(b, "owner", "alice", TRUE), "malformed"),
    (lambda w, b: w.transfers(b, "owner", "alice", 1, range=(1, 1)), "malformed"),
    (lambda w, b: w.transfers(b, "owner", "alice", 1, range=(2, 1)), "malformed"),
    (lambda w, _: w.transfers(BLANK, "owner", "alice", 1), "out_of_order"),
    (lambda w, _: w.retires(BLANK, "owner", 1), "out_of_order"),
    (lambda w, _: w.imports(BLANK, "owner", 1), "out_of_order"),
    (lambda w, b: w.retires(b, "owner", 1_001), "insufficient_holding"),
    (lambda w, b: w.retires(b, "bob", 1), "insufficient_holding"),
    (lambda w, b: w.retires(b, "owner", 1, standard="VCU"), "wrong_standard"),
    (lambda w, b: w.retires(b, "owner", 5, range=(998, 1_003)), "range_not_held"),
    (lambda w, b: w.imports(b, "owner", 1_001), "insufficient_holding"),
    (lambda w, b: w.imports(b, "owner", 1, standard="VCU"), "wrong_standard"),
    (lambda w, b: w.imports(b, "owner", 2, range=(0, 1)), "wrong_amount"),
    (lambda w, b: w.imports(b, "owner", 1, nonce=bytes(16)), "wrong_nonce"),
    (
        lambda w, b: w.imports(b, "owner", 1, row=2, nonce=import_nonce(digest("list"), 1)),
        "wrong_nonce",
    ),
    (lambda w, b: w.imports(b, "owner", 1, row=0, nonce=bytes(16)), "malformed"),
    (lambda w, b: w.imports(b, "owner", 1, month="2026-13"), "malformed"),
    (lambda w, b: w.imports(b, "owner", 1, month="2026-10"), "not_yet_happened"),
)
def test_a_movement_is_refused(world, batch, act, code):
    world.people["nobody"] = Person("nobody", NOBODY)

    refusal = refused(world, lambda: act(world, batch))

    assert refusal.code == code
    assert held(world, batch, "owner") == [(0, 1_000)]


def test_what_is_retired_is_never_moved_again(world, batch):
    world.retires(batch, "owner", 100)

    again = refused(world, lambda: world.transfers(batch, "owner", "alice", 1, range=(0, 1)))
    all_of_it = refused(world, lambda: world.retires(batch, "owner", 901))

    assert again.code == "range_not_held"
    assert all_of_it.code == "insufficient_holding"
    assert all_of_it.facts["held_g"] == 900


def test_a_batch_is_received_once(world, batch):
    setting = world.setting(world["exchange"], world["one"])
    body = {
        "standard": "VCU",
        "period": ("2025-01-01", "2025-12-31"),
        "amount_g": GRAMS,
        "holder": world["owner"].account,
        "custodian": world["exchange"].account,
        "document": digest("x"),
        "retired_at_home": False,
    }
    units = {"batch": batch, "home_serials": "A-1-1"}

    refusal = refused(
        world,
        lambda: world.submit(
            setting,
            [
                ("standard/VCU", [("standard.deposited.v1", units)]),
                (batch, [("batch.deposited.v1", body)]),
            ],
        ),
    )

    assert refusal.code == "out_of_order"
    assert "A" not in world.state("standard/VCU").deposited


@pytest.mark.parametrize("kind", ["issued", "deposited"])
def test_the_id_of_a_batch_is_derived(world, kind):
    project = world.registers()
    world.verifies(project, GRAMS)
    if kind == "issued":
        world.issues(1, project=project)
    else:
        world.deposits("A-1-1", GRAMS)
    first, second = world.proposals[-1].intent.parts
    changed = {name: value for name, value in first.events[0][1].items() if name != "batch"}
    named = {**changed, "batch": BLANK}
    if kind == "deposited":
        named["home_serials"] = "B-1-1"
    parts = [
        (first.stream, [(first.events[0][0], named)]),
        (BLANK, list(second.events)),
    ]
    people = ("verifier", "authority") if kind == "issued" else ("exchange", "one")

    refusal = refused(world, lambda: world.do(*people, parts=parts))

    assert refusal.code == "wrong_id"
    assert world.replay.stream(BLANK).length == 0


def test_what_is_retired_at_home_is_only_allotted_to_beneficiaries(world):
    batch = world.deposits("A-1-2", 2 * GRAMS, retired_at_home=True)

    moved = refused(world, lambda: world.transfers(batch, "owner", "alice", GRAMS, standard="VCU"))
    number = world.retires(batch, "owner", GRAMS, standard="VCU")

    assert moved.code == "retired_at_home"
    assert world.state(batch).retired_g == GRAMS
    assert world.state(batch).origin == "deposited_retired"
    assert world.state(number).home == frozenset()


def test_a_deposit_moves_like_any_other_batch(world):
    batch = world.deposits("A-1-2", 2 * GRAMS)

    world.transfers(batch, "owner", "alice", GRAMS + 1, standard="VCU")

    assert held(world, batch, "alice") == [(0, GRAMS + 1)]


def test_the_same_row_is_imported_once_by_whomever(world, batch):
    world.transfers(batch, "owner", "alice", 500)
    number = world.imports(batch, "owner", 7, row=3)
    world.opens("three", role="officer")
    first, second = world["one"], world["three"]

    same_nonce = refused(world, lambda: world.imports(batch, "owner", 7, row=3))
    world.people["one"] = second
    other_people = refused(world, lambda: world.imports(batch, "alice", 7, row=3))
    world.people["one"] = first
    world.now_us += 2 * HOUR_US
    later = refused(world, lambda: world.imports(batch, "owner", 7, row=3))

    assert same_nonce.code == "nonce_used"
    assert other_people.code == later.code == "certificate_exists"
    assert world.state(batch).retired_g == world.state(number).amount_g == 7


def test_the_month_of_an_import_may_have_only_begun(world, batch):
    world.imports(batch, "owner", 5, month="2026-09")

    assert world.state(batch).retired_g == 5


def test_another_row_and_another_list_are_imported(world, batch):
    world.imports(batch, "owner", 1, row=1)
    world.imports(batch, "owner", 2, row=2)
    world.imports(
        batch,
        "owner",
        4,
        row=1,
        source=digest("another"),
        nonce=import_nonce(digest("another"), 1),
    )

    assert world.state(batch).retired_g == 7


def test_an_act_moves_a_thousand_fragments_and_says_what_is_possible(dusty):
    world, batch = dusty

    refusal = refused(world, lambda: world.transfers(batch, "alice", "bob", 1_001))

    assert refusal.code == "too_fragmented"
    assert refusal.facts["possible_g"] == 1_000
    assert world.state(batch).holding(world["alice"].account).total_g == 1_001


def test_more_ranges_than_fit_become_rows_beside_the_entry(dusty):
    world, batch = dusty
    moved = [(start, start + 1) for start in range(0, 2 * (INLINE + 1), 2)]
    rows = tuple(range_row(start, end) for start, end in moved)

    made = world.transfers(batch, "alice", "owner", INLINE + 1)
    taken = held(world, batch, "owner")
    back = world.transfers(batch, "owner", "alice", INLINE)
    world.transfers(batch, "owner", "alice", 1)

    (beside,) = made.detached
    assert (beside.part, beside.event, beside.rows) == (0, 0, rows)
    assert recorded(made, 0) == {
        "ranges": {
            "bytes": sum(map(len, rows)),
            "count": INLINE + 1,
            "root": root_of(map(leaf_hash, rows)),
            "total_g": INLINE + 1,
        }
    }
    assert back.detached == ()
    assert recorded(back, 0) == {"ranges": [list(span) for span in moved[:-1]]}
    assert taken == moved
    assert held(world, batch, "owner") == []


def test_a_thousand_fragments_really_move(dusty):
    world, batch = dusty
    before = list(world.state(batch).holding(world["bob"].account))

    world.transfers(batch, "bob", "exchange", 1_000)

    assert held(world, batch, "exchange") == before[:1_000]
    assert held(world, batch, "bob") == before[1_000:]
    assert world.state(batch).conserved


def test_units_of_a_period_that_is_not_over_are_not_deposited():
    world = World().staffed()

    refusal = refused(
        world,
        lambda: world.deposits("B1-1-1", GRAMS, period=("2026-01-01", "2026-12-31")),
    )

    assert refusal.code == "not_yet_happened"


def test_a_custodian_is_an_exchange():
    world = World().staffed()
    world.people["exchange"] = world["alice"]

    refusal = refused(world, lambda: world.deposits("B1-1-1", GRAMS))

    assert refusal.code == "role_missing"


def test_a_retirement_of_next_month_is_not_imported():
    world = World().staffed()
    batch = world.issues(1_000)

    refusal = refused(world, lambda: world.imports(batch, "owner", 5, month="2026-10"))

    assert refusal.code == "not_yet_happened"
    world.imports(batch, "owner", 5, month="2026-09")
    assert world.state(batch).retired_g == 5
