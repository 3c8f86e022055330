"""Whom an entry affects, and who of them is still to be told of it."""

from registry.desk import lists
from registry.desk.asking import Question
from registry.desk.desk import Desk
from registry.errors import require
from registry.store.views import views


def untold(desk: Desk, index: int) -> list[str]:
    """The accounts that entry `index` affects, that did not sign it, and that were not told of it yet.

    Raises:
        RefusedError: `nobody_to_tell`.
    """
    with views(desk.source.log) as tables:
        question = Question(source=desk.source, views=tables, size=tables.size, day="")
        found = [row["account"] for row in lists.untold(question) if row["entry"] == index]
    require(bool(found), "nobody_to_tell", index=index)
    return found
