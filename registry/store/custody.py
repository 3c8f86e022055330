"""Acts on keys, by those whose keys are kept here: an account's, added, ended, rotated, recovered; and the log's own.

A key that is made here is kept here, and is custodial; one that its holder brings is not. As a rehearsal (`dry_run`)
each judges the same act, keeps no key and records nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from registry.acts.propose import Setting
from registry.domain.account import Account
from registry.errors import RefusedError
from registry.ledger.intent import Signer
from registry.ledger.keys import Key
from registry.store.committer import Receipt, Request
from registry.store.log import LOG_ACCOUNT, Moment
from registry.store.operator import Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A key that its holder keeps, and its signature that shows it to be in hand."""

    key: Key
    possession: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was recorded last, or would be, and the key that it is about; a rehearsal has no receipt."""

    key: Key
    index: int
    receipt: Receipt | None = None


def add_key(
    operator: Operator, account: str, brought: Brought | None = None, *, dry_run: bool = False
) -> Done:
    """A further key for `account`: the one brought, or one made and kept here.

    Raises:
        RefusedError: `no_private_key`, or what the rules say.
    """
    setting = operator.setting(account)
    new = _new_key(operator, account, brought, dry_run=dry_run)
    request = operator.request(setting, [(account, [("account.key_added.v1", new)])])
    return _record(operator, new["key"], [request], dry_run=dry_run)


def end_key(operator: Operator, account: str, key: Key, *, dry_run: bool = False) -> Done:
    """`key` speaks for `account` no more.

    Raises:
        RefusedError: `no_private_key`, or what the rules say.
    """
    return _record(
        operator, key, [_ending(operator, operator.setting(account), account, key)], dry_run=dry_run
    )


def rotate_key(operator: Operator, account: str, *, dry_run: bool = False) -> Done:
    """A new key kept here in place of all that are kept here and speak for `account`; both or neither.

    Raises:
        RefusedError: `no_private_key`, or what the rules say.
    """
    old, setting = operator.kept(account), operator.setting(account)
    new = _new_key(operator, account, None, dry_run=dry_run)
    requests = [operator.request(setting, [(account, [("account.key_added.v1", new)])])]
    for key in old:
        # The new key ends the old ones: that it can sign is shown before they are gone.
        signer = Signer(account=account, key=new["key"])
        replaced = replace(operator.setting(account), signers=(signer,))
        requests.append(_ending(operator, replaced, account, key))
    return _record(operator, new["key"], requests, dry_run=dry_run)


def announce_recovery(
    operator: Operator,
    account: str,
    *,
    identity: bytes,
    notice: bytes,
    brought: Brought | None = None,
    dry_run: bool = False,
) -> Done:
    """Two officers announce the key that is to speak for `account`: the one brought, or one made and kept here.

    Args:
        operator: the registry.
        account: whose key is lost.
        identity: the SHA-256 of the document of the identity check.
        notice: the SHA-256 of the notice that was given on every channel.
        brought: the holder's new key, if the holder keeps it.
        dry_run: whether nothing is to be recorded.

    Raises:
        RefusedError: `no_private_key`, or what the rules say.
    """
    setting = operator.setting(*officers(operator, 2, account))
    body = {
        **_new_key(operator, account, brought, dry_run=dry_run),
        "identity": identity,
        "notice": notice,
    }
    request = operator.request(setting, [(account, [("account.recovery_announced.v1", body)])])
    return _record(operator, body["key"], [request], dry_run=dry_run)


def stop_recovery(operator: Operator, account: str, *, dry_run: bool = False) -> Done:
    """The holder, whose key is kept here, stops the recovery that is announced.

    Raises:
        RefusedError: `no_recovery`, `no_private_key`, or what the rules say.
    """
    return _ends(operator, account, "account.recovery_stopped.v1", [account], dry_run=dry_run)


def withdraw_recovery(operator: Operator, account: str, *, dry_run: bool = False) -> Done:
    """Two officers take the recovery that is announced back.

    Raises:
        RefusedError: `no_recovery`, `no_private_key`, or what the rules say.
    """
    return _ends(
        operator,
        account,
        "account.recovery_withdrawn.v1",
        officers(operator, 2, account),
        dry_run=dry_run,
    )


def complete_recovery(operator: Operator, account: str, *, dry_run: bool = False) -> Done:
    """Two officers give `account` the key that was announced; all others of it end.

    Raises:
        RefusedError: `no_recovery`, `too_early`, `no_private_key`, or what the rules say.
    """
    return _ends(
        operator, account, "account.recovered.v1", officers(operator, 2, account), dry_run=dry_run
    )


def replace_log_key(operator: Operator, *, dry_run: bool = False) -> Done:
    """A new key, made and kept here, signs for the log from the next entry on, and every checkpoint from this one on.

    Raises:
        RefusedError: `no_private_key`, or what the rules say.
    """
    setting = operator.setting(LOG_ACCOUNT, *officers(operator, 2))
    key = _made(operator, LOG_ACCOUNT, dry_run=dry_run)
    body = {"key": key, "possession": operator.possession(LOG_ACCOUNT, key)}
    parts = [(LOG_ACCOUNT, [("registry.log_key_replaced.v1", body)])]
    return _record(operator, key, [operator.request(setting, parts)], dry_run=dry_run)


def _new_key(
    operator: Operator, account: str, brought: Brought | None, *, dry_run: bool
) -> dict[str, Any]:
    """What an act says of a new key. One that is made here is durable before anybody hears of it."""
    if brought is not None:
        return {"key": brought.key, "custodial": False, "possession": brought.possession}
    key = _made(operator, account, dry_run=dry_run)
    return {"key": key, "custodial": True, "possession": operator.possession(account, key)}


def _made(operator: Operator, account: str, *, dry_run: bool) -> Key:
    (key,) = operator.keyring.generate(kept=not dry_run)
    if not dry_run:
        operator.keyring.assign({key: account})
    return key


def _ending(operator: Operator, setting: Setting, account: str, key: Key) -> Request:
    return operator.request(setting, [(account, [("account.key_ended.v1", {"key": key})])])


def _ends(
    operator: Operator, account: str, kind: str, signers: Sequence[str], *, dry_run: bool
) -> Done:
    """The act of `kind`, by `signers`, that ends the recovery of `account` announced now."""
    with operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        state: Account = moment.stream(account).state
        if state.recovery is None:
            raise RefusedError("no_recovery", account=account)
        means = state.recovery.announced, moment.node(0, state.recovery.announced)
    parts = [(account, [(kind, {"means": means})])]
    request = operator.request(operator.setting(*signers), parts)
    return _record(operator, state.recovery.key, [request], dry_run=dry_run)


def officers(
    operator: Operator, count: int, *strangers_to: str, first: Collection[str] = ()
) -> list[str]:
    """So many officers, as far as there are any: of distinct control, from each other and from `strangers_to`, and
    whose keys are kept here; those of `first` before others.

    Where there are none such others are named, so that the rules say what is wrong with them.
    """
    controllers = operator.registry().controllers
    with operator.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        # Who bears a code has no account, and nobody else decides for them.
        accounts = [one for one in strangers_to if one.startswith("account/")]
        taken = {moment.stream(account).state.controller for account in accounts}
    left = operator.officers()
    chosen: list[str] = []
    while left and len(chosen) < count:
        best = min(
            left,
            key=lambda one: (
                controllers[one] in taken,
                one not in first,
                not operator.kept(one),
                one,
            ),
        )
        chosen.append(best)
        left.remove(best)
        taken.add(controllers[best])
    return chosen


def _record(operator: Operator, key: Key, requests: Sequence[Request], *, dry_run: bool) -> Done:
    if dry_run:
        return Done(key=key, index=operator.rehearse(requests)[-1].index)
    receipt = operator.record(requests)[-1]
    return Done(key=key, index=receipt.index, receipt=receipt)
