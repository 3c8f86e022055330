"""What all routes have in common: how they answer, and which problems they say that they may answer with."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import suppress
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from registry.api.problems import MEDIA_TYPE
from registry.errors import UsageError, require

_ALWAYS = (406, 408, 429, 431, 500, 503, 504)
"""What any request may end in, whatever it asks."""
_DESCRIPTIONS = {
    400: "Not a request that makes sense.",
    401: "No credentials, or none that are good.",
    403: "Whoever asks may not do this: the problem names the role, scope or signature that is missing.",
    404: "Nothing is there.",
    405: "This cannot be asked here.",
    406: "Not in a form that was asked for.",
    408: "The request did not arrive in time.",
    409: "The rules say no: the problem's code says which.",
    412: "It is not as it was said to be any more.",
    413: "Too much for one request.",
    415: "Not in a form that is read here.",
    422: "It cannot be read: the problem says which part.",
    429: "Too often: ask again later.",
    431: "Too long a head.",
    500: "Our fault, or the history is broken: somebody has to look.",
    503: "Not now: ask again, the same, under the same nonce or Idempotency-Key.",
    504: "It took too long: ask again, the same.",
}
_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


Handler = Callable[[Request], Coroutine[Any, Any, Response]]
"""What answers a request, once it is known which route it is for."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route says in OpenAPI of these problems, and of those that any request may end in."""
    return {
        status: {"description": _DESCRIPTIONS[status], "content": _PROBLEM}
        for status in sorted({*statuses, *_ALWAYS})
    }


def body_in_json(schema: str) -> dict[str, Any]:
    """What a route says in OpenAPI of a body that it reads by itself; the schema is one of the components."""
    named = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    return {"required": True, "content": {"application/json": named}}


def check_json(request: Request) -> None:
    """Return if the body is said to be JSON.

    Raises:
        RefusedError: `unknown_media_type`.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    require(media == "application/json", "unknown_media_type", media_type=media)


async def check_once(request: Request) -> None:
    """Return if the query says what the route knows, each once, and no object in a body of JSON has a member twice.

    Of two values none is to be guessed. What the body says is `request.state.said` from now on, for who reads it.

    Raises:
        UsageError: `malformed`.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    if request.scope["query_string"]:
        check_said_once(request, set(_parameters(route.dependant)))
    if route.body_field is not None:
        # The framework has read it before; if it is no JSON, it says so after this.
        with suppress(ValueError):
            body = await request.body() or b"{}"
            request.state.said = json.loads(body, object_pairs_hook=named_once)


def _parameters(asking: Dependant) -> Iterator[str]:
    """The names in the query of what is called so, those that a model names among them."""
    for parameter in asking.query_params:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (field.alias or name for name, field in kind.model_fields.items())
        else:
            yield parameter.alias
    for other in asking.dependencies:
        yield from _parameters(other)


def check_said_once(request: Request, known: Collection[str]) -> None:
    """Return if the request says how it is to be done in one way: what was mistyped is not recorded by default.

    Raises:
        UsageError: `malformed`: a parameter that nobody knows, or that is there twice.
    """
    asked = [name for name, _ in request.query_params.multi_items()]
    for name in asked:
        if name not in known:
            raise UsageError("malformed", field=name, why="extra_forbidden")
        if asked.count(name) > 1:
            raise UsageError("malformed", field=name, why="more_than_one")
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise UsageError("malformed", field="Idempotency-Key", why="more_than_one")


def named_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these members, of which FastAPI takes the last, where two have one name.

    Raises:
        UsageError: `malformed`.
    """
    said = dict(members)
    if len(said) < len(members):
        names = Counter(name for name, _ in members)
        twice = next(name for name, count in names.items() if count > 1)
        raise UsageError("malformed", field=twice, why="more_than_one")
    return said


def json_response(
    told: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that says `told`, plain values, as JSON."""
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    found = dict(headers or {})
    return Response(body, status, headers=found, media_type="application/json")
