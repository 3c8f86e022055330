"""A project: declared, validated, registered; what was verified of it, and what was issued against that."""

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import batch, shape
from registry.domain.account import Account
from registry.domain.act import Act, Outcome, require_new
from registry.domain.changed import changed
from registry.domain.conduct import check_standing
from registry.domain.shape import listed, matching
from registry.domain.standard import DocumentEntered, Standard, require_not_withdrawn
from registry.domain.timing import day_of
from registry.errors import require
from registry.names import STANDARD

EXCLUDED = ("CCER", "CDM", "GEC", "PHCER", "VCS")
"""Where the same reductions must not be counted too: CCER, CDM, green certificates (绿证), other 碳普惠, VCS."""

_METHOD = re.compile(r"[A-Z0-9](?:[A-Z0-9.-]{0,30}[A-Z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A project is put forward by its owner, who declares its boundary and where it is not registered.

    `boundary` is the SHA-256 of the boundary's document; `excluded` the mechanisms that the owner says it is not in.
    """

    kind: ClassVar = "project.listed.v1"
    consults: ClassVar = ("standard standard", "conduct owner")
    owner: shape.Account
    standard: shape.Code
    method: Annotated[str, matching(_METHOD, "method_expected")]
    place: shape.Place
    crediting: shape.Period
    boundary: shape.Digest
    excluded: Annotated[
        tuple[str, ...],
        listed(matching(re.compile(r"[A-Z]{2,8}", re.ASCII), "mechanism_expected"), 0, 16),
    ]
    name: shape.Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """A validation body has found the project to be as its method demands (审定)."""

    kind: ClassVar = "project.validated.v1"
    consults: ClassVar = ()
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An officer enters the project in the registry."""

    kind: ClassVar = "project.registered.v1"
    consults: ClassVar = ()
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Another body has verified the reductions of one monitoring period (核查)."""

    kind: ClassVar = "project.verified.v1"
    consults: ClassVar = ()
    period: shape.Period
    amount_g: shape.Grams
    report: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Verified reductions become the batch `batch`."""

    kind: ClassVar = "project.issued.v1"
    consults: ClassVar = ()
    batch: Annotated[str, shape.stream_of("batch")]
    period: shape.Period
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """The project stands still: nothing is verified of it, nor issued."""

    kind: ClassVar = "project.suspended.v1"
    consults: ClassVar = ()
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstated:
    """The project goes on where it stood; `means` is its suspension."""

    kind: ClassVar = "project.reinstated.v1"
    consults: ClassVar = ()
    means: shape.Means
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The project ends. What was issued of it is its holders'."""

    kind: ClassVar = "project.cancelled.v1"
    consults: ClassVar = ()
    document: shape.Digest


Event = Listed | Validated | Registered | Verified | Issued | Suspended | Reinstated | Cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """What one monitoring period gave: verified by whom, and what of it became credits."""

    verifier: str
    verified_g: int
    issued_g: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project, as far as it has come."""

    name: str = ""
    status: str = "blank"
    owner: tuple[str, str] = ("", "")
    """The owner's account and its controller."""
    boundary: bytes = b""
    standard: str = ""
    crediting: tuple[str, str] = ("", "")
    validator: tuple[str, str] = ("", "")
    """The validation body's account and its controller."""
    monitored: "HashTrieMap[tuple[str, str], Monitoring]" = HashTrieMap()
    place: str = ""
    suspended: int | None = None
    """The index of the entry that suspended it, while it is."""
    stood: str = ""
    """While it is suspended, how far it had come."""


FOLLOWS: dict[str, frozenset[type]] = {
    "blank": frozenset({Listed}),
    "listed": frozenset({Validated, Suspended, Cancelled}),
    "validated": frozenset({Registered, Suspended, Cancelled}),
    "registered": frozenset({Verified, Issued, Suspended, Cancelled}),
    "suspended": frozenset({Reinstated, Cancelled}),
    "cancelled": frozenset(),
}


def judge(state: Project, event: Event, act: Act) -> Outcome:
    """What comes of `event`; of a validation or verification, the body and its controller.

    Raises:
        RefusedError: `out_of_order`, `wrong_id`, `not_recognised`, `foreign_standard`, `not_excluded`, `same_body`,
            `outside_crediting`, `not_yet_happened`, `period_overlaps`, `document_differs`, `not_verified`,
            `not_the_verifier`, `exceeds_verified`, `not_the_owner`, `wrong_standard`, `standard_withdrawn`,
            `forbidden_by_standing`, `wrong_entry_meant`.
    """
    lawful = type(event) in FOLLOWS[state.status]
    require(lawful, "out_of_order", stream=state.name, status=state.status, kind=event.kind)
    match event:
        case Listed():
            return _listed(state, event, act)
        case Validated():
            return _body(act, "validator", state.owner)
        case Registered():
            _check_document(state, state.boundary, act)
        case Verified():
            body = _body(act, "verifier", state.owner, state.validator)
            _check_verified(state, event, act)
            return body
        case Issued():
            _check_issued(state, event, act)
        case Reinstated():
            meant, expected = event.means[0], state.suspended
            require(meant == expected, "wrong_entry_meant", meant=meant, expected=expected)
        case Suspended() | Cancelled():
            pass
        case _:
            assert_never(event)
    return None


def evolve(state: Project, event: Event, outcome: Outcome, index: int) -> Project:
    """The state after `event`, which was judged."""
    match event:
        case Listed():
            assert outcome is not None
            return changed(
                state,
                status="listed",
                owner=(event.owner, outcome["controller"]),
                boundary=event.boundary,
                standard=event.standard,
                crediting=event.crediting,
                place=event.place,
            )
        case Validated():
            assert outcome is not None
            body = (outcome["body"], outcome["controller"])
            return changed(state, status="validated", validator=body)
        case Registered():
            return changed(state, status="registered")
        case Verified() | Issued():
            monitored = state.monitored.insert(event.period, _monitored(state, event, outcome))
            return changed(state, monitored=monitored)
        case Suspended():
            return changed(state, status="suspended", suspended=index, stood=state.status)
        case Reinstated() | Cancelled():
            status = "cancelled" if isinstance(event, Cancelled) else state.stood
            return changed(state, status=status, suspended=None, stood="")
        case _:
            assert_never(event)


def _monitored(state: Project, event: Verified | Issued, outcome: Outcome) -> Monitoring:
    """What the period of `event` came to with it."""
    if isinstance(event, Verified):
        assert outcome is not None
        return Monitoring(verifier=outcome["body"], verified_g=event.amount_g)
    before = state.monitored[event.period]
    return changed(before, issued_g=before.issued_g + event.amount_g)


def _listed(state: Project, event: Listed, act: Act) -> Outcome:
    require_new(act, state.name)
    standard = act.state(f"{STANDARD}{event.standard}", Standard)
    require(standard.is_recognised, "not_recognised", standard=event.standard)
    require(standard.home is None, "foreign_standard", standard=event.standard)
    require_not_withdrawn(standard)
    declared = event.excluded == EXCLUDED
    require(declared, "not_excluded", declared=event.excluded, expected=EXCLUDED)
    check_standing(act, event.owner, "list")
    return {"controller": act.state(event.owner, Account).controller}


def _body(act: Act, capacity: str, *others: tuple[str, str]) -> Outcome:
    """The body that signs, with its controller; neither may be that of the `others`."""
    account = act.by[capacity]
    controller = act.state(account, Account).controller
    for other, its_controller in others:
        independent = account != other and controller != its_controller
        require(independent, "same_body", capacity=capacity, body=account, other=other)
    return {"body": account, "controller": controller}


def _check_document(state: Project, document: bytes, act: Act) -> None:
    """The document that is used is entered in the project's own standard, where no other project can use it again."""
    entered = act.only(DocumentEntered)
    same = entered.document == document
    require(same, "document_differs", entered=entered.document.hex(), expected=document.hex())
    stream = act.stream_of(DocumentEntered)
    own = stream == f"{STANDARD}{state.standard}"
    require(own, "wrong_standard", standard=stream, expected=state.standard)


def _check_verified(state: Project, event: Verified, act: Act) -> None:
    first, last = event.period
    inside = state.crediting[0] <= first and last <= state.crediting[1]
    require(inside, "outside_crediting", period=event.period, crediting=state.crediting)
    today = day_of(act.at_us).isoformat()
    require(last <= today, "not_yet_happened", period=event.period, today=today)
    for known in state.monitored:
        apart = last < known[0] or known[1] < first
        require(apart, "period_overlaps", period=event.period, known=known)
    _check_document(state, event.report, act)


def _check_issued(state: Project, event: Issued, act: Act) -> None:
    require(event.period in state.monitored, "not_verified", period=event.period)
    monitoring = state.monitored[event.period]
    verifier = act.by["verifier"]
    own = verifier == monitoring.verifier
    require(own, "not_the_verifier", verifier=verifier, expected=monitoring.verifier)
    left_g = monitoring.verified_g - monitoring.issued_g
    require(event.amount_g <= left_g, "exceeds_verified", amount_g=event.amount_g, left_g=left_g)
    made = act.only(batch.Issued)
    owner = state.owner[0]
    require(made.holder == owner, "not_the_owner", holder=made.holder, owner=owner)
    same = made.standard == state.standard
    require(same, "wrong_standard", standard=made.standard, expected=state.standard)
