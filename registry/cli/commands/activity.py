"""`registry activity`: an activity registered, accounted, offset and confirmed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli.commands.movement import Organisers
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
    from registry.desk.activities import File

app = typer.Typer(no_args_is_help=True, help="Activities to be made neutral / 碳中和活动")

Activity = Annotated[
    str, typer.Argument(metavar="ACTIVITY", help="Its stream, or its id. / 活动编号。")
]
Organiser = Annotated[
    str, typer.Option("--organiser-account", metavar="ACCOUNT", help="Who files. / 组织者账户。")
]
Name = Annotated[str, typer.Option("--name", help="Its name, kept apart. / 活动名称。")]
Category = Annotated[str, typer.Option("--category", help="meeting, competition … / 活动类型。")]
Days = Annotated[str, typer.Option("--days", metavar="FIRST..LAST", help="When. / 活动时间。")]
Where = Annotated[str, typer.Option("--place", metavar="PLACE", help="GB/T 2260. / 活动地点。")]
Scale = Annotated[int | None, typer.Option("--scale", help="How many take part. / 活动规模。")]
Boundary = Annotated[
    list[str],
    typer.Option("--boundary", help="preparation, holding, closing; repeated. / 核算边界。"),
]
Expected = Annotated[
    str, typer.Option("--expected", metavar="AMOUNT", help="Emissions. / 预估排放量。")
]
Method = Annotated[str, typer.Option("--method", help="own, platform, institution. / 核算方式。")]
Neutrality = Annotated[
    str, typer.Option("--neutrality", help="organiser, participants, both. / 碳中和类型。")
]
OffsetWith = Annotated[
    list[str] | None,
    typer.Option("--offset-with", metavar="CODE", help="Kinds; repeated. / 抵消方式。"),
]
Planned = Annotated[
    str, typer.Option("--planned", metavar="AMOUNT", help="To be retired. / 预计抵消量。")
]
Due = Annotated[str, typer.Option("--due", metavar="DAY", help="By when. / 实现碳中和日期。")]
Contact = Annotated[str | None, typer.Option("--contact", help="Kept apart. / 联系方式。")]
Confirmation = Annotated[
    str, typer.Option("--confirmation", help="self, platform, institution. / 确认方式。")
]
PlanFile = Annotated[Path | None, typer.Option("--plan", help="The plan, a file. / 方案。")]
Authority = Annotated[
    str | None, typer.Option("--authority", metavar="ACCOUNT", help="Which. / 主管部门。")
]


@app.command("file")
def file(
    *,
    organiser: Organiser,
    name: Name,
    organisers: Organisers = None,
    category: Category,
    days: Days,
    where: Where,
    scale: Scale = None,
    boundary: Boundary,
    expected: Expected,
    method: Method = "own",
    neutrality: Neutrality = "organiser",
    offset_with: OffsetWith = None,
    planned: Planned,
    due: Due,
    contact: Contact = None,
    confirmation: Confirmation = "self",
    document: Document,
    plan: PlanFile = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """File the registration form / 登记活动"""
    from registry.desk import activities, ask, given

    form = ask.asked(
        activities.File,
        organiser=organiser,
        form=given.digest(document),
        name=name,
        organisers=organisers or (),
        category=category,
        days=days,
        place=where,
        scale=scale,
        boundary=boundary,
        expected=expected,
        method=method,
        neutrality=neutrality,
        offsets=offset_with or (),
        planned=planned,
        due=due,
        contact=contact,
        confirmation=confirmation,
        plan=given.maybe_digest(plan),
    )
    _filed(form, directory, state, dry_run=dry_run, voice=Voice(lang, as_json=as_json))


def _filed(
    form: "File", directory: str, state: Path | None, *, dry_run: bool, voice: Voice
) -> None:
    from registry.cli import acting

    acting.act(place_of(directory, state), form.plans, dry_run=dry_run, voice=voice)


@app.command("receive")
def receive(
    activity: Activity,
    *,
    receipt: Annotated[str, typer.Option("--receipt", metavar="CODE", help="Its number. / 编号。")],
    document: Document,
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """The authority has the form / 主管部门收讫"""
    from registry.cli import acting
    from registry.desk import activities, given
    from registry.desk.ask import asked

    ask = asked(
        activities.Receive,
        activity=activity,
        receipt=receipt,
        document=given.digest(document),
        authority=authority,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("account")
def account(
    activity: Activity,
    *,
    emissions: Annotated[
        str, typer.Option("--emissions", metavar="AMOUNT", help="How much. / 排放量。")
    ],
    method: Method = "own",
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """State what was emitted / 核算排放量"""
    from registry.cli import acting
    from registry.desk import activities, given
    from registry.desk.ask import asked

    ask = asked(
        activities.AccountFor,
        activity=activity,
        emissions=emissions,
        method=method,
        report=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("measures")
def measures(
    activity: Activity,
    *,
    document: Document,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """State what was done to emit less / 说明减排措施"""
    from registry.cli import acting
    from registry.desk import activities, given
    from registry.desk.ask import asked

    ask = asked(activities.StateMeasures, activity=activity, document=given.digest(document))
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("offset")
def offset(
    activity: Activity,
    numbers: Annotated[
        list[str], typer.Argument(metavar="NO…", help="Certificates. / 证明编号，可多个。")
    ],
    *,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Certificates offset it, and nothing else / 以证明抵消"""
    from registry.cli import acting
    from registry.desk import activities
    from registry.desk.ask import asked

    ask = asked(activities.Offset, activity=activity, certificates=numbers)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("confirm")
def confirm(
    activity: Activity,
    *,
    mode: Annotated[str, typer.Option("--mode", help="self, platform, institution. / 方式。")],
    confirmer: Annotated[
        str | None, typer.Option("--by", metavar="ACCOUNT", help="Else the organiser. / 确认方。")
    ] = None,
    document: Document,
    public: Annotated[
        bool, typer.Option("--public/--private", help="Whether names are. / 名称是否公开。")
    ] = True,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Confirm what it came to, with a certificate / 确认并出证"""
    from registry.cli import acting
    from registry.desk import activities, given
    from registry.desk.ask import asked

    ask = asked(
        activities.Confirm,
        activity=activity,
        confirmer=confirmer,
        mode=mode,
        public=public,
        document=given.digest(document),
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("publish")
def publish(
    activity: Activity,
    *,
    report: Annotated[str, typer.Option("--report", metavar="REPORT", help="Where. / 所在清单。")],
    authority: Authority = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """It stands in a list that was accepted / 随清单公布"""
    from registry.cli import acting
    from registry.desk import activities
    from registry.desk.ask import asked

    ask = asked(activities.Publish, activity=activity, report=report, authority=authority)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("show")
def show(
    activity: Activity,
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """What it has come to / 活动现状"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.stream("activity", activity, place, voice=Voice(lang, as_json=as_json))


@app.command("list")
def show_all(
    *,
    directory: Directory,
    state: State = None,
    read_url: Replica = None,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """All activities / 全部活动"""
    from registry.cli import overview

    place = read_from(directory, state, read_url)
    overview.activities(place, voice=Voice(lang, as_json=as_json))
