"""Files that somebody names: read as far as they may be, and what the system says where they cannot."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.errors import UsageError


def readable(file: Path, bytes_max: int) -> bytes:
    """The bytes of `file`; of one that is longer than `bytes_max`, one byte more than that: enough to refuse it.

    Raises:
        UsageError: `no_file`, `storage_failed`.
    """
    if not file.is_file():
        raise UsageError("no_file", file=str(file))
    with at_hand(), file.open("rb") as opened:
        return opened.read(bytes_max + 1)


@contextmanager
def at_hand() -> Iterator[None]:
    """What the system will not let us read is no verdict on it.

    Raises:
        UsageError: `storage_failed`.
    """
    try:
        yield
    except OSError as error:
        said, file = error.strerror or str(error), str(error.filename or "")
        raise UsageError("storage_failed", said=said, file=file) from error
