"""Gifts as their guests ask for them: found by a code, a key or an account; claimed, or used up for a journey.

code     the guest shows it, and the key that it derives signs here, and is forgotten
bearer   the guest names that key, which signs elsewhere: the code stays with the guest
holder   the gift waits for an account, which signs
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field, SecretStr, WithJsonSchema

from registry.acts import campaigns as acts
from registry.acts import claim_codes, footprint
from registry.acts.campaigns import Waiting
from registry.acts.footprint import LEGS_MAX, Leg
from registry.acts.movements import Statement
from registry.acts.plan import Plan
from registry.desk.ask import Account, Ask, FirstFault, Flag, Grams, Period, PublicKey
from registry.desk.campaigns import CampaignName, found
from registry.desk.desk import Desk
from registry.domain.batch import Batch
from registry.errors import RefusedError, UsageError, require
from registry.ledger import ids
from registry.ledger.intent import Signer
from registry.ledger.keys import SUITE
from registry.store import handout
from registry.store.views import views

Code = Annotated[
    SecretStr,
    Field(max_length=64),
    WithJsonSchema({"type": "string", "writeOnly": True, "maxLength": 64}),
]
"""Never shown again: not in a log, an answer or an error."""
Journey = Annotated[tuple[str, ...], FirstFault(), Field(max_length=LEGS_MAX)]


class Gift(Ask):
    """Whose gift: of whoever has a code, or its key, or of an account; exactly one of them is said."""

    code: Code | None = None
    """The claim code: whoever shows it has the gift, and the registry signs with its key."""
    bearer: PublicKey | None = None
    """The public key that a code derives; it signs elsewhere, and the code is not shown."""
    holder: Account | None = None
    """An account for which it waits."""
    campaign: CampaignName | None = None
    """Only out of this campaign; else all that waits, in every campaign."""

    def borne_by(self, desk: Desk) -> str | None:
        """The bearer of the code or the key; None where an account acts.

        Raises:
            RefusedError: `bad_claim_code`, `no_gift`, `no_stream`.
        """
        if self.bearer is not None:
            return ids.bearer((SUITE, self.bearer))
        return None if self.code is None else self._of_code(desk)[0]

    def waiting(self, desk: Desk) -> list[Waiting]:
        """All that waits for whom it is.

        Raises:
            UsageError: `malformed`.
            RefusedError: `bad_claim_code`, `no_gift`, `no_stream`, `no_account`.
        """
        if sum(one is not None for one in (self.code, self.bearer, self.holder)) != 1:
            raise UsageError(
                "malformed", field="code", why="exactly_one", choices=["code", "bearer", "holder"]
            )
        waiting = list(self._waiting(desk))
        named = {} if self.holder is None else {"holder": self.holder}
        require(bool(waiting), "no_gift", **named)
        return waiting

    def _waiting(self, desk: Desk) -> Iterator[Waiting]:
        """The tables only say where to look; how much it is, the batches themselves say."""
        signer = self._signer(desk)
        whom = signer if isinstance(signer, str) else signer.account
        with views(desk.source.log) as tables:
            batches = [row["batch"] for row in tables.rows("gifts", taker=whom)]
        if self.campaign is not None:
            funded = found(desk, self.campaign).batches
            batches = [name for name in batches if name in funded]
        for name in batches:
            batch: Batch = desk.state(name)
            amount_g = batch.given_to(whom).total_g
            if amount_g:
                yield Waiting(batch=batch, signer=signer, amount_g=amount_g)

    def _signer(self, desk: Desk) -> str | Signer:
        if self.bearer is not None:
            key = SUITE, self.bearer
            return Signer(account=ids.bearer(key), key=key)
        if self.code is not None:
            return desk.bearer(self._of_code(desk)[1])
        return desk.account(self.holder or "")

    def _of_code(self, desk: Desk) -> tuple[str, bytes]:
        """The bearer of the code, and the seed of their key: in each campaign, a code would have another.

        A code is a secret: what is said of it does not repeat it.
        """
        assert self.code is not None
        secret = claim_codes.read(self.code.get_secret_value())
        campaigns = desk.streams("campaign")
        if self.campaign is not None:
            campaigns = [desk.stream("campaign", self.campaign)]
        with views(desk.source.log) as tables:
            # Most guests come soon.
            for name in reversed(campaigns):
                seed = claim_codes.seed(secret, log=desk.operator.id, campaign=name)
                whom = ids.bearer(handout.public_key(seed))
                if tables.rows("gifts", taker=whom):
                    return whom, seed
        raise RefusedError("no_gift")


class Claim(Gift):
    """Claim what was given into an account / 领取到账户"""

    to: Account | None = None
    """Into this account; else the one for which it waits."""

    def plans(self, desk: Desk) -> list[Plan]:
        taker = self.to or self.holder
        if taker is None:
            raise UsageError("malformed", field="to", why="account_to_claim_into")
        account = desk.account(taker)
        return [acts.claim(waiting, account) for waiting in self.waiting(desk)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What is used of each gift, and what was wanted and is left in grams."""

    gifts: Sequence[Waiting]
    wanted_g: int
    left_g: int

    @property
    def used_g(self) -> int:
        """What is used of all of them."""
        return sum(gift.amount_g for gift in self.gifts)


class Retire(Gift):
    """Retire a gift at once, for a journey / 直接注销，抵消行程

    All of it is used up if it is less than was wanted. Each gift has a certificate of its own.
    """

    journey: Journey = ()
    """Legs of it, such as `rail:300km`, `hotel:2night`."""
    amount: Grams | None = None
    """So much, instead."""
    beneficiary: str | None = None
    """Whose name stands in the certificate, if any does."""
    period: Period | None = None
    """When the journey was."""
    place: str | None = None
    """Where, GB/T 2260."""
    public: Flag = False
    """Whether the certificate's names are."""

    def plans(self, desk: Desk) -> list[Plan]:
        return self.plans_of(self.used(desk))

    def plans_of(self, used: Used) -> list[Plan]:
        """The acts that use up so much."""
        statement = Statement(
            purpose="individual",
            period=self.period,
            place=self.place,
            public=self.public,
            activity=_told(footprint.read(self.journey)),
            beneficiary=self.beneficiary,
        )
        return [acts.claim_and_retire(gift, statement) for gift in used.gifts]

    def used(self, desk: Desk) -> Used:
        """What is used of which gift.

        Raises:
            UsageError: `malformed`: neither an amount nor a journey, or both.
            RefusedError: `bad_journey`; as `waiting` says.
        """
        wanted_g = self.wanted_g()
        waiting = self.waiting(desk)
        used = list(_using(waiting, wanted_g))
        left_g = sum(gift.amount_g for gift in waiting) - sum(gift.amount_g for gift in used)
        return Used(gifts=used, wanted_g=wanted_g, left_g=left_g)

    def wanted_g(self) -> int:
        """What is asked for: an amount, or what a journey comes to.

        Raises:
            UsageError: `malformed`.
            RefusedError: `bad_journey`.
        """
        if (self.amount is None) == (not self.journey):
            raise UsageError(
                "malformed", field="journey", why="exactly_one", choices=["amount", "journey"]
            )
        wanted_g = self.amount or footprint.total_g(footprint.read(self.journey))
        if not wanted_g:
            raise UsageError("malformed", field="journey", why="nothing_to_offset")
        return wanted_g


def _using(waiting: Sequence[Waiting], wanted_g: int) -> Iterator[Waiting]:
    """What is used of each gift, one after another, until there is enough."""
    for gift in waiting:
        used_g = min(gift.amount_g, wanted_g)
        if used_g:
            yield replace(gift, amount_g=used_g)
            wanted_g -= used_g


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
