"""Signed notes, verifier keys and checkpoints: what C2SP writes, and nothing that only looks like it."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import RefusedError
from registry.ledger.note import (
    NAME_CHARACTERS_MAX,
    NOTE_BYTES_MAX,
    Checkpoint,
    VerifierKey,
    check_name,
    open_checkpoint,
    read_checkpoint,
    read_vkey,
    signature_line,
    split_note,
)
from tests.world import ORIGIN, Person, log_key

# Source: c2sp.org/signed-note, section "Verifier keys".
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
CHECKPOINT = Checkpoint(origin=ORIGIN, size=7, root=bytes(range(32)))
TEXT = CHECKPOINT.text()
LOG, WITNESS = Person("log"), Person("witness")


def line(person=LOG, name=ORIGIN, text=TEXT):
    key = VerifierKey(name=name, public=person.key[1])
    return signature_line(key, person.sign(text.encode()))


def note_of(*lines, text=TEXT):
    return f"{text}\n{''.join(lines)}".encode()


def code_of(read, *args):
    with pytest.raises(RefusedError) as caught:
        read(*args)
    return caught.value.code


def test_the_example_of_the_specification_is_read_and_written_again():
    key = read_vkey(VKEY)

    assert key.name == "example.com/foo"
    assert key.key_id.hex() == "530d903a"
    assert str(key) == VKEY
    assert len(key.fingerprint) == 64


def encoded(data):
    return b64encode(data).decode()


PUBLIC = log_key().public


@pytest.mark.parametrize(
    ("vkey", "code"),
    [
        ("", "bad_vkey"),
        ("example.com/foo+530d903a", "bad_vkey"),
        (VKEY.replace("530d903a", "530d903b"), "bad_vkey"),
        (VKEY.replace("530d903a", "530D903A"), "bad_vkey"),
        (VKEY.replace("530d903a", "30d903a"), "bad_vkey"),
        (VKEY.replace("530d903a", "0x530d903a"), "bad_vkey"),
        (VKEY.replace("foo", "bar"), "bad_vkey"),
        (VKEY.replace("example.com/foo", "example.com/f oo"), "bad_name"),
        (VKEY.replace("example.com/foo", ""), "bad_name"),
        (VKEY[:-1], "bad_vkey"),
        (VKEY + "=", "bad_vkey"),
        (VKEY + "\n", "bad_vkey"),
        (VKEY[:-1] + "é", "bad_vkey"),
        (f"{ORIGIN}+{log_key().key_id.hex()}+{encoded(PUBLIC)}", "bad_vkey"),
        (f"{ORIGIN}+{log_key().key_id.hex()}+{encoded(bytes([4]) + PUBLIC)}", "bad_vkey"),
        (f"{ORIGIN}+{log_key().key_id.hex()}+{encoded(bytes([1]) + PUBLIC + b'0')}", "bad_vkey"),
        (f"{ORIGIN}+{log_key().key_id.hex()}+", "bad_vkey"),
        (str(VerifierKey(name="weak", public=b"\1" + bytes(31))), "weak_key"),
    ],
)
def test_a_vkey_that_is_only_nearly_one_is_refused(vkey, code):
    assert code_of(read_vkey, vkey) == code


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a+b",
        "a b",
        "a\u00a0b",
        "a\u3000b",
        "a\u200bb",
        "a\tb",
        "a\nb",
        "a\u2028b",
        "a\x7fb",
        "a\u0085b",
        "a\u202eb",
        "a" * (NAME_CHARACTERS_MAX + 1),
    ],
    ids=ascii,
)
def test_a_name_that_hides_something_is_refused(name):
    assert code_of(check_name, name) == "bad_name"


@pytest.mark.parametrize("name", ["四川.example/登记", "a\u1fae8", "é"], ids=ascii)
def test_a_name_that_readers_of_other_unicode_versions_may_not_print_is_refused(name):
    assert code_of(check_name, name) == "bad_name"


@pytest.mark.parametrize("name", ["a", "!~", "a" * NAME_CHARACTERS_MAX])
def test_a_plain_name_is_welcome(name):
    key = VerifierKey(name=name, public=PUBLIC)

    check_name(name)

    assert read_vkey(str(key)) == key


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_is_read_as_it_was_written(size, root):
    made = Checkpoint(origin=ORIGIN, size=size, root=root)

    assert read_checkpoint(made.text()) == made


ROOT = encoded(bytes(range(32)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n7\n{ROOT}",
        f"{ORIGIN}\n7\n{ROOT}\nextension\n",
        f"{ORIGIN}\n7\n{ROOT}\n\n",
        f"\n{ORIGIN}\n7\n{ROOT}\n",
        f"{ORIGIN}\n7\n",
        f"\n7\n{ROOT}\n",
        f"a name\n7\n{ROOT}\n",
        f"a\u00a0name\n7\n{ROOT}\n",
        f"{ORIGIN}\n07\n{ROOT}\n",
        f"{ORIGIN}\n00\n{ROOT}\n",
        f"{ORIGIN}\n+7\n{ROOT}\n",
        f"{ORIGIN}\n-7\n{ROOT}\n",
        f"{ORIGIN}\n 7\n{ROOT}\n",
        f"{ORIGIN}\n7 \n{ROOT}\n",
        f"{ORIGIN}\n1_0\n{ROOT}\n",
        f"{ORIGIN}\n٣\n{ROOT}\n",
        f"{ORIGIN}\n７\n{ROOT}\n",
        f"{ORIGIN}\n0x7\n{ROOT}\n",
        f"{ORIGIN}\n7.0\n{ROOT}\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n{2**63}\n{ROOT}\n",
        f"{ORIGIN}\n{'9' * 5_000}\n{ROOT}\n",
        f"{ORIGIN}\n7\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n7\n{ROOT} \n",
        f"{ORIGIN}\n7\n{ROOT[:4]}!{ROOT[4:]}\n",
        f"{ORIGIN}\n7\n{ROOT[:-2]}9=\n",
        f"{ORIGIN}\n7\n{encoded(bytes(31))}\n",
        f"{ORIGIN}\n7\n{encoded(bytes(33))}\n",
        f"{ORIGIN}\n7\n\n",
    ],
    ids=[str(number) for number in range(30)],
)
def test_a_checkpoint_that_is_only_nearly_one_is_refused(text):
    assert code_of(read_checkpoint, text) == "bad_checkpoint"


def test_a_note_signed_by_the_log_is_opened():
    assert open_checkpoint(note_of(line()), log_key()) == CHECKPOINT


def test_lines_of_unknown_signers_are_passed_over():
    rotated = line(Person("another key"))
    witness = line(WITNESS, "witness.example/w")
    broken = signature_line(VerifierKey(name="stranger", public=WITNESS.key[1]), bytes(64))
    long = signature_line(VerifierKey(name="quantum", public=WITNESS.key[1]), bytes(2_420))

    found = open_checkpoint(note_of(broken, witness, rotated, line(), long), log_key())

    assert found == CHECKPOINT


def test_a_known_signer_whose_line_fails_spoils_the_note():
    false = signature_line(log_key(), WITNESS.sign(TEXT.encode()))
    short = signature_line(log_key(), bytes(63))

    for lines in ((false,), (line(), false), (false, line()), (line(), short)):
        assert code_of(open_checkpoint, note_of(*lines), log_key()) == "bad_checkpoint_signature"


@pytest.mark.parametrize(
    "lines",
    [
        [line(WITNESS, "witness.example/w")],
        [line(WITNESS)],
        [line(LOG, "another.example/log")],
        [line(LOG, ORIGIN.upper())],
    ],
    ids=["a witness alone", "another key", "another name", "other letters"],
)
def test_a_note_without_the_log_s_own_line_is_refused(lines):
    assert code_of(open_checkpoint, note_of(*lines), log_key()) == "bad_checkpoint_signature"


def test_the_right_key_under_a_wrong_key_id_is_an_unknown_signer():
    wrong = encoded(bytes(4) + LOG.sign(TEXT.encode()))

    data = note_of(f"— {ORIGIN} {wrong}\n")

    assert code_of(open_checkpoint, data, log_key()) == "bad_checkpoint_signature"


def test_the_checkpoint_of_another_log_is_refused_whoever_signs_it():
    other = Checkpoint(origin="another.example/log", size=7, root=bytes(32)).text()

    data = note_of(line(text=other), text=other)

    assert code_of(open_checkpoint, data, log_key()) == "wrong_origin"


def test_a_signature_is_over_every_byte_of_the_text():
    smaller = TEXT.replace("\n7\n", "\n6\n")

    assert code_of(open_checkpoint, note_of(line(), text=smaller), log_key()) == (
        "bad_checkpoint_signature"
    )


def test_a_hundred_signatures_are_read_and_not_one_more():
    others = [line(WITNESS, f"w{number}") for number in range(100 - 1)]

    _, lines = split_note(note_of(*others, line()))

    assert len(lines) == 100
    assert code_of(split_note, note_of(*others, line(), line())) == "bad_note"


def test_a_note_has_a_longest_size():
    room = NOTE_BYTES_MAX - len(note_of(line(), text=""))

    text, _ = split_note(note_of(line(), text="a" * (room - 1) + "\n"))

    assert len(text) == room
    assert code_of(split_note, note_of(line(), text="a" * room + "\n")) == "bad_note"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        TEXT.encode() + b"\n",
        TEXT.encode() + line().encode(),
        note_of(line())[:-1],
        note_of(line()) + b"\n",
        note_of(line()) + b"x",
        note_of(line()).replace(b"\n", b"\r\n"),
        note_of(line()).replace(b"\n\n", b"\r\n\r\n"),
        note_of("\t" + line()),
        b"\0" + note_of(line()),
        b"\xff" + note_of(line()),
        note_of(line()).replace("—".encode(), b"-"),
        note_of(line()).replace("— ".encode(), "—".encode()),
        note_of(line()).replace("— ".encode(), "—  ".encode()),
        note_of(line().replace("\n", " \n")),
        note_of(f"— {ORIGIN}\n"),
        note_of(f"— {ORIGIN} \n"),
        note_of(f"— {ORIGIN} AAAA\n"),
        note_of(f"— {ORIGIN} AAAAAA==\n"),
        note_of(f"— {ORIGIN} AAAAAAB=\n"),
        note_of(f"— {ORIGIN} AAAAAAA\n"),
        note_of(f"— {ORIGIN} AAAA-AA_\n"),
        note_of(f"— {ORIGIN} éAAAAAA=\n"),
        note_of(line(name="a+b")),
        note_of(line(name="a\u00a0b")),
        note_of(line(name="")),
        note_of(line(), "—\n"),
    ],
    ids=[str(number) for number in range(30)],
)
def test_a_note_that_is_only_nearly_one_is_refused(data):
    assert code_of(split_note, data) == "bad_note"


def test_two_blank_lines_belong_to_no_checkpoint():
    data = note_of(line(text=TEXT + "\n"), text=TEXT + "\n")

    text, _ = split_note(data)

    assert text == TEXT + "\n"
    assert code_of(open_checkpoint, data, log_key()) == "bad_checkpoint"


def test_a_blank_line_between_signatures_makes_the_first_a_part_of_the_text():
    data = note_of(line() + "\n" + line())

    text, lines = split_note(data)

    assert text == TEXT + "\n" + line()
    assert len(lines) == 1
    assert code_of(open_checkpoint, data, log_key()) == "bad_checkpoint"


def test_a_note_is_split_at_its_last_blank_line():
    inner = note_of(line(WITNESS)).decode()

    text, lines = split_note(note_of(line(), text=inner))

    assert text == inner
    assert [name for name, _, _ in lines] == [ORIGIN]
