"""The tables of projections in a database, SQLite or PostgreSQL: how they are made, asked, and changed.

    view_<table>      the rows of a projection's table, each with `since` and, unless the table is lasting, `until`
    view_positions    one row per projection: which version of it made its tables, from how many entries, of which root

A page of entries is folded in one transaction together with the positions. All of it is a cache: whoever deletes it
loses the time to fold it again.
"""

# ruff: noqa: S608  # every statement is put together from names in projections

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Any, Literal, Protocol, get_args

from registry.ledger.tree import EMPTY_ROOT
from registry.projections.folding import Current
from registry.projections.table import OPEN, POSITIONS, Column, Kind, Projection, Row, Table, Value
from registry.store.recorder import Cursor

KEYS_PER_QUERY = 64

Comparison = Literal["=", "<", "<=", ">", ">=", "<>"]
Condition = tuple[str, Comparison, Value]
"""What a column is to be: its name, how it compares, and with what; None is equal to None alone."""
Choice = Sequence[Condition]
"""Conditions of which one must hold; none of them ask for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a projection is: how many entries were folded, and the root that the log had with these."""

    size: int
    root: bytes


BLANK = Position(size=0, root=EMPTY_ROOT)


class Keeper(Protocol):
    """Keeps the tables of projections.

    Durable: no; a crash takes whole transactions, the last first. Concurrent: who writes excludes whoever else does,
    from the beginning of the block on; a reader sees one moment. Trusted: no more than the log's tables are.
    """

    where: str
    """The file, or the server's address without a password."""
    by_index: str
    """What stands after the name of a table to have it searched by `index`, where the database could not tell."""

    def trouble(self) -> AbstractContextManager[None]:
        """What goes wrong with the tables inside the block, as errors of ours: as `Recorder.trouble` says."""

    def reading(self) -> AbstractContextManager[Cursor]:
        """One moment of the tables."""

    def writing(self) -> AbstractContextManager[Cursor]:
        """A transaction, which is rolled back on any error."""

    def prepare(self, projections: Sequence[Projection]) -> bool:
        """Whether the tables of `projections` are there and may be written; those of another version are made anew
        first, where that may be done.
        """

    def serves(self, projections: Sequence[Projection]) -> bool:
        """Whether the tables of `projections` are there, and may be read."""

    def add(self, cursor: Cursor, table: Table, rows: Sequence[Row]) -> None:
        """Add `rows`, in the order of the table's columns."""

    def end(self, cursor: Cursor, table: Table, closed: Sequence[Row]) -> None:
        """Set the `until` of rows that were open: each is (until, key, since)."""

    def clear(self, cursor: Cursor, projection: Projection) -> None:
        """Have no row in the tables of `projection`."""

    def close(self) -> None:
        """Give back what is open."""


def creation(projection: Projection, kinds: Mapping[Kind, str], ending: str) -> Iterator[str]:
    """The statements that make the tables of `projection`.

    Args:
        projection: whose tables.
        kinds: what the database calls the kinds of columns.
        ending: what stands after a table's columns.
    """
    for table in projection.tables:
        name = table.view
        columns = ", ".join(_declared(column, kinds) for column in table.columns)
        key = ", ".join([*_names(table.key), "since"])
        yield f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({key})){ending}"
        where = "" if table.lasting else f" WHERE until = {OPEN}"
        if not table.lasting:
            own = ", ".join(_names(table.key))
            yield f"CREATE UNIQUE INDEX {name}_now ON {name} ({own}){where}"
        for number, sought in enumerate(table.sought):
            yield f"CREATE INDEX {name}_{number} ON {name} ({', '.join(sought)}){where}"


def positions(cursor: Cursor) -> dict[str, tuple[str, Position]]:
    """The definition that made each projection's tables, and its position."""
    cursor.execute(f"SELECT projection, definition, size, root FROM {POSITIONS}")
    return {
        name: (definition, Position(size=size, root=root))
        for name, definition, size, root in cursor.fetchall()
    }


def set_position(cursor: Cursor, projection: Projection, position: Position) -> None:
    """Have the tables of `projection` be as of `position`."""
    cursor.execute(
        f"UPDATE {POSITIONS} SET size = ?, root = ? WHERE projection = ?",
        (position.size, position.root, projection.name),
    )


def current(cursor: Cursor, table: Table, keys: Sequence[Row]) -> Current:
    """The rows of `table` that are true now and have one of `keys`."""
    width = len(table.key)
    found: dict[Row, tuple[int, Row]] = {}
    asked = [f"k{number}" for number in range(width)]
    wanted = ", ".join(f"own.{name}" for name in table.names[:-1])
    same = " AND ".join(
        f"own.{column.name} = asked.{name}" for column, name in zip(table.key, asked, strict=True)
    )
    for first in range(0, len(keys), KEYS_PER_QUERY):
        chunk = keys[first : first + KEYS_PER_QUERY]
        values = ",".join([f"({','.join('?' * width)})"] * len(chunk))
        # LEFT, so that the few that are asked for are looked up among the many, in either database.
        cursor.execute(
            f"WITH asked ({', '.join(asked)}) AS (VALUES {values}) SELECT {wanted} FROM asked"
            f" LEFT JOIN {table.view} own ON {same} AND own.until = {OPEN}",
            list(chain.from_iterable(chunk)),
        )
        for row in cursor.fetchall():
            if row[-1] is not None:
                found[tuple(row[:width])] = (row[-1], tuple(row[width:-1]))
    return found


def select(
    table: Table,
    what: str,
    as_of: int | None,
    conditions: Sequence[Condition],
    ending: str = "",
    *,
    by_index: str = "",
    any_of: Choice = (),
    after: Mapping[str, Value] | None = None,
) -> tuple[str, list[Value]]:
    """The statement that finds rows of `table`, and its values.

    Args:
        table: which.
        what: what is to be told of each row, which is called `own`.
        as_of: the size of the log as of which; None for now.
        conditions: what must hold of the rows.
        ending: how they are to be grouped and in which order.
        by_index: as `Keeper.by_index`.
        any_of: conditions of which one must hold, where there are any.
        after: the columns that rows are in order of, with the values of the row after which they are to come.
    """
    name = table.view
    # Among all that ever was true of a key, what is true now is found by its own index alone.
    keyed_by = (table.key[0].name, "=")
    hint = (
        by_index.format(index=f"{name}_now") if keyed_by in {own[:2] for own in conditions} else ""
    )
    values: list[Value] = [value for *_, value in conditions if value is not None]
    if table.lasting:
        if as_of is not None:
            conditions = (*conditions, ("since", "<", as_of))
            values.append(as_of)
        source, keyed = f"{name} own", "own"
        wanted: list[str] = []
    elif as_of is None:
        source, keyed = f"{name} own{hint}", "own"
        wanted = [f"own.until = {OPEN}"]
    else:
        # Each key has an open row: from there its row of that time is one look away.
        same, first = (
            " AND ".join(f"{alias}.{column.name} = now.{column.name}" for column in table.key)
            for alias in ("own", "past")
        )
        source, keyed = f"{name} now{hint} CROSS JOIN {name} own", "now"
        since = f"SELECT max(past.since) FROM {name} past WHERE {first} AND past.since < ?"
        wanted = [f"now.until = {OPEN}", same, f"own.since = ({since})"]
        values.insert(0, as_of)
    wanted += [_condition(keyed, table, condition) for condition in conditions]
    if any_of:
        wanted.append(_any_of(keyed, table, any_of))
        values += [value for *_, value in sorted(any_of, key=_asks) if value is not None]
    if after:
        columns = ", ".join(f"{_alias(keyed, table, column)}.{column}" for column in after)
        wanted.append(f"({columns}) > ({', '.join('?' * len(after))})")
        values += after.values()
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    return f"SELECT {what} FROM {source}{where}{ending}", values


def _asks(condition: Condition) -> tuple[str, str, bool]:
    """What `condition` asks, but for the value."""
    column, comparison, value = condition
    return column, comparison, value is None


def _any_of(keyed: str, table: Table, choice: Choice) -> str:
    """What says that one of `choice` holds; the values are to be in the order of what they ask.

    Of many values of one column there is one term: a database takes only so many.
    """
    # SQLite looks each of them up by an index of what is true now only where it says so itself.
    now = "" if table.lasting else f" AND {keyed}.until = {OPEN}"
    terms = []
    for (_, comparison, is_none), asked in groupby(sorted(choice, key=_asks), _asks):
        same = list(asked)
        if comparison == "=" and not is_none:
            one = _condition(keyed, table, same[0]).removesuffix("= ?")
            terms.append(f"{one}IN ({','.join('?' * len(same))}){now}")
        else:
            terms += [_condition(keyed, table, one) + now for one in same]
    return f"({' OR '.join(terms)})"


def _condition(keyed: str, table: Table, condition: Condition) -> str:
    """What `condition` says in a statement; `keyed` is where a column of the key is looked up."""
    column, comparison, value = condition
    assert column in table.names, f"no column {column} in {table.name}"
    assert comparison in get_args(Comparison)
    alias = _alias(keyed, table, column)
    if value is None:
        return f"{alias}.{column} IS {'NULL' if comparison == '=' else 'NOT NULL'}"
    return f"{alias}.{column} {comparison} ?"


def _alias(keyed: str, table: Table, column: str) -> str:
    return keyed if column in {own.name for own in table.key} else "own"


def _declared(column: Column, kinds: Mapping[Kind, str]) -> str:
    return f"{column.name} {kinds[column.kind]}{'' if column.optional else ' NOT NULL'}"


def _names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]


def as_objects(names: Sequence[str], rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows as maps, with `names` for their values."""
    return [dict(zip(names, row, strict=True)) for row in rows]
