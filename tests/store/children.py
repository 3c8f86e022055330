"""What other processes do in the store's tests: work for a `lives.Life`."""

import os
import random
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.synchronize import Barrier
from typing import Any

from registry.acts.propose import Hidden
from registry.desk.keys import RotateLogKey
from registry.errors import UnavailableError
from registry.place import Place
from registry.store import keyring, postgres, snapshots, streams
from registry.store.beginning import create
from registry.store.committer import Receipt, Request
from registry.store.operator import Operator
from registry.store.sequencer import Sequencer
from tests.books import Book, Clerk
from tests.desks import does
from tests.store.lives import HEARD_S_MAX, Teller, queued

THREADS = 3
PAUSE_S = 0.02


def transfers(teller: Teller, book: Book, taker: str, count: int) -> None:
    """Give `taker` one gram after another."""
    with book.clerk() as clerk:
        for _ in range(count):
            teller.asks(clerk.operator, [_gift(clerk, book, taker)])


def load(teller: Teller, book: Book, seed: float) -> None:
    """Write from several threads, more or less at once, until killed."""
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as queue:

        def write_on(chance: random.Random) -> None:
            while True:
                teller.queues(queue, _any_act(clerk, book, chance))

        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(write_on, [random.Random(seed + at) for at in range(THREADS)]))


def load_on(teller: Teller, book: Book, seed: float) -> None:
    """Write from several threads until killed, through whatever keeps the server from being read meanwhile."""
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as queue:

        def made(chance: random.Random) -> Request:
            while True:
                try:
                    return _any_act(clerk, book, chance)
                except UnavailableError:
                    time.sleep(PAUSE_S)

        def write_on(chance: random.Random) -> None:
            while True:
                teller.queues(queue, made(chance))

        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(write_on, [random.Random(seed + at) for at in range(THREADS)]))


def stop_in_the_middle(teller: Teller, place: Place, request: Request, stalled_s: float) -> None:
    """Be stopped once the head is locked, and go on when woken."""
    postgres.STALLED_S = stalled_s
    with closing(Operator(place)) as operator:
        judge = operator.committer._judge

        def stop(*values: Any) -> Any:
            operator.committer._judge = judge
            teller.tell("stopping")
            os.kill(os.getpid(), signal.SIGSTOP)
            return judge(*values)

        operator.committer._judge = stop
        teller.asks(operator, [request])


def write(teller: Teller, place: Place, groups: Sequence[Sequence[Request]]) -> None:
    """Start, write these groups, stop; and start and stop again."""
    with closing(Operator(place)) as operator:
        for group in groups:
            teller.asks(operator, group)
    start(teller, place)


def race(
    _teller: Teller, place: Place, shares: Sequence[Sequence[Request]], barrier: Barrier
) -> list[list[Receipt | str]]:
    """The answers to each share, asked for one by one by a thread, as soon as everybody is ready."""
    with closing(Operator(place)) as operator, Sequencer(operator.committer) as queue:

        def ask(share: Sequence[Request]) -> list[Receipt | str]:
            return [queued(queue, request) for request in share]

        with ThreadPoolExecutor(len(shares)) as threads:
            barrier.wait(HEARD_S_MAX)
            return list(threads.map(ask, shares))


def write_and_put_aside(teller: Teller, place: Place, groups: Sequence[Sequence[Request]]) -> None:
    """Write these groups, and after each the snapshots that are due, which they are early."""
    put_aside_early()
    with closing(Operator(place)) as operator:
        for group in groups:
            teller.asks(operator, group)
            operator.committer.put_aside()


def put_aside_early() -> None:
    """From now on a stream of two entries is long, and every entry is worth another snapshot."""
    snapshots.SNAPSHOT_ENTRIES_MIN = streams.SNAPSHOT_ENTRIES_MIN = 2
    snapshots.BYTES_PER_ENTRY = 2**20


def start_and_write(
    teller: Teller, place: Place, requests: Sequence[Request], barrier: Barrier
) -> None:
    """Start when everybody is ready, and write."""
    barrier.wait(HEARD_S_MAX)
    with closing(Operator(place)) as operator:
        teller.asks(operator, requests)


def start(_teller: Teller, place: Place) -> None:
    """Start and stop."""
    Operator(place).close()


def replace_log_key(_teller: Teller, place: Place) -> None:
    """Have another key sign for the log."""
    with closing(Operator(place)) as operator:
        does(operator, RotateLogKey())


def begin(_teller: Teller, place: Place, origin: str) -> None:
    """Begin a registry, with a passphrase that is stretched less."""
    keyring._SCRYPT_N = 2
    create(place, origin=origin)


def _gift(clerk: Clerk, book: Book, taker: str, amount_g: int = 1) -> Request:
    return clerk.transfer(book.streams["native"], "owner", taker, amount_g)


def _any_act(clerk: Clerk, book: Book, chance: random.Random) -> Request:
    """A transfer or a retirement with names; one of four asks for more than there is."""
    amount_g = chance.choice([1, 1, 1, 10**9])
    if chance.random() < 0.5:
        return _gift(clerk, book, chance.choice(["alice", "bob"]), amount_g)
    hidden = Hidden(value="受益人 / somebody")
    return clerk.retirement("owner", [(book.streams["native"], amount_g)], beneficiary=hidden)[0]
