"""What acts made, or would make, as plain maps: entry by entry, event by event.

A rehearsal makes other ids than the act will: where new streams would stand, only their kind is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.desk import words
from registry.desk.opened import outcome_object
from registry.domain import shape
from registry.history import Happened
from registry.ledger.ids import derived_id
from registry.store.log import Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An entry that an act made, or would make; `names` has what its commitments stand for."""

    placed: Placed
    names: Mapping[bytes, Any]
    rehearsed: bool

    @property
    def new(self) -> list[str]:
        """The streams that begin with it."""
        parts, places = self.placed.entry.intent.parts, self.placed.entry.places
        together = zip(parts, places, strict=True)
        return [part.stream for part, place in together if place.position == 1]

    @property
    def chance(self) -> Mapping[str, str]:
        """In a rehearsal: the streams whose ids will be others, and what stands for them."""
        asked = self.placed.entry.intent
        return {
            part.stream: f"{prefix}/{words.UNKNOWN}"
            for number, part in enumerate(asked.parts if self.rehearsed else ())
            for prefix, _, made in [part.stream.partition("/")]
            if made == derived_id(asked.log, asked.author, asked.nonce, number)
        }


def entry_object(made: Made) -> dict[str, Any]:
    """An entry for JSON. What only recording decides is null in a rehearsal."""
    placed = made.placed
    events = [_event(one, made.names) for one in placed.happened()]
    found = {
        "index": placed.index,
        "time": None if made.rehearsed else words.utc_time(placed.entry.at_us),
        "at_us": None if made.rehearsed else placed.entry.at_us,
        "leaf": None if made.rehearsed else placed.leaf,
        "signers": [signer.account for signer in placed.entry.intent.signers],
        "new": made.new,
        "events": events,
    }
    shown: dict[str, Any] = _with(found, made.chance)
    return shown


def _event(happened: Happened, names: Mapping[bytes, Any]) -> dict[str, Any]:
    body = shape.body_of(happened.event)
    hidden = {name: body[name] for name in shape.commitments(type(happened.event))}
    return {
        "stream": happened.stream,
        "position": happened.position,
        "kind": happened.event.kind,
        "body": body,
        "opened": {name: names[one] for name, one in hidden.items() if one in names},
        "outcome": outcome_object(happened.outcome),
    }


def _with(value: Any, other: Mapping[str, str]) -> Any:
    """`value`, in which some strings stand for others."""
    if isinstance(value, str):
        return other.get(value, value)
    if isinstance(value, Mapping):
        return {name: _with(item, other) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_with(item, other) for item in value)
    return value
