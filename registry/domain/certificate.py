"""A certificate: what a retirement was for, and what was said of it since. The number is the stream's id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, assert_never

from registry.domain import shape
from registry.domain.account import Account, KeyLife
from registry.domain.act import Act, Outcome, require_new
from registry.domain.batch import DEPOSITED, Retired, RetirementImported
from registry.domain.shape import one_of
from registry.domain.standard import Purpose, Standard
from registry.domain.timing import Days, day_of, days_of_month, verdicts
from registry.errors import RefusedError, require

ORDERED = frozenset({"administrative_order", "court_order"})
GROUNDS = ORDERED | {"tree_planting", "voluntary"}

Ground = Annotated[str, one_of(frozenset(GROUNDS))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What the retirement in the same act is for (注销证明). Names stand as commitments.

    `period` is the period claimed, nil where none is stated; `organisers` commits to an array of names.
    """

    kind: ClassVar = "certificate.issued.v1"
    consults: ClassVar = ()
    purpose: Purpose
    period: shape.OptionalPeriod
    place: shape.OptionalPlace
    ground: Ground
    public: shape.Flag
    activity: shape.OptionalCommitment
    organisers: shape.OptionalCommitment
    beneficiary: shape.OptionalCommitment
    purchaser: shape.OptionalCommitment
    agent: shape.OptionalCommitment


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeCancelled:
    """Deposited units behind the certificate are now cancelled at home, too; `means` is the certificate's first entry.

    `reference` is the home registry's number of that cancellation, `document` the SHA-256 of its proof.
    """

    kind: ClassVar = "certificate.home_cancelled.v1"
    consults: ClassVar = ()
    standard: shape.Code
    reference: shape.Reference
    day: shape.Day
    document: shape.Digest
    means: shape.Means


Event = Issued | HomeCancelled
Used = tuple[Retired | RetirementImported, Mapping[str, Any]]
"""A retirement, and what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate; `home` are the standards of which the home cancellation is still to be shown."""

    name: str = ""
    issued: int | None = None
    """The index of the entry that issued it."""
    holder: str = ""
    amount_g: int = 0
    home: frozenset[str] = frozenset()


def judge(state: Certificate, event: Event, act: Act) -> Outcome:
    """What comes of `event`; of an issue: amount, holder, what of the holder's key, what is final, and verdicts.

    Raises:
        RefusedError: `certificate_exists`, `wrong_id`, `order_needed`, `claim_not_accepted`, `out_of_order`,
            `not_awaited`, `wrong_entry_meant`, `not_yet_happened`.
    """
    match event:
        case Issued():
            return _issued(state, event, act)
        case HomeCancelled():
            if state.issued is None:
                raise RefusedError("out_of_order", stream=state.name, kind=event.kind)
            awaited = event.standard in state.home
            require(awaited, "not_awaited", standard=event.standard, awaited=sorted(state.home))
            meant = event.means[0]
            same = meant == state.issued
            require(same, "wrong_entry_meant", meant=meant, expected=state.issued)
            check_cancelled(event, at_us=act.at_us)
            return None
        case _:
            assert_never(event)


def evolve(state: Certificate, event: Event, outcome: Outcome, index: int) -> Certificate:
    """The state after `event`, which was judged."""
    match event:
        case Issued():
            assert outcome is not None
            return replace(
                state,
                issued=index,
                holder=outcome["holder"],
                amount_g=outcome["amount_g"],
                home=frozenset(outcome["home"]),
            )
        case HomeCancelled():
            return replace(state, home=state.home - {event.standard})
        case _:
            assert_never(event)


def outcome_of(
    event: Issued, used: Sequence[Used], *, at_us: int, custodial: bool, recovered: bool
) -> Mapping[str, Any]:
    """What an issue comes to, which follows from its act alone but for `custodial` and `recovered`.

    Args:
        event: the certificate.
        used: the retirements in the same act, with their outcomes.
        at_us: the time of the act.
        custodial: whether the holder signed with a key that the operator keeps.
        recovered: whether that key came by recovery.
    """
    found = [
        verdict
        for retired, came in used
        for verdict in verdicts(
            event.purpose, event.period, came["period"], _judged(retired, at_us)
        )
    ]
    return {
        "amount_g": sum(retired.amount_g for retired, _ in used),
        "custodial": custodial,
        "holder": used[0][0].holder,
        "home": sorted({retired.standard for retired, came in used if came["origin"] == DEPOSITED}),
        "recovered": recovered,
        "verdicts": tuple(dict.fromkeys(found)),
    }


def _issued(state: Certificate, event: Issued, act: Act) -> Mapping[str, Any]:
    require(state.issued is None, "certificate_exists", certificate=state.name)
    require_new(act, state.name)
    used = list(act.outcomes_of(Retired, RetirementImported))
    for retired, _ in used:
        if isinstance(retired, Retired):
            check_ground(event)
            standard = act.state(f"standard/{retired.standard}", Standard)
            accepted = event.purpose in standard.claims
            require(accepted, "claim_not_accepted", purpose=event.purpose, standard=standard.code)
    life = _life_of_key(used[0][0].holder, act)
    return outcome_of(
        event, used, at_us=act.at_us, custodial=life.custodial, recovered=life.recovered
    )


def _life_of_key(holder: str, act: Act) -> KeyLife:
    """The life of the key with which `holder` signs this act."""
    return act.state(holder, Account).keys[act.keys[holder]]


def check_cancelled(event: HomeCancelled, *, at_us: int) -> None:
    """Return if the home cancellation has happened by the time that it is shown.

    Raises:
        RefusedError: `not_yet_happened`.
    """
    today = day_of(at_us).isoformat()
    require(event.day <= today, "not_yet_happened", day=event.day, today=today)


def check_ground(event: Issued) -> None:
    """Return if the ground is one for today; what an order asks for has forms of its own, still to come.

    Raises:
        RefusedError: `order_needed`.
    """
    ordered = event.ground in ORDERED or event.purpose == "restoration"
    require(not ordered, "order_needed", ground=event.ground, purpose=event.purpose)


def _judged(retired: Retired | RetirementImported, at_us: int) -> Days:
    if isinstance(retired, RetirementImported):
        return days_of_month(retired.month)
    today = day_of(at_us)
    return today, today
