"""Checking a compact proof: the certificate in a file, or why it is none. Needs the file and a pinned key.

What it shows: the log's key has signed a tree that holds this very retirement, signed by these very keys, once. What it
leaves open, and says: whether the rules held before it (an audit replays that), whether the keys belong to the accounts
(not traced), and whether something was said of the certificate after the checkpoint.

The order of checks is part of the format: docs/format.md, "Checking a compact proof".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from registry.domain import certificate
from registry.domain.batch import ORIGINS, check_imported
from registry.domain.certificate import (
    IMPORTED,
    RETIREMENTS,
    Certificate,
    HomeCancelled,
    Issued,
    Reissued,
    Shared,
)
from registry.domain.ranges import RANGES_PER_ACT_MAX
from registry.domain.roles import LogKeyReplaced
from registry.domain.shape import period, serials
from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, StaleError, require
from registry.history import INLINE_RANGES_MAX, check_keys, check_openings, commitments
from registry.ledger import canonical, ids, proof, tree
from registry.ledger import entry as entries
from registry.ledger.commitment import field_name
from registry.ledger.intent import natural, sized
from registry.ledger.keys import SUITE, Key
from registry.ledger.note import (
    Checkpoint,
    VerifierKey,
    open_checkpoint,
    read_checkpoint,
    split_note,
)
from registry.ledger.proof import Leaf, Proof
from registry.names import CERTIFICATE, id_of
from registry.verifier import row
from registry.verifier.later import Life, Said, live
from registry.verifier.reading import ReadAct, read_act
from registry.verifier.row import ShownRow

DEMONSTRATION_PREFIX = "demo."


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A certificate whose proof holds.

    `size` is the size of the signed tree: everything here is true as of that many entries. `awaiting` are the standards
    of which the home cancellation is not shown: while there are any, the certificate is valid and not final.
    """

    number: str
    """The number under which the grams are counted, as far as the file shows."""
    origin: str
    size: int
    index: int
    at_us: int
    signers: tuple[str, ...]
    """Of the entry in which the grams were retired."""
    holder: str
    amount_g: int
    retired: tuple[tuple[str, Any, Mapping[str, Any]], ...]
    """The batch, what was retired of it, and the outcome; of a whole group, if it is about one row of it."""
    statement: Issued | Shared | Reissued
    custodial: bool
    recovered: bool
    """Whether the holder's key came by recovery: given by two officers, not added by a key that the holder had."""
    verdicts: tuple[tuple[str, str, str, str], ...]
    awaiting: tuple[str, ...]
    said: tuple[Said, ...]
    """What was said of it since, in order."""
    former: tuple[str, ...]
    """The numbers in the place of which this one stands, oldest first."""
    share: ShownRow | None
    """The row of a group that this is about."""
    own: tuple[tuple[str, int, tuple[tuple[int, int], ...] | None], ...]
    """Which grams it is of: batch, how many, and their serial numbers; None where the entry does not say them."""
    opened: Mapping[str, Any]
    """What the openings in the file show, by the field of the statement."""
    log_keys: tuple[Key, ...]
    """The keys that signed for the log, oldest first, as far as they follow from entries in the file."""

    @property
    def is_final(self) -> bool:
        """Whether nothing is awaited from a home registry."""
        return not self.awaiting

    @property
    def cancelled_at_home(self) -> tuple[HomeCancelled, ...]:
        """The home cancellations that are shown."""
        events = (said.event for said in self.said)
        return tuple(event for event in events if isinstance(event, HomeCancelled))

    @property
    def is_attested(self) -> bool:
        """Whether it says what happened elsewhere, attested by those who signed, not proven."""
        return any(retired.kind == IMPORTED for _, retired, _ in self.retired)

    @property
    def is_demonstration(self) -> bool:
        """Whether the log is for demonstration, and no certificate in it genuine."""
        return is_demonstration(self.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issue:
    """The act that issued a certificate, or a group of them, in its part `part`."""

    act: ReadAct
    part: int
    statement: Issued | Shared

    @property
    def stream(self) -> str:
        """The certificate's, or the group's."""
        return self.act.parts[self.part].stream


def is_demonstration(origin: str) -> bool:
    """Whether the name of a log says that it is for demonstration."""
    return origin.startswith(DEMONSTRATION_PREFIX)


def origin_of(data: bytes) -> str:
    """The name of the log that a proof file claims to be from, before anything is checked.

    Raises:
        BrokenHistoryError: what is no proof file.
    """
    try:
        text, _ = split_note(proof.decode(data).note)
        return read_checkpoint(text).origin
    except RefusedError as refusal:
        raise BrokenHistoryError(refusal.code, **refusal.facts) from refusal


def verify(data: bytes, key: VerifierKey | None, *, size_min: int = 0) -> Verified:
    """The certificate that the proof file `data` shows.

    Args:
        data: the file's bytes.
        key: the log's key, pinned by whoever asks; never taken from the file.
        size_min: the least size of a tree that is recent enough.

    Raises:
        BrokenHistoryError: the proof does not hold; the code says why, and the facts where. `annulled`: it holds, and
            shows that the certificate was annulled; the fact `verified` holds it.
        IncompleteError: `no_pinned_key`: everything else holds, which without a key says nothing.
        StaleError: `older_than_asked`: it holds, of a tree smaller than `size_min`; the fact `verified` holds it.
    """
    where: dict[str, object] = {}
    try:
        found = proof.decode(data)
        where["index"] = found.leaf.index
        issue = _read_issue(found.leaf.entry)
        where |= {"stream": issue.stream, "position": 1}
        verified = _verified(found, issue)
        if key is None:
            raise IncompleteError("no_pinned_key", origin=verified.origin)
        check_log(found, issue.act, key, verified.log_keys)
    except RefusedError as refusal:
        raise BrokenHistoryError(refusal.code, **{**refusal.facts, **where}) from refusal
    if verified.size < size_min:
        raise StaleError(
            "older_than_asked", size=verified.size, size_min=size_min, verified=verified
        )
    _check_stands(verified)
    return verified


def _check_stands(verified: Verified) -> None:
    """Return if the certificate was not annulled, as far as the file shows."""
    for said in verified.said:
        if isinstance(said.event, certificate.Annulment):
            raise BrokenHistoryError(
                "annulled", stream=said.stream, index=said.index, verified=verified
            )


def signer_of(verified: Verified, pinned: VerifierKey) -> VerifierKey:
    """The key that signed the checkpoint: the one that was pinned, unless an entry in the file replaced it."""
    return last_signer(verified.log_keys, pinned)


def last_signer(log_keys: Sequence[Key], pinned: VerifierKey) -> VerifierKey:
    """The last of the log's keys as far as they follow from a file; the one that was pinned, if none do."""
    return VerifierKey(name=pinned.name, public=log_keys[-1][1]) if log_keys else pinned


def _verified(found: Proof, issue: _Issue) -> Verified:
    """What the file shows, once everything in it agrees with the root that it names, whoever signed that."""
    text, _ = split_note(found.note)
    checkpoint = read_checkpoint(text)
    outcome = _check_outcomes(issue)
    share = _share(found, issue)
    life = live(found.later, _begun(found, issue, outcome), share)
    log_keys = read_rotations(found, issue.act)
    opened = _opened(found, issue, share, life)
    for leaf in (found.leaf, *found.later, *found.rotations):
        check_inclusion(leaf, checkpoint)
    entry = issue.act.signed.entry
    own_g = outcome["amount_g"] if share is None else share.amount_g
    return Verified(
        number=id_of(life.number),
        origin=checkpoint.origin,
        size=checkpoint.size,
        index=found.leaf.index,
        at_us=entry.at_us,
        signers=tuple(signer.account for signer in entry.intent.signers),
        holder=outcome["holder"],
        amount_g=own_g,
        retired=tuple(_retirements(issue)),
        statement=life.statement or issue.statement,
        custodial=outcome["custodial"],
        recovered=outcome["recovered"],
        verdicts=life.state.verdicts,
        awaiting=tuple(sorted(life.state.home)),
        said=life.said,
        former=tuple(id_of(number) for number in life.former),
        share=share,
        own=_own(_retirements(issue), share),
        opened=opened,
        log_keys=log_keys,
    )


def _begun(found: Proof, issue: _Issue, outcome: Mapping[str, Any]) -> Life:
    """The certificate as it was issued, which nothing was said of yet."""
    index, entry = found.leaf.index, issue.act.signed.entry
    blank = Certificate(name=issue.stream)
    state = certificate.evolve(blank, issue.statement, outcome, index)
    first, last = certificate.days_judged(_retirements(issue)[0][1], entry.at_us)
    leaf = tree.leaf_hash(found.leaf.entry)
    return Life(
        log=entry.intent.log,
        number=issue.stream,
        # What the state cannot know, the file shows: on which days the grams may have been retired.
        state=replace(state, retired=(first.isoformat(), last.isoformat())),
        statement=issue.statement,
        stated=(0, issue.part),
        meant=(index, leaf),
        position=1,
        index=index,
        at_us=entry.at_us,
        previous=leaf,
    )


def _share(found: Proof, issue: _Issue) -> ShownRow | None:
    """The row of a group that the file is about, if it is about one."""
    if found.row is None:
        return None
    shown = row.shown(found.row, issue.act.parts)
    own = shown.event is issue.statement
    require(own, "unknown_kind", kind=shown.event.kind, why="rows_no_certificates")
    return shown


def _own(
    used: Sequence[tuple[str, Any, Mapping[str, Any]]], share: ShownRow | None
) -> tuple[tuple[str, int, tuple[tuple[int, int], ...] | None], ...]:
    """Which of the grams retired are those of the certificate: all, or so many after those of the rows before it."""
    found, at_g = [], 0
    for batch, retired, came in used:
        first, end = 0, retired.amount_g
        if share is not None:
            first = max(0, share.before_g - at_g)
            end = min(end, share.before_g + share.amount_g - at_g)
        at_g += retired.amount_g
        if first < end:
            said = not isinstance(came["ranges"], Mapping)
            ranges = tuple(row.slice_of(came["ranges"], first, end - first)) if said else None
            found.append((batch, end - first, ranges))
    return tuple(found)


def _read_issue(data: bytes) -> _Issue:
    """The entry as the one that issued a certificate, or a group of them, under its own number."""
    act = read_act(data)
    stating = [
        (number, event)
        for number, part in enumerate(act.parts)
        for event in part.events
        if isinstance(event, Issued | Shared)
    ]
    require(len(stating) == 1, "not_a_certificate", form=act.form.name)
    number, event = stating[0]
    issue = _Issue(act=act, part=number, statement=event)
    expected = f"{CERTIFICATE}{act.parts[number].new_id()}"
    require(issue.stream == expected, "wrong_id", stream=issue.stream, expected=expected)
    first = act.signed.entry.places[number].position == 1
    require(first, "wrong_position", stream=issue.stream, expected=1)
    return issue


def read_rotations(found: Proof, act: ReadAct) -> tuple[Key, ...]:
    """The keys of the log, oldest first, once each was named by an entry that the one before it signed.

    Raises:
        RefusedError: `unknown_form`, `wrong_log`, `gap_in_rotations`; what `read_act` says.
    """
    log_keys: list[Key] = []
    index, at_us = -1, 0
    for leaf in found.rotations:
        rotation = read_act(leaf.entry)
        asked, event = rotation.signed.entry.intent, rotation.parts[0].events[0]
        require(isinstance(event, LogKeyReplaced), "unknown_form", kind=event.kind)
        same = asked.log == act.signed.entry.intent.log
        require(same, "wrong_log", log=asked.log.hex())
        check_keys(asked, rotation.parts)
        log_keys = log_keys or [asked.signers[0].key]
        follows = asked.signers[0].key == log_keys[-1] and event.key not in log_keys
        follows = follows and leaf.index > index and rotation.signed.entry.at_us >= at_us
        require(follows, "gap_in_rotations", rotation=leaf.index)
        log_keys.append(event.key)
        index, at_us = leaf.index, rotation.signed.entry.at_us
    return tuple(log_keys)


def check_log(found: Proof, act: ReadAct, key: VerifierKey, log_keys: Sequence[Key]) -> None:
    """Return if the log that was pinned signed the checkpoint, and what was signed was meant for that log.

    A log is pinned by any of the keys that it had: the first is in its id, each other was named by the one before it
    and showed possession for that id.

    Args:
        found: the proof.
        act: what its first leaf holds.
        key: the pinned key.
        log_keys: the log's keys as far as they follow from entries in the file.

    Raises:
        RefusedError: `wrong_origin`, `bad_checkpoint_signature`, `wrong_log`.
    """
    pinned = SUITE, key.public
    open_checkpoint(found.note, last_signer(log_keys, key))
    led_by = log_keys or (pinned,)
    led = pinned in led_by
    require(led, "bad_checkpoint_signature", why="nothing_leads_to_signer")
    expected = ids.log_id(key.name, led_by[0], found.random)
    meant = act.signed.entry.intent.log
    require(meant == expected, "wrong_log", log=meant.hex(), expected=expected.hex())


def _retirements(issue: _Issue) -> list[tuple[str, Any, Mapping[str, Any]]]:
    """Batch, retirement and recorded outcome, of every retirement in the act."""
    found = []
    for part, place in zip(issue.act.parts, issue.act.signed.entry.places, strict=True):
        for event, outcome in zip(part.events, place.outcomes, strict=True):
            if event.kind in RETIREMENTS:
                found.append((part.stream, event, outcome))
    return found


def _check_outcomes(issue: _Issue) -> Mapping[str, Any]:
    """The certificate's recorded outcome, once it is what follows from the act and from what was retired."""
    used = _retirements(issue)
    entry = issue.act.signed.entry
    for batch, retired, came in used:
        _check_retirement(retired, issue)
        try:
            _check_ranges(batch, retired, came)
        except RefusedError as refusal:
            raise RefusedError("wrong_outcome", **{**refusal.facts, "stream": batch}) from refusal
    recorded = entry.places[issue.part].outcomes[0]
    expected = certificate.outcome_of(
        issue.statement,
        [(retired, came) for _, retired, came in used],
        at_us=entry.at_us,
        custodial=_flag(recorded, "custodial", issue),
        recovered=_flag(recorded, "recovered", issue),
    )
    if isinstance(issue.statement, Shared):
        act = issue.act.as_act(index=0)
        expected = certificate.shared_out(issue.statement, expected, act)
    same = canonical.encode(recorded) == canonical.encode(expected)
    require(same, "wrong_outcome", stream=issue.stream, expected=expected)
    return expected


def _flag(recorded: object, name: str, issue: _Issue) -> bool:
    """What the outcome says of the holder's key, which does not follow from the act: true or false."""
    found = recorded.get(name) if isinstance(recorded, dict) else None
    require(isinstance(found, bool), "wrong_outcome", stream=issue.stream)
    return found is True


def _check_retirement(retired: Any, issue: _Issue) -> None:
    """What the rules ask of a retirement by itself."""
    entry = issue.act.signed.entry
    if retired.kind == IMPORTED:
        check_imported(retired, nonce=entry.intent.nonce, at_us=entry.at_us)
    else:
        certificate.check_ground(issue.statement, retired)


def _check_ranges(batch: str, retired: Any, came: object) -> None:
    """A retirement's recorded outcome has its form, and its ranges are as many grams as it says."""
    shaped = isinstance(came, dict) and came.keys() == {"origin", "period", "ranges"}
    require(shaped, "wrong_outcome", stream=batch)
    assert isinstance(came, dict)
    require(came["origin"] in ORIGINS, "wrong_outcome", stream=batch)
    period(came["period"])
    ranges = came["ranges"]
    total_g = ranges_g(ranges)
    require(total_g == retired.amount_g, "wrong_outcome", stream=batch, amount_g=retired.amount_g)
    # Who retires what was given, or out of a lock, names no range.
    named = getattr(retired, "range", None)
    asked = named is None or ranges == [list(named)]
    require(asked, "wrong_outcome", stream=batch, range=named)


def ranges_g(ranges: object) -> int:
    """The size of recorded ranges, in the entry or in rows beside it, once they are in form.

    Raises:
        RefusedError: `wrong_outcome`, `malformed`.
    """
    return _detached_g(ranges) if isinstance(ranges, dict) else _inline_g(ranges)


def _detached_g(ranges: Mapping[str, Any]) -> int:
    """The size of ranges that stand in rows beside the entry, as the entry sums them up."""
    shaped = ranges.keys() == {"bytes", "count", "root", "total_g"}
    require(shaped, "wrong_outcome", why="row_summary_expected")
    sized(ranges["root"], tree.HASH_BYTES, "root")
    natural(ranges["bytes"], "bytes")
    count = natural(ranges["count"], "count")
    many = INLINE_RANGES_MAX < count <= RANGES_PER_ACT_MAX
    require(many, "wrong_outcome", why="rows_counted")
    return natural(ranges["total_g"], "total_g")


def _inline_g(ranges: object) -> int:
    """The size of ranges that rise, apart from each other."""
    few = isinstance(ranges, list) and 0 < len(ranges) <= INLINE_RANGES_MAX
    require(few, "wrong_outcome", why="ranges_counted")
    assert isinstance(ranges, list)
    total_g, above = 0, -1
    for item in ranges:
        start, end = serials(item)
        require(above < start, "wrong_outcome", why="ranges_not_rising")
        total_g, above = total_g + end - start, end
    return total_g


def _opened(found: Proof, issue: _Issue, share: ShownRow | None, life: Life) -> dict[str, Any]:
    """What the openings show; of what is stated now, and of the row, by the field of the statement."""
    shown = {}
    intents = [issue.act.signed.entry.intent]
    intents += [entries.decode(leaf.entry).intent for leaf in found.later]
    of_row = ""
    if share is not None and found.row is not None:
        of_row = field_name(found.row.part, found.row.event, f"rows/{found.row.number}")
    leaf, part = life.stated
    for number, opening in found.openings:
        require(number < len(intents), "wrong_opening", field=opening.field)
        committed = dict(commitments(intents[number]))
        if number == 0 and share is not None:
            committed[of_row] = share.whom
        check_openings(intents[number], [opening], committed)
        if (number, opening.field) == (0, of_row) and leaf == 0:
            shown["beneficiary"] = opening.value
        elif number == leaf and opening.field.startswith(f"{part}/"):
            shown[opening.field.rpartition("/")[2]] = opening.value
    return shown


def check_inclusion(leaf: Leaf, checkpoint: Checkpoint) -> None:
    """Return if the path of `leaf` leads to the root of `checkpoint`.

    Raises:
        RefusedError: `bad_path`, `not_included`.
    """
    hashed = tree.leaf_hash(leaf.entry)
    root = tree.root_from_path(hashed, leaf.index, checkpoint.size, leaf.path)
    require(root == checkpoint.root, "not_included", index=leaf.index, size=checkpoint.size)
