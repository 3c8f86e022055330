"""API keys over HTTP: for one's own accounts and scopes alone, shown once, no longer than one's own; and who one is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry.store.clock import wall_us
from tests.api.conftest import HOUR_US, Api

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
    assert (revoked.status_code, again.status_code, again.json()["code"]) == (
        204,
        404,
        "no_api_key",
    )
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


def test_roles_are_those_of_the_log(api: Api):
    court, owner = api.accounts["court"], api.accounts["owner"]

    told = api.get("/v1/me", headers=api.key("court", "owner")).json()

    assert told["roles"] == {court: ["court"], owner: []}
    assert told["how"] == "key"
