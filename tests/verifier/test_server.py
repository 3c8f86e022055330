"""Servers and their databases that are not what they should be: a finding, a refusal or no verdict; never a crash."""

# ruff: noqa: S608  # every statement is put together from names in this file

import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import chain
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

import registry.verifier
from registry.cli import exits
from registry.cli.voice import Voice
from registry.errors import BrokenHistoryError, RefusedError, RegistryError, UnavailableError
from registry.ledger import rows
from registry.ledger.entry import ENTRY_BYTES_MAX
from registry.ledger.note import NOTE_BYTES_MAX
from registry.ledger.rows import ROW_BYTES_MAX
from registry.patience import PatientConnection
from registry.place import Place
from registry.place import Server as Address
from registry.verifier import audit as auditing
from registry.verifier import database as databases
from registry.verifier import server as reader
from registry.verifier import sqlite_file
from registry.verifier.audit import audit, origin_of, signed_size
from registry.verifier.stored import PARTS_PER_ENTRY, StoredOpening, UnreadableError, grouped
from tests.books import ORIGIN, Book, fault
from tests.pg_books import LOG_TABLES, ServerBook, copy
from tests.relay import Relay
from tests.servers import HOST, Server, eventually

PASSWORD = "s3cret pass"
PASSED = 100
"""So many rows too many are passed by here."""
AUDITOR, STRANGER = "auditor", "stranger"


@pytest.fixture(scope="session")
def roles(server: Server) -> Server:
    """The server, with one role that will read the log, and one that may read nothing."""
    for role in (AUDITOR, STRANGER):
        server.execute(f"CREATE ROLE {role} LOGIN")
    return server


def seen_by(role: str, book: ServerBook, server: Server) -> Address:
    """The book's database, as `role` connects to it."""
    return Address(url=server.url(book.connection.info.dbname, user=role))


def trouble(address: Place, book: ServerBook | Book) -> RegistryError | None:
    return fault(address, book.key)


def unavailable(found: RegistryError | None) -> str:
    """Why there is no verdict."""
    assert isinstance(found, UnavailableError), found
    assert found.code == "server_unavailable"
    return str(found.facts["said"])


def unreadable(found: RegistryError | None) -> str:
    """Why the database is none of a registry."""
    assert isinstance(found, BrokenHistoryError), found
    assert found.code == "database_unreadable"
    return str(found.facts["said"])


# What is there.


def test_a_server_and_a_directory_of_the_same_rows_come_to_the_same(pg_book: ServerBook) -> None:
    there = pg_book.audited()

    assert there == pg_book.source.audited()
    assert there.openings > 0
    assert origin_of(pg_book.place) == ORIGIN
    assert signed_size(pg_book.place) == there.entries


def test_who_may_not_read_the_openings_audits_the_rest(pg_book: ServerBook, roles: Server) -> None:
    honest = pg_book.audited()
    for table in ("registry_schema", *LOG_TABLES):
        pg_book.change(f"GRANT SELECT ON {table} TO {AUDITOR}")

    found = audit(seen_by(AUDITOR, pg_book, roles), pg_book.key)

    assert found == replace(honest, openings=0)
    assert honest.openings > 0


def test_a_copy_without_openings_is_audited(pg_book: ServerBook) -> None:
    honest = pg_book.audited()

    pg_book.change("DROP TABLE openings")

    assert pg_book.audited() == replace(honest, openings=0)


def test_who_may_not_read_a_table_has_no_verdict_on_it(pg_book: ServerBook, roles: Server) -> None:
    assert "permission denied" in unavailable(trouble(seen_by(STRANGER, pg_book, roles), pg_book))

    pg_book.change(f"GRANT SELECT ON registry_schema TO {STRANGER}")

    assert "permission denied" in unavailable(trouble(seen_by(STRANGER, pg_book, roles), pg_book))


def test_a_database_that_is_not_there_is_no_registry(book: Book, server: Server) -> None:
    nowhere = Address(url=server.url("nowhere"))

    found = trouble(nowhere, book)

    assert isinstance(found, RefusedError)
    assert (found.code, found.facts) == ("no_registry", {"directory": str(nowhere)})
    assert exits.of_error(found) == exits.USAGE


def test_a_database_that_is_not_there_is_no_registry_in_chinese_either(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise psycopg.OperationalError('connection failed: 致命错误:  数据库 "nowhere" 不存在')

    monkeypatch.setattr(PatientConnection, "connect", refuse)

    found = trouble(Address(url="postgresql://h/nowhere"), book)

    assert found is not None
    assert found.code == "no_registry"


def test_a_database_without_the_tables_is_no_registry(book: Book, database: str) -> None:
    found = trouble(Address(url=database), book)

    assert isinstance(found, RefusedError)
    assert found.code == "no_registry"


@pytest.mark.parametrize(
    "url", ["postgresql://h/x?colour=red", "postgresql://[::1", "postgresql://h:5432x,/%zz"]
)
def test_what_is_no_address_is_refused(book: Book, url: str) -> None:
    found = trouble(Address(url=url), book)

    assert isinstance(found, RefusedError)
    assert found.code == "bad_address"


# What can be told of it.


@pytest.mark.parametrize("table", ["registry_schema", *LOG_TABLES, "openings"])
def test_a_view_in_the_place_of_a_table_is_refused(pg_book: ServerBook, table: str) -> None:
    pg_book.change(f"ALTER TABLE {table} RENAME TO real_{table}")
    pg_book.change(f"CREATE VIEW {table} AS TABLE real_{table}")

    assert table in unreadable(pg_book.fault())


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE nonces ENABLE ROW LEVEL SECURITY",
        "CREATE TABLE child () INHERITS (nonces)",
        "CREATE RULE none AS ON DELETE TO nonces DO INSTEAD NOTHING",
        "ALTER TABLE nonces SET UNLOGGED",
        "ALTER TABLE nonces ADD COLUMN more integer",
        "ALTER TABLE nonces ADD COLUMN more integer GENERATED ALWAYS AS (1) STORED",
        "ALTER TABLE nonces DROP CONSTRAINT nonces_pkey",
    ],
)
def test_a_table_that_is_no_ordinary_one_is_refused(pg_book: ServerBook, statement: str) -> None:
    pg_book.change(statement)

    assert "nonces" in unreadable(pg_book.fault())


@pytest.mark.parametrize("table", LOG_TABLES)
def test_a_table_that_is_missing_is_missed(pg_book: ServerBook, table: str) -> None:
    pg_book.change(f"DROP TABLE {table}")

    assert unreadable(pg_book.fault())


@pytest.mark.parametrize(
    "statements",
    [
        "ALTER TABLE tree ALTER COLUMN hash TYPE text USING hash::text",
        "ALTER TABLE detached ALTER COLUMN part TYPE bigint",
        "ALTER TABLE stored_events ALTER COLUMN topic TYPE varchar(2000)",
        "ALTER TABLE head ALTER COLUMN root DROP NOT NULL",
        "ALTER TABLE nonces RENAME COLUMN entry TO at",
        "CREATE DOMAIN bytea AS pg_catalog.bytea; ALTER TABLE tree ALTER COLUMN hash TYPE public.bytea",
        "CREATE SCHEMA other; ALTER TABLE tree SET SCHEMA other; SET search_path = public, other",
        "UPDATE registry_schema SET version = 4",
        "DELETE FROM registry_schema",
        "DROP TABLE detached; CREATE SEQUENCE detached",
        (
            "DROP TABLE detached; CREATE TABLE detached (entry bigint, part integer, event integer,"
            " number integer, row bytea NOT NULL, PRIMARY KEY (entry, part, event, number))"
            " PARTITION BY LIST (part)"
        ),
    ],
)
def test_a_schema_that_is_not_the_format_is_refused(pg_book: ServerBook, statements: str) -> None:
    pg_book.connection.execute(statements)

    assert unreadable(pg_book.fault())


def test_other_tables_and_columns_that_are_gone_do_not_matter(pg_book: ServerBook) -> None:
    honest = pg_book.audited()

    pg_book.connection.execute(
        "CREATE TABLE more (one integer); CREATE VIEW seen AS TABLE head;"
        " ALTER TABLE tree ADD COLUMN more integer; ALTER TABLE tree DROP COLUMN more;"
        " CREATE INDEX ON nonces (entry)"
    )

    assert pg_book.audited() == honest


def test_a_database_of_another_encoding_is_refused(book: Book, server: Server) -> None:
    server.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")
    server.execute("CREATE TABLE registry_schema ()", database="ascii")

    found = trouble(Address(url=server.url("ascii")), book)

    assert "SQL_ASCII" in unreadable(found)


def test_the_tables_are_found_in_any_schema(pg_book: ServerBook) -> None:
    honest = pg_book.audited()
    database = sql.Identifier(pg_book.connection.info.dbname)
    schema = sql.Identifier('The "registry", 登记')

    pg_book.connection.execute(sql.SQL("ALTER SCHEMA public RENAME TO {}").format(schema))
    pg_book.connection.execute(
        sql.SQL("ALTER DATABASE {} SET search_path = {}").format(database, schema)
    )

    assert pg_book.audited() == honest


def test_functions_and_operators_that_stand_before_the_systems_own_are_passed_by(
    pg_book: ServerBook,
) -> None:
    honest = pg_book.audited()
    database = sql.Identifier(pg_book.connection.info.dbname)

    pg_book.connection.execute(
        "CREATE SCHEMA lies;"
        " CREATE FUNCTION lies.format_type(oid, integer) RETURNS text LANGUAGE sql RETURN 'lie';"
        " CREATE FUNCTION lies.to_regclass(text) RETURNS regclass LANGUAGE sql RETURN NULL;"
        " CREATE FUNCTION lies.never(oid, oid) RETURNS boolean LANGUAGE sql RETURN false;"
        " CREATE OPERATOR lies.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = lies.never)"
    )
    pg_book.connection.execute(
        sql.SQL("ALTER DATABASE {} SET search_path = lies, public, pg_catalog").format(database)
    )

    assert pg_book.audited() == honest


@pytest.mark.parametrize(
    "setting",
    [
        "quote_all_identifiers = on",
        "transform_null_equals = on",
        "array_nulls = off",
        "standard_conforming_strings = off",
        "row_security = off",
        "bytea_output = escape",
        "client_encoding = latin1",
        "default_transaction_isolation = serializable",
        "default_transaction_deferrable = on",
        "lock_timeout = 1",
        "client_min_messages = debug5",
        "extra_float_digits = -3",
        "enable_seqscan = off",
    ],
)
def test_what_a_database_is_set_to_changes_no_verdict(pg_book: ServerBook, setting: str) -> None:
    honest = pg_book.audited()
    database = pg_book.connection.info.dbname

    pg_book.change(f"ALTER DATABASE {database} SET {setting}")

    assert pg_book.audited() == honest


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        ("UPDATE stored_events SET state = {} WHERE rowid = 65", {"entry_altered"}),
        ("UPDATE stored_events SET topic = {text} WHERE rowid = 65", {"derived.rows"}),
        ("UPDATE tree SET hash = {} WHERE node = 3", {"derived.tree"}),
        ("UPDATE detached SET row = {} WHERE number = 3", {"derived.detached"}),
        ("UPDATE head SET checkpoint = {}", {"bad_note"}),
        ("UPDATE head SET root = {}", {"derived.head"}),
        ("UPDATE openings SET value = {}", {"derived.openings"}),
        ("UPDATE openings SET salt = {}", {"derived.openings"}),
    ],
)
@pytest.mark.parametrize("size", [70_000, 20_000_000])
def test_a_huge_value_is_found(
    pg_book: ServerBook, statement: str, codes: set[str], size: int
) -> None:
    huge = f"decode(repeat('00', {size}), 'hex')"
    pg_book.connection.execute(statement.format(huge, text=f"repeat('x', {size})"))

    found = pg_book.fault()

    assert isinstance(found, BrokenHistoryError)
    assert found.code in codes


def test_no_more_of_a_huge_value_is_read_than_shows_that_it_is(pg_book: ServerBook) -> None:
    huge = "decode(repeat('00', 70000), 'hex')"
    for statement in (
        f"UPDATE stored_events SET state = {huge}, topic = repeat('x', 9999) WHERE rowid = 65",
        f"UPDATE tree SET hash = {huge} WHERE node = 3",
        f"UPDATE nonces SET nonce = {huge} WHERE entry = 7",
        f"UPDATE detached SET row = {huge} WHERE number = 3",
        f"UPDATE head SET root = {huge}, checkpoint = {huge}",
    ):
        assert pg_book.change(statement) > 0

    with databases.reading(pg_book.place) as source:
        (first,) = [entry.rows[0] for entry in source.entries() if entry.index == 1]
        rows = [*source.nodes(), *source.nonces(), *source.detached(), source.head()]
        longest = {len(value) for row in rows for value in row if isinstance(value, bytes)}

    assert len(first.state) == ENTRY_BYTES_MAX + 1
    assert len(first.topic) == reader.TEXT_MAX + 1
    limits = {reader.SHORT_BYTES_MAX, ROW_BYTES_MAX, NOTE_BYTES_MAX}
    assert {limit + 1 for limit in limits} <= longest
    assert max(longest) == NOTE_BYTES_MAX + 1


def test_rows_come_page_by_page(pg_book: ServerBook, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = pg_book.audited()

    monkeypatch.setattr(reader, "ENTRIES_PER_PAGE", 7)
    monkeypatch.setattr(reader, "ROWS_PER_PAGE", 1)

    assert pg_book.audited() == honest


def test_a_page_that_is_damaged_on_disk_is_a_finding(book: Book) -> None:
    with Server() as own:
        url = own.create_database("damaged")
        copy(book.directory, url)
        file = own.data / own.value("SELECT pg_relation_filepath('tree')", database="damaged")
        own.stop()
        file.write_bytes(b"\xff" * 64 + file.read_bytes()[64:])
        own.start()

        found = trouble(Address(url=url), book)

    assert "invalid page" in unreadable(found)


# One moment.


def test_the_audit_is_of_one_moment(pg_book: ServerBook) -> None:
    honest = pg_book.audited()

    def meddle(done: int, _all: int) -> None:
        if done == 1:
            for table in (*LOG_TABLES, "openings"):
                pg_book.change(f"DELETE FROM {table}")

    found = audit(pg_book.place, pg_book.key, progress=meddle)

    assert found == honest
    assert pg_book.fault() is not None


def test_no_table_is_exchanged_while_it_is_read(pg_book: ServerBook) -> None:
    pg_book.change("SET lock_timeout = '50ms'")

    with databases.reading(pg_book.place):
        for table in ("registry_schema", *LOG_TABLES):
            with pytest.raises(errors.LockNotAvailable):
                pg_book.change(f"ALTER TABLE {table} RENAME TO elsewhere")


def test_a_head_that_is_about_to_be_signed_is_waited_for(
    pg_book: ServerBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = pg_book.audited()
    pg_book.change("UPDATE head SET checkpoint = NULL")
    waited = []

    def sign(seconds: float) -> None:
        waited.append(seconds)
        pg_book.restore(pg_book.whole())

    # Only what it sees: a server that other tests have in this process sleeps, too.
    monkeypatch.setattr(auditing, "time", SimpleNamespace(sleep=sign))

    assert pg_book.audited() == honest
    assert waited == [auditing.SETTLING_S]


def test_the_audit_only_reads_and_says_who_it_is(pg_book: ServerBook, server: Server) -> None:
    with databases.reading(pg_book.place) as source:
        assert isinstance(source, reader.ServerDatabase)
        names = server.backends("registry-audit")
        with pytest.raises(errors.ReadOnlySqlTransaction):
            source._rows("DELETE FROM nonces")

    assert len(names) == 1


def test_no_connection_is_left_open(pg_book: ServerBook, server: Server) -> None:
    pg_book.audited()
    pg_book.change("DELETE FROM head")
    assert pg_book.fault() is not None

    eventually(lambda: server.backends("registry-audit") == [], "the audit's connections to end")


def test_the_address_has_the_last_word(pg_book: ServerBook, server: Server) -> None:
    address = Address(url=f"{pg_book.url}&application_name=somebody")

    with databases.reading(address):
        assert len(server.backends("somebody")) == 1


# No verdict.


def test_a_server_that_is_not_there_has_given_no_verdict(book: Book) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        port = taken.getsockname()[1]
        found = trouble(Address(url=f"postgresql://{HOST}:{port}/x"), book)

    assert "refused" in unavailable(found)


def test_a_server_that_says_nothing_is_given_up(book: Book) -> None:
    with socket.create_server((HOST, 0)) as silent:
        port = silent.getsockname()[1]
        before = time.monotonic()
        found = trouble(Address(url=f"postgresql://{HOST}:{port}/x?connect_timeout=2"), book)

    assert "timeout" in unavailable(found)
    assert time.monotonic() - before < 8


@pytest.mark.parametrize("asked", ["LOCK", "max(rowid)", "FETCH"])
def test_a_server_that_falls_silent_is_given_up(
    pg_book: ServerBook, server: Server, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    asking = PatientConnection.execute
    with Relay(server) as relay:
        address = Address(url=relay.url(pg_book.connection.info.dbname))
        assert trouble(address, pg_book) is None

        def falls_silent(connection: Any, query: str, *values: Any, **more: Any) -> Any:
            if asked in query:
                relay.hold()
            return asking(connection, query, *values, **more)

        monkeypatch.setattr(reader, "ANSWER_S", 0.5)
        monkeypatch.setattr(PatientConnection, "execute", falls_silent)
        began_s = time.monotonic()
        found = trouble(address, pg_book)
        took_s = time.monotonic() - began_s

    assert unavailable(found) == "no answer within 0.5 s"
    assert took_s < 5


def test_of_several_hosts_one_will_do(pg_book: ServerBook) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        dead = f"{HOST}:{taken.getsockname()[1]}"
        address = Address(url=pg_book.url.replace("@", f"@{dead},", 1))

        assert audit(address, pg_book.key) == pg_book.audited()


def test_a_connection_that_ends_in_the_middle_is_no_verdict(pg_book: ServerBook) -> None:
    def end(_done: int, _all: int) -> None:
        pg_book.change(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'registry-audit' AND datname = current_database()"
        )

    with pytest.raises(UnavailableError) as found:
        audit(pg_book.place, pg_book.key, progress=end)

    assert unavailable(found.value)


def test_too_many_connections_are_no_verdict(pg_book: ServerBook, roles: Server) -> None:
    database = pg_book.connection.info.dbname
    pg_book.change(f"ALTER DATABASE {database} CONNECTION LIMIT 0")

    found = trouble(seen_by(AUDITOR, pg_book, roles), pg_book)

    assert "too many connections" in unavailable(found)


def test_a_statement_that_takes_too_long_is_no_verdict(pg_book: ServerBook) -> None:
    address = Address(url=f"{pg_book.url}&options=-cstatement_timeout%3D100")
    assert trouble(address, pg_book) is None

    with pg_book.connection.transaction():
        pg_book.change("LOCK TABLE tree IN ACCESS EXCLUSIVE MODE")
        found = trouble(address, pg_book)

    assert "statement timeout" in unavailable(found)


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("40001", "server_unavailable"),
        ("40P01", "server_unavailable"),
        ("42501", "server_unavailable"),
        ("53100", "server_unavailable"),
        ("53300", "server_unavailable"),
        ("55P03", "server_unavailable"),
        ("57014", "server_unavailable"),
        ("57P01", "server_unavailable"),
        ("57P03", "server_unavailable"),
        ("58030", "server_unavailable"),
        ("XX000", "server_unavailable"),
        ("0A000", "database_unreadable"),
        ("22021", "database_unreadable"),
        ("42703", "database_unreadable"),
        ("XX001", "database_unreadable"),
        ("XX002", "database_unreadable"),
    ],
)
def test_what_the_server_says_is_a_finding_or_no_verdict(
    book: Book, monkeypatch: pytest.MonkeyPatch, sqlstate: str, expected: str
) -> None:
    def refuse(**_: Any) -> None:
        raise errors.lookup(sqlstate)("the server's words\nDETAIL: more of them")

    monkeypatch.setattr(PatientConnection, "connect", refuse)

    found = trouble(Address(url="postgresql://h/x"), book)

    assert found is not None
    assert found.code == expected
    assert found.facts["said"] == "the server's words DETAIL: more of them"


# Replicas.


@pytest.fixture(scope="module")
def replicated(shelf: Book) -> Iterator[tuple[Server, Server]]:
    """A server with the registry, and a replica of it that never waits for who reads there."""
    with Server() as primary:
        copy(shelf.directory, primary.create_database("registry"))
        with primary.replica(max_standby_streaming_delay=0) as replica:
            primary.wait_for_replica(replica)
            yield primary, replica


def test_a_replica_is_audited(book: Book, replicated: tuple[Server, Server]) -> None:
    _, replica = replicated

    assert replica.value("SELECT pg_is_in_recovery()")
    assert audit(Address(url=replica.url("registry")), book.key) == book.audited()


def test_a_replica_that_has_to_go_on_gives_no_verdict(
    book: Book, replicated: tuple[Server, Server]
) -> None:
    primary, replica = replicated

    def go_on(_done: int, _all: int) -> None:
        primary.execute("VACUUM FULL nonces", database="registry")
        primary.wait_for_replica(replica)

    with pytest.raises(UnavailableError) as found:
        audit(Address(url=replica.url("registry")), book.key, progress=go_on)

    assert "conflict with recovery" in unavailable(found.value)


# Secrets.


def test_no_password_is_told(book: Book) -> None:
    with Server() as own:
        own.execute(f"ALTER ROLE postgres PASSWORD '{PASSWORD}'")
        (own.data / "pg_hba.conf").write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        own.restart()
        address = own.url("nowhere").replace("@", ":s3cret%20past@", 1)

        found = trouble(Address(url=address), book)

    assert "password authentication failed" in unavailable(found)
    assert "s3cret" not in str(found)
    assert "past" not in str(found)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql://u:s3cret@127.0.0.1:1/x", "server_unavailable"),
        ("postgresql://u@127.0.0.1:1/x?password=s3cret", "server_unavailable"),
        ("postgresql://u:s3cret@127.0.0.1:1/x?colour=red", "bad_address"),
        ("postgresql://u:past@s3cret@127.0.0.1:1/x", "bad_address"),
        ("postgresql://u:s3cret/word@127.0.0.1:1/x", "bad_address"),
        ("postgresql://u:s3cret?word@127.0.0.1:1/x", "bad_address"),
    ],
)
def test_no_password_is_told_of_any_address(book: Book, url: str, code: str) -> None:
    found = trouble(Address(url=url), book)

    assert found is not None
    assert found.code == code
    assert "s3cret" not in str(found)


# What is read twice, and out of order.


@pytest.mark.parametrize("kind", [sqlite_file.SqliteFile, reader.ServerDatabase])
def test_an_entry_that_is_another_one_when_it_is_read_again_is_found(
    pg_book: ServerBook, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    place = pg_book.place if kind is reader.ServerDatabase else pg_book.source.place
    monkeypatch.setattr(kind, "acts", lambda _self, indexes: dict.fromkeys(indexes, b"another"))

    assert "read again" in unreadable(trouble(place, pg_book))


@pytest.mark.parametrize("kind", [sqlite_file.SqliteFile, reader.ServerDatabase])
@pytest.mark.parametrize("name", [field.name for field in fields(StoredOpening)])
def test_an_opening_of_other_types_is_found(
    pg_book: ServerBook, monkeypatch: pytest.MonkeyPatch, kind: type, name: str
) -> None:
    place = pg_book.place if kind is reader.ServerDatabase else pg_book.source.place
    with databases.reading(place) as source:
        odd = [replace(row, **{name: None}) for row in source.openings()]
    monkeypatch.setattr(kind, "openings", lambda _self: iter(odd))

    found = trouble(place, pg_book)

    assert found is not None
    assert found.code == "derived.openings"


@pytest.mark.parametrize("kind", [sqlite_file.SqliteFile, reader.ServerDatabase])
@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("nonces", (0, "nobody", b"nonce")),
        ("nonces", (None, "nobody", b"nonce")),
        ("nonces", (10**9, "nobody", b"nonce")),
        ("detached", (0, 0, 0, 0, b"row")),
        ("detached", (10**9, 0, 0, 0, b"row")),
    ],
)
def test_of_rows_that_no_entry_left_no_more_are_read_than_show_it(
    pg_book: ServerBook,
    monkeypatch: pytest.MonkeyPatch,
    kind: type,
    name: str,
    odd: tuple[object, ...],
) -> None:
    place = pg_book.place if kind is reader.ServerDatabase else pg_book.source.place
    honest, taken = getattr(kind, name), []

    def lies() -> Iterator[tuple[object, ...]]:
        for number in range(100_000):
            taken.append(number)
            yield odd

    monkeypatch.setattr(rows, "PASSED_MAX", PASSED)
    for told in (lambda *_: lies(), lambda *asked: chain(honest(*asked), lies())):
        monkeypatch.setattr(kind, name, told)
        found = trouble(place, pg_book)

        assert isinstance(found, BrokenHistoryError)
        assert found.code == f"derived.{name}"
        assert len(taken) <= (PASSED + 1 if name == "detached" else 1)
        assert taken
        taken.clear()


@pytest.mark.parametrize("number", [1, 0, -5, None, "2"])
def test_rows_that_are_out_of_order_have_no_end(number: object) -> None:
    rows = [(1, "a", 1, "t", b"x"), (number, "b", 1, "t", b"x")]

    with pytest.raises(UnreadableError):
        list(grouped(rows))


def test_rows_are_grouped_by_entry() -> None:
    numbers = (1, 2, PARTS_PER_ENTRY, PARTS_PER_ENTRY + 1, 5 * PARTS_PER_ENTRY)

    found = list(grouped((number, "a", 1, "t", b"x") for number in numbers))

    parts = [(entry.index, [row.part for row in entry.rows]) for entry in found]
    assert parts == [(0, [0, 1, 63]), (1, [0]), (4, [63])]
    assert list(grouped([])) == []


def test_of_a_row_that_cannot_be_a_pointer_no_more_is_kept_than_shows_it() -> None:
    pointer, long = bytes(7) + b"\1", bytes(70_000)

    (found,) = grouped([(1, "a", 1, "t", long), (2, "b", 1, "t", pointer), (3, "c", 1, "t", long)])

    assert [row.state for row in found.rows] == [long, pointer, bytes(9)]


# Where the base install has no psycopg.


def test_without_psycopg_a_server_is_answered_with_what_to_install(
    book: Book, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "registry.verifier.server")
    monkeypatch.delattr(registry.verifier, "server")

    with pytest.raises(ModuleNotFoundError) as missing:
        audit(Address(url="postgresql://h/x"), book.key)

    assert exits.missing_module(missing.value, Voice("en", as_json=False)) == exits.USAGE
    assert "pip install 'carbon-registry[server]'" in capsys.readouterr().err
    assert audit(book.directory, book.key).entries > 0
