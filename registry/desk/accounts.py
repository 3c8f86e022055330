"""Which account is meant, and what it holds."""

from typing import Any

from registry.desk.asking import Question
from registry.desk.opened import Opened
from registry.errors import RefusedError
from registry.names import ACCOUNT

AMOUNTS = ("held_g", "locked_g", "retired_g")


def holdings(question: Question, account: str) -> list[dict[str, Any]]:
    """What `account` has and had, with the kind and the monitoring period of each batch."""
    held = []
    for row in question.rows("holdings", account=account):
        (batch,) = question.rows("batches", batch=row["batch"])
        period = (batch["period_from"], batch["period_to"])
        amounts = {column: row[column] for column in AMOUNTS}
        held.append(
            {"batch": row["batch"], "standard": batch["standard"], "period": period, **amounts}
        )
    return held


def find(typed: str, source: Opened) -> str:
    """The account that is meant: by its stream's name, its id, or the exact name that is kept.

    Raises:
        RefusedError: `no_account`, `several_accounts`.
    """
    known = source.accounts()
    for meant in (typed, f"{ACCOUNT}{typed}"):
        if meant in known:
            return meant
    called = [account for account in known if source.name_of(account) == typed]
    if len(called) > 1:
        raise RefusedError("several_accounts", account=typed, accounts=called)
    if not called:
        raise RefusedError("no_account", account=typed)
    return called[0]
