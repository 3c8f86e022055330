"""`registry serve`: the one place where the server is put together, started and stopped.

    open the registry  ->  listen  ->  say where  ->  serve  ->  SIGTERM: take no more, finish, answer, close

A stop lets requests under way end, answers that would go on for ever end at once, and the queue in front of the
committer is emptied before the registry is closed.
"""

import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from registry.api import asgi
from registry.api.app import guarded_app
from registry.api.connections import server_options
from registry.api.request_log import quiet_server
from registry.api.runtime import Runtime
from registry.api.settings import Settings
from registry.errors import RefusedError, require
from registry.place import Place
from registry.store.beside import collect_seldom

Listening = Callable[[str], None]
"""Told the address, once it listens."""


class Server(uvicorn.Server):
    """Says when it listens; tells the runtime when it is to stop, so that answers without end come to one."""

    def __init__(
        self, config: uvicorn.Config, runtime: Runtime, started: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._runtime = runtime
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            # The web server has told its own log, which is no operator's.
            if self._runtime.failure is None:
                raise
            raise self._runtime.failure from None
        if self.started:
            collect_seldom()
            self._started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # as the server has it
        """Begin to stop; a second Ctrl-C waits for nobody."""
        self._runtime.stopping.set()
        # The server's own way ends in the same signal once more, which would end us before anything is closed.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


Application = Callable[[Runtime], asgi.Application]


def serve(
    place: Place,
    settings: Settings,
    listening: Listening,
    application: Application = guarded_app,
) -> None:
    """Serve the registry at `place` until a signal says to stop.

    Args:
        place: the registry.
        settings: the limits, and where to listen.
        listening: told the address.
        application: makes what is served.

    Raises:
        RefusedError: `asserts_off`; `no_registry`, and what else `Operator` says; `address_in_use`.
        UnavailableError: what `Operator` says; `writer_away`: it did not start.
    """
    # What guards against our own mistakes stays on.
    require(__debug__, "asserts_off")
    quiet_server()
    runtime = Runtime(place, settings)
    try:
        sockets = [_socket(settings)]
        config = uvicorn.Config(application(runtime), **server_options(settings))
        host, port = sockets[0].getsockname()[:2]
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        server = Server(config, runtime, lambda: listening(address))
        # The web server puts this back when it ends: whoever says so again is not to break off what we finish.
        signal.signal(signal.SIGTERM, server.handle_exit)
        server.run(sockets=sockets)
    finally:
        runtime.close()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _socket(settings: Settings) -> socket.socket:
    """What it listens on.

    Raises:
        RefusedError: `address_in_use`.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
    except OSError as error:
        made.close()
        address = f"{settings.host}:{settings.port}"
        raise RefusedError("address_in_use", address=address, said=error.strerror) from error
    made.set_inheritable(True)
    return made
