"""Certificates as somebody asks for what is said of them after their issue; which one is meant by a number."""

from typing import Annotated

from pydantic import Field

from registry.acts import certificates as acts
from registry.acts.plan import Plan
from registry.desk import restating
from registry.desk.ask import Account, Ask, Day, Digest, Flag, Period, Several, one_of
from registry.desk.desk import Desk
from registry.desk.opened import Opened
from registry.domain.certificate import REASONS, Certificate
from registry.errors import UsageError, require
from registry.names import CERTIFICATE
from registry.store.proofs import row_of
from registry.store.views import views

Means = tuple[int, bytes]

CertificateNumber = Annotated[
    str, Field(description="A certificate's number, with or without its dashes.")
]


class ShowHomeCancellation(Ask):
    """Show that units are cancelled at home, too / 登记原登记系统已注销"""

    certificate: CertificateNumber
    standard: str
    """Of which kind the units are."""
    reference: str
    """The home registry's number of the cancellation."""
    day: Day
    """When they were cancelled there."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        state, means = meant(desk, self.certificate)
        (officer,) = desk.officers(1)
        return [
            acts.show_home_cancellation(
                officer,
                state.name,
                standard=self.standard,
                reference=self.reference,
                day=self.day,
                document=self.document,
                means=means,
            )
        ]


class Replace(Ask):
    """State it otherwise, under a new number / 更换证明

    What is not said again stays as it was.
    """

    certificate: CertificateNumber
    document: Digest
    period: Period | None = None
    """The period claimed."""
    place: str | None = None
    """Where, GB/T 2260."""
    public: Flag | None = None
    """Whether the certificate's names are."""
    activity: str | None = None
    """For which the grams were retired, by name."""
    organisers: Several | None = None
    """Of the activity, by name."""
    beneficiary: str | None = None
    """For whom; it takes the consent of who was named and of who is now."""
    purchaser: str | None = None
    """Who paid, by name."""
    agent: str | None = None
    """By whom, in another's place; by name."""
    old_consent: Digest | None = None
    """Of who was named."""
    new_consent: Digest | None = None
    """Of who is named now."""

    def plans(self, desk: Desk) -> list[Plan]:
        consents = self._consents()
        state, means = meant(desk, self.certificate)
        kept = {"certificate", "document", "old_consent", "new_consent"}
        wanted = acts.Replacement(
            statement=restating.restated(
                desk, state, self.model_dump(exclude=kept, exclude_none=True)
            ),
            retired=restating.retired_on(desk, state),
            document=self.document,
            consents=consents,
        )
        officers = desk.officers(1 if consents is None else 2, state.holder)
        return [acts.replace(state, officers, means, wanted)]

    def _consents(self) -> tuple[bytes, bytes] | None:
        """What both beneficiaries signed; None where the beneficiary stays.

        Raises:
            UsageError: `malformed` if there is one without the other.
        """
        if self.old_consent is None and self.new_consent is None:
            return None
        if self.old_consent is None or self.new_consent is None:
            raise UsageError(
                "malformed",
                field="new_consent",
                why="all_or_none",
                choices=["old_consent", "new_consent"],
            )
        return self.old_consent, self.new_consent


class Annul(Ask):
    """Annul it, by two officers or a court / 撤销证明"""

    certificate: CertificateNumber
    document: Digest
    reason: Annotated[str, one_of(REASONS)] = "judgment"
    """Why the officers do."""
    court: Account | None = None
    """Which court does, by judgment; else two officers do."""

    def plans(self, desk: Desk) -> list[Plan]:
        state, means = meant(desk, self.certificate)
        if self.court is not None:
            court = desk.account(self.court)
            return [acts.annul_by_court(state, court, means, document=self.document)]
        officers = desk.officers(2)
        return [acts.annul(state, officers, means, reason=self.reason, document=self.document)]


class Witness(Ask):
    """An exchange witnesses it, or two jointly / 见证，或联合见证"""

    certificate: CertificateNumber
    exchange: Account | None = None
    """Which; else the only one, or the one whose key is kept here."""
    number: str
    """Under which of its own numbers."""
    other: Account | None = None
    """The exchange that witnesses it jointly."""
    other_number: str | None = None
    """Under which of its numbers that does."""

    def plans(self, desk: Desk) -> list[Plan]:
        if (self.other is None) != (self.other_number is None):
            raise UsageError(
                "malformed",
                field="other_number",
                why="all_or_none",
                choices=["other", "other_number"],
            )
        state, means = meant(desk, self.certificate)
        exchange = desk.body("exchange", self.exchange)
        if self.other is None or self.other_number is None:
            return [acts.witness(exchange, state.name, means, number=self.number)]
        both, numbers = (exchange, desk.account(self.other)), (self.number, self.other_number)
        return [acts.witness_jointly(both, state.name, means, numbers=numbers)]


class Confirm(Ask):
    """A court confirms what was retired for its order / 法院确认履行"""

    certificate: CertificateNumber
    court: Account
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        state, means = meant(desk, self.certificate)
        court = desk.account(self.court)
        return [acts.confirm(court, state.name, means, document=self.document)]


class Adopt(Ask):
    """Let one of a group stand by itself / 使批量证明中的一张单列"""

    certificate: CertificateNumber

    def plans(self, desk: Desk) -> list[Plan]:
        number = read_number(self.certificate)
        share = share_of(desk.source, number)
        require(share is not None, "no_certificate", number=number)
        assert share is not None
        row = row_of(desk.operator.log, share)
        (officer,) = desk.officers(1)
        return [
            acts.adopt(
                officer,
                f"{CERTIFICATE}{share[0]}",
                f"{CERTIFICATE}{number}",
                number=row.number,
                row=row.row,
                path=b"".join(row.path),
            )
        ]


class NumberBefore(Ask):
    """Keep the number that it had elsewhere / 载明原编号"""

    certificate: CertificateNumber
    number: str
    """What it was."""
    source: Digest
    """What says so."""

    def plans(self, desk: Desk) -> list[Plan]:
        state, means = meant(desk, self.certificate)
        (officer,) = desk.officers(1)
        return [acts.number_before(officer, state, means, number=self.number, source=self.source)]


def meant(desk: Desk, typed: str) -> tuple[Certificate, Means]:
    """The certificate of a number, and the entry that began it.

    Raises:
        RefusedError: `no_stream`: there is none, or it is one of a group that nothing was said of by itself.
    """
    state: Certificate = desk.state(desk.stream("certificate", read_number(typed)))
    assert state.issued is not None
    return state, desk.means(state.issued)


def read_number(typed: str) -> str:
    """A certificate's number as people write it: in any case, with dashes and spaces."""
    return (
        typed.strip()
        .removeprefix(CERTIFICATE)
        .translate({ord(mark): None for mark in "- "})
        .lower()
    )


def share_of(source: Opened, number: str) -> tuple[str, int] | None:
    """The row that has this number, as the number of its group and its own place; None if it is of no group."""
    with views(source.log, source.keepers) as tables:
        found = tables.rows("shares", number=number)
    return (found[0]["group_number"], found[0]["row_number"]) if found else None
