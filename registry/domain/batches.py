"""What may happen to a batch, and what it does: the rules of the events and the state in `batch`.

What is asked of the persons stands in `dealing`; how the maps of who has what change, in `holdings`.
"""

from collections.abc import Mapping
from typing import Any, assert_never

from rpds import HashTrieMap

from registry.domain import holdings
from registry.domain.account import require_mandate
from registry.domain.act import Act, Outcome, require_new
from registry.domain.batch import (
    BUFFER,
    CAMPAIGN,
    DEPOSITED,
    DEPOSITED_RETIRED,
    DEPTH_MAX,
    DONATION,
    FREEZE,
    IMPORTED,
    NATIVE,
    OFFER,
    ORDER,
    PLEDGE,
    SETTLEMENT,
    AllowancesDeposited,
    Assigned,
    Batch,
    Beginning,
    Cancelled,
    CarriedOver,
    Carved,
    CarvedOut,
    Claimed,
    ClaimRetired,
    Deposited,
    Event,
    Gift,
    Given,
    Issued,
    IssuedElsewhere,
    Lock,
    Locked,
    LockRetired,
    Move,
    Reinstated,
    Released,
    Retired,
    Retirement,
    RetirementImported,
    Returned,
    Standing,
    Suspended,
    Traded,
    Transferred,
    TransferredElsewhere,
    check_imported,
    import_nonce,
)
from registry.domain.changed import changed
from registry.domain.conduct import check_standing
from registry.domain.dealing import (
    check_allowance_holder,
    check_free,
    check_gives,
    check_open,
    check_takes,
    party,
)
from registry.domain.ranges import Range, Ranges
from registry.domain.roles import Registry, check_second_person
from registry.domain.standard import Standard, require_not_withdrawn
from registry.domain.timing import day_of
from registry.errors import RefusedError, require
from registry.names import ACCOUNT, STANDARD

__all__ = ["Event", "evolve", "judge"]

_BEGINNINGS = frozenset({Issued, Deposited, AllowancesDeposited, IssuedElsewhere, CarvedOut})
_GOES_ON: frozenset[type] = frozenset(
    {
        *(Transferred, Traded, TransferredElsewhere, Assigned),
        *(Retired, RetirementImported, LockRetired, ClaimRetired),
        *(Locked, Released, Carved, Given, Claimed, Returned, Cancelled, CarriedOver),
    }
)
FOLLOWS: dict[str, frozenset[type]] = {
    "blank": _BEGINNINGS,
    "active": _GOES_ON | {Suspended},
    # Courts and authorities still reach into a suspended batch, and grams go back to their owners: see `_check_calm`.
    "suspended": frozenset({Assigned, Cancelled, Locked, Released, Returned, Reinstated}),
}

_OFFER_ENDS = frozenset(
    {
        "account.lock_seized.v1",
        "account.offer_accepted.v1",
        "account.offer_declined.v1",
        "account.offer_lapsed.v1",
        "account.offer_withdrawn.v1",
    }
)
LOCKED_BESIDE: Mapping[str, frozenset[str]] = {
    BUFFER: frozenset({"batch.issued.v1"}),
    CAMPAIGN: frozenset({"campaign.funded.v1"}),
    DONATION: frozenset({"account.offered.v1"}),
    FREEZE: frozenset({"account.range_frozen.v1"}),
    OFFER: frozenset({"account.offered.v1"}),
    ORDER: frozenset({"order.bought.v1"}),
    PLEDGE: frozenset({"account.pledged.v1"}),
    SETTLEMENT: frozenset({"account.reserved.v1"}),
}
"""For each ground, what stands beside a lock in the act and says what it is."""

RELEASED_BESIDE: Mapping[str, frozenset[str]] = {
    BUFFER: frozenset(),
    DONATION: _OFFER_ENDS,
    FREEZE: frozenset({"account.freeze_ended.v1", "account.lock_seized.v1", "account.unfrozen.v1"}),
    OFFER: _OFFER_ENDS,
    ORDER: frozenset({"order.released.v1"}),
    PLEDGE: frozenset({"account.lock_seized.v1", "account.pledge_released.v1"}),
    SETTLEMENT: frozenset(
        {"account.lock_seized.v1", "account.reserve_ended.v1", "account.settled.v1"}
    ),
}
"""For each ground, one of which stands beside a release. The buffer's stands alone; a campaign's grams are returned."""

_IN_PARTS = frozenset({"account.lock_seized.v1", "account.settled.v1", "order.released.v1"})
"""Beside these a lock is released in parts, as out of the buffer; beside all others whole."""
CANCELLED_BESIDE: Mapping[str, frozenset[str]] = {
    BUFFER: frozenset(),
    CAMPAIGN: frozenset(),
    ORDER: frozenset({"order.lost.v1"}),
}
"""Grounds of locks out of which grams are cancelled, and what stands beside it; others are released first."""

_SENDING = frozenset({DONATION, OFFER, ORDER, PLEDGE, SETTLEMENT})
"""Grounds on which a holder lets go of grams, though they wait."""


def judge(state: Batch, event: Event, act: Act) -> Outcome:
    """What comes of `event`: for what moves, which serial ranges, and what kind of grams they are.

    Raises:
        RefusedError: as docs/format.md says for each kind.
    """
    _check_order(state, event, act)
    match event:
        case Issued() | Deposited() | AllowancesDeposited() | IssuedElsewhere() | CarvedOut():
            return _began(state, event, act)
        case Transferred() | Traded() | TransferredElsewhere() | Assigned():
            return {"ranges": _moved(state, event, act)}
        case Retired() | RetirementImported() | LockRetired() | ClaimRetired():
            ranges = _used_up(state, event, act)
            return {"origin": state.origin, "period": state.period, "ranges": ranges}
        case Locked() | Released() | Carved() | Cancelled():
            return _taken_out(state, event, act)
        case Given() | Claimed() | Returned():
            return _gift(state, event, act)
        case CarriedOver() | Suspended() | Reinstated():
            _check_stands(state, event)
        case _:
            assert_never(event)
    return None


def _check_order(state: Batch, event: Event, act: Act) -> None:
    kind = type(event)
    if kind not in FOLLOWS[state.status]:
        suspended = state.status == "suspended" and kind in _GOES_ON
        require(not suspended, "batch_suspended", batch=state.name, entry=state.suspended)
        raise RefusedError("out_of_order", stream=state.name, status=state.status, kind=event.kind)
    if state.status == "suspended":
        _check_calm(state, event, act)


def _check_calm(state: Batch, event: Event, act: Act) -> None:
    """In a suspended batch grams are frozen, or go back to their owner, or a court takes them."""
    match event:
        case Locked():
            still = event.ground == FREEZE
        case Released():
            still = event.taker == event.owner or "account.lock_seized.v1" in _kinds(act)
        case _:
            still = True
    require(still, "batch_suspended", batch=state.name, entry=state.suspended)


def _began(state: Batch, event: Beginning, act: Act) -> Outcome:
    require_new(act, state.name)
    match event:
        case Issued():
            _check_issued(event, act)
        case Deposited() | AllowancesDeposited():
            _check_deposited(event, act)
        case IssuedElsewhere():
            _check_issued_elsewhere(event, act)
        case CarvedOut():
            ((_, came),) = act.outcomes_of(Carved)
            return came
        case _:
            assert_never(event)
    return None


def _check_issued(event: Issued, act: Act) -> None:
    check_open(act, event.holder)
    _check_native(event.standard, act)
    check_standing(act, event.holder, "issue")
    policy = act.state(Registry.name, Registry).policy("buffer_share", event.standard)
    if policy is not None and policy.number:
        least_g = -(-event.amount_g * policy.number // 1_000)
        buffered_g = sum(locked.amount_g for locked in act.each(Locked))
        told = {"buffered_g": buffered_g, "least_g": least_g, "policy": policy.index}
        require(buffered_g >= least_g, "buffer_share_missing", standard=event.standard, **told)


def _check_native(code: str, act: Act) -> None:
    """Credits of this kind come to be here, and are no allowances."""
    standard = act.state(f"{STANDARD}{code}", Standard)
    require(standard.is_recognised, "not_recognised", standard=code)
    require(standard.home is None, "foreign_standard", standard=code)
    require(standard.credit_class != "allowance", "allowances_need_a_year", standard=code)
    require_not_withdrawn(standard)


def _check_deposited(event: Deposited | AllowancesDeposited, act: Act) -> None:
    check_open(act, event.holder)
    today = _today(act)
    if isinstance(event, Deposited):
        require(event.period[1] <= today, "not_yet_happened", period=event.period, today=today)
    else:
        _check_usable(event.expires, act)
        check_allowance_holder(act, party(act, event.holder))
    check_standing(act, event.holder, "receive")
    (units,) = [
        came
        for made, came in act.outcomes
        if made.kind in ("standard.allowances_deposited.v1", "standard.deposited.v1")
    ]
    assert units is not None
    same = event.amount_g == units["amount_g"]
    require(same, "wrong_amount", amount_g=event.amount_g, units_g=units["amount_g"])


def _check_issued_elsewhere(event: IssuedElsewhere, act: Act) -> None:
    _check_entered(event, act)
    check_open(act, event.holder)
    _check_native(event.standard, act)
    over = event.period[1] <= event.day
    require(over, "not_yet_happened", period=event.period, today=event.day)


def _check_entered(event: IssuedElsewhere | TransferredElsewhere, act: Act) -> None:
    """What books of before say is entered under its row's nonce, after the day that they state."""
    own = act.nonce == import_nonce(event.source, event.row)
    require(own, "wrong_nonce", row=event.row)
    today = _today(act)
    require(event.day <= today, "not_yet_happened", day=event.day, today=today)


def _moved(state: Batch, event: Move, act: Act) -> tuple[Range, ...]:
    require(event.taker != event.giver, "to_itself", account=event.giver)
    match event:
        case Transferred():
            check_takes(act, event.taker, allowance=state.is_allowance)
            _check_movable(state)
            check_gives(act, event.giver, "send", event.amount_g)
            _check_usable(state.expires, act)
        case Traded():
            sale = event.venue, event.standard
            check_takes(act, event.taker, allowance=state.is_allowance, sale=sale)
            _check_movable(state)
            _check_mandate(event, act)
            check_gives(act, event.giver, "send", event.amount_g)
            _check_usable(state.expires, act)
        case TransferredElsewhere():
            check_open(act, event.taker)
            _check_entered(event, act)
            entering = state.source == event.source
            require(entering, "not_importing", batch=state.name)
            require(event.row > state.row, "row_imported", row=event.row, last=state.row)
            check_free(act, event.giver)
        case Assigned():
            check_open(act, event.taker)
            _check_movable(state)
        case _:
            assert_never(event)
    ranges = _chosen(state, state.holding(event.giver), event, event.giver)
    if not isinstance(event, Assigned):
        _check_not_gifted(state, ranges)
    return ranges


def _check_mandate(event: Traded, act: Act) -> None:
    giver = party(act, event.giver)
    given, venue = event.means[0], event.venue
    require_mandate(giver, given, venue=venue, standard=event.standard, today=_today(act))


def _used_up(state: Batch, event: Retirement, act: Act) -> tuple[Range, ...]:
    match event:
        case Retired():
            whole_g = sum(retired.amount_g for retired in act.each(Retired))
            check_gives(act, event.holder, "retire", whole_g)
            _check_usable(state.expires, act)
            return _chosen(state, state.holding(event.holder), event, event.holder)
        case RetirementImported():
            check_imported(event, nonce=act.nonce, at_us=act.at_us)
            check_free(act, event.holder)
            return _chosen(state, state.holding(event.holder), event, event.holder)
        case LockRetired():
            _check_standard(state, event.standard)
            lock = _lock(state, event.means[0], event.owner, ORDER)
            _check_usable(state.expires, act)
            return lock.left.lowest(event.amount_g)
        case ClaimRetired():
            _check_standard(state, event.standard)
            # A bearer has no account that could be frozen, no conduct, and nobody who could second.
            if event.holder.startswith(ACCOUNT):
                check_gives(act, event.holder, "retire", event.amount_g)
            _check_usable(state.expires, act)
            return state.given_to(event.holder).lowest(event.amount_g)
        case _:
            assert_never(event)


def _taken_out(
    state: Batch, event: Locked | Released | Carved | Cancelled, act: Act
) -> Mapping[str, Any]:
    match event:
        case Locked():
            return _locked(state, event, act)
        case Released():
            return {"ranges": _released(state, event, act)}
        case Carved():
            return _carved(state, event, act)
        case Cancelled():
            return {"ranges": _cancelled(state, event, act)}
        case _:
            assert_never(event)


def _locked(state: Batch, event: Locked, act: Act) -> Mapping[str, Any]:
    _check_beside(LOCKED_BESIDE, event.ground, act)
    others = event.ground in (BUFFER, ORDER)
    own = others or event.owner == event.holder
    require(own, "not_the_owner", holder=event.holder, owner=event.owner)
    if event.ground == BUFFER:
        buffer = act.state(Registry.name, Registry).has(event.owner, BUFFER)
        require(buffer, "role_missing", account=event.owner, role=BUFFER)
    if event.owner != event.holder:
        check_takes(act, event.owner, allowance=state.is_allowance)
    if event.ground != FREEZE:
        _check_movable(state)
        _check_usable(state.expires, act)
    if event.ground in _SENDING:
        check_gives(act, event.holder, "send", event.amount_g)
    ranges = _chosen(state, state.holding(event.holder), event, event.holder)
    if event.ground != FREEZE:
        _check_not_gifted(state, ranges)
    return {
        "origin": state.origin,
        "period": state.period,
        "project": state.project,
        "ranges": ranges,
    }


def _released(state: Batch, event: Released, act: Act) -> tuple[Range, ...]:
    _check_standard(state, event.standard)
    lock = _lock(state, event.means[0], event.owner)
    _check_beside(RELEASED_BESIDE, lock.ground, act)
    beside = _kinds(act)
    if event.taker != event.owner:
        _check_passes_on(state, event, beside, act)
    else:
        # Else a court would set free what another one froze, or a pledgee holds.
        require("account.lock_seized.v1" not in beside, "to_itself", account=event.owner)
    ranges = lock.left.lowest(event.amount_g)
    left_g = lock.left.total_g - event.amount_g
    whole = left_g == 0 or lock.ground == BUFFER or bool(beside & _IN_PARTS)
    require(whole, "lock_not_released", lock=event.means[0], left_g=left_g)
    return ranges


def _check_passes_on(state: Batch, event: Released, beside: frozenset[str], act: Act) -> None:
    """What was locked goes to another than its owner: by a court, or as if it were moved."""
    _check_movable(state)
    if "account.lock_seized.v1" in beside:
        check_open(act, event.taker)
        return
    sales = [(settled.venue, event.standard) for settled in act.of_kind("account.settled.v1")]
    check_takes(act, event.taker, allowance=state.is_allowance, sale=next(iter(sales), None))
    _check_usable(state.expires, act)


def _carved(state: Batch, event: Carved, act: Act) -> Mapping[str, Any]:
    check_free(act, event.holder)
    deep = state.depth < DEPTH_MAX
    require(deep, "too_deep", batch=state.name, depth=state.depth, depth_max=DEPTH_MAX)
    ranges = _chosen(state, state.holding(event.holder), event, event.holder)
    _check_not_gifted(state, ranges)
    return {
        "custodian": state.custodian,
        "depth": state.depth + 1,
        "expires": state.expires,
        "origin": state.origin,
        "period": state.period,
        "project": state.project,
        "ranges": ranges,
        "root": state.root,
    }


def _gift(state: Batch, event: Gift, act: Act) -> Mapping[str, Any]:
    _check_standard(state, event.standard)
    match event:
        case Given():
            lock = _lock(state, event.means[0], event.organiser, CAMPAIGN)
            check_free(act, event.organiser)
            check_second_person(act, "give", event.rows.total_g)
            _check_usable(state.expires, act)
            return {"ranges": lock.left.lowest(event.rows.total_g)}
        case Claimed():
            return {"ranges": _claimed(state, event, act)}
        case Returned():
            lock = _lock(state, event.means[0], event.organiser, CAMPAIGN)
            left = holdings.gathered([lock.left, *state.waiting.values()])
            some = event.amount_g > 0 or left.total_g == 0
            require(some, "wrong_amount", amount_g=event.amount_g, units_g=left.total_g)
            ranges = left.lowest(event.amount_g) if event.amount_g else ()
            locked = Ranges.of_sorted(holdings.common(lock.left, ranges))
            return {
                "given_g": event.amount_g - locked.total_g,
                "left_g": left.total_g - event.amount_g,
                "ranges": ranges,
            }
        case _:
            assert_never(event)


def _claimed(state: Batch, event: Claimed, act: Act) -> tuple[Range, ...]:
    check_takes(act, event.taker, allowance=state.is_allowance)
    if event.holder != event.taker:
        check_free(act, event.holder)
        moves_on = state.retire_only and event.holder.startswith(ACCOUNT)
        require(not moves_on, "gift_retire_only", batch=state.name, holder=event.holder)
    _check_usable(state.expires, act)
    return state.given_to(event.holder).lowest(event.amount_g)


def _cancelled(state: Batch, event: Cancelled, act: Act) -> tuple[Range, ...]:
    if event.means is None:
        return _chosen(state, state.holding(event.holder), event, event.holder)
    lock = _lock(state, event.means[0], event.holder)
    _check_beside(CANCELLED_BESIDE, lock.ground, act)
    return _chosen(state, lock.left, event, event.holder)


def _check_stands(state: Batch, event: Standing) -> None:
    match event:
        case CarriedOver():
            if state.expires is None:
                raise RefusedError("not_an_allowance", standard=state.standard)
            own = event.custodian == state.custodian
            require(own, "not_the_custodian", custodian=event.custodian, expected=state.custodian)
            later = event.expires > state.expires
            require(later, "not_later", until=event.expires, before=state.expires)
        case Suspended():
            pass
        case Reinstated():
            same = event.means[0] == state.suspended
            require(same, "wrong_entry_meant", meant=event.means[0], expected=state.suspended)
        case _:
            assert_never(event)


def _today(act: Act) -> str:
    return day_of(act.at_us).isoformat()


def _kinds(act: Act) -> frozenset[str]:
    return frozenset(event.kind for part in act.parts for event in part.events)


def _check_beside(table: Mapping[str, frozenset[str]], ground: str, act: Act) -> None:
    """On each ground something of its own stands in the act besides; where nothing is named, nothing does."""
    wanted = table.get(ground)
    require(wanted is not None, "wrong_ground", ground=ground, expected=sorted(table))
    assert wanted is not None
    stands = bool(_kinds(act) & wanted) if wanted else len(_kinds(act)) == 1
    require(stands, "wrong_ground", ground=ground, expected=sorted(wanted))


def _check_standard(state: Batch, code: str) -> None:
    same = code == state.standard
    require(same, "wrong_standard", standard=code, expected=state.standard)


def _check_movable(state: Batch) -> None:
    fixed = state.origin == DEPOSITED_RETIRED
    require(not fixed, "retired_at_home", batch=state.name)


def _check_usable(expires: str | None, act: Act) -> None:
    today = _today(act)
    usable = expires is None or today <= expires
    require(usable, "allowance_expired", expires=expires, today=today)


def _check_not_gifted(state: Batch, ranges: tuple[Range, ...]) -> None:
    """What was given to be used up moves no further."""
    for start, end in ranges:
        gifted = state.gifted.first_overlap(start, end)
        require(gifted is None, "gift_retire_only", batch=state.name, gifted=gifted)


def _lock(state: Batch, meant: int, owner: str, ground: str | None = None) -> Lock:
    """The lock of entry `meant`, which is `owner`'s, and on `ground`, if that is asked.

    Raises:
        RefusedError: `wrong_entry_meant`, `not_the_owner`, `wrong_ground`.
    """
    lock = state.locks.get(meant)
    if lock is None:
        raise RefusedError("wrong_entry_meant", meant=meant, expected=sorted(state.locks))
    require(lock.owner == owner, "not_the_owner", holder=owner, owner=lock.owner)
    fits = ground in (None, lock.ground)
    require(fits, "wrong_ground", ground=lock.ground, expected=ground)
    return lock


def _chosen(state: Batch, held: Ranges, event: Any, holder: str) -> tuple[Range, ...]:
    """The serial ranges that `event` moves out of what is held."""
    _check_standard(state, event.standard)
    return holdings.chosen(held, event.amount_g, event.range, holder=holder)


def evolve(state: Batch, event: Event, outcome: Outcome, index: int) -> Batch:
    """The state after `event`, which was judged; every gram is still in one state."""
    match event:
        case Issued() | Deposited() | AllowancesDeposited() | IssuedElsewhere() | CarvedOut():
            after = _received(state, event, outcome)
        case Transferred() | Traded() | TransferredElsewhere() | Assigned():
            after = _passed(state, event, _ranges(outcome))
        case Retired() | RetirementImported() | LockRetired() | ClaimRetired():
            after = _less_retired(state, event, _ranges(outcome))
        case Locked() | Released() | Carved():
            after = _bound(state, event, _ranges(outcome), index)
        case Given() | Claimed() | Returned():
            after = _less_given(state, event, _ranges(outcome))
        case Cancelled():
            after = _less_cancelled(state, event, _ranges(outcome))
        case CarriedOver() | Suspended() | Reinstated():
            after = _stands(state, event, index)
        case _:
            assert_never(event)
    entering = isinstance(event, IssuedElsewhere | TransferredElsewhere | RetirementImported)
    if after.source and not entering:
        after = changed(after, source=b"")
    assert after.conserved, "a gram lost or made"
    return after


def _ranges(outcome: Outcome) -> tuple[Range, ...]:
    assert outcome is not None
    ranges: tuple[Range, ...] = outcome["ranges"]
    return ranges


def _received(state: Batch, event: Beginning, outcome: Outcome) -> Batch:
    begun = changed(
        state,
        status="active",
        standard=event.standard,
        root=state.name,
        received_g=event.amount_g,
        held=HashTrieMap({event.holder: Ranges.of([(0, event.amount_g)])}),
        held_g=event.amount_g,
    )
    match event:
        case Issued():
            return changed(begun, origin=NATIVE, period=event.period, project=event.project)
        case Deposited():
            origin = DEPOSITED_RETIRED if event.retired_at_home else DEPOSITED
            return changed(begun, origin=origin, period=event.period, custodian=event.custodian)
        case AllowancesDeposited():
            return changed(
                begun,
                origin=DEPOSITED,
                period=(f"{event.year}-01-01", f"{event.year}-12-31"),
                custodian=event.custodian,
                expires=event.expires,
            )
        case IssuedElsewhere():
            entered = changed(begun, source=event.source, row=event.row)
            return changed(entered, origin=IMPORTED, period=event.period)
        case CarvedOut():
            return _carved_out(begun, event, outcome)
        case _:
            assert_never(event)


def _carved_out(begun: Batch, event: CarvedOut, outcome: Outcome) -> Batch:
    """The child, which is of its parent's kind, with the serial numbers that it brought along."""
    assert outcome is not None
    first, last = outcome["period"]
    return changed(
        begun,
        origin=outcome["origin"],
        period=(first, last),
        project=outcome["project"],
        root=outcome["root"],
        depth=outcome["depth"],
        custodian=outcome["custodian"],
        expires=outcome["expires"],
        held=HashTrieMap({event.holder: Ranges.of(_ranges(outcome))}),
    )


def _passed(state: Batch, event: Move, ranges: tuple[Range, ...]) -> Batch:
    held = holdings.less(state.held, event.giver, ranges)
    after = changed(state, held=holdings.more(held, event.taker, ranges))
    return changed(after, row=event.row) if isinstance(event, TransferredElsewhere) else after


def _less_retired(state: Batch, event: Retirement, ranges: tuple[Range, ...]) -> Batch:
    amount_g = event.amount_g
    retired_g = state.retired_g + amount_g
    match event:
        case Retired() | RetirementImported():
            held = holdings.less(state.held, event.holder, ranges)
            return changed(state, held=held, held_g=state.held_g - amount_g, retired_g=retired_g)
        case LockRetired():
            locks = _less_locked(state, event.means[0], ranges)
            locked_g = state.locked_g - amount_g
            return changed(state, locks=locks, locked_g=locked_g, retired_g=retired_g)
        case ClaimRetired():
            waiting = holdings.less(state.waiting, event.holder, ranges)
            locked_g = state.locked_g - amount_g
            return changed(state, waiting=waiting, locked_g=locked_g, retired_g=retired_g)
        case _:
            assert_never(event)


def _bound(
    state: Batch, event: Locked | Released | Carved, ranges: tuple[Range, ...], index: int
) -> Batch:
    match event:
        case Locked():
            lock = Lock(ground=event.ground, owner=event.owner, left=Ranges.of(ranges))
            return changed(
                state,
                held=holdings.less(state.held, event.holder, ranges),
                locks=state.locks.insert(index, lock),
                held_g=state.held_g - event.amount_g,
                locked_g=state.locked_g + event.amount_g,
            )
        case Released():
            return changed(
                state,
                held=holdings.more(state.held, event.taker, ranges),
                locks=_less_locked(state, event.means[0], ranges),
                held_g=state.held_g + event.amount_g,
                locked_g=state.locked_g - event.amount_g,
            )
        case Carved():
            return changed(
                state,
                held=holdings.less(state.held, event.holder, ranges),
                held_g=state.held_g - event.amount_g,
                carved_g=state.carved_g + event.amount_g,
            )
        case _:
            assert_never(event)


def _less_locked(state: Batch, meant: int, ranges: tuple[Range, ...]) -> "HashTrieMap[int, Lock]":
    """The locks when `ranges` are no more in that of entry `meant`."""
    lock = state.locks[meant]
    left = lock.left.without(ranges)
    # The lock of a campaign stays: what is given waits beside it, and returns by its name.
    if left.total_g == 0 and lock.ground != CAMPAIGN:
        return state.locks.remove(meant)
    return state.locks.insert(meant, changed(lock, left=left))


def _less_given(state: Batch, event: Gift, ranges: tuple[Range, ...]) -> Batch:
    match event:
        case Given():
            assert event.rows.items is not None
            return changed(
                state,
                locks=_less_locked(state, event.means[0], ranges),
                waiting=holdings.shared_out(state.waiting, ranges, event.rows.items),
                retire_only=event.retire_only,
            )
        case Claimed():
            return changed(
                state,
                waiting=holdings.less(state.waiting, event.holder, ranges),
                held=holdings.more(state.held, event.taker, ranges),
                gifted=state.gifted.with_(ranges) if state.retire_only else state.gifted,
                held_g=state.held_g + event.amount_g,
                locked_g=state.locked_g - event.amount_g,
            )
        case Returned():
            return _returned(state, event, ranges)
        case _:
            assert_never(event)


def _returned(state: Batch, event: Returned, ranges: tuple[Range, ...]) -> Batch:
    """The organiser has again what was still locked of `ranges`, and what nobody had claimed of them."""
    if not ranges:
        return state
    locked = holdings.common(state.locks[event.means[0]].left, ranges)
    return changed(
        state,
        held=holdings.more(state.held, event.organiser, ranges),
        locks=_less_locked(state, event.means[0], locked),
        waiting=holdings.without(state.waiting, ranges),
        held_g=state.held_g + event.amount_g,
        locked_g=state.locked_g - event.amount_g,
    )


def _less_cancelled(state: Batch, event: Cancelled, ranges: tuple[Range, ...]) -> Batch:
    cancelled_g = state.cancelled_g + event.amount_g
    if event.means is None:
        held = holdings.less(state.held, event.holder, ranges)
        held_g = state.held_g - event.amount_g
        return changed(state, held=held, held_g=held_g, cancelled_g=cancelled_g)
    locks = _less_locked(state, event.means[0], ranges)
    locked_g = state.locked_g - event.amount_g
    return changed(state, locks=locks, locked_g=locked_g, cancelled_g=cancelled_g)


def _stands(state: Batch, event: Standing, index: int) -> Batch:
    match event:
        case CarriedOver():
            return changed(state, expires=event.expires)
        case Suspended():
            return changed(state, status="suspended", suspended=index)
        case Reinstated():
            return changed(state, status="active", suspended=None)
        case _:
            assert_never(event)
