"""A log that changes under a running process, and steps that fail after a commit: nothing is built on what was not."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from registry.desk.keys import RotateLogKey
from registry.errors import BrokenHistoryError, RegistryError, UnavailableError
from registry.ledger.note import open_checkpoint
from registry.store import snapshots, streams
from registry.store.clock import Clock
from registry.store.committer import Receipt
from registry.store.log import Moment
from registry.store.operator import Operator, accept_mark
from registry.store.sequencer import Sequencer
from tests.books import Book, Clerk
from tests.desks import does

pytestmark = pytest.mark.on("sqlite", "postgres")

PATIENCE_S = 60
NOTICED = {"sqlite": ["database_moved"], "postgres": []}
"""What is said first to who had another file open; on a server there is none."""


@contextmanager
def clerk_of(book: Book) -> Iterator[Clerk]:
    """One process's way to write: an operator of its own."""
    with closing(Operator(book.place)) as operator:
        yield Clerk(operator, dict(book.accounts), dict(book.receipts))


def restored(book: Book, restore: Callable[[], None]) -> None:
    """The backup in place of the database, accepted by a person."""
    restore()
    accept_mark(book.place, time.time_ns() // 1_000)


def codes(act: Callable[[], Any], times: int) -> list[str]:
    """What is said when `act` is tried so often: the code of an error, or an answer's."""
    said = []
    for _ in range(times):
        try:
            (answer,) = act()
        except RegistryError as error:
            said.append(error.code)
        else:
            said.append("recorded" if isinstance(answer, Receipt) else answer.code)
    return said


def test_grams_of_a_past_that_was_restored_away_are_not_spent(quick: Book, backend: str) -> None:
    backup = quick.backup()
    batch = quick.streams["native"]
    with clerk_of(quick) as server:
        server.does("owner", parts=[(batch, [("batch.transferred.v1", gift(server, 5))])])
        with server.operator.log.recorder.reading() as cursor:
            held = Moment(cursor).stream(batch).state.holding(quick.accounts["bob"])
        # All that bob has in this past, of which five grams will never have been his.
        request = server.transfer(batch, "bob", "alice", held.total_g)
        restored(quick, backup)
        with clerk_of(quick) as other:
            other.does(
                "owner", parts=[(batch, [("batch.transferred.v1", gift(other, 1, "alice"))])]
            )
            for number in range(3):
                other.opens(f"new {number}")
        said = codes(lambda: server.operator.committer.commit([request]), 3)

    noticed = NOTICED[backend]
    assert said[: len(noticed)] == noticed
    assert set(said[len(noticed) :]) == {"insufficient_holding"}
    assert quick.audited().entries > 0


def gift(clerk: Clerk, amount_g: int, taker: str = "bob") -> dict[str, Any]:
    return {
        "giver": clerk.accounts["owner"],
        "taker": clerk.accounts[taker],
        "amount_g": amount_g,
        "standard": "SCFG",
        "range": None,
        "venue": None,
        "trade": None,
    }


def test_a_snapshot_is_gone_on_from_in_its_own_past_alone(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = quick.streams["native"]
    with clerk_of(quick) as clerk:
        # Somebody who has nothing yet, whatever others did in the registry that this is a copy of.
        keeper = clerk.opens("keeper")
        clerk.operator.record([clerk.transfer(batch, "owner", "keeper", 5)])
    backup = quick.backup()
    for module in (snapshots, streams):
        monkeypatch.setattr(module, "SNAPSHOT_ENTRIES_MIN", 2)
    monkeypatch.setattr(snapshots, "BYTES_PER_ENTRY", 2**20)
    with clerk_of(quick) as clerk:
        clerk.accounts["keeper"] = keeper
        clerk.operator.record([clerk.transfer(batch, "owner", "keeper", 15)])
        clerk.operator.committer.put_aside()
        request = clerk.transfer(batch, "keeper", "alice", 20)
    kept = quick.rows("SELECT stream FROM snapshots", file=snapshots.FILE)
    restored(quick, backup)
    with clerk_of(quick) as clerk:
        for name in ("x", "y", "z"):
            clerk.opens(name)
        said = codes(lambda: clerk.operator.committer.commit([request]), 1)
        left = quick.rows("SELECT stream FROM snapshots", file=snapshots.FILE)

    assert (kept, left) == ([(batch,)], [])
    assert said == ["insufficient_holding"]
    assert quick.audited().entries > 0


def test_heads_are_signed_with_the_key_of_this_past_and_not_of_another(
    quick: Book, backend: str
) -> None:
    backup = quick.backup()
    with clerk_of(quick) as server:
        does(server.operator, RotateLogKey())
        request = server.transfer(quick.streams["native"], "owner", "bob", 1)
        restored(quick, backup)
        with clerk_of(quick) as other:
            does(other.operator, RotateLogKey())
            other.opens("new")
            key = other.operator.vkey()

        said = codes(lambda: server.operator.committer.commit([request]), 1)
        (receipt,) = server.operator.record([request])

    assert said == (NOTICED[backend] or ["recorded"])
    assert open_checkpoint(receipt.checkpoint, key).size == receipt.index + 1


def test_another_past_of_the_same_length_is_gone_on_with_once_it_is_accepted(
    quick: Book, backend: str
) -> None:
    backup = quick.backup()
    with clerk_of(quick) as server:
        server.opens("x")
        request = server.transfer(quick.streams["native"], "owner", "bob", 1)
        restored(quick, backup)
        with clerk_of(quick) as other:
            other.opens("y")

        said = codes(lambda: server.operator.committer.commit([request]), 2)

    assert said == [*NOTICED[backend], "recorded", "recorded"][:2]
    assert quick.audited().entries > 0


def test_nobody_builds_on_an_entry_that_was_altered_however_often_they_ask(quick: Book) -> None:
    with clerk_of(quick) as one, clerk_of(quick) as other:
        request = one.transfer(quick.streams["native"], "owner", "bob", 1)
        other.opens("new")
        ((number, state),) = quick.rows(
            "SELECT rowid, state FROM stored_events ORDER BY rowid DESC LIMIT 1"
        )
        quick.change(
            "UPDATE stored_events SET state = ? WHERE rowid = ?", bytes(len(state)), number
        )

        said = codes(lambda: one.operator.committer.commit([request]), 3)

    assert said == ["entry_altered"] * 3


def test_time_does_not_go_back_though_reading_the_last_entry_failed_once(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clerk_of(quick) as one, clerk_of(quick) as other:
        request = one.transfer(quick.streams["native"], "owner", "bob", 1)
        ahead_us = one.operator.committer.clock.now_us() + 1_000_000
        other.operator.committer.clock = Clock(wall=lambda: ahead_us, steady=lambda: 0)
        other.opens("new")
        with monkeypatch.context() as patch:
            patch.setattr(Moment, "placed", failing)
            said = codes(lambda: one.operator.committer.commit([request]), 1)
        one.operator.record([request])

    assert said == ["storage_failed"]
    assert quick.audited().at_us == ahead_us


def failing(*_values: Any, **_named: Any) -> Any:
    raise sqlite3.OperationalError("disk I/O error")


def test_what_is_recorded_and_cannot_be_signed_is_not_told_as_refused(quick: Book) -> None:
    keys = quick.directory / "keys.db"
    old = keys.read_bytes()
    with clerk_of(quick) as one, clerk_of(quick) as other:
        request = one.transfer(quick.streams["native"], "owner", "bob", 1)
        does(other.operator, RotateLogKey())
        new = keys.read_bytes()
        keys.write_bytes(old)
        with Sequencer(one.operator.committer) as sequencer:
            asked = (request.signed.data, request.signed.signatures)
            failure = sequencer.submit(*asked).exception(PATIENCE_S)
            keys.write_bytes(new)
            receipt = sequencer.submit(*asked).result(PATIENCE_S)

    assert isinstance(failure, UnavailableError)
    assert failure.code == "not_signed"
    assert quick.audited().entries == receipt.index + 1


def test_a_mark_whose_flush_failed_is_flushed_before_anybody_is_told(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushes = []
    whole = os.fdatasync
    with clerk_of(quick) as clerk:
        request = clerk.transfer(quick.streams["native"], "owner", "bob", 1)
        with monkeypatch.context() as patch:
            patch.setattr("os.fdatasync", full)
            said = codes(lambda: clerk.operator.committer.commit([request]), 1)
        monkeypatch.setattr("os.fdatasync", lambda file: (flushes.append(file), whole(file)))
        clerk.operator.record([request])
        clerk.operator.record([request])

    assert said == ["storage_failed"]
    assert len(flushes) == 1


def full(*_values: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_mark_that_is_accepted_is_of_the_head_when_nobody_else_writes(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging, go_on = threading.Event(), threading.Event()
    with clerk_of(quick) as clerk:
        request = clerk.transfer(quick.streams["native"], "owner", "bob", 1)
        whole = clerk.operator.committer._judge

        def judge(*values: Any) -> Any:
            judging.set()
            assert go_on.wait(PATIENCE_S)
            return whole(*values)

        monkeypatch.setattr(clerk.operator.committer, "_judge", judge)
        threads = [
            threading.Thread(target=lambda: clerk.operator.record([request])),
            threading.Thread(target=lambda: accept_mark(quick.place, 1)),
        ]
        threads[0].start()
        assert judging.wait(PATIENCE_S)
        threads[1].start()
        time.sleep(0.1)
        go_on.set()
        for thread in threads:
            thread.join(PATIENCE_S)

    assert quick.mark.read().size == quick.audited().entries


def test_a_lock_that_was_removed_keeps_nobody_out_and_nobody_holds_it(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.store.mark.LOCK_PATIENCE_S", 0.1)
    with quick.mark.locked():
        quick.mark.file.with_suffix(".lock").unlink()
        with quick.mark.locked(), pytest.raises(UnavailableError) as refusal, quick.mark.locked():
            pass

    assert refusal.value.code == "locked_elsewhere"


def test_a_child_that_was_forked_in_the_middle_does_not_hold_the_lock_on(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.store.mark.LOCK_PATIENCE_S", 5)
    with quick.mark.locked():
        child = os.fork()
        if child == 0:
            time.sleep(30)
            os._exit(0)
    try:
        with quick.mark.locked():
            pass
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_an_exit_in_a_callback_ends_nobody_elses_wait(quick: Book) -> None:
    with clerk_of(quick) as clerk, Sequencer(clerk.operator.committer) as sequencer:
        one, other = (clerk.transfer(quick.streams["native"], "owner", "bob", 1) for _ in range(2))
        first = sequencer.submit(one.signed.data, one.signed.signatures)
        first.add_done_callback(leaving)
        first.result(PATIENCE_S)
        second = sequencer.submit(other.signed.data, other.signed.signatures).result(PATIENCE_S)

    assert second.index == first.result().index + 1


def leaving(_answer: Any) -> None:
    raise SystemExit


def test_an_odd_signature_fails_its_own_intent_alone(quick: Book) -> None:
    with clerk_of(quick) as clerk, Sequencer(clerk.operator.committer) as sequencer:
        one, other = (clerk.transfer(quick.streams["native"], "owner", "bob", 1) for _ in range(2))
        with clerk.operator.committer._mark.locked():
            nothing: Any = [None]
            odd = sequencer.submit(one.signed.data, nothing)
            good = sequencer.submit(other.signed.data, other.signed.signatures)

        assert isinstance(odd.exception(PATIENCE_S), Exception)
        assert isinstance(good.result(PATIENCE_S), Receipt)


def test_a_file_of_keys_that_went_away_is_missed_and_not_made_anew(quick: Book) -> None:
    keys = quick.directory / "keys.db"
    with clerk_of(quick) as clerk:
        keys.unlink()
        with pytest.raises(RegistryError) as missed:
            clerk.operator.keyring.generate()

    assert missed.value.code == "no_keyring"
    assert not keys.exists()


def test_a_broken_tree_is_told_as_often_as_it_is_asked_for(quick: Book) -> None:
    with clerk_of(quick) as clerk:
        request = clerk.transfer(quick.streams["native"], "owner", "bob", 1)
        quick.change("UPDATE head SET root = ?", bytes(32))
        for _ in range(2):
            with pytest.raises(BrokenHistoryError) as fault:
                clerk.operator.committer.commit([request])
            assert fault.value.code == "derived.tree"
