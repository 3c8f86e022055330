"""docs/operations.md is true: its commands run and end as it says, and it knows what the store says on a bad day."""

import re
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest

from registry import errors
from registry.api.measures import Measures
from registry.api.request_log import Request
from registry.cli import exits
from registry.desk.codes import CODES
from registry.store.clock import TOLERANCE_US
from registry.store.mark import LOCK_PATIENCE_S
from registry.store.metrics import Metrics
from registry.store.recorder import LOCK_TIMEOUT_S
from tests.pages import ROOT, Shell, blocks, shell_in
from tests.test_format import errors_in

PAGE = "docs/operations.md"
TEXT = (ROOT / PAGE).read_text("utf-8")
SERVERS = (ROOT / "docs/postgresql.md").read_text("utf-8")
EXIT = re.compile(r"# exits (?P<exit>[0-9]+): (?P<code>[a-z_]+)$")
CODE = re.compile(r"`([a-z0-9_.]+)`")

OF_WHAT_WAS_ASKED = {
    "bad_header",
    "bad_key",
    "idempotency_key_reused",
    "malformed",
    "no_certificate",
    "no_recovery",
    "seems_imported",
    "too_long",
    "too_many",
    "too_many_api_keys",
    "too_many_keys_made",
    "too_many_pending_keys",
    "too_many_subscriptions",
    "unknown_kind",
    "unknown_scope",
    "wrong_opening",
}
"""Refusals that no operator can end: who asked has to ask for something else."""


def rows(heading: str) -> Iterator[list[str]]:
    """The rows of the tables under a heading of this page."""
    return rows_in(TEXT, heading)


def rows_in(text: str, heading: str) -> Iterator[list[str]]:
    """The rows of the tables under a heading, without those that head them."""
    _, _, rest = text.partition(f"\n## {heading}\n")
    section = rest.partition("\n## ")[0].splitlines()
    for before, line in pairwise(section):
        if before.startswith("|") and line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def store_errors() -> set[tuple[str, str]]:
    """What the store can say: name of the error's class, and code."""
    return set().union(*(errors_in(file) for file in (ROOT / "registry/store").glob("*.py")))


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A checkout in which the README was followed."""
    ready = shell_in(tmp_path)
    assert ready("registry demo demo-registry").returncode == 0
    (pin,) = (line for block in blocks("README.md") for line in block if "trust" in line)
    assert ready(pin).returncode == 0
    return ready


def test_every_command_of_the_page_runs_as_written_and_ends_as_it_says(shell: Shell):
    commands = [command for block in blocks(PAGE) for command in block]
    unlike = {}

    for command in commands:
        done = shell(command)
        said = EXIT.search(command)
        if done.returncode != (int(said["exit"]) if said else 0) or (
            said and f"({said['code']})" not in done.stderr
        ):
            unlike[command] = (done.returncode, done.stdout, done.stderr)

    assert len(commands) >= 40
    assert not unlike


def test_the_pages_know_every_code_that_the_store_can_say_on_a_bad_day():
    said = {code for _, code in store_errors()} - OF_WHAT_WAS_ASKED
    tables = [
        *rows("What each refusal means"),
        *rows_in(SERVERS, "What the server's refusals mean"),
    ]
    known = {code for cells in tables for code in CODE.findall(cells[0])}

    assert "storage_failed" in said
    assert said - known == set()


def test_every_refusal_ends_with_the_exit_code_that_the_page_says():
    classes = dict(sorted((code, name) for name, code in store_errors()))
    checked = set()

    for cells in rows("What each refusal means"):
        for code in CODE.findall(cells[0]):
            if code in classes:
                error = getattr(errors, classes[code])(code)
                assert (code, cells[1]) == (code, str(exits.of_error(error)))
                checked.add(code)

    assert {"storage_failed", "clock_stepped", "behind_mark", "no_passphrase"} <= checked


def test_every_code_that_a_table_begins_with_has_words():
    headings = ("What each refusal means", "The mark")
    codes = {code for name in headings for cells in rows(name) for code in CODE.findall(cells[0])}

    assert {"behind_mark", "storage_failed"} <= codes
    assert codes - set(CODES) - {"derived."} == set()


def test_the_exit_codes_of_the_page_are_those_of_the_commands():
    ours = {
        value
        for name, value in vars(exits).items()
        if name.isupper() and isinstance(value, int) and not name.startswith("_")
    }
    told = {int(number) for cells in rows("Exit codes") for number in cells[0].split(", ")}

    assert told == ours | {0, 128 + 9, 128 + 15}


def test_the_times_of_the_page_are_those_of_the_code():
    assert f"more than {TOLERANCE_US // 1_000_000} s behind" in TEXT
    assert f"for {LOCK_TIMEOUT_S} seconds" in TEXT
    assert LOCK_PATIENCE_S == LOCK_TIMEOUT_S


def test_the_page_names_what_a_server_measures():
    measures = Measures()
    measures.watch_deliveries(lambda: {"dead": 1})
    shown = Metrics().text() + measures.text()
    names = re.findall(r"^# TYPE (\w+) ", shown.decode(), re.MULTILINE)
    known = {name for name in names if not name.endswith("_created")}

    assert {"registry_http_request_seconds", "registry_webhook_deliveries"} <= known
    assert {name for name in known if f"`{name}" not in TEXT} == set()


def test_the_page_names_what_is_written_of_a_request():
    renamed = {"seconds": "ms"}

    for field in fields(Request):
        assert f"`{renamed.get(field.name, field.name)}`" in TEXT


def test_the_page_knows_why_a_server_is_not_ready():
    _, _, table = TEXT.partition("| `/ready` says 503 and | at 3 a.m. |")
    rows = table.partition("\n\n")[0].splitlines()[2:]
    told = {code for row in rows for code in CODE.findall(row.split(" | ")[0])}

    assert {"behind_mark", "differs_from_mark", "no_mark", "bad_mark", "closing"} <= told
    assert told <= set(CODES)


def test_the_readme_links_the_page():
    assert f"]({PAGE})" in (ROOT / "README.md").read_text("utf-8")
