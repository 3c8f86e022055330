"""Projects as somebody asks for what is done with them: put forward, validated, registered, verified, stopped."""

from typing import Annotated

from pydantic import Field

from registry.acts import projects as acts
from registry.acts.plan import Plan
from registry.desk.ask import Account, Ask, Digest, Grams, Period, Several
from registry.desk.desk import Desk
from registry.errors import require

ProjectName = Annotated[str, Field(description="The project: `project/…` or its id.")]
InRole = Annotated[
    Account | None, Field(description="Who signs in this role; else the only one who has it.")
]


class Propose(Ask):
    """Put a project forward, as its owner / 业主申报项目"""

    owner: Account
    name: str
    """What it is called."""
    standard: str
    """The kind of credit that it is to make."""
    method: str
    """The code of its method."""
    place: str
    """Where it is: GB/T 2260, six digits."""
    crediting: Period
    """The crediting period."""
    boundary: Digest
    excluded: Several = ()
    """Which other registries it is declared not to be in: CCER, CDM, GEC, PHCER, VCS."""

    def plans(self, desk: Desk) -> list[Plan]:
        return [
            acts.propose_project(
                desk.account(self.owner),
                standard=self.standard,
                method=self.method,
                place=self.place,
                crediting=self.crediting,
                boundary=self.boundary,
                excluded=self.excluded,
                name=self.name,
            )
        ]


class Validate(Ask):
    """Find it as its method demands / 审定"""

    project: ProjectName
    document: Digest
    validator: InRole = None

    def plans(self, desk: Desk) -> list[Plan]:
        stream = desk.stream("project", self.project)
        return [acts.validate(desk.body("validator", self.validator), stream, self.document)]


class Register(Ask):
    """Enter it, as an officer / 登记官登记项目"""

    project: ProjectName
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        (officer,) = desk.officers(1)
        found = desk.state(desk.stream("project", self.project))
        return [acts.register(officer, found, self.document)]


class Verify(Ask):
    """Verify the reductions of a period / 核查"""

    project: ProjectName
    amount: Grams
    period: Period
    """The monitoring period."""
    report: Digest
    verifier: InRole = None

    def plans(self, desk: Desk) -> list[Plan]:
        return [
            acts.verify(
                desk.body("verifier", self.verifier),
                desk.state(desk.stream("project", self.project)),
                period=self.period,
                amount_g=self.amount,
                report=self.report,
            )
        ]


class ByAuthority(Ask):
    """What the authority and an officer decide on a project."""

    project: ProjectName
    document: Digest
    authority: InRole = None

    def decided(self, desk: Desk) -> tuple[list[str], str]:
        """Who signs, and the project's stream.

        Raises:
            RefusedError: `no_stream`, `nobody_in_role`, `several_in_role`, `no_account`, `several_accounts`.
        """
        by, stream = desk.body("authority", self.authority), desk.stream("project", self.project)
        return [by, *desk.officers(1, by)], stream


class Suspend(ByAuthority):
    """Have a project stand still / 暂停项目"""

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.suspend(*self.decided(desk), document=self.document)]


class Reinstate(ByAuthority):
    """Let a suspended project go on / 恢复项目"""

    def plans(self, desk: Desk) -> list[Plan]:
        signers, stream = self.decided(desk)
        suspended = desk.state(stream).suspended
        require(suspended is not None, "out_of_order", stream=stream, kind="project.reinstated.v1")
        return [acts.reinstate(signers, stream, desk.means(suspended), document=self.document)]


class Cancel(ByAuthority):
    """End a project / 注销项目登记"""

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.cancel(*self.decided(desk), document=self.document)]
