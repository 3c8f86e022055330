"""Copies of registries, honest and other, and the way back from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from registry.acts.propose import Hidden
from registry.ledger.note import Checkpoint, VerifierKey, signature_line
from registry.place import Place
from registry.store.backup import back_up
from registry.store.committer import Receipt, Request
from registry.store.restore import Restored, restore
from registry.verifier import database
from registry.verifier.audit import audit
from tests.books import ORIGIN, SERVER_TABLES, Book, Clerk
from tests.store.lives import Teller

LOG_TABLES = tuple(table for table in SERVER_TABLES if table != "openings")
Answer = tuple[int, bytes]
"""An entry: its index and leaf."""
NAMES = 3
"""So many names `some_acts` hides."""


def brought(source: Place, place: Place, keys: Path | None = None) -> Restored:
    """What comes back to `place` from the copy at `source`."""
    with database.reading(source) as copy:
        return restore(copy, place, keys=keys)


def bring(_teller: Teller, source: Place, place: Place, keys: Path | None = None) -> Restored:
    """The same, as the work of a life."""
    return brought(source, place, keys)


def published(book: Book, folder: Path) -> Path:
    """The log alone, as everybody may have it."""
    back_up(book.place, folder, public=True)
    return folder


def some_acts(clerk: Clerk, book: Book) -> list[Request]:
    """Three acts that hide NAMES names."""
    batch = book.streams["native"]
    hidden = Hidden(value="受益人 / somebody")
    named, _ = clerk.retirement("owner", [(batch, 5)], beneficiary=hidden)
    return [
        clerk.transfer(batch, "owner", "alice", 1),
        named,
        clerk.transfer(batch, "owner", "bob", 2),
    ]


def answers(receipts: Sequence[Receipt]) -> list[Answer]:
    """What receipts say of the entries; under which checkpoint may change."""
    return [(receipt.index, receipt.leaf) for receipt in receipts]


@dataclass(frozen=True)
class Lost:
    """A registry that was put back as it was before its last acts, and a public copy that has them."""

    book: Book
    copy: Path
    requests: Sequence[Request]
    answers: Sequence[Answer]
    size: int
    """How many entries are left."""
    names: int
    """How many names there were."""
    put_back: Callable[[], None]

    def told_again(self) -> list[Answer]:
        """What is answered to the same requests now."""
        with self.book.clerk() as clerk:
            return answers(clerk.operator.record(self.requests))

    @property
    def whole(self) -> int:
        """How many entries there were."""
        return self.size + len(self.answers)

    @property
    def evil(self) -> Book:
        """The copy, in an insider's hands."""
        return replace(self.book, place=self.copy)


def lost_acts(book: Book, base: Path, kept: Callable[[], Any] = lambda: None) -> Lost:
    """`book`, which did three acts, was copied under `base` (and as `kept` does), and then lost them."""
    put_back = book.backup()
    size = book.audited().entries
    with book.clerk() as clerk:
        requests = some_acts(clerk, book)
        told = answers(clerk.operator.record(requests))
    copy = published(book, base / "published")
    kept()
    names = audit(book.place, book.key).openings
    put_back()
    return Lost(book, copy, requests, told, size, names, put_back)


def dumped(book: Book) -> dict[str, Any]:
    """Every row of the log and of the names, and the mark."""
    rows: dict[str, Any] = {
        table: book.rows(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608  # names of ours
        for table in LOG_TABLES
    }
    rows["openings"] = book.rows("SELECT * FROM openings ORDER BY 1", file="openings.db")
    rows["mark"] = book.mark.file.read_bytes() if book.mark.file.exists() else None
    return rows


def forged(size: int, root: bytes) -> bytes:
    """A checkpoint under the log's name, signed by a key of somebody else."""
    key = SigningKey(b"somebody else's key, of 32 bytes")
    text = Checkpoint(origin=ORIGIN, size=size, root=root).text()
    line = signature_line(
        VerifierKey(name=ORIGIN, public=bytes(key.verify_key)), key.sign(text.encode()).signature
    )
    return f"{text}\n{line}".encode()
