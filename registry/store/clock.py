"""The time to record: from a clock that is trusted only as far as it agrees with the log and with itself."""

import time
from collections.abc import Callable

from registry.errors import UnavailableError

TOLERANCE_US = 2_000_000
"""So far the clock may be behind the last entry, or have moved by itself, before nothing is written any more."""

Read = Callable[[], int]
"""Microseconds, of some clock."""


def wall_us() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1_000


def steady_us() -> int:
    """Microseconds since some moment, of a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000


class Clock:
    """The wall clock, watched by the steady one from now on."""

    def __init__(self, wall: Read = wall_us, steady: Read = steady_us) -> None:
        self._wall = wall
        self._steady = steady
        self._apart_us = wall() - steady()

    def now_us(self) -> int:
        """What the wall clock says."""
        return self._wall()

    def time_after(self, head_us: int) -> int:
        """The time to record after an entry of `head_us`: never before it.

        Raises:
            UnavailableError: `clock_behind` the last entry; `clock_stepped` since the process began. Both end when the
                clock is right again; a clock that was wrong at the beginning and was set right needs a new process.
        """
        now_us = self._wall()
        if head_us - now_us > TOLERANCE_US:
            raise UnavailableError("clock_behind", now_us=now_us, head_us=head_us)
        stepped_us = now_us - self._steady() - self._apart_us
        if abs(stepped_us) > TOLERANCE_US:
            raise UnavailableError("clock_stepped", now_us=now_us, stepped_us=stepped_us)
        return max(now_us, head_us)
