"""An audit on all processors, and beside it, in the same round, verifications by `cryptography` on all of them."""

import multiprocessing
import os
import resource
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.town import Town, found
from registry.ledger.note import VerifierKey
from registry.place import Place
from registry.verifier.audit import audit

ENTRIES = 100_000
FEW_ENTRIES = 3_000
VERIFICATIONS = 20_000
ROUNDS = 5
INTENT_BYTES = 500


@pytest.fixture
def town(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    made = found(tmp_path / "registry")
    yield made
    made.operator.close()


def test_audit_on_all_processors(benchmark: Any, town: Town) -> None:
    """Nearly every entry has one signature, so entries are compared with verifications."""
    town.fill(FEW_ENTRIES if benchmark.disabled else ENTRIES)
    place, key = town.operator.log.place, town.operator.vkey()
    references: list[float] = []

    def reference() -> None:
        references.append(_verifications_a_second())

    peaks: list[int] = []
    benchmark.pedantic(
        lambda: peaks.append(_in_a_process(_audit, place, key)), setup=reference, rounds=ROUNDS
    )

    benchmark.extra_info["operations"] = town.size
    if not benchmark.disabled:
        rate = town.size / benchmark.stats.stats.median
        ratio = rate / median(references)
        benchmark.extra_info["audit, to verifications on all processors at once"] = ratio
        benchmark.extra_info["verifications a second on all processors at once"] = round(
            median(references)
        )
        benchmark.extra_info["MiB of a process that audits 100,000 entries"] = max(peaks)


def _in_a_process(work: Any, *arguments: Any) -> Any:
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    process = context.Process(target=work, args=(answers, *arguments))
    process.start()
    answer = answers.get()
    process.join()
    assert process.exitcode == 0
    return answer


def _audit(answers: Any, place: Place, key: VerifierKey) -> None:
    audit(place, key)
    answers.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def _verifications_a_second() -> float:
    """By as many processes as there are processors, each for itself, from when all are ready."""
    context = multiprocessing.get_context("spawn")
    count = len(os.sched_getaffinity(0))
    barrier, rates = context.Barrier(count), context.SimpleQueue()
    processes = [context.Process(target=_verify, args=(barrier, rates)) for _ in range(count)]
    for process in processes:
        process.start()
    total = sum(rates.get() for _ in processes)
    for process in processes:
        process.join()
    return float(total)


def _verify(barrier: Any, rates: Any) -> None:
    private, message = Ed25519PrivateKey.generate(), b"m" * INTENT_BYTES
    public, signature = private.public_key(), private.sign(message)
    barrier.wait()
    start = perf_counter()
    for _ in range(VERIFICATIONS):
        public.verify(signature, message)
    rates.put(VERIFICATIONS / (perf_counter() - start))
