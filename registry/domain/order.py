"""A restoration order (替代性生态修复): a court or an agency has somebody retire credits for what they destroyed.

    registered -> bought for -> performed in part, or enforced after default -> performed -> confirmed by the court
    amended (改判), the obligor substituted, defaulted; withdrawn: what is locked is released, and nothing else

What is bought is locked for the order in the same act, so that nobody sells it twice. An order counts in grams or in
yuan: then a lot counts for what it cost, in fen, as far as it is retired.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.account import Account, require_free
from registry.domain.act import Act, Outcome, require_new
from registry.domain.changed import changed
from registry.domain.project import Project
from registry.domain.roles import Registry
from registry.domain.shape import integer, listed, one_of, optional
from registry.domain.standard import Standard
from registry.domain.timing import day_of
from registry.errors import RefusedError, require
from registry.names import STANDARD

ISSUERS: Mapping[str, frozenset[str]] = {
    "administrative_decision": frozenset({"authority"}),
    "judgment": frozenset({"court"}),
    "low_carbon_order": frozenset({"court", "procuratorate"}),
    "mediation": frozenset({"court", "procuratorate"}),
}
"""Upon which basis an order stands, and which roles can give one: judgment, mediation, 低碳行为令, decision."""
COURTS = ("court", "authority", "procuratorate")
STANDARDS_MAX = 16
REGIONS_MAX = 16
INSTALMENTS_MAX = 24

_stream_of_batch = shape.stream_of("batch")
FEN_MAX = 10**15
"""More than any order, so that what a case comes to together is no more than an integer holds."""

_positive = integer(1, shape.GRAMS_MAX)


def _instalments(value: object) -> tuple[tuple[str, int], ...]:
    """[[day, how much is due by its end], …], each day once, in order."""
    read: tuple[tuple[str, int], ...]
    read = listed(shape.pair(shape.day, _positive), 0, INSTALMENTS_MAX)(value)
    apart = all(one[0] < other[0] for one, other in pairwise(read))
    require(apart, "malformed", why="instalments_one_day")
    return read


Basis = Annotated[str, one_of(frozenset(ISSUERS))]
Batch = Annotated[str, _stream_of_batch]
OptionalFen = Annotated[int | None, optional(integer(1, FEN_MAX))]
"""Hundredths of a yuan."""
Standards = Annotated[tuple[str, ...], listed(shape.code, 1, STANDARDS_MAX)]
Regions = Annotated[tuple[str, ...], listed(shape.place, 0, REGIONS_MAX)]
Instalments = Annotated[tuple[tuple[str, int], ...], _instalments]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A court or agency has a case entered: who must restore how much, of which credits, by when.

    `number` (案号) and `obligor` are commitments, `document` the SHA-256 of the judgment or decision; `account` is the
    case's own, into which the obligor or an `agent` buys. Exactly one of `amount_g` and `amount_fen` is there. No
    `regions` means any.
    """

    kind: ClassVar = "order.registered.v1"
    consults: ClassVar = ("account agent",)
    court: shape.Account
    basis: Basis
    number: shape.Commitment
    document: shape.Digest
    obligor: shape.Commitment
    agent: shape.OptionalAccount
    account: shape.Account
    amount_g: shape.OptionalGrams
    amount_fen: OptionalFen
    standards: Standards
    regions: Regions
    deadline: shape.Day
    instalments: Instalments


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """Grams of `seller` are locked for the order, in `batch`, in the same act; `buyer` is the case's account or agent.

    `project` is where they come from, if the order asks for regions; `cost_fen` what was paid, if it counts in yuan.
    """

    kind: ClassVar = "order.bought.v1"
    consults: ClassVar = ("project project",)
    account: shape.Account
    buyer: shape.Account
    seller: shape.Account
    batch: Batch
    standard: shape.Code
    project: Annotated[str | None, optional(shape.stream_of("project"))]
    amount_g: shape.Grams
    cost_fen: OptionalFen


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """Grams that were bought are retired for the order, by the case's own account; `certificate` says so (履行证明)."""

    kind: ClassVar = "order.performed.v1"
    consults: ClassVar = ()
    account: shape.Account
    amount_g: shape.Grams
    certificate: Annotated[str, shape.stream_of("certificate")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforced:
    """After default, the court itself retires what was bought."""

    kind: ClassVar = "order.enforced.v1"
    consults: ClassVar = ("account account",)
    court: shape.Account
    account: shape.Account
    amount_g: shape.Grams
    certificate: Annotated[str, shape.stream_of("certificate")]
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """Another judgment sets other terms (改判); `means` is the entry that set those in force until now."""

    kind: ClassVar = "order.amended.v1"
    consults: ClassVar = ()
    court: shape.Account
    means: shape.Means
    document: shape.Digest
    amount_g: shape.OptionalGrams
    amount_fen: OptionalFen
    deadline: shape.Day
    instalments: Instalments


@dataclass(frozen=True, slots=True, kw_only=True)
class Substituted:
    """Somebody else must perform from now on, with another agent or none; `means` as of `Amended`."""

    kind: ClassVar = "order.substituted.v1"
    consults: ClassVar = ("account agent",)
    court: shape.Account
    means: shape.Means
    obligor: shape.Commitment
    agent: shape.OptionalAccount
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaulted:
    """The court finds that the terms, set by the entry `means`, were not kept: it may enforce from now on."""

    kind: ClassVar = "order.defaulted.v1"
    consults: ClassVar = ()
    court: shape.Account
    means: shape.Means
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The court takes the order back; `means` as of `Amended`. What was retired stays so, the rest may be released."""

    kind: ClassVar = "order.withdrawn.v1"
    consults: ClassVar = ()
    court: shape.Account
    means: shape.Means
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The court confirms that all was performed; `means` is the last performance."""

    kind: ClassVar = "order.confirmed.v1"
    consults: ClassVar = ()
    court: shape.Account
    means: shape.Means
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """After withdrawal or confirmation, what is still locked goes to the case's account; `means` is the lock."""

    kind: ClassVar = "order.released.v1"
    consults: ClassVar = ()
    court: shape.Account
    account: shape.Account
    batch: Batch
    means: shape.Means
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Grams that were bought are cancelled, in the same act, for nobody's benefit; `means` is the lock."""

    kind: ClassVar = "order.lost.v1"
    consults: ClassVar = ()
    account: shape.Account
    batch: Batch
    means: shape.Means
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The case is over, and nothing is locked for it."""

    kind: ClassVar = "order.closed.v1"
    consults: ClassVar = ()
    court: shape.Account
    account: shape.Account


Decision = Amended | Substituted | Defaulted | Withdrawn | Confirmed
"""What the court says of an order after its registration."""
Performance = Performed | Enforced
Event = Registered | Bought | Performance | Decision | Released | Lost | Closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is owed: in `unit` "g" or "fen", by when, and in which instalments; set by entry `entry`."""

    entry: int
    unit: str
    amount: int
    deadline: str
    instalments: tuple[tuple[str, int], ...] = ()

    def due(self, today: str) -> int:
        """How much must have been performed by the end of the day before `today`."""
        if self.deadline < today:
            return self.amount
        return sum(amount for day, amount in self.instalments if day < today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """What one purchase locked: how many grams and for how much, and what became of them."""

    standard: str
    amount_g: int
    cost_fen: int
    left_g: int
    performed_g: int = 0

    @property
    def performed_fen(self) -> int:
        """What the retired part of the lot cost, whole fen."""
        return self.cost_fen * self.performed_g // self.amount_g


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order, its terms, and what was done under them; `lots` are its purchases, by batch and index of the lock."""

    name: str = ""
    status: str = "blank"
    basis: str = ""
    court: str = ""
    account: str = ""
    agent: str | None = None
    terms: Terms | None = None
    standards: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    lots: "HashTrieMap[tuple[str, int], Lot]" = HashTrieMap()
    performed_in: int | None = None
    """The index of the last performance."""
    defaulted: int | None = None
    """The index of the finding that the terms in force were not kept."""

    @property
    def performed(self) -> int:
        """How much was performed, in the unit of the terms."""
        if self.terms is not None and self.terms.unit == "fen":
            return sum(lot.performed_fen for lot in self.lots.values())
        return self.performed_g

    @property
    def performed_g(self) -> int:
        """How many grams were retired for the order."""
        return sum(lot.performed_g for lot in self.lots.values())

    @property
    def locked_g(self) -> int:
        """How many grams are still locked for the order."""
        return sum(lot.left_g for lot in self.lots.values())

    def overdue(self, today: str) -> int:
        """How much should have been performed by the end of the day before `today` and was not."""
        due = 0 if self.terms is None else self.terms.due(today)
        return max(0, due - self.performed)


FOLLOWS: dict[str, frozenset[type]] = {
    "blank": frozenset({Registered}),
    "registered": frozenset(
        {
            Bought,
            Performed,
            Enforced,
            Amended,
            Substituted,
            Defaulted,
            Withdrawn,
            Confirmed,
            Lost,
        }
    ),
    "confirmed": frozenset({Released, Lost, Closed}),
    "withdrawn": frozenset({Released, Lost, Closed}),
    "closed": frozenset(),
}


def judge(state: Order, event: Event, act: Act) -> Outcome:
    """What comes of `event`; of a performance, the lots that it used, and how much is performed with it.

    Raises:
        RefusedError: `out_of_order`, `wrong_id`, `role_missing`, `account_not_open`, `bad_terms`, `not_the_court`,
            `not_the_case_account`, `not_the_buyer`, `wrong_standard`, `outside_regions`, `wrong_project`,
            `cost_missing`, `account_frozen`, `not_bought`, `insufficient_holding`, `wrong_amount`,
            `wrong_ground`, `beneficiary_named`, `not_defaulted`, `claim_not_accepted`, `wrong_entry_meant`,
            `not_overdue`, `not_performed`, `grams_locked`.
    """
    lawful = type(event) in FOLLOWS[state.status]
    require(lawful, "out_of_order", stream=state.name, status=state.status, kind=event.kind)
    if isinstance(event, Registered):
        _check_registered(state, event, act)
        return None
    _check_named(state, event)
    match event:
        case Bought():
            _check_bought(state, event, act)
        case Performed() | Enforced():
            return _performed(state, event, act)
        case Amended() | Substituted() | Defaulted() | Withdrawn() | Confirmed():
            _check_decided(state, event, act)
        case Released() | Lost():
            _lot(state, event.batch, event.means[0], event.amount_g)
        case Closed():
            require(state.locked_g == 0, "grams_locked", locked_g=state.locked_g)
        case _:
            assert_never(event)
    return None


def evolve(state: Order, event: Event, outcome: Outcome, index: int) -> Order:
    """The state after `event`, which was judged."""
    match event:
        case Registered():
            return changed(
                state,
                status="registered",
                basis=event.basis,
                court=event.court,
                account=event.account,
                agent=event.agent,
                terms=_terms(event, index),
                standards=event.standards,
                regions=event.regions,
            )
        case Bought():
            lot = Lot(
                standard=event.standard,
                amount_g=event.amount_g,
                cost_fen=event.cost_fen or 0,
                left_g=event.amount_g,
            )
            return changed(state, lots=state.lots.insert((event.batch, index), lot))
        case Performed() | Enforced():
            assert outcome is not None
            return changed(_used(state, outcome["lots"]), performed_in=index)
        case Released() | Lost():
            lot = state.lots[event.batch, event.means[0]]
            less = changed(lot, left_g=lot.left_g - event.amount_g)
            return changed(state, lots=state.lots.insert((event.batch, event.means[0]), less))
        case Closed():
            return changed(state, status="closed")
        case Amended() | Substituted() | Defaulted() | Withdrawn() | Confirmed():
            return _decided(state, event, index)
        case _:
            assert_never(event)


def _decided(state: Order, event: Decision, index: int) -> Order:
    match event:
        case Amended():
            # Other terms have not been broken yet.
            return changed(state, terms=_terms(event, index), defaulted=None)
        case Substituted():
            return changed(state, agent=event.agent)
        case Defaulted():
            return changed(state, defaulted=index)
        case Withdrawn():
            return changed(state, status="withdrawn")
        case Confirmed():
            return changed(state, status="confirmed")
        case _:
            assert_never(event)


def lies_in(place: str, region: str) -> bool:
    """Whether a place is in a region: the same, or below a province (510000) or a city (510100).

    Source: GB/T 2260: two digits each for province, city, county; 00 where there is none.
    """
    own = region[:2] if region.endswith("0000") else region[:4] if region.endswith("00") else region
    return place.startswith(own)


def _check_registered(state: Order, event: Registered, act: Act) -> None:
    require_new(act, state.name)
    log = act.state("registry", Registry)
    able = any(log.has(event.court, role) for role in ISSUERS[event.basis])
    role = "/".join(sorted(ISSUERS[event.basis]))
    require(able, "role_missing", account=event.court, role=role)
    # The account is its own agent without being named, and stands in this act, where its state is not ours to see.
    apart = event.agent != event.account
    require(apart, "bad_terms", why="agent_is_the_case")
    _check_agent(event.agent, act)
    _check_terms(event)


def _check_agent(agent: str | None, act: Act) -> None:
    if agent is not None:
        require(act.state(agent, Account).is_open, "account_not_open", account=agent)


def _check_terms(event: Registered | Amended) -> None:
    """What is owed is in one unit; its instalments add up to it, and the last is due by the deadline."""
    alone = (event.amount_g is None) != (event.amount_fen is None)
    require(alone, "bad_terms", why="exactly_one", choices=["amount_g", "amount_fen"])
    if event.instalments:
        amount = event.amount_g or event.amount_fen
        due = sum(part for _, part in event.instalments)
        require(
            due == amount, "bad_terms", why="instalments_of_another_sum", amount=amount, due=due
        )
        last = event.instalments[-1][0]
        in_time = last <= event.deadline
        require(in_time, "bad_terms", why="instalment_late", day=last)


def _terms(event: Registered | Amended, index: int) -> Terms:
    unit = "fen" if event.amount_g is None else "g"
    amount = event.amount_g or event.amount_fen
    assert amount is not None
    return Terms(
        entry=index,
        unit=unit,
        amount=amount,
        deadline=event.deadline,
        instalments=event.instalments,
    )


def _check_named(
    state: Order, event: Bought | Performance | Decision | Released | Lost | Closed
) -> None:
    """Return if the court and the account that `event` names are the order's."""
    if not isinstance(event, Bought | Performed | Lost):
        same = event.court == state.court
        require(same, "not_the_court", court=event.court, expected=state.court)
    if isinstance(event, Bought | Performed | Enforced | Released | Lost | Closed):
        same = event.account == state.account
        require(same, "not_the_case_account", account=event.account, expected=state.account)


def _check_bought(state: Order, event: Bought, act: Act) -> None:
    able = event.buyer in (state.account, state.agent)
    require(able, "not_the_buyer", buyer=event.buyer, account=state.account, agent=state.agent)
    fit = event.standard in state.standards
    require(fit, "wrong_standard", standard=event.standard, expected=state.standards)
    # Now, not when the money is spent and the grams are locked.
    claims = act.state(f"{STANDARD}{event.standard}", Standard).claims
    told = {"purpose": "restoration", "standard": event.standard}
    require("restoration" in claims, "claim_not_accepted", **told)
    ((_, locked),) = [(made, came) for made, came in act.outcomes if made.kind == "batch.locked.v1"]
    assert locked is not None
    born = locked["project"]
    if event.project is not None:
        require(event.project == born, "wrong_project", project=event.project, expected=born)
    if state.regions:
        _check_region(state.regions, event.project, act)
    terms = state.terms
    assert terms is not None
    paid = terms.unit == "g" or event.cost_fen is not None
    require(paid, "cost_missing", order=state.name)


def _check_region(regions: tuple[str, ...], project: str | None, act: Act) -> None:
    if project is None:
        raise RefusedError("outside_regions", project=None, regions=regions)
    place = act.state(project, Project).place
    inside = any(lies_in(place, region) for region in regions)
    require(inside, "outside_regions", project=project, place=place, regions=regions)


def _performed(state: Order, event: Performance, act: Act) -> Mapping[str, Any]:
    if isinstance(event, Enforced):
        require(state.defaulted is not None, "not_defaulted", order=state.name)
    require_free(act.state(state.account, Account), order=state.name)
    used = [
        (part.stream, made.means[0], made.amount_g)
        for part in act.parts
        for made in part.events
        if made.kind == "batch.lock_retired.v1"
    ]
    for batch, lock, amount_g in used:
        _lot(state, batch, lock, amount_g)
    used_g = sum(amount_g for _, _, amount_g in used)
    require(event.amount_g == used_g, "wrong_amount", amount_g=event.amount_g, units_g=used_g)
    _check_certificate(state, act)
    assert state.terms is not None
    return {
        "lots": tuple(used),
        f"performed_{state.terms.unit}": _used(state, used).performed,
    }


def _check_certificate(state: Order, act: Act) -> None:
    """Return if the certificate says what it is for, and that nobody but the public benefits."""
    (stated,) = act.of_kind("certificate.issued.v1")
    decided = state.basis == "administrative_decision"
    ground = "administrative_order" if decided else "court_order"
    same = (stated.ground, stated.purpose) == (ground, "restoration")
    told = {"ground": stated.ground, "purpose": stated.purpose, "expected": ground}
    require(same, "wrong_ground", **told)
    common = stated.beneficiary is None
    require(common, "beneficiary_named", order=state.name)


def _lot(state: Order, batch: str, lock: int, amount_g: int) -> Lot:
    """The lot of `batch` that entry `lock` locked, of which `amount_g` are left."""
    lot = state.lots.get((batch, lock))
    if lot is None:
        raise RefusedError("not_bought", batch=batch, lock=lock)
    enough = amount_g <= lot.left_g
    require(enough, "insufficient_holding", held_g=lot.left_g, amount_g=amount_g, batch=batch)
    return lot


def _used(state: Order, used: Iterable[tuple[str, int, int]]) -> Order:
    lots = state.lots
    for batch, lock, amount_g in used:
        lot = lots[batch, lock]
        after = changed(lot, left_g=lot.left_g - amount_g, performed_g=lot.performed_g + amount_g)
        lots = lots.insert((batch, lock), after)
    return changed(state, lots=lots)


def _check_decided(state: Order, event: Decision, act: Act) -> None:
    terms = state.terms
    assert terms is not None
    meant = event.means[0]
    expected = state.performed_in if isinstance(event, Confirmed) else terms.entry
    if isinstance(event, Confirmed):
        done = state.performed >= terms.amount
        told = {f"performed_{terms.unit}": state.performed, f"amount_{terms.unit}": terms.amount}
        require(done, "not_performed", **told)
    require(meant == expected, "wrong_entry_meant", meant=meant, expected=expected)
    match event:
        case Amended():
            _check_terms(event)
            same = (event.amount_fen is None) == (terms.unit == "g")
            require(same, "bad_terms", why="unit_changed", unit=terms.unit)
        case Substituted():
            apart = event.agent != state.account
            require(apart, "bad_terms", why="agent_is_the_case")
            _check_agent(event.agent, act)
        case Defaulted():
            today = day_of(act.at_us).isoformat()
            late = state.overdue(today) > 0
            require(late, "not_overdue", order=state.name, deadline=terms.deadline, today=today)
        case Withdrawn() | Confirmed():
            pass
        case _:
            assert_never(event)
