"""`registry report compile|submit|return|accept|amend`: what becomes of a list that was made."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.commands.reports import app
from registry.cli.options import Directory, Document, DryRun, Json, Language, State, place_of
from registry.cli.voice import Voice

group = app
"""The whole group: what is asked of the log, and what is done with a list that was made."""

Report = Annotated[str, typer.Argument(metavar="REPORT", help="Its stream, or its id. / 编号。")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The list that was made. / 报表文件。")]
Activities = Annotated[
    int | None, typer.Option("--activities", min=0, help="If not the log's. / 场次，默认取自账本。")
]
Retirements = Annotated[
    int | None, typer.Option("--retirements", min=0, help="If not the log's. / 笔数，同上。")
]
Total = Annotated[
    str | None, typer.Option("--total", metavar="AMOUNT", help="If not the log's. / 合计，同上。")
]
Size = Annotated[
    int | None, typer.Option("--size", help="Entries counted; else all. / 所据记录数。")
]
By = Annotated[str | None, typer.Option("--by", metavar="ACCOUNT", help="Who signs. / 签署人。")]
To = Annotated[str, typer.Option("--to", metavar="ACCOUNT", help="To which. / 报送至。")]


@app.command("compile")
def compile_(
    file: File,
    *,
    sort: Annotated[str, typer.Option("--sort", help="registration, list, annual. / 种类。")],
    area: Annotated[str, typer.Option("--area", metavar="PLACE", help="GB/T 2260. / 地区。")],
    days: Annotated[
        str, typer.Option("--period", metavar="FIRST..LAST", help="Of which days. / 期间。")
    ],
    activities: Activities = None,
    retirements: Retirements = None,
    total: Total = None,
    size: Size = None,
    by: By = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Enter a list or table that was made / 编制"""
    from registry.cli import acting
    from registry.desk import given, reports
    from registry.desk.ask import asked

    ask = asked(
        reports.Compile,
        sort=sort,
        area=area,
        period=days,
        file=given.digest(file),
        activities=activities,
        retirements=retirements,
        total=total,
        size=size,
        compiler=by,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("submit")
def submit(
    report: Report,
    *,
    to: To,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Hand it to an authority / 报送"""
    from registry.cli import acting
    from registry.desk import reports
    from registry.desk.ask import asked

    ask = asked(reports.Submit, report=report, to=to)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("return")
def return_(
    report: Report,
    *,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """The authority hands it back / 退回"""
    from registry.cli import acting
    from registry.desk import given, reports
    from registry.desk.ask import asked

    ask = asked(reports.Return, report=report, document=given.digest(document))
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("accept")
def accept(
    report: Report,
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """The authority accepts it / 接受"""
    from registry.cli import acting
    from registry.desk import reports
    from registry.desk.ask import asked

    ask = asked(reports.Accept, report=report)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("amend")
def amend(
    report: Report,
    file: File,
    *,
    activities: Activities = None,
    retirements: Retirements = None,
    total: Total = None,
    size: Size = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Compile it anew / 修订"""
    from registry.cli import acting
    from registry.desk import given, reports
    from registry.desk.ask import asked

    ask = asked(
        reports.Amend,
        report=report,
        file=given.digest(file),
        activities=activities,
        retirements=retirements,
        total=total,
        size=size,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)
