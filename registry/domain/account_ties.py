"""Ties: grams of an account that are locked towards somebody, and how each tie ends.

    offered, also as a donation   accepted or declined by the taker, withdrawn, or lapsed after its day
    pledged (质押)                 released by the pledgee
    reserved under a mandate      settled, in one part or several, or ended by the exchange
    any of them, and a freeze     taken by a court (司法扣划)

The batch says which grams are locked and released, and the account here why: one act says both, and each asks for
what it knows. A tie is named by the entry that made it, as the lock is.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, assert_never

from registry.domain import account_freezes, shape
from registry.domain.account import (
    Account,
    Tie,
    require_free,
    require_mandate,
    require_over,
    require_strangers,
)
from registry.domain.act import Act, Outcome
from registry.domain.changed import changed
from registry.domain.conduct import check_standing
from registry.domain.roles import Registry
from registry.domain.shape import one_of
from registry.domain.timing import day_of
from registry.errors import RefusedError, require

DONATION = "donation"
OFFER = "offer"
PLEDGE = "pledge"
SETTLEMENT = "settlement"
EXCHANGE = "exchange"
"""The role of those to whom mandates are given."""
TAKER_OF_DONATIONS = "event"
"""The legal form of the accounts that donations are made to."""

REASONS = frozenset({"dissolution", "division", "inheritance", "liquidation", "merger"})
"""Why grams go to others without their holder's key, by two officers."""
NAMED_BEFORE = frozenset({"inheritance", "merger"})
"""The reasons for which the one successor was recorded before."""

Batch = Annotated[str, shape.stream_of("batch")]
Reason = Annotated[str, one_of(REASONS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """The grams that the act locks are offered to `taker`, until the end of a day; to an event, as a donation."""

    kind: ClassVar = "account.offered.v1"
    consults: ClassVar = ("account taker", "conduct taker")
    taker: shape.Account
    until: shape.Day
    donation: shape.Flag
    batch: Batch
    standard: shape.Code
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted:
    """The taker takes what was offered; `means` is the offer."""

    kind: ClassVar = "account.offer_accepted.v1"
    consults: ClassVar = ("conduct taker",)
    means: shape.Means
    taker: shape.Account


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined:
    """The taker does not want what was offered; `means` is the offer."""

    kind: ClassVar = "account.offer_declined.v1"
    consults: ClassVar = ()
    means: shape.Means
    taker: shape.Account


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn:
    """Whoever offered takes the offer back; `means` is the offer."""

    kind: ClassVar = "account.offer_withdrawn.v1"
    consults: ClassVar = ()
    means: shape.Means


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLapsed:
    """The day of an offer has passed, as the giver or an officer records; `means` is the offer."""

    kind: ClassVar = "account.offer_lapsed.v1"
    consults: ClassVar = ()
    means: shape.Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledged:
    """The grams that the act locks are pledged (质押); `document` is the SHA-256 of the contract."""

    kind: ClassVar = "account.pledged.v1"
    consults: ClassVar = ()
    pledgee: shape.Account
    document: shape.Digest
    batch: Batch
    standard: shape.Code
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeReleased:
    """The pledgee lets go; `means` is the pledge."""

    kind: ClassVar = "account.pledge_released.v1"
    consults: ClassVar = ()
    means: shape.Means
    pledgee: shape.Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """An exchange sets grams aside for settlement, under the holder's mandate, which `means` is."""

    kind: ClassVar = "account.reserved.v1"
    consults: ClassVar = ()
    means: shape.Means
    venue: shape.Account
    batch: Batch
    standard: shape.Code
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Grams set aside go to whoever bought them; `means` is the reservation, `trade` its number there (成交编号)."""

    kind: ClassVar = "account.settled.v1"
    consults: ClassVar = ("account taker", "conduct taker")
    means: shape.Means
    venue: shape.Account
    taker: shape.Account
    amount_g: shape.Grams
    trade: shape.OptionalCommitment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveEnded:
    """What is left of a reservation is the holder's to move again; `means` is the reservation."""

    kind: ClassVar = "account.reserve_ended.v1"
    consults: ClassVar = ()
    means: shape.Means
    venue: shape.Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Seized:
    """A court takes grams that the account holds and gives them to another (司法扣划)."""

    kind: ClassVar = "account.seized.v1"
    consults: ClassVar = ()
    court: shape.Account
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class LockSeized:
    """A court takes grams that are locked, on whatever ground (司法扣划); `means` is what locked them."""

    kind: ClassVar = "account.lock_seized.v1"
    consults: ClassVar = ()
    means: shape.Means
    court: shape.Account
    amount_g: shape.Grams
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Devolved:
    """Grams go to whoever comes into the holder's place, by two officers; `document` is the SHA-256 of the title."""

    kind: ClassVar = "account.devolved.v1"
    consults: ClassVar = ()
    taker: shape.Account
    reason: Reason
    document: shape.Digest


Tying = Offered | Pledged | Reserved
OfferEnding = OfferAccepted | OfferDeclined | OfferWithdrawn | OfferLapsed
Event = (
    Tying | OfferEnding | PledgeReleased | Settled | ReserveEnded | Seized | LockSeized | Devolved
)


def judge(state: Account, event: Event, act: Act) -> Outcome:
    """What comes of `event`: nothing but the next state.

    Raises:
        RefusedError: `account_not_open`, `account_frozen`, `to_itself`, `day_passed`, `not_an_event`, `wrong_ground`,
            `no_mandate`, `not_tied`, `not_the_party`, `honour_missing`, `too_early`, `not_the_successor`,
            `own_account`, `forbidden_by_standing`.
    """
    today = day_of(act.at_us).isoformat()
    match event:
        case Offered() | Pledged() | Reserved():
            require(state.is_open, "account_not_open", account=state.name)
            require_free(state)
            _check_tying(state, event, today, act)
        case OfferAccepted() | OfferDeclined() | OfferWithdrawn() | OfferLapsed():
            _check_offer_ends(state, event, today, act)
        case PledgeReleased():
            _check_party(_tie(state, event.means[0], PLEDGE), event.pledgee)
        case Settled():
            _check_settled(state, event)
        case ReserveEnded():
            _check_reserve_ends(state, event, today, act)
        case LockSeized():
            _tie(state, event.means[0])
        case Seized():
            pass
        case Devolved():
            require(event.taker != state.name, "to_itself", account=state.name)
            require_free(state)
            require_strangers(act.by.values(), [state, act.state(event.taker, Account)], act)
            named = event.reason not in NAMED_BEFORE or event.taker == state.successor
            expected = state.successor
            require(named, "not_the_successor", account=event.taker, expected=expected)
        case _:
            assert_never(event)
    return None


def evolve(state: Account, event: Event, index: int) -> Account:
    """The state after `event`, which was judged."""
    match event:
        case Offered():
            ground = DONATION if event.donation else OFFER
            return _tied(state, index, event, ground, other=event.taker, until=event.until)
        case Pledged():
            return _tied(state, index, event, PLEDGE, other=event.pledgee, until=None)
        case Reserved():
            until = state.mandates[event.means[0]].until
            return _tied(state, index, event, SETTLEMENT, other=event.venue, until=until)
        case (
            OfferAccepted()
            | OfferDeclined()
            | OfferWithdrawn()
            | OfferLapsed()
            | PledgeReleased()
            | ReserveEnded()
        ):
            return changed(state, ties=state.ties.remove(event.means[0]))
        case Settled() | LockSeized():
            return _less(state, event.means[0], event.amount_g)
        case Seized() | Devolved():
            return state
        case _:
            assert_never(event)


def _check_tying(state: Account, event: Tying, today: str, act: Act) -> None:
    match event:
        case Offered():
            _check_offered(state, event, today, act)
        case Pledged():
            _check_other_open(event.pledgee, act)
        case Reserved():
            require_mandate(
                state, event.means[0], venue=event.venue, standard=event.standard, today=today
            )
        case _:
            assert_never(event)


def _check_offered(state: Account, event: Offered, today: str, act: Act) -> None:
    require(event.taker != state.name, "to_itself", account=state.name)
    taker = _check_other_open(event.taker, act)
    require(today <= event.until, "day_passed", until=event.until, today=today)
    takes = not event.donation or taker.legal_form == TAKER_OF_DONATIONS
    require(takes, "not_an_event", account=event.taker, legal_form=taker.legal_form)
    (locked,) = act.of_kind("batch.locked.v1")
    expected = DONATION if event.donation else OFFER
    require(locked.ground == expected, "wrong_ground", ground=locked.ground, expected=expected)
    check_standing(act, event.taker, "receive")


def _check_offer_ends(state: Account, event: OfferEnding, today: str, act: Act) -> None:
    meant = event.means[0]
    tie = _tie(state, meant, OFFER, DONATION)
    assert tie.until is not None
    match event:
        case OfferAccepted():
            _check_party(tie, event.taker)
            require_free(state)
            require(today <= tie.until, "day_passed", until=tie.until, today=today)
            honoured = bool(act.of_kind("certificate.honoured.v1"))
            donated = tie.ground == DONATION
            require(honoured or not donated, "honour_missing", account=state.name, meant=meant)
            require(donated or not honoured, "wrong_ground", ground=tie.ground, expected=DONATION)
        case OfferDeclined():
            _check_party(tie, event.taker)
        case OfferWithdrawn():
            pass
        case OfferLapsed():
            require_over(state.name, tie.until, today)
        case _:
            assert_never(event)


def _check_settled(state: Account, event: Settled) -> None:
    require_free(state)
    tie = _tie(state, event.means[0], SETTLEMENT)
    _check_party(tie, event.venue)
    require(event.taker != state.name, "to_itself", account=state.name)


def _check_reserve_ends(state: Account, event: ReserveEnded, today: str, act: Act) -> None:
    """The exchange ends it at any time; an officer after the mandate's day, or if it is no exchange any more."""
    tie = _tie(state, event.means[0], SETTLEMENT)
    _check_party(tie, event.venue)
    assert tie.until is not None
    registry = act.state(Registry.name, Registry)
    if act.by["venue"] != event.venue and registry.has(event.venue, EXCHANGE):
        require_over(state.name, tie.until, today)


def _check_other_open(name: str, act: Act) -> Account:
    other = act.consulted.get(name)
    # The second person of an act is no party to it: their account is touched, and so not consulted.
    require(other is not None, "own_account", account=name, officer=name)
    assert isinstance(other, Account)
    require(other.is_open, "account_not_open", account=name)
    return other


def _tie(state: Account, meant: int, *grounds: str) -> Tie:
    """The tie that entry `meant` made, on one of `grounds`, or on any if none is named.

    The batch has found such a lock; but where it is not judged, as in a dossier without it, this alone is asked.
    """
    tie = state.ties.get(meant)
    if tie is None or (grounds and tie.ground not in grounds):
        raise RefusedError("not_tied", account=state.name, meant=meant)
    return tie


def _check_party(tie: Tie, party: str) -> None:
    require(party == tie.other, "not_the_party", party=party, expected=tie.other)


def _tied(
    state: Account, index: int, event: Tying, ground: str, *, other: str, until: str | None
) -> Account:
    tie = Tie(
        ground=ground,
        batch=event.batch,
        standard=event.standard,
        amount_g=event.amount_g,
        other=other,
        until=until,
    )
    return changed(state, ties=state.ties.insert(index, tie))


def _less(state: Account, lock: int, amount_g: int) -> Account:
    """The account with so much less tied in entry `lock`; what waits for the rest waits for nothing where none is."""
    tie = state.ties[lock]
    if amount_g == tie.amount_g:
        return account_freezes.without_lock(state, lock)
    left = changed(tie, amount_g=tie.amount_g - amount_g)
    return changed(state, ties=state.ties.insert(lock, left))
