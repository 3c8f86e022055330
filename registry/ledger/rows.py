"""Detached rows: what concerns thousands stands beside the entry, under a root inside it.

    rows in an entry = {"bytes": of all rows, "count": n, "root": RFC 6962 root over the rows, ...}

Each row is canonical, tagged and short; the rows are stored in the transaction of their entry and published before the
checkpoint that covers it. Today's one kind of row is a serial range that came out of an act with many of them:

    row = canonical ["carbon-registry/range/v1", start, end]
"""

from collections.abc import Sequence
from typing import Any

from registry.ledger import canonical, tree

RANGE_TAG = "carbon-registry/range/v1"
ROW_BYTES_MAX = 256
ROWS_MAX = 131_072
ROWS_BYTES_MAX = 16 * 1024 * 1024


def range_row(start: int, end: int) -> bytes:
    """The row that says the half-open serial range [start, end)."""
    return canonical.encode([RANGE_TAG, start, end])


def summary(rows: Sequence[bytes]) -> dict[str, Any]:
    """What an entry says of its detached rows."""
    assert len(rows) <= ROWS_MAX
    assert all(len(row) <= ROW_BYTES_MAX for row in rows)
    assert sum(map(len, rows)) <= ROWS_BYTES_MAX
    return {
        "bytes": sum(map(len, rows)),
        "count": len(rows),
        "root": tree.root_of(map(tree.leaf_hash, rows)),
    }
