"""Fixtures of the store's tests."""

from tests.books import book, home, shelf

__all__ = ["book", "home", "shelf"]
