"""The tables of projections, kept up by a process of their own: folding is work, and this process answers requests.

    the server      python -m registry.api.tables: told the place on standard input, which it holds open
    the keeper      folds the log into the tables as it grows; says how far it is, a number a line, on standard output

It ends when its standard input does, however the server ended. Where it falls behind or dies, whoever asks the tables
folds what is missing: it is started again, and nobody gets a wrong answer.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import IO

from registry.errors import RegistryError
from registry.ledger.tree import EMPTY_ROOT
from registry.place import Place
from registry.store import beside
from registry.store.follower import Follower
from registry.store.log import PAGE_ENTRIES, Log, Placed
from registry.store.views import Folding, kept_up

AGAIN_S = 1.0
"""So long after it died it is started again."""
STOP_S = 10.0
_NICE = 5
PAUSE_S = 0.2
"""So long, at the least, between two pages: what is recorded meanwhile is folded together, for a third less."""


class TableKeeper:
    """Has the tables at a place kept up, from `start` to `stop`. `size` is how many entries they are of."""

    def __init__(self, place: Place) -> None:
        """Nothing runs yet."""
        self._place = place
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="tables", daemon=True)
        self.size = 0

    def start(self) -> None:
        """Start it, and again whenever it dies."""
        self._thread.start()

    def stop(self) -> None:
        """Have it end with the page that it is at; where it is stuck for STOP_S, at once."""
        self._stopping.set()
        if self._process is not None:
            with suppress(OSError):
                _pipe(self._process.stdin).close()
        if self._thread.is_alive():
            self._thread.join(STOP_S)
            if self._process is not None:
                self._process.kill()
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            # No memory or file for it now: it is tried again.
            with suppress(OSError), self._begun() as process:
                self._process = process
                self._listen(process)
            self._stopping.wait(AGAIN_S)

    def _begun(self) -> "subprocess.Popen[bytes]":
        with beside.deaf_to(signal.SIGINT):
            return subprocess.Popen(  # noqa: S603  # this interpreter, with this very module
                beside.command("registry.api.tables"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=beside.environment(),
            )

    def _listen(self, process: "subprocess.Popen[bytes]") -> None:
        try:
            _pipe(process.stdin).write(f"{json.dumps(beside.told(self._place))}\n".encode())
            _pipe(process.stdin).flush()
            if self._stopping.is_set():
                _pipe(process.stdin).close()
            for line in _pipe(process.stdout):
                self.size = int(line)
        except (OSError, ValueError):
            process.kill()
        finally:
            with suppress(OSError):
                _pipe(process.stdin).close()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


class _Telling:
    """A follower that says how far the tables are, once whoever folds its pages asks for the next one."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    @property
    def size(self) -> int:
        return self._follower.size

    @property
    def root(self) -> bytes | None:
        return self._follower.root

    def pages(self) -> Iterator[list[Placed]]:
        _say(self.size)
        for page in self._follower.pages():
            size = self.size
            yield page
            _say(size)
            if len(page) < PAGE_ENTRIES:
                time.sleep(PAUSE_S)


def _say(size: int) -> None:
    sys.stdout.write(f"{size}\n")
    sys.stdout.flush()


def _keep(folding: Folding, follower: Follower) -> None:
    def ended() -> None:
        sys.stdin.buffer.read()
        follower.stop()

    threading.Thread(target=ended, daemon=True).start()
    folding.keep_up(_Telling(follower))


def main() -> int:
    """Keep the tables up until standard input ends."""
    # Who interrupts the server interrupts whoever holds our input; then there is nothing more to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    place = beside.heard(json.loads(sys.stdin.buffer.readline()))
    try:
        with closing(Log(place)) as log, kept_up(log) as (folding, at):
            root = None if at.root == EMPTY_ROOT else at.root
            _keep(folding, Follower(log, at.size, root=root))
    except (RegistryError, BrokenPipeError):
        # The server says what is the matter with a database; the tables are made good by whoever asks.
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
