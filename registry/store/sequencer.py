"""Many at once: intents that wait share one commit, one checkpoint signature and the same flushes to the disk.

    submit, in the asker's thread: form checked, a place in the lane of whoever asks; all lanes are bounded
    one thread of our own: take a group, from each lane by turns  ->  check its signatures, in threads
    ->  Committer.commit  ->  each asker's answer

A refused intent, or one on which the program itself fails, never drags its neighbours down.
"""

import os
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from registry import history
from registry.errors import RegistryError, UnavailableError, require
from registry.ledger import intent
from registry.ledger.commitment import Opening
from registry.ledger.intent import Intent
from registry.ledger.rows import Beside
from registry.store.committer import Committer, Receipt, Request

WAITING_MAX = 8_192
LANE_SHARE = 8
"""One source may take the WAITING_MAX / LANE_SHARE part of all places, and no more."""
GROUP_MAX = 1_024
CHECKERS = min(os.cpu_count() or 1, 4)
CHECKED_MIN = 8
"""So many signatures are worth handing to another thread."""
ROWS_BYTES_WAITING_MAX = 64 * 1024 * 1024
"""So much may wait in rows that come with intents: four times what one may bring."""
LINGER_S = 0.003
"""So long a group waits for as many as the last one had: their askers are just reading their answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An intent that was read, and where its answer goes."""

    asked: Intent
    data: bytes
    signatures: tuple[bytes, ...]
    openings: tuple[Opening, ...]
    rows: Beside
    answer: "Future[Receipt]"

    @property
    def rows_bytes(self) -> int:
        """How much its rows are."""
        return sum(len(row) for rows in self.rows.values() for row in rows)

    def checked(self) -> Request | Exception:
        """What is to be recorded, or why not: as a rule, which signature does not hold."""
        try:
            signed = history.check_read(self.asked, self.data, self.signatures, self.rows)
        except Exception as error:  # noqa: BLE001  # a refusal, or ours to find: theirs alone
            return error
        return Request(signed=signed, openings=self.openings)


class Sequencer:
    """Takes intents from any number of threads, and answers each when it is durable.

    Ordered: those of one source in the order in which they were submitted. Fair: by turns between sources. Bounded.
    """

    def __init__(
        self,
        committer: Committer,
        *,
        waiting_max: int = WAITING_MAX,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        """It serves from now on.

        Args:
            committer: records.
            waiting_max: so many may wait.
            answered: called in the sequencer's thread when a whole group has its answers; must not fail.
        """
        self._committer = committer
        self._answered = answered
        self._observer = committer.observer
        self._waiting_max = waiting_max
        self._lane_max = max(1, waiting_max // LANE_SHARE)
        self._lanes: OrderedDict[str, deque[Waiting]] = OrderedDict()
        self._waiting = 0
        self._rows_bytes = 0
        self._served = 0
        self._closing = False
        self._changed = threading.Condition()
        self._checkers = ThreadPoolExecutor(max(1, CHECKERS - 1), "checker")
        # A process that ends without closing leaves what a crash leaves: nothing half done.
        self._thread = threading.Thread(target=self._serve, name="sequencer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def submit(
        self,
        data: bytes,
        signatures: Sequence[bytes],
        openings: Sequence[Opening] = (),
        rows: Beside = history.NO_ROWS,
        *,
        source: str = "",
    ) -> "Future[Receipt]":
        """What will be the receipt of the intent `data`; its exception is why there is none.

        Until its turn comes it can be cancelled, and is not recorded then.

        Args:
            data: the canonical bytes of an intent.
            signatures: of author and cosigners over it, 64 bytes each, in order of key id.
            openings: of its commitments.
            rows: that stand beside it, by part and event.
            source: who asks, as far as the caller knows; without one, the author that the intent names, who need not be
                the one who asks: signatures are checked when its turn comes.

        Raises:
            RefusedError: what `intent.decode` says of the form; `too_long`.
            UnavailableError: `busy`: too many wait, in all or of this source; `closing`.
        """
        try:
            asked = intent.decode(data)
            waiting = Waiting(
                asked=asked,
                data=data,
                signatures=tuple(signatures),
                openings=tuple(openings),
                rows=rows,
                answer=Future(),
            )
            size = waiting.rows_bytes
            fits = size <= ROWS_BYTES_WAITING_MAX
            require(fits, "too_long", bytes=size, bytes_max=ROWS_BYTES_WAITING_MAX)
            self._enqueue(source or asked.author, waiting)
        except RegistryError as error:
            self._observer.refused([error.code])
            raise
        return waiting.answer

    @property
    def waiting(self) -> int:
        """How many intents wait for their turn."""
        return self._waiting

    def close(self) -> None:
        """Answer whatever waits, and take no more."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        self._checkers.shutdown()

    def _enqueue(self, source: str, waiting: Waiting) -> None:
        with self._changed:
            # A process that was forked off has this object, and not its thread.
            if self._closing or not self._thread.is_alive():
                raise UnavailableError("closing")
            own = len(self._lanes.get(source, ()))
            rows_bytes = self._rows_bytes + waiting.rows_bytes
            much = bool(waiting.rows) and rows_bytes > ROWS_BYTES_WAITING_MAX
            if self._waiting >= self._waiting_max or own >= self._lane_max or much:
                raise UnavailableError(
                    "busy", waiting=self._waiting, own=own, most=self._waiting_max
                )
            self._lanes.setdefault(source, deque()).append(waiting)
            self._waiting += 1
            self._rows_bytes = rows_bytes
            if self._waiting in (1, self._served):
                self._changed.notify()

    def _serve(self) -> None:
        while (group := self._taken()) is not None:
            try:
                self._commit(*self._checked(group))
                self._answered()
                self._committer.put_aside()
            except BaseException as error:  # noqa: BLE001  # an exit in a callback, too: nobody waits for ever
                for waiting in group:
                    if not waiting.answer.done():
                        waiting.answer.set_exception(error)
                self._answered()

    def _taken(self) -> list[Waiting] | None:
        """The next group, without those who no longer want an answer; None when nobody waits and nobody may come."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            if self._waiting < self._served and not self._closing:
                self._changed.wait_for(
                    lambda: self._waiting >= self._served or self._closing, LINGER_S
                )
            if not self._waiting:
                return None
            taken: list[Waiting] = []
            while self._lanes and len(taken) < GROUP_MAX:
                source, lane = self._lanes.popitem(last=False)
                taken.append(lane.popleft())
                if lane:
                    self._lanes[source] = lane
            self._waiting -= len(taken)
            self._rows_bytes -= sum(waiting.rows_bytes for waiting in taken)
            self._served = len(taken)
        return [waiting for waiting in taken if waiting.answer.set_running_or_notify_cancel()]

    def _checked(self, group: Sequence[Waiting]) -> tuple[list[Request], list["Future[Receipt]"]]:
        """The requests of a group whose signatures hold, and where their answers go; the others are answered."""
        share = -(-len(group) // CHECKERS) if len(group) >= CHECKED_MIN else len(group)
        shares = [group[first : first + share] for first in range(0, len(group), share)]
        # The library lets other threads go on while it checks; this one does its share.
        others = [self._checkers.submit(_check, one) for one in shares[1:]]
        found = [*_check(shares[0]), *(one for other in others for one in other.result())]
        requests, answers = [], []
        codes = [error.code for error in found if isinstance(error, RegistryError)]
        if codes:
            self._observer.refused(codes)
        for waiting, checked in zip(group, found, strict=True):
            if isinstance(checked, Exception):
                waiting.answer.set_exception(checked)
            else:
                requests.append(checked)
                answers.append(waiting.answer)
        return requests, answers

    def _commit(self, requests: Sequence[Request], waiting: Sequence["Future[Receipt]"]) -> None:
        if not requests:
            return
        try:
            answers: Sequence[Receipt | Exception] = self._committer.commit(requests)
        except RegistryError as error:
            answers = [error] * len(requests)
        except Exception as error:  # noqa: BLE001  # ours to find; the others' acts are not to suffer
            if len(requests) > 1:
                for request, answer in zip(requests, waiting, strict=True):
                    self._commit([request], [answer])
                return
            self._observer.failed("our_fault")
            answers = [error]
        for answer, said in zip(waiting, answers, strict=True):
            if isinstance(said, Exception):
                answer.set_exception(said)
            else:
                answer.set_result(said)


def _check(share: Sequence[Waiting]) -> list[Request | Exception]:
    return [waiting.checked() for waiting in share]
