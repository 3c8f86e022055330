"""`registry gift`: what was given is found by its code or its account, claimed, or used up for a journey."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from registry.acts import campaigns as acts
from registry.acts import claim_codes, footprint
from registry.acts.campaigns import Waiting
from registry.acts.footprint import Leg
from registry.acts.movements import Statement
from registry.cli import happenings
from registry.cli.certificates import write_proof
from registry.cli.voice import Voice
from registry.desk import given, words
from registry.desk.desk import Desk, at_desk
from registry.domain.batch import Batch
from registry.domain.campaign import Campaign
from registry.errors import RefusedError, UsageError
from registry.ledger import ids
from registry.ledger.intent import Signer
from registry.place import Place

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose gift: of whoever has a code, or of an account; exactly one of them was typed."""

    code: str | None
    holder: str | None


def claim(whose: Whose, to: str | None, place: Place, *, dry_run: bool, voice: Voice) -> None:
    """Take all that waits into the account `to`; by default into the account that it waits for.

    Raises:
        RefusedError: `bad_claim_code`, `no_gift`, `no_account`; what the rules say. Nothing was recorded.
    """
    with at_desk(place, dry_run=dry_run) as desk:
        taker = to or whose.holder
        if taker is None:
            raise UsageError("malformed", field="--to", why="an account to claim into")
        account = desk.account(taker)
        plans = [acts.claim(waiting, account) for waiting in _waiting(whose, desk)]
        happenings.tell(desk.perform(plans), desk.source, voice)


def retire(
    whose: Whose,
    amount: str | None,
    journey: Sequence[str],
    statement: Statement,
    place: Place,
    *,
    output: Path | None,
    dry_run: bool,
    voice: Voice,
) -> None:
    """Use up `amount`, or what a journey comes to, or all that waits if that is less; each gift with its certificate.

    Raises:
        UsageError: `malformed`: neither an amount nor a journey, or both.
        RefusedError: `bad_journey`, `bad_claim_code`, `no_gift`; what the rules say. Nothing was recorded.
    """
    if (amount is None) == (not journey):
        raise UsageError("malformed", field="--journey", why="either --journey or --amount")
    legs = footprint.read(journey)
    wanted_g = footprint.total_g(legs) if amount is None else given.grams(amount, "--amount")
    if not wanted_g:
        raise UsageError("malformed", field="--journey", why="nothing to offset")
    stated = replace(statement, activity=statement.activity or _told(legs))
    with at_desk(place, dry_run=dry_run) as desk:
        found = _waiting(whose, desk)
        used = list(_using(found, wanted_g))
        if output is not None and len(used) > 1:
            raise UsageError("malformed", field="-o", why="several gifts, several certificates")
        made = desk.perform([acts.claim_and_retire(waiting, stated) for waiting in used])
        used_g = sum(waiting.amount_g for waiting in used)
        left_g = sum(waiting.amount_g for waiting in found) - used_g
        told: dict[str, object] = {"wanted_g": wanted_g, "used_g": used_g, "left_g": left_g}
        told["footprint"] = footprint.VERSION
        if output is None or dry_run:
            happenings.tell(made, desk.source, voice, **told)
        else:
            (number,) = [name for name in made[0].new if name.startswith("certificate/")]
            number = number.removeprefix("certificate/")
            size = write_proof(desk.source, number, output, private=True)
            happenings.tell(made, desk.source, voice, **told, file=str(output), bytes=size)
            voice.say("certificate.written", number=words.grouped(number), file=output, bytes=size)
        if used_g < wanted_g:
            voice.say("gift.short", wanted_g=wanted_g, used_g=used_g)
        elif left_g:
            voice.say("gift.left", left_g=left_g)


def _told(legs: Sequence[Leg]) -> str | None:
    """A journey as the certificate's activity: anybody to whom it is shown can work the figure out again."""
    if not legs:
        return None
    spelled = (
        f"{leg.mode}:{leg.milli // 1000}.{leg.milli % 1000:03}".rstrip("0").rstrip(".")
        + footprint.FACTORS[leg.mode].unit
        for leg in legs
    )
    return f"{footprint.VERSION} {' '.join(spelled)}"


def _using(waiting: Sequence[Waiting], wanted_g: int) -> Iterator[Waiting]:
    """What is used of each gift, one after another, until there is enough."""
    for gift in waiting:
        used_g = min(gift.amount_g, wanted_g)
        if used_g:
            yield replace(gift, amount_g=used_g)
            wanted_g -= used_g


def _waiting(whose: Whose, desk: Desk) -> list[Waiting]:
    """All that waits for a code or an account, in every campaign.

    Raises:
        RefusedError: `bad_claim_code`, `no_gift`.
    """
    if (whose.code is None) == (whose.holder is None):
        raise UsageError("malformed", field="CODE", why="either a code or --holder")
    secret = None if whose.code is None else claim_codes.read(_typed(whose.code))
    holder = desk.maybe_account(whose.holder)
    found = []
    for name in desk.streams("campaign"):
        campaign: Campaign = desk.state(name)
        signer = _signer(secret, name, desk) if holder is None else holder
        whom = signer if isinstance(signer, str) else signer.account
        for batch_name in sorted(campaign.batches):
            batch: Batch = desk.state(batch_name)
            amount_g = batch.given_to(whom).total_g
            if amount_g:
                found.append(Waiting(batch=batch, signer=signer, amount_g=amount_g))
    if not found:
        # A code is a secret: what is said of it does not repeat it.
        raise RefusedError("no_gift", **({"holder": whose.holder} if whose.holder else {}))
    return found


def _typed(code: str) -> str:
    """The code that was typed; or, for "-", the first line of standard input: a secret need not stand in a history."""
    return sys.stdin.readline().strip() if code == STANDARD_INPUT else code


def _signer(secret: bytes | None, campaign: str, desk: Desk) -> Signer:
    """The bearer of a code in one campaign, whose key is in hand until the registry is closed."""
    assert secret is not None
    seed = claim_codes.seed(secret, log=desk.operator.id, campaign=campaign)
    key = desk.operator.keyring.hold(seed)
    return Signer(account=ids.bearer(key), key=key)
