"""The high-water mark: how far this log was ever seen, kept where no backup of the database reaches.

    <state>/carbon-registry/<log id, hex>         two slots, at 0 and at 4096: "<turn> <size> <root, hex> <check>\\n"
    <state>/carbon-registry/<log id, hex>.lock    held while judging and signing
    <state>/carbon-registry/<log id, hex>.log     one line for each time somebody accepted a new mark

<state> is $XDG_STATE_HOME, by default ~/.local/state. Only the beginning of a log makes a mark by itself. Slots are
written by turns, so that a crash in the middle of one leaves the other; the sound one of the higher turn counts.
`check` is the first 8 bytes of SHA-256 over what stands before it.
"""

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from registry.errors import BrokenHistoryError, UnavailableError
from registry.store.folder import synchronise

SLOT_BYTES = 4_096
LOCK_PATIENCE_S = 30
LOCK_PAUSE_S = 0.000_5
_LINE = re.compile(
    rb"(?P<said>(0|[1-9][0-9]{0,18}) (0|[1-9][0-9]{0,18}) ([0-9a-f]{64}) )([0-9a-f]{16})\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A size, and the root that the log had there."""

    size: int
    root: bytes


def state_directory() -> Path:
    """Where marks are kept for this user."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "carbon-registry"


class Mark:
    """The mark of one log."""

    def __init__(self, log: bytes, directory: Path | None = None) -> None:
        self.file = (directory or state_directory()) / log.hex()
        self.is_in_doubt = False
        """Whether the last write failed: what is read then may be in memory only, and is to be written again."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the mark against other threads and processes.

        Raises:
            UnavailableError: `locked_elsewhere` if somebody held it for LOCK_PATIENCE_S.
        """
        lock = self._lock(self.file.with_suffix(".lock"))
        try:
            yield
        finally:
            # A child that was forked meanwhile has the same lock, and would hold it on.
            fcntl.flock(lock, fcntl.LOCK_UN)
            os.close(lock)

    def read(self) -> Seen:
        """How far the log was seen.

        Raises:
            BrokenHistoryError: `no_mark`; `bad_mark` if the file does not say what a mark says.
        """
        return self._read()[1]

    def check(self, seen: Seen, size: int, root_at: Callable[[int], bytes]) -> None:
        """Return if a log of `size` entries, whose root at a size `root_at` tells, is the one that was `seen`.

        Raises:
            BrokenHistoryError: `behind_mark` with the `first` and `last` entry that are missing; `differs_from_mark`.
        """
        said = {"size": size, "mark": seen.size, "file": str(self.file)}
        if size < seen.size:
            raise BrokenHistoryError("behind_mark", **said, first=size, last=seen.size - 1)
        if root_at(seen.size) != seen.root:
            raise BrokenHistoryError("differs_from_mark", **said)

    def age_s(self) -> float:
        """How long ago it was written last, by this machine's clock.

        Raises:
            BrokenHistoryError: `no_mark`.
        """
        try:
            return max(0.0, time.time() - self.file.stat().st_mtime)
        except FileNotFoundError as error:
            raise BrokenHistoryError("no_mark", file=str(self.file)) from error

    def write(self, seen: Seen) -> None:
        """Make `seen` the mark, durably; under the lock.

        A crash leaves the old mark or the new one, never a part of either.
        """
        self.is_in_doubt = True
        try:
            turn = self._read()[0] + 1
        except BrokenHistoryError:
            # None yet, or none that can be read and a person decided: a new file, in one step.
            self._begin(seen)
        else:
            file = os.open(self.file, os.O_WRONLY)
            try:
                os.pwrite(file, _slot(turn, seen), turn % 2 * SLOT_BYTES)
                os.fdatasync(file)
            finally:
                os.close(file)
        self.is_in_doubt = False

    def accept(self, seen: Seen, at_us: int) -> None:
        """Make `seen` the mark because a person says so, and keep a record that they did."""
        record = self._opened(self.file.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            os.write(record, f"{at_us} accepted {seen.size} {seen.root.hex()}\n".encode("ascii"))
            os.fsync(record)
        finally:
            os.close(record)
        self.write(seen)

    def _read(self) -> tuple[int, Seen]:
        """The turn at which the mark was written, and what it says."""
        try:
            file = os.open(self.file, os.O_RDONLY)
        except FileNotFoundError as error:
            raise BrokenHistoryError("no_mark", file=str(self.file)) from error
        try:
            data = os.read(file, 2 * SLOT_BYTES)
        finally:
            os.close(file)
        slots = [_read_slot(data[:SLOT_BYTES]), _read_slot(data[SLOT_BYTES:])]
        sound = [slot for slot in slots if slot is not None]
        if not sound:
            raise BrokenHistoryError("bad_mark", file=str(self.file))
        return max(sound, key=lambda slot: slot[0])

    def _begin(self, seen: Seen) -> None:
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self.file.with_suffix(".new")
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.pwrite(file, _slot(0, seen), 0)
            # Both slots are there from the beginning: later writes never change the file's length.
            os.ftruncate(file, 2 * SLOT_BYTES)
            os.fsync(file)
        finally:
            os.close(file)
        beside.rename(self.file)
        synchronise(self.file.parent)

    def _lock(self, file: Path) -> int:
        """The lock on `file`, held. Asked for again and again: the system's own waiting knows no end."""
        until_s = time.monotonic() + LOCK_PATIENCE_S
        while True:
            lock = self._opened(file, os.O_RDWR | os.O_CREAT)
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _stands(lock, file):
                    return lock
            os.close(lock)
            if time.monotonic() >= until_s:
                raise UnavailableError("locked_elsewhere", file=str(file))
            time.sleep(LOCK_PAUSE_S)

    def _opened(self, file: Path, flags: int) -> int:
        try:
            return os.open(file, flags, 0o600)
        except FileNotFoundError:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(file, flags, 0o600)


def _stands(opened: int, file: Path) -> bool:
    """Whether what is open is what stands under its name: a lock on a file that was removed keeps nobody out."""
    try:
        there = file.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(opened), there)


def _slot(turn: int, seen: Seen) -> bytes:
    said = f"{turn} {seen.size} {seen.root.hex()} ".encode("ascii")
    return said + _check(said) + b"\n"


def _read_slot(data: bytes) -> tuple[int, Seen] | None:
    """What a slot says, if it is sound: an empty one is not, nor one that a crash left half written."""
    found = _LINE.match(data)
    if found is None or found[5] != _check(found["said"]):
        return None
    return int(found[2]), Seen(size=int(found[3]), root=bytes.fromhex(found[4].decode("ascii")))


def _check(said: bytes) -> bytes:
    return sha256(said).hexdigest()[:16].encode("ascii")
