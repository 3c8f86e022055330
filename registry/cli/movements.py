"""`registry transfer` and `registry retire`: which batches are meant, and the proof of a retirement written at once."""

from dataclasses import dataclass
from pathlib import Path

from registry.acts import movements as acts
from registry.acts.movements import Share, Statement
from registry.acts.plan import seconded
from registry.cli import given, happenings, words
from registry.cli.acting import Desk, at_desk
from registry.cli.certificates import write_proof
from registry.cli.exits import UsageError
from registry.cli.voice import Voice
from registry.domain.batch import Batch
from registry.errors import require
from registry.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed of an amount: of which kind, out of which batch, which serial numbers of it."""

    amount: str
    standard: str | None
    batch: str | None
    serials: str | None


def shares(desk: Desk, holder: str, asked: Asked, *, transferable: bool = False) -> list[Share]:
    """What each of the holder's batches gives of what was asked for.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_stream`, `insufficient_holding`, `several_standards`.
    """
    amount_g = given.grams(asked.amount)
    if asked.batch is None:
        if asked.serials is not None:
            raise UsageError("malformed", field="--range", why="--batch is missing")
        own = _of_one_kind(desk.batches_of(holder), asked.standard)
        suited = acts.in_turn(own, transferable=transferable)
        return acts.spread(suited, holder, amount_g)
    batch: Batch = desk.state(desk.stream("batch", asked.batch))
    serials = None if asked.serials is None else given.serials(asked.serials, "--range")
    return [(batch, amount_g, serials)]


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


def _of_one_kind(own: list[Batch], standard: str | None) -> list[Batch]:
    """The batches of the kind that was named; of all, if they are of one kind."""
    standards = sorted({one.standard for one in own})
    named = standard is not None or len(standards) <= 1
    require(named, "several_standards", standards=standards)
    return [one for one in own if standard in (None, one.standard)]
