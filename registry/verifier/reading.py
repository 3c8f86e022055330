"""Reading one entry of a compact proof: all that it shows by itself, without the states before it."""

from dataclasses import dataclass
from functools import partial

from registry.domain import forms
from registry.domain.act import Act, ActPart, Hashes
from registry.domain.form import Form
from registry.errors import require
from registry.history import SignedEntry, check_bearers, check_entry, check_life, read_parts
from registry.ledger import ids, rows
from registry.ledger.entry import NO_PREVIOUS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAct:
    """An entry, read as far as it can be without the states before it."""

    signed: SignedEntry
    form: Form
    parts: tuple[ActPart, ...]

    def part_of(self, stream: str) -> int | None:
        """The number of the part that touches `stream`; None if none does."""
        found = [number for number, part in enumerate(self.parts) if part.stream == stream]
        return found[0] if found else None

    def as_act(self, index: int) -> Act:
        """The act as the rules see it, but that no state is consulted and nothing judged before."""
        entry = self.signed.entry
        asked = entry.intent
        return Act(
            index=index,
            at_us=entry.at_us,
            nonce=asked.nonce,
            parts=self.parts,
            by={},
            keys={signer.account: signer.key for signer in asked.signers},
            author=asked.author,
            hashes=Hashes(
                row_id=partial(ids.row_id, asked.log),
                row_root=rows.row_root,
                row_says=rows.row_says,
            ),
            consulted={},
            outcomes=[],
        )


def read_act(data: bytes) -> ReadAct:
    """The entry in `data`, once all holds that can be told from it alone: form, signatures, life, who signs, places.

    Raises:
        RefusedError: what does not hold.
    """
    signed = check_entry(data)
    entry, asked = signed.entry, signed.entry.intent
    check_life(asked, entry.at_us)
    parts, form = read_parts(asked)
    check_bearers(asked)
    signers = [signer.account for signer in asked.signers]
    expected = forms.signers_of(form, parts)
    fits = len(expected) == len(signers) and all(
        forms.may_sign(capacity, named, account)
        for (capacity, named), account in zip(expected, signers, strict=True)
    )
    named = [account for _, account in expected]
    require(fits, "wrong_signers", expected=named, signers=signers)
    consulted = [stream for stream, _ in entry.consulted]
    looked_at = forms.consults(parts, signers)
    require(consulted == looked_at, "wrong_consulted", recorded=consulted, expected=looked_at)
    for place in entry.places:
        first = place.position == 1
        require(first == (place.previous == NO_PREVIOUS), "wrong_previous")
    return ReadAct(signed=signed, form=form, parts=tuple(parts))
