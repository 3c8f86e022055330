"""Fixtures of the verifier's tests."""

from tests.books import book, home, shelf
from tests.pg_books import pg_book, pg_shelf
from tests.servers import database, server

__all__ = ["book", "database", "home", "pg_book", "pg_shelf", "server", "shelf"]
