"""Gifts, as their guests take them."""

from registry.api.act import Act
from registry.desk import gifts

ACTS = (
    Act(path="/gifts/claim", ask=gifts.Claim),
    Act(path="/gifts/retire", ask=gifts.Retire),
)
