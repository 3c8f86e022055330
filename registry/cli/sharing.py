"""`registry retire --for-many FILE`: one retirement for all who are listed in a file, and a proof file for each."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

from registry.acts import certificates as acts
from registry.acts import share_list
from registry.acts.movements import Statement
from registry.acts.plan import seconded
from registry.acts.share_list import ShareList
from registry.acts.sheet import inert
from registry.cli import happenings
from registry.cli.voice import Voice
from registry.desk import movements, words
from registry.desk.desk import at_desk
from registry.desk.files import readable
from registry.desk.made import Made
from registry.desk.movements import Asked
from registry.desk.opened import Opened
from registry.errors import UsageError
from registry.place import Place
from registry.store.proofs import share_proofs

HAND_OUT = "certificates.csv"
COLUMNS = ("name", "tonnes", "number", "file")


def retire(
    typed: str,
    file: Path,
    asked: Asked,
    statement: Statement,
    place: Place,
    *,
    output: Path | None,
    dry_run: bool,
    voice: Voice,
) -> None:
    """Retire for all who are listed in `file`; write everybody's proof into the new directory `output`, if named.

    Args:
        typed: whose grams.
        file: the list.
        asked: of which kind, and out of which batch; the amount is that of the list.
        statement: what the retirement is for; the beneficiaries are those of the list.
        place: the registry.
        output: a directory that is not there yet.
        dry_run: whether nothing is recorded.
        voice: how it is said.

    Raises:
        UsageError: `no_file`, `malformed`, `directory_in_use`.
        RefusedError: what `share_list.read`, `movements.shares` and the rules say. Nothing was recorded.
    """
    if asked.amount:
        raise UsageError("malformed", field="AMOUNT", why="AMOUNT, --for-many")
    listed = share_list.read(readable(file, share_list.LIST_BYTES_MAX))
    if output is not None and output.exists():
        raise UsageError("directory_in_use", directory=str(output))
    with at_desk(place, dry_run=dry_run) as desk:
        holder = desk.account(typed)
        wanted = Asked(
            amount=f"{listed.total_g}g",
            standard=asked.standard,
            batch=asked.batch,
            serials=asked.serials,
        )
        plan = acts.retire_for_many(
            movements.shares(desk, holder, wanted),
            holder=holder,
            statement=statement,
            beneficiaries=listed.beneficiaries,
        )
        second = desk.second("retire", listed.total_g, holder)
        made = desk.perform([seconded(plan, holder, second)])
        more = {} if output is None or dry_run else hand_out(made, listed, output, desk.source)
        happenings.tell(made, desk.source, voice, **more)
        if more:
            voice.say("certificate.handed_out", count=len(listed.beneficiaries), directory=output)


def hand_out(
    made: Sequence[Made], listed: ShareList, output: Path, source: Opened
) -> dict[str, object]:
    """Write everybody's proof, and who has which, into `output`; for the holder's eyes, who hands them on."""
    (group,) = [name for name in made[0].new if name.startswith("certificate/")]
    output.mkdir(mode=0o700, parents=True)
    rows = []
    proofs = share_proofs(source.log, source.log.openings, group.partition("/")[2])
    for (name, amount_g), (number, proof) in zip(listed.beneficiaries, proofs, strict=True):
        file = f"{number}.proof"
        _write(output / file, proof)
        rows.append((inert(name), words.tonnes(amount_g), number, file))
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
