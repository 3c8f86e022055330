"""The stream `registry`: how the log began, which key signs its checkpoints, who may act in which role, and what is
policy here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.account import LEGAL_FORMS, Account
from registry.domain.act import Act, Key, Outcome
from registry.domain.changed import changed
from registry.domain.shape import integer, listed, matching, one_of, optional, pair
from registry.errors import require

OFFICER = "officer"
ROLES = frozenset(
    {
        OFFICER,
        "authority",
        "buffer",
        "court",
        "exchange",
        "operator",
        "procuratorate",
        "validator",
        "verifier",
    }
)
OFFICERS_MIN = 2
LOG_KEYS_MAX = 65
"""The first, and as many more as a compact proof has room for the entries that replaced them."""

DOINGS = frozenset({"give", "issue", "list", "receive", "retire", "send"})
"""What a standing may forbid; some of it asks for a second person above an amount."""
SECONDED = frozenset({"give", "retire", "send"})
POLICY_CODES_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyShape:
    """What a policy has to say: about one standard or all, a number up to `number_max` or none, which codes or none."""

    by_standard: bool = False
    number_max: int | None = None
    codes: re.Pattern[str] | None = None


def _any_of(codes: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(codes)), re.ASCII)


POLICIES: Mapping[str, PolicyShape] = {
    "allowance_holders": PolicyShape(codes=_any_of(LEGAL_FORMS | ROLES)),
    "blacklist_forbids": PolicyShape(codes=_any_of(DOINGS)),
    "breach_forbids": PolicyShape(codes=_any_of(DOINGS)),
    "buffer_share": PolicyShape(by_standard=True, number_max=1_000),
    "green_least": PolicyShape(number_max=shape.GRAMS_MAX),
    "second_person_over": PolicyShape(number_max=shape.GRAMS_MAX, codes=_any_of(SECONDED)),
    "verdicts_forbidden": PolicyShape(
        codes=re.compile(r"[A-Z0-9][A-Z0-9:.-]{0,31}/(claim|credits)/(flag|undecidable)", re.ASCII)
    ),
}
"""Who may hold allowances; what standings forbid; per mille for the buffer; grams retired in twelve months for the
green list; above how many grams two persons act; which timing verdicts block.
"""

_POLICY_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/-]{0,63}", re.ASCII)

Role = Annotated[str, one_of(ROLES)]
PolicyName = Annotated[str, one_of(frozenset(POLICIES))]
PolicyCodes = Annotated[
    tuple[str, ...], listed(matching(_POLICY_CODE, "policy_code_expected"), 0, POLICY_CODES_MAX)
]
OptionalNumber = Annotated[int | None, optional(integer(0, shape.GRAMS_MAX))]
Officers = Annotated[
    tuple[tuple[str, Key], ...], shape.listed(pair(shape.account, shape.key), OFFICERS_MIN, 8)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The log begins: its name, 32 random bytes, its key, and the root officers with theirs."""

    kind: ClassVar = "registry.created.v1"
    consults: ClassVar = ()
    origin: shape.Origin
    random: shape.Digest
    log_key: shape.Key
    officers: Officers


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted:
    """An account is given a role, by two officers."""

    kind: ClassVar = "registry.role_granted.v1"
    consults: ClassVar = ("account account",)
    account: shape.Account
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleWithdrawn:
    """A role ends, by two officers; `means` is the entry that granted it."""

    kind: ClassVar = "registry.role_withdrawn.v1"
    consults: ClassVar = ()
    account: shape.Account
    role: Role
    means: shape.Means


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKeyReplaced:
    """Another key signs for the log, by its old key and two officers; every checkpoint that counts this entry, too."""

    kind: ClassVar = "registry.log_key_replaced.v1"
    consults: ClassVar = ()
    key: shape.Key
    possession: shape.Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """What is policy from the next entry on, by two officers, in place of what was.

    One that names no codes where codes are named asks for nothing. `document` is the SHA-256 of the decision.
    """

    kind: ClassVar = "registry.policy_set.v1"
    consults: ClassVar = ()
    policy: PolicyName
    subject: shape.OptionalCode
    codes: PolicyCodes
    number: OptionalNumber
    document: shape.Digest


Event = Created | RoleGranted | RoleWithdrawn | LogKeyReplaced | PolicySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy in force: the entry that set it, and what it names."""

    index: int
    codes: tuple[str, ...]
    number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Who has which role since which entry: (account, role) -> index."""

    name: ClassVar = "registry"
    controller: ClassVar = "registry"
    """The log decides for itself: no account has this controller."""
    origin: str = ""
    log_keys: tuple[tuple[int, Key], ...] = ()
    """The keys that signed for the log, oldest first, each with the index of the entry that named it."""
    roles: "HashTrieMap[tuple[str, str], int]" = HashTrieMap()
    controllers: "HashTrieMap[str, str]" = HashTrieMap()
    """Of every account that was given a role, who decides for it."""
    policies: "HashTrieMap[tuple[str, str], Policy]" = HashTrieMap()
    """(policy, standard or nothing) -> what it says now."""

    @property
    def log_key(self) -> Key:
        """The key that signs for the log now."""
        return self.log_keys[-1][1]

    def speaks(self, key: Key) -> bool:
        """Whether `key` signs for the log now."""
        return bool(self.log_keys) and key == self.log_key

    def was_log_key(self, key: Key) -> bool:
        """Whether `key` signs for the log, or ever did."""
        return any(key == known for _, known in self.log_keys)

    def log_key_at(self, size: int) -> Key:
        """The key that signs the checkpoint of `size` entries: the last that one of them named, else the first."""
        named = [key for index, key in self.log_keys if index < size]
        return named[-1] if named else self.log_keys[0][1]

    def has(self, account: str, role: str) -> bool:
        """Whether `account` has `role` now."""
        return (account, role) in self.roles

    def policy(self, name: str, subject: str = "") -> Policy | None:
        """The policy `name` on `subject` now; None where none was set, and so nothing is asked."""
        return self.policies.get((name, subject))

    def persons(self, *, besides: str) -> int:
        """How many officers there are who decide for themselves, each from each, not counting the account `besides`."""
        others = (account for account, role in self.roles if role == OFFICER and account != besides)
        return len({self.controllers[account] for account in others})


def judge(state: Registry, event: Event, act: Act) -> Outcome:
    """What comes of `event`; of a grant, who decides for the account.

    Raises:
        RefusedError: `officers_differ`, `account_not_open`, `role_held`,
            `role_not_held`, `wrong_entry_meant`, `last_officers`, `key_known`, `too_many_keys`, `bad_policy`.
    """
    match event:
        case Created():
            _check_officers(event, act)
        case RoleGranted():
            account = act.state(event.account, Account)
            require(account.is_open, "account_not_open", account=event.account)
            require(not state.has(event.account, event.role), "role_held", **_named(event))
            return {"controller": account.controller}
        case RoleWithdrawn():
            require(state.has(event.account, event.role), "role_not_held", **_named(event))
            granted = state.roles[event.account, event.role]
            meant = event.means[0]
            require(meant == granted, "wrong_entry_meant", meant=meant, expected=granted)
            left = state.persons(besides=event.account)
            enough = event.role != OFFICER or left >= OFFICERS_MIN
            require(enough, "last_officers", left=left, least=OFFICERS_MIN)
        case LogKeyReplaced():
            require(not state.was_log_key(event.key), "key_known", account=state.name)
            count = len(state.log_keys)
            require(count < LOG_KEYS_MAX, "too_many_keys", keys=count, most=LOG_KEYS_MAX)
        case PolicySet():
            _check_policy(event)
        case _:
            assert_never(event)
    return None


def evolve(state: Registry, event: Event, outcome: Outcome, index: int) -> Registry:
    """The state after `event`, which was judged."""
    match event:
        case Created():
            officers = {(account, OFFICER): index for account, _ in event.officers}
            own = {account: account for account, _ in event.officers}
            return Registry(
                origin=event.origin,
                log_keys=((index, event.log_key),),
                roles=HashTrieMap(officers),
                controllers=HashTrieMap(own),
            )
        case RoleGranted():
            assert outcome is not None
            controllers = state.controllers.insert(event.account, outcome["controller"])
            roles = state.roles.insert((event.account, event.role), index)
            return changed(state, roles=roles, controllers=controllers)
        case RoleWithdrawn():
            return changed(state, roles=state.roles.remove((event.account, event.role)))
        case LogKeyReplaced():
            return changed(state, log_keys=(*state.log_keys, (index, event.key)))
        case PolicySet():
            policy = Policy(index=index, codes=event.codes, number=event.number)
            named = (event.policy, event.subject or "")
            return changed(state, policies=state.policies.insert(named, policy))
        case _:
            assert_never(event)


def check_second_person(act: Act, doing: str, amount_g: int) -> None:
    """Return if policy lets one person do this with so many grams, or a second one signs the act.

    Args:
        act: an act that consults `registry`.
        doing: give, retire or send.
        amount_g: the grams of the whole act.

    Raises:
        RefusedError: `second_person_needed`, naming the policy.
    """
    policy = act.state(Registry.name, Registry).policy("second_person_over")
    if policy is None or doing not in policy.codes:
        return
    assert policy.number is not None
    seconded = amount_g <= policy.number or bool(act.of_kind("account.seconded.v1"))
    told = {"doing": doing, "amount_g": amount_g, "over_g": policy.number, "policy": policy.index}
    require(seconded, "second_person_needed", **told)


def _check_policy(event: PolicySet) -> None:
    """A policy says what its name asks for, and nothing else."""
    expected = POLICIES[event.policy]
    told = (event.subject is not None, event.number is not None)
    fits = told == (expected.by_standard, expected.number_max is not None)
    require(fits, "bad_policy", policy=event.policy, why="policy_fields")
    within = (event.number or 0) <= (expected.number_max or 0)
    require(within, "bad_policy", policy=event.policy, why="number_too_great", number=event.number)
    odd = [code for code in event.codes if not (expected.codes and expected.codes.fullmatch(code))]
    require(not odd, "bad_policy", policy=event.policy, why="idle_fields", found=odd)


def _check_officers(event: Created, act: Act) -> None:
    """The officers named are those that sign, each with the key that is named."""
    named = dict(event.officers)
    once = len(named) == len(event.officers)
    require(once, "officers_differ", why="officer_twice")
    signing = {account: key for account, key in act.keys.items() if account != "registry"}
    require(named == signing, "officers_differ", named=sorted(named), signing=sorted(signing))
    opened = {part.stream: made.key for part in act.parts for made in part.events if made != event}
    require(named == opened, "officers_differ", named=sorted(named), opened=sorted(opened))
    own = act.keys["registry"] == event.log_key
    require(own, "officers_differ", why="other_log_key")


def _named(event: RoleGranted | RoleWithdrawn) -> Mapping[str, str]:
    return {"account": event.account, "role": event.role}
