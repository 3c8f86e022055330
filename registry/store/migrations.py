"""The tables on a PostgreSQL server: the one explicit step that makes or changes them, and who may do what there.

    registry_schema   one row: the version of the tables, the number of the last migration that was applied
    access_…          what is remembered beside the log (`access_keeper`); auditors see none of it
    view_…            the tables of projections, a cache, whose versions `views_migration` knows

`migrate` takes an advisory lock, so that several at once do the work once, and does all of it in one transaction: a
crash leaves the old version or the new one. Migrations are only ever added; each is written so that the version of the
software before it goes on reading (never writing) beside it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

from psycopg import Connection, errors, sql

from registry.errors import BrokenHistoryError, RefusedError, UnavailableError, require
from registry.place import Server
from registry.store import views_migration
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
    """
CREATE TABLE access_keys (
    id text COLLATE "C" PRIMARY KEY, hash bytea NOT NULL, accounts text COLLATE "C" NOT NULL,
    scopes text COLLATE "C" NOT NULL, label text COLLATE "C" NOT NULL, made_by text COLLATE "C" NOT NULL,
    made_us bigint NOT NULL, expires_us bigint NOT NULL, revoked_us bigint,
    used_day text COLLATE "C" NOT NULL);
CREATE TABLE access_key_accounts (
    account text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL, PRIMARY KEY (account, id));
CREATE TABLE access_bindings (
    issuer text COLLATE "C" NOT NULL, subject text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL, scopes text COLLATE "C" NOT NULL,
    made_by text COLLATE "C" NOT NULL, made_us bigint NOT NULL,
    PRIMARY KEY (issuer, subject, account));
CREATE TABLE access_claims (
    author text COLLATE "C" NOT NULL, key bytea NOT NULL, fingerprint bytea NOT NULL,
    made_us bigint NOT NULL, PRIMARY KEY (author, key));
CREATE INDEX access_claims_made ON access_claims (made_us);
CREATE TABLE access_subscriptions (
    id text COLLATE "C" PRIMARY KEY, account text COLLATE "C" NOT NULL,
    url text COLLATE "C" NOT NULL, topics text COLLATE "C" NOT NULL, sealed bytea NOT NULL,
    position bigint NOT NULL, state text COLLATE "C" NOT NULL, failures integer NOT NULL,
    made_us bigint NOT NULL, ended_us bigint);
CREATE INDEX access_subscriptions_account ON access_subscriptions (account);
CREATE TABLE access_deliveries (
    id text COLLATE "C" PRIMARY KEY, subscription text COLLATE "C" NOT NULL,
    entry bigint NOT NULL, attempts integer NOT NULL, next_try_us bigint NOT NULL,
    state text COLLATE "C" NOT NULL, last_status integer, ended_us bigint,
    UNIQUE (subscription, entry));
CREATE INDEX access_deliveries_due ON access_deliveries (next_try_us) WHERE state = 'pending';
CREATE INDEX access_deliveries_ended ON access_deliveries (ended_us) WHERE ended_us IS NOT NULL;
CREATE TABLE access_jobs (
    id text COLLATE "C" PRIMARY KEY, kind text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL, owner text COLLATE "C" NOT NULL,
    started_us bigint NOT NULL, seen_us bigint NOT NULL, ended_us bigint,
    state text COLLATE "C" NOT NULL, done bigint NOT NULL, total bigint NOT NULL,
    result text COLLATE "C", error text COLLATE "C");
CREATE INDEX access_jobs_subject ON access_jobs (subject, id);
CREATE INDEX access_jobs_running ON access_jobs (id) WHERE state = 'running';
CREATE INDEX access_jobs_ended ON access_jobs (ended_us) WHERE ended_us IS NOT NULL;
REVOKE ALL ON access_keys, access_key_accounts, access_bindings, access_claims, access_subscriptions,
    access_deliveries, access_jobs FROM PUBLIC;
-- Who may write entries may write here.
DO $$
DECLARE writer text;
BEGIN
    FOR writer IN
        SELECT own.grantee::regrole FROM pg_class c, aclexplode(c.relacl) own
        WHERE c.oid = 'nonces'::regclass AND own.privilege_type = 'INSERT'
            AND own.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON access_keys, access_key_accounts,'
            || ' access_bindings, access_claims, access_subscriptions, access_deliveries,'
            || ' access_jobs TO ' || writer;
    END LOOP;
END $$;
""",
    """
-- Of what was made before this, nobody knows how long the log was then: at the worst, empty.
ALTER TABLE access_keys ADD COLUMN log_size bigint NOT NULL DEFAULT 0;
ALTER TABLE access_bindings ADD COLUMN log_size bigint NOT NULL DEFAULT 0;
ALTER TABLE access_subscriptions ADD COLUMN log_size bigint NOT NULL DEFAULT 0;
CREATE INDEX access_keys_maker ON access_keys (made_by);
""",
)
assert len(MIGRATIONS) == SCHEMA_VERSION

LOG_TABLES = ("registry_schema", "stored_events", "tree", "nonces", "detached", "head", "openings")
ACCESS_TABLES = (
    "access_keys",
    "access_key_accounts",
    "access_bindings",
    "access_claims",
    "access_subscriptions",
    "access_deliveries",
    "access_jobs",
)
STEPS = (LOG_TABLES, ACCESS_TABLES, ())
"""The tables that each migration makes."""
TABLES = (*LOG_TABLES, *ACCESS_TABLES)

CREATE_ROLE: LiteralString = """
CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
"""
REVOKE: LiteralString = """
REVOKE ALL ON registry_schema, stored_events, tree, nonces, detached, head, openings FROM {role};
REVOKE ALL ON {access} FROM {role};
REVOKE ALL ON {views} FROM {role};
GRANT USAGE ON SCHEMA {schema} TO {role};
"""
SERVER_ROLE: LiteralString = """
GRANT SELECT ON registry_schema, stored_events, tree, nonces, detached, head, openings TO {role};
GRANT INSERT ON stored_events, tree, nonces, detached, openings TO {role};
GRANT UPDATE (entry) ON nonces, openings TO {role};
GRANT UPDATE (size, root, checkpoint) ON head TO {role};
GRANT DELETE ON openings TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {access} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON {views} TO {role};
"""
"""What a process that writes needs, and no more: no UPDATE, no DELETE on what is recorded."""

READER_ROLE: LiteralString = """
GRANT SELECT ON registry_schema, stored_events, tree, nonces, detached, head TO {role};
GRANT SELECT ON {views} TO {role};
"""
"""What an auditor needs: everything but the names, and nothing of who may ask for what."""

_SCRIPT: LiteralString = """-- For psql: the tables of a registry, from version {before} to {after}, and their roles.
\\set ON_ERROR_STOP on
BEGIN;
SELECT pg_advisory_xact_lock({lock});
{statements}
COMMIT;
"""

_ENTER_SCHEMA: LiteralString = "SET LOCAL search_path TO {schema};\n"
"""From here on every name is that of a table where the tables are, whoever asks, and whatever a script is run with."""
_SCHEMA: LiteralString = """
SELECT coalesce(
    (SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass('registry_schema')),
    quote_ident(current_schema()), 'public')
"""
_IN_THE_WAY: LiteralString = """
SELECT DISTINCT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relname = ANY (%s)
ORDER BY relname
"""
_POWERS: LiteralString = """
SELECT rolsuper, rolcreaterole, EXISTS (
    SELECT FROM unnest(ARRAY[(SELECT oid FROM pg_roles WHERE rolname = current_user)]
        || ARRAY(SELECT nspowner FROM pg_namespace WHERE oid = to_regnamespace(%(schema)s))
        || ARRAY(SELECT relowner FROM pg_class
            WHERE relnamespace = to_regnamespace(%(schema)s) AND relname = ANY (%(tables)s))) owner
    WHERE pg_has_role(r.oid, owner, 'MEMBER'))
FROM pg_roles r WHERE rolname = %(role)s
"""

Role = tuple[str, LiteralString]
"""A role's name, and its privileges."""


def migrate(server: Server, roles: Sequence[Role] = ()) -> tuple[int, int]:
    """Bring the tables to this software's version; returns the version before, and after.

    Each of `roles`, which is made if there is none, then has its privileges and none besides; whoever makes it may give
    it a password. All of it is done, or nothing.

    Raises:
        RefusedError: `old_server` below PostgreSQL 15; `not_utf8_database`; `unknown_schema` if the tables are of a
            newer version; `tables_in_the_way` if something else has one of their names; `unfit_role` for one that
            nothing can be kept from; `not_permitted` if whoever asks may not make tables or roles; `no_registry` if
            there is no such database.
        BrokenHistoryError: `database_unreadable` if nobody knows the version.
        UnavailableError: `server_unavailable`.
    """
    with _outstanding(server, roles) as (connection, before):
        for statement in _statements(connection, before, roles):
            try:
                connection.execute(statement)
            except (errors.DuplicateObject, errors.UniqueViolation) as error:
                # Roles belong to the whole server, and the lock to this database.
                raise UnavailableError(
                    "server_unavailable", server=str(server), why="role_made_elsewhere"
                ) from error
    return before, len(MIGRATIONS)


def script(server: Server, roles: Sequence[Role] = ()) -> str:
    """What `migrate` would do now, to be read, or to be run with psql.

    Raises:
        RefusedError, BrokenHistoryError, UnavailableError: as `migrate`.
    """
    with _outstanding(server, roles) as (connection, before):
        statements = sql.Composed([*_statements(connection, before, roles)]).as_string(connection)
    parts = {"before": before, "after": len(MIGRATIONS), "lock": LOCK}
    return _SCRIPT.format(statements=statements.strip(), **parts)


@contextmanager
def _outstanding(server: Server, roles: Sequence[Role]) -> Iterator[tuple[Connection[Any], int]]:
    """A transaction in which nobody else migrates, and the version of the tables."""
    # Of several hosts not the replica that happens to answer first.
    wanted = {"target_session_attrs": "read-write"}
    with (
        server_trouble(str(server)),
        connect(server.url, "registry-migrate", **wanted) as connection,
    ):
        _check_server(connection)
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            before, known = _version(connection, server), len(MIGRATIONS)
            require(before <= known, "unknown_schema", found=before, known=known)
            schema = _schema(connection)
            there = views_migration.in_the_way(connection, schema)
            coming = [table for tables in STEPS[before:] for table in tables]
            there += _column(connection, _IN_THE_WAY, [schema, coming])
            free = not there
            require(free, "tables_in_the_way", server=str(server), names=", ".join(sorted(there)))
            _check_roles(connection, schema, [role for role, _ in roles])
            yield connection, before


def _check_roles(connection: Connection[Any], schema: str, roles: Sequence[str]) -> None:
    """Return if each of `roles` has only the privileges that it is given.

    Raises:
        RefusedError: `unfit_role`.
    """
    for role in roles:
        require(role != "", "unfit_role", role=role, why="no_name")
        require(roles.count(role) == 1, "unfit_role", role=role, why="named_twice")
        asked = {"role": role, "schema": schema, "tables": [*TABLES, *views_migration.NAMES]}
        found = connection.execute(_POWERS, asked).fetchone()
        is_super, makes_roles, owns = found or (False, False, False)
        require(not is_super, "unfit_role", role=role, why="superuser")
        # It could make itself a member of the owner.
        require(not makes_roles, "unfit_role", role=role, why="makes_roles")
        require(not owns, "unfit_role", role=role, why="owner")


def _statements(
    connection: Connection[Any], before: int, roles: Sequence[Role]
) -> Iterator[sql.SQL | sql.Composed]:
    """What brings the tables from version `before` to ours, and gives `roles` their privileges."""
    # As the server spells it, quoted where that is needed.
    schema = sql.SQL(_schema(connection))
    yield sql.SQL(_ENTER_SCHEMA).format(schema=schema)
    for number, statements in enumerate(MIGRATIONS[before:], before + 1):
        yield sql.SQL(statements)
        done: LiteralString = "UPDATE registry_schema SET version = {number};\n"
        yield sql.SQL(done).format(number=sql.Literal(number))
    yield from views_migration.statements(connection, _schema(connection))
    views = sql.SQL(", ").join(map(sql.Identifier, views_migration.NAMES))
    access = sql.SQL(", ").join(map(sql.Identifier, ACCESS_TABLES))
    for role, privileges in roles:
        found = _column(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        making: LiteralString = "" if found else CREATE_ROLE
        names = {"role": sql.Identifier(role), "schema": schema, "access": access, "views": views}
        yield sql.SQL(making + REVOKE + privileges).format(**names)


def _schema(connection: Connection[Any]) -> str:
    """The name of the schema where the tables are, or are to be, quoted."""
    (found,) = _column(connection, _SCHEMA, [])
    return str(found)


def _version(connection: Connection[Any], server: Server) -> int:
    """The version of the tables; 0 where there are none.

    Raises:
        BrokenHistoryError: `database_unreadable` if nobody knows.
        RefusedError: `tables_in_the_way` if something else has the name of the table that says it.
    """
    kinds = _column(
        connection, "SELECT relkind FROM pg_class WHERE oid = to_regclass('registry_schema')", []
    )
    if not kinds:
        return 0
    is_table = kinds == ["r"]
    require(is_table, "tables_in_the_way", server=str(server), names="registry_schema")
    found = _column(connection, "SELECT version FROM registry_schema", [])
    if not found:
        return 0
    if not isinstance(found[0], int):
        raise BrokenHistoryError(
            "database_unreadable",
            file=str(server),
            why="table_not_ours",
            table="registry_schema",
        )
    return found[0]


def _column(
    connection: Connection[Any], statement: LiteralString, values: Sequence[object]
) -> list[Any]:
    return [row[0] for row in connection.execute(statement, values).fetchall()]


def _check_server(connection: Connection[Any]) -> None:
    if connection.info.server_version < VERSION_MIN:
        raise RefusedError("old_server", found=connection.info.server_version // 10_000, least=15)
    row = connection.execute("SHOW server_encoding").fetchone()
    encoding = row[0] if row else ""
    require(encoding == "UTF8", "not_utf8_database", encoding=encoding)
