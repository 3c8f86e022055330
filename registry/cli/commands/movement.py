"""`registry transfer`, `registry retire`: grams that change hands, and grams that are used up."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.options import (
    Amount,
    Directory,
    DryRun,
    Json,
    Language,
    State,
    place_of,
)
from registry.cli.voice import Voice

Standard = Annotated[
    str | None,
    typer.Option("--standard", metavar="CODE", help="Of which kind; else the only one. / 种类。"),
]
Batch = Annotated[
    str | None,
    typer.Option("--batch", metavar="BATCH", help="Out of this; else oldest first. / 指定批次。"),
]
Serials = Annotated[
    str | None,
    typer.Option("--range", metavar="FIRST..LAST", help="These of that batch. / 指定序列号。"),
]
Holder = Annotated[str, typer.Option("--holder", metavar="ACCOUNT", help="Whose. / 持有人。")]
Purpose = Annotated[str, typer.Option("--purpose", help="meeting, enterprise … / 用途。")]
Claimed = Annotated[
    str | None,
    typer.Option("--period", metavar="FIRST..LAST", help="The period claimed. / 所称期间。"),
]
Where = Annotated[str | None, typer.Option("--place", help="GB/T 2260, six digits. / 地点。")]
Ground = Annotated[str, typer.Option("--ground", help="voluntary … / 依据。")]
IsPublic = Annotated[
    bool, typer.Option("--public/--private", help="Whether names are. / 名称是否公开。")
]
Activity = Annotated[str | None, typer.Option("--activity", help="Its name. / 活动。")]
Organisers = Annotated[
    list[str] | None, typer.Option("--organiser", help="Repeated. / 主办单位，可重复。")
]
Beneficiary = Annotated[str | None, typer.Option("--beneficiary", help="For whom. / 受益人。")]
Purchaser = Annotated[str | None, typer.Option("--purchaser", help="Who paid. / 购买人。")]
Agent = Annotated[str | None, typer.Option("--agent", help="By whom. / 代理人。")]
MaybeAmount = Annotated[
    str | None,
    typer.Argument(metavar="AMOUNT", help="Tonnes, such as 12.5; or grams: 27g. / 吨，或克。"),
]
ForMany = Annotated[
    Path | None,
    typer.Option("--for-many", metavar="FILE", help="For all listed, -o DIR. / 为名单中各人。"),
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="Write the proof, too. / 同时写出证明。")
]


def transfer(
    amount: Amount,
    *,
    giver: Annotated[str, typer.Option("--from", metavar="ACCOUNT", help="Whose. / 转出账户。")],
    taker: Annotated[str, typer.Option("--to", metavar="ACCOUNT", help="To whom. / 转入账户。")],
    standard: Standard = None,
    batch: Batch = None,
    serials: Serials = None,
    venue: Annotated[
        str | None, typer.Option("--venue", metavar="ACCOUNT", help="The exchange. / 交易机构。")
    ] = None,
    trade: Annotated[str | None, typer.Option("--trade", help="Its number. / 成交编号。")] = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Transfer credits / 划转"""
    from registry.cli import acting
    from registry.desk import movements
    from registry.desk.ask import asked

    ask = asked(
        movements.Transfer,
        amount=amount,
        giver=giver,
        taker=taker,
        standard=standard,
        batch=batch,
        serials=serials,
        venue=venue,
        trade=trade,
    )
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


def retire(
    amount: MaybeAmount = None,
    *,
    holder: Holder,
    purpose: Purpose,
    period: Claimed = None,
    where: Where = None,
    ground: Ground = "voluntary",
    public: IsPublic = True,
    activity: Activity = None,
    organisers: Organisers = None,
    beneficiary: Beneficiary = None,
    purchaser: Purchaser = None,
    agent: Agent = None,
    standard: Standard = None,
    batch: Batch = None,
    serials: Serials = None,
    for_many: ForMany = None,
    output: Output = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Retire credits, with a certificate / 注销，并出具证明"""
    from registry.cli import retiring

    said = {
        "amount": amount or "",
        "holder": holder,
        "purpose": purpose,
        "period": period,
        "place": where,
        "ground": ground,
        "public": public,
        "activity": activity,
        "organisers": organisers or (),
        "beneficiary": beneficiary,
        "purchaser": purchaser,
        "agent": agent,
        "standard": standard,
        "batch": batch,
        "serials": serials,
    }
    place, voice = place_of(directory, state), Voice(lang, as_json=as_json)
    retiring.run(said, for_many, place, output=output, dry_run=dry_run, voice=voice)
