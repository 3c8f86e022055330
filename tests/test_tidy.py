"""The house rules that no linter knows, as tests over the files themselves."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PURE_FLOORS = ("domain", "ledger", "history.py", "acts", "projections")
FUNCTION_LINES_MAX = 50

# Clock, chance, environment and I/O come in as values, from the floors above.
IMPURE_MODULES = frozenset(
    {
        "asyncio",
        "http",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "random",
        "secrets",
        "shutil",
        "socket",
        "sqlite3",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
    }
)
IMPURE_CALLS = frozenset({"float", "input", "open", "print"})
CLOCK_METHODS = frozenset({"now", "today", "utcnow"})

# `/(?:work/…` does not match itself, so that this file may stay in git.
MACHINE_PATH = re.compile(rb"(?<!\w)/(?:work/|tmp/w\b)")
SILENCER = re.compile(r"#\s*(?:type:\s*ignore|(?:ruff:\s*)?noqa)(?P<rest>.*)")
CODE_AND_REASON = re.compile(
    r"(?:\[[\w-]+(?:,\s*[\w-]+)*\]|:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)\s+\W*\w.*"
)


def files_in_git() -> list[Path]:
    """Every file that is committed or would be, so that a new file is judged before its commit."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = (ROOT / name for name in sorted(names.split("\0")) if name)
    return [path for path in paths if path.is_file()]


def modules(*places: str) -> list[Path]:
    """The Python files of the package, or of some of its floors."""
    inside = [ROOT / "registry" / place for place in places] or [ROOT / "registry"]
    return [
        path
        for path in files_in_git()
        if path.suffix == ".py" and any(path.is_relative_to(place) for place in inside)
    ]


def place(path: Path, line: int | None = None) -> str:
    name = path.relative_to(ROOT).as_posix()
    return name if line is None else f"{name}:{line}"


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), filename=str(path))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(node: ast.AST) -> int:
    return node.end_lineno - node.lineno + 1


def lines_without_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    has_docstring = ast.get_docstring(function, clean=False) is not None
    return lines_of(function) - (lines_of(function.body[0]) if has_docstring else 0)


def impurities(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and reason of everything a pure floor may not do."""
    for node in ast.walk(tree):
        reason = impurity(node)
        if reason:
            yield node.lineno, reason


def impurity(node: ast.AST) -> str | None:
    """Why a pure floor may not hold this node, or None if it may."""
    reason = None
    match node:
        case ast.Import(names=names):
            reason = impure_import([name.name for name in names])
        case ast.ImportFrom(module="datetime", names=names):
            reason = impure_import([f"datetime.{name.name}" for name in names])
        case ast.ImportFrom(module=str(module), level=0):
            reason = impure_import([module])
        case ast.Constant(value=float() | complex()):
            reason = f"float literal {node.value}"
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            reason = "true division"
        case ast.Call(func=ast.Name(id=name)) if name in IMPURE_CALLS:
            reason = f"{name}()"
        case ast.Call(func=ast.Attribute(attr=name)) if name in CLOCK_METHODS:
            reason = f".{name}() reads the clock"
    return reason


def impure_import(names: list[str]) -> str | None:
    for name in names:
        top = name.partition(".")[0]
        if top in IMPURE_MODULES or (top == "datetime" and name != "datetime.date"):
            return f"import of {name}"
    return None


def comments(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.tokenize(io.BytesIO(path.read_bytes()).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def is_unexplained(comment: str) -> bool:
    silencer = SILENCER.search(comment)
    return silencer is not None and CODE_AND_REASON.fullmatch(silencer["rest"].rstrip()) is None


def test_no_function_is_longer_than_fifty_lines() -> None:
    too_long = [
        f"{place(path, function.lineno)} {function.name}"
        for path in modules()
        for function in functions(parsed(path))
        if lines_without_docstring(function) > FUNCTION_LINES_MAX
    ]

    assert too_long == []


def test_a_docstring_does_not_make_a_function_long() -> None:
    tree = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n')

    assert [lines_without_docstring(function) for function in functions(tree)] == [2]


def test_pure_floors_know_no_clock_chance_environment_io_or_float() -> None:
    impure = [
        f"{place(path, line)} {reason}"
        for path in modules(*PURE_FLOORS)
        for line, reason in impurities(parsed(path))
    ]

    assert impure == []


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import os.path",
        "import datetime",
        "from random import choice",
        "from datetime import date, datetime",
        "date.today()",
        "half = 0.5",
        "share = a / b",
        "a /= 2",
        "float(text)",
        "open(name)",
    ],
)
def test_an_impure_line_is_seen(source: str) -> None:
    assert list(impurities(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    ["import hashlib", "from datetime import date", "a // b", "isinstance(value, float)"],
)
def test_a_pure_line_is_left_alone(source: str) -> None:
    assert not list(impurities(ast.parse(source)))


def test_every_pure_floor_is_where_this_file_looks_for_it() -> None:
    assert [floor for floor in PURE_FLOORS if not modules(floor)] == []


def test_every_init_file_is_empty() -> None:
    inits = [path for path in files_in_git() if path.name == "__init__.py"]

    assert inits
    assert [place(path) for path in inits if path.read_bytes()] == []


def test_every_module_opens_with_a_docstring() -> None:
    silent = [
        place(path)
        for path in modules()
        if path.name != "__init__.py" and not ast.get_docstring(parsed(path))
    ]

    assert silent == []


def test_no_file_names_the_machine_it_was_written_on() -> None:
    named = [place(path) for path in files_in_git() if MACHINE_PATH.search(path.read_bytes())]

    assert named == []


def test_locks_hold_hashes_and_no_addresses() -> None:
    locks = [path for path in files_in_git() if path.suffix == ".lock"]
    addressed = [
        place(path, number)
        for path in locks
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if "://" in line or " @ " in line or line.startswith("-")
    ]

    assert locks
    assert addressed == []


def test_every_silenced_check_is_named_and_explained() -> None:
    unexplained = [
        place(path, line)
        for path in files_in_git()
        if path.suffix == ".py"
        for line, comment in comments(path)
        if is_unexplained(comment)
    ]

    assert unexplained == []


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# noqa", True),
        ("# noqa: S603", True),
        ("# noqa: S603 - the command is ours", False),
        ("# noqa: S603, S607  # the command is ours", False),
        ("# type: ignore", True),
        ("# type: ignore[misc]", True),
        ("# type: ignore[misc]  # the library has no types", False),
        ("# a reason for everything", False),
    ],
)
def test_a_silencer_needs_a_code_and_a_reason(comment: str, *, expected: bool) -> None:
    assert is_unexplained(comment) is expected
