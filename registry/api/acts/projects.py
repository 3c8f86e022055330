"""Projects."""

from registry.api.act import Act
from registry.desk import projects

ACTS = (
    Act(path="/projects", ask=projects.Propose),
    Act(path="/projects/{project}/validate", ask=projects.Validate),
    Act(path="/projects/{project}/register", ask=projects.Register),
    Act(path="/projects/{project}/verify", ask=projects.Verify),
    Act(path="/projects/{project}/suspend", ask=projects.Suspend),
    Act(path="/projects/{project}/reinstate", ask=projects.Reinstate),
    Act(path="/projects/{project}/cancel", ask=projects.Cancel),
)
