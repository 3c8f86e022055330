"""The tables of projections say what a replay says, at any size, whoever folds them and however it ends."""

from itertools import islice

import pytest

from registry.projections.every import TABLES
from registry.projections.table import Row, Table, entered
from registry.store.log import Log
from registry.store.views import Views, views
from tests.books import Book
from tests.folds import Folded

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
