"""Making the proofs that the verifier checks; public material only, no private key needed."""

from collections.abc import Iterator, Sequence
from typing import Any

from registry.domain import certificate, kinds, shape
from registry.errors import RefusedError, require
from registry.history import commitments
from registry.ledger import ids, proof, tree
from registry.ledger.commitment import Opening, field_name
from registry.ledger.proof import LATER_MAX, Leaf, Proof, Row
from registry.ledger.rows import RowTree
from registry.names import CERTIFICATE
from registry.store.log import Log, Moment, Placed
from registry.store.openings import Openings

LOG_STREAM = "registry"
STATING = (
    certificate.Issued,
    certificate.Shared,
    certificate.Reissued,
    certificate.Honoured,
    certificate.Concluded,
)
"""What says for what grams were retired or given, or what they came to."""


Share = tuple[str, int]
"""A row of a group: the group's number, and the row's."""


def certificate_proof(
    log: Log, openings: Openings, number: str, *, private: bool = False, share: Share | None = None
) -> bytes:
    """The compact proof of certificate `number`, a file's bytes.

    The names behind it are shown if the certificate is public, or if `private` says that the file is for those whom
    they concern.

    Args:
        log: the log.
        openings: what is kept of the names.
        number: the certificate's number.
        private: whether names are shown that are not public.
        share: the row that has this number, where it is of a group and nothing was said of it by itself.

    Raises:
        RefusedError: `no_certificate`; `head_not_signed` if a crash left the head without its signature;
            `too_many_later` if more was said of it than a compact proof has room for.
    """
    with log.recorder.reading() as cursor:
        moment = Moment(cursor)
        indexes, share = _chain(moment, number, share)
        # Rows of a group that were shown say nothing of the other rows: what a file has no room for may be left out.
        more = [moment.placed(index) for index in indexes[LATER_MAX + 1 :]]
        told = any(_says(item, number) for item in more)
        require(not told, "too_many_later", number=number, later=len(indexes) - 1, most=LATER_MAX)
        indexes = indexes[: LATER_MAX + 1]
        note, size = signed_head(moment, indexes[-1], log)
        placed = [moment.placed(index) for index in indexes]
        random = _random(moment)
        leaves = [_leaf(moment, item, size) for item in placed]
        rotations = _rotations(moment, size)
    row, names = _row(placed[0], share)
    shown = _openings(placed, names, openings, private=private)
    first, *later = leaves
    return proof.encode(
        Proof(
            random=random,
            note=note,
            leaf=first,
            later=tuple(later),
            rotations=rotations,
            row=row,
            openings=tuple(shown),
        )
    )


def _chain(moment: Moment, number: str, share: Share | None) -> tuple[list[int], Share | None]:
    """The entries that a certificate's proof holds, from the one that retired its grams on; and the row, if it is one.

    A number that stands in the place of another goes on where that ended, and a row with a stream of its own where
    it was shown out of its group.
    """
    own = moment.indexes(f"{CERTIFICATE}{number}")
    if not own:
        if share is None:
            raise RefusedError("no_certificate", number=number)
        return moment.indexes(f"{CERTIFICATE}{share[0]}"), share
    begun = moment.placed(own[0])
    kind, body = _first(begun, f"{CERTIFICATE}{number}")
    if kind == certificate.Reissued.kind:
        before, share = _chain(moment, body["replaces"].removeprefix(CERTIFICATE), share)
        return [*before, *own[1:]], share
    if kind == certificate.Adopted.kind:
        group = body["group"]
        before = [index for index in moment.indexes(group) if index <= own[0]]
        _, shown = _first(begun, group)
        return [*before, *own[1:]], (group.removeprefix(CERTIFICATE), shown["number"])
    return own, share


def _first(placed: Placed, stream: str) -> tuple[str, Any]:
    """What first happens in `stream` in an entry: kind and body."""
    (found,) = [part.events[0] for part in placed.entry.intent.parts if part.stream == stream]
    return found


def _says(placed: Placed, number: str) -> bool:
    """Whether an entry says something of the certificate `number`, or of all that its group is."""
    made = list(placed.happened())
    shows = any(isinstance(item.event, certificate.RowShown) for item in made)
    return not shows or any(item.stream == f"{CERTIFICATE}{number}" for item in made)


def share_proofs(log: Log, openings: Openings, group: str) -> Iterator[tuple[str, bytes]]:
    """The number and the compact proof of each certificate of a `group`, in order, with its names; for its holder.

    Raises:
        RefusedError: `no_certificate`; `head_not_signed`.
    """
    with log.recorder.reading() as cursor:
        moment = Moment(cursor)
        indexes = moment.indexes(f"{CERTIFICATE}{group}")
        if not indexes:
            raise RefusedError("no_certificate", number=group)
        note, size = signed_head(moment, indexes[0], log)
        placed = moment.placed(indexes[0])
        random, leaf = _random(moment), _leaf(moment, placed, size)
        rotations = _rotations(moment, size)
    asked = placed.entry.intent
    (part,) = [place for place, made in enumerate(asked.parts) if made.stream.endswith(group)]
    rows = placed.came_with()[part, 0]
    tree_of_rows = RowTree(rows)
    committed = dict(commitments(asked, placed.came_with()))
    found = openings.find(list(committed.values()))
    common = [
        found[one] for name, one in committed.items() if "/rows/" not in name and one in found
    ]
    for number, row in enumerate(rows):
        own = committed[field_name(part, 0, f"rows/{number}")]
        shown = [*common, *([found[own]] if own in found else [])]
        made = Proof(
            random=random,
            note=note,
            leaf=leaf,
            rotations=rotations,
            row=Row(
                part=part, event=0, row=row, number=number, path=tuple(tree_of_rows.path(number))
            ),
            openings=tuple((0, opening) for opening in shown),
        )
        yield ids.row_id(asked.log, asked.author, asked.nonce, part, number), proof.encode(made)


def row_of(log: Log, share: Share) -> Row:
    """The row of a group, with its path."""
    with log.recorder.reading() as cursor:
        moment = Moment(cursor)
        placed = moment.placed(moment.indexes(f"{CERTIFICATE}{share[0]}")[0])
    row, _ = _row(placed, share)
    assert row is not None
    return row


def row_proofs(log: Log, index: int, part: int, event: int) -> Iterator[bytes]:
    """The compact proof of each row that came with an event of entry `index`, in order: a file's bytes.

    Raises:
        RefusedError: `head_not_signed`; `unknown_kind` if the event has none.
    """
    with log.recorder.reading() as cursor:
        moment = Moment(cursor)
        note, size = signed_head(moment, index, log)
        placed = moment.placed(index)
        random, leaf = _random(moment), _leaf(moment, placed, size)
        rotations = _rotations(moment, size)
    rows = placed.came_with().get((part, event), ())
    require(bool(rows), "unknown_kind", index=index, why="no_rows")
    shown = Proof(random=random, note=note, leaf=leaf, rotations=rotations)
    paths = RowTree(rows).paths()
    yield from proof.encode_each(shown, part, event, zip(rows, paths, strict=True))


def signed_head(moment: Moment, index: int, log: Log) -> tuple[bytes, int]:
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


def _row(placed: Placed, share: Share | None) -> tuple[Row | None, str]:
    """The row of a group, with its path; and the field in which its name stands, or nothing."""
    if share is None:
        return None, ""
    group, number = f"{CERTIFICATE}{share[0]}", share[1]
    (part,) = [
        place for place, part in enumerate(placed.entry.intent.parts) if part.stream == group
    ]
    rows = placed.came_with()[part, 0]
    row = Row(
        part=part, event=0, row=rows[number], number=number, path=tuple(RowTree(rows).path(number))
    )
    return row, field_name(part, 0, f"rows/{number}")


def _openings(
    placed: Sequence[Placed], row_field: str, openings: Openings, *, private: bool
) -> list[tuple[int, Opening]]:
    """The openings of what is stated now, with the number of their leaf, in the order of its fields."""
    leaf, kind, body = _stated(placed)
    # What a donor is honoured for says not whether it is public; the board that shows it is.
    if not (body.get("public") or private):
        return []
    names = shape.commitments(kinds.EVENTS[kind])
    wanted = [body[name] for name in names if body[name] is not None]
    if row_field and leaf == 0:
        wanted.append(dict(commitments(placed[0].entry.intent, placed[0].came_with()))[row_field])
    found = openings.find(wanted)
    return [(leaf, found[one]) for one in wanted if one in found]


def _stated(placed: Sequence[Placed]) -> tuple[int, str, Any]:
    """The last of these entries that states for what grams were retired: its number, and the event's kind and body."""
    return [
        (leaf, kind, body)
        for leaf, item in enumerate(placed)
        for part in item.entry.intent.parts
        for kind, body in part.events
        if kinds.EVENTS[kind] in STATING
    ][-1]
