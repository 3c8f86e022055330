"""A dishonest operator rewrites the history, makes the tables follow, and signs again with the log's own key."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.domain import forms, kinds
from registry.domain.act import ActPart
from registry.errors import BrokenHistoryError, IncompleteError, StaleError
from registry.history import check_entry
from registry.ledger import canonical
from registry.ledger import entry as entries
from registry.ledger.entry import Entry, Place
from registry.store.committer import Request
from registry.store.operator import accept_mark
from registry.verifier.audit import audit
from registry.verifier.replay import Replay
from registry.verifier.trust import Memory
from tests.books import SOURCE, Book, Clerk, write_book

PARTS = 64

Change = Callable[[Entry], dict[str, Any]]


def stored(book: Book, index: int) -> bytes:
    rowid = index * PARTS + 1
    data: bytes = book.rows("SELECT state FROM stored_events WHERE rowid = ?", rowid)[0][0]
    return data


def write(book: Book, index: int, data: bytes) -> None:
    book.change("UPDATE stored_events SET state = ? WHERE rowid = ?", data, index * PARTS + 1)


def encoded(entry: Entry, **changed: Any) -> bytes:
    said = {
        "at_us": entry.at_us,
        "intent_bytes": entry.intent_bytes,
        "signatures": entry.signatures,
        "consulted": entry.consulted,
        "places": entry.places,
        **changed,
    }
    return entries.encode(**said)


def replayed(book: Book) -> Replay:
    replay = Replay()
    size = book.rows("SELECT size FROM head")[0][0]
    for index in range(size):
        replay.follow(check_entry(stored(book, index)))
    return replay


def forge(book: Book, request: Request, outcomes: Sequence[Sequence[Any]], **changed: Any) -> int:
    """Append `request` past the rules, as if it had come to `outcomes`; all tables follow, the head is signed."""
    replay = replayed(book)
    asked = request.signed.intent
    read = [
        ActPart(
            stream=part.stream,
            new_id=str,
            events=tuple(kinds.read(part.stream, kind, body) for kind, body in part.events),
        )
        for part in asked.parts
    ]
    consulted = forms.consults(read, [signer.account for signer in asked.signers])
    places = tuple(
        Place(
            position=replay.stream(part.stream).length + 1,
            previous=replay.stream(part.stream).last,
            outcomes=tuple(came),
        )
        for part, came in zip(asked.parts, outcomes, strict=True)
    )
    said = {
        "at_us": replay.at_us + 1,
        "intent_bytes": request.signed.data,
        "signatures": request.signed.signatures,
        "consulted": tuple((name, replay.stream(name).length) for name in consulted),
        "places": places,
        **changed,
    }
    insert(book, replay.size, entries.encode(**said))
    return replay.size


def insert(book: Book, index: int, data: bytes) -> None:
    """The rows of an entry at the end."""
    entry = entries.decode(data)
    for number, (part, place) in enumerate(zip(entry.intent.parts, entry.places, strict=True)):
        book.change(
            "INSERT INTO stored_events VALUES (?,?,?,?,?)",
            index * PARTS + number + 1,
            part.stream,
            place.position,
            "+".join(kind for kind, _ in part.events),
            index.to_bytes(8, "big") if number else data,
        )
    book.change(
        "INSERT OR REPLACE INTO nonces VALUES (?,?,?)",
        entry.intent.author,
        entry.intent.nonce,
        index,
    )
    book.rebuild()


def other_time(entry: Entry) -> dict[str, Any]:
    return {"at_us": entry.at_us + 1}


def other_amount(entry: Entry) -> dict[str, Any]:
    at = entry.intent_bytes.index(b"\xa8amount_g") + 9
    changed = entry.intent_bytes[:at] + b"\x63" + entry.intent_bytes[at + 1 :]
    return {"intent_bytes": changed}


def other_signature(entry: Entry) -> dict[str, Any]:
    return {"signatures": [bytes([entry.signatures[0][0] ^ 1]) + entry.signatures[0][1:]]}


def no_signature(_entry: Entry) -> dict[str, Any]:
    return {"signatures": []}


def other_position(entry: Entry) -> dict[str, Any]:
    first, *rest = entry.places
    return {"places": [replace(first, position=first.position + 1), *rest]}


def other_previous(entry: Entry) -> dict[str, Any]:
    first, *rest = entry.places
    return {"places": [replace(first, previous=bytes(32)), *rest]}


def other_consulted(entry: Entry) -> dict[str, Any]:
    (stream, length), *rest = entry.consulted
    return {"consulted": [(stream, length + 1), *rest]}


def other_outcome(entry: Entry) -> dict[str, Any]:
    first, *rest = entry.places
    came = {**first.outcomes[0], "ranges": [[900, 901]]}
    return {"places": [replace(first, outcomes=(came,)), *rest]}


ALTERATIONS: list[tuple[Change, str]] = [
    (other_amount, "bad_signature"),
    (other_signature, "bad_signature"),
    (no_signature, "wrong_signatures"),
    (other_position, "wrong_position"),
    (other_previous, "wrong_previous"),
    (other_consulted, "wrong_consulted"),
    (other_outcome, "wrong_outcome"),
]


def retirement_of(book: Book) -> int:
    return book.receipts[book.streams["public"]].index


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    ("change", "code"), ALTERATIONS, ids=[change.__name__ for change, _ in ALTERATIONS]
)
def test_an_altered_entry_is_found_under_a_rebuilt_tree(
    book: Book, change: Change, code: str, *, signed: bool
) -> None:
    index = retirement_of(book)
    entry = entries.decode(stored(book, index))

    write(book, index, encoded(entry, **change(entry)))
    book.rebuild(signed=signed)

    fault = book.fault()
    assert isinstance(fault, BrokenHistoryError)
    assert (fault.code, fault.facts["index"]) == (code, index)
    assert fault.facts["stream"] == book.streams["native"]


def test_an_altered_time_breaks_the_next_entry_of_the_stream(book: Book) -> None:
    index = retirement_of(book)
    entry = entries.decode(stored(book, index))

    write(book, index, encoded(entry, **other_time(entry)))
    book.rebuild()

    fault = book.fault()
    assert isinstance(fault, BrokenHistoryError)
    assert fault.code == "wrong_previous"
    assert fault.facts["index"] > index


def alter_the_last(book: Book) -> None:
    """What no signature but the log's covers: the time of the last entry."""
    index = book.rows("SELECT size FROM head")[0][0] - 1
    entry = entries.decode(stored(book, index))
    write(book, index, encoded(entry, **other_time(entry)))


def test_a_rebuilt_tree_does_not_fit_the_signed_root(book: Book) -> None:
    alter_the_last(book)
    book.rebuild(signed=False)

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code == "root_mismatch"


def test_a_history_signed_again_at_the_same_size_is_a_fork_to_whoever_saw_the_first(
    book: Book,
) -> None:
    seen = book.audited()
    alter_the_last(book)
    book.rebuild()

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert (fault.code, fault.facts["size"]) == ("forked", seen.entries)
    assert fault.facts["evidence"] == str(Memory(key=book.key).file)
    remembered = Memory(key=book.key).read()
    assert remembered is not None
    assert remembered.root == seen.root


def test_a_history_signed_again_and_grown_is_a_fork_to_whoever_saw_the_first(book: Book) -> None:
    seen = book.audited()
    alter_the_last(book)
    book.rebuild()
    accept_mark(book.directory, 1)
    with book.clerk() as clerk:
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 3)])

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert (fault.code, fault.facts["size"]) == ("forked", seen.entries)


def test_a_history_cut_and_signed_smaller_is_stale_to_whoever_saw_more(book: Book) -> None:
    seen = book.audited()
    cut(book, 3)

    fault = book.fault()

    assert isinstance(fault, StaleError)
    assert fault.code == "shorter_than_seen"
    assert (fault.facts["entries"], fault.facts["seen"]) == (seen.entries - 3, seen.entries)
    assert Memory(key=book.key).read().size == seen.entries


def test_a_history_cut_and_not_signed_again_lacks_entries(book: Book) -> None:
    size = book.rows("SELECT size FROM head")[0][0]
    cut(book, 3, signed=False)

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert (fault.code, fault.facts["index"], fault.facts["signed"]) == (
        "entries_missing",
        size - 3,
        size,
    )


def cut(book: Book, count: int, *, signed: bool = True) -> None:
    size = book.rows("SELECT size FROM head")[0][0] - count
    book.change("DELETE FROM stored_events WHERE rowid > ?", size * PARTS)
    book.change("DELETE FROM detached WHERE entry >= ?", size)
    book.rebuild(signed=signed)


def test_an_older_checkpoint_leaves_a_tail_unsigned(book: Book) -> None:
    ((old,),) = book.rows("SELECT checkpoint FROM head")
    with book.clerk() as clerk:
        clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 3)])
    book.change("UPDATE head SET checkpoint = ?", old)

    fault = book.fault()

    assert isinstance(fault, IncompleteError)
    assert fault.code == "unsigned_tail"
    assert fault.facts["entries"] == fault.facts["signed"] + 1


@pytest.mark.parametrize("signed", [False, True])
def test_two_entries_that_changed_places_are_found(book: Book, *, signed: bool) -> None:
    one, other = book.receipts[book.streams["public"]].index, retirement_of(book) + 1
    first, second = stored(book, one), stored(book, other)
    assert first != second

    write(book, one, second)
    write(book, other, first)
    book.rebuild(signed=signed)

    fault = book.fault()
    assert isinstance(fault, BrokenHistoryError)
    assert fault.facts["index"] == one


@pytest.mark.parametrize("signed", [False, True])
def test_an_entry_taken_out_of_the_middle_is_found(book: Book, *, signed: bool) -> None:
    index = retirement_of(book)

    book.change(
        "DELETE FROM stored_events WHERE rowid > ? AND rowid <= ?",
        index * PARTS,
        index * PARTS + PARTS,
    )
    # In two steps, or rows would meet on their way.
    book.change("UPDATE stored_events SET rowid = -rowid WHERE rowid > ?", index * PARTS)
    book.change("UPDATE stored_events SET rowid = -rowid - ? WHERE rowid < 0", PARTS)
    book.rebuild(signed=signed)

    fault = book.fault()
    assert isinstance(fault, BrokenHistoryError)
    assert fault.code in {"wrong_previous", "wrong_position", "wrong_consulted"}
    assert fault.facts["index"] >= index


def test_a_report_issued_a_second_time_is_unlawful(book: Book) -> None:
    project = book.streams["project"]
    with book.clerk() as clerk:
        setting = clerk.setting("verifier", "authority")
        batch = setting.new("batch", 1)
        request = clerk.operator.request(setting, clerk.issue(project, batch, 1_000))

    index = forge(book, request, [[None], [None]])

    assert_unlawful(book, index, {"exceeds_verified", "not_verified", "insufficient_verified"})


def test_a_spend_that_the_holder_did_not_sign_is_unlawful(book: Book) -> None:
    with book.clerk() as clerk:
        request = clerk.transfer(book.streams["native"], "owner", "bob", 5)

    index = forge(book, request, [[{"ranges": [[100, 105]]}]], signatures=[bytes(64)])

    assert_unlawful(book, index, {"bad_signature"})


def test_a_spend_that_another_signed_is_unlawful(book: Book) -> None:
    with book.clerk() as clerk:
        body = clerk.transfer(book.streams["native"], "owner", "bob", 5)
        parts = [(part.stream, list(part.events)) for part in body.signed.intent.parts]
        request = clerk.request("bob", parts=parts)

    index = forge(book, request, [[{"ranges": [[100, 105]]}]])

    assert_unlawful(book, index, {"wrong_signers"})


def test_a_spend_signed_with_the_log_key_is_unlawful(book: Book) -> None:
    with book.clerk() as clerk:
        clerk.accounts["registry"] = "registry"
        body = clerk.transfer(book.streams["native"], "owner", "bob", 5)
        parts = [(part.stream, list(part.events)) for part in body.signed.intent.parts]
        request = clerk.request("registry", parts=parts)

    index = forge(book, request, [[{"ranges": [[100, 105]]}]])

    assert_unlawful(book, index, {"wrong_signers"})


def retired_again(clerk: Clerk, book: Book) -> Request:
    """The range that the public certificate used up."""
    setting = clerk.setting("alice")
    body = {
        "holder": clerk.accounts["alice"],
        "amount_g": 10,
        "standard": "SCFG",
        "range": (0, 10),
    }
    parts = [
        (book.streams["native"], [("batch.retired.v1", body)]),
        (setting.new("certificate", 1), [clerk.statement()]),
    ]
    return clerk.operator.request(setting, parts)


def test_grams_retired_twice_are_unlawful(book: Book) -> None:
    before = entries.decode(stored(book, retirement_of(book)))
    came = [list(place.outcomes) for place in before.places]
    with book.clerk() as clerk:
        request = retired_again(clerk, book)

    index = forge(book, request, came)

    assert_unlawful(book, index, {"range_not_held", "insufficient_holding"})


def test_a_transfer_that_is_said_to_have_moved_other_grams_is_unlawful(book: Book) -> None:
    with book.clerk() as clerk:
        request = clerk.transfer(book.streams["native"], "owner", "bob", 5)

    index = forge(book, request, [[{"ranges": [[995, 1_000]]}]])

    assert_unlawful(book, index, {"wrong_outcome"})


def test_a_row_of_a_list_imported_twice_is_unlawful(book: Book) -> None:
    before = entries.decode(stored(book, book.receipts[book.streams["imported"]].index))
    came = [list(place.outcomes) for place in before.places]
    with book.clerk() as clerk:
        nonce = before.intent.nonce
        parts = [(part.stream, list(part.events)) for part in before.intent.parts]
        request = clerk.request("two", "owner", parts=parts, nonce=nonce)
    assert SOURCE in [body.get("source") for _, body in before.intent.parts[0].events]

    index = forge(book, request, came)

    assert_unlawful(book, index, {"certificate_exists"})


def test_a_time_that_goes_back_is_unlawful(book: Book) -> None:
    with book.clerk() as clerk:
        request = clerk.transfer(book.streams["native"], "owner", "bob", 5)

    index = forge(book, request, [[{"ranges": [[130, 135]]}]], at_us=1)

    assert_unlawful(book, index, {"clock_back"})


def assert_unlawful(book: Book, index: int, codes: set[str]) -> None:
    fault = book.fault()
    assert isinstance(fault, BrokenHistoryError)
    assert fault.facts["index"] == index
    assert fault.code in codes


def test_what_is_forged_well_is_lawful_or_else_these_tests_would_show_nothing(book: Book) -> None:
    with book.clerk() as clerk:
        request = clerk.transfer(book.streams["native"], "owner", "bob", 5)
    lowest = next(
        iter(replayed(book).stream(book.streams["native"]).state.holding(book.accounts["owner"]))
    )[0]

    index = forge(book, request, [[{"ranges": [[lowest, lowest + 5]]}]])

    assert book.audited().entries == index + 1


def test_a_checkpoint_by_another_key_is_refused(book: Book, tmp_path: Path) -> None:
    other = write_book(tmp_path / "other")
    ((note,),) = other.rows("SELECT checkpoint FROM head")
    book.change("UPDATE head SET checkpoint = ?", note)

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code == "bad_checkpoint_signature"


def test_a_log_is_not_valid_under_the_key_of_another_of_the_same_name(
    book: Book, tmp_path: Path
) -> None:
    other = write_book(tmp_path / "other")

    with pytest.raises(BrokenHistoryError) as fault:
        audit(book.directory, other.key)

    assert fault.value.code == "bad_checkpoint_signature"


def test_without_a_pinned_key_nothing_is_called_valid(book: Book) -> None:
    honest = book.audited()

    with pytest.raises(IncompleteError) as fault:
        audit(book.directory, None)

    assert fault.value.code == "no_pinned_key"
    assert fault.value.facts["audited"] == honest


def test_an_entry_is_stored_in_the_bytes_that_were_signed(book: Book) -> None:
    size = book.audited().entries

    again = [encoded(entries.decode(stored(book, index))) for index in range(size)]

    assert again == [stored(book, index) for index in range(size)]
    assert all(canonical.decode(data, bytes_max=65_535) for data in again)


def test_a_fork_is_not_hidden_behind_a_broken_cache(book: Book) -> None:
    seen = book.audited()
    alter_the_last(book)
    book.rebuild()
    book.change("UPDATE nonces SET entry = entry + 1 WHERE entry = 5")

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert (fault.code, fault.facts["size"]) == ("forked", seen.entries)
