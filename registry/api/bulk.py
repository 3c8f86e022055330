"""Lists that somebody sends in a file: what they say is done as a job, or every row is named that cannot be read.

    POST /v1/campaigns/{campaign}/give   guests              -> gifts, claim codes, and everybody's proof
    POST /v1/retirements/for-list        beneficiaries       -> one retirement, and everybody's proof
    POST /v1/batches/import-books        books of before     -> the rows that are not entered yet

The same list, asked for again, goes on where it stopped, and nothing is done twice.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import Response

from registry.acts import old_books
from registry.acts.guest_list import GuestList
from registry.acts.old_books import ISSUED, RETIRED
from registry.acts.sheet import File
from registry.api.acting import KEY_CHARACTERS_MAX, nonce_of
from registry.api.conventions import check_said_once, json_response, named_once, problems
from registry.api.handouts import GIFT, LIST, RETIREMENT, directory_of, kept_until
from registry.api.job_routes import JobAnswer, started
from registry.api.jobs import Progress, Wanted
from registry.api.principals import Principal, require_scope
from registry.api.problems import language
from registry.api.runtime import Runtime
from registry.api.shapes import Shape, Told
from registry.desk import campaigns, giving, handing, importing, retirements, words
from registry.desk.desk import Desk
from registry.desk.importing import Entering
from registry.desk.made import Made
from registry.desk.retirements import RetireForMany
from registry.desk.rows import Kind, table_of
from registry.domain.act_forms.batches import BATCHES_PER_RETIREMENT_MAX
from registry.domain.campaign import Campaign
from registry.errors import RefusedError, UsageError, require
from registry.ledger import ids
from registry.names import CERTIFICATE
from registry.store import handout
from registry.store.access_jobs import Job
from registry.store.clock import wall_us
from registry.store.log import Moment, Placed

BOOKS = "books"
TOLD_ROWS_MAX = 10_000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_KINDS: Mapping[str, Kind] = {
    "text/csv": "csv",
    _XLSX: "xlsx",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
}
_ENDINGS = {"csv": "text/csv", "jsonl": "application/jsonl", "xlsx": _XLSX}
_UNSAID = frozenset({"", "application/octet-stream"})
"""What programs say that do not know what kind of file it is: its name tells."""

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
    """From 1; those of blank lines are counted."""
    column: str
    """As the header calls it; `columns` where the whole line is meant."""
    found: str
    """What stands there, or its beginning."""
    code: str
    """Why it is not taken, stable: what programs go by."""
    why: str
    """The same in words, in the language asked for."""


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
    lang: words.Lang

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
    runtime: Runtime,
    count: int | None,
    amount_g: int | None,
    acts: int | None,
    bad: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The answer to a dry run, as `Checked` has it."""
    return {
        "mode": "dry-run",
        "ok": not bad,
        "rows": list(bad),
        "count": count,
        "amount_g": None if amount_g is None else str(amount_g),
        "acts": acts,
        **runtime.true_of(),
    }


def checked_bad(runtime: Runtime, refusal: RefusedError, lang: words.Lang) -> dict[str, Any]:
    """The same, of a list with bad rows. Raises: RefusedError, `refusal`, if it is of anything else."""
    bad = refusal.facts.get("rows")
    if refusal.code != "bad_rows" or not isinstance(bad, list):
        raise refusal
    told = [
        {
            "line": line,
            "column": column,
            "found": found,
            "code": why,
            "why": words.reason({"why": why, "found": found}, lang),
        }
        for line, column, found, why in bad
    ]
    return checked(runtime, None, None, None, told)


def give(runtime: Runtime, typed: str, bulk: Bulk) -> Job:
    """The job that gives to a list of guests.

    Raises:
        RefusedError: `signature_missing` if the organiser is somebody else; `bad_rows` and what else is wrong with the
            list; `idempotency_key_missing`, `idempotency_key_reused`.
        UnavailableError: `busy`.
    """
    campaign, listed = _read(runtime, typed, bulk)
    bulk.claim(runtime, listed.digest)
    output = directory_of(runtime, GIFT, campaign.name, listed.digest)
    wanted = Wanted(
        kind=GIFT,
        subject=bulk.principal.subject,
        about={
            "account": campaign.organiser,
            "campaign": campaign.name,
            LIST: listed.digest.hex(),
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
            "kept_until": kept_until(runtime, output),
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
        return checked_bad(runtime, refusal, bulk.lang)
    desk = runtime.desk(bulk.principal, dry_run=True)
    given = giving.give(
        campaign, listed, directory_of(runtime, GIFT, campaign.name, listed.digest), desk
    )
    return checked(runtime, len(listed.guests), listed.total_g, len(given.made))


def _read(runtime: Runtime, typed: str, bulk: Bulk) -> tuple[Campaign, GuestList]:
    desk = runtime.desk(bulk.principal, dry_run=True)
    campaign = campaigns.found(desk, typed)
    own = campaign.organiser in bulk.principal.accounts
    require(own, "signature_missing", accounts=[campaign.organiser])
    return campaign, giving.read(campaign, bulk.file, desk)


def retire(runtime: Runtime, ask: RetireForMany, bulk: Bulk) -> Job:
    """The job that retires for all who are listed.

    Raises:
        RefusedError: `no_account`; `signature_missing` if the holder is somebody else; `idempotency_key_missing`,
            `idempotency_key_reused`.
        UnavailableError: `busy`.
    """
    holder = _own_account(runtime.desk(bulk.principal), ask.holder)
    digest = sha256(ask.model_dump_json().encode()).digest()
    bulk.claim(runtime, digest)
    # Asked for again under another key, it is another retirement; as is another one under this, once that is forgotten.
    nonce = nonce_of(bulk.principal.subject, f"{bulk.key}\n{digest.hex()}", 0)
    wanted = Wanted(
        kind=RETIREMENT,
        subject=bulk.principal.subject,
        about={"account": holder, LIST: nonce.hex()},
    )
    directory = directory_of(runtime, RETIREMENT, holder, nonce)

    def work(progress: Progress) -> dict[str, Any]:
        desk = runtime.desk(bulk.principal)
        placed = _recorded(desk, holder, nonce) or _retired(desk, ask, nonce)
        made = Made(placed=placed, names={}, rehearsed=False)
        (group,) = [name for name in made.new if name.startswith(CERTIFICATE)]
        proofs = directory / handout.PROOFS
        count = handing.hand_out(
            group, ask.rows, directory, desk.source, proofs=proofs, progress=progress
        )
        progress(count)
        return {
            "entries": [placed.index],
            "certificate": group,
            "certificates": count,
            "amount_g": ask.total_g,
            "kept_until": kept_until(runtime, directory),
        }

    return runtime.jobs.start(wanted, len(ask.rows), work)


def rehearse_retirement(runtime: Runtime, ask: RetireForMany, bulk: Bulk) -> dict[str, Any]:
    """What `retire` would do: as `Checked` has it. Raises: RefusedError, what the rules say."""
    desk = runtime.desk(bulk.principal, dry_run=True)
    made = desk.perform(ask.plans(desk))
    return checked(runtime, len(ask.rows), ask.total_g, len(made))


def _recorded(desk: Desk, author: str, nonce: bytes) -> Placed | None:
    """The entry of a retirement that was made under a nonce, if there is one: its certificate is called after it."""
    parts = range(BATCHES_PER_RETIREMENT_MAX + 1)
    names = [
        f"{CERTIFICATE}{ids.derived_id(desk.operator.id, author, nonce, part)}" for part in parts
    ]
    with desk.source.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        begun = sorted(moment.begun(names))
        return moment.placed(moment.indexes(begun[0])[0]) if begun else None


def _retired(desk: Desk, ask: RetireForMany, nonce: bytes) -> Placed:
    (plan,) = ask.plans(desk)
    (made,) = desk.perform([replace(plan, nonce=nonce)])
    return made.placed


def _own_account(desk: Desk, typed: str) -> str:
    """The account that is meant, of whoever asks. Raises: RefusedError, `no_account`, `signature_missing`."""
    account = desk.account(typed)
    require(account in (desk.mine or ()), "signature_missing", accounts=[account])
    return account


def enter(runtime: Runtime, authority: str | None, bulk: Bulk) -> Job:
    """The job that enters the books of a registry of before, as far as they are not entered yet.

    Raises:
        RefusedError: `bad_rows` and what else is wrong with the books; `signature_missing`; `idempotency_key_missing`,
            `idempotency_key_reused`.
        UnavailableError: `busy`.
    """
    books = old_books.read(bulk.file)
    entering = importing.entering(runtime.desk(bulk.principal), books, authority)
    holders = {entering.accounts[row.holder] for row in books.rows}
    missing = {entering.authority, entering.officer, *holders} - bulk.principal.accounts
    require(not missing, "signature_missing", accounts=sorted(missing))
    bulk.claim(runtime, books.source)
    wanted = Wanted(
        kind=BOOKS,
        subject=bulk.principal.subject,
        about={"account": entering.authority, LIST: books.source.hex()},
    )

    def work(progress: Progress) -> dict[str, Any]:
        now = importing.entering(runtime.desk(bulk.principal), books, authority)
        left = now.left()
        done = len(books.rows) - len(left)
        for plans in now.steps(left):
            progress(min(done, len(books.rows)))
            now.desk.perform(plans)
            done += len(plans)
        progress(len(books.rows))
        return {"rows": len(left), "already": len(books.rows) - len(left), **_began(now)}

    return runtime.jobs.start(wanted, len(books.rows), work)


def _began(entering: Entering) -> dict[str, Any]:
    """What the rows of books are called now, those of before beside it; not of books too long to be told."""
    rows = entering.books.rows if len(entering.books.rows) <= TOLD_ROWS_MAX else ()
    return {
        "batches": [
            {"before": row.batch, "batch": entering.batch(row)}
            for row in rows
            if row.what == ISSUED
        ],
        "certificates": [
            {
                "row": row.number,
                "before": row.certificate or None,
                "certificate": entering.certificate(row),
            }
            for row in rows
            if row.what == RETIRED
        ],
    }


def rehearse_books(runtime: Runtime, authority: str | None, bulk: Bulk) -> dict[str, Any]:
    """What `enter` would do, or every row that is bad: as `Checked` has it. Raises: RefusedError, as `enter`."""
    desk = runtime.desk(bulk.principal, dry_run=True)
    try:
        entering = importing.entering(desk, old_books.read(bulk.file), authority)
    except RefusedError as refusal:
        return checked_bad(runtime, refusal, bulk.lang)
    acts = 0
    for plans in entering.steps(entering.left()):
        acts += len(desk.perform(plans))
    return checked(runtime, len(entering.books.rows), None, acts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came: a list, and the rest of what is asked for, where the list is a part of a form."""

    file: File
    said: Mapping[str, Any]


async def sent(request: Request, columns: Sequence[str]) -> Sent:
    """The list in a request, in which `columns` are in any case; in a form it is `list`, and `ask` is JSON.

    Raises:
        RefusedError: `unknown_media_type`, `malformed`; what `table_of` says.
    """
    media, data, said = request.headers.get("content-type", ""), b"", "{}"
    if media.partition(";")[0].strip().lower() == "multipart/form-data":
        async with request.form(max_files=1, max_fields=1) as form:
            found, said = form.get("list"), str(form.get("ask", "{}"))
            if not isinstance(found, UploadFile):
                raise UsageError("malformed", field="list", why="file_expected")
            media, data = found.content_type or "", await found.read()
            if media in _UNSAID:
                media = _ENDINGS.get((found.filename or "").rpartition(".")[2].lower(), media)
    else:
        data = await request.body()
    named = media.partition(";")[0].strip().lower()
    file = await run_in_threadpool(_file, named, data, columns)
    return Sent(file=file, said=_object(said))


def _file(media: str, data: bytes, columns: Sequence[str]) -> File:
    """The rows of a list of that media type."""
    require(media in _KINDS, "unknown_media_type", found=media)
    return table_of(data, _KINDS[media], columns)


def _object(said: str) -> Mapping[str, Any]:
    try:
        found = json.loads(said, object_pairs_hook=named_once)
    except (ValueError, RecursionError) as error:
        raise UsageError("malformed", field="ask", why="json_expected") from error
    if not isinstance(found, dict):
        raise UsageError("malformed", field="ask", why="object_expected")
    return found


def _body(*plain: str) -> dict[str, Any]:
    """What OpenAPI says of a list: sent as it is, in one of these media types, or as a part of a form."""
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    form: dict[str, Any] = {"type": "object", "properties": {"list": file}, "required": ["list"]}
    if not plain:
        form["properties"]["ask"] = {"type": "string", "contentMediaType": "application/json"}
        form["required"].append("ask")
    content: dict[str, Any] = {
        media: {"schema": file if media == _XLSX else {"type": "string"}} for media in plain
    }
    content["multipart/form-data"] = {"schema": form}
    return {"requestBody": {"required": True, "content": content}}


def router(runtime: Runtime) -> APIRouter:
    """The routes of lists, and of what is handed out."""
    made = APIRouter(prefix="/v1")
    _add_gift(made, runtime)
    _add_retirement(made, runtime)
    _add_books(made, runtime)
    return made


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "What the list comes to, with `dry-run`.", "model": Checked},
    **problems(400, 401, 403, 404, 409, 413, 415, 422),
}


def _add_gift(made: APIRouter, runtime: Runtime) -> None:
    @made.post(
        "/campaigns/{campaign}/give",
        operation_id="give_to_list",
        tags=["campaigns"],
        status_code=202,
        response_model=JobAnswer,
        responses=_ANSWERS,
        openapi_extra=_body(*_KINDS),
    )
    async def give_to_list(
        request: Request, campaign: str, mode: Doing = "record", idempotency_key: Key = None
    ) -> Response:
        """Give to a list of guests: columns no[,account][,name][,tonnes|grams]. Who has no account gets a claim code.

        It is a job. The same list again gives nobody twice: it goes on where it stopped. Only with keys that are kept
        here.
        """
        # Before the list is read.
        require_scope(request.state.principal, "act:campaigns")
        check_said_once(request, ("mode",))
        bulk = _bulk(request, (await sent(request, ("no",))).file, idempotency_key)
        if mode == "dry-run":
            return json_response(await run_in_threadpool(rehearse_gift, runtime, campaign, bulk))
        return started(runtime, await run_in_threadpool(give, runtime, campaign, bulk), request)


def _add_retirement(made: APIRouter, runtime: Runtime) -> None:
    @made.post(
        "/retirements/for-list",
        operation_id="retire_for_list",
        tags=["retirements"],
        status_code=202,
        response_model=JobAnswer,
        responses=_ANSWERS,
        openapi_extra=_body(),
    )
    async def retire_for_list(
        request: Request, mode: Doing = "record", idempotency_key: Key = None
    ) -> Response:
        """Retire for all in a list, columns name,tonnes|grams, each with a certificate of their own.

        A form of two parts: `list` is the file, and `ask` what POST /v1/retirements/for-many says besides `rows`, in
        JSON. It is a job. Only with keys that are kept here.
        """
        require_scope(request.state.principal, "act:retirements")
        check_said_once(request, ("mode",))
        found = await sent(request, ("name",))
        bulk = _bulk(request, found.file, idempotency_key)
        try:
            rows = await run_in_threadpool(retirements.listed, found.file)
        except RefusedError as refusal:
            if mode != "dry-run":
                raise
            return json_response(checked_bad(runtime, refusal, bulk.lang))
        ask = await run_in_threadpool(RetireForMany.model_validate, {**found.said, "rows": rows})
        if mode == "dry-run":
            return json_response(await run_in_threadpool(rehearse_retirement, runtime, ask, bulk))
        return started(runtime, await run_in_threadpool(retire, runtime, ask, bulk), request)


def _add_books(made: APIRouter, runtime: Runtime) -> None:
    @made.post(
        "/batches/import-books",
        operation_id="import_books",
        tags=["batches"],
        status_code=202,
        response_model=JobAnswer,
        responses=_ANSWERS,
        openapi_extra=_body(*_KINDS),
    )
    async def import_books(
        request: Request,
        authority: Annotated[
            str | None, Query(description="Who signs as authority, if there are several.")
        ] = None,
        mode: Doing = "record",
        idempotency_key: Key = None,
    ) -> Response:
        """Enter the books of a registry of before, a page of rows at a time: by the authority, an officer, each holder.

        It is a job. The same books again go on with the first row that is not entered. Accounts stand in them by their
        ids; whoever asks speaks for all who sign. Only with keys that are kept here.
        """
        require_scope(request.state.principal, "act:batches")
        check_said_once(request, ("authority", "mode"))
        file = (await sent(request, old_books.COLUMNS)).file
        bulk = _bulk(request, file, idempotency_key)
        if mode == "dry-run":
            return json_response(await run_in_threadpool(rehearse_books, runtime, authority, bulk))
        return started(runtime, await run_in_threadpool(enter, runtime, authority, bulk), request)


def _bulk(request: Request, file: File, key: str | None) -> Bulk:
    return Bulk(
        principal=request.state.principal,
        path=request.url.path,
        file=file,
        key=key,
        lang=language(request.headers.get("accept-language")),
    )
