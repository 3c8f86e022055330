"""`registry backup`, `restore` and `migrate`, as an operator types them."""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from registry.place import Server as Address
from registry.store import keyring
from registry.store.backup import back_up
from registry.store.operator import Operator
from registry.store.recorder import SCHEMA_VERSION
from registry.verifier.audit import audit
from tests import books
from tests.books import Book, book, shelf
from tests.servers import Server, database, server
from tests.test_cli import CHINESE, Ended, Shell, english, shell

__all__ = ["book", "database", "english", "server", "shelf", "shell"]

SECRET = "s3cr3t-of-the-owner"


def grow(book: Book) -> None:
    with book.clerk() as clerk:
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])


def both(shell: Shell, *arguments: object) -> dict[str, Ended]:
    """The same command, said in each language."""
    return {lang: shell(*arguments, "--lang", lang) for lang in ("zh", "en")}


# Backup.


def test_a_backup_says_where_it_is_and_what_is_in_it(
    shell: Shell, book: Book, tmp_path: Path
) -> None:
    made = shell("backup", "--dir", book.place, "-o", tmp_path / "backup", "--json")
    said = shell("backup", "--dir", book.place, "-o", tmp_path / "published", "--public")
    chinese = shell("backup", "--dir", book.place, "-o", tmp_path / "again", "--lang", "zh")

    found = audit(tmp_path / "backup", book.key)
    assert made.code == said.code == chinese.code == 0
    assert made.json == {
        "folder": str(tmp_path / "backup"),
        "size": found.entries,
        "root": found.root.hex(),
        "public": False,
    }
    assert str(tmp_path / "published") in said.out
    assert str(found.entries) in said.out
    assert "without names and keys" in said.out
    assert "口令" in chinese.out


def test_a_backup_into_a_folder_in_use_is_refused(shell: Shell, book: Book) -> None:
    ended = shell("backup", "--dir", book.place, "-o", book.directory, "--json")

    assert (ended.code, ended.json["error"]) == (1, "directory_in_use")


def test_a_backup_without_a_folder_is_wrong_usage(shell: Shell, book: Book) -> None:
    assert shell("backup", "--dir", book.place).code == 2


# Restore.


@pytest.fixture
def behind(book: Book, tmp_path: Path) -> Path:
    """A copy of the book that has an entry more than the book has any more."""
    put_back = book.backup()
    grow(book)
    back_up(book.place, tmp_path / "copy", public=True)
    put_back()
    return tmp_path / "copy"


def test_a_writer_that_is_behind_the_mark_says_what_is_missing_and_how_it_comes_back(
    shell: Shell, book: Book, behind: Path
) -> None:
    size = audit(book.place, book.key).entries
    rotate = ("account", "key", "rotate", book.accounts["one"], "--dir", book.place)

    told = shell(*rotate, "--json")
    said = both(shell, *rotate)

    assert (told.code, told.json["error"]) == (1, "behind_mark")
    assert (told.json["facts"]["first"], told.json["facts"]["last"]) == (size, size)
    for ended in said.values():
        assert "registry restore" in ended.err
        assert re.search(rf"\b{size}\b.*\b{size}\b", ended.err)
    assert CHINESE.search(said["zh"].err)
    assert not CHINESE.search(said["en"].err.replace("\n", ""))
    assert shell("restore", behind, "--dir", book.place).code == 0
    assert shell(*rotate).code == 0


def test_a_restore_says_what_came_back_and_ends_with_zero_once_it_can_be_written(
    shell: Shell, book: Book, behind: Path
) -> None:
    size = audit(book.place, book.key).entries

    done = shell("restore", behind, "--dir", book.place, "--json")

    assert done.code == 0
    assert done.json["start"] == size
    assert done.json["size"] == size + 1
    assert done.json["root"] == book.audited().root.hex()
    assert (done.json["vkey"], done.json["fingerprint"]) == (str(book.key), book.key.fingerprint)
    assert (done.json["error"], done.json["message"], done.json["facts"]) == (None, None, None)
    with closing(Operator(book.place)) as operator:
        assert operator.log.recorder.where == str(book.database)


@pytest.mark.parametrize(
    ("lang", "ready"), [("en", "can be written to again"), ("zh", "可以继续写入")]
)
def test_a_restore_says_so_to_people(
    shell: Shell, book: Book, behind: Path, lang: str, ready: str
) -> None:
    done = shell("restore", behind, "--dir", book.place, "--lang", lang)

    assert done.code == 0
    assert ready in done.out
    assert book.key.fingerprint in done.out
    assert bool(CHINESE.search(done.out)) is (lang == "zh")


def test_a_restore_that_brings_less_than_the_mark_saw_says_what_is_still_missing(
    shell: Shell, book: Book, behind: Path
) -> None:
    put_back = book.backup()
    shell("restore", behind, "--dir", book.place)
    grow(book)
    size = book.audited().entries
    put_back()

    done = shell("restore", behind, "--dir", book.place, "--json")
    put_back()
    said = shell("restore", behind, "--dir", book.place)

    assert done.code == said.code == 1
    assert (done.json["size"], done.json["error"]) == (size - 1, "behind_mark")
    assert (done.json["facts"]["first"], done.json["facts"]["last"]) == (size - 1, size - 1)
    assert done.json["mark"] == size
    assert f"Still behind the mark: entries {size - 1} to {size - 1}" in " ".join(said.out.split())
    assert "cannot be written to yet" in said.out
    assert "(behind_mark)" in said.err


def test_a_restore_into_a_new_directory_takes_the_keys_along_and_says_what_is_still_to_be_done(
    shell: Shell, book: Book, tmp_path: Path
) -> None:
    back_up(book.place, tmp_path / "backup")
    new = tmp_path / "new"

    done = shell("restore", tmp_path / "backup", "--dir", new, "--json")
    shutil.copy(book.directory / keyring.PASSPHRASE_FILE, new)
    with closing(Operator(new)):
        found = audit(new, book.key)

    assert (done.code, done.json["error"]) == (1, "no_passphrase")
    assert (done.json["start"], done.json["size"]) == (0, found.entries)
    assert (done.json["names"], done.json["lost"]) == (found.openings, 0)


def test_names_that_stay_lost_are_counted(shell: Shell, book: Book, tmp_path: Path) -> None:
    back_up(book.place, tmp_path / "published", public=True)

    said = shell("restore", tmp_path / "published", "--dir", tmp_path / "new")

    assert said.code == 1
    lost = audit(book.place, book.key).openings
    assert f"0 are here, {lost} are not" in said.out
    assert "(no_keyring)" in said.err


def test_refusals_of_a_restore_end_as_others_do(
    shell: Shell, book: Book, behind: Path, tmp_path: Path
) -> None:
    shell("restore", behind, "--dir", book.place)
    (tmp_path / "no database").write_bytes(b"x" * 5_000)

    ends = {
        "nothing_missing": (shell("restore", behind, "--dir", book.place, "--json"), 1),
        "no_registry": (shell("restore", tmp_path / "none", "--dir", book.place, "--json"), 2),
        "database_unreadable": (
            shell("restore", tmp_path / "no database", "--dir", book.place, "--json"),
            1,
        ),
        "directory_in_use": (shell("restore", behind, "--dir", tmp_path, "--json"), 1),
    }

    assert {code: ended.json["error"] for code, (ended, _) in ends.items()} == {
        code: code for code in ends
    }
    assert {code: ended.code for code, (ended, _) in ends.items()} == {
        code: expected for code, (_, expected) in ends.items()
    }


# Servers.


@pytest.fixture
def owner(
    server: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The address of an empty database, with a password in it that the server does not ask for."""
    books.live_at(tmp_path, monkeypatch)
    yield database.replace("postgres@", f"postgres:{SECRET}@")
    for role in ("shell_writer", "shell_reader"):
        if server.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]):
            name = database.rpartition("/")[2].partition("?")[0]
            server.execute(f"DROP OWNED BY {role}", database=name)
            server.execute(f"DROP ROLE {role}")


ROLES = ("--role", "shell_writer", "--reader", "shell_reader")


def test_the_schema_step_says_from_which_version_to_which(shell: Shell, owner: str) -> None:
    first = shell("migrate", owner, *ROLES, "--json")
    second = both(shell, "migrate", owner, *ROLES)

    assert first.code == 0
    assert first.json == {
        "server": str(Address(url=owner)),
        "before": 0,
        "after": SCHEMA_VERSION,
        "role": "shell_writer",
        "reader": "shell_reader",
    }
    assert {ended.code for ended in second.values()} == {0}
    assert f"at version {SCHEMA_VERSION} already" in second["en"].out
    assert "shell_reader" in second["zh"].out
    assert CHINESE.search(second["zh"].out)


def test_the_script_is_printed_and_nothing_done(shell: Shell, owner: str) -> None:
    said = shell("migrate", owner, *ROLES, "--sql")
    told = shell("migrate", owner, *ROLES, "--sql", "--json")

    assert said.code == told.code == 0
    assert said.out.startswith("-- ")
    assert told.json["sql"].strip() == said.out.strip()
    with psycopg.connect(owner) as connection:
        assert connection.execute("SELECT to_regclass('head')").fetchone() == (None,)
        statements = [line for line in said.out.splitlines() if not line.startswith("\\")]
        connection.execute("\n".join(statements))
    assert shell("migrate", owner, "--json").json["before"] == SCHEMA_VERSION


def test_what_is_no_address_is_wrong_usage(shell: Shell, tmp_path: Path) -> None:
    ended = shell("migrate", tmp_path, "--json")

    assert (ended.code, ended.json["error"]) == (2, "bad_address")


@pytest.mark.parametrize(
    "typed",
    [
        f"postgresql:/somebody:{SECRET}@127.0.0.1/registry",
        f"postgresql+psycopg://somebody:{SECRET}@127.0.0.1/registry",
        f"host=127.0.0.1 password={SECRET}",
        f"postgresql://127.0.0.1:1/registry?user=u&Password={SECRET}",
        f"POSTGRESQL://127.0.0.1:1/registry?user=u&password=a&{SECRET}",
    ],
)
def test_what_is_meant_for_an_address_is_never_taken_for_a_directory(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.chdir(tmp_path)

    for command in (
        ("init", typed, "--state", tmp_path / "state"),
        ("key", "--dir", typed),
        ("audit", typed),
        ("key", "--dir", "x", "--read-url", typed),
        ("migrate", typed),
        ("restore", typed, "--dir", tmp_path / "new"),
    ):
        for extra in ("--json", "--lang=zh"):
            ended = shell(*command, extra)
            assert ended.code == 2
            assert SECRET not in ended.out + ended.err
            assert "bad_address" in ended.out + ended.err
    assert list(tmp_path.iterdir()) == []


def test_state_and_replica_go_with_a_server(shell: Shell, book: Book, tmp_path: Path) -> None:
    stated = shell("key", "--dir", book.place, "--state", tmp_path / "state", "--json")
    begun = shell("init", tmp_path / "new", "--state", tmp_path / "state", "--json")
    read = [shell("key", "--dir", book.place, "--read-url", url, "--json") for url in ("", "dir")]
    stateless = shell("init", "postgresql://127.0.0.1:1/registry", "--json")

    assert (stated.code, stated.json["error"]) == (2, "state_without_server")
    assert (begun.code, begun.json["error"]) == (2, "state_without_server")
    assert [(one.code, one.json["error"]) for one in read] == [(2, "bad_address")] * 2
    assert (stateless.code, stateless.json["error"]) == (2, "no_state")
    assert not (tmp_path / "new").exists()


def test_of_several_hosts_a_lagging_replica_s_key_is_shown_only_where_it_was_asked_for(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.live_at(tmp_path, monkeypatch)
    with Server() as primary, primary.replica() as replica:
        primary.create_database("several")
        hosts = f"127.0.0.1:{replica.port},127.0.0.1:{primary.port}"
        url = f"postgresql://postgres@{hosts}/several"
        begun = shell("init", url, "--state", tmp_path / "state", "--json")
        primary.wait_for_replica(replica)
        replica.pause()
        place = ("--dir", url, "--state", tmp_path / "state")
        changed = shell("log-key", "rotate", *place, "--json")
        shown = shell("key", "--dir", url, "--json")
        read = shell("key", "--dir", url, "--read-url", replica.url("several"), "--json")
        primary.stop()
        left = shell("key", "--dir", url, "--json")

    assert changed.code == 0
    assert shown.json["vkey"] != begun.json["vkey"]
    assert read.json["vkey"] == left.json["vkey"] == begun.json["vkey"]


def test_a_database_that_is_not_there_is_no_registry(shell: Shell, owner: str) -> None:
    absent = owner.replace("/test_", "/absent_")

    for command in (
        ("key", "--dir", absent),
        ("audit", absent),
        ("migrate", absent),
        ("status", "--dir", absent),
    ):
        ended = shell(*command, "--json")
        assert (ended.code, "no_registry" in ended.out) == (2, True), command


def test_a_registry_moves_to_a_server_and_back_by_what_is_typed(
    shell: Shell, book: Book, owner: str, tmp_path: Path
) -> None:
    state = tmp_path / "server state"
    place = ("--dir", owner, "--state", state)
    assert shell("migrate", owner).code == 0
    moved = shell("restore", book.directory, *place, "--json")
    shutil.copy(book.directory / keyring.PASSPHRASE_FILE, state)
    shutil.copy(book.mark.file, state)
    assert shell("account", "key", "rotate", book.accounts["one"], *place).code == 0
    assert shell("backup", *place, "-o", tmp_path / "backup").code == 0
    assert (
        shell("backup", "--dir", "x", "--read-url", owner, "--public", "-o", tmp_path / "p").code
        == 0
    )
    back = shell("restore", owner, "--dir", tmp_path / "back", "--json")

    there = replace(book, place=Address(url=owner, state=state))
    assert (moved.json["error"], moved.json["lost"]) == ("no_passphrase", 0)
    assert (back.json["error"], back.json["lost"]) == ("no_keyring", 0)
    assert back.json["size"] == there.audited().entries > moved.json["size"]
    assert there.fault() is None
    assert audit(tmp_path / "back", book.key).root == there.audited().root
    assert audit(tmp_path / "p", book.key).root == there.audited().root


def test_no_password_is_ever_said(shell: Shell, book: Book, owner: str, tmp_path: Path) -> None:
    """Neither where all goes well, nor in what a command is refused with, nor by the server or libpq."""
    nowhere = f"postgresql://somebody:{SECRET}@127.0.0.1:1/registry"
    unknown = owner.replace("postgres:", "nobody_here:")
    odd = f"postgresql://somebody:{SECRET}@127.0.0.1:not-a-port/registry"
    state = tmp_path / "state"
    place = ("--dir", owner, "--state", state)
    back_up(book.place, tmp_path / "full")
    commands: list[tuple[Any, ...]] = [
        ("restore", tmp_path / "full", *place),
        ("migrate", owner, "--sql"),
        ("migrate", owner, *ROLES),
        ("restore", tmp_path / "full", *place),
        ("restore", tmp_path / "full", *place),
        ("restore", owner, *place),
        ("backup", "--dir", owner, "-o", tmp_path / "none"),
        ("backup", *place, "-o", tmp_path / "copy"),
        ("backup", *place, "-o", tmp_path / "copy"),
        ("restore", tmp_path / "full", "--dir", owner),
        *(
            command
            for url in (nowhere, unknown, odd, owner.replace("/test_", "/absent_"))
            for command in (
                ("migrate", url),
                ("backup", "--dir", url, "--public", "-o", tmp_path / "never"),
                ("restore", url, "--dir", book.place),
                ("restore", tmp_path / "full", "--dir", url, "--state", state),
            )
        ),
    ]

    ends = set()
    for command in commands:
        for extra in ((), ("--json",), ("--lang", "zh")):
            ended = shell(*command, *extra)
            assert SECRET not in ended.out + ended.err, command
            ends.add(ended.code)

    assert ends >= {0, 1, 2, 74}
