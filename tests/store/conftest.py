"""Fixtures of the store's tests."""

from contextlib import closing
from pathlib import Path

import pytest

from registry.store import keyring
from registry.store.beginning import create
from registry.store.operator import Operator
from tests.books import ORIGIN, Book, Clerk, book, copied, home, live_at, shelf
from tests.store.lives import Bench

__all__ = ["book", "home", "quick", "quick_shelf", "shelf"]


@pytest.fixture(scope="session")
def quick_shelf(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A registry that is opened and audited a thousand times: few entries, and a passphrase that is stretched less."""
    base = tmp_path_factory.mktemp("quick")
    directory = base / "registry"
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        patch.setattr(keyring, "_SCRYPT_N", 2)
        create(directory, origin=ORIGIN)
        with closing(Operator(directory)) as operator:
            clerk = Clerk(operator)
            for name in ("authority", "validator", "verifier"):
                clerk.opens(name, role=name)
            for name in ("owner", "alice", "bob"):
                clerk.opens(name)
            clerk.recognises("SCFG")
            project = clerk.registers_a_project()
            streams = {"project": project, "native": clerk.issues(project, 10_000)}
            return Book(
                directory, operator.id, operator.vkey(), clerk.accounts, streams, clerk.receipts
            )


@pytest.fixture
def quick(quick_shelf: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """A copy of it, in a home of its own."""
    live_at(tmp_path, monkeypatch)
    return copied(quick_shelf, tmp_path)


@pytest.fixture
def bench(quick_shelf: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(quick_shelf, tmp_path / "bench", monkeypatch)
