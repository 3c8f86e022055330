"""What a log lacks comes back from anybody's copy: judged again, all of it or nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from registry.errors import BrokenHistoryError
from registry.store.backup import back_up
from tests.books import Book
from tests.store.copies import brought, lost_acts

pytestmark = pytest.mark.on("sqlite", "postgres")


def published(book: Book, base: Path) -> Path:
    back_up(book.place, base / "published", public=True)
    return base / "published"


def witnessed(book: Book, base: Path) -> Path:
    """What an auditor on another machine keeps: the one file."""
    return published(book, base) / "registry.db"


def backed_up(book: Book, base: Path) -> Path:
    back_up(book.place, base / "backed-up")
    return base / "backed-up"


@pytest.mark.parametrize("keep", [published, witnessed, backed_up])
def test_what_an_old_backup_lacks_comes_back_from_a_copy(
    quick: Book, tmp_path: Path, keep: Callable[[Book, Path], Path]
) -> None:
    copies: list[Path] = []
    lost = lost_acts(quick, lambda: copies.append(keep(quick, tmp_path)))
    with pytest.raises(BrokenHistoryError) as refusal:
        lost.told_again()
    assert refusal.value.code == "behind_mark"
    assert (refusal.value.facts["first"], refusal.value.facts["last"]) == (lost.size, lost.size + 2)

    restored = brought(copies[0], quick.place)

    assert (restored.start, restored.size) == (lost.size, lost.size + 3)
    assert restored.key == quick.key
    assert quick.audited().root == restored.root
    assert lost.told_again() == lost.receipts
    with quick.clerk() as clerk:
        clerk.operator.record([clerk.transfer(quick.streams["native"], "owner", "bob", 1)])
    assert quick.audited().entries == restored.size + 1
