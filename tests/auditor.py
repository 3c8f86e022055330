"""An independent, naive model of the log: slow, plain, made from docs/format.md, and sharing no code with the registry.

It reads entries as MessagePack, keeps dicts and lists, and recomputes what an entry must say. `Auditor.take` answers
"" for yes, or the reason for no; an entry that is refused changes nothing that is looked at afterwards. What each kind
does is in `tests/model`, a function for each; forms and what is consulted are read off the page itself. Of single
fields it looks at no grammar: vectors and tests of shapes do.
"""

import pickle
from hashlib import sha256
from importlib import import_module
from typing import Any

import msgpack
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.model import page
from tests.model.plain import Act, NoError, base32, hashed, joined, leaf_of, root_of, say

ZERO = bytes(32)
WEEK_US = 604_800_000_000
INLINE = 16
ONCE = {"import retirement", "import issue", "import transfer"}
TAGS = {
    "batch.given.v1": "carbon-registry/gift/v1",
    "certificate.shared.v1": "carbon-registry/share/v1",
}

Rows = dict[tuple[int, int], list[bytes]]


class Auditor:
    """Everything known of a log, as far as it was taken; each kind of stream keeps what it knows in a dict by name."""

    def __init__(self) -> None:
        self.log = b""
        self.leaves: list[bytes] = []
        self.at_us = 0
        self.nonces: dict[tuple[str, bytes], int] = {}
        self.touched: dict[str, list[bytes]] = {}
        self.roles: dict[tuple[str, str], int] = {}
        self.policies: dict[tuple[str, str], Any] = {}
        self.accounts: dict[str, dict[str, Any]] = {}
        self.standards: dict[str, dict[str, Any]] = {}
        self.projects: dict[str, dict[str, Any]] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.certificates: dict[str, dict[str, Any]] = {}
        self.campaigns: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.activities: dict[str, dict[str, Any]] = {}
        self.reports: dict[str, dict[str, Any]] = {}
        self.conduct: dict[str, dict[int, dict[str, Any]]] = {}

    def take(self, data: bytes, beside: Rows | None = None) -> str:
        """Whether `data` is the next entry: "" for yes, or why not."""
        before = pickle.dumps(self.__dict__)
        try:
            self.enter(data, beside)
        except NoError as no:
            self.__dict__ = pickle.loads(before)  # noqa: S301  # our own, of a moment ago
            return str(no)
        return ""

    def would(self, asked: bytes, at_us: int, beside: Rows | None = None) -> str:
        """Whether what `asked`, an intent, asks for may happen at `at_us`: "" for yes, or why not. Nothing does."""
        before = pickle.dumps(self.__dict__)
        try:
            self._judge(msgpack.unpackb(asked), at_us, beside or {})
        except NoError as no:
            return str(no)
        finally:
            self.__dict__ = pickle.loads(before)  # noqa: S301  # our own, of a moment ago
        return ""

    def root(self) -> bytes:
        return root_of(self.leaves)

    def held(self, batch: str) -> dict[str, list[tuple[int, int]]]:
        """Where which serial numbers are: with a holder, or in another place, such as "retired"."""
        found: dict[str, list[tuple[int, int]]] = {}
        for start, end, place in self.batches[batch]["grams"]:
            found.setdefault(place, []).append((start, end))
        return {place: joined(spans) for place, spans in found.items()}

    def enter(self, data: bytes, beside: Rows | None = None) -> None:
        """Take `data` as the next entry, or raise, with what was known spoiled."""
        tag, at_us, asked, signatures, consulted, places = msgpack.unpackb(data)
        say(tag == "carbon-registry/entry/v1", "tag of the entry")
        intent = msgpack.unpackb(asked)
        self._signatures(intent, asked, signatures)
        outcomes = self._judge(intent, at_us, beside or {})
        parts = intent[5]
        self._consulted([intent[2], *(account for account, _ in intent[4])], parts, consulted)
        say(len(places) == len(parts), "a place for each part")
        leaf = leaf_of(data)
        for (stream, _), (position, previous, came), expected in zip(
            parts, places, outcomes, strict=True
        ):
            chain = self.touched.setdefault(stream, [])
            say(type(position) is int and position == len(chain) + 1, "position")
            say(previous == (chain[-1] if chain else ZERO), "previous leaf")
            # As bytes: in Python 1 equals True.
            said = [wired(outcome) for outcome in expected]
            say(msgpack.packb(came) == msgpack.packb(said), f"outcome in {stream}")
            chain.append(leaf)
        self.leaves.append(leaf)
        self.at_us = at_us
        self.nonces[intent[2], intent[6]] = intent[7]

    def _judge(self, intent: list[Any], at_us: int, beside: Rows) -> list[list[Any]]:
        """The outcomes of an intent, part by part."""
        self._log(intent)
        self._life(intent, at_us)
        parts = intent[5]
        form = page.form_of([[kind for kind, _ in events] for _, events in parts])
        say(form is not None, "no form")
        assert form is not None
        act = Act(
            index=len(self.leaves),
            at_us=at_us,
            log=intent[1],
            nonce=intent[6],
            signers=[(account, tuple(key)) for account, key in [intent[2:4], *intent[4]]],
            parts=parts,
            once=form["name"] in ONCE,
            rows=rows_of(parts, beside),
        )
        self._equal(form, parts)
        self._meant(parts)
        self._signers(form, act)
        return [self._part(act, number) for number in range(len(parts))]

    def _part(self, act: Act, number: int) -> list[Any]:
        """What comes of one part."""
        stream, events = act.parts[number]
        outcomes = []
        for order, (kind, body) in enumerate(events):
            prefix, done, _ = kind.split(".")
            say(prefix == stream.split("/")[0], "a kind of another stream")
            rule = getattr(import_module(f"tests.model.{prefix}"), done)
            outcomes.append(rule(self, act, stream, body, (number, order)))
            act.came.append((stream, kind, body, outcomes[-1]))
        return outcomes

    def _log(self, intent: list[Any]) -> None:
        """The first entry gives the log its id: the hash of its name, key and random bytes."""
        say(intent[0] == "carbon-registry/intent/v1", "tag of the intent")
        if self.leaves:
            say(intent[1] == self.log, "log")
            return
        kind, body = intent[5][0][1][0]
        say(kind == "registry.created.v1", "not begun")
        named = ["carbon-registry/log/v1", body["origin"], body["log_key"], body["random"]]
        say(intent[1] == hashed(named), "id of the log")
        self.log = intent[1]

    def _life(self, intent: list[Any], at_us: int) -> None:
        say(type(at_us) is int and at_us >= self.at_us, "time runs back")
        say(at_us <= intent[7] <= at_us + WEEK_US, "not within its life")
        until = self.nonces.get((intent[2], intent[6]), -1)
        say(at_us > until, "nonce used")

    def _signatures(self, intent: list[Any], data: bytes, signatures: list[bytes]) -> None:
        held = [key for _, key in [intent[2:4], *intent[4]]]
        held.sort(key=hashed)
        say(len(held) == len(signatures), "number of signatures")
        for (_, public), signature in zip(held, signatures, strict=True):
            signed = b"carbon-registry/intent-signature/v1\x00" + data
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
            except InvalidSignature as error:
                raise NoError("signature") from error

    def _meant(self, parts: list[Any]) -> None:
        for _, events in parts:
            for _, body in events:
                if body.get("means") is not None:
                    index, leaf = body["means"]
                    say(index < len(self.leaves) and self.leaves[index] == leaf, "another entry")

    def _equal(self, form: dict[str, Any], parts: list[Any]) -> None:
        for fields in form["equal"]:
            found = [value for field in fields for value in values_of(field, parts)]
            say(all(value == found[0] for value in found), "parts differ")

    def _consulted(self, signers: list[str], parts: list[Any], consulted: list[Any]) -> None:
        wanted = {"registry"} | {one for one in signers if not one.startswith("bearer/")}
        for _, events in parts:
            for kind, body in events:
                for prefix, field in page.consulted().get(kind, []):
                    if body[field] is not None and not str(body[field]).startswith("bearer/"):
                        wanted.add(f"{prefix}/{body[field].split('/')[-1]}")
        wanted -= {stream for stream, _ in parts}
        expected = [[name, len(self.touched.get(name, []))] for name in sorted(wanted)]
        say(msgpack.packb(consulted) == msgpack.packb(expected), "consulted")

    def _signers(self, form: dict[str, Any], act: Act) -> None:
        wanted = list(self._capacities(form, act))
        say(len(wanted) == len(act.signers), "number of signers")
        for (capacity, named), (account, key) in zip(wanted, act.signers, strict=True):
            replaced = capacity["instead"] and account != named
            roles = ["officer"] if replaced else capacity["roles"]
            say(named in (None, account) or replaced, "signer is not the one named")
            if form["name"] == "genesis":
                continue
            self._key(account, key, named)
            say(not roles or any((account, role) in self.roles for role in roles), "no role")
        if form["distinct"]:
            # A bearer has no controller: nobody else's is the same.
            known = [account for account, _ in act.signers if account in self.accounts]
            persons = {self.accounts[account]["over"] for account in known}
            say(len(persons) == len(known), "one person twice")

    def _capacities(self, form: dict[str, Any], act: Act) -> Any:
        """The capacities in which somebody signs, each with the account that its field names, if it has one."""
        before: set[str] = set()
        for capacity in form["signers"]:
            if capacity["field"] is None:
                yield capacity, None
                continue
            found = values_of(capacity["field"], act.parts)
            for named in found if capacity["each"] else found[:1]:
                opened = capacity["field"] == "account.opened.v1:controller"
                if named is None or (opened and named == act.parts[0][0]):
                    continue
                if capacity["once"] and named in before:
                    continue
                before.add(named)
                yield capacity, named

    def _key(self, account: str, key: tuple[str, bytes], named: str | None) -> None:
        if account.startswith("bearer/"):
            say(account == named and account == "bearer/" + base32(hashed(key), 52), "bearer")
            return
        added, ended = self.accounts.get(account, {"keys": {}})["keys"].get(key, [None, None])
        say(added is not None and ended is None, "key does not speak")


def values_of(field: str, parts: list[Any]) -> list[Any]:
    """What all events of a kind say in one field."""
    kind, name = field.split(":")
    return [
        {"@stream": stream, "@id": stream.split("/")[-1]}.get(name) or body.get(name)
        for stream, events in parts
        for own, body in events
        if own == kind
    ]


def rows_of(parts: list[Any], beside: Rows) -> dict[tuple[int, int], list[Any]]:
    """The rows that came with an intent, read: whose, how many grams."""
    found = {}
    for number, (_, events) in enumerate(parts):
        for order, (kind, body) in enumerate(events):
            if kind in TAGS:
                made = beside.get((number, order), [])[: body["rows"]["count"]]
                found[number, order] = [msgpack.unpackb(row) for row in made]
                check_rows(TAGS[kind], body["rows"], made, found[number, order])
    return found


def check_rows(tag: str, said: dict[str, Any], made: list[bytes], read: list[Any]) -> None:
    say(said == {**summary(list(made)), "total_g": said["total_g"]}, "other rows")
    before = 0
    for own, _, amount_g, before_g in read:
        say(own == tag and amount_g >= 1 and before_g == before, "a row of another form")
        before += amount_g
    say(before == said["total_g"], "the rows come to something else")


def summary(rows: list[bytes]) -> dict[str, Any]:
    root = root_of([sha256(b"\x00" + row).digest() for row in rows])
    return {"bytes": sum(map(len, rows)), "count": len(rows), "root": root}


def wired(outcome: Any) -> Any:
    """An outcome as an entry says it: with its ranges in full, or the summary of rows beside it."""
    if not outcome or len(outcome.get("ranges", [])) <= INLINE:
        return outcome and dict(sorted(outcome.items()))
    ranges = outcome["ranges"]
    rows = [msgpack.packb(["carbon-registry/range/v1", start, end]) for start, end in ranges]
    total_g = sum(end - start for start, end in ranges)
    return dict(sorted({**outcome, "ranges": {**summary(rows), "total_g": total_g}}.items()))
