"""Rows that come with an intent, in a registry: kept, read back, copied, audited, and their names erased."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registry import history
from registry.acts.propose import Detached, Hidden, Setting, propose
from registry.domain.shape import GIFT_TAG, SHARE_TAG
from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, UnavailableError
from registry.history import check_intent
from registry.ledger.commitment import Opening
from registry.store import sequencer as queues
from registry.store.backup import back_up
from registry.store.committer import Receipt
from registry.store.log import Log, Moment
from registry.store.proofs import row_proofs
from registry.store.restore import restore
from registry.store.sequencer import Sequencer
from registry.verifier import database
from registry.verifier.audit import audit
from registry.verifier.gift import verify_gift
from tests.books import Book, Clerk, digest

pytestmark = pytest.mark.on("sqlite", "postgres")

GUESTS = [f"客人 {number}" for number in range(40)]
PATIENCE_S = 30


def gives(clerk: Clerk, many: Sequence[tuple[str, int]], *, scattered: bool = False) -> Receipt:
    return clerk.does("owner", parts=given(clerk, many, scattered=scattered))


def given(clerk: Clerk, many: Sequence[tuple[str, int]], *, scattered: bool = False) -> Any:
    """The parts of an act that gives, out of a campaign that has just as much: in 20 serial ranges, if scattered."""
    if scattered:
        gaps = [(start, start + 1) for start in range(10, 10 + 19 * 11, 11)]
        gone = [clerk.transfer(native(clerk), "owner", "alice", 1, serials=gap) for gap in gaps]
        clerk.operator.record(gone)
    organiser, amount_g = clerk.accounts["owner"], sum(grams for _, grams in many)
    campaign, child, lock = funded(clerk, amount_g)
    body = {
        "organiser": organiser,
        "means": lock,
        "standard": "SCFG",
        "retire_only": True,
        "rows": Detached(tag=GIFT_TAG, rows=many),
    }
    said = {"organiser": organiser, "batch": child, "count": len(many), "amount_g": amount_g}
    return [(child, [("batch.given.v1", body)]), (campaign, [("campaign.given.v1", said)])]


def funded(clerk: Clerk, amount_g: int) -> tuple[str, str, tuple[int, bytes]]:
    """A campaign of the owner, the batch that it gives from, and the entry that locked that."""
    organiser, setting = clerk.accounts["owner"], clerk.setting("owner")
    campaign = setting.new("campaign", 0)
    opened = {
        "organiser": organiser,
        "occasion": Hidden(value="马拉松 / a marathon"),
        "terms": digest("terms"),
        "standard": "SCFG",
        "each_g": None,
        "deadline": (datetime.now(UTC) + timedelta(days=30)).date().isoformat(),
        "retire_only": True,
        "public": True,
    }
    bound = (organiser, [("account.bound.v1", {"to": campaign})])
    clerk.begins(setting, campaign, [(campaign, [("campaign.opened.v1", opened)]), bound])
    setting = clerk.setting("owner")
    child, of = setting.new("batch", 1), {"amount_g": amount_g, "standard": "SCFG"}
    held = {**of, "holder": organiser}
    locked = {**held, "owner": organiser, "range": None, "ground": "campaign"}
    carved_out = ("batch.carved_out.v1", {**held, "parent": native(clerk)})
    said = {**of, "organiser": organiser, "batch": child}
    parts: Any = [
        (native(clerk), [("batch.carved.v1", {**held, "range": None, "child": child})]),
        (child, [carved_out, ("batch.locked.v1", locked)]),
        (campaign, [("campaign.funded.v1", said)]),
    ]
    clerk.begins(setting, child, parts)
    made = clerk.receipts[child]
    return campaign, child, (made.index, made.leaf)


def native(clerk: Clerk) -> str:
    """The batch of which the owner has everything."""
    (batch,) = [name for name in clerk.receipts if name.startswith("batch/")][:1]
    return batch


def shared(clerk: Clerk, setting: Setting, names: Sequence[str]) -> Any:
    """The parts of an act that retires a gram for each of these people."""
    retired = {
        "holder": clerk.accounts["owner"],
        "amount_g": len(names),
        "standard": "SCFG",
        "range": None,
    }
    _, stated = clerk.statement(activity=None, organisers=None)
    del stated["beneficiary"]
    rows = Detached(tag=SHARE_TAG, rows=[(Hidden(value=name), 1) for name in names])
    return [
        (native(clerk), [("batch.retired.v1", retired)]),
        (setting.new("certificate", 1), [("certificate.shared.v1", {**stated, "rows": rows})]),
    ]


def shares(clerk: Clerk, names: Sequence[str] = GUESTS) -> Receipt:
    setting = clerk.setting("owner")
    request = clerk.operator.request(setting, shared(clerk, setting, names))
    (receipt,) = clerk.operator.record([request])
    return receipt


def told(book: Book, index: int) -> Any:
    """What happened in an entry that has rows, with what they say."""
    with closing(Log(book.place)) as log:
        (placed,) = [placed for placed in log.entries(index) if placed.index == index]
        (happening,) = [made for made in placed.happened() if hasattr(made.event, "rows")]
    return happening


def stored(book: Book, index: int) -> list[bytes]:
    found = book.rows("SELECT row FROM detached WHERE entry = ? ORDER BY number", index)
    return [bytes(row) for (row,) in found]


def takers(book: Book, count: int) -> list[tuple[str, int]]:
    account = book.accounts["bob"]
    return [(account, number + 1) for number in range(count)]


def verdict(book: Book) -> Any:
    with pytest.raises((BrokenHistoryError, IncompleteError)) as failure:
        audit(book.place, book.key)
    return failure.value


def test_rows_are_stored_with_their_entry_and_read_back(quick: Book) -> None:
    with quick.clerk() as clerk:
        receipt = gives(clerk, takers(quick, 20), scattered=True)

    happening = told(quick, receipt.index)
    assert [amount_g for _, amount_g, _ in happening.event.rows.items] == list(range(1, 21))
    assert happening.outcome["ranges"][-1] == (209, 229)
    # Those of the intent first, then those of the outcome.
    assert len(stored(quick, receipt.index)) == 40
    assert quick.audited().entries == receipt.index + 1


def test_a_stream_with_rows_is_folded_again_when_the_registry_is_opened(quick: Book) -> None:
    with quick.clerk() as clerk:
        receipt = gives(clerk, takers(quick, 3))
    stream = told(quick, receipt.index).stream

    with closing(Log(quick.place)) as log, log.recorder.reading() as cursor:
        state = Moment(cursor).stream(stream).state

    assert state.given_to(quick.accounts["bob"]).total_g == 6


def test_the_same_gift_again_has_one_effect(quick: Book) -> None:
    with quick.clerk() as clerk:
        parts = given(clerk, takers(quick, 3))
        setting = clerk.setting("owner")
        request = clerk.operator.request(setting, parts)

        (first,) = clerk.operator.committer.commit([request])
        (again,) = clerk.operator.committer.commit([request])

    assert isinstance(first, Receipt)
    assert isinstance(again, Receipt)
    assert (first.index, first.leaf) == (again.index, again.leaf)
    assert quick.audited().entries == first.index + 1


@pytest.mark.parametrize("number", [0, 7, 19])
def test_a_row_that_is_missing_is_incomplete_and_named(quick: Book, number: int) -> None:
    with quick.clerk() as clerk:
        receipt = gives(clerk, takers(quick, 20), scattered=True)

    quick.change("DELETE FROM detached WHERE entry = ? AND number = ?", receipt.index, number)

    failure = verdict(quick)
    assert isinstance(failure, IncompleteError)
    assert (failure.code, failure.facts["index"]) == ("rows_missing", receipt.index)
    with pytest.raises(IncompleteError):
        told(quick, receipt.index)


def test_a_row_that_was_altered_is_a_broken_history(quick: Book) -> None:
    with quick.clerk() as clerk:
        receipt = gives(clerk, takers(quick, 20), scattered=True)
    whole = stored(quick, receipt.index)

    quick.change(
        "UPDATE detached SET row = ? WHERE entry = ? AND number = ?", whole[1], receipt.index, 0
    )

    failure = verdict(quick)
    assert isinstance(failure, BrokenHistoryError)
    assert (failure.code, failure.facts["index"]) == ("wrong_rows", receipt.index)


@pytest.mark.parametrize("number", [20, 39])
def test_a_row_of_an_outcome_that_differs_is_a_table_that_differs(quick: Book, number: int) -> None:
    with quick.clerk() as clerk:
        receipt = gives(clerk, takers(quick, 20), scattered=True)
        gives(clerk, takers(quick, 2))

    quick.change("DELETE FROM detached WHERE entry = ? AND number = ?", receipt.index, number)

    failure = verdict(quick)
    assert (failure.code, failure.facts["index"]) == ("derived.detached", receipt.index)


def test_rows_of_nothing_are_a_table_that_differs_and_hide_no_other_row(quick: Book) -> None:
    with quick.clerk() as clerk:
        receipt = gives(clerk, takers(quick, 2))
        quick.change("INSERT INTO detached VALUES (1, 0, 0, 0, ?)", b"stray")
        quick.change("INSERT INTO detached VALUES (?, 1, 0, 0, ?)", receipt.index, b"stray")

    failure = verdict(quick)
    assert (failure.code, failure.facts["index"]) == ("derived.detached", 1)


def test_other_rows_than_the_signed_ones_are_not_recorded(quick: Book) -> None:
    with quick.clerk() as clerk:
        before = clerk.operator.committer.commit([])
        parts = given(clerk, takers(quick, 3))
        setting = clerk.setting("owner")
        request = clerk.operator.request(setting, parts)
        proposal = propose(setting, parts)
        bare = check_intent(proposal.data, request.signed.signatures)

        answers = clerk.operator.committer.commit(
            [request.__class__(signed=bare), request.__class__(signed=request.signed)]
        )

    refusal, receipt = answers
    assert before == []
    assert isinstance(refusal, RefusedError)
    assert refusal.code == "rows_missing"
    assert isinstance(receipt, Receipt)
    assert quick.audited().entries == receipt.index + 1


def test_rows_wait_in_the_queue_with_their_intent(
    quick: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    with quick.clerk() as clerk, Sequencer(clerk.operator.committer) as queue:
        parts = given(clerk, takers(quick, 3))
        setting = clerk.setting("owner")
        signed = clerk.operator.request(setting, parts).signed

        missing = queue.submit(signed.data, signed.signatures).exception(PATIENCE_S)
        receipt = queue.submit(signed.data, signed.signatures, rows=signed.rows).result(PATIENCE_S)
        monkeypatch.setattr(queues, "ROWS_BYTES_WAITING_MAX", 10)
        with pytest.raises(RefusedError) as too_long:
            queue.submit(signed.data, signed.signatures, rows=signed.rows)
        monkeypatch.setattr(queues, "ROWS_BYTES_WAITING_MAX", 1_000_000)
        monkeypatch.setattr(queue, "_rows_bytes", 1_000_000)
        with pytest.raises(UnavailableError) as busy:
            queue.submit(signed.data, signed.signatures, rows=signed.rows)

    assert isinstance(missing, RefusedError)
    assert missing.code == "rows_missing"
    assert told(quick, receipt.index).event.rows.count == 3
    assert (too_long.value.code, busy.value.code) == ("too_long", "busy")


def test_names_in_rows_are_kept_opened_and_erased_one_by_one(quick: Book) -> None:
    with quick.clerk() as clerk:
        before = quick.audited()
        receipt = shares(clerk)
    after = quick.audited()
    committed = [whom for whom, _, _ in told(quick, receipt.index).event.rows.items]

    with closing(Log(quick.place)) as log:
        names = [log.openings.find([one])[one].value for one in committed]
        erased = log.openings.erase(committed[:1])
        left = log.openings.find(committed)

    assert names == GUESTS
    assert (erased, len(left)) == (1, len(GUESTS) - 1)
    assert after.openings == before.openings + len(GUESTS)
    assert quick.audited().openings == after.openings - 1
    assert quick.audited().root == after.root


def test_a_name_that_opens_another_row_is_found_by_an_audit(quick: Book) -> None:
    with quick.clerk() as clerk:
        receipt = shares(clerk)

    quick.change(
        "UPDATE openings SET field = '1/0/rows/1' WHERE entry = ? AND field = '1/0/rows/0'",
        receipt.index,
        file="openings.db",
    )

    failure = verdict(quick)
    assert (failure.code, failure.facts["entry"]) == ("derived.openings", receipt.index)


def test_an_opening_of_no_row_is_not_recorded(quick: Book) -> None:
    with quick.clerk() as clerk:
        setting = clerk.setting("owner")
        request = clerk.operator.request(setting, shared(clerk, setting, GUESTS[:2]))
        odd = Opening(field="1/0/rows/2", salt=bytes(32), value="客人 2")
        more = request.__class__(signed=request.signed, openings=(*request.openings, odd))

        refusal, receipt = clerk.operator.committer.commit([more, request])

    assert isinstance(refusal, RefusedError)
    assert refusal.code == "wrong_opening"
    assert isinstance(receipt, Receipt)
    assert quick.audited().entries == receipt.index + 1


def test_a_copy_brings_back_rows_and_names(quick: Book, tmp_path: Path) -> None:
    take_back = quick.backup()
    start = quick.audited().entries
    with quick.clerk() as clerk:
        gift = gives(clerk, takers(quick, 20), scattered=True)
        share = shares(clerk)
        last = gives(clerk, takers(quick, 2))
    whole = quick.audited()
    rows = [stored(quick, receipt.index) for receipt in (gift, share, last)]
    back_up(quick.place, tmp_path / "copy")
    take_back()
    quick.change("DELETE FROM openings WHERE entry >= ?", start, file="openings.db")

    with database.reading(tmp_path / "copy") as copy:
        restored = restore(copy, quick.place)

    # With them the occasions of the two campaigns.
    assert (restored.start, restored.names, restored.lost) == (start, len(GUESTS) + 2, 0)
    assert [stored(quick, receipt.index) for receipt in (gift, share, last)] == rows
    with quick.clerk():
        pass
    assert (quick.audited().root, quick.audited().openings) == (whole.root, whole.openings)


def test_a_copy_that_lacks_rows_brings_nothing_back(quick: Book, tmp_path: Path) -> None:
    take_back = quick.backup()
    with quick.clerk() as clerk:
        gift = gives(clerk, takers(quick, 3))
    quick.change("DELETE FROM detached WHERE entry = ? AND number = 1", gift.index)
    back_up(quick.place, tmp_path / "copy")
    take_back()

    with database.reading(tmp_path / "copy") as copy, pytest.raises(IncompleteError) as missing:
        restore(copy, quick.place)

    assert (missing.value.code, missing.value.facts["index"]) == ("rows_missing", gift.index)
    with closing(Log(quick.place)) as log:
        assert [placed.index for placed in log.entries(gift.index)] == []


def test_what_came_with_an_intent_is_told_from_what_came_of_it(quick: Book) -> None:
    with quick.clerk() as clerk:
        receipt = gives(clerk, takers(quick, 20), scattered=True)

    with closing(Log(quick.place)) as log:
        (placed,) = list(log.entries(receipt.index))[:1]

    assert history.has_rows(placed.entry)
    assert len(placed.detached[0, 0]) == 40
    assert placed.came_with()[0, 0] == placed.detached[0, 0][:20]


def test_each_guest_has_a_proof_that_needs_no_other_guest(quick: Book) -> None:
    with quick.clerk() as clerk:
        receipt = gives(clerk, takers(quick, 5))

    with closing(Log(quick.place)) as log:
        files = list(row_proofs(log, receipt.index, 0, 0))
    shown = [verify_gift(file, quick.key) for file in files]

    assert [found.gift.amount_g for found in shown] == [1, 2, 3, 4, 5]
    assert [found.ranges for found in shown] == [
        ((0, 1),),
        ((1, 3),),
        ((3, 6),),
        ((6, 10),),
        ((10, 15),),
    ]
    assert {found.giver for found in shown} == {quick.accounts["owner"]}
    assert {found.index for found in shown} == {receipt.index}


def test_no_rows_are_proved_of_what_has_none(quick: Book) -> None:
    with closing(Log(quick.place)) as log, pytest.raises(RefusedError) as refusal:
        list(row_proofs(log, 1, 0, 0))

    assert refusal.value.code == "unknown_kind"


def test_no_rows_are_proved_under_a_head_that_is_not_signed(quick: Book) -> None:
    with quick.clerk() as clerk:
        receipt = gives(clerk, takers(quick, 5))
    quick.change("UPDATE head SET checkpoint = NULL")

    with closing(Log(quick.place)) as log, pytest.raises(RefusedError) as refusal:
        list(row_proofs(log, receipt.index, 0, 0))

    assert refusal.value.code == "head_not_signed"
