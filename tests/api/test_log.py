"""The log over HTTP: what an auditor fetches is all that the log is, and who trusts nothing can check it."""

import base64
import json
import re
from hashlib import sha256
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.api import log as log_routes
from registry.ledger import tree
from tests.api.conftest import Api
from tests.api.everything import grow
from tests.auditor import Auditor
from tests.model.plain import leaf_of, root_of
from tests.world import log_key

_LINK = re.compile(r'<([^>]+)>; rel="next"')


def told(life: Api, path: str, **asked: Any) -> Any:
    answer = life.get(f"/v1{path}", **asked)
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


def code(life: Api, path: str) -> tuple[int, str]:
    answer = life.get(f"/v1{path}")
    return answer.status_code, answer.json()["code"]


def paged(life: Api, path: str, name: str) -> list[Any]:
    """What stands under `name` in all pages, as the Link header leads."""
    found: list[Any] = []
    next_path: str | None = f"/v1{path}"
    while next_path:
        answer = life.get(next_path)
        assert answer.status_code == 200, (next_path, answer.text)
        found += answer.json()[name]
        link = _LINK.fullmatch(answer.headers.get("link", ""))
        next_path = link[1] if link else None
    return found


def signed_by(note: str, vkey: str) -> None:
    """Return if `note` is signed by the key that `vkey` says; read by nothing of ours."""
    text, _, lines = note.rpartition("\n\n")
    name, _, key = vkey.split("+", 2)
    public = base64.b64decode(key)[1:]
    key_id = sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    (said,) = [line.split(" ")[2] for line in lines.splitlines() if line.startswith(f"— {name} ")]
    data = base64.b64decode(said)
    assert data[:4] == key_id
    Ed25519PublicKey.from_public_bytes(public).verify(data[4:], f"{text}\n".encode())


def test_all_that_the_log_is_can_be_fetched_and_audited(life: Api):
    auditor = Auditor()
    head = told(life, "/log")
    for entry in paged(life, "/log/entries?limit=50", "entries"):
        data = base64.b64decode(entry["entry"])
        beside: dict[tuple[int, int], list[bytes]] = {}
        if entry["rows"]:
            for row in paged(life, f"/log/entries/{entry['index']}/rows?limit=3", "rows"):
                place = beside.setdefault((row["part"], row["event"]), [])
                assert row["number"] == len(place)
                place.append(base64.b64decode(row["row"]))
        assert [
            {"part": part, "event": event, "count": len(rows)}
            for (part, event), rows in sorted(beside.items())
        ] == entry["rows"]
        assert auditor.take(data, beside) == "", entry["index"]
        assert entry["leaf"] == leaf_of(data).hex()

    assert len(auditor.leaves) == head["log_size"] > 300
    assert auditor.root().hex() == head["root"]
    assert auditor.log.hex() == head["id"]


def test_the_checkpoint_is_signed_by_the_last_of_the_log_s_keys(life: Api):
    head = told(life, "/log")
    answer = life.get("/v1/log/checkpoint")
    origin, size, root, *_ = answer.text.split("\n")

    signed_by(answer.text, head["keys"][-1]["vkey"])

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (origin, int(size)) == (head["origin"], head["log_size"])
    assert base64.b64decode(root).hex() == head["root"]
    assert head["checkpoint"] == answer.text
    assert head["keys"][0] == {
        "vkey": str(log_key()),
        "fingerprint": log_key().fingerprint,
        "since": 0,
    }
    with pytest.raises(InvalidSignature):
        signed_by(answer.text.replace("\n", "\n1", 1), head["keys"][-1]["vkey"])


def test_who_has_the_checkpoint_is_told_when_there_is_another(life: Api):
    first = life.get("/v1/log/checkpoint")
    kept = {"If-None-Match": first.headers["etag"]}
    same = life.get("/v1/log/checkpoint", headers=kept)
    grow(life)
    other = life.get("/v1/log/checkpoint", headers=kept)

    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200
    assert other.headers["etag"] != first.headers["etag"]


def test_an_entry_as_json_and_as_it_is(life: Api):
    one = told(life, "/log/entries/7")["entry"]
    raw = life.get("/v1/log/entries/7", headers={"Accept": "application/octet-stream"})

    assert raw.content == base64.b64decode(one["entry"])
    assert raw.headers["content-type"] == "application/octet-stream"
    assert raw.headers["etag"] == f'"{one["leaf"]}"'
    assert raw.headers["cache-control"] == "public, max-age=86400, immutable"
    assert one["index"] == 7
    assert all(event["opened"] == {} for event in one["events"])
    assert told(life, "/log/entries?after=6&limit=1")["entries"] == [one]


def test_an_entry_leads_to_the_checkpoint(life: Api):
    head = told(life, "/log")
    for index in (0, 1, 7, head["log_size"] // 2, head["log_size"] - 1):
        proof = told(life, f"/log/entries/{index}/proof")
        root = tree.root_from_path(
            bytes.fromhex(proof["leaf"]),
            proof["index"],
            proof["size"],
            [bytes.fromhex(one) for one in proof["path"]],
        )
        assert root.hex() == told(life, "/log")["root"]
        assert proof["leaf"] == told(life, f"/log/entries/{index}")["entry"]["leaf"]
        assert base64.b64decode(proof["checkpoint"].split("\n")[2]) == root


def test_the_log_at_one_size_leads_to_the_log_at_another(life: Api):
    leaves = [
        bytes.fromhex(entry["leaf"]) for entry in paged(life, "/log/entries?limit=1000", "entries")
    ]
    for old, new in ((0, 5), (1, 1), (3, 7), (64, 65), (100, None)):
        to = "" if new is None else f"&to={new}"
        found = told(life, f"/log/consistency?from={old}{to}")
        tree.check_consistency(
            found["from_size"],
            bytes.fromhex(found["from_root"]),
            found["to_size"],
            bytes.fromhex(found["to_root"]),
            [bytes.fromhex(one) for one in found["path"]],
        )
        assert (found["from_size"], found["to_size"]) == (old, new or len(leaves))
        assert found["from_root"] == root_of(leaves[:old]).hex()
        assert found["to_root"] == root_of(leaves[: new or None]).hex()


def test_streams_in_the_order_in_which_they_began(life: Api):
    every = paged(life, "/streams?limit=1000", "streams")
    batches = paged(life, "/streams?prefix=batch/&limit=4", "streams")
    then = told(life, "/streams?limit=1000&as_of=4")["streams"]

    assert paged(life, "/streams?limit=7", "streams") == every
    assert every[0] == "registry"
    assert batches == [name for name in every if name.startswith("batch/")]
    assert then == every[: len(then)]
    assert 0 < len(then) < len(every)


def test_a_stream_is_its_entries_and_what_they_came_to(life: Api):
    for prefix in sorted({name.partition("/")[0] for name in paged(life, "/streams", "streams")}):
        name = told(life, f"/streams?prefix={prefix}")["streams"][0]
        entries = paged(life, f"/streams/{name}?limit=2", "entries")
        whole = told(life, f"/streams/{name}")
        positions = [
            event["position"]
            for entry in entries
            for event in entry["events"][:]
            if event["stream"] == name
        ]
        assert sorted(set(positions)) == list(range(1, whole["length"] + 1)), name
        assert whole["state"]
        first = told(life, f"/streams/{name}?as_of={entries[0]['index']}")
        assert (first["length"], len(first["entries"])) == (1, 1)

    batch = told(life, "/batches?limit=1")["rows"][0]
    state = told(life, f"/streams/{batch['batch']}")["state"]
    assert state["received_g"] == batch["received_g"]
    before = told(life, f"/streams/{batch['batch']}?as_of={batch['entry']}")["state"]
    assert (before["received_g"], before["retired_g"]) == (batch["received_g"], "0")


def test_what_is_not_there(life: Api):
    size = told(life, "/log")["log_size"]

    assert code(life, f"/log/entries/{size + 9}") == (404, "no_such_entry")
    assert code(life, f"/log/entries/{2**63 - 1}/proof") == (404, "no_such_entry")
    assert code(life, f"/log/entries/{size + 9}/rows") == (404, "no_such_entry")
    assert code(life, f"/log/consistency?from=1&to={size + 9}") == (404, "no_such_entry")
    assert code(life, "/log/consistency?from=5&to=4") == (422, "malformed")
    assert code(life, "/log/consistency") == (422, "malformed")
    assert code(life, "/log/entries/-1") == (422, "malformed")
    assert code(life, "/log/entries/x") == (422, "malformed")
    assert code(life, "/streams/batch/nothing") == (404, "no_stream")
    assert code(life, "/streams/x%00y") == (422, "malformed")
    assert told(life, f"/log/entries?after={size + 9}")["entries"] == []
    assert told(life, "/log/entries/0/rows")["rows"] == []


def test_a_page_of_large_entries_ends_early_and_leads_on(
    life: Api, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(log_routes, "PAGE_BYTES_MAX", 3_000)

    first = told(life, "/log/entries?limit=100")

    assert 1 <= len(first["entries"]) < 10
    assert first["after"] == len(first["entries"]) - 1
    following = told(life, f"/log/entries?limit=100&after={first['after']}")
    assert following["entries"][0]["index"] == len(first["entries"])
    assert json.dumps(first)
