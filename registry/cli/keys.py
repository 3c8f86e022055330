"""`registry account key`, `registry account recover`, `registry log-key`: keys changed, lost ones replaced."""

from typing import Any

from registry.cli.voice import Voice, is_demonstration
from registry.desk import accounts
from registry.desk.ask import Ask
from registry.desk.desk import Desk, at_desk
from registry.desk.figures import key_rows
from registry.desk.keys import RotateLogKey
from registry.desk.made import Made
from registry.desk.opened import opened
from registry.domain.account import Account
from registry.ledger.keys import Key, key_id
from registry.place import Place


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
        [[voice.fact(column, item[column]) for column in columns] for item in key_rows(state)],
    )
    if state.recovery is not None:
        voice.say("keylist.recovery", **_recovery(state))


def change(ask: Ask, text: str, place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Do what is asked for with the keys of an account, and say with `text` what was done, and what keys it has now.

    Raises:
        UsageError: `malformed`, `no_possession`.
        RefusedError: `no_registry`, `no_account`, or what the rules say.
    """
    with at_desk(place, dry_run=dry_run) as desk:
        made = desk.perform(ask.plans(desk))
        account, key = _about(desk, made[0])
        state: Account = desk.source.state(account)
    origin = desk.source.origin
    facts = {"account": account, "key_id": key_id(key), "index": made[-1].placed.index}
    if voice.is_json:
        voice.json({"dry_run": dry_run, **facts, **_object(state), **_where(origin)})
        return
    voice.demonstration(origin)
    if dry_run:
        voice.say("keys.rehearsed", **facts)
        return
    not_before = None if state.recovery is None else state.recovery.not_before
    voice.say(text, **facts, not_before=not_before)


def replace_log_key(place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Put a new key in place of the one that signs for the log.

    Raises:
        RefusedError: `no_registry`, or what the rules say.
    """
    with at_desk(place, dry_run=dry_run) as desk:
        (made,) = desk.perform(RotateLogKey().plans(desk))
        vkey = desk.operator.vkey()
    facts = {"vkey": str(vkey), "fingerprint": vkey.fingerprint, "index": made.placed.index}
    if voice.is_json:
        voice.json({"dry_run": dry_run, **facts, **_where(vkey.name)})
        return
    voice.demonstration(vkey.name)
    voice.say("keys.rehearsed" if dry_run else "log_key.replaced", **facts)


def _about(desk: Desk, made: Made) -> tuple[str, Key]:
    """Whose keys an act is about, and the key that it names, or that of the recovery which it ends."""
    (happened,) = made.placed.happened()
    event: Any = happened.event
    if not hasattr(event, "key"):
        (announced,) = desk.entry(event.means[0]).happened()
        event = announced.event
    return happened.stream, event.key


def _object(state: Account) -> dict[str, Any]:
    recovery = None if state.recovery is None else _recovery(state)
    return {"keys": key_rows(state), "recovery": recovery}


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
