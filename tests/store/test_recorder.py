"""The tables, as the eventsourcing library and SQLite see them."""

import json
from contextlib import ExitStack
from time import monotonic

import pytest

from registry.domain.kinds import EVENTS
from registry.ledger import entry as entries
from registry.store.log import Moment
from registry.store.recorder import LOCK_TIMEOUT_S, PARTS_PER_ENTRY
from registry.store.sqlite import RowMapper
from tests.books import Book
from tools.make_vectors import VECTORS

pytestmark = pytest.mark.on("sqlite", "postgres")

LOG = json.loads((VECTORS / "log.json").read_text("utf-8"))
KINDS_OF_VERSION_1 = {
    kind for entry in LOG["entries"] for part in entry["streams"] for kind in part["kinds"]
}


@pytest.mark.on("sqlite")
def test_a_commit_is_durable_when_it_returns_and_stays_so(book: Book) -> None:
    with book.clerk() as clerk:
        recorder = clerk.operator.log.recorder
        modes = []
        for _ in range(2):
            with recorder.writing() as cursor:
                for name in ("journal_mode", "synchronous", "trusted_schema"):
                    cursor.execute(f"PRAGMA {name}")
                    modes.append(cursor.fetchone()[0])
            clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])

    assert modes == ["wal", 2, 0] * 2
    assert book.audited().entries > 0


@pytest.mark.on("sqlite")
def test_who_writes_waits_for_no_reader(book: Book) -> None:
    with book.clerk() as clerk, ExitStack() as readers:
        for _ in range(40):
            readers.enter_context(clerk.operator.log.recorder.reading())
        began_s = monotonic()
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])

    assert monotonic() < began_s + LOCK_TIMEOUT_S / 2
    assert book.fault() is None


def test_a_topic_is_the_kinds_of_what_happened_and_never_a_path_in_python(book: Book) -> None:
    topics = [topic for (topic,) in book.rows("SELECT topic FROM stored_events")]
    found = {kind for topic in topics for kind in topic.split("+")}

    assert KINDS_OF_VERSION_1 <= found <= set(EVENTS)
    assert not any(":" in topic for topic in topics)


@pytest.mark.on("sqlite")
def test_the_library_reads_our_rows_as_notifications(book: Book) -> None:
    with book.clerk() as clerk:
        recorder = clerk.operator.log.recorder
        pages, start = [], None
        while page := recorder.select_notifications(start, 7, inclusive_of_start=False):
            assert len(page) <= 7
            pages += page
            start = page[-1].id
        last = recorder.max_notification_id()

    rows = book.rows("SELECT * FROM stored_events ORDER BY rowid")
    found = [
        (note.id, note.originator_id, note.originator_version, note.topic, note.state)
        for note in pages
    ]
    assert found == rows
    assert last == rows[-1][0]
    assert book.audited().entries == (last - 1) // PARTS_PER_ENTRY + 1


@pytest.mark.on("sqlite")
def test_the_library_picks_notifications_by_kind(book: Book) -> None:
    with book.clerk() as clerk:
        recorder = clerk.operator.log.recorder
        found = recorder.select_notifications(None, 100, topics=["certificate.issued.v1"])

    assert [note.originator_id for note in found] == [
        book.streams[name]
        for name in ("public", "private", "fragmented", "imported", "awaiting", "final")
    ]


@pytest.mark.on("sqlite")
def test_the_library_reads_a_stream_in_order(book: Book) -> None:
    with book.clerk() as clerk:
        stored = clerk.operator.log.recorder.select_events(book.streams["native"])

    assert [event.originator_version for event in stored] == list(range(1, len(stored) + 1))
    assert stored[0].topic == "batch.issued.v1"
    assert stored[-1].topic == "batch.retirement_imported.v1"


@pytest.mark.on("sqlite")
def test_a_row_goes_through_the_mapper_byte_for_byte(book: Book) -> None:
    mapper = RowMapper()
    with book.clerk() as clerk:
        stored = clerk.operator.log.recorder.select_events(book.streams["public"])

    assert [mapper.to_stored_event(mapper.to_domain_event(event)) for event in stored] == stored


def test_an_entry_of_several_streams_stands_once_and_is_pointed_to(book: Book) -> None:
    index = book.receipts[book.streams["public"]].index
    rows = book.rows(
        "SELECT originator_id, state FROM stored_events WHERE rowid > ? AND rowid <= ?",
        index * PARTS_PER_ENTRY,
        (index + 1) * PARTS_PER_ENTRY,
    )

    (first, data), (second, pointer) = rows

    assert (first, second) == (book.streams["native"], book.streams["public"])
    assert [part.stream for part in entries.decode(data).intent.parts] == [first, second]
    assert int.from_bytes(pointer, "big") == index
    assert len(pointer) == 8


def test_more_ranges_than_an_entry_holds_stand_in_rows_beside_it(book: Book) -> None:
    with book.clerk() as clerk:
        placed = {item.index: item for item in clerk.operator.log.entries()}

    index = book.receipts[book.streams["fragmented"]].index
    ((number, rows),) = placed[index].detached.items()
    said = placed[index].entry.places[0].outcomes[0]["ranges"]
    assert number == (0, 0)
    assert len(rows) == said["count"] == 18
    assert said["total_g"] == 87
    assert len([item for item in placed.values() if item.detached]) == 2


def test_a_state_folded_from_a_stream_is_the_one_that_an_audit_finds(book: Book) -> None:
    audited = book.audited()
    with book.clerk() as clerk, clerk.operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        batches = [moment.stream(name).state for name in moment.streams("batch/")]
        certificates = moment.streams("certificate/")

    assert sum(batch.held_g for batch in batches) == audited.held_g
    assert sum(batch.retired_g for batch in batches) == audited.retired_g
    assert len(certificates) == audited.certificates
