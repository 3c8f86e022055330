"""Transfers."""

from registry.api.act import Act
from registry.desk import movements

ACTS = (Act(path="/transfers", ask=movements.Transfer),)
