"""What was said of a certificate after it was issued: further entries of its own stream, none left out in between.

    the stream of the certificate, or of its group
      -> of the row that the proof is about, once that is shown and has a stream of its own
      -> of the number that stands in its place, once it is replaced

Judged by the rules themselves, on the state that the file shows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from registry.domain import certificate
from registry.domain.act import Outcome
from registry.domain.certificate import (
    Certificate,
    HomeCancelled,
    Issued,
    Reissued,
    RowShown,
    Shared,
)
from registry.errors import RefusedError, require
from registry.ledger import canonical, ids, tree
from registry.ledger.proof import Leaf
from registry.names import CERTIFICATE
from registry.verifier.reading import ReadAct, read_act
from registry.verifier.row import ShownRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that was said of a certificate: in which entry and stream, when, and by whom."""

    index: int
    at_us: int
    signers: tuple[str, ...]
    stream: str
    event: certificate.Later


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A certificate as far as a file shows it: its number and state now, and where its stream stands.

    `stated` is where the statement stands that holds now: the number of the leaf, and the part. `meant` is the entry
    that began the stream, `previous` the leaf hash of its last.
    """

    log: bytes
    number: str
    state: Certificate
    statement: Issued | Shared | Reissued | None
    """What the grams were retired for; nothing, of what is no retirement."""
    stated: tuple[int, int]
    meant: tuple[int, bytes]
    position: int
    index: int
    at_us: int
    previous: bytes
    said: tuple[Said, ...] = ()
    former: tuple[str, ...] = ()


def live(later: Iterable[Leaf], begun: Life, share: ShownRow | None) -> Life:
    """What became of a certificate that had `begun`, by the entries `later`.

    Args:
        later: the entries, oldest first.
        begun: the certificate, or the group, as it was issued.
        share: the row that the proof is about; None where it is about the certificate, or the whole group.

    Raises:
        RefusedError: `wrong_log`, `gap_in_certificate`, `unknown_form`, `wrong_entry_meant`, `wrong_outcome`; what
            `read_act` and the rules of certificates say.
    """
    life = begun
    if share is not None:
        life = replace(life, number=_number(begun, share))
    for number, leaf in enumerate(later, 1):
        life = _after(life, number, leaf, share)
    return life


def _number(begun: Life, share: ShownRow) -> str:
    """The number of the row's certificate."""
    group = begun.state.group
    assert group is not None, "a share is of a group"
    own = ids.row_id(begun.log, group.author, group.nonce, group.part, share.number)
    return f"{CERTIFICATE}{own}"


def _after(life: Life, number: int, leaf: Leaf, share: ShownRow | None) -> Life:
    """`life` after one more entry."""
    read = read_act(leaf.entry)
    entry = read.signed.entry
    require(entry.intent.log == life.log, "wrong_log", log=entry.intent.log.hex())
    part = _follows(life, read, leaf)
    (event,) = read.parts[part].events
    require(isinstance(event, certificate.Later), "unknown_form", kind=event.kind)
    if not isinstance(event, RowShown):
        require(event.means == life.meant, "wrong_entry_meant", meant=event.means[0])
    outcome = certificate.judge(life.state, event, read.as_act(leaf.index))
    if not isinstance(event, HomeCancelled):
        _check_recorded(read, part, outcome)
    state = certificate.evolve(life.state, event, outcome, leaf.index)
    said = Said(
        index=leaf.index,
        at_us=entry.at_us,
        signers=tuple(signer.account for signer in entry.intent.signers),
        stream=life.state.name,
        event=event,
    )
    after = replace(
        life,
        state=state,
        position=life.position + 1,
        index=leaf.index,
        at_us=entry.at_us,
        previous=tree.leaf_hash(leaf.entry),
        said=(*life.said, said),
    )
    if outcome is None:
        return after
    if isinstance(event, certificate.Replacement):
        return _replaced(after, number, read, outcome, event.certificate)
    own = isinstance(event, RowShown) and share is not None and event.number == share.number
    return _adopted(after, read, outcome) if own else after


def _follows(life: Life, read: ReadAct, leaf: Leaf) -> int:
    """The part in which the entry goes on with the stream, once it is the next."""
    part, entry = read.part_of(life.state.name), read.signed.entry
    follows = part is not None and leaf.index > life.index and entry.at_us >= life.at_us
    if part is not None:
        place = entry.places[part]
        follows = follows and (place.position, place.previous) == (life.position + 1, life.previous)
    told = {"stream": life.state.name, "position": life.position + 1}
    require(follows, "gap_in_certificate", **told)
    assert part is not None
    return part


def _adopted(life: Life, read: ReadAct, came: Mapping[str, Any]) -> Life:
    """`life`, with which the row's own stream goes on."""
    stream = str(came["certificate"])
    return _begun(life, read, stream, _event(read, stream), certificate.adopted_as(came))


def _replaced(life: Life, number: int, read: ReadAct, came: Mapping[str, Any], stream: str) -> Life:
    """`life`, with which the stream of the number in its place goes on: what leaf `number` states holds now."""
    event = _event(read, stream)
    assert isinstance(event, Reissued), "the forms allow nothing else there"
    part = _part(read, stream)
    expected = f"{CERTIFICATE}{read.parts[part].new_id()}"
    require(stream == expected, "wrong_id", stream=stream, expected=expected)
    after = _begun(life, read, stream, event, certificate.reissued_as(event, came))
    former = (*life.former, life.number)
    return replace(after, statement=event, stated=(number, part), former=former)


def _begun(
    life: Life, read: ReadAct, stream: str, event: certificate.Event, outcome: Mapping[str, Any]
) -> Life:
    """`life` in `stream`, which `event` begins in the last entry that was read."""
    part = _part(read, stream)
    first = read.signed.entry.places[part].position == 1
    require(first, "wrong_position", stream=stream, expected=1)
    _check_recorded(read, part, outcome)
    return replace(
        life,
        number=stream,
        state=certificate.evolve(Certificate(name=stream), event, outcome, life.index),
        meant=(life.index, life.previous),
        position=1,
    )


def _part(read: ReadAct, stream: str) -> int:
    """The part that touches `stream`."""
    part = read.part_of(stream)
    if part is None:
        raise RefusedError("wrong_id", stream=stream)
    return part


def _event(read: ReadAct, stream: str) -> certificate.Event:
    """The event in `stream`, of which there is one wherever a certificate begins."""
    event: certificate.Event = read.parts[_part(read, stream)].events[0]
    return event


def _check_recorded(read: ReadAct, part: int, expected: Outcome) -> None:
    """The entry says what the rules say."""
    recorded = read.signed.entry.places[part].outcomes[0]
    same = canonical.encode(recorded) == canonical.encode(expected)
    require(same, "wrong_outcome", stream=read.parts[part].stream, expected=expected)
