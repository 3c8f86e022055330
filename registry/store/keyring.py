"""Private keys at rest: each sealed with AES-256-GCM under a key that scrypt makes of a passphrase.

The passphrase is the first line of the file that $CARBON_REGISTRY_PASSPHRASE_FILE names or, without it, of the file
`passphrase` beside the database. The latter protects copies of the database only, not of the whole directory. Neither
file is used while everybody on the machine may read it, or somebody besides its owner write it; a group may read it,
because that is how secrets are handed to a service.

    sealed = nonce (12 B) || AES-256-GCM(seed of 32 B; additional data: key id)

A key that is made for an act is kept before the act is recorded, and may never be: until it is known that it was, it
stands among the `pending`, with the time.
"""

import hmac
import os
import sqlite3
import stat
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from registry.errors import RefusedError, require
from registry.ledger.keys import SUITE, Key, key_id
from registry.store.folder import synchronise
from registry.store.sqlite import storage_trouble

FILE = "keys.db"
PASSPHRASE_FILE = "passphrase"  # noqa: S105  # the name of a file
ENVIRONMENT = "CARBON_REGISTRY_PASSPHRASE_FILE"

_SCRYPT_N = 2**15
_SCRYPT_R = 8
_SCRYPT_P = 1
_NONCE_BYTES = 12
_SEED_BYTES = 32
_EXPOSED = stat.S_IRWXO | stat.S_IWGRP
_TABLES = """
CREATE TABLE sealing (one INTEGER PRIMARY KEY CHECK (one = 1), salt BLOB NOT NULL,
    n INTEGER NOT NULL, r INTEGER NOT NULL, p INTEGER NOT NULL) STRICT;
CREATE TABLE keys (key_id BLOB PRIMARY KEY, account TEXT NOT NULL, suite TEXT NOT NULL,
    public BLOB NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""
_PENDING = (
    "CREATE TABLE IF NOT EXISTS pending (key_id BLOB PRIMARY KEY, at_us INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID"
)
"""Not in keyrings of before; made when it is first needed."""
PENDING_MAX = 60
PENDING_WITHIN_US = 3600 * 1_000_000
"""So many keys may be made for an account within such a time: whoever has them made and records nothing fills no disk,
and keeps nobody else who acts for it waiting for long.
"""


class Keyring:
    """The private keys that the operator keeps: the log's, and those of custodial accounts."""

    def __init__(self, directory: Path, passphrase: bytes | None = None) -> None:
        """That in `directory`; with its passphrase, if it was read before."""
        self._file = directory / FILE
        require(self._file.is_file(), "no_keyring", file=str(self._file))
        _check_mode(self._file, self._file.stat())
        self._secret = self._sealing_key(passphrase or read_passphrase(directory))
        self._sealing = AESGCM(self._secret)
        self._opened: dict[Key, Ed25519PrivateKey] = {}
        self._held: Counter[Key] = Counter()
        self._holding = threading.Lock()

    @classmethod
    def create(cls, directory: Path) -> "Keyring":
        """A keyring without keys; with a new passphrase beside it unless the environment names one."""
        if not os.environ.get(ENVIRONMENT):
            file = directory / PASSPHRASE_FILE
            file.touch(mode=0o600)
            file.write_text(os.urandom(32).hex() + "\n", "ascii")
        (directory / FILE).touch(mode=0o600)
        with closing(sqlite3.connect(directory / FILE)) as connection:
            connection.executescript(_TABLES)
            connection.execute(
                "INSERT INTO sealing VALUES (1,?,?,?,?)",
                (os.urandom(16), _SCRYPT_N, _SCRYPT_R, _SCRYPT_P),
            )
            connection.commit()
        return cls(directory)

    def secret(self, purpose: bytes) -> bytes:
        """32 bytes that only who has the passphrase can make, of their own for each purpose."""
        return hmac.digest(self._secret, purpose, "sha256")

    def generate(self, count: int = 1) -> list[Key]:
        """New keys, durable on return; to be given to accounts with `assign`."""
        made = {}
        for _ in range(count):
            private = Ed25519PrivateKey.generate()
            made[(SUITE, private.public_key().public_bytes_raw())] = private
        self._keep(made, "")
        self._opened |= made
        return list(made)

    def make(self) -> Key:
        """A new key, held as by `hold`; nowhere else until it is to be kept, with `keep`."""
        return self.hold(os.urandom(_SEED_BYTES))

    def hold(self, seed: bytes) -> Key:
        """The key of a `seed`, 32 bytes, which signs until everybody who holds it has let go, and is kept nowhere."""
        private = Ed25519PrivateKey.from_private_bytes(seed)
        key = (SUITE, private.public_key().public_bytes_raw())
        with self._holding:
            self._held[key] += 1
            self._opened[key] = private
        return key

    def let_go(self, key: Key) -> None:
        """Know a key that is held no more, unless somebody else holds it, too."""
        with self._holding:
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key], self._opened[key]

    def keep(self, key: Key, account: str, *, pending_us: int | None = None) -> None:
        """Have a key that is held, durable on return, and note that it speaks for `account`.

        Unless `pending_us` is None, it is pending since then: the act that it is for is not recorded yet.

        Raises:
            RefusedError: `too_many_pending_keys`.
        """
        self._keep({key: self._opened[key]}, account, pending_us)

    def pending(self, before_us: int, most: int) -> list[tuple[Key, str]]:
        """The keys that are pending since before that time, the `most` oldest, and the account that each is for."""
        with closing(self._connect()) as connection, connection:
            connection.execute(_PENDING)
            rows = connection.execute(
                "SELECT suite, public, account FROM keys JOIN pending USING (key_id)"
                " WHERE at_us < ? ORDER BY at_us, key_id LIMIT ?",
                (before_us, most),
            )
            return [((suite, public), account) for suite, public, account in rows]

    def settle(self, key: Key) -> None:
        """Note that `key` is pending no more, and kept for good."""
        with closing(self._connect()) as connection, connection:
            connection.execute("DELETE FROM pending WHERE key_id = ?", (key_id(key),))

    def forget(self, key: Key) -> None:
        """Keep a pending `key` no more; one that is not pending stays. A crash leaves all of it, or nothing."""
        with closing(self._connect()) as connection, connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(
                "DELETE FROM keys WHERE key_id = ? AND key_id IN (SELECT key_id FROM pending)",
                (key_id(key),),
            )
            connection.execute("DELETE FROM pending WHERE key_id = ?", (key_id(key),))

    def assign(self, owners: dict[Key, str]) -> None:
        """Note which account each key speaks for; the log decides whether it does."""
        with closing(self._connect()) as connection, connection:
            connection.executemany(
                "UPDATE keys SET account = ? WHERE key_id = ?",
                [(account, key_id(key)) for key, account in owners.items()],
            )

    def keys_of(self, account: str) -> list[Key]:
        """The keys kept here that were given to `account`, in the order of their ids; the log decides which speak."""
        return keys_in(self._file.parent, account)

    def sign(self, key: Key, message: bytes) -> bytes:
        """The signature of `key` over `message`, 64 bytes.

        Raises:
            RefusedError: `no_private_key`; `wrong_passphrase` if it cannot be unsealed.
        """
        return self._private(key).sign(message)

    def unseal(self, key: Key) -> None:
        """Have `key` ready for signing.

        Raises:
            RefusedError: `no_private_key`; `wrong_passphrase` if it cannot be unsealed.
        """
        self._private(key)

    def _private(self, key: Key) -> Ed25519PrivateKey:
        known = self._opened.get(key)
        if known is None:
            known = self._opened[key] = self._unsealed(key)
        return known

    def _keep(
        self,
        privates: dict[Key, Ed25519PrivateKey],
        account: str,
        pending_us: int | None = None,
    ) -> None:
        rows = []
        for key, private in privates.items():
            nonce = os.urandom(_NONCE_BYTES)
            sealed = self._sealing.encrypt(nonce, private.private_bytes_raw(), key_id(key))
            rows.append((key_id(key), account, *key, nonce + sealed))
        with closing(self._connect()) as connection, connection:
            if pending_us is not None:
                connection.execute(_PENDING)
                ((count,),) = connection.execute(
                    "SELECT count(*) FROM pending JOIN keys USING (key_id)"
                    " WHERE account = ? AND at_us > ?",
                    (account, pending_us - PENDING_WITHIN_US),
                ).fetchall()
                few = count < PENDING_MAX
                require(few, "too_many_pending_keys", account=account, most=PENDING_MAX)
                waiting = [(row[0], pending_us) for row in rows]
                connection.executemany("INSERT INTO pending VALUES (?,?)", waiting)
            connection.executemany("INSERT INTO keys VALUES (?,?,?,?,?)", rows)

    def _unsealed(self, key: Key) -> Ed25519PrivateKey:
        with closing(self._connect()) as connection:
            row = connection.execute(
                "SELECT sealed FROM keys WHERE key_id = ?", (key_id(key),)
            ).fetchone()
        if row is None:
            raise RefusedError("no_private_key", key=key_id(key).hex())
        nonce, sealed = row[0][:_NONCE_BYTES], row[0][_NONCE_BYTES:]
        try:
            seed = self._sealing.decrypt(nonce, sealed, key_id(key))
        except InvalidTag as error:
            raise RefusedError("wrong_passphrase", file=str(self._file)) from error
        return Ed25519PrivateKey.from_private_bytes(seed)

    def _sealing_key(self, passphrase: bytes) -> bytes:
        with closing(self._connect()) as connection:
            salt, n, r, p = connection.execute("SELECT salt, n, r, p FROM sealing").fetchone()
        return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase)

    def _connect(self) -> sqlite3.Connection:
        require(self._file.is_file(), "no_keyring", file=str(self._file))
        # A file that went away is missed, not made anew.
        uri = f"{self._file.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=30)
        connection.execute("PRAGMA synchronous = EXTRA")
        return connection


def keys_in(directory: Path, account: str) -> list[Key]:
    """The keys kept in `directory` that were given to `account`, in the order of their ids; no passphrase is needed.

    Raises:
        RefusedError: `no_keyring`.
        UnavailableError: `storage_failed`.
    """
    file = directory / FILE
    require(file.is_file(), "no_keyring", file=str(file))
    with storage_trouble(str(file)):
        # Not to be changed: a copy may be anybody's.
        reading = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        with closing(reading) as connection:
            rows = connection.execute(
                "SELECT suite, public FROM keys WHERE account = ? ORDER BY key_id", (account,)
            )
            return [(suite, public) for suite, public in rows]


def copy(source: Path, directory: Path) -> None:
    """Have the keys that are kept in the directory `source`, still sealed, in `directory`, too; durable on return.

    A crash leaves no keyring there, or all of it.

    Raises:
        RefusedError: `no_keyring`.
        UnavailableError: `storage_failed`.
    """
    require((source / FILE).is_file(), "no_keyring", file=str(source / FILE))
    file = directory / FILE
    beside = directory / f"{FILE}-new"
    for left in (beside, directory / f"{FILE}-new-journal"):
        left.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    with storage_trouble(str(source / FILE)):
        reading = sqlite3.connect(f"{(source / FILE).absolute().as_uri()}?mode=ro", uri=True)
        with closing(reading), closing(sqlite3.connect(beside)) as made:
            reading.backup(made)
    synchronise(beside)
    beside.replace(file)
    synchronise(directory)


def read_passphrase(directory: Path) -> bytes:
    """The passphrase for the keys in `directory`.

    Raises:
        RefusedError: `no_passphrase`, `exposed_file`, naming the file that was looked for.
    """
    file = Path(os.environ.get(ENVIRONMENT) or directory / PASSPHRASE_FILE)
    try:
        with file.open("rb") as opened:
            _check_mode(file, os.fstat(opened.fileno()))
            lines = opened.read().splitlines()
    except OSError as error:
        raise RefusedError("no_passphrase", file=str(file)) from error
    if not lines or not lines[0]:
        raise RefusedError("no_passphrase", file=str(file))
    return lines[0]


def _check_mode(file: Path, found: os.stat_result) -> None:
    mode = stat.S_IMODE(found.st_mode)
    require(not mode & _EXPOSED, "exposed_file", file=str(file), mode=f"{mode:04o}")
