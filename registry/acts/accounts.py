"""Opening an account: by an officer and, where another account decides for it, that one."""

from hashlib import sha256

from registry.acts.keys import Shown
from registry.acts.plan import Parts, Plan
from registry.acts.propose import Hidden, Setting
from registry.domain.account import USCC_PREFIX
from registry.ledger import ids
from registry.ledger.intent import NONCE_BYTES
from registry.ledger.keys import Key
from registry.names import ACCOUNT


def account_of(log: bytes, officer: str, nonce: bytes, uscc: str | None) -> str:
    """The account that `officer` opens under `nonce`: named by its organisation's code where that is known."""
    id_ = ids.derived_id(log, officer, nonce, 0) if uscc is None else f"{USCC_PREFIX}{uscc}"
    return f"{ACCOUNT}{id_}"


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
    first: Shown,
    nonce: bytes | None,
) -> Plan:
    """Open an account.

    Args:
        officer: who signs as officer.
        name: what the holder is called; the log holds a commitment to it.
        legal_form: one of `account.LEGAL_FORMS`.
        uscc: the organisation's unified social credit code, where it has one.
        controller: the account that decides for it; None for itself.
        first: its key.
        nonce: that of a key that its holder brings, see `nonce_of`; None for another.
    """

    def parts(setting: Setting) -> Parts:
        account = account_of(setting.log, setting.signers[0].account, setting.nonce, uscc)
        body = {
            "legal_form": legal_form,
            "controller": controller or account,
            **first(account).said,
            "name": Hidden(value=name),
        }
        return [(account, [("account.opened.v1", body)])]

    signers = (officer,) if controller is None else (officer, controller)
    return Plan(signers=signers, parts=parts, nonce=nonce)
