"""Stands between clients and a PostgreSQL server, and breaks the line between them at the moment it is told.

It reads along, and passes on whole messages only:

    startup          length (4 bytes, itself included), code (4 bytes), …; from the client, and first
    everything else  type (1 byte), length (4 bytes, itself included, the type not), …

An answer is over with ReadyForQuery ('Z'): the server sends one after it has greeted, and one for each Query ('Q') and
Sync ('S').
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from typing import Self

from tests.servers import HOST, PATIENCE_S, SUPERUSER, Server, ServerError, free_port, url_at

READ_BYTES = 1 << 16
ASKS_TO_ENCRYPT = {80877103, 80877104}  # SSLRequest, GSSENCRequest
SYNC = struct.pack("!cI", b"S", 4)


class Moment(Enum):
    """When the line breaks, of the statement at which it breaks."""

    BEFORE = "the server never gets it"
    AFTER = "the server has done it; the client is not told"
    LATE = "the client is cut off; the server gets it when `deliver` is called, and may do other things first"


def _messages(came: bytearray) -> Iterator[bytes]:
    """Takes whole messages off the front of `came`."""
    while len(came) >= 5:
        end = 1 + int.from_bytes(came[1:5])
        if len(came) < end:
            return
        yield bytes(came[:end])
        del came[:end]


def _shut(end: socket.socket) -> None:
    """Nothing goes in or out any more, and whoever waits for it wakes."""
    with suppress(OSError):  # the other side was quicker
        end.shutdown(socket.SHUT_RDWR)


class _Statements:
    """What a client has the server execute, by its messages."""

    def __init__(self) -> None:
        self._prepared: dict[bytes, bytes] = {}
        self._portals: dict[bytes, bytes] = {}

    def executed(self, message: bytes) -> str | None:
        """The statement that this message executes, if it does."""
        first, _, rest = message[5:].partition(b"\0")
        second = rest.partition(b"\0")[0]
        match message[:1]:
            case b"Q":
                return first.decode(errors="replace")
            case b"P":
                self._prepared[first] = second
            case b"B":
                self._portals[first] = self._prepared.get(second, b"")
            case b"E":
                return self._portals.get(first, b"").decode(errors="replace")
        return None


class _Line:
    """One client's connection, and the one to the server that goes with it."""

    def __init__(self, relay: "Relay", client: socket.socket, server: socket.socket) -> None:
        self._relay = relay
        self._client = client
        self._server = server
        self._asked = 1  # answers that the server owes or has given: the first is its greeting
        self._last: int | None = None
        """The answer that the client does not get any more."""
        self._answered = threading.Event()
        self.is_late = False
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def cut(self) -> None:
        _shut(self._client)
        _shut(self._server)

    def _carry(self) -> None:
        back = threading.Thread(target=self._until_cut, args=[self._to_client], daemon=True)
        back.start()
        self._until_cut(self._to_server)
        back.join()
        self._client.close()
        self._server.close()

    def _until_cut(self, carry: Callable[[], None]) -> None:
        with suppress(OSError):  # cut while it waited or sent
            carry()
        self.cut()

    def _read(self, end: socket.socket) -> bytes:
        """What came next; raises OSError when nothing will any more."""
        came = end.recv(READ_BYTES)
        self._relay.flowing.wait()
        if not came:
            raise BrokenPipeError
        return came

    # --- from the client ---

    def _to_server(self) -> None:
        came, statements = bytearray(), _Statements()
        self._greet(came)
        while True:
            passed = bytearray()
            for message in _messages(came):
                statement = statements.executed(message)
                moment = None if statement is None else self._relay.moment_of(statement)
                if moment is Moment.BEFORE:
                    self._server.sendall(passed)
                    self.cut()
                    self._relay.broke.set()
                    return
                if moment is not None:
                    self._last = self._asked + 1
                if moment is Moment.LATE:
                    self._server.sendall(passed)
                    self._late(message)
                    return
                passed += message
                self._asked += message[:1] in (b"Q", b"S")
            self._server.sendall(passed)
            came += self._read(self._client)

    def _greet(self, came: bytearray) -> None:
        """The startup message goes to the server; encryption is declined in its name."""
        while True:
            while len(came) < 8 or len(came) < int.from_bytes(came[:4]):
                came += self._read(self._client)
            length, code = struct.unpack("!II", came[:8])
            message = bytes(came[:length])
            del came[:length]
            if code not in ASKS_TO_ENCRYPT:
                self._server.sendall(message)
                return
            self._client.sendall(b"N")

    def _late(self, message: bytes) -> None:
        self.is_late = True
        _shut(self._client)
        self._relay.broke.set()
        self._relay.delivery.wait()
        self._server.sendall(message if message[:1] == b"Q" else message + SYNC)
        self._answered.wait()

    # --- from the server ---

    def _to_client(self) -> None:
        came, answer = bytearray(), 1
        try:
            while True:
                passed = bytearray()
                for message in _messages(came):
                    if answer != self._last:
                        passed += message
                    if message[:1] == b"Z":
                        if answer == self._last:
                            self.cut()
                            self._relay.broke.set()
                            return
                        answer += 1
                if passed:
                    self._client.sendall(passed)
                came += self._read(self._server)
        finally:
            self._answered.set()


class Relay:
    """A port that leads to `server`. Everything flows until one of its methods says otherwise."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lines: list[_Line] = []
        self._lock = threading.Lock()
        self._armed: tuple[Moment, str] | None = None
        self.flowing = threading.Event()
        self.flowing.set()
        self.broke = threading.Event()
        self.delivery = threading.Event()
        self.port = free_port()
        self.admit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, database: str = SUPERUSER, user: str = SUPERUSER, **query: str | int) -> str:
        return url_at(self.port, database, user, query)

    # --- connections ---

    def admit(self) -> None:
        """New connections are taken again."""
        self._listener = socket.create_server((HOST, self.port))
        self._door = threading.Thread(target=self._take, args=[self._listener], daemon=True)
        self._door.start()

    def refuse(self) -> None:
        """New connections are refused. Those that are open stay."""
        _shut(self._listener)  # wakes whoever waits in accept()
        self._door.join()
        self._listener.close()

    def _take(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # refuse() shut it
                return
            try:
                server = socket.create_connection((HOST, self._server.port))
            except OSError:  # the server is down: so is the line
                client.close()
                continue
            with self._lock:
                self._lines = [line for line in self._lines if line.thread.is_alive()]
                self._lines.append(_Line(self, client, server))

    def cut(self) -> None:
        """All open connections are cut, now. Their server learns of it too."""
        with self._lock:
            for line in self._lines:
                line.cut()

    def hold(self) -> None:
        """Nothing goes through any more, and nobody hears of it: a network that is silent."""
        self.flowing.clear()

    def release(self) -> None:
        """What was held goes through, and everything after it."""
        self.flowing.set()

    # --- the line breaks at a statement ---

    def cut_at(self, moment: Moment, statement: str = "COMMIT") -> None:
        """Break the line of whoever next executes a statement that starts with `statement`; once."""
        self.broke.clear()
        self.delivery.clear()
        with self._lock:
            self._armed = (moment, statement.upper())

    def moment_of(self, statement: str) -> Moment | None:
        """When to break the line, if it is to be broken at this statement."""
        with self._lock:
            if self._armed is None or not statement.lstrip().upper().startswith(self._armed[1]):
                return None
            (moment, _), self._armed = self._armed, None
            return moment

    def wait_until_cut(self) -> None:
        if not self.broke.wait(PATIENCE_S):
            raise ServerError("no statement came at which to cut")

    def deliver(self) -> None:
        """The server gets the statement that was kept from it, and has answered it."""
        self.delivery.set()
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            if line.is_late:
                line.thread.join(PATIENCE_S)

    def close(self) -> None:
        self.refuse()
        self.cut()
        self.release()
        self.delivery.set()
        for line in self._lines:
            line.thread.join(PATIENCE_S)
