"""What a directory needs so that what is made in it is there after a power cut, and made by one alone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.errors import RefusedError


def synchronise(path: Path) -> None:
    """Have what `path` names, a file or a directory, survive a power cut."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def move_up(folder: Path, last: str) -> None:
    """Have all files in `folder` stand in the directory that it is in, durably; the one named `last` after all others.

    A crash leaves a file in one place or the other. The folder is gone afterwards.
    """
    directory = folder.parent
    for file in sorted(folder.iterdir(), key=lambda file: file.name == last):
        synchronise(file)
        file.replace(directory / file.name)
    folder.rmdir()
    synchronise(directory)
    synchronise(directory.resolve().parent)


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Hold `directory` against everybody else who would begin in it; whoever dies lets go of it.

    Raises:
        RefusedError: `directory_in_use` if somebody holds it.
    """
    opened = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedError("directory_in_use", directory=str(directory)) from error
        yield
    finally:
        os.close(opened)
