"""Acts over HTTP: recorded with keys kept here, prepared for keys kept elsewhere, rehearsed; and never twice."""

import base64
import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.history import POSSESSION_PURPOSE
from registry.ledger import keys
from registry.ledger.intent import SIGNED_PREFIX
from registry.ledger.keys import SUITE
from registry.store.log import Moment
from tests.api.conftest import Api
from tests.test_cli import CHINESE

PAPER = hashlib.sha256(b"a judgment").hexdigest()


def order(api: Api) -> dict[str, Any]:
    return {
        "number": "（2026）川0000刑初0号",
        "court": api.accounts["court"],
        "basis": "judgment",
        "obligor": "某人",
        "account": api.accounts["case"],
        "document": PAPER,
        "deadline": "2027-01-31",
        "amount": "10",
        "standards": ["SCFG"],
    }


def registered(api: Api, **more: str) -> Any:
    return api.act("/orders", order(api), api.key("court"), **more)


def size(api: Api) -> int:
    with api.runtime.operator.log.recorder.reading() as cursor:
        return Moment(cursor).head().size


def test_a_court_registers_an_order_with_its_key_kept_here(api: Api):
    answer = registered(api)

    assert answer.status_code == 201, answer.text
    told = answer.json()
    (entry,) = told["entries"]
    assert told["mode"] == "record"
    assert entry["signers"] == [api.accounts["court"]]
    assert entry["new"][0].startswith("order/")
    assert answer.headers["location"] == f"/v1/log/entries/{entry['index']}"
    (event, _) = entry["events"]
    assert event["body"]["amount_g"] == "10000000"
    assert event["opened"]["obligor"] == "某人"
    assert told["checkpoint"].startswith("registry.example/court\n")


def test_the_same_request_under_the_same_key_has_one_effect(api: Api):
    who = api.key("court")
    first = api.act("/orders", order(api), who, key="one")
    again = api.act("/orders", order(api), who, key="one")
    other = api.act("/orders", {**order(api), "amount": "11"}, who, key="one")

    assert first.status_code == again.status_code == 201
    assert first.json()["entries"] == again.json()["entries"]
    assert (first.json()["replayed"], again.json()["replayed"]) == (False, True)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_is_its_callers_own(api: Api):
    mine = api.act("/orders", order(api), api.key("court"), key="one")
    theirs = api.act("/orders", order(api), api.key("court"), key="one")

    assert mine.json()["entries"][0]["index"] != theirs.json()["entries"][0]["index"]


def test_an_act_without_an_idempotency_key_is_refused(api: Api):
    refused = api.client.post("/v1/orders", json=order(api), headers=api.key("court"))

    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_missing")


def test_nobody_acts_for_others(api: Api):
    before = size(api)
    nobody = api.act("/orders", order(api))
    other = api.act("/orders", order(api), api.key("owner"))
    narrow = api.act("/orders", order(api), api.key("court", scopes=("act:transfers",)))
    after = size(api)

    assert (nobody.status_code, nobody.json()["code"]) == (401, "credentials_missing")
    assert (other.status_code, other.json()["code"]) == (403, "signature_missing")
    assert other.json()["facts"] == {"accounts": [api.accounts["court"]]}
    assert (narrow.status_code, narrow.json()["code"]) == (403, "scope_missing")
    assert narrow.json()["facts"] == {"scope": "act:orders"}
    assert after == before


def test_a_rehearsal_says_what_would_be_and_records_nothing(api: Api):
    before = size(api)
    answer = registered(api, mode="dry-run")

    assert answer.status_code == 200
    assert answer.json()["mode"] == "dry-run"
    assert answer.json()["entries"][0]["leaf"] is None
    assert size(api) == before


def test_what_the_rules_refuse_is_said_with_its_code_in_the_readers_language(api: Api):
    made = registered(api).json()["entries"][0]["new"][0].partition("/")[2]
    who = api.key("case")
    said = {"amount": "1"}
    zh = api.act(f"/orders/{made}/perform", said, who)
    en = api.act(f"/orders/{made}/perform", said, {**who, "Accept-Language": "en, zh;q=0.5"})

    assert (zh.status_code, zh.json()["code"]) == (409, "insufficient_holding")
    assert zh.headers["content-type"] == "application/problem+json"
    assert (zh.headers["content-language"], en.headers["content-language"]) == ("zh", "en")
    assert "t" in en.json()["detail"]
    assert zh.json()["instance"] == zh.headers["x-request-id"]


@pytest.mark.parametrize(
    "amount", ["0", "1e3", "1_0", "٣", "-1", "1.0000001", "", 1, 1.5, None, True, ["1"]]
)
def test_an_amount_is_a_decimal_string(api: Api, amount: object):
    refused = api.act("/orders", {**order(api), "amount": amount, "yuan": None}, api.key("court"))

    assert (refused.status_code, refused.json()["code"]) == (422, "malformed")


def test_a_field_that_nobody_knows_is_refused_and_pointed_at(api: Api):
    refused = api.act("/orders", {**order(api), "amonut": "1"}, api.key("court"))

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/amonut"


def test_text_that_is_no_json_is_refused_at_no_place_in_it(api: Api):
    who = {**api.key("court"), "Content-Type": "application/json"}
    refused = api.client.post("/v1/orders", content=b'{"number": "1"', headers=who).json()

    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("", "json_invalid")]


def test_what_cannot_be_read_is_said_in_the_readers_language_with_one_code(api: Api):
    who, wrong = api.key("court"), {**order(api), "amount": "0", "deadline": 7, "standards": 1}
    known = {**order(api), "standards": ["scfg"]}

    zh, en = (api.act("/orders", wrong, {**who, "Accept-Language": lang}) for lang in ("zh", "en"))
    rule = api.act("/orders", known, {**who, "Accept-Language": "zh"}).json()
    asked = api.client.get("/v1/batches?as_of=some")

    told = {one["pointer"]: (one["code"], one["why"]) for one in zh.json()["errors"]}
    assert told == {
        "/deadline": ("string_type", "应为字符串"),
        "/amount": ("amount_expected", "应为大于 0 的吨数，如 12.5，或克数，如 27g"),
        "/standards": ("tuple_type", "应为数组"),
    }
    assert [one["code"] for one in en.json()["errors"]] == [code for code, _ in told.values()]
    assert not CHINESE.search(en.text.replace("（2026）川0000刑初0号", ""))
    assert zh.json()["facts"]["why"] == en.json()["facts"]["why"] == "string_type"
    assert "：应为字符串。" in zh.json()["detail"]
    assert [(one["pointer"], one["code"]) for one in asked.json()["errors"]] == [
        ("as_of", "moment_expected")
    ]
    assert rule["errors"] == [
        {
            "pointer": "/standards",
            "code": "standard_code_expected",
            "why": "应为 2 至 12 个大写字母或数字的代码",
        }
    ]


def own_key(api: Api, name: str) -> Ed25519PrivateKey:
    """A further key of an account, that its holder keeps."""
    private = Ed25519PrivateKey.generate()
    key = SUITE, private.public_key().public_bytes_raw()
    account = api.accounts[name]
    message = keys.possession_message(api.runtime.operator.id, account, key, POSSESSION_PURPOSE)
    setting = api.runtime.operator.setting(account)
    body = {"key": key, "custodial": False, "possession": private.sign(message)}
    added = api.runtime.operator.request(setting, [(account, [("account.key_added.v1", body)])])
    api.runtime.operator.record([added])
    return private


def test_a_key_that_stays_elsewhere_signs_what_was_prepared(api: Api):
    private = own_key(api, "court")
    public = private.public_key().public_bytes_raw().hex()
    prepared = registered(api, mode="prepare", signing_key=public)
    assert prepared.status_code == 200, prepared.text
    (asked,) = prepared.json()["intents"]
    data = base64.b64decode(asked["intent"])
    signature = private.sign(SIGNED_PREFIX + data)
    said = {
        "intent": asked["intent"],
        "signatures": [base64.b64encode(signature).decode()],
        "openings": asked["openings"],
    }

    first = api.client.post("/v1/intents", json=said)
    again = api.client.post("/v1/intents", json=said)

    assert hashlib.sha256(data).hexdigest() == asked["digest"]
    assert asked["signers"][0]["custodial"] is False
    assert first.status_code == 201, first.text
    assert first.json()["index"] == again.json()["index"]
    assert size(api) == first.json()["index"] + 1


def test_a_forged_signature_is_refused_and_nothing_recorded(api: Api):
    prepared = registered(api, mode="prepare").json()["intents"][0]
    before = size(api)
    said = {
        "intent": prepared["intent"],
        "signatures": [base64.b64encode(bytes(64)).decode()],
        "openings": prepared["openings"],
    }
    refused = api.client.post("/v1/intents", json=said)

    assert (refused.status_code, refused.json()["code"]) == (403, "bad_signature")
    assert size(api) == before


def test_an_intent_that_is_submitted_as_a_rehearsal_is_not_recorded(api: Api):
    who = api.key("court")
    prepared = registered(api, mode="prepare").json()["intents"][0]
    asked = {"intent": prepared["intent"]}
    signed = api.client.post("/v1/signatures", json=asked, headers=who).json()["signatures"]
    said = {**asked, "signatures": [signed[0]["signature"]], "openings": prepared["openings"]}
    before = size(api)

    answers = [
        api.client.post("/v1/signatures?mode=dry-run", json=asked, headers=who),
        api.client.post("/v1/intents?mode=dry-run", json=said),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()["facts"]["field"]) == (422, "mode")
    assert size(api) == before


def test_those_whose_keys_are_kept_here_sign_one_after_another(api: Api):
    owner, taker = api.accounts["owner"], api.accounts["case"]
    made = registered(api).json()["entries"][0]["new"][0].partition("/")[2]
    said = {"amount": "2", "seller": owner}
    buyer, seller = api.key("case"), api.key("owner")
    alone = api.act(f"/orders/{made}/buy", said, buyer)
    (asked,) = api.act(f"/orders/{made}/buy", said, buyer, mode="prepare").json()["intents"]

    signed = {}
    for who in (buyer, seller):
        answer = api.client.post("/v1/signatures", json={"intent": asked["intent"]}, headers=who)
        assert answer.status_code == 200, answer.text
        for one in answer.json()["signatures"]:
            signed[one["signer"]["account"]] = one["signature"]
    in_order = [signed[name] for name in answer.json()["order"]]
    done = api.client.post("/v1/intents", json={"intent": asked["intent"], "signatures": in_order})

    assert (alone.status_code, alone.json()["facts"]) == (403, {"accounts": [owner]})
    assert set(signed) == {owner, taker}
    assert done.status_code == 201, done.text


def test_nobody_has_another_accounts_key_sign(api: Api):
    (asked,) = registered(api, mode="prepare").json()["intents"]
    intent = {"intent": asked["intent"]}
    refused = api.client.post("/v1/signatures", json=intent, headers=api.key("owner"))
    narrow = api.key("court", scopes=("read",))
    unscoped = api.client.post("/v1/signatures", json=intent, headers=narrow)

    assert (refused.status_code, refused.json()["code"]) == (403, "signature_missing")
    assert (unscoped.status_code, unscoped.json()["code"]) == (403, "scope_missing")


def test_nobody_prepares_the_acts_of_others(api: Api):
    refused = api.act("/orders", order(api), api.key("owner"), mode="prepare")
    stranger = api.act("/orders", order(api), mode="prepare")

    assert (refused.status_code, refused.json()["code"]) == (403, "signature_missing")
    assert (stranger.status_code, stranger.json()["code"]) == (401, "credentials_missing")


def test_accounts_are_not_called_by_their_names(api: Api):
    refused = api.act("/orders", {**order(api), "court": "court"}, api.key("court"))

    assert (refused.status_code, refused.json()["code"]) == (404, "no_account")


def signed_elsewhere(api: Api) -> tuple[dict[str, Any], list[Any]]:
    """An order that the court signed with a key of its own, to be submitted without its names; and the names."""
    private = own_key(api, "court")
    public = private.public_key().public_bytes_raw().hex()
    (asked,) = registered(api, mode="prepare", signing_key=public).json()["intents"]
    signature = private.sign(SIGNED_PREFIX + base64.b64decode(asked["intent"]))
    bare = {
        "intent": asked["intent"],
        "signatures": [base64.b64encode(signature).decode()],
    }
    return bare, asked["openings"]


@pytest.mark.parametrize(("first", "kept"), [(True, 2), (False, 0)])
def test_a_receipt_says_which_names_are_kept(api: Api, *, first: bool, kept: int):
    bare, openings = signed_elsewhere(api)
    whole = {**bare, "openings": openings}
    sent = api.client.post("/v1/intents", json=whole if first else {**bare, "withheld": True})

    again = api.client.post("/v1/intents", json=whole)
    bared = api.client.post("/v1/intents", json=bare)

    assert sent.status_code == bared.status_code == 201, bared.text
    assert bared.json()["index"] == again.json()["index"] == sent.json()["index"]

    assert again.status_code == 201, again.text
    assert len(again.json()["kept"]) == kept


def test_names_that_would_be_lost_are_asked_for_and_nothing_is_recorded(api: Api):
    bare, (first, second) = signed_elsewhere(api)
    before = size(api)

    none = api.client.post("/v1/intents", json=bare)
    one = api.client.post("/v1/intents", json={**bare, "openings": [first]})
    said = api.client.post("/v1/intents", json={**bare, "openings": [first], "withheld": False})

    fields = sorted([first["field"], second["field"]])
    assert (none.status_code, none.json()["code"]) == (422, "openings_missing")
    assert (sorted(none.json()["facts"]["fields"]), none.json()["facts"]["missing"]) == (fields, 2)
    assert (
        one.json()["facts"] == said.json()["facts"] == {"fields": [second["field"]], "missing": 1}
    )
    assert size(api) == before


def test_an_intent_that_cannot_be_judged_is_refused_for_that(api: Api):
    """What is wrong with it, the rules say; not that its names are missing."""
    (asked,) = registered(api, mode="prepare").json()["intents"]
    data = base64.b64decode(asked["intent"]).replace(b"order.registered.v1", b"order.registerex.v1")
    said = {
        "intent": base64.b64encode(data).decode(),
        "signatures": [base64.b64encode(bytes(64)).decode()],
    }

    refused = api.client.post("/v1/intents", json=said)

    assert refused.json()["code"] == "bad_signature"
