"""Freezes: an authority holds an account, or a range of its grams, until it lets go.

    frozen, range_frozen  ->  renewed (续冻)  ->  unfrozen by the same authority, or ended by an officer after the day

A second freeze waits (轮候) and comes into force when those before it are over. No freeze ends by the clock alone.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, assert_never

from registry.domain import shape
from registry.domain.account import Account, Freeze, Tie, require_over
from registry.domain.act import Act, Outcome
from registry.domain.changed import changed
from registry.domain.timing import day_of
from registry.errors import RefusedError, require

GROUND = "freeze"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """The whole account is frozen: nothing leaves it."""

    kind: ClassVar = "account.frozen.v1"
    consults: ClassVar = ()
    authority: shape.Account
    until: shape.Day
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeFrozen:
    """The grams that the act locks are frozen."""

    kind: ClassVar = "account.range_frozen.v1"
    consults: ClassVar = ()
    authority: shape.Account
    until: shape.Day
    document: shape.Digest
    batch: Annotated[str, shape.stream_of("batch")]
    standard: shape.Code
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeQueued:
    """A freeze that waits for the end of those before it on one range; `means` is the entry that locked the range."""

    kind: ClassVar = "account.freeze_queued.v1"
    consults: ClassVar = ()
    means: shape.Means
    authority: shape.Account
    until: shape.Day
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeRenewed:
    """The authority that froze goes on freezing, until a later day; `means` is the freeze."""

    kind: ClassVar = "account.freeze_renewed.v1"
    consults: ClassVar = ()
    means: shape.Means
    authority: shape.Account
    until: shape.Day
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeConsented:
    """The authority that froze the account lets it perform one restoration order; `means` is the freeze."""

    kind: ClassVar = "account.freeze_consented.v1"
    consults: ClassVar = ()
    means: shape.Means
    authority: shape.Account
    order: Annotated[str, shape.stream_of("order")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfrozen:
    """The authority that froze lets go; `means` is the freeze."""

    kind: ClassVar = "account.unfrozen.v1"
    consults: ClassVar = ()
    means: shape.Means
    authority: shape.Account
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeEnded:
    """An officer records that the day of a freeze has passed without renewal; `means` is the freeze."""

    kind: ClassVar = "account.freeze_ended.v1"
    consults: ClassVar = ()
    means: shape.Means


Ending = Unfrozen | FreezeEnded
Event = Frozen | RangeFrozen | FreezeQueued | FreezeRenewed | FreezeConsented | Ending


def judge(state: Account, event: Event, act: Act) -> Outcome:
    """What comes of `event`: nothing but the next state.

    Raises:
        RefusedError: `account_not_open`, `day_passed`, `account_frozen`, `not_tied`, `not_frozen`, `not_the_authority`,
            `not_later`, `wrong_entry_meant`, `too_early`, `lock_not_released`, `freeze_waiting`.
    """
    require(state.is_begun, "account_not_open", account=state.name)
    today = day_of(act.at_us).isoformat()
    match event:
        case Frozen() | RangeFrozen():
            _require_ahead(event.until, today)
        case FreezeQueued():
            _require_ahead(event.until, today)
            tie = state.ties.get(event.means[0])
            tied = tie is not None and tie.ground == GROUND
            require(tied, "not_tied", account=state.name, meant=event.means[0])
        case FreezeRenewed():
            freeze = _of(state, event, event.authority)
            later = max(freeze.until, today) <= event.until and event.until != freeze.until
            told = {"until": event.until, "before": freeze.until, "today": today}
            require(later, "not_later", **told)
        case FreezeConsented():
            freeze = _of(state, event, event.authority)
            whole = freeze.lock is None
            require(whole, "wrong_entry_meant", meant=event.means[0], why="range_is_frozen")
        case Unfrozen():
            _check_lock(state, _of(state, event, event.authority), act)
        case FreezeEnded():
            freeze = _freeze(state, event.means[0])
            require_over(state.name, freeze.until, today)
            _check_lock(state, freeze, act)
        case _:
            assert_never(event)
    return None


def evolve(state: Account, event: Event, index: int) -> Account:
    """The state after `event`, which was judged."""
    match event:
        case Frozen():
            return _with(state, event, index, lock=None)
        case RangeFrozen():
            tie = Tie(
                ground=GROUND,
                batch=event.batch,
                standard=event.standard,
                amount_g=event.amount_g,
                other=event.authority,
                until=None,
            )
            frozen = _with(state, event, index, lock=index)
            return changed(frozen, ties=state.ties.insert(index, tie))
        case FreezeQueued():
            return _with(state, event, index, lock=event.means[0])
        case FreezeRenewed():
            freeze = _freeze(state, event.means[0])
            return _instead(state, freeze, changed(freeze, until=event.until))
        case FreezeConsented():
            freeze = _freeze(state, event.means[0])
            return _instead(state, freeze, changed(freeze, orders=freeze.orders | {event.order}))
        case Unfrozen() | FreezeEnded():
            return _ended(state, _freeze(state, event.means[0]))
        case _:
            assert_never(event)


def without_lock(state: Account, lock: int) -> Account:
    """The account when nothing of a frozen range is left: whoever waits for it waits no more."""
    left = tuple(freeze for freeze in state.freezes if freeze.lock != lock)
    return changed(state, freezes=left, ties=state.ties.remove(lock))


def _require_ahead(until: str, today: str) -> None:
    require(today <= until, "day_passed", until=until, today=today)


def _with(
    state: Account, event: Frozen | RangeFrozen | FreezeQueued, index: int, *, lock: int | None
) -> Account:
    freeze = Freeze(index=index, authority=event.authority, until=event.until, lock=lock)
    return changed(state, freezes=(*state.freezes, freeze))


def _freeze(state: Account, meant: int) -> Freeze:
    """The freeze that entry `meant` asked for."""
    for freeze in state.freezes:
        if freeze.index == meant:
            return freeze
    raise RefusedError("not_frozen", account=state.name, meant=meant)


def _of(
    state: Account, event: FreezeRenewed | FreezeConsented | Unfrozen, authority: str
) -> Freeze:
    """The freeze that `event` means, which is one of `authority`."""
    freeze = _freeze(state, event.means[0])
    own = freeze.authority == authority
    require(own, "not_the_authority", authority=authority, expected=freeze.authority)
    return freeze


def _check_lock(state: Account, freeze: Freeze, act: Act) -> None:
    """The range is released with the last freeze on it, and with no other; for a whole account nothing is."""
    released = act.of_kind("batch.released.v1")
    others = [other.index for other in state.freezes_of(freeze.lock) if other != freeze]
    if freeze.lock is None or others:
        require(not released, "freeze_waiting", account=state.name, entries=others)
        return
    require(bool(released), "lock_not_released", account=state.name, lock=freeze.lock)
    meant = released[0].means[0]
    same = meant == freeze.lock
    require(same, "wrong_entry_meant", meant=meant, expected=freeze.lock)


def _instead(state: Account, freeze: Freeze, other: Freeze) -> Account:
    replaced = tuple(other if one == freeze else one for one in state.freezes)
    return changed(state, freezes=replaced)


def _ended(state: Account, freeze: Freeze) -> Account:
    if freeze.lock is not None and state.freezes_of(freeze.lock) == (freeze,):
        return without_lock(state, freeze.lock)
    left = tuple(one for one in state.freezes if one != freeze)
    return changed(state, freezes=left)
