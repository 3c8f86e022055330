"""The log, read from its tables: head, entries, streams, proofs. Reading needs no private key.

What is read here was judged before it was written; an audit, which trusts nothing, reads for itself (`verifier`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from registry import history
from registry.errors import BrokenHistoryError, RefusedError, require
from registry.history import Addition, Happened, Stream
from registry.ledger import entry as entries
from registry.ledger import tree
from registry.ledger.entry import NO_PREVIOUS, Entry
from registry.ledger.note import NOTE_BYTES_MAX, read_checkpoint, split_note
from registry.ledger.rows import Beside
from registry.ledger.tree import Frontier
from registry.place import Place, Server
from registry.store.openings import FileOpenings, Openings
from registry.store.recorder import Cursor, Recorder, entry_index, row_number
from registry.store.sqlite import SqliteRecorder

DATABASE = "registry.db"
LOG_ACCOUNT = "registry"
"""The stream, and the account, of the log itself."""
PAGE_ENTRIES = 500
PAIRS_PER_QUERY = 64
ENTRIES_PER_QUERY = 64

_HEAD = f"SELECT size, root, substr(checkpoint, 1, {NOTE_BYTES_MAX + 1}) FROM head"  # noqa: S608  # a limit of ours

Tip = tuple[int, bytes]
"""Which past a stream has: its length, and the leaf hash of its last entry."""
BLANK: Tip = (0, NO_PREVIOUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the log stands: size, root, and the last signed checkpoint, which may cover fewer entries."""

    size: int
    root: bytes
    checkpoint: bytes | None

    @property
    def signed_size(self) -> int:
        """How many entries the signed checkpoint covers, by its own word; 0 without one.

        Raises:
            BrokenHistoryError: `derived.head` if it is no checkpoint.
        """
        if self.checkpoint is None:
            return 0
        try:
            return read_checkpoint(split_note(self.checkpoint)[0]).size
        except RefusedError as error:
            raise BrokenHistoryError("derived.head", size=self.size, why=error.code) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An entry in its place."""

    index: int
    data: bytes
    entry: Entry
    leaf: bytes
    detached: Beside = field(default_factory=dict)

    def came_with(self) -> Beside:
        """The rows that came with its intent, by part and event."""
        return history.came_with(self.entry, self.detached)

    def happened(self) -> Iterator[Happened]:
        """What the entry did, event by event."""
        return history.happened(self.entry, self.detached)


class Moment:
    """The tables as of one transaction."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def head(self) -> Head:
        """Where the log stands; of size 0 before its first entry.

        Of a checkpoint that is too long to be one, no more is read than shows that it is.
        """
        row = self._one(_HEAD)
        if row is None:
            return Head(size=0, root=tree.EMPTY_ROOT, checkpoint=None)
        return Head(size=row[0], root=row[1], checkpoint=row[2])

    def is_blank(self) -> bool:
        """Whether there is no entry, whatever the head says."""
        return self._one("SELECT 1 FROM stored_events LIMIT 1") is None

    def log_id(self) -> bytes | None:
        """The log's id; None before its first entry."""
        return self.placed(0).entry.intent.log if self.head().size else None

    def node(self, level: int, number: int) -> bytes:
        """The hash of a complete subtree.

        Raises:
            BrokenHistoryError: `derived.tree` if it is not there.
        """
        place = tree.stored_number(level, number)
        row = self._one("SELECT hash FROM tree WHERE node = ?", place)
        if row is None:
            raise BrokenHistoryError("derived.tree", level=level, number=number)
        found: bytes = row[0]
        return found

    def leaves(self, start: int, end: int) -> list[bytes]:
        """The leaf hashes of the entries from `start` up to `end`, as far as they are there."""
        numbers = [tree.stored_number(0, index) for index in range(start, end)]
        found = self._found("node, hash FROM tree", numbers) if numbers else {}
        return [found[number] for number in numbers if number in found]

    def placed(self, index: int) -> Placed:
        """Entry `index`, whose bytes are those of its leaf in the tree.

        Raises:
            BrokenHistoryError: `entry_altered`, `entry_missing`, `derived.tree`: nobody builds on such an entry.
        """
        (found,) = self.all_placed([index])
        return found

    def frontiers(self, *sizes: int) -> list[Frontier]:
        """The right edges that the tree had at `sizes`.

        Raises:
            BrokenHistoryError: `derived.tree` if a node is not there.
        """
        numbers = {
            tree.stored_number(*place): place for size in sizes for place in tree.subtrees(0, size)
        }
        found = {} if not numbers else self._found("node, hash FROM tree", list(numbers))
        for number, (level, place) in numbers.items():
            if number not in found:
                raise BrokenHistoryError("derived.tree", level=level, number=place)
        nodes = {place: found[number] for number, place in numbers.items()}
        return [Frontier.load(size, lambda *place: nodes[place]) for size in sizes]

    def all_placed(self, indexes: Sequence[int], *, rows: bool = True) -> Iterator[Placed]:
        """The entries `indexes`, in that order, as `placed` has them; many with one question to the database.

        Without `rows`, which may be many, nothing that stands beside them is read.
        """
        for first in range(0, len(indexes), ENTRIES_PER_QUERY):
            page = indexes[first : first + ENTRIES_PER_QUERY]
            data = self._found("rowid, state FROM stored_events", [row_number(i, 0) for i in page])
            leaves = self._found("node, hash FROM tree", [tree.stored_number(0, i) for i in page])
            for index in page:
                placed = _placed(
                    index,
                    data.get(row_number(index, 0)),
                    leaves.get(tree.stored_number(0, index)),
                )
                if rows and history.has_rows(placed.entry):
                    placed = replace(placed, detached=self._detached(index))
                yield placed

    def indexes(self, stream: str, after: int = 0) -> list[int]:
        """The entries that touch `stream`, in order, from position `after` + 1 on."""
        self._cursor.execute(
            "SELECT rowid FROM stored_events WHERE originator_id = ? AND originator_version > ?"
            " ORDER BY originator_version",
            (stream, after),
        )
        return [entry_index(row[0]) for row in self._cursor.fetchall()]

    def tip(self, stream: str) -> Tip:
        """How many entries touch `stream`, and the leaf hash of the last of them; BLANK of none."""
        row = self._one(
            "SELECT originator_version, rowid FROM stored_events WHERE originator_id = ?"
            " ORDER BY originator_version DESC LIMIT 1",
            stream,
        )
        if row is None:
            return BLANK
        return row[0], self.node(0, entry_index(row[1]))

    def stands(self, stream: str, held: Stream) -> bool:
        """Whether the last entry that `held` knows of is in its place in the chain of `stream`."""
        row = self._one(
            "SELECT rowid FROM stored_events WHERE originator_id = ? AND originator_version = ?",
            stream,
            held.length,
        )
        if row is None:
            return False
        return self.placed(entry_index(row[0])).leaf == held.last

    def streams(self, prefix: str) -> list[str]:
        """The streams whose names begin with `prefix`, in the order in which they began."""
        self._cursor.execute(
            "SELECT originator_id FROM stored_events WHERE originator_version = 1"
            " AND substr(originator_id, 1, ?) = ? ORDER BY rowid",
            (len(prefix), prefix),
        )
        return [row[0] for row in self._cursor.fetchall()]

    def streams_after(
        self, prefix: str, index: int, part: int, *, size: int, limit: int
    ) -> list[tuple[int, int, str]]:
        """The next streams whose names begin with `prefix`, in the order in which they began.

        Args:
            prefix: what their names begin with.
            index: the entry after which they began, or in which.
            part: the part of that entry after which they began.
            size: they began in the log's first so many entries.
            limit: so many at most.

        Returns: the entry and the part of it in which each began, and its name.
        """
        self._cursor.execute(
            "SELECT rowid, originator_id FROM stored_events WHERE originator_version = 1"
            " AND substr(originator_id, 1, ?) = ? AND rowid > ? AND rowid < ?"
            " ORDER BY rowid LIMIT ?",
            (len(prefix), prefix, row_number(index, part), row_number(size, 0), limit),
        )
        found = [(row[0], entry_index(row[0]), row[1]) for row in self._cursor.fetchall()]
        return [(begun, number - row_number(begun, 0), name) for number, begun, name in found]

    def rows_after(
        self, index: int, place: tuple[int, int, int], limit: int
    ) -> list[tuple[int, int, int, bytes]]:
        """The next rows beside entry `index`, after the one at `place`: part, event and number of each, and it."""
        self._cursor.execute(
            "SELECT part, event, number, row FROM detached WHERE entry = ?"
            " AND (part, event, number) > (?, ?, ?) ORDER BY part, event, number LIMIT ?",
            (index, *place, limit),
        )
        return [(row[0], row[1], row[2], row[3]) for row in self._cursor.fetchall()]

    def begun(self, names: Sequence[str]) -> set[str]:
        """Those of the streams `names` that have entries; many with one question to the database."""
        found: set[str] = set()
        for first in range(0, len(names), PAIRS_PER_QUERY):
            page = names[first : first + PAIRS_PER_QUERY]
            signs = ",".join("?" * len(page))
            self._cursor.execute(
                "SELECT originator_id FROM stored_events WHERE originator_version = 1"  # noqa: S608  # question marks
                f" AND originator_id IN ({signs})",
                page,
            )
            found.update(row[0] for row in self._cursor.fetchall())
        return found

    def touched_since(self, size: int) -> set[str]:
        """The streams that entries from index `size` on touch."""
        self._cursor.execute(
            "SELECT DISTINCT originator_id FROM stored_events WHERE rowid >= ?",
            (row_number(size, 0),),
        )
        return {row[0] for row in self._cursor.fetchall()}

    def since(self, size: int, kinds: Sequence[str]) -> dict[str, int]:
        """Of the streams in which an entry from index `size` on did one of `kinds`, and nothing else, the last such."""
        signs = ",".join("?" * len(kinds))
        self._cursor.execute(
            "SELECT originator_id, rowid FROM stored_events WHERE rowid >= ?"  # noqa: S608  # question marks
            f" AND topic IN ({signs}) ORDER BY rowid",
            (row_number(size, 0), *kinds),
        )
        return {row[0]: entry_index(row[1]) for row in self._cursor.fetchall()}

    def did(self, stream: str, kinds: Sequence[str]) -> list[int]:
        """The entries that did one of `kinds` in `stream`, and nothing else there, in order."""
        signs = ",".join("?" * len(kinds))
        self._cursor.execute(
            "SELECT rowid FROM stored_events WHERE originator_id = ?"  # noqa: S608  # question marks
            f" AND topic IN ({signs}) ORDER BY originator_version",
            (stream, *kinds),
        )
        return [entry_index(row[0]) for row in self._cursor.fetchall()]

    def _found(self, what: str, keys: Sequence[int]) -> dict[int, bytes]:
        """The rows of a table with these keys, its first column: key and second column."""
        key = what.partition(",")[0]
        signs = ",".join("?" * len(keys))
        self._cursor.execute(f"SELECT {what} WHERE {key} IN ({signs})", keys)  # ours
        return dict(map(tuple, self._cursor.fetchall()))

    def _detached(self, index: int) -> Beside:
        """The rows beside an entry, by part and event, up to the first that is not there.

        Of one entry at a time, since they may be many.
        """
        self._cursor.execute(
            "SELECT part, event, number, row FROM detached WHERE entry = ?"
            " ORDER BY part, event, number",
            (index,),
        )
        found: dict[tuple[int, int], list[bytes]] = {}
        for part, event, number, row in self._cursor.fetchall():
            rows = found.setdefault((part, event), [])
            if number == len(rows):
                rows.append(row)
        return found

    def stream(self, name: str, known: Stream | None = None) -> Stream:
        """The state of stream `name`, folded from its entries: all, or those after what is `known`."""
        indexes = self.indexes(name, known.length if known else 0)
        own = (
            (placed.index, placed.leaf, placed.happened()) for placed in self.all_placed(indexes)
        )
        return history.load(name, own, known)

    def stream_at(self, name: str, size: int) -> Stream:
        """The state of stream `name` as of the log's first `size` entries."""
        indexes = [index for index in self.indexes(name) if index < size]
        own = (
            (placed.index, placed.leaf, placed.happened()) for placed in self.all_placed(indexes)
        )
        return history.load(name, own)

    def entries_of(self, asked: Sequence[tuple[str, bytes]]) -> dict[tuple[str, bytes], int]:
        """The entries that accounts made under nonces, of those that are remembered."""
        found = {}
        for first in range(0, len(asked), PAIRS_PER_QUERY):
            pairs = asked[first : first + PAIRS_PER_QUERY]
            values = ",".join(["(?,?)"] * len(pairs))
            # LEFT, so that the few that are asked for are looked up among the many, in either database.
            self._cursor.execute(
                f"WITH asked AS (VALUES {values}) SELECT account, nonce, entry"  # noqa: S608  # question marks
                " FROM asked LEFT JOIN nonces ON account = column1 AND nonce = column2",
                list(chain.from_iterable(pairs)),
            )
            rows = self._cursor.fetchall()
            found.update({(row[0], row[1]): row[2] for row in rows if row[2] is not None})
        return found

    def _one(self, statement: str, *values: object) -> Any:
        self._cursor.execute(statement, values)
        return self._cursor.fetchone()


def placed_of(addition: Addition) -> Placed:
    """The entry that `addition` is, as it is read once it is recorded."""
    return Placed(
        index=addition.index,
        data=addition.data,
        entry=entries.decode(addition.data),
        leaf=addition.leaf,
        detached={(beside.part, beside.event): beside.rows for beside in addition.detached},
    )


def _placed(
    index: int,
    data: bytes | None,
    leaf: bytes | None,
) -> Placed:
    if data is None:
        raise BrokenHistoryError("entry_missing", index=index)
    if leaf is None:
        raise BrokenHistoryError("derived.tree", level=0, number=index)
    if tree.leaf_hash(data) != leaf:
        raise BrokenHistoryError("entry_altered", index=index)
    return Placed(index=index, data=data, entry=entries.decode(data), leaf=leaf)


class Log:
    """The log at a place."""

    def __init__(
        self,
        place: Place,
        *,
        writes: bool = False,
        begun: bool = True,
        kept: tuple[Recorder, Openings] | None = None,
    ) -> None:
        """Open it.

        Args:
            place: a directory, or a server.
            writes: whether entries are to be recorded, too.
            begun: whether it has a first entry.
            kept: what keeps it, while that is not in its place yet.

        Raises:
            RefusedError: `no_registry`, `unknown_schema`; what `Recorder.trouble` says.
        """
        self.place = place
        self.recorder, self.openings = kept or kept_at(place, writes=writes)
        try:
            self._check(begun)
        except BaseException:
            self.close()
            raise

    def _check(self, begun: bool) -> None:
        """Return if this is a log of ours, with a first entry if it has begun."""
        where = str(self.place)
        with self.recorder.trouble():
            version = self.recorder.schema_version()
            require(version > 0, "no_registry", directory=where)
            known = self.recorder.known_version
            require(version == known, "unknown_schema", found=version, known=known)
            with self.recorder.reading() as cursor:
                moment = Moment(cursor)
                size, blank = moment.head().size, moment.is_blank()
        if size == 0 and not blank:
            raise BrokenHistoryError("derived.head")
        require(size > 0 or not begun, "no_registry", directory=where)

    def close(self) -> None:
        """Give back what is open."""
        self.openings.close()
        self.recorder.close()

    def entries_of(self, asked: Sequence[tuple[str, bytes]]) -> dict[tuple[str, bytes], int]:
        """The entries that accounts made under nonces, of those that are remembered now."""
        with self.recorder.reading() as cursor:
            return Moment(cursor).entries_of(asked)

    def entries(self, start: int = 0) -> Iterator[Placed]:
        """The entries from index `start` on, in order, as of when each page was read."""
        size = start
        while True:
            with self.recorder.reading() as cursor:
                moment = Moment(cursor)
                end = min(moment.head().size, size + PAGE_ENTRIES)
                page = list(moment.all_placed(range(size, end)))
            yield from page
            size += len(page)
            if not page:
                return


def kept_at(place: Place, *, writes: bool) -> tuple[Recorder, Openings]:
    """What keeps the log at `place`, and the openings of its commitments.

    Raises:
        RefusedError: `no_registry` if there is no such file.
    """
    if isinstance(place, Server):
        # Only who has a server needs its driver, and the time to load it.
        from registry.store.postgres import PostgresRecorder, ServerOpenings  # noqa: PLC0415  # the driver is an extra

        recorder = PostgresRecorder(place, writes=writes)
        return recorder, ServerOpenings(recorder)
    file = place / DATABASE
    require(file.is_file(), "no_registry", directory=str(place))
    return SqliteRecorder(str(file)), FileOpenings(place)
