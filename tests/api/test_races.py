"""Two ask at the same moment, of two processes or of one, for what only one of them can have: one effect, no gram lost.

The requests that break registries which read, decide and write in three steps: the same grams spent twice, the same
range retired twice, one code claimed twice, one request sent twice.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_bytes

import pytest

from registry.acts import claim_codes
from registry.desk import campaigns
from registry.domain.batch import Batch
from registry.ledger import ids
from registry.store import handout
from registry.store.log import Moment
from tests.api.processes import Answer, Line, Process, key_of, raced, size_of
from tests.books import Book, Clerk, digest, live_at
from tests.desks import does
from tests.grounds import BACKENDS, Schemas, schemas
from tests.servers import server
from tests.store.conftest import write_quickly
from tests.test_cli_ordering import in_days

__all__ = ["schemas", "server"]

ROUNDS = 30
STAKE_G = 10
ISSUED_G = 10_000
RANGES_FROM = 1_000
"""Where nothing else takes grams from."""
HOLDERS = ("alice", "bob", "carol")
STATED = {"purpose": "enterprise", "period": ["2025-01-01", "2025-12-31"], "place": "510100"}


@dataclass
class Arena:
    """A registry that two processes serve, and lines to them: by turns to both of them, and twice to one."""

    book: Book
    clerk: Clerk
    lines: list[tuple[Line, Line]]
    codes: list[str]
    who: dict[str, dict[str, str]]

    @property
    def accounts(self) -> dict[str, str]:
        return self.clerk.accounts

    @property
    def batch(self) -> str:
        return self.book.streams["native"]

    def rounds(self) -> Iterator[tuple[int, Line, Line]]:
        for number in range(ROUNDS):
            yield number, *self.lines[number % len(self.lines)]

    def race(self, *asks: Callable[[], Answer]) -> list[Answer]:
        """The answers to what was asked at once, which came to one entry together."""
        before = size_of(self.clerk.operator)
        answers = raced(asks)
        assert size_of(self.clerk.operator) == before + 1, answers
        return answers

    def holding_g(self, name: str) -> int:
        """What somebody holds now, as a process that knows nothing yet reads it."""
        with self.book.clerk() as after:
            return sum(one.holding(self.accounts[name]).total_g for one in batches_of(after))

    def check(self) -> None:
        """No gram is there twice or has gone, and whoever audits the log finds nothing wrong."""
        with self.book.clerk() as after:
            batches = batches_of(after)
        there_g = sum(one.held_g + one.locked_g + one.retired_g for one in batches)
        held_g = sum(ranges.total_g for one in batches for ranges in one.held.values())
        assert there_g == ISSUED_G
        assert held_g == sum(one.held_g for one in batches)
        self.book.audited()


def batches_of(clerk: Clerk) -> list[Batch]:
    with clerk.operator.log.recorder.reading() as cursor:
        names = Moment(cursor).streams("batch/")
    return [clerk.operator.committer.state(name) for name in names]


@pytest.fixture(scope="module", params=BACKENDS)
def arena(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    base: Path = tmp_path_factory.mktemp("races")
    with ExitStack() as stack:
        live_at(base, stack.enter_context(pytest.MonkeyPatch.context()))
        place = base / "registry"
        if request.param == "postgres":
            names = ("server", "schemas")
            ground = Schemas(*(request.getfixturevalue(name) for name in names))
            stack.callback(ground.close)
            place = ground.place(base)
        book = write_quickly(place)
        clerk = stack.enter_context(book.clerk())
        for name in ("carol", "dora"):
            clerk.opens(name)
        codes = [claim_codes.spell(token_bytes(16)) for _ in range(ROUNDS)]
        gives(clerk, codes)
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", STAKE_G)])
        processes = [stack.enter_context(Process(place)) for _ in range(2)]
        for one in processes:
            one.listens()
        first, second, third = (processes[at].line() for at in (0, 1, 0))
        for line in (first, second, third):
            stack.callback(line.close)
        who = {name: key_of(place, clerk.accounts[name]) for name in ("owner", *HOLDERS)}
        yield Arena(book, clerk, [(first, second), (first, third)], codes, who)


def gives(clerk: Clerk, codes: list[str]) -> None:
    """A campaign that gives STAKE_G to whoever has one of `codes`."""
    operator = clerk.operator
    opened = campaigns.Open(
        organiser=clerk.accounts["owner"],
        occasion="a meeting",
        terms=digest("terms"),
        standard="SCFG",
        each=f"{STAKE_G}g",
        deadline=in_days(30),
        retire_only=False,
    )
    campaign = does(operator, opened)[0].placed.entry.intent.parts[0].stream
    does(operator, campaigns.Fund(campaign=campaign, amount=f"{STAKE_G * len(codes)}g"))
    gifts = []
    for code in codes:
        seed = claim_codes.seed(claim_codes.read(code), log=operator.id, campaign=campaign)
        gifts.append(campaigns.Gift(taker=ids.bearer(handout.public_key(seed))))
    does(operator, campaigns.Give(campaign=campaign, gifts=tuple(gifts)))


def winner(answers: list[Answer], *codes: str) -> int:
    """Which of two was recorded; the other one was refused by the rules, with one of `codes`."""
    lost = [one for one in answers if one.status != 201]
    assert len(lost) == 1, answers
    assert (lost[0].status, lost[0].code) in {(409, code) for code in codes} | {(404, "no_gift")}
    return 1 - answers.index(lost[0])


def others_of(holder: str) -> list[str]:
    return [name for name in HOLDERS if name != holder]


def test_the_same_grams_are_not_spent_twice(arena: Arena):
    (holder,) = (name for name in HOLDERS if arena.holding_g(name) == STAKE_G)
    for number, one, other in arena.rounds():
        of = {"giver": arena.accounts[holder], "batch": arena.batch, "amount": f"{STAKE_G}g"}
        takers = others_of(holder)
        answers = arena.race(
            *(
                partial(
                    line.post,
                    "/transfers",
                    {**of, "taker": arena.accounts[taker]},
                    arena.who[holder],
                    key=f"spent {number} by {taker}",
                )
                for line, taker in zip((one, other), takers, strict=True)
            )
        )
        holder = takers[winner(answers, "insufficient_holding")]

    assert arena.holding_g(holder) == STAKE_G
    arena.check()


def test_the_same_grams_are_not_spent_twice_by_signed_intents(arena: Arena):
    (holder,) = (name for name in HOLDERS if arena.holding_g(name) == STAKE_G)
    for _, one, other in arena.rounds():
        takers = others_of(holder)
        signed = [arena.clerk.transfer(arena.batch, holder, own, STAKE_G) for own in takers]
        answers = arena.race(partial(one.submit, signed[0]), partial(other.submit, signed[1]))
        holder = takers[winner(answers, "insufficient_holding")]

    assert arena.holding_g(holder) == STAKE_G
    arena.check()


def test_the_same_range_is_not_retired_twice(arena: Arena):
    before_g = arena.holding_g("owner")
    for number, one, other in arena.rounds():
        first = RANGES_FROM + number
        said = {
            **STATED,
            "holder": arena.accounts["owner"],
            "batch": arena.batch,
            "serials": [f"{first}", f"{first}"],
            "amount": "1g",
        }
        answers = arena.race(
            partial(one.post, "/retirements", said, arena.who["owner"], key=f"used {number} a"),
            partial(other.post, "/retirements", said, arena.who["owner"], key=f"used {number} b"),
        )
        winner(answers, "range_not_held")

    assert arena.holding_g("owner") == before_g - ROUNDS
    arena.check()


def test_a_code_is_not_claimed_twice(arena: Arena):
    names = ("dora", "owner")
    before_g = {name: arena.holding_g(name) for name in names}
    won = dict.fromkeys(names, 0)
    for number, one, other in arena.rounds():
        answers = arena.race(
            *(
                partial(
                    line.post,
                    "/gifts/claim",
                    {"code": arena.codes[number], "to": arena.accounts[name]},
                    key=f"claimed {number} by {name}",
                )
                for line, name in zip((one, other), names, strict=True)
            )
        )
        won[names[winner(answers, "insufficient_holding", "not_given")]] += STAKE_G

    assert sum(won.values()) == ROUNDS * STAKE_G
    assert {name: arena.holding_g(name) - before_g[name] for name in names} == won
    arena.check()


def test_one_request_under_one_key_is_one_act(arena: Arena):
    before_g = arena.holding_g("owner")
    for number, one, other in arena.rounds():
        said = {**STATED, "holder": arena.accounts["owner"], "amount": "1g", "batch": arena.batch}
        ask = ("/retirements", said, arena.who["owner"])
        answers = arena.race(
            partial(one.post, *ask, key=f"one {number}"),
            partial(other.post, *ask, key=f"one {number}"),
        )
        assert [answer.status for answer in answers] == [201, 201]
        assert answers[0].told["entries"] == answers[1].told["entries"]
        assert sorted(answer.told["replayed"] for answer in answers) == [False, True]

    assert arena.holding_g("owner") == before_g - ROUNDS
    arena.check()


def test_of_two_requests_under_one_key_one_is_done(arena: Arena):
    for number, one, other in arena.rounds():
        said = {**STATED, "holder": arena.accounts["owner"], "batch": arena.batch}
        answers = arena.race(
            *(
                partial(
                    line.post,
                    "/retirements",
                    {**said, "amount": amount},
                    arena.who["owner"],
                    key=f"two {number}",
                )
                for line, amount in ((one, "1g"), (other, "2g"))
            )
        )
        (refused,) = (answer for answer in answers if answer.status != 201)
        assert (refused.status, refused.code) == (422, "idempotency_key_reused")

    arena.check()


def test_an_intent_that_is_sent_twice_is_one_act(arena: Arena):
    before_g = arena.holding_g("owner")
    for _, one, other in arena.rounds():
        signed = arena.clerk.transfer(arena.batch, "owner", "dora", 1)
        answers = arena.race(partial(one.submit, signed), partial(other.submit, signed))
        assert [answer.status for answer in answers] == [201, 201]
        assert answers[0].indexes == answers[1].indexes
        back = arena.clerk.transfer(arena.batch, "dora", "owner", 1)
        assert other.submit(back).status == 201

    assert arena.holding_g("owner") == before_g
    arena.check()
