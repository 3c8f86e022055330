"""The tables of projections on a PostgreSQL server, in the schema of the log's. `migrate` makes them."""

# ruff: noqa: S608  # every statement is put together from names in projections

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.types.array import ListBinaryDumper

from registry.place import Server
from registry.projections.table import POSITIONS, Column, Kind, Projection, Row, Table
from registry.store.postgres import PostgresCursor
from registry.store.recorder import LOCK_TIMEOUT_S, Cursor
from registry.store.server import connect, server_trouble
from registry.store.views_tables import BLANK, positions

_ARRAYS: Mapping[Kind, str] = {"text": "text[]", "integer": "bigint[]", "bytes": "bytea[]"}
_MAY_READ = """
SELECT bool_and(coalesce(has_table_privilege(to_regclass(name), 'SELECT'), false))
FROM unnest(?::text[]) AS asked (name)
"""
_MAY_WRITE = """
SELECT NOT pg_is_in_recovery() AND bool_and(coalesce(
    has_table_privilege(to_regclass(name), 'INSERT')
    AND has_table_privilege(to_regclass(name), 'UPDATE')
    AND has_table_privilege(to_regclass(name), 'DELETE'), false))
FROM unnest(?::text[]) AS asked (name)
"""
_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITING = f"""
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT FROM {POSITIONS} ORDER BY projection FOR UPDATE
"""


class ServerKeeper:
    """A `Keeper` on a server. For one thread at a time."""

    by_index = ""

    def __init__(self, server: Server) -> None:
        """Connects when it is first asked."""
        self.where = str(server)
        self._url = server.url
        self._kept: Connection[Any] | None = None

    def trouble(self) -> AbstractContextManager[None]:
        return server_trouble(self.where)

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        yield from self._transaction(_READING)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        yield from self._transaction(_WRITING)

    def prepare(self, projections: Sequence[Projection]) -> bool:
        return self._may(_MAY_WRITE, projections) and self.serves(projections)

    def serves(self, projections: Sequence[Projection]) -> bool:
        if not self._may(_MAY_READ, projections):
            return False
        with self.reading() as cursor:
            found = positions(cursor)
        return all(found.get(own.name, ("", BLANK))[0] == own.definition for own in projections)

    def add(self, cursor: Cursor, table: Table, rows: Sequence[Row]) -> None:
        columns = ", ".join(f"?::{_ARRAYS[column.kind]}" for column in table.columns)
        cursor.execute(f"INSERT INTO {table.view} SELECT * FROM unnest({columns})", _turned(rows))

    def end(self, cursor: Cursor, table: Table, closed: Sequence[Row]) -> None:
        ends = (
            Column(name="ends", kind="integer"),
            *table.key,
            Column(name="since", kind="integer"),
        )
        arrays = ", ".join(f"?::{_ARRAYS[column.kind]}" for column in ends)
        names = [column.name for column in ends]
        own = " AND ".join(f"own.{name} = said.{name}" for name in names[1:])
        cursor.execute(
            f"UPDATE {table.view} own SET until = said.ends"
            f" FROM unnest({arrays}) AS said ({', '.join(names)}) WHERE {own}",
            _turned(closed),
        )

    def clear(self, cursor: Cursor, projection: Projection) -> None:
        for table in projection.tables:
            cursor.execute(f"DELETE FROM {table.view}")

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _may(self, asked: str, projections: Sequence[Projection]) -> bool:
        names = [POSITIONS, *(own.view for one in projections for own in one.tables)]
        with self.reading() as cursor:
            cursor.execute(asked, (names,))
            return bool(cursor.fetchone()[0])

    def _transaction(self, beginning: str) -> Iterator[Cursor]:
        connection = self._connection()
        try:
            connection.execute(beginning.encode())
            yield PostgresCursor(connection)
            connection.execute("COMMIT")
        except BaseException:
            # Whoever cannot roll back has lost the connection, and the transaction with it.
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK")
            self.close()
            raise

    def _connection(self) -> Connection[Any]:
        if self._kept is None:
            made = connect(self._url, "registry-views")
            made.prepare_threshold = 1
            # As text, which the driver prefers, an array costs eight times as much on both sides.
            made.adapters.register_dumper(list, ListBinaryDumper)
            # Nobody waits for what can be folded again.
            made.execute(
                f"SET synchronous_commit = off; SET lock_timeout = {LOCK_TIMEOUT_S * 1_000}"
            )
            self._kept = made
        return self._kept


def _turned(rows: Sequence[Row]) -> list[list[Any]]:
    """The columns of `rows`."""
    return [list(column) for column in zip(*rows, strict=True)]
