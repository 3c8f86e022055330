"""All acts that can be asked for. A new area is a file beside this one, and a line here."""

from registry.api.act import Act
from registry.api.acts import (
    accounts,
    activities,
    batches,
    campaigns,
    certificates,
    conduct,
    gifts,
    offers,
    orders,
    projects,
    registry,
    reports,
    retirements,
    transfers,
)

ACTS: tuple[Act, ...] = (
    *accounts.ACTS,
    *activities.ACTS,
    *batches.ACTS,
    *campaigns.ACTS,
    *certificates.ACTS,
    *conduct.ACTS,
    *gifts.ACTS,
    *offers.ACTS,
    *orders.ACTS,
    *projects.ACTS,
    *registry.ACTS,
    *reports.ACTS,
    *retirements.ACTS,
    *transfers.ACTS,
)
