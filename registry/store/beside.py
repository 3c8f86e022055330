"""Processes of our own beside the server's, which has one interpreter lock: how they are started, and told the place.

Secrets are never on their command line, which everybody on the machine can read. They end when the server's end of
what they hold is closed, however the server ended: a signal is not needed, and one that stops the server's whole group
does not cut short what they are at.
"""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry.place import Place, Server

GARBAGE_MIN = 50_000
"""So many objects more than before there have to be: a hundred commits."""


def command(module: str) -> tuple[str, ...]:
    """The command that runs `module` with this interpreter."""
    return (sys.executable, "-P", "-m", module)


def environment() -> dict[str, str]:
    """Ours, and where our modules are."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


@contextmanager
def deaf_to(*signals: signal.Signals) -> Iterator[None]:
    """What this thread starts within the block hears none of `signals`, until it says what it does about them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def told(place: Place) -> dict[str, Any]:
    """`place` as plain values."""
    if isinstance(place, Server):
        return {"url": place.url, "state": None if place.state is None else str(place.state)}
    return {"directory": str(place)}


def heard(said: dict[str, Any]) -> Place:
    """The place that `told` told."""
    if "directory" in said:
        return Path(said["directory"])
    return Server(url=said["url"], state=None if said["state"] is None else Path(said["state"]))


def collect_seldom() -> None:
    """Look for garbage seldom, and among what is made from now on: states hold no circles, and die at once."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_MIN, 10, 10)
