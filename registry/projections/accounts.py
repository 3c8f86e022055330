"""Who is who: accounts, what they are, and which roles they have or had."""

from typing import assert_never

from registry.domain import account, roles
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
        integer("recovered"),
        octets("name"),
    ),
)
"""`name` is a commitment; `recovered` says that a key speaks for the account that came by recovery."""

ROLES = Table(
    name="roles",
    key=(text("account"), text("role")),
    values=(integer("held"), integer("granted")),
)
"""`held` is 0 for a role that was withdrawn; `granted` is the entry that gave it last."""


def _account(entered: Entered, made: Happened) -> Changes:
    event: account.Event = made.event
    match event:
        case account.Opened():
            said: dict[str, Value] = {
                "entry": entered.index,
                "at_us": entered.at_us,
                "legal_form": event.legal_form,
                "controller": event.controller,
                "name": event.name,
            }
            yield Change(table=ACCOUNTS, key=(made.stream,), sets=said)
        case account.Recovered():
            yield Change(table=ACCOUNTS, key=(made.stream,), sets={"recovered": 1})
        case (
            account.KeyAdded()
            | account.KeyEnded()
            | account.RecoveryAnnounced()
            | account.RecoveryStopped()
            | account.RecoveryWithdrawn()
        ):
            pass
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
        case roles.LogKeyReplaced():
            pass
        case _:
            assert_never(event)


def _granted(entered: Entered, name: str, role: str) -> Change:
    return Change(table=ROLES, key=(name, role), sets={"held": 1, "granted": entered.index})


PROJECTION = Projection(
    name="accounts",
    version=1,
    tables=(ACCOUNTS, ROLES),
    folds={"account": _account, "registry": _registry},
)
