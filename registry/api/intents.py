"""Signed intents: submitted by anybody, since their signatures say whose they are; and signed with keys kept here."""

import json
from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Header, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from registry import history
from registry.api.conventions import (
    Handler,
    body_in_json,
    check_json,
    check_said_once,
    json_response,
    named_once,
    problems,
)
from registry.api.principals import require_scope
from registry.api.rates import source_of
from registry.api.runtime import Runtime
from registry.api.shapes import (
    Base64,
    Receipt,
    Shape,
    SignerShape,
    Submission,
    ToSign,
    coded,
    decoded,
    openings_of,
    rows_of,
)
from registry.errors import RefusedError, UsageError, require
from registry.ledger import intent as intents
from registry.ledger.commitment import Opening, commitment
from registry.ledger.intent import INTENT_BYTES_MAX, in_key_order
from registry.store.log import Moment

SIGN = "sign"
FIELDS_TOLD_MAX = 20
"""So many of the fields that are not opened are named."""

_Said = TypeVar("_Said", bound=BaseModel)

Nonce = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="If sent, the intent's nonce, in hex."),
]


class Signature(Shape):
    """A signature under an intent."""

    signer: SignerShape
    signature: Base64


class Signatures(Shape):
    """The signatures of the caller's accounts, and the order in which all of them are to be submitted."""

    signatures: list[Signature]
    order: Annotated[list[str], Field(description="The accounts, in order of their key ids.")]


class Direct(APIRoute):
    """A route whose endpoint reads the request by itself: most of what is asked of a busy server is one."""

    def get_route_handler(self) -> Handler:
        handler: Handler = self.endpoint
        return handler


def router(runtime: Runtime) -> APIRouter:
    """The routes of signed intents."""
    made = APIRouter(prefix="/v1", tags=["intents"], route_class=Direct)
    _add_submit(made, runtime)
    _add_sign(made, runtime)
    return made


def _add_submit(made: APIRouter, runtime: Runtime) -> None:
    @made.post(
        "/intents",
        operation_id="submit_intent",
        status_code=201,
        response_model=Receipt,
        responses=problems(400, 403, 404, 409, 413, 415, 422, 503),
        openapi_extra={"requestBody": body_in_json("Submission")},
    )
    async def submit(request: Request, idempotency_key: Nonce = None) -> Response:
        """Record a signed intent. No login is needed: its signatures say whose act it is.

        What it commits to comes with it, opened, or is `withheld`: it cannot be handed in later. The same intent again
        has one effect, and the same answer, under the same or a newer checkpoint.
        """
        said = await _read(request, Submission)
        data = decoded(said.intent, "intent")
        idempotency_key = request.headers.get("idempotency-key")
        if idempotency_key is not None:
            nonce = intents.decode(data).nonce.hex()
            require(idempotency_key == nonce, "wrong_nonce", nonce=nonce)
        openings = openings_of(said.openings)
        if not said.withheld and history.may_commit(data):
            # Of a list they may be a hundred thousand.
            missing = (
                await run_in_threadpool(_missing, data, openings)
                if said.rows
                else _missing(data, openings)
            )
            if missing and not await run_in_threadpool(_is_recorded, runtime, data):
                first = missing[:FIELDS_TOLD_MAX]
                raise RefusedError("openings_missing", fields=first, missing=len(missing))
        answer = runtime.writer.submit(
            data,
            [decoded(one, "signatures") for one in said.signatures],
            openings,
            rows_of(said.rows),
            source=source_of(request.scope),
        )
        (receipt,) = await answer
        kept = await run_in_threadpool(_kept, runtime, data, openings) if openings else []
        told = {
            "index": receipt.index,
            "leaf": receipt.leaf.hex(),
            "checkpoint": receipt.checkpoint.decode(),
            "kept": kept,
        }
        return json_response(told, 201, {"location": f"/v1/log/entries/{receipt.index}"})


def _add_sign(made: APIRouter, runtime: Runtime) -> None:
    @made.post(
        "/signatures",
        operation_id="sign_intent",
        response_model=Signatures,
        responses=problems(400, 401, 403, 413, 415, 422, 503),
        openapi_extra={"requestBody": body_in_json("ToSign")},
    )
    async def sign(request: Request) -> Response:
        """Sign a prepared intent with the keys that are kept here for the caller's accounts.

        Of an act of several, such as two officers, each signs for their own accounts; whoever has all signatures
        submits them.
        """
        principal = request.state.principal
        require_scope(principal, SIGN)
        said = await _read(request, ToSign)
        data = decoded(said.intent, "intent")
        if len(data) > INTENT_BYTES_MAX:
            raise UsageError("too_long", bytes=len(data), bytes_max=INTENT_BYTES_MAX)
        asked = intents.decode(data)
        require(asked.log == runtime.operator.id, "wrong_log")
        own = principal.accounts.intersection(one.account for one in asked.signers)
        require(
            bool(own), "signature_missing", accounts=sorted(one.account for one in asked.signers)
        )
        found = await run_in_threadpool(runtime.operator.signatures, asked, data, own)
        in_order = in_key_order(asked.signers)
        told = [
            {
                "signer": {
                    "account": signer.account,
                    "key": {"suite": signer.key[0], "public": signer.key[1].hex()},
                    "custodial": True,
                },
                "signature": coded(found[signer.key]),
            }
            for signer in in_order
            if signer.key in found
        ]
        return json_response({"signatures": told, "order": [one.account for one in in_order]})


async def _read(request: Request, form: type[_Said]) -> _Said:
    """What the body says, if nothing is said beside it: not mode=dry-run of what would be recorded.

    Raises:
        RefusedError: `unknown_media_type`.
        UsageError: `malformed`; a member that is there twice among them.
        ValidationError: what it says is not of the form.
    """
    check_json(request)
    check_said_once(request, ())
    body = await request.body()
    said = form.model_validate_json(body)
    # Of two members that was the last; once it is of the form, no depth and no number is too much for this.
    json.loads(body, object_pairs_hook=named_once)
    return said


def _missing(data: bytes, openings: Sequence[Opening]) -> list[str]:
    """The fields of the intent `data` that none of `openings` opens; none, if it cannot be read: the judge says why."""
    sent = {opening.field for opening in openings}
    try:
        return [one for one in history.committed_fields(intents.decode(data)) if one not in sent]
    except RefusedError:
        return []


def _is_recorded(runtime: Runtime, data: bytes) -> bool:
    """Whether this very intent was recorded before: asked again, it is answered again."""
    asked = intents.decode(data)
    log = runtime.operator.log
    with log.recorder.trouble(), log.recorder.reading() as cursor:
        moment = Moment(cursor)
        found = moment.entries_of([(asked.author, asked.nonce)]).values()
        return any(moment.placed(index).entry.intent_bytes == data for index in found)


def _kept(runtime: Runtime, data: bytes, openings: Sequence[Opening]) -> list[str]:
    """The fields of `openings`, of the intent `data`, that can be opened here."""
    asked = intents.decode(data)
    made = {commitment(asked.log, asked.author, asked.nonce, one): one.field for one in openings}
    found = runtime.operator.log.openings.find(list(made))
    return [field for one, field in made.items() if one in found]
