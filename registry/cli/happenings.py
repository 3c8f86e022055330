"""What acts did, or would do, for people and programs: entry by entry, event by event.

A rehearsal makes other ids than the act will: where new streams would stand, only their kind is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.cli import words
from registry.cli.opened import Opened, outcome_object
from registry.cli.streams import tell_fields
from registry.cli.voice import Voice, is_demonstration
from registry.domain import shape
from registry.history import Happened
from registry.ledger.ids import derived_id
from registry.store.log import Placed

_UNSHOWN = frozenset({"possession"})
"""Fields that mean nothing to a person."""


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


def tell(made: Sequence[Made], source: Opened, voice: Voice, **more: object) -> None:
    """Say all that was `made`; with JSON asked for, beside what `more` there is to say."""
    entries = [_entry(one) for one in made]
    if voice.is_json:
        rehearsed = any(one.rehearsed for one in made)
        told = {"dry_run": rehearsed, "entries": entries, **more}
        demonstration = is_demonstration(source.origin)
        voice.json({**told, "origin": source.origin, "demonstration": demonstration})
        return
    voice.demonstration(source.origin)
    for entry in entries:
        _tell_entry(entry, source, voice)


def _entry(made: Made) -> dict[str, Any]:
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


def _tell_entry(entry: Mapping[str, Any], source: Opened, voice: Voice) -> None:
    signers = _named(entry["signers"], source)
    if entry["leaf"] is None:
        voice.say("act.rehearsed", index=entry["index"], signers=signers)
    else:
        time = words.local_time(entry["at_us"])
        voice.say("act.recorded", index=entry["index"], time=time, signers=signers)
    for event in entry["events"]:
        kind = words.term(words.KINDS, event["kind"], voice.lang)
        voice.say("act.event", happened=kind, stream=event["stream"])
        _tell_event(event, source, voice)


def _tell_event(event: Mapping[str, Any], source: Opened, voice: Voice) -> None:
    fields = {**event["body"], **event["opened"], **(event["outcome"] or {})}
    shown = {
        name: _named(value, source)
        for name, value in fields.items()
        if value is not None and name not in _UNSHOWN
    }
    tell_fields(shown, {}, voice, indent=4)
    prefix, _, number = event["stream"].partition("/")
    if prefix == "certificate" and number != words.UNKNOWN:
        voice.say("act.certificate", number=words.grouped(number))


def _named(value: Any, source: Opened) -> Any:
    """Accounts with what they are called, as far as that is kept."""
    if isinstance(value, list | tuple):
        return type(value)(_named(item, source) for item in value)
    if isinstance(value, str) and value.startswith("account/"):
        name = source.name_of(value)
        return value if name is None else f"{name} ({value})"
    return value
