"""What plain ASGI applications of ours have in common: its types, headers, and a problem as an answer."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from registry.api.problems import problem_bytes
from registry.errors import RegistryError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
DISCONNECTED: Message = {"type": "http.disconnect"}


def path_of(scope: Scope) -> str:
    """The path of a request as our routes have it, whatever a proxy put before it."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def header(scope: Scope, name: bytes) -> bytes | None:
    """The first header of a request that is called so."""
    for own, value in scope["headers"]:
        if own == name:
            found: bytes = value
            return found
    return None


async def send_problem(scope: Scope, send: Send, error: RegistryError, status: int | None) -> None:
    """Answer with what is wrong, as a problem that a program can read."""
    language = header(scope, b"accept-language")
    request_id = scope.get("state", {}).get("request_id", "")
    status, headers, body = problem_bytes(
        error, status, None if language is None else language.decode("latin-1"), request_id
    )
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
