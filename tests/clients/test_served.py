"""The small clients at a registry that is served: what they sign is recorded, once, and proven."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registry.store.operator import Operator
from tests.books import live_at
from tests.clients.both import COMMANDS, Files, client
from tests.test_cli_ordering import Quick, courthouse

__all__ = ["courthouse"]

NAME = "Jose\u0301 李四"
"""Not in NFC, in which the log has it."""


@dataclass(frozen=True)
class Served:
    """A registry that is served, and what somebody needs who has 100 t in it and a key of their own."""

    base: Path
    profile: dict[str, Any]
    key: Path

    def files(self, command: str, name: str, **asked: Any) -> Files:
        """A directory with the profile and an ask; what a client saw of the log, it remembers in the next one."""
        directory = self.base / name / command
        directory.mkdir(parents=True)
        files = Files(directory, COMMANDS[command])
        files.write("profile", {**self.profile, "seen": str(self.base / f"{command}.seen")})
        files.write("ask", {"path": "retirements", **asked})
        return files


@pytest.fixture(scope="module")
def served(courthouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    base = tmp_path_factory.mktemp("served")
    shutil.copytree(courthouse, base, dirs_exist_ok=True)
    directory, path = base / "r", base / "own.pem"
    public = client.new_key(path).hex()
    with pytest.MonkeyPatch.context() as patch:
        live_at(base, patch)
        desk = Quick(None, directory, {}, {})
        with closing(Operator(directory)) as operator:
            log, vkey = operator.id, str(operator.vkey())
        owner = desk.json("account", "show", "owner")["stream"]
        proof = client.possession(client.read_key(path), log, owner).hex()
        desk.acts("account", "key", "add", owner, "--public", public, "--possession", proof)
        token = desk.json("access", "key", "create", owner, "--scope", "act", "--scope", "read")
        serve = "from registry.cli.main import main; main()"
        with subprocess.Popen(
            [sys.executable, "-c", serve, "serve", str(directory), "--port", "0", "--json"],
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            try:
                url = json.loads(process.stdout.readline())["address"]
                own = {"account": owner, "key": public, "token": token["secret"]}
                yield Served(base, {"url": url, "log": log.hex(), "vkey": vkey, **own}, path)
            finally:
                process.terminate()


def wanted(owner: str, amount: str, grams: str) -> dict[str, Any]:
    """An ask for a retirement, and all that may come of it."""
    said = {
        "purpose": "enterprise",
        "period": ["2025-01-01", "2025-12-31"],
        "place": "510100",
        "public": False,
        "beneficiary": NAME,
    }
    used = {"holder": owner, "amount_g": {"sum": grams}, "standard": "SCFG", "range": None}
    nobody = dict.fromkeys(("activity", "organisers", "purchaser", "agent"))
    stated = {**said, **nobody, "ground": "voluntary", "beneficiary": {"opens": NAME}}
    parts = [
        {"stream": "batch/*", "most": 16, "events": [["batch.retired.v1", used]]},
        {"stream": "certificate/new", "events": [["certificate.issued.v1", stated]]},
    ]
    return {"body": {"holder": owner, "amount": amount, **said}, "expect": [parts]}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_retirement_is_prepared_checked_signed_recorded_and_proven(
    served: Served, command: str
) -> None:
    ask = wanted(served.profile["account"], "2.5", "2500000")
    files = served.files(command, "act", **ask, idempotency_key=f"{command} one")
    typed = ("act", files / "profile", served.key, files / "ask", "--yes")

    ended = files.run(*typed)

    assert ended.returncode == 0, ended.stderr
    (done,) = json.loads(ended.stdout)
    assert done["size"] > done["index"]
    seen = (served.base / f"{command}.seen").read_text("utf-8")
    assert seen.startswith("registry.example/court\n")
    assert files.refused(*typed) == "nonce_used"


@pytest.mark.parametrize("command", COMMANDS)
def test_what_was_prepared_here_is_signed_there_and_has_one_effect(
    served: Served, command: str
) -> None:
    files = served.files(command, "submit", **wanted(served.profile["account"], "1000g", "1000"))
    here = [files / name for name in ("profile", "ask", "prepared", "signed")]
    here[2].write_text(files.run("prepare", here[0], here[1]).stdout, "utf-8")

    signed = files.run("sign", here[0], served.key, here[1], here[2], "--yes")
    here[3].write_text(signed.stdout, "utf-8")
    first, again = (files.run("submit", here[0], here[2], here[3]) for _ in range(2))

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    (one,), (other,) = json.loads(first.stdout), json.loads(again.stdout)
    assert (one["index"], one["leaf"]) == (other["index"], other["leaf"])
    more = wanted(served.profile["account"], "1001g", "1000")
    more_files = served.files(command, "more", **more)
    typed = ("act", more_files / "profile", served.key, more_files / "ask", "--yes")
    assert more_files.refused(*typed) == "other_total"
