"""What is handed out: codes that only their owner reads and that are made once, and a directory for one list."""

import os

import pytest

from registry.acts.guest_list import Guest
from registry.errors import RefusedError, UnavailableError
from registry.store import handout

CAMPAIGN = "campaign/" + "a" * 16
GUESTS = (
    Guest(line=2, number="1", account=None, name="王伟", amount_g=5),
    Guest(line=3, number="2", account="account/" + "a" * 16, name="", amount_g=5),
    Guest(line=4, number="3", account=None, name='A, "B"', amount_g=7),
)


@pytest.fixture
def out(tmp_path):
    with handout.alone(tmp_path / "a" / "handout"):
        yield tmp_path / "a" / "handout"


def test_what_nobody_asked_for_again_for_long_is_deleted_unless_somebody_gives_out_of_it(tmp_path):
    old, held, fresh = (tmp_path / handout.FOLDER / name for name in ("old", "held", "fresh"))
    for directory in (old, held, fresh):
        (directory / handout.PROOFS).mkdir(parents=True)
    for directory in (old, held):
        os.utime(directory, (1_000, 1_000))
    with handout.alone(held):
        handout.forget_old(tmp_path, 2_000)

    assert sorted((tmp_path / handout.FOLDER).iterdir()) == [fresh, held]
    handout.forget_old(tmp_path / "elsewhere", 2_000)


def refusal_of(read):
    with pytest.raises(RefusedError) as caught:
        read()
    return caught.value.code


def test_codes_are_kept_as_they_were_made(out):
    handout.begin(out, CAMPAIGN, bytes(32))
    made = handout.secrets_for(GUESTS)

    handout.keep_codes(out, GUESTS, made)

    assert made.keys() == {"1", "3"}
    assert handout.kept_codes(out) == made
    assert (out / "codes.csv").stat().st_mode & 0o777 == 0o600
    assert (out / "codes.csv").read_text("utf-8-sig").splitlines()[2] == "2,,5,"


def test_no_codes_are_there_before_they_are_made(out):
    handout.begin(out, CAMPAIGN, bytes(32))

    assert handout.kept_codes(out) is None


def test_a_file_that_was_half_written_is_none(out):
    handout.begin(out, CAMPAIGN, bytes(32))
    (out / "codes.csv.part").write_text("no,name,grams,code\n1,A,5,half a co")

    before = handout.kept_codes(out)
    made = handout.secrets_for(GUESTS)
    handout.keep_codes(out, GUESTS, made)

    assert before is None
    assert handout.kept_codes(out) == made
    assert not (out / "codes.csv.part").exists()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "bad_header"),
        (b"no,name,code\n", "bad_header"),
        (b"no,name,grams,code\n1,A,5\n", "bad_header"),
        (b'no,name,grams,code\n"1,A,5,\n', "bad_header"),
        (b"no,name,grams,code\n1,\xff,5,\n", "bad_header"),
        (b"no,name,grams,code\n1,A,5,00041\n", "bad_claim_code"),
    ],
    ids=["nothing", "other columns", "short row", "open quote", "not UTF-8", "no code"],
)
def test_codes_that_were_changed_are_refused(out, content, code):
    handout.begin(out, CAMPAIGN, bytes(32))
    (out / "codes.csv").write_bytes(content)

    assert refusal_of(lambda: handout.kept_codes(out)) == code


def test_a_directory_is_for_one_list_of_one_campaign(out):
    handout.begin(out, CAMPAIGN, bytes(32))

    handout.begin(out, CAMPAIGN, bytes(32))
    other_list = refusal_of(lambda: handout.begin(out, CAMPAIGN, b"\x01" * 32))
    other_campaign = refusal_of(lambda: handout.begin(out, "campaign/" + "b" * 16, bytes(32)))

    assert {other_list, other_campaign} == {"directory_in_use"}


def test_a_directory_with_anything_else_in_it_is_left_alone(out):
    (out / "mine.txt").write_text("mine")

    assert refusal_of(lambda: handout.begin(out, CAMPAIGN, bytes(32))) == "directory_in_use"
    assert [file.name for file in out.iterdir()] == ["mine.txt"]


def test_two_runs_never_hold_one_directory(out):
    with pytest.raises(UnavailableError) as refused, handout.alone(out):
        pass

    assert (refused.value.code, refused.value.facts["file"]) == ("locked_elsewhere", str(out))


def test_nothing_is_left_of_a_directory_that_was_made_in_vain(out, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()

    with handout.alone(out / "vain"), handout.alone(mine):
        pass

    assert not (out / "vain").exists()
    assert mine.exists()


def test_proofs_are_written_again_as_often_as_one_likes(out):
    handout.begin(out, CAMPAIGN, bytes(32))
    proofs = [(guest, f"proof of {guest.number}".encode()) for guest in GUESTS]

    counts = [handout.write_proofs(out, proofs) for _ in range(2)]

    assert counts == [3, 3]
    assert (out / "proofs" / "3.gift").read_bytes() == b"proof of 3"
