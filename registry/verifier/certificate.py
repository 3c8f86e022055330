"""Checking a compact proof: the certificate in a file, or why it is none. Needs the file and a pinned key.

What it shows: the log's key has signed a tree that holds this very retirement, signed by these very keys, once. What it
leaves open, and says: whether the rules held before it (an audit replays that), whether the keys belong to the accounts
(not traced), and whether something was said of the certificate after the checkpoint.

The order of checks is part of the format: docs/format.md, "Checking a compact proof".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain import certificate, forms
from registry.domain.act import ActPart
from registry.domain.batch import ORIGINS, Retired, RetirementImported, check_imported
from registry.domain.certificate import HomeCancelled
from registry.domain.form import Form
from registry.domain.ranges import RANGES_PER_ACT_MAX
from registry.domain.roles import LogKeyReplaced
from registry.domain.shape import period, serials
from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, StaleError, require
from registry.history import (
    INLINE_RANGES_MAX,
    SignedEntry,
    check_bearers,
    check_entry,
    check_keys,
    check_life,
    check_opening,
    read_parts,
)
from registry.ledger import canonical, ids, proof, tree
from registry.ledger import entry as entries
from registry.ledger.entry import NO_PREVIOUS
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

DEMONSTRATION_PREFIX = "demo."


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A certificate whose proof holds.

    `size` is the size of the signed tree: everything here is true as of that many entries. `awaiting` are the standards
    of which the home cancellation is not shown: while there are any, the certificate is valid and not final.
    """

    number: str
    origin: str
    size: int
    index: int
    at_us: int
    signers: tuple[str, ...]
    holder: str
    amount_g: int
    retired: tuple[tuple[str, Retired | RetirementImported, Mapping[str, Any]], ...]
    """The batch, what was retired of it, and the outcome."""
    statement: certificate.Issued
    custodial: bool
    recovered: bool
    """Whether the holder's key came by recovery: given by two officers, not added by a key that the holder had."""
    verdicts: tuple[tuple[str, str, str, str], ...]
    awaiting: tuple[str, ...]
    cancelled_at_home: tuple[HomeCancelled, ...]
    opened: Mapping[str, Any]
    """What the openings in the file show, by the field of the certificate."""
    log_keys: tuple[Key, ...]
    """The keys that signed for the log, oldest first, as far as they follow from entries in the file."""

    @property
    def is_final(self) -> bool:
        """Whether nothing is awaited from a home registry."""
        return not self.awaiting

    @property
    def is_attested(self) -> bool:
        """Whether it says what happened elsewhere, attested by those who signed, not proven."""
        return any(isinstance(retired, RetirementImported) for _, retired, _ in self.retired)

    @property
    def is_demonstration(self) -> bool:
        """Whether the log is for demonstration, and no certificate in it genuine."""
        return is_demonstration(self.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAct:
    """An entry, read as far as it can be without the states before it."""

    signed: SignedEntry
    form: Form
    parts: tuple[ActPart, ...]

    @property
    def stream(self) -> str:
        """The stream of the last part, which is the certificate's where there is one."""
        return self.parts[-1].stream


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
        BrokenHistoryError: the proof does not hold; the code says why, and the facts where.
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
        check_log(found, issue, key, verified.log_keys)
    except RefusedError as refusal:
        raise BrokenHistoryError(refusal.code, **{**refusal.facts, **where}) from refusal
    if verified.size < size_min:
        raise StaleError(
            "older_than_asked", size=verified.size, size_min=size_min, verified=verified
        )
    return verified


def signer_of(verified: Verified, pinned: VerifierKey) -> VerifierKey:
    """The key that signed the checkpoint: the one that was pinned, unless an entry in the file replaced it."""
    return _signer(verified.log_keys, pinned)


def _signer(log_keys: Sequence[Key], pinned: VerifierKey) -> VerifierKey:
    return VerifierKey(name=pinned.name, public=log_keys[-1][1]) if log_keys else pinned


def _verified(found: Proof, issue: ReadAct) -> Verified:
    """What the file shows, once everything in it agrees with the root that it names, whoever signed that."""
    text, _ = split_note(found.note)
    checkpoint = read_checkpoint(text)
    outcome = _check_outcomes(issue)
    shown = _read_later(found, issue, set(outcome["home"]))
    log_keys = read_rotations(found, issue)
    require(found.row is None, "unknown_kind", why="no kind of today gives certificates to rows")
    opened = _opened(found, issue)
    for leaf in (found.leaf, *found.later, *found.rotations):
        check_inclusion(leaf, checkpoint)
    entry = issue.signed.entry
    return Verified(
        number=issue.stream.partition("/")[2],
        origin=checkpoint.origin,
        size=checkpoint.size,
        index=found.leaf.index,
        at_us=entry.at_us,
        signers=tuple(signer.account for signer in entry.intent.signers),
        holder=outcome["holder"],
        amount_g=outcome["amount_g"],
        retired=tuple(_retirements(issue)),
        statement=_statement(issue),
        custodial=outcome["custodial"],
        recovered=outcome["recovered"],
        verdicts=tuple(tuple(verdict) for verdict in outcome["verdicts"]),
        awaiting=tuple(sorted(set(outcome["home"]) - {event.standard for event in shown})),
        cancelled_at_home=shown,
        opened=opened,
        log_keys=log_keys,
    )


def read_act(data: bytes) -> ReadAct:
    """The entry in `data`, once all holds that can be told from it alone: form, signatures, life, who signs, places.

    Raises:
        RefusedError: what does not hold.
    """
    signed = check_entry(data)
    entry, asked = signed.entry, signed.entry.intent
    check_life(asked, entry.at_us)
    parts, form = read_parts(asked)
    check_bearers(asked)
    signers = [signer.account for signer in asked.signers]
    expected = forms.signers_of(form, parts)
    fits = len(expected) == len(signers) and all(
        forms.may_sign(capacity, named, account)
        for (capacity, named), account in zip(expected, signers, strict=True)
    )
    named = [account for _, account in expected]
    require(fits, "wrong_signers", expected=named, signers=signers)
    consulted = [stream for stream, _ in entry.consulted]
    looked_at = forms.consults(parts, signers)
    require(consulted == looked_at, "wrong_consulted", recorded=consulted, expected=looked_at)
    for place in entry.places:
        first = place.position == 1
        require(first == (place.previous == NO_PREVIOUS), "wrong_previous")
    return ReadAct(signed=signed, form=form, parts=tuple(parts))


def _read_issue(data: bytes) -> ReadAct:
    """The entry as the one that issued a certificate, under its own number."""
    issue = read_act(data)
    issuing = isinstance(issue.parts[-1].events[0], certificate.Issued)
    require(issuing, "not_a_certificate", form=issue.form.name)
    expected = f"certificate/{issue.parts[-1].new_id()}"
    require(issue.stream == expected, "wrong_id", stream=issue.stream, expected=expected)
    first = issue.signed.entry.places[-1].position == 1
    require(first, "wrong_position", stream=issue.stream, expected=1)
    return issue


def read_rotations(found: Proof, issue: ReadAct) -> tuple[Key, ...]:
    """The keys of the log, oldest first, once each was named by an entry that the one before it signed.

    Raises:
        RefusedError: `unknown_form`, `wrong_log`, `gap_in_rotations`; what `read_act` says.
    """
    log_keys: list[Key] = []
    index, at_us = -1, 0
    for leaf in found.rotations:
        act = read_act(leaf.entry)
        asked, event = act.signed.entry.intent, act.parts[0].events[0]
        require(isinstance(event, LogKeyReplaced), "unknown_form", kind=event.kind)
        same = asked.log == issue.signed.entry.intent.log
        require(same, "wrong_log", log=asked.log.hex())
        check_keys(asked, act.parts)
        log_keys = log_keys or [asked.signers[0].key]
        follows = asked.signers[0].key == log_keys[-1] and event.key not in log_keys
        follows = follows and leaf.index > index and act.signed.entry.at_us >= at_us
        require(follows, "gap_in_rotations", rotation=leaf.index)
        log_keys.append(event.key)
        index, at_us = leaf.index, act.signed.entry.at_us
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
    open_checkpoint(found.note, _signer(log_keys, key))
    led_by = log_keys or (pinned,)
    led = pinned in led_by
    require(led, "bad_checkpoint_signature", why="nothing leads from the pinned key to the signer")
    expected = ids.log_id(key.name, led_by[0], found.random)
    meant = act.signed.entry.intent.log
    require(meant == expected, "wrong_log", log=meant.hex(), expected=expected.hex())


def _statement(issue: ReadAct) -> certificate.Issued:
    event: certificate.Issued = issue.parts[-1].events[0]
    return event


def _retirements(
    issue: ReadAct,
) -> list[tuple[str, Retired | RetirementImported, Mapping[str, Any]]]:
    """Batch, retirement and recorded outcome, of every retirement in the act."""
    found = []
    for part, place in zip(issue.parts, issue.signed.entry.places, strict=True):
        for event, outcome in zip(part.events, place.outcomes, strict=True):
            if isinstance(event, Retired | RetirementImported):
                found.append((part.stream, event, outcome))
    return found


def _check_outcomes(issue: ReadAct) -> Mapping[str, Any]:
    """The certificate's recorded outcome, once it is what follows from the act and from what was retired."""
    used = _retirements(issue)
    entry = issue.signed.entry
    for batch, retired, came in used:
        _check_retirement(retired, issue)
        try:
            _check_ranges(batch, retired, came)
        except RefusedError as refusal:
            raise RefusedError("wrong_outcome", **{**refusal.facts, "stream": batch}) from refusal
    recorded = entry.places[-1].outcomes[0]
    expected = certificate.outcome_of(
        _statement(issue),
        [(retired, came) for _, retired, came in used],
        at_us=entry.at_us,
        custodial=_flag(recorded, "custodial", issue),
        recovered=_flag(recorded, "recovered", issue),
    )
    same = canonical.encode(recorded) == canonical.encode(expected)
    require(same, "wrong_outcome", stream=issue.stream, expected=expected)
    return expected


def _flag(recorded: object, name: str, issue: ReadAct) -> bool:
    """What the outcome says of the holder's key, which does not follow from the act: true or false."""
    found = recorded.get(name) if isinstance(recorded, dict) else None
    require(isinstance(found, bool), "wrong_outcome", stream=issue.stream)
    return found is True


def _check_retirement(retired: Retired | RetirementImported, issue: ReadAct) -> None:
    """What the rules ask of a retirement by itself."""
    entry = issue.signed.entry
    if isinstance(retired, Retired):
        certificate.check_ground(_statement(issue), retired)
    else:
        check_imported(retired, nonce=entry.intent.nonce, at_us=entry.at_us)


def _check_ranges(batch: str, retired: Retired | RetirementImported, came: object) -> None:
    """A retirement's recorded outcome has its form, and its ranges are as many grams as it says."""
    shaped = isinstance(came, dict) and came.keys() == {"origin", "period", "ranges"}
    require(shaped, "wrong_outcome", stream=batch)
    assert isinstance(came, dict)
    require(came["origin"] in ORIGINS, "wrong_outcome", stream=batch)
    period(came["period"])
    ranges = came["ranges"]
    total_g = ranges_g(ranges)
    require(total_g == retired.amount_g, "wrong_outcome", stream=batch, amount_g=retired.amount_g)
    asked = retired.range is None or ranges == [list(retired.range)]
    require(asked, "wrong_outcome", stream=batch, range=retired.range)


def ranges_g(ranges: object) -> int:
    """The size of recorded ranges, in the entry or in rows beside it, once they are in form.

    Raises:
        RefusedError: `wrong_outcome`, `malformed`.
    """
    return _detached_g(ranges) if isinstance(ranges, dict) else _inline_g(ranges)


def _detached_g(ranges: Mapping[str, Any]) -> int:
    """The size of ranges that stand in rows beside the entry, as the entry sums them up."""
    shaped = ranges.keys() == {"bytes", "count", "root", "total_g"}
    require(shaped, "wrong_outcome", why="not a summary of rows")
    sized(ranges["root"], tree.HASH_BYTES, "root")
    natural(ranges["bytes"], "bytes")
    count = natural(ranges["count"], "count")
    many = INLINE_RANGES_MAX < count <= RANGES_PER_ACT_MAX
    require(many, "wrong_outcome", why="not as many rows as stand beside an entry")
    return natural(ranges["total_g"], "total_g")


def _inline_g(ranges: object) -> int:
    """The size of ranges that rise, apart from each other."""
    few = isinstance(ranges, list) and 0 < len(ranges) <= INLINE_RANGES_MAX
    require(few, "wrong_outcome", why="not as many serial ranges as stand in an entry")
    assert isinstance(ranges, list)
    total_g, above = 0, -1
    for item in ranges:
        start, end = serials(item)
        require(above < start, "wrong_outcome", why="serial ranges that do not rise")
        total_g, above = total_g + end - start, end
    return total_g


def _read_later(found: Proof, issue: ReadAct, awaited: set[str]) -> tuple[HomeCancelled, ...]:
    """What was said of the certificate since: its stream's further entries, none left out in between."""
    meant = (found.leaf.index, tree.leaf_hash(found.leaf.entry))
    before, previous = issue.signed.entry, meant[1]
    index, shown = found.leaf.index, []
    for position, leaf in enumerate(found.later, 2):
        act = read_act(leaf.entry)
        entry = act.signed.entry
        require(entry.intent.log == before.intent.log, "wrong_log", log=entry.intent.log.hex())
        place = entry.places[0]
        follows = act.stream == issue.stream and leaf.index > index and entry.at_us >= before.at_us
        follows = follows and (place.position, place.previous) == (position, previous)
        require(follows, "gap_in_certificate", stream=act.stream, position=place.position)
        event = act.parts[0].events[0]
        require(isinstance(event, HomeCancelled), "unknown_form", kind=event.kind)
        require(event.means == meant, "wrong_entry_meant", meant=event.means[0])
        require(event.standard in awaited, "not_awaited", standard=event.standard)
        certificate.check_cancelled(event, at_us=entry.at_us)
        awaited.discard(event.standard)
        shown.append(event)
        before, previous, index = entry, tree.leaf_hash(leaf.entry), leaf.index
    return tuple(shown)


def _opened(found: Proof, issue: ReadAct) -> dict[str, Any]:
    """What the openings show; of the first leaf by the field of the certificate."""
    shown = {}
    intents = [issue.signed.entry.intent]
    intents += [entries.decode(leaf.entry).intent for leaf in found.later]
    for number, opening in found.openings:
        require(number < len(intents), "wrong_opening", field=opening.field)
        check_opening(intents[number], opening)
        if number == 0:
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
