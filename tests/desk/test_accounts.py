"""What is asked of accounts, their keys and ties, read strictly; and keys made here, kept once they are used."""

from typing import Any

import pytest

from registry.desk import account_life, freezes, keys, offers, policies, standards, ties
from registry.desk.ask import Ask, asked
from registry.errors import RefusedError, UsageError
from tests.books import Book, book, shelf
from tests.desks import desk_of, does, new_key

__all__ = ["book", "shelf"]

PAPER = "ab" * 32
ACCOUNT = {"account": "account/qrstuvwxyz234567"}
SOME = {**ACCOUNT, "amount": "12.5"}
KIND = {"standard": "CCER", "credit_class": "reduction"}


def test_amounts_and_bytes_are_read_exactly() -> None:
    settled = asked(ties.Settle, reserve=7, amount="27g", taker="account/x")
    brought = asked(keys.AddKey, **ACCOUNT, public="CD" * 32, possession="ef" * 64)

    assert (settled.amount, asked(ties.Pledge, **SOME, pledgee="b", document=PAPER).amount) == (
        27,
        12_500_000,
    )
    assert (brought.public, brought.possession) == (b"\xcd" * 32, b"\xef" * 64)
    assert asked(standards.Recognise, **KIND).unit_g == 1_000_000
    assert asked(standards.Recognise, **KIND, unit="0.5").unit_g == 500_000


@pytest.mark.parametrize(
    ("kind", "said", "field"),
    [
        (account_life.Open, {"name": "n", "legal_form": "person", "public": "cd" * 31}, "public"),
        (keys.AddKey, {**ACCOUNT, "public": " " + "cd" * 31 + "c"}, "public"),
        (keys.AddKey, {**ACCOUNT, "public": "cd" * 32, "possession": "ef" * 63}, "possession"),
        (keys.AddKey, {**ACCOUNT, "public": 1}, "public"),
        (keys.AnnounceRecovery, {**ACCOUNT, "identity": PAPER}, "notice"),
        (keys.RotateLogKey, {"now": True}, "now"),
        (account_life.AcceptFirst, {**ACCOUNT, "required": 0}, "required"),
        (account_life.EndMandate, {"mandate": "7"}, "mandate"),
        (account_life.NotifyAll, {"entry": -1, "channel": "app", "document": PAPER}, "entry"),
        (ties.Pledge, {**SOME, "amount": "0", "pledgee": "b", "document": PAPER}, "amount"),
        (ties.Reserve, {**SOME, "amount": 12, "mandate": 7}, "amount"),
        (ties.Seize, {**SOME, "taker": "b", "document": PAPER, "serials": "9..1"}, "serials"),
        (offers.Make, {"amount": "1", "giver": "a", "taker": "b"}, "until"),
        (offers.Accept, {"offer": 7.0}, "offer"),
        (freezes.Renew, {"freeze": True, "until": "2027-01-01", "document": PAPER}, "freeze"),
        (standards.Recognise, {**KIND, "unit": "0"}, "unit"),
        (standards.Recognise, {**KIND, "claims": ["meeting"] * 65}, "claims"),
    ],
)
def test_what_is_said_loosely_is_malformed(
    kind: type[Ask], said: dict[str, Any], field: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        asked(kind, **said)

    assert (refusal.value.code, refusal.value.facts["field"]) == ("malformed", field)


def test_numbers_and_formats_are_read_when_it_is_known_of_what_they_are(book: Book) -> None:
    share = asked(policies.Set, policy="buffer_share", number="5%", document=PAPER)
    foreign = asked(standards.Recognise, **KIND, home="VCS", serial_format="12:0:1")
    alone = asked(keys.AddKey, account=book.accounts["owner"], possession="00" * 64)
    with book.clerk() as clerk:
        desk = desk_of(clerk.operator)
        for ask, field in ((share, "number"), (foreign, "serial_format"), (alone, "public")):
            with pytest.raises(UsageError) as refusal:
                ask.plans(desk)

            assert (refusal.value.code, refusal.value.facts["field"]) == ("malformed", field)


def stored(book: Book) -> int:
    """How many private keys are kept."""
    ((count,),) = book.rows("SELECT count(*) FROM keys", file="keys.db")
    return int(count)


def test_a_key_made_here_is_kept_once_its_act_is_made_and_not_when_it_is_asked_for(
    book: Book,
) -> None:
    before = stored(book)
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        desk = desk_of(operator)
        for ask in (
            keys.AddKey(account=owner),
            keys.RotateKeys(account=owner),
            account_life.Open(name="n", legal_form="person"),
            keys.RotateLogKey(),
        ):
            ask.plans(desk)
        desk.let_go()
        assert stored(book) == before

        made = new_key(does(operator, keys.RotateKeys(account=owner)))

        assert stored(book) == before + 1
        assert operator.kept(owner) == [made]
    assert book.fault() is None


def test_a_rehearsed_rotation_keeps_no_key(book: Book) -> None:
    before = stored(book)
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        kept = operator.kept(owner)
        desk = desk_of(operator, dry_run=True)

        made = new_key(desk.perform(keys.RotateKeys(account=owner).plans(desk)))
        desk.let_go()

        assert operator.kept(owner) == kept
        assert made not in kept
        assert stored(book) == before
        with pytest.raises(RefusedError) as refusal:
            operator.keyring.sign(made, b"message")
        assert refusal.value.code == "no_private_key"


def test_whoever_asks_signs_for_themselves_and_an_officer_for_others(book: Book) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        (officer,) = desk_of(operator).officers(1)

        assert desk_of(operator).itself_or_officer(owner) == owner
        assert desk_of(operator, mine=frozenset({owner})).itself_or_officer(owner) == owner
        assert desk_of(operator, mine=frozenset({officer})).itself_or_officer(owner) == officer
