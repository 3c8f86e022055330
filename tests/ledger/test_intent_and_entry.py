"""Intents and entries are read strictly: every field, each exactly of its type, and no other form."""

import pytest

from registry.errors import RefusedError
from registry.ledger import canonical, entry, intent
from registry.ledger.entry import CONSULTED_MAX, ENTRY_BYTES_MAX, NO_PREVIOUS, Place
from registry.ledger.intent import (
    EVENTS_PER_PART_MAX,
    INTENT_BYTES_MAX,
    PARTS_MAX,
    SIGNERS_MAX,
    Intent,
    Part,
    Signer,
    in_key_order,
)
from tests.world import Person

ALICE = Person("alice", "account/aaaa")
BOB = Person("bob", "account/bbbb")
CAROL = Person("carol", "account/cccc")
NONCE = bytes(range(16))
EVENT = ("batch.retired.v1", {"amount_g": 1})
PART = Part(stream="batch/x", events=(EVENT,))

TAG, LOG, AUTHOR, KEY, COSIGNERS, PARTS, NONCE_FIELD, NOT_AFTER = range(8)
ENTRY_TAG, AT, INTENT, SIGNATURES, CONSULTED, PLACES = range(6)


def asked(*cosigners, parts=(PART,)):
    signers = tuple(person.signer for person in (ALICE, *cosigners))
    return Intent(log=bytes(32), signers=signers, parts=parts, nonce=NONCE, not_after_us=5)


def value_of(data):
    return canonical.decode(data, bytes_max=100_000)


def intent_with(field, value):
    fields = value_of(intent.encode(asked(BOB)))
    fields[field] = value
    return canonical.encode(fields)


def entry_bytes(**changed):
    data = intent.encode(asked(BOB))
    shown = {
        "at_us": 3,
        "intent_bytes": data,
        "signatures": [bytes(64), bytes(64)],
        "consulted": [("account/aaaa", 1), ("registry", 2)],
        "places": [Place(position=1, previous=NO_PREVIOUS, outcomes=(None,))],
        **changed,
    }
    return entry.encode(**shown)


def entry_with(field, value):
    fields = value_of(entry_bytes())
    fields[field] = value
    return canonical.encode(fields)


def code_of(read, data):
    with pytest.raises(RefusedError) as caught:
        read(data)
    return caught.value.code


def many(count):
    return [[f"account/a{number}", Person(f"{number}").key] for number in range(count)]


def streams(count):
    return [[f"batch/x{number}", [list(EVENT)]] for number in range(count)]


def test_an_intent_is_read_as_it_was_written():
    made = asked(BOB, CAROL)

    assert intent.decode(intent.encode(made)) == made
    assert made.author == ALICE.account


def test_an_entry_is_read_as_it_was_written():
    read = entry.decode(entry_bytes())

    assert read.at_us == 3
    assert read.intent == asked(BOB)
    assert read.intent_bytes == intent.encode(asked(BOB))
    assert read.signatures == (bytes(64), bytes(64))
    assert read.consulted == (("account/aaaa", 1), ("registry", 2))
    assert read.places == (Place(position=1, previous=NO_PREVIOUS, outcomes=(None,)),)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (TAG, "carbon-registry/intent/v2", "malformed"),
        (TAG, None, "malformed"),
        (LOG, bytes(31), "malformed"),
        (LOG, bytes(33), "malformed"),
        (LOG, "0" * 32, "malformed"),
        (LOG, None, "malformed"),
        (AUTHOR, "account/", "malformed"),
        (AUTHOR, "account/a_b", "malformed"),
        (AUTHOR, "account/" + "a" * 49, "malformed"),
        (AUTHOR, "account/aaaa\n", "malformed"),
        (AUTHOR, "account/é", "malformed"),
        (AUTHOR, "batch/aaaa", "malformed"),
        (AUTHOR, "bearer/" + "a" * 51, "malformed"),
        (AUTHOR, "Registry", "malformed"),
        (AUTHOR, 5, "malformed"),
        (KEY, ["ed25519-sha256", bytes(31)], "malformed"),
        (KEY, ["ed25519", bytes(32)], "unknown_suite"),
        (KEY, None, "malformed"),
        (COSIGNERS, None, "malformed"),
        (COSIGNERS, [[BOB.account]], "malformed"),
        (COSIGNERS, [[BOB.account, BOB.key, 0]], "malformed"),
        (COSIGNERS, [[ALICE.account, BOB.key]], "malformed"),
        (COSIGNERS, [[BOB.account, ALICE.key]], "malformed"),
        (COSIGNERS, [[BOB.account, BOB.key]] * 2, "malformed"),
        (COSIGNERS, many(SIGNERS_MAX), "malformed"),
        (PARTS, [], "malformed"),
        (PARTS, {}, "malformed"),
        (PARTS, streams(PARTS_MAX + 1), "malformed"),
        (PARTS, streams(1) * 2, "malformed"),
        (PARTS, [["batch/x"]], "malformed"),
        (PARTS, [["batch/x", []]], "malformed"),
        (PARTS, [["batch/x", [list(EVENT)] * (EVENTS_PER_PART_MAX + 1)]], "malformed"),
        (PARTS, [["batch/", [list(EVENT)]]], "malformed"),
        (PARTS, [["batch/a/b", [list(EVENT)]]], "malformed"),
        (PARTS, [["batch/" + "a" * 65, [list(EVENT)]]], "malformed"),
        (PARTS, [[b"batch/x", [list(EVENT)]]], "malformed"),
        (PARTS, [["batch/x", [["batch.retired", {}]]]], "malformed"),
        (PARTS, [["batch/x", [["batch.retired.v0", {}]]]], "malformed"),
        (PARTS, [["batch/x", [["batch.retired.v01", {}]]]], "malformed"),
        (PARTS, [["batch/x", [["Batch.retired.v1", {}]]]], "malformed"),
        (PARTS, [["batch/x", [["batch.retired.v1\n", {}]]]], "malformed"),
        (PARTS, [["batch/x", [["batch.retired.v1", []]]]], "malformed"),
        (PARTS, [["batch/x", [["batch.retired.v1", None]]]], "malformed"),
        (PARTS, [["batch/x", [["batch.retired.v1"]]]], "malformed"),
        (NONCE_FIELD, bytes(15), "malformed"),
        (NONCE_FIELD, bytes(17), "malformed"),
        (NONCE_FIELD, None, "malformed"),
        (NOT_AFTER, -1, "malformed"),
        (NOT_AFTER, 2**53, "malformed"),
        (NOT_AFTER, True, "malformed"),
        (NOT_AFTER, "5", "malformed"),
        (NOT_AFTER, None, "malformed"),
    ],
)
def test_each_field_of_an_intent_is_exactly_of_its_type(field, value, code):
    assert code_of(intent.decode, intent_with(field, value)) == code


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (AUTHOR, "registry"),
        (AUTHOR, "bearer/" + "a2" * 26),
        (AUTHOR, "account/uscc-91510100MA6C123456"),
        (COSIGNERS, []),
        (COSIGNERS, many(SIGNERS_MAX - 1)),
        (PARTS, streams(PARTS_MAX)),
        (PARTS, [["registry", [list(EVENT)] * EVENTS_PER_PART_MAX]]),
        (PARTS, [["conduct/x", [["conduct.found.v999", {}]]]]),
        (NOT_AFTER, 0),
        (NOT_AFTER, 2**53 - 1),
    ],
)
def test_what_is_just_within_its_limits_is_read(field, value):
    data = intent_with(field, value)

    assert intent.encode(intent.decode(data)) == data


@pytest.mark.parametrize("change", ["shorter", "longer", "map", "bytes"])
def test_an_intent_is_an_array_of_eight(change):
    fields = value_of(intent.encode(asked()))
    value = {
        "shorter": fields[:-1],
        "longer": [*fields, None],
        "map": {"tag": 1},
        "bytes": b"intent",
    }[change]

    assert code_of(intent.decode, canonical.encode(value)) == "malformed"


def test_an_intent_has_a_longest_size():
    def sized(size):
        return asked(parts=(Part(stream="batch/x", events=(("a.b.v1", {"x": bytes(size)}),)),))

    room = INTENT_BYTES_MAX - len(intent.encode(sized(300))) + 300

    assert intent.decode(intent.encode(sized(room))) == sized(room)
    assert code_of(intent.decode, intent.encode(sized(room + 1))) == "too_long"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (ENTRY_TAG, "carbon-registry/intent/v1", "malformed"),
        (ENTRY_TAG, 1, "malformed"),
        (AT, -1, "malformed"),
        (AT, 2**53, "malformed"),
        (AT, False, "malformed"),
        (AT, None, "malformed"),
        (INTENT, None, "malformed"),
        (INTENT, [], "malformed"),
        (INTENT, b"", "not_canonical"),
        (INTENT, b"\xc0", "malformed"),
        (INTENT, b"\xcc\x05", "not_canonical"),
        (SIGNATURES, None, "malformed"),
        (SIGNATURES, [bytes(63)], "malformed"),
        (SIGNATURES, [bytes(65)], "malformed"),
        (SIGNATURES, ["a" * 64], "malformed"),
        (SIGNATURES, [bytes(64)] * (SIGNERS_MAX + 1), "malformed"),
        (CONSULTED, None, "malformed"),
        (CONSULTED, [["registry"]], "malformed"),
        (CONSULTED, [["registry", -1]], "malformed"),
        (CONSULTED, [["registry", True]], "malformed"),
        (CONSULTED, [[b"registry", 1]], "malformed"),
        (CONSULTED, [["registry", 1], ["registry", 1]], "malformed"),
        (CONSULTED, [["registry", 2], ["account/aaaa", 1]], "malformed"),
        (CONSULTED, [[f"a/{number:03}", 0] for number in range(CONSULTED_MAX + 1)], "malformed"),
        (PLACES, [], "malformed"),
        (PLACES, None, "malformed"),
        (PLACES, [[1, NO_PREVIOUS, [None]]] * 2, "malformed"),
        (PLACES, [[1, NO_PREVIOUS]], "malformed"),
        (PLACES, [[0, NO_PREVIOUS, [None]]], "malformed"),
        (PLACES, [[True, NO_PREVIOUS, [None]]], "malformed"),
        (PLACES, [[1, bytes(31), [None]]], "malformed"),
        (PLACES, [[1, None, [None]]], "malformed"),
        (PLACES, [[1, NO_PREVIOUS, []]], "malformed"),
        (PLACES, [[1, NO_PREVIOUS, [None, None]]], "malformed"),
        (PLACES, [[1, NO_PREVIOUS, None]], "malformed"),
    ],
)
def test_each_field_of_an_entry_is_exactly_of_its_type(field, value, code):
    assert code_of(entry.decode, entry_with(field, value)) == code


@pytest.mark.parametrize("more", [-1, 1])
def test_an_entry_is_an_array_of_six(more):
    fields = value_of(entry_bytes())
    fields = [*fields, None] if more == 1 else fields[:-1]

    assert code_of(entry.decode, canonical.encode(fields)) == "malformed"


def test_an_entry_has_a_longest_size_for_writer_and_reader():
    def place(size):
        return [Place(position=1, previous=NO_PREVIOUS, outcomes=({"x": bytes(size)},))]

    room = ENTRY_BYTES_MAX - len(entry_bytes(places=place(300))) + 300
    longest = entry_bytes(places=place(room))

    assert len(longest) == ENTRY_BYTES_MAX
    assert entry.decode(longest).places == tuple(place(room))
    assert code_of(lambda size: entry_bytes(places=place(size)), room + 1) == "too_long"
    assert code_of(entry.decode, longest + b"\0") == "too_long"


def signed(made, people):
    data = intent.encode(made)
    return data, [person.sign(intent.SIGNED_PREFIX + data) for person in people]


def ordered(*people):
    by_key = {person.key: person for person in people}
    return [by_key[signer.key] for signer in in_key_order([person.signer for person in people])]


def test_signatures_stand_in_the_order_of_key_ids():
    people = ordered(ALICE, BOB, CAROL)
    made = asked(BOB, CAROL)
    data, signatures = signed(made, people)

    intent.check_signatures(made, data, signatures)

    for turned in (signatures[::-1], [signatures[1], signatures[0], signatures[2]]):
        assert code_of(lambda wrong: intent.check_signatures(made, data, wrong), turned) == (
            "bad_signature"
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda given: given[:-1], "wrong_signatures"),
        (lambda given: [*given, given[0]], "wrong_signatures"),
        (lambda _: [], "wrong_signatures"),
        (lambda given: [given[0], given[0]], "bad_signature"),
        (lambda given: [given[0], bytes(64)], "bad_signature"),
    ],
    ids=["one less", "one more", "none", "one twice", "zeros"],
)
def test_exactly_the_signers_sign(change, code):
    made = asked(BOB)
    data, signatures = signed(made, ordered(ALICE, BOB))

    with pytest.raises(RefusedError) as caught:
        intent.check_signatures(made, data, change(signatures))

    assert caught.value.code == code


def test_a_signature_over_the_bare_bytes_is_none():
    made = asked()
    data = intent.encode(made)

    with pytest.raises(RefusedError) as caught:
        intent.check_signatures(made, data, [ALICE.sign(data)])

    assert caught.value.code == "bad_signature"


def test_a_signer_is_an_account_and_a_key():
    assert in_key_order([Signer(account=ALICE.account, key=ALICE.key)]) == [ALICE.signer]
