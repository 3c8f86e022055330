"""`registry status`: one look says whether a registry is well, and what is not; it changes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from registry.ledger.tree import EMPTY_ROOT
from registry.place import Server as Address
from registry.store import standing
from registry.store.mark import Seen
from registry.store.migrations import READER_ROLE, SERVER_ROLE, migrate
from registry.store.recorder import SCHEMA_VERSION
from registry.store.standing import look
from tests.books import Book, book, live_at, shelf
from tests.servers import Server, database, eventually, server
from tests.store import children
from tests.store.conftest import write_quickly
from tests.store.lives import Life
from tests.test_cli import Ended, Shell, english, shell

__all__ = ["book", "database", "english", "server", "shelf", "shell"]


@pytest.fixture
def on_server(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    live_at(tmp_path, monkeypatch)
    return write_quickly(Address(url=database, state=tmp_path / "registry"))


def gives(book: Book, count: int = 1) -> None:
    with book.clerk() as clerk:
        for _ in range(count):
            clerk.operator.record([clerk.transfer(book.streams["native"], "owner", "bob", 1)])


def status(shell: Shell, book: Book, *more: object) -> Ended:
    """What the command says, which has to be the same in all its forms."""
    if isinstance(book.place, Address):
        place: tuple[object, ...] = (book.place.url, "--state", book.directory)
    else:
        place = (book.directory,)
    told = shell("status", "--dir", *place, *more)
    found = shell("status", "--dir", *place, *more, "--json")
    assert found.code == told.code
    error = found.json["error"]
    if error is None:
        assert told.code == 0
        assert "all is well" in told.out
        assert told.err == ""
    else:
        assert told.code > 0
        assert f"({error})" in told.err
    return found


def samples(text: str) -> dict[str, Any]:
    """Every sample: its value, or the code that it is about."""
    return {
        sample.name.removeprefix("registry_"): sample.labels.get("code", sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def contents(book: Book) -> dict[str, bytes]:
    base = book.directory.parent
    return {
        str(file.relative_to(base)): sha256(file.read_bytes()).digest()
        for file in sorted(base.rglob("*"))
        if file.is_file()
    }


# All is well.


@pytest.mark.parametrize("kept", ["book", "on_server"])
def test_a_registry_that_is_well_says_what_it_is(
    kept: str, request: pytest.FixtureRequest, shell: Shell
):
    book: Book = request.getfixturevalue(kept)
    audited = book.audited()

    found = status(shell, book).json

    assert found["well"]
    assert found["findings"] == []
    assert found["size"] == found["signed_size"] == found["mark"]["size"] == audited.entries
    assert found["root"] == audited.root.hex()
    assert found["fingerprint"] == book.key.fingerprint
    assert found["vkey"] == str(book.key)
    assert found["database"].startswith("SQLite" if kept == "book" else "PostgreSQL")
    assert found["schema_version"] == (1 if kept == "book" else SCHEMA_VERSION)
    assert 0 <= found["mark"]["age_s"] < 600
    assert found["openings"]
    assert found["keys"]
    assert found["replica"] is None


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", "一切正常 日志头已签名至"), ("en", "well Fingerprint: Mark: ready:")]
)
def test_it_is_said_in_the_readers_language(lang: str, words: str, book: Book, shell: Shell):
    told = shell("status", "--dir", book.directory, "--lang", lang)

    assert told.code == 0
    for word in words.split():
        assert word in told.out


def test_a_look_changes_nothing(book: Book, shell: Shell):
    gives(book)
    before = contents(book)

    assert status(shell, book).code == 0

    assert contents(book) == before


def test_beside_a_writer_all_is_well(book: Book):
    with Life(book.directory.parent, children.transfers, book, "bob", 60) as life:
        sizes = []
        while not sizes or sizes[-1] < book.mark.read().size or len(sizes) < 20:
            found = look(book.place)
            assert found.findings == ()
            sizes.append(found.size)
            if len(set(sizes)) > 10:
                break
        life.lived()

    assert len(set(sizes)) > 1
    assert sizes == sorted(sizes)


# What is the matter.


def a_lost_mark(book: Book) -> None:
    book.mark.file.unlink()


def a_damaged_mark(book: Book) -> None:
    book.mark.file.write_bytes(b"\0" * 8_192)


def an_old_copy(book: Book) -> None:
    before = book.whole()
    gives(book, 3)
    book.restore(before)


def another_past(book: Book) -> None:
    book.mark.write(Seen(size=book.audited().entries, root=bytes(32)))


def an_unsigned_head(book: Book) -> None:
    ((note,),) = book.rows("SELECT checkpoint FROM head")
    gives(book)
    book.change("UPDATE head SET checkpoint = ?", note)


def a_head_that_was_never_signed(book: Book) -> None:
    book.change("UPDATE head SET checkpoint = NULL")


def a_checkpoint_that_is_none(book: Book) -> None:
    book.change("UPDATE head SET checkpoint = ?", b"no note")


def a_checkpoint_of_another_key(book: Book) -> None:
    ((note,),) = book.rows("SELECT checkpoint FROM head")
    origin, _, rest = note.partition(b"\n")
    size, _, rest = rest.partition(b"\n")
    lines = [origin, str(int(size) - 1).encode(), rest]
    book.change("UPDATE head SET checkpoint = ?", b"\n".join(lines))


def a_checkpoint_of_another_root(book: Book) -> None:
    note = book.signed_again(book.audited().entries, bytes(32))
    book.change("UPDATE head SET checkpoint = ?", note)


def a_head_of_another_root(book: Book) -> None:
    book.change("UPDATE head SET root = ?", bytes(32))


def a_missing_node(book: Book) -> None:
    book.change("DELETE FROM tree WHERE node = (SELECT max(node) FROM tree)")


def a_missing_passphrase(book: Book) -> None:
    (book.directory / "passphrase").unlink()


def another_passphrase(book: Book) -> None:
    (book.directory / "passphrase").write_text("another\n")


def an_exposed_passphrase(book: Book) -> None:
    (book.directory / "passphrase").chmod(0o644)


def a_missing_keyring(book: Book) -> None:
    (book.directory / "keys.db").unlink()


def missing_openings(book: Book) -> None:
    (book.directory / "openings.db").unlink()


def unreadable_openings(book: Book) -> None:
    (book.directory / "openings.db").write_bytes(b"no database " * 512)


@pytest.mark.parametrize(
    ("matter", "code", "exit_code"),
    [
        (a_lost_mark, "no_mark", 1),
        (a_damaged_mark, "bad_mark", 1),
        (an_old_copy, "behind_mark", 1),
        (another_past, "differs_from_mark", 1),
        (an_unsigned_head, "unsigned_tail", 3),
        (a_head_that_was_never_signed, "unsigned_tail", 3),
        (a_checkpoint_that_is_none, "derived.head", 1),
        (a_checkpoint_of_another_key, "bad_checkpoint_signature", 1),
        (a_checkpoint_of_another_root, "root_mismatch", 1),
        (a_head_of_another_root, "derived.tree", 1),
        (a_missing_node, "derived.tree", 1),
        (a_missing_passphrase, "no_passphrase", 1),
        (another_passphrase, "wrong_passphrase", 1),
        (an_exposed_passphrase, "exposed_file", 1),
        (a_missing_keyring, "no_keyring", 1),
        (missing_openings, "database_moved", 74),
        (unreadable_openings, "database_unreadable", 1),
    ],
)
def test_what_is_the_matter_is_told_and_is_the_exit_code(
    matter: Callable[[Book], None], code: str, exit_code: int, book: Book, shell: Shell
):
    matter(book)

    found = status(shell, book)

    assert found.code == exit_code
    assert found.json["error"] == code
    if "findings" in found.json:
        assert not found.json["well"]
        assert code in [finding["code"] for finding in found.json["findings"]]
    exposed = shell("status", "--dir", book.directory, "--prometheus")
    assert exposed.code == exit_code
    assert f"({code})" in exposed.err
    assert samples(exposed.out)["well"] == 0
    assert samples(exposed.out)["trouble"] == code


def test_a_clock_that_is_behind_is_told(book: Book, shell: Shell, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(standing, "Clock", lambda: standing_clock(-3600))

    found = status(shell, book)

    assert found.code == 75
    assert found.json["error"] == "clock_behind"


def standing_clock(ahead_s: int) -> Any:
    from registry.store.clock import Clock, wall_us  # noqa: PLC0415  # replaced above

    return Clock(wall=lambda: wall_us() + ahead_s * 1_000_000)


def test_all_that_is_the_matter_is_told_the_mark_first(book: Book, shell: Shell):
    missing_openings(book)
    a_missing_passphrase(book)
    an_old = book.mark.read()
    book.mark.write(Seen(size=an_old.size + 2, root=EMPTY_ROOT))

    found = status(shell, book).json

    codes = [finding["code"] for finding in found["findings"]]
    assert codes == ["behind_mark", "database_moved", "no_passphrase"]
    assert found["findings"][0]["facts"]["first"] == an_old.size
    assert found["findings"][0]["facts"]["last"] == an_old.size + 1


def test_a_writer_who_starts_makes_an_unsigned_head_good(book: Book, shell: Shell):
    an_unsigned_head(book)
    before = status(shell, book)
    with book.clerk():
        pass

    assert before.json["error"] == "unsigned_tail"
    assert before.json["signed_size"] == before.json["size"] - 1
    assert status(shell, book).code == 0


def test_where_there_is_no_registry_it_says_so(tmp_path: Path, shell: Shell):
    told = shell("status", "--dir", tmp_path)
    exposed = shell("status", "--dir", tmp_path, "--prometheus")

    assert told.code == exposed.code == 2
    assert "(no_registry)" in told.err
    assert samples(exposed.out)["well"] == 0
    assert samples(exposed.out)["trouble"] == "no_registry"


def test_two_forms_at_once_are_wrong_usage(book: Book, shell: Shell):
    assert shell("status", "--dir", book.directory, "--prometheus", "--json").code == 2


# On a server.


def test_who_names_no_state_is_told_of_the_database_alone(on_server: Book, shell: Shell):
    assert isinstance(on_server.place, Address)

    found = shell("status", "--dir", on_server.place.url, "--json")

    assert found.code == 0
    assert found.json["keys"] is None
    assert found.json["mark"] is None
    assert found.json["openings"]


def test_an_auditors_role_sees_no_names_and_that_is_well(on_server: Book, shell: Shell):
    assert isinstance(on_server.place, Address)
    migrate(on_server.place, [("looker", READER_ROLE)])
    url = on_server.place.url.replace("postgres@", "looker:pa55word@")
    try:
        found = shell("status", "--dir", url, "--json")
        told = shell("status", "--dir", url)
    finally:
        with psycopg.connect(on_server.place.url, autocommit=True) as connection:
            connection.execute("DROP OWNED BY looker")
            connection.execute("DROP ROLE looker")

    assert found.code == 0
    assert not found.json["openings"]
    assert "pa55word" not in found.out + told.out + told.err


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Book]]:
    """A registry on a server that may be set up anew."""
    live_at(tmp_path, monkeypatch)
    with Server() as server:
        place = Address(url=server.create_database("registry"), state=tmp_path / "registry")
        yield server, write_quickly(place)


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_may_lose_what_it_commits_is_told(
    own: tuple[Server, Book], shell: Shell, setting: str
):
    server, book = own
    before = status(shell, book)
    server.configure(**{setting: "off"})
    eventually(lambda: server.value(f"SHOW {setting}") == "off", "the setting to be taken")

    found = status(shell, book)

    assert before.code == 0
    assert found.code == 1
    assert found.json["error"] == "not_durable"
    assert found.json["findings"][0]["facts"][setting] == "off"
    who_only_reads = shell("status", "--dir", server.url("registry"))
    assert who_only_reads.code == 0


@pytest.mark.parametrize("statement", ["ALTER DATABASE registry SET {} = on", "in the address"])
def test_a_server_that_takes_no_writes_is_told(
    own: tuple[Server, Book], shell: Shell, statement: str
):
    server, book = own
    url = server.url("registry")
    if statement == "in the address":
        url += "&options=-cdefault_transaction_read_only%3Don&target_session_attrs=any"
    else:
        server.execute(statement.format("default_transaction_read_only"))

    found = status(shell, replace(book, place=replace(book.place, url=url)))

    assert found.code == 74
    assert found.json["error"] == "server_unavailable"


def test_a_role_that_may_not_write_is_told_what_it_lacks(on_server: Book, shell: Shell):
    assert isinstance(on_server.place, Address)
    migrate(on_server.place, [("looker", READER_ROLE), ("keeper", SERVER_ROLE)])
    by = {
        role: replace(
            on_server,
            place=replace(
                on_server.place, url=on_server.place.url.replace("postgres@", f"{role}@")
            ),
        )
        for role in ("looker", "keeper")
    }
    try:
        found, well = status(shell, by["looker"]), status(shell, by["keeper"])
        with psycopg.connect(on_server.place.url, autocommit=True) as connection:
            connection.execute("REVOKE INSERT ON tree, nonces FROM keeper")
            connection.execute("REVOKE UPDATE (size, root, checkpoint) ON head FROM keeper")
        less = status(shell, by["keeper"])
    finally:
        with psycopg.connect(on_server.place.url, autocommit=True) as connection:
            for role in by:
                connection.execute(f"DROP OWNED BY {role}")
                connection.execute(f"DROP ROLE {role}")

    assert well.code == 0
    assert found.code == less.code > 0
    assert found.json["error"] == less.json["error"] == "not_permitted"
    assert "INSERT ON stored_events" in found.json["findings"][0]["facts"]["lacking"]
    why = less.json["findings"][0]["facts"]["lacking"]
    assert why == "INSERT ON tree, INSERT ON nonces, UPDATE ON head"


def test_a_server_that_is_away_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: Shell
):
    live_at(tmp_path, monkeypatch)
    with Server() as primary:
        url = primary.url()
    told = shell("status", "--dir", url)
    exposed = shell("status", "--dir", url, "--prometheus")

    assert told.code == exposed.code == 74
    assert "(server_unavailable)" in told.err
    assert samples(exposed.out)["trouble"] == "server_unavailable"


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Server, Book]]:
    """A primary with a registry, and its replica."""
    live_at(tmp_path, monkeypatch)
    with Server() as primary:
        place = Address(url=primary.create_database("registry"), state=tmp_path / "registry")
        book = write_quickly(place)
        with primary.replica() as replica:
            primary.wait_for_replica(replica)
            yield primary, replica, book


def test_a_replica_says_that_it_is_one_and_how_far_behind(
    pair: tuple[Server, Server, Book], shell: Shell
):
    primary, replica, book = pair
    there = replace(book, place=replace(book.place, url=replica.url("registry")))
    eventually(
        lambda: replica.execute("SELECT FROM pg_stat_wal_receiver"), "a replica that receives"
    )
    caught_up = status(shell, there)
    by_the_way = status(shell, book, "--read-url", replica.url("registry"))
    gives(book)
    primary.wait_for_replica(replica)
    replica.pause()
    gives(book, 2)
    behind = status(shell, there)
    exposed = shell("status", "--dir", replica.url("registry"), "--prometheus")
    replica.resume()
    primary.wait_for_replica(replica)
    replica.sever()
    severed = status(shell, there)

    assert caught_up.json["replica"]["receives"]
    assert caught_up.json["replica"]["behind_s"] == 0
    assert by_the_way.json["replica"] == caught_up.json["replica"]
    # What it shows is older than the mark, as is to be expected of it.
    assert behind.code == 0
    assert behind.json["mark"]["size"] == behind.json["size"] + 2
    assert samples(exposed.out)["is_replica"] == 1
    assert samples(exposed.out)["replica_receives"] == 1
    assert samples(exposed.out)["replica_lag_seconds"] > 0
    assert not severed.json["replica"]["receives"]
    assert severed.json["replica"]["behind_s"] > 0
    assert status(shell, book).json["replica"] is None


def test_a_replica_that_lacks_a_signature_is_well(pair: tuple[Server, Server, Book], shell: Shell):
    primary, replica, book = pair
    there = replace(book, place=replace(book.place, url=replica.url("registry")))
    an_unsigned_head(book)
    primary.wait_for_replica(replica)

    found = status(shell, there)

    assert found.json["signed_size"] == found.json["size"] - 1
    assert found.code == 0
    assert status(shell, book).json["error"] == "unsigned_tail"


def test_a_replica_that_shows_another_past_is_told(pair: tuple[Server, Server, Book], shell: Shell):
    _, replica, book = pair
    there = replace(book, place=replace(book.place, url=replica.url("registry")))
    another_past(book)

    found = status(shell, there)

    assert found.code == 1
    assert found.json["error"] == "differs_from_mark"


# For Prometheus.


def test_what_prometheus_reads_says_the_same(book: Book, shell: Shell):
    exposed = shell("status", "--dir", book.directory, "--prometheus")
    found = samples(exposed.out)

    assert exposed.code == 0
    assert exposed.out.endswith("\n")
    assert "trouble" not in found
    size = book.audited().entries
    assert found["well"] == 1
    assert found["log_size"] == found["signed_size"] == found["mark_size"] == size
    assert found["is_replica"] == 0
    assert 0 <= found["mark_age_seconds"] < 600
    assert found["looked_at_timestamp_seconds"] > 1.7e9
    labels = {
        sample.labels["place"]
        for family in text_string_to_metric_families(exposed.out)
        for sample in family.samples
    }
    assert labels == {str(book.directory)}
