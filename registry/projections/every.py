"""All projections there are. A new one is a file beside this one, and a line here."""

from registry.projections import (
    accounts,
    activities,
    batches,
    campaigns,
    certificates,
    conduct,
    gifts,
    holdings,
    notices,
    orders,
    origins,
    retirements,
    ties,
    whereabouts,
)
from registry.projections.table import Projection, Table

PROJECTIONS: tuple[Projection, ...] = (
    accounts.PROJECTION,
    ties.PROJECTION,
    origins.PROJECTION,
    batches.PROJECTION,
    holdings.PROJECTION,
    whereabouts.PROJECTION,
    gifts.PROJECTION,
    retirements.PROJECTION,
    certificates.PROJECTION,
    activities.PROJECTION,
    campaigns.PROJECTION,
    orders.PROJECTION,
    conduct.PROJECTION,
    notices.PROJECTION,
)

TABLES: dict[str, Table] = {
    table.name: table for projection in PROJECTIONS for table in projection.tables
}
