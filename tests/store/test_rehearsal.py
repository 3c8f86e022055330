"""A rehearsal says what an act would come to, as the act then does, and leaves no trace."""

import pytest

from registry.errors import RefusedError
from registry.ledger import ids
from registry.ledger.intent import Signer
from registry.ledger.keys import SUITE
from registry.store.committer import Request
from tests.books import FRAGMENTS, Book, Clerk

pytestmark = pytest.mark.on("sqlite", "postgres")

KEPT = {
    "registry.db": ("stored_events", "tree", "nonces", "detached", "head"),
    "openings.db": ("openings",),
    "keys.db": ("keys",),
}


def transfer(clerk: Clerk, book: Book, amount_g: int) -> Request:
    return clerk.transfer(book.streams["native"], "owner", "alice", amount_g)


def kept(book: Book) -> object:
    """Everything that acts write."""
    rows = [
        sorted(map(repr, map(tuple, book.rows(f"SELECT * FROM {table}", file=file))))  # noqa: S608  # names in this file
        for file, tables in KEPT.items()
        for table in tables
    ]
    return rows, book.mark.read()


def test_an_act_comes_to_what_its_rehearsal_said(book: Book) -> None:
    with book.clerk() as clerk:
        request = transfer(clerk, book, 5)

        (foreseen,) = clerk.operator.rehearse([request])

        (receipt,) = clerk.operator.record([request])
        (made,) = list(clerk.operator.log.entries(receipt.index))
        assert foreseen.index == receipt.index == made.index
        assert list(foreseen.happened()) == list(made.happened())
        assert foreseen.entry.places == made.entry.places


def test_a_rehearsal_leaves_log_mark_names_and_keys_as_they_were(book: Book) -> None:
    before = kept(book)

    with book.clerk() as clerk:
        used = [(book.streams["foreign"], 5)]
        request, certificate = clerk.retirement("alice", used, standard="VCU")
        (foreseen,) = clerk.operator.rehearse([request])

    assert request.openings
    assert foreseen.entry.intent.parts[-1].stream == certificate
    assert kept(book) == before


def test_each_act_is_rehearsed_after_those_before_it(book: Book) -> None:
    with book.clerk() as clerk:
        requests = [transfer(clerk, book, 2), transfer(clerk, book, 3)]

        first, second = clerk.operator.rehearse(requests)

        ranges = [made.outcome["ranges"] for one in (first, second) for made in one.happened()]
        assert ranges[0][0][1] == ranges[1][0][0]
        assert second.index == first.index + 1


def test_many_ranges_are_foreseen_though_they_would_stand_beside_the_entry(book: Book) -> None:
    with book.clerk() as clerk:
        native = book.streams["native"]
        scattered = [
            clerk.transfer(native, "owner", "bob", 1, serials=(600 + 2 * at, 601 + 2 * at))
            for at in range(FRAGMENTS)
        ]
        back = clerk.transfer(native, "bob", "alice", FRAGMENTS)

        *_, last = clerk.operator.rehearse([*scattered, back])

        (made,) = last.happened()
        assert len(made.outcome["ranges"]) == FRAGMENTS


def test_what_would_be_refused_is_refused_as_a_whole(book: Book) -> None:
    before = kept(book)

    with book.clerk() as clerk:
        requests = [transfer(clerk, book, 1), transfer(clerk, book, 10**9)]
        with pytest.raises(RefusedError) as refusal:
            clerk.operator.rehearse(requests)

    assert refusal.value.code == "insufficient_holding"
    assert kept(book) == before


def test_a_rehearsal_sees_what_others_wrote_and_what_was_recorded_here(book: Book) -> None:
    with book.clerk() as clerk, book.clerk() as other:
        clerk.operator.record([transfer(clerk, book, 1)])
        other.operator.record([transfer(other, book, 1)])

        (foreseen,) = clerk.operator.rehearse([transfer(clerk, book, 1)])

        (receipt,) = other.operator.record([transfer(other, book, 1)])
        assert foreseen.index == receipt.index


def test_a_key_that_was_made_is_not_kept_before_that_is_asked_for(book: Book) -> None:
    before = kept(book)

    with book.clerk() as clerk:
        key = clerk.operator.keyring.make()
        signature = clerk.operator.keyring.sign(key, b"message")

    assert len(signature) == 64
    assert kept(book) == before


def test_a_key_in_hand_signs_for_its_bearer_and_is_kept_nowhere(book: Book) -> None:
    before = kept(book)

    with book.clerk() as clerk:
        key = clerk.operator.keyring.hold(b"\x05" * 32)
        bearer = Signer(account=ids.bearer(key), key=key)
        setting = clerk.operator.setting(bearer, clerk.accounts["one"])

    assert key[0] == SUITE
    assert [signer.account for signer in setting.signers] == [bearer.account, clerk.accounts["one"]]
    assert kept(book) == before
