"""What the API says of itself: OpenAPI 3.1, from which clients are made without a hand on it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

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
        # Much is for everybody; what is not, is for whoever presents this.
        made["security"] = [{}, {"bearer": []}]
        app.openapi_schema = made
    return app.openapi_schema
