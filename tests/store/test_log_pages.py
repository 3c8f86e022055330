"""What the log has much of is read page by page: streams, and rows beside an entry; and a stream as it was."""

import pytest

from registry.store.log import Log, Moment
from tests.books import Book

BOTH = pytest.mark.on("sqlite", "postgres")


@pytest.fixture
def moment(book: Book):
    log = Log(book.place)
    with log.recorder.reading() as cursor:
        yield Moment(cursor)
    log.close()


@BOTH
@pytest.mark.parametrize("prefix", ["", "account/", "batch/", "nothing/"])
def test_streams_page_by_page_are_all_streams(moment: Moment, prefix: str):
    size = moment.head().size
    found: list[tuple[int, int, str]] = []
    while page := moment.streams_after(
        prefix, *(found[-1][:2] if found else (0, -1)), size=size, limit=3
    ):
        assert len(page) <= 3
        found += page

    assert [name for *_, name in found] == moment.streams(prefix)
    for index, part, name in found:
        assert moment.placed(index).entry.intent.parts[part].stream == name


@BOTH
def test_streams_that_began_later_are_not_there_yet(moment: Moment):
    every = moment.streams_after("", 0, -1, size=moment.head().size, limit=1_000)
    (last, *_) = every[-1]

    found = moment.streams_after("", 0, -1, size=last, limit=1_000)

    assert found == [own for own in every if own[0] < last]
    assert 0 < len(found) < len(every)


@BOTH
def test_rows_beside_an_entry_page_by_page_are_all_of_them(moment: Moment):
    beside = {
        placed.index: placed.detached
        for placed in moment.all_placed(range(moment.head().size))
        if placed.detached
    }
    assert beside
    for index, rows in beside.items():
        found: list[tuple[int, int, int, bytes]] = []
        while page := moment.rows_after(index, found[-1][:3] if found else (-1, 0, 0), 5):
            found += page

        assert found == [
            (part, event, number, row)
            for (part, event), several in sorted(rows.items())
            for number, row in enumerate(several)
        ]


@BOTH
def test_a_stream_as_of_any_size_is_what_its_first_entries_came_to(moment: Moment):
    name = moment.streams("batch/")[0]
    indexes = moment.indexes(name)

    lengths = [moment.stream_at(name, index + 1).length for index in indexes]
    last = moment.stream_at(name, moment.head().size)

    assert lengths == list(range(1, len(indexes) + 1))
    assert moment.stream_at(name, indexes[0]).length == 0
    assert last == moment.stream(name)
