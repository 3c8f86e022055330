"""`registry serve` as it begins: what it reads once, and how it ends where the process that records does not start; and
as it ends where a process of its own is stuck.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest

from registry.api import tables
from registry.api.tables import TableKeeper
from registry.store.keyring import read_passphrase
from tests.api.processes import COMMAND, Process
from tests.books import Book, live_at
from tests.servers import HOST, eventually
from tests.store.conftest import write_quickly

WRITER = 'import os, signal, sys\nif "registry.store.writing" in sys.orig_argv:\n    '
UNWRITTEN = f"{WRITER}raise SystemExit(3)\n"
STUCK = f"{WRITER}os.kill(os.getpid(), signal.SIGSTOP)\n"
HASTY = f"from registry.store import writer; writer.OPEN_S = 0.5; {COMMAND}"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory):
    base: Path = tmp_path_factory.mktemp("starting")
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        yield write_quickly(base / "registry")


def test_a_passphrase_that_can_be_read_once_is_enough(begun: Book, tmp_path: Path):
    pipe = tmp_path / "passphrase"
    os.mkfifo(pipe, 0o600)
    passphrase = read_passphrase(begun.directory)
    threading.Thread(target=pipe.write_bytes, args=(passphrase + b"\n",), daemon=True).start()

    with Process(begun.directory, passphrase_file=pipe) as process:
        process.listens()
        with urlopen(f"http://{HOST}:{process.port}/ready") as answer:
            told = json.loads(answer.read())

    assert told["status"] == "ready"


@pytest.mark.parametrize(
    ("writer", "command"), [(UNWRITTEN, COMMAND), (STUCK, HASTY)], ids=["ends", "stuck"]
)
def test_a_server_whose_writer_does_not_start_says_so_and_ends_and_leaves_no_process(
    begun: Book, tmp_path: Path, writer: str, command: str
):
    (tmp_path / "sitecustomize.py").write_text(writer, "utf-8")

    with subprocess.Popen(
        [sys.executable, "-c", command, "serve", str(begun.directory), "--port", "0"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as server:
        try:
            _, said = server.communicate(timeout=60)
        finally:
            # Nobody is left of its group, or they are ended here.
            with pytest.raises(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)

    assert (server.returncode, "writer_away" in said) == (75, True)


def test_a_keeper_of_tables_that_is_stuck_does_not_keep_the_server_from_ending(
    begun: Book, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tables, "STOP_S", 0.2)
    keeper = TableKeeper(begun.place)
    keeper.start()
    eventually(lambda: keeper.size, "tables")
    assert keeper._process is not None
    os.kill(keeper._process.pid, signal.SIGSTOP)

    keeper.stop()

    assert keeper._process.returncode == -signal.SIGKILL
