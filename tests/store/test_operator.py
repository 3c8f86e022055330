"""A registry, in a directory or on a server: how it begins, what files it has, and who may read them."""

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.errors import BrokenHistoryError, RefusedError
from registry.place import Place, Server
from registry.store import beginning, migrations
from registry.store.beginning import create
from registry.store.committer import Committer
from registry.store.keyring import Keyring
from registry.store.log import Log
from registry.store.mark import Mark
from registry.store.openings import FileOpenings
from registry.store.operator import Operator, home_of, log_key, mark_of
from registry.store.postgres import PostgresRecorder, ServerOpenings
from registry.store.sqlite import SqliteRecorder
from registry.verifier.audit import audit
from tests.books import ORIGIN, Book
from tests.grounds import Ground

pytestmark = pytest.mark.on("sqlite", "postgres")


class TornError(Exception):
    """What a test breaks a beginning with."""


def test_a_new_registry_has_two_officers_one_entry_and_a_mark(place: Place) -> None:
    create(place, origin=ORIGIN)

    operator = Operator(place)
    officers, key, mark = operator.officers(), operator.vkey(), mark_of(place, operator.id).read()
    operator.close()
    audited = audit(place, key)
    assert len(set(officers)) == 2
    assert (audited.entries, audited.origin, audited.openings) == (1, ORIGIN, 2)
    assert (mark.size, mark.root) == (1, audited.root)
    assert key.name == ORIGIN


def test_two_registries_of_one_name_are_two_logs(ground: Ground, home: Path) -> None:
    keys, logs = set(), set()
    for name in ("one", "two"):
        place = ground.place(home / name)
        create(place, origin=ORIGIN)
        operator = Operator(place)
        keys.add(operator.vkey())
        logs.add(operator.id)
        operator.close()

    assert len(keys) == len(logs) == 2


def test_an_empty_directory_may_be_used(place: Place) -> None:
    home_of(place).mkdir()

    create(place, origin=ORIGIN)

    log = Log(place)
    key = log_key(log)
    log.close()
    assert audit(place, key).entries == 1


@pytest.mark.parametrize("what", ["registry", "file in it", "file"])
def test_a_place_that_is_in_use_is_refused_and_left_alone(
    place: Place, home: Path, what: str
) -> None:
    directory = home_of(place)
    if what == "registry":
        create(place, origin=ORIGIN)
    elif what == "file in it":
        directory.mkdir()
        (directory / "note").write_text("mine")
    else:
        directory.write_text("mine")
    before = sorted(home.rglob("*"))

    with pytest.raises(RefusedError) as refusal:
        create(place, origin=ORIGIN)

    assert refusal.value.code == "directory_in_use"
    assert sorted(home.rglob("*")) == before


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "ä b", "x" * 200, "a\nb"])
def test_a_name_that_is_none_is_refused_before_anything_is_made(
    place: Place, home: Path, origin: str
) -> None:
    with pytest.raises(RefusedError) as refusal:
        create(place, origin=origin)

    assert refusal.value.code == "malformed"
    assert list(home.iterdir()) == []


@pytest.mark.on("postgres")
def test_a_database_where_a_log_has_begun_is_refused_from_wherever(
    place: Server, home: Path
) -> None:
    create(place, origin=ORIGIN)
    other = replace(place, state=home / "other")

    with pytest.raises(RefusedError) as refusal:
        create(other, origin=ORIGIN)

    assert refusal.value.code == "directory_in_use"
    assert not (home / "other").exists()
    with closing(Operator(place)) as operator:
        key = operator.vkey()
    assert audit(place, key).entries == 1


@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (SqliteRecorder, "create_table"),
        (Keyring, "generate"),
        (Keyring, "assign"),
        (Keyring, "sign"),
        (beginning, "propose"),
        (Committer, "begin"),
        (FileOpenings, "add"),
        (SqliteRecorder, "record"),
        (Mark, "write"),
        (SqliteRecorder, "record_checkpoint"),
        (Path, "replace"),
    ],
)
def test_a_beginning_that_fails_half_way_leaves_no_registry_and_can_be_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, method: str
) -> None:
    def torn(*_values: Any, **_named: Any) -> None:
        raise TornError

    with monkeypatch.context() as patch:
        patch.setattr(owner, method, torn)
        with pytest.raises(TornError):
            create(home / "registry", origin=ORIGIN)

    assert [path.name for path in home.iterdir() if path.name != "state"] == []
    create(home / "registry", origin=ORIGIN)
    operator = Operator(home / "registry")
    key = operator.vkey()
    operator.close()
    assert audit(home / "registry", key).entries == 1


@pytest.mark.on("postgres")
@pytest.mark.parametrize(
    ("owner", "method"),
    [
        (migrations, "_version"),
        (Keyring, "generate"),
        (Keyring, "assign"),
        (Keyring, "sign"),
        (beginning, "propose"),
        (Committer, "begin"),
        (ServerOpenings, "add"),
        (PostgresRecorder, "record"),
        (PostgresRecorder, "_commit"),
        (Mark, "write"),
        (PostgresRecorder, "record_checkpoint"),
        (shutil, "copyfile"),
        (beginning, "synchronise"),
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_a_beginning_on_a_server_that_fails_half_way_can_be_tried_again(
    place: Server,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    method: str,
    *,
    after: bool,
) -> None:
    whole = getattr(owner, method)

    def torn(*values: Any, **named: Any) -> None:
        if after:
            whole(*values, **named)
        raise TornError

    with monkeypatch.context() as patch:
        patch.setattr(owner, method, torn)
        with pytest.raises(TornError):
            create(place, origin=ORIGIN)

    create(place, origin=ORIGIN)
    with closing(Operator(place)) as operator:
        key, mark = operator.vkey(), mark_of(place, operator.id).read()
    assert (audit(place, key).entries, mark.size) == (1, 1)
    assert not list(home.rglob(beginning.BEGINNING))


def test_only_the_owner_reads_the_files(book: Book, backend: str) -> None:
    files = {
        "sqlite": {"registry.db", "openings.db", "keys.db", "passphrase", "registry.db-wal"},
        "postgres": {"keys.db", "passphrase", book.id.hex()},
    }
    with book.clerk() as clerk:
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])
        modes = {file.name: file.stat().st_mode & 0o777 for file in book.directory.iterdir()}

    assert files[backend] <= set(modes)
    assert set(modes.values()) == {0o600}
    assert book.directory.stat().st_mode & 0o777 == 0o700
    assert book.audited().entries > 0


@pytest.mark.on("postgres")
def test_a_server_without_a_registry_is_refused_before_and_after_its_schema_step(
    place: Server,
) -> None:
    Keyring.create(_made(home_of(place)))
    for ready in (False, True):
        if ready:
            migrations.migrate(place)
        with pytest.raises(RefusedError) as refusal:
            Operator(place)

        assert refusal.value.code == "no_registry"


def _made(directory: Path) -> Path:
    directory.mkdir(mode=0o700)
    return directory


def test_a_place_without_a_registry_is_refused(home: Path) -> None:
    (home / "empty").mkdir()

    for place in (home / "empty", home / "nothing"):
        with pytest.raises(RefusedError) as refusal:
            Operator(place)

        assert refusal.value.code == "no_registry"
    assert list((home / "empty").iterdir()) == []


def test_a_log_without_a_first_entry_has_no_key(book: Book) -> None:
    book.change("DELETE FROM stored_events")
    log = Log(book.place)

    with pytest.raises(BrokenHistoryError) as broken:
        log_key(log)

    log.close()
    assert (broken.value.code, broken.value.facts["index"]) == ("entry_missing", 0)


def test_no_key_is_at_hand_for_a_stranger(book: Book) -> None:
    with book.clerk() as clerk, pytest.raises(RefusedError) as refusal:
        clerk.operator.setting("account/aaaaaaaaaaaaaaaa")

    assert refusal.value.code == "no_private_key"


def test_a_registry_that_moved_goes_on(book: Book, tmp_path: Path) -> None:
    directory = book.directory.rename(tmp_path / "somewhere else?#")
    here = isinstance(book.place, Path)
    moved = directory if here else replace(book.place, state=directory)

    operator = Operator(moved)
    operator.close()

    assert operator.id == book.id
    assert audit(moved, book.key).origin == ORIGIN
