"""A server that is stopped, killed and started again under load: what was acknowledged is there once, and once only.

Clients ask until they are answered, as docs/api.md tells them to: the same intent again, the same request under the
same Idempotency-Key. Beside them others send half of a request and leave.
"""

import http.client
import itertools
import os
import signal
import socket
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from urllib.request import urlopen

import psycopg
import pytest

from registry.place import Place
from registry.place import Server as Address
from registry.store.log import Moment
from registry.store.operator import Operator
from tests.api.processes import Answer, Line, Process, key_of, size_of
from tests.books import Book, live_at
from tests.grounds import Schemas, schemas
from tests.servers import HOST, eventually, server
from tests.store.conftest import write_quickly

__all__ = ["schemas", "server"]

CLIENTS = 4
ACTS = 6
"""So many a client has done at least between two ends of the server."""
PAUSE_S = 0.02
STOP_S = 5
STATED = {"purpose": "enterprise", "period": ["2025-01-01", "2025-12-31"], "place": "510100"}
WRITER = "the writer alone"
ENDS = {
    "sqlite": (signal.SIGKILL, WRITER, signal.SIGTERM, signal.SIGKILL),
    "postgres": (WRITER, signal.SIGTERM, signal.SIGKILL),
}


@dataclass
class Served:
    """A registry, its server, and whoever owns 10 kg in it."""

    book: Book
    process: Process
    owner: str
    who: dict[str, str]

    def retirement(self, line: Line, key: str) -> Answer:
        said = {**STATED, "holder": self.owner, "amount": "1g"}
        return line.post("/retirements", said, self.who, key=key)


@pytest.fixture(scope="module", params=ENDS)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    base: Path = tmp_path_factory.mktemp("restarts")
    with ExitStack() as stack:
        live_at(base, stack.enter_context(pytest.MonkeyPatch.context()))
        place = base / "registry"
        if request.param == "postgres":
            names = ("server", "schemas")
            ground = Schemas(*(request.getfixturevalue(name) for name in names))
            stack.callback(ground.close)
            place = ground.place(base)
        book = write_quickly(place)
        owner = book.accounts["owner"]
        process = stack.enter_context(Process(place, stop_seconds_max=STOP_S))
        process.listens()
        yield Served(book, process, owner, key_of(place, owner))


@dataclass
class Load:
    """Clients who act one after the other, and ask again for as long as they have no answer."""

    served: Served
    done: list[Answer] = field(default_factory=list)
    asked: int = 0
    """How often; oftener than it was answered, where an answer was lost."""

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._given_up = threading.Event()
        self._changed = threading.Condition()

    def client(self, number: int) -> None:
        line = self.served.process.line()
        with closing(line), self.served.book.clerk() as clerk:
            for act in itertools.count():
                if self._stopping.is_set():
                    return
                ask = partial(self.served.retirement, line, f"{number} {act}")
                if act % 2:
                    signed = clerk.transfer(self.served.book.streams["native"], "owner", "bob", 1)
                    ask = partial(line.submit, signed)
                answer = self._answered(line, ask)
                with self._changed:
                    self.done.append(answer)
                    self._changed.notify_all()

    def _answered(self, line: Line, ask: Callable[[], Answer]) -> Answer:
        while not self._given_up.is_set():
            self.asked += 1
            with suppress(OSError, http.client.HTTPException):
                answer = ask()
                if answer.status == 201:
                    return answer
                assert answer.status == 503, answer
            line.close()
            self._given_up.wait(PAUSE_S)
        raise AssertionError("given up")

    def breaker(self) -> None:
        """Sends half of a request, in its head or its body, and leaves: politely, or at once."""
        head = b"POST /v1/intents HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        halves = (head, head + b'content-length: 1000\r\n\r\n{"intent": "')
        for half, reset in itertools.cycle(itertools.product(halves, (True, False))):
            if self._stopping.wait(PAUSE_S):
                return
            with suppress(OSError), socket.create_connection((HOST, self.served.process.port)) as s:
                s.sendall(half)
                if reset:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def goes_on(self, more: int, clients: list[Future[None]]) -> None:
        """Return when so many more acts are done."""
        with self._changed:
            enough = len(self.done) + more
            while len(self.done) < enough:
                assert self._changed.wait(60), "nothing is done any more"
                assert not any(client.done() for client in clients), clients

    def stop(self, *, served: bool) -> None:
        """Return at once; the clients end when they are answered, if somebody is there to answer."""
        self._stopping.set()
        if not served:
            self._given_up.set()


def test_whatever_was_acknowledged_is_there_once(served: Served, request: pytest.FixtureRequest):
    load, process = Load(served), served.process
    with closing(Operator(served.book.place)) as operator:
        before = size_of(operator)

    with ThreadPoolExecutor(CLIENTS + 1) as threads:
        clients = [threads.submit(load.client, number) for number in range(CLIENTS)]
        clients.append(threads.submit(load.breaker))
        try:
            for end in ENDS[request.node.callspec.params["served"]]:
                load.goes_on(CLIENTS * ACTS, clients)
                if end == WRITER:
                    os.kill(process.writer(), signal.SIGKILL)
                    continue
                process.tell(end)
                assert process.ended() == (-signal.SIGKILL if end == signal.SIGKILL else 0)
                process.start()
                process.listens()
            load.goes_on(CLIENTS * ACTS, clients)
            load.stop(served=True)
        except BaseException:
            load.stop(served=False)
            raise
    for client in clients:
        client.result()

    indexes = [index for answer in load.done for index in answer.indexes]
    with closing(Operator(served.book.place)) as operator:
        assert sorted(indexes) == list(range(before, size_of(operator)))
        with operator.log.recorder.reading() as cursor:
            moment = Moment(cursor)
            for answer in load.done:
                (index,) = answer.indexes
                leaf = answer.told.get("leaf") or answer.told["entries"][0]["leaf"]
                assert moment.placed(index).leaf.hex() == leaf
    assert load.asked > len(load.done)
    served.book.audited()


def asks_in_flight(served: Served, count: int, threads: ThreadPoolExecutor) -> list[Future[Answer]]:
    """What will be the answers to so many requests, none of which can be answered while somebody holds the log."""

    def answer(number: int) -> Answer:
        with closing(served.process.line()) as line:
            return served.retirement(line, f"in flight {number}")

    before = in_flight(served.process)
    asked = [threads.submit(answer, number) for number in range(count)]
    eventually(lambda: in_flight(served.process) == before + count, "requests to be in flight")
    return asked


def in_flight(process: Process) -> int:
    """How many requests are being answered, this one among them."""
    with urlopen(f"http://{HOST}:{process.port}/metrics") as answer:
        (line,) = (
            line
            for line in answer.read().decode().splitlines()
            if line.startswith('registry_http_in_flight{kind="plain"} ')
        )
    return int(float(line.partition(" ")[2]))


@contextmanager
def log_held(place: Place) -> Iterator[None]:
    """Nobody can write to the log until the end of the block."""
    if isinstance(place, Address):
        with psycopg.connect(place.url) as connection:
            connection.execute("SELECT 1 FROM head FOR UPDATE")
            yield
        return
    with closing(sqlite3.connect(place / "registry.db", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def test_a_stop_answers_what_is_in_flight_however_often_it_is_told_to(served: Served):
    process = served.process
    with ThreadPoolExecutor(3) as threads:
        with log_held(served.book.place):
            asked = asks_in_flight(served, 3, threads)
            process.tell(signal.SIGTERM)
            eventually(lambda: not listens(process), "the server to take no more")
        answers = [one.result() for one in asked]

    assert process.ended(told=signal.SIGTERM) == 0
    assert [answer.status for answer in answers] == [201] * 3
    process.start()
    process.listens()


def listens(process: Process) -> bool:
    with suppress(OSError), socket.create_connection((HOST, process.port)):
        return True
    return False


def test_a_stop_waits_for_nobody_for_ever(served: Served):
    process = served.process
    head = b"POST /v1/intents HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    with ExitStack() as left:
        for half in (b"", b"GET /he", head, head + b'content-length: 1000\r\n\r\n{"intent": "'):
            line = left.enter_context(socket.create_connection((HOST, process.port)))
            line.sendall(half)
        begun = monotonic()

        assert process.stop() == 0
        assert monotonic() - begun < 2 * STOP_S
    process.start()
    process.listens()
    served.book.audited()
