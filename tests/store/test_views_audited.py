"""The audit holds every table of projections against a replay, and names the first figure that differs."""

from collections.abc import Iterator

import pytest

from registry.place import Server
from registry.projections.every import TABLES
from registry.store.log import Log
from registry.store.views import views
from tests.books import Book

BOTH = pytest.mark.on("sqlite", "postgres")


@pytest.fixture
def asked(book: Book) -> Book:
    """A registry whose tables were asked."""
    with_tables(book)
    return book


def with_tables(book: Book) -> None:
    log = Log(book.place)
    with views(log) as tables:
        assert tables.rows("holdings")
    log.close()


def spoil(book: Book, statement: str, *values: object) -> None:
    """Change the tables, which nobody guards."""
    if isinstance(book.place, Server):
        book.change(statement, *values)
    else:
        book.change(statement, *values, file="views.db")


@BOTH
def test_tables_that_were_never_asked_for_are_no_finding(book: Book):
    assert book.fault() is None


def test_a_file_whose_maker_was_cut_off_before_there_were_tables_is_no_finding(book: Book):
    (book.directory / "views.db").touch()

    assert book.fault() is None


@BOTH
def test_tables_as_they_were_folded_are_no_finding(asked: Book):
    assert asked.fault() is None


@BOTH
def test_tables_that_lag_behind_are_compared_as_far_as_they_are(asked: Book):
    with asked.clerk() as clerk:
        clerk.opens("carol")
    lagging = asked.fault()

    spoil(asked, "UPDATE view_accounts SET legal_form = 'event' WHERE entry = 0")

    assert lagging is None
    assert (found := asked.fault()) is not None
    assert (found.code, found.facts["table"]) == ("derived.views", "accounts")


@BOTH
def test_a_figure_that_was_changed_is_named(asked: Book):
    alice, batch = asked.accounts["alice"], asked.streams["foreign"]

    spoil(
        asked,
        "UPDATE view_holdings SET held_g = held_g + 1 WHERE account = ? AND batch = ?"
        " AND until > 1000000",
        alice,
        batch,
    )

    found = asked.fault()
    assert found is not None
    assert found.code == "derived.views"
    assert {name: found.facts[name] for name in ("table", "column", "found", "expected")} == {
        "table": "holdings",
        "column": "held_g",
        "found": "7000001",
        "expected": "7000000",
    }
    assert found.facts["key"] == str([alice, batch])


def changes() -> Iterator[tuple[str, str]]:
    yield "holdings", "DELETE FROM view_holdings WHERE retired_g > 0"
    yield "movements", "DELETE FROM view_movements WHERE range_start = 0"
    yield "movements", "UPDATE view_movements SET taker = NULL WHERE taker IS NOT NULL"
    yield "retirements", "UPDATE view_retirements SET purpose = 'meeting' WHERE public = 0"
    yield "batches", "UPDATE view_batches SET until = until - 1 WHERE until < 1000000"
    yield "batches", "UPDATE view_batches SET since = 0 WHERE until > 1000000"
    yield "verdicts", "UPDATE view_verdicts SET result = 'flag'"
    yield "view_positions", "UPDATE view_positions SET root = substr(root, 2)"
    yield "view_positions", "UPDATE view_positions SET size = -1"


@BOTH
@pytest.mark.parametrize(("table", "statement"), list(changes()))
def test_whatever_was_changed_its_table_is_named(asked: Book, table: str, statement: str):
    spoil(asked, statement)

    found = asked.fault()

    assert found is not None
    assert (found.code, found.facts["table"]) == ("derived.views", table)


@BOTH
def test_a_row_too_many_is_a_finding(asked: Book):
    spoil(
        asked,
        "INSERT INTO view_roles (account, role, held, granted, since, until)"
        " VALUES ('account/zzzzzzzzzzzzzzzz', 'officer', 1, 0, 0, 9223372036854775807)",
    )

    found = asked.fault()

    assert found is not None
    assert (found.facts["table"], found.facts["expected"]) == ("roles", "—")


@BOTH
def test_a_table_that_is_gone_or_has_other_columns_is_a_finding(asked: Book):
    spoil(asked, "ALTER TABLE view_roles RENAME TO elsewhere")

    found = asked.fault()

    assert found is not None
    assert found.code == "derived.views"
    assert "view_roles" in str(found.facts["said"])


@BOTH
def test_tables_of_another_version_are_passed_by(asked: Book):
    spoil(asked, "UPDATE view_positions SET definition = 'another' WHERE projection = 'holdings'")
    spoil(asked, "UPDATE view_holdings SET held_g = 0")

    assert asked.fault() is None


def test_a_file_that_is_none_is_a_finding_and_the_history_stands(asked: Book):
    (asked.directory / "views.db").write_bytes(b"not a database, but long enough to look at")

    found = asked.fault()

    assert found is not None
    assert found.code == "derived.views"


def test_a_bare_file_is_audited_without_them(asked: Book):
    spoil(asked, "UPDATE view_holdings SET held_g = 0")
    bare = Book(asked.database, asked.id, asked.key, {}, {}, {})

    assert bare.fault() is None


def test_a_table_for_every_change_is_there():
    assert {table for table, _ in changes()} - {"view_positions"} <= set(TABLES)
