"""Keys kept for accounts: which of them signs, and how they come, go, and are recovered."""

from typing import Any

import pytest
from nacl.signing import SigningKey

from registry.acts import keys as acts
from registry.desk.ask import Ask
from registry.desk.keys import (
    AddKey,
    AnnounceRecovery,
    CompleteRecovery,
    EndKey,
    RotateKeys,
    RotateLogKey,
    StopRecovery,
    WithdrawRecovery,
)
from registry.domain.account import Account
from registry.errors import BrokenHistoryError, RefusedError
from registry.history import POSSESSION_PURPOSE
from registry.ledger import keys
from registry.ledger.intent import Signer
from registry.ledger.keys import SUITE, Key, key_id
from registry.ledger.note import open_checkpoint
from registry.store.clock import Clock
from registry.store.log import Moment
from registry.store.operator import Operator
from registry.store.proofs import certificate_proof
from registry.verifier.audit import audit
from registry.verifier.certificate import verify
from registry.verifier.trust import Memory
from tests.books import Book, Clerk, digest
from tests.desks import does, new_key

pytestmark = pytest.mark.on("sqlite", "postgres")

DAY_US = 24 * 3600 * 1_000_000


def state_of(operator: Operator, account: str) -> Account:
    with operator.log.recorder.reading() as cursor:
        state: Account = Moment(cursor).stream(account).state
    return state


def signer(operator: Operator, account: str) -> Signer:
    (found,) = operator.setting(account).signers
    return found


def refused(act: Any) -> RefusedError:
    with pytest.raises(RefusedError) as refusal:
        act()
    return refusal.value


def brought(operator: Operator, account: str, name: str) -> dict[str, bytes]:
    """A key that its holder made, and what shows it to be in hand."""
    signing = SigningKey(digest(name))
    key = (SUITE, bytes(signing.verify_key))
    message = keys.possession_message(operator.id, account, key, POSSESSION_PURPOSE)
    return {"public": key[1], "possession": signing.sign(message).signature}


def ends(operator: Operator, account: str, key: Key) -> None:
    does(operator, EndKey(account=account, key_id=key_id(key).hex()))


def announcement(account: str, **theirs: bytes) -> AnnounceRecovery:
    return AnnounceRecovery(
        account=account, identity=digest("identity"), notice=digest("notice"), **theirs
    )


def moves_a_gram(clerk: Clerk, book: Book) -> None:
    clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])


def test_after_a_rotation_the_new_key_signs_and_the_old_one_has_ended(book: Book) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        old = signer(operator, owner).key

        made = does(operator, RotateKeys(account=owner))

        state = state_of(operator, owner)
        assert signer(operator, owner).key == new_key(made) != old
        assert (state.keys[old].ended, state.keys[new_key(made)].custodial) == (
            made[1].placed.index,
            True,
        )
        moves_a_gram(clerk, book)
    with book.clerk() as again:
        assert signer(again.operator, owner).key == new_key(made)
        moves_a_gram(again, book)
    assert book.fault() is None


def test_a_rotation_replaces_every_key_kept_here_and_no_other(book: Book) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        does(operator, AddKey(account=owner))
        own = new_key(does(operator, AddKey(account=owner, **brought(operator, owner, "own"))))

        made = does(operator, RotateKeys(account=owner))

        living = {key for key, life in state_of(operator, owner).keys.items() if not life.ended}
        assert living == {new_key(made), own}


def test_a_rotation_that_is_refused_changes_no_key(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        before = state_of(operator, owner)
        whole = acts.end
        monkeypatch.setattr(acts, "end", lambda by, of, _key: whole(by, of, (SUITE, bytes(32))))

        assert refused(lambda: does(operator, RotateKeys(account=owner))).code == "key_unknown"

        assert state_of(operator, owner) == before
        assert signer(operator, owner).key in before.keys
        moves_a_gram(clerk, book)


def test_another_process_that_rotates_is_noticed_before_the_next_act(book: Book) -> None:
    with book.clerk() as clerk, book.clerk() as other:
        moves_a_gram(clerk, book)

        made = does(other.operator, RotateKeys(account=book.accounts["owner"]))

        assert signer(clerk.operator, book.accounts["owner"]).key == new_key(made)
        moves_a_gram(clerk, book)


def test_of_several_keys_that_speak_the_one_added_last_signs(book: Book) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        added = [new_key(does(operator, AddKey(account=owner))) for _ in range(3)]

        assert operator.kept(owner)[1:] == added
        assert signer(operator, owner).key == added[-1]
        ends(operator, owner, added[-1])
        assert signer(operator, owner).key == added[-2]


def test_the_last_key_does_not_end(book: Book) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        only = signer(operator, owner).key

        assert refused(lambda: ends(operator, owner, only)).code == "last_key"
        assert signer(operator, owner).key == only


def test_a_key_that_the_log_never_took_signs_nothing(book: Book) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        (made,) = operator.keyring.generate()
        operator.keyring.assign({made: owner})

        assert made not in operator.kept(owner)
        assert signer(operator, owner).key != made


def test_a_holder_who_brings_a_key_takes_the_account_into_their_own_hands(book: Book) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        kept = signer(operator, owner).key
        own = brought(operator, owner, "own")

        made = does(operator, AddKey(account=owner, **own))
        ends(operator, owner, kept)

        assert not state_of(operator, owner).keys[new_key(made)].custodial
        refusal = refused(lambda: operator.setting(owner))
        assert (refusal.code, refusal.facts) == ("no_private_key", {"account": owner})
        assert refused(lambda: does(operator, RotateKeys(account=owner))).code == "no_private_key"


def test_a_key_that_is_not_in_hand_is_not_added(book: Book) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        own = brought(operator, owner, "own") | {"possession": bytes(64)}

        assert (
            refused(lambda: does(operator, AddKey(account=owner, **own))).code == "bad_possession"
        )


def test_a_lost_key_is_recovered_once_the_days_are_over(book: Book) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        old = signer(operator, owner).key

        announced = does(operator, announcement(owner))
        early = refused(lambda: does(operator, CompleteRecovery(account=owner)))
        assert signer(operator, owner).key == old
        now_us = operator.committer.clock.now_us()
        operator.committer.clock = Clock(wall=lambda: now_us + 7 * DAY_US)
        done = does(operator, CompleteRecovery(account=owner))

        state = state_of(operator, owner)
        assert early.code == "too_early"
        assert signer(operator, owner).key == new_key(announced)
        assert state.keys[old].ended == done[0].placed.index
        assert (state.is_recovered, state.keys[new_key(announced)].custodial) == (True, True)
        moves_a_gram(clerk, book)


def test_a_recovery_gives_the_key_that_the_holder_brings(book: Book) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        own = brought(operator, owner, "own")

        does(operator, announcement(owner, **own))

        recovery = state_of(operator, owner).recovery
        assert recovery is not None
        assert (recovery.key[1], recovery.custodial) == (own["public"], False)


@pytest.mark.parametrize("end", [StopRecovery, WithdrawRecovery])
def test_a_recovery_ends_before_it_is_completed(book: Book, end: type[Ask]) -> None:
    with book.clerk() as clerk:
        operator, owner = clerk.operator, book.accounts["owner"]
        does(operator, announcement(owner))

        does(operator, end(account=owner))

        assert state_of(operator, owner).recovery is None
        for ask in (CompleteRecovery, end):
            refusal = refused(lambda ask=ask: does(operator, ask(account=owner)))
            assert (refusal.code, refusal.facts) == ("no_recovery", {"account": owner})


def test_of_three_officers_two_strangers_to_the_account_recover_it(book: Book) -> None:
    with book.clerk() as clerk:
        operator = clerk.operator
        clerk.opens("three", role="officer")
        for name in ("one", "two", "three"):
            does(operator, announcement(clerk.accounts[name]))

            assert state_of(operator, clerk.accounts[name]).recovery is not None


def test_an_officer_is_not_recovered_by_himself_and_the_only_other(book: Book) -> None:
    with book.clerk() as clerk:
        operator, one = clerk.operator, book.accounts["one"]

        refusal = refused(lambda: does(operator, announcement(one)))

        assert (refusal.code, refusal.facts["officer"]) == ("own_account", one)


def test_officers_whose_keys_are_kept_here_are_taken_before_others(book: Book) -> None:
    with book.clerk() as clerk:
        operator = clerk.operator
        officers = operator.officers()
        clerk.opens("three", role="officer")
        own = brought(operator, officers[0], "own")
        does(operator, AddKey(account=officers[0], **own))
        ends(operator, officers[0], operator.kept(officers[0])[-1])

        made = does(operator, announcement(book.accounts["owner"]))

        with operator.log.recorder.reading() as cursor:
            asked = Moment(cursor).placed(made[0].placed.index).entry.intent
        assert {person.account for person in asked.signers} == {
            officers[1],
            clerk.accounts["three"],
        }


def test_officers_of_one_controller_do_not_sign_together(book: Book) -> None:
    with book.clerk() as clerk:
        operator, one = clerk.operator, book.accounts["one"]
        for name in ("deputy", "second deputy"):
            account = opens_under(clerk, name, one)
            clerk.grants(account, "officer")

        made = does(operator, announcement(book.accounts["owner"]))

        with operator.log.recorder.reading() as cursor:
            asked = Moment(cursor).placed(made[0].placed.index).entry.intent
        assert book.accounts["two"] in {person.account for person in asked.signers}


def opens_under(clerk: Clerk, name: str, controller: str) -> str:
    """An account that an officer controls, opened by the other."""
    operator = clerk.operator
    (key,) = operator.keyring.generate()
    setting = clerk.setting("two", "one")
    account = setting.new("account", 0)
    operator.keyring.assign({key: account})
    body = {
        "legal_form": "person",
        "controller": controller,
        "key": key,
        "custodial": True,
        "possession": operator.possession(account, key),
        "name": digest(name),
    }
    return clerk.begins(setting, account, [(account, [("account.opened.v1", body)])])


def test_the_log_s_key_is_replaced_and_signs_every_checkpoint_from_then_on(book: Book) -> None:
    with book.clerk() as clerk:
        operator = clerk.operator

        made = does(operator, RotateLogKey())

        new = operator.vkey()
        assert new.public == new_key(made)[1] != book.key.public
        ((checkpoint,),) = book.rows("SELECT checkpoint FROM head")
        assert open_checkpoint(bytes(checkpoint), new).size == made[0].placed.index + 1
        (moved,) = operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])
        assert open_checkpoint(moved.checkpoint, new).size == moved.index + 1
    for pinned in (book.key, new):
        assert audit(book.place, pinned).signer == new


def test_the_same_checkpoint_is_signed_by_every_process_whichever_replaced_the_key(
    book: Book,
) -> None:
    with book.clerk() as clerk, book.clerk() as other:
        made = does(other.operator, RotateLogKey())

        assert made[0].placed.index == book.mark.read().size - 1
        (first,) = clerk.operator.record(
            [clerk.transfer(book.streams["native"], "owner", "bob", 1)]
        )
        book.change("UPDATE head SET checkpoint = NULL")
    with book.clerk():
        pass

    assert book.rows("SELECT checkpoint FROM head") == [(first.checkpoint,)]


def test_a_crash_after_the_key_was_replaced_is_made_good_with_the_new_key(book: Book) -> None:
    with book.clerk() as clerk:
        does(clerk.operator, RotateLogKey())
    signed = book.rows("SELECT checkpoint FROM head")
    book.change("UPDATE head SET checkpoint = NULL")

    with book.clerk():
        pass

    assert book.rows("SELECT checkpoint FROM head") == signed
    assert book.fault() is None


def test_an_old_checkpoint_stays_the_evidence_that_it_was_after_the_key_was_replaced(
    book: Book,
) -> None:
    book.audited()
    with book.clerk() as clerk:
        does(clerk.operator, RotateLogKey())
        new = clerk.operator.vkey()
    forked = Memory(key=book.key)
    forked.file.write_bytes(book.signed_again(book.mark.read().size - 1, digest("another root")))

    for pinned in (book.key, new):
        with pytest.raises(BrokenHistoryError) as fault:
            audit(book.place, pinned)
        assert fault.value.code == "forked"


def test_a_log_whose_key_is_not_kept_here_is_not_opened_for_writing(book: Book) -> None:
    with book.clerk() as clerk:
        made = does(clerk.operator, RotateLogKey())
    book.change("DELETE FROM keys WHERE public = ?", new_key(made)[1], file="keys.db")

    assert refused(lambda: Operator(book.place)).code == "no_private_key"
    assert audit(book.place, book.key).signer is not None


def test_a_checkpoint_by_the_key_that_was_replaced_is_not_valid(book: Book) -> None:
    with book.clerk() as clerk:
        does(clerk.operator, RotateLogKey())
        new = clerk.operator.vkey()
    ((size, root),) = book.rows("SELECT size, root FROM head")
    book.change("UPDATE head SET checkpoint = ?", book.signed_again(size, root))

    for pinned in (book.key, new):
        with pytest.raises(BrokenHistoryError) as fault:
            audit(book.place, pinned)
        assert fault.value.code == "bad_checkpoint_signature"


def test_a_certificate_is_exported_with_what_replaced_the_log_s_key(book: Book) -> None:
    with book.clerk() as clerk:
        does(clerk.operator, RotateLogKey())
        operator, new = clerk.operator, clerk.operator.vkey()
        number = book.streams["public"].partition("/")[2]
        made = certificate_proof(operator.log, operator.log.openings, number)

    found = [verify(made, pinned) for pinned in (book.key, new)]

    assert found[0] == found[1]
    assert [public for _, public in found[0].log_keys][-2:] == [book.key.public, new.public]
