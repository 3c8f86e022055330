"""Keys that are kept for an act before it is recorded: forgotten if it never is, and no other key ever."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from registry.acts.propose import propose
from registry.desk.account_life import Open
from registry.desk.ask import Ask
from registry.desk.keys import (
    AddKey,
    AnnounceRecovery,
    RotateKeys,
    RotateLogKey,
    WithdrawRecovery,
)
from registry.errors import RefusedError
from registry.ledger.intent import LIFE_US_MAX, Signer
from registry.ledger.keys import Key, key_id
from registry.store import keyring
from registry.store import operator as operating
from registry.store.keyring import Keyring
from registry.store.operator import Operator
from tests.books import Book, digest
from tests.desks import desk_of, does

pytestmark = pytest.mark.on("sqlite", "postgres")
AGES_US = 10**15
PAPERS = {"identity": digest("identity"), "notice": digest("notice")}


@pytest.fixture
def operator(quick: Book) -> Iterator[Operator]:
    with quick.clerk() as clerk:
        yield clerk.operator


def kept(book: Book) -> set[bytes]:
    """The ids of the keys that are kept."""
    return {row[0] for row in book.rows("SELECT key_id FROM keys", file="keys.db")}


def pending(book: Book) -> set[bytes]:
    return {row[0] for row in book.rows("SELECT key_id FROM pending", file="keys.db")}


def made_by(book: Book, act: Any) -> set[bytes]:
    """The ids of the keys that are kept since `act`."""
    before = kept(book)
    act()
    return kept(book) - before


def prepared(operator: Operator, ask: Ask) -> None:
    """Have what is asked for prepared, and never recorded."""
    desk = desk_of(operator)
    for plan in ask.plans(desk):
        desk.proposed(plan)
    desk.let_go()


def years_later(operator: Operator, account: str, monkeypatch: pytest.MonkeyPatch) -> set[bytes]:
    """Have another key kept when whatever is pending is so for long; its id."""
    monkeypatch.setattr(operating, "PENDING_US", -AGES_US)
    key = operator.keyring.make()
    # It is the youngest of them, and for nobody: whatever is before it is settled first.
    operator.keep(key, account)
    operator.keyring.let_go(key)
    return {key_id(key)}


def test_a_key_of_an_act_that_was_never_recorded_is_forgotten_in_the_end(
    quick: Book, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, before = quick.accounts["alice"], kept(quick)
    asks = [
        AddKey(account=alice),
        RotateKeys(account=quick.accounts["bob"]),
        AnnounceRecovery(account=quick.accounts["owner"], **PAPERS),
        Open(name="nobody", legal_form="company"),
    ]
    lost = [made_by(quick, lambda ask=ask: prepared(operator, ask)) for ask in asks]
    at_once = kept(quick)

    youngest = years_later(operator, alice, monkeypatch)

    assert [len(one) for one in lost] == [1] * 4
    assert at_once == before.union(*lost)
    assert kept(quick) - youngest == before
    assert pending(quick) <= youngest
    assert Keyring(quick.directory).keys_of(alice)[0] in operator.kept(alice)


def test_a_key_that_the_log_names_is_kept_for_good(
    quick: Book, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it speaks, is announced, or was announced and that was taken back; and the log's own in any case."""
    alice, bob, owner = (quick.accounts[name] for name in ("alice", "bob", "owner"))
    before = kept(quick)
    asks: list[Ask] = [
        AddKey(account=alice),
        RotateKeys(account=bob),
        Open(name="somebody", legal_form="company"),
        AnnounceRecovery(account=owner, **PAPERS),
        WithdrawRecovery(account=owner),
        AnnounceRecovery(account=owner, **PAPERS),
    ]
    for ask in asks:
        does(operator, ask)
    prepared(operator, RotateLogKey())
    named = kept(quick) - before

    years_later(operator, alice, monkeypatch)

    assert len(named) == 6
    assert kept(quick) >= before | named
    assert pending(quick).isdisjoint(named)
    speaking = operator.committer.state(owner).recovery.key
    assert operator.keyring.sign(speaking, b"message")


def test_nothing_is_forgotten_while_an_intent_with_the_key_could_wait(
    quick: Book, operator: Operator
) -> None:
    alice = quick.accounts["alice"]
    lost = made_by(quick, lambda: prepared(operator, AddKey(account=alice)))
    does(operator, AddKey(account=alice))

    assert lost <= kept(quick)
    assert lost <= pending(quick)
    assert operating.PENDING_US > LIFE_US_MAX


def test_so_many_keys_are_made_for_an_account_within_an_hour(
    quick: Book, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "PENDING_MAX", 2)
    alice, bob = quick.accounts["alice"], quick.accounts["bob"]
    for _ in range(2):
        prepared(operator, AddKey(account=alice))
    before = kept(quick)

    with pytest.raises(RefusedError) as refusal:
        prepared(operator, AddKey(account=alice))

    assert refusal.value.code == "too_many_pending_keys"
    assert kept(quick) == before
    prepared(operator, AddKey(account=bob))
    monkeypatch.setattr(keyring, "PENDING_WITHIN_US", -AGES_US)
    prepared(operator, AddKey(account=alice))


def test_a_key_that_does_not_speak_yet_or_any_more_signs_nothing(
    quick: Book, operator: Operator
) -> None:
    """Whom an account is recovered from would have acts signed with the announced key, for when it speaks."""
    owner = quick.accounts["owner"]
    (old,) = operator.kept(owner)
    does(operator, RotateKeys(account=owner))
    does(operator, AnnounceRecovery(account=owner, **PAPERS))
    announced = operator.committer.state(owner).recovery.key
    (speaking,) = operator.kept(owner)
    signed = {}
    for key in (old, speaking, announced):
        setting = operator.setting(Signer(account=owner, key=key))
        proposal = propose(setting, [(owner, [("account.closed.v1", {})])])
        with suppress(RefusedError):
            signed |= operator.signatures(proposal.intent, proposal.data, [owner])

    assert set(signed) == {speaking}


def test_a_key_that_is_not_pending_is_never_forgotten(quick: Book, operator: Operator) -> None:
    """Such as all of a keyring of before."""
    (key,) = operator.keyring.generate()
    operator.keyring.assign({key: quick.accounts["alice"]})

    operator.keyring.pending(AGES_US, 8)
    operator.keyring.forget(key)

    assert key_id(key) in kept(quick)
    assert_signs(Keyring(quick.directory), key)


def assert_signs(keyring: Keyring, key: Key) -> None:
    assert len(keyring.sign(key, b"message")) == 64
