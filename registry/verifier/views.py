"""The tables of projections against a replay: the first figure that is not what the entries make of it, by name.

The entries are read a second time, after the log was found to hold, and folded by the code that keeps the tables: as
far as each projection says that it was folded, and as of the log's size where it is further by now. Tables of another
version of the software are passed by, which this one could not judge.
"""

# ruff: noqa: S608  # every question is put together from names in projections

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from registry.errors import BrokenHistoryError
from registry.ledger import entry as entries
from registry.ledger import tree
from registry.ledger.tree import EMPTY_ROOT
from registry.projections.every import PROJECTIONS
from registry.projections.folding import Page, Written
from registry.projections.table import OPEN, POSITIONS, Entered, Projection, Row, Table, entered
from registry.verifier.replay import Replay
from registry.verifier.stored import Ask, Database, UnreadableError

PAGE_ENTRIES = 500
_TOLD_MAX = 200


def difference(source: Database, replay: Replay) -> BrokenHistoryError | None:
    """What is wrong with the tables of projections in `source`, whose log was replayed; None if nothing, or none there.

    It is `derived.views`: facts `table`, `key`, `column`, `found`, `expected`.
    """
    try:
        with source.views() as ask:
            if ask is not None:
                _compare(ask, source, replay)
    except BrokenHistoryError as broken:
        if broken.code != "derived.views":
            raise
        # A traceback would keep the cursors, and with them the read transaction.
        return BrokenHistoryError(broken.code, **broken.facts)
    return None


def _compare(ask: Ask, source: Database, replay: Replay) -> None:
    folded = [
        _Folded(own, ask, size)
        for own in PROJECTIONS
        if (size := _size(own, ask, replay)) is not None
    ]
    size = max((own.size for own in folded), default=0)
    page: list[Entered] = []
    for one in _entered(source, replay, size):
        page.append(one)
        if len(page) == PAGE_ENTRIES or one.index == size - 1:
            for own in folded:
                own.take(page)
            page = []
    for own in folded:
        own.check_open()


def _size(own: Projection, ask: Ask, replay: Replay) -> int | None:
    """As of which size the tables of `own` are to be compared; None if they are of another version."""
    positions = f"SELECT projection, definition, size, root FROM {POSITIONS}"
    said = [row for row in ask(positions) if row[0] == own.name]
    if len(said) != 1 or said[0][1] != own.definition:
        return None
    _, _, size, root = said[0]
    if not isinstance(size, int) or size < 0:
        raise _different(POSITIONS, own.name, "size", size, replay.size)
    if size > replay.size:
        return replay.size
    expected = replay.root_at(size) if size else EMPTY_ROOT
    if root != expected:
        raise _different(POSITIONS, own.name, "root", root, expected)
    return size


def _entered(source: Database, replay: Replay, size: int) -> Iterator[Entered]:
    """The first entries, as folds take them.

    Raises:
        UnreadableError: one is not the one that was followed. No database does so by itself.
    """
    detached = source.detached()
    waiting = next(detached, None)
    for stored in source.entries():
        if stored.index >= size:
            return
        if tree.leaf_hash(stored.data) != replay.leaf(stored.index):
            raise UnreadableError(f"entry {stored.index} is another one when it is read again")
        beside: dict[tuple[int, int], list[bytes]] = {}
        while waiting is not None and waiting[0] == stored.index:
            _, part, event, _, row = waiting
            assert isinstance(part, int)
            assert isinstance(event, int)
            assert isinstance(row, bytes)
            beside.setdefault((part, event), []).append(row)
            waiting = next(detached, None)
        yield entered(stored.index, entries.decode(stored.data), beside)


class _Folded:
    """The tables of one projection, as far as they were folded and compared."""

    def __init__(self, own: Projection, ask: Ask, size: int) -> None:
        self.size = size
        self._projection = own
        self._rows = {table: _rows(table, ask, size) for table in own.tables}
        self._open: dict[Table, dict[Row, tuple[int, Row]]] = {table: {} for table in own.tables}

    def take(self, page: Sequence[Entered]) -> None:
        """Fold the entries of `page` below `size`, and compare what is settled by them."""
        folded = Page([self._projection])
        for one in page:
            if one.index < self.size:
                folded.take(one)
        for table in folded.tables:
            written = folded.written(table, self._open[table])
            settled = written.rows if table.lasting else self._settled(table, written)
            for row in sorted(settled, key=_order(table)):
                self._compare(table, row)

    def check_open(self) -> None:
        """Compare the rows that are still true, and see that no other row is there."""
        for table, rows in self._open.items():
            for key in sorted(rows, key=_sortable):
                since, values = rows[key]
                self._compare(table, (*key, *values, since, OPEN))
            self._compare(table, None)

    def _settled(self, table: Table, written: Written) -> Iterator[Row]:
        """The rows that came to an end; those that are true now take their place."""
        rows, width = self._open[table], len(table.key)
        for until, *key, since in written.closed:
            yield (*key, *rows[tuple(key)][1], since, until)
        for row in written.rows:
            if row[-1] == OPEN:
                since = row[-2]
                assert isinstance(since, int)
                rows[row[:width]] = (since, row[width:-2])
            else:
                yield row

    def _compare(self, table: Table, expected: Row | None) -> None:
        found = next(self._rows[table], None)
        found = None if found is None else tuple(found)
        if found == expected:
            return
        missing = ("—",) * len(table.names)
        width = len(table.key)
        row = expected or found or missing
        for name, is_, should in zip_longest(table.names, found or missing, expected or missing):
            if is_ != should:
                raise _different(table.name, list(row[:width]), name, is_, should)


def _rows(table: Table, ask: Ask, size: int) -> Iterator[tuple[object, ...]]:
    """The rows of `table` as of `size` entries: of a lasting one by `since`, else by `until`, and then by key."""
    key = ", ".join(column.name for column in table.key)
    if table.lasting:
        columns, last = ", ".join(table.names), "since"
    else:
        last = f"CASE WHEN until < {size} THEN until ELSE {OPEN} END"
        columns = ", ".join([*table.names[:-1], last])
    return ask(f"SELECT {columns} FROM {table.view} WHERE since < {size} ORDER BY {last}, {key}")


def _order(table: Table) -> Any:
    """How rows are in order that came to an end, or into being: by that entry, then by key."""
    width = len(table.key)
    return lambda row: (row[-1], *_sortable(row[:width]))


def _sortable(key: Row) -> tuple[Any, ...]:
    """Texts in the order of their bytes, as databases have them."""
    return tuple(part.encode() if isinstance(part, str) else part for part in key)


def _different(
    table: str, key: object, column: str, found: object, expected: object
) -> BrokenHistoryError:
    told = {"found": found, "expected": expected}
    cut = {name: str(value)[:_TOLD_MAX] for name, value in told.items()}
    return BrokenHistoryError("derived.views", table=table, key=str(key), column=column, **cut)
