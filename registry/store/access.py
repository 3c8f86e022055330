"""Who may ask for what over the network: API keys, bindings of OIDC subjects, and requests that are not to be twice.

    presented = "crk_" || id (16 characters) || "_" || base32 of 32 random bytes (52), in lower case
    kept      = SHA-256(presented)

Nothing here is of the log. A key or a binding speaks for accounts; which roles those have, and whether they were
recovered or succeeded since (`Access.renewals`), the log alone says. What runs beside requests is in `Access.webhooks`
and `Access.jobs`.
"""

import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from registry.domain.timing import day_of
from registry.errors import RefusedError, UnavailableError, require
from registry.names import ACCOUNT
from registry.place import Place, Server
from registry.store.access_file import FileKeeper
from registry.store.access_jobs import Jobs
from registry.store.access_keeper import ID_CHARACTERS, Keeper, forget, joined, new_id, parted
from registry.store.access_webhooks import Webhooks
from registry.store.operator import home_of
from registry.store.recorder import Cursor
from registry.store.renewals import Renewals

AREAS = (
    "accounts",
    "standards",
    "projects",
    "batches",
    "transfers",
    "offers",
    "mandates",
    "pledges",
    "reserves",
    "freezes",
    "locks",
    "campaigns",
    "gifts",
    "retirements",
    "certificates",
    "orders",
    "conduct",
    "activities",
    "reports",
    "roles",
    "policies",
    "registry",
)
"""What `act:<area>` may be narrowed to."""
SCOPES = ("read", "act", *(f"act:{area}" for area in AREAS), "sign", "webhooks", "audit", "keys")
"""What somebody who speaks for an account may do over the network; `act` is every area."""

DAY_US = 24 * 3600 * 1_000_000
KEY_DAYS_MAX = 366
KEY_ACCOUNTS_MAX = 100
KEYS_MAX = 100
"""So many keys may speak for an account at a time."""
KEYS_A_DAY_MAX = 200
"""So many may be made for an account within a day: they are remembered for long, also when they are revoked at once."""
KEYS_LISTED_MAX = 1_000
"""So many keys of an account are listed; those that speak are among them."""
LABEL_CHARACTERS_MAX = 100
SUBJECT_CHARACTERS_MAX = 400
KEYS_KEPT_US = 400 * DAY_US
"""So long a key that expired is still listed."""
CLAIMS_KEPT_US = 2 * DAY_US
FINGERPRINT_BYTES = 32
PAGE_ROWS = 1_000

SECRET_BYTES = 32
_PREFIX = "crk_"
_PRESENTED = re.compile(f"{_PREFIX}([a-z2-7]{{{ID_CHARACTERS}}})_[a-z2-7]{{52}}")
_CLAIM_TAG = b"carbon-registry/idempotency-key/v1\0"
_NOBODY = bytes(32)
_KEY = "id, accounts, scopes, label, made_by, made_us, expires_us, revoked_us, used_day, log_size"
_BINDING = "issuer, subject, account, scopes, made_by, made_us, log_size"
_OF_KEY = "key/"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """What is known of an API key; its secret is not."""

    id: str
    accounts: tuple[str, ...]
    scopes: tuple[str, ...]
    label: str
    made_by: str
    made_us: int
    expires_us: int
    revoked_us: int | None
    used_day: str
    """The day, in China, on which it was used last; empty if it never was."""
    log_size: int
    """How many entries the log had when it was known that whoever made it speaks for its accounts."""

    def speaks(self, now_us: int) -> bool:
        """Whether it is good for anything at that time."""
        return self.revoked_us is None and now_us < self.expires_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """For whom a subject of an OIDC issuer speaks."""

    issuer: str
    subject: str
    account: str
    scopes: tuple[str, ...]
    made_by: str
    made_us: int
    log_size: int
    """How many entries the log had then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The first use of an Idempotency-Key, or a repetition of it."""

    is_new: bool
    made_us: int
    """When it was first used."""


class Access:
    """What is remembered at a place beside its log. For any number of threads."""

    def __init__(self, place: Place, *, secret: bytes | None = None) -> None:
        """Touches no file, and no server.

        Args:
            place: the registry.
            secret: what webhooks' secrets are sealed with, `Keyring.secret(access_webhooks.PURPOSE)`; None for who
                neither makes nor uses one.
        """
        self._keeper = kept_at(place)
        self.webhooks = Webhooks(self._keeper, secret)
        self.jobs = Jobs(self._keeper)
        self.renewals = Renewals(place)

    def close(self) -> None:
        """Give back what is open."""
        self.renewals.close()
        self._keeper.close()

    # API keys.

    def make_key(
        self,
        accounts: Sequence[str],
        scopes: Sequence[str],
        *,
        expires_us: int,
        label: str,
        made_by: str,
        now_us: int,
        log_size: int = 0,
    ) -> tuple[KeyRecord, str]:
        """A new key that speaks for `accounts`, and what its owner presents, which nobody can find out again.

        Whether there are such accounts, and whether whoever makes it speaks for them, the caller knows from the log as
        it was when it had `log_size` entries: who does not know ends the key with any recovery, also of before.

        Raises:
            RefusedError: `unknown_scope`; `malformed`: no account, or too many; a label too long or with what a
                terminal might obey; it would speak for more than KEY_DAYS_MAX days, or not at all. `too_many_api_keys`.
                `too_many_keys_made` within a day. `bad_key` if it is made by a key that is good for nothing any more.
        """
        _check_accounts(accounts)
        check_scopes(scopes)
        label_fits = len(label) <= LABEL_CHARACTERS_MAX and (not label or label.isprintable())
        require(
            label_fits,
            "malformed",
            field="label",
            why="characters_between",
            least=0,
            most=LABEL_CHARACTERS_MAX,
        )
        lives_us = expires_us - now_us
        require(
            0 < lives_us <= KEY_DAYS_MAX * DAY_US,
            "malformed",
            field="expires",
            why="days_between",
            least=1,
            most=KEY_DAYS_MAX,
        )
        made = KeyRecord(
            id=new_id(),
            accounts=tuple(accounts),
            scopes=tuple(scopes),
            label=label,
            made_by=made_by,
            made_us=now_us,
            expires_us=expires_us,
            revoked_us=None,
            used_day="",
            log_size=log_size,
        )
        presented = f"{_PREFIX}{made.id}_{_new_secret()}"
        self._add_key(made, sha256(presented.encode()).digest(), now_us)
        return made, presented

    def find_key(self, presented: str, now_us: int) -> KeyRecord | None:
        """The key that was `presented`; None if there is none, or none that still speaks.

        One look-up; and one more row written on the first of each day.
        """
        found = _PRESENTED.fullmatch(presented)
        if found is None:
            return None
        rows = self._keeper.rows(f"SELECT hash, {_KEY} FROM access_keys WHERE id = ?", (found[1],))  # noqa: S608  # names of ours
        kept = bytes(rows[0][0]) if rows else _NOBODY
        if not hmac.compare_digest(sha256(presented.encode()).digest(), kept):
            return None
        record = _key(rows[0][1:])
        if not record.speaks(now_us):
            return None
        today = day_of(now_us).isoformat()
        if record.used_day < today:
            # Not worth turning anybody away for: a disk that is full is told of where something is to be recorded.
            with suppress(UnavailableError):
                self._keeper.rows(
                    "UPDATE access_keys SET used_day = ? WHERE id = ? AND used_day < ? RETURNING 1",
                    (today, record.id, today),
                )
        return record

    def spoken_for(self, record: KeyRecord, now_us: int) -> list[str]:
        """The accounts for which a key speaks at that time, in its order: it may have ended with some of them."""
        _, left = self.renewals.left(dict.fromkeys(record.accounts, record.log_size))
        return [one for one in record.accounts if one in left] if record.speaks(now_us) else []

    def key(self, id_: str) -> KeyRecord | None:
        """The key with that id, whether it still speaks or not."""
        rows = self._keeper.rows(f"SELECT {_KEY} FROM access_keys WHERE id = ?", (id_,))  # noqa: S608  # names of ours
        return _key(rows[0]) if rows else None

    def keys_of(self, account: str) -> list[KeyRecord]:
        """The keys that speak for `account`, and those that did lately, in the order in which they were made."""
        found = self._keeper.rows(
            f"SELECT {_KEY} FROM access_keys WHERE id IN"  # noqa: S608  # names of ours
            " (SELECT id FROM access_key_accounts WHERE account = ?)"
            " ORDER BY revoked_us IS NULL DESC, expires_us DESC, id LIMIT ?",
            (account, KEYS_LISTED_MAX),
        )
        return sorted(map(_key, found), key=lambda key: (key.made_us, key.id))

    def keys(self, after: str = "", most: int = PAGE_ROWS) -> list[KeyRecord]:
        """The next keys of all, `most` of them, whose ids come after `after`, in order."""
        found = self._keeper.rows(
            f"SELECT {_KEY} FROM access_keys WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608  # names of ours
            (after, most),
        )
        return [_key(row) for row in found]

    def revoke_key(self, id_: str, now_us: int) -> list[str]:
        """Have a key speak for nobody from now on, nor those that it made, nor theirs: all of it, or nothing.

        Returns: the ids of those that were not revoked until now, its own first; none if it was, or there is none.
        """
        with self._keeper.writing() as cursor:
            cursor.execute(
                "UPDATE access_keys SET revoked_us = ? WHERE id = ? AND revoked_us IS NULL"
                " RETURNING id",
                (now_us, id_),
            )
            revoked = [row[0] for row in cursor.fetchall()]
            return revoked + _revoke_made(cursor, list(map(key_subject, revoked)), now_us)

    def _add_key(self, made: KeyRecord, kept: bytes, now_us: int) -> None:
        with self._keeper.writing() as cursor:
            if made.made_by.startswith(_OF_KEY):
                # Held until this is done: whoever revokes its maker meanwhile waits, and finds this one, too.
                cursor.execute(
                    "UPDATE access_keys SET used_day = used_day"
                    " WHERE id = ? AND revoked_us IS NULL AND expires_us > ? RETURNING 1",
                    (made.made_by.removeprefix(_OF_KEY), now_us),
                )
                require(cursor.fetchone() is not None, "bad_key")
            for account in made.accounts:
                speaking = "k.revoked_us IS NULL AND k.expires_us > ?"
                few = _count(cursor, account, speaking, now_us) < KEYS_MAX
                require(few, "too_many_api_keys", account=account, most=KEYS_MAX)
                few = _count(cursor, account, "k.made_us > ?", now_us - DAY_US) < KEYS_A_DAY_MAX
                require(few, "too_many_keys_made", account=account, most=KEYS_A_DAY_MAX)
                cursor.execute("INSERT INTO access_key_accounts VALUES (?,?)", (account, made.id))
            about = (made.id, kept, joined(made.accounts), joined(made.scopes), made.label)
            life = (made.made_by, made.made_us, made.expires_us, made.revoked_us, made.used_day)
            statement = "INSERT INTO access_keys VALUES (?,?,?,?,?,?,?,?,?,?,?)"
            cursor.execute(statement, (*about, *life, made.log_size))
            ended = forget(
                self._keeper,
                cursor,
                "access_keys",
                "expires_us",
                now_us - KEYS_KEPT_US,
                told="id, accounts",
            )
            for id_, accounts in ended:
                for account in parted(accounts):
                    cursor.execute(
                        "DELETE FROM access_key_accounts WHERE account = ? AND id = ?",
                        (account, id_),
                    )

    # Bindings.

    def bind(
        self,
        issuer: str,
        subject: str,
        account: str,
        scopes: Sequence[str],
        *,
        made_by: str,
        now_us: int,
        log_size: int = 0,
    ) -> Binding:
        """Have `subject`, whom `issuer` vouches for, speak for `account`, with these scopes instead of those before.

        The log has `log_size` entries: who does not know ends the binding with any recovery, also of before.

        Raises:
            RefusedError: `unknown_scope`, `malformed`.
        """
        _check_accounts([account])
        check_scopes(scopes)
        for field, text in (("issuer", issuer), ("subject", subject)):
            fits = 0 < len(text) <= SUBJECT_CHARACTERS_MAX and text.isprintable()
            require(
                fits,
                "malformed",
                field=field,
                why="characters_between",
                least=1,
                most=SUBJECT_CHARACTERS_MAX,
            )
        self._keeper.rows(
            "INSERT INTO access_bindings VALUES (?,?,?,?,?,?,?)"
            " ON CONFLICT (issuer, subject, account) DO UPDATE SET scopes = excluded.scopes,"
            " made_by = excluded.made_by, made_us = excluded.made_us,"
            " log_size = excluded.log_size RETURNING 1",
            (issuer, subject, account, joined(scopes), made_by, now_us, log_size),
        )
        return Binding(
            issuer=issuer,
            subject=subject,
            account=account,
            scopes=tuple(scopes),
            made_by=made_by,
            made_us=now_us,
            log_size=log_size,
        )

    def unbind(
        self, issuer: str, subject: str, account: str | None = None, *, now_us: int
    ) -> tuple[int, list[str]]:
        """Have a subject speak for `account` no more, or for nobody, nor the keys for it that they made, nor theirs.

        Returns: how many bindings there were, and the ids of the keys that are revoked with them.
        """
        narrowed = "" if account is None else " AND account = ?"
        values = (issuer, subject) if account is None else (issuer, subject, account)
        statement = f"DELETE FROM access_bindings WHERE issuer = ? AND subject = ?{narrowed}"  # noqa: S608  # words of ours
        with self._keeper.writing() as cursor:
            cursor.execute(f"{statement} RETURNING 1", values)
            ended = len(cursor.fetchall())
            maker = token_subject(issuer, subject)
            return ended, _revoke_made(cursor, [maker], now_us, account) if ended else []

    def bindings_of(self, issuer: str, subject: str) -> list[Binding]:
        """For whom a subject speaks, in the order of the accounts."""
        found = self._keeper.rows(
            f"SELECT {_BINDING} FROM access_bindings WHERE issuer = ? AND subject = ?"  # noqa: S608  # names of ours
            " ORDER BY account",
            (issuer, subject),
        )
        return [_binding(row) for row in found]

    def bindings(
        self, after: tuple[str, str, str] = ("", "", ""), most: int = PAGE_ROWS
    ) -> list[Binding]:
        """The next bindings of all, `most` of them, after that issuer, subject and account, in order."""
        found = self._keeper.rows(
            f"SELECT {_BINDING} FROM access_bindings WHERE (issuer, subject, account) > (?,?,?)"  # noqa: S608  # names of ours
            " ORDER BY issuer, subject, account LIMIT ?",
            (*after, most),
        )
        return [_binding(row) for row in found]

    # Requests that are not to be twice.

    def claim(self, author: str, key: str, fingerprint: bytes, now_us: int) -> Claim:
        """Take the Idempotency-Key `key` of `author` for the request with that fingerprint, durably.

        Of several that ask at once, in whatever process, one is the first. It is remembered for CLAIMS_KEPT_US.

        Args:
            author: whose key it is.
            key: what was sent; only a hash of it is kept.
            fingerprint: what the request says, 32 bytes.
            now_us: the time.

        Raises:
            RefusedError: `idempotency_key_reused` if it was taken for another request.
        """
        assert len(fingerprint) == FINGERPRINT_BYTES
        hashed = sha256(_CLAIM_TAG + author.encode() + b"\0" + key.encode()).digest()
        oldest_us = now_us - CLAIMS_KEPT_US
        with self._keeper.writing() as cursor:
            cursor.execute(
                "INSERT INTO access_claims VALUES (?,?,?,?)"
                " ON CONFLICT (author, key) DO UPDATE SET fingerprint = excluded.fingerprint,"
                " made_us = excluded.made_us WHERE access_claims.made_us < ? RETURNING 1",
                (author, hashed, fingerprint, now_us, oldest_us),
            )
            if cursor.fetchone() is not None:
                keeper, key_columns = self._keeper, "author, key"
                forget(keeper, cursor, "access_claims", "made_us", oldest_us, key=key_columns)
                return Claim(is_new=True, made_us=now_us)
            cursor.execute(
                "SELECT fingerprint, made_us FROM access_claims WHERE author = ? AND key = ?",
                (author, hashed),
            )
            known, made_us = cursor.fetchone()
        same = hmac.compare_digest(bytes(known), fingerprint)
        require(same, "idempotency_key_reused", made_us=made_us)
        return Claim(is_new=False, made_us=made_us)


def key_subject(id_: str) -> str:
    """Stands for a key where it is said who did something."""
    return f"{_OF_KEY}{id_}"


def token_subject(issuer: str, subject: str) -> str:
    """Stands for a person of an issuer; what the issuer calls them, such as an address, is in no log."""
    told = sha256(f"{issuer}\n{subject}".encode()).hexdigest()
    return f"token/{told[:32]}"


def _count(cursor: Cursor, account: str, which: str, at_us: int) -> int:
    """How many of the keys of `account` are such, of which a condition with one time says `which`."""
    cursor.execute(
        "SELECT count(*) FROM access_key_accounts a JOIN access_keys k ON k.id = a.id"  # noqa: S608  # words of ours
        f" WHERE a.account = ? AND {which}",
        (account, at_us),
    )
    count: int = cursor.fetchone()[0]
    return count


def _revoke_made(
    cursor: Cursor, makers: Sequence[str], now_us: int, account: str | None = None
) -> list[str]:
    """Revoke what `makers` made, for `account` if one is named, and what that made; the ids of all that still spoke.

    Maker by maker, each with a question of its own: who makes a key holds its maker's row, so what they made until then
    is seen here, and nothing is made afterwards.
    """
    narrowed = (
        ""
        if account is None
        else " AND id IN (SELECT id FROM access_key_accounts WHERE account = ?)"
    )
    first = () if account is None else (account,)
    revoked: list[str] = []
    waiting = [(maker, narrowed, first) for maker in makers]
    while waiting:
        maker, where, values = waiting.pop()
        cursor.execute(
            "UPDATE access_keys SET revoked_us = ?"  # noqa: S608  # words of ours
            f" WHERE made_by = ? AND revoked_us IS NULL AND expires_us > ?{where} RETURNING id",
            (now_us, maker, now_us, *values),
        )
        found = [row[0] for row in cursor.fetchall()]
        revoked += found
        waiting += [(key_subject(id_), "", ()) for id_ in found]
    return revoked


def check_scopes(scopes: Sequence[str]) -> None:
    """Return if there are scopes, each of them one of SCOPES, and none twice.

    Raises:
        RefusedError: `unknown_scope`; `malformed`.
    """
    for scope in scopes:
        require(scope in SCOPES, "unknown_scope", scope=scope, known=SCOPES)
    several = 0 < len(scopes) == len(set(scopes))
    require(several, "malformed", field="scopes", why="none_or_twice")


def covers(scopes: Collection[str], wanted: str) -> bool:
    """Whether who has `scopes` may do what `wanted`, one of SCOPES, stands for: `act` covers every area."""
    assert wanted in SCOPES, wanted
    return wanted in scopes or (wanted.startswith("act:") and "act" in scopes)


def kept_at(place: Place) -> Keeper:
    """What keeps it: a file in the registry's home, or tables beside those of the log.

    Raises:
        RefusedError: `bad_address`.
    """
    if isinstance(place, Server):
        # Only who has a server needs its driver, and the time to load it.
        from registry.store.access_server import ServerKeeper  # noqa: PLC0415  # the driver is an extra

        return ServerKeeper(place)
    return FileKeeper(home_of(place))


def _new_secret() -> str:
    return b32encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii").rstrip("=").lower()


def _check_accounts(accounts: Sequence[str]) -> None:
    named = all(account.startswith(ACCOUNT) and account.isprintable() for account in accounts)
    whole = named and not any(" " in account for account in accounts)
    count = 0 < len(accounts) == len(set(accounts)) <= KEY_ACCOUNTS_MAX
    if not (whole and count):
        raise RefusedError(
            "malformed", field="accounts", why="accounts_between", least=1, most=KEY_ACCOUNTS_MAX
        )


def _key(row: Sequence[Any]) -> KeyRecord:
    id_, accounts, scopes, label, made_by, made_us, expires_us, revoked_us, used_day, size = row
    return KeyRecord(
        id=id_,
        accounts=parted(accounts),
        scopes=parted(scopes),
        label=label,
        made_by=made_by,
        made_us=made_us,
        expires_us=expires_us,
        revoked_us=revoked_us,
        used_day=used_day,
        log_size=size,
    )


def _binding(row: Sequence[Any]) -> Binding:
    issuer, subject, account, scopes, made_by, made_us, log_size = row
    return Binding(
        issuer=issuer,
        subject=subject,
        account=account,
        scopes=parted(scopes),
        made_by=made_by,
        made_us=made_us,
        log_size=log_size,
    )
