"""Servers of their own for tests that break them, registries on them, and who waits there for what."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any, Self

import psycopg

from registry.errors import RegistryError
from registry.place import Server as Address
from tests.books import Book
from tests.relay import Relay
from tests.servers import PATIENCE_S, Server, eventually

DATABASE = "schemas"
WRITERS = "registry"
"""What connections of a registry call themselves."""


class Asking:
    """Somebody who asks in a thread of their own, and what came of it."""

    def __init__(self, ask: Any) -> None:
        self.answer: Any = None
        self.error: RegistryError | None = None
        self._ask = ask
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()

    def _run(self) -> None:
        try:
            self.answer = self._ask()
        except RegistryError as error:
            self.error = error

    @property
    def is_waiting(self) -> bool:
        return self._thread.is_alive()

    def wait(self) -> Any:
        """The answer."""
        self._thread.join(PATIENCE_S + PATIENCE_S)
        assert not self.is_waiting
        return self.answer


def at(book: Book, **changed: Any) -> Book:
    """The registry under an address that is changed: another port, another user, further parameters."""
    place = book.place
    assert isinstance(place, Address)
    url = place.url
    head, _, path = url.removeprefix("postgresql://").partition("/")
    user, _, hosts = head.rpartition("@")
    hosts = changed.pop("hosts", hosts)
    url = f"postgresql://{changed.pop('user', user)}@{hosts}/{path}"
    for name, value in changed.items():
        url += f"&{name}={value}"
    return replace(book, place=replace(place, url=url))


def through(relay: Relay, book: Book) -> Book:
    """The registry, as it is reached through a line that breaks."""
    return at(book, hosts=f"127.0.0.1:{relay.port}")


def waits_for(server: Server, kind: str, count: int = 1) -> None:
    """Until so many connections of registries wait for that kind of thing."""
    asked = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = %s AND %s IN (wait_event_type, wait_event)"
    )
    eventually(
        lambda: server.value(asked, [WRITERS, kind]) >= count, f"somebody to wait for {kind}"
    )


@contextmanager
def head_held(book: Book) -> Iterator[psycopg.Connection]:
    """Somebody else has the lock that every writer takes first, until the end of the block or their transaction."""
    assert isinstance(book.place, Address)
    with closing(psycopg.connect(book.place.url)) as other:
        other.execute("SELECT 1 FROM head FOR UPDATE")
        yield other
