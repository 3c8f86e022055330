"""Sixty-four at once, on the embedded database.

Each round is held against the reference, measured right before it: the machine's own pace changes in minutes.
"""

from collections.abc import Iterator
from statistics import median

import pytest

from bench.hands import EACH, HANDS, Round, Work, all_at_once, peopled, prepared, reference
from bench.town import Town

ROUNDS = 6


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    base = tmp_path_factory.mktemp("hands")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, str(base / variable.lower()))
        town = peopled(base / "town")
        yield town
        town.operator.close()


@pytest.mark.parametrize("where", ["hot", "own"])
def test_append_by_64_submitters(benchmark, town, where):
    rounds: list[Round] = []
    paces: list[float] = []

    def ready() -> tuple[tuple[Work], dict[str, object]]:
        work = prepared(town, hot=where == "hot")
        paces.append(reference())
        return (work,), {}

    def measured(work: Work) -> None:
        rounds.append(all_at_once(town.operator.committer, work))

    size = town.size
    benchmark.pedantic(measured, setup=ready, rounds=ROUNDS, warmup_rounds=1)

    assert town.size == size + len(rounds) * HANDS * EACH
    benchmark.extra_info["operations"] = HANDS * EACH
    benchmark.extra_info[f"64 submitters to the reference beside them, {where}"] = median(
        one.rate / pace for one, pace in zip(rounds, paces, strict=True)
    )
    benchmark.extra_info[f"64 submitters, p99 to 64 / throughput, {where}"] = median(
        one.p99_s / (HANDS / one.rate) for one in rounds
    )
