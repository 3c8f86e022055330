"""What one connection may cost: bounds that the web server does not have, kept before a request is one.

    waiting for a head   head_seconds_max, from the connection or the first byte after the last answer; head_bytes_max
    idle                 keep_alive_seconds, between two requests
    after an answer      what is left of a body that was refused is read for LINGER_S, so that the answer is read, too
    writing              write_seconds_max without the client taking anything
    all of them          connections_max, and of one source, that is no proxy of ours, connections_per_source_max

What breaks a bound is told so if nothing else is being said to it, and is cut off.
"""

import asyncio
import ipaddress
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from registry.api.problems import problem_bytes
from registry.api.rates import source_of
from registry.api.settings import Settings
from registry.errors import RefusedError, RegistryError, UnavailableError

LINGER_S = 1.0


def server_options(settings: Settings) -> dict[str, Any]:
    """What uvicorn is told beside the application, its address and its sockets."""
    return {
        "host": settings.host,
        "port": settings.port,
        "root_path": settings.root_path,
        "http": protocol(settings),
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        # By itself it would believe whoever is on this machine.
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
        "timeout_keep_alive": settings.keep_alive_seconds,
        "timeout_graceful_shutdown": ceil_s(settings.stop_seconds_max),
    }


def protocol(settings: Settings) -> type[HttpToolsProtocol]:
    """What speaks HTTP on every connection of one server, which knows of all of them."""
    proxies = [ipaddress.ip_network(one) for one in settings.trusted_proxies]
    open_of: Counter[str] = Counter()

    class Connection(BoundedConnection):
        bounds = settings
        trusted = proxies
        sources = open_of

    return Connection


def ceil_s(seconds: float) -> int:
    """Whole seconds, at least one."""
    return max(1, -int(-seconds // 1))


class Timer:
    """Rings once, unless it is stopped or set anew before."""

    __slots__ = ("_handle",)

    def __init__(self) -> None:
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        """Whether it was set, and not stopped since."""
        return self._handle is not None

    def set(
        self, loop: asyncio.AbstractEventLoop, seconds: float, ring: Callable[[], None]
    ) -> None:
        """Call `ring` in so many seconds."""
        self.stop()
        self._handle = loop.call_later(seconds, ring)

    def stop(self) -> None:
        """Do not ring."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class BoundedConnection(HttpToolsProtocol):
    """A connection that is given up rather than waited for."""

    bounds: Settings
    trusted: list[ipaddress.IPv4Network | ipaddress.IPv6Network]
    sources: Counter[str]
    """How many connections there are from each source."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head_timer = Timer()
        self._write_timer = Timer()
        self._head_bytes = 0
        self._in_head = False
        self._in_body = False
        self._is_long = False
        self._source: str | None = None
        self._refusal: tuple[RegistryError, int] | None = None

    # A connection begins and ends.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the server has it
        """Take a connection, or turn it away."""
        super().connection_made(transport)
        self._source = source_of({"client": self.client})
        self.sources[self._source] += 1
        several = self.sources[self._source] > self.bounds.connections_per_source_max
        if len(self.connections) > self.bounds.connections_max or (
            several and not self._is_proxy()
        ):
            self._turn_away(UnavailableError("too_many_connections"), 503)
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._head_timer.stop()
        self._write_timer.stop()
        if self._source is not None:
            self.sources[self._source] -= 1
            if not self.sources[self._source]:
                del self.sources[self._source]
            self._source = None
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    # A head, and a body, come.

    def data_received(self, data: bytes) -> None:
        """Read on, if there is still something to be said."""
        if self.transport.is_closing():
            return
        was_open = self._in_head
        self._is_long = len(data) > self.bounds.head_bytes_max
        super().data_received(data)
        if self.transport.is_closing() or self._in_body:
            return
        if self._in_head and was_open:
            self._head_bytes += len(data)
            if self._head_bytes > self.bounds.head_bytes_max:
                self._turn_away(_too_long(self.bounds), 431)
                return
        if not self._head_timer.is_set and self._is_idle():
            self._await_head()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, without the space around its value, which is no part of it (RFC 9112, 5)."""
        super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        """Have the request answered, unless its head is too much.

        Raises:
            HttpParserError: it is; `send_400_response` says so.
        """
        self._head_timer.stop()
        self._in_head = False
        self._in_body = True
        several = len(self.headers) > self.bounds.headers_max
        # That a head came in one piece does not make it short.
        if several or (self._is_long and self._head_length() > self.bounds.head_bytes_max):
            self._refusal = (_too_long(self.bounds), 431)
            raise HttpParserError
        if len(self.pipeline) >= self.bounds.pipelined_max:
            raise HttpParserError
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Look for the next head."""
        self._in_body = False
        if self._is_idle():
            # The rest of what had been refused.
            self._head_timer.stop()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request; not long, if this one is still coming, and for nothing."""
        super().on_response_complete()
        if self.transport.is_closing() or not self._is_idle():
            return
        self._head_timer.stop()
        if self._in_body:
            self._head_timer.set(self.loop, LINGER_S, self.transport.close)
        elif self._in_head:
            self._await_head()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # the server's words
        """Say what is wrong with what cannot be read as a request."""
        error, status = self._refusal or (RefusedError("bad_request"), 400)
        self._turn_away(error, status)

    # The client takes nothing of what it is sent.

    def pause_writing(self) -> None:
        """Wait until the client takes something, but not for ever."""
        super().pause_writing()
        late = self.bounds.write_seconds_max
        self._write_timer.set(self.loop, late, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._write_timer.stop()
        super().resume_writing()

    def _await_head(self) -> None:
        self._head_timer.set(self.loop, self.bounds.head_seconds_max, self._head_is_late)

    def _head_is_late(self) -> None:
        error = RefusedError("too_slow", seconds=round(self.bounds.head_seconds_max))
        self._turn_away(error, 408)

    def _turn_away(self, error: RegistryError, status: int) -> None:
        """Say why, unless an answer to something else is under way; and close."""
        self._head_timer.stop()
        if self.transport.is_closing():
            return
        if self._is_idle():
            self.transport.write(_answer(error, status))
        self.transport.close()

    def _is_idle(self) -> bool:
        """Whether nothing is being answered."""
        # The server has no cycle until the first request, whatever its types say.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _head_length(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _is_proxy(self) -> bool:
        if self.client is None:
            return True
        try:
            address = ipaddress.ip_address(self.client[0])
        except ValueError:
            return False
        return any(address in network for network in self.trusted)


def _too_long(bounds: Settings) -> RefusedError:
    return RefusedError(
        "head_too_long", bytes_max=bounds.head_bytes_max, headers_max=bounds.headers_max
    )


def _answer(error: RegistryError, status: int) -> bytes:
    """An answer to what is no request, so that no application gives one."""
    request_id = secrets.token_hex(8)
    status, headers, body = problem_bytes(error, status, None, request_id)
    headers += [
        (b"x-request-id", request_id.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    lines = [name + b": " + value + b"\r\n" for name, value in headers]
    return b"".join([STATUS_LINE[status], *lines, b"\r\n", body])
