"""The operator's log: what happens in the store, a JSON object a line, where $CARBON_REGISTRY_LOG says.

    CARBON_REGISTRY_LOG=stderr    to the process's standard error
    CARBON_REGISTRY_LOG=FILE      appended to FILE, which is made with mode 0600, and made again after it was moved away
    not set, or empty             nowhere

    {"at": "…Z", "level": "info", "event": "committed", "pid": 47, "from": 120, "to": 124, "size": 125, …}

Only numbers, codes, and account and key ids, which are public on the ledger, ever come here: no names, no texts, no
addresses, no facts of a refusal. A line that cannot be written is lost: no act fails for want of it.
"""

import os
import sys
import traceback
from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from registry.errors import UnavailableError
from registry.history import Addition
from registry.ledger.keys import key_id
from registry.store.observer import NOBODY, Observer
from registry.store.sqlite import storage_trouble

ENVIRONMENT = "CARBON_REGISTRY_LOG"
STDERR = "stderr"
KEY_ACTS = frozenset(
    {
        "registry.log_key_replaced.v1",
        "account.opened.v1",
        "account.key_added.v1",
        "account.key_ended.v1",
        "account.recovery_announced.v1",
        "account.recovery_stopped.v1",
        "account.recovery_withdrawn.v1",
        "account.recovered.v1",
    }
)
"""The kinds after which other keys speak for somebody, or are about to."""


def asked_for() -> Observer:
    """Who writes the log that the environment asks for; nobody if it asks for none.

    Raises:
        UnavailableError: `storage_failed` if the file cannot be written.
    """
    lines = lines_asked_for()
    return NOBODY if lines is None else Logs(lines)


def lines_asked_for() -> Any:
    """What writes lines into the log that the environment asks for (structlog); None if it asks for none.

    Raises:
        UnavailableError: `storage_failed` if the file cannot be written.
    """
    where = os.environ.get(ENVIRONMENT)
    if not where:
        return None
    if where == STDERR:
        return _lines(_Stderr())
    file = Path(where).absolute()
    with storage_trouble(where):
        _appended(file, b"")
    return _lines(_File(file))


def write_error(event: str, **said: str | int) -> None:
    """Write a line about what a person has to look at, where the environment asks for a log.

    Whoever is told of it otherwise is told: a log that cannot be written keeps nobody from an answer.
    """
    with suppress(UnavailableError):
        lines = lines_asked_for()
        if lines is not None:
            lines.error(event, **said)


class Logs(Observer):
    """Writes what it hears."""

    def __init__(self, lines: Any) -> None:
        """Writes to `lines`, as `lines_asked_for` makes them."""
        self._log = lines

    def started(self, size: int) -> None:
        self._log.info("started", size=size)

    def stopped(self) -> None:
        self._log.info("stopped")

    def committed(
        self, additions: Sequence[Addition], *, size: int, requests: int, seconds: float
    ) -> None:
        if not additions:
            return
        first, last = additions[0].index, additions[-1].index
        said = {"from": first, "to": last, "size": size, "requests": requests}
        self._log.info("committed", **said, seconds=round(seconds, 6))
        for addition in additions:
            for part in addition.intent.parts:
                for kind, body in part.events:
                    if kind in KEY_ACTS:
                        self._log.info(
                            "key", index=addition.index, **_key_act(kind, part.stream, body)
                        )

    def refused(self, codes: Sequence[str]) -> None:
        self._log.info("refused", codes=dict(Counter(codes)))

    def failed(self, code: str) -> None:
        self._log.error("failed", code=code)

    def lost(self, code: str) -> None:
        self._log.warning("lost", code=code)

    def back(self) -> None:
        self._log.info("back")

    def mark_accepted(self, size: int) -> None:
        self._log.warning("mark_accepted", size=size)


def _lines(sink: "_File | _Stderr") -> Any:
    # Only who wants a log waits for the library to load.
    import structlog  # noqa: PLC0415  # as said above

    return structlog.wrap_logger(
        sink,
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _headed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.BoundLogger,
    )


def _headed(_logger: object, _method: str, said: MutableMapping[str, Any]) -> dict[str, Any]:
    """A line as people read it: when, how bad, what, which process; then the rest."""
    head = {name: said.pop(name) for name in ("at", "level", "event")}
    return {**head, "pid": os.getpid(), **said}


class _Stderr:
    """Prints lines to the process's standard error, wherever that goes at the moment."""

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    info = warning = error = msg


class _File:
    """Appends lines to a file, each with one write, so that those of several processes do not mix."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def msg(self, line: str) -> None:
        with suppress(OSError):
            _appended(self._file, f"{line}\n".encode())

    info = warning = error = msg


def _appended(file: Path, data: bytes) -> None:
    opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(opened, data)
    finally:
        os.close(opened)


def _key_act(kind: str, stream: str, body: Mapping[str, Any]) -> dict[str, str]:
    """Whose keys change, and which one it is about, if the act names one."""
    said = {"kind": kind, "account": stream}
    if isinstance(body.get("key"), list | tuple):
        said["key"] = key_id(tuple(body["key"])).hex()
    return said


def place_of_fault(error: BaseException) -> str:
    """The kind of an exception, and the place in the code that raised it: not its message, which may name somebody."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    last = frames[-1]
    file = "/".join(last.filename.rsplit("/", 2)[-2:])
    return f"{type(error).__name__} at {file}:{last.lineno}"
