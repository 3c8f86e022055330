"""The server's writer: a process that judges and records, and does nothing else.

    the server      python -m registry.store.writing: asks over the socket that is the writer's standard input
    the writer      one thread reads what is asked, the sequencer's records it and says what became of it

What came is recorded and answered before it ends, which it does when the server closes its end: signals that stop the
server's whole group are not for it.
"""

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
from registry.store.beside import collect_seldom
from registry.store.committer import Receipt, Request
from registry.store.logs import place_of_fault, write_error
from registry.store.metrics import Metrics
from registry.store.operator import Operator, mark_of
from registry.store.sequencer import Sequencer

READ_BYTES = 1 << 18


class Answers:
    """Says what became of requests, those of a group together."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._waiting: list[bytes] = []
        self._lock = threading.Lock()

    def add(self, answer: bytes) -> None:
        """Have `answer` said when the next one is."""
        with self._lock:
            self._waiting.append(answer)

    def say(self, answer: bytes = b"") -> None:
        """Say what waits, and `answer`."""
        # Who asked may be gone; what was recorded stays, and is found when it is asked for again.
        with self._lock, suppress(OSError):
            said = b"".join([*self._waiting, answer])
            self._waiting.clear()
            self._line.sendall(said)


class Writing:
    """Takes what is asked for, and has it done."""

    def __init__(
        self, operator: Operator, sequencer: Sequencer, metrics: Metrics, answers: Answers
    ) -> None:
        self._operator = operator
        self._sequencer = sequencer
        self._metrics = metrics
        self._answers = answers
        # Not in the way of whoever reads what is asked.
        self._wholes = ThreadPoolExecutor(1, "wholes")

    def take(self, message: Sequence[Any]) -> None:
        """Have done what `message` asks for; whatever it is, the next one is taken."""
        number, what, *said = message
        try:
            if what == "submit":
                self._submit(number, *said)
            elif what == "record":
                self._record(number, *said)
            else:
                self._answers.say(frames.text(number, self._metrics.text()))
        except Exception as error:  # noqa: BLE001  # a refusal, or ours to find
            self._answers.say(_wrong(number, error))

    def close(self) -> None:
        """Do what is left to be done."""
        self._wholes.shutdown()

    def _submit(self, number: int, said: Sequence[Any], source: str) -> None:
        def answered(done: "Future[Receipt]") -> None:
            self._answers.add(_answer(number, done, lambda: [done.result()]))

        data, signatures, openings, rows = frames.requested(said)
        answer = self._sequencer.submit(data, signatures, openings, rows, source=source)
        # Said when the whole group is answered,
        answer.add_done_callback(answered)
        if answer.done():
            # which may have been before.
            self._answers.say()

    def _record(self, number: int, said: Sequence[Sequence[Any]]) -> None:
        def answered(done: "Future[list[Receipt]]") -> None:
            self._answers.say(_answer(number, done, done.result))

        def recorded() -> list[Receipt]:
            return self._operator.record([_read(one) for one in said])

        self._wholes.submit(recorded).add_done_callback(answered)


def _answer(number: int, done: "Future[Any]", made: Callable[[], Sequence[Receipt]]) -> bytes:
    error = done.exception()
    return frames.made(number, made()) if error is None else _wrong(number, error)


def _wrong(number: int, error: BaseException) -> bytes:
    if isinstance(error, RegistryError):
        return frames.wrong(number, error)
    # Somebody waits for an answer; a person has to look for ours.
    write_error("writer", failure=place_of_fault(error))
    return frames.wrong(number, RegistryError("our_fault"))


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
    opening = next(asked, None)
    if opening is None:
        return
    number, _, said = opening
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
    writing = stack.enter_context(closing(Writing(operator, sequencer, metrics, answers)))
    collect_seldom()
    answers.say(frames.made(number, []))
    for message in asked:
        writing.take(message)


def main() -> int:
    """Write until nobody can ask any more."""
    # It was begun deaf to them, since this line is not its first.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    with socket.socket(fileno=sys.stdin.fileno()) as line, ExitStack() as stack:
        _write(stack, line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
