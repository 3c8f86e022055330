"""`registry batch import-books`: the history of a registry of before, a page of rows at a time.

A page is recorded as a whole. Whoever begins again after a crash goes on with the first row that is not entered: each
row is known by the name of what it began, or by the last row that its batch remembers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.acts import old_books as acts
from registry.acts.old_books import ISSUED, RETIRED, TRANSFERRED, Books, Row
from registry.acts.plan import Plan
from registry.acts.sheet import Problem
from registry.cli.voice import Voice, is_demonstration
from registry.desk import words
from registry.desk.desk import Desk, at_desk
from registry.desk.files import readable
from registry.errors import RefusedError
from registry.place import Place

PAGE_ROWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Entering:
    """Books that are being entered: who signs for the registry, and which account is meant by each name in them."""

    desk: Desk
    books: Books
    authority: str
    officer: str
    accounts: dict[str, str]

    def batch(self, row: Row) -> str:
        """The stream of the batch of a row."""
        return acts.batch_of(self.desk.operator.id, self.books, row.batch)

    def certificate(self, row: Row) -> str:
        """The stream of the certificate of a retirement."""
        return acts.certificate_of(self.desk.operator.id, self.books, row)

    def is_entered(self, row: Row) -> bool:
        """Whether a row stands in the log."""
        if row.what == RETIRED:
            return self.desk.state(self.certificate(row)).issued is not None
        state = self.desk.state(self.batch(row))
        return bool(state.root) if row.what == ISSUED else row.number <= state.row

    def plan(self, row: Row) -> Plan:
        """The act that enters a row."""
        holder, officer = self.accounts[row.holder], self.officer
        if row.what == ISSUED:
            by = {"authority": self.authority, "officer": officer}
            return acts.issued(self.books, row, holder=holder, **by)
        if row.what == TRANSFERRED:
            taker = self.accounts[row.taker]
            return acts.transferred(self.books, row, officer=officer, giver=holder, taker=taker)
        return acts.retired(self.books, row, officer=officer, holder=holder)

    def renumber(self, row: Row) -> Plan | None:
        """The act that says which number the certificate of an entered row had; None where nothing is to be said."""
        if not row.certificate:
            return None
        state = self.desk.state(self.certificate(row))
        if state.former:
            return None
        means = self.desk.means(state.issued)
        holder = self.accounts[row.holder]
        return acts.numbered(self.books, row, officer=self.officer, holder=holder, means=means)


def run(file: Path, place: Place, *, authority: str | None, dry_run: bool, voice: Voice) -> None:
    """Enter the books in `file`; in a rehearsal, say what would be entered, with what the rules say of every row.

    Raises:
        RefusedError: `bad_rows` and what else `old_books.read` says; what the rules say. Of a page nothing is recorded
            then, and those before it stand.
    """
    try:
        books = acts.read(readable(file, acts.BOOKS_BYTES_MAX))
        with at_desk(place, dry_run=dry_run) as desk:
            entering = _entering(desk, books, authority)
            left = [row for row in books.rows if not entering.is_entered(row)]
            _enter(entering, left)
            _tell(entering, left, voice)
    except RefusedError as refusal:
        bad = refusal.facts.get("rows")
        if refusal.code == "bad_rows" and isinstance(bad, list) and not voice.is_json:
            _tell_bad(bad, voice)
        raise


def _entering(desk: Desk, books: Books, authority: str | None) -> Entering:
    accounts: dict[str, str] = {}
    bad: list[Problem] = []
    for row in books.rows:
        for field, name in (("holder", row.holder), ("taker", row.taker)):
            if name and name not in accounts:
                try:
                    accounts[name] = desk.account(name)
                except RefusedError:
                    bad.append((row.line, field, name))
    if bad:
        raise RefusedError("bad_rows", rows=bad)
    own = desk.body("authority", authority)
    (officer,) = desk.officers(1, own)
    return Entering(desk=desk, books=books, authority=own, officer=officer, accounts=accounts)


def _enter(entering: Entering, left: Sequence[Row]) -> None:
    if entering.desk.dry_run:
        entering.desk.perform([entering.plan(row) for row in left])
        return
    for page in _pages(left):
        entering.desk.perform([entering.plan(row) for row in page])
    # Numbers of before name the entry that issued the certificate, so they come after it; also after a crash between.
    retired = [row for row in entering.books.rows if row.what == RETIRED]
    for page in _pages(retired):
        plans = [plan for plan in map(entering.renumber, page) if plan is not None]
        if plans:
            entering.desk.perform(plans)


def _pages(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for first in range(0, len(rows), PAGE_ROWS):
        yield rows[first : first + PAGE_ROWS]


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


def _tell_bad(bad: Sequence[Problem], voice: Voice) -> None:
    voice.table(
        voice.text("books.bad"),
        [words.term(words.FIELDS, name, voice.lang) for name in ("line", "field", "found")],
        [
            [str(line), words.term(words.FIELDS, field, voice.lang), text]
            for line, field, text in bad
        ],
    )
