"""`registry account freeze`: an authority and an officer freeze an account or a range, and what follows."""

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
    Until,
    place_of,
)
from registry.cli.voice import Voice

app = typer.Typer(no_args_is_help=True, help="Freeze, renew, lift … / 冻结、续冻、解除……")

Authority = Annotated[
    str, typer.Option("--authority", metavar="ACCOUNT", help="Court or agency. / 冻结机关。")
]


@app.command("account")
def freeze_account(
    account: Account,
    *,
    authority: Authority,
    until: Until,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Freeze a whole account / 冻结整个账户"""
    from registry.cli import acting
    from registry.desk import freezes, given
    from registry.desk.ask import asked

    ask = asked(
        freezes.FreezeAccount,
        account=account,
        authority=authority,
        until=until,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("range")
def freeze_range(
    account: Account,
    amount: Amount,
    *,
    authority: Authority,
    until: Until,
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
    """Freeze some of what an account holds / 冻结部分持有"""
    from registry.cli import acting
    from registry.desk import freezes, given
    from registry.desk.ask import asked

    ask = asked(
        freezes.FreezeRange,
        account=account,
        amount=amount,
        standard=standard,
        batch=batch,
        serials=serials,
        authority=authority,
        until=until,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("queue")
def queue(
    lock: Entry,
    *,
    authority: Authority,
    until: Until,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Wait behind the freeze of a range / 轮候冻结"""
    from registry.cli import acting
    from registry.desk import freezes, given
    from registry.desk.ask import asked

    ask = asked(
        freezes.Queue, lock=lock, authority=authority, until=until, document=given.digest(document)
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("renew")
def renew(
    freeze: Entry,
    *,
    until: Until,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Freeze until a later day / 续冻"""
    from registry.cli import acting
    from registry.desk import freezes, given
    from registry.desk.ask import asked

    ask = asked(freezes.Renew, freeze=freeze, until=until, document=given.digest(document))
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("consent")
def consent(
    freeze: Entry,
    *,
    order: Annotated[str, typer.Option("--order", help="order/<id>. / 修复令。")],
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Let the account perform an order all the same / 同意其履行"""
    from registry.cli import acting
    from registry.desk import freezes
    from registry.desk.ask import asked

    ask = asked(freezes.Consent, freeze=freeze, order=order)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("lift")
def lift(
    freeze: Entry,
    *,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Lift a freeze, by who froze / 解除冻结"""
    from registry.cli import acting
    from registry.desk import freezes, given
    from registry.desk.ask import asked

    ask = asked(freezes.Lift, freeze=freeze, document=given.digest(document))
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("end")
def end(
    freeze: Entry,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Record that the day of a freeze has passed / 记录冻结到期"""
    from registry.cli import acting
    from registry.desk import freezes
    from registry.desk.ask import asked

    ask = asked(freezes.End, freeze=freeze)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)
