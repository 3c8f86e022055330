"""The registry itself: roles, policies, kinds of credit. The log's key changes where it is kept, at a command alone."""

from registry.api.act import Act
from registry.desk import policies, roles, standards

ACTS = (
    Act(path="/roles/grant", ask=roles.Grant),
    Act(path="/roles/withdraw", ask=roles.Withdraw),
    Act(path="/policies/set", ask=policies.Set),
    Act(path="/standards", ask=standards.Recognise),
    Act(path="/standards/recognise-across", ask=standards.RecogniseAcross),
    Act(path="/standards/{standard}/withdraw", ask=standards.Withdraw),
)
