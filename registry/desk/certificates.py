"""Which certificate is meant, and of which group it is."""

from registry.desk.opened import Opened
from registry.store.views import views

_PREFIX = "certificate/"


def read_number(typed: str) -> str:
    """A certificate's number as people write it: in any case, with dashes and spaces."""
    return typed.strip().removeprefix(_PREFIX).translate({ord(mark): None for mark in "- "}).lower()


def share_of(source: Opened, number: str) -> tuple[str, int] | None:
    """The row that has this number, as the number of its group and its own place; None if it is of no group."""
    with views(source.log) as tables:
        found = tables.rows("shares", number=number)
    return (found[0]["group_number"], found[0]["row_number"]) if found else None
