"""Restoration orders."""

from registry.api.act import Act
from registry.desk import orders

ACTS = (
    Act(path="/orders", ask=orders.Register),
    Act(path="/orders/{order}/buy", ask=orders.Buy),
    Act(path="/orders/{order}/perform", ask=orders.Perform),
    Act(path="/orders/{order}/enforce", ask=orders.Enforce),
    Act(path="/orders/{order}/amend", ask=orders.Amend),
    Act(path="/orders/{order}/substitute", ask=orders.Substitute),
    Act(path="/orders/{order}/default", ask=orders.Default),
    Act(path="/orders/{order}/withdraw", ask=orders.Withdraw),
    Act(path="/orders/{order}/confirm", ask=orders.Confirm),
    Act(path="/orders/{order}/release", ask=orders.Release),
    Act(path="/orders/{order}/close", ask=orders.Close),
)
