"""`registry standing`: how an account stands, and why."""

from registry.cli.streams import tell_fields
from registry.cli.voice import Voice, is_demonstration
from registry.desk import accounts, conduct
from registry.desk.given import day as read_day
from registry.desk.opened import opened
from registry.place import Place


def standing(typed: str, as_of: str | None, place: Place, *, voice: Voice) -> None:
    """Say how the account stands now, or stood at the end of a day, and for what.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_account`, `several_accounts`.
    """
    day = None if as_of is None else read_day(as_of, "--as-of")
    with opened(place) as source:
        found = conduct.standing(source, accounts.find(typed, source), day)
        if voice.is_json:
            demonstration = is_demonstration(source.origin)
            voice.json({**found, "origin": source.origin, "demonstration": demonstration})
            return
        voice.demonstration(source.origin)
    reasons = found.pop("cases")
    tell_fields({name: value for name, value in found.items() if value is not None}, {}, voice)
    for reason in reasons:
        voice.print("")
        tell_fields(reason, {}, voice, indent=4)
