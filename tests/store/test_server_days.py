"""Bad days of a server and of the way to it: each is said, nothing is done by half, nothing acknowledged is lost.

Once the day has passed the same process writes again without anybody's help, and what became of a commit whose answer
was lost is read from the head and the nonce. $CARBON_REGISTRY_KILLS sets how many writers under load are killed at
random moments; 60 unless it is set.
"""

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from registry.acts.propose import Hidden
from registry.errors import UnavailableError
from registry.place import Server as Address
from registry.store import beginning, migrations, postgres
from registry.store.beginning import create
from registry.store.committer import Receipt, Request
from registry.store.mark import Seen
from registry.store.operator import Operator
from registry.store.postgres import PostgresRecorder, ServerOpenings
from registry.verifier.audit import audit
from tests.books import ORIGIN, Book, live_at
from tests.grounds import Schemas, on_another_machine
from tests.relay import Moment, Relay
from tests.servers import Server, eventually
from tests.store import children
from tests.store.conftest import write_quickly
from tests.store.days import DATABASE, WRITERS, Asking, at, head_held, through, waits_for
from tests.store.faults import Fault
from tests.store.lives import Life, Survivor, lived
from tests.store.test_bad_days import named, said_at_start, said_by, said_of
from tests.store.test_crashes import killed
from tests.test_cli import Shell

KILLS = int(os.environ.get("CARBON_REGISTRY_KILLS", "60"))
KILLS_PER_BOOK = 15
FALLS = 3
WORDS_MAX = 8
MIB = 2**20
WAL_BYTES = 8_192
"""So much of a segment is there, and no more can be written."""
BEYOND = ("UnavailableError", "server_unavailable")
FULL = ("UnavailableError", "storage_failed")


@pytest.fixture(scope="module")
def primary() -> Iterator[Server]:
    with Server() as running:
        running.create_database(DATABASE)
        yield running


@pytest.fixture(scope="module")
def source(primary: Server, tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A registry with few entries on that server; not to be changed."""
    base = tmp_path_factory.mktemp("source")
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        return write_quickly(Schemas(primary, DATABASE).place(base))


@pytest.fixture
def quick(
    primary: Server, source: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Book]:
    """A copy of it; after the test the server is as it was."""
    live_at(tmp_path, monkeypatch)
    usual = dict(primary.settings)
    with closing(Schemas(primary, DATABASE)) as ground:
        yield ground.copied(source, tmp_path)
        if not primary.running:
            primary.start()
        if primary.settings != usual:
            primary.settings = usual
            primary.configure()


@pytest.fixture
def relay(primary: Server) -> Iterator[Relay]:
    with Relay(primary) as between:
        yield between


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a server that went away."""
    monkeypatch.setattr(PostgresRecorder, "patience_s", 0.3)


def size_of(book: Book) -> int:
    ((size,),) = book.rows("SELECT size FROM head")
    return int(size)


def recorded_once(book: Book, request: Request) -> int:
    """How often an act is in the log."""
    intent = request.signed.intent
    found = book.rows(
        "SELECT count(*) FROM nonces WHERE account = ? AND nonce = ?", intent.author, intent.nonce
    )
    return int(found[0][0])


# Writers that die.


@pytest.mark.parametrize("place", range(-(-KILLS // KILLS_PER_BOOK)))
def test_a_writer_killed_under_load_leaves_what_it_acknowledged_and_no_act_by_half(
    quick: Book, place: int
) -> None:
    chance = random.Random(place)
    survivor = Survivor(quick)

    answers = []
    for _ in range(min(KILLS_PER_BOOK, KILLS - place * KILLS_PER_BOOK)):
        life = killed(quick, chance)
        answers += [answer for _, answer in life.told]
        survivor.judge(life)

    assert {type(answer) for answer in answers} == {Receipt, str}


def test_writers_killed_on_several_machines_leave_what_they_acknowledged(
    quick: Book, tmp_path: Path
) -> None:
    chance = random.Random(7)
    machines = [on_another_machine(quick, tmp_path / f"machine {number}") for number in range(3)]
    survivor = Survivor(quick)

    for _ in range(2):
        with ExitStack() as stack:
            lives = [
                stack.enter_context(Life(one.directory.parent, children.load, one, chance.random()))
                for one in machines
            ]
            heard = []
            for life in lives:
                for _ in range(chance.randint(4, WORDS_MAX)):
                    life.hear()
                life.kill()
                heard.append(life.lived())
        survivor.judge_elsewhere(*heard)

    assert max(survivor.roots) > min(survivor.roots)


def test_a_beginning_stopped_at_any_operation_is_finished_or_begun_again(
    primary: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first entry is on a server, the keys are here; whichever is there, whoever begins again has both."""
    live_at(tmp_path, monkeypatch)
    outcomes = set()
    with closing(Schemas(primary, DATABASE)) as ground:
        operations = lived(
            tmp_path, children.begin, ground.place(tmp_path / "0"), ORIGIN
        ).operations
        for at_operation, operation in enumerate(operations, 1):
            # What SQLite writes of the keys is whole or not there, whatever it is stopped at.
            if operation.name.startswith("keys.db") and operation.what in {"write", "sync"}:
                continue
            place = ground.place(tmp_path / str(at_operation))
            begin = (children.begin, place, ORIGIN)
            lived(tmp_path, *begin, fault=Fault(at=at_operation, way="dies"))
            begun = said_at_start(place) is None
            if not begun:
                assert lived(tmp_path, *begin).ended
            with closing(Operator(place)) as operator:
                key = operator.vkey()
            found = audit(place, key)
            assert (found.entries, found.openings) == (1, 2)
            outcomes.add(begun)

    assert outcomes == {False, True}


def test_a_writer_stopped_in_the_middle_is_thrown_out_and_goes_on_when_it_wakes(
    quick: Book, tmp_path: Path
) -> None:
    there = on_another_machine(quick, tmp_path / "there")
    with quick.clerk() as clerk:
        mine, theirs = named(clerk, quick), named(clerk, quick)
    home = there.directory.parent
    with Life(home, children.stop_in_the_middle, there.place, theirs, 0.5) as life:
        while life.hear() != "stopping":
            pass
        with quick.clerk() as clerk:
            # Once the server has ended the transaction that the other began.
            (receipt,) = clerk.operator.record([mine])
        life.signal(signal.SIGCONT)
        stopped = life.lived()

    ((_, answer),) = stopped.told
    assert isinstance(answer, Receipt)
    assert answer.index == receipt.index + 1
    Survivor(quick).judge_elsewhere(stopped)


# A server that goes away.


@pytest.mark.parametrize("end", ["kill", "immediate", "fast"])
def test_a_server_that_falls_under_load_loses_nothing_and_the_writer_goes_on_by_itself(
    quick: Book, primary: Server, end: str
) -> None:
    with Life(quick.directory.parent, children.load_on, quick, 0.5) as life:
        for _ in range(FALLS):
            for _ in range(3 * WORDS_MAX):
                life.hear()
            if end == "kill":
                primary.kill()
            else:
                primary.stop("immediate" if end == "immediate" else "fast")
            primary.start()
            before = life.receipts
            while life.receipts < before + WORDS_MAX:
                assert life.hear()
        life.kill()
        heard = life.lived()

    assert {answer for _, answer in heard.told if isinstance(answer, str)} <= {
        "insufficient_holding"
    }
    Survivor(quick).judge(heard)


@pytest.mark.usefixtures("hurry")
def test_a_server_that_stays_away_is_said_and_the_same_request_goes_on_when_it_is_back(
    quick: Book, primary: Server
) -> None:
    with quick.clerk() as clerk:
        request = named(clerk, quick)
        before = size_of(quick)
        primary.stop("immediate")
        away = said_of(clerk.operator, request)
        at_start = said_at_start(quick.place)
        primary.start()
        between = size_of(quick)
        back = said_of(clerk.operator, request)
        again = said_of(clerk.operator, request)

    assert away == at_start == BEYOND
    assert (between, size_of(quick)) == (before, before + 1)
    assert (back, again) == (None, None)
    Survivor(quick).judge()


def test_a_command_ends_with_74_while_the_server_is_away_because_one_may_be_recorded(
    quick: Book, primary: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(quick.place, Address)
    command = ["account", "key", "rotate", quick.accounts["owner"], "--dir", quick.place.url]
    shell = Shell(capsys)
    primary.stop("immediate")

    ended = shell(*command, "--state", quick.directory, "--json")

    assert (ended.code, ended.json["error"]) == (74, "server_unavailable")


def test_who_reads_finds_a_server_that_was_restarted_as_if_nothing_had_been(
    quick: Book, primary: Server
) -> None:
    with quick.clerk() as clerk:
        log = clerk.operator.log
        with ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(log.recorder.reading())
        before = [placed.leaf for placed in log.entries()]
        primary.restart()

        after = [placed.leaf for placed in log.entries()]
        request = named(clerk, quick)
        assert said_of(clerk.operator, request) is None

    assert after == before
    Survivor(quick).judge()


@pytest.mark.usefixtures("hurry")
def test_a_database_that_was_dropped_is_missed_and_written_again_when_it_is_back(
    primary: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_at(tmp_path, monkeypatch)
    url = primary.create_database("dropped")
    book = write_quickly(Address(url=url, state=tmp_path / "registry"))
    with book.clerk() as clerk:
        request, other = named(clerk, book), named(clerk, book)
        assert said_of(clerk.operator, other) is None
        clerk.operator.log.recorder.close()
        primary.create_database("aside", template="dropped")
        primary.drop_database("dropped")

        missed = said_of(clerk.operator, request)
        primary.create_database("dropped", template="aside")
        back = said_of(clerk.operator, request)

    assert missed == ("RefusedError", "no_registry")
    assert back is None
    Survivor(book).judge()


# A line that breaks.


@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.AFTER])
@pytest.mark.parametrize("statement", ["BEGIN", "WITH ENTRIES", "COMMIT"])
def test_a_line_cut_at_any_statement_leaves_one_entry_and_its_receipt(
    quick: Book, relay: Relay, moment: Moment, statement: str
) -> None:
    size = size_of(quick)
    book = through(relay, quick)
    with book.clerk() as clerk:
        first, request = named(clerk, book), named(clerk, book)
        clerk.operator.record([first])
        relay.cut_at(moment, statement)

        (receipt,) = clerk.operator.record([request])

        relay.wait_until_cut()
    assert receipt.index == size + 1
    assert (size_of(quick), recorded_once(quick, request)) == (size + 2, 1)
    Survivor(quick).judge()


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize(("moment", "there"), [(Moment.BEFORE, 0), (Moment.AFTER, 1)])
def test_a_line_that_stays_cut_is_said_and_the_nonce_tells_later_what_became_of_the_act(
    quick: Book, relay: Relay, moment: Moment, there: int
) -> None:
    size = size_of(quick)
    book = through(relay, quick)
    with book.clerk() as clerk:
        request = named(clerk, book)
        seen = book.mark.read()
        relay.cut_at(moment)
        relay.refuse()
        with Asking(lambda: clerk.operator.record([request])) as asking:
            relay.wait_until_cut()
            relay.cut()
        between, marked = size_of(quick), book.mark.read()
        relay.admit()
        (receipt,) = clerk.operator.record([request])

    assert asking.error is not None
    assert asking.error.code == "server_unavailable"
    assert (between, marked) == (size + there, seen)
    assert receipt.index == size
    assert (size_of(quick), recorded_once(quick, request)) == (size + 1, 1)
    Survivor(quick).judge()


def test_a_commit_that_reaches_the_server_after_its_asker_was_cut_off_is_waited_for(
    quick: Book, primary: Server, relay: Relay
) -> None:
    size = size_of(quick)
    book = through(relay, quick)
    with book.clerk() as clerk:
        request = named(clerk, book)
        relay.cut_at(Moment.LATE)
        with Asking(lambda: clerk.operator.record([request])) as asking:
            relay.wait_until_cut()
            waits_for(primary, "Lock")
            before = size_of(quick)
            relay.deliver()
        (receipt,) = asking.answer

    assert (before, size_of(quick)) == (size, size + 1)
    assert receipt.index == size
    Survivor(quick).judge()


@pytest.mark.usefixtures("hurry")
def test_who_lost_a_commit_and_then_finds_the_log_held_is_not_told_that_nothing_was_written(
    quick: Book, primary: Server, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_TIMEOUT_S", 0.1)
    size = size_of(quick)
    book = through(relay, quick)
    with book.clerk() as clerk:
        request = named(clerk, book)
        relay.cut_at(Moment.LATE)

        said = said_of(clerk.operator, request)
        relay.deliver()
        there = eventually(lambda: size_of(quick) > size, "a late commit")
        (receipt,) = clerk.operator.record([request])

    assert primary.running
    assert said == BEYOND
    assert there
    assert receipt.index == size
    Survivor(quick).judge()


def test_a_line_cut_while_the_head_is_waited_for_is_taken_up_again(
    quick: Book, primary: Server, relay: Relay
) -> None:
    size = size_of(quick)
    book = through(relay, quick)
    with book.clerk() as clerk:
        request = named(clerk, book)
        with head_held(quick) as other, Asking(lambda: clerk.operator.record([request])) as asking:
            waits_for(primary, "Lock")
            relay.cut()
            waits_for(primary, "Lock")
            other.rollback()
        (receipt,) = asking.answer

    assert receipt.index == size
    assert recorded_once(quick, request) == 1
    Survivor(quick).judge()


def test_while_nothing_is_heard_of_a_server_nothing_is_acknowledged_and_nothing_done_twice(
    quick: Book, relay: Relay
) -> None:
    size = size_of(quick)
    book = through(relay, quick)
    with book.clerk() as clerk:
        request = named(clerk, book)
        relay.hold()
        with Asking(lambda: clerk.operator.record([request])) as asking:
            time.sleep(0.3)
            silent = asking.is_waiting
            relay.release()
        (receipt,) = asking.answer

    assert silent
    assert receipt.index == size
    Survivor(quick).judge()


@pytest.mark.usefixtures("hurry")
def test_a_line_that_is_found_to_be_dead_late_is_taken_up_again_all_the_same(
    quick: Book, relay: Relay
) -> None:
    size = size_of(quick)
    book = through(relay, quick)
    with book.clerk() as clerk:
        request = named(clerk, book)
        relay.hold()
        with Asking(lambda: clerk.operator.record([request])) as asking:
            # Longer than anybody would wait for a server that is known to be away.
            time.sleep(2 * PostgresRecorder.patience_s)
            relay.cut()
            relay.release()
        (receipt,) = asking.answer or [None]

    assert receipt is not None
    assert receipt.index == size
    Survivor(quick).judge()


def test_a_machine_that_was_switched_off_is_noticed_within_half_a_minute(quick: Book) -> None:
    with quick.clerk() as clerk, clerk.operator.log.recorder.writing() as cursor:
        line = socket.socket(fileno=os.dup(cursor._raw.connection.fileno()))
        with line:
            alive = line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            idle_s, interval_s, count, unheard_ms = (
                line.getsockopt(socket.IPPROTO_TCP, option)
                for option in (
                    socket.TCP_KEEPIDLE,
                    socket.TCP_KEEPINTVL,
                    socket.TCP_KEEPCNT,
                    socket.TCP_USER_TIMEOUT,
                )
            )
        cursor.execute(
            "SELECT setting::int FROM pg_settings WHERE name IN ('tcp_keepalives_idle',"
            " 'tcp_keepalives_interval', 'tcp_keepalives_count') ORDER BY name"
        )
        there = [row[0] for row in cursor.fetchall()]

    assert alive == 1
    assert idle_s + count * interval_s <= 30
    assert 0 < unheard_ms <= 30_000
    assert there == [count, idle_s, interval_s]


# A server that does not do what it is asked.


def bulky(clerk: Any, book: Book, chance: random.Random) -> Request:
    """A retirement with a text of some 12,000 characters that cannot be made shorter."""
    text = chance.randbytes(6_000).hex()
    return clerk.retirement(
        "owner", [(book.streams["native"], 1)], activity=Hidden(value=text), public=False
    )[0]


def test_a_group_of_a_thousand_large_acts_passes_in_one_commit(quick: Book) -> None:
    size = size_of(quick)
    chance = random.Random(5)
    with quick.clerk() as clerk:
        requests = [bulky(clerk, quick, chance) for _ in range(1_024)]

        receipts = clerk.operator.record(requests)

    assert sum(len(opening.value) for one in requests for opening in one.openings) > 10 * MIB
    assert [receipt.index for receipt in receipts] == list(range(size, size + 1_024))
    assert quick.audited().entries == size + 1_024


def test_a_full_disk_of_the_server_is_said_and_passes(quick: Book, primary: Server) -> None:
    chance = random.Random(6)
    with quick.clerk() as clerk:
        group = [bulky(clerk, quick, chance) for _ in range(200)]
        small = named(clerk, quick)
        before = size_of(quick)
        for pid in primary.backends(WRITERS):
            primary.limit_file_size(pid, MIB)
        with pytest.raises(UnavailableError) as full:
            clerk.operator.record(group)
        between = size_of(quick), quick.rows("SELECT count(*) FROM stored_events")
        openings = quick.rows("SELECT count(*) FROM openings WHERE entry >= ?", before)
        for pid in primary.backends(WRITERS):
            primary.limit_file_size(pid, None)
        receipts = clerk.operator.record([*group, small])

    assert full.value.code == "storage_failed"
    assert between[0] == before
    assert openings == [(0,)]
    assert len(receipts) == 201
    Survivor(quick).judge()


def test_a_server_that_panics_because_its_own_log_finds_no_room_is_said_and_passes(
    quick: Book, primary: Server
) -> None:
    size = size_of(quick)
    with quick.clerk() as clerk:
        asked = [named(clerk, quick) for _ in range(5)]
        said_before = primary.log.stat().st_size
        for pid in primary.backends(WRITERS):
            primary.limit_file_size(pid, WAL_BYTES)

        # Another process of the server, which has room, may be quicker to write its log.
        full = next(said for one in asked if (said := said_of(clerk.operator, one)))
        # It starts again by itself, and the same requests wait for that.
        receipts = clerk.operator.record(asked)

    assert full == FULL
    # Its own last words may find no room, either.
    assert b"signal 6" in primary.log.read_bytes()[said_before:]
    assert sorted(one.index for one in receipts) == list(range(size, size + len(asked)))
    Survivor(quick).judge()


def test_a_statement_timeout_ends_a_wait_which_is_begun_again(quick: Book, primary: Server) -> None:
    primary.execute("CREATE ROLE hasty LOGIN SUPERUSER")
    primary.execute("ALTER ROLE hasty SET statement_timeout = '100ms'")
    size = size_of(quick)
    book = at(quick, user="hasty")
    with book.clerk() as clerk:
        request = named(clerk, book)
        with head_held(quick) as other, Asking(lambda: clerk.operator.record([request])) as asking:
            time.sleep(0.5)
            waiting = asking.is_waiting
            other.rollback()
        (receipt,) = asking.answer
    primary.execute("DROP ROLE hasty")

    assert waiting
    assert receipt.index == size
    Survivor(quick).judge()


@pytest.mark.usefixtures("hurry")
def test_a_statement_timeout_that_is_met_again_and_again_is_said(
    quick: Book, primary: Server
) -> None:
    primary.execute("CREATE ROLE hurried LOGIN SUPERUSER")
    primary.execute("ALTER ROLE hurried SET statement_timeout = '50ms'")
    book = at(quick, user="hurried")
    with book.clerk() as clerk:
        request = named(clerk, book)
        with head_held(quick), pytest.raises(UnavailableError) as refusal:
            clerk.operator.record([request])
        after = said_of(clerk.operator, request)
    primary.execute("DROP ROLE hurried")

    assert refusal.value.code == "server_unavailable"
    assert "statement timeout" in str(refusal.value.facts["said"])
    assert after is None
    Survivor(quick).judge()


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_what_is_usual_for_transactions_there_does_not_hide_what_others_wrote(
    quick: Book, primary: Server, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setattr(PostgresRecorder, "patience_s", 0)
    primary.configure(default_transaction_isolation=level)
    with quick.clerk() as one, quick.clerk() as other:
        requests = [named(clerk, quick) for _ in range(2) for clerk in (one, other)]
        receipts = []
        for clerk, request in zip((one, other, one, other), requests, strict=True):
            with (
                head_held(quick) as lock,
                Asking(
                    lambda clerk=clerk, request=request: clerk.operator.record([request])
                ) as asking,
            ):
                waits_for(primary, "Lock")
                lock.execute("UPDATE head SET size = size")
                lock.commit()
            receipts += asking.answer

    first = receipts[0].index
    assert [receipt.index for receipt in receipts] == list(range(first, first + 4))
    Survivor(quick).judge()


def limited(quick: Book, primary: Server, role: str) -> Book:
    """The registry as the role of a server process has it."""
    assert isinstance(quick.place, Address)
    migrations.migrate(quick.place, [(role, migrations.SERVER_ROLE)])
    primary.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {role}")
    ((schema,),) = quick.rows("SELECT current_schema()")
    quick.change(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    return at(quick, user=role)


def test_a_server_full_of_clients_is_waited_for(quick: Book, primary: Server) -> None:
    book = limited(quick, primary, "crowded")
    with book.clerk() as clerk:
        request = named(clerk, book)
        primary.execute("ALTER ROLE crowded CONNECTION LIMIT 0")
        ends(primary)
        with Asking(lambda: clerk.operator.record([request])) as asking:
            time.sleep(0.3)
            waiting = asking.is_waiting
            primary.execute("ALTER ROLE crowded CONNECTION LIMIT -1")
        (receipt,) = asking.answer

    assert waiting
    assert size_of(quick) == receipt.index + 1
    Survivor(quick).judge()


@pytest.mark.usefixtures("hurry")
def test_a_server_that_stays_full_of_clients_is_said(quick: Book, primary: Server) -> None:
    book = limited(quick, primary, "crowd")
    primary.execute("ALTER ROLE crowd CONNECTION LIMIT 0")

    assert said_at_start(book.place) == BEYOND


def ends(primary: Server) -> None:
    """The server ends all connections of registries."""
    primary.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
        [WRITERS],
    )
    eventually(lambda: not primary.backends(WRITERS), "connections to end")


def test_a_server_that_becomes_read_only_is_waited_for(quick: Book, primary: Server) -> None:
    with quick.clerk() as clerk:
        request = named(clerk, quick)
        primary.configure(default_transaction_read_only="on")
        with Asking(lambda: clerk.operator.record([request])) as asking:
            time.sleep(0.3)
            waiting = asking.is_waiting
            primary.configure(default_transaction_read_only="off")
        (receipt,) = asking.answer

    assert waiting
    assert size_of(quick) == receipt.index + 1
    Survivor(quick).judge()


def test_a_wrong_password_is_said_and_not_repeated(quick: Book, primary: Server) -> None:
    rules = primary.data / "pg_hba.conf"
    usual = rules.read_text()
    primary.execute("CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'right'")
    rules.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{usual}")
    primary.configure()

    with pytest.raises(UnavailableError) as refusal:
        Operator(at(quick, user="guarded:wr0ng").place)
    with closing(Operator(at(quick, user="guarded:right").place)) as operator:
        size = operator.log.recorder is not None

    rules.write_text(usual)
    primary.configure()
    primary.execute("DROP ROLE guarded")
    assert refusal.value.code == "server_unavailable"
    assert "wr0ng" not in str(refusal.value)
    assert size


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_may_lose_what_it_committed_is_not_written_to(
    quick: Book, primary: Server, setting: str
) -> None:
    with quick.clerk() as clerk:
        request = named(clerk, quick)
        primary.configure(**{setting: "off"})

        refused = said_at_start(quick.place)
        audited = quick.fault()
        primary.configure(**{setting: "on"})
        back = said_of(clerk.operator, request)

    assert refused == ("BrokenHistoryError", "not_durable")
    assert audited is None
    assert back is None
    Survivor(quick).judge()


@pytest.mark.parametrize(
    ("asked", "found"), [("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply",) * 2]
)
def test_commits_are_durable_whatever_the_role_is_used_to(
    quick: Book, asked: str, found: str
) -> None:
    assert isinstance(quick.place, Address)
    options = f"{quick.place.url.rpartition('options=')[2]}%20-csynchronous_commit%3D{asked}"
    url = f"{quick.place.url.rpartition('options=')[0]}options={options}"
    with (
        closing(Operator(replace(quick.place, url=url))) as operator,
        operator.log.recorder.writing() as cursor,
    ):
        cursor.execute("SHOW synchronous_commit")
        (said,) = cursor.fetchone()

    assert said == found
    assert quick.fault() is None


def test_what_no_replica_confirmed_is_not_acknowledged_and_has_one_effect_once_one_does(
    quick: Book, primary: Server
) -> None:
    size, seen = size_of(quick), quick.mark.read()
    with quick.clerk() as clerk:
        request = named(clerk, quick)
        primary.configure(synchronous_standby_names="absent")
        primary.execute("CHECKPOINT")
        with Asking(lambda: clerk.operator.record([request])) as asking:
            for _ in range(2):
                waits_for(primary, "SyncRep")
                cancels(primary)
            waits_for(primary, "SyncRep")
            there, marked, waiting = size_of(quick), quick.mark.read(), asking.is_waiting
            primary.make_asynchronous()
        (receipt,) = asking.answer

    assert (there, marked, waiting) == (size + 1, seen, True)
    assert receipt.index == size
    assert recorded_once(quick, request) == 1
    assert quick.mark.read().size == size_of(quick) == size + 1
    Survivor(quick).judge()


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
def test_what_no_replica_confirmed_in_time_is_said_and_the_nonce_gets_its_answer_later(
    quick: Book, primary: Server, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    size, seen = size_of(quick), quick.mark.read()
    monkeypatch.setattr(PostgresRecorder, "patience_s", 0)
    with quick.clerk() as clerk:
        request = named(clerk, quick)
        primary.configure(synchronous_standby_names="absent")
        primary.execute("CHECKPOINT")
        with Asking(lambda: clerk.operator.record([request])) as asking:
            waits_for(primary, "SyncRep")
            cancels(primary, end)
        error, there, marked = asking.error, size_of(quick), quick.mark.read()
        primary.make_asynchronous()
        (receipt,) = clerk.operator.record([request])

    assert error is not None
    assert error.code == "server_unavailable"
    assert (there, marked) == (size + 1, seen)
    assert receipt.index == size
    Survivor(quick).judge()


def cancels(primary: Server, how: str = "pg_cancel_backend") -> None:
    """Whoever waits for a replica waits no more."""
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    for (pid,) in primary.execute(waiting):
        primary.execute(f"SELECT {how}(%s)", [pid])
        eventually(lambda pid=pid: (pid,) not in primary.execute(waiting), "a wait to end")


@pytest.mark.parametrize("work", ["VACUUM", "ANALYZE"])
def test_commits_go_on_while_the_server_cleans_up(quick: Book, primary: Server, work: str) -> None:
    assert isinstance(quick.place, Address)
    with quick.clerk() as clerk, closing(psycopg.connect(quick.place.url)) as other:
        request = named(clerk, quick)
        # It takes for ever, as each page costs it a tenth of a second.
        other.autocommit = True
        other.execute("SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1")
        with Asking(lambda: cleans(other, work)) as cleaning:
            held = eventually(lambda: cleaned(primary), "a lock of who cleans up")
            (receipt,) = clerk.operator.record([request])
            still = cleaned(primary)
            primary.execute("SELECT pg_cancel_backend(%s)", [other.info.backend_pid])
        cleaning.wait()

    assert held == still
    assert ("stored_events",) in held
    assert size_of(quick) == receipt.index + 1
    Survivor(quick).judge()


def cleans(other: psycopg.Connection, work: str) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        other.execute(f"{work} stored_events")


def cleaned(primary: Server) -> list[Any]:
    """The tables of which somebody has the lock of VACUUM and ANALYZE."""
    return primary.execute(
        "SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
        " WHERE l.mode = 'ShareUpdateExclusiveLock' AND l.granted ORDER BY 1",
        database=DATABASE,
    )


def test_no_commit_takes_a_lock_on_a_table_that_keeps_others_from_writing_it(
    quick: Book, primary: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: set[str] = set()
    whole = PostgresRecorder._commit

    def commit(self: Any, connection: psycopg.Connection) -> None:
        found = connection.execute(
            "SELECT mode FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid()"
        )
        modes.update(mode for (mode,) in found)
        whole(self, connection)

    with quick.clerk() as clerk:
        request = named(clerk, quick)
        monkeypatch.setattr(PostgresRecorder, "_commit", commit)
        clerk.operator.record([request])

    assert primary.running
    assert modes == {"AccessShareLock", "RowShareLock", "RowExclusiveLock"}


# Tables that are not what was written.


def test_a_row_that_somebody_added_beyond_the_head_stops_the_writer(quick: Book) -> None:
    size = size_of(quick)
    with quick.clerk() as clerk:
        request = named(clerk, quick)
        quick.change("INSERT INTO stored_events VALUES (?, 'odd', 1, 'odd', '')", size * 64 + 1)
        said = [said_of(clerk.operator, request) for _ in range(2)]

    assert said == [("BrokenHistoryError", "database_unreadable")] * 2
    assert size_of(quick) == size
    assert quick.mark.read().size == size


def test_a_head_that_somebody_removed_stops_the_writer(quick: Book) -> None:
    seen = quick.mark.read()
    with quick.clerk() as clerk:
        request = named(clerk, quick)
        quick.change("DELETE FROM head")
        said = said_of(clerk.operator, request)

    assert said == said_at_start(quick.place) == ("BrokenHistoryError", "derived.head")
    assert quick.mark.read() == seen


def test_a_head_that_somebody_set_back_stops_the_writer(quick: Book) -> None:
    with quick.clerk() as clerk:
        first, second = named(clerk, quick), named(clerk, quick)
        ((size, root, note),) = quick.rows("SELECT size, root, checkpoint FROM head")
        clerk.operator.record([first])
        seen = quick.mark.read()
        quick.change("UPDATE head SET size = ?, root = ?, checkpoint = ?", size, root, note)
        said = said_of(clerk.operator, second)

    assert said == ("BrokenHistoryError", "behind_mark")
    assert quick.mark.read() == seen == Seen(size=size + 1, root=seen.root)


@pytest.mark.parametrize("quiet", ["client_min_messages%3Derror", "client_min_messages%3Dlog"])
def test_a_replica_that_was_not_waited_for_is_noticed_however_quiet_the_address_wants_it(
    quick: Book, quiet: str
) -> None:
    assert isinstance(quick.place, Address)
    place = replace(quick.place, url=f"{quick.place.url}%20-c{quiet}")
    with closing(Operator(place)) as operator, operator.log.recorder.writing() as cursor:
        cursor.execute("SHOW client_min_messages")
        (heard,) = cursor.fetchone()

    assert heard == "warning"


def test_a_reload_of_weaker_settings_does_not_weaken_who_is_at_work(
    quick: Book, primary: Server
) -> None:
    with quick.clerk() as clerk:
        clerk.operator.record([named(clerk, quick)])
        primary.configure(synchronous_commit="off")
        with clerk.operator.log.recorder.writing() as cursor:
            cursor.execute("SHOW synchronous_commit")
            (synchronous,) = cursor.fetchone()
        primary.configure(synchronous_commit="on", fsync="off")
        refused = said_of(clerk.operator, named(clerk, quick))
        primary.configure(fsync="on")

    assert synchronous == "on"
    assert refused == ("BrokenHistoryError", "not_durable")
    Survivor(quick).judge()


def test_who_holds_the_head_while_we_sign_does_not_make_a_recorded_act_an_unrecorded_one(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "SIGNING_MS", 100)
    with quick.clerk() as clerk, quick.clerk() as other:
        held = ExitStack()
        settle = ServerOpenings.settle

        def hold(*values: Any) -> None:
            settle(*values)
            held.enter_context(other.operator.log.recorder.writing())

        with monkeypatch.context() as patch:
            patch.setattr(ServerOpenings, "settle", hold)
            (receipt,) = clerk.operator.record([named(clerk, quick)])
        held.close()
        again = clerk.operator.record([named(clerk, quick)])

    assert receipt.index < again[0].index
    Survivor(quick).judge()


@pytest.mark.parametrize("cut", [Moment.BEFORE, Moment.AFTER, Moment.LATE])
def test_a_beginning_that_is_cut_off_at_its_commit_is_finished_or_made_again(
    primary: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: Moment
) -> None:
    live_at(tmp_path, monkeypatch)
    name = f"begun_{cut.name.lower()}"
    primary.create_database(name)
    genesis = beginning._begin
    with Relay(primary) as relay:
        place = Address(url=relay.url(name), state=tmp_path / "state")

        def cut_off(*values: Any) -> None:
            relay.cut_at(cut)
            genesis(*values)

        with monkeypatch.context() as patch:
            patch.setattr(beginning, "_begin", cut_off)
            failure = said_by(lambda: create(place, origin=ORIGIN))
        late = threading.Timer(1, relay.deliver)
        late.start()
        other = said_by(lambda: create(place, origin="registry.example/another"))
        again = said_by(lambda: create(place, origin=ORIGIN))
        late.join()
        with closing(Operator(place)) as operator:
            key = operator.vkey()
        audited = audit(place, key)

    assert failure == ("UnavailableError", "server_unavailable")
    # What was not recorded is begun again, under whatever name; what was, under its own alone.
    recorded = cut is not Moment.BEFORE
    assert (other is None) == (not recorded)
    assert again == (None if recorded else ("RefusedError", "directory_in_use"))
    assert key.name == (ORIGIN if recorded else "registry.example/another")
    assert audited.entries == 1
    primary.drop_database(name)
