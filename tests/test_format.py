"""docs/format.md says what the code does: its tables, its codes, its kinds, its vectors.

What only who serves or asks a server is told stands in docs/api.md instead.
"""

import ast
from pathlib import Path

import pytest

from registry.desk.codes import ACCESS, HTTP
from registry.domain.kinds import EVENTS, STREAMS
from tools.format_tables import put

ROOT = Path(__file__).resolve().parents[1]
FORMAT = (ROOT / "docs" / "format.md").read_text("utf-8")
API = (ROOT / "docs" / "api.md").read_text("utf-8")
ERRORS = {
    "RefusedError",
    "BrokenHistoryError",
    "IncompleteError",
    "StaleError",
    "UnavailableError",
    "note",
}


def errors_in(file: Path) -> set[tuple[str, str]]:
    """What a module requires, raises or notes: the name of the error's class, or `note`, and the code."""
    found = set()
    for call in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = (
            call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        )
        place = 1 if name == "require" else 0
        if (name == "require" or name in ERRORS) and len(call.args) > place:
            code = call.args[place]
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                found.add(("RefusedError" if name == "require" else name, code.value))
    return found


def codes_in(file: Path) -> set[str]:
    """The codes that a module gives."""
    return {code for _, code in errors_in(file)}


CODES = sorted(set().union(*(codes_in(file) for file in (ROOT / "registry").rglob("*.py"))))


def test_the_generated_tables_are_those_of_the_code():
    assert put(FORMAT) == FORMAT, "run: python tools/format_tables.py --write"


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_on_the_page_that_it_belongs_to(code):
    served = code in HTTP or code in ACCESS

    assert (f"`{code}`" in FORMAT) is not served
    assert f"\n| `{code}` |" in API or not served


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_every_kind_says_what_it_does(kind):
    assert FORMAT.count(f"`{kind}`") >= 2 or kind == "project.registered.v1"


@pytest.mark.parametrize("prefix", sorted(STREAMS))
def test_every_stream_is_in_the_grammar(prefix):
    assert f"`{prefix}" in FORMAT
