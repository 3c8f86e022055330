"""Every command of the README runs as written, in the order in which it stands there."""

from pathlib import Path

import pytest

from tests.pages import ROOT, Shell, blocks, shell_in


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return shell_in(tmp_path)


def test_every_command_of_the_readme_runs_as_written(shell):
    assert shell("registry demo demo-registry").returncode == 0
    # `make check` is running this very test.
    typed = [block for block in blocks("README.md") if not block[0].startswith("make ")]
    commands = [command for block in typed for command in block]

    ran = {command: shell(command) for command in commands}

    failed = {command: done.stderr for command, done in ran.items() if done.returncode != 0}
    assert len(commands) >= 9
    assert not failed
    assert "VALID" in ran["registry audit demo-registry"].stdout


def test_make_targets_named_in_the_readme_exist():
    text = (ROOT / "README.md").read_text("utf-8")
    named = {line.split()[1] for line in text.splitlines() if line.startswith("    make ")}
    targets = (ROOT / "Makefile").read_text("utf-8")

    assert named == {"demo", "test"}
    assert all(f"\n{target}:" in targets for target in named)


def test_the_benchmarks_page_holds_results():
    page = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    _, _, results = page.partition("<!-- results: generated -->")

    assert "| reference verifications |" in results.partition("<!-- results: end -->")[0]
