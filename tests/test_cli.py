"""The command line, as people and programs meet it: on real directories, some of it in real processes."""

import ast
import builtins
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from registry.acts.propose import Hidden
from registry.cli import voice
from registry.cli.main import run
from registry.cli.voice import Voice
from registry.desk import codes, whys, words
from registry.desk.certificates import read_number
from registry.domain import (
    account,
    account_life,
    account_ties,
    batch,
    certificate,
    forms,
    kinds,
    roles,
    shape,
    standard,
)
from registry.errors import BrokenHistoryError, RefusedError
from registry.ledger import proof
from registry.ledger.note import Checkpoint
from registry.store.mark import Mark
from registry.store.operator import Operator
from registry.store.proofs import certificate_proof
from registry.verifier import trust
from tests import books
from tests.books import Book, book, home, shelf

__all__ = ["book", "home", "shelf"]

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "registry"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
FACTS = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Ended:
    """A command that ended: its exit code, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Types commands, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Ended:
        self._capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        return Ended(code, said.out, said.err)


def process(*arguments: object, code: str = "", **environment: str) -> Ended:
    """A command in a process of its own; `code` runs before it."""
    script = f"{code}\nfrom registry.cli.main import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        check=False,
        cwd=ROOT,
        encoding="utf-8",
        env={**os.environ, **environment},
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_LANG", "en")


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def number(book: Book, name: str) -> str:
    return book.streams[name].removeprefix("certificate/")


def exported(book: Book, name: str = "public", *, private: bool = False) -> Path:
    """The proof file of a certificate."""
    operator = Operator(book.directory)
    file = book.directory.parent / f"{name}.proof"
    file.write_bytes(
        certificate_proof(operator.log, operator.log.openings, number(book, name), private=private)
    )
    operator.close()
    return file


# The words.


def codes_in_source() -> Iterator[tuple[str, str]]:
    """Every code that the source raises or notes, with the place."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call):
                argument = code_argument(node)
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value, f"{path.name}:{node.lineno}"


def code_argument(node: ast.Call) -> ast.expr | None:
    called = ast.unparse(node.func).rpartition(".")[2]
    if called == "require" and len(node.args) > 1:
        return node.args[1]
    # What Python's own errors and a module's private ones say is never a code.
    raised = called.endswith("Error") and not called.startswith("_") and called not in dir(builtins)
    if (raised or called == "note") and node.args:
        return node.args[0]
    return None


def texts() -> dict[str, tuple[str, str]]:
    tables = (
        words.PURPOSES,
        words.LEGAL_FORMS,
        words.ROLES,
        words.GROUNDS,
        words.ORIGINS,
        words.CLASSES,
        words.RESULTS,
        words.REASONS,
        words.RULES,
        words.CAPACITIES,
        words.DOINGS,
        words.KINDS,
        words.FIELDS,
    )
    terms = {f"term {name}": text for table in tables for name, text in table.items()}
    terms |= {f"why {name}": text for name, text in whys.WHYS.items()}
    return {**codes.CODES, **words.SCREEN, **terms}


def test_every_code_in_the_source_has_words():
    wordless = [f"{code} {place}" for code, place in codes_in_source() if code not in codes.CODES]

    assert len({code for code, _ in codes_in_source()}) > 100
    assert wordless == []


def test_every_code_that_has_words_is_in_the_source():
    known = {code for code, _ in codes_in_source()}
    # Told by variable, not by constant.
    known |= {"bad_note", "bad_checkpoint", "bad_vkey", "method_not_allowed", "not_acceptable"}

    assert sorted(codes.CODES.keys() - known) == []


def test_every_text_is_in_both_languages_and_of_the_same_facts():
    # Some lines are nothing but facts.
    bare = {"act.event", "verdict.line", "verify.name", "error.unknown"}
    for key, (zh, en) in texts().items():
        assert CHINESE.search(zh) or key in bare, key
        assert en.strip(), key
        assert not CHINESE.search(en), key
        assert set(FACTS.findall(zh)) == set(FACTS.findall(en)), key


def test_no_text_fails_for_want_of_a_fact():
    for key, text in texts().items():
        for lang in ("zh", "en"):
            bare = words.fill(words.pick(text, lang), lang, {})
            full = words.fill(
                words.pick(text, lang), lang, dict.fromkeys(FACTS.findall(str(text)), "X")
            )

            assert "{" not in bare + full, key
            assert "[" not in bare + full, key
            assert "]" not in bare + full, key


def test_every_text_of_the_screen_is_said_somewhere():
    source = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    prefixes = ("verdict.", "certificate.", "balance.", "trace.", "keylist.", "access.")
    unsaid = [
        key for key in words.SCREEN if source.count(f'"{key}"') < 2 and not key.startswith(prefixes)
    ]

    assert unsaid == []


def test_every_term_of_the_domain_has_words():
    assert words.PURPOSES.keys() == standard.PURPOSES
    assert words.CLASSES.keys() == standard.CLASSES
    assert words.LEGAL_FORMS.keys() == account.LEGAL_FORMS
    assert words.ROLES.keys() == roles.ROLES
    assert words.GROUNDS.keys() == certificate.GROUNDS
    assert words.ORIGINS.keys() == set(batch.ORIGINS)
    assert words.POLICIES.keys() == roles.POLICIES.keys()
    assert words.CHANNELS.keys() == account_life.CHANNELS
    forms_have = {one.name for form in forms.FORMS for one in form.signers}
    assert words.CAPACITIES.keys() == forms_have
    assert words.DOINGS.keys() == roles.DOINGS
    assert words.SUCCESSIONS.keys() == account_ties.REASONS
    assert words.KINDS.keys() == kinds.EVENTS.keys()
    fields = {name for event in kinds.EVENTS.values() for name in shape.schema(event)}
    assert fields <= words.FIELDS.keys()


def test_every_reason_of_a_timing_verdict_has_words():
    tree = ast.parse((PACKAGE / "domain" / "timing.py").read_bytes())
    said = {
        node.value
        for returned in ast.walk(tree)
        if isinstance(returned, ast.Return)
        for node in ast.walk(returned)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert said <= words.REASONS.keys() | words.RESULTS.keys() | {"claim"}
    assert "early" in said


@pytest.mark.parametrize(
    ("grams", "written"),
    [
        (616_921_203_000, "616,921.203 t"),
        (1, "0.000001 t"),
        (0, "0 t"),
        (-1_500_000, "-1.5 t"),
        (2**63 - 1, "9,223,372,036,854.775807 t"),
    ],
)
def test_tonnes_are_exact(grams: int, written: str):
    assert words.tonnes(grams) == written


def test_a_time_beyond_the_calendar_is_told_all_the_same():
    assert words.utc_time(2**63 - 1) is None
    assert str(2**63 - 1) in words.local_time(2**63 - 1)
    assert words.local_time(0) == "1970-01-01 08:00:00 +08:00"
    assert words.utc_time(1) == "1970-01-01T00:00:00.000001Z"


def test_an_unknown_code_is_told_with_its_facts():
    message = Voice("en").refusal(RefusedError("new_code", amount_g=1_000_000, why="no reason"))

    assert "new_code (amount_g=1 t, why=no reason)" in message


def test_a_broken_history_is_told_with_its_place():
    broken = BrokenHistoryError("wrong_previous", stream="batch/x", position=2, index=7)

    assert "entry 7, stream batch/x, position 2" in Voice("en").refusal(broken)
    assert "位置：记录 7，流 batch/x，位置 2" in Voice("zh").refusal(broken)
    partly = BrokenHistoryError("wrong_previous", stream="batch/x", position=None)
    assert "Where: stream batch/x" in Voice("en").refusal(partly)


def test_what_a_terminal_might_obey_is_not_printed(capsys: pytest.CaptureFixture[str]):
    speaking = Voice("en")

    speaking.print("one\x1b[2J\u202e\ntwo")
    speaking.table("title\x1b", ["a"], [["[bold]\x9b"]])

    said = capsys.readouterr().out
    assert said.startswith("one�[2J�\ntwo\n")
    assert "\x1b" not in said
    assert "\x9b" not in said
    assert "[bold]" in said


def test_a_table_in_a_file_cuts_nothing(capsys: pytest.CaptureFixture[str]):
    Voice("en").table("t", ["a", "b"], [["x" * 500, "12"]])

    assert "x" * 500 in capsys.readouterr().out


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LC_ALL": "zh_CN", "REGISTRY_LANG": "en"}, "en"),
        ({"LC_ALL": "C", "REGISTRY_LANG": "zh"}, "zh"),
    ],
)
def test_the_language_is_the_locales_unless_it_is_asked_for(
    environment: dict[str, str], lang: str, monkeypatch: pytest.MonkeyPatch
):
    for name in ("REGISTRY_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert voice.default_language() == lang


# Beginning, keys, trust.


def test_a_registry_begins_and_is_valid_for_whoever_pins_its_key(home: Path, shell: Shell):
    begun = shell("init", home / "new", "--json").json

    assert re.fullmatch(r"registry\.invalid/[a-z2-7]{8}", begun["origin"])
    assert shell("key", "--dir", home / "new", "--json").json["vkey"] == begun["vkey"]
    assert shell("audit", home / "new").code == 3
    trusted = shell("trust", begun["vkey"])
    assert begun["fingerprint"] in trusted.out
    assert "another channel" in trusted.out
    audited = shell("audit", home / "new", "--json")
    assert (audited.code, audited.json["verdict"], audited.json["entries"]) == (0, "valid", 1)


def test_init_tells_the_key_and_what_to_do_next(home: Path, shell: Shell):
    begun = shell("init", home / "new", "--origin", "registry.example/new")

    assert begun.code == 0
    assert "registry trust 'registry.example/new+" in begun.out
    assert f"registry audit {home / 'new'}" in begun.out
    assert "Fingerprint: " in begun.out


def test_a_directory_in_use_is_refused(home: Path, shell: Shell):
    (home / "used").mkdir()
    (home / "used" / "file").touch()

    refused = shell("init", home / "used", "--json")

    assert refused.code == 1
    assert refused.json["error"] == "directory_in_use"
    assert refused.json["facts"] == {"directory": str(home / "used")}


def test_another_key_of_the_same_name_is_pinned_only_on_request(home: Path, shell: Shell):
    one, two = (
        shell("init", home / name, "--origin", "registry.example/x", "--json").json["vkey"]
        for name in ("one", "two")
    )
    shell("trust", one)

    refused = shell("trust", two)

    assert refused.code == 1
    assert "--replace" in refused.err
    assert [str(key) for key in trust.pinned()] == [one]
    assert shell("trust", two, "--replace", "--json").json["vkey"] == two
    assert [str(key) for key in trust.pinned()] == [two]


@pytest.mark.parametrize("command", ["trust", "verify", "audit"])
def test_what_is_no_key_is_wrong_usage(command: str, book: Book, shell: Shell):
    subject = {"verify": exported(book), "audit": book.directory}
    arguments = ["nonsense"] if command == "trust" else [subject[command], "--key", "nonsense"]

    refused = shell(command, *arguments)

    assert refused.code == 2
    assert "bad_vkey" in refused.err


def test_a_damaged_file_of_pins_is_incomplete_not_invalid(book: Book, shell: Shell):
    trust.pin(book.key)
    trust.pins_file().write_text("nonsense\n")

    ended = shell("verify", exported(book), "--json")

    assert (ended.code, ended.json["verdict"]) == (3, "incomplete")
    assert ended.json["reason"] == "pins_unreadable"
    assert shell("audit", book.directory, "--json").json["reason"] == "pins_unreadable"


# Certificates and their verification.


def test_a_certificate_goes_from_the_list_to_a_file_to_a_strangers_verdict(
    book: Book, shell: Shell
):
    listed = shell("certificate", "--list", "--dir", book.directory, "--json").json
    first = next(item for item in listed if item["number"] == number(book, "public"))
    typed = words.grouped(first["number"]).upper()
    file = book.directory.parent / "out.proof"

    written = shell("certificate", typed, "--dir", book.directory, "-o", file)
    verified = shell("verify", file, "--key", book.key, "--json")

    assert written.code == verified.code == 0
    found = verified.json
    assert (found["verdict"], found["reason"], found["at"]) == ("valid", None, None)
    assert found["number"] == first["number"]
    assert found["amount_g"] == first["amount_g"] == 10
    assert found["names"] == first["names"]
    assert found["names"]["organisers"] == ["主办方甲", "organiser two"]
    assert found["holder"] == book.accounts["alice"]
    assert (found["recorded"], found["key_traced"]) == ("recorded", False)
    assert (found["final"], found["awaiting"], found["demonstration"]) == (True, [], False)
    (retired,) = found["retired"]
    assert retired["ranges"] == ["0–9"]
    assert retired["ranges_half_open"] == [[0, 10]]
    assert retired["batch"] == book.streams["native"]
    assert found["time"].endswith("Z")


def test_the_list_shows_every_certificate_and_no_name_that_is_not_public(book: Book, shell: Shell):
    ended = shell("certificate", "--list", "--dir", book.directory)
    listed = shell("certificate", "--list", "--dir", book.directory, "--json").json

    numbers = {name: number(book, name) for name in ("public", "private", "awaiting", "final")}
    by_number = {item["number"]: item for item in listed}
    assert all(words.grouped(found) in ended.out for found in numbers.values())
    assert by_number[numbers["private"]]["names"] == {}
    assert by_number[numbers["private"]]["holder_name"] is None
    assert by_number[numbers["public"]]["holder_name"] == "alice 有限公司"
    assert by_number[numbers["awaiting"]]["awaiting"] == ["VCU"]
    assert not by_number[numbers["awaiting"]]["final"]
    assert by_number[numbers["final"]]["final"]
    assert "awaits home cancellation: VCU" in ended.out


def test_a_valid_certificate_says_what_its_proof_leaves_open(book: Book, shell: Shell):
    trust.pin(book.key)

    said = shell("verify", exported(book, "imported")).out

    assert said.startswith("VALID — certificate ")
    assert "Recorded, not replayed" in said
    assert "attested by those who signed, not proven" in said
    assert "signed by the operator for the holder" in said
    assert "Final: nothing is awaited" in said
    assert "Timing: pass" in said


def test_a_certificate_that_awaits_its_home_registry_is_valid_and_not_final(
    book: Book, shell: Shell
):
    trust.pin(book.key)

    waiting, final = (shell("verify", exported(book, name)) for name in ("awaiting", "final"))

    assert (waiting.code, final.code) == (0, 0)
    assert "Not final: awaits cancellation by the home registry of VCU" in waiting.out
    assert "Cancelled at home: VCU, VCS-2026-0001, 2026-02-01." in final.out
    assert shell("verify", exported(book, "final"), "--json").json["home_cancelled"]


def test_a_certificate_of_many_ranges_says_how_many_stand_beside_it(book: Book, shell: Shell):
    trust.pin(book.key)
    file = exported(book, "fragmented")

    (retired,) = shell("verify", file, "--json").json["retired"]

    assert retired["ranges"] is None
    assert retired["ranges_beside"]["count"] > 16
    assert f"in {retired['ranges_beside']['count']} ranges" in shell("verify", file).out


def test_names_of_a_private_certificate_are_only_in_the_private_file(book: Book, shell: Shell):
    trust.pin(book.key)
    wanted = ["certificate", number(book, "private"), "--dir", book.directory, "-o"]
    public, private = book.directory.parent / "a", book.directory.parent / "b"

    shell(*wanted, public)
    told = shell(*wanted, private, "--private")

    assert "give it to those whom they concern only" in told.out
    assert private.stat().st_mode & 0o777 == 0o600
    assert shell("verify", public, "--json").json["names"] == {}
    assert "activity" in shell("verify", private, "--json").json["names"]
    assert "not public" in shell("verify", public).out


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["aaaabbbbccccdddd", "-o", "x"], 1, "no_certificate"),
        (["aaaabbbbccccdddd"], 2, "output_missing"),
        ([], 2, "number_or_list"),
        (["aaaabbbbccccdddd", "--list"], 2, "number_or_list"),
    ],
)
def test_a_certificate_that_cannot_be_had_is_told(
    arguments: list[str], code: int, error: str, book: Book, shell: Shell
):
    refused = shell("certificate", *arguments, "--dir", book.directory, "--json")

    assert (refused.code, refused.json["error"]) == (code, error)


@pytest.mark.parametrize(
    "typed", ["abcd-efgh-ijkl-mnop", " ABCD EFGH IJKL MNOP", "certificate/abcdefghijklmnop"]
)
def test_a_number_is_understood_as_people_write_it(typed: str):
    assert read_number(typed) == "abcdefghijklmnop"


def test_a_changed_byte_makes_a_certificate_invalid(book: Book, shell: Shell):
    trust.pin(book.key)
    file = exported(book)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)

    ended, told = shell("verify", file, "--json"), shell("verify", file)

    assert (ended.code, ended.json["verdict"]) == (1, "invalid")
    assert ended.json["reason"] in codes.CODES
    assert "Do not rely on this file" in told.out


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x00" * 3000, "证明".encode()])
def test_a_file_that_is_no_proof_is_invalid(content: bytes, home: Path, shell: Shell):
    (home / "file").write_bytes(content)

    ended = shell("verify", home / "file", "--json")

    assert (ended.code, ended.json["verdict"], ended.json["at"]) == (1, "invalid", None)
    assert ended.json["origin"] is None


def test_where_a_certificate_breaks_is_told(book: Book, shell: Shell):
    file = exported(book)
    found = proof.decode(file.read_bytes())
    index = found.leaf.index
    other = replace(found.leaf, path=found.leaf.path[::-1])
    file.write_bytes(proof.encode(replace(found, leaf=other)))

    at = shell("verify", file, "--key", book.key, "--json").json["at"]

    assert at == {"stream": book.streams["public"], "position": 1, "index": index}


def test_without_a_pinned_key_nothing_is_said_for_or_against(book: Book, shell: Shell):
    ended, told = shell("verify", exported(book), "--json"), shell("verify", exported(book))

    assert (ended.code, ended.json["verdict"]) == (3, "incomplete")
    assert (ended.json["reason"], ended.json["at"]) == ("no_pinned_key", None)
    assert "number" not in ended.json
    assert "registry trust VKEY" in told.out


def test_a_proof_older_than_asked_is_stale(book: Book, shell: Shell):
    ended = shell("verify", exported(book), "--key", book.key, "--min-size", 10_000, "--json")

    assert (ended.code, ended.json["verdict"]) == (4, "stale")
    assert ended.json["reason"] == "older_than_asked"


@pytest.mark.parametrize("size_min", [0, 10_000])
def test_two_histories_of_one_size_are_a_fork(book: Book, shell: Shell, size_min: int):
    file = exported(book)
    size = shell("verify", file, "--key", book.key, "--json").json["size"]
    operator = Operator(book.directory)
    forged = Checkpoint(origin=books.ORIGIN, size=size, root=bytes(32))
    other = operator._sign_checkpoint(forged, operator.registry())
    operator.close()
    trust.Memory(key=book.key).file.write_bytes(other)

    ended = shell("verify", file, "--key", book.key, "--min-size", size_min, "--json")

    assert (ended.code, ended.json["verdict"], ended.json["reason"]) == (1, "invalid", "forked")


def test_what_was_verified_is_remembered(book: Book, shell: Shell):
    memory = trust.Memory(key=book.key)
    assert memory.read() is None

    shell("verify", exported(book), "--key", book.key)

    seen = memory.read()
    assert isinstance(seen, Checkpoint)
    assert seen.origin == books.ORIGIN


def test_a_state_directory_that_cannot_be_written_costs_the_memory_not_the_verdict(
    book: Book, shell: Shell, monkeypatch: pytest.MonkeyPatch
):
    file = exported(book)
    (book.directory.parent / "a file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(book.directory.parent / "a file"))

    ended = shell("verify", file, "--key", book.key, "--json")

    assert (ended.code, ended.json["verdict"]) == (0, "valid")
    assert "could not be remembered" in ended.err


def test_a_name_in_a_proof_cannot_command_the_terminal(book: Book, shell: Shell):
    with book.clerk() as clerk:
        stream = clerk.retires(
            "owner", [(book.streams["native"], 1)], activity=Hidden(value="x\x1b]0;owned\x07y")
        )
    book.streams["hostile"] = stream

    said = shell("verify", exported(book, "hostile"), "--key", book.key).out

    assert "\x1b" not in said
    assert "x�]0;owned�y" in said


# Auditing.


def test_an_audit_tells_the_figures_and_that_they_add_up(book: Book, shell: Shell):
    ended = shell("audit", book.directory, "--key", book.key, "--json").json
    told = shell("audit", book.directory, "--key", book.key).out

    sums = sum(ended[name] for name in ("held_g", "locked_g", "retired_g", "cancelled_g"))
    assert ended["issued_g"] == ended["native_g"] + ended["deposited_g"] == sums
    assert ended["certificates"] == 6
    assert ended["awaiting"] == 1
    assert (ended["verdict"], ended["reason"], ended["at"]) == ("valid", None, None)
    assert re.fullmatch(r"[0-9a-f]{64}", ended["root"])
    assert told.startswith(f"VALID — log {books.ORIGIN}")
    assert "10.001 t" in told


def test_an_altered_entry_is_named_and_what_stands_is_counted(book: Book, shell: Shell):
    rowid, state = book.rows("SELECT rowid, state FROM stored_events WHERE length(state) > 8")[20]
    altered = bytearray(state)
    altered[len(altered) // 2] ^= 1
    book.change("UPDATE stored_events SET state = ? WHERE rowid = ?", bytes(altered), rowid)

    ended = shell("audit", book.directory, "--key", book.key, "--json")
    told = shell("audit", book.directory, "--key", book.key)

    index = (rowid - 1) // 64
    assert ended.code == told.code == 1
    assert ended.json["reason"] == "entry_altered"
    assert ended.json["at"]["index"] == ended.json["stands"] == index
    assert ended.json["issued_g"] is None
    assert ended.json["entries"] is None
    assert f"The first {index} entries still stand" in told.out


def test_a_spoiled_table_leaves_all_entries_standing(book: Book, shell: Shell):
    entries = shell("audit", book.directory, "--key", book.key, "--json").json["entries"]
    book.change("UPDATE tree SET hash = zeroblob(32) WHERE node = 5")

    ended = shell("audit", book.directory, "--key", book.key, "--json").json

    assert (ended["reason"], ended["stands"]) == ("derived.tree", entries)


def test_without_a_pinned_key_an_audit_tells_its_figures_and_believes_none(
    book: Book, shell: Shell
):
    ended, told = shell("audit", book.directory, "--json"), shell("audit", book.directory)

    assert (ended.code, ended.json["reason"]) == (3, "no_pinned_key")
    assert ended.json["retired_g"] > 0
    assert ended.json["stands"] is None
    assert "cannot be relied upon" in told.out


def test_a_head_without_its_signature_is_an_unsigned_tail_for_whoever_pinned_the_key(
    book: Book, shell: Shell
):
    trust.pin(book.key)
    book.change("UPDATE head SET checkpoint = NULL")

    ended = shell("audit", book.directory, "--json")

    assert (ended.code, ended.json["reason"]) == (3, "unsigned_tail")
    assert ended.json["origin"] == books.ORIGIN


def test_an_old_copy_is_stale(book: Book, shelf: Book, shell: Shell):
    with book.clerk() as clerk:
        clerk.opens("carol")
    assert shell("audit", book.directory, "--key", book.key).code == 0

    ended = shell("audit", shelf.directory, "--key", book.key, "--json")

    assert (ended.code, ended.json["verdict"]) == (4, "stale")
    assert ended.json["reason"] == "shorter_than_seen"
    assert ended.json["retired_g"] > 0


@pytest.mark.parametrize("command", ["audit", "verify"])
def test_what_is_not_there_is_wrong_usage(command: str, home: Path, shell: Shell):
    ended = shell(command, home / "nothing", "--json")

    assert ended.code == 2
    assert ended.json["error"] in {"no_file", "no_registry"}
    assert "verdict" not in ended.json


# Reading a registry.


def test_a_balance_is_found_by_stream_id_and_name(book: Book, shell: Shell):
    stream = book.accounts["alice"]

    found = [
        shell("balance", typed, "--dir", book.directory, "--json").json
        for typed in (stream, stream.removeprefix("account/"), "alice 有限公司")
    ]

    assert found[0] == found[1] == found[2]
    assert found[0]["name"] == "alice 有限公司"
    by_batch = {item["batch"]: item for item in found[0]["holdings"]}
    native, foreign = (by_batch[book.streams[name]] for name in ("native", "foreign"))
    assert (native["held_g"], native["locked_g"], native["retired_g"]) == (0, 0, 117)
    assert (foreign["held_g"], foreign["retired_g"]) == (7_000_000, 3_000_000)
    assert found[0]["held_g"] == 7_000_000


def test_a_balance_is_a_table_with_its_total(book: Book, shell: Shell):
    said = shell("balance", book.accounts["alice"], "--dir", book.directory, "--lang", "zh").out

    assert "alice 有限公司" in said
    assert "合计" in said
    assert re.search(r"VCU\s+2025-01-01 … 2025-12-31\s+7 t\s+0 t\s+3 t", said)


def test_an_account_without_credits_holds_nothing(book: Book, shell: Shell):
    assert "Holds nothing" in shell("balance", "exchange 有限公司", "--dir", book.directory).out


def test_a_name_that_two_accounts_have_is_refused_with_both(book: Book, shell: Shell):
    with book.clerk() as clerk:
        second = clerk.opens("alice")

    refused = shell("balance", "alice 有限公司", "--dir", book.directory, "--json")

    assert refused.code == 1
    assert refused.json["error"] == "several_accounts"
    assert set(refused.json["facts"]["accounts"]) == {book.accounts["alice"], second}


def test_an_account_that_is_not_there_is_told(book: Book, shell: Shell):
    refused = shell("balance", "alice", "--dir", book.directory)

    assert refused.code == 1
    assert "no account with the id or name “alice”" in refused.err


def test_a_name_that_was_erased_is_no_name(book: Book, shell: Shell):
    book.change("DELETE FROM openings", file="openings.db")

    found = shell("balance", book.accounts["alice"], "--dir", book.directory, "--json").json

    assert found["name"] is None
    assert shell("balance", "alice 有限公司", "--dir", book.directory).code == 1


def test_every_kind_of_stream_is_shown(book: Book, shell: Shell):
    streams = ["registry", "standard/VCU", book.accounts["alice"], *book.streams.values()]

    for stream in streams[:-1]:
        found = shell("show", stream, "--dir", book.directory, "--json").json
        said = shell("show", stream, "--dir", book.directory).out

        assert [entry["position"] for entry in found["entries"]] == [
            *range(1, len(found["entries"]) + 1)
        ]
        assert found["state"]
        assert f"stream {stream}: {len(found['entries'])} entries" in said
        assert "+08:00" in said


def test_a_shown_certificate_opens_what_is_kept_and_keeps_the_commitment_of_what_is_not(
    book: Book, shell: Shell
):
    stream = book.streams["public"]
    before = shell("show", stream, "--dir", book.directory).out
    book.change("DELETE FROM openings", file="openings.db")

    (entry,) = shell("show", stream, "--dir", book.directory, "--json").json["entries"]

    (event,) = entry["events"]
    assert "受益人" in before
    assert event["opened"] == {}
    assert event["hidden"] == ["activity", "beneficiary", "organisers"]
    assert re.fullmatch(r"[0-9a-f]{64}", event["body"]["beneficiary"])
    assert entry["together"] == [book.streams["native"]]
    assert "(commitment only)" in shell("show", stream, "--dir", book.directory).out


def test_a_gram_is_traced_from_its_issue_to_its_certificate(book: Book, shell: Shell):
    typed = f"{book.streams['native']}:0"

    found = shell("trace", typed, "--dir", book.directory, "--json").json
    said = shell("trace", typed.removeprefix("batch/"), "--dir", book.directory).out

    assert [step["kind"] for step in found["steps"]] == [
        "batch.issued.v1",
        "batch.transferred.v1",
        "batch.retired.v1",
    ]
    assert found["now"] == {
        "status": "retired",
        "batch": book.streams["native"],
        "holder": book.accounts["alice"],
        "certificate": number(book, "public"),
    }
    assert f"with certificate {words.grouped(number(book, 'public'))}" in said


def test_a_gram_that_is_held_is_said_to_be(book: Book, shell: Shell):
    found = shell("trace", f"{book.streams['native']}:999", "--dir", book.directory)

    assert f"It is held by owner 有限公司 ({book.accounts['owner']}) now." in found.out


@pytest.mark.parametrize(
    ("serial", "code", "error"),
    [("1000", 1, "no_gram"), ("-1", 2, "not_a_gram"), ("1_0", 2, "not_a_gram")],
)
def test_a_gram_that_never_was_is_told(
    serial: str, code: int, error: str, book: Book, shell: Shell
):
    ended = shell("trace", f"{book.streams['native']}:{serial}", "--dir", book.directory, "--json")

    assert (ended.code, ended.json["error"]) == (code, error)


@pytest.mark.parametrize(
    ("command", "what"), [("show", "batch/aaaabbbbccccdddd"), ("trace", "aaaabbbbccccdddd:1")]
)
def test_a_stream_that_is_not_there_is_told(command: str, what: str, book: Book, shell: Shell):
    ended = shell(command, what, "--dir", book.directory, "--json")

    assert (ended.code, ended.json["error"]) == (1, "no_stream")


def test_a_lost_mark_is_accepted_only_by_somebody_who_says_yes(book: Book, shell: Shell):
    mark = next((book.directory.parent / "state" / "carbon-registry").glob("?" * 64))
    before = Mark(bytes.fromhex(mark.name)).read()
    mark.unlink()

    asked = shell("accept-mark", "--dir", book.directory)
    missing = not mark.exists()
    done = shell("accept-mark", "--dir", book.directory, "--yes", "--json")

    assert (asked.code, missing) == (2, True)
    assert "nobody would notice" in asked.err
    assert done.code == 0
    assert (before.size, before.root.hex()) == (done.json["size"], done.json["root"])
    assert Mark(bytes.fromhex(mark.name)).read() == before


# Demonstration.


def test_every_paper_of_a_demonstration_says_so(home: Path, shell: Shell):
    made = shell("demo", home / "demo", "--json")
    trust.pin(trust.read_vkey(made.json["vkey"]))
    directory = ["--dir", home / "demo", "--lang", "zh"]
    listed = shell("certificate", "--list", *directory, "--json").json
    file = made.json["certificate"]
    papers = [
        shell("key", *directory),
        shell("verify", file, "--lang", "zh"),
        shell("verify", file, "--lang", "zh", "--min-size", 100_000),
        shell("audit", home / "demo", "--lang", "zh"),
        shell("certificate", "--list", *directory),
        shell("certificate", listed[0]["number"], *directory, "-o", home / "x"),
        shell("balance", listed[0]["holder"], *directory),
        shell("show", "registry", *directory),
    ]

    assert ["演示，非真实凭证" in paper.out for paper in papers] == [True] * len(papers)
    assert all(item["demonstration"] for item in listed)
    assert shell("verify", file, "--json").json["demonstration"]
    assert shell("audit", home / "demo", "--json").json["demonstration"]
    assert "DEMONSTRATION, NOT A GENUINE CERTIFICATE" in shell("verify", file).out


# How commands end.


def test_the_exit_code_is_the_verdict_in_a_real_process(book: Book):
    file = exported(book)
    spoiled = file.with_suffix(".spoiled")
    spoiled.write_bytes(file.read_bytes()[:-1])
    key = ["--key", book.key]

    ends = [
        process("verify", file, *key),
        process("verify", spoiled, *key),
        process("verify", file.with_suffix(".missing")),
        process("verify", file),
        process("verify", file, *key, "--min-size", 10_000),
        process("audit", book.directory, *key),
        process("audit", book.directory),
        process("audit", book.directory.parent),
    ]

    assert [ended.code for ended in ends] == [0, 1, 2, 3, 4, 0, 3, 2]
    assert not any("Traceback" in ended.err for ended in ends)


def test_a_process_speaks_the_locales_language(book: Book):
    file = exported(book)

    ended = process("verify", file, "--key", book.key, REGISTRY_LANG="", LC_ALL="zh_CN.UTF-8")

    assert ended.out.startswith("有效 — 证明 ")


def test_a_terminal_that_lacks_the_characters_gets_the_answer_all_the_same(book: Book):
    arguments = ["--key", book.key, "--lang", "zh"]

    told = process("verify", exported(book), *arguments, PYTHONIOENCODING="ascii")
    asked = process("verify", exported(book), *arguments, "--json", PYTHONIOENCODING="ascii")

    assert (told.code, asked.code) == (0, 0)
    assert asked.json["names"]["beneficiary"] == "受益人"


def test_help_and_verify_need_neither_server_nor_tables(book: Book):
    """What each imports in the base install, and what keeps it quick."""
    tell = "\nimport atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))"

    helped = process("--help", code=tell).err.split()
    verified = process("verify", exported(book), "--key", book.key, code=tell).err.split()

    assert "registry.verifier.certificate" in verified
    for heavy in ("eventsourcing", "fastapi", "rich", "sqlite3", "registry.store"):
        assert heavy not in helped
        assert heavy not in verified
    for heavy in ("nacl", "msgpack", "pydantic"):
        assert heavy not in helped


def test_without_the_server_a_stranger_can_still_check(book: Book):
    bare = "import sys\nfor name in ('eventsourcing', 'fastapi'): sys.modules[name] = None"

    ends = [
        process("--help", code=bare),
        process("trust", book.key, code=bare),
        process("verify", exported(book), code=bare),
        process("audit", book.directory, code=bare),
    ]
    refused = process("certificate", "--list", "--dir", book.directory, code=bare)

    assert [ended.code for ended in ends] == [0, 0, 0, 0]
    assert refused.code == 2
    assert "pip install 'carbon-registry[server]'" in refused.err


def test_nobody_reading_on_is_no_error(book: Book):
    script = "from registry.cli.main import main; main()"
    arguments = ["show", book.streams["native"], "--dir", str(book.directory), "--json"]
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        cwd=ROOT,
    )
    os.close(writing)

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_disk_that_refuses_is_told_without_a_traceback(book: Book, shell: Shell):
    nowhere = book.directory / "no" / "such" / "place"

    ended = shell("certificate", number(book, "public"), "--dir", book.directory, "-o", nowhere)

    assert ended.code == 74
    assert "storage_failed" in ended.err
    assert str(nowhere) in ended.err


def test_a_database_that_is_none_is_told_without_a_traceback(book: Book, shell: Shell):
    (book.directory / "openings.db").write_bytes(b"not a database, but long enough to look at")

    ended = shell("balance", "alice 有限公司", "--dir", book.directory, "--json")

    assert (ended.code, ended.json["error"]) == (1, "database_unreadable")


def test_a_registry_that_is_not_there_is_refused(home: Path, shell: Shell):
    for command in (["key"], ["balance", "x"], ["show", "registry"], ["certificate", "--list"]):
        ended = shell(*command, "--dir", home, "--json")

        assert (ended.code, ended.json["error"]) == (2, "no_registry")


def test_wrong_usage_is_told_in_the_readers_language_and_as_json(shell: Shell):
    told, asked = shell("verify", "--lang", "zh"), shell("nonsense", "--json")

    assert told.code == asked.code == 2
    assert told.err.startswith("错误（usage）：用法错误")
    assert asked.json["error"] == "usage"
    assert shell("verify", "--lang=zh").err.startswith("错误")
    assert "：没有选项 --bogus。" in shell("audit", "--bogus", "--lang", "zh").err
    assert ": there is no option --bogus." in shell("audit", "--bogus", "--lang", "en").err
    assert shell("verify", "x", "--lang", "fr").code == 2


def test_no_command_at_all_is_answered_with_help(shell: Shell):
    ended = shell()

    assert ended.code == 2
    assert "import-list" in ended.out + ended.err


def test_a_fault_of_our_own_is_not_hidden(shell: Shell, monkeypatch: pytest.MonkeyPatch):
    def broken(*_arguments: object, **_more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("registry.cli.keeping.key", broken)

    ended = shell("key", "--dir", "x")

    assert ended.code == 70
    assert "ZeroDivisionError" in ended.err


def test_an_interrupted_command_ends_as_interrupted(shell: Shell, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_arguments: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("registry.cli.keeping.key", interrupted)

    assert shell("key", "--dir", "x").code == 130


def test_a_list_is_imported_after_init_alone_and_a_second_time_without_effect(
    home: Path, shell: Shell
):
    shell("init", home / "new")
    file = home / "list.csv"
    file.write_text(
        "no,activity,organiser,category,tonnes,month\n1,a meeting,a host,会议,1.5,2024-01\n",
        "utf-8",
    )
    command = ["import-list", file, "--dir", home / "new"]

    previewed = shell(*command, "--dry-run", "--json").json
    entered, again = shell(*command, "--json").json, shell(*command, "--json").json

    assert (previewed["rows"], entered["rows"], again["rows"]) == (1, 1, 0)
    listed = shell("certificate", "--list", "--dir", home / "new", "--json").json
    assert [item["amount_g"] for item in listed] == [1_500_000]
    assert shell("import-list", home / "none.csv", "--dir", home / "new").code == 2
