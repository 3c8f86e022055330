"""A server that does not answer is given up, whether it says nothing or too little."""

import time
from collections.abc import Iterator

import psycopg
import pytest

from registry.patience import PatientConnection
from tests.servers import database, server

__all__ = ["database", "server"]


@pytest.fixture
def hurried(database: str) -> Iterator[PatientConnection]:
    """A connection that waits for half a second."""
    with PatientConnection.connect(database, autocommit=True) as connection:
        connection.answer_s = 0.5
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_sleep(20)",
        # Row after row, each of which is sent: never silent for long.
        "SELECT repeat('x', 20000), pg_sleep(0.1) FROM generate_series(1, 200)",
    ],
)
def test_an_answer_that_does_not_end_is_given_up(hurried: PatientConnection, statement: str):
    began_s = time.monotonic()

    with pytest.raises(psycopg.OperationalError, match=r"no answer within 0\.5 s") as late:
        hurried.execute(statement)

    assert time.monotonic() - began_s < 5
    assert late.value.sqlstate is None
    assert hurried.closed


def test_the_transaction_that_it_was_in_ends_with_it(hurried: PatientConnection):
    with pytest.raises(psycopg.OperationalError, match="no answer"), hurried.transaction():
        hurried.execute("SELECT pg_sleep(20)")

    assert hurried.closed


def test_many_answers_may_take_longer_than_one(hurried: PatientConnection):
    for _ in range(8):
        assert hurried.execute("SELECT pg_sleep(0.1)").rowcount == 1

    assert not hurried.closed


def test_who_listens_waits_as_long_as_it_likes(hurried: PatientConnection):
    hurried.execute("LISTEN silence")

    assert list(hurried.notifies(timeout=1)) == []

    assert not hurried.closed
