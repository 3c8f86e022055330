"""Claim codes: read back as they were spelled, refused when a character is wrong, one key each."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.acts import claim_codes
from registry.acts.claim_codes import ALPHABET, read, seed, spell
from registry.errors import RefusedError

SECRET = bytes(range(16))
LOG = sha256(b"log").digest()
CAMPAIGN = "campaign/" + "a" * 16


def refused(typed):
    with pytest.raises(RefusedError) as caught:
        read(typed)
    assert caught.value.code == "bad_claim_code"
    return caught.value.facts["why"]


@given(st.binary(min_size=16, max_size=16))
def test_a_code_says_its_bits(secret):
    code = spell(secret)

    assert read(code) == secret
    assert len(code) == 35
    assert set(code) <= {*ALPHABET, "-"}


def test_a_code_is_spelled_so_for_ever():
    assert spell(SECRET) == "00041-06105-0R3GG-28A1C-60T3G-FW8JH"
    assert spell(bytes(16)).startswith("00000-00000-00000-00000-00000-0")
    assert spell(b"\xff" * 16).startswith("7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-Z")


@pytest.mark.parametrize(
    "spelled",
    [
        str.lower,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        lambda code: f"  {code}\n",
        lambda code: code.replace("0", "O").replace("1", "l"),
        lambda code: code.replace("1", "I"),
    ],
    ids=["small", "together", "by spaces", "with spaces around", "O and l", "I"],
)
def test_a_code_is_read_however_it_is_typed(spelled):
    assert read(spelled(spell(SECRET))) == SECRET


@pytest.mark.parametrize("place", [place for place in range(35) if place % 6 != 5])
def test_one_wrong_character_is_noticed(place):
    code = spell(SECRET)
    others = [letter for letter in ALPHABET if letter != code[place]]

    wrong = [code[:place] + letter + code[place + 1 :] for letter in others]

    assert all(refused(typed) for typed in wrong)


def test_two_neighbours_that_changed_places_are_noticed():
    code = spell(SECRET).replace("-", "")
    swapped = [
        code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        for place in range(len(code) - 1)
        if code[place] != code[place + 1]
    ]

    assert len(swapped) > 15
    assert all(refused(typed) for typed in swapped)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "other_characters"),
        ("-", "other_characters"),
        ("０００４１", "other_characters"),
        (spell(SECRET) + "!", "other_characters"),
        (spell(SECRET).replace("-", "--", 1), "other_characters"),
        (spell(SECRET)[:-1], "characters_counted"),
        (spell(SECRET) + "0", "characters_counted"),
        ("U" + spell(SECRET)[1:], "character_unknown"),
        ("8" + spell(SECRET)[1:], "first_character"),
    ],
)
def test_what_is_no_code_is_refused(typed, why):
    assert refused(typed) == why


def test_a_refusal_repeats_no_code():
    code = spell(SECRET)
    with pytest.raises(RefusedError) as caught:
        read(code[:-1] + ("0" if code[-1] != "0" else "1"))

    assert code[:20] not in str(caught.value.facts)


def test_a_code_gives_the_same_seed_for_ever():
    made = seed(SECRET, log=LOG, campaign=CAMPAIGN)

    assert made.hex() == "fbb6deb8d4352c329be25d836435a4149e2024ac25d785b99f4aa0ad3ea1f104"


def test_a_code_stands_for_one_key_in_one_campaign_of_one_log():
    seeds = {
        seed(SECRET, log=LOG, campaign=CAMPAIGN),
        seed(bytes(16), log=LOG, campaign=CAMPAIGN),
        seed(SECRET, log=sha256(b"another").digest(), campaign=CAMPAIGN),
        seed(SECRET, log=LOG, campaign="campaign/" + "b" * 16),
    }

    assert len(seeds) == 4
    assert {len(one) for one in seeds} == {32}
    assert claim_codes.seed(SECRET, log=LOG, campaign=CAMPAIGN) in seeds
