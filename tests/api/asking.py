"""One request to a plain ASGI application, without a server; and a server on this machine, where one is needed."""

import asyncio
import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from registry.api.connections import server_options
from registry.api.middleware import guarded
from registry.api.principals import NOBODY, Principal
from registry.api.settings import read_settings
from registry.errors import RefusedError

NEVER = object()
"""In place of a part of a body: it never comes."""

KEY = Principal(subject="key/1", accounts=frozenset({"account/a"}), scopes=frozenset(), how="key")
TOKEN = Principal(subject="token/1", accounts=frozenset(), scopes=frozenset(), how="token")


@dataclass
class Answer:
    status: int | None
    headers: list
    body: bytes

    def __getitem__(self, name):
        """The headers that are called so, as one."""
        return ", ".join(value for own, value in self.headers if own == name)

    @property
    def problem(self):
        assert self["content-type"] == "application/problem+json"
        return json.loads(self.body)

    @property
    def code(self):
        return self.problem["code"]


class StubDoorkeeper:
    """Lets in who says `Bearer key` or `Bearer token`; counts how often it is asked."""

    def __init__(self):
        self.asked = 0
        self.revoked = False

    def identify(self, authorization):
        self.asked += 1
        if authorization is None:
            return NOBODY
        if authorization in ("Bearer key", "Bearer token") and not self.revoked:
            return KEY if authorization == "Bearer key" else TOKEN
        raise RefusedError("subject_unbound" if authorization == "Bearer stranger" else "bad_key")


async def asked(
    app,
    method="GET",
    path="/",
    *,
    headers=(),
    body=(),
    client=("192.0.2.1", 7),
    scheme="http",
    scope=None,
):
    """What an application answers."""
    said, parts, over = [], list(body) or [b""], asyncio.Event()
    made = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"name=secret",
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "client": client,
        "scheme": scheme,
        "http_version": "1.1",
        "state": {},
        **(scope or {}),
    }

    async def receive():
        if not parts or parts[0] is NEVER:
            await over.wait()
            return {"type": "http.disconnect"}
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        said.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            over.set()

    await app(made, receive, send)
    start = [one for one in said if one["type"] == "http.response.start"]
    assert len(start) <= 1
    return Answer(
        start[0]["status"] if start else None,
        [(name.decode(), value.decode()) for name, value in start[0]["headers"]] if start else [],
        b"".join(one.get("body", b"") for one in said),
    )


def ask(app, *values, **named):
    """The same, for who does not wait for anything else."""
    return asyncio.run(asked(app, *values, **named))


async def echo(scope, receive, send):
    """Answers with the body that came."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await reply(send, body)


async def reply(send, body=b"", status=200, headers=()):
    headers = [(b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def around(app, *, kind="plain", methods=("GET", "POST"), heard=(), doorkeeper=None, **settings):
    """An application with everything that surrounds ours."""
    return guarded(
        app,
        read_settings(**settings),
        doorkeeper or StubDoorkeeper(),
        kind_of=lambda _path: kind,
        methods_of=lambda path: () if path == "/nowhere" else methods,
        heard=heard,
    )


@contextmanager
def serving(app, **settings):
    """The address of a server that serves `app` as it is."""
    config = uvicorn.Config(app, **server_options(read_settings(port=0, **settings)))
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join()
        listening.close()
