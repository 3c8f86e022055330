"""What other processes do in the store's tests: work for a `lives.Life`."""

import random
from collections.abc import Sequence
from contextlib import closing
from itertools import count
from multiprocessing.synchronize import Barrier
from pathlib import Path

from registry.acts.propose import Hidden
from registry.store import keyring
from registry.store.committer import Receipt, Request
from registry.store.operator import Operator, create
from tests.books import Book, Clerk
from tests.store.lives import HEARD_S_MAX, Teller, answered


def transfers(teller: Teller, book: Book, taker: str, count: int) -> None:
    """Give `taker` one gram after another."""
    with book.clerk() as clerk:
        for _ in range(count):
            teller.asks(clerk.operator, [_gift(clerk, book, taker)])


def load(teller: Teller, book: Book, seed: int) -> None:
    """Write, more or less at once, until killed."""
    chance = random.Random(seed)
    with book.clerk() as clerk:
        for _ in count():
            group = [_any_act(clerk, book, chance) for _ in range(chance.randint(1, 4))]
            teller.asks(clerk.operator, group)


def write(teller: Teller, directory: Path, groups: Sequence[Sequence[Request]]) -> None:
    """Start, write these groups, stop; and start and stop again."""
    with closing(Operator(directory)) as operator:
        for group in groups:
            teller.asks(operator, group)
    start(teller, directory)


def race(
    _teller: Teller, directory: Path, requests: Sequence[Request], barrier: Barrier
) -> list[Receipt | str]:
    """The answers to these requests, asked for one by one as soon as everybody is ready."""
    with closing(Operator(directory)) as operator:
        barrier.wait(HEARD_S_MAX)
        return [answer for request in requests for answer in answered(operator, [request])]


def start(_teller: Teller, directory: Path) -> None:
    """Start and stop."""
    Operator(directory).close()


def begin(_teller: Teller, directory: Path, origin: str) -> None:
    """Begin a registry, with a passphrase that is stretched less."""
    keyring._SCRYPT_N = 2
    create(directory, origin=origin)


def _gift(clerk: Clerk, book: Book, taker: str, amount_g: int = 1) -> Request:
    return clerk.transfer(book.streams["native"], "owner", taker, amount_g)


def _any_act(clerk: Clerk, book: Book, chance: random.Random) -> Request:
    """A transfer or a retirement with names; one of four asks for more than there is."""
    amount_g = chance.choice([1, 1, 1, 10**9])
    if chance.random() < 0.5:
        return _gift(clerk, book, chance.choice(["alice", "bob"]), amount_g)
    hidden = Hidden(value="受益人 / somebody")
    return clerk.retirement("owner", [(book.streams["native"], amount_g)], beneficiary=hidden)[0]
