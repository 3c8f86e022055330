"""`registry show`: every entry of a stream as it stands in the log, and what the stream has come to."""

from collections.abc import Mapping
from typing import Any

from registry.cli.voice import Voice, is_demonstration
from registry.desk import words
from registry.desk.figures import entry_object, figures
from registry.desk.opened import opened
from registry.errors import RefusedError
from registry.place import Place


def show(name: str, place: Place, *, voice: Voice) -> None:
    """Say every entry of the stream `name`, and its state.

    Raises:
        RefusedError: `no_registry`, `no_stream`.
    """
    with opened(place) as source:
        entries = [entry_object(placed, name, source) for placed in source.stream(name)]
        if not entries:
            raise RefusedError("no_stream", stream=name)
        state = figures(source.state(name))
        origin = source.origin
    if voice.is_json:
        demonstration = is_demonstration(origin)
        found = {"stream": name, "entries": entries, "state": state}
        voice.json({**found, "origin": origin, "demonstration": demonstration})
        return
    voice.demonstration(origin)
    voice.say("show.title", stream=name, count=len(entries))
    for entry in entries:
        _tell_entry(entry, voice)
    voice.print("")
    voice.say("show.state")
    tell_fields(state, {}, voice)


def _tell_entry(entry: Mapping[str, Any], voice: Voice) -> None:
    voice.print("")
    kinds = " + ".join(made["kind"] for made in entry["events"])
    place = {"index": entry["index"], "position": entry["position"]}
    voice.say("show.entry", **place, time=words.local_time(entry["at_us"]), form=kinds)
    voice.say("show.signers", signers=entry["signers"])
    if entry["together"]:
        voice.say("show.together", streams=entry["together"])
    for made in entry["events"]:
        hidden = {name: voice.text("show.hidden") for name in made["hidden"]}
        tell_fields({**made["body"], **made["opened"]}, hidden, voice)
        if made["outcome"] is not None:
            voice.print("  " + voice.text("show.outcome"))
            tell_fields(made["outcome"], {}, voice, indent=4)


def tell_fields(
    fields: Mapping[str, Any], remarks: Mapping[str, str], voice: Voice, *, indent: int = 2
) -> None:
    """Say fields one by one, each in a line: what it is called, and what is in it, with a remark."""
    for name, value in fields.items():
        shown = words.closed(value) if name == "ranges" else value
        label = words.term(words.FIELDS, name, voice.lang)
        text = words.fact(name, shown, voice.lang)
        remark = f" {remarks[name]}" if name in remarks else ""
        voice.print(f"{' ' * indent}{label}: {text}{remark}")
