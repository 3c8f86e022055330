"""The conduct of an account: what was found against it, by due process, what is in force, and what is to its credit.

    found -> notified -> heard, or the hearing waived -> decided -> published -> repaired, revoked or ended

What is found stands on nobody's list until it is published, and is published only after notice, hearing and decision
by another person than the one who found it. Nothing is in force, or no more, by the clock alone.

Imports no other stream: accounts and batches ask here whether a standing forbids what they are about to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.act import Act, Outcome
from registry.domain.changed import changed
from registry.domain.shape import one_of
from registry.domain.timing import day_of, first_day_after
from registry.errors import RefusedError, require
from registry.names import ACCOUNT, CONDUCT, id_of

BLACKLIST = "blacklist"
BREACH = "breach"
LEVELS = frozenset({BLACKLIST, BREACH})
"""平台违规记录, the platform's own record; 黑名单, which only the competent authority keeps, naming its legal basis.

Source: 国办发〔2020〕49号: lists of serious dishonesty rest on laws, regulations or national policy alone.
"""
DECISIONS = frozenset({"dismissed", "upheld"})
REVIEWS = frozenset({"revoked", "upheld"})

REPLY_WORKING_DAYS = 5
"""So many days from Monday to Friday lie wholly between the notice and the last day to reply.

Source: 行政处罚法, articles 64 and 85: a hearing is asked for within five working days of the notice.
"""

AUTHORITY = "authority"

Level = Annotated[str, one_of(LEVELS)]
Decision = Annotated[str, one_of(DECISIONS)]
Review = Annotated[str, one_of(REVIEWS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Somebody in office finds that an account broke a rule: a case begins, which is named by this entry.

    `rule` is the number of what was broken; `details` stay a commitment; a `blacklist` finding names its legal basis.
    """

    kind: ClassVar = "conduct.found.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    finder: shape.Account
    level: Level
    rule: shape.Reference
    document: shape.Digest
    details: shape.OptionalCommitment
    legal_basis: shape.OptionalReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Notified:
    """The account is told beforehand (事先告知) what was found, and until when it may reply."""

    kind: ClassVar = "conduct.notified.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    means: shape.Means
    document: shape.Digest
    reply_by: shape.Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The account says its part; `document` is the SHA-256 of what it said."""

    kind: ClassVar = "conduct.heard.v1"
    consults: ClassVar = ()
    account: shape.Account
    means: shape.Means
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingWaived:
    """The last day to reply has passed without a word of the account."""

    kind: ClassVar = "conduct.hearing_waived.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    means: shape.Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Another person than the finder decides; `until` is the last day of what is upheld, nil where it has none."""

    kind: ClassVar = "conduct.decided.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    means: shape.Means
    decider: shape.Account
    result: Decision
    until: shape.OptionalDay
    document: shape.Digest
    legal_basis: shape.OptionalReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was upheld is in force from this entry on."""

    kind: ClassVar = "conduct.published.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    means: shape.Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Objected:
    """The account objects to the decision, once."""

    kind: ClassVar = "conduct.objected.v1"
    consults: ClassVar = ()
    account: shape.Account
    means: shape.Means
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """Another person than the decider answers the objection."""

    kind: ClassVar = "conduct.reviewed.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    means: shape.Means
    reviewer: shape.Account
    result: Review
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """The account has made good (信用修复): what was in force is so no more."""

    kind: ClassVar = "conduct.repaired.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    means: shape.Means
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """Whoever is in office takes the case back, at whatever stage it is."""

    kind: ClassVar = "conduct.revoked.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    means: shape.Means
    document: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The term of what was in force has passed; the account itself may say so, and need not wait for an officer."""

    kind: ClassVar = "conduct.ended.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    means: shape.Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Commended:
    """The account is commended."""

    kind: ClassVar = "conduct.commended.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    document: shape.Digest


Step = (
    Notified
    | Heard
    | HearingWaived
    | Decided
    | Published
    | Objected
    | Reviewed
    | Repaired
    | Revoked
    | Ended
)
"""What follows in a case that was found; its `means` is the finding."""
InOffice = Notified | HearingWaived | Decided | Published | Reviewed | Repaired | Revoked | Ended
"""The steps that somebody in office takes."""
Event = (
    Found
    | Notified
    | Heard
    | HearingWaived
    | Decided
    | Published
    | Objected
    | Reviewed
    | Repaired
    | Revoked
    | Ended
    | Commended
)

FOLLOWS: Mapping[str, frozenset[type]] = {
    "found": frozenset({Notified, Revoked}),
    "notified": frozenset({Heard, HearingWaived, Revoked}),
    "heard": frozenset({Heard, Decided, Revoked}),
    "upheld": frozenset({Published, Objected, Reviewed, Revoked}),
    "in_force": frozenset({Objected, Reviewed, Repaired, Revoked, Ended}),
    "dismissed": frozenset(),
    "repaired": frozenset(),
    "revoked": frozenset(),
    "ended": frozenset(),
}
"""By the stage of a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case: what was found, how far it is, and on which days it was in force.

    `published` is the entry that put it in force, on the day `first`; from the day `last` on it was in force no more.
    """

    level: str
    rule: str
    stage: str = "found"
    finder: str
    """The controller of who found it."""
    decider: str = ""
    """The controller of who decided it."""
    reply_by: str = ""
    until: str | None = None
    objection: str = ""
    """Nothing, `pending` or `answered`."""
    published: int | None = None
    first: str = ""
    last: str = ""

    @property
    def is_in_force(self) -> bool:
        """Whether it is in force now."""
        return self.stage == "in_force"

    def was_in_force(self, day: str) -> bool:
        """Whether it was in force at the end of `day`."""
        begun = self.published is not None and self.first <= day
        return begun and (not self.last or day < self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an account stands: `clear`, `breach` or `blacklist`, and the entries that published it so."""

    level: str
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """The conduct of one account: its cases, by the index of the entry that found each, and its commendations."""

    name: str = ""
    cases: "HashTrieMap[int, Case]" = HashTrieMap()
    commended: tuple[int, ...] = ()

    @property
    def account(self) -> str:
        """The account that this is about."""
        return ACCOUNT + id_of(self.name)

    def listed(self, level: str, day: str | None = None) -> tuple[int, ...]:
        """The entries that put something of `level` in force: now, or at the end of `day`."""
        return tuple(
            sorted(
                case.published
                for case in self.cases.values()
                if case.published is not None
                and case.level == level
                and (case.is_in_force if day is None else case.was_in_force(day))
            )
        )

    def standing(self, day: str | None = None) -> Standing:
        """How the account stands now, or stood at the end of `day`, as far as its history goes."""
        for level in (BLACKLIST, BREACH):
            entries = self.listed(level, day)
            if entries:
                return Standing(level=level, entries=entries)
        return Standing(level="clear", entries=())


def check_standing(act: Act, account: str, doing: str) -> None:
    """Return if nothing in force against `account` forbids it `doing`, by the policies on the log.

    Args:
        act: an act that consults `registry` and the conduct of `account`; who has no account has no conduct.
        account: whose standing is asked for.
        doing: one of the doings of the policies `breach_forbids` and `blacklist_forbids`.

    Raises:
        RefusedError: `forbidden_by_standing`, naming the entries and the policy.
    """
    state = act.consulted.get(CONDUCT + id_of(account))
    if not isinstance(state, Conduct):
        return
    for level in (BLACKLIST, BREACH):
        entries = state.listed(level)
        policy = act.consulted["registry"].policy(f"{level}_forbids") if entries else None
        if policy is not None and doing in policy.codes:
            raise RefusedError(
                "forbidden_by_standing",
                account=account,
                doing=doing,
                standing=level,
                entries=list(entries),
                policy=policy.index,
            )


def judge(state: Conduct, event: Event, act: Act) -> Outcome:
    """What comes of `event`: who decides for the person in office, where another must differ; the day, where it counts.

    Raises:
        RefusedError: `wrong_account`, `account_not_open`, `own_account`, `role_missing`, `legal_basis_needed`,
            `wrong_entry_meant`, `out_of_order`, `too_early`, `not_distinct`.
    """
    same = event.account == state.account
    require(same, "wrong_account", account=event.account, expected=state.account)
    match event:
        case Heard() | Objected():
            _case(state, event)
            return None
        case Found():
            opened = bool(act.consulted[event.account].legal_form)
            require(opened, "account_not_open", account=event.account)
            controller = _in_office(event, event.level, act)
            _check_basis(event.level, event.legal_basis)
            return {"controller": controller}
        case Commended():
            _in_office(event, BREACH, act)
            return None
        case _:
            return _judged(event, _case(state, event), act)


def evolve(state: Conduct, event: Event, outcome: Outcome, index: int) -> Conduct:
    """The state after `event`, which was judged."""
    match event:
        case Found():
            assert outcome is not None
            found = Case(level=event.level, rule=event.rule, finder=outcome["controller"])
            return changed(state, cases=state.cases.insert(index, found))
        case Commended():
            return changed(state, commended=(*state.commended, index))
        case _:
            number = event.means[0]
            after = _after(state.cases[number], event, outcome, index)
            return changed(state, cases=state.cases.insert(number, after))


def _judged(event: InOffice, case: Case, act: Act) -> Outcome:
    """What comes of a step by somebody in office in `case`, whose turn it is."""
    today = day_of(act.at_us)
    match event:
        case Notified():
            _in_office(event, case.level, act)
            earliest = first_day_after(today, REPLY_WORKING_DAYS).isoformat()
            told = {"day": event.reply_by, "not_before": earliest, "today": today.isoformat()}
            require(event.reply_by >= earliest, "too_early", **told)
            return None
        case HearingWaived():
            _in_office(event, BREACH, act)
            _check_past(case.reply_by, act)
            return None
        case Decided():
            controller = _in_office(event, case.level, act)
            _check_other(case.finder, controller, act)
            if event.result == "upheld":
                _check_basis(case.level, event.legal_basis)
            return {"controller": controller}
        case Reviewed():
            _check_other(case.decider, _in_office(event, case.level, act), act)
        case Published() | Repaired() | Revoked():
            _in_office(event, case.level, act)
        case Ended():
            # The account itself may sign this: it undoes what is over by its own terms.
            require(case.until is not None, "out_of_order", stage=case.stage, kind=event.kind)
            _check_past(str(case.until), act)
        case _:
            assert_never(event)
    return {"day": today.isoformat()}


def _after(case: Case, event: Step, outcome: Outcome, index: int) -> Case:
    """`case` after `event`; the outcome says who decided, or on which day."""
    told: Mapping[str, str] = outcome or {}
    match event:
        case Notified():
            after = changed(case, stage="notified", reply_by=event.reply_by)
        case Heard() | HearingWaived():
            after = changed(case, stage="heard")
        case Decided():
            by = told["controller"]
            after = changed(case, stage=event.result, until=event.until, decider=by)
        case Published():
            after = changed(case, stage="in_force", published=index, first=told["day"])
        case Objected():
            after = changed(case, objection="pending")
        case Reviewed():
            after = changed(case, objection="answered")
            if event.result == "revoked":
                after = changed(after, stage="revoked", last=told["day"])
        case Repaired() | Revoked() | Ended():
            stage = event.kind.split(".")[1]
            after = changed(case, stage=stage, last=told["day"])
        case _:
            assert_never(event)
    return after


def _case(state: Conduct, event: Step) -> Case:
    """The case that `event` means, whose turn it is."""
    case = state.cases.get(event.means[0])
    if case is None:
        raise RefusedError("wrong_entry_meant", meant=event.means[0], expected=sorted(state.cases))
    follows = type(event) in FOLLOWS[case.stage]
    if isinstance(event, Objected):
        follows = follows and not case.objection
    if isinstance(event, Reviewed):
        follows = follows and case.objection == "pending"
    require(follows, "out_of_order", stream=state.name, stage=case.stage, kind=event.kind)
    return case


def _in_office(event: Event, level: str, act: Act) -> str:
    """Who decides for the signer, who is not the account concerned, and for a black list is an authority."""
    signer = act.author
    own = {event.account, act.consulted[event.account].controller}
    controller: str = act.consulted[signer].controller
    strangers = signer not in own and controller not in own
    require(strangers, "own_account", account=event.account, officer=signer)
    fits = level != BLACKLIST or act.consulted["registry"].has(signer, AUTHORITY)
    require(fits, "role_missing", account=signer, role=AUTHORITY)
    return controller


def _check_basis(level: str, legal_basis: str | None) -> None:
    named = level != BLACKLIST or legal_basis is not None
    require(named, "legal_basis_needed", level=level)


def _check_other(before: str, controller: str, act: Act) -> None:
    """Nobody decides on their own finding, or answers an objection to their own decision."""
    told: dict[str, Any] = {"accounts": [act.author], "controllers": [before, controller]}
    require(controller != before, "not_distinct", **told)


def _check_past(day: str, act: Act) -> None:
    today = day_of(act.at_us).isoformat()
    require(day < today, "too_early", after=day, today=today)
