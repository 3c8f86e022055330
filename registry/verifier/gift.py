"""Checking a compact proof of one gift among many: the guest's own row, and no other guest's.

    row -> root in the signed body -> entry -> root of the log -> the log's signature, against a pinned key

What it shows: these keys have signed a gift of so many grams to this taker, and the log has committed to it. What it
leaves open: all that the proof of a certificate leaves open, and whether the gift was claimed, or went back, since.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from registry.domain import shape
from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, StaleError, require
from registry.ledger import proof, rows
from registry.ledger.keys import Key
from registry.ledger.note import VerifierKey, read_checkpoint, split_note
from registry.ledger.proof import Proof
from registry.names import CAMPAIGN
from registry.verifier import row
from registry.verifier.certificate import (
    check_inclusion,
    check_log,
    is_demonstration,
    ranges_g,
    read_rotations,
)
from registry.verifier.reading import ReadAct, read_act
from registry.verifier.row import ShownRow, slice_of


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedGift:
    """A gift whose proof holds, true as of `size` entries.

    `gift` says to whom, how much, and of which batch and event; `ranges` are the serial numbers of these grams, rising,
    None where the entry holds too many ranges to say them itself.
    """

    origin: str
    size: int
    index: int
    at_us: int
    signers: tuple[str, ...]
    gift: ShownRow
    ranges: tuple[tuple[int, int], ...] | None
    campaign: str | None
    log_keys: tuple[Key, ...]
    """The keys that signed for the log, oldest first, as far as they follow from entries in the file."""

    @property
    def giver(self) -> str:
        """Whose act it is."""
        return self.signers[0]

    @property
    def is_demonstration(self) -> bool:
        """Whether the log is for demonstration, and no gift in it genuine."""
        return is_demonstration(self.origin)


def is_gift(data: bytes) -> bool:
    """Whether a file is in form the proof of a row that gives; nothing is checked."""
    try:
        found = proof.decode(data)
        said = None if found.row is None else rows.row_says(found.row.row)
    except RefusedError:
        return False
    return isinstance(said, list) and said[:1] == [shape.GIFT_TAG]


def verify_gift(data: bytes, key: VerifierKey | None, *, size_min: int = 0) -> VerifiedGift:
    """The gift that the proof file `data` shows.

    Args:
        data: the file's bytes.
        key: the log's key, pinned by whoever asks; never taken from the file.
        size_min: the least size of a tree that is recent enough.

    Raises:
        BrokenHistoryError: the proof does not hold; the code says why, and the facts where. `unknown_kind`: it is of
            no row that gives.
        IncompleteError: `no_pinned_key`: everything else holds, which without a key says nothing.
        StaleError: `older_than_asked`: it holds, of a tree smaller than `size_min`; the fact `verified` holds it.
    """
    where: dict[str, object] = {}
    try:
        found = proof.decode(data)
        where["index"] = found.leaf.index
        act = read_act(found.leaf.entry)
        verified = _verified(found, act)
        where["stream"] = verified.gift.stream
        if key is None:
            raise IncompleteError("no_pinned_key", origin=verified.origin)
        check_log(found, act, key, verified.log_keys)
    except RefusedError as refusal:
        raise BrokenHistoryError(refusal.code, **{**refusal.facts, **where}) from refusal
    if verified.size < size_min:
        raise StaleError(
            "older_than_asked", size=verified.size, size_min=size_min, verified=verified
        )
    return verified


def _verified(found: Proof, act: ReadAct) -> VerifiedGift:
    """What the file shows, once everything in it agrees with the root that it names, whoever signed that."""
    require(found.row is not None, "unknown_kind", why="row_missing")
    assert found.row is not None
    shown = row.shown(found.row, act.parts)
    own = shape.rows_field(type(shown.event))
    giving = own is not None and own[1].tag == shape.GIFT_TAG
    require(giving, "unknown_kind", kind=shown.event.kind, why="rows_no_gifts")
    text, _ = split_note(found.note)
    checkpoint = read_checkpoint(text)
    entry = act.signed.entry
    outcome = entry.places[found.row.part].outcomes[found.row.event]
    ranges = _own_ranges(outcome, shown)
    # A gift has no stream of its own that could go on, and what it says is in the row.
    bare = not found.later and not found.openings
    require(bare, "unknown_form", why="gift_not_bare")
    log_keys = read_rotations(found, act)
    for leaf in (found.leaf, *found.rotations):
        check_inclusion(leaf, checkpoint)
    return VerifiedGift(
        origin=checkpoint.origin,
        size=checkpoint.size,
        index=found.leaf.index,
        at_us=entry.at_us,
        signers=tuple(signer.account for signer in entry.intent.signers),
        gift=shown,
        ranges=ranges,
        campaign=next(
            (part.stream for part in act.parts if part.stream.startswith(CAMPAIGN)), None
        ),
        log_keys=log_keys,
    )


def _own_ranges(outcome: object, shown: ShownRow) -> tuple[tuple[int, int], ...] | None:
    """Of the ranges that the gift took those that are this row's: as many grams, after those of the rows before."""
    told = isinstance(outcome, dict) and "ranges" in outcome
    require(told, "wrong_outcome", stream=shown.stream)
    assert isinstance(outcome, dict)
    ranges = outcome["ranges"]
    total_g = ranges_g(ranges)
    expected = shown.event.rows.total_g
    require(total_g == expected, "wrong_outcome", stream=shown.stream, amount_g=expected)
    if isinstance(ranges, Mapping):
        return None
    return tuple(slice_of(ranges, shown.before_g, shown.amount_g))
