"""For who runs the server: is it alive, may it be asked, what does it measure; and the page that shows the API.

/health    the process answers
/ready     503 while it stops, while the database is away, and where the log is behind the mark, or not the one seen
/metrics   Prometheus' text
/docs      the API to read and try, from files of this server alone
"""

import hmac
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Request
from pydantic import BaseModel
from starlette.responses import FileResponse, Response

from registry.api.conventions import json_response, problems
from registry.api.runtime import Runtime
from registry.errors import RegistryError, UnavailableError, require
from registry.store.log import Moment
from registry.store.operator import mark_of

WATCHMEN = 2
LOOKED_AT_S = 1.0
"""So long the last look at the database serves: who asks often costs nothing."""
_Seen = TypeVar("_Seen")
DOCS = Path(__file__).parent.parent / "data" / "swagger-ui"
_FILES = {
    "favicon-32x32.png": "image/png",
    "start.js": "text/javascript",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}


class Alive(BaseModel):
    """The process answers."""

    status: str


class Ready(BaseModel):
    """It can be asked, and writes."""

    status: str
    log_size: int
    """Entries in the log."""
    tables_size: int
    """Entries that the tables have: they follow by themselves."""


class Watchmen:
    """A few threads that nobody else uses: who watches is answered when all others wait for something, too."""

    def __init__(self) -> None:
        self._threads: CapacityLimiter | None = None

    async def run(self, look: Callable[[], _Seen]) -> _Seen:
        """What `look` returns, in one of these threads."""
        if self._threads is None:
            # It belongs to the loop that runs, which there is only now.
            self._threads = CapacityLimiter(WATCHMEN)
        return await to_thread.run_sync(look, limiter=self._threads)


class Readiness:
    """Whether acts would be recorded now, as far as can be told without writing."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._watching = Watchmen()
        self._mark = mark_of(runtime.place, runtime.operator.id)
        self._looked_s = 0.0
        self._size = 0

    async def check(self) -> int:
        """The size of the log, if all is well.

        Raises:
            UnavailableError: `closing`, `writer_away`; what `Recorder.trouble` says.
            BrokenHistoryError: `behind_mark`, `differs_from_mark`, `no_mark`, `bad_mark`.
        """
        writer = self._runtime.writer
        if self._runtime.stopping.is_set():
            raise UnavailableError("closing")
        if not writer.there.is_set():
            raise UnavailableError("writer_away")
        if time.monotonic() >= self._looked_s + LOOKED_AT_S:
            # One that says nothing would not record either.
            if not await writer.metrics():
                raise UnavailableError("writer_away")
            self._size = await self._watching.run(self._looked)
            self._looked_s = time.monotonic()
        return self._size

    def _looked(self) -> int:
        recorder = self._runtime.operator.log.recorder
        with recorder.trouble():
            # Before the head: a writer at work advances both, the head first.
            seen = self._mark.read()
            with recorder.reading() as cursor:
                moment = Moment(cursor)
                size = moment.head().size
                self._mark.check(seen, size, lambda at: moment.frontiers(at)[0].root())
        return size


def router(runtime: Runtime) -> APIRouter:
    """The routes."""
    made = APIRouter(tags=["operations"])
    # Who scrapes is not in the way of who asks whether it is ready.
    readiness, measuring = Readiness(runtime), Watchmen()

    @made.get("/health", operation_id="health", response_model=Alive, responses=problems())
    async def health() -> Response:
        """Whether the process answers."""
        return json_response({"status": "alive"})

    @made.get("/ready", operation_id="ready", response_model=Ready, responses=problems())
    async def ready() -> Response:
        """Whether it can be asked; 503 if not, and why."""
        try:
            size = await readiness.check()
        except RegistryError as error:
            raise UnavailableError(error.code) from error
        told = {"status": "ready", "log_size": size, "tables_size": runtime.tables.size}
        return json_response(told)

    @made.get(
        "/metrics",
        operation_id="metrics",
        response_class=Response,
        responses={
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
            **problems(401),
        },
    )
    async def metrics(
        authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> Response:
        """What the server measures, in Prometheus' text format."""
        wanted = runtime.settings.metrics_token
        if wanted is not None:
            shown = (authorization or "").removeprefix("Bearer ").encode()
            same = hmac.compare_digest(shown, wanted.get_secret_value().encode())
            require(same, "credentials_missing")
        text = await runtime.writer.metrics()
        text += await measuring.run(runtime.measures.text)
        return Response(text, media_type="text/plain; version=0.0.4")

    if runtime.settings.docs:
        _add_docs(made)
    return made


def _add_docs(made: APIRouter) -> None:
    @made.get("/docs", include_in_schema=False)
    async def docs(_request: Request) -> Response:
        return FileResponse(DOCS / "index.html", media_type="text/html; charset=utf-8")

    @made.get("/docs/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        require(name in _FILES, "not_found")
        return FileResponse(DOCS / name, media_type=_FILES[name])
