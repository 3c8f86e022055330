"""Checking a dossier: the streams that a certificate comes from are replayed from the file, rule by rule.

What it shows, beyond a compact proof: the rules held in every entry of these streams, from their first one on, the keys
are those of the accounts, and the grams were there and were not used before. What it leaves open, and says: that the
log holds no further entry of these streams, which only who reads the whole log can know; and what an act did besides,
in streams that are not followed.

The order of checks is part of the format: docs/format.md, "Dossier".
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registry import history
from registry.domain import certificate, kinds
from registry.domain.certificate import Certificate
from registry.domain.roles import Registry
from registry.domain.timing import days_of
from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, StaleError, require
from registry.history import Addition, SignedEntry, Stream
from registry.ledger import dossier, ids, tree
from registry.ledger.dossier import Dossier
from registry.ledger.entry import Entry
from registry.ledger.keys import SUITE
from registry.ledger.note import (
    Checkpoint,
    VerifierKey,
    open_checkpoint,
    read_checkpoint,
    split_note,
)
from registry.ledger.reach import LOG, reach
from registry.ledger.rows import Beside, values
from registry.names import CERTIFICATE
from registry.verifier.certificate import is_demonstration

BENEFICIARY = "beneficiary"
"""What the opening of a row of a group shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedDossier:
    """A certificate whose streams were replayed, as of a log of `size` entries.

    `concerned` are these streams, each with how many of its entries there are; `entries` how many were judged in all.
    """

    number: str
    origin: str
    size: int
    index: int
    at_us: int
    signers: tuple[str, ...]
    amount_g: int
    row: int | None
    """Which row it is of the group that `certificate` is then."""
    certificate: Certificate
    retired: tuple[tuple[str, Any, Mapping[str, Any]], ...]
    """The batch, what was retired of it by the entry that began the certificate, and the outcome; of a whole group, if
    it is about one row of it."""
    concerned: tuple[tuple[str, int], ...]
    entries: int
    opened: Mapping[str, Any]
    """What the openings in the file show, by field."""
    signer: VerifierKey | None
    """The key that signed the checkpoint."""
    note: bytes

    @property
    def is_demonstration(self) -> bool:
        """Whether the log is for demonstration, and no certificate in it genuine."""
        return is_demonstration(self.origin)


@dataclass(slots=True, kw_only=True)
class _Excerpt:
    """A `history.View` of the streams that are followed, which grows by the entries that follow."""

    leaves: Mapping[int, bytes]
    log: bytes | None = None
    size: int = 0
    at_us: int = 0
    streams: dict[str, Stream] = field(default_factory=dict)
    nonces: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def stream(self, name: str) -> Stream:
        """The stream `name`; of length 0 where it was never touched."""
        return self.streams.get(name) or Stream(state=kinds.blank(name))

    def leaf(self, index: int) -> bytes:
        """The leaf hash of entry `index`.

        Raises:
            IncompleteError: `left_out` if it is not in the file.
        """
        if index not in self.leaves:
            raise IncompleteError("left_out", index=index)
        return self.leaves[index]

    def is_used(self, account: str, nonce: bytes, at_us: int) -> bool:
        """Whether an entry here, by `account` under `nonce`, may still be repeated at `at_us`."""
        return self.nonces.get((account, nonce), -1) >= at_us

    def take(self, addition: Addition) -> None:
        """Grow by `addition`, which was judged against this."""
        self.log = addition.intent.log
        self.at_us = addition.at_us
        self.streams.update(addition.streams)
        asked = addition.intent
        self.nonces[asked.author, asked.nonce] = asked.not_after_us


def origin_of(data: bytes) -> str:
    """The name of the log that a dossier claims to be from, before anything is checked.

    Raises:
        BrokenHistoryError: what is no dossier.
    """
    try:
        return _checkpoint(dossier.decode(data)).origin
    except RefusedError as refusal:
        raise BrokenHistoryError(refusal.code, **refusal.facts) from refusal


def verify_dossier(data: bytes, key: VerifierKey | None, *, size_min: int = 0) -> VerifiedDossier:
    """The certificate that the dossier `data` shows, once its streams were replayed.

    Args:
        data: the file's bytes.
        key: the log's key, pinned by whoever asks; never taken from the file.
        size_min: the least size of a tree that is recent enough.

    Raises:
        BrokenHistoryError: it does not hold; the code says why, and the facts where.
        IncompleteError: `left_out`, `rows_missing`: something is not in the file; `no_pinned_key`.
        StaleError: `older_than_asked`: it holds, of a tree smaller than `size_min`; the fact `verified` holds it.
    """
    try:
        found = dossier.decode(data)
        checkpoint = _checkpoint(found)
        leaves = _check_included(found, checkpoint)
        signed = _signed(found)
        concerned, excerpt = _replayed(found, signed, leaves)
        _check_days(signed)
        state: Certificate = excerpt.stream(f"{CERTIFICATE}{found.number}").state
        own = _own(found, signed, state)
        opened = _opened(found, signed, state)
        signer = _check_log(found, checkpoint, excerpt.stream(LOG).state, key)
    except RefusedError as refusal:
        raise BrokenHistoryError(refusal.code, **refusal.facts) from refusal
    verified = _verified(
        found, own, signed, excerpt, concerned=concerned, opened=opened, signer=signer
    )
    if key is None:
        raise IncompleteError("no_pinned_key", origin=verified.origin)
    if verified.size < size_min:
        raise StaleError(
            "older_than_asked", size=verified.size, size_min=size_min, verified=verified
        )
    return verified


def _checkpoint(found: Dossier) -> Checkpoint:
    text, _ = split_note(found.note)
    return read_checkpoint(text)


def _check_included(found: Dossier, checkpoint: Checkpoint) -> dict[int, bytes]:
    """The leaf hashes in the file, by index, once they lead to the root of `checkpoint`."""
    leaves = {index: tree.leaf_hash(data) for index, data in found.entries}
    for index, leaf in found.meant:
        require(index not in leaves, "malformed", field="meant", why="entry_is_here")
        leaves[index] = leaf
    root = tree.root_from_hashes(sorted(leaves.items()), checkpoint.size, found.hashes)
    require(root == checkpoint.root, "not_included", size=checkpoint.size)
    return leaves


def _signed(found: Dossier) -> dict[int, SignedEntry]:
    """The entries in the file, by index, with every signature in them checked."""
    signed = {}
    for index, data in found.entries:
        try:
            signed[index] = history.check_entry(data)
        except RefusedError as refusal:
            raise RefusedError(refusal.code, **{**refusal.facts, "index": index}) from refusal
    return signed


def _replayed(
    found: Dossier, signed: Mapping[int, SignedEntry], leaves: Mapping[int, bytes]
) -> tuple[frozenset[str], _Excerpt]:
    """The streams that are concerned, and all that are followed, once every entry was judged in its turn."""
    by_stream: dict[str, list[Entry]] = {}
    for made in signed.values():
        for part in made.entry.intent.parts:
            by_stream.setdefault(part.stream, []).append(made.entry)
    # However many are asked for: what is here is judged, and has to be all.
    concerned, followed = reach(
        found.number, lambda stream, after, _upto: by_stream.get(stream, [])[after:]
    )
    beside = _beside(found, signed)
    excerpt = _Excerpt(leaves=leaves)
    idle = []
    for index, made in signed.items():
        apart = {part.stream for part in made.entry.intent.parts} - followed
        if len(apart) == len(made.entry.intent.parts):
            idle.append(index)
            continue
        _check_whole(index, made.entry, excerpt, apart)
        excerpt.size = index
        excerpt.take(history.follow(excerpt, made, beside.get(index, {}), apart))
    begun = excerpt.stream(f"{CERTIFICATE}{found.number}").length > 0
    require(begun, "not_a_certificate", number=found.number)
    # Last: what is left out would tell why they are here.
    require(not idle, "malformed", field="entries", why="stream_not_followed", index=idle)
    return concerned, excerpt


def _beside(found: Dossier, signed: Mapping[int, SignedEntry]) -> dict[int, dict[Any, Any]]:
    """The rows in the file, by entry, then by part and event."""
    beside: dict[int, dict[Any, Any]] = {}
    for index, part, event, rows in found.rows:
        require(index in signed, "malformed", field="rows", why="entry_missing")
        beside.setdefault(index, {})[part, event] = rows
    return beside


def _check_whole(index: int, entry: Entry, excerpt: _Excerpt, apart: Collection[str]) -> None:
    """Nothing that entry `index` needs is left out: of no stream that it touches or consults an entry before it.

    Raises:
        IncompleteError: `left_out`.
    """
    touches = [
        (part.stream, place.position - 1)
        for part, place in zip(entry.intent.parts, entry.places, strict=True)
        if part.stream not in apart
    ]
    for stream, length in (*touches, *entry.consulted):
        has = excerpt.stream(stream).length
        if has < length:
            raise IncompleteError("left_out", stream=stream, position=has + 1, index=index)


def _check_days(signed: Mapping[int, SignedEntry]) -> None:
    """Return if what stands in a certificate's place states the days of its retirement: no state, but its entry knows.

    Raises:
        RefusedError: `wrong_dates`.
    """
    for index, made in signed.items():
        (_, old), *others = [
            (kind, body) for part in made.entry.intent.parts for kind, body in part.events
        ]
        for kind, body in others:
            began = signed.get(old["means"][0]) if kind == certificate.Reissued.kind else None
            used = [] if began is None else _retirements(began.entry)
            if began is None or not used:
                # Reissued, or shown out of a group, before: the rules knew the days.
                continue
            days = certificate.days_judged(used[0][1], began.entry.at_us)
            same = days_of(body["retired"]) == days
            require(same, "wrong_dates", index=index, retired=body["retired"])


def _own(found: Dossier, signed: Mapping[int, SignedEntry], state: Certificate) -> tuple[str, int]:
    """Number and grams of what the dossier is about: the certificate, or one row of the group that it is.

    Raises:
        RefusedError: `not_a_certificate`: no such row, or one that has a stream of its own, where more may be said.
    """
    if found.row is None:
        return found.number, state.amount_g
    group = state.group
    is_one = group is not None and found.row < group.count
    require(is_one, "not_a_certificate", number=found.number, row=found.row)
    assert group is not None
    assert state.issued is not None
    shown = {
        body["number"]
        for made in signed.values()
        for part in made.entry.intent.parts
        for kind, body in part.events
        if part.stream == state.name and kind == certificate.RowShown.kind
    }
    apart = found.row not in shown
    require(apart, "not_a_certificate", row=found.row, why="stream_of_its_own")
    rows = _beside(found, signed)[state.issued][group.part, 0]
    _, _, amount_g, _ = values([rows[found.row]])[0]
    log = signed[state.issued].entry.intent.log
    return ids.row_id(log, group.author, group.nonce, group.part, found.row), amount_g


def _opened(
    found: Dossier, signed: Mapping[int, SignedEntry], state: Certificate
) -> dict[str, Any]:
    """What the openings show of the certificate, by name; of a row of a group also what the group states for all.

    Raises:
        RefusedError: `wrong_opening`: also of what is hidden elsewhere, which would pass for this certificate's.
    """
    assert state.issued is not None
    beside: Mapping[int, Beside] = _beside(found, signed)
    own = {state.name: f"rows/{found.row}", **_group_of(signed[state.issued].entry)}
    shown = {}
    for index, opening in found.openings:
        require(index in signed, "wrong_opening", field=opening.field)
        asked = signed[index].entry.intent
        history.check_opening(asked, opening, beside.get(index, {}))
        part, _, name = opening.field.split("/", 2)
        stream = asked.parts[int(part)].stream
        is_row = "/" in name
        fits = stream in own and (not is_row or name == own[stream])
        require(fits, "wrong_opening", field=opening.field, stream=stream)
        shown[BENEFICIARY if is_row else name] = opening.value
    return shown


def _group_of(begun: Entry) -> dict[str, str]:
    """Of a certificate that was a row of a group: the group, and in which field the row's commitment stands there."""
    kind, body = begun.intent.parts[-1].events[0]
    if kind != certificate.Adopted.kind:
        return {}
    _, shown = begun.intent.parts[0].events[0]
    return {body["group"]: f"rows/{shown['number']}"}


def _check_log(
    found: Dossier, checkpoint: Checkpoint, registry: Registry, key: VerifierKey | None
) -> VerifierKey | None:
    """The key that signed the checkpoint, once it is the log's at that size, and the log ever had the pinned one."""
    same = checkpoint.origin == registry.origin
    require(same, "wrong_origin", origin=checkpoint.origin, expected=registry.origin)
    if key is None:
        return None
    known = registry.was_log_key((SUITE, key.public))
    public = registry.log_key_at(checkpoint.size)[1] if known else key.public
    signer = VerifierKey(name=key.name, public=public)
    open_checkpoint(found.note, signer)
    require(known, "wrong_log", why="key_never_pinned")
    return signer


def _verified(
    found: Dossier,
    own: tuple[str, int],
    signed: Mapping[int, SignedEntry],
    excerpt: _Excerpt,
    *,
    concerned: frozenset[str],
    opened: Mapping[str, Any],
    signer: VerifierKey | None,
) -> VerifiedDossier:
    state: Certificate = excerpt.stream(f"{CERTIFICATE}{found.number}").state
    assert state.issued is not None
    first = signed[state.issued].entry
    checkpoint = _checkpoint(found)
    number, amount_g = own
    return VerifiedDossier(
        number=number,
        origin=checkpoint.origin,
        size=checkpoint.size,
        index=state.issued,
        at_us=first.at_us,
        signers=tuple(signer.account for signer in first.intent.signers),
        amount_g=amount_g,
        row=found.row,
        certificate=state,
        retired=tuple(_retirements(first)),
        concerned=tuple((name, excerpt.stream(name).length) for name in sorted(concerned)),
        entries=len(found.entries),
        opened=opened,
        signer=signer,
        note=found.note,
    )


def _retirements(entry: Entry) -> Sequence[tuple[str, Any, Mapping[str, Any]]]:
    """Batch, retirement and outcome, of every retirement in an entry that was judged."""
    return [
        (part.stream, kinds.read(part.stream, kind, body), outcome)
        for part, place in zip(entry.intent.parts, entry.places, strict=True)
        for (kind, body), outcome in zip(part.events, place.outcomes, strict=True)
        if kind in certificate.RETIREMENTS and outcome is not None
    ]
