"""All acts that can be asked for. A new area is a file beside this one, and a line here."""

from registry.api.act import Act
from registry.api.acts import campaigns, gifts, orders

ACTS: tuple[Act, ...] = (*campaigns.ACTS, *gifts.ACTS, *orders.ACTS)
