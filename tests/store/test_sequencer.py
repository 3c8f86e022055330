"""Many hands at once: what waits shares a commit, by turns, and nobody suffers for a neighbour."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from registry import history
from registry.errors import RefusedError, UnavailableError
from registry.history import SignedIntent
from registry.ledger.note import open_checkpoint
from registry.store.committer import Receipt, Request
from registry.store.operator import Operator
from registry.store.sequencer import CHECKED_MIN, LANE_SHARE, Sequencer
from tests.books import Book, Clerk

pytestmark = pytest.mark.on("sqlite", "postgres")

HANDS = 64
PATIENCE_S = 60


def gifts(clerk: Clerk, book: Book, count: int, giver: str = "owner") -> list[Request]:
    taker = "alice" if giver == "bob" else "bob"
    return [clerk.transfer(book.streams["native"], giver, taker, 1) for _ in range(count)]


def endowed(clerk: Clerk, book: Book) -> None:
    """Bob has something to give, too."""
    clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 10)])


def submitted(sequencer: Sequencer, request: Request) -> "Future[Receipt]":
    return sequencer.submit(request.signed.data, request.signed.signatures, request.openings)


def receipts(waiting: Sequence["Future[Receipt]"]) -> list[Receipt]:
    return [answer.result(PATIENCE_S) for answer in waiting]


@contextmanager
def held(operator: Operator) -> Iterator[None]:
    """Nothing is committed meanwhile, as when another process is writing."""
    with operator.committer._mark.locked():
        yield


@contextmanager
def watched(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many requests each commit was asked for."""
    whole, sizes = operator.committer.commit, []

    def commit(requests: Sequence[Request]) -> Any:
        sizes.append(len(requests))
        return whole(requests)

    with monkeypatch.context() as patch:
        patch.setattr(operator.committer, "commit", commit)
        yield sizes


def filled(clerk: Clerk, sequencer: Sequencer, book: Book) -> "Future[Receipt]":
    """One request in the hands of a committer that waits, so that those after it have to queue."""
    (first,) = gifts(clerk, book, 1, "bob")
    answer = submitted(sequencer, first)
    while sequencer._waiting:
        threading.Event().wait(0.001)
    return answer


def test_sixty_four_who_ask_at_once_share_commits_and_get_receipts_of_their_own(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = book.audited().entries
    with book.clerk() as clerk, watched(clerk.operator, monkeypatch) as sizes:
        requests = gifts(clerk, book, 2 * HANDS)
        with Sequencer(clerk.operator.committer) as sequencer, ThreadPoolExecutor(HANDS) as hands:
            answers = receipts(list(hands.map(lambda one: submitted(sequencer, one), requests)))
        key = clerk.operator.vkey()

    audited = book.audited()
    assert sorted(answer.index for answer in answers) == list(range(size, size + 2 * HANDS))
    assert audited.entries == size + 2 * HANDS
    assert sum(sizes) == 2 * HANDS > len(sizes)
    assert all(open_checkpoint(one.checkpoint, key).size > one.index for one in answers)


def test_a_refused_intent_leaves_its_neighbours_alone(book: Book) -> None:
    size = book.audited().entries
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as sequencer:
        good = gifts(clerk, book, 4)
        greedy = clerk.transfer(book.streams["native"], "owner", "bob", 10**9)
        with held(clerk.operator):
            waiting = [submitted(sequencer, one) for one in (*good[:2], greedy, *good[2:])]
        refusal = waiting.pop(2).exception(PATIENCE_S)
        answers = receipts(waiting)

    assert isinstance(refusal, RefusedError)
    assert refusal.code == "insufficient_holding"
    assert [answer.index for answer in answers] == list(range(size, size + 4))


@pytest.mark.parametrize("count", [1, 4 * CHECKED_MIN])
def test_signatures_that_do_not_hold_are_refused_and_those_beside_them_recorded(
    book: Book, count: int
) -> None:
    size = book.audited().entries
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as sequencer:
        endowed(clerk, book)
        good, forged = gifts(clerk, book, count), gifts(clerk, book, count)
        with held(clerk.operator):
            filled(clerk, sequencer, book)
            pairs = [
                (
                    submitted(sequencer, one),
                    sequencer.submit(other.signed.data, one.signed.signatures),
                )
                for one, other in zip(good, forged, strict=True)
            ]
        refusals = [refused.exception(PATIENCE_S) for _, refused in pairs]
        answers = receipts([recorded for recorded, _ in pairs])

    assert {getattr(refusal, "code", None) for refusal in refusals} == {"bad_signature"}
    assert sorted(one.index for one in answers) == list(range(size + 2, size + 2 + count))
    assert book.audited().entries == size + 2 + count


def test_what_is_no_intent_is_refused_before_it_waits(book: Book) -> None:
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as sequencer:
        (request,) = gifts(clerk, book, 1)
        with pytest.raises(RefusedError) as refusal:
            sequencer.submit(request.signed.data + b"\x00", request.signed.signatures)

    assert refusal.value.code == "not_canonical"


def test_who_names_another_as_author_does_not_take_their_places(book: Book) -> None:
    size = book.audited().entries
    with book.clerk() as clerk:
        endowed(clerk, book)
        sequencer = Sequencer(clerk.operator.committer, waiting_max=LANE_SHARE)
        (own,), forged = gifts(clerk, book, 1), gifts(clerk, book, 2)
        with held(clerk.operator):
            first = filled(clerk, sequencer, book)
            data, signatures = forged[0].signed.data, own.signed.signatures
            sequencer.submit(data, signatures, source="a stranger")
            with pytest.raises(UnavailableError):
                sequencer.submit(forged[1].signed.data, signatures, source="a stranger")
            waiting = submitted(sequencer, own)
        receipts([first])
        answer = waiting.result(PATIENCE_S)
        sequencer.close()

    assert answer.index == size + 2


def test_an_opening_of_another_text_is_refused_and_nothing_of_it_is_kept(book: Book) -> None:
    before = book.audited()
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as sequencer:
        request, _ = clerk.retirement("owner", [(book.streams["native"], 2)])
        other, _ = clerk.retirement("owner", [(book.streams["native"], 3)])

        answer = sequencer.submit(request.signed.data, request.signed.signatures, other.openings)
        refusal = answer.exception(PATIENCE_S)

    assert isinstance(refusal, RefusedError)
    assert refusal.code == "wrong_opening"
    assert book.audited() == before


def test_the_same_intent_from_two_at_once_has_one_effect_and_one_answer(book: Book) -> None:
    size = book.audited().entries
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as sequencer:
        (request,) = gifts(clerk, book, 1)
        with held(clerk.operator):
            waiting = [submitted(sequencer, request) for _ in range(3)]
        answers = receipts(waiting)
        later = submitted(sequencer, request).result(PATIENCE_S)

    assert {(one.index, one.leaf) for one in (*answers, later)} == {(size, answers[0].leaf)}
    assert book.audited().entries == size + 1


def test_another_intent_under_the_same_nonce_is_refused(book: Book) -> None:
    batch, nonce = book.streams["native"], bytes(16)
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as sequencer:
        requests = [
            clerk.transfer(batch, "owner", "bob", amount_g, nonce=nonce) for amount_g in (1, 2)
        ]
        with held(clerk.operator):
            waiting = [submitted(sequencer, one) for one in requests]
        receipts(waiting[:1])
        refusal = waiting[1].exception(PATIENCE_S)

    assert isinstance(refusal, RefusedError)
    assert refusal.code == "nonce_used"


def test_who_asks_for_much_does_not_keep_others_waiting(book: Book) -> None:
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as sequencer:
        endowed(clerk, book)
        many, (one,) = gifts(clerk, book, 5), gifts(clerk, book, 1, "bob")
        with held(clerk.operator):
            first = filled(clerk, sequencer, book)
            waiting = [submitted(sequencer, request) for request in many]
            late = submitted(sequencer, one)
        (start,) = receipts([first])
        answers = receipts(waiting)

    assert late.result().index == start.index + 2
    places = [answer.index - start.index for answer in answers]
    assert places == [1, 3, 4, 5, 6]


def test_a_full_queue_says_so_and_one_author_cannot_fill_it(book: Book) -> None:
    size = book.audited().entries
    most = 4 * LANE_SHARE
    with book.clerk() as clerk:
        endowed(clerk, book)
        sequencer = Sequencer(clerk.operator.committer, waiting_max=most)
        requests, (other,) = gifts(clerk, book, 5), gifts(clerk, book, 1, "bob")
        with held(clerk.operator):
            first = filled(clerk, sequencer, book)
            waiting = [submitted(sequencer, one) for one in requests[:4]]
            with pytest.raises(UnavailableError) as busy:
                submitted(sequencer, requests[4])
            waiting.append(submitted(sequencer, other))
        receipts([first, *waiting])
        again = submitted(sequencer, requests[4]).result(PATIENCE_S)
        sequencer.close()

    assert busy.value.code == "busy"
    assert busy.value.facts == {"waiting": 4, "own": 4, "most": most}
    assert again.index == size + 7


def test_the_whole_queue_is_bounded_too(book: Book) -> None:
    with book.clerk() as clerk:
        endowed(clerk, book)
        sequencer = Sequencer(clerk.operator.committer, waiting_max=2)
        (mine,), (theirs, last) = gifts(clerk, book, 1), gifts(clerk, book, 2, "bob")
        retirement, _ = clerk.retirement("owner", [(book.streams["native"], 2)])
        with held(clerk.operator):
            first = filled(clerk, sequencer, book)
            waiting = [submitted(sequencer, mine), submitted(sequencer, theirs)]
            refusals = []
            for request in (last, retirement):
                with pytest.raises(UnavailableError) as busy:
                    submitted(sequencer, request)
                refusals.append(busy.value.code)
        receipts([first, *waiting])
        sequencer.close()

    assert refusals == ["busy", "busy"]


def test_where_the_program_itself_fails_on_one_the_others_are_recorded(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = book.audited().entries
    whole = history.append
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as sequencer:
        requests = gifts(clerk, book, 3)

        def append(view: Any, signed: SignedIntent, *, at_us: int) -> Any:
            assert signed.data != requests[1].signed.data, "ours to find"
            return whole(view, signed, at_us=at_us)

        monkeypatch.setattr("registry.history.append", append)
        with held(clerk.operator):
            waiting = [submitted(sequencer, one) for one in requests]
        failure = waiting.pop(1).exception(PATIENCE_S)
        answers = receipts(waiting)

    assert isinstance(failure, AssertionError)
    assert [answer.index for answer in answers] == [size, size + 1]
    assert book.audited().entries == size + 2


def test_where_the_program_fails_beside_a_commit_nobody_waits_for_ever(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = book.audited().entries
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as sequencer:
        requests = gifts(clerk, book, 2)
        with monkeypatch.context() as patch:
            patch.setattr("registry.history.check_read", broken)
            failure = submitted(sequencer, requests[0]).exception(PATIENCE_S)
        with monkeypatch.context() as patch:
            patch.setattr(clerk.operator.committer, "put_aside", broken)
            first = submitted(sequencer, requests[0]).result(PATIENCE_S)
        second = submitted(sequencer, requests[1]).result(PATIENCE_S)

    assert isinstance(failure, ZeroDivisionError)
    assert (first.index, second.index) == (size, size + 1)


def broken(*_values: Any) -> None:
    raise ZeroDivisionError


def test_a_disk_that_fails_is_told_to_all_who_wait_and_they_ask_again(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = book.audited().entries
    with book.clerk() as clerk, Sequencer(clerk.operator.committer) as sequencer:
        requests = gifts(clerk, book, 3)
        with monkeypatch.context() as patch:
            patch.setattr("os.pwrite", full)
            failures = [submitted(sequencer, one).exception(PATIENCE_S) for one in requests]
        answers = receipts([submitted(sequencer, one) for one in requests])

    assert {getattr(failure, "code", None) for failure in failures} == {"storage_failed"}
    assert [answer.index for answer in answers] == list(range(size, size + 3))
    assert book.audited().entries == size + 3


def full(*_values: Any) -> int:
    raise OSError(28, "No space left on device")


def test_what_is_cancelled_before_its_turn_is_not_recorded_and_nobody_else_notices(
    book: Book,
) -> None:
    with book.clerk() as clerk:
        endowed(clerk, book)
        size = clerk.operator.committer._frontier.size
        with Sequencer(clerk.operator.committer) as sequencer:
            with held(clerk.operator):
                first = filled(clerk, sequencer, book)
                waiting = [submitted(sequencer, one) for one in gifts(clerk, book, 3)]
                cancelled = waiting.pop(1).cancel()
            answers = receipts([first, *waiting])
            with held(clerk.operator):
                filled(clerk, sequencer, book)
                alone = submitted(sequencer, gifts(clerk, book, 1)[0]).cancel()
            after = receipts([submitted(sequencer, one) for one in gifts(clerk, book, 1)])

    assert (cancelled, alone) == (True, True)
    assert [answer.index for answer in (*answers, *after)] == [
        size,
        size + 1,
        size + 2,
        size + 4,
    ]


def test_closing_answers_whatever_waits_and_takes_no_more(book: Book) -> None:
    with book.clerk() as clerk:
        sequencer = Sequencer(clerk.operator.committer)
        requests = gifts(clerk, book, 4)
        with held(clerk.operator):
            waiting = [submitted(sequencer, one) for one in requests[:3]]
            closing = threading.Thread(target=sequencer.close)
            closing.start()
            while not sequencer._closing:
                threading.Event().wait(0.001)
            with pytest.raises(UnavailableError) as refusal:
                submitted(sequencer, requests[3])
        closing.join(PATIENCE_S)

    assert refusal.value.code == "closing"
    assert [answer.done() for answer in waiting] == [True] * 3
    assert len(receipts(waiting)) == 3
