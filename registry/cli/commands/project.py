"""`registry project`: a project's way into the registry."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from registry.acts.plan import Plan
    from registry.desk.desk import Desk

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
    from registry.acts import projects as acts
    from registry.cli import acting
    from registry.desk import given

    def make(desk: "Desk") -> "list[Plan]":
        return [
            acts.propose_project(
                desk.account(owner),
                standard=standard,
                method=method,
                place=where,
                crediting=given.period(crediting, "--crediting"),
                boundary=given.digest(boundary),
                excluded=excluded or (),
                name=name,
            )
        ]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


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
    from registry.acts import projects as acts
    from registry.cli import acting
    from registry.desk import given

    def make(desk: "Desk") -> "list[Plan]":
        stream = desk.stream("project", project)
        return [acts.validate(desk.body("validator", validator), stream, given.digest(document))]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


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
    from registry.acts import projects as acts
    from registry.cli import acting
    from registry.desk import given

    def make(desk: "Desk") -> "list[Plan]":
        (officer,) = desk.officers(1)
        found = desk.state(desk.stream("project", project))
        return [acts.register(officer, found, given.digest(document))]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


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
    from registry.acts import projects as acts
    from registry.cli import acting
    from registry.desk import given

    def make(desk: "Desk") -> "list[Plan]":
        return [
            acts.verify(
                desk.body("verifier", verifier),
                desk.state(desk.stream("project", project)),
                period=given.period(period, "--period"),
                amount_g=given.grams(amount),
                report=given.digest(report),
            )
        ]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


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
    from registry.acts import projects as acts
    from registry.cli import acting
    from registry.desk import given

    def make(desk: "Desk") -> "list[Plan]":
        by, stream = desk.body("authority", authority), desk.stream("project", project)
        signers = [by, *desk.officers(1, by)]
        return [acts.suspend(signers, stream, document=given.digest(document))]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


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
    from registry.acts import projects as acts
    from registry.cli import acting
    from registry.desk import given
    from registry.errors import require

    def make(desk: "Desk") -> "list[Plan]":
        by, stream = desk.body("authority", authority), desk.stream("project", project)
        suspended = desk.state(stream).suspended
        require(suspended is not None, "out_of_order", stream=stream, kind="project.reinstated.v1")
        signers, means = [by, *desk.officers(1, by)], desk.means(suspended)
        return [acts.reinstate(signers, stream, means, document=given.digest(document))]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )


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
    from registry.acts import projects as acts
    from registry.cli import acting
    from registry.desk import given

    def make(desk: "Desk") -> "list[Plan]":
        by, stream = desk.body("authority", authority), desk.stream("project", project)
        signers = [by, *desk.officers(1, by)]
        return [acts.cancel(signers, stream, document=given.digest(document))]

    acting.act(
        place_of(directory, state), make, dry_run=dry_run, voice=Voice(lang, as_json=as_json)
    )
