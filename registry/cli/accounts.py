"""`registry balance`: what an account holds and has retired, batch by batch."""

from typing import Any

from registry.cli.voice import Voice
from registry.desk import words
from registry.desk.accounts import AMOUNTS, find, holdings
from registry.desk.asking import asked
from registry.place import Place


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
        totals = {column: sum(item[column] for item in held) for column in AMOUNTS}
        if voice.is_json:
            voice.json({"account": account, "name": name, **totals, "holdings": held, **told})
            return
        voice.demonstration(question.source.origin)
        facts = {"account": account} if name is None else {"account": account, "name": name}
        title = voice.text("balance.title", **facts)
        if held:
            columns = ("batch", "standard", "period", "held", "locked", "retired")
            total = [voice.text("balance.total"), "", ""]
            total += [words.tonnes(totals[column]) for column in AMOUNTS]
            voice.table(
                title,
                [voice.text(f"balance.{column}") for column in columns],
                [*(_cells(item, voice) for item in held), total],
            )
        else:
            voice.print(title)
            voice.say("balance.none")
        voice.true_of(question)


def _cells(holding: dict[str, Any], voice: Voice) -> list[str]:
    return [
        holding["batch"],
        holding["standard"],
        words.fact("period", holding["period"], voice.lang),
        *(words.tonnes(holding[column]) for column in AMOUNTS),
    ]
