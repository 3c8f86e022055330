"""What a registry's operator measures, in Prometheus' text format.

    Metrics   of a process that writes or follows: an `Observer`, to be asked for `text` whenever somebody scrapes
    exposed   of a place, by one look at it: for node_exporter's textfile collector

Each has a registry of its own; nothing is global. A group of acts costs a few microseconds, whatever its size.
"""

import time
from collections import Counter as Counted
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from registry.errors import RegistryError
from registry.history import Addition
from registry.store.mark import Mark
from registry.store.observer import Observer
from registry.store.sequencer import Sequencer
from registry.store.standing import Standing

GROUP_BUCKETS = tuple(4**power for power in range(10))
"""1 to 262,144, as many requests as there may be in one commit."""
SECONDS_BUCKETS = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)
MARK_SIZE = "Entries that the mark has seen"
MARK_AGE = "Since the mark was last advanced"
CONFLICTS = frozenset({"server_unavailable", "locked_elsewhere"})
"""Commits that others or the way to the server stood in the way of: they are asked again."""


class Metrics(Observer):
    """What a process did, and how far it is."""

    def __init__(self) -> None:
        """Nothing was done yet."""
        self._registry = CollectorRegistry()
        self._entries = self._counter("entries", "Entries recorded by this process")
        self._commits = self._counter("commits", "Groups of acts answered by this process")
        self._refusals = self._counter("refusals", "Requests refused", "code")
        self._conflicts = self._counter("conflicts", "Commits that have to be asked again", "code")
        self._failures = self._counter("failures", "Commits that failed for other reasons", "code")
        self._requests = self._histogram("group_size", "Requests answered by one commit")
        self._seconds = self._histogram(
            "commit_seconds", "From taking the locks to the signed head", SECONDS_BUCKETS
        )
        self._size = self._gauge("log_size", "Entries in the log, as this process last saw it")
        self._away = self._gauge("database_away", "1 while the database does not answer")
        self._followed = self._gauge("followed_size", "Entries that the follower has shown")
        self._behind = self._gauge("follower_lag_entries", "Entries that it has yet to show")
        self._age = self._gauge("follower_lag_seconds", "Age of the last one shown, while behind")

    def text(self) -> bytes:
        """The exposition, as of now."""
        return generate_latest(self._registry)

    def watch_queue(self, queue: Sequencer) -> None:
        """Show how many intents wait in `queue`, asked whenever somebody scrapes: while a commit is stuck nothing else
        would tell.
        """
        self._asked("waiting_intents", "Intents that wait for their turn", lambda: queue.waiting)

    def watch_mark(self, mark: Mark) -> None:
        """Show size and age of `mark`, asked whenever somebody scrapes; NaN where it cannot be read."""
        self._asked("mark_size", MARK_SIZE, lambda: mark.read().size)
        self._asked("mark_age_seconds", MARK_AGE, mark.age_s)

    def started(self, size: int) -> None:
        self._size.set(size)

    def committed(
        self, additions: Sequence[Addition], *, size: int, requests: int, seconds: float
    ) -> None:
        self._entries.inc(len(additions))
        self._commits.inc()
        self._requests.observe(requests)
        self._seconds.observe(seconds)
        self._size.set(size)

    def refused(self, codes: Sequence[str]) -> None:
        for code, count in Counted(codes).items():
            self._refusals.labels(code).inc(count)

    def failed(self, code: str) -> None:
        (self._conflicts if code in CONFLICTS else self._failures).labels(code).inc()

    def lost(self, code: str) -> None:  # noqa: ARG002  # `failed` counts codes
        self._away.set(1)

    def back(self) -> None:
        self._away.set(0)

    def followed(self, size: int, *, behind: int, age_s: float) -> None:
        self._followed.set(size)
        self._behind.set(behind)
        self._age.set(age_s)
        self._size.set(size + behind)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"registry_{name}", about, labels, registry=self._registry)

    def _histogram(
        self, name: str, about: str, buckets: Sequence[float] = GROUP_BUCKETS
    ) -> Histogram:
        return Histogram(f"registry_{name}", about, buckets=buckets, registry=self._registry)

    def _gauge(self, name: str, about: str) -> Gauge:
        return Gauge(f"registry_{name}", about, registry=self._registry)

    def _asked(self, name: str, about: str, value: Callable[[], float]) -> None:
        def found() -> float:
            try:
                return value()
            except (RegistryError, OSError):
                return float("nan")

        self._gauge(name, about).set_function(found)


def exposed(place: str, standing: Standing | None, failure: RegistryError | None) -> bytes:
    """The exposition of one look at a place.

    Args:
        place: which one: a machine may have several.
        standing: what was found; None if the place could not be looked at.
        failure: what is the matter, most of all; None if all is well.
    """
    registry = CollectorRegistry()

    def show(name: str, about: str, value: float | None) -> None:
        if value is not None:
            gauge = Gauge(f"registry_{name}", about, ["place"], registry=registry)
            gauge.labels(place).set(value)

    show("well", "1 if nothing is the matter", 0 if failure else 1)
    show("looked_at_timestamp_seconds", "When this look was taken", time.time())
    if failure is not None:
        labels = ["place", "code"]
        what = Gauge("registry_trouble", "What is the matter", labels, registry=registry)
        what.labels(place, failure.code).set(1)
    if standing is None:
        return generate_latest(registry)
    show("log_size", "Entries in the log", standing.size)
    show("signed_size", "Entries under the signed head", standing.signed_size)
    show("mark_size", MARK_SIZE, standing.mark.size if standing.mark else None)
    show("mark_age_seconds", MARK_AGE, standing.mark_age_s)
    replica = standing.about.replica
    show("is_replica", "1 if the database follows another one", 1 if replica else 0)
    if replica is not None:
        show("replica_lag_seconds", "How old what it shows may be", replica.behind_s)
        show("replica_receives", "1 if it is connected to its primary", int(replica.receives))
    return generate_latest(registry)
