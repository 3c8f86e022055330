"""`registry standard`: which kinds of credit are recognised."""

from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from registry.acts.plan import Plan
    from registry.desk.desk import Desk

app = typer.Typer(no_args_is_help=True, help="Recognise, show kinds of credit / 认可、查看种类")

Code = Annotated[str, typer.Argument(metavar="CODE", help="Such as CCER. / 种类代码。")]
Class = Annotated[str, typer.Option("--class", help="reduction, removal, allowance. / 类别。")]
Claims = Annotated[
    list[str] | None,
    typer.Option("--claim", help="A purpose it may serve, repeated; else all. / 可用于。"),
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
    from registry.acts import standards as acts
    from registry.cli import acting
    from registry.desk import given

    def make(desk: "Desk") -> "list[Plan]":
        signing = desk.body("authority", authority)
        return [
            acts.recognise(
                [signing, *desk.officers(1, signing)],
                code,
                credit_class=credit_class,
                home=home,
                unit_g=given.grams(unit, "--unit"),
                claims=claims or acts.CLAIMS,
                serial_format=None
                if serials is None
                else given.serial_format(serials, "--serials"),
            )
        ]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


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
    from registry.acts import standards as acts
    from registry.cli import acting
    from registry.desk import given

    def make(desk: "Desk") -> "list[Plan]":
        other = desk.account(partner)
        return [
            acts.recognise_across(
                desk.body("authority", authority),
                other,
                code,
                credit_class=credit_class,
                home=home,
                unit_g=given.grams(unit, "--unit"),
                claims=claims or acts.CLAIMS,
                serial_format=given.serial_format(serials, "--serials"),
                agreement=given.digest(document),
            )
        ]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


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
    from registry.acts import standards as acts
    from registry.cli import acting
    from registry.desk import given

    def make(desk: "Desk") -> "list[Plan]":
        by, stream = desk.body("authority", authority), desk.stream("standard", code)
        signers = [by, *desk.officers(1, by)]
        return [acts.withdraw(signers, stream, document=given.digest(document))]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )
