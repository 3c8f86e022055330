"""Jobs: what runs longer than a request, how far it is, and what came of it.

    running  ->  done | failed | interrupted

A job belongs to the process that runs it. What a process that died left running is found by the next one that starts,
by itself where both are on one machine, else by the silence.
"""

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from registry.errors import require
from registry.store.access_keeper import Keeper, forget, new_id

SILENT_US = 15 * 60 * 1_000_000
"""A job of another machine's of which nothing was heard for so long is taken for dead; if it is not, it says so."""
KEPT_US = 7 * 24 * 3600 * 1_000_000
RESULT_CHARACTERS_MAX = 4 * 2**20
PAGE_ROWS = 1_000

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_JOB = "id, kind, subject, started_us, seen_us, ended_us, state, done, total, result, error"

JobState = Literal["running", "done", "failed", "interrupted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is known of a job."""

    id: str
    kind: str
    subject: str
    """Who asked for it."""
    started_us: int
    seen_us: int
    """When it last said how far it is."""
    ended_us: int | None
    state: JobState
    done: int
    total: int
    """How much is done of how much; 0 if nobody knows."""
    result: str | None
    """JSON, once it is done."""
    error: str | None
    """JSON, once it failed."""


class Jobs:
    """The jobs that a keeper keeps."""

    def __init__(self, keeper: Keeper) -> None:
        """Touches nothing."""
        self._keeper = keeper

    def begin(self, kind: str, subject: str, *, now_us: int, total: int = 0) -> Job:
        """A new job of this process, running."""
        made = Job(
            id=new_id(),
            kind=kind,
            subject=subject,
            started_us=now_us,
            seen_us=now_us,
            ended_us=None,
            state="running",
            done=0,
            total=total,
            result=None,
            error=None,
        )
        row = (made.id, kind, subject, this_process(), now_us, now_us, None, "running", 0, total)
        with self._keeper.writing() as cursor:
            cursor.execute("INSERT INTO access_jobs VALUES (?,?,?,?,?,?,?,?,?,?,NULL,NULL)", row)
            forget(self._keeper, cursor, "access_jobs", "ended_us", now_us - KEPT_US)
        return made

    def progress(self, id_: str, done: int, total: int, now_us: int) -> bool:
        """Say how far it is, as often as is worth a durable write; whether there is still such a job to go on with."""
        changed = self._keeper.rows(
            "UPDATE access_jobs SET done = ?, total = ?, seen_us = ?, ended_us = NULL,"
            " state = 'running' WHERE id = ? AND state IN ('running', 'interrupted') RETURNING 1",
            (done, total, now_us, id_),
        )
        return bool(changed)

    def end(
        self, id_: str, *, now_us: int, result: str | None = None, error: str | None = None
    ) -> bool:
        """Note what came of it, JSON: a result, or an error; whether there was such a job that had not ended.

        It is forgotten after KEPT_US: names may be in it.

        Raises:
            RefusedError: `too_long`.
        """
        assert (result is None) != (error is None)
        length = len(result or error or "")
        fits = length <= RESULT_CHARACTERS_MAX
        require(fits, "too_long", bytes=length, bytes_max=RESULT_CHARACTERS_MAX)
        state: JobState = "done" if error is None else "failed"
        changed = self._keeper.rows(
            "UPDATE access_jobs SET state = ?, result = ?, error = ?, seen_us = ?, ended_us = ?"
            " WHERE id = ? AND state IN ('running', 'interrupted') RETURNING 1",
            (state, result, error, now_us, now_us, id_),
        )
        return bool(changed)

    def interrupt(self, id_: str, now_us: int) -> None:
        """Note that a job of this process was given up, because the process ends."""
        self._keeper.rows(
            "UPDATE access_jobs SET state = 'interrupted', seen_us = ?, ended_us = ?"
            " WHERE id = ? AND state = 'running' RETURNING 1",
            (now_us, now_us, id_),
        )

    def find(self, id_: str) -> Job | None:
        """The job with that id."""
        rows = self._keeper.rows(f"SELECT {_JOB} FROM access_jobs WHERE id = ?", (id_,))  # noqa: S608  # names of ours
        return _job(rows[0]) if rows else None

    def same(self, kind: str, subject: str, *, or_done: bool) -> Job | None:
        """The first job of that kind that `subject` asked for and that is running; `or_done`."""
        found = self._keeper.rows(
            f"SELECT {_JOB} FROM access_jobs WHERE subject = ? AND kind = ? AND state IN ('running', ?)"  # noqa: S608  # names of ours
            " ORDER BY id LIMIT 1",
            (subject, kind, "done" if or_done else "running"),
        )
        return _job(found[0]) if found else None

    def of(self, subject: str, after: str = "", most: int = PAGE_ROWS) -> list[Job]:
        """The next jobs that `subject` asked for, `most` of them, whose ids come after `after`, in order."""
        found = self._keeper.rows(
            f"SELECT {_JOB} FROM access_jobs WHERE subject = ? AND id > ? ORDER BY id LIMIT ?",  # noqa: S608  # names of ours
            (subject, after, most),
        )
        return [_job(row) for row in found]

    def interrupt_all(self, now_us: int) -> int:
        """Note which jobs nobody runs any more; returns how many. To be called when a server starts.

        Those of a process of this machine that is gone, and those of others that have been silent for SILENT_US.
        """
        found = self._keeper.rows(
            "SELECT id, owner, seen_us FROM access_jobs WHERE state = 'running' ORDER BY id"
        )
        count = 0
        for id_, owner, seen_us in found:
            gone = _is_gone(owner)
            if gone or (gone is None and seen_us < now_us - SILENT_US):
                # Not if it said something meanwhile.
                changed = self._keeper.rows(
                    "UPDATE access_jobs SET state = 'interrupted', ended_us = ?"
                    " WHERE id = ? AND state = 'running' AND seen_us = ? RETURNING 1",
                    (now_us, id_, seen_us),
                )
                count += len(changed)
        return count


def this_process() -> str:
    """What tells this process from every other: its machine, its id, and when it was started."""
    process = os.getpid()
    return f"{_machine()} {process} {_started(process)}"


def _is_gone(owner: str) -> bool | None:
    """Whether that process has ended; None if that cannot be known here."""
    machine, process, started = owner.rsplit(" ", 2)
    if machine != _machine():
        return None
    return _started(int(process)) != started


def _machine() -> str:
    """Where a process id means the same: this boot of this machine, and this container."""
    with suppress(OSError):
        return f"{_BOOT.read_text('ascii').strip()} {_NAMESPACE.readlink()}"
    return socket.gethostname().replace(" ", "")


def _started(process: int) -> str:
    """When a process was started, as the system counts; "alive" where it does not say, empty if there is none."""
    with suppress(OSError):
        # Its name, in parentheses, may have spaces in it.
        return (
            Path(f"/proc/{process}/stat")
            .read_text("utf-8", "replace")
            .rpartition(")")[2]
            .split()[19]
        )
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "alive"
    return "alive"


def _job(row: Any) -> Job:
    id_, kind, subject, started_us, seen_us, ended_us, state, done, total, result, error = row
    return Job(
        id=id_,
        kind=kind,
        subject=subject,
        started_us=started_us,
        seen_us=seen_us,
        ended_us=ended_us,
        state=state,
        done=done,
        total=total,
        result=result,
        error=error,
    )
