"""Roles as somebody asks for them: given to an account, and taken back."""

from typing import Annotated

from registry.acts import roles as acts
from registry.acts.plan import Plan
from registry.desk.ask import Account, Ask, one_of
from registry.desk.desk import Desk
from registry.domain.roles import ROLES


class Grant(Ask):
    """Give an account a role, by two officers / 由两名登记官授予角色"""

    account: Account
    role: Annotated[str, one_of(ROLES)]

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.grant(desk.officers(2), desk.account(self.account), self.role)]


class Withdraw(Ask):
    """Take a role back, by two officers / 由两名登记官撤回角色"""

    account: Account
    role: Annotated[str, one_of(ROLES)]

    def plans(self, desk: Desk) -> list[Plan]:
        account = desk.account(self.account)
        means = desk.means(acts.granted_in(desk.operator.registry(), account, self.role))
        return [acts.withdraw(desk.officers(2), account, self.role, means)]
