"""Where the registries of tests are: in a directory, or on a PostgreSQL server; each test gets its own.

Used by conftest files. A test that is marked `on("sqlite", "postgres")` runs on each of them, and finds `ground`,
`place` and whatever else asks for `backend` there; one that is not marked runs in a directory. On the server a registry
has a schema of its own, which is the current one of whoever connects: that takes a seventh of the time of a database.
"""

# ruff: noqa: S608  # every statement is put together from names in this file

import itertools
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import psycopg
import pytest

from registry.place import Place
from registry.place import Server as Address
from registry.store.migrations import migrate
from tests import books
from tests.books import SERVER_TABLES, Book
from tests.servers import Server

BACKENDS = ("sqlite", "postgres")

_numbers = itertools.count(1)


class Ground(Protocol):
    """Where registries can be."""

    def place(self, base: Path) -> Place:
        """A place for a registry; what is not on a server is to be under `base`."""

    def copied(self, source: Book, base: Path) -> Book:
        """A copy of a registry that is there; nobody may be writing to it."""

    def close(self) -> None:
        """Nothing is left there."""


class Directories:
    """The `Ground` of directories."""

    def place(self, base: Path) -> Place:
        return base / "registry"

    def copied(self, source: Book, base: Path) -> Book:
        return books.copied(source, base)

    def close(self) -> None:
        """The directories go with pytest's."""


class Schemas:
    """The `Ground` of a server: schemas in one database."""

    def __init__(self, server: Server, database: str) -> None:
        self._server = server
        self._database = database
        self._made: list[str] = []

    def place(self, base: Path) -> Place:
        return Address(url=self._url(self._schema()), state=base / "registry")

    def copied(self, source: Book, base: Path) -> Book:
        assert isinstance(source.place, Address)
        books.copied_home(source, base)
        schema = self._schema()
        copy = Address(url=self._url(schema), state=base / "registry")
        migrate(copy)
        with psycopg.connect(source.place.url) as connection:
            connection.execute(f"DELETE FROM {schema}.head")
            for table in SERVER_TABLES:
                connection.execute(f"INSERT INTO {schema}.{table} TABLE {table}")
        return replace(source, place=copy, streams=dict(source.streams))

    def close(self) -> None:
        with closing(self._connected()) as connection:
            for schema in self._made:
                connection.execute(f"DROP SCHEMA {schema} CASCADE")

    def _schema(self) -> str:
        schema = f"registry_{next(_numbers)}"
        with closing(self._connected()) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")
        self._made.append(schema)
        return schema

    def _connected(self) -> psycopg.Connection:
        # A test that failed may have left somebody in the middle.
        return psycopg.connect(
            self._server.url(self._database, options="-clock_timeout=30s"), autocommit=True
        )

    def _url(self, schema: str) -> str:
        return f"{self._server.url(self._database)}&options={quote(f'-csearch_path={schema}')}"


def on_another_machine(book: Book, base: Path) -> Book:
    """The registry on its server, as another machine writes to it: with keys and a mark of its own under `base`."""
    assert isinstance(book.place, Address)
    books.copied_home(book, base)
    return replace(book, place=replace(book.place, state=base / "registry"))


def ground_for(metafunc: pytest.Metafunc) -> None:
    """What a conftest's `pytest_generate_tests` does for the mark `on`; a test may name its backends itself, too."""
    marked = metafunc.definition.get_closest_marker("on")
    named = any("backend" in own.args[0] for own in metafunc.definition.iter_markers("parametrize"))
    if marked is not None and "backend" in metafunc.fixturenames and not named:
        metafunc.parametrize("backend", marked.args, indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """Which database keeps the registry of the test."""
    found: str = getattr(request, "param", "sqlite")
    assert found in BACKENDS
    return found


@pytest.fixture(scope="session")
def schemas(server: Server) -> str:
    """The database in which the registries of tests have their schemas."""
    server.create_database("schemas")
    return "schemas"


@pytest.fixture
def ground(backend: str, request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Where the test's registries are."""
    if backend == "sqlite":
        yield Directories()
        return
    server, database = request.getfixturevalue("server"), request.getfixturevalue("schemas")
    with closing(Schemas(server, database)) as made:
        yield made


@pytest.fixture
def place(ground: Ground, home: Path) -> Place:
    """Where there is no registry yet."""
    return ground.place(home)


@pytest.fixture(scope="session")
def server_shelf(server: Server, schemas: str, tmp_path_factory: pytest.TempPathFactory) -> Book:
    """The registry as it was made, on a server; not to be changed."""
    base = tmp_path_factory.mktemp("shelf")
    with pytest.MonkeyPatch.context() as patch:
        books.live_at(base, patch)
        return books.write_book(base, Schemas(server, schemas).place(base))


@pytest.fixture
def book(
    ground: Ground,
    backend: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Book:
    """A copy of the registry, in a home of its own."""
    books.live_at(tmp_path, monkeypatch)
    shelf = request.getfixturevalue("shelf" if backend == "sqlite" else "server_shelf")
    return ground.copied(shelf, tmp_path)
