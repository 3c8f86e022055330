"""Keys and signatures: what may be registered, and the strictest reading of a signature."""

from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from registry.errors import RefusedError
from registry.ledger.keys import SUITE, check_registrable, check_signature, key_id, read_key
from tests.ledger import edwards
from tests.ledger.edwards import BASE, ZERO, P, encoded, times

MESSAGE = b"an intent"
SECRET = 0x1234567890ABCDEF1234567890ABCDEF
POINT = times(SECRET, BASE)
PUBLIC = encoded(POINT)
SMALL = edwards.torsion()
# Every encoding of a point of small order: y + p where it still fits, and the sign bit set where x is zero.
WRITTEN = sorted(
    {encoded(point) for point in SMALL}
    | {encoded(point, canonical=False) for point in SMALL if point[1] + P < 2**255}
    | {(y | 1 << 255).to_bytes(32, "little") for y in (1, P - 1, P + 1)}
)


def accepts(public, message, signature):
    """Whether OpenSSL accepts it."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def refuses(public, signature, message=MESSAGE):
    with pytest.raises(RefusedError) as caught:
        check_signature((SUITE, public), message, signature)
    return caught.value.code


def test_the_first_vector_of_rfc_8032_holds():
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )

    check_registrable((SUITE, public))
    check_signature((SUITE, public), b"", signature)

    assert refuses(public, signature, b"\0") == "bad_signature"


def test_the_arithmetic_of_these_tests_is_that_of_ed25519():
    signing = SigningKey(bytes(32))
    own = edwards.signed(SECRET, PUBLIC, MESSAGE, nonce=99)

    y = int.from_bytes(bytes(signing.verify_key), "little")
    read = edwards.recovered(y % 2**255, y >> 255)

    assert edwards.holds(
        read, bytes(signing.verify_key), MESSAGE, signing.sign(MESSAGE).signature, cofactor=1
    )
    check_signature((SUITE, PUBLIC), MESSAGE, own)
    assert len(set(SMALL)) == 8
    assert len(WRITTEN) == 14
    assert all(times(8, point) == ZERO for point in SMALL)


@pytest.mark.parametrize("public", WRITTEN, ids=bytes.hex)
def test_a_point_of_small_order_is_no_key(public):
    with pytest.raises(RefusedError) as caught:
        check_registrable((SUITE, public))

    assert caught.value.code == "weak_key"


@pytest.mark.parametrize("public", WRITTEN, ids=bytes.hex)
def test_no_signature_holds_under_a_point_of_small_order(public):
    for commitment in WRITTEN:
        assert refuses(public, commitment + bytes(32)) == "bad_signature"


def test_openssl_lets_the_neutral_point_sign_everything_and_we_do_not():
    neutral = encoded(ZERO)

    forged = neutral + bytes(32)

    assert accepts(neutral, b"whatever", forged)
    assert refuses(neutral, forged, b"whatever") == "bad_signature"


@pytest.mark.parametrize("number", range(1, 8))
def test_a_point_of_mixed_order_is_no_key(number):
    mixed = edwards.add(POINT, SMALL[number])

    with pytest.raises(RefusedError) as caught:
        check_registrable((SUITE, encoded(mixed)))

    assert caught.value.code == "weak_key"


@pytest.mark.parametrize("y", [*range(P, P + 19), 2**256 - 1, 2])
def test_an_encoding_that_is_not_canonical_or_no_point_is_no_key(y):
    with pytest.raises(RefusedError) as caught:
        check_registrable((SUITE, y.to_bytes(32, "little")))

    assert caught.value.code == "weak_key"


def test_a_key_of_the_prime_order_group_may_be_registered():
    check_registrable((SUITE, PUBLIC))
    check_registrable((SUITE, bytes(SigningKey.generate().verify_key)))

    assert times(edwards.L, POINT) == ZERO


@pytest.mark.parametrize("more", [1, 2, 7, 14])
def test_s_plus_a_multiple_of_the_order_is_refused(more):
    signature = edwards.signed(SECRET, PUBLIC, MESSAGE, nonce=5)
    s = int.from_bytes(signature[32:], "little") + more * edwards.L

    malleable = signature[:32] + s.to_bytes(32, "little")

    assert edwards.holds(POINT, PUBLIC, MESSAGE, malleable, cofactor=1)
    assert refuses(PUBLIC, malleable) == "bad_signature"


@pytest.mark.parametrize("number", range(8))
def test_r_of_small_order_is_refused_although_the_equation_holds(number):
    signature = edwards.signed(SECRET, PUBLIC, MESSAGE, nonce=0, shift=SMALL[number])

    assert edwards.holds(POINT, PUBLIC, MESSAGE, signature, cofactor=8)
    assert edwards.holds(POINT, PUBLIC, MESSAGE, signature, cofactor=1) == (number == 0)
    assert refuses(PUBLIC, signature) == "bad_signature"


@pytest.mark.parametrize("number", range(1, 8))
def test_a_signature_that_only_the_cofactored_equation_accepts_is_refused(number):
    signature = edwards.signed(SECRET, PUBLIC, MESSAGE, nonce=77, shift=SMALL[number])

    assert edwards.holds(POINT, PUBLIC, MESSAGE, signature, cofactor=8)
    assert not edwards.holds(POINT, PUBLIC, MESSAGE, signature, cofactor=1)
    assert refuses(PUBLIC, signature) == "bad_signature"


def test_a_mixed_key_signs_one_message_in_eight_which_is_why_none_is_registered():
    mixed = edwards.add(POINT, SMALL[1])
    public = encoded(mixed)

    found = [
        message
        for message in (bytes([number]) for number in range(40))
        if edwards.holds(
            mixed, public, message, edwards.signed(SECRET, public, message, nonce=3), cofactor=1
        )
    ]

    assert 0 < len(found) < 40
    for message in found:
        check_signature((SUITE, public), message, edwards.signed(SECRET, public, message, nonce=3))


@given(st.binary(max_size=80), st.integers(0, 64 * 8 - 1))
def test_whatever_we_accept_openssl_accepts_too_and_no_flipped_bit_is_accepted(message, bit):
    signing = SigningKey(bytes([7]) * 32)
    public, signature = bytes(signing.verify_key), signing.sign(message).signature
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8

    check_signature((SUITE, public), message, signature)

    assert accepts(public, message, signature)
    assert refuses(public, bytes(flipped), message) == "bad_signature"
    assert refuses(public, signature, message + b"\0") == "bad_signature"


@given(st.sampled_from([PUBLIC, *WRITTEN]), st.sampled_from(WRITTEN), st.integers(0, 3))
def test_of_odd_signatures_openssl_accepts_all_that_we_accept(public, commitment, s):
    signature = commitment + s.to_bytes(32, "little")

    try:
        check_signature((SUITE, public), MESSAGE, signature)
        ours = True
    except RefusedError:
        ours = False

    assert not ours or accepts(public, MESSAGE, signature)
    assert not ours


@pytest.mark.parametrize("size", [0, 63, 65, 128])
def test_a_signature_is_64_bytes(size):
    assert refuses(PUBLIC, bytes(size)) == "bad_signature"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "malformed"),
        ([SUITE], "malformed"),
        ([SUITE, PUBLIC, 0], "malformed"),
        ({SUITE: PUBLIC}, "malformed"),
        ([SUITE, PUBLIC[:31]], "malformed"),
        ([SUITE, PUBLIC + b"\0"], "malformed"),
        ([SUITE, "a" * 32], "malformed"),
        (["ed25519", PUBLIC], "unknown_suite"),
        ([SUITE.upper(), PUBLIC], "unknown_suite"),
        ([1, PUBLIC], "unknown_suite"),
        ([[SUITE], PUBLIC], "unknown_suite"),
    ],
    ids=repr,
)
def test_a_key_is_a_known_suite_and_32_bytes(value, code):
    with pytest.raises(RefusedError) as caught:
        read_key(value)

    assert caught.value.code == code


def test_the_suite_and_all_bytes_are_in_the_name_of_a_key():
    names = {
        key_id((SUITE, PUBLIC)),
        key_id((SUITE, PUBLIC[:-1] + b"\0")),
        key_id(("sm2-sm3", PUBLIC)),
    }

    assert len(names) == 3
    assert read_key([SUITE, PUBLIC]) == (SUITE, PUBLIC)
    assert key_id((SUITE, PUBLIC)) == sha256(b"\x92\xaeed25519-sha256\xc4 " + PUBLIC).digest()
