"""A certificate: what a retirement was for, and what was said of it since. The number is the stream's id.

blank -> issued         注销证明, of one retirement; shown out of a group; or in the place of another
      -> group          of one retirement for many: each of its rows is a certificate under a number of its own
      -> honour         荣誉证书, what a donor gave
      -> conclusion     碳中和证书 or 部分抵消, what an activity came to
issued -> replaced      the same grams, under another number
any    -> annulled      the grams stay retired
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, assert_never

from registry.domain import activity, shape
from registry.domain.account import Account
from registry.domain.act import Act, Outcome, require_new
from registry.domain.batch import DEPOSITED
from registry.domain.changed import changed
from registry.domain.shape import integer, one_of
from registry.domain.standard import Purpose, Standard
from registry.domain.timing import Days, day_of, days_of, days_of_month, verdicts
from registry.errors import RefusedError, require
from registry.names import CERTIFICATE, STANDARD

ORDERED = frozenset({"administrative_order", "court_order"})
GROUNDS = ORDERED | {"tree_planting", "voluntary"}
REASONS = frozenset({"error", "fraud", "judgment"})
ROW_BYTES_MAX = 256
ROW_PATH_MAX = 17
"""So many hashes lead from one of 131,072 rows to their root."""

RETIRED = "batch.retired.v1"
IMPORTED = "batch.retirement_imported.v1"
CLAIM_RETIRED = "batch.claim_retired.v1"
LOCK_RETIRED = "batch.lock_retired.v1"
RETIREMENTS = frozenset({RETIRED, IMPORTED, CLAIM_RETIRED, LOCK_RETIRED})
"""The kinds that use grams up, for the purpose that the certificate in the same act states."""

OFFSET_LOST = "activity.offset_lost.v1"
POLICY = "verdicts_forbidden"


def _row(value: object) -> bytes:
    """`value` if it may be a detached row."""
    fits = isinstance(value, bytes) and 0 < len(value) <= ROW_BYTES_MAX
    require(fits, "malformed", why="row_expected")
    assert isinstance(value, bytes)
    return value


def _path(value: object) -> bytes:
    """`value` if it may be hashes that lead from a row upwards."""
    fits = isinstance(value, bytes) and len(value) % 32 == 0 and len(value) <= 32 * ROW_PATH_MAX
    require(fits, "malformed", why="hashes_expected")
    assert isinstance(value, bytes)
    return value


Ground = Annotated[str, one_of(frozenset(GROUNDS))]
Reason = Annotated[str, one_of(REASONS)]
Number = Annotated[str, shape.stream_of("certificate")]
Activity = Annotated[str, shape.stream_of("activity")]
Row = Annotated[bytes, _row]
RowPath = Annotated[bytes, _path]
RowNumber = Annotated[int, integer(0, shape.ROWS_MAX - 1)]


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
class Shared:
    """What the retirement in the same act is for, and for whom: a row for each of many beneficiaries.

    Each row is a certificate, whose number is the id of the row. Its grams are those from `before_g` on, so many as its
    amount, of the ranges retired, in order.
    """

    kind: ClassVar = "certificate.shared.v1"
    consults: ClassVar = ()
    purpose: Purpose
    period: shape.OptionalPeriod
    place: shape.OptionalPlace
    ground: Ground
    public: shape.Flag
    activity: shape.OptionalCommitment
    organisers: shape.OptionalCommitment
    purchaser: shape.OptionalCommitment
    agent: shape.OptionalCommitment
    rows: shape.Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShown:
    """One row of a group is shown, so that something can be said of its certificate; `path` leads to the root."""

    kind: ClassVar = "certificate.row_shown.v1"
    consults: ClassVar = ()
    number: RowNumber
    row: Row
    path: RowPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """The row shown in the same act, of `group`, has a stream under its own number from now on."""

    kind: ClassVar = "certificate.adopted.v1"
    consults: ClassVar = ()
    group: Number


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A wrong spelling, activity or period: the grams stand under `certificate` now, by the holder and an officer."""

    kind: ClassVar = "certificate.replaced.v1"
    consults: ClassVar = ()
    means: shape.Means
    certificate: Number
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class BeneficiaryReplaced:
    """A wrong beneficiary: the grams stand under `certificate` now, by the holder and two officers.

    `old_consent` and `new_consent` are the SHA-256 of what the one beneficiary and the other signed.
    """

    kind: ClassVar = "certificate.beneficiary_replaced.v1"
    consults: ClassVar = ()
    means: shape.Means
    certificate: Number
    old_consent: shape.Digest
    new_consent: shape.Digest
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reissued:
    """The same grams, which were retired under the number that this one `replaces`, as it should have been stated.

    `retired` are the first and last day on which the retirement may have happened, one day as a rule: the date judged,
    as the first entry of the certificate has it.
    """

    kind: ClassVar = "certificate.reissued.v1"
    consults: ClassVar = ()
    replaces: Number
    holder: shape.Holder
    amount_g: shape.Grams
    retired: shape.Period
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
class Annulled:
    """The certificate says nothing any more, by two officers. The grams stay retired."""

    kind: ClassVar = "certificate.annulled.v1"
    consults: ClassVar = ()
    means: shape.Means
    reason: Reason
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnulledByCourt:
    """The certificate says nothing any more, by judgment. The grams stay retired."""

    kind: ClassVar = "certificate.annulled_by_court.v1"
    consults: ClassVar = ()
    means: shape.Means
    court: shape.Account
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """An exchange witnesses the certificate (见证书), under a number of its own."""

    kind: ClassVar = "certificate.witnessed.v1"
    consults: ClassVar = ()
    means: shape.Means
    exchange: shape.Account
    number: shape.Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class JointlyWitnessed:
    """Two exchanges witness the certificate together (联合见证书), each under a number of its own."""

    kind: ClassVar = "certificate.jointly_witnessed.v1"
    consults: ClassVar = ()
    means: shape.Means
    exchange: shape.Account
    other: shape.Account
    number: shape.Reference
    other_number: shape.Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A court, or the agency that ordered it, confirms what was retired for an order (履行证明)."""

    kind: ClassVar = "certificate.confirmed.v1"
    consults: ClassVar = ()
    means: shape.Means
    court: shape.Account
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Honoured:
    """What a donor gave to an event, which took it (荣誉证书); not to be claimed as the donor's own neutrality."""

    kind: ClassVar = "certificate.honoured.v1"
    consults: ClassVar = ()
    donor: shape.Account
    event: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    name: shape.OptionalCommitment


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedBefore:
    """The number that the certificate had before it came here; `source` is the SHA-256 of what says so."""

    kind: ClassVar = "certificate.numbered_before.v1"
    consults: ClassVar = ()
    means: shape.Means
    holder: shape.Holder
    number: shape.Reference
    source: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """What the certificate stands for offsets `activity`, and nothing else, ever."""

    kind: ClassVar = "certificate.assigned.v1"
    consults: ClassVar = ()
    means: shape.Means
    holder: shape.Holder
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """What an activity came to, by the confirmation in the same act: 碳中和证书 or 部分抵消."""

    kind: ClassVar = "certificate.concluded.v1"
    consults: ClassVar = ()
    activity: Activity
    public: shape.Flag


Statement = Issued | Shared | Reissued
"""What states a purpose and a period."""
Annulment = Annulled | AnnulledByCourt
Replacement = Replaced | BeneficiaryReplaced
Witness = Witnessed | JointlyWitnessed
Later = (
    HomeCancelled
    | RowShown
    | Replaced
    | BeneficiaryReplaced
    | Annulled
    | AnnulledByCourt
    | Witnessed
    | JointlyWitnessed
    | Confirmed
    | NumberedBefore
    | Assigned
)
"""What is said of a certificate that is there."""
Event = (
    Issued
    | Shared
    | RowShown
    | Adopted
    | HomeCancelled
    | Replaced
    | BeneficiaryReplaced
    | Reissued
    | Annulled
    | AnnulledByCourt
    | Witnessed
    | JointlyWitnessed
    | Confirmed
    | Honoured
    | NumberedBefore
    | Assigned
    | Concluded
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What the certificates of a group derive from: its act and part, and the root over its rows."""

    author: str
    nonce: bytes
    part: int
    root: bytes
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate; `home` are the standards of which the home cancellation is still to be shown."""

    name: str = ""
    status: str = "blank"
    """`blank`, `issued`, `group`, `honour`, `conclusion`, `replaced` or `annulled`."""
    issued: int | None = None
    """The index of the entry that issued it."""
    holder: str = ""
    amount_g: int = 0
    home: frozenset[str] = frozenset()
    purpose: str = ""
    ground: str = ""
    period: tuple[str, str] | None = None
    is_named: bool = False
    """Whether a beneficiary is named."""
    custodial: bool = False
    recovered: bool = False
    verdicts: tuple[tuple[str, str, str, str], ...] = ()
    retired: tuple[str, str] | None = None
    """First and last day on which the grams may have been retired; None where the first entry's own time says it."""
    group: Group | None = None
    assigned: tuple[str, str] | None = None
    """The activity that it offsets, and the number under which that was recorded."""
    witnesses: tuple[str, ...] = ()
    confirmed: int | None = None
    former: str = ""
    """The number that it had before it came here."""
    replaced_by: str = ""


_BEGINS = (Issued, Shared, Adopted, Reissued, Honoured, Concluded)
_ANYHOW: tuple[type, ...] = (Annulled, AnnulledByCourt)
_ISSUED: tuple[type, ...] = (*_ANYHOW, HomeCancelled, Witnessed, JointlyWitnessed)
FOLLOWS: Mapping[str, frozenset[type]] = {
    "blank": frozenset(_BEGINS),
    "issued": frozenset(
        {*_ISSUED, Replaced, BeneficiaryReplaced, Confirmed, NumberedBefore, Assigned}
    ),
    # What is wrong with one of its rows is put right under that row's own number.
    "group": frozenset({*_ISSUED, RowShown}),
    "honour": frozenset(_ANYHOW),
    "conclusion": frozenset({*_ANYHOW, Witnessed, JointlyWitnessed}),
    "replaced": frozenset(),
    "annulled": frozenset(),
}


def judge(state: Certificate, event: Event, act: Act) -> Outcome:
    """What comes of `event`; of an issue: amount, holder, what of the holder's key, what is final, and verdicts.

    Raises:
        RefusedError: `certificate_exists`, `wrong_id`, `order_needed`, `wrong_ground`, `claim_not_accepted`,
            `wrong_amount`, `verdict_forbidden`, `out_of_order`, `not_awaited`, `wrong_entry_meant`, `not_yet_happened`,
            `wrong_rows`, `bad_path`, `not_the_holder`, `statement_fixed`, `wrong_dates`, `offset_stands`,
            `own_account`, `already_witnessed`, `no_order`, `already_confirmed`, `already_numbered`, `not_an_offset`,
            `already_assigned`.
    """
    if type(event) not in FOLLOWS[state.status]:
        new = not isinstance(event, _BEGINS)
        require(new, "certificate_exists", certificate=state.name)
        raise RefusedError("out_of_order", stream=state.name, status=state.status, kind=event.kind)
    if isinstance(event, Later):
        return _judged(state, event, act)
    if isinstance(event, Adopted):
        return _adopted(state, act)
    require_new(act, state.name)
    match event:
        case Issued() | Shared():
            return _issued(event, act)
        case Reissued():
            return _reissued(event, act)
        case Honoured():
            return None
        case Concluded():
            ((confirmed, came),) = act.outcomes_of(activity.Confirmed)
            return concluded_as(confirmed, came)
        case _:
            assert_never(event)


def evolve(state: Certificate, event: Event, outcome: Outcome, index: int) -> Certificate:
    """The state after `event`, which was judged."""
    told: Mapping[str, Any] = outcome or {}
    match event:
        case Issued() | Shared() | Reissued():
            after = _stated(changed(state, issued=index), event, told)
        case Adopted():
            after = _told(changed(state, status="issued", issued=index, is_named=True), told)
        case Honoured():
            after = changed(state, status="honour", issued=index, holder=event.donor)
            after = changed(after, amount_g=event.amount_g)
        case Concluded():
            after = changed(state, status="conclusion", issued=index, holder=told["holder"])
            after = changed(after, amount_g=told["amount_g"])
        case _:
            after = _after(state, event, index)
    return after


def outcome_of(
    event: Issued | Shared,
    used: Sequence[tuple[Any, Mapping[str, Any]]],
    *,
    at_us: int,
    custodial: bool,
    recovered: bool,
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
            event.purpose, event.period, came["period"], days_judged(retired, at_us)
        )
    ]
    return {
        "amount_g": sum(retired.amount_g for retired, _ in used),
        "custodial": custodial,
        "holder": holder_of(used[0][0]),
        "home": sorted({retired.standard for retired, came in used if came["origin"] == DEPOSITED}),
        "recovered": recovered,
        "verdicts": tuple(dict.fromkeys(found)),
    }


def shared_out(event: Shared, found: Mapping[str, Any], act: Act) -> Mapping[str, Any]:
    """What a retirement for many comes to: what was `found` of it as of any other, and what its numbers derive from.

    Raises:
        RefusedError: `wrong_amount`.
    """
    same = event.rows.total_g == found["amount_g"]
    require(same, "wrong_amount", amount_g=event.rows.total_g, retired_g=found["amount_g"])
    (part,) = [number for number, made in enumerate(act.parts) if event in made.events]
    day = day_of(act.at_us).isoformat()
    return {**found, "author": act.author, "day": day, "nonce": act.nonce, "part": part}


def reissued_as(event: Reissued, came: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a certificate in the place of another comes to, by what `came` of the other."""
    found = restated(event, came["verdicts"])
    return {**came, "amount_g": event.amount_g, "holder": event.holder, "verdicts": found}


def adopted_as(came: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the certificate of a row comes to, by what `came` of the row that was shown."""
    return {name: value for name, value in came.items() if name != "certificate"}


def concluded_as(confirmed: activity.Confirmed, came: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the certificate of an activity says, by what `came` of its confirmation."""
    holder = confirmed.organiser
    return {"amount_g": came["retired_g"], "holder": holder, "kind": came["kind"]}


def holder_of(retired: Any) -> str:
    """Whose grams a retirement used up; out of a lock, whose the lock was."""
    holder: str = retired.owner if retired.kind == LOCK_RETIRED else retired.holder
    return holder


def days_judged(retired: Any, at_us: int) -> Days:
    """The first and last day on which a retirement in an act at `at_us` may have happened."""
    if retired.kind == IMPORTED:
        return days_of_month(retired.month)
    today = day_of(at_us)
    return today, today


def check_cancelled(event: HomeCancelled, *, at_us: int) -> None:
    """Return if the home cancellation has happened by the time that it is shown.

    Raises:
        RefusedError: `not_yet_happened`.
    """
    today = day_of(at_us).isoformat()
    require(event.day <= today, "not_yet_happened", day=event.day, today=today)


def check_ground(event: Issued | Shared, retired: Any) -> None:
    """Return if the ground is one for the retirement `retired`: what an order asks for is retired for that order.

    Raises:
        RefusedError: `order_needed`, `wrong_ground`.
    """
    told = {"ground": event.ground, "purpose": event.purpose}
    if retired.kind == LOCK_RETIRED:
        ordered = event.ground in ORDERED and event.purpose == "restoration"
        require(ordered, "wrong_ground", expected=sorted(ORDERED), **told)
    else:
        ordered = event.ground in ORDERED or event.purpose == "restoration"
        require(not ordered, "order_needed", **told)


def restated(
    event: Reissued, recorded: Iterable[Sequence[str]]
) -> tuple[tuple[str, str, str, str], ...]:
    """The verdicts on what was retired, as it is stated now: those on the claim anew, those on the credits `recorded`.

    The purpose is the one that it was, and so the norm; nothing that is stated again touches the credits.
    """
    days = days_of(event.retired)
    claimed = [
        verdict
        for verdict in verdicts(event.purpose, event.period, event.retired, days)
        if verdict[1] == "claim"
    ]
    kept = [_verdict(verdict) for verdict in recorded if verdict[1] != "claim"]
    return (*claimed, *kept)


def _verdict(recorded: Sequence[str]) -> tuple[str, str, str, str]:
    norm, rule, result, reason = recorded
    return norm, rule, result, reason


def _issued(event: Issued | Shared, act: Act) -> Mapping[str, Any]:
    used = [
        (retired, came)
        for retired, came in act.outcomes
        if retired.kind in RETIREMENTS and came is not None
    ]
    for retired, _ in used:
        if retired.kind != IMPORTED:
            check_ground(event, retired)
            standard = act.state(f"{STANDARD}{retired.standard}", Standard)
            accepted = event.purpose in standard.claims
            require(accepted, "claim_not_accepted", purpose=event.purpose, standard=standard.code)
    custodial, recovered = _life_of_key(holder_of(used[0][0]), act)
    found = outcome_of(event, used, at_us=act.at_us, custodial=custodial, recovered=recovered)
    if used[0][0].kind != IMPORTED:
        _check_verdicts(found["verdicts"], act)
    return shared_out(event, found, act) if isinstance(event, Shared) else found


def _life_of_key(holder: str, act: Act) -> tuple[bool, bool]:
    """Whether the key with which `holder` signs this act, or its author does, is custodial, and came by recovery.

    Nobody keeps the key of a bearer, nor can recover it.
    """
    signer = holder if holder in act.keys else act.author
    account = act.consulted.get(signer)
    if not isinstance(account, Account):
        return False, False
    life = account.keys[act.keys[signer]]
    return life.custodial, life.recovered


def _check_verdicts(found: Iterable[Sequence[str]], act: Act) -> None:
    """No verdict is one that policy forbids."""
    policy = act.consulted["registry"].policy(POLICY)
    for norm, rule, result, _ in found if policy is not None else ():
        told = f"{norm}/{rule}/{result}"
        fits = told not in policy.codes
        require(fits, "verdict_forbidden", verdict=told, policy=policy.index)


def _adopted(state: Certificate, act: Act) -> Mapping[str, Any]:
    """What the group says of the row that this number is derived from."""
    ((_, came),) = act.outcomes_of(RowShown)
    expected = came["certificate"]
    require(state.name == expected, "wrong_id", stream=state.name, expected=expected)
    return adopted_as(came)


def _reissued(event: Reissued, act: Act) -> Mapping[str, Any]:
    """What the number replaced says, with the verdicts on what is stated now."""
    ((_, came),) = act.outcomes_of(Replaced, BeneficiaryReplaced)
    found = reissued_as(event, came)
    _check_verdicts(found["verdicts"], act)
    return found


def _judged(state: Certificate, event: Later, act: Act) -> Outcome:
    """What comes of what is said of a certificate that is there."""
    if isinstance(event, RowShown):
        return _row_shown(state, event, act)
    if isinstance(event, HomeCancelled):
        awaited = event.standard in state.home
        require(awaited, "not_awaited", standard=event.standard, awaited=sorted(state.home))
    meant = event.means[0]
    require(meant == state.issued, "wrong_entry_meant", meant=meant, expected=state.issued)
    if isinstance(event, Replacement):
        return _replaced(state, event, act)
    match event:
        case HomeCancelled():
            check_cancelled(event, at_us=act.at_us)
        case Annulled() | AnnulledByCourt():
            _check_offset_lost(state, act)
        case Witnessed() | JointlyWitnessed():
            _check_witnessed(state, event)
        case Confirmed():
            _check_confirmed(state)
        case NumberedBefore():
            _check_holder(state, event.holder)
            told = {"certificate": state.name, "number": state.former}
            require(not state.former, "already_numbered", **told)
        case Assigned():
            _check_assigned(state, event, act)
        case _:
            assert_never(event)
    return None


def _check_confirmed(state: Certificate) -> None:
    require(state.ground in ORDERED, "no_order", certificate=state.name)
    told = {"certificate": state.name, "confirmed": state.confirmed}
    require(state.confirmed is None, "already_confirmed", **told)


def _row_shown(state: Certificate, event: RowShown, act: Act) -> Mapping[str, Any]:
    """What the row comes to by itself: its number, and what is said of the whole group."""
    group = state.group
    assert group is not None
    within = event.number < group.count
    require(within, "wrong_rows", number=event.number, rows=group.count)
    root = act.hashes.row_root(event.row, event.number, group.count, event.path)
    require(root == group.root, "wrong_rows", number=event.number, why="not_under_the_root")
    # What stands under the root was read when it was recorded, and is a row.
    _, _, amount_g, _ = act.hashes.row_says(event.row)
    number = act.hashes.row_id(group.author, group.nonce, group.part, event.number)
    assert state.retired is not None
    return {
        "amount_g": amount_g,
        "certificate": f"{CERTIFICATE}{number}",
        "custodial": state.custodial,
        "day": state.retired[0],
        "ground": state.ground,
        "holder": state.holder,
        "home": sorted(state.home),
        "period": state.period,
        "purpose": state.purpose,
        "recovered": state.recovered,
        "verdicts": state.verdicts,
    }


def _replaced(state: Certificate, event: Replacement, act: Act) -> Mapping[str, Any]:
    """What goes over to the number that stands in this one's place, once that states what may not change as it was."""
    new = act.only(Reissued)
    _check_holder(state, new.holder)
    same = new.amount_g == state.amount_g
    require(same, "wrong_amount", amount_g=new.amount_g, certificate_g=state.amount_g)
    for field, stated, was in (
        ("purpose", new.purpose, state.purpose),
        ("ground", new.ground, state.ground),
    ):
        require(stated == was, "statement_fixed", field=field, expected=was)
    # Who the beneficiary is stands behind a commitment, whether there is one does not.
    named = isinstance(event, BeneficiaryReplaced) or (new.beneficiary is None) != state.is_named
    require(named, "statement_fixed", field="beneficiary", expected=state.is_named)
    # What an order asks for benefits the public, and nobody by name.
    common = state.ground not in ORDERED or new.beneficiary is None
    require(common, "beneficiary_named", certificate=state.name)
    _check_dates(state, new, act)
    return {
        "assigned": state.assigned,
        "custodial": state.custodial,
        "home": sorted(state.home),
        "recovered": state.recovered,
        "verdicts": state.verdicts,
    }


def _check_holder(state: Certificate, holder: str) -> None:
    require(holder == state.holder, "not_the_holder", account=holder, holder=state.holder)


def _check_dates(state: Certificate, new: Reissued, act: Act) -> None:
    """The days judged are those that are known; or, of a first entry, such as give the verdict that it has."""
    first, last = days_of(new.retired)
    whole = first == last or (first, last) == days_of_month(new.retired[0][:7])
    require(whole and first <= day_of(act.at_us), "wrong_dates", retired=new.retired)
    known = state.retired is None or state.retired == new.retired
    require(known, "wrong_dates", retired=new.retired, expected=state.retired)
    was = changed(new, purpose=state.purpose, period=state.period)
    fits = restated(was, state.verdicts) == state.verdicts
    require(fits, "wrong_dates", retired=new.retired, verdicts=state.verdicts)


def _check_offset_lost(state: Certificate, act: Act) -> None:
    """The activity that the certificate offsets, and no other, loses it in the same act."""
    lost = [
        (part.stream, event.certificate)
        for part in act.parts
        for event in part.events
        if event.kind == OFFSET_LOST
    ]
    expected = [] if state.assigned is None else [state.assigned]
    require(lost == expected, "offset_stands", certificate=state.name, offsets=expected)


def _check_witnessed(state: Certificate, event: Witness) -> None:
    for exchange in _exchanges(event):
        own = exchange == state.holder
        require(not own, "own_account", account=state.holder, officer=exchange)
        new = exchange not in state.witnesses
        require(new, "already_witnessed", certificate=state.name, exchange=exchange)


def _exchanges(event: Witness) -> tuple[str, ...]:
    if isinstance(event, JointlyWitnessed):
        return event.exchange, event.other
    return (event.exchange,)


def _check_assigned(state: Certificate, event: Assigned, act: Act) -> None:
    # What was ordered makes good what was destroyed: it offsets nothing that its obligor emits.
    require(state.ground not in ORDERED, "not_an_offset", certificate=state.name)
    told = {"certificate": state.name, "assigned": state.assigned}
    require(state.assigned is None, "already_assigned", **told)
    _check_holder(state, event.holder)
    amount_g = act.only(activity.Offset).amount_g
    same = amount_g == state.amount_g
    require(same, "wrong_amount", amount_g=amount_g, certificate_g=state.amount_g)


def _stated(
    state: Certificate, event: Issued | Shared | Reissued, told: Mapping[str, Any]
) -> Certificate:
    """`state`, which begins now, with what `event` states."""
    after = _told(
        changed(state, status="issued", is_named=True),
        {**told, "ground": event.ground, "period": event.period, "purpose": event.purpose},
    )
    if isinstance(event, Shared):
        rows = event.rows
        group = Group(
            author=told["author"],
            nonce=told["nonce"],
            part=told["part"],
            root=rows.root,
            count=rows.count,
        )
        return changed(after, status="group", group=group)
    after = changed(after, is_named=event.beneficiary is not None)
    if isinstance(event, Reissued):
        assigned = told["assigned"]
        own = None if assigned is None else (assigned[0], assigned[1])
        after = changed(after, retired=event.retired, assigned=own)
    return after


def _told(state: Certificate, told: Mapping[str, Any]) -> Certificate:
    """`state` with what an outcome says of its grams; as it was judged, or as it was recorded."""
    period = told["period"]
    return changed(
        state,
        holder=told["holder"],
        amount_g=told["amount_g"],
        home=frozenset(told["home"]),
        purpose=told["purpose"],
        ground=told["ground"],
        period=None if period is None else (period[0], period[1]),
        custodial=told["custodial"],
        recovered=told["recovered"],
        verdicts=tuple(map(_verdict, told["verdicts"])),
        retired=(told["day"], told["day"]) if "day" in told else None,
    )


def _after(state: Certificate, event: Later, index: int) -> Certificate:
    """`state` after something was said of it."""
    match event:
        case HomeCancelled():
            after = changed(state, home=state.home - {event.standard})
        case RowShown():
            after = state
        case Replaced() | BeneficiaryReplaced():
            after = changed(state, status="replaced", replaced_by=event.certificate)
        case Annulled() | AnnulledByCourt():
            after = changed(state, status="annulled")
        case Witnessed() | JointlyWitnessed():
            after = changed(state, witnesses=(*state.witnesses, *_exchanges(event)))
        case Confirmed():
            after = changed(state, confirmed=index)
        case NumberedBefore():
            after = changed(state, former=event.number)
        case Assigned():
            after = changed(state, assigned=(event.activity, state.name))
        case _:
            assert_never(event)
    return after
