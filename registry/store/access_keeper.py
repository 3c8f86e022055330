"""The port to what keeps what a server remembers beside the log: SQLite in a file, or PostgreSQL on a server.

    access_keys, access_key_accounts         API keys, and for whom each speaks; of a secret its SHA-256 alone
    access_bindings                          for whom a subject of an OIDC issuer speaks
    access_claims                            which request an Idempotency-Key was first used for; of the key a hash
    access_subscriptions, access_deliveries  webhooks, and what is still to be sent to them
    access_jobs                              what runs longer than a request

None of it is part of the log: losing it costs nobody a gram. Names in it are those of issuers, subjects and labels.
"""

import secrets
from base64 import b32encode
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from registry.store.recorder import Cursor

ID_BYTES = 10
ID_CHARACTERS = 16
PURGED_MOST = 8
"""So many rows that nobody needs any more go with each one that comes: what is kept stays bounded, and so does the
work."""


class Keeper(Protocol):
    """Keeps the tables.

    Durable: what `rows` or `writing` changed, once they return. Concurrent: any number of threads and processes.
    Trusted: as far as whoever may write there is.
    """

    where: str
    """The file, or the server's address without a password."""
    skipping: str
    """Ends a choice of rows that are to be changed: of two that choose at once, each has others."""

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """What one statement that both databases understand finds, or says that it changed.

        Raises:
            UnavailableError, BrokenHistoryError, RefusedError: as `Recorder.trouble`; `database_moved`.
        """

    def writing(self) -> AbstractContextManager[Cursor]:
        """A transaction that is whole, or was not; rolled back on any error.

        Raises:
            UnavailableError, BrokenHistoryError, RefusedError: as `rows`.
        """

    def close(self) -> None:
        """Give back what is open."""


def choosing(keeper: Keeper, choice: str, change: str) -> str:
    """A statement that makes the rows `chosen` by a SELECT, and does with them what `change` says."""
    # A choice that stood in the change itself, a server might make more than once.
    return f"WITH chosen AS MATERIALIZED ({choice}{keeper.skipping}) {change}"


def forget(
    keeper: Keeper,
    cursor: Cursor,
    table: str,
    by: str,
    before_us: int,
    *,
    key: str = "id",
    most: int = PURGED_MOST,
    told: str = "1",
) -> list[Any]:
    """Delete the rows of `table` whose time `by` is before `before_us`, the `most` oldest; what they had in `told`."""
    choice = f"SELECT {key} FROM {table} WHERE {by} < ? ORDER BY {by} LIMIT ?"  # noqa: S608  # names of ours
    change = f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM chosen) RETURNING {told}"  # noqa: S608  # as above
    cursor.execute(choosing(keeper, choice, change), (before_us, most))
    return cursor.fetchall()


def new_id() -> str:
    """An id that nobody else has."""
    return b32encode(secrets.token_bytes(ID_BYTES)).decode("ascii").lower()


def joined(words: Sequence[str]) -> str:
    """Words without spaces, as one column holds them."""
    return " ".join(words)


def parted(column: str) -> tuple[str, ...]:
    """The words of such a column."""
    return tuple(column.split())
