"""How a server of the API is set up: every address, limit and permission in one place.

    typed options > environment, CARBON_REGISTRY_<NAME> > a TOML file (--config, CARBON_REGISTRY_CONFIG) > defaults

Lists are separated by commas in the environment, and are arrays in the file; issuers are JSON in the environment. What
nobody knows is refused, so that a limit that was mistyped is not a limit that is missing.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from registry.desk.ask import faulty
from registry.desk.whys import of_fault
from registry.errors import RefusedError, require

PREFIX = "CARBON_REGISTRY_"
CONFIG = f"{PREFIX}CONFIG"
_OTHERS = frozenset({"CONFIG", "LOG", "PASSPHRASE_FILE", "KILLS", "PAIRS", "POSTGRES"})
"""What the environment says to others than the server: the last three to the project's tests."""
CONFIG_BYTES_MAX = 1 << 20
HIDDEN = "***"
UNKNOWN = "unknown_setting"
_WINDOWS_S = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_RATE = re.compile(rf"[1-9][0-9]{{0,8}}/({'|'.join(_WINDOWS_S)})")

Algorithm = Literal[
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
]
"""How a token may be signed: never `none`, and never with a secret that both sides know."""


def _listed(value: object) -> object:
    """`a, b` as the environment says it; whatever else there is, as it is."""
    if isinstance(value, str):
        return tuple(filter(None, re.split(r"[,\s]+", value)))
    return value


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise faulty("network_expected") from None


def _rate(value: object) -> object:
    if value in ("off", None):
        return None
    if not isinstance(value, str) or not _RATE.fullmatch(value):
        raise faulty("rate_expected")
    return value


def per_window(rate: str) -> tuple[int, int]:
    """How many, in how many seconds: 600 and 60 of `600/minute`."""
    most, _, window = rate.partition("/")
    return int(most), _WINDOWS_S[window]


def _origin(text: str) -> str:
    """A scheme, a host and perhaps a port: http only where nothing leaves the machine."""
    parts = urlsplit(text)
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not (parts.scheme == "https" or plain) or not parts.hostname:
        raise faulty("origin_url_expected")
    named = re.fullmatch(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", parts.netloc)
    if text != f"{parts.scheme}://{parts.netloc}" or not named:
        raise faulty("origin_url_expected")
    return text


def _issuer_url(text: str) -> str:
    parts = urlsplit(text)
    _origin(f"{parts.scheme}://{parts.netloc}")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise faulty("issuer_url_expected")
    return text


def _root_path(text: str) -> str:
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", text):
        raise faulty("root_path_expected")
    return text


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, as an address or as `localhost`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Networks = Annotated[
    tuple[Annotated[str, AfterValidator(_network)], ...], NoDecode, BeforeValidator(_listed)
]
Origins = Annotated[
    tuple[Annotated[str, AfterValidator(_origin)], ...], NoDecode, BeforeValidator(_listed)
]
Rate = Annotated[str | None, BeforeValidator(_rate)]
Bytes = Annotated[int, Field(ge=1_024, le=1 << 32)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Issuer(BaseModel):
    """Who may say in a signed token who somebody is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Annotated[str, AfterValidator(_issuer_url)]
    """As it stands in `iss`, to the letter."""
    audience: Annotated[str, Field(min_length=1, max_length=512)]
    """What has to stand in `aud`, so that a token for somebody else's service opens nothing here."""
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = ("RS256", "ES256")
    types: Annotated[tuple[Literal["at+jwt", "JWT"], ...], Field(min_length=1)] = ("at+jwt",)
    """Access tokens as RFC 9068 has them are taken; and, for issuers that do not mark theirs, plain ones."""
    scope_prefix: Annotated[str, Field(max_length=128)] = ""
    """What this issuer puts before our scopes, such as `registry:`."""
    bad_keys_seconds: Seconds = 60
    """So long no other keys are asked for, after a key was looked for that was not among them."""
    keys_seconds_max: Seconds = 86_400
    """So long keys are used that cannot be asked for again."""


class Settings(BaseSettings):
    """How the server is set up; it does not change while it runs."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, validate_default=True
    )

    # Where it listens, and how it is called from outside.
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    root_path: Annotated[str, AfterValidator(_root_path)] = ""
    """What a proxy takes off the front of every path."""
    public_url: Annotated[str, AfterValidator(_origin)] | None = None
    """The origin under which people reach this server, for the links in what is sent to them."""
    trusted_proxies: Networks = ()
    """From these addresses X-Forwarded-For and X-Forwarded-Proto are believed; from nobody else."""
    cors_origins: Origins = ()
    docs: bool = True

    # How much.
    body_bytes_max: Bytes = 1 << 20
    upload_bytes_max: Bytes = 64 << 20
    uploads_max: Count = 8
    """So many files are taken at a time: each is held in memory."""
    head_bytes_max: Bytes = 32 << 10
    headers_max: Count = 100
    connections_max: Count = 2_000
    connections_per_source_max: Count = 256
    pipelined_max: Count = 16
    sse_clients_max: Count = 500
    handout_days_max: Annotated[int, Field(ge=1, le=3_660)] = 30
    """So long claim codes, proofs and names wait for who is to hand them on; then they are deleted."""
    worker_threads: Annotated[int, Field(ge=1, le=256)] = 16

    # How long.
    head_seconds_max: Seconds = 10
    body_seconds_max: Seconds = 30
    upload_seconds_max: Seconds = 600
    request_seconds_max: Seconds = 30
    keep_alive_seconds: Seconds = 15
    write_seconds_max: Seconds = 30
    """So long a client may read nothing of what is sent to it."""
    stop_seconds_max: Seconds = 30

    # How often; `off` for no limit.
    rate_read: Rate = "600/minute"
    rate_write: Rate = "120/minute"
    rate_read_login: Rate = "6000/minute"
    rate_write_login: Rate = "1200/minute"
    rate_bad_credentials: Rate = "60/minute"
    rate_callers_max: Count = 100_000
    """Of so many callers it is known how often they asked; of more, those are forgotten that were seen first."""

    # Who asks.
    oidc: tuple[Issuer, ...] = ()
    metrics_token: SecretStr | None = None
    """What has to be presented for /metrics; None if the network keeps others away."""

    # Whom the server itself calls.
    webhook_networks: Networks = ()
    """Private addresses that webhooks may be sent to; to any other they are not."""
    webhook_http: bool = False
    """Whether a webhook may be sent without encryption."""
    webhook_seconds_max: Seconds = 10

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # no hidden files
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # same reason
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was typed, the environment, the file."""
        assert isinstance(init_settings, InitSettingsSource)
        said = init_settings.init_kwargs
        typed = InitSettingsSource(settings_cls, init_kwargs=said.get("typed", {}))
        file = InitSettingsSource(settings_cls, init_kwargs=said.get("file", {}))
        return typed, env_settings, file

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.upload_bytes_max < self.body_bytes_max:
            raise faulty("body_more_than_upload")
        if len({issuer.issuer for issuer in self.oidc}) < len(self.oidc):
            raise faulty("issuer_twice")
        return self

    def redacted(self) -> dict[str, Any]:
        """Everything that is set, without what is secret, as plain values for people to look at.

        No address has a password in it: such a one is refused.
        """
        shown: dict[str, Any] = _shown(self.model_dump())
        return shown


def read_settings(config: Path | None = None, **typed: object) -> Settings:
    """How the environment, the file and whoever started the server want it.

    Args:
        config: the file; if None, the one that the environment names, if any.
        typed: options of the command; None where one was not given.

    Raises:
        RefusedError: `bad_setting`, naming it, but not what was set: that may be a secret.
    """
    named = os.environ.get(CONFIG)
    file = config or (Path(named) if named else None)
    _check_environment()
    given = {name: value for name, value in typed.items() if value is not None}
    try:
        return Settings(typed=given, file={} if file is None else _read(file))  # type: ignore[call-arg]  # see settings_customise_sources
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(map(str, first["loc"])) or "settings"
        raise RefusedError("bad_setting", **{**_why(first), "name": name}) from None
    except SettingsError as error:
        # It names a field, and holds the value only in its cause.
        found = re.search(r'field "(\w+)"', str(error))
        name = found[1] if found else "settings"
        raise RefusedError("bad_setting", name=name, why="json_expected") from None


def _why(fault: ErrorDetails) -> dict[str, Any]:
    """What is wrong with a setting, as facts."""
    return {"why": UNKNOWN} if fault["type"] == "extra_forbidden" else of_fault(fault)


def _check_environment() -> None:
    known = {name.upper() for name in Settings.model_fields} | _OTHERS
    for name in os.environ:
        ours = name.upper().startswith(PREFIX)
        if ours and name.upper().removeprefix(PREFIX) not in known:
            raise RefusedError("bad_setting", name=name, why=UNKNOWN)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as opened:
            text = opened.read(CONFIG_BYTES_MAX + 1)
        require(len(text) <= CONFIG_BYTES_MAX, "bad_setting", name=str(file), why="bytes_too_many")
        return tomllib.loads(text.decode())
    except OSError as error:
        raise RefusedError("bad_setting", name=str(file), said=error.strerror) from None
    except ValueError as error:
        # Of TOML that is wrong, the library's message may show a part: only the place is told.
        place = re.search(r"\(at line (?P<line>\d+), column (?P<column>\d+)\)$", str(error))
        at = place.groupdict() if place else {}
        raise RefusedError("bad_setting", name=str(file), why="toml_expected", **at) from None


def _shown(value: Any) -> Any:
    match value:
        case SecretStr():
            return HIDDEN
        case dict():
            return {name: _shown(one) for name, one in value.items()}
        case list() | tuple():
            return [_shown(one) for one in value]
        case _:
            return value
