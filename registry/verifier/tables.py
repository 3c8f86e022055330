"""The derived tables, read along with the entries: each row is what the entries make of it, and no other is there.

The first difference is kept, not raised: the history comes first. Beside that everything that was read is digested, so
that who goes on later can see that it still is the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from registry.errors import BrokenHistoryError, RefusedError
from registry.history import Addition
from registry.ledger import entry as entries
from registry.ledger import tree
from registry.ledger.rows import Along
from registry.verifier.replay import Replay
from registry.verifier.stored import POINTER_BYTES, Database, StoredEntry

if TYPE_CHECKING:
    from hashlib import _Hash

Node = tuple[int, int, bytes]
"""A complete subtree: level, number, hash."""


@dataclass(slots=True, kw_only=True)
class Tables:
    """The tables of one database, as far as they were compared."""

    nodes: Iterator[tuple[object, object]]
    nonces: Along
    detached: Along
    remembered: set[tuple[str, bytes]] = field(default_factory=set)
    first: BrokenHistoryError | None = None
    """The first row that differs."""
    rows_read: "_Hash" = field(default_factory=sha256)
    detached_read: "_Hash" = field(default_factory=sha256)

    def note(self, code: str, **facts: object) -> None:
        """Keep a difference, if it is the first."""
        if self.first is None:
            self.first = BrokenHistoryError(code, **facts)

    def compare(self, stored: StoredEntry, addition: Addition, nodes: Sequence[Node]) -> None:
        """Compare what stands there of one entry, which follows, and the tree `nodes` that it makes."""
        self._compare_rows(stored, addition)
        self._compare_nodes(addition, nodes)
        self._compare_nonces(addition)
        self._compare_detached(addition)

    def check_ends(self, replay: Replay) -> None:
        """No table goes on after the last entry, and every nonce that may still come again is remembered."""
        if next(self.nodes, None) is not None:
            self.note("derived.tree", index=replay.size)
        if not self.nonces.at_end:
            self.note("derived.nonces", index=replay.size)
        if not self.detached.at_end:
            self.note("derived.detached", index=replay.size)
        for account, nonce in replay.unexpired():
            if (account, nonce) not in self.remembered:
                self.note("derived.nonces", account=account, nonce=nonce.hex())

    def has_again(self, stored: StoredEntry, leaf: bytes, nodes: Sequence[Node]) -> bool:
        """Whether all is still there of an entry that was judged before, as far as that shows without judging it.

        Whether its rows are the same is for whoever compares the digests at the end.
        """
        self._digest(stored, leaf)
        same = all(next(self.nodes, None) == _stored(node) for node in nodes)
        if not self.nonces.is_past(stored.index):
            try:
                asked = entries.decode(stored.data).intent
            except RefusedError:
                return False
            if self.nonces.takes((stored.index, asked.author, asked.nonce)):
                self.remembered.add((asked.author, asked.nonce))
        return same and self.nonces.is_past(stored.index)

    def _digest(self, stored: StoredEntry, leaf: bytes) -> None:
        for row in stored.rows:
            state = leaf if row.part == 0 else row.state
            told = (stored.index, row.part, row.stream, row.position, row.topic, state)
            self.rows_read.update(repr(told).encode())

    def _compare_rows(self, stored: StoredEntry, addition: Addition) -> None:
        """Every stream that the entry touches has its row, and no other has."""
        self._digest(stored, addition.leaf)
        pointer = addition.index.to_bytes(POINTER_BYTES, "big")
        expected = [
            (
                number,
                part.stream,
                position,
                "+".join([kind for kind, _ in part.events]),
                addition.data if number == 0 else pointer,
            )
            for number, (part, position) in enumerate(
                zip(addition.intent.parts, addition.positions, strict=True)
            )
        ]
        found = [(row.part, row.stream, row.position, row.topic, row.state) for row in stored.rows]
        if found != expected:
            self.note("derived.rows", **where(addition))

    def _compare_nodes(self, addition: Addition, nodes: Sequence[Node]) -> None:
        for node in nodes:
            if next(self.nodes, None) != _stored(node):
                level, number, _ = node
                self.note("derived.tree", level=level, number=number, **where(addition))

    def _compare_nonces(self, addition: Addition) -> None:
        """What is remembered is true; whether all is remembered that must be is seen at the end."""
        asked = addition.intent
        if self.nonces.takes((addition.index, asked.author, asked.nonce)):
            self.remembered.add((asked.author, asked.nonce))
        if not self.nonces.is_past(addition.index):
            self.note("derived.nonces", **where(addition))
            self.nonces.leave()

    def _compare_detached(self, addition: Addition) -> None:
        same = True
        for beside in addition.detached:
            for number, row in enumerate(beside.rows):
                expected = (addition.index, beside.part, beside.event, number, row)
                self.detached_read.update(repr(expected).encode())
                same = same and self.detached.takes(expected)
        if not (same and self.detached.is_past(addition.index)):
            self.note("derived.detached", **where(addition))
            # Later entries may be judged by rows of theirs.
            self.detached.pass_by(addition.index)


def of(source: Database, start: int | None = None) -> Tables:
    """The tables of `source`, at their beginning; of the detached rows those of entries from `start` on."""
    return Tables(
        nodes=source.nodes(),
        nonces=Along(source.nonces()),
        detached=Along(source.detached(start)),
    )


def where(addition: Addition) -> dict[str, object]:
    """Where an entry stands, as facts."""
    return {
        "stream": addition.intent.parts[0].stream,
        "position": addition.positions[0],
        "index": addition.index,
    }


def digest_detached(source: Database, digest: "_Hash", end: int) -> bytes:
    """Add the detached rows of the entries below `end` to `digest`; returns what it is then, 32 bytes."""
    for row in source.detached():
        index: Any = row[0]
        if isinstance(index, int) and index >= end:
            break
        digest.update(repr(tuple(row)).encode())
    return digest.digest()


def _stored(node: Node) -> tuple[int, bytes]:
    level, number, made = node
    return tree.stored_number(level, number), made
