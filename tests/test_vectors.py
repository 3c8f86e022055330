"""The golden vectors hold, are what the code makes today, and leave out no kind and no code of reading an entry."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from registry.domain import standard, timing
from registry.domain.batch import Batch
from registry.domain.forms import FORMS
from registry.domain.kinds import EVENTS
from registry.errors import RefusedError, RegistryError
from registry.history import (
    Addition,
    came_with,
    check_entry,
    commitments,
    committed_fields,
    follow,
    may_commit,
)
from registry.ledger import canonical, keys, note, tree
from registry.verifier.award import verify_award
from registry.verifier.certificate import verify
from registry.verifier.dossier import verify_dossier
from registry.verifier.gift import verify_gift
from registry.verifier.replay import Replay
from tests.auditor import Auditor
from tests.model import page
from tests.test_format import codes_in
from tests.world import log_key
from tools.make_vectors import VECTORS, tagged, text_of, vectors
from tools.vectors.telling import spans

ROOT = Path(__file__).resolve().parents[1]
FROZEN = re.compile(
    r"^    (cd tests/vectors && sha256sum( [a-z_]+\.json)+ \| sha256sum)\n    ([0-9a-f]{64})$",
    re.MULTILINE,
)

LOGS = ("log.json", "life.json")

# Codes of entries that no short vector can show, with the reason.
NOT_SHOWN = {
    "already_open": "its id would have to derive twice from one nonce",
    "too_fragmented": "takes a thousand entries; tests/domain shows it",
    "too_many_keys": "takes 65 keys of the log; tests/domain shows it",
    "too_long": "takes 65,536 bytes; tests/ledger shows it",
    "officers_differ": "needs a log of its own; tests/domain shows it",
    "unknown_suite": "tests/ledger shows it",
    "wrong_opening": "is said of openings; proofs.json shows it",
    "rows_missing": "is said of rows; rows.json shows it",
    "wrong_rows": "is said of rows; rows.json shows it",
    "derived.rows": "is said of a database; tests/verifier shows it",
    "derived.detached": "is said of a database; tests/verifier shows it",
}


@cache
def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text("utf-8"))


def rows_beside(vector: Any) -> dict[tuple[int, int], tuple[bytes, ...]]:
    return {
        (beside["part"], beside["event"]): tuple(map(bytes.fromhex, beside["rows"]))
        for beside in vector.get("detached", [])
    }


def followed(replay: Replay, vector: Any) -> Addition:
    """The entry of a vector, judged as the next one."""
    signed = check_entry(bytes.fromhex(vector["entry"]))
    beside = rows_beside(vector)
    return follow(replay, signed, came_with(signed.entry, beside) if beside else beside)


@cache
def replayed(name: str, size: int) -> Replay:
    """The log of the vectors after so many entries: not to be changed."""
    replay = Replay()
    for told in read(name)["entries"][:size]:
        replay.take(followed(replay, told))
    return replay


def test_the_vectors_are_those_that_the_code_makes():
    made = {name: text_of(value) for name, value in vectors().items()}

    assert made == {file.name: file.read_text("utf-8") for file in VECTORS.glob("*.json")}


def test_every_canonical_vector_decodes_to_its_value_and_back():
    for vector in read("canonical.json")["valid"]:
        value = canonical.decode(bytes.fromhex(vector["bytes"]), bytes_max=1_000)

        assert tagged(value) == vector["value"]
        assert canonical.encode(value).hex() == vector["bytes"]


def test_what_an_intent_commits_to_is_told_without_its_rows_and_where_nothing_is_without_reading():
    found = set()
    for vector in (one for name in LOGS for one in read(name)["entries"]):
        entry = check_entry(bytes.fromhex(vector["entry"])).entry
        committed = [
            name for name, _ in commitments(entry.intent, came_with(entry, rows_beside(vector)))
        ]

        assert sorted(committed_fields(entry.intent)) == sorted(committed)
        assert may_commit(entry.intent_bytes) == bool(committed)
        found |= {(bool(committed), any("rows/" in name for name in committed))}

    assert found == {(False, False), (True, False), (True, True)}


@pytest.mark.parametrize("vector", read("canonical.json")["broken"], ids=lambda v: v["name"])
def test_broken_canonical_bytes_are_refused(vector):
    with pytest.raises(RefusedError) as refusal:
        canonical.decode(bytes.fromhex(vector["bytes"]), bytes_max=1_000)

    assert refusal.value.code == vector["code"]


def test_the_log_of_the_vectors_replays_to_its_roots_and_holdings():
    told = read("log.json")
    replay = replays_to_its_roots(told)
    for name, holdings in told["holdings"].items():
        state = replay.stream(name).state
        held = {
            holder: [[str(start), str(end)] for start, end in ranges]
            for holder, ranges in sorted(state.held.items())
        }
        assert held == holdings["held"]
        assert str(state.retired_g) == holdings["retired_g"]
    assert len(told["holdings"]) > 1


def replays_to_its_roots(told: Any) -> Replay:
    """A log of the vectors, each entry of which came to the leaf, the root and the rows that are told."""
    replay = Replay()
    for vector in told["entries"]:
        addition = followed(replay, vector)
        replay.take(addition)

        assert addition.leaf.hex() == vector["leaf"]
        assert replay.frontier.root().hex() == vector["root"]
        beside = {(rows.part, rows.event): rows.rows for rows in addition.detached}
        assert beside == rows_beside(vector)
    checkpoint = note.open_checkpoint(
        told["checkpoint"].encode(), note.read_vkey(told["vkeys"][-1])
    )
    assert (checkpoint.size, checkpoint.root) == (replay.size, replay.frontier.root())
    return replay


def test_the_life_of_the_vectors_replays_to_its_roots_and_leaves_every_gram_where_it_is_told():
    told = read("life.json")
    replay = replays_to_its_roots(told)

    for name, where in told["batches"].items():
        state = replay.stream(name).state
        assert (state.status, state.origin) == (where["status"], where["origin"])
        assert in_decimal(state.held) == where["held"]
        assert in_decimal(state.waiting) == where["waiting"]
        assert {
            str(index): {"ground": lock.ground, "owner": lock.owner, "ranges": spans(lock.left)}
            for index, lock in state.locks.items()
        } == where["locked"]
        for total in ("received_g", "retired_g", "cancelled_g", "carved_g"):
            assert str(getattr(state, total)) == where[total]
        assert state.conserved
    assert set(told["batches"]) == {state.name for state in replay.states(Batch)}


def in_decimal(held: Any) -> dict[str, Any]:
    return {holder: spans(ranges) for holder, ranges in held.items()}


@pytest.mark.parametrize("name", LOGS)
def test_an_independent_model_follows_every_entry_of_the_vectors(name):
    auditor = Auditor()

    answers = [
        auditor.take(bytes.fromhex(vector["entry"]), rows_beside(vector))
        for vector in read(name)["entries"]
    ]

    assert set(answers) == {""}
    assert auditor.root().hex() == read(name)["entries"][-1]["root"]


@pytest.mark.parametrize(
    ("name", "vector"),
    [(name, vector) for name in LOGS for vector in read(name)["broken"]],
    ids=lambda told: told if isinstance(told, str) else told["name"],
)
def test_a_broken_entry_does_not_follow(name, vector):
    replay = replayed(name, vector["after"])

    with pytest.raises(RegistryError) as broken:
        followed(replay, vector)

    assert broken.value.code == vector["code"]
    assert replay.size == vector["after"]


@pytest.mark.parametrize("vector", read("proofs.json")["valid"], ids=lambda v: v["name"])
def test_a_valid_proof_shows_its_certificate(vector):
    shown, *others = (
        verify(bytes.fromhex(vector["file"]), note.read_vkey(vkey)) for vkey in vector["vkeys"]
    )

    assert all(other == shown for other in others)
    assert shown.number == vector["number"]
    assert str(shown.amount_g) == vector["amount_g"]
    assert list(shown.awaiting) == vector["awaiting"]
    assert [list(verdict) for verdict in shown.verdicts] == vector["verdicts"]


@pytest.mark.parametrize("vector", read("proofs.json")["broken"], ids=lambda v: v["name"])
def test_a_broken_proof_is_refused(vector):
    with pytest.raises(RegistryError) as broken:
        verify(bytes.fromhex(vector["file"]), note.read_vkey(read("proofs.json")["vkey"]))

    assert broken.value.code == vector["code"]


@pytest.mark.parametrize("vector", read("dossier.json")["valid"], ids=lambda v: v["name"])
def test_a_valid_dossier_replays_the_streams_of_its_certificate(vector):
    found = verify_dossier(
        bytes.fromhex(vector["file"]), note.read_vkey(read("dossier.json")["vkey"])
    )

    assert (found.number, found.size) == (vector["number"], vector["size"])
    assert dict(found.concerned) == vector["streams"]
    assert found.certificate.holder == vector["holder"]
    assert str(found.amount_g) == vector["amount_g"]
    assert found.opened == vector["names"]


@pytest.mark.parametrize("vector", read("dossier.json")["broken"], ids=lambda v: v["name"])
def test_a_broken_dossier_is_none(vector):
    with pytest.raises(RegistryError) as broken:
        verify_dossier(bytes.fromhex(vector["file"]), note.read_vkey(read("dossier.json")["vkey"]))

    assert broken.value.code == vector["code"]


def test_signatures_hold_or_fail_as_the_vectors_say():
    told = read("signatures.json")
    for vector in told["signatures"]:
        public, message = bytes.fromhex(vector["public"]), bytes.fromhex(vector["message"])
        signature = bytes.fromhex(vector["signature"])

        assert (
            _code(keys.check_signature, (keys.SUITE, public), message, signature) == vector["code"]
        )
    for vector in told["registrable"]:
        key = (keys.SUITE, bytes.fromhex(vector["public"]))

        assert _code(keys.check_registrable, key) == vector["code"]


def test_every_path_of_the_tree_vectors_leads_to_its_root():
    told = read("tree.json")
    roots = [bytes.fromhex(root) for root in told["roots"]]
    leaves = [tree.leaf_hash(bytes.fromhex(entry)) for entry in told["entries"]]
    for vector in told["inclusion"]:
        path = [bytes.fromhex(hashed) for hashed in vector["path"]]
        root = tree.root_from_path(leaves[vector["index"]], vector["index"], vector["size"], path)

        assert root == roots[vector["size"]]
    for vector in told["consistency"]:
        old, size = vector["old"], vector["size"]
        path = [bytes.fromhex(hashed) for hashed in vector["path"]]

        assert _code(tree.check_consistency, old, roots[old], size, roots[size], path) is None
        if old < size:
            forged = tree.node_hash(roots[old], roots[old])
            args = (old, roots[old], size, forged, path)
            assert _code(tree.check_consistency, *args) == "not_consistent"


def test_the_eighth_root_is_that_of_certificate_transparency():
    known = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"

    assert read("tree.json")["roots"][8] == known


def test_notes_open_or_fail_as_the_vectors_say():
    told = read("notes.json")
    key = note.read_vkey(told["vkey"])
    for vector in told["valid"]:
        assert note.open_checkpoint(vector["note"].encode(), key).size == 5
    for vector in told["broken"]:
        assert _code(note.open_checkpoint, vector["note"].encode(), key) == vector["code"]
    for vector in told["broken_vkeys"]:
        assert _code(note.read_vkey, vector["vkey"]) == vector["code"]


def test_verdicts_are_those_of_the_vectors():
    for vector in read("verdicts.json")["imported"]:
        window = timing.days_of_month(vector["month"])
        found = timing.verdicts(vector["purpose"], vector["claim"], vector["credits"], window)

        assert [list(verdict) for verdict in found] == vector["verdicts"]


def test_home_serials_parse_as_the_vectors_say():
    told = read("home_serials.json")
    for vector in told["serials"]:
        if "code" in vector:
            assert _code(standard.home_range, told["format"], vector["spelled"]) == vector["code"]
            continue
        block, (first, last) = standard.home_range(told["format"], vector["spelled"])
        assert (block, first, last) == (vector["block"], vector["first"], vector["last"])


@pytest.mark.parametrize(
    "vector", read("life_proofs.json")["certificates"], ids=lambda v: v["name"]
)
def test_a_certificate_is_shown_with_what_became_of_it(vector):
    shown = verify(bytes.fromhex(vector["file"]), log_key())

    assert (shown.number, list(shown.former)) == (vector["number"], vector["former"])
    assert (shown.holder, str(shown.amount_g)) == (vector["holder"], vector["amount_g"])
    assert (shown.share.number if shown.share else None) == vector["row"]
    assert [said.event.kind for said in shown.said] == vector["said"]
    assert [list(verdict) for verdict in shown.verdicts] == vector["verdicts"]
    assert dict(shown.opened) == vector["names"]


@pytest.mark.parametrize("vector", read("life_proofs.json")["gifts"], ids=lambda v: v["name"])
def test_a_gift_is_shown_by_its_own_row(vector):
    shown = verify_gift(bytes.fromhex(vector["file"]), log_key())

    assert (shown.giver, shown.gift.whom) == (vector["giver"], vector["taker"])
    assert (str(shown.gift.amount_g), spans(shown.ranges)) == (vector["amount_g"], vector["ranges"])
    assert shown.campaign == vector["campaign"]


@pytest.mark.parametrize("vector", read("life_proofs.json")["awards"], ids=lambda v: v["name"])
def test_what_is_no_retirement_is_shown_with_what_it_came_of(vector):
    shown = verify_award(bytes.fromhex(vector["file"]), log_key())

    assert (shown.number, shown.event.kind) == (vector["number"], vector["kind"])
    assert (shown.stream, dict(shown.opened)) == (vector["stream"], vector["names"])


@pytest.mark.parametrize(
    ("check", "vector"),
    [
        *((verify, vector) for vector in read("life_proofs.json")["broken"]),
        *((verify_gift, vector) for vector in read("life_proofs.json")["broken_gifts"]),
        *((verify_award, vector) for vector in read("life_proofs.json")["broken_awards"]),
    ],
    ids=lambda told: told["name"] if isinstance(told, dict) else told.__name__,
)
def test_a_broken_proof_of_a_life_is_refused(check, vector):
    with pytest.raises(RegistryError) as broken:
        check(bytes.fromhex(vector["file"]), log_key())

    assert broken.value.code == vector["code"]


def test_every_kind_and_every_form_has_a_vector():
    entries = [entry for name in LOGS for entry in read(name)["entries"]]

    kinds = {kind for entry in entries for part in entry["streams"] for kind in part["kinds"]}
    forms = {
        page.form_of([part["kinds"] for part in entry["streams"]])["name"] for entry in entries
    }

    assert kinds == set(EVENTS)
    assert forms == {form.name for form in FORMS}


def test_every_code_of_reading_an_entry_has_a_vector():
    floors = [*(ROOT / "registry" / "domain").glob("*.py"), ROOT / "registry" / "history.py"]
    codes = set().union(*(codes_in(file) for file in floors))
    shown = {vector["code"] for name in LOGS for vector in read(name)["broken"]}

    assert codes - shown == NOT_SHOWN.keys() & codes


def _code(act: Any, *args: object) -> str | None:
    try:
        act(*args)
    except RefusedError as refusal:
        return refusal.code
    return None


def test_the_vectors_of_version_1_are_those_that_were_frozen():
    text = (ROOT / "docs" / "format.md").read_text("utf-8")
    (found,) = FROZEN.finditer(text)

    made = subprocess.run(["bash", "-c", found[1]], cwd=ROOT, capture_output=True, check=True)

    assert made.stdout.split() == [found[3].encode(), b"-"]
