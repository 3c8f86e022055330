"""Offers and donations."""

from registry.api.act import Act
from registry.desk import offers

ACTS = (
    Act(path="/offers", ask=offers.Make),
    Act(path="/offers/donate", ask=offers.Donate),
    Act(path="/offers/{offer}/accept", ask=offers.Accept),
    Act(path="/offers/{offer}/decline", ask=offers.Decline),
    Act(path="/offers/{offer}/withdraw", ask=offers.Withdraw),
    Act(path="/offers/{offer}/lapse", ask=offers.Lapse),
)
