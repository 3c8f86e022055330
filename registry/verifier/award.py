"""Checking a compact proof of what is no retirement: what an activity came to, or what a donor gave to an event.

    碳中和证书, 部分抵消     stands beside the confirmation of the activity
    荣誉证书                stands beside the acceptance of the donation

What it shows: these keys have signed that very confirmation or acceptance, and the log has committed to what came of
it. What it leaves open, besides what every proof leaves open: the retirements that offset the activity have proofs of
their own, and that they add up to what is recorded, an audit shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.domain import activity, certificate
from registry.domain.batch import Released
from registry.domain.certificate import Certificate, Concluded, Honoured
from registry.errors import BrokenHistoryError, IncompleteError, RefusedError, StaleError, require
from registry.history import check_openings, commitments
from registry.ledger import canonical, proof, tree
from registry.ledger import entry as entries
from registry.ledger.intent import natural
from registry.ledger.keys import Key
from registry.ledger.note import VerifierKey, read_checkpoint, split_note
from registry.ledger.proof import Proof
from registry.names import CERTIFICATE, id_of
from registry.verifier.certificate import (
    check_inclusion,
    check_log,
    is_demonstration,
    ranges_g,
    read_rotations,
)
from registry.verifier.later import Life, Said, live
from registry.verifier.reading import ReadAct, read_act

KINDS = frozenset({Concluded.kind, Honoured.kind})


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedAward:
    """A certificate of what is no retirement, whose proof holds, true as of `size` entries.

    `beside` is the confirmation of the activity, or the release of the donation, and `came` what came of that.
    """

    number: str
    origin: str
    size: int
    index: int
    at_us: int
    signers: tuple[str, ...]
    event: Concluded | Honoured
    beside: activity.Confirmed | Released
    stream: str
    """The activity, or the batch that the donation is of."""
    came: Mapping[str, Any]
    said: tuple[Said, ...]
    opened: Mapping[str, Any]
    log_keys: tuple[Key, ...]
    """The keys that signed for the log, oldest first, as far as they follow from entries in the file."""

    @property
    def is_demonstration(self) -> bool:
        """Whether the log is for demonstration, and no certificate in it genuine."""
        return is_demonstration(self.origin)


def is_award(data: bytes) -> bool:
    """Whether a file is in form the proof of what is no retirement; nothing is checked."""
    try:
        asked = entries.decode(proof.decode(data).leaf.entry).intent
    except RefusedError:
        return False
    return any(kind in KINDS for part in asked.parts for kind, _ in part.events)


def verify_award(data: bytes, key: VerifierKey | None, *, size_min: int = 0) -> VerifiedAward:
    """What the proof file `data` shows.

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
        act = read_act(found.leaf.entry)
        verified = _verified(found, act)
        if key is None:
            raise IncompleteError("no_pinned_key", origin=verified.origin)
        check_log(found, act, key, verified.log_keys)
    except RefusedError as refusal:
        raise BrokenHistoryError(refusal.code, **{**refusal.facts, **where}) from refusal
    if verified.size < size_min:
        raise StaleError(
            "older_than_asked", size=verified.size, size_min=size_min, verified=verified
        )
    for said in verified.said:
        if isinstance(said.event, certificate.Annulment):
            told = {"stream": said.stream, "index": said.index}
            raise BrokenHistoryError("annulled", **told, verified=verified)
    return verified


def _verified(found: Proof, act: ReadAct) -> VerifiedAward:
    """What the file shows, once everything in it agrees with the root that it names, whoever signed that."""
    event, part = _event(act)
    text, _ = split_note(found.note)
    checkpoint = read_checkpoint(text)
    beside, stream, came = _beside(act, part)
    require(found.row is None, "unknown_kind", why="no_rows")
    life = live(found.later, _begun(found, act, event, part), None)
    log_keys = read_rotations(found, act)
    opened = _opened(found, act)
    for leaf in (found.leaf, *found.later, *found.rotations):
        check_inclusion(leaf, checkpoint)
    entry = act.signed.entry
    return VerifiedAward(
        number=id_of(life.number),
        origin=checkpoint.origin,
        size=checkpoint.size,
        index=found.leaf.index,
        at_us=entry.at_us,
        signers=tuple(signer.account for signer in entry.intent.signers),
        event=event,
        beside=beside,
        stream=stream,
        came=came,
        said=life.said,
        opened=opened,
        log_keys=log_keys,
    )


def _event(act: ReadAct) -> tuple[Concluded | Honoured, int]:
    """What begins the certificate, under its own number, and its part."""
    found = [
        (event, number)
        for number, part in enumerate(act.parts)
        for event in part.events
        if isinstance(event, Concluded | Honoured)
    ]
    require(len(found) == 1, "not_a_certificate", form=act.form.name)
    event, number = found[0]
    stream, expected = act.parts[number].stream, f"{CERTIFICATE}{act.parts[number].new_id()}"
    require(stream == expected, "wrong_id", stream=stream, expected=expected)
    first = act.signed.entry.places[number].position == 1
    require(first, "wrong_position", stream=stream, expected=1)
    return event, number


def _beside(
    act: ReadAct, part: int
) -> tuple[activity.Confirmed | Released, str, Mapping[str, Any]]:
    """What the certificate stands beside, its stream, and what came of it; once the outcomes agree with each other."""
    places = act.signed.entry.places
    ((number, other),) = [
        (number, other)
        for number, made in enumerate(act.parts)
        for other in made.events
        if isinstance(other, activity.Confirmed | Released)
    ]
    stream, came = act.parts[number].stream, places[number].outcomes[0]
    require(isinstance(came, dict), "wrong_outcome", stream=stream)
    assert came is not None
    expected: Mapping[str, Any] | None = None
    if isinstance(other, activity.Confirmed):
        _check_concluded(stream, came)
        expected = certificate.concluded_as(other, came)
    else:
        total_g = ranges_g(came.get("ranges"))
        require(total_g == other.amount_g, "wrong_outcome", stream=stream, amount_g=other.amount_g)
    recorded = places[part].outcomes[0]
    same = canonical.encode(recorded) == canonical.encode(expected)
    require(same, "wrong_outcome", stream=act.parts[part].stream, expected=expected)
    return other, stream, came


def _check_concluded(stream: str, came: Mapping[str, Any]) -> None:
    """What was concluded follows from what was emitted and retired; whether measures were stated is as recorded."""
    emissions_g = natural(came.get("emissions_g"), "emissions_g")
    retired_g = natural(came.get("retired_g"), "retired_g")
    require(emissions_g > 0 and retired_g > 0, "wrong_outcome", stream=stream)
    possible = [
        activity.conclusion(emissions_g=emissions_g, retired_g=retired_g, measures=measures)
        for measures in (True, False)
    ]
    require(came in possible, "wrong_outcome", stream=stream, expected=possible[0])


def _begun(found: Proof, act: ReadAct, event: Concluded | Honoured, part: int) -> Life:
    """The certificate as it began, which nothing was said of yet."""
    entry, index = act.signed.entry, found.leaf.index
    stream, outcome = act.parts[part].stream, entry.places[part].outcomes[0]
    leaf = tree.leaf_hash(found.leaf.entry)
    return Life(
        log=entry.intent.log,
        number=stream,
        state=certificate.evolve(Certificate(name=stream), event, outcome, index),
        statement=None,
        stated=(0, part),
        meant=(index, leaf),
        position=1,
        index=index,
        at_us=entry.at_us,
        previous=leaf,
    )


def _opened(found: Proof, act: ReadAct) -> dict[str, Any]:
    """What the openings show, by the field of the certificate: nothing else in the act is committed to."""
    shown = {}
    asked = act.signed.entry.intent
    committed = dict(commitments(asked))
    for number, opening in found.openings:
        require(number == 0, "wrong_opening", field=opening.field)
        check_openings(asked, [opening], committed)
        shown[opening.field.rpartition("/")[2]] = opening.value
    return shown
