"""Beginning a registry: keys, two root officers, the first entry, the mark; whole or not at all.

Made in a folder inside the directory, and moved up as the last step. A crash leaves no registry, never half of one, and
what it leaves is cleared away, or finished, by the next beginning there.
"""

import secrets
import shutil
from base64 import b32encode
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from registry.acts.propose import Happening, Hidden, Proposal, propose
from registry.domain import shape
from registry.domain.roles import Registry
from registry.errors import RefusedError, require
from registry.ledger.intent import Signer
from registry.ledger.keys import Key
from registry.place import Place, Server
from registry.store.folder import alone_in, move_up, synchronise
from registry.store.keyring import FILE as KEYS_FILE
from registry.store.keyring import PASSPHRASE_FILE, Keyring
from registry.store.log import DATABASE, LOG_ACCOUNT, Log, Moment
from registry.store.mark import Seen
from registry.store.openings import FILE as OPENINGS_FILE
from registry.store.openings import FileOpenings
from registry.store.operator import Beginning, Operator, home_of, mark_of
from registry.store.recorder import confirm
from registry.store.sqlite import SqliteRecorder

BEGINNING = ".beginning"
_INVENTED = "registry.invalid/"
_RANDOM_BYTES = 5
MOVED_FIRST = (KEYS_FILE, PASSPHRASE_FILE, OPENINGS_FILE)
"""What a beginning moves up before the database, besides what SQLite keeps beside each."""


def create(place: Place, *, origin: str | None = None) -> None:
    """Begin a registry at `place`. Durable on return.

    Args:
        place: a new directory; or a database without a log, and a new directory of its own.
        origin: the log's name; None to have one invented.

    Raises:
        RefusedError: `directory_in_use`, also while another one begins here, and for a server where a log has begun;
            `malformed` for an origin that is none; what `migrations.migrate` says.
    """
    home = home_of(place)
    made = not home.exists()
    require(made or home.is_dir(), "directory_in_use", directory=str(home))
    if origin is not None:
        shape.origin(origin)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone_in(home):
        try:
            left = _abandoned(home)
            in_use = any(file for file in home.iterdir() if file not in left)
            require(not in_use, "directory_in_use", directory=str(home))
            if isinstance(place, Server):
                _create_on_server(place, home, origin)
            else:
                _create_in(home, left, origin)
        except BaseException:
            # While nobody else can begin here: who came first may have nothing in it yet.
            if made and not any(home.iterdir()):
                home.rmdir()
            raise


def _create_in(directory: Path, left: Sequence[Path], origin: str | None) -> None:
    """The database is the last to be moved: until then there is no registry."""
    beginning = directory / BEGINNING
    try:
        _clear(left)
        beginning.mkdir(mode=0o700)
        (beginning / DATABASE).touch(mode=0o600)
        recorder = SqliteRecorder(str(beginning / DATABASE))
        recorder.create_table()
        recorder.close()
        FileOpenings.create(beginning)
        _begin(beginning, origin)
        move_up(beginning, last=DATABASE)
    except BaseException:
        _clear(sorted(directory.iterdir(), key=lambda file: file.name == BEGINNING))
        raise


def _create_on_server(server: Server, home: Path, origin: str | None) -> None:
    """The first entry is on the server before the keys are moved up; whoever begins again finds that and goes on."""
    from registry.store.migrations import migrate  # noqa: PLC0415  # only who has a server has its driver

    migrate(server)
    beginning = home / BEGINNING
    inside = replace(server, state=beginning)
    if not _was_recorded(inside, origin):
        _clear([beginning])
        beginning.mkdir(mode=0o700)
        try:
            _begin(inside, origin)
        except RefusedError as refusal:
            # Judged under the lock of the head: these keys have begun nothing.
            _clear([beginning])
            if _has_begun(inside):
                raise RefusedError("directory_in_use", directory=str(server)) from refusal
            raise
    _copy_up(beginning)


def _was_recorded(inside: Server, origin: str | None) -> bool:
    """Whether the log on the server was begun by the keys that a beginning left here; then all it lacked is made good.

    Raises:
        RefusedError: `directory_in_use` if it was begun by others, or under another name than `origin`.
        UnavailableError: `locked_elsewhere` if a beginning is still on its way.
    """
    with closing(Log(inside, writes=True, begun=False)) as log:
        # The lock of the head: a commit that was sent, and of which nobody heard, has come to its end when we have it.
        with log.recorder.writing() as cursor:
            moment = Moment(cursor)
            head = moment.head()
            if head.size == 0:
                return False
            registry: Registry = moment.stream(LOG_ACCOUNT).state
            kept = (home_of(inside) / KEYS_FILE).exists()
            ours = kept and registry.log_key in Keyring(home_of(inside)).keys_of(LOG_ACCOUNT)
            ours = ours and head.size == 1 and origin in (None, registry.origin)
            require(ours, "directory_in_use", directory=str(inside))
            mark = mark_of(inside, moment.log_id() or b"")
            confirm(cursor)
        if not mark.file.exists():
            mark.write(Seen(size=head.size, root=head.root))
    Operator(inside).close()
    return True


def _has_begun(inside: Server) -> bool:
    with closing(Log(inside, writes=True, begun=False)) as log, log.recorder.reading() as cursor:
        return Moment(cursor).head().size > 0


def _copy_up(beginning: Path) -> None:
    """All of it is in the folder until all of it is in its place, so that it can be done again."""
    directory = beginning.parent
    for file in beginning.iterdir():
        target = directory / file.name
        target.unlink(missing_ok=True)
        target.touch(mode=0o600)
        shutil.copyfile(file, target)
        synchronise(target)
    synchronise(directory)
    shutil.rmtree(beginning)
    synchronise(directory)
    synchronise(directory.resolve().parent)


def _abandoned(directory: Path) -> list[Path]:
    """What a beginning that was killed left: what it had moved up, if not the database; and its folder, to go last.

    As long as the database is in the folder nobody was told of this registry; later nothing but the folder may go. With
    the database on a server, what is in the folder is there until all of it is in its place, too.
    """
    beginning = directory / BEGINNING
    if not (beginning / DATABASE).exists():
        twice = (directory / file.name for file in _inside(beginning))
        return [*twice, beginning]
    ours = (file for file in directory.iterdir() if file.name.partition("-")[0] in MOVED_FIRST)
    return [*ours, beginning]


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _clear(files: Iterable[Path]) -> None:
    for file in files:
        if file.is_dir():
            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink(missing_ok=True)


def _begin(place: Place, origin: str | None) -> None:
    """Make keys, and the first entry with them."""
    keyring = Keyring.create(home_of(place))
    own, *officer_keys = keyring.generate(3)
    keyring.assign({own: LOG_ACCOUNT})
    beginning = Beginning(
        origin=origin or _invented_origin(), key=own, random=secrets.token_bytes(32)
    )
    with closing(Operator(place, beginning=beginning)) as operator:
        operator.committer.begin(operator.sign(_genesis(operator, beginning, officer_keys)))


def _invented_origin() -> str:
    """A name for a log that nobody gave one; `.invalid` is reserved, so that it is nobody's."""
    return _INVENTED + b32encode(secrets.token_bytes(_RANDOM_BYTES)).decode("ascii").lower()


def _genesis(operator: Operator, beginning: Beginning, officer_keys: Sequence[Key]) -> Proposal:
    """The first act: two officers, whose keys are kept here until they bring their own."""
    bare = operator.setting(LOG_ACCOUNT)
    officers = [(bare.new("account", part), key) for part, key in enumerate(officer_keys, 1)]
    operator.keyring.assign({key: account for account, key in officers})
    signers = [Signer(account=account, key=key) for account, key in officers]
    setting = replace(bare, signers=(*bare.signers, *signers))
    created = {
        "origin": beginning.origin,
        "random": beginning.random,
        "log_key": beginning.key,
        "officers": sorted(officers),
    }
    parts: list[tuple[str, list[Happening]]] = [("registry", [("registry.created.v1", created)])]
    for number, (account, key) in enumerate(officers, 1):
        opened = {
            "legal_form": "person",
            "controller": account,
            "key": key,
            "custodial": True,
            "possession": operator.possession(account, key),
            "name": Hidden(value=f"登记官 {number} / officer {number}"),
        }
        parts.append((account, [("account.opened.v1", opened)]))
    return propose(setting, parts)
