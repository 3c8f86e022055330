"""What every answer has, whatever it is an answer to; and what is written down of it."""

import asyncio
import json
import logging
import re
from types import SimpleNamespace

import pytest
from starlette.requests import ClientDisconnect

from registry.api.request_log import SERVER, quiet_server, requests_log
from registry.errors import BrokenHistoryError, RefusedError
from registry.store.logs import place_of_fault
from tests.api.asking import NEVER, around, ask, asked, echo, reply

NAME = "somebody's name"


async def failing(scope, receive, send):  # noqa: ARG001  # as ASGI has it
    raise ValueError(NAME)


def routed(path="/v1/orders/{order}", app=echo):
    """An application that says which route a request took, as FastAPI does."""

    async def taken(scope, receive, send):
        scope["route"] = SimpleNamespace(path=path)
        await app(scope, receive, send)

    return taken


def heard(app, **named):
    """What is told of one request."""
    told = []
    ask(around(app, heard=[told.append]), **named)
    (request,) = told
    return request


# Headers.


def test_where_something_is_is_said_with_what_a_proxy_takes_off():
    async def made(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        await reply(send, status=201, headers=[(b"location", b"/v1/log/entries/3")])

    path = "/registry/v1/orders"
    there = ask(around(made), path=path, scope={"root_path": "/registry"})

    assert there["location"] == "/registry/v1/log/entries/3"
    assert ask(around(made), path="/v1/orders")["location"] == "/v1/log/entries/3"


def test_every_answer_keeps_browsers_from_doing_more_than_they_should():
    for app in (echo, failing):
        answer = ask(around(app))

        assert answer["x-content-type-options"] == "nosniff"
        assert answer["referrer-policy"] == "no-referrer"
        assert answer["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer["content-security-policy"]
        assert "frame-ancestors 'none'" in answer["content-security-policy"]
        assert "server" not in dict(answer.headers)


def test_every_answer_has_an_id_of_ours_whatever_the_request_says():
    theirs = [("x-request-id", "theirs")]

    ids = {ask(around(echo), headers=theirs)["x-request-id"] for _ in range(20)}

    assert len(ids) == 20
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)


def test_a_problem_says_the_id_of_its_request():
    for answer in (ask(around(failing)), ask(around(echo), headers=[("authorization", "x")])):
        assert answer.problem["instance"] == answer["x-request-id"]


def test_https_is_asked_for_again_only_where_it_is_there():
    assert ask(around(echo))["strict-transport-security"] == ""
    assert "max-age" in ask(around(echo), scheme="https")["strict-transport-security"]


def test_the_page_of_the_api_may_load_what_is_its_own():
    for path in ("/docs", "/docs/start.js"):
        policy = ask(around(echo), path=path)["content-security-policy"]

        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({}, "no-cache"),
        ({"method": "HEAD"}, "no-cache"),
        ({"method": "POST"}, "no-store"),
        ({"headers": [("authorization", "Bearer key")]}, "no-store"),
        ({"headers": [("authorization", "Bearer bad")]}, "no-store"),
    ],
)
def test_what_is_somebodys_own_is_kept_by_nobody_on_the_way(named, expected):
    assert ask(around(echo), **named)["cache-control"] == expected


def test_what_an_application_says_itself_stays():
    own = [(b"cache-control", b"max-age=60"), (b"content-security-policy", b"sandbox")]

    async def app(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        await reply(send, headers=own)

    answer = ask(around(app))

    assert answer["cache-control"] == "max-age=60"
    assert answer["content-security-policy"] == "sandbox"


# HEAD, OPTIONS, CORS.


def test_head_is_answered_as_get_without_a_body():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["method"])
        await receive()
        await reply(send, b"12345", headers=[(b"etag", b'"a"')])

    answer = ask(around(app), "HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert (answer["content-length"], answer["etag"]) == ("5", '"a"')
    assert seen == ["GET"]


def test_head_of_an_answer_without_end_ends():
    async def endless(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    answer = ask(around(endless, kind="stream"), "HEAD", body=[b"", NEVER])

    assert (answer.status, answer.body) == (200, b"")


def test_options_says_what_there_is():
    answer = ask(around(echo), "OPTIONS")

    assert (answer.status, answer["allow"], answer.body) == (204, "GET, HEAD, OPTIONS, POST", b"")
    assert ask(around(echo, methods=["POST"]), "OPTIONS")["allow"] == "OPTIONS, POST"


def test_options_of_what_is_not_there_is_for_the_application_to_answer():
    assert ask(around(echo), "OPTIONS", "/nowhere", body=[b"asked"]).body == b"asked"


def test_other_sites_are_let_in_by_name_only():
    here = [("origin", "https://a.example"), ("access-control-request-method", "POST")]
    there = [("origin", "https://b.example"), ("access-control-request-method", "POST")]
    app = around(echo, cors_origins="https://a.example")

    assert ask(app, headers=here)["access-control-allow-origin"] == "https://a.example"
    assert "RateLimit" in ask(app, headers=here)["access-control-expose-headers"]
    assert ask(app, headers=there)["access-control-allow-origin"] == ""
    preflight = ask(app, "OPTIONS", headers=here)
    assert preflight["access-control-allow-origin"] == "https://a.example"
    assert "Idempotency-Key" in preflight["access-control-allow-headers"]
    assert preflight["access-control-allow-credentials"] == ""
    assert ask(app, "OPTIONS", headers=there)["access-control-allow-origin"] == ""
    assert ask(around(echo), headers=here)["access-control-allow-origin"] == ""


# What goes wrong.


def test_what_nobody_foresaw_is_said_to_nobody_but_the_operator():
    answer = ask(around(failing))

    assert (answer.status, answer.code) == (500, "server_fault")
    assert NAME not in answer.body.decode()
    assert heard(failing).failure.startswith("ValueError at api/test_middleware.py:")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RefusedError("insufficient_holding"), 409),
        (BrokenHistoryError("differs_from_mark"), 500),
    ],
)
def test_an_error_of_ours_is_said_as_what_it_is(error, status):
    async def app(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        raise error

    answer = ask(around(app))

    assert (answer.status, answer.code) == (status, error.code)


def test_an_answer_that_had_begun_breaks_off():
    async def half(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError(NAME)

    answer = ask(around(half))

    assert (answer.status, answer.body) == (200, b"")
    assert heard(half).failure is not None


def test_that_a_client_left_is_nobodys_mistake():
    async def app(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        raise ClientDisconnect

    request = heard(app)

    assert request.status is request.failure is None


def test_a_stop_is_passed_on():
    async def forever(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        await asyncio.Event().wait()

    async def stopped():
        told = []
        task = asyncio.create_task(asked(around(forever, heard=[told.append])))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return told

    (request,) = asyncio.run(stopped())

    assert request.status is None


# What is written down.


def test_of_a_request_is_told_what_concerns_nobody():
    request = heard(
        routed(),
        method="POST",
        path=f"/v1/orders/{NAME}",
        headers=[("authorization", "Bearer key")],
        body=[b"123", b"45"],
    )

    assert (request.method, request.path, request.status) == ("POST", "/v1/orders/{order}", 200)
    assert (request.bytes_in, request.bytes_out, request.who) == (5, 5, "key")
    assert request.problem is request.failure is None
    assert 0 < request.seconds < 10


def test_the_code_of_a_problem_is_told():
    assert heard(routed(), headers=[("authorization", "Bearer bad")]).problem == "bad_key"
    assert heard(failing).problem == "server_fault"


def test_a_path_that_is_none_of_ours_is_not_told():
    assert heard(echo, path=f"/{NAME}").path == "-"


def test_head_is_told_as_what_it_is():
    request = heard(routed(), method="HEAD", body=[b"12"])

    assert (request.method, request.path, request.bytes_out) == ("HEAD", "/v1/orders/{order}", 0)


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The operator's log, as objects."""
    file = tmp_path / "registry.log"
    monkeypatch.setenv("CARBON_REGISTRY_LOG", str(file))
    return lambda: [json.loads(line) for line in file.read_text().splitlines()]


def test_a_request_is_a_line_in_the_operators_log(log):
    app = around(routed(), heard=[requests_log()])

    ask(app, "POST", f"/v1/orders/{NAME}", headers=[("authorization", "Bearer token")], body=[b"1"])
    ask(around(failing, heard=[requests_log()]), path=f"/{NAME}")

    first, second = log()
    assert list(first)[:4] == ["at", "level", "event", "pid"]
    said = {name: first[name] for name in ("level", "event", "method", "path", "status", "who")}
    assert said == {
        "level": "info",
        "event": "request",
        "method": "POST",
        "path": "/v1/orders/{order}",
        "status": 200,
        "who": "token",
    }
    assert (second["level"], second["problem"], second["path"]) == ("error", "server_fault", "-")
    for line in (first, second):
        assert not {NAME, "secret", "Bearer", "192.0.2.1"} & set(re.split('[" /?=]', str(line)))
        assert NAME not in str(line)
        assert re.fullmatch("[0-9a-f]{16}", line["id"])


def test_nobody_asked_for_a_log_and_there_is_none(monkeypatch):
    monkeypatch.delenv("CARBON_REGISTRY_LOG", raising=False)

    assert requests_log() is None


@pytest.fixture
def logger():
    """The web server's own logger, as it was before."""
    logger = logging.getLogger(SERVER)
    before = (logger.handlers, logger.propagate, logger.level)
    yield logger
    logger.handlers, logger.propagate, logger.level = before


def test_what_the_web_server_says_is_in_the_same_log_without_what_it_says_it_of(log, logger):
    quiet_server()

    logger.info("Uvicorn running on %s", NAME)
    logger.debug("nothing of interest")
    try:
        int(NAME)
    except ValueError as error:
        logger.error("Exception in ASGI application\n", exc_info=error)  # noqa: TRY400  # as the server has it

    first, second = log()
    assert (first["event"], first["level"]) == ("server", "info")
    assert (second["said"], second["level"]) == ("Exception in ASGI application", "error")
    assert second["failure"].startswith("ValueError at api/test_middleware.py:")
    assert NAME not in str((first, second))


def test_without_a_log_the_web_server_says_nothing(monkeypatch, logger, capfd):
    monkeypatch.delenv("CARBON_REGISTRY_LOG", raising=False)
    quiet_server()

    logger.error("Uvicorn running on %s", NAME)

    assert capfd.readouterr() == ("", "")


def test_an_exception_that_was_never_raised_has_no_place():
    assert place_of_fault(ValueError(NAME)) == "ValueError"


def test_a_server_starts_and_stops_through_all_of_it():
    said, parts = [], iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive():
        return {"type": next(parts)}

    async def send(message):
        said.append(message["type"])

    asyncio.run(around(echo)({"type": "lifespan"}, receive, send))

    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


# The application's own routes.


def test_options_and_a_method_that_is_not_there_say_which_are(api):
    options = api.client.options("/v1/orders")
    put = api.client.put("/v1/orders")

    assert options.status_code == 204
    assert (put.status_code, put.json()["code"]) == (405, "method_not_allowed")
    assert options.headers["allow"] == put.headers["allow"]
    assert {"OPTIONS", "POST"} <= set(put.headers["allow"].split(", "))
    assert api.client.options("/v1/nothing").status_code == 404
    assert api.client.head("/health").status_code == 200


def test_a_body_without_a_length_that_is_too_long_for_an_act_is_refused_as_such(api):
    pieces = (b"x" * (1 << 16) for _ in range(17))

    answer = api.client.post(
        "/v1/intents", content=pieces, headers={"content-type": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "too_long")
