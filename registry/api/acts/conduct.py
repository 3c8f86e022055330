"""Conduct: cases of an account, and commendations."""

from registry.api.act import Act
from registry.desk import conduct

ACTS = (
    Act(path="/conduct/{account}/find", ask=conduct.Find),
    Act(path="/conduct/{account}/notify", ask=conduct.Notify),
    Act(path="/conduct/{account}/hear", ask=conduct.Hear),
    Act(path="/conduct/{account}/waive", ask=conduct.Waive),
    Act(path="/conduct/{account}/decide", ask=conduct.Decide),
    Act(path="/conduct/{account}/publish", ask=conduct.Publish),
    Act(path="/conduct/{account}/object", ask=conduct.Object),
    Act(path="/conduct/{account}/review", ask=conduct.Review),
    Act(path="/conduct/{account}/repair", ask=conduct.Repair),
    Act(path="/conduct/{account}/revoke", ask=conduct.Revoke),
    Act(path="/conduct/{account}/end", ask=conduct.End),
    Act(path="/conduct/{account}/commend", ask=conduct.Commend),
)
