"""A batch of credits: one issuance or deposit, and everything that ever happens to its grams.

    conserved:  received_g == held_g + locked_g + retired_g + cancelled_g + carved_g

Holdings live here and nowhere else. The grams of a batch have the serial numbers [0, received_g); which grams move is
never a matter of taste: the lowest that the giver holds, unless the author names a range.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated, Any, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.account import Account
from registry.domain.act import Act, Outcome, require_new
from registry.domain.ranges import Range, Ranges
from registry.domain.shape import integer
from registry.domain.standard import Deposited as UnitsDeposited
from registry.domain.standard import Standard
from registry.domain.timing import day_of, days_of_month
from registry.errors import RefusedError, require

NATIVE = "native"
DEPOSITED = "deposited"
DEPOSITED_RETIRED = "deposited_retired"
ORIGINS = (NATIVE, DEPOSITED, DEPOSITED_RETIRED)
"""Where the grams of a batch come from; the last were retired in the home registry already."""

Row = Annotated[int, integer(1, 1_000_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Verified reductions become credits, by the verification body and the competent authority."""

    kind: ClassVar = "batch.issued.v1"
    consults: ClassVar = ("account holder", "conduct holder", "standard standard")
    project: Annotated[str, shape.stream_of("project")]
    standard: shape.Code
    period: shape.Period
    amount_g: shape.Grams
    holder: shape.Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposited:
    """Units of another registry, immobilised there by the custodian, become movable here.

    `document` is the SHA-256 of the home registry's proof. What was `retired_at_home` already may only be retired here.
    """

    kind: ClassVar = "batch.deposited.v1"
    consults: ClassVar = ("account holder", "conduct holder")
    standard: shape.Code
    period: shape.Period
    amount_g: shape.Grams
    holder: shape.Account
    custodian: shape.Account
    document: shape.Digest
    retired_at_home: shape.Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """Grams go from holder to holder; `venue` is the exchange that matched the trade, `trade` its number there."""

    kind: ClassVar = "batch.transferred.v1"
    consults: ClassVar = (
        "account taker",
        "conduct giver",
        "conduct taker",
        "standard standard",
    )
    giver: shape.Account
    taker: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials
    venue: shape.OptionalAccount
    trade: shape.OptionalCommitment


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """Grams are used up by their holder, for the purpose that the certificate in the same act states."""

    kind: ClassVar = "batch.retired.v1"
    consults: ClassVar = ("conduct holder", "standard standard")
    holder: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirementImported:
    """A retirement that happened elsewhere is entered here: attested by an officer and the holder, not proven.

    `source` is the SHA-256 of what the published list says, `row` its number in it, `month` the month that it states.
    """

    kind: ClassVar = "batch.retirement_imported.v1"
    consults: ClassVar = ("standard standard",)
    holder: shape.Account
    amount_g: shape.Grams
    standard: shape.Code
    range: shape.Serials
    source: shape.Digest
    row: Row
    month: shape.Month


Event = Issued | Deposited | Transferred | Retired | RetirementImported
Move = Transferred | Retired | RetirementImported


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch: who holds which of its grams, and how many are where."""

    name: str = ""
    status: str = "blank"
    origin: str = ""
    """NATIVE, DEPOSITED or DEPOSITED_RETIRED."""
    standard: str = ""
    period: tuple[str, str] = ("", "")
    received_g: int = 0
    held: "HashTrieMap[str, Ranges]" = HashTrieMap()
    held_g: int = 0
    locked_g: int = 0
    retired_g: int = 0
    cancelled_g: int = 0
    carved_g: int = 0

    @property
    def conserved(self) -> bool:
        """Whether every gram is in exactly one state."""
        left_g = self.locked_g + self.retired_g + self.cancelled_g + self.carved_g
        return self.received_g == self.held_g + left_g

    def holding(self, holder: str) -> Ranges:
        """What `holder` holds of this batch."""
        return self.held.get(holder, Ranges())


FOLLOWS: dict[str, frozenset[type]] = {
    "blank": frozenset({Issued, Deposited}),
    "active": frozenset({Transferred, Retired, RetirementImported}),
}


def import_nonce(source: bytes, row: int) -> bytes:
    """The one nonce under which row `row` of the list with SHA-256 `source` can be imported, 16 bytes."""
    return sha256(source + row.to_bytes(8, "big")).digest()[:16]


def check_imported(event: RetirementImported, *, nonce: bytes, at_us: int) -> None:
    """Return if an import has its row's nonce, and the month that it states has begun when it is recorded.

    Raises:
        RefusedError: `wrong_nonce`, `not_yet_happened`.
    """
    require(nonce == import_nonce(event.source, event.row), "wrong_nonce", row=event.row)
    begun = days_of_month(event.month)[0] <= day_of(at_us)
    require(begun, "not_yet_happened", month=event.month)


def judge(state: Batch, event: Event, act: Act) -> Outcome:
    """What comes of `event`: for what moves, which serial ranges, and what kind of grams they are.

    Raises:
        RefusedError: `out_of_order`, `wrong_id`, `account_not_open`, `not_recognised`, `foreign_standard`,
            `allowances_need_a_year`, `wrong_amount`, `wrong_standard`, `to_itself`, `retired_at_home`, `wrong_nonce`,
            `not_yet_happened`,
            `insufficient_holding`, `too_fragmented`, `range_not_held`.
    """
    if type(event) not in FOLLOWS[state.status]:
        raise RefusedError("out_of_order", stream=state.name, status=state.status, kind=event.kind)
    match event:
        case Issued():
            _check_issued(state, event, act)
            return None
        case Deposited():
            _check_deposited(state, event, act)
            return None
        case Transferred():
            require(event.taker != event.giver, "to_itself", account=event.giver)
            _check_open(event.taker, act)
            fixed = state.origin == DEPOSITED_RETIRED
            require(not fixed, "retired_at_home", batch=state.name)
            return {"ranges": _grams(state, event.giver, event)}
        case Retired():
            return _used_up(state, event)
        case RetirementImported():
            check_imported(event, nonce=act.nonce, at_us=act.at_us)
            return _used_up(state, event)
        case _:
            assert_never(event)


def evolve(state: Batch, event: Event, outcome: Outcome, _index: int) -> Batch:
    """The state after `event`, which was judged; every gram is still in one state."""
    match event:
        case Issued() | Deposited():
            after = _received(state, event)
        case Transferred():
            assert outcome is not None
            moved: tuple[Range, ...] = outcome["ranges"]
            held = _less(state.held, event.giver, moved)
            held = held.insert(event.taker, held.get(event.taker, Ranges()).with_(moved))
            after = replace(state, held=held)
        case Retired() | RetirementImported():
            assert outcome is not None
            after = replace(
                state,
                held=_less(state.held, event.holder, outcome["ranges"]),
                held_g=state.held_g - event.amount_g,
                retired_g=state.retired_g + event.amount_g,
            )
        case _:
            assert_never(event)
    assert after.conserved, "a gram lost or made"
    return after


def _check_issued(state: Batch, event: Issued, act: Act) -> None:
    require_new(act, state.name)
    _check_open(event.holder, act)
    standard = act.state(f"standard/{event.standard}", Standard)
    require(standard.is_recognised, "not_recognised", standard=event.standard)
    require(standard.home is None, "foreign_standard", standard=event.standard)
    dated = standard.credit_class != "allowance"
    require(dated, "allowances_need_a_year", standard=event.standard)


def _check_deposited(state: Batch, event: Deposited, act: Act) -> None:
    require_new(act, state.name)
    _check_open(event.holder, act)
    today = day_of(act.at_us).isoformat()
    require(event.period[1] <= today, "not_yet_happened", period=event.period, today=today)
    ((_, units),) = act.outcomes_of(UnitsDeposited)
    same = event.amount_g == units["amount_g"]
    require(same, "wrong_amount", amount_g=event.amount_g, units_g=units["amount_g"])


def _check_open(account: str, act: Act) -> None:
    require(act.state(account, Account).is_open, "account_not_open", account=account)


def _used_up(state: Batch, event: Retired | RetirementImported) -> Mapping[str, Any]:
    ranges = _grams(state, event.holder, event)
    return {"origin": state.origin, "period": state.period, "ranges": ranges}


def _grams(state: Batch, holder: str, event: Move) -> tuple[Range, ...]:
    """The serial ranges that `event` moves."""
    if event.standard != state.standard:
        raise RefusedError("wrong_standard", standard=event.standard, expected=state.standard)
    holding = state.holding(holder)
    if event.range is None:
        return holding.lowest(event.amount_g)
    start, end = event.range
    fits = end - start == event.amount_g
    require(fits, "wrong_amount", amount_g=event.amount_g, range_g=end - start)
    held = holding.holds(start, end)
    require(held, "range_not_held", holder=holder, start=start, end=end)
    return ((start, end),)


def _received(state: Batch, event: Issued | Deposited) -> Batch:
    origin = NATIVE
    if isinstance(event, Deposited):
        origin = DEPOSITED_RETIRED if event.retired_at_home else DEPOSITED
    return replace(
        state,
        status="active",
        origin=origin,
        standard=event.standard,
        period=event.period,
        received_g=event.amount_g,
        held=HashTrieMap({event.holder: Ranges.of([(0, event.amount_g)])}),
        held_g=event.amount_g,
    )


def _less(
    held: "HashTrieMap[str, Ranges]", holder: str, ranges: tuple[Range, ...]
) -> "HashTrieMap[str, Ranges]":
    left = held[holder].without(ranges)
    return held.insert(holder, left) if left.total_g else held.remove(holder)
