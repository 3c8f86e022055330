"""What is meant by the number of an entry that tied grams or froze an account."""

from registry.acts.freezes import lock_to_release
from registry.acts.ties import Tied
from registry.desk.desk import Desk
from registry.domain.account import Account, Freeze
from registry.errors import RefusedError
from registry.names import ACCOUNT


def account_in(desk: Desk, index: int) -> Account:
    """The first account in whose stream something happened in entry `index`.

    Raises:
        RefusedError: `no_such_entry`; `not_tied` if it touches none.
    """
    touched = [part.stream for part in desk.entry(index).entry.intent.parts]
    for stream in touched:
        if stream.startswith(ACCOUNT):
            account: Account = desk.state(stream)
            return account
    raise RefusedError("not_tied", account=touched[0], meant=index)


def tied(desk: Desk, index: int, *grounds: str) -> Tied:
    """What entry `index` tied, on one of `grounds` if any are named.

    Raises:
        RefusedError: `no_such_entry`, `not_tied`.
    """
    account = account_in(desk, index)
    tie = account.ties.get(index)
    if tie is None or (grounds and tie.ground not in grounds):
        raise RefusedError("not_tied", account=account.name, meant=index)
    return Tied(owner=account.name, means=desk.means(index), tie=tie)


def frozen(desk: Desk, index: int) -> tuple[Account, Freeze]:
    """The freeze that entry `index` asked for, and whose.

    Raises:
        RefusedError: `no_such_entry`, `not_frozen`.
    """
    account = account_in(desk, index)
    for freeze in account.freezes:
        if freeze.index == index:
            return account, freeze
    raise RefusedError("not_frozen", account=account.name, meant=index)


def range_of(desk: Desk, account: Account, freeze: Freeze) -> Tied | None:
    """The range that is released when `freeze` is over; None if it is of the whole account, or another waits."""
    lock = lock_to_release(account, freeze)
    return None if lock is None else tied(desk, lock)


def exchange_of(desk: Desk, holder: str, mandate: int) -> str:
    """The exchange to which `holder` gave the mandate of entry `mandate`.

    Raises:
        RefusedError: `no_mandate`.
    """
    given = desk.state(holder).mandates.get(mandate)
    if given is None:
        raise RefusedError("no_mandate", account=holder, meant=mandate)
    exchange: str = given.exchange
    return exchange
