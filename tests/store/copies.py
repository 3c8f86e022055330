"""Copies of registries, and the way back from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.acts.propose import Hidden
from registry.place import Place
from registry.store.committer import Receipt, Request
from registry.store.restore import Restored, restore
from registry.verifier import database
from tests.books import SERVER_TABLES, Book, Clerk
from tests.store.lives import Teller

LOG_TABLES = tuple(table for table in SERVER_TABLES if table != "openings")


def brought(source: Place, place: Place, keys: Path | None = None) -> Restored:
    """What comes back to `place` from the copy at `source`."""
    with database.reading(source) as copy:
        return restore(copy, place, keys=keys)


def bring(_teller: Teller, source: Place, place: Place, keys: Path | None = None) -> Restored:
    """The same, as the work of a life."""
    return brought(source, place, keys)


def some_acts(clerk: Clerk, book: Book) -> list[Request]:
    """Three acts, of which two hide names."""
    batch = book.streams["native"]
    hidden = Hidden(value="受益人 / somebody")
    named, _ = clerk.retirement("owner", [(batch, 5)], beneficiary=hidden)
    private, _ = clerk.retirement("owner", [(batch, 6)], public=False)
    return [clerk.transfer(batch, "owner", "alice", 1), named, private]


@dataclass(frozen=True)
class Lost:
    """A registry that was put back as it was before its last acts."""

    book: Book
    requests: Sequence[Request]
    receipts: Sequence[Receipt]
    size: int
    """How many entries are left."""
    put_back: Callable[[], None]

    def told_again(self) -> list[Receipt]:
        """What is answered to the same requests now."""
        with self.book.clerk() as clerk:
            return clerk.operator.record(self.requests)


def lost_acts(book: Book, kept: Callable[[], Any]) -> Lost:
    """`book`, which did three acts, was copied as `kept` does, and then lost them."""
    put_back = book.backup()
    size = book.audited().entries
    with book.clerk() as clerk:
        requests = some_acts(clerk, book)
        receipts = clerk.operator.record(requests)
    kept()
    put_back()
    return Lost(book, requests, receipts, size, put_back)


def dumped(book: Book) -> dict[str, Any]:
    """Every row of the log and of the names, and the mark."""
    rows: dict[str, Any] = {
        table: book.rows(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608  # names of ours
        for table in LOG_TABLES
    }
    rows["openings"] = book.rows("SELECT * FROM openings ORDER BY 1", file="openings.db")
    rows["mark"] = book.mark.file.read_bytes() if book.mark.file.exists() else None
    return rows
