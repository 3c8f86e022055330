"""`registry campaign give`: guests on a list get gifts, codes and proofs."""

from pathlib import Path

from registry.cli import happenings
from registry.cli.voice import Voice
from registry.desk import giving
from registry.desk.desk import at_desk
from registry.desk.rows import file_of
from registry.domain.campaign import Campaign
from registry.place import Place


def give(
    typed: str, file: Path, output: Path, place: Place, *, dry_run: bool, voice: Voice
) -> None:
    """Give to the guests in `file`, and write what is handed out to them to the directory `output`.

    Raises:
        RefusedError: `no_stream`, and as `giving.read` and `giving.give` say. Chunks recorded before that stay.
        UnavailableError: `locked_elsewhere`: another run is giving out of `output`.
    """
    sent = file_of(file, ("no",))
    with at_desk(place, dry_run=dry_run) as desk:
        campaign: Campaign = desk.state(desk.stream("campaign", typed))
        listed = giving.read(campaign, sent, desk)
        given = giving.give(campaign, listed, output, desk)
        told: dict[str, object] = {
            "directory": str(output),
            "proofs": given.proofs,
            "codes": given.codes,
        }
        shown = {} if dry_run else told
        happenings.tell(given.made, desk.source, voice, guests=len(listed.guests), **shown)
        if not dry_run:
            voice.say("campaign.handed_out", **told)
