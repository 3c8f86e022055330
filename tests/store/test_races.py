"""Conflicting acts from many writers at once: one of each pair wins, the other is told why, all grams are counted.

$CARBON_REGISTRY_PAIRS sets how many pairs there are; 1,000 unless it is set, and 200 on a server.
"""

import os
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from registry.acts.propose import propose
from registry.ledger.intent import Signer
from registry.ledger.keys import Key
from registry.place import Place
from registry.store.committer import Receipt, Request
from registry.store.operator import home_of
from tests.auditor import Auditor
from tests.books import Book, Clerk, Parts, digest
from tests.grounds import on_another_machine
from tests.servers import Server
from tests.store import children
from tests.store.days import Asking, head_held, waits_for
from tests.store.lives import CONTEXT, Life, Survivor

PAIRS = int(os.environ.get("CARBON_REGISTRY_PAIRS", "1000"))
SERVER_PAIRS = int(os.environ.get("CARBON_REGISTRY_PAIRS", "200"))
PAIRS_PER_BATCH = 40
GROUP = 64
STAKE_G = 10
RANGES_FROM = 500_000
"""What a pair is about, in grams."""
LOSES = {
    "grams": "insufficient_holding",
    "range": "range_not_held",
    "nonce": "nonce_used",
    "keys": "key_not_valid",
    "ending": "key_not_valid",
}
KINDS = ("grams", "range", "nonce", "keys", "ending", "grams", "range", "nonce")


@dataclass(frozen=True)
class Move:
    """Grams that an act moves if it is recorded."""

    batch: str
    giver: str
    to: str
    amount_g: int


@dataclass(frozen=True)
class Half:
    """One act of a pair."""

    request: Request
    move: Move | None


@dataclass(frozen=True)
class Pair:
    """Two acts of which the rules allow one; of an *ending* the second, or both if it comes second."""

    kind: str
    halves: tuple[Half, Half]


@dataclass
class Arena:
    """Makes what there is to fight about."""

    clerk: Clerk
    batches: list[str]
    keys: dict[str, list[Key]]

    def pair(self, kind: str, number: int) -> Pair:
        batch = self.batches[number % len(self.batches)]
        match kind:
            case "grams":
                return self._grams(batch, f"holder {number}")
            case "range":
                return self._range(batch, number // len(self.batches))
            case "nonce":
                return self._nonce(batch)
            case "keys":
                return self._keys(f"holder {number}")
            case _:
                return self._ending(batch, f"holder {number}")

    def _grams(self, batch: str, holder: str) -> Pair:
        """All that it holds is given, and is retired."""
        given = self._gift(batch, holder, STAKE_G)
        retired, _ = self.clerk.retirement(holder, [(batch, STAKE_G)])
        move = Move(batch, self.clerk.accounts[holder], "retired", STAKE_G)
        return Pair("grams", (given, Half(retired, move)))

    def _range(self, batch: str, place: int) -> Pair:
        """The same serial numbers are retired twice, by the owner who has others."""
        # Far above the lowest, which the owner's other gifts take first.
        start = RANGES_FROM + STAKE_G * place
        serials = (start, start + STAKE_G)
        halves = []
        for _ in range(2):
            setting = self.clerk.setting("owner")
            body = {
                "holder": self.clerk.accounts["owner"],
                "amount_g": STAKE_G,
                "standard": "SCFG",
                "range": serials,
            }
            parts = [
                (batch, [("batch.retired.v1", body)]),
                (setting.new("certificate", 1), [self.clerk.statement()]),
            ]
            move = Move(batch, self.clerk.accounts["owner"], "retired", STAKE_G)
            halves.append(Half(self.clerk.operator.request(setting, parts), move))
        return Pair("range", (halves[0], halves[1]))

    def _nonce(self, batch: str) -> Pair:
        """Another amount under the same nonce."""
        nonce = os.urandom(16)
        one, other = (self._gift(batch, "owner", amount_g, nonce) for amount_g in (1, 2))
        return Pair("nonce", (one, other))

    def _keys(self, holder: str) -> Pair:
        """Each of an account's two keys ends the other."""
        account = self.clerk.accounts[holder]
        first, second = self.keys[holder]
        one, other = (
            Half(self._signed(account, mine, [(account, [_ended(theirs)])]), None)
            for mine, theirs in ((first, second), (second, first))
        )
        return Pair("keys", (one, other))

    def _ending(self, batch: str, holder: str) -> Pair:
        """A key gives all that its account holds, while the other one ends it."""
        account = self.clerk.accounts[holder]
        first, second = self.keys[holder]
        body = _transfer(account, self.clerk.accounts["bob"], STAKE_G)
        given = self._signed(account, first, [(batch, [("batch.transferred.v1", body)])])
        ended = self._signed(account, second, [(account, [_ended(first)])])
        move = Move(batch, account, self.clerk.accounts["bob"], STAKE_G)
        return Pair("ending", (Half(given, move), Half(ended, None)))

    def _gift(self, batch: str, giver: str, amount_g: int, nonce: bytes | None = None) -> Half:
        request = self.clerk.transfer(batch, giver, "bob", amount_g, nonce=nonce)
        accounts = self.clerk.accounts
        return Half(request, Move(batch, accounts[giver], accounts["bob"], amount_g))

    def _signed(self, account: str, key: Key, parts: Parts) -> Request:
        operator = self.clerk.operator
        setting = replace(operator.setting(account), signers=(Signer(account=account, key=key),))
        return operator.sign(propose(setting, parts))


def _ended(key: Key) -> tuple[str, dict[str, Any]]:
    return "account.key_ended.v1", {"key": key}


def _transfer(giver: str, taker: str, amount_g: int) -> dict[str, Any]:
    return {
        "giver": giver,
        "taker": taker,
        "amount_g": amount_g,
        "standard": "SCFG",
        "range": None,
        "venue": None,
        "trade": None,
    }


def open_accounts(clerk: Clerk, names: Sequence[str]) -> dict[str, list[Key]]:
    """Open accounts with two keys each; the keys by name."""
    operator = clerk.operator
    made = operator.keyring.generate(2 * len(names))
    keys = {name: made[2 * place : 2 * place + 2] for place, name in enumerate(names)}
    opened, added, owners = [], [], {}
    settings = {name: clerk.setting("one") for name in names}
    for name, setting in settings.items():
        clerk.accounts[name] = setting.new("account", 0)
        owners |= dict.fromkeys(keys[name], clerk.accounts[name])
    operator.keyring.assign(owners)
    for name, setting in settings.items():
        account, (first, second) = clerk.accounts[name], keys[name]
        own = Signer(account=account, key=first)
        body = {
            "legal_form": "company",
            "controller": account,
            "name": digest(name),
            **_possessed(clerk, account, first),
        }
        parts: Any = [(account, [("account.opened.v1", body)])]
        opened.append(operator.request(setting, parts))
        parts = [(account, [("account.key_added.v1", _possessed(clerk, account, second))])]
        added.append(operator.sign(propose(replace(setting, signers=(own,)), parts)))
    record(clerk, opened)
    record(clerk, added)
    return keys


def _possessed(clerk: Clerk, account: str, key: Key) -> dict[str, Any]:
    return {"key": key, "custodial": True, "possession": clerk.operator.possession(account, key)}


def record(clerk: Clerk, requests: Sequence[Request]) -> None:
    for start in range(0, len(requests), GROUP):
        clerk.operator.record(requests[start : start + GROUP])


def pairs_in(book: Book, count: int) -> tuple[list[Pair], list[str]]:
    """So many pairs, ready to be asked for, and the batches that they are about."""
    with book.clerk() as clerk:
        kinds = [KINDS[number % len(KINDS)] for number in range(count)]
        # Each batch has pairs of all kinds: the number of batches and the number of kinds have no common divisor.
        needed = -(-count // PAIRS_PER_BATCH) | 1
        months = (f"{2020 + at // 12}-{at % 12 + 1:02}" for at in range(needed))
        batches = [
            clerk.issues(book.streams["project"], 10**6, (f"{month}-01", f"{month}-28"))
            for month in months
        ]
        names = [f"holder {number}" for number in range(count) if kinds[number] in STAKED]
        arena = Arena(clerk, batches, open_accounts(clerk, names))
        stakes = [
            clerk.transfer(
                batches[number % needed],
                "owner",
                f"holder {number}",
                STAKE_G,
                serials=(10**5 + STAKE_G * number, 10**5 + STAKE_G * (number + 1)),
            )
            for number in range(count)
            if kinds[number] in STAKED
        ]
        record(clerk, stakes)
        return [arena.pair(kind, number) for number, kind in enumerate(kinds)], batches


STAKED = ("grams", "keys", "ending")


def shared_out(count: int, workers: int, chance: random.Random) -> list[list[tuple[int, int]]]:
    """For each worker what it asks for, (pair, half) each: the halves of a pair go to two, at about the same time."""
    shares: list[list[tuple[int, int]]] = [[] for _ in range(workers)]
    for number in range(count):
        for half, worker in enumerate(chance.sample(range(workers), 2)):
            shares[worker].append((number, half))
    return shares


def raced(places: Sequence[Place], pairs: Sequence[Pair], threads: int) -> list[list[Any]]:
    """What was answered to both halves of each pair, asked for by workers that all write at once: one process for each
    of `places`, with so many threads."""
    processes = len(places)
    shares = shared_out(len(pairs), processes * threads, random.Random(8))
    asked = [[pairs[number].halves[half].request for number, half in share] for share in shares]
    barrier = CONTEXT.Barrier(processes)
    answers: list[list[Any]] = [[None, None] for _ in pairs]
    with ExitStack() as stack:
        lives = []
        for number, place in enumerate(places):
            work = (children.race, place, asked[number * threads :][:threads], barrier)
            lives.append(stack.enter_context(Life(home_of(place).parent, *work)))
        came = [answered for life in lives for answered in life.lived().result]
    for share, told in zip(shares, came, strict=True):
        for (number, half), answer in zip(share, told, strict=True):
            answers[number][half] = answer
    return answers


def counted(book: Book) -> Auditor:
    """The log, folded by somebody who shares no code with the registry."""
    auditor = Auditor()
    with book.clerk() as clerk:
        for placed in clerk.operator.log.entries():
            auditor.enter(placed.data)  # `take` copies all it knows before each
    return auditor


def holdings(auditor: Auditor, batches: Sequence[str]) -> Counter[tuple[str, str]]:
    """Grams by batch and place, the retired ones included."""
    found: Counter[tuple[str, str]] = Counter()
    for batch in batches:
        for place, pieces in auditor.held(batch).items():
            found[batch, place] = sum(end - start for start, end in pieces)
    return found


def outcome(pair: Pair, one: Receipt | str, other: Receipt | str) -> tuple[bool, str]:
    """Whether exactly what may win has won, and what the loser was told, if one lost."""
    told = [answer for answer in (one, other) if isinstance(answer, str)]
    if pair.kind != "ending":
        return len(told) == 1, told[0]
    assert isinstance(other, Receipt)
    in_time = isinstance(one, Receipt) and one.index < other.index
    return in_time == (not told), "".join(told)


@pytest.mark.parametrize(
    ("backend", "processes", "threads", "count"),
    [
        ("sqlite", 8, 1, PAIRS),
        ("sqlite", 1, 8, PAIRS // 4),
        ("sqlite", 2, 4, PAIRS // 4),
        ("postgres", 8, 1, SERVER_PAIRS),
    ],
    indirect=["backend"],
)
def test_of_conflicting_pairs_one_half_each_is_recorded_and_no_gram_is_spent_twice(
    quick: Book, processes: int, threads: int, count: int
) -> None:
    settled(quick, [quick.place] * processes, threads, count)


@pytest.mark.on("postgres")
def test_processes_on_several_machines_exclude_each_other_by_the_server_alone(
    quick: Book, tmp_path: Path
) -> None:
    machines = [on_another_machine(quick, tmp_path / f"machine {number}") for number in range(4)]

    settled(quick, [machine.place for machine in machines], 3, SERVER_PAIRS)


@pytest.mark.on("postgres")
def test_one_request_through_two_machines_at_once_has_one_effect_and_one_answer(
    quick: Book, server: Server, tmp_path: Path
) -> None:
    machines = [quick, on_another_machine(quick, tmp_path / "elsewhere")]
    size = quick.mark.read().size
    with ExitStack() as stack:
        clerks = [stack.enter_context(machine.clerk()) for machine in machines]
        request = clerks[0].transfer(quick.streams["native"], "owner", "bob", 1)
        with head_held(quick):
            asked = [
                stack.enter_context(Asking(lambda clerk=clerk: clerk.operator.record([request])))
                for clerk in clerks
            ]
            waits_for(server, "Lock", 2)
        (one,), (other,) = (asking.wait() for asking in asked)

    assert (one.index, one.leaf) == (other.index, other.leaf) == (size, one.leaf)
    assert quick.audited().entries == size + 1


def settled(quick: Book, places: Sequence[Place], threads: int, count: int) -> None:
    """Return if of `count` pairs one half each was recorded, and no gram spent twice, and each loser was told why."""
    pairs, batches = pairs_in(quick, count)
    before = holdings(counted(quick), batches)

    answers = raced(places, pairs, threads)

    ended = [(pair.kind, *outcome(pair, *both)) for pair, both in zip(pairs, answers, strict=True)]
    assert {(kind, told) for kind, _, told in ended} == {*LOSES.items(), ("ending", "")}
    unfair = [
        (pair.kind, both)
        for pair, both, (_, fair, _) in zip(pairs, answers, ended, strict=True)
        if not fair
    ]
    assert unfair == []
    expected = Counter(before)
    for pair, answer in zip(pairs, answers, strict=True):
        for half, came in zip(pair.halves, answer, strict=True):
            if half.move is not None and isinstance(came, Receipt):
                move = half.move
                expected[move.batch, move.giver] -= move.amount_g
                expected[move.batch, move.to] += move.amount_g
    assert holdings(counted(quick), batches) == +expected
    Survivor(quick).judge()
