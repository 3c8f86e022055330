"""What was recorded before, or elsewhere, enters the log: the books of another registry, and published lists.

Books are entered a page of rows at a time, each page as a whole. Whoever begins again after a crash goes on with the
first row that is not entered: each row is known by the name of what it began, or by the last row that its batch
remembers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from registry.acts import old_books as acts
from registry.acts import published_list
from registry.acts.old_books import ISSUED, RETIRED, TRANSFERRED, Books, Row
from registry.acts.plan import Plan
from registry.acts.published_list import PublishedList
from registry.acts.sheet import File, Problem
from registry.desk import given
from registry.desk.desk import Desk
from registry.errors import RefusedError

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

    def left(self) -> list[Row]:
        """The rows that do not stand in the log yet."""
        return [row for row in self.books.rows if not self.is_entered(row)]

    def steps(self, left: Sequence[Row]) -> Iterator[Sequence[Plan]]:
        """What enters the rows that are `left`: each step is to be carried out before the next is asked for.

        A rehearsal is of one step, in which the certificates that would say their numbers of before are not there yet.
        """
        if self.desk.dry_run:
            yield [self._plan(row) for row in left]
            return
        for page in _pages(left):
            yield [self._plan(row) for row in page]
        # Numbers of before name the entry that issued the certificate, so they come after it; also after a crash
        # between.
        for page in _pages([row for row in self.books.rows if row.what == RETIRED]):
            plans = [plan for plan in map(self._renumber, page) if plan is not None]
            if plans:
                yield plans

    def _plan(self, row: Row) -> Plan:
        """The act that enters a row."""
        holder, officer = self.accounts[row.holder], self.officer
        if row.what == ISSUED:
            by = {"authority": self.authority, "officer": officer}
            return acts.issued(self.books, row, holder=holder, **by)
        if row.what == TRANSFERRED:
            taker = self.accounts[row.taker]
            return acts.transferred(self.books, row, officer=officer, giver=holder, taker=taker)
        return acts.retired(self.books, row, officer=officer, holder=holder)

    def _renumber(self, row: Row) -> Plan | None:
        """The act that says which number the certificate of an entered row had; None where nothing is to be said."""
        if not row.certificate:
            return None
        state = self.desk.state(self.certificate(row))
        if state.former:
            return None
        means = self.desk.means(state.issued)
        holder = self.accounts[row.holder]
        return acts.numbered(self.books, row, officer=self.officer, holder=holder, means=means)


def entering(desk: Desk, books: Books, authority: str | None) -> Entering:
    """The books, ready to be entered; who signs as authority may be left open where only one can.

    Raises:
        RefusedError: `bad_rows` if names in them mean no account, or several; `nobody_in_role`, `several_in_role`.
    """
    accounts: dict[str, str] = {}
    bad: list[Problem] = []
    for row in books.rows:
        for field, name in (("holder", row.holder), ("taker", row.taker)):
            if name and name not in accounts:
                try:
                    accounts[name] = desk.account(name)
                except RefusedError:
                    bad.append((row.line, field, name, "account_unknown"))
    if bad:
        raise RefusedError("bad_rows", rows=bad)
    own = desk.body("authority", authority)
    (officer,) = desk.officers(1, own)
    return Entering(desk=desk, books=books, authority=own, officer=officer, accounts=accounts)


def _pages(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for first in range(0, len(rows), PAGE_ROWS):
        yield rows[first : first + PAGE_ROWS]


def published(file: File) -> PublishedList:
    """A published list, of which nothing is later than this month.

    Raises:
        RefusedError: as `published_list.read`.
    """
    return published_list.read(file, until=given.today()[: len("2026-11")])
