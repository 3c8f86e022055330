"""Where a page of an answer ended: a cursor, which whoever asks gives back as it is to have what follows.

    cursor   = base64url, without padding, of canonical [TAG, asked, as_of_size, key]
    asked    = the first 8 bytes of SHA-256 of canonical [what is asked, the parameters but `after` and `limit`]
    key      = what the last row is known by, in the order of the rows

It fixes the size of the log: however it grows, the pages of one question belong together. It is no secret and gives no
right: what it leads to is judged like any other question.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from fastapi import Request

from registry.errors import RefusedError, UsageError
from registry.ledger import canonical
from registry.projections.table import Column, Value

TAG = "carbon-registry/cursor/v1"
CHARACTERS_MAX = 1_024
_ASKED_BYTES = 8
_TYPES: Mapping[str, type] = {"text": str, "integer": int, "bytes": bytes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """After which row of which answer, as of which size of the log."""

    asked: bytes
    size: int
    key: tuple[Value, ...]

    def __str__(self) -> str:
        data = canonical.encode([TAG, self.asked, self.size, self.key])
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def fingerprint(what: str, parameters: Mapping[str, Any]) -> bytes:
    """What a cursor says of the question that it is for."""
    said = sorted([name, str(value)] for name, value in parameters.items() if value is not None)
    return sha256(canonical.encode([what, said])).digest()[:_ASKED_BYTES]


def read(text: str, asked: bytes, columns: Sequence[Column]) -> Cursor:
    """The cursor that `text` says, of the question `asked`, whose rows are in order of `columns`.

    Raises:
        UsageError: `malformed`: it is damaged, or of another question.
    """
    found = _decoded(text)
    fits = found is not None and found.asked == asked and len(found.key) == len(columns)
    if found is None or not fits or not all(map(_suits, found.key, columns)):
        raise UsageError("malformed", field="after", why="other_cursor")
    return found


def link(request: Request, after: str | int) -> str:
    """The Link header that leads to what comes after."""
    parameters = [(name, value) for name, value in request.query_params.items() if name != "after"]
    query = urlencode([*parameters, ("after", str(after))])
    root: str = request.scope.get("root_path", "")
    path = request.url.path
    return f'<{path if path.startswith(root) else root + path}?{query}>; rel="next"'


def _decoded(text: str) -> Cursor | None:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        value = canonical.decode(data, bytes_max=CHARACTERS_MAX)
    except (ValueError, binascii.Error, RefusedError):
        return None
    match value:
        case [str(tag), bytes(asked), int(size), list(key)] if tag == TAG and size >= 0:
            # In one form only: base64 may say the same bytes in several.
            cursor = Cursor(asked=asked, size=int(size), key=tuple(key))
            return cursor if str(cursor) == text else None
        case _:
            return None


def _suits(value: Value, column: Column) -> bool:
    exact = type(value) is _TYPES[column.kind]
    return exact and (not isinstance(value, str) or "\0" not in value)
