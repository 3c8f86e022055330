"""The operator's log: what it says, where it says it, and what it never says."""

import json
import os
import re
import stat
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from registry.acts.propose import Hidden
from registry.desk.keys import RotateLogKey
from registry.errors import RefusedError, RegistryError, UnavailableError
from registry.ledger.keys import key_id
from registry.place import Server as Address
from registry.store.logs import ENVIRONMENT, KEY_ACTS, asked_for
from registry.store.observer import NOBODY
from registry.store.operator import Operator, accept_mark
from registry.store.sequencer import Sequencer
from tests import books
from tests.books import Book
from tests.desks import does
from tests.pages import ROOT
from tests.servers import Server
from tests.store.conftest import write_quickly

NAME = "张三"
ADDRESS = "四川省成都市人民南路四段 7 号"
PASSWORD = "hunter2-geheim"
FIELDS = {
    "started": {"size"},
    "stopped": set(),
    "committed": {"from", "to", "size", "requests", "seconds"},
    "key": {"index", "kind", "account", "key"},
    "refused": {"codes"},
    "failed": {"code"},
    "lost": {"code"},
    "back": set(),
    "mark_accepted": {"size"},
}
"""All that an event may say, besides when, how bad, and which process."""
WORD = re.compile(r"[a-z0-9_./:+-]*", re.IGNORECASE)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the log is written from now on."""
    file = tmp_path / "registry.log"
    monkeypatch.setenv(ENVIRONMENT, str(file))
    return file


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def told(file: Path, event: str) -> list[dict[str, Any]]:
    """What one event said, without its head."""
    head = {"at", "level", "event", "pid"}
    return [
        {name: value for name, value in line.items() if name not in head}
        for line in lines(file)
        if line["event"] == event
    ]


def check_form(said: list[dict[str, Any]]) -> None:
    for line in said:
        assert list(line)[:4] == ["at", "level", "event", "pid"]
        assert line.keys() - {"at", "level", "event", "pid"} <= FIELDS[line["event"]]
        for value in line.values():
            if isinstance(value, dict):
                assert all(isinstance(count, int) for count in value.values())
            assert isinstance(value, int | float | dict) or WORD.fullmatch(value)


# What it says.


@pytest.mark.on("sqlite", "postgres")
def test_a_writer_tells_its_beginning_its_commits_and_its_end(quick: Book, file: Path):
    size = quick.audited().entries

    with quick.clerk() as clerk:
        gifts = [clerk.transfer(quick.streams["native"], "owner", "bob", 1) for _ in range(3)]
        clerk.operator.record(gifts)

    said = lines(file)
    assert [line["event"] for line in said] == ["started", "committed", "stopped"]
    assert told(file, "started") == [{"size": size}]
    (committed,) = told(file, "committed")
    assert 0 < committed.pop("seconds") < 60
    assert committed == {"from": size, "to": size + 2, "size": size + 3, "requests": 3}
    assert {line["pid"] for line in said} == {os.getpid()}
    check_form(said)


def test_a_refusal_is_told_by_its_code_alone(quick: Book, file: Path):
    with quick.clerk() as clerk:
        native = quick.streams["native"]
        greedy = [clerk.transfer(native, "bob", "alice", 10**12) for _ in range(2)]
        answers = clerk.operator.committer.commit(
            [*greedy, clerk.transfer(native, "owner", "bob", 1)]
        )
        with pytest.raises(RefusedError):
            clerk.operator.record(greedy)
        with Sequencer(clerk.operator.committer) as queue:
            with pytest.raises(RefusedError):
                queue.submit(b"no intent", [])
            forged = queue.submit(greedy[0].signed.data, [bytes(64)])
            assert isinstance(forged.exception(60), RefusedError)

    assert [isinstance(answer, RefusedError) for answer in answers] == [True, True, False]
    assert told(file, "refused") == [
        {"codes": {"insufficient_holding": 2}},
        {"codes": {"insufficient_holding": 1}},
        {"codes": {"not_canonical": 1}},
        {"codes": {"bad_signature": 1}},
    ]
    check_form(lines(file))


def test_who_gets_which_key_is_told_by_account_and_key_id(book: Book, file: Path):
    with book.clerk() as clerk:
        operator, alice = clerk.operator, book.accounts["alice"]
        before = operator.kept(alice)
        clerk.adds_and_ends_a_key("alice")
        does(operator, RotateLogKey())
        log_key = operator.registry().log_key

    added, ended, replaced = told(file, "key")
    assert added["kind"] == "account.key_added.v1"
    assert ended["kind"] == "account.key_ended.v1"
    assert added["account"] == ended["account"] == alice
    assert added["key"] == ended["key"] != key_id(before[0]).hex()
    assert replaced["kind"] == "registry.log_key_replaced.v1"
    assert replaced["key"] == key_id(log_key).hex()
    assert replaced["index"] == book.audited().entries - 1


def test_what_fails_is_told_by_its_code(
    quick: Book, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with quick.clerk() as clerk:
        request = clerk.transfer(quick.streams["native"], "owner", "bob", 1)
        monkeypatch.setattr("registry.store.clock.TOLERANCE_US", -1)
        with pytest.raises(UnavailableError):
            clerk.operator.record([request])
    monkeypatch.undo()
    monkeypatch.setenv(ENVIRONMENT, str(file))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(RegistryError):
        Operator(quick.place)
    accept_mark(quick.place, 0)

    codes = [line["code"] for line in told(file, "failed")]
    assert codes[0].startswith("clock_")
    assert codes[1:] == ["no_mark"]
    assert told(file, "mark_accepted") == [{"size": quick.audited().entries}]


def test_a_server_that_goes_away_and_comes_back_is_told(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    books.live_at(tmp_path, monkeypatch)
    with Server() as primary:
        url = primary.create_database("registry")
        book = write_quickly(Address(url=url, state=tmp_path / "registry"))
        file.unlink()
        with book.clerk() as clerk:
            request = clerk.transfer(book.streams["native"], "owner", "bob", 1)
            primary.stop()
            again = threading.Timer(1, primary.start)
            again.start()
            clerk.operator.record([request])
            again.join()

    events = [line["event"] for line in lines(file)]
    assert events[:3] == ["started", "lost", "failed"]
    assert events[-3:] == ["committed", "back", "stopped"]
    assert {line["code"] for line in told(file, "failed")} == {"server_unavailable"}
    assert Counter(events)["lost"] == 1


# Where.


def test_nobody_writes_a_log_that_nobody_asked_for(monkeypatch: pytest.MonkeyPatch):
    for nothing in (None, ""):
        if nothing is None:
            monkeypatch.delenv(ENVIRONMENT, raising=False)
        else:
            monkeypatch.setenv(ENVIRONMENT, nothing)

        assert asked_for() is NOBODY


def test_only_its_owner_may_read_the_file_and_it_is_made_again_after_it_was_moved(
    quick: Book, file: Path
):
    with quick.clerk() as clerk:
        mode = stat.S_IMODE(file.stat().st_mode)
        file.rename(file.with_suffix(".1"))
        clerk.operator.record([clerk.transfer(quick.streams["native"], "owner", "bob", 1)])

    assert mode == 0o600
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [line["event"] for line in lines(file.with_suffix(".1"))] == ["started"]
    assert [line["event"] for line in lines(file)] == ["committed", "stopped"]


def test_a_file_that_cannot_be_written_is_told_at_the_start_and_costs_no_act_later(
    quick: Book, file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(ENVIRONMENT, str(file / "below" / "a file"))
    with pytest.raises(UnavailableError) as refused:
        Operator(quick.place)
    monkeypatch.setenv(ENVIRONMENT, str(file))
    with quick.clerk() as clerk:
        file.unlink()
        file.mkdir()
        request = clerk.transfer(quick.streams["native"], "owner", "bob", 1)
        (receipt,) = clerk.operator.record([request])

    assert refused.value.code == "storage_failed"
    assert receipt.index == quick.audited().entries - 1


def test_standard_error_is_where_a_command_tells_and_its_answer_stays_alone(book: Book):
    command = [sys.executable, "-m", "registry.cli.main", "account", "key", "rotate"]
    done = subprocess.run(
        [*command, book.accounts["alice"], "--dir", str(book.directory), "--json"],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, ENVIRONMENT: "stderr"},
        encoding="utf-8",
    )

    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in said] == ["started", "committed", "key", "key", "stopped"]
    assert "index" in json.loads(done.stdout)
    check_form(said)


# What it never says.


@pytest.mark.on("sqlite", "postgres")
def test_a_whole_life_leaves_no_name_text_password_or_passphrase_in_the_log(
    place: Any, file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    if isinstance(place, Address):
        place = Address(
            url=place.url.replace("postgres@", f"postgres:{PASSWORD}@"), state=place.state
        )
    base = file.parent
    monkeypatch.setenv(ENVIRONMENT, str(file))
    book = books.write_book(base, place)
    with book.clerk() as clerk:
        native = book.streams["native"]
        secret = {"beneficiary": Hidden(value=NAME), "activity": Hidden(value=ADDRESS)}
        clerk.retires("owner", [(native, 1)], **secret)
        greedy, _ = clerk.retirement("owner", [(native, 10**12)], **secret)
        clerk.operator.committer.commit([greedy])
        clerk.opens(NAME)
        texts = [text for _, *_, value in hidden_rows(clerk.operator) for text in texts_of(value)]
    accept_mark(book.place, 0)

    written = file.read_text("utf-8") + "".join(capfd.readouterr())
    assert len(texts) > 20
    passphrase = (book.directory / "passphrase").read_text().strip()
    unwanted = {NAME, ADDRESS, PASSWORD, passphrase, "有限公司", "a forest", *texts}
    assert [text for text in unwanted if text in written or json.dumps(text)[1:-1] in written] == []
    said = lines(file)
    assert {line["event"] for line in said} >= FIELDS.keys() - {"lost", "back", "failed"}
    assert {line["kind"] for line in said if line["event"] == "key"} == KEY_ACTS
    check_form(said)


def hidden_rows(operator: Operator) -> list[tuple[Any, ...]]:
    """All openings that are kept, each with its value at the end."""
    rows = operator.log.openings.rows()
    found = operator.log.openings.find([row[0] for row in rows])
    return [(one, opening.value) for one, opening in found.items()]


def texts_of(value: Any) -> list[str]:
    return (
        [text for item in value for text in texts_of(item)]
        if isinstance(value, list | tuple)
        else [value]
    )
