"""What this user believes: the keys that were pinned, and the highest checkpoint seen of each.

    $XDG_CONFIG_HOME/carbon-registry/trust                   one vkey a line       (default ~/.config)
    $XDG_STATE_HOME/carbon-registry/seen/<fingerprint>       a signed checkpoint   (default ~/.local/state)

A remembered checkpoint is evidence: two of one size with different roots, both signed, prove fraud to anybody.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from registry.errors import BrokenHistoryError, RefusedError
from registry.ledger.note import Checkpoint, VerifierKey, open_checkpoint, read_vkey


def _directory(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / default) / "carbon-registry"


def pins_file() -> Path:
    """The file that holds what was pinned."""
    return _directory("XDG_CONFIG_HOME", ".config") / "trust"


def pinned() -> list[VerifierKey]:
    """The keys that were pinned, oldest first.

    Raises:
        RefusedError: `bad_vkey`, `bad_name`, `weak_key` if the file holds something else.
    """
    try:
        text = pins_file().read_text("utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise RefusedError("bad_vkey", why="utf8_expected", file=str(pins_file())) from error
    return [read_vkey(line) for line in text.splitlines() if line]


def pin(key: VerifierKey, *, replace: bool = False) -> None:
    """Believe `key` from now on.

    Raises:
        RefusedError: `other_key_pinned` if another key has its name, unless `replace`.
    """
    keys = [known for known in pinned() if known != key]
    others = [known for known in keys if known.name == key.name]
    if others and not replace:
        raise RefusedError("other_key_pinned", name=key.name, pinned=str(others[0]))
    keys = [known for known in keys if known.name != key.name] + [key]
    write(pins_file(), "".join(f"{known}\n" for known in keys).encode())


def pinned_for(origin: str) -> VerifierKey | None:
    """The key that was pinned for the log named `origin`."""
    return next((key for key in pinned() if key.name == origin), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The highest checkpoint of one key that this user ever saw."""

    key: VerifierKey

    @property
    def file(self) -> Path:
        """Where the signed checkpoint is kept."""
        return state_directory() / "seen" / self.key.fingerprint

    def read(self) -> Checkpoint | None:
        """The checkpoint remembered; None if there is none, or the file does not hold one that the key signed."""
        try:
            return open_checkpoint(self.file.read_bytes(), self.key)
        except (FileNotFoundError, RefusedError):
            return None

    def check(self, checkpoint: Checkpoint) -> None:
        """Return if `checkpoint` does not contradict what was seen at the same size.

        Raises:
            BrokenHistoryError: `forked`: the log has signed two histories; keep both files.
        """
        known = self.read()
        if known and known.size == checkpoint.size and known.root != checkpoint.root:
            raise BrokenHistoryError("forked", size=known.size, evidence=str(self.file))

    def remember(self, note: bytes) -> None:
        """Keep `note`, which `key` signed, if it is higher than what is kept."""
        known, new = self.read(), open_checkpoint(note, self.key)
        if known is None or known.size < new.size:
            write(self.file, note)


def state_directory() -> Path:
    """The directory of what this user's readings left behind."""
    return _directory("XDG_STATE_HOME", ".local/state")


def write(file: Path, data: bytes) -> None:
    """Replace `file`, which is this user's alone; a crash leaves the old content or the new."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.{os.getpid()}.new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:  # noqa: PTH123  # of a mode
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    beside.replace(file)
