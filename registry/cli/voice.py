"""The voice of the command line: the only place that prints, in the reader's language or as JSON.

stdout    what was asked for; with --json nothing but one JSON value
stderr    errors, warnings and progress
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from registry.acts.sheet import WHOLE_LINE, Problem
from registry.desk import words
from registry.desk.words import Lang
from registry.errors import BrokenHistoryError, RegistryError

if TYPE_CHECKING:
    from registry.desk.asking import Question

LANGUAGE_VARIABLE = "REGISTRY_LANG"
_WIDTH_OF_A_FILE = 4096
_NUMERIC = frozenset("0123456789,.—- t")


class Voice:
    """Speaks one language, or JSON."""

    def __init__(
        self, lang: Lang | None = None, *, as_json: bool = False, progress_json: bool = False
    ) -> None:
        self.lang: Lang = lang or default_language()
        self.is_json = as_json
        self._progress_json = progress_json

    def pick(self, zh: str, en: str) -> str:
        """The one of two texts that the reader understands."""
        return words.pick((zh, en), self.lang)

    def text(self, key: str, **facts: object) -> str:
        """The text `key` of the catalogue with its facts."""
        return words.screen(key, self.lang, facts)

    def fact(self, name: str, value: object) -> str:
        """A fact as people read it, by itself."""
        return words.fact(name, value, self.lang)

    def say(self, key: str, **facts: object) -> None:
        """Print the text `key`; silent where JSON was asked for."""
        self.print(self.text(key, **facts))

    def true_of(self, question: "Question") -> None:
        """Say up to which entry the answer to `question` is true."""
        self.say("answer.true_of", last=question.size - 1, size=question.views.log_size)

    def print(self, text: str) -> None:
        """Print `text`, without what a terminal might obey; silent where JSON was asked for."""
        if not self.is_json:
            _out(_cleaned(text))

    def headline(self, text: str, colour: str) -> None:
        """Print `text` so that nobody overlooks it; silent where JSON was asked for."""
        if not self.is_json:
            _out(typer.style(words.clean(text), bold=True, fg=colour))

    def demonstration(self, origin: str | None) -> None:
        """Say that nothing here is genuine, where the log's name says so."""
        if is_demonstration(origin):
            self.headline(self.text("demonstration"), typer.colors.MAGENTA)

    def warn(self, key: str, **facts: object) -> None:
        """Print the text `key` to stderr, also where JSON was asked for."""
        typer.echo(self.text(key, **facts), err=True)

    def json(self, value: object) -> None:
        """Print one JSON value; bytes are hex in it."""
        utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        _out(json.dumps(plain(value), ensure_ascii=not utf8, indent=2, default=str))

    def lines(self, values: Sequence[object]) -> bool:
        """Print one JSON value a line, now; whether anybody reads on."""
        left = "".join(f"{json.dumps(plain(value))}\n" for value in values).encode()
        try:
            sys.stdout.flush()
            while left:
                # Where PYTHONUNBUFFERED is set, a write that a signal interrupts writes a part, and does not go on.
                left = left[sys.stdout.buffer.write(left) :]
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            _to_nobody()
            return False
        return True

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table; silent where JSON was asked for."""
        if self.is_json:
            return
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        terminal = sys.stdout.isatty()
        # A file has no width: cut nothing.
        console = Console(file=sys.stdout, width=None if terminal else _WIDTH_OF_A_FILE)
        self.print(f"\n{title}")
        table = Table(box=box.SIMPLE_HEAD)
        for number, column in enumerate(columns):
            cells = [row[number] for row in rows]
            if any(cells) and all(_NUMERIC.issuperset(cell) for cell in cells):
                table.add_column(Text(column), justify="right", no_wrap=True)
            elif number == 0:
                # What a row is called by is there to be copied.
                table.add_column(Text(column), no_wrap=True)
            else:
                table.add_column(Text(column), overflow="fold")
        for row in rows:
            table.add_row(*(Text(words.clean(cell)) for cell in row))
        with console.capture() as drawn:
            console.print(table)
        _out("\n".join(line.rstrip() for line in drawn.get().rstrip().split("\n")))

    def bad_rows(self, rows: Sequence[Problem]) -> None:
        """Print what is wrong in a list that was typed or prepared; silent where JSON was asked for."""
        self.table(
            self.text("rows.bad"),
            [
                *(words.term(words.FIELDS, name, self.lang) for name in ("line", "field", "found")),
                self.text("rows.why"),
            ],
            [
                [
                    str(line),
                    "—" if column == WHOLE_LINE else column,
                    found,
                    words.reason({"why": why, "found": found}, self.lang),
                ]
                for line, column, found, why in rows
            ],
        )

    def refusal(self, error: RegistryError) -> str:
        """What an error says to a person: what was wrong, where, and what to do."""
        message = words.code_text(error.code, self.lang, error.facts)
        if isinstance(error, BrokenHistoryError):
            place = {name: error.facts[name] for name in WHERE if error.facts.get(name) is not None}
            if place:
                message = f"{message}\n{self._where(place)}"
        return message

    def fail(self, code: str, message: str, facts: Mapping[str, object]) -> None:
        """Say an error: to stderr for a person, as an object on stdout for a program."""
        if self.is_json:
            self.json({"error": code, "message": message, "facts": told(facts)})
        else:
            text = self.text("error", code=code, message=message)
            typer.echo(_cleaned(text), err=True)

    @contextmanager
    def progress(self, what: str = "audit.progress") -> Iterator[Callable[[int, int], None]]:
        """A bar on stderr, called by the text `what`, to be told how much is done of how much; nothing where nobody
        watches. For a program that does, a line of JSON each time.
        """
        if self._progress_json:
            yield _progress_line
            return
        if self.is_json or not sys.stderr.isatty():
            yield lambda _done, _all: None
            return
        from rich.console import Console
        from rich.progress import MofNCompleteColumn, Progress, TextColumn

        columns = (
            *Progress.get_default_columns(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
        )
        with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
            task = bar.add_task(self.text(what), total=None, rate="")

            def told(done: int, total: int) -> None:
                rate = f"{bar.tasks[0].speed or 0:,.0f}/s"
                bar.update(task, completed=done, total=total, rate=rate)

            yield told

    def _where(self, place: Mapping[str, object]) -> str:
        text = self.text("where", **place)
        # Whichever piece comes first needs no comma.
        for label in (("：，", "："), (": , ", ": ")):
            text = text.replace(*label)
        return text


WHERE = ("stream", "position", "index")
"""The facts that say where a history breaks."""


def _progress_line(done: int, total: int) -> None:
    typer.echo(json.dumps({"done": done, "total": total}), err=True)


def _out(text: str) -> None:
    """Print to stdout. Where nobody reads on, the command goes on in silence: its exit code still counts."""
    try:
        typer.echo(text)
    except BrokenPipeError:
        _to_nobody()


def _to_nobody() -> None:
    """Have nothing that is still to be printed fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _cleaned(text: str) -> str:
    return "\n".join(words.clean(line) for line in text.split("\n"))


def is_demonstration(origin: str | None) -> bool:
    """Whether the name of a log, as far as it is known, says that it is for demonstration."""
    from registry.verifier.certificate import is_demonstration as judged

    return origin is not None and judged(origin)


def default_language() -> Lang:
    """The language of the environment: $REGISTRY_LANG, else the locale's."""
    names = (LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG")
    found = next((value for name in names if (value := os.environ.get(name))), "")
    return "zh" if found.lower().startswith("zh") else "en"


def told(facts: Mapping[str, object]) -> dict[str, Any]:
    """The facts of an error that are plain values."""
    return {name: plain(value) for name, value in facts.items() if _is_plain(value)}


def plain(value: Any) -> Any:
    """`value` as JSON can say it: bytes in hex, tuples and sets as arrays."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _is_plain(value: object) -> bool:
    return value is None or isinstance(
        value, str | bytes | int | list | tuple | set | frozenset | Mapping
    )
