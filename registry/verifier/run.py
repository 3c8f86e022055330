"""One run through a log, from its first entry to its last, or on from where an earlier run of the same reader was cut
off: every signature, every rule, both chains, the tree, and the tables along with them.

What was judged before is read again, hashed, and has to be the same byte for byte; it is not judged again.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice

from registry import history
from registry.errors import BrokenHistoryError
from registry.ledger import tree
from registry.ledger.tree import Frontier
from registry.verifier import interim, signed, tables
from registry.verifier.interim import Interim, Keeping
from registry.verifier.replay import Replay
from registry.verifier.signed import Checked
from registry.verifier.stored import Database, StoredEntry
from registry.verifier.tables import Tables

TELL_ENTRIES = 256
KEEP_SHARE = 20
"""Keeping takes at most such a share of the time."""

Progress = Callable[[int, int], None]
"""Told how many entries were checked, of how many."""


def replayed(source: Database, keeping: Keeping, progress: Progress) -> tuple[Replay, Tables]:
    """The log in `source`, followed to its end, and what its tables came to.

    Raises:
        BrokenHistoryError: the first entry that does not follow.
        IncompleteError: `rows_missing`.
        UnavailableError: `checker_died`.
    """
    count = source.count()
    stored = source.entries()
    replay, found = Replay(), tables.of(source)
    known = interim.load(keeping.file) if keeping.resume and keeping.file else None
    if known is not None:
        again = _again(source, stored, known)
        if again is None:
            stored = source.entries()
        else:
            replay, found = known.replay, again
    clock = _Clock(keeping)
    with _no_collection(), closing(signed.checked(stored, count - replay.size)) as entries:
        for entry, checked in entries:
            _follow(entry, checked, replay, found)
            if replay.size % TELL_ENTRIES == 1:
                clock.keep(replay, found)
                progress(replay.size, count)
    return replay, found


def _follow(stored: StoredEntry, checked: Checked, replay: Replay, found: Tables) -> None:
    if stored.index != replay.size:
        raise BrokenHistoryError("entry_missing", index=replay.size)
    if isinstance(checked, BrokenHistoryError):
        raise checked
    counts = history.rows_wanted(checked.entry.intent)
    addition = history.follow(replay, checked, found.detached.beside(replay.size, counts))
    found.compare(stored, addition, replay.take(addition))


def _again(source: Database, stored: Iterator[StoredEntry], known: Interim) -> Tables | None:
    """What the tables come to up to where an earlier run got, if all is there that was there then; else None.

    `stored` is read so far, and `known.replay` gets its leaves.
    """
    found, frontier = tables.of(source, known.replay.size), Frontier()
    for entry in islice(stored, known.replay.size):
        first = entry.rows[0]
        if entry.index != frontier.size or first.part != 0 or not isinstance(first.state, bytes):
            return None
        leaf = tree.leaf_hash(first.state)
        if not found.has_again(entry, leaf, frontier.append(leaf)):
            return None
        known.replay.keep_leaf(leaf)
    same = (frontier.size, frontier.root()) == (known.replay.size, known.replay.frontier.root())
    same = same and found.rows_read.digest() == known.rows
    if (
        not same
        or tables.digest_detached(source, found.detached_read, frontier.size) != known.detached
    ):
        return None
    return found


class _Clock:
    """When to keep how far a run got: not more often than was asked, and not for long."""

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._next = time.monotonic() + keeping.every_s

    def keep(self, replay: Replay, found: Tables) -> None:
        """Keep it, if it is time, and nothing was found."""
        begun = time.monotonic()
        if self._keeping.file is None or begun < self._next or found.first is not None:
            return
        digests = {"rows": found.rows_read.digest(), "detached": found.detached_read.digest()}
        # Who cannot keep it still gets a verdict.
        with suppress(OSError):
            interim.save(self._keeping.file, Interim(replay=replay, **digests))
        taken = time.monotonic() - begun
        self._next = begun + max(self._keeping.every_s, KEEP_SHARE * taken)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Meanwhile nobody looks for garbage: whatever is dropped goes by itself, and looking through the states of a whole
    log again and again takes longer than judging it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
