"""What every answer has: a request's id, headers that keep browsers from doing too much, a line in the log.

    Requests    the id, the headers, the line; and an answer where something went wrong that nobody foresaw
      CORS      for the origins that the settings name
        Bounds    \
        Callers   / see limits.py
          Methods   HEAD as GET without a body, OPTIONS
            the application
"""

import json
import secrets
from collections.abc import Callable, Collection, Sequence
from time import perf_counter

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect

from registry.api.asgi import (
    DISCONNECTED,
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
from registry.api.limits import Bounds, Callers, Kind
from registry.api.principals import Doorkeeper
from registry.api.rates import Rates
from registry.api.request_log import Heard, Request
from registry.api.settings import Settings
from registry.errors import RegistryError
from registry.store.logs import place_of_fault

REQUEST_ID = b"x-request-id"
LOCATION = b"location"
PROBLEM = b"application/problem+json"
PROBLEM_BYTES_MAX = 64 << 10
ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
NOTHING = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
OWN = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    b" connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""For the page that shows the API: it comes from here, all of it, and talks to nobody else."""
DOCS = "/docs"
HSTS = (b"strict-transport-security", b"max-age=31536000")
PRIVATE = (b"cache-control", b"no-store")
PUBLIC = (b"cache-control", b"no-cache")
"""May be kept, and is asked for again: whether it is still so, the ETag says."""
EXPOSED = (
    "Content-Disposition",
    "ETag",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
)
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
ASKED = (
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Last-Event-ID",
)


def guarded(
    app: Application,
    settings: Settings,
    doorkeeper: Doorkeeper,
    *,
    kind_of: Callable[[str], Kind],
    methods_of: Callable[[str], Collection[str]],
    heard: Sequence[Heard] = (),
) -> Application:
    """`app` behind everything that this module and limits.py do.

    Args:
        app: what answers.
        settings: the limits.
        doorkeeper: knows who asks.
        kind_of: what is asked of at a path.
        methods_of: the methods that a path has, without HEAD and OPTIONS; none if there is no such path.
        heard: who is told of every request.
    """
    app = Methods(app, methods_of)
    app = Callers(app, doorkeeper, Rates(settings))
    app = Bounds(app, settings, kind_of)
    if settings.cors_origins:
        app = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_methods=METHODS,
            allow_headers=ASKED,
            expose_headers=EXPOSED,
            max_age=600,
        )
    return Requests(app, heard)


class Requests:
    """Gives each request an id, and each answer its headers; tells of it when it is over."""

    def __init__(self, app: Application, heard: Sequence[Heard] = ()) -> None:
        self._app = app
        self._heard = tuple(heard)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = perf_counter()
        request = Request(id=secrets.token_hex(8), method=scope["method"])
        scope.setdefault("state", {})["request_id"] = request.id
        answer = _Answer(scope, receive, send, request)
        try:
            await self._app(scope, answer.receive, answer.send)
        except ClientDisconnect:
            # Nobody is there to be told.
            pass
        except RegistryError as error:
            await _failed(answer, scope, error, None)
        except Exception as error:  # noqa: BLE001  # the last resort: said to the operator, and nobody else
            request.failure = place_of_fault(error)
            await _failed(answer, scope, RegistryError("server_fault"), 500)
        finally:
            request.seconds = perf_counter() - started_s
            if self._heard:
                self._tell(scope, request)

    def _tell(self, scope: Scope, request: Request) -> None:
        state = scope["state"]
        request.path = getattr(scope.get("route"), "path", "-")
        if "principal" in state:
            request.who = state["principal"].how
        for heard in self._heard:
            heard(request)


class _Answer:
    """Completes an answer while it passes, and counts."""

    __slots__ = ("_problem", "_receive", "_request", "_scope", "_send", "started")

    def __init__(self, scope: Scope, receive: Receive, send: Send, request: Request) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request = request
        self._problem = False
        self.started = False

    async def receive(self) -> Message:
        """What comes next of the request."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._request.bytes_in += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self.started = True
            self._request.status = message["status"]
            message["headers"] = self._completed(message["status"], message.get("headers", ()))
        else:
            body = message.get("body", b"")
            self._request.bytes_out += len(body)
            if self._problem and self._request.problem is None:
                self._request.problem = _code(body)
        await self._send(message)

    def _completed(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> Headers:
        own = dict(headers)
        root: bytes = self._scope.get("root_path", "").encode()
        # As whoever asks has to say it, before what a proxy takes off.
        led = [(name, root + value if name == LOCATION else value) for name, value in headers]
        made = [*led, *ALWAYS, (REQUEST_ID, self._request.id.encode())]
        self._problem = own.get(b"content-type", b"").startswith(PROBLEM)
        if b"content-security-policy" not in own:
            docs = path_of(self._scope).startswith(DOCS)
            made.append((b"content-security-policy", OWN if docs else NOTHING))
        if b"cache-control" not in own:
            made.append(PUBLIC if self._is_public(status) else PRIVATE)
        if self._scope["scheme"] == "https":
            made.append(HSTS)
        return made

    def _is_public(self, status: int) -> bool:
        """Whether others may be given the same answer: nobody in particular asked, and nothing was done."""
        known = header(self._scope, b"authorization") is not None
        return not known and status < 400 and self._scope["method"] in ("GET", "HEAD")


class Methods:
    """Answers HEAD as GET is answered, without a body; and OPTIONS."""

    def __init__(self, app: Application, methods_of: Callable[[str], Collection[str]]) -> None:
        self._app = app
        self._methods_of = methods_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self._head(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "OPTIONS":
            await self._options(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = {**scope, "method": "GET"}
        over = False

        async def sending(message: Message) -> None:
            # An answer that never ends by itself ends here: whoever makes it hears that the client has left.
            nonlocal over
            if not over:
                over = True
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        async def receiving() -> Message:
            return DISCONNECTED if over else await receive()

        await self._app(asked, receiving, sending)
        scope["route"] = asked.get("route")

    async def _options(self, scope: Scope, receive: Receive, send: Send) -> None:
        methods = self._methods_of(path_of(scope))
        if not methods:
            await self._app(scope, receive, send)
            return
        headers = [(b"allow", allowed(methods).encode())]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def allowed(methods: Collection[str]) -> str:
    """What may be asked where there are these methods, as a header says it."""
    head = ("HEAD",) if "GET" in methods else ()
    return ", ".join(sorted({*methods, *head, "OPTIONS"}))


async def _failed(answer: _Answer, scope: Scope, error: RegistryError, status: int | None) -> None:
    """Say so, unless an answer is under way: then it breaks off, and whoever reads it sees that."""
    if not answer.started:
        await send_problem(scope, answer.send, error, status)


def _code(body: bytes) -> str | None:
    if len(body) > PROBLEM_BYTES_MAX:
        return None
    try:
        code = json.loads(body).get("code")
    except (ValueError, AttributeError):
        return None
    return code if isinstance(code, str) else None
