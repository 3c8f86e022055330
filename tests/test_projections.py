"""Projections: folds that say, from the entries alone, what the batches' own states say."""

import pytest

from registry.domain.batch import Batch
from registry.history import Addition, happened
from registry.ledger import entry as entries
from registry.projections.holdings import Holdings
from registry.projections.whereabouts import Whereabouts
from tests.world import World


@pytest.fixture
def world() -> World:
    return World().staffed()


def folded(world: World) -> Holdings:
    holdings = Holdings()
    for addition in world.additions:
        holdings.fold(events(addition))
    return holdings


def followed(world: World, batch: str, serial: int) -> Whereabouts:
    gram = Whereabouts(batch, serial)
    for addition in world.additions:
        gram.fold(addition.index, addition.at_us, events(addition))
    return gram


def events(addition: Addition):
    beside = {(item.part, item.event): item.rows for item in addition.detached}
    return happened(entries.decode(addition.data), beside)


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

    holdings = folded(world)

    state: Batch = world.state(batch)
    for name in ("owner", "alice", "bob"):
        (own,) = holdings.of(world[name].account)
        assert own.held == state.holding(world[name].account)
    assert sum(holdings.accounts().values()) == state.held_g == 982


def test_what_was_retired_stays_with_its_holder_and_is_held_no_more(world: World):
    batch = world.issues(1_000)
    world.retires(batch, "owner", 1_000)

    (own,) = folded(world).of(world["owner"].account)

    assert (own.batch, own.standard, own.held_g, own.retired_g) == (batch, "SCFG", 0, 1_000)


def test_an_imported_retirement_and_a_deposit_count_like_their_native_kin(world: World):
    native, foreign = world.issues(1_000), world.deposits("VCS-1-2", 2_000_000)
    world.imports(native, "owner", 400)

    holdings = folded(world).of(world["owner"].account)

    assert [(own.batch, own.held_g, own.retired_g) for own in holdings] == [
        (native, 600, 400),
        (foreign, 2_000_000, 0),
    ]


def test_somebody_who_never_had_anything_holds_nothing(world: World):
    world.issues(1_000)

    assert folded(world).of(world["bob"].account) == []


def test_a_gram_has_every_holder_in_order(world: World):
    batch = world.issues(1_000)
    world.transfers(batch, "owner", "alice", 100)
    world.transfers(batch, "alice", "bob", 50)
    number = world.retires(batch, "bob", 10)

    gram = followed(world, batch, 9)

    assert [(step.kind, step.holder) for step in gram.steps] == [
        ("batch.issued.v1", world["owner"].account),
        ("batch.transferred.v1", world["alice"].account),
        ("batch.transferred.v1", world["bob"].account),
        ("batch.retired.v1", world["bob"].account),
    ]
    assert f"certificate/{gram.now.certificate}" == number
    assert [step.index for step in gram.steps] == sorted({step.index for step in gram.steps})


def test_its_neighbour_may_be_elsewhere(world: World):
    batch = world.issues(1_000)
    world.transfers(batch, "owner", "alice", 100)
    world.retires(batch, "alice", 10)

    held, kept = followed(world, batch, 10).now, followed(world, batch, 100).now

    assert (held.holder, held.certificate) == (world["alice"].account, "")
    assert (kept.holder, kept.certificate) == (world["owner"].account, "")


def test_a_gram_moved_among_more_ranges_than_an_entry_holds_is_found_in_the_rows_beside_it(
    world: World,
):
    batch = scattered(world)
    number = world.retires(batch, "alice", 20)

    assert world.additions[-1].detached
    assert f"certificate/{followed(world, batch, 38).now.certificate}" == number
    assert followed(world, batch, 39).now.holder == world["owner"].account


def test_a_gram_of_another_batch_has_another_way(world: World):
    one, other = world.issues(1_000), world.issues(1_000)
    world.retires(one, "owner", 1_000)

    assert followed(world, one, 0).now.certificate
    assert not followed(world, other, 0).now.certificate


def test_a_gram_that_never_was_has_no_whereabouts(world: World):
    batch = world.issues(1_000)

    assert followed(world, batch, 1_000).now is None


def test_an_imported_retirement_ends_a_grams_way(world: World):
    batch = world.issues(1_000)
    number = world.imports(batch, "owner", 400)

    now = followed(world, batch, 0).now

    assert (now.kind, f"certificate/{now.certificate}") == ("batch.retirement_imported.v1", number)
