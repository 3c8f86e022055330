"""Many at once: intents that wait share one commit, one checkpoint signature and the same flushes to the disk.

    submit, in the asker's thread: form and signatures checked  ->  a lane for each author, all of them bounded
    one thread of our own: take a group, from each lane by turns  ->  Committer.commit  ->  each asker's answer

A refused intent, or one on which the program itself fails, never drags its neighbours down.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from registry.errors import RegistryError, UnavailableError
from registry.history import check_intent
from registry.ledger.commitment import Opening
from registry.store.committer import Committer, Receipt, Request

WAITING_MAX = 8_192
LANE_SHARE = 8
"""One author may take the WAITING_MAX / LANE_SHARE part of all places, and no more."""
GROUP_MAX = 1_024
LINGER_S = 0.001
"""So long a group waits for as many as the last one had: their askers are just reading their answers."""

Waiting = tuple[Request, "Future[Receipt]"]


class Sequencer:
    """Takes intents from any number of threads, and answers each when it is durable.

    Ordered: those of one author in the order in which they were submitted. Fair: by turns between authors. Bounded.
    """

    def __init__(self, committer: Committer, *, waiting_max: int = WAITING_MAX) -> None:
        self._committer = committer
        self._waiting_max = waiting_max
        self._lane_max = max(1, waiting_max // LANE_SHARE)
        self._lanes: OrderedDict[str, deque[Waiting]] = OrderedDict()
        self._waiting = 0
        self._served = 0
        self._closing = False
        self._changed = threading.Condition()
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
        self, data: bytes, signatures: Sequence[bytes], openings: Sequence[Opening] = ()
    ) -> "Future[Receipt]":
        """What will be the receipt of the intent `data`; its exception is why there is none.

        Checks form and signatures here, in the asker's thread, which lets the others go on meanwhile.

        Args:
            data: the canonical bytes of an intent.
            signatures: of author and cosigners over it, 64 bytes each, in order of key id.
            openings: of its commitments.

        Raises:
            RefusedError: form or signatures do not hold: what `history.check_intent` says.
            UnavailableError: `busy`: too many wait; `closing`.
        """
        signed = check_intent(data, signatures)
        return self.enqueue(Request(signed=signed, openings=tuple(openings)))

    def enqueue(self, request: Request) -> "Future[Receipt]":
        """What will be the receipt of `request`, whose signatures were checked.

        Raises:
            UnavailableError: `busy`, `closing`.
        """
        answer: Future[Receipt] = Future()
        author = request.signed.intent.author
        with self._changed:
            if self._closing:
                raise UnavailableError("closing")
            lane = self._lanes.get(author)
            in_lane = len(lane) if lane is not None else 0
            if self._waiting >= self._waiting_max or in_lane >= self._lane_max:
                raise UnavailableError(
                    "busy", waiting=self._waiting, own=in_lane, most=self._waiting_max
                )
            if lane is None:
                lane = self._lanes[author] = deque()
            lane.append((request, answer))
            self._waiting += 1
            if self._waiting in (1, self._served):
                self._changed.notify()
        return answer

    def close(self) -> None:
        """Answer whatever waits, and take no more."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _serve(self) -> None:
        while group := self._taken():
            self._commit(group)
            self._committer.put_aside()

    def _taken(self) -> list[Waiting]:
        """The next group; empty when all is answered and nobody may come any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            if self._waiting < self._served and not self._closing:
                self._changed.wait_for(
                    lambda: self._waiting >= self._served or self._closing, LINGER_S
                )
            group: list[Waiting] = []
            while self._lanes and len(group) < GROUP_MAX:
                author, lane = self._lanes.popitem(last=False)
                group.append(lane.popleft())
                if lane:
                    self._lanes[author] = lane
            self._waiting -= len(group)
            self._served = len(group)
            return group

    def _commit(self, group: Sequence[Waiting]) -> None:
        try:
            answers: Sequence[Receipt | Exception] = self._committer.commit(
                [request for request, _ in group]
            )
        except RegistryError as error:
            answers = [error] * len(group)
        except Exception as error:  # noqa: BLE001  # ours to find; the others' acts are not to suffer
            if len(group) > 1:
                for one in group:
                    self._commit([one])
                return
            answers = [error]
        for (_, waiting), answer in zip(group, answers, strict=True):
            if isinstance(answer, Exception):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)
