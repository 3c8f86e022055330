"""Sixty-four clients of an HTTP server: each on a connection of its own asks, waits for the answer, and asks again.

Requests are bytes made beforehand, and answers are read no further than their status and length: what is measured is
the server, not its client.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from bench.hands import Round

PATIENCE_S = 60
ROOT = Path(__file__).parents[1]


@contextmanager
def server(*arguments: str) -> Iterator[str]:
    """The address of a server in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.served", *arguments],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=dict(os.environ),
    ) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["address"]
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) in (0, -signal.SIGTERM)


def request(address: str, method: str, path: str, said: Any = None) -> bytes:
    """One request, as it goes over the connection."""
    body = b"" if said is None else json.dumps(said).encode()
    head = [f"{method} {path} HTTP/1.1", f"host: {urlsplit(address).netloc}"]
    if said is not None:
        head += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body


def all_at_once(address: str, work: Sequence[Sequence[bytes]], status: int) -> Round:
    """Every client at work until all have all their answers, each of this status."""
    return asyncio.run(_all(address, work, status))


def asked(address: str, path: str) -> Any:
    """The JSON that is at a path."""
    with urlopen(f"{address}{path}", timeout=PATIENCE_S) as answer:  # noqa: S310  # an address of ours
        return json.loads(answer.read())


async def _all(address: str, work: Sequence[Sequence[bytes]], status: int) -> Round:
    host, port = urlsplit(address).hostname, urlsplit(address).port
    lines = [await asyncio.open_connection(host, port) for _ in work]
    took: list[float] = []
    wanted = f"HTTP/1.1 {status} ".encode()
    start = perf_counter()
    await asyncio.gather(
        *(_one(line, own, wanted, took) for line, own in zip(lines, work, strict=True))
    )
    lasted = perf_counter() - start
    for _, writer in lines:
        writer.close()
    return Round(lasted, sorted(took))


async def _one(
    line: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    requests: Sequence[bytes],
    wanted: bytes,
    took: list[float],
) -> None:
    reader, writer = line
    for one in requests:
        start = perf_counter()
        writer.write(one)
        head = await reader.readuntil(b"\r\n\r\n")
        place = head.lower().index(b"content-length: ") + len(b"content-length: ")
        length = int(head[place : head.index(b"\r", place)])
        body = await reader.readexactly(length)
        took.append(perf_counter() - start)
        assert head.startswith(wanted), head + body
