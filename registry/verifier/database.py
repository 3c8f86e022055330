"""A registry's database, wherever it is, for reading only."""

from collections.abc import Iterator
from contextlib import contextmanager

from registry.place import Place, Server
from registry.verifier import sqlite_file
from registry.verifier.stored import Database


@contextmanager
def reading(place: Place) -> Iterator[Database]:
    """The database at `place`, as of one moment: on a server, in a directory, or the file itself.

    Raises:
        RefusedError: `no_registry` if there is none; `bad_address`.
        BrokenHistoryError: `database_unreadable` if it is not as docs/format.md has it, or whoever keeps it cannot make
            sense of it, here or later.
        UnavailableError: `server_unavailable`: the server did not let us read all of it, which is no verdict.
        ModuleNotFoundError: a server needs more than is installed.
    """
    if isinstance(place, Server):
        # What speaks to servers is an extra: who audits files does without.
        from registry.verifier import server  # noqa: PLC0415  # as said above

        with server.reading(place) as source:
            yield source
    else:
        with sqlite_file.reading(place) as source:
            yield source
