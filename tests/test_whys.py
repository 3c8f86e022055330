"""Why something cannot be taken: every name that the source can say has a text, in both languages, and is heard."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pydantic
import pytest
from pydantic_core._pydantic_core import list_all_errors

from registry.acts import guest_list, old_books, published_list, share_list
from registry.api.act_routes import body_of
from registry.api.acts.every import ACTS
from registry.cli import listing, usage
from registry.desk import rows_xlsx, words
from registry.desk.codes import CODES
from registry.desk.whys import SYSTEM, WHYS, of_fault
from tests.test_cli import CHINESE, PACKAGE, code_argument

TYPES = {error["type"] for error in list_all_errors()}
NAME = re.compile(r"[a-z0-9_]+")

BY_POSITION = {
    "faulty": 0,
    "rows_xlsx._refuse": 0,
    "shape.matching": 1,
    "matching": 1,
    "sheet.unfit": 3,
    "ask._pair": 1,
    "oidc._require": 1,
}
"""At which place they have the reason for whom it is an argument like others; by module, those of the module's own."""
ELSEWHERE = {
    "why": "handed on by one of BY_POSITION",
    "error.code": "the code of another error",
    "refusal.code": "the same",
    "error.strerror or ''": "the system's words, which are quoted",
    "_WHYS[column.kind]": "one of listing._WHYS",
    "UNKNOWN": "a constant of settings",
}
"""What stands for a reason that is no constant, and what that is."""
TABLES = (
    *(share_list._WHYS, guest_list._WHYS, published_list._WHYS, old_books._WHYS),
    *(listing._WHYS, dict(usage._SAID), {"": rows_xlsx.UNSAID[1]}),
)


@cache
def calls() -> list[tuple[Path, ast.Call]]:
    return [
        (path, node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call)
    ]


def reasons(path: Path, call: ast.Call) -> Iterator[ast.expr]:
    """What a call says for a reason."""
    named = ast.unparse(call.func)
    # A sheet of a paper calls what explains a difference by the same word.
    if "papers" not in path.parts:
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "why")
    place = BY_POSITION.get(named, BY_POSITION.get(f"{path.stem}.{named}"))
    if place is not None and len(call.args) > place:
        yield call.args[place]


def said() -> dict[str, str]:
    """Every reason in the source, with a place; and what is no constant."""
    found: dict[str, str] = {}
    for path, call in calls():
        for reason in reasons(path, call):
            known = isinstance(reason, ast.Constant) and isinstance(reason.value, str)
            name = reason.value if known else ast.unparse(reason)
            found.setdefault(str(name), f"{path.name}:{call.lineno}")
    return found


def test_every_reason_in_the_source_has_words():
    found = said()
    wordless = [
        f"{name} {place}"
        for name, place in found.items()
        if name not in WHYS and name not in ELSEWHERE and not name.startswith("_WHYS")
    ]

    assert len(found) > 150
    assert wordless == []
    assert {name for table in TABLES for name in table.values()} <= WHYS.keys()


def test_every_reason_that_has_words_is_in_the_source():
    text = "".join(
        path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if path.name != "whys.py"
    )
    unsaid = [name for name in WHYS if name not in TYPES and f'"{name}"' not in text]

    assert unsaid == ["no_value"]


def test_a_code_that_comes_with_a_reason_says_it_in_both_languages():
    silent = [
        f"{code.value} {path.name}:{call.lineno} {fact}"
        for path, call in calls()
        for code in [code_argument(call)]
        if isinstance(code, ast.Constant) and code.value in CODES
        for fact in {keyword.arg for keyword in call.keywords} & {"why", "said", "lacking"}
        if not all(f"{{{fact}}}" in text for text in CODES[code.value])
    ]

    assert silent == []


def test_no_reason_is_a_sentence_in_one_language():
    for name, (zh, en) in {**WHYS, **SYSTEM}.items():
        assert name in SYSTEM or NAME.fullmatch(name), name
        assert CHINESE.search(zh), name
        assert not CHINESE.search(en), name
        assert zh[-1] not in "。，：", name


HOSTILE = (
    None,
    True,
    1,
    -1,
    1.5,
    2**70,
    "",
    "x" * 30_000,
    "\ud800",
    [],
    ["x"],
    ["x", "y", "z"],
    {},
    {"x": 1},
)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.path)
def test_whatever_is_said_in_a_request_the_reason_has_words(act):
    body = body_of(act)
    for name in [*body.model_fields, "nothing"]:
        for value in HOSTILE:
            try:
                body.model_validate({name: value})
            except pydantic.ValidationError as error:
                for one in error.errors(include_url=False):
                    facts = of_fault(one)
                    assert facts["why"] in WHYS, one
                    assert facts["why"] != "no_value", one
                    for lang in ("zh", "en"):
                        assert words.UNKNOWN not in words.reason(facts, lang), one


def test_what_is_wrong_in_a_list_lacks_nothing():
    for table in TABLES[:4]:
        for column, why in {**table, "columns": "cells_counted", "": "csv_expected"}.items():
            for lang in ("zh", "en"):
                assert words.UNKNOWN not in words.bad_row((2, column, "x", why), lang), why


def test_a_reason_that_nobody_foresaw_is_told_with_its_type():
    facts = of_fault({"type": "date_future", "loc": (), "msg": "Date should be in the future"})

    assert words.reason(facts, "en") == "it is no value that can be used here (date_future)"
