"""The disk that fails on purpose does what it says: otherwise no crash test would prove anything."""

import errno
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from tests.store import faults
from tests.store.faults import Fault, Operation, Way
from tests.store.lives import Teller, lived

TABLE = "CREATE TABLE IF NOT EXISTS numbers (number INTEGER)"


def connected(file: Path, journal: str, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute(TABLE)
    return connection


def insert(teller: Teller, file: Path, journal: str, synchronous: str) -> list[Operation]:
    """The operations of a second commit, which makes no file any more."""
    with closing(connected(file, journal, synchronous)) as connection:
        connection.execute("INSERT INTO numbers VALUES (1)")
        before = len(teller.disk.operations)
        connection.execute("INSERT INTO numbers VALUES (2)")
        return teller.disk.operations[before:]


def insert_and_end(
    teller: Teller, file: Path, journal: str, synchronous: str, fault: Fault
) -> None:
    with closing(connected(file, journal, synchronous)) as connection:
        for number in range(3):
            connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        teller.disk.end(fault)


def numbers(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [number for (number,) in connection.execute("SELECT number FROM numbers")]


def test_a_commit_to_a_write_ahead_log_is_counted_to_its_sync(tmp_path: Path) -> None:
    life = lived(tmp_path, insert, tmp_path / "a.db", "WAL", "FULL")

    wal = "a.db-wal"
    assert life.result == [
        Operation("write", wal),
        Operation("write", wal),
        Operation("sync", wal),
    ]


def test_a_commit_with_a_rollback_journal_is_counted_in_its_order(tmp_path: Path) -> None:
    life = lived(tmp_path, insert, tmp_path / "a.db", "TRUNCATE", "EXTRA")

    ordered = [one for one in life.result if one.what != "write"]
    assert ordered == [
        Operation("sync", "a.db-journal"),
        Operation("sync", "a.db-journal"),
        Operation("sync", "a.db"),
        Operation("truncate", "a.db-journal"),
        Operation("sync", "a.db-journal"),
    ]
    assert Operation("write", "a.db") in life.result


@pytest.mark.parametrize("journal", ["WAL", "TRUNCATE"])
@pytest.mark.parametrize(
    ("synchronous", "way", "kept"),
    [
        ("FULL", "cuts", [0, 1, 2]),
        ("OFF", "cuts", []),
        ("FULL", "dies", [0, 1, 2]),
        ("OFF", "dies", [0, 1, 2]),
    ],
)
def test_a_power_cut_takes_what_was_not_synchronised_and_a_kill_does_not(
    tmp_path: Path, journal: str, synchronous: str, way: Way, kept: list[int]
) -> None:
    file = tmp_path / "a.db"
    connected(file, journal, "FULL").close()

    lived(tmp_path, insert_and_end, file, journal, synchronous, Fault(at=0, way=way))

    assert numbers(file) == kept


def test_a_torn_disk_is_another_one_with_each_seed(tmp_path: Path) -> None:
    found = set()
    for seed in range(20):
        file = tmp_path / f"{seed}.db"
        connected(file, "WAL", "FULL").close()
        fault = Fault(at=0, way="tears", seed=seed)
        lived(tmp_path, insert_and_end, file, "WAL", "OFF", fault)
        found.add(tuple(numbers(file)))

    assert len(found) > 1
    assert found <= {(), (0,), (0, 1), (0, 1, 2)}


def test_a_process_dies_before_the_operation_that_was_named_or_in_the_middle_of_it(
    tmp_path: Path,
) -> None:
    sizes = []
    for way in ("dies", "halves"):
        file = tmp_path / way
        life = lived(tmp_path, write_three, file, fault=Fault(at=3, way=way))
        assert not life.ended
        sizes.append(file.stat().st_size)

    assert sizes == [4, 6]


def write_three(_teller: Teller, file: Path) -> None:
    opened = os.open(file, os.O_CREAT | os.O_WRONLY)
    for _ in range(3):
        os.write(opened, b"1234")


def test_python_s_files_and_names_are_lost_unless_they_were_synchronised(tmp_path: Path) -> None:
    left = {}
    for durable in range(3):
        place = tmp_path / str(durable)
        place.mkdir()
        place.joinpath("mark").write_text("old")
        lived(tmp_path, replace_mark, place, durable)
        left[durable] = {file.name: file.read_text() for file in place.iterdir()}

    assert left == {
        0: {"mark": "old"},
        1: {"mark": "old"},
        2: {"mark": "new"},
    }


def replace_mark(teller: Teller, place: Path, durable: int) -> None:
    """Replace a file by another, whose content, and whose name, are made durable or not."""
    with place.joinpath("new").open("w") as file:
        file.write("new")
        file.flush()
        if durable > 0:
            os.fsync(file.fileno())
    place.joinpath("new").rename(place / "mark")
    if durable > 1:
        os.fsync(os.open(place, os.O_RDONLY))
    teller.disk.end(Fault(at=0, way="cuts"))


def test_a_name_that_outlives_the_content_names_an_empty_file(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()

    lived(tmp_path, name_an_empty_file, place)

    assert {file.name: file.read_text() for file in place.iterdir()} == {"mark": ""}


def name_an_empty_file(teller: Teller, place: Path) -> None:
    place.joinpath("new").write_text("new")
    place.joinpath("new").rename(place / "mark")
    os.fsync(os.open(place, os.O_RDONLY))
    teller.disk.end(Fault(at=0, way="cuts"))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (errno.ENOSPC, "database or disk is full"),
        (errno.EIO, "disk I/O error"),
    ],
)
def test_a_disk_fails_until_it_is_healed(tmp_path: Path, error: int, said: str) -> None:
    file = tmp_path / "a.db"

    life = lived(tmp_path, fail_and_heal, file, error)

    assert life.result == [said, said, os.strerror(error), "written"]
    assert numbers(file) == [0, 3]


def fail_and_heal(teller: Teller, file: Path, error: int) -> list[str]:
    said = []
    with closing(connected(file, "WAL", "FULL")) as connection:
        connection.execute("INSERT INTO numbers VALUES (0)")
        teller.disk.fail(error)
        for number in (1, 2):
            try:
                connection.execute("INSERT INTO numbers VALUES (?)", (number,))
            except sqlite3.OperationalError as failure:
                said.append(str(failure))
        try:
            file.with_suffix(".new").touch()
        except OSError as failure:
            said.append(failure.strerror)
        teller.disk.heal()
        connection.execute("INSERT INTO numbers VALUES (3)")
        said.append("written")
    return said


def test_where_sqlite_is_out_of_reach_the_tests_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = ModuleType("_sqlite3")
    hidden.__file__ = "hidden.so"
    monkeypatch.setitem(sys.modules, "_sqlite3", hidden)

    with pytest.raises(RuntimeError, match="faults cannot be injected"):
        faults.sqlite_library()
