"""The server's writer: a process that judges and records, and does nothing else.

    the server      python -m registry.store.writing: asks over the socket that is the writer's standard input
    the writer      one thread reads what is asked, the sequencer's records it and says what became of it

What came is recorded and answered before it ends, which it does when the server closes its end: signals that stop the
server's whole group are not for it.
"""

import gc
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from typing import Any

from registry import history
from registry.errors import RegistryError
from registry.store import beside, frames
from registry.store.committer import Receipt, Request
from registry.store.metrics import Metrics
from registry.store.operator import Operator, mark_of
from registry.store.sequencer import Sequencer

READ_BYTES = 1 << 18
FAULT = "our_fault"


class Answers:
    """Says what became of requests, those of a group together."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._waiting: list[list[Any]] = []
        self._lock = threading.Lock()

    def add(self, answer: list[Any]) -> None:
        """Have `answer` said when the next ones are."""
        with self._lock:
            self._waiting.append(answer)

    def say(self, *answers: list[Any]) -> None:
        """Say these answers, and those that wait."""
        # Who asked may be gone; what was recorded stays, and is found when it is asked for again.
        with self._lock, suppress(OSError):
            said = [*self._waiting, *answers]
            self._waiting.clear()
            if said:
                self._line.sendall(frames.packed(said))


class Desk:
    """Takes what is asked for, and has it done."""

    def __init__(
        self, operator: Operator, sequencer: Sequencer, metrics: Metrics, answers: Answers
    ) -> None:
        self._operator = operator
        self._sequencer = sequencer
        self._metrics = metrics
        self._answers = answers
        # Not in the way of whoever reads what is asked.
        self._beside = ThreadPoolExecutor(1, "beside")
        self._does: dict[str, Callable[..., None]] = {
            "submit": self._submit,
            "record": self._record,
            "measure": self._measure,
        }

    def take(self, message: Sequence[Any]) -> None:
        """Have done what `message` asks for."""
        number, what, *said = message
        self._does[what](number, *said)

    def close(self) -> None:
        """Do what is left to be done."""
        self._beside.shutdown()

    def _submit(self, number: int, said: Sequence[Any], source: str) -> None:
        data, signatures, openings, rows = frames.requested(said)
        try:
            answer = self._sequencer.submit(data, signatures, openings, rows, source=source)
        except RegistryError as error:
            self._answers.say(frames.wrong(number, error))
            return
        answer.add_done_callback(lambda done: self._answered(number, done))

    def _answered(self, number: int, done: "Future[Receipt]") -> None:
        # Said when the whole group is answered.
        self._answers.add(_answer(number, done, lambda: frames.made(number, [done.result()])))

    def _record(self, number: int, said: Sequence[Sequence[Any]]) -> None:
        def recorded() -> list[Receipt]:
            return self._operator.record([_read(one) for one in said])

        self._later(number, recorded, frames.made)

    def _measure(self, number: int) -> None:
        self._later(number, self._metrics.text, lambda number, text: [number, "text", text])

    def _later(
        self, number: int, does: Callable[[], Any], told: Callable[[int, Any], list[Any]]
    ) -> None:
        def answered(done: "Future[Any]") -> None:
            self._answers.say(_answer(number, done, lambda: told(number, done.result())))

        self._beside.submit(does).add_done_callback(answered)


def _answer(number: int, done: "Future[Any]", made: Callable[[], list[Any]]) -> list[Any]:
    error = done.exception()
    if error is None:
        return made()
    return frames.wrong(number, error if isinstance(error, RegistryError) else RegistryError(FAULT))


def _read(said: Sequence[Any]) -> Request:
    data, signatures, openings, rows = frames.requested(said)
    signed = history.check_intent(data, signatures, rows)
    return Request(signed=signed, openings=tuple(openings))


def _asked(line: socket.socket) -> Iterator[Any]:
    """What is asked, until nobody can ask any more."""
    messages = frames.Messages()
    with suppress(ConnectionError):
        while data := line.recv(READ_BYTES):
            yield from messages.in_(data)


def _write(stack: ExitStack, line: socket.socket) -> None:
    answers = Answers(line)
    asked = _asked(line)
    number, _, said = next(asked)
    place, metrics = beside.heard(said["place"]), Metrics()
    try:
        operator = Operator(place, passphrase=said["passphrase"], observer=metrics)
    except RegistryError as error:
        answers.say(frames.wrong(number, error))
        return
    stack.enter_context(closing(operator))
    sequencer = stack.enter_context(Sequencer(operator.committer, answered=answers.say))
    metrics.watch_queue(sequencer)
    metrics.watch_mark(mark_of(place, operator.id))
    desk = stack.enter_context(closing(Desk(operator, sequencer, metrics, answers)))
    # What is there now stays: nobody looks through it for garbage again.
    gc.collect()
    gc.freeze()
    answers.say(frames.made(number, []))
    for message in asked:
        desk.take(message)


def main() -> int:
    """Write until nobody can ask any more."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    with socket.socket(fileno=sys.stdin.fileno()) as line, ExitStack() as stack:
        _write(stack, line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
