"""Making the proofs that the verifier checks; public material only, no private key needed."""

from collections.abc import Iterator

from registry.domain import certificate, kinds, shape
from registry.errors import RefusedError, require
from registry.ledger import proof, tree
from registry.ledger.commitment import Opening
from registry.ledger.proof import Leaf, Proof, Row
from registry.ledger.rows import RowTree
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
        indexes = moment.indexes(f"certificate/{number}")
        if not indexes:
            raise RefusedError("no_certificate", number=number)
        note, size = _signed(moment, indexes[-1], log)
        placed = [moment.placed(index) for index in indexes]
        random = _random(moment)
        leaves = [_leaf(moment, item, size) for item in placed]
        rotations = _rotations(moment, size)
    shown = _openings(placed[0], openings, private=private)
    first, *later = leaves
    return proof.encode(
        Proof(
            random=random,
            note=note,
            leaf=first,
            later=tuple(later),
            rotations=rotations,
            openings=tuple((0, opening) for opening in shown),
        )
    )


def row_proofs(log: Log, index: int, part: int, event: int) -> Iterator[bytes]:
    """The compact proof of each row that came with an event of entry `index`, in order: a file's bytes.

    Raises:
        RefusedError: `head_not_signed`; `unknown_kind` if the event has none.
    """
    with log.recorder.reading() as cursor:
        moment = Moment(cursor)
        note, size = _signed(moment, index, log)
        placed = moment.placed(index)
        random, leaf = _random(moment), _leaf(moment, placed, size)
        rotations = _rotations(moment, size)
    rows = placed.came_with().get((part, event), ())
    require(bool(rows), "unknown_kind", index=index, why="has no rows")
    tree_of_rows = RowTree(rows)
    for number, row in enumerate(rows):
        path = tuple(tree_of_rows.path(number))
        yield proof.encode(
            Proof(
                random=random,
                note=note,
                leaf=leaf,
                rotations=rotations,
                row=Row(part=part, event=event, row=row, number=number, path=path),
            )
        )


def _signed(moment: Moment, index: int, log: Log) -> tuple[bytes, int]:
    """The signed checkpoint and its size, once it covers entry `index`."""
    head = moment.head()
    if head.checkpoint is None or head.signed_size <= index:
        raise RefusedError("head_not_signed", directory=str(log.place))
    return head.checkpoint, head.signed_size


def _random(moment: Moment) -> bytes:
    """What the log's id was made of."""
    random: bytes = moment.placed(0).entry.intent.parts[0].events[0][1]["random"]
    return random


def _rotations(moment: Moment, size: int) -> tuple[Leaf, ...]:
    """The entries that replaced the log's key, oldest first."""
    return tuple(
        _leaf(moment, moment.placed(index), size)
        for index, _ in moment.stream(LOG_STREAM).state.log_keys
        if 0 < index < size
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
