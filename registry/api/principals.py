"""Who asks, and what they may: an account's holder with an API key or an issuer's token, or anybody.

What somebody may is the narrower of two things: for which accounts and scopes a key was made or a person was bound, and
what a token says of itself. Roles are never among them: they come from the log.

    read          what only concerns these accounts
    act           acts of these accounts; act:<area> those of one area
    sign          their signatures under prepared intents
    webhooks, audit, keys
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from registry.api.oidc import Issuers
from registry.domain.roles import Registry
from registry.errors import RefusedError, require
from registry.store.access import SCOPES, Access, covers

KEY_BEGINS = "crk_"
AUTHORIZATION_MAX = 8_300
ACT = "act"
"""The scope of acts of every area."""
OVERSEERS = frozenset({"authority", "court", "officer", "operator", "procuratorate"})
"""The roles that are shown what concerns others only."""

How = Literal["nobody", "key", "token"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks."""

    subject: str
    """The same for the same key or person, and nobody's name: what counts their requests, and owns their jobs."""
    accounts: frozenset[str]
    scopes: frozenset[str]
    """What they may do for each of the accounts."""
    how: How

    def may(self, scope: str) -> bool:
        """Whether `scope` is among the scopes, or part of one."""
        return covers(self.scopes, scope)


NOBODY = Principal(subject="nobody", accounts=frozenset(), scopes=frozenset(), how="nobody")
"""Who did not say who they are."""


class Doorkeeper:
    """Says who presents which credentials. Safe for threads; waits for the database, and perhaps for an issuer."""

    def __init__(self, access: Access, issuers: Issuers, now_us: Callable[[], int]) -> None:
        self._access = access
        self._issuers = issuers
        self._now_us = now_us

    def identify(self, authorization: str | None) -> Principal:
        """Who presents `authorization`, as it stood in the request; NOBODY if nothing did.

        Raises:
            RefusedError: `bad_credentials`: not of a kind that is taken here; `bad_key`: unknown, revoked or expired,
                it is not said which; `bad_token`, `subject_unbound`.
            UnavailableError: `issuer_unavailable`, `storage_failed`.
        """
        if authorization is None:
            return NOBODY
        scheme, _, presented = authorization.partition(" ")
        fits = len(authorization) <= AUTHORIZATION_MAX and presented.isascii()
        require(scheme.lower() == "bearer" and fits, "bad_credentials")
        presented = presented.strip(" ")
        require(presented != "", "bad_credentials")
        if presented.startswith(KEY_BEGINS):
            return self._of_key(presented)
        return self._of_token(presented)

    def _of_key(self, presented: str) -> Principal:
        record = self._access.find_key(presented, self._now_us())
        if record is None:
            raise RefusedError("bad_key")
        return Principal(
            subject=f"key/{record.id}",
            accounts=frozenset(record.accounts),
            scopes=frozenset(record.scopes),
            how="key",
        )

    def _of_token(self, presented: str) -> Principal:
        said = self._issuers.verify(presented, self._now_us())
        bindings = self._access.bindings_of(said.issuer, said.subject)
        require(bool(bindings), "subject_unbound")
        # Somebody's scopes hold for each of their accounts: so they are those that all bindings have.
        scopes = reduce(both, (frozenset(one.scopes) for one in bindings))
        if said.scopes is not None:
            # Among what it names may be words of others, such as `openid`.
            scopes = both(scopes, said.scopes.intersection(SCOPES))
        return Principal(
            subject=_subject(said.issuer, said.subject),
            accounts=frozenset(one.account for one in bindings),
            scopes=scopes,
            how="token",
        )


def both(some: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """What both allow: of `act` here and `act:orders` there, `act:orders`."""
    return frozenset(_within(some, others)) | frozenset(_within(others, some))


def require_login(principal: Principal) -> None:
    """Return if it is known who asks.

    Raises:
        RefusedError: `credentials_missing`.
    """
    require(principal is not NOBODY, "credentials_missing")


def require_scope(principal: Principal, scope: str) -> None:
    """Return if `principal` may do what `scope` covers.

    Raises:
        RefusedError: `credentials_missing`; `scope_missing`, naming it.
    """
    require_login(principal)
    require(principal.may(scope), "scope_missing", scope=scope)


def require_role(principal: Principal, registry: Registry, *roles: str) -> None:
    """Return if an account of `principal` has one of `roles` now, as `registry` has it.

    Raises:
        RefusedError: `credentials_missing`; `role_needed`, naming them.
    """
    require_login(principal)
    require(_has_any(principal, registry, roles), "role_needed", roles=", ".join(roles))


def may_see(principal: Principal, registry: Registry, account: str) -> bool:
    """Whether `principal` is shown what concerns only `account`: it is theirs, or their role is to look."""
    if not principal.may("read"):
        return False
    return account in principal.accounts or _has_any(principal, registry, OVERSEERS)


def require_sight(principal: Principal, registry: Registry, account: str) -> None:
    """Return if `principal` may see what concerns only `account`.

    Raises:
        RefusedError: `credentials_missing`, `scope_missing`; `role_needed`, naming the roles that would do.
    """
    require_scope(principal, "read")
    roles = ", ".join(sorted(OVERSEERS))
    require(may_see(principal, registry, account), "role_needed", roles=roles, account=account)


def _has_any(principal: Principal, registry: Registry, roles: Iterable[str]) -> bool:
    accounts = principal.accounts
    return any(registry.has(account, role) for role in roles for account in accounts)


def _within(some: frozenset[str], others: frozenset[str]) -> Iterable[str]:
    return (one for one in some if covers(others, one))


def _subject(issuer: str, subject: str) -> str:
    """Stands for a person of an issuer; what the issuer calls them, such as an address, is in no log."""
    told = hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()
    return f"token/{told[:32]}"
