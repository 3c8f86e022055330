"""What a log lacks comes back from anybody's copy: judged again, all of it or nothing."""

import os
import random
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.desk.keys import RotateLogKey
from registry.errors import BrokenHistoryError, RefusedError, RegistryError, UnavailableError
from registry.ledger import entry as entries
from registry.ledger import tree
from registry.place import Place
from registry.place import Server as Address
from registry.store import keyring
from registry.store import restore as restoring
from registry.store.backup import back_up
from registry.store.beginning import create
from registry.store.folder import alone_in
from registry.store.log import DATABASE
from registry.store.mark import Seen
from registry.store.migrations import migrate
from registry.store.openings import FileOpenings
from registry.store.operator import Operator, accept_mark, home_of
from registry.store.restore import MAY_BE_THERE, RESTORING, restore
from registry.verifier import database
from registry.verifier.audit import audit
from tests import grounds
from tests.books import Book, Clerk
from tests.desks import does
from tests.grounds import Ground
from tests.servers import Server
from tests.store.conftest import write_quickly
from tests.store.copies import (
    LOG_TABLES,
    NAMES,
    Lost,
    answers,
    bring,
    brought,
    dumped,
    forged,
    lost_acts,
    published,
    some_acts,
)
from tests.store.faults import Fault, Operation
from tests.store.lives import Life, lived
from tests.store.test_crashes import faults

pytestmark = pytest.mark.on("sqlite", "postgres")

NOW_US = 1_790_000_000_000_000
KILLS = max(1, int(os.environ.get("CARBON_REGISTRY_KILLS", "200")) // 20)
TURNS = 2
STRIDE = max(1, 40 // KILLS)
"""Of the ways to stop at an operation each so many-th is tried; all of them with 800 kills."""


@pytest.fixture
def lost(quick: Book, tmp_path: Path) -> Lost:
    return lost_acts(quick, tmp_path)


def refusal(source: Place, place: Place) -> RegistryError:
    with pytest.raises(RegistryError) as refused:
        brought(source, place)
    return refused.value


def untouched(lost: Lost, source: Place, code: str) -> RegistryError:
    """The refusal with `code` of a copy that changed nothing."""
    before = dumped(lost.book)

    found = refusal(source, lost.book.place)

    assert (found.code, found.facts) == (code, found.facts)
    assert dumped(lost.book) == before
    return found


# What comes back.


def test_what_an_old_backup_lacks_is_named_and_comes_back_from_a_published_copy(
    lost: Lost,
) -> None:
    book = lost.book
    with pytest.raises(BrokenHistoryError) as behind:
        lost.told_again()
    assert behind.value.code == "behind_mark"
    assert (behind.value.facts["first"], behind.value.facts["last"]) == (lost.size, lost.whole - 1)
    seen = book.mark.read()

    restored = brought(lost.copy, book.place)

    assert (restored.start, restored.size, restored.root) == (lost.size, lost.whole, seen.root)
    assert restored.key == book.key
    assert book.audited().root == seen.root
    assert lost.told_again() == lost.answers
    with book.clerk() as clerk:
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])
    assert book.audited().entries == lost.whole + 1


def test_an_auditor_s_one_file_is_copy_enough(lost: Lost, tmp_path: Path) -> None:
    file = tmp_path / "kept by a witness.db"
    shutil.copy(lost.copy / DATABASE, file)

    brought(file, lost.book.place)

    assert lost.told_again() == lost.answers
    assert lost.book.fault() is None


def test_another_database_that_has_them_is_copy_enough(
    quick: Book, ground: Ground, tmp_path: Path
) -> None:
    others: list[Book] = []
    lost = lost_acts(
        quick, tmp_path, lambda: others.append(ground.copied(quick, tmp_path / "theirs"))
    )

    brought(others[0].place, quick.place)

    assert lost.told_again() == lost.answers
    assert quick.fault() is None


def test_several_copies_bring_what_each_has(lost: Lost, tmp_path: Path) -> None:
    book = lost.book
    brought(lost.copy, book.place)
    with book.clerk() as clerk:
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])
    newest = published(book, tmp_path / "newest")
    lost.put_back()

    first = brought(lost.copy, book.place)
    with pytest.raises(BrokenHistoryError) as behind:
        Operator(book.place)
    second = brought(newest, book.place)

    assert (first.start, first.size) == (lost.size, lost.whole)
    assert behind.value.code == "behind_mark"
    assert (behind.value.facts["first"], behind.value.facts["last"]) == (lost.whole, lost.whole)
    assert (second.start, second.size) == (lost.whole, lost.whole + 1)
    assert lost.told_again() == lost.answers
    assert book.fault() is None


@pytest.mark.parametrize("page", [1, 7, 500])
def test_every_kind_of_entry_comes_back_and_the_log_may_have_changed_its_key(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(restoring, "PAGE_ENTRIES", page)
    with closing(Operator(book.place)) as operator:
        does(operator, RotateLogKey())
        key = operator.vkey()
    copy = published(book, tmp_path / "published")
    root = audit(book.place, key).root
    empty = tmp_path / "empty"

    restored = brought(copy, empty)

    assert restored.key == key
    assert (restored.start, restored.root) == (0, root)
    assert audit(empty, key).root == root


def said(clerk: Clerk, lost: Lost) -> str:
    with pytest.raises(RegistryError) as refused:
        clerk.operator.record(lost.requests)
    return refused.value.code


def test_an_operator_that_is_open_meanwhile_goes_on(lost: Lost) -> None:
    book = lost.book
    brought(lost.copy, book.place)
    with book.clerk() as clerk:
        lost.put_back()
        # Another file is noticed first, and taken for right the next time.
        codes = [said(clerk, lost) for _ in range(2)]
        brought(lost.copy, book.place)

        again = answers(clerk.operator.record(lost.requests))
        (more,) = clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])

    assert codes[-1] == "behind_mark"
    assert again == lost.answers
    assert more.index == lost.whole
    assert book.fault() is None


# Names.


def test_a_public_copy_brings_no_names_and_says_how_many_are_lost(lost: Lost) -> None:
    book = lost.book
    book.change("DELETE FROM openings WHERE entry >= ?", lost.size, file="openings.db")

    restored = brought(lost.copy, book.place)

    assert (restored.names, restored.lost) == (0, NAMES)


def test_a_backup_brings_the_names_too(quick: Book, tmp_path: Path) -> None:
    full = tmp_path / "backup"
    lost = lost_acts(quick, tmp_path, lambda: back_up(quick.place, full))
    wanted = quick.rows("SELECT * FROM openings ORDER BY 1", file="openings.db")
    quick.change("DELETE FROM openings WHERE entry >= ?", lost.size, file="openings.db")

    restored = brought(full, quick.place)

    there = quick.rows("SELECT * FROM openings ORDER BY 1", file="openings.db")
    assert (restored.names, restored.lost) == (NAMES, 0)
    assert len(there) == audit(full, quick.key).openings
    assert set(wanted) <= set(there)
    assert lost.told_again() == lost.answers
    assert quick.fault() is None


@pytest.mark.on("sqlite")
def test_names_that_are_here_already_stay_and_those_of_acts_that_never_were_go(
    lost: Lost,
) -> None:
    book = lost.book
    orphan = (
        b"o" * 32,
        lost.size,
        book.accounts["alice"],
        b"n" * 32,
        "0/0/name",
        b"s" * 32,
        b"\xa1x",
    )
    FileOpenings(book.directory).keep([orphan])

    restored = brought(lost.copy, book.place)

    assert (restored.names, restored.lost) == (NAMES, 0)
    assert book.rows("SELECT * FROM openings WHERE salt = ?", b"s" * 32, file="openings.db") == []
    assert lost.told_again() == lost.answers
    assert book.fault() is None


def test_names_that_open_nothing_are_not_taken(quick: Book, tmp_path: Path) -> None:
    full = tmp_path / "backup"
    lost = lost_acts(quick, tmp_path, lambda: back_up(quick.place, full))
    quick.change("DELETE FROM openings WHERE entry >= ?", lost.size, file="openings.db")
    evil = replace(quick, place=full)
    rows = evil.rows("SELECT * FROM openings WHERE entry >= ?", lost.size, file="openings.db")
    honest = quick.rows("SELECT * FROM openings ORDER BY 1", file="openings.db")
    with evil.tables("openings.db") as hands:
        (first, second, third) = rows
        hands.execute("UPDATE openings SET value = ? WHERE commitment = ?", (b"\xa3Eve", first[0]))
        hands.execute("UPDATE openings SET entry = 1 WHERE commitment = ?", (second[0],))
        hands.execute("UPDATE openings SET value = ? WHERE commitment = ?", (b"\xc1", third[0]))
        # The right one, twice, and filed under other commitments.
        for name in (b"1", b"2"):
            hands.execute("INSERT INTO openings VALUES (?,?,?,?,?,?,?)", (name * 32, *first[1:]))

    restored = brought(full, quick.place)

    there = quick.rows("SELECT * FROM openings ORDER BY 1", file="openings.db")
    assert (restored.names, restored.lost) == (1, NAMES - 1)
    assert sorted(there) == sorted([*honest, first])
    assert quick.fault() is None


# Copies that are not what they should be.


def head(copy: Book, note: bytes | None) -> None:
    copy.change("UPDATE head SET checkpoint = ?", note)


def entry_of(copy: Book, index: int) -> bytes:
    ((data,),) = copy.rows("SELECT state FROM stored_events WHERE rowid = ?", index * 64 + 1)
    assert isinstance(data, bytes)
    return data


def put(copy: Book, index: int, data: bytes) -> None:
    assert copy.change("UPDATE stored_events SET state = ? WHERE rowid = ?", data, index * 64 + 1)


def signed_by(book: Book, copy: Book) -> None:
    """The copy's tables and checkpoint made to fit its entries, by the operator's own hand."""
    copy.rebuild(signed=False)
    ((size, root),) = copy.rows("SELECT size, root FROM head")
    head(copy, book.signed_again(size, root))


def test_an_entry_whose_signature_was_altered_is_refused_though_the_operator_signed_for_it(
    lost: Lost,
) -> None:
    data = entry_of(lost.evil, lost.size + 1)
    signature = entries.decode(data).signatures[0]
    wrong = bytes([signature[0] ^ 1]) + signature[1:]
    put(lost.evil, lost.size + 1, data.replace(signature, wrong))
    signed_by(lost.book, lost.evil)

    found = untouched(lost, lost.copy, "bad_signature")

    assert found.facts["index"] == lost.size + 1


def later(data: bytes, by_us: int) -> bytes:
    """The same entry, recorded at another time: nothing in it shows that it was not."""
    read = entries.decode(data)
    return entries.encode(
        at_us=read.at_us + by_us,
        intent_bytes=read.intent_bytes,
        signatures=read.signatures,
        consulted=read.consulted,
        places=read.places,
    )


def test_an_entry_that_breaks_a_rule_is_refused_though_the_operator_signed_for_it(
    lost: Lost,
) -> None:
    put(lost.evil, lost.size + 1, later(entry_of(lost.evil, lost.size + 1), -(10**9)))
    signed_by(lost.book, lost.evil)

    found = untouched(lost, lost.copy, "clock_back")

    assert found.facts["index"] == lost.size + 1


def test_an_entry_that_keeps_every_rule_and_is_another_one_is_refused(lost: Lost) -> None:
    put(lost.evil, lost.whole - 1, later(entry_of(lost.evil, lost.whole - 1), 1))
    lost.evil.rebuild(signed=False)

    untouched(lost, lost.copy, "root_mismatch")


def test_a_fork_that_the_log_s_own_key_signed_is_refused_by_the_mark(lost: Lost) -> None:
    put(lost.evil, lost.whole - 1, later(entry_of(lost.evil, lost.whole - 1), 1))
    signed_by(lost.book, lost.evil)

    found = untouched(lost, lost.copy, "differs_from_mark")

    assert found.facts["mark"] == lost.whole


def test_a_checkpoint_by_another_key_is_refused(lost: Lost) -> None:
    ((size, root),) = lost.evil.rows("SELECT size, root FROM head")
    head(lost.evil, forged(size, root))

    untouched(lost, lost.copy, "bad_checkpoint_signature")


@pytest.mark.parametrize(
    ("note", "code"), [(b"nothing that is signed", "bad_note"), (b"\xff", "bad_note")]
)
def test_a_checkpoint_that_is_none_is_refused(lost: Lost, note: bytes, code: str) -> None:
    head(lost.evil, note)

    untouched(lost, lost.copy, code)


def test_entries_beyond_the_checkpoint_are_not_taken_unless_the_mark_saw_them(
    lost: Lost,
) -> None:
    """A machine may have died after the mark was written and before the head was signed."""
    note = lost.book.signed_again(lost.size + 1, root_at(lost.evil, lost.size + 1))
    head(lost.evil, note)
    seen = lost.book.mark.read()
    fresh = lost.book.mark.file.with_suffix(".aside")
    lost.book.mark.file.rename(fresh)

    unseen = brought(lost.copy, lost.book.place)
    fresh.rename(lost.book.mark.file)
    vouched = brought(lost.copy, lost.book.place)

    assert (unseen.start, unseen.size) == (lost.size, lost.size + 1)
    assert (vouched.start, vouched.size, vouched.root) == (lost.size + 1, seen.size, seen.root)
    assert lost.told_again() == lost.answers
    assert lost.book.fault() is None


def root_at(book: Book, size: int) -> bytes:
    return tree.root_of(tree.leaf_hash(entry_of(book, index)) for index in range(size))


def test_a_copy_that_nobody_vouches_for_is_refused(lost: Lost) -> None:
    head(lost.evil, None)
    lost.book.mark.file.unlink()

    found = untouched(lost, lost.copy, "copy_not_signed")

    assert found.facts["entries"] == lost.whole


def test_a_copy_that_misses_an_entry_is_refused(lost: Lost) -> None:
    lost.evil.change("DELETE FROM stored_events WHERE (rowid - 1) / 64 = ?", lost.size + 1)

    found = untouched(lost, lost.copy, "entry_missing")

    assert found.facts["index"] == lost.size + 1


def test_a_copy_that_ends_before_its_checkpoint_is_refused(lost: Lost) -> None:
    lost.evil.change("DELETE FROM stored_events WHERE (rowid - 1) / 64 = ?", lost.whole - 1)

    found = untouched(lost, lost.copy, "entry_missing")

    assert found.facts["index"] == lost.whole - 1


def test_a_copy_without_entries_is_refused(lost: Lost, tmp_path: Path) -> None:
    lost.evil.change("DELETE FROM stored_events")

    untouched(lost, lost.copy, "differs_from_copy")
    assert refusal(lost.copy, tmp_path / "new").code == "entry_missing"
    assert not (tmp_path / "new").exists()


def test_a_copy_of_another_log_is_refused(lost: Lost, tmp_path: Path) -> None:
    create(tmp_path / "other", origin="registry.example/other")
    with closing(Operator(tmp_path / "other")) as operator:
        does(operator, RotateLogKey())

    shorter = untouched(lost, tmp_path / "other", "differs_from_copy")

    assert shorter.facts["index"] == 0


@pytest.mark.parametrize("more", [1, 5])
def test_a_copy_of_another_past_is_refused_from_the_first_entry_that_differs(
    lost: Lost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    book = lost.book
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
        theirs = book
        if isinstance(book.place, Address):
            theirs = replace(book, place=replace(book.place, state=tmp_path / "their-state"))
            shutil.copytree(book.directory, tmp_path / "their-state")
        accept_mark(theirs.place, NOW_US)
        with theirs.clerk() as clerk:
            batch = book.streams["native"]
            clerk.operator.record(
                [
                    clerk.transfer(batch, "owner", "alice", 1)
                    for _ in range(len(lost.answers) + more)
                ]
            )
    copy = published(theirs, tmp_path / "theirs")
    lost.put_back()
    brought(lost.copy, book.place)

    found = untouched(lost, copy, "differs_from_copy")

    assert found.facts["index"] == lost.size


def test_a_copy_that_has_no_more_is_refused(lost: Lost, tmp_path: Path) -> None:
    older = published(lost.book, tmp_path / "older")
    brought(lost.copy, lost.book.place)

    same = untouched(lost, lost.copy, "nothing_missing")
    untouched(lost, older, "nothing_missing")
    untouched(lost, lost.book.place, "nothing_missing")

    assert (same.facts["size"], same.facts["copy"]) == (lost.whole, lost.whole)


def test_what_a_copy_derives_is_not_believed(lost: Lost) -> None:
    for statement in (
        "DELETE FROM nonces",
        "DELETE FROM detached",
        "UPDATE tree SET hash = x'00'",
        "UPDATE head SET size = 1, root = x'00'",
        "UPDATE stored_events SET topic = 'x', originator_version = originator_version + 1000",
    ):
        lost.evil.change(statement)

    brought(lost.copy, lost.book.place)

    assert lost.told_again() == lost.answers
    assert lost.book.fault() is None


def test_a_copy_that_cannot_be_read_is_refused(lost: Lost, tmp_path: Path) -> None:
    file = lost.copy / DATABASE
    data = bytearray(file.read_bytes())
    data[3 * 4096 : 5 * 4096] = bytes(2 * 4096)
    file.write_bytes(data)

    found = untouched(lost, lost.copy, "database_unreadable")

    assert found.facts["file"] == str(file)
    assert untouched(lost, tmp_path / "nowhere", "no_registry")


class Spoilt:
    """A copy that does something else in the middle."""

    def __init__(self, copy: Any) -> None:
        self.copy = copy

    def __getattr__(self, name: str) -> Any:
        return getattr(self.copy, name)


class Odd(Spoilt):
    """A copy with names of types that no table of ours has."""

    def openings(self) -> Iterator[Any]:
        for opening in self.copy.openings():
            yield replace(opening, entry=str(opening.entry))
            yield replace(opening, salt=None)
            yield replace(opening, field=b"0/0/name")
            yield replace(opening, value="somebody")


def test_names_of_odd_types_are_not_taken(quick: Book, tmp_path: Path) -> None:
    full = tmp_path / "backup"
    lost = lost_acts(quick, tmp_path, lambda: back_up(quick.place, full))
    quick.change("DELETE FROM openings WHERE entry >= ?", lost.size, file="openings.db")

    with database.reading(full) as copy:
        restored = restore(Odd(copy), quick.place)

    assert (restored.names, restored.lost) == (0, NAMES)
    assert quick.fault() is None


def test_a_copy_whose_names_cannot_be_read_is_refused(quick: Book, tmp_path: Path) -> None:
    full = tmp_path / "backup"
    lost = lost_acts(quick, tmp_path, lambda: back_up(quick.place, full))
    (full / "openings.db").write_bytes(b"no database at all" * 1_000)

    found = untouched(lost, full, "database_unreadable")

    assert found.facts["file"] == str(full / "openings.db")
    assert brought(full / DATABASE, quick.place).size == lost.whole


def test_a_copy_whose_first_entry_is_none_is_no_log_for_an_empty_place(
    lost: Lost, tmp_path: Path
) -> None:
    put(lost.evil, 0, b"\xc0")

    found = refusal(lost.copy, tmp_path / "new")

    assert (found.code, found.facts["index"]) == ("malformed", 0)


def test_a_log_whose_own_tree_is_damaged_is_not_grown(lost: Lost) -> None:
    lost.book.change("UPDATE head SET root = ?", bytes(32))

    untouched(lost, lost.copy, "derived.tree")


def test_a_copy_that_was_never_signed_is_taken_as_far_as_the_mark_saw_it(lost: Lost) -> None:
    head(lost.evil, None)

    restored = brought(lost.copy, lost.book.place)

    assert restored.size == lost.whole
    assert lost.told_again() == lost.answers
    assert lost.book.fault() is None


class Breaking(Spoilt):
    """A copy whose medium breaks."""

    def __init__(self, copy: Any, *, where: str) -> None:
        super().__init__(copy)
        self._where = where

    def entries(self, start: int | None = None) -> Iterator[Any]:
        yield from self._broken("entries", self.copy.entries(start))

    def openings(self) -> Iterator[Any]:
        yield from self._broken("openings", self.copy.openings())

    def _broken(self, what: str, rows: Iterator[Any]) -> Iterator[Any]:
        if what == self._where:
            with closing(rows):
                yield next(rows)
            raise sqlite3.DatabaseError("the copy's medium is broken")
        yield from rows


@pytest.mark.parametrize("where", ["entries", "openings"])
def test_a_copy_that_breaks_in_the_middle_is_not_taken_for_trouble_here(
    quick: Book, tmp_path: Path, where: str
) -> None:
    full = tmp_path / "backup"
    lost = lost_acts(quick, tmp_path, lambda: back_up(quick.place, full))
    before = dumped(quick)

    with pytest.raises(BrokenHistoryError) as broken, database.reading(full) as copy:
        restore(Breaking(copy, where=where), quick.place)

    assert (broken.value.code, broken.value.facts["file"]) == (
        "database_unreadable",
        str(full / DATABASE),
    )
    assert dumped(quick) == before
    brought(full, quick.place)
    assert lost.told_again() == lost.answers


def test_the_mark_is_never_lowered_nor_made(lost: Lost) -> None:
    book = lost.book
    seen = book.mark.read()
    higher = Seen(size=seen.size + 5, root=bytes(32))
    book.mark.write(higher)

    brought(lost.copy, book.place)
    with pytest.raises(BrokenHistoryError) as behind:
        Operator(book.place)
    book.mark.file.unlink()
    lost.put_back()
    brought(lost.copy, book.place)
    with pytest.raises(BrokenHistoryError) as unknown:
        Operator(book.place)

    facts = behind.value.facts
    assert (facts["first"], facts["last"]) == (seen.size, higher.size - 1)
    assert unknown.value.code == "no_mark"
    assert not book.mark.file.exists()


# Where there is no log yet.


@pytest.fixture
def new(ground: Ground, tmp_path: Path) -> Place:
    """A place without a log; on a server the tables are there."""
    place = ground.place(tmp_path / "new")
    if isinstance(place, Address):
        migrate(place)
    return place


def at(book: Book, place: Place) -> Book:
    return replace(book, place=place)


def with_keys_and_mark(book: Book, new: Book) -> None:
    """What an operator carries over by hand."""
    new.directory.mkdir(parents=True, exist_ok=True)
    for name in (keyring.FILE, keyring.PASSPHRASE_FILE):
        shutil.copy(book.directory / name, new.directory / name)
    if new.mark.file != book.mark.file:
        shutil.copy(book.mark.file, new.mark.file)


@pytest.mark.parametrize("before", [False, True])
def test_a_published_copy_is_a_whole_log_for_an_empty_place(
    lost: Lost, new: Place, *, before: bool
) -> None:
    """Keys and mark may be there before, or come later."""
    book = at(lost.book, new)
    if before:
        with_keys_and_mark(lost.book, book)

    restored = brought(lost.copy, new)

    if not before:
        assert book.fault() is None
        with pytest.raises(RegistryError) as closed:
            Operator(new)
        assert closed.value.code == "no_keyring"
        with_keys_and_mark(lost.book, book)
    assert (restored.start, restored.size, restored.names) == (0, lost.whole, 0)
    assert restored.lost == lost.names
    assert replace(lost, book=book).told_again() == lost.answers
    assert book.fault() is None


@pytest.mark.parametrize("to", ["sqlite", "postgres"])
def test_a_whole_registry_moves_from_one_database_to_another_with_names_and_keys(
    quick: Book,
    to: str,
    tmp_path: Path,
    server: Server,
    schemas: str,
) -> None:
    """From any to any; the passphrase and the mark are carried over by hand."""
    with quick.clerk() as clerk:
        requests = some_acts(clerk, quick)
        told = answers(clerk.operator.record(requests))
    full = tmp_path / "backup"
    back_up(quick.place, full)
    before = audit(quick.place, quick.key)
    with closing(grounds.Schemas(server, schemas)) as there:
        place = there.place(tmp_path / "new") if to == "postgres" else tmp_path / "new"
        if isinstance(place, Address):
            migrate(place)
        book = at(quick, place)

        restored = brought(full, place, keys=full)

        assert (restored.size, restored.root) == (before.entries, before.root)
        assert (restored.names, restored.lost) == (before.openings, 0)
        assert (book.directory / keyring.FILE).stat().st_mode & 0o777 == 0o600
        passphrase = keyring.PASSPHRASE_FILE
        shutil.copy(quick.directory / passphrase, book.directory / passphrase)
        if book.mark.file != quick.mark.file:
            with pytest.raises(BrokenHistoryError, match="no_mark"):
                Operator(place)
            book.mark.file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(quick.mark.file, book.mark.file)
        with book.clerk() as clerk:
            assert answers(clerk.operator.record(requests)) == told
            clerk.operator.record([clerk.transfer(quick.streams["native"], "owner", "bob", 1)])
        assert book.audited().openings == before.openings
        assert first_rows(book, before.entries) == first_rows(quick, before.entries)


def first_rows(book: Book, size: int) -> dict[str, Any]:
    """What the first `size` entries left."""
    below = {"stored_events": "rowid <= ?", "detached": "entry < ?", "nonces": "entry < ?"}
    most = {"stored_events": size * 64, "detached": size, "nonces": size}
    return {
        table: book.rows(f"SELECT * FROM {table} WHERE {holds} ORDER BY 1, 2", most[table])  # noqa: S608  # names of ours
        for table, holds in below.items()
    }


def test_an_empty_place_is_held_to_the_mark_that_its_log_left(lost: Lost, new: Place) -> None:
    book = at(lost.book, new)
    with_keys_and_mark(lost.book, book)
    put(lost.evil, lost.whole - 1, later(entry_of(lost.evil, lost.whole - 1), 1))
    signed_by(lost.book, lost.evil)

    assert refusal(lost.copy, new).code == "differs_from_mark"
    if isinstance(new, Address):
        assert book.rows("SELECT * FROM stored_events") == []
    else:
        assert not book.database.exists()


@pytest.mark.on("postgres")
def test_a_server_without_tables_has_them_made(lost: Lost, ground: Ground, tmp_path: Path) -> None:
    place = ground.place(tmp_path / "new")

    restored = brought(lost.copy, place)

    assert (restored.start, restored.size) == (0, lost.whole)
    assert audit(place, lost.book.key).entries == lost.whole


def test_keys_of_another_log_are_not_put_beside_a_log(
    lost: Lost, new: Place, tmp_path: Path
) -> None:
    """Neither where the keys are and the database was lost, nor from a copy whose keys are another's."""
    other = tmp_path / "other"
    create(other, origin="registry.example/other")
    back_up(other, tmp_path / "copy of another")
    home = home_of(new)
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(lost.copy, tmp_path / "mixed")
    shutil.copy(other / keyring.FILE, tmp_path / "mixed")

    with pytest.raises(RefusedError, match="keys_of_another_log"):
        brought(lost.copy, new, keys=tmp_path / "mixed")
    assert not (home / keyring.FILE).exists()
    home.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(lost.book.directory / keyring.FILE, home)
    with pytest.raises(RefusedError, match="keys_of_another_log"):
        brought(tmp_path / "copy of another", new, keys=tmp_path / "copy of another")
    left = {file.name for file in home.iterdir() if file.suffix != ".lock"}
    restored = brought(lost.copy, new)

    assert left == {keyring.FILE}
    assert (restored.start, restored.size) == (0, lost.whole)


def test_a_copy_that_does_not_reach_the_mark_says_how_far_that_saw(lost: Lost) -> None:
    book = lost.book
    seen = book.mark.read()
    with book.mark.locked():
        book.mark.write(Seen(size=seen.size + 2, root=seen.root))

    restored = brought(lost.copy, book.place)

    assert (restored.size, restored.mark) == (lost.whole, lost.whole + 2)


@pytest.mark.on("postgres")
def test_of_several_hosts_a_lagging_replica_does_not_hide_what_came_back(
    quick_shelf: Book, tmp_path: Path, home: Path
) -> None:
    published(quick_shelf, tmp_path / "published")
    with Server() as primary, primary.replica() as replica:
        primary.create_database("several")
        primary.wait_for_replica(replica)
        replica.pause()
        hosts = f"127.0.0.1:{replica.port},127.0.0.1:{primary.port}"
        several = Address(url=f"postgresql://postgres@{hosts}/several", state=home / "several")

        restored = brought(tmp_path / "published", several)

        assert restored.start == 0
        assert restored.size == primary.value("SELECT size FROM head", database="several")


@pytest.mark.on("postgres")
def test_a_server_is_restored_to_by_who_has_a_state_directory(lost: Lost) -> None:
    assert isinstance(lost.book.place, Address)

    assert refusal(lost.copy, replace(lost.book.place, state=None)).code == "no_state"


@pytest.mark.on("sqlite")
def test_a_directory_that_lost_its_database_keeps_its_names_and_keys(lost: Lost) -> None:
    book = lost.book
    keys = book.whole(keyring.FILE)
    for file in book.directory.glob(f"{DATABASE}*"):
        file.unlink()

    restored = brought(lost.copy, book.place)

    assert (restored.start, restored.size, restored.lost) == (0, lost.whole, 0)
    assert book.whole(keyring.FILE) == keys
    names = {file.name.partition("-")[0] for file in book.directory.iterdir()}
    assert names <= {*MAY_BE_THERE, DATABASE} - {RESTORING}
    assert book.database.stat().st_mode & 0o777 == 0o600
    assert lost.told_again() == lost.answers
    assert book.fault() is None


@pytest.mark.on("sqlite")
@pytest.mark.parametrize("name", ["notes.txt", f"{DATABASE}-wal", f"{DATABASE}-journal"])
def test_a_directory_with_anything_else_in_it_is_left_alone(
    lost: Lost, tmp_path: Path, name: str
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / name).write_text("of somebody else")

    assert refusal(lost.copy, new).code == "directory_in_use"
    assert refusal(lost.copy, new / name).code == "directory_in_use"
    assert [file.name for file in new.iterdir()] == [name]


@pytest.mark.on("sqlite")
def test_two_do_not_make_one_database_at_once(lost: Lost, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()

    with alone_in(new):
        assert refusal(lost.copy, new).code == "directory_in_use"

    assert list(new.iterdir()) == []


@pytest.mark.on("sqlite")
def test_a_refused_copy_leaves_no_directory_behind(lost: Lost, tmp_path: Path) -> None:
    ((size, root),) = lost.evil.rows("SELECT size, root FROM head")
    head(lost.evil, forged(size, root))

    assert refusal(lost.copy, tmp_path / "new").code == "bad_checkpoint_signature"
    assert not (tmp_path / "new").exists()


@pytest.mark.on("sqlite")
@pytest.mark.parametrize("table", ["tree", "nonces", "detached", "head"])
def test_damaged_tables_are_made_again_from_the_entries(
    book: Book, tmp_path: Path, table: str
) -> None:
    statement = "UPDATE head SET size = 1" if table == "head" else f"DELETE FROM {table}"  # noqa: S608  # names of ours
    book.change(statement)
    damaged = book.fault()
    broken = tmp_path / "damaged"
    broken.mkdir()
    for file in book.directory.glob(f"{DATABASE}*"):
        file.rename(broken / file.name)

    brought(broken, book.place)

    assert damaged is not None
    assert damaged.code == f"derived.{table}"
    assert book.fault() is None


# Ends at any moment.


class Stage:
    """A registry that lacks its last acts, as often as one is needed, beside a backup that has them."""

    def __init__(self, book: Book, base: Path) -> None:
        self.full = base / "backup"
        self.lost = lost_acts(book, base, lambda: back_up(book.place, self.full))
        self.home, self._kept = base, base / "kept"
        for name in ("registry", "state"):
            shutil.copytree(base / name, self._kept / name)

    def set_up(self) -> None:
        """Everything as it was, with nothing in `new`."""
        for name in ("registry", "state", "new"):
            shutil.rmtree(self.home / name, ignore_errors=True)
        for name in ("registry", "state"):
            shutil.copytree(self._kept / name, self.home / name)

    def work(self, place: Place) -> tuple[Any, ...]:
        return (bring, self.full, place, self.full)

    def judge(self, book: Book, *, as_before: bool) -> None:
        """It is as it was, and all comes back when it is asked for again; or all is back."""
        told = code_of(lambda: brought(self.full, book.place, self.full))
        assert told == ("" if as_before else "nothing_missing")
        shutil.copy(self._kept / "registry" / keyring.PASSPHRASE_FILE, book.directory)
        assert replace(self.lost, book=book).told_again() == self.lost.answers
        assert audit(book.place, book.key).openings == self.lost.names


def last(operations: Sequence[Operation]) -> Fault:
    return Fault(at=len(operations), way="dies")


def code_of(ask: Callable[[], Any]) -> str:
    try:
        ask()
    except RegistryError as error:
        return error.code
    return ""


def log_of(book: Book) -> list[Any]:
    """Its rows, without the names, which are durable before what they belong to."""
    return [book.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in LOG_TABLES]  # noqa: S608  # names of ours


@pytest.mark.on("sqlite")
@pytest.mark.parametrize("turn", range(TURNS))
def test_stopped_at_any_operation_a_log_lacks_what_it_lacked_or_nothing(
    quick: Book, tmp_path: Path, turn: int
) -> None:
    stage = Stage(quick, tmp_path)
    before = log_of(quick)
    operations = lived(tmp_path, *stage.work(quick.place)).operations

    outcomes = set()
    for stop in [*list(faults(operations))[turn :: TURNS * STRIDE], last(operations)]:
        stage.set_up()
        lived(tmp_path, *stage.work(quick.place), fault=stop)
        as_before = log_of(quick) == before
        stage.judge(quick, as_before=as_before)
        outcomes.add(as_before)

    assert outcomes == {True, False}


@pytest.mark.on("sqlite")
@pytest.mark.parametrize("turn", range(TURNS))
def test_stopped_at_any_operation_a_directory_has_no_log_or_all_of_it(
    quick: Book, tmp_path: Path, turn: int
) -> None:
    stage = Stage(quick, tmp_path)
    book = at(quick, tmp_path / "new")
    operations = lived(tmp_path, *stage.work(book.place)).operations

    outcomes = set()
    for stop in [*list(faults(operations))[turn :: TURNS * STRIDE * 2], last(operations)]:
        stage.set_up()
        lived(tmp_path, *stage.work(book.place), fault=stop)
        as_before = not book.database.exists()
        stage.judge(book, as_before=as_before)
        outcomes.add(as_before)

    assert outcomes == {True, False}


@pytest.mark.on("postgres")
def test_killed_at_any_moment_a_log_on_a_server_lacks_what_it_lacked_or_nothing(
    quick: Book, tmp_path: Path
) -> None:
    chance = random.Random(7)
    lost = lost_acts(quick, tmp_path)
    full = tmp_path / "backup"
    brought(lost.copy, quick.place)
    back_up(quick.place, full)
    lost.put_back()
    before = dumped(quick)

    outcomes = []
    for _ in range(KILLS):
        lost.put_back()
        with Life(tmp_path, bring, full, quick.place) as life:
            life.hear()
            time.sleep(chance.uniform(0, 0.15))
        # What it had asked of the server is done by then, or undone.
        quick.rows("SELECT 1 FROM head FOR UPDATE")
        as_before = dumped(quick) == before
        assert code_of(lambda: brought(full, quick.place)) == (
            "" if as_before else "nothing_missing"
        )
        assert lost.told_again() == lost.answers
        assert quick.fault() is None
        outcomes.append(as_before)

    assert True in outcomes


# Replicas.


@pytest.mark.on("sqlite")
def test_a_replica_gives_back_what_the_restored_primary_lacks(home: Path) -> None:
    """By its address; the primary was put back by PostgreSQL's own means."""
    with Server() as primary:
        place = Address(url=primary.create_database("registry"), state=home / "registry")
        book = write_quickly(place)
        primary.create_database("before", template="registry")
        with primary.replica() as replica:
            size = audit(place, book.key).entries
            with book.clerk() as clerk:
                requests = some_acts(clerk, book)
                told = answers(clerk.operator.record(requests))
            primary.wait_for_replica(replica)
            replica.sever()
            primary.drop_database("registry")
            primary.create_database("registry", template="before")
            with pytest.raises(BrokenHistoryError) as behind:
                Operator(place)

            restored = brought(Address(url=replica.url("registry")), place)

        assert behind.value.code == "behind_mark"
        assert (behind.value.facts["first"], behind.value.facts["last"]) == (size, size + 2)
        assert (restored.start, restored.size) == (size, size + 3)
        assert (restored.names, restored.lost) == (NAMES, 0)
        with book.clerk() as clerk:
            assert answers(clerk.operator.record(requests)) == told
            clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])
        assert book.fault() is None


@pytest.mark.on("sqlite")
def test_a_lagging_replica_that_took_over_gets_back_what_it_lacked(home: Path) -> None:
    with Server() as primary:
        place = Address(url=primary.create_database("registry"), state=home / "registry")
        book = write_quickly(place)
        with primary.replica() as replica:
            primary.wait_for_replica(replica)
            replica.sever()
            with book.clerk() as clerk:
                requests = some_acts(clerk, book)
                told = answers(clerk.operator.record(requests))
            copy = published(book, home / "published")
            primary.kill()
            replica.promote()
            promoted = replace(book, place=replace(place, url=replica.url("registry")))
            with pytest.raises(BrokenHistoryError) as behind:
                Operator(promoted.place)

            restored = brought(copy, promoted.place)

            assert behind.value.code == "behind_mark"
            assert (restored.names, restored.lost) == (0, NAMES)
            with promoted.clerk() as clerk:
                assert answers(clerk.operator.record(requests)) == told
            assert promoted.fault() is None


# Others meanwhile.


def test_who_writes_meanwhile_waits_and_goes_on_after_what_came_back(
    lost: Lost,
) -> None:
    book = lost.book
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Spoilt):
        def openings(self) -> Iterator[Any]:
            begun.set()
            assert go_on.wait(30)
            yield from self.copy.openings()

    def bring_slowly() -> None:
        with database.reading(lost.copy) as copy:
            restore(Slow(copy), book.place)

    with ThreadPoolExecutor(2) as threads:
        bringing = threads.submit(bring_slowly)
        assert begun.wait(30)
        asking = threads.submit(lost.told_again)
        time.sleep(0.3)
        waiting = not asking.done()
        go_on.set()
        bringing.result(30)
        told = asking.result(30)

    assert waiting
    assert told == lost.answers
    assert book.fault() is None


@pytest.mark.on("postgres")
def test_who_loses_the_server_in_the_middle_has_brought_nothing(
    quick: Book, tmp_path: Path
) -> None:
    full = tmp_path / "backup"
    lost = lost_acts(quick, tmp_path, lambda: back_up(quick.place, full))
    before = dumped(quick)

    class Cutting(Spoilt):
        def openings(self) -> Iterator[Any]:
            quick.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'registry'"
            )
            yield from self.copy.openings()

    with pytest.raises(UnavailableError) as gone, database.reading(full) as copy:
        restore(Cutting(copy), quick.place)

    assert gone.value.code == "server_unavailable"
    assert dumped(quick) == before
    brought(full, quick.place)
    assert lost.told_again() == lost.answers
