"""`registry access`, as an operator types it: on a directory and on a server."""

import re
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from registry.place import Place
from registry.place import Server as Address
from registry.store.access import Access, KeyRecord, key_subject, token_subject
from registry.store.clock import wall_us
from tests.books import Book, shelf
from tests.grounds import backend, book, ground, schemas, server_shelf
from tests.servers import server
from tests.test_cli import CHINESE, Ended, Shell, english, shell

__all__ = [
    "backend",
    "book",
    "english",
    "ground",
    "schemas",
    "server",
    "server_shelf",
    "shelf",
    "shell",
]

BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgres"], indirect=True)
LOGIN = "https://login.example"


class Desk:
    """Types `registry access`, about one registry."""

    def __init__(self, shell: Shell, place: Place) -> None:
        self._shell = shell
        self._place = ["--dir", place.url] if isinstance(place, Address) else ["--dir", str(place)]

    def __call__(self, *typed: object) -> Ended:
        return self._shell("access", *typed, *self._place)

    def done(self, *typed: object) -> Any:
        ended = self(*typed, "--json")
        assert ended.code == 0, ended.out
        return ended.json

    def refused(self, *typed: object) -> tuple[int, str]:
        """Exit and code of the refusal, which a person is told in both languages."""
        ended = self(*typed, "--json")
        said = {lang: self(*typed, "--lang", lang).err for lang in ("zh", "en")}
        assert CHINESE.search(said["zh"])
        assert not CHINESE.search(said["en"])
        return ended.code, ended.json["error"]


@pytest.fixture
def desk(shell: Shell, book: Book) -> Desk:
    return Desk(shell, book.place)


def found(book: Book, presented: str) -> Any:
    access = Access(book.place)
    try:
        return access.find_key(presented, wall_us())
    finally:
        access.close()


@BOTH
def test_a_key_is_made_shown_once_listed_and_revoked(desk: Desk, book: Book) -> None:
    alice, bob = book.accounts["alice"], book.accounts["bob"]
    scopes = ["--scope", "read", "--scope", "act:retirements"]

    made = desk.done("key", "create", alice, "bob 有限公司", *scopes, "--label", "till 3")
    listed = desk.done("key", "list")
    of_bob = desk.done("key", "list", "--account", bob)
    before = found(book, made["secret"])
    revoked = desk.done("key", "revoke", made["id"])

    assert made["accounts"] == [alice, bob]
    assert made["scopes"] == ["read", "act:retirements"]
    lives = datetime.fromisoformat(made["expires"]) - datetime.fromisoformat(made["made"])
    assert lives.days == 90
    secret = made.pop("secret")
    assert before.id == made["id"]
    (shown,) = listed["keys"]
    assert {name: made[name] for name in shown} == shown
    assert secret.rpartition("_")[2] not in str(listed)
    assert [one["id"] for one in of_bob["keys"]] == [made["id"]]
    assert desk.done("key", "list", "--account", book.accounts["owner"])["keys"] == []
    assert (revoked["state"], revoked["revoked_with_it"]) == ("revoked", [])
    assert found(book, secret) is None
    assert desk.refused("key", "revoke", made["id"]) == (1, "no_api_key")


@BOTH
def test_what_is_made_here_is_as_old_as_the_log(desk: Desk, book: Book) -> None:
    alice, ((size,),) = book.accounts["alice"], book.rows("SELECT size FROM head")

    desk.done("key", "create", alice, "--scope", "read")
    desk.done("bind", LOGIN, "li.si", alice, "--scope", "read")

    with closing(Access(book.place)) as access:
        assert [one.log_size for one in (*access.keys(), *access.bindings())] == [size, size]


def test_a_key_of_before_a_recovery_is_told_to_have_ended(desk: Desk, book: Book) -> None:
    alice, bob = book.accounts["alice"], book.accounts["bob"]
    for accounts in ([bob], [alice, bob]):
        made_by(book, "test", *accounts)
    desk.done("key", "create", bob, "--scope", "read")

    listed = desk.done("key", "list")["keys"]
    shown = desk("key", "list", "--lang", "en").out

    assert sorted((one["state"], one["speaks_for"]) for one in listed) == [
        *sorted([("active", [alice]), ("active", [bob])]),
        ("ended", []),
    ]
    assert "ended with" in shown


@BOTH
def test_keys_are_revoked_with_the_key_or_the_login_that_made_them(desk: Desk, book: Book) -> None:
    alice = book.accounts["alice"]
    root = desk.done("key", "create", alice, "--scope", "keys")["id"]
    desk.done("bind", LOGIN, "li.si", alice, "--scope", "keys")
    made = [made_by(book, maker).id for maker in (key_subject(root), token_subject(LOGIN, "li.si"))]

    revoked = desk("key", "revoke", root, "--lang", "en")
    unbound = desk.done("unbind", LOGIN, "li.si")

    assert "1 key(s)" in revoked.out
    assert unbound["keys_revoked"] == made[1:]
    assert {one["state"] for one in desk.done("key", "list")["keys"]} == {"revoked"}


def made_by(book: Book, maker: str, *accounts: str) -> KeyRecord:
    """A key that somebody made over the network, who knows when, for alice or others."""
    now_us = wall_us()
    with closing(Access(book.place)) as access:
        made, _ = access.make_key(
            accounts or [book.accounts["alice"]],
            ["read"],
            expires_us=now_us + 60_000_000,
            label="",
            made_by=maker,
            now_us=now_us,
        )
    return made


def test_what_is_said_of_a_key_is_for_people(desk: Desk, book: Book) -> None:
    none = desk("key", "list")
    made = desk("key", "create", book.accounts["alice"], "--scope", "act", "--days", 7)
    told = {lang: desk("key", "list", "--lang", lang).out for lang in ("zh", "en")}

    assert "no API keys" in none.out
    secret = re.search("^crk_[a-z2-7]{16}_[a-z2-7]{52}$", made.out, re.MULTILINE)
    assert secret is not None
    assert "never shows it again" in made.err
    assert secret[0] not in made.err
    for said in told.values():
        assert secret[0].split("_")[1] in said
        assert secret[0] not in said
    assert "有效" in told["zh"]
    assert "active" in told["en"]


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        (["nobody", "--scope", "read"], (1, "no_account")),
        (["alice 有限公司", "--scope", "everything"], (1, "unknown_scope")),
        (["alice 有限公司", "--scope", "read", "--scope", "read"], (1, "malformed")),
        (["alice 有限公司", "--scope", "read", "--days", "367"], (2, "usage")),
        (["alice 有限公司"], (2, "usage")),
        (["--scope", "read"], (2, "usage")),
    ],
)
def test_a_key_that_cannot_be_is_refused(
    desk: Desk, typed: list[str], refusal: tuple[int, str]
) -> None:
    ended = desk("key", "create", *typed, "--json")

    assert (ended.code, ended.json["error"]) == refusal
    assert desk.done("key", "list")["keys"] == []


@BOTH
def test_a_login_is_bound_listed_and_unbound(desk: Desk, book: Book) -> None:
    alice, bob = book.accounts["alice"], book.accounts["bob"]

    desk.done("bind", LOGIN, "li.si", "alice 有限公司", "--scope", "read", "--scope", "act")
    desk.done("bind", LOGIN, "li.si", bob, "--scope", "read")
    listed = desk.done("bindings")["bindings"]
    one = desk.done("unbind", LOGIN, "li.si", bob)
    rest = desk.done("unbind", LOGIN, "li.si")

    assert {one["account"]: one["scopes"] for one in listed} == {
        alice: ["read", "act"],
        bob: ["read"],
    }
    assert {(one["issuer"], one["subject"]) for one in listed} == {(LOGIN, "li.si")}
    assert (one["account"], one["ended"], rest["ended"]) == (bob, 1, 1)
    assert (one["keys_revoked"], rest["keys_revoked"]) == ([], [])
    assert desk.done("bindings")["bindings"] == []
    assert desk.refused("unbind", LOGIN, "li.si") == (1, "not_bound")
    assert desk.refused("bind", LOGIN, "li.si", "nobody", "--scope", "read") == (1, "no_account")


def test_bindings_are_told_to_people(desk: Desk) -> None:
    none = desk("bindings")
    bound = desk("bind", LOGIN, "li.si", "alice 有限公司", "--scope", "read")
    listed = desk("bindings", "--lang", "zh")
    unbound = desk("unbind", LOGIN, "li.si")

    assert "No login" in none.out
    assert "speaks for" in bound.out
    assert "li.si" in listed.out
    assert "1 binding" in unbound.out


def test_where_there_is_no_registry_nothing_is_made(shell: Shell, tmp_path: Path) -> None:
    ended = Desk(shell, tmp_path)("key", "list", "--json")

    assert (ended.code, ended.json["error"]) == (2, "no_registry")
    assert list(tmp_path.iterdir()) == []
