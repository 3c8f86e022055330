"""Certificates by number: what everybody is told, what holders are; files that are checked without us, and our word."""

from itertools import product
from typing import Any

import pytest

from registry.api import certificates
from registry.api.certificates import CertificateTold, Kept
from registry.desk import words
from registry.desk.asking import question_to
from registry.desk.keys import RotateLogKey
from registry.errors import BrokenHistoryError
from registry.ledger.note import read_vkey
from registry.verifier import certificate
from registry.verifier.dossier import verify_dossier
from tests.api.conftest import Api
from tests.api.everything import grow, known, later
from tests.desks import does

OCTETS = {"Content-Type": "application/octet-stream"}


def rows(life: Api, table: str, **equal: Any) -> list[dict[str, Any]]:
    with question_to(life.runtime.source()) as question:
        return question.rows(table, **equal)


def told(life: Api, number: str, who: dict[str, str] | None = None, **asked: str) -> Any:
    answer = life.get(f"/v1/certificates/{number}", headers=who or {}, params=asked)
    assert answer.status_code == 200, answer.text
    found = CertificateTold.model_validate(answer.json(), strict=True)
    return found.model_dump()


def file(life: Api, path: str, who: dict[str, str] | None = None) -> bytes:
    answer = life.get(f"/v1/certificates/{path}", headers=who or {})
    assert answer.status_code == 200, answer.text
    return bytes(answer.content)


def code(life: Api, path: str, who: dict[str, str] | None = None) -> tuple[int, str]:
    answer = life.get(f"/v1/certificates/{path}", headers=who or {})
    return answer.status_code, answer.json()["code"]


def key(life: Api) -> Any:
    return read_vkey(life.get("/v1/log").json()["keys"][-1]["vkey"])


def checked(life: Api, data: bytes, **headers: str) -> Any:
    answer = life.client.post("/v1/verify", content=data, headers={**OCTETS, **headers})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def hidden(life: Api) -> dict[str, Any]:
    """A retirement whose names are not public."""
    found = rows(life, "retirements", public=0)
    replaced = {row["replaces"] for row in rows(life, "retirements")}
    (own,) = [row for row in found if row["number"] not in replaced and not row["group_number"]]
    return own


def test_every_certificate_is_told_of_by_its_number(life: Api):
    for row in rows(life, "certificates"):
        found = told(life, row["number"])
        assert (found["state"], found["sort"]) == (row["state"], row["sort"])
        assert found["amount_g"] == str(row["amount_g"])
        retired = rows(life, "retirements", number=row["number"])
        assert bool(retired) == (found["retirement"] is not None)
        if retired and not row["replaces"] and not row["former"] and not found["share"]:
            batches = found["retirement"]["batches"]
            assert sum(int(one["amount_g"]) for one in batches) == row["amount_g"]
        shown = life.runtime.source().name_of(row["holder"]) if found["public"] else None
        assert found["holder_name"] == shown


def test_a_number_as_people_write_it(life: Api):
    (row, *_) = rows(life, "certificates")
    grouped = words.grouped(row["number"])

    assert grouped != row["number"]
    assert told(life, grouped.upper()) == told(life, row["number"])
    assert told(life, row["number"])["grouped"] == grouped
    assert code(life, "aaaa-aaaa-aaaa-aaaa") == (404, "no_certificate")
    assert code(life, "a%00b") == (422, "malformed")


def test_one_of_a_group_is_told_of_before_anything_is_said_of_it_alone(life: Api):
    own = {row["number"] for row in rows(life, "certificates")}
    shares = [row for row in rows(life, "shares") if row["number"] not in own]
    for share in shares:
        found = told(life, share["number"])
        assert found["amount_g"] == str(share["amount_g"])
        assert found["share"]["group"] == share["group_number"]
        assert ("beneficiary" in found["hidden"]) == (not found["public"])
        if found["state"] == "valid":
            proof = file(life, f"{share['number']}/proof")
            assert certificate.verify(proof, key(life)).amount_g == share["amount_g"]
    assert shares


def test_names_that_are_not_public_are_for_holders_and_those_who_look(
    life: Api, hidden: dict[str, Any]
):
    number, holder = hidden["number"], hidden["holder"]
    for who in ({}, life.key(life.accounts["carol"]), life.key(holder, scopes=("sign",))):
        found = told(life, number, who)
        assert found["names"] == dict.fromkeys(found["names"])
        assert "activity" in found["hidden"]
        assert found["holder_name"] is None
    for who in (life.key(holder), life.key(*life.officers())):
        found = told(life, number, who)
        assert found["names"]["activity"]
        assert found["hidden"] == []
        assert found["holder_name"] is not None


def test_a_proof_is_checked_without_us(life: Api):
    for row in rows(life, "certificates", sort="retirement"):
        data = file(life, f"{row['number']}/proof")
        if row["state"] == "annulled":
            with pytest.raises(BrokenHistoryError, match="annulled"):
                certificate.verify(data, key(life))
            continue
        verified = certificate.verify(data, key(life))
        assert verified.holder == row["holder"]
        if row["state"] == "valid":
            names = told(life, row["number"])["names"]
            assert verified.opened == {name: own for name, own in names.items() if own is not None}


def test_a_dossier_is_replayed_without_us(life: Api, hidden: dict[str, Any]):
    data = file(life, f"{hidden['number']}/dossier")

    assert verify_dossier(data, key(life))


def test_files_with_names_are_for_whom_they_concern(life: Api, hidden: dict[str, Any]):
    number, holder = hidden["number"], hidden["holder"]
    for kind, who in product(("proof", "dossier"), (life.key(holder), life.key(*life.officers()))):
        path = f"{number}/{kind}?private=true"
        assert code(life, path) == (401, "credentials_missing")
        assert code(life, path, life.key("carol")) == (403, "role_needed")
        answer = life.get(f"/v1/certificates/{path}", headers=who)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-disposition"].endswith(f'{number}.{kind}"')
        assert len(answer.content) > len(file(life, f"{number}/{kind}"))
    verified = certificate.verify(file(life, f"{number}/proof?private=true", who), key(life))
    assert verified.opened["activity"]
    assert code(life, "aaaaaaaaaaaaaaaa/proof") == (404, "no_certificate")
    assert code(life, "aaaaaaaaaaaaaaaa/dossier?private=true", who) == (404, "no_certificate")


def test_who_has_a_proof_is_not_sent_it_again(life: Api, hidden: dict[str, Any]):
    path = f"/v1/certificates/{hidden['number']}/proof"
    first = life.get(path)

    again = life.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_what_everybody_is_told_is_kept_until_something_is_recorded(
    life: Api, monkeypatch: pytest.MonkeyPatch
):
    number = rows(life, "certificates")[3]["number"]
    asked: list[str] = []
    answered = certificates._answered

    def counted(runtime: Any, request: Any, own: str, said: Any) -> Any:
        asked.append(own)
        return answered(runtime, request, own, said)

    monkeypatch.setattr(certificates, "_answered", counted)
    known(life)
    first = life.get(f"/v1/certificates/{number}")
    again = life.get(f"/v1/certificates/{words.grouped(number)}")
    same = life.get(f"/v1/certificates/{number}", headers={"If-None-Match": first.headers["etag"]})
    before = len(asked)
    told(life, number, life.key("bob"))
    told(life, number, as_of="300")
    grow(life)
    later = life.get(f"/v1/certificates/{number}")

    assert before <= 1
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert (same.status_code, same.content) == (304, b"")
    assert again.headers["cache-control"] == first.headers["cache-control"] == "no-cache"
    assert len(asked) == before + 3
    assert later.json()["log_size"] == first.json()["log_size"] + 1
    assert later.headers["etag"] == first.headers["etag"]


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch):
    kept = Kept(bytes_max=100)
    for number in ("a", "b", "c"):
        kept.keep(number, 7, b"x" * 40, '"t"')

    assert kept.find("a", 7) is None
    assert kept.find("c", 8) is None
    assert kept.find("c", 7) is not None
    monkeypatch.setattr(certificates.clock, "monotonic", lambda: 10**12)
    assert kept.find("c", 7) is None


def test_our_word_on_a_file(life: Api):
    valid = rows(life, "certificates", sort="retirement", state="valid", public=1)
    row = next(row for row in valid if told(life, row["number"])["names"]["activity"])
    data = file(life, f"{row['number']}/proof")

    found = checked(life, data)

    assert (found["holds"], found["checked_by"], found["state_now"]) == (True, "operator", "valid")
    assert found["certificate"]["number"] == row["number"]
    assert found["certificate"]["amount_g"] == str(row["amount_g"])
    assert found["certificate"]["names"]["activity"]
    assert found["signed_by"] == str(key(life))
    assert found["offline"] == "registry verify FILE"
    assert found["code"] is None


def test_a_file_that_is_no_proof_does_not_hold(life: Api):
    (row, *_) = rows(life, "certificates", sort="retirement", state="valid")
    data = file(life, f"{row['number']}/proof")
    altered = data.replace(row["holder"].encode()[-6:], b"aaaaaa", 1)
    annulled = [own["number"] for own in rows(life, "certificates", state="annulled")]

    assert altered != data
    for bad in (b"", b"x", data[:-1], altered, data + b"\0"):
        found = checked(life, bad)
        assert found["holds"] is False
        assert found["certificate"] is None
        assert found["code"]
    said = checked(life, b"x", **{"Accept-Language": "en"})["detail"]
    assert said.isascii()
    for number in annulled:
        if rows(life, "certificates", number=number)[0]["sort"] != "retirement":
            continue
        found = checked(life, file(life, f"{number}/proof"))
        assert (found["holds"], found["code"], found["state_now"]) == (
            False,
            "annulled",
            "annulled",
        )


def test_a_file_that_is_not_sent_as_one_or_is_too_long(life: Api):
    plain = life.client.post("/v1/verify", json={})
    long = life.client.post("/v1/verify", content=b"x" * (2 << 20), headers=OCTETS)

    assert (plain.status_code, plain.json()["code"]) == (415, "unknown_media_type")
    assert (long.status_code, long.json()["code"]) == (413, "too_long")


def test_a_file_from_before_the_log_s_key_was_replaced_holds_still(life: Api):
    (row, *_) = rows(life, "certificates", sort="retirement", state="valid")
    before = key(life)
    old = file(life, f"{row['number']}/proof")
    with later():
        does(life.runtime.operator, RotateLogKey())
    new = file(life, f"{row['number']}/proof")

    assert str(key(life)) != str(before)
    assert checked(life, old)["signed_by"] == str(before)
    assert checked(life, new)["signed_by"] == str(key(life))
    assert checked(life, old)["holds"] is checked(life, new)["holds"] is True
    assert certificate.verify(new, before)
