"""Jobs: work that takes longer than a request may, in a few threads of its own; how far it is, and what came of it.

    start  ->  kept in the table of jobs  ->  work, which says how far it is  ->  its result, or what was wrong
    a stop gives up what runs; it is `interrupted`, and whoever asks for the same again goes on where it was

Asked for the same again, by the same person, it is the same job: while it runs, and once it is done.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from registry.api.problems import facts_of
from registry.errors import RefusedError, RegistryError, UnavailableError
from registry.store import access_jobs
from registry.store.access_jobs import Job
from registry.store.access_keeper import ID_CHARACTERS
from registry.store.clock import wall_us
from registry.store.logs import place_of_fault, write_error

AT_ONCE = 2
WAITING_MAX = 16
"""So many may be at work or wait for it."""
OWN_MAX = 4
"""So many of them of one subject, or about one account: an account may have a hundred keys."""
KEEP_S = 0.5
"""How far a job is, is kept no more often; whoever asks this process is told exactly."""

ID = re.compile(f"[a-z2-7]{{{ID_CHARACTERS}}}", re.ASCII)


class StoppedError(Exception):
    """Raised out of `Progress` into work that is given up: the server stops."""


class Progress:
    """Told by work how far it is; to be called now and then, from one thread."""

    def __init__(
        self, job: Job, keep: Callable[[str, int, int], object], stopping: threading.Event
    ) -> None:
        self.job = job
        self.stopping = stopping
        self.over = threading.Event()
        self._keep = keep
        self._kept_s = time.monotonic()

    def __call__(self, done: int, total: int | None = None) -> None:
        """So much is done; of so much, if that is another figure than before.

        Raises:
            StoppedError: there is no more time.
        """
        if self.stopping.is_set():
            raise StoppedError
        self.job = replace(self.job, done=done, total=self.job.total if total is None else total)
        if time.monotonic() >= self._kept_s + KEEP_S:
            self._keep(self.job.id, self.job.done, self.job.total)
            self._kept_s = time.monotonic()


Work = Callable[[Progress], Mapping[str, Any]]
"""Does it, and returns what came of it, as plain values.

Raises:
    RegistryError: what was wrong; it is the job's error.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be done, for whom; `about` is what tells it from other work of its kind, as plain values."""

    kind: str
    subject: str
    about: Mapping[str, str]
    anew: bool = False
    """Whether it is done anew once it was done."""
    alone: bool = False
    """Whether one of its kind runs at a time, in a thread of its own."""

    @property
    def spelled(self) -> str:
        """As the table of jobs has it."""
        return f"{self.kind} {json.dumps(self.about, sort_keys=True, separators=(',', ':'))}"


def about(job: Job) -> dict[str, str]:
    """What a job is about."""
    found: dict[str, str] = json.loads(job.kind.partition(" ")[2] or "{}")
    return found


def _is_theirs(job: Job, wanted: Wanted) -> bool:
    """Whether a job is whose it would be that is wanted."""
    account = wanted.about.get("account")
    return job.subject == wanted.subject or (
        account is not None and about(job).get("account") == account
    )


class Jobs:
    """The jobs of this server. For any number of threads; bounded in all."""

    def __init__(self, kept: access_jobs.Jobs, failed: Callable[[str], None]) -> None:
        self._kept = kept
        self._failed_with = failed
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="job")
        self._apart = ThreadPoolExecutor(1, thread_name_prefix="job-alone")
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[str, Progress] = {}

    @property
    def at_work(self) -> int:
        """How many this process is at, or that wait for it."""
        return len(self._running)

    def open(self) -> None:
        """Note which jobs a process left that is no more."""
        self._kept.interrupt_all(wall_us())

    def close(self) -> None:
        """Give up what is at work, and wait until it has let go; to be asked for again."""
        self._stopping.set()
        for pool in (self._pool, self._apart):
            pool.shutdown(cancel_futures=True)
        with self._lock:
            left = list(self._running)
            self._running.clear()
        for id_ in left:
            self._kept.interrupt(id_, wall_us())

    def start(self, wanted: Wanted, total: int, work: Work) -> Job:
        """The job that does what is wanted: one that is at it, or has done it, or a new one.

        Raises:
            UnavailableError: `busy`, `closing`.
        """
        with self._lock:
            if self._stopping.is_set():
                raise UnavailableError("closing")
            known = self._known(wanted)
            if known is not None and known.state == "running" and known.id not in self._running:
                # Of another process, which may be no more.
                self._kept.interrupt_all(wall_us())
                known = self._known(wanted)
            if known is not None:
                return known
            own = sum(_is_theirs(one.job, wanted) for one in self._running.values())
            if len(self._running) >= WAITING_MAX or own >= OWN_MAX:
                most = OWN_MAX if own >= OWN_MAX else WAITING_MAX
                raise UnavailableError("busy", waiting=len(self._running), own=own, most=most)
            job = self._kept.begin(wanted.spelled, wanted.subject, now_us=wall_us(), total=total)
            progress = Progress(job, self._keep, self._stopping)
            self._running[job.id] = progress
            (self._apart if wanted.alone else self._pool).submit(self._run, progress, work)
        return job

    def wait(self, id_: str) -> None:
        """Return once this process is no longer at that job."""
        running = self._running.get(id_)
        if running is not None:
            running.over.wait()

    def find(self, id_: str) -> Job:
        """The job with that id, as it is now.

        Raises:
            RefusedError: `no_job`.
        """
        running = self._running.get(id_)
        if running is not None:
            return running.job
        found = self._kept.find(id_) if ID.fullmatch(id_) else None
        if found is None:
            raise RefusedError("no_job")
        return found

    def of(self, subject: str, after: str, most: int) -> list[Job]:
        """The next jobs that `subject` asked for, whose ids come after `after`, in order."""
        found = self._kept.of(subject, after, most)
        at_work = dict(self._running)
        return [at_work[job.id].job if job.id in at_work else job for job in found]

    def _known(self, wanted: Wanted) -> Job | None:
        """The job that does, or did, what is wanted."""
        return self._kept.same(wanted.spelled, wanted.subject, or_done=not wanted.anew)

    def _keep(self, id_: str, done: int, total: int) -> None:
        self._kept.progress(id_, done, total, wall_us())

    def _run(self, progress: Progress, work: Work) -> None:
        id_ = progress.job.id
        try:
            self._worked(progress, work)
        except StoppedError:
            self._kept.interrupt(id_, wall_us())
        except RegistryError as error:
            # What cannot be noted now is found to be nobody's when a server starts.
            self._failed_with(error.code)
        finally:
            with self._lock:
                self._running.pop(id_, None)
            progress.over.set()

    def _worked(self, progress: Progress, work: Work) -> None:
        try:
            self._ended(progress, work)
        except (UnavailableError, StoppedError):
            raise
        except Exception as fault:  # noqa: BLE001  # in this thread there is nobody else to tell
            # Somebody waits for an answer; a person has to look for ours.
            self._failed_with("our_fault")
            write_error("job", id=progress.job.id, failure=place_of_fault(fault))
            self._failed(progress, "our_fault", {})

    def _ended(self, progress: Progress, work: Work) -> None:
        """Do it, and keep what came of it."""
        try:
            result = json.dumps(work(progress), ensure_ascii=False)
            last = progress.job
            self._kept.progress(last.id, last.done, last.total, wall_us())
            self._kept.end(last.id, now_us=wall_us(), result=result)
        except RegistryError as wrong:
            self._failed(progress, wrong.code, facts_of(wrong))

    def _failed(self, progress: Progress, code: str, facts: Mapping[str, object]) -> None:
        told = {name: _plain(value) for name, value in facts.items()}
        error = json.dumps({"code": code, "facts": told}, ensure_ascii=False)
        self._kept.end(progress.job.id, now_us=wall_us(), error=error)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | type(None)) else str(value)
