"""`registry gift`: a guest claims what was given to them, or uses it up at once."""

from pathlib import Path
from typing import Annotated

import typer

from registry.cli.options import Directory, DryRun, Json, Language, State, place_of
from registry.cli.voice import Voice

app = typer.Typer(no_args_is_help=True, help="Claim a gift, or retire it / 领取赠碳，或直接注销")

Code = Annotated[
    str | None,
    typer.Argument(
        metavar="CODE",
        help="The code; - reads it from stdin. / 领取码，- 从标准输入读。",
        show_default=False,
    ),
]
Holder = Annotated[
    str | None,
    typer.Option("--holder", metavar="ACCOUNT", help="Of an account, instead. / 或账户。"),
]

Journey = Annotated[
    list[str] | None,
    typer.Option(
        "--journey", metavar="MODE:NUMBER", help="rail:300km, hotel:2night … / 行程，可重复。"
    ),
]
Amount = Annotated[
    str | None, typer.Option("--amount", metavar="AMOUNT", help="So much, instead. / 或数量。")
]
Beneficiary = Annotated[
    str | None, typer.Option("--beneficiary", help="Your name, if you like. / 姓名，可不填。")
]
Period = Annotated[
    str | None, typer.Option("--period", metavar="FIRST..LAST", help="Of it. / 行程期间。")
]
Where = Annotated[str | None, typer.Option("--place", help="GB/T 2260. / 地点。")]
IsPublic = Annotated[
    bool, typer.Option("--public/--private", help="Whether names are. / 名称是否公开。")
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="Write the proof, too. / 同时写出证明。")
]


@app.command("claim")
def claim(
    code: Code = None,
    *,
    to: Annotated[
        str | None, typer.Option("--to", metavar="ACCOUNT", help="Into this. / 领入账户。")
    ] = None,
    holder: Holder = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Claim what was given into an account / 领取到账户"""
    from registry.cli import acting
    from registry.cli.gifts import typed
    from registry.desk import gifts
    from registry.desk.ask import asked

    ask = asked(gifts.Claim, code=typed(code), holder=holder, to=to)
    voice = Voice(lang, as_json=as_json)
    acting.act(place_of(directory, state), ask.plans, dry_run=dry_run, voice=voice)


@app.command("retire")
def retire(
    code: Code = None,
    *,
    journey: Journey = None,
    amount: Amount = None,
    holder: Holder = None,
    beneficiary: Beneficiary = None,
    period: Period = None,
    where: Where = None,
    public: IsPublic = False,
    output: Output = None,
    directory: Directory,
    state: State = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    lang: Language = None,
) -> None:
    """Retire a gift at once, for a journey / 直接注销，抵消行程"""
    from registry.cli.gifts import retire as run
    from registry.cli.gifts import typed
    from registry.desk import gifts
    from registry.desk.ask import asked

    ask = asked(
        gifts.Retire,
        code=typed(code),
        holder=holder,
        journey=journey or [],
        amount=amount,
        beneficiary=beneficiary,
        period=period,
        place=where,
        public=public,
    )
    voice = Voice(lang, as_json=as_json)
    run(ask, place_of(directory, state), output=output, dry_run=dry_run, voice=voice)
