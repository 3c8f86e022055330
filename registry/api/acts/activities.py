"""Activities to be made neutral."""

from registry.api.act import Act
from registry.desk import activities

ACTS = (
    Act(path="/activities", ask=activities.File),
    Act(path="/activities/{activity}/receive", ask=activities.Receive),
    Act(path="/activities/{activity}/account", ask=activities.AccountFor),
    Act(path="/activities/{activity}/measures", ask=activities.StateMeasures),
    Act(path="/activities/{activity}/offset", ask=activities.Offset),
    Act(path="/activities/{activity}/confirm", ask=activities.Confirm),
    Act(path="/activities/{activity}/publish", ask=activities.Publish),
)
