"""What the API says of itself: valid, whole, with a type for all that has one, and every act of the domain in it."""

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest
from jsonschema_rs import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31
from starlette.testclient import TestClient

import registry.acts
import registry.desk
from registry.api.acts.every import ACTS
from registry.api.app import create_app
from registry.api.settings import read_settings
from registry.desk.ask import Ask
from registry.desk.keys import RotateLogKey
from registry.domain.forms import FORMS
from tools.api_page import operations

PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
OF_MANY_FORMS = {
    "Event/properties/body": "each kind has a body of its own: docs/format.md",
    "Event/properties/opened": "as the body",
    "Event/properties/outcome": "each kind has an outcome of its own",
    "Failure/properties/facts": "each code has facts of its own",
    "JobShape/properties/result": "each kind of job has a result of its own",
    "Problem/properties/facts": "each code has facts of its own",
    "SheetShown/properties/notes": "each sheet has columns of its own",
    "SheetShown/properties/rows": "each sheet has columns of its own",
    "SheetShown/properties/totals": "each sheet has columns of its own",
    "StreamTold/properties/state": "each kind of stream has a state of its own",
    "Verdict/properties/at": "each failure is somewhere else",
    "Verdict/properties/figures": "each kind of file has figures of its own",
}
"""Objects whose fields OpenAPI does not say, and why."""
BY_HAND = {
    "registry.created.v1": "`registry init` begins a log",
}
"""Kinds of events that nobody asks for over HTTP, and why."""


@cache
def described() -> Mapping[str, Any]:
    """All of it."""
    nothing = MagicMock()
    nothing.settings = read_settings()
    return create_app(nothing).openapi()


def schemas_in(value: Any, *steps: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every mapping within `value`, and where it stands."""
    if isinstance(value, Mapping):
        yield "/".join(steps), value
        for name, inner in value.items():
            if name not in ("examples", "default", "enum"):
                yield from schemas_in(inner, *steps, name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from schemas_in(inner, *steps, str(number))


def test_it_is_openapi_3_1():
    Draft202012Validator(OPENAPI_31).validate(described())


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does():
    named = Counter(operation["operationId"] for _, _, operation in operations())

    assert set(named.values()) == {1}
    for _, path, operation in operations():
        assert re.fullmatch("[a-z][a-z0-9_]*", operation["operationId"]), path
        assert operation["tags"], path
        assert operation["summary"] not in ("", "Endpoint"), path


def test_who_presents_what_is_said():
    assert described()["security"] == [{}, {"bearer": []}]
    assert described()["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


@pytest.mark.parametrize("kind", ["problem", "answer"])
def test_every_answer_has_a_form(kind: str):
    for method, path, operation in operations():
        statuses = operation["responses"]
        assert {"500", "503"} <= set(statuses), (method, path)
        for status, answer in statuses.items():
            content = answer.get("content", {})
            if status >= "400" and kind == "problem":
                assert content == {"application/problem+json": PROBLEM}, (method, path, status)
            elif status < "400" and kind == "answer":
                assert content or status in ("204", "304"), (method, path, status)
                assert all(media["schema"] for media in content.values()), (method, path, status)


def test_no_object_is_without_fields_but_for_a_reason():
    found = set()
    for where, schema in schemas_in(described()):
        of_object = schema.get("type") == "object" and not schema.get("properties")
        if of_object and schema.get("additionalProperties", True) is True:
            place = where.removeprefix("components/schemas/")
            found.add(re.sub("/(anyOf/0|items)$", "", place))

    assert found == set(OF_MANY_FORMS)


def test_no_field_is_without_a_type():
    types = {"type", "$ref", "anyOf", "oneOf", "allOf", "const", "enum"}
    for where, schema in schemas_in(described()):
        for name, field in schema.get("properties", {}).items():
            if isinstance(field, Mapping) and "/properties" not in where[-11:]:
                assert types & set(field), (where, name)


def test_every_example_is_valid():
    components = described()["components"]
    count = 0
    for where, schema in schemas_in(described()):
        examples = schema.get("examples")
        if isinstance(examples, list):
            validator = Draft202012Validator({**schema, "components": components})
            for example in examples:
                assert validator.is_valid(example), (where, example)
                count += 1
    assert count > 50


def asks() -> set[type[Ask]]:
    """Every kind of ask that plans something."""
    for module in pkgutil.iter_modules(registry.desk.__path__, "registry.desk."):
        importlib.import_module(module.name)
    found, waiting = set(), [Ask]
    while waiting:
        waiting += (more := waiting.pop().__subclasses__())
        found |= {one for one in more if one.plans is not Ask.plans}
    return {one for one in found if one.__module__.startswith("registry.desk.")}


def test_every_ask_has_a_path():
    assert asks() - {act.ask for act in ACTS} == {RotateLogKey}, "which is done where the key is"
    assert len({act.path for act in ACTS}) == len(ACTS)
    told = {(method, path) for method, path, _ in operations()}
    assert {("POST", f"/v1{act.path}") for act in ACTS} <= told


def test_every_kind_of_event_of_every_act_form_is_made_by_some_act():
    (folder,) = registry.acts.__path__
    texts = [file.read_text("utf-8") for file in Path(folder).glob("*.py")]
    made = {kind for text in texts for kind in re.findall(r'"([a-z_]+\.[a-z_]+\.v\d+)"', text)}
    for text in texts:
        # Steps of one life are told apart by a word alone.
        for area in re.findall(r'f"([a-z]+)\.\{[a-z]+\}\.v1"', text):
            made |= {f"{area}.{word}.v1" for word in re.findall(r'"([a-z_]+)"', text)}
    formed = {kind for form in FORMS for part in form.parts for kind in part.kinds}

    assert formed - made == set(BY_HAND)


def test_a_client_that_is_made_from_it_can_be_packed_and_finds_the_server_behind_a_proxy() -> None:
    nothing = MagicMock(start=AsyncMock(), stop=AsyncMock())
    nothing.settings = read_settings(root_path="/registry")

    with TestClient(create_app(nothing), raise_server_exceptions=True) as client:
        told = client.get("/openapi.json").json()

    assert told["info"]["title"].isascii()
    assert told["servers"] == [{"url": "/registry"}]
    assert told["paths"] == described()["paths"]
