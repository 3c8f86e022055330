"""`registry standard`: which kinds of credit are recognised."""

from typing import Annotated

import typer

from registry.cli.options import (
    Directory,
    Document,
    DryRun,
    Json,
    Language,
    Replica,
    State,
    place_of,
    read_from,
)
from registry.cli.voice import Voice

app = typer.Typer(no_args_is_help=True, help="Recognise, show kinds of credit / 认可、查看种类")

Code = Annotated[str, typer.Argument(metavar="CODE", help="Such as CCER. / 种类代码。")]
Class = Annotated[str, typer.Option("--class", help="reduction, removal, allowance. / 类别。")]
Claims = Annotated[
    list[str] | None,
    typer.Option(
        "--claim",
        help="A purpose, repeated; else all but restoration. / 可用于；默认除修复外全部。",
    ),
]
Home = Annotated[
    str | None, typer.Option("--home", metavar="CODE", help="Who issues it. / 原登记系统。")
]
Serials = Annotated[
    str | None,
    typer.Option("--serials", metavar="N:B,B:F:L", help="Fields of home serials. / 原序列号格式。"),
]
Unit = Annotated[str, typer.Option("--unit", help="What a unit weighs. / 每单位质量。")]
Authority = Annotated[
    str | None, typer.Option("--authority", metavar="ACCOUNT", help="Who signs. / 主管部门。")
]


@app.command("recognise")
def recognise(
    code: Code,
    *,
    credit_class: Class,
    claims: Claims = None,
    home: Home = None,
    serials: Serials = None,
    unit: Unit = "1",
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Recognise a kind of credit / 认可一个种类

    By the authority and an officer. / 由主管部门和登记官。
    """
    from registry.cli import acting
    from registry.desk import standards
    from registry.desk.ask import asked

    ask = asked(
        standards.Recognise,
        standard=code,
        credit_class=credit_class,
        claims=claims or (),
        unit=unit,
        authority=authority,
        home=home,
        serial_format=serials,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("show")
def show(
    code: Code,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show a kind of credit / 查看种类"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.stream("standard", code, place, voice=Voice(lang, as_json=as_json))


@app.command("list")
def show_all(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """List the kinds of credit / 列出种类"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.standards(place, voice=Voice(lang, as_json=as_json))


@app.command("recognise-across")
def recognise_across(
    code: Code,
    *,
    credit_class: Class,
    home: Annotated[
        str, typer.Option("--home", metavar="CODE", help="Who issues it. / 原登记系统。")
    ],
    serials: Annotated[
        str, typer.Option("--serials", metavar="N:B,B:F:L", help="Its serials. / 原序列号格式。")
    ],
    partner: Annotated[
        str, typer.Option("--partner", metavar="ACCOUNT", help="The other side. / 对方主管部门。")
    ],
    document: Document,
    claims: Claims = None,
    unit: Unit = "1",
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Recognise a kind, by both sides / 双方互认一个种类

    The document is their agreement. / 文件为双方协议。
    """
    from registry.cli import acting
    from registry.desk import given, standards
    from registry.desk.ask import asked

    ask = asked(
        standards.RecogniseAcross,
        standard=code,
        credit_class=credit_class,
        claims=claims or (),
        unit=unit,
        authority=authority,
        home=home,
        serial_format=serials,
        partner=partner,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("withdraw")
def withdraw(
    code: Code,
    *,
    document: Document,
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Recognise a kind no more / 撤销认可"""
    from registry.cli import acting
    from registry.desk import given, standards
    from registry.desk.ask import asked

    ask = asked(
        standards.Withdraw, standard=code, document=given.digest(document), authority=authority
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)
