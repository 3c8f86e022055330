"""Openings: durable before their entry, dropped if it never came, and erasable without breaking anything."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from registry.acts.propose import Hidden
from registry.errors import RefusedError, UnavailableError
from registry.ledger import canonical
from registry.ledger.commitment import OPENING_BYTES_MAX, Opening
from registry.place import Server
from registry.store.clock import Clock
from registry.store.committer import Receipt
from registry.store.log import Log
from registry.store.openings import FileOpenings
from registry.store.operator import PATIENCE_US, Operator
from registry.store.postgres import PostgresRecorder
from registry.store.sqlite import SqliteRecorder
from tests.books import Book

pytestmark = pytest.mark.on("sqlite", "postgres")


class TornError(Exception):
    """What a test breaks a commit with."""


def kept(book: Book) -> list[Any]:
    return book.rows("SELECT commitment, entry FROM openings ORDER BY 1", file="openings.db")


def torn(*_values: Any, **_named: Any) -> None:
    raise TornError


def found(book: Book, commitments: Sequence[bytes]) -> dict[bytes, Opening]:
    with closing(Log(book.place)) as log:
        return log.openings.find(commitments)


def test_every_commitment_of_the_book_can_be_opened(book: Book) -> None:
    openings = found(book, [commitment for commitment, _ in kept(book)])

    assert len(openings) == len(kept(book)) == book.audited().openings


def test_what_was_erased_is_not_found_and_the_log_stays_valid(book: Book) -> None:
    before = book.audited()
    erased, *_ = kept(book)

    book.change("DELETE FROM openings WHERE commitment = ?", erased[0], file="openings.db")

    assert found(book, [erased[0]]) == {}
    assert book.audited().root == before.root
    with book.clerk() as clerk:
        clerk.retires("owner", [(book.streams["native"], 1)])
    assert book.audited().entries == before.entries + 1


def test_all_may_be_erased(book: Book) -> None:
    before = book.audited()

    book.change("DELETE FROM openings", file="openings.db")

    assert book.audited().openings == 0
    assert book.audited().root == before.root


@pytest.mark.on("sqlite")
def test_a_torn_commit_leaves_orphans_which_the_next_write_drops(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept(book)
    with book.clerk() as clerk:
        request, _ = clerk.retirement("owner", [(book.streams["native"], 1)])
        with monkeypatch.context() as patch:
            patch.setattr(SqliteRecorder, "record", torn)
            with pytest.raises(TornError):
                clerk.operator.committer.commit([request])
        orphaned = kept(book)
        during = book.fault()

        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])

    assert len(orphaned) == len(before) + 2
    assert during is None
    assert kept(book) == before
    assert book.audited().openings == len(before)


@pytest.mark.on("sqlite")
def test_orphans_are_dropped_at_the_next_start(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept(book)
    with book.clerk() as clerk:
        request, _ = clerk.retirement("owner", [(book.streams["native"], 1)])
        with monkeypatch.context() as patch:
            patch.setattr(SqliteRecorder, "record", torn)
            with pytest.raises(TornError):
                clerk.operator.committer.commit([request])
    assert kept(book) != before

    with book.clerk():
        pass

    assert kept(book) == before
    assert book.audited().openings == len(before)


@pytest.mark.on("sqlite")
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
            patch.setattr(SqliteRecorder, "record", torn)
            with pytest.raises(TornError):
                clerk.operator.committer.commit([request])
        assert secret.encode() in path.read_bytes()

        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])

    assert secret.encode() not in path.read_bytes()
    assert secret.encode() not in path.with_name("openings.db-journal").read_bytes()
    assert book.audited().entries > 0


@pytest.mark.on("sqlite")
def test_the_openings_of_a_request_are_durable_before_it_is_recorded(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    whole = SqliteRecorder.record

    def record(*values: Any) -> None:
        with sqlite3.connect(book.directory / "openings.db") as connection:
            seen.extend(connection.execute("SELECT count(*) FROM openings").fetchone())
        connection.close()
        whole(*values)

    before = len(kept(book))
    monkeypatch.setattr(SqliteRecorder, "record", record)
    with book.clerk() as clerk:
        clerk.retires("owner", [(book.streams["native"], 1)])

    assert seen == [before + 2]
    assert book.audited().openings == before + 2


@pytest.mark.on("postgres")
@pytest.mark.parametrize("method", ["record", "_commit"])
def test_on_a_server_names_of_an_act_that_failed_go_with_it(
    book: Book, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    before = kept(book)
    with book.clerk() as clerk:
        request, _ = clerk.retirement("owner", [(book.streams["native"], 1)])
        with monkeypatch.context() as patch:
            patch.setattr(PostgresRecorder, method, torn)
            with pytest.raises(TornError):
                clerk.operator.committer.commit([request])
        assert kept(book) == before

        clerk.operator.record([request])

    assert len(kept(book)) == len(before) + len(request.openings)
    assert book.audited().openings == len(kept(book))


@pytest.mark.on("postgres")
def test_on_a_server_what_is_erased_is_gone_and_every_proof_still_holds(book: Book) -> None:
    everything = found(book, [commitment for commitment, _ in kept(book)])
    ((commitment, _),) = [
        (one, shown) for one, shown in everything.items() if shown.value == "受益人"
    ]
    with closing(Log(book.place, writes=True)) as log:
        erased = log.openings.erase([commitment]), log.openings.erase([commitment])

    assert erased == (1, 0)
    assert found(book, list(everything)).keys() == everything.keys() - {commitment}
    assert book.audited().openings == len(kept(book)) == len(everything) - 1


@pytest.mark.on("postgres")
def test_on_a_server_its_owner_leaves_nothing_of_what_is_erased_in_the_tables_file(
    book: Book,
) -> None:
    openings = found(book, [commitment for commitment, _ in kept(book)])
    (commitment,) = [one for one, shown in openings.items() if shown.value == "受益人"]
    assert "受益人".encode() in table_file(book).read_bytes()

    with closing(Log(book.place, writes=True)) as log:
        log.openings.erase([commitment])
        left = "受益人".encode() in table_file(book).read_bytes()
        rewritten = log.openings.scrub()

    assert (left, rewritten) == (True, True)
    assert "受益人".encode() not in table_file(book).read_bytes()
    assert found(book, list(openings)).keys() == openings.keys() - {commitment}


def table_file(book: Book) -> Path:
    """The file of the table `openings`, with all that was written to it."""
    with psycopg.connect(cast(Server, book.place).url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        asked = "SELECT current_setting('data_directory'), pg_relation_filepath('openings')"
        row = connection.execute(asked).fetchone()
    assert row is not None
    return Path(*row)


def test_an_act_asked_for_twice_has_its_openings_once(book: Book) -> None:
    before = len(kept(book))
    with book.clerk() as clerk:
        request, _ = clerk.retirement("owner", [(book.streams["native"], 1)])

        clerk.operator.committer.commit([request, request])
        clerk.operator.committer.commit([request])

    assert len(kept(book)) == before + 2
    assert book.audited().openings == before + 2


@pytest.mark.on("sqlite")
def test_what_is_erased_is_nowhere_in_the_file_and_every_proof_still_holds(book: Book) -> None:
    openings = FileOpenings(book.directory)
    everything = openings.find([commitment for commitment, _ in kept(book)])
    ((commitment, opening),) = [
        (one, shown) for one, shown in everything.items() if shown.value == "受益人"
    ]
    assert "受益人".encode() in book.directory.joinpath("openings.db").read_bytes()

    erased = openings.erase([commitment])
    rewritten = openings.scrub()

    assert (erased, rewritten) == (1, True)
    assert openings.find([commitment]) == {}
    for file in book.directory.glob("openings.db*"):
        assert "受益人".encode() not in file.read_bytes()
        assert opening.salt not in file.read_bytes()
    assert book.audited().openings == len(kept(book))
    assert openings.erase([commitment]) == 0


@pytest.mark.on("sqlite")
@pytest.mark.parametrize("kept_open", [True, False])
def test_a_file_that_went_away_is_missed_before_a_name_is_lost(
    book: Book, *, kept_open: bool
) -> None:
    file = book.directory / "openings.db"
    aside = file.with_suffix(".aside")
    before = book.audited()
    batch = book.streams["native"]
    with book.clerk() as clerk:
        named, _ = clerk.retirement("owner", [(batch, 3)], beneficiary=Hidden(value="一人"))
        if not kept_open:
            clerk.operator.log.openings.close()
        file.rename(aside)
        with pytest.raises(UnavailableError) as missed:
            clerk.operator.record([named])
        made = file.exists()
        aside.rename(file)
        clerk.operator.record([named])

    assert (missed.value.code, missed.value.facts) == ("database_moved", {"file": str(file)})
    assert not made
    assert book.audited().entries == before.entries + 1


@pytest.mark.on("sqlite")
def test_another_file_in_its_place_is_noticed_and_taken_for_right_the_next_time(book: Book) -> None:
    file = book.directory / "openings.db"
    batch = book.streams["native"]
    with book.clerk() as clerk:
        first, _ = clerk.retirement("owner", [(batch, 2)], beneficiary=Hidden(value="一人"))
        clerk.operator.record([clerk.transfer(batch, "owner", "bob", 1)])
        restored = file.read_bytes()
        file.unlink()
        file.write_bytes(restored)
        with pytest.raises(UnavailableError) as missed:
            clerk.operator.record([first])
        receipt = clerk.operator.record([first])[0]

    assert missed.value.code == "database_moved"
    assert len(opened(book, receipt.index)) == len(first.openings)


def opened(book: Book, entry: int) -> list[Any]:
    return book.rows("SELECT value FROM openings WHERE entry = ?", entry, file="openings.db")


@pytest.mark.on("sqlite")
def test_a_registry_whose_names_are_gone_does_not_start(book: Book) -> None:
    (book.directory / "openings.db").unlink()

    with pytest.raises(UnavailableError) as missed:
        Operator(book.place)

    assert missed.value.code == "database_moved"
    assert not (book.directory / "openings.db").exists()


@pytest.mark.on("sqlite")
def test_names_of_a_commit_that_failed_are_there_if_it_comes_back_from_the_disk(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit whose flush fails may be found whole after a crash, and then it needs its names."""
    batch = book.streams["native"]
    with book.clerk() as clerk:
        first, _ = clerk.retirement("owner", [(batch, 2)], beneficiary=Hidden(value="一人"))
        second, _ = clerk.retirement("owner", [(batch, 3)], beneficiary=Hidden(value="二人"))
        for request in (first, second):
            with monkeypatch.context() as patch:
                patch.setattr(SqliteRecorder, "record", torn)
                with pytest.raises(TornError):
                    clerk.operator.committer.commit([request])
        greedy = clerk.transfer(batch, "owner", "bob", 10**9)
        (refused,) = clerk.operator.committer.commit([greedy])
        names = {row[0] for row in book.rows("SELECT value FROM openings", file="openings.db")}
        (receipt,) = clerk.operator.record([first])
    after = {row[0] for row in book.rows("SELECT value FROM openings", file="openings.db")}

    assert isinstance(refused, RefusedError)
    assert {canonical.encode("一人"), canonical.encode("二人")} <= names
    assert canonical.encode("一人") in after
    assert canonical.encode("二人") not in after
    assert len(opened(book, receipt.index)) == len(first.openings)
    assert book.audited().entries == receipt.index + 1


def test_an_act_that_repeats_a_commitment_under_a_nonce_that_is_free_again_is_recorded(
    book: Book,
) -> None:
    batch, answers = book.streams["native"], []
    with book.clerk() as clerk:
        committer = clerk.operator.committer
        now_us = committer.clock.now_us()
        for amount_g, at_us in ((1, now_us), (2, now_us + 2 * PATIENCE_US)):
            committer.clock = Clock(wall=lambda at_us=at_us: at_us, steady=lambda: 0)
            setting = replace(clerk.setting("owner", nonce=bytes(16)), entropy=bytes(32))
            body = {
                "giver": clerk.accounts["owner"],
                "taker": clerk.accounts["bob"],
                "amount_g": amount_g,
                "standard": "SCFG",
                "range": None,
                "venue": None,
                "trade": Hidden(value="成交 1"),
            }
            parts = [(batch, [("batch.transferred.v1", body)])]
            answers += committer.commit([clerk.operator.request(setting, parts)])

    assert [type(answer) for answer in answers] == [Receipt, Receipt]
    assert opened(book, answers[0].index) == []
    assert opened(book, answers[1].index) == [(canonical.encode("成交 1"),)]
    assert book.audited().entries == answers[1].index + 1


@pytest.mark.parametrize(
    "changed",
    [
        {"salt": bytes(31)},
        {"salt": "s" * 32},
        {"value": "x" * OPENING_BYTES_MAX},
        {"value": ["x"] * OPENING_BYTES_MAX},
        {"value": []},
        {"value": 1},
    ],
)
def test_an_opening_that_nobody_could_read_back_is_refused(
    book: Book, changed: dict[str, Any]
) -> None:
    with book.clerk() as clerk:
        request, _ = clerk.retirement("owner", [(book.streams["native"], 2)])
        odd = replace(request, openings=(replace(request.openings[0], **changed),))

        (answer,) = clerk.operator.committer.commit([odd])

    assert isinstance(answer, RefusedError)
    assert answer.code == "wrong_opening"
    assert "why" in answer.facts or "bytes" in answer.facts
