"""`registry report`: the official papers of a registry, on the screen or in a file that an office can file.

list        清单, as the form has it or as the province's annex
summary     年度表
reconcile   勾稽表: what is behind each figure, and what was published against it
form        登记表 of one activity
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, assert_never

from registry.cli.voice import Voice, is_demonstration, plain
from registry.desk import papers_csv, papers_words, papers_xlsx
from registry.desk.asking import Question, asked
from registry.desk.files import readable
from registry.desk.opened import Opened
from registry.errors import RefusedError, UsageError
from registry.place import Place
from registry.projections.papers import claims as claiming
from registry.projections.papers import form as forms
from registry.projections.papers import published
from registry.projections.papers.annual import Figures, annual, counted_in, figures
from registry.projections.papers.claims import Claim, Scope, Tables
from registry.projections.papers.lists import list_sheet, listed
from registry.projections.papers.paper import Cell, Days, Mass, Note, Share, Sheet, Term, Withheld
from registry.projections.papers.reconciling import reconciled
from registry.store.log import Moment

FILE_BYTES_MAX = 2**20
_PLACE = re.compile(r"[0-9]{6}", re.ASCII)

Format = Literal["csv", "xlsx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed: the days, the area, as of when, and where the paper goes."""

    first: str | None = None
    last: str | None = None
    area: str | None = None
    as_of: str | None = None
    report: str | None = None
    """A report/<id>, whose days, area and size these are then to be."""
    as_csv: bool = False
    as_xlsx: bool = False
    output: Path | None = None

    def format(self) -> Format | None:
        """What the file is to be; None for the screen.

        Raises:
            UsageError: `malformed`.
        """
        if self.as_csv and self.as_xlsx:
            raise UsageError("malformed", field="--csv", why="--csv / --xlsx")
        chosen: Format | None = "csv" if self.as_csv else "xlsx" if self.as_xlsx else None
        if (chosen is None) != (self.output is None):
            raise UsageError("malformed", field="-o", why="--csv -o FILE / --xlsx -o FILE")
        return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A registry as of some entries, its claims, and what is asked about."""

    question: Question
    tables: Tables
    claims: list[Claim]
    scope: Scope


def show_list(place: Place, typed: Asked, *, is_annex: bool, voice: Voice) -> None:
    """The list of what was neutralised.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_such_entry`, `no_stream`.
    """
    with _desk(place, typed) as desk:
        sheet = list_sheet("annex" if is_annex else "list", desk.tables, desk.claims, desk.scope)
        own = figures(listed(desk.claims, desk.scope))
        _deliver(_made(desk, [sheet], own), typed, voice)


def show_summary(place: Place, typed: Asked, *, voice: Voice) -> None:
    """The annual table.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_such_entry`, `no_stream`.
    """
    with _desk(place, typed) as desk:
        sheet = annual(desk.tables, desk.claims, desk.scope)
        own = figures(counted_in(desk.claims, desk.scope))
        _deliver(_made(desk, [sheet], own), typed, voice)


def show_reconciliation(place: Place, typed: Asked, *, against: Path | None, voice: Voice) -> None:
    """What is behind the figures; with `against`, a file of published figures, also where those cannot all be true.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_such_entry`, `no_stream`.
    """
    publication = None if against is None else _publication(against)
    if publication is not None:
        typed = replace(typed, first=publication.first, last=publication.last)
    with _desk(place, typed) as desk:
        sheets = list(reconciled(desk.tables, desk.claims, desk.scope))
        if publication is not None:
            sheet = published.sheet(publication, listed(desk.claims, desk.scope))
            said = Note(key="published", facts={"title": publication.title})
            sheets.append(replace(sheet, notes=(said,)))
        own = figures(counted_in(desk.claims, desk.scope))
        _deliver(_made(desk, sheets, own), typed, voice)


def show_form(place: Place, activity: str, typed: Asked, *, private: bool, voice: Voice) -> None:
    """The registration form of an activity.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_such_entry`, `no_stream`.
    """
    name = f"activity/{activity.removeprefix('activity/')}"
    with _desk(place, typed) as desk:
        question = desk.question
        row = next(iter(question.rows("activities", activity=name)), None)
        if row is None:
            raise RefusedError("no_stream", stream=name)
        own = question.rows("certificates", activity=name, state="valid")
        certified = next((one for one in own if one["sort"] in {"neutral", "partial"}), None)
        is_public = certified is not None and bool(certified["public"])
        hidden = forms.commitments(row)
        kept = question.source.shown(hidden) if private or is_public else {}
        shown = {one: kept[one].value for one in hidden if one in kept}
        if not private:
            shown.pop(row["contact"], None)
        sheets = [
            forms.form(_with_names(row, question.source), shown, certified),
            forms.offsets(row, desk.claims),
        ]
        mine = [one for one in forms.offsetting(row, desk.claims) if not one.is_annulled]
        made = _made(desk, sheets, replace(figures(mine), scenes=1))
        _deliver(replace(made, private=private), typed, voice)


def figures_of(question: Question, sort: str, scope: Scope) -> Figures:
    """What a report of `sort` about `scope` states: a list what is listed, any other what the annual table counts."""
    _, claims = _claims(question)
    return figures(listed(claims, scope) if sort == "list" else counted_in(claims, scope))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A paper: its sheets, and what it comes to."""

    sheets: Sequence[Sheet]
    question: Question
    scope: Scope
    figures: Figures
    private: bool = False


@contextmanager
def _desk(place: Place, typed: Asked) -> Iterator[Desk]:
    _check(typed)
    with asked(place, typed.as_of) as question:
        scope = Scope(first=typed.first, last=typed.last, area=typed.area)
        if typed.report is not None:
            question, scope = _as_reported(question, typed.report)
        tables, claims = _claims(question)
        yield Desk(question=question, tables=tables, claims=claims, scope=scope)


def _made(desk: Desk, sheets: Sequence[Sheet], own: Figures) -> _Made:
    return _Made(sheets=sheets, question=desk.question, scope=desk.scope, figures=own)


def _as_reported(question: Question, typed: str) -> tuple[Question, Scope]:
    """The question as of the entries that a report counts, and what the report is about."""
    name = f"report/{typed.removeprefix('report/')}"
    found = question.rows("reports", report=name)
    if not found:
        raise RefusedError("no_stream", stream=name)
    (row,) = found
    scope = Scope(first=row["first_day"], last=row["last_day"], area=row["area"])
    return replace(question, size=row["size"]), scope


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


def _check(typed: Asked) -> None:
    """Refuse what makes no sense before anything is read."""
    typed.format()
    for field, day in (("--from", typed.first), ("--to", typed.last)):
        try:
            is_day = day is None or date.fromisoformat(day).isoformat() == day
        except ValueError:
            is_day = False
        if not is_day:
            raise UsageError("malformed", field=field, why="2024-04-30")
    if typed.area is not None and not _PLACE.fullmatch(typed.area):
        raise UsageError("malformed", field="--area", why="510100")


def _publication(file: Path) -> published.Published:
    return published.read(readable(file, FILE_BYTES_MAX))


def _with_names(row: dict[str, Any], source: Opened) -> dict[str, Any]:
    """The row, with what public bodies are called beside their ids."""
    named = dict(row)
    for column in ("authority", "confirmer"):
        name = source.name_of(row[column]) if row[column] else None
        if name is not None:
            named[column] = f"{name}（{row[column]}）"
    return named


def _deliver(made: _Made, typed: Asked, voice: Voice) -> None:
    """Write the paper to the file that was asked for, or say it."""
    question, own, kind = made.question, made.figures, typed.format()
    heading = _heading(question, made.scope, voice)
    if kind is None or typed.output is None:
        _tell(made.sheets, question, heading, voice)
        return
    if kind == "csv":
        data = papers_csv.written(made.sheets, heading.lines, voice.lang)
    else:
        data = papers_xlsx.written(made.sheets, heading, voice.lang)
    _write(typed.output, data, private=made.private)
    told = {
        "file": str(typed.output),
        "sha256": sha256(data).hexdigest(),
        "activities": own.scenes,
        "retirements": own.retirements,
        "total_g": own.total_g,
    }
    if voice.is_json:
        voice.json({**told, **question.true_of()})
        return
    voice.demonstration(question.source.origin)
    voice.say("report.written", **told)
    voice.true_of(question)


def _tell(
    sheets: Sequence[Sheet], question: Question, heading: papers_xlsx.Heading, voice: Voice
) -> None:
    if voice.is_json:
        voice.json({"sheets": [_object(sheet) for sheet in sheets], **question.true_of()})
        return
    for sheet in sheets:
        rows = [*sheet.rows]
        if sheet.totals is not None:
            rows.append(papers_words.with_total(sheet.totals, voice.lang))
        voice.table(
            papers_words.title(sheet, voice.lang),
            papers_words.header(sheet, voice.lang),
            [[papers_words.spelled(cell, voice.lang) for cell in row] for row in rows],
        )
        for note in sheet.notes:
            voice.print(papers_words.note(note, voice.lang))
    for line in heading.lines:
        voice.print(line)


def _heading(question: Question, scope: Scope, voice: Voice) -> papers_xlsx.Heading:
    """What is true of every sheet: whether it is a demonstration, what it is about, and of which entries."""
    source, size = question.source, question.size
    with source.log.recorder.trouble(), source.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        (edge,) = moment.frontiers(size)
        at_us = moment.placed(size - 1).entry.at_us if size else 0
    facts = {"origin": source.origin, "last": size - 1, "size": size, "root": edge.root()}
    about = {
        name: value
        for name, value in (("first", scope.first), ("last", scope.last), ("area", scope.area))
        if value is not None
    }
    marked = is_demonstration(source.origin)
    notes = [
        *([Note(key="demonstration")] if marked else []),
        *([Note(key="scope", facts=about)] if about else []),
        Note(key="true_of", facts=facts),
    ]
    lines = tuple(papers_words.note(note, voice.lang) for note in notes)
    return papers_xlsx.Heading(lines=lines, is_marked=marked, at_us=at_us)


def _object(sheet: Sheet) -> dict[str, Any]:
    """A table for JSON: words as their keys, masses in grams, a number where a name is not public."""
    return {
        "sheet": sheet.name,
        "rows": [_row(sheet, row) for row in sheet.rows],
        "totals": None if sheet.totals is None else _row(sheet, sheet.totals),
        "notes": [{"note": note.key, **plain(note.facts)} for note in sheet.notes],
    }


def _row(sheet: Sheet, row: Sequence[Cell]) -> dict[str, Any]:
    return {name: _value(cell) for name, cell in zip(sheet.columns, row, strict=True)}


def _value(cell: Cell) -> Any:
    value: Any
    match cell:
        case Mass(grams=grams):
            value = {"grams": grams}
        case Share(hundredths=hundredths):
            value = {"hundredths_of_percent": hundredths}
        case Days(first=first, last=last):
            value = [first, last]
        case Term(name=name):
            value = name
        case Withheld(number=number):
            value = {"not_public": number}
        case tuple():
            value = [_value(one) for one in cell]
        case None | str() | int() | bytes():
            value = plain(cell)
        case _:
            assert_never(cell)
    return value


def _write(output: Path, data: bytes, *, private: bool) -> None:
    """Write the file; one with names that are not public is for its owner's eyes from the first byte."""
    mode = 0o600 if private else 0o666
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        if private:
            os.fchmod(file.fileno(), mode)
        file.write(data)
