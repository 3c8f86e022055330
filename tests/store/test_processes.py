"""Several processes on one registry: one linear log."""

import pytest

from registry.store.log import Log
from tests.books import Book
from tests.store import children
from tests.store.lives import Life, Survivor

pytestmark = pytest.mark.on("sqlite", "postgres")

TRANSFERS = 50


def test_two_processes_write_one_log_and_lose_nothing_of_each_other(book: Book) -> None:
    size = book.audited().entries
    home = book.directory.parent

    with (
        Life(home, children.transfers, book, "bob", TRANSFERS) as one,
        Life(home, children.transfers, book, "alice", TRANSFERS) as other,
    ):
        lives = [one.lived(), other.lived()]

    made = [[receipt.index for _, receipt in life.told] for life in lives]
    assert sorted(made[0] + made[1]) == list(range(size, size + 2 * TRANSFERS))
    assert [sorted(indexes) for indexes in made] == made
    Survivor(book).judge(*lives)
    assert book.audited().entries == size + 2 * TRANSFERS == book.mark.read().size


def test_a_reader_is_not_held_up_by_a_writer_that_holds_the_lock(book: Book) -> None:
    with book.clerk() as clerk, clerk.operator.log.recorder.writing():
        log = Log(book.place)

        entries = list(log.entries())

        log.close()
    assert book.audited().entries == len(entries)
