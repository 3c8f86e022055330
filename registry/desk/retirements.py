"""Retirements as somebody asks for them: out of what, for what, for whom; for one, or for many at once."""

from typing import Annotated

from pydantic import AfterValidator, Field

from registry.acts import certificates, share_list, sheet
from registry.acts import movements as acts
from registry.acts.movements import Statement
from registry.acts.plan import Plan, seconded
from registry.acts.propose import normalised
from registry.acts.sheet import File
from registry.desk.ask import Account, Ask, Few, FirstFault, Flag, Grams, Period, Several, faulty
from registry.desk.desk import Desk
from registry.desk.movements import OutOf, Some
from registry.domain.shape import ROWS_MAX


class Stated(Ask):
    """What a retirement is for; whether names are public, the certificate says."""

    purpose: Annotated[str, Field(examples=["meeting", "enterprise"])]
    """For which purpose, of those that the kind of credit may serve."""
    period: Period | None = None
    """The period that is claimed to be neutral."""
    place: str | None = None
    """Where: GB/T 2260, six digits."""
    ground: Annotated[str, Field(examples=["voluntary", "administrative_order"])] = "voluntary"
    """On which ground."""
    public: Flag = True
    """Whether the certificate's names are."""
    activity: str | None = None
    """Which activity, by its name."""
    organisers: Several = ()
    """Of the activity, by name."""
    purchaser: str | None = None
    """Who paid."""
    agent: str | None = None
    """Through whom."""

    def statement(self, beneficiary: str | None = None) -> Statement:
        """What the certificate says."""
        return Statement(
            purpose=self.purpose,
            period=self.period,
            place=self.place,
            ground=self.ground,
            public=self.public,
            activity=self.activity,
            organisers=self.organisers,
            beneficiary=beneficiary,
            purchaser=self.purchaser,
            agent=self.agent,
        )


class Retire(Some, Stated):
    """Retire credits, with a certificate / 注销，并出具证明"""

    holder: Account
    beneficiary: str | None = None
    """For whom; else for the holder."""

    def plans(self, desk: Desk) -> list[Plan]:
        holder = desk.account(self.holder)
        shares = self.shares(desk, holder)
        plan = acts.retire(shares, holder=holder, statement=self.statement(self.beneficiary))
        second = desk.second("retire", sum(amount_g for _, amount_g, _ in shares), holder)
        return [seconded(plan, holder, second)]


def _name(said: str) -> str:
    """A name as a list of beneficiaries may have it."""
    try:
        return sheet.name(normalised(said).strip())
    except ValueError:
        raise faulty("name_between", most=sheet.TEXT_CHARACTERS_MAX) from None


class Beneficiary(Few):
    """One of those for whom a retirement is."""

    model_config = Ask.model_config

    name: Annotated[str, AfterValidator(_name)]
    """As their certificate commits to it."""
    amount: Grams


class RetireForMany(OutOf, Stated):
    """Retire for all who are listed, each with a certificate of their own / 为名单中各人注销，各出一证"""

    holder: Account
    rows: Annotated[tuple[Beneficiary, ...], FirstFault(), Field(min_length=1, max_length=ROWS_MAX)]
    """For whom, and how much of it; a name may stand there more than once."""

    @property
    def total_g(self) -> int:
        """What is retired for all of them."""
        return sum(row.amount for row in self.rows)

    def plans(self, desk: Desk) -> list[Plan]:
        holder = desk.account(self.holder)
        plan = certificates.retire_for_many(
            self.spread(desk, holder, self.total_g),
            holder=holder,
            statement=self.statement(),
            beneficiaries=[(row.name, row.amount) for row in self.rows],
        )
        return [seconded(plan, holder, desk.second("retire", self.total_g, holder))]


def listed(file: File) -> list[dict[str, str]]:
    """The rows of `RetireForMany` that stand in a list.

    Raises:
        RefusedError: what `share_list.read` says.
    """
    return [
        {"name": name, "amount": f"{amount_g}g"}
        for name, amount_g in share_list.read(file).beneficiaries
    ]
