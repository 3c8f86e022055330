"""What the commitments hide: names and texts, apart from the log, so that they can be erased.

One SQLite file beside the database. An opening is durable before the entry that commits to it; openings of acts that were
never recorded are dropped when the registry is opened for writing. `secure_delete` overwrites what is erased.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from registry.ledger import canonical
from registry.ledger.commitment import Opening, commitment
from registry.ledger.intent import INTENT_BYTES_MAX, Intent
from registry.store.log import Moment

FILE = "openings.db"

_TABLE = """CREATE TABLE IF NOT EXISTS openings (
    commitment BLOB PRIMARY KEY, author TEXT NOT NULL, nonce BLOB NOT NULL, field TEXT NOT NULL,
    salt BLOB NOT NULL, value BLOB NOT NULL, entry INTEGER) STRICT, WITHOUT ROWID"""
_INDEX = "CREATE INDEX IF NOT EXISTS openings_by_act ON openings (author, nonce)"


class Openings:
    """The openings that are stored in a directory."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / FILE

    def create(self) -> None:
        """Make the empty file, readable by its owner only."""
        self._file.touch(mode=0o600)
        with self._writing() as connection:
            connection.execute(_TABLE)
            connection.execute(_INDEX)

    def add(self, acts: Sequence[tuple[Intent, Sequence[Opening]]]) -> None:
        """Keep the openings of acts that are about to be recorded; durable on return."""
        rows = [
            (
                commitment(intent.log, intent.nonce, opening),
                intent.author,
                intent.nonce,
                opening.field,
                opening.salt,
                canonical.encode(opening.value),
            )
            for intent, openings in acts
            for opening in openings
        ]
        if rows:
            with self._writing() as connection:
                connection.executemany(
                    "INSERT OR IGNORE INTO openings VALUES (?,?,?,?,?,?,NULL)", rows
                )

    def tie(self, acts: Sequence[tuple[Intent, int]]) -> None:
        """Note the entries that acts with openings became; what a crash leaves untied, `settle` ties."""
        with self._writing() as connection:
            connection.executemany(
                "UPDATE openings SET entry = ? WHERE author = ? AND nonce = ?",
                [(index, intent.author, intent.nonce) for intent, index in acts],
            )

    def settle(self, moment: Moment) -> None:
        """Tie the openings of recorded acts to their entries; drop those of acts that were never recorded.

        To be called under the log's write lock: openings are added under it, so none is dropped too early.
        """
        with self._writing() as connection:
            waiting = connection.execute(
                "SELECT DISTINCT author, nonce FROM openings WHERE entry IS NULL"
            ).fetchall()
            for author, nonce in waiting:
                entry = moment.entry_of(author, nonce)
                where = "WHERE author = ? AND nonce = ? AND entry IS NULL"
                if entry is None:
                    connection.execute(f"DELETE FROM openings {where}", (author, nonce))  # noqa: S608  # a constant
                else:
                    connection.execute(
                        f"UPDATE openings SET entry = ? {where}",  # noqa: S608  # a constant
                        (entry, author, nonce),
                    )

    def find(self, commitments: Sequence[bytes]) -> dict[bytes, Opening]:
        """The openings that are there, by commitment."""
        found = {}
        with closing(self._connect()) as connection:
            for wanted in commitments:
                row = connection.execute(
                    "SELECT field, salt, value FROM openings WHERE commitment = ?", (wanted,)
                ).fetchone()
                if row is not None:
                    found[wanted] = _opening(row)
        return found

    def all(self) -> Iterator[tuple[bytes, Opening]]:
        """Every opening, with its commitment."""
        with closing(self._connect()) as connection:
            for wanted, *row in connection.execute(
                "SELECT commitment, field, salt, value FROM openings"
            ):
                yield wanted, _opening(row)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, timeout=30)
        # A rollback journal is emptied at every commit; a write-ahead log would keep what was erased.
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA secure_delete = ON")
        return connection


def _opening(row: Sequence[Any]) -> Opening:
    field, salt, value = row
    return Opening(
        field=field, salt=salt, value=canonical.decode(value, bytes_max=INTENT_BYTES_MAX)
    )
