"""Everybody whom an entry affects and who did not sign it is to be told, until it is on record that they were."""

from pathlib import Path
from typing import Any

import pytest

from tests.books import Book, book, home, shelf
from tests.folds import folded
from tests.test_cli import Shell, english, shell
from tests.world import World
from tests.worlds_accounts import freezes, offers, seizes, staffed
from tests.worlds_batches import bearer, suspends
from tests.worlds_conduct import finds, says
from tests.worlds_giving import funded_campaign, gives, giving_world

__all__ = ["book", "english", "home", "shelf", "shell"]


@pytest.fixture
def world() -> World:
    return staffed()


def notices(world: World, entry: int = -1) -> dict[str, str]:
    """Whom an entry affects besides its signers, by name, with the kind that does."""
    index = world.additions[entry].index
    names = {person.account: name for name, person in world.people.items()}
    found = folded(world.additions).found("notices", entry=index)
    return {names.get(row["party"], row["party"]): row["kind"] for row in found}


def test_who_gets_grams_is_told_and_who_gives_them_signed(world: World) -> None:
    batch = world.issues(1_000)

    world.transfers(batch, "owner", "alice", 10)

    assert notices(world) == {"alice": "batch.transferred.v1"}


def test_who_is_frozen_or_offered_something_is_told(world: World) -> None:
    freezes(world, "alice")
    frozen = notices(world)
    offers(world, world.issues(1_000), "owner", "games", 30)

    assert frozen == {"alice": "account.frozen.v1"}
    assert notices(world) == {"games": "account.offered.v1"}


def test_from_whom_a_court_takes_and_to_whom_it_gives_are_told(world: World) -> None:
    batch = world.issues(1_000)

    seizes(world, batch, "owner", "alice", 10)

    assert notices(world).keys() == {"owner", "alice"}


def test_who_is_found_to_have_done_something_is_told(world: World) -> None:
    finds(world, "one", "alice")

    assert notices(world) == {"alice": "conduct.found.v1"}


def test_guests_who_have_an_account_are_told_of_a_gift() -> None:
    world = giving_world()
    campaign, child, lock = funded_campaign(world)
    rows = [(world["alice"].account, 10), (bearer(world, "guest").account, 5)]

    gives(world, campaign, child, lock, rows)

    assert notices(world) == {"alice": "batch.given.v1"}


def test_what_happens_to_a_certificate_or_a_batch_concerns_whoever_has_it(world: World) -> None:
    batch = world.issues(1_000)
    certificate = world.retires(batch, "owner", 10)
    body = {"reason": "fraud", "document": bytes(32)}

    says(world, certificate, "annulled", "one", "two", **body)
    annulled = notices(world)
    suspends(world, batch)

    assert annulled == {certificate: "certificate.annulled.v1"}
    assert notices(world) == {batch: "batch.suspended.v1"}


def test_of_what_somebody_signed_alone_nobody_is_told(world: World) -> None:
    batch = world.issues(1_000)

    world.retires(batch, "owner", 10)

    assert notices(world) == {}


# On the screen.


def untold(book: Book, shell: Shell) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = shell("list", "untold", "--dir", book.directory, "--json").json[
        "rows"
    ]
    return rows


def test_who_was_told_is_on_record_and_no_more_on_the_list(
    book: Book, shell: Shell, tmp_path: Path
) -> None:
    bob = book.accounts["bob"]
    paper = tmp_path / "notice.txt"
    paper.write_text("a notice", "utf-8")
    before = [row for row in untold(book, shell) if row["account"] == bob]
    entry = before[-1]["entry"]
    assert before[-1]["kind"] == "batch.transferred.v1"

    typed = ("--entry", entry, "--channel", "sms", "--document", paper, "--dir", book.directory)
    assert shell("account", "notify", bob, *typed).code == 0

    after = [row for row in untold(book, shell) if row["account"] == bob]
    assert after == before[:-1]
    told = shell("list", "notified", "--dir", book.directory, "--json").json["rows"]
    assert [(row["account"], row["told"], row["channel"]) for row in told] == [(bob, entry, "sms")]


def test_holders_of_a_certificate_and_of_a_batch_are_found_as_of_then(
    book: Book, shell: Shell, tmp_path: Path
) -> None:
    paper = tmp_path / "why.txt"
    paper.write_text("why", "utf-8")
    alice, size = book.accounts["alice"], book.rows("SELECT size FROM head")[0][0]
    at = ("--dir", book.directory)

    cancelled = [row for row in untold(book, shell) if "home_cancelled" in row["kind"]]
    batch = book.streams["native"].removeprefix("batch/")
    assert shell("batch", "suspend", batch, "--document", paper, *at).code == 0

    assert [row["account"] for row in cancelled] == [alice]
    holders = {row["account"] for row in untold(book, shell) if row["entry"] == size}
    # Nobody else has anything of it left.
    assert holders == {book.accounts["owner"]}
