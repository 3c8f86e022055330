"""`registry retire --for-many FILE`: one retirement for all who are listed in a file, and a proof file for each."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from registry.acts.sheet import inert
from registry.cli import happenings
from registry.cli.voice import Voice
from registry.desk import words
from registry.desk.desk import at_desk
from registry.desk.made import Made
from registry.desk.opened import Opened
from registry.desk.retirements import Beneficiary, RetireForMany
from registry.errors import UsageError
from registry.place import Place
from registry.store.proofs import share_proofs

HAND_OUT = "certificates.csv"
COLUMNS = ("name", "tonnes", "number", "file")


def retire(
    ask: RetireForMany, place: Place, *, output: Path | None, dry_run: bool, voice: Voice
) -> None:
    """Retire for all who are listed; write everybody's proof into `output`, if named, which is not there yet.

    Raises:
        UsageError: `directory_in_use`, `malformed`.
        RefusedError: what `RetireForMany.plans` and the rules say. Nothing was recorded.
    """
    if output is not None and output.exists():
        raise UsageError("directory_in_use", directory=str(output))
    with at_desk(place, dry_run=dry_run) as desk:
        made = desk.perform(ask.plans(desk))
        more = {} if output is None or dry_run else hand_out(made, ask.rows, output, desk.source)
        happenings.tell(made, desk.source, voice, **more)
        if more:
            voice.say("certificate.handed_out", count=len(ask.rows), directory=output)


def hand_out(
    made: Sequence[Made], listed: Sequence[Beneficiary], output: Path, source: Opened
) -> dict[str, object]:
    """Write everybody's proof, and who has which, into `output`; for the holder's eyes, who hands them on."""
    (group,) = [name for name in made[0].new if name.startswith("certificate/")]
    output.mkdir(mode=0o700, parents=True)
    rows = []
    proofs = share_proofs(source.log, source.log.openings, group.partition("/")[2])
    for row, (number, proof) in zip(listed, proofs, strict=True):
        file = f"{number}.proof"
        _write(output / file, proof)
        rows.append((inert(row.name), words.tonnes(row.amount), number, file))
    with os.fdopen(
        os.open(output / HAND_OUT, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600),
        "w",
        encoding="utf-8-sig",
        newline="",
    ) as sheet:
        csv.writer(sheet).writerows([COLUMNS, *rows])
    return {"directory": str(output), "proofs": len(rows)}


def _write(file: Path, data: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
        made.write(data)
