"""Conduct as somebody asks for it: a case step by step, commendations, and how an account stands."""

from typing import Annotated, Any

from pydantic import Field

from registry.acts import conduct as acts
from registry.acts.plan import Plan
from registry.desk.ask import Account, Ask, Day, Digest, Entry, Flag, one_of
from registry.desk.desk import Desk
from registry.desk.opened import Opened
from registry.domain.conduct import (
    BLACKLIST,
    BREACH,
    DECISIONS,
    FOLLOWS,
    LEVELS,
    REVIEWS,
    Case,
    Conduct,
)
from registry.errors import require

Means = tuple[int, bytes]

By = Annotated[
    Account | None,
    Field(
        description="Who signs, in office; else an officer, or the authority for the black list."
    ),
]


class Find(Ask):
    """Find that an account broke a rule / 认定违规"""

    account: Account
    level: Annotated[str, one_of(LEVELS)] = BREACH
    """On which list it is to stand: the platform's own record, or an authority's."""
    rule: str
    """Which was broken, by its reference."""
    document: Digest
    details: str | None = None
    """What happened; it is not made public."""
    legal_basis: str | None = None
    """By which law, for the black list."""
    by: By = None

    def plans(self, desk: Desk) -> list[Plan]:
        account = desk.account(self.account)
        finding = acts.Finding(
            level=self.level,
            rule=self.rule,
            document=self.document,
            details=self.details,
            legal_basis=self.legal_basis,
        )
        return [acts.find(_in_office(desk, account, self.level, self.by), account, finding)]


class Step(Ask):
    """A step in a case."""

    account: Account
    case: Entry | None = None
    """The entry that found it; else the only one that is not over."""

    def found(self, desk: Desk) -> tuple[str, Means, Case]:
        """Whose case is meant, the entry that found it, and what it has come to.

        Raises:
            RefusedError: `no_account`, `several_accounts`, `no_case`, `several_cases`.
        """
        account = desk.account(self.account)
        return account, *case_of(desk, account, self.case)


class Official(Step):
    """A step that somebody signs in office."""

    by: By = None

    def signed(self, desk: Desk) -> tuple[str, str, Means]:
        """Who signs, whose case is meant, and the entry that found it.

        Raises:
            RefusedError: as `Step.found`; `nobody_in_role`, `several_in_role`.
        """
        account, means, case = self.found(desk)
        return _in_office(desk, account, case.level, self.by), account, means


class Notify(Official):
    """Tell the account beforehand / 事先告知"""

    document: Digest
    reply_by: Day
    """Until when it may reply."""

    def plans(self, desk: Desk) -> list[Plan]:
        signer, account, means = self.signed(desk)
        return [acts.notify(signer, account, means, document=self.document, reply_by=self.reply_by)]


class Hear(Step):
    """The account says its part / 陈述申辩"""

    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        account, means, _ = self.found(desk)
        return [acts.hear(account, means, document=self.document)]


class Waive(Official):
    """Nobody replied in time / 逾期未陈述"""

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.waive(*self.signed(desk))]


class Decide(Official):
    """Decide, by another than who found it / 由他人作出决定"""

    result: Annotated[str, one_of(DECISIONS)]
    document: Digest
    until: Day | None = None
    """The last day on which it is in force; else it has no end."""
    legal_basis: str | None = None
    """By which law, for the black list."""

    def plans(self, desk: Desk) -> list[Plan]:
        account, means, case = self.found(desk)
        decider = _in_office(desk, account, case.level, self.by, case.finder)
        decision = acts.Decision(
            result=self.result,
            document=self.document,
            until=self.until,
            legal_basis=self.legal_basis,
        )
        return [acts.decide(decider, account, means, decision)]


class Publish(Official):
    """Put what was upheld in force / 公布生效"""

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.publish(*self.signed(desk))]


class Object(Step):
    """The account objects / 提出异议"""

    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        account, means, _ = self.found(desk)
        return [acts.object_to(account, means, document=self.document)]


class Review(Official):
    """Answer an objection, by another than who decided / 由他人复核"""

    result: Annotated[str, one_of(REVIEWS)]
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        account, means, case = self.found(desk)
        decider = (case.decider,) if case.decider else ()
        reviewer = _in_office(desk, account, case.level, self.by, *decider)
        return [acts.review(reviewer, account, means, result=self.result, document=self.document)]


class Repair(Official):
    """The account has made good / 信用修复"""

    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.repair(*self.signed(desk), document=self.document)]


class Revoke(Official):
    """Take a case back / 撤销"""

    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        return [acts.revoke(*self.signed(desk), document=self.document)]


class End(Step):
    """The term has passed / 期满"""

    itself: Flag = False
    """The account signs, and nobody in office."""
    by: By = None

    def plans(self, desk: Desk) -> list[Plan]:
        account, means, _ = self.found(desk)
        signer = account if self.itself else _in_office(desk, account, BREACH, self.by)
        return [acts.end(signer, account, means)]


class Commend(Ask):
    """Commend an account / 表彰"""

    account: Account
    document: Digest
    by: By = None

    def plans(self, desk: Desk) -> list[Plan]:
        account = desk.account(self.account)
        signer = _in_office(desk, account, BREACH, self.by)
        return [acts.commend(signer, account, document=self.document)]


def case_of(desk: Desk, account: str, meant: int | None) -> tuple[Means, Case]:
    """The case of `account` that is meant by the entry that found it; if none was named, the one that is not over.

    Raises:
        RefusedError: `no_case`, `several_cases`.
    """
    state = desk.state(acts.stream_of(account))
    cases = dict(state.cases.items()) if isinstance(state, Conduct) else {}
    if meant is None:
        going = sorted(entry for entry, case in cases.items() if FOLLOWS[case.stage])
        require(bool(going), "no_case", account=account)
        require(len(going) == 1, "several_cases", account=account, entries=going)
        meant = going[0]
    require(meant in cases, "no_case", account=account, entry=meant)
    return desk.means(meant), cases[meant]


def _in_office(desk: Desk, account: str, level: str, by: str | None, *besides: str) -> str:
    """Who signs a step of this level against `account`, a stranger to it and to `besides`.

    Raises:
        RefusedError: `nobody_in_role`, `several_in_role`, `no_account`, `several_accounts`.
    """
    if by is not None:
        return desk.account(by)
    if level == BLACKLIST:
        return desk.body("authority", None)
    (officer,) = desk.officers(1, account, *besides)
    return officer


def standing(source: Opened, account: str, day: str | None) -> dict[str, Any]:
    """How `account` stands now, or stood at the end of a day, and the cases for which."""
    state = source.state(acts.stream_of(account))
    assert isinstance(state, Conduct)
    found = state.standing(day)
    return {
        "account": account,
        "name": source.name_of(account),
        "standing": found.level,
        "published_in": found.entries,
        "day": day,
        "cases": [
            {
                "entry": entry,
                "level": case.level,
                "rule": case.rule,
                "published_in": case.published,
                "first": case.first,
                "until": case.until,
            }
            for entry, case in sorted(state.cases.items())
            if case.published in found.entries
        ],
    }
