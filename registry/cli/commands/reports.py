"""`registry report`: the official papers, compiled from the log."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.options import (
    AsOf,
    Directory,
    Json,
    Language,
    Replica,
    State,
    read_from,
)
from registry.cli.voice import Voice

app = typer.Typer(no_args_is_help=True, help="The official lists and tables / 登记表、清单和年度表")

First = Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day. / 起始日。")]
Last = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day. / 截止日。")]
Area = Annotated[
    str | None,
    typer.Option("--area", metavar="PLACE", help="GB/T 2260, such as 510100. / 行政区划代码。"),
]
Report = Annotated[
    str | None,
    typer.Option("--report", metavar="REPORT", help="As that report has it. / 与某份上报件相同。"),
]
Csv = Annotated[bool, typer.Option("--csv", help="Write CSV. / 写成 CSV。")]
Xlsx = Annotated[bool, typer.Option("--xlsx", help="Write a workbook. / 写成 xlsx。")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="The file. / 写入的文件。")
]


@app.command("list")
def show_list(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    first: First = None,
    last: Last = None,
    area: Area = None,
    as_of: AsOf = None,
    report: Report = None,
    annex: Annotated[
        bool, typer.Option("--annex", help="As the province's annex. / 按省级附件的格式。")
    ] = False,
    as_csv: Csv = False,
    as_xlsx: Xlsx = False,
    output: Output = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """The list of what was neutralised / 清单"""
    from registry.cli import papers

    typed = papers.Asked(
        first=first,
        last=last,
        area=area,
        as_of=as_of,
        report=report,
        as_csv=as_csv,
        as_xlsx=as_xlsx,
        output=output,
    )
    place = read_from(directory, state, read_url)
    papers.show_list(place, typed, is_annex=annex, voice=Voice(lang, as_json=as_json))


@app.command("summary")
def summary(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    first: First = None,
    last: Last = None,
    area: Area = None,
    as_of: AsOf = None,
    report: Report = None,
    as_csv: Csv = False,
    as_xlsx: Xlsx = False,
    output: Output = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """The annual table / 年度表"""
    from registry.cli import papers

    typed = papers.Asked(
        first=first,
        last=last,
        area=area,
        as_of=as_of,
        report=report,
        as_csv=as_csv,
        as_xlsx=as_xlsx,
        output=output,
    )
    place = read_from(directory, state, read_url)
    papers.show_summary(place, typed, voice=Voice(lang, as_json=as_json))


@app.command("reconcile")
def reconcile(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    first: First = None,
    last: Last = None,
    area: Area = None,
    as_of: AsOf = None,
    report: Report = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="FILE", help="Published figures, JSON. / 公布的数据。"),
    ] = None,
    as_csv: Csv = False,
    as_xlsx: Xlsx = False,
    output: Output = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """What is behind each figure / 勾稽表"""
    from registry.cli import papers

    typed = papers.Asked(
        first=first,
        last=last,
        area=area,
        as_of=as_of,
        report=report,
        as_csv=as_csv,
        as_xlsx=as_xlsx,
        output=output,
    )
    place = read_from(directory, state, read_url)
    voice = Voice(lang, as_json=as_json)
    papers.show_reconciliation(place, typed, against=against, voice=voice)


@app.command("form")
def form(
    activity: Annotated[str, typer.Argument(metavar="ACTIVITY", help="activity/<id>. / 活动。")],
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_of: AsOf = None,
    private: Annotated[
        bool,
        typer.Option("--private", help="With names that are not public. / 含不公开的名称。"),
    ] = False,
    as_csv: Csv = False,
    as_xlsx: Xlsx = False,
    output: Output = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """The registration form of an activity / 登记表"""
    from registry.cli import papers

    typed = papers.Asked(as_of=as_of, as_csv=as_csv, as_xlsx=as_xlsx, output=output)
    place = read_from(directory, state, read_url)
    voice = Voice(lang, as_json=as_json)
    papers.show_form(place, activity, typed, private=private, voice=voice)
