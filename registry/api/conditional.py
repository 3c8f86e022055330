"""Answers that whoever has them already need not be sent again.

An answer's ETag stands for all that it says but for how large the log is: UNTAGGED. Who is answered 304 has the rows as
they are now, though the log has grown meanwhile. What is sent as bytes, such as a checkpoint, has a tag of all of them.

    nobody in particular, as of the past, without names    public, max-age: such an answer never changes
    nobody in particular                                   no-cache: kept, and asked for again
    somebody                                               no-store
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Literal

from fastapi import Request
from starlette.responses import Response

from registry.api.principals import NOBODY

JSON = "application/json"
PAST = "public, max-age=86400, immutable"
NOW = "no-cache"
UNTAGGED = ("as_of_size", "log_size", "after")
"""What an answer says, and its tag does not. A cursor to what follows fixes the size: an older one serves, too."""

Changes = Literal["now", "never"]
UNCHANGED: Mapping[int | str, dict[str, Any]] = {304: {"description": "It is as it was."}}
"""What OpenAPI is to say of such answers."""
_VARY = "Authorization, Accept"


def tag_of(data: bytes) -> str:
    """The entity tag of these bytes."""
    return f'"{sha256(data).hexdigest()[:32]}"'


def told_once(
    request: Request,
    told: Mapping[str, Any],
    *,
    changes: Changes = "now",
    links: Iterable[str] = (),
) -> Response:
    """The answer that says `told`, as JSON; 304 to who has it.

    Args:
        request: what is answered.
        told: plain values; UNTAGGED among them are not part of the tag.
        changes: "never" for an answer about the past that nothing can change.
        links: values of the Link header.
    """
    sizes = {name: told[name] for name in UNTAGGED if name in told}
    rest = _json({name: value for name, value in told.items() if name not in sizes})
    body = rest if not sizes else _json(sizes)[:-1] + b"," + rest[1:]
    more = {"link": ", ".join(links)} if links else {}
    return told_bytes(request, body, JSON, tag=tag_of(rest), changes=changes, more=more)


def told_bytes(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    tag: str,
    changes: Changes = "now",
    more: Mapping[str, str] | None = None,
) -> Response:
    """The answer of these bytes; 304 to who has it."""
    headers = {"etag": tag, "vary": _VARY}
    if request.state.principal is NOBODY:
        headers["cache-control"] = PAST if changes == "never" else NOW
    else:
        headers["cache-control"] = "no-store"
    if has_it(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers={**headers, **(more or {})}, media_type=media_type)


def has_it(request: Request, tag: str) -> bool:
    """Whether If-None-Match names `tag`, by weak comparison (RFC 9110, 13.1.2); only of what is asked for by GET."""
    said = request.headers.get("if-none-match")
    if said is None or request.method != "GET":
        return False
    return said.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in said.split(",")}


def _json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
