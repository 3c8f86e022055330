"""`registry retire --for-many FILE`: one retirement for all who are listed in a file, and a proof file for each."""

from pathlib import Path

from registry.cli import happenings
from registry.cli.voice import Voice
from registry.desk import handing
from registry.desk.desk import at_desk
from registry.desk.retirements import RetireForMany
from registry.errors import UsageError
from registry.names import CERTIFICATE
from registry.place import Place


def retire(
    ask: RetireForMany, place: Place, *, output: Path | None, dry_run: bool, voice: Voice
) -> None:
    """Retire for all who are listed; write everybody's proof into `output`, if named, which is not there yet.

    Raises:
        UsageError: `directory_in_use`, `malformed`.
        RefusedError: what `RetireForMany.plans` and the rules say. Nothing was recorded.
    """
    if output is not None and output.exists():
        raise UsageError("directory_in_use", directory=str(output))
    with at_desk(place, dry_run=dry_run) as desk:
        made = desk.perform(ask.plans(desk))
        if output is None or dry_run:
            happenings.tell(made, desk.source, voice)
            return
        (group,) = [name for name in made[0].new if name.startswith(CERTIFICATE)]
        count = handing.hand_out(group, ask.rows, output, desk.source)
        happenings.tell(made, desk.source, voice, directory=str(output), proofs=count)
        voice.say("certificate.handed_out", count=count, directory=output)
