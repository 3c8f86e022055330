"""One line for each request in the operator's log, and one for what the web server itself has to say.

    {"at": "…Z", "level": "info", "event": "request", "pid": 47, "id": "9f…", "method": "POST",
     "path": "/v1/orders/{order}/buy", "status": 409, "ms": 3.1, "bytes_in": 120, "bytes_out": 311,
     "who": "key", "problem": "offer_ended"}

Of a path only how the routes have it, of a caller only how it was known who they are, of an exception only its kind and
the place in the code: no address, name, token, query or text of anybody ever comes here. A line that cannot be written
is lost: no request fails for want of it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from registry.store.logs import lines_asked_for, place_of_fault

SERVER = "uvicorn.error"
"""What the web server calls its logger, also for what is no error."""


@dataclass(slots=True, kw_only=True)
class Request:
    """What is said of a request when it is over."""

    id: str
    method: str
    path: str = "-"
    """As the routes have it; - where none fits."""
    status: int | None = None
    """None where the client left before there was an answer."""
    seconds: float = 0
    bytes_in: int = 0
    bytes_out: int = 0
    who: str = "nobody"
    problem: str | None = None
    failure: str | None = None
    """Of an exception that nobody foresaw: its kind and place."""


Heard = Callable[[Request], None]
"""Somebody who is told of every request: to be quick, and never to fail."""


def requests_log() -> Heard | None:
    """Who writes requests to the log that the environment asks for; None if it asks for none.

    Raises:
        UnavailableError: `storage_failed` if the file cannot be written.
    """
    lines = lines_asked_for()
    if lines is None:
        return None

    def heard(request: Request) -> None:
        said: dict[str, Any] = {
            "id": request.id,
            "method": request.method,
            "path": request.path,
            "status": request.status,
            "ms": round(request.seconds * 1_000, 3),
            "bytes_in": request.bytes_in,
            "bytes_out": request.bytes_out,
            "who": request.who,
        }
        if request.problem is not None:
            said["problem"] = request.problem
        if request.failure is None:
            lines.info("request", **said)
        else:
            lines.error("request", **said, failure=request.failure)

    return heard


class ServerLog(logging.Handler):
    """Writes what the web server says to the same log, without what it says it of."""

    def __init__(self, lines: Any) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record: its template, not what was filled in."""
        said: dict[str, Any] = {"said": str(record.msg).strip()}
        if record.exc_info and record.exc_info[1] is not None:
            said["failure"] = place_of_fault(record.exc_info[1])
        if record.levelno >= logging.ERROR:
            self._lines.error("server", **said)
        elif record.levelno >= logging.WARNING:
            self._lines.warning("server", **said)
        else:
            self._lines.info("server", **said)


def quiet_server() -> None:
    """Have the web server write to the log that the environment asks for, and nowhere else.

    Raises:
        UnavailableError: `storage_failed` if the file cannot be written.
    """
    logger = logging.getLogger(SERVER)
    lines = lines_asked_for()
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.handlers = [logging.NullHandler() if lines is None else ServerLog(lines)]
