"""Two servers: one dies or is cut off, the other takes its place. Nothing acknowledged is lost, or nobody writes."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from registry.place import Server as Address
from registry.store.postgres import PostgresRecorder
from tests.books import Book, live_at
from tests.grounds import on_another_machine
from tests.servers import Server
from tests.store import children
from tests.store.conftest import write_quickly
from tests.store.days import Asking, at, waits_for
from tests.store.lives import Life, Survivor
from tests.store.test_bad_days import named, said_at_start, said_of

DATABASE = "registry"
WRITERS = 4
WORDS = 10
BEHIND = ("BrokenHistoryError", "behind_mark")
DIFFERS = ("BrokenHistoryError", "differs_from_mark")
BEYOND = ("UnavailableError", "server_unavailable")


@pytest.fixture
def primary() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def there(primary: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """A registry on the primary."""
    live_at(tmp_path, monkeypatch)
    url = primary.create_database(DATABASE)
    return write_quickly(Address(url=url, state=tmp_path / "registry"))


@pytest.fixture
def replica(primary: Server, there: Book) -> Iterator[Server]:
    """Made when the registry was there; asynchronous."""
    assert there.directory.is_dir()
    with primary.replica() as copy:
        primary.wait_for_replica(copy)
        yield copy


@pytest.fixture
def anywhere(there: Book, primary: Server, replica: Server) -> Book:
    """The registry under an address that names both servers."""
    return at(there, hosts=f"127.0.0.1:{primary.port},127.0.0.1:{replica.port}")


def on(book: Book, server: Server) -> Book:
    """The registry as it is on one of the servers."""
    return at(book, hosts=f"127.0.0.1:{server.port}")


def test_a_primary_killed_under_load_loses_nothing_and_writing_goes_on_with_its_replica(
    primary: Server, replica: Server, anywhere: Book
) -> None:
    primary.make_synchronous()
    home = anywhere.directory.parent
    with ExitStack() as stack:
        lives = [
            stack.enter_context(Life(home, children.load_on, anywhere, float(number)))
            for number in range(WRITERS)
        ]
        for life in lives:
            for _ in range(WORDS):
                assert life.hear()

        primary.kill()
        replica.promote()

        for life in lives:
            before = life.receipts
            while life.receipts < before + 2 * WORDS:
                assert life.hear()
        for life in lives:
            life.kill()
        heard = [life.lived() for life in lives]

    said = {answer for life in heard for _, answer in life.told if isinstance(answer, str)}
    assert said <= {"insufficient_holding"}
    Survivor(anywhere).judge(*heard)


def test_a_writer_that_waits_for_the_replica_when_the_primary_dies_gets_its_answer_from_it(
    primary: Server, replica: Server, anywhere: Book
) -> None:
    with anywhere.clerk() as clerk:
        request = named(clerk, anywhere)
        size = anywhere.mark.read().size
        primary.make_synchronous()
        replica.stop("immediate")
        with Asking(lambda: clerk.operator.record([request])) as asking:
            # Committed there, and confirmed by nobody: the replica may have it, or not.
            waits_for(primary, "SyncRep")
            primary.kill()
            replica.start()
            replica.promote()
        (receipt,) = asking.answer

    assert receipt.index == size
    assert anywhere.audited().entries == anywhere.mark.read().size == size + 1
    Survivor(anywhere).judge()


def test_a_replica_that_lagged_is_refused_once_it_is_promoted_and_once_it_has_grown_too(
    primary: Server, replica: Server, anywhere: Book, tmp_path: Path
) -> None:
    elsewhere = on_another_machine(anywhere, tmp_path / "elsewhere")
    with anywhere.clerk() as clerk:
        lost, request = [named(clerk, anywhere) for _ in range(2)], named(clerk, anywhere)
        replica.sever()
        clerk.operator.record(lost)
        seen = anywhere.mark.read()
        primary.kill()
        replica.promote()

        behind = said_of(clerk.operator, request)
        at_start = said_at_start(anywhere.place)
        # A machine that never saw the newest entries has nothing to tell them from.
        with elsewhere.clerk() as stranger:
            stranger.operator.record([named(stranger, elsewhere) for _ in range(3)])
        differs = said_of(clerk.operator, request)

    assert behind == at_start == BEHIND
    assert differs == said_at_start(anywhere.place) == DIFFERS
    assert anywhere.mark.read() == seen
    assert anywhere.fault() is None


def test_a_primary_that_comes_back_beside_its_successor_is_refused_by_the_mark(
    primary: Server, replica: Server, there: Book, tmp_path: Path
) -> None:
    elsewhere = on_another_machine(there, tmp_path / "elsewhere")
    new, old = on(there, replica), on(there, primary)
    primary.stop("immediate")
    replica.promote()
    with new.clerk() as clerk:
        clerk.operator.record([named(clerk, new) for _ in range(2)])
        seen = new.mark.read()
        primary.start()

        behind = said_at_start(old.place)
        with on(elsewhere, primary).clerk() as stranger:
            stranger.operator.record([named(stranger, old) for _ in range(3)])
        differs = said_at_start(old.place)
        goes_on = said_of(clerk.operator, named(clerk, new))

    assert (behind, differs, goes_on) == (BEHIND, DIFFERS, None)
    assert new.mark.read().size == seen.size + 1
    Survivor(new).judge()


def test_a_replica_is_read_and_audited_and_not_written(
    primary: Server, replica: Server, there: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresRecorder, "patience_s", 0.3)
    with there.clerk() as clerk:
        clerk.operator.record([named(clerk, there)])
    primary.wait_for_replica(replica)
    copy = on(there, replica)

    written = said_at_start(copy.place)

    assert written == BEYOND
    assert copy.audited().entries == there.audited().entries == there.mark.read().size


def test_a_promotion_that_takes_its_time_is_waited_for(
    primary: Server, replica: Server, anywhere: Book
) -> None:
    with anywhere.clerk() as clerk:
        request = named(clerk, anywhere)
        primary.wait_for_replica(replica)
        primary.kill()
        with Asking(lambda: clerk.operator.record([request])) as asking:
            # Nobody takes writes now; the replica that is there must not be taken for a primary.
            time.sleep(0.5)
            waiting = asking.is_waiting
            replica.promote()
        (receipt,) = asking.answer

    assert waiting
    assert anywhere.mark.read().size == receipt.index + 1
    Survivor(anywhere).judge()
