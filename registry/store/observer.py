"""What happens in the store, told to whoever watches: metrics, the operator's log.

Told once for each group of acts, never for each act, and never what could name a person: sizes, times, codes, and what
is public on the log already.
"""

from collections.abc import Sequence

from registry.history import Addition


class Observer:
    """Hears of everything and does nothing. Whoever watches derives from it, and says what it wants to hear.

    Called from any thread, in the middle of work: to be quick, and never to fail.
    """

    def started(self, size: int) -> None:
        """A writer has opened a log of `size` entries, and made good what a crash had left."""

    def stopped(self) -> None:
        """The writer has closed it."""

    def committed(
        self, additions: Sequence[Addition], *, size: int, requests: int, seconds: float
    ) -> None:
        """A group of `requests` was answered: `additions` are durable and signed for, in a log that has `size` entries.

        None of them is new where every request was refused or had been answered before.

        Args:
            additions: the new entries, in order.
            size: how many entries there are now.
            requests: how many asked together.
            seconds: from the attempt's beginning, locks included, to the signed head.
        """

    def refused(self, codes: Sequence[str]) -> None:
        """Requests were refused, for these reasons."""

    def failed(self, code: str) -> None:
        """An attempt to commit came to nothing; it is made again here, or by who asked, or a person is needed."""

    def lost(self, code: str) -> None:
        """The database does not answer; it is asked again and again."""

    def back(self) -> None:
        """It answers again."""

    def mark_accepted(self, size: int) -> None:
        """A person made the mark say `size` entries."""

    def followed(self, size: int, *, behind: int, age_s: float) -> None:
        """A follower has read on.

        Args:
            size: how many entries it has shown.
            behind: how many more there are.
            age_s: if there are more, how old the last one is that it has shown; else 0.
        """


class Everybody(Observer):
    """Several observers as one."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def started(self, size: int) -> None:
        for one in self._observers:
            one.started(size)

    def stopped(self) -> None:
        for one in self._observers:
            one.stopped()

    def committed(
        self, additions: Sequence[Addition], *, size: int, requests: int, seconds: float
    ) -> None:
        for one in self._observers:
            one.committed(additions, size=size, requests=requests, seconds=seconds)

    def refused(self, codes: Sequence[str]) -> None:
        for one in self._observers:
            one.refused(codes)

    def failed(self, code: str) -> None:
        for one in self._observers:
            one.failed(code)

    def lost(self, code: str) -> None:
        for one in self._observers:
            one.lost(code)

    def back(self) -> None:
        for one in self._observers:
            one.back()

    def mark_accepted(self, size: int) -> None:
        for one in self._observers:
            one.mark_accepted(size)

    def followed(self, size: int, *, behind: int, age_s: float) -> None:
        for one in self._observers:
            one.followed(size, behind=behind, age_s=age_s)


NOBODY = Observer()
"""Nobody watches."""
