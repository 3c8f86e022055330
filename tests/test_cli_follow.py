"""`registry follow`, as programs meet it: in processes of its own, which are told to stop one way or another."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from registry.acts.propose import Hidden
from registry.cli.following import AGAIN_S
from registry.domain.kinds import EVENTS
from registry.place import Server as Address
from tests.books import Book, book, live_at, shelf
from tests.pages import ROOT
from tests.servers import PATIENCE_S, Server
from tests.store.conftest import write_quickly

__all__ = ["book", "shelf"]

NAME = "张三有限公司"
URL_PASSWORD = "pa55word"


class Following:
    """The command at work: what it has printed so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []

    def reads(self, count: int) -> list[dict[str, Any]]:
        """So many more lines."""
        assert self.process.stdout is not None
        read = [json.loads(self.process.stdout.readline()) for _ in range(count)]
        self.lines += read
        return read

    def ends(self, number: signal.Signals | None = None) -> tuple[int, str, str]:
        """Exit code, and what else it printed, after this signal."""
        if number is not None:
            self.process.send_signal(number)
        rest, told = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, rest, told


@contextmanager
def following(*arguments: object, **environment: str) -> Iterator[Following]:
    process = subprocess.Popen(
        [sys.executable, "-m", "registry.cli.main", "follow", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "REGISTRY_LANG": "en", **environment},
        encoding="utf-8",
    )
    try:
        yield Following(process)
    finally:
        process.kill()
        process.communicate()


def gives(book: Book, count: int = 1) -> None:
    with book.clerk() as clerk:
        for _ in range(count):
            hidden = Hidden(value=NAME)
            clerk.operator.record(
                [clerk.transfer(book.streams["native"], "owner", "bob", 1, trade=hidden)]
            )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_what_is_there_and_what_comes_until_it_is_told_to_stop(
    book: Book, number: signal.Signals
):
    size = book.audited().entries

    with following("--dir", book.directory) as command:
        command.reads(size)
        gives(book, 2)
        last = command.reads(2)
        ended = command.ends(number)

    assert ended == (0, "", "")
    assert [line["index"] for line in command.lines] == list(range(size + 2))
    recorded = {
        topic
        for (topics,) in book.rows("SELECT topic FROM stored_events")
        for topic in topics.split("+")
    }
    assert {kind for line in command.lines for kind in line["kinds"]} == recorded <= set(EVENTS)
    assert [(line["kinds"], line["streams"]) for line in last] == [
        (["batch.transferred.v1"], [book.streams["native"]])
    ] * 2
    assert last[0].keys() == {"index", "time", "kinds", "streams", "demonstration"}
    assert last[0]["time"].endswith("Z")
    assert not last[0]["demonstration"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_told_twice_at_once_is_being_told_once(book: Book, number: signal.Signals):
    size = book.audited().entries

    for pause_s in (0, 0.001, 0.005, 0.02):
        with following("--dir", book.directory) as command:
            command.reads(size)
            command.process.send_signal(number)
            time.sleep(pause_s)
            ended = command.ends(number)
        assert ended == (0, "", "")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_is_being_printed_is_printed_to_its_end(book: Book, unbuffered: str):
    gives(book, 120)
    size = book.audited().entries

    with following("--dir", book.directory, PYTHONUNBUFFERED=unbuffered) as command:
        assert command.process.stdout is not None
        fcntl.fcntl(command.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        command.reads(1)
        command.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        command.reads(size - 1)
        ended = command.ends()

    assert ended == (0, "", "")
    assert [line["index"] for line in command.lines] == list(range(size))


def test_being_told_again_later_ends_it_although_nobody_reads_on(book: Book):
    gives(book, 120)

    with following("--dir", book.directory) as command:
        assert command.process.stdout is not None
        fcntl.fcntl(command.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        command.reads(1)
        command.process.send_signal(signal.SIGTERM)
        time.sleep(AGAIN_S + 0.5)
        assert command.process.poll() is None
        command.process.send_signal(signal.SIGTERM)
        code = command.process.wait(PATIENCE_S)

    assert code == -signal.SIGTERM


def test_no_name_is_in_a_line(book: Book):
    size = book.audited().entries
    gives(book)

    with following("--dir", book.directory) as command:
        told = json.dumps(command.reads(size + 1), ensure_ascii=False)

    assert "有限公司" not in told
    assert "张三" not in told


def test_it_begins_where_it_is_told_to(book: Book):
    size = book.audited().entries

    with following("--dir", book.directory, "--from", size - 1) as command:
        (line,) = command.reads(1)

    assert line["index"] == size - 1


def test_nobody_reading_on_ends_it_in_silence(book: Book):
    size = book.audited().entries

    with following("--dir", book.directory) as command:
        command.reads(size)
        assert command.process.stdout is not None
        command.process.stdout.close()
        gives(book)
        code = command.process.wait(PATIENCE_S)
        assert command.process.stderr is not None
        told = command.process.stderr.read()

    assert (code, told) == (0, "")


def test_a_registry_that_was_replaced_by_an_old_copy_ends_it_with_a_code(book: Book):
    size, before = book.audited().entries, book.whole()
    gives(book, 2)

    with following("--dir", book.directory) as command:
        command.reads(size + 2)
        book.restore(before)
        code, rest, told = command.ends()

    assert (code, rest) == (1, "")
    assert "(followed_other)" in told


def test_where_there_is_nothing_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    live_at(tmp_path, monkeypatch)

    with following("--dir", tmp_path) as command:
        code, rest, told = command.ends()

    assert (code, rest) == (2, "")
    assert "(no_registry)" in told


def test_every_line_of_a_demonstration_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tests.store.conftest.ORIGIN", "demo.registry.example/books")
    live_at(tmp_path, monkeypatch)
    made = write_quickly(tmp_path / "registry")

    with following("--dir", made.directory) as command:
        lines = command.reads(made.audited().entries)

    assert all(line["demonstration"] for line in lines)


def test_it_outlives_its_server_and_shows_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    live_at(tmp_path, monkeypatch)
    with Server() as primary:
        url = primary.create_database("registry")
        book = write_quickly(Address(url=url, state=tmp_path / "registry"))
        size = book.audited().entries
        secret = url.replace("postgres@", f"postgres:{URL_PASSWORD}@")

        with following("--dir", secret, "--read-url", secret) as command:
            command.reads(size)
            primary.stop()
            primary.start()
            gives(book)
            command.reads(1)
            code, rest, told = command.ends(signal.SIGTERM)

    assert (code, rest) == (0, "")
    assert [line["index"] for line in command.lines] == list(range(size + 1))
    assert "(server_unavailable)" in told
    assert "answers again" in told
    assert URL_PASSWORD not in told


def test_a_signal_ends_it_while_its_server_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    live_at(tmp_path, monkeypatch)
    with Server() as primary:
        url = primary.create_database("registry")
        book = write_quickly(Address(url=url, state=tmp_path / "registry"))
        with following("--dir", url) as command:
            command.reads(book.audited().entries)
            primary.kill()
            assert command.process.stderr is not None
            told = command.process.stderr.readline()
            code, rest, _ = command.ends(signal.SIGTERM)

    assert "(server_unavailable)" in told
    assert (code, rest) == (0, "")
