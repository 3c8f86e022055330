"""`registry gift`: what was given is used up for a journey, and what it came to is said."""

import sys
from pathlib import Path

from registry.acts import footprint
from registry.cli import happenings
from registry.cli.certificates import write_proof
from registry.cli.voice import Voice
from registry.desk import words
from registry.desk.desk import at_desk
from registry.desk.gifts import Retire
from registry.errors import UsageError
from registry.names import CERTIFICATE
from registry.place import Place

STANDARD_INPUT = "-"


def typed(code: str | None) -> str | None:
    """The code that was typed; or, for "-", the first line of standard input: a secret need not stand in a history."""
    return sys.stdin.readline().strip() if code == STANDARD_INPUT else code


def retire(ask: Retire, place: Place, *, output: Path | None, dry_run: bool, voice: Voice) -> None:
    """Do what is asked for, say what it came to, and write the certificate's proof to `output`, if named.

    Raises:
        UsageError: `malformed`: neither an amount nor a journey, or both; several certificates, and one file.
        RefusedError: as `Retire.plans`; what the rules say. Nothing was recorded.
    """
    ask.wanted_g()
    with at_desk(place, dry_run=dry_run) as desk:
        used = ask.used(desk)
        if output is not None and len(used.gifts) > 1:
            raise UsageError("malformed", field="-o", why="several_files")
        made = desk.perform(ask.plans_of(used))
        told: dict[str, object] = {
            "wanted_g": used.wanted_g,
            "used_g": used.used_g,
            "left_g": used.left_g,
            "footprint": footprint.VERSION,
        }
        if output is None or dry_run:
            happenings.tell(made, desk.source, voice, **told)
        else:
            (number,) = [name for name in made[0].new if name.startswith(CERTIFICATE)]
            number = number.removeprefix(CERTIFICATE)
            size = write_proof(desk.source, number, output, private=True)
            happenings.tell(made, desk.source, voice, **told, file=str(output), bytes=size)
            voice.say("certificate.written", number=words.grouped(number), file=output, bytes=size)
        if used.used_g < used.wanted_g:
            voice.say("gift.short", wanted_g=used.wanted_g, used_g=used.used_g)
        elif used.left_g:
            voice.say("gift.left", left_g=used.left_g)
