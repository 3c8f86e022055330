"""Audits as jobs: the verifier replays the whole log in a process of its own, and says how far it is.

    registry audit PLACE --key VKEY --json --resume --progress-json

That process is of the verifier alone: nothing that this server has in memory is believed. It runs beside everything
else, with less right to the processor, one at a time; at a stop it is ended, and goes on when it is asked for again.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from registry.api.conventions import json_response, problems
from registry.api.job_routes import PAGE_MAX, PRIVATE, After, Failure, job_object
from registry.api.jobs import Progress, Wanted
from registry.api.principals import require_scope
from registry.api.runtime import Runtime
from registry.api.settings import PREFIX
from registry.api.shapes import Shape, Time, Told
from registry.errors import RefusedError, UnavailableError
from registry.place import Place, Server
from registry.store.access_jobs import Job

AUDIT = "audit"
SUBJECT = "audits"
"""Whose jobs audits are: of everybody who may see one."""
LOOK_S = 0.5
"""So often it is looked whether the server stops."""
END_S = 10.0
VERDICT_BYTES_MAX = 1 << 20

_NICE = 10
# What it is to do comes by its input: an address may have a password in it, and everybody reads command lines.
_PROGRAM = (
    "import json, os, sys\n"
    f"os.nice({_NICE})\n"
    "sys.argv = json.load(sys.stdin)\n"
    "from registry.cli.main import main\n"
    "main()\n"
)


class Verdict(Shape):
    """What an audit found."""

    verdict: Literal["valid", "invalid", "incomplete", "stale"]
    reason: str | None
    """The code of what is wrong."""
    at: dict[str, Any] | None
    """Where the history breaks: stream, position, index."""
    stands: int | None
    """How many entries still stand, where the log is invalid and that can be told."""
    figures: dict[str, Any]
    """What the log comes to: entries, root, and its balance in grams."""


class Audit(Shape):
    """A replay of the whole log, entry by entry, by the verifier."""

    id: str
    state: Literal["running", "done", "failed", "interrupted"]
    started: Time
    ended: Time | None
    done: int
    total: int
    """Entries that were judged, of how many; 0 if that is not known yet."""
    found: Verdict | None
    error: Failure | None
    """Why there is no verdict."""


class AuditAnswer(Told):
    """An audit."""

    audit: Audit


class AuditsPage(Told):
    """Audits of this registry, the last one first; they are kept for a week."""

    audits: list[Audit]


def start(runtime: Runtime) -> Job:
    """The audit that is running, or a new one.

    Raises:
        UnavailableError: `busy`, `closing`.
    """
    wanted = Wanted(kind=AUDIT, subject=SUBJECT, about={}, anew=True, alone=True)
    return runtime.jobs.start(wanted, 0, lambda progress: audited(runtime, progress))


def audited(runtime: Runtime, progress: Progress) -> dict[str, Any]:
    """The verdict on the registry, as `Verdict` has it.

    Raises:
        UnavailableError: `checker_died`: the process ended without one.
        StoppedError: the server stops.
    """
    told = ("--key", str(runtime.operator.vkey()), "--json", "--resume", "--progress-json")
    with tempfile.TemporaryFile() as out:
        with _process(["registry", "audit", *_typed(runtime.place), *told], out) as process:
            assert process.stderr is not None
            for line in _lines(process.stderr, progress):
                with suppress(ValueError, TypeError, KeyError):
                    said = json.loads(line)
                    progress(int(said["done"]), int(said["total"]))
            process.wait()
        out.seek(0)
        return _verdict(out.read(VERDICT_BYTES_MAX))


def _typed(place: Place) -> Sequence[str]:
    """A registry, as the command line has it."""
    if not isinstance(place, Server):
        return (str(place.absolute()),)
    return (place.url, *(() if place.state is None else ("--state", str(place.state.absolute()))))


@contextmanager
def _process(typed: Sequence[str], out: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that was told what to do, with all that it started; at the end it is no more."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    process = subprocess.Popen(  # noqa: S603  # a program of ours
        [sys.executable, "-P", "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=out,
        stderr=subprocess.PIPE,
        env=kept,
        start_new_session=True,
    )
    try:
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as said:
            said.write(json.dumps(typed).encode())
        yield process
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Have nothing left of a process and its children."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, how)
            with suppress(subprocess.TimeoutExpired):
                process.wait(END_S)
    if process.stderr is not None:
        process.stderr.close()


def _lines(source: IO[bytes], progress: Progress) -> Iterator[bytes]:
    """The lines that come, until there are no more.

    Raises:
        StoppedError: the server stops; looked for meanwhile.
    """
    waiting = b""
    while True:
        ready, _, _ = select.select([source], [], [], LOOK_S)
        if not ready:
            progress(progress.job.done)
            continue
        piece = os.read(source.fileno(), 65_536)
        if not piece:
            return
        *lines, waiting = (waiting + piece).split(b"\n")
        waiting = waiting[-VERDICT_BYTES_MAX:]
        yield from lines


def _verdict(said: bytes) -> dict[str, Any]:
    try:
        told = json.loads(said)
        kept = ("verdict", "reason", "at", "stands")
        left = {"message", "origin", "demonstration", *kept}
        figures = {name: value for name, value in told.items() if name not in left}
        return {**{name: told[name] for name in kept}, "figures": figures}
    except (ValueError, KeyError, AttributeError) as error:
        raise UnavailableError("checker_died") from error


def _object(job: Job, accept_language: str | None) -> dict[str, Any]:
    told = job_object(job, accept_language)
    found = told.pop("result")
    return {name: told[name] for name in told if name not in {"kind", "about"}} | {"found": found}


def _answer(runtime: Runtime, job: Job, request: Request, status: int = 200) -> Response:
    told = _object(job, request.headers.get("accept-language"))
    headers = {**PRIVATE, "location": f"/v1/audits/{job.id}"}
    return json_response({"audit": told, **runtime.true_of()}, status, headers)


def router(runtime: Runtime) -> APIRouter:
    """The routes of audits."""
    made = APIRouter(prefix="/v1", tags=["audits"])

    @made.post(
        "/audits",
        operation_id="begin_audits",
        status_code=202,
        response_model=AuditAnswer,
        responses=problems(401, 403, 503),
    )
    async def begin(request: Request) -> Response:
        """Have the whole log replayed and judged; of an audit that is running, that one is told."""
        require_scope(request.state.principal, AUDIT)
        job = await run_in_threadpool(start, runtime)
        return _answer(runtime, job, request, 202)

    @made.get(
        "/audits/{audit}",
        operation_id="audit",
        response_model=AuditAnswer,
        responses=problems(401, 403, 404, 422),
    )
    async def one(request: Request, audit: str) -> Response:
        """How far an audit is, and its verdict."""
        require_scope(request.state.principal, AUDIT)
        job = await run_in_threadpool(_find, runtime, audit)
        return _answer(runtime, job, request)

    _add_list(made, runtime)
    return made


def _add_list(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        "/audits",
        operation_id="audits",
        response_model=AuditsPage,
        responses=problems(401, 403, 422),
    )
    async def listed(
        request: Request,
        after: After = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    ) -> Response:
        """The audits of this registry, the last one first."""
        require_scope(request.state.principal, AUDIT)
        jobs = await run_in_threadpool(_all, runtime)
        start_at = next((at + 1 for at, job in enumerate(jobs) if job.id == after), 0)
        page, more = jobs[start_at : start_at + limit], jobs[start_at + limit :]
        accept = request.headers.get("accept-language")
        told = {"audits": [_object(job, accept) for job in page], **runtime.true_of()}
        headers = dict(PRIVATE)
        if more:
            headers["link"] = f'</v1/audits?after={page[-1].id}&limit={limit}>; rel="next"'
        return json_response(told, 200, headers)


def _all(runtime: Runtime) -> list[Job]:
    found = runtime.jobs.of(SUBJECT, "", PAGE_MAX)
    return sorted(found, key=lambda job: (job.started_us, job.id), reverse=True)


def _find(runtime: Runtime, id_: str) -> Job:
    """The audit with that id. Raises: RefusedError, `no_job`."""
    job = runtime.jobs.find(id_)
    if job.subject != SUBJECT:
        raise RefusedError("no_job")
    return job
