"""Files that are not what they should be, in places that are awkward: a finding each, never a crash."""

# ruff: noqa: S608  # every statement is put together from names in this file

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, RegistryError
from registry.ledger.note import Checkpoint, VerifierKey, signature_line
from registry.ledger.tree import EMPTY_ROOT
from registry.verifier.audit import Audited, audit, origin_of
from tests.books import ORIGIN, Book

TABLES = ("stored_events", "tree", "nonces", "detached", "head")
FLIPS = 200
SCHEMA_BYTES = 4096


def contents(file: Path, tables: tuple[str, ...]) -> list[Any]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as connection:
        return [connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables]


def flip_and_audit(book: Book, file: str, tables: tuple[str, ...]) -> tuple[int, list[Any]]:
    """How many flips the audit found, and those that changed what is stored without its finding them."""
    path = book.directory / file
    whole = path.read_bytes()
    before = contents(path, tables)
    chance = random.Random(20_260_101)
    found, missed = 0, []
    for _ in range(FLIPS):
        at, bit = chance.randrange(SCHEMA_BYTES, len(whole)), 1 << chance.randrange(8)
        book.restore(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :], file)
        if book.fault() is not None:
            found += 1
        elif contents(path, tables) != before:
            missed.append((at, bit))
    return found, missed


def test_a_flipped_bit_in_the_file_is_found_or_changes_nothing_that_is_stored(book: Book) -> None:
    found, missed = flip_and_audit(book, "registry.db", TABLES)

    assert found > FLIPS // 4
    assert missed == []


def test_a_flipped_bit_in_the_header_is_found_or_changes_nothing(book: Book) -> None:
    whole = book.database.read_bytes()
    before = contents(book.database, TABLES)

    missed = []
    for at in range(100):
        book.restore(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        if book.fault() is None and contents(book.database, TABLES) != before:
            missed.append(at)

    assert missed == []


@pytest.mark.parametrize("share", [0, 1, 100, 4095, 4096, 4097, 20_000, -4096])
def test_a_file_that_is_cut_off_is_unreadable(book: Book, share: int) -> None:
    whole = book.database.read_bytes()
    book.restore(whole[:share])

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code == "database_unreadable"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"a letter\n", b"SQLite format 3\x00", bytes(4096), b"\xff" * 100_000],
    ids=["empty", "zero", "text", "magic only", "zeros", "ones"],
)
def test_a_file_that_is_no_database_is_unreadable(book: Book, data: bytes) -> None:
    book.restore(data)

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code == "database_unreadable"


def test_a_database_of_something_else_is_unreadable(tmp_path: Path, book: Book) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE things (name TEXT)")
        connection.commit()

    with pytest.raises(BrokenHistoryError) as fault:
        audit(file, book.key)

    assert fault.value.code == "database_unreadable"
    assert "things" in str(fault.value)


@pytest.mark.parametrize("there", [False, True])
def test_where_nothing_is_there_is_no_registry(tmp_path: Path, book: Book, *, there: bool) -> None:
    place = tmp_path / "nothing"
    if there:
        place.mkdir()

    with pytest.raises(RefusedError) as refusal:
        audit(place, book.key)

    assert refusal.value.code == "no_registry"


@pytest.mark.parametrize("table", TABLES)
def test_a_view_in_the_place_of_a_table_is_refused(book: Book, table: str) -> None:
    with book.tables() as connection:
        connection.execute("PRAGMA legacy_alter_table = ON")
        connection.execute(f"ALTER TABLE {table} RENAME TO real_{table}")
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM real_{table}")

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code == "database_unreadable"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER later AFTER INSERT ON head BEGIN DELETE FROM nonces; END",
        "CREATE TABLE more (one INTEGER)",
        "CREATE VIEW more AS SELECT 1",
        "DROP TABLE detached",
        "DROP TABLE head",
        "ALTER TABLE tree ADD COLUMN more INTEGER",
        "ALTER TABLE nonces RENAME COLUMN entry TO at",
        "CREATE VIRTUAL TABLE more USING fts5(words)",
    ],
)
def test_a_schema_that_is_not_the_format_is_refused(book: Book, statement: str) -> None:
    book.change(statement)

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code == "database_unreadable"


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        ("UPDATE stored_events SET state = zeroblob(?) WHERE rowid = 65", {"entry_altered"}),
        ("UPDATE tree SET hash = zeroblob(?) WHERE node = 3", {"derived.tree"}),
        ("UPDATE detached SET row = zeroblob(?) WHERE number = 3", {"derived.detached"}),
        ("UPDATE head SET checkpoint = zeroblob(?)", {"bad_note"}),
        ("UPDATE head SET root = zeroblob(?)", {"derived.head"}),
    ],
)
@pytest.mark.parametrize("size", [70_000, 20_000_000])
def test_a_huge_value_is_found_and_not_read_whole(
    book: Book, statement: str, codes: set[str], size: int
) -> None:
    assert book.change(statement, size) > 0

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code in codes | {"database_unreadable"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stored_events SET topic = CAST(x'ff' AS TEXT) WHERE rowid = 65",
        "UPDATE stored_events SET originator_id = CAST(x'eda080' AS TEXT) WHERE rowid = 65",
        "UPDATE nonces SET account = CAST(x'ff' AS TEXT) WHERE entry = 3",
    ],
)
def test_a_text_that_is_no_text_is_a_finding(book: Book, statement: str) -> None:
    assert book.change(statement) == 1

    assert isinstance(book.fault(), BrokenHistoryError)


def test_an_index_that_lies_is_found(book: Book) -> None:
    with book.tables() as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_schema WHERE type = 'index'")
        connection.execute("PRAGMA writable_schema = OFF")

    assert isinstance(book.fault(), BrokenHistoryError)


@pytest.mark.parametrize("name", ["two words", "what?", "a#b", "100%", "公益碳", "a;b'c\"d", "%3f"])
def test_a_path_is_taken_as_it_is(book: Book, tmp_path: Path, name: str) -> None:
    honest = book.audited()

    moved = book.directory.rename(tmp_path / name)

    assert audit(moved, book.key) == honest
    assert origin_of(moved) == ORIGIN


def test_a_relative_path_is_taken_as_it_is(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = book.audited()

    monkeypatch.chdir(book.directory.parent)

    assert audit(Path("registry"), book.key) == honest


def test_a_copy_of_the_database_alone_is_audited(book: Book, tmp_path: Path) -> None:
    honest = book.audited()

    copy = shutil.copy(book.database, tmp_path / "a copy.db")

    alone = audit(Path(copy), book.key)
    assert alone.root == honest.root
    assert alone.openings == 0
    assert honest.openings > 0


def test_an_audit_needs_no_private_key_and_no_passphrase(book: Book) -> None:
    honest = book.audited()

    for name in ("keys.db", "passphrase"):
        (book.directory / name).unlink()

    assert book.audited() == honest


def test_a_registry_that_cannot_be_written_is_audited(book: Book) -> None:
    honest = book.audited()
    for suffix in ("-wal", "-shm"):
        book.directory.joinpath(f"registry.db{suffix}").unlink(missing_ok=True)
    for file in book.directory.iterdir():
        file.chmod(0o400)
    book.directory.chmod(0o500)

    again = book.audited()

    book.directory.chmod(0o700)
    assert again == honest


def test_an_audit_changes_no_byte_of_what_it_reads(book: Book) -> None:
    names = ("registry.db", "openings.db", "keys.db")
    before = [(book.directory / name).read_bytes() for name in names]

    book.audited()

    assert [(book.directory / name).read_bytes() for name in names] == before


def test_an_audit_sees_what_a_writer_committed_and_has_not_folded_in(book: Book) -> None:
    with book.clerk() as clerk:
        (receipt,) = clerk.operator.record(
            [clerk.transfer(book.streams["native"], "owner", "bob", 3)]
        )

        audited = book.audited()

    assert audited.entries == receipt.index + 1


@pytest.mark.parametrize("data", [b"", b"no database", bytes(4096)], ids=["empty", "text", "zeros"])
def test_openings_that_are_no_database_are_a_finding(book: Book, data: bytes) -> None:
    book.restore(data, "openings.db")

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code in {"database_unreadable", "derived.openings"}


def test_a_flipped_bit_in_the_openings_never_makes_the_audit_crash(book: Book) -> None:
    path = book.directory / "openings.db"
    whole = path.read_bytes()
    chance = random.Random(7)

    faults: list[RegistryError] = []
    for _ in range(FLIPS // 2):
        at = chance.randrange(len(whole))
        book.restore(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :], "openings.db")
        fault = book.fault()
        faults += [fault] if fault else []

    assert {fault.code for fault in faults} <= {"database_unreadable", "derived.openings"}
    assert faults


def test_without_openings_the_rest_is_audited(book: Book) -> None:
    honest = book.audited()

    (book.directory / "openings.db").unlink()

    assert book.audited().root == honest.root
    assert book.audited().openings == 0


def test_progress_is_told_up_to_the_last_entry(book: Book) -> None:
    told: list[tuple[int, int]] = []

    audited = audit(book.directory, book.key, progress=lambda done, of: told.append((done, of)))

    assert told[0] == (1, audited.entries)
    assert told[-1] == (audited.entries, audited.entries)


def test_the_origin_is_told_before_anything_is_checked(book: Book) -> None:
    assert origin_of(book.directory) == ORIGIN

    book.change("UPDATE head SET checkpoint = ?", b"no note")
    assert origin_of(book.directory) is None

    book.change("DELETE FROM head")
    assert origin_of(book.directory) is None


def test_an_empty_log_is_not_valid(book: Book) -> None:
    for table in TABLES:
        book.change(f"DELETE FROM {table}")

    assert isinstance(book.fault(), BrokenHistoryError | IncompleteError)


def test_an_empty_log_with_a_head_of_its_own_is_incomplete_and_signed_by_nobody(book: Book) -> None:
    for table in TABLES:
        book.change(f"DELETE FROM {table}")
    book.change("INSERT INTO head VALUES (1, 0, ?, NULL)", EMPTY_ROOT)
    (book.directory / "openings.db").unlink()

    with pytest.raises(IncompleteError) as incomplete:
        audit(book.directory, book.key)

    assert incomplete.value.code == "unsigned_tail"
    audited = incomplete.value.facts["audited"]
    assert isinstance(audited, Audited)
    assert (audited.entries, audited.signer) == (0, None)


def signed_by(book: Book, signing: SigningKey, origin: str) -> VerifierKey:
    """The whole head, signed by a key of somebody's own under a name of their own; and that key."""
    key = VerifierKey(name=origin, public=bytes(signing.verify_key))
    ((size, root),) = book.rows("SELECT size, root FROM head")
    text = Checkpoint(origin=origin, size=size, root=root).text()
    line = signature_line(key, signing.sign(text.encode()).signature)
    book.change("UPDATE head SET checkpoint = ?", f"{text}\n{line}".encode())
    return key


@pytest.mark.parametrize(
    ("origin", "code"), [(ORIGIN, "wrong_log"), ("registry.example/other", "wrong_origin")]
)
def test_a_log_under_a_key_that_it_never_had_is_not_the_one_that_was_pinned(
    book: Book, origin: str, code: str
) -> None:
    key = signed_by(book, SigningKey(bytes(32)), origin)

    with pytest.raises(BrokenHistoryError) as broken:
        audit(book.directory, key)

    assert broken.value.code == code


def test_who_may_not_read_a_database_has_no_verdict_on_it(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    # For root, under whom tests may run, every file is readable.
    monkeypatch.setattr("os.access", lambda _file, _mode: False)

    with pytest.raises(PermissionError) as trouble:
        audit(book.directory, book.key)

    assert trouble.value.filename == str(book.database)
