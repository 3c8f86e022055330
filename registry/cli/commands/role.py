"""`registry role`: who may act in which capacity."""

from typing import Annotated

import typer

from registry.cli.options import (
    Account,
    Directory,
    DryRun,
    Json,
    Language,
    Replica,
    State,
    place_of,
    read_from,
)
from registry.cli.voice import Voice

app = typer.Typer(no_args_is_help=True, help="Grant, withdraw, list roles / 授予、撤回、列出角色")

Role = Annotated[
    str, typer.Argument(metavar="ROLE", help="officer, authority, exchange … / 角色。")
]


@app.command("grant")
def grant(
    account: Account,
    role: Role,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Give an account a role, by two officers / 由两名登记官授予角色"""
    from registry.cli import acting
    from registry.desk import roles
    from registry.desk.ask import asked

    ask = asked(roles.Grant, account=account, role=role)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("withdraw")
def withdraw(
    account: Account,
    role: Role,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Take a role back, by two officers / 由两名登记官撤回角色"""
    from registry.cli import acting
    from registry.desk import roles
    from registry.desk.ask import asked

    ask = asked(roles.Withdraw, account=account, role=role)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("list")
def show_all(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """List who has which role / 列出角色"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.roles(place, voice=Voice(lang, as_json=as_json))
