"""Official papers over HTTP: the same as the command line writes, and nothing in them that is not public."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Event
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import Depends, FastAPI, Request
from starlette.testclient import TestClient

from registry.api import papers as routes
from registry.api.principals import NOBODY
from registry.desk import papers as compiled
from registry.desk.opened import opened
from registry.errors import RegistryError, UnavailableError
from tests.books import Book, book, home, shelf
from tests.test_cli import english, shell
from tests.test_reports import BOM, PUBLISHED, WHOLE, Office, activity_of, bureau, imported, papers

__all__ = ["book", "bureau", "english", "home", "imported", "papers", "shelf", "shell"]

YEAR = {"from": "2023-05-01", "to": "2024-04-30"}
ZH, EN = {"Accept-Language": "zh"}, {"Accept-Language": "en"}
PAPERS = ("list", "summary", "reconcile")


@contextmanager
def served(place: Path) -> Iterator[TestClient]:
    """A client of the papers' routes alone, for the registry at `place`."""

    def nobody(request: Request) -> None:
        request.state.principal = NOBODY

    with opened(place) as source:
        app = FastAPI(dependencies=[Depends(nobody)])
        app.include_router(routes.router(SimpleNamespace(source=lambda: source)))
        with TestClient(app) as client:
            yield client


@pytest.fixture
def client(imported: Path, home: Path) -> Iterator[TestClient]:  # noqa: ARG001  # where keys are not
    with served(imported) as client:
        yield client


def of_year(*typed: str) -> tuple[str, ...]:
    return (*typed, "--from", YEAR["from"], "--to", YEAR["to"])


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize(("form", "lang"), [("csv", "zh"), ("xlsx", "en")])
def test_a_paper_is_the_same_bytes_as_from_the_command_line(
    client: TestClient, papers: Office, paper: str, form: str, lang: str
):
    written = papers.file(*of_year(paper), form=form, lang=lang).read_bytes()

    served = client.get(f"/v1/papers/{paper}", params={**YEAR, "format": form, "lang": lang})

    assert (served.status_code, served.content) == (200, written)


def test_the_annex_is_the_list_that_was_published(client: TestClient):
    served = client.get("/v1/papers/list", params={"annex": "true", "format": "csv"})

    assert served.content.startswith(BOM + WHOLE)
    assert served.headers["content-type"] == "text/csv; charset=utf-8"


def test_a_file_is_named_in_chinese_and_in_letters_that_every_system_has(client: TestClient):
    asked = {**YEAR, "area": "510100", "format": "xlsx"}

    named = client.get("/v1/papers/list", params=asked, headers=ZH).headers["content-disposition"]

    kind, plain, own = named.split("; ")
    assert (kind, plain) == (
        "attachment",
        'filename="list-510100-2023-05-01-2024-04-30.xlsx"',
    )
    encoding, _, name = own.removeprefix("filename*=").partition("''")
    assert encoding == "UTF-8"
    assert unquote(name) == "各类社会活动碳中和清单-510100-2023-05-01-2024-04-30.xlsx"
    assert named.isascii()


def test_what_was_published_is_checked_as_from_the_command_line(client: TestClient, papers: Office):
    written = papers.file("reconcile", "--against", PUBLISHED, form="xlsx", lang="en").read_bytes()
    asked = {"content": PUBLISHED.read_bytes(), "headers": {"Content-Type": "application/json"}}

    served = client.post("/v1/papers/reconcile?format=xlsx&lang=en", **asked)
    told = client.post("/v1/papers/reconcile", **asked).json()

    assert (served.status_code, served.content) == (200, written)
    assert told["sheets"][-1]["sheet"] == "published"
    assert "contradicts" in {row["verdict"] for row in told["sheets"][-1]["rows"]}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"first": "yesterday"}, "malformed"),
        ({"growth": [{}]}, "malformed"),
        # Each would be held against each other.
        ({"restated": [{"type": "meeting", "where": "text", "tonnes": ["1"]}] * 101}, "malformed"),
        (None, "unknown_media_type"),
    ],
)
def test_what_nobody_can_have_published_is_refused(
    client: TestClient, changes: dict[str, Any] | None, code: str
):
    said = {**json.loads(PUBLISHED.read_bytes()), **(changes or {})}
    media = "text/csv" if changes is None else "application/json"

    with pytest.raises(RegistryError) as refusal:
        client.post(
            "/v1/papers/reconcile", content=json.dumps(said), headers={"Content-Type": media}
        )

    assert refusal.value.code == code


@pytest.mark.parametrize("paper", PAPERS)
def test_in_json_grams_are_strings_and_come_to_the_figures(
    client: TestClient, papers: Office, paper: str
):
    told = client.get(f"/v1/papers/{paper}", params=YEAR).json()

    shown = papers.json(*of_year(paper))
    assert told["paper"] == paper
    assert [len(sheet["rows"]) for sheet in told["sheets"]] == [
        len(sheet["rows"]) for sheet in shown["sheets"]
    ]
    assert masses(told, "amount_g") == [str(grams) for grams in masses(shown, "grams")] != []
    assert told["figures"]["total_g"].isdecimal()
    assert {name: told[name] for name in ("as_of_size", "origin", "demonstration")} == {
        name: shown[name] for name in ("as_of_size", "origin", "demonstration")
    }


def masses(told: Any, name: str) -> list[Any]:
    """Every mass in an answer, in order."""
    if isinstance(told, dict):
        own = [told[name]] if set(told) == {name} else []
        return own + [one for item in told.values() for one in masses(item, name)]
    return [one for item in told for one in masses(item, name)] if isinstance(told, list) else []


def test_a_paper_as_of_an_entry_has_no_more_than_was_there(client: TestClient):
    whole = client.get("/v1/papers/list").json()

    then = client.get("/v1/papers/list", params={"as_of": str(whole["as_of_size"] - 2)}).json()

    assert then["as_of_size"] == whole["as_of_size"] - 1
    assert then["figures"]["retirements"] == whole["figures"]["retirements"] - 1


def test_the_language_is_the_readers_unless_one_is_asked_for(client: TestClient):
    def first_line(headers: dict[str, str], **asked: str) -> str:
        served = client.get(
            "/v1/papers/summary", params={"format": "csv", **asked}, headers=headers
        )
        return served.content.decode("utf-8-sig").splitlines()[0]

    assert first_line(EN) == first_line(ZH, lang="en") != first_line(ZH)
    assert first_line({}) == first_line(ZH) == first_line(EN, lang="zh")


@pytest.mark.parametrize("form", ["json", "csv", "xlsx"])
def test_what_is_known_already_is_not_sent_again(client: TestClient, form: str):
    asked = {**YEAR, "format": form}
    tag = client.get("/v1/papers/summary", params=asked).headers["etag"]

    def status(known: str) -> tuple[int, int]:
        headers = {"If-None-Match": known}
        served = client.get("/v1/papers/summary", params=asked, headers=headers)
        return served.status_code, len(served.content)

    assert status(tag) == status(f'"other", W/{tag}') == status("*") == (304, 0)
    assert status('"other"')[0] == 200


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("list?from=2024-04-31", "malformed"),
        ("summary?to=20240430", "malformed"),
        ("summary?from=0001-01-01", "malformed"),
        ("list?as_of=yesterday", "malformed"),
        ("list?as_of=9999-12-31T23:59:59Z", "malformed"),
        ("list?as_of=999999", "no_such_entry"),
        ("list?report=aaaaaaaaaaaaaaaa", "no_stream"),
        ("list?report=%00", "no_stream"),
        ("form?activity=aaaaaaaaaaaaaaaa", "no_stream"),
    ],
)
def test_what_makes_no_sense_is_refused(client: TestClient, asked: str, code: str):
    with pytest.raises(RegistryError) as refusal:
        client.get(f"/v1/papers/{asked}")

    assert refusal.value.code == code


@pytest.mark.parametrize(
    "asked",
    [
        *("list?area=51", "list?areas=510100", "list?format=pdf", "summary?annex=true"),
        *("list?lang=fr", "list?first=2024-01-01", "form", "form?private=true"),
    ],
)
def test_what_nobody_knows_is_malformed(client: TestClient, asked: str):
    assert client.get(f"/v1/papers/{asked}").status_code == 422


def test_a_third_paper_at_once_is_told_to_ask_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
):
    begun, over = Barrier(3, timeout=10), Event()
    summary = compiled.summary

    def slow(*asked: Any) -> compiled.Paper:
        begun.wait()
        assert over.wait(10)
        return summary(*asked)

    def ask(paper: str) -> int:
        return client.get(f"/v1/papers/{paper}").status_code

    with ThreadPoolExecutor(2) as pool, monkeypatch.context() as patch:
        patch.setattr(compiled, "summary", slow)
        both = [pool.submit(ask, "summary") for _ in range(2)]
        begun.wait()
        with pytest.raises(UnavailableError) as refusal:
            ask("list")
        over.set()

        assert [one.result() for one in both] == [200, 200]

    assert refusal.value.code == "busy"
    assert ask("list") == 200


def test_a_refusal_leaves_room_for_the_next(client: TestClient):
    for _ in range(routes.AT_ONCE_MAX + 1):
        with pytest.raises(RegistryError, match="no_such_entry"):
            client.get("/v1/papers/list?as_of=999999")

    assert client.get("/v1/papers/list").status_code == 200


def test_no_paper_shows_a_name_that_is_not_public(bureau: Office, book: Book):
    with book.clerk() as clerk:
        activity = activity_of(clerk)

    with served(book.directory) as client:
        told = [
            client.get(f"/v1/papers/{asked}").text
            for asked in (
                *("list", "list?annex=true&format=csv", "summary", "reconcile"),
                *(f"form?activity={activity}", f"form?activity={activity}&format=csv"),
            )
        ]

    private = bureau.json("form", activity, "--private")
    assert "SECRET" in json.dumps(private)
    assert not any("SECRET" in text for text in told)
    assert "不公开（" in told[1]
    assert "不公开（" in told[5]
