"""Every stored value, changed by somebody who can write the database: the audit names what is wrong, and where.

The same for both databases: in a directory, and on a server.
"""

# ruff: noqa: S608  # every statement is put together from names in this file

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from registry.errors import BrokenHistoryError, IncompleteError, RegistryError
from registry.ledger import entry as entries
from registry.verifier import audit
from tests.books import Book
from tests.pg_books import ServerBook

PARTS = 64

KEYS = {
    "stored_events": ("rowid",),
    "tree": ("node",),
    "nonces": ("account", "nonce"),
    "detached": ("entry", "part", "event", "number"),
    "head": ("one",),
}
COLUMNS = [
    *[("stored_events", name) for name in ("originator_id", "originator_version", "topic")],
    *[("tree", name) for name in ("node", "hash")],
    *[("nonces", name) for name in ("account", "nonce", "entry")],
    *[("detached", name) for name in ("entry", "part", "event", "number", "row")],
    *[("head", name) for name in ("size", "root")],
]
CODES = {
    "stored_events": "derived.rows",
    "tree": "derived.tree",
    "nonces": "derived.nonces",
    "detached": "derived.detached",
    "head": "derived.head",
}
CHECKPOINT_CODES = {"bad_note", "bad_checkpoint", "wrong_origin", "bad_checkpoint_signature"}
OPENED = ("author", "commitment", "field", "nonce", "salt", "value")

NOT_TAKEN = (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.DataError)

AnyBook = Book | ServerBook
Change = Callable[[Any], object]


@pytest.fixture(params=["directory", "server"])
def book(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AnyBook:
    """A copy of the registry, in each database."""
    if request.param == "directory":
        return request.getfixturevalue("book")
    # On a server somebody else may always be about to sign the head: not here.
    monkeypatch.setattr(audit, "SETTLING_TRIES", 0)
    return request.getfixturevalue("pg_book")


def some(changes: list[Any], book: AnyBook) -> list[Any]:
    """All changes to a directory; of many to a server some: it is read by other code, and judged by the same."""
    return changes if isinstance(book, Book) else sampled(changes, 3 * book.sample)


def sampled(rows: Sequence[Any], most: int) -> list[Any]:
    """All of few rows; of many the first, the last, one in the middle, and some by seeded chance."""
    if len(rows) <= most:
        return list(rows)
    fixed = {0, len(rows) // 2, len(rows) - 1}
    chosen = fixed | set(random.Random(1).sample(range(len(rows)), most - len(fixed)))
    return [rows[at] for at in sorted(chosen)]


def changes_of(value: object, seed: object) -> Iterator[object]:
    """Another value of the type that a STRICT column holds it to, which one by seeded chance."""
    chance = random.Random(repr(seed))
    yield chance.choice([changed for changed in all_changes(value, chance) if changed != value])


def all_changes(value: object, chance: random.Random) -> Iterator[object]:
    """Each kind of change once."""
    match value:
        case bytes():
            at = chance.randrange(len(value))
            flipped = value[at] ^ (1 << chance.randrange(8))
            yield value[:at] + bytes([flipped]) + value[at + 1 :]
            yield value[:-1]
            yield value + b"\x00"
            yield b""
        case str():
            at = chance.randrange(len(value))
            yield value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
            yield value + "\x00"
            yield value.upper()
            yield ""
        case int():
            yield value + 1
            yield value - 1
            yield -value - 1
            yield value + 2**32
            yield 2**63 - 1


def faults(
    book: AnyBook, changes: Sequence[tuple[object, Change]], file: str = "registry.db"
) -> Any:
    """What the audit says to each change, made to the database as it was: (what was changed, fault) each."""
    whole = book.whole(file)
    for told, change in changes:
        book.restore(whole, file)
        with book.tables(file) as connection:
            try:
                change(connection)
            except NOT_TAKEN:
                continue  # The table itself does not take it.
        yield told, book.fault()
    book.restore(whole, file)


def setting_of(table: str, column: str, value: object, where: dict[str, object]) -> Change:
    at = " AND ".join(f"{name} = ?" for name in where)
    statement = f"UPDATE {table} SET {column} = ? WHERE {at}"
    return lambda connection: connection.execute(statement, (value, *where.values()))


def deletion_of(table: str, where: dict[str, object]) -> Change:
    at = " AND ".join(f"{name} = ?" for name in where)
    statement = f"DELETE FROM {table} WHERE {at}"
    return lambda connection: connection.execute(statement, tuple(where.values()))


def insertion_of(table: str, *values: object) -> Change:
    marks = ",".join("?" * len(values))
    statement = f"INSERT INTO {table} VALUES ({marks})"
    return lambda connection: connection.execute(statement, values)


def cells(book: AnyBook, table: str, column: str) -> list[tuple[dict[str, object], object]]:
    """Every cell of a column: the key of its row, and its value."""
    keys = KEYS[table]
    rows = book.rows(f"SELECT {', '.join(keys)}, {column} FROM {table} ORDER BY {', '.join(keys)}")
    return [(dict(zip(keys, row, strict=False)), row[-1]) for row in sampled(rows, book.sample)]


def entry_rows(book: AnyBook) -> list[Any]:
    """Of every entry: index, stream, position, bytes."""
    rows = book.rows(
        "SELECT rowid, originator_id, originator_version, state FROM stored_events"
        " WHERE (rowid - 1) % 64 = 0 ORDER BY rowid"
    )
    return [((rowid - 1) // PARTS, *rest) for rowid, *rest in rows]


def entry_of(table: str, where: dict[str, object], book: AnyBook) -> object:
    """The entry that a row belongs to; None where its key does not say."""
    match table:
        case "stored_events":
            return (int(str(where["rowid"])) - 1) // PARTS
        case "detached":
            return where["entry"]
        case "nonces":
            found = book.rows(
                "SELECT entry FROM nonces WHERE account = ? AND nonce = ?", *where.values()
            )
            return found[0][0]
    return None


def told(fault: RegistryError | None) -> tuple[object, ...]:
    return (type(fault), fault and fault.code, fault and fault.facts)


def test_the_book_as_it_was_made_is_valid_and_holds_every_table(book: AnyBook) -> None:
    audited = book.audited()

    counts = {
        table: book.rows(f"SELECT count(*) FROM {table}")[0][0]
        for table in (*KEYS, "stored_events")
    }
    assert audited.issued_g == audited.held_g + audited.retired_g
    assert audited.openings == book.rows("SELECT count(*) FROM openings", file="openings.db")[0][0]
    assert min(counts.values()) > 0
    assert counts["stored_events"] > counts["nonces"] == audited.entries
    assert counts["detached"] > 16


def test_every_altered_entry_is_named_by_stream_position_and_index(book: AnyBook) -> None:
    rows = entry_rows(book)

    changes = [
        (
            (index, stream, position),
            setting_of("stored_events", "state", changed, {"rowid": index * PARTS + 1}),
        )
        for index, stream, position, state in rows
        for changed in changes_of(state, index)
    ]
    wrong = [
        (place, told(fault))
        for place, fault in faults(book, some(changes, book))
        if not isinstance(fault, BrokenHistoryError)
        or fault.code != "entry_altered"
        or place != (fault.facts["index"], fault.facts["stream"], fault.facts["position"])
    ]

    assert len(changes) == len(rows)
    assert wrong == []


def test_one_bit_anywhere_in_an_entry_is_an_altered_entry(book: AnyBook) -> None:
    index, stream, position, state = entry_rows(book)[-1]
    assert entries.decode(state).places

    changes = []
    for at in range(0, len(state), 4):
        flipped = state[:at] + bytes([state[at] ^ (1 << at % 8)]) + state[at + 1 :]
        changes.append(
            (at, setting_of("stored_events", "state", flipped, {"rowid": index * PARTS + 1}))
        )
    wrong = [
        (at, told(fault))
        for at, fault in faults(book, some(changes, book))
        if fault is None
        or fault.code != "entry_altered"
        or (index, stream, position)
        != (fault.facts["index"], fault.facts["stream"], fault.facts["position"])
    ]

    assert len(changes) > 100
    assert wrong == []


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_changed_value_is_found(book: AnyBook, table: str, column: str) -> None:
    changes = [
        ((where, changed), setting_of(table, column, changed, where))
        for where, value in cells(book, table, column)
        for changed in (
            all_changes(value, random.Random(2))
            if table == "head"
            else changes_of(value, (column, where))
        )
    ]

    found = list(faults(book, some(changes, book)))
    wrong = [
        (what, told(fault))
        for what, fault in found
        if not isinstance(fault, BrokenHistoryError) or fault.code != CODES[table]
    ]

    assert found
    assert wrong == []


@pytest.mark.parametrize(
    ("table", "column"),
    [("stored_events", "topic"), ("nonces", "nonce"), ("nonces", "account"), ("detached", "row")],
)
def test_a_changed_row_is_named_by_its_entry(book: AnyBook, table: str, column: str) -> None:
    changes = [
        (entry_of(table, where, book), setting_of(table, column, changed, where))
        for where, value in cells(book, table, column)
        for changed in [next(changes_of(value, where))]
    ]

    wrong = [
        (index, told(fault))
        for index, fault in faults(book, changes)
        if fault is None or fault.facts["index"] != index
    ]

    assert changes
    assert wrong == []


def test_every_altered_pointer_is_found(book: AnyBook) -> None:
    rows = book.rows("SELECT rowid, state FROM stored_events WHERE (rowid - 1) % 64 > 0")

    changes = [
        (rowid, setting_of("stored_events", "state", changed, {"rowid": rowid}))
        for rowid, state in rows
        for changed in changes_of(state, rowid)
    ]
    wrong = [
        (rowid, told(fault))
        for rowid, fault in faults(book, some(changes, book))
        if fault is None
        or fault.code != "derived.rows"
        or fault.facts["index"] != (rowid - 1) // PARTS
    ]

    assert len(rows) > 8
    assert wrong == []


def test_every_moved_row_is_found(book: AnyBook) -> None:
    rows = book.rows("SELECT rowid FROM stored_events ORDER BY rowid")

    changes = [
        ((rowid, to), setting_of("stored_events", "rowid", to, {"rowid": rowid}))
        for (rowid,) in rows
        for to in (
            (rowid - 1) // PARTS * PARTS + PARTS,
            rowid + PARTS,
            0,
            -rowid,
            2**62,
            2**63 - 1,
            -(2**63),
        )
    ]
    missed = [
        (what, told(fault))
        for what, fault in faults(book, some(changes, book))
        if not isinstance(fault, BrokenHistoryError)
    ]

    assert missed == []


def test_every_row_that_is_deleted_is_missed(book: AnyBook) -> None:
    # What was recorded days ago has expired: its nonces may be forgotten.
    ((today,),) = book.rows("SELECT rowid FROM stored_events WHERE topic = 'account.recovered.v1'")
    expired = book.rows("SELECT account, nonce FROM nonces WHERE entry < ?", (today - 1) // PARTS)
    changes = [
        ((table, where), deletion_of(table, where))
        for table in ("tree", "nonces", "detached", "head")
        for where, _ in cells(book, table, KEYS[table][0])
        if tuple(where.values()) not in expired
    ]
    changes += [
        (("stored_events", {"rowid": rowid}), deletion_of("stored_events", {"rowid": rowid}))
        for (rowid,) in book.rows("SELECT rowid FROM stored_events WHERE (rowid - 1) % 64 > 0")
    ]

    wrong = [
        (what, told(fault))
        for what, fault in faults(book, some(changes, book))
        if not isinstance(fault, BrokenHistoryError) or fault.code != CODES[what[0]]
    ]

    assert wrong == []


def test_every_entry_that_is_deleted_is_missed(book: AnyBook) -> None:
    rows = entry_rows(book)

    changes = [
        (
            index,
            lambda connection, low=index * PARTS: connection.execute(
                "DELETE FROM stored_events WHERE rowid > ? AND rowid <= ?", (low, low + PARTS)
            ),
        )
        for index, *_ in rows
    ]
    found = [(index, fault) for index, fault in faults(book, changes) if fault is not None]

    last = len(rows) - 1
    assert [index for index, _ in found] == list(range(len(rows)))
    assert {fault.code for index, fault in found if index < last} == {"entry_missing"}
    assert found[last][1].code == "entries_missing"
    assert [fault.facts["index"] for _, fault in found] == list(range(len(rows)))


@pytest.mark.parametrize("table", list(KEYS))
def test_an_empty_table_is_missed(book: AnyBook, table: str) -> None:
    book.change(f"DELETE FROM {table}")

    fault = book.fault()

    history_gone = {"entries_missing", "wrong_origin"}
    assert isinstance(fault, BrokenHistoryError)
    assert fault.code in (history_gone if table == "stored_events" else {CODES[table]})


def test_every_row_that_is_added_is_found(book: AnyBook) -> None:
    size = book.audited().entries
    account = book.accounts["alice"]
    ((node,),) = book.rows("SELECT max(node) FROM tree")
    ((entry, row),) = book.rows("SELECT entry, row FROM detached LIMIT 1")
    additions = {
        "stored_events": [(7 * PARTS + 9, account, 99, "x", b""), (40 * PARTS, "x/y", 1, "", b"")],
        "tree": [(node + 1, bytes(32)), (-1, bytes(32)), (2**63 - 1, b"")],
        "nonces": [(account, bytes(16), at) for at in (-1, 0, 7, size - 1, size, 2**63 - 1)],
        "detached": [
            (entry, 0, 0, 99, row),
            (entry, 0, 1, 0, row),
            (entry, 1, 0, 0, row),
            (entry, -1, 0, 0, row),
            *[(at, 0, 0, 0, row) for at in (-1, 0, size - 1, size, 2**63 - 1)],
        ],
    }

    changes = [
        ((table, values), insertion_of(table, *values))
        for table, several in additions.items()
        for values in several
    ]
    found = list(faults(book, changes))
    wrong = [
        (what, told(fault))
        for what, fault in found
        if not isinstance(fault, BrokenHistoryError) or fault.code != CODES[what[0]]
    ]

    assert len(found) == len(changes)
    assert wrong == []


def test_a_row_before_or_after_the_entries_is_no_entry(book: AnyBook) -> None:
    size = book.audited().entries

    changes = [
        (rowid, insertion_of("stored_events", rowid, "account/stray", 1, "account.opened.v1", b"x"))
        for rowid in (0, -1, -PARTS, size * PARTS + 1, size * PARTS + 2, 2**63 - 1, -(2**63))
    ]
    found = list(faults(book, changes))

    assert len(found) == len(changes)
    assert [what for what, fault in found if not isinstance(fault, BrokenHistoryError)] == []


def test_an_entry_that_stands_there_twice_is_refused_by_the_rules(book: AnyBook) -> None:
    rows = entry_rows(book)
    size = len(rows)

    changes = [
        (
            index,
            insertion_of(
                "stored_events", size * PARTS + 1, stream, position + 1_000, "again", state
            ),
        )
        for index, stream, position, state in sampled(rows, book.sample)
    ]
    found = list(faults(book, changes))

    assert len(found) == len(changes)
    for _, fault in found:
        assert isinstance(fault, BrokenHistoryError)
        assert fault.facts["index"] == size


def test_every_altered_byte_of_the_checkpoint_is_found(book: AnyBook) -> None:
    ((note,),) = book.rows("SELECT checkpoint FROM head")

    changes = [
        (
            (at, bit),
            setting_of(
                "head",
                "checkpoint",
                note[:at] + bytes([note[at] ^ (1 << bit)]) + note[at + 1 :],
                {"one": 1},
            ),
        )
        for at in range(len(note))
        for bit in [at % 8]
    ]
    wrong = [
        (what, told(fault))
        for what, fault in faults(book, some(changes, book))
        if not isinstance(fault, BrokenHistoryError) or fault.code not in CHECKPOINT_CODES
    ]

    assert wrong == []


@pytest.mark.parametrize(
    "changed",
    [b"", b"\n", b"x", b"\xff" * 32, b"\n\n", b"a\n1\nb\n\n\n", "— ".encode() * 40_000],
    ids=["empty", "newline", "letter", "no text", "blank", "no lines", "too long"],
)
def test_a_checkpoint_that_is_no_note_is_found(book: AnyBook, changed: bytes) -> None:
    book.change("UPDATE head SET checkpoint = ?", changed)

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code == "bad_note"


def test_a_head_without_its_signature_is_incomplete_and_tells_what_holds(book: AnyBook) -> None:
    honest = book.audited()
    book.change("UPDATE head SET checkpoint = NULL")

    fault = book.fault()

    assert isinstance(fault, IncompleteError)
    assert fault.code == "unsigned_tail"
    assert fault.facts["signed"] == 0
    assert fault.facts["audited"] == replace(honest, note=b"")


def test_a_head_without_its_signature_hides_no_wrong_root(book: AnyBook) -> None:
    book.change("UPDATE head SET checkpoint = NULL, root = ?", bytes(32))

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code == "derived.head"


@pytest.mark.parametrize("column", OPENED)
def test_every_changed_opening_is_found(book: AnyBook, column: str) -> None:
    rows = book.rows(f"SELECT commitment, {column} FROM openings", file="openings.db")

    changes = [
        (
            (found.hex(), changed),
            setting_of("openings", column, changed, {"commitment": found}),
        )
        for found, value in rows
        for changed in changes_of(value, found)
    ]
    wrong = [
        (what, told(fault))
        for what, fault in faults(book, changes, "openings.db")
        if not isinstance(fault, BrokenHistoryError) or fault.code != "derived.openings"
    ]

    assert rows
    assert wrong == []


def test_an_opening_that_is_moved_to_another_entry_is_found(book: AnyBook) -> None:
    size = book.audited().entries
    rows = book.rows("SELECT commitment, entry FROM openings", file="openings.db")

    changes = [
        ((found.hex(), to), setting_of("openings", "entry", to, {"commitment": found}))
        for found, entry in rows
        for to in (entry + 1, entry - 1, 0, size - 1)
        if to not in {entry, size}
    ]
    wrong = [
        (what, told(fault))
        for what, fault in faults(book, some(changes, book), "openings.db")
        if not isinstance(fault, BrokenHistoryError) or fault.code != "derived.openings"
    ]

    assert wrong == []


def test_an_opening_of_one_act_does_not_pass_for_one_of_another(book: AnyBook) -> None:
    columns = "entry, author, nonce, field, salt, value"
    rows = book.rows(f"SELECT {columns} FROM openings ORDER BY entry", file="openings.db")
    commitments = book.rows("SELECT commitment FROM openings ORDER BY entry", file="openings.db")

    changes = [
        (
            at,
            lambda connection, at=at: connection.execute(
                f"UPDATE openings SET ({columns}) = (?,?,?,?,?,?) WHERE commitment = ?",
                (*rows[at - 1], *commitments[at]),
            ),
        )
        for at in range(len(rows))
    ]
    found = list(faults(book, changes, "openings.db"))

    assert len(found) == len(rows)
    assert {fault and fault.code for _, fault in found} == {"derived.openings"}


def test_erased_openings_are_no_fault(book: AnyBook) -> None:
    before = book.audited()

    erased = book.change("DELETE FROM openings WHERE entry % 2 = 0", file="openings.db")

    after = book.audited()
    assert erased > 0
    assert after.openings == before.openings - erased
    assert after.root == before.root


def test_a_broken_history_is_told_before_a_broken_cache(book: AnyBook) -> None:
    book.change("DELETE FROM detached")
    book.change("DELETE FROM nonces")
    ((state,),) = book.rows("SELECT state FROM stored_events WHERE rowid = ?", 45 * PARTS + 1)
    book.change(
        "UPDATE stored_events SET state = ? WHERE rowid = ?", state[:-1] + b"\x00", 45 * PARTS + 1
    )

    fault = book.fault()

    assert fault is not None
    assert (fault.code, fault.facts["index"]) == ("entry_altered", 45)


def test_of_two_altered_entries_the_first_is_named(book: AnyBook) -> None:
    for index in (40, 12):
        rowid = index * PARTS + 1
        ((state,),) = book.rows("SELECT state FROM stored_events WHERE rowid = ?", rowid)
        book.change(
            "UPDATE stored_events SET state = ? WHERE rowid = ?", state[:-1] + b"\x7f", rowid
        )

    fault = book.fault()

    assert fault is not None
    assert (fault.code, fault.facts["index"]) == ("entry_altered", 12)


def test_without_a_checkpoint_nobody_knows_which_entry_was_altered(book: AnyBook) -> None:
    ((state,),) = book.rows("SELECT state FROM stored_events WHERE rowid = ?", 12 * PARTS + 1)
    book.change(
        "UPDATE stored_events SET state = ? WHERE rowid = ?", state[:-1] + b"\x7f", 12 * PARTS + 1
    )
    book.change("UPDATE head SET checkpoint = NULL")

    fault = book.fault()

    assert isinstance(fault, BrokenHistoryError)
    assert fault.code != "entry_altered"
