"""`registry backup`, `restore` and `migrate`: copies of a registry, the way back, and the tables on a server."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.cli import exits
from registry.cli.voice import Voice, told
from registry.desk import words
from registry.errors import RegistryError
from registry.place import Place, Server

if TYPE_CHECKING:
    from registry.store.restore import Restored


def back_up(place: Place, folder: Path, *, public: bool, voice: Voice) -> None:
    """Copy the registry at `place` into `folder`.

    Raises:
        RefusedError, BrokenHistoryError, UnavailableError: what `store.backup` says.
    """
    from registry.store.backup import back_up as copied

    with voice.progress("backup.progress") as progress:
        made = copied(place, folder, public=public, progress=progress)
    if voice.is_json:
        voice.json({"folder": str(folder), "size": made.size, "root": made.root, "public": public})
        return
    voice.say("backup.done", folder=folder, size=made.size)
    voice.say("audit.root", root=made.root)
    voice.say("backup.public" if public else "backup.private", folder=folder)


def restore(typed: Place, place: Place, *, voice: Voice) -> int:
    """Bring the entries that the registry at `place` lacks from the copy at `typed`, open it as a writer does, and
    return the exit code: 0 once it can be written to.

    Raises:
        RefusedError, BrokenHistoryError, UnavailableError: nothing was brought.
    """
    from registry.store.restore import restore as brought
    from registry.verifier import database

    keys = typed if isinstance(typed, Path) and typed.is_dir() else None
    with database.reading(typed) as copy, voice.progress("restore.progress") as progress:
        restored = brought(copy, place, keys=keys, progress=progress)
    error = _opened(place)
    if voice.is_json:
        voice.json({**_restored_object(restored), **_error_object(error, voice)})
    else:
        _tell_restored(restored, voice)
        if error is None:
            voice.say("restore.ready", directory=words.typed(place))
        else:
            voice.say("restore.not_ready")
            voice.fail(error.code, voice.refusal(error), error.facts)
    return 0 if error is None else exits.of_error(error)


def _opened(place: Place) -> RegistryError | None:
    """What a writer says who opens the registry: it signs the head, and advances the mark; None if all is well."""
    from registry.store.operator import Operator

    try:
        Operator(place).close()
    except RegistryError as error:
        return error
    return None


def _restored_object(restored: "Restored") -> dict[str, Any]:
    return {
        "start": restored.start,
        "size": restored.size,
        "root": restored.root,
        "names": restored.names,
        "lost": restored.lost,
        "mark": restored.mark,
        "vkey": str(restored.key),
        "fingerprint": restored.key.fingerprint,
    }


def _error_object(error: RegistryError | None, voice: Voice) -> dict[str, Any]:
    if error is None:
        return {"error": None, "message": None, "facts": None}
    return {"error": error.code, "message": voice.refusal(error), "facts": told(error.facts)}


def _tell_restored(restored: "Restored", voice: Voice) -> None:
    count = restored.size - restored.start
    voice.say("restore.done", count=count, first=restored.start, last=restored.size - 1)
    voice.say("audit.root", root=restored.root)
    voice.say("restore.log", origin=restored.key.name)
    voice.say("key.fingerprint", fingerprint=restored.key.fingerprint)
    if restored.names or restored.lost:
        voice.say("restore.names", names=restored.names, lost=restored.lost)
    if restored.mark is not None and restored.mark > restored.size:
        voice.say("restore.behind", first=restored.size, last=restored.mark - 1)


def migrate(
    server: Server, *, role: str | None, reader: str | None, as_sql: bool, voice: Voice
) -> None:
    """Make the tables on `server`, or bring them to this version, for these roles; or print how.

    Raises:
        RefusedError, UnavailableError: what `store.migrations` says.
    """
    from registry.store import migrations

    wanted = ((role, migrations.SERVER_ROLE), (reader, migrations.READER_ROLE))
    roles = [(name, privileges) for name, privileges in wanted if name is not None]
    if as_sql:
        script = migrations.script(server, roles)
        if voice.is_json:
            voice.json({"server": str(server), "sql": script})
        else:
            voice.print(script)
        return
    before, after = migrations.migrate(server, roles)
    if voice.is_json:
        said = {"server": str(server), "before": before, "after": after}
        voice.json({**said, "role": role, "reader": reader})
        return
    voice.say("migrate.done" if before < after else "migrate.same", before=before, after=after)
    if role is not None:
        voice.say("migrate.role", role=role)
    if reader is not None:
        voice.say("migrate.reader", reader=reader)
