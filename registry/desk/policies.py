"""Policies as somebody asks for them to be set."""

from typing import Annotated

from registry.acts import policies as acts
from registry.acts.plan import Plan
from registry.desk import given
from registry.desk.ask import Ask, Digest, Several, one_of
from registry.desk.desk import Desk
from registry.domain.roles import POLICIES


class Set(Ask):
    """Set what is policy, by two officers / 由两名登记官设定制度"""

    policy: Annotated[str, one_of(POLICIES)]
    codes: Several = ()
    """What it names."""
    number: str | None = None
    """Of a share per mille; else tonnes, or grams with a `g` after them."""
    standard: str | None = None
    """Of which kind of credit, where it is of one."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        number = None if self.number is None else given.policy_number(self.policy, self.number)
        return [
            acts.set_policy(
                desk.officers(2),
                self.policy,
                subject=self.standard,
                codes=self.codes,
                number=number,
                document=self.document,
            )
        ]
