"""`registry account mandate`, `accept-first`, `close`, `merge`, `succeed`, `notify`: the life of an account."""

from typing import Annotated

import typer

from registry.cli.options import (
    Account,
    Directory,
    Document,
    DryRun,
    Entry,
    Json,
    Language,
    State,
    Until,
    place_of,
)
from registry.cli.voice import Voice

app = typer.Typer(no_args_is_help=True)
mandate_app = typer.Typer(no_args_is_help=True, help="Give, end / 授权交易机构")
app.add_typer(mandate_app, name="mandate")

Reason = Annotated[str, typer.Option("--reason", help="inheritance, merger, division … / 事由。")]
Channel = Annotated[
    str, typer.Option("--channel", help="app, email, in_person, post, sms. / 送达方式。")
]


@mandate_app.command("give")
def give_mandate(
    account: Account,
    *,
    exchange: Annotated[
        str | None, typer.Option("--exchange", metavar="ACCOUNT", help="To whom. / 交易机构。")
    ] = None,
    until: Until,
    standards: Annotated[
        list[str] | None,
        typer.Option("--standard", metavar="CODE", help="Repeated; else all. / 种类，可重复。"),
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Let an exchange sell for the holder / 授权交易机构代为出售"""
    from registry.cli import acting
    from registry.desk import account_life
    from registry.desk.ask import asked

    ask = asked(
        account_life.GiveMandate,
        account=account,
        exchange=exchange,
        until=until,
        standards=standards or (),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@mandate_app.command("end")
def end_mandate(
    mandate: Entry,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Take a mandate back / 撤回授权"""
    from registry.cli import acting
    from registry.desk import account_life
    from registry.desk.ask import asked

    ask = asked(account_life.EndMandate, mandate=mandate)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("accept-first")
def accept_first(
    account: Account,
    *,
    required: Annotated[
        bool, typer.Option("--on/--off", help="Whether it has to be. / 是否须先接受。")
    ] = True,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Have what is sent be accepted first / 须先接受才入账"""
    from registry.cli import acting
    from registry.desk import account_life
    from registry.desk.ask import asked

    ask = asked(account_life.AcceptFirst, account=account, required=required)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("close")
def close(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Close an account, by its holder / 关闭账户"""
    from registry.cli import acting
    from registry.desk import account_life
    from registry.desk.ask import asked

    ask = asked(account_life.Close, account=account)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("merge")
def merge(
    account: Account,
    *,
    into: Annotated[str, typer.Option("--into", metavar="ACCOUNT", help="Which. / 并入账户。")],
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Merge an account into another / 合并账户

    By both holders and two officers. / 由双方和两名登记官。
    """
    from registry.cli import acting
    from registry.desk import account_life, given
    from registry.desk.ask import asked

    ask = asked(account_life.Merge, account=account, into=into, document=given.digest(document))
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("succeed")
def succeed(
    account: Account,
    *,
    successor: Annotated[
        str, typer.Option("--successor", metavar="ACCOUNT", help="Who. / 承继人。")
    ],
    reason: Reason,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Record who comes into a holder's place / 登记承继

    By two officers and the successor. / 由两名登记官和承继人。
    """
    from registry.cli import acting
    from registry.desk import account_life, given
    from registry.desk.ask import asked

    ask = asked(
        account_life.Succeed,
        account=account,
        successor=successor,
        reason=reason,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("notify")
def notify(
    account: Account,
    *,
    entry: Annotated[
        int, typer.Option("--entry", metavar="ENTRY", help="Of which. / 所告知的记录。")
    ],
    channel: Channel,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Record that a holder was told of an entry / 记录已告知"""
    from registry.cli import acting
    from registry.desk import account_life, given
    from registry.desk.ask import asked

    ask = asked(
        account_life.Notify,
        account=account,
        entry=entry,
        channel=channel,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("notify-all")
def notify_all(
    entry: Entry,
    *,
    channel: Channel,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Record that everybody affected by an entry was told / 记录已告知全部当事人

    Whoever signed it, or was told already, is left out. / 已签署或已告知的除外。
    """
    from registry.cli import acting
    from registry.desk import account_life, given
    from registry.desk.ask import asked

    ask = asked(
        account_life.NotifyAll, entry=entry, channel=channel, document=given.digest(document)
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)
