"""`registry erase`: what is hidden behind the log's commitments is forgotten; the log stays as it is."""

from typing import Annotated

import typer

from registry.cli.options import Account, Directory, DryRun, Json, Language, State, place_of
from registry.cli.voice import Voice

app = typer.Typer(
    no_args_is_help=True, help="Forget names; every proof still holds / 删除名称，证明仍有效"
)

Number = Annotated[str, typer.Argument(metavar="NO", help="A certificate's number. / 证明编号。")]


@app.command("account")
def account(
    account: Account,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Forget the names in an account's own stream, and of its conduct / 删除账户自身的名称"""
    from registry.cli import erasing

    voice = Voice(lang, as_json=as_json)
    erasing.account(account, place_of(directory, state), dry_run=dry_run, voice=voice)


@app.command("certificate")
def certificate(
    number: Number,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Forget the names behind a certificate; of one among many its own / 删除一张证明背后的名称"""
    from registry.cli import erasing

    voice = Voice(lang, as_json=as_json)
    erasing.certificate(number, place_of(directory, state), dry_run=dry_run, voice=voice)


@app.command("name")
def name(
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Forget a name wherever it stands; it is read from standard input / 从标准输入读取名称并处处删除

    So it is in no command line, and in no shell's history. / 因此不会留在命令行和历史记录里。
    """
    from registry.cli import erasing

    voice = Voice(lang, as_json=as_json)
    erasing.name(place_of(directory, state), dry_run=dry_run, voice=voice)
