"""How a page of entries is folded into tables: what it touches, and, given the rows that are there, what it writes.

    take …  ->  touched   the keys of rows to be read, once for the page
            ->  written   rows to be added, and rows that are true no more

The same code serves the tables of a database, an auditor's comparison, and whoever folds in memory.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.names import kind_of
from registry.projections.table import OPEN, Change, Entered, Fact, Fold, Projection, Row, Table

Current = Mapping[Row, tuple[int, Row]]
"""The rows of a table that are true now: since when, and their values, by key."""
_NEVER: tuple[int, list[Any]] = (-1, [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a page of entries does to one table.

    `rows` are new, in the order of the table's columns; of `closed`, each (until, key, since), the `until` is set.
    """

    rows: Sequence[Row]
    closed: Sequence[Row] = ()


class Page:
    """Some entries that follow each other, as they change the tables of `projections`."""

    def __init__(self, projections: Iterable[Projection]) -> None:
        self._folds: dict[str, list[Fold]] = {}
        self._facts: dict[Table, list[Row]] = defaultdict(list)
        self._changes: dict[Table, list[tuple[int, Change]]] = defaultdict(list)
        for projection in projections:
            for kind, fold in projection.folds.items():
                self._folds.setdefault(kind, []).append(fold)

    def take(self, entered: Entered) -> None:
        """Take the next entry."""
        index = entered.index
        for made in entered.happened:
            for fold in self._folds.get(kind_of(made.stream), ()):
                for change in fold(entered, made):
                    if isinstance(change, Fact):
                        self._facts[change.table].append((*change.row, index))
                    else:
                        self._changes[change.table].append((index, change))

    def touched(self) -> Mapping[Table, list[Row]]:
        """The keys of the rows that are changed, by table; some of the rows may not be there yet."""
        return {
            table: list(dict.fromkeys(change.key for _, change in changes))
            for table, changes in self._changes.items()
        }

    def written(self, table: Table, current: Current) -> Written:
        """What is to be written to `table`, of whose touched rows those that are there are `current`."""
        if table.lasting:
            return Written(rows=self._facts[table])
        rows: list[Row] = []
        closed: list[Row] = []
        opened: dict[Row, tuple[int, list[Any]]] = {}
        for index, change in self._changes[table]:
            key = change.key
            since, values = opened.get(key, _NEVER)
            if since != index:
                if since >= 0:
                    rows.append((*key, *values, since, index))
                    values = values.copy()
                elif (known := current.get(key)) is not None:
                    closed.append((index, *key, known[0]))
                    values = list(known[1])
                else:
                    values = list(table.blank)
                opened[key] = (index, values)
            _apply(change, values, table.places)
        rows += [(*key, *values, since, OPEN) for key, (since, values) in opened.items()]
        return Written(rows=rows, closed=closed)

    @property
    def tables(self) -> list[Table]:
        """The tables that are changed."""
        return [*self._facts, *self._changes]


def _apply(change: Change, values: list[Any], places: Mapping[str, int]) -> None:
    for name, value in change.sets.items():
        values[places[name]] = value
    for name, amount in change.adds.items():
        values[places[name]] += amount
