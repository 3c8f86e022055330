"""What the commitments hide: names and texts, apart from the log, so that they can be erased.

Beside SQLite's log it is a file of its own, here. An opening is durable before the entry that commits to it; those of
acts that were never recorded are dropped after the next commit. `secure_delete` overwrites what is erased.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from registry.errors import UnavailableError
from registry.ledger import canonical
from registry.ledger.commitment import Opening, commitment
from registry.ledger.intent import INTENT_BYTES_MAX, Intent
from registry.store.recorder import Cursor
from registry.store.sqlite import storage_trouble

FILE = "openings.db"

_TABLE = """CREATE TABLE IF NOT EXISTS openings (
    commitment BLOB PRIMARY KEY, entry INTEGER NOT NULL, author TEXT NOT NULL, nonce BLOB NOT NULL,
    field TEXT NOT NULL, salt BLOB NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID"""
_INDEX = "CREATE INDEX IF NOT EXISTS openings_by_entry ON openings (entry)"


PAGE_ROWS = 1_000

OpeningRow = tuple[bytes, int, str, bytes, str, bytes, bytes]
"""Commitment, entry, author, nonce, field, salt, value."""
Pair = tuple[str, bytes]
"""Whose an act is: its author and nonce."""


class Openings(Protocol):
    """Keeps openings.

    Durable: before the entry that commits to them is, or together with it. Trusted: no; whoever reads one holds it
    against its commitment.
    """

    def add(self, cursor: Cursor, rows: Sequence[OpeningRow]) -> None:
        """Keep the openings of acts that are about to be recorded in the transaction of `cursor`.

        To be followed by `settle` once it is known what was recorded.
        """

    def settle(self, size: int, made: Callable[[Sequence[Pair]], dict[Pair, int]]) -> None:
        """Drop the openings, of entries from `size` on, of acts that did not come to be; the others' are where they
        belong. Only after a commit that is durable: until then one that failed may come back from the disk.

        Args:
            size: so many entries were settled before.
            made: which entries acts came to, of those that did.
        """

    def erase(self, commitments: Sequence[bytes]) -> int:
        """Forget what these commitments hide; returns how many openings there were. The log stays as it is."""

    def scrub(self) -> bool:
        """Write anew what they are kept in, so that nothing is left there of what was erased.

        False where this role may not: the owner of the table has to do it.
        """

    def find(self, commitments: Sequence[bytes]) -> dict[bytes, Opening]:
        """The openings that are there, by commitment."""

    def rows(self, after: bytes = b"") -> list[OpeningRow]:
        """The next rows, PAGE_ROWS at most, whose commitments come after `after`, in order; for copies.

        Raises:
            UnavailableError: `database_moved` if they are not there.
            RefusedError: `not_permitted`: who may not see names must not take theirs for a copy of all.
        """

    def close(self) -> None:
        """Give back what is open."""


def opening_row(index: int, asked: Intent, opening: Opening) -> OpeningRow:
    """The row of `openings` that `opening` of entry `index`, which was `asked` for, leaves."""
    return (
        commitment(asked.log, asked.author, asked.nonce, opening),
        index,
        asked.author,
        asked.nonce,
        opening.field,
        opening.salt,
        canonical.encode(opening.value),
    )


class FileOpenings:
    """The `Openings` in a directory."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / FILE
        self._kept: sqlite3.Connection | None = None
        self._kept_file: tuple[int, int] | None = None

    @classmethod
    def create(cls, directory: Path) -> "FileOpenings":
        """No openings yet, in a file that only its owner reads."""
        (directory / FILE).touch(mode=0o600)
        return cls(directory)

    def add(self, _cursor: Cursor, rows: Sequence[OpeningRow]) -> None:
        """Durable on return, whatever becomes of the log's transaction."""
        self.keep(rows)

    def keep(self, rows: Sequence[OpeningRow]) -> None:
        """Keep openings as they are; durable on return."""
        if not rows:
            return
        with storage_trouble(str(self._file)), self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            # There already, if an act was asked for before and failed, or repeats one whose nonce was free again.
            connection.executemany(
                "INSERT INTO openings VALUES (?,?,?,?,?,?,?)"
                " ON CONFLICT (commitment) DO UPDATE SET entry = excluded.entry",
                rows,
            )

    def settle(self, size: int, made: Callable[[Sequence[Pair]], dict[Pair, int]]) -> None:
        found = self._since(size)
        if not found:
            return
        entries = made(sorted({pair for _, _, pair in found}))
        wrong = [
            (entries.get(pair), opened)
            for opened, entry, pair in found
            if entries.get(pair) != entry
        ]
        if not wrong:
            return
        with storage_trouble(str(self._file)), self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for entry, opened in wrong:
                if entry is None:
                    connection.execute("DELETE FROM openings WHERE commitment = ?", (opened,))
                else:
                    connection.execute(
                        "UPDATE openings SET entry = ? WHERE commitment = ?", (entry, opened)
                    )

    def erase(self, commitments: Sequence[bytes]) -> int:
        """What they held is overwritten in the file, and not in backups that were made of it."""
        with storage_trouble(str(self._file)), closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            erased = connection.executemany(
                "DELETE FROM openings WHERE commitment = ?", [(one,) for one in commitments]
            ).rowcount
            connection.execute("COMMIT")
        return erased

    def scrub(self) -> bool:
        """`secure_delete` overwrites a row where it stood; not where it stood before its page was divided."""
        with storage_trouble(str(self._file)), closing(self._connect()) as connection:
            # What is in between goes to no other file.
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("VACUUM")
        return True

    def find(self, commitments: Sequence[bytes]) -> dict[bytes, Opening]:
        found: dict[bytes, Opening] = {}
        if not self._file.exists():
            return found
        with storage_trouble(str(self._file)), closing(self._reading()) as connection:
            for wanted in commitments:
                row = connection.execute(
                    "SELECT field, salt, value FROM openings WHERE commitment = ?", (wanted,)
                ).fetchone()
                if row is not None:
                    found[wanted] = _opening(row)
        return found

    def rows(self, after: bytes = b"") -> list[OpeningRow]:
        if not self._file.exists():
            raise UnavailableError("database_moved", file=str(self._file))
        with storage_trouble(str(self._file)), closing(self._reading()) as connection:
            return connection.execute(
                "SELECT commitment, entry, author, nonce, field, salt, value FROM openings"
                " WHERE commitment > ? ORDER BY commitment LIMIT ?",
                (after, PAGE_ROWS),
            ).fetchall()

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _since(self, size: int) -> list[tuple[bytes, int, Pair]]:
        """The openings that were kept for entries from `size` on: commitment, entry, and whose."""
        with storage_trouble(str(self._file)):
            found = self._connection().execute(
                "SELECT commitment, entry, author, nonce FROM openings WHERE entry >= ?", (size,)
            )
            return [(opened, entry, (author, nonce)) for opened, entry, author, nonce in found]

    def _connection(self) -> sqlite3.Connection:
        """The connection that is kept for `add`, to the file that stands there now.

        Raises:
            UnavailableError: `database_moved` if it was taken away or replaced; another one is taken for right the next
                time, as after a restore.
        """
        file = _identity(self._file)
        if self._kept is not None and file != self._kept_file:
            self.close()
            raise UnavailableError("database_moved", file=str(self._file))
        if self._kept is None:
            self._kept, self._kept_file = self._connect(), file
        return self._kept

    def _reading(self) -> sqlite3.Connection:
        """A connection that changes nothing: a reader leaves no file where there was none."""
        return sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True, timeout=30)

    def _connect(self) -> sqlite3.Connection:
        """A connection.

        Raises:
            UnavailableError: `database_moved` if there is no file. Where nothing is to be left of it, it is empty: that
                it is gone is an accident.
        """
        if not self._file.exists():
            raise UnavailableError("database_moved", file=str(self._file))
        connection = sqlite3.connect(
            self._file, isolation_level=None, timeout=30, check_same_thread=False
        )
        # A rollback journal is emptied at every commit; a write-ahead log would keep what was erased.
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(_TABLE)
        connection.execute(_INDEX)
        return connection


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _opening(row: Sequence[Any]) -> Opening:
    field, salt, value = row
    return Opening(
        field=field, salt=salt, value=canonical.decode(value, bytes_max=INTENT_BYTES_MAX)
    )
