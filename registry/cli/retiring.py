"""`registry retire`: the retirement of what was asked for, and its proof, written at once."""

from pathlib import Path

from registry.acts import movements as acts
from registry.acts.movements import Statement
from registry.acts.plan import seconded
from registry.cli import happenings
from registry.cli.certificates import write_proof
from registry.cli.voice import Voice
from registry.desk import words
from registry.desk.desk import at_desk
from registry.desk.movements import Asked, shares
from registry.errors import UsageError
from registry.place import Place


def retire(
    typed: str,
    asked: Asked,
    statement: Statement,
    place: Place,
    *,
    output: Path | None,
    dry_run: bool,
    voice: Voice,
) -> None:
    """Retire what was asked for out of the account that is meant; write the certificate's proof to `output`, if named.

    Raises:
        UsageError: `malformed`, `no_file` if there is no directory to write the proof to.
        RefusedError: `no_account`, or what the rules say. Nothing was recorded.
    """
    if output is not None and not output.absolute().parent.is_dir():
        raise UsageError("no_file", file=str(output.absolute().parent))
    with at_desk(place, dry_run=dry_run) as desk:
        holder = desk.account(typed)
        given_up = shares(desk, holder, asked)
        plan = acts.retire(given_up, holder=holder, statement=statement)
        second = desk.second("retire", sum(amount_g for _, amount_g, _ in given_up), holder)
        made = desk.perform([seconded(plan, holder, second)])
        if output is None or dry_run:
            happenings.tell(made, desk.source, voice)
            return
        (number,) = [
            name.removeprefix("certificate/")
            for name in made[0].new
            if name.startswith("certificate/")
        ]
        private = not statement.public
        size = write_proof(desk.source, number, output, private=private)
        happenings.tell(made, desk.source, voice, file=str(output), bytes=size)
        voice.say("certificate.written", number=words.grouped(number), file=output, bytes=size)
