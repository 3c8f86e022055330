"""What is remembered beside the log, on a server, in the schema of the log's tables. `migrate` makes them."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection

from registry.place import Server
from registry.store.postgres import STALLED_S, PostgresCursor
from registry.store.recorder import LOCK_TIMEOUT_S, Cursor
from registry.store.server import connect, server_trouble, sound

IDLE_KEPT = 8

_SETTINGS = f"""
SET lock_timeout = {LOCK_TIMEOUT_S * 1_000};
SET idle_in_transaction_session_timeout = {STALLED_S * 1_000};
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')
"""
"""For the session, so that what was acknowledged is durable whatever the role or the server is set to."""


class ServerKeeper:
    """A `Keeper` on a server."""

    skipping = " FOR UPDATE SKIP LOCKED"

    def __init__(self, server: Server) -> None:
        """Connects when it is first asked."""
        self.where = str(server)
        self._url = server.url
        self._idle: deque[Connection[Any]] = deque()

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        with server_trouble(self.where), self._session() as connection:
            cursor = PostgresCursor(connection)
            cursor.execute(statement, values)
            rows: list[Any] = cursor.fetchall()
            return rows

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with server_trouble(self.where), self._session() as connection:
            # Of two that meet at a row, the second goes on from what the first left there.
            connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            try:
                yield PostgresCursor(connection)
            except BaseException:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().close()

    @contextmanager
    def _session(self) -> Iterator[Connection[Any]]:
        """A connection of this thread's own; one that broke is not used again."""
        connection = sound(self._idle) or self._connected()
        try:
            yield connection
        finally:
            usable = connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
            if usable and len(self._idle) < IDLE_KEPT:
                self._idle.append(connection)
            else:
                connection.close()

    def _connected(self) -> Connection[Any]:
        connection = connect(self._url, "registry-access", target_session_attrs="read-write")
        connection.prepare_threshold = 1
        try:
            connection.execute(_SETTINGS)
        except BaseException:
            connection.close()
            raise
        return connection
