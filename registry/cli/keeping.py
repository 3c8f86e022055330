"""`registry init`, `key`, `trust` and `accept-mark`: beginning a log, and what is believed about it."""

import time
from contextlib import closing
from typing import Any

from registry.cli import belief
from registry.cli.voice import Voice, is_demonstration
from registry.desk import words
from registry.errors import UnavailableError, UsageError
from registry.ledger.note import VerifierKey
from registry.place import Place


def init(place: Place, *, origin: str | None, voice: Voice) -> None:
    """Begin a registry at `place`, and say what to do next.

    Raises:
        RefusedError: `directory_in_use`, `malformed`.
    """
    from registry.store.beginning import create
    from registry.store.keyring import PASSPHRASE_FILE
    from registry.store.operator import home_of

    create(place, origin=origin)
    # As a writer: of several hosts a replica may answer first, which does not have it yet.
    vkey, home = _key(place, writes=True), home_of(place)
    if voice.is_json:
        voice.json({"directory": str(place), **_key_object(vkey)})
        return
    voice.say("init.done", directory=place)
    _tell_key(vkey, voice)
    voice.say("init.next", vkey=vkey, directory=words.typed(place))
    if (home / PASSPHRASE_FILE).exists():
        voice.say("init.passphrase", directory=home)


def key(place: Place, *, lagging: bool, voice: Voice) -> None:
    """Say the log's public key: the one that stands now, unless one of a `lagging` replica will do.

    Raises:
        RefusedError: `no_registry`.
    """
    try:
        vkey = _key(place, writes=not lagging)
    except UnavailableError:
        if lagging:
            raise
        # No host of the address can be written: what the others have is better than nothing.
        vkey = _key(place, writes=False)
    if voice.is_json:
        voice.json(_key_object(vkey))
    else:
        _tell_key(vkey, voice)


def trust(vkey: str, *, replace: bool, voice: Voice) -> None:
    """Pin a key for this user.

    Raises:
        UsageError: `bad_vkey`, `bad_name`, `weak_key`.
        RefusedError: `other_key_pinned`.
    """
    from registry.verifier.trust import pin, pins_file

    given = belief.given_key(vkey)
    pin(given, replace=replace)
    if voice.is_json:
        voice.json({**_key_object(given), "pinned_in": str(pins_file())})
        return
    voice.demonstration(given.name)
    voice.say("key.fingerprint", fingerprint=given.fingerprint)
    voice.say("trust.done", name=given.name, file=str(pins_file()))


def accept_mark(place: Place, *, yes: bool, voice: Voice) -> None:
    """Take the log as it is for the highest that was seen.

    Raises:
        UsageError: `not_confirmed`.
        RefusedError: `no_registry`.
    """
    if not yes:
        raise UsageError("not_confirmed", directory=str(place))
    from registry.store import operator

    seen = operator.accept_mark(place, time.time_ns() // 1_000)
    if voice.is_json:
        voice.json({"size": seen.size, "root": seen.root})
    else:
        voice.say("mark.accepted", size=seen.size, root=seen.root)


def _key(place: Place, *, writes: bool) -> VerifierKey:
    from registry.store.log import Log
    from registry.store.operator import log_key

    with closing(Log(place, writes=writes)) as log:
        return log_key(log)


def _key_object(vkey: VerifierKey) -> dict[str, Any]:
    return {
        "origin": vkey.name,
        "vkey": str(vkey),
        "fingerprint": vkey.fingerprint,
        "demonstration": is_demonstration(vkey.name),
    }


def _tell_key(vkey: VerifierKey, voice: Voice) -> None:
    voice.demonstration(vkey.name)
    voice.say("key.vkey", vkey=vkey)
    voice.say("key.fingerprint", fingerprint=vkey.fingerprint)
