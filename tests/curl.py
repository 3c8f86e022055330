"""A stand-in for curl, for machines that have none: it knows what docs/api.md uses, and refuses everything else."""

import argparse
import sys
import time
from contextlib import nullcontext
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

FAILED_TO_CONNECT, HTTP_ERROR, TOO_LATE, NO_ANSWER = 7, 22, 28, 52


def options(typed: list[str]) -> argparse.Namespace:
    """What was asked for; ends the process if that is not known here."""
    parser = argparse.ArgumentParser(prog="curl", allow_abbrev=False)
    parser.add_argument("-s", "--silent", action="store_true")
    parser.add_argument("-S", "--show-error", action="store_true")
    parser.add_argument("-f", "--fail", action="store_true")
    parser.add_argument("-N", "--no-buffer", action="store_true")
    parser.add_argument("-H", "--header", action="append", default=[])
    parser.add_argument("-d", "--data")
    parser.add_argument("-o", "--output")
    parser.add_argument("--max-time", type=float)
    parser.add_argument("--retry", type=int, default=0)
    parser.add_argument("--retry-delay", type=float, default=1)
    parser.add_argument("--retry-connrefused", action="store_true")
    parser.add_argument("url")
    return parser.parse_args(typed)


def headers(said: list[str]) -> dict[str, str]:
    """The headers that were named, or stand in files."""
    lines = [
        line
        for one in said
        for line in (Path(one[1:]).read_text("utf-8").splitlines() if one[0] == "@" else [one])
    ]
    return {name.strip(): value.strip() for name, _, value in (one.partition(":") for one in lines)}


def data(said: str | None) -> bytes | None:
    """The body, as curl has it: without the ends of lines, if it comes from a file."""
    if said is None:
        return None
    if not said.startswith("@"):
        return said.encode()
    return Path(said[1:]).read_bytes().replace(b"\n", b"").replace(b"\r", b"")


def ask(asked: argparse.Namespace) -> int:
    """How it ends, with what was answered on standard output or in the file."""
    parts = urlsplit(asked.url)
    assert parts.scheme == "http"
    connection = HTTPConnection(parts.netloc, timeout=asked.max_time or 60)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    body = data(asked.data)
    connection.request("GET" if body is None else "POST", path, body, headers(asked.header))
    answer = connection.getresponse()
    if asked.fail and answer.status >= 400:
        sys.stderr.write(f"curl: (22) The requested URL returned error: {answer.status}\n")
        return HTTP_ERROR
    until = time.monotonic() + (asked.max_time or 3_600)
    with nullcontext(sys.stdout.buffer) if asked.output is None else _file(asked.output) as out:
        while piece := answer.read1(1 << 16):
            out.write(piece)
            out.flush()
            if time.monotonic() > until:
                return TOO_LATE
    return 0


def _file(name: str) -> BinaryIO:
    return Path(name).open("wb")


def main() -> int:
    """Ask, and ask again while nobody listens, if that is wanted."""
    asked = options(sys.argv[1:])
    for left in range(asked.retry if asked.retry_connrefused else 0, -1, -1):
        try:
            return ask(asked)
        except ConnectionRefusedError:
            if left:
                time.sleep(asked.retry_delay)
        except TimeoutError:
            return TOO_LATE
        except (OSError, HTTPException) as error:
            sys.stderr.write(f"curl: (52) {error}\n")
            return NO_ANSWER
    return FAILED_TO_CONNECT


if __name__ == "__main__":
    sys.exit(main())
