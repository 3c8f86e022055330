"""Transferring and retiring: which batches an amount is taken from, and the acts that do it.

Of several batches the one with the oldest monitoring period gives first, then the one with the lowest name; of a batch
the lowest serial numbers go, unless a range is named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.acts.plan import Parts, Plan, single
from registry.acts.propose import Happening, Hidden, Setting
from registry.domain.act_forms.batches import BATCHES_PER_RETIREMENT_MAX
from registry.domain.batch import DEPOSITED_RETIRED, Batch
from registry.domain.ranges import Range
from registry.errors import RefusedError

Share = tuple[Batch, int, Range | None]
"""What one batch gives: how many grams and, if it was asked for, which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a retirement is for, as in `certificate.Issued`; names in the clear, to be committed to."""

    purpose: str
    period: tuple[str, str] | None = None
    place: str | None = None
    ground: str = "voluntary"
    public: bool = True
    activity: str | None = None
    organisers: tuple[str, ...] = ()
    beneficiary: str | None = None
    purchaser: str | None = None
    agent: str | None = None


def in_turn(batches: Iterable[Batch], *, transferable: bool = False) -> list[Batch]:
    """`batches` in the order in which they give; only those that may change hands, if `transferable`."""
    suited = (one for one in batches if not transferable or one.origin != DEPOSITED_RETIRED)
    return sorted(suited, key=lambda one: (one.period, one.name))


def spread(batches: Sequence[Batch], holder: str, amount_g: int) -> list[Share]:
    """What each of `batches`, in their order, gives of `amount_g`; no more than what `holder` holds of it.

    Raises:
        RefusedError: `insufficient_holding`.
    """
    shares: list[Share] = []
    missing_g = amount_g
    for batch in batches:
        given_g = min(missing_g, batch.holding(holder).total_g)
        if given_g:
            shares.append((batch, given_g, None))
            missing_g -= given_g
    if missing_g:
        raise RefusedError(
            "insufficient_holding", held_g=amount_g - missing_g, amount_g=amount_g, holder=holder
        )
    return shares


def transfer(
    share: Share, *, giver: str, taker: str, venue: str | None = None, trade: str | None = None
) -> Plan:
    """Move one batch's share from `giver` to `taker`; `venue` is the exchange that matched the trade numbered `trade`.

    Of a transfer out of several batches each share is an act of its own, recorded together with the others.
    """
    batch, amount_g, serials = share
    body = {
        "giver": giver,
        "taker": taker,
        "amount_g": amount_g,
        "standard": batch.standard,
        "range": serials,
        "venue": venue,
        "trade": hidden(trade),
    }
    signers = (giver,) if venue is None else (giver, venue)
    return single(signers, batch.name, "batch.transferred.v1", body)


def retire(shares: Sequence[Share], *, holder: str, statement: Statement) -> Plan:
    """Use `shares` up, and issue the certificate that says for what: one act.

    Raises:
        RefusedError: `too_many_batches`.
    """
    check_few(shares)

    def parts(setting: Setting) -> Parts:
        certificate = setting.new("certificate", len(shares))
        return [*(used(share, holder) for share in shares), (certificate, [said(statement)])]

    return Plan(signers=(holder,), parts=parts)


def check_few(shares: Sequence[Share]) -> None:
    """Return if these are no more batches than one retirement may use.

    Raises:
        RefusedError: `too_many_batches`.
    """
    most = BATCHES_PER_RETIREMENT_MAX
    if len(shares) > most:
        possible_g = sum(given_g for _, given_g, _ in shares[:most])
        raise RefusedError(
            "too_many_batches", batches=len(shares), most=most, possible_g=possible_g
        )


def used(share: Share, holder: str) -> tuple[str, list[Happening]]:
    """The part in which `holder` uses up one batch's share."""
    batch, amount_g, serials = share
    body = {"holder": holder, "amount_g": amount_g, "standard": batch.standard, "range": serials}
    return batch.name, [("batch.retired.v1", body)]


def said(statement: Statement) -> Happening:
    """What a certificate says, beside the retirement that it is of."""
    body = {
        "purpose": statement.purpose,
        "period": statement.period,
        "place": statement.place,
        "ground": statement.ground,
        "public": statement.public,
        "activity": hidden(statement.activity),
        "organisers": hidden(list(statement.organisers)),
        "beneficiary": hidden(statement.beneficiary),
        "purchaser": hidden(statement.purchaser),
        "agent": hidden(statement.agent),
    }
    return "certificate.issued.v1", body


def hidden(value: str | list[str] | None) -> Hidden | None:
    """What is committed to; of what is not said, nothing is."""
    return Hidden(value=value) if value else None
