"""The tables on a PostgreSQL server: the one explicit step that makes or changes them, and who may do what there.

    registry_schema   one row: the version of the tables, the number of the last migration that was applied

`migrate` takes an advisory lock, so that several at once do the work once, and does all of it in one transaction: a
crash leaves the old version or the new one. Migrations are only ever added; each is written so that the version of the
software before it goes on reading (never writing) beside it.
"""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import Connection, sql

from registry.errors import RefusedError, require
from registry.place import Server
from registry.store.recorder import SCHEMA_VERSION
from registry.store.server import connect, server_trouble

VERSION_MIN = 150_000
LOCK = 0x0063_6172_626F_6E00
"""The advisory lock of the schema step, the same for everybody."""

MIGRATIONS: Sequence[LiteralString] = (
    """
CREATE TABLE registry_schema (one integer PRIMARY KEY CHECK (one = 1), version integer NOT NULL);
INSERT INTO registry_schema VALUES (1, 0);
CREATE TABLE stored_events (
    rowid bigint PRIMARY KEY,
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text COLLATE "C" NOT NULL,
    state bytea NOT NULL,
    UNIQUE (originator_id, originator_version));
CREATE TABLE tree (node bigint PRIMARY KEY, hash bytea NOT NULL);
CREATE TABLE nonces (
    account text COLLATE "C" NOT NULL, nonce bytea NOT NULL, entry bigint NOT NULL,
    PRIMARY KEY (account, nonce));
CREATE TABLE detached (
    entry bigint NOT NULL, part integer NOT NULL, event integer NOT NULL,
    number integer NOT NULL, row bytea NOT NULL,
    PRIMARY KEY (entry, part, event, number));
-- Rewritten by every commit: room beside the row keeps it in its page.
CREATE TABLE head (
    one integer PRIMARY KEY CHECK (one = 1),
    size bigint NOT NULL, root bytea NOT NULL, checkpoint bytea) WITH (fillfactor = 10);
-- The row that every writer locks is there before the first entry.
INSERT INTO head VALUES (1, 0, sha256(''), NULL);
CREATE TABLE openings (
    commitment bytea PRIMARY KEY, entry bigint NOT NULL, author text COLLATE "C" NOT NULL,
    nonce bytea NOT NULL, field text COLLATE "C" NOT NULL, salt bytea NOT NULL,
    value bytea NOT NULL);
CREATE FUNCTION entries_stand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries stand: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER entries_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_events
    FOR EACH STATEMENT EXECUTE FUNCTION entries_stand();
CREATE TRIGGER entries_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON tree
    FOR EACH STATEMENT EXECUTE FUNCTION entries_stand();
CREATE TRIGGER entries_stand BEFORE UPDATE OR DELETE OR TRUNCATE ON detached
    FOR EACH STATEMENT EXECUTE FUNCTION entries_stand();
-- Not to be passed by as a session that replicates.
ALTER TABLE stored_events ENABLE ALWAYS TRIGGER entries_stand;
ALTER TABLE tree ENABLE ALWAYS TRIGGER entries_stand;
ALTER TABLE detached ENABLE ALWAYS TRIGGER entries_stand;
REVOKE ALL ON registry_schema, stored_events, tree, nonces, detached, head, openings FROM PUBLIC;
""",
)
assert len(MIGRATIONS) == SCHEMA_VERSION

CREATE_ROLE: LiteralString = """
CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
"""
REVOKE: LiteralString = """
REVOKE ALL ON registry_schema, stored_events, tree, nonces, detached, head, openings FROM {role};
"""
SERVER_ROLE: LiteralString = """
GRANT SELECT ON registry_schema, stored_events, tree, nonces, detached, head, openings TO {role};
GRANT INSERT ON stored_events, tree, nonces, detached, openings TO {role};
GRANT UPDATE (entry) ON nonces TO {role};
GRANT UPDATE (size, root, checkpoint) ON head TO {role};
GRANT DELETE ON openings TO {role};
"""
"""What a process that writes needs, and no more: no UPDATE, no DELETE on what is recorded."""

READER_ROLE: LiteralString = """
GRANT SELECT ON registry_schema, stored_events, tree, nonces, detached, head TO {role};
"""
"""What an auditor needs: everything but the names."""


def migrate(server: Server) -> tuple[int, int]:
    """Bring the tables to this software's version; returns the version before, and after.

    Raises:
        RefusedError: `old_server` below PostgreSQL 15; `not_utf8_database`; `unknown_schema` if the tables are of a
            newer version; `not_permitted` if the role may not create tables.
        UnavailableError: `server_unavailable`.
    """
    with server_trouble(str(server)), connect(server.url, "registry-migrate") as connection:
        _check_server(connection)
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            before = version_of(connection)
            require(
                before <= len(MIGRATIONS), "unknown_schema", found=before, known=len(MIGRATIONS)
            )
            for number, statements in enumerate(MIGRATIONS[before:], before + 1):
                connection.execute(statements)
                connection.execute("UPDATE registry_schema SET version = %s", [number])
    return before, len(MIGRATIONS)


def grant(server: Server, role: str, privileges: LiteralString) -> None:
    """Give `role`, which is made if there is none, `privileges` and none besides; whoever makes it may give it a
    password.

    Raises:
        RefusedError: `no_registry` before the schema step; `not_permitted`.
        UnavailableError: `server_unavailable`.
    """
    with server_trouble(str(server)), connect(server.url, "registry-migrate") as connection:
        require(version_of(connection) > 0, "no_registry", directory=str(server))
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            connection.execute(script(connection, role, privileges))


def script(connection: Connection, role: str, privileges: LiteralString) -> sql.Composed:
    """The statements that make `role` and give it `privileges`."""
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    making: LiteralString = "" if known else CREATE_ROLE
    name = sql.Identifier(role)
    return sql.Composed([sql.SQL(part).format(role=name) for part in (making, REVOKE, privileges)])


def version_of(connection: Connection) -> int:
    """The version of the tables; 0 where there are none."""
    found = connection.execute("SELECT to_regclass('registry_schema')").fetchone()
    if found is None or found[0] is None:
        return 0
    row = connection.execute("SELECT version FROM registry_schema").fetchone()
    return 0 if row is None else int(row[0])


def _check_server(connection: Connection) -> None:
    if connection.info.server_version < VERSION_MIN:
        raise RefusedError("old_server", found=connection.info.server_version // 10_000, least=15)
    row = connection.execute("SHOW server_encoding").fetchone()
    encoding = row[0] if row else ""
    require(encoding == "UTF8", "not_utf8_database", encoding=encoding)
