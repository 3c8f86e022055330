"""`registry follow`: every entry as it comes, one JSON object a line, until it is told to stop.

    {"index": 12, "time": "2026-09-21T02:00:00.000000Z", "kinds": ["batch.retired.v1"], "streams": ["batch/…"],
     "demonstration": false}                                                        (in one line)

What commitments hide stays hidden: no name and no text is in a line. A line is whole or not there.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from registry.cli.voice import Voice, is_demonstration
from registry.desk import words
from registry.place import Place
from registry.store.follower import Follower
from registry.store.log import Log, Placed
from registry.store.observer import Observer
from registry.store.operator import log_key
from registry.store.views import kept_up

ENDING = (signal.SIGINT, signal.SIGTERM)
AGAIN_S = 1.0
"""What comes within so long of the first signal is that signal: `timeout` tells a process, and then its whole group."""


def run(place: Place, *, position: int, voice: Voice) -> None:
    """Print the entries at `place` from index `position` on, until SIGINT, SIGTERM, or nobody reads on.

    Raises:
        RefusedError: `no_registry`.
        BrokenHistoryError: `followed_other`.
    """
    with closing(Log(place)) as log:
        demonstration = is_demonstration(log_key(log).name)
        follower = Follower(log, position, observer=_Told(voice))
        with _stopped_by_signals(follower):
            for page in follower.pages():
                lines = [{**_line(placed), "demonstration": demonstration} for placed in page]
                if not voice.lines(lines):
                    follower.stop()


def keep_tables(place: Place, *, voice: Voice) -> None:
    """Keep the tables up with the log at `place`, until SIGINT or SIGTERM.

    Raises:
        RefusedError: `no_registry`; `not_permitted` if they may not be written.
        BrokenHistoryError: `followed_other`: they are made anew next time.
    """
    with closing(Log(place)) as log, kept_up(log) as (folding, at):
        follower = Follower(log, at.size, root=at.root, observer=_Told(voice))
        with _stopped_by_signals(follower):
            folding.keep_up(follower)


class _Told(Observer):
    """Says on stderr that the database is away, once, and that it is back."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def lost(self, code: str) -> None:
        self._voice.warn("follow.lost", code=code)

    def back(self) -> None:
        self._voice.warn("follow.back")


def _line(placed: Placed) -> dict[str, Any]:
    entry = placed.entry
    return {
        "index": placed.index,
        "time": words.utc_time(entry.at_us),
        "kinds": [kind for part in entry.intent.parts for kind, _ in part.events],
        "streams": [part.stream for part in entry.intent.parts],
    }


@contextmanager
def _stopped_by_signals(follower: Follower) -> Iterator[None]:
    """The first signal lets the page that is being printed be printed to its end; one that comes later ends us."""
    before = {number: signal.getsignal(number) for number in ENDING}
    told_s: float | None = None

    def stop(told: int, _frame: object) -> None:
        nonlocal told_s
        if told_s is None:
            told_s = time.monotonic()
            follower.stop()
        elif time.monotonic() - told_s > AGAIN_S:
            number = signal.Signals(told)
            signal.signal(number, before[number])
            signal.raise_signal(number)

    for number in ENDING:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            # Told to stop, we are about to: its twin is not to end us differently.
            signal.signal(number, handler if told_s is None else signal.SIG_IGN)
