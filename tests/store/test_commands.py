"""Every command on a server: what is typed and said for a directory is typed and said with an address and --state."""

import io
from pathlib import Path
from typing import Any

import pytest

from registry.place import Server as Address
from tests.books import Book
from tests.test_cli import Ended, Shell, number
from tests.test_import import LIST

pytestmark = pytest.mark.on("sqlite", "postgres")


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def options(place: Any, *, writes: bool = True) -> list[object]:
    """How a place is named; who only reads needs no keys."""
    if isinstance(place, Address):
        return [place.url, "--state", place.state] if writes else [place.url]
    return [place]


def done(ended: Ended) -> Any:
    assert ended.code == 0, (ended.out, ended.err)
    return ended.json


def test_a_registry_is_begun_fed_read_and_audited(shell: Shell, place: Any) -> None:
    begun = done(shell("init", *options(place), "--origin", "registry.example/cli", "--json"))
    again = shell("init", *options(place), "--origin", "registry.example/cli", "--json")
    dry = done(shell("import-list", LIST, "--dir", *options(place), "--dry-run", "--json"))
    fed = done(shell("import-list", LIST, "--dir", *options(place), "--json"))
    vkey = done(shell("key", "--dir", *options(place, writes=False), "--json"))["vkey"]
    done(shell("trust", vkey, "--json"))
    audited = done(shell("audit", *options(place, writes=False), "--json"))

    assert begun
    assert (again.code, again.json["error"]) == (1, "directory_in_use")
    assert dry
    assert fed["rows"] == 132
    assert audited["retired_g"] == 616_921_203_000


def test_what_is_recorded_is_shown_and_exported(shell: Shell, book: Book) -> None:
    here = ["--dir", *options(book.place, writes=False), "--json"]
    proof = book.directory.parent / "one.proof"
    native = book.streams["native"]

    listed = done(shell("certificate", "--list", *here))
    done(shell("certificate", number(book, "public"), *here, "-o", proof))
    verified = done(shell("verify", proof, "--key", str(book.key), "--json"))
    held = done(shell("balance", book.accounts["owner"], *here))
    shown = done(shell("show", native, *here))
    traced = done(shell("trace", f"{native.removeprefix('batch/')}:900", *here))

    assert len(listed) == 6
    assert all([verified, held, shown, traced])


def test_keys_and_the_mark_are_managed(shell: Shell, book: Book, tmp_path: Path) -> None:
    here = ["--dir", *options(book.place), "--json"]
    owner = book.accounts["owner"]
    papers = []
    for name in ("identity", "notice"):
        tmp_path.joinpath(name).write_text(name)
        papers += [f"--{name}", tmp_path / name]

    first = done(shell("account", "key", "list", owner, *here))["keys"]
    done(shell("account", "key", "add", owner, *here))
    done(shell("account", "key", "end", owner, first[0]["id"], *here))
    done(shell("account", "key", "rotate", owner, *here))
    done(shell("account", "recover", "announce", owner, *papers, *here))
    early = shell("account", "recover", "complete", owner, *here)
    done(shell("account", "recover", "stop", owner, *here))
    done(shell("account", "recover", "announce", owner, *papers, *here))
    done(shell("account", "recover", "withdraw", owner, *here))
    done(shell("log-key", "rotate", *here))
    unsure = shell("accept-mark", *here)
    done(shell("accept-mark", "--yes", *here))

    assert (early.code, early.json["error"]) == (1, "too_early")
    assert (unsure.code, unsure.json["error"]) == (2, "not_confirmed")
    assert book.audited().entries == book.mark.read().size


def test_a_demonstration_is_given(shell: Shell, place: Any) -> None:
    shown = done(shell("demo", *options(place), "--json"))

    assert shown


@pytest.mark.on("postgres")
def test_who_writes_to_a_server_needs_a_state_directory(shell: Shell, book: Book) -> None:
    owner = book.accounts["owner"]
    ended = shell("account", "key", "rotate", owner, "--dir", book.place.url, "--json")

    assert (ended.code, ended.json["error"]) == (2, "no_state")


def test_a_dossier_is_written_and_a_name_forgotten_on_either(
    shell: Shell, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ["--dir", *options(book.place, writes=False), "--json"]
    file = book.directory.parent / "one.dossier"
    wanted = ["certificate", number(book, "public"), *here, "--dossier", "-o", file]
    key = ["--key", str(book.key), "--json"]

    done(shell(*wanted))
    before = done(shell("verify", file, *key))
    monkeypatch.setattr("sys.stdin", io.StringIO("受益人\n"))
    erased = done(shell("erase", "name", "--dir", *options(book.place), "--json"))
    done(shell(*wanted))
    after = done(shell("verify", file, *key))

    assert before["names"]["beneficiary"] == "受益人"
    assert ([item["field"] for item in erased["openings"]], erased["rewritten"]) == (
        ["1/0/beneficiary"],
        True,
    )
    assert after["names"] == {
        name: said for name, said in before["names"].items() if name != "beneficiary"
    }
    assert book.fault() is None
