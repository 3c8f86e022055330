"""All projections there are. A new one is a file beside this one, and a line here."""

from registry.projections import (
    accounts,
    batches,
    holdings,
    origins,
    retirements,
    whereabouts,
)
from registry.projections.table import Projection, Table

PROJECTIONS: tuple[Projection, ...] = (
    accounts.PROJECTION,
    origins.PROJECTION,
    batches.PROJECTION,
    holdings.PROJECTION,
    whereabouts.PROJECTION,
    retirements.PROJECTION,
)

TABLES: dict[str, Table] = {
    table.name: table for projection in PROJECTIONS for table in projection.tables
}
