"""`registry trace`: every holder that one gram had, and where it is now."""

import re
from typing import Any

from registry.cli import words
from registry.cli.exits import UsageError
from registry.cli.opened import Opened, opened
from registry.cli.voice import Voice, is_demonstration
from registry.errors import RefusedError
from registry.place import Place
from registry.projections.whereabouts import Step, Whereabouts

_GRAM = re.compile(r"(?:batch/)?([a-z2-7]{16}):([0-9]{1,19})", re.ASCII)


def read_gram(typed: str) -> tuple[str, int]:
    """The batch and the serial number that "batch/<id>:<serial>" says, with or without "batch/".

    Raises:
        UsageError: `not_a_gram`.
    """
    found = _GRAM.fullmatch(typed.strip())
    if found is None:
        raise UsageError("not_a_gram", gram=typed)
    return f"batch/{found[1]}", int(found[2])


def trace(typed: str, place: Place, *, voice: Voice) -> None:
    """Say the way of one gram.

    Raises:
        UsageError: `not_a_gram`.
        RefusedError: `no_registry`, `no_stream`, `no_gram`.
    """
    batch, serial = read_gram(typed)
    with opened(place) as source:
        gram = Whereabouts(batch, serial)
        own = source.stream(batch)
        for placed in own:
            gram.fold(placed.index, placed.entry.at_us, placed.happened())
        if gram.now is None:
            raise _unknown(batch, serial, source, begun=bool(own))
        if voice.is_json:
            voice.json(_object(batch, serial, gram, source))
        else:
            voice.demonstration(source.origin)
            _tell(batch, serial, gram, source, voice)


def _unknown(batch: str, serial: int, source: Opened, *, begun: bool) -> RefusedError:
    if not begun:
        return RefusedError("no_stream", stream=batch)
    received_g = source.state(batch).received_g
    return RefusedError(
        "no_gram", batch=batch, serial=serial, received_g=received_g, last=received_g - 1
    )


def _object(batch: str, serial: int, gram: Whereabouts, source: Opened) -> dict[str, Any]:
    now = gram.now
    assert now is not None
    return {
        "batch": batch,
        "serial": serial,
        "steps": [_step(step, source) for step in gram.steps],
        "now": {
            "status": "retired" if now.certificate else "held",
            "holder": now.holder,
            "certificate": now.certificate or None,
        },
        "origin": source.origin,
        "demonstration": is_demonstration(source.origin),
    }


def _step(step: Step, source: Opened) -> dict[str, Any]:
    return {
        "index": step.index,
        "time": words.utc_time(step.at_us),
        "kind": step.kind,
        "holder": step.holder,
        "holder_name": source.name_of(step.holder),
        "certificate": step.certificate or None,
    }


def _tell(batch: str, serial: int, gram: Whereabouts, source: Opened, voice: Voice) -> None:
    columns = ("index", "time", "kind", "holder")
    voice.table(
        voice.text("trace.title", batch=batch, serial=serial),
        [voice.text(f"trace.{column}") for column in columns],
        [
            [
                str(step.index),
                words.local_time(step.at_us),
                words.term(words.KINDS, step.kind, voice.lang),
                _holder(step.holder, source),
            ]
            for step in gram.steps
        ],
    )
    now = gram.now
    assert now is not None
    holder = _holder(now.holder, source)
    if now.certificate:
        voice.say("trace.retired", holder=holder, number=words.grouped(now.certificate))
    else:
        voice.say("trace.held", holder=holder)


def _holder(account: str, source: Opened) -> str:
    name = source.name_of(account)
    return account if name is None else f"{name} ({account})"
