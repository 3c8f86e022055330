"""`registry account pledge`, `reserve`, `seize`, `devolve`: what ties grams, and what goes without the holder's key."""

from typing import Annotated

import typer

from registry.cli.commands.movement import Batch, Serials, Standard
from registry.cli.options import (
    Account,
    Amount,
    Directory,
    Document,
    DryRun,
    Entry,
    Json,
    Language,
    State,
    place_of,
)
from registry.cli.voice import Voice

pledge_app = typer.Typer(no_args_is_help=True, help="Pledge, release / 质押、解除")
reserve_app = typer.Typer(
    no_args_is_help=True, help="Set aside for settlement, settle, end / 交收锁定"
)
app = typer.Typer(no_args_is_help=True)
app.add_typer(pledge_app, name="pledge")
app.add_typer(reserve_app, name="reserve")

Taker = Annotated[str, typer.Option("--to", metavar="ACCOUNT", help="To whom. / 转入账户。")]
Court = Annotated[
    str | None, typer.Option("--court", metavar="ACCOUNT", help="Who orders it. / 法院。")
]
Reason = Annotated[str, typer.Option("--reason", help="inheritance, merger, division … / 事由。")]


@pledge_app.command("make")
def pledge(
    account: Account,
    amount: Amount,
    *,
    pledgee: Annotated[
        str, typer.Option("--pledgee", metavar="ACCOUNT", help="To whom. / 质权人。")
    ],
    document: Document,
    standard: Standard = None,
    batch: Batch = None,
    serials: Serials = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Pledge grams, by holder and pledgee / 质押"""
    from registry.cli import acting
    from registry.desk import given, ties
    from registry.desk.ask import asked

    ask = asked(
        ties.Pledge,
        account=account,
        amount=amount,
        standard=standard,
        batch=batch,
        serials=serials,
        pledgee=pledgee,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@pledge_app.command("release")
def release_pledge(
    pledge: Entry,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Release a pledge, as the pledgee / 解除质押"""
    from registry.cli import acting
    from registry.desk import ties
    from registry.desk.ask import asked

    ask = asked(ties.ReleasePledge, pledge=pledge)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@reserve_app.command("make")
def reserve(
    account: Account,
    amount: Amount,
    *,
    mandate: Annotated[
        int, typer.Option("--mandate", metavar="ENTRY", help="Under which. / 授权记录。")
    ],
    standard: Standard = None,
    batch: Batch = None,
    serials: Serials = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Set grams aside under a mandate, as the exchange / 交收锁定"""
    from registry.cli import acting
    from registry.desk import ties
    from registry.desk.ask import asked

    ask = asked(
        ties.Reserve,
        account=account,
        amount=amount,
        standard=standard,
        batch=batch,
        serials=serials,
        mandate=mandate,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@reserve_app.command("settle")
def settle(
    reserve: Entry,
    amount: Amount,
    *,
    taker: Taker,
    trade: Annotated[str | None, typer.Option("--trade", help="Its number. / 成交编号。")] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Hand over what was set aside, as the exchange / 交收"""
    from registry.cli import acting
    from registry.desk import ties
    from registry.desk.ask import asked

    ask = asked(ties.Settle, reserve=reserve, amount=amount, taker=taker, trade=trade)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@reserve_app.command("end")
def end_reserve(
    reserve: Entry,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Give back what was not settled / 解除交收锁定

    By the exchange, or else an officer. / 由交易机构，或由登记官。
    """
    from registry.cli import acting
    from registry.desk import ties
    from registry.desk.ask import asked

    ask = asked(ties.EndReserve, reserve=reserve)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("seize")
def seize(
    account: Account,
    amount: Amount,
    *,
    taker: Taker,
    document: Document,
    court: Court = None,
    standard: Standard = None,
    batch: Batch = None,
    serials: Serials = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Take grams, by a court and two officers / 司法扣划"""
    from registry.cli import acting
    from registry.desk import given, ties
    from registry.desk.ask import asked

    ask = asked(
        ties.Seize,
        account=account,
        amount=amount,
        standard=standard,
        batch=batch,
        serials=serials,
        taker=taker,
        court=court,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("seize-locked")
def seize_locked(
    lock: Entry,
    amount: Amount,
    *,
    taker: Taker,
    document: Document,
    court: Court = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Take grams that are locked, by a court / 扣划已锁定的"""
    from registry.cli import acting
    from registry.desk import given, ties
    from registry.desk.ask import asked

    ask = asked(
        ties.SeizeLocked,
        lock=lock,
        amount=amount,
        taker=taker,
        court=court,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("devolve")
def devolve(
    account: Account,
    amount: Amount,
    *,
    taker: Taker,
    reason: Reason,
    document: Document,
    standard: Standard = None,
    batch: Batch = None,
    serials: Serials = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Hand grams on, by two officers / 依法承继划转"""
    from registry.cli import acting
    from registry.desk import given, ties
    from registry.desk.ask import asked

    ask = asked(
        ties.Devolve,
        account=account,
        amount=amount,
        standard=standard,
        batch=batch,
        serials=serials,
        taker=taker,
        reason=reason,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)
