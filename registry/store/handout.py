"""What an organiser hands out to the guests of one list: claim codes, and a proof for everybody; a directory.

    LIST.txt        campaign and digest of the list, so that the directory serves no other
    codes.csv       no, name, grams, claim code: 0600; durable before anything is recorded, so that no code is lost
    proofs/NO.gift  each guest's own proof, which anybody can check offline; made again whenever it is asked for

A crash before `codes.csv` has its name leaves nothing that was ever given; after that, the same codes are used again.
"""

import csv
import errno
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from io import StringIO
from pathlib import Path

from nacl.bindings import crypto_sign_seed_keypair

from registry.acts import claim_codes
from registry.acts.guest_list import Guest
from registry.errors import RefusedError, UnavailableError, require
from registry.ledger.keys import SUITE, Key
from registry.store.folder import alone_in, synchronise

FOLDER = "handouts"
"""In a registry's home: what a server hands out, a directory for each list."""
LIST = "LIST.txt"
CODES = "codes.csv"
PROOFS = "proofs"
SUFFIX = ".gift"

_COLUMNS = ["no", "name", "grams", "code"]


def public_key(seed: bytes) -> Key:
    """The public key of an Ed25519 seed of 32 bytes."""
    public, _ = crypto_sign_seed_keypair(seed)
    return SUITE, public


def secrets_for(guests: Iterable[Guest]) -> dict[str, bytes]:
    """A fresh secret for every guest who has no account, by the guest's number."""
    return {
        guest.number: secrets.token_bytes(claim_codes.SECRET_BYTES)
        for guest in guests
        if guest.account is None
    }


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Hold `directory`, made if it was not there, against other runs: codes of two runs would replace each other.

    Nothing is left of one that was made in vain.

    Raises:
        UnavailableError: `locked_elsewhere` if another run holds it.
    """
    made = not directory.exists()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as held:
        try:
            held.enter_context(alone_in(directory))
        except RefusedError as other:
            raise UnavailableError("locked_elsewhere", file=str(directory)) from other
        try:
            yield
        finally:
            if made and not any(directory.iterdir()):
                directory.rmdir()


def forget(directory: Path) -> None:
    """Delete what is handed out, unless somebody is giving out of it.

    Raises:
        UnavailableError: `locked_elsewhere`: the same list was asked for again, and its codes may be in use.
    """
    # Of two who delete it, one finds nothing.
    with suppress(FileNotFoundError), alone(directory):
        shutil.rmtree(directory)


def forget_old(home: Path, before_s: float) -> None:
    """Delete what a server handed out at `home`, and nobody asked for again since that time, in seconds since 1970."""
    folder = home / FOLDER
    for directory in sorted(folder.iterdir()) if folder.is_dir() else ():
        # What cannot be deleted now is as old the next time.
        with suppress(OSError, UnavailableError):
            if directory.stat().st_mtime < before_s:
                forget(directory)


def begin(directory: Path, campaign: str, digest: bytes) -> None:
    """Make `directory`, which is held, the hand-out of one list, or find that it is already.

    Raises:
        RefusedError: `directory_in_use` by anything else.
    """
    told = f"{campaign}\n{digest.hex()}\n"
    mark = directory / LIST
    if mark.exists():
        same = mark.read_bytes() == told.encode()
        require(same, "directory_in_use", directory=str(directory))
        return
    require(not any(directory.iterdir()), "directory_in_use", directory=str(directory))
    write_whole(mark, told)


def keep_codes(directory: Path, guests: Sequence[Guest], secret_of: Mapping[str, bytes]) -> None:
    """Write the codes where only their owner can read them; once this returns, they survive a power cut."""
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    table.writerows(
        [
            guest.number,
            guest.name,
            guest.amount_g,
            claim_codes.spell(secret_of[guest.number]) if guest.number in secret_of else "",
        ]
        for guest in guests
    )
    # With a byte order mark, by which spreadsheets know UTF-8.
    write_whole(directory / CODES, "\ufeff" + text.getvalue())


def kept_codes(directory: Path) -> dict[str, bytes] | None:
    """The secrets in a hand-out, by the number of their guest; None if none were made yet.

    Raises:
        RefusedError: `bad_claim_code`, `bad_header`: the file was changed since.
    """
    file = directory / CODES
    if not file.exists():
        return None
    try:
        rows = list(csv.reader(StringIO(file.read_text("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error):
        rows = []
    found = ",".join(rows[0]) if rows else ""
    if found != ",".join(_COLUMNS) or any(len(row) != len(_COLUMNS) for row in rows):
        raise RefusedError("bad_header", found=found, expected=",".join(_COLUMNS))
    return {number: claim_codes.read(code) for number, _, _, code in rows[1:] if code}


def write_proofs(directory: Path, proofs: Iterable[tuple[Guest, bytes]]) -> int:
    """Write each guest's proof; how many there are. They can be made again, so nothing waits for the disk."""
    folder = directory / PROOFS
    folder.mkdir(exist_ok=True)
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    count = 0
    try:
        for guest, proof in proofs:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            file = os.open(f"{guest.number}{SUFFIX}", flags, 0o644, dir_fd=opened)
            try:
                written = os.write(file, proof)
                if written < len(proof):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), guest.number)
            finally:
                os.close(file)
            count += 1
    finally:
        os.close(opened)
    return count


def write_whole(file: Path, text: str) -> None:
    """Have `file` hold `text`, readable by its owner alone, whole or not at all, whatever happens."""
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)
    synchronise(file.parent)
    synchronise(file.parent.resolve().parent)
