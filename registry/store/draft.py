"""The log as it will be if the transaction commits: what a writer judges the next entry against, and records."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.history import Addition, Stream, blank
from registry.ledger.commitment import Opening
from registry.ledger.intent import Intent
from registry.ledger.tree import Frontier
from registry.store.log import Moment, Placed
from registry.store.openings import OpeningRow, opening_row
from registry.store.streams import Streams


@dataclass(frozen=True, slots=True)
class Made:
    """An entry that an earlier intent made."""

    index: int
    leaf: bytes
    intent_bytes: bytes
    not_after_us: int


class Draft:
    """A `history.View` over the tables and what is new."""

    def __init__(
        self, moment: Moment, known: Streams, frontier: Frontier, log: bytes | None, at_us: int
    ) -> None:
        """Nothing is new yet.

        Args:
            moment: the tables, in the transaction that will record what is new.
            known: the streams as of `moment`.
            frontier: the tree as of `moment`, to be grown from here on.
            log: the log's id; None before its first entry.
            at_us: the time of the last entry.
        """
        self._moment = moment
        self._known = known
        self._start = frontier.size
        self._made: dict[tuple[str, bytes], Made] = {}
        self._blank: set[str] = set()
        self.frontier = frontier
        self.log = log
        self.at_us = at_us
        self.additions: list[Addition] = []
        self.openings: list[OpeningRow] = []
        self.nodes: list[tuple[int, int, bytes]] = []
        self.streams: dict[str, Stream] = {}

    @property
    def size(self) -> int:
        """How many entries there are with what is new."""
        return self.frontier.size

    @property
    def lasting(self) -> dict[str, Stream]:
        """The streams that there were before. What begins is mostly a certificate, which is seldom touched again: kept,
        certificates would drive out the accounts and batches that every act needs.
        """
        return {name: stream for name, stream in self.streams.items() if name not in self._blank}

    def stream(self, name: str) -> Stream:
        """The stream `name`; of length 0 where it was never touched."""
        found = self.streams.get(name)
        if found is None:
            found = blank(name) if name in self._blank else self._known.stream(name, self._moment)
            self.streams[name] = found
        return found

    def leaf(self, index: int) -> bytes:
        """The leaf hash of entry `index`."""
        if index >= self._start:
            return self.additions[index - self._start].leaf
        return self._moment.node(0, index)

    def is_used(self, account: str, nonce: bytes, at_us: int) -> bool:
        """Whether an entry by `account` under `nonce` may still be repeated at `at_us`."""
        made = self.made_by(account, nonce)
        return made is not None and made.not_after_us >= at_us

    def made_by(self, account: str, nonce: bytes) -> Made | None:
        """What an intent under this nonce came to, if it is remembered."""
        return self._made.get((account, nonce))

    def remember(self, intents: Sequence[Intent]) -> None:
        """Look up, all at once, what the nonces of `intents` came to before, and which of their streams they begin."""
        named = self._known.missing(part.stream for intent in intents for part in intent.parts)
        begun = self._moment.begun(named)
        self._blank.update(name for name in named if name not in begun)
        pairs = [(intent.author, intent.nonce) for intent in intents]
        for pair, index in self._moment.entries_of(pairs).items():
            self._made[pair] = _made_in(self._moment.placed(index))

    def take(self, addition: Addition, openings: Sequence[Opening] = ()) -> None:
        """Grow by `addition`, which was judged against this very draft."""
        self.log = addition.intent.log
        self.at_us = addition.at_us
        self.nodes += self.frontier.append(addition.leaf)
        self.additions.append(addition)
        self.streams.update(addition.streams)
        asked = addition.intent
        self.openings += [opening_row(addition.index, asked, opening) for opening in openings]
        self._made[asked.author, asked.nonce] = Made(
            addition.index, addition.leaf, addition.intent_bytes, asked.not_after_us
        )


def _made_in(placed: Placed) -> Made:
    asked = placed.entry.intent
    return Made(placed.index, placed.leaf, placed.entry.intent_bytes, asked.not_after_us)
