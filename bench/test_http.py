"""The API under sixty-four clients, held against routes of the same server that do nothing.

The server is a process of its own, and so is whoever asks; a round of each beside the other, since the machine's own
pace changes in minutes.
"""

import base64
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import pytest

from bench.clients import all_at_once, asked, request, server
from bench.hands import HANDS, NAMES, Round, peopled
from bench.town import Town
from registry.ledger import intent
from registry.place import Server as At
from tests.servers import Server

ROUNDS = 3
EACH = 40
LOOKED_UP = int(os.environ.get("HTTP_LOOKED_UP", "20"))
"""So many certificates each client looks up; `make bench` has 200."""
GROWN = int(os.environ.get("HTTP_REQUESTS", "640"))
"""So many requests are made before and after the memory is looked at; `make bench` makes 100,000."""


@dataclass(frozen=True)
class Served:
    """A town, and the address of its server."""

    town: Town
    address: str
    where: str
    numbers: list[str] = field(default_factory=list)
    """Of certificates that are there, once somebody wanted them."""


@pytest.fixture(scope="module", params=["embedded", "server"])
def served(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    base = tmp_path_factory.mktemp("http")
    with pytest.MonkeyPatch.context() as patch, Server(wal_segment_mb=16) as database:
        for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            patch.setenv(variable, str(base / variable.lower()))
        home = base / "town"
        url = [database.create_database("town")] if request.param == "server" else []
        town = peopled(At(url=url[0], state=home) if url else home)
        with server(str(home), *url) as address:
            yield Served(town, address, request.param)
        town.operator.close()


def retirements(served: Served, each: int) -> list[list[bytes]]:
    """What each client asks for: gram after gram is retired out of a batch of its own."""
    work = []
    for number, name in enumerate(NAMES):
        batch = served.town.streams["hand", number]
        setting = served.town.clerk.setting(name)
        own = [replace(setting, nonce=os.urandom(intent.NONCE_BYTES)) for _ in range(each)]
        work.append([_retirement(served, name, batch, one) for one in own])
    return work


def _retirement(served: Served, name: str, batch: str, setting: Any) -> bytes:
    account = served.town.clerk.accounts[name]
    used = {"holder": account, "amount_g": 1, "standard": "VCU", "range": None}
    said = {
        "purpose": "enterprise",
        "period": None,
        "place": None,
        "ground": "voluntary",
        "public": True,
        "activity": None,
        "organisers": None,
        "beneficiary": None,
        "purchaser": None,
        "agent": None,
    }
    parts = [
        (batch, [("batch.retired.v1", used)]),
        (setting.new("certificate", 1), [("certificate.issued.v1", said)]),
    ]
    signed = served.town.signed(setting, parts).signed
    body = {
        "intent": base64.b64encode(signed.data).decode(),
        "signatures": [base64.b64encode(one).decode() for one in signed.signatures],
    }
    return request(served.address, "POST", "/v1/intents", body)


def test_signed_retirements_by_64_clients(benchmark, served):
    rounds: list[Round] = []
    beside: list[Round] = []

    def ready() -> tuple[tuple[Sequence[Sequence[bytes]]], dict[str, object]]:
        work = retirements(served, EACH)
        same = [[one.replace(b"/v1/intents", b"/v1/empty") for one in own] for own in work]
        beside.append(all_at_once(served.address, same, 200))
        return (work,), {}

    def measured(work: Sequence[Sequence[bytes]]) -> None:
        rounds.append(all_at_once(served.address, work, 201))

    benchmark.pedantic(measured, setup=ready, rounds=ROUNDS, warmup_rounds=1)

    where = served.where
    benchmark.extra_info["operations"] = HANDS * EACH
    benchmark.extra_info[f"retirements by 64 clients to empty POSTs, {where}"] = median(
        one.rate / other.rate for one, other in zip(rounds, beside, strict=True)
    )
    benchmark.extra_info[f"retirements by 64 clients to 80 a second, {where}"] = median(
        one.rate / 80 for one in rounds
    )
    benchmark.extra_info[f"retirements by 64 clients, p99 to 64 / throughput, {where}"] = median(
        one.p99_s / (HANDS / one.rate) for one in rounds
    )


def test_certificates_looked_up_by_64_clients(benchmark, served):
    if not served.numbers:
        all_at_once(served.address, retirements(served, 4), 201)
        served.numbers.extend(_numbers(served.address))
    paths = [f"/v1/certificates/{number}" for number in served.numbers]
    look = [request(served.address, "GET", path) for path in paths]
    work = [[look[(at + 7 * own) % len(look)] for at in range(LOOKED_UP)] for own in range(HANDS)]
    nothing = [[request(served.address, "GET", "/v1/empty")] * LOOKED_UP for _ in range(HANDS)]
    rounds: list[Round] = []
    beside: list[Round] = []

    def ready() -> None:
        beside.append(all_at_once(served.address, nothing, 200))

    def measured() -> None:
        rounds.append(all_at_once(served.address, work, 200))

    benchmark.pedantic(measured, setup=ready, rounds=ROUNDS, warmup_rounds=1)

    benchmark.extra_info["operations"] = HANDS * LOOKED_UP
    benchmark.extra_info[f"certificates looked up to an empty answer, {served.where}"] = median(
        one.rate / other.rate for one, other in zip(rounds, beside, strict=True)
    )


def test_the_server_does_not_grow(benchmark, served):
    def asked_for(count: int) -> None:
        each = max(1, count // HANDS // 2)
        all_at_once(served.address, retirements(served, each), 201)
        look = [request(served.address, "GET", "/v1/log"), request(served.address, "GET", "/ready")]
        all_at_once(served.address, [look * (each // 2 + 1)] * HANDS, 200)

    asked_for(GROWN // 4)
    before = asked(served.address, "/v1/resident")["kib"]
    benchmark.pedantic(asked_for, args=(GROWN,), rounds=1)

    after = asked(served.address, "/v1/resident")["kib"]
    benchmark.extra_info["operations"] = GROWN
    for name in sorted(after):
        said = f"{served.where}, {name}"
        benchmark.extra_info[f"KiB before {GROWN:,} requests, {said}"] = before.get(name)
        benchmark.extra_info[f"KiB after them, {said}"] = after[name]


def _numbers(address: str) -> list[str]:
    return [row["number"] for row in asked(address, "/v1/retirements?limit=200")["rows"]]
