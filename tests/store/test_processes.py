"""Several processes on one registry, and processes that are killed: one linear log, nothing acknowledged is lost."""

import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from registry.store.log import Log
from tests.books import Book
from tests.store import children

ROOT = Path(__file__).resolve().parents[2]
KILLS = 10
TRANSFERS = 50


def test_two_processes_write_one_log_and_lose_nothing_of_each_other(book: Book) -> None:
    size = book.audited().entries
    batch, owner = book.streams["native"], book.accounts["owner"]
    takers = [book.accounts["bob"], book.accounts["alice"]]

    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        running = [
            pool.submit(children.transfers, str(book.directory), batch, owner, taker, TRANSFERS)
            for taker in takers
        ]
        made = [run.result() for run in running]

    assert sorted(made[0] + made[1]) == list(range(size, size + 2 * TRANSFERS))
    assert [sorted(indexes) for indexes in made] == made
    assert book.audited().entries == size + 2 * TRANSFERS == book.mark.read().size


def test_of_two_processes_that_retire_the_same_grams_exactly_one_wins(book: Book) -> None:
    batch = book.streams["native"]
    before = book.audited()
    with book.clerk() as clerk:
        pairs = []
        for amount_g in (500, 300, 51):
            left = [(batch, amount_g)]
            pairs.append([clerk.retirement("owner", left)[0] for _ in range(2)])

    answers = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for pair in pairs:
            running = [pool.submit(children.commits, str(book.directory), one) for one in pair]
            answers.append(sorted(run.result() for run in running))

    after = book.audited()
    # The owner held 853 g: the first pair leaves too little for its second, and so on.
    assert [[told for told, _ in pair] for pair in answers] == [["recorded", "refused"]] * 3
    assert {code for _, (_, code) in answers} == {"insufficient_holding"}
    assert after.retired_g == before.retired_g + 851
    assert after.entries == before.entries + 3


def begun(book: Book) -> subprocess.Popen[str]:
    """A child that waits for a word before it writes."""
    names = (book.streams["native"], book.accounts["owner"], book.accounts["bob"])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.children", str(book.directory), *names],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed(child: subprocess.Popen[str], after_s: float) -> list[tuple[int, str]]:
    """What a child told until it was killed: (index, leaf hash) of every receipt."""
    child.stdin.write("go\n")
    child.stdin.flush()
    first = child.stdout.readline()
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    told = (first + child.stdout.read()).splitlines(keepends=True)
    child.wait()
    child.stdin.close()
    child.stdout.close()
    whole = [line.split() for line in told if line.endswith("\n")]
    return [(int(index), leaf) for index, leaf in whole]


def test_whatever_a_killed_writer_acknowledged_is_there(book: Book) -> None:
    chance = random.Random(11)
    waiting = [begun(book) for _ in range(KILLS)]

    told: list[tuple[int, str]] = []
    for child in waiting:
        told += killed(child, chance.random() / 20)
        with book.clerk() as clerk:
            log = clerk.operator.log
            leaves = {placed.index: placed.leaf.hex() for placed in log.entries()}
        assert book.audited().entries == len(leaves)
        assert [index for index, leaf in told if leaves.get(index) != leaf] == []

    assert len(told) >= 3 * KILLS
    assert sorted(index for index, _ in told) == [index for index, _ in told]


def test_a_reader_is_not_held_up_by_a_writer_that_holds_the_lock(book: Book) -> None:
    with book.clerk() as clerk, clerk.operator.log.recorder.writing():
        log = Log(book.directory)

        entries = list(log.entries())

        log.close()
    assert book.audited().entries == len(entries)
