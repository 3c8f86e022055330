"""How often somebody may ask, and how often they did of late.

    a count that slides over two windows: those of this one, and of the one before as many as it still reaches

It is known to this process alone, and for at most `rate_callers_max` callers: two numbers for each. Where there are
more callers than that, those are forgotten that were seen first. An address of IPv6 counts with all others of its /64,
which is what one household or machine is given.
"""

import ipaddress
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from math import ceil

import limits
from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport
from limits.strategies import SlidingWindowCounterRateLimiter

from registry.api.asgi import Headers, Scope
from registry.api.settings import Settings
from registry.errors import RefusedError


class Rates:
    """How often each caller asked of late."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._counts = Counts(settings.rate_callers_max, clock)
        self._limiter = SlidingWindowCounterRateLimiter(self._counts)
        said = {
            "read": settings.rate_read,
            "write": settings.rate_write,
            "read-login": settings.rate_read_login,
            "write-login": settings.rate_write_login,
            "credentials": settings.rate_bad_credentials,
        }
        rates = {name: limits.parse(rate) for name, rate in said.items() if rate is not None}
        self._rates = {name: (rate, *_policy(name, rate)) for name, rate in rates.items()}

    def spend(self, name: str, caller: str) -> Headers:
        """Count a request of `caller`, and return what to tell them of how many are left.

        Raises:
            RefusedError: `too_often`, with `retry_after_s`; it is not counted.
        """
        if name not in self._rates:
            return []
        rate, policy, begins = self._rates[name]
        if not self._limiter.hit(rate, name, caller):
            raise self._refusal(rate, name, caller)
        left, seconds = self._counts.left(rate.key_for(name, caller), rate)
        return [policy, (b"ratelimit", begins + b"%d;t=%d" % (left, seconds))]

    def look(self, name: str, caller: str) -> None:
        """Return if `caller` may ask once more.

        Raises:
            RefusedError: as of `spend`.
        """
        if name in self._rates:
            rate = self._rates[name][0]
            if not self._limiter.test(rate, name, caller):
                raise self._refusal(rate, name, caller)

    def _refusal(self, rate: limits.RateLimitItem, name: str, caller: str) -> RefusedError:
        reset = self._limiter.get_window_stats(rate, name, caller).reset_time - time.time()
        return RefusedError("too_often", retry_after_s=max(1, ceil(reset)), rate=str(rate))


class Counts(Storage, SlidingWindowCounterSupport):
    """For each caller the windows that count: which one it is now, how many came in it, and in the one before.

    The library's own store in memory has no bound, and every 10 ms starts a thread that looks at all of it.
    """

    STORAGE_SCHEME = None

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        super().__init__()
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._of: dict[str, tuple[int, int, int]] = {}

    def __len__(self) -> int:
        return len(self._of)

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count `amount` more, if there are no more than `limit` then."""
        now = self._clock()
        with self._lock:
            window, current, before = self._seen(key, expiry, now)
            if int(before * _ahead(now, expiry) + current) + amount > limit:
                return False
            if key not in self._of and len(self._of) >= self._most:
                del self._of[next(iter(self._of))]
            self._of[key] = (window, current + amount, before)
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """How many came in the last window, for how long they count yet; how many in this, and for how long."""
        now = self._clock()
        _, current, before = self._seen(key, expiry, now)
        left = _ahead(now, expiry) * expiry
        return before, left if before else 0.0, current, left + expiry

    def left(self, key: str, rate: limits.RateLimitItem) -> tuple[int, int]:
        """How many more may come now, and in how many seconds the next window begins."""
        expiry, now = rate.get_expiry(), self._clock()
        _, current, before = self._seen(key, expiry, now)
        ahead = _ahead(now, expiry)
        return max(0, rate.amount - int(before * ahead + current)), ceil(ahead * expiry)

    def clear_sliding_window(self, key: str, expiry: int) -> None:  # noqa: ARG002  # as the library asks
        """Forget a caller."""
        self.clear(key)

    def _seen(self, key: str, expiry: int, now: float) -> tuple[int, int, int]:
        window = int(now // expiry)
        last, current, before = self._of.get(key, (window, 0, 0))
        if window == last:
            return window, current, before
        return window, 0, current if window == last + 1 else 0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong: nothing."""
        return ValueError

    def check(self) -> bool:
        """Whether it works."""
        return True

    def clear(self, key: str) -> None:
        """Forget a caller."""
        with self._lock:
            self._of.pop(key, None)

    def reset(self) -> int | None:
        """Forget everybody."""
        with self._lock:
            self._of.clear()
        return None

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Windows do not slide so."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Windows do not slide so."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Windows do not slide so."""
        raise NotImplementedError


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


def _policy(name: str, rate: limits.RateLimitItem) -> tuple[tuple[bytes, bytes], bytes]:
    """What a rate is, as a header says it; and how the other header begins that says what is left.

    Source: draft-ietf-httpapi-ratelimit-headers-10.
    """
    said = f'"{name}";q={rate.amount};w={rate.get_expiry()}'.encode()
    return (b"ratelimit-policy", said), f'"{name}";r='.encode()


def _ahead(now: float, expiry: int) -> float:
    """How much of the window that `now` is in is still to come: of the one before, so much counts yet."""
    return 1 - now % expiry / expiry
