"""Webhooks: signed, in order, at least once; tried again, given up, sent again; and never to a private address."""

import base64
import hashlib
import hmac
import ipaddress
import json
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from registry.api import deliveries, posting, webhooks
from registry.api.deliveries import OWN_MAX, SENDERS, Deliverer
from registry.api.posting import NotAnsweredError, Target, is_allowed, post, read_target
from registry.api.settings import Settings
from registry.api.webhooks import NoticeBody
from registry.desk.account_life import Succeed
from registry.desk.opened import opened
from registry.errors import RefusedError
from registry.store import renewals
from registry.store.access import Access
from registry.store.access_webhooks import LEASE_US, NO_ANSWER, PURPOSE
from registry.store.clock import wall_us
from tests.api.conftest import Api, served, settings
from tests.api.processes import Process, key_of
from tests.books import digest, live_at
from tests.desks import does

SOON_S = 20
LOCAL = {"webhook_http": True, "webhook_networks": ("127.0.0.0/8",), "webhook_seconds_max": 5.0}


class Receiver:
    """Somebody who is told: keeps what comes, and answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int | Callable[[BaseHTTPRequestHandler], None]] = []
        self._came = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with receiver._came:
                    receiver.got.append((headers, body))
                    answer = receiver.answers.pop(0) if receiver.answers else 204
                    receiver._came.notify_all()
                if callable(answer):
                    answer(self)
                else:
                    self.send_response(answer)
                    self.send_header("location", "http://127.0.0.1:1/elsewhere")
                    self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # Who breaks off a handshake is expected here.
        self._server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?a=b"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def wait(self, count: int) -> list[Any]:
        """The bodies that came, once there are so many."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.got) >= count, SOON_S), len(self.got)
            return [json.loads(body) for _, body in self.got]

    def seal(self, context: ssl.SSLContext) -> None:
        """Take connections under TLS alone from now on."""
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with closing(Receiver()) as made:
        yield made


@pytest.fixture(scope="module")
def hooked(courthouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One server for all tests, which may send to this machine."""
    base = tmp_path_factory.mktemp("hooked")
    shutil.copytree(courthouse, base, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        context = served(base / "r", **LOCAL)
        api = context.__enter__()
    try:
        yield api
    finally:
        context.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the next attempt, and what is still to be sent is found at once."""
    monkeypatch.setattr(deliveries, "BACKOFF_S", (0.01,) * 3)
    monkeypatch.setattr(deliveries, "IDLE_S", 0.1)


def subscribe(api: Api, url: str, *topics: str, name: str = "owner", **said: Any) -> dict[str, Any]:
    asked = {"account": api.accounts[name], "url": url, "topics": topics or ["account"], **said}
    answer = api.client.post("/v1/webhooks", json=asked, headers=api.login(name))
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.fixture
def ended(hooked: Api) -> Iterator[list[str]]:
    """The subscriptions that are to be ended with the test."""
    yield []
    for account in hooked.accounts.values():
        for one in hooked.runtime.access.webhooks.of(account):
            hooked.runtime.access.webhooks.end(one.id, wall_us())


def retire(api: Api, **said: Any) -> int:
    asked = {"holder": api.accounts["owner"], "amount": "27g", "purpose": "meeting", **said}
    answer = api.act("/retirements", asked, api.login("owner"))
    assert answer.status_code == 201, answer.text
    index: int = answer.json()["entries"][0]["index"]
    return index


def listed(api: Api, webhook: str, **asked: Any) -> list[dict[str, Any]]:
    path = f"/v1/webhooks/{webhook}/deliveries"
    found: list[dict[str, Any]] = api.get(path, params=asked, headers=api.login("owner")).json()[
        "deliveries"
    ]
    return found


def until(holds: Callable[[], Any]) -> Any:
    """What `holds` says, once it does."""
    by_s = monotonic() + SOON_S
    while not (found := holds()):
        assert monotonic() < by_s
    return found


def verify(secret: str, headers: dict[str, str], body: bytes) -> None:
    """As a receiver's library does it: standardwebhooks.com, written from the specification."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    assert 24 <= len(key) <= 64
    content = b".".join(
        [headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body]
    )
    wanted = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    assert headers["webhook-signature"].split(" ") == [f"v1,{wanted}"]
    assert abs(int(headers["webhook-timestamp"]) - wall_us() // 1_000_000) < 60


pytestmark = pytest.mark.usefixtures("ended")


def test_what_concerns_an_account_is_sent_signed_in_order_and_without_names(
    hooked: Api, receiver: Receiver
):
    made = subscribe(hooked, receiver.url, "account", "retirements")

    indexes = [retire(hooked, beneficiary="某大会") for _ in range(3)]
    bodies = receiver.wait(3)

    assert [body["data"]["entry"] for body in bodies] == indexes
    for (headers, raw), body in zip(receiver.got, bodies, strict=True):
        verify(made["secret"], headers, raw)
        assert "某大会".encode() not in raw
        NoticeBody.model_validate(body)
        assert body["data"]["retirements"][0]["names"] == {}
        assert {one["amount_g"] for one in body["data"]["events"]} >= {"27"}
    sent = until(lambda: listed(hooked, made["webhook"]["id"], state="delivered")[2:])
    assert sent[0]["id"] == receiver.got[2][0]["webhook-id"]


def test_only_what_was_asked_for_is_sent(hooked: Api, receiver: Receiver):
    kinds = subscribe(hooked, receiver.url, "batch.retired.v1")
    subscribe(hooked, receiver.url, "order.*")
    others = subscribe(hooked, receiver.url, "account", name="case")

    index = retire(hooked)
    (body,) = receiver.wait(1)

    assert body["data"]["webhook"] == kinds["webhook"]["id"] != others["webhook"]["id"]
    assert [one["kind"] for one in body["data"]["events"]] == ["batch.retired.v1"]
    assert body["data"]["entry"] == index


def test_what_came_before_is_sent_to_who_asks_for_it(hooked: Api, receiver: Receiver):
    index = retire(hooked)

    subscribe(hooked, receiver.url, from_entry=index)

    assert receiver.wait(1)[0]["data"]["entry"] == index


def test_what_fails_is_tried_again_and_holds_up_what_follows(hooked: Api, receiver: Receiver):
    receiver.answers = [500, 302]
    made = subscribe(hooked, receiver.url)

    indexes = [retire(hooked), retire(hooked)]
    bodies = receiver.wait(4)

    assert [body["data"]["entry"] for body in bodies] == [indexes[0]] * 3 + [indexes[1]]
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    until(lambda: len(listed(hooked, made["webhook"]["id"], state="delivered")) == 2)
    first, _ = listed(hooked, made["webhook"]["id"])
    assert (first["attempts"], first["status"]) == (3, 204)


def test_what_is_given_up_is_dead_and_is_sent_again_when_that_is_asked_for(
    hooked: Api, receiver: Receiver
):
    receiver.answers = [503] * 4
    made = subscribe(hooked, receiver.url)["webhook"]["id"]
    key = hooked.key("owner")

    index = retire(hooked)
    (dead,) = until(lambda: listed(hooked, made, state="dead"))
    told = hooked.get(f"/v1/webhooks/{made}", headers=key).json()["webhook"]
    again = hooked.client.post(f"/v1/webhooks/{made}/replay", json={}, headers=key).json()
    arrived = until(lambda: listed(hooked, made, state="delivered"))
    hooked.client.post(f"/v1/webhooks/{made}/replay", json={"from_entry": index}, headers=key)
    receiver.wait(6)

    assert (dead["attempts"], dead["status"], dead["entry"]) == (4, 503, index)
    assert told["failures"] == 4
    assert again["deliveries"] == 1
    assert [one["id"] for one in arrived] == [dead["id"]]
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {dead["id"]}


def test_who_wants_no_more_is_paused_and_nothing_is_lost(hooked: Api, receiver: Receiver):
    receiver.answers = [410]
    made = subscribe(hooked, receiver.url)["webhook"]["id"]
    key = hooked.key("owner")

    def state() -> str:
        told = hooked.get(f"/v1/webhooks/{made}", headers=key).json()
        found: str = told["webhook"]["state"]
        return found

    indexes = [retire(hooked)]
    until(lambda: state() == "paused")
    indexes.append(retire(hooked))
    hooked.client.post(f"/v1/webhooks/{made}/resume", headers=key)
    bodies = receiver.wait(3)

    assert [body["data"]["entry"] for body in bodies] == [indexes[0], *indexes]


def test_a_secret_is_shown_once_and_can_be_renewed(hooked: Api, receiver: Receiver):
    made = subscribe(hooked, receiver.url)
    webhook, key = made["webhook"]["id"], hooked.key("owner")

    renewed = hooked.client.post(f"/v1/webhooks/{webhook}/secret", headers=key).json()["secret"]
    shown = [
        hooked.get("/v1/webhooks", headers=key).text,
        hooked.get(f"/v1/webhooks/{webhook}", headers=key).text,
    ]
    tested = hooked.client.post(f"/v1/webhooks/{webhook}/test", headers=key).json()

    assert (tested["status"], tested["arrived"]) == (204, True)
    verify(renewed, *receiver.got[0])
    assert json.loads(receiver.got[0][1])["type"] == "webhook.test"
    assert renewed != made["secret"]
    assert not [text for text in shown if "whsec_" in text]


def test_a_webhook_is_its_accounts_own(hooked: Api, receiver: Receiver):
    webhook = subscribe(hooked, receiver.url)["webhook"]["id"]
    asked = {"account": hooked.accounts["owner"], "url": receiver.url, "topics": ["account"]}

    refused = [
        hooked.client.post("/v1/webhooks", json=asked),
        hooked.client.post("/v1/webhooks", json=asked, headers=hooked.key("agent")),
        hooked.client.post(
            "/v1/webhooks", json=asked, headers=hooked.key("owner", scopes=("act",))
        ),
        hooked.get(f"/v1/webhooks/{webhook}", headers=hooked.key("agent")),
        hooked.client.delete(f"/v1/webhooks/{webhook}", headers=hooked.key("agent")),
        hooked.client.post(
            "/v1/webhooks", json={**asked, "topics": ["all"]}, headers=hooked.key("owner")
        ),
    ]
    ended = hooked.client.delete(f"/v1/webhooks/{webhook}", headers=hooked.key("owner"))
    after = hooked.client.post(f"/v1/webhooks/{webhook}/test", headers=hooked.key("owner"))

    assert [(one.status_code, one.json()["code"]) for one in refused] == [
        (401, "credentials_missing"),
        (403, "not_yours"),
        (403, "scope_missing"),
        (404, "no_webhook"),
        (404, "no_webhook"),
        (422, "malformed"),
    ]
    assert ended.status_code == 204
    assert (after.status_code, after.json()["code"]) == (404, "no_webhook")


# ---- two processes, and one that dies


class Place:
    """What a deliverer needs, beside another that does the same."""

    def __init__(self, api: Api) -> None:
        self.settings = api.runtime.settings
        self.stopping = threading.Event()
        self.source = api.runtime.source
        self.true_of = api.runtime.true_of


@contextmanager
def another(api: Api, now_us: Callable[[], int] = wall_us) -> Iterator[Deliverer]:
    """A second server's deliverer on the same database."""
    runtime = api.runtime
    secret = runtime.operator.keyring.secret(PURPOSE)
    with closing(Access(runtime.place, secret=secret)) as access:
        made = Deliverer(Place(api), access, now_us)
        made.start()
        runtime.heads.tell(made.told)
        try:
            made.told(runtime.heads.size)
            made.look()
            yield made
        finally:
            runtime.heads._listeners.remove(made.told)
            made.close()


@pytest.mark.usefixtures("ended")
def test_what_was_subscribed_to_before_a_succession_ends_with_it(
    hooked: Api, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    """And who succeeded is not told on of what follows, nor of the succession itself."""
    monkeypatch.setattr(renewals, "LOOK_S", 0)
    agent, owner = hooked.accounts["agent"], hooked.accounts["owner"]
    kept = subscribe(hooked, receiver.url, name="owner")["webhook"]["id"]
    ends = subscribe(hooked, receiver.url, name="agent")["webhook"]["id"]
    ask = Succeed(account=agent, successor=owner, reason="merger", document=digest("register"))
    (made,) = does(hooked.runtime.operator, ask)

    (body,) = receiver.wait(1)
    hooks = hooked.runtime.access.webhooks
    until(lambda: [one.state for one in hooks.of(agent)] == ["ended"])

    assert (body["data"]["webhook"], body["data"]["entry"]) == (kept, made.placed.index)
    assert hooks.find(ends).state == "ended"  # type: ignore[union-attr]  # it is there
    assert {json.loads(sent)["data"]["webhook"] for _, sent in receiver.got} == {kept}


@pytest.fixture
def slow() -> Iterator[threading.Event]:
    """Set when whoever answers slowly is to answer."""
    event = threading.Event()
    yield event
    event.set()


def answering_once(event: threading.Event) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        event.wait(SOON_S)
        with suppress(OSError):
            handler.send_response(204)
            handler.end_headers()

    return answer


@pytest.mark.usefixtures("ended")
def test_who_answers_slowly_keeps_nobody_else_waiting(
    hooked: Api, receiver: Receiver, slow: threading.Event
):
    """However many webhooks their account has."""
    with closing(Receiver()) as sluggish:
        sluggish.answers += [answering_once(slow)] * 50
        for _ in range(SENDERS + 2):
            subscribe(hooked, sluggish.url, "retirements", name="case")
        retire(hooked)
        sluggish.wait(OWN_MAX)
        subscribe(hooked, receiver.url)

        index = retire(hooked)

        (body,) = receiver.wait(1)
        under_way = len(sluggish.got)
        slow.set()
    assert body["data"]["entry"] == index
    assert under_way == OWN_MAX


@pytest.mark.usefixtures("ended")
def test_a_webhook_is_tested_once_at_a_time(hooked: Api, receiver: Receiver, slow: threading.Event):
    """Each test holds one of the threads that answer everybody."""
    receiver.answers.append(answering_once(slow))
    paths = [
        f"/v1/webhooks/{subscribe(hooked, receiver.url)['webhook']['id']}/test" for _ in range(2)
    ]
    who = hooked.login("owner")
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(hooked.client.post, paths[0], headers=who)
        receiver.wait(1)

        second = hooked.client.post(paths[1], headers=who)
        slow.set()

    third = hooked.client.post(paths[1], headers=who)
    assert (second.status_code, second.json()["code"]) == (503, "too_many_tests")
    assert [one.json()["arrived"] for one in (first.result(), third)] == [True, True]


def test_two_servers_send_each_entry_once(hooked: Api, receiver: Receiver):
    with another(hooked):
        made = subscribe(hooked, receiver.url)["webhook"]["id"]
        indexes = [retire(hooked) for _ in range(6)]
        bodies = receiver.wait(6)
        until(lambda: len(listed(hooked, made, state="delivered")) == 6)

    assert [body["data"]["entry"] for body in bodies] == indexes
    assert len(receiver.got) == 6


def test_what_a_server_was_killed_over_is_sent_by_the_next(
    courthouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
):
    shutil.copytree(courthouse, tmp_path, dirs_exist_ok=True)
    live_at(tmp_path, monkeypatch)
    place, killed = tmp_path / "r", threading.Event()
    receiver.answers = [lambda _: killed.wait(SOON_S) and None]
    with opened(place) as source:
        (owner,) = [name for name in source.accounts() if source.name_of(name) == "owner"]
    key = key_of(place, owner)
    hook = {"account": owner, "url": receiver.url, "topics": ["account"]}
    asked = {"holder": owner, "amount": "27g", "purpose": "meeting"}
    allowed = {"webhook_http": "true", "webhook_networks": "127.0.0.0/8"}
    with Process(place, **allowed) as process:
        process.listens()
        with closing(process.line()) as line:
            secret = line.post("/webhooks", hook, key).told["secret"]
            indexes = [
                line.post("/retirements", asked, key, key=str(number)).indexes[0]
                for number in range(2)
            ]
        receiver.wait(1)
        process.kill()
    killed.set()

    # What was taken is given to somebody else when its time is up.
    monkeypatch.setattr(webhooks, "wall_us", lambda: wall_us() + LEASE_US + 1)
    with served(place, **LOCAL):
        bodies = receiver.wait(3)

    assert [body["data"]["entry"] for body in bodies] == [indexes[0], *indexes]
    (first, again, _) = receiver.got
    assert first[0]["webhook-id"] == again[0]["webhook-id"]
    assert first[1] == again[1]
    verify(secret, *first)


# ---- where it may be sent


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("100.100.100.200", False),
        ("0.0.0.0", False),  # noqa: S104  # not to be asked
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b::5db8:d822", True),
        ("64:ff9b:1::5db8:d822", False),
        ("::127.0.0.1", False),
        ("fec0::1", False),
        ("240.0.0.1", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("2002:7f00:1::", False),
        ("2001:0:1:2:3:4:80ff:fffe", False),
    ],
)
def test_no_private_address_is_asked(address: str, allowed: bool):
    assert is_allowed(ipaddress.ip_address(address), []) is allowed


def test_what_the_settings_allow_is_asked():
    networks = [ipaddress.ip_network("10.0.0.0/8")]

    assert is_allowed(ipaddress.ip_address("10.1.2.3"), networks)
    assert is_allowed(ipaddress.ip_address("::ffff:10.1.2.3"), networks)
    assert not is_allowed(ipaddress.ip_address("127.0.0.1"), networks)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https://",
        "https:///x",
        "https://user:secret@example.org/",
        "https://example.org/#x",
        "https://example.org:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://169.254.169.254/latest/meta-data",
        "https://exam ple.org/",
        "https://example.org/\r\nX-Evil: 1",
        "https://[::1/",
    ],
)
def test_a_url_that_may_not_be_asked_is_refused(url: str):
    with pytest.raises(RefusedError) as refused:
        read_target(url, settings())

    assert refused.value.code == "bad_webhook_url"


def posted(url: str, **more: Any) -> int:
    allowed: Settings = settings(**{**LOCAL, **more})
    target = read_target(url, settings(**LOCAL))
    return post(target, b"{}", {}, allowed, ssl.create_default_context())


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that are looked up; they lead to this machine, or to two others."""
    asked: list[str] = []
    known = {
        "mixed.example": ["93.184.216.34", "127.0.0.1"],
        "both.example": ["127.1.2.3", "127.0.0.1"],
    }

    def found(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        addresses = known.get(host, [host if host[0].isdigit() else "127.0.0.1"])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(posting.socket, "getaddrinfo", found)
    return asked


def port_of(receiver: Receiver) -> int:
    port = urlsplit(receiver.url).port
    assert port is not None
    return port


@pytest.mark.parametrize("host", ["rebound.example", "mixed.example", "localhost"])
def test_a_name_that_leads_to_a_private_address_is_not_asked(
    receiver: Receiver, resolved: list[str], host: str
):
    with pytest.raises(NotAnsweredError):
        posted(f"http://{host}:{port_of(receiver)}/", webhook_networks=())

    assert resolved == [host]
    assert receiver.got == []


def test_a_name_is_resolved_once_and_what_was_judged_is_asked(
    receiver: Receiver, resolved: list[str]
):
    assert posted(f"http://both.example:{port_of(receiver)}/") == 204

    # The second is tried if the first does not answer; a name leads nowhere a second time.
    assert resolved == ["both.example", "127.1.2.3", "127.0.0.1"]
    assert receiver.got[0][0]["host"] == f"both.example:{port_of(receiver)}"


def test_a_redirect_is_not_followed(receiver: Receiver):
    receiver.answers = [307]

    assert posted(receiver.url) == 307
    assert len(receiver.got) == 1


def test_an_answer_is_read_as_far_as_its_status(receiver: Receiver):
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        try:
            while True:
                handler.wfile.write(b"X-Padding: 1\r\n" * 1_000)
        except OSError:
            pass

    receiver.answers = [endless]

    assert posted(receiver.url) == 200


@pytest.mark.parametrize(
    "said",
    [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n", b"x" * 20_000, b"HTTP/1.1 200"],
    ids=["nothing", "ssh", "no-status", "endless", "cut-off"],
)
def test_what_is_no_answer_is_none(receiver: Receiver, said: bytes):
    receiver.answers = [lambda handler: handler.wfile.write(said) and None]

    with pytest.raises(NotAnsweredError):
        posted(receiver.url)


def test_who_answers_byte_by_byte_is_not_waited_for(receiver: Receiver):
    over = threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        try:
            while not over.wait(0.02):
                handler.wfile.write(b"H")
        except OSError:
            pass

    receiver.answers = [slow]
    begun_s = monotonic()

    with pytest.raises(NotAnsweredError):
        posted(receiver.url, webhook_seconds_max=0.2)
    over.set()

    assert monotonic() - begun_s < SOON_S / 4


def certified(directory: Path, name: str) -> Path:
    """A key, and a certificate of `name` that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = directory / "certificate.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    format_ = serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(pem, format_, plain) + made.public_bytes(pem))
    return file


@pytest.mark.usefixtures("resolved")
@pytest.mark.parametrize("host", ["hook.example", "other.example"])
def test_a_certificate_has_to_be_of_the_name(receiver: Receiver, tmp_path: Path, host: str):
    file = certified(tmp_path, "hook.example")
    serves = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serves.load_cert_chain(file)
    trusted = ssl.create_default_context(cafile=str(file))
    receiver.seal(serves)
    target = Target(scheme="https", host=host, port=port_of(receiver), path="/")

    if host == "hook.example":
        assert post(target, b"{}", {}, settings(**LOCAL), trusted) == 204
    else:
        with pytest.raises(NotAnsweredError):
            post(target, b"{}", {}, settings(**LOCAL), trusted)
        assert receiver.got == []


def test_the_waits_come_to_a_day_and_then_it_is_dead(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()

    waits = [deliveries.wait_us(attempt) for attempt in range(1, 12)]

    assert waits[-1] is None
    assert 18 * 3_600 < sum(waits[:-1]) / 1_000_000 < 30 * 3_600
    assert NO_ANSWER not in deliveries.EXPECTED
