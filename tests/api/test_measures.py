"""What a server measures: requests by route, what went wrong, what is under way; and nothing that a client made up."""

import asyncio
import re
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from registry.api import measures as module
from registry.api.measures import Measures
from registry.errors import UnavailableError
from tests.api.asking import around, ask, echo, reply
from tests.api.conftest import Api


def shown(text: bytes) -> dict[tuple[str, ...], float]:
    """Every sample: its name and the values of its labels, without the buckets."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if "le" not in sample.labels
    }


def measured(app, *, kind="plain", **named):
    """What is measured of one request."""
    measures = Measures()
    ask(measures.around(around(app, heard=[measures.heard]), lambda _path: kind), **named)
    return shown(measures.text())


def routed(path, app=echo):
    async def taken(scope, receive, send):
        scope["route"] = SimpleNamespace(path=path)
        await app(scope, receive, send)

    return taken


def test_a_request_is_counted_under_its_route_and_not_its_path():
    found = measured(routed("/v1/orders/{order}"), path="/v1/orders/17")

    assert found["registry_http_requests_total", "GET", "/v1/orders/{order}", "2xx"] == 1
    assert found["registry_http_request_seconds_count", "/v1/orders/{order}"] == 1
    assert not any("17" in part for name in found for part in name)


def test_what_a_client_makes_up_is_no_label():
    found = measured(echo, method="BREW", path="/v1/nowhere/at/all")

    assert found["registry_http_requests_total", "other", "-", "2xx"] == 1
    assert "BREW" not in str(found)


def test_what_is_wrong_is_counted_by_its_code():
    found = measured(echo, headers=[("authorization", "Basic x")])

    assert found["registry_http_problems_total", "bad_key"] == 1
    assert found["registry_http_requests_total", "GET", "-", "4xx"] == 1


def test_who_asks_too_often_is_counted():
    measures = Measures()
    app = around(echo, heard=[measures.heard], rate_read="1/day")

    for _ in range(3):
        ask(app)

    assert shown(measures.text())["registry_http_problems_total", "too_often"] == 2


def test_a_problem_that_we_do_not_have_is_another():
    async def odd(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        body = b'{"code": "made_up"}'
        await reply(send, body, 409, [(b"content-type", b"application/problem+json")])

    found = measured(odd)

    assert found["registry_http_problems_total", "other"] == 1


def test_what_is_under_way_is_counted_until_it_is_over():
    measures, seen = Measures(), []

    async def looking(scope, receive, send):
        seen.append(shown(measures.text())["registry_http_in_flight", "stream"])
        await echo(scope, receive, send)

    ask(measures.around(around(looking), lambda _path: "stream"))

    assert seen == [1]
    assert shown(measures.text())["registry_http_in_flight", "stream"] == 0


def test_what_breaks_off_is_no_longer_under_way():
    measures = Measures()

    async def leaving(scope, receive, send):  # noqa: ARG001  # as ASGI has it
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        ask(measures.around(leaving, lambda _path: "plain"))

    assert shown(measures.text())["registry_http_in_flight", "plain"] == 0


def test_a_stream_counts_as_a_request_and_its_hours_do_not_as_seconds():
    found = measured(routed("/v1/retirements/stream"), kind="stream")

    assert found["registry_http_requests_total", "GET", "/v1/retirements/stream", "2xx"] == 1
    assert not [name for name in found if name[0].startswith("registry_http_request_seconds")]


def test_deliveries_are_counted_in_each_state_and_not_at_every_scrape(monkeypatch):
    asked = []

    def waiting():
        asked.append(1)
        return {"pending": 2, "dead": 1}

    measures = Measures()
    measures.watch_deliveries(waiting)
    measures.attempted("dead")
    assert asked == []

    for _ in range(3):
        found = shown(measures.text())

    assert len(asked) == 1
    assert found["registry_webhook_deliveries", "pending"] == 2
    assert found["registry_webhook_deliveries", "delivered"] == 0
    assert found["registry_webhook_deliveries", "dead"] == 1
    assert found["registry_webhook_attempts_total", "dead"] == 1
    monkeypatch.setattr(module, "COUNTED_S", 0)
    measures.text()
    assert len(asked) == 2


def test_a_database_that_is_away_takes_only_its_own_figures_along():
    def away():
        raise UnavailableError("storage_failed")

    measures = Measures()
    measures.watch_deliveries(away)

    found = shown(measures.text())

    assert "registry_http_in_flight" in {name for name, *_ in found}
    assert "registry_webhook_deliveries" not in {name for name, *_ in found}


def test_a_server_shows_all_of_it_at_once(api: Api):
    api.get("/v1/log/checkpoint")
    api.get("/v1/nowhere")

    text = api.get("/metrics").content
    found = shown(text)

    assert {name for name, *_ in found} >= {
        "registry_http_requests_total",
        "registry_http_in_flight",
        "registry_jobs",
        "registry_tables_size",
        "registry_log_size",
        "registry_waiting_intents",
    }
    assert found["registry_http_problems_total", "not_found"] == 1
    assert found["registry_http_in_flight", "plain"] == 1
    assert len(re.findall(rb"^# TYPE ", text, re.MULTILINE)) == len(
        set(re.findall(rb"^# TYPE (\S+)", text, re.MULTILINE))
    )


def test_what_nobody_foresaw_is_a_problem_and_counted(api: Api, monkeypatch):
    def failing():
        raise ValueError

    with monkeypatch.context() as patch:
        patch.setattr(api.runtime.measures, "text", failing)
        answer = api.get("/metrics")

    assert (answer.status_code, answer.json()["code"]) == (500, "server_fault")
    assert answer.headers["content-type"] == "application/problem+json"
    counted = shown(api.get("/metrics").content)
    assert counted["registry_http_problems_total", "server_fault"] == 1
    assert counted["registry_http_requests_total", "GET", "/metrics", "5xx"] == 1
