"""docs/api.md is true: its commands run, its tables are the server's, its receiver of webhooks checks what is sent.

Its curl is the machine's, or where there is none the stand-in of tests/curl.py, which is held to the same page.
"""

import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from os import kill
from pathlib import Path

import pytest

from registry.api.deliveries import signed
from registry.api.webhooks import SECRET_BEGINS, secret_text
from registry.desk.codes import ACCESS, CODES, HTTP
from registry.store.access import SCOPES
from registry.store.clock import wall_us
from tests import curl
from tests.api.conftest import Api, api, courthouse, home
from tests.pages import ROOT, Shell, blocks, shell_in
from tests.servers import free_port
from tools.api_page import ANYBODY, operations, put, who

__all__ = ["api", "courthouse", "home"]

PAGE = "docs/api.md"
TEXT = (ROOT / PAGE).read_text("utf-8")
PORT = "8080"
COMMANDS = [command for block in blocks(PAGE) for command in block]
CURLS = [command for command in COMMANDS if command.startswith("curl ")]
EXIT = re.compile(r"# exits ([0-9]+)$")
NEVER_ENDS = "/stream"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A checkout, with a curl; what it serves has ended when the test has."""
    programs = tmp_path / "programs"
    programs.mkdir()
    if shutil.which("curl") is None:
        script = programs / "curl"
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {curl.__file__} "$@"\n')
        script.chmod(0o755)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    try:
        yield shell_in(checkout, programs=programs)
    finally:
        process = checkout / "serve.pid"
        if process.exists():
            _end(int(process.read_text()))


def _end(process: int) -> None:
    """End what the page served, if it is still there."""
    with suppress(ProcessLookupError):
        kill(process, signal.SIGKILL)


def test_every_command_of_the_page_runs_as_written_and_ends_as_it_says(shell: Shell):
    port = str(free_port())
    unlike: dict[str, object] = {}
    done: dict[str, subprocess.CompletedProcess[str]] = {}

    for command in COMMANDS:
        done[command] = shell(command.replace(PORT, port))
        said = EXIT.search(command)
        if done[command].returncode != (int(said[1]) if said else 0):
            ended = done[command]
            log = shell("cat serve.log || true").stdout
            unlike[command] = (ended.returncode, ended.stdout, ended.stderr, log)
            break

    assert not unlike
    assert len(CURLS) >= 10
    (verified,) = (
        ended for command, ended in done.items() if command.startswith("registry verify")
    )
    assert "12.5" in verified.stdout
    (submitted,) = (ended for command, ended in done.items() if " submit " in command)
    assert '"index"' in submitted.stdout


@pytest.mark.parametrize("command", CURLS)
def test_the_stand_in_knows_what_the_page_asks_of_curl(command: str):
    typed = shlex.split(command.partition("  #")[0])[1:]

    asked = curl.options(typed)

    assert asked.url.startswith(f"http://127.0.0.1:{PORT}/")


def test_the_stand_in_reads_headers_and_bodies_from_files(tmp_path: Path):
    (tmp_path / "login").write_text("Authorization: Bearer crk_x\n")
    (tmp_path / "ask").write_text('{"a":\n1}')

    assert curl.headers([f"@{tmp_path / 'login'}", "Accept: x"]) == {
        "Authorization": "Bearer crk_x",
        "Accept": "x",
    }
    assert curl.data(f"@{tmp_path / 'ask'}") == b'{"a":1}'


def test_the_generated_tables_are_those_of_the_code():
    assert put(TEXT) == TEXT, "run: python -m tools.api_page --write"


def test_every_code_of_the_page_has_words():
    _, _, table = TEXT.partition("<!-- codes: generated -->")
    codes = set(re.findall(r"^\| `(\w+)` \|", table.partition("<!--")[0], re.MULTILINE))

    assert codes == set(HTTP) | set(ACCESS)
    assert codes <= set(CODES)


def test_every_scope_of_the_page_is_one():
    _, _, table = TEXT.partition("| scope | lets somebody |")
    named = set(re.findall(r"`([a-z]+)`", "".join(re.findall(r"\n\| (`.*?) \| ", table)[:4])))

    assert named == {scope for scope in SCOPES if ":" not in scope}


GETS = [
    (path, who(path, operation))
    for method, path, operation in operations()
    if method == "GET" and not path.endswith(NEVER_ENDS)
]


def test_the_page_says_of_every_question_whether_a_login_is_needed(api: Api):
    unlike = {}
    for path, said in GETS:
        answer = api.get(re.sub(r"\{\w+\}", "a", path))
        if (answer.status_code == 401) is (said == ANYBODY or "metrics_token" in said):
            unlike[path] = (said, answer.status_code, answer.json().get("code"))

    assert len(GETS) >= 100
    assert not unlike


def test_the_page_says_of_every_act_that_a_login_is_needed():
    acts = {path: said for method, path, said in _posts() if said.startswith("`act")}

    assert len(acts) >= 100
    assert acts["/v1/orders/{order}/buy"] == "`act:orders`"
    assert {path for path, said in acts.items() if "code" in said} == {
        "/v1/gifts/claim",
        "/v1/gifts/retire",
    }


def _posts() -> Iterator[tuple[str, str, str]]:
    for method, path, operation in operations():
        if method == "POST":
            yield method, path, who(path, operation)


def test_a_receiver_as_the_page_has_it_lets_in_what_we_send_and_nothing_else():
    (source,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    place: dict[str, object] = {}
    exec(compile(source, PAGE, "exec"), place)  # noqa: S102  # what the page says
    check, secret, body = place["check"], bytes(range(32)), b'{"type":"entry.recorded"}'
    assert callable(check)
    sent = signed(secret, "abc", body, wall_us() // 1_000_000)
    headers = {name.lower(): value for name, value in sent.items()}

    check(secret_text(secret), headers, body)

    assert secret_text(secret).startswith(SECRET_BEGINS)
    old = signed(secret, "abc", body, wall_us() // 1_000_000 - 301)
    for others, changed in ((headers, body + b" "), ({k.lower(): v for k, v in old.items()}, body)):
        with pytest.raises(AssertionError):
            check(secret_text(secret), others, changed)


def test_the_readme_links_the_page():
    assert f"]({PAGE})" in (ROOT / "README.md").read_text("utf-8")
