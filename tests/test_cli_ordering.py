"""Restoration orders by hand: from registration to the court's confirmation, and the other ways that a case goes."""

import shutil
import time
from contextlib import redirect_stdout
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from registry.cli.main import run
from registry.desk.ask import asked
from registry.desk.given import fen, today
from registry.desk.orders import Terms
from registry.domain.standard import PURPOSES
from registry.errors import UsageError
from tests.books import home, live_at
from tests.test_cli import Ended, Shell, english, shell
from tests.test_cli_acts import Day, held_g, issued, proposed

__all__ = ["english", "home", "shell"]

DAY_NS = 24 * 3600 * 1_000_000_000


def later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """So many days pass."""
    now_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + days * DAY_NS)


def in_days(days: int) -> str:
    return date.fromordinal(date.fromisoformat(today()).toordinal() + days).isoformat()


class Quick(Day):
    """Types acts without a rehearsal before each: for what only has to be there."""

    def __call__(self, *typed: object) -> Ended:
        out = StringIO()
        with redirect_stdout(out):
            code = run([*map(str, typed), "--dir", str(self.directory)])
        return Ended(code, out.getvalue(), "")

    def acts(self, *typed: object) -> Any:
        return self.json(*typed)


@pytest.fixture(scope="session")
def courthouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A court, the case's own account and somebody who sells, with 100 t of a forest; made once, to be copied."""
    base = tmp_path_factory.mktemp("courthouse")
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        desk = Quick(None, base / "r", {}, {})
        with redirect_stdout(StringIO()):
            assert run(["init", str(desk.directory), "--origin", "registry.example/court"]) == 0
        for name in ("authority", "validator", "verifier", "court"):
            desk.opens(name)
            desk.acts("role", "grant", name, name)
        for name in ("owner", "case", "agent"):
            desk.opens(name)
        claims = [word for purpose in sorted(PURPOSES) for word in ("--claim", purpose)]
        desk.acts("standard", "recognise", "SCFG", "--class", "removal", *claims)
        issued(desk, proposed(desk))
    return base


@pytest.fixture
def case(courthouse: Path, home: Path, shell: Shell) -> Day:
    """A copy of the courthouse."""
    shutil.copytree(courthouse, home, dirs_exist_ok=True)
    return Day(shell, home / "r", {}, {})


def registered(case: Day, *more: object) -> str:
    """An order against the case's account; 10 t within thirty days, unless `more` says otherwise."""
    return case.begins(
        *("order", "register", "（2026）川0000刑初0号", "--court", "court", "--basis", "judgment"),
        *("--obligor", "某人", "--account", "case", "--document", case.paper("judgment")),
        *("--standard", "SCFG", *(more or ("--amount", "10", "--deadline", in_days(30)))),
    )


def ruling(case: Day) -> tuple[str, Path]:
    return "--document", case.paper("ruling")


def shown(case: Day, order: str) -> Any:
    return case.json("order", "show", order)


def test_a_case_goes_from_its_registration_to_the_courts_confirmation(case: Day, shell: Shell):
    order = registered(case)

    case.acts("order", "buy", order, "12", "--from", "owner")
    case.acts("order", "perform", order, "4", "--place", "510100")
    part = shown(case, order)
    early = case.refused("order", "confirm", order, *ruling(case))
    done = case.acts("order", "perform", order, "6")
    case.acts("order", "confirm", order, *ruling(case))
    case.acts("order", "release", order)
    case.acts("order", "close", order)

    assert (part["performed_g"], part["locked_g"]) == (4_000_000, 8_000_000)
    assert early["error"] == "not_performed"
    ended = shown(case, order)
    assert (ended["status"], ended["performed_g"], ended["locked_g"]) == ("closed", 10_000_000, 0)
    assert held_g(case, "case") == 2_000_000
    (listed,) = case.json("order", "list")
    assert (listed["status"], listed["performed"], listed["overdue"]) == ("closed", "10 t", "0 t")
    number = done["entries"][0]["new"][0].removeprefix("certificate/")
    proof = case.directory.parent / "performed.proof"
    assert case("certificate", number, "-o", proof).code == 0
    key = case.json("key")["vkey"]
    verified = shell("verify", proof, "--key", key, "--json").json
    assert (verified.get("verdict", verified), verified["amount_g"]) == ("valid", 6_000_000)
    assert (verified["purpose"], verified["ground"]) == ("restoration", "court_order")
    assert shell("audit", case.directory, "--key", key, "--json").json["verdict"] == "valid"


def test_nothing_of_who_must_or_of_the_case_stands_in_the_log(case: Day):
    order = registered(case)

    database = (case.directory / "registry.db").read_bytes()
    wal = case.directory / "registry.db-wal"
    database += wal.read_bytes() if wal.exists() else b""
    assert order.encode() in database
    assert "某人".encode() not in database
    assert "川0000刑初0号".encode() not in database


def test_after_default_the_court_enforces(case: Day, monkeypatch: pytest.MonkeyPatch):
    order = registered(case)
    case.acts("order", "buy", order, "10", "--from", "owner")

    early = case.refused("order", "default", order, *ruling(case))
    refused = case.refused("order", "enforce", order, *ruling(case))
    later(monkeypatch, 31)
    (listed,) = case.json("order", "list")
    case.acts("order", "default", order, *ruling(case))
    case.acts("order", "enforce", order, *ruling(case))

    assert (early["error"], refused["error"]) == ("not_overdue", "not_defaulted")
    assert listed["overdue"] == "10 t"
    assert shown(case, order)["performed_g"] == 10_000_000


def test_a_withdrawn_order_gives_back_what_was_not_retired(case: Day):
    order = registered(case)
    case.acts("order", "buy", order, "10", "--from", "owner")

    early = case.refused("order", "release", order)
    case.acts("order", "withdraw", order, *ruling(case))
    locked = case.refused("order", "close", order)
    case.acts("order", "release", order, "--by-officer")
    case.acts("order", "close", order, "--by-officer")

    assert (early["error"], locked["error"]) == ("out_of_order", "grams_locked")
    assert held_g(case, "case") == 10_000_000


def test_an_order_in_yuan_is_bought_for_with_its_price(case: Day):
    order = registered(case, "--yuan", "1000.50", "--deadline", in_days(30))
    buy = ("order", "buy", order, "10", "--from", "owner")

    refused = case.refused(*buy)
    case.acts(*buy, "--yuan", "2001")
    case.acts("order", "perform", order, "5")

    assert refused["error"] == "cost_missing"
    found = shown(case, order)
    assert (found["amount_fen"], found["performed_fen"]) == (100_050, 100_050)
    assert "1000.50 元" in case("order", "show", order).out


def test_terms_are_amended_and_the_obligor_is_another(case: Day):
    order = registered(
        case,
        *("--amount", "10", "--deadline", in_days(30), "--agent", "agent"),
        *("--instalment", f"{in_days(10)}:4", "--instalment", f"{in_days(30)}:6"),
    )
    instalments = shown(case, order)["instalments"]

    case.acts("order", "buy", order, "1", "--from", "owner", "--by-agent")
    case.acts("order", "amend", order, "--amount", "3", "--deadline", in_days(60), *ruling(case))
    case.acts("order", "substitute", order, "--obligor", "另一人", *ruling(case))

    found = shown(case, order)
    assert instalments == [[in_days(10), 4_000_000], [in_days(30), 6_000_000]]
    assert (found["amount_g"], found["deadline"], found["instalments"]) == (
        3_000_000,
        in_days(60),
        [],
    )
    assert found["agent"] is None


def test_what_was_bought_can_be_cancelled_and_the_order_loses_it(case: Day):
    order = registered(case)
    bought = case.acts("order", "buy", order, "12", "--from", "owner")["entries"][0]
    (lot,) = shown(case, order)["lots"]

    case.acts(
        *("batch", "cancel", "2", "--batch", lot["batch"], "--holder", "case"),
        *("--lock", str(bought["index"]), "--reason", "reversal", *ruling(case)),
    )

    assert shown(case, order)["locked_g"] == 10_000_000


def test_what_a_region_wants_is_named_by_the_act_itself(case: Day):
    here = registered(case, "--amount", "10", "--deadline", in_days(30), "--region", "510000")
    elsewhere = registered(case, "--amount", "10", "--deadline", in_days(30), "--region", "500000")

    case.acts("order", "buy", here, "1", "--from", "owner")
    refused = case.refused("order", "buy", elsewhere, "1", "--from", "owner")

    assert refused["error"] == "outside_regions"
    assert shown(case, here)["locked_g"] == 1_000_000


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("1000.50", 100_050), ("0.01", 1), ("1", 100), ("1.5", 150)],
)
def test_yuan_become_fen_exactly(typed: str, expected: int):
    assert fen(typed) == expected


@pytest.mark.parametrize("typed", ["0", "-1", "1.005", "1e3", "1_0", "٣", "1,000", ""])
def test_what_is_no_money_is_refused(typed: str):
    with pytest.raises(UsageError):
        fen(typed)


@pytest.mark.parametrize(
    ("amount", "yuan", "instalments"),
    [
        (None, None, []),
        ("1", "1", []),
        ("1", None, [("2026-12-31",)]),
        ("1", None, [("2026-12-31", "x")]),
        (None, "1", [("2026-12-31", "1g")]),
    ],
)
def test_what_is_owed_is_in_one_unit(amount: str | None, yuan: str | None, instalments: object):
    with pytest.raises(UsageError):
        asked(
            Terms, deadline="2026-12-31", amount=amount, yuan=yuan, instalments=instalments
        ).owed()
