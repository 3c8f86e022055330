"""What the other tests rely on when they break a PostgreSQL server, shown on a row that is there or not."""

import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests import servers, warden
from tests.relay import Moment, Relay
from tests.servers import (
    CHOICE,
    SUPERUSER,
    Server,
    ServerError,
    database,
    eventually,
    programs,
    server,
    wheel,
)

__all__ = ["database", "server"]

MIB = 1 << 20


@pytest.fixture
def primary() -> Iterator[Server]:
    with Server() as running:
        running.execute("CREATE TABLE row (number int)")
        yield running


@pytest.fixture
def relay(server: Server, database: str) -> Iterator[Relay]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE row (number int)")
    with Relay(server) as between:
        yield between


def inserts(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO row VALUES (%s)", [number])


def rows(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [n for (n,) in connection.execute("SELECT number FROM row ORDER BY number")]


def name_of(url: str) -> str:
    return psycopg.conninfo.conninfo_to_dict(url)["dbname"]


# --- a server ---------------------------------------------------------------------------------------------------------


def test_a_database_is_empty_and_its_own(server, database):
    assert name_of(database) != SUPERUSER
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert server.value(tables, database=name_of(database)) == 0


def test_a_commit_is_on_disk_when_it_is_acknowledged(server):
    assert server.value("SHOW fsync") == "on"
    assert server.value("SHOW synchronous_commit") == "on"


def test_a_server_listens_on_loopback_alone_and_not_as_root(server):
    assert server.value("SHOW listen_addresses") == "127.0.0.1"
    assert server.value("SHOW unix_socket_directories") == ""
    postmaster = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    assert postmaster in warden.processes_in(server.data)
    assert Path(f"/proc/{postmaster}").stat().st_uid != 0


def test_a_killed_server_loses_nothing_that_was_committed_and_starts_again(primary):
    with psycopg.connect(primary.url()) as open_one:
        open_one.execute("INSERT INTO row VALUES (0)")
        for number in range(1, 9):
            inserts(primary.url(), number)

        primary.kill()

        assert warden.processes_in(primary.data) == []
        with pytest.raises(psycopg.OperationalError):
            open_one.commit()
    with pytest.raises(psycopg.OperationalError):
        inserts(primary.url(), 9)
    primary.start()
    assert rows(primary.url()) == list(range(1, 9))


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_stopped_server_starts_again_with_what_it_had(primary, mode):
    inserts(primary.url(), 1)

    primary.stop(mode)

    assert not primary.running
    primary.start()
    assert rows(primary.url()) == [1]


def test_a_setting_holds_for_connections_that_are_open(primary):
    with psycopg.connect(primary.url(), autocommit=True) as connection:
        primary.configure(statement_timeout="50ms")

        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(60)")


def test_a_database_is_copied_and_dropped_under_whoever_uses_it(server, database):
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE row AS SELECT 7 AS number")
    copy = f"{name_of(database)}_copy"

    url = server.create_database(copy, template=name_of(database))

    with psycopg.connect(url) as user:
        assert user.execute("SELECT number FROM row").fetchone() == (7,)
        server.drop_database(copy)
        with pytest.raises(psycopg.OperationalError):
            user.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        rows(url)


def test_a_server_that_does_not_start_says_why():
    with pytest.raises(ServerError, match="shared_buffers"):
        Server(shared_buffers="a lot")


def test_a_full_disk_fails_the_statement_and_not_the_server(primary):
    name = "bulky"
    with psycopg.connect(primary.url(application_name=name), autocommit=True) as connection:
        (pid,) = primary.backends(name)
        primary.limit_file_size(pid, MIB)
        with pytest.raises(psycopg.errors.InternalError_, match="could not extend file"):
            connection.execute("INSERT INTO row SELECT generate_series(1, 100000)")

        assert connection.execute("SELECT count(*) FROM row").fetchone() == (0,)
        inserts(primary.url(), 0)
        primary.limit_file_size(pid, None)
        connection.execute("INSERT INTO row SELECT generate_series(1, 100000)")
        assert primary.backends(name) == [pid]
    assert rows(primary.url()) == list(range(100_001))


# --- nothing is left --------------------------------------------------------------------------------------------------


def segments() -> set[str]:
    return {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}


@pytest.mark.parametrize("end", ["stop", "kill", "nothing"])
def test_a_closed_server_leaves_nothing(end):
    running = Server()
    segment = (running.data / "postmaster.pid").read_text().splitlines()[6].split()[1]
    assert segment in segments()
    if end != "nothing":
        getattr(running, end)()

    running.close()

    assert warden.processes_in(running.data.parent) == []
    assert segment not in segments()
    assert not running.data.parent.exists()


def test_servers_do_not_outlive_tests_that_are_killed():
    starts = (
        "from tests.servers import Server; s = Server(); print(s.data.parent, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", starts],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as tests:
        directory = Path(tests.stdout.readline().strip())
        assert warden.processes_in(directory)

        tests.send_signal(signal.SIGKILL)

    assert warden.deserted(directory)
    eventually(lambda: not directory.exists(), "a directory to be removed")


# --- the programs -----------------------------------------------------------------------------------------------------


def test_a_machine_without_postgresql_has_the_wheel(monkeypatch):
    monkeypatch.setenv(CHOICE, str(wheel()))

    with Server() as running:
        running.execute("CREATE TABLE row (number int)")
        inserts(running.url(), 1)
        with closing(running.replica()) as replica:
            running.wait_for_replica(replica)

            assert rows(replica.url()) == [1]
        assert running.value("SHOW server_version").startswith("17.")


def test_programs_that_the_servers_user_cannot_run_are_copied_to_where_it_can(tmp_path):
    closed = tmp_path / "bin"
    closed.mkdir()
    for name in servers.NEEDED:
        shutil.copyfile(wheel() / name, closed / name)  # without the executable bit
    for beside in ("lib", "share"):
        (tmp_path / beside).symlink_to(wheel().parent / beside)
    with pytest.raises(PermissionError):
        subprocess.run([closed / "postgres", "--version"], check=True)

    with Server(programs_in=closed) as running:
        assert running.value("SHOW server_version").startswith("17.")


def test_programs_that_do_not_run_say_why(tmp_path):
    # Where they cannot be reached they are copied, with all that is beside their folder.
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in servers.NEEDED:
        (folder / name).write_text("#!/bin/sh\necho no such library >&2\n")
        (folder / name).chmod(0o755)

    with pytest.raises(ServerError, match="no such library"):
        programs(str(folder))


def test_the_programs_that_are_asked_for_are_taken_or_the_tests_fail(tmp_path):
    assert programs(str(wheel())) == wheel()
    with pytest.raises(ServerError, match=f"{CHOICE} is {tmp_path}"):
        programs(str(tmp_path))


def test_a_machine_without_any_programs_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(servers, "_candidates", lambda: iter(()))

    with pytest.raises(ServerError, match="apt-get install -y postgresql"):
        programs.__wrapped__(None)


def test_programs_that_are_too_old_are_passed_over(monkeypatch):
    monkeypatch.setattr(servers, "_version", lambda _: servers.OLDEST - 1)

    with pytest.raises(ServerError, match="PostgreSQL 15 or later"):
        programs.__wrapped__(None)


# --- replicas ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def replica(primary: Server) -> Iterator[Server]:
    with primary.replica() as follower:
        yield follower


def test_a_replica_follows_and_takes_no_writes(primary, replica):
    inserts(primary.url(), 1)

    primary.wait_for_replica(replica)

    assert rows(replica.url()) == [1]
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        inserts(replica.url(), 2)


def test_a_synchronous_replica_has_what_was_acknowledged_before_its_primary_died(primary, replica):
    primary.make_synchronous()
    for number in range(50):
        inserts(primary.url(), number)

    primary.kill()
    replica.promote()

    assert rows(replica.url()) == list(range(50))
    inserts(replica.url(), 50)
    assert rows(replica.url()) == list(range(51))


def test_without_its_synchronous_replica_a_primary_acknowledges_nothing(primary, replica):
    primary.make_synchronous()
    replica.stop()
    writes = threading.Thread(target=inserts, args=[primary.url(), 1])

    writes.start()
    writes.join(0.5)

    assert writes.is_alive()
    primary.make_asynchronous()
    writes.join()
    assert rows(primary.url()) == [1]


def test_a_severed_replica_lacks_what_was_acknowledged_since(primary, replica):
    inserts(primary.url(), 1)
    primary.wait_for_replica(replica)
    replica.sever()
    inserts(primary.url(), 2)

    primary.kill()
    replica.promote()

    assert rows(replica.url()) == [1]


def test_a_severed_replica_catches_up_when_it_follows_again(primary, replica):
    replica.sever()
    inserts(primary.url(), 1)
    assert replica.lsn() < primary.lsn()

    replica.follow(primary)

    primary.wait_for_replica(replica)
    assert rows(replica.url()) == [1]


def test_a_paused_replica_shows_nothing_new_and_has_it(primary, replica):
    primary.make_synchronous()
    replica.pause()

    inserts(primary.url(), 1)

    primary.kill()
    assert rows(replica.url()) == []
    replica.resume()
    eventually(lambda: rows(replica.url()) == [1], "a replica that resumed")


def test_a_replica_can_be_told_to_lag(primary):
    with primary.replica("late", recovery_min_apply_delay="1h") as late:
        primary.make_synchronous("late")
        inserts(primary.url(), 1)

        assert rows(late.url()) == []


# --- the relay --------------------------------------------------------------------------------------------------------


def in_one_query(url: str) -> None:
    inserts(url, 1)


def with_parameters(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO row VALUES (%s)", [1])
        connection.pgconn.exec_params(b"COMMIT", [])
        connection.execute("SELECT 1")


def in_a_pipeline(url: str) -> None:
    with psycopg.connect(url) as connection, connection.pipeline():
        connection.execute("INSERT INTO row VALUES (%s)", [1], prepare=True)
        connection.commit()


WRITERS = [in_one_query, with_parameters, in_a_pipeline]


@pytest.mark.parametrize("write", WRITERS)
def test_a_relay_changes_nothing_by_itself(relay, database, write):
    write(relay.url(name_of(database)))

    assert rows(relay.url(name_of(database))) == [1]


@pytest.mark.parametrize("write", WRITERS)
def test_a_commit_that_does_not_reach_the_server_leaves_no_row(relay, database, write):
    relay.cut_at(Moment.BEFORE)

    with pytest.raises(psycopg.OperationalError):
        write(relay.url(name_of(database)))

    relay.wait_until_cut()
    assert rows(database) == []


@pytest.mark.parametrize("write", WRITERS)
def test_a_commit_whose_answer_is_lost_leaves_its_row(relay, database, write):
    relay.cut_at(Moment.AFTER)

    with pytest.raises(psycopg.OperationalError):
        write(relay.url(name_of(database)))

    relay.wait_until_cut()
    assert rows(database) == [1]


@pytest.mark.parametrize("write", WRITERS)
def test_a_commit_that_comes_late_leaves_its_row_late(relay, database, write):
    relay.cut_at(Moment.LATE)

    with pytest.raises(psycopg.OperationalError):
        write(relay.url(name_of(database)))

    relay.wait_until_cut()
    assert rows(database) == []
    relay.deliver()
    assert rows(database) == [1]


def test_a_line_breaks_once_and_at_the_statement_that_was_named(relay, database):
    url = relay.url(name_of(database))
    relay.cut_at(Moment.BEFORE, "insert into row values ($1)")
    with psycopg.connect(url) as reader:
        reader.execute("SELECT 1")
    assert not relay.broke.is_set()

    with pytest.raises(psycopg.OperationalError):
        inserts(url, 1)

    inserts(url, 2)
    assert rows(database) == [2]


def test_a_relay_cuts_who_is_connected_and_refuses_who_comes(relay, database):
    url = relay.url(name_of(database))
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO row VALUES (1)")

        relay.refuse()
        connection.commit()
        relay.cut()

        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        rows(url)
    relay.admit()
    assert rows(url) == [1]


def test_what_a_relay_holds_back_arrives_when_it_is_released(relay, database):
    writes = threading.Thread(target=inserts, args=[relay.url(name_of(database)), 1])
    relay.hold()

    writes.start()
    writes.join(0.3)

    assert writes.is_alive()
    assert rows(database) == []
    relay.release()
    writes.join()
    assert rows(database) == [1]


def test_a_relay_carries_more_than_its_buffers_and_declines_encryption(relay, database):
    url = relay.url(name_of(database), sslmode="prefer")
    with psycopg.connect(url) as connection:
        text = "x" * (8 * MIB)

        (answer,) = connection.execute("SELECT %s::text", [text]).fetchone()

    assert answer == text


def test_a_relay_to_a_server_that_is_down_drops_who_comes(primary):
    with Relay(primary) as between:
        primary.kill()

        with pytest.raises(psycopg.OperationalError):
            rows(between.url())

        primary.start()
        assert rows(between.url()) == []
