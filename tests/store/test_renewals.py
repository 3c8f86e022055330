"""What ends what was made before: recoveries and successions as the log has them, on both databases."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from registry.desk.account_life import Succeed
from registry.domain.account import Recovered
from registry.domain.forms import FORMS
from registry.store import renewals
from registry.store.renewals import ENDING, NEVER, Renewals
from tests.books import Book, digest
from tests.desks import does

pytestmark = pytest.mark.on("sqlite", "postgres")
STRANGER = "account/stranger"


@pytest.fixture
def known(book: Book) -> Iterator[Renewals]:
    with closing(Renewals(book.place)) as made:
        yield made


def size_of(book: Book) -> int:
    ((size,),) = book.rows("SELECT size FROM head")
    return int(size)


def recovery_of(book: Book, name: str) -> int:
    with book.clerk() as clerk:
        state = clerk.operator.committer.state(book.accounts[name])
    return max(life.added for life in state.keys.values())


def succeeded(book: Book, name: str) -> int:
    with book.clerk() as clerk:
        account, alice = book.accounts[name], book.accounts["alice"]
        ask = Succeed(
            account=account, successor=alice, reason="merger", document=digest("register")
        )
        (made,) = does(clerk.operator, ask)
    return made.placed.index


def test_a_recovery_is_known_and_so_is_who_was_never_recovered(book: Book, known: Renewals):
    bob, owner = book.accounts["bob"], book.accounts["owner"]

    found = known.last([bob, owner, STRANGER])

    assert found == (
        size_of(book),
        {bob: recovery_of(book, "bob"), owner: NEVER, STRANGER: NEVER},
    )


@pytest.mark.parametrize("entries_max", [renewals.ENTRIES_MAX, 0])
def test_a_succession_is_known_when_it_is_looked_for(
    book: Book, known: Renewals, monkeypatch: pytest.MonkeyPatch, entries_max: int
):
    """Whether what is new is gone through, or all is asked for anew."""
    bob, owner, alice = (book.accounts[name] for name in ("bob", "owner", "alice"))
    _, before = known.last([bob, owner, alice])
    monkeypatch.setattr(renewals, "LOOK_S", 0)
    monkeypatch.setattr(renewals, "ENTRIES_MAX", entries_max)

    index = succeeded(book, "owner")

    assert known.last([owner, bob]) == (size_of(book), {owner: index, bob: before[bob]})
    assert known.last([alice])[1] == {alice: NEVER}


def test_who_asks_again_at_once_asks_nothing_of_the_database(
    book: Book, known: Renewals, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(renewals, "LOOK_S", 3600)
    bob = book.accounts["bob"]
    found = known.last([bob])
    assert known._log is not None
    monkeypatch.setattr(known._log.recorder, "reading", lambda: 1 // 0)

    assert known.last([bob]) == found
    with pytest.raises(ZeroDivisionError):
        known.last([bob, STRANGER])


def test_of_a_log_that_was_restored_nothing_is_believed_that_was_known_before(
    book: Book, known: Renewals, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(renewals, "LOOK_S", 0)
    bob = book.accounts["bob"]
    true = known.last([bob])
    known._size, known._last = true[0] + 1, {bob: true[0]}

    assert known.last([bob]) == true


def test_what_ends_credentials_is_alone_in_the_account_s_part_of_its_act():
    """So the topic of its row, in which it is looked for, is its kind."""
    parts = [part for form in FORMS for part in form.parts]

    assert Recovered.kind in ENDING
    for kind in ENDING:
        own = [part.kinds for part in parts if kind in part.kinds]
        assert own == [(kind,)]
