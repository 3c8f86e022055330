"""Proofs of every certificate in a real registry, made by the store and checked by the verifier."""

import pytest

from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, StaleError
from registry.ledger import canonical
from registry.ledger.note import read_checkpoint, split_note
from registry.ledger.proof import PROOF_BYTES_MAX, decode
from registry.store import proofs
from registry.store.log import Log
from registry.store.openings import FileOpenings
from registry.store.proofs import certificate_proof
from registry.verifier.certificate import origin_of, verify
from tests.books import GRAMS, ORIGIN

ISSUED = ("public", "private", "fragmented", "imported", "awaiting", "final")
EXPECTED = {
    "public": ("alice", 10),
    "private": ("alice", 20),
    "fragmented": ("alice", 87),
    "imported": ("owner", 30),
    "awaiting": ("alice", GRAMS),
    "final": ("alice", 2 * GRAMS),
}


def proof_of(book, name, *, private=False):
    log = Log(book.directory)
    number = book.streams[name].partition("/")[2]
    try:
        return certificate_proof(log, FileOpenings(book.directory), number, private=private)
    finally:
        log.close()


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("name", ISSUED)
def test_every_certificate_is_proven(book, name, *, private):
    verified = verify(proof_of(book, name, private=private), book.key)

    holder, amount_g = EXPECTED[name]
    assert f"certificate/{verified.number}" == book.streams[name]
    assert (verified.holder, verified.amount_g) == (book.accounts[holder], amount_g)
    assert verified.index == book.receipts[book.streams[name]].index
    assert verified.size == book.audited().entries
    assert verified.origin == ORIGIN == origin_of(proof_of(book, name))
    assert verified.is_attested == (name == "imported")


def test_a_public_certificate_shows_its_names(book):
    verified = verify(proof_of(book, "public"), book.key)

    assert verified.opened == {
        "activity": "年度碳中和 / a year's footprint",
        "organisers": ["主办方甲", "organiser two"],
        "beneficiary": "受益人",
    }


def test_a_private_certificate_shows_no_name(book):
    data = proof_of(book, "private")

    assert verify(data, book.key).opened == {}
    assert "主办方甲".encode() not in data
    assert b"organiser two" not in data


def test_a_private_certificate_shows_its_names_to_those_whom_it_concerns(book):
    verified = verify(proof_of(book, "private", private=True), book.key)

    assert verified.opened["organisers"] == ["主办方甲", "organiser two"]


def test_an_erased_name_is_not_shown_and_the_proof_still_holds(book):
    book.change("DELETE FROM openings", file="openings.db")

    verified = verify(proof_of(book, "public", private=True), book.key)

    assert verified.opened == {}
    assert verified.amount_g == 10


def test_a_certificate_awaits_the_cancellation_at_home(book):
    verified = verify(proof_of(book, "awaiting"), book.key)

    assert not verified.is_final
    assert verified.awaiting == ("VCU",)
    assert verified.cancelled_at_home == ()


def test_a_certificate_is_final_once_it_was_cancelled_at_home(book):
    verified = verify(proof_of(book, "final"), book.key)

    assert verified.is_final
    assert [event.reference for event in verified.cancelled_at_home] == ["VCS-2026-0001"]


def test_a_cancellation_at_home_shows_in_the_next_proof(book):
    before = verify(proof_of(book, "awaiting"), book.key)
    with book.clerk() as clerk:
        clerk.cancels_at_home(book.streams["awaiting"])

    after = verify(proof_of(book, "awaiting"), book.key)

    assert (before.is_final, after.is_final) == (False, True)
    assert after.size == before.size + 1


@pytest.mark.parametrize("name", ["public", "imported"])
def test_what_was_born_here_awaits_nothing(book, name):
    assert verify(proof_of(book, name), book.key).is_final


@pytest.mark.parametrize("name", ["public", "fragmented", "imported", "final"])
def test_one_altered_byte_breaks_a_proof(book, name):
    data = proof_of(book, name)

    held = []
    for at in range(0, len(data), 5):
        broken = data[:at] + bytes([data[at] ^ (1 << at % 8)]) + data[at + 1 :]
        try:
            held.append((at, verify(broken, book.key)))
        except BrokenHistoryError:
            continue

    assert held == []


def test_a_proof_made_before_the_log_grew_still_holds(book):
    old = proof_of(book, "public")
    with book.clerk() as clerk:
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])

    verified = verify(old, book.key)
    newer = verify(proof_of(book, "public"), book.key)

    assert newer.size == verified.size + 1
    with pytest.raises(StaleError):
        verify(old, book.key, size_min=newer.size)


def test_a_proof_is_made_without_private_keys(book):
    for name in ("keys.db", "passphrase"):
        (book.directory / name).unlink()

    assert verify(proof_of(book, "public"), book.key).amount_g == 10


def test_without_a_pinned_key_a_proof_is_incomplete(book):
    with pytest.raises(IncompleteError) as fault:
        verify(proof_of(book, "public"), None)

    assert fault.value.code == "no_pinned_key"


def test_a_number_that_no_certificate_has_is_refused(book):
    log = Log(book.directory)

    with pytest.raises(RefusedError) as refusal:
        certificate_proof(log, FileOpenings(book.directory), "aaaaaaaaaaaaaaaa")

    log.close()
    assert refusal.value.code == "no_certificate"


def test_no_proof_leaves_out_what_was_said_last(book, monkeypatch):
    monkeypatch.setattr(proofs, "LATER_MAX", 0)

    with pytest.raises(RefusedError) as refusal:
        proof_of(book, "final")

    assert refusal.value.code == "too_many_later"
    assert verify(proof_of(book, "public"), book.key).amount_g == 10


def test_no_proof_is_made_under_a_head_that_is_not_signed(book):
    book.change("UPDATE head SET checkpoint = NULL")

    with pytest.raises(RefusedError) as refusal:
        proof_of(book, "public")

    assert refusal.value.code == "head_not_signed"


def test_a_proof_carries_the_checkpoint_that_is_stored(book):
    found = decode(proof_of(book, "public"))

    ((note,),) = book.rows("SELECT checkpoint FROM head")
    assert found.note == note
    assert read_checkpoint(split_note(note)[0]).size == book.audited().entries
    assert canonical.decode(proof_of(book, "public"), bytes_max=PROOF_BYTES_MAX)


def test_every_proof_of_one_batch_fits_a_qr_code_with_room_for_cosignatures(book):
    assert max(len(proof_of(book, name)) for name in ISSUED if name != "final") < 2_900
