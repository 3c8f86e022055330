"""Stored entries with every signature in them checked: by as many processes as there are processors, far enough ahead.

Few entries, or one processor, are checked here. Either way the entries come in their order, and what is wrong with one
comes in its turn.
"""

import os
from collections import deque
from collections.abc import Generator, Iterator
from itertools import islice

from registry import history
from registry.errors import BrokenHistoryError, RefusedError
from registry.history import SignedEntry
from registry.ledger import entry as entries
from registry.ledger import intent
from registry.verifier import checkers
from registry.verifier.checkers import Checkers, Signature
from registry.verifier.stored import StoredEntry

WORTH_ENTRIES = 2_000
"""So many entries take as long as it takes to start the checkers."""
CHUNK_ENTRIES = 64
CHUNKS_AHEAD = 6
"""Of each checker: the longest entries apart, they fit into its pipe."""

Checked = SignedEntry | BrokenHistoryError
"""The entry, or what is wrong with it: to be raised in its turn."""


def checked(
    stored: Iterator[StoredEntry], count: int
) -> Generator[tuple[StoredEntry, Checked], None, None]:
    """Each of `stored`, of which there seem to be `count`, with its signatures checked.

    Raises:
        UnavailableError: `checker_died`.
    """
    many = processors()
    if count < WORTH_ENTRIES or many == 1:
        yield from ((entry, _check(entry)) for entry in stored)
        return
    with checkers.started(many) as helpers:
        ahead: deque[list[tuple[StoredEntry, Checked]]] = deque()
        while True:
            while len(ahead) < many * CHUNKS_AHEAD:
                chunk = [(entry, _read(entry)) for entry in islice(stored, CHUNK_ENTRIES)]
                if not chunk:
                    break
                helpers.ask([signature for _, read in chunk for signature in _signatures(read)])
                ahead.append(chunk)
            if not ahead:
                return
            yield from _answered(ahead.popleft(), helpers)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _answered(
    chunk: list[tuple[StoredEntry, Checked]], helpers: Checkers
) -> Iterator[tuple[StoredEntry, Checked]]:
    holds = iter(helpers.answer())
    for entry, read in chunk:
        own = list(islice(holds, len(_signatures(read))))
        # Whoever says no is asked why, here; and where nothing was asked, there is something wrong.
        yield entry, read if own and all(own) else _check(entry)


def _read(stored: StoredEntry) -> Checked:
    try:
        return SignedEntry(entry=entries.decode(stored.data), data=stored.data)
    except BrokenHistoryError as broken:
        return broken
    except RefusedError as refusal:
        return _blamed(stored, refusal)


def _check(stored: StoredEntry) -> Checked:
    try:
        return history.check_entry(stored.data)
    except BrokenHistoryError as broken:
        return broken
    except RefusedError as refusal:
        return _blamed(stored, refusal)


def _signatures(read: Checked) -> list[Signature]:
    """What is to be checked; nothing where that cannot even be told."""
    if isinstance(read, BrokenHistoryError):
        return []
    entry = read.entry
    try:
        pairs = intent.by_key(entry.intent, entry.signatures)
    except RefusedError:
        return []
    message = intent.SIGNED_PREFIX + entry.intent_bytes
    return [(public, signature, message) for (_, public), signature in pairs]


def _blamed(stored: StoredEntry, refusal: RefusedError) -> BrokenHistoryError:
    first = stored.rows[0]
    where = {"stream": first.stream, "position": first.position, "index": stored.index}
    return BrokenHistoryError(refusal.code, **{**refusal.facts, **where})
