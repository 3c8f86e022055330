"""What is to be done, before anybody signs: whose signatures it takes, and the parts that the act will have.

The functions beside this module make plans of plain values and states. A rehearsal and the real thing carry out the
same plan: the parts may name streams that the act begins (`Setting.new`), whose ids are only known when it is set up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from registry.acts.propose import Happening, Setting
from registry.ledger.intent import Signer

Parts = Sequence[tuple[str, Sequence[Happening]]]
"""Streams, each with what happens in it, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One act: who signs, author first, and its parts once the surroundings are known.

    An account signs with a key of it that is kept here; a Signer, such as the bearer of a gift, with the key it names.
    `nonce` is for acts whose ids have to be known beforehand; without it the nonce is random.
    """

    signers: tuple[str | Signer, ...]
    parts: Callable[[Setting], Parts]
    nonce: bytes | None = None


def known(signers: Sequence[str | Signer], parts: Parts, *, nonce: bytes | None = None) -> Plan:
    """The act of `parts`, in streams whose names are all known."""
    return Plan(signers=tuple(signers), parts=lambda _: parts, nonce=nonce)


def single(
    signers: Sequence[str | Signer], stream: str, kind: str, body: Mapping[str, Any]
) -> Plan:
    """The act of one event of `kind` in a `stream` whose name is known."""
    return known(signers, [(stream, [(kind, body)])])


def seconded(plan: Plan, whose: str, second: str | None) -> Plan:
    """`plan`, an act of the account `whose`, with `second` as its second person; as it is where nobody is asked for."""
    if second is None:
        return plan
    part = (second, [("account.seconded.v1", {"account": whose})])
    return replace(
        plan,
        signers=(*plan.signers, second),
        parts=lambda setting: [*plan.parts(setting), part],
    )
