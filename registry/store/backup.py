"""A copy of a registry, in the form of docs/format.md, "The database", wherever the registry is kept.

    FOLDER/registry.db   the log as of one moment; last in its place: without it the folder is no copy
    FOLDER/openings.db   names and texts, of a moment not before that
    FOLDER/keys.db       private keys, sealed, of a moment not before that; what unseals them is not copied

So every entry in the copy has its names and keys. A public copy is `registry.db` alone, for anybody.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.errors import BrokenHistoryError, require
from registry.ledger import tree
from registry.ledger.tree import Frontier
from registry.place import Place
from registry.store import keyring
from registry.store.folder import synchronise
from registry.store.log import DATABASE, Head, Log, Moment
from registry.store.openings import FileOpenings
from registry.store.operator import home_of
from registry.store.recorder import PARTS_PER_ENTRY, Cursor
from registry.store.sqlite import TABLES, storage_trouble

PAGE_ROWS = 1_000

Progress = Callable[[int, int], None]
"""Told how many entries were copied, of how many."""

_KEYS = {
    "stored_events": ("rowid",),
    "tree": ("node",),
    "nonces": ("account", "nonce"),
    "detached": ("entry", "part", "event", "number"),
}
"""The tables that grow, and the columns of their keys."""
_COLUMNS = {
    "stored_events": "rowid, originator_id, originator_version, topic, state",
    "tree": "node, hash",
    "nonces": "account, nonce, entry",
    "detached": "entry, part, event, number, row",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy holds. `size` entries, of which the signed checkpoint covers all but those of the last moments."""

    size: int
    root: bytes
    note: bytes | None


def back_up(
    place: Place,
    folder: Path,
    *,
    public: bool = False,
    progress: Progress = lambda _done, _all: None,
) -> Copied:
    """Copy the registry at `place` into `folder`, beside whoever writes. Durable on return.

    Args:
        place: the registry.
        folder: a new or empty directory.
        public: the log alone, without names and keys.
        progress: called from time to time.

    Raises:
        RefusedError: `no_registry`, `directory_in_use`, `no_state`; `no_keyring`, `not_permitted` if keys or names are
            not there to be copied.
        BrokenHistoryError: `derived.tree` if the entries do not come to the root of the head.
        UnavailableError: `storage_failed`, `server_unavailable`; `database_moved` if the names are not there.

    Whatever it fails with, and wherever it is killed, there is no copy.
    """
    with closing(Log(place)) as log:
        home = None if public else home_of(place)
        if home is not None:
            keys = home / keyring.FILE
            require(keys.is_file(), "no_keyring", file=str(keys))
        with _room(folder, 0o755 if public else 0o700):
            head = _copy(log, home, folder, progress)
    return Copied(size=head.size, root=head.root, note=head.checkpoint)


def _copy(log: Log, home: Path | None, folder: Path, progress: Progress) -> Head:
    beside = folder / f"{DATABASE}.new"
    beside.touch(mode=0o644 if home is None else 0o600)
    with log.recorder.trouble(), log.recorder.reading() as cursor:
        head = _copy_log(cursor, beside, progress)
    if home is not None:
        _copy_openings(log, folder)
        keyring.copy(home, folder)
    synchronise(beside)
    beside.replace(folder / DATABASE)
    synchronise(folder)
    synchronise(folder.resolve().parent)
    return head


@contextmanager
def _room(folder: Path, mode: int) -> Iterator[None]:
    """`folder`, with nothing in it; as it was before, if there comes to be no copy."""
    made = not folder.exists()
    require(made or folder.is_dir(), "directory_in_use", directory=str(folder))
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    require(not any(folder.iterdir()), "directory_in_use", directory=str(folder))
    try:
        yield
    except BaseException:
        if not (folder / DATABASE).exists():
            for file in folder.iterdir():
                file.unlink()
            if made:
                folder.rmdir()
        raise


def _copy_log(cursor: Cursor, file: Path, progress: Progress) -> Head:
    """The tables as of the moment of `cursor`, in `file`; returns the head, to which the entries come."""
    head = Moment(cursor).head()
    frontier = Frontier()
    with closing(sqlite3.connect(file, isolation_level=None)) as target:
        with storage_trouble(str(file)):
            # A crash leaves a file that is not in its place: only its end need be durable.
            target.execute("PRAGMA synchronous = OFF")
            target.execute("PRAGMA journal_mode = MEMORY")
            target.execute("BEGIN")
            for statement in TABLES:
                target.execute(statement)
        for table in _KEYS:
            for page in _pages(cursor, table):
                signs = ",".join("?" * len(page[0]))
                with storage_trouble(str(file)):
                    target.executemany(f"INSERT INTO {table} VALUES ({signs})", page)  # noqa: S608  # question marks
                if table == "stored_events":
                    _take_leaves(frontier, page)
                    progress(frontier.size, head.size)
        row = (head.size, head.root, head.checkpoint)
        with storage_trouble(str(file)):
            target.execute("INSERT INTO head VALUES (1,?,?,?)", row)
            target.execute("COMMIT")
    if (frontier.size, frontier.root()) != (head.size, head.root):
        raise BrokenHistoryError("derived.tree", size=head.size)
    return head


def _pages(cursor: Cursor, table: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of `table` in order of their key, PAGE_ROWS at a time."""
    columns, key = _COLUMNS[table], ", ".join(_KEYS[table])
    width = len(_KEYS[table])
    order = f"ORDER BY {key} LIMIT {PAGE_ROWS}"
    signs = ",".join("?" * width)
    names = columns.split(", ")
    places = [names.index(name) for name in _KEYS[table]]
    cursor.execute(f"SELECT {columns} FROM {table} {order}")  # noqa: S608  # names of ours
    while page := [tuple(row) for row in cursor.fetchall()]:
        yield page
        last = [page[-1][at] for at in places]
        cursor.execute(
            f"SELECT {columns} FROM {table} WHERE ({key}) > ({signs}) {order}",  # noqa: S608  # as above
            last,
        )


def _take_leaves(frontier: Frontier, page: Sequence[tuple[Any, ...]]) -> None:
    for number, _, _, _, state in page:
        if (number - 1) % PARTS_PER_ENTRY == 0:
            frontier.append(tree.leaf_hash(state))


def _copy_openings(log: Log, folder: Path) -> None:
    target = FileOpenings.create(folder)
    with closing(target):
        after = b""
        while page := log.openings.rows(after):
            target.keep(page)
            after = page[-1][0]
