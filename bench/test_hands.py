"""Sixty-four at once: each in a thread of their own asks, waits for the durable answer, and asks again.

Intents are signed beforehand, by sixty-four authors; their form and signatures are checked when they are asked for.
Each round is held against the reference, measured right before it: the machine's own pace changes in minutes.
"""

import threading
from collections.abc import Iterator
from statistics import median
from time import perf_counter

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.town import Town, found
from registry.store.committer import Request
from registry.store.sequencer import Sequencer

HANDS = 64
EACH = 50
ROUNDS = 6
PATIENCE_S = 120
VERIFICATIONS = 1_000
NAMES = tuple(f"hand {number}" for number in range(HANDS))

Work = list[list[Request]]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A registry with a batch that all hold grams of, and one for each."""
    base = tmp_path_factory.mktemp("hands")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, str(base / variable.lower()))
        town = found(base / "town")
        for name in NAMES:
            town.clerk.opens(name)
        accounts = [town.clerk.accounts[name] for name in NAMES]
        town.streams["hot", HANDS] = endowed(town, accounts)
        for number, account in enumerate(accounts):
            town.streams["own", number] = endowed(town, [account])
        yield town
        town.operator.close()


def endowed(town: Town, accounts: list[str]) -> str:
    """A batch of which each of `accounts` holds a million grams."""
    batch = town.batch()
    serials = [(start, start + 10**6) for start in range(0, 2 * 10**6 * len(accounts), 2 * 10**6)]
    town.commit(town.transfers(batch, "alice", accounts, serials))
    return batch


def reference() -> float:
    """Ed25519 verifications a second, by `cryptography` on one core, of messages as long as an intent."""
    private, message = Ed25519PrivateKey.generate(), b"m" * 500
    public, signature = private.public_key(), private.sign(message)
    start = perf_counter()
    for _ in range(VERIFICATIONS):
        public.verify(signature, message)
    return VERIFICATIONS / (perf_counter() - start)


def asked(sequencer: Sequencer, requests: list[Request], took: list[float]) -> None:
    for request in requests:
        start = perf_counter()
        sequencer.submit(request.signed.data, request.signed.signatures).result(PATIENCE_S)
        took.append(perf_counter() - start)


@pytest.mark.parametrize("where", ["hot", "own"])
def test_append_by_64_submitters(benchmark, town, where):
    bob = [town.clerk.accounts["bob"]] * EACH
    times: list[float] = []
    tails: list[float] = []
    ratios: list[float] = []
    paces: list[float] = []

    def prepared() -> tuple[tuple[Work], dict[str, object]]:
        batches = [town.streams[where, HANDS if where == "hot" else at] for at in range(HANDS)]
        work = [
            town.transfers(batch, name, bob) for batch, name in zip(batches, NAMES, strict=True)
        ]
        paces.append(reference())
        return (work,), {}

    def all_at_once(work: Work) -> None:
        took: list[float] = []
        with Sequencer(town.operator.committer) as sequencer:
            hands = [
                threading.Thread(target=asked, args=(sequencer, requests, took))
                for requests in work
            ]
            start = perf_counter()
            for hand in hands:
                hand.start()
            for hand in hands:
                hand.join()
            lasted = perf_counter() - start
        assert len(took) == HANDS * EACH
        times.append(lasted)
        ratios.append(len(took) / lasted / paces[-1])
        took.sort()
        tails.append(took[len(took) * 99 // 100] / (HANDS * lasted / len(took)))

    size = town.size
    benchmark.pedantic(all_at_once, setup=prepared, rounds=ROUNDS, warmup_rounds=1)

    assert town.size == size + len(times) * HANDS * EACH
    benchmark.extra_info["operations"] = HANDS * EACH
    benchmark.extra_info[f"64 submitters to the reference beside them, {where}"] = median(ratios)
    benchmark.extra_info[f"64 submitters, p99 to 64 / throughput, {where}"] = median(tails)
