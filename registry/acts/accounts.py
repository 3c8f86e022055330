"""Opening an account: by an officer and, where another account decides for it, that one."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from registry.acts.plan import Parts, Plan
from registry.acts.propose import Hidden, Setting
from registry.domain.account import USCC_PREFIX
from registry.ledger.intent import NONCE_BYTES
from registry.ledger.keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstKey:
    """The key with which an account begins; `possession` gives its signature for the account of this name."""

    key: Key
    custodial: bool
    possession: Callable[[str], bytes]


def account_of(setting: Setting, uscc: str | None) -> str:
    """The account that opening it makes: named by its organisation's code where that is known."""
    return setting.new("account", 0) if uscc is None else f"account/{USCC_PREFIX}{uscc}"


def nonce_of(key: Key) -> bytes:
    """The nonce under which the account of a key that its holder brings is opened.

    The holder signs for the account before it is there: its id has to be the same when asked for again.
    """
    return sha256(key[1]).digest()[:NONCE_BYTES]


def open_account(
    officer: str,
    *,
    name: str,
    legal_form: str,
    uscc: str | None,
    controller: str | None,
    first: FirstKey,
) -> Plan:
    """Open an account.

    Args:
        officer: who signs as officer.
        name: what the holder is called; the log holds a commitment to it.
        legal_form: one of `account.LEGAL_FORMS`.
        uscc: the organisation's unified social credit code, where it has one.
        controller: the account that decides for it; None for itself.
        first: its key.
    """

    def parts(setting: Setting) -> Parts:
        account = account_of(setting, uscc)
        body = {
            "legal_form": legal_form,
            "controller": controller or account,
            "key": first.key,
            "custodial": first.custodial,
            "possession": first.possession(account),
            "name": Hidden(value=name),
        }
        return [(account, [("account.opened.v1", body)])]

    signers = (officer,) if controller is None else (officer, controller)
    nonce = None if first.custodial else nonce_of(first.key)
    return Plan(signers=signers, parts=parts, nonce=nonce)
