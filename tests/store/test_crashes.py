"""Writers that die at any moment: what was acknowledged is there, nothing is there by half, no size is signed twice.

$CARBON_REGISTRY_KILLS sets how many writers under load are killed at random moments; 200 unless it is set.
"""

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing

import pytest

from registry.acts.propose import Hidden
from registry.ledger.note import open_checkpoint
from registry.store import snapshots, streams
from registry.store.committer import Receipt, Request
from registry.store.log import DATABASE
from registry.store.operator import Operator
from registry.verifier.audit import audit
from tests.books import FRAGMENTS, ORIGIN, Book, live_at
from tests.store import children
from tests.store.faults import Fault, Operation
from tests.store.lives import Bench, Life, Lived, Survivor, lived

KILLS = int(os.environ.get("CARBON_REGISTRY_KILLS", "200"))
KILLS_PER_BOOK = 20
WORDS_MAX = 8
SILENCE_S_MAX = 0.02
WRITERS = 3
TURNS = 4
"""A sweep over all operations is shared out among so many tests."""
DURABLE = ("sync", "fsync", "fdatasync", "rename", "unlink", "delete", "rmdir")
"""Between two of these a power cut leaves the same, if nothing survives that need not."""


@pytest.fixture(scope="session")
def groups(quick_shelf: Book) -> list[list[Request]]:
    """What is asked while operations are counted: names, a refusal, the same twice, and rows beside an entry."""
    batch = quick_shelf.streams["native"]
    with pytest.MonkeyPatch.context() as patch:
        live_at(quick_shelf.directory.parent, patch)
        with quick_shelf.clerk() as clerk:
            pieces = [
                clerk.transfer(batch, "owner", "bob", 1, serials=(600 + 2 * at, 601 + 2 * at))
                for at in range(FRAGMENTS)
            ]
            clerk.operator.record(pieces)
            hidden = Hidden(value="受益人 / somebody")
            named, _ = clerk.retirement("owner", [(batch, 5)], beneficiary=hidden)
            private, _ = clerk.retirement("owner", [(batch, 6)], public=False)
            gift = clerk.transfer(batch, "owner", "alice", 1)
            refused, _ = clerk.retirement("owner", [(batch, 10**9)])
            in_pieces = clerk.transfer(batch, "bob", "alice", FRAGMENTS)
    return [[named], [gift, refused, private, gift], [in_pieces]]


def faults(operations: Sequence[Operation]) -> Iterator[Fault]:
    """Every way to die at every one of these operations that leaves something of its own."""
    for at, operation in enumerate(operations, 1):
        yield Fault(at=at, way="dies")
        if operation.what in {"write", "pwrite"}:
            yield Fault(at=at, way="halves")
        if operation.what in DURABLE:
            yield Fault(at=at, way="cuts")
            yield Fault(at=at, way="tears", seed=at)


def killed(book: Book, chance: random.Random) -> Lived:
    """A life under load that ends at any moment, after a few words at most."""
    with Life(book.directory.parent, children.load, book, chance.random()) as life:
        for _ in range(chance.randint(1, WORDS_MAX)):
            life.hear()
        time.sleep(chance.uniform(0, SILENCE_S_MAX))
        life.kill()
        return life.lived()


@pytest.mark.parametrize("place", range(-(-KILLS // KILLS_PER_BOOK)))
def test_a_writer_killed_under_load_leaves_what_it_acknowledged_and_no_act_by_half(
    bench: Bench, place: int
) -> None:
    chance = random.Random(place)
    book = bench.copy()
    survivor = Survivor(book)

    answers = []
    for _ in range(min(KILLS_PER_BOOK, KILLS - place * KILLS_PER_BOOK)):
        life = killed(book, chance)
        answers += [answer for _, answer in life.told]
        survivor.judge(life)

    assert {type(answer) for answer in answers} == {Receipt, str}


def test_writers_killed_beside_others_that_go_on_leave_what_they_acknowledged(
    bench: Bench,
) -> None:
    chance = random.Random(3)
    book = bench.copy()
    survivor = Survivor(book)

    for _ in range(max(1, KILLS // 40)):
        heard = []
        with ExitStack() as stack:
            lives = [
                stack.enter_context(
                    Life(book.directory.parent, children.load, book, chance.random())
                )
                for _ in range(WRITERS)
            ]
            for life in lives:
                for _ in range(chance.randint(2, WORDS_MAX)):
                    life.hear()
                time.sleep(chance.uniform(0, SILENCE_S_MAX))
                life.kill()
                heard.append(life.lived())
        survivor.judge(*heard)

    assert max(survivor.roots) > min(survivor.roots)


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_writer_stopped_at_any_operation_leaves_each_act_whole_or_not_at_all(
    bench: Bench, groups: list[list[Request]], turn: int
) -> None:
    book = bench.copy()
    work = (children.write, book.place, groups)
    operations = lived(book.directory.parent, *work).operations

    for fault in list(faults(operations))[turn::TURNS]:
        book = bench.copy()
        Survivor(book).judge(lived(book.directory.parent, *work, fault=fault))

    assert {one.what for one in operations} >= {"write", "sync", "truncate", "pwrite", "fdatasync"}


def test_a_snapshot_that_a_crash_came_into_misleads_nobody(
    bench: Bench, groups: list[list[Request]], monkeypatch: pytest.MonkeyPatch
) -> None:
    book = bench.copy()
    work = (children.write_and_put_aside, book.place, groups)
    operations = lived(book.directory.parent, *work).operations
    kept = book.rows("SELECT stream FROM snapshots", file=snapshots.FILE)
    monkeypatch.setattr(snapshots, "SNAPSHOT_ENTRIES_MIN", 2)
    monkeypatch.setattr(streams, "SNAPSHOT_ENTRIES_MIN", 2)

    for fault in faults(operations):
        if operations[fault.at - 1].name.startswith(snapshots.FILE):
            book = bench.copy()
            Survivor(book).judge(lived(book.directory.parent, *work, fault=fault))

    assert kept == [(book.streams["native"],)]


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_start_after_a_crash_may_be_stopped_at_any_operation_too(
    bench: Bench, groups: list[list[Request]], turn: int
) -> None:
    book = bench.copy()
    home = book.directory.parent
    work = (children.write, book.place, groups[:1])
    start = (children.start, book.place)
    writing = lived(home, *work).operations

    starts: dict[tuple[Operation, ...], Fault] = {}
    for at in range(1, len(writing) + 1):
        bench.copy()
        crash = Fault(at=at, way="dies")
        lived(home, *work, fault=crash)
        starts.setdefault(tuple(lived(home, *start).operations), crash)
    stops = [(crash, fault) for made, crash in starts.items() for fault in faults(made)]
    for crash, fault in stops[turn::TURNS]:
        book = bench.copy()
        lives = [lived(home, *work, fault=crash), lived(home, *start, fault=fault)]
        Survivor(book).judge(*lives)

    # Nothing to do; a journal to roll back; orphans to drop; a mark and a signature to make good.
    assert len(starts) >= 4


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_log_whose_key_was_being_replaced_when_a_crash_came_goes_on_under_one_of_them(
    bench: Bench, turn: int
) -> None:
    book = bench.copy()
    home = book.directory.parent
    work = (children.replace_log_key, book.place)
    operations = lived(home, *work).operations

    replaced = set()
    last = Fault(at=len(operations), way="dies")
    for fault in [*list(faults(operations))[turn::TURNS], last]:
        book = bench.copy()
        lived(home, *work, fault=fault)
        with book.clerk() as clerk:
            key = clerk.operator.vkey()
            request = clerk.transfer(book.streams["native"], "owner", "bob", 1)
            (receipt,) = clerk.operator.record([request])
        assert open_checkpoint(receipt.checkpoint, key).size == receipt.index + 1
        # Whoever pinned either of them can check.
        assert book.audited() == audit(book.place, key)
        replaced.add(key != book.key)

    assert replaced == {False, True}


@pytest.mark.parametrize("turn", range(TURNS))
def test_a_beginning_stopped_at_any_operation_is_a_whole_registry_or_can_begin_again(
    bench: Bench, turn: int
) -> None:
    home = bench.copy().directory.parent
    new = home / "new"
    begin = (children.begin, new, ORIGIN)
    operations = lived(home, *begin).operations

    outcomes = set()
    last = Fault(at=len(operations), way="dies")
    for fault in [*list(faults(operations))[turn::TURNS], last]:
        bench.copy()
        lived(home, *begin, fault=fault)
        whole = new.joinpath(DATABASE).exists()
        if not whole:
            assert lived(home, *begin).ended
        with closing(Operator(new)) as operator:
            key = operator.vkey()
        found = audit(new, key)
        assert (found.entries, found.openings) == (1, 2)
        outcomes.add(whole)

    assert outcomes == {False, True}
