"""The audit: every entry of a database read again, every signature, rule, chain and table, against a pinned key.

    an entry that does not follow          named with its code
    an entry that is not the one recorded  `entry_altered`, where the stored leaf still says what it was
    a cache that differs from the log      `derived.` tree, rows, nonces, detached, head, openings, views; they alone

The log is read once, in order; signatures are checked in processes beside it (`signed`).
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from registry import history
from registry.domain.account import Account
from registry.domain.batch import NATIVE, Batch
from registry.domain.certificate import Certificate
from registry.domain.roles import Registry
from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, StaleError, require
from registry.ledger import canonical, tree
from registry.ledger import entry as entries
from registry.ledger.commitment import Opening
from registry.ledger.intent import INTENT_BYTES_MAX, Intent
from registry.ledger.keys import SUITE
from registry.ledger.note import (
    Checkpoint,
    VerifierKey,
    open_checkpoint,
    read_checkpoint,
    split_note,
)
from registry.ledger.rows import Along
from registry.place import Place
from registry.verifier import database, run, views
from registry.verifier.interim import NOT_KEEPING, Keeping
from registry.verifier.replay import Replay
from registry.verifier.run import Progress
from registry.verifier.stored import (
    Database,
    StoredOpening,
    UnreadableError,
)
from registry.verifier.tables import Tables
from registry.verifier.trust import Memory

OPENINGS_PER_PAGE = 256
SETTLING_TRIES = 10
SETTLING_S = 0.05
PENDING_ENTRIES_MAX = 262_144
"""So many entries may be about to be written: their openings are stored before them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """A log that was replayed from its first entry to its last: everything in it follows from the rules.

    `issued_g` counts native batches and deposits, which are roots both; it equals the four sums below it.
    """

    origin: str
    entries: int
    root: bytes
    at_us: int
    issued_g: int
    native_g: int
    deposited_g: int
    held_g: int
    locked_g: int
    retired_g: int
    cancelled_g: int
    certificates: int
    awaiting: int
    """Certificates that wait for a home cancellation."""
    recovered: int
    """Accounts for which keys speak that came by recovery."""
    openings: int
    note: bytes
    """The signed checkpoint, to be remembered; empty where there is none."""
    signer: VerifierKey | None
    """The key of the log that signs so many entries; None where there are none."""


def audit(
    place: Place,
    key: VerifierKey | None,
    *,
    progress: Progress = lambda _done, _all: None,
    keeping: Keeping = NOT_KEEPING,
) -> Audited:
    """What the log in the database at `place` comes to, once every part of it holds.

    Args:
        place: a registry's directory, its database file, or its server.
        key: the log's key, pinned by whoever asks.
        progress: called from time to time.
        keeping: where it is kept how far the audit got, and whether to go on from there.

    Raises:
        RefusedError: `no_registry`, `bad_address`.
        BrokenHistoryError: the first thing that does not hold; facts: `stream`, `position`, `index`, where known.
        UnavailableError: `server_unavailable`, `checker_died`.
        IncompleteError: `no_pinned_key`, `unsigned_tail`; the fact `audited` holds what was found. `rows_missing`: an
            entry cannot be judged, nor what comes after it.
        StaleError: `shorter_than_seen`: it holds, but this user saw more of it; the fact `audited` as above.
    """
    with _settled(place) as source:
        try:
            replay, found = run.replayed(source, keeping, progress)
        except BrokenHistoryError as broken:
            raise _blame(source, broken) from broken
        found.check_ends(replay)
        checkpoint, note = _check_head(source, replay, found, key)
        opened = _check_openings(source, replay, found)
        if found.first is None:
            found.first = views.difference(source, replay)
    seen = None if key is None else _check_memory(replay, key)
    if found.first is not None:
        raise found.first
    audited = _summary(replay, opened, note)
    progress(audited.entries, audited.entries)
    _check_policy(audited, checkpoint, key, seen)
    return audited


def origin_of(place: Place) -> str | None:
    """The name of the log in the database at `place`, before anything is checked; None where it cannot be told.

    Raises:
        RefusedError: `no_registry`, `bad_address`.
        BrokenHistoryError: `database_unreadable`.
        UnavailableError: `server_unavailable`.
    """
    with database.reading(place) as source:
        claimed = _claimed(source)
    return claimed.origin if claimed else None


def signed_size(place: Place) -> int:
    """How many entries the stored checkpoint covers, before anything is checked; 0 without one."""
    with database.reading(place) as source:
        claimed = _claimed(source)
    return claimed.size if claimed else 0


@contextmanager
def _settled(place: Place) -> Iterator[Database]:
    """The database at a moment when its head is signed; if a writer was stopped before that, as it is."""
    for _ in range(SETTLING_TRIES):
        with database.reading(place) as source:
            claimed = _claimed(source)
            if not source.has_writer or (claimed and claimed.size == source.count()):
                yield source
                return
        time.sleep(SETTLING_S)
    with database.reading(place) as source:
        yield source


def _claimed(source: Database) -> Checkpoint | None:
    """The checkpoint that is stored, before its signature is checked; None where there is none in form."""
    head = source.head()
    try:
        text, _ = split_note(head[2] if head and isinstance(head[2], bytes) else b"")
        return read_checkpoint(text)
    except RefusedError:
        return None


def _check_head(
    source: Database, replay: Replay, found: Tables, key: VerifierKey | None
) -> tuple[Checkpoint | None, bytes]:
    """The stored head is the log's; the checkpoint in it, once its signature holds (if there is a key)."""
    head = source.head()
    size, root, note = head or (None, None, None)
    agrees = (size, root) == (replay.size, replay.frontier.root())
    if note is None:
        if not agrees:
            found.note("derived.head")
        return None, b""
    try:
        require(isinstance(note, bytes), "bad_note", why="octets_expected")
        assert isinstance(note, bytes)
        text, _ = split_note(note)
        checkpoint = read_checkpoint(text)
        if key is not None:
            _check_signature(note, checkpoint.size, key, replay)
    except RefusedError as refusal:
        raise BrokenHistoryError(refusal.code, **refusal.facts) from refusal
    _check_root(source, replay, checkpoint)
    _check_key(replay, key)
    if not agrees:
        found.note("derived.head")
    return checkpoint, note


def _check_signature(note: bytes, size: int, key: VerifierKey, replay: Replay) -> None:
    """The checkpoint of `size` entries is signed by the log's key at that size; by `key`, if the log never had that."""
    registry: Registry = replay.stream("registry").state
    known = registry.was_log_key((SUITE, key.public))
    public = registry.log_key_at(size)[1] if known else key.public
    open_checkpoint(note, VerifierKey(name=key.name, public=public))


def _check_key(replay: Replay, key: VerifierKey | None) -> None:
    """The key that was pinned is one that the log ever had."""
    registry: Registry = replay.stream("registry").state
    if key is not None and not registry.was_log_key((SUITE, key.public)):
        raise BrokenHistoryError("wrong_log", why="key_never_pinned", index=0)


def _check_root(source: Database, replay: Replay, checkpoint: Checkpoint) -> None:
    """The checkpoint is of this log: its name, and its root at its size.

    Raises:
        BrokenHistoryError: `entries_missing` if it counts more; `root_mismatch`, or the entry that was altered.
    """
    registry: Registry = replay.stream("registry").state
    if checkpoint.size > replay.size:
        raise BrokenHistoryError("entries_missing", index=replay.size, signed=checkpoint.size)
    if checkpoint.origin != registry.origin:
        raise BrokenHistoryError("wrong_origin", origin=checkpoint.origin, expected=registry.origin)
    if replay.root_at(checkpoint.size) != checkpoint.root:
        raise _blame(source, BrokenHistoryError("root_mismatch", size=checkpoint.size))


def _blame(source: Database, broken: BrokenHistoryError) -> BrokenHistoryError:
    """The entry that is not what the stored tree says it was, if there is one no later than the first that broke.

    An entry that was changed is often still well-formed, and only its successor does not fit: name the changed one. The
    stored leaves are believed only if they come to the root in the signed checkpoint: else they may be forged, too.
    """
    leaves = _signed_leaves(source)
    last = broken.facts.get("index")
    for stored in source.entries():
        if stored.index not in range(len(leaves)):
            continue
        if isinstance(last, int) and stored.index > last:
            break
        first = stored.rows[0]
        if first.part != 0 or not isinstance(first.state, bytes):
            return BrokenHistoryError("entry_missing", index=stored.index)
        if leaves[stored.index] != tree.leaf_hash(first.state):
            return BrokenHistoryError(
                "entry_altered",
                stream=first.stream,
                position=first.position,
                index=stored.index,
                found=broken.code,
            )
    return broken


def _signed_leaves(source: Database) -> list[bytes]:
    """The stored leaf hashes under the stored checkpoint, if they come to its root; else none."""
    checkpoint = _claimed(source)
    if checkpoint is None:
        return []
    leaves: list[bytes] = []
    for number, leaf in source.nodes():
        if len(leaves) == checkpoint.size:
            break
        if number == tree.stored_number(0, len(leaves)) and isinstance(leaf, bytes):
            leaves.append(leaf)
    same = len(leaves) == checkpoint.size and tree.root_of(leaves) == checkpoint.root
    return leaves if same else []


@dataclass(frozen=True, slots=True)
class _Act:
    """An intent that was followed, and its commitments by field."""

    asked: Intent
    committed: Mapping[str, bytes]


def _check_openings(source: Database, replay: Replay, found: Tables) -> int:
    """Every opening that is kept opens what it says it does. What was erased is no finding."""
    count = 0
    # Of one entry at a time: what thousands share is read once, and what came with it is not kept.
    known: tuple[int, _Act] | None = None
    stored = source.openings()
    while chunk := list(islice(stored, OPENINGS_PER_PAGE)):
        acts = source.acts(
            {index for row in chunk if (index := _entry_of(row, replay)) is not None}
        )
        for row in chunk:
            if isinstance(row.entry, int) and 0 <= row.entry - replay.size < PENDING_ENTRIES_MAX:
                continue
            count += 1
            index = _entry_of(row, replay)
            if index is not None and (known is None or known[0] != index):
                known = index, _act(source, index, acts, replay)
            if index is None or known is None or not _opens(row, known[1]):
                found.note("derived.openings", field=row.field, entry=row.entry)
    return count


def _entry_of(row: StoredOpening, replay: Replay) -> int | None:
    """The index of the entry that a row of openings names, if there is one."""
    named = row.entry
    return named if isinstance(named, int) and 0 <= named < replay.size else None


def _opens(row: StoredOpening, act: _Act) -> bool:
    """Whether a row of openings is of the act that it names, and opens the commitment that stands there."""
    salt, text, value = row.salt, row.field, row.value
    if not (isinstance(salt, bytes) and isinstance(text, str) and isinstance(value, bytes)):
        return False
    asked = act.asked
    try:
        shown = canonical.decode(value, bytes_max=INTENT_BYTES_MAX)
        opening = Opening(field=text, salt=salt, value=shown)
        history.check_openings(asked, [opening], act.committed)
    except RefusedError:
        return False
    stored = (row.commitment, row.author, row.nonce)
    return stored == (act.committed[text], asked.author, asked.nonce)


def _act(source: Database, index: int, acts: Mapping[int, object], replay: Replay) -> _Act:
    """Entry `index`, read for the second time, with the rows that came with it.

    Raises:
        UnreadableError: it is another than the one that was followed. No database does so by itself.
    """
    asked = entries.decode(_followed_act(index, acts, replay)).intent
    counts = history.rows_wanted(asked)
    beside = Along(source.beside(index)).beside(index, counts) if counts else history.NO_ROWS
    try:
        return _Act(asked, dict(history.commitments(asked, beside)))
    except RefusedError as refusal:
        raise UnreadableError(f"the rows of entry {index} are others when read again") from refusal


def _followed_act(index: int, acts: Mapping[int, object], replay: Replay) -> bytes:
    """The bytes of entry `index`, read for the second time.

    Raises:
        UnreadableError: they are not those that were followed. No database does so by itself.
    """
    data = acts.get(index)
    if not isinstance(data, bytes) or tree.leaf_hash(data) != replay.leaf(index):
        raise UnreadableError(f"entry {index} is another one when it is read again")
    return data


def _check_memory(replay: Replay, key: VerifierKey) -> Checkpoint | None:
    """The highest checkpoint that this user remembers, once the log contains all of them, as far as it goes.

    Raises:
        BrokenHistoryError: `forked`.
    """
    registry: Registry = replay.stream("registry").state
    found: list[Checkpoint] = []
    for public in dict.fromkeys([*(known[1] for _, known in registry.log_keys), key.public]):
        memory = Memory(key=VerifierKey(name=key.name, public=public))
        seen = memory.read()
        if seen is None:
            continue
        if seen.size <= replay.size and replay.root_at(seen.size) != seen.root:
            raise BrokenHistoryError("forked", size=seen.size, evidence=str(memory.file))
        found.append(seen)
    return max(found, key=lambda seen: seen.size, default=None)


def _check_policy(
    audited: Audited,
    checkpoint: Checkpoint | None,
    key: VerifierKey | None,
    seen: Checkpoint | None,
) -> None:
    """Whether the findings may be believed: a pinned key, no less than was seen, and a signature over all of it."""
    if key is None:
        raise IncompleteError("no_pinned_key", origin=audited.origin, audited=audited)
    if seen is not None and seen.size > audited.entries:
        raise StaleError(
            "shorter_than_seen", entries=audited.entries, seen=seen.size, audited=audited
        )
    if checkpoint is None or checkpoint.size < audited.entries:
        signed = 0 if checkpoint is None else checkpoint.size
        raise IncompleteError(
            "unsigned_tail", signed=signed, entries=audited.entries, audited=audited
        )


def _summary(replay: Replay, openings: int, note: bytes) -> Audited:
    batches: list[Batch] = replay.states(Batch)
    certificates: list[Certificate] = replay.states(Certificate)
    accounts: list[Account] = replay.states(Account)
    registry: Registry = replay.stream("registry").state
    native_g = sum(batch.received_g for batch in batches if batch.origin == NATIVE)
    deposited_g = sum(batch.received_g for batch in batches if batch.origin != NATIVE)
    return Audited(
        origin=registry.origin,
        entries=replay.size,
        root=replay.frontier.root(),
        at_us=replay.at_us,
        issued_g=native_g + deposited_g,
        native_g=native_g,
        deposited_g=deposited_g,
        held_g=sum(batch.held_g for batch in batches),
        locked_g=sum(batch.locked_g for batch in batches),
        retired_g=sum(batch.retired_g for batch in batches),
        cancelled_g=sum(batch.cancelled_g for batch in batches),
        certificates=len(certificates),
        awaiting=sum(1 for found in certificates if found.home),
        recovered=sum(1 for found in accounts if found.is_recovered),
        openings=openings,
        note=note,
        signer=_signer(registry, replay.size),
    )


def _signer(registry: Registry, size: int) -> VerifierKey | None:
    if not registry.log_keys:
        return None
    return VerifierKey(name=registry.origin, public=registry.log_key_at(size)[1])
