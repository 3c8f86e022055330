"""Jobs over HTTP: who started them sees how far they are, and what came of them."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from registry.api.conventions import json_response, problems
from registry.api.jobs import ID, about
from registry.api.principals import Principal, require_login
from registry.api.problems import language
from registry.api.runtime import Runtime
from registry.api.shapes import Shape, Time, Told
from registry.api.values import shown_map, time
from registry.desk import words
from registry.errors import RefusedError
from registry.store.access_jobs import Job

PAGE_MAX = 1_000
After = Annotated[
    str, Query(pattern=f"^({ID.pattern})?$", description="The id of the last one seen.")
]
PRIVATE = {"cache-control": "no-store"}


class Failure(Shape):
    """What was wrong."""

    code: str
    detail: str
    """In the language asked for."""
    facts: dict[str, Any]


class JobShape(Shape):
    """Work that takes longer than a request: how far it is, and what came of it."""

    id: str
    kind: str
    about: dict[str, str]
    state: Literal["running", "done", "failed", "interrupted"]
    """An interrupted one goes on when the same is asked for again."""
    started: Time
    ended: Time | None
    done: int
    total: int
    """How much is done of how much; 0 if nobody knows yet."""
    result: dict[str, Any] | None
    error: Failure | None


class JobAnswer(Told):
    """A job."""

    job: JobShape


class JobsPage(Told):
    """Jobs of whoever asks."""

    jobs: list[JobShape]


def job_object(job: Job, accept_language: str | None) -> dict[str, Any]:
    """A job as `JobShape` has it."""
    error = None
    if job.error is not None:
        error = json.loads(job.error)
        error["detail"] = words.code_text(error["code"], language(accept_language), error["facts"])
        error["facts"] = shown_map(error["facts"])
    return {
        "id": job.id,
        "kind": job.kind.partition(" ")[0],
        "about": about(job),
        "state": job.state,
        "started": time(job.started_us),
        "ended": None if job.ended_us is None else time(job.ended_us),
        "done": job.done,
        "total": job.total,
        "result": None if job.result is None else shown_map(json.loads(job.result)),
        "error": error,
    }


def started(runtime: Runtime, job: Job, request: Request) -> Response:
    """The answer to who asked for a job: it was taken on, and there it is."""
    told = {
        "job": job_object(job, request.headers.get("accept-language")),
        **runtime.true_of(),
    }
    return json_response(told, 202, {"location": f"/v1/jobs/{job.id}", **PRIVATE})


def own_job(runtime: Runtime, id_: str, principal: Principal, scope: str = "read") -> Job:
    """A job that `principal` asked for, or has `scope` for; it is about an account of theirs.

    Raises:
        RefusedError: `credentials_missing`; `no_job`, also if it is somebody else's.
    """
    require_login(principal)
    job = runtime.jobs.find(id_)
    account = about(job).get("account")
    # Who asked for it may speak for that account no more.
    speaks = account in principal.accounts
    asked = principal.subject == job.subject and (speaks or account is None)
    if not asked and not (speaks and principal.may(scope)):
        raise RefusedError("no_job")
    return job


def router(runtime: Runtime) -> APIRouter:
    """The routes of jobs."""
    made = APIRouter(prefix="/v1", tags=["jobs"])

    @made.get(
        "/jobs",
        operation_id="jobs",
        response_model=JobsPage,
        responses=problems(401, 422),
    )
    async def jobs(
        request: Request,
        after: After = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    ) -> Response:
        """The jobs that whoever asks has started, as long as they are kept: a week after their end."""
        principal = request.state.principal
        require_login(principal)
        found = await run_in_threadpool(runtime.jobs.of, principal.subject, after, limit + 1)
        accept = request.headers.get("accept-language")
        told = {
            "jobs": [job_object(job, accept) for job in found[:limit]],
            **runtime.true_of(),
        }
        headers = dict(PRIVATE)
        if len(found) > limit:
            link = f"/v1/jobs?after={found[limit - 1].id}&limit={limit}"
            headers["link"] = f'<{link}>; rel="next"'
        return json_response(told, 200, headers)

    @made.get(
        "/jobs/{job}",
        operation_id="job",
        response_model=JobAnswer,
        responses=problems(401, 404, 422),
    )
    async def job(request: Request, job: str) -> Response:
        """How far a job is, and what came of it."""
        found = await run_in_threadpool(own_job, runtime, job, request.state.principal)
        accept = request.headers.get("accept-language")
        told = {"job": job_object(found, accept), **runtime.true_of()}
        return json_response(told, 200, PRIVATE)

    return made
