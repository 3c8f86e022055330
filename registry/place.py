"""Where a registry is: a directory with the embedded database, or a PostgreSQL server and a local directory.

Path      everything in one directory: the log, the names, the keys
Server    log and names on the server; keys, caches and the mark in `state`
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

SCHEMES = ("postgresql://", "postgres://")
NO_DATABASE = re.compile('database ".*" does not exist|数据库 ".*" 不存在', re.DOTALL)
"""libpq tells no SQLSTATE of a connection that failed. Said in another language, it is not recognised."""
_SECRET = frozenset(
    {"password", "passfile", "sslkey", "sslpassword", "scram_client_key", "scram_server_key"}
    | {"oauth_client_secret"}
)
_PLAIN = frozenset(
    re.findall(
        r"\w+",
        """
    application_name channel_binding client_encoding connect_timeout dbname fallback_application_name gssdelegation
    gssencmode gsslib host hostaddr keepalives keepalives_count keepalives_idle keepalives_interval krbsrvname
    load_balance_hosts max_protocol_version min_protocol_version oauth_client_id oauth_issuer oauth_scope options port
    replication require_auth requirepeer requiressl service servicefile ssl ssl_max_protocol_version
    ssl_min_protocol_version sslcert sslcertmode sslcompression sslcrl sslcrldir sslkeylogfile sslmode sslnegotiation
    sslrootcert sslsni target_session_attrs tcp_user_timeout user
    """,
    )
)
"""What libpq knows and is no secret. Where a parameter is none of these nor of the secret ones, libpq refuses the
address, and a part of a password may stand where parameters are."""
_HIDDEN = "***"
_USER = re.compile("(://[^:]*):.*@", re.DOTALL)
_ENDS = re.compile("[/?#@]")
_MEANT = re.compile(
    r"\s*postgres(ql)?(\+\w*)?:|.*://|(.*\s)?(dbname|host|hostaddr|passw\w*|port|service|user)\s*=",
    re.DOTALL | re.IGNORECASE,
)
_NAME = re.compile("[^:=]*[:=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A database on a PostgreSQL server.

    Prints as its address without what is secret in it.
    """

    url: str
    """As libpq reads it: several hosts and `target_session_attrs` are welcome."""
    state: Path | None = None
    """The local directory of keys, caches and the mark; None for who only reads."""

    def __str__(self) -> str:
        return redacted(self.url)

    def __repr__(self) -> str:
        return f"Server({redacted(self.url)}, state={self.state})"


Place = Path | Server


def read_place(typed: str, state: Path | None = None) -> Place:
    """What `typed` names: a server, if it begins as an address of one, else a directory or file."""
    scheme, mark, rest = typed.partition("://")
    if scheme.lower() + mark in SCHEMES:
        return Server(url=scheme.lower() + mark + rest, state=state)
    return Path(typed)


def is_mistyped(typed: str) -> bool:
    """Whether an address was meant by `typed`, in a form that is none of ours."""
    return not isinstance(read_place(typed), Server) and _MEANT.match(typed) is not None


def is_ambiguous(url: str) -> bool:
    """Whether what stands before the last @ holds what ends a password, so that part of one is taken for a host."""
    before, _, _ = url.partition("://")[2].rpartition("@")
    return _ENDS.search(before) is not None


def redacted(url: str) -> str:
    """`url` without passwords, also where one holds what should have been escaped in it, and where it is mistyped."""
    if is_mistyped(url):
        begins = _NAME.match(url)
        return (begins[0] if begins else "") + _HIDDEN
    before, mark, parameters = url.partition("?")
    if not mark:
        return _USER.sub(rf"\1:{_HIDDEN}@", url)
    pieces = [piece.partition("=") for piece in parameters.split("&")]
    if all(sign and unquote(name) in _PLAIN | _SECRET for name, sign, _ in pieces):
        shown = "&".join(map(_shown, pieces))
        return _USER.sub(rf"\1:{_HIDDEN}@", f"{before}?{shown}")
    if "@" in parameters:
        # Of what stands before it nobody knows any more whether it is of the password.
        return f"{before.partition('://')[0]}://{_HIDDEN}"
    return _USER.sub(rf"\1:{_HIDDEN}@", before) + f"?{_HIDDEN}"


def _shown(parameter: tuple[str, str, str]) -> str:
    name, sign, value = parameter
    return f"{name}{sign}{_HIDDEN if unquote(name) in _SECRET else value}"
