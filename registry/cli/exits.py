"""How a command ends: its exit code, and what is said when it fails.

0 done, or valid    1 refused, or invalid    2 wrong usage    3 incomplete    4 stale
70 our own fault    74 a disk, a server or the output failed    75 not now: try again    130 interrupted
"""

import sys
import traceback
from collections.abc import Iterator

from registry.cli.voice import Voice
from registry.errors import (
    IncompleteError,
    RefusedError,
    RegistryError,
    StaleError,
    UnavailableError,
    UsageError,
)

REFUSED = 1
USAGE = 2
INCOMPLETE = 3
STALE = 4
OUR_FAULT = 70
STORAGE = 74
AGAIN = 75
INTERRUPTED = 130
"""70, 74 and 75 as sysexits.h has them: a script must not take a full disk for a forged certificate."""

_UNKNOWN = frozenset({"storage_failed", "database_moved", "server_unavailable", "not_signed"})
"""After these, what was being written may be recorded, or is."""
_MISTYPED = frozenset({"no_registry", "no_state", "bad_address"})
"""The place that was typed is none."""
SERVER_EXTRA = "[server]"
_OURS = "registry"


def of_error(error: RegistryError) -> int:
    """The exit code of an error."""
    if isinstance(error, UsageError) or error.code in _MISTYPED:
        return USAGE
    if isinstance(error, IncompleteError):
        return INCOMPLETE
    if isinstance(error, UnavailableError):
        return STORAGE if error.code in _UNKNOWN else AGAIN
    return STALE if isinstance(error, StaleError) else REFUSED


def refused(error: RegistryError, voice: Voice) -> int:
    """Say `error`, and return the exit code."""
    rows = error.facts.get("rows")
    if error.code == "bad_rows" and isinstance(rows, list):
        voice.bad_rows(rows)
    voice.fail(error.code, voice.refusal(error), error.facts)
    return of_error(error)


def missing_module(error: ModuleNotFoundError, voice: Voice) -> int | None:
    """Say what to install, and return the exit code; None if the module is one of ours, which is our fault."""
    module = error.name or ""
    if module.partition(".")[0] == _OURS:
        return None
    return refused(UsageError("server_missing", module=module, extra=SERVER_EXTRA), voice)


def unexpected(error: BaseException, voice: Voice) -> int:
    """Say what failed, where nobody foresaw it: the disk, or we. Returns the exit code."""
    code = _failed_storage(error, voice)
    if code is not None:
        return code
    traceback.print_exception(error, file=sys.stderr)
    voice.fail("our_fault", voice.refusal(RefusedError("our_fault")), {})
    return OUR_FAULT


def _failed_storage(error: BaseException, voice: Voice) -> int | None:
    """Say which file or database failed, and return the exit code; None if it was something else."""
    import sqlite3

    for cause in _causes(error):
        if isinstance(cause, OSError):
            said, file = cause.strerror or str(cause), cause.filename
        elif isinstance(cause, sqlite3.Error):
            said, file = str(cause), None
        else:
            continue
        facts = {"said": said} if file is None else {"said": said, "file": str(file)}
        refused(RefusedError("storage_failed", **facts), voice)
        return STORAGE
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it came from: libraries wrap what the disk said."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
