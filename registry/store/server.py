"""Connections to a PostgreSQL server, and what goes wrong with it, as errors of ours."""

import select
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Connection, errors
from psycopg.conninfo import conninfo_to_dict

from registry.errors import BrokenHistoryError, RefusedError, UnavailableError, require
from registry.patience import PatientConnection
from registry.place import NO_DATABASE, is_ambiguous, redacted

CONNECTING: dict[str, Any] = {
    "connect_timeout": 10,
    "client_encoding": "UTF8",
    # A server that is switched off says nothing: without these its clients would wait for hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""What an address does not say."""

_FAILED = ("53100", "58", "XX000")
_CORRUPTED = (errors.DataCorrupted, errors.IndexCorrupted)
_ELSEWHERE = (
    errors.TransactionRollback,  # a deadlock, or a replica that had to go on
    errors.ReadOnlySqlTransaction,  # a primary that is none any more
    errors.NotSupportedError,  # the same, said by what a replica cannot do
    errors.IdleInTransactionSessionTimeout,  # this process was stopped for so long that others had to go on
    errors.TransactionTimeout,  # the same, where a server is set to have it so
)


def connect(url: str, name: str, **wanted: Any) -> Connection[Any]:
    """A connection in autocommit mode that calls itself `name` on the server.

    Raises:
        RefusedError: `bad_address`.
        psycopg.OperationalError: it cannot be made.
    """
    # libpq would say a part of the password, as the name of a host that it cannot find.
    require(not is_ambiguous(url), "bad_address", server=redacted(url))
    try:
        said = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise RefusedError("bad_address", server=redacted(url)) from error
    asked = {**CONNECTING, "application_name": name, **wanted, **said}
    return PatientConnection.connect(**asked, autocommit=True)


def sound(idle: deque[Connection[Any]]) -> Connection[Any] | None:
    """One of `idle` of which the server has not taken leave, if there is one."""
    with suppress(IndexError):
        while True:
            connection = idle.pop()
            looking = select.poll()
            looking.register(connection.fileno(), select.POLLIN)
            if not looking.poll(0):
                return connection
            # Nothing was asked: what there is to hear is that it ended.
            connection.close()
    return None


@contextmanager
def server_trouble(where: str) -> Iterator[None]:
    """What a server or the way to it fails with, as errors of ours.

    Raises:
        UnavailableError: `server_unavailable`: gone, starting, full of clients, or it broke off; `storage_failed`: its
            disk; after both, what was being written may be there or not. `locked_elsewhere`: nothing was written.
        RefusedError: `not_permitted`: the role may not. `no_registry`: there is no such database.
        BrokenHistoryError: `database_unreadable`.
    """
    try:
        yield
    except errors.LockNotAvailable as error:
        raise UnavailableError("locked_elsewhere", file=where) from error
    except errors.InsufficientPrivilege as error:
        raise RefusedError("not_permitted", server=where, said=_said(error)) from error
    except _CORRUPTED as error:
        raise BrokenHistoryError("database_unreadable", file=where, said=_said(error)) from error
    except psycopg.Error as error:
        if error.sqlstate is None and NO_DATABASE.search(str(error)):
            raise RefusedError("no_registry", directory=where) from error
        if (error.sqlstate or "").startswith(_FAILED):
            raise UnavailableError("storage_failed", file=where, said=_said(error)) from error
        if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, *_ELSEWHERE)):
            raise UnavailableError("server_unavailable", server=where, said=_said(error)) from error
        raise BrokenHistoryError("database_unreadable", file=where, said=_said(error)) from error


def _said(error: psycopg.Error) -> str:
    """The server's words, on one line."""
    return " ".join((error.diag.message_primary or str(error)).split())
