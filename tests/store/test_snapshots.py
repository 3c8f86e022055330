"""Snapshots: what was saved comes back, what anybody else wrote does not, and no file is ever an error."""

import os
import shutil
import signal
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from rpds import HashTrieMap

from registry import states
from registry.domain.batch import Batch
from registry.domain.certificate import Certificate
from registry.domain.ranges import Ranges
from registry.history import Stream
from registry.store import snapshots
from registry.store.snapshots import BYTES_PER_ENTRY, SNAPSHOT_ENTRIES_MIN, Snapshot, Snapshots
from tests.store.test_states import lived
from tests.world import digest

LOG, SECRET = digest("log"), digest("secret")
BATCH, OTHER = "batch/aaaaaaaaaaaaaaaa", "batch/bbbbbbbbbbbbbbbb"
COLUMNS = ("stream", "position", "entry", "leaf", "schema", "state", "mac")
NOBODY = 65_534


def kept(directory: Path, *, log: bytes = LOG, secret: bytes = SECRET) -> Snapshots:
    return Snapshots(directory, log=log, secret=secret)


def held(length: int = SNAPSHOT_ENTRIES_MIN, *, holders: int = 3, name: str = BATCH) -> Stream:
    """A batch as of its entry number `length`."""
    own = {f"account/{number}": Ranges.of([(number, number + 1)]) for number in range(holders)}
    state = Batch(name=name, status="active", held=HashTrieMap(own), held_g=length)
    return Stream(state=state, length=length, last=digest(f"leaf {name} {length}"))


@contextmanager
def table(directory: Path) -> Iterator[sqlite3.Connection]:
    """The table in an insider's hands."""
    file = directory / snapshots.FILE
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield connection


def untouched(*_values: Any) -> sqlite3.Connection:
    raise AssertionError("the disk was asked")


def test_what_was_saved_is_loaded_by_another_process_as_it_was(tmp_path):
    kept(tmp_path).save(BATCH, 77, held())

    assert kept(tmp_path).load(BATCH) == Snapshot(index=77, stream=held())
    assert kept(tmp_path).load(OTHER) is None


@pytest.mark.parametrize("seed", range(3))
def test_every_stream_of_a_random_life_is_loaded_as_it_was(tmp_path, seed):
    streams = {
        name: Stream(state=stream.state, length=1_000 + stream.length, last=stream.last)
        for name, stream in lived(seed).replay.streams.items()
    }
    saved = kept(tmp_path)

    for index, (name, stream) in enumerate(streams.items()):
        saved.save(name, index, stream)

    assert {name: kept(tmp_path).load(name) for name in streams} == {
        name: Snapshot(index=index, stream=stream)
        for index, (name, stream) in enumerate(streams.items())
    }


def test_the_last_that_was_saved_is_the_one_that_is_loaded(tmp_path):
    saved = kept(tmp_path)

    for length in (1_000, 3_000, 2_000):
        saved.save(BATCH, length, held(length))

    assert saved.load(BATCH) == Snapshot(index=2_000, stream=held(2_000))
    with table(tmp_path) as connection:
        assert connection.execute("SELECT count(*) FROM snapshots").fetchone() == (1,)


def test_what_was_dropped_is_not_loaded_and_its_neighbour_is(tmp_path):
    saved = kept(tmp_path)
    saved.save(BATCH, 1, held())
    saved.save(OTHER, 2, held(name=OTHER))

    saved.drop(BATCH)

    assert saved.load(BATCH) is None
    assert saved.load(OTHER) == Snapshot(index=2, stream=held(name=OTHER))
    assert saved.due(BATCH, held())


def test_dropping_from_nowhere_leaves_nothing(tmp_path):
    kept(tmp_path).drop(BATCH)

    assert list(tmp_path.iterdir()) == []


def test_reading_from_nowhere_leaves_nothing(tmp_path):
    assert kept(tmp_path).load(BATCH) is None
    assert kept(tmp_path / "missing").load(BATCH) is None

    assert list(tmp_path.iterdir()) == []


def test_a_short_stream_is_never_written(tmp_path):
    saved = kept(tmp_path)

    saved.save(BATCH, 1, held(SNAPSHOT_ENTRIES_MIN - 1))

    assert list(tmp_path.iterdir()) == []


def test_a_state_too_large_is_not_kept_and_the_last_that_was_small_enough_stays(
    tmp_path, monkeypatch
):
    saved = kept(tmp_path)
    saved.save(BATCH, 1, held())
    monkeypatch.setattr(snapshots, "STATE_BYTES_MAX", 1_000)

    saved.save(BATCH, 2, held(2_000, holders=100))

    assert saved.load(BATCH) == Snapshot(index=1, stream=held())


def test_the_file_is_its_owners_alone_and_leaves_nothing_beside_it(tmp_path):
    kept(tmp_path).save(BATCH, 1, held())
    kept(tmp_path).load(BATCH)

    (file,) = tmp_path.iterdir()
    assert file.name == "snapshots.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with table(tmp_path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


# Nothing in the file is believed.


def altered(value: Any) -> Iterator[Any]:
    """`value` with each of its bytes altered in turn."""
    if isinstance(value, bytes):
        for place in range(len(value)):
            yield value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
    elif isinstance(value, int):
        yield from (value ^ (1 << bit) for bit in range(63))
    else:
        yield from (made.decode() for made in altered(value.encode()))


def other_batch(name: str) -> str:
    """What is asked for where a row says that it is of the stream `name`: that, if there can be such a stream."""
    return name if name.startswith("batch/") else BATCH


@pytest.mark.parametrize("column", COLUMNS)
def test_a_row_with_any_byte_altered_is_absent(tmp_path, column):
    saved = kept(tmp_path)
    saved.save(BATCH, 77, held())
    with table(tmp_path) as connection:
        row = connection.execute("SELECT * FROM snapshots").fetchone()
        value = row[COLUMNS.index(column)]

        found = []
        for wrong in altered(value):
            put(connection, column, "?", wrong)
            found.append(saved.load(BATCH if column != "stream" else other_batch(wrong)))
        put(connection, column, "?", value)

    assert len(found) >= 22
    assert set(found) == {None}
    assert saved.load(BATCH) == Snapshot(index=77, stream=held())


@pytest.mark.parametrize("column", COLUMNS[1:])
@pytest.mark.parametrize("wrong", ["1.5", "'text'", "NULL", "x'00'", "''", "1"])
def test_a_row_with_a_value_of_any_type_is_absent(tmp_path, column, wrong):
    saved = kept(tmp_path)
    saved.save(BATCH, 77, held())
    with table(tmp_path) as connection:
        declared(connection, snapshots._TABLE.replace(" STRICT", "").replace(" NOT NULL", ""))
    with table(tmp_path) as connection:
        put(connection, column, wrong)
        declared(connection, snapshots._TABLE)

    assert saved.load(BATCH) is None


def put(connection: sqlite3.Connection, column: str, value: str, *bound: Any) -> None:
    statement = f"UPDATE snapshots SET {column} = {value}"  # noqa: S608  # all of it stands in this file
    connection.execute(statement, bound)


def declared(connection: sqlite3.Connection, sql: str) -> None:
    """What the database says of its table, changed behind its back."""
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE type = 'table'", (sql,))


def test_a_row_of_another_log_or_under_another_secret_is_absent(tmp_path):
    kept(tmp_path).save(BATCH, 1, held())

    assert kept(tmp_path, log=digest("another")).load(BATCH) is None
    assert kept(tmp_path, secret=digest("another")).load(BATCH) is None
    assert kept(tmp_path).load(BATCH) is not None


def test_a_row_moved_to_another_stream_is_absent(tmp_path):
    saved = kept(tmp_path)
    saved.save(BATCH, 1, held())

    with table(tmp_path) as connection:
        connection.execute("UPDATE snapshots SET stream = ?", (OTHER,))

    assert saved.load(OTHER) is None
    assert saved.load(BATCH) is None


def test_a_row_larger_than_any_that_is_saved_is_not_read(tmp_path, monkeypatch):
    saved = kept(tmp_path)
    saved.save(BATCH, 1, held(holders=100))

    monkeypatch.setattr(snapshots, "STATE_BYTES_MAX", 1_000)

    assert saved.load(BATCH) is None


def test_an_older_row_put_back_is_loaded_for_the_caller_to_hold_against_the_chain(tmp_path):
    saved = kept(tmp_path)
    saved.save(BATCH, 1, held())
    older = (tmp_path / snapshots.FILE).read_bytes()
    saved.save(BATCH, 2, held(2_000))

    (tmp_path / snapshots.FILE).write_bytes(older)

    assert saved.load(BATCH) == Snapshot(index=1, stream=held())


def test_a_state_of_another_schema_is_absent_and_replaced(tmp_path, monkeypatch):
    saved = kept(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(states, "fingerprint", lambda kind: digest(f"older {kind}"))
        saved.save(BATCH, 1, held())
        assert saved.load(BATCH) is not None

    assert kept(tmp_path).load(BATCH) is None
    assert kept(tmp_path).due(BATCH, held())
    saved.save(BATCH, 2, held())
    assert kept(tmp_path).load(BATCH) == Snapshot(index=2, stream=held())


def test_a_state_of_another_class_is_absent(tmp_path):
    stream = Stream(state=Certificate(name=BATCH), length=1_000, last=digest("leaf"))
    kept(tmp_path).save(BATCH, 1, stream)

    assert kept(tmp_path).load(BATCH) is None


def test_bytes_that_are_no_state_are_absent_even_under_the_secret(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(states, "encode", lambda _state: b"\xc1")
        kept(tmp_path).save(BATCH, 1, held())

    assert kept(tmp_path).load(BATCH) is None


# Whatever the file is, it is no error, and the next save makes it anew.


def empty(file: Path) -> None:
    file.write_bytes(b"")


def garbage(file: Path) -> None:
    file.write_bytes(b"garbage" * 1_000)


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def spoilt_pages(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


def foreign(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE notes (note)")


def older(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE snapshots (stream TEXT PRIMARY KEY, state BLOB)")


def with_a_trigger(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "CREATE TRIGGER t AFTER INSERT ON snapshots BEGIN DELETE FROM snapshots; END"
        )


def a_view_in_its_place(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "CREATE VIEW snapshots AS WITH RECURSIVE n(stream) AS"
            " (SELECT 1 UNION ALL SELECT stream + 1 FROM n) SELECT * FROM n"
        )


def a_link_to_elsewhere(file: Path) -> None:
    elsewhere = file.with_name("elsewhere.db")
    with closing(sqlite3.connect(elsewhere)) as connection:
        connection.execute("CREATE TABLE notes (note)")
    file.unlink()
    file.symlink_to(elsewhere)


@pytest.mark.parametrize(
    "spoil",
    [
        Path.unlink,
        empty,
        garbage,
        half,
        spoilt_pages,
        foreign,
        older,
        with_a_trigger,
        a_view_in_its_place,
        a_link_to_elsewhere,
    ],
)
def test_a_file_that_is_not_ours_is_absent_and_made_anew(tmp_path, spoil):
    saved = kept(tmp_path)
    saved.save(BATCH, 1, held(holders=500))
    spoil(tmp_path / snapshots.FILE)

    before = [saved.load(BATCH), kept(tmp_path).due(BATCH, held())]
    saved.drop(BATCH)
    saved.save(BATCH, 2, held(2_000))

    assert before == [None, True]
    assert saved.load(BATCH) == Snapshot(index=2, stream=held(2_000))
    assert stat.S_IMODE((tmp_path / snapshots.FILE).lstat().st_mode) == 0o600
    if spoil is a_link_to_elsewhere:
        with closing(sqlite3.connect(tmp_path / "elsewhere.db")) as connection:
            assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("notes",)]


def test_a_log_left_by_a_crash_beside_another_file_is_no_error(tmp_path):
    saved = kept(tmp_path)
    saved.save(BATCH, 1, held())
    with table(tmp_path) as connection:
        connection.execute("UPDATE snapshots SET entry = 5")
        log = (tmp_path / "snapshots.db-wal").read_bytes()
    for file in tmp_path.iterdir():
        file.unlink()
    saved.save(OTHER, 2, held(name=OTHER, holders=500))
    (tmp_path / "snapshots.db-wal").write_bytes(log)

    assert saved.load(BATCH) is None
    saved.save(BATCH, 3, held())
    assert kept(tmp_path).load(BATCH) == Snapshot(index=3, stream=held())


def test_a_folder_in_its_place_is_no_error(tmp_path):
    (tmp_path / snapshots.FILE).mkdir()
    saved = kept(tmp_path)

    saved.save(BATCH, 1, held())
    saved.drop(BATCH)

    assert saved.load(BATCH) is None


def test_no_directory_is_no_error(tmp_path):
    saved = kept(tmp_path / "missing")

    saved.save(BATCH, 1, held())

    assert not saved.due(BATCH, held(1_001))
    assert saved.load(BATCH) is None


@pytest.fixture
def forbidden() -> Iterator[Path]:
    """A directory in which the test may read, and write nothing, even if root runs it; and one in it, closed."""
    directory = Path(tempfile.mkdtemp(prefix="snapshots-"))
    (directory / "closed").mkdir(mode=0)
    kept(directory).save(BATCH, 1, held())
    (directory / snapshots.FILE).chmod(0o444)
    directory.chmod(0o555)
    own = os.geteuid()
    if own == 0:
        os.seteuid(NOBODY)
    yield directory
    os.seteuid(own)
    directory.chmod(0o700)
    (directory / "closed").chmod(0o700)
    shutil.rmtree(directory)


def test_a_read_only_place_is_no_error_and_stays_as_it_was(forbidden):
    before = {file.name: file.read_bytes() for file in forbidden.glob("*.db*")}
    saved = kept(forbidden)

    found = saved.load(BATCH)
    saved.save(BATCH, 2, held(5_000))
    saved.drop(OTHER)

    assert found in (None, Snapshot(index=1, stream=held()))
    assert {file.name: file.read_bytes() for file in forbidden.glob("*.db*")} == before
    assert not saved.due(BATCH, held(5_001))


def test_a_place_where_nobody_may_look_is_no_error(forbidden):
    inner = kept(forbidden / "closed")

    inner.save(BATCH, 2, held(5_000))
    inner.drop(BATCH)

    assert inner.load(BATCH) is None


def test_a_full_disk_is_no_error_and_what_was_kept_stays(tmp_path, monkeypatch):
    saved = kept(tmp_path)
    saved.save(BATCH, 1, held())
    whole = Snapshots._connect

    def full(self: Snapshots) -> sqlite3.Connection:
        connection = whole(self)
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(Snapshots, "_connect", full)
        saved.save(BATCH, 2, held(2_000, holders=5_000))

    assert saved.load(BATCH) == Snapshot(index=1, stream=held())
    saved.save(BATCH, 2, held(2_000, holders=5_000))
    assert saved.load(BATCH) == Snapshot(index=2, stream=held(2_000, holders=5_000))


def test_nobody_waits_for_another_who_writes(tmp_path):
    saved, other = kept(tmp_path), kept(tmp_path)
    saved.save(BATCH, 1, held())

    with other._alone():
        saved.save(BATCH, 2, held(2_000))

    assert saved.load(BATCH) == Snapshot(index=1, stream=held())
    saved.save(BATCH, 2, held(2_000))
    assert saved.load(BATCH) == Snapshot(index=2, stream=held(2_000))


def saves(directory: str, first: int, count: int) -> None:
    """What another process does: save both streams again and again."""
    saved = kept(Path(directory))
    for turn in range(count):
        for name in (BATCH, OTHER):
            length = first + 2 * turn
            saved.save(name, length, held(length, name=name, holders=200))


def test_two_processes_that_save_at_once_leave_what_one_of_them_saved(tmp_path):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(saves, str(tmp_path), 1_000 + child, 100) for child in (0, 1)]
        seen = [kept(tmp_path).load(BATCH) for _ in range(50)]
        for run in running:
            run.result()
        seen += [kept(tmp_path).load(name) for name in (BATCH, OTHER)]

    assert None not in seen[-2:]
    for found in filter(None, seen):
        name, length = found.stream.state.name, found.stream.length
        assert found == Snapshot(index=length, stream=held(length, name=name, holders=200))


def test_a_process_killed_while_it_saves_leaves_a_whole_snapshot_or_none(tmp_path):
    context = get_context("fork")

    for turn in range(10):
        child = context.Process(target=saves, args=(str(tmp_path), 1_000, 10**6))
        child.start()
        sleep(0.01 + turn / 100)
        os.kill(child.pid, signal.SIGKILL)
        child.join()

        found = kept(tmp_path).load(BATCH)
        if found is not None:
            assert found.stream == held(found.stream.length, holders=200)

    kept(tmp_path).save(BATCH, 5, held())
    assert kept(tmp_path).load(BATCH) == Snapshot(index=5, stream=held())


# When another one is due.


@pytest.mark.parametrize(
    ("length", "due"), [(0, False), (999, False), (1_000, True), (1_001, True), (50_000, True)]
)
def test_a_first_snapshot_is_due_from_a_thousand_entries_on(tmp_path, length, due):
    assert kept(tmp_path).due(BATCH, held(length)) is due


@pytest.mark.parametrize("fresh", [False, True])
def test_a_further_snapshot_is_due_a_thousand_entries_later(tmp_path, fresh):
    saved = kept(tmp_path)
    saved.save(BATCH, 1, held(1_500))
    if fresh:
        saved = kept(tmp_path)

    found = [saved.due(BATCH, held(length)) for length in (1_500, 2_499, 2_500, 9_999)]

    assert found == [False, False, True, True]


@pytest.mark.parametrize("fresh", [False, True])
def test_a_large_state_is_saved_the_less_often_the_larger_it_is(tmp_path, fresh):
    large = held(1_000, holders=20_000)
    saved = kept(tmp_path)
    saved.save(BATCH, 1, large)
    if fresh:
        saved = kept(tmp_path)
        saved.load(BATCH)

    rests = len(states.encode(large.state)) // BYTES_PER_ENTRY

    assert rests > SNAPSHOT_ENTRIES_MIN
    assert not saved.due(BATCH, held(1_000 + rests - 1))
    assert saved.due(BATCH, held(1_000 + rests))


def test_a_state_too_large_to_keep_is_not_tried_at_every_entry(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "STATE_BYTES_MAX", 1_000)
    saved = kept(tmp_path)

    saved.save(BATCH, 1, held(1_000, holders=20_000))

    assert saved.load(OTHER) is None
    assert not saved.due(BATCH, held(2_500))


def test_a_snapshot_ahead_of_a_log_that_was_restored_is_replaced_at_once(tmp_path):
    saved = kept(tmp_path)
    saved.save(BATCH, 9_000, held(9_000))

    assert saved.due(BATCH, held(2_000))
    saved.save(BATCH, 2_000, held(2_000))
    assert saved.load(BATCH) == Snapshot(index=2_000, stream=held(2_000))


def test_whether_one_is_due_is_asked_of_the_disk_once_and_for_short_streams_never(
    tmp_path, monkeypatch
):
    kept(tmp_path).save(BATCH, 1, held())
    saved = kept(tmp_path)
    assert not saved.due(BATCH, held(1_001))
    assert saved.due(OTHER, held(name=OTHER))

    monkeypatch.setattr(Snapshots, "_connect", untouched)

    assert not saved.due(BATCH, held(1_500))
    assert saved.due(OTHER, held(name=OTHER))
    assert not saved.due("batch/cccccccccccccccc", held(999))
    with pytest.raises(AssertionError, match="asked"):
        saved.due("batch/cccccccccccccccc", held(1_000))


def test_what_is_remembered_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "KNOWN_MAX", 2)
    saved = kept(tmp_path)

    for number in range(7):
        saved.save(f"batch/{number}", 1, held(name=f"batch/{number}"))
        assert len(saved._known) <= 2

    assert not saved.due("batch/0", held(1_999))
    assert saved.due("batch/0", held(2_000))
