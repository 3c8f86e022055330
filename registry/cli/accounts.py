"""`registry balance`: what an account holds and has retired, batch by batch."""

from typing import Any

from registry.cli import words
from registry.cli.asking import Question, asked
from registry.cli.opened import Opened
from registry.cli.voice import Voice
from registry.errors import RefusedError
from registry.place import Place

_PREFIX = "account/"
_AMOUNTS = ("held_g", "locked_g", "retired_g")


def balance(typed: str, place: Place, *, as_of: str | None = None, voice: Voice) -> None:
    """Say what the account holds that is meant by an id or by its exact name.

    Raises:
        UsageError: `malformed`.
        RefusedError: `no_registry`, `no_account`, `several_accounts`, `no_such_entry`.
    """
    with asked(place, as_of) as question:
        account = find(typed, question.source)
        name = question.source.name_of(account)
        held = holdings(question, account)
        told = question.true_of()
        totals = {column: sum(item[column] for item in held) for column in _AMOUNTS}
        if voice.is_json:
            voice.json({"account": account, "name": name, **totals, "holdings": held, **told})
            return
        voice.demonstration(question.source.origin)
        facts = {"account": account} if name is None else {"account": account, "name": name}
        title = voice.text("balance.title", **facts)
        if held:
            columns = ("batch", "standard", "period", "held", "locked", "retired")
            total = [voice.text("balance.total"), "", ""]
            total += [words.tonnes(totals[column]) for column in _AMOUNTS]
            voice.table(
                title,
                [voice.text(f"balance.{column}") for column in columns],
                [*(_cells(item, voice) for item in held), total],
            )
        else:
            voice.print(title)
            voice.say("balance.none")
        question.tell(voice)


def holdings(question: Question, account: str) -> list[dict[str, Any]]:
    """What `account` has and had, with the kind and the monitoring period of each batch."""
    held = []
    for row in question.rows("holdings", account=account):
        (batch,) = question.rows("batches", batch=row["batch"])
        period = (batch["period_from"], batch["period_to"])
        amounts = {column: row[column] for column in _AMOUNTS}
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
    for meant in (typed, f"{_PREFIX}{typed}"):
        if meant in known:
            return meant
    called = [account for account in known if source.name_of(account) == typed]
    if len(called) > 1:
        raise RefusedError("several_accounts", account=typed, accounts=called)
    if not called:
        raise RefusedError("no_account", account=typed)
    return called[0]


def _cells(holding: dict[str, Any], voice: Voice) -> list[str]:
    return [
        holding["batch"],
        holding["standard"],
        words.fact("period", holding["period"], voice.lang),
        *(words.tonnes(holding[column]) for column in _AMOUNTS),
    ]
