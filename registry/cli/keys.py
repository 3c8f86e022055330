"""`registry account key`, `registry account recover`, `registry log-key`: keys changed, lost ones replaced."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from registry.acts.accounts import FirstKey, account_of, nonce_of
from registry.cli.voice import Voice, is_demonstration
from registry.desk import accounts, given
from registry.desk.desk import Desk
from registry.desk.opened import Opened, opened
from registry.domain.account import Account
from registry.errors import RefusedError, UsageError
from registry.history import POSSESSION_PURPOSE
from registry.ledger.keys import PUBLIC_BYTES, SIGNATURE_BYTES, SUITE, Key, key_id
from registry.ledger.keys import possession_message as message_of
from registry.place import Place
from registry.store import custody
from registry.store.custody import Brought, Done
from registry.store.log import Moment
from registry.store.operator import Operator

Act = Callable[[Operator, str], Done]
"""Of an operator and an account; what it does is recorded, or rehearsed."""


def show_all(typed: str, place: Place, *, voice: Voice) -> None:
    """Say every key that an account ever had.

    Raises:
        RefusedError: `no_registry`, `no_account`, `several_accounts`.
    """
    with opened(place) as source:
        account = accounts.find(typed, source)
        name, origin = source.name_of(account), source.origin
        state: Account = source.state(account)
    if voice.is_json:
        voice.json({"account": account, "name": name, **_object(state), **_where(origin)})
        return
    voice.demonstration(origin)
    facts = {"account": account} if name is None else {"account": account, "name": name}
    columns = ("id", "since", "until", "custodial", "recovered")
    voice.table(
        voice.text("keylist.title", **facts),
        [voice.text(f"keylist.{column}") for column in columns],
        [[voice.fact(column, item[column]) for column in columns] for item in _keys(state)],
    )
    if state.recovery is not None:
        voice.say("keylist.recovery", **_recovery(state))


def add(
    typed: str,
    place: Place,
    *,
    public: str | None,
    possession: str | None,
    dry_run: bool,
    voice: Voice,
) -> None:
    """Add a key to an account: the one that its holder brings, or one that is made and kept here.

    Raises:
        UsageError: `malformed`, `no_possession`.
        RefusedError: `no_account`, or what the rules say.
    """

    def act(operator: Operator, account: str) -> Done:
        return custody.add_key(
            operator, account, brought(operator, account, public, possession), dry_run=dry_run
        )

    _do("keys.added", typed, place, act, voice)


def end(typed: str, key: str, place: Place, *, dry_run: bool, voice: Voice) -> None:
    """End a key of an account, named by its id.

    Raises:
        RefusedError: `no_account`, `key_unknown`, `last_key`, or what the rules say.
    """

    def act(operator: Operator, account: str) -> Done:
        return custody.end_key(operator, account, _meant(operator, account, key), dry_run=dry_run)

    _do("keys.ended", typed, place, act, voice)


def rotate(typed: str, place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Put a new key in place of those that are kept here for an account.

    Raises:
        RefusedError: `no_account`, or what the rules say.
    """
    _do("keys.rotated", typed, place, partial(custody.rotate_key, dry_run=dry_run), voice)


def announce(
    typed: str,
    place: Place,
    *,
    identity: Path,
    notice: Path,
    public: str | None,
    possession: str | None,
    dry_run: bool,
    voice: Voice,
) -> None:
    """Announce that an account is to be recovered, with digests of the papers.

    Raises:
        UsageError: `no_file`, `malformed`, `no_possession`, `too_long`.
        RefusedError: `no_account`, or what the rules say.
    """
    papers = {"identity": given.digest(identity), "notice": given.digest(notice)}

    def act(operator: Operator, account: str) -> Done:
        new = brought(operator, account, public, possession)
        return custody.announce_recovery(operator, account, **papers, brought=new, dry_run=dry_run)

    _do("recovery.announced", typed, place, act, voice)


def stop(typed: str, place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Stop a recovery, as the holder.

    Raises:
        RefusedError: `no_account`, or what the rules say.
    """
    _do("recovery.stopped", typed, place, partial(custody.stop_recovery, dry_run=dry_run), voice)


def withdraw(typed: str, place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Withdraw a recovery, as two officers.

    Raises:
        RefusedError: `no_account`, or what the rules say.
    """
    _do(
        "recovery.withdrawn",
        typed,
        place,
        partial(custody.withdraw_recovery, dry_run=dry_run),
        voice,
    )


def complete(typed: str, place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Complete a recovery, as two officers.

    Raises:
        RefusedError: `no_account`, `too_early`, or what the rules say.
    """
    _do(
        "recovery.completed",
        typed,
        place,
        partial(custody.complete_recovery, dry_run=dry_run),
        voice,
    )


def replace_log_key(place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Put a new key in place of the one that signs for the log.

    Raises:
        RefusedError: `no_registry`, or what the rules say.
    """
    with closing(Operator(place)) as operator:
        done = custody.replace_log_key(operator, dry_run=dry_run)
        vkey = operator.vkey()
    facts = {"vkey": str(vkey), "fingerprint": vkey.fingerprint, "index": done.index}
    if voice.is_json:
        voice.json({"dry_run": dry_run, **facts, **_where(vkey.name)})
        return
    voice.demonstration(vkey.name)
    voice.say("keys.rehearsed" if dry_run else "log_key.replaced", **facts)


def _do(text: str, typed: str, place: Place, act: Act, voice: Voice) -> None:
    """Do `act` on the account that is meant, and say what was done and what keys it has now."""
    with closing(Operator(place)) as operator:
        source = Opened(log=operator.log, origin=operator.vkey().name)
        account = accounts.find(typed, source)
        done = act(operator, account)
        state: Account = source.state(account)
    origin = source.origin
    facts = {"account": account, "key_id": key_id(done.key), "index": done.index}
    if voice.is_json:
        voice.json({"dry_run": done.receipt is None, **facts, **_object(state), **_where(origin)})
        return
    voice.demonstration(origin)
    if done.receipt is None:
        voice.say("keys.rehearsed", **facts)
        return
    not_before = None if state.recovery is None else state.recovery.not_before
    voice.say(text, **facts, not_before=not_before)


def brought(
    operator: Operator, account: str, public: str | None, possession: str | None
) -> Brought | None:
    """The key that the holder brings, if one was given.

    Raises:
        UsageError: `malformed`; `no_possession`, with the bytes that the key has to sign.
    """
    if public is None:
        if possession is not None:
            raise UsageError("malformed", field="--public", why="missing")
        return None
    key = _public(public)
    if possession is None:
        to_sign = message_of(operator.id, account, key, POSSESSION_PURPOSE)
        raise UsageError("no_possession", account=account, to_sign=to_sign)
    return Brought(key=key, possession=given.octets(possession, "--possession", SIGNATURE_BYTES))


def first_key(
    desk: Desk, officer: str, uscc: str | None, public: str | None, possession: str | None
) -> FirstKey:
    """The key of an account that `officer` opens: the one that its holder brings, or one that is made and kept here.

    Raises:
        UsageError: `malformed`; `no_possession`, with the bytes that the key has to sign.
    """
    account = ""
    if public is not None:
        setting = desk.operator.setting(officer, nonce=nonce_of(_public(public)))
        account = account_of(setting, uscc)
    theirs = brought(desk.operator, account, public, possession)
    if theirs is not None:
        shown = theirs.possession
        return FirstKey(key=theirs.key, custodial=False, possession=lambda _: shown)
    key = desk.new_key()
    return FirstKey(key=key, custodial=True, possession=lambda opened: desk.possession(opened, key))


def _public(typed: str) -> Key:
    return SUITE, given.octets(typed, "--public", PUBLIC_BYTES)


def _meant(operator: Operator, account: str, typed: str) -> Key:
    """The key of an account that has the id that was typed; the rules say whether it may end."""
    with operator.log.recorder.reading() as cursor:
        state: Account = Moment(cursor).stream(account).state
    for key in state.keys:
        if key_id(key).hex() == typed.strip().lower():
            return key
    raise RefusedError("key_unknown", account=account)


def _object(state: Account) -> dict[str, Any]:
    recovery = None if state.recovery is None else _recovery(state)
    return {"keys": _keys(state), "recovery": recovery}


def _keys(state: Account) -> list[dict[str, Any]]:
    """The keys in the order in which they were added."""
    return [
        {
            "id": key_id(key),
            "suite": key[0],
            "public": key[1],
            "since": life.added,
            "until": life.ended,
            "custodial": life.custodial,
            "recovered": life.recovered,
        }
        for key, life in sorted(state.keys.items(), key=lambda item: (item[1].added, item[0]))
    ]


def _recovery(state: Account) -> dict[str, Any]:
    assert state.recovery is not None
    return {
        "announced": state.recovery.announced,
        "not_before": state.recovery.not_before,
        "key_id": key_id(state.recovery.key),
        "custodial": state.recovery.custodial,
    }


def _where(origin: str) -> dict[str, Any]:
    return {"origin": origin, "demonstration": is_demonstration(origin)}
