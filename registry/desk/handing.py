"""What is handed out of one retirement for many: everybody's proof, and who has which; for the holder, who hands them
on.
"""

import csv
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import IO, Any

from registry.acts.sheet import inert
from registry.desk import words
from registry.desk.opened import Opened
from registry.desk.retirements import Beneficiary
from registry.ledger import canonical
from registry.ledger.commitment import Opening
from registry.names import CERTIFICATE
from registry.store import handout
from registry.store.proofs import share_proofs

CERTIFICATES = "certificates.csv"
SUFFIX = ".proof"
TELL_PROOFS = 256
_COLUMNS = ("name", "tonnes", "number", "file")


def hand_out(
    group: str,
    listed: Sequence[Beneficiary],
    directory: Path,
    source: Opened,
    *,
    proofs: Path | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> int:
    """Write everybody's proof into `proofs`, and last who has which into `directory`; returns how many there are.

    Done again, it makes the same files.

    Args:
        group: the certificate of all of them.
        listed: for whom it is, in order.
        directory: made if it is not there, for its owner alone.
        source: the log.
        proofs: another directory for the proofs; None for the same.
        progress: told, from time to time, how many proofs are written.
    """
    folder = proofs or directory
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    rows = []
    made = share_proofs(source.log, source.log.openings, group.removeprefix(CERTIFICATE))
    for row, (number, proof) in zip(listed, made, strict=True):
        file = f"{number}{SUFFIX}"
        with _own(folder / file, "wb") as written:
            written.write(proof)
        rows.append((inert(row.name), words.tonnes(row.amount), number, file))
        if len(rows) % TELL_PROOFS == 0:
            progress(len(rows))
    part = directory / f"{CERTIFICATES}.part"
    with _own(part, "w", encoding="utf-8-sig", newline="") as sheet:
        csv.writer(sheet).writerows([_COLUMNS, *rows])
    part.replace(directory / CERTIFICATES)
    return len(rows)


def texts_of(openings: Iterable[Opening]) -> set[str]:
    """The texts that `openings` are of, or that are among what they are of."""
    values = [one.value for one in openings]
    each = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return {one for one in each if isinstance(one, str)}


def forget_names(home: Path, names: Collection[str], *, dry_run: bool) -> int:
    """Take `names` out of what a server hands out at `home`; returns in how many rows and proofs they stood.

    A row keeps its number and code. A proof that says a name goes: it can be asked for again.

    Raises:
        UnavailableError: `locked_elsewhere`: somebody is giving out of it.
    """
    folder = home / handout.FOLDER
    count = 0
    for directory in sorted(folder.iterdir()) if folder.is_dir() else ():
        with handout.alone(directory):
            for name in (handout.CODES, CERTIFICATES):
                count += _forget_rows(directory / name, {*names, *map(inert, names)}, dry_run)
            count += _forget_proofs(directory / handout.PROOFS, names, dry_run)
    return count


def _forget_rows(file: Path, names: Collection[str], dry_run: bool) -> int:
    if not file.exists():
        return 0
    text = file.read_bytes().decode("utf-8-sig")
    table = csv.DictReader(StringIO(text, newline=""))
    rows = list(table)
    named = [row for row in rows if row.get("name") in names]
    if named and not dry_run:
        for row in named:
            row["name"] = ""
        made = StringIO(newline="")
        ending = "\r\n" if "\r\n" in text else "\n"
        again = csv.DictWriter(made, table.fieldnames or (), lineterminator=ending)
        again.writeheader()
        again.writerows(rows)
        handout.write_whole(file, "\ufeff" + made.getvalue())
    return len(named)


def _forget_proofs(folder: Path, names: Collection[str], dry_run: bool) -> int:
    said = [canonical.encode(name) for name in names]
    found = [
        file
        for file in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if any(one in data for data in (file.read_bytes(),) for one in said)
    ]
    for file in () if dry_run else found:
        file.unlink()
    return len(found)


def _own(file: Path, mode: str, **how: Any) -> IO[Any]:
    """`file`, made anew, that only its owner reads."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(opened, mode, **how)
