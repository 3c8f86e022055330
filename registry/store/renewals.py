"""Since when what was given out for an account is good: its last recovery or succession ends what was made before.

    made when the log had `size` entries   good if no recovery or succession of its account is an entry from `size` on

By entries, not by clocks: whoever still spoke for an account when its recovery was recorded cannot have made anything
that outlives it, in whatever order two machines say that it was.
"""

import math
import threading
from collections.abc import Collection, Mapping
from time import monotonic

from registry.domain.account import Recovered
from registry.domain.account_life import Succeeded
from registry.place import Place
from registry.store.log import Log, Moment

ENDING = (Recovered.kind, Succeeded.kind)
NEVER = -1
LOOK_S = 0.25
"""So often it is looked for new entries: who asks meanwhile costs no question to the database."""
ENTRIES_MAX = 10_000
"""More new entries than these are not gone through: each account is asked for again, when somebody speaks for it."""
ACCOUNTS_MAX = 100_000


class Renewals:
    """The last recovery or succession of each account that somebody speaks for. For any number of threads."""

    def __init__(self, place: Place) -> None:
        """Opens the log when it is first asked."""
        self._place = place
        self._log: Log | None = None
        self._lock = threading.Lock()
        self._last: dict[str, int] = {}
        self._size = 0
        self._looked_s = -math.inf

    def last(self, accounts: Collection[str]) -> tuple[int, dict[str, int]]:
        """How many entries the log had, at most LOOK_S ago; of each account its last renewal in them, by index.

        NEVER of an account that was not recovered, nor succeeded.

        Raises:
            RefusedError, UnavailableError, BrokenHistoryError: what `Log` and `Recorder.trouble` say.
        """
        with self._lock:
            known = all(account in self._last for account in accounts)
            if not known or monotonic() >= self._looked_s + LOOK_S:
                self._look(accounts)
            return self._size, {account: self._last[account] for account in accounts}

    def left(self, given: Mapping[str, int]) -> tuple[int, frozenset[str]]:
        """How many entries the log had, as `last` says; and for which accounts what was given out is still good.

        Args:
            given: how many entries the log had when it was given out for each account.

        Raises:
            RefusedError, UnavailableError, BrokenHistoryError: as `last`.
        """
        size, renewed = self.last(given)
        return size, frozenset(account for account in given if renewed[account] < given[account])

    def close(self) -> None:
        """Give back what is open."""
        with self._lock:
            if self._log is not None:
                self._log.close()
                self._log = None

    def _look(self, accounts: Collection[str]) -> None:
        """Know what the log says now, of `accounts` and of those that were asked for before."""
        at_s = monotonic()
        if self._log is None:
            # As a writer: a replica may lag.
            self._log = Log(self._place, writes=True)
        recorder = self._log.recorder
        with recorder.trouble(), recorder.reading() as cursor:
            moment = Moment(cursor)
            size = moment.head().size
            grown = size - self._size
            # A log that is shorter was restored.
            if not 0 <= grown <= ENTRIES_MAX or len(self._last) > ACCOUNTS_MAX:
                self._last.clear()
            new = moment.since(self._size, ENDING) if grown and self._last else {}
            found = {
                account: max(moment.did(account, ENDING), default=NEVER)
                for account in accounts
                if account not in self._last
            }
        self._last.update({name: index for name, index in new.items() if name in self._last})
        self._last.update(found)
        self._size, self._looked_s = size, at_s
