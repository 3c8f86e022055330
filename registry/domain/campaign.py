"""A gift campaign (赠碳): an organiser gives credits away for an occasion, on terms that stand before the first gift.

    opened -> funded and given until the deadline -> what nobody claimed returned after it -> closed

The grams are in batches that were carved out and locked for it, one for each funding. Who claims a gift touches its
batch alone, so ten thousand guests do not queue at one stream; what is left shows when the batches come back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.act import Act, Outcome, require_new
from registry.domain.changed import changed
from registry.domain.conduct import check_standing
from registry.domain.shape import integer
from registry.domain.standard import Standard
from registry.domain.timing import day_of
from registry.errors import RefusedError, require
from registry.names import STANDARD

Batch = Annotated[str, shape.stream_of("batch")]
Left = Annotated[int, integer(0, shape.GRAMS_MAX)]

DAYS_MAX = 731
"""So many days after it was opened a campaign is over at the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A campaign begins; `occasion` commits to what it is for, `terms` is the SHA-256 of its terms.

    `each_g` is what every guest gets, nil where a list says so; gifts are given until `deadline`, that day included.
    With `retire_only`, guests can use up what they are given and do nothing else with it. `public` says whether
    everybody may be told of the occasion.
    """

    kind: ClassVar = "campaign.opened.v1"
    consults: ClassVar = ("conduct organiser", "standard standard")
    organiser: shape.Account
    occasion: shape.Commitment
    terms: shape.Digest
    standard: shape.Code
    each_g: shape.OptionalGrams
    deadline: shape.Day
    retire_only: shape.Flag
    public: shape.Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class Funded:
    """The organiser's grams, carved into `batch` and locked there in the same act, are there to be given."""

    kind: ClassVar = "campaign.funded.v1"
    consults: ClassVar = ()
    organiser: shape.Account
    batch: Batch
    standard: shape.Code
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """`count` gifts of `amount_g` together are made out of `batch`; whose they are is said beside it there."""

    kind: ClassVar = "campaign.given.v1"
    consults: ClassVar = ("conduct organiser",)
    organiser: shape.Account
    batch: Batch
    count: Annotated[int, integer(1, shape.ROWS_MAX)]
    amount_g: shape.Grams


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """After the deadline, what was not given or not claimed goes back to the organiser; or nothing, if none is left."""

    kind: ClassVar = "campaign.returned.v1"
    consults: ClassVar = ()
    organiser: shape.Account
    batch: Batch
    amount_g: Left


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The campaign is over: of all its batches nothing is left to be claimed or returned."""

    kind: ClassVar = "campaign.closed.v1"
    consults: ClassVar = ()
    organiser: shape.Account


Event = Opened | Funded | Given | Returned | Closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """A batch of the campaign: the index of the entry that locked its grams, and how many are given and returned."""

    lock: int
    amount_g: int
    given_g: int = 0
    returned_g: int = 0
    settled: bool = False
    """Whether nothing of it is left to be claimed or returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign, its terms, and what was done under them; `batches` are its fundings."""

    name: str = ""
    status: str = "blank"
    organiser: str = ""
    standard: str = ""
    each_g: int | None = None
    deadline: str = ""
    retire_only: bool = True
    public: bool = False
    gifts: int = 0
    batches: "HashTrieMap[str, Funding]" = HashTrieMap()

    @property
    def unsettled(self) -> list[str]:
        """The batches, in order, of which something may be left."""
        return sorted(batch for batch, funding in self.batches.items() if not funding.settled)

    @property
    def funded_g(self) -> int:
        """All grams that were there to be given."""
        return sum(funding.amount_g for funding in self.batches.values())

    @property
    def given_g(self) -> int:
        """All grams that were given, claimed or not."""
        return sum(funding.given_g for funding in self.batches.values())

    @property
    def returned_g(self) -> int:
        """All grams that went back to the organiser."""
        return sum(funding.returned_g for funding in self.batches.values())


FOLLOWS: dict[str, frozenset[type]] = {
    "blank": frozenset({Opened}),
    "open": frozenset({Funded, Given, Returned, Closed}),
    "closed": frozenset(),
}


def judge(state: Campaign, event: Event, act: Act) -> Outcome:
    """What comes of `event`; of a return, how much of the batch may still be claimed or returned.

    Raises:
        RefusedError: `out_of_order`, `wrong_id`, `not_recognised`, `allowances_not_given`, `deadline_passed`,
            `deadline_too_late`,
            `forbidden_by_standing`, `not_the_organiser`, `wrong_standard`, `not_funded`, `wrong_entry_meant`,
            `terms_differ`, `wrong_amount`, `wrong_gift`, `before_deadline`, `nothing_left`, `gifts_left`.
    """
    lawful = type(event) in FOLLOWS[state.status]
    require(lawful, "out_of_order", stream=state.name, status=state.status, kind=event.kind)
    if isinstance(event, Opened):
        _check_opened(state, event, act)
        return None
    own = event.organiser == state.organiser
    require(own, "not_the_organiser", organiser=state.organiser, account=event.organiser)
    match event:
        case Funded():
            _check_in_time(state.deadline, act)
            same = event.standard == state.standard
            require(same, "wrong_standard", standard=event.standard, expected=state.standard)
            return None
        case Given():
            _check_given(state, event, act)
            return None
        case Returned():
            return _returned(state, event, act)
        case Closed():
            require(not state.unsettled, "gifts_left", batches=state.unsettled)
            return None
        case _:
            assert_never(event)


def evolve(state: Campaign, event: Event, outcome: Outcome, index: int) -> Campaign:
    """The state after `event`, which was judged."""
    match event:
        case Opened():
            return changed(
                state,
                status="open",
                organiser=event.organiser,
                standard=event.standard,
                each_g=event.each_g,
                deadline=event.deadline,
                retire_only=event.retire_only,
                public=event.public,
            )
        case Funded():
            return _with(state, event.batch, Funding(lock=index, amount_g=event.amount_g))
        case Given():
            funding = state.batches[event.batch]
            after = changed(funding, given_g=funding.given_g + event.amount_g)
            return changed(_with(state, event.batch, after), gifts=state.gifts + event.count)
        case Returned():
            assert outcome is not None
            funding = state.batches[event.batch]
            returned_g = funding.returned_g + event.amount_g
            settled = outcome["left_g"] == 0
            return _with(
                state, event.batch, changed(funding, returned_g=returned_g, settled=settled)
            )
        case Closed():
            return changed(state, status="closed")
        case _:
            assert_never(event)


def _with(state: Campaign, batch: str, funding: Funding) -> Campaign:
    return changed(state, batches=state.batches.insert(batch, funding))


def _check_opened(state: Campaign, event: Opened, act: Act) -> None:
    require_new(act, state.name)
    check_standing(act, event.organiser, "give")
    standard = act.state(f"{STANDARD}{event.standard}", Standard)
    require(standard.is_recognised, "not_recognised", standard=event.standard)
    # An allowance has few possible holders, and is surrendered elsewhere: guests have no use for it.
    fit = standard.credit_class != "allowance"
    require(fit, "allowances_not_given", standard=event.standard)
    _check_in_time(event.deadline, act)
    # Until it is over, no court reaches what was given and not claimed.
    latest = date.fromordinal(day_of(act.at_us).toordinal() + DAYS_MAX).isoformat()
    near = event.deadline <= latest
    require(near, "deadline_too_late", deadline=event.deadline, latest=latest)


def _check_in_time(deadline: str, act: Act) -> None:
    today = day_of(act.at_us).isoformat()
    require(today <= deadline, "deadline_passed", deadline=deadline, today=today)


def _check_given(state: Campaign, event: Given, act: Act) -> None:
    _check_in_time(state.deadline, act)
    check_standing(act, event.organiser, "give")
    (made,) = act.of_kind("batch.given.v1")
    _check_lock(state, event.batch, made.means)
    same = made.retire_only == state.retire_only
    require(same, "terms_differ", retire_only=made.retire_only, expected=state.retire_only)
    rows: shape.Rows = made.rows
    said = (event.count, event.amount_g) == (rows.count, rows.total_g)
    told = {"amount_g": event.amount_g, "units_g": rows.total_g}
    require(said, "wrong_amount", **told, count=event.count, rows=rows.count)
    assert rows.items is not None
    if state.each_g is None:
        return
    for number, (_, amount_g, _) in enumerate(rows.items):
        if amount_g != state.each_g:
            raise RefusedError("wrong_gift", row=number, amount_g=amount_g, each_g=state.each_g)


def _check_lock(state: Campaign, batch: str, means: tuple[int, bytes]) -> None:
    """Return if `means` is the entry that locked `batch` for this very campaign, and for no other of its organiser."""
    funding = state.batches.get(batch)
    if funding is None:
        raise RefusedError("not_funded", batch=batch)
    same = means[0] == funding.lock
    require(same, "wrong_entry_meant", meant=means[0], expected=funding.lock)


def _returned(state: Campaign, event: Returned, act: Act) -> Mapping[str, Any]:
    today = day_of(act.at_us).isoformat()
    over = state.deadline < today
    require(over, "before_deadline", deadline=state.deadline, today=today)
    ((made, came),) = [
        (made, came) for made, came in act.outcomes if made.kind == "batch.returned.v1"
    ]
    _check_lock(state, event.batch, made.means)
    require(not state.batches[event.batch].settled, "nothing_left", batch=event.batch)
    assert came is not None
    return {"left_g": came["left_g"]}
