"""The high-water mark: a registry that is not the one that was last seen here is not written to."""

import os
from pathlib import Path

import pytest

from registry.errors import BrokenHistoryError, UnavailableError
from registry.store.mark import Mark, Seen
from registry.store.operator import Operator, accept_mark
from tests.books import Book, Clerk
from tests.grounds import on_another_machine

pytestmark = pytest.mark.on("sqlite", "postgres")

NOW_US = 1_790_000_000_000_000


def grow(clerk: Clerk, book: Book, count: int = 1, taker: str = "bob") -> None:
    batch = book.streams["native"]
    clerk.operator.record([clerk.transfer(batch, "owner", taker, 1) for _ in range(count)])


def grown(book: Book, count: int = 1, taker: str = "bob") -> None:
    with book.clerk() as clerk:
        grow(clerk, book, count, taker)


def elsewhere(book: Book, base: Path, patch: pytest.MonkeyPatch) -> Book:
    """The registry as a machine has it that never saw it."""
    patch.setenv("XDG_STATE_HOME", str(base / "state"))
    if isinstance(book.place, Path):
        return book
    there = on_another_machine(book, base)
    there.mark.file.unlink()
    return there


def refusal(book: Book) -> BrokenHistoryError:
    with pytest.raises(BrokenHistoryError) as fault:
        Operator(book.place)
    return fault.value


def test_the_mark_is_where_the_log_stands(book: Book) -> None:
    grown(book, 3)

    audited = book.audited()

    assert book.mark.read() == Seen(size=audited.entries, root=audited.root)


def test_a_restored_backup_is_behind_the_mark(book: Book) -> None:
    restore = book.backup()
    grown(book, 2)
    seen = book.mark.read()
    restore()

    fault = refusal(book)

    assert fault.code == "behind_mark"
    assert (fault.facts["size"], fault.facts["mark"]) == (seen.size - 2, seen.size)
    assert book.mark.read() == seen
    assert book.audited().entries == seen.size - 2


@pytest.mark.parametrize("more", [0, 1, 5])
def test_a_backup_that_was_grown_elsewhere_differs_from_the_mark(
    book: Book, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: int
) -> None:
    restore = book.backup()
    grown(book, 2)
    seen = book.mark.read()
    restore()
    with monkeypatch.context() as patch:
        there = elsewhere(book, tmp_path / "elsewhere", patch)
        accept_mark(there.place, NOW_US)
        grown(there, 2 + more, "alice")

    fault = refusal(book)

    assert fault.code == "differs_from_mark"
    assert fault.facts["mark"] == seen.size
    assert book.mark.read() == seen
    assert book.audited().entries == seen.size + more


def test_a_backup_restored_under_a_running_operator_is_noticed_before_the_next_write(
    book: Book,
) -> None:
    with book.clerk() as clerk:
        grow(clerk, book)
        size = book.mark.read().size
        book.mark.write(Seen(size=size + 1, root=bytes(32)))

        with pytest.raises(BrokenHistoryError) as fault:
            grow(clerk, book)

    assert fault.value.code == "behind_mark"
    assert book.audited().entries == size


def test_without_a_mark_nothing_is_written(book: Book) -> None:
    book.mark.file.unlink()

    fault = refusal(book)

    assert fault.code == "no_mark"
    assert fault.facts["file"] == str(book.mark.file)
    assert not book.mark.file.exists()
    assert book.audited().entries > 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"50\n",
        b"x" * 90,
        b"050 " + b"0" * 64 + b"\n",
        b"-1 " + b"0" * 64 + b"\n",
        b"50 " + b"0" * 63 + b"\n",
        b"50 " + b"F" * 64 + b"\n",
        b"50 " + b"0" * 64,
        b"50 " + b"0" * 64 + b"\n\n",
        b"50 " + b"0" * 64 + b"\r\n",
        "５０ ".encode() + b"0" * 64 + b"\n",
        b"\xff\xfe",
    ],
    ids=repr,
)
def test_a_file_that_is_no_mark_stops_the_writer(book: Book, data: bytes) -> None:
    book.mark.file.write_bytes(data)

    fault = refusal(book)

    assert fault.code in {"bad_mark"} | ({"differs_from_mark"} if b"\r\n" in data else set())
    assert book.mark.file.read_bytes() == data
    assert book.audited().entries > 0


@pytest.mark.parametrize("spoil", ["behind", "missing", "garbage"])
def test_an_accepted_mark_lets_the_log_go_on_and_is_on_record(book: Book, spoil: str) -> None:
    restore = book.backup()
    grown(book)
    restore()
    if spoil == "missing":
        book.mark.file.unlink()
    if spoil == "garbage":
        book.mark.file.write_text("garbage")

    seen = accept_mark(book.place, NOW_US)

    record = book.mark.file.with_suffix(".log").read_text()
    assert record == f"{NOW_US} accepted {seen.size} {seen.root.hex()}\n"
    assert book.mark.read() == seen
    grown(book)
    assert book.audited().entries == seen.size + 1


def test_every_acceptance_stays_on_record(book: Book) -> None:
    for number in range(3):
        accept_mark(book.place, NOW_US + number)

    record = book.mark.file.with_suffix(".log").read_text().splitlines()
    assert [line.split()[0] for line in record] == [str(NOW_US + number) for number in range(3)]
    assert book.audited().entries == book.mark.read().size


def test_a_mark_that_a_crash_left_behind_is_carried_forward(book: Book) -> None:
    old = book.mark.read()
    grown(book, 5)
    new = book.mark.read()
    book.mark.write(old)
    book.change("UPDATE head SET checkpoint = NULL")

    with book.clerk():
        pass

    assert book.mark.read() == new
    assert book.audited().entries == new.size


def test_the_mark_is_kept_where_the_environment_says(home: Path) -> None:
    mark = Mark(bytes(32))

    with mark.locked():
        mark.write(Seen(size=1, root=bytes(32)))

    assert mark.file == home / "state" / "carbon-registry" / ("00" * 32)
    assert mark.file.parent.stat().st_mode & 0o777 == 0o700
    assert mark.read() == Seen(size=1, root=bytes(32))


def test_without_the_environment_the_mark_is_in_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(home))

    assert Mark(b"\x01").file == home / ".local" / "state" / "carbon-registry" / "01"


def test_a_torn_write_leaves_the_old_mark(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home.is_dir()
    mark = Mark(bytes(32))
    with mark.locked():
        mark.write(Seen(size=1, root=bytes(32)))

    whole = os.pwrite

    def full(descriptor: int, data: bytes, place: int) -> int:
        whole(descriptor, data[: len(data) // 2], place)
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(OSError, match="no space"):
        mark.write(Seen(size=2, root=bytes([1]) * 32))

    assert mark.read() == Seen(size=1, root=bytes(32))


def test_who_finds_the_mark_held_for_long_says_so_and_waits_no_more(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.store.mark.LOCK_PATIENCE_S", 0.05)
    with book.clerk() as clerk:
        request = clerk.transfer(book.streams["native"], "owner", "bob", 1)
        with book.mark.locked(), pytest.raises(UnavailableError) as refusal:
            clerk.operator.record([request])
        size = clerk.operator.record([request])[0].index + 1

    assert refusal.value.code == "locked_elsewhere"
    assert book.audited().entries == size


def test_who_finds_the_database_held_for_long_says_so_and_waits_no_more(
    book: Book, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"registry.store.{backend}.LOCK_TIMEOUT_S", 0.05)
    take = {"sqlite": "BEGIN IMMEDIATE", "postgres": "BEGIN; SELECT 1 FROM head FOR UPDATE"}
    with book.clerk() as clerk, book.tables() as other:
        request = clerk.transfer(book.streams["native"], "owner", "bob", 1)
        other.execute(take[backend])
        with pytest.raises(UnavailableError) as refusal:
            clerk.operator.record([request])
        other.execute("ROLLBACK")
        size = clerk.operator.record([request])[0].index + 1

    assert refusal.value.code == "locked_elsewhere"
    assert book.audited().entries == size
