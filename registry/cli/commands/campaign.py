"""`registry campaign`: gift campaigns (赠碳), from their terms to their end."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.options import (
    Amount,
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

app = typer.Typer(no_args_is_help=True, help="Gift campaigns / 赠碳活动")

Campaign = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="campaign/… or its id. / 活动编号。")
]
ByOfficer = Annotated[
    bool, typer.Option("--by-officer", help="An officer signs in their place. / 由登记官代签。")
]


@app.command("open")
def open_(
    occasion: Annotated[str, typer.Argument(metavar="OCCASION", help="For what. / 事由。")],
    *,
    organiser: Annotated[
        str, typer.Option("--organiser", metavar="ACCOUNT", help="Who gives. / 主办方。")
    ],
    terms: Annotated[Path, typer.Option("--terms", metavar="FILE", help="The terms. / 条款文件。")],
    standard: Annotated[str, typer.Option("--standard", metavar="CODE", help="Of what. / 种类。")],
    deadline: Annotated[
        str, typer.Option("--deadline", metavar="DAY", help="Its last day. / 截止日。")
    ],
    each: Annotated[
        str | None,
        typer.Option("--each", metavar="AMOUNT", help="To everybody; else by list. / 每份数量。"),
    ] = None,
    retire_only: Annotated[
        bool,
        typer.Option("--retire-only/--transferable", help="What guests may do. / 是否只可注销。"),
    ] = True,
    public: Annotated[
        bool, typer.Option("--public/--private", help="Whether the occasion is. / 事由是否公开。")
    ] = True,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Open a campaign on terms that stand / 发起活动"""
    from registry.cli import acting
    from registry.desk import campaigns, given
    from registry.desk.ask import asked

    ask = asked(
        campaigns.Open,
        organiser=organiser,
        occasion=occasion,
        terms=given.digest(terms),
        standard=standard,
        each=each,
        deadline=deadline,
        retire_only=retire_only,
        public=public,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("fund")
def fund(
    campaign: Campaign,
    amount: Amount,
    *,
    batch: Annotated[
        str | None,
        typer.Option("--batch", metavar="BATCH", help="Out of this. / 指定批次。"),
    ] = None,
    serials: Annotated[
        str | None,
        typer.Option("--range", metavar="FIRST..LAST", help="These of it. / 指定序列号。"),
    ] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Set credits of the organiser aside for it / 拨入信用"""
    from registry.cli import acting
    from registry.desk import campaigns
    from registry.desk.ask import asked

    ask = asked(campaigns.Fund, campaign=campaign, amount=amount, batch=batch, serials=serials)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("give")
def give(
    campaign: Campaign,
    guests: Annotated[
        Path, typer.Argument(metavar="CSV", help="no[,account][,name][,tonnes]. / 来宾名单。")
    ],
    *,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="DIR", help="For codes and proofs. / 存放目录。"),
    ],
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Give to a list of guests; run again, it gives nobody twice / 按名单赠出，可重复运行"""
    from registry.cli import giving

    giving.give(
        campaign,
        guests,
        output,
        place_of(directory, state),
        dry_run=dry_run,
        voice=Voice(lang, as_json=as_json),
    )


@app.command("return")
def return_(
    campaign: Campaign,
    *,
    by_officer: ByOfficer = False,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """After the deadline, return what nobody claimed / 截止后退回余量"""
    from registry.cli import acting
    from registry.desk import campaigns
    from registry.desk.ask import asked

    ask = asked(campaigns.Return, campaign=campaign, by_officer=by_officer)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("close")
def close(
    campaign: Campaign,
    *,
    by_officer: ByOfficer = False,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Close a campaign of which nothing is left / 结束活动"""
    from registry.cli import acting
    from registry.desk import campaigns
    from registry.desk.ask import asked

    ask = asked(campaigns.Close, campaign=campaign, by_officer=by_officer)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("show")
def show(
    campaign: Campaign,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """What a campaign gave, and what is left / 查看活动"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.stream("campaign", campaign, place, voice=Voice(lang, as_json=as_json))


@app.command("list")
def list_(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """All campaigns / 列出全部活动"""
    from registry.cli import overview

    overview.campaigns(read_from(directory, state, read_url), voice=Voice(lang, as_json=as_json))
