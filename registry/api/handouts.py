"""What jobs hand out: claim codes, and everybody's proof; kept with the registry, for who gave or retired.

    HOME/handouts/gift-<campaign>-<digest of the list>/          codes.csv, proofs/<no>.gift
    HOME/handouts/retirement-<certificate>-<nonce of the act>/   certificates.csv, proofs/<number>.proof

Names and codes stand there in the clear: they are what the person is to hand on. Nobody else is shown them, and they
are not of the log. Whoever asks deletes them, or they go by themselves after handout_days_max; `registry erase` takes a
name out of them (desk/handing.py).
"""

import os
import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response, StreamingResponse

from registry.api.conventions import problems
from registry.api.job_routes import PRIVATE, own_job
from registry.api.jobs import about
from registry.api.principals import ACT, Principal
from registry.api.runtime import Runtime
from registry.desk import handing
from registry.domain.timing import day_of
from registry.errors import require
from registry.store import handout
from registry.store.access import DAY_US
from registry.store.clock import wall_us
from registry.store.operator import home_of

GIFT = "gift"
RETIREMENT = "retirement"
LIST = "list"
_SCOPES = {GIFT: "act:campaigns", RETIREMENT: "act:retirements"}
LOOK_S = 3_600.0
PIECE_BYTES = 256 * 1024
"""So much of a file of many is made before it is sent on."""

_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOut:
    """Where what a job hands out is: the file of the whole list, and everybody's, which end in `suffix`."""

    directory: Path
    listed: Path
    proofs: Path
    suffix: str


def directory_of(runtime: Runtime, kind: str, of: str, told: bytes) -> Path:
    """Where what a job of that kind hands out is kept.

    Args:
        runtime: the registry.
        kind: GIFT or RETIREMENT.
        of: the campaign, or the account that retires.
        told: what tells it from others: the digest of its list, or the nonce of its act.
    """
    name = f"{kind}-{of.partition('/')[2]}-{told.hex()}"
    return home_of(runtime.place) / handout.FOLDER / name


def handed_out(runtime: Runtime, id_: str, principal: Principal) -> HandOut:
    """What a job hands out: to who asked for it and still may ask for such a one, or may do everything for whose it is.

    Raises:
        RefusedError: `credentials_missing`, `no_job`; `nothing_handed_out` if it does not, or not yet.
    """
    job = own_job(runtime, id_, principal, ACT)
    kind, said = job.kind.partition(" ")[0], about(job)
    require(kind in _SCOPES, "nothing_handed_out", job=id_)
    # One person's tokens may have different scopes.
    require(principal.may(_SCOPES[kind]), "no_job")
    of = said["campaign" if kind == GIFT else "account"]
    directory = directory_of(runtime, kind, of, bytes.fromhex(said[LIST]))
    gift = kind == GIFT
    found = HandOut(
        directory=directory,
        listed=directory / (handout.CODES if gift else handing.CERTIFICATES),
        proofs=directory / handout.PROOFS,
        suffix=handout.SUFFIX if gift else handing.SUFFIX,
    )
    # The list comes last, or is there while proofs are still made.
    ready = job.state != "running" and found.listed.is_file()
    require(ready, "nothing_handed_out", job=id_)
    return found


class _Sink:
    """What was written since it was taken last; nothing is looked at again."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, data: bytes, /) -> int:
        self._pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        """All that was written since."""
        found, self._pieces, self.size = b"".join(self._pieces), [], 0
        return found


def zipped(folder: Path) -> Iterator[bytes]:
    """The files in `folder`, in order of their names, as one archive, a piece at a time; always the same bytes."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for file in sorted(folder.iterdir()):
            # Of no time: an archive that is asked for again is the same.
            archive.writestr(zipfile.ZipInfo(file.name), file.read_bytes())
            if sink.size >= PIECE_BYTES:
                yield sink.take()
    yield sink.take()


def kept_until(runtime: Runtime, directory: Path) -> str:
    """The last day, in China, on which what is in `directory` is surely there; counted from now."""
    os.utime(directory)
    return day_of(wall_us() + runtime.settings.handout_days_max * DAY_US).isoformat()


class Expiry:
    """Deletes what was handed out too long ago: when the server starts, and then every LOOK_S."""

    def __init__(self, runtime: Runtime) -> None:
        """Nothing is looked at yet."""
        self._home = home_of(runtime.place)
        self._kept_s = runtime.settings.handout_days_max * DAY_US / 1_000_000
        self._stopping = runtime.stopping
        self._thread = threading.Thread(target=self._run, name="handouts", daemon=True)

    def close(self) -> None:
        """Wait for the thread, once `stopping` is set."""
        if self._thread.is_alive():
            self._thread.join()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _run(self) -> None:
        while True:
            handout.forget_old(self._home, wall_us() / 1_000_000 - self._kept_s)
            if self._stopping.wait(LOOK_S):
                return


def router(runtime: Runtime) -> APIRouter:
    """The routes of what is handed out."""
    made = APIRouter(prefix="/v1", tags=["jobs"])
    expiry = Expiry(runtime)
    runtime.on_start(expiry.start)
    runtime.on_close(expiry.close)
    for name, about_it in (
        (
            handout.CODES,
            "The claim codes of a gift: no, name, grams, code. Whoever has a code has the gift.",
        ),
        (
            handing.CERTIFICATES,
            "Who has which certificate of a retirement for many: name, tonnes, number, file.",
        ),
    ):
        _add_list(made, runtime, name, about_it)

    _add_proofs(made, runtime)

    @made.delete(
        "/jobs/{job}/handout",
        operation_id="forget_handout",
        status_code=204,
        response_class=Response,
        responses=problems(401, 404, 409),
    )
    async def forget(request: Request, job: str) -> Response:
        """Delete what is handed out, once everybody has theirs. A code that is lost then, nobody can make again."""
        found = await run_in_threadpool(handed_out, runtime, job, request.state.principal)
        await run_in_threadpool(handout.forget, found.directory)
        return Response(status_code=204)

    return made


def _add_proofs(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        "/jobs/{job}/proofs.zip",
        operation_id="job_proofs",
        response_class=Response,
        responses={200: _file_of("application/zip"), **problems(401, 404, 409)},
    )
    async def proofs(request: Request, job: str) -> Response:
        """Everybody's proof, each in a file that is called by their number."""
        found = await run_in_threadpool(handed_out, runtime, job, request.state.principal)
        require(found.proofs.is_dir(), "nothing_handed_out", job=job)
        headers = {**PRIVATE, "content-disposition": 'attachment; filename="proofs.zip"'}
        pieces = zipped(found.proofs)
        return StreamingResponse(pieces, media_type="application/zip", headers=headers)

    @made.get(
        "/jobs/{job}/proofs/{no}",
        operation_id="job_proof",
        response_class=Response,
        responses={200: _file_of("application/octet-stream"), **problems(401, 404, 409)},
    )
    async def proof(request: Request, job: str, no: str) -> Response:
        """One proof, which anybody can check offline: of a guest, by their number; or of a certificate, by its."""
        found = await run_in_threadpool(handed_out, runtime, job, request.state.principal)
        name = f"{no}{found.suffix}"
        file = found.proofs / name
        require(_NUMBER.fullmatch(no) is not None and file.is_file(), "not_found")
        return FileResponse(
            file, media_type="application/octet-stream", filename=name, headers=PRIVATE
        )


def _add_list(made: APIRouter, runtime: Runtime, name: str, about_it: str) -> None:
    @made.get(
        f"/jobs/{{job}}/{name}",
        operation_id=f"job_{name.partition('.')[0]}",
        response_class=Response,
        responses={200: _file_of("text/csv"), **problems(401, 404, 409)},
        description=about_it,
    )
    async def listed(request: Request, job: str) -> Response:
        found = await run_in_threadpool(handed_out, runtime, job, request.state.principal)
        require(found.listed.name == name, "nothing_handed_out", job=job)
        return FileResponse(
            found.listed, media_type="text/csv; charset=utf-8", filename=name, headers=PRIVATE
        )


def _file_of(media: str) -> dict[str, Any]:
    schema = {"type": "string", "contentMediaType": "application/octet-stream"}
    return {"description": "The file.", "content": {media: {"schema": schema}}}
