"""Batches by hand: carved, traded under a mandate, suspended, cancelled, buffered; and the books of before."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from registry.acts import old_books
from registry.desk.desk import Desk
from registry.errors import RefusedError
from tests.books import book, home, shelf
from tests.test_cli import english, shell
from tests.test_cli_acts import Day, day

__all__ = ["book", "day", "english", "home", "shelf", "shell"]

PERIOD = "2025-01-01..2025-12-31"
HEADER = ",".join(old_books.COLUMNS)
BOOKS = f"""{HEADER}
1,issued,CD-1,SCFG,2023-01-01..2023-12-31,owner 有限公司,,100,2024-03-01,,,
2,transferred,CD-1,,,owner 有限公司,alice 有限公司,40,2024-04-01,,,
4,retired,CD-1,,,alice 有限公司,,2.5,2024-05-20,enterprise,年会,CD-2024-007
5,issued,CD-2,SCFG,2023-01-01..2023-12-31,owner 有限公司,,10,2024-06-01,,,
7,retired,CD-2,,,owner 有限公司,,1,2024-06-03,meeting,,
"""


def state(day: Day, batch: str) -> Any:
    return day.json("batch", "show", batch)


def paper(day: Day) -> Path:
    return day.paper("decision")


def written(day: Day, text: str) -> Path:
    file = day.directory.parent / "books.csv"
    file.write_text(text, "utf-8")
    return file


def test_a_child_is_carved_out_and_lives_on_its_own(day: Day):
    native = day.streams["native"]
    before = state(day, native)

    child = day.begins(
        "batch", "carve", "0.0001", "--holder", day.accounts["owner"], "--batch", native
    )

    shown = state(day, child)
    assert (shown["root"], shown["depth"], shown["held_g"]) == (native, 1, 100)
    assert state(day, native)["carved_g"] == 100
    assert state(day, native)["held_g"] == before["held_g"] - 100
    assert "根批次" in day("batch", "show", child, "--lang", "zh").out


def test_a_suspended_batch_stands_still_until_it_is_reinstated(day: Day):
    native, owner = day.streams["native"], day.accounts["owner"]
    move = ("transfer", "1g", "--from", owner, "--to", day.accounts["alice"], "--batch", native)

    day.acts("batch", "suspend", native, "--document", paper(day))
    still = state(day, native)
    refusal = day.refused(*move)
    day.acts("batch", "reinstate", native, "--document", paper(day))
    again = day.refused("batch", "reinstate", native, "--document", paper(day))
    day.acts(*move)

    assert (refusal["error"], again["error"]) == ("batch_suspended", "out_of_order")
    assert still["status"] == "suspended"
    assert still["suspended_in"] == refusal["facts"]["entry"]


def test_what_was_issued_in_error_is_cancelled(day: Day):
    native, owner = day.streams["native"], day.accounts["owner"]
    before = state(day, native)
    typed = ("--holder", owner, "--batch", native, "--document", paper(day))

    made = day.acts("batch", "cancel", "5g", *typed, "--reason", "over_issuance")
    much = day.refused("batch", "cancel", "5", *typed, "--reason", "reversal")

    assert made["entries"][0]["events"][0]["kind"] == "batch.cancelled.v1"
    assert state(day, native)["cancelled_g"] == before["cancelled_g"] + 5
    assert much["error"] == "insufficient_holding"


def sets_policy(day: Day, *typed: object) -> Any:
    return day.acts("policy", "set", *typed, "--document", paper(day))


def test_policy_leaves_a_share_to_the_buffer_and_it_is_released_again(day: Day):
    day.opens("buffer")
    day.acts("role", "grant", "buffer", "buffer")
    sets_policy(day, "buffer_share", "--standard", "SCFG", "--number", "100")
    project, owner = day.streams["project"], day.accounts["owner"]
    verified = ("--period", "2024-01-01..2024-12-31", "--amount", "1")
    day.acts("project", "verify", project, "1", *verified[:2], "--report", paper(day))

    batch = day.begins("batch", "issue", project, "1", *verified[:2])
    buffered = state(day, batch)
    nothing = day.refused(
        "batch", "release-buffer", "1g", "--batch", day.streams["native"], "--to", owner
    )
    day.acts("batch", "release-buffer", "0.04", "--batch", batch, "--to", owner)
    (lock,) = state(day, batch)["locks"]
    lost = ("--holder", "buffer", "--batch", batch, "--document", paper(day))
    day.acts("batch", "cancel", "0.06", *lost, "--reason", "reversal", "--lock", str(lock["entry"]))

    assert (buffered["held_g"], buffered["locked_g"]) == (900_000, 100_000)
    assert nothing["error"] == "nothing_buffered"
    assert lock["left_g"] == 60_000
    assert state(day, batch)["cancelled_g"] == 60_000
    assert state(day, batch)["locks"] == []


def test_an_exchange_trades_under_a_mandate(day: Day):
    native, owner = day.streams["native"], day.accounts["owner"]
    trade = ("batch", "trade", "3g", "--from", owner, "--to", day.accounts["alice"])
    trade = (*trade, "--batch", native, "--trade", "CJ-2026-1")

    without = day.refused(*trade)
    day.acts("account", "mandate", "give", owner, "--until", "2099-12-31")
    made = day.acts(*trade)

    (entry,) = made["entries"]
    assert without["error"] == "no_mandate"
    assert entry["signers"] == [day.accounts["exchange"]]
    assert entry["events"][0]["opened"] == {"trade": "CJ-2026-1"}


def test_what_is_large_is_seconded_by_an_officer(day: Day):
    native, owner = day.streams["native"], day.accounts["owner"]
    sets_policy(day, "second_person_over", "--code", "send", "--code", "retire", "--number", "2g")
    move = ("--from", owner, "--to", day.accounts["alice"], "--batch", native)

    small = day.acts("transfer", "2g", *move)
    large = day.acts("transfer", "3g", *move)
    retired = day.acts(
        "retire", "3g", "--holder", owner, "--batch", native, "--purpose", "enterprise"
    )

    assert [len(made["entries"][0]["signers"]) for made in (small, large, retired)] == [1, 2, 2]
    assert large["entries"][0]["events"][-1]["kind"] == "account.seconded.v1"


def test_allowances_are_deposited_and_carried_over(day: Day):
    recognise = ("standard", "recognise", "CEA", "--class", "allowance", "--unit", "1")
    day.acts(*recognise, "--home", "CETS", "--serials", "3:0:1:2", "--claim", "enterprise")

    batch = day.begins(
        "batch",
        "deposit-allowances",
        "CEA",
        "CEA2025-1-5",
        *("--year", "2025", "--expires", "2098-12-31", "--holder", day.accounts["owner"]),
        *("--document", paper(day)),
    )
    over = ("batch", "carry-over", batch, "--document", paper(day), "--expires")
    earlier = day.refused(*over, "2098-12-31")
    day.acts(*over, "2099-12-31")
    none = day.refused(*("batch", "carry-over", day.streams["native"]), *over[3:], "2099-12-31")

    assert state(day, batch)["expires"] == "2099-12-31"
    assert state(day, batch)["period"] == ["2025-01-01", "2025-12-31"]
    assert (earlier["error"], none["error"]) == ("not_later", "not_an_allowance")


# ---- the books of before


def test_the_books_of_before_are_entered_and_their_certificates_keep_their_numbers(day: Day):
    file = written(day, BOOKS)

    foreseen = day.json("batch", "import-books", file, "--dry-run")
    untouched = day.files()
    done = day.json("batch", "import-books", file)

    assert (foreseen["rows"], foreseen["dry_run"]) == (5, True)
    assert foreseen["batches"] == done["batches"]
    assert untouched != day.files()
    assert (done["rows"], done["already"]) == (5, 0)
    assert done["source"] == sha256(file.read_bytes()).hexdigest()
    first, second = (state(day, one["batch"]) for one in done["batches"])
    assert (first["credit_origin"], first["received_g"]) == ("imported", 100_000_000)
    assert (first["retired_g"], second["retired_g"]) == (2_500_000, 1_000_000)
    kept, plain = done["certificates"]
    shown = day.json("show", kept["certificate"])
    kinds = [event["kind"] for entry in shown["entries"] for event in entry["events"]]
    assert kinds == ["certificate.issued.v1", "certificate.numbered_before.v1"]
    assert plain["before"] is None


def test_books_are_entered_once(day: Day):
    file = written(day, BOOKS)
    day.json("batch", "import-books", file)

    again = day.json("batch", "import-books", file)

    assert (again["rows"], again["already"]) == (0, 5)


def test_what_was_entered_before_a_crash_is_not_entered_again(
    day: Day, monkeypatch: pytest.MonkeyPatch
):
    file = written(day, BOOKS)
    monkeypatch.setattr("registry.desk.importing.PAGE_ROWS", 2)
    performed = []
    perform = Desk.perform

    def dies_after_two(desk: Desk, plans: Any) -> Any:
        if len(performed) == 2:
            raise KeyboardInterrupt
        performed.append(len(plans))
        return perform(desk, plans)

    with monkeypatch.context() as patch:
        patch.setattr("registry.cli.acting.Desk.perform", dies_after_two)
        day("batch", "import-books", file)
    rest = day.json("batch", "import-books", file)

    assert performed == [2, 2]
    assert (rest["rows"], rest["already"]) == (1, 4)
    shown = day.json("show", rest["certificates"][0]["certificate"])
    assert len(shown["entries"]) == 2


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("6,issued,CD-3,SCFG,2023-01-01..2022-12-31,owner 有限公司,,100,2024-03-01,,,", "period"),
        ("6,issued,CD-1,SCFG,2023-01-01..2023-12-31,owner 有限公司,,1,2024-03-01,,,", "batch"),
        ("6,transferred,CD-9,,,owner 有限公司,alice 有限公司,1,2024-03-01,,,", "batch"),
        ("5,transferred,CD-1,,,owner 有限公司,alice 有限公司,1,2024-03-01,,,", "row"),
        ("x,transferred,CD-1,,,owner 有限公司,alice 有限公司,1,2024-03-01,,,", "row"),
        ("6,sold,CD-1,,,owner 有限公司,alice 有限公司,1,2024-03-01,,,", "what"),
        ("6,transferred,CD-1,,,owner 有限公司,,1,2024-03-01,,,", "taker"),
        ("6,retired,CD-1,,,owner 有限公司,alice 有限公司,1,2024-03-01,meeting,,", "taker"),
        ("6,retired,CD-1,,,owner 有限公司,,1,2024-03-01,fun,,", "purpose"),
        ("6,retired,CD-1,,,owner 有限公司,,1,2024-03-01,meeting,,编号", "certificate"),
        ("6,retired,CD-1,,,owner 有限公司,,0,2024-03-01,meeting,,", "tonnes"),
        ("6,retired,CD-1,,,owner 有限公司,,1,2024-02-30,meeting,,", "day"),
        ("6,issued,CD-3,scfg,2023-01-01..2023-12-31,owner 有限公司,,1,2024-03-01,,,", "standard"),
        ("6,retired", "columns"),
        ('6,retired,"CD-1', "columns"),
    ],
)
def test_bad_rows_are_named_by_their_line(row: str, field: str):
    lines = BOOKS.splitlines()
    text = "\n".join([*lines[:5], row, ""])

    with pytest.raises(RefusedError) as caught:
        old_books.read(text.encode())

    assert caught.value.code == "bad_rows"
    assert [(line, name) for line, name, _, _ in caught.value.facts["rows"]] == [(6, field)]


@pytest.mark.parametrize("text", ["", "row,what\n", f"{HEADER},more\n", f"{HEADER}\n"])
def test_books_have_exactly_these_columns_and_some_rows(text: str):
    with pytest.raises(RefusedError) as caught:
        old_books.read(text.encode())

    assert caught.value.code == "bad_header"


def test_accounts_that_nobody_knows_are_named_before_anything_is_done(day: Day):
    file = written(day, BOOKS.replace("alice 有限公司", "nobody"))

    refusal = day.refused("batch", "import-books", file)

    assert refusal["error"] == "bad_rows"
    assert [row[:3] for row in refusal["facts"]["rows"]] == [
        [3, "taker", "nobody"],
        [4, "holder", "nobody"],
    ]
    assert "nobody" in day("batch", "import-books", file, "--lang", "zh").out


def test_what_the_rules_refuse_of_the_books_is_refused_as_a_page(day: Day):
    file = written(day, BOOKS.replace(",40,", ",140,"))

    refusal = day.refused("batch", "import-books", file)

    assert refusal["error"] == "insufficient_holding"
