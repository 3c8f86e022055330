"""Who somebody is, as a signed token of an issuer says that the settings name (JWT; access tokens of RFC 9068).

    token -> the issuer that its claims name -> type, algorithm -> that issuer's keys -> signature -> the other claims

An issuer's keys are asked for with the first token that needs them, again when they are an hour old, and when a token
names one that is not among them: then at most once a minute. While the issuer does not answer, what is known goes on
being used, for a day. Nothing of a token comes into an error.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url  # type: ignore[import-untyped]  # it ships no types
from joserfc import jwk, jws
from joserfc.errors import (
    ClaimError,
    ExpiredTokenError,
    JoseError,
    UnsupportedAlgorithmError,
)
from joserfc.jwt import JWTClaimsRegistry

from registry.api.settings import Issuer, is_loopback
from registry.errors import RefusedError, UnavailableError, require

TOKEN_BYTES_MAX = 8_192
SUBJECT_MAX = 255
DOCUMENT_BYTES_MAX = 256 << 10
KEYS_MAX = 100
RSA_BITS_MIN = 2_048
LEEWAY_S = 60
ANSWER_S = 3.0
"""So long an issuer may be silent."""
FETCH_S = 6.0
"""So long a document of it may take."""
FRESH_S = 3_600.0
FAILED_S = 5.0
"""So long an issuer is left alone that did not answer, if no key of it is known."""
_KINDS = {"rsa": "RSA", "ec": "EC", "okp": "OKP"}
_NOT_ACCESS = frozenset({"at_hash", "c_hash", "events", "nonce"})
"""What stands in tokens that are for logging in or out, and open nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a token that holds says."""

    issuer: str
    subject: str
    scopes: frozenset[str] | None
    """What its holder may do with it at most; None if it does not say."""


class Issuers:
    """Verifies tokens. Safe for threads; asks issuers over the network, and waits for them, if it has to."""

    def __init__(
        self, issuers: Sequence[Issuer], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = {issuer.issuer: _Keys(issuer, clock) for issuer in issuers}

    def verify(self, token: str, now_us: int) -> Said:
        """Who `token` says its holder is.

        Raises:
            RefusedError: `bad_token`; `why` is one of size, form, issuer, type, algorithm, key, signature, expired,
                claims.
            UnavailableError: `issuer_unavailable`: its keys are not known, or not of late.
        """
        _require(len(token) <= TOKEN_BYTES_MAX, "size")
        signed = _read(token)
        header, claims = signed.headers(), _claims(signed.payload)
        issuer = claims.get("iss")
        keys = self._keys.get(issuer) if isinstance(issuer, str) else None
        if keys is None:
            raise RefusedError("bad_token", why="issuer")
        _check_header(header, keys.issuer)
        key = keys.find(header.get("kid"), header["alg"])
        _check_signature(signed, key, keys.issuer.algorithms)
        _check_claims(claims, keys.issuer, header["typ"], now_us)
        return Said(
            issuer=keys.issuer.issuer, subject=claims["sub"], scopes=_scopes(claims, keys.issuer)
        )


class _Algorithms(jws.JWSRegistry):
    """Takes the algorithms that are named, and warns of none of them: that is for whoever named them."""

    max_header_length = 2_048

    def get_alg(self, name: str) -> Any:
        if name not in (self.allowed or ()):
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


class _Keys:
    """The keys of one issuer, as far as they are known."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float]) -> None:
        self.issuer = issuer
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[float, jwk.KeySet] | None = None
        """When they were read, and what they are: replaced as one, so that nobody sees half of it."""
        self._next_s = clock()
        """When the issuer may be asked again."""

    def find(self, kid: object, algorithm: str) -> jwk.Key:
        """The key that is called `kid`, or the only one.

        Raises:
            RefusedError: `bad_token`: there is none.
            UnavailableError: `issuer_unavailable`.
        """
        known = self._known
        age_s = None if known is None else self._clock() - known[0]
        if age_s is None or age_s > FRESH_S:
            # Who has keys to use need not wait for somebody who is asking for newer ones.
            self._ask(wait=age_s is None or age_s > self.issuer.keys_seconds_max)
        key = self._picked(kid, algorithm)
        if key is None:
            self._ask(wait=True)
            key = self._picked(kid, algorithm)
        if key is None:
            raise RefusedError("bad_token", why="key")
        return key

    def _picked(self, kid: object, algorithm: str) -> jwk.Key | None:
        known = self._known
        if known is None or self._clock() - known[0] > self.issuer.keys_seconds_max:
            raise UnavailableError("issuer_unavailable", issuer=self.issuer.issuer)
        named = kid if isinstance(kid, str) else None
        try:
            return known[1].get_by_kid(named, {"alg": algorithm, "use": "sig"})
        except JoseError:
            return None

    def _ask(self, *, wait: bool) -> None:
        """Read the keys anew, unless that was tried a moment ago; if it fails, what is known stays."""
        if not self._lock.acquire(blocking=wait):
            return
        try:
            now_s = self._clock()
            if now_s < self._next_s:
                return
            self._next_s = now_s + self.issuer.bad_keys_seconds
            try:
                self._known = (now_s, _fetched_keys(self.issuer.issuer))
            except (httpx2.HTTPError, httpx2.InvalidURL, JoseError, ValueError, RecursionError):
                if self._known is None:
                    self._next_s = now_s + min(FAILED_S, self.issuer.bad_keys_seconds)
        finally:
            self._lock.release()


def _require(holds: bool, why: str) -> None:
    require(holds, "bad_token", why=why)


def _read(token: str) -> jws.CompactSignature:
    """The parts of a token whose signature is not checked yet."""
    try:
        # Its type is looked at before any key is: what is no token of ours costs nobody anything.
        read = jws.extract_compact(token.encode("ascii"), registry=_Algorithms(algorithms=()))
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise RefusedError("bad_token", why="form") from None
    _require(isinstance(read.headers(), dict), "form")
    return read


def _claims(payload: bytes) -> Mapping[str, Any]:
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        raise RefusedError("bad_token", why="form") from None
    _require(isinstance(claims, dict), "form")
    checked: Mapping[str, Any] = claims
    return checked


def _check_header(header: Mapping[str, Any], issuer: Issuer) -> None:
    typ = header.get("typ")
    _require(isinstance(typ, str), "type")
    short = str(typ).lower().removeprefix("application/")
    _require(short in {known.lower() for known in issuer.types}, "type")
    _require(header.get("alg") in issuer.algorithms, "algorithm")
    # What is critical to others is not known here; among it is a payload that is not encoded.
    _require("crit" not in header and "b64" not in header, "form")


def _check_signature(signed: jws.CompactSignature, key: jwk.Key, algorithms: Sequence[str]) -> None:
    try:
        registry = _Algorithms(algorithms=algorithms, strict_check_header=False)
        _require(jws.validate_compact(signed, key, registry=registry), "signature")
    except (JoseError, ValueError):
        # Such as a key of another kind than the algorithm's.
        raise RefusedError("bad_token", why="key") from None


def _check_claims(claims: Mapping[str, Any], issuer: Issuer, typ: str, now_us: int) -> None:
    essential = ["exp", "iat", "sub"]
    if typ.lower().endswith("at+jwt"):
        essential += ["client_id", "jti"]
    wanted: dict[str, Any] = {name: {"essential": True} for name in essential}
    wanted["aud"] = {"essential": True, "value": issuer.audience}
    registry = JWTClaimsRegistry(now=now_us // 1_000_000, leeway=LEEWAY_S, **wanted)
    try:
        registry.validate(dict(claims))
    except ExpiredTokenError:
        raise RefusedError("bad_token", why="expired") from None
    except ClaimError:
        raise RefusedError("bad_token", why="claims") from None
    subject = claims["sub"]
    _require(len(subject) <= SUBJECT_MAX and subject.isprintable(), "claims")
    # As some issuers mark what is no access token, where the header does not.
    other = _NOT_ACCESS & claims.keys() or claims.get("typ", "Bearer") != "Bearer"
    _require(not other and claims.get("token_use", "access") == "access", "type")


def _scopes(claims: Mapping[str, Any], issuer: Issuer) -> frozenset[str] | None:
    said = claims.get("scope")
    if said is None:
        return None
    _require(isinstance(said, str), "claims")
    prefix = issuer.scope_prefix
    return frozenset(one.removeprefix(prefix) for one in said.split() if one.startswith(prefix))


def _fetched_keys(issuer: str) -> jwk.KeySet:
    """The keys that an issuer signs with, as it says now.

    Raises:
        ValueError: what it says is of no use.
        httpx2.HTTPError: it did not answer in time.
    """
    near = is_loopback(urlsplit(issuer).hostname or "")
    # To this machine no proxy leads.
    with httpx2.Client(timeout=ANSWER_S, trust_env=not near) as client:
        told = _fetched(client, get_well_known_url(issuer, external=True))
        if told.get("issuer") != issuer:
            raise ValueError("the document is about another issuer")
        uri = told.get("jwks_uri")
        _check_addresses(issuer, uri)
        found = _fetched(client, str(uri)).get("keys")
    if not isinstance(found, list) or len(found) > KEYS_MAX:
        raise ValueError("no keys, or too many")
    keys = [key for key in map(_public_key, found) if key is not None]
    if not keys:
        raise ValueError("no key of use")
    return jwk.KeySet(keys)


def _check_addresses(issuer: str, uri: object) -> None:
    """Return if keys from there can be trusted to be the issuer's: nobody on the way can change them."""
    if not isinstance(uri, str):
        raise ValueError("it does not say where its keys are")  # noqa: TRY004  # no mistake of ours
    secure = {"issuer": issuer, "jwks_uri": uri}
    if all(is_loopback(urlsplit(url).hostname or "") for url in (issuer, uri)):
        # What never leaves the machine may go without encryption.
        secure = {name: url.replace("http://", "https://", 1) for name, url in secure.items()}
    metadata = OpenIDProviderMetadata(secure)
    metadata.validate_issuer()
    metadata.validate_jwks_uri()


def _public_key(told: object) -> jwk.Key | None:
    """A key that may verify signatures; None for what is none, is too short, or is secret."""
    if not isinstance(told, dict):
        return None
    kind = told.get("kty")
    if kind not in ("RSA", "EC", "OKP") or "d" in told or told.get("use", "sig") != "sig":
        return None
    if kind == "RSA" and len(str(told.get("n"))) * 6 < RSA_BITS_MIN:
        return None
    try:
        return jwk.import_key(told, kind)
    except (JoseError, ValueError, TypeError):
        return None


def _fetched(client: httpx2.Client, url: str) -> dict[str, Any]:
    """A JSON object from `url`, which is not followed anywhere else.

    Raises:
        httpx2.HTTPError, ValueError: as _fetched_keys does.
    """
    until_s = time.monotonic() + FETCH_S
    text = bytearray()
    with client.stream("GET", url, headers={"accept": "application/json"}) as answer:
        if answer.status_code != httpx2.codes.OK:
            raise ValueError("another status than 200")
        for piece in answer.iter_bytes():
            text += piece
            if len(text) > DOCUMENT_BYTES_MAX or time.monotonic() > until_s:
                raise ValueError("too long, in bytes or seconds")
    value = json.loads(bytes(text))
    if not isinstance(value, dict):
        raise ValueError("no JSON object")  # noqa: TRY004  # same reason
    return value
