"""A gift to ten thousand guests in one request, held against the same without HTTP: another process, a town alike.

Each town has one process that writes: two that take turns would read again and again what the other wrote.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

import httpx2
import pytest

from bench.clients import server
from bench.test_gifts import EACH_G, GUESTS, Giver
from bench.town import Town, found
from registry.desk import giving
from registry.desk.desk import Desk
from registry.desk.opened import Opened
from registry.store.access import Access
from registry.store.clock import wall_us

ROUNDS = 7
FEW_GUESTS = 100
LOOK_S = 0.02
HOUR_US = 3_600_000_000


@pytest.fixture
def towns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Town, Town]]:
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    own, served = found(tmp_path / "own"), found(tmp_path / "served")
    yield own, served
    own.operator.close()


def listed(count: int, part: str) -> bytes:
    """A list of guests without accounts, unlike that of any other round."""
    rows = (f"{part}-{number},来宾 {number}" for number in range(count))
    return "\n".join(["no,name", *rows]).encode()


class Asker:
    """Alice, who gives by a request, and waits for what is handed out."""

    def __init__(self, town: Town, address: str) -> None:
        access = Access(town.directory)
        _, presented = access.make_key(
            [town.clerk.accounts["alice"]],
            ["act", "read"],
            expires_us=wall_us() + HOUR_US,
            label="bench",
            made_by="bench",
            now_us=wall_us(),
        )
        access.close()
        self.seen: list[tuple[int, int]] = []
        self._client = httpx2.Client(
            base_url=address, timeout=60, headers={"authorization": f"Bearer {presented}"}
        )

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def funds(self, campaign: str, amount_g: int, key: str) -> None:
        """Set so much aside for a campaign."""
        answer = self._client.post(
            f"/v1/campaigns/{campaign.partition('/')[2]}/fund",
            json={"amount": f"{amount_g}g"},
            headers={"idempotency-key": f"fund {key}"},
        )
        assert answer.status_code == 201, answer.text

    def gives(self, campaign: str, data: bytes, key: str) -> None:
        """Give, and see how far it is until it is done."""
        answer = self._client.post(
            f"/v1/campaigns/{campaign.partition('/')[2]}/give",
            content=data,
            headers={"content-type": "text/csv", "idempotency-key": key},
        )
        assert answer.status_code == 202, answer.text
        while True:
            job = self._client.get(answer.headers["location"]).json()["job"]
            self.seen.append((job["done"], job["total"]))
            if job["state"] != "running":
                break
            sleep(LOOK_S)
        assert job["state"] == "done", job


def gives(town: Town, campaign: str, data: bytes, out: Path) -> None:
    """The same as the command does it, by an operator that is open already, as a server's is."""
    source = Opened(log=town.operator.log, origin=town.operator.vkey().name)
    desk = Desk(operator=town.operator, source=source, dry_run=False)
    state = desk.state(campaign)
    giving.give(state, giving.read(state, data, desk), out, desk)


def test_gift_in_one_request(benchmark: Any, towns: tuple[Town, Town], tmp_path: Path) -> None:
    count = FEW_GUESTS if benchmark.disabled else GUESTS
    own, served = towns
    giver, theirs = Giver(own, tmp_path), Giver(served, tmp_path).campaign
    served.operator.close()
    references: list[float] = []
    rounds = iter(range(1_000))

    with server(str(served.directory)) as address, closing(Asker(served, address)) as asker:

        def setup() -> Any:
            key = f"{next(rounds)}"
            giver.funds(EACH_G * count)
            asker.funds(theirs, EACH_G * count, key)
            out = tmp_path / key
            begun = perf_counter()
            gives(own, giver.campaign, listed(count, key), out)
            references.append(perf_counter() - begun)
            return (theirs, listed(count, key), key), {}

        benchmark.pedantic(asker.gives, setup=setup, rounds=ROUNDS)

    assert asker.seen[-1] == (count, count)
    benchmark.extra_info["operations"] = count
    if not benchmark.disabled:
        # Each held against the one just before it: how quickly files are made changes by the minute.
        pairs = zip(benchmark.stats.stats.data, references, strict=True)
        ratio = median(taken_s / without_s for taken_s, without_s in pairs)
        assert {0, count} < {done for done, _ in asker.seen}, "nobody saw how far it was"
        benchmark.extra_info[f"gift to {count:,} over HTTP, to one without"] = ratio
