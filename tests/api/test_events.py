"""Server-sent events: told as soon as it is recorded, resumed without loss or doubling, ended when it is to end."""

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, routing

from registry.api import events, hub
from registry.api.app import guarded_app
from registry.api.connections import server_options
from registry.api.runtime import Runtime
from registry.desk import lists
from registry.desk.asking import question_to
from registry.errors import UnavailableError
from tests.api.conftest import Api, settings
from tests.api.everything import known
from tests.books import live_at

SOON_S = 20


class Client:
    """Asks as the test client does, over a connection."""

    def __init__(self, address: str) -> None:
        self._http = httpx2.Client(base_url=address, trust_env=False, timeout=SOON_S)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._http, name)


@contextmanager
def listening(place: Path, **more: Any) -> Iterator[Api]:
    """A server in a thread, on a port of its own."""
    with closing(Runtime(place, settings(port=0, **more))) as runtime:
        config = uvicorn.Config(guarded_app(runtime), **server_options(runtime.settings))
        server = uvicorn.Server(config)
        sockets = [socket.create_server(("127.0.0.1", 0))]
        thread = threading.Thread(target=server.run, kwargs={"sockets": sockets})
        thread.start()
        host, port = sockets[0].getsockname()
        client = Client(f"http://{host}:{port}")
        try:
            client.get("/health")
            yield Api(runtime, client)  # type: ignore[arg-type]  # it asks the same
        finally:
            runtime.stopping.set()
            server.should_exit = True
            thread.join()
            sockets[0].close()
            client.close()


@pytest.fixture
def place(courthouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(courthouse, tmp_path, dirs_exist_ok=True)
    live_at(tmp_path, monkeypatch)
    return tmp_path / "r"


@pytest.fixture(scope="module")
def served(courthouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One server for all that need no other: it gives up whoever reads nothing for a moment."""
    base = tmp_path_factory.mktemp("served")
    shutil.copytree(courthouse, base, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        context = listening(base / "r", write_seconds_max=0.2)
        api = context.__enter__()
    try:
        yield api
    finally:
        context.__exit__(None, None, None)


def retire(api: Api, **said: Any) -> dict[str, Any]:
    """Retires a little of the owner's; the entry."""
    asked = {"holder": api.accounts["owner"], "amount": "27g", "purpose": "meeting", **said}
    answer = api.act("/retirements", asked, api.key("owner"))
    assert answer.status_code == 201, answer.text
    (entry,) = answer.json()["entries"]
    return entry


class Stream:
    """Reads events one by one, as a browser does."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.last = None
        self.retry = None
        self._lines = answer.iter_lines()

    def fields(self) -> dict[str, str] | None:
        """The fields of the next event, comment or mark; None at the end."""
        found: dict[str, str] = {}
        for line in self._lines:
            if not line:
                return found
            name, _, value = line.partition(": ")
            found[name] = value
        return None

    def next(self) -> dict[str, Any] | None:
        """The next event's data; None at the end."""
        while (found := self.fields()) is not None:
            self.last = found.get("id", self.last)
            self.retry = found.get("retry", self.retry)
            if "data" in found:
                told = json.loads(found["data"])
                assert found["id"] == f"{told['entry']}.{told['event']}"
                return told
        return None

    def begun(self) -> "Stream":
        """The same, once the first thing came: what happens from now on is told."""
        found = self.fields()
        assert found is not None
        self.last, self.retry = found["id"], found["retry"]
        return self


@contextmanager
def stream(api: Api, path: str, last: str | None = None, **headers: str) -> Iterator[Stream]:
    if last is None:
        # It begins after what the server has seen.
        known(api)
    else:
        headers["Last-Event-ID"] = last
    with api.client.stream("GET", f"/v1{path}", headers=headers) as answer:
        if answer.status_code != 200:
            answer.read()
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer).begun()


HALL = "/retirements/stream"


def test_a_retirement_is_told_at_once_with_names_only_if_they_are_public(served: Api):
    with stream(served, HALL) as hall:
        shown = retire(served, beneficiary="某大会")
        hidden = retire(served, beneficiary="某人", public=False)
        told = [hall.next(), hall.next()]

    assert [one["entry"] for one in told] == [shown["index"], hidden["index"]]
    assert [one["names"] for one in told] == [{"beneficiary": "某大会"}, {}]
    assert [one["amount_g"] for one in told] == ["27", "27"]
    assert [f"certificate/{one['number']}" for one in told] == [
        next(name for name in entry["new"] if name.startswith("certificate/"))
        for entry in (shown, hidden)
    ]
    for one in told:
        events.RetirementEvent.model_validate(one)


def test_what_is_no_retirement_is_not_told_to_the_hall(served: Api):
    with stream(served, HALL) as hall:
        transfer(served)
        retired = retire(served)

        assert hall.next()["entry"] == retired["index"]


def transfer(api: Api) -> dict[str, Any]:
    """The owner gives the agent a little."""
    asked = {"giver": api.accounts["owner"], "taker": api.accounts["agent"], "amount": "27g"}
    answer = api.act("/transfers", asked, api.key("owner"))
    assert answer.status_code == 201, answer.text
    (entry,) = answer.json()["entries"]
    return entry


def test_a_stop_ends_a_stream_and_whoever_comes_back_is_told_what_followed_once(place: Path):
    told = []
    with listening(place) as before:
        with stream(before, HALL) as hall:
            retire(before)
            told.append(hall.next())
            last = hall.last
        retire(before)
        with stream(before, HALL) as hall:
            before.runtime.stopping.set()
            assert hall.next() is None
    with listening(place) as after:
        retire(after)
        with stream(after, HALL, last) as hall:
            told += [hall.next(), hall.next()]
            retire(after)
            told.append(hall.next())
        with stream(after, f"{HALL}?last_event_id={last}") as hall:
            again = [hall.next() for _ in range(3)]
        with stream(after, HALL, "0") as hall:
            whole = [hall.next() for _ in range(4)]

    assert len({one["number"] for one in told}) == 4
    assert again == told[1:]
    assert whole == told


def test_what_the_hub_has_not_any_more_is_read_from_the_log(
    served: Api, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hub, "KEPT_S", 0.0)
    monkeypatch.setattr(hub, "PAGE_ENTRIES", 2)
    with stream(served, HALL) as hall:
        begin = hall.last
        made = [retire(served)["index"] for _ in range(7)]
        live = [hall.next()["entry"] for _ in made]
    with stream(served, HALL, begin) as hall:
        again = [hall.next()["entry"] for _ in made]

    assert live == again == made


@pytest.mark.parametrize(
    ("last", "status", "code"),
    [("x", 422, "malformed"), ("1.", 422, "malformed"), ("999999", 404, "no_such_entry")],
)
def test_an_id_that_is_none_is_refused(served: Api, last: str, status: int, code: str):
    refused = served.get(f"/v1{HALL}", headers={"Last-Event-ID": last})

    assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_an_account_is_told_all_that_concerns_it_and_nothing_else(served: Api):
    owner, agent, case = (served.accounts[name] for name in ("owner", "agent", "case"))
    with (
        stream(
            served, f"/{owner}/stream".replace("/account/", "/accounts/"), **served.key("owner")
        ) as own,
        stream(served, f"/accounts/{agent[8:]}/stream", **served.key("agent")) as taker,
        stream(served, f"/accounts/{case[8:]}/stream", **served.key("court")) as seen,
    ):
        given = transfer(served)
        retired = retire(served)
        opened = served.act("/orders", order(served), served.key("court")).json()["entries"][0]
        mine = [own.next() for _ in range(len(given["events"]) + len(retired["events"]))]
        theirs = taker.next()
        ordered = seen.next()

    assert [one["entry"] for one in mine] == [given["index"]] * len(given["events"]) + [
        retired["index"]
    ] * len(retired["events"])
    assert all(one["signed"] for one in mine)
    assert (theirs["entry"], theirs["signed"], theirs["amount_g"]) == (given["index"], False, "27")
    assert (ordered["entry"], ordered["signed"]) == (opened["index"], False)
    for one in (*mine, theirs, ordered):
        events.AccountEvent.model_validate(one)


def order(api: Api) -> dict[str, Any]:
    return {
        "number": "（2026）川0000刑初0号",
        "court": api.accounts["court"],
        "basis": "judgment",
        "obligor": "某人",
        "account": api.accounts["case"],
        "document": "ab" * 32,
        "deadline": "2027-01-31",
        "amount": "10",
        "standards": ["SCFG"],
    }


def test_who_holds_of_a_batch_is_told_what_happens_to_it(served: Api):
    owner, agent = served.accounts["owner"][8:], served.accounts["agent"][8:]
    batch = next(
        event["stream"] for event in transfer(served)["events"] if event["stream"][:6] == "batch/"
    )
    deciding = served.key("authority", *served.officers())
    with (
        stream(served, f"/accounts/{owner}/stream", **served.key("owner")) as own,
        stream(served, f"/accounts/{agent}/stream", **served.key("agent")) as taker,
    ):
        for verb in ("suspend", "reinstate"):
            path = f"/batches/{batch[6:]}/{verb}"
            answer = served.act(path, {"document": "ab" * 32}, deciding)
            assert answer.status_code == 201, answer.text
        told = [own.next(), own.next(), taker.next(), taker.next()]

    assert {one["stream"] for one in told} == {batch}
    assert [one["kind"] for one in told] == ["batch.suspended.v1", "batch.reinstated.v1"] * 2


def test_what_concerns_an_account_is_for_its_own_and_for_who_is_to_look(served: Api):
    path = f"/v1/accounts/{served.accounts['owner'][8:]}/stream"
    key = served.key("court")

    refused = [
        served.get(path),
        served.get(path, headers=served.key("agent")),
        served.get(path, headers=served.key("owner", scopes=("act",))),
        served.get("/v1/accounts/nobody/stream", headers=key),
    ]

    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (401, "credentials_missing"),
        (403, "role_needed"),
        (403, "scope_missing"),
        (404, "no_account"),
    ]


def test_what_concerns_an_account_is_not_kept_on_the_way(served: Api):
    path = f"/accounts/{served.accounts['owner'][8:]}/stream"
    with stream(served, path, **served.key("owner")) as own, stream(served, HALL) as hall:
        kept = [one.answer.headers["cache-control"] for one in (own, hall)]

    assert kept == ["no-cache, no-store", "no-cache"]


def test_a_key_that_is_revoked_is_told_nothing_more(served: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(events, "RECHECK_S", 0.02)
    key = served.key("owner")
    owner = served.accounts["owner"]
    with stream(served, f"/accounts/{owner[8:]}/stream", **key) as own:
        retire(served)
        assert own.next() is not None
        (record, *_) = [
            one
            for one in served.runtime.access.keys_of(owner)
            if f"_{one.id}_" in key["Authorization"].replace("crk_", "_")
        ]
        served.runtime.access.revoke_key(record.id, record.made_us + 1)
        while own.next() is not None:
            pass


@contextmanager
def log_busy(api: Api) -> Iterator[None]:
    """The log cannot be read until the end of the block: others have every connection to it."""
    pool = api.runtime.operator.log.recorder.datastore.pool  # type: ignore[attr-defined]  # a file's
    with pytest.MonkeyPatch.context() as patch, ExitStack() as others:
        patch.setattr(pool, "pool_timeout", 0.01)
        patch.setattr(pool, "pool_size", 1)
        patch.setattr(pool, "max_overflow", 0)
        with suppress(UnavailableError):
            while True:
                others.enter_context(api.runtime.source()._reading())
        yield


def test_a_log_that_cannot_be_read_for_a_moment_ends_no_stream(
    served: Api, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(events, "AGAIN_S", 0.01)
    left(served)
    made = retire(served)["index"]
    with ExitStack() as stack:
        with log_busy(served):
            hall = stack.enter_context(stream(served, HALL, str(made)))
            waited = [hall.fields(), hall.fields()]
        told = hall.next()

    assert waited == [{"": "storage_failed"}] * 2
    assert told["entry"] == made


@pytest.mark.parametrize(("unsure_s", "goes_on"), [(60.0, True), (0.0, False)])
def test_who_cannot_be_looked_up_for_a_moment_goes_on_and_for_long_is_told_nothing(
    served: Api, monkeypatch: pytest.MonkeyPatch, unsure_s: float, goes_on: bool
):
    monkeypatch.setattr(events, "RECHECK_S", 0.02)
    monkeypatch.setattr(events, "UNSURE_S", unsure_s)
    keys = Path(served.runtime.access._keeper.where)  # type: ignore[attr-defined]  # a file's
    path = f"/accounts/{served.accounts['owner'][8:]}/stream"
    with stream(served, path, **served.key("owner")) as own:
        keys.rename(keys.with_suffix(".away"))
        try:
            waited = own.fields()
        finally:
            keys.with_suffix(".away").rename(keys)
        retired = retire(served)
        told = own.next()

    assert waited == ({"": "database_moved"} if goes_on else None)
    assert (told and told["entry"]) == (retired["index"] if goes_on else None)


def test_so_many_follow_at_a_time_and_who_leaves_makes_room(
    served: Api, monkeypatch: pytest.MonkeyPatch
):
    left(served)
    with monkeypatch.context() as patch:
        patch.setattr(hub_of(served), "_most", 0)
        refused = served.get(f"/v1{HALL}")
    monkeypatch.setattr(hub_of(served), "_most", 1)
    with stream(served, HALL):
        pass
    left(served)
    head = served.client.head(f"/v1{HALL}")
    left(served)

    with stream(served, HALL):
        pass

    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_listeners")
    assert refused.headers["retry-after"]
    assert (head.status_code, head.content) == (200, b"")


def hub_of(api: Api) -> hub.Hub:
    told = [getattr(one, "__self__", None) for one in api.runtime.heads._listeners]
    return next(one for one in told if isinstance(one, hub.Hub))


def left(api: Api) -> None:
    """Return once nobody follows any more."""
    until_s = monotonic() + SOON_S
    while hub_of(api).listeners:
        assert monotonic() < until_s


def test_who_reads_nothing_is_cut_off_and_resumes_where_they_were(
    served: Api, monkeypatch: pytest.MonkeyPatch
):
    left(served)
    address = served.client.base_url
    with monkeypatch.context() as patch, socket.socket() as slow:
        patch.setattr(events, "retirement_object", _large(events.retirement_object))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.settimeout(SOON_S)
        slow.connect((address.host, address.port))
        slow.sendall(f"GET /v1{HALL} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert b"200 OK" in slow.recv(4_096)
        made = [retire(served)["index"] for _ in range(4)]
        left(served)
    with stream(served, HALL, str(made[0])) as hall:
        assert [hall.next()["entry"] for _ in made] == made


def _large(real: Any) -> Any:
    def large(*given: Any) -> dict[str, Any]:
        return {**real(*given), "padding": "x" * (2 << 20)}

    return large


def test_of_all_that_ever_happened_everybody_concerned_is_told(life: Api):
    source = life.runtime.source()
    with question_to(source) as question:
        size = question.size
        rows = question.rows("retirements", imported=0)
        notices = question.rows("notices")
        owed = lists.untold(question)
    seen, following = hub.read_page(source, 0, size, names=True)
    while following < size:
        more, following = hub.read_page(source, following, size, names=True)
        seen += more
    alone, _ = hub.read_page(source, 0, size, only_retirements=True, names=True)

    assert [one.index for one in seen] == list(range(size))
    told = {one.certificate: one for entry in seen for one in entry.retirements}
    known = {row["number"]: row for row in rows}
    # What a certificate replaces, and the group that it was shown out of, were told.
    assert told.keys() == {
        number
        for number, row in known.items()
        if row["replaces"] is None and row["group_number"] is None
    }
    assert [one for entry in alone for one in entry.retirements] == list(told.values())
    named = {number for number, one in told.items() if one.names}
    assert named
    assert all(known[number]["public"] for number in named)
    for row in (*notices, *({"entry": one["entry"], "party": one["account"]} for one in owed)):
        if row["party"].startswith("account/"):
            assert seen[row["entry"]].concerning(row["party"]), row
    for entry in seen:
        for one in entry.retirements:
            events.RetirementEvent.model_validate(events.retirement_object(entry, one))
        for account in {*entry.signers, *(name for step in entry.steps for name in step.accounts)}:
            for step in entry.concerning(account):
                events.AccountEvent.model_validate(events.step_object(entry, step, account))


def test_where_nothing_happens_the_line_is_kept_open(served: Api, monkeypatch: pytest.MonkeyPatch):
    # The library's own, every 15 seconds: nobody waits for that here.
    assert routing._PING_INTERVAL == 15.0
    monkeypatch.setattr(routing, "_PING_INTERVAL", 0.02)
    with stream(served, HALL) as hall:
        assert hall.retry == "2000"
        assert hall.fields() == {"": "ping"} == hall.fields()


def test_a_mark_says_how_far_it_is_when_nothing_is_told(
    served: Api, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(events, "MARK_ENTRIES", 2)
    with stream(served, HALL) as hall:
        begin = int(hall.last)
        for _ in range(2):
            transfer(served)
        assert hall.fields() == {"id": str(begin + 2)}


def test_the_form_of_every_event_is_in_the_description(served: Api):
    app = FastAPI()
    runtime = SimpleNamespace(**vars(served.runtime), source=None, on_close=lambda _: None)
    runtime.heads = SimpleNamespace(tell=lambda _: None)
    app.include_router(events.router(runtime))
    told = app.openapi()["paths"]
    for path, name in (
        ("/v1/retirements/stream", "RetirementEvent"),
        ("/v1/accounts/{account}/stream", "AccountEvent"),
    ):
        answer = told[path]["get"]["responses"]["200"]["content"]
        assert list(answer) == ["text/event-stream"]
        assert answer["text/event-stream"]["schema"] == {"$ref": f"#/components/schemas/{name}"}
