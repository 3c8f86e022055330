"""What the tables say, over HTTP: all of it, page by page, as of any time, and nobody's name to strangers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import BoundedSemaphore
from typing import Any

import pytest
from fastapi.routing import APIRoute

from registry.api import certificates, cursors, log, questions
from registry.api.resources import (
    LISTED,
    RESOURCES,
    Resource,
    filterable,
    streams_in,
    table_fields,
)
from registry.desk.asking import question_to
from registry.desk.lists import LISTS
from registry.projections.every import TABLES
from registry.projections.retirements import HIDDEN
from tests.api.conftest import Api
from tests.api.everything import grow

EMPTY = {"awaited"}
"""What of everything does not happen in that life."""
_LINK = re.compile(r'<([^>]+)>; rel="next"')
RESOURCE = pytest.mark.parametrize("resource", RESOURCES, ids=lambda one: one.table.name)


@pytest.fixture(scope="module")
def officers(life: Api) -> dict[str, str]:
    return life.key(*life.officers())


@pytest.fixture(scope="module")
def forms(life: Api) -> dict[str, Any]:
    """The form that the answers of each path are said to have."""
    return {
        route.path_format.replace("{stream}", "{stream:path}"): route.response_model
        for made in (questions, log, certificates)
        for route in made.router(life.runtime).routes
        if isinstance(route, APIRoute) and "GET" in route.methods
    }


@contextmanager
def asking(life: Api) -> Iterator[Any]:
    with question_to(life.runtime.source()) as question:
        yield question


def told(life: Api, path: str, who: dict[str, str] | None = None) -> Any:
    answer = life.get(path, headers=who or {})
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


def paged(life: Api, path: str, who: dict[str, str] | None = None) -> list[Any]:
    """All rows, page by page, as the Link header leads."""
    found: list[Any] = []
    next_path: str | None = path
    while next_path:
        answer = life.get(next_path, headers=who or {})
        assert answer.status_code == 200, (next_path, answer.text)
        found += answer.json()["rows"]
        link = _LINK.fullmatch(answer.headers.get("link", ""))
        assert (link is not None) == (answer.json()["after"] is not None)
        next_path = link[1] if link else None
    return found


def code(life: Api, path: str, who: dict[str, str] | None = None) -> tuple[int, str]:
    answer = life.get(path, headers=who or {})
    return answer.status_code, answer.json()["code"]


def in_path(resource: Resource, path: str, row: dict[str, Any]) -> str:
    """`path` below which `row` stands."""
    (parameter,) = re.findall(r"\{(\w+)\}", path)
    value = row[resource.under.get(path, resource.table.key[0].name)]
    return path.replace(f"{{{parameter}}}", str(value).partition("/")[2] or str(value))


def test_every_table_and_every_list_has_a_place():
    assert sorted(one.table.name for one in RESOURCES) == sorted(TABLES)
    assert {one.name: tuple(own.name for own in one.columns) for one in LISTED} == {
        name: answer.columns for name, answer in LISTS.items()
    }


@RESOURCE
def test_all_rows_of_a_table_page_by_page(life: Api, officers: dict[str, str], resource: Resource):
    name = resource.table.name
    with asking(life) as question:
        expected = question.rows(name)

    found = paged(life, f"/v1{resource.path}?limit=7", officers)

    assert len(found) == len(expected)
    assert bool(found) == (name not in EMPTY)
    fields = {field.name for field in table_fields(resource)}
    for row, own in zip(found, expected, strict=True):
        assert set(row) == fields
        assert [row[one.name] for one in resource.table.key if one.name in row] == [
            own[one.name] for one in resource.table.key if one.name in row
        ]


@RESOURCE
def test_rows_below_what_they_belong_to(life: Api, officers: dict[str, str], resource: Resource):
    with asking(life) as question:
        rows = question.rows(resource.table.name)
    for path, column in resource.under.items():
        for row in [row for row in rows if str(row[column]).split("/")[0] in path][:2] or rows[:1]:
            if column in {"party", "taker", "event_account"} and "account/" not in row[column]:
                continue
            expected = [one for one in rows if one[column] == row[column]]

            found = paged(life, f"/v1{in_path(resource, path, row)}?limit=50", officers)

            assert len(found) == len(expected) > 0, path


@RESOURCE
def test_one_row_by_its_name(life: Api, officers: dict[str, str], resource: Resource):
    if not resource.item:
        return
    path = f"{resource.path}/{{{resource.item}}}"
    whole = paged(life, f"/v1{resource.path}?limit=1000", officers)
    with asking(life) as question:
        rows = question.rows(resource.table.name)
    for row, expected in zip(rows[:3], whole[:3], strict=True):
        found = told(life, f"/v1{in_path(resource, path, row)}", officers)
        assert found["row"] == expected

    assert code(life, f"/v1{resource.path}/nothing", officers) == (404, "no_stream")


@RESOURCE
def test_columns_that_are_asked_for(life: Api, officers: dict[str, str], resource: Resource):
    with asking(life) as question:
        rows = question.rows(resource.table.name)
    for column in filterable(resource):
        values = [row[column.name] for row in rows if row[column.name] is not None]
        for value in values[-1:]:
            typed = value.hex() if isinstance(value, bytes) else value
            answer = life.get(
                f"/v1{resource.path}", params={column.name: typed, "limit": 1000}, headers=officers
            )
            expected = [row for row in rows if row[column.name] == value]
            assert len(answer.json()["rows"]) == len(expected) > 0, column.name


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_list_is_what_the_desk_says(life: Api, officers: dict[str, str], name: str):
    with asking(life) as question:
        expected = LISTS[name].rows(question)

    found = paged(life, f"/v1/lists/{name}?limit=2", officers)

    assert len(found) == len(expected)


def test_what_nobody_knows_is_not_asked_for(life: Api):
    for query in ("foo=1", "limit=0", "limit=1001", "limit=x", "standing=%00", "received_g=1.5"):
        assert code(life, f"/v1/batches?{query}") == (422, "malformed"), query
    for typed in ("yesterday", "2026-13-01", "-1", "9" * 40, "1969-01-01", "2026-01-01T25:00"):
        assert code(life, f"/v1/batches?as_of={typed}") == (422, "malformed"), typed
    assert code(life, "/v1/batches?as_of=999999") == (404, "no_such_entry")
    assert code(life, "/v1/lists/nothing") == (404, "not_found")


def test_a_damaged_or_foreign_cursor_is_refused(life: Api):
    after = told(life, "/v1/batches?limit=2")["after"]
    other = told(life, "/v1/batches?limit=2&standard=SCFG")["after"]
    longer = cursors.Cursor(
        asked=cursors.fingerprint("/v1/batches", {}), size=10**6, key=("batch/x",)
    )
    typed = cursors.Cursor(asked=longer.asked, size=3, key=(7,))

    assert told(life, f"/v1/batches?limit=5&after={after}")["rows"]
    for cursor in (other, after[:-1], after + "A", after.swapcase(), "x", longer, typed):
        assert code(life, f"/v1/batches?limit=2&after={cursor}") == (422, "malformed"), cursor
    assert code(life, f"/v1/roles?after={after}") == (422, "malformed")


def test_a_stream_that_is_asked_for_may_stand_as_its_id(life: Api, officers: dict[str, str]):
    asked = 0
    for resource in RESOURCES:
        streams = streams_in(resource)
        for name in {one.name for one in filterable(resource)} & set(streams):
            rows = paged(life, f"/v1{resource.path}?limit=1000", officers)
            found = {row[name] for row in rows} - {None, ""}
            for stream in sorted(one for one in found if one.startswith(f"{streams[name]}/"))[:2]:
                id_ = stream.partition("/")[2]
                by_id = paged(life, f"/v1{resource.path}?limit=1000&{name}={id_}", officers)
                assert by_id == [row for row in rows if row[name] == stream], (resource, name)
                asked += 1
            # Who is told may be a certificate, too: that is named whole.
            kinds = {
                streams[name],
                "bearer",
                *(("batch", "certificate", "project") if name == "party" else ()),
            }
            assert {one.partition("/")[0] for one in found} <= kinds, name
    assert asked > 40


def test_pages_belong_together_however_the_log_grows(life: Api, officers: dict[str, str]):
    before = paged(life, "/v1/accounts?limit=1000", officers)
    first = life.get("/v1/accounts?limit=3", headers=officers)
    grow(life)

    rest = paged(life, _LINK.fullmatch(first.headers["link"])[1], officers)  # type: ignore[index]  # there is one

    assert [*first.json()["rows"], *rest] == before
    assert len(paged(life, "/v1/accounts?limit=1000", officers)) == len(before) + 1


def test_as_of_any_entry_day_or_time(life: Api):
    now = told(life, "/v1/batches?limit=1000")
    entry = now["rows"][5]["entry"]
    then = told(life, f"/v1/batches?limit=1000&as_of={entry}")
    time = now["rows"][5]["time"]
    by_time = told(life, f"/v1/batches?limit=1000&as_of={time}")
    by_day = told(life, "/v1/batches?limit=1000&as_of=2026-01-01")

    assert then["as_of_size"] == entry + 1 < then["log_size"] == now["as_of_size"]
    assert {row["batch"] for row in then["rows"]} == {
        row["batch"] for row in now["rows"] if row["entry"] <= entry
    }
    assert by_time["as_of_size"] >= then["as_of_size"]
    assert by_day["rows"] == []


def test_who_has_an_answer_is_not_sent_it_again(life: Api):
    first = life.get("/v1/policies")
    tag = first.headers["etag"]
    grow(life)

    again = life.get("/v1/policies", headers={"If-None-Match": f'"other", W/{tag}'})
    head = life.client.head("/v1/policies", headers={"If-None-Match": tag})

    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert head.status_code == 304
    assert life.get("/v1/policies", headers={"If-None-Match": '"x"'}).status_code == 200
    assert life.get("/v1/policies").json()["log_size"] == first.json()["log_size"] + 1
    assert life.get("/v1/policies?limit=1").headers["etag"] != tag


def test_how_long_an_answer_may_be_kept(life: Api, officers: dict[str, str]):
    def kept(path: str, who: dict[str, str] | None = None) -> str:
        headers = life.get(path, headers=who or {}).headers
        assert "Authorization" in headers["vary"]
        return str(headers["cache-control"])

    assert kept("/v1/batches") == "no-cache"
    assert kept("/v1/batches?as_of=9") == "public, max-age=86400, immutable"
    # Names may be erased, whenever they were recorded.
    assert kept("/v1/retirements?as_of=9") == "no-cache"
    assert kept("/v1/batches?as_of=9", officers) == "no-store"


def test_what_concerns_somebody_is_for_those_whom_it_concerns(life: Api, officers: dict[str, str]):
    bob, unscoped = life.key("bob"), life.key("bob", scopes=("sign",))
    alice = life.accounts["alice"].partition("/")[2]
    seen = set()
    for resource in RESOURCES:
        if not resource.login:
            assert life.get(f"/v1{resource.path}").status_code == 200
            continue
        path = f"/v1{resource.path}"
        assert code(life, path) == (401, "credentials_missing")
        assert code(life, path, unscoped) == (403, "scope_missing")
        for row in paged(life, f"{path}?limit=1000", bob):
            assert life.accounts["bob"] in [row[column] for column in resource.concerns]
            seen.add(resource.table.name)
        for below in resource.under:
            if "{account}" in below:
                strange = f"/v1{below.replace('{account}', alice)}"
                assert code(life, strange, bob) == (403, "role_needed")
                assert code(life, strange) == (401, "credentials_missing")
                assert life.get(strange, headers=officers).status_code == 200
    assert {"accounts", "holdings", "movements", "notices"} <= seen
    for name in ("keys", "balances"):
        assert code(life, f"/v1/accounts/{alice}/{name}", bob) == (403, "role_needed")
    assert code(life, f"/v1/accounts/{alice}", bob) == (403, "role_needed")


def test_lists_of_what_concerns_somebody_show_them_their_own(life: Api, officers: dict[str, str]):
    for listed in LISTED:
        path = f"/v1/lists/{listed.name}?limit=1000"
        if not listed.login:
            assert life.get(path).status_code == 200
            continue
        assert code(life, path) == (401, "credentials_missing")
        every = paged(life, path, officers)
        for who in {row[name] for row in every for name in listed.concerns}:
            if who.startswith("bearer/"):
                continue
            found = paged(life, path, life.key(who))
            overseer = len(found) == len(every)
            assert overseer or found == [
                row for row in every if who in [row[name] for name in listed.concerns]
            ]


def test_an_account_is_shown_its_name_its_keys_and_its_balances(life: Api):
    account = life.accounts["alice"]
    own, below = life.key(account), f"/v1/accounts/{account.partition('/')[2]}"

    assert told(life, below, own)["row"]["name"] == "alice"
    (key,) = [row for row in told(life, f"{below}/keys", own)["keys"] if row["until"] is None]
    balances = told(life, f"{below}/balances", own)["rows"]
    holdings = told(life, f"{below}/holdings?limit=1000", own)["rows"]

    assert len(key["id"]) == len(key["public"]) == 64
    for name in ("held_g", "locked_g", "retired_g"):
        assert sum(int(row[name]) for row in balances) == sum(int(row[name]) for row in holdings)
    assert sum(int(row["retired_g"]) for row in balances) > 0
    assert code(life, "/v1/accounts/aaaaaaaaaaaaaaaa/keys", life.key("officer one")) == (
        404,
        "no_account",
    )


def test_a_gram_has_every_holder_in_order(life: Api):
    with asking(life) as question:
        rows = question.rows("movements")
    carved = [row for row in rows if row["child"] is not None]
    for row in [*rows[:3], *rows[-3:], *carved[:2]]:
        gram = f"{row['batch'].partition('/')[2]}:{row['range_start']}"
        way = told(life, f"/v1/grams/{gram}")
        assert way["serial"] == str(row["range_start"])
        assert row["since"] in [step["entry"] for step in way["steps"]]
        assert [step["entry"] for step in way["steps"]] == sorted(
            step["entry"] for step in way["steps"]
        )
        if row["child"] is not None:
            assert way["now"]["batch"] != row["batch"]

    batch = rows[0]["batch"].partition("/")[2]
    assert code(life, f"/v1/grams/{batch}:{10**15}") == (404, "no_gram")
    assert code(life, "/v1/grams/aaaaaaaaaaaaaaaa:1") == (404, "no_stream")
    assert code(life, f"/v1/grams/{batch}:{2**63}") == (422, "not_a_gram")


def test_a_gram_is_found_under_the_whole_name_of_its_batch(life: Api):
    with asking(life) as question:
        moved = question.rows("movements")[0]
    batch, serial = moved["batch"], moved["range_start"]
    short = told(life, f"/v1/grams/{batch.partition('/')[2]}:{serial}")

    assert told(life, f"/v1/grams/{batch}:{serial}") == short
    assert told(life, f"/v1/grams/{batch.replace('/', '%2F')}:{serial}") == short


def test_nobody_is_told_a_name_that_is_not_public(life: Api, monkeypatch: pytest.MonkeyPatch):
    openings = life.runtime.operator.log.openings
    find = type(openings).find

    def marked(commitments: Any) -> Any:
        kept = find(openings, commitments)
        return {one: replace(own, value=f"⟪{one.hex()}⟫") for one, own in kept.items()}

    monkeypatch.setattr(openings, "find", marked)
    with asking(life) as question:
        issued = question.rows("certificates")
        retired = {row["number"]: row for row in question.rows("retirements")}
        public = {row["number"] for row in issued if row["public"]}
        holders = {row["holder"] for row in issued if row["public"]}
        shares = question.rows("shares")
        allowed = {
            *(retired[number][name] for number in public if number in retired for name in HIDDEN),
            *(row["occasion"] for row in question.rows("campaigns", public=1)),
            *(row["name"] for row in question.rows("accounts") if row["account"] in holders),
            *(row["beneficiary"] for row in shares if row["group_number"] in public),
        }
        streams = [row["batch"] for row in question.rows("batches")]
        numbers = [*(row["number"] for row in issued), *(row["number"] for row in shares)]
    paths = [
        *(f"{one.path}?limit=1000" for one in RESOURCES if not one.login),
        *(f"/lists/{one.name}?limit=1000" for one in LISTED if not one.login),
        *(f"/certificates/{number}" for number in numbers),
        *(f"/streams/{name}?limit=1000" for name in [*streams, *life.accounts.values()]),
        *("/log/entries?limit=1000", "/streams?limit=1000", "/streams/registry?limit=1000"),
    ]

    said = "".join(life.get(f"/v1{path}").text for path in paths)
    found = {bytes.fromhex(one) for one in re.findall(r"⟪([0-9a-f]+)⟫", said)}

    assert found <= allowed
    assert len(found) > 10


def test_every_answer_has_the_form_that_is_said(
    life: Api, officers: dict[str, str], forms: dict[str, Any]
):
    account = life.accounts["alice"].partition("/")[2]
    with asking(life) as question:
        number = question.rows("certificates")[0]["number"]
        moved = question.rows("movements")[0]
    gram = f"{moved['batch'].partition('/')[2]}:{moved['range_start']}"
    asked = {
        **{one.path: one.path for one in RESOURCES},
        **{f"/lists/{one.name}": f"/lists/{one.name}" for one in LISTED},
        "/offers": "/offers",
        "/accounts/{account}": f"/accounts/{account}",
        "/accounts/{account}/balances": f"/accounts/{account}/balances",
        "/accounts/{account}/keys": f"/accounts/{account}/keys",
        "/accounts/{account}/ties": f"/accounts/{account}/ties",
        "/certificates/{number}": f"/certificates/{number}",
        "/grams/{gram}": f"/grams/{gram}",
        "/log": "/log",
        "/log/entries": "/log/entries?limit=1000",
        "/log/entries/{index}": "/log/entries/3",
        "/log/entries/{index}/proof": "/log/entries/3/proof",
        "/log/entries/{index}/rows": "/log/entries/50/rows",
        "/log/consistency": "/log/consistency?from=3",
        "/streams": "/streams",
        "/streams/{stream:path}": "/streams/registry",
    }
    for route, path in asked.items():
        answer = told(life, f"/v1{path}", officers)
        forms[f"/v1{route}"].model_validate(answer, strict=True)


def test_only_so_many_lists_are_made_at_a_time(life: Api, monkeypatch: pytest.MonkeyPatch):
    turns = BoundedSemaphore(1)
    monkeypatch.setattr(questions, "_few", turns)
    monkeypatch.setattr(questions, "LISTS_WAIT_S", 0.01)

    with turns:
        answer = life.get("/v1/lists/board")

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"]
    assert life.get("/v1/lists/board").status_code == 200


def test_a_stream_in_a_path_is_its_id_or_its_whole_name(life: Api, officers: dict[str, str]):
    batch = told(life, "/v1/batches?limit=1")["rows"][0]["batch"]
    account = life.accounts["alice"]
    below = "holdings?limit=2"

    assert told(life, f"/v1/batches/{batch.replace('/', '%2F')}") == told(
        life, f"/v1/batches/{batch.partition('/')[2]}"
    )
    found = paged(life, f"/v1/accounts/{account.replace('/', '%2F')}/{below}", officers)
    assert found == paged(life, f"/v1/accounts/{account.partition('/')[2]}/{below}", officers)
    assert len(found) > 2
    assert code(life, "/v1/accounts/batch%2Fx", officers) == (404, "not_found")
