"""A disk that fails when it is told to: what SQLite and Python do to files is counted, and stopped at any of it.

    SQLite   its default VFS is changed in place: every file that it opens has our write, truncate and sync
    Python   `os.fsync`, `os.rename` and the like, and `io.open`, through which pathlib writes

Installed for the rest of a process's life, so only children do it (`lives`). Stopped at operation n, a process

    dies    by SIGKILL, before the operation; what was written stays, as the system's cache outlives a process
    halves  writes half of it, then dies
    cuts    dies as in a power cut: each file is as of its last sync, each directory as of its last fsync
    tears   the same, but of what was not synchronised any 512-byte sectors, and the first few names, are there

or goes on with an error from there on, until the disk is healed. Dying after an operation is dying before the next.
Nothing is really synchronised: what a power cut takes is known without, and the machine keeps what a process wrote.
"""

# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH116, PTH118, PTH119, PTH120  # pathlib stands on what is changed here

import ctypes
import errno
import io
import os
import random
import shutil
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

SECTOR = 512

OK = 0
FULL = 13
WRITE_FAILED = 778
SYNC_FAILED = 1034
TRUNCATE_FAILED = 1546
DELETE_FAILED = 2570
JOURNAL_OR_WAL = 0x00000800 | 0x00004000 | 0x00080000

Way = Literal["dies", "halves", "cuts", "tears"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How a process ends: at operation number `at`, counted from 1; `seed` decides what a torn disk keeps."""

    at: int
    way: Way
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One change to a disk: what is done, and to the file of which name."""

    what: str
    name: str


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs`, as far as we change it."""

    _fields_: ClassVar = [
        ("version", ctypes.c_int),
        ("file_bytes", ctypes.c_int),
        ("path_bytes_max", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
        ("delete", ctypes.c_void_p),
    ]


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods`, version 3."""

    _fields_: ClassVar = [
        ("version", ctypes.c_int),
        *(
            (name, ctypes.c_void_p)
            for name in (
                *("close", "read", "write", "truncate", "sync", "size", "lock", "unlock"),
                *("is_reserved", "control", "sector", "traits"),
                *("shm_map", "shm_lock", "shm_barrier", "shm_unmap", "fetch", "unfetch"),
            )
        ),
    ]


_POINTER, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_OPEN = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER, _INT, _POINTER)
_DELETE = ctypes.CFUNCTYPE(_INT, _POINTER, ctypes.c_char_p, _INT)
_WRITE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, _LONG)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _POINTER, _LONG)
_SYNC = ctypes.CFUNCTYPE(_INT, _POINTER, _INT)


def sqlite_library() -> Any:
    """The very library that Python's sqlite3 uses.

    Raises:
        RuntimeError: it cannot be reached, and no fault can be injected.
    """
    import _sqlite3  # noqa: PLC0415  # built in where Python was linked statically

    file = getattr(_sqlite3, "__file__", None)
    try:
        library = ctypes.CDLL(file)
        library.sqlite3_vfs_find.restype = ctypes.c_void_p
        library.sqlite3_vfs_find.argtypes = [ctypes.c_char_p]
    except (OSError, AttributeError, TypeError) as error:
        raise RuntimeError(
            f"faults cannot be injected: the SQLite of this Python ({file}) does not show sqlite3_vfs_find"
        ) from error
    return library


class _Whole:
    """Python's own calls, as they were."""

    open = staticmethod(os.open)
    ftruncate = staticmethod(os.ftruncate)
    pwrite = staticmethod(os.pwrite)
    rename = staticmethod(os.rename)
    unlink = staticmethod(os.unlink)
    mkdir = staticmethod(os.mkdir)
    rmdir = staticmethod(os.rmdir)
    link = staticmethod(os.link)
    io_open = staticmethod(io.open)


class _Inode:
    """A file, whatever its name: what a power cut leaves of it.

    Its descriptor is never closed: to close one would drop the locks that SQLite holds on the file through another.
    """

    def __init__(self, path: str) -> None:
        self.descriptor = _Whole.open(path, os.O_RDWR)
        self.durable = self.present()

    def present(self) -> bytes:
        return os.pread(self.descriptor, os.fstat(self.descriptor).st_size, 0)

    def become(self, content: bytes) -> None:
        _Whole.ftruncate(self.descriptor, 0)
        _Whole.pwrite(self.descriptor, content, 0)

    def torn(self, chance: random.Random) -> bytes:
        """A mixture of what is durable and what is present, by sectors.

        Where the file grew a sector may be empty; one that was cut off is there as it was, or not at all.
        """
        before, after = self.durable, self.present()
        size = len(chance.choice([before, after]))
        sectors = []
        for place in range(0, size, SECTOR):
            versions = [before, after] if place < len(after) else [before]
            sector = chance.choice(versions)[place : place + SECTOR]
            sectors.append(sector.ljust(SECTOR, b"\0"))
        return b"".join(sectors)[:size]


@dataclass(frozen=True, slots=True)
class _Name:
    """A change to a directory that is not durable yet, and how it is undone."""

    directory: str
    undo: Callable[[], Any]


class Disk:
    """The disk of this process."""

    def __init__(self, grave: Path, fault: Fault | None = None) -> None:
        """A disk; `grave` is an empty directory on it, in which deleted files wait for a power cut."""
        self._grave = grave
        self._fault = fault
        self._error: int | None = None
        self._error_at = 0
        self._errors_max = 0
        self._failed = 0
        self._lock = threading.RLock()
        self._inodes: dict[tuple[int, int], _Inode] = {}
        self._names: list[_Name] = []
        self._buried = 0
        self._kept: list[Any] = []
        self._tables: dict[int, Any] = {}
        self._files: dict[int, tuple[_Inode, str, bool]] = {}
        self.operations: list[Operation] = []

    def install(self) -> None:
        """From now on this is the disk."""
        self._install_sqlite()
        self._install_python()

    def fail(self, error: int, *, after: int = 0, times: int = 2**62) -> None:
        """Have all operations but the next `after` fail with `error`, `times` times at most."""
        self._error, self._error_at = error, len(self.operations) + after
        self._errors_max, self._failed = times, 0

    def heal(self) -> int:
        """Have no operation fail any more; how many have failed since `fail`."""
        self._error = None
        return self._failed

    def end(self, fault: Fault) -> None:
        """End the process now, in the way of `fault`."""
        if fault.way in {"cuts", "tears"}:
            self._lose(random.Random(fault.seed) if fault.way == "tears" else None)
        os.kill(os.getpid(), signal.SIGKILL)
        signal.pause()

    def _begin(self, what: str, path: str) -> int:
        """Count an operation, or die of it; the error that it must fail with, or 0."""
        operation = Operation(what, os.path.basename(path))
        self.operations.append(operation)
        fault = self._fault
        if fault is not None and len(self.operations) == fault.at and fault.way != "halves":
            self.end(fault)
        if self._error is None or len(self.operations) <= self._error_at:
            return OK
        if self._failed == self._errors_max:
            return OK
        self._failed += 1
        return self._error

    def _halves_now(self) -> bool:
        fault = self._fault
        return fault is not None and fault.way == "halves" and len(self.operations) == fault.at

    def _lose(self, chance: random.Random | None) -> None:
        """What a power cut takes."""
        kept = 0 if chance is None else chance.randint(0, len(self._names))
        for name in reversed(self._names[kept:]):
            name.undo()
        for inode in self._inodes.values():
            content = inode.durable if chance is None else inode.torn(chance)
            if content != inode.present():
                inode.become(content)

    def _see(self, path: str) -> _Inode:
        """The file at `path`, which is as durable as it was when it was first seen."""
        found = os.stat(path)
        key = (found.st_dev, found.st_ino)
        if key not in self._inodes:
            self._inodes[key] = _Inode(path)
        return self._inodes[key]

    def _synced(self, descriptor: int) -> None:
        """A file or a directory is durable as it is now."""
        found = os.fstat(descriptor)
        inode = self._inodes.get((found.st_dev, found.st_ino))
        if inode is not None:
            inode.durable = inode.present()
        path = os.path.realpath(f"/proc/self/fd/{descriptor}")
        self._directory_synced(path)

    def _directory_synced(self, path: str) -> None:
        """The names in it are durable, and all that was done to names before: filesystems keep them as a journal."""
        own = [place for place, name in enumerate(self._names, 1) if name.directory == path]
        del self._names[: max(own, default=0)]

    def _note(self, path: str, undo: Callable[[], Any]) -> None:
        self._names.append(_Name(_directory(path), undo))

    def _bury(self, path: str) -> str | None:
        """Keep the file at `path`, which is about to lose its name, under another."""
        if not os.path.exists(path):
            return None
        self._buried += 1
        kept = str(self._grave / str(self._buried))
        _Whole.link(path, kept)
        return kept

    # SQLite.

    def _install_sqlite(self) -> None:
        library = sqlite_library()
        vfs = _Vfs.from_address(library.sqlite3_vfs_find(None))
        self._whole_open, self._whole_delete = _OPEN(vfs.open), _DELETE(vfs.delete)
        changed_open, changed_delete = _OPEN(self._open), _DELETE(self._delete)
        self._kept += [library, changed_open, changed_delete]
        vfs.open = ctypes.cast(changed_open, ctypes.c_void_p).value
        vfs.delete = ctypes.cast(changed_delete, ctypes.c_void_p).value

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        path = os.fsdecode(ctypes.string_at(name)) if name else ""
        with self._lock:
            was_there = os.path.exists(path)
            code: int = self._whole_open(vfs, name, file, flags, out)
            if code == OK and path and os.access(path, os.W_OK):
                inode = self._see(path)
                if not was_there:
                    inode.durable = b""
                    self._note(path, lambda: _Whole.unlink(path))
                self._files[file] = (inode, path, bool(flags & JOURNAL_OR_WAL))
                methods = ctypes.c_void_p.from_address(file)
                methods.value = self._table(methods.value or 0)
        return code

    def _table(self, methods: int) -> int:
        """The address of a copy of these methods in which three are ours."""
        if methods not in self._tables:
            table = _Methods.from_buffer_copy(_Methods.from_address(methods))
            changed = (
                _WRITE(self._writing(_WRITE(table.write))),
                _TRUNCATE(self._truncating(_TRUNCATE(table.truncate))),
                _SYNC(self._sync),
            )
            table.write, table.truncate, table.sync = (
                ctypes.cast(one, ctypes.c_void_p).value for one in changed
            )
            self._kept += [table, *changed]
            self._tables[methods] = ctypes.addressof(table)
        return int(self._tables[methods])

    def _writing(self, whole: Any) -> Any:
        def write(file: int, content: int, size: int, place: int) -> int:
            with self._lock:
                failure = self._begin("write", self._files[file][1])
                if failure:
                    return FULL if failure == errno.ENOSPC else WRITE_FAILED
                if self._halves_now():
                    whole(file, content, size // 2, place)
                    os.kill(os.getpid(), signal.SIGKILL)
                return int(whole(file, content, size, place))

        return write

    def _truncating(self, whole: Any) -> Any:
        def truncate(file: int, size: int) -> int:
            with self._lock:
                failed = self._begin("truncate", self._files[file][1])
                return TRUNCATE_FAILED if failed else int(whole(file, size))

        return truncate

    def _sync(self, file: int, _flags: int) -> int:
        with self._lock:
            inode, path, with_directory = self._files[file]
            if self._begin("sync", path):
                return SYNC_FAILED
            inode.durable = inode.present()
            if with_directory:
                self._directory_synced(_directory(path))
        return OK

    def _delete(self, vfs: int, name: bytes, with_directory: int) -> int:
        path = os.fsdecode(name)
        with self._lock:
            if self._begin("delete", path):
                return DELETE_FAILED
            kept = self._bury(path)
            code: int = self._whole_delete(vfs, name, with_directory)
            if code == OK and kept is not None:
                self._note(path, lambda: _Whole.link(kept, path))
            if code == OK and with_directory:
                self._directory_synced(_directory(path))
        return code

    # Python.

    def _install_python(self) -> None:
        for name in ("fsync", "fdatasync"):
            setattr(os, name, self._fsync(name))
        for name in ("write", "pwrite", "ftruncate"):
            setattr(os, name, self._on_descriptor(name, getattr(os, name)))
        os.rename = os.replace = self._rename
        os.unlink = os.remove = self._unlink
        os.mkdir, os.rmdir = self._mkdir, self._rmdir
        os.open, io.open = self._os_open, self._io_open

    def _do(self, what: str, path: object) -> None:
        failure = self._begin(what, os.fspath(path) if isinstance(path, os.PathLike) else str(path))
        if failure:
            raise OSError(failure, os.strerror(failure), str(path))

    def _fsync(self, what: str) -> Any:
        def fsync(descriptor: int) -> None:
            with self._lock:
                self._do(what, os.path.realpath(f"/proc/self/fd/{descriptor}"))
                self._synced(descriptor)

        return fsync

    def _on_descriptor(self, what: str, whole: Any) -> Any:
        def change(descriptor: int, *values: Any) -> Any:
            found = os.fstat(descriptor)
            if (found.st_dev, found.st_ino) not in self._inodes:
                return whole(descriptor, *values)  # a pipe, or what nobody here opened for writing
            with self._lock:
                self._do(what, os.path.realpath(f"/proc/self/fd/{descriptor}"))
                if self._halves_now():
                    if what != "ftruncate":
                        content, *place = values
                        whole(descriptor, content[: len(content) // 2], *place)
                    os.kill(os.getpid(), signal.SIGKILL)
                return whole(descriptor, *values)

        return change

    def _rename(self, source: Any, target: Any, **named: Any) -> None:
        with self._lock:
            self._do("rename", target)
            was, becomes = os.path.realpath(source), os.path.realpath(target)
            kept = self._bury(becomes) if os.path.isfile(becomes) else None
            _Whole.rename(source, target, **named)

            def undo() -> None:
                _Whole.rename(becomes, was)
                if kept is not None:
                    _Whole.link(kept, becomes)

            self._note(becomes, undo)

    def _unlink(self, path: Any, **named: Any) -> None:
        with self._lock:
            full = _full(path, named.get("dir_fd"))
            self._do("unlink", full)
            kept = self._bury(full)
            _Whole.unlink(path, **named)
            self._note(full, lambda: _Whole.link(kept, full))

    def _mkdir(self, path: Any, *values: Any, **named: Any) -> None:
        with self._lock:
            if os.path.isdir(path):
                _Whole.mkdir(path, *values, **named)  # which fails, and changes nothing
            self._do("mkdir", path)
            _Whole.mkdir(path, *values, **named)
            full = os.path.realpath(path)
            # SQLite makes a file for shared memory that nobody counts.
            self._note(full, lambda: shutil.rmtree(full))

    def _rmdir(self, path: Any, **named: Any) -> None:
        with self._lock:
            full = _full(path, named.get("dir_fd"))
            self._do("rmdir", full)
            mode = os.stat(full).st_mode & 0o777
            _Whole.rmdir(path, **named)
            self._note(full, lambda: _Whole.mkdir(full, mode))

    def _os_open(self, path: Any, flags: int, *values: Any, **named: Any) -> int:
        writes = flags & (os.O_WRONLY | os.O_RDWR) and not flags & os.O_DIRECTORY
        if not writes:
            return _Whole.open(path, flags, *values, **named)
        with self._watched(path):
            return _Whole.open(path, flags, *values, **named)

    def _io_open(self, path: Any, mode: str = "r", *values: Any, **named: Any) -> Any:
        if isinstance(path, int) or not set(mode) & set("wax+"):
            return _Whole.io_open(path, mode, *values, **named)
        with self._watched(path):
            return _Whole.io_open(path, mode, *values, **named)

    def _watched(self, path: Any) -> "_Watched":
        return _Watched(self, os.path.realpath(path))


class _Watched:
    """Around a call that opens a file for writing: what was in it is durable, its name is not if it is new."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._disk = disk
        self._path = path
        self._was_there = os.path.exists(path)

    def __enter__(self) -> None:
        self._disk._lock.acquire()
        try:
            if self._was_there:
                with suppress(PermissionError):
                    self._disk._see(self._path)
            else:
                self._disk._do("create", self._path)
        except BaseException:
            self._disk._lock.release()
            raise

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None and not self._was_there:
                self._disk._see(self._path).durable = b""
                self._disk._note(self._path, lambda: _Whole.unlink(self._path))
        finally:
            self._disk._lock.release()


def _directory(path: str) -> str:
    return os.path.dirname(os.path.realpath(path))


def _full(path: Any, directory: int | None) -> str:
    """Where `path` is, which may be relative to an open directory."""
    if directory is None:
        return os.path.abspath(path)
    return os.path.join(os.path.realpath(f"/proc/self/fd/{directory}"), path)
