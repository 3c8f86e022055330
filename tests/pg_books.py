"""A registry on a PostgreSQL server, of the very rows that a `Book` has in its files, and copies of it to spoil.

Used by conftest files: `from tests.pg_books import pg_book, pg_shelf`. The rows are copied once a session; every test
gets a database of its own.
"""

# ruff: noqa: S608  # every statement is put together from names in this file

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from registry.errors import RegistryError
from registry.ledger.note import VerifierKey
from registry.place import Server as Address
from registry.store.migrations import migrate
from registry.verifier.audit import Audited
from tests import books
from tests.books import Book
from tests.servers import Server

KEYS = {
    "stored_events": "rowid",
    "tree": "node",
    "nonces": "account, nonce",
    "detached": "entry, part, event, number",
    "head": "one",
    "openings": "commitment",
}
LOG_TABLES = tuple(KEYS)[:-1]
FILES = {"registry.db": LOG_TABLES, "openings.db": ("openings",)}

_numbers = itertools.count(1)


def copy(directory: Path, url: str) -> None:
    """Make the tables in the empty database at `url`, and fill them with the rows of the registry in `directory`."""
    migrate(Address(url=url))
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM head")
        for file, tables in FILES.items():
            with closing(sqlite3.connect(directory / file)) as source:
                for table in tables:
                    rows = source.execute(f"SELECT * FROM {table}")
                    _fill(connection, table, [column[0] for column in rows.description], rows)
        connection.execute("ANALYZE")


def _fill(
    connection: psycopg.Connection, table: str, columns: Sequence[str], rows: Iterator[Any]
) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor().copy(statement) as filling:
        for row in rows:
            filling.write_row(row)


def _lay_open(url: str) -> None:
    """Leave no trigger in the way, and keep a second copy of every row, to restore them from."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA kept")
        for table in KEYS:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
            connection.execute(f"CREATE TABLE kept.{table} AS TABLE {table}")


class _Hands:
    """A connection that takes statements as they are written for SQLite."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[object] = ()) -> psycopg.Cursor[Any]:
        return self._connection.execute(
            statement.replace("%", "%%").replace("?", "%s"), tuple(values)
        )


@dataclass(frozen=True)
class ServerBook:
    """What a `Book` is, on a server, in the hands of its superuser."""

    source: Book
    url: str
    connection: psycopg.Connection
    sample: int = 8

    @property
    def place(self) -> Address:
        return Address(url=self.url)

    @property
    def key(self) -> VerifierKey:
        return self.source.key

    @property
    def accounts(self) -> dict[str, str]:
        return self.source.accounts

    @contextmanager
    def tables(self, file: str = "registry.db") -> Iterator[_Hands]:
        """The tables in an insider's hands; one database has all of them."""
        assert file in FILES
        yield _Hands(self.connection)

    def change(self, statement: str, *values: object, file: str = "registry.db") -> int:
        """How many rows `statement` changed."""
        with self.tables(file) as connection:
            return connection.execute(statement, values).rowcount

    def rows(self, statement: str, *values: object, file: str = "registry.db") -> list[Any]:
        with self.tables(file) as connection:
            return connection.execute(statement, values).fetchall()

    def whole(self, file: str = "registry.db") -> Sequence[str]:
        """What `restore` needs to put back what stands in `file` elsewhere: the names of its tables."""
        return FILES[file]

    def restore(self, whole: Sequence[str], file: str = "registry.db") -> None:
        """Put the rows of those tables back as they were."""
        assert whole == FILES[file]
        with self.connection.transaction():
            for table in whole:
                self.connection.execute(
                    f"DELETE FROM {table} WHERE ({KEYS[table]}) IN (SELECT {KEYS[table]} FROM"
                    f" (TABLE {table} EXCEPT TABLE kept.{table}) odd)"
                )
                self.connection.execute(
                    f"INSERT INTO {table} (TABLE kept.{table} EXCEPT TABLE {table})"
                )

    def audited(self) -> Audited:
        return books.audited(self.place, self.key)

    def fault(self) -> RegistryError | None:
        return books.fault(self.place, self.key)


@pytest.fixture(scope="session")
def pg_shelf(shelf: Book, server: Server) -> str:
    """The database as it was made; not to be changed, nor to be connected to."""
    url = server.create_database("shelf")
    copy(shelf.directory, url)
    _lay_open(url)
    return "shelf"


@pytest.fixture
def pg_book(book: Book, pg_shelf: str, server: Server) -> Iterator[ServerBook]:
    """A copy of the database, beside the copy of the registry that it was copied from."""
    name = f"book_{next(_numbers)}"
    url = server.create_database(name, template=pg_shelf)
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("SET synchronous_commit = off")
        yield ServerBook(book, url, connection)
    server.drop_database(name)
