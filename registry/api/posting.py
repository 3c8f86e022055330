"""Sends a request to an address that a stranger named, and learns nothing but its status.

    https alone, unless the settings allow http
    the name is resolved once, and what it resolves to is what is connected to: no address of this machine, of a private
    network, of the link or of a cloud's own services, but those that the settings allow
    the certificate is of the name; no proxy, no redirect; what is answered is read as far as its status

All of it has one limit of time, webhook_seconds_max; but how long a name server is waited for, the system says.
"""

import ipaddress
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

from registry.api.settings import Settings
from registry.errors import RefusedError, require

ANSWER_BYTES_MAX = 8 << 10
ADDRESSES_MAX = 4
_PORTS = {"https": 443, "http": 80}
_IN_LAST_32_BITS = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
"""Of these networks an address is an IPv4 address, written or reached in another way (RFC 6052, RFC 4291)."""
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")
"""Leads to whatever the network's own translator makes of it (RFC 8215)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NotAnsweredError(Exception):
    """Nobody answered, or nothing that is HTTP; or it may not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to send to."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_target(url: str, settings: Settings) -> Target:
    """What `url` says.

    Raises:
        RefusedError: `bad_webhook_url`: it is none that may be asked; whether a name leads to an address that may be,
            is found out when it is asked.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RefusedError("bad_webhook_url", why="url_expected") from None
    schemes = {"https", "http"} if settings.webhook_http else {"https"}
    require(parts.scheme in schemes, "bad_webhook_url", why="https_expected")
    plain = url.isascii() and url.isprintable() and " " not in url
    bare = parts.username is None and parts.password is None and not parts.fragment
    require(plain and bare and bool(parts.hostname), "bad_webhook_url", why="url_shape_expected")
    assert parts.hostname is not None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(
        scheme=parts.scheme,
        host=parts.hostname,
        port=_PORTS[parts.scheme] if port is None else port,
        path=path,
    )
    try:
        literal = ipaddress.ip_address(target.host)
    except ValueError:
        return target
    allowed = is_allowed(literal, _networks(settings))
    require(allowed, "bad_webhook_url", why="private_address", host=target.host)
    return target


def is_allowed(address: Address, networks: Sequence[Network]) -> bool:
    """Whether what a stranger named may lead to `address`: it is everybody's, or the settings allow it."""
    inner = _inner(address)
    if any(one in network for one in {address, inner} for network in networks):
        return True
    if address.version == 6 and (address.is_site_local or address in _NAT64_LOCAL):
        return False
    return all(one.is_global and not one.is_multicast for one in (address, inner))


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address is another way to write, or to reach; else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if any(address in network for network in _IN_LAST_32_BITS):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (address, address))[1]


def _networks(settings: Settings) -> list[Network]:
    return [ipaddress.ip_network(one) for one in settings.webhook_networks]


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    settings: Settings,
    trusted: ssl.SSLContext,
) -> int:
    """The status with which `target` answers a POST of `body`, JSON.

    Raises:
        NotAnsweredError: it was not answered in time, or may not be asked.
    """
    until_s = monotonic() + settings.webhook_seconds_max
    try:
        addresses = _resolved(target, _networks(settings))
        plain = _connected(addresses, target.port, until_s)
        with closing(plain):
            if target.scheme == "http":
                return _exchanged(plain, target, body, headers, until_s)
            plain.settimeout(_left(until_s))
            with closing(trusted.wrap_socket(plain, server_hostname=target.host)) as sealed:
                return _exchanged(sealed, target, body, headers, until_s)
    except (OSError, ValueError) as error:
        # Also of a name that no name server takes, and of a certificate that is not of the name.
        raise NotAnsweredError from error


def _resolved(target: Target, networks: Sequence[Network]) -> list[Address]:
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
    # One that may not be asked among them is a trick, or a mistake: in either case nobody is asked.
    if not addresses or not all(is_allowed(one, networks) for one in addresses):
        raise NotAnsweredError
    return list(dict.fromkeys(addresses))[:ADDRESSES_MAX]


def _connected(addresses: Sequence[Address], port: int, until_s: float) -> socket.socket:
    """A connection to the first of `addresses` that takes one; not every machine reaches all kinds of them."""
    for number, address in enumerate(addresses):
        rest = len(addresses) - number
        with suppress(OSError):
            return socket.create_connection((str(address), port), _left(until_s) / rest)
    raise NotAnsweredError


def _exchanged(
    connection: socket.socket,
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    until_s: float,
) -> int:
    said = {
        "host": target.authority,
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    head = f"POST {target.path} HTTP/1.1\r\n{lines}\r\n".encode("ascii")
    connection.settimeout(_left(until_s))
    connection.sendall(head + body)
    answer = b""
    while len(answer) < ANSWER_BYTES_MAX:
        status = _status(answer)
        if status is not None:
            return status
        connection.settimeout(_left(until_s))
        more = connection.recv(4_096)
        if not more:
            break
        answer += more
    raise NotAnsweredError


def _status(answer: bytes) -> int | None:
    """The status in what came so far of an answer; None if it is not there yet.

    Raises:
        NotAnsweredError: it is no HTTP.
    """
    line, ended, rest = answer.partition(b"\r\n")
    if not ended:
        return None
    protocol, _, told = line.partition(b" ")
    code = told[:3]
    if not protocol.startswith(b"HTTP/1.") or not (code.isdigit() and len(code) == 3):
        raise NotAnsweredError
    status = int(code)
    if 100 <= status < 200:
        # Said before the answer.
        _, ended, following = (b"\r\n" + rest).partition(b"\r\n\r\n")
        return _status(following) if ended else None
    return status


def _left(until_s: float) -> float:
    left_s = until_s - monotonic()
    if left_s <= 0:
        raise NotAnsweredError
    return left_s
