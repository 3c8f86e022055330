"""What a running server has at hand: the registry opened for writing, the queue in front of it, and what keeps up.

    Operator                keys, and the log to read
    Writer                  a process: acts, many at once
    Access                  API keys, bindings, webhooks, jobs
    Heads                   one thread: how many entries there are, and whoever listens is told
    TableKeeper             a process: the tables of projections are kept up

Opened by `serve` alone, and closed when the last answer is given.
"""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from registry.api.jobs import Jobs
from registry.api.measures import Measures
from registry.api.oidc import Issuers
from registry.api.principals import Doorkeeper, Principal
from registry.api.settings import Settings
from registry.api.tables import TableKeeper
from registry.desk.desk import Desk
from registry.desk.opened import Opened
from registry.domain.roles import Registry
from registry.errors import RegistryError
from registry.place import Place
from registry.store.access import Access
from registry.store.access_webhooks import PURPOSE
from registry.store.clock import wall_us
from registry.store.keyring import read_passphrase
from registry.store.log import LOG_ACCOUNT, Log, Moment
from registry.store.operator import Operator, home_of
from registry.store.views import Keepers
from registry.store.writer import Writer
from registry.verifier.certificate import is_demonstration

LOOK_S = 0.25
"""So often it is looked for entries that other processes recorded; our own are told of at once."""
PAUSE_S = 0.02
"""So long, at the least, between two looks."""

Told = Callable[[int], None]
"""Called in a thread of its own with how many entries there are; must be quick, and not fail."""


class Heads:
    """Knows how many entries are under the signed head, and tells whoever listens when that changes."""

    def __init__(self) -> None:
        """Nothing is looked at yet."""
        self._listeners: list[Told] = []
        self._woken = threading.Event()
        self._stopping = False
        self._log: Log | None = None
        self._thread = threading.Thread(target=self._run, name="heads", daemon=True)
        self.size = 0

    def tell(self, listener: Told) -> None:
        """Have `listener` told of every change from now on."""
        self._listeners.append(listener)

    def start(self, log: Log) -> None:
        """Look at the heads of `log`, in a thread of its own."""
        self._log = log
        self._look(log)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping = True
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """Look now: something may have been recorded."""
        self._woken.set()

    def _run(self) -> None:
        assert self._log is not None
        while not self._stopping:
            self._woken.wait(LOOK_S)
            self._woken.clear()
            # A database that is away is said to be by readiness, and asked again.
            with suppress(RegistryError):
                self._look(self._log)
            time.sleep(PAUSE_S)

    def _look(self, log: Log) -> None:
        with log.recorder.trouble(), log.recorder.reading() as cursor:
            size = Moment(cursor).head().signed_size
        if size != self.size:
            self.size = size
            for listener in self._listeners:
                listener(size)


class Runtime:
    """One server's registry."""

    def __init__(self, place: Place, settings: Settings) -> None:
        """Open it.

        Raises:
            RefusedError, BrokenHistoryError, UnavailableError: what `Operator` says.
        """
        self.place = place
        self.settings = settings
        self.measures = Measures()
        self._stack = ExitStack()
        self._starts: list[Callable[[], object]] = []
        self.failure: RegistryError | None = None
        """Why it could not start, for whoever wanted it to."""
        try:
            self._open(place)
        except BaseException:
            self._stack.close()
            raise

    def _open(self, place: Place) -> None:
        self.heads = Heads()
        # Once, and for both: what it is read from may be a pipe.
        passphrase = read_passphrase(home_of(place))
        self.operator = Operator(place, passphrase=passphrase)
        self._stack.callback(self.operator.close)
        self.keepers = Keepers()
        self._stack.callback(self.keepers.close)
        self.origin = self.operator.vkey().name
        self.demonstration = is_demonstration(self.origin)
        self.access = Access(place, secret=self.operator.keyring.secret(PURPOSE))
        self._stack.callback(self.access.close)
        self.issuers = Issuers(self.settings.oidc)
        self.doorkeeper = Doorkeeper(self.access, self.issuers, wall_us)
        self.writer = Writer(place, passphrase, recorded=self.heads.wake)
        self.tables = TableKeeper(place)
        self._stack.callback(self.tables.stop)
        self._stack.callback(self.heads.stop)
        self.jobs = Jobs(self.access.jobs, self.measures.job_failed)
        # Before anything that they work with is closed.
        self._stack.callback(self.jobs.close)
        self.measures.watch_deliveries(self.access.webhooks.waiting)
        self.measures.watch("jobs", "Jobs at work, or waiting for it", lambda: self.jobs.at_work)
        self.measures.watch("tables_size", "Entries that the tables have", lambda: self.tables.size)
        away = "1 while the process that records is being started again"
        self.measures.watch("writer_away", away, lambda: not self.writer.there.is_set())
        self.stopping = threading.Event()
        """Set when the server is to stop: whoever answers without end ends then."""

    async def start(self) -> None:
        """Begin what runs beside requests.

        Raises:
            RefusedError, BrokenHistoryError, UnavailableError: what `Writer.start` says; the log, or what is kept of
                jobs, cannot be read.
        """
        try:
            await self.writer.start()
            self.heads.start(self.operator.log)
            self.jobs.open()
        except RegistryError as error:
            self.failure = error
            raise
        self.tables.start()
        for callback in self._starts:
            callback()

    async def stop(self) -> None:
        """Have what records for others end, while there is a loop in which it can."""
        self.stopping.set()
        await self.writer.stop(self.jobs.close)

    def close(self) -> None:
        """Answer what waits, and give everything back."""
        self.stopping.set()
        self._stack.close()

    def on_start(self, callback: Callable[[], object]) -> None:
        """Have `callback` called when the server starts."""
        self._starts.append(callback)

    def on_close(self, callback: Callable[[], object]) -> None:
        """Have `callback` called at the end, before anything that was opened until now is closed."""
        self._stack.callback(callback)

    def source(self) -> Opened:
        """The log as readers ask it; for one request."""
        return Opened(log=self.operator.log, origin=self.origin, keepers=self.keepers)

    def registry(self) -> Registry:
        """Who has which role now, and what is policy."""
        state: Registry = self.operator.committer.state(LOG_ACCOUNT)
        return state

    def desk(self, principal: Principal, *, dry_run: bool = False) -> Desk:
        """The registry as `principal` acts in it."""
        return Desk(
            operator=self.operator,
            source=self.source(),
            dry_run=dry_run,
            mine=principal.accounts,
            record=self.writer.recorded,
        )

    def true_of(self) -> dict[str, object]:
        """What every answer says of itself."""
        return {"origin": self.origin, "demonstration": self.demonstration}
