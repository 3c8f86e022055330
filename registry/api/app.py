"""The application: every route, what surrounds them, and what they say of themselves."""

from collections.abc import Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from registry.api import (
    act_routes,
    audits,
    bulk,
    certificates,
    events,
    handouts,
    intents,
    job_routes,
    keys,
    log,
    operations,
    papers,
    questions,
    webhooks,
)
from registry.api.acts.every import ACTS
from registry.api.asgi import Application, path_of
from registry.api.conventions import check_once
from registry.api.limits import Kind
from registry.api.middleware import METHODS, allowed, guarded
from registry.api.openapi import described, description
from registry.api.problems import ERRORS_MAX, Fault, problem_bytes
from registry.api.request_log import requests_log
from registry.api.runtime import Runtime
from registry.desk.whys import OWN, of_fault
from registry.errors import RefusedError, RegistryError, UsageError

VERSION = "1"
TITLE = "Carbon registry"
"""Generators call their package after it: no packager takes one with other letters than these."""
FILES = ("/give", "/for-many", "/for-list", "/import-books", "/proofs.zip")
"""What paths end in at which files are taken, or handed out that take long."""
_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unknown_media_type",
}


def create_app(runtime: Runtime) -> FastAPI:
    """The routes, without what surrounds them: `guarded_app` is what is served."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> Any:
        threads = to_thread.current_default_thread_limiter()
        threads.total_tokens = runtime.settings.worker_threads
        await runtime.start()
        try:
            yield
        finally:
            await runtime.stop()

    app = FastAPI(
        title=TITLE,
        version=VERSION,
        description="碳信用登记系统. Every entry of it can be checked offline: docs/format.md.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # A redirect would go where the client says that this server is.
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    # They are tried in this order: what is asked most, and by whoever has no time, comes first.
    for router in (
        intents.router(runtime),
        certificates.router(runtime),
        operations.router(runtime),
        log.router(runtime),
        # Before the questions, whose names of things would match theirs.
        events.router(runtime),
        questions.router(runtime),
        papers.router(runtime),
        job_routes.router(runtime),
        handouts.router(runtime),
        audits.router(runtime),
        keys.router(runtime),
        webhooks.router(runtime),
        bulk.router(runtime),
        act_routes.router(runtime, ACTS),
    ):
        app.include_router(router, dependencies=[Depends(check_once)])
    _say_problems(app)
    app.openapi = lambda: described(app)  # type: ignore[method-assign]  # how FastAPI has it replaced
    if runtime.settings.docs:
        told = description(app, runtime.settings.root_path)
        app.add_route("/openapi.json", told, include_in_schema=False)
    return app


def guarded_app(runtime: Runtime, app: FastAPI | None = None) -> Application:
    """What is served: the application, or another one of the same runtime, behind its limits."""
    app = app or create_app(runtime)
    log = requests_log()
    measures = runtime.measures
    answering = guarded(
        app,
        runtime.settings,
        runtime.doorkeeper,
        kind_of=kind_of,
        methods_of=lambda path: _methods(app, path),
        heard=(measures.heard,) if log is None else (measures.heard, log),
    )
    return measures.around(answering, kind_of)


def kind_of(path: str) -> Kind:
    """What is asked of at a path: whether files are taken, whether the answer goes on."""
    if path.endswith("/stream"):
        return "stream"
    return "upload" if path.endswith(FILES) else "plain"


def _methods(app: FastAPI, path: str) -> Collection[str]:
    """The methods that there are at `path`."""
    asked: dict[str, Any] = {"type": "http", "path": path, "root_path": "", "headers": []}
    # A router that was included says of a path whether it has it, but not with which methods.
    return [
        method
        for method in METHODS
        if any(route.matches({**asked, "method": method})[0] is Match.FULL for route in app.routes)
    ]


def _say_problems(app: FastAPI) -> None:
    """Have whatever goes wrong said as a problem."""

    def said(
        request: Request,
        error: RegistryError,
        status: int | None = None,
        errors: Sequence[Fault] = (),
    ) -> Response:
        status, headers, body = problem_bytes(
            error,
            status,
            request.headers.get("accept-language"),
            request.state.request_id,
            errors,
        )
        response = Response(body, status)
        response.raw_headers = [*headers, (b"content-length", str(len(body)).encode())]
        return response

    @app.exception_handler(RegistryError)
    async def refused(request: Request, error: RegistryError) -> Response:
        return said(request, error)

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(ValidationError)
    async def malformed(
        request: Request, error: RequestValidationError | ValidationError
    ) -> Response:
        return said(request, *_mistake(request, error))

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, _error: Exception) -> Response:
        # Else the framework says so in words of its own. It is raised again, and logged.
        return said(request, RegistryError("server_fault"), 500)

    @app.exception_handler(HTTPException)
    async def nothing(request: Request, error: HTTPException) -> Response:
        response = said(request, *_framework_said(error.status_code))
        for name, value in (error.headers or {}).items():
            response.headers[name] = value
        if error.status_code == 405:
            # The framework names those of the first route alone.
            response.headers["allow"] = allowed(_methods(app, path_of(request.scope)))
        return response


def _mistake(
    request: Request, error: RequestValidationError | ValidationError
) -> tuple[RegistryError, None, Sequence[Fault]]:
    """What is wrong with a request that cannot be read, its status (that of the code), and in which parts."""
    if isinstance(error, RequestValidationError) and isinstance(error.body, bytes):
        # The framework reads what is said to be JSON, and of all else says that it is no object.
        media = request.headers.get("content-type", "")
        return RefusedError("unknown_media_type", media_type=media), None, ()
    in_body = isinstance(error, ValidationError)
    errors = [_fault(one, in_body=in_body) for one in _first_of(error)]
    (field, facts), *_ = errors
    return UsageError("malformed", **{**facts, "field": field}), None, errors


def _first_of(error: RequestValidationError | ValidationError) -> Sequence[Any]:
    """What is wrong with a request, as far as it is told: a short one may have a million mistakes."""
    if isinstance(error, ValidationError) and error.error_count() > ERRORS_MAX:
        # Of them the library tells all or none.
        facts = {"why": "parts_too_many", "found": error.error_count()}
        return [{"loc": (), "type": OWN, "ctx": facts}]
    # That null would do as well, the other error at the same place need not say.
    told = [one for one in error.errors() if one["type"] != "none_required"]
    return told[:ERRORS_MAX]


def _framework_said(status: int) -> tuple[RegistryError, int]:
    """What is wrong, and its status, where the framework itself answers with `status`."""
    if status == 400:
        # A body that is no text.
        return UsageError("malformed", field="", why="json_expected"), 422
    return RegistryError(_CODES.get(status, "bad_request")), status


def _fault(error: Any, *, in_body: bool) -> Fault:
    """One part of a request that cannot be read: a pointer into the body, or the parameter's name; and its facts."""
    steps, facts = list(error["loc"]), of_fault(error)
    if not in_body:
        place, *steps = steps
        if place == "body" and error["type"] == "json_invalid":
            # At which character is no place in it.
            steps = []
        if place != "body":
            # What follows a parameter's name and is no number says which of several types was tried.
            return ".".join(
                str(step) for step in steps if step is steps[0] or isinstance(step, int)
            ), facts
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps), facts
