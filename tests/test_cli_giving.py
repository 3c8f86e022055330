"""Gifts by hand: a campaign from its terms to its end, a list of guests, codes, proofs; and a run that was cut off."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from registry.acts import claim_codes
from registry.desk.given import today
from registry.ledger import ids
from registry.store import handout
from registry.verifier.gift import verify_gift
from tests.books import Book, book, home, shelf
from tests.test_cli import Shell, english, shell
from tests.test_cli_acts import Day, day, fresh, held_g

__all__ = ["book", "day", "english", "fresh", "home", "shelf", "shell"]

DAYS_NS = 3 * 24 * 3600 * 1_000_000_000


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three days pass."""
    now_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + DAYS_NS)


def opened(day: Day, *more: object) -> str:
    """A campaign of the owner, which ends today."""
    return day.begins(
        *("campaign", "open", "一场马拉松", "--organiser", day.accounts["owner"]),
        *("--terms", day.paper("terms"), "--standard", "SCFG", "--deadline", today(), *more),
    )


def funded(day: Day, amount: str, *more: object) -> str:
    """A campaign that has `amount` to give."""
    campaign = opened(day, *more)
    day.acts("campaign", "fund", campaign, amount, "--batch", day.streams["native"])
    return campaign


def listed(day: Day, text: str, name: str = "guests.csv") -> Path:
    file = day.directory.parent / name
    file.write_text(text, "utf-8")
    return file


def given(day: Day, campaign: str, guests: Path, output: Path) -> Any:
    """What giving said, once a rehearsal gave nothing and wrote nothing."""
    before = day.files()
    foreseen = day.json("campaign", "give", campaign, guests, "-o", output, "--dry-run")
    assert day.files() == before
    assert not output.exists() or list(output.iterdir())
    done = day.json("campaign", "give", campaign, guests, "-o", output)
    assert len(foreseen["entries"]) >= len(done["entries"])
    return done


def codes_in(output: Path) -> dict[str, str]:
    """The codes that were handed out, by guest."""
    with (output / "codes.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["no"]: row["code"] for row in csv.DictReader(file)}


def test_a_campaign_from_its_terms_to_its_end(
    day: Day, shell: Shell, monkeypatch: pytest.MonkeyPatch
):
    guests = listed(
        day,
        f"no,account,name,tonnes\n1,,王伟,0.00002\n2,,Ana,0.00003\n3,{day.accounts['bob']},,0.00001\n",
    )
    held = held_g(day, day.accounts["owner"])
    output = day.directory.parent / "handout"
    campaign = funded(day, "100g")

    done = given(day, campaign, guests, output)
    codes = codes_in(output)
    alice = day.accounts["alice"]
    before = held_g(day, alice)
    day.acts("gift", "claim", codes["1"], "--to", alice)
    day.acts("gift", "claim", "--holder", day.accounts["bob"])
    later(monkeypatch)
    day.acts("campaign", "return", campaign)
    day.acts("campaign", "close", campaign)

    assert (done["guests"], done["codes"], done["proofs"]) == (3, 2, 3)
    assert held_g(day, alice) == before + 20
    assert held_g(day, day.accounts["owner"]) == held - 30
    shown = day.json("campaign", "show", campaign)
    assert (shown["status"], shown["gifts"], shown["gifts_g"], shown["returned_g"]) == (
        "closed",
        3,
        60,
        70,
    )
    (told,) = day.json("campaign", "list")
    assert (told["occasion"], told["status"]) == ("一场马拉松", "closed")
    audited = shell("audit", day.directory, "--key", day.json("key")["vkey"], "--json").json
    assert audited["verdict"] == "valid"


def test_everybody_gets_a_proof_that_a_stranger_checks(day: Day, book: Book):
    campaign = funded(day, "100g", "--each", "5g")
    output = day.directory.parent / "handout"

    given(day, campaign, listed(day, "no,name\nA-1,王伟\nA-2,Ana\n"), output)

    found = {
        file.name: verify_gift(file.read_bytes(), book.key)
        for file in (output / "proofs").iterdir()
    }
    assert sorted(found) == ["A-1.gift", "A-2.gift"]
    assert [found[name].gift.amount_g for name in sorted(found)] == [5, 5]
    assert {one.campaign for one in found.values()} == {campaign}
    assert found["A-1.gift"].ranges != found["A-2.gift"].ranges
    secret = claim_codes.read(codes_in(output)["A-1"])
    key = handout.public_key(claim_codes.seed(secret, log=book.id, campaign=campaign))
    assert found["A-1.gift"].gift.whom == ids.bearer(key)


def test_the_command_that_verifies_certificates_verifies_gifts(day: Day, shell: Shell):
    campaign = funded(day, "100g", "--each", "5g")
    output = day.directory.parent / "handout"
    given(day, campaign, listed(day, "no\n1\n2\n"), output)
    proof, key = output / "proofs" / "2.gift", day.json("key")["vkey"]

    found = shell("verify", proof, "--key", key, "--json").json
    told = shell("verify", proof, "--key", key)
    proof.write_bytes(proof.read_bytes()[:-1] + b"\x91")
    broken = shell("verify", proof, "--key", key, "--json")

    assert (found["verdict"], found["amount_g"], found["campaign"]) == ("valid", 5, campaign)
    assert (found["giver"], found["retire_only"]) == (day.accounts["owner"], True)
    assert found["taker"].startswith("bearer/")
    assert told.code == 0
    assert "Not shown: whether it was claimed" in told.out
    assert (broken.code, broken.json["verdict"]) == (1, "invalid")


def test_nobody_but_their_owner_reads_the_codes(day: Day):
    campaign = funded(day, "100g", "--each", "5g")
    output = day.directory.parent / "handout"

    given(day, campaign, listed(day, "no\n1\n"), output)

    assert (output / "codes.csv").stat().st_mode & 0o777 == 0o600
    assert output.stat().st_mode & 0o777 == 0o700


def test_a_guest_uses_up_a_gift_for_a_journey_and_keeps_the_rest(day: Day, shell: Shell):
    campaign = funded(day, "100g", "--each", "50g")
    output, proof = day.directory.parent / "handout", day.directory.parent / "mine.proof"
    given(day, campaign, listed(day, "no\n1\n"), output)
    code = codes_in(output)["1"]

    made = day.json("gift", "retire", code, "--journey", "metro:1km", "-o", proof)
    alice = day.accounts["alice"]
    before = held_g(day, alice)
    day.acts("gift", "claim", code.lower().replace("-", " "), "--to", alice)

    assert (made["wanted_g"], made["used_g"], made["footprint"]) == (29, 29, "footprint/2026-1")
    verified = shell("verify", proof, "--key", day.json("key")["vkey"], "--json").json
    assert (verified["verdict"], verified["amount_g"]) == ("valid", 29)
    assert verified["names"]["activity"] == "footprint/2026-1 metro:1km"
    assert held_g(day, alice) == before + 21


def test_a_code_is_read_from_standard_input_so_that_no_history_keeps_it(
    day: Day, monkeypatch: pytest.MonkeyPatch
):
    campaign = funded(day, "100g", "--each", "50g")
    output, alice = day.directory.parent / "handout", day.accounts["alice"]
    given(day, campaign, listed(day, "no\n1\n"), output)
    before = held_g(day, alice)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{codes_in(output)['1']}\n"))

    day.json("gift", "claim", "-", "--to", alice)

    assert held_g(day, alice) == before + 50


def test_a_journey_longer_than_the_gift_uses_all_of_it_and_says_so(day: Day):
    campaign = funded(day, "100g", "--each", "50g")
    output = day.directory.parent / "handout"
    given(day, campaign, listed(day, "no\n1\n"), output)
    code = codes_in(output)["1"]

    foreseen = day.json("gift", "retire", code, "--journey", "hotel:1night", "--dry-run")
    told = day("gift", "retire", code, "--journey", "hotel:1night").out

    assert (foreseen["wanted_g"], foreseen["used_g"]) == (53_500, 50)
    assert "0.0535 t; the gift was enough for 0.00005 t" in told


def test_a_gift_is_claimed_once(day: Day):
    campaign = funded(day, "100g", "--each", "50g")
    output = day.directory.parent / "handout"
    given(day, campaign, listed(day, "no\n1\n"), output)
    claim = ("gift", "claim", codes_in(output)["1"], "--to", day.accounts["alice"])
    day.acts(*claim)

    refused = day.refused(*claim)

    assert refused["error"] == "no_gift"


def test_a_code_that_is_mistyped_or_made_up_opens_nothing(day: Day):
    funded(day, "100g", "--each", "50g")
    to = ("--to", day.accounts["alice"])

    mistyped = day.refused("gift", "claim", "00041-06105-0R3GG-28A1C-60T3G-FW8JJ", *to)
    made_up = day.refused("gift", "claim", "00041-06105-0R3GG-28A1C-60T3G-FW8JH", *to)

    assert (mistyped["error"], made_up["error"]) == ("bad_claim_code", "no_gift")


def test_bad_rows_are_named_by_their_lines_before_anything_is_done(day: Day):
    campaign = funded(day, "100g")
    nobody = "account/" + "a" * 16
    output = day.directory.parent / "handout"

    unreadable = day.refused(
        "campaign", "give", campaign, listed(day, "no,grams\n1,5\n1,x\n"), "-o", output
    )
    unknown = day.refused(
        *("campaign", "give", campaign),
        *(listed(day, f"no,account,grams\n1,{nobody},5\n"), "-o", output),
    )

    assert unreadable["facts"]["rows"] == [[3, "grams", "x", "grams_cell"]]
    row = [2, "account", nobody, "account_unknown"]
    zh, en = (
        day(
            "campaign",
            "give",
            campaign,
            listed(day, "no,grams\n1,x\n"),
            "-o",
            output,
            "--lang",
            lang,
        )
        for lang in ("zh", "en")
    )
    assert "第 2 行“grams”为“x”（应为大于 0 的整数克）" in zh.err
    assert "line 2, grams, “x” (whole grams above 0 are expected)" in en.err
    assert (unknown["error"], unknown["facts"]["rows"]) == ("bad_rows", [row])
    assert not output.exists()


def test_a_list_that_comes_to_more_than_was_funded_is_not_begun(day: Day):
    campaign = funded(day, "100g")
    guests = listed(day, "no,grams\n1,60\n2,41\n")
    output = day.directory.parent / "handout"

    refused = day.refused("campaign", "give", campaign, guests, "-o", output)

    assert (refused["error"], refused["facts"]["amount_g"]) == ("insufficient_holding", 101)
    assert not output.exists()


def test_a_list_is_given_out_of_all_that_was_funded(day: Day):
    campaign = funded(day, "100g")
    day.acts("campaign", "fund", campaign, "50g", "--batch", day.streams["native"])
    guests = listed(day, "no,grams\n1,60\n2,41\n3,9\n")
    output = day.directory.parent / "handout"

    done = given(day, campaign, guests, output)

    assert len(done["entries"]) == 2
    assert done["proofs"] == 3
    assert day.json("campaign", "show", campaign)["gifts_g"] == 110


def test_a_list_that_was_given_is_given_no_second_time(day: Day):
    campaign = funded(day, "100g", "--each", "5g")
    guests = listed(day, "no\n1\n2\n")
    output = day.directory.parent / "handout"
    given(day, campaign, guests, output)
    codes, before = codes_in(output), day.files()
    for file in (output / "proofs").iterdir():
        file.unlink()

    again = day.json("campaign", "give", campaign, guests, "-o", output)

    assert (again["entries"], again["proofs"]) == ([], 2)
    assert day.files() == before
    assert codes_in(output) == codes
    assert len(list((output / "proofs").iterdir())) == 2


def test_a_list_that_was_given_is_not_given_with_other_codes(day: Day):
    campaign = funded(day, "100g", "--each", "5g")
    guests = listed(day, "no\n1\n2\n")
    given(day, campaign, guests, day.directory.parent / "handout")
    elsewhere = day.directory.parent / "elsewhere"

    refused = day("campaign", "give", campaign, guests, "-o", elsewhere, "--json")

    assert (refused.code, refused.json["error"]) == (1, "other_codes")
    assert day.json("campaign", "show", campaign)["gifts"] == 2


def test_a_second_run_beside_the_first_leaves_its_codes_alone(day: Day):
    campaign = funded(day, "100g", "--each", "5g")
    guests = listed(day, "no\n1\n")
    output = day.directory.parent / "handout"

    with handout.alone(output):
        second = day("campaign", "give", campaign, guests, "-o", output, "--json")
        left = list(output.iterdir())

    assert (second.code, second.json["error"], left) == (75, "locked_elsewhere", [])


def test_a_list_that_another_directory_gave_meanwhile_is_given_no_second_time(
    day: Day, monkeypatch: pytest.MonkeyPatch
):
    campaign = funded(day, "100g", "--each", "5g")
    guests = listed(day, "no\n1\n")
    outputs = [day.directory.parent / name for name in ("first", "second")]
    day.json("campaign", "give", campaign, guests, "-o", outputs[0])
    # What the second run saw before the first had given.
    monkeypatch.setattr("registry.desk.giving._given_before", lambda *_: ())

    refused = day("campaign", "give", campaign, guests, "-o", outputs[1], "--json")

    assert (refused.code, refused.json["error"]) == (1, "other_codes")
    assert day.json("campaign", "show", campaign)["gifts"] == 1


def test_nobody_restates_what_a_guest_used_up_without_the_guest_s_key(day: Day):
    campaign = funded(day, "100g", "--each", "50g")
    output = day.directory.parent / "handout"
    given(day, campaign, listed(day, "no\n1\n"), output)
    used = day.json("gift", "retire", codes_in(output)["1"], "--journey", "metro:1km")
    number = used["entries"][0]["new"][-1].removeprefix("certificate/")
    paper = ("--document", day.paper("letter"))

    refused = day.refused("certificate", "replace", number, "--place", "510100", *paper)

    assert used["left_g"] == 21
    assert refused["error"] == "no_private_key"
    assert refused["facts"]["account"].startswith("bearer/")


def test_a_directory_serves_one_list(day: Day):
    campaign = funded(day, "100g", "--each", "5g")
    output = day.directory.parent / "handout"
    given(day, campaign, listed(day, "no\n1\n2\n"), output)

    other = day("campaign", "give", campaign, listed(day, "no\n1\n3\n"), "-o", output, "--json")
    full = day("campaign", "give", campaign, listed(day, "no\n9\n"), "-o", day.directory, "--json")

    assert {other.json["error"], full.json["error"]} == {"directory_in_use"}
    assert day.json("campaign", "show", campaign)["gifts"] == 2


CUT_OFF = """
import os, signal, sys
from registry.desk import giving
from registry.cli.main import main
where, count = sys.argv[1], int(sys.argv[2])
module, name = {
    "begin": (giving.handout, "begin"),
    "codes": (giving.handout, "keep_codes"),
    "entry": (giving.Desk, "perform"),
    "proofs": (giving.handout, "write_proofs"),
}[where]
real = getattr(module, name)
def dies(*arguments, **named):
    global count
    made = real(*arguments, **named)
    count -= 1
    if not count:
        os.kill(os.getpid(), signal.SIGKILL)
    return made
setattr(module, name, dies)
giving.CHUNK_GUESTS_MAX = 2
sys.argv = ["registry", *sys.argv[3:]]
main()
"""


@pytest.mark.parametrize(
    ("where", "count"),
    [("begin", 1), ("codes", 1), ("entry", 1), ("entry", 2), ("entry", 3), ("proofs", 1)],
)
def test_a_run_that_was_killed_goes_on_and_gives_nobody_twice(
    day: Day, where: str, count: int, monkeypatch: pytest.MonkeyPatch
):
    campaign = funded(day, "100g", "--each", "5g")
    guests = listed(day, "no\n1\n2\n3\n4\n5\n")
    output = day.directory.parent / "handout"
    typed = ["campaign", "give", campaign, str(guests), "-o", str(output), "--dir"]

    cut = subprocess.run(
        [sys.executable, "-c", CUT_OFF, where, str(count), *typed, str(day.directory)],
        check=False,
        capture_output=True,
        env=os.environ.copy(),
    )
    monkeypatch.setattr("registry.desk.giving.CHUNK_GUESTS_MAX", 2)
    kept = codes_in(output) if (output / "codes.csv").exists() else None
    done = day.json("campaign", "give", campaign, guests, "-o", output)

    assert cut.returncode == -signal.SIGKILL, cut.stderr
    given_before = {"entry": count}.get(where, 3 if where == "proofs" else 0)
    assert len(done["entries"]) == 3 - given_before
    assert kept in (None, codes_in(output))
    shown = day.json("campaign", "show", campaign)
    assert (shown["gifts"], shown["gifts_g"]) == (5, 25)
    assert len(list((output / "proofs").iterdir())) == 5
    claim = ("gift", "claim", codes_in(output)["5"], "--to", day.accounts["alice"])
    assert day.acts(*claim)["entries"][0]["events"][0]["body"]["amount_g"] == 5


def test_what_was_given_is_told_in_both_languages(day: Day):
    campaign = funded(day, "100g", "--each", "5g")
    output = day.directory.parent / "handout"

    told = day("campaign", "give", campaign, listed(day, "no\n1\n2\n"), "-o", output).out
    shown, gezeigt = (
        day("campaign", "show", campaign, "--lang", lang).out for lang in ("en", "zh")
    )

    assert "rows: gifts: 2; total: 0.00001 t" in told
    assert "2 claim codes" in told
    assert "given: 0.00001 t" in shown
    assert "赠出: 0.00001 t" in gezeigt


def test_a_large_gift_is_seconded_by_an_officer_where_policy_says_so(day: Day):
    campaign = funded(day, "100g", "--each", "5g")
    day.acts(
        *("policy", "set", "second_person_over", "--code", "give", "--number", "9g"),
        *("--document", day.paper("policy")),
    )

    done = given(day, campaign, listed(day, "no\n1\n2\n"), day.directory.parent / "handout")

    (entry,) = done["entries"]
    assert entry["signers"][0] == day.accounts["owner"]
    assert entry["signers"][1] in {day.accounts["one"], day.accounts["two"]}
    assert entry["events"][-1]["kind"] == "account.seconded.v1"


def test_an_officer_returns_and_closes_in_the_organiser_s_place(
    day: Day, monkeypatch: pytest.MonkeyPatch
):
    campaign = funded(day, "100g", "--each", "5g")
    early = day.refused("campaign", "return", campaign)
    later(monkeypatch)

    done = day.acts("campaign", "return", campaign, "--by-officer")
    day.acts("campaign", "close", campaign, "--by-officer")

    assert early["error"] == "before_deadline"
    assert done["entries"][0]["signers"][0] in {day.accounts["one"], day.accounts["two"]}
    assert day.json("campaign", "show", campaign)["status"] == "closed"
