"""Who asks, and the API keys of their accounts: made, listed, revoked by who has the scope `keys`.

    GET    /v1/me
    POST   /v1/keys         what is to be presented is shown once
    GET    /v1/keys
    DELETE /v1/keys/{id}

A key speaks for no other account, does nothing more, and lives no longer than who made it. It is revoked with the key
that made it (`made_by`), and ends with the recovery or the succession of its account.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import AwareDatetime, Field
from starlette.responses import Response

from registry.api.conventions import json_response, problems
from registry.api.principals import KEY_BEGINS, Principal, require_login, require_scope
from registry.api.runtime import Runtime
from registry.api.shapes import Shape, Time, Told
from registry.api.values import time
from registry.domain.roles import Registry
from registry.errors import RefusedError, require
from registry.store.access import (
    DAY_US,
    KEY_ACCOUNTS_MAX,
    KEY_DAYS_MAX,
    LABEL_CHARACTERS_MAX,
    SCOPES,
    Access,
    KeyRecord,
)
from registry.store.access_keeper import ID_CHARACTERS
from registry.store.clock import wall_us

SCOPE = "keys"
DAYS = 90
PRIVATE = {"cache-control": "no-store"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OF_KEYS = "key/"


class Me(Told):
    """Who asks."""

    subject: str
    """Stands for the key or the person; no name."""
    how: Literal["key", "token"]
    accounts: list[str]
    scopes: list[str]
    roles: dict[str, list[str]]
    """Of each account, from the log: what it may besides what every account may."""


class NewKey(Shape):
    """Whom an API key is to speak for, and what it may."""

    accounts: Annotated[
        list[Annotated[str, Field(max_length=200)]],
        Field(min_length=1, max_length=KEY_ACCOUNTS_MAX),
    ]
    """Of yours."""
    scopes: Annotated[
        list[Annotated[str, Field(max_length=32)]], Field(min_length=1, max_length=len(SCOPES))
    ]
    """Of yours: read, act, act:<area>, sign, webhooks, audit, keys."""
    label: Annotated[str, Field(max_length=LABEL_CHARACTERS_MAX)] = ""
    """For you: what it is for. No name of a person."""
    expires: AwareDatetime | None = None
    """90 days from now, or when your own key does, if it does not say; 366 days at most."""


class KeyTold(Shape):
    """What is known of an API key; its secret is not."""

    id: str
    accounts: list[str]
    speaks_for: list[str]
    """Those of them for which it speaks now; with the recovery or the succession of an account it ended for that."""
    scopes: list[str]
    label: str
    made_by: str
    made: Time
    expires: Time
    revoked: Time | None
    used_day: str | None
    """The day, in China, on which it was used last."""


class KeyMade(Told):
    """An API key, and what is to be presented, which is not shown again."""

    key: KeyTold
    presented: Annotated[str, Field(pattern=f"^{KEY_BEGINS}")]
    """Authorization: Bearer crk_…"""


class KeysRevoked(Told):
    """What speaks for nobody any more."""

    revoked: list[str]
    """The ids of the key that was meant, and of those that it made, and those made."""


class ApiKeys(Told):
    """The API keys that speak for accounts of yours, or did."""

    keys: list[KeyTold]


def key_object(access: Access, record: KeyRecord, now_us: int) -> dict[str, Any]:
    """A key as `KeyTold` has it."""
    return {
        "id": record.id,
        "accounts": list(record.accounts),
        "speaks_for": access.spoken_for(record, now_us),
        "scopes": list(record.scopes),
        "label": record.label,
        "made_by": record.made_by,
        "made": time(record.made_us),
        "expires": time(record.expires_us),
        "revoked": None if record.revoked_us is None else time(record.revoked_us),
        "used_day": record.used_day or None,
    }


def router(runtime: Runtime) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix="/v1", tags=["keys"])
    _add_me(made, runtime)
    _add_making(made, runtime)
    _add_keys(made, runtime)
    return made


def _add_me(made: APIRouter, runtime: Runtime) -> None:
    @made.get("/me", operation_id="me", response_model=Me, responses=problems(401))
    def me(request: Request) -> Response:
        """Who you are here: for which accounts you speak, what you may for them, and which roles they have."""
        principal = request.state.principal
        require_login(principal)
        told = {
            "subject": principal.subject,
            "how": principal.how,
            "accounts": sorted(principal.accounts),
            "scopes": [scope for scope in SCOPES if scope in principal.scopes],
            "roles": _roles(runtime.registry(), principal),
            **runtime.true_of(),
        }
        return json_response(told, 200, PRIVATE)


def _roles(registry: Registry, principal: Principal) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {account: [] for account in sorted(principal.accounts)}
    for account, role in registry.roles:
        if account in found:
            found[account].append(role)
    return {account: sorted(roles) for account, roles in found.items()}


def _add_making(made: APIRouter, runtime: Runtime) -> None:
    @made.post(
        "/keys",
        operation_id="make_key",
        status_code=201,
        response_model=KeyMade,
        responses=problems(401, 403, 409, 413, 415, 422),
    )
    def make(request: Request, asked: NewKey) -> Response:
        """An API key for accounts of yours, with scopes of yours. It is shown now, and never again."""
        principal: Principal = request.state.principal
        require_scope(principal, SCOPE)
        for account in asked.accounts:
            require(account in principal.accounts, "not_yours", account=account)
        for scope in asked.scopes:
            require(scope in SCOPES, "unknown_scope", scope=scope, known=SCOPES)
            require(principal.may(scope), "scope_missing", scope=scope)
        now_us = wall_us()
        record, presented = runtime.access.make_key(
            asked.accounts,
            asked.scopes,
            expires_us=_expires_us(runtime, principal, asked.expires, now_us),
            label=asked.label,
            made_by=principal.subject,
            now_us=now_us,
            log_size=principal.log_size,
        )
        shown = key_object(runtime.access, record, now_us)
        told = {"key": shown, "presented": presented, **runtime.true_of()}
        return json_response(told, 201, PRIVATE)


def _expires_us(
    runtime: Runtime, principal: Principal, expires: datetime | None, now_us: int
) -> int:
    """When a key is to expire that `principal` makes.

    Raises:
        RefusedError: `malformed` if it would live longer than theirs, or too long.
    """
    most_us = now_us + KEY_DAYS_MAX * DAY_US
    if principal.subject.startswith(_OF_KEYS):
        own = runtime.access.key(principal.subject.removeprefix(_OF_KEYS))
        if own is None:
            raise RefusedError("bad_key")
        most_us = min(most_us, own.expires_us)
    if expires is None:
        return min(now_us + DAYS * DAY_US, most_us)
    asked_us = (expires - _EPOCH) // timedelta(microseconds=1)
    require(
        now_us < asked_us <= most_us,
        "malformed",
        field="expires",
        why="time_until_expected",
        until=time(most_us),
    )
    return asked_us


def _add_keys(made: APIRouter, runtime: Runtime) -> None:
    @made.get(
        "/keys",
        operation_id="list_keys",
        response_model=ApiKeys,
        responses=problems(401, 403),
    )
    def keys(request: Request) -> Response:
        """The API keys that speak for accounts of yours, and for a year those that did."""
        principal = request.state.principal
        require_scope(principal, SCOPE)
        found = {
            record.id: record
            for account in principal.accounts
            for record in runtime.access.keys_of(account)
        }
        listed = sorted(found.values(), key=lambda record: (record.made_us, record.id))
        now_us = wall_us()
        keys = [key_object(runtime.access, record, now_us) for record in listed]
        told = {"keys": keys, **runtime.true_of()}
        return json_response(told, 200, PRIVATE)

    @made.delete(
        "/keys/{key}",
        operation_id="revoke_key",
        response_model=KeysRevoked,
        responses=problems(401, 403, 404, 422),
    )
    def revoke(
        request: Request,
        key: Annotated[str, Path(max_length=ID_CHARACTERS, pattern="^[a-z2-7]*$")],
    ) -> Response:
        """Have a key that speaks for an account of yours speak for nobody from now on, nor those that it made."""
        principal = request.state.principal
        require_scope(principal, SCOPE)
        record = runtime.access.key(key)
        if record is None or not principal.accounts.intersection(record.accounts):
            raise RefusedError("no_api_key", key=key)
        revoked = runtime.access.revoke_key(key, wall_us())
        require(bool(revoked), "no_api_key", key=key)
        return json_response({"revoked": revoked, **runtime.true_of()}, 200, PRIVATE)
