"""How often somebody may ask, and how often they did of late.

    a count that slides over two windows: those of this one, and of the one before as many as it still reaches

It is known to this process alone, and at each rate for at most `rate_callers_max` callers: three numbers for each.
Where there are more callers than that, those are forgotten that were seen first. An address of IPv6 counts with all
others of its /64, which is what one household or machine is given.

Source: draft-ietf-httpapi-ratelimit-headers-10, for what is said of it.

The library `limits` counts alike, but what it keeps in memory has no bound, a thread that looks through all of it is
started every 10 ms, and a request costs three times as much.
"""

import ipaddress
import time
from collections.abc import Callable
from functools import lru_cache
from math import ceil

from registry.api.asgi import Headers, Scope
from registry.api.settings import Settings, per_window
from registry.errors import RefusedError


class Rates:
    """How often each caller asked of late. For one thread."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        said = {
            "read": settings.rate_read,
            "write": settings.rate_write,
            "read-login": settings.rate_read_login,
            "write-login": settings.rate_write_login,
            "credentials": settings.rate_bad_credentials,
        }
        most = settings.rate_callers_max
        self._clock = clock
        self._rates = {name: _Rate(name, rate, most) for name, rate in said.items() if rate}

    def spend(self, name: str, caller: str) -> Headers:
        """Count a request of `caller`, and return what to tell them of how many are left.

        Raises:
            RefusedError: `too_often`, with `retry_after_s`; it is not counted.
        """
        rate = self._rates.get(name)
        return [] if rate is None else rate.spend(caller, self._clock())

    def look(self, name: str, caller: str) -> None:
        """Return if `caller` may ask once more.

        Raises:
            RefusedError: as of `spend`.
        """
        rate = self._rates.get(name)
        if rate is not None:
            rate.look(caller, self._clock())


class _Rate:
    """So many requests in so many seconds; and who made how many of late."""

    def __init__(self, name: str, said: str, callers_max: int) -> None:
        self._said = said
        self._most, self._window_s = per_window(said)
        self._callers_max = callers_max
        self._seen: dict[str, tuple[int, int, int]] = {}
        """Of each caller: which window it was, how many came in it, and in the one before."""
        policy = f'"{name}";q={self._most};w={self._window_s}'
        self._policy = (b"ratelimit-policy", policy.encode())
        self._begins = f'"{name}";r='.encode()

    def __len__(self) -> int:
        return len(self._seen)

    def spend(self, caller: str, now_s: float) -> Headers:
        """Count a request; see Rates.spend."""
        window, current, before = self._of(caller, now_s)
        left, ahead = self._left(window, current, before, now_s)
        if left < 1:
            raise self._refusal(current, before, ahead)
        if caller not in self._seen and len(self._seen) >= self._callers_max:
            del self._seen[next(iter(self._seen))]
        self._seen[caller] = (window, current + 1, before)
        said = b"%b%d;t=%d" % (self._begins, left - 1, ceil(ahead * self._window_s))
        return [self._policy, (b"ratelimit", said)]

    def look(self, caller: str, now_s: float) -> None:
        """Return if there is one left; see Rates.look."""
        window, current, before = self._of(caller, now_s)
        left, ahead = self._left(window, current, before, now_s)
        if left < 1:
            raise self._refusal(current, before, ahead)

    def _of(self, caller: str, now_s: float) -> tuple[int, int, int]:
        """Which window it is now, how many came in it from `caller`, and in the one before."""
        window = int(now_s // self._window_s)
        last, current, before = self._seen.get(caller, (window, 0, 0))
        if window == last:
            return window, current, before
        return window, 0, current if window == last + 1 else 0

    def _left(self, window: int, current: int, before: int, now_s: float) -> tuple[int, float]:
        """How many more may come now; and how much of the window is still to come: so much the one before counts."""
        ahead = 1 + window - now_s / self._window_s
        return self._most - current - int(before * ahead), ahead

    def _refusal(self, current: int, before: int, ahead: float) -> RefusedError:
        """Says when one may come again: as the window before counts less, or else with the next window."""
        enough = (self._most - current) / before if before else 0.0
        # A little more than that, in whole seconds, whatever floating point makes of it.
        wait_s = int((ahead - enough) * self._window_s + 0.001) + 1
        return RefusedError("too_often", retry_after_s=wait_s, rate=self._said)


def source_of(scope: Scope) -> str:
    """Where a request comes from: an address, or the /64 that it is in."""
    client = scope.get("client")
    return _network(client[0]) if client else "-"


@lru_cache(maxsize=4_096)
def _network(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "-"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
