"""Webhooks: who is to be told of new entries, how far that is, and what is still to be sent.

    read the log from `position`  ->  enqueue what is of the topics, with the new position  ->  due  ->  delivered,
    failed (to be tried again) or dead

A delivery names an entry, and nothing of what is in it: what is sent is made from the log when it is sent, so that what
was erased meanwhile is not in it. An entry is sent at least once; it may be sent again, under the same id, after a
crash or when that was asked for.

    sealed = nonce (12 B) || AES-256-GCM(secret; additional data: the subscription's id)
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from registry.errors import RefusedError, require
from registry.store.access_keeper import (
    PURGED_MOST,
    Keeper,
    choosing,
    forget,
    joined,
    new_id,
    parted,
)

PURPOSE = b"carbon-registry/webhooks/v1"
"""What `Keyring.secret` is asked for."""
SECRET_BYTES = 32
SUBSCRIPTIONS_MAX = 20
"""So many an account may have at a time."""
TOPICS_MAX = 64
URL_CHARACTERS_MAX = 2_000
LEASE_US = 120 * 1_000_000
"""So long nobody else is given a delivery that somebody was; whoever dies meanwhile gives it back."""
ENDED_MAX = 100
"""So many that ended an account has listed."""
KEPT_US = 14 * 24 * 3600 * 1_000_000
"""So long what was delivered is still listed, and what is dead can be replayed by itself."""
PAGE_ROWS = 1_000
NO_ANSWER = 0
"""The status of an attempt that was not answered."""

_NONCE_BYTES = 12
_TOPIC = re.compile(r"[a-z0-9][a-z0-9_.*:-]{0,63}", re.ASCII)
_SUBSCRIPTION = "id, account, url, topics, position, state, failures, made_us, ended_us, log_size"
_DELIVERY = "id, subscription, entry, attempts, next_try_us, state, last_status, ended_us"

_FIRST = (
    "d.state = 'pending'"
    " AND d.subscription IN (SELECT id FROM access_subscriptions WHERE state = 'active')"
    " AND NOT EXISTS (SELECT 1 FROM access_deliveries e WHERE e.subscription = d.subscription"
    " AND e.state = 'pending' AND e.entry < d.entry)"
)

SubscriptionState = Literal["active", "paused", "ended"]
DeliveryState = Literal["pending", "delivered", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Who is to be told of what, where; the secret with which that is signed is asked for by itself."""

    id: str
    account: str
    url: str
    topics: tuple[str, ...]
    position: int
    """The index of the first entry that was not looked at yet."""
    state: SubscriptionState
    failures: int
    """So many attempts failed since the last that did not."""
    made_us: int
    ended_us: int | None
    log_size: int
    """How many entries the log had when it was known that whoever made it speaks for the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One entry that is to be told of, or was."""

    id: str
    """The same at every attempt."""
    subscription: str
    entry: int
    attempts: int
    next_try_us: int
    state: DeliveryState
    last_status: int | None
    """What HTTP answered; NO_ANSWER if nothing did, None before the first attempt."""
    ended_us: int | None


class Webhooks:
    """The subscriptions and deliveries that a keeper keeps."""

    def __init__(self, keeper: Keeper, secret: bytes | None) -> None:
        """Touches nothing."""
        self._keeper = keeper
        self._sealing = None if secret is None else AESGCM(secret)

    # Subscriptions.

    def subscribe(
        self,
        account: str,
        url: str,
        topics: Sequence[str],
        *,
        position: int,
        now_us: int,
        log_size: int = 0,
    ) -> tuple[Subscription, bytes]:
        """A new subscription of `account` from entry `position` on, and the secret that signs what is sent to it.

        Whether `url` may be asked, the caller knows; and whether whoever subscribes speaks for the account, from the
        log as it was when it had `log_size` entries.

        Raises:
            RefusedError: `malformed`; `too_many_subscriptions`.
        """
        _check_wanted(url, topics)
        made = Subscription(
            id=new_id(),
            account=account,
            url=url,
            topics=tuple(topics),
            position=position,
            state="active",
            failures=0,
            made_us=now_us,
            ended_us=None,
            log_size=log_size,
        )
        secret = os.urandom(SECRET_BYTES)
        about = (made.id, account, url, joined(topics), self._sealed(made.id, secret))
        row = (*about, position, made.state, 0, now_us, None, log_size)
        with self._keeper.writing() as cursor:
            cursor.execute(
                "SELECT count(*) FROM access_subscriptions WHERE account = ? AND state <> 'ended'",
                (account,),
            )
            few = cursor.fetchone()[0] < SUBSCRIPTIONS_MAX
            require(few, "too_many_subscriptions", account=account, most=SUBSCRIPTIONS_MAX)
            cursor.execute("INSERT INTO access_subscriptions VALUES (?,?,?,?,?,?,?,?,?,?,?)", row)
            cursor.execute(
                "DELETE FROM access_subscriptions WHERE account = ? AND state = 'ended'"
                " AND (ended_us < ? OR id NOT IN (SELECT id FROM access_subscriptions"
                " WHERE account = ? AND state = 'ended' ORDER BY ended_us DESC, id LIMIT ?))",
                (account, now_us - KEPT_US, account, ENDED_MAX),
            )
        return made, secret

    def find(self, id_: str) -> Subscription | None:
        """The subscription with that id, whatever became of it."""
        found = self._asked("WHERE id = ?", (id_,))
        return found[0] if found else None

    def of(self, account: str) -> list[Subscription]:
        """The subscriptions of `account`, in the order in which they were made; those that ended lately, too."""
        return self._asked("WHERE account = ? ORDER BY made_us, id", (account,))

    def active(self, after: str = "", most: int = PAGE_ROWS) -> list[Subscription]:
        """The next active subscriptions of all, `most` of them, whose ids come after `after`, in order."""
        return self._asked("WHERE state = 'active' AND id > ? ORDER BY id LIMIT ?", (after, most))

    def secret_of(self, id_: str) -> bytes | None:
        """The secret that signs what is sent to a subscription; None if there is none, or it ended.

        Raises:
            RefusedError: `wrong_passphrase` if it was sealed under another.
        """
        rows = self._keeper.rows("SELECT sealed FROM access_subscriptions WHERE id = ?", (id_,))
        sealed = bytes(rows[0][0]) if rows else b""
        if not sealed:
            return None
        assert self._sealing is not None
        nonce, hidden = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._sealing.decrypt(nonce, hidden, id_.encode())
        except InvalidTag as error:
            raise RefusedError("wrong_passphrase", file=self._keeper.where) from error

    def new_secret(self, id_: str) -> bytes | None:
        """Another secret for a subscription, instead of the one before; None if there is none, or it ended."""
        secret = os.urandom(SECRET_BYTES)
        changed = self._keeper.rows(
            "UPDATE access_subscriptions SET sealed = ? WHERE id = ? AND state <> 'ended'"
            " RETURNING 1",
            (self._sealed(id_, secret), id_),
        )
        return secret if changed else None

    def pause(self, id_: str) -> bool:
        """Send nothing until it is resumed; whether it was active."""
        return self._turned(id_, "active", "paused")

    def resume(self, id_: str) -> bool:
        """Go on where it was paused; whether it was."""
        return self._turned(id_, "paused", "active")

    def end(self, id_: str, now_us: int) -> bool:
        """Forget the secret of a subscription, and what is still to be sent; whether there was one."""
        with self._keeper.writing() as cursor:
            cursor.execute(
                "UPDATE access_subscriptions SET state = 'ended', ended_us = ?, sealed = ?"
                " WHERE id = ? AND state <> 'ended' RETURNING 1",
                (now_us, b"", id_),
            )
            ended = cursor.fetchone() is not None
            cursor.execute("DELETE FROM access_deliveries WHERE subscription = ?", (id_,))
        return ended

    # Deliveries.

    def enqueue(
        self, id_: str, entries: Sequence[int], *, start: int, position: int, now_us: int
    ) -> bool:
        """Have a subscription told of `entries`, and go on at `position`: both, or nothing.

        False where it is not active, or not at `start` any more: somebody else was faster, or it is replayed.
        """
        assert all(start <= entry < position for entry in entries)
        rows = [(new_id(), id_, entry, now_us) for entry in entries]
        with self._keeper.writing() as cursor:
            cursor.execute(
                "UPDATE access_subscriptions SET position = ?"
                " WHERE id = ? AND position = ? AND state = 'active' RETURNING 1",
                (position, id_, start),
            )
            if cursor.fetchone() is None:
                return False
            for row in rows:
                # There already if it was told of before, and is to be told of again.
                cursor.execute(
                    "INSERT INTO access_deliveries VALUES (?,?,?,0,?,'pending',NULL,NULL)"
                    " ON CONFLICT (subscription, entry) DO UPDATE SET state = 'pending',"
                    " attempts = 0, next_try_us = excluded.next_try_us, ended_us = NULL",
                    row,
                )
            most = PURGED_MOST * max(len(rows), 1)
            ended = ("access_deliveries", "ended_us", now_us - KEPT_US)
            forget(self._keeper, cursor, *ended, most=most)
        return True

    def first_due(
        self,
        now_us: int,
        most: int,
        *,
        of: str | None = None,
        but: Sequence[str] = (),
        lease_us: int = LEASE_US,
    ) -> list[Delivery]:
        """Of each subscription, or of the one that is named, the first delivery that is pending, if it is to be tried
        now; `most` of them, the longest due first, and none of the accounts `but`.

        So what comes later waits for what comes first. Nobody else is given them before `now_us + lease_us`.
        """
        narrowed = ("" if of is None else " AND d.subscription = ?") + _others(but)
        values = (*(() if of is None else (of,)), *but)
        choice = (
            f"SELECT id FROM access_deliveries d WHERE d.next_try_us <= ?{narrowed} AND {_FIRST}"  # noqa: S608  # words of ours
            " ORDER BY d.next_try_us, d.entry LIMIT ?"
        )
        change = (
            "UPDATE access_deliveries SET next_try_us = ? WHERE id IN (SELECT id FROM chosen)"  # noqa: S608  # as above
            f" AND next_try_us <= ? AND state = 'pending' RETURNING {_DELIVERY}"
        )
        found = self._keeper.rows(
            choosing(self._keeper, choice, change),
            (now_us, *values, most, now_us + lease_us, now_us),
        )
        return sorted(map(_delivery, found), key=lambda one: (one.entry, one.id))

    def next_due_us(self, but: Sequence[str] = ()) -> int | None:
        """When the next delivery is to be tried; None if none is waiting. What waits for another does not count, nor
        what is of the accounts `but`.
        """
        ((at_us,),) = self._keeper.rows(
            f"SELECT min(d.next_try_us) FROM access_deliveries d WHERE {_FIRST}{_others(but)}",  # noqa: S608  # words of ours
            but,
        )
        return None if at_us is None else int(at_us)

    def delivered(self, id_: str, status: int, now_us: int) -> bool:
        """Note that it arrived; whether it was still to be sent."""
        with self._keeper.writing() as cursor:
            cursor.execute(
                "UPDATE access_subscriptions SET failures = 0 WHERE failures <> 0 AND id ="
                " (SELECT subscription FROM access_deliveries WHERE id = ?)",
                (id_,),
            )
            return _tried(cursor, id_, "delivered", status, ended_us=now_us)

    def failed(self, id_: str, status: int, next_try_us: int) -> bool:
        """Note that it did not arrive, and is to be tried again; whether it was still to be sent."""
        with self._keeper.writing() as cursor:
            _count_failure(cursor, id_)
            return _tried(cursor, id_, "pending", status, next_try_us=next_try_us)

    def dead(self, id_: str, status: int, now_us: int) -> bool:
        """Note that it did not arrive, and is given up; whether it was still to be sent."""
        with self._keeper.writing() as cursor:
            _count_failure(cursor, id_)
            return _tried(cursor, id_, "dead", status, ended_us=now_us)

    def replay(self, id_: str, from_index: int) -> bool:
        """Have a subscription told again of all that is of its topics from that entry on, if it was looked at; whether
        it goes on."""
        changed = self._keeper.rows(
            "UPDATE access_subscriptions SET position = ? WHERE id = ? AND position > ?"
            " AND state <> 'ended' RETURNING 1",
            (from_index, id_, from_index),
        )
        return bool(changed)

    def replay_dead(self, id_: str, now_us: int, most: int = PAGE_ROWS) -> int:
        """Have what was given up tried again, the `most` oldest of it; returns how many those are."""
        choice = (
            "SELECT id FROM access_deliveries WHERE subscription = ? AND state = 'dead'"
            " ORDER BY entry LIMIT ?"
        )
        change = (
            "UPDATE access_deliveries SET state = 'pending', attempts = 0, next_try_us = ?,"
            " ended_us = NULL WHERE id IN (SELECT id FROM chosen) RETURNING 1"
        )
        changed = self._keeper.rows(choosing(self._keeper, choice, change), (id_, most, now_us))
        return len(changed)

    def deliveries(
        self,
        id_: str,
        *,
        state: DeliveryState | None = None,
        after: int = -1,
        most: int = PAGE_ROWS,
    ) -> list[Delivery]:
        """The next deliveries of a subscription, `most` of them, of entries after `after`, in order."""
        narrowed = "" if state is None else " AND state = ?"
        values = () if state is None else (state,)
        found = self._keeper.rows(
            f"SELECT {_DELIVERY} FROM access_deliveries WHERE subscription = ? AND entry > ?"  # noqa: S608  # names of ours
            f"{narrowed} ORDER BY entry LIMIT ?",
            (id_, after, *values, most),
        )
        return [_delivery(row) for row in found]

    def delivery(self, id_: str) -> Delivery | None:
        """The delivery with that id."""
        rows = self._keeper.rows(f"SELECT {_DELIVERY} FROM access_deliveries WHERE id = ?", (id_,))  # noqa: S608  # names of ours
        return _delivery(rows[0]) if rows else None

    def waiting(self) -> dict[str, int]:
        """How many deliveries there are in each state."""
        found = self._keeper.rows("SELECT state, count(*) FROM access_deliveries GROUP BY state")
        return dict(map(tuple, found))

    def _asked(self, ending: str, values: Sequence[object]) -> list[Subscription]:
        found = self._keeper.rows(
            f"SELECT {_SUBSCRIPTION} FROM access_subscriptions {ending}",  # noqa: S608  # words of ours
            values,
        )
        return [_subscription(row) for row in found]

    def _turned(self, id_: str, before: SubscriptionState, after: SubscriptionState) -> bool:
        """A subscription that is resumed has another chance: nothing is counted against it."""
        changed = self._keeper.rows(
            "UPDATE access_subscriptions SET state = ?, failures = 0 WHERE id = ? AND state = ?"
            " RETURNING 1",
            (after, id_, before),
        )
        return bool(changed)

    def _sealed(self, id_: str, secret: bytes) -> bytes:
        assert self._sealing is not None
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, secret, id_.encode())


def _check_wanted(url: str, topics: Sequence[str]) -> None:
    told = 0 < len(topics) == len(set(topics)) <= TOPICS_MAX and all(map(_TOPIC.fullmatch, topics))
    require(told, "malformed", field="topics", why="items_between", least=1, most=TOPICS_MAX)
    fits = 0 < len(url) <= URL_CHARACTERS_MAX and url.isascii() and url.isprintable()
    require(
        fits,
        "malformed",
        field="url",
        why="characters_between",
        least=1,
        most=URL_CHARACTERS_MAX,
    )


def _others(but: Sequence[str]) -> str:
    """Leaves out the deliveries of the accounts `but`, whose names are values of the statement."""
    if not but:
        return ""
    named = ",".join("?" * len(but))
    own = f"SELECT id FROM access_subscriptions WHERE account IN ({named})"  # noqa: S608  # question marks
    return f" AND d.subscription NOT IN ({own})"


def _count_failure(cursor: Any, id_: str) -> None:
    # Before the delivery is touched, as whoever enqueues does it: two who waited for each other would wait for ever.
    cursor.execute(
        "UPDATE access_subscriptions SET failures = failures + 1 WHERE id ="
        " (SELECT subscription FROM access_deliveries WHERE id = ? AND state = 'pending')",
        (id_,),
    )


def _tried(
    cursor: Any,
    id_: str,
    state: DeliveryState,
    status: int,
    *,
    next_try_us: int = 0,
    ended_us: int | None = None,
) -> bool:
    """Note an attempt; whether it was still to be made."""
    cursor.execute(
        "UPDATE access_deliveries SET attempts = attempts + 1, state = ?, last_status = ?,"
        " next_try_us = ?, ended_us = ? WHERE id = ? AND state = 'pending' RETURNING 1",
        (state, status, next_try_us, ended_us, id_),
    )
    return cursor.fetchone() is not None


def _subscription(row: Sequence[Any]) -> Subscription:
    id_, account, url, topics, position, state, failures, made_us, ended_us, log_size = row
    return Subscription(
        id=id_,
        account=account,
        url=url,
        topics=parted(topics),
        position=position,
        state=state,
        failures=failures,
        made_us=made_us,
        ended_us=ended_us,
        log_size=log_size,
    )


def _delivery(row: Sequence[Any]) -> Delivery:
    id_, subscription, entry, attempts, next_try_us, state, last_status, ended_us = row
    return Delivery(
        id=id_,
        subscription=subscription,
        entry=entry,
        attempts=attempts,
        next_try_us=next_try_us,
        state=state,
        last_status=last_status,
        ended_us=ended_us,
    )
