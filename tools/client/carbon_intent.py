"""What an intent says, and whether it is what was asked for: all that stands between a key and a hostile server.

A server prepares an act, and `check` passes nothing on to be signed that was not asked for: what is expected is said
part by part and field by field; the rest is refused. docs/format.md is the authority on bytes and codes. Needs msgpack.

    expected = {"log": hex, "account": own, "key": own public key, hex, "parts": [part, ...],
                "signers": [account, ...]}               author first; where it is left out, only the own account signs
    part     = {"stream": "batch/<id>" | "batch/*" | "certificate/new", "events": [[kind, {field: value}], ...],
                "most": 1}                               so many parts of this form may follow each other
    value    = as in JSON | {"int": "12"} | {"hex": "..."} | {"opens": text or texts}, of a commitment to it
             | {"rows": [[taker or name, "grams"], ...]} | {"sum": "12"}, over these parts | {"any": true}
"""

import re
import unicodedata
from base64 import b32encode, b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgpack

ODD = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
AHEAD_US = 2 * 3600 * 1_000_000
COMMITTED = {"activity", "agent", "beneficiary", "contact", "details", "name", "number"} | {
    *("obligor", "occasion", "organisers", "purchaser", "trade")
}
"""Under these names 32 bytes are a commitment, in every kind; all other 32 bytes are not."""
Body = dict[str, Any]
Parts = list[tuple[str, list[tuple[str, Body]]]]  # streams, each with its events


class ClientError(Exception):
    """Something is not as it must be. `code` is stable, `facts` say what."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code, self.facts = code, facts


def require(holds: bool, code: str, **facts: Any) -> None:
    """Return if it `holds`. Raises: ClientError with `code`."""
    if not holds:
        raise ClientError(code, **facts)


def encode(value: Any) -> bytes:
    """The canonical bytes of `value`. Raises: ClientError `not_canonical`."""
    try:
        data: bytes = msgpack.packb(_ordered(value, 16), use_bin_type=True)
    except UnicodeEncodeError as error:
        raise ClientError("not_canonical") from error
    return data


def decode(data: bytes, most: int) -> Any:
    """The value whose canonical bytes are `data`. Raises: ClientError `too_long`, `not_canonical`."""
    require(len(data) <= most, "too_long", bytes=len(data))
    try:
        value = msgpack.unpackb(data, raw=False, strict_map_key=True, max_ext_len=0)
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise ClientError("not_canonical") from error
    require(encode(value) == data, "not_canonical")
    return value


def _ordered(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is list and depth:
        return [_ordered(item, depth - 1) for item in value]
    if kind is dict and depth and all(type(key) is str for key in value):
        return {key: _ordered(value[key], depth - 1) for key in sorted(value)}
    plain = value is None or kind in (bool, bytes, str)
    require(plain or (kind is int and -(2**63) <= value < 2**63), "not_canonical")
    return value


def unbase64(text: Any, code: str = "malformed") -> bytes:
    """The bytes that canonical base64 says. Raises: ClientError `code`."""
    try:
        data = b64decode(text, validate=True)
    except (ValueError, TypeError) as error:
        raise ClientError(code, why="not base64") from error
    require(b64encode(data).decode() == text, code, why="not canonical base64")
    return data


def key_id(public: bytes) -> bytes:
    """The id of an Ed25519 key."""
    return sha256(encode(["ed25519-sha256", public])).digest()


@dataclass(frozen=True)
class Intent:
    """What is to be signed: its bytes, and what they say. Signers are account and public key, author first."""

    data: bytes
    log: bytes
    signers: list[tuple[str, bytes]]
    parts: Parts
    nonce: bytes
    not_after_us: int


def read_intent(data: bytes) -> Intent:
    """The intent whose bytes are `data`. Raises: ClientError as `decode`; `malformed`, `unknown_suite`."""
    tag, log, author, key, others, listed, nonce, until = _array(decode(data, 49_152), 8, 8)
    sized = _sized(log, 32) and _sized(nonce, 16)
    require(tag == "carbon-registry/intent/v1" and sized, "malformed")
    require(type(until) is int and 0 <= until < 2**53, "malformed", field="not_after_us")
    signers = [_signer(item) for item in [[author, key], *_array(others, 0, 15)]]
    parts = [_part(item) for item in _array(listed, 1, 32)]
    for names in (*zip(*signers, strict=True), [stream for stream, _ in parts]):
        require(len(set(names)) == len(names), "malformed", why="one of them twice")
    return Intent(data, log, signers, parts, nonce, until)


def _signer(item: Any) -> tuple[str, bytes]:
    account, key = _array(item, 2, 2)
    suite, public = _array(key, 2, 2)
    require(suite == "ed25519-sha256", "unknown_suite")
    named = _like(account, "registry|account/[0-9A-Za-z-]{1,48}|bearer/[a-z2-7]{52}")
    require(named and _sized(public, 32), "malformed", field="signer")
    return account, public


def _part(item: Any) -> tuple[str, list[tuple[str, Body]]]:
    stream, listed = _array(item, 2, 2)
    require(_like(stream, "registry|[a-z]{1,16}/[0-9A-Za-z-]{1,64}"), "malformed", field="stream")
    events = [(kind, body) for kind, body in (_array(one, 2, 2) for one in _array(listed, 1, 8))]
    for kind, body in events:
        named = _like(kind, r"[a-z]{1,16}\.[a-z_]{1,32}\.v[1-9][0-9]{0,2}")
        require(named and type(body) is dict, "malformed", field="event")
    return stream, events


def _array(value: Any, least: int, most: int) -> list[Any]:
    require(type(value) is list and least <= len(value) <= most, "malformed", why="no such array")
    return list(value)


def _sized(value: Any, size: int) -> bool:
    return type(value) is bytes and len(value) == size


def _like(value: Any, pattern: str) -> bool:
    return type(value) is str and re.fullmatch(pattern, value, re.ASCII) is not None


def _hash(tag: str, intent: Intent, *said: Any) -> bytes:
    whole = [f"carbon-registry/{tag}/v1", intent.log, intent.signers[0][0], intent.nonce, *said]
    return sha256(encode(whole)).digest()


def derived_id(intent: Intent, part: int) -> str:
    """The id of the stream that part `part` of `intent` begins."""
    return b32encode(_hash("id", intent, part)).decode().lower()[:16]


def opened(prepared: Mapping[str, Any]) -> tuple[Intent, Parts]:
    """The intent in what the server prepared, and its parts as JSON says them: commitments and rows by what they hide.

    Raises: ClientError as `read_intent`; `wrong_opening`, `rows_missing`, `wrong_rows`: what came along is not of it.
    """
    intent = read_intent(unbase64(prepared.get("intent")))
    beside = _Beside(intent, prepared)
    parts = [
        (stream, [(kind, beside.said(f"{p}/{e}", body)) for e, (kind, body) in enumerate(events)])
        for p, (stream, events) in enumerate(intent.parts)
    ]
    require(not beside.openings, "wrong_opening", unused=sorted(beside.openings))
    require(not beside.rows, "wrong_rows", unused=sorted(beside.rows))
    return intent, parts


class _Beside:
    """Openings and rows that came along with an intent; each is used up once."""

    def __init__(self, intent: Intent, prepared: Mapping[str, Any]) -> None:
        openings = _array(prepared.get("openings") or [], 0, 262_144)
        rows = _array(prepared.get("rows") or [], 0, 262_144)
        require(all(type(item) is dict for item in openings + rows), "malformed")
        self._intent = intent
        self.openings = {str(item.get("field")): item for item in openings}
        self.rows = {f"{item.get('part')}/{item.get('event')}": item.get("rows") for item in rows}
        require(len(self.openings) == len(openings), "wrong_opening", why="one of them twice")

    def said(self, at: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._said(at, name, value) for name, value in body.items()}

    def _said(self, at: str, name: str, value: Any) -> Any:
        if name in COMMITTED and _sized(value, 32):
            return {"opens": self._opened(f"{at}/{name}", value)}
        if type(value) is dict:
            require(name == "rows" and type(self.rows.get(at)) is list, "rows_missing", event=at)
            return {"rows": self._listed(at, value, [unbase64(row) for row in self.rows.pop(at)])}
        return said(value)

    def _opened(self, field: str, committed: Any) -> Any:
        found = self.openings.pop(field, {})
        salt, value = unbase64(found.get("salt"), "wrong_opening"), found.get("value")
        texts = value if type(value) is list else [value]
        textual = len(texts) > 0 and all(type(text) is str for text in texts)
        sized = textual and len(salt) == 32 and len(encode(value)) <= 16_384
        hidden = sized and _hash("commitment", self._intent, field, salt, value)
        require(hidden == committed, "wrong_opening", field=field)
        return value

    def _listed(self, at: str, summary: Any, rows: Sequence[bytes]) -> list[list[str]]:
        listed, total_g = [], 0
        for number, row in enumerate(rows):
            tag, whom, amount_g, _ = _array(decode(row, 256), 4, 4)
            # Written again, so that its last field is what the rows before it come to.
            follows = type(amount_g) is int and encode([tag, whom, amount_g, total_g]) == row
            require(follows and amount_g > 0, "wrong_rows", row=number)
            share = tag == "carbon-registry/share/v1"
            gift = tag == "carbon-registry/gift/v1" and type(whom) is str
            require(share or gift, "wrong_rows", row=number)
            whom = self._opened(f"{at}/rows/{number}", whom) if share else whom
            listed.append([whom, str(amount_g)])
            total_g += amount_g
        root = tree_root([leaf_hash(row) for row in rows])
        sums = {"bytes": sum(map(len, rows)), "count": len(rows), "root": root, "total_g": total_g}
        require(encode(summary) == encode(sums), "wrong_rows", event=at)
        return listed


def said(value: Any) -> Any:
    """`value` of an intent as JSON says it; bytes as {"hex": ...}, integers as {"int": "..."}."""
    if type(value) is list:
        return [said(item) for item in value]
    if type(value) is int:
        return {"int": str(value)}
    require(type(value) is not dict, "malformed", why="a map within an array")
    return {"hex": value.hex()} if type(value) is bytes else value


def check(prepared: Mapping[str, Any], expected: Mapping[str, Any], now_us: int) -> Intent:
    """The prepared intent, if it is what was `expected`, and nothing besides.

    Raises:
        ClientError: as `opened`; `wrong_` log, signers, key or time; `other_` act, stream, field or total.
    """
    intent, parts = opened(prepared)
    require(intent.log.hex() == expected["log"], "wrong_log", log=intent.log.hex())
    accounts = [account for account, _ in intent.signers]
    signers = expected.get("signers") or [expected["account"]]
    require(accounts == signers and expected["account"] in accounts, "wrong_signers", now=accounts)
    own = dict(intent.signers)[expected["account"]]
    require(own.hex() == expected["key"], "wrong_key", key=own.hex())
    require(now_us < intent.not_after_us <= now_us + AHEAD_US, "wrong_time", at=intent.not_after_us)
    number = 0
    for wanted in expected["parts"]:
        number = _check_alike(intent, parts, number, wanted)
    require(number == len(parts), "other_act", stream=parts[number:][:1])
    return intent


def _check_alike(intent: Intent, parts: Parts, first: int, wanted: Mapping[str, Any]) -> int:
    """Where the parts from `first` on end that are as `wanted`; at least one is."""
    kinds, sums = [kind for kind, _ in wanted["events"]], dict[tuple[int, str], int]()
    number, end = first, min(len(parts), first + int(wanted.get("most", 1)))
    while number < end and [kind for kind, _ in parts[number][1]] == kinds:
        stream, events = parts[number]
        prefix, _, name = str(wanted["stream"]).partition("/")
        exact = f"{prefix}/{derived_id(intent, number)}" if name == "new" else wanted["stream"]
        named = stream.startswith(f"{prefix}/") if name == "*" else stream == exact
        require(named, "other_stream", stream=stream, expected=exact)
        for event, (_, body) in enumerate(events):
            _check_body(event, body, wanted["events"][event][1], sums)
        number += 1
    require(number > first, "other_act", expected=kinds, part=first)
    for (event, field), total in sums.items():
        right = total == int(wanted["events"][event][1][field]["sum"])
        require(right, "other_total", field=field, total=total)
    return number


def _check_body(event: int, body: Body, wanted: Body, sums: dict[tuple[int, str], int]) -> None:
    require(body.keys() == wanted.keys(), "other_field", fields=sorted(body.keys() ^ wanted.keys()))
    for field, value in body.items():
        like = wanted[field]
        if isinstance(like, dict) and "sum" in like:
            grams = int(value["int"]) if isinstance(value, dict) and "int" in value else 0
            require(grams > 0, "other_field", field=field, value=value)
            sums[event, field] = sums.get((event, field), 0) + grams
        elif like != {"any": True}:
            require(value == _plain(like), "other_field", field=field, value=value)


def _plain(wanted: Any) -> Any:
    """What is `wanted` as `opened` would say it; texts in NFC, which is how the log has them."""
    if isinstance(wanted, dict):
        return {name: _plain(value) for name, value in wanted.items()}
    if isinstance(wanted, list):
        return [_plain(item) for item in wanted]
    return unicodedata.normalize("NFC", wanted) if isinstance(wanted, str) else said(wanted)


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry, or of a row, as a leaf of a tree."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return sha256(b"\x01" + left + right).digest()


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, as RFC 6962 has it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return node_hash(tree_root(leaves[:split]), tree_root(leaves[split:]))


def show(intent: Intent, parts: Parts) -> str:
    """What signing `intent`, opened as `parts`, would do, for people to read before they sign."""
    until = datetime.fromtimestamp(intent.not_after_us // 1_000_000, UTC)
    lines = [f"log {intent.log.hex()}, until {until:%Y-%m-%dT%H:%M:%S}Z"]
    lines += [f"signed by {account}, key {key.hex()}" for account, key in intent.signers]
    for stream, events in parts:
        lines.append(f"in {stream}")
        for kind, body in events:
            said = [f"    {printable(name)}: {_phrase(value)}" for name, value in body.items()]
            lines += [f"  {kind}", *said]
    return "\n".join(lines) + "\n"


def _phrase(value: Any) -> str:
    if isinstance(value, str):
        return f'"{printable(value)}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_phrase, value))}]"
    if not isinstance(value, dict):
        return {None: "nothing", True: "yes", False: "no"}[value]
    ((form, what),) = value.items()
    if form == "rows":
        listed = "".join(f"\n      {_phrase(whom)}: {amount_g}" for whom, amount_g in what[:100])
        return f"{len(what)} rows{listed}" + ("\n      ..." if len(what) > 100 else "")
    return f"{_phrase(what)}, hidden in the log" if form == "opens" else str(what)


def printable(text: str) -> str:
    """`text` with everything escaped that could change how what stands beside it reads."""
    odd = {c for c in text if c in '"\\' or unicodedata.category(c) in ODD}
    return "".join(f"\\u{{{ord(c):x}}}" if c in odd else c for c in text)
