"""What the API says of itself: OpenAPI 3.1, from which clients are made without a hand on it."""

import json
from collections.abc import Callable
from threading import Lock
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import Response

from registry.api.conventions import problems
from registry.api.problems import Problem
from registry.api.shapes import Submission, ToSign

_BESIDE: tuple[type[BaseModel], ...] = (Problem, Submission, ToSign)
"""What routes refer to that they read or write by themselves."""
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key (crk_…), or an access token of an issuer that is trusted here.",
}


def described(app: FastAPI) -> dict[str, Any]:
    """The description of all routes of `app`, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            openapi_version="3.1.0",
            separate_input_output_schemas=False,
        )
        _, beside = models_json_schema(
            [(model, "validation") for model in _BESIDE],
            ref_template="#/components/schemas/{model}",
        )
        components = made.setdefault("components", {})
        components.setdefault("schemas", {}).update(beside["$defs"])
        components["securitySchemes"] = {"bearer": _BEARER}
        _say_summaries(made)
        _say_problems(made)
        _forget_items(made)
        # Much is for everybody; what is not, is for whoever presents this.
        made["security"] = [{}, {"bearer": []}]
        app.openapi_schema = made
    return app.openapi_schema


def description(app: FastAPI, root_path: str) -> Callable[[Request], Response]:
    """What answers with the description of `app`, behind a proxy that takes `root_path` off; made when it is asked for.

    It takes seconds to make: in a thread, as this is no coroutine, so that everybody else is answered meanwhile.
    """
    made: list[bytes] = []
    one_at_a_time = Lock()

    def answer(_request: Request) -> Response:
        with one_at_a_time:
            if not made:
                told = described(app)
                if root_path:
                    told = {**told, "servers": [{"url": root_path}]}
                made.append(json.dumps(told, ensure_ascii=False).encode())
        return Response(made[0], media_type="application/json")

    return answer


def _say_summaries(made: dict[str, Any]) -> None:
    """Have every operation called by what it does, and not by the name of what does it here."""
    for operations in made["paths"].values():
        for operation in operations.values():
            operation["summary"] = operation["description"].partition("\n")[0].rstrip(".")


def _say_problems(made: dict[str, Any]) -> None:
    """Have what cannot be read described as it is answered, where the framework describes an answer of its own."""
    for operations in made["paths"].values():
        for operation in operations.values():
            said = operation["responses"].get("422", {})
            if "application/json" in said.get("content", {}):
                operation["responses"]["422"] = problems(422)[422]
    for name in ("HTTPValidationError", "ValidationError"):
        made["components"]["schemas"].pop(name, None)


def _forget_items(made: dict[str, Any]) -> None:
    """Leave out what OpenAPI has a word for only since 3.2: of a stream, how one event is written."""
    for operations in made["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                for media in answer.get("content", {}).values():
                    media.pop("itemSchema", None)
