"""An account: who may sign for a holder or a body, since when and until when, by log index; and what binds it.

    a key of the account            adds and ends its keys, and stops a recovery
    two officers, strangers to it   announce a recovery, withdraw it and, some working days later, complete it

A key that an account has had never comes again. Here stand the state, and the rules of keys; what else happens in an
account's stream stands in `account_life`, `account_freezes` and `account_ties`, and together in `accounts`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.act import Act, Key, Outcome, require_new
from registry.domain.changed import changed
from registry.domain.shape import one_of
from registry.domain.timing import day_of, first_day_after
from registry.domain.uscc import is_sound
from registry.errors import RefusedError, require
from registry.names import ACCOUNT

LEGAL_FORMS = frozenset(
    {"company", "event", "person", "public_body", "social_organisation", "unstated"}
)
"""What the holder is in law; `unstated` for accounts of published history that does not say."""

USCC_PREFIX = "uscc-"

RECOVERY_WORKING_DAYS = 3
"""So many days from Monday to Friday lie wholly between the announcement of a recovery and its completion.

Source: the province's practice for lost keys: identity check, notice on every channel, three working days.
"""

LegalForm = Annotated[str, one_of(LEGAL_FORMS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An account begins, with its first key.

    `controller` is the account whose person decides for it, itself as a rule; `custodial` says that the operator
    keeps the key and signs for the holder; `possession` is the key's signature that shows it to be in hand.
    """

    kind: ClassVar = "account.opened.v1"
    consults: ClassVar = ("account controller",)
    legal_form: LegalForm
    controller: shape.Account
    key: shape.Key
    custodial: shape.Flag
    possession: shape.Signature
    name: shape.Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdded:
    """A further key speaks for the account from the next entry on."""

    kind: ClassVar = "account.key_added.v1"
    consults: ClassVar = ()
    key: shape.Key
    custodial: shape.Flag
    possession: shape.Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEnded:
    """A key speaks for the account no more, from the next entry on."""

    kind: ClassVar = "account.key_ended.v1"
    consults: ClassVar = ()
    key: shape.Key


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryAnnounced:
    """Two officers announce the key that is to speak for an account whose own is lost.

    `identity` is the SHA-256 of the identity check's document, `notice` that of the notice given on every channel.
    """

    kind: ClassVar = "account.recovery_announced.v1"
    consults: ClassVar = ()
    key: shape.Key
    custodial: shape.Flag
    possession: shape.Signature
    identity: shape.Digest
    notice: shape.Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryStopped:
    """The holder, who has a key after all, stops a recovery; `means` is its announcement."""

    kind: ClassVar = "account.recovery_stopped.v1"
    consults: ClassVar = ()
    means: shape.Means


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryWithdrawn:
    """Two officers take the announcement of a recovery back; `means` is that announcement."""

    kind: ClassVar = "account.recovery_withdrawn.v1"
    consults: ClassVar = ()
    means: shape.Means


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """The key announced speaks from the next entry on, and no key before it does; `means` is the announcement."""

    kind: ClassVar = "account.recovered.v1"
    consults: ClassVar = ()
    means: shape.Means


Ending = RecoveryStopped | RecoveryWithdrawn | Recovered
"""How a recovery that was announced can end."""
Event = Opened | KeyAdded | KeyEnded | RecoveryAnnounced | Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLife:
    """When a key was added and ended, by index, and whether the operator keeps it.

    `recovered` says that it came by recovery: itself, or added by one that did. Nothing washes it off.
    """

    added: int
    ended: int | None = None
    custodial: bool
    recovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A recovery that was announced: in which entry, with which key, and the first day on which it may be completed."""

    announced: int
    key: Key
    custodial: bool
    not_before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """What a holder lets an exchange do: until which day, with which standards; with all of them if none is named."""

    exchange: str
    until: str
    standards: tuple[str, ...]

    def lets(self, venue: str, standard: str, today: str) -> bool:
        """Whether the exchange `venue` may deal in `standard` under it, on the day `today`."""
        named = not self.standards or standard in self.standards
        return self.exchange == venue and today <= self.until and named


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """One freeze: the entry that asked for it, who did, and until when at least.

    `lock` is the entry that locked the range, None where the whole account is meant; `orders` are those that the
    account may perform all the same.
    """

    index: int
    authority: str
    until: str
    lock: int | None = None
    orders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Grams of the account that are locked in a batch: on which ground, and towards whom.

    `other` is the taker, pledgee, exchange or freezing authority; `until` the day of which the ground speaks, if any.
    """

    ground: str
    batch: str
    standard: str
    amount_g: int
    other: str
    until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account, the keys that ever were its own, and what binds it."""

    name: str = ""
    legal_form: str = ""
    controller: str = ""
    keys: "HashTrieMap[Key, KeyLife]" = HashTrieMap()
    recovery: Recovery | None = None
    """The one that is announced now."""
    closed: int | None = None
    """The index of the entry that closed it."""
    successor: str = ""
    """Who came into its place, by merger or succession."""
    acceptance: bool = False
    """Whether nothing reaches it that it did not accept."""
    mandates: "HashTrieMap[int, Mandate]" = HashTrieMap()
    """Those that stand, by the index of the entry that gave them."""
    freezes: tuple[Freeze, ...] = ()
    """Oldest first. Of the whole account, and of each range, the first is in force and the others wait (轮候)."""
    ties: "HashTrieMap[int, Tie]" = HashTrieMap()
    """What is locked, by the index of the entry that locked it."""
    bonds: frozenset[str] = frozenset()
    """The campaigns and orders that are not closed."""
    notices: int = 0
    """How often somebody was told of an entry that affects them."""

    @property
    def is_recovered(self) -> bool:
        """Whether the keys that speak for the account now came by recovery: all of them do, or none."""
        return any(life.recovered and life.ended is None for life in self.keys.values())

    @property
    def is_begun(self) -> bool:
        """Whether the account was ever opened: a closed one still sends and retires what it has."""
        return bool(self.legal_form)

    @property
    def is_open(self) -> bool:
        """Whether the account was opened, and is not closed."""
        return self.is_begun and self.closed is None

    def freezes_of(self, lock: int | None) -> tuple[Freeze, ...]:
        """The freezes of a locked range, or of the whole account: the first is in force, the others wait."""
        return tuple(freeze for freeze in self.freezes if freeze.lock == lock)

    def speaks(self, key: Key) -> bool:
        """Whether `key` speaks for the account now."""
        return key in self.keys and self.keys[key].ended is None


def judge(state: Account, event: Event, act: Act) -> Outcome:
    """What comes of `event`; of the announcement of a recovery, the day before which it is not completed.

    Raises:
        RefusedError: `already_open`, `wrong_id`, `bad_uscc`, `not_a_controller`, `account_not_open`, `key_known`,
            `key_unknown`, `last_key`, `own_account`, `already_succeeded`, `recovery_announced`, `no_recovery`,
            `wrong_entry_meant`, `too_early`.
    """
    if isinstance(event, Opened):
        require(not state.is_begun, "already_open", account=state.name)
        (stream,) = [part.stream for part in act.parts if event in part.events]
        _check_id(act, stream)
        _check_controller(event.controller, stream, act)
        return None
    require(state.is_begun, "account_not_open", account=state.name)
    match event:
        case KeyAdded():
            require(event.key not in state.keys, "key_known", account=state.name)
        case KeyEnded():
            require(state.speaks(event.key), "key_unknown", account=state.name)
            living = sum(1 for life in state.keys.values() if life.ended is None)
            require(living > 1, "last_key", account=state.name)
        case RecoveryAnnounced():
            return _announced(state, event, act)
        case RecoveryStopped():
            _announcement(state, event)
        case RecoveryWithdrawn():
            require_strangers(act.by.values(), [state], act)
            _announcement(state, event)
        case Recovered():
            require_strangers(act.by.values(), [state], act)
            _require_living(state)
            _check_due(state, _announcement(state, event), act)
        case _:
            assert_never(event)
    return None


def evolve(state: Account, event: Event, outcome: Outcome, index: int) -> Account:
    """The state after `event`, which was judged."""
    match event:
        case Opened():
            life = KeyLife(added=index, custodial=event.custodial)
            return changed(
                state,
                legal_form=event.legal_form,
                controller=event.controller,
                keys=state.keys.insert(event.key, life),
            )
        case KeyAdded():
            life = KeyLife(added=index, custodial=event.custodial, recovered=state.is_recovered)
            return changed(state, keys=state.keys.insert(event.key, life))
        case KeyEnded():
            life = changed(state.keys[event.key], ended=index)
            return changed(state, keys=state.keys.insert(event.key, life))
        case RecoveryAnnounced():
            assert outcome is not None
            recovery = Recovery(
                announced=index,
                key=event.key,
                custodial=event.custodial,
                not_before=outcome["not_before"],
            )
            return changed(state, recovery=recovery)
        case RecoveryStopped() | RecoveryWithdrawn():
            return changed(state, recovery=None)
        case Recovered():
            return _recovered(state, index)
        case _:
            assert_never(event)


def require_free(account: Account, *, order: str = "") -> None:
    """Return if `account` is not frozen as a whole, or may perform `order` all the same.

    Raises:
        RefusedError: `account_frozen`, naming the entry of the freeze in force.
    """
    in_force = account.freezes_of(None)[:1]
    free = all(order in freeze.orders for freeze in in_force)
    entries = [freeze.index for freeze in in_force]
    require(free, "account_frozen", account=account.name, entries=entries)


def require_mandate(
    account: Account, means: int, *, venue: str, standard: str, today: str
) -> Mandate:
    """The mandate that `account` gave in entry `means`, if it lets `venue` deal in `standard` today.

    Raises:
        RefusedError: `no_mandate`.
    """
    mandate = account.mandates.get(means)
    if mandate is None or not mandate.lets(venue, standard, today):
        raise RefusedError("no_mandate", account=account.name, venue=venue, standard=standard)
    return mandate


def require_strangers(officers: Iterable[str], accounts: Sequence[Account], act: Act) -> None:
    """Return if none of `officers` acts upon one of `accounts` for which the same person decides as for their own.

    Raises:
        RefusedError: `own_account`.
    """
    for officer in officers:
        for account in accounts:
            own = (
                officer == account.name
                or act.state(officer, Account).controller == account.controller
            )
            require(not own, "own_account", account=account.name, officer=officer)


def require_over(account: str, until: str, today: str) -> None:
    """Return if the day `until` has passed.

    Raises:
        RefusedError: `too_early`.
    """
    not_before = first_day_after(date.fromisoformat(until), 0).isoformat()
    over = not_before <= today
    require(over, "too_early", account=account, not_before=not_before, today=today)


def _announced(state: Account, event: RecoveryAnnounced, act: Act) -> Mapping[str, Any]:
    require_strangers(act.by.values(), [state], act)
    _require_living(state)
    standing = state.recovery
    if standing is not None:
        raise RefusedError("recovery_announced", account=state.name, announced=standing.announced)
    require(event.key not in state.keys, "key_known", account=state.name)
    return {"not_before": first_day_after(day_of(act.at_us), RECOVERY_WORKING_DAYS).isoformat()}


def _require_living(state: Account) -> None:
    """Return if a key speaks for the account: the last one ends by a succession alone, which no key comes after."""
    living = any(life.ended is None for life in state.keys.values())
    require(living, "already_succeeded", account=state.name, successor=state.successor)


def _announcement(state: Account, event: Ending) -> Recovery:
    """The recovery that `event` ends."""
    if state.recovery is None:
        raise RefusedError("no_recovery", account=state.name)
    meant, expected = event.means[0], state.recovery.announced
    require(meant == expected, "wrong_entry_meant", meant=meant, expected=expected)
    return state.recovery


def _check_due(state: Account, recovery: Recovery, act: Act) -> None:
    today = day_of(act.at_us).isoformat()
    due = recovery.not_before <= today
    told = {"account": state.name, "not_before": recovery.not_before, "today": today}
    require(due, "too_early", **told)
    # The holder may have added the very key meanwhile.
    require(recovery.key not in state.keys, "key_known", account=state.name)


def _recovered(state: Account, index: int) -> Account:
    """The account with the announced key, and no other, speaking for it."""
    assert state.recovery is not None
    keys = state.keys
    for key, life in state.keys.items():
        if life.ended is None:
            keys = keys.insert(key, changed(life, ended=index))
    life = KeyLife(added=index, custodial=state.recovery.custodial, recovered=True)
    return changed(state, keys=keys.insert(state.recovery.key, life), recovery=None)


def _check_id(act: Act, stream: str) -> None:
    """An account is named by its organisation's code where that is known, and by a derived id otherwise."""
    code = stream.removeprefix(f"{ACCOUNT}{USCC_PREFIX}")
    if code == stream:
        require_new(act, stream)
    else:
        require(is_sound(code), "bad_uscc", account=stream)


def _check_controller(controller: str, stream: str, act: Act) -> None:
    """A controller is the account itself, or one that controls itself: no chains."""
    if controller == stream:
        return
    above = act.consulted.get(controller)
    own = isinstance(above, Account) and above.is_open and above.controller == controller
    require(own, "not_a_controller", controller=controller)
