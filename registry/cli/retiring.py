"""`registry retire`: the retirement of what was asked for, for one or for many, and its proof, written at once."""

from collections.abc import Mapping
from pathlib import Path

from registry.cli import happenings, sharing
from registry.cli.certificates import write_proof
from registry.cli.voice import Voice
from registry.desk import rows, words
from registry.desk.ask import asked
from registry.desk.desk import at_desk
from registry.desk.retirements import Retire, RetireForMany, listed
from registry.errors import UsageError
from registry.names import CERTIFICATE
from registry.place import Place


def run(
    said: Mapping[str, object],
    for_many: Path | None,
    place: Place,
    *,
    output: Path | None,
    dry_run: bool,
    voice: Voice,
) -> None:
    """Retire what was `said`, as `Retire` has it; or for all who are listed in a file, instead of an amount.

    Raises:
        UsageError: `malformed`, `no_file`, `storage_failed`; what `retire` and `sharing.retire` say.
        RefusedError: what `rows.file_of`, `listed` and the rules say. Nothing was recorded.
    """
    if for_many is None:
        retire(asked(Retire, **said), place, output=output, dry_run=dry_run, voice=voice)
        return
    if said["amount"]:
        raise UsageError(
            "malformed", field="AMOUNT", why="exactly_one", choices=["AMOUNT", "--for-many"]
        )
    shared = {name: said[name] for name in said if name in RetireForMany.model_fields}
    ask = asked(RetireForMany, **shared, rows=listed(rows.file_of(for_many)))
    sharing.retire(ask, place, output=output, dry_run=dry_run, voice=voice)


def retire(ask: Retire, place: Place, *, output: Path | None, dry_run: bool, voice: Voice) -> None:
    """Retire what was asked for; write the certificate's proof to `output`, if named.

    Raises:
        UsageError: `no_file` if there is no directory to write the proof to; `malformed`.
        RefusedError: `no_account`, or what the rules say. Nothing was recorded.
    """
    if output is not None and not output.absolute().parent.is_dir():
        raise UsageError("no_file", file=str(output.absolute().parent))
    with at_desk(place, dry_run=dry_run) as desk:
        made = desk.perform(ask.plans(desk))
        if output is None or dry_run:
            happenings.tell(made, desk.source, voice)
            return
        (number,) = [
            name.removeprefix(CERTIFICATE) for name in made[0].new if name.startswith(CERTIFICATE)
        ]
        size = write_proof(desk.source, number, output, private=not ask.public)
        happenings.tell(made, desk.source, voice, file=str(output), bytes=size)
        voice.say("certificate.written", number=words.grouped(number), file=output, bytes=size)
