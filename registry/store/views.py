"""What is true now, or was at any time: the tables of the projections, caught up with the log, and questions to them.

    catch up    read a page of the log  ->  lock, compare the position  ->  fold  ->  write, with the new position
    ask         in one transaction, as of the size that all tables have then

Only what is under the signed head is folded. Where the tables cannot be written, or are on a replica and behind, they
are folded on in memory, for this one question.
"""

import gc
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from typing import Any, Protocol

from registry.errors import BrokenHistoryError, require
from registry.ledger.tree import EMPTY_ROOT, Frontier
from registry.place import Server
from registry.projections.every import PROJECTIONS, TABLES
from registry.projections.folding import Page
from registry.projections.table import Projection, Table, Value, entered
from registry.store.follower import read_on
from registry.store.log import PAGE_ENTRIES, Log, Moment, Placed
from registry.store.recorder import Cursor
from registry.store.views_sqlite import FILE, SqliteKeeper
from registry.store.views_tables import (
    BLANK,
    Choice,
    Condition,
    Keeper,
    Position,
    as_objects,
    current,
    positions,
    select,
    set_position,
)

ROWS_PER_PAGE = 100_000
"""A gift to many is one entry: so many rows are folded at once, or one entry's."""
TRIES = 20
"""So often tables that others write meanwhile are caught up, before we fold tables of our own."""
KEEPERS_MAX = 8
"""So many connections are kept for the next questions."""


class Followed(Protocol):
    """A log as it grows: a `Follower`, or who stands in front of one."""

    @property
    def size(self) -> int:
        """As `Follower.size`."""

    @property
    def root(self) -> bytes | None:
        """As `Follower.root`."""

    def pages(self) -> Iterator[list[Placed]]:
        """As `Follower.pages`."""


class Views:
    """The tables at one moment. `size` is how many entries they were folded from, `log_size` how many there are."""

    def __init__(self, keeper: Keeper, cursor: Cursor, *, size: int, log_size: int) -> None:
        self._keeper = keeper
        self._cursor = cursor
        self.size = size
        self.log_size = log_size

    def rows(
        self,
        name: str,
        *conditions: Condition,
        as_of: int | None = None,
        order: Sequence[str] = (),
        any_of: Choice = (),
        after: Sequence[Value] = (),
        limit: int | None = None,
        **equal: Value,
    ) -> list[dict[str, Any]]:
        """The rows of the table `name` (see `registry.projections`), as maps, with `since` and all other columns.

        Args:
            name: the table.
            conditions: what must hold of a row.
            as_of: the size of the log as of which; None for `size`.
            order: the columns by which they are in order; by default those of `identity`.
            any_of: conditions of which one must hold, where there are any.
            after: the rows that come after the one with these values in the columns of `order`.
            limit: how many at most.
            equal: columns, and what they must be.
        """
        table = TABLES[name]
        wanted = (*conditions, *_equal(equal))
        told = table.names if table.lasting else table.names[:-1]
        by = order or identity(table)
        ordered = ", ".join(f"own.{column}" for column in by)
        ending = f" ORDER BY {ordered}" + ("" if limit is None else " LIMIT ?")
        start = dict(zip(by, after, strict=True)) if after else {}
        limits = () if limit is None else (limit,)
        found = self._asked(
            table, told, as_of, wanted, ending, any_of=any_of, after=start, limits=limits
        )
        return as_objects(told, found)

    def totals(
        self,
        name: str,
        by: Sequence[str],
        *conditions: Condition,
        of: str = "amount_g",
        as_of: int | None = None,
        **equal: Value,
    ) -> dict[tuple[Any, ...], tuple[int, int]]:
        """How many rows there are, and how much they come to, by what they have in the columns `by`, in order.

        Args:
            name: the table.
            by: the columns by which to add up; none for one total.
            conditions: what must hold of a row.
            of: the column whose amounts are added up.
            as_of: the size of the log as of which; None for `size`.
            equal: columns, and what they must be.
        """
        table = TABLES[name]
        wanted = (*conditions, *_equal(equal))
        groups = ", ".join(f"own.{column}" for column in by)
        ending = f" GROUP BY {groups} ORDER BY {groups}" if by else ""
        # A sum over bigint is numeric on a server, which has no limit.
        found = self._asked(table, (*by, "count", "sum"), as_of, wanted, ending, of=of)
        return {tuple(row[:-2]): (row[-2], int(row[-1])) for row in found if row[-1] is not None}

    def _asked(
        self,
        table: Table,
        told: Sequence[str],
        as_of: int | None,
        conditions: Sequence[Condition],
        ending: str,
        *,
        of: str = "",
        any_of: Choice = (),
        after: Mapping[str, Value] | None = None,
        limits: Sequence[int] = (),
    ) -> list[Any]:
        assert as_of is None or 0 <= as_of <= self.size
        aggregates = {"count": "count(*)", "sum": f"sum(own.{of})"} if of else {}
        what = ", ".join(aggregates.get(column, f"own.{column}") for column in told)
        past = None if as_of == self.size else as_of
        by_index = self._keeper.by_index
        statement, values = select(
            table, what, past, conditions, ending, by_index=by_index, any_of=any_of, after=after
        )
        with self._keeper.trouble():
            self._cursor.execute(statement, [*values, *limits])
            return self._cursor.fetchall()


class Folding:
    """Folds the log at a place into tables. For one thread; others may do so at the same time."""

    def __init__(
        self, log: Log, keeper: Keeper, projections: Sequence[Projection] = PROJECTIONS
    ) -> None:
        self._log = log
        self._keeper = keeper
        self._projections = projections

    def positions(self) -> Mapping[str, Position]:
        """How far each projection is."""
        with self._keeper.trouble(), self._keeper.reading() as cursor:
            found = positions(cursor)
        return {own.name: found[own.name][1] for own in self._projections}

    def catch_up(self, size: int) -> None:
        """Fold until every table is as of `size` entries, or more if somebody else folds, too.

        Tables that were folded from another past, such as that of a database that was restored, are made anew.

        Raises:
            BrokenHistoryError: what `Moment.placed` says of an entry.
            UnavailableError: as `Recorder.trouble` says.
        """
        while True:
            known = self.positions()
            behind = [own for own in self._projections if known[own.name].size < size]
            if not behind:
                return
            least = min((known[own.name] for own in behind), key=lambda at: at.size)
            group = [own for own in behind if known[own.name] == least]
            others = [at.size for at in known.values() if at.size > least.size]
            try:
                with _no_collection():
                    self._fold(group, least, min([size, *others]))
            except BrokenHistoryError as error:
                if error.code != "followed_other" or least.size == 0:
                    raise
                self.reset()

    def keep_up(self, follower: Followed) -> None:
        """Fold every page that `follower` shows, until it is stopped; it is to begin where all tables are, or before.

        Raises:
            BrokenHistoryError: as `Follower.pages`: what was folded from another past is made anew next time.
            UnavailableError: as `Recorder.trouble` says.
        """
        at = Position(size=follower.size, root=follower.root or EMPTY_ROOT)
        for page in follower.pages():
            assert follower.root is not None
            after = Position(size=follower.size, root=follower.root)
            # Where somebody else has folded some of it, there may be the rest to do.
            if not self._write(self._projections, at, page, after):
                self.catch_up(after.size)
            at = after

    def reset(self, *names: str) -> None:
        """Have the tables of these projections, or of all, empty: they are to be folded from the first entry."""
        with self._keeper.trouble(), self._keeper.writing() as cursor:
            for own in self._projections:
                if not names or own.name in names:
                    self._keeper.clear(cursor, own)
                    set_position(cursor, own, BLANK)

    def _fold(self, group: Sequence[Projection], at: Position, end: int) -> None:
        """Fold the entries from `at` up to `end`; ends early where somebody else has gone on."""
        frontier: Frontier | None = None
        while at.size < end:
            with self._log.recorder.trouble(), self._log.recorder.reading() as cursor:
                moment = Moment(cursor)
                frontier = frontier or _known(moment, at)
                last = _page_end(cursor, at.size, min(end, at.size + PAGE_ENTRIES))
                page = read_on(moment, moment.head(), frontier, last)
            after = Position(size=frontier.size, root=frontier.root())
            if not page or not self._write(group, at, page, after):
                return
            at = after

    def _write(
        self, group: Sequence[Projection], at: Position, page: Sequence[Placed], after: Position
    ) -> bool:
        """Fold `page` in one transaction with the new position; False if it was folded already."""
        folded = Page(group)
        for placed in page:
            folded.take(entered(placed.index, placed.entry, placed.detached))
        with self._keeper.trouble(), self._keeper.writing() as cursor:
            stored = positions(cursor)
            if any(stored[own.name][1] != at for own in group):
                return False
            touched = folded.touched()
            for table in folded.tables:
                found = current(cursor, table, touched.get(table, ()))
                written = folded.written(table, found)
                # Closed first: no two rows of a key are open at once.
                if written.closed:
                    self._keeper.end(cursor, table, written.closed)
                if written.rows:
                    self._keeper.add(cursor, table, written.rows)
            for own in group:
                set_position(cursor, own, after)
        return True


class Keepers:
    """Keepers of the tables of one registry that wait for the next question, with all that is known of the database.

    For any thread; each keeper is one thread's until it is given back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[Keeper] = []
        self._closed = False

    def take(self) -> Keeper | None:
        """One that has answered before; None if there is none that nobody uses."""
        with self._lock:
            return self._free.pop() if self._free else None

    def give_back(self, keeper: Keeper) -> None:
        """Have `keeper`, which has answered, wait for the next question."""
        with self._lock:
            wanted = not self._closed and len(self._free) < KEEPERS_MAX
            if wanted:
                self._free.append(keeper)
        if not wanted:
            keeper.close()

    def close(self) -> None:
        """Close those that wait, and the others when they are given back."""
        with self._lock:
            free, self._free, self._closed = self._free, [], True
        for keeper in free:
            keeper.close()


@contextmanager
def views(log: Log, keepers: Keepers | None = None) -> Iterator[Views]:
    """The tables of the registry that `log` is of, caught up with what is signed now, until the end of the block.

    Args:
        log: the log.
        keepers: keepers of its tables, to be used again.

    Raises:
        BrokenHistoryError: what `Moment.placed` says of an entry; `database_unreadable`.
        UnavailableError: `storage_failed`, `server_unavailable`, `locked_elsewhere`.
    """
    target = _signed(log)
    waiting = None if keepers is None else keepers.take()
    keeper = waiting or kept_at(log)
    with ExitStack() as ending:
        ending.callback(keeper.close)
        with ExitStack() as stack:
            asked, cursor, size = _moment_of(log, keeper, target, stack, known=waiting is not None)
            yield Views(asked, cursor, size=size, log_size=target)
        # Of one that failed nobody knows what it would say next.
        if keepers is not None and asked is keeper:
            ending.pop_all()
            keepers.give_back(keeper)


def _moment_of(
    log: Log, keeper: Keeper, target: int, stack: ExitStack, *, known: bool
) -> tuple[Keeper, Cursor, int]:
    """What has the tables as of at least `target` entries, a moment of it as long as `stack` is open, and its size.

    Args:
        log: the log.
        keeper: keeps its tables.
        target: how many entries are signed.
        stack: holds what is opened.
        known: whether `keeper` has answered before: it is asked first, and prepared only if it is behind.
    """
    with keeper.trouble():
        for attempt in range(TRIES):
            ready = known and attempt == 0
            asked = keeper if ready else _caught_up(log, keeper, target, stack)
            moment = stack.enter_context(ExitStack())
            cursor = moment.enter_context(asked.reading())
            sizes = _sizes(cursor)
            if len(sizes) == 1 and min(sizes) >= target:
                return asked, cursor, min(sizes)
            # Since then somebody folded on in some tables, or is making some anew.
            moment.close()
        memory = _in_memory(stack)
        Folding(log, memory).catch_up(target)
        cursor = stack.enter_context(memory.reading())
        return memory, cursor, min(_sizes(cursor))


def rebuild(log: Log, *names: str) -> int:
    """Have the tables of these projections, or all, made anew from the first entry; returns how many entries it took.

    Raises:
        RefusedError: `not_permitted` if they may not be written, or are not there.
    """
    with kept_up(log) as (folding, at):
        folding.reset(*names)
        folding.catch_up(at.size)
    return at.size


@contextmanager
def kept_up(log: Log) -> Iterator[tuple[Folding, Position]]:
    """Who keeps the tables of the registry that `log` is of, and where to follow the log from, once they are caught up.

    Raises:
        RefusedError: `not_permitted` if the tables may not be written, or are not there.
    """
    size = _signed(log)
    with closing(kept_at(log)) as keeper:
        with keeper.trouble():
            require(
                keeper.prepare(PROJECTIONS),
                "not_permitted",
                server=keeper.where,
                why="views_unmade",
            )
        folding = Folding(log, keeper)
        folding.catch_up(size)
        yield folding, min(folding.positions().values(), key=lambda at: at.size)


def _caught_up(log: Log, keeper: Keeper, size: int, stack: ExitStack) -> Keeper:
    """What keeps the tables as of `size` entries: `keeper`, or else our memory."""
    if keeper.prepare(PROJECTIONS):
        Folding(log, keeper).catch_up(size)
        return keeper
    if _is_caught_up(keeper, size):
        return keeper
    memory = _in_memory(stack)
    if keeper.serves(PROJECTIONS):
        _copy(keeper, memory)
    Folding(log, memory).catch_up(size)
    return memory


def _in_memory(stack: ExitStack) -> Keeper:
    """Blank tables of our own, as long as `stack` is open."""
    memory = stack.enter_context(closing(SqliteKeeper()))
    memory.prepare(PROJECTIONS)
    return memory


def kept_at(log: Log) -> Keeper:
    """What keeps the tables of the registry that `log` is of."""
    place = log.place
    if isinstance(place, Server):
        # Only who has a server needs its driver, and the time to load it.
        from registry.store.views_server import ServerKeeper  # noqa: PLC0415  # the driver is an extra

        return ServerKeeper(place)
    return SqliteKeeper(str(place / FILE))


def size_at(log: Log, at_us: int) -> int:
    """How many entries the log had at a time: those that were recorded then or before."""
    with log.recorder.trouble(), log.recorder.reading() as cursor:
        moment = Moment(cursor)
        low, high = 0, moment.head().size
        while low < high:
            middle = (low + high) // 2
            if moment.placed(middle).entry.at_us <= at_us:
                low = middle + 1
            else:
                high = middle
    return low


@contextmanager
def _no_collection() -> Iterator[None]:
    """Meanwhile nobody looks for garbage: what a page leaves behind goes by itself, and is looked through too often."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _copy(source: Keeper, target: Keeper) -> None:
    with source.reading() as reading, target.writing() as writing:
        for table in TABLES.values():
            reading.execute(f"SELECT {', '.join(table.names)} FROM {table.view}")  # noqa: S608  # names of ours
            target.add(writing, table, [tuple(row) for row in reading.fetchall()])
        found = positions(reading)
        for own in PROJECTIONS:
            set_position(writing, own, found[own.name][1])


def _is_caught_up(keeper: Keeper, size: int) -> bool:
    if not keeper.serves(PROJECTIONS):
        return False
    with keeper.trouble(), keeper.reading() as cursor:
        return _sizes(cursor) == {size}


def _sizes(cursor: Cursor) -> set[int]:
    """How many entries the tables are of: one number, unless somebody is folding; -1 of those of another version."""
    found = positions(cursor)
    return {
        at.size if definition == wanted else -1
        for name, wanted in _definitions()
        for definition, at in (found.get(name, ("", BLANK)),)
    }


@cache
def _definitions() -> tuple[tuple[str, str], ...]:
    return tuple((own.name, own.definition) for own in PROJECTIONS)


def _signed(log: Log) -> int:
    """How many entries are under the signed head now."""
    with log.recorder.trouble(), log.recorder.reading() as cursor:
        return Moment(cursor).head().signed_size


def _page_end(cursor: Cursor, start: int, end: int) -> int:
    """Where a page from `start` ends: at `end`, or before there are more than ROWS_PER_PAGE detached rows in it."""
    cursor.execute(
        "SELECT entry FROM detached WHERE entry >= ? AND entry < ? ORDER BY entry LIMIT 1 OFFSET ?",
        (start, end, ROWS_PER_PAGE),
    )
    row = cursor.fetchone()
    # One entry is one page, however many rows it has.
    return end if row is None else max(start + 1, row[0])


def _known(moment: Moment, at: Position) -> Frontier:
    """The tree as it was when it had so many entries.

    Raises:
        BrokenHistoryError: `followed_other` if it was another one.
    """
    size = moment.head().size
    if size < at.size:
        raise BrokenHistoryError("followed_other", size=size, followed=at.size)
    (found,) = moment.frontiers(at.size)
    if found.root() != at.root:
        raise BrokenHistoryError("followed_other", size=size, followed=at.size)
    return found


def identity(table: Table) -> list[str]:
    """The columns that tell a row of `table` from every other that is true at the same time."""
    key = [column.name for column in table.key]
    return [*key, "since"] if table.lasting else key


def _equal(columns: Mapping[str, Value]) -> list[Condition]:
    return [(name, "=", value) for name, value in columns.items()]
