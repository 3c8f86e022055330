"""`registry erase`: of whoever is forgotten nothing is left in any file, table or later copy, and every proof holds."""

import io
from pathlib import Path
from typing import Any

import pytest

from registry.acts.guest_list import Guest
from registry.acts.propose import Detached, Hidden
from registry.desk.handing import hand_out
from registry.desk.opened import opened
from registry.desk.retirements import Beneficiary
from registry.domain.shape import SHARE_TAG
from registry.store import handout
from registry.store.backup import back_up
from registry.verifier.certificate import verify
from registry.verifier.dossier import verify_dossier
from tests.books import Book, book, home, shelf
from tests.test_cli import Shell, english, number, shell

__all__ = ["book", "english", "home", "shelf", "shell"]

GUEST = "某位来宾 / a guest who was there"
OTHER = "另一位来宾 / another guest"


@pytest.fixture
def group(book: Book) -> str:
    """The number of a retirement for two guests, one of whom was named in another certificate, too."""
    with book.clerk() as clerk:
        alone = clerk.retires(
            "owner", [(book.streams["native"], 5)], beneficiary=Hidden(value=GUEST)
        )
        setting = clerk.setting("owner")
        stream: str = setting.new("certificate", 1)
        rows = [(Hidden(value=one), 3) for one in (GUEST, OTHER)]
        used = {
            "holder": clerk.accounts["owner"],
            "amount_g": 6,
            "standard": "SCFG",
            "range": None,
        }
        _, stated = clerk.statement()
        said = {name: value for name, value in stated.items() if name != "beneficiary"}
        said["rows"] = Detached(tag=SHARE_TAG, rows=rows)
        clerk.begins(
            setting,
            stream,
            [
                (book.streams["native"], [("batch.retired.v1", used)]),
                (stream, [("certificate.shared.v1", said)]),
            ],
        )
    book.streams["guest"] = alone
    return stream.removeprefix("certificate/")


def files_with(text: str, *folders: Path) -> list[str]:
    """The files in which the bytes of `text` stand."""
    return [
        file.name
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file() and text.encode() in file.read_bytes()
    ]


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{text}\n"))


def test_a_name_goes_from_what_a_server_hands_out_and_codes_stay(
    book: Book, group: str, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes, certificates = (book.directory / handout.FOLDER / name for name in ("gift", "retired"))
    guests = [
        Guest(line=at, number=str(at), account=None, name=name, amount_g=5)
        for at, name in enumerate((GUEST, OTHER), 2)
    ]
    secret_of = handout.secrets_for(guests)
    with handout.alone(codes):
        handout.keep_codes(codes, guests, secret_of)
    listed = [Beneficiary.model_validate({"name": one, "amount": "3g"}) for one in (GUEST, OTHER)]
    with opened(book.directory) as source:
        hand_out(group, listed, certificates, source, proofs=certificates / handout.PROOFS)
    before = files_with(GUEST, book.directory / handout.FOLDER)

    told = []
    for more in (["--dry-run"], [], []):
        typed(monkeypatch, GUEST)
        told.append(shell("erase", "name", "--dir", book.directory, "--json", *more).json)

    assert len(before) == 3
    assert [one["handed_out"] for one in told] == [3, 3, 0]
    assert files_with(GUEST, book.directory) == []
    assert len(files_with(OTHER, book.directory / handout.FOLDER)) == 3
    assert handout.kept_codes(codes) == secret_of


@pytest.mark.usefixtures("group")
def test_of_a_name_that_is_erased_nothing_is_left_anywhere_and_every_proof_holds(
    book: Book, shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base = book.directory.parent
    shell("list", "retirements", "--dir", book.directory)
    assert files_with(GUEST, base) == ["openings.db"]
    typed(monkeypatch, GUEST)

    ended = shell("erase", "name", "--dir", book.directory, "--json")

    assert ended.code == 0
    assert [item["field"] for item in ended.json["openings"]] == ["1/0/beneficiary", "1/0/rows/0"]
    assert ended.json["rewritten"]
    back_up(book.directory, tmp_path / "copy")
    for name in ("guest", "public"):
        file = tmp_path / f"{name}.proof"
        more = ("--dir", book.directory, "--private", "-o", file)
        assert shell("certificate", number(book, name), *more).code == 0
        assert verify(file.read_bytes(), book.key).number == number(book, name)
    whole = tmp_path / "guest.dossier"
    more = ("--dir", book.directory, "--private", "--dossier", "-o", whole)
    assert shell("certificate", number(book, "guest"), *more).code == 0
    assert "beneficiary" not in verify_dossier(whole.read_bytes(), book.key).opened
    assert files_with(GUEST, base) == []
    assert files_with(OTHER, base) == ["openings.db", "openings.db"]
    assert book.fault() is None


@pytest.mark.usefixtures("group")
def test_a_rehearsal_says_where_a_name_stands_and_changes_nothing(
    book: Book, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = book.rows("SELECT * FROM openings", file="openings.db")
    typed(monkeypatch, GUEST)

    said = shell("erase", "name", "--dir", book.directory, "--dry-run").out

    assert "1/0/rows/0" in said
    assert "2 openings would be erased" in said
    assert book.rows("SELECT * FROM openings", file="openings.db") == before


def test_a_name_among_several_goes_with_them(
    book: Book, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "organiser two")

    told = shell("erase", "name", "--dir", book.directory, "--json").json

    assert {item["field"] for item in told["openings"]} == {"1/0/organisers"}
    assert files_with("organiser two", book.directory) == []
    assert book.fault() is None


def test_without_a_name_nothing_is_erased(
    book: Book, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "  ")

    ended = shell("erase", "name", "--dir", book.directory, "--json")

    assert (ended.code, ended.json["error"]) == (2, "name_missing")


def test_an_accounts_name_is_forgotten_and_the_account_goes_on(book: Book, shell: Shell) -> None:
    account = book.accounts["alice"]

    told = shell("erase", "account", "alice 有限公司", "--dir", book.directory, "--json").json
    again = shell("erase", "account", account, "--dir", book.directory, "--json").json

    assert [item["field"] for item in told["openings"]] == ["0/0/name"]
    assert again["openings"] == []
    assert files_with("alice 有限公司", book.directory) == []
    assert shell("balance", account, "--dir", book.directory).code == 0
    assert shell("balance", "alice 有限公司", "--dir", book.directory).code == 1
    assert book.fault() is None


def test_of_a_certificate_among_many_its_own_guest_is_forgotten(
    book: Book, group: str, shell: Shell
) -> None:
    shares = shell("list", "shares", "--dir", book.directory, "--json").json
    rows: list[dict[str, Any]] = shares["rows"]
    (own,) = [row for row in rows if row["group_number"] == group and row["row_number"] == 1]

    told = shell("erase", "certificate", own["number"], "--dir", book.directory, "--json").json

    assert [item["field"] for item in told["openings"]] == ["1/0/rows/1"]
    assert files_with(OTHER, book.directory) == []
    assert files_with(GUEST, book.directory) == ["openings.db"]


def test_behind_a_certificate_all_is_forgotten_and_of_none_it_is_said(
    book: Book, shell: Shell
) -> None:
    told = shell("erase", "certificate", number(book, "public"), "--dir", book.directory, "--json")
    none = shell("erase", "certificate", "a" * 16, "--dir", book.directory, "--json")

    fields = {item["field"] for item in told.json["openings"]}
    assert fields == {"1/0/activity", "1/0/organisers", "1/0/beneficiary"}
    assert files_with("受益人", book.directory) == []
    assert (none.code, none.json["error"]) == (1, "no_certificate")
    assert book.fault() is None
