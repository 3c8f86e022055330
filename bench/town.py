"""A registry that has grown: accounts by the thousand, batches with many holders or many ranges, entries without end.

Made as quickly as it can be, and through the same committer as everything else: intents are signed one by one and
recorded in groups of a thousand; whoever signs here is honest, so that nobody checks it twice.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from registry.acts.propose import Setting, propose
from registry.history import POSSESSION_PURPOSE, SignedIntent
from registry.ledger import intent, keys
from registry.ledger.keys import SUITE
from registry.store.beginning import create
from registry.store.committer import Receipt, Request
from registry.store.log import Moment
from registry.store.operator import Operator
from tests.books import GRAMS, Clerk

GROUP = 100
BUILDING_GROUP = 1_000
FILLER_TRANSFERS = 10_000
"""So many transfers happen in one of the batches that only make the log longer."""
RANGE_G = 1_000
UNITS = 1_000_000


@dataclass
class Town:
    """An operator with two custodial holders, alice and bob, and as many others as are wanted."""

    directory: Path
    clerk: Clerk
    takers: list[str] = field(default_factory=list)
    fillers: list[str] = field(default_factory=list)
    streams: dict[tuple[str, int], str] = field(default_factory=dict)
    """Batches by what there are many of, and how many."""
    units: int = 0

    @property
    def operator(self) -> Operator:
        return self.clerk.operator

    @property
    def size(self) -> int:
        with self.operator.log.recorder.reading() as cursor:
            return Moment(cursor).head().size

    def batch(self) -> str:
        """A new batch of UNITS tonnes, all of it alice's."""
        first, self.units = self.units + 1, self.units + UNITS
        return self.clerk.deposits(f"VCS {first} {self.units}", UNITS * GRAMS)

    def signed(self, setting: Setting, parts: Any) -> Request:
        """An act by the one signer of `setting`, whose key is kept here."""
        proposal = propose(setting, parts)
        message = intent.SIGNED_PREFIX + proposal.data
        signature = self.operator.keyring.sign(setting.signers[0].key, message)
        asked = SignedIntent(intent=proposal.intent, data=proposal.data, signatures=(signature,))
        return Request(signed=asked)

    def transfers(
        self, batch: str, giver: str, takers: list[str], ranges: list[Any] | None = None
    ) -> list[Request]:
        """Transfers from `giver` to each of `takers`: of one gram, or each of its range."""
        setting = self.clerk.setting(giver)
        requests = []
        for number, taker in enumerate(takers):
            serials = ranges[number] if ranges else None
            body = {
                "giver": self.clerk.accounts[giver],
                "taker": taker,
                "amount_g": serials[1] - serials[0] if serials else 1,
                "standard": "VCU",
                "range": serials,
                "venue": None,
                "trade": None,
            }
            own = replace(setting, nonce=os.urandom(intent.NONCE_BYTES))
            requests.append(self.signed(own, [(batch, [("batch.transferred.v1", body)])]))
        return requests

    def commit(self, requests: list[Request]) -> None:
        """Record `requests`, all of which must be lawful."""
        answers = self.operator.committer.commit(requests)
        assert all(isinstance(answer, Receipt) for answer in answers), answers

    def open_accounts(self, count: int) -> None:
        """Have `count` takers, whose keys are their own."""
        for missing in pieces(count - len(self.takers)):
            self.commit([self._opening() for _ in range(missing)])

    def _opening(self) -> Request:
        public, private = crypto_sign_seed_keypair(os.urandom(32))
        setting = self.clerk.setting("one")
        account, key = setting.new("account", 0), (SUITE, public)
        message = keys.possession_message(self.operator.id, account, key, POSSESSION_PURPOSE)
        body = {
            "legal_form": "company",
            "controller": account,
            "key": key,
            "custodial": False,
            "possession": crypto_sign(message, private)[:64],
            "name": sha256(public).digest(),
        }
        self.takers.append(account)
        return self.signed(setting, [(account, [("account.opened.v1", body)])])

    def spread(self, holders: int) -> str:
        """A batch of which the last takers, so many, hold a gram each."""
        batch, own = self.batch(), iter(self.takers[-holders:])
        for count in pieces(holders):
            self.commit(self.transfers(batch, "alice", list(islice(own, count))))
        return batch

    def scatter(self, ranges: int) -> str:
        """A batch of which bob holds so many ranges, and alice what is between them."""
        batch, bob = self.batch(), self.clerk.accounts["bob"]
        starts = iter(range(0, 2 * RANGE_G * ranges, 2 * RANGE_G))
        for count in pieces(ranges):
            serials = [(start, start + RANGE_G) for start in islice(starts, count)]
            self.commit(self.transfers(batch, "alice", [bob] * count, serials))
        return batch

    def fill(self, size: int) -> None:
        """Have `size` entries, by transfers in batches of moderate length."""
        bob = self.clerk.accounts["bob"]
        while self.size < size:
            self.fillers.append(self.batch())
            for count in pieces(min(FILLER_TRANSFERS, size - self.size)):
                self.commit(self.transfers(self.fillers[-1], "alice", [bob] * count))

    def group(self, batch: str, giver: str, takers: list[str]) -> Callable[[], None]:
        """A group of GROUP transfers of one gram, signed; to be called to have it recorded."""
        requests = self.transfers(batch, giver, [takers[at % len(takers)] for at in range(GROUP)])
        return lambda: self.commit(requests)


def found(directory: Path) -> Town:
    """A town with its bodies, a standard, alice and bob."""
    create(directory, origin="growth.bench.invalid")
    clerk = Clerk(Operator(directory))
    for name in ("authority", "exchange"):
        clerk.opens(name, role=name)
    for name in ("alice", "bob"):
        clerk.opens(name)
    clerk.recognises("VCU", home="VCS", serial_format=(3, (0,), 1, 2))
    return Town(directory, clerk)


def pieces(count: int) -> Iterator[int]:
    """`count` in pieces of at most BUILDING_GROUP."""
    while count > 0:
        yield min(count, BUILDING_GROUP)
        count -= BUILDING_GROUP
