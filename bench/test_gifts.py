"""A gift to thousands, durable, with a file for every guest; beside it, in the same round, inclusion proofs alone."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter, time_ns
from typing import Any

import pytest

from bench.town import Town, found
from registry.acts import campaigns as acts
from registry.acts.guest_list import Guest
from registry.domain.campaign import Campaign
from registry.domain.timing import day_of
from registry.ledger import ids
from registry.ledger.rows import RowTree
from registry.ledger.tree import leaf_hash
from registry.store import handout
from registry.store.log import Moment
from registry.store.operator import Operator
from registry.store.proofs import row_proofs

GUESTS = 10_000
MANY_GUESTS = 100_000
FEW_GUESTS = 100
EACH_G = 27
ROUNDS = 5
MANY_ROUNDS = 2
"""Of the larger gift: nearly all of its time goes by in making files."""


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    made = found(tmp_path / "registry")
    yield made
    made.operator.close()


class Giver:
    """Alice with a campaign, and guests who were told their codes."""

    def __init__(self, town: Town, out: Path) -> None:
        self.operator: Operator = town.operator
        self.out = out
        self._alice = town.clerk.accounts["alice"]
        self._batch = town.batch()
        self.campaign = self._opened()
        self._rounds = 0

    def _opened(self) -> str:
        terms = acts.Terms(
            occasion="a marathon",
            document=sha256(b"terms").digest(),
            standard="VCU",
            each_g=EACH_G,
            deadline=(day_of(time_ns() // 1_000) + timedelta(days=1)).isoformat(),
            retire_only=True,
            public=True,
        )
        self._record(acts.open_(self._alice, terms))
        with self.operator.log.recorder.reading() as cursor:
            (campaign,) = Moment(cursor).streams("campaign/")
        return campaign

    def funds(self, amount_g: int) -> tuple[Campaign, str, Any]:
        """A batch carved out for the campaign, and the lock in it."""
        batch = self.operator.committer.state(self._batch)
        receipt = self._record(acts.fund(self._state(), (batch, amount_g, None)))
        campaign = self._state()
        (name,) = [name for name, of in campaign.batches.items() if of.lock == receipt.index]
        return campaign, name, (receipt.index, receipt.leaf)

    def gives(self, funded: tuple[Campaign, str, Any], guests: list[Guest]) -> None:
        """What is measured: rows made and signed, recorded, and each guest's own proof written."""
        campaign, name, lock = funded
        rows = [(guest.account or "", guest.amount_g) for guest in guests]
        plan = acts.give(campaign, name, lock, rows, nonce=os.urandom(16), second=None)
        receipt = self._record(plan)
        proofs = row_proofs(self.operator.log, receipt.index, 0, 0)
        handout.write_proofs(self.fresh(), zip(guests, proofs, strict=True))

    def fresh(self) -> Path:
        """An empty directory."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        return self.out

    def _state(self) -> Campaign:
        state: Campaign = self.operator.committer.state(self.campaign)
        return state

    def _record(self, plan: Any) -> Any:
        setting = self.operator.setting(*plan.signers, nonce=plan.nonce)
        (receipt,) = self.operator.record([self.operator.request(setting, plan.parts(setting))])
        return receipt


def guests_of(count: int) -> list[Guest]:
    """Bearers of as many codes."""
    seeds = [sha256(number.to_bytes(8, "big")).digest() for number in range(count)]
    return [
        Guest(
            line=number + 2,
            number=str(number + 1),
            name="",
            account=ids.bearer(handout.public_key(seed)),
            amount_g=EACH_G,
        )
        for number, seed in enumerate(seeds)
    ]


@pytest.mark.parametrize("guests", [GUESTS, MANY_GUESTS], ids=["10000", "100000"])
def test_gift_with_a_proof_for_every_guest(
    benchmark: Any, town: Town, tmp_path: Path, guests: int
) -> None:
    """As many inclusion proofs, built and written by themselves, are what it is compared with."""
    listed = guests_of(FEW_GUESTS if benchmark.disabled else guests)
    giver = Giver(town, tmp_path / "out")
    references: list[float] = []

    def setup() -> Any:
        begun = perf_counter()
        inclusion_proofs(len(listed), giver.fresh())
        references.append(perf_counter() - begun)
        return (giver.funds(EACH_G * len(listed)), listed), {}

    rounds = MANY_ROUNDS if guests == MANY_GUESTS else ROUNDS
    benchmark.pedantic(giver.gives, setup=setup, rounds=rounds)

    benchmark.extra_info["operations"] = len(listed)
    if not benchmark.disabled:
        taken_s = benchmark.stats.stats.median
        benchmark.extra_info[f"gift to {guests:,}, to inclusion proofs alone"] = (
            median(references) / taken_s
        )
        benchmark.extra_info[f"µs a guest of {guests:,}"] = taken_s / guests * 1_000_000


def inclusion_proofs(count: int, out: Path) -> None:
    """Build a tree over so many short rows, and write every row's path into a file of its own."""
    rows = [number.to_bytes(64, "big") for number in range(count)]
    made = RowTree(rows)
    folder = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    for number, row in enumerate(rows):
        file = os.open(f"{number}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644, dir_fd=folder)
        os.write(file, leaf_hash(row) + b"".join(made.path(number)))
        os.close(file)
    os.close(folder)
