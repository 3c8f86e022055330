"""Recording: all of a group or none of it, one effect for one intent, and nothing lost between writers."""

# ruff: noqa: S608  # every statement is put together from names in this file

from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.sqlite import SQLiteCursor

from registry.errors import BrokenHistoryError, RefusedError, UnavailableError
from registry.ledger.intent import in_key_order
from registry.ledger.note import open_checkpoint
from registry.ledger.tree import stored_number
from registry.store.clock import Clock
from registry.store.committer import Receipt, Request
from registry.store.log import Moment
from registry.store.mark import Mark
from registry.store.operator import Operator
from registry.store.postgres import PostgresCursor
from tests.books import Book, Clerk, write_book

pytestmark = pytest.mark.on("sqlite", "postgres")

TABLES = ("stored_events", "tree", "nonces", "detached", "head")
NONCE = bytes(range(16))


class TornError(Exception):
    """What a test breaks a commit with."""


def everything(book: Book) -> list[Any]:
    return [sorted(book.rows(f"SELECT * FROM {table}")) for table in TABLES]


def gift(clerk: Clerk, book: Book, amount_g: int = 1, nonce: bytes | None = None) -> Request:
    return clerk.transfer(book.streams["native"], "owner", "bob", amount_g, nonce=nonce)


def tear(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, after: bool) -> None:
    """The next call of a method fails, before or after its work."""
    whole = getattr(owner, name)

    def torn(*values: Any, **named: Any) -> Any:
        if after:
            whole(*values, **named)
        monkeypatch.setattr(owner, name, whole)
        raise TornError

    monkeypatch.setattr(owner, name, torn)


def holding_g(operator: Operator, book: Book, name: str) -> int:
    with operator.log.recorder.reading() as cursor:
        state = Moment(cursor).stream(book.streams["native"]).state
    return state.holding(book.accounts[name]).total_g


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("method", ["add", "record"])
def test_a_commit_torn_anywhere_records_nothing_and_the_next_one_works(
    book: Book, monkeypatch: pytest.MonkeyPatch, method: str, *, after: bool
) -> None:
    before, seen = everything(book), book.mark.read()
    with book.clerk() as clerk:
        batch = book.streams["native"]
        request = clerk.transfer(
            batch, "owner", "bob", 1, venue=clerk.accounts["exchange"], trade=b"\x01" * 32
        )
        retirement, _ = clerk.retirement("owner", [(batch, 2)])
        log = clerk.operator.log
        owner = type(log.openings if method == "add" else log.recorder)
        tear(monkeypatch, owner, method, after=after)

        with pytest.raises(TornError):
            clerk.operator.committer.commit([request, retirement])

        assert everything(book) == before
        assert book.mark.read() == seen
        receipts = clerk.operator.committer.commit([request, retirement])

    assert [type(receipt) for receipt in receipts] == [Receipt, Receipt]
    assert book.audited().entries == seen.size + 2


@pytest.mark.parametrize(
    ("backend", "place"),
    [*(("sqlite", place) for place in range(1, 5)), ("postgres", 1), ("postgres", 2)],
    indirect=["backend"],
)
def test_a_commit_interrupted_between_any_two_statements_records_nothing(
    book: Book, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    before = everything(book)
    with book.clerk() as clerk:
        request, _ = clerk.retirement("owner", [(book.streams["native"], 2)])
        with monkeypatch.context() as patch:
            tear_statement(patch, place)

            with pytest.raises(TornError):
                clerk.operator.committer.commit([request])

        assert everything(book) == before
        (receipt,) = clerk.operator.committer.commit([request])

    assert isinstance(receipt, Receipt)
    assert book.audited().entries == receipt.index + 1


def tear_statement(patch: pytest.MonkeyPatch, place: int) -> None:
    """The writing statement number `place` fails once it was executed."""
    written = count(1)

    def torn(whole: Any) -> Any:
        def execute(cursor: Any, statement: str, *values: Any) -> Any:
            made = whole(cursor, statement, *values)
            writes = statement.lstrip().startswith(("INSERT", "WITH entries AS (INSERT"))
            if writes and next(written) == place:
                raise TornError
            return made

        return execute

    for cursor in (SQLiteCursor, PostgresCursor):
        patch.setattr(cursor, "execute", torn(cursor.execute))


@pytest.mark.parametrize("after", [False, True])
def test_what_was_committed_and_not_acknowledged_is_there_and_not_done_twice(
    book: Book, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    size = book.audited().entries
    with book.clerk() as clerk:
        request = gift(clerk, book)
        tear(monkeypatch, type(clerk.operator.log.recorder), "record_checkpoint", after=after)
        with pytest.raises(TornError):
            clerk.operator.committer.commit([request])

        (receipt,) = clerk.operator.committer.commit([request])

    assert isinstance(receipt, Receipt)
    assert receipt.index == size
    assert book.audited().entries == size + 1


def test_a_mark_that_cannot_be_written_withholds_the_answer_and_loses_nothing(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = book.mark.read()
    with book.clerk() as clerk:
        request = gift(clerk, book)
        tear(monkeypatch, Mark, "write", after=False)
        with pytest.raises(TornError):
            clerk.operator.committer.commit([request])
        assert book.mark.read() == seen

        (receipt,) = clerk.operator.committer.commit([request])

    assert isinstance(receipt, Receipt)
    assert book.mark.read().size == seen.size + 1
    assert book.audited().entries == seen.size + 1


def test_the_same_intent_again_gets_the_same_receipt_and_has_one_effect(book: Book) -> None:
    with book.clerk() as clerk:
        before_g = holding_g(clerk.operator, book, "bob")
        request = gift(clerk, book, 5)

        (first,) = clerk.operator.committer.commit([request])
        (second,) = clerk.operator.committer.commit([request])

        after_g = holding_g(clerk.operator, book, "bob")
    with book.clerk() as clerk:
        (third,) = clerk.operator.committer.commit([request])

    assert first == second == third
    assert after_g == before_g + 5
    assert book.audited().entries == first.index + 1


def test_the_same_intent_twice_in_a_group_has_one_effect(book: Book) -> None:
    with book.clerk() as clerk:
        before_g = holding_g(clerk.operator, book, "bob")
        request, other = gift(clerk, book, 5), gift(clerk, book, 7)

        one, same, between, again = clerk.operator.committer.commit(
            [request, request, other, request]
        )

        after_g = holding_g(clerk.operator, book, "bob")
    assert one == same == again
    assert between.index == one.index + 1
    assert after_g == before_g + 12
    assert book.audited().entries == between.index + 1


def test_an_intent_repeated_after_the_log_grew_gets_its_place_under_the_new_head(
    book: Book,
) -> None:
    with book.clerk() as clerk:
        request = gift(clerk, book)
        (first,) = clerk.operator.committer.commit([request])
        clerk.operator.record([gift(clerk, book)])

        (again,) = clerk.operator.committer.commit([request])

    assert (again.index, again.leaf) == (first.index, first.leaf)
    assert open_checkpoint(again.checkpoint, book.key).size == first.index + 2
    assert book.audited().entries == first.index + 2


@pytest.mark.parametrize("together", [False, True])
def test_another_body_under_a_used_nonce_is_refused(book: Book, *, together: bool) -> None:
    with book.clerk() as clerk:
        first, second = gift(clerk, book, 1, NONCE), gift(clerk, book, 2, NONCE)

        if together:
            one, other = clerk.operator.committer.commit([first, second])
        else:
            (one,) = clerk.operator.committer.commit([first])
            (other,) = clerk.operator.committer.commit([second])

    assert isinstance(one, Receipt)
    assert isinstance(other, RefusedError)
    assert other.code == "nonce_used"
    assert book.audited().entries == one.index + 1


def test_two_accounts_may_use_one_nonce(book: Book) -> None:
    with book.clerk() as clerk:
        batch = book.streams["native"]
        clerk.operator.record([gift(clerk, book, 9)])

        receipts = clerk.operator.record(
            [
                clerk.transfer(batch, "owner", "alice", 1, nonce=NONCE),
                clerk.transfer(batch, "bob", "alice", 1, nonce=NONCE),
            ]
        )

    assert len(receipts) == 2
    assert book.audited().entries == receipts[-1].index + 1


def stopped(at_us: int) -> Clock:
    """A clock that stands still."""
    return Clock(wall=lambda: at_us, steady=lambda: 0)


def test_a_nonce_is_free_again_once_its_intent_could_not_be_repeated(book: Book) -> None:
    with book.clerk() as clerk:
        committer = clerk.operator.committer
        (first,) = committer.commit([gift(clerk, book, 1, NONCE)])
        committer.clock = stopped(committer.clock.now_us() + 2 * 3_600_000_000)

        (second,) = committer.commit([gift(clerk, book, 2, NONCE)])

    assert isinstance(second, Receipt)
    assert second.index == first.index + 1
    assert book.audited().entries == second.index + 1


def test_an_intent_that_expired_is_answered_if_it_was_recorded(book: Book) -> None:
    with book.clerk() as clerk:
        committer = clerk.operator.committer
        recorded, waiting = gift(clerk, book), gift(clerk, book)
        (first,) = committer.commit([recorded])
        committer.clock = stopped(committer.clock.now_us() + 2 * 3_600_000_000)

        again, late = committer.commit([recorded, waiting])

    assert again == first
    assert isinstance(late, RefusedError)
    assert late.code == "expired"
    assert book.audited().entries == first.index + 1


def test_time_never_goes_back_in_the_log_though_the_clock_does_a_little(book: Book) -> None:
    before = book.audited()
    with book.clerk() as clerk:
        request = gift(clerk, book)
        clerk.operator.committer.clock = stopped(before.at_us - 2_000_000)

        clerk.operator.record([request])

    after = book.audited()
    assert after.entries == before.entries + 1
    assert after.at_us == before.at_us


def test_nothing_is_written_while_the_clock_is_far_behind_the_log(book: Book) -> None:
    before = book.audited()
    with book.clerk() as clerk:
        request = gift(clerk, book)
        right = clerk.operator.committer.clock
        clerk.operator.committer.clock = stopped(before.at_us - 2_000_001)
        with pytest.raises(UnavailableError) as refusal:
            clerk.operator.record([request])
        assert book.audited() == before

        clerk.operator.committer.clock = right
        clerk.operator.record([request])

    assert refusal.value.code == "clock_behind"
    assert book.audited().entries == before.entries + 1


def test_a_refused_request_does_not_drag_its_neighbours_down(book: Book) -> None:
    with book.clerk() as clerk:
        group = [gift(clerk, book, 1), gift(clerk, book, 10**9), gift(clerk, book, 2)]
        before_g = holding_g(clerk.operator, book, "bob")

        first, refused, second = clerk.operator.committer.commit(group)

        after_g = holding_g(clerk.operator, book, "bob")
    assert isinstance(refused, RefusedError)
    assert refused.code == "insufficient_holding"
    assert second.index == first.index + 1
    assert after_g == before_g + 3
    assert book.audited().entries == second.index + 1


def test_a_whole_with_one_refused_request_records_nothing(book: Book) -> None:
    before = everything(book)
    names = book.rows("SELECT * FROM openings ORDER BY 1", file="openings.db")
    with book.clerk() as clerk:
        retirement, _ = clerk.retirement("owner", [(book.streams["native"], 2)])

        with pytest.raises(RefusedError) as refusal:
            clerk.operator.record([retirement, gift(clerk, book, 10**9), gift(clerk, book, 1)])

    assert refusal.value.code == "insufficient_holding"
    assert everything(book) == before
    assert book.rows("SELECT * FROM openings ORDER BY 1", file="openings.db") == names
    assert book.audited().entries == len(before[2])


def test_a_group_of_refused_requests_leaves_no_trace(book: Book) -> None:
    before, seen = everything(book), book.mark.read()
    with book.clerk() as clerk:
        answers = clerk.operator.committer.commit([gift(clerk, book, 10**9)] * 2)

    assert [answer.code for answer in answers] == ["insufficient_holding"] * 2
    assert everything(book) == before
    assert book.mark.read() == seen
    assert book.audited().entries == seen.size


def test_within_a_group_each_request_builds_on_those_before(book: Book) -> None:
    with book.clerk() as clerk:
        batch = book.streams["native"]
        clerk.operator.record([gift(clerk, book, 1)])

        forth, back, again = clerk.operator.committer.commit(
            [
                clerk.transfer(batch, "bob", "alice", 1),
                clerk.transfer(batch, "alice", "bob", 1),
                clerk.transfer(batch, "bob", "alice", 2),
            ]
        )

    assert back.index == forth.index + 1
    assert isinstance(again, RefusedError)
    assert book.audited().entries == back.index + 1


def test_an_empty_group_is_answered_with_nothing(book: Book) -> None:
    before = everything(book)
    with book.clerk() as clerk:
        assert clerk.operator.committer.commit([]) == []

    assert everything(book) == before
    assert book.audited().entries == len(before[2])


def test_two_operators_take_turns_without_losing_anything(book: Book) -> None:
    with ExitStack() as stack:
        one, other = stack.enter_context(book.clerk()), stack.enter_context(book.clerk())
        before_g = holding_g(one.operator, book, "bob")

        receipts = []
        for _ in range(6):
            for clerk in (one, other, other):
                receipts += clerk.operator.record([gift(clerk, book)])

        after_g = holding_g(other.operator, book, "bob")
    first = receipts[0].index
    assert [receipt.index for receipt in receipts] == list(range(first, first + 18))
    assert after_g == before_g + 18
    assert book.audited().entries == first + 18


def test_an_operator_sees_what_another_spent(book: Book) -> None:
    batch = book.streams["native"]
    with ExitStack() as stack:
        one, other = stack.enter_context(book.clerk()), stack.enter_context(book.clerk())
        all_g = holding_g(one.operator, book, "owner")
        other.operator.record([gift(other, book)])

        one.operator.record([one.transfer(batch, "owner", "alice", all_g - 1)])
        (answer,) = other.operator.committer.commit([gift(other, book)])

    assert isinstance(answer, RefusedError)
    assert answer.code == "insufficient_holding"
    assert book.audited().retired_g > 0


def test_a_receipt_is_under_a_checkpoint_that_covers_it(book: Book) -> None:
    with book.clerk() as clerk:
        receipts = clerk.operator.record([gift(clerk, book), gift(clerk, book)])

    ((note,),) = book.rows("SELECT checkpoint FROM head")
    assert {receipt.checkpoint for receipt in receipts} == {note}
    checkpoint = open_checkpoint(note, book.key)
    assert checkpoint.size == receipts[-1].index + 1
    assert checkpoint.root == book.audited().root


def test_a_head_left_unsigned_by_a_crash_is_signed_again_to_the_very_same_bytes(
    book: Book,
) -> None:
    ((note,),) = book.rows("SELECT checkpoint FROM head")
    book.change("UPDATE head SET checkpoint = NULL")

    with book.clerk():
        pass

    assert book.rows("SELECT checkpoint FROM head") == [(note,)]
    assert book.audited().entries > 0


def test_a_tree_that_does_not_fit_the_head_stops_the_writer(book: Book) -> None:
    ((size,),) = book.rows("SELECT size FROM head")
    largest = stored_number(size.bit_length() - 1, 0)
    book.change("UPDATE tree SET hash = ? WHERE node = ?", bytes(32), largest)
    before = everything(book)

    with pytest.raises(BrokenHistoryError) as fault:
        Operator(book.place)

    assert fault.value.code == "derived.tree"
    assert everything(book) == before


def test_an_intent_for_another_log_is_refused(book: Book, tmp_path: Path) -> None:
    other = write_book(tmp_path / "other")
    with other.clerk() as clerk:
        request = gift(clerk, other)

    with book.clerk() as clerk:
        (answer,) = clerk.operator.committer.commit([request])

    assert isinstance(answer, RefusedError)
    assert answer.code == "wrong_log"
    assert len(in_key_order(request.signed.intent.signers)) == 1
    assert book.audited().origin == other.audited().origin


@pytest.mark.on("sqlite")
def test_a_database_grows_only_by_what_entries_need(book: Book) -> None:
    def bytes_used() -> int:
        pages, free, size = (
            book.rows(f"PRAGMA {name}")[0][0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    with book.clerk() as clerk:
        group = [gift(clerk, book) for _ in range(200)]
        before = bytes_used()

        clerk.operator.record(group)

    grown = bytes_used() - before
    entries = sum(len(request.signed.data) for request in group)
    assert entries < grown < 4 * entries
    assert book.audited().entries > 200


def test_what_has_just_begun_takes_no_room_and_is_found_when_it_is_needed(book: Book) -> None:
    with book.clerk() as clerk:
        at_hand = clerk.operator.committer._streams._held
        clerk.operator.record([gift(clerk, book)])
        before = len(at_hand)
        begun = [clerk.retirement("owner", [(book.streams["native"], 1)]) for _ in range(5)]
        clerk.operator.record([request for request, _ in begun])

        certificates = [clerk.operator.committer.state(name) for _, name in begun]

    assert len(at_hand) == before
    assert [certificate.amount_g for certificate in certificates] == [1] * 5
