"""What is asked of the tables by hand: lists, totals, as of any entry, day or time; and the tables themselves."""

import csv
import io
import os
import sqlite3
from datetime import UTC, datetime

import pytest

from registry.cli.listing import as_lines
from registry.desk import columns, words
from registry.desk.lists import LISTS
from registry.projections.every import PROJECTIONS, TABLES
from tests.books import GRAMS, Book, book, shelf
from tests.test_cli import Shell, english, number, shell

__all__ = ["book", "english", "shelf", "shell"]


def at(book: Book, *words: str):
    return (*words, "--dir", book.directory)


def test_every_column_has_words_in_both_languages():
    for table in TABLES.values():
        for name in table.names:
            if name != "until":
                assert name in columns.COLUMNS or name in words.FIELDS, (table.name, name)


@pytest.mark.parametrize("name", [*TABLES, *LISTS])
def test_every_table_is_listed(name: str, book: Book, shell: Shell):
    said = shell(*at(book, "list", name), "--lang", "zh")
    told = shell(*at(book, "list", name), "--json")
    lines = shell(*at(book, "list", name), "--csv")

    assert (said.code, told.code, lines.code) == (0, 0, 0), (said.err, told.err, lines.err)
    assert f"{name}：{len(told.json['rows'])} 行" in said.out
    assert len(list(csv.reader(io.StringIO(lines.out)))) == 1 + len(told.json["rows"])
    assert told.json["as_of_size"] == told.json["log_size"]


def test_rows_are_found_by_what_they_have(book: Book, shell: Shell):
    alice = book.accounts["alice"]

    found = shell(
        *at(book, "list", "retirements"),
        *("--where", f"holder={alice}", "--where", "amount_g<=87", "--where", "amount_g>10"),
        "--json",
    ).json["rows"]

    assert sorted(row["amount_g"] for row in found) == [20, 87]


def test_people_read_names_beside_accounts(book: Book, shell: Shell):
    alice = book.accounts["alice"]
    name = shell(*at(book, "balance", alice), "--json").json["name"]

    shown = shell(*at(book, "list", "balances"), "--lang", "en").out

    assert name
    assert f"{name} ({alice})" in shown


def test_totals_add_up_three_ways(book: Book, shell: Shell):
    def total(table: str, column: str, by: str) -> int:
        rows = shell(*at(book, "list", table), "--by", by, "--json").json["rows"]
        return sum(row[column] for row in rows)

    ways = [
        total("retirements", "amount_g", "purpose"),
        total("retirements", "amount_g", "month"),
        total("retired", "amount_g", "standard"),
        total("batches", "retired_g", "standard"),
        total("holdings", "retired_g", "account"),
    ]

    assert ways == [3 * GRAMS + 147] * 5


def test_balances_are_by_account_kind_and_period(book: Book, shell: Shell):
    rows = shell(*at(book, "list", "balances"), "--json").json["rows"]

    (own,) = [
        row for row in rows if (row["account"], row["standard"]) == (book.accounts["alice"], "VCU")
    ]
    assert (own["period_from"], own["held_g"], own["retired_g"]) == (
        "2025-01-01",
        7 * GRAMS,
        3 * GRAMS,
    )


def test_deposits_are_told_apart_from_issues(book: Book, shell: Shell):
    rows = shell(*at(book, "list", "batches"), "--by", "origin", "--json").json["rows"]

    assert {row["origin"]: row["received_g"] for row in rows} == {
        "native": 1_000,
        "deposited": 10 * GRAMS,
    }


def test_names_are_shown_only_of_what_is_public(book: Book, shell: Shell):
    rows = shell(*at(book, "list", "retirements"), "--json").json["rows"]

    named = {row["number"]: row for row in rows}
    assert named[number(book, "public")]["beneficiary"] == "受益人"
    assert named[number(book, "public")]["organisers"] == ["主办方甲", "organiser two"]
    hidden = named[number(book, "private")]
    assert hidden["public"] == 0
    assert all(len(hidden[name]) == 64 for name in ("activity", "organisers"))


def test_a_balance_as_of_an_entry_a_day_or_a_time_is_that_of_then(book: Book, shell: Shell):
    alice = book.accounts["alice"]
    entries = shell(*at(book, "show", book.streams["foreign"]), "--json").json["entries"]
    first, last = entries[0], entries[-1]

    def held(*as_of: str) -> int:
        return shell(*at(book, "balance", alice), *as_of, "--json").json["held_g"]

    assert held("--as-of", str(first["index"])) == 10 * GRAMS
    assert held("--as-of", str(first["index"] - 1)) == 0
    assert held("--as-of", str(last["index"])) == held() == 7 * GRAMS
    assert held("--as-of", last["time"]) == 7 * GRAMS
    assert held("--as-of", "2001-01-01") == 0
    assert held("--as-of", "2999-01-01") == 7 * GRAMS


def test_an_answer_says_up_to_where_it_is_true(book: Book, shell: Shell):
    said = shell(*at(book, "balance", book.accounts["alice"]), "--as-of", "20").out

    told = shell(*at(book, "balance", book.accounts["alice"]), "--as-of", "20", "--json").json
    assert f"True up to entry 20; the log has {told['log_size']} entries." in said
    assert told["as_of_size"] == 21


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("balance", "alice 有限公司", "--as-of", "9999"), 1, "no_such_entry"),
        (("balance", "alice 有限公司", "--as-of", "yesterday"), 2, "malformed"),
        (("list", "nothing"), 2, "no_such_table"),
        (("list", "batches", "--where", "colour=red"), 2, "malformed"),
        (("list", "batches", "--where", "received_g=much"), 2, "malformed"),
        (("list", "batches", "--by", "colour"), 2, "malformed"),
        (("list", "green", "--by", "account"), 2, "malformed"),
        (("views", "rebuild", "nothing"), 2, "malformed"),
    ],
)
def test_what_makes_no_sense_is_told(words, code, error, book: Book, shell: Shell):
    ended = shell(*at(book, *words), "--json")

    assert (ended.code, ended.json["error"]) == (code, error)


def test_what_is_empty_is_asked_for_by_nothing(book: Book, shell: Shell):
    rows = shell(*at(book, "list", "retirements"), "--where", "day=", "--json").json["rows"]

    assert [row["imported"] for row in rows] == [1]


def test_no_cell_is_one_that_a_spreadsheet_computes():
    lines = as_lines(["name", "amount_g"], [{"name": "=1+1", "amount_g": -5}])

    assert lines == "name,amount_g\r\n'=1+1,-5\r\n"


def test_tables_that_are_deleted_dropped_or_spoiled_are_made_again(book: Book, shell: Shell):
    before = shell(*at(book, "list", "holdings"), "--json").json["rows"]
    file = book.directory / "views.db"

    file.unlink()
    deleted = shell(*at(book, "list", "holdings"), "--json").json["rows"]
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE view_holdings")
    dropped = shell(*at(book, "list", "holdings"), "--json").json["rows"]
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE view_holdings SET held_g = held_g + 1")
    spoiled = shell(*at(book, "list", "holdings"), "--json").json["rows"]
    made = shell(*at(book, "views", "rebuild", "holdings"), "--json").json
    rebuilt = shell(*at(book, "list", "holdings"), "--json").json["rows"]

    assert deleted == dropped == rebuilt == before
    assert spoiled != before
    assert made["size"] == shell(*at(book, "views", "show"), "--json").json["size"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_registry_on_a_medium_that_cannot_be_written_answers_all_the_same(
    book: Book,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
):
    before = shell(*at(book, "list", "holdings"), "--json").json
    with book.clerk() as clerk:
        clerk.opens("carol")
    file = book.directory / "views.db"
    kept = file.read_bytes()
    monkeypatch.setattr(os, "access", lambda *_: False)

    after = shell(*at(book, "list", "holdings"), "--json").json

    assert after["rows"] == before["rows"]
    assert after["as_of_size"] == after["log_size"] == before["log_size"] + 1
    assert file.read_bytes() == kept


def test_all_projections_are_named(book: Book, shell: Shell):
    told = shell(*at(book, "views", "show"), "--json").json
    said = shell(*at(book, "views", "show")).out

    assert list(told["tables"]) == [own.name for own in PROJECTIONS]
    assert "retirements, retired" in said


def test_a_time_without_a_zone_is_one_in_china(book: Book, shell: Shell):
    now = datetime.now(tz=UTC).astimezone(words.CHINA).replace(tzinfo=None).isoformat()

    told = shell(*at(book, "balance", book.accounts["alice"]), "--as-of", now, "--json").json

    assert told["as_of_size"] == told["log_size"]
