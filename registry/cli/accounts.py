"""`registry balance`: what an account holds and has retired, batch by batch."""

from typing import Any

from registry.cli import words
from registry.cli.opened import Opened, opened
from registry.cli.voice import Voice, is_demonstration
from registry.errors import RefusedError
from registry.place import Place
from registry.projections.holdings import Holding, Holdings

_PREFIX = "account/"


def balance(typed: str, place: Place, *, voice: Voice) -> None:
    """Say what the account holds that is meant by an id or by its exact name.

    Raises:
        RefusedError: `no_registry`, `no_account`, `several_accounts`.
    """
    with opened(place) as source:
        account = find(typed, source)
        name = source.name_of(account)
        holdings = Holdings()
        for placed in source.log.entries():
            holdings.fold(placed.happened())
        origin = source.origin
    held = holdings.of(account)
    held_g = sum(holding.held_g for holding in held)
    retired_g = sum(holding.retired_g for holding in held)
    if voice.is_json:
        voice.json(
            {
                "account": account,
                "name": name,
                "held_g": held_g,
                "retired_g": retired_g,
                "holdings": [_object(holding) for holding in held],
                "origin": origin,
                "demonstration": is_demonstration(origin),
            }
        )
        return
    voice.demonstration(origin)
    facts = {"account": account} if name is None else {"account": account, "name": name}
    title = voice.text("balance.title", **facts)
    if not held:
        voice.print(title)
        voice.say("balance.none")
        return
    columns = ("batch", "standard", "period", "ranges", "held", "retired")
    total = [voice.text("balance.total"), "", "", ""]
    total += [words.tonnes(held_g), words.tonnes(retired_g)]
    voice.table(
        title,
        [voice.text(f"balance.{column}") for column in columns],
        [*(_cells(holding, voice) for holding in held), total],
    )


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


def _object(holding: Holding) -> dict[str, Any]:
    return {
        "batch": holding.batch,
        "standard": holding.standard,
        "period": holding.period,
        "ranges": len(list(holding.held)),
        "held_g": holding.held_g,
        "retired_g": holding.retired_g,
    }


def _cells(holding: Holding, voice: Voice) -> list[str]:
    return [
        holding.batch,
        holding.standard,
        words.fact("period", holding.period, voice.lang),
        str(len(list(holding.held))),
        words.tonnes(holding.held_g),
        words.tonnes(holding.retired_g),
    ]
