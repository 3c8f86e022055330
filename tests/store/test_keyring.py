"""Private keys at rest: sealed under a passphrase, and no use to anybody without it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from nacl.signing import SigningKey, VerifyKey

from registry.errors import RefusedError
from registry.ledger.keys import SUITE
from registry.store.beginning import create
from registry.store.keyring import ENVIRONMENT, Keyring, read_passphrase
from registry.store.operator import Operator
from registry.verifier.audit import audit
from tests.books import ORIGIN, Book


@pytest.fixture
def place(home: Path) -> Path:
    directory = home / "keys"
    directory.mkdir()
    return directory


def test_a_generated_key_signs_for_the_account_that_it_was_given_to(place: Path) -> None:
    keyring = Keyring.create(place)
    (key,) = keyring.generate()
    keyring.assign({key: "account/one"})

    signature = keyring.sign(key, b"message")

    assert VerifyKey(key[1]).verify(b"message", signature) == b"message"
    assert keyring.keys_of("account/one") == [key]
    assert keyring.keys_of("account/two") == []


def test_keys_are_there_after_reopening(place: Path) -> None:
    keyring = Keyring.create(place)
    keys = keyring.generate(3)
    signatures = [keyring.sign(key, b"message") for key in keys]

    again = Keyring(place)

    assert [again.sign(key, b"message") for key in keys] == signatures


def test_a_passphrase_is_stretched_by_scrypt_to_its_full_length(tmp_path: Path) -> None:
    Keyring.create(tmp_path)

    with closing(sqlite3.connect(tmp_path / "keys.db")) as connection:
        (row,) = connection.execute("SELECT n, r, p FROM sealing")
    assert row == (2**15, 8, 1)


def test_a_wrong_passphrase_opens_no_key(place: Path) -> None:
    (key,) = Keyring.create(place).generate()
    (place / "passphrase").write_text("another\n")

    with pytest.raises(RefusedError) as refusal:
        Keyring(place).sign(key, b"message")

    assert refusal.value.code == "wrong_passphrase"


@pytest.mark.parametrize("text", [None, "", "\n", "\nsecond line\n"], ids=repr)
def test_without_a_passphrase_no_keyring_opens(place: Path, text: str | None) -> None:
    Keyring.create(place)
    if text is None:
        (place / "passphrase").unlink()
    else:
        (place / "passphrase").write_text(text)

    with pytest.raises(RefusedError) as refusal:
        Keyring(place)

    assert refusal.value.code == "no_passphrase"
    assert refusal.value.facts["file"] == str(place / "passphrase")


def test_the_passphrase_is_the_first_line(place: Path) -> None:
    (place / "passphrase").write_bytes("口令 one\nsecond\n".encode())
    (place / "passphrase").chmod(0o600)

    assert read_passphrase(place) == "口令 one".encode()


def test_the_environment_says_where_the_passphrase_is(
    home: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = home / "elsewhere"
    elsewhere.write_text("a phrase of my own\n")
    elsewhere.chmod(0o600)
    monkeypatch.setenv(ENVIRONMENT, str(elsewhere))

    (key,) = Keyring.create(place).generate()

    assert [file.name for file in place.iterdir()] == ["keys.db"]
    assert len(Keyring(place).sign(key, b"message")) == 64
    monkeypatch.delenv(ENVIRONMENT)
    with pytest.raises(RefusedError) as refusal:
        Keyring(place)
    assert refusal.value.code == "no_passphrase"


def test_a_missing_file_that_the_environment_names_is_named(
    home: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Keyring.create(place)
    monkeypatch.setenv(ENVIRONMENT, str(home / "nothing"))

    with pytest.raises(RefusedError) as refusal:
        Keyring(place)

    assert refusal.value.facts["file"] == str(home / "nothing")


def test_a_registry_lives_with_its_passphrase_elsewhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "phrase").write_text("a phrase of my own\n")
    (home / "phrase").chmod(0o600)
    monkeypatch.setenv(ENVIRONMENT, str(home / "phrase"))
    create(home / "registry", origin=ORIGIN)

    operator = Operator(home / "registry")
    key = operator.vkey()
    operator.close()

    assert not (home / "registry" / "passphrase").exists()
    assert audit(home / "registry", key).entries == 1


def test_keys_and_passphrase_are_for_the_owner_only(place: Path) -> None:
    Keyring.create(place).generate(2)

    modes = {file.name: file.stat().st_mode & 0o777 for file in place.iterdir()}

    assert modes == {"keys.db": 0o600, "passphrase": 0o600}


@pytest.mark.parametrize("name", ["keys.db", "passphrase"])
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_what_the_owner_and_a_group_may_read_is_used(place: Path, name: str, mode: int) -> None:
    (key,) = Keyring.create(place).generate()
    (place / name).chmod(mode)

    signed = Keyring(place).sign(key, b"message")

    assert len(signed) == 64


@pytest.mark.parametrize("name", ["keys.db", "passphrase"])
@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601, 0o620, 0o777])
def test_what_everybody_may_read_or_others_write_is_not_used(
    place: Path, name: str, mode: int
) -> None:
    Keyring.create(place)
    (place / name).chmod(mode)

    with pytest.raises(RefusedError) as refusal:
        Keyring(place)

    assert refusal.value.code == "exposed_file"
    assert refusal.value.facts == {"file": str(place / name), "mode": f"{mode:04o}"}


def test_a_passphrase_elsewhere_that_everybody_may_read_is_not_used(
    home: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Keyring.create(place)
    (home / "phrase").write_bytes((place / "passphrase").read_bytes())
    (home / "phrase").chmod(0o644)
    monkeypatch.setenv(ENVIRONMENT, str(home / "phrase"))

    with pytest.raises(RefusedError) as refusal:
        Keyring(place)

    assert refusal.value.code == "exposed_file"
    assert refusal.value.facts["file"] == str(home / "phrase")


def test_no_private_seed_is_in_the_file_in_clear(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds: list[bytes] = []
    keyring = Keyring.create(place)
    whole = keyring._sealing.encrypt

    class Listening:
        def encrypt(self, nonce: bytes, seed: bytes, named: bytes) -> bytes:
            seeds.append(seed)
            return whole(nonce, seed, named)

    monkeypatch.setattr(keyring, "_sealing", Listening())
    made = keyring.generate(20)

    kept = (place / "keys.db").read_bytes()
    assert [bytes(SigningKey(seed).verify_key) for seed in seeds] == [key for _, key in made]
    assert all(key in kept for _, key in made)
    assert [seed for seed in seeds if seed in kept or seed.hex().encode() in kept] == []


def test_two_seals_of_one_keyring_share_no_nonce(book: Book) -> None:
    sealed = [row[0] for row in book.rows("SELECT sealed FROM keys", file="keys.db")]

    assert len({item[:12] for item in sealed}) == len(sealed) > 5
    assert {len(item) for item in sealed} == {12 + 32 + 16}


def test_a_sealed_key_put_in_the_place_of_another_does_not_open(book: Book) -> None:
    one, other = (row[0] for row in book.rows("SELECT key_id FROM keys LIMIT 2", file="keys.db"))
    book.change(
        "UPDATE keys SET sealed = (SELECT sealed FROM keys WHERE key_id = ?) WHERE key_id = ?",
        other,
        one,
        file="keys.db",
    )
    ((public,),) = book.rows("SELECT public FROM keys WHERE key_id = ?", one, file="keys.db")

    with pytest.raises(RefusedError) as refusal:
        Keyring(book.directory).sign((SUITE, public), b"message")

    assert refusal.value.code == "wrong_passphrase"


def test_a_key_that_is_not_kept_here_does_not_sign(place: Path) -> None:
    keyring = Keyring.create(place)
    stranger = bytes(SigningKey(bytes(32)).verify_key)

    with pytest.raises(RefusedError) as refusal:
        keyring.sign((SUITE, stranger), b"message")

    assert refusal.value.code == "no_private_key"
