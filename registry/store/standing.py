"""How a registry stands: one look at a place, as whoever would write there has to find it. Nothing is changed.

    head       it follows from the tree; the log's own key signed it; no writer who died left anything unsigned
    mark       the log is the one that was last seen here, and not shorter; a replica may be
    openings   they can be read
    keys       the passphrase opens them, the log's own among them
    clock      it is not behind the last entry
    writing    a server keeps what it commits, takes writes, and lets this role

It reads no entry but the first and the last: that every entry holds is an audit's to say.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry.domain.roles import Registry
from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, RegistryError
from registry.ledger.keys import SUITE
from registry.ledger.note import VerifierKey, open_checkpoint
from registry.place import Place
from registry.store.clock import Clock
from registry.store.keyring import Keyring
from registry.store.log import LOG_ACCOUNT, Head, Log, Moment
from registry.store.mark import Mark, Seen
from registry.store.operator import home_of, mark_of
from registry.store.recorder import About

SIGNING_TRIES = 10
SIGNING_S = 0.1
"""So often, and so long apart, the head is looked at until it is signed: a writer may just be doing that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was found. `findings` are what is the matter, the worst first; none if all is well."""

    place: str
    about: About
    key: VerifierKey
    """The log's public key now."""
    size: int
    root: bytes
    signed_size: int
    mark: Seen | None
    """None if it was not looked for, or cannot be read, which is a finding."""
    mark_age_s: float | None
    openings: bool
    """Whether names can be read; an auditor's role may not."""
    keys: bool | None
    """Whether private keys are ready; None if they were not looked for."""
    findings: tuple[RegistryError, ...]


def look(place: Place) -> Standing:
    """How the registry at `place` stands. Keys and mark are looked for where there is a directory of them.

    Raises:
        RefusedError: `no_registry`, `unknown_schema`, `not_permitted`.
        UnavailableError: what `Recorder.trouble` says.
        BrokenHistoryError: as above, or tables that no log was ever found in.
    """
    with closing(Log(place)) as log, log.recorder.trouble():
        return _Look(log).standing()


class _Look:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._findings: list[RegistryError] = []
        self._about = log.recorder.about()

    def standing(self) -> Standing:
        mark = self._mark()
        seen, age_s = None, None
        if mark is not None:
            # Before the head: a writer at work advances both, the head first.
            with self._noting():
                seen, age_s = mark.read(), mark.age_s()
        head, unsigned = self._head()
        registry = self._check_head(head, mark, seen)
        if self._is_at_home() and self._about.replica is None:
            with self._noting():
                self._log.recorder.check_writable()
        self._findings += unsigned
        openings = self._has_openings()
        return Standing(
            place=str(self._log.place),
            about=self._about,
            key=VerifierKey(name=registry.origin, public=registry.log_key[1]),
            size=head.size,
            root=head.root,
            signed_size=head.signed_size,
            mark=seen,
            mark_age_s=age_s,
            openings=openings,
            keys=self._has_keys(registry),
            findings=tuple(self._findings),
        )

    def _is_at_home(self) -> bool:
        """Whether there is a directory where keys and mark belong."""
        place = self._log.place
        return isinstance(place, Path) or place.state is not None

    def _mark(self) -> Mark | None:
        if not self._is_at_home():
            return None
        with self._log.recorder.reading() as cursor:
            return mark_of(self._log.place, Moment(cursor).log_id() or b"")

    def _head(self) -> tuple[Head, list[RegistryError]]:
        """The head once it is signed; as it is, and what that means, if nobody signs it.

        A replica may have stopped between an entry and its signature: whether that is missing its primary says.
        """
        first = head = self._now()
        for _ in range(SIGNING_TRIES):
            signed = head.signed_size == head.size or head.signed_size != first.signed_size
            if signed or self._about.replica is not None:
                return head, []
            time.sleep(SIGNING_S)
            head = self._now()
        return head, [IncompleteError("unsigned_tail", entries=head.size, signed=head.signed_size)]

    def _now(self) -> Head:
        with self._log.recorder.reading() as cursor:
            return Moment(cursor).head()

    def _check_head(self, head: Head, mark: Mark | None, seen: Seen | None) -> Registry:
        with self._log.recorder.reading() as cursor:
            moment = Moment(cursor)
            registry: Registry = moment.stream(LOG_ACCOUNT).state
            with self._noting():
                now, signed = moment.frontiers(head.size, head.signed_size)
                if now.root() != head.root:
                    raise BrokenHistoryError("derived.tree", size=head.size)
                self._check_checkpoint(head, registry, signed.root())
            if mark is not None and seen is not None:
                self._check_mark(mark, seen, head.size, moment)
            with self._noting():
                Clock().time_after(moment.placed(head.size - 1).entry.at_us)
        return registry

    def _check_checkpoint(self, head: Head, registry: Registry, root: bytes) -> None:
        if head.checkpoint is None:
            return
        public = registry.log_key_at(head.signed_size)[1]
        key = VerifierKey(name=registry.origin, public=public)
        if open_checkpoint(head.checkpoint, key).root != root:
            raise BrokenHistoryError("root_mismatch", size=head.signed_size)

    def _check_mark(self, mark: Mark, seen: Seen, size: int, moment: Moment) -> None:
        try:
            mark.check(seen, size, lambda at: moment.frontiers(at)[0].root())
        except RegistryError as error:
            # A replica may lag behind what was acknowledged; that it shows something else may not be.
            if error.code != "behind_mark" or self._about.replica is None:
                self._findings.insert(0, error)

    def _has_openings(self) -> bool:
        try:
            self._log.openings.rows()
        except RefusedError as refusal:
            if refusal.code != "not_permitted":
                self._findings.append(refusal)
            return False
        except RegistryError as error:
            self._findings.append(error)
            return False
        return True

    def _has_keys(self, registry: Registry) -> bool | None:
        if not self._is_at_home():
            return None
        with self._noting():
            Keyring(home_of(self._log.place)).unseal((SUITE, registry.log_key[1]))
            return True
        return False

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """What is the matter in the block is a finding, and no end of the look."""
        try:
            yield
        except RegistryError as error:
            self._findings.append(error)
