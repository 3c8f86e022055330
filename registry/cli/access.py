"""`registry access`: API keys, and the logins of an OIDC issuer that speak for accounts."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from registry.cli.voice import Voice, is_demonstration
from registry.desk import words
from registry.desk.accounts import find
from registry.desk.opened import Opened, opened
from registry.errors import require
from registry.place import Place
from registry.store.access import DAY_US, Access, Binding, KeyRecord
from registry.store.clock import wall_us

_OPERATOR = "operator"
"""Who makes what is made here: whoever has the registry's files, or its database."""
_KEY_COLUMNS = ("id", "accounts", "scopes", "label", "made", "expires", "used", "state")
_BINDING_COLUMNS = ("issuer", "subject", "account", "scopes", "made")


def make_key(
    typed: Sequence[str],
    place: Place,
    *,
    scopes: Sequence[str],
    days: int,
    label: str,
    voice: Voice,
) -> None:
    """Make a key for the accounts that are meant, and say once what its owner is to present.

    Raises:
        RefusedError: `no_registry`, `no_account`, `several_accounts`, `unknown_scope`, `malformed`,
            `too_many_api_keys`.
    """
    with _access(place) as (access, source):
        # Meant twice, by name and by id, it is one all the same.
        accounts = list(dict.fromkeys(find(one, source) for one in typed))
        now_us = wall_us()
        made, presented = access.make_key(
            accounts,
            scopes,
            expires_us=now_us + days * DAY_US,
            label=label,
            made_by=_OPERATOR,
            now_us=now_us,
            log_size=source.size(),
        )
        told = _key_object(access, made, now_us)
    if voice.is_json:
        voice.json({**told, "secret": presented, **_where(source)})
        return
    voice.demonstration(source.origin)
    voice.say(
        "access.key.made",
        id=made.id,
        accounts=made.accounts,
        scopes=made.scopes,
        expires_us=made.expires_us,
    )
    voice.print(presented)
    voice.warn("access.key.once")


def keys(typed: str | None, place: Place, *, voice: Voice) -> None:
    """Say which keys there are and were, of all or of one account.

    Raises:
        RefusedError: `no_registry`, `no_account`, `several_accounts`.
    """
    with _access(place) as (access, source):
        found = list(_all_keys(access)) if typed is None else access.keys_of(find(typed, source))
        now_us = wall_us()
        listed = [_key_object(access, one, now_us) for one in found]
    if voice.is_json:
        voice.json({"keys": listed, **_where(source)})
        return
    voice.demonstration(source.origin)
    rows = [_key_cells(one, told["state"], voice) for one, told in zip(found, listed, strict=True)]
    _table("access.key", _KEY_COLUMNS, rows, voice)


def revoke_key(key: str, place: Place, *, voice: Voice) -> None:
    """Have a key speak for nobody any more, nor those that it made.

    Raises:
        RefusedError: `no_registry`, `no_api_key`.
    """
    with _access(place) as (access, source):
        now_us = wall_us()
        ended = access.revoke_key(key, now_us)
        require(bool(ended), "no_api_key", key=key)
        revoked = access.key(key)
        assert revoked is not None
        told = _key_object(access, revoked, now_us)
    if voice.is_json:
        facts = {**told, "revoked_with_it": ended[1:]}
        voice.json({**facts, **_where(source)})
        return
    voice.demonstration(source.origin)
    voice.say("access.key.revoked", id=key, accounts=revoked.accounts, count=len(ended) - 1)


def bind(
    issuer: str, subject: str, typed: str, place: Place, *, scopes: Sequence[str], voice: Voice
) -> None:
    """Have a subject of an issuer speak for the account that is meant.

    Raises:
        RefusedError: `no_registry`, `no_account`, `several_accounts`, `unknown_scope`, `malformed`.
    """
    with _access(place) as (access, source):
        account = find(typed, source)
        made = access.bind(
            issuer,
            subject,
            account,
            scopes,
            made_by=_OPERATOR,
            now_us=wall_us(),
            log_size=source.size(),
        )
    if voice.is_json:
        voice.json({**_binding_object(made), **_where(source)})
        return
    voice.demonstration(source.origin)
    voice.say("access.bound", issuer=issuer, subject=subject, account=account, scopes=made.scopes)


def unbind(issuer: str, subject: str, typed: str | None, place: Place, *, voice: Voice) -> None:
    """Have a subject speak for the account that is meant no more, or for nobody; nor the keys that they made.

    Raises:
        RefusedError: `no_registry`, `no_account`, `several_accounts`, `not_bound`.
    """
    with _access(place) as (access, source):
        account = None if typed is None else find(typed, source)
        count, revoked = access.unbind(issuer, subject, account, now_us=wall_us())
    named = {} if account is None else {"account": account}
    require(count > 0, "not_bound", issuer=issuer, subject=subject, **named)
    if voice.is_json:
        facts = {"issuer": issuer, "subject": subject, "account": account, "ended": count}
        voice.json({**facts, "keys_revoked": revoked, **_where(source)})
        return
    voice.demonstration(source.origin)
    voice.say("access.unbound", issuer=issuer, subject=subject, count=count, keys=len(revoked))


def bindings(place: Place, *, voice: Voice) -> None:
    """Say who speaks for whom.

    Raises:
        RefusedError: `no_registry`.
    """
    with _access(place) as (access, source):
        found = list(_all_bindings(access))
    if voice.is_json:
        voice.json({"bindings": [_binding_object(one) for one in found], **_where(source)})
        return
    voice.demonstration(source.origin)
    rows = [
        [one.issuer, one.subject, one.account, *_listed(one.scopes, one.made_us, voice)]
        for one in found
    ]
    _table("access.binding", _BINDING_COLUMNS, rows, voice)


@contextmanager
def _access(place: Place) -> Iterator[tuple[Access, Opened]]:
    """What is remembered beside the log at `place`, and the log, which knows the accounts."""
    with opened(place) as source, closing(Access(place)) as access:
        yield access, source


def _all_keys(access: Access) -> Iterator[KeyRecord]:
    after = ""
    while page := access.keys(after):
        yield from page
        after = page[-1].id


def _all_bindings(access: Access) -> Iterator[Binding]:
    after = ("", "", "")
    while page := access.bindings(after):
        yield from page
        after = (page[-1].issuer, page[-1].subject, page[-1].account)


def _key_object(access: Access, key: KeyRecord, now_us: int) -> dict[str, Any]:
    speaks_for = access.spoken_for(key, now_us)
    return {
        "id": key.id,
        "accounts": key.accounts,
        "speaks_for": speaks_for,
        "scopes": key.scopes,
        "label": key.label,
        "made_by": key.made_by,
        "made": words.utc_time(key.made_us),
        "expires": words.utc_time(key.expires_us),
        "revoked": None if key.revoked_us is None else words.utc_time(key.revoked_us),
        "used": key.used_day or None,
        "state": _state(key, now_us, speaks_for),
    }


def _binding_object(binding: Binding) -> dict[str, Any]:
    return {
        "issuer": binding.issuer,
        "subject": binding.subject,
        "account": binding.account,
        "scopes": binding.scopes,
        "made_by": binding.made_by,
        "made": words.utc_time(binding.made_us),
    }


def _key_cells(key: KeyRecord, state: str, voice: Voice) -> list[str]:
    return [
        key.id,
        voice.fact("accounts", key.accounts),
        voice.fact("scopes", key.scopes),
        key.label,
        words.local_time(key.made_us),
        words.local_time(key.expires_us),
        key.used_day,
        voice.text(f"access.state.{state}"),
    ]


def _listed(scopes: Sequence[str], made_us: int, voice: Voice) -> tuple[str, str]:
    return voice.fact("scopes", scopes), words.local_time(made_us)


def _state(key: KeyRecord, now_us: int, speaks_for: Sequence[str]) -> str:
    if key.revoked_us is not None:
        return "revoked"
    if not key.speaks(now_us):
        return "expired"
    return "active" if speaks_for else "ended"


def _table(title: str, columns: Sequence[str], rows: list[list[str]], voice: Voice) -> None:
    if not rows:
        voice.say(f"{title}.none")
        return
    heads = [voice.text(f"access.column.{column}") for column in columns]
    voice.table(voice.text(f"{title}.title"), heads, rows)


def _where(source: Opened) -> dict[str, Any]:
    return {"origin": source.origin, "demonstration": is_demonstration(source.origin)}
