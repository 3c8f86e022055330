#!/usr/bin/env python3
"""A small client of a carbon registry, for who keeps a key of their own: ask, look, sign, submit, check the receipt.

    profile  = {"url": ..., "log": hex, "vkey": pinned, "account": own, "key": own public key, hex,
                "token": or null, "seen": the file that remembers the newest checkpoint}
    ask      = {"path": "retirements", "body": what the API asks for, "expect": [[part, ...] for each act],
                "signers": [[account, ...] for each act]}      parts as in carbon_intent.py; signers may be left out
    prepared = the server's answer to an ask
    signed   = [{public key, hex: signature, base64}, ...], one for each act

A key may stay on a machine without a network: `prepare` here, `sign` there, `submit` here. Who gives an amount out of
several batches names the batch, so that one act is asked for and one is expected.
Needs httpx2, cryptography and msgpack; beside it, carbon_intent.py and carbon_receipt.py.
"""

import argparse
import json
import os
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from tools.client import carbon_intent as intents
    from tools.client import carbon_receipt as receipts
else:  # files that people copy, with no package around them
    import carbon_intent as intents
    import carbon_receipt as receipts

ClientError, require = intents.ClientError, intents.require

SIGNED = b"carbon-registry/intent-signature/v1\x00"
ANSWER_BYTES_MAX = 64 * 1024 * 1024
TAGS_MAX = 256
TRIES = 6
GOOD = (200, 201, 202, 304)
BUSY = (429, 503, 504)
PAUSE_SECONDS_MAX = 30.0


class ProblemError(intents.ClientError):
    """The server said no, as RFC 9457 has it."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("code", "problem")))
        facts = problem.get("facts")
        self.facts = facts if isinstance(facts, dict) else {}
        self.status, self.detail = status, str(problem.get("detail", ""))


def new_key(path: Path) -> bytes:
    """Write a new private key to `path`, which must not exist, for its owner only; returns the public key."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return public_of(key)


def read_key(path: Path) -> Ed25519PrivateKey:
    """The private key in `path`, PEM or 32 bytes. Raises: ClientError `exposed_file`, `bad_key`."""
    private = os.name != "posix" or not path.stat().st_mode & 0o077
    require(private, "exposed_file", path=str(path))
    data = path.read_bytes()
    if len(data) == 32:
        return Ed25519PrivateKey.from_private_bytes(data)
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise ClientError("bad_key", path=str(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ClientError("bad_key", path=str(path))
    return key


def public_of(key: Ed25519PrivateKey) -> bytes:
    """The public key, 32 bytes, that belongs to `key`."""
    return key.public_key().public_bytes_raw()


def key_id(public: bytes) -> bytes:
    """The id of a public key. Signatures stand in its order."""
    return sha256(intents.encode(["ed25519-sha256", public])).digest()


def sign(key: Ed25519PrivateKey, intent: intents.Intent) -> dict[str, str]:
    """The signature over `intent`, which has passed `check`, by `key`. Raises: ClientError `wrong_key`."""
    public = public_of(key)
    require(public in [other for _, other in intent.signers], "wrong_key", key=public.hex())
    return {public.hex(): b64encode(key.sign(SIGNED + intent.data)).decode()}


def possession(key: Ed25519PrivateKey, log: bytes, account: str) -> bytes:
    """What shows, where `key` is registered for `account` in `log`, that somebody has it: a signature."""
    tag = "carbon-registry/possession/v1"
    return key.sign(intents.encode([tag, log, account, key_id(public_of(key)), "act"]))


def check_all(
    prepared: Mapping[str, Any], ask: Mapping[str, Any], profile: Mapping[str, Any], now_us: int
) -> list[intents.Intent]:
    """The intents that the server `prepared`, if they are what `ask` expects, in order; raises what `check` does."""
    made, expect = prepared.get("intents"), ask["expect"]
    signers = ask.get("signers") or [None] * len(expect)
    if not isinstance(made, list) or len(made) != len(expect):
        raise ClientError("other_act", expected=len(expect))
    own = {name: profile[name] for name in ("log", "account", "key")}
    return [
        intents.check(one, {**own, "parts": parts, "signers": accounts}, now_us)
        for one, parts, accounts in zip(made, expect, signers, strict=True)
    ]


@dataclass(frozen=True)
class Answer:
    """What the server said: JSON, and where this follows from, its tag."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Client:
    """The registry at `url`, over HTTP. Asks again, with the same bytes, where the server is busy or out of reach."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        transport: httpx2.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        address = urlsplit(url)
        near = address.hostname in ("127.0.0.1", "::1", "localhost")
        # A token that goes over the wire in the clear is anybody's.
        require(address.scheme == "https" or near or token is None, "token_in_the_clear", url=url)
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx2.Client(
            base_url=url.rstrip("/") + "/v1/", headers=bearer, transport=transport, timeout=60
        )
        self._wait, self._tagged = wait, dict[tuple[str, str], tuple[str, Any]]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def prepare(
        self, path: str, body: Any, signing_key: str, idempotency_key: str | None = None
    ) -> Any:
        """What is to be signed with `signing_key`, in hex, so that `body`, at `path`, happens. See `check`."""
        keyed = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        asked = f"{path}?mode=prepare&signing_key={signing_key}"
        return self._send("POST", asked, body, keyed).body

    def record(self, path: str, body: Any, idempotency_key: str) -> Any:
        """What happened: `body`, at `path`, with the keys that the registry keeps for this caller's accounts."""
        return self._send("POST", path, body, {"Idempotency-Key": idempotency_key}).body

    def submit(self, one: Mapping[str, Any], signatures: Mapping[str, str]) -> Any:
        """The receipt of a prepared intent, which is recorded with `signatures`, by public key in hex; once, always."""
        signers = intents.read_intent(intents.unbase64(one.get("intent"))).signers
        keys = sorted((public for _, public in signers), key=key_id)
        missing = [public.hex() for public in keys if public.hex() not in signatures]
        require(not missing, "signature_missing", keys=missing)
        beside = {name: one.get(name) or [] for name in ("openings", "rows")}
        signed = [signatures[public.hex()] for public in keys]
        sent = {"intent": one["intent"], "signatures": signed, **beside}
        return self._send("POST", "intents", sent, {}).body

    def get(self, path: str, form: str = "application/json") -> Any:
        """The answer at `path`, in this form; what has not changed since it was last asked for is not sent again."""
        tag, known = self._tagged.get((path, form), (None, None))
        tagged = {} if tag is None else {"If-None-Match": tag}
        answer = self._send("GET", path, None, {"Accept": form, **tagged})
        if answer.status == 304:
            return known
        if "etag" in answer.headers and (tag or len(self._tagged) < TAGS_MAX):
            self._tagged[path, form] = answer.headers["etag"], answer.body
        return answer.body

    def _send(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        for attempt in range(TRIES):
            pause = 0.25 * 2**attempt
            try:
                answer = self._once(method, path, body, headers)
            except httpx2.TransportError as error:
                if attempt == TRIES - 1:
                    raise ClientError("unreachable", why=type(error).__name__) from error
            else:
                if answer.status not in BUSY or attempt == TRIES - 1:
                    return _good(answer)
                asked = answer.headers.get("retry-after", "")
                pause = max(pause, float(asked)) if asked.isdecimal() else pause
            self._wait(min(pause, PAUSE_SECONDS_MAX))
        raise AssertionError

    def _once(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        # Nowhere else goes what is sent there, the token least of all.
        require(not urlsplit(path).scheme and path[:1] != "/", "malformed", path=path)
        whole = bytearray()
        sent = self._http.build_request(method, path, json=body, headers=dict(headers))
        with closing(self._http.send(sent, stream=True)) as answer:
            for piece in answer.iter_bytes():
                whole += piece
                require(len(whole) <= ANSWER_BYTES_MAX, "answer_too_long")
            spoken = "json" in answer.headers.get("content-type", "")
            try:
                said = json.loads(whole) if spoken and whole else bytes(whole)
            except (ValueError, RecursionError) as error:
                if answer.status_code in GOOD:
                    raise ClientError("bad_answer", status=answer.status_code) from error
                said = None
            return Answer(answer.status_code, answer.headers, said)


def _good(answer: Answer) -> Answer:
    if answer.status not in GOOD:
        raise ProblemError(answer.status, answer.body if isinstance(answer.body, dict) else {})
    return answer


def _sign(arguments: argparse.Namespace, prepared: Any, ask: Any, profile: Any) -> list[Any]:
    """Signatures over what was prepared, once it is what was asked for and the person who looks on agrees."""
    made = check_all(prepared, ask, profile, time.time_ns() // 1000)
    key = read_key(arguments.key)
    for one in prepared["intents"]:
        print(intents.show(*intents.opened(one)), file=sys.stderr)
    if not arguments.yes:
        print("Sign? [y/N] ", end="", file=sys.stderr, flush=True)
        require(sys.stdin.readline().strip().lower() == "y", "not_agreed")
    return [sign(key, intent) for intent in made]


def _submit(client: Client, prepared: Any, signed: Sequence[Any], profile: Any) -> list[Any]:
    """What the receipts come to, act by act; `signed` are the files of those who signed."""
    done = []
    for number, one in enumerate(prepared["intents"]):
        signatures = {key: said for each in signed for key, said in each[number].items()}
        intent = intents.read_intent(intents.unbase64(one["intent"]))
        receipt = client.submit(one, signatures)
        try:
            seen = receipts.SeenFile(Path(profile["seen"]))
            done.append(receipts.believe(client.get, receipt, intent, profile["vkey"], seen))
        except ClientError as error:
            # Not to be asked for again: submitted again, the same files have one effect.
            raise ClientError("not_proven", why=error.code, receipt=receipt) from error
    return done


def _run(arguments: argparse.Namespace) -> Any:
    if arguments.command == "keygen":
        return {"key": new_key(arguments.key).hex()}
    profile = _json(arguments.profile)
    if arguments.command == "sign":
        return _sign(arguments, _json(arguments.prepared), _json(arguments.ask), profile)
    client = Client(profile["url"], profile.get("token"))
    if arguments.command == "get":
        return client.get(arguments.path)
    if arguments.command == "submit":
        signed = [_json(path) for path in arguments.signed]
        return _submit(client, _json(arguments.prepared), signed, profile)
    ask = _json(arguments.ask)
    prepared = client.prepare(ask["path"], ask["body"], profile["key"], ask.get("idempotency_key"))
    if arguments.command == "prepare":
        return prepared
    return _submit(client, prepared, [_sign(arguments, prepared, ask, profile)], profile)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ClientError("bad_file", path=str(path)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    takes = {
        "keygen": ("write a new private key, for this user only", ("key",)),
        "act": ("prepare, check, show, sign and submit", ("profile", "key", "ask")),
        "prepare": ("have an act prepared, to be signed elsewhere", ("profile", "ask")),
        "sign": ("check, show and sign, without a network", ("profile", "key", "ask", "prepared")),
        "submit": ("submit what was signed", ("profile", "prepared")),
        "get": ("ask a question", ("profile",)),
    }
    for name, (told, files) in takes.items():
        command = commands.add_parser(name, help=told, description=told)
        for file in files:
            command.add_argument(file, type=Path, help="a file")
        if "key" in files and name != "keygen":
            command.add_argument("--yes", action="store_true", help="sign without asking")
    commands.choices["submit"].add_argument("signed", type=Path, nargs="+", help="files")
    commands.choices["get"].add_argument("path", help="below /v1, such as log/checkpoint")
    return parser


def main() -> int:
    """Run the command line; 1 if something is not as it must be."""
    try:
        print(json.dumps(_run(_parser().parse_args()), ensure_ascii=False, indent=2))
    except OSError as error:
        said = {"code": "file", "facts": {"path": error.filename}, "detail": error.strerror}
        print(json.dumps(said, default=str), file=sys.stderr)
        return 1
    except ClientError as error:
        said = {"code": error.code, "facts": error.facts, "detail": getattr(error, "detail", "")}
        print(json.dumps(said, default=str), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
