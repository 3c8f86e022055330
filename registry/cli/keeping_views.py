"""`registry views`: how far the tables are, and making them anew."""

from contextlib import closing

from registry.cli.voice import Voice
from registry.errors import UsageError
from registry.place import Place
from registry.projections.every import PROJECTIONS
from registry.store.log import Log
from registry.store.views import rebuild, views


def show(place: Place, *, voice: Voice) -> None:
    """Say how far the tables are, after they were caught up.

    Raises:
        RefusedError: `no_registry`.
    """
    with closing(Log(place)) as log, views(log) as tables:
        size, log_size = tables.size, tables.log_size
    if voice.is_json:
        voice.json({"size": size, "log_size": log_size, "tables": _tables()})
        return
    voice.table(
        voice.text("views.title"),
        [voice.text("views.projection"), voice.text("views.tables")],
        [[name, ", ".join(tables)] for name, tables in _tables().items()],
    )
    voice.say("answer.true_of", last=size - 1, size=log_size)


def make_anew(name: str | None, place: Place, *, voice: Voice) -> None:
    """Drop the tables of a projection, or all, and fold them from the first entry.

    Raises:
        UsageError: `malformed` if there is no such projection.
        RefusedError: `no_registry`, `not_permitted`.
    """
    if name is not None and name not in _tables():
        raise UsageError("malformed", field=name, why="one_of", choices=list(_tables()))
    with closing(Log(place)) as log:
        size = rebuild(log, *([] if name is None else [name]))
    if voice.is_json:
        voice.json({"size": size})
    else:
        voice.say("views.rebuilt", size=size)


def _tables() -> dict[str, list[str]]:
    return {own.name: [table.name for table in own.tables] for own in PROJECTIONS}
