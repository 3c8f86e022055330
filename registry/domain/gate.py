"""The one gate: an act passes here before it is recorded, and again whenever it is read back.

The order of checks, which decides the code where several could be given (docs/format.md, "Order of checks"): the form
and what is equal in it; the signers, one by one: named, key, role; their controllers; then event by event, in order.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain import kinds
from registry.domain.account import Account
from registry.domain.act import Act, ActPart, Hashes, Key, Outcome
from registry.domain.form import Capacity, Form
from registry.domain.forms import may_sign, signers_of
from registry.domain.roles import Registry
from registry.errors import RefusedError, require
from registry.names import BEARER


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An act as it is asked for: when, under which nonce, by whom (author first), and what."""

    index: int
    at_us: int
    nonce: bytes
    signers: Sequence[tuple[str, Key]]
    parts: Sequence[ActPart]
    hashes: Hashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What an act came to: the outcomes by part and event, and the new states by stream; of what is apart neither."""

    outcomes: tuple[tuple[Outcome, ...], ...]
    after: Mapping[str, Any]


def judge(
    asked: Asked,
    form: Form,
    before: Mapping[str, Any],
    apart: Collection[str] = frozenset(),
) -> Passed:
    """What `asked`, which is of `form`, comes to.

    Args:
        asked: the act.
        form: its form, from `forms.form_of`.
        before: the states of all streams that it touches or consults, before it.
        apart: streams that it touches and of which nothing is known: what happens in them is not judged, and no rule
            is told what came of it.

    Raises:
        RefusedError: `not_begun`, `already_begun`, `wrong_signers`, `key_not_valid`, `role_missing`, `not_distinct`,
            or what a stream's rules say.
    """
    _check_begun(form, before["registry"])
    by = _capacities(asked, form, before)
    if form.distinct:
        _check_distinct([account for account, _ in asked.signers], before)
    touched = {part.stream for part in asked.parts}
    act = Act(
        index=asked.index,
        at_us=asked.at_us,
        nonce=asked.nonce,
        parts=asked.parts,
        by=by,
        keys=dict(asked.signers),
        author=asked.signers[0][0],
        hashes=asked.hashes,
        consulted={name: state for name, state in before.items() if name not in touched},
        outcomes=[],
    )
    after = {}
    outcomes: list[tuple[Outcome, ...]] = []
    for part in asked.parts:
        if part.stream in apart:
            outcomes.append(())
            continue
        state = before[part.stream]
        came: list[Outcome] = []
        for event in part.events:
            outcome = kinds.judge(part.stream, state, event, act)
            state = kinds.evolve(part.stream, state, event, outcome, asked.index)
            act.outcomes.append((event, outcome))
            came.append(outcome)
        after[part.stream] = state
        outcomes.append(tuple(came))
    return Passed(outcomes=tuple(outcomes), after=after)


def _check_begun(form: Form, registry: Registry) -> None:
    """The first act is the one that begins a log, and no other is."""
    begins = form.name == "genesis"
    if not (begins or registry.origin):
        raise RefusedError("not_begun", form=form.name)
    if begins and registry.origin:
        raise RefusedError("already_begun", origin=registry.origin)


def _capacities(asked: Asked, form: Form, before: Mapping[str, Any]) -> Mapping[str, str]:
    """Who signs as what: exactly those whom the form wants, in its order, none idle."""
    expected = signers_of(form, asked.parts)
    if len(expected) != len(asked.signers):
        wanted = [account or capacity.name for capacity, account in expected]
        found = [account for account, _ in asked.signers]
        raise RefusedError("wrong_signers", expected=wanted, signers=found)
    by = {}
    for (capacity, named), (account, key) in zip(expected, asked.signers, strict=True):
        _check_signer(capacity, named, account, key, before)
        by[capacity.name] = account
    return by


def _check_signer(
    capacity: Capacity, named: str | None, account: str, key: Key, before: Mapping[str, Any]
) -> None:
    if not may_sign(capacity, named, account):
        raise RefusedError("wrong_signers", capacity=capacity.name, expected=named, signer=account)
    registry: Registry = before["registry"]
    if not registry.origin:
        # Genesis: no account is there yet to speak for; the stream's rules compare the keys.
        return
    if account.startswith(BEARER):
        # Its name is made of its key, which was compared; that it has anything here is for the stream's rules.
        require(named == account, "key_not_valid", account=account)
        return
    state = before.get(account)
    valid = isinstance(state, Account | Registry) and state.speaks(key)
    if not valid:
        raise RefusedError("key_not_valid", account=account)
    wanted = capacity.roles if named in (None, account) else (capacity.instead,)
    if wanted and not any(registry.has(account, role) for role in wanted):
        raise RefusedError("role_missing", account=account, role=list(wanted))


def _check_distinct(accounts: Sequence[str], before: Mapping[str, Any]) -> None:
    # A bearer decides for itself, as whoever has no account does.
    controllers = [
        account if account.startswith(BEARER) else before[account].controller
        for account in accounts
    ]
    distinct = len(set(controllers)) == len(controllers)
    require(distinct, "not_distinct", accounts=accounts, controllers=controllers)
