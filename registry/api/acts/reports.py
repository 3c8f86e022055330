"""Reports: what becomes of a list that was made."""

from registry.api.act import Act
from registry.desk import reports

ACTS = (
    Act(path="/reports", ask=reports.Compile),
    Act(path="/reports/{report}/submit", ask=reports.Submit),
    Act(path="/reports/{report}/return", ask=reports.Return),
    Act(path="/reports/{report}/accept", ask=reports.Accept),
    Act(path="/reports/{report}/amend", ask=reports.Amend),
)
