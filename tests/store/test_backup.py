"""A copy of a registry is whole, or it is none; it tells nobody more than it should."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry import history
from registry.errors import BrokenHistoryError, RegistryError
from registry.ledger.note import open_checkpoint
from registry.place import Server as Address
from registry.store import backup, keyring
from registry.store.backup import back_up
from registry.store.log import DATABASE, Log
from registry.store.migrations import READER_ROLE, migrate
from registry.store.openings import FILE as OPENINGS
from registry.verifier.audit import audit
from tests.books import Book, Clerk, fault
from tests.servers import Server
from tests.store.conftest import write_quickly
from tests.store.copies import LOG_TABLES, some_acts
from tests.store.faults import Fault, Operation
from tests.store.lives import Teller, lived
from tests.store.test_crashes import faults

pytestmark = pytest.mark.on("sqlite", "postgres")


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_backup_has_every_row_with_names_and_keys_and_passes_its_audit(
    book: Book, tmp_path: Path
) -> None:
    folder = tmp_path / "some" / "backup"

    copied = back_up(book.place, folder)

    found = audit(folder, book.key)
    copy = replace(book, place=folder)
    assert (copied.size, copied.root) == (found.entries, found.root)
    assert copied.note is not None
    assert open_checkpoint(copied.note, book.key).size == copied.size
    for table in LOG_TABLES:
        query = f"SELECT * FROM {table} ORDER BY 1, 2"  # noqa: S608  # names of ours
        assert copy.rows(query) == book.rows(query)
    query = "SELECT * FROM openings ORDER BY 1"
    names = copy.rows(query, file=OPENINGS)
    assert names == book.rows(query, file=OPENINGS)
    assert found.openings == len(names) > 0
    shutil.copy(book.directory / keyring.PASSPHRASE_FILE, folder)
    assert keyring.Keyring(folder).keys_of("registry") == keyring.Keyring(book.directory).keys_of(
        "registry"
    )


def test_a_backup_is_for_its_owner_alone_and_without_the_passphrase(
    quick: Book, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"

    back_up(quick.place, folder)

    assert mode_of(folder) == 0o700
    files = {name: mode_of(folder / name) for name in names_in(folder)}
    assert {DATABASE, OPENINGS, keyring.FILE} <= set(files)
    assert set(files.values()) == {0o600}
    assert keyring.PASSPHRASE_FILE not in files


def test_a_public_copy_is_the_log_alone_and_anybody_s(quick: Book, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    ((value,), *_) = quick.rows("SELECT value FROM openings", file=OPENINGS)

    back_up(quick.place, folder, public=True)

    assert names_in(folder) == {DATABASE}
    assert (mode_of(folder), mode_of(folder / DATABASE)) == (0o755, 0o644)
    assert value not in (folder / DATABASE).read_bytes()
    assert audit(folder, quick.key).openings == 0


@pytest.mark.on("postgres")
def test_a_public_copy_needs_no_state_and_another_one_does(quick: Book, tmp_path: Path) -> None:
    assert isinstance(quick.place, Address)
    stranger = replace(quick.place, state=None)

    back_up(stranger, tmp_path / "published", public=True)
    with pytest.raises(RegistryError, match="no_state"):
        back_up(stranger, tmp_path / "backup")

    assert audit(tmp_path / "published", quick.key).entries > 0
    assert not (tmp_path / "backup").exists()


def test_a_folder_with_something_in_it_is_left_alone(quick: Book, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    (folder / "notes.txt").touch()

    for place in (folder, folder / "notes.txt", quick.directory):
        with pytest.raises(RegistryError, match="directory_in_use"):
            back_up(quick.place, place)

    assert names_in(folder) == {"notes.txt"}


def test_a_registry_without_its_keys_is_not_backed_up_by_half(quick: Book, tmp_path: Path) -> None:
    (quick.directory / keyring.FILE).unlink()

    with pytest.raises(RegistryError, match="no_keyring"):
        back_up(quick.place, tmp_path / "backup")

    assert not (tmp_path / "backup").exists()


@pytest.mark.on("sqlite")
def test_a_registry_without_its_names_is_not_backed_up_by_half(quick: Book, tmp_path: Path) -> None:
    (quick.directory / OPENINGS).unlink()

    with pytest.raises(RegistryError, match="database_moved"):
        back_up(quick.place, tmp_path / "backup")

    assert not (tmp_path / "backup").exists()
    assert not (quick.directory / OPENINGS).exists()


@pytest.mark.on("postgres")
def test_who_may_not_see_names_makes_no_backup_that_seems_to_have_them(
    quick: Book, tmp_path: Path, server: Server, schemas: str
) -> None:
    assert isinstance(quick.place, Address)
    migrate(quick.place, [("watcher", READER_ROLE)])
    watcher = replace(quick.place, url=quick.place.url.replace("postgres@", "watcher@"))

    with pytest.raises(RegistryError, match="not_permitted"):
        back_up(watcher, tmp_path / "backup")
    back_up(watcher, tmp_path / "published", public=True)

    assert not (tmp_path / "backup").exists()
    assert audit(tmp_path / "published", quick.key).entries > 0
    server.execute("DROP OWNED BY watcher", database=schemas)
    server.execute("DROP ROLE watcher")


def test_what_no_longer_comes_to_its_root_is_not_copied(quick: Book, tmp_path: Path) -> None:
    quick.change("DELETE FROM stored_events WHERE (rowid - 1) / 64 = (SELECT size - 1 FROM head)")

    with pytest.raises(BrokenHistoryError, match=r"derived\.tree"):
        back_up(quick.place, tmp_path / "backup")

    assert not (tmp_path / "backup").exists()


def test_a_backup_is_told_how_far_it_is(
    quick: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "PAGE_ROWS", 5)
    told: list[tuple[int, int]] = []

    copied = back_up(quick.place, tmp_path / "backup", progress=lambda *so_far: told.append(so_far))

    assert len(told) > 2
    assert told == sorted(told)
    assert told[-1] == (copied.size, copied.size)
    assert audit(tmp_path / "backup", quick.key).entries == copied.size


def test_a_backup_beside_a_running_writer_is_of_one_moment_with_all_its_names(
    quick: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "PAGE_ROWS", 7)
    stop = threading.Event()

    def write(clerk: Clerk) -> int:
        groups = 0
        while not stop.is_set():
            clerk.operator.record(some_acts(clerk, quick))
            groups += 1
        return groups

    with quick.clerk() as clerk, ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write, clerk)
        sizes = []
        for number in range(5):
            folder = tmp_path / f"backup {number}"
            copied = back_up(quick.place, folder)
            sizes.append(copied.size)
            found = fault(folder, quick.key)
            # Between a commit and its signature.
            assert found is None or found.code == "unsigned_tail"
            assert every_name_is_in(folder)
        stop.set()
        assert writing.result() > 0

    assert sizes[-1] > sizes[0]
    assert quick.fault() is None


def every_name_is_in(folder: Path) -> bool:
    """Whether no commitment of the copy's entries lacks its opening."""
    with closing(Log(folder)) as log:
        wanted = [
            committed
            for placed in log.entries()
            for _, committed in history.commitments(placed.entry.intent)
        ]
        return set(log.openings.find(wanted)) == set(wanted)


# Killed in the middle.


def back_up_in_life(_teller: Teller, place: Any, folder: Path) -> None:
    backup.PAGE_ROWS = 11
    back_up(place, folder)


def last(operations: Sequence[Operation]) -> Fault:
    return Fault(at=len(operations), way="dies")


def some(operations: Sequence[Operation]) -> Iterator[Fault]:
    """Every third way to stop it, and the last."""
    yield from list(faults(operations))[::3]
    yield last(operations)


def test_stopped_at_any_operation_it_leaves_a_whole_copy_or_none(
    quick: Book, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    expected = audit(quick.place, quick.key)
    operations = lived(tmp_path, back_up_in_life, quick.place, folder).operations

    outcomes = set()
    for stop in some(operations):
        shutil.rmtree(folder, ignore_errors=True)
        lived(tmp_path, back_up_in_life, quick.place, folder, fault=stop)
        whole = (folder / DATABASE).exists()
        if whole:
            assert audit(folder, quick.key) == expected
            assert {DATABASE, OPENINGS, keyring.FILE} <= names_in(folder)
        outcomes.add(whole)

    assert outcomes == {False, True}


# Replicas.


@pytest.mark.on("sqlite")
def test_a_replica_can_be_backed_up_instead_of_its_primary(home: Path) -> None:
    with Server() as primary:
        place = Address(url=primary.create_database("registry"), state=home / "registry")
        book = write_quickly(place)
        with primary.replica() as replica:
            primary.wait_for_replica(replica)

            copied = back_up(replace(place, url=replica.url("registry")), home / "backup")

        found = audit(home / "backup", book.key)
        assert found == audit(place, book.key)
        assert copied.root == found.root
        assert keyring.FILE in names_in(home / "backup")
