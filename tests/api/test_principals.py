"""Who somebody is taken for, and what follows of it."""

import shutil
from contextlib import closing
from itertools import product

import pytest
from rpds import HashTrieMap

from registry.api.oidc import Issuers
from registry.api.principals import (
    NOBODY,
    OVERSEERS,
    Doorkeeper,
    Principal,
    both,
    may_see,
    require_login,
    require_scope,
    require_sight,
)
from registry.api.settings import Issuer
from registry.desk.account_life import Succeed
from registry.desk.opened import opened
from registry.domain.roles import ROLES, Registry
from registry.errors import RefusedError
from registry.store import renewals
from registry.store.access import SCOPES, Access
from registry.store.operator import Operator
from tests.api.issuer import AUDIENCE, NOW_US, local_issuer
from tests.books import digest, live_at
from tests.desks import does

A, B, C = "account/a", "account/b", "account/c"
DAY_US = 86_400_000_000


@pytest.fixture
def place(courthouse, tmp_path, monkeypatch):
    shutil.copytree(courthouse, tmp_path, dirs_exist_ok=True)
    live_at(tmp_path, monkeypatch)
    return tmp_path / "r"


@pytest.fixture
def access(place):
    with closing(Access(place)) as access:
        yield access


@pytest.fixture(scope="module")
def issuer():
    with local_issuer() as issuer:
        yield issuer


@pytest.fixture
def doorkeeper(access, issuer):
    issuers = Issuers([Issuer(issuer=issuer.url, audience=AUDIENCE)])
    return Doorkeeper(access, issuers, lambda: NOW_US)


def refused(call, *values):
    """Why something is refused."""
    with pytest.raises(RefusedError) as refusal:
        call(*values)
    return refusal.value.code


def of(*accounts, scopes=("read",)):
    return Principal(
        subject="key/x", accounts=frozenset(accounts), scopes=frozenset(scopes), how="key"
    )


def registry(*roles):
    return Registry(roles=HashTrieMap(dict.fromkeys(roles, 0)))


def made(access, *accounts, scopes=("read", "act:orders"), expires_us=NOW_US + DAY_US, log_size=0):
    return access.make_key(
        accounts,
        scopes,
        expires_us=expires_us,
        label="",
        made_by=A,
        now_us=NOW_US - DAY_US,
        log_size=log_size,
    )


def bound(access, issuer, account, *scopes, subject="somebody", log_size=0):
    made = {"made_by": A, "now_us": NOW_US, "log_size": log_size}
    access.bind(issuer.url, subject, account, scopes, **made)


def test_who_presents_nothing_is_nobody(doorkeeper):
    assert doorkeeper.identify(None) is NOBODY


def test_a_key_speaks_for_its_accounts(access, doorkeeper):
    record, secret = made(access, A, B)

    principal = doorkeeper.identify(f"Bearer {secret}")

    assert principal == Principal(
        subject=f"key/{record.id}",
        accounts=frozenset({A, B}),
        scopes=frozenset({"read", "act:orders"}),
        how="key",
        log_size=principal.log_size,
    )
    assert doorkeeper.identify(f"bearer  {secret} ") == principal


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "crk_x",
        "Bearerx y",
        "Bearer é",
        "Bearer " + "x" * 9_000,
    ],
)
def test_what_is_no_credential_is_refused(doorkeeper, authorization):
    assert refused(doorkeeper.identify, authorization) == "bad_credentials"


def test_a_key_that_is_unknown_revoked_or_expired_is_refused_alike(access, doorkeeper):
    revoked, secret = made(access, A)
    access.revoke_key(revoked.id, NOW_US)
    _, expired = made(access, A, expires_us=NOW_US - 1)

    refusals = []
    for presented in (secret, expired, secret[:-1], f"{secret[:-4]}aaaa", "crk_", "crk_é"):
        with pytest.raises(RefusedError) as refusal:
            doorkeeper.identify(f"Bearer {presented}")
        refusals.append((refusal.value.code, refusal.value.facts))

    assert refusals[:5] == [("bad_key", {})] * 5
    assert refusals[5] == ("bad_credentials", {})


def test_a_token_speaks_for_the_accounts_its_subject_is_bound_to(access, doorkeeper, issuer):
    bound(access, issuer, A, "read", "act")
    bound(access, issuer, B, "read", "act:orders", "sign")

    principal = doorkeeper.identify(f"Bearer {issuer.token()}")

    assert principal.accounts == {A, B}
    assert principal.scopes == {"read", "act:orders"}
    assert principal.how == "token"
    assert "somebody" not in principal.subject
    assert principal.subject == doorkeeper.identify(f"Bearer {issuer.token()}").subject


def test_a_token_narrows_and_never_widens(access, doorkeeper, issuer):
    bound(access, issuer, A, "read", "act:orders", subject="narrow")

    def scopes(said):
        token = issuer.token(sub="narrow", scope=said)
        return doorkeeper.identify(f"Bearer {token}").scopes

    assert scopes("read") == {"read"}
    assert scopes("act") == {"act:orders"}
    assert scopes("act:batches sign keys") == set()
    assert scopes("openid profile") == set()
    assert scopes("") == set()


def test_a_subject_that_nobody_bound_is_refused(access, doorkeeper, issuer):
    bound(access, issuer, A, "read", subject="another")

    assert (
        refused(doorkeeper.identify, f"Bearer {issuer.token(sub='stranger')}") == "subject_unbound"
    )


def test_a_token_that_does_not_hold_is_refused(access, doorkeeper, issuer):
    bound(access, issuer, A, "read")

    assert refused(doorkeeper.identify, f"Bearer {issuer.token(aud='x')}") == "bad_token"


@pytest.fixture
def succeeded(place, monkeypatch) -> tuple[str, str, int]:
    """An account that was succeeded, another that was not, and the entry."""
    monkeypatch.setattr(renewals, "LOOK_S", 0)
    with opened(place) as source:
        named = {source.name_of(account): account for account in source.accounts()}
    gone, other = named["agent"], named["owner"]
    with closing(Operator(place)) as operator:
        ask = Succeed(account=gone, successor=other, reason="merger", document=digest("register"))
        (made,) = does(operator, ask)
    return gone, other, made.placed.index


def test_a_key_ends_with_the_succession_of_its_account(access, doorkeeper, succeeded):
    gone, other, index = succeeded
    secrets = {
        (accounts, size): made(access, *accounts, log_size=size)[1]
        for accounts in ((gone,), (gone, other))
        for size in (index, index + 1)
    }

    found = {
        asked: doorkeeper.identify(f"Bearer {secret}").accounts
        for asked, secret in secrets.items()
        if asked != ((gone,), index)
    }

    assert refused(doorkeeper.identify, f"Bearer {secrets[(gone,), index]}") == "credentials_ended"
    assert found == {
        ((gone,), index + 1): {gone},
        ((gone, other), index): {other},
        ((gone, other), index + 1): {gone, other},
    }


def test_a_key_knows_how_long_the_log_was_when_it_was_judged(access, doorkeeper, succeeded):
    _, other, index = succeeded
    _, secret = made(access, other)

    assert doorkeeper.identify(f"Bearer {secret}").log_size == index + 1


def test_a_binding_ends_with_the_succession_of_its_account(access, doorkeeper, issuer, succeeded):
    gone, other, index = succeeded
    bound(access, issuer, gone, "read", log_size=index)
    alone = refused(doorkeeper.identify, f"Bearer {issuer.token()}")
    bound(access, issuer, other, "read", "sign", log_size=index)
    beside = doorkeeper.identify(f"Bearer {issuer.token()}")
    bound(access, issuer, gone, "read", log_size=index + 1)
    anew = doorkeeper.identify(f"Bearer {issuer.token()}")

    assert alone == "credentials_ended"
    # The scopes of a binding that ended narrow nothing.
    assert (beside.accounts, beside.scopes) == ({other}, {"read", "sign"})
    assert (anew.accounts, anew.scopes) == ({gone, other}, {"read"})


def test_what_both_allow_is_what_each_allows():
    for some, others in product(
        [{"act"}, {"act:orders"}, {"act:batches", "read"}, set()], repeat=2
    ):
        allowed = both(frozenset(some), frozenset(others))

        for scope in SCOPES:
            each = all(of(scopes=own).may(scope) for own in (some, others))
            assert of(scopes=allowed).may(scope) == each


def test_act_is_every_area_and_nothing_else():
    assert of(scopes=["act"]).may("act:orders")
    assert not of(scopes=["act:orders"]).may("act")
    assert not of(scopes=["act"]).may("read")


def test_who_is_asked_to_log_in():
    require_login(of())
    require_scope(of(), "read")

    assert refused(require_login, NOBODY) == "credentials_missing"
    assert refused(require_scope, NOBODY, "read") == "credentials_missing"
    assert refused(require_scope, of(), "sign") == "scope_missing"


@pytest.mark.parametrize("role", [None, *sorted(ROLES)])
def test_who_sees_what_concerns_another(role):
    known = registry() if role is None else registry((A, role))

    assert may_see(of(A), known, A)
    assert may_see(of(A), known, C) == (role in OVERSEERS)
    assert not may_see(of(B), known, C)
    assert not may_see(of(A, scopes=["act"]), known, A)
    assert not may_see(NOBODY, known, A)


def test_who_may_not_see_learns_why():
    require_sight(of(A), registry(), A)

    for role in OVERSEERS:
        require_sight(of(A, B), registry((B, role)), C)
    with pytest.raises(RefusedError) as refusal:
        require_sight(of(A), registry((B, "court")), C)
    assert (refusal.value.code, refusal.value.facts) == (
        "role_needed",
        {"roles": sorted(OVERSEERS), "account": C},
    )
    assert refused(require_sight, of(A, scopes=["sign"]), registry(), A) == "scope_missing"
    assert refused(require_sight, NOBODY, registry(), A) == "credentials_missing"
