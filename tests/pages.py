"""Pages whose commands run: what a reader would type, in a place like a fresh checkout."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

Shell = Callable[[str], "subprocess.CompletedProcess[str]"]


def blocks(page: str) -> list[list[str]]:
    """The indented blocks of commands; a line that ends with a backslash goes on in the next.

    What stands between fences is to be read, or run somewhere else.
    """
    found: list[list[str]] = [[]]
    fenced = False
    for line in (ROOT / page).read_text("utf-8").splitlines():
        fenced ^= line.startswith("```")
        if fenced or not line.startswith("    "):
            found.append([])
        elif found[-1] and found[-1][-1].endswith("\\"):
            found[-1][-1] += "\n" + line.strip()
        else:
            found[-1].append(line.strip())
    return [block for block in found if block]


def shell_in(directory: Path, *, programs: Path | None = None, **variables: str) -> Shell:
    """Runs commands in `directory`, which becomes like a fresh checkout, with a home of its own.

    Args:
        directory: a new one.
        programs: where more programs are.
        variables: what is set besides.
    """
    (directory / "registry").symlink_to(ROOT / "registry")
    (directory / "tools").symlink_to(ROOT / "tools")
    (directory / ".venv").symlink_to(BIN.parent)
    home = directory / "home"
    environment = {
        "PATH": f"{BIN}:{programs or '/usr/bin'}:/usr/bin:/bin",
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "LANG": "C.UTF-8",
        **variables,
    }

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euc", command],
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
