"""What is wrong, as RFC 9457 has it: one table from errors to status codes, one form of the answer, two languages.

Facts that say where this server keeps what it keeps are not for strangers: of what is not their fault they learn the
code, and what to do.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from registry.api.values import shown_map
from registry.desk import words
from registry.desk.words import Lang
from registry.errors import (
    BrokenHistoryError,
    IncompleteError,
    RefusedError,
    RegistryError,
    StaleError,
    UnavailableError,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"
TYPES = "/problems/"
RETRY_AFTER_S = 1

STATUS_OF: dict[type[RegistryError], int] = {
    UsageError: 422,
    RefusedError: 409,
    IncompleteError: 409,
    StaleError: 409,
    UnavailableError: 503,
    BrokenHistoryError: 500,
}
"""By kind of error, unless the code says otherwise."""

_STATUSES: dict[int, Sequence[str]] = {
    400: ("idempotency_key_missing", "bad_request"),
    401: ("credentials_missing", "credentials_ended", "bad_credentials", "bad_token", "bad_key"),
    403: (
        "bad_signature",
        "not_permitted",
        "no_private_key",
        "role_missing",
        "role_needed",
        "scope_missing",
        "signature_missing",
        "subject_unbound",
        "wrong_signatures",
        "not_yours",
    ),
    404: (
        "no_account",
        "no_answer",
        "no_api_key",
        "no_certificate",
        "no_case",
        "no_gift",
        "no_gram",
        "no_job",
        "no_key",
        "no_order",
        "no_paper",
        "no_such_entry",
        "no_such_table",
        "no_stream",
        "no_webhook",
        "not_found",
    ),
    405: ("method_not_allowed",),
    406: ("not_acceptable",),
    408: ("too_slow",),
    412: ("moved",),
    413: ("too_long", "too_many"),
    415: ("unknown_media_type",),
    422: (
        "bad_header",
        "bad_rows",
        "bad_vkey",
        "bad_webhook_url",
        "idempotency_key_reused",
        "malformed",
        "not_canonical",
        "not_utf8",
        "openings_missing",
        "unknown_kind",
        "unknown_form",
        "unknown_scope",
        "unknown_suite",
        "unreadable_workbook",
    ),
    429: ("too_often",),
    431: ("head_too_long",),
    500: ("server_fault",),
    504: ("too_long_at_work",),
}
_PLACES = frozenset({"directory", "file"})
ERRORS_MAX = 100
"""So many parts of a request that cannot be read are told."""
Fault = tuple[str, Mapping[str, object]]
"""Where a request cannot be read, and facts: `why`, and those that its text is made of."""
STATUS_OF_CODE = {code: status for status, codes in _STATUSES.items() for code in codes}


class MalformedField(BaseModel):
    """A part of the request that cannot be read."""

    pointer: str = Field(
        description="Where: a JSON pointer (RFC 6901), or the parameter's name; in a list that was sent in a file,"
        " line:column."
    )
    code: str = Field(description="Why, stable: what programs go by.", examples=["amount_expected"])
    why: str = Field(description="The same in words, in the language asked for.")


class Problem(BaseModel):
    """What is wrong, and what to do (RFC 9457)."""

    type: str = Field(
        description="`/problems/<code>`.", examples=["/problems/insufficient_holding"]
    )
    title: str = Field(description="The code in words, in English.")
    status: int
    detail: str = Field(
        description="What was wrong, where, and what to do, in the language asked for."
    )
    code: str = Field(description="Stable: what programs go by.")
    facts: dict[str, Any] = Field(description="The values that the detail is made of.")
    instance: str = Field(description="The request's id: say it to whoever helps you.")
    errors: list[MalformedField] = Field(
        default=[], description="Every part that cannot be read, up to a hundred."
    )


def status_of(error: RegistryError) -> int:
    """The HTTP status of an error."""
    told = STATUS_OF_CODE.get(error.code)
    if told is not None and not isinstance(error, BrokenHistoryError | UnavailableError):
        return told
    return next(status for kind, status in STATUS_OF.items() if isinstance(error, kind))


def language(accept: str | None) -> Lang:
    """The one of our languages that Accept-Language prefers; Chinese where it says nothing of them."""
    best: dict[str, float] = {}
    for item in (accept or "").split(","):
        tag, _, rest = item.strip().partition(";")
        weight = rest.strip().removeprefix("q=").strip() if rest else "1"
        primary = tag.strip().split("-")[0].lower()
        if primary in {"zh", "en"}:
            best[primary] = max(best.get(primary, 0.0), _weight(weight))
    return "en" if best.get("en", 0.0) > best.get("zh", 0.0) else "zh"


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def problem_bytes(
    error: RegistryError,
    status: int | None,
    accept_language: str | None,
    request_id: str,
    errors: Sequence[Fault] = (),
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The status, the headers and the body of the answer that says `error`.

    Args:
        error: what is wrong.
        status: the HTTP status; None for the one of the table.
        accept_language: what the client's header says, if anything.
        request_id: of the request.
        errors: every part of the request that cannot be read, where the facts of `error` do not say it.
    """
    lang = language(accept_language)
    told = status or status_of(error)
    facts = _facts(error, told)
    said = {
        "type": f"{TYPES}{error.code}",
        "title": error.code.replace("_", " ").replace(".", " ").capitalize(),
        "status": told,
        "detail": _detail(error, told, lang, facts),
        "code": error.code,
        "facts": shown_map(facts),
        "instance": request_id,
        "errors": [_told(*one, lang) for one in errors or _faults(error, facts)],
    }
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-language", lang.encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"accept-language"),
    ]
    if told in {429, 503}:
        seconds = error.facts.get("retry_after_s", RETRY_AFTER_S)
        headers.append((b"retry-after", str(seconds).encode()))
    if told == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return told, headers, json.dumps(said, ensure_ascii=False).encode()


def facts_of(error: RegistryError) -> dict[str, Any]:
    """The facts of `error` that the client may see: none that say where this server keeps what it keeps."""
    return _facts(error, status_of(error))


def _detail(error: RegistryError, status: int, lang: Lang, facts: Mapping[str, Any]) -> str:
    """What `error` says. What only the operator can mend is said to the operator, in the log: not how, to strangers."""
    said = words.code_text(error.code, lang, facts)
    if status < 500 or words.UNKNOWN not in said:
        return said
    return words.screen("problem.not_now" if status == 503 else "problem.stopped", lang, {})


def _told(pointer: str, facts: Mapping[str, object], lang: Lang) -> dict[str, str]:
    """A part that cannot be read, as `MalformedField` has it."""
    return {"pointer": pointer, "code": str(facts["why"]), "why": words.reason(facts, lang)}


def _faults(error: RegistryError, facts: Mapping[str, Any]) -> list[Fault]:
    """What the rules could not read: the field, or the first of the bad rows of a list."""
    rows = facts.get("rows")
    if error.code == "bad_rows" and isinstance(rows, list):
        return [
            (f"{line}:{column}", {"why": why, "found": found})
            for line, column, found, why in rows[:ERRORS_MAX]
        ]
    if error.code != "malformed" or not facts.get("field") or "why" not in facts:
        return []
    return [(f"/{str(facts['field']).strip('/')}", facts)]


def _facts(error: RegistryError, status: int) -> dict[str, Any]:
    if status >= 500:
        kept = {"stream", "position", "index", "size", "waiting", "most"}
        return {name: value for name, value in error.facts.items() if name in kept}
    return {name: _plain(value) for name, value in error.facts.items() if name not in _PLACES}


def _plain(value: object) -> object:
    """A fact that JSON can say, or its text."""
    plain = isinstance(
        value, str | bytes | int | list | tuple | set | frozenset | Mapping | type(None)
    )
    return value if plain else str(value)
