"""Processes that write a registry and end, one way or another: begun quickly, heard to the end, and judged afterwards.

A child tells what it asks for before it asks, and what it was answered as soon as it is. Whoever judges knows nothing
else of it but the files that it left.
"""

import os
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from registry.errors import RefusedError, RegistryError
from registry.ledger import tree
from registry.ledger.commitment import Opening, commitment
from registry.ledger.note import open_checkpoint
from registry.store.committer import Receipt, Request
from registry.store.log import Placed
from registry.store.operator import Operator
from registry.store.sequencer import Sequencer
from tests.books import Book, copied, live_at
from tests.store.faults import Disk, Fault, Operation

HEARD_S_MAX = 120

# Forked from a process that has imported everything, which takes a tenth of the time of a new one.
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__, "tests.store.children", "registry.store.postgres"])


class Teller:
    """How a child tells, from any of its threads."""

    def __init__(self, sending: Connection, disk: Disk) -> None:
        self._sending = sending
        self._lock = threading.Lock()
        self.disk = disk

    def tell(self, what: str, said: Any = None) -> None:
        with self._lock:
            self._sending.send((what, said))

    def asks(self, operator: Operator, requests: Sequence[Request]) -> None:
        """Have `requests` recorded in one commit, and tell."""
        self.tell("asked", requests)
        answers = answered(operator, requests)
        self.tell("told", list(zip(map(_data, requests), answers, strict=True)))

    def queues(self, queue: Sequencer, request: Request) -> None:
        """Have `request` recorded together with whatever waits, and tell."""
        self.tell("asked", [request])
        self.tell("told", [(_data(request), queued(queue, request))])


def answered(operator: Operator, requests: Sequence[Request]) -> list[Receipt | str]:
    """For each of `requests`, recorded in one commit, its receipt, or the code with which it was refused."""
    return [
        answer.code if isinstance(answer, RefusedError) else answer
        for answer in operator.committer.commit(requests)
    ]


def queued(queue: Sequencer, request: Request) -> Receipt | str:
    """The receipt of `request`, recorded in its turn, or the code with which it was not."""
    signed = request.signed
    try:
        return queue.submit(signed.data, signed.signatures, request.openings).result(HEARD_S_MAX)
    except RegistryError as error:
        return error.code


def _data(request: Request) -> bytes:
    return request.signed.data


@dataclass
class Lived:
    """What was heard of a life."""

    asked: list[Request] = field(default_factory=list)
    told: list[tuple[bytes, Receipt | str]] = field(default_factory=list)
    """What was answered to which intent."""
    operations: list[Operation] = field(default_factory=list)
    result: Any = None
    ended: bool = False
    """Whether it came to the end of its work."""

    def hear(self, what: str, said: Any) -> None:
        match what:
            case "asked":
                self.asked += said
            case "told":
                self.told += said
            case "done":
                self.result, self.operations = said
                self.ended = True
            case "failed":
                raise AssertionError(said)
            case "began" | "stopping":
                pass


class Life:
    """A child at work: `work(teller, *values)`."""

    def __init__(
        self, home: Path, work: Callable[..., Any], *values: Any, fault: Fault | None = None
    ) -> None:
        """Begin it, with its user's home at `home`; its disk ends it as `fault` says."""
        self._heard = Lived()
        self._receiving, sending = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(target=_live, args=(sending, home, fault, work, values))
        self._process.start()
        sending.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.join()
        self._receiving.close()

    def hear(self) -> str:
        """Wait for the next word; empty if it has no more to say."""
        if not self._receiving.poll(HEARD_S_MAX):
            raise TimeoutError
        try:
            what, said = self._receiving.recv()
        except (EOFError, OSError):  # it died, perhaps in the middle of a word
            return ""
        self._heard.hear(what, said)
        return str(what)

    @property
    def receipts(self) -> int:
        """How many it has told of."""
        return sum(isinstance(answer, Receipt) for _, answer in self._heard.told)

    def signal(self, what: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, what)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def lived(self) -> Lived:
        """All that was heard, once it has ended."""
        while self.hear():
            pass
        self._process.join(HEARD_S_MAX)
        expected = 0 if self._heard.ended else -signal.SIGKILL
        assert self._process.exitcode == expected
        return self._heard


def lived(home: Path, work: Callable[..., Any], *values: Any, fault: Fault | None = None) -> Lived:
    """What was heard of a life that ended by itself, or as `fault` says."""
    with Life(home, work, *values, fault=fault) as life:
        return life.lived()


def _live(
    sending: Connection, home: Path, fault: Fault | None, work: Callable[..., Any], values: Any
) -> None:
    os.environ["XDG_STATE_HOME"] = str(home / "state")
    os.environ["XDG_CONFIG_HOME"] = str(home / "config")
    os.environ.pop("CARBON_REGISTRY_PASSPHRASE_FILE", None)
    disk = Disk(Path(tempfile.mkdtemp(prefix="grave-", dir=home)), fault)
    disk.install()
    sys.unraisablehook = _stop
    teller = Teller(sending, disk)
    teller.tell("began")
    try:
        result = work(teller, *values)
    except BaseException:
        teller.tell("failed", traceback.format_exc())
        raise
    teller.tell("done", (result, disk.operations))


def _stop(caught: Any) -> None:
    """An error inside SQLite's call of ours, which would pass for success."""
    traceback.print_exception(caught.exc_value)
    os._exit(70)


class Bench:
    """Copies of a registry, one after another, each spoilt and judged."""

    def __init__(self, source: Book, base: Path, patch: pytest.MonkeyPatch) -> None:
        self._source = source
        self._base = base
        self._patch = patch

    def copy(self) -> Book:
        """A fresh copy; the one before is gone."""
        shutil.rmtree(self._base, ignore_errors=True)
        self._base.mkdir()
        live_at(self._base, self._patch)
        return copied(self._source, self._base)


@dataclass
class Survivor:
    """A registry whose writers died, and what must be true of it after each restart."""

    book: Book
    roots: dict[int, bytes] = field(default_factory=dict)
    """What was signed, over all lives: the root at each size."""

    def judge(self, *lives: Lived) -> None:
        """Restart, compare with what was heard of these lives, ask for everything again, and audit."""
        self._judge_mark(lives)
        self.judge_elsewhere(*lives)

    def judge_elsewhere(self, *lives: Lived) -> None:
        """The same of lives on other machines, which have marks of their own."""
        self._note_stored()
        with closing(Operator(self.book.place)) as operator:
            placed = list(operator.log.entries())
            self._judge_roots(placed)
            assert self._orphans(len(placed)) == []
            for life in lives:
                self._judge_life(operator, placed, life)
            assert self.book.audited().entries == len(placed)
            asked = {_data(one): one for life in lives for one in life.asked}
            self._ask_again(operator, placed, list(asked.values()))
        self._note_stored()
        self.book.audited()

    def _judge_mark(self, lives: Sequence[Lived]) -> None:
        """The mark is as far as anybody was shown, so that no older copy can be signed again."""
        seen = self.book.mark.read().size
        for _, answer in (told for life in lives for told in life.told):
            if isinstance(answer, Receipt):
                assert open_checkpoint(answer.checkpoint, self.book.key).size <= seen

    def _judge_life(self, operator: Operator, placed: Sequence[Placed], life: Lived) -> None:
        """What it was told is there; what it asked for is there whole, with its names, or not at all."""
        for data, answer in life.told:
            if isinstance(answer, Receipt):
                there = placed[answer.index]
                assert there.leaf == answer.leaf
                assert there.entry.intent_bytes == data
                self._note(answer.checkpoint)
        recorded = {one.entry.intent_bytes for one in placed}
        for request in life.asked:
            hidden = _hidden(request)
            found = operator.log.openings.find(list(hidden))
            assert found == (hidden if _data(request) in recorded else {})

    def _ask_again(
        self, operator: Operator, placed: Sequence[Placed], asked: Sequence[Request]
    ) -> None:
        """The same again gives the same answer, and has no second effect."""
        there = {one.entry.intent_bytes: (one.index, one.leaf) for one in placed}
        first = operator.committer.commit(asked)
        second = operator.committer.commit(asked)

        answers = [one for one in first if isinstance(one, Receipt)]
        assert [one for one in second if isinstance(one, Receipt)] == answers
        indexes = {_data(one): answer for one, answer in zip(asked, first, strict=True)}
        known = [(there[data], answer) for data, answer in indexes.items() if data in there]
        assert [(answer.index, answer.leaf) for _, answer in known] == [was for was, _ in known]
        assert len(list(operator.log.entries())) == len(placed) + len(answers) - len(known)

    def _orphans(self, size: int) -> list[Any]:
        """Names that are kept of acts that were never recorded."""
        wanted = "SELECT commitment FROM openings WHERE entry >= ?"
        return self.book.rows(wanted, size, file="openings.db")

    def _note(self, note: bytes) -> None:
        checkpoint = open_checkpoint(note, self.book.key)
        assert self.roots.setdefault(checkpoint.size, checkpoint.root) == checkpoint.root

    def _note_stored(self) -> None:
        for (note,) in self.book.rows("SELECT checkpoint FROM head"):
            self._note(note)

    def _judge_roots(self, placed: Sequence[Placed]) -> None:
        """Whatever was signed at any time is true of the log as it is."""
        frontier, roots = tree.Frontier(), {}
        for one in placed:
            frontier.append(one.leaf)
            roots[frontier.size] = frontier.root()
        assert {size: roots[size] for size in self.roots} == self.roots


def _hidden(request: Request) -> dict[bytes, Opening]:
    asked = request.signed.intent
    return {
        commitment(asked.log, asked.author, asked.nonce, opening): opening
        for opening in request.openings
    }
