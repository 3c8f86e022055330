"""What an operator measures: counted once a group, true when it is scraped, in a registry of its own."""

import math
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import closing
from typing import Any

import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from registry.errors import BrokenHistoryError, RefusedError, UnavailableError
from registry.history import Addition
from registry.ledger.tree import EMPTY_ROOT
from registry.store.committer import REQUESTS_MAX, Receipt
from registry.store.follower import Follower
from registry.store.log import Log
from registry.store.mark import Seen
from registry.store.metrics import GROUP_BUCKETS, Metrics, exposed
from registry.store.observer import Everybody, Observer
from registry.store.operator import Operator
from registry.store.sequencer import Sequencer
from registry.store.standing import look
from tests.books import Book, Clerk
from tests.servers import PATIENCE_S

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def values(text: bytes) -> Values:
    """Every sample by its name and labels."""
    return {
        (sample.name.removeprefix("registry_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return values(metrics.text())[name, tuple(sorted(labels.items()))]


def opened(book: Book, observer: Observer) -> Clerk:
    return Clerk(Operator(book.place, observer=observer), dict(book.accounts), dict(book.receipts))


class Counting(Observer):
    """How often it was told of what."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        if name in ("calls", "__class__"):
            return super().__getattribute__(name)
        self.calls.append(name)
        return super().__getattribute__(name)

    def committed(
        self, additions: Sequence[Addition], *, size: int, requests: int, seconds: float
    ) -> None:
        assert size > additions[-1].index
        assert requests > len(additions)
        assert seconds > 0


@pytest.mark.on("sqlite", "postgres")
def test_commits_and_what_is_in_them_are_counted(quick: Book):
    metrics, native = Metrics(), quick.streams["native"]
    clerk = opened(quick, metrics)
    with closing(clerk.operator) as operator:
        size = value(metrics, "log_size")
        gifts = [clerk.transfer(native, "owner", "bob", 1) for _ in range(5)]
        operator.record(gifts[:4])
        operator.record(gifts[3:])
        operator.committer.commit([clerk.transfer(native, "bob", "alice", 10**12)] * 2)

    assert value(metrics, "entries_total") == 5
    assert value(metrics, "commits_total") == 3
    assert value(metrics, "group_size_sum") == 4 + 2 + 2
    assert value(metrics, "group_size_bucket", le="4.0") == 3
    assert value(metrics, "group_size_bucket", le="1.0") == 0
    assert value(metrics, "commit_seconds_count") == 3
    assert 0 < value(metrics, "commit_seconds_sum") < 60
    assert value(metrics, "refusals_total", code="insufficient_holding") == 2
    assert value(metrics, "log_size") == size + 5 == quick.audited().entries


def test_a_group_is_told_once_however_many_are_in_it(quick: Book):
    told = Counting()
    clerk = opened(quick, told)
    with closing(clerk.operator) as operator:
        native = quick.streams["native"]
        gifts = [clerk.transfer(native, "owner", "bob", 1) for _ in range(30)]
        greedy = [clerk.transfer(native, "bob", "alice", 10**12) for _ in range(3)]
        operator.committer.commit([*gifts, *greedy])

    assert told.calls == ["started", "committed", "refused", "stopped"]


def test_what_others_stood_in_the_way_of_is_a_conflict_and_the_rest_a_failure():
    metrics = Metrics()
    for code in ("server_unavailable", "server_unavailable", "locked_elsewhere", "storage_failed"):
        metrics.failed(code)
    metrics.lost("server_unavailable")
    away = value(metrics, "database_away")
    metrics.back()

    assert value(metrics, "conflicts_total", code="server_unavailable") == 2
    assert value(metrics, "conflicts_total", code="locked_elsewhere") == 1
    assert value(metrics, "failures_total", code="storage_failed") == 1
    assert (away, value(metrics, "database_away")) == (1, 0)


def test_a_mark_that_somebody_holds_is_a_conflict(quick: Book, monkeypatch: pytest.MonkeyPatch):
    metrics = Metrics()
    clerk = opened(quick, metrics)
    with closing(clerk.operator) as operator, quick.mark.locked():
        monkeypatch.setattr("registry.store.mark.LOCK_PATIENCE_S", 0.01)
        request = clerk.transfer(quick.streams["native"], "owner", "bob", 1)
        with pytest.raises(UnavailableError):
            operator.record([request])

    assert value(metrics, "conflicts_total", code="locked_elsewhere") == 1


def test_who_waits_is_counted_when_it_is_asked_also_while_a_commit_is_stuck(quick: Book):
    metrics = Metrics()
    clerk = opened(quick, metrics)
    with closing(clerk.operator) as operator, Sequencer(operator.committer) as queue:
        metrics.watch_queue(queue)
        before = value(metrics, "waiting_intents")
        gifts = [clerk.transfer(quick.streams["native"], "owner", "bob", 1) for _ in range(4)]
        answers: list[Future[Receipt]] = []
        with quick.mark.locked():
            for gift in gifts:
                answers.append(queue.submit(gift.signed.data, gift.signed.signatures))
                while queue.waiting and len(answers) == 1:
                    time.sleep(0.001)
            meanwhile = value(metrics, "waiting_intents")
        for answer in answers:
            answer.result(PATIENCE_S)

        assert (before, meanwhile, value(metrics, "waiting_intents")) == (0, 3, 0)


def test_what_the_sequencer_refuses_is_counted(quick: Book):
    metrics = Metrics()
    clerk = opened(quick, metrics)
    with closing(clerk.operator) as operator:
        queue = Sequencer(operator.committer)
        gift = clerk.transfer(quick.streams["native"], "owner", "bob", 1)
        with pytest.raises(RefusedError):
            queue.submit(b"no intent", [])
        forged = queue.submit(gift.signed.data, [bytes(64)])
        assert isinstance(forged.exception(PATIENCE_S), RefusedError)
        queue.close()
        with pytest.raises(UnavailableError):
            queue.submit(gift.signed.data, gift.signed.signatures)

    for code in ("not_canonical", "bad_signature", "closing"):
        assert value(metrics, "refusals_total", code=code) == 1


def test_a_fault_of_ours_is_a_failure_and_touches_nobody_else(
    quick: Book, monkeypatch: pytest.MonkeyPatch
):
    metrics = Metrics()
    clerk = opened(quick, metrics)
    with closing(clerk.operator) as operator, Sequencer(operator.committer) as queue:
        gift = clerk.transfer(quick.streams["native"], "owner", "bob", 1)
        monkeypatch.setattr(operator.committer, "commit", lambda _requests: 1 // 0)
        answer = queue.submit(gift.signed.data, gift.signed.signatures)
        assert isinstance(answer.exception(PATIENCE_S), ZeroDivisionError)

    assert value(metrics, "failures_total", code="our_fault") == 1


def test_size_and_age_of_the_mark_are_read_when_it_is_asked(quick: Book):
    metrics = Metrics()
    metrics.watch_mark(quick.mark)
    size, age_s = value(metrics, "mark_size"), value(metrics, "mark_age_seconds")
    time.sleep(0.05)
    older_s = value(metrics, "mark_age_seconds")
    quick.mark.write(Seen(size=0, root=EMPTY_ROOT))
    advanced = value(metrics, "mark_size"), value(metrics, "mark_age_seconds")
    quick.mark.file.unlink()

    assert size == quick.audited().entries
    assert older_s >= age_s + 0.05
    assert advanced[0] == 0
    assert 0 <= advanced[1] < older_s
    assert math.isnan(value(metrics, "mark_size"))
    assert math.isnan(value(metrics, "mark_age_seconds"))
    with pytest.raises(BrokenHistoryError) as broken:
        quick.mark.age_s()
    assert broken.value.code == "no_mark"


def test_a_follower_tells_how_far_behind_it_is(quick: Book, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("registry.store.follower.PAGE_ENTRIES", 5)
    metrics, size = Metrics(), quick.audited().entries
    with closing(Log(quick.place)) as log:
        follower = Follower(log, observer=metrics)
        pages = follower.pages()
        next(pages)
        first = [
            value(metrics, name) for name in ("followed_size", "follower_lag_entries", "log_size")
        ]
        age_s = value(metrics, "follower_lag_seconds")
        while follower.size < size:
            next(pages)

    assert first == [5, size - 5, size]
    assert age_s > 0
    assert value(metrics, "follower_lag_entries") == value(metrics, "follower_lag_seconds") == 0


def test_nothing_is_kept_where_others_measure(quick: Book):
    before = prometheus_client.generate_latest()
    metrics, others = Metrics(), Metrics()
    clerk = opened(quick, Everybody(metrics, others))
    with closing(clerk.operator) as operator:
        operator.record([clerk.transfer(quick.streams["native"], "owner", "bob", 1)])
    exposed("here", look(quick.place), None)

    assert value(metrics, "entries_total") == value(others, "entries_total") == 1
    names = {line.split()[2] for line in before.decode().splitlines() if line.startswith("# TYPE")}
    after = prometheus_client.generate_latest().decode()
    assert {line.split()[2] for line in after.splitlines() if line.startswith("# TYPE")} == names
    assert "registry_" not in after


def test_every_group_has_a_bucket():
    assert GROUP_BUCKETS[0] == 1
    assert GROUP_BUCKETS[-1] == REQUESTS_MAX


def test_many_threads_are_counted_one_by_one():
    metrics = Metrics()

    def work() -> None:
        for _ in range(500):
            metrics.committed([], size=1, requests=1, seconds=0.1)
            metrics.refused(["busy", "busy"])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert value(metrics, "commits_total") == 2_000
    assert value(metrics, "refusals_total", code="busy") == 4_000
