"""`registry account`: accounts opened and shown, their keys changed, lost ones replaced."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.commands import account_life, freeze, ties
from registry.cli.options import (
    Account,
    Directory,
    DryRun,
    Json,
    Language,
    Possession,
    Public,
    Replica,
    State,
    place_of,
    read_from,
)
from registry.cli.voice import Voice

app = typer.Typer(no_args_is_help=True, help="Open and show accounts, their keys / 账户及其密钥")
key_app = typer.Typer(
    no_args_is_help=True, help="Show, add, rotate, end keys / 查看、登记、更换、终止"
)
recover_app = typer.Typer(no_args_is_help=True, help="Replace a lost key / 找回遗失的密钥")
app.add_typer(key_app, name="key")
app.add_typer(recover_app, name="recover")
app.add_typer(freeze.app, name="freeze")
app.add_typer(account_life.app)
app.add_typer(ties.app)


@app.command("open")
def open_account(
    *,
    name: Annotated[str, typer.Option("--name", help="What it is called. / 名称。")],
    legal_form: Annotated[
        str, typer.Option("--legal-form", help="company, person, event … / 主体类型。")
    ],
    uscc: Annotated[
        str | None, typer.Option("--uscc", help="Unified social credit code. / 统一社会信用代码。")
    ] = None,
    controller: Annotated[
        str | None,
        typer.Option("--controller", metavar="ACCOUNT", help="Who decides for it. / 控制账户。"),
    ] = None,
    public: Public = None,
    possession: Possession = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Open an account, by an officer / 由登记官开立账户"""
    from registry.cli import acting
    from registry.desk import account_life
    from registry.desk.ask import asked

    ask = asked(
        account_life.Open,
        name=name,
        legal_form=legal_form,
        uscc=uscc,
        controller=controller,
        public=public,
        possession=possession,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("show")
def show(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show what an account is / 查看账户"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.account(account, place, voice=Voice(lang, as_json=as_json))


@app.command("list")
def show_all(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """List the accounts / 列出账户"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.accounts(place, voice=Voice(lang, as_json=as_json))


@key_app.command("list")
def key_list(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show every key that an account had / 查看账户的全部密钥"""
    from registry.cli import keys

    keys.show_all(
        account, read_from(directory, state, read_url), voice=Voice(lang, as_json=as_json)
    )


@key_app.command("add")
def key_add(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    public: Public = None,
    possession: Possession = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Add a key / 登记一个密钥"""
    from registry.cli import keys
    from registry.desk.ask import asked
    from registry.desk.keys import AddKey

    ask = asked(AddKey, account=account, public=public, possession=possession)
    voice = Voice(lang, as_json=as_json)
    keys.change(ask, "keys.added", place_of(directory, state), dry_run=dry_run, voice=voice)


@key_app.command("rotate")
def key_rotate(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Replace the keys kept here by a new one / 更换代管的密钥"""
    from registry.cli import keys
    from registry.desk.ask import asked
    from registry.desk.keys import RotateKeys

    ask = asked(RotateKeys, account=account)
    voice = Voice(lang, as_json=as_json)
    keys.change(ask, "keys.rotated", place_of(directory, state), dry_run=dry_run, voice=voice)


@key_app.command("end")
def key_end(
    account: Account,
    ended: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, hex. / 密钥标识。")],
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """End a key / 终止一个密钥"""
    from registry.cli import keys
    from registry.desk.ask import asked
    from registry.desk.keys import EndKey

    ask = asked(EndKey, account=account, key_id=ended)
    voice = Voice(lang, as_json=as_json)
    keys.change(ask, "keys.ended", place_of(directory, state), dry_run=dry_run, voice=voice)


@recover_app.command("announce")
def recover_announce(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    identity: Annotated[
        Path, typer.Option("--identity", help="The identity check's document. / 身份核验文件。")
    ],
    notice: Annotated[Path, typer.Option("--notice", help="The notice given. / 已发出的通知。")],
    public: Public = None,
    possession: Possession = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Announce a new key, by two officers / 由两名登记官公告新密钥"""
    from registry.cli import keys
    from registry.desk import given
    from registry.desk.ask import asked
    from registry.desk.keys import AnnounceRecovery

    ask = asked(
        AnnounceRecovery,
        account=account,
        identity=given.digest(identity),
        notice=given.digest(notice),
        public=public,
        possession=possession,
    )
    voice = Voice(lang, as_json=as_json)
    place = place_of(directory, state)
    keys.change(ask, "recovery.announced", place, dry_run=dry_run, voice=voice)


@recover_app.command("stop")
def recover_stop(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Stop a recovery, as the holder / 持有人中止找回"""
    from registry.cli import keys
    from registry.desk.ask import asked
    from registry.desk.keys import StopRecovery

    ask = asked(StopRecovery, account=account)
    voice = Voice(lang, as_json=as_json)
    keys.change(ask, "recovery.stopped", place_of(directory, state), dry_run=dry_run, voice=voice)


@recover_app.command("withdraw")
def recover_withdraw(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Withdraw a recovery, by two officers / 由两名登记官撤回找回"""
    from registry.cli import keys
    from registry.desk.ask import asked
    from registry.desk.keys import WithdrawRecovery

    ask = asked(WithdrawRecovery, account=account)
    voice = Voice(lang, as_json=as_json)
    keys.change(ask, "recovery.withdrawn", place_of(directory, state), dry_run=dry_run, voice=voice)


@recover_app.command("complete")
def recover_complete(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Complete it after the waiting time / 等待期满后完成找回"""
    from registry.cli import keys
    from registry.desk.ask import asked
    from registry.desk.keys import CompleteRecovery

    ask = asked(CompleteRecovery, account=account)
    voice = Voice(lang, as_json=as_json)
    keys.change(ask, "recovery.completed", place_of(directory, state), dry_run=dry_run, voice=voice)
