"""Retirements, for one and for many."""

from registry.api.act import Act
from registry.desk import retirements

ACTS = (
    Act(path="/retirements", ask=retirements.Retire),
    Act(path="/retirements/for-many", ask=retirements.RetireForMany),
)
