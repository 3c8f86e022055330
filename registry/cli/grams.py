"""`registry trace`: every holder that one gram had, and where it is now."""

import re
from typing import Any

from registry.cli.voice import Voice
from registry.desk import words
from registry.desk.asking import Question, asked
from registry.desk.opened import Opened
from registry.errors import RefusedError, UsageError
from registry.place import Place
from registry.store.views_tables import Condition

Step = dict[str, Any]
"""A movement of a gram, and its holder after it."""
_STATUS = {
    "batch.cancelled.v1": "cancelled",
    "batch.given.v1": "waiting",
    "batch.locked.v1": "locked",
}
"""What a gram is after an event of each kind; it is held after all others that leave it to somebody."""

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


def trace(typed: str, place: Place, *, as_of: str | None = None, voice: Voice) -> None:
    """Say the way of one gram.

    Raises:
        UsageError: `not_a_gram`, `malformed`.
        RefusedError: `no_registry`, `no_stream`, `no_gram`, `no_such_entry`.
    """
    batch, serial = read_gram(typed)
    with asked(place, as_of) as question:
        steps = way(question, batch, serial)
        if not steps:
            raise _unknown(question, batch, serial)
        if voice.is_json:
            voice.json(_object(batch, serial, steps, question))
        else:
            voice.demonstration(question.source.origin)
            _tell(batch, serial, steps, question.source, voice)
            voice.true_of(question)


def way(question: Question, batch: str, serial: int) -> list[Step]:
    """What happened to one gram, in order; what was carved out goes on in its new batch."""
    covers: tuple[Condition, Condition] = (
        ("range_start", "<=", serial),
        ("range_end", ">", serial),
    )
    order = ("since", "number")
    steps = [
        {**row, "holder": row["taker"] or row["giver"]}
        for row in question.rows("movements", *covers, order=order, batch=batch)
    ]
    child = steps[-1]["child"] if steps else None
    return steps if child is None else [*steps, *way(question, child, serial)]


def status(step: Step) -> str:
    """What a gram is after the last thing that happened to it."""
    if step["certificate"]:
        return "retired"
    return _STATUS.get(step["kind"], "held")


def _unknown(question: Question, batch: str, serial: int) -> RefusedError:
    found = question.rows("batches", batch=batch)
    if not found:
        return RefusedError("no_stream", stream=batch)
    received_g = found[0]["received_g"]
    return RefusedError(
        "no_gram", batch=batch, serial=serial, received_g=received_g, last=received_g - 1
    )


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
