"""Lists sent in files: read strictly, done once as a job, handed out to who gave; and gifts taken by their codes."""

import base64
import csv
import io
import json
import zipfile
from hashlib import sha256
from typing import Any

import pytest
import xlsxwriter
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.acts import claim_codes, old_books
from registry.desk.given import today
from registry.domain.timing import day_of
from registry.ledger import ids
from registry.ledger.intent import SIGNED_PREFIX
from registry.ledger.keys import SUITE
from registry.store.access import DAY_US
from registry.store.clock import wall_us
from registry.store.log import Moment
from registry.verifier.certificate import verify
from registry.verifier.gift import verify_gift
from tests.api.conftest import Api

CSV = {"Content-Type": "text/csv"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def campaign(api: Api, amount: str = "100g", **more: Any) -> str:
    """A campaign of the owner that has `amount` to give, and ends today."""
    owner = api.key("owner")
    terms = {
        "organiser": api.accounts["owner"],
        "occasion": "一场马拉松",
        "terms": sha256(b"terms").hexdigest(),
        "standard": "SCFG",
        "deadline": today(),
        **more,
    }
    opened = api.act("/campaigns", terms, owner)
    assert opened.status_code == 201, opened.text
    (name,) = [one for one in opened.json()["entries"][0]["new"] if one.startswith("campaign/")]
    funded = api.act(f"/campaigns/{name.partition('/')[2]}/fund", {"amount": amount}, owner)
    assert funded.status_code == 201, funded.text
    return name.partition("/")[2]


def size(api: Api) -> int:
    """How many entries there are now."""
    with api.runtime.operator.log.recorder.reading() as cursor:
        return Moment(cursor).head().size


def give(api: Api, name: str, data: bytes | str, *, who: Any = None, key: str = "k", **more: Any):
    headers = {
        **CSV,
        **(who or api.key("owner")),
        "Idempotency-Key": key,
        **more.pop("headers", {}),
    }
    return api.client.post(
        f"/v1/campaigns/{name}/give",
        content=data.encode() if isinstance(data, str) else data,
        headers=headers,
        params=more,
    )


def ended(api: Api, answer: Any, who: Any) -> Any:
    """A job that was started, once it has ended."""
    assert answer.status_code == 202, answer.text
    api.runtime.jobs.wait(answer.json()["job"]["id"])
    told = api.get(answer.headers["location"], headers=who)
    assert told.status_code == 200, told.text
    return told.json()["job"]


def codes_of(api: Api, job: str, who: Any) -> dict[str, str]:
    answer = api.get(f"/v1/jobs/{job}/codes.csv", headers=who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    return {row["no"]: row["code"] for row in rows}


def test_a_list_is_given_to_once_and_handed_out_to_who_gave(api: Api):
    name, who = campaign(api), api.key("owner")
    guests = f"no,account,name,grams\nA-1,,王伟,5\nA-2,{api.accounts['agent']},,7\n"

    done = ended(api, give(api, name, guests, who=who), who)
    again = give(api, name, guests, who=who)
    codes = codes_of(api, done["id"], who)
    archive = api.get(f"/v1/jobs/{done['id']}/proofs.zip", headers=who)
    proof = api.get(f"/v1/jobs/{done['id']}/proofs/A-1", headers=who)

    assert (done["state"], done["done"], done["total"]) == ("done", 2, 2)
    assert done["result"]["amount_g"] == "12"
    assert (done["result"]["guests"], done["result"]["codes"]) == (2, 1)
    assert done["result"]["kept_until"] == day_of(wall_us() + 30 * DAY_US).isoformat()
    assert again.json()["job"]["id"] == done["id"]
    assert codes["A-2"] == ""
    claim_codes.read(codes["A-1"])
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        assert files.testzip() is None
        assert files.namelist() == ["A-1.gift", "A-2.gift"]
        assert files.read("A-1.gift") == proof.content
    assert verify_gift(proof.content, api.runtime.operator.vkey()).gift.amount_g == 5


def test_only_who_gives_sees_what_is_handed_out(api: Api):
    name, who = campaign(api, each="5g"), api.key("owner")
    done = ended(api, give(api, name, "no\n1\n", who=who), who)
    path = f"/v1/jobs/{done['id']}"

    of_the_same_account = api.get(path, headers=api.key("owner"))
    of_others = [api.get(f"{path}{more}", headers=api.key("agent")) for more in ("", "/codes.csv")]
    reader = api.get(f"{path}/codes.csv", headers=api.key("owner", scopes=("read",)))
    of_nobody = [api.get(f"{path}{more}") for more in ("", "/codes.csv", "/proofs.zip")]

    assert of_the_same_account.status_code == 200
    assert [one.status_code for one in of_others] == [404, 404]
    assert reader.status_code == 404
    assert [one.status_code for one in of_nobody] == [401, 401, 401]


def test_what_is_handed_out_is_deleted_once_everybody_has_it(api: Api):
    name, who = campaign(api, each="5g"), api.key("owner")
    done = ended(api, give(api, name, "no\n1\n", who=who), who)
    path = f"/v1/jobs/{done['id']}"

    stranger = api.client.delete(f"{path}/handout", headers=api.key("agent"))
    deleted = api.client.delete(f"{path}/handout", headers=who)
    codes = api.get(f"{path}/codes.csv", headers=who)
    again = ended(api, give(api, name, "no\n1\n", who=api.key("owner")), who)

    assert (stranger.status_code, deleted.status_code) == (404, 204)
    assert (codes.status_code, codes.json()["code"]) == (409, "nothing_handed_out")
    assert (again["state"], again["error"]["code"]) == ("failed", "other_codes")


def test_a_dry_run_names_every_bad_row(api: Api):
    name = campaign(api)
    nobody = "account/" + "a" * 16

    bad = give(api, name, "no,grams\n1,5\n1,x\n", mode="dry-run").json()
    unknown = give(api, name, f"no,account,grams\n1,{nobody},5\n", mode="dry-run").json()
    good = give(api, name, "no,grams\n1,5\n2,7\n", mode="dry-run").json()
    refused = give(api, name, "no,grams\n1,5\n1,x\n")

    row = {"line": 3, "column": "grams", "found": "x", "code": "grams_cell"}
    assert (bad["ok"], bad["rows"]) == (False, [{**row, "why": "应为大于 0 的整数克"}])
    assert [(row["found"], row["code"]) for row in unknown["rows"]] == [(nobody, "account_unknown")]
    assert (good["ok"], good["count"], good["amount_g"], good["acts"]) == (True, 2, "12", 1)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_rows")
    told = {"pointer": "3:grams", "code": "grams_cell", "why": "应为大于 0 的整数克"}
    assert refused.json()["errors"] == [told]
    assert "第 3 行“grams”为“x”（应为大于 0 的整数克）" in refused.json()["detail"]


def workbook(rows: list[dict[str, Any]]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
            sheet.write_row(at, 0, row)
    return made.getvalue()


@pytest.mark.parametrize("sent", ["jsonl", "xlsx", "form", "curl"])
def test_a_list_is_sent_in_other_forms(api: Api, sent: str):
    name, who = campaign(api), api.key("owner")
    rows = [{"no": "1", "name": "王伟", "grams": 5}, {"no": "2", "name": "", "grams": 7}]
    if sent == "jsonl":
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        answer = give(api, name, text, who=who, headers={"Content-Type": "application/jsonl"})
    elif sent == "xlsx":
        answer = give(api, name, workbook(rows), who=who, headers={"Content-Type": XLSX})
    else:
        file: Any = ("guests.csv", "no,name,grams\n1,王伟,5\n2,,7\n", "text/csv")
        if sent == "curl":
            file = ("guests.XLSX", workbook(rows), "application/octet-stream")
        answer = api.client.post(
            f"/v1/campaigns/{name}/give",
            files={"list": file},
            headers={**who, "Idempotency-Key": "k"},
        )

    done = ended(api, answer, who)

    assert done["result"]["amount_g"] == "12"


def test_lists_are_refused_before_anything_is_done(api: Api):
    name = campaign(api)
    guests = "no,grams\n1,5\n"

    refused = [
        give(api, name, guests, who={"X": "y"}),
        give(api, name, guests, who=api.key("owner", scopes=("read",))),
        give(api, name, guests, who=api.key("agent")),
        give(api, name, guests, headers={"Idempotency-Key": ""}),
        give(api, name, guests, headers={"Content-Type": "image/png"}),
        give(api, "a" * 16, guests),
    ]

    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (401, "credentials_missing"),
        (403, "scope_missing"),
        (403, "signature_missing"),
        (400, "idempotency_key_missing"),
        (415, "unknown_media_type"),
        (404, "no_stream"),
    ]


def test_a_list_that_was_cut_off_goes_on_and_gives_nobody_twice(
    api: Api, monkeypatch: pytest.MonkeyPatch
):
    name, who = campaign(api, each="5g"), api.key("owner")
    with monkeypatch.context() as patch:
        patch.setattr("registry.store.handout.write_proofs", lost)
        cut = ended(api, give(api, name, "no\n1\n2\n", who=who), who)
    before = size(api)

    done = ended(api, give(api, name, "no\n1\n2\n", who=who), who)

    assert (cut["state"], cut["error"]["code"]) == ("failed", "our_fault")
    assert (done["state"], done["result"]["proofs"]) == ("done", 2)
    assert done["result"]["entries"] == []
    assert size(api) == before


def test_an_organiser_gives_to_accounts_and_keys_that_are_named(api: Api):
    name, who = campaign(api), api.key("owner")
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    rows = [
        {"taker": api.accounts["agent"], "amount": "5g"},
        {"taker": ids.bearer((SUITE, public)), "amount": "7g"},
    ]
    path = f"/campaigns/{name}/gifts"

    prepared = api.act(path, {"gifts": rows}, who, mode="prepare")
    given = api.act(path, {"gifts": rows}, who)
    unknown = api.act(path, {"gifts": [{"taker": "account/" + "a" * 16, "amount": "5g"}]}, who)
    claim = {"bearer": public.hex(), "to": api.accounts["agent"]}
    claimable = api.act("/gifts/claim", claim, mode="dry-run")

    assert prepared.status_code == 200, prepared.text
    assert [len(one["rows"]) for one in prepared.json()["intents"][0]["rows"]] == [2]
    assert given.status_code == 201, given.text
    assert given.json()["entries"][0]["events"][1]["body"]["amount_g"] == "12"
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_account")
    assert claimable.status_code == 200, claimable.text
    assert claimable.json()["entries"][0]["events"][0]["body"]["amount_g"] == "7"


def test_another_list_under_the_same_key_is_not_given(api: Api):
    name, who = campaign(api, each="5g"), api.key("owner")
    ended(api, give(api, name, "no\n1\n", who=who), who)

    refused = give(api, name, "no\n2\n", who=who)

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_a_list_that_is_too_long_for_what_was_funded_fails_as_a_job(api: Api):
    name, who = campaign(api), api.key("owner")

    done = ended(api, give(api, name, "no,grams\n1,60\n2,41\n", who=who), who)

    assert (done["state"], done["result"]) == ("failed", None)
    assert done["error"]["code"] == "insufficient_holding"
    assert done["error"]["facts"]["amount_g"] == "101"
    assert "101" in done["error"]["detail"] or "0.000101" in done["error"]["detail"]


def test_a_guest_shows_a_code_and_needs_no_account(api: Api):
    name, who = campaign(api, each="50g"), api.key("owner")
    done = ended(api, give(api, name, "no\n1\n", who=who), who)
    code = codes_of(api, done["id"], who)["1"]
    asked = {"code": code, "journey": ["metro:1km"]}

    rehearsed = api.act("/gifts/retire", asked, mode="dry-run")
    retired = api.act("/gifts/retire", asked, key="one")
    again = api.act("/gifts/retire", asked, key="one")
    claimed = api.act("/gifts/claim", {"code": code, "to": api.accounts["agent"]}, key="two")
    repeated = api.act("/gifts/claim", {"code": code, "to": api.accounts["agent"]}, key="two")
    empty = api.act("/gifts/claim", {"code": code, "to": api.accounts["agent"]}, key="three")

    assert rehearsed.status_code == 200, rehearsed.text
    assert retired.status_code == 201, retired.text
    assert (again.json()["entries"], again.json()["replayed"]) == (retired.json()["entries"], True)
    assert claimed.status_code == 201, claimed.text
    assert claimed.json()["entries"][0]["events"][0]["body"]["amount_g"] == "21"
    assert repeated.json()["entries"] == claimed.json()["entries"]
    assert (empty.status_code, empty.json()["code"]) == (404, "no_gift")
    assert code not in empty.text + retired.text


def test_a_guest_signs_with_the_key_of_a_code_that_stays_with_them(api: Api):
    name, who = campaign(api, each="50g"), api.key("owner")
    done = ended(api, give(api, name, "no\n1\n", who=who), who)
    secret = claim_codes.read(codes_of(api, done["id"], who)["1"])
    seed = claim_codes.seed(secret, log=api.runtime.operator.id, campaign=f"campaign/{name}")
    private = Ed25519PrivateKey.from_private_bytes(seed)
    asked = {"bearer": private.public_key().public_bytes_raw().hex(), "to": api.accounts["agent"]}

    recorded = api.act("/gifts/claim", asked)
    prepared = api.act("/gifts/claim", asked, mode="prepare")
    assert prepared.status_code == 200, prepared.text
    (intent,) = prepared.json()["intents"]
    signature = private.sign(SIGNED_PREFIX + base64.b64decode(intent["intent"]))
    submitted = api.client.post(
        "/v1/intents",
        json={
            "intent": intent["intent"],
            "signatures": [base64.b64encode(signature).decode()],
            "openings": intent["openings"],
            "rows": intent["rows"],
        },
    )

    assert (recorded.status_code, recorded.json()["code"]) == (403, "no_private_key")
    assert intent["signers"][0]["custodial"] is False
    assert submitted.status_code == 201, submitted.text


def test_nobody_signs_with_the_code_of_another_guest(api: Api):
    """While one guest's code is being used, who only knows its key is still refused."""
    name, who = campaign(api, each="50g"), api.key("owner")
    done = ended(api, give(api, name, "no\n1\n", who=who), who)
    secret = claim_codes.read(codes_of(api, done["id"], who)["1"])
    keyring = api.runtime.operator.keyring
    seed = claim_codes.seed(secret, log=api.runtime.operator.id, campaign=f"campaign/{name}")
    held = keyring.hold(seed)

    refused = api.act("/gifts/claim", {"bearer": held[1].hex(), "to": api.accounts["agent"]})
    keyring.let_go(held)

    assert (refused.status_code, refused.json()["code"]) == (403, "no_private_key")


def retire(api: Api, text: str, who: Any, *, key: str = "k", mode: str = "record", **said: Any):
    asked = {"holder": api.accounts["owner"], "purpose": "individual", **said}
    return api.client.post(
        "/v1/retirements/for-list",
        files={"list": ("them.csv", text, "text/csv")},
        data={"ask": json.dumps(asked)},
        headers={**who, "Idempotency-Key": key},
        params={"mode": mode},
    )


def test_a_retirement_for_a_list_is_one_and_everybody_gets_a_proof(api: Api):
    who, text = api.key("owner"), "name,grams\n王伟,5\nAna,7\n"

    bad = retire(api, "name,grams\n王伟,x\n", who, mode="dry-run").json()
    foreseen = retire(api, text, who, mode="dry-run").json()
    done = ended(api, retire(api, text, who), who)
    again = retire(api, text, who).json()["job"]
    other = ended(api, retire(api, text, who, key="other"), who)

    assert [(row["line"], row["found"], row["code"]) for row in bad["rows"]] == [
        (2, "x", "grams_cell")
    ]
    assert (foreseen["ok"], foreseen["count"], foreseen["amount_g"]) == (True, 2, "12")
    assert (done["state"], done["result"]["certificates"]) == ("done", 2)
    assert again["id"] == done["id"]
    assert other["result"]["entries"] != done["result"]["entries"]
    path = f"/v1/jobs/{done['id']}"
    listed = api.get(f"{path}/certificates.csv", headers=who).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(listed)))
    assert [row["name"] for row in rows] == ["王伟", "Ana"]
    proof = api.get(f"{path}/proofs/{rows[0]['number']}", headers=who)
    assert verify(proof.content, api.runtime.operator.vkey()).amount_g == 5
    assert api.get(f"{path}/codes.csv", headers=who).status_code == 409


def test_a_retirement_that_was_cut_off_is_handed_out_when_it_is_asked_for_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
):
    who, text = api.key("owner"), "name,grams\n王伟,5\n"
    with monkeypatch.context() as patch:
        patch.setattr("registry.desk.handing.share_proofs", lost)
        cut = ended(api, retire(api, text, who), who)
    before = size(api)

    done = ended(api, retire(api, text, who), who)

    assert (cut["state"], cut["error"]["code"]) == ("failed", "our_fault")
    assert (done["state"], done["result"]["certificates"]) == ("done", 1)
    assert size(api) == before


def lost(*_: object) -> Any:
    raise ZeroDivisionError


def test_a_list_is_a_part_of_a_form_with_what_it_is_for(api: Api):
    who, text = api.key("owner"), "name,grams\n王伟,5\n"

    raw = api.client.post(
        "/v1/retirements/for-list", content=text, headers={**CSV, **who, "Idempotency-Key": "k"}
    )
    other = retire(api, text, who, rows=[], holder=7)
    stranger = retire(api, text, api.key("agent"))

    assert [one.status_code for one in (raw, other, stranger)] == [422, 422, 403]


def books(api: Api, change: str = "") -> str:
    owner, agent = api.accounts["owner"], api.accounts["agent"]
    return "\n".join(
        [
            ",".join(old_books.COLUMNS),
            f"1,issued,CD-1,SCFG,2023-01-01..2023-12-31,{owner},,100,2024-03-01,,,",
            f"2,transferred,CD-1,,,{owner},{agent},40,2024-04-01,,,",
            f"4,retired,CD-1,,,{agent},,2.5,2024-05-20,enterprise,年会,CD-2024-007{change}",
        ]
    )


def test_books_of_before_are_entered_once(api: Api):
    who = api.key("authority", "owner", "agent", *api.officers())
    headers = {**CSV, **who, "Idempotency-Key": "k"}
    path = "/v1/batches/import-books"

    bad = api.client.post(
        path, content=books(api, ",x"), headers=headers, params={"mode": "dry-run"}
    ).json()
    foreseen = api.client.post(
        path, content=books(api), headers=headers, params={"mode": "dry-run"}
    ).json()
    done = ended(api, api.client.post(path, content=books(api), headers=headers), who)
    again = api.client.post(path, content=books(api), headers=headers).json()["job"]
    alone = api.client.post(path, content=books(api), headers={**headers, **api.key("authority")})

    assert (bad["ok"], bad["rows"][0]["line"]) == (False, 4)
    assert (foreseen.get("ok"), foreseen.get("count"), foreseen.get("acts")) == (True, 3, 3), (
        foreseen
    )
    assert (done["state"], done["result"]["rows"], done["done"]) == ("done", 3, 3), done
    assert done["result"]["certificates"][0]["before"] == "CD-2024-007"
    assert again["id"] == done["id"]
    assert (alone.status_code, alone.json()["code"]) == (403, "signature_missing")
