"""What growth costs: the same act in a small place and in a large one, by turns in one run, and the ratio of the two.

The sizes of the large place are $GROWTH_ENTRIES and $GROWTH_HOLDERS (and as many ranges); `make bench` measures with a
million and a hundred thousand. Nothing is asserted of what it costs, only that it is right.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest
from rpds import HashTrieMap

from bench.town import GROUP, Town, found
from registry import history
from registry.domain import batches
from registry.domain.account import Account
from registry.domain.act import Act, Hashes
from registry.domain.batch import Batch, Transferred
from registry.domain.conduct import Conduct
from registry.domain.ranges import Ranges
from registry.domain.roles import Registry
from registry.store.log import Moment
from registry.store.snapshots import Snapshots
from registry.verifier.audit import audit

ENTRIES = int(os.environ.get("GROWTH_ENTRIES", "2000"))
HOLDERS = int(os.environ.get("GROWTH_HOLDERS", "300"))
FEW = 100
FEW_ENTRIES = max(ENTRIES // 100, 500)
ROUNDS = 30
LOADS = 3
JUDGED = 1_000

Work = Callable[[], object]


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A user's home of its own, for as long as the towns stand."""
    base = tmp_path_factory.mktemp("growth")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, str(base / variable.lower()))
        yield base


@pytest.fixture(scope="module")
def village(user: Path) -> Iterator[Town]:
    """A registry of FEW_ENTRIES entries, which is valid."""
    town = found(user / "village")
    town.fill(FEW_ENTRIES)
    assert audit(town.directory, town.operator.vkey()).entries == FEW_ENTRIES
    yield town
    town.operator.close()


@pytest.fixture(scope="module")
def town(user: Path) -> Iterator[Town]:
    """A registry of ENTRIES entries: a batch of HOLDERS holders, a holder of as many ranges, and FEW of each."""
    town = found(user / "town")
    town.open_accounts(HOLDERS)
    for size in (FEW, HOLDERS):
        town.streams["holders", size] = town.spread(size)
        town.streams["ranges", size] = town.scatter(size)
    town.fill(ENTRIES)
    yield town
    town.operator.close()


def seconds(act: Work) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def compare(
    benchmark,
    told: str,
    small: Callable[[], Work],
    large: Callable[[], Work],
    *,
    rounds: int = ROUNDS,
    warmup_rounds: int = 1,
) -> None:
    """Do what `small` and `large` prepare by turns, and note how much longer the latter takes; the benchmark is its."""
    took: dict[str, list[float]] = {"small": [], "large": []}
    prepared: list[Work] = []

    def first() -> None:
        took["small"].append(seconds(small()))
        prepared[:] = [large()]

    def second() -> None:
        took["large"].append(seconds(prepared[0]))

    benchmark.pedantic(second, setup=first, rounds=rounds, warmup_rounds=warmup_rounds)
    benchmark.extra_info[told] = median(took["large"]) / median(took["small"])


def test_transfer_within_a_batch_of_many_holders(benchmark, town):
    takers = town.takers[-FEW:]
    benchmark.extra_info["operations"] = GROUP

    compare(
        benchmark,
        f"transfer with {HOLDERS:,} holders, to {FEW} holders",
        lambda: town.group(town.streams["holders", FEW], "alice", takers),
        lambda: town.group(town.streams["holders", HOLDERS], "alice", takers),
    )


def test_transfer_from_a_holder_of_many_ranges(benchmark, town):
    takers = [town.clerk.accounts["alice"]]
    benchmark.extra_info["operations"] = GROUP

    compare(
        benchmark,
        f"transfer with {HOLDERS:,} ranges, to {FEW} ranges",
        lambda: town.group(town.streams["ranges", FEW], "bob", takers),
        lambda: town.group(town.streams["ranges", HOLDERS], "bob", takers),
    )


def test_append_with_many_entries(benchmark, village, town):
    benchmark.extra_info["operations"] = GROUP

    def filling(place: Town) -> Work:
        return place.group(place.fillers[-1], "alice", [place.clerk.accounts["bob"]])

    compare(
        benchmark,
        f"append at {ENTRIES:,} entries, to {FEW_ENTRIES:,} entries",
        lambda: filling(village),
        lambda: filling(town),
    )


def spread(holders: int) -> Batch:
    own = {f"account/{number}": Ranges.of([(number, number + 1)]) for number in range(holders)}
    rest = Ranges.of([(holders, 10**12)])
    return active(HashTrieMap(own).insert("account/giver", rest))


def scattered(ranges: int) -> Batch:
    own = Ranges.of_sorted(tuple((20 * number, 20 * number + 10) for number in range(ranges)))
    return active(HashTrieMap({"account/giver": own}))


def active(held: "HashTrieMap[str, Ranges]") -> Batch:
    held_g = sum(ranges.total_g for ranges in held.values())
    return Batch(
        name="batch/a", status="active", standard="VCU", held=held, held_g=held_g, received_g=held_g
    )


def judging(state: Batch) -> Work:
    """JUDGED transfers of one gram, each after the other, at the level of the rules alone."""
    act = Act(
        index=0,
        at_us=0,
        nonce=b"",
        parts=(),
        by={},
        keys={},
        author="account/giver",
        hashes=Hashes(row_id=lambda *_: "", row_root=lambda *_: b"", row_says=lambda *_: ()),
        consulted={
            Registry.name: Registry(),
            "account/taker": Account(legal_form="company"),
            "account/giver": Account(legal_form="company"),
            "conduct/giver": Conduct(),
            "conduct/taker": Conduct(),
        },
        outcomes=[],
    )
    event = Transferred(
        giver="account/giver",
        taker="account/taker",
        amount_g=1,
        standard="VCU",
        range=None,
        venue=None,
        trade=None,
    )

    def judge() -> None:
        now = state
        for _ in range(JUDGED):
            now = batches.evolve(now, event, batches.judge(now, event, act), 0)
        assert now.holding("account/taker").total_g == JUDGED

    return judge


@pytest.mark.parametrize("make", [spread, scattered], ids=["holders", "ranges"])
def test_rules_alone(benchmark, make):
    few, many = make(FEW), make(HOLDERS)
    what = {spread: "holders", scattered: "ranges"}[make]
    benchmark.extra_info["operations"] = JUDGED

    compare(
        benchmark,
        f"rules alone with {HOLDERS:,} {what}, to {FEW} {what}",
        lambda: judging(few),
        lambda: judging(many),
    )


def from_the_beginning(moment: Moment, name: str) -> history.Stream:
    placed = map(moment.placed, moment.indexes(name))
    return history.load(name, ((one.index, one.leaf, one.happened()) for one in placed))


@pytest.mark.parametrize("what", ["holders", "ranges"])
def test_load_of_a_long_stream_from_its_snapshot(benchmark, town, tmp_path, what):
    name = town.streams[what, HOLDERS]
    benchmark.extra_info["operations"] = 1
    snapshots = Snapshots(tmp_path, log=town.operator.id, secret=os.urandom(32))
    with town.operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        held = from_the_beginning(moment, name)
        # Only streams this long have one; those of a trial run are shorter.
        longer = history.Stream(state=held.state, length=max(held.length, 1_000), last=held.last)
        snapshots.save(name, moment.indexes(name)[-1], longer)

        compare(
            benchmark,
            f"load of {held.length:,} entries from a snapshot ({what}), to from the beginning",
            lambda: lambda: from_the_beginning(moment, name),
            lambda: lambda: snapshots.load(name),
            rounds=LOADS,
            warmup_rounds=0,
        )

    loaded = snapshots.load(name)
    assert loaded is not None
    assert loaded.stream == longer


def resident_mib(place: Town, *streams: str) -> list[int]:
    """The memory of a process of its own, after its work in each of `streams`."""
    people = [place.clerk.accounts[name] for name in ("alice", "bob")]
    told = subprocess.run(
        [sys.executable, "-m", "bench.resident", str(place.directory), *people, *streams],
        cwd=Path(__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [int(line) // 1024 for line in told.split()]


def test_memory_of_a_process(benchmark, village, town):
    many = town.streams["holders", HOLDERS]
    benchmark.extra_info["operations"] = 1

    (small,) = resident_mib(village, village.fillers[-1])
    large, larger = benchmark.pedantic(
        lambda: resident_mib(town, town.fillers[-1], many), rounds=1, iterations=1
    )

    benchmark.extra_info[f"MiB of a process at {FEW_ENTRIES:,} entries"] = small
    benchmark.extra_info[f"MiB of a process at {ENTRIES:,} entries"] = large
    benchmark.extra_info[f"MiB of it with a batch of {HOLDERS:,} holders"] = larger
    assert small > 0
    assert large > 0


def database_to_entries(place: Town) -> float:
    """Bytes of the database for each byte of an entry."""
    with place.operator.log.recorder.reading() as cursor:
        sizes = []
        for statement in (
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
            "SELECT sum(length(state)) FROM stored_events WHERE rowid % 64 = 1",
        ):
            cursor.execute(statement)
            sizes += cursor.fetchone()
    database, entries = sizes
    return database / entries


def test_size_of_the_database(benchmark, village, town):
    benchmark.extra_info["operations"] = 1

    small = database_to_entries(village)
    large = benchmark.pedantic(lambda: database_to_entries(town), rounds=1, iterations=1)

    benchmark.extra_info[f"database to entries at {FEW_ENTRIES:,}"] = small
    benchmark.extra_info[f"database to entries at {ENTRIES:,}"] = large
    assert min(small, large) > 1
