"""What the HTTP server measures of itself, in Prometheus' text format, beside what store/metrics.py has.

    registry_http_requests_total{route,method,status}   answered: paths as the routes have them, statuses by hundreds
    registry_http_request_seconds{route}                from the head to the end of the answer; not of streams
    registry_http_problems_total{code}                  what was said to be wrong: `too_often` is who asked too often
    registry_http_in_flight{kind}                       being answered now: plain, upload, stream
    registry_webhook_deliveries{state}, registry_webhook_attempts_total{outcome}
    registry_jobs, registry_job_failures_total{code}, registry_tables_size, registry_writer_away

Whatever a client makes up, such as a path or a method, is no label. A request costs a few microseconds.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from registry.api.asgi import Application, Receive, Scope, Send, path_of
from registry.api.limits import Kind
from registry.api.request_log import Request
from registry.desk.codes import CODES
from registry.errors import RegistryError

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER = "other"
LEFT = "left"
"""The status of a request whose client left before there was an answer."""
SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)
STREAMS = "/stream"
COUNTED_S = 15.0
"""So long a count of deliveries serves."""

Outcome = Literal["delivered", "failed", "dead"]


class Measures:
    """What one server did over HTTP. `heard` and `around` are for the thread of the loop, the rest for any."""

    def __init__(self) -> None:
        """Nobody asked yet."""
        self._registry = CollectorRegistry()
        self._in_flight: dict[Kind, int] = {"plain": 0, "upload": 0, "stream": 0}
        self._answered: dict[tuple[str, str, str], Counter] = {}
        self._timed: dict[str, Histogram] = {}
        self._requests = Counter(
            "registry_http_requests",
            "Requests answered",
            ["route", "method", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "registry_http_request_seconds",
            "From the head of a request to the end of its answer; not of streams",
            ["route"],
            buckets=SECONDS_BUCKETS,
            registry=self._registry,
        )
        self._problems = Counter(
            "registry_http_problems",
            "Answers that say a problem",
            ["code"],
            registry=self._registry,
        )
        self._attempts = Counter(
            "registry_webhook_attempts",
            "Attempts of this process to tell a webhook",
            ["outcome"],
            registry=self._registry,
        )
        self._job_failures = Counter(
            "registry_job_failures",
            "Jobs that broke off for reasons that are not the asker's",
            ["code"],
            registry=self._registry,
        )
        flying = Gauge(
            "registry_http_in_flight",
            "Requests being answered; streams are who is being told live",
            ["kind"],
            registry=self._registry,
        )
        for kind in self._in_flight:
            flying.labels(kind).set_function(partial(self._in_flight.__getitem__, kind))

    def text(self) -> bytes:
        """The exposition, as of now."""
        return generate_latest(self._registry)

    def heard(self, request: Request) -> None:
        """Count a request that is over."""
        method = request.method if request.method in METHODS else OTHER
        status = LEFT if request.status is None else f"{request.status // 100}xx"
        labels = (request.path, method, status)
        answered = self._answered.get(labels)
        if answered is None:
            answered = self._answered[labels] = self._requests.labels(*labels)
        answered.inc()
        if not request.path.endswith(STREAMS):
            timed = self._timed.get(request.path)
            if timed is None:
                timed = self._timed[request.path] = self._seconds.labels(request.path)
            timed.observe(request.seconds)
        if request.problem is not None:
            self._problems.labels(request.problem if request.problem in CODES else OTHER).inc()

    def around(self, app: Application, kind_of: Callable[[str], Kind]) -> Application:
        """`app`, whose requests are counted while they are answered."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            kind = kind_of(path_of(scope))
            self._in_flight[kind] += 1
            try:
                await app(scope, receive, send)
            finally:
                self._in_flight[kind] -= 1

        return counted

    def attempted(self, outcome: Outcome) -> None:
        """Count an attempt to tell a webhook; `dead` is one after which no other is made."""
        self._attempts.labels(outcome).inc()

    def job_failed(self, code: str) -> None:
        """Count a job that broke off."""
        self._job_failures.labels(code).inc()

    def watch(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Show what `value` says whenever somebody scrapes."""
        Gauge(f"registry_{name}", about, registry=self._registry).set_function(value)

    def watch_deliveries(self, count: Callable[[], Mapping[str, int]]) -> None:
        """Show how many deliveries there are in each state; none where that cannot be found out."""
        self._registry.register(_Deliveries(count))


class _Deliveries:
    """Counts deliveries when somebody scrapes, but not each time: it looks at all that are kept."""

    def __init__(self, count: Callable[[], Mapping[str, int]]) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._found: Mapping[str, int] = {}
        self._counted_s = -COUNTED_S

    def describe(self) -> list[GaugeMetricFamily]:
        """What there will be, without looking."""
        return [self._family()]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What there is."""
        with self._lock:
            if time.monotonic() >= self._counted_s + COUNTED_S:
                try:
                    self._found = self._count()
                except RegistryError:
                    self._found = {}
                self._counted_s = time.monotonic()
            found = self._found
        family = self._family()
        for state in ("pending", "delivered", "dead") if found else ():
            family.add_metric([state], found.get(state, 0))
        yield family

    def _family(self) -> GaugeMetricFamily:
        about = "Deliveries to webhooks that are kept; dead ones wait for a replay"
        return GaugeMetricFamily("registry_webhook_deliveries", about, labels=["state"])
