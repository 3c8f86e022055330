"""Schemathesis over the whole of OpenAPI: whatever is asked, by whomever, the answer is one that was announced.

$SCHEMATHESIS_EXAMPLES sets how many requests are made up for each operation, by everybody; unless it is set, each of
three principals asks for a third of them once as it should be and once as it should not.
"""

import json
import os
import re
from collections import Counter
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import FailureGroup, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from registry.api.app import create_app
from registry.desk import codes
from tests.api.conftest import Api
from tools.api_page import operations

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "1"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PRINCIPALS = ("nobody", "holder", "officer")


def who(api: Api, principal: str) -> dict[str, str]:
    if principal == "nobody":
        return {}
    return api.key(*(api.officers() if principal == "officer" else ["owner"]))


def checked(answer: Any, problem: dict[str, Any]) -> None:
    """A problem has a code that people are told about in both languages, and says so in the one that was asked for."""
    assert set(problem) >= {"type", "title", "status", "detail", "code", "facts", "instance"}
    assert problem["code"] in codes.CODES, problem
    assert problem["status"] == answer.status_code
    assert problem["detail"]
    assert problem["instance"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_whatever_is_asked_the_answer_was_announced(api: Api, principal: str):
    schema = schemathesis.openapi.from_dict(create_app(api.runtime).openapi())
    headers, wrong, seen = who(api, principal), [], Counter[int]()
    share = range(len(PRINCIPALS)) if EXAMPLES > 1 else [PRINCIPALS.index(principal)]
    for number, found in enumerate(schema.get_all_operations()):
        operation = found.ok()
        # With few examples everybody asks for a part of all.
        if number % len(PRINCIPALS) not in share:
            continue
        # An answer without end: test_events asks for these.
        if operation.path.endswith("/stream"):
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            wrong += tried(api, operation, mode, headers, seen)
    assert not wrong, "\n\n".join(wrong[:20])
    assert {200, 422} <= set(seen), seen


def tried(
    api: Api, operation: Any, mode: GenerationMode, headers: dict[str, str], seen: Counter[int]
) -> list[str]:
    """What is wrong with the answers to requests that are made up for one operation."""
    wrong: list[str] = []

    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        asked = case.as_transport_kwargs(base_url="http://testserver")
        made = requests.Request(**asked).prepare()
        own = {**made.headers, **headers}
        answer = api.client.request(made.method, made.url, content=made.body, headers=own)
        seen[answer.status_code] += 1
        try:
            schemathesis_checked(case, answer)
            if answer.status_code >= 400:
                checked(answer, json.loads(answer.text))
        except (Exception, FailureGroup) as error:  # noqa: BLE001  # all of them are told together
            line = f"{operation.method.upper()} {operation.path} {mode.value}: {error}"
            wrong.append(f"{line}\n{made.url} {made.body!r}"[:1_500])

    try:
        ask()
    except Exception as error:  # noqa: BLE001  # as above
        if type(error).__name__ != "Unsatisfiable":
            wrong.append(f"{operation.method} {operation.path} {mode.value}: {error!r}"[:800])
    return wrong[:1]


def schemathesis_checked(case: Any, answer: Any) -> None:
    found = schemathesis.Response.from_any(answer)
    case.validate_response(found, checks=CHECKS)


def paths() -> dict[str, set[str]]:
    """The methods of every path that has an end, with something in place of what is in braces."""
    found: dict[str, set[str]] = {}
    for method, path, _ in operations():
        if not path.endswith("/stream"):
            found.setdefault(re.sub(r"\{\w+\}", "1", path), set()).add(method)
    return found


def test_what_a_path_is_not_asked_for_is_said(api: Api):
    for path, methods in paths().items():
        head = {"HEAD"} if "GET" in methods else set()
        (other, *_) = {"PUT", "PATCH", "DELETE"} - methods
        allowed = api.client.options(path)
        refused = api.client.request(other, path, headers={"Accept-Language": "en"})

        told = {*methods, *head, "OPTIONS"}
        assert allowed.status_code == 204, path
        assert told <= set(allowed.headers["allow"].split(", ")), path
        assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed"), path
        assert refused.headers["allow"] == allowed.headers["allow"], path
        assert refused.headers["content-language"] == "en"


def test_head_answers_as_get_does_without_a_body(api: Api):
    for path in ("/health", "/v1/log", "/v1/log/checkpoint", "/v1/batches", "/v1/nothing"):
        got, head = api.get(path), api.client.head(path)

        assert head.status_code == got.status_code, path
        assert head.headers.get("content-type") == got.headers.get("content-type"), path
        assert head.content == b"", path


@pytest.mark.parametrize(
    "path", ["/v1/intents", "/v1/signatures", "/v1/verify", "/v1/orders", "/v1/keys"]
)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_of_another_kind_is_refused(api: Api, path: str, kind: str):
    who = {**api.key("owner"), "Content-Type": kind}
    refused = api.client.post(path, content=b"{}", headers=who)

    assert (refused.status_code, refused.json()["code"]) == (415, "unknown_media_type")


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("/log?as_of=3", "as_of"),
        ("/log/entries/0/proof?size=1", "size"),
        ("/retirements?purpose=meeting&purpose=enterprise", "purpose"),
        ("/jobs?limit=1&limit=2", "limit"),
        ("/retirements/stream?last_event_id=0&last_event_id=9", "last_event_id"),
    ],
)
def test_a_question_with_a_parameter_of_no_one_meaning_is_not_answered(
    api: Api, asked: str, field: str
):
    refused = api.get(f"/v1{asked}", headers=api.key("owner"))

    assert (refused.status_code, refused.json()["facts"]["field"]) == (422, field)


def test_a_question_may_say_every_parameter_that_its_route_is_described_with(api: Api):
    for path, item in api.get("/openapi.json").json()["paths"].items():
        named = {one["name"] for one in item.get("get", {}).get("parameters", [])}
        for one in item.get("get", {}).get("parameters", []):
            if one["in"] == "query":
                asked = path.format(**dict.fromkeys(named, "1"))
                answer = api.get(asked, params={one["name"]: "\0"}, headers=api.login("owner"))
                assert '"extra_forbidden"' not in answer.text, (path, one["name"])


def test_an_api_key_is_not_made_by_who_rehearses_it(api: Api):
    who = api.key("owner")
    asked = {"accounts": [api.accounts["owner"]], "scopes": ["read"], "label": "no"}
    refused = api.client.post("/v1/keys?mode=dry-run", json=asked, headers=who)

    assert (refused.status_code, refused.json()["facts"]["field"]) == (422, "mode")
    assert "no" not in {one["label"] for one in api.get("/v1/keys", headers=who).json()["keys"]}


def test_an_api_key_is_not_made_for_who_says_its_scopes_twice(api: Api):
    who = {**api.key("owner"), "Content-Type": "application/json"}
    said = '{"accounts": ["%s"], "scopes": ["read"], "scopes": ["act"], "label": "twice"}'
    refused = api.client.post("/v1/keys", content=said % api.accounts["owner"], headers=who)

    assert (refused.status_code, refused.json()["facts"]["field"]) == (422, "scopes")
    assert "twice" not in {one["label"] for one in api.get("/v1/keys", headers=who).json()["keys"]}


def test_a_body_that_is_no_text_cannot_be_read(api: Api):
    who = {**api.key("owner"), "Content-Type": "application/json"}
    refused = api.client.post("/v1/webhooks", content=b"\xff", headers=who)

    assert (refused.status_code, refused.json()["code"]) == (422, "malformed")
