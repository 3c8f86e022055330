"""Where entries come to be: one after another, durable before anybody is told.

    lock the head -> catch up with other processes -> compare the mark -> judge one intent after another
    -> openings durable -> entries, tree, nonces, rows, head in one commit, durable -> openings of what failed dropped
    -> consistent with the mark -> mark durable -> head signed -> answers

A crash before the commit leaves nothing but openings that are dropped after the next one; a crash after it leaves
entries that nobody was told of, under a head that is signed at the next start, to the same bytes.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from registry import history
from registry.domain.roles import Registry
from registry.errors import (
    BrokenHistoryError,
    RefusedError,
    RegistryError,
    UnavailableError,
    require,
)
from registry.history import Addition, SignedIntent, Stream
from registry.ledger import tree
from registry.ledger.commitment import Opening
from registry.ledger.note import Checkpoint
from registry.ledger.tree import Frontier
from registry.store.clock import Clock
from registry.store.draft import Draft
from registry.store.log import LOG_ACCOUNT, Log, Moment
from registry.store.mark import Mark, Seen
from registry.store.observer import NOBODY, Observer
from registry.store.openings import Openings
from registry.store.recorder import Cursor, confirm
from registry.store.snapshots import Snapshots
from registry.store.streams import Streams

REQUESTS_MAX = 262_144
PAUSE_S = 0.05
PAUSE_S_MAX = 1.0
NOTHING_WRITTEN = frozenset({"locked_elsewhere", "clock_behind", "clock_stepped", "no_registry"})
"""Said of one try, these leave open what became of the one before it."""

Sign = Callable[[Checkpoint, Registry], bytes]
"""Makes the signed note of a checkpoint of the log that is in this state; the same bytes for the same checkpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An intent whose signatures hold, and the openings of its commitments."""

    signed: SignedIntent
    openings: tuple[Opening, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What is acknowledged: the entry, and the signed checkpoint that covers it."""

    index: int
    leaf: bytes
    checkpoint: bytes


@contextmanager
def recorded(size: int) -> Iterator[None]:
    """What was recorded stays: what says that nothing was is said otherwise.

    Raises:
        UnavailableError: `not_signed` in place of one of NOTHING_WRITTEN.
    """
    try:
        yield
    except UnavailableError as error:
        if error.code not in NOTHING_WRITTEN:
            raise
        raise UnavailableError("not_signed", size=size, why=error.code) from error


def _check_openings(request: Request) -> None:
    """Return if the openings open commitments of this very intent, each once.

    Raises:
        RefusedError: `wrong_opening`.
    """
    fields = [opening.field for opening in request.openings]
    require(len(set(fields)) == len(fields), "wrong_opening", why="one_twice")
    signed = request.signed
    committed = dict(history.commitments(signed.intent, signed.rows))
    history.check_openings(signed.intent, request.openings, committed)


class Committer:
    """Records intents in a log. One group at a time: threads and processes exclude each other by the mark's lock and
    the head's.

    Durable: what `commit` returns a receipt for. Ordered: in the order of the requests. Trusted: its own tables, as far
    as they agree with the mark.
    """

    def __init__(
        self,
        log: Log,
        *,
        origin: str,
        mark: Mark,
        openings: Openings,
        snapshots: Snapshots,
        sign: Sign,
        observer: Observer = NOBODY,
    ) -> None:
        self._log = log
        self._origin = origin
        self._mark = mark
        self._openings = openings
        self._snapshots = snapshots
        self._sign = sign
        self.observer = observer
        self._away = False
        self._frontier = Frontier()
        self._at_us = 0
        self._id: bytes | None = None
        self._streams = Streams(snapshots)
        self._due: dict[str, tuple[int, Stream]] = {}
        self.clock = Clock()

    def start(self) -> None:
        """Make good what a crash may have left: openings settled, the head signed.

        Raises:
            BrokenHistoryError: `no_mark`, `behind_mark`, `differs_from_mark`, `derived.tree`, `database_unreadable`.
            UnavailableError: `storage_failed`, `database_moved`.
        """
        with self._log.recorder.trouble(), self._mark.locked():
            with self._log.recorder.writing() as cursor:
                moment = self._caught_up(cursor)
                seen = self._check_mark(cursor, moment)
                registry: Registry = self._streams.stream(LOG_ACCOUNT, moment).state
            self._settle(seen.size)
            self._acknowledge(seen, registry, {})
        self.observer.started(self._frontier.size)

    def commit(
        self, requests: Sequence[Request], *, whole: bool = False
    ) -> list[Receipt | RefusedError]:
        """Record `requests`, in order; for each its receipt, or why it was refused.

        A refused request leaves no trace, and does not touch its neighbours, unless they are to be recorded as a
        `whole` or not at all. The same intent again gets the receipt of the first time.

        Raises:
            RefusedError: `too_many` requests; or one of a `whole` is refused; nothing was recorded.
            UnavailableError: `clock_behind`, `clock_stepped`: nothing was recorded. `storage_failed`, `database_moved`,
                `server_unavailable`: nothing was acknowledged; asked again, the same requests have one effect.
            BrokenHistoryError: the tables or the mark are not what they must be; nothing was acknowledged.
        """
        require(
            len(requests) <= REQUESTS_MAX, "too_many", requests=len(requests), most=REQUESTS_MAX
        )
        until_s, pause_s = math.inf, PAUSE_S
        broke_off: RegistryError | None = None
        while True:
            try:
                answers = self._commit(requests, whole=whole)
            except RegistryError as error:
                self._tell(error)
                # The server broke off. Whether it had committed is not guessed: head and nonces, read again, tell.
                if error.code == "server_unavailable":
                    if broke_off is None:
                        # From now on: that a machine went away without a word is noticed late.
                        until_s = time.monotonic() + self._log.recorder.patience_s
                    broke_off = error
                elif broke_off is None or error.code not in NOTHING_WRITTEN:
                    raise
                if time.monotonic() >= until_s:
                    if error is broke_off:
                        raise
                    # Who cannot look now does not know what became of the try that broke off.
                    raise broke_off from error
            else:
                self._tell(None)
                return answers
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_S_MAX)

    def _commit(self, requests: Sequence[Request], *, whole: bool) -> list[Receipt | RefusedError]:
        began_s = time.monotonic()
        with self._log.recorder.trouble(), self._mark.locked():
            with self._log.recorder.writing() as cursor:
                moment = self._caught_up(cursor)
                seen = self._check_mark(cursor, moment)
                known = self._known_nodes()
                draft, answers = self._judge(moment, requests)
                refused = [answer for answer in answers if isinstance(answer, RefusedError)]
                if whole and refused:
                    raise refused[0]
                registry: Registry = draft.stream(LOG_ACCOUNT).state
                if draft.additions:
                    self._record(cursor, draft)
            self._keep(draft)
            with recorded(draft.size):
                if draft.additions:
                    self._settle(seen.size)
                known.update({(level, number): node for level, number, node in draft.nodes})
                note = self._acknowledge(seen, registry, known)
        self.observer.committed(
            draft.additions,
            size=draft.size,
            requests=len(requests),
            seconds=time.monotonic() - began_s,
        )
        if refused:
            self.observer.refused([refusal.code for refusal in refused])
        return [
            answer
            if isinstance(answer, RefusedError)
            else Receipt(index=answer[0], leaf=answer[1], checkpoint=note)
            for answer in answers
        ]

    def state(self, name: str) -> Any:
        """What the stream `name` has come to now; one that is long is read from its snapshot on."""
        with self._log.recorder.trouble(), self._log.recorder.reading() as cursor:
            return Streams(self._snapshots).stream(name, Moment(cursor)).state

    def rehearse(self, requests: Sequence[Request]) -> list[Addition]:
        """The entries that `requests` would make now as a whole; nothing is recorded, locked or remembered.

        Raises:
            RefusedError: one of them would be refused.
        """
        with self._log.recorder.trouble(), self._log.recorder.reading() as cursor:
            moment = Moment(cursor)
            size = moment.head().size
            (frontier,) = moment.frontiers(size)
            at_us = moment.placed(size - 1).entry.at_us if size else 0
            # Streams of its own: those at hand are as of the last commit of this process, not of this moment.
            streams = Streams(self._snapshots)
            draft = Draft(moment, streams, frontier, moment.log_id(), at_us)
            for answer in self._judged(draft, requests):
                if isinstance(answer, RefusedError):
                    raise answer
        return draft.additions

    def begin(self, request: Request) -> Receipt:
        """Record the first entry, which makes the mark.

        Raises:
            RefusedError: it is no beginning, or the log has begun.
        """
        began_s = time.monotonic()
        with self._log.recorder.writing() as cursor:
            draft, (answer,) = self._judge(self._caught_up(cursor), [request])
            if isinstance(answer, RefusedError):
                raise answer
            registry: Registry = draft.stream(LOG_ACCOUNT).state
            self._record(cursor, draft)
        with self._mark.locked():
            seen = Seen(size=draft.size, root=draft.frontier.root())
            self._mark.write(seen)
            self._keep(draft)
            note = self._acknowledge(seen, registry, {})
        seconds = time.monotonic() - began_s
        self.observer.committed(draft.additions, size=draft.size, requests=1, seconds=seconds)
        return Receipt(index=answer[0], leaf=answer[1], checkpoint=note)

    def _tell(self, error: RegistryError | None) -> None:
        """Tell the observer how an attempt ended."""
        away = error is not None and error.code == "server_unavailable"
        if error is not None and away and not self._away:
            self.observer.lost(error.code)
        if self._away and not away:
            self.observer.back()
        if isinstance(error, RefusedError):
            self.observer.refused([error.code])
        elif error is not None:
            self.observer.failed(error.code)
        self._away = away

    def put_aside(self) -> None:
        """Write the snapshots that are due; for when nobody waits."""
        due, self._due = self._due, {}
        for name, (index, stream) in due.items():
            self._snapshots.save(name, index, stream)

    def _caught_up(self, cursor: Cursor) -> Moment:
        """The log now; what other processes wrote since is known to be missing in the caches."""
        moment = Moment(cursor)
        head = moment.head()
        known = self._frontier
        if (head.size, head.root) == (known.size, known.root()):
            return moment
        grown = head.size >= known.size
        frontier, then = moment.frontiers(head.size, known.size if grown else 0)
        if frontier.root() != head.root:
            raise BrokenHistoryError("derived.tree", size=head.size)
        at_us = moment.placed(head.size - 1).entry.at_us if head.size else 0
        if grown and known.size and then.root() == known.root():
            self._streams.others_wrote(moment.touched_since(known.size))
            log = self._id
        else:
            # Another past: the database was restored under this process, and may have grown again.
            self._streams.forget()
            self._due.clear()
            log = moment.log_id()
        # Last, and together: whoever fails before is not taken for one who has caught up.
        self._frontier, self._at_us, self._id = frontier, at_us, log
        return moment

    def _check_mark(self, cursor: Cursor, moment: Moment) -> Seen:
        """The mark, once the log is the one that was seen, and not shorter."""
        seen = self._mark.read()
        size = self._frontier.size
        same = size == seen.size
        self._mark.check(
            seen,
            size,
            lambda at: self._frontier.root() if same else moment.frontiers(at)[0].root(),
        )
        if not same:
            confirm(cursor)
        return seen

    def _known_nodes(self) -> dict[tuple[int, int], bytes]:
        """The complete subtrees at the right edge of the tree, by level and number."""
        frontier = self._frontier
        places = tree.subtrees(0, frontier.size)
        return dict(zip(places, frontier.peaks, strict=True))

    def _judge(
        self, moment: Moment, requests: Sequence[Request]
    ) -> tuple[Draft, list[tuple[int, bytes] | RefusedError]]:
        draft = Draft(moment, self._streams, self._frontier.copy(), self._id, self._at_us)
        return draft, self._judged(draft, requests)

    def _judged(
        self, draft: Draft, requests: Sequence[Request]
    ) -> list[tuple[int, bytes] | RefusedError]:
        """What becomes of `requests`, one after the other; `draft` grows by those that the rules allow."""
        at_us = self.clock.time_after(draft.at_us)
        draft.remember([request.signed.intent for request in requests])
        answers: list[tuple[int, bytes] | RefusedError] = []
        for request in requests:
            signed = request.signed
            made = draft.made_by(signed.intent.author, signed.intent.nonce)
            if made is not None and made.intent_bytes == signed.data:
                answers.append((made.index, made.leaf))
                continue
            try:
                if request.openings:
                    _check_openings(request)
                addition = history.append(draft, signed, at_us=at_us)
            except RefusedError as refusal:
                answers.append(refusal)
                continue
            draft.take(addition, request.openings)
            answers.append((addition.index, addition.leaf))
        return answers

    def _record(self, cursor: Cursor, draft: Draft) -> None:
        """Openings first: an entry whose names were lost could never be read, while orphans are dropped."""
        self._openings.add(cursor, draft.openings)
        root = draft.frontier.root()
        self._log.recorder.record(cursor, draft.additions, draft.nodes, draft.size, root)

    def _acknowledge(
        self, seen: Seen, registry: Registry, known: Mapping[tuple[int, int], bytes]
    ) -> bytes:
        """Advance the mark over what is durable now, and sign it. What `known` nodes show need not be read.

        A crash here leaves the commit whole: the openings, the mark and the signature are made good at the next start,
        or by whoever commits next.

        Raises:
            UnavailableError: `not_signed`: what was recorded stays, and is acknowledged when it can be signed.
        """
        now = Seen(size=self._frontier.size, root=self._frontier.root())
        try:
            if seen != now or self._mark.is_in_doubt:
                path = self._consistency(seen.size, now.size, known)
                tree.check_consistency(seen.size, seen.root, now.size, now.root, path)
                self._mark.write(now)
            checkpoint = Checkpoint(origin=self._origin, size=now.size, root=now.root)
            note = self._sign(checkpoint, registry)
        except RefusedError as refusal:
            # Not the asker's to hear as a refusal: what they asked for is recorded.
            raise UnavailableError("not_signed", size=now.size, why=refusal.code) from refusal
        self._log.recorder.record_checkpoint(now.size, note)
        return note

    def _consistency(
        self, old_size: int, size: int, known: Mapping[tuple[int, int], bytes]
    ) -> list[bytes]:
        """The consistency path between two sizes of the log."""
        with suppress(KeyError):
            return tree.consistency_path(old_size, size, lambda *place: known[place])
        with self._log.recorder.reading() as cursor:
            return tree.consistency_path(old_size, size, Moment(cursor).node)

    def _settle(self, size: int) -> None:
        """Have no openings, of entries from `size` on, but those of entries that came to be."""
        self._openings.settle(size, self._log.entries_of)

    def _keep(self, draft: Draft) -> None:
        self._streams.keep(draft.lasting)
        self._frontier, self._at_us, self._id = draft.frontier, draft.at_us, draft.log
        for addition in draft.additions:
            for name in addition.streams:
                if self._snapshots.due(name, draft.streams[name]):
                    self._due[name] = (addition.index, draft.streams[name])
