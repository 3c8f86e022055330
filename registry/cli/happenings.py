"""What acts did, or would do, for people and programs: entry by entry, event by event.

A rehearsal makes other ids than the act will: where new streams would stand, only their kind is shown.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from registry.cli.streams import tell_fields
from registry.cli.voice import Voice, is_demonstration
from registry.desk import words
from registry.desk.made import Made, entry_object
from registry.desk.opened import Opened
from registry.names import ACCOUNT

_UNSHOWN = frozenset({"possession"})
"""Fields that mean nothing to a person."""


def tell(made: Sequence[Made], source: Opened, voice: Voice, **more: object) -> None:
    """Say all that was `made`; with JSON asked for, beside what `more` there is to say."""
    entries = [entry_object(one) for one in made]
    if voice.is_json:
        rehearsed = any(one.rehearsed for one in made)
        told = {"dry_run": rehearsed, "entries": entries, **more}
        demonstration = is_demonstration(source.origin)
        voice.json({**told, "origin": source.origin, "demonstration": demonstration})
        return
    voice.demonstration(source.origin)
    for entry in entries:
        _tell_entry(entry, source, voice)


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
    if isinstance(value, str) and value.startswith(ACCOUNT):
        name = source.name_of(value)
        return value if name is None else f"{name} ({value})"
    return value
