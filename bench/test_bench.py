"""What it costs. Each figure stands beside the reference, measured in the same run; bench/report.py makes the ratios.

Reference: Ed25519 verifications by `cryptography` on one core, of messages as long as an intent.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.ledger import proof, tree
from registry.ledger.note import Checkpoint
from registry.ledger.proof import Leaf, Proof
from registry.store.proofs import certificate_proof
from registry.verifier.audit import audit
from registry.verifier.certificate import verify
from tests.world import World, log_key, signed_note

VERIFICATIONS = 500
GROUP = 100
GROUPS = 10
MILLION = 1_000_000


def test_reference_verifications(benchmark):
    private, message = Ed25519PrivateKey.generate(), b"m" * 500
    public, signature = private.public_key(), private.sign(message)
    benchmark.extra_info["operations"] = VERIFICATIONS

    def verifications() -> None:
        for _ in range(VERIFICATIONS):
            public.verify(signature, message)

    benchmark.pedantic(verifications, rounds=10, warmup_rounds=1)


def test_append_by_one_submitter(benchmark, shop):
    requests = iter(shop.transfers(220))
    benchmark.extra_info["operations"] = 1

    def one() -> None:
        shop.operator.committer.commit([next(requests)])

    benchmark.pedantic(one, rounds=200, warmup_rounds=10)


def test_append_in_groups_of_100(benchmark, shop):
    groups = [shop.transfers(GROUP) for _ in range(GROUPS + 1)]
    before = shop.operator.log.place.joinpath("registry.db").stat().st_size
    benchmark.extra_info["operations"] = GROUP

    benchmark.pedantic(
        lambda: shop.operator.committer.commit(groups.pop()), rounds=GROUPS, warmup_rounds=1
    )

    with shop.operator.log.recorder.reading() as cursor:
        cursor.execute("SELECT size FROM head")
        (size,) = cursor.fetchone()
        cursor.execute("SELECT sum(length(state)) FROM stored_events WHERE rowid % 64 = 1")
        (entry_bytes,) = cursor.fetchone()
        cursor.execute("SELECT length(state) FROM stored_events ORDER BY rowid DESC LIMIT 1")
        (transfer_bytes,) = cursor.fetchone()
        cursor.execute("PRAGMA page_count")
        (pages,) = cursor.fetchone()
    assert before > 0
    benchmark.extra_info["transfer_entry_bytes"] = transfer_bytes
    benchmark.extra_info["database_bytes_per_entry"] = pages * 4096 // size
    benchmark.extra_info["database_to_entries"] = pages * 4096 / entry_bytes


def test_audit(benchmark, shop):
    for _ in range(GROUPS):
        shop.operator.committer.commit(shop.transfers(GROUP))
    key = shop.operator.vkey()

    found = benchmark.pedantic(
        lambda: audit(shop.directory, key), rounds=3, warmup_rounds=1, iterations=1
    )

    benchmark.extra_info["operations"] = found.entries


def test_proof_checked_warm(benchmark):
    world = World().staffed()
    number = world.retires(world.issues(1_000_000), "owner", 5)
    data = proof.encode(world.proof(number))
    benchmark.extra_info["operations"] = 1
    benchmark.extra_info |= _sizes(world, number)

    benchmark(lambda: verify(data, log_key()))


@pytest.mark.parametrize("arguments", ["--help", "verify"])
def test_command_cold(benchmark, shop, arguments):
    """A whole process, with nothing warm but the disk."""
    file = shop.directory / "certificate.proof"
    with shop.operator.log.recorder.reading() as cursor:
        cursor.execute("SELECT originator_id FROM stored_events WHERE originator_id LIKE 'cert%'")
        (stream,) = cursor.fetchone()
    number = stream.partition("/")[2]
    file.write_bytes(certificate_proof(shop.operator.log, shop.operator.log.openings, number))
    key = str(shop.operator.vkey())
    command = [str(Path(sys.executable).parent / "registry"), "--help"]
    if arguments == "verify":
        command = [command[0], "verify", str(file), "--key", key]
    benchmark.extra_info["operations"] = 1

    benchmark.pedantic(
        lambda: subprocess.run(command, check=True, capture_output=True), rounds=5, warmup_rounds=1
    )


def _sizes(world: World, number: str) -> dict[str, int]:
    """Bytes of a certificate's entry, and of its proof in a log of a million entries."""
    real = world.proof(number)
    path = tuple(tree.leaf_hash(bytes([level])) for level in range(20))
    checkpoint = Checkpoint(origin="registry.example/sichuan", size=MILLION, root=path[0])
    large = Proof(
        random=real.random,
        note=signed_note(checkpoint, world["log"]),
        leaf=Leaf(index=MILLION - 1, entry=real.leaf.entry, path=path),
        openings=real.openings,
    )
    return {
        "certificate_entry_bytes": len(real.leaf.entry),
        "proof_bytes_at_10^6": len(proof.encode(large)),
    }
