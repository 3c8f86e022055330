"""Names in place of the commitments to them, in the rows of tables, where they may be shown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from registry.desk.opened import Opened

Row = dict[str, Any]


def with_names(
    rows: Sequence[Row],
    committed: Sequence[str],
    source: Opened,
    may_show: Callable[[Mapping[str, Any]], bool],
) -> list[Row]:
    """`rows` with what the columns `committed` stand for, in rows that `may_show` allows and as far as it is kept.

    What is not shown stays the commitment, bytes.
    """
    shown = [bool(committed) and may_show(row) for row in rows]
    wanted = [
        row[name]
        for row, own in zip(rows, shown, strict=True)
        for name in committed
        if own and row[name] is not None
    ]
    kept = source.shown(wanted) if wanted else {}
    return [
        {**row, **{name: kept[row[name]].value for name in committed if row[name] in kept}}
        if own
        else row
        for row, own in zip(rows, shown, strict=True)
    ]
