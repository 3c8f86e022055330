"""Making the proofs that the verifier checks; public material only, no private key needed."""

from registry.domain import certificate, kinds, shape
from registry.errors import RefusedError
from registry.ledger import proof, tree
from registry.ledger.commitment import Opening
from registry.ledger.note import read_checkpoint, split_note
from registry.ledger.proof import Leaf, Proof
from registry.store.log import Log, Moment, Placed
from registry.store.openings import Openings

LOG_STREAM = "registry"


def certificate_proof(log: Log, openings: Openings, number: str, *, private: bool = False) -> bytes:
    """The compact proof of certificate `number`, a file's bytes.

    The names behind it are shown if the certificate is public, or if `private` says that the file is for those whom
    they concern.

    Raises:
        RefusedError: `no_certificate`; `head_not_signed` if a crash left the head without its signature.
    """
    with log.recorder.reading() as cursor:
        moment = Moment(cursor)
        note = moment.head().checkpoint
        indexes = moment.indexes(f"certificate/{number}")
        if not indexes:
            raise RefusedError("no_certificate", number=number)
        if note is None or read_checkpoint(split_note(note)[0]).size <= indexes[-1]:
            raise RefusedError("head_not_signed", directory=str(log.place))
        placed = [moment.placed(index) for index in indexes]
        random = moment.placed(0).entry.intent.parts[0].events[0][1]["random"]
        size = read_checkpoint(split_note(note)[0]).size
        leaves = [_leaf(moment, item, size) for item in placed]
        rotations = [
            _leaf(moment, moment.placed(index), size)
            for index, _ in moment.stream(LOG_STREAM).state.log_keys
            if 0 < index < size
        ]
    shown = _openings(placed[0], openings, private=private)
    first, *later = leaves
    return proof.encode(
        Proof(
            random=random,
            note=note,
            leaf=first,
            later=tuple(later),
            rotations=tuple(rotations),
            openings=tuple((0, opening) for opening in shown),
        )
    )


def _leaf(moment: Moment, placed: Placed, size: int) -> Leaf:
    path = tree.inclusion_path(placed.index, size, moment.node)
    return Leaf(index=placed.index, entry=placed.data, path=tuple(path))


def _openings(placed: Placed, openings: Openings, *, private: bool) -> list[Opening]:
    """The openings of the certificate's own commitments, in the order of its fields."""
    kind, body = placed.entry.intent.parts[-1].events[0]
    event = kinds.EVENTS[kind]
    assert event is certificate.Issued
    if not (body["public"] or private):
        return []
    names = shape.commitments(event)
    wanted = [body[name] for name in names if body[name] is not None]
    found = openings.find(wanted)
    return [found[one] for one in wanted if one in found]
