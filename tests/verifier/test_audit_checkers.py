"""Signatures checked in other processes: the same findings, in the same order, and never a pass by accident."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from registry.errors import RegistryError, UnavailableError
from registry.ledger import entry as entries
from registry.verifier import checkers, signed
from registry.verifier.audit import audit
from tests.books import Book
from tests.verifier.test_forgeries import encoded, stored, write

SIGNED = (
    # RFC 8032, section 7.1, test 2.
    bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
    bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
    b"\x72",
)
UNSIGNED = (SIGNED[0], SIGNED[1], b"\x73")


@pytest.fixture
def in_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed, "WORTH_ENTRIES", 0)
    monkeypatch.setattr(signed, "processors", lambda: 2)


def fault(book: Book) -> tuple[str, dict[str, object]]:
    with pytest.raises(RegistryError) as caught:
        audit(book.place, book.key)
    return caught.value.code, caught.value.facts


def test_answers_come_in_the_order_of_asking() -> None:
    with checkers.started(2) as helpers:
        helpers.ask([SIGNED, UNSIGNED])
        helpers.ask([UNSIGNED])
        helpers.ask([])
        helpers.ask([SIGNED] * 100)

        answers = [helpers.answer() for _ in range(4)]

    assert answers == [[True, False], [False], [], [True] * 100]


def test_a_checker_that_dies_is_an_error() -> None:
    with checkers.started(1) as helpers:
        os.kill(helpers.processes[0].pid, signal.SIGKILL)
        helpers.processes[0].wait()

        with pytest.raises(UnavailableError, match="checker_died"):
            helpers.ask([SIGNED])


def test_a_checker_that_dies_before_it_answers_is_an_error() -> None:
    with checkers.started(1) as helpers:
        os.kill(helpers.processes[0].pid, signal.SIGSTOP)
        helpers.ask([SIGNED])
        os.kill(helpers.processes[0].pid, signal.SIGKILL)

        with pytest.raises(UnavailableError, match="checker_died"):
            helpers.answer()


def test_no_checker_outlives_its_audit() -> None:
    with checkers.started(2) as helpers:
        processes = helpers.processes

    assert all(process.returncode is not None for process in processes)


def test_what_lies_where_one_stands_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("registry.py", "nacl.py", "signal.py"):
        (tmp_path / name).write_text("raise SystemExit(1)\n")
    monkeypatch.chdir(tmp_path)

    with checkers.started(1) as helpers:
        helpers.ask([UNSIGNED])

        assert helpers.answer() == [False]


@pytest.mark.usefixtures("in_processes")
def test_an_audit_comes_to_the_same_with_processes(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = audit(book.place, book.key)
    monkeypatch.setattr(signed, "processors", lambda: 1)

    assert audit(book.place, book.key) == found


@pytest.mark.usefixtures("in_processes")
@pytest.mark.parametrize("harm", ["flipped", "too few", "of another", "cut"])
def test_what_is_wrong_is_named_as_by_one_process(
    book: Book, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = 40
    read = entries.decode(stored(book, index))
    first, *rest = read.signatures
    altered = {
        "flipped": encoded(read, signatures=(bytes([first[0] ^ 1]) + first[1:], *rest)),
        "too few": encoded(read, signatures=tuple(rest)),
        "of another": encoded(
            read, signatures=(entries.decode(stored(book, index - 1)).signatures[0], *rest)
        ),
        "cut": stored(book, index)[:-1],
    }
    write(book, index, altered[harm])

    code, facts = fault(book)
    monkeypatch.setattr(signed, "processors", lambda: 1)

    assert (code, facts) == fault(book)
    assert facts["index"] == index


@pytest.mark.usefixtures("in_processes")
def test_an_audit_whose_checkers_die_has_no_verdict(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkers, "_COMMAND", (sys.executable, "-c", "raise SystemExit"))

    code, _ = fault(book)

    assert code == "checker_died"


@pytest.mark.usefixtures("in_processes")
def test_a_no_that_is_wrong_does_no_harm(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    found = audit(book.place, book.key)
    liar = (
        "import sys\n"
        "i, o = sys.stdin.buffer, sys.stdout.buffer\n"
        "while n := i.read(4):\n"
        "    f = i.read(int.from_bytes(n, 'big'))\n"
        "    while f:\n"
        "        f = f[100 + int.from_bytes(f[:4], 'big'):]\n"
        "        o.write(b'\\0')\n"
        "    o.flush()\n"
    )
    monkeypatch.setattr(checkers, "_COMMAND", (sys.executable, "-c", liar))

    assert audit(book.place, book.key) == replace(found)
