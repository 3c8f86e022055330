"""Gift campaigns. Giving to a list of guests is a job: see `registry.api.bulk`."""

from registry.api.act import Act
from registry.desk import campaigns

ACTS = (
    Act(path="/campaigns", ask=campaigns.Open),
    Act(path="/campaigns/{campaign}/fund", ask=campaigns.Fund),
    Act(path="/campaigns/{campaign}/gifts", ask=campaigns.Give),
    Act(path="/campaigns/{campaign}/return", ask=campaigns.Return),
    Act(path="/campaigns/{campaign}/close", ask=campaigns.Close),
)
