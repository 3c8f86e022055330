"""What a stranger, a holder with a narrow key, or a client that is wrong may try over HTTP, and does not get."""

import asyncio
import base64
import json
import os
import signal
import threading
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from registry.acts import sheet
from registry.api import acting, operations
from registry.api.conventions import named_once
from registry.api.handouts import GIFT, LIST, directory_of, handed_out
from registry.api.job_routes import own_job
from registry.api.limits import IDENTIFIED_AT_ONCE
from registry.api.principals import Principal
from registry.errors import RefusedError, UsageError
from registry.ledger import intent as intents
from registry.ledger.intent import Signer
from registry.store import handout, writer
from registry.store.log import LOG_ACCOUNT
from tests.api.asking import NEVER, StubDoorkeeper, around, asked, echo
from tests.api.conftest import Api
from tests.api.test_acting import order, registered, size
from tests.api.test_bulk import campaign, ended, give

DAY_US = 24 * 3600 * 1_000_000


# Signatures.


@pytest.mark.parametrize("whose", ["court", LOG_ACCOUNT])
def test_a_key_kept_here_signs_for_nobody_but_its_own_account(api: Api, whose: str):
    account = api.accounts.get(whose, whose)
    (prepared,) = registered(api, mode="prepare").json()["intents"]
    asked = intents.decode(base64.b64decode(prepared["intent"]))
    key = api.runtime.operator.kept(account)[-1]
    mine = replace(asked, signers=(Signer(account=api.accounts["owner"], key=key),))
    said = {"intent": base64.b64encode(intents.encode(mine)).decode()}
    refused = api.client.post("/v1/signatures", json=said, headers=api.key("owner"))

    assert (refused.status_code, refused.json()["code"]) == (403, "no_private_key")
    assert refused.json()["facts"] == {"account": api.accounts["owner"]}


# What is asked for is said once, and known.


@pytest.mark.parametrize("asked", ["mode=dry-run&mode=record", "Mode=dry-run", "mode%20=dry-run"])
def test_what_was_mistyped_is_not_recorded(api: Api, asked: str):
    before = size(api)
    headers = {"Idempotency-Key": asked, **api.key("court")}
    refused = api.client.post(f"/v1/orders?{asked}", json=order(api), headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (422, "malformed")
    assert size(api) == before


@pytest.mark.parametrize("asked", ["mode=dry-run&mode=record", "Mode=dry-run"])
def test_a_list_is_not_done_where_a_dry_run_was_mistyped(api: Api, asked: str):
    headers = {"Idempotency-Key": asked, **api.key("owner")}
    form = {"files": {"list": ("a.csv", b"name,tonnes\nx,1\n", "text/csv")}, "data": {"ask": "{}"}}
    refused = [
        api.client.post(f"/v1{path}?{asked}", headers=headers, **form)
        for path in ("/campaigns/x/give", "/retirements/for-list", "/batches/import-books")
    ]

    assert {answer.status_code for answer in refused} == {422}
    assert {answer.json()["code"] for answer in refused} == {"malformed"}


@pytest.mark.parametrize("ask", ["[" * 200_000, '{"holder": 1, "holder": 2}', "NaN", "\ud800"])
def test_what_comes_with_a_list_is_read_as_strictly(api: Api, ask: str):
    headers = {"Idempotency-Key": "form", **api.key("owner")}
    refused = api.client.post(
        "/v1/retirements/for-list",
        headers=headers,
        data={"ask": ask.encode("utf-8", "surrogatepass")},
        files={"list": ("a.csv", b"name,tonnes\nx,1\n", "text/csv")},
    )

    assert refused.status_code in {400, 422}, refused.text


def test_two_keys_of_one_request_are_none(api: Api):
    headers = [*api.key("court").items(), ("Idempotency-Key", "x"), ("Idempotency-Key", "y")]
    refused = api.client.post("/v1/orders", json=order(api), headers=headers)

    assert (refused.status_code, refused.json()["facts"]["field"]) == (422, "Idempotency-Key")


def test_an_amount_that_is_said_twice_is_not_taken(api: Api):
    before = size(api)
    body = json.dumps(order(api))[:-1] + ', "amount": "99"}'
    headers = {
        "Idempotency-Key": "twice",
        "Content-Type": "application/json",
        **api.key("court"),
    }
    refused = api.client.post("/v1/orders", content=body, headers=headers)

    assert (refused.status_code, refused.json()["facts"]["field"]) == (422, "amount")
    assert size(api) == before


@pytest.mark.parametrize("path", ["/v1/intents", "/v1/signatures"])
def test_what_is_signed_elsewhere_says_nothing_twice(api: Api, path: str):
    (prepared,) = registered(api, mode="prepare").json()["intents"]
    before = size(api)
    said = json.dumps({"intent": prepared["intent"]})
    if path == "/v1/intents":
        said = said.replace("{", '{"signatures": [], "openings": [], ', 1)
    headers = {"Content-Type": "application/json", **api.key("court")}
    body = said[:-1] + ', "intent": ' + json.dumps(prepared["intent"]) + "}"
    refused = api.client.post(path, content=body, headers=headers)

    assert (refused.status_code, refused.json()["facts"]["field"]) == (422, "intent")
    assert size(api) == before


def test_of_very_many_members_the_one_that_is_there_twice_is_found():
    # Comparing each with each would take many minutes.
    members = [(str(number), number) for number in range(300_000)]

    with pytest.raises(UsageError) as refused:
        named_once([*members, members[-1]])

    assert refused.value.facts["field"] == "299999"


@pytest.mark.parametrize("number", ["1.0", "1_0", "+1", "%201", "01", "-0", "9" * 20, "%00"])
def test_a_number_in_a_path_has_one_spelling(api: Api, number: str):
    refused = api.act(f"/mandates/{number}/end", {}, api.key("owner"))

    assert (refused.status_code, refused.json()["code"]) == (422, "malformed")


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"\\ud800": 1}', b'{"a":' + b"1" * 5_000 + b"}", b"\xff\xfe", b"NaN"],
)
def test_what_json_hardly_is_is_no_fault_of_ours(api: Api, body: bytes):
    headers = {"Idempotency-Key": "odd", "Content-Type": "application/json", **api.key("court")}
    answers = [
        api.client.post(path, content=body, headers=headers)
        for path in ("/v1/orders", "/v1/intents", "/v1/signatures", "/v1/keys")
    ]

    assert {answer.status_code for answer in answers} <= {400, 422}


MANY = 100_000


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/gifts/retire", {"journey": [1] * MANY}),
        ("/retirements", {"organisers": [1] * MANY}),
        ("/retirements/for-many", {"rows": [{}] * MANY}),
        ("/retirements/for-many", {"rows": [dict.fromkeys(map(str, range(MANY)), 1)]}),
        ("/campaigns/x/gifts", {"gifts": [1] * MANY}),
        ("/orders", {"instalments": [1] * MANY}),
        ("/orders", dict.fromkeys(map(str, range(MANY)), 1)),
        ("/intents", {"intent": "", "signatures": [], "openings": [1] * MANY}),
        ("/intents", {"intent": "", "signatures": [], "rows": [{"rows": [1] * MANY}]}),
        ("/intents", dict.fromkeys(map(str, range(MANY // 2)), 1)),
        ("/keys", dict.fromkeys(map(str, range(MANY // 2)), 1)),
    ],
)
def test_what_is_wrong_a_million_times_is_not_told_a_million_times(
    api: Api, path: str, said: dict[str, Any]
):
    body = json.dumps(said, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", **api.key("owner")}
    refused = api.client.post(f"/v1{path}", content=body, headers=headers)

    assert refused.status_code == 422, refused.text[:400]
    assert len(refused.content) < 20_000
    assert len(refused.json()["errors"]) <= 100


# An answer is about what was asked.


def test_a_key_that_was_used_long_ago_is_not_answered_with_what_was_done_then(
    api: Api, monkeypatch: pytest.MonkeyPatch
):
    who = api.key("court")
    first = api.act("/orders", order(api), who, key="long ago")
    now_us = acting.wall_us
    monkeypatch.setattr(acting, "wall_us", lambda: now_us() + 3 * DAY_US)
    before = size(api)
    other = api.act("/orders", {**order(api), "amount": "11"}, who, key="long ago")

    assert first.status_code == 201
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert size(api) == before


def test_a_key_that_was_used_long_ago_for_the_same_is_answered_as_then(
    api: Api, monkeypatch: pytest.MonkeyPatch
):
    who = api.key("court")
    first = api.act("/orders", order(api), who, key="the same")
    now_us = acting.wall_us
    monkeypatch.setattr(acting, "wall_us", lambda: now_us() + 3 * DAY_US)
    again = api.act("/orders", order(api), who, key="the same")

    assert again.status_code == 201, again.text
    assert again.json()["entries"] == first.json()["entries"]
    assert again.json()["replayed"] is True


# Jobs and what they hand out.


def spoken(subject: str, *accounts: str, scopes: tuple[str, ...] = ("act", "read")) -> Principal:
    return Principal(
        subject=subject, accounts=frozenset(accounts), scopes=frozenset(scopes), how="token"
    )


def test_who_speaks_for_an_account_no_more_sees_nothing_of_its_jobs(api: Api):
    name, who = campaign(api, each="5g"), api.key("owner")
    job = ended(api, give(api, name, "no\n1\n", who=who), who)["id"]
    subject, owner = api.runtime.jobs.find(job).subject, api.accounts["owner"]
    left = spoken(subject, api.accounts["agent"])
    narrow = spoken(subject, owner, scopes=("read",))

    assert own_job(api.runtime, job, spoken(subject, owner)).id == job
    assert handed_out(api.runtime, job, spoken(subject, owner)).listed.is_file()
    for look in (own_job, handed_out):
        with pytest.raises(RefusedError, match="no_job"):
            look(api.runtime, job, left)
    with pytest.raises(RefusedError, match="no_job"):
        handed_out(api.runtime, job, narrow)


def test_what_fails_does_not_say_where_things_are_kept(api: Api):
    name, who, other = campaign(api, each="5g"), api.key("owner"), api.key("owner")
    first = ended(api, give(api, name, "no\n1\n", who=who), who)
    digest = bytes.fromhex(first["about"][LIST])
    with handout.alone(directory_of(api.runtime, GIFT, f"campaign/{name}", digest)):
        failed = ended(api, give(api, name, "no\n1\n", who=other), other)
        deleted = api.client.delete(f"/v1/jobs/{first['id']}/handout", headers=who)

    assert (failed["state"], failed["error"]["code"]) == ("failed", "locked_elsewhere")
    assert (deleted.status_code, deleted.json()["code"]) == (503, "locked_elsewhere")
    assert str(api.runtime.place) not in json.dumps([failed, deleted.json()])


def test_a_list_of_nothing_but_lines_is_not_read_to_its_end(api: Api):
    name = campaign(api, each="5g")
    refused = give(api, name, b"no\n" + b"\n" * (sheet.LINES_MAX + 1), mode="dry-run")

    assert (refused.status_code, refused.json()["code"]) == (413, "too_long")


# Whoever watches is answered while all others wait.


def test_readiness_needs_no_thread_of_those_who_wait(api: Api):
    limit = api.runtime.settings.worker_threads
    let_go, waiting = threading.Event(), threading.Semaphore(0)

    def slow(*_: Any) -> dict[str, Any]:
        waiting.release()
        let_go.wait(20)
        raise RefusedError("no_gift")

    with pytest.MonkeyPatch.context() as patch, ExitStack() as left:
        patch.setattr(acting, "record", slow)
        asking = [
            threading.Thread(target=api.act, args=("/orders", order(api), api.key("court")))
            for _ in range(limit + 4)
        ]
        for thread in asking:
            left.callback(thread.join)
        left.callback(let_go.set)
        for thread in asking:
            thread.start()
        for _ in range(limit):
            assert waiting.acquire(timeout=10)
        more = waiting.acquire(timeout=0.2)
        ready, metrics = api.get("/ready"), api.get("/metrics")

    assert not more
    assert (ready.status_code, metrics.status_code) == (200, 200)


def test_a_server_whose_writer_says_nothing_is_not_ready(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(operations, "LOOKED_AT_S", 0)
    monkeypatch.setattr(writer, "ANSWER_S", 0.2)
    process = api.runtime.writer._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        stuck = api.get("/ready")
    finally:
        os.kill(process.pid, signal.SIGCONT)

    assert (stuck.status_code, stuck.json()["code"]) == (503, "writer_away")


def test_who_has_a_key_does_not_wait_for_the_issuer_of_others():
    let_go, waiting = threading.Event(), threading.Semaphore(0)

    class Slow(StubDoorkeeper):
        def identify(self, authorization: str | None) -> Principal:
            if authorization is not None and "crk_" not in authorization:
                waiting.release()
                let_go.wait(20)
            return super().identify(authorization and "Bearer key")

    async def all_ask() -> Any:
        app = around(echo, doorkeeper=Slow())
        tokens = [
            asyncio.create_task(asked(app, headers=[("authorization", "Bearer e.y.s")]))
            for _ in range(IDENTIFIED_AT_ONCE + 1)
        ]
        try:
            for _ in range(IDENTIFIED_AT_ONCE):
                assert await asyncio.to_thread(waiting.acquire, timeout=10)
            return await asked(app, headers=[("authorization", "Bearer crk_x")])
        finally:
            let_go.set()
            await asyncio.gather(*tokens)

    assert asyncio.run(all_ask()).status == 200


def test_who_is_slow_with_files_leaves_places_to_others():
    async def all_send() -> tuple[int | None, int | None]:
        app = around(echo, kind="upload", uploads_max=4)
        key, token = (
            {"method": "POST", "headers": [("authorization", f"Bearer {one}")]}
            for one in ("key", "token")
        )
        slow = [asyncio.create_task(asked(app, **key, body=[b"x", NEVER])) for _ in range(2)]
        # Once both have begun; a place is taken before anything is waited for.
        await asyncio.sleep(0)
        own, others = await asked(app, **key), await asked(app, **token)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return own.status, others.status

    assert asyncio.run(all_send()) == (503, 200)
