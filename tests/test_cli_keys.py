"""The keys of accounts on the command line, as an operator types it."""

import time
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from registry.ledger.keys import SUITE, key_id
from registry.ledger.note import Checkpoint
from registry.verifier.trust import Memory
from tests import books
from tests.books import Book, book, digest, shelf
from tests.test_cli import CHINESE, Ended, Shell, english, shell

__all__ = ["book", "english", "shelf", "shell"]

DAYS_NS = 7 * 24 * 3600 * 1_000_000_000


@pytest.fixture
def papers(tmp_path: Path) -> list[object]:
    """Options that name the papers of a recovery."""
    (tmp_path / "identity.pdf").write_bytes(b"identity")
    (tmp_path / "notice.pdf").write_bytes(b"notice")
    return ["--identity", tmp_path / "identity.pdf", "--notice", tmp_path / "notice.pdf"]


class Desk:
    """Types `registry account`, about one account of a book."""

    def __init__(self, shell: Shell, book: Book, name: str) -> None:
        self._shell, self._book, self.account = shell, book, book.accounts[name]

    def __call__(self, group: str, command: str, *more: object) -> Ended:
        place = ("--dir", self._book.directory)
        return self._shell("account", group, command, self.account, *more, *place)

    def done(self, group: str, command: str, *more: object) -> Any:
        """What the command says as JSON, once it went well; and did nothing as a rehearsal, which said the same."""
        changes = command != "list"
        rehearsed = self._rehearsed(group, command, *more) if changes else None
        ended = self(group, command, *more, "--json")
        assert ended.code == 0, ended.out
        if rehearsed is not None:
            assert rehearsed["index"] == ended.json["index"]
        return ended.json

    def _rehearsed(self, group: str, command: str, *more: object) -> Any:
        before = self._standing()
        ended = self(group, command, *more, "--dry-run", "--json")
        assert ended.code == 0, ended.out
        assert ended.json["dry_run"]
        assert self._standing() == before
        return ended.json

    def _standing(self) -> Any:
        """The log's size, and the private keys that are kept."""
        keys = self._book.rows("SELECT * FROM keys", file="keys.db")
        return self._book.rows("SELECT size, root FROM head"), keys

    def refused(self, group: str, command: str, *more: object) -> str:
        """The code of the refusal, which a person is told in both languages."""
        ended = self(group, command, *more, "--json")
        assert ended.code == 1
        assert ended.json["facts"]["account"] == self.account
        said = {lang: self(group, command, *more, "--lang", lang).err for lang in ("zh", "en")}
        assert CHINESE.search(said["zh"])
        assert not CHINESE.search(said["en"].replace("\n", ""))
        code: str = ended.json["error"]
        return code

    def keys(self) -> Any:
        return self.done("key", "list")["keys"]


@pytest.fixture
def owner(shell: Shell, book: Book) -> Desk:
    return Desk(shell, book, "owner")


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A week passes."""
    now_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + DAYS_NS)


def test_the_list_shows_each_key_with_its_life(shell: Shell, book: Book):
    desk = Desk(shell, book, "bob")

    shown, told = desk("key", "list"), desk.done("key", "list")

    first, second = told["keys"]
    assert told["name"] == "bob 有限公司"
    assert (first["recovered"], second["recovered"]) == (False, True)
    assert first["until"] == second["since"]
    assert (second["until"], second["custodial"]) == (None, True)
    assert first["id"] == key_id((SUITE, bytes.fromhex(first["public"]))).hex()
    assert told["recovery"] is None
    assert first["id"] in shown.out
    assert second["id"] in shown.out
    assert "recovered" in shown.out


def test_an_account_is_meant_by_its_name_too(shell: Shell, book: Book):
    ended = shell("account", "key", "list", "owner 有限公司", "--dir", book.directory, "--json")
    nobody = shell("account", "key", "list", "nobody", "--dir", book.directory, "--json")

    assert ended.json["account"] == book.accounts["owner"]
    assert (nobody.code, nobody.json["error"]) == (1, "no_account")


def test_listing_keys_needs_no_private_key(owner: Desk, book: Book):
    (book.directory / "keys.db").unlink()
    (book.directory / "passphrase").unlink()

    assert len(owner.keys()) == 1


def test_a_rotated_key_is_used_by_what_comes_next(owner: Desk, book: Book):
    (old,) = owner.keys()

    made = owner.done("key", "rotate")

    ended, living = made["keys"]
    assert (ended["id"], ended["until"]) == (old["id"], made["index"])
    assert (living["id"], living["since"], living["until"]) == (
        made["key_id"],
        made["index"] - 1,
        None,
    )
    with book.clerk() as clerk:
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])
    assert book.fault() is None


def test_a_key_is_added_and_ended_by_its_id(owner: Desk):
    (first,) = owner.keys()

    added = owner.done("key", "add")
    ended = owner.done("key", "end", first["id"].upper())

    assert [key["id"] for key in ended["keys"]] == [first["id"], added["key_id"]]
    assert [key["until"] is None for key in ended["keys"]] == [False, True]
    assert owner.refused("key", "end", added["key_id"]) == "last_key"
    assert owner.refused("key", "end", first["id"]) == "key_unknown"
    assert owner.refused("key", "end", "00") == "key_unknown"


def test_a_holder_brings_a_key_by_signing_what_the_command_shows(owner: Desk):
    signing = SigningKey(digest("own"))
    public = bytes(signing.verify_key).hex()
    (kept,) = owner.keys()

    asked = owner("key", "add", "--public", public, "--json")
    to_sign = bytes.fromhex(asked.json["facts"]["to_sign"])
    possession = signing.sign(to_sign).signature.hex()
    made = owner.done("key", "add", "--public", public, "--possession", possession)

    assert (asked.code, asked.json["error"]) == (2, "no_possession")
    assert [key["custodial"] for key in made["keys"]] == [True, False]
    owner.done("key", "end", kept["id"])
    assert owner.refused("key", "rotate") == "no_private_key"


@pytest.mark.parametrize(
    "options",
    [
        ["--public", "xyz"],
        ["--public", "00"],
        ["--public", "00" * 32, "--possession", "00"],
        ["--possession", "00" * 64],
    ],
    ids=str,
)
def test_a_key_that_is_not_hex_of_its_length_is_wrong_usage(owner: Desk, options: list[str]):
    ended = owner("key", "add", *options, "--json")

    assert (ended.code, ended.json["error"]) == (2, "malformed")
    assert f"--{ended.json['facts']['field']}" in options or "--public" not in options
    assert len(owner.keys()) == 1


def test_a_lost_key_is_recovered(
    owner: Desk, book: Book, papers: list[object], monkeypatch: pytest.MonkeyPatch
):
    announced = owner.done("recover", "announce", *papers)
    listed = owner("key", "list").out
    early = owner.refused("recover", "complete")
    again = owner.refused("recover", "announce", *papers)
    later(monkeypatch)
    done = owner.done("recover", "complete")

    recovery = announced["recovery"]
    assert (recovery["key_id"], recovery["announced"]) == (announced["key_id"], announced["index"])
    assert recovery["not_before"] in listed
    assert (early, again) == ("too_early", "recovery_announced")
    assert done["recovery"] is None
    assert [(key["recovered"], key["until"] is None) for key in done["keys"]] == [
        (False, False),
        (True, True),
    ]
    state = shown(owner, book)
    assert (state["recovered"], state["recovery_announced"]) == (True, None)
    assert book.fault() is None


def shown(desk: Desk, book: Book) -> Any:
    """What `registry show` says of the account now."""
    return desk._shell("show", desk.account, "--dir", book.directory, "--json").json["state"]


@pytest.mark.parametrize("command", ["stop", "withdraw"])
def test_a_recovery_is_called_off(
    owner: Desk, book: Book, papers: list[object], command: str, monkeypatch: pytest.MonkeyPatch
):
    owner.done("recover", "announce", *papers)
    standing = shown(owner, book)

    done = owner.done("recover", command)

    later(monkeypatch)
    assert standing["recovery_announced"] is not None
    assert done["recovery"] is None
    assert len(done["keys"]) == 1
    assert owner.refused("recover", "complete") == "no_recovery"
    assert owner.refused("recover", command) == "no_recovery"


def test_a_certificate_by_a_recovered_key_says_so_to_whoever_checks_it(
    shell: Shell, book: Book, tmp_path: Path
):
    with book.clerk() as clerk:
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])
        number = clerk.retires("bob", [(book.streams["native"], 1)])
    file = tmp_path / "recovered.proof"
    shell("certificate", number, "--dir", book.directory, "-o", file)

    told = shell("verify", file, "--key", book.key, "--json")
    said = {
        lang: shell("verify", file, "--key", book.key, "--lang", lang).out for lang in ("zh", "en")
    }

    assert (told.code, told.json["recovered"]) == (0, True)
    assert "Recovered key: two officers gave it" in said["en"]
    assert "持有人的密钥是找回的" in said["zh"]


def test_an_audit_counts_the_accounts_that_were_recovered(shell: Shell, book: Book):
    told = shell("audit", book.directory, "--key", book.key, "--json")
    said = shell("audit", book.directory, "--key", book.key).out

    assert (told.code, told.json["recovered"]) == (0, 1)
    assert "1 accounts sign with recovered keys" in said


@pytest.mark.parametrize("missing", ["identity.pdf", "notice.pdf"])
def test_a_recovery_without_its_papers_is_wrong_usage(
    owner: Desk, papers: list[object], tmp_path: Path, missing: str
):
    (tmp_path / missing).unlink()

    ended = owner("recover", "announce", *papers, "--json")

    assert (ended.code, ended.json["error"]) == (2, "no_file")
    assert owner.done("key", "list")["recovery"] is None


@pytest.mark.parametrize(
    ("command", "lang", "said"),
    [
        ("key rotate", "zh", "已换成"),
        ("key rotate", "en", "now signs here with"),
        ("key add", "zh", "已登记"),
        ("key add", "en", "speaks for it"),
        ("recover announce", "zh", "已公告找回"),
        ("recover announce", "en", "is announced"),
    ],
)
def test_what_was_done_is_said_in_the_reader_s_language(
    owner: Desk, papers: list[object], command: str, lang: str, said: str
):
    more = papers if command == "recover announce" else []

    ended = owner(*command.split(), *more, "--lang", lang)

    assert ended.code == 0
    assert said in ended.out


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda file: file.unlink(), "no_passphrase"),
        (lambda file: file.write_text("\n"), "no_passphrase"),
        (lambda file: file.chmod(0o644), "exposed_file"),
    ],
    ids=["missing", "empty", "readable"],
)
def test_a_passphrase_that_cannot_be_used_is_named_with_what_to_do(
    owner: Desk, book: Book, spoil: Any, code: str
):
    file = book.directory / "passphrase"
    spoil(file)

    told, said = owner("key", "rotate", "--json"), owner("key", "rotate").err

    assert (told.code, told.json["error"]) == (1, code)
    assert told.json["facts"]["file"] == str(file)
    assert str(file) in said
    assert ("chmod 600" if code == "exposed_file" else "CARBON_REGISTRY_PASSPHRASE_FILE") in said


def test_the_log_s_key_is_rotated_and_whoever_pinned_any_key_of_it_verifies(
    shell: Shell, book: Book, tmp_path: Path
):
    file = tmp_path / "public.proof"
    number = book.streams["public"]

    rotate = ("log-key", "rotate", "--dir", book.directory, "--json")
    before = book.rows("SELECT size, root FROM head")
    foreseen = shell(*rotate, "--dry-run")
    assert book.rows("SELECT size, root FROM head") == before
    made = shell(*rotate)
    assert (foreseen.json["dry_run"], foreseen.json["index"]) == (True, made.json["index"])
    shell("certificate", number, "--dir", book.directory, "-o", file)

    vkey = made.json["vkey"]
    assert (made.code, made.json["fingerprint"] in vkey) == (0, False)
    assert vkey != str(book.key)
    assert shell("key", "--dir", book.directory, "--json").json["vkey"] == vkey
    for pinned in (book.key, vkey):
        told = shell("verify", file, "--key", pinned, "--json")
        assert (told.code, told.json["signed_by"]) == (0, vkey)
        assert shell("audit", book.directory, "--key", pinned).code == 0
    by_old = shell("verify", file, "--key", book.key)
    assert "The log's key was replaced" in by_old.out
    assert made.json["fingerprint"] in by_old.out
    assert "The log's key was replaced" not in shell("verify", file, "--key", vkey).out


def test_a_rotation_of_the_log_s_key_says_what_to_do_next(shell: Shell, book: Book):
    said = shell("log-key", "rotate", "--dir", book.directory, "--lang", "zh").out
    log_keys = shell("show", "registry", "--dir", book.directory, "--json").json["state"][
        "log_keys"
    ]

    assert "请公布新公钥" in said
    assert log_keys[-1]["public"] not in (key["public"] for key in log_keys[:-1])
    assert log_keys[0]["since"] == 0


def test_a_fork_is_told_by_what_was_seen_under_the_new_key_too(shell: Shell, book: Book):
    shell("log-key", "rotate", "--dir", book.directory)
    assert shell("audit", book.directory, "--key", book.key).code == 0
    with book.clerk() as clerk:
        size = book.mark.read().size
        other = Checkpoint(origin=books.ORIGIN, size=size, root=digest("another"))
        forged = clerk.operator._sign_checkpoint(other, clerk.operator.registry())
        new = clerk.operator.vkey()
    Memory(key=new).file.write_bytes(forged)

    told = shell("audit", book.directory, "--key", book.key, "--json")

    assert (told.code, told.json["reason"]) == (1, "forked")
