"""What is handed out of one retirement for many: everybody's proof, and who has which; for the holder, who hands them
on.
"""

import csv
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from registry.acts.sheet import inert
from registry.desk import words
from registry.desk.opened import Opened
from registry.desk.retirements import Beneficiary
from registry.names import CERTIFICATE
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


def _own(file: Path, mode: str, **how: Any) -> IO[Any]:
    """`file`, made anew, that only its owner reads."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(opened, mode, **how)
