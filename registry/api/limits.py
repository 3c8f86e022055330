"""What one request may be, and who makes it.

Bounds    how many bytes a body has, counted while they come; how long it may take to come, and the whole request
Callers   who asks, found out once; and how often they may: by who they are, or else by where they come from

Both are plain ASGI, around the application. What they refuse costs no more than finding it out.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from time import monotonic
from typing import Any, Literal

import anyio
from anyio import to_thread

from registry.api.asgi import (
    Application,
    Headers,
    Message,
    Receive,
    Scope,
    Send,
    header,
    path_of,
    send_problem,
)
from registry.api.principals import KEY_BEGINS, NOBODY, Doorkeeper, Principal
from registry.api.rates import Rates, source_of
from registry.api.settings import Settings
from registry.errors import RefusedError, RegistryError, UnavailableError, require

Kind = Literal["plain", "upload", "stream"]
"""Of a path: most; those that take files; those whose answers go on until the client leaves."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = frozenset({"/health", "/ready", "/metrics"})
"""What a machine asks every few seconds, and is answered out of memory."""
IDENTIFIED_AT_ONCE = 8
LET_IN_MAX = 10_000
AGAIN_S = 1.0
"""Whose body takes longer is asked for again when it is here: their key may have been revoked meanwhile."""
DISCONNECTED: Message = {"type": "http.disconnect"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How much a request may be, and how long it may take."""

    bytes_max: int
    body_s: float
    request_s: float | None
    """None for an answer that does not end by itself."""


class GaveUpError(Exception):
    """Raised out of `receive` to whoever reads a body of which no more is taken: the answer is given already."""


class Bounds:
    """Lets bodies and requests be only so long, in bytes and in seconds.

    An act that is being recorded when its time is up is recorded: who asked is told to ask again, and then hears of it.
    """

    def __init__(
        self, app: Application, settings: Settings, kind_of: Callable[[str], Kind]
    ) -> None:
        self._app = app
        self._kind_of = kind_of
        self._uploads: Counter[bytes] = Counter()
        """By who hands them in, as far as their credentials tell; hashes."""
        self._uploads_max = settings.uploads_max
        self._bounds: Mapping[Kind, Bound] = {
            "plain": Bound(
                bytes_max=settings.body_bytes_max,
                body_s=settings.body_seconds_max,
                request_s=settings.request_seconds_max,
            ),
            "upload": Bound(
                bytes_max=settings.upload_bytes_max,
                body_s=settings.upload_seconds_max,
                request_s=settings.upload_seconds_max,
            ),
            "stream": Bound(
                bytes_max=settings.body_bytes_max,
                body_s=settings.body_seconds_max,
                request_s=None,
            ),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kind = self._kind_of(path_of(scope))
        if kind == "upload" and header(scope, b"authorization") is None:
            # Whoever hands in a file has to say who they are; nobody else's is held in memory to find that out.
            kind = "plain"
        bound = self._bounds[kind]
        said = header(scope, b"content-length") or b"0"
        if said.isdigit() and (len(said) > 18 or int(said) > bound.bytes_max):
            error = RefusedError("too_long", bytes=said.decode(), bytes_max=bound.bytes_max)
            await send_problem(scope, send, error, 413)
        elif kind == "upload":
            await self._upload(scope, receive, send)
        else:
            await _Exchange(scope, receive, send, bound).run(self._app)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that may be large, if not too many others do so at the moment."""
        who = sha256(header(scope, b"authorization") or b"").digest()
        # One who is slow with all of theirs leaves half of the places to others.
        own_max = -(-self._uploads_max // 2)
        if self._uploads.total() >= self._uploads_max or self._uploads[who] >= own_max:
            await send_problem(scope, send, UnavailableError("too_many_uploads"), 503)
            return
        self._uploads[who] += 1
        try:
            await _Exchange(scope, receive, send, self._bounds["upload"]).run(self._app)
        finally:
            self._uploads[who] -= 1
            if not self._uploads[who]:
                del self._uploads[who]


class _Exchange:
    """A request and its answer, while they go to and fro."""

    __slots__ = (
        "_answer",
        "_bound",
        "_complete",
        "_first_s",
        "_receive",
        "_refused",
        "_scope",
        "_send",
        "_started",
        "_taken",
        "_task",
        "_timer",
        "_waiting",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, bound: Bound) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._bound = bound
        self._first_s = min(bound.body_s, bound.request_s or bound.body_s)
        self._taken = 0
        self._complete = False
        self._waiting = False
        self._started = False
        self._refused = False
        self._answer: asyncio.Task[None] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, app: Application) -> None:
        """Have `app` answer within the bounds; if it does not, somebody else has by the time this returns."""
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(self._first_s, self._is_late)
        try:
            await app(self._scope, self.receive, self.send)
        except asyncio.CancelledError:
            if not self._refused:
                raise
            assert self._task is not None
            self._task.uncancel()
        except Exception:
            # What comes of being interrupted by us is nobody's mistake.
            if not self._refused:
                raise
        finally:
            self._timer.cancel()
            if self._answer is not None:
                await self._answer

    async def receive(self) -> Message:
        """What comes next of the request.

        Raises:
            GaveUpError: it is too long.
        """
        if self._refused:
            return DISCONNECTED
        self._waiting = not self._complete
        message = await self._receive()
        self._waiting = False
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            if self._taken > self._bound.bytes_max:
                most = self._bound.bytes_max
                self._refuse(RefusedError("too_long", bytes=self._taken, bytes_max=most), 413)
                raise GaveUpError
            self._complete = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer, unless another one was given."""
        if not self._refused:
            self._started = True
            await self._send(message)

    def _is_late(self) -> None:
        """Look, when the body ought to have come, whether it is what is being waited for; if not, wait on."""
        bound = self._bound
        if self._waiting:
            self._interrupt(RefusedError("too_slow", seconds=round(self._first_s)), 408)
        elif bound.request_s is not None:
            left_s = bound.request_s - self._first_s
            self._timer = asyncio.get_running_loop().call_later(left_s, self._request_is_late)

    def _request_is_late(self) -> None:
        self._interrupt(UnavailableError("too_long_at_work"), 504)

    def _interrupt(self, error: RegistryError, status: int) -> None:
        self._refuse(error, status)
        assert self._task is not None
        self._task.cancel()

    def _refuse(self, error: RegistryError, status: int) -> None:
        """Answer with `error`, at once: the application may be in a thread that cannot be interrupted."""
        self._refused = True
        if not self._started:
            answer = send_problem(self._scope, self._send, error, status)
            self._answer = asyncio.get_running_loop().create_task(answer)


class Callers:
    """Finds out who asks, for the application too (`request.state.principal`), and holds them to their rate."""

    def __init__(self, app: Application, doorkeeper: Doorkeeper, rates: Rates) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._rates = rates
        self._threads: dict[bool, anyio.CapacityLimiter] = {}
        """By whether an issuer may have to be asked."""
        self._let_in: dict[bytes, None] = {}
        """Hashes of credentials that were good the last time. Each is looked at again every time."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["principal"] = NOBODY
        if path_of(scope) in OPEN:
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._identified(scope)
            state["principal"] = principal
            caller = source_of(scope) if principal is NOBODY else principal.subject
            told = self._rates.spend(_rate(principal, scope["method"]), caller)
        except RegistryError as error:
            await send_problem(scope, send, error, _status(error))
            return
        answer = partial(_send_with, send, told) if told else send
        if principal is NOBODY:
            await self._app(scope, receive, answer)
        else:
            await _Slow(scope, receive, answer, self._identified).run(self._app)

    async def _identified(self, scope: Scope) -> Principal:
        """Who asks.

        Raises:
            RegistryError: as Doorkeeper.identify does; `too_often` if from there too many were not let in.
        """
        presented = [value for name, value in scope["headers"] if name == b"authorization"]
        if not presented:
            return NOBODY
        source = source_of(scope)
        known = sha256(b"\n".join(presented)).digest()
        if known not in self._let_in:
            # Of somebody who guesses, those who share their address take no harm.
            self._rates.look("credentials", source)
        require(len(presented) == 1, "bad_credentials")
        # Who presents a token may have to wait for an issuer, and so may a stranger: nobody with a key waits for them.
        waits = KEY_BEGINS.encode() not in presented[0][:32]
        if waits not in self._threads:
            # It belongs to the loop that runs, which there is only now.
            self._threads[waits] = anyio.CapacityLimiter(IDENTIFIED_AT_ONCE)
        limiter = self._threads[waits]
        try:
            principal = await to_thread.run_sync(
                self._doorkeeper.identify, presented[0].decode("latin-1"), limiter=limiter
            )
        except RefusedError:
            self._let_in.pop(known, None)
            self._rates.spend("credentials", source)
            raise
        if known not in self._let_in and len(self._let_in) >= LET_IN_MAX:
            del self._let_in[next(iter(self._let_in))]
        self._let_in[known] = None
        return principal


class _Slow:
    """A request of somebody who is known, and who is asked for again when its body took long to come."""

    __slots__ = ("_again_s", "_identified", "_receive", "_refused", "_scope", "_send", "_started")

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        identified: Callable[[Scope], Awaitable[Principal]],
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._identified = identified
        self._again_s = monotonic() + AGAIN_S
        self._refused: RegistryError | None = None
        self._started = False

    async def run(self, app: Application) -> None:
        """Have `app` answer, or say why it does not."""
        try:
            await app(self._scope, self.receive, self.send)
        except Exception:
            # What comes of a body that never ends is nobody's mistake.
            if self._refused is None:
                raise
        if self._refused is not None:
            await send_problem(self._scope, self._send, self._refused, _status(self._refused))

    async def receive(self) -> Message:
        """What comes next of the request; nothing more, once it is known that they may not ask any more."""
        if self._refused is not None:
            return DISCONNECTED
        message = await self._receive()
        complete = message["type"] == "http.request" and not message.get("more_body", False)
        if complete and not self._started and monotonic() >= self._again_s:
            self._again_s = math.inf
            try:
                self._scope["state"]["principal"] = await self._identified(self._scope)
            except RegistryError as error:
                self._refused = error
                return DISCONNECTED
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer, unless it is refused."""
        if self._refused is None:
            self._started = True
            await self._send(message)


async def _send_with(send: Send, told: Headers, message: Message) -> None:
    if message["type"] == "http.response.start":
        message["headers"] = [*message.get("headers", ()), *told]
    await send(message)


def _rate(principal: Principal, method: str) -> str:
    name = "read" if method in SAFE else "write"
    return name if principal is NOBODY else f"{name}-login"


def _status(error: RegistryError) -> int | None:
    if isinstance(error, RefusedError):
        return {"too_often": 429, "subject_unbound": 403}.get(error.code, 401)
    return None
