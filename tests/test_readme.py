"""Every command of the README runs as written, in the order in which it stands there."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def blocks() -> list[list[str]]:
    """The indented blocks of commands, those of make left out: `make check` is running this very test."""
    found: list[list[str]] = [[]]
    for line in (ROOT / "README.md").read_text("utf-8").splitlines():
        if line.startswith("    "):
            found[-1].append(line.strip())
        elif found[-1]:
            found.append([])
    return [block for block in found if block and not block[0].startswith("make ")]


@pytest.fixture
def shell(tmp_path):
    """A directory like a fresh checkout, and a home of its own."""
    (tmp_path / "registry").symlink_to(ROOT / "registry")
    (tmp_path / ".venv").symlink_to(BIN.parent)
    home = tmp_path / "home"
    environment = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euc", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_every_command_of_the_readme_runs_as_written(shell):
    assert shell("registry demo demo-registry").returncode == 0
    commands = [command for block in blocks() for command in block]

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
