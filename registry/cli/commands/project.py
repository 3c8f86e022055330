"""`registry project`: a project's way into the registry."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.options import (
    Amount,
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

app = typer.Typer(no_args_is_help=True, help="Propose to verify a project / 项目：申报至核查")

Project = Annotated[str, typer.Argument(metavar="PROJECT", help="project/<id>. / 项目。")]
Period = Annotated[
    str, typer.Option("--period", metavar="FIRST..LAST", help="Monitoring period. / 核算期。")
]
Authority = Annotated[
    str | None, typer.Option("--authority", metavar="ACCOUNT", help="Who signs. / 主管部门。")
]


@app.command("propose")
def propose(
    *,
    owner: Annotated[str, typer.Option("--owner", metavar="ACCOUNT", help="Whose. / 业主。")],
    name: Annotated[str, typer.Option("--name", help="What it is called. / 名称。")],
    standard: Annotated[str, typer.Option("--standard", metavar="CODE", help="Kind. / 种类。")],
    method: Annotated[str, typer.Option("--method", help="Its method's code. / 方法学。")],
    where: Annotated[str, typer.Option("--place", help="GB/T 2260, six digits. / 地点。")],
    crediting: Annotated[
        str, typer.Option("--crediting", metavar="FIRST..LAST", help="Crediting period. / 计入期。")
    ],
    boundary: Annotated[
        Path, typer.Option("--boundary", help="Its boundary, a file. / 边界文件。")
    ],
    excluded: Annotated[
        list[str] | None,
        typer.Option(
            "--not-in",
            metavar="CODE",
            help="Declared: not in CCER, CDM, GEC, PHCER, VCS. / 声明未参与。",
        ),
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Put a project forward, as its owner / 业主申报项目"""
    from registry.cli import acting
    from registry.desk import given, projects
    from registry.desk.ask import asked

    ask = asked(
        projects.Propose,
        owner=owner,
        name=name,
        standard=standard,
        method=method,
        place=where,
        crediting=crediting,
        boundary=given.digest(boundary),
        excluded=excluded or (),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("validate")
def validate(
    project: Project,
    *,
    document: Document,
    validator: Annotated[
        str | None, typer.Option("--validator", metavar="ACCOUNT", help="Who signs. / 审定机构。")
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Find it as its method demands / 审定"""
    from registry.cli import acting
    from registry.desk import given, projects
    from registry.desk.ask import asked

    ask = asked(
        projects.Validate, project=project, document=given.digest(document), validator=validator
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("register")
def register(
    project: Project,
    *,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Enter it, as an officer / 登记官登记项目"""
    from registry.cli import acting
    from registry.desk import given, projects
    from registry.desk.ask import asked

    ask = asked(projects.Register, project=project, document=given.digest(document))
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("verify")
def verify(
    project: Project,
    amount: Amount,
    *,
    period: Period,
    report: Annotated[Path, typer.Option("--report", help="The report, a file. / 核查报告。")],
    verifier: Annotated[
        str | None, typer.Option("--verifier", metavar="ACCOUNT", help="Who signs. / 核查机构。")
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Verify the reductions of a period / 核查"""
    from registry.cli import acting
    from registry.desk import given, projects
    from registry.desk.ask import asked

    ask = asked(
        projects.Verify,
        project=project,
        amount=amount,
        period=period,
        report=given.digest(report),
        verifier=verifier,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("show")
def show(
    project: Project,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Show how far it has come / 查看项目"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.stream("project", project, place, voice=Voice(lang, as_json=as_json))


@app.command("suspend")
def suspend(
    project: Project,
    *,
    document: Document,
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Have a project stand still / 暂停项目

    By the authority and an officer. / 由主管部门和登记官。
    """
    from registry.cli import acting
    from registry.desk import given, projects
    from registry.desk.ask import asked

    ask = asked(
        projects.Suspend, project=project, document=given.digest(document), authority=authority
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("reinstate")
def reinstate(
    project: Project,
    *,
    document: Document,
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Let a suspended project go on / 恢复项目

    By the authority and an officer. / 由主管部门和登记官。
    """
    from registry.cli import acting
    from registry.desk import given, projects
    from registry.desk.ask import asked

    ask = asked(
        projects.Reinstate, project=project, document=given.digest(document), authority=authority
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("cancel")
def cancel(
    project: Project,
    *,
    document: Document,
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """End a project / 注销项目登记

    By the authority and an officer. / 由主管部门和登记官。
    """
    from registry.cli import acting
    from registry.desk import given, projects
    from registry.desk.ask import asked

    ask = asked(
        projects.Cancel, project=project, document=given.digest(document), authority=authority
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)
