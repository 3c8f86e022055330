"""The tables of projections say what a replay says, at any size, whoever folds them and however it ends."""

# ruff: noqa: S608  # every statement is put together from names of ours

import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.acts.propose import Hidden
from registry.errors import RefusedError
from registry.history import Addition
from registry.ledger import entry as entries
from registry.place import Place
from registry.place import Server as Address
from registry.projections.every import PROJECTIONS, TABLES
from registry.projections.table import Row, Table, entered
from registry.store import views as viewing
from registry.store import views_migration, views_sqlite, views_tables
from registry.store.follower import Follower
from registry.store.log import Log, Placed
from registry.store.migrations import READER_ROLE, SERVER_ROLE, migrate
from registry.store.operator import Operator
from registry.store.views import (
    Folding,
    Keepers,
    Views,
    identity,
    kept_at,
    kept_up,
    rebuild,
    views,
)
from registry.store.views_server import ServerKeeper
from registry.store.views_sqlite import SqliteKeeper
from registry.store.views_tables import Keeper, Position
from tests import folds
from tests.books import Book, Clerk, live_at
from tests.folds import Folded
from tests.grounds import Ground
from tests.servers import Server, eventually
from tests.store.conftest import write_quickly
from tests.store.lives import Life, Teller
from tests.world import World
from tools.vectors.life import lived

BOTH = pytest.mark.on("sqlite", "postgres")


@pytest.fixture
def log(book: Book):
    found = Log(book.place)
    yield found
    found.close()


def replayed(log: Log, size: int) -> dict[Table, dict[Row, Row]]:
    """What is true of the first `size` entries, folded one by one: the values of each row, by table and key."""
    made = Folded()
    for placed in islice(log.entries(), size):
        made.take(entered(placed.index, placed.entry, placed.detached))
    return {table: made.values(table) for table in TABLES.values()}


def told(asked: Views, table: Table, as_of: int | None = None) -> dict[Row, Row]:
    """What the tables say, in the same form."""
    keys, values = ([column.name for column in columns] for columns in (table.key, table.values))
    keys += ["since"] if table.lasting else []
    return {
        tuple(row[name] for name in keys): tuple(row[name] for name in values)
        for row in asked.rows(table.name, as_of=as_of)
    }


@BOTH
def test_the_tables_say_what_a_replay_says(log: Log):
    expected = replayed(log, 10**9)

    with views(log) as asked:
        found = {table: told(asked, table) for table in TABLES.values()}
        size, log_size = asked.size, asked.log_size

    assert found == expected
    assert size == log_size == len(list(log.entries()))
    assert sum(map(bool, expected.values())) > 10


@BOTH
def test_as_of_any_size_they_say_what_a_replay_up_to_there_says(log: Log):
    with views(log) as asked:
        for size in range(asked.size + 1):
            expected = replayed(log, size)
            for table in TABLES.values():
                assert told(asked, table, size) == expected[table], (size, table.name)


# Whoever folds, and however it ends.


def folded(place: Place) -> dict[Table, dict[Row, Row]]:
    with closing(Log(place)) as log, views(log) as asked:
        return {table: told(asked, table) for table in TABLES.values()}


def expected(place: Place) -> dict[Table, dict[Row, Row]]:
    with closing(Log(place)) as log:
        return replayed(log, 10**9)


def gives(book: Book, count: int) -> None:
    with book.clerk() as clerk:
        requests = [clerk.transfer(book.streams["native"], "owner", "bob", 1) for _ in range(count)]
        clerk.operator.record(requests)


def positions(book: Book) -> set[int]:
    """How far the tables are; nothing where there are none yet."""
    with closing(Log(book.place)) as log, closing(kept_at(log)) as keeper:
        if not keeper.serves(PROJECTIONS):
            return set()
        return {at.size for at in Folding(log, keeper).positions().values()}


def stored(book: Book, statement: str) -> list[Any]:
    """What the tables hold, asked in their own language."""
    file = "registry.db" if isinstance(book.place, Address) else "views.db"
    return book.rows(statement, file=file)


def rebuilds(teller: Teller, place: Place) -> None:
    """Make the tables anew, again and again, until killed."""
    with closing(Log(place)) as log:
        while True:
            teller.tell("begun", rebuild(log))


@BOTH
def test_a_follower_that_is_killed_leaves_each_page_whole_or_not_at_all(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(viewing, "PAGE_ENTRIES", 3)
    chance = random.Random(1)
    for _ in range(4):
        with Life(tmp_path, folds_in_small_pages, book.place) as life:
            life.hear()
            time.sleep(chance.uniform(0, 0.2))
            life.kill()

        assert len(positions(book)) <= 1
        assert book.fault() is None
    assert folded(book.place) == expected(book.place)


def folds_in_small_pages(teller: Teller, place: Place) -> None:
    viewing.PAGE_ENTRIES = 3
    rebuilds(teller, place)


@BOTH
def test_many_fold_at_once_and_each_entry_counts_once(book: Book, tmp_path: Path):
    with ExitStack() as stack:
        lives = [
            stack.enter_context(Life(tmp_path, folds_in_small_pages, book.place)) for _ in range(3)
        ]
        for life in lives:
            life.hear()
        gives(book, 5)
        for _ in range(2):
            assert folded(book.place) == expected(book.place)

    assert book.fault() is None


@BOTH
def test_tables_of_another_past_are_made_anew(
    book: Book, ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "earlier").mkdir()
    earlier = ground.copied(book, tmp_path / "earlier")
    gives(book, 3)
    folded(book.place)
    other = replace_tables(book, earlier)
    live_at(tmp_path / "earlier", monkeypatch)
    gives(other, 5)

    assert folded(other.place) == expected(other.place)
    assert other.fault() is None


def replace_tables(book: Book, earlier: Book) -> Book:
    """The earlier registry, with the tables that were folded from the later one."""
    names = ["view_positions", *(table.view for table in TABLES.values())]
    if isinstance(book.place, Address):
        migrate(earlier.place)
        for name in names:
            rows = book.rows(f"SELECT * FROM {name}")
            earlier.change(f"DELETE FROM {name}")
            for row in rows:
                signs = ",".join("?" * len(row))
                earlier.change(f"INSERT INTO {name} VALUES ({signs})", *row)
    else:
        for file in book.directory.glob("views.db*"):
            shutil.copy(file, earlier.directory / file.name)
    return earlier


@BOTH
def test_another_version_of_a_projection_is_folded_from_the_first_entry(
    book: Book, monkeypatch: pytest.MonkeyPatch
):
    folded(book.place)
    later = [
        replace(own, version=own.version + 1) if own.name == "holdings" else own
        for own in PROJECTIONS
    ]

    for module in (viewing, views_migration):
        monkeypatch.setattr(module, "PROJECTIONS", later)
    in_between = folded(book.place)
    if isinstance(book.place, Address):
        migrate(book.place)

    assert in_between == folded(book.place) == expected(book.place)
    made = stored(book, "SELECT definition FROM view_positions WHERE projection = 'holdings'")
    assert [row[0].split(" ")[0] for row in made] == ["2"]


@BOTH
def test_who_keeps_the_tables_up_folds_what_comes(book: Book):
    with closing(Log(book.place)) as log, kept_up(log) as (folding, at):
        follower = Follower(log, at.size, root=at.root)
        keeping = threading.Thread(target=folding.keep_up, args=(follower,))
        keeping.start()
        try:
            gives(book, 7)
            eventually(lambda: follower.size == at.size + 7, "the tables to be kept up")
        finally:
            follower.stop()
            keeping.join()

    assert positions(book) == {at.size + 7}
    assert folded(book.place) == expected(book.place)


def test_a_writer_s_role_folds_and_a_reader_s_asks_all_the_same(server: Server, home: Path):
    """A role that may not write the tables reads those that are caught up, and folds on in memory where they lag."""
    address = Address(url=server.create_database("viewed"), state=home / "registry")
    migrate(address, [("views_writer", SERVER_ROLE), ("views_reader", READER_ROLE)])
    try:
        book = write_quickly(as_role(address, "views_writer"))
        reader = replace(as_role(address, "views_reader"), state=None)
        before = folded(reader)
        written = folded(book.place)
        caught_up = folded(reader)
        gives(book, 3)
        lagging = folded(reader)

        assert before == written == caught_up
        assert lagging == expected(book.place) != written
        assert book.fault() is None
    finally:
        server.drop_database("viewed")
        for role in ("views_writer", "views_reader"):
            server.execute(f"DROP ROLE {role}")


def test_tables_that_are_made_anew_are_for_the_roles_that_had_them(
    server: Server, home: Path, monkeypatch: pytest.MonkeyPatch
):
    address = Address(url=server.create_database("granted"), state=home / "registry")
    migrate(address, [("views_writer", SERVER_ROLE), ("views_reader", READER_ROLE)])
    later = [replace(own, version=own.version + 1) for own in PROJECTIONS]
    for module in (viewing, views_migration):
        monkeypatch.setattr(module, "PROJECTIONS", later)

    migrate(address)

    may = []
    for role in ("views_writer", "views_reader"):
        with closing(ServerKeeper(as_role(address, role))) as keeper:
            may.append((keeper.prepare(later), keeper.serves(later)))
    server.drop_database("granted")
    for role in ("views_writer", "views_reader"):
        server.execute(f"DROP ROLE {role}")
    assert may == [(True, True), (False, True)]


def test_a_server_without_tables_of_this_version_is_asked_all_the_same(server: Server, home: Path):
    address = Address(url=server.create_database("unviewed"), state=home / "registry")
    migrate(address)
    book = write_quickly(address)
    for name in views_migration.NAMES:
        server.execute(f"DROP TABLE {name}", database="unviewed")

    assert folded(book.place) == expected(book.place)
    with closing(Log(book.place)) as log, pytest.raises(RefusedError, match="not_permitted"):
        rebuild(log)
    migrate(address)
    with closing(Log(book.place)) as log:
        assert rebuild(log) == len(list(log.entries()))
    server.drop_database("unviewed")


def as_role(address: Address, role: str) -> Address:
    return replace(address, url=address.url.replace("postgres@", f"{role}@"))


# Names.


@BOTH
def test_of_who_was_erased_nothing_is_left_in_any_table(book: Book):
    with book.clerk() as clerk:
        used = [(book.streams["native"], 5)]
        clerk.retires("owner", used, beneficiary=Hidden(value="某位来宾 / a guest"))
        openings = clerk.operator.log.openings
        own = [row[0] for row in openings.rows() if "guest" in repr(row[6])]
        folded(book.place)

        erased = openings.erase(own)

    kept = [stored(book, f"SELECT * FROM {table.view}") for table in TABLES.values()]
    assert erased == 1
    assert "guest" not in repr(kept)
    assert "来宾".encode() not in repr(kept).encode()
    assert book.fault() is None


# A whole life.


def keeper_of(place: Place) -> Keeper:
    if isinstance(place, Address):
        migrate(place)
        return ServerKeeper(place)
    return SqliteKeeper()


def written(keeper: Keeper, additions: Sequence[Addition], cuts: Sequence[int]) -> None:
    """Fold `additions` in pages that end at `cuts`."""
    folding = Folding(None, keeper)  # type: ignore[arg-type]  # no log is read
    assert keeper.prepare(PROJECTIONS)
    at = next(iter(folding.positions().values()))
    for first, last in pairwise([0, *cuts, len(additions)]):
        page = [
            Placed(
                index=own.index,
                data=own.data,
                entry=entries.decode(own.data),
                leaf=own.leaf,
                detached={(item.part, item.event): item.rows for item in own.detached},
            )
            for own in additions[first:last]
        ]
        after = Position(size=last, root=bytes(32))
        assert folding._write(PROJECTIONS, at, page, after)
        at = after


@BOTH
def test_a_life_in_which_everything_happens_is_told_as_of_any_entry(place: Place):
    additions = lived().world.additions
    chance = random.Random(7)
    size = len(additions)
    cuts = sorted(chance.sample(range(1, size), 30))

    with closing(keeper_of(place)) as keeper:
        written(keeper, additions, cuts)
        with keeper.reading() as cursor:
            asked = Views(keeper, cursor, size=size, log_size=size)
            for then in sorted({*chance.sample(range(size), 12), 0, 1, size}):
                made = folds.folded(additions[:then])
                for table in TABLES.values():
                    assert told(asked, table, then) == made.values(table), (then, table.name)

    assert {table.name for table in TABLES.values() if not made.values(table)} <= {"awaited"}


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["gives", "retires", "imports", "deposits", "issues"]),
        st.sampled_from(["owner", "alice", "bob"]),
        st.sampled_from(["owner", "alice", "bob"]),
        st.integers(1, 400),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(acts=ACTS, chance=st.randoms(use_true_random=False))
def test_as_of_any_size_of_any_life_the_tables_say_what_a_replay_says(
    acts: list[tuple[str, str, str, int]], chance: random.Random
):
    world = World().staffed()
    batch = world.issues(1_000)
    for number, (act, giver, taker, amount_g) in enumerate(acts):
        with suppress(RefusedError):
            match act:
                case "gives":
                    world.transfers(batch, giver, taker, amount_g)
                case "retires":
                    world.retires(batch, giver, amount_g)
                case "imports":
                    world.imports(batch, giver, amount_g)
                case "issues":
                    batch = world.issues(amount_g)
                case "deposits":
                    world.deposits(f"VCS-{number + 1}-{number + 1}", 1_000_000)
    size = len(world.additions)

    with closing(SqliteKeeper()) as keeper:
        written(keeper, world.additions, sorted({chance.randrange(1, size) for _ in range(4)}))
        with keeper.reading() as cursor:
            asked = Views(keeper, cursor, size=size, log_size=size)
            for then in {chance.randrange(size), size}:
                made = folds.folded(world.additions[:then])
                for table in TABLES.values():
                    assert told(asked, table, then) == made.values(table)


# Questions that follow each other.


@BOTH
def test_rows_page_by_page_are_all_rows_in_order(place: Place):
    additions = lived().world.additions
    size = len(additions)

    with closing(keeper_of(place)) as keeper:
        written(keeper, additions, [size // 2])
        with keeper.reading() as cursor:
            asked = Views(keeper, cursor, size=size, log_size=size)
            for table in TABLES.values():
                for then in (None, size // 2):
                    expected = asked.rows(table.name, as_of=then)
                    found: list[dict[str, Any]] = []
                    while page := asked.rows(
                        table.name,
                        as_of=then,
                        limit=7,
                        after=[found[-1][name] for name in identity(table)] if found else (),
                    ):
                        found += page
                    assert found == expected, (table.name, then)


@BOTH
def test_of_some_conditions_one_has_to_hold(log: Log):
    with views(log) as asked:
        batches = [row["batch"] for row in asked.rows("batches")]
        either = [("batch", "=", batches[0]), ("batch", "=", batches[-1])]

        found = asked.rows("batches", any_of=either)
        none = asked.rows("batches", any_of=either, batch=batches[1])
        many = [("batch", "=", f"batch/{number}") for number in range(2_000)]
        mixed = [*many, ("root", "=", batches[0]), ("since", "<", 0), ("expires", "=", None)]
        of_many = asked.rows("batches", any_of=mixed)
        then = asked.rows("batches", any_of=[*many, *either], as_of=asked.size)

    assert [row["batch"] for row in found] == [batches[0], batches[-1]]
    assert [row["batch"] for row in then] == [batches[0], batches[-1]]
    assert [row["batch"] for row in of_many] == batches
    assert none == [] or len(batches) == 2


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("movements", ("giver", "taker")),
        ("gifts", ("organiser", "taker")),
        ("ties", ("account", "other")),
        ("cases", ("account", "finder")),
        ("certificates", ("holder",)),
        ("ties", ("batch",)),
    ],
)
def test_what_is_asked_by_whom_or_what_it_concerns_is_looked_up(name: str, columns: Sequence[str]):
    choice = [(column, "=", f"account/{number}") for column in columns for number in range(2)]
    for any_of in (choice, choice[:1]):
        statement, values = views_tables.select(TABLES[name], "*", None, (), any_of=any_of)
        with closing(SqliteKeeper()) as keeper:
            keeper.prepare(PROJECTIONS)
            with keeper.reading() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
                told = " ".join(row[3] for row in cursor.fetchall())

        assert "SCAN" not in told


@BOTH
def test_a_keeper_answers_again_and_sees_what_was_recorded_since(book: Book):
    keepers = Keepers()
    with closing(Log(book.place)) as log:
        with views(log, keepers) as first:
            before = len(first.rows("accounts"))
        with closing(Operator(book.place)) as operator:
            Clerk(operator).opens("zoe")
        with views(log, keepers) as again:
            after = len(again.rows("accounts"))
            same = again._keeper is first._keeper
        keepers.close()
        with views(log, keepers) as late:
            assert late.size == again.size

    assert (after, same) == (before + 1, True)
    assert keepers.take() is None


def test_a_keeper_whose_tables_are_of_another_version_makes_them_anew(book: Book):
    keepers = Keepers()
    with closing(Log(book.place)) as log, closing(keepers):
        with views(log, keepers) as first:
            expected = first.rows("accounts")
        with closing(kept_at(log)) as other, other.writing() as cursor:
            cursor.execute("UPDATE view_positions SET definition = 'another'")

        with views(log, keepers) as again:
            found = again.rows("accounts")

    assert found == expected


def test_who_prepares_the_tables_takes_nobody_s_lock_on_them(book: Book):
    file = book.place / views_sqlite.FILE
    with closing(Log(book.place)) as log, views(log), closing(kept_at(log)) as other:
        other.prepare(PROJECTIONS)
        # A process that believed to be the last one here would fold the write-ahead log in, and take it away.
        subprocess.run(
            [sys.executable, "-c", _ASKS, str(file)], check=True, stdout=subprocess.DEVNULL
        )

        assert Path(f"{file}-wal").exists()


_ASKS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM view_accounts").fetchone()
connection.close()
"""


@BOTH
def test_a_question_that_fails_takes_its_keeper_with_it(book: Book):
    keepers = Keepers()
    with closing(Log(book.place)) as log, closing(keepers):
        with pytest.raises(ZeroDivisionError), views(log, keepers):
            raise ZeroDivisionError

        assert keepers.take() is None
