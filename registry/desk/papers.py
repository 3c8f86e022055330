"""The official papers of a registry, compiled from its log for whoever asks.

list        清单, as the form has it or as the province's annex
summary     年度表
reconcile   勾稽表: what is behind each figure, and what was published against it
form        登记表 of one activity

A paper is whole when it is compiled: it can be written as CSV, as a workbook, or shown, after the log is closed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, assert_never

from registry.desk import given, papers_csv, papers_words, papers_xlsx
from registry.desk.asking import Question, question_to
from registry.desk.opened import Opened
from registry.desk.words import Lang
from registry.errors import RefusedError, UsageError, require
from registry.projections.papers import claims as claiming
from registry.projections.papers import form as forms
from registry.projections.papers import published
from registry.projections.papers.annual import Figures, annual, counted_in, figures
from registry.projections.papers.claims import Claim, Scope, Tables
from registry.projections.papers.lists import list_sheet, listed
from registry.projections.papers.paper import Cell, Days, Mass, Note, Share, Sheet, Term, Withheld
from registry.projections.papers.reconciling import reconciled
from registry.store.log import Moment
from registry.verifier.certificate import is_demonstration

_PLACE = re.compile(r"[0-9]{6}", re.ASCII)
_ID = re.compile(r"[a-z2-7]{16}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which days and area a paper is to be about, and as of when."""

    first: str | None = None
    last: str | None = None
    area: str | None = None
    as_of: str | None = None
    report: str | None = None
    """A report/<id>, whose days, area and size these are then to be."""

    def check(self) -> None:
        """Refuse what makes no sense before anything is read.

        Raises:
            UsageError: `malformed`.
        """
        for field, day in (("from", self.first), ("to", self.last)):
            if day is not None:
                given.day(day, field)
        if self.area is not None and not _PLACE.fullmatch(self.area):
            raise UsageError("malformed", field="area", why="place_expected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A paper: its sheets, what it comes to, and what is true of all of it.

    `at_us` is when the last entry that it counts was recorded; `private`, whether it has names that are not public.
    """

    sheets: Sequence[Sheet]
    figures: Figures
    notes: Sequence[Note]
    true_of: Mapping[str, Any]
    at_us: int
    private: bool = False

    def lines(self, lang: Lang) -> tuple[str, ...]:
        """What is true of every sheet: whether it is a demonstration, what it is about, and of which entries."""
        return tuple(papers_words.note(note, lang) for note in self.notes)

    def csv(self, lang: Lang) -> bytes:
        """The paper as a file of lines."""
        return papers_csv.written(self.sheets, self.lines(lang), lang)

    def xlsx(self, lang: Lang) -> bytes:
        """The paper as a workbook.

        Raises:
            RefusedError: `too_long`.
        """
        marked: bool = self.true_of["demonstration"]
        heading = papers_xlsx.Heading(lines=self.lines(lang), is_marked=marked, at_us=self.at_us)
        return papers_xlsx.written(self.sheets, heading, lang)


def listing(source: Opened, wanted: Wanted, *, is_annex: bool) -> Paper:
    """The list of what was neutralised.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_such_entry`, `no_stream`.
    """
    with _material(source, wanted) as found:
        sheet = list_sheet("annex" if is_annex else "list", found.tables, found.claims, found.scope)
        return found.paper([sheet], figures(listed(found.claims, found.scope)))


def summary(source: Opened, wanted: Wanted) -> Paper:
    """The annual table.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_such_entry`, `no_stream`.
    """
    with _material(source, wanted) as found:
        sheet = annual(found.tables, found.claims, found.scope)
        return found.paper([sheet], figures(counted_in(found.claims, found.scope)))


def reconciliation(
    source: Opened, wanted: Wanted, *, against: published.Published | None = None
) -> Paper:
    """What is behind the figures; with `against`, figures that were published, also where those cannot all be true.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_such_entry`, `no_stream`.
    """
    if against is not None:
        wanted = replace(wanted, first=against.first, last=against.last)
    with _material(source, wanted) as found:
        sheets = list(reconciled(found.tables, found.claims, found.scope))
        if against is not None:
            sheet = published.sheet(against, listed(found.claims, found.scope))
            said = Note(key="published", facts={"title": against.title})
            sheets.append(replace(sheet, notes=(said,)))
        return found.paper(sheets, figures(counted_in(found.claims, found.scope)))


def form(source: Opened, activity: str, wanted: Wanted, *, private: bool = False) -> Paper:
    """The registration form of an activity; names that are not public only if it is to be `private`.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_such_entry`, `no_stream`.
    """
    name = _named("activity", activity)
    with _material(source, wanted) as found:
        question = found.question
        row = next(iter(question.rows("activities", activity=name)), None)
        if row is None:
            raise RefusedError("no_stream", stream=name)
        own = question.rows("certificates", activity=name, state="valid")
        certified = next((one for one in own if one["sort"] in {"neutral", "partial"}), None)
        is_public = certified is not None and bool(certified["public"])
        hidden = forms.commitments(row)
        kept = source.shown(hidden) if private or is_public else {}
        shown = {one: kept[one].value for one in hidden if one in kept}
        if not private:
            shown.pop(row["contact"], None)
        sheets = [
            forms.form(_with_names(row, source), shown, certified),
            forms.offsets(row, found.claims),
        ]
        mine = [one for one in forms.offsetting(row, found.claims) if not one.is_annulled]
        made = found.paper(sheets, replace(figures(mine), scenes=1))
        return replace(made, private=private)


def figures_of(question: Question, sort: str, scope: Scope) -> Figures:
    """What a report of `sort` about `scope` states: a list what is listed, any other what the annual table counts."""
    _, claims = _claims(question)
    return figures(listed(claims, scope) if sort == "list" else counted_in(claims, scope))


def as_object(sheet: Sheet, *, mass: str) -> dict[str, Any]:
    """A table as a plain map: words as their keys, masses as grams under the name `mass`, a number where a name is
    not public.
    """
    return {
        "sheet": sheet.name,
        "rows": [_row(sheet, row, mass) for row in sheet.rows],
        "totals": None if sheet.totals is None else _row(sheet, sheet.totals, mass),
        "notes": [{"note": note.key, **note.facts} for note in sheet.notes],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    """A registry as of some entries, its claims, and what is asked about."""

    question: Question
    tables: Tables
    claims: list[Claim]
    scope: Scope

    def paper(self, sheets: Sequence[Sheet], own: Figures) -> Paper:
        """The paper of these sheets."""
        source, size = self.question.source, self.question.size
        with source.log.recorder.trouble(), source.log.recorder.reading() as cursor:
            moment = Moment(cursor)
            (edge,) = moment.frontiers(size)
            at_us = moment.placed(size - 1).entry.at_us if size else 0
        facts = {"origin": source.origin, "last": size - 1, "size": size, "root": edge.root()}
        about = {
            name: value
            for name, value in (
                ("first", self.scope.first),
                ("last", self.scope.last),
                ("area", self.scope.area),
            )
            if value is not None
        }
        notes = [
            *([Note(key="demonstration")] if is_demonstration(source.origin) else []),
            *([Note(key="scope", facts=about)] if about else []),
            Note(key="true_of", facts=facts),
        ]
        true_of = self.question.true_of()
        return Paper(sheets=sheets, figures=own, notes=notes, true_of=true_of, at_us=at_us)


@contextmanager
def _material(source: Opened, wanted: Wanted) -> Iterator[_Material]:
    wanted.check()
    with question_to(source, wanted.as_of) as question:
        scope = Scope(first=wanted.first, last=wanted.last, area=wanted.area)
        if wanted.report is not None:
            question, scope = _as_reported(question, wanted.report)
        tables, claims = _claims(question)
        yield _Material(question=question, tables=tables, claims=claims, scope=scope)


def _as_reported(question: Question, typed: str) -> tuple[Question, Scope]:
    """The question as of the entries that a report counts, and what the report is about."""
    name = _named("report", typed)
    found = question.rows("reports", report=name)
    if not found:
        raise RefusedError("no_stream", stream=name)
    (row,) = found
    scope = Scope(first=row["first_day"], last=row["last_day"], area=row["area"])
    return replace(question, size=row["size"]), scope


def _named(prefix: str, typed: str) -> str:
    """The stream that is meant by its name or its id.

    Raises:
        RefusedError: `no_stream` if it can be none.
    """
    made = typed.removeprefix(f"{prefix}/")
    require(_ID.fullmatch(made) is not None, "no_stream", stream=f"{prefix}/{made}")
    return f"{prefix}/{made}"


def _claims(question: Question) -> tuple[Tables, list[Claim]]:
    tables = Tables(
        retirements=question.rows("retirements"),
        retired=question.rows("retired"),
        verdicts=question.rows("verdicts"),
        certificates=question.rows("certificates"),
        activities=question.rows("activities"),
        performances=question.rows("performances"),
        batches=question.rows("batches"),
        reports=question.rows("reports"),
    )
    kept = question.source.shown(claiming.commitments(tables))
    shown = {commitment: opening.value for commitment, opening in kept.items()}
    return tables, claiming.claims_of(tables, shown)


def _with_names(row: dict[str, Any], source: Opened) -> dict[str, Any]:
    """The row, with what public bodies are called beside their ids."""
    named = dict(row)
    for column in ("authority", "confirmer"):
        name = source.name_of(row[column]) if row[column] else None
        if name is not None:
            named[column] = f"{name}（{row[column]}）"
    return named


def _row(sheet: Sheet, row: Sequence[Cell], mass: str) -> dict[str, Any]:
    return {name: _value(cell, mass) for name, cell in zip(sheet.columns, row, strict=True)}


def _value(cell: Cell, mass: str) -> Any:
    value: Any
    match cell:
        case Mass(grams=grams):
            value = {mass: grams}
        case Share(hundredths=hundredths):
            value = {"hundredths_of_percent": hundredths}
        case Days(first=first, last=last):
            value = [first, last]
        case Term(name=name):
            value = name
        case Withheld(number=number):
            value = {"not_public": number}
        case tuple():
            value = [_value(one, mass) for one in cell]
        case None | str() | int() | bytes():
            value = cell
        case _:
            assert_never(cell)
    return value
