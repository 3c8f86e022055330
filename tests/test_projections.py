"""Projections: folds that say, from the entries alone, what the streams' own states say."""

from typing import Any

import pytest

from registry.domain.batch import Batch
from registry.domain.project import Project
from registry.projections.every import PROJECTIONS, TABLES
from registry.projections.folding import Page
from registry.projections.table import OPEN, Change, Entered, Fact, Table, integer, text
from tests.folds import folded
from tests.world import World


@pytest.fixture
def world() -> World:
    return World().staffed()


def rows(world: World, name: str, **equal: object) -> list[dict[str, Any]]:
    return folded(world.additions).found(name, **equal)


def way(world: World, batch: str, serial: int) -> list[dict[str, Any]]:
    found = [
        row
        for row in rows(world, "movements", batch=batch)
        if row["range_start"] <= serial < row["range_end"]
    ]
    return sorted(found, key=lambda row: (row["since"], row["number"]))


def scattered(world: World) -> str:
    """A batch of which alice has every second gram of forty."""
    batch = world.issues(1_000)
    for serial in range(0, 40, 2):
        world.transfers(batch, "owner", "alice", 1, range=(serial, serial + 1))
    return batch


def test_who_holds_what_agrees_with_the_batch(world: World):
    batch = scattered(world)
    world.retires(batch, "alice", 18)
    world.transfers(batch, "owner", "bob", 300)

    held = {row["account"]: row["held_g"] for row in rows(world, "holdings", batch=batch)}

    state: Batch = world.state(batch)
    assert held == {
        world[name].account: state.holding(world[name].account).total_g
        for name in ("owner", "alice", "bob")
    }
    assert sum(held.values()) == state.held_g == 982


def test_a_batch_says_where_its_grams_are(world: World):
    batch = world.issues(1_000)
    world.retires(batch, "owner", 300)

    (row,) = rows(world, "batches", batch=batch)

    state: Batch = world.state(batch)
    names = ("origin", "standard", "received_g", "held_g", "locked_g", "retired_g", "cancelled_g")
    assert {name: row[name] for name in names} == {name: getattr(state, name) for name in names}
    assert (row["period_from"], row["period_to"]) == state.period
    assert row["retired_g"] == 300


def test_what_was_retired_stays_with_its_holder_and_is_held_no_more(world: World):
    batch = world.issues(1_000)
    world.retires(batch, "owner", 1_000)

    (own,) = rows(world, "holdings", account=world["owner"].account)

    assert (own["batch"], own["held_g"], own["retired_g"]) == (batch, 0, 1_000)


def test_an_imported_retirement_and_a_deposit_count_like_their_native_kin(world: World):
    native, foreign = world.issues(1_000), world.deposits("VCS-1-2", 2_000_000)
    world.imports(native, "owner", 400)

    found = rows(world, "holdings", account=world["owner"].account)

    assert [(own["batch"], own["held_g"], own["retired_g"]) for own in found] == [
        (native, 600, 400),
        (foreign, 2_000_000, 0),
    ]


def test_somebody_who_never_had_anything_holds_nothing(world: World):
    world.issues(1_000)

    assert rows(world, "holdings", account=world["bob"].account) == []


def test_a_gram_has_every_holder_in_order(world: World):
    batch = world.issues(1_000)
    world.transfers(batch, "owner", "alice", 100)
    world.transfers(batch, "alice", "bob", 50)
    number = world.retires(batch, "bob", 10)

    steps = way(world, batch, 9)

    owner, alice, bob = (world[name].account for name in ("owner", "alice", "bob"))
    assert [(step["kind"], step["giver"], step["taker"]) for step in steps] == [
        ("batch.issued.v1", None, owner),
        ("batch.transferred.v1", owner, alice),
        ("batch.transferred.v1", alice, bob),
        ("batch.retired.v1", bob, None),
    ]
    assert f"certificate/{steps[-1]['certificate']}" == number
    assert len({step["since"] for step in steps}) == 4


def test_its_neighbour_may_be_elsewhere(world: World):
    batch = world.issues(1_000)
    world.transfers(batch, "owner", "alice", 100)
    world.retires(batch, "alice", 10)

    held, kept = way(world, batch, 10)[-1], way(world, batch, 100)[-1]

    assert (held["taker"], held["certificate"]) == (world["alice"].account, None)
    assert (kept["taker"], kept["certificate"]) == (world["owner"].account, None)


def test_a_gram_moved_among_more_ranges_than_an_entry_holds_is_found_in_the_rows_beside_it(
    world: World,
):
    batch = scattered(world)
    number = world.retires(batch, "alice", 20)

    assert world.additions[-1].detached
    assert f"certificate/{way(world, batch, 38)[-1]['certificate']}" == number
    assert way(world, batch, 39)[-1]["taker"] == world["owner"].account


def test_a_gram_of_another_batch_has_another_way(world: World):
    one, other = world.issues(1_000), world.issues(1_000)
    world.retires(one, "owner", 1_000)

    assert way(world, one, 0)[-1]["certificate"]
    assert not way(world, other, 0)[-1]["certificate"]


def test_a_gram_that_never_was_has_no_way(world: World):
    batch = world.issues(1_000)

    assert way(world, batch, 1_000) == []


def test_an_imported_retirement_ends_a_grams_way(world: World):
    batch = world.issues(1_000)
    number = world.imports(batch, "owner", 400)

    last = way(world, batch, 0)[-1]

    assert (last["kind"], last["taker"]) == ("batch.retirement_imported.v1", None)
    assert f"certificate/{last['certificate']}" == number


def test_a_retirement_has_its_batches_and_its_month(world: World):
    batch = world.issues(1_000)
    number = world.retires(batch, "owner", 10).partition("/")[2]

    (row,), (behind,) = rows(world, "retirements"), rows(world, "retired")

    assert (row["number"], row["amount_g"], row["holder"]) == (number, 10, world["owner"].account)
    assert (row["month"], row["imported"]) == (row["day"][:7], 0)
    assert (behind["number"], behind["batch"], behind["amount_g"]) == (number, batch, 10)


def test_an_imported_retirement_has_the_month_that_it_claims_and_no_day(world: World):
    batch = world.issues(1_000)
    world.imports(batch, "owner", 10)

    (row,) = rows(world, "retirements")

    (_, body), *_ = world.additions[-1].intent.parts[0].events
    assert (row["imported"], row["month"], row["day"]) == (1, body["month"], None)


def test_the_grams_add_up_three_ways(world: World):
    batch, other = world.issues(1_000), world.issues(1_000)
    world.retires(batch, "owner", 10)
    world.imports(other, "owner", 400)

    made = folded(world.additions)

    totals = [
        sum(row[column] for row in made.found(name))
        for name, column in (
            ("retirements", "amount_g"),
            ("retired", "amount_g"),
            ("batches", "retired_g"),
            ("holdings", "retired_g"),
        )
    ]
    assert totals == [410] * 4


def test_a_project_has_what_was_verified_and_issued_of_each_period(world: World):
    batch = world.issues(1_000)
    (row,) = rows(world, "batches", batch=batch)

    (project,) = rows(world, "projects", project=row["project"])

    state: Project = world.state(project["project"])
    assert (project["stage"], project["issued_g"]) == (state.status, 1_000)
    assert {
        (one["period_from"], one["period_to"]): (one["verified_g"], one["issued_g"])
        for one in rows(world, "monitored")
    } == {period: (own.verified_g, own.issued_g) for period, own in state.monitored.items()}


# What folding is.

COUNTS = Table(name="counts", key=(text("name"),), values=(integer("count"), integer("last")))
SEEN = Table(name="seen", key=(text("name"),), values=(), lasting=True)


def taken(*changes: tuple[int, Fact | Change]) -> Page:
    """A page of entries, each of which changes something."""
    page = Page(())
    page._folds = {"test": [lambda entered, _: iter([dict(changes)[entered.index]])]}
    for index, _ in changes:
        made = type("Made", (), {"stream": "test/one"})()
        found = Entered(
            index=index, at_us=0, signers=(), happened=(made,), row_id=str, row_says=str
        )
        page.take(found)
    return page


def counted(name: str = "a", **sets: int) -> Change:
    return Change(table=COUNTS, key=(name,), adds={"count": 1}, sets=sets)


def test_what_was_true_is_closed_where_it_ends_and_stays():
    page = taken((3, counted()), (5, counted(last=5)), (8, counted()))

    written = page.written(COUNTS, {})

    assert written.rows == [("a", 1, 0, 3, 5), ("a", 2, 5, 5, 8), ("a", 3, 5, 8, OPEN)]
    assert written.closed == []


def test_what_was_there_is_closed_by_the_first_change_alone():
    page = taken((3, counted()), (5, counted()))

    written = page.written(COUNTS, {("a",): (1, (7, 1)), ("b",): (2, (1, 1))})

    assert written.closed == [(3, "a", 1)]
    assert written.rows == [("a", 8, 1, 3, 5), ("a", 9, 1, 5, OPEN)]
    assert page.touched() == {COUNTS: [("a",)]}


def test_a_lasting_row_is_true_for_good():
    page = taken((3, Fact(table=SEEN, row=("a",))))

    assert page.written(SEEN, {}).rows == [("a", 3)]
    assert page.touched() == {}


def test_no_two_tables_have_the_same_name_and_no_column_is_there_twice():
    names = [table.name for projection in PROJECTIONS for table in projection.tables]

    assert len(names) == len(set(names)) == len(TABLES)
    for table in TABLES.values():
        assert len(table.names) == len(set(table.names)), table.name
