"""An account: who may sign for a holder or a body, since when and until when, by log index."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, assert_never

from rpds import HashTrieMap

from registry.domain import shape
from registry.domain.act import Act, Key, Outcome, require_new
from registry.domain.shape import one_of
from registry.domain.uscc import is_sound
from registry.errors import require

LEGAL_FORMS = frozenset(
    {"company", "event", "person", "public_body", "social_organisation", "unstated"}
)
"""What the holder is in law; `unstated` for accounts of published history that does not say."""

USCC_PREFIX = "uscc-"

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


Event = Opened | KeyAdded | KeyEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLife:
    """When a key was added and ended, by index, and whether the operator keeps it."""

    added: int
    ended: int | None = None
    custodial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account and the keys that ever were its own."""

    name: str = ""
    legal_form: str = ""
    controller: str = ""
    keys: "HashTrieMap[Key, KeyLife]" = HashTrieMap()

    @property
    def is_open(self) -> bool:
        """Whether the account was opened, and is not closed."""
        return bool(self.legal_form)

    def speaks(self, key: Key) -> bool:
        """Whether `key` speaks for the account now."""
        return key in self.keys and self.keys[key].ended is None


def judge(state: Account, event: Event, act: Act) -> Outcome:
    """What comes of `event`.

    Raises:
        RefusedError: `already_open`, `wrong_id`, `bad_uscc`, `not_a_controller`, `account_not_open`, `key_known`,
            `key_unknown`, `last_key`.
    """
    if isinstance(event, Opened):
        require(not state.is_open, "already_open", account=state.name)
        (stream,) = [part.stream for part in act.parts if event in part.events]
        _check_id(act, stream)
        _check_controller(event.controller, stream, act)
        return None
    require(state.is_open, "account_not_open", account=state.name)
    match event:
        case KeyAdded():
            require(event.key not in state.keys, "key_known", account=state.name)
        case KeyEnded():
            require(state.speaks(event.key), "key_unknown", account=state.name)
            living = sum(1 for life in state.keys.values() if life.ended is None)
            require(living > 1, "last_key", account=state.name)
        case _:
            assert_never(event)
    return None


def evolve(state: Account, event: Event, _outcome: Outcome, index: int) -> Account:
    """The state after `event`, which was judged."""
    match event:
        case Opened():
            life = KeyLife(added=index, custodial=event.custodial)
            return replace(
                state,
                legal_form=event.legal_form,
                controller=event.controller,
                keys=state.keys.insert(event.key, life),
            )
        case KeyAdded():
            life = KeyLife(added=index, custodial=event.custodial)
        case KeyEnded():
            life = replace(state.keys[event.key], ended=index)
        case _:
            assert_never(event)
    return replace(state, keys=state.keys.insert(event.key, life))


def _check_id(act: Act, stream: str) -> None:
    """An account is named by its organisation's code where that is known, and by a derived id otherwise."""
    code = stream.removeprefix(f"account/{USCC_PREFIX}")
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
