"""An independent, naive model of the log: slow, plain, and sharing no code with the registry.

It reads entries as MessagePack, keeps dicts and lists, and recomputes what an entry must say. `Auditor.take` answers
"" for yes, or the reason for no; an entry that is refused changes nothing that is looked at afterwards.
"""

import copy
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from itertools import pairwise
from typing import Any

import msgpack
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ZERO = bytes(32)
WEEK_US = 604_800_000_000
INLINE = 16
RANGES = 1_000

# kind -> who signs: "@" the stream itself, "role name", or the field that names the account.
SIGNED_BY = {
    "registry.role_granted.v1": ["role officer", "role officer"],
    "registry.role_withdrawn.v1": ["role officer", "role officer"],
    "registry.log_key_replaced.v1": ["@", "role officer", "role officer"],
    "account.opened.v1": ["role officer", "controller"],
    "account.key_added.v1": ["@"],
    "account.key_ended.v1": ["@"],
    "account.recovery_announced.v1": ["role officer", "role officer"],
    "account.recovery_stopped.v1": ["@"],
    "account.recovery_withdrawn.v1": ["role officer", "role officer"],
    "account.recovered.v1": ["role officer", "role officer"],
    "standard.recognised.v1": ["role authority", "role officer"],
    "project.listed.v1": ["owner"],
    "project.validated.v1": ["role validator"],
    "project.registered.v1": ["role officer"],
    "project.verified.v1": ["role verifier"],
    "project.issued.v1": ["role verifier", "role authority"],
    "standard.deposited.v1": ["custodian", "role officer"],
    "batch.transferred.v1": ["giver"],
    "batch.retired.v1": ["holder"],
    "batch.retirement_imported.v1": ["role officer", "holder"],
    "certificate.home_cancelled.v1": ["role officer"],
}
TWO_PERSONS = {
    "registry.role_granted.v1",
    "registry.role_withdrawn.v1",
    "registry.log_key_replaced.v1",
    "account.recovery_announced.v1",
    "account.recovery_withdrawn.v1",
    "account.recovered.v1",
    "standard.recognised.v1",
    "project.issued.v1",
    "standard.deposited.v1",
}
# kind -> the streams looked at: (prefix, field).
LOOKED_AT = {
    "account.opened.v1": [("account", "controller")],
    "registry.role_granted.v1": [("account", "account")],
    "project.listed.v1": [("standard", "standard"), ("conduct", "owner")],
    "batch.issued.v1": [("account", "holder"), ("conduct", "holder"), ("standard", "standard")],
    "batch.deposited.v1": [("account", "holder"), ("conduct", "holder")],
    "batch.transferred.v1": [
        ("account", "taker"),
        ("conduct", "giver"),
        ("conduct", "taker"),
        ("standard", "standard"),
    ],
    "batch.retired.v1": [("conduct", "holder"), ("standard", "standard")],
    "batch.retirement_imported.v1": [("standard", "standard")],
}


class NoError(Exception):
    """The entry cannot be."""


def say(holds: bool, reason: str) -> None:
    if not holds:
        raise NoError(reason)


def leaf_of(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


class Auditor:
    """Everything known of a log, as far as it was taken."""

    def __init__(self) -> None:
        self.log = b""
        self.leaves: list[bytes] = []
        self.at_us = 0
        self.nonces: dict[tuple[str, bytes], int] = {}
        self.touched: dict[str, list[bytes]] = {}
        self.roles: dict[tuple[str, str], int] = {}
        self.keys: dict[str, dict[tuple[str, bytes], list[int | None]]] = {}
        self.kept: dict[tuple[str, tuple[str, bytes]], bool] = {}
        self.announced: dict[str, tuple[int, dict[str, Any], datetime]] = {}
        self.recovered: set[str] = set()
        self.controllers: dict[str, str] = {}
        self.documents: set[tuple[str, bytes]] = set()
        self.standards: dict[str, dict[str, Any]] = {}
        self.units: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.projects: dict[str, dict[str, Any]] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.grams: dict[str, list[tuple[int, int, str]]] = {}
        self.certificates: dict[str, dict[str, Any]] = {}

    def take(self, data: bytes) -> str:
        """Whether `data` is the next entry: "" for yes, or why not."""
        before = copy.deepcopy(self.__dict__)
        try:
            self._entry(data)
        except NoError as no:
            self.__dict__ = before
            return str(no)
        return ""

    def root(self) -> bytes:
        return root_of(self.leaves)

    def held(self, batch: str) -> dict[str, list[tuple[int, int]]]:
        """Who holds which serial numbers; the retired ones are held by "retired"."""
        found: dict[str, list[tuple[int, int]]] = {}
        for start, end, place in self.grams[batch]:
            found.setdefault(place, []).append((start, end))
        return found

    def _entry(self, data: bytes) -> None:
        tag, at_us, asked, signatures, consulted, places = msgpack.unpackb(data)
        say(tag == "carbon-registry/entry/v1", "tag of the entry")
        intent = msgpack.unpackb(asked)
        self._log(intent)
        self._intent(intent, asked, signatures, at_us)
        signers, parts = [[intent[2], intent[3]], *intent[4]], intent[5]
        self._consulted(signers, parts, consulted)
        self._signers(signers, parts)
        say(len(places) == len(parts), "a place for each part")
        outcomes: list[tuple[str, dict[str, Any], Any]] = []
        for number, ((stream, events), (position, previous, came)) in enumerate(
            zip(parts, places, strict=True)
        ):
            chain = self.touched.get(stream, [])
            say(type(position) is int and position == len(chain) + 1, "position")
            say(previous == (chain[-1] if chain else ZERO), "previous leaf")
            say(len(came) == len(events), "an outcome for each event")
            for (kind, body), outcome in zip(events, came, strict=True):
                name, part = (
                    ("registry", 0) if "imported" in parts[0][1][0][0] else (intent[2], number)
                )
                fresh = [intent[1], name, intent[6], part]
                method = getattr(self, "_" + kind.rpartition(".")[0].replace(".", "_"))
                # As bytes: in Python 1 equals True.
                expected = msgpack.packb(method(stream, body, fresh, signers, outcomes, at_us))
                say(outcome_bytes(kind, outcome) == expected, f"outcome of {kind}")
                outcomes.append((kind, body, msgpack.unpackb(expected)))
        leaf = leaf_of(data)
        for stream, _ in parts:
            self.touched.setdefault(stream, []).append(leaf)
        self.leaves.append(leaf)
        self.at_us = at_us
        self.nonces[intent[2], intent[6]] = intent[7]

    def _log(self, intent: list[Any]) -> None:
        """The first entry gives the log its id: the hash of its name, key and random bytes."""
        if self.leaves:
            return
        kind, body = intent[5][0][1][0]
        say(kind == "registry.created.v1", "not begun")
        named = ["carbon-registry/log/v1", body["origin"], body["log_key"], body["random"]]
        say(intent[1] == sha256(msgpack.packb(named)).digest(), "id of the log")
        self.log = intent[1]

    def _intent(self, intent: list[Any], data: bytes, signatures: list[bytes], at_us: int) -> None:
        say(intent[0] == "carbon-registry/intent/v1", "tag of the intent")
        say(not self.leaves or intent[1] == self.log, "log")
        say(type(at_us) is int and at_us >= self.at_us, "time runs back")
        say(at_us <= intent[7] <= at_us + WEEK_US, "not within its life")
        until = self.nonces.get((intent[2], intent[6]), -1)
        say(at_us > until, "nonce used")
        held = [key for _, key in [[intent[2], intent[3]], *intent[4]]]
        held.sort(key=lambda key: sha256(msgpack.packb(key)).digest())
        say(len(held) == len(signatures), "number of signatures")
        for (_, public), signature in zip(held, signatures, strict=True):
            signed = b"carbon-registry/intent-signature/v1\x00" + data
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
            except InvalidSignature as error:
                raise NoError("signature") from error

    def _consulted(self, signers: list[Any], parts: list[Any], consulted: list[Any]) -> None:
        wanted = {"registry"} | {account for account, _ in signers}
        for _, events in parts:
            for kind, body in events:
                for prefix, field in LOOKED_AT.get(kind, []):
                    wanted.add(f"{prefix}/{body[field].split('/')[-1]}")
        wanted -= {stream for stream, _ in parts}
        expected = [[name, len(self.touched.get(name, []))] for name in sorted(wanted)]
        say(msgpack.packb(consulted) == msgpack.packb(expected), "consulted")

    def _signers(self, signers: list[Any], parts: list[Any]) -> None:
        kind, body = parts[0][1][0]
        if kind == "registry.created.v1":
            say(not self.leaves, "begun twice")
            say(
                [["registry", body["log_key"]], *body["officers"]] == sorted_rest(signers),
                "officers",
            )
            return
        if kind == "standard.deposited.v1":
            body = parts[1][1][0][1]
        wanted = list(SIGNED_BY[kind])
        if kind == "account.opened.v1" and body["controller"] == parts[0][0]:
            wanted.pop()
        if kind == "batch.transferred.v1" and body["venue"] is not None:
            wanted.append("venue")
        say(len(wanted) == len(signers), "number of signers")
        for want, (account, key) in zip(wanted, signers, strict=True):
            added, ended = self.keys.get(account, {}).get(tuple(key), [None, None])
            say(added is not None and added < len(self.leaves), "key not added before")
            say(ended is None or ended >= len(self.leaves), "key ended before")
            if want.startswith("role "):
                say((account, want[5:]) in self.roles, f"no {want}")
            else:
                named = parts[0][0] if want == "@" else body[want]
                say(account == named, f"signer is not the {want}")
            if want in {"venue", "custodian"}:
                say((account, "exchange") in self.roles, f"{want} is no exchange")
        if kind in TWO_PERSONS:
            persons = {self.controllers[account] for account, _ in signers}
            say(len(persons) == len(signers), "one person twice")

    # One method a kind: what it changes, and the outcome that must be recorded.

    def _registry_created(self, _stream: str, body: Any, *_: Any) -> None:
        for account, _key in body["officers"]:
            self.roles[account, "officer"] = 0
        self.keys["registry"] = {tuple(body["log_key"]): [0, None]}
        self.controllers["registry"] = "registry"

    def _registry_log_key_replaced(self, stream: str, body: Any, *_: Any) -> None:
        for life in self.keys[stream].values():
            life[1] = len(self.leaves) if life[1] is None else life[1]
        self._account_key_added(stream, {**body, "custodial": True})
        say(len(self.keys[stream]) <= 65, "more keys than a proof can explain")

    def _registry_role_granted(self, _stream: str, body: Any, *_: Any) -> Any:
        say(body["account"] in self.keys, "no such account")
        say((body["account"], body["role"]) not in self.roles, "role held")
        self.roles[body["account"], body["role"]] = len(self.leaves)
        return {"controller": self.controllers[body["account"]]}

    def _registry_role_withdrawn(self, _stream: str, body: Any, *_: Any) -> None:
        index, leaf = body["means"]
        say(self.roles.get((body["account"], body["role"])) == index, "another grant meant")
        say(self.leaves[index] == leaf, "another leaf meant")
        del self.roles[body["account"], body["role"]]
        left = {self.controllers[account] for account, role in self.roles if role == "officer"}
        say(len(left) >= 2, "too few officers")

    def _account_opened(self, stream: str, body: Any, fresh: Any, *_: Any) -> None:
        say(stream not in self.keys, "open already")
        if "uscc-" in stream:
            say(closes(stream[-18:]), "organisation code")
        else:
            self._new(stream, fresh)
        over = body["controller"]
        say(over == stream or self.controllers.get(over) == over, "controller")
        self.controllers[stream] = over
        self.keys[stream] = {}
        self._account_key_added(stream, body)

    def _account_key_added(self, stream: str, body: Any, *_: Any) -> None:
        key = tuple(body["key"])
        say(key not in self.keys[stream], "key known")
        self.keys[stream][key] = [len(self.leaves), None]
        self.kept[stream, key] = body["custodial"]

    def _account_key_ended(self, stream: str, body: Any, *_: Any) -> None:
        life = self.keys[stream].get(tuple(body["key"]))
        say(life is not None and life[1] is None, "no such key")
        self.keys[stream][tuple(body["key"])] = [life[0], len(self.leaves)]
        say(any(ended is None for _, ended in self.keys[stream].values()), "no key left")

    def _account_recovery_announced(
        self, stream: str, body: Any, _fresh: Any, signers: Any, _outcomes: Any, at_us: int
    ) -> Any:
        self._strangers(stream, signers)
        say(stream not in self.announced, "announced already")
        say(tuple(body["key"]) not in self.keys[stream], "key known")
        day = china(at_us).replace(hour=0, minute=0, second=0)
        self.announced[stream] = (len(self.leaves), body, day)
        for _ in range(3):
            day += timedelta(days=1)
            while day.strftime("%a") in ("Sat", "Sun"):
                day += timedelta(days=1)
        return {"not_before": (day + timedelta(days=1)).strftime("%Y-%m-%d")}

    def _account_recovery_stopped(self, stream: str, body: Any, *_: Any) -> None:
        say(stream in self.announced, "nothing announced")
        index, _, _ = self.announced.pop(stream)
        say(body["means"] == [index, self.leaves[index]], "another announcement meant")

    def _account_recovery_withdrawn(
        self, stream: str, body: Any, _fresh: Any, signers: Any, *_: Any
    ) -> None:
        self._strangers(stream, signers)
        self._account_recovery_stopped(stream, body)

    def _account_recovered(
        self, stream: str, body: Any, _fresh: Any, signers: Any, _outcomes: Any, at_us: int
    ) -> None:
        say(stream in self.announced, "nothing announced")
        _, announced, day = self.announced[stream]
        whole = [day + timedelta(days=n) for n in range(1, (china(at_us) - day).days)]
        say(sum(one.isoweekday() <= 5 for one in whole) >= 3, "too early")
        self._account_recovery_withdrawn(stream, body, None, signers)
        for life in self.keys[stream].values():
            life[1] = len(self.leaves) if life[1] is None else life[1]
        self._account_key_added(stream, announced)
        self.recovered.add(stream)

    def _strangers(self, stream: str, signers: Any) -> None:
        for account, _ in signers:
            say(self.controllers[account] != self.controllers[stream], "an account of one's own")

    def _standard_recognised(self, stream: str, body: Any, *_: Any) -> None:
        code = stream.split("/")[1]
        say(code not in self.standards, "recognised already")
        self.standards[code] = body

    def _standard_deposited(self, stream: str, body: Any, *_: Any) -> Any:
        code = stream.split("/")[1]
        standard = self.standards[code]
        _, block, first, last = standard["serial_format"]
        fields = [""]
        for character in body["home_serials"]:
            if character.isascii() and character.isalnum():
                fields[-1] += character.upper()
            elif fields[-1]:
                fields.append("")
        fields = [field.lstrip("0") or "0" for field in fields if field]
        low, high = int(fields[first]), int(fields[last])
        named = "-".join(fields[number] for number in block)
        known = self.units.setdefault((code, named), [])
        for one, other in known:
            say(high < one or other < low, "units deposited twice")
        known.append((low, high))
        known.sort()
        grams = (high - low + 1) * standard["unit_g"]
        return {"amount_g": grams, "block": named, "units": (low, high)}

    def _standard_document_entered(self, stream: str, body: Any, *_: Any) -> None:
        say((stream, body["document"]) not in self.documents, "document used")
        self.documents.add((stream, body["document"]))
        say(stream.endswith("/" + self.projects[body["project"]]["standard"]), "own standard")

    def _project_listed(self, stream: str, body: Any, fresh: Any, *_: Any) -> Any:
        self._new(stream, fresh)
        say(self.standards[body["standard"]]["home"] is None, "foreign standard")
        self.projects[stream] = {**body, "validator": None, "verified": {}, "issued": {}, "by": {}}
        return {"controller": self.controllers[body["owner"]]}

    def _project_validated(
        self, stream: str, _body: Any, _fresh: Any, signers: Any, *_: Any
    ) -> Any:
        ((account, _),) = signers
        self.projects[stream]["validator"] = account
        owner = self.projects[stream]["owner"]
        say(self.controllers[account] != self.controllers[owner], "validated by the owner")
        return {"body": account, "controller": self.controllers[account]}

    def _project_registered(self, stream: str, *_: Any) -> None:
        say(self.projects[stream]["validator"] is not None, "not validated")

    def _project_verified(self, stream: str, body: Any, _fresh: Any, signers: Any, *_: Any) -> Any:
        project = self.projects[stream]
        ((account, _),) = signers
        over = self.controllers[account]
        say(over != self.controllers[project["validator"]], "verified by who validated")
        say(over != self.controllers[project["owner"]], "verified by the owner")
        period = tuple(body["period"])
        for first, last in project["verified"]:
            say(period[1] < first or last < period[0], "periods overlap")
        project["verified"][period] = body["amount_g"]
        project["issued"][period] = 0
        project["by"][period] = account
        return {"body": account, "controller": over}

    def _project_issued(self, stream: str, body: Any, _fresh: Any, signers: Any, *_: Any) -> None:
        project, period = self.projects[stream], tuple(body["period"])
        say(project["by"].get(period) == signers[0][0], "not verified by who issues")
        project["issued"][period] += body["amount_g"]
        say(project["issued"][period] <= project["verified"][period], "issued above verified")

    def _batch_issued(
        self, stream: str, body: Any, fresh: Any, _signers: Any, outcomes: Any, *_: Any
    ) -> None:
        ((_, against, _),) = outcomes
        same = all(against[name] == body[name] for name in ("period", "amount_g"))
        say(same and against["batch"] == stream, "batch and project differ")
        say(body["holder"] == self.projects[body["project"]]["owner"], "not the owner")
        self._received(stream, body, fresh, "native")

    def _batch_deposited(
        self, stream: str, body: Any, fresh: Any, _signers: Any, outcomes: Any, *_: Any
    ) -> None:
        ((_, against, units),) = outcomes
        same = units["amount_g"] == body["amount_g"] and against["batch"] == stream
        say(same, "batch and units differ")
        say(body["holder"] in self.keys, "no such holder")
        origin = "deposited_retired" if body["retired_at_home"] else "deposited"
        self._received(stream, body, fresh, origin)

    def _batch_transferred(self, stream: str, body: Any, *_: Any) -> Any:
        say(self.batches[stream]["origin"] != "deposited_retired", "retired at home")
        say(body["taker"] in self.keys and body["taker"] != body["giver"], "taker")
        return {"ranges": wired(self._move(stream, body, body["giver"], body["taker"]))}

    def _batch_retired(self, stream: str, body: Any, *_: Any) -> Any:
        batch = self.batches[stream]
        ranges = wired(self._move(stream, body, body["holder"], "retired"))
        return {"origin": batch["origin"], "period": batch["period"], "ranges": ranges}

    def _batch_retirement_imported(
        self, stream: str, body: Any, fresh: Any, _signers: Any, _outcomes: Any, at_us: int
    ) -> Any:
        say(body["month"] <= china(at_us).strftime("%Y-%m"), "month to come")
        row = body["row"].to_bytes(8, "big")
        say(sha256(body["source"] + row).digest()[:16] == fresh[2], "nonce of the row")
        return self._batch_retired(stream, body)

    def _certificate_issued(
        self, stream: str, _body: Any, fresh: Any, signers: Any, outcomes: Any, _at_us: int
    ) -> Any:
        self._new(stream, fresh)
        say(stream not in self.certificates, "certificate exists")
        holders = {body["holder"] for _, body, _ in outcomes}
        say(len(holders) == 1 and holders <= {account for account, _ in signers}, "one holder")
        home = {body["standard"] for _, body, came in outcomes if came["origin"] == "deposited"}
        self.certificates[stream] = {
            "issued": len(self.leaves),
            "amount_g": sum(body["amount_g"] for _, body, _ in outcomes),
            "holder": holders.pop(),
            "home": home,
        }
        shown = self.certificates[stream]
        holder = shown["holder"]
        (key,) = [tuple(key) for account, key in signers if account == holder]
        kept, recovered = self.kept[holder, key], holder in self.recovered
        return [shown["amount_g"], kept, holder, sorted(home), recovered]

    def _certificate_home_cancelled(self, stream: str, body: Any, *_: Any) -> None:
        certificate = self.certificates[stream]
        say(body["standard"] in certificate["home"], "nothing awaited")
        index, leaf = body["means"]
        say(index == certificate["issued"] and self.leaves[index] == leaf, "another entry meant")
        certificate["home"].discard(body["standard"])

    def _new(self, stream: str, fresh: list[Any]) -> None:
        """An id is the hash of who made it, cut to sixteen letters of base32."""
        digest = sha256(msgpack.packb(["carbon-registry/id/v1", *fresh])).digest()
        number = int.from_bytes(digest[:10], "big")
        letters = "abcdefghijklmnopqrstuvwxyz234567"
        derived = "".join(letters[number >> (5 * place) & 31] for place in range(15, -1, -1))
        say(stream.split("/")[1] == derived, "id not derived")

    def _received(self, stream: str, body: Any, fresh: Any, origin: str) -> None:
        self._new(stream, fresh)
        say(stream not in self.batches, "batch exists")
        self.batches[stream] = {**body, "origin": origin}
        self.grams[stream] = [(0, body["amount_g"], body["holder"])]

    def _move(self, stream: str, body: Any, giver: str, to: str) -> list[tuple[int, int]]:
        """Take the grams that must go, lowest first or as named, and lay every piece in order again."""
        say(body["standard"] == self.batches[stream]["standard"], "standard")
        own = [(start, end) for start, end, place in self.grams[stream] if place == giver]
        amount_g = body["amount_g"]
        if body["range"] is None:
            moved = []
            for start, end in own:
                if amount_g:
                    moved.append((start, min(end, start + amount_g)))
                    amount_g -= moved[-1][1] - start
            say(amount_g == 0, "not that many")
            say(len(moved) <= RANGES, "too many ranges")
        else:
            moved = [tuple(body["range"])]
            say(moved[0][1] - moved[0][0] == amount_g, "range and amount differ")
            say(any(one <= moved[0][0] and moved[0][1] <= other for one, other in own), "not held")
        self._lay(stream, giver, moved, to)
        return moved

    def _lay(self, stream: str, giver: str, moved: list[tuple[int, int]], to: str) -> None:
        cuts = sorted({cut for one in moved for cut in one})
        pieces: list[tuple[int, int, str]] = []
        for start, end, place in self.grams[stream]:
            edges = [start, *(cut for cut in cuts if start < cut < end), end]
            for low, high in pairwise(edges):
                goes = place == giver and any(one <= low and high <= other for one, other in moved)
                place_now = to if goes else place
                if pieces and pieces[-1][2] == place_now:
                    pieces[-1] = (pieces[-1][0], high, place_now)
                else:
                    pieces.append((low, high, place_now))
        ends = [0, *(end for _, end, _ in pieces)]
        say([start for start, _, _ in pieces] == ends[:-1], "a gram in no place, or in two")
        say(ends[-1] == self.batches[stream]["amount_g"], "a gram made or lost")
        self.grams[stream] = pieces


def china(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // 1_000_000, timezone(timedelta(hours=8)))


def closes(code: str) -> bool:
    """GB 32100-2015, section 4, with its table of weights."""
    letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    weighed = sum(letters.index(one) * weight for one, weight in zip(code, weights, strict=False))
    return letters[(31 - weighed % 31) % 31] == code[17]


def sorted_rest(signers: list[Any]) -> list[Any]:
    return [signers[0], *sorted(signers[1:])]


def wired(moved: list[tuple[int, int]]) -> Any:
    """The ranges as an entry says them: in full, or as the summary of rows beside it."""
    if len(moved) <= INLINE:
        return moved
    rows = [msgpack.packb(["carbon-registry/range/v1", start, end]) for start, end in moved]
    return {
        "bytes": sum(len(row) for row in rows),
        "count": len(rows),
        "root": root_of([leaf_of(row) for row in rows]),
        "total_g": sum(end - start for start, end in moved),
    }


def outcome_bytes(kind: str, outcome: Any) -> bytes:
    """What is compared: all of it, but of a certificate all but its verdicts."""
    if kind == "certificate.issued.v1":
        say(isinstance(outcome, dict) and len(outcome) == 6, "outcome of a certificate")
        outcome = [
            outcome[name] for name in ("amount_g", "custodial", "holder", "home", "recovered")
        ]
    return msgpack.packb(outcome)
