"""docs/postgresql.md is true: its commands run, on a real server, and end as it says."""

import os
import re
from pathlib import Path

from registry import errors
from registry.cli import exits
from registry.desk.codes import CODES
from tests.pages import ROOT, blocks, shell_in
from tests.servers import CHOICE, Server, programs, reachable
from tests.test_operations import rows_in, store_errors

PAGE = "docs/postgresql.md"
TEXT = (ROOT / PAGE).read_text("utf-8")
EXIT = re.compile(r"# exits (?P<exit>[0-9]+)(: (?P<code>[a-z_]+))?$")
CODE = re.compile(r"`([a-z0-9_.]+)`")


def test_every_command_of_the_page_runs_as_written_and_ends_as_it_says(tmp_path: Path):
    unlike = {}
    with Server() as server:
        server.create_database("registry")
        shell = shell_in(
            tmp_path,
            programs=reachable(programs(os.environ.get(CHOICE))),
            OWNER=server.url("registry"),
            SERVER=server.url("registry", user="registry_server"),
            AUDITOR=server.url("registry", user="registry_auditor"),
        )
        commands = [command for block in blocks(PAGE) for command in block]
        for command in commands:
            done, said = shell(command), EXIT.search(command)
            expected = int(said["exit"]) if said else 0
            code = said and said["code"]
            if done.returncode != expected or (code and f"({code})" not in done.stderr):
                unlike[command] = (done.returncode, done.stdout, done.stderr)

    assert len(commands) >= 25
    assert not unlike


def test_every_refusal_ends_with_the_exit_code_that_the_page_says():
    classes = dict(sorted((code, name) for name, code in store_errors()))

    checked = {
        code: cells[1]
        for cells in rows_in(TEXT, "What the server's refusals mean")
        for code in CODE.findall(cells[0])
    }

    assert {"server_unavailable", "not_permitted", "not_durable"} <= set(checked)
    ends = {code: str(exits.of_error(getattr(errors, classes[code])(code))) for code in checked}
    assert ends == checked
    assert set(checked) <= set(CODES)


def test_the_page_is_linked():
    assert f"]({PAGE})" in (ROOT / "README.md").read_text("utf-8")
