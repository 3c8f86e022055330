"""`registry batch import-books`: the history of a registry of before."""

from collections.abc import Sequence
from pathlib import Path

from registry.acts import old_books as acts
from registry.acts.old_books import ISSUED, RETIRED, Row
from registry.cli.voice import Voice, is_demonstration
from registry.desk import importing, rows
from registry.desk.desk import at_desk
from registry.desk.importing import Entering
from registry.place import Place


def run(file: Path, place: Place, *, authority: str | None, dry_run: bool, voice: Voice) -> None:
    """Enter the books in `file`; in a rehearsal, say what would be entered, with what the rules say of every row.

    Raises:
        RefusedError: `bad_rows` and what else `old_books.read` says; what the rules say. Of a page nothing is recorded
            then, and those before it stand.
    """
    books = acts.read(rows.file_of(file, acts.COLUMNS))
    with at_desk(place, dry_run=dry_run) as desk:
        entering = importing.entering(desk, books, authority)
        left = entering.left()
        for plans in entering.steps(left):
            desk.perform(plans)
        _tell(entering, left, voice)


def _tell(entering: Entering, entered: Sequence[Row], voice: Voice) -> None:
    rows = entering.books.rows
    already = len(rows) - len(entered)
    if voice.is_json:
        origin = entering.desk.source.origin
        voice.json(
            {
                "dry_run": entering.desk.dry_run,
                "rows": len(entered),
                "already": already,
                "source": entering.books.source,
                "batches": [
                    {"before": row.batch, "batch": entering.batch(row)}
                    for row in rows
                    if row.what == ISSUED
                ],
                "certificates": [
                    {
                        "row": row.number,
                        "before": row.certificate or None,
                        "certificate": entering.certificate(row),
                    }
                    for row in rows
                    if row.what == RETIRED
                ],
                "origin": origin,
                "demonstration": is_demonstration(origin),
            }
        )
        return
    voice.demonstration(entering.desk.source.origin)
    said = "books.rehearsed" if entering.desk.dry_run else "books.entered"
    voice.say(said, count=len(entered), already=already)
    for row in rows:
        if row.what == ISSUED:
            voice.say("books.batch", before=row.batch, batch=entering.batch(row))
