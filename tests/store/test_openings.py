"""Openings: durable before their entry, dropped if it never came, and erasable without breaking anything."""

import sqlite3
from typing import Any

import pytest

from registry.acts.propose import Hidden
from registry.store.openings import Openings
from registry.store.recorder import LogRecorder
from tests.books import Book


class TornError(Exception):
    """What a test breaks a commit with."""


def kept(book: Book) -> list[Any]:
    return book.rows("SELECT commitment, entry FROM openings ORDER BY 1", file="openings.db")


def torn(*_values: Any, **_named: Any) -> None:
    raise TornError


def test_every_commitment_of_the_book_can_be_opened(book: Book) -> None:
    openings = Openings(book.directory)

    found = openings.find([commitment for commitment, _ in kept(book)])

    assert found == dict(openings.all())
    assert len(found) == len(kept(book)) == book.audited().openings


def test_what_was_erased_is_not_found_and_the_log_stays_valid(book: Book) -> None:
    before = book.audited()
    erased, *_ = kept(book)

    book.change("DELETE FROM openings WHERE commitment = ?", erased[0], file="openings.db")

    assert Openings(book.directory).find([erased[0]]) == {}
    assert book.audited().root == before.root
    with book.clerk() as clerk:
        clerk.retires("owner", [(book.streams["native"], 1)])
    assert book.audited().entries == before.entries + 1


def test_all_may_be_erased(book: Book) -> None:
    before = book.audited()

    book.change("DELETE FROM openings", file="openings.db")

    assert book.audited().openings == 0
    assert book.audited().root == before.root


def test_a_torn_commit_leaves_orphans_which_the_next_write_drops(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(book)
    with book.clerk() as clerk:
        request, _ = clerk.retirement("owner", [(book.streams["native"], 1)])
        with monkeypatch.context() as patch:
            patch.setattr(LogRecorder, "record", torn)
            with pytest.raises(TornError):
                clerk.operator.committer.commit([request])
        orphaned = kept(book)
        during = book.fault()

        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])

    assert len(orphaned) == len(before) + 2
    assert during is None
    assert kept(book) == before
    assert book.audited().openings == len(before)


def test_orphans_are_dropped_at_the_next_start(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(book)
    with book.clerk() as clerk:
        request, _ = clerk.retirement("owner", [(book.streams["native"], 1)])
        with monkeypatch.context() as patch:
            patch.setattr(LogRecorder, "record", torn)
            with pytest.raises(TornError):
                clerk.operator.committer.commit([request])
    assert kept(book) != before

    with book.clerk():
        pass

    assert kept(book) == before
    assert book.audited().openings == len(before)


def test_a_dropped_value_is_not_in_the_file_any_more(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "a name that nobody may read again"
    path = book.directory / "openings.db"
    with book.clerk() as clerk:
        request, _ = clerk.retirement(
            "owner", [(book.streams["native"], 1)], beneficiary=Hidden(value=secret)
        )
        with monkeypatch.context() as patch:
            patch.setattr(LogRecorder, "record", torn)
            with pytest.raises(TornError):
                clerk.operator.committer.commit([request])
        assert secret.encode() in path.read_bytes()

        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])

    assert secret.encode() not in path.read_bytes()
    assert secret.encode() not in path.with_name("openings.db-journal").read_bytes()
    assert book.audited().entries > 0


def test_the_openings_of_a_request_are_durable_before_it_is_recorded(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    whole = LogRecorder.record

    def record(*values: Any) -> None:
        with sqlite3.connect(book.directory / "openings.db") as connection:
            seen.extend(connection.execute("SELECT count(*) FROM openings").fetchone())
        connection.close()
        whole(*values)

    before = len(kept(book))
    monkeypatch.setattr(LogRecorder, "record", record)
    with book.clerk() as clerk:
        clerk.retires("owner", [(book.streams["native"], 1)])

    assert seen == [before + 2]
    assert book.audited().openings == before + 2


def test_an_act_asked_for_twice_has_its_openings_once(book: Book) -> None:
    before = len(kept(book))
    with book.clerk() as clerk:
        request, _ = clerk.retirement("owner", [(book.streams["native"], 1)])

        clerk.operator.committer.commit([request, request])
        clerk.operator.committer.commit([request])

    assert len(kept(book)) == before + 2
    assert book.audited().openings == before + 2


def test_what_is_erased_is_nowhere_in_the_file_and_every_proof_still_holds(book: Book) -> None:
    openings = Openings(book.directory)
    ((commitment, opening),) = [
        (one, shown) for one, shown in openings.all() if shown.value == "受益人"
    ]
    assert "受益人".encode() in book.directory.joinpath("openings.db").read_bytes()

    erased = openings.erase([commitment])

    assert erased == 1
    assert openings.find([commitment]) == {}
    for file in book.directory.glob("openings.db*"):
        assert "受益人".encode() not in file.read_bytes()
        assert opening.salt not in file.read_bytes()
    assert book.audited().openings == len(kept(book))
    assert openings.erase([commitment]) == 0
