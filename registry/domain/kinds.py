"""The wire table: which kinds there are, in which streams they happen, and who judges them.

A stream's kind is the part of its name before the slash.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, get_args

from registry.domain import (
    account,
    accounts,
    activity,
    batch,
    batches,
    campaign,
    certificate,
    conduct,
    order,
    project,
    report,
    roles,
    shape,
    standard,
)
from registry.domain.act import Act, Outcome
from registry.errors import RefusedError
from registry.names import STANDARD, kind_of

_RULES = (
    roles,
    standard,
    accounts,
    project,
    batches,
    certificate,
    conduct,
    campaign,
    order,
    activity,
    report,
)

EVENTS: Mapping[str, type] = {
    event.kind: event for rules in _RULES for event in get_args(rules.Event)
}

BEGINNING = roles.Created
"""The kind that begins a log."""

KEYS_REGISTERED = (
    account.Opened,
    account.KeyAdded,
    account.RecoveryAnnounced,
    roles.LogKeyReplaced,
)
"""The kinds that name a key to be registered, with proof that it is in hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """How one kind of stream is named, begins, and goes on."""

    name: re.Pattern[str]
    blank: Callable[[str], Any]
    rules: ModuleType


def _derived(prefix: str) -> re.Pattern[str]:
    return re.compile(rf"{prefix}/[a-z2-7]{{16}}", re.ASCII)


STREAMS: Mapping[str, Stream] = {
    "registry": Stream(name=re.compile("registry"), blank=lambda _: roles.Registry(), rules=roles),
    "standard": Stream(
        name=re.compile(r"standard/[A-Z0-9]{2,12}", re.ASCII),
        blank=lambda name: standard.Standard(code=name.removeprefix(STANDARD)),
        rules=standard,
    ),
    "account": Stream(
        name=re.compile(r"account/([a-z2-7]{16}|uscc-[0-9A-HJ-NPQRTUWXY]{18})", re.ASCII),
        blank=lambda name: account.Account(name=name),
        rules=accounts,
    ),
    "project": Stream(
        name=_derived("project"), blank=lambda name: project.Project(name=name), rules=project
    ),
    "batch": Stream(
        name=_derived("batch"), blank=lambda name: batch.Batch(name=name), rules=batches
    ),
    "certificate": Stream(
        name=_derived("certificate"),
        blank=lambda name: certificate.Certificate(name=name),
        rules=certificate,
    ),
    "campaign": Stream(
        name=_derived("campaign"), blank=lambda name: campaign.Campaign(name=name), rules=campaign
    ),
    "order": Stream(name=_derived("order"), blank=lambda name: order.Order(name=name), rules=order),
    "activity": Stream(
        name=_derived("activity"),
        blank=lambda name: activity.Activity(name=name),
        rules=activity,
    ),
    "report": Stream(
        name=_derived("report"), blank=lambda name: report.Report(name=name), rules=report
    ),
    "conduct": Stream(
        name=re.compile(r"conduct/([a-z2-7]{16}|uscc-[0-9A-HJ-NPQRTUWXY]{18})", re.ASCII),
        blank=lambda name: conduct.Conduct(name=name),
        rules=conduct,
    ),
}


def blank(stream: str) -> Any:
    """The state of `stream` before its first entry."""
    return STREAMS[kind_of(stream)].blank(stream)


def read(stream: str, kind: str, body: Mapping[str, Any]) -> Any:
    """The event that `kind` and `body` say in `stream`.

    Raises:
        RefusedError: `unknown_kind`, `wrong_stream`, `malformed`.
    """
    event = EVENTS.get(kind)
    if event is None:
        raise RefusedError("unknown_kind", kind=kind)
    if STREAMS[kind.partition(".")[0]].name.fullmatch(stream) is None:
        raise RefusedError("wrong_stream", kind=kind, stream=stream)
    return shape.read(event, body)


def judge(stream: str, state: Any, event: Any, act: Act) -> Outcome:
    """What comes of `event` in `stream`. Raises: RefusedError, as the stream's rules say."""
    outcome: Outcome = STREAMS[kind_of(stream)].rules.judge(state, event, act)
    return outcome


def evolve(stream: str, state: Any, event: Any, outcome: Outcome, index: int) -> Any:
    """The state of `stream` after `event`, which was judged and came to `outcome`."""
    return STREAMS[kind_of(stream)].rules.evolve(state, event, outcome, index)
