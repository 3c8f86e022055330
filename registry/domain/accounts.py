"""All that happens in the stream of an account, and who judges it: its keys, its life, its freezes, its ties."""

from typing import assert_never

from registry.domain import account, account_freezes, account_life, account_ties
from registry.domain.account import Account
from registry.domain.act import Act, Outcome

Event = account.Event | account_life.Event | account_freezes.Event | account_ties.Event


def judge(state: Account, event: Event, act: Act) -> Outcome:
    """What comes of `event`. Raises: RefusedError, as the module of `event` says."""
    if isinstance(event, account.Event):
        return account.judge(state, event, act)
    if isinstance(event, account_life.Event):
        return account_life.judge(state, event, act)
    if isinstance(event, account_freezes.Event):
        return account_freezes.judge(state, event, act)
    if isinstance(event, account_ties.Event):
        return account_ties.judge(state, event, act)
    assert_never(event)


def evolve(state: Account, event: Event, outcome: Outcome, index: int) -> Account:
    """The state after `event`, which was judged."""
    if isinstance(event, account.Event):
        return account.evolve(state, event, outcome, index)
    if isinstance(event, account_life.Event):
        return account_life.evolve(state, event, index)
    if isinstance(event, account_freezes.Event):
        return account_freezes.evolve(state, event, index)
    if isinstance(event, account_ties.Event):
        return account_ties.evolve(state, event, index)
    assert_never(event)
