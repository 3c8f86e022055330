"""The high-water mark: how far this log was ever seen, kept where no backup of the database reaches.

    <state>/carbon-registry/<log id, hex>         "<size> <root, hex>\\n"
    <state>/carbon-registry/<log id, hex>.lock    held while judging and signing
    <state>/carbon-registry/<log id, hex>.log     one line for each time somebody accepted a new mark

<state> is $XDG_STATE_HOME, by default ~/.local/state. Only the beginning of a log makes a mark by itself.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from registry.errors import BrokenHistoryError

_LINE = re.compile(r"(0|[1-9][0-9]{0,18}) ([0-9a-f]{64})\n", re.ASCII)


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

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the mark against other processes."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.file.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def read(self) -> Seen:
        """How far the log was seen.

        Raises:
            BrokenHistoryError: `no_mark`; `bad_mark` if the file does not say what a mark says.
        """
        try:
            text = self.file.read_bytes().decode("ascii")
        except FileNotFoundError as error:
            raise BrokenHistoryError("no_mark", file=str(self.file)) from error
        except UnicodeDecodeError as error:
            raise BrokenHistoryError("bad_mark", file=str(self.file)) from error
        found = _LINE.fullmatch(text)
        if found is None:
            raise BrokenHistoryError("bad_mark", file=str(self.file))
        return Seen(size=int(found[1]), root=bytes.fromhex(found[2]))

    def write(self, seen: Seen) -> None:
        """Make `seen` the mark, durably.

        A crash leaves the old mark or the new one, never a part of either.
        """
        beside = self.file.with_suffix(".new")
        with beside.open("w", encoding="ascii") as file:
            file.write(f"{seen.size} {seen.root.hex()}\n")
            file.flush()
            os.fsync(file.fileno())
        beside.rename(self.file)
        directory = os.open(self.file.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def accept(self, seen: Seen, at_us: int) -> None:
        """Make `seen` the mark because a person says so, and keep a record that they did."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.file.with_suffix(".log").open("a", encoding="ascii") as record:
            record.write(f"{at_us} accepted {seen.size} {seen.root.hex()}\n")
            record.flush()
            os.fsync(record.fileno())
        self.write(seen)
