"""The paths of all rows at once, and the files of their proofs, are those of each row by itself."""

import pytest

from registry.ledger import proof
from registry.ledger.commitment import Opening
from registry.ledger.proof import Leaf, Proof, Row
from registry.ledger.rows import RowTree

COUNTS = [*range(1, 70), 127, 128, 129, 1_000]


def rows_of(count):
    return [number.to_bytes(4, "big") for number in range(count)]


@pytest.mark.parametrize("count", COUNTS)
def test_all_paths_at_once_are_each_row_s_own(count):
    made = RowTree(rows_of(count))

    assert list(made.paths()) == [b"".join(made.path(number)) for number in range(count)]


@pytest.mark.parametrize(
    "openings", [(), ((0, Opening(field="0/0/x", salt=bytes(32), value="y")),)]
)
def test_files_made_together_are_those_made_one_by_one(openings):
    rows = rows_of(5)
    made = RowTree(rows)
    leaf = Leaf(index=7, entry=b"an entry", path=(bytes(32),))
    shown = Proof(random=bytes(32), note=b"a note", leaf=leaf, rotations=(leaf,), openings=openings)

    together = list(proof.encode_each(shown, 1, 2, zip(rows, made.paths(), strict=True)))

    assert [proof.decode(file) for file in together] == [
        Proof(
            random=shown.random,
            note=shown.note,
            leaf=leaf,
            rotations=(leaf,),
            openings=openings,
            row=Row(part=1, event=2, row=row, number=number, path=tuple(made.path(number))),
        )
        for number, row in enumerate(rows)
    ]
