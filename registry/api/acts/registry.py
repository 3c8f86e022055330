"""The registry itself: roles, policies, kinds of credit, the log's key."""

from registry.api.act import Act
from registry.desk import keys, policies, roles, standards

ACTS = (
    Act(path="/roles/grant", ask=roles.Grant),
    Act(path="/roles/withdraw", ask=roles.Withdraw),
    Act(path="/policies/set", ask=policies.Set),
    Act(path="/standards", ask=standards.Recognise),
    Act(path="/standards/recognise-across", ask=standards.RecogniseAcross),
    Act(path="/standards/{standard}/withdraw", ask=standards.Withdraw),
    Act(path="/registry/log-key/rotate", ask=keys.RotateLogKey),
)
