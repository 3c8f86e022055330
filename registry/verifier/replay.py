"""The whole log in memory, as far as it was read: what an auditor judges the next entry against."""

from functools import lru_cache
from heapq import heappop, heappush
from typing import Any

from registry import history
from registry.domain import kinds
from registry.history import Addition, SignedEntry, Stream
from registry.ledger.tree import HASH_BYTES, Frontier, root_of

BLANKS_CACHED_MAX = 4_096


class Replay:
    """A `history.View` that grows by the entries that follow."""

    def __init__(self) -> None:
        self.log: bytes | None = None
        self.at_us = 0
        self.frontier = Frontier()
        self.streams: dict[str, Stream] = {}
        self._leaves = bytearray()
        self._unexpired: dict[tuple[str, bytes], int] = {}
        self._expiries: list[tuple[int, str, bytes]] = []

    @property
    def size(self) -> int:
        """How many entries followed."""
        return self.frontier.size

    def stream(self, name: str) -> Stream:
        """The stream `name`; of length 0 where it was never touched."""
        return self.streams.get(name) or _blank(name)

    def leaf(self, index: int) -> bytes:
        """The leaf hash of entry `index`."""
        return bytes(self._leaves[index * HASH_BYTES : (index + 1) * HASH_BYTES])

    def is_used(self, account: str, nonce: bytes, at_us: int) -> bool:
        """Whether an entry by `account` under `nonce` may still be repeated at `at_us`."""
        return self._unexpired.get((account, nonce), -1) >= at_us

    def follow(self, signed: SignedEntry) -> Addition:
        """Take `signed` as the next entry.

        Raises:
            BrokenHistoryError: it cannot be; nothing was taken.
        """
        addition = history.follow(self, signed)
        self.take(addition)
        return addition

    def take(self, addition: Addition) -> list[tuple[int, int, bytes]]:
        """Grow by `addition`, which was judged against this very log; returns the tree nodes that it made."""
        self.log = addition.intent.log
        self.at_us = addition.at_us
        nodes = self.frontier.append(addition.leaf)
        self._leaves += addition.leaf
        self.streams.update(addition.streams)
        asked = addition.intent
        self.keep_nonce(asked.author, asked.nonce, asked.not_after_us)
        while self._expiries[0][0] < self.at_us:
            not_after_us, account, nonce = heappop(self._expiries)
            if self._unexpired.get((account, nonce)) == not_after_us:
                del self._unexpired[account, nonce]
        return nodes

    def keep_leaf(self, leaf: bytes) -> None:
        """Take the leaf hash of an entry that was followed in an earlier run; they come in order."""
        self._leaves += leaf

    def keep_nonce(self, account: str, nonce: bytes, not_after_us: int) -> None:
        """Have it known that an entry by `account` under `nonce` may be repeated up to `not_after_us`."""
        self._unexpired[account, nonce] = not_after_us
        heappush(self._expiries, (not_after_us, account, nonce))

    def nonces(self) -> list[tuple[str, bytes, int]]:
        """The nonces that are known, each with its author and the last time at which it may be repeated."""
        return [(*pair, until_us) for pair, until_us in self._unexpired.items()]

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` entries."""
        if size == self.size:
            return self.frontier.root()
        return root_of(self.leaf(index) for index in range(size))

    def unexpired(self) -> list[tuple[str, bytes]]:
        """The nonces, with their authors, that may still be repeated now."""
        return [pair for pair, until in self._unexpired.items() if until >= self.at_us]

    def states(self, kind: type) -> list[Any]:
        """The states of one class, in the order in which their streams began."""
        return [held.state for held in self.streams.values() if isinstance(held.state, kind)]


@lru_cache(maxsize=BLANKS_CACHED_MAX)
def _blank(name: str) -> Stream:
    """A stream that was never touched: most of what is consulted of some kinds is one, entry after entry."""
    return Stream(state=kinds.blank(name))
