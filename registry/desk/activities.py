"""Activities to be made neutral as somebody asks for what is done: filed, accounted, offset, confirmed."""

from typing import Annotated

from pydantic import Field

from registry.acts import activities as acts
from registry.acts.plan import Plan
from registry.desk import certificates
from registry.desk.ask import (
    ITEMS_MAX,
    Account,
    Ask,
    Count,
    Day,
    Digest,
    Flag,
    Grams,
    Period,
    Several,
    one_of,
)
from registry.desk.certificates import CertificateNumber
from registry.desk.desk import Desk
from registry.domain.activity import METHODS, MODES, NEUTRALITIES, Activity
from registry.domain.standard import PURPOSES

ActivityName = Annotated[str, Field(description="The activity: `activity/…` or its id.")]
Method = Annotated[str, one_of(METHODS), Field(description="Who accounts what was emitted.")]


class File(Ask):
    """File the registration form / 登记活动"""

    organiser: Account
    """Who files."""
    form: Digest
    name: str
    """Of the activity; it is kept apart."""
    organisers: Several = ()
    """By name, if others than the one who files."""
    category: Annotated[str, one_of(PURPOSES)]
    """Which kind of activity it is."""
    days: Period
    place: str
    """Where, GB/T 2260."""
    scale: Count | None = None
    """How many take part."""
    boundary: Annotated[Several, Field(examples=[["preparation", "holding", "closing"]])]
    """Emissions of which phases are accounted."""
    expected: Grams
    """What will be emitted."""
    method: Method = "own"
    neutrality: Annotated[str, one_of(NEUTRALITIES)] = "organiser"
    """Who offsets."""
    offsets: Several = ()
    """With which kinds of credit."""
    planned: Grams
    """What is to be retired."""
    due: Day
    """By when."""
    contact: str | None = None
    """Whom to ask; it is never made public."""
    confirmation: Annotated[str, one_of(MODES)] = "self"
    """Who is to confirm."""
    plan: Digest | None = None
    """The plan, a paper of its own."""

    def plans(self, desk: Desk) -> list[Plan]:
        form = acts.Form(
            document=self.form,
            name=self.name,
            organisers=self.organisers,
            category=self.category,
            days=self.days,
            place_and_scale=(self.place, self.scale),
            boundary=self.boundary,
            emissions_g=(self.expected, self.planned),
            method=self.method,
            neutrality=self.neutrality,
            offsets=self.offsets,
            due=self.due,
            contact=self.contact,
            confirmation=self.confirmation,
            plan=self.plan,
        )
        return [acts.file(desk.account(self.organiser), form)]


class Receive(Ask):
    """The authority has the form / 主管部门收讫"""

    activity: ActivityName
    authority: Account | None = None
    """Which; else the only one, or the one whose key is kept here."""
    receipt: str
    """Its number of the receipt."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        state = found(desk, self.activity)
        assert state.filed is not None
        return [
            acts.receive(
                desk.body("authority", self.authority),
                state.name,
                organiser=state.organiser,
                means=desk.means(state.filed),
                receipt=self.receipt,
                document=self.document,
            )
        ]


class AccountFor(Ask):
    """State what was emitted / 核算排放量"""

    activity: ActivityName
    emissions: Grams
    method: Method = "own"
    report: Digest
    """Of the accounting."""

    def plans(self, desk: Desk) -> list[Plan]:
        state = found(desk, self.activity)
        return [
            acts.account(
                state.organiser,
                state.name,
                emissions_g=self.emissions,
                method=self.method,
                report=self.report,
            )
        ]


class StateMeasures(Ask):
    """State what was done to emit less / 说明减排措施"""

    activity: ActivityName
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        state = found(desk, self.activity)
        return [acts.state_measures(state.organiser, state.name, document=self.document)]


class Offset(Ask):
    """Certificates offset it, and nothing else / 以证明抵消"""

    activity: ActivityName
    certificates: Annotated[
        tuple[CertificateNumber, ...], Field(min_length=1, max_length=ITEMS_MAX)
    ]
    """By their numbers."""

    def plans(self, desk: Desk) -> list[Plan]:
        state = found(desk, self.activity)
        named = [certificates.meant(desk, number) for number in self.certificates]
        return [
            acts.offset(
                state.name,
                one.name,
                organiser=state.organiser,
                holder=one.holder,
                amount_g=one.amount_g,
                means=means,
            )
            for one, means in named
        ]


class Confirm(Ask):
    """Confirm what it came to, with a certificate / 确认并出证"""

    activity: ActivityName
    mode: Annotated[str, one_of(MODES)]
    """Who confirms."""
    confirmer: Account | None = None
    """Which; else the organiser."""
    document: Digest
    public: Flag = True
    """Whether the certificate's names are."""

    def plans(self, desk: Desk) -> list[Plan]:
        state = found(desk, self.activity)
        return [
            acts.confirm(
                desk.maybe_account(self.confirmer) or state.organiser,
                state.name,
                organiser=state.organiser,
                mode=self.mode,
                public=self.public,
                document=self.document,
            )
        ]


class Publish(Ask):
    """It stands in a list that was accepted / 随清单公布"""

    activity: ActivityName
    report: Annotated[str, Field(description="The list: `report/…` or its id.")]
    authority: Account | None = None
    """Which; else the only one, or the one whose key is kept here."""

    def plans(self, desk: Desk) -> list[Plan]:
        authority = desk.body("authority", self.authority)
        report = desk.stream("report", self.report)
        return [acts.publish(authority, desk.stream("activity", self.activity), report=report)]


def found(desk: Desk, typed: str) -> Activity:
    """The activity that is meant. Raises: RefusedError, `no_stream`."""
    state: Activity = desk.state(desk.stream("activity", typed))
    return state
