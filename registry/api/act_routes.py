"""One route for each `Act`: its path and body from the ask's fields, three modes, one form of the answer."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from registry.api import acting
from registry.api.act import Act
from registry.api.acting import KEY_CHARACTERS_MAX, Wish, fingerprint
from registry.api.conventions import check_said_once, json_response, problems
from registry.api.paths import parameters_in
from registry.api.runtime import Runtime
from registry.api.shapes import Prepared, Recorded, Rehearsed
from registry.desk import given
from registry.desk.ask import Ask, Few
from registry.errors import UsageError

Mode = Literal["record", "prepare", "dry-run"]
_ANSWERS = {"prepare": acting.prepare, "dry-run": acting.rehearse}
_EITHER = Annotated[Rehearsed | Prepared, Field(discriminator="mode")]
_PARAMETERS = ("mode", "signing_key")
_NUMBER = re.compile("0|[1-9][0-9]{0,15}", re.ASCII)

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=KEY_CHARACTERS_MAX,
        description="Chosen by the caller, new for each act: asked again under it, nothing is done twice."
        " Needed to record.",
    ),
]
Doing = Annotated[
    Mode,
    Query(
        title="Doing",
        description="`record` with keys that are kept here; `prepare` intents to be signed by own keys;"
        " `dry-run` says what would be, and does nothing.",
    ),
]
SigningKey = Annotated[
    str | None,
    Query(
        pattern="^[0-9a-f]{64}$",
        description="With `prepare`: the public key that the caller will sign with, if not the last one added.",
    ),
]


class _Body(Few):
    model_config = ConfigDict(extra="forbid")


def router(runtime: Runtime, acts: tuple[Act, ...]) -> APIRouter:
    """The routes of `acts`."""
    made = APIRouter(prefix="/v1")
    for act in acts:
        made.add_api_route(
            act.path,
            _endpoint(runtime, act),
            methods=["POST"],
            tags=[act.area],
            operation_id=act.operation,
            status_code=201,
            response_model=Recorded,
            responses={
                200: {
                    "description": "What would be done, with `prepare` or `dry-run`.",
                    "model": _EITHER,
                },
                **problems(400, 401, 403, 404, 409, 413, 415, 422),
            },
        )
    return made


def body_of(act: Act) -> type[BaseModel]:
    """What the body of an act's request says: every field that is not in the path, and nothing else."""
    inside = parameters_in(act.path)
    fields: dict[str, Any] = {
        name: (field.annotation, field)
        for name, field in act.ask.model_fields.items()
        if name not in inside
    }
    name = "".join(word.title() for word in act.operation.split("_"))
    return create_model(name, __base__=_Body, __doc__=act.ask.__doc__, **fields)


def _endpoint(runtime: Runtime, act: Act) -> Callable[..., Any]:
    inside, body = parameters_in(act.path), body_of(act)

    async def endpoint(
        request: Request,
        mode: Mode = "record",
        idempotency_key: str | None = None,
        signing_key: str | None = None,
        **_said: Any,
    ) -> Response:
        check_said_once(request, _PARAMETERS)
        said = request.state.said or {}
        path = {name: request.path_params[name] for name in inside}
        wish = Wish(
            ask=_ask(act, path, said),
            area=act.area,
            principal=request.state.principal,
            fingerprint=fingerprint(request.url.path, said),
            key=idempotency_key,
            signing_key=None
            if signing_key is None
            else given.octets(signing_key, "signing_key", 32),
        )
        if mode == "record":
            told = await run_in_threadpool(acting.record, runtime, wish)
            return json_response(told, 201, _headers(told))
        return json_response(await run_in_threadpool(_ANSWERS[mode], runtime, wish))

    endpoint.__doc__ = act.ask.__doc__
    endpoint.__signature__ = _signature(act, body)  # type: ignore[attr-defined]  # what FastAPI reads
    return endpoint


def _ask(act: Act, path: Mapping[str, str], said: Mapping[str, Any]) -> Ask:
    """The ask; what stands in the path was read by FastAPI before, and is read again as the ask's.

    Raises:
        UsageError: `malformed`: a number in another way than ours.
    """
    read: dict[str, Any] = {**path}
    for name, text in path.items():
        if act.ask.model_fields[name].annotation is int:
            if _NUMBER.fullmatch(text) is None:
                raise UsageError("malformed", field=name, why="int_parsing")
            read[name] = int(text)
    return act.ask.model_validate({**said, **read})


def _signature(act: Act, body: type[BaseModel]) -> inspect.Signature:
    """The parameters of an act's route, as FastAPI is to see them."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    found = [inspect.Parameter("request", keyword, annotation=Request)]
    for name in parameters_in(act.path):
        field = act.ask.model_fields[name]
        about = Path(description=field.description)
        kind = int if field.annotation is int else str
        found.append(inspect.Parameter(name, keyword, annotation=Annotated[kind, about]))
    needed = any(field.is_required() for field in body.model_fields.values())
    default = inspect.Parameter.empty if needed else None
    kind_of_body = body if needed else body | None
    found.append(inspect.Parameter("said", keyword, annotation=kind_of_body, default=default))
    for name, kind_of, default_of in (
        ("mode", Doing, "record"),
        ("idempotency_key", Key, None),
        ("signing_key", SigningKey, None),
    ):
        found.append(inspect.Parameter(name, keyword, annotation=kind_of, default=default_of))
    return inspect.Signature(found)


def _headers(told: Mapping[str, Any]) -> dict[str, str]:
    first = told["entries"][0]["index"]
    return {"location": f"/v1/log/entries/{first}"}
