"""What the tables of projections cost: folding all of them, asking them now and as of then, and how far they lag.

The log has $GROWTH_ENTRIES entries, one of ten a retirement; `make bench` measures with a million. The reference of the
folding is strictly decoding the same entries, in the same run.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from bench.town import BUILDING_GROUP, Town, found
from registry.ledger import entry as entries
from registry.store.log import Log
from registry.store.views import Folding, kept_at, kept_up, rebuild, views

ENTRIES = int(os.environ.get("GROWTH_ENTRIES", "2000"))
RETIRED_SHARE = 10
ROUNDS = 3
QUESTIONS = 200
LAG_RATE = 5_000
LAG_S = float(os.environ.get("LAG_S", "0.2"))
LAG_GROUP = 100
PATIENCE_S = 60


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A registry of ENTRIES entries, of which alice gave, and bob got and retired."""
    base = tmp_path_factory.mktemp("views")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, str(base / variable.lower()))
        made = found(base / "town")
        while (size := made.size) < ENTRIES:
            group = min(BUILDING_GROUP, ENTRIES - size)
            made.fill(size + group - group // RETIRED_SHARE)
            made.commit(retirements(made, group // RETIRED_SHARE))
        yield made
        made.operator.close()


def retirements(town: Town, count: int) -> list:
    """So many grams that bob retires, each under a certificate."""
    batch, bob = town.fillers[-1], town.clerk.accounts["bob"]
    statement = {
        "purpose": "enterprise",
        "period": None,
        "place": "510100",
        "ground": "voluntary",
        **dict.fromkeys(("activity", "organisers", "beneficiary", "purchaser", "agent")),
        "public": True,
    }
    used = {"holder": bob, "amount_g": 1, "standard": "VCU", "range": None}
    made = []
    for _ in range(count):
        setting = town.clerk.setting("bob")
        number = setting.new("certificate", 1)
        parts = [
            (batch, [("batch.retired.v1", used)]),
            (number, [("certificate.issued.v1", statement)]),
        ]
        made.append(town.signed(setting, parts))
    return made


def decoded(town: Town) -> float:
    """How many seconds strictly decoding all entries takes."""
    lasted = 0.0
    for placed in town.operator.log.entries():
        start = perf_counter()
        entries.decode(placed.data)
        lasted += perf_counter() - start
    return lasted


def test_folding_all_tables(benchmark, town):
    took = []

    benchmark.pedantic(
        lambda: rebuild(town.operator.log),
        setup=lambda: took.append(decoded(town)),
        rounds=ROUNDS,
    )

    size = town.size
    benchmark.extra_info["operations"] = size
    if benchmark.enabled:
        folding = benchmark.stats.stats.median / size
        benchmark.extra_info["folding all tables, to strict decoding"] = (
            median(took) / size / folding
        )
    with views(town.operator.log) as asked:
        assert asked.size == size
        ((_, retired_g),) = asked.totals("retirements", ()).values()
        assert asked.totals("holdings", (), of="retired_g")[()][1] == retired_g > 0


def test_balance(benchmark, town):
    """Of who holds the most, with the tables opened and caught up for each question."""
    log, alice = town.operator.log, town.clerk.accounts["alice"]
    benchmark.extra_info["operations"] = 1

    def balance() -> int:
        with views(log) as asked:
            return sum(row["held_g"] for row in asked.rows("holdings", account=alice))

    assert benchmark(balance) > 0


def test_balance_as_of_half_the_entries(benchmark, town):
    log, alice = town.operator.log, town.clerk.accounts["alice"]
    benchmark.extra_info["operations"] = 1

    def balance() -> int:
        with views(log) as asked:
            rows = asked.rows("holdings", account=alice, as_of=asked.size // 2)
            return sum(row["held_g"] for row in rows)

    assert benchmark(balance) > 0


def test_lag_behind_a_writer(benchmark, town):
    """The longest that an entry was recorded and not in the tables yet, while a writer records LAG_RATE a second."""
    log = town.operator.log
    with kept_up(log):
        pass
    bob = town.clerk.accounts["bob"]
    groups = [
        town.transfers(town.fillers[-1], "alice", [bob] * LAG_GROUP)
        for _ in range(max(2, int(LAG_RATE * LAG_S) // LAG_GROUP))
    ]
    follower = subprocess.Popen(
        [sys.executable, "-m", "registry.cli.main", "follow", "--views", "--dir", town.directory],
        cwd=Path(__file__).parents[1],
    )
    watch = Watch(log)
    try:
        wait_for_the_follower(town, bob, watch)
        lag_s = benchmark.pedantic(lambda: paced(town, groups, watch), rounds=1)
    finally:
        follower.terminate()
        follower.wait(PATIENCE_S)
        watch.stop()

    benchmark.extra_info["operations"] = len(groups) * LAG_GROUP
    benchmark.extra_info["seconds that the tables lagged at most"] = lag_s
    assert lag_s < PATIENCE_S


class Watch:
    """Sees when the tables have so many entries."""

    def __init__(self, log: Log) -> None:
        self.seen: list[tuple[int, float]] = []
        self._log = log
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def when(self, size: int) -> float:
        """When the tables had `size` entries; waits for it."""
        until = perf_counter() + PATIENCE_S
        while perf_counter() < until:
            for reached, at in self.seen:
                if reached >= size:
                    return at
            time.sleep(0.005)
        raise TimeoutError

    def _look(self) -> None:
        with closing(kept_at(self._log)) as keeper:
            folding = Folding(self._log, keeper)
            while not self._stopped.wait(0.005):
                size = min(at.size for at in folding.positions().values())
                if not self.seen or size > self.seen[-1][0]:
                    self.seen.append((size, perf_counter()))


def wait_for_the_follower(town: Town, taker: str, watch: Watch) -> None:
    """Return once another process keeps the tables up."""
    town.commit(town.transfers(town.fillers[-1], "alice", [taker]))
    watch.when(town.size)


def paced(town: Town, groups: list, watch: Watch) -> float:
    """Record `groups`, LAG_RATE entries a second; the longest that the tables were behind one of them."""
    start = perf_counter()
    told = []
    for number, group in enumerate(groups):
        time.sleep(max(0.0, start + number * LAG_GROUP / LAG_RATE - perf_counter()))
        town.commit(group)
        told.append((town.size, perf_counter()))
    return max(watch.when(size) - at for size, at in told)
