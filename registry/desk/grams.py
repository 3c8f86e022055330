"""Every holder that one gram had, and where it is now."""

import re
from typing import Any

from registry.desk.asking import Question
from registry.errors import RefusedError, UsageError
from registry.names import BATCH
from registry.store.views_tables import Condition

Step = dict[str, Any]
"""A movement of a gram, and its holder after it."""
_STATUS = {
    "batch.cancelled.v1": "cancelled",
    "batch.given.v1": "waiting",
    "batch.locked.v1": "locked",
}
"""What a gram is after an event of each kind; it is held after all others that leave it to somebody."""
STATUSES = ("held", "waiting", "locked", "retired", "cancelled")

_GRAM = re.compile(r"(?:batch/)?([a-z2-7]{16}):([0-9]{1,19})", re.ASCII)
SERIAL_MAX = 2**63 - 1


def read_gram(typed: str) -> tuple[str, int]:
    """The batch and the serial number that "batch/<id>:<serial>" says, with or without "batch/".

    Raises:
        UsageError: `not_a_gram`.
    """
    found = _GRAM.fullmatch(typed.strip())
    if found is None or int(found[2]) > SERIAL_MAX:
        raise UsageError("not_a_gram", gram=typed)
    return f"{BATCH}{found[1]}", int(found[2])


def way(question: Question, batch: str, serial: int) -> list[Step]:
    """What happened to one gram, in order; what was carved out goes on in its new batch.

    Raises:
        RefusedError: `no_stream`, `no_gram`.
    """
    steps = _way(question, batch, serial)
    if not steps:
        raise _unknown(question, batch, serial)
    return steps


def status(step: Step) -> str:
    """What a gram is after the last thing that happened to it: one of STATUSES."""
    if step["certificate"]:
        return "retired"
    return _STATUS.get(step["kind"], "held")


def _way(question: Question, batch: str, serial: int) -> list[Step]:
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
    return steps if child is None else [*steps, *_way(question, child, serial)]


def _unknown(question: Question, batch: str, serial: int) -> RefusedError:
    found = question.rows("batches", batch=batch)
    if not found:
        return RefusedError("no_stream", stream=batch)
    received_g = found[0]["received_g"]
    return RefusedError(
        "no_gram", batch=batch, serial=serial, received_g=received_g, last=received_g - 1
    )
