"""The writer as the server sees it: a process of its own records, so that this one's lock is for those who ask.

    the loop       submit -> the writer's socket; its answers, those of a group together -> whoever waits
    other threads  submitted, recorded: the same, and they wait

Where the writer dies it is started again; where it is stopped, it is ended first. Who waited is told that it is not
known what became of their act: asked again, it has one effect, as after every other crash.
"""

import asyncio
import signal
import socket
import subprocess
from asyncio import Future
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from typing import Any, cast

from registry.errors import RefusedError, RegistryError, UnavailableError
from registry.history import NO_ROWS
from registry.ledger.commitment import Opening
from registry.ledger.rows import Beside
from registry.place import Place
from registry.store import beside, frames
from registry.store.committer import Receipt, Request
from registry.store.logs import write_error
from registry.store.sequencer import ROWS_BYTES_WAITING_MAX, WAITING_MAX

AGAIN_S = 0.5
"""So long after it died it is started again."""
OPEN_S = 100.0
"""Longer than it waits for the mark, the head and a database, one after another, before it can be asked."""
STOP_S = 40.0
"""Longer than a commit waits for a database that does not answer."""
ANSWER_S = 3.0
"""Whoever reads what is asked says at once what it measures, whatever is being recorded."""
WATCH_S = 1.0
SILENT_LOOKS = 60
"""At so many looks in a row, WATCH_S apart, one that is stopped has said nothing, though it was asked.

Looks, not seconds: who was stopped together with it has looked once meanwhile.
"""


class Writer:
    """Has acts recorded by a process of its own, from `start` to `stop`; both belong to the loop, as does `submit`."""

    def __init__(self, place: Place, passphrase: bytes, *, recorded: Callable[[], None]) -> None:
        """Nothing runs yet.

        Args:
            place: the registry.
            passphrase: of its keys.
            recorded: called in the loop whenever something may have been recorded; must be quick.
        """
        self._told = {"place": beside.told(place), "passphrase": passphrase}
        self._recorded = recorded
        self._numbers = count()
        self._waiting: dict[int, tuple[Future[Any], int]] = {}
        self._bytes = 0
        self._unsent: list[bytes] = []
        self._measured: Future[bytes] | None = None
        self._heard = False
        self._line: asyncio.Transport | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._gone = asyncio.Event()
        self._stopping = False
        self.there = asyncio.Event()
        """Set while it can be asked."""

    async def start(self) -> None:
        """Start it.

        Raises:
            RefusedError, BrokenHistoryError, UnavailableError: what `Operator` says; `writer_away`.
        """
        self._loop = asyncio.get_running_loop()
        try:
            await self._launch()
        except OSError as error:
            raise UnavailableError("writer_away") from error
        except RegistryError:
            await asyncio.to_thread(self._buried)
            raise
        self._keeping = self._loop.create_task(self._keep())
        self._watching = self._loop.create_task(self._watch())

    async def stop(self, before: Callable[[], object] = lambda: None) -> None:
        """Have it record and answer what it was asked for, and end; where it is stuck for STOP_S it is ended.

        Args:
            before: ends what still asks it; called in another thread, and waited for.
        """
        late = self._loop.call_later(STOP_S, self._end)
        try:
            await asyncio.to_thread(before)
        finally:
            self._watching.cancel()
            self._stopping = True
            if self._line is not None:
                self._send()
                self._line.write_eof()
            await self._keeping
            late.cancel()

    def submit(
        self,
        data: bytes,
        signatures: Sequence[bytes],
        openings: Sequence[Opening] = (),
        rows: Beside = NO_ROWS,
        *,
        source: str,
    ) -> Future[list[Receipt]]:
        """What will be the receipt of the intent `data`, as `Sequencer.submit` has it; in the loop.

        Raises:
            UnavailableError: `busy`, `closing`, `writer_away`.
        """
        return self._ask("submit", frames.request(data, signatures, openings, rows), source)

    def submitted(self, request: Request, *, source: str) -> Receipt:
        """The receipt of `request`, which takes its turn with all others; in any other thread.

        Raises:
            RefusedError, UnavailableError, BrokenHistoryError: as `Sequencer.submit` and its answers.
        """
        (receipt,) = self._from_thread("submit", frames.request_of(request), source)
        return receipt

    def recorded(self, requests: Sequence[Request]) -> list[Receipt]:
        """The receipts of `requests`, recorded as a whole, as `Operator.record` has it; in any other thread.

        Raises:
            RefusedError, UnavailableError, BrokenHistoryError: as `Operator.record`; `busy`, `writer_away`.
        """
        return self._from_thread("record", [frames.request_of(one) for one in requests])

    async def metrics(self) -> bytes:
        """What it measures, in Prometheus' text format; nothing while it is away, or says nothing for ANSWER_S."""
        with suppress(UnavailableError):
            asked = self._measures()
            await asyncio.wait([asked], timeout=ANSWER_S)
            if asked.done():
                return asked.result()
        return b""

    def _measures(self) -> Future[bytes]:
        """What will be what it measures; of one that is stuck it is asked once."""
        if self._measured is None or self._measured.done():
            self._measured = self._ask("measure")
            # Whoever asked may have gone before it was lost.
            self._measured.add_done_callback(Future.exception)
        return self._measured

    def _from_thread(self, what: str, *said: Any) -> list[Receipt]:
        """The answer, for which this thread waits; `said` is spelled out in it, and not in the loop."""

        async def asked() -> list[Receipt]:
            receipts: list[Receipt] = await self._ask(what, *said)
            return receipts

        return asyncio.run_coroutine_threadsafe(asked(), self._loop).result()

    def _ask(self, what: str, *said: Any) -> Future[Any]:
        if self._stopping:
            raise UnavailableError("closing")
        # Nothing comes before it was told what to open, nor while it opens it.
        if self._line is None or not (self.there.is_set() or what == "open"):
            raise UnavailableError("writer_away")
        number, waiting = next(self._numbers), len(self._waiting)
        message = frames.packed([number, what, *said])
        size = len(message)
        # It has bounds of its own, and says so at once, unless it is stuck; but none for openings.
        full = waiting >= 2 * WAITING_MAX or self._bytes + size > 2 * ROWS_BYTES_WAITING_MAX
        # By what it measures it is known to be stuck: that has to be asked, and only once.
        if full and what != "measure":
            raise UnavailableError("busy", waiting=waiting, most=2 * WAITING_MAX)
        answer: Future[Any] = self._loop.create_future()
        self._waiting[number] = answer, size
        self._bytes += size
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent.append(message)
        return answer

    def _send(self) -> None:
        """Send at once what was asked at once."""
        if self._line is not None and self._unsent:
            self._line.write(b"".join(self._unsent))
        self._unsent.clear()

    async def _launch(self) -> None:
        """Start it, and return once it can be asked; one that says nothing for OPEN_S is stuck, and ended."""
        ours, theirs = socket.socketpair()
        with theirs, ExitStack() as unless_connected:
            unless_connected.callback(ours.close)
            with beside.deaf_to(signal.SIGINT, signal.SIGTERM):
                self._process = subprocess.Popen(  # noqa: ASYNC220, S603  # at once; this interpreter, with a module of ours
                    beside.command("registry.store.writing"),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=beside.environment(),
                )
            line, _ = await self._loop.create_unix_connection(lambda: _Line(self), sock=ours)
            unless_connected.pop_all()
        try:
            await asyncio.wait_for(self._ask("open", self._told), OPEN_S)
        except TimeoutError as error:
            self._end()
            raise UnavailableError("writer_away") from error
        except RegistryError:
            line.close()
            raise
        self.there.set()

    async def _keep(self) -> None:
        """Start it again whenever it died, until it is to stop."""
        while True:
            await self._gone.wait()
            code = await asyncio.to_thread(self._buried)
            if self._stopping:
                return
            write_error("writer_died", exit=code)
            await asyncio.sleep(AGAIN_S)
            # What is the matter readiness says; it is tried again.
            with suppress(RegistryError, OSError):
                await self._launch()

    async def _watch(self) -> None:
        """End it where it is stopped. However long it is at an act, it reads what is asked, and says what it measures.

        What it was at is recorded whole or not at all, and the next one is only started when this one has ended.
        """
        looks = 0
        while True:
            self._heard = False
            await asyncio.sleep(WATCH_S)
            asked = self.there.is_set() and bool(self._waiting)
            looks = looks + 1 if asked and not self._heard else 0
            if looks:
                self._measures()
            if looks == SILENT_LOOKS:
                write_error("writer_silent", looks=looks)
                self._end()

    def _buried(self) -> int:
        """How it ended, which it does by itself when nobody can ask it; what it is at is safe from us."""
        assert self._process is not None
        try:
            return self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _end(self) -> None:
        """End one that is stuck; what it is at is safe from us."""
        assert self._process is not None
        self._process.kill()

    def heard(self, answers: Iterable[Sequence[Any]]) -> None:
        """Give whoever waits for them their answers."""
        self._heard = True
        may_be_new = False
        for number, how, *said in answers:
            answer, size = self._waiting.pop(number)
            self._bytes -= size
            told = _told(how, *said)
            # Neither what it measures nor a refusal says that there is an entry.
            may_be_new |= not isinstance(told, bytes | RefusedError)
            if answer.done():
                # Whoever asked is gone.
                continue
            if isinstance(told, RegistryError):
                answer.set_exception(told)
            else:
                answer.set_result(told)
        if may_be_new:
            self._recorded()

    def found(self, line: asyncio.BaseTransport) -> None:
        """It can be told what to open."""
        # Other loops have transports that are none by name.
        self._line = cast("asyncio.Transport", line)
        self._gone.clear()

    def lost(self) -> None:
        """Nobody answers any more: who waits is told."""
        self.there.clear()
        self._line = None
        waiting, self._waiting, self._bytes = self._waiting, {}, 0
        for answer, _ in waiting.values():
            if not answer.done():
                answer.set_exception(UnavailableError("writer_away"))
        self._gone.set()


def _told(how: str, *said: Any) -> list[Receipt] | bytes | RegistryError:
    """What the writer answered: receipts, what it measures, or what was wrong."""
    if how == "made":
        return frames.receipts(*said)
    if how == "text":
        text: bytes = said[0]
        return text
    return frames.error_of(*said)


class _Line(asyncio.Protocol):
    """The server's end of the socket."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._messages = frames.Messages()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._writer.found(transport)

    def data_received(self, data: bytes) -> None:
        self._writer.heard(self._messages.in_(data))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # however it was lost
        self._writer.lost()
