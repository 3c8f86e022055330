"""A registry's database on a PostgreSQL server as an auditor reads it: in one transaction, trusting nothing in it.

Whatever role may SELECT the tables of the log will do, on the primary or on a replica. A table that is not an ordinary
one of the columns expected is a finding, and so is what the server itself calls corrupted. A server that cannot be
reached, refuses, is too busy or breaks off has given no verdict on the log: `server_unavailable`.
"""

# ruff: noqa: S608  # every statement is put together from names and limits in this file

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, NoReturn

import psycopg
from psycopg import Connection, IsolationLevel, errors
from psycopg.conninfo import conninfo_to_dict

from registry.errors import BrokenHistoryError, RefusedError, UnavailableError, require
from registry.ledger.entry import ENTRY_BYTES_MAX
from registry.ledger.note import NOTE_BYTES_MAX
from registry.ledger.rows import ROW_BYTES_MAX
from registry.patience import PatientConnection
from registry.place import NO_DATABASE, Server, is_ambiguous
from registry.verifier.stored import (
    PARTS_PER_ENTRY,
    ROWID_MIN,
    Ask,
    StoredEntry,
    StoredOpening,
    UnreadableError,
    entries_up_to,
    first_row,
    grouped,
)

CONNECTING: dict[str, Any] = {
    "application_name": "registry-audit",
    "client_encoding": "UTF8",
    "connect_timeout": 10,
    # A server that is switched off says nothing: without these we would wait for hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""What an address need not say."""

ANSWER_S = 300.0
"""Not for ever; but a server that sorts the nonces of a large log before it shows the first is not to be given up."""
ENCODING = "UTF8"
ENTRIES_PER_PAGE = 512
ROWS_PER_PAGE = 4096
SHORT_BYTES_MAX = 64
"""No hash, nonce or salt is longer."""
TEXT_MAX = 1024
"""Characters; the names of streams and fields, and the kinds of a part, are shorter."""

_LOG_TABLES: Mapping[str, str] = {
    "registry_schema": "one integer KEY, version integer",
    "stored_events": "rowid bigint KEY, originator_id text, originator_version bigint, topic text,"
    " state bytea",
    "tree": "node bigint KEY, hash bytea",
    "nonces": "account text KEY, nonce bytea KEY, entry bigint",
    "detached": "entry bigint KEY, part integer KEY, event integer KEY, number integer KEY,"
    " row bytea",
    "head": "one integer KEY, size bigint, root bytea, checkpoint bytea NULL",
}
_OPENINGS_TABLES: Mapping[str, str] = {
    "openings": "commitment bytea KEY, entry bigint, author text, nonce bytea, field text, salt bytea,"
    " value bytea"
}

# The second version has other tables beside these, and the third other columns there.
_SCHEMA_VERSIONS = (1, 2, 3)

# No snapshot is taken yet: what is locked stays the table that the catalogs of the snapshot describe.
# Whatever the role or the database is set to, the catalogs spell types as below.
_LOCK_SCHEMA = """
SET LOCAL lock_timeout = '10s'; SET LOCAL jit = off; SET LOCAL quote_all_identifiers = off;
LOCK TABLE registry_schema IN ACCESS SHARE MODE
"""
_LOCK_LOG = "LOCK TABLE stored_events, tree, nonces, detached, head IN ACCESS SHARE MODE"

# From here on a name is the system's own or of the schema where the tables are: a role's search_path may hold functions
# of the same names as those used here.
_ENTER_SCHEMA = """
SELECT pg_catalog.set_config('search_path', pg_catalog.format('pg_catalog, %I', n.nspname), true)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('registry_schema')
"""

# Whoever filters or derives rows could show each reader others: no view, policy, rule, partition or generated column.
_DESCRIBED = """
SELECT name, (
    SELECT string_agg(
        concat_ws(
            ' ', a.attname, format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnum = ANY (i.indkey) THEN 'KEY' WHEN NOT a.attnotnull THEN 'NULL' END,
            CASE WHEN a.attgenerated <> '' THEN 'GENERATED' END
        ), ', ' ORDER BY a.attnum
    )
    FROM pg_attribute a
    LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indisvalid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
)
FROM unnest(%s::text[]) name JOIN pg_class c ON c.oid = to_regclass(name)
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND NOT c.relispartition AND NOT c.relrowsecurity
    AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = c.oid)
    AND NOT EXISTS (SELECT FROM pg_inherits WHERE c.oid IN (inhparent, inhrelid))
"""
_MAY_READ_VIEWS = "SELECT has_table_privilege(to_regclass('view_positions'), 'SELECT')"
_OTHER_TABLES = (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction)
_MAY_READ_OPENINGS = "SELECT has_table_privilege(to_regclass('openings'), 'SELECT')"


def _shown(**limits: int | None) -> str:
    """Columns as they are selected: one character or byte more than the limit is enough to see that it is exceeded."""
    return ", ".join(
        name if limit is None else f"substring({name} FROM 1 FOR {limit + 1}) AS {name}"
        for name, limit in limits.items()
    )


_HEAD = f"""
SELECT one, size, {_shown(root=SHORT_BYTES_MAX, checkpoint=NOTE_BYTES_MAX)} FROM head LIMIT 2
"""
_ENTRIES = f"""
SELECT rowid, {_shown(originator_id=TEXT_MAX)}, originator_version,
    {_shown(topic=TEXT_MAX, state=ENTRY_BYTES_MAX)}
FROM stored_events WHERE rowid >= '{{}}'::bigint ORDER BY rowid
"""
_ACTS = f"""
SELECT rowid, {_shown(state=ENTRY_BYTES_MAX)} FROM stored_events WHERE rowid = ANY (%s::bigint[])
"""
_NODES = f"SELECT node, {_shown(hash=SHORT_BYTES_MAX)} FROM tree ORDER BY node"
_NONCES = f"""
SELECT entry, {_shown(account=TEXT_MAX, nonce=SHORT_BYTES_MAX)} FROM nonces ORDER BY entry
"""
_DETACHED = f"""
SELECT entry, part, event, number, {_shown(row=ROW_BYTES_MAX)}
FROM detached WHERE entry {{}} '{{}}'::bigint ORDER BY entry, part, event, number
"""
_OPENINGS = "SELECT {} FROM openings ORDER BY openings.entry".format(
    _shown(
        commitment=SHORT_BYTES_MAX,
        entry=None,
        author=TEXT_MAX,
        nonce=SHORT_BYTES_MAX,
        field=TEXT_MAX,
        salt=SHORT_BYTES_MAX,
        value=ENTRY_BYTES_MAX,
    )
)


class ServerDatabase:
    """One moment of a database on a server; a `Database`."""

    has_writer = True
    """Nobody knows who else is connected, and a role that only reads least of all."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._cursors = 0

    def head(self) -> tuple[object, object, object] | None:
        """Size, root and signed checkpoint, as stored; None if there is not exactly one row."""
        rows = self._rows(_HEAD)
        return rows[0][1:] if len(rows) == 1 and rows[0][0] == 1 else None

    def count(self) -> int:
        """How many entries there seem to be, for showing progress."""
        ((last,),) = self._rows("SELECT max(rowid) FROM stored_events")
        return entries_up_to(last)

    def entries(self, start: int | None = None) -> Iterator[StoredEntry]:
        """All entries in order of their index, or those from `start` on, as far as rows are there."""
        return grouped(self._paged(_ENTRIES.format(first_row(start)), ENTRIES_PER_PAGE))

    def acts(self, indexes: Collection[int]) -> Mapping[int, object]:
        """The bytes of the entries `indexes`, by index."""
        numbers = {index * PARTS_PER_ENTRY + 1: index for index in indexes}
        return {
            numbers[number]: state
            for number, state in self._rows(_ACTS, [list(numbers)])
            if number in numbers
        }

    def nodes(self) -> Iterator[tuple[object, object]]:
        """The stored tree nodes, (number, hash), in order."""
        return self._paged(_NODES)

    def nonces(self) -> Iterator[tuple[object, object, object]]:
        """The remembered nonces, (entry, account, nonce), in order of the entries."""
        return self._paged(_NONCES)

    def detached(
        self, start: int | None = None
    ) -> Iterator[tuple[object, object, object, object, object]]:
        """The detached rows, (entry, part, event, number, row), in order, or those of entries from `start` on."""
        return self._paged(_DETACHED.format(">=", ROWID_MIN if start is None else start))

    def beside(self, index: int) -> Iterator[tuple[object, object, object, object, object]]:
        """The detached rows of entry `index`, in order."""
        return self._paged(_DETACHED.format("=", index))

    def openings(self) -> Iterator[StoredOpening]:
        """The openings; none where there is no such table, or this role may not read it."""
        if self._rows(_MAY_READ_OPENINGS) != [(True,)]:
            return
        _check_tables(self._connection, _OPENINGS_TABLES)
        names = [field.name for field in fields(StoredOpening)]
        for row in self._paged(_OPENINGS, ENTRIES_PER_PAGE):
            yield StoredOpening(**dict(zip(names, row, strict=True)))

    @contextmanager
    def views(self) -> Iterator[Ask | None]:
        """Who answers questions over the tables of projections, where there are some, and this role may read them.

        Raises:
            BrokenHistoryError: `derived.views`.
        """
        if self._rows(_MAY_READ_VIEWS) != [(True,)]:
            yield None
            return
        try:
            with self._connection.transaction():
                yield self._paged
        except _OTHER_TABLES as error:
            raise BrokenHistoryError("derived.views", said=_said(error)) from error

    def _rows(self, query: str, values: list[Any] | None = None) -> list[Any]:
        return self._connection.execute(query, values, binary=True).fetchall()

    def _paged(self, query: str, page: int = ROWS_PER_PAGE) -> Iterator[Any]:
        """The rows of `query`, a page at a time; the cursor on the server ends with the transaction."""
        self._cursors += 1
        name = f"registry_{self._cursors}"
        self._connection.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {query}")
        while rows := self._rows(f"FETCH {page} FROM {name}"):
            yield from rows


@contextmanager
def reading(server: Server) -> Iterator[ServerDatabase]:
    """The database on `server`, as of one moment.

    Raises:
        RefusedError: `no_registry` if there is no such database, or no table of a registry in it; `bad_address`.
        BrokenHistoryError: `database_unreadable`, here or later.
        UnavailableError: `server_unavailable`, here or later.
    """
    try:
        with _connected(server) as connection, connection.transaction():
            _begin(connection, server)
            yield ServerDatabase(connection)
    except (psycopg.Error, UnicodeDecodeError, UnreadableError) as error:
        _tell(error, server)


@contextmanager
def _connected(server: Server) -> Iterator[Connection[Any]]:
    require(not is_ambiguous(server.url), "bad_address", server=str(server))
    try:
        said = conninfo_to_dict(server.url)
    except psycopg.ProgrammingError as error:
        raise RefusedError("bad_address", server=str(server)) from error
    asked = {**CONNECTING, **said}
    connection = PatientConnection.connect(**asked, autocommit=True, prepare_threshold=None)
    try:
        connection.answer_s = ANSWER_S
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection
    finally:
        connection.close()


def _begin(connection: Connection[Any], server: Server) -> None:
    """Lock the tables, take the snapshot, and return if the tables are those of docs/format.md."""
    try:
        connection.execute(_LOCK_SCHEMA)
    except errors.UndefinedTable as error:
        raise RefusedError("no_registry", directory=str(server)) from error
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != ENCODING:
        raise UnreadableError(f"its encoding is {encoding}")
    connection.execute(_LOCK_LOG)
    connection.execute(_ENTER_SCHEMA)
    _check_tables(connection, _LOG_TABLES)
    versions = connection.execute("SELECT version FROM registry_schema LIMIT 2").fetchall()
    if len(versions) != 1 or versions[0][0] not in _SCHEMA_VERSIONS:
        raise UnreadableError(f"schema version {', '.join(str(found) for (found,) in versions)}")


def _check_tables(connection: Connection[Any], tables: Mapping[str, str]) -> None:
    """Return if `tables` are ordinary tables of the columns expected."""
    found = dict(connection.execute(_DESCRIBED, [list(tables)]).fetchall())
    odd = [name for name, columns in tables.items() if found.get(name) != columns]
    if odd:
        raise UnreadableError(f"not the tables expected: {', '.join(odd)}")


# --- what went wrong --------------------------------------------------------------------------------------------------

_FOUND = (
    errors.DataCorrupted,
    errors.IndexCorrupted,
    # Of our own few statements the server understands each, unless the tables are not those that they are for.
    errors.DataError,
    errors.NotSupportedError,
    errors.ProgrammingError,
    UnicodeDecodeError,
    UnreadableError,
)


def _tell(error: Exception, server: Server) -> NoReturn:
    """Raise what `error` comes to: a finding, no registry, or no verdict."""
    said = _said(error)
    if isinstance(error, _FOUND) and not isinstance(error, errors.InsufficientPrivilege):
        raise BrokenHistoryError("database_unreadable", file=str(server), said=said) from error
    if isinstance(error, psycopg.Error) and error.sqlstate is None and NO_DATABASE.search(said):
        raise RefusedError("no_registry", directory=str(server)) from error
    raise UnavailableError("server_unavailable", server=str(server), said=said) from error


def _said(error: Exception) -> str:
    """The server's words, or libpq's, on one line; neither tells a password that was recognised as one."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return " ".join((primary or str(error)).split())
