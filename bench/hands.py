"""Sixty-four at once: each in a thread of their own asks, waits for the durable answer, and asks again.

Intents are signed beforehand, by sixty-four authors; their form and signatures are checked when they are asked for.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.town import Town, found
from registry.place import Place
from registry.store.committer import Committer, Request
from registry.store.sequencer import Sequencer

HANDS = 64
EACH = 50
PATIENCE_S = 120
VERIFICATIONS = 1_000
NAMES = tuple(f"hand {number}" for number in range(HANDS))
HOT = HANDS
"""The number of the batch that all hold grams of; the others are each one's own."""

Work = Sequence[Sequence[Request]]


@dataclass(frozen=True, slots=True)
class Round:
    """How long all of it took, and how long each answer, rising; in seconds."""

    lasted_s: float
    took_s: list[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.took_s) / self.lasted_s

    @property
    def p99_s(self) -> float:
        """What 99 of 100 answers took at most."""
        return self.took_s[len(self.took_s) * 99 // 100]


def peopled(place: Place) -> Town:
    """A town with a batch that all hold grams of, and one for each."""
    town = found(place)
    for name in NAMES:
        town.clerk.opens(name)
    accounts = [town.clerk.accounts[name] for name in NAMES]
    town.streams["hand", HOT] = endowed(town, accounts)
    for number, account in enumerate(accounts):
        town.streams["hand", number] = endowed(town, [account])
    return town


def endowed(town: Town, accounts: list[str]) -> str:
    """A batch of which each of `accounts` holds a million grams."""
    batch = town.batch()
    serials = [(start, start + 10**6) for start in range(0, 2 * 10**6 * len(accounts), 2 * 10**6)]
    town.commit(town.transfers(batch, "alice", accounts, serials))
    return batch


def prepared(town: Town, *, hot: bool = False, each: int = EACH) -> Work:
    """What each hand is to ask for, signed."""
    bob = [town.clerk.accounts["bob"]] * each
    batches = [town.streams["hand", HOT if hot else at] for at in range(HANDS)]
    return [town.transfers(batch, name, bob) for batch, name in zip(batches, NAMES, strict=True)]


def all_at_once(committer: Committer, work: Work) -> Round:
    """Every hand at work until all have all their answers."""
    took: list[float] = []
    with Sequencer(committer) as sequencer:
        hands = [
            threading.Thread(target=_asked, args=(sequencer, requests, took)) for requests in work
        ]
        start = perf_counter()
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        lasted = perf_counter() - start
    assert len(took) == sum(map(len, work))
    return Round(lasted, sorted(took))


def reference() -> float:
    """Ed25519 verifications a second, by `cryptography` on one core, of messages as long as an intent."""
    private, message = Ed25519PrivateKey.generate(), b"m" * 500
    public, signature = private.public_key(), private.sign(message)
    start = perf_counter()
    for _ in range(VERIFICATIONS):
        public.verify(signature, message)
    return VERIFICATIONS / (perf_counter() - start)


def _asked(sequencer: Sequencer, requests: Sequence[Request], took: list[float]) -> None:
    for request in requests:
        start = perf_counter()
        sequencer.submit(request.signed.data, request.signed.signatures).result(PATIENCE_S)
        took.append(perf_counter() - start)
