"""Conduct, certificates, activities and reports on the command line: each a story from its first step to its last."""

import csv
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.books import Book, book, home, shelf
from tests.test_cli import Ended, Shell, english, shell
from tests.test_cli_acts import Day

__all__ = ["book", "english", "home", "shelf", "shell"]

KEY = "--key"


class Desk(Day):
    """Types acts at one registry, in which @alice is the account that is called so in the books."""

    def __call__(self, *typed: object) -> Ended:
        meant = (
            self.accounts[one[1:]] if isinstance(one, str) and one.startswith("@") else one
            for one in typed
        )
        return super().__call__(*meant)


@pytest.fixture
def day(book: Book, shell: Shell) -> Desk:
    """The desk of a registry in which everybody is there, with a project, batches and certificates."""
    return Desk(shell, book.directory, book.accounts, book.streams)


def today(*, days: int = 0) -> str:
    """A day in China, some days from now."""
    return (datetime.now(UTC) + timedelta(hours=8, days=days)).date().isoformat()


def later(monkeypatch: pytest.MonkeyPatch, *, days: int) -> None:
    """From now on every command is typed some days later."""
    now_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + days * 86_400 * 10**9)


def kinds(made: Any) -> list[str]:
    """What happened, in order, in all entries that an act made."""
    return [event["kind"] for entry in made["entries"] for event in entry["events"]]


def number_in(stream: str) -> str:
    return stream.partition("/")[2]


def paper_of(day: Desk, number: str, *more: object) -> Any:
    """What a stranger sees who verifies the proof file of a certificate."""
    file = day.directory.parent / f"{number}.proof"
    day.json("certificate", number, "-o", file, *more)
    return verified(day, file)


def verified(day: Desk, file: Path) -> Any:
    vkey = day.json("key")["vkey"]
    return day._shell("verify", file, KEY, vkey, "--json")


# ---- conduct


def found(day: Desk, *more: object) -> Any:
    paper = day.paper("finding")
    return day.acts("conduct", "find", "@alice", "--rule", "R-7", "--document", paper, *more)


def test_a_case_goes_from_finding_to_repair_and_forbids_what_policy_says(
    day: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    day.acts("transfer", "50g", "--from", "@owner", "--to", "@alice", "--standard", "SCFG")
    day.acts("policy", "set", "breach_forbids", "--code", "send", "--document", day.paper("policy"))
    found(day, "--details", "抄写了别人的台账")
    reply_by = today(days=20)
    day.acts(
        *("conduct", "notify", "@alice", "--document", day.paper("notice")), "--reply-by", reply_by
    )
    early = day.refused("conduct", "waive", "@alice")
    day.acts("conduct", "hear", "@alice", "--document", day.paper("reply"))
    decided = day.acts(
        *("conduct", "decide", "@alice", "--result", "upheld"), "--document", day.paper("decision")
    )
    before = day.json("standing", "@alice")
    published = day.acts("conduct", "publish", "@alice")["entries"][0]["index"]

    listed = day.json("standing", "@alice")
    refusal = day.refused(
        "transfer", "10g", "--from", "@alice", "--to", "@bob", "--standard", "SCFG"
    )
    later(monkeypatch, days=3)
    day.acts("conduct", "repair", "@alice", "--document", day.paper("made good"))
    after = day.json("standing", "@alice")
    then = day.json("standing", "@alice", "--as-of", today())

    assert early["error"] == "too_early"
    assert decided["entries"][0]["signers"] != []
    assert (before["standing"], listed["standing"]) == ("clear", "breach")
    assert listed["published_in"] == [published]
    assert listed["cases"][0]["rule"] == "R-7"
    assert refusal["error"] == "forbidden_by_standing"
    assert refusal["facts"]["entries"] == [published]
    assert (after["standing"], then["standing"]) == ("clear", "breach")
    assert "已修复" in day("show", f"conduct/{number_in(after['account'])}", "--lang", "zh").out


def test_another_officer_decides_than_the_one_who_found_it(day: Desk) -> None:
    finder = found(day)["entries"][0]["signers"]
    day.acts(
        *("conduct", "notify", "@alice", "--document", day.paper("notice")),
        *("--reply-by", today(days=20)),
    )
    day.acts("conduct", "hear", "@alice", "--document", day.paper("reply"))

    refusal = day.refused(
        *("conduct", "decide", "@alice", "--result", "upheld", "--by", finder[0]),
        *("--document", day.paper("decision")),
    )
    decided = day.acts(
        *("conduct", "decide", "@alice", "--result", "dismissed"),
        *("--document", day.paper("decision")),
    )

    assert refusal["error"] == "not_distinct"
    assert decided["entries"][0]["signers"] != finder


def test_a_hearing_is_waived_and_a_term_ended_only_after_their_days(
    day: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(day)
    day.acts(
        *("conduct", "notify", "@alice", "--document", day.paper("notice")),
        *("--reply-by", today(days=10)),
    )
    early = day.refused("conduct", "waive", "@alice")
    later(monkeypatch, days=11)
    day.acts("conduct", "waive", "@alice")
    day.acts(
        *("conduct", "decide", "@alice", "--result", "upheld", "--until", today(days=30)),
        *("--document", day.paper("decision")),
    )
    day.acts("conduct", "publish", "@alice")
    running = day.refused("conduct", "end", "@alice", "--itself")
    later(monkeypatch, days=40)

    ended = day.acts("conduct", "end", "@alice", "--itself")

    assert (early["error"], running["error"]) == ("too_early", "too_early")
    assert kinds(ended) == ["conduct.ended.v1"]
    assert day.json("standing", "@alice")["standing"] == "clear"


def test_an_objection_is_reviewed_by_a_third_and_can_undo_the_decision(day: Desk) -> None:
    found(day)
    notice = ("--document", day.paper("notice"), "--reply-by", today(days=20))
    day.acts("conduct", "notify", "@alice", *notice)
    day.acts("conduct", "hear", "@alice", "--document", day.paper("reply"))
    paper = ("--document", day.paper("decision"))
    day.acts("conduct", "decide", "@alice", "--result", "upheld", *paper)
    day.acts("conduct", "publish", "@alice")
    day.acts("conduct", "object", "@alice", *paper)

    day.acts("conduct", "review", "@alice", "--result", "revoked", *paper)
    over = day.refused("conduct", "publish", "@alice")

    assert day.json("standing", "@alice")["standing"] == "clear"
    assert over["error"] == "no_case"


def test_a_black_list_takes_the_authority_and_its_law(day: Desk) -> None:
    lawless = day.refused(
        *("conduct", "find", "@alice", "--rule", "R-7", "--level", "blacklist"),
        *("--document", day.paper("finding")),
    )

    made = found(day, "--level", "blacklist", "--legal-basis", "LAW-2024-7")
    day.acts("conduct", "revoke", "@alice", "--document", day.paper("why"))

    assert lawless["error"] == "legal_basis_needed"
    assert made["entries"][0]["signers"] == [day.accounts["authority"]]


def test_one_of_several_cases_is_named_and_a_commendation_is_kept(day: Desk) -> None:
    first = found(day)["entries"][0]["index"]
    found(day)
    paper = ("--document", day.paper("why"))

    unclear = day.refused("conduct", "revoke", "@alice", *paper)
    day.acts("conduct", "revoke", "@alice", "--case", first, *paper)
    day.acts("conduct", "commend", "@alice", *paper)

    assert unclear["error"] == "several_cases"
    shown = day.json("show", f"conduct/{number_in(day.accounts['alice'])}")
    assert [case["stage"] for case in shown["state"]["cases"]] == ["revoked", "found"]
    assert len(shown["state"]["commended"]) == 1


# ---- certificates


def test_a_certificate_is_stated_again_without_losing_what_it_says(day: Desk) -> None:
    old = number_in(day.streams["public"])

    made = day.acts(
        *("certificate", "replace", old, "--document", day.paper("why")),
        *("--activity", "更正后的活动"),
    )
    new = number_in(made["entries"][0]["new"][-1])
    shown = paper_of(day, new)
    former = paper_of(day, old)

    assert kinds(made) == ["certificate.replaced.v1", "certificate.reissued.v1"]
    assert shown.code == 0
    assert (shown.json["number"], shown.json["former"]) == (new, [old])
    assert shown.json["names"]["activity"] == "更正后的活动"
    assert shown.json["names"]["beneficiary"] == "受益人"
    assert (former.json["number"], former.json["former"]) == (new, [old])


def test_the_list_says_which_certificates_stand_no_more(day: Desk) -> None:
    replaced, annulled = (number_in(day.streams[name]) for name in ("public", "private"))
    made = day.acts("certificate", "replace", replaced, "--document", day.paper("why"))
    new = number_in(made["entries"][0]["new"][-1])
    why = ("--reason", "error", "--document", day.paper("why"))
    day.acts("certificate", "annul", annulled, *why)

    found = {item["number"]: item for item in day.json("certificate", "--list")}

    assert (found[replaced]["state"], found[replaced]["replaced_by"]) == ("replaced", new)
    assert found[annulled]["state"] == "annulled"
    assert (found[new]["state"], found[new]["standards"]) == ("valid", ["SCFG"])
    assert "annulled" in day("certificate", "--list", "--lang", "en").out


def test_a_beneficiary_is_replaced_by_two_consents_and_two_officers(day: Desk) -> None:
    old = number_in(day.streams["public"])
    paper = day.paper("why")

    alone = day.refused(
        *("certificate", "replace", old, "--document", paper, "--old-consent", paper), code=2
    )
    made = day.acts(
        *("certificate", "replace", old, "--document", paper, "--beneficiary", "另一人"),
        *("--old-consent", day.paper("old"), "--new-consent", day.paper("new")),
    )

    assert alone["error"] == "malformed"
    assert len(made["entries"][0]["signers"]) == 3


def test_an_annulled_certificate_is_not_valid_and_says_since_when(day: Desk) -> None:
    number = number_in(day.streams["public"])
    before = paper_of(day, number)

    made = day.acts(
        *("certificate", "annul", number, "--reason", "fraud", "--document", day.paper("why"))
    )
    after = paper_of(day, number)
    again = day.refused(
        "certificate", "witness", number, "--exchange", "@exchange", "--number", "W-1"
    )

    assert (before.code, after.code) == (0, 1)
    assert (after.json["verdict"], after.json["reason"]) == ("invalid", "annulled")
    assert after.json["at"]["index"] == made["entries"][0]["index"]
    assert again["error"] == "out_of_order"


def test_who_witnessed_a_certificate_stands_on_its_proof(day: Desk) -> None:
    number = number_in(day.streams["public"])
    day.opens("other exchange")
    day.acts("role", "grant", "other exchange", "exchange")

    day.acts(
        *("certificate", "witness", number, "--exchange", "@exchange", "--number", "CQ-1"),
        *("--other", "other exchange", "--other-number", "SC-1"),
    )
    shown = paper_of(day, number)

    (said,) = shown.json["said"]
    assert said["kind"] == "certificate.jointly_witnessed.v1"
    assert (said["body"]["number"], said["body"]["other_number"]) == ("CQ-1", "SC-1")


def test_the_number_of_before_is_kept_with_an_imported_certificate(day: Desk) -> None:
    number = number_in(day.streams["imported"])

    day.acts(
        *("certificate", "numbered-before", number, "--number", "SC-2024-17"),
        *("--source", day.paper("old books")),
    )

    assert day.json("show", f"certificate/{number}")["state"]["former"] == "SC-2024-17"


def test_there_is_nothing_to_confirm_where_no_order_was(day: Desk) -> None:
    number = number_in(day.streams["public"])
    day.opens("court")
    day.acts("role", "grant", "court", "court")

    refusal = day.refused(
        *("certificate", "confirm", number, "--court", "court", "--document", day.paper("seal"))
    )

    assert refusal["error"] == "no_order"


# ---- for many


def listed(day: Desk, *lines: str) -> Path:
    file = day.directory.parent / "many.csv"
    file.write_text("\n".join(["name,grams", *lines]) + "\n", "utf-8")
    return file


def many(day: Desk, *more: object) -> tuple[object, ...]:
    file = listed(day, "王一,10", "李二,20", "张三,30")
    return (
        *("retire", "--for-many", file, "--holder", "@owner", "--purpose", "individual"),
        *("--standard", "SCFG", *more),
    )


def test_everybody_in_a_list_has_a_certificate_and_a_proof_of_their_own(day: Desk) -> None:
    output = day.directory.parent / "proofs"

    made = day.json(*many(day, "-o", output))

    assert kinds(made) == ["batch.retired.v1", "certificate.shared.v1"]
    with (output / "certificates.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["王一", "李二", "张三"]
    shown = [verified(day, output / row["file"]) for row in rows]
    assert [one.code for one in shown] == [0, 0, 0]
    assert [one.json["amount_g"] for one in shown] == [10, 20, 30]
    assert [one.json["number"] for one in shown] == [row["number"] for row in rows]
    assert len({str(one.json["group"]["own"]) for one in shown}) == 3
    assert [one.json["names"]["beneficiary"] for one in shown] == ["王一", "李二", "张三"]
    assert {file.stat().st_mode & 0o777 for file in output.iterdir()} == {0o600}


def test_a_list_may_be_a_workbook_or_json_lines(day: Day) -> None:
    workbook, lines = (day.directory.parent / f"many.{ending}" for ending in ("xlsx", "jsonl"))
    with xlsxwriter.Workbook(workbook) as book:
        page = book.add_worksheet()
        for number, row in enumerate([("name", "tonnes"), ("王一", 0.000027), ("李二", 0.000001)]):
            page.write_row(number, 0, row)
    lines.write_text('{"name": "王一", "grams": 27}\n{"name": "李二", "grams": 1}\n', "utf-8")

    for file in (workbook, lines):
        made = day.json(
            *("retire", "--for-many", file, "--holder", "@owner", "--purpose", "individual"),
            *("--standard", "SCFG", "--dry-run"),
        )
        assert kinds(made) == ["batch.retired.v1", "certificate.shared.v1"]


def test_a_name_in_what_is_handed_out_is_no_formula(day: Desk) -> None:
    output = day.directory.parent / "proofs"
    file = listed(day, "=1+1,10", "＠某人,20")
    typed = ("retire", "--for-many", file, "--holder", "@owner", "--purpose", "individual")

    day.json(*typed, "--standard", "SCFG", "-o", output)

    with (output / "certificates.csv").open(encoding="utf-8-sig") as written:
        rows = list(csv.DictReader(written))
    assert [row["name"] for row in rows] == ["'=1+1", "'＠某人"]
    shown = [verified(day, output / row["file"]).json["names"]["beneficiary"] for row in rows]
    assert shown == ["=1+1", "＠某人"]


def test_one_of_many_is_exported_adopted_and_replaced_by_its_own_number(day: Desk) -> None:
    output = day.directory.parent / "proofs"
    day.json(*many(day, "-o", output))
    with (output / "certificates.csv").open(encoding="utf-8-sig") as file:
        number = list(csv.DictReader(file))[1]["number"]
    exported = paper_of(day, number)

    day.acts("certificate", "adopt", number)
    made = day.acts(
        *("certificate", "replace", number, "--document", day.paper("why")),
        *("--beneficiary", "李二（更名）"),
    )
    new = number_in(made["entries"][0]["new"][-1])
    shown = paper_of(day, new)

    assert (exported.json["amount_g"], exported.json["number"]) == (20, number)
    assert (shown.code, shown.json["amount_g"], shown.json["former"]) == (0, 20, [number])
    assert shown.json["names"]["beneficiary"] == "李二（更名）"


def test_bad_rows_of_a_list_are_all_told_before_anything_is_done(day: Desk) -> None:
    before = day.files()
    file = listed(day, "王一,10", ",20", "张三,much", "赵四,1,2")

    ended = day(
        *("retire", "--for-many", file, "--holder", "@owner", "--purpose", "individual"), "--json"
    )

    assert (ended.code, ended.json["error"]) == (1, "bad_rows")
    assert [row[0] for row in ended.json["facts"]["rows"]] == [3, 4, 5]
    assert day.files() == before


def test_an_amount_and_a_list_are_not_both_named(day: Desk) -> None:
    both = day.refused(*many(day), "10g", code=2)
    neither = day.refused("retire", "--holder", "@owner", "--purpose", "individual", code=2)

    assert (both["error"], neither["error"]) == ("malformed", "malformed")


# ---- activities and reports


def filed(day: Desk, *more: object) -> str:
    first, last = today(days=-3), today(days=-1)
    return day.begins(
        *("activity", "file", "--organiser-account", "@owner", "--name", "低碳论坛"),
        *("--organiser", "主办单位", "--category", "meeting", "--days", f"{first}..{last}"),
        *("--place", "510100", "--boundary", "holding", "--boundary", "preparation"),
        *("--expected", "100g", "--planned", "100g", "--due", today(days=30)),
        *("--document", day.paper("form"), *more),
    )


def retired_for(day: Desk, grams: str) -> str:
    made = day.acts(
        *("retire", grams, "--holder", "@owner", "--purpose", "meeting", "--standard", "SCFG")
    )
    return number_in(made["entries"][0]["new"][-1])


def test_an_activity_goes_from_its_form_to_its_certificate(day: Desk) -> None:
    activity = filed(day)
    received = day.acts(
        *("activity", "receive", activity, "--receipt", "CD-1", "--document", day.paper("seal"))
    )
    unaccounted = day.refused(
        *("activity", "confirm", activity, "--mode", "self", "--document", day.paper("promise"))
    )
    day.acts(
        *("activity", "account", activity, "--emissions", "100g"),
        *("--document", day.paper("account")),
    )
    day.acts("activity", "measures", activity, "--document", day.paper("measures"))
    numbers = [retired_for(day, "60g"), retired_for(day, "45g")]
    day.acts("activity", "offset", activity, *numbers)
    again = day.refused("activity", "offset", activity, numbers[0])
    made = day.acts(
        *("activity", "confirm", activity, "--mode", "self", "--document", day.paper("promise"))
    )

    paper = paper_of(day, number_in(made["entries"][0]["new"][-1]))
    shown = day.json("activity", "show", activity)
    (listed_one,) = day.json("activity", "list")
    assert kinds(received) == ["activity.received.v1"]
    assert (unaccounted["error"], again["error"]) == ("not_accounted", "already_assigned")
    outcome = made["entries"][0]["events"][0]["outcome"]
    assert (outcome["kind"], outcome["retired_g"], outcome["surplus_g"]) == ("neutral", 105, 5)
    assert (paper.code, paper.json["outcome"]["kind"]) == (0, "neutral")
    assert (shown["conclusion"], len(shown["offsets"])) == ("neutral", 2)
    assert (listed_one["name"], listed_one["conclusion"]) == ("低碳论坛", "neutral")
    assert "碳中和" in day("activity", "show", activity, "--lang", "zh").out


def test_what_an_activity_loses_by_an_annulment_it_says(day: Desk) -> None:
    activity = filed(day)
    number = retired_for(day, "60g")
    day.acts("activity", "offset", activity, number)

    made = day.acts(
        *("certificate", "annul", number, "--reason", "error", "--document", day.paper("why"))
    )

    assert kinds(made) == ["certificate.annulled.v1", "activity.offset_lost.v1"]
    assert day.json("activity", "show", activity)["retired_g"] == 0


def test_a_list_is_compiled_returned_amended_and_accepted(day: Desk) -> None:
    figures = ("--activities", "1", "--retirements", "2", "--total", "105g")
    report = day.begins(
        *("report", "compile", day.paper("list"), "--sort", "list", "--area", "510100"),
        *("--period", "2026-01-01..2026-12-31", *figures),
    )
    day.acts("report", "submit", report, "--to", "@authority")
    early = day.refused("report", "amend", report, day.paper("other list"), *figures)
    day.acts("report", "return", report, "--document", day.paper("what is wrong"))
    day.acts("report", "amend", report, day.paper("other list"), *figures)
    day.acts("report", "submit", report, "--to", "@authority")
    day.acts("report", "accept", report)

    activity = filed(day)
    refusal = day.refused("activity", "publish", activity, "--report", report)

    state = day.json("show", report)["state"]
    assert (early["error"], state["status"]) == ("out_of_order", "accepted")
    assert refusal["error"] == "out_of_order"
