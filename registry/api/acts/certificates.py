"""Certificates: what is said of them after their issue."""

from registry.api.act import Act
from registry.desk import certificates

ACTS = (
    Act(
        path="/certificates/{certificate}/home-cancelled",
        ask=certificates.ShowHomeCancellation,
    ),
    Act(path="/certificates/{certificate}/replace", ask=certificates.Replace),
    Act(path="/certificates/{certificate}/annul", ask=certificates.Annul),
    Act(path="/certificates/{certificate}/witness", ask=certificates.Witness),
    Act(path="/certificates/{certificate}/confirm", ask=certificates.Confirm),
    Act(path="/certificates/{certificate}/adopt", ask=certificates.Adopt),
    Act(path="/certificates/{certificate}/numbered-before", ask=certificates.NumberBefore),
)
