"""Followers: whoever reads a log as it grows misses nothing, sees each entry once, and hears of it soon."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.errors import BrokenHistoryError
from registry.ledger.note import NOTE_BYTES_MAX
from registry.ledger.tree import EMPTY_ROOT
from registry.place import Place
from registry.place import Server as Address
from registry.store import follower as following
from registry.store.follower import Follower
from registry.store.log import PAGE_ENTRIES, Log, Moment, Placed
from registry.store.mark import Seen
from registry.store.observer import Observer
from tests.books import Book, copied
from tests.servers import HOST, PATIENCE_S, Server, eventually
from tests.store import children
from tests.store.conftest import write_quickly
from tests.store.lives import Life

HOUR_S = 3600.0
GIFTS = 40


class Heard(Observer):
    """What an observer was told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def lost(self, code: str) -> None:
        self.told.append(code)

    def back(self) -> None:
        self.told.append("back")

    def followed(self, size: int, *, behind: int, age_s: float) -> None:
        self.told.append((size, behind, age_s))

    @property
    def words(self) -> list[str]:
        return [said for said in self.told if isinstance(said, str)]


class Reader:
    """A follower in a thread of its own."""

    def __init__(self, log: Log, position: int = 0, **options: Any) -> None:
        self.heard = Heard()
        self.pages: list[list[Placed]] = []
        self.times_s: list[float] = []
        self.error: Exception | None = None
        self.follower = Follower(log, position, observer=self.heard, **options)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for page in self.follower.pages():
                self.times_s.append(time.monotonic())
                self.pages.append(page)
        except Exception as error:  # noqa: BLE001  # for the test to judge
            self.error = error

    @property
    def indexes(self) -> list[int]:
        return [placed.index for page in self.pages for placed in page]

    def reaches(self, size: int) -> None:
        eventually(lambda: self.error or self.follower.size >= size, f"{size} entries to be shown")
        assert self.error is None

    def fails(self) -> Exception:
        return eventually(lambda: self.error, "a follower to stop by itself")

    def stop(self) -> float:
        """How long it took to stop."""
        began_s = time.monotonic()
        self.follower.stop()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return time.monotonic() - began_s


@contextmanager
def reading(place: Place, position: int = 0, **options: Any) -> Iterator[Reader]:
    with closing(Log(place)) as log:
        reader = Reader(log, position, **options)
        try:
            yield reader
        finally:
            reader.stop()


def size_of(book: Book) -> int:
    with closing(Log(book.place)) as log, log.recorder.reading() as cursor:
        return Moment(cursor).head().size


def give(book: Book, count: int = 1) -> None:
    """Record so many entries, one commit each."""
    with book.clerk() as clerk:
        for _ in range(count):
            clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])


def asleep(reader: Reader, size: int) -> None:
    """Wait until it has shown all, has looked again, and waits."""
    reader.reaches(size)
    looks = len(reader.heard.told)
    eventually(lambda: len(reader.heard.told) > looks or reader.follower._listener, "it to sleep")


# What is shown.


@pytest.mark.on("sqlite", "postgres")
def test_a_follower_shows_every_entry_once_and_then_what_comes(quick: Book):
    size = size_of(quick)

    with reading(quick.place) as reader:
        reader.reaches(size)
        give(quick, 3)
        reader.reaches(size + 3)

    assert reader.indexes == list(range(size + 3))
    with closing(Log(quick.place)) as log:
        stored = [placed.data for placed in log.entries()]
        assert [placed.data for page in reader.pages for placed in page] == stored
    assert quick.audited().root == reader.follower.root


@pytest.mark.on("sqlite", "postgres")
def test_who_goes_on_shows_what_was_not_shown_before(quick: Book):
    size = size_of(quick)
    with reading(quick.place) as first:
        first.reaches(size)
    give(quick, 2)

    with reading(quick.place, first.follower.size, root=first.follower.root) as second:
        second.reaches(size + 2)

    assert second.indexes == [size, size + 1]


def test_a_page_is_bounded_and_the_rest_comes_in_the_next(
    quick: Book, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(following, "PAGE_ENTRIES", 7)
    size = size_of(quick)

    with reading(quick.place) as reader:
        reader.reaches(size)

    assert PAGE_ENTRIES == 500
    assert {len(page) for page in reader.pages[:-1]} == {7}
    assert reader.indexes == list(range(size))
    behind = [told[1] for told in reader.heard.told if told[0] <= size][: len(reader.pages)]
    assert behind == [max(0, size - 7 * (page + 1)) for page in range(len(reader.pages))]
    ages = [told[2] for told in reader.heard.told]
    assert all(age > 0 for age in ages[: len(reader.pages) - 1])
    assert ages[-1] == 0


@pytest.mark.on("sqlite", "postgres")
def test_nobody_is_shown_what_was_not_yet_acknowledged(quick: Book):
    size = size_of(quick)
    (before,) = quick.rows("SELECT checkpoint FROM head")
    give(quick)
    (signed,) = quick.rows("SELECT checkpoint FROM head")
    quick.change("UPDATE head SET checkpoint = ?", *before)

    with reading(quick.place) as reader:
        reader.reaches(size)
        eventually(lambda: (size, 1) in [told[:2] for told in reader.heard.told[1:]], "a look")
        shown = reader.follower.size
        quick.change("UPDATE head SET checkpoint = ?", *signed)
        reader.reaches(size + 1)

    assert shown == size
    assert reader.indexes == list(range(size + 1))


@pytest.mark.on("sqlite", "postgres")
def test_beside_several_writers_a_follower_misses_nothing_and_shows_all_in_order(
    quick: Book, backend: str, monkeypatch: pytest.MonkeyPatch
):
    # Else one that looked last before the writers were there would find all of it at once.
    monkeypatch.setattr(following, "PAUSE_S_MAX", 0.02)
    writers = 2 if backend == "sqlite" else 4
    size = size_of(quick)

    with reading(quick.place) as reader, ExitStack() as stack:
        home = quick.directory.parent
        lives = [
            stack.enter_context(Life(home, children.transfers, quick, "bob", GIFTS))
            for _ in range(writers)
        ]
        told = [life.lived().told for life in lives]
        reader.reaches(size + writers * GIFTS)

    acknowledged = {answer.index for one in told for _, answer in one}
    assert len(acknowledged) == writers * GIFTS
    assert reader.indexes == list(range(size + writers * GIFTS))
    # It read meanwhile, and not all at the end.
    assert len(reader.pages) > 5
    assert quick.audited().root == reader.follower.root


# How soon.


@pytest.mark.on("postgres")
def test_who_listens_is_woken_although_it_would_look_in_an_hour(quick: Book):
    with reading(quick.place, poll_s=HOUR_S) as reader:
        size = size_of(quick)
        asleep(reader, size)
        for more in range(1, 6):
            give(quick)
            signed_s = time.monotonic()
            reader.reaches(size + more)
            assert reader.times_s[-1] - signed_s < 1
        stopped_s = reader.stop()

    assert reader.indexes == list(range(size + 5))
    assert stopped_s < 1


@pytest.mark.on("postgres")
def test_what_is_signed_between_listening_and_reading_wakes(
    quick: Book, monkeypatch: pytest.MonkeyPatch
):
    size = size_of(quick)
    read = Follower._read

    def slowly(self: Follower, moment: Moment, **asked: Any) -> Any:
        """A look that is over before an act that it does not see."""
        seen = read(self, moment, **asked)
        monkeypatch.setattr(Follower, "_read", read)
        give(quick)
        return seen

    monkeypatch.setattr(Follower, "_read", slowly)
    with reading(quick.place, poll_s=HOUR_S) as reader:
        reader.reaches(size + 1)

    assert reader.indexes == list(range(size + 1))


@pytest.mark.on("postgres")
def test_each_of_two_followers_of_one_log_is_woken(quick: Book):
    size = size_of(quick)
    with closing(Log(quick.place)) as log:
        readers = [Reader(log, poll_s=HOUR_S) for _ in range(2)]
        for reader in readers:
            asleep(reader, size)
        give(quick)
        for reader in readers:
            reader.reaches(size + 1)
            assert reader.stop() < 1


@pytest.mark.on("postgres")
def test_who_is_not_woken_looks_all_the_same(quick: Book, monkeypatch: pytest.MonkeyPatch):
    size = size_of(quick)
    with reading(quick.place, poll_s=0.5) as reader:
        asleep(reader, size)
        monkeypatch.setattr("registry.store.postgres.CHANNEL", "somewhere_else")
        give(quick)
        reader.reaches(size + 1)


def test_where_nobody_is_woken_the_looks_become_fewer_until_something_comes(
    quick: Book, monkeypatch: pytest.MonkeyPatch
):
    pauses: list[float] = []
    size = size_of(quick)
    log = Log(quick.place)
    follower = Follower(log)

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 12:
            give(quick)
        if len(pauses) == 15:
            follower.stop()

    monkeypatch.setattr(following, "SLICE_S", HOUR_S)
    monkeypatch.setattr(following, "time", Clockwork(sleep))
    with closing(log):
        shown = [placed.index for page in follower.pages() for placed in page]

    assert shown == list(range(size + 1))
    doubling = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1, 1, 1, 1, 1]
    assert pauses == [pytest.approx(pause) for pause in [*doubling, 0.01, 0.02, 0.04]]


class Clockwork:
    """Time that passes only while somebody sleeps."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._now_s = 1_000.0

    def monotonic(self) -> float:
        return self._now_s

    def sleep(self, seconds: float) -> None:
        self._now_s += seconds
        self._sleep(seconds)


@pytest.mark.on("sqlite", "postgres")
def test_a_follower_that_waits_stops_within_a_second(quick: Book):
    with reading(quick.place, poll_s=HOUR_S) as reader:
        asleep(reader, size_of(quick))

        assert reader.stop() < 1


# A database that is away.


@pytest.fixture
def primary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Book]]:
    """A server of the test's own, and a registry on it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("CARBON_REGISTRY_PASSPHRASE_FILE", raising=False)
    with Server() as running:
        url = running.create_database("registry")
        yield running, write_quickly(Address(url=url, state=tmp_path / "registry"))


def test_a_follower_outlives_its_server_and_is_woken_by_the_next(primary: tuple[Server, Book]):
    server, book = primary
    size = size_of(book)

    with reading(book.place, poll_s=0.5) as reader:
        asleep(reader, size)
        server.kill()
        eventually(lambda: reader.heard.words, "the loss to be told")
        time.sleep(1.5)
        looks = len(reader.heard.told)
        time.sleep(1)
        # Told once, and asked again with pauses, which `told` shows: nothing was read.
        assert reader.heard.words == ["server_unavailable"]
        assert len(reader.heard.told) == looks
        assert reader.follower._pause_s == following.PAUSE_S_MAX
        server.start()
        give(book, 2)
        reader.reaches(size + 2)
        eventually(lambda: reader.follower._listener, "it to listen again")
        reader.follower._poll_s = HOUR_S
        server.restart()
        give(book)
        reader.reaches(size + 3)
        assert reader.stop() < 1

    assert reader.indexes == list(range(size + 3))
    assert reader.heard.words[:2] == ["server_unavailable", "back"]
    assert set(reader.heard.words) == {"server_unavailable", "back"}


@pytest.mark.on("postgres")
def test_a_listener_that_broke_costs_no_entry_and_is_no_loss(quick: Book, server: Server):
    size = size_of(quick)

    with reading(quick.place, poll_s=HOUR_S) as reader:
        asleep(reader, size)
        for pid in server.backends("registry-follow"):
            server.execute("SELECT pg_terminate_backend(%s)", [pid])
        give(quick)
        reader.reaches(size + 1)

    assert reader.heard.words == []


def test_a_file_that_was_taken_away_is_waited_for(quick: Book):
    size = size_of(quick)

    with reading(quick.place) as reader:
        reader.reaches(size)
        away = quick.directory.rename(quick.directory.with_name("away"))
        eventually(lambda: reader.heard.words, "the loss to be told")
        away.rename(quick.directory)
        give(quick)
        reader.reaches(size + 1)

    assert reader.heard.words == ["database_moved", "back"]
    assert reader.indexes == list(range(size + 1))


# Replicas.


def test_a_replica_is_followed_by_looking_and_by_listening_once_it_is_promoted(
    primary: tuple[Server, Book], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(following, "LISTEN_AGAIN_S", 0.5)
    server, book = primary
    size = size_of(book)
    with server.replica() as replica:
        there = Address(url=replica.url("registry"), state=book.directory)
        with reading(there, poll_s=HOUR_S) as reader:
            reader.reaches(size)
            give(book, 3)
            reader.reaches(size + 3)
            deaf = reader.follower._listener is None
            server.kill()
            replica.promote()
            eventually(lambda: reader.follower._listener, "it to listen")
            give(replace(book, place=there))
            reader.reaches(size + 4)
            stopped_s = reader.stop()

    assert deaf
    assert stopped_s < 1
    assert reader.indexes == list(range(size + 4))


def test_a_replica_that_lacked_entries_and_took_over_is_no_continuation(
    primary: tuple[Server, Book],
):
    server, book = primary
    with server.replica() as replica:
        server.wait_for_replica(replica)
        replica.sever()
        give(book, 2)
        size = size_of(book)
        here, there = f"@{HOST}:{server.port}", f",{HOST}:{replica.port}"
        both = Address(url=server.url("registry").replace(here, here + there))
        with reading(both) as reader:
            reader.reaches(size)
            server.kill()
            replica.promote()
            error = reader.fails()

    assert isinstance(error, BrokenHistoryError)
    assert error.code == "followed_other"
    assert error.facts == {"size": size - 2, "followed": size}


def test_a_replica_that_lags_behind_what_was_shown_is_waited_for(
    primary: tuple[Server, Book], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(following, "ELSEWHERE_S", 0.5)
    server, book = primary
    with server.replica() as replica:
        server.wait_for_replica(replica)
        replica.pause()
        give(book, 2)
        size = size_of(book)
        here, there = f"@{HOST}:{server.port}", f",{HOST}:{replica.port}"
        both = Address(url=server.url("registry").replace(here, here + there))
        with reading(both) as reader:
            reader.reaches(size)
            root = reader.follower.root
            server.kill()
            eventually(lambda: replica.backends("registry"), "the other host to be asked")
            time.sleep(1)
            waited = reader.error, reader.follower.size, reader.follower.root
            server.start()
            give(book)
            reader.reaches(size + 1)

    assert waited == (None, size, root)
    assert reader.indexes == list(range(size + 1))


def test_who_comes_from_beyond_the_end_of_a_replica_waits_for_it(primary: tuple[Server, Book]):
    server, book = primary
    with server.replica() as replica:
        server.wait_for_replica(replica)
        replica.pause()
        give(book, 2)
        with closing(Log(book.place)) as log, log.recorder.reading() as cursor:
            head = Moment(cursor).head()
        there = Address(url=replica.url("registry"))
        with reading(there, head.size, root=head.root) as reader:
            time.sleep(0.5)
            waited = reader.error, list(reader.pages)
            replica.resume()
            give(book)
            reader.reaches(head.size + 1)

    assert waited == (None, [])
    assert reader.indexes == [head.size]


def test_a_replica_of_another_past_is_no_continuation(primary: tuple[Server, Book]):
    server, book = primary
    size = size_of(book)
    with server.replica() as replica:
        server.wait_for_replica(replica)
        there = Address(url=replica.url("registry"))
        with reading(there, size, root=bytes(32)) as reader:
            error = reader.fails()

    assert isinstance(error, BrokenHistoryError)
    assert error.code == "followed_other"


# Another past.


@pytest.mark.on("sqlite", "postgres")
def test_a_log_that_became_shorter_is_told(quick: Book):
    ((size, root, note),) = quick.rows("SELECT size, root, checkpoint FROM head")
    give(quick, 2)

    with reading(quick.place, poll_s=0.2) as reader:
        reader.reaches(size + 2)
        quick.change("UPDATE head SET size = ?, root = ?, checkpoint = ?", size, root, note)
        error = reader.fails()

    assert isinstance(error, BrokenHistoryError)
    assert error.code == "followed_other"
    assert error.facts == {"size": size, "followed": size + 2}
    assert reader.indexes == list(range(size + 2))


def test_a_backup_that_was_restored_and_has_grown_again_is_told(
    quick: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    size, before = size_of(quick), quick.whole()
    with reading(quick.place) as reader:
        give(quick, 2)
        reader.reaches(size + 2)
        other = copied(quick, tmp_path / "other")
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other" / "state"))
        other.restore(before)
        other.mark.write(Seen(size=0, root=EMPTY_ROOT))
        give(other, 5)
        quick.restore(other.whole())
        error = reader.fails()

    assert isinstance(error, BrokenHistoryError)
    assert error.code == "followed_other"
    assert error.facts == {"size": size + 5, "followed": size + 2}
    assert reader.indexes == list(range(size + 2))


@pytest.mark.on("sqlite", "postgres")
def test_who_comes_with_another_root_or_from_beyond_the_end_is_told(quick: Book):
    size = size_of(quick)

    for position, root in ((size, bytes(32)), (size + 1, None), (3, bytes(32))):
        with closing(Log(quick.place)) as log, pytest.raises(BrokenHistoryError) as broken:
            next(Follower(log, position, root=root).pages())

        assert broken.value.code == "followed_other"
        assert broken.value.facts["followed"] == position


@pytest.mark.on("sqlite", "postgres")
def test_a_checkpoint_that_is_too_long_is_not_read_whole(quick: Book):
    quick.change("UPDATE head SET checkpoint = ?", bytes(3_000_000))

    with closing(Log(quick.place)) as log, log.recorder.reading() as cursor:
        head = Moment(cursor).head()

    assert head.checkpoint == bytes(NOTE_BYTES_MAX + 1)
    with pytest.raises(BrokenHistoryError) as broken:
        assert head.signed_size
    assert broken.value.code == "derived.head"
    assert broken.value.facts["why"] == "bad_note"


def test_a_head_whose_checkpoint_is_none_is_told(quick: Book):
    quick.change("UPDATE head SET checkpoint = ?", b"no note")

    with closing(Log(quick.place)) as log, pytest.raises(BrokenHistoryError) as broken:
        next(Follower(log).pages())

    assert broken.value.code == "derived.head"


def test_an_entry_that_was_altered_is_not_shown(quick: Book):
    ((state,),) = quick.rows("SELECT state FROM stored_events WHERE rowid = 65")
    quick.change("UPDATE stored_events SET state = ? WHERE rowid = 65", state[:-1] + b"\0")

    with closing(Log(quick.place)) as log, pytest.raises(BrokenHistoryError) as broken:
        next(Follower(log).pages())

    assert broken.value.code == "entry_altered"


def test_a_follower_that_is_no_longer_read_gives_its_connection_back(
    primary: tuple[Server, Book],
):
    server, book = primary
    with closing(Log(book.place)) as log:
        pages = Follower(log).pages()
        next(pages)
        listening = server.backends("registry-follow")
        pages.close()
        eventually(lambda: not server.backends("registry-follow"), "nobody to listen")

    assert len(listening) == 1
