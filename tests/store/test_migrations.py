"""The tables on a server: made once, by whoever comes first, whole; and roles with the rights that they need."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import errors, sql

from registry.desk.keys import RotateKeys, RotateLogKey
from registry.errors import BrokenHistoryError, RefusedError, UnavailableError
from registry.place import Server as Address
from registry.store import migrations
from registry.store.beginning import create
from registry.store.log import Log
from registry.store.migrations import READER_ROLE, SERVER_ROLE, migrate, script
from registry.store.operator import Operator
from registry.store.recorder import SCHEMA_VERSION
from registry.verifier.audit import audit
from tests.books import Book, write_book
from tests.desks import does
from tests.servers import Server
from tests.store.conftest import write_quickly
from tests.store.lives import CONTEXT

GUARDED = {"stored_events": "state", "tree": "hash", "detached": "row"}
DESCRIBED = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    (SELECT collname FROM pg_collation WHERE oid = a.attcollation)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1, a.attnum
"""
GRANTED = """
SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants
WHERE table_schema = 'public' UNION ALL
SELECT table_name || '.' || column_name, grantee, privilege_type
FROM information_schema.column_privileges WHERE table_schema = 'public' ORDER BY 1, 2, 3
"""


@pytest.fixture
def address(database: str, home: Path) -> Address:
    """An empty database."""
    return Address(url=database, state=home / "state-directory")


@pytest.fixture
def roles(server: Server) -> Iterator[tuple[str, str]]:
    """The names of two roles that there are not yet, for writing and for reading."""
    names = ("test_writer", "test_reader")
    yield names
    for name in names:
        for (database,) in server.execute("SELECT datname FROM pg_database WHERE datallowconn"):
            if server.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]):
                server.execute(
                    sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)), database=database
                )
        server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def asked(address: Address, statement: str) -> list[Any]:
    with psycopg.connect(address.url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def as_role(address: Address, role: str) -> Address:
    return replace(address, url=address.url.replace("postgres@", f"{role}@"))


# Once.


def test_an_empty_database_gets_the_tables_and_a_second_step_changes_nothing(
    address: Address,
) -> None:
    first = migrate(address)
    described = asked(address, DESCRIBED)
    second = migrate(address)

    assert (first, second) == ((0, SCHEMA_VERSION), (SCHEMA_VERSION, SCHEMA_VERSION))
    assert asked(address, DESCRIBED) == described
    with closing(Log(address, begun=False)) as log:
        assert log.recorder.schema_version() == SCHEMA_VERSION


def migrate_when_all_are_ready(urls: Sequence[str], barrier: Any, answers: Any) -> None:
    for url in urls:
        barrier.wait(30)
        answers.put((url, migrate(Address(url=url), [("test_writer", SERVER_ROLE)])))


@pytest.mark.usefixtures("roles")
def test_four_processes_at_once_do_it_once(address: Address) -> None:
    """Twenty times, each time where there are no tables yet."""
    urls = []
    for number in range(20):
        asked(address, f"CREATE SCHEMA contested_{number}")
        urls.append(f"{address.url}&options=-csearch_path%3Dcontested_{number}")
    barrier, answers = CONTEXT.Barrier(4), CONTEXT.Queue()
    processes = [
        CONTEXT.Process(target=migrate_when_all_are_ready, args=(urls, barrier, answers))
        for _ in range(4)
    ]

    for process in processes:
        process.start()
    told = sorted(answers.get(timeout=60) for _ in range(4 * len(urls)))
    for process in processes:
        process.join(60)

    once = [(0, SCHEMA_VERSION), *[(SCHEMA_VERSION, SCHEMA_VERSION)] * 3]
    assert told == sorted((url, answer) for url in urls for answer in once)
    for url in urls:
        version = asked(Address(url=url), "SELECT version FROM registry_schema")
        assert version == [(SCHEMA_VERSION,)]


SECOND: LiteralString = "CREATE TABLE later (one integer);"
FAILING: LiteralString = "CREATE TABLE half (one integer); SELECT 1 / 0;"


def test_a_step_that_fails_leaves_the_version_before_it(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(address)
    steps = (*migrations.MIGRATIONS, SECOND, FAILING)
    monkeypatch.setattr(migrations, "MIGRATIONS", steps)

    with pytest.raises(BrokenHistoryError, match="division by zero"):
        migrate(address)

    assert asked(address, "SELECT version FROM registry_schema") == [(SCHEMA_VERSION,)]
    assert asked(address, "SELECT to_regclass('later'), to_regclass('half')") == [(None, None)]


def test_outstanding_steps_are_taken_in_order(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(address)
    third: LiteralString = "ALTER TABLE later RENAME TO latest;"
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, SECOND, third))

    outstanding = script(address)
    done = migrate(address)

    assert "CREATE TABLE stored_events" not in outstanding
    assert done == (SCHEMA_VERSION, SCHEMA_VERSION + 2)
    assert asked(address, "SELECT version FROM registry_schema") == [(SCHEMA_VERSION + 2,)]
    assert asked(address, "SELECT * FROM latest") == []


def test_tables_from_the_future_are_left_alone(address: Address) -> None:
    create(address, origin="registry.example/future")
    asked(address, "UPDATE registry_schema SET version = 99")

    for ask in (migrate, script, Log, Operator):
        with pytest.raises(RefusedError) as refused:
            ask(address)
        assert refused.value.code == "unknown_schema"
        assert refused.value.facts["found"] == 99
    with pytest.raises(BrokenHistoryError, match="schema version 99"):
        audit(address, None)


def test_another_encoding_is_refused(server: Server) -> None:
    server.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")

    with pytest.raises(RefusedError) as refused:
        migrate(Address(url=server.url("latin")))
    server.drop_database("latin")

    assert (refused.value.code, refused.value.facts["encoding"]) == ("not_utf8_database", "LATIN1")


def test_an_old_server_is_refused(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "VERSION_MIN", 990_000)

    with pytest.raises(RefusedError, match="old_server"):
        migrate(address)

    assert asked(address, "SELECT to_regclass('registry_schema')") == [(None,)]


@pytest.mark.usefixtures("roles")
def test_who_may_not_make_tables_is_told_so(address: Address, server: Server) -> None:
    server.execute("CREATE ROLE test_writer LOGIN")

    with pytest.raises(RefusedError, match="not_permitted"):
        migrate(as_role(address, "test_writer"))


def test_a_server_that_is_not_there_changes_nothing(home: Path) -> None:
    nowhere = Address(url="postgresql://somebody:secret@127.0.0.1:1/registry", state=home)

    for ask in (migrate, script):
        with pytest.raises(UnavailableError) as gone:
            ask(nowhere)
        assert gone.value.code == "server_unavailable"
        assert "secret" not in str(gone.value)


# The script.


def test_the_script_does_what_the_step_does(
    address: Address, server: Server, roles: tuple[str, str]
) -> None:
    wanted = [(roles[0], SERVER_ROLE), (roles[1], READER_ROLE)]
    other = Address(url=server.create_database("scripted"))

    text = script(other, wanted)
    assert asked(other, "SELECT to_regclass('registry_schema')") == [(None,)]
    assert not asked(other, "SELECT FROM pg_roles WHERE rolname = 'test_writer'")
    run(other, text)
    migrate(address, wanted)

    for query in (DESCRIBED, GRANTED, "SELECT * FROM registry_schema", "SELECT * FROM head"):
        assert asked(other, query) == asked(address, query)
    assert migrate(other) == (SCHEMA_VERSION, SCHEMA_VERSION)
    with pytest.raises(psycopg.Error):
        run(other, text)
    assert asked(other, "SELECT * FROM registry_schema") == [(1, SCHEMA_VERSION)]
    server.drop_database("scripted")


def run(address: Address, text: str) -> None:
    """What psql does, but for its own commands."""
    statements = "\n".join(line for line in text.splitlines() if not line.startswith("\\"))
    asked(address, statements)


# Roles.


@pytest.fixture
def registry(address: Address, roles: tuple[str, str]) -> Book:
    """A registry of which everything was written by the role that may write."""
    migrate(address, [(roles[0], SERVER_ROLE), (roles[1], READER_ROLE)])
    return write_quickly(as_role(address, roles[0]))


def test_the_role_that_writes_can_lead_a_whole_registry_s_life(
    address: Address, roles: tuple[str, str], home: Path
) -> None:
    migrate(address, [(roles[0], SERVER_ROLE)])

    book = write_book(home, as_role(address, roles[0]))
    with closing(Operator(book.place)) as operator:
        does(operator, RotateLogKey())
        does(operator, RotateKeys(account=book.accounts["alice"]))
        erased = operator.log.openings.rows()[0][0]
        assert operator.log.openings.erase([erased]) == 1
        key = operator.vkey()

    assert audit(book.place, key).entries > 50


def test_who_writes_may_erase_and_only_the_owner_may_rewrite_the_table(
    registry: Book, address: Address
) -> None:
    with closing(Operator(registry.place)) as operator:
        erased = operator.log.openings.rows()[0][0]
        assert operator.log.openings.erase([erased]) == 1
        assert not operator.log.openings.scrub()

    with closing(Log(address, writes=True)) as log:
        assert log.openings.scrub()
    assert registry.fault() is None


@pytest.mark.parametrize("who", ["test_writer", "owner", "replicating"])
def test_nobody_changes_what_is_recorded(registry: Book, address: Address, who: str) -> None:
    """Not the owner, who is a superuser here, and not a session that replicates."""
    before = [asked(address, f"SELECT * FROM {table} ORDER BY 1, 2") for table in GUARDED]  # noqa: S608  # names of ours
    place = as_role(address, who) if who == "test_writer" else address
    with psycopg.connect(place.url, autocommit=True) as connection:
        if who == "replicating":
            connection.execute("SET session_replication_role = replica")

        for table, column in GUARDED.items():
            for statement in (
                f"UPDATE {table} SET {column} = {column}",  # noqa: S608  # names of ours
                f"DELETE FROM {table}",  # noqa: S608  # names of ours
                f"DELETE FROM {table} WHERE false",  # noqa: S608  # names of ours
                f"TRUNCATE {table} CASCADE",
            ):
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(statement)

    after = [asked(address, f"SELECT * FROM {table} ORDER BY 1, 2") for table in GUARDED]  # noqa: S608  # names of ours
    assert after == before
    assert registry.fault() is None


def test_the_role_that_writes_has_no_other_rights(registry: Book, address: Address) -> None:
    with psycopg.connect(as_role(address, "test_writer").url, autocommit=True) as connection:
        for statement in (
            "UPDATE nonces SET account = ''",
            "UPDATE openings SET value = ''",
            "DELETE FROM nonces",
            "DELETE FROM head",
            "INSERT INTO head VALUES (1, 0, '', NULL)",
            "UPDATE registry_schema SET version = 0",
            "DROP TABLE openings",
            "ALTER TABLE tree DISABLE TRIGGER ALL",
            "DROP TRIGGER entries_stand ON tree",
            "SET session_replication_role = replica",
            "CREATE TABLE mine (one integer)",
            "CREATE ROLE another",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)

    assert registry.fault() is None


def test_the_role_that_reads_audits_and_sees_no_names(registry: Book, address: Address) -> None:
    reader = replace(as_role(address, "test_reader"), state=None)

    found = audit(reader, registry.key)

    assert found.entries == registry.audited().entries
    assert (found.openings, registry.audited().openings) == (0, 9)
    with psycopg.connect(reader.url, autocommit=True) as connection:
        for statement in (
            "SELECT * FROM openings",
            "DELETE FROM head",
            "SELECT 1 FROM head FOR UPDATE",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_role_gets_what_it_is_to_have_and_loses_the_rest(
    registry: Book, address: Address
) -> None:
    writer = as_role(address, "test_writer")
    migrate(address, [("test_writer", READER_ROLE)])

    with pytest.raises(RefusedError, match="not_permitted"):
        Operator(writer)
    migrate(address, [("test_writer", SERVER_ROLE)])

    assert replace(registry, place=writer).fault() is None
    Operator(writer).close()


def refused(address: Address, roles: Sequence[migrations.Role] = ()) -> RefusedError:
    for ask in (script, migrate):
        with pytest.raises(RefusedError) as found:
            ask(address, roles)
    return found.value


def test_a_role_from_which_nothing_can_be_kept_is_refused_and_nothing_granted(
    address: Address, server: Server, roles: tuple[str, str]
) -> None:
    writer, reader = roles
    server.execute(f"CREATE ROLE {writer} LOGIN; CREATE ROLE {reader} LOGIN")
    database = address.url.rpartition("/")[2].partition("?")[0]
    server.execute(f"GRANT CREATE ON SCHEMA public TO {writer}", database=database)
    owned = as_role(address, writer)
    before = asked(address, GRANTED)

    whys = [
        refused(owned, [(reader, SERVER_ROLE), (name, READER_ROLE)]).facts["why"]
        for name in ("", reader, "postgres", writer)
    ]
    assert asked(address, GRANTED) == before
    server.execute(f"ALTER ROLE {reader} CREATEROLE")
    whys.append(refused(owned, [(reader, READER_ROLE)]).facts["why"])
    server.execute(f"ALTER ROLE {reader} NOCREATEROLE")
    migrate(owned)
    before = asked(address, GRANTED)
    server.execute(f"GRANT {writer} TO {reader}")
    whys.extend(
        refused(place, [(name, READER_ROLE)]).facts["why"]
        for place in (owned, address)
        for name in (reader, writer)
    )

    assert whys == [
        *("no_name", "named_twice", "superuser", "owner", "makes_roles"),
        *["owner"] * 4,
    ]
    assert asked(address, GRANTED) == before


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("CREATE VIEW head AS SELECT 1 AS x", "head"),
        ("CREATE TABLE tree (); CREATE SEQUENCE nonces", "nonces, tree"),
        ("CREATE VIEW registry_schema AS SELECT 1 AS one, 1 AS version", "registry_schema"),
        ("CREATE TABLE registry_schema (one integer, version integer)", "registry_schema"),
    ],
)
def test_what_has_the_name_of_a_table_is_named_and_left_alone(
    address: Address, statement: str, names: str
) -> None:
    asked(address, statement)
    before = asked(address, DESCRIBED)

    found = refused(address)

    assert (found.code, found.facts["names"]) == ("tables_in_the_way", names)
    assert asked(address, DESCRIBED) == before


@pytest.mark.parametrize("version", ["NULL", "'1'::text"])
def test_a_version_that_is_none_is_a_finding(address: Address, version: str) -> None:
    asked(address, f"CREATE TABLE registry_schema AS SELECT 1 AS one, {version} AS version")

    for ask in (migrate, script, Log, audit_without_key):
        with pytest.raises(BrokenHistoryError, match="database_unreadable"):
            ask(address)


def audit_without_key(address: Address) -> None:
    audit(address, None)


def test_roles_and_script_mean_the_tables_where_they_are(
    address: Address, roles: tuple[str, str]
) -> None:
    """In a schema that others have to be let into, and whatever the script is run with."""
    asked(address, 'CREATE SCHEMA "the Registry"')
    inside = replace(address, url=f"{address.url}&options=-csearch_path%3D%22the%5C%20Registry%22")
    writer = as_role(inside, roles[0])

    run(address, script(inside, [(roles[0], SERVER_ROLE)]))
    create(writer, origin="registry.example/inside")
    migrate(replace(address, url=f"{inside.url}%2Cpublic"), [(roles[1], READER_ROLE)])

    assert asked(address, "SELECT to_regclass('public.head')") == [(None,)]
    assert asked(as_role(inside, roles[1]), "SELECT size FROM head") == [(1,)]


def test_of_several_hosts_the_one_that_takes_writes_is_migrated() -> None:
    with Server() as primary, primary.replica() as replica:
        primary.create_database("several")
        primary.wait_for_replica(replica)
        several = Address(
            url=f"postgresql://postgres@127.0.0.1:{replica.port},127.0.0.1:{primary.port}/several"
        )

        assert migrate(several) == (0, SCHEMA_VERSION)


def test_an_odd_name_is_a_name(address: Address, server: Server) -> None:
    name = 'odd "name"; DROP TABLE head; --'

    migrate(address, [(name, READER_ROLE)])

    assert asked(address, "SELECT size FROM head") == [(0,)]
    assert server.execute(
        "SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = %s", [name]
    ) == [(True, False)]
    server.execute(
        sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)),
        database=address.url.rpartition("/")[2].partition("?")[0],
    )
    server.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
