"""The small clients in tools/client: both read what the vectors say, and neither signs what was not asked for."""

import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from registry.acts.propose import Detached, Hidden, Setting, propose
from registry.desk.given import grams
from registry.desk.retirements import Retire
from registry.domain import kinds, shape
from registry.errors import RefusedError
from registry.ledger import canonical, tree
from registry.ledger import intent as ledger_intent
from registry.ledger.intent import Signer
from registry.ledger.keys import SUITE, check_signature, possession_message
from registry.ledger.note import Checkpoint, VerifierKey, signature_line
from tests.clients.both import (
    CLIENT,
    COMMANDS,
    Asked,
    Files,
    ask_python,
    client,
    intents,
    key_of,
    script,
    told,
)

VECTORS = Path(__file__).with_name("vectors")
NOW_US = 1_790_000_000_000_000
HOUR_US = 3_600_000_000
LOG = sha256(b"a log").digest()
OWN = "account/aaaaaaaaaaaaaaaa"
OTHER = "account/bbbbbbbbbbbbbbbb"
THIRD = "account/cccccccccccccccc"
BATCH = "batch/dddddddddddddddd"
ELSEWHERE = "batch/eeeeeeeeeeeeeeee"
SEED = sha256(b"own").hexdigest()
KEY = client.public_of(key_of(SEED))
OTHER_KEY = client.public_of(key_of(sha256(b"other").hexdigest()))
NAME = "Jose\u0301 李四"
"""Not in NFC, in which the log has it."""


@pytest.fixture(scope="module")
def javascript() -> Iterator[Asked]:
    with script() as ask:
        yield ask


@pytest.fixture(params=["python", "javascript"])
def ask(request: pytest.FixtureRequest) -> Asked:
    if request.param == "python":
        return ask_python
    found: Asked = request.getfixturevalue("javascript")
    return found


def vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


def coded(data: bytes) -> str:
    return b64encode(data).decode()


# What the vectors say


def test_every_canonical_value_is_read_and_written_again(ask: Asked) -> None:
    for valid in vectors("canonical")["valid"]:
        assert ask("encode", valid["bytes"]) == {"is": valid["bytes"]}
        value = canonical.decode(bytes.fromhex(valid["bytes"]), bytes_max=1 << 20)
        assert ask("decode", valid["bytes"], 1 << 20) == {"is": told(value)}


def test_no_value_is_read_that_has_another_form(ask: Asked) -> None:
    for broken in vectors("canonical")["broken"]:
        assert ask("decode", broken["bytes"], 1 << 20).get("code") == broken["code"], broken["name"]
    assert ask("decode", "00" * 9, 8)["code"] == "too_long"
    assert ask("decode", "91" * 40_000 + "00", 1 << 20)["code"] == "not_canonical"
    assert ask("decode", "81a161" * 40_000 + "00", 1 << 20)["code"] == "not_canonical"
    assert ask("decode", "dfffffffff", 1 << 20)["code"] == "not_canonical"


def test_map_keys_are_in_the_order_of_their_bytes_not_of_utf_16(ask: Asked) -> None:
    value = canonical.encode({"\uffff": 1, "\U00010000": 2, "\ufefft": 3}).hex()

    assert ask("encode", value) == {"is": value}


@pytest.mark.parametrize("log", ["log", "life"])
def test_every_intent_of_the_logs_is_read_as_the_registry_reads_it(ask: Asked, log: str) -> None:
    entries = [bytes.fromhex(one["entry"]) for one in vectors(log)["entries"]]
    assert len(entries) > 60

    for entry in entries:
        data = canonical.decode(entry, bytes_max=65_535)[2]
        read = ledger_intent.decode(data)
        signers = [[one.account, one.key[1]] for one in read.signers]
        parts = [[part.stream, [list(event) for event in part.events]] for part in read.parts]
        said = told([read.log, signers, parts, read.nonce, read.not_after_us])
        assert ask("intent", data.hex()) == {"is": said}
        assert ask("entry", entry.hex(), data.hex()) == {"is": sha256(b"\x00" + entry).hexdigest()}
        in_order = [one.key[1].hex() for one in ledger_intent.in_key_order(read.signers)]
        assert ask("order", sorted(in_order)) == {"is": in_order}


def intent_with(**changed: Any) -> bytes:
    """An intent in which fields are other ones, however wrong."""
    said = {
        "tag": ledger_intent.TAG,
        "log": LOG,
        "author": OWN,
        "key": [SUITE, KEY],
        "others": [],
        "parts": [[OWN, [["account.closed.v1", {}]]]],
        "nonce": bytes(16),
        "until": NOW_US,
        **changed,
    }
    return canonical.encode(list(said.values()))


CLOSED = ["account.closed.v1", {}]
MALFORMED: dict[str, dict[str, Any]] = {
    "a field more": {"more": None},
    "another tag": {"tag": "carbon-registry/intent/v2"},
    "a short log": {"log": bytes(31)},
    "a log in hex": {"log": LOG.hex()[:32]},
    "a short nonce": {"nonce": bytes(15)},
    "true for a time": {"until": True},
    "a time before 1970": {"until": -1},
    "a time after 2255": {"until": 2**53},
    "a time in words": {"until": "now"},
    "an author without a name": {"author": ""},
    "an author who is a stream": {"author": "batch/aaaaaaaaaaaaaaaa"},
    "an author with a line after": {"author": f"{OWN}\n"},
    "an author of 49": {"author": f"account/{'a' * 49}"},
    "another suite": {"key": ["ed25519", KEY]},
    "a short key": {"key": [SUITE, KEY[:31]]},
    "a key that is text": {"key": [SUITE, "a" * 32]},
    "a key of three": {"key": [SUITE, KEY, None]},
    "a key that is none": {"key": KEY},
    "no list of cosigners": {"others": None},
    "16 cosigners": {"others": [[f"account/{n}", [SUITE, bytes([n]) * 32]] for n in range(16)]},
    "an account twice": {"others": [[OWN, [SUITE, OTHER_KEY]]]},
    "a key twice": {"others": [[OTHER, [SUITE, KEY]]]},
    "no parts": {"parts": []},
    "33 parts": {"parts": [[f"batch/{number}", [CLOSED]] for number in range(33)]},
    "a stream twice": {"parts": [[OWN, [CLOSED]], [OWN, [CLOSED]]]},
    "a stream of no prefix": {"parts": [["/a", [CLOSED]]]},
    "a stream with a space": {"parts": [["batch/a b", [CLOSED]]]},
    "no events": {"parts": [[OWN, []]]},
    "9 events": {"parts": [[OWN, [CLOSED] * 9]]},
    "an event of three": {"parts": [[OWN, [[*CLOSED, None]]]]},
    "a kind of no version": {"parts": [[OWN, [["account.closed", {}]]]]},
    "a kind of version 01": {"parts": [[OWN, [["account.closed.v01", {}]]]]},
    "a body that is a list": {"parts": [[OWN, [["account.closed.v1", []]]]]},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_no_intent_is_read_that_the_registry_would_not_read(ask: Asked, name: str) -> None:
    data = intent_with(**MALFORMED[name])

    with pytest.raises(RefusedError) as refusal:
        ledger_intent.decode(data)
    assert ask("intent", data.hex())["code"] == refusal.value.code
    assert "is" in ask("intent", intent_with().hex())


def test_signatures_hold_where_the_vectors_say_so(ask: Asked) -> None:
    for one in vectors("signatures")["signatures"]:
        answer = ask("signature", one["public"], one["message"], one["signature"])
        assert answer.get("code") == one["code"], one["name"]


def test_checkpoints_are_read_where_the_vectors_say_so(ask: Asked) -> None:
    said = vectors("notes")
    for one in said["valid"]:
        assert ask("checkpoint", one["note"], said["vkey"])["is"][0] == "5", one["name"]
    for one in said["broken"]:
        assert ask("checkpoint", one["note"], said["vkey"])["code"] == one["code"], one["name"]
    note = said["valid"][0]["note"]
    for one in said["broken_vkeys"]:
        assert ask("checkpoint", note, one["vkey"])["code"] == "bad_vkey", one["name"]
    another = said["vkey"].replace("registry.example/test", "registry.example/other")
    assert ask("checkpoint", note, another)["code"] == "bad_vkey"
    assert ask("checkpoint", {"a": 1}, said["vkey"])["code"] == "bad_note"


def test_proofs_of_the_tree_hold_where_the_vectors_say_so_and_nowhere_else(ask: Asked) -> None:
    said = vectors("tree")
    leaves = [sha256(b"\x00" + bytes.fromhex(one)).hexdigest() for one in said["entries"]]

    def of(size: int) -> dict[str, Any]:
        return {"size": size, "root": said["roots"][size]}

    for one in said["inclusion"]:
        index, size, path = one["index"], one["size"], one["path"]
        assert ask("included", leaves[index], index, path, of(size)) == {"is": None}
        assert ask("included", leaves[index - 1], index, path, of(size))["code"] == "not_included"
        assert (
            ask("included", leaves[index], index, [*path, "00" * 32], of(size))["code"]
            == "bad_path"
        )
        assert ask("included", leaves[index], size, path, of(size))["code"] == "not_included"
    for one in said["consistency"]:
        old, size, path = one["old"], one["size"], one["path"]
        assert ask("consistent", of(old), of(size), path) == {"is": None}
        forked = {"size": old, "root": "11" * 32}
        assert old == 0 or ask("consistent", forked, of(size), path)["code"] == "forked"
        if 0 < old < size:
            assert ask("consistent", of(old), of(size), path[1:])["code"] in ("bad_path", "forked")
            assert ask("consistent", of(old), of(size), ["22" * 31])["code"] == "bad_path"
            assert ask("consistent", of(old), of(size), [])["code"] == "bad_path"


def test_of_two_checkpoints_one_begins_with_the_other_and_the_greater_is_remembered(
    ask: Asked,
) -> None:
    said = vectors("life")
    (vkey,), note = said["vkeys"], said["checkpoint"]

    assert ask("remember", note, vkey, None, []) == {"is": [note]}
    assert ask("remember", note, vkey, note, []) == {"is": [note]}


LOG_KEY = key_of(sha256(b"log key").hexdigest())
VKEY = VerifierKey(name="registry.example/clients", public=client.public_of(LOG_KEY))


def signed_by_log(text: str) -> str:
    return f"{text}\n{signature_line(VKEY, LOG_KEY.sign(text.encode()))}"


def noted(leaves: list[bytes]) -> str:
    """The signed checkpoint of a log of these leaf hashes."""
    root = tree.root_of(leaves)
    return signed_by_log(Checkpoint(origin=VKEY.name, size=len(leaves), root=root).text())


def test_what_the_log_signed_must_be_a_checkpoint_of_its_own(ask: Asked) -> None:
    def code(note: str) -> str | None:
        found: str | None = ask("checkpoint", note, str(VKEY)).get("code")
        return found

    root = coded(bytes(32))
    assert code(signed_by_log(f"{VKEY.name}\n{2**63 - 1}\n{root}\n")) is None
    assert code(signed_by_log(f"{VKEY.name}\n{2**63}\n{root}\n")) == "bad_checkpoint"
    assert code(signed_by_log(f"{VKEY.name}\n1\n{coded(bytes(31))}\n")) == "bad_checkpoint"
    assert code(signed_by_log(f"registry.example/other\n1\n{root}\n")) == "wrong_origin"
    assert code(noted([]) + f"— stranger {coded(bytes(4))}\n") == "bad_note"
    assert code(noted([]) + f"— stranger {coded(bytes(5))}\n") is None


def proven(leaves: list[bytes], size: int) -> list[str]:
    """The proof that a log began with its first `size` leaves."""
    return [one.hex() for one in tree.consistency_path(size, len(leaves), nodes_of(leaves))]


def nodes_of(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    """The complete subtrees over leaf hashes."""
    return lambda level, number: tree.root_of(leaves[number << level : (number + 1) << level])


def test_a_log_goes_on_from_what_was_seen_of_it(ask: Asked) -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(9)]
    forked = [*leaves[:3], sha256(b"other").digest(), *leaves[4:]]
    long, short, other = noted(leaves), noted(leaves[:5]), noted(forked)
    path = proven(leaves, 5)

    def remember(note: str, before: str, path: list[str]) -> Any:
        return ask("remember", note, str(VKEY), before, path)

    assert remember(long, short, path) == {"is": [long]}
    assert remember(short, long, path) == {"is": [long]}
    assert remember(other, short, path)["code"] == "forked"
    assert remember(short, other, path)["code"] == "forked"
    assert remember(other, long, [])["code"] == "forked"
    assert remember(long, short, path[1:])["code"] == "bad_path"
    assert remember(long, short, [*path, path[0]])["code"] == "bad_path"


# What is signed


def statement(**changed: Any) -> dict[str, Any]:
    return {
        "purpose": "enterprise",
        "period": ("2025-01-01", "2025-12-31"),
        "place": "510100",
        "ground": "voluntary",
        "public": True,
        "activity": None,
        "organisers": Hidden(value=["甲", "乙"]),
        "beneficiary": Hidden(value=NAME),
        "purchaser": None,
        "agent": None,
        **changed,
    }


def used(amount_g: object, **changed: Any) -> tuple[str, dict[str, Any]]:
    body = {"holder": OWN, "amount_g": amount_g, "standard": "CCER", "range": None}
    return "batch.retired.v1", {**body, **changed}


def setting(*signers: Signer, log: bytes = LOG, until_us: int = NOW_US + HOUR_US) -> Setting:
    return Setting(
        log=log,
        signers=signers or (Signer(account=OWN, key=(SUITE, KEY)),),
        nonce=bytes(range(16)),
        not_after_us=until_us,
        entropy=sha256(b"entropy").digest(),
    )


def prepared(setting: Setting, parts: Any) -> dict[str, Any]:
    """As the server says it."""
    made = propose(setting, parts)
    openings = [
        {"field": one.field, "salt": coded(one.salt), "value": one.value} for one in made.openings
    ]
    rows = [
        {"part": part, "event": event, "rows": [coded(row) for row in rows]}
        for (part, event), rows in made.rows.items()
    ]
    return {"intent": coded(made.data), "openings": openings, "rows": rows}


def retirement(here: Setting | None = None, **changed: Any) -> dict[str, Any]:
    """Grams of two batches, retired; `changed` is other in the certificate."""
    here = here or setting()
    return prepared(
        here,
        [
            (BATCH, [used(5_000_000)]),
            (ELSEWHERE, [used(7_500_000)]),
            (here.new("certificate", 2), [("certificate.issued.v1", statement(**changed))]),
        ],
    )


def expected(**changed: Any) -> dict[str, Any]:
    """What somebody expects who asked for `retirement`."""
    grams = {"holder": OWN, "amount_g": {"sum": "12500000"}, "standard": "CCER", "range": None}
    said = {
        **statement(),
        "period": ["2025-01-01", "2025-12-31"],
        "organisers": {"opens": ["甲", "乙"]},
        "beneficiary": {"opens": NAME},
    }
    parts = [
        {"stream": "batch/*", "most": 16, "events": [["batch.retired.v1", grams]]},
        {"stream": "certificate/new", "events": [["certificate.issued.v1", said]]},
    ]
    return {"log": LOG.hex(), "account": OWN, "key": KEY.hex(), "parts": parts, **changed}


def test_what_was_asked_for_is_signed_as_the_registry_wants_it(ask: Asked) -> None:
    one = retirement()

    answer = ask("check", one, expected(), str(NOW_US))

    data = b64decode(one["intent"])
    assert answer == {"is": data.hex()}
    (public, signature), *none = ask("sign", SEED, data.hex())["is"].items()
    assert public == KEY.hex()
    assert not none
    message = ledger_intent.SIGNED_PREFIX + data
    check_signature((SUITE, KEY), message, b64decode(signature))


def test_nobody_signs_with_a_key_that_the_intent_does_not_name(ask: Asked) -> None:
    data = b64decode(retirement()["intent"]).hex()

    assert ask("sign", sha256(b"third").hexdigest(), data)["code"] == "wrong_key"


def test_possession_is_signed_as_the_registry_wants_it(ask: Asked) -> None:
    signature = ask("possession", SEED, LOG.hex(), OTHER)["is"]

    message = possession_message(LOG, OTHER, (SUITE, KEY), "act")
    check_signature((SUITE, KEY), message, bytes.fromhex(signature))


def test_a_key_that_a_browser_never_hands_out_signs(javascript: Asked) -> None:
    public, signature = javascript("kept", LOG.hex(), OTHER)["is"]

    key = (SUITE, bytes.fromhex(public))
    check_signature(key, possession_message(LOG, OTHER, key, "act"), bytes.fromhex(signature))


def own() -> Signer:
    return Signer(account=OWN, key=(SUITE, KEY))


def with_opening(place: int, **changed: Any) -> dict[str, Any]:
    one = retirement()
    one["openings"][place] |= changed
    return one


def without(field: str) -> dict[str, Any]:
    one = retirement()
    del one[field]
    return one


def with_bytes(change: Callable[[bytes], bytes]) -> dict[str, Any]:
    one = retirement()
    return {**one, "intent": coded(change(b64decode(one["intent"])))}


def with_parts(change: Callable[[list[Any]], Any]) -> dict[str, Any]:
    """The retirement with other parts under the same nonce, and openings that fit."""
    here = setting()
    parts = [
        (BATCH, [used(5_000_000)]),
        (ELSEWHERE, [used(7_500_000)]),
        (here.new("certificate", 2), [("certificate.issued.v1", statement())]),
    ]
    return prepared(here, change(parts))


def respelled(data: bytes) -> bytes:
    """The same value in other bytes: the time as nine bytes of which the first are zero."""
    at = data.rindex((NOW_US + HOUR_US).to_bytes(8, "big")) - 1
    grams = data.index((5_000_000).to_bytes(4, "big"))
    assert data[at] == 0xCF
    return data[: grams - 1] + b"\xcf" + bytes(4) + data[grams:]


def without_agent() -> tuple[str, dict[str, Any]]:
    return "certificate.issued.v1", {
        name: value for name, value in statement().items() if name != "agent"
    }


def respelled_base64() -> dict[str, Any]:
    """The same intent, with bits after its last byte that are not zero."""
    made = (retirement(place="5" * length) for length in range(1, 4))
    one = next(one for one in made if one["intent"].endswith("=="))
    text = one["intent"]
    spare = text[:-3] + chr(ord(text[-3]) + 1) + "=="
    assert b64decode(spare) == b64decode(text)
    return {**one, "intent": spare}


SWAPPED = retirement()["openings"]
TAMPERED: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "another log": (lambda: retirement(setting(log=sha256(b"x").digest())), "wrong_log"),
    "another author": (
        lambda: retirement(setting(Signer(account=OTHER, key=(SUITE, KEY)))),
        "wrong_signers",
    ),
    "another key of the own account": (
        lambda: retirement(setting(Signer(account=OWN, key=(SUITE, OTHER_KEY)))),
        "wrong_key",
    ),
    "a cosigner whom nobody named": (
        lambda: retirement(setting(own(), Signer(account=OTHER, key=(SUITE, OTHER_KEY)))),
        "wrong_signers",
    ),
    "the author cosigns": (
        lambda: retirement(setting(Signer(account=OTHER, key=(SUITE, OTHER_KEY)), own())),
        "wrong_signers",
    ),
    "too late": (lambda: retirement(setting(until_us=NOW_US + 2 * HOUR_US + 1)), "wrong_time"),
    "no time left": (lambda: retirement(setting(until_us=NOW_US)), "wrong_time"),
    "an amount more": (
        lambda: with_parts(lambda parts: [(BATCH, [used(5_000_001)]), *parts[1:]]),
        "other_total",
    ),
    "grams that are taken back": (
        lambda: with_parts(
            lambda parts: [(BATCH, [used(-1)]), (ELSEWHERE, [used(12_500_001)]), parts[2]]
        ),
        "other_field",
    ),
    "an amount that is no integer": (
        lambda: with_parts(
            lambda parts: [(BATCH, [used("5000000")]), *parts[1:]],
        ),
        "other_field",
    ),
    "another holder": (
        lambda: with_parts(lambda parts: [(BATCH, [used(5_000_000, holder=OTHER)]), *parts[1:]]),
        "other_field",
    ),
    "a field more": (
        lambda: with_parts(lambda parts: [(BATCH, [used(5_000_000, more=None)]), *parts[1:]]),
        "other_field",
    ),
    "a field less": (
        lambda: with_parts(lambda parts: [*parts[:2], (parts[2][0], [without_agent()])]),
        "other_field",
    ),
    "1 for true": (lambda: retirement(public=1), "other_field"),
    "another kind": (
        lambda: with_parts(
            lambda parts: [(BATCH, [("batch.lock_retired.v1", used(1)[1])]), *parts[1:]]
        ),
        "other_act",
    ),
    "a part more at the end": (
        lambda: with_parts(lambda parts: [*parts, (OWN, [("account.closed.v1", {})])]),
        "other_act",
    ),
    "a part more at the start": (
        lambda: with_parts(lambda parts: [(OWN, [("account.closed.v1", {})]), *parts]),
        "other_act",
    ),
    "an event more": (
        lambda: with_parts(lambda parts: [(BATCH, [used(5_000_000), used(5_000_000)]), *parts[1:]]),
        "other_act",
    ),
    "no certificate": (
        lambda: prepared(setting(), [(BATCH, [used(12_500_000)])]),
        "other_act",
    ),
    "a stream of another kind": (
        lambda: with_parts(lambda parts: [(OTHER, [used(5_000_000)]), *parts[1:]]),
        "other_stream",
    ),
    "a certificate that is there already": (
        lambda: with_parts(
            lambda parts: [*parts[:2], ("certificate/aaaaaaaaaaaaaaaa", parts[2][1])]
        ),
        "other_stream",
    ),
    "another beneficiary": (lambda: retirement(beneficiary=Hidden(value="王五")), "other_field"),
    "another order of organisers": (
        lambda: retirement(organisers=Hidden(value=["乙", "甲"])),
        "other_field",
    ),
    "a name that nobody asked for": (lambda: retirement(agent=Hidden(value="甲")), "other_field"),
    "a commitment to what nobody says": (
        lambda: retirement(agent=sha256(b"").digest()),
        "wrong_opening",
    ),
    "no openings": (lambda: without("openings"), "wrong_opening"),
    "an opening of another value": (lambda: with_opening(1, value=NAME), "wrong_opening"),
    "an opening with another salt": (
        lambda: with_opening(1, salt=coded(bytes(32))),
        "wrong_opening",
    ),
    "an opening with a short salt": (
        lambda: with_opening(1, salt=coded(bytes(31))),
        "wrong_opening",
    ),
    "an opening of another field": (lambda: with_opening(1, field="2/0/agent"), "wrong_opening"),
    "openings swapped": (
        lambda: with_opening(0, salt=SWAPPED[1]["salt"], value=SWAPPED[1]["value"]),
        "wrong_opening",
    ),
    "an opening twice": (
        lambda: {**retirement(), "openings": [*SWAPPED, SWAPPED[0]]},
        "wrong_opening",
    ),
    "an opening of nothing": (
        lambda: {**retirement(), "openings": [*SWAPPED, {**SWAPPED[0], "field": "0/0/agent"}]},
        "wrong_opening",
    ),
    "an opening that is a map": (lambda: with_opening(1, value={"a": "b"}), "wrong_opening"),
    "an opening that is no list of texts": (lambda: with_opening(1, value=[1]), "wrong_opening"),
    "an opening with a lone surrogate": (lambda: with_opening(1, value="\ud800"), "not_canonical"),
    "openings that are none": (lambda: {**retirement(), "openings": "abc"}, "malformed"),
    "openings that are numbers": (lambda: {**retirement(), "openings": [7]}, "malformed"),
    "rows of nothing": (
        lambda: {**retirement(), "rows": [{"part": 0, "event": 0, "rows": []}]},
        "wrong_rows",
    ),
    "another spelling of an integer": (lambda: with_bytes(respelled), "not_canonical"),
    "a byte after it": (lambda: with_bytes(lambda data: data + b"\xc0"), "not_canonical"),
    "cut short": (lambda: with_bytes(lambda data: data[:-1]), "not_canonical"),
    "too long": (lambda: with_bytes(lambda data: data + bytes(50_000)), "too_long"),
    "another tag": (
        lambda: with_bytes(lambda data: data.replace(b"registry/intent/v1", b"registry/intent/v2")),
        "malformed",
    ),
    "another suite": (
        lambda: with_bytes(lambda data: data.replace(b"ed25519-sha256", b"ed25519-sha257")),
        "unknown_suite",
    ),
    "loose base64": (
        lambda: {**retirement(), "intent": retirement()["intent"] + "\n"},
        "malformed",
    ),
    "other base64 of the same bytes": (respelled_base64, "malformed"),
    "no intent": (lambda: {"openings": []}, "malformed"),
    "a map in an array": (lambda: retirement(period=[{"int": 1}]), "malformed"),
}


def test_the_page_shows_an_ask_that_fits(ask: Asked) -> None:
    page = (CLIENT / "README.md").read_text("utf-8")
    profile, asked = (json.loads(block.split("```")[0]) for block in page.split("```json")[1:])
    ours = statement(organisers=None, beneficiary=Hidden(value="李四"))
    one = with_parts(lambda parts: [*parts[:2], (parts[2][0], [("certificate.issued.v1", ours)])])

    (parts,) = asked["expect"]
    wanted = {**{name: profile[name] for name in ("log", "account", "key")}, "parts": parts}
    assert "is" in ask("check", one, wanted, str(NOW_US))
    assert ask("check", retirement(), wanted, str(NOW_US))["code"] == "other_field"
    assert grams(asked["body"]["amount"]) == 12_500_000
    assert Retire.model_validate(asked["body"])


@pytest.mark.parametrize("name", TAMPERED)
def test_nothing_else_is_signed(ask: Asked, name: str) -> None:
    make, code = TAMPERED[name]

    assert ask("check", make(), expected(), str(NOW_US)).get("code") == code


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"parts": []}, "other_act"),
        ({"signers": [OTHER]}, "wrong_signers"),
        ({"signers": [OWN, OTHER]}, "wrong_signers"),
        ({"signers": [OWN]}, None),
    ],
)
def test_what_is_expected_names_everything(
    ask: Asked, wanted: dict[str, Any], code: str | None
) -> None:
    assert ask("check", retirement(), expected(**wanted), str(NOW_US)).get("code") == code


def test_a_cosigner_signs_what_names_both(ask: Asked) -> None:
    one = retirement(setting(own(), Signer(account=OTHER, key=(SUITE, OTHER_KEY))))
    wanted = expected(account=OTHER, key=OTHER_KEY.hex(), signers=[OWN, OTHER])

    assert "is" in ask("check", one, wanted, str(NOW_US))
    assert ask("check", one, {**wanted, "key": KEY.hex()}, str(NOW_US))["code"] == "wrong_key"


def gift(tag: str, rows: Any, **changed: Any) -> dict[str, Any]:
    body = {"organiser": OWN, "rows": Detached(tag=tag, rows=rows)}
    one = prepared(setting(), [(BATCH, [("batch.given.v1", body)])])
    return {**one, **changed}


def listed(rows: Any) -> dict[str, Any]:
    body = {"organiser": OWN, "rows": {"rows": rows}}
    return expected(parts=[{"stream": BATCH, "events": [["batch.given.v1", body]]}])


GIFTS = [(OTHER, 5), (THIRD, 2**62), (OTHER, 7)]
GIVEN = [[OTHER, "5"], [THIRD, str(2**62)], [OTHER, "7"]]


def test_rows_are_signed_by_their_root_if_they_are_those_that_were_asked_for(ask: Asked) -> None:
    shares = [(Hidden(value="甲"), 5), (Hidden(value="乙"), 6)]
    said = [["甲", "5"], ["乙", "6"]]

    for rows, given, tag in ((GIFTS, GIVEN, shape.GIFT_TAG), (shares, said, shape.SHARE_TAG)):
        one = gift(tag, rows)
        assert "is" in ask("check", one, listed(given), str(NOW_US))
        for other in (given[:-1], [given[1], given[0], *given[2:]], [[OWN, "5"], *given[1:]]):
            assert ask("check", one, listed(other), str(NOW_US))["code"] == "other_field"
        swapped = [{**one["rows"][0], "rows": one["rows"][0]["rows"][::-1]}]
        fewer = [{**one["rows"][0], "rows": one["rows"][0]["rows"][:-1]}]
        for rows_beside, code in (([], "rows_missing"), (swapped, "wrong_rows")):
            tampered = {**one, "rows": rows_beside}
            assert ask("check", tampered, listed(given), str(NOW_US))["code"] == code
        code = ask("check", {**one, "rows": fewer}, listed(given), str(NOW_US))["code"]
        assert code == "wrong_rows"


def test_rows_of_no_known_tag_are_not_signed(ask: Asked) -> None:
    assert ask("check", gift("other/v1", GIFTS), listed(GIVEN), str(NOW_US))["code"] == "wrong_rows"


def test_the_root_over_thousands_of_rows_is_found(ask: Asked) -> None:
    rows = [(OTHER, grams) for grams in range(1, 1500)]
    said = [[OTHER, str(grams)] for _, grams in rows]

    answer = ask("check", gift(shape.GIFT_TAG, rows), listed(said), str(NOW_US))

    assert "is" in answer


def test_people_are_shown_the_same_by_both(javascript: Asked) -> None:
    odd = 'a"b\\c\u202e\u0007\u200b\U000e0001末'
    for one in (
        retirement(beneficiary=Hidden(value=odd)),
        gift(shape.GIFT_TAG, GIFTS),
        gift(shape.GIFT_TAG, [(OTHER, 1)] * 101),
    ):
        text = ask_python("show", one)["is"]
        assert javascript("show", one)["is"] == text
    text = ask_python("show", retirement(beneficiary=Hidden(value=odd)))["is"]
    assert "a\\u{22}b\\u{5c}c\\u{202e}\\u{7}\\u{200b}\\u{e0001}末" in text
    assert "amount_g: 5000000" in text
    assert f"signed by {OWN}, key {KEY.hex()}" in text
    assert "2026-09-21T15:13:20Z" in text


def test_a_name_of_32_bytes_is_a_commitment_in_every_kind_and_nothing_else_is() -> None:
    commitments = (shape._commitment, shape._optional_commitment)
    hidden, others = set(), set()
    for event in kinds.EVENTS.values():
        for name, check in shape.schema(event).items():
            if check in commitments:
                hidden.add(name)
            else:
                with suppress(RefusedError):
                    check(bytes(32))
                    others.add(name)

    assert hidden == intents.COMMITTED
    assert "document" in others
    assert not hidden & others


# What is typed


@pytest.fixture(params=["python", "javascript"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    return Files(tmp_path, COMMANDS[request.param])


def test_a_new_key_is_its_owners_alone_and_both_read_it(files: Files, tmp_path: Path) -> None:
    path = files / "key.pem"

    made = json.loads(files.run("keygen", path).stdout)

    assert path.stat().st_mode & 0o777 == 0o600
    assert client.public_of(client.read_key(path)).hex() == made["key"]
    assert files.refused("keygen", path) == "file"
    signer = Signer(account=OWN, key=(SUITE, bytes.fromhex(made["key"])))
    one = retirement(setting(signer, until_us=time.time_ns() // 1000 + HOUR_US))
    signed = []
    for command in COMMANDS.values():
        other = Files(tmp_path, command)
        profile, ask, prepared = asked(other, made["key"], one)
        signed.append(other.run("sign", profile, path, ask, prepared, "--yes").stdout)
    assert json.loads(signed[0]) == json.loads(signed[1])
    path.chmod(0o640)
    assert files.refused("sign", profile, path, ask, prepared, "--yes") == "exposed_file"
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    path.chmod(0o600)
    assert files.refused("sign", profile, path, ask, prepared, "--yes") == "bad_key"


def asked(files: Files, key: str, one: dict[str, Any]) -> tuple[Path, Path, Path]:
    """The files of a profile, of an ask for `retirement`, and of what a server made of it: `one`."""
    profile = {"log": LOG.hex(), "account": OWN, "key": key}
    ask = {"path": "retirements", "body": {}, "expect": [expected()["parts"]]}
    return (
        files.write("profile", profile),
        files.write("ask", ask),
        files.write("prepared", {"intents": [one]}),
    )


def in_time(**changed: Any) -> dict[str, Any]:
    """A retirement that can still be recorded now."""
    return retirement(setting(until_us=time.time_ns() // 1000 + HOUR_US), **changed)


def test_a_key_signs_without_a_network_what_its_owner_has_seen(files: Files) -> None:
    key = files / "key"
    key.write_bytes(bytes.fromhex(SEED))
    key.chmod(0o600)
    one = in_time()
    typed = ("sign", *insert(asked(files, KEY.hex(), one), key))

    ended = files.run(*typed, heard="y\n")

    (signatures,) = json.loads(ended.stdout)
    data = b64decode(one["intent"])
    signature = b64decode(signatures.pop(KEY.hex()))
    check_signature((SUITE, KEY), ledger_intent.SIGNED_PREFIX + data, signature)
    assert not signatures
    assert ask_python("show", one)["is"] in ended.stderr
    assert files.refused(*typed, heard="n\n") == "not_agreed"
    assert files.refused(*typed) == "not_agreed"


def test_what_was_not_asked_for_is_not_even_shown(files: Files) -> None:
    key = files / "key"
    key.write_bytes(bytes.fromhex(SEED))
    key.chmod(0o600)

    def code(one: dict[str, Any]) -> str:
        return files.refused("sign", *insert(asked(files, KEY.hex(), one), key), "--yes")

    assert code(in_time(purpose="meeting")) == "other_field"
    assert code(retirement()) == "wrong_time"
    (files / "prepared").write_text("")
    typed = ("sign", files / "profile", key, files / "ask", files / "prepared", "--yes")
    assert files.refused(*typed) == "bad_file"
    files.write("prepared", {"intents": [in_time(), in_time()]})
    assert files.refused(*typed) == "other_act"


def insert(paths: tuple[Path, Path, Path], key: Path) -> tuple[Path, ...]:
    """The paths as `sign` takes them."""
    profile, ask, prepared = paths
    return profile, key, ask, prepared


# What is sent

BAD_PATH = ("bad_answer", "malformed")
PROBLEM = {
    "code": "insufficient_holding",
    "detail": "不够",
    "facts": {"held_g": "5"},
    "status": 409,
}
RECEIPT = {"index": 7, "leaf": "00" * 32, "checkpoint": "…"}
Reply = tuple[int, dict[str, str], Any]


class Scripted(ThreadingHTTPServer):
    """Says what it was told to say, one reply after the other; None breaks off."""

    def __init__(self, replies: list[Reply | None]) -> None:
        super().__init__(("127.0.0.1", 0), Speaker)
        self.replies = replies
        self.heard: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Speaker(BaseHTTPRequestHandler):
    server: Scripted

    def do_GET(self) -> None:
        size = int(self.headers.get("content-length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.heard.append((self.command, self.path, headers, self.rfile.read(size)))
        reply = self.server.replies.pop(0)
        if reply is None:
            self.close_connection = True
            return
        status, more, said = reply
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **more}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 304:
            self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Nothing is written to the terminal."""


@contextmanager
def saying(*replies: Reply | None) -> Iterator[Scripted]:
    with Scripted(list(replies)) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_a_submission_is_sent_again_as_it_was_until_it_is_heard(ask: Asked) -> None:
    one = retirement(setting(own(), Signer(account=OTHER, key=(SUITE, OTHER_KEY))))
    signatures = {KEY.hex(): coded(b"a" * 64), OTHER_KEY.hex(): coded(b"b" * 64)}
    busy = (503, {"Retry-After": "2"}, b"<html>")
    late = (429, {}, {"code": "too_many"})

    with saying(busy, None, late, (201, {}, RECEIPT)) as server:
        answer = ask("talk", server.url, "secret", ["submit", [one, signatures]])

    assert answer == {"is": [[RECEIPT], 3]}
    assert {(method, path) for method, path, _, _ in server.heard} == {("POST", "/v1/intents")}
    assert {headers["authorization"] for _, _, headers, _ in server.heard} == {"Bearer secret"}
    (body,) = {body for _, _, _, body in server.heard}
    read = ledger_intent.decode(b64decode(one["intent"]))
    keys = [signer.key[1].hex() for signer in ledger_intent.in_key_order(read.signers)]
    assert json.loads(body) == {**one, "signatures": [signatures[key] for key in keys]}


def test_who_cannot_be_reached_is_asked_six_times(ask: Asked) -> None:
    with saying(*[None] * 6) as server:
        answer = ask("talk", server.url, None, ["get", ["log/checkpoint"]])

    assert answer["code"] == "unreachable"
    assert len(server.heard) == 6


def test_nothing_is_sent_while_a_signature_is_missing(ask: Asked) -> None:
    with saying() as server:
        answer = ask("talk", server.url, None, ["submit", [retirement(), {}]])

    assert answer["code"] == "signature_missing"
    assert answer["facts"] == {"keys": [KEY.hex()]}
    assert not server.heard


def test_a_problem_is_told_as_the_server_told_it(ask: Asked) -> None:
    kind = {"Content-Type": "application/problem+json"}

    with saying((409, kind, PROBLEM)) as server:
        answer = ask("talk", server.url, None, ["record", ["transfers", {"amount": "5"}, "key 1"]])

    assert answer == {
        "code": "insufficient_holding",
        "facts": {"held_g": "5"},
        "status": 409,
        "detail": "不够",
    }
    ((_, path, headers, body),) = server.heard
    assert path == "/v1/transfers"
    assert headers["idempotency-key"] == "key 1"
    assert json.loads(body) == {"amount": "5"}


def test_what_has_not_changed_is_not_sent_again(ask: Asked) -> None:
    first = (200, {"ETag": '"1"'}, {"size": 1})
    with saying(
        first, (304, {}, b""), (200, {"ETag": '"2"'}, {"size": 2}), (304, {}, b"")
    ) as server:
        answer = ask("talk", server.url, None, ["get", *[["log/checkpoint"]] * 4])

    said = [headers.get("if-none-match") for _, _, headers, _ in server.heard]
    assert answer["is"][0] == [{"size": 1}, {"size": 1}, {"size": 2}, {"size": 2}]
    assert said == [None, '"1"', '"1"', '"2"']


def test_an_act_is_prepared_under_the_key_that_makes_it_one(ask: Asked) -> None:
    with saying((200, {}, {"mode": "prepare"})) as server:
        ask(
            "talk",
            server.url,
            None,
            ["prepare", ["retirements", {"amount": "5"}, KEY.hex(), "key 2"]],
        )

    ((method, path, headers, _),) = server.heard
    assert (method, path) == (
        "POST",
        f"/v1/retirements?mode=prepare&signing_key={KEY.hex()}",
    )
    assert headers["idempotency-key"] == "key 2"


def test_a_receipt_is_believed_when_the_log_holds_what_was_sent(ask: Asked) -> None:
    one, other = b64decode(retirement()["intent"]), b64decode(in_time()["intent"])
    entries = [entry_of(b"before"), entry_of(one), entry_of(b"after")]
    leaves = [tree.leaf_hash(entry) for entry in entries]
    path = [hash_.hex() for hash_ in tree.inclusion_path(1, 3, nodes_of(leaves))]
    kind = {"Content-Type": "application/octet-stream"}
    whole = {"path": path, "checkpoint": noted(leaves)}
    profile = {"vkey": str(VKEY)}

    def believed(
        entry: object, proof: Any, *, sent: bytes = one, index: object = 1, kind: Any = kind
    ) -> Any:
        with saying((200, kind, entry), (200, {}, proof)) as server:
            return ask("believe", server.url, {"index": index}, sent.hex(), profile)

    assert believed(entries[1], whole)["is"] == {"index": 1, "leaf": leaves[1].hex(), "size": 3}
    assert believed(entries[1], whole, sent=other)["code"] == "other_entry"
    assert believed(entries[0], whole)["code"] == "other_entry"
    assert believed({"entry": coded(entries[1])}, whole, kind={})["code"] == "other_entry"
    assert believed(entry_of(one, at_us=7), whole)["code"] == "not_included"
    assert believed(entries[1], whole, index=0)["code"] in ("not_included", "bad_path")
    assert believed(entries[1], whole, index=3)["code"] == "not_included"
    assert believed(entries[1], whole, index="1")["code"] == "bad_answer"
    assert believed(entries[1], {**whole, "path": path[1:]})["code"] == "bad_path"
    assert believed(entries[1], {**whole, "path": "x"})["code"] == "bad_answer"
    assert believed(entries[1], {**whole, "path": ["zz" * 32]})["code"] in BAD_PATH
    assert believed(entries[1], {**whole, "path": [[]]})["code"] in BAD_PATH
    assert believed(entries[1], [])["code"] == "bad_answer"
    note = noted(leaves[:1])
    assert believed(entries[1], {**whole, "checkpoint": note})["code"] == "not_included"
    note = whole["checkpoint"].replace("\n3\n", "\n4\n")
    assert believed(entries[1], {**whole, "checkpoint": note})["code"] == "bad_checkpoint_signature"
    assert believed(entries[1], {"path": path})["code"] == "bad_note"


def entry_of(intent: bytes, at_us: int = NOW_US) -> bytes:
    return canonical.encode(["carbon-registry/entry/v1", at_us, intent, [bytes(64)], [], []])


@pytest.mark.parametrize("path", ["https://127.0.0.1:1/x", "//127.0.0.1:1/x", "/x"])
def test_nothing_is_sent_to_somewhere_else(ask: Asked, path: str) -> None:
    with saying() as server:
        assert ask("talk", server.url, "secret", ["get", [path]])["code"] == "malformed"


def test_nobody_is_followed_to_somewhere_else(ask: Asked) -> None:
    with saying((302, {"Location": "http://127.0.0.1:1/"}, b"")) as server:
        assert ask("talk", server.url, "secret", ["get", ["x"]])["status"] == 302


def test_a_token_is_not_sent_in_the_clear(ask: Asked) -> None:
    answer = ask("talk", "http://registry.example", "secret", ["get"])

    assert answer["code"] == "token_in_the_clear"
    assert "is" in ask("talk", "https://registry.example", "secret", ["get"])
    assert "is" in ask("talk", "http://registry.example", None, ["get"])


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_an_answer_that_is_no_json_is_refused(ask: Asked, body: bytes) -> None:
    with saying((200, {}, body)) as server:
        assert ask("talk", server.url, None, ["get", ["x"]])["code"] == "bad_answer"
