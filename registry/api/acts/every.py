"""All acts that can be asked for. A new area is a file beside this one, and a line here."""

from registry.api.act import Act
from registry.api.acts import (
    accounts,
    activities,
    campaigns,
    certificates,
    conduct,
    gifts,
    offers,
    orders,
    registry,
    reports,
)

ACTS: tuple[Act, ...] = (
    *accounts.ACTS,
    *activities.ACTS,
    *campaigns.ACTS,
    *certificates.ACTS,
    *conduct.ACTS,
    *gifts.ACTS,
    *offers.ACTS,
    *orders.ACTS,
    *registry.ACTS,
    *reports.ACTS,
)
