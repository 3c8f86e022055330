"""`registry access`: who may ask for what over the network."""

from typing import Annotated

import typer

from registry.cli.options import (
    Account,
    Directory,
    Json,
    Language,
    State,
    place_of,
)
from registry.cli.voice import Voice

app = typer.Typer(
    no_args_is_help=True, help="API keys and logins for the network / 网络访问的密钥与登录"
)
key_app = typer.Typer(no_args_is_help=True, help="API keys / API 密钥")
app.add_typer(key_app, name="key")

Accounts = Annotated[
    list[str],
    typer.Argument(metavar="ACCOUNT…", help="Ids, or exact names. / 账号或全名，可多个。"),
]
Scopes = Annotated[
    list[str],
    typer.Option(
        "--scope",
        metavar="SCOPE",
        help="read, act, act:<area>, sign, webhooks, audit or keys; as often as needed. / 权限，可重复。",
    ),
]
Issuer = Annotated[str, typer.Argument(metavar="ISSUER", help="The issuer's URL. / 签发方地址。")]
Subject = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="Its `sub`. / 签发方对该用户的标识。")
]


@key_app.command("create")
def key_create(
    accounts: Accounts,
    *,
    scope: Scopes,
    directory: Directory,
    state: State = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=366, help="How long it is good. / 有效天数。")
    ] = 90,
    label: Annotated[str, typer.Option("--label", help="What it is for. / 用途说明。")] = "",
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Make a key that speaks for accounts; it is shown once / 为账户生成密钥，只显示一次"""
    from registry.cli import access

    access.make_key(
        accounts,
        place_of(directory, state),
        scopes=scope,
        days=days,
        label=label,
        voice=Voice(lang, as_json=as_json),
    )


@key_app.command("list")
def key_list(
    *,
    directory: Directory,
    state: State = None,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="ACCOUNT", help="Only of this one. / 只看此账户。"),
    ] = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """List keys, which hide their secrets / 列出密钥，不含密文"""
    from registry.cli import access

    access.keys(account, place_of(directory, state), voice=Voice(lang, as_json=as_json))


@key_app.command("revoke")
def key_revoke(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Its id, from the list. / 密钥标识。")],
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Have a key speak for nobody, at once / 立即撤销密钥"""
    from registry.cli import access

    access.revoke_key(key, place_of(directory, state), voice=Voice(lang, as_json=as_json))


@app.command("bind")
def bind(
    issuer: Issuer,
    subject: Subject,
    account: Account,
    *,
    scope: Scopes,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Have somebody's login speak for an account / 让某登录用户代表账户"""
    from registry.cli import access

    access.bind(
        issuer,
        subject,
        account,
        place_of(directory, state),
        scopes=scope,
        voice=Voice(lang, as_json=as_json),
    )


@app.command("unbind")
def unbind(
    issuer: Issuer,
    subject: Subject,
    account: Annotated[
        str | None,
        typer.Argument(metavar="ACCOUNT", help="Else of every account. / 不写则解除全部。"),
    ] = None,
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """End that, for one account or for all / 解除登录与账户的绑定"""
    from registry.cli import access

    voice = Voice(lang, as_json=as_json)
    access.unbind(issuer, subject, account, place_of(directory, state), voice=voice)


@app.command("bindings")
def bindings(
    *,
    directory: Directory,
    state: State = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """List whose login speaks for whom / 列出登录与账户的绑定"""
    from registry.cli import access

    access.bindings(place_of(directory, state), voice=Voice(lang, as_json=as_json))
