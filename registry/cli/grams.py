"""`registry trace`: every holder that one gram had, and where it is now."""

from typing import Any

from registry.cli.voice import Voice
from registry.desk import words
from registry.desk.asking import Question, asked
from registry.desk.grams import Step, read_gram, status, way
from registry.desk.opened import Opened
from registry.place import Place


def trace(typed: str, place: Place, *, as_of: str | None = None, voice: Voice) -> None:
    """Say the way of one gram.

    Raises:
        UsageError: `not_a_gram`, `malformed`.
        RefusedError: `no_registry`, `no_stream`, `no_gram`, `no_such_entry`.
    """
    batch, serial = read_gram(typed)
    with asked(place, as_of) as question:
        steps = way(question, batch, serial)
        if voice.is_json:
            voice.json(_object(batch, serial, steps, question))
        else:
            voice.demonstration(question.source.origin)
            _tell(batch, serial, steps, question.source, voice)
            voice.true_of(question)


def _object(batch: str, serial: int, steps: list[Step], question: Question) -> dict[str, Any]:
    now = steps[-1]
    return {
        "batch": batch,
        "serial": serial,
        "steps": [_step(step, question.source) for step in steps],
        "now": {
            "status": status(now),
            "batch": now["batch"],
            "holder": now["holder"],
            "certificate": now["certificate"],
        },
        **question.true_of(),
    }


def _step(step: Step, source: Opened) -> dict[str, Any]:
    return {
        "index": step["since"],
        "batch": step["batch"],
        "time": words.utc_time(step["at_us"]),
        "kind": step["kind"],
        "holder": step["holder"],
        "holder_name": source.name_of(step["holder"]),
        "certificate": step["certificate"],
    }


def _tell(batch: str, serial: int, steps: list[Step], source: Opened, voice: Voice) -> None:
    columns = ("index", "time", "kind", "holder")
    voice.table(
        voice.text("trace.title", batch=batch, serial=serial),
        [voice.text(f"trace.{column}") for column in columns],
        [
            [
                str(step["since"]),
                words.local_time(step["at_us"]),
                words.term(words.KINDS, step["kind"], voice.lang),
                _holder(step["holder"], source),
            ]
            for step in steps
        ],
    )
    now = steps[-1]
    holder = _holder(now["holder"], source)
    number = words.grouped(now["certificate"] or "")
    voice.say(f"trace.{status(now)}", holder=holder, number=number)


def _holder(account: str, source: Opened) -> str:
    name = source.name_of(account)
    return account if name is None else f"{name} ({account})"
