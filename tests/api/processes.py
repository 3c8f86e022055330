"""`registry serve` in processes of their own: asked over lines that stay open, at one moment, stopped and killed."""

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from registry.place import Place, Server
from registry.store.access import SCOPES, Access
from registry.store.clock import wall_us
from registry.store.committer import Request
from registry.store.log import Moment
from registry.store.operator import Operator
from tests.servers import HOST, free_port

PATIENCE_S = 60
PAUSE_S = 0.005
HOUR_US = 3_600_000_000
COMMAND = "from registry.cli.main import main; main()"
LIMITS = ("READ", "WRITE", "READ_LOGIN", "WRITE_LOGIN", "BAD_CREDENTIALS")
UNLIMITED = {f"CARBON_REGISTRY_RATE_{name}": "off" for name in LIMITS}


@dataclass(frozen=True)
class Answer:
    """What came back of a request that was answered."""

    status: int
    told: Any

    @property
    def code(self) -> Any:
        """Of a problem."""
        return self.told.get("code")

    @property
    def indexes(self) -> list[int]:
        """Of the entries that an act or an intent came to."""
        if "entries" in self.told:
            return [entry["index"] for entry in self.told["entries"]]
        return [self.told["index"]]


class Process:
    """A server in a process of its own, always at the same address; the registry is where the user's home is now."""

    def __init__(self, place: Place, **settings: object) -> None:
        self._place = place
        named = {f"CARBON_REGISTRY_{name.upper()}": str(value) for name, value in settings.items()}
        self._settings = {**UNLIMITED, **named}
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Begin to start; `listens` waits for it."""
        where = [str(self._place)]
        if isinstance(self._place, Server):
            where = [self._place.url, "--state", str(self._place.state)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "serve", *where, "--port", str(self.port), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **self._settings},
        )

    def listens(self) -> None:
        """Return when it does."""
        assert self._process is not None
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said.startswith(b"{"):
            self._process.kill()
            _, why = self._process.communicate()
            raise AssertionError(f"it did not start: {said.decode()}{why.decode()}")
        assert urlsplit(json.loads(said)["address"]).port == self.port

    def stop(self) -> int:
        """How it ended that was told to end."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.ended()

    def tell(self, told: signal.Signals) -> None:
        """Send a signal, and do not wait for what comes of it."""
        assert self._process is not None
        self._process.send_signal(told)

    def ended(self, told: signal.Signals | None = None) -> int:
        """How it ended, when it has; until then it is sent the signal `told` again and again."""
        assert self._process is not None
        while told is not None and self._process.poll() is None:
            self._process.send_signal(told)
            time.sleep(PAUSE_S)
        self._process.communicate(timeout=PATIENCE_S)
        return self._process.returncode

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            self._process.communicate()

    def writer(self) -> int:
        """The process that records for it."""
        assert self._process is not None
        return children(self._process.pid)["registry.store.writing"]

    def line(self) -> "Line":
        """A new connection to it."""
        return Line(self.port)


def children(process: int) -> dict[str, int]:
    """The processes that `process` started and that run, by the name of their module."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    begun = [int(one) for task in tasks for one in (task / "children").read_text("ascii").split()]
    commands = [Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0") for one in begun]
    return {
        command[command.index(b"-m") + 1].decode(): one
        for one, command in zip(begun, commands, strict=True)
        if b"-m" in command
    }


class Line:
    """A connection that stays open between requests."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE_S)

    def close(self) -> None:
        """Hang up; the next request opens it again."""
        self._connection.close()

    def post(
        self,
        path: str,
        said: Mapping[str, Any],
        who: Mapping[str, str] | None = None,
        *,
        key: str | None = None,
    ) -> Answer:
        """The answer to a POST.

        Raises:
            OSError, http.client.HTTPException: there is none.
        """
        headers = {"Content-Type": "application/json", **(who or {})}
        if key is not None:
            headers["Idempotency-Key"] = key
        self._connection.request("POST", f"/v1{path}", json.dumps(said).encode(), headers)
        answer = self._connection.getresponse()
        return Answer(answer.status, json.loads(answer.read()))

    def submit(self, request: Request) -> Answer:
        """The answer to a signed intent. Raises: as `post`."""
        return self.post("/intents", submission(request))


def submission(request: Request) -> dict[str, Any]:
    """A signed intent as it is sent."""

    def coded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    return {
        "intent": coded(request.signed.data),
        "signatures": [coded(one) for one in request.signed.signatures],
        "openings": [
            {"field": one.field, "salt": coded(one.salt), "value": one.value}
            for one in request.openings
        ],
    }


def raced(asks: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """The answers to what was asked at the same moment."""
    begins = threading.Barrier(len(asks))

    def answer(ask: Callable[[], Answer]) -> Answer:
        begins.wait(PATIENCE_S)
        return ask()

    with ThreadPoolExecutor(len(asks)) as threads:
        return list(threads.map(answer, asks))


def key_of(place: Place, *accounts: str) -> dict[str, str]:
    """The header of somebody who may do everything for these accounts."""
    with closing(Access(place)) as access:
        _, presented = access.make_key(
            accounts,
            [scope for scope in SCOPES if not scope.startswith("act:")],
            expires_us=wall_us() + HOUR_US,
            label="test",
            made_by="test",
            now_us=wall_us(),
        )
    return {"Authorization": f"Bearer {presented}"}


def size_of(operator: Operator) -> int:
    """How many entries there are."""
    with operator.log.recorder.reading() as cursor:
        return Moment(cursor).head().size
