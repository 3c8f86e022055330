"""What hides names, what names new things, and what stands beside an entry."""

from base64 import b32encode
from hashlib import sha256

import pytest

from registry.errors import RefusedError
from registry.ledger import canonical, commitment, ids, rows
from registry.ledger.commitment import Opening, field_name
from registry.ledger.tree import EMPTY_ROOT, leaf_hash, root_of
from tests.world import Person

LOG, AUTHOR, NONCE = bytes([1]) * 32, "account/a", bytes([2]) * 16
OPENING = Opening(field="1/0/activity", salt=bytes([3]) * 32, value="论坛")


def code_of(check, *args):
    with pytest.raises(RefusedError) as caught:
        check(*args)
    return caught.value.code


def test_a_commitment_is_the_hash_of_all_that_it_depends_on():
    said = [
        "carbon-registry/commitment/v1",
        LOG,
        AUTHOR,
        NONCE,
        OPENING.field,
        OPENING.salt,
        "论坛",
    ]

    made = commitment.commitment(LOG, AUTHOR, NONCE, OPENING)

    assert made == sha256(canonical.encode(said)).digest()


def test_a_field_is_named_by_part_event_and_name():
    assert field_name(1, 0, "activity") == OPENING.field


def test_a_log_is_named_by_all_that_it_begins_with():
    key, other = Person("log").key, Person("other").key
    said = ["carbon-registry/log/v1", "a.example", key, bytes(32)]

    made = {
        ids.log_id("a.example", key, bytes(32)),
        ids.log_id("b.example", key, bytes(32)),
        ids.log_id("a.example", other, bytes(32)),
        ids.log_id("a.example", key, LOG),
    }

    assert ids.log_id("a.example", key, bytes(32)) == sha256(canonical.encode(said)).digest()
    assert len(made) == 4


def test_ids_are_derived_from_all_that_makes_them():
    said = ["carbon-registry/id/v1", LOG, "account/a", NONCE, 0]
    expected = b32encode(sha256(canonical.encode(said)).digest()).decode().lower()[:16]

    made = {
        ids.derived_id(LOG, "account/a", NONCE, 0),
        ids.derived_id(bytes(32), "account/a", NONCE, 0),
        ids.derived_id(LOG, "account/b", NONCE, 0),
        ids.derived_id(LOG, "account/a", bytes(16), 0),
        ids.derived_id(LOG, "account/a", NONCE, 1),
    }

    assert ids.derived_id(LOG, "account/a", NONCE, 0) == expected
    assert len(made) == 5
    assert all(len(name) == 16 for name in made)


def test_a_bearer_is_named_by_the_whole_key():
    names = {ids.bearer(Person(name).key) for name in ("a", "b")}

    assert len(names) == 2
    assert all(len(name) == len("bearer/") + 52 for name in names)


def test_rows_are_summed_up_by_count_bytes_and_root():
    made = [rows.range_row(0, 5), rows.range_row(7, 300)]

    assert rows.summary(made) == {
        "bytes": len(made[0]) + len(made[1]),
        "count": 2,
        "root": root_of(map(leaf_hash, made)),
    }
    assert canonical.decode(made[1], bytes_max=rows.ROW_BYTES_MAX) == [rows.RANGE_TAG, 7, 300]
    assert rows.summary([])["root"] == EMPTY_ROOT


def test_rows_that_are_too_long_or_too_many_are_our_own_mistake():
    with pytest.raises(AssertionError):
        rows.summary([bytes(rows.ROW_BYTES_MAX + 1)])
    with pytest.raises(AssertionError):
        rows.summary([b""] * (rows.ROWS_MAX + 1))

    assert rows.summary([bytes(rows.ROW_BYTES_MAX)])["count"] == 1
