"""Write the golden vectors of docs/format.md into tests/vectors/, as JSON that another language can read.

    python tools/make_vectors.py             write them
    python tools/make_vectors.py --check     exit 1 if what is there differs

Everything is made from fixed seeds: the same code gives the same bytes. Integers beyond 2^53 and byte strings stand as
strings, in decimal and in hex. A changed vector is a change of the format and needs a decision record.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from registry.domain import batch, standard, timing
from registry.errors import RefusedError, RegistryError
from registry.history import Addition
from registry.ledger import canonical, commitment, ids, keys, note, proof, tree
from registry.ledger.commitment import Opening
from registry.ledger.intent import LIFE_US_MAX
from registry.verifier.certificate import verify
from tests.world import (
    GRAMS,
    HOUR_US,
    ORIGIN,
    PERIOD,
    Person,
    World,
    digest,
    log_key,
)
from tools.vectors import dossiers, life, life_proofs, rows
from tools.vectors.telling import Attempt, Told, code_of, entries, log_keys, spans

VECTORS = Path(__file__).parents[1] / "tests" / "vectors"
PROVENANCE = "made by tools/make_vectors.py of carbon-registry from fixed seeds; format version 1"


def vectors() -> dict[str, Any]:
    """All vectors, by file name."""
    world, broken, former = _life()
    return {
        "canonical.json": _canonical(),
        "identifiers.json": _identifiers(),
        "signatures.json": _signatures(),
        "tree.json": _tree(),
        "notes.json": _notes(),
        "log.json": _log(world, broken),
        "proofs.json": _proofs(world, former),
        "verdicts.json": _verdicts(),
        "home_serials.json": _home_serials(),
        "rows.json": rows.vectors(),
        "life.json": life.vectors(),
        "life_proofs.json": life_proofs.vectors(),
        "dossier.json": dossiers.vectors(),
    }


def text_of(value: Any) -> str:
    """A vector file's text."""
    told = {"provenance": PROVENANCE, **value}
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def tagged(value: Any) -> Any:
    """A canonical value in JSON: {"int": "5"}, {"bytes": "hex"}, {"map": [[key, value], …]}, the rest as itself."""
    match value:
        case bool() | None | str():
            return value
        case int():
            return {"int": str(value)}
        case bytes():
            return {"bytes": value.hex()}
        case dict():
            return {"map": [[key, tagged(value[key])] for key in sorted(value)]}
        case _:
            return [tagged(item) for item in value]


def _canonical() -> dict[str, Any]:
    values: list[Any] = [None, True, False, 0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1]
    values += [2**32, 2**63 - 1, -1, -32, -33, -128, -129, -32_769, -(2**31) - 1, -(2**63)]
    values += ["", "绿", "a" * 31, "a" * 32, "a" * 256, b"", b"\x00" * 32, b"\x00" * 256]
    values += [[], list(range(15)), list(range(16)), {}, {"a": 1, "b": [None]}, {"é": 1, "z": 2}]
    broken = {
        "nothing": "",
        "trailing byte": "c000",
        "0 as uint 8": "cc00",
        "1 as int 8": "d001",
        "256 as uint 32": "ce00000100",
        "-1 as int 16": "d1ffff",
        "2^63": "cf8000000000000000",
        "float": "cb3ff0000000000000",
        "short float": "ca3f800000",
        "NaN": "cb7ff8000000000000",
        "extension": "d40000",
        "timestamp": "d6ff00000000",
        "str 8 for a short string": "d90161",
        "bin 16 for short bytes": "c5000100",
        "array 16 for a short array": "dc0000",
        "not UTF-8": "a1ff",
        "a surrogate": "a3eda080",
        "keys out of order": "82a16201a16101",
        "a key twice": "82a16101a16102",
        "a key that is an integer": "810102",
        "a key that is bytes": "81c4016101",
        "cut short": "92c0",
        "17 levels": "91" * 17 + "c0",
        "reserved byte": "c1",
    }
    return {
        "valid": [{"bytes": canonical.encode(v).hex(), "value": tagged(v)} for v in values],
        "broken": [
            {
                "name": name,
                "bytes": data,
                "code": code_of(lambda d=data: canonical.decode(bytes.fromhex(d), bytes_max=1_000)),  # type: ignore[misc]  # a default binds the loop's value
            }
            for name, data in broken.items()
        ],
    }


def _identifiers() -> dict[str, Any]:
    person = Person("vector")
    log, nonce = digest("log"), bytes(range(16))
    opening = Opening(field="0/0/name", salt=digest("salt"), value="九寨沟")
    account = f"account/{ids.derived_id(log, 'registry', nonce, 1)}"
    message = keys.possession_message(log, account, person.key, "act")
    return {
        "key": {"suite": person.key[0], "public": person.key[1].hex()},
        "key_id": keys.key_id(person.key).hex(),
        "bearer": ids.bearer(person.key),
        "log": log.hex(),
        "nonce": nonce.hex(),
        "derived": [
            {"author": author, "part": part, "id": ids.derived_id(log, author, nonce, part)}
            for author in ("registry", account)
            for part in (0, 1, 31)
        ],
        "possession": {
            "account": account,
            "message": message.hex(),
            "signature": person.sign(message).hex(),
        },
        "commitment": {
            "author": account,
            "field": opening.field,
            "salt": opening.salt.hex(),
            "value": opening.value,
            "commitment": commitment.commitment(log, account, nonce, opening).hex(),
        },
        "import_nonce": {
            "source": digest("list").hex(),
            "row": 132,
            "nonce": batch.import_nonce(digest("list"), 132).hex(),
        },
    }


# Published edge cases of Ed25519 ("Taming the many EdDSAs", speccheck) by the point that they turn on.
_SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
]
_NOT_CANONICAL = [
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]
_ORDER = 2**252 + 27742317777372353535851937790883648493


def _signatures() -> dict[str, Any]:
    person, message = Person("vector"), b"a message"
    good = person.sign(message)
    high = (int.from_bytes(good[32:], "little") + _ORDER).to_bytes(32, "little")
    cases = {
        "valid": (person.key[1], message, good),
        "S not below the order of the group": (person.key[1], message, good[:32] + high),
        "another message": (person.key[1], b"another", good),
        "R of small order": (person.key[1], message, bytes.fromhex(_SMALL_ORDER[0]) + good[32:]),
        "63 bytes": (person.key[1], message, good[:63]),
        "a key of small order, for which every message verifies": (
            bytes.fromhex(_SMALL_ORDER[0]),
            message,
            bytes.fromhex(_SMALL_ORDER[0]) + bytes(32),
        ),
    }

    def holds(act: Callable[[], None]) -> str | None:
        try:
            act()
        except RefusedError as refusal:
            return refusal.code
        return None

    return {
        "signatures": [
            {
                "name": name,
                "public": public.hex(),
                "message": said.hex(),
                "signature": signature.hex(),
                "code": holds(
                    lambda p=public, m=said, s=signature: keys.check_signature(  # type: ignore[misc]  # defaults bind the loop's values
                        (keys.SUITE, p), m, s
                    )
                ),
            }
            for name, (public, said, signature) in cases.items()
        ],
        "registrable": [
            {
                "public": public,
                "code": holds(
                    lambda p=public: keys.check_registrable((keys.SUITE, bytes.fromhex(p)))  # type: ignore[misc]  # a default binds the loop's value
                ),
            }
            for public in (person.key[1].hex(), *_SMALL_ORDER, *_NOT_CANONICAL)
        ],
    }


def _tree() -> dict[str, Any]:
    entries = [bytes.fromhex(data) for data in _RFC_LEAVES]
    frontier, nodes = tree.Frontier(), {}
    roots = [frontier.root().hex()]
    for entry in entries:
        for level, number, made in frontier.append(tree.leaf_hash(entry)):
            nodes[level, number] = made
        roots.append(frontier.root().hex())

    def node(level: int, number: int) -> bytes:
        return nodes[level, number]

    sizes = range(1, len(entries) + 1)
    return {
        "entries": _RFC_LEAVES,
        "roots": roots,
        "inclusion": [
            {"index": i, "size": n, "path": [h.hex() for h in tree.inclusion_path(i, n, node)]}
            for n in sizes
            for i in range(n)
        ],
        "consistency": [
            {"old": m, "size": n, "path": [h.hex() for h in tree.consistency_path(m, n, node)]}
            for n in sizes
            for m in range(1, n + 1)
        ],
        "stored_numbers": [
            {"level": level, "number": number, "node": tree.stored_number(level, number)}
            for level, number in nodes
        ],
    }


# The leaves of the known-answer tests of Certificate Transparency's own code.
_RFC_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]


def _notes() -> dict[str, Any]:
    person = Person("log")
    key = log_key()
    checkpoint = note.Checkpoint(origin=ORIGIN, size=5, root=digest("root"))
    text = checkpoint.text()
    line = note.signature_line(key, person.sign(text.encode()))
    other = note.VerifierKey(name="witness.example/w", public=Person("w").key[1])
    stranger = note.signature_line(other, b"\x00" * 72)
    broken = {
        "no signature": f"{text}\n",
        "carriage returns": f"{text}\n{line}".replace("\n", "\r\n"),
        "another root": f"{text.replace(text.splitlines()[2], 'A' * 43 + '=')}\n{line}",
        "an extension line": f"{text}more\n\n{line}",
        "a leading zero": f"{text.replace('5', '05', 1)}\n{line}",
        "Arabic digits": f"{text.replace(chr(10) + '5' + chr(10), chr(10) + '٥' + chr(10))}\n{line}",
        "loose base64": f"{text}\n{line[:-3]}=\n",
        "a hyphen for the dash": f"{text}\n{line.replace('—', '-')}",
        "a no-break space in the name": f"{text}\n{line}".replace(
            "— registry.", "— registry\u00a0"
        ),
        "only a stranger's line": f"{text}\n{stranger}",
        "a second line by the log that fails": f"{text}\n{line}{note.signature_line(key, bytes(64))}",
        "101 lines": f"{text}\n{line}{stranger * 100}",
    }
    vkeys = {
        "the key id of another key": f"{ORIGIN}+{other.key_id.hex()}+{str(key).split('+', 2)[2]}",
        "two pieces": str(key).rpartition("+")[0],
        "a space in the name": str(key).replace("registry", "reg istry"),
        "another type": str(key).replace("+A", "+B"),
    }
    return {
        "vkey": str(key),
        "valid": [
            {"name": "one line", "note": f"{text}\n{line}"},
            {"name": "a stranger's line beside", "note": f"{text}\n{stranger}{line}"},
        ],
        "broken": [
            {
                "name": name,
                "note": data,
                "code": code_of(lambda d=data: note.open_checkpoint(d.encode(), key)),  # type: ignore[misc]  # a default binds the loop's value
            }
            for name, data in broken.items()
        ],
        "broken_vkeys": [
            {"name": name, "vkey": line, "code": code_of(lambda v=line: note.read_vkey(v))}  # type: ignore[misc]  # a default binds the loop's value
            for name, line in vkeys.items()
        ],
    }


def _life() -> tuple[World, list[dict[str, Any]], dict[str, proof.Proof]]:
    """A log in which every kind happens; on its way, every entry that must not be there; and proofs of former times.

    The log's key is replaced twice: one of the proofs is made before, one after the first time.
    """
    empty = World()
    empty.people["one"] = Person("officer one", "account/aaaaaaaaaaaaaaaa")
    before = Told(empty)
    before.no("no beginning", lambda: empty.opens("dan"))
    world = World().staffed()
    told = Told(world)
    world.grants(world["validator"].account, "verifier")
    deputy = world.opens("deputy", controller=world["one"].account)
    deputised = world.grants(deputy.account, "officer")
    world.opens("carol", custodial=True)
    _opens_bycode_of(world, "91350100M000100Y43")
    world.adds_key("alice again", "alice")
    world.ends_key("alice", "alice")
    world.people["alice"] = world["alice again"]
    claims = ("enterprise", "meeting")
    world.recognises("XCU", home="XC", serial_format=(3, (0,), 1, 2), claims=claims)
    narrow = world.deposits("X-1-9", 9 * GRAMS, standard="XCU")
    # Never shown cancelled at home: its proof is valid, not final.
    world.retires(narrow, "owner", GRAMS, standard="XCU", statement={"purpose": "meeting"})
    world.recognises("CEA", credit_class="allowance", home="CN", serial_format=(3, (0,), 1, 2))
    project = world.registers()
    world.verifies(project, 3_000_000)
    native = world.issues(1_000_000, project=project)
    deposit = world.deposits("B1-00010-00019", 10 * GRAMS)
    retired_there = world.deposits("B1-20-29", 10 * GRAMS, retired_at_home=True)
    world.transfers(native, "owner", "alice", 500_000)
    world.transfers(native, "alice", "bob", 20_000, range=(100_000, 120_000))
    certificate = world.retires(native, "alice", 150_000)
    former = {"before the log's key was replaced": world.proof(certificate)}
    world.replaces_log_key("log two")
    former["after it was replaced once"] = world.proof(certificate)
    waiting = world.retires(deposit, "owner", GRAMS, standard="VCU")
    world.imports(native, "bob", 5_000, statement={"period": ("2025-01-01", "2026-03-31")})
    granted = world.grants(world["bob"].account, "exchange")
    world.recovers("carol again", "carol")
    world.people["carol"] = world["carol again"]
    _dust(world, native)
    for attempts in (
        _unlawful_roles_and_accounts(world, deputised),
        _unlawful_recoveries(world),
        _unlawfullog_keys(world),
        _unlawful_standards_and_projects(world, project),
        _unlawful_moves(world, native, deposit, retired_there),
        _unlawful_certificates(world, certificate, waiting),
        _unlawful_retirements(world, native, narrow),
        _unlawful_acts(world, native),
    ):
        told.all(attempts)
    world.replaces_log_key("log three")
    world.cancels_at_home(waiting)
    told.no("home cancelled twice", lambda: world.cancels_at_home(waiting))
    world.withdraws(world["bob"].account, "exchange", (granted.index, granted.leaf))
    told.all(_after_withdrawal(world, native))
    return world, [*before.broken, *told.broken, *_altered(world)], former


def _dust(world: World, native: str) -> None:
    """Carol gets 17 ranges that do not touch, and retires them: more than stand in an entry."""
    for number in range(17):
        start = 600_000 + 10 * number
        world.transfers(native, "owner", "carol", 5, range=(start, start + 5))
    world.retires(native, "carol", 85)


def _after_withdrawal(world: World, native: str) -> Iterator[Attempt]:
    venue = world["bob"].account
    made = world.transferred("owner", "alice", 5, venue=venue)
    yield (
        "a venue whose role was withdrawn",
        lambda: world.do("owner", "bob", parts=[(native, [made])]),
    )


def _opens_bycode_of(world: World, code: str) -> None:
    """An account under its organisation's unified social credit code."""
    person = Person(code, f"account/uscc-{code}")
    opened = ("account.opened.v1", world.opening(person, person.account))
    world.do("one", parts=[(person.account, [opened])])


def _unlawful_roles_and_accounts(world: World, deputised: Addition) -> Iterator[Attempt]:
    alice, verifier = world["alice"], world["verifier"]
    officer = world["one"].account
    first = (0, world.additions[0].leaf)
    yield "a role twice", lambda: world.grants(verifier.account, "verifier")
    yield "a role for nobody", lambda: world.grants("account/aaaaaaaaaaaaaaaa", "verifier")
    yield (
        "a role by one officer and a stranger",
        lambda: world.grants(alice.account, "court", "one", "alice"),
    )
    yield (
        "a role withdrawn that is not held",
        lambda: world.withdraws(alice.account, "court", first),
    )
    yield (
        "a role withdrawn, meaning another entry",
        lambda: world.withdraws(verifier.account, "verifier", first),
    )
    yield (
        "a role withdrawn, meaning no entry",
        lambda: world.withdraws(verifier.account, "verifier", (0, digest("no leaf"))),
    )
    yield (
        "a role by two who are one person",
        lambda: world.grants(alice.account, "court", "one", "deputy"),
    )
    world.withdraws(world["deputy"].account, "officer", (deputised.index, deputised.leaf))
    yield "the last but one officer withdrawn", lambda: world.withdraws(officer, "officer", first)
    yield (
        "a controller that is none",
        lambda: world.opens("dan", controller=world["deputy"].account),
    )
    yield (
        "a credit code that does not check",
        lambda: _opens_bycode_of(world, "91350100M000100Y44"),
    )
    yield (
        "a key of small order",
        lambda: world.opens("dan", key=(keys.SUITE, bytes.fromhex(_SMALL_ORDER[0]))),
    )
    yield "a key not in hand", lambda: world.opens("dan", possession=bytes(64))
    yield "a key added twice", lambda: world.adds_key("alice again", "alice")
    yield "a key ended that is none", lambda: world.ends_key("bob", "alice")
    yield "the last key ended", lambda: world.ends_key("bob", "bob")


def _unlawful_recoveries(world: World) -> Iterator[Attempt]:
    """A recovery that is withdrawn, one that is stopped, and all that may not be done on the way."""
    none = (0, world.additions[0].leaf)
    yield (
        "a recovery stopped that nobody announced",
        lambda: world.ends_recovery("recovery_stopped", "bob", none, "bob"),
    )
    yield (
        "an officer recovers an account that he controls",
        lambda: world.announces("deputy again", "deputy"),
    )
    yield (
        "a recovery by one officer and a stranger",
        lambda: world.announces("bob again", "bob", "one", "alice"),
    )
    yield (
        "a recovery with a key that the account had",
        lambda: world.announces("alice", "alice"),
    )
    yield (
        "a recovery with a key that is not in hand",
        lambda: world.announces("bob again", "bob", possession=bytes(64)),
    )
    means = world.announces("bob again", "bob")
    yield "a recovery announced twice", lambda: world.announces("bob anew", "bob")
    yield (
        "a recovery completed that was not announced so",
        lambda: world.ends_recovery("recovered", "bob", none),
    )
    world.now_us += 71 * HOUR_US
    yield (
        "a recovery completed on the third working day",
        lambda: world.ends_recovery("recovered", "bob", means),
    )
    yield (
        "a recovery stopped by another account",
        lambda: world.ends_recovery("recovery_stopped", "bob", means, "alice"),
    )
    world.ends_recovery("recovery_withdrawn", "bob", means)
    means = world.announces("bob again", "bob")
    world.ends_recovery("recovery_stopped", "bob", means, "bob")
    yield (
        "a recovery completed that was stopped",
        lambda: world.ends_recovery("recovered", "bob", means),
    )


def _unlawfullog_keys(world: World) -> Iterator[Attempt]:
    yield "a key of the log that comes back", lambda: world.replaces_log_key("log")
    yield (
        "a key of the log that is not in hand",
        lambda: world.replaces_log_key("log three", possession=bytes(64)),
    )
    yield (
        "the key of the log replaced by one officer and a stranger",
        lambda: world.replaces_log_key("log three", "one", "alice"),
    )
    yield "the key of the log replaced by its first key", lambda: _replaced_by_the_first(world)


def _replaced_by_the_first(world: World) -> None:
    current, world.people["log"] = world["log"], Person("log", "registry")
    try:
        world.replaces_log_key("log three")
    finally:
        world.people["log"] = current


def _unlawful_standards_and_projects(world: World, project: str) -> Iterator[Attempt]:
    yield "a standard twice", lambda: world.recognises("SCFG")
    yield "a foreign standard without a serial format", lambda: world.recognises("XX", home="XX")
    yield "a project of a standard unknown", lambda: world.lists(standard="XX")
    yield "a project of a foreign standard", lambda: world.lists(standard="VCU")
    yield "a project that may be counted elsewhere", lambda: world.lists(excluded=("CCER",))
    listed = world.lists()
    yield "verified before it is registered", lambda: world.verifies(listed, 5)
    later = {"period": ("2024-01-01", "2024-12-31")}
    yield (
        "verified outside its crediting period",
        lambda: world.verifies(project, 5, period=("2019-01-01", "2019-12-31")),
    )
    yield (
        "verified before it happened",
        lambda: world.verifies(project, 5, period=("2026-01-01", "2026-12-31")),
    )
    body = {"period": ("2024-01-01", "2024-12-31"), "amount_g": 5, "report": digest("r")}
    yield (
        "verified by the body that validated",
        lambda: world.verified_by("validator", project, body),
    )
    yield "issued by another verifier", lambda: _issued_by(world, project, "validator")
    listed_again = world.lists()
    papers = {"document": digest("papers")}
    world.do("validator", parts=[(listed_again, [("project.validated.v1", papers)])])
    yield (
        "a boundary entered that was not declared",
        lambda: world.registers_project(listed_again, digest("another boundary")),
    )
    yield (
        "a day verified twice",
        lambda: world.verifies(project, 5, period=("2025-12-31", "2026-01-31")),
    )
    report = digest(f"report {project} {{}}")
    yield "a report used twice", lambda: world.verifies(project, 5, report=report, **later)
    yield "more issued than was verified", lambda: world.issues(2_000_001, project=project)
    yield "a period issued that was not verified", lambda: world.issues(5, project=project, **later)
    alice = world["alice"].account
    yield "issued to another than the owner", lambda: world.issues(5, project=project, holder=alice)
    yield (
        "the batch says more than the project",
        lambda: world.issues(5, project=project, standard="VCU"),
    )


def _issued_by(world: World, project: str, verifier: str) -> None:
    honest = world.people["verifier"]
    world.people["verifier"] = world[verifier]
    try:
        world.issues(5, project=project)
    finally:
        world.people["verifier"] = honest


def _unlawful_moves(
    world: World, native: str, deposit: str, retired_there: str
) -> Iterator[Attempt]:
    yield "units deposited twice, spelled otherwise", lambda: world.deposits("b1/019/20", 2 * GRAMS)
    yield "serials that do not parse", lambda: world.deposits("B1-5", GRAMS)
    yield "a deposit of another amount", lambda: world.deposits("B1-40-49", 9 * GRAMS)
    yield "a deposit of a native standard", lambda: world.deposits("A-1-2", 2, standard="SCFG")
    yield "an allowance without its year", lambda: world.deposits("A-1-2", 2, standard="CEA")
    yield "more than is held", lambda: world.transfers(native, "bob", "alice", 500_000)
    yield (
        "a range of another holder",
        lambda: world.transfers(native, "bob", "alice", 5, range=(0, 5)),
    )
    yield (
        "a range of another size",
        lambda: world.transfers(native, "bob", "alice", 5, range=(110_000, 110_006)),
    )
    yield "to itself", lambda: world.transfers(native, "bob", "bob", 5)
    yield "another standard", lambda: world.transfers(native, "bob", "alice", 5, standard="VCU")
    kind, body = world.transferred("bob", "alice", 5)
    nobody = (kind, {**body, "taker": "account/aaaaaaaaaaaaaaaa"})
    yield "to nobody", lambda: world.do("bob", parts=[(native, [nobody])])
    yield (
        "moved after it was retired at home",
        lambda: world.transfers(retired_there, "owner", "alice", 5, standard="VCU"),
    )
    made = world.transferred("bob", "alice", 5)
    yield "signed by another than the giver", lambda: world.do("alice", parts=[(native, [made])])
    yield (
        "a batch that is not there",
        lambda: world.do("bob", parts=[("batch/aaaaaaaaaaaaaaaa", [made])]),
    )
    venue = world["exchange"].account
    traded = world.transferred("bob", "alice", 5, venue=venue)
    yield "the venue has not signed", lambda: world.do("bob", parts=[(native, [traded])])
    yield (
        "a deposit moved under the wrong standard",
        lambda: world.transfers(deposit, "owner", "alice", 5),
    )


def _unlawful_retirements(world: World, native: str, narrow: str) -> Iterator[Attempt]:
    yield (
        "restoration without an order",
        lambda: world.retires(native, "alice", 5, statement={"purpose": "restoration"}),
    )
    yield (
        "an order's ground without an order",
        lambda: world.retires(native, "alice", 5, statement={"ground": "court_order"}),
    )
    yield "retired beyond what is held", lambda: world.retires(native, "alice", 10**6)
    yield "the same row imported twice", lambda: world.imports(native, "alice", 5_000)
    yield "the same row imported by another officer", lambda: _imported_by(world, native, "two")
    yield (
        "a row under another nonce",
        lambda: world.imports(native, "alice", 5, row=2, nonce=bytes(16)),
    )
    own = world.certificate()
    yield (
        "a certificate without its retirement",
        lambda: world.do("alice", parts=[("certificate/aaaaaaaaaaaaaaaa", [own])]),
    )
    yield (
        "a number that is not derived",
        lambda: world.do(
            "alice",
            parts=[
                (native, [world.retired("alice", 5)]),
                ("certificate/aaaaaaaaaaaaaaaa", [own]),
            ],
        ),
    )
    yield (
        "two holders on one certificate",
        lambda: world.do(
            "alice",
            parts=[
                (native, [world.retired("alice", 5)]),
                (narrow, [world.retired("owner", 5, standard="XCU")]),
                ("certificate/aaaaaaaaaaaaaaaa", [own]),
            ],
        ),
    )
    yield (
        "a claim that the standard does not accept",
        lambda: world.retires(
            narrow, "owner", 5, standard="XCU", statement={"purpose": "individual"}
        ),
    )


def _unlawful_certificates(world: World, number: str, waiting: str) -> Iterator[Attempt]:
    body = {
        "standard": "VCU",
        "reference": "VCS-1",
        "day": "2026-09-01",
        "document": digest("cancelled"),
        "means": world.issuing(number),
    }
    nothing = ("certificate/aaaaaaaaaaaaaaaa", [("certificate.home_cancelled.v1", body)])
    yield "a home cancellation of no certificate", lambda: world.do("one", parts=[nothing])
    yield "a home cancellation that nobody awaits", lambda: world.cancels_at_home(number)
    yield (
        "a home cancellation meaning another entry",
        lambda: world.cancels_at_home(waiting, means=(1, world.additions[1].leaf)),
    )


def _imported_by(world: World, native: str, officer: str) -> None:
    first = world.people["one"]
    world.people["one"] = world[officer]
    try:
        world.imports(native, "alice", 5_000)
    finally:
        world.people["one"] = first


def _unlawful_acts(world: World, native: str) -> Iterator[Attempt]:
    """What is wrong with the act itself, whatever it does."""
    made = world.transferred("bob", "alice", 5)

    setting = world.setting(world["bob"])
    late = replace(setting, not_after_us=world.now_us + LIFE_US_MAX + 1)
    yield "valid for more than seven days", lambda: world.submit(late, [(native, [made])])
    elsewhere = replace(setting, log=digest("another log"))
    yield "meant for another log", lambda: world.submit(elsewhere, [(native, [made])])
    yield "a second beginning", world.begun
    yield "a kind unknown", lambda: world.do("bob", parts=[(native, [("batch.burnt.v1", {})])])
    yield "a kind in another stream", lambda: world.do("bob", parts=[("registry", [made])])
    body = dict(made[1])
    del body["venue"]
    yield "a field missing", lambda: world.do("bob", parts=[(native, [(made[0], body)])])
    yield (
        "a field too many",
        lambda: world.do("bob", parts=[(native, [(made[0], {**made[1], "memo": "hello"})])]),
    )
    yield (
        "true for 1",
        lambda: world.do("bob", parts=[(native, [(made[0], {**made[1], "amount_g": True})])]),
    )
    used = world.additions[-1].intent.nonce
    author = world.additions[-1].intent.author
    who = next(person.name for person in world.everyone if person.account == author)
    yield "a nonce used before", lambda: world.do(who, parts=[(native, [made])], nonce=used)
    stranger = Person("alice", world["alice"].account)
    world.people["ended"] = stranger
    yield (
        "signed with a key that was ended",
        lambda: world.do("ended", parts=[(native, [world.transferred("alice", "bob", 5)])]),
    )
    yield (
        "two events in one part that are no form",
        lambda: world.do("bob", parts=[(native, [made, made])]),
    )


def _altered(world: World) -> Iterator[dict[str, Any]]:
    """The last entry, written otherwise: each change is found by itself."""
    index = world.replay.size - 1
    good = canonical.decode(world.entries[index], bytes_max=65_535)
    after = index

    def changed(name: str, code: str, change: Callable[[list[Any]], object]) -> dict[str, Any]:
        value = canonical.decode(world.entries[index], bytes_max=65_535)
        change(value)
        data = canonical.encode(value).hex()
        return {"name": name, "after": after, "entry": data, "code": code}

    signature = good[3][0]
    flipped = signature[:40] + bytes([signature[40] ^ 1]) + signature[41:]
    yield changed("a signature altered", "bad_signature", lambda v: v[3].__setitem__(0, flipped))
    yield changed("a signature missing", "wrong_signatures", lambda v: v[3].pop())
    yield changed("signatures in another order", "bad_signature", lambda v: v[3].reverse())
    yield changed("a length consulted", "wrong_consulted", lambda v: v[4][0].__setitem__(1, 99))
    yield changed("a stream not consulted", "wrong_consulted", lambda v: v[4].pop())
    yield changed("another position", "wrong_position", lambda v: v[5][0].__setitem__(0, 99))
    yield changed("another previous", "wrong_previous", lambda v: v[5][0].__setitem__(1, bytes(32)))
    yield changed("another outcome", "wrong_outcome", lambda v: v[5][0][2].__setitem__(0, {}))
    yield changed("before the entry before it", "clock_back", lambda v: v.__setitem__(1, 1))
    yield changed("after it expired", "expired", lambda v: v.__setitem__(1, v[1] + 2 * HOUR_US))
    yield changed("a tag unknown", "malformed", lambda v: v.__setitem__(0, "entry"))


def _log(world: World, broken: list[dict[str, Any]]) -> dict[str, Any]:
    batches: list[batch.Batch] = world.replay.states(batch.Batch)
    return {
        "vkeys": [str(key) for key in log_keys(world)],
        "checkpoint": world.note().decode(),
        "entries": entries(world),
        "broken": broken,
        "holdings": {
            state.name: {
                "received_g": str(state.received_g),
                "retired_g": str(state.retired_g),
                "held": {holder: spans(ranges) for holder, ranges in sorted(state.held.items())},
            }
            for state in batches
        },
    }


def _proofs(world: World, former: dict[str, proof.Proof]) -> dict[str, Any]:
    numbers = [
        name for name, stream in world.replay.streams.items() if name.startswith("certificate/")
    ]
    files = {number: world.proof(number) for number in numbers}
    first = files[numbers[0]]
    valid = []
    for name, made in [*former.items(), *((number, files[number]) for number in numbers)]:
        data = proof.encode(made)
        seen = verify(data, log_key())
        valid.append(
            {
                "name": name,
                "file": data.hex(),
                "vkeys": [str(key) for key in log_keys(world) if _holds(data, key)],
                "number": seen.number,
                "size": seen.size,
                "index": seen.index,
                "holder": seen.holder,
                "amount_g": str(seen.amount_g),
                "awaiting": list(seen.awaiting),
                "final": seen.is_final,
                "attested": seen.is_attested,
                "custodial": seen.custodial,
                "recovered": seen.recovered,
                "verdicts": [list(verdict) for verdict in seen.verdicts],
                "names": dict(seen.opened),
            }
        )
    other = files[numbers[1]]
    return {"vkey": str(log_key()), "valid": valid, "broken": _broken_proofs(world, first, other)}


def _holds(data: bytes, key: note.VerifierKey) -> bool:
    """Whether somebody who pinned `key` can check a proof."""
    try:
        verify(data, key)
    except RegistryError:
        return False
    return True


def _broken_proofs(world: World, one: proof.Proof, other: proof.Proof) -> list[dict[str, Any]]:
    def replaced(**changed: Any) -> bytes:
        fields = {
            name: getattr(one, name)
            for name in ("random", "note", "leaf", "later", "rotations", "openings")
        }
        return proof.encode(proof.Proof(**{**fields, **changed}))

    transplanted = proof.Leaf(index=one.leaf.index, entry=other.leaf.entry, path=one.leaf.path)
    transfer = next(
        item.index
        for item in world.additions
        if item.intent.parts[0].events[0][0] == "batch.transferred.v1"
    )
    wrong = Opening(field="1/0/activity", salt=bytes(32), value="another activity")
    cases = {
        "meant for another log": replaced(random=digest("another log")),
        "cut short": replaced()[:-1],
        "an entry from elsewhere": replaced(leaf=transplanted),
        "the index beside": replaced(
            leaf=proof.Leaf(index=one.leaf.index + 1, entry=one.leaf.entry, path=one.leaf.path)
        ),
        "a path too short": replaced(
            leaf=proof.Leaf(index=one.leaf.index, entry=one.leaf.entry, path=one.leaf.path[:-1])
        ),
        "a checkpoint by another key": replaced(note=world.note(Person("mallory"))),
        "a checkpoint by the log's first key": replaced(note=world.note(Person("log"))),
        "no replacement of the log's key": replaced(rotations=()),
        "a replacement of the log's key left out": replaced(rotations=one.rotations[1:]),
        "replacements of the log's key in another order": replaced(rotations=one.rotations[::-1]),
        "another entry for a replacement of the log's key": replaced(rotations=(one.leaf,)),
        "an entry that is no certificate's": replaced(leaf=world.leaf(transfer)),
        "an opening that does not open": replaced(openings=((0, wrong),)),
        "a later entry of another stream": replaced(later=(world.leaf(transfer),)),
    }
    return [
        {"name": name, "file": data.hex(), "code": code_of(lambda d=data: verify(d, log_key()))}  # type: ignore[misc]  # a default binds the loop's value
        for name, data in cases.items()
    ]


def _verdicts() -> dict[str, Any]:
    claims = [None, ("2023-01-01", "2023-12-31"), ("2024-02-29", "2024-02-29")]
    judged = ["2023-11", "2023-12", "2024-01", "2024-12", "2025-01", "2025-02", "2025-03"]
    purposes = ("enterprise", "competition", "individual")
    periods = (PERIOD, ("2019-01-01", "2019-12-31"))
    rows = [
        {
            "purpose": purpose,
            "claim": claim,
            "credits": period,
            "month": month,
            "verdicts": timing.verdicts(purpose, claim, period, timing.days_of_month(month)),
        }
        for purpose, claim, month, period in product(purposes, claims, judged, periods)
    ]
    return {"imported": rows}


def _home_serials() -> dict[str, Any]:
    vcu = (12, (0,), 1, 2)
    spelled = [
        "8040-449402-449501-VCU-034-APX-CN-1-1748-01012014-31122014-0",
        "8040/0449402/449501/vcu/34/apx/cn/1/1748/1012014/31122014/0",
        "8040-449501-449402-VCU-034-APX-CN-1-1748-01012014-31122014-0",
        "8040-449402-449501-VCU",
        "8040-X-449501-VCU-034-APX-CN-1-1748-01012014-31122014-0",
    ]
    rows = []
    for text in spelled:
        try:
            block, (first, last) = standard.home_range(vcu, text)
            rows.append({"spelled": text, "block": block, "first": first, "last": last})
        except RefusedError as refusal:
            rows.append({"spelled": text, "code": refusal.code})
    return {"format": vcu, "serials": rows}


def main() -> int:
    """Write or check the vectors."""
    VECTORS.mkdir(exist_ok=True)
    differing = []
    for name, value in vectors().items():
        text, file = text_of(value), VECTORS / name
        if not file.exists() or file.read_text("utf-8") != text:
            differing.append(name)
            if "--check" not in sys.argv[1:]:
                file.write_text(text, "utf-8")
    print(f"differing: {', '.join(differing) or 'none'}")
    return 1 if differing and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
