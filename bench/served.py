"""A server to measure: `registry serve`, with two routes that do nothing beside its own, behind the same guards.

python -m bench.served DIR [URL]    says the address as a JSON line; SIGTERM stops it
"""

import json
import os
import resource
import sys
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import Response

from registry.api.app import create_app, guarded_app
from registry.api.asgi import Application
from registry.api.conventions import json_response
from registry.api.runtime import Runtime
from registry.api.serve import serve
from registry.api.settings import Settings
from registry.place import read_place
from tests.api.processes import children

KIB = 1024


def application(runtime: Runtime) -> Application:
    """The API, and what it is held against."""
    app: FastAPI = create_app(runtime)

    @app.post("/v1/empty")
    async def taken(request: Request) -> Response:
        await request.body()
        return json_response({})

    @app.get("/v1/empty")
    async def given() -> Response:
        return json_response({})

    @app.get("/v1/resident")
    def resident() -> Response:
        return json_response({"kib": {name: _kib(pid) for name, pid in _processes().items()}})

    # First of all routes: what they are held against is not to gain by being found later.
    app.router.routes[:0] = [app.router.routes.pop() for _ in range(3)]
    return guarded_app(runtime, app)


def _processes() -> dict[str, int]:
    """The server and the processes that it started, by the names of their modules."""
    begun = children(os.getpid())
    return {"server": os.getpid(), **{name.rpartition(".")[2]: pid for name, pid in begun.items()}}


def _kib(pid: int) -> int:
    """What is resident now, and not the highest that there ever was."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() // KIB


def main() -> None:
    """Serve until stopped."""
    directory, *url = sys.argv[1:]
    place = read_place(url[0], Path(directory)) if url else Path(directory)
    unlimited = dict.fromkeys(
        ("rate_read", "rate_write", "rate_read_login", "rate_write_login"), "off"
    )
    settings = Settings(typed={"port": 0, **unlimited}, file={})  # type: ignore[call-arg]  # see Settings
    serve(
        place,
        settings,
        lambda address: print(json.dumps({"address": address}), flush=True),  # noqa: T201  # whoever started it reads it
        application,
    )


if __name__ == "__main__":
    main()
