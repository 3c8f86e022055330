"""Check, in an environment that has the built wheel without extras, that a stranger can verify with it.

    .venv-verifier/bin/python tools/check_verifier_only.py

The golden proofs are verified by the installed command, and the golden log is audited from a database that is made
here, with Python's own sqlite3, of what docs/format.md says that a database holds.
"""

import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import registry
from registry.ledger.canonical import decode
from registry.ledger.tree import Frontier, stored_number

ROOT = Path(__file__).parents[1]
VECTORS = ROOT / "tests" / "vectors"
COMMAND = str(Path(sys.executable).parent / "registry")
ABSENT = ("eventsourcing", "fastapi", "psycopg", "pytest")

# Section 13 of docs/format.md.
TABLES = """
PRAGMA user_version = 1;
CREATE TABLE stored_events (rowid INTEGER PRIMARY KEY, originator_id TEXT NOT NULL,
    originator_version INTEGER NOT NULL, topic TEXT NOT NULL, state BLOB NOT NULL,
    UNIQUE (originator_id, originator_version)) STRICT;
CREATE TABLE tree (node INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
CREATE TABLE nonces (account TEXT NOT NULL, nonce BLOB NOT NULL, entry INTEGER NOT NULL,
    PRIMARY KEY (account, nonce)) STRICT, WITHOUT ROWID;
CREATE TABLE detached (entry INTEGER NOT NULL, part INTEGER NOT NULL, event INTEGER NOT NULL,
    number INTEGER NOT NULL, row BLOB NOT NULL,
    PRIMARY KEY (entry, part, event, number)) STRICT, WITHOUT ROWID;
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL,
    root BLOB NOT NULL, checkpoint BLOB) STRICT;
"""


def main() -> None:
    """Exit with 1, saying why, if anything does not hold."""
    installed = Path(registry.__file__ or "").resolve()
    _require(ROOT / "registry" not in installed.parents, f"the checkout was imported: {installed}")
    for name in ABSENT:
        _require(importlib.util.find_spec(name) is None, f"{name} is installed")
    with tempfile.TemporaryDirectory() as directory:
        _check_proofs(Path(directory))
        _check_dossiers(Path(directory))
        _check_audit(Path(directory))
    _check_server()
    print("the verifier alone: golden proofs and golden log hold, and a changed byte is found")


def _check_proofs(directory: Path) -> None:
    told = json.loads((VECTORS / "proofs.json").read_text("utf-8"))
    for number, vector in enumerate(told["valid"]):
        file = directory / f"{number}.proof"
        file.write_bytes(bytes.fromhex(vector["file"]))
        for vkey in vector["vkeys"]:
            status, found = _run("verify", str(file), "--key", vkey)
            _require((status, found["verdict"]) == (0, "valid"), f"{vector['name']}: {found}")
            _require(found["number"] == vector["number"], "another certificate")
    for vector in told["broken"]:
        file = directory / "broken.proof"
        file.write_bytes(bytes.fromhex(vector["file"]))
        status, found = _run("verify", str(file), "--key", told["vkey"])
        _require((status, found["reason"]) == (1, vector["code"]), f"{vector['name']}: {found}")


def _check_dossiers(directory: Path) -> None:
    told = json.loads((VECTORS / "dossier.json").read_text("utf-8"))
    for vector in [*told["valid"], *told["broken"]]:
        file = directory / "golden.dossier"
        file.write_bytes(bytes.fromhex(vector["file"]))
        _, found = _run("verify", str(file), "--key", told["vkey"])
        expected = vector.get("code")
        _require(found["reason"] == expected, f"{vector['name']}: {found}")
        _require((found["verdict"] == "valid") == (expected is None), f"{vector['name']}: {found}")


def _check_audit(directory: Path) -> None:
    told = json.loads((VECTORS / "log.json").read_text("utf-8"))
    file = directory / "registry.db"
    _write(file, told)
    for vkey in told["vkeys"]:
        status, found = _run("audit", str(file), "--key", vkey)
        _require((status, found["verdict"]) == (0, "valid"), f"golden log: {found}")
        _require(found["root"] == told["entries"][-1]["root"], "another root")
    with sqlite3.connect(file) as connection:
        altered = bytearray.fromhex(told["entries"][10]["entry"])
        altered[100] ^= 1
        changed = (bytes(altered), 10 * 64 + 1)
        connection.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", changed)
    connection.close()
    status, found = _run("audit", str(file), "--key", told["vkeys"][0])
    named = (status, found["reason"], (found["at"] or {}).get("index"))
    _require(named == (1, "entry_altered", 10), f"altered log: {found}")


def _check_server() -> None:
    """To read from a server more has to be installed, and that is said."""
    status, found = _run("audit", "postgresql://localhost/registry")
    _require((status, found["error"]) == (2, "server_missing"), f"server: {found}")


def _write(file: Path, told: dict[str, Any]) -> None:
    """The golden log as a database."""
    frontier = Frontier()
    connection = sqlite3.connect(file)
    connection.executescript(TABLES)
    for index, vector in enumerate(told["entries"]):
        data = bytes.fromhex(vector["entry"])
        for level, number, made in frontier.append(bytes.fromhex(vector["leaf"])):
            connection.execute(
                "INSERT INTO tree VALUES (?,?)", (stored_number(level, number), made)
            )
        for part, placed in enumerate(vector["streams"]):
            row = (
                index * 64 + part + 1,
                placed["stream"],
                placed["position"],
                "+".join(placed["kinds"]),
                data if part == 0 else index.to_bytes(8, "big"),
            )
            connection.execute("INSERT INTO stored_events VALUES (?,?,?,?,?)", row)
        intent = decode(decode(data, bytes_max=65_535)[2], bytes_max=65_535)
        connection.execute("INSERT INTO nonces VALUES (?,?,?)", (intent[2], intent[6], index))
        for beside in vector["detached"]:
            rows = [
                (index, beside["part"], beside["event"], number, bytes.fromhex(row))
                for number, row in enumerate(beside["rows"])
            ]
            connection.executemany("INSERT INTO detached VALUES (?,?,?,?,?)", rows)
    head = (frontier.size, frontier.root(), told["checkpoint"].encode())
    connection.execute("INSERT INTO head VALUES (1,?,?,?)", head)
    connection.commit()
    connection.close()


def _run(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the object that the installed command prints."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(  # noqa: S603  # the command that was just installed
            [COMMAND, *arguments, "--json"],
            capture_output=True,
            check=False,
            env={**os.environ, "XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home},
        )
    _require(bool(done.stdout), f"{arguments[0]} printed nothing: {done.stderr.decode()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def _require(holds: bool, told: str) -> None:
    if not holds:
        sys.exit(f"verifier only: {told}")


if __name__ == "__main__":
    main()
