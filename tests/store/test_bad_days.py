"""Bad days: a full or failing disk, a file that went away, a wrong clock, a lost passphrase, two where one should be.

Each ends in an error that says what is wrong, nothing is done by half, and once the day has passed the same process
writes again without anybody's help, wherever a machine can tell that it has.
"""

import ctypes
import errno
import os
import resource
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from registry.acts.propose import Hidden
from registry.errors import RegistryError, UnavailableError
from registry.place import Place
from registry.store import clock, keyring
from registry.store.beginning import create
from registry.store.clock import Clock
from registry.store.committer import Receipt, Request
from registry.store.operator import Operator, accept_mark
from registry.verifier.audit import audit
from tests.books import ORIGIN, Book, Clerk, copied, live_at
from tests.store import children
from tests.store.faults import Fault, Operation
from tests.store.lives import (
    CONTEXT,
    HEARD_S_MAX,
    Bench,
    Life,
    Survivor,
    Teller,
    answered,
    lived,
)

OPERATIONS_MAX = 80
"""More than one commit comes to."""
SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
INSTANCES = 4
ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS)

Said = tuple[str, str]
"""The name of an error's class, and its code."""


def named(clerk: Clerk, book: Book) -> Request:
    """A retirement of one gram, with names."""
    hidden = Hidden(value="受益人 / somebody")
    return clerk.retirement("owner", [(book.streams["native"], 1)], beneficiary=hidden)[0]


def requests(book: Book, count: int) -> list[Request]:
    with book.clerk() as clerk:
        return [named(clerk, book) for _ in range(count)]


def said_of(operator: Operator, request: Request) -> Said | None:
    """Why `request` is not recorded; None if it is."""
    answers: list[Receipt | str] = []
    said = said_by(lambda: answers.extend(answered(operator, [request])))
    refused = [answer for answer in answers if isinstance(answer, str)]
    return ("RefusedError", refused[0]) if refused else said


def said_at_start(place: Place) -> Said | None:
    """With which error a start ends, if any."""
    return said_by(lambda: Operator(place).close())


def said_by(act: Callable[[], Any]) -> Said | None:
    try:
        act()
    except RegistryError as error:
        return type(error).__name__, error.code
    return None


UNAVAILABLE = ("UnavailableError", "storage_failed")


# A disk that fails.


def fail_at_each(
    teller: Teller, directory: Path, asked: Sequence[Request], error: int, times: int
) -> list[tuple[int, Said | None]]:
    """How often the disk failed and what was said, from the first operation on, from the second, …; healed after each.

    Ends when a request needs no operation that fails.
    """
    came = []
    with closing(Operator(directory)) as operator:
        for after, request in enumerate(asked):
            teller.disk.fail(error, after=after, times=times)
            said = said_of(operator, request)
            came.append((teller.disk.heal(), said))
            teller.asks(operator, [request])
            if not came[-1][0]:
                break
    return came


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("times", [1, OPERATIONS_MAX])
def test_a_disk_that_fails_anywhere_is_said_and_what_was_asked_is_done_once_it_works(
    quick: Book, error: int, times: int
) -> None:
    work = (fail_at_each, quick.directory, requests(quick, OPERATIONS_MAX), error, times)

    life = lived(quick.directory.parent, *work)

    *failing, working = life.result
    assert {said for _, said in failing} == {UNAVAILABLE}
    assert working == (0, None)
    assert len(failing) > 20
    assert {type(answer) for _, answer in life.told} == {Receipt}
    Survivor(quick).judge(life)


def fail_and_end(teller: Teller, directory: Path, request: Request, error: int, after: int) -> None:
    """Have the disk fail after so many operations, and lose power before it works again."""
    with closing(Operator(directory)) as operator:
        teller.tell("asked", [request])
        teller.disk.fail(error, after=after)
        if said_of(operator, request) is None:
            teller.asks(operator, [request])
        teller.disk.end(Fault(at=0, way="tears", seed=after))


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_and_then_loses_power_leaves_no_act_by_half(
    bench: Bench, error: int
) -> None:
    book = bench.copy()
    (request,) = requests(book, 1)
    source = book.directory.parent

    for after in range(OPERATIONS_MAX):
        bench.copy()
        life = lived(source, fail_and_end, book.directory, request, error, after)
        Survivor(book).judge(life)
        if life.told:
            break
    else:
        pytest.fail("more operations than expected")


def fill_and_free(_teller: Teller, directory: Path, asked: Sequence[Request]) -> list[Any]:
    """What is said while the system lets no file grow, and after; really, without a fault of ours."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    with closing(Operator(directory)) as operator:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, most))
        full = [said_of(operator, request) for request in asked]
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        return [*full, *(said_of(operator, request) for request in asked)]


def test_no_room_for_files_to_grow_is_said_and_passes(quick: Book) -> None:
    asked = requests(quick, 2)

    life = lived(quick.directory.parent, fill_and_free, quick.directory, asked)

    assert life.result == [UNAVAILABLE, UNAVAILABLE, None, None]
    Survivor(quick).judge(life)


def withdraw_and_give(
    _teller: Teller, directory: Path, state: Path, asked: Sequence[Request]
) -> Any:
    """What is said while nothing may be written there, at work and at a start, and after."""
    obey_modes()
    with closing(Operator(directory)) as operator:
        with read_only(directory, state):
            refused = [said_of(operator, request) for request in asked]
            refused.append(said_at_start(directory))
        return [*refused, said_at_start(directory), *(said_of(operator, one) for one in asked)]


def obey_modes() -> None:
    """From now on the modes of files bind this process, whoever runs it: it has no capabilities."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(header, nothing) == 0


@contextmanager
def read_only(*places: Path) -> Iterator[None]:
    files = [file for place in places for file in (place, *place.rglob("*"))]
    modes = [file.stat().st_mode for file in files]
    for file in files:
        file.chmod(0o500 if file.is_dir() else 0o400)
    yield
    for file, mode in zip(files, modes, strict=True):
        file.chmod(mode)


def test_a_place_where_nothing_may_be_written_is_said_and_passes(quick: Book) -> None:
    home = quick.directory.parent
    asked = requests(quick, 2)

    life = lived(home, withdraw_and_give, quick.directory, home / "state", asked)

    assert life.result == [UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, None, None, None]
    Survivor(quick).judge(life)


def test_a_disk_that_fails_is_said_with_the_file_and_what_the_system_said(
    quick: Book,
) -> None:
    with quick.clerk() as clerk:
        request = named(clerk, quick)
    quick.mark.file.with_suffix(".lock").unlink()
    quick.mark.file.with_suffix(".lock").mkdir()

    with pytest.raises(UnavailableError) as failure:
        Operator(quick.place)

    assert failure.value.facts == {
        "file": str(quick.mark.file.with_suffix(".lock")),
        "said": os.strerror(errno.EISDIR),
    }
    quick.mark.file.with_suffix(".lock").rmdir()
    with closing(Operator(quick.place)) as operator:
        assert said_of(operator, request) is None


# Files that go away, or come back as others.


@contextmanager
def moved(place: Path, elsewhere: Path) -> Iterator[None]:
    place.rename(elsewhere)
    yield
    elsewhere.rename(place)


@contextmanager
def replaced(place: Path, elsewhere: Path) -> Iterator[None]:
    """With a copy in its place, which lacks what is still in the write-ahead log."""
    place.rename(elsewhere)
    shutil.copyfile(elsewhere, place)
    yield
    elsewhere.replace(place)


@pytest.mark.parametrize(
    ("what", "spoilt"),
    [("registry/registry.db", moved), ("registry", moved), ("registry/registry.db", replaced)],
)
def test_a_database_that_went_away_is_missed_and_written_again_when_it_is_back(
    quick: Book, tmp_path: Path, what: str, spoilt: Callable[[Path, Path], Any]
) -> None:
    with quick.clerk() as clerk:
        asked = [named(clerk, quick) for _ in range(2)]
        answered(clerk.operator, asked[:1])

        with spoilt(tmp_path / what, tmp_path / "elsewhere"):
            missed = said_of(clerk.operator, asked[1])
        back = said_of(clerk.operator, asked[1])

    assert missed == ("UnavailableError", "database_moved")
    assert back is None
    Survivor(quick).judge()


def test_a_place_that_is_missed_again_and_again_is_written_when_it_is_back(
    quick: Book, tmp_path: Path
) -> None:
    with quick.clerk() as clerk:
        request = named(clerk, quick)

        with moved(quick.directory, tmp_path / "elsewhere"):
            missed = [said_of(clerk.operator, request) for _ in range(20)]
        back = said_of(clerk.operator, request)

    assert set(missed) == {("UnavailableError", "database_moved")}
    assert back is None
    Survivor(quick).judge()


def test_a_write_ahead_log_that_went_away_is_missed_and_what_was_in_it_is_not_lost(
    quick: Book,
) -> None:
    with quick.clerk() as clerk:
        asked = [named(clerk, quick) for _ in range(2)]
        answered(clerk.operator, asked[:1])
        quick.directory.joinpath("registry.db-wal").unlink()

        missed = said_of(clerk.operator, asked[1])
        back = said_of(clerk.operator, asked[1])

        again = said_of(clerk.operator, asked[0])
    assert missed == ("UnavailableError", "database_moved")
    assert back is None
    assert again is None
    Survivor(quick).judge()


def test_a_mark_that_went_away_is_missed_and_written_again_when_it_is_back(
    book: Book, tmp_path: Path
) -> None:
    with book.clerk() as clerk:
        request = named(clerk, book)
        book.mark.file.rename(tmp_path / "elsewhere")

        missed = said_of(clerk.operator, request)
        at_start = said_at_start(book.directory)
        (tmp_path / "elsewhere").rename(book.mark.file)
        back = said_of(clerk.operator, request)

    assert missed == at_start == ("BrokenHistoryError", "no_mark")
    assert back is None
    Survivor(book).judge()


def test_a_passphrase_that_is_missing_is_asked_for_at_the_start_and_not_at_work(
    book: Book, tmp_path: Path
) -> None:
    passphrase = book.directory / "passphrase"
    with book.clerk() as clerk:
        request = named(clerk, book)
        passphrase.rename(tmp_path / "elsewhere")

        at_work = said_of(clerk.operator, request)
        at_start = said_at_start(book.directory)
        (tmp_path / "elsewhere").rename(passphrase)
        back = said_at_start(book.directory)

    assert at_start == ("RefusedError", "no_passphrase")
    assert at_work is None
    assert back is None
    Survivor(book).judge()


# Clocks.


@dataclass
class Watch:
    """How far two clocks are from those of this machine."""

    wall_us: int = 0
    steady_us: int = 0

    def clock(self) -> Clock:
        return Clock(
            wall=lambda: clock.wall_us() + self.wall_us,
            steady=lambda: clock.steady_us() + self.steady_us,
        )


@pytest.mark.parametrize(
    ("step_us", "codes"),
    [
        (HOUR_US, {"clock_stepped"}),
        (3 * SECOND_US, {"clock_stepped"}),
        (-3 * SECOND_US, {"clock_behind", "clock_stepped"}),
        (-HOUR_US, {"clock_behind", "clock_stepped"}),
    ],
)
def test_a_clock_that_steps_is_said_and_passes_when_it_is_right_again(
    quick: Book, step_us: int, codes: set[str]
) -> None:
    watch = Watch()
    with quick.clerk() as clerk:
        clerk.operator.committer.clock = watch.clock()
        request = named(clerk, quick)
        before = said_of(clerk.operator, named(clerk, quick))
        watch.wall_us = step_us

        wrong = [said_of(clerk.operator, request) for _ in range(2)]
        watch.wall_us = 0
        after = said_of(clerk.operator, request)

    assert before is None
    assert wrong[0] == wrong[1]
    assert wrong[0] in {("UnavailableError", code) for code in codes}
    assert after is None
    Survivor(quick).judge()


def test_time_that_passes_on_both_clocks_is_no_step(quick: Book) -> None:
    watch = Watch()
    with quick.clerk() as clerk:
        clerk.operator.committer.clock = watch.clock()
        watch.wall_us = watch.steady_us = HOUR_US

        said = said_of(clerk.operator, named(clerk, quick))

    assert said is None


def test_a_clock_that_is_behind_the_log_at_the_start_is_said_and_passes_as_time_does(
    quick: Book,
) -> None:
    before = quick.audited().entries
    ahead = Watch(wall_us=HOUR_US // 2)
    with quick.clerk() as clerk:
        clerk.operator.committer.clock = ahead.clock()
        answered(clerk.operator, [named(clerk, quick)])
    watch = Watch()
    with quick.clerk() as clerk:
        clerk.operator.committer.clock = watch.clock()
        request = named(clerk, quick)

        behind = said_of(clerk.operator, request)
        watch.wall_us = watch.steady_us = HOUR_US // 2
        after = said_of(clerk.operator, request)

    assert behind == ("UnavailableError", "clock_behind")
    assert after is None
    assert quick.audited().entries == before + 2


# Two where one should be.


def test_instances_that_start_at_once_after_a_crash_all_start_and_write(
    bench: Bench,
) -> None:
    book = bench.copy()
    home = book.directory.parent
    asked = requests(book, INSTANCES + 1)
    writing = (children.write, book.directory, [asked[:1]])
    crashes = [
        Fault(at=at, way="dies")
        for at, one in enumerate(lived(home, *writing).operations, 1)
        if one.what == "fdatasync" or one == Operation("write", "registry.db-wal")
    ]

    for crash in crashes:
        book = bench.copy()
        dead = lived(home, *writing, fault=crash)
        barrier = CONTEXT.Barrier(INSTANCES)
        with ExitStack() as stack:
            lives = [
                stack.enter_context(
                    Life(home, children.start_and_write, book.directory, [one], barrier)
                )
                for one in asked[1:]
            ]
            heard = [life.lived() for life in lives]
        assert [type(answer) for life in heard for _, answer in life.told] == [Receipt] * INSTANCES
        Survivor(book).judge(dead, *heard)

    assert len(crashes) > 2


def begin_at_once(_teller: Teller, directory: Path, barrier: Barrier) -> Said | None:
    keyring._SCRYPT_N = 2
    barrier.wait(HEARD_S_MAX)
    return said_by(lambda: create(directory, origin=ORIGIN))


def test_of_registries_that_begin_in_one_place_at_once_there_is_one(home: Path) -> None:
    barrier = CONTEXT.Barrier(INSTANCES)

    with ExitStack() as stack:
        work = (begin_at_once, home / "registry", barrier)
        lives = [stack.enter_context(Life(home, *work)) for _ in range(INSTANCES)]
        said = [life.lived().result for life in lives]

    assert said.count(None) == 1
    assert set(said) == {None, ("RefusedError", "directory_in_use")}
    with closing(Operator(home / "registry")) as operator:
        key = operator.vkey()
    assert audit(home / "registry", key).entries == 1


def test_a_copy_that_was_left_behind_writes_nothing_and_the_original_goes_on(
    book: Book, tmp_path: Path
) -> None:
    copy = shutil.copytree(book.directory, tmp_path / "copy")
    with closing(Operator(copy)) as twin, book.clerk() as clerk:
        asked = [named(clerk, book) for _ in range(3)]
        answered(clerk.operator, asked[:1])

        behind = said_of(twin, asked[1])
        at_start = said_at_start(copy)
        ahead = said_of(clerk.operator, asked[2])

    assert behind == at_start == ("BrokenHistoryError", "behind_mark")
    assert ahead is None
    Survivor(book).judge()


def test_of_a_registry_and_its_copy_elsewhere_only_one_goes_on_where_they_meet(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = copied(book, tmp_path / "elsewhere")
    with monkeypatch.context() as patch:
        live_at(tmp_path / "elsewhere", patch)
        with elsewhere.clerk() as clerk:
            answered(clerk.operator, [named(clerk, elsewhere)])
    with book.clerk() as clerk:
        answered(clerk.operator, [named(clerk, book)])

        differs = said_at_start(elsewhere.directory)
        here = said_of(clerk.operator, named(clerk, book))

    assert differs == ("BrokenHistoryError", "differs_from_mark")
    assert here is None
    Survivor(book).judge()


def test_a_copy_on_a_machine_that_never_saw_the_log_waits_for_a_person(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))

    unknown = said_at_start(book.directory)
    accept_mark(book.place, at_us=0)
    known = said_at_start(book.directory)

    assert unknown == ("BrokenHistoryError", "no_mark")
    assert known is None
    Survivor(book).judge()
