"""The vectors of rows that come with an intent: whole, broken, proved, opened, and what is born of them."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from registry.domain import shape
from registry.ledger import canonical, ids, rows
from registry.ledger.commitment import Opening, commitment
from registry.ledger.keys import SUITE
from registry.ledger.rows import ROW_BYTES_MAX, RowTree

LOG = sha256(b"a log").digest()
NONCE = bytes(range(16))
AUTHOR = "account/aaaaaaaaaaaaaaaa"
OTHER = "account/bbbbbbbbbbbbbbbb"
BEARER = ids.bearer((SUITE, bytes(range(32))))
NAMES = ("甲", "乙", "丙")
GRAMS_MAX = 2**63 - 1


def vectors() -> dict[str, Any]:
    """What `rows.json` holds; grams are decimal strings."""
    openings = [
        Opening(field=f"0/0/rows/{row}", salt=sha256(name.encode()).digest(), value=name)
        for row, name in enumerate(NAMES)
    ]
    gifts = [_gift(AUTHOR, 5, 0), _gift(BEARER, 7, 5), _gift(OTHER, 1, 12)]
    shares = [
        canonical.encode([shape.SHARE_TAG, commitment(LOG, AUTHOR, NONCE, one), 2, 2 * row])
        for row, one in enumerate(openings)
    ]
    whole = [
        ("gift", gifts, 13),
        ("share", shares, 6),
        ("gift", [_gift(BEARER, GRAMS_MAX, 0)], GRAMS_MAX),
    ]
    act = {"log": LOG.hex(), "author": AUTHOR, "nonce": NONCE.hex()}
    return {
        "valid": [_valid(kind, made, total_g) for kind, made, total_g in whole],
        "broken": _broken(shares[0]),
        "openings": [
            {
                **act,
                "field": one.field,
                "salt": one.salt.hex(),
                "value": one.value,
                "row": row.hex(),
            }
            for one, row in zip(openings, shares, strict=True)
        ],
        "ids": [
            {**act, "part": part, "row": row, "id": ids.row_id(LOG, AUTHOR, NONCE, part, row)}
            for part in (0, 1)
            for row in (0, 1, rows.ROWS_MAX - 1)
        ],
    }


def _gift(taker: str, amount_g: int, before_g: int) -> bytes:
    return canonical.encode([shape.GIFT_TAG, taker, amount_g, before_g])


def _summary(made: Sequence[bytes], total_g: int) -> dict[str, Any]:
    root = RowTree(made).root().hex()
    return {
        "bytes": sum(map(len, made)),
        "count": len(made),
        "root": root,
        "total_g": str(total_g),
    }


def _valid(kind: str, made: Sequence[bytes], total_g: int) -> dict[str, Any]:
    tree = RowTree(made)
    return {
        "kind": kind,
        "rows": [row.hex() for row in made],
        "summary": _summary(made, total_g),
        "paths": [b"".join(tree.path(row)).hex() for row in range(len(made))],
    }


def _broken(share: bytes) -> list[dict[str, Any]]:
    """Rows of gifts beside a summary; signed ones, unless others are at hand."""
    one, two = _gift(BEARER, 1, 0), _gift(OTHER, 1, 1)
    short = len(_gift("", 1, 0))
    long = _gift("b" * (ROW_BYTES_MAX - short), 1, 0)
    assert len(long) == ROW_BYTES_MAX + 1
    odd = canonical.encode([shape.GIFT_TAG, BEARER, True, 0])
    told = [
        ("a row is missing", [one, two], 2, [one], "rows_missing"),
        ("a row too many", [one], 1, [one, two], "wrong_rows"),
        ("in another order", [one, two], 2, [two, one], "wrong_rows"),
        ("another row of the same length", [one], 1, [_gift(BEARER, 2, 0)], "wrong_rows"),
        ("a total that is not the sum", [one, two], 3, None, "wrong_rows"),
        ("257 bytes", [long], 1, None, "too_long"),
        ("an integer in a longer form", [one[:-1] + b"\xcc\x00"], 1, None, "not_canonical"),
        ("something after the row", [one + b"\xc0"], 1, None, "not_canonical"),
        ("cut short", [one[:-1]], 1, None, "not_canonical"),
        ("a row of another kind", [share], 2, None, "malformed"),
        ("true in place of a gram", [odd], 1, None, "malformed"),
        ("no gram", [_gift(BEARER, 0, 0)], 1, None, "malformed"),
        ("grams before the first row", [_gift(BEARER, 1, 1)], 1, None, "malformed"),
        ("a gap", [one, _gift(OTHER, 1, 2)], 2, None, "malformed"),
        ("an overlap", [one, _gift(OTHER, 1, 0)], 2, None, "malformed"),
        ("a taker that is no holder", [_gift("registry", 1, 0)], 1, None, "malformed"),
    ]
    return [
        {
            "name": name,
            "rows": [row.hex() for row in (made if at_hand is None else at_hand)],
            "summary": _summary(made, total_g),
            "code": code,
        }
        for name, made, total_g, at_hand, code in told
    ]
