"""`registry status`: whether a registry is well, at one look, changing nothing; for people, programs and Prometheus."""

from typing import Any

import typer

from registry.cli import exits
from registry.cli.voice import Voice, is_demonstration, plain, told
from registry.errors import RegistryError, UsageError
from registry.place import Place
from registry.store.standing import Standing, look


def status(place: Place, *, prometheus: bool, voice: Voice) -> int:
    """Say how the registry at `place` stands, and return the exit code: 0 if nothing is the matter.

    Raises:
        UsageError: two forms were asked for.
        RefusedError: `no_registry`; what `look` says of a place that it cannot look at.
    """
    if prometheus:
        if voice.is_json:
            raise UsageError("usage", why="one_at_most", choices=["--json", "--prometheus"])
        return _expose(place, voice)
    standing = look(place)
    if voice.is_json:
        voice.json(_object(standing, voice))
    else:
        _tell(standing, voice)
    return exits.of_error(standing.findings[0]) if standing.findings else 0


def _expose(place: Place, voice: Voice) -> int:
    """Print what Prometheus reads, also of a place that cannot be looked at: that it fails is what matters most."""
    from registry.store.metrics import exposed

    standing: Standing | None = None
    findings: tuple[RegistryError, ...]
    try:
        standing = look(place)
        findings = standing.findings
    except RegistryError as error:
        findings = (error,)
    failure = findings[0] if findings else None
    voice.print(exposed(str(place), standing, failure).decode().rstrip("\n"))
    return 0 if failure is None else exits.refused(failure, voice)


def _tell(standing: Standing, voice: Voice) -> None:
    well = not standing.findings
    voice.demonstration(standing.key.name)
    voice.headline(
        voice.text("status.well" if well else "status.unwell", place=standing.place),
        typer.colors.GREEN if well else typer.colors.RED,
    )
    software, replica = standing.about.software, standing.about.replica
    version = standing.about.schema_version
    voice.say("status.database", software=software, version=version)
    if replica is not None:
        lag = {} if replica.behind_s is None else {"seconds": f"{replica.behind_s:.1f}"}
        voice.say("status.replica", receives=replica.receives, **lag)
    voice.say("status.log", origin=standing.key.name, size=standing.size, root=standing.root)
    voice.say("status.signed", signed=standing.signed_size)
    voice.say("key.fingerprint", fingerprint=standing.key.fingerprint)
    if standing.mark is not None and standing.mark_age_s is not None:
        age = f"{standing.mark_age_s:.0f}"
        voice.say("status.mark", mark=standing.mark.size, seconds=age)
    voice.say("status.openings", openings=standing.openings)
    if standing.keys is not None:
        voice.say("status.keys", keys=standing.keys)
    for finding in standing.findings:
        exits.refused(finding, voice)


def _object(standing: Standing, voice: Voice) -> dict[str, Any]:
    """What was found, as a plain map; `error` is the code of the first finding."""
    replica, mark = standing.about.replica, standing.mark
    findings = [
        {"code": one.code, "message": voice.refusal(one), "facts": told(one.facts)}
        for one in standing.findings
    ]
    found = {
        "well": not findings,
        "error": findings[0]["code"] if findings else None,
        "findings": findings,
        "place": standing.place,
        "database": standing.about.software,
        "schema_version": standing.about.schema_version,
        "replica": replica and {"receives": replica.receives, "behind_s": replica.behind_s},
        "origin": standing.key.name,
        "vkey": str(standing.key),
        "fingerprint": standing.key.fingerprint,
        "demonstration": is_demonstration(standing.key.name),
        "size": standing.size,
        "root": standing.root,
        "signed_size": standing.signed_size,
        "mark": mark and {"size": mark.size, "age_s": standing.mark_age_s},
        "openings": standing.openings,
        "keys": standing.keys,
    }
    return dict(plain(found))
