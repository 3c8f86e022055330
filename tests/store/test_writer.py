"""The process that records for the server: what it is told, what it says, and what happens when it is gone."""

import asyncio
import os
import shutil
import signal
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import ExitStack, closing, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from registry import errors
from registry.errors import RegistryError, UnavailableError
from registry.ledger.commitment import Opening
from registry.store import frames, writer
from registry.store.committer import Request
from registry.store.keyring import read_passphrase
from registry.store.logs import ENVIRONMENT
from registry.store.mark import Mark
from registry.store.metrics import Metrics
from registry.store.operator import Operator, home_of, mark_of
from registry.store.sequencer import Sequencer
from registry.store.writer import Writer
from registry.store.writing import Answers, Writing
from tests.books import Book
from tests.world import table


def written(book: Book, does: Callable[[Writer], Awaitable[Any]]) -> Any:
    """What `does` comes to with a writer of the book."""

    async def done() -> Any:
        own = Writer(book.place, read_passphrase(home_of(book.place)), recorded=lambda: None)
        await own.start()
        try:
            return await does(own)
        finally:
            await own.stop()

    return asyncio.run(done())


def gifts(book: Book, count: int) -> list[Request]:
    with book.clerk() as clerk:
        return [clerk.transfer(book.streams["native"], "owner", "bob", 1) for _ in range(count)]


def submitted(own: Writer, request: Request) -> Any:
    return own.submit(request.signed.data, request.signed.signatures, source="somebody")


def mark_at(book: Book) -> Mark:
    with closing(Operator(book.place)) as operator:
        return mark_of(book.place, operator.id)


def process_of(own: Writer) -> int:
    assert own._process is not None
    return own._process.pid


@table(
    "error, kind",
    (errors.RefusedError("nonce_used", index=3), errors.RefusedError),
    (errors.UsageError("malformed", field="", why=None), errors.UsageError),
    (errors.BrokenHistoryError("behind_mark", root=b"\0" * 32), errors.BrokenHistoryError),
    (errors.UnavailableError("busy", waiting=1, most=2), errors.UnavailableError),
    (errors.RegistryError("our_fault"), errors.RegistryError),
)
def test_an_error_is_the_same_on_both_sides(error, kind):
    (message,) = frames.Messages().in_(frames.wrong(7, error))
    number, how, *said = message

    again = frames.error_of(*said)

    assert (number, how, type(again)) == (7, "wrong", kind)
    assert (again.code, again.facts) == (error.code, error.facts)


def test_whatever_an_error_tells_can_be_said():
    odd = {"sum_g": 2**70, "days": {date(2025, 1, 1)}, "of": (1, [None, True]), "text": "\ud800"}
    error = errors.RefusedError("insufficient_holding", **odd)

    ((_, _, *said),) = frames.Messages().in_(frames.wrong(7, error))

    told = {"sum_g": str(2**70), "days": ["2025-01-01"], "of": [1, [None, True]], "text": "\ud800"}
    assert frames.error_of(*said).facts == told


def test_a_request_is_the_same_on_both_sides_however_its_bytes_come():
    openings = [Opening(field="0/0/label", salt=bytes(32), value=["王一", "\ud800"])]
    rows = {(1, 0): [b"row", b"other"], (2, 3): []}
    data = frames.packed(frames.request(b"intent", [b"s" * 64], openings, rows))

    messages = frames.Messages()
    parts = [data[at : at + 7] for at in range(0, len(data), 7)]
    (said,) = [one for part in parts for one in messages.in_(part)]

    assert frames.requested(said) == (b"intent", [b"s" * 64], openings, rows)


def test_what_is_asked_at_once_is_recorded_and_each_has_an_answer_of_their_own(quick: Book):
    requests = gifts(quick, 20)
    size = quick.audited().entries

    async def does(own: Writer) -> list[Any]:
        bad = own.submit(requests[0].signed.data, [bytes(64)], source="somebody")
        asked = [submitted(own, one) for one in requests]
        return await asyncio.gather(bad, *asked, return_exceptions=True)

    refused, *answers = written(quick, does)

    assert refused.code == "bad_signature"
    assert [one.index for (one,) in answers] == list(range(size, size + 20))
    assert quick.audited().entries == size + 20


def test_who_asked_a_writer_that_died_is_told_and_asks_again_with_one_effect(quick: Book):
    first, second = gifts(quick, 2)
    size = quick.audited().entries

    async def does(own: Writer) -> tuple[str, list[int]]:
        os.kill(process_of(own), signal.SIGSTOP)
        asked = submitted(own, first)
        await asyncio.sleep(0)
        os.kill(process_of(own), signal.SIGKILL)
        with pytest.raises(UnavailableError) as lost:
            await asked
        with pytest.raises(UnavailableError, match="writer_away"):
            submitted(own, second)
        await own.there.wait()
        receipts = [await submitted(own, one) for one in (first, first, second)]
        return lost.value.code, [one.index for (one,) in receipts]

    assert written(quick, does) == ("writer_away", [size, size, size + 1])


def test_what_it_was_asked_for_is_recorded_before_it_ends(quick: Book):
    requests = gifts(quick, 5)
    size = quick.audited().entries

    async def does(own: Writer) -> list[Any]:
        asked = [submitted(own, one) for one in requests]
        await own.stop()
        return [one.result() for one in asked]

    assert len(written(quick, does)) == 5
    assert quick.audited().entries == size + 5


def test_whoever_asks_for_what_makes_no_sense_is_in_nobodys_way(quick: Book):
    (request,) = gifts(quick, 1)

    async def does(own: Writer) -> tuple[str, Any]:
        with pytest.raises(RegistryError) as ours:
            await own._ask("submit", "no request", "somebody")
        return ours.value.code, await submitted(own, request)

    code, (receipt,) = written(quick, does)

    assert (code, receipt.index) == ("our_fault", quick.audited().entries - 1)


def test_a_signal_to_the_whole_group_does_not_end_it(quick: Book):
    (request,) = gifts(quick, 1)

    async def does(own: Writer) -> Any:
        for one in (signal.SIGINT, signal.SIGTERM):
            os.kill(process_of(own), one)
        return await submitted(own, request)

    (receipt,) = written(quick, does)

    assert receipt.index == quick.audited().entries - 1


@table("free, most, bound", (4, 2, "WAITING_MAX"), (1, 250, "ROWS_BYTES_WAITING_MAX"))
def test_a_writer_that_is_stuck_is_not_asked_for_more_than_can_wait(
    quick: Book, monkeypatch: pytest.MonkeyPatch, free: int, most: int, bound: str
):
    (request,) = gifts(quick, 1)
    monkeypatch.setattr(writer, bound, most)

    async def does(own: Writer) -> str:
        os.kill(process_of(own), signal.SIGSTOP)
        try:
            for _ in range(free):
                submitted(own, request)
            with pytest.raises(UnavailableError) as busy:
                submitted(own, request)
        finally:
            os.kill(process_of(own), signal.SIGCONT)
        return busy.value.code

    assert written(quick, does) == "busy"


def test_whatever_comes_with_an_intent_counts_of_what_may_wait(
    quick: Book, monkeypatch: pytest.MonkeyPatch
):
    (request,) = gifts(quick, 1)
    monkeypatch.setattr(writer, "ROWS_BYTES_WAITING_MAX", 4_000)
    opened = Opening(field="0/0/label", salt=bytes(32), value="x" * 8_000)

    async def does(own: Writer) -> str:
        with pytest.raises(UnavailableError) as busy:
            await own.submit(request.signed.data, [bytes(64)], [opened], source="somebody")
        return busy.value.code

    assert written(quick, does) == "busy"


def test_a_registry_that_cannot_be_opened_is_said_by_whoever_starts(quick: Book):
    async def does() -> None:
        await Writer(quick.place, b"another passphrase", recorded=lambda: None).start()

    with pytest.raises(RegistryError, match="wrong_passphrase"):
        asyncio.run(does())


def test_whoever_asks_all_the_while_does_not_keep_it_from_being_started_again(quick: Book):
    (request,) = gifts(quick, 1)

    async def does(own: Writer) -> int:
        first = process_of(own)
        os.kill(first, signal.SIGKILL)
        begun = set()
        while not own.there.is_set() or process_of(own) == first:
            with suppress(UnavailableError):
                submitted(own, request).add_done_callback(asyncio.Future.exception)
            begun.add(process_of(own))
            await asyncio.sleep(0)
        return len(begun - {first})

    assert written(quick, does) == 1


def test_whoever_is_answered_before_the_answer_is_waited_for_is_told_at_once(quick: Book):
    (request,) = gifts(quick, 1)
    said = threading.Event()

    class Quick(Sequencer):
        def submit(self, *asked: Any, **more: Any) -> Future[Any]:
            answer = super().submit(*asked, **more)
            assert said.wait(10)
            return answer

    ours, theirs = socket.socketpair()
    with ExitStack() as stack:
        for one in (ours, theirs):
            stack.enter_context(one)
        answers = Answers(theirs)

        def answered() -> None:
            answers.say()
            said.set()

        operator = stack.enter_context(closing(Operator(quick.place)))
        sequencer = stack.enter_context(Quick(operator.committer, answered=answered))
        writing = stack.enter_context(closing(Writing(operator, sequencer, Metrics(), answers)))
        asked = frames.request(request.signed.data, [bytes(64)], (), {})
        writing.take([7, "submit", asked, "somebody"])
        ours.settimeout(10)
        ((number, how, *_),) = frames.Messages().in_(ours.recv(1 << 16))

    assert (number, how) == (7, "wrong")


def test_a_writer_that_is_stuck_does_not_keep_the_server_from_ending(
    quick: Book, monkeypatch: pytest.MonkeyPatch
):
    (request,) = gifts(quick, 1)
    monkeypatch.setattr(writer, "STOP_S", 0.2)

    async def does(own: Writer) -> str:
        os.kill(process_of(own), signal.SIGSTOP)
        asked = submitted(own, request)
        await own.stop()
        error = asked.exception()
        assert isinstance(error, UnavailableError)
        return error.code

    assert written(quick, does) == "writer_away"


def test_of_a_writer_that_is_stuck_nothing_is_known(quick: Book, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writer, "ANSWER_S", 0.1)

    async def does(own: Writer) -> tuple[bytes, bytes]:
        before = await own.metrics()
        os.kill(process_of(own), signal.SIGSTOP)
        stuck = await own.metrics()
        os.kill(process_of(own), signal.SIGCONT)
        return before, stuck

    before, stuck = written(quick, does)

    assert b"registry_log_size" in before
    assert stuck == b""


def test_a_signal_that_comes_before_it_is_ready_does_not_end_it_either(quick: Book):
    async def does() -> None:
        own = Writer(quick.place, read_passphrase(home_of(quick.place)), recorded=lambda: None)
        starting = asyncio.ensure_future(own.start())
        await asyncio.sleep(0)
        for one in (signal.SIGINT, signal.SIGTERM):
            os.kill(process_of(own), one)
        await starting
        await own.stop()

    asyncio.run(does())


def test_a_writer_that_is_stuck_while_it_opens_is_ended_and_whoever_starts_it_is_told(
    quick: Book, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(writer, "OPEN_S", 0.2)

    async def does() -> tuple[str, int | None]:
        own = Writer(quick.place, read_passphrase(home_of(quick.place)), recorded=lambda: None)
        starting = asyncio.ensure_future(own.start())
        await asyncio.sleep(0)
        os.kill(process_of(own), signal.SIGSTOP)
        with pytest.raises(UnavailableError) as stuck:
            await starting
        assert own._process is not None
        return stuck.value.code, own._process.returncode

    assert asyncio.run(does()) == ("writer_away", -signal.SIGKILL)


def test_a_writer_that_is_stopped_is_replaced_and_what_it_was_asked_for_has_one_effect(
    quick: Book, monkeypatch: pytest.MonkeyPatch
):
    requests = gifts(quick, 20)
    size = quick.audited().entries
    mark = mark_at(quick)
    monkeypatch.setattr(writer, "WATCH_S", 0.05)

    async def does(own: Writer) -> tuple[list[str], list[int]]:
        stopped = process_of(own)
        with mark.locked():
            asked = [submitted(own, one) for one in requests]
            # It has read what came before this, and is at it.
            assert await own.metrics()
            os.kill(stopped, signal.SIGSTOP)
        monkeypatch.setattr(writer, "SILENT_LOOKS", 4)
        told = await asyncio.gather(*asked, return_exceptions=True)
        # The next one may take longer.
        monkeypatch.setattr(writer, "SILENT_LOOKS", 10_000)
        await own.there.wait()
        again = await asyncio.gather(*(submitted(own, one) for one in requests))
        return list(map(str, told)), [one.index for (one,) in again]

    assert written(quick, does) == (["writer_away"] * 20, list(range(size, size + 20)))
    assert quick.audited().entries == size + 20


def test_a_writer_that_waits_for_a_lock_for_long_is_not_replaced(
    quick: Book, monkeypatch: pytest.MonkeyPatch
):
    (request,) = gifts(quick, 1)
    mark = mark_at(quick)
    monkeypatch.setattr(writer, "WATCH_S", 0.05)
    monkeypatch.setattr(writer, "SILENT_LOOKS", 40)

    async def does(own: Writer) -> tuple[bool, Any]:
        waits = process_of(own)
        with mark.locked():
            asked = submitted(own, request)
            await asyncio.sleep(3)
        return process_of(own) == waits, await asked

    same, (receipt,) = written(quick, does)

    assert (same, receipt.index) == (True, quick.audited().entries - 1)


def test_only_what_may_have_been_recorded_is_looked_for(quick: Book):
    (request,) = gifts(quick, 1)

    async def does() -> list[int]:
        looks: list[None] = []
        passphrase = read_passphrase(home_of(quick.place))
        own = Writer(quick.place, passphrase, recorded=lambda: looks.append(None))
        await own.start()
        counts = [len(looks)]
        await own.metrics()
        counts.append(len(looks))
        with pytest.raises(errors.RefusedError):
            await own.submit(request.signed.data, [bytes(64)], source="somebody")
        counts.append(len(looks))
        with pytest.raises(RegistryError, match="our_fault"):
            await own._ask("submit", "no request", "somebody")
        counts.append(len(looks))
        await submitted(own, request)
        counts.append(len(looks))
        await own.stop()
        return counts

    assert asyncio.run(does()) == [1, 1, 1, 2, 3]


def test_a_log_that_cannot_be_written_keeps_nobody_from_an_answer_nor_it_from_being_started_again(
    quick: Book, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (request,) = gifts(quick, 1)
    logs = tmp_path / "logs"
    logs.mkdir()
    monkeypatch.setenv(ENVIRONMENT, str(logs / "log"))

    async def does(own: Writer) -> tuple[str, Any]:
        shutil.rmtree(logs)
        with pytest.raises(RegistryError) as ours:
            await own._ask("submit", "no request", "somebody")
        os.kill(process_of(own), signal.SIGKILL)
        await own._gone.wait()
        # It says in vain that it died.
        await asyncio.sleep(writer.AGAIN_S / 2)
        logs.mkdir()
        await asyncio.wait_for(own.there.wait(), 30)
        return ours.value.code, await submitted(own, request)

    code, (receipt,) = written(quick, does)

    assert (code, receipt.index) == ("our_fault", quick.audited().entries - 1)
