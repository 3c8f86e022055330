"""Which tokens are believed, and how long an issuer's keys are."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from joserfc import jwk
from joserfc.errors import UnsupportedAlgorithmError

from registry.api import oidc
from registry.api.oidc import Issuers
from registry.api.settings import Issuer
from registry.errors import RefusedError, UnavailableError
from tests.api.issuer import AUDIENCE, NOW_S, NOW_US, local_issuer, unsigned

pytestmark = pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")


@pytest.fixture(scope="module")
def served():
    with local_issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(served):
    served.published = [served.key]
    served.asked = []
    served.is_down = False
    served.document = {}
    served.keys_document = None
    return served


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def trusting(issuer, clock=Clock(), **changed):  # noqa: B008  # it stands still
    """Who believes this issuer."""
    settings = {"issuer": issuer.url, "audience": AUDIENCE, **changed}
    return Issuers([Issuer(**settings)], clock=clock)


def why(issuers, token, now_us=NOW_US):
    """Why a token is not believed."""
    with pytest.raises(RefusedError) as refusal:
        issuers.verify(token, now_us)
    assert refusal.value.code == "bad_token"
    assert refusal.value.facts.keys() == {"why"}
    return refusal.value.facts["why"]


def test_a_token_says_who_its_holder_is(issuer):
    said = trusting(issuer).verify(issuer.token(scope="read act:orders openid"), NOW_US)

    assert (said.issuer, said.subject) == (issuer.url, "somebody")
    assert said.scopes == {"read", "act:orders", "openid"}


def test_a_token_that_says_nothing_of_scopes_narrows_nothing(issuer):
    assert trusting(issuer).verify(issuer.token(), NOW_US).scopes is None


def test_of_an_issuer_with_a_prefix_only_the_scopes_with_it_count(issuer):
    token = issuer.token(scope="registry:read act")

    assert trusting(issuer, scope_prefix="registry:").verify(token, NOW_US).scopes == {"read"}


@pytest.mark.parametrize(
    ("kind", "size", "algorithm"),
    [
        ("RSA", 2048, "PS256"),
        ("EC", "P-256", "ES256"),
        ("EC", "P-384", "ES384"),
        ("OKP", "Ed25519", "EdDSA"),
        ("OKP", "Ed25519", "Ed25519"),
    ],
)
def test_every_algorithm_that_is_named_is_taken(issuer, kind, size, algorithm):
    key = jwk.generate_key(kind, size, {"kid": "other"})
    issuer.published = [issuer.key, key]
    token = issuer.token(key, {"alg": algorithm})

    assert trusting(issuer, algorithms=(algorithm,)).verify(token, NOW_US).subject == "somebody"
    assert why(trusting(issuer, algorithms=("RS512",)), token) == "algorithm"


def test_nobody_signs_with_nothing(issuer):
    for algorithm in ("none", "None", "NONE", ""):
        header = {"alg": algorithm, "typ": "at+jwt", "kid": "one"}

        assert why(trusting(issuer), unsigned(header, issuer.claims())) == "algorithm"


def test_a_public_key_is_no_shared_secret(issuer):
    pem = issuer.key.as_pem(private=False)
    secret = jwk.OctKey(pem, pem, {"kid": "one"})
    token = issuer.token(secret, {"alg": "HS256"})

    assert why(trusting(issuer), token) == "algorithm"


def test_a_key_verifies_only_what_is_of_its_kind(issuer):
    key = jwk.generate_key("EC", "P-256", {"kid": "one"})

    assert why(trusting(issuer), issuer.token(key, {"alg": "ES256"})) in {"key", "signature"}


def test_a_key_that_says_what_it_is_for_verifies_nothing_else(issuer):
    told = issuer.key.as_dict(private=False)
    issuer.keys_document = json.dumps({"keys": [told | {"alg": "RS512"}]}).encode()

    assert why(trusting(issuer), issuer.token()) == "key"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"iss": "https://elsewhere.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"iss": ["https://elsewhere.example"]}, "issuer"),
        ({"aud": "https://another.example"}, "claims"),
        ({"aud": None}, "claims"),
        ({"aud": []}, "claims"),
        ({"aud": {"https://registry.example": 1}}, "claims"),
        ({"exp": NOW_S - 61}, "expired"),
        ({"exp": None}, "claims"),
        ({"exp": "never"}, "claims"),
        ({"exp": True}, "claims"),
        ({"nbf": NOW_S + 61}, "claims"),
        ({"iat": NOW_S + 61}, "claims"),
        ({"iat": None}, "claims"),
        ({"sub": None}, "claims"),
        ({"sub": ""}, "claims"),
        ({"sub": 7}, "claims"),
        ({"sub": "x" * 256}, "claims"),
        ({"sub": "a\0b"}, "claims"),
        ({"client_id": None}, "claims"),
        ({"jti": None}, "claims"),
        ({"scope": ["read"]}, "claims"),
        ({"nonce": "n"}, "type"),
        ({"at_hash": "h"}, "type"),
        ({"typ": "ID"}, "type"),
        ({"token_use": "id"}, "type"),
    ],
)
def test_a_claim_that_does_not_fit_is_refused(issuer, changed, expected):
    assert why(trusting(issuer), issuer.token(**changed)) == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": ["https://another.example", AUDIENCE]},
        {"exp": NOW_S - 59},
        {"nbf": NOW_S + 59},
        {"typ": "Bearer"},
        {"exp": NOW_S + 0.5},
    ],
)
def test_clocks_may_differ_by_a_minute(issuer, changed):
    assert trusting(issuer).verify(issuer.token(**changed), NOW_US).subject == "somebody"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"typ": None}, "type"),
        ({"typ": "JWT"}, "type"),
        ({"typ": 1}, "type"),
        ({"crit": ["exp"], "exp": 1}, "form"),
        ({"b64": False, "crit": ["b64"]}, "form"),
        ({"kid": "another"}, "key"),
        ({"kid": 1}, "key"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(issuer, header, expected):
    claims = issuer.claims()
    told = {"alg": "RS256", "typ": "at+jwt", "kid": "one", **header}
    token = unsigned({name: value for name, value in told.items() if value is not None}, claims)

    assert why(trusting(issuer), token) == expected


def test_the_long_name_of_the_type_is_the_same_type(issuer):
    token = issuer.token(header={"typ": "application/at+jwt"})

    assert trusting(issuer).verify(token, NOW_US).subject == "somebody"


def test_plain_tokens_are_taken_where_the_settings_say_so_but_none_for_logging_in(issuer):
    issuers = trusting(issuer, types=("at+jwt", "JWT"))
    plain = {"typ": "JWT"}

    token = issuer.token(header=plain, client_id=None, jti=None)

    assert issuers.verify(token, NOW_US).subject == "somebody"
    assert why(issuers, issuer.token(header=plain, nonce="n")) == "type"
    assert why(issuers, issuer.token(header=plain, typ="Refresh")) == "type"


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", "form"),
        ("a", "form"),
        ("a.b", "form"),
        ("a.b.c.d", "form"),
        ("...", "form"),
        ("eyJhbGciOiJSUzI1NiJ9..", "form"),
        ("eyJhbGciOiJSUzI1NiJ9.W10.x", "form"),
        ("ImFsZyI.e30.x", "form"),
        ("WyJhbGciXQ.e30.x", "form"),
        ("é.é.é", "form"),
        ("eyJhbGciOiJSUzI1NiJ9." + "W" * 5_000 + ".x", "form"),
        ("x" * 8_193, "size"),
    ],
)
def test_what_is_no_token_is_refused(issuer, token, expected):
    assert why(trusting(issuer), token) == expected
    assert issuer.asked == []


def test_json_that_is_deeper_than_anybody_reads_is_refused(issuer):
    deep = unsigned({"alg": "RS256"}, 0).split(".")
    deep[1] = "W1tb" * 1_400

    assert why(trusting(issuer), ".".join(deep)) == "form"


def test_a_changed_token_is_refused(issuer):
    head, body, signature = issuer.token().split(".")
    other = issuer.token(sub="another").split(".")[1]

    assert why(trusting(issuer), f"{head}.{other}.{signature}") == "signature"
    assert why(trusting(issuer), f"{head}.{body}.") == "signature"
    assert why(trusting(issuer), f"{head}.{body}.{signature[:-8]}AAAAAAAA") == "signature"


def test_an_algorithm_is_looked_at_again_where_it_is_used():
    with pytest.raises(UnsupportedAlgorithmError):
        oidc._Algorithms(algorithms=("RS256",)).get_alg("HS256")


def test_a_header_cannot_bring_its_own_key(issuer):
    own = jwk.generate_key("EC", "P-256", {"kid": "own"})
    header = {"alg": "ES256", "jwk": own.as_dict(private=False)}

    assert why(trusting(issuer), issuer.token(own, header)) == "key"


def test_keys_are_asked_for_once(issuer):
    issuers = trusting(issuer)

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda _: issuers.verify(issuer.token(), NOW_US), range(16)))

    assert len(said) == 16
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]


def test_a_new_key_is_asked_for_at_most_once_a_minute(issuer, clock):
    issuers = trusting(issuer, clock)
    issuers.verify(issuer.token(), NOW_US)
    other = jwk.generate_key("EC", "P-256", {"kid": "two"})
    by = {"alg": "ES256"}
    issuer.published = [issuer.key, other]

    assert why(issuers, issuer.token(other, by)) == "key"
    assert len(issuer.asked) == 2
    clock.now_s = 61
    assert issuers.verify(issuer.token(other, by), NOW_US).subject == "somebody"
    assert len(issuer.asked) == 4
    third = jwk.generate_key("EC", "P-256", {"kid": "three"})
    for _ in range(10):
        assert why(issuers, issuer.token(third, by)) == "key"
    assert len(issuer.asked) == 4


def test_a_key_that_is_withdrawn_is_believed_for_an_hour_more(issuer, clock):
    issuers = trusting(issuer, clock)
    token = issuer.token()
    issuers.verify(token, NOW_US)
    issuer.published = [jwk.generate_key("EC", "P-256", {"kid": "two"})]

    clock.now_s = 3_599
    assert issuers.verify(token, NOW_US)

    clock.now_s = 3_601
    assert why(issuers, token) == "key"


def test_while_an_issuer_is_down_its_keys_are_used_for_a_day(issuer, clock):
    issuers = trusting(issuer, clock)
    issuers.verify(issuer.token(), NOW_US)
    issuer.is_down = True

    clock.now_s = 86_399
    assert issuers.verify(issuer.token(), NOW_US)
    clock.now_s = 86_401
    with pytest.raises(UnavailableError) as trouble:
        issuers.verify(issuer.token(), NOW_US)

    assert trouble.value.code == "issuer_unavailable"
    issuer.is_down = False
    clock.now_s += 61
    assert issuers.verify(issuer.token(), NOW_US)


def test_an_issuer_that_never_answered_is_left_alone_for_some_seconds(issuer, clock):
    issuer.is_down = True
    issuers = trusting(issuer, clock)
    for _ in range(5):
        with pytest.raises(UnavailableError, match="issuer_unavailable"):
            issuers.verify(issuer.token(), NOW_US)
    assert len(issuer.asked) == 1
    issuer.is_down = False

    clock.now_s = oidc.FAILED_S

    assert issuers.verify(issuer.token(), NOW_US)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://another.example"},
        {"jwks_uri": None},
        {"jwks_uri": 7},
        {"jwks_uri": "http://keys.example/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://"},
    ],
)
def test_a_document_that_does_not_fit_is_of_no_use(issuer, document):
    issuer.document = document

    with pytest.raises(UnavailableError, match="issuer_unavailable"):
        trusting(issuer).verify(issuer.token(), NOW_US)


@pytest.mark.parametrize(
    "keys",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [1, "a", null, {}, {"kty": "RSA"}, {"kty": "EC", "crv": "P-256", "x": 1}]}',
        b'{"keys": [' + b"1," * 100 + b"1]}",
        b"[" * 100_000,
        b" " * (oidc.DOCUMENT_BYTES_MAX + 1),
        b"\xff",
    ],
)
def test_keys_that_cannot_be_read_are_no_keys(issuer, keys):
    issuer.keys_document = keys

    with pytest.raises(UnavailableError, match="issuer_unavailable"):
        trusting(issuer).verify(issuer.token(), NOW_US)


def test_a_short_key_a_secret_one_and_one_for_secrets_are_no_keys(issuer):
    short = jwk.generate_key("RSA", 1024, {"kid": "short"})
    shared = jwk.generate_key("oct", 256, {"kid": "shared"})
    told = [
        issuer.key.as_dict(private=False),
        short.as_dict(private=False),
        shared.as_dict(private=True),
        jwk.generate_key("EC", "P-256", {"kid": "secret"}).as_dict(private=True),
        jwk.generate_key("EC", "P-256", {"kid": "enc", "use": "enc"}).as_dict(private=False),
    ]
    issuer.keys_document = json.dumps({"keys": told}).encode()

    assert [key.kid for key in oidc._fetched_keys(issuer.url)] == ["one"]


def test_an_issuer_that_is_not_there_is_unavailable(issuer):
    issuers = Issuers([Issuer(issuer="http://127.0.0.1:1", audience=AUDIENCE)])

    with pytest.raises(UnavailableError, match="issuer_unavailable"):
        issuers.verify(issuer.token(iss="http://127.0.0.1:1"), NOW_US)


def test_an_issuer_that_sends_a_little_now_and_then_is_not_waited_for(issuer, monkeypatch):
    monkeypatch.setattr(oidc, "FETCH_S", -1.0)

    with pytest.raises(UnavailableError, match="issuer_unavailable"):
        trusting(issuer).verify(issuer.token(), NOW_US)


def test_who_has_keys_does_not_wait_for_newer_ones(issuer, clock):
    issuers = trusting(issuer, clock)
    token = issuer.token()
    issuers.verify(token, NOW_US)
    clock.now_s = 3_601

    # As while somebody else is asking the issuer.
    (keys,) = issuers._keys.values()
    with keys._lock:
        assert issuers.verify(token, NOW_US).subject == "somebody"
    assert len(issuer.asked) == 2
