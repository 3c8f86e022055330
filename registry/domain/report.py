"""A list or table for the authorities: compiled as of a number of entries, and handed up from level to level.

    compiled -> submitted -> accepted -> submitted to the next level …
                          -> returned -> amended -> submitted

What was accepted is not amended: a correction enters the next report. `means` is always the report's last entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, assert_never

from registry.domain import shape
from registry.domain.act import Act, Outcome, require_new
from registry.domain.changed import changed
from registry.domain.shape import integer, one_of
from registry.errors import RefusedError, require

SORTS = frozenset({"annual", "list", "registration"})
"""年度表, 清单, 登记表."""

Sort = Annotated[str, one_of(SORTS)]
Count = Annotated[int, integer(0, shape.GRAMS_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What the first `size` entries say of an area, from the day `first` to the day `last`.

    `file` is the SHA-256 of the list itself; `activities` counts 场次, `retirements` 笔数, and `total_g` their grams.
    """

    kind: ClassVar = "report.compiled.v1"
    consults: ClassVar = ()
    compiler: shape.Account
    sort: Sort
    area: shape.Place
    first: shape.Day
    last: shape.Day
    size: Count
    file: shape.Digest
    activities: Count
    retirements: Count
    total_g: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The compiler hands the report to an authority; or an authority that accepted it, to the next."""

    kind: ClassVar = "report.submitted.v1"
    consults: ClassVar = ("account to",)
    means: shape.Means
    submitter: shape.Account
    to: shape.Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The authority hands it back to the compiler, with what is wrong."""

    kind: ClassVar = "report.returned.v1"
    consults: ClassVar = ()
    means: shape.Means
    authority: shape.Account
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The authority accepts it."""

    kind: ClassVar = "report.accepted.v1"
    consults: ClassVar = ()
    means: shape.Means
    authority: shape.Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """The compiler compiles it anew, as of at least as many entries."""

    kind: ClassVar = "report.amended.v1"
    consults: ClassVar = ()
    means: shape.Means
    compiler: shape.Account
    size: Count
    file: shape.Digest
    activities: Count
    retirements: Count
    total_g: Count


Event = Compiled | Submitted | Returned | Accepted | Amended


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report: who has it now, and its last entry."""

    name: str = ""
    status: str = "blank"
    """`blank`, `compiled`, `submitted`, `returned` or `accepted`."""
    compiler: str = ""
    holder: str = ""
    """Whose turn it is: the compiler's, or that of the authority to which it was submitted."""
    last: int | None = None
    size: int = 0


FOLLOWS: Mapping[str, frozenset[type]] = {
    "blank": frozenset({Compiled}),
    "compiled": frozenset({Submitted, Amended}),
    "submitted": frozenset({Returned, Accepted}),
    "returned": frozenset({Amended}),
    "accepted": frozenset({Submitted}),
}


def judge(state: Report, event: Event, act: Act) -> Outcome:
    """What comes of `event`: nothing but the new state.

    Raises:
        RefusedError: `out_of_order`, `wrong_id`, `wrong_period`, `wrong_size`, `wrong_entry_meant`, `wrong_account`,
            `to_itself`, `role_missing`.
    """
    if type(event) not in FOLLOWS[state.status]:
        raise RefusedError("out_of_order", stream=state.name, status=state.status, kind=event.kind)
    if isinstance(event, Compiled):
        require_new(act, state.name)
        ordered = event.first <= event.last
        require(ordered, "wrong_period", first=event.first, last=event.last)
        _check_size(event.size, 1, act)
        return None
    meant = event.means[0]
    require(meant == state.last, "wrong_entry_meant", meant=meant, expected=state.last)
    match event:
        case Submitted():
            _check_turn(state, event.submitter)
            require(event.to != event.submitter, "to_itself", account=event.to)
            has = act.consulted["registry"].has(event.to, "authority")
            require(has, "role_missing", account=event.to, role="authority")
        case Returned() | Accepted():
            _check_turn(state, event.authority)
        case Amended():
            _check_turn(state, event.compiler)
            _check_size(event.size, state.size, act)
        case _:
            assert_never(event)
    return None


def evolve(state: Report, event: Event, _outcome: Outcome, index: int) -> Report:
    """The state after `event`, which was judged."""
    after = changed(state, last=index)
    match event:
        case Compiled():
            after = changed(after, compiler=event.compiler, holder=event.compiler)
            after = changed(after, status="compiled", size=event.size)
        case Submitted():
            after = changed(after, status="submitted", holder=event.to)
        case Returned():
            after = changed(after, status="returned", holder=state.compiler)
        case Accepted():
            after = changed(after, status="accepted")
        case Amended():
            after = changed(after, status="compiled", size=event.size)
        case _:
            assert_never(event)
    return after


def _check_turn(state: Report, account: str) -> None:
    require(account == state.holder, "wrong_account", account=account, expected=state.holder)


def _check_size(size: int, least: int, act: Act) -> None:
    """A report counts entries that are there."""
    fits = least <= size <= act.index
    require(fits, "wrong_size", size=size, least=least, entries=act.index)
