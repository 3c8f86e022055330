"""Lists that somebody sends in a file: what they say is done as a job, or every row is named that cannot be read.

    POST /v1/campaigns/{campaign}/give   guests     -> gifts, claim codes, and everybody's proof
    GET  /v1/jobs/{job}/codes.csv, /proofs.zip, /proofs/{no}    what is handed out, to who gives

What is handed out is kept in HOME/handouts/<campaign>-<digest of the list>, so that the same list, asked for again,
goes on where it stopped, and nobody is given to twice.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, Response, StreamingResponse

from registry.acts.guest_list import GuestList
from registry.acts.sheet import File
from registry.api.acting import KEY_CHARACTERS_MAX
from registry.api.conventions import json_response, problems
from registry.api.job_routes import PRIVATE, JobAnswer, own_job, started
from registry.api.jobs import Progress, Wanted, about
from registry.api.principals import Principal, require_scope
from registry.api.runtime import Runtime
from registry.api.shapes import Shape, Told
from registry.desk import campaigns, giving
from registry.desk.rows import Kind, table_of
from registry.domain.campaign import Campaign
from registry.errors import RefusedError, require
from registry.store import handout
from registry.store.access_jobs import Job
from registry.store.clock import wall_us
from registry.store.operator import home_of

HANDOUTS = "handouts"
GIFT = "gift"
PIECE_BYTES = 256 * 1024
"""So much of a file of many is made before it is sent on."""

_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,31}", re.ASCII)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KINDS: Mapping[str, Kind] = {
    "text/csv": "csv",
    _XLSX: "xlsx",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
}
_LIST = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            _XLSX: {
                "schema": {"type": "string", "contentMediaType": "application/octet-stream"}
            },
            "application/jsonl": {"schema": {"type": "string"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "list": {"type": "string", "contentMediaType": "application/octet-stream"}
                    },
                    "required": ["list"],
                    "additionalProperties": False,
                }
            },
        },
    }
}

Mode = Literal["record", "dry-run"]
Doing = Annotated[
    Mode,
    Query(description="`record` starts a job; `dry-run` reads and judges, and does nothing."),
]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=KEY_CHARACTERS_MAX,
        description="Chosen by the caller: of another list under it nothing is done. Needed to record.",
    ),
]


class BadRow(Shape):
    """What cannot be read in a list."""

    line: int
    column: str
    why: str
    """What stands there, or what is wrong with it."""


class Checked(Told):
    """What a list comes to; nothing was done."""

    mode: Literal["dry-run"] = "dry-run"
    ok: bool
    rows: list[BadRow]
    """Every row that cannot be read; none if it is `ok`."""
    count: int | None
    """How many rows there are, if all can be read."""
    amount_g: str | None
    acts: int | None
    """How many entries it would make now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """A list as it was sent, and by whom."""

    principal: Principal
    path: str
    file: File
    key: str | None

    def claim(self, runtime: Runtime, digest: bytes) -> None:
        """Return if the Idempotency-Key is new, or was used for the same.

        Raises:
            RefusedError: `idempotency_key_missing`, `idempotency_key_reused`.
        """
        key = self.key or ""
        require(0 < len(key) <= KEY_CHARACTERS_MAX, "idempotency_key_missing")
        fingerprint = sha256(self.path.encode() + b"\0" + digest).digest()
        runtime.access.claim(self.principal.subject, key, fingerprint, wall_us())


def checked(
    runtime: Runtime, count: int | None, amount_g: int | None, acts: int | None, bad: Any = ()
) -> dict[str, Any]:
    """The answer to a dry run, as `Checked` has it."""
    return {
        "mode": "dry-run",
        "ok": not bad,
        "rows": [{"line": line, "column": column, "why": why} for line, column, why in bad],
        "count": count,
        "amount_g": None if amount_g is None else str(amount_g),
        "acts": acts,
        **runtime.true_of(),
    }


def give(runtime: Runtime, typed: str, bulk: Bulk) -> Job:
    """The job that gives to a list of guests.

    Raises:
        RefusedError: `signature_missing` if the organiser is somebody else; `bad_rows` and what else is wrong with the
            list; `idempotency_key_missing`, `idempotency_key_reused`.
        UnavailableError: `busy`.
    """
    campaign, listed = _read(runtime, typed, bulk)
    bulk.claim(runtime, listed.digest)
    output = _directory(runtime, campaign, listed)
    wanted = Wanted(
        kind=GIFT,
        subject=bulk.principal.subject,
        about={
            "account": campaign.organiser,
            "campaign": campaign.name,
            "list": listed.digest.hex(),
        },
    )

    def work(progress: Progress) -> dict[str, Any]:
        desk = runtime.desk(bulk.principal)
        now = campaigns.found(desk, campaign.name)
        given = giving.give(now, listed, output, desk, progress)
        return {
            "entries": [made.placed.index for made in given.made],
            "guests": len(listed.guests),
            "amount_g": listed.total_g,
            "codes": given.codes,
            "proofs": given.proofs,
        }

    return runtime.jobs.start(wanted, len(listed.guests), work)


def rehearse_gift(runtime: Runtime, typed: str, bulk: Bulk) -> dict[str, Any]:
    """What `give` would do, or every row that cannot be read: as `Checked` has it.

    Raises:
        RefusedError: as `give`, but for bad rows; what the rules say.
    """
    try:
        campaign, listed = _read(runtime, typed, bulk)
    except RefusedError as refusal:
        if refusal.code != "bad_rows":
            raise
        return checked(runtime, None, None, None, refusal.facts["rows"])
    desk = runtime.desk(bulk.principal, dry_run=True)
    given = giving.give(campaign, listed, _directory(runtime, campaign, listed), desk)
    return checked(runtime, len(listed.guests), listed.total_g, len(given.made))


def _read(runtime: Runtime, typed: str, bulk: Bulk) -> tuple[Campaign, GuestList]:
    desk = runtime.desk(bulk.principal, dry_run=True)
    campaign = campaigns.found(desk, typed)
    own = campaign.organiser in bulk.principal.accounts
    require(own, "signature_missing", accounts=[campaign.organiser])
    return campaign, giving.read(campaign, bulk.file, desk)


def _directory(runtime: Runtime, campaign: Campaign, listed: GuestList) -> Path:
    """Where what is handed out to the guests of a list is kept."""
    name = f"{campaign.name.partition('/')[2]}-{listed.digest.hex()}"
    return home_of(runtime.place) / HANDOUTS / name


def _handed_out(runtime: Runtime, id_: str, principal: Principal) -> Path:
    """Where what a job hands out is.

    Raises:
        RefusedError: `credentials_missing`, `no_job`; `nothing_handed_out` if it does not, or not yet.
    """
    job = own_job(runtime, id_, principal)
    said = about(job)
    found = job.kind.partition(" ")[0] == GIFT
    name = f"{said.get('campaign', '').partition('/')[2]}-{said.get('list', '')}"
    directory = home_of(runtime.place) / HANDOUTS / name
    require(found and (directory / handout.CODES).is_file(), "nothing_handed_out", job=id_)
    return directory


async def sent(request: Request, columns: Sequence[str]) -> File:
    """The list in a request, in which `columns` are in any case.

    Raises:
        RefusedError: `unknown_media_type`, `malformed`; what `table_of` says.
    """
    media, data = request.headers.get("content-type", ""), b""
    if media.partition(";")[0].strip().lower() == "multipart/form-data":
        async with request.form(max_files=1, max_fields=0) as form:
            found = form.get("list")
            require(isinstance(found, UploadFile), "malformed", field="list", why="no file")
            assert isinstance(found, UploadFile)
            media, data = found.content_type or "", await found.read()
    else:
        data = await request.body()
    named = media.partition(";")[0].strip().lower()
    return await run_in_threadpool(_file, named, data, columns)


def _file(media: str, data: bytes, columns: Sequence[str]) -> File:
    """The rows of a list of that media type."""
    require(media in _KINDS, "unknown_media_type", found=media)
    return table_of(data, _KINDS[media], columns)


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


def router(runtime: Runtime) -> APIRouter:
    """The routes of lists, and of what is handed out."""
    made = APIRouter(prefix="/v1")
    _add_gift(made, runtime)
    _add_handouts(made, runtime)
    return made


def _add_gift(made: APIRouter, runtime: Runtime) -> None:
    @made.post(
        "/campaigns/{campaign}/give",
        operation_id="give_to_list",
        tags=["campaigns"],
        status_code=202,
        response_model=JobAnswer,
        responses={
            200: {"description": "What the list comes to, with `dry-run`.", "model": Checked},
            **problems(400, 401, 403, 404, 409, 413, 415, 422),
        },
        openapi_extra=_LIST,
    )
    async def give_to_list(
        request: Request, campaign: str, mode: Doing = "record", idempotency_key: Key = None
    ) -> Response:
        """Give to a list of guests: columns no[,account][,name][,tonnes|grams]. Who has no account gets a claim code.

        It is a job. The same list again gives nobody twice: it goes on where it stopped. Only with keys that are kept
        here.
        """
        principal = request.state.principal
        # Before the list is read.
        require_scope(principal, "act:campaigns")
        bulk = Bulk(
            principal=principal,
            path=request.url.path,
            file=await sent(request, ("no",)),
            key=idempotency_key,
        )
        if mode == "dry-run":
            return json_response(await run_in_threadpool(rehearse_gift, runtime, campaign, bulk))
        return started(runtime, await run_in_threadpool(give, runtime, campaign, bulk), request)


def _add_handouts(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        "/jobs/{job}/codes.csv",
        operation_id="job_codes",
        tags=["jobs"],
        response_class=Response,
        responses={200: _file_of("text/csv"), **problems(401, 404, 409)},
    )
    async def codes(request: Request, job: str) -> Response:
        """The claim codes: no, name, grams, code. Whoever has a code has the gift."""
        principal = request.state.principal
        directory = await run_in_threadpool(_handed_out, runtime, job, principal)
        return FileResponse(
            directory / handout.CODES,
            media_type="text/csv; charset=utf-8",
            filename=handout.CODES,
            headers=PRIVATE,
        )

    @made.get(
        "/jobs/{job}/proofs.zip",
        operation_id="job_proofs",
        tags=["jobs"],
        response_class=Response,
        responses={200: _file_of("application/zip"), **problems(401, 404, 409)},
    )
    async def proofs(request: Request, job: str) -> Response:
        """Everybody's proof, each in a file that is called by their number."""
        principal = request.state.principal
        directory = await run_in_threadpool(_handed_out, runtime, job, principal)
        headers = {**PRIVATE, "content-disposition": 'attachment; filename="proofs.zip"'}
        pieces = zipped(directory / handout.PROOFS)
        return StreamingResponse(pieces, media_type="application/zip", headers=headers)

    @made.get(
        "/jobs/{job}/proofs/{no}",
        operation_id="job_proof",
        tags=["jobs"],
        response_class=Response,
        responses={200: _file_of("application/octet-stream"), **problems(401, 404, 409)},
    )
    async def proof(request: Request, job: str, no: str) -> Response:
        """One guest's proof, which anybody can check offline."""
        principal = request.state.principal
        directory = await run_in_threadpool(_handed_out, runtime, job, principal)
        name = f"{no}{handout.SUFFIX}"
        file = directory / handout.PROOFS / name
        require(_NUMBER.fullmatch(no) is not None and file.is_file(), "not_found")
        return FileResponse(
            file, media_type="application/octet-stream", filename=name, headers=PRIVATE
        )


def _file_of(media: str) -> dict[str, Any]:
    schema = {"type": "string", "contentMediaType": "application/octet-stream"}
    return {"description": "The file.", "content": {media: {"schema": schema}}}
