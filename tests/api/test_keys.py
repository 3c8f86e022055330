"""API keys over HTTP: for one's own accounts and scopes alone, shown once, no longer than one's own; and who one is."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry.api import limits
from registry.desk.account_life import Succeed
from registry.store import renewals
from registry.store.clock import wall_us
from tests.api.conftest import HOUR_US, Api
from tests.books import digest
from tests.desks import does

OWNER = ("read", "act:transfers", "keys")


def make(api: Api, who: dict[str, str], **said: Any) -> Any:
    asked = {"accounts": [api.accounts["owner"]], "scopes": ["read"], **said}
    return api.client.post("/v1/keys", json=asked, headers=who)


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def of_long(api: Api) -> dict[str, str]:
    """The owner's key that lives for a year."""
    _, presented = api.runtime.access.make_key(
        [api.accounts["owner"]],
        OWNER,
        expires_us=wall_us() + 366 * 24 * HOUR_US,
        label="long",
        made_by="test",
        now_us=wall_us(),
        log_size=api.runtime.source().size(),
    )
    return {"Authorization": f"Bearer {presented}"}


def test_a_key_is_made_listed_and_revoked(api: Api):
    who = of_long(api)

    made = make(api, who, label="the till", expires=in_days(30))
    told = made.json()
    theirs = {"Authorization": f"Bearer {told['presented']}"}
    me = api.get("/v1/me", headers=theirs).json()
    listed = api.get("/v1/keys", headers=who)
    revoked = api.client.delete(f"/v1/keys/{told['key']['id']}", headers=who)
    again = api.client.delete(f"/v1/keys/{told['key']['id']}", headers=who)
    after = api.get("/v1/me", headers=theirs)

    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    assert (me["accounts"], me["scopes"]) == ([api.accounts["owner"]], ["read"])
    (own,) = [one for one in listed.json()["keys"] if one["id"] == told["key"]["id"]]
    assert (own["label"], own["revoked"]) == ("the till", None)
    assert own["made_by"] == api.get("/v1/me", headers=who).json()["subject"]
    assert told["presented"] not in listed.text
    assert (revoked.status_code, revoked.json()["revoked"]) == (200, [told["key"]["id"]])
    assert (again.status_code, again.json()["code"]) == (404, "no_api_key")
    assert (after.status_code, after.json()["code"]) == (401, "bad_key")


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"accounts": ["account/uscc-91510100MA61RXYZ17"]}, 403, "not_yours"),
        ({"scopes": ["act"]}, 403, "scope_missing"),
        ({"scopes": ["read", "sign"]}, 403, "scope_missing"),
        ({"scopes": ["act:orders"]}, 403, "scope_missing"),
        ({"scopes": ["all"]}, 422, "unknown_scope"),
        ({"scopes": []}, 422, "malformed"),
        ({"scopes": ["read", "read"]}, 422, "malformed"),
        ({"expires": in_days(367)}, 422, "malformed"),
        ({"expires": in_days(-1)}, 422, "malformed"),
        ({"expires": "2027-01-01T00:00:00"}, 422, "malformed"),
        ({"label": "x\x1b[2J"}, 422, "malformed"),
        ({"hash": "x"}, 422, "malformed"),
    ],
)
def test_nobody_gives_more_than_they_have(api: Api, said: dict[str, Any], status: int, code: str):
    refused = make(api, of_long(api), **said)

    assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_a_narrower_scope_is_given_on(api: Api):
    who = api.key("owner", scopes=("act", "keys"))

    assert make(api, who, scopes=["act:orders"]).status_code == 201


def test_a_key_does_not_outlive_its_maker(api: Api):
    who = api.key("owner")

    longer = make(api, who, expires=in_days(1))
    unsaid = make(api, who)

    assert (longer.status_code, longer.json()["code"]) == (422, "malformed")
    expires = datetime.fromisoformat(unsaid.json()["key"]["expires"])
    assert expires <= datetime.now(UTC) + timedelta(hours=1)


def test_keys_of_others_are_neither_shown_nor_revoked(api: Api):
    made = make(api, of_long(api)).json()["key"]["id"]
    stranger = api.key("agent")

    listed = api.get("/v1/keys", headers=stranger).json()["keys"]
    refused = [
        api.client.delete(f"/v1/keys/{made}", headers=stranger),
        api.client.delete(f"/v1/keys/{made}", headers=api.key("owner", scopes=("read",))),
        api.get("/v1/keys", headers=api.key("owner", scopes=("read",))),
        make(api, api.key("owner", scopes=("act", "read"))),
        make(api, {}),
        api.get("/v1/me"),
    ]

    assert made not in {one["id"] for one in listed}
    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (404, "no_api_key"),
        (403, "scope_missing"),
        (403, "scope_missing"),
        (403, "scope_missing"),
        (401, "credentials_missing"),
        (401, "credentials_missing"),
    ]


def test_what_a_key_made_is_revoked_with_it(api: Api):
    who = of_long(api)
    first = make(api, who, scopes=["read", "keys"]).json()
    theirs = {"Authorization": f"Bearer {first['presented']}"}
    second = make(api, theirs, scopes=["read"]).json()

    revoked = api.client.delete(f"/v1/keys/{first['key']['id']}", headers=who).json()["revoked"]

    assert revoked == [first["key"]["id"], second["key"]["id"]]
    after = api.get("/v1/me", headers={"Authorization": f"Bearer {second['presented']}"})
    assert (after.status_code, after.json()["code"]) == (401, "bad_key")
    assert api.get("/v1/me", headers=who).status_code == 200


def test_a_key_that_is_made_is_as_old_as_the_log_its_maker_was_judged_by(api: Api):
    """Not as the clock says: what a thief makes while the account is recovered ends with it."""
    id_ = make(api, of_long(api)).json()["key"]["id"]

    record = api.runtime.access.key(id_)

    assert record is not None
    assert record.log_size == api.runtime.source().size()


@pytest.mark.parametrize("path", ["keys", "webhooks", "retirements"])
def test_who_is_revoked_while_their_request_comes_does_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, path: str
):
    monkeypatch.setattr(limits, "AGAIN_S", 0.0)
    owner = api.accounts["owner"]
    asked: dict[str, Any] = {
        "keys": {"accounts": [owner], "scopes": ["read"]},
        "webhooks": {"account": owner, "url": "https://example.org/", "topics": ["account"]},
        "retirements": {"holder": owner, "amount": "1", "purpose": "enterprise"},
    }[path]
    before = api.runtime.source().size()
    record, presented = api.runtime.access.make_key(
        [api.accounts["owner"]],
        ["read", "act", "keys", "webhooks"],
        expires_us=wall_us() + HOUR_US,
        label="slow",
        made_by="test",
        now_us=wall_us(),
        log_size=api.runtime.source().size(),
    )

    def slowly() -> Iterator[bytes]:
        yield b" "
        api.runtime.access.revoke_key(record.id, wall_us())
        yield json.dumps(asked).encode()

    headers = {
        "Authorization": f"Bearer {presented}",
        "Content-Type": "application/json",
        "Idempotency-Key": "slow",
    }
    answer = api.client.post(f"/v1/{path}", content=slowly(), headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")
    assert api.runtime.source().size() == before
    assert api.runtime.access.webhooks.of(owner) == []


def test_a_key_of_before_a_succession_speaks_for_the_account_no_more(
    api: Api, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(renewals, "LOOK_S", 0)
    agent, owner = api.accounts["agent"], api.accounts["owner"]
    alone, both = api.key("agent"), api.key("agent", "owner")
    before = api.get("/v1/me", headers=alone)
    ask = Succeed(account=agent, successor=owner, reason="merger", document=digest("register"))
    does(api.runtime.operator, ask)

    after = api.get("/v1/me", headers={**alone, "Accept-Language": "en"})

    assert before.status_code == 200
    assert (after.status_code, after.json()["code"]) == (401, "credentials_ended")
    assert agent in after.json()["detail"]
    assert api.get("/v1/me", headers=both).json()["accounts"] == [owner]
    listed = api.get("/v1/keys", headers=both).json()["keys"]
    (own,) = [one for one in listed if one["accounts"] == [agent, owner]]
    assert own["speaks_for"] == [owner]
    assert api.get("/v1/me", headers=api.key("agent")).status_code == 200


def test_roles_are_those_of_the_log(api: Api):
    court, owner = api.accounts["court"], api.accounts["owner"]

    told = api.get("/v1/me", headers=api.key("court", "owner")).json()

    assert told["roles"] == {court: ["court"], owner: []}
    assert told["how"] == "key"
