"""The life of an account: what its holder lets others do, what binds it, and how it ends.

mandate given -> ended       an exchange moves what the holder sells, without the holder's key
bound -> unbound             while a campaign or an order of the account is not closed
closed; merged; succeeded    it receives nothing any more; what it has goes out by its own key, after a succession
                             by two officers alone
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.account import Account, Mandate, require_free, require_strangers
from registry.domain.account_ties import EXCHANGE, Reason
from registry.domain.act import Act, Outcome
from registry.domain.changed import changed
from registry.domain.roles import ROLES, Registry
from registry.domain.shape import listed, one_of
from registry.domain.timing import day_of
from registry.errors import require

CHANNELS = frozenset({"app", "email", "in_person", "post", "sms"})
STANDARDS_MAX = 16

Binding = Annotated[str, shape.stream_of("campaign", "order")]
Channel = Annotated[str, one_of(CHANNELS)]
Standards = Annotated[tuple[str, ...], listed(shape.code, 0, STANDARDS_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateGiven:
    """The holder lets an exchange sell for it, until the end of a day; `standards` limits it, if any are named."""

    kind: ClassVar = "account.mandate_given.v1"
    consults: ClassVar = ("account exchange",)
    exchange: shape.Account
    until: shape.Day
    standards: Standards


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateEnded:
    """The holder takes a mandate back; `means` is the mandate. What was reserved under it is settled all the same."""

    kind: ClassVar = "account.mandate_ended.v1"
    consults: ClassVar = ()
    means: shape.Means


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceSet:
    """The holder says whether what is sent has to be accepted first."""

    kind: ClassVar = "account.acceptance_set.v1"
    consults: ClassVar = ()
    required: shape.Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The holder closes the account."""

    kind: ClassVar = "account.closed.v1"
    consults: ClassVar = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The holder is merged into that of another account; `document` is the SHA-256 of the registration of it."""

    kind: ClassVar = "account.merged.v1"
    consults: ClassVar = ()
    into: shape.Account
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """Somebody comes into the place of a holder who is no more, or no longer acts; the account's keys end."""

    kind: ClassVar = "account.succeeded.v1"
    consults: ClassVar = ()
    successor: shape.Account
    reason: Reason
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """The holder was told of an entry that affects it, which `means` is; `document` is the SHA-256 of the delivery."""

    kind: ClassVar = "account.notified.v1"
    consults: ClassVar = ()
    means: shape.Means
    channel: Channel
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconded:
    """The holder, an officer, is the second person of an act of `account`."""

    kind: ClassVar = "account.seconded.v1"
    consults: ClassVar = ()
    account: shape.Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A campaign or an order of the account begins: until it is closed, the account is not."""

    kind: ClassVar = "account.bound.v1"
    consults: ClassVar = ()
    to: Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbound:
    """A campaign or an order of the account is closed."""

    kind: ClassVar = "account.unbound.v1"
    consults: ClassVar = ()
    to: Binding


Ending = Closed | Merged | Succeeded
Event = MandateGiven | MandateEnded | AcceptanceSet | Ending | Notified | Seconded | Bound | Unbound


def judge(state: Account, event: Event, act: Act) -> Outcome:
    """What comes of `event`: nothing but the next state.

    Raises:
        RefusedError: `account_not_open`, `role_missing`, `day_passed`, `no_mandate`, `account_bound`, `role_held`,
            `account_frozen`, `to_itself`, `own_account`, `not_distinct`, `already_succeeded`.
    """
    require(state.is_begun, "account_not_open", account=state.name)
    match event:
        case MandateGiven():
            _check_mandate(state, event, act)
        case MandateEnded():
            known = event.means[0] in state.mandates
            require(known, "no_mandate", account=state.name, meant=event.means[0])
        case AcceptanceSet() | Seconded() | Bound():
            require(state.is_open, "account_not_open", account=state.name)
        case Closed():
            _check_closes(state, act)
        case Merged():
            _check_closes(state, act)
            _check_into(state, event.into, act)
        case Succeeded():
            alone = not state.successor
            require(alone, "already_succeeded", account=state.name, successor=state.successor)
            _check_into(state, event.successor, act)
        case Notified() | Unbound():
            pass
        case _:
            assert_never(event)
    return None


def evolve(state: Account, event: Event, index: int) -> Account:
    """The state after `event`, which was judged."""
    match event:
        case MandateGiven():
            mandate = Mandate(exchange=event.exchange, until=event.until, standards=event.standards)
            after = changed(state, mandates=state.mandates.insert(index, mandate))
        case MandateEnded():
            after = changed(state, mandates=state.mandates.remove(event.means[0]))
        case AcceptanceSet():
            after = changed(state, acceptance=event.required)
        case Bound():
            after = changed(state, bonds=state.bonds | {event.to})
        case Unbound():
            after = changed(state, bonds=state.bonds - {event.to})
        case Notified():
            after = changed(state, notices=state.notices + 1)
        case Seconded():
            after = state
        case Closed() | Merged() | Succeeded():
            after = _ended(state, event, index)
        case _:
            assert_never(event)
    return after


def _check_mandate(state: Account, event: MandateGiven, act: Act) -> None:
    require(state.is_open, "account_not_open", account=state.name)
    registry = act.state(Registry.name, Registry)
    is_exchange = registry.has(event.exchange, EXCHANGE)
    require(is_exchange, "role_missing", account=event.exchange, role=EXCHANGE)
    today = day_of(act.at_us).isoformat()
    require(today <= event.until, "day_passed", until=event.until, today=today)


def _check_closes(state: Account, act: Act) -> None:
    """Nobody closes an account upon which somebody else still counts."""
    require(state.is_open, "account_not_open", account=state.name)
    require_free(state)
    ties, bonds = sorted(state.ties), sorted(state.bonds)
    require(not (ties or bonds), "account_bound", account=state.name, ties=ties, bonds=bonds)
    registry = act.state(Registry.name, Registry)
    for role in sorted(ROLES):
        free = not registry.has(state.name, role)
        require(free, "role_held", account=state.name, role=role)


def _check_into(state: Account, other: str, act: Act) -> None:
    """An open account comes into the place of this one, by two officers, strangers to both and to each other."""
    require(other != state.name, "to_itself", account=state.name)
    into = act.state(other, Account)
    require(into.is_open, "account_not_open", account=other)
    officers = [act.by["officer"], act.by["second officer"]]
    require_strangers(officers, [state, into], act)
    controllers = [act.state(officer, Account).controller for officer in officers]
    distinct = len(set(controllers)) == len(controllers)
    require(distinct, "not_distinct", accounts=officers, controllers=controllers)


def _ended(state: Account, event: Ending, index: int) -> Account:
    """The account closed; a closing that came before stays. Its mandates end with it."""
    since = index if state.closed is None else state.closed
    closed = changed(state, closed=since, mandates=HashTrieMap())
    match event:
        case Closed():
            return closed
        case Merged():
            return changed(closed, successor=event.into)
        case Succeeded():
            keys = state.keys
            for key, life in state.keys.items():
                if life.ended is None:
                    keys = keys.insert(key, changed(life, ended=index))
            return changed(closed, successor=event.successor, keys=keys)
        case _:
            assert_never(event)
