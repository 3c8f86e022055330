"""Fixtures of the store's tests."""

from contextlib import closing
from pathlib import Path

import pytest

from registry.place import Place
from registry.store.beginning import create
from registry.store.operator import Operator
from tests.books import ORIGIN, Book, Clerk, home, live_at, shelf
from tests.grounds import (
    Ground,
    Schemas,
    backend,
    book,
    ground,
    ground_for,
    place,
    schemas,
    server_shelf,
)
from tests.servers import Server, database, server
from tests.store.lives import Bench

__all__ = [
    "backend",
    "book",
    "database",
    "ground",
    "home",
    "place",
    "quick",
    "quick_server_shelf",
    "quick_shelf",
    "schemas",
    "server",
    "server_shelf",
    "shelf",
]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on(*backends): the databases that the test runs on")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    ground_for(metafunc)


def write_quickly(place: Place) -> Book:
    """A registry that is opened and audited a thousand times, so of few entries."""
    create(place, origin=ORIGIN)
    with closing(Operator(place)) as operator:
        clerk = Clerk(operator)
        for name in ("authority", "validator", "verifier"):
            clerk.opens(name, role=name)
        for name in ("owner", "alice", "bob"):
            clerk.opens(name)
        clerk.recognises("SCFG")
        project = clerk.registers_a_project()
        streams = {"project": project, "native": clerk.issues(project, 10_000)}
        return Book(place, operator.id, operator.vkey(), clerk.accounts, streams, clerk.receipts)


@pytest.fixture(scope="session")
def quick_shelf(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Such a registry in a directory; not to be changed."""
    base = tmp_path_factory.mktemp("quick")
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        return write_quickly(base / "registry")


@pytest.fixture(scope="session")
def quick_server_shelf(
    server: Server, schemas: str, tmp_path_factory: pytest.TempPathFactory
) -> Book:
    """Such a registry on a server; not to be changed."""
    base = tmp_path_factory.mktemp("quick")
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        return write_quickly(Schemas(server, schemas).place(base))


@pytest.fixture
def quick(
    ground: Ground,
    backend: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Book:
    """A copy of such a registry, in a home of its own."""
    live_at(tmp_path, monkeypatch)
    shelf = "quick_shelf" if backend == "sqlite" else "quick_server_shelf"
    return ground.copied(request.getfixturevalue(shelf), tmp_path)


@pytest.fixture
def bench(quick_shelf: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(quick_shelf, tmp_path / "bench", monkeypatch)
