"""Where a registry is: a directory with the embedded database, or a PostgreSQL server and a local directory.

Path      everything in one directory: the log, the names, the keys
Server    log and names on the server; keys, caches and the mark in `state`
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

SCHEMES = ("postgresql://", "postgres://")
_SECRET = frozenset({"password", "sslpassword", "passfile", "sslkey"})
_HIDDEN = "***"
_USER = re.compile("(://[^:]*):.*@", re.DOTALL)
_PARAMETER = re.compile("(?<=[?&])([^=&]*)=[^&]*")
_ENDS = re.compile("[/?#@]")


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


def is_ambiguous(url: str) -> bool:
    """Whether what stands before the last @ holds what ends a password, so that part of one is taken for a host."""
    before, _, _ = url.partition("://")[2].rpartition("@")
    return _ENDS.search(before) is not None


def redacted(url: str) -> str:
    """`url` without passwords, also where one holds what should have been escaped in it."""
    return _USER.sub(rf"\1:{_HIDDEN}@", _PARAMETER.sub(_shown, url))


def _shown(parameter: re.Match[str]) -> str:
    name = parameter[1]
    return f"{name}={_HIDDEN}" if unquote(name) in _SECRET else parameter[0]
