"""What the commitments hide: names and texts, apart from the log, so that they can be erased.

One SQLite file beside the database. An opening is durable before the entry that commits to it; those of acts that were
never recorded are dropped at the next write. `secure_delete` overwrites what is erased.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from registry.history import Addition
from registry.ledger import canonical
from registry.ledger.commitment import Opening, commitment
from registry.ledger.intent import INTENT_BYTES_MAX

FILE = "openings.db"

_TABLE = """CREATE TABLE IF NOT EXISTS openings (
    commitment BLOB PRIMARY KEY, entry INTEGER NOT NULL, author TEXT NOT NULL, nonce BLOB NOT NULL,
    field TEXT NOT NULL, salt BLOB NOT NULL, value BLOB NOT NULL) STRICT, WITHOUT ROWID"""
_INDEX = "CREATE INDEX IF NOT EXISTS openings_by_entry ON openings (entry)"


class Openings:
    """The openings that are stored in a directory."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / FILE
        self._kept: sqlite3.Connection | None = None
        self._kept_file: tuple[int, int] | None = None

    def add(self, size: int, acts: Sequence[tuple[Addition, Sequence[Opening]]]) -> None:
        """Keep the openings of acts that are about to be recorded; durable on return.

        To be called under the log's write lock, for whatever is recorded next: openings of entries from `size` on,
        which is the size of the log, belong to acts that a crash or a full disk kept from being recorded, and are
        dropped.
        """
        rows = [
            (
                commitment(
                    addition.intent.log, addition.intent.author, addition.intent.nonce, opening
                ),
                addition.index,
                addition.intent.author,
                addition.intent.nonce,
                opening.field,
                opening.salt,
                canonical.encode(opening.value),
            )
            for addition, openings in acts
            for opening in openings
        ]
        connection = self._connection()
        orphans = "FROM openings WHERE entry >= ?"
        (orphaned,) = connection.execute(
            f"SELECT EXISTS (SELECT 1 {orphans})",  # a constant
            (size,),
        ).fetchone()
        if not (rows or orphaned):
            return
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"DELETE {orphans}", (size,))
            connection.executemany("INSERT INTO openings VALUES (?,?,?,?,?,?,?)", rows)

    def erase(self, commitments: Sequence[bytes]) -> int:
        """Forget what these commitments hide; returns how many openings there were. The log stays as it is.

        What they held is overwritten in the file, and not in backups that were made of it.
        """
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            erased = connection.executemany(
                "DELETE FROM openings WHERE commitment = ?", [(one,) for one in commitments]
            ).rowcount
            connection.execute("COMMIT")
        return erased

    def find(self, commitments: Sequence[bytes]) -> dict[bytes, Opening]:
        """The openings that are there, by commitment."""
        found: dict[bytes, Opening] = {}
        if not self._file.exists():
            return found
        with closing(self._reading()) as connection:
            for wanted in commitments:
                row = connection.execute(
                    "SELECT field, salt, value FROM openings WHERE commitment = ?", (wanted,)
                ).fetchone()
                if row is not None:
                    found[wanted] = _opening(row)
        return found

    def all(self) -> Iterator[tuple[bytes, Opening]]:
        """Every opening, with its commitment."""
        if not self._file.exists():
            return
        with closing(self._reading()) as connection:
            for wanted, *row in connection.execute(
                "SELECT commitment, field, salt, value FROM openings"
            ):
                yield wanted, _opening(row)

    def close(self) -> None:
        """Give the file back."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _connection(self) -> sqlite3.Connection:
        """The connection that is kept for `add`, to the file that stands there now."""
        file = _identity(self._file)
        if self._kept is None or file is None or file != self._kept_file:
            self.close()
            self._kept = self._connect()
            self._kept_file = _identity(self._file)
        return self._kept

    def _reading(self) -> sqlite3.Connection:
        """A connection that changes nothing: a reader leaves no file where there was none."""
        return sqlite3.connect(f"{self._file.absolute().as_uri()}?mode=ro", uri=True, timeout=30)

    def _connect(self) -> sqlite3.Connection:
        """A connection; to an empty file, readable by its owner only, where there is none or all was erased."""
        self._file.touch(mode=0o600)
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
