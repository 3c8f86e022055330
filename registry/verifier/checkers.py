"""Signatures checked in processes of their own, so that every processor helps an audit, and in order.

    who audits   ask(signatures) ... ask(signatures)   answer() ... answer()   answers come in the order of asking
    a checker    python -m registry.verifier.checkers: reads frames, answers each with a byte per signature

A frame is its length (4 bytes) and, for each signature, the message's length (4 bytes), public key, signature, message.
A checker says yes or no and nothing else: of a no, whoever audits finds the reason, with its own eyes. One that dies
or says anything else stops the audit; it never makes it pass.
"""

import fcntl
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import IO

from registry.errors import RefusedError, UnavailableError
from registry.ledger.keys import PUBLIC_BYTES, SIGNATURE_BYTES, SUITE, check_signature

Signature = tuple[bytes, bytes, bytes]
"""Public key, signature, message."""

PIPE_BYTES = 1 << 20
"""So much may be asked ahead before whoever asks has to wait."""
YES, NO = b"\x01", b"\x00"
_LENGTH_BYTES = 4
_HEAD_BYTES = PUBLIC_BYTES + SIGNATURE_BYTES
_COMMAND = (sys.executable, "-P", "-m", "registry.verifier.checkers")
"""Never from the directory that one happens to be in: it may be a stranger's copy. What is imported is what is here."""


class Checkers:
    """So many processes, asked by turns. Not for several threads."""

    def __init__(self, processes: Sequence["subprocess.Popen[bytes]"]) -> None:
        self.processes = processes
        self._asked: deque[tuple[subprocess.Popen[bytes], int]] = deque()
        self._turn = 0

    def ask(self, signatures: Sequence[Signature]) -> None:
        """Have `signatures` checked by the next process.

        Raises:
            UnavailableError: `checker_died`.
        """
        process = self.processes[self._turn % len(self.processes)]
        self._turn += 1
        self._asked.append((process, len(signatures)))
        try:
            _write(_pipe(process.stdin), _frame(signatures))
        except BrokenPipeError as error:
            raise UnavailableError("checker_died", process=process.pid) from error

    def answer(self) -> list[bool]:
        """Of those asked longest ago: whether each signature holds.

        Raises:
            UnavailableError: `checker_died`, or it said something that is no answer.
        """
        process, count = self._asked.popleft()
        said = _read(_pipe(process.stdout), count)
        if len(said) != count or said.strip(YES + NO):
            raise UnavailableError("checker_died", process=process.pid)
        return [byte == YES[0] for byte in said]


@contextmanager
def started(count: int) -> Iterator[Checkers]:
    """`count` checkers, which end when this does, however it ends."""
    with ExitStack() as stack:
        yield Checkers([stack.enter_context(_process()) for _ in range(count)])


@contextmanager
def _process() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(  # noqa: S603  # this interpreter, with this very module
        _COMMAND,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    ) as process:
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            # More than this user may have is refused; then there is less ahead.
            with suppress(PermissionError):
                fcntl.fcntl(_pipe(process.stdin), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        try:
            yield process
        finally:
            process.kill()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def _frame(signatures: Iterable[Signature]) -> bytes:
    pieces = [b""]
    for public, signature, message in signatures:
        assert len(public) == PUBLIC_BYTES
        assert len(signature) == SIGNATURE_BYTES
        pieces += len(message).to_bytes(_LENGTH_BYTES, "big"), public, signature, message
    pieces[0] = sum(map(len, pieces)).to_bytes(_LENGTH_BYTES, "big")
    return b"".join(pieces)


def _write(pipe: IO[bytes], data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[pipe.write(left) :]


def _read(pipe: IO[bytes], count: int) -> bytes:
    """The next `count` bytes, or as many as come."""
    read = b""
    while len(read) < count and (more := pipe.read(count - len(read))):
        read += more
    return read


def _holds(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        check_signature((SUITE, public), message, signature)
    except RefusedError:
        return False
    return True


def _answers(frame: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(frame):
        start = place + _LENGTH_BYTES
        message = start + _HEAD_BYTES
        end = message + int.from_bytes(frame[place:start], "big")
        public, signature = (
            frame[start : start + PUBLIC_BYTES],
            frame[start + PUBLIC_BYTES : message],
        )
        yield YES if _holds(public, signature, frame[message:end]) else NO
        place = end


def main() -> None:
    """Answer frames from standard input on standard output until there are no more."""
    # Who interrupts an audit interrupts whoever asks us; then there is nothing more to read.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asked, said = sys.stdin.buffer, sys.stdout.buffer
    while len(length := _read(asked, _LENGTH_BYTES)) == _LENGTH_BYTES:
        frame = _read(asked, int.from_bytes(length, "big"))
        said.write(b"".join(_answers(frame)))
        said.flush()


if __name__ == "__main__":
    main()
