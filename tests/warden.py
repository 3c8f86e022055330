"""Ends a server's processes and removes its directory; as a program, once the process that made them is gone.

Every process of a PostgreSQL server works in its data directory, and ours are in fresh directories of their own: what
works in one of these is ours, whoever its parent is by now.

As a program it reads one directory a line. Its standard input ends when its parent does, also when that was killed.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PATIENCE_S = 10.0
LOOK_EVERY_S = 0.01


def processes_in(directory: Path) -> list[int]:
    """Ids of the processes that work in `directory` or below. Those that are dead and not yet buried work nowhere."""
    found = []
    for entry in Path("/proc").iterdir():
        # A process may end while we look, and others' processes are not ours to look into.
        with suppress(OSError, ValueError):
            pid = int(entry.name)
            if (entry / "cwd").readlink().is_relative_to(directory):
                found.append(pid)
    return found


def signalled(directory: Path, number: signal.Signals) -> None:
    for pid in processes_in(directory):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def deserted(directory: Path, patience_s: float = PATIENCE_S) -> bool:
    """Whether nothing works in `directory` any more, at the latest after `patience_s`."""
    until = time.monotonic() + patience_s
    while processes_in(directory):
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def remove(directory: Path) -> None:
    """Nothing is left of the server in `directory`: no process, no shared memory, no file."""
    # SIGQUIT is PostgreSQL's immediate stop: unlike SIGKILL it gives back the shared memory.
    signalled(directory, signal.SIGQUIT)
    if not deserted(directory):
        signalled(directory, signal.SIGKILL)
        deserted(directory)
    for lock in directory.glob("*/postmaster.pid"):
        # Left by servers that were killed. The seventh line is key and id of a segment that outlives them.
        segment = lock.read_text().splitlines()[6:7]
        if segment and segment[0].split():
            subprocess.run(
                ["ipcrm", "-m", segment[0].split()[-1]], capture_output=True, check=False
            )
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    for line in sys.stdin.read().splitlines():
        remove(Path(line))
