"""Follows a log as it grows: every entry that was acknowledged, in order, once.

    listen  ->  read a page  ->  hand it over  ->  read on; where nothing is new, wait to be woken or for the next look

Shown are the entries under the signed head: they are durable wherever a commit waits for it, while one that was merely
committed may still be missing from the replica that takes over. Listening comes before reading, so that what is signed
in between wakes us. Whoever cannot listen looks again and again, less often while nothing happens.

Size and root of what was shown are kept, and every look is held against them: a database that was restored, or taken
over by a replica that lacked entries, is noticed, also after it has grown again. A replica that shows less than was
shown, as another host did, may yet catch up: it is waited for.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from registry.errors import BrokenHistoryError, UnavailableError
from registry.ledger.tree import Frontier
from registry.store.clock import wall_us
from registry.store.log import PAGE_ENTRIES, Head, Log, Moment, Placed
from registry.store.observer import NOBODY, Observer
from registry.store.recorder import Listener

POLL_S = 5.0
"""So often who is woken looks all the same."""
PAUSE_S = 0.01
PAUSE_S_MAX = 1.0
"""So long who is not woken waits: first, and at most."""
LISTEN_AGAIN_S = 30.0
"""So often who cannot listen tries to: a replica may have been promoted."""
ELSEWHERE_S = 5.0
"""So often who is behind what was shown connects anew: of several hosts another may have all of it."""
SLICE_S = 0.2
"""So soon whoever is stopped notices."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look found: the next entries, the tree up to the last of them, and where the log stands."""

    page: list[Placed]
    frontier: Frontier
    head: Head


def read_on(moment: Moment, head: Head, known: Frontier, end: int) -> list[Placed]:
    """The entries that come after those of `known`, which grows by them: those under the signed head, before `end`.

    Raises:
        BrokenHistoryError: `followed_other` if what is there does not continue them; what `Moment.placed` says.
    """
    size = known.size
    last = min(max(head.signed_size, size), end)
    page = list(moment.all_placed(range(size, last)))
    for placed in page:
        known.append(placed.leaf)
    root = head.root if head.size == last else moment.frontiers(last)[0].root()
    if known.root() != root:
        raise BrokenHistoryError("followed_other", size=head.size, followed=size)
    return page


class Follower:
    """Reads a log as it grows. `pages` in one thread; `stop` from any, also from a signal's handler.

    Ordered, each entry once, none missing. Durable: what it shows. Trusted: the tables of the log, as far as they agree
    with what it has shown.
    """

    def __init__(
        self,
        log: Log,
        position: int = 0,
        *,
        root: bytes | None = None,
        poll_s: float = POLL_S,
        observer: Observer = NOBODY,
    ) -> None:
        """Nothing is read yet.

        Args:
            log: what to follow.
            position: how many entries were followed before; the first to be shown has this index.
            root: the root that the log had then, if that was kept.
            poll_s: how often to look although nobody woke us.
            observer: told how far we are, and of a database that is away.
        """
        self._log = log
        self._position = position
        self._root = root
        self._frontier: Frontier | None = None
        self._poll_s = poll_s
        self._observer = observer
        self._listener: Listener | None = None
        self._listen_at_s = 0.0
        self._elsewhere_at_s = 0.0
        self._pause_s = PAUSE_S
        self._lost = False
        # No lock: a handler may interrupt the very thread that would hold it.
        self._stopped = False

    @property
    def size(self) -> int:
        """How many entries were shown, those before `position` included; where to go on another time."""
        return self._position if self._frontier is None else self._frontier.size

    @property
    def root(self) -> bytes | None:
        """The root of these, to be given to whoever goes on; None if it is not known yet."""
        return self._root if self._frontier is None else self._frontier.root()

    def stop(self) -> None:
        """Have `pages` end as soon as what it is in the middle of is done."""
        self._stopped = True

    def pages(self) -> Iterator[list[Placed]]:
        """The entries from `position` on, PAGE_ENTRIES at a time at most, until `stop`; waits where there is none.

        A database that does not answer is asked again until it does.

        Raises:
            BrokenHistoryError: `followed_other` if what is there does not continue what was shown: the database was
                restored or replaced, and is no replica that lags; what `Moment.placed` says of an entry.
            RefusedError: `not_permitted`.
        """
        try:
            while not self._stopped:
                page = self._look()
                if page:
                    self._pause_s = PAUSE_S
                    yield page
                else:
                    self._wait()
        finally:
            self._stop_listening()

    def _look(self) -> list[Placed]:
        """The next page; empty if there is none now."""
        recorder = self._log.recorder
        self._listen()
        try:
            with recorder.trouble(), recorder.reading() as cursor:
                seen = self._read(Moment(cursor), is_behind=recorder.is_behind(cursor))
        except UnavailableError as error:
            self._stop_listening()
            if not self._lost:
                self._lost = True
                self._observer.lost(error.code)
            return []
        if self._lost:
            self._lost = False
            self._listen_at_s = 0.0
            self._observer.back()
        if seen is None:
            self._turn_elsewhere()
            return []
        self._frontier = seen.frontier
        self._tell(seen)
        return seen.page

    def _read(self, moment: Moment, *, is_behind: bool) -> _Seen | None:
        """What is there; None if all that was shown is not, and need not be yet."""
        head, size = moment.head(), self.size
        if head.size < size:
            if is_behind:
                return None
            raise BrokenHistoryError("followed_other", size=head.size, followed=size)
        known = self._known(moment)
        page = read_on(moment, head, known, size + PAGE_ENTRIES)
        return _Seen(page, known, head)

    def _turn_elsewhere(self) -> None:
        """Give back connections to a host that is behind, now and then."""
        if time.monotonic() >= self._elsewhere_at_s:
            self._elsewhere_at_s = time.monotonic() + ELSEWHERE_S
            self._log.recorder.close()

    def _known(self, moment: Moment) -> Frontier:
        """The tree of what was shown, to be grown."""
        if self._frontier is not None:
            return self._frontier.copy()
        (found,) = moment.frontiers(self._position)
        if self._root is not None and found.root() != self._root:
            raise BrokenHistoryError("followed_other", size=found.size, followed=self._position)
        return found

    def _tell(self, seen: _Seen) -> None:
        size, page = seen.frontier.size, seen.page
        behind = seen.head.size - size
        age_s = max(0, wall_us() - page[-1].entry.at_us) / 1_000_000 if behind and page else 0.0
        self._observer.followed(size, behind=behind, age_s=age_s)

    def _wait(self) -> None:
        """Return when there may be something new, or it is time to look."""
        seconds = self._poll_s if self._listener else self._pause_s
        self._pause_s = min(2 * self._pause_s, PAUSE_S_MAX)
        until_s = time.monotonic() + seconds
        while not self._stopped and (left_s := until_s - time.monotonic()) > 0:
            if self._heard(min(left_s, SLICE_S)):
                return

    def _heard(self, seconds: float) -> bool:
        if self._listener is None:
            time.sleep(seconds)
            return False
        try:
            return self._listener.heard(seconds)
        except UnavailableError:
            # Who reads next will suffer, too, and say so; until then not in a hurry.
            self._stop_listening()
            time.sleep(min(self._pause_s, SLICE_S))
            return True

    def _listen(self) -> None:
        """Be told of what is recorded from now on, where that can be had."""
        if self._listener is not None or time.monotonic() < self._listen_at_s:
            return
        self._listen_at_s = time.monotonic() + LISTEN_AGAIN_S
        try:
            self._listener = self._log.recorder.listener()
        except UnavailableError:
            # As above.
            return

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
