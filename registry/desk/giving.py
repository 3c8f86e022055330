"""Gifts to a list of guests: codes and proofs for everybody, handed out; a crash in between gives nobody twice.

    codes durable  ->  chunk by chunk: recorded, under a nonce that follows from campaign, list and chunk  ->  proofs

Started again with the same list and directory, it takes the same codes, passes over the chunks that are in the log, and
writes all proofs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from registry.acts import campaigns as acts
from registry.acts import claim_codes, guest_list
from registry.acts.guest_list import CHUNK_GUESTS_MAX, Guest, GuestList
from registry.acts.plan import Plan
from registry.acts.sheet import File
from registry.desk.desk import Desk
from registry.desk.made import Made
from registry.domain.batch import Batch, Given
from registry.domain.campaign import Campaign
from registry.errors import RefusedError, require
from registry.ledger import ids
from registry.store import handout
from registry.store.log import Moment, Placed
from registry.store.proofs import row_proofs

Row = tuple[str, int]
"""Whom, and how many grams."""

Progress = Callable[[int], None]
"""Told, from time to time, of how many guests all is done; of a guest who was given to and has no proof yet, half."""

TELL_PROOFS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Guests who are given to by one act: out of which batch, and the entry, once there is one."""

    number: int
    guests: tuple[Guest, ...]
    batch: str = ""
    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOut:
    """What was recorded now, and how many proofs and codes are handed out; in a rehearsal none."""

    made: list[Made]
    proofs: int = 0
    codes: int = 0


def read(campaign: Campaign, file: File, desk: Desk) -> GuestList:
    """The guests in a file, whose accounts are there.

    Raises:
        RefusedError: `bad_rows` and what else `guest_list.read` says.
    """
    listed = guest_list.read(file, each_g=campaign.each_g)
    known = set(desk.source.accounts())
    bad = [
        (guest.line, "account", guest.account, "account_unknown")
        for guest in listed.guests
        if guest.account is not None and guest.account not in known
    ]
    if bad:
        raise RefusedError("bad_rows", rows=bad)
    return listed


def give(
    campaign: Campaign,
    listed: GuestList,
    output: Path,
    desk: Desk,
    progress: Progress = lambda _done: None,
) -> HandedOut:
    """Give to the guests, and write what is handed out to them to the directory `output`.

    Raises:
        RefusedError: `directory_in_use`, `other_codes`; `insufficient_holding`, and what the rules say. Chunks recorded
            before that stay.
        UnavailableError: `locked_elsewhere`: another run is giving out of `output`.
    """
    # What is in the log already is looked for once no other run of this directory can add to it.
    with nullcontext() if desk.dry_run else handout.alone(output):
        before = list(_given_before(campaign, listed, desk))
        coming = list(_to_give(campaign, listed, before, desk))
        secret_of = _codes(campaign, listed, output, before, desk)
        rows = _rows(campaign, listed, secret_of, desk)
        _check_same(before, rows, desk)
        plans = [_plan(campaign, chunk, rows, listed, desk) for chunk in coming]
        if desk.dry_run:
            return HandedOut(made=desk.perform(plans))
        done = sum(len(chunk.guests) for chunk in before)
        made = []
        for chunk, plan in zip(coming, plans, strict=True):
            made.append(_recorded(plan, output, desk))
            done += len(chunk.guests)
            progress(done // 2)
        indexes = [*(chunk.index for chunk in before), *(one.placed.index for one in made)]
        proofs = _told(_proofs([*before, *coming], indexes, desk), done, progress)
        count = handout.write_proofs(output, proofs)
    progress(count)
    return HandedOut(made=made, proofs=count, codes=len(secret_of))


def parcels(campaign: Campaign, amounts_g: Sequence[int], desk: Desk) -> Iterator[tuple[str, int]]:
    """Batches of a campaign, and how many of those who are to be given so much each gives to, one after another: as
    many in each act as its batch is enough for, first funded first.

    Raises:
        RefusedError: `insufficient_holding`.
    """
    start, there_g = 0, 0
    for _, name, left_g in sorted(_left(campaign, desk)):
        there_g += left_g
        while start < len(amounts_g):
            count = _fitting(amounts_g[start : start + CHUNK_GUESTS_MAX], left_g)
            if not count:
                break
            yield name, count
            left_g -= sum(amounts_g[start : start + count])
            start += count
    if start < len(amounts_g):
        raise RefusedError(
            "insufficient_holding",
            held_g=there_g,
            amount_g=sum(amounts_g),
            campaign=campaign.name,
        )


def act_of(
    campaign: Campaign, batch: str, rows: Sequence[Row], desk: Desk, *, nonce: bytes | None = None
) -> Plan:
    """The act that gives `rows` out of a batch of the campaign, with a second person where policy asks for one."""
    return acts.give(
        campaign,
        batch,
        desk.means(campaign.batches[batch].lock),
        rows,
        nonce=nonce,
        second=desk.second("give", sum(grams for _, grams in rows), campaign.organiser),
    )


def _recorded(plan: Plan, output: Path, desk: Desk) -> Made:
    """What came of giving by `plan`.

    Raises:
        RefusedError: `other_codes` if somebody gave to the same list meanwhile, out of another directory; what the
            rules say.
    """
    try:
        (made,) = desk.perform([plan])
    except RefusedError as refusal:
        if refusal.code == "nonce_used":
            raise RefusedError("other_codes", directory=str(output)) from refusal
        raise
    return made


def _given_before(campaign: Campaign, listed: GuestList, desk: Desk) -> Iterator[Chunk]:
    """The chunks of the list that are in the log, in order."""
    index_of = {}
    with desk.source.log.recorder.reading() as cursor:
        moment = Moment(cursor)
        for placed in moment.all_placed(moment.indexes(campaign.name), rows=False):
            kind, body = placed.entry.intent.parts[0].events[0]
            if kind == Given.kind:
                index_of[placed.entry.intent.nonce] = (placed.index, body["rows"]["count"])
    start = number = 0
    while True:
        nonce = guest_list.chunk_nonce(campaign.name, listed.digest, number)
        if nonce not in index_of:
            return
        index, count = index_of[nonce]
        yield Chunk(number=number, guests=listed.guests[start : start + count], index=index)
        start, number = start + count, number + 1


def _to_give(
    campaign: Campaign, listed: GuestList, before: Sequence[Chunk], desk: Desk
) -> Iterator[Chunk]:
    """The chunks that are still to be given."""
    start = sum(len(chunk.guests) for chunk in before)
    amounts_g = [guest.amount_g for guest in listed.guests[start:]]
    for number, (name, count) in enumerate(parcels(campaign, amounts_g, desk), len(before)):
        yield Chunk(number=number, guests=listed.guests[start : start + count], batch=name)
        start += count


def _left(campaign: Campaign, desk: Desk) -> Iterator[tuple[int, str, int]]:
    """Of each batch of a campaign: the lock, its name, and what can still be given of it."""
    for name, funding in campaign.batches.items():
        # Of one that was all given, thousands may wait: nobody reads through them for nothing.
        if funding.given_g == funding.amount_g:
            continue
        batch: Batch = desk.state(name)
        if funding.lock in batch.locks:
            yield funding.lock, name, batch.locks[funding.lock].left.total_g


def _fitting(amounts_g: Sequence[int], left_g: int) -> int:
    """How many of these amounts, from the first, come to no more than `left_g`."""
    for count, amount_g in enumerate(amounts_g):
        left_g -= amount_g
        if left_g < 0:
            return count
    return len(amounts_g)


def _codes(
    campaign: Campaign, listed: GuestList, output: Path, before: Sequence[Chunk], desk: Desk
) -> Mapping[str, bytes]:
    """The secrets of the guests who have no account: those made before, or fresh ones, now durable."""
    if desk.dry_run:
        return handout.secrets_for(listed.guests)
    handout.begin(output, campaign.name, listed.digest)
    kept = handout.kept_codes(output)
    wanted = {guest.number for guest in listed.guests if guest.account is None}
    if kept is not None:
        require(kept.keys() == wanted, "other_codes", directory=str(output))
        return kept
    # Codes made now could open none of the gifts that are in the log.
    require(not before or not wanted, "other_codes", directory=str(output))
    made = handout.secrets_for(listed.guests)
    handout.keep_codes(output, listed.guests, made)
    return made


def _rows(
    campaign: Campaign, listed: GuestList, secret_of: Mapping[str, bytes], desk: Desk
) -> dict[str, Row]:
    """What each guest is given, by number: to the account, or to the bearer of the code."""
    log = desk.operator.id
    found = {}
    for guest in listed.guests:
        taker = guest.account
        if taker is None:
            seed = claim_codes.seed(secret_of[guest.number], log=log, campaign=campaign.name)
            taker = ids.bearer(handout.public_key(seed))
        found[guest.number] = (taker, guest.amount_g)
    return found


def _check_same(before: Sequence[Chunk], rows: Mapping[str, Row], desk: Desk) -> None:
    """Return if what is in the log was given to those whose codes are at hand.

    Raises:
        RefusedError: `other_codes`.
    """
    if desk.dry_run:
        return
    for chunk in before:
        assert chunk.index is not None
        given = next(_placed(chunk.index, desk).happened()).event
        found = [(whom, amount_g) for whom, amount_g, _ in given.rows.items]
        same = found == [rows[guest.number] for guest in chunk.guests]
        require(same, "other_codes", index=chunk.index)


def _plan(
    campaign: Campaign, chunk: Chunk, rows: Mapping[str, Row], listed: GuestList, desk: Desk
) -> Plan:
    nonce = guest_list.chunk_nonce(campaign.name, listed.digest, chunk.number)
    given = [rows[guest.number] for guest in chunk.guests]
    return act_of(campaign, chunk.batch, given, desk, nonce=nonce)


def _proofs(
    chunks: Sequence[Chunk], indexes: Sequence[int | None], desk: Desk
) -> Iterator[tuple[Guest, bytes]]:
    for chunk, index in zip(chunks, indexes, strict=True):
        assert index is not None
        yield from zip(chunk.guests, row_proofs(desk.source.log, index, 0, 0), strict=True)


def _told(
    proofs: Iterator[tuple[Guest, bytes]], given: int, progress: Progress
) -> Iterator[tuple[Guest, bytes]]:
    for count, proof in enumerate(proofs):
        if count % TELL_PROOFS == 0:
            progress((given + count) // 2)
        yield proof


def _placed(index: int, desk: Desk) -> Placed:
    with desk.source.log.recorder.reading() as cursor:
        return Moment(cursor).placed(index)
