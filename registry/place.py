"""Where a registry is: a directory with the embedded database, or a PostgreSQL server and a local directory.

    Path      everything in one directory: the log, the names, the keys
    Server    log and names on the server; keys, caches and the mark in `state`
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SCHEMES = ("postgresql://", "postgres://")
_SECRET = frozenset({"password", "sslpassword", "passfile", "sslkey"})
_HIDDEN = "***"


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
    if typed.startswith(SCHEMES):
        return Server(url=typed, state=state)
    return Path(typed)


def redacted(url: str) -> str:
    """`url` without passwords."""
    try:
        parts = urlsplit(url)
        query = [
            (name, _HIDDEN if name in _SECRET else value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
    except ValueError:
        return url.partition("//")[0] + "//" + _HIDDEN
    user, at, hosts = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    shown = f"{name}{colon}{_HIDDEN if colon else ''}{at}{hosts}"
    return urlunsplit(parts._replace(netloc=shown, query=urlencode(query, safe="*/,:")))
