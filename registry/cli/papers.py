"""`registry report`: the official papers of a registry, on the screen or in a file that an office can file."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from registry.cli.voice import Voice
from registry.desk import papers, papers_words
from registry.desk.files import readable
from registry.desk.opened import Opened, opened
from registry.desk.papers import Paper, Wanted
from registry.errors import UsageError
from registry.place import Place
from registry.projections.papers import published

Format = Literal["csv", "xlsx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed: what the paper is to be about, and where it goes."""

    first: str | None = None
    last: str | None = None
    area: str | None = None
    as_of: str | None = None
    report: str | None = None
    as_csv: bool = False
    as_xlsx: bool = False
    output: Path | None = None

    def wanted(self) -> Wanted:
        """What the paper is to be about."""
        return Wanted(
            first=self.first,
            last=self.last,
            area=self.area,
            as_of=self.as_of,
            report=self.report,
        )

    def format(self) -> Format | None:
        """What the file is to be; None for the screen.

        Raises:
            UsageError: `malformed`.
        """
        if self.as_csv and self.as_xlsx:
            raise UsageError(
                "malformed", field="--csv", why="one_at_most", choices=["--csv", "--xlsx"]
            )
        chosen: Format | None = "csv" if self.as_csv else "xlsx" if self.as_xlsx else None
        if (chosen is None) != (self.output is None):
            raise UsageError("malformed", field="-o", why="needs_option", other="-o FILE")
        return chosen


def show_list(place: Place, typed: Asked, *, is_annex: bool, voice: Voice) -> None:
    """The list of what was neutralised.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_such_entry`, `no_stream`.
    """
    wanted = typed.wanted()
    _show(place, typed, lambda source: papers.listing(source, wanted, is_annex=is_annex), voice)


def show_summary(place: Place, typed: Asked, *, voice: Voice) -> None:
    """The annual table.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_such_entry`, `no_stream`.
    """
    wanted = typed.wanted()
    _show(place, typed, lambda source: papers.summary(source, wanted), voice)


def show_reconciliation(place: Place, typed: Asked, *, against: Path | None, voice: Voice) -> None:
    """What is behind the figures; with `against`, a file of published figures, also where those cannot all be true.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_such_entry`, `no_stream`.
    """
    wanted = typed.wanted()
    said = None
    if against is not None:
        said = published.read(readable(against, published.FILE_BYTES_MAX), "--against")
    _show(place, typed, lambda source: papers.reconciliation(source, wanted, against=said), voice)


def show_form(place: Place, activity: str, typed: Asked, *, private: bool, voice: Voice) -> None:
    """The registration form of an activity.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_such_entry`, `no_stream`.
    """
    wanted = typed.wanted()
    _show(
        place, typed, lambda source: papers.form(source, activity, wanted, private=private), voice
    )


def _show(place: Place, typed: Asked, compiled: Callable[[Opened], Paper], voice: Voice) -> None:
    """Write the paper to the file that was asked for, or say it."""
    kind = typed.format()
    typed.wanted().check()
    with opened(place) as source:
        paper = compiled(source)
    if kind is None or typed.output is None:
        _tell(paper, voice)
        return
    data = paper.csv(voice.lang) if kind == "csv" else paper.xlsx(voice.lang)
    _write(typed.output, data, private=paper.private)
    told = {
        "file": str(typed.output),
        "sha256": sha256(data).hexdigest(),
        "activities": paper.figures.scenes,
        "retirements": paper.figures.retirements,
        "total_g": paper.figures.total_g,
    }
    if voice.is_json:
        voice.json({**told, **paper.true_of})
        return
    voice.demonstration(paper.true_of["origin"])
    voice.say("report.written", **told)
    last, size = paper.true_of["as_of_size"] - 1, paper.true_of["log_size"]
    voice.say("answer.true_of", last=last, size=size)


def _tell(paper: Paper, voice: Voice) -> None:
    if voice.is_json:
        sheets = [papers.as_object(sheet, mass="grams") for sheet in paper.sheets]
        voice.json({"sheets": sheets, **paper.true_of})
        return
    for sheet in paper.sheets:
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
    for line in paper.lines(voice.lang):
        voice.print(line)


def _write(output: Path, data: bytes, *, private: bool) -> None:
    """Write the file; one with names that are not public is for its owner's eyes from the first byte."""
    mode = 0o600 if private else 0o666
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        if private:
            os.fchmod(file.fileno(), mode)
        file.write(data)
