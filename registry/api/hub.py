"""What happens in the log, as those who follow it are told: read once for all of them, as soon as it is signed.

    Heads  ->  ring  ->  the hub reads the new entries  ->  every follower takes them, from the hub or from the log

A follower has a place in the log, and nothing else: there is no queue that could grow. Whoever reads slowly is behind,
and is cut off by the connection (write_seconds_max); whoever comes back names the place, and what followed is read from
the log itself. An entry is kept for those who follow at its end only for KEPT_S, with the names that it shows: what is
erased is not told any more.

An event concerns an account

    if it happens in its stream, or names it: in the body, in a row, or in what came of it
    if it happens to a certificate, project or batch that it holds, owns, or has grams of (projections/notices.py)
    if it signed the entry: then every event of it
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from time import monotonic
from typing import Any

import anyio
from anyio import to_thread

from registry.desk.opened import Opened
from registry.errors import RegistryError, UnavailableError
from registry.history import Happened
from registry.names import ACCOUNT, CERTIFICATE
from registry.projections import notices, retirements
from registry.projections.table import Change, Entered, entered
from registry.store.log import Moment
from registry.store.recorder import PARTS_PER_ENTRY
from registry.store.views import views

PAGE_ENTRIES = 200
KEPT_ENTRIES = 1_000
KEPT_S = 60.0
PAUSE_S = 0.05
"""So long, at the least, between two looks: what is recorded meanwhile is told together."""
READERS = 2
"""So many read what was missed at a time; others wait."""
ASKERS = 4
"""So many are looked up again at a time: they wait for each other, and not for the threads that answer requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An event of an entry, and which accounts it concerns besides those that signed."""

    number: int
    stream: str
    position: int
    kind: str
    amount_g: int | None
    accounts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """A retirement that an entry made; `row` is that of the table of retirements."""

    number: int
    certificate: str
    row: Mapping[str, Any]
    names: Mapping[str, Any] = field(default_factory=dict)
    """What may be shown, as far as it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An entry, as followers are told of it."""

    index: int
    at_us: int
    leaf: bytes
    signers: tuple[str, ...]
    steps: tuple[Step, ...]
    retirements: tuple[Retirement, ...]
    read_s: float

    def concerning(self, account: str) -> list[Step]:
        """The events that concern `account`."""
        if account in self.signers:
            return list(self.steps)
        return [step for step in self.steps if account in step.accounts]


def read_seen(source: Opened, indexes: Sequence[int], *, names: bool) -> list[Seen]:
    """The entries `indexes`; with the names that their retirements show, or without any.

    Raises:
        BrokenHistoryError, UnavailableError: what `Moment.placed` says.
    """
    with source.log.recorder.trouble(), source.log.recorder.reading() as cursor:
        found = [
            (entered(placed.index, placed.entry, placed.detached), placed.leaf)
            for placed in Moment(cursor).all_placed(indexes)
        ]
    seen = [_seen(source, entry, leaf) for entry, leaf in found]
    return _named(source, seen) if names else seen


def read_page(
    source: Opened, start: int, size: int, *, only_retirements: bool = False, names: bool = False
) -> tuple[list[Seen], int]:
    """The next entries from `start` on, of a log of `size`; and the entry at which the next page begins."""
    if not only_retirements:
        end = min(start + PAGE_ENTRIES, size)
        return read_seen(source, range(start, end), names=names), end
    with source.log.recorder.trouble(), source.log.recorder.reading() as cursor:
        begun = Moment(cursor).streams_after(
            CERTIFICATE, start - 1, PARTS_PER_ENTRY - 1, size=size, limit=PAGE_ENTRIES
        )
    indexes = sorted({index for index, _, _ in begun})
    following = indexes[-1] + 1 if len(begun) == PAGE_ENTRIES else size
    return read_seen(source, indexes, names=names), following


def _seen(source: Opened, entry: Entered, leaf: bytes) -> Seen:
    steps = tuple(
        Step(
            number=number,
            stream=made.stream,
            position=made.position,
            kind=made.event.kind,
            amount_g=_grams(made),
            accounts=_concerned(source, entry, made),
        )
        for number, made in enumerate(entry.happened)
    )
    return Seen(
        index=entry.index,
        at_us=entry.at_us,
        leaf=leaf,
        signers=entry.signers,
        steps=steps,
        retirements=tuple(_retirements(entry)),
        read_s=monotonic(),
    )


def _grams(made: Happened) -> int | None:
    told = getattr(made.event, "amount_g", None)
    if told is None and made.outcome is not None:
        told = made.outcome.get("amount_g")
    return told if isinstance(told, int) else None


def _concerned(source: Opened, entry: Entered, made: Happened) -> frozenset[str]:
    parties = notices.affected(made)
    accounts = {party for party in parties if party.startswith(ACCOUNT)}
    if parties and not parties[0].startswith(ACCOUNT):
        accounts |= _owners(source, parties[0], entry.index)
    return frozenset(accounts)


def _owners(source: Opened, stream: str, index: int) -> set[str]:
    """Who had, owned or held `stream` when entry `index` came."""
    kind, _, name = stream.partition("/")
    with views(source.log, source.keepers) as tables:
        if kind == "batch":
            held = tables.rows("holdings", as_of=index, batch=stream)
            found = {row["account"] for row in held if row["held_g"] or row["locked_g"]}
        elif kind == "certificate":
            found = {row["holder"] for row in tables.rows("certificates", number=name)}
        else:
            found = {row["owner"] for row in tables.rows("projects", project=stream)}
    return {account for account in found if account.startswith(ACCOUNT)}


def _retirements(entry: Entered) -> Iterable[Retirement]:
    """The retirements of the entry: not those of before, of other books, and no certificate that follows another."""
    fold = retirements.PROJECTION.folds["certificate"]
    for number, made in enumerate(entry.happened):
        if not made.stream.startswith(CERTIFICATE):
            continue
        for change in fold(entry, made):
            new = isinstance(change, Change) and change.table is retirements.RETIREMENTS
            # A certificate that was shown out of a group, or replaces another, is of grams that were told before.
            if new and isinstance(change, Change) and change.sets.get("imported") == 0:
                row = {"group_number": None, "replaces": None, **change.sets}
                if row["replaces"] is None and row["group_number"] is None:
                    yield Retirement(number=number, certificate=str(change.key[0]), row=row)


def _named(source: Opened, seen: Sequence[Seen]) -> list[Seen]:
    """The same, with the names that retirements show."""
    wanted = [
        one.row[name]
        for entry in seen
        for one in entry.retirements
        for name in retirements.HIDDEN
        if one.row["public"] and one.row.get(name) is not None
    ]
    if not wanted:
        return list(seen)
    kept = source.shown(wanted)

    def named(one: Retirement) -> Retirement:
        if not one.row["public"]:
            return one
        found = {name: one.row.get(name) for name in retirements.HIDDEN}
        names = {name: kept[made].value for name, made in found.items() if made in kept}
        return replace(one, names=names)

    return [
        replace(entry, retirements=tuple(map(named, entry.retirements)))
        if entry.retirements
        else entry
        for entry in seen
    ]


class Listener:
    """Somebody who follows; `rung` is set whenever there may be something new."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()
        self.loop = asyncio.get_running_loop()


class Hub:
    """Reads what is new, while somebody follows."""

    def __init__(
        self,
        source: Callable[[], Opened],
        size: Callable[[], int],
        stopping: threading.Event,
        most: int,
    ) -> None:
        """Nothing runs yet.

        Args:
            source: the log.
            size: how many entries are signed.
            stopping: set when the server is to stop.
            most: so many may follow at a time.
        """
        self._source = source
        self._size = size
        self._stopping = stopping
        self._most = most
        self._guard = threading.Lock()
        self._rung = threading.Event()
        self._listeners: set[Listener] = set()
        self._kept: deque[Seen] = deque(maxlen=KEPT_ENTRIES)
        self._next = 0
        self._threads: list[threading.Thread] = []
        self._limiters: dict[int, anyio.CapacityLimiter] = {}

    @property
    def ended(self) -> bool:
        """Whether all who follow are to leave."""
        return self._stopping.is_set()

    @property
    def size(self) -> int:
        """How many entries are signed: what is new comes after them."""
        return self._size()

    @property
    def listeners(self) -> int:
        """How many follow."""
        return len(self._listeners)

    def ring(self, _size: int = 0) -> None:
        """Look for new entries, if somebody follows. Does not wait."""
        self._rung.set()

    def join(self) -> Listener:
        """Follow from now on, until `leave`.

        Raises:
            UnavailableError: `closing`, `too_many_listeners`.
        """
        if self.ended:
            raise UnavailableError("closing")
        listener = Listener()
        with self._guard:
            if len(self._listeners) >= self._most:
                raise UnavailableError("too_many_listeners", most=self._most)
            if not self._listeners:
                self._kept.clear()
                self._next = self.size
            self._listeners.add(listener)
            if not self._threads:
                for run in (self._run, self._end):
                    thread = threading.Thread(target=run, name="hub", daemon=True)
                    thread.start()
                    self._threads.append(thread)
        return listener

    def leave(self, listener: Listener) -> None:
        """Follow no more."""
        with self._guard:
            self._listeners.discard(listener)

    async def page(self, start: int, *, only_retirements: bool) -> tuple[list[Seen], int]:
        """The next entries from `start` on, or those of them that retire; and where to go on.

        No entry, and `start` itself, where there is none yet: the listener is rung then.

        Raises:
            BrokenHistoryError, UnavailableError: what `read_seen` says.
        """
        with self._guard:
            if start >= self._next:
                return [], start
            first = self._kept[0] if self._kept else None
            if (
                first is not None
                and first.index <= start
                and _is_fresh(self._kept[start - first.index])
            ):
                found = list(islice(self._kept, start - first.index, None))[:PAGE_ENTRIES]
                return found, found[-1].index + 1
            end = self._next
        return await to_thread.run_sync(
            lambda: read_page(
                self._source(),
                start,
                end,
                only_retirements=only_retirements,
                names=only_retirements,
            ),
            limiter=self._limiter(READERS),
        )

    async def asked(self, question: Callable[[], object]) -> None:
        """Have `question`, which waits for others, asked in a thread. Raises: what it raises."""
        await to_thread.run_sync(question, limiter=self._limiter(ASKERS))

    def _limiter(self, most: int) -> anyio.CapacityLimiter:
        # It belongs to the loop that runs, which there is only now.
        if most not in self._limiters:
            self._limiters[most] = anyio.CapacityLimiter(most)
        return self._limiters[most]

    def close(self) -> None:
        """Wait for the threads, once `stopping` is set."""
        self._rung.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._rung.wait()
            self._rung.clear()
            try:
                self._look()
            except RegistryError:
                # A database that is away is said to be by readiness, and asked again.
                self._rung.set()
                self._stopping.wait(1)
            self._stopping.wait(PAUSE_S)

    def _look(self) -> None:
        while self._listeners and self._next < self.size and not self._stopping.is_set():
            start = self._next
            found, following = read_page(self._source(), start, self.size, names=True)
            with self._guard:
                if start != self._next:
                    # Everybody left meanwhile, and somebody else came.
                    continue
                self._kept.extend(found)
                self._next = following
                while self._kept and not _is_fresh(self._kept[0]):
                    self._kept.popleft()
            self._wake()

    def _end(self) -> None:
        self._stopping.wait()
        self._rung.set()
        self._wake()

    def _wake(self) -> None:
        with self._guard:
            listeners = list(self._listeners)
        for loop in {one.loop for one in listeners}:
            own = [one for one in listeners if one.loop is loop]
            # Of a loop that was closed nobody follows any more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_ring_all, own)


def _ring_all(listeners: Iterable[Listener]) -> None:
    for listener in listeners:
        listener.rung.set()


def _is_fresh(seen: Seen) -> bool:
    return seen.read_s + KEPT_S > monotonic()
