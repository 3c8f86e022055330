"""Kinds of credit as somebody asks for them to be recognised, here or across a border, and no more."""

from typing import Annotated

from pydantic import Field

from registry.acts import standards as acts
from registry.acts.plan import Plan
from registry.desk import given
from registry.desk.ask import Account, Ask, Digest, FirstFault, Grams, one_of
from registry.desk.desk import Desk
from registry.desk.words import GRAMS_PER_TONNE
from registry.domain.standard import CLASSES, PURPOSES

Code = Annotated[str, Field(description="The code of a kind of credit.", examples=["CCER"])]
Claims = Annotated[
    tuple[Annotated[str, one_of(PURPOSES)], ...], FirstFault(), Field(max_length=len(PURPOSES))
]
SerialFormat = Annotated[
    str,
    Field(
        description="The home registry's serial ranges: how many fields; which of them name the block; which hold the"
        " first and the last number.",
        examples=["12:0:1:2"],
    ),
]


class Kind(Ask):
    """What a kind of credit is."""

    standard: Code
    credit_class: Annotated[str, one_of(CLASSES)]
    claims: Claims = ()
    """The purposes that it may serve; else all but restoration."""
    unit: Grams | None = None
    """What a unit weighs; else a tonne."""
    authority: Account | None = None
    """Who signs; else the only one."""

    @property
    def unit_g(self) -> int:
        """What a unit weighs."""
        return GRAMS_PER_TONNE if self.unit is None else self.unit


class Recognise(Kind):
    """Recognise a kind of credit / 认可一个种类

    By the authority and an officer. / 由主管部门和登记官。
    """

    home: str | None = None
    """The registry that issues it, where that is another."""
    serial_format: SerialFormat | None = None

    def plans(self, desk: Desk) -> list[Plan]:
        return [
            acts.recognise(
                _deciding(desk, self.authority),
                self.standard,
                credit_class=self.credit_class,
                home=self.home,
                unit_g=self.unit_g,
                claims=self.claims or acts.CLAIMS,
                serial_format=None
                if self.serial_format is None
                else given.serial_format(self.serial_format, "serial_format"),
            )
        ]


class RecogniseAcross(Kind):
    """Recognise a kind, by both sides / 双方互认一个种类

    The document is their agreement. / 文件为双方协议。
    """

    home: str
    """The registry that issues it."""
    serial_format: SerialFormat
    partner: Account
    """The other side's authority."""
    document: Digest

    def plans(self, desk: Desk) -> list[Plan]:
        partner = desk.account(self.partner)
        return [
            acts.recognise_across(
                desk.body("authority", self.authority),
                partner,
                self.standard,
                credit_class=self.credit_class,
                home=self.home,
                unit_g=self.unit_g,
                claims=self.claims or acts.CLAIMS,
                serial_format=given.serial_format(self.serial_format, "serial_format"),
                agreement=self.document,
            )
        ]


class Withdraw(Ask):
    """Recognise a kind no more / 撤销认可"""

    standard: Code
    document: Digest
    authority: Account | None = None
    """Who signs; else the only one."""

    def plans(self, desk: Desk) -> list[Plan]:
        signers = _deciding(desk, self.authority)
        stream = desk.stream("standard", self.standard)
        return [acts.withdraw(signers, stream, document=self.document)]


def _deciding(desk: Desk, authority: str | None) -> list[str]:
    """The authority that was named, or the only one, and an officer whom another controls.

    Raises:
        RefusedError: `nobody_in_role`, `several_in_role`, `no_account`, `several_accounts`.
    """
    by = desk.body("authority", authority)
    return [by, *desk.officers(1, by)]
