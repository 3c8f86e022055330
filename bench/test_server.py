"""The registry on a PostgreSQL server, beside the embedded database and beside the library as it comes, round by round.

The server runs here, with PostgreSQL's own defaults but for little memory; its commits are on the disk.
"""

import multiprocessing
import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import median
from time import CLOCK_MONOTONIC, clock_gettime, perf_counter
from typing import Any

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from bench.hands import HANDS, Round, Work, all_at_once, peopled, prepared, reference
from bench.town import Town
from registry.history import check_intent
from registry.ledger.note import VerifierKey
from registry.place import Place
from registry.place import Server as At
from registry.store.committer import Request
from registry.store.operator import Operator
from registry.verifier.audit import audit
from tests.servers import Server

ROUNDS = 5
PROCESSES = 4
PLAIN = 500
SINGLE = 50


@dataclass(frozen=True)
class Both:
    """The same town on each database, and the server."""

    embedded: Town
    served: Town
    server: Server


class Moved(Aggregate):
    """A transfer's facts as the library would keep them: no signature, no chain, no tree."""

    @event("Opened")
    def __init__(self, standard: str) -> None:
        self.standard = standard
        self.moved_g = 0
        self.last = ("", "")

    @event("Transferred")
    def transfer(self, giver: str, taker: str, amount_g: int) -> None:
        self.moved_g += amount_g
        self.last = (giver, taker)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    base = tmp_path_factory.mktemp("both")
    with pytest.MonkeyPatch.context() as patch, Server(wal_segment_mb=16) as server:
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, str(base / variable.lower()))
        served = At(url=server.create_database("town"), state=base / "state")
        towns = Both(peopled(base / "town"), peopled(served), server)
        yield towns
        towns.embedded.operator.close()
        towns.served.operator.close()


def test_append_by_64_submitters_on_a_server(benchmark, both):
    beside: list[Round] = []
    rounds: list[Round] = []
    bounds: list[float] = []

    def ready() -> tuple[tuple[Work], dict[str, object]]:
        beside.append(all_at_once(both.embedded.operator.committer, prepared(both.embedded)))
        bounds.append(single_s(both.served) + HANDS / reference())
        return (prepared(both.served),), {}

    def measured(work: Work) -> None:
        rounds.append(all_at_once(both.served.operator.committer, work))

    benchmark.pedantic(measured, setup=ready, rounds=ROUNDS, warmup_rounds=1)

    info = benchmark.extra_info
    info["operations"] = len(rounds[0].took_s)
    info["64 submitters on a server, to the embedded database"] = median(
        one.rate / other.rate for one, other in zip(rounds, beside, strict=True)
    )
    info["64 submitters on a server, p99 to a commit + 64 verifications"] = median(
        one.p99_s / bound for one, bound in zip(rounds, bounds, strict=True)
    )


def test_append_by_64_submitters_in_4_processes(benchmark, both):
    alone: list[float] = []
    together: list[float] = []
    place = both.served.operator.log.place

    def ready() -> tuple[tuple[list[Work]], dict[str, object]]:
        alone.append(in_processes(place, [prepared(both.served)]))
        return (shared(prepared(both.served)),), {}

    def measured(shares: list[Work]) -> None:
        together.append(in_processes(place, shares))

    # What is compared does not count the start of processes; the benchmark's own seconds do.
    benchmark.pedantic(measured, setup=ready, rounds=ROUNDS)

    benchmark.extra_info["operations"] = sum(map(len, prepared(both.served)))
    benchmark.extra_info["4 processes on a server, to one"] = median(
        one / four for one, four in zip(alone, together, strict=True)
    )


def test_plain_eventsourcing_one_by_one(benchmark, both):
    both.server.create_database("plain")
    app = Application[Any](
        env={
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": "plain",
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(both.server.port),
            "POSTGRES_USER": "postgres",
            "POSTGRES_PASSWORD": "",
        }
    )
    moved = Moved("VCU")
    ours: list[float] = []
    plain: list[float] = []

    def ready() -> tuple[tuple[()], dict[str, object]]:
        work = prepared(both.served)
        ours.append(all_at_once(both.served.operator.committer, work).rate)
        return (), {}

    def one_by_one() -> None:
        start = perf_counter()
        for _ in range(PLAIN):
            moved.transfer("account/aaaaaaaaaaaaaaaa", "account/bbbbbbbbbbbbbbbb", 1)
            app.save(moved)
        plain.append(PLAIN / (perf_counter() - start))

    benchmark.pedantic(one_by_one, setup=ready, rounds=ROUNDS, warmup_rounds=1)
    app.close()

    benchmark.extra_info["operations"] = PLAIN
    benchmark.extra_info["64 submitters on a server, to plain eventsourcing one by one"] = median(
        rate / other for rate, other in zip(ours, plain, strict=True)
    )


def test_replay_from_a_server(benchmark, both):
    rates: dict[str, list[float]] = {"embedded": [], "served": []}
    peaks: dict[str, int] = {}

    def replayed(town: Town, name: str) -> None:
        entries, lasted_s, peak_mib = in_a_child(
            _audit, town.operator.log.place, town.operator.vkey()
        )
        rates[name].append(entries / lasted_s)
        peaks[name] = peak_mib

    benchmark.pedantic(
        lambda: replayed(both.served, "served"),
        setup=lambda: replayed(both.embedded, "embedded"),
        rounds=3,
    )

    info = benchmark.extra_info
    info["operations"] = both.served.size
    info["replay from a server, to the embedded database"] = median(
        one / other for one, other in zip(rates["served"], rates["embedded"], strict=True)
    )
    info["entries replayed from a server"] = both.served.size
    info["MiB of a process that replays from a server"] = peaks["served"]
    info["MiB of a process that replays from the embedded database"] = peaks["embedded"]


def single_s(town: Town) -> float:
    """The median seconds of a commit of one act."""
    bob = town.clerk.accounts["bob"]
    took = []
    for request in town.transfers(town.streams["hand", 0], "hand 0", [bob] * SINGLE):
        start = perf_counter()
        town.commit([request])
        took.append(perf_counter() - start)
    return median(took)


def shared(work: Work) -> list[Work]:
    """The work as several processes do it: each has batches of its own, and as many threads as one process had."""
    share = HANDS // PROCESSES
    return [
        [hand[first::PROCESSES] for hand in work[at : at + share] for first in range(PROCESSES)]
        for at in range(0, HANDS, share)
    ]


def in_processes(place: Place, shares: Sequence[Work]) -> float:
    """Seconds from the first question to the last answer, of processes that each have a share of the work."""
    spawn = multiprocessing.get_context("spawn")
    barrier, times = spawn.Barrier(len(shares) + 1), spawn.Queue()
    packed = [
        [[(one.signed.data, one.signed.signatures) for one in hand] for hand in work]
        for work in shares
    ]
    children = [spawn.Process(target=_hands, args=(place, work, barrier, times)) for work in packed]
    for child in children:
        child.start()
    barrier.wait(120)
    spans = [times.get(timeout=120) for _ in children]
    for child in children:
        child.join()
    return max(end for _, end in spans) - min(start for start, _ in spans)


def in_a_child(work: Callable[..., Any], *values: Any) -> Any:
    """What `work` answers in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    child = spawn.Process(target=work, args=(answers, *values))
    child.start()
    answer = answers.get(timeout=600)
    child.join()
    return answer


def _hands(place: Place, work: Any, barrier: Any, times: Any) -> None:
    requests = [[Request(signed=check_intent(*one)) for one in hand] for hand in work]
    with closing(Operator(place)) as operator:
        barrier.wait(120)
        # One clock for all processes of a machine.
        start = clock_gettime(CLOCK_MONOTONIC)
        all_at_once(operator.committer, requests)
        times.put((start, clock_gettime(CLOCK_MONOTONIC)))


def _audit(answers: Any, place: Place, key: VerifierKey) -> None:
    start = perf_counter()
    entries = audit(place, key).entries
    lasted_s = perf_counter() - start
    answers.put((entries, lasted_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))
