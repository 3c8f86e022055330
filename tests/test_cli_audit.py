"""`registry audit --resume`: as it is typed, after an audit that was killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from registry import history
from registry.history import Addition, SignedEntry, View
from registry.ledger.rows import Beside
from registry.verifier import interim
from tests.books import Book, book, home, shelf
from tests.test_cli import Shell, english, shell

__all__ = ["book", "english", "home", "shelf", "shell"]

KILLED_AT = 31
KILLED = f"""
import os, signal, sys
from pathlib import Path
from registry.ledger.note import read_vkey
from registry.verifier import interim, run
from registry.verifier.audit import audit

def told(done, of):
    if done == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)

run.TELL_ENTRIES, run.KEEP_SHARE = 2, 0
place = Path(sys.argv[1])
keeping = interim.Keeping(file=interim.file_of(place), every_s=0)
audit(place, read_vkey(sys.argv[2]), progress=told, keeping=keeping)
"""


@pytest.fixture
def killed(book: Book) -> Path:
    """What an audit leaves that was killed in the middle."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, book.directory, str(book.key)], check=False
    )
    assert done.returncode == -signal.SIGKILL
    return interim.file_of(book.directory)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The entries that are judged, as they are."""
    seen: list[int] = []
    follow = history.follow

    def told(view: View, signed: SignedEntry, beside: Beside) -> Addition:
        seen.append(view.size)
        return follow(view, signed, beside)

    monkeypatch.setattr(history, "follow", told)
    return seen


def test_a_killed_audit_goes_on_and_leaves_nothing(
    book: Book, killed: Path, judged: list[int], shell: Shell
) -> None:
    ended = shell("audit", book.directory, "--key", book.key, "--resume", "--json")

    assert (ended.code, ended.json["verdict"]) == (0, "valid")
    assert judged == list(range(KILLED_AT, ended.json["entries"]))
    assert not killed.exists()


def test_without_being_asked_nothing_is_taken_from_before(
    book: Book, killed: Path, judged: list[int], shell: Shell
) -> None:
    ended = shell("audit", book.directory, "--key", book.key, "--json")

    assert judged == list(range(ended.json["entries"]))
    assert not killed.exists()


def test_what_was_altered_meanwhile_is_invalid(book: Book, killed: Path, shell: Shell) -> None:
    book.change("UPDATE stored_events SET topic = topic || 'x' WHERE rowid = 641")

    ended = shell("audit", book.directory, "--key", book.key, "--resume", "--json")

    assert (ended.code, ended.json["reason"]) == (1, "derived.rows")
    assert not killed.exists()


def test_there_need_be_nothing_to_go_on_from(book: Book, shell: Shell) -> None:
    assert shell("audit", book.directory, "--key", book.key, "--resume").code == 0
