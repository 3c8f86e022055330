"""`registry list`: the rows of any table, or what they come to by some columns; as people read it, as JSON, as CSV.

Names stand behind commitments: a row that says that it is not public shows none.
"""

import csv
import io
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from registry.acts.sheet import inert
from registry.cli.voice import Voice, plain
from registry.desk import columns, words
from registry.desk.asking import Question, asked
from registry.desk.lists import LISTS
from registry.desk.names import with_names
from registry.errors import UsageError
from registry.names import ACCOUNT
from registry.place import Place
from registry.projections.every import TABLES
from registry.projections.table import Column, Table, Value
from registry.store.views_tables import Comparison, Condition

_CONDITION = re.compile(r"([a-z_]+)(<=|>=|<>|=|<|>)(.*)", re.DOTALL)
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_OCTETS = re.compile(r"([0-9a-f]{2})*", re.ASCII)
_WHYS = {"integer": "int_parsing", "bytes": "hex_expected"}
"""Why nothing else can be looked for in a column, by its kind."""
_NAMED = {"accounts": ("name",), "projects": ("name",), "campaigns": ("occasion",)}
"""The commitments of each table that are opened where the row does not say that it is not public."""

NAMED_ROWS_MAX = 500
"""So many rows are read by people, who want names beside the accounts; longer ones are searched."""

Row = dict[str, Any]


def show(
    name: str,
    place: Place,
    *,
    where: Sequence[str] = (),
    by: Sequence[str] = (),
    as_of: str | None = None,
    as_csv: bool = False,
    voice: Voice,
) -> None:
    """Say the rows of a table, those where all conditions hold; or how many there are, and how much, by some columns.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_such_entry`.
    """
    known = {**LISTS, **TABLES}
    if name not in known:
        raise UsageError("no_such_table", table=name, lists=" ".join(sorted(LISTS)))
    with asked(place, as_of) as question:
        shown, rows = _asked(question, name, where, by)
        if voice.is_json:
            voice.json({"table": name, "rows": rows, **question.true_of()})
        elif as_csv:
            told = shown if by or name in LISTS else list(TABLES[name].names)
            sys.stdout.write(as_lines([column for column in told if column != "until"], rows))
        else:
            voice.demonstration(question.source.origin)
            title = voice.text("list.title", table=name, count=len(rows))
            labels = [columns.label(column, voice.lang) for column in shown]
            named = rows if len(rows) <= NAMED_ROWS_MAX else []
            name_of = {account: question.source.name_of(account) for account in _accounts(named)}
            voice.table(title, labels, [_cells(row, shown, name_of, voice) for row in rows])
            voice.true_of(question)


def _asked(
    question: Question, name: str, where: Sequence[str], by: Sequence[str]
) -> tuple[list[str], list[Row]]:
    """The columns to be shown, and the rows.

    Raises:
        UsageError: `malformed`.
    """
    if name in LISTS:
        if where or by:
            raise UsageError("malformed", field=name, why="none_of", choices=["--where", "--by"])
        return list(LISTS[name].columns), LISTS[name].rows(question)
    table = TABLES[name]
    conditions = [_condition(table, typed) for typed in where]
    if by:
        rows = _totals(question, table, by, conditions)
        return (list(rows[0]) if rows else [*by]), rows
    rows = _opened(question.rows(name, *conditions), table, question)
    return list(columns.SHOWN.get(name, _plain(table))), rows


def as_lines(told: Sequence[str], rows: Sequence[Row]) -> str:
    """The rows as CSV, grams and times as integers; no cell is one that a spreadsheet would compute."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(told)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in told])
    return lines.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return _cell("、".join(map(str, value)))
    said = str(plain(value))
    return inert(said) if isinstance(value, str) else said


def _condition(table: Table, typed: str) -> Condition:
    """What "column=value" says; of a column that may be empty, "column=" asks for those that are.

    Raises:
        UsageError: `malformed`.
    """
    found = _CONDITION.fullmatch(typed)
    known = {column.name: column for column in table.columns}
    if found is None or found[1] not in known:
        raise UsageError("malformed", field="--where", why="one_of", choices=list(known))
    (comparison,) = (own for own in get_args(Comparison) if own == found[2])
    return found[1], comparison, _value(known[found[1]], found[3])


def _value(column: Column, typed: str) -> Value:
    """What is typed for a column.

    Raises:
        UsageError: `malformed`.
    """
    if typed == "" and column.optional:
        return None
    if column.kind == "text":
        return typed
    if column.kind == "integer" and _INTEGER.fullmatch(typed):
        return int(typed)
    if column.kind == "bytes" and _OCTETS.fullmatch(typed):
        return bytes.fromhex(typed)
    raise UsageError("malformed", field=f"--where {column.name}", why=_WHYS[column.kind])


def _totals(
    question: Question, table: Table, by: Sequence[str], conditions: Sequence[Condition]
) -> list[Row]:
    """How many rows there are, and the sum of each column of grams, by the columns `by`."""
    for column in by:
        if column not in table.names:
            raise UsageError("malformed", field="--by", why="one_of", choices=list(table.names))
    grams = [column.name for column in table.values if column.name.endswith("_g")]
    found: dict[tuple[Any, ...], Row] = {}
    for column in grams or ["since"]:
        for key, (count, total) in question.totals(table.name, by, *conditions, of=column).items():
            row = found.setdefault(key, {**dict(zip(by, key, strict=True)), "count": count})
            if grams:
                row[column] = total
    return list(found.values())


def _opened(rows: list[Row], table: Table, question: Question) -> list[Row]:
    """`rows` with the names that may be shown in place of the commitments to them."""
    hidden = [column.name for column in table.values if column.kind == "bytes"]
    names = _NAMED.get(table.name, hidden if "public" in table.names else ())
    return with_names(rows, names, question.source, lambda row: bool(row.get("public", 1)))


def _plain(table: Table) -> list[str]:
    return [
        column.name
        for column in (*table.key, *table.values)
        if column.kind != "bytes" and column.name != "at_us"
    ]


def _accounts(rows: Sequence[Row]) -> set[str]:
    """The accounts that stand in rows."""
    cells = (value for row in rows for value in row.values())
    return {value for value in cells if isinstance(value, str) and value.startswith(ACCOUNT)}


def _cells(
    row: Row, shown: Sequence[str], name_of: Mapping[str, str | None], voice: Voice
) -> list[str]:
    cells = []
    for column in shown:
        value = row.get(column)
        name = name_of.get(value) if isinstance(value, str) else None
        said = _said(column, value, voice)
        cells.append(said if name is None else f"{name} ({said})")
    return cells


def _said(column: str, value: Any, voice: Voice) -> str:
    if value is None:
        return ""
    if column in {"number", "certificate"} and isinstance(value, str):
        return words.grouped(value)
    if column == "kind":
        return words.term(words.KINDS, value, voice.lang)
    if isinstance(value, bytes):
        return voice.text("list.hidden")
    return voice.fact(column, value)
