"""Who asks, and what they may: an account's holder with an API key or an issuer's token, or anybody.

What somebody may is the narrower of two things: for which accounts and scopes a key was made or a person was bound, and
what a token says of itself. Roles are never among them: they come from the log. So does what ends all that was made
before: the recovery of an account, or its succession.

    read          what only concerns these accounts
    act           acts of these accounts; act:<area> those of one area
    sign          their signatures under prepared intents
    webhooks, audit, keys
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from registry.api.oidc import Issuers
from registry.domain.roles import Registry
from registry.errors import RefusedError, require
from registry.store.access import (
    SCOPES,
    Access,
    covers,
    key_subject,
    token_subject,
)

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
    log_size: int = 0
    """How many entries the log had when it was known that they speak for the accounts."""

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
                it is not said which; `bad_token`, `subject_unbound`; `credentials_ended` with the recovery or the
                succession of every account that they spoke for.
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
        log_size, accounts = self._left(dict.fromkeys(record.accounts, record.log_size))
        return Principal(
            subject=key_subject(record.id),
            accounts=accounts,
            scopes=frozenset(record.scopes),
            how="key",
            log_size=log_size,
        )

    def _of_token(self, presented: str) -> Principal:
        said = self._issuers.verify(presented, self._now_us())
        bindings = self._access.bindings_of(said.issuer, said.subject)
        require(bool(bindings), "subject_unbound")
        log_size, accounts = self._left({one.account: one.log_size for one in bindings})
        bindings = [one for one in bindings if one.account in accounts]
        # Somebody's scopes hold for each of their accounts: so they are those that all bindings have.
        scopes = reduce(both, (frozenset(one.scopes) for one in bindings))
        if said.scopes is not None:
            # Among what it names may be words of others, such as `openid`.
            scopes = both(scopes, said.scopes.intersection(SCOPES))
        return Principal(
            subject=token_subject(said.issuer, said.subject),
            accounts=accounts,
            scopes=scopes,
            how="token",
            log_size=log_size,
        )

    def _left(self, given: Mapping[str, int]) -> tuple[int, frozenset[str]]:
        """As `Renewals.left`; somebody is left for whom they speak.

        Raises:
            RefusedError: `credentials_ended`.
        """
        log_size, left = self._access.renewals.left(given)
        require(bool(left), "credentials_ended", accounts=list(given))
        return log_size, left


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


def may_see(principal: Principal, registry: Registry, account: str) -> bool:
    """Whether `principal` is shown what concerns only `account`: it is theirs, or their role is to look."""
    if not principal.may("read"):
        return False
    return account in principal.accounts or any(
        registry.has(own, role) for role in OVERSEERS for own in principal.accounts
    )


def require_sight(principal: Principal, registry: Registry, account: str) -> None:
    """Return if `principal` may see what concerns only `account`.

    Raises:
        RefusedError: `credentials_missing`, `scope_missing`; `role_needed`, naming the roles that would do.
    """
    require_scope(principal, "read")
    roles = sorted(OVERSEERS)
    require(may_see(principal, registry, account), "role_needed", roles=roles, account=account)


def _within(some: frozenset[str], others: frozenset[str]) -> Iterable[str]:
    return (one for one in some if covers(others, one))
