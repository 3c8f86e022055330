"""Certificates by number, for anybody who has one in hand; their proofs and dossiers; and whether a file is a proof.

    GET  /v1/certificates/{number}            what the registry says of it now, or then
    GET  /v1/certificates/{number}/proof      the compact proof: `registry verify` checks it without us
    GET  /v1/certificates/{number}/dossier    all that has to be replayed for it
    POST /v1/verify                           our word on a proof file

Names are shown where the certificate is public, and to whom it concerns. What everybody is told of a certificate is
asked for again and again: it is kept for a while, as long as the tables have not grown.
"""

import re
import threading
import time as clock
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from registry.api.conditional import JSON, NOW, UNCHANGED, has_it, tag_of, told_bytes, told_once
from registry.api.conventions import Handler, json_response, problems
from registry.api.log import OCTETS, vkeys
from registry.api.principals import NOBODY, require_sight
from registry.api.problems import language
from registry.api.questions import Answer, Sight, sight_of
from registry.api.resources import TEXT, TEXT_MAX, Grams, Name, Serials
from registry.api.resources import Query as Asked
from registry.api.runtime import Runtime
from registry.api.shapes import Hex, Shape, Time, Told
from registry.api.values import shown, time
from registry.desk import verified as verdicts
from registry.desk import words
from registry.desk.asking import question_to
from registry.desk.certificates import read_number, share_of
from registry.desk.certified import find
from registry.errors import (
    BrokenHistoryError,
    RefusedError,
    RegistryError,
    UnavailableError,
    require,
)
from registry.ledger.note import VerifierKey
from registry.ledger.proof import PROOF_BYTES_MAX
from registry.projections.retirements import HIDDEN
from registry.store.dossiers import certificate_dossier
from registry.store.proofs import certificate_proof
from registry.verifier.certificate import Verified, verify

KEPT_BYTES_MAX = 32 << 20
KEPT_SECONDS_MAX = 10.0
"""So long a name that is erased meanwhile may still be told."""
DOSSIERS_AT_ONCE_MAX = 2
"""So many dossiers are made at a time: each may take as much memory as the largest file."""
OFFLINE = "registry verify FILE"
_PLAINLY = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)
"""A number as most people write it, which nobody has to look at twice."""
_OTHER_KEY = frozenset({"bad_checkpoint_signature", "wrong_log"})
_NAMES = (*HIDDEN, "name")
_PLAIN = (
    *("sort", "state", "entry", "holder", "holder_name", "awaiting", "replaced_by", "replaces"),
    *("ended", "reason", "confirmed", "activity", "former"),
)


class Names(Shape):
    """What a certificate commits to, as far as it is shown."""

    activity: Name | None = None
    organisers: Name | None = None
    beneficiary: Name | None = None
    purchaser: Name | None = None
    agent: Name | None = None
    name: Name | None = None
    """For whom an honour is."""


class TimingVerdict(Shape):
    """Whether it was in time, by one rule."""

    norm: str
    rule: str
    result: str
    reason: str


class RetiredOf(Shape):
    """What was retired of a batch."""

    batch: str
    standard: str
    origin: str
    amount_g: Grams


class Retirement(Shape):
    """What a certificate of a retirement states."""

    purpose: str
    month: str
    """Of the retirement."""
    day: str | None
    period: list[str] | None
    """The first and the last day claimed."""
    place: str | None
    """GB/T 2260."""
    ground: str
    imported: bool
    """Whether it says what happened elsewhere: attested, not proven."""
    custodial: bool
    recovered: bool
    shares: int
    """So many certificates are in it, if it is for many."""
    batches: list[RetiredOf]
    verdicts: list[TimingVerdict]


class Share(Shape):
    """Which row of a retirement for many it is."""

    group: str
    row: int
    """From 0."""
    before_g: Grams
    """It has the grams after the first so many."""


class Witness(Shape):
    """An exchange that witnessed it."""

    exchange: str
    reference: str
    other: str | None
    """The exchange that did so jointly."""


class CertificateTold(Answer):
    """A certificate, as the registry has it."""

    number: str
    grouped: str
    """The number as it is printed."""
    sort: str
    state: Literal["valid", "replaced", "annulled"]
    final: bool
    """Whether nothing is awaited from a home registry."""
    awaiting: list[str]
    """Kinds of credit of which the cancellation at home is not shown yet."""
    entry: int
    time: Time
    holder: str
    holder_name: str | None
    amount_g: Grams
    public: bool
    """Whether its names are."""
    names: Names
    hidden: list[str]
    """The names that it commits to, and that are not shown here."""
    replaced_by: str | None
    replaces: str | None
    ended: int | None
    """The entry that replaced or annulled it."""
    reason: str | None
    confirmed: int | None
    """The entry in which a court confirmed it."""
    activity: str | None
    """The activity that it offsets, or that it is of."""
    former: str | None
    """The number that it had elsewhere."""
    retirement: Retirement | None
    share: Share | None
    witnesses: list[Witness]


class ProvedBatch(Shape):
    """What the file shows to be retired of a batch."""

    batch: str
    standard: str
    amount_g: Grams
    period: list[str]
    ranges: list[Serials] | None
    """Null where they stand beside the entry."""


class Proved(Shape):
    """What a proof file shows."""

    number: str
    size: int
    """Of the signed tree: all of it is true as of so many entries."""
    index: int
    """Of the entry that retired the grams."""
    time: Time
    holder: str
    amount_g: Grams
    purpose: str
    period: list[str] | None
    place: str | None
    ground: str
    final: bool
    awaiting: list[str]
    attested: bool
    """Whether it says what happened elsewhere: attested, not proven."""
    custodial: bool
    recovered: bool
    verdicts: list[TimingVerdict]
    former: list[str]
    signers: list[str]
    names: Names
    """What the openings in the file show."""
    retired: list[ProvedBatch]


class FileChecked(Told):
    """What this registry says of a file. It is the operator's word: who does not want to rely on it checks offline."""

    holds: bool
    """Whether it is a proof of a certificate of this log, signed by its key."""
    checked_by: Literal["operator"]
    offline: str
    """How to check it without this server, with a pinned key."""
    signed_by: str | None
    """The log's key that it was checked with, as verifiers pin it."""
    code: str | None
    """Why it does not hold."""
    detail: str | None
    """The same, in words."""
    certificate: Proved | None
    state_now: Literal["valid", "replaced", "annulled"] | None
    """Of the number that it shows, as the registry has it now."""
    fingerprint: Hex | None
    """SHA-256 of the log's key."""


class _OfFile(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    private: bool = False
    """With names that are not public: for whom the certificate concerns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What everybody is told of a certificate."""

    size: int
    until_s: float
    body: bytes
    tag: str


class Kept:
    """What everybody is told of certificates, the last ones that were asked for. Safe for threads."""

    def __init__(self, bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._bytes = 0

    def find(self, number: str, size: int) -> _Told | None:
        """What is told of `number`, if the tables have not grown beyond `size` since."""
        with self._lock:
            told = self._told.get(number)
            if told is None or told.size != size or told.until_s < clock.monotonic():
                return None
            self._told.move_to_end(number)
            return told

    def keep(self, number: str, size: int, body: bytes, tag: str) -> None:
        """Keep what is told of `number` as of `size`."""
        until_s = clock.monotonic() + KEPT_SECONDS_MAX
        with self._lock:
            self._drop(number)
            self._told[number] = _Told(size=size, until_s=until_s, body=body, tag=tag)
            self._bytes += len(body)
            while self._bytes > self._bytes_max:
                self._drop(next(iter(self._told)))

    def _drop(self, number: str) -> None:
        told = self._told.pop(number, None)
        self._bytes -= 0 if told is None else len(told.body)


Number = Annotated[
    str,
    Path(
        max_length=TEXT_MAX,
        pattern=TEXT,
        description="A certificate's number, in any case, with or without its dashes.",
    ),
]


def router(runtime: Runtime) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix="/v1", tags=["certificates"])
    _add_certificate(made, runtime)
    _add_files(made, runtime)
    _add_verify(made, runtime)
    return made


class Looked(APIRoute):
    """A route of one certificate: what most people ask has nothing in it that the framework would have to read."""

    def get_route_handler(self) -> Handler:
        read = super().get_route_handler()

        async def looked(request: Request) -> Response:
            number = request.path_params["number"]
            if request.scope["query_string"] or _PLAINLY.fullmatch(number) is None:
                return await read(request)
            answer: Response = await self.endpoint(request, number, Asked())
            return answer

        return looked


def _add_certificate(made: APIRouter, runtime: Runtime) -> None:
    kept = Kept()

    async def certificate(
        request: Request, number: Number, asked: Annotated[Asked, Query()]
    ) -> Response:
        """What there is to say of a certificate: names where it is public, and to whom it concerns."""
        meant = read_number(number)
        public = request.state.principal is NOBODY and asked.as_of is None
        if not public:
            return await run_in_threadpool(_answered, runtime, request, meant, asked)
        # Before anything is looked up: what is kept is then never newer than it says.
        size = runtime.heads.size
        told = kept.find(meant, size)
        if told is not None:
            return _again(request, told)
        response = await run_in_threadpool(_answered, runtime, request, meant, asked)
        if response.status_code == 200:
            kept.keep(meant, size, bytes(response.body), response.headers["etag"])
        return response

    made.add_api_route(
        "/certificates/{number}",
        certificate,
        operation_id="get_certificate",
        response_model=CertificateTold,
        responses={**UNCHANGED, **problems(404, 422)},
        route_class_override=Looked,
    )


def _again(request: Request, told: _Told) -> Response:
    """What was told before."""
    headers = {"etag": told.tag, "vary": "Authorization, Accept", "cache-control": NOW}
    if has_it(request, told.tag):
        return Response(status_code=304, headers=headers)
    return Response(told.body, headers=headers, media_type=JSON)


def _answered(runtime: Runtime, request: Request, number: str, asked: Asked) -> Response:
    sight = sight_of(runtime, request.state.principal)
    with question_to(runtime.source(), asked.as_of) as question:
        told = {**_told(find(question, number, sight.of)), **question.true_of()}
    return told_once(request, told)


def _told(found: Mapping[str, Any]) -> dict[str, Any]:
    """A certificate as `CertificateTold` has it."""
    share = found["share"]
    return {
        "number": found["number"],
        "grouped": words.grouped(found["number"]),
        **{name: found[name] for name in _PLAIN},
        "time": time(found["at_us"]),
        "final": not found["awaiting"],
        "amount_g": str(found["amount_g"]),
        "public": bool(found["public"]),
        "names": {
            name: None if isinstance(said := found["names"].get(name), bytes) else said
            for name in _NAMES
        },
        "hidden": [name for name in _NAMES if isinstance(found["names"].get(name), bytes)],
        "retirement": None if found["retirement"] is None else _retirement(found["retirement"]),
        "share": None
        if share is None
        else {
            "group": share["group_number"],
            "row": share["row_number"],
            "before_g": str(share["before_g"]),
        },
        "witnesses": [
            {name: row[name] for name in ("exchange", "reference", "other")}
            for row in found["witnesses"]
        ],
    }


def _retirement(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = ("purpose", "month", "day", "place", "ground", "shares", "verdicts")
    period = row["period_from"], row["period_to"]
    return {
        **{name: row[name] for name in plain},
        "period": None if period[0] is None else list(period),
        **{name: bool(row[name]) for name in ("imported", "custodial", "recovered")},
        "batches": [
            {
                **{name: own[name] for name in ("batch", "standard", "origin")},
                "amount_g": str(own["amount_g"]),
            }
            for own in row["batches"]
        ],
    }


def _add_files(made: APIRouter, runtime: Runtime) -> None:
    few = threading.BoundedSemaphore(DOSSIERS_AT_ONCE_MAX)
    said: dict[int | str, Any] = {
        200: {"content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}}}
    }

    @made.get(
        "/certificates/{number}/proof",
        operation_id="get_certificate_proof",
        response_class=Response,
        responses={**said, **UNCHANGED, **problems(401, 403, 404, 409, 422)},
    )
    def proof(request: Request, number: Number, asked: Annotated[_OfFile, Query()]) -> Response:
        """The compact proof of a certificate, a file that `registry verify` checks offline."""
        return _file(runtime, request, number, asked, certificate_proof)

    @made.get(
        "/certificates/{number}/dossier",
        operation_id="get_certificate_dossier",
        response_class=Response,
        responses={**said, **UNCHANGED, **problems(401, 403, 404, 409, 422)},
    )
    def dossier(request: Request, number: Number, asked: Annotated[_OfFile, Query()]) -> Response:
        """All that has to be replayed for a certificate, in a file that `registry verify` checks offline."""
        if not few.acquire(blocking=False):
            raise UnavailableError("busy", waiting=DOSSIERS_AT_ONCE_MAX, most=DOSSIERS_AT_ONCE_MAX)
        try:
            return _file(runtime, request, number, asked, certificate_dossier)
        finally:
            few.release()


def _file(
    runtime: Runtime,
    request: Request,
    typed: str,
    asked: _OfFile,
    make: Callable[..., bytes],
) -> Response:
    """What `make` makes of a certificate, as a file.

    Raises:
        RefusedError: `no_certificate`; what `require_sight` says, where names are wanted that are not public.
    """
    source, number = runtime.source(), read_number(typed)
    if asked.private:
        with question_to(source) as question:
            found = find(question, number, Sight(own=frozenset(), all=False).of)
        require_sight(request.state.principal, runtime.registry(), found["holder"])
    log = source.log
    data = make(log, log.openings, number, private=asked.private, share=share_of(source, number))
    suffix = "proof" if make is certificate_proof else "dossier"
    more = {"content-disposition": f'attachment; filename="certificate-{number}.{suffix}"'}
    return told_bytes(request, data, OCTETS, tag=tag_of(data), more=more)


def _add_verify(made: APIRouter, runtime: Runtime) -> None:
    @made.post(
        "/verify",
        operation_id="verify_certificate",
        response_model=FileChecked,
        responses=problems(400, 413, 415, 422),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def verify_file(request: Request) -> Response:
        """Say whether a file is the compact proof of a certificate of this log; and what it shows.

        This is the operator's word. `registry verify` says the same without a network, to whoever pinned the log's key.
        """
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        require(media == OCTETS, "unknown_media_type", media_type=media)
        data = await request.body()
        require(
            len(data) <= PROOF_BYTES_MAX, "too_long", bytes=len(data), bytes_max=PROOF_BYTES_MAX
        )
        lang = language(request.headers.get("accept-language"))
        return json_response(await run_in_threadpool(_checked, runtime, data, lang))


def _checked(runtime: Runtime, data: bytes, lang: words.Lang) -> dict[str, Any]:
    """What there is to say of a file, as `FileChecked` has it."""
    told: dict[str, Any] = {
        **runtime.true_of(),
        "holds": False,
        "checked_by": "operator",
        "offline": OFFLINE,
        **dict.fromkeys(("signed_by", "fingerprint", "code", "detail")),
        **dict.fromkeys(("certificate", "state_now")),
    }
    try:
        found, key = _verified(data, [key for _, key in vkeys(runtime.registry())])
    except RegistryError as error:
        facts = {name: shown(value) for name, value in error.facts.items() if _is_plain(value)}
        told["code"] = error.code
        told["detail"] = words.code_text(error.code, lang, facts)
        verified = error.facts.get("verified")
        if isinstance(verified, Verified):
            told["state_now"] = _state_now(runtime, verified.number)
        return told
    told |= {"holds": True, "signed_by": str(key), "fingerprint": key.fingerprint}
    told |= {"certificate": _proved(found, key), "state_now": _state_now(runtime, found.number)}
    return told


def _verified(data: bytes, keys: list[VerifierKey]) -> tuple[Verified, VerifierKey]:
    """What the file shows to whoever pinned one of the log's keys, the newest that will do; and that key.

    Raises:
        BrokenHistoryError: as `verify`.
    """
    *older, newest = keys
    for key in reversed(older):
        with suppress(BrokenHistoryError):
            return verify(data, newest), newest
        try:
            return verify(data, key), key
        except BrokenHistoryError as error:
            if error.code not in _OTHER_KEY:
                raise
    return verify(data, newest), newest


def _state_now(runtime: Runtime, number: str) -> str | None:
    with question_to(runtime.source()) as question:
        try:
            state: str = find(question, number, lambda _: False)["state"]
        except RefusedError:
            return None
    return state


def _proved(found: Verified, key: VerifierKey) -> dict[str, Any]:
    """What a file shows, as `Proved` has it."""
    told = verdicts.object_of(found, key)
    plain = ("number", "size", "index", "holder", "purpose", "place", "ground", "final", "attested")
    several = ("awaiting", "verdicts", "former", "signers")
    return {
        **{name: told[name] for name in (*plain, "custodial", "recovered")},
        **{name: list(told[name]) for name in several},
        "time": time(found.at_us),
        "amount_g": str(found.amount_g),
        "period": None if told["period"] is None else list(told["period"]),
        "names": {name: told["names"].get(name) for name in _NAMES},
        "retired": [
            {
                "batch": one["batch"],
                "standard": one["standard"],
                "amount_g": str(one["amount_g"]),
                "period": list(one["period"]),
                "ranges": None
                if one["ranges_half_open"] is None
                else [[str(start), str(end - 1)] for start, end in one["ranges_half_open"]],
            }
            for one in told["retired"]
        ],
    }


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | bytes | list | tuple | type(None))
