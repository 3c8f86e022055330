"""An activity to be made carbon neutral: its registration form (登记表), its emissions, and what offsets them.

    filed -> received · accounted · measures stated · offset, in any order and number -> confirmed -> published

It is neutral (碳中和) only where its emissions are accounted, its measures stated, and at least as much is retired;
else what was retired offsets a part of it (部分抵消), and which part is said. A surplus is shown; it serves nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.act import Act, Outcome, require_new
from registry.domain.changed import changed
from registry.domain.report import Report
from registry.domain.shape import integer, listed, one_of, optional
from registry.domain.standard import Purpose
from registry.domain.timing import day_of
from registry.errors import RefusedError, require

PHASES = frozenset({"closing", "holding", "preparation"})
METHODS = frozenset({"institution", "own", "platform"})
NEUTRALITIES = frozenset({"both", "organiser", "participants"})
MODES = frozenset({"institution", "platform", "self"})
SCALE_MAX = 1_000_000_000

CONFIRMING: Mapping[str, tuple[str, ...]] = {
    "institution": ("validator", "verifier"),
    "platform": ("operator",),
    "self": (),
}
"""By mode, which role whoever confirms has; by itself an organiser needs none."""

Phases = Annotated[tuple[str, ...], listed(one_of(PHASES), 1, len(PHASES))]
Method = Annotated[str, one_of(METHODS)]
Neutrality = Annotated[str, one_of(NEUTRALITIES)]
Mode = Annotated[str, one_of(MODES)]
Codes = Annotated[tuple[str, ...], listed(shape.code, 0, 16)]
Scale = Annotated[int | None, optional(integer(1, SCALE_MAX))]
Number = Annotated[str, shape.stream_of("certificate")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """The organiser files the registration form, of which `form` is the SHA-256; names and contact are commitments.

    `organisers` commits to an array of the hosts' names; `scale` is how many take part; `due` the day by which it is
    to be neutral. Source: 四川省大型活动碳中和登记表.
    """

    kind: ClassVar = "activity.filed.v1"
    consults: ClassVar = ()
    organiser: shape.Account
    form: shape.Digest
    name: shape.Commitment
    organisers: shape.OptionalCommitment
    category: Purpose
    begins: shape.Day
    ends: shape.Day
    place: shape.Place
    scale: Scale
    boundary: Phases
    expected_g: shape.Grams
    method: Method
    neutrality: Neutrality
    offsets: Codes
    planned_g: shape.Grams
    due: shape.Day
    contact: shape.OptionalCommitment
    confirmation: Mode
    plan: shape.OptionalDigest


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The competent authority has received the form, under a number of its own."""

    kind: ClassVar = "activity.received.v1"
    consults: ClassVar = ("account organiser",)
    means: shape.Means
    authority: shape.Account
    organiser: shape.Account
    receipt: shape.Reference
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted:
    """What was emitted, as the organiser states it; `report` is the SHA-256 of the account. The last one counts."""

    kind: ClassVar = "activity.accounted.v1"
    consults: ClassVar = ()
    organiser: shape.Account
    emissions_g: shape.Grams
    method: Method
    report: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuresStated:
    """What was done to emit less."""

    kind: ClassVar = "activity.measures_stated.v1"
    consults: ClassVar = ()
    organiser: shape.Account
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """What a certificate stands for offsets this activity; its holder agrees, in the certificate's own stream."""

    kind: ClassVar = "activity.offset.v1"
    consults: ClassVar = ()
    organiser: shape.Account
    certificate: Number
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetLost:
    """A certificate that offsets this activity is annulled in the same act: what was concluded has to be so anew."""

    kind: ClassVar = "activity.offset_lost.v1"
    consults: ClassVar = ()
    certificate: Number
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """Whoever confirms says that it came to what follows from all that stands here; a certificate says so, too."""

    kind: ClassVar = "activity.confirmed.v1"
    consults: ClassVar = ("account organiser",)
    organiser: shape.Account
    confirmer: shape.Account
    mode: Mode
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The authority has published it, in a list that was accepted."""

    kind: ClassVar = "activity.published.v1"
    consults: ClassVar = ("report report",)
    authority: shape.Account
    report: Annotated[str, shape.stream_of("report")]


Event = Filed | Received | Accounted | MeasuresStated | Offset | OffsetLost | Confirmed | Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """An activity; `offsets` are the grams of each certificate that offsets it."""

    name: str = ""
    status: str = "blank"
    """`blank`, `filed`, `confirmed` or `published`."""
    filed: int | None = None
    """The index of the entry that filed it."""
    organiser: str = ""
    category: str = ""
    ends: str = ""
    received: int | None = None
    emissions_g: int = 0
    """Accounted, or 0."""
    measures: bool = False
    offsets: "HashTrieMap[str, int]" = HashTrieMap()
    retired_g: int = 0
    conclusion: str = ""
    """`neutral` or `partial`, once confirmed."""


_BEFORE: frozenset[type] = frozenset({Received, Accounted, MeasuresStated, Offset, OffsetLost})
FOLLOWS: Mapping[str, frozenset[type]] = {
    "blank": frozenset({Filed}),
    "filed": _BEFORE | {Confirmed},
    "confirmed": frozenset({Received, OffsetLost, Published}),
    "published": frozenset({OffsetLost}),
}


def judge(state: Activity, event: Event, act: Act) -> Outcome:
    """What comes of `event`: of a form, whether it is late; of a confirmation, what it confirms.

    Raises:
        RefusedError: `out_of_order`, `wrong_id`, `ends_before_it_begins`, `not_the_organiser`, `wrong_entry_meant`,
            `own_account`, `already_received`, `offset_before`, `not_an_offset`, `wrong_amount`, `not_yet_happened`,
            `role_missing`, `not_accounted`, `nothing_retired`, `report_not_accepted`.
    """
    if type(event) not in FOLLOWS[state.status]:
        raise RefusedError("out_of_order", stream=state.name, status=state.status, kind=event.kind)
    if not isinstance(event, Filed | OffsetLost | Published):
        same = event.organiser == state.organiser
        told = {"account": event.organiser, "organiser": state.organiser}
        require(same, "not_the_organiser", **told)
    match event:
        case Filed():
            require_new(act, state.name)
            ordered = event.begins <= event.ends
            require(ordered, "ends_before_it_begins", begins=event.begins, ends=event.ends)
            return {"late": day_of(act.at_us).isoformat() >= event.begins}
        case Received():
            _check_received(state, event, act)
        case Accounted() | MeasuresStated():
            pass
        case Offset():
            new = event.certificate not in state.offsets
            require(new, "already_assigned", certificate=event.certificate, assigned=state.name)
        case OffsetLost():
            lost_g = state.offsets.get(event.certificate)
            require(lost_g is not None, "not_an_offset", certificate=event.certificate)
            same = event.amount_g == lost_g
            require(same, "wrong_amount", amount_g=event.amount_g, offset_g=lost_g)
        case Confirmed():
            return _confirmed(state, event, act)
        case Published():
            accepted = act.state(event.report, Report).status == "accepted"
            require(accepted, "report_not_accepted", report=event.report)
        case _:
            assert_never(event)
    return None


def evolve(state: Activity, event: Event, outcome: Outcome, index: int) -> Activity:
    """The state after `event`, which was judged."""
    match event:
        case Filed():
            after = changed(state, status="filed", filed=index, organiser=event.organiser)
            after = changed(after, category=event.category, ends=event.ends)
        case Received():
            after = changed(state, received=index)
        case Accounted():
            after = changed(state, emissions_g=event.emissions_g)
        case MeasuresStated():
            after = changed(state, measures=True)
        case Offset():
            offsets = state.offsets.insert(event.certificate, event.amount_g)
            after = changed(state, offsets=offsets, retired_g=state.retired_g + event.amount_g)
        case OffsetLost():
            offsets = state.offsets.remove(event.certificate)
            after = changed(state, offsets=offsets, retired_g=state.retired_g - event.amount_g)
            after = changed(after, status="filed", conclusion="")
        case Confirmed():
            assert outcome is not None
            after = changed(state, status="confirmed", conclusion=outcome["kind"])
        case Published():
            after = changed(state, status="published")
        case _:
            assert_never(event)
    return after


def _check_received(state: Activity, event: Received, act: Act) -> None:
    meant = event.means[0]
    require(meant == state.filed, "wrong_entry_meant", meant=meant, expected=state.filed)
    told = {"activity": state.name, "received": state.received}
    require(state.received is None, "already_received", **told)
    _check_stranger(event.authority, event.organiser, act)


def _check_stranger(signer: str, organiser: str, act: Act) -> None:
    """Nobody is in office towards an activity of their own."""
    controllers = {act.consulted[account].controller for account in (signer, organiser)}
    own = signer == organiser or len(controllers) == 1
    require(not own, "own_account", account=organiser, officer=signer)


def _confirmed(state: Activity, event: Confirmed, act: Act) -> Mapping[str, Any]:
    """What the activity came to, by what stands here."""
    today = day_of(act.at_us).isoformat()
    require(state.ends <= today, "not_yet_happened", ends=state.ends, today=today)
    roles = CONFIRMING[event.mode]
    if roles:
        registry = act.consulted["registry"]
        has = any(registry.has(event.confirmer, role) for role in roles)
        require(has, "role_missing", account=event.confirmer, role=list(roles))
        _check_stranger(event.confirmer, event.organiser, act)
    else:
        own = event.confirmer == state.organiser
        told = {"account": event.confirmer, "organiser": state.organiser}
        require(own, "not_the_organiser", **told)
    require(state.emissions_g > 0, "not_accounted", activity=state.name)
    require(state.retired_g > 0, "nothing_retired", activity=state.name)
    return conclusion(
        emissions_g=state.emissions_g, retired_g=state.retired_g, measures=state.measures
    )


def conclusion(*, emissions_g: int, retired_g: int, measures: bool) -> Mapping[str, Any]:
    """What an activity comes to: carbon neutral or offset in part, and by how much.

    Args:
        emissions_g: what it emitted, above 0.
        retired_g: what offsets it.
        measures: whether it is stated what was done to emit less.
    """
    neutral = measures and retired_g >= emissions_g
    return {
        "emissions_g": emissions_g,
        "kind": "neutral" if neutral else "partial",
        "percent_hundredths": min(10_000, retired_g * 10_000 // emissions_g),
        "retired_g": retired_g,
        "surplus_g": max(0, retired_g - emissions_g),
    }
