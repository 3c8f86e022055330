"""What is true by a replay, entry by entry, in plain dicts: what the tables of projections are held against."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry.history import Addition
from registry.ledger import entry as entries
from registry.projections.every import PROJECTIONS, TABLES
from registry.projections.folding import Page
from registry.projections.table import Entered, Projection, Row, Table, entered


@dataclass
class Folded:
    """The rows that are true, by table and key: since when, and the values. `since` is of a lasting row's key."""

    projections: Sequence[Projection] = PROJECTIONS
    rows: dict[Table, dict[Row, tuple[int, Row]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for table in TABLES.values():
            self.rows.setdefault(table, {})

    def take(self, entered: Entered) -> None:
        page = Page(self.projections)
        page.take(entered)
        for table in page.tables:
            width = len(table.key)
            for row in page.written(table, self.rows[table]).rows:
                values = row[width:-1] if table.lasting else row[width:-2]
                key = (*row[:width], row[-1]) if table.lasting else row[:width]
                self.rows[table][key] = (entered.index, values)

    def values(self, table: Table) -> dict[Row, Row]:
        """The values of each row of `table`, by key."""
        return {key: values for key, (_, values) in self.rows[table].items()}

    def found(self, name: str, **equal: object) -> list[dict[str, Any]]:
        """The rows of the table `name` whose columns have these values, as maps."""
        table = TABLES[name]
        maps = [
            dict(zip(table.names, (*key[: len(table.key)], *values, since), strict=False))
            for key, (since, values) in self.rows[table].items()
        ]
        return [row for row in maps if all(row[key] == own for key, own in equal.items())]


def folded(additions: Iterable[Addition]) -> Folded:
    """What is true after `additions`, folded one by one."""
    made = Folded()
    for addition in additions:
        beside = {(item.part, item.event): item.rows for item in addition.detached}
        made.take(entered(addition.index, entries.decode(addition.data), beside))
    return made
