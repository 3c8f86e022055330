"""Fixtures of the store's tests."""

from pathlib import Path

import pytest

from registry.store import keyring
from tests.books import Book, book, copied, home, live_at, shelf, write_book
from tests.store.lives import Bench

__all__ = ["book", "home", "quick", "quick_shelf", "shelf"]


@pytest.fixture(scope="session")
def quick_shelf(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A registry that is opened a thousand times: its passphrase is stretched less."""
    base = tmp_path_factory.mktemp("quick")
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        patch.setattr(keyring, "_SCRYPT_N", 2)
        return write_book(base)


@pytest.fixture
def quick(quick_shelf: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """A copy of it, in a home of its own."""
    live_at(tmp_path, monkeypatch)
    return copied(quick_shelf, tmp_path)


@pytest.fixture
def bench(quick_shelf: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(quick_shelf, tmp_path / "bench", monkeypatch)
