"""What a running server has at hand: the registry opened for writing, the queue in front of it, and what keeps up.

    Operator + Sequencer    acts, many at once
    Access                  API keys, bindings, webhooks, jobs
    Following               one thread: the tables of projections are kept up, whoever listens is told of new entries

Opened by `serve` alone, and closed when the last answer is given.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from registry.api.jobs import Jobs
from registry.api.oidc import Issuers
from registry.api.principals import Doorkeeper, Principal
from registry.api.settings import Settings
from registry.desk.desk import Desk
from registry.desk.opened import Opened
from registry.domain.roles import Registry
from registry.errors import RegistryError
from registry.place import Place
from registry.store.access import Access
from registry.store.access_webhooks import PURPOSE
from registry.store.clock import wall_us
from registry.store.follower import Follower
from registry.store.log import LOG_ACCOUNT, Log, Placed
from registry.store.metrics import Metrics
from registry.store.operator import Operator, mark_of
from registry.store.sequencer import Sequencer
from registry.store.views import Folding, Keepers, kept_up
from registry.verifier.certificate import is_demonstration

RETRY_S = 1.0

Told = Callable[[Sequence[Placed]], None]
"""Called in the following thread with entries that came, in order; must be quick, and not fail."""


class Following:
    """Keeps the tables up, and tells whoever listens of every entry once the tables have it."""

    def __init__(self, place: Place, metrics: Metrics) -> None:
        """Nothing is followed yet."""
        self._place = place
        self._metrics = metrics
        self._listeners: list[Told] = []
        self._follower: Follower | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="following", daemon=True)
        self.trouble: RegistryError | None = None
        """What keeps it from following now."""
        self.size = 0
        """So many entries were followed: the tables have them."""

    def tell(self, listener: Told) -> None:
        """Have `listener` told of every entry from now on."""
        self._listeners.append(listener)

    def start(self) -> None:
        """Follow, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Follow no more."""
        self._stopping.set()
        if self._follower is not None:
            self._follower.stop()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except RegistryError as error:
                # Readers fold for themselves meanwhile; readiness says so, and we try again.
                self.trouble = error
                self._stopping.wait(RETRY_S)

    def _follow(self) -> None:
        with ExitStack() as stack:
            log = Log(self._place)
            stack.callback(log.close)
            folding, at = stack.enter_context(kept_up(log))
            start = at.size if self.size == 0 else min(at.size, self.size)
            root = at.root if start == at.size else None
            self._follower = Follower(log, start, root=root, observer=self._metrics)
            self.trouble = None
            self.size = max(self.size, start)
            if self._stopping.is_set():
                return
            _keep_up(folding, self._follower, self._tell)

    def _tell(self, page: Sequence[Placed], size: int) -> None:
        fresh = [placed for placed in page if placed.index >= self.size]
        self.size = max(self.size, size)
        for listener in self._listeners:
            if fresh:
                listener(fresh)


class _Telling:
    """A follower, whose every page is told once whoever asked for it asks for the next one."""

    def __init__(self, follower: Follower, tell: Callable[[Sequence[Placed], int], None]) -> None:
        self._follower = follower
        self._tell = tell

    @property
    def size(self) -> int:
        return self._follower.size

    @property
    def root(self) -> bytes | None:
        return self._follower.root

    def pages(self) -> Iterator[list[Placed]]:
        for page in self._follower.pages():
            size = self._follower.size
            yield page
            self._tell(page, size)


def _keep_up(
    folding: Folding, follower: Follower, tell: Callable[[Sequence[Placed], int], None]
) -> None:
    folding.keep_up(_Telling(follower, tell))


class Runtime:
    """One server's registry."""

    def __init__(self, place: Place, settings: Settings) -> None:
        """Open it.

        Raises:
            RefusedError, BrokenHistoryError, UnavailableError: what `Operator` says.
        """
        self.place = place
        self.settings = settings
        self.metrics = Metrics()
        self._stack = ExitStack()
        try:
            self._open(place)
        except BaseException:
            self._stack.close()
            raise

    def _open(self, place: Place) -> None:
        self.operator = Operator(place, observer=self.metrics)
        self._stack.callback(self.operator.close)
        self.keepers = Keepers()
        self._stack.callback(self.keepers.close)
        self.origin = self.operator.vkey().name
        self.demonstration = is_demonstration(self.origin)
        self.access = Access(place, secret=self.operator.keyring.secret(PURPOSE))
        self._stack.callback(self.access.close)
        self.issuers = Issuers(self.settings.oidc)
        self.doorkeeper = Doorkeeper(self.access, self.issuers, wall_us)
        self.sequencer = Sequencer(self.operator.committer)
        self._stack.callback(self.sequencer.close)
        self.metrics.watch_queue(self.sequencer)
        self.metrics.watch_mark(mark_of(place, self.operator.id))
        self.following = Following(place, self.metrics)
        self._stack.callback(self.following.stop)
        self.jobs = Jobs(self.access.jobs, self.metrics)
        # Before anything that they work with is closed.
        self._stack.callback(self.jobs.close)
        self.stopping = threading.Event()
        """Set when the server is to stop: whoever answers without end ends then."""

    def start(self) -> None:
        """Begin what runs beside requests."""
        self.following.start()
        self.jobs.open()

    def close(self) -> None:
        """Answer what waits, and give everything back."""
        self._stack.close()

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
            operator=self.operator, source=self.source(), dry_run=dry_run, mine=principal.accounts
        )

    def true_of(self) -> dict[str, object]:
        """What every answer says of itself."""
        return {"origin": self.origin, "demonstration": self.demonstration}
