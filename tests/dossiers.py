"""Dossiers of a `World`, made as they are for a registry; and what a dishonest operator makes of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from registry.ledger import dossier, tree
from registry.ledger.dossier import Dossier
from registry.ledger.note import Checkpoint, read_checkpoint, split_note
from registry.store.dossiers import gather, written
from registry.store.log import Moment, Placed, placed_of
from tests.world import World, signed_note, subtrees


class _Entries:
    """What a `Moment` says of the entries of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.node = subtrees(world.entries)

    def indexes(self, stream: str, after: int = 0) -> list[int]:
        return [made.index for made in self._world.additions if stream in made.streams][after:]

    def all_placed(self, indexes: Sequence[int]) -> list[Placed]:
        return [placed_of(self._world.additions[index]) for index in indexes]


def dossier_of(world: World, number: str, row: int | None = None) -> bytes:
    """The dossier of the certificate `number`, or of a row of it, with the openings of the entry that began it."""
    number = number.removeprefix("certificate/")
    moment = cast(Moment, _Entries(world))
    gathered = gather(moment, number, len(world.entries))
    first = world.state(f"certificate/{number}").issued
    asked = world.additions[first].intent
    shown = [
        (first, opening)
        for _, opening in world.openings(first)
        if asked.parts[int(opening.field.partition("/")[0])].stream == f"certificate/{number}"
        and ("/rows/" not in opening.field or opening.field.endswith(f"/rows/{row}"))
    ]
    return written(gathered, number, world.note(), shown, row=row)


def altered(world: World, data: bytes, change: Callable[[Dossier], dict[str, Any]]) -> bytes:
    """The dossier with what `change` says, under a root that follows from it and that the log's key has signed."""
    found = dossier.decode(data)
    changed = replace(found, **change(found))
    size = _checkpoint(found).size
    leaves = {index: tree.leaf_hash(entry) for index, entry in changed.entries}
    leaves |= dict(changed.meant)
    root = tree.root_from_hashes(sorted(leaves.items()), size, changed.hashes)
    note = signed_note(replace(_checkpoint(found), root=root), world.people["log"])
    return dossier.encode(replace(changed, note=note))


def without(index: int) -> Callable[[Dossier], dict[str, Any]]:
    """Entry `index` left out, and its leaf hash in its place: the root is the same."""

    def change(found: Dossier) -> dict[str, Any]:
        entries = dict(found.entries)
        leaf = tree.leaf_hash(entries.pop(index))
        meant = sorted([*found.meant, (index, leaf)])
        rows = tuple(row for row in found.rows if row[0] != index)
        openings = tuple(item for item in found.openings if item[0] != index)
        return {
            "entries": tuple(sorted(entries.items())),
            "meant": tuple(meant),
            "rows": rows,
            "openings": openings,
        }

    return change


def _checkpoint(found: Dossier) -> Checkpoint:
    return read_checkpoint(split_note(found.note)[0])
