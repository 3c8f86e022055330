"""An audit that was cut off goes on where it was, and believes nothing of what it did not keep itself."""

from pathlib import Path

import pytest

from registry import history
from registry.errors import RegistryError
from registry.history import Addition, SignedEntry, View
from registry.ledger.rows import Beside
from registry.verifier import interim, run
from registry.verifier.audit import Audited, audit
from registry.verifier.interim import Keeping
from tests.books import Book
from tests.pg_books import ServerBook

AnyBook = Book | ServerBook
CUT_OFF = 30

ALTERED = {
    "topic": "UPDATE stored_events SET topic = topic || 'x' WHERE rowid = 641",
    "position": "UPDATE stored_events SET originator_version = 99 WHERE rowid = 641",
    "entry": "UPDATE stored_events SET state = substr(state, 1, length(state) - 1) WHERE rowid = 641",
    "missing": "DELETE FROM stored_events WHERE rowid = 641",
    "node": "UPDATE tree SET hash = (SELECT hash FROM tree WHERE node = 8) WHERE node = 7",
    "nonce": "UPDATE nonces SET entry = 11 WHERE entry = 10",
    "forgotten nonce": "DELETE FROM nonces WHERE entry = 10",
    "detached": "DELETE FROM detached",
    "head": "UPDATE head SET size = size - 1",
}


class CutOffError(Exception):
    """What ends an audit in the middle."""


@pytest.fixture(params=["directory", "server"])
def book(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AnyBook:
    """A copy of the registry, in each database."""
    # On a server somebody else may always be about to sign the head: not here.
    monkeypatch.setattr("registry.verifier.server.ServerDatabase.has_writer", False)
    name = "book" if request.param == "directory" else "pg_book"
    found: AnyBook = request.getfixturevalue(name)
    return found


@pytest.fixture
def kept(book: AnyBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of an audit that was cut off after CUT_OFF entries."""
    file = tmp_path / "audits" / "kept"
    monkeypatch.setattr(run, "TELL_ENTRIES", 2)
    monkeypatch.setattr(run, "KEEP_SHARE", 0)

    def told(done: int, _of: int) -> None:
        if done > CUT_OFF:
            raise CutOffError

    with pytest.raises(CutOffError):
        audit(book.place, book.key, progress=told, keeping=Keeping(file=file, every_s=0))
    return file


def found(book: AnyBook, keeping: Keeping) -> Audited | tuple[str, dict[str, object]]:
    try:
        return audit(book.place, book.key, keeping=keeping)
    except RegistryError as error:
        told = {name: fact for name, fact in error.facts.items() if name != "audited"}
        return error.code, told


def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The entries that are judged from now on."""
    seen: list[int] = []
    follow = history.follow

    def told(view: View, signed: SignedEntry, beside: Beside) -> Addition:
        seen.append(view.size)
        return follow(view, signed, beside)

    monkeypatch.setattr(history, "follow", told)
    return seen


def test_it_comes_to_the_same_without_judging_again_what_was_judged(
    book: AnyBook, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = audit(book.place, book.key)
    seen = judged(monkeypatch)

    resumed = audit(book.place, book.key, keeping=Keeping(file=kept, resume=True))

    assert resumed == fresh
    assert seen == list(range(CUT_OFF + 1, fresh.entries))


def test_unless_it_is_asked_to_it_begins_at_the_beginning(
    book: AnyBook, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = judged(monkeypatch)

    audited = audit(book.place, book.key, keeping=Keeping(file=kept))

    assert seen == list(range(audited.entries))


@pytest.mark.parametrize("name", ALTERED)
def test_what_was_altered_among_the_judged_is_named_as_ever(
    book: AnyBook, kept: Path, name: str
) -> None:
    book.change(ALTERED[name])
    fresh = found(book, Keeping())

    resumed = found(book, Keeping(file=kept, resume=True))

    assert not isinstance(fresh, Audited)
    assert resumed == fresh


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "other"])
def test_a_file_that_is_not_whole_is_none(
    book: AnyBook, kept: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = kept.read_bytes()
    at = len(data) // 2
    harmed = {
        "cut": data[:at],
        "flipped": data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :],
        "empty": b"",
        "other": b"x" * 100,
    }
    kept.write_bytes(harmed[harm])
    seen = judged(monkeypatch)

    audited = audit(book.place, book.key, keeping=Keeping(file=kept, resume=True))

    assert seen == list(range(audited.entries))


def test_another_version_of_the_software_begins_at_the_beginning(
    book: AnyBook, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interim, "_software", lambda: bytes(32))
    seen = judged(monkeypatch)

    audited = audit(book.place, book.key, keeping=Keeping(file=kept, resume=True))

    assert seen == list(range(audited.entries))


def test_the_file_is_its_users_alone(kept: Path) -> None:
    assert kept.stat().st_mode & 0o077 == 0


def test_of_what_differs_nothing_is_kept(
    book: AnyBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.change(ALTERED["topic"])
    monkeypatch.setattr(run, "TELL_ENTRIES", 2)
    monkeypatch.setattr(run, "KEEP_SHARE", 0)
    file = tmp_path / "kept"

    with pytest.raises(RegistryError):
        audit(book.place, book.key, keeping=Keeping(file=file, every_s=0))

    known = interim.load(file)
    assert known is not None
    assert known.replay.size <= 10


def test_an_audit_that_cannot_keep_how_far_it_got_has_a_verdict(
    book: AnyBook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TELL_ENTRIES", 2)
    (tmp_path / "file").write_bytes(b"")

    keeping = Keeping(file=tmp_path / "file" / "below", every_s=0)

    assert audit(book.place, book.key, keeping=keeping) == audit(book.place, book.key)
