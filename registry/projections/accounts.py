"""Who is who: accounts, what they are, their roles, mandates and bonds; and policies."""

from typing import assert_never

from registry.domain import account, account_freezes, account_life, account_ties, accounts, roles
from registry.history import Happened
from registry.projections.table import (
    Change,
    Changes,
    Entered,
    Projection,
    Table,
    Value,
    integer,
    octets,
    text,
)

ACCOUNTS = Table(
    name="accounts",
    key=(text("account"),),
    values=(
        integer("entry"),
        integer("at_us"),
        text("legal_form"),
        text("controller"),
        text("standing"),
        text("successor", optional=True),
        integer("acceptance"),
        integer("recovered"),
        octets("name"),
    ),
)
"""`standing` is open or closed; `acceptance` says that nothing reaches the account that it did not accept, `recovered`
that a key speaks for it that came by recovery; `name` is a commitment."""

ROLES = Table(
    name="roles",
    key=(text("account"), text("role")),
    values=(integer("held"), integer("granted")),
)
"""`held` is 0 for a role that was withdrawn; `granted` is the entry that gave it last."""

POLICIES = Table(
    name="policies",
    key=(text("policy"), text("subject")),
    values=(integer("entry"), text("codes"), integer("number", optional=True)),
)
"""What each policy says, of the standard `subject` or of all; `codes` have a comma between them."""

MANDATES = Table(
    name="mandates",
    key=(text("account"), integer("entry")),
    values=(
        text("exchange"),
        text("expires"),
        text("standards"),
        integer("ended", optional=True),
    ),
    sought=(("exchange",),),
)
"""`expires` is the last day of a mandate, `ended` the entry that took it back; those of a
closed account ended with it. No `standards` are all of them."""

BONDS = Table(
    name="bonds",
    key=(text("account"), text("stream")),
    values=(integer("bound"), integer("ended", optional=True)),
)
"""The campaigns and orders that an account is bound to."""


def _account(entered: Entered, made: Happened) -> Changes:
    event: accounts.Event = made.event
    key = (made.stream,)
    match event:
        case account.Opened():
            said: dict[str, Value] = {
                "entry": entered.index,
                "at_us": entered.at_us,
                "legal_form": event.legal_form,
                "controller": event.controller,
                "standing": "open",
                "name": event.name,
            }
            yield Change(table=ACCOUNTS, key=key, sets=said)
        case account.Recovered():
            yield Change(table=ACCOUNTS, key=key, sets={"recovered": 1})
        case (
            account.KeyAdded()
            | account.KeyEnded()
            | account.RecoveryAnnounced()
            | account.RecoveryStopped()
            | account.RecoveryWithdrawn()
        ):
            pass
        case _ if isinstance(event, account_life.Event):
            yield from _life(entered, made.stream, event)
        case _ if isinstance(event, account_freezes.Event | account_ties.Event):
            pass
        case _:
            assert_never(event)


def _life(entered: Entered, name: str, event: account_life.Event) -> Changes:
    match event:
        case account_life.MandateGiven():
            said: dict[str, Value] = {
                "exchange": event.exchange,
                "expires": event.until,
                "standards": ",".join(event.standards),
            }
            yield Change(table=MANDATES, key=(name, entered.index), sets=said)
        case account_life.MandateEnded():
            ended = {"ended": entered.index}
            yield Change(table=MANDATES, key=(name, event.means[0]), sets=ended)
        case account_life.AcceptanceSet():
            yield Change(table=ACCOUNTS, key=(name,), sets={"acceptance": int(event.required)})
        case account_life.Closed() | account_life.Merged() | account_life.Succeeded():
            said = {"standing": "closed", "successor": _successor(event)}
            yield Change(table=ACCOUNTS, key=(name,), sets=said)
        case account_life.Bound():
            said = {"bound": entered.index, "ended": None}
            yield Change(table=BONDS, key=(name, event.to), sets=said)
        case account_life.Unbound():
            yield Change(table=BONDS, key=(name, event.to), sets={"ended": entered.index})
        case account_life.Notified() | account_life.Seconded():
            pass
        case _:
            assert_never(event)


def _successor(event: account_life.Ending) -> str | None:
    match event:
        case account_life.Closed():
            return None
        case account_life.Merged():
            return event.into
        case account_life.Succeeded():
            return event.successor
        case _:
            assert_never(event)


def _registry(entered: Entered, made: Happened) -> Changes:
    event: roles.Event = made.event
    match event:
        case roles.Created():
            for officer, _ in event.officers:
                yield _granted(entered, officer, roles.OFFICER)
        case roles.RoleGranted():
            yield _granted(entered, event.account, event.role)
        case roles.RoleWithdrawn():
            yield Change(table=ROLES, key=(event.account, event.role), sets={"held": 0})
        case roles.PolicySet():
            said: dict[str, Value] = {
                "entry": entered.index,
                "codes": ",".join(event.codes),
                "number": event.number,
            }
            key = (event.policy, event.subject or "")
            yield Change(table=POLICIES, key=key, sets=said)
        case roles.LogKeyReplaced():
            pass
        case _:
            assert_never(event)


def _granted(entered: Entered, name: str, role: str) -> Change:
    return Change(table=ROLES, key=(name, role), sets={"held": 1, "granted": entered.index})


PROJECTION = Projection(
    name="accounts",
    version=1,
    tables=(ACCOUNTS, ROLES, POLICIES, MANDATES, BONDS),
    folds={"account": _account, "registry": _registry},
)
