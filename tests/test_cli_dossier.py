"""`registry certificate NO --dossier`, and what `registry verify` says of the file."""

from pathlib import Path

import pytest

from registry.ledger import dossier
from registry.verifier import trust
from tests.books import Book, book, home, shelf
from tests.test_cli import CHINESE, Shell, english, number, shell
from tests.test_cli_erase import OTHER, group
from tests.world import Person, log_key

__all__ = ["book", "english", "group", "home", "shelf", "shell"]


def written(book: Book, shell: Shell, name: str = "public", *more: str) -> Path:
    """The dossier of a certificate, as a command writes it."""
    file = book.directory.parent / f"{name}.dossier"
    typed = ("certificate", number(book, name), "--dir", book.directory)
    assert shell(*typed, "--dossier", "-o", file, *more).code == 0
    return file


def test_a_dossier_goes_from_the_registry_to_a_strangers_verdict(book: Book, shell: Shell) -> None:
    file = written(book, shell)

    found = shell("verify", file, "--key", book.key, "--json")

    assert found.code == 0
    told = found.json
    assert (told["verdict"], told["recorded"], told["key_traced"]) == ("valid", "replayed", True)
    assert set(told["streams"]) == {
        book.streams["public"],
        book.streams["native"],
        book.streams["project"],
    }
    assert (told["amount_g"], told["holder"]) == (10, book.accounts["alice"])
    assert told["names"]["organisers"] == ["主办方甲", "organiser two"]
    assert told["retired"][0]["ranges"] == ["0–9"]
    assert told["status"] == "issued"


def test_a_dossier_says_what_was_replayed_and_what_that_leaves_open(
    book: Book, shell: Shell
) -> None:
    trust.pin(book.key)
    file = written(book, shell, "awaiting")

    english, chinese = (shell("verify", file, "--lang", lang).out for lang in ("en", "zh"))

    assert english.startswith("VALID — certificate ")
    assert "these streams were replayed" in english
    assert f"{book.streams['foreign']} (3)" in english
    assert "no other entry of these streams" in english
    assert "Not final: awaits cancellation by the home registry of VCU" in english
    assert CHINESE.search(chinese)
    assert "逐条重放" in chinese


def test_names_of_a_private_certificate_are_only_in_the_private_dossier(
    book: Book, shell: Shell
) -> None:
    trust.pin(book.key)

    public = shell("verify", written(book, shell, "private"), "--json").json
    private = written(book, shell, "private", "--private")

    assert public["names"] == {}
    assert shell("verify", private, "--json").json["names"]["activity"]
    assert private.stat().st_mode & 0o077 == 0


def test_one_certificate_among_many_has_a_dossier_with_its_own_name(
    book: Book, group: str, shell: Shell
) -> None:
    trust.pin(book.key)
    listed = shell("list", "shares", "--dir", book.directory, "--json").json["rows"]
    (own,) = [row for row in listed if (row["group_number"], row["row_number"]) == (group, 1)]
    file = book.directory.parent / "row.dossier"
    typed = ("certificate", own["number"], "--dir", book.directory, "--private")

    assert shell(*typed, "--dossier", "-o", file).code == 0

    found = shell("verify", file, "--json").json
    assert (found["number"], found["amount_g"], found["row"]) == (own["number"], 3, 1)
    assert found["names"]["beneficiary"] == OTHER


def test_a_changed_byte_is_invalid_and_a_piece_that_is_cut_off_is(book: Book, shell: Shell) -> None:
    trust.pin(book.key)
    file = written(book, shell)
    whole = file.read_bytes()
    middle = len(whole) // 2

    file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    changed = shell("verify", file, "--json")
    file.write_bytes(whole[:-1])
    cut = shell("verify", file, "--json")

    assert (changed.code, cut.code) == (1, 1)
    assert changed.json["verdict"] == cut.json["verdict"] == "invalid"


def test_a_dossier_older_than_asked_is_stale_and_one_by_a_stranger_invalid(
    book: Book, shell: Shell
) -> None:
    file = written(book, shell)
    size = shell("verify", file, "--key", book.key, "--json").json["size"]

    stale = shell("verify", file, "--key", book.key, "--min-size", size + 1, "--json")
    stranger = shell("verify", file, "--key", log_key(Person("a stranger")), "--json")
    unknown = shell("verify", file, "--json")

    assert (stale.code, stale.json["reason"]) == (4, "older_than_asked")
    assert stranger.code == 1
    assert (unknown.code, unknown.json["reason"]) == (3, "no_pinned_key")


def test_a_dossier_that_contradicts_what_was_seen_is_a_fork(book: Book, shell: Shell) -> None:
    trust.pin(book.key)
    file = written(book, shell)
    assert shell("verify", file).code == 0
    found = dossier.decode(file.read_bytes())
    size = shell("verify", file, "--json").json["size"]
    other = book.signed_again(size, bytes(32))
    trust.Memory(key=book.key).file.write_bytes(other)
    assert found.note != other

    ended = shell("verify", file, "--json")

    assert (ended.code, ended.json["reason"]) == (1, "forked")


def test_too_much_for_a_dossier_says_what_to_hand_out_instead(
    book: Book, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.store.dossiers.DOSSIER_BYTES_MAX", 10_000)
    file = book.directory.parent / "long.dossier"

    ended = shell(
        "certificate", number(book, "public"), "--dir", book.directory, "--dossier", "-o", file
    )

    assert (ended.code, file.exists()) == (1, False)
    assert "registry backup --public" in ended.err
