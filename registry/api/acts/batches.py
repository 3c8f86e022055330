"""Batches."""

from registry.api.act import Act
from registry.desk import batches

ACTS = (
    Act(path="/batches", ask=batches.Issue),
    Act(path="/batches/deposit", ask=batches.Deposit),
    Act(path="/batches/deposit-allowances", ask=batches.DepositAllowances),
    Act(path="/batches/{batch}/carry-over", ask=batches.CarryOver),
    Act(path="/batches/{batch}/carve", ask=batches.Carve),
    Act(path="/batches/{batch}/trade", ask=batches.Trade),
    Act(path="/batches/{batch}/suspend", ask=batches.Suspend),
    Act(path="/batches/{batch}/reinstate", ask=batches.Reinstate),
    Act(path="/batches/{batch}/cancel", ask=batches.Cancel),
    Act(path="/batches/{batch}/release-buffer", ask=batches.ReleaseBuffer),
)
