"""The stream `registry`: how the log began, which key signs its checkpoints, and who may act in which role."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.account import Account
from registry.domain.act import Act, Key, Outcome
from registry.domain.shape import one_of, pair
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

Role = Annotated[str, one_of(ROLES)]
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


Event = Created | RoleGranted | RoleWithdrawn | LogKeyReplaced


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

    def persons(self, *, besides: str) -> int:
        """How many officers there are who decide for themselves, each from each, not counting the account `besides`."""
        others = (account for account, role in self.roles if role == OFFICER and account != besides)
        return len({self.controllers[account] for account in others})


def judge(state: Registry, event: Event, act: Act) -> Outcome:
    """What comes of `event`; of a grant, who decides for the account.

    Raises:
        RefusedError: `officers_differ`, `account_not_open`, `role_held`,
            `role_not_held`, `wrong_entry_meant`, `last_officers`, `key_known`, `too_many_keys`.
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
            return replace(state, roles=roles, controllers=controllers)
        case RoleWithdrawn():
            return replace(state, roles=state.roles.remove((event.account, event.role)))
        case LogKeyReplaced():
            return replace(state, log_keys=(*state.log_keys, (index, event.key)))
        case _:
            assert_never(event)


def _check_officers(event: Created, act: Act) -> None:
    """The officers named are those that sign, each with the key that is named."""
    named = dict(event.officers)
    once = len(named) == len(event.officers)
    require(once, "officers_differ", why="one officer named twice")
    signing = {account: key for account, key in act.keys.items() if account != "registry"}
    require(named == signing, "officers_differ", named=sorted(named), signing=sorted(signing))
    opened = {part.stream: made.key for part in act.parts for made in part.events if made != event}
    require(named == opened, "officers_differ", named=sorted(named), opened=sorted(opened))
    own = act.keys["registry"] == event.log_key
    require(own, "officers_differ", why="the log's key named is not the one that signs")


def _named(event: RoleGranted | RoleWithdrawn) -> Mapping[str, str]:
    return {"account": event.account, "role": event.role}
