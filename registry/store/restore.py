"""Entries that a log lacks, brought back from a copy of it: each judged again, all of them or none.

    the mark's lock -> the head's lock -> entry by entry: signatures, then the rules, against the log here -> recorded
    -> the root is the one that the log's key signed, and the one that the mark saw -> openings that open what they say
    -> one commit, durable -> the copy's checkpoint kept

A crash before the commit leaves the log as it was, and at most names that are true; after it, everything, which the
next writer signs. The copy is anybody's. Its tables are not believed, and of its entries none beyond its checkpoint but
those that the mark saw. The mark is advanced by the next writer who starts, never here.
"""

import os
import shutil
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

from registry import history
from registry.domain.roles import Registry
from registry.errors import (
    BrokenHistoryError,
    IncompleteError,
    RefusedError,
    RegistryError,
    require,
)
from registry.history import SignedEntry
from registry.ledger import canonical, tree
from registry.ledger.commitment import Opening
from registry.ledger.intent import INTENT_BYTES_MAX, Intent
from registry.ledger.note import (
    Checkpoint,
    VerifierKey,
    open_checkpoint,
    read_checkpoint,
    split_note,
)
from registry.ledger.rows import Along
from registry.place import Place
from registry.store import keyring
from registry.store.committer import recorded
from registry.store.draft import Draft
from registry.store.folder import alone_in, move_up, synchronise
from registry.store.log import (
    DATABASE,
    ENTRIES_PER_QUERY,
    LOG_ACCOUNT,
    PAGE_ENTRIES,
    Log,
    Moment,
    Placed,
)
from registry.store.mark import Mark, Seen
from registry.store.openings import FILE as OPENINGS
from registry.store.openings import PAGE_ROWS, FileOpenings, OpeningRow, opening_row
from registry.store.operator import home_of, mark_of
from registry.store.recorder import Cursor
from registry.store.snapshots import FILE as SNAPSHOTS
from registry.store.sqlite import SqliteRecorder
from registry.store.streams import Streams

RESTORING = ".restoring"
"""Where the database of a directory that lacks one is made."""
MAY_BE_THERE = frozenset({keyring.FILE, keyring.PASSPHRASE_FILE, OPENINGS, SNAPSHOTS, RESTORING})
"""What a directory may hold that lacks its database: what is kept apart from it, and what a crash left here."""

Progress = Callable[[int, int], None]
"""Told how many entries were brought, of how many."""


class StoredEntry(Protocol):
    """An entry as a copy has it."""

    @property
    def index(self) -> int:
        """Which one it is."""

    @property
    def data(self) -> bytes:
        """Its bytes.

        Raises:
            BrokenHistoryError: `entry_missing`.
        """


class StoredOpening(Protocol):
    """An opening as a copy has it."""

    @property
    def entry(self) -> object:
        """The index of the entry that it belongs to."""

    @property
    def field(self) -> object:
        """The field of the commitment."""

    @property
    def salt(self) -> object:
        """Its salt."""

    @property
    def value(self) -> object:
        """What it hides, in canonical form."""


class Copy(Protocol):
    """One moment of a copy of a log: docs/format.md, "The database". Trusted: no.

    What fails in reading it is raised as it comes: whoever opened the copy knows what it means.
    """

    def head(self) -> tuple[object, object, object] | None:
        """Size, root and signed checkpoint; None if there is not exactly one row."""

    def count(self) -> int:
        """How many entries there seem to be."""

    def entries(self, start: int | None = None) -> Iterator[StoredEntry]:
        """All entries in order, or those from index `start` on, as far as they are there."""

    def detached(
        self, start: int | None = None
    ) -> Iterator[tuple[object, object, object, object, object]]:
        """All detached rows, (entry, part, event, number, row), in order, or those of entries from `start` on."""

    def openings(self) -> Iterator[StoredOpening]:
        """The openings that it has, in order of the entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was brought: the entries from index `start` up to `size`, which is the log's size now."""

    start: int
    size: int
    root: bytes
    key: VerifierKey
    """The log's key now."""
    names: int
    """Commitments in these entries whose openings are here."""
    lost: int
    """Commitments in these entries whose openings are not."""
    mark: int | None
    """How many entries were seen here; where that is more than `size`, the rest is missing still, and whether it goes
    on from what was brought is not known. None if nothing of this log was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """What a copy says of itself: its checkpoint, which is not checked yet, and how many entries it seems to have."""

    checkpoint: Checkpoint | None
    note: bytes
    count: int

    def end(self, seen: Seen | None) -> int:
        """So many entries can be shown to be the log's: by the log's key or, beyond what that signed, by the mark."""
        signed = self.checkpoint.size if self.checkpoint else 0
        return seen.size if seen and signed < seen.size <= self.count else signed


class _CopyError(Exception):
    """What reading the copy raised, apart: it is not to be taken for trouble with the database here."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(cause)
        self.cause = cause


_T = TypeVar("_T")
_Brought = tuple[int, Seen | None]
"""How many entries the log had before, and how far it was seen."""


def restore(
    copy: Copy,
    place: Place,
    *,
    keys: Path | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Restored:
    """Bring the entries that `copy` has and the log at `place` lacks. Durable on return.

    The log here may be empty: a database on a server, or a directory that lacks its database. Then all of it comes, and
    the keys, still sealed, if none are here.

    Args:
        copy: anybody's.
        place: where the log is to grow.
        keys: a directory where the keys are kept, too, for a log that is empty here.
        progress: called from time to time.

    Raises:
        RefusedError: `nothing_missing` if it has no more than is here; `copy_not_signed`, `bad_checkpoint_signature`
            and others: nobody who can be believed stands for it; `keys_of_another_log` for a log that is empty here,
            if those that are kept, or would be, are not this log's; `no_registry`, `directory_in_use`.
        BrokenHistoryError: `differs_from_copy` from the fact `index` on; `differs_from_mark`; whatever an audit of the
            entries says. As after any other error but the last, nothing was recorded.
        IncompleteError: `rows_missing` in the copy.
        UnavailableError: `storage_failed` and others: all was recorded, or nothing.
    """
    try:
        if isinstance(place, Path) and not (place / DATABASE).is_file():
            start, seen = _into_directory(copy, place, keys, progress)
        else:
            start, seen = _into_log(copy, place, keys, progress)
    except _CopyError as failed:
        raise failed.cause from None
    return _counted(place, start, seen)


def _into_log(copy: Copy, place: Place, keys: Path | None, progress: Progress) -> _Brought:
    home = home_of(place)
    with closing(_log_at(place)) as log:
        with log.recorder.trouble(), log.recorder.reading() as cursor:
            known = Moment(cursor).log_id()
        mark = mark_of(place, known or _claimed_id(copy))
        prepare = partial(_keep_keys, keys, home) if known is None else _nothing
        return _bring(copy, log, mark, prepare, progress)


def _log_at(place: Place) -> Log:
    """The log at `place`, empty in a database that had no tables."""
    try:
        return Log(place, writes=True, begun=False)
    except RefusedError as error:
        if error.code != "no_registry" or isinstance(place, Path):
            raise
    from registry.store.migrations import migrate  # noqa: PLC0415  # only who has a server has its driver

    migrate(place)
    return Log(place, writes=True, begun=False)


def _nothing(_registry: Registry) -> None:
    """What is there already needs nothing to be prepared."""


def _into_directory(copy: Copy, directory: Path, keys: Path | None, progress: Progress) -> _Brought:
    """The database is made in a folder, and moved up as the last step: until then there is none, and no log."""
    made = not directory.exists()
    require(made or directory.is_dir(), "directory_in_use", directory=str(directory))
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with alone_in(directory):
            # Not the write-ahead log of another database: SQLite would play it into this one.
            there = {file.name.partition("-")[0] for file in directory.iterdir()}
            require(there <= MAY_BE_THERE, "directory_in_use", directory=str(directory))
            folder = directory / RESTORING
            try:
                brought = _into_folder(copy, folder, keys, progress)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            move_up(folder, last=DATABASE)
    except BaseException:
        if made and not any(directory.iterdir()):
            directory.rmdir()
        raise
    return brought


def _into_folder(copy: Copy, folder: Path, keys: Path | None, progress: Progress) -> _Brought:
    directory = folder.parent
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    (folder / DATABASE).touch(mode=0o600)
    with closing(SqliteRecorder(str(folder / DATABASE))) as empty:
        empty.create_table()

    def prepare(registry: Registry) -> None:
        _keep_keys(keys, directory, registry)
        FileOpenings.create(directory)
        synchronise(directory)

    kept = (SqliteRecorder(str(folder / DATABASE)), FileOpenings(directory))
    with closing(Log(directory, begun=False, kept=kept)) as log:
        mark = mark_of(directory, _claimed_id(copy))
        return _bring(copy, log, mark, prepare, progress)


def _keep_keys(keys: Path | None, home: Path, registry: Registry) -> None:
    """Have the keys here, too, unless some are.

    Raises:
        RefusedError: `keys_of_another_log` unless the log's own is among those that are here then.
    """
    is_kept = (home / keyring.FILE).exists()
    kept = home if is_kept else keys
    if kept is None or not (kept / keyring.FILE).is_file():
        return
    ours = registry.log_key in keyring.keys_in(kept, LOG_ACCOUNT)
    file = str(kept / keyring.FILE)
    require(ours, "keys_of_another_log", file=file, origin=registry.origin)
    if not is_kept:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        keyring.copy(kept, home)


def _bring(
    copy: Copy, log: Log, mark: Mark, prepare: Callable[[Registry], None], progress: Progress
) -> _Brought:
    """Record what `log` lacks; returns how many entries it had, and how far it was seen.

    Args:
        copy: where they are.
        log: where they are recorded.
        mark: how far this log was seen.
        prepare: makes what the log needs beside its entries, once they are known to be true.
        progress: as in `restore`.
    """
    claim = _claim(copy)
    with log.recorder.trouble(), mark.locked():
        seen = mark.read() if mark.file.exists() else None
        with log.recorder.writing() as cursor:
            bringing = _Bringing(copy, log, cursor)
            end = claim.end(seen)
            _check_more(bringing, claim, end)
            try:
                bringing.entries(end, progress)
                bringing.check(claim, seen, str(mark.file))
            except (BrokenHistoryError, IncompleteError, RefusedError) as error:
                bringing.compare(min(end, bringing.start), error)
                raise
            prepare(bringing.registry())
            bringing.openings()
        with recorded(end):
            # Those of acts that were about to be recorded when the openings here were copied, and never were.
            log.openings.settle(bringing.start, log.entries_of)
            if claim.checkpoint and claim.checkpoint.size == end:
                log.recorder.record_checkpoint(end, claim.note)
    return bringing.start, seen


def _check_more(bringing: "_Bringing", claim: _Claim, end: int) -> None:
    """Return if the copy has more than there is here.

    Raises:
        RefusedError: `copy_not_signed`, `nothing_missing`.
        BrokenHistoryError: `differs_from_copy`.
    """
    require(end > 0, "copy_not_signed", entries=claim.count)
    if end <= bringing.start:
        refusal = RefusedError("nothing_missing", size=bringing.start, copy=end)
        bringing.compare(end, refusal)
        raise refusal


class _Bringing:
    """Entries on their way from a copy into one transaction."""

    def __init__(self, copy: Copy, log: Log, cursor: Cursor) -> None:
        self._copy = copy
        self._log = log
        self._cursor = cursor
        self._moment = Moment(cursor)
        self._streams = Streams()
        head = self._moment.head()
        (self._frontier,) = self._moment.frontiers(head.size)
        if self._frontier.root() != head.root:
            raise BrokenHistoryError("derived.tree", size=head.size)
        self._id = self._moment.log_id()
        self._at_us = self._moment.placed(head.size - 1).entry.at_us if head.size else 0
        self.start = head.size

    def entries(self, end: int, progress: Progress) -> None:
        """Record the copy's entries up to `end`, each once it follows.

        Raises:
            BrokenHistoryError: the first that does not.
        """
        with (
            closing(_apart(self._copy.entries(self.start))) as stored,
            closing(_apart(self._copy.detached(self.start))) as detached,
            ThreadPoolExecutor(max_workers=os.cpu_count()) as pool,
        ):
            along = Along(detached)
            while (size := self._frontier.size) < end:
                progress(size - self.start, end - self.start)
                page = list(islice(stored, min(PAGE_ENTRIES, end - size)))
                if not page:
                    raise BrokenHistoryError("entry_missing", index=size)
                self._record(page, along, pool)

    def _record(self, page: Sequence[StoredEntry], along: Along, pool: Executor) -> None:
        draft = Draft(self._moment, self._streams, self._frontier, self._id, self._at_us)
        checked = list(pool.map(_checked, page))
        draft.remember([found.entry.intent for found in checked if isinstance(found, SignedEntry)])
        for stored, found in zip(page, checked, strict=True):
            if stored.index != draft.size:
                raise BrokenHistoryError("entry_missing", index=draft.size)
            if isinstance(found, BrokenHistoryError):
                raise found
            counts = history.rows_wanted(found.entry.intent)
            draft.take(history.follow(draft, found, along.beside(draft.size, counts)))
            along.pass_by(draft.size - 1)
        root = draft.frontier.root()
        self._log.recorder.record(self._cursor, draft.additions, draft.nodes, draft.size, root)
        self._streams.keep(draft.streams)
        self._id, self._at_us = draft.log, draft.at_us

    def check(self, claim: _Claim, seen: Seen | None, mark: str) -> None:
        """Return if the log is now the one that its key signed, and that the mark saw.

        Raises:
            RefusedError: `bad_checkpoint_signature`, `wrong_origin`.
            BrokenHistoryError: `root_mismatch`, `differs_from_mark`.
        """
        size = self._frontier.size
        if claim.checkpoint:
            signed = claim.checkpoint.size
            registry = self.registry()
            public = registry.log_key_at(signed)[1]
            open_checkpoint(claim.note, VerifierKey(name=registry.origin, public=public))
            if self._root_at(signed) != claim.checkpoint.root:
                raise BrokenHistoryError("root_mismatch", size=signed)
        if seen and seen.size <= size and self._root_at(seen.size) != seen.root:
            raise BrokenHistoryError("differs_from_mark", size=size, mark=seen.size, file=mark)

    def registry(self) -> Registry:
        """Who has which role, and the log's keys, as of the last entry."""
        state: Registry = self._streams.stream(LOG_ACCOUNT, self._moment).state
        return state

    def _root_at(self, size: int) -> bytes:
        (then,) = self._moment.frontiers(size)
        return then.root()

    def openings(self) -> None:
        """Keep the copy's openings of what was recorded, of those that open it."""
        acts: dict[int, _Act] = {}
        with closing(_apart(self._copy.openings())) as stored:
            while page := list(islice(stored, PAGE_ROWS)):
                named = sorted({row.entry for row in page if isinstance(row.entry, int)})
                brought = [index for index in named if self.start <= index < self._frontier.size]
                # The last of a page may go on in the next: what thousands share is read once.
                acts = {index: act for index, act in acts.items() if index in brought}
                brought = [index for index in brought if index not in acts]
                placed = self._moment.all_placed(brought)
                acts.update((item.index, _Act.of(item)) for item in placed)
                # By commitment: a copy that has one twice is not worth more.
                found = {row[0]: row for claimed in page for row in _opened(claimed, acts)}
                self._log.openings.add(self._cursor, list(found.values()))

    def compare(self, end: int, error: RegistryError) -> None:
        """Return if the first `end` entries are the copy's.

        Raises:
            BrokenHistoryError: `differs_from_copy`, from `error`: there is the reason for it.
        """
        with closing(_apart(self._copy.entries(0))) as stored:
            for first in range(0, end, ENTRIES_PER_QUERY):
                ours = self._moment.leaves(first, min(first + ENTRIES_PER_QUERY, end))
                for index, leaf in enumerate(ours, first):
                    theirs = next(stored, None)
                    same = theirs and theirs.index == index and tree.leaf_hash(theirs.data) == leaf
                    if not same:
                        raise BrokenHistoryError("differs_from_copy", index=index) from error


def _checked(stored: StoredEntry) -> SignedEntry | BrokenHistoryError:
    """The entry with its signatures checked, or what is wrong with it: to be raised in its turn."""
    try:
        return history.check_entry(stored.data)
    except RegistryError as error:
        return BrokenHistoryError(error.code, **{**error.facts, "index": stored.index})


@dataclass(frozen=True, slots=True)
class _Act:
    """An intent that was recorded, and its commitments by field."""

    asked: Intent
    committed: Mapping[str, bytes]

    @classmethod
    def of(cls, placed: Placed) -> "_Act":
        asked = placed.entry.intent
        return cls(asked, dict(history.commitments(asked, placed.came_with())))


def _opened(row: StoredOpening, acts: Mapping[int, _Act]) -> Iterator[OpeningRow]:
    """The row to keep of an opening, if it opens a commitment of the entry that it names."""
    salt, field, value = row.salt, row.field, row.value
    if not (isinstance(row.entry, int) and row.entry in acts):
        return
    act = acts[row.entry]
    if not (isinstance(salt, bytes) and isinstance(field, str) and isinstance(value, bytes)):
        return
    try:
        shown = canonical.decode(value, bytes_max=INTENT_BYTES_MAX)
        opening = Opening(field=field, salt=salt, value=shown)
        history.check_openings(act.asked, [opening], act.committed)
    except RefusedError:
        return
    yield opening_row(row.entry, act.asked, opening)


def _claim(copy: Copy) -> _Claim:
    """What `copy` says of itself.

    Raises:
        RefusedError: `bad_note`, `bad_checkpoint`.
    """
    head = copy.head()
    note = head[2] if head else None
    if not isinstance(note, bytes):
        return _Claim(checkpoint=None, note=b"", count=copy.count())
    checkpoint = read_checkpoint(split_note(note)[0])
    return _Claim(checkpoint=checkpoint if checkpoint.size else None, note=note, count=copy.count())


def _claimed_id(copy: Copy) -> bytes:
    """The id of the log that `copy` holds, if its first entry is one."""
    with closing(_apart(copy.entries(0))) as stored:
        first = next(stored, None)
    if first is None:
        raise BrokenHistoryError("entry_missing", index=0)
    found = _checked(first)
    if isinstance(found, BrokenHistoryError):
        raise found
    return found.entry.intent.log


def _apart(rows: Iterator[_T]) -> Generator[_T]:
    """`rows`, with what their database raises told apart from what ours does; to be closed in the same thread."""
    try:
        yield from rows
    except RegistryError:
        raise
    except Exception as error:
        raise _CopyError(error) from error


def _counted(place: Place, start: int, seen: Seen | None) -> Restored:
    """What the entries from `start` on came to."""
    names = lost = 0
    # As a writer, who wrote them: of several hosts a replica that lags may answer first.
    with recorded(start), closing(Log(place, writes=True)) as log:
        with log.recorder.trouble(), log.recorder.reading() as cursor:
            moment = Moment(cursor)
            head, registry = moment.head(), moment.stream(LOG_ACCOUNT).state
        placed = islice(log.entries(start), head.size - start)
        while page := list(islice(placed, PAGE_ENTRIES)):
            wanted = {
                committed
                for item in page
                for _, committed in history.commitments(item.entry.intent, item.came_with())
            }
            found = log.openings.find(list(wanted))
            names, lost = names + len(found), lost + len(wanted) - len(found)
    key = VerifierKey(name=registry.origin, public=registry.log_key[1])
    return Restored(
        start=start,
        size=head.size,
        root=head.root,
        key=key,
        names=names,
        lost=lost,
        mark=seen.size if seen else None,
    )
